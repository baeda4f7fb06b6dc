//! A patient or relative confirms a paper (Law 20/2023/QH15, art. 22; TT 13/2025/TT-BYT, art. 4): they draw their name, type
//! the code that reached their phone, and a member of staff stands by. The evidence is kept; the seal of the house closes
//! it into the file, so that the PDF proves itself.

use super::act::{self, Bench, Look, Ready};
use super::order::Orders;
use super::rule::Signer;
use super::store::confirmations::{self, Confirmation};
use super::store::documents::{self, Paper};
use super::store::keys;
use super::{code, flow, role};
use base::{Problem, Problems};
use base64::Engine as _;
use chrono::TimeDelta;
use db::Tx;
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;
use web::{Ctx, Failure};

/// Codes live so long.
const MINUTES: i64 = 5;
const MOST_TRIES: i32 = 5;
const MOST_SENDS: i32 = 4;

/// What was typed at the bedside.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct Typed {
    pub id: String,
    pub name: String,
    pub relation: String,
    pub phone: String,
    pub code: String,
    /// `data:image/png;base64,…` from the pad.
    pub drawing: String,
}

/// The place that a patient confirms next in this document; `None` when it is not the patient's turn.
pub fn turn(order: &[String], paper: &Paper) -> Option<String> {
    let place = flow::next(order, &paper.signed())?;
    (role::find(place)?.who == role::Who::Patient).then(|| place.to_owned())
}

/// Sends a code to the phone of whoever confirms. The same id asks for another code for the same confirmation.
pub async fn send_code(ctx: &Ctx, tx: &mut Tx, paper: &Paper, typed: &Typed) -> Result<(), Failure> {
    let order = Orders::default().of(tx, paper).await?;
    let Some(place) = turn(&order, paper) else {
        return Err(Problem::of("Giấy này chưa đến lượt người bệnh xác nhận, hoặc đã xác nhận rồi.").into());
    };
    let mut problems = Problems::none();
    let id: Option<Uuid> = typed.id.parse().ok();
    problems.add_if(id.is_none(), "", "Trang đã cũ. Tải lại trang.");
    let name = base::tidy_name(&typed.name);
    problems.add_if(name.is_empty() || name.chars().count() > 100, "name", "Nhập họ tên người xác nhận.");
    let is_patient = role::is_same_name(&name, &paper.patient_name);
    problems.add_if(!is_patient && typed.relation.trim().is_empty(), "relation", "Người khác xác nhận thay thì ghi quan hệ với người bệnh.");
    problems.add_if(typed.relation.chars().count() > 60, "relation", "Tối đa 60 ký tự.");
    let phone: String = typed.phone.chars().filter(|c| !c.is_whitespace() && *c != '.' && *c != '-').collect();
    let is_phone = (9..=12).contains(&phone.len()) && phone.bytes().all(|b| b.is_ascii_digit()) && phone.starts_with('0');
    problems.add_if(!is_phone, "phone", "Số điện thoại gồm 10 chữ số, bắt đầu bằng 0.");
    problems.or(())?;
    let Some(id) = id else { return Err(Failure::NotFound) };
    if let Some(known) = confirmations::lock(tx, paper.document_id, id).await? {
        if known.confirmed_at.is_some() {
            return Ok(());
        }
        if known.sends >= MOST_SENDS {
            return Err(Problem::of("Đã gửi mã nhiều lần. Mở lại giấy để bắt đầu lại.").into());
        }
    }
    let plain = format!("{:06}", rand::random::<u32>() % 1_000_000);
    let begun = Confirmation {
        confirmation_id: id,
        document_id: paper.document_id,
        version: paper.version,
        role: place,
        signer_name: name,
        relation: typed.relation.trim().to_owned(),
        phone: phone.clone(),
        code_hash: hash(id, &plain),
        code_until: ctx.now + TimeDelta::minutes(MINUTES),
        tries: 0,
        sends: 1,
        witness: ctx.actor.account.0,
        witness_name: ctx.actor.name.to_string(),
        begun_at: ctx.now,
        confirmed_at: None,
    };
    confirmations::begin(tx, &begun).await?;
    let text = format!("Ma xac nhan {}: {plain}. Hieu luc {MINUTES} phut. Khong doc ma cho nguoi khac.", base::fold(&paper.title));
    // `notify.send` is carried by edge/notify: {id, kind, to, subject, text}.
    let message = json!({ "id": Uuid::now_v7(), "kind": "sms", "to": phone, "subject": "", "text": text });
    db::job::enqueue(tx, "notify.send", &message, ctx.now).await?;
    tx.audit("ask", "record_confirmation", id, Some(paper.patient()), json!({ "document": paper.document_id, "version": paper.version }));
    Ok(())
}

fn hash(id: Uuid, plain: &str) -> String {
    hex::encode(Sha256::digest(format!("{id}:{plain}").as_bytes()))
}

/// The picture of a drawn signature: a PNG of at most 200 kB that has something on it.
fn drawing(text: &str) -> Option<Vec<u8>> {
    let bytes = base64::engine::general_purpose::STANDARD.decode(text.strip_prefix("data:image/png;base64,")?).ok()?;
    let is_png = bytes.starts_with(b"\x89PNG\r\n\x1a\n") && bytes.len() <= 200_000;
    (is_png && bytes.len() > 300).then_some(bytes)
}

/// Confirms: code and drawing are compared and kept, the witness is the one who is signed in, and the seal of the house is
/// set. The same confirmation twice gives the same answer. Refuses a wrong or old code, an empty drawing, a house
/// without a seal, and a document that changed meanwhile.
pub async fn confirm(ctx: &Ctx, document: Uuid, typed: &Typed) -> Result<(), Failure> {
    let id: Uuid = typed.id.parse().map_err(|_| Failure::BadRequest("Trang đã cũ. Tải lại trang.".into()))?;
    let mut tx = ctx.begin().await?;
    let paper = documents::find(&mut tx, document).await?.ok_or(Failure::NotFound)?;
    let begun = confirmations::lock(&mut tx, document, id).await?.ok_or_else(|| Failure::from(Problem::at("code", "Chưa gửi mã. Bấm «Gửi mã» trước.")))?;
    if begun.confirmed_at.is_some() {
        return Ok(());
    }
    let mut problems = Problems::none();
    problems.add_if(begun.version != paper.version, "", "Giấy có bản mới sau khi gửi mã. Mở lại giấy rồi xác nhận bản mới.");
    problems.add_if(begun.tries >= MOST_TRIES, "code", "Nhập sai mã nhiều lần. Gửi mã mới.");
    problems.add_if(ctx.now > begun.code_until, "code", "Mã đã hết hạn. Gửi mã mới.");
    let typed_code: String = typed.code.chars().filter(char::is_ascii_digit).collect();
    // The demonstration has no phones: its fixed code opens there and nowhere else.
    let is_right = hash(id, &typed_code) == begun.code_hash || (ctx.app.config.demo && typed_code == "000000");
    if problems.is_empty() && !is_right {
        confirmations::count_try(&mut tx, id).await?;
        tx.audit("refuse", "record_confirmation", id, Some(paper.patient()), json!({ "why": "wrong code" }));
        tx.commit().await?;
        return Err(Problem::at("code", "Mã không đúng. Xem lại tin nhắn và nhập lại.").into());
    }
    let picture = drawing(&typed.drawing);
    problems.add_if(picture.is_none(), "drawing", "Chưa có chữ ký. Người xác nhận ký tên vào khung.");
    let order = Orders::default().of(&mut tx, &paper).await?;
    problems.add_if(turn(&order, &paper).as_deref() != Some(begun.role.as_str()), "", "Giấy này không còn chờ người bệnh xác nhận. Tải lại trang.");
    let seal = keys::find_seal(&mut tx).await?;
    problems.add_if(seal.is_none(), "", "Cơ sở chưa đăng ký con dấu số nên chưa giữ được xác nhận. Lãnh đạo đăng ký ở trang Khóa ký.");
    problems.or(())?;
    let (Some(seal), Some(picture)) = (seal, picture) else { return Err(Failure::NotFound) };
    let code = code::of(&mut tx, paper.id()).await?;
    // The seal is set outside of the transaction: nothing waits for the timestamp authority while rows are locked.
    tx.commit().await?;

    let picture_sha = ctx.app.files().keep(ctx.facility(), picture.clone()).await?;
    let evidence = json!({
        "drawing_sha256": picture_sha, "document_sha256": paper.sha256, "phone_tail": tail(&begun.phone), "relation": begun.relation,
        "code_sent_at": begun.code_until - TimeDelta::minutes(MINUTES), "code_hash": begun.code_hash, "confirmed_at": ctx.now,
        "witness": ctx.actor.name, "witness_account": ctx.actor.account, "sealed_by": seal.holder,
    });
    let shown = if begun.relation.is_empty() { begun.signer_name.clone() } else { format!("{} ({})", begun.signer_name, begun.relation) };
    let ready = Ready { paper, flow: order, place: begun.role.clone(), code };
    let sha256 = set_seal(ctx, &seal, &ready, Look { how: "Xác nhận bởi", name: shown.clone(), drawing: Some(picture) }).await?;

    let mut tx = ctx.begin().await?;
    let again = confirmations::lock(&mut tx, document, id).await?.ok_or(Failure::NotFound)?;
    if again.confirmed_at.is_some() {
        return Ok(());
    }
    let holder = base::sign::Certificate {
        chain: Vec::new(),
        holder: shown,
        holder_id: None,
        issuer: seal.issuer.clone(),
        serial: seal.serial.clone(),
        not_before: seal.not_before,
        not_after: seal.not_after,
    };
    let outcomes = act::write(&mut tx, &holder, "confirmation", &[(ready, sha256)], &evidence).await?;
    if let Some(Err(why)) = outcomes.into_iter().next().map(|o| o.result) {
        return Err(Failure::Conflict(why));
    }
    confirmations::set_confirmed(&mut tx, id).await?;
    tx.commit().await?;
    Ok(())
}

fn tail(phone: &str) -> String {
    phone.chars().skip(phone.chars().count().saturating_sub(3)).collect()
}

/// Sets the seal of the house on a document with the PIN that lies beside it; gives the hash of the kept file. Refuses
/// when the seal asks for a PIN or does not open.
pub async fn set_seal(ctx: &Ctx, seal: &keys::KeyRow, ready: &Ready, look: Look) -> Result<String, Failure> {
    let key = super::key::unseal(&ctx.app.config.secret, seal.key_id, &seal.sealed)?
        .open("", "")
        .ok_or_else(|| Failure::from(Problem::of("Con dấu nằm ở bàn làm việc nên không tự đóng được. Đăng ký con dấu trên máy chủ hoặc HSM.")))?;
    let refused = |fault: base::sign::SignFault| Failure::from(Problem::of(format!("Chưa đóng được con dấu: {fault}")));
    let certificate = ctx.app.signing().certificate(&key).await.map_err(refused)?;
    let bench = Bench::of(&ctx.app, ctx.facility(), ctx.now, &certificate.holder);
    let words = |why: String| Failure::from(Problem::of(why));
    let prepared = bench.prepare(&certificate, ready, look).await.map_err(words)?;
    let signature = ctx.app.signing().sign(&key, std::slice::from_ref(&prepared.digest)).await.map_err(refused)?.pop();
    let signature = signature.ok_or_else(|| anyhow::anyhow!("the seal gave no signature"))?;
    bench.finish(prepared, signature).await.map_err(words)
}

/// Whether this member of staff may stand by as a witness: somebody of the house, under their own name.
pub fn may_witness(signer: &Signer) -> bool {
    signer.practitioner.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_is_a_png_with_something_on_it() {
        let png = [b"\x89PNG\r\n\x1a\n".as_slice(), &[7; 400]].concat();
        let url = |bytes: &[u8]| format!("data:image/png;base64,{}", base64::engine::general_purpose::STANDARD.encode(bytes));
        assert!(drawing(&url(&png)).is_some());
        for bad in [String::new(), "data:image/png;base64,%%".into(), url(&png[..100]), url(&vec![9; 400]), url(&[b"\x89PNG\r\n\x1a\n".as_slice(), &[7; 300_000]].concat())] {
            assert!(drawing(&bad).is_none());
        }
    }

    #[test]
    fn a_code_belongs_to_its_confirmation() {
        let (one, other) = (Uuid::now_v7(), Uuid::now_v7());
        assert_ne!(hash(one, "123456"), hash(other, "123456"));
        assert_eq!(tail("0900000001"), "001");
    }
}
