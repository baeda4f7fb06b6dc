//! The export of a whole record as XML carries the seal of the house (XMLDSig over the whole document).

use super::store::keys;
use base::Problem;
use base::sign::{Kind, Work};
use serde_json::json;
use web::{Ctx, Failure};

/// Seals an XML document for the record it is about. Refuses when the house has no seal that works by itself.
pub async fn seal_export(ctx: &Ctx, record: base::RecordId, xml: Vec<u8>) -> Result<Vec<u8>, Failure> {
    let mut tx = ctx.begin().await?;
    let Some(seal) = keys::find_seal(&mut tx).await? else {
        return Err(Problem::of("Cơ sở chưa đăng ký con dấu số. Lãnh đạo đăng ký ở trang Khóa ký.").into());
    };
    let key = super::key::unseal(&ctx.app.config.secret, seal.key_id, &seal.sealed)?
        .open("", "")
        .ok_or_else(|| Failure::from(Problem::of("Con dấu nằm ở bàn làm việc nên không tự đóng được.")))?;
    drop(tx);
    let refused = |fault: base::sign::SignFault| Failure::from(Problem::of(format!("Chưa đóng được con dấu: {fault}")));
    let signing = ctx.app.signing();
    let certificate = signing.certificate(&key).await.map_err(refused)?;
    let work = Work { content: xml, kind: Kind::Xml, field: super::flow::SEAL.into(), reason: "Trích xuất hồ sơ bệnh án".into(), place: String::new(), stamp: None };
    let prepared = signing.prepare(&certificate, &work, ctx.now).await.map_err(refused)?;
    let signature = signing.sign(&key, std::slice::from_ref(&prepared.digest)).await.map_err(refused)?.pop();
    let signature = signature.ok_or_else(|| anyhow::anyhow!("the seal gave no signature"))?;
    let sealed = signing.finish(prepared, signature).await.map_err(refused)?;
    let mut tx = ctx.begin().await?;
    tx.audit("sign", "record_export", record, None, json!({ "bytes": sealed.len() }));
    tx.commit().await?;
    Ok(sealed)
}
