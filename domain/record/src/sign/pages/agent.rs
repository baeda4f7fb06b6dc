//! The door of the desk agent: a token in somebody's own computer signs there. We give digests, the agent gives
//! signatures; what came out is verified before it counts, so that the agent need not be trusted.

use crate::sign::act::{self, Asked, Bench, Outcome, Ready};
use crate::sign::store::documents;
use crate::sign::store::keys;
use crate::sign::store::prepared::{self, Waiting};
use crate::sign::{flow, key, order::Orders, role};
use axum::response::IntoResponse;
use base::Problem;
use base::sign::{Certificate, Kind, Prepared};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::types::Json as Column;
use std::collections::HashMap;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Json, Path};

/// A certificate as the agent read it from the token. Its words are compared with what the finished file says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Card {
    /// DER in base64, the holder's own first.
    chain: Vec<String>,
    holder: String,
    #[serde(default)]
    holder_id: Option<String>,
    #[serde(default)]
    issuer: String,
    #[serde(default)]
    serial: String,
    not_before: DateTime<Utc>,
    not_after: DateTime<Utc>,
}

impl Card {
    fn certificate(&self) -> Result<Certificate, Failure> {
        let bad = |_| Failure::BadRequest("Chứng thư phải là DER viết bằng base64.".into());
        let chain = self.chain.iter().map(|der| STANDARD.decode(der).map_err(bad)).collect::<Result<Vec<_>, _>>()?;
        if chain.is_empty() || chain.len() > 8 {
            return Err(Failure::BadRequest("Chuỗi chứng thư có từ 1 đến 8 chứng thư.".into()));
        }
        Ok(Certificate {
            chain,
            holder: self.holder.clone(),
            holder_id: self.holder_id.clone(),
            issuer: self.issuer.clone(),
            serial: self.serial.clone(),
            not_before: self.not_before,
            not_after: self.not_after,
        })
    }
}

#[derive(Deserialize)]
pub struct Chosen {
    document: Uuid,
    sha256: String,
}

#[derive(Deserialize)]
pub struct Batch {
    /// Minted by the agent: the same batch twice prepares the same.
    batch: Uuid,
    certificate: Card,
    documents: Vec<Chosen>,
}

/// `POST /app/sign/agent/batches`: lays the places for signatures and gives the digests to sign.
pub async fn prepare(ctx: Ctx, Json(asked): Json<Batch>) -> Answer {
    if asked.documents.is_empty() || asked.documents.len() > act::MOST {
        return Err(Problem::at("documents", format!("Mỗi lần ký từ 1 đến {} giấy.", act::MOST)).into());
    }
    let certificate = asked.certificate.certificate()?;
    let mut tx = ctx.begin().await?;
    let signer = keys::signer(&mut tx).await?;
    let known = match signer.practitioner {
        Some(practitioner) => keys::personal_id(&mut tx, practitioner).await?,
        None => return Err(Failure::Forbidden("Tài khoản này không gắn với một nhân viên.".into())),
    };
    key::belongs(&certificate, &signer.name, known.as_deref(), ctx.now).or(())?;
    let chosen: Vec<Asked> = asked.documents.iter().map(|c| Asked { document: c.document, sha256: c.sha256.clone() }).collect();
    let (ready, mut refused) = act::look(&mut tx, &chosen).await?;
    let (ready, seals): (Vec<Ready>, Vec<Ready>) = ready.into_iter().partition(|one| one.place != flow::SEAL);
    for one in seals {
        refused.push(Outcome {
            document: one.paper.document_id,
            title: one.paper.title.clone(),
            patient: String::new(),
            role: role::label(&one.place),
            result: Err("Chỗ này đóng dấu của cơ sở.".into()),
        });
    }
    tx.commit().await?;
    let bench = Bench::of(&ctx.app, ctx.facility(), ctx.now, &ctx.actor.name);
    let done = act::prepare_all(&bench, &certificate, ready, &mut refused).await;
    let mut digests = Vec::new();
    let mut rows = Vec::new();
    for (one, prepared) in done {
        let content = bench.files.keep(bench.facility, prepared.content).await?;
        digests.push(json!({ "document": one.paper.document_id, "title": one.paper.title, "role": role::label(&one.place),
                             "digest": hex::encode(&prepared.digest), "algorithm": "SHA-256" }));
        rows.push(Waiting {
            batch_id: asked.batch,
            document_id: one.paper.document_id,
            version: one.paper.version,
            place: one.paper.next_place(),
            role: one.place,
            before: one.paper.sha256,
            digest: prepared.digest,
            state: prepared.state,
            content,
            certificate: Column(json!(asked.certificate)),
            made_at: ctx.now,
        });
    }
    let mut tx = ctx.begin().await?;
    for row in &rows {
        prepared::insert(&mut tx, row).await?;
    }
    tx.audit("prepare", "sign_batch", asked.batch, None, json!({ "documents": rows.len() }));
    tx.commit().await?;
    tell(json!({ "batch": asked.batch, "digests": digests, "refused": refused.iter().map(outcome).collect::<Vec<_>>() }))
}

#[derive(Deserialize)]
pub struct Signed {
    signatures: Vec<One>,
}

#[derive(Deserialize)]
pub struct One {
    document: Uuid,
    /// Base64.
    signature: String,
}

/// `POST /app/sign/agent/batches/{batch}`: puts the signatures in; each finished file is verified before it counts.
pub async fn finish(ctx: Ctx, Path(batch): Path<Uuid>, signed: Result<Json<Signed>, Failure>) -> Answer {
    let mut tx = ctx.begin().await?;
    let waiting = prepared::list(&mut tx, batch).await?;
    if waiting.is_empty() {
        return Err(Failure::NotFound);
    }
    // What was sent is judged only once the batch is known to be one of this facility's.
    let Json(signed) = signed?;
    let signer = keys::signer(&mut tx).await?;
    let ids: Vec<Uuid> = waiting.iter().map(|w| w.document_id).collect();
    let mut orders = Orders::default();
    let mut papers = HashMap::new();
    for paper in documents::list(&mut tx, &ids).await? {
        let order = orders.of(&mut tx, &paper).await?;
        papers.insert(paper.document_id, (paper, order));
    }
    drop(tx);
    let bench = Bench::of(&ctx.app, ctx.facility(), ctx.now, &ctx.actor.name);
    let card: Card = serde_json::from_value(waiting[0].certificate.0.clone()).map_err(|e| Failure::Fault(e.into()))?;
    let (mut finished, mut outcomes) = (Vec::new(), Vec::new());
    for one in waiting {
        let Some((paper, order)) = papers.remove(&one.document_id) else { continue };
        let title = paper.title.clone();
        let ready = Ready { paper, flow: order, place: one.role.clone(), code: String::new() };
        let given = signed.signatures.iter().find(|s| s.document == one.document_id).and_then(|s| STANDARD.decode(&s.signature).ok());
        let (document, place) = (one.document_id, role::label(&one.role));
        let answer = match given {
            None => Err("Chương trình ký không trả chữ ký cho giấy này.".to_owned()),
            Some(_) if ctx.now - one.made_at > TimeDelta::minutes(15) => Err("Quá 15 phút từ lúc chuẩn bị. Ký lại từ đầu.".to_owned()),
            Some(_) if ready.paper.sha256 != one.before || ready.paper.version != one.version => {
                Err("Người khác vừa ký hoặc sửa giấy này trước. Ký lại từ đầu.".to_owned())
            }
            Some(signature) => put_in(&ctx, &bench, &card, &signer.name, one, signature).await,
        };
        match answer {
            Ok(sha256) => finished.push((ready, sha256)),
            Err(why) => outcomes.push(Outcome { document, title, patient: String::new(), role: place, result: Err(why) }),
        }
    }
    let certificate = card.certificate()?;
    let mut tx = ctx.begin().await?;
    if let (Some(practitioner), Some(personal)) = (signer.practitioner, certificate.holder_id.as_deref())
        && !finished.is_empty()
        && !keys::learn_personal_id(&mut tx, practitioner, personal).await?
    {
        return Err(Problem::of("Số định danh trong chứng thư đã gắn với nhân viên khác.").into());
    }
    outcomes.extend(act::write(&mut tx, &certificate, "certificate", &finished, &json!({ "key_kind": "desk", "batch": batch })).await?);
    prepared::delete(&mut tx, batch).await?;
    tx.commit().await?;
    tell(json!({ "results": outcomes.iter().map(outcome).collect::<Vec<_>>() }))
}

/// Finishes one file and believes only what an honest reader finds in it.
async fn put_in(ctx: &Ctx, bench: &Bench, card: &Card, name: &str, one: Waiting, signature: Vec<u8>) -> Result<String, String> {
    let lost = |_| "Tệp đã chuẩn bị không còn. Ký lại từ đầu.".to_owned();
    let content = bench.files.fetch(bench.facility, &one.content).await.map_err(lost)?;
    let kind = if content.starts_with(b"%PDF") { Kind::Pdf } else { Kind::Xml };
    let sha256 = bench.finish(Prepared { digest: one.digest, content, state: one.state, kind }, signature).await?;
    let finished = bench.files.fetch(bench.facility, &sha256).await.map_err(lost)?;
    let verdict = ctx.app.signing().verify(&finished, kind, ctx.now).await;
    let Some(found) = verdict.signatures.iter().find(|s| s.field == one.role) else {
        return Err("Chữ ký trả về không nằm trong tệp.".into());
    };
    if !found.problem.is_empty() {
        return Err(found.problem.clone());
    }
    if !role::is_same_name(&found.holder, name) || found.holder_id != card.holder_id {
        return Err("Chữ ký không phải của người đang đăng nhập.".into());
    }
    Ok(sha256)
}

fn outcome(o: &Outcome) -> Value {
    match &o.result {
        Ok(sha256) => json!({ "document": o.document, "title": o.title, "role": o.role, "sha256": sha256 }),
        Err(why) => json!({ "document": o.document, "title": o.title, "role": o.role, "problem": why }),
    }
}

fn tell(value: Value) -> Answer {
    Ok(([(http::header::CONTENT_TYPE, "application/json"), (http::header::CACHE_CONTROL, "no-store")], value.to_string()).into_response())
}
