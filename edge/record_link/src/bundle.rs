//! One paper on its way: a FHIR R4 document bundle with a Composition that says what it is, a DocumentReference that
//! names its hash, and the Binary with the very bytes. The receiver counts on the bytes alone.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sharing::holder::Opened;
use sharing::permission::Granted;
use uuid::Uuid;

/// Where the facts of our own stand that FHIR has no place for.
const SHA256: &str = "https://yba.example.vn/fhir/sha256";
const FORM: &str = "https://yba.example.vn/fhir/record-form";

/// The bundle of one opened paper, for the house `code`/`name` that keeps it.
pub fn write(opened: &Opened, code: &str, name: &str, now: DateTime<Utc>) -> Value {
    let g = &opened.granted;
    let (composition, reference, binary) = (format!("urn:uuid:{}", g.document_id), format!("urn:uuid:{}", derived(g.document_id, b"reference")), format!("urn:uuid:{}", derived(g.document_id, b"binary")));
    let house = json!({ "identifier": { "value": code }, "display": name });
    let form = json!({ "coding": [{ "system": FORM, "code": g.form }], "text": g.title });
    json!({
        "resourceType": "Bundle",
        "type": "document",
        "identifier": { "system": "urn:ietf:rfc:3986", "value": format!("urn:uuid:{}", Uuid::now_v7()) },
        "timestamp": now,
        "entry": [
            { "fullUrl": composition, "resource": {
                "resourceType": "Composition", "id": g.document_id, "status": "final", "type": form, "title": g.title,
                "date": g.made_at, "author": [house], "custodian": house,
                "section": [{ "title": g.title, "entry": [{ "reference": reference }] }] } },
            { "fullUrl": reference, "resource": {
                "resourceType": "DocumentReference", "id": derived(g.document_id, b"reference"), "status": "current", "docStatus": "final", "type": form,
                "date": g.made_at, "custodian": house,
                "identifier": [{ "system": SHA256, "value": g.sha256 }],
                "masterIdentifier": { "system": "urn:ietf:rfc:3986", "value": format!("urn:uuid:{}", g.document_id) },
                "content": [{ "attachment": { "contentType": opened.media_type, "url": binary, "title": g.title, "size": opened.content.len() } }],
                "meta": { "versionId": g.version.to_string() },
                "context": { "related": [{ "display": if opened.may_download { "download" } else { "view" } }] } } },
            { "fullUrl": binary, "resource": {
                "resourceType": "Binary", "id": derived(g.document_id, b"binary"), "contentType": opened.media_type, "data": STANDARD.encode(&opened.content) } },
        ],
    })
}

/// An id that follows from the document's, so that the same paper has the same parts every time.
fn derived(document: Uuid, part: &[u8]) -> Uuid {
    let digest = Sha256::digest([document.as_bytes(), part].concat());
    let mut bytes = [0u8; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// Reads such a bundle. Refuses what is missing or is not what its hash says, by the name of the part.
pub fn read(bundle: &Value) -> Result<Opened, String> {
    if bundle["resourceType"] != "Bundle" || bundle["type"] != "document" {
        return Err("not a document bundle".into());
    }
    let part = |kind: &str| {
        let entries = bundle["entry"].as_array().map(Vec::as_slice).unwrap_or_default();
        entries.iter().map(|e| &e["resource"]).find(|r| r["resourceType"] == kind).ok_or_else(|| format!("no {kind}"))
    };
    let (composition, reference, binary) = (part("Composition")?, part("DocumentReference")?, part("Binary")?);
    let text = |value: &Value, what: &str| value.as_str().map(str::to_owned).ok_or_else(|| format!("no {what}"));
    let content = STANDARD.decode(text(&binary["data"], "Binary.data")?).map_err(|_| "Binary.data is not base64".to_owned())?;
    let identifiers = reference["identifier"].as_array().map(Vec::as_slice).unwrap_or_default();
    let sha256 = identifiers.iter().find(|i| i["system"] == SHA256).map(|i| text(&i["value"], "hash")).ok_or("no hash")??;
    if hex::encode(Sha256::digest(&content)) != sha256 {
        return Err("the bytes are not those of the hash".into());
    }
    Ok(Opened {
        granted: Granted {
            document_id: text(&composition["id"], "Composition.id")?.parse().map_err(|_| "Composition.id is no UUID".to_owned())?,
            version: reference["meta"]["versionId"].as_str().and_then(|v| v.parse().ok()).unwrap_or(1),
            form: composition["type"]["coding"][0]["code"].as_str().unwrap_or("").to_owned(),
            title: text(&composition["title"], "Composition.title")?,
            made_at: text(&composition["date"], "Composition.date")?.parse().map_err(|_| "Composition.date is no time".to_owned())?,
            sha256,
        },
        media_type: text(&binary["contentType"], "Binary.contentType")?,
        content,
        may_download: reference["context"]["related"][0]["display"] == "download",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened() -> Opened {
        let content = b"%PDF-1.7 a paper".to_vec();
        Opened {
            granted: Granted {
                document_id: Uuid::from_u128(7),
                version: 2,
                form: "giay_ra_vien".into(),
                title: "Giấy ra viện".into(),
                made_at: "2026-11-27T03:00:00Z".parse().unwrap(),
                sha256: hex::encode(Sha256::digest(&content)),
            },
            media_type: "application/pdf".into(),
            content,
            may_download: true,
        }
    }

    #[test]
    fn a_paper_arrives_as_it_left() {
        let paper = opened();
        let bundle = write(&paper, "84001", "Bệnh viện Đa khoa tỉnh", paper.granted.made_at);
        let back = read(&bundle).unwrap();
        assert_eq!((back.granted, back.content, back.media_type, back.may_download), (paper.granted, paper.content, paper.media_type, true));
    }

    #[test]
    fn what_is_missing_or_changed_is_named() {
        let paper = opened();
        let whole = write(&paper, "84001", "Bệnh viện", paper.granted.made_at);
        let mut changed = whole.clone();
        changed["entry"][2]["resource"]["data"] = json!(STANDARD.encode(b"%PDF-1.7 b paper"));
        assert_eq!(read(&changed).unwrap_err(), "the bytes are not those of the hash");
        for (entry, says) in [(0, "no Composition"), (1, "no DocumentReference"), (2, "no Binary")] {
            let mut less = whole.clone();
            less["entry"].as_array_mut().unwrap().remove(entry);
            assert_eq!(read(&less).unwrap_err(), says);
        }
        for broken in [json!(null), json!([]), json!({ "resourceType": "Bundle" }), json!({ "resourceType": "Bundle", "type": "document", "entry": 3 })] {
            assert!(read(&broken).is_err(), "{broken}");
        }
    }
}
