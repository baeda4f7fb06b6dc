//! Keys for the invented staff of a demonstration: whoever founds the sandbox's authority issues them, here they are kept
//! as if each person had registered their own.

use super::key::{self, Kept};
use super::store::keys::{self, NewKey};
use base::sign::{Key, Signing};
use base::{AccountId, Actor};
use db::Tx;
use uuid::Uuid;

/// One key to be kept.
pub struct Issued<'a> {
    pub id: Uuid,
    pub account: Uuid,
    /// `None` makes it the seal of the house, whose PIN lies beside it.
    pub practitioner: Option<Uuid>,
    pub p12: &'a [u8],
    pub password: &'a str,
}

/// Keeps a key; running it again changes nothing.
pub async fn write(tx: &mut Tx, secret: &[u8; 32], signing: &dyn Signing, issued: &Issued<'_>) -> anyhow::Result<()> {
    let opened = Key::Pkcs12 { file: issued.p12.to_vec(), password: issued.password.to_owned() };
    let certificate = signing.certificate(&opened).await?;
    let kept = match issued.practitioner {
        Some(_) => Kept::pkcs12(issued.p12),
        None => Kept::pkcs12(issued.p12).with_pin(issued.password),
    };
    let sealed = key::seal(secret, issued.id, &kept)?;
    let owner = Actor { account: AccountId(issued.account), ..Actor::system(tx.facility()) };
    let before = std::mem::replace(&mut tx.actor, owner);
    let purpose = if issued.practitioner.is_some() { "person" } else { "seal" };
    let new = NewKey { id: issued.id, purpose, kind: kept.kind(), practitioner: issued.practitioner, sealed: &sealed, certificate: &certificate };
    if keys::insert(tx, &new).await?
        && let (Some(practitioner), Some(personal)) = (issued.practitioner, certificate.holder_id.as_deref())
    {
        keys::learn_personal_id(tx, practitioner, personal).await?;
    }
    tx.actor = before;
    Ok(())
}
