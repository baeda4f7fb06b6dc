//! What claims a profile of the ministry keeps it: required elements, fixed values and slices, as facts taken from the
//! ministry's guide (CC0).

use crate::house::{open, placed, send, visit_bundle};
use serde_json::Value;

/// Profile, path of an element, least and most, fixed value (JSON) or nothing.
const FACTS: &str = include_str!("profile_facts.tsv");

/// All values at a path such as `identifier:national_id.type`; lists are walked through, a slice is told by its system.
fn at<'a>(value: &'a Value, path: &str) -> Vec<&'a Value> {
    let Some((head, rest)) = path.split_once('.').map(|(h, r)| (h, Some(r))).or(Some((path, None))) else { return Vec::new() };
    let (name, slice) = head.split_once(':').map_or((head, None), |(n, s)| (n, Some(s)));
    let found: Vec<&Value> = match name.strip_suffix("[x]") {
        Some(start) => value.as_object().into_iter().flatten().filter(|(k, _)| k.starts_with(start)).map(|(_, v)| v).collect(),
        None => value.get(name).into_iter().collect(),
    };
    let flat = found.into_iter().flat_map(|v| v.as_array().map_or_else(|| vec![v], |all| all.iter().collect()));
    let fits = flat.filter(|v| slice.is_none_or(|s| v["system"].as_str().is_some_and(|u| u.ends_with(&format!("core/sid/{s}"))) || v["use"]["coding"][0]["code"] == s));
    match rest {
        Some(rest) => fits.flat_map(|v| at(v, rest)).collect(),
        None => fits.collect(),
    }
}

/// What a resource lacks of the profile that it claims.
fn lacks(resource: &Value) -> Vec<String> {
    let claimed = resource["meta"]["profile"][0].as_str().and_then(|p| p.rsplit('/').next()).unwrap_or("");
    let mut out = Vec::new();
    for line in FACTS.lines().filter(|l| !l.starts_with('#')) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [profile, path, least, most, fixed] = cells[..] else { panic!("{line}") };
        if profile != claimed {
            continue;
        }
        let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
        let parents = if parent.is_empty() { vec![resource] } else { at(resource, parent) };
        for parent in parents {
            let found = at(parent, name);
            if found.len() < least.parse().unwrap() || (most != "*" && found.len() > most.parse().unwrap()) {
                out.push(format!("{path}: {} of {least}..{most}", found.len()));
            }
            if !fixed.is_empty() {
                let wanted: Value = serde_json::from_str(fixed).unwrap();
                out.extend(found.iter().filter(|v| ***v != wanted).map(|v| format!("{path}: {v} is not {fixed}")));
            }
        }
    }
    out
}

#[test]
fn the_check_itself_finds_what_is_wrong() {
    let good: Value = serde_json::from_str(
        r#"{"meta":{"profile":["http://fhir.ehealth.gov.vn/core/StructureDefinition/vn-core-patient"]},"name":[{"text":"A"}],"birthDate":"1985",
        "identifier":[{"use":"official","type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"NI","display":"National unique individual identifier"}]},"system":"http://fhir.ehealth.gov.vn/core/sid/national_id","value":"1"}]}"#,
    )
    .unwrap();
    assert_eq!(lacks(&good), Vec::<String>::new());
    let mut bad = good.clone();
    bad["identifier"][0]["type"]["coding"][0]["code"] = "XX".into();
    bad["birthDate"] = Value::Null;
    bad.as_object_mut().unwrap().remove("birthDate");
    assert_eq!(lacks(&bad).len(), 2, "{:?}", lacks(&bad));
}

#[tokio::test]
async fn all_that_is_sent_keeps_the_profile_it_claims() {
    let world = open().await;
    let mut his = world.machine().await;
    let page = send(&mut his, &visit_bundle("B-1")).await;
    assert_eq!(page.status, 200, "{}", page.text);
    let patient = placed(&page, 0);
    let mut tx = world.tx("84101").await;
    let id: uuid::Uuid = patient.rsplit('/').next().unwrap().parse().unwrap();
    sqlx::query(
        "INSERT INTO patient_allergy (facility_id, allergy_id, patient_id, substance, substance_folded, severity, reaction, recorded_at, recorded_by)
         VALUES ($1, $2, $2, 'Penicillin', 'penicillin', 'severe', 'Nổi mề đay', $3, $2)",
    )
    .bind(tx.facility().0)
    .bind(id)
    .bind(world.clock.now())
    .execute(tx.conn())
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let all = his.get(&format!("/fhir/r4/{patient}/$everything")).await.json();
    let mut claims = std::collections::BTreeSet::new();
    let mut resources: Vec<Value> = all["entry"].as_array().unwrap().iter().map(|e| e["resource"].clone()).collect();
    for kind in ["Practitioner", "PractitionerRole"] {
        let found = his.get(&format!("/fhir/r4/{kind}?_count=5")).await.json();
        resources.extend(found["entry"].as_array().unwrap().iter().map(|e| e["resource"].clone()));
    }
    for resource in &resources {
        assert_eq!(lacks(resource), Vec::<String>::new(), "{resource}");
        claims.extend(resource["meta"]["profile"][0].as_str().map(|p| p.rsplit('/').next().unwrap().to_owned()));
    }
    for profile in ["vn-core-patient", "vn-core-encounter", "vn-core-condition-encounter-diagnosis", "vn-core-allergy-intolerance", "vn-core-diagnostic-report", "vn-core-provider", "vn-core-location", "vn-core-practitioner"] {
        assert!(claims.contains(profile), "nothing claims {profile}: {claims:?}");
    }
}
