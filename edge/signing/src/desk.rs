//! The door for a program on the signer's own desk, which holds a token that no server can reach: it fetches a list of
//! digests, has them signed, and hands the signatures back. The protocol is in README.md; these are its messages.

use base::sign::{Prepared, SignFault};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// The version of the messages.
pub const VERSION: u32 = 1;

/// What the desk program offers first: its certificate chain, base64 of DER, the signer's own first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Offer {
    pub version: u32,
    pub chain: Vec<String>,
}

/// What has to be signed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Order {
    pub version: u32,
    pub batch: String,
    /// Always `SHA-256`; RSA keys pad by PKCS#1 v1.5.
    pub algorithm: String,
    pub items: Vec<Item>,
}

/// One digest, with the words that the signer sees on the desk before typing the PIN.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Item {
    pub id: String,
    pub title: String,
    /// Base64 of 32 bytes.
    pub digest: String,
}

/// What comes back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Answer {
    pub version: u32,
    pub batch: String,
    pub signatures: Vec<Signed>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Signed {
    pub id: String,
    /// Base64; ECDSA as DER or as two bare numbers.
    pub signature: String,
}

impl Offer {
    /// The chain in DER, for [`crate::certificate::facts`]. Refuses another version and what is no base64.
    pub fn chain(&self) -> Result<Vec<Vec<u8>>, SignFault> {
        if self.version != VERSION {
            return Err(SignFault::BadDocument("phiên bản tác tử ký không hợp".into()));
        }
        self.chain.iter().map(|text| STANDARD.decode(text).map_err(|_| SignFault::NoKey)).collect()
    }
}

impl Order {
    /// The order for prepared documents: id, title, and what was prepared.
    pub fn of(batch: &str, prepared: &[(String, String, &Prepared)]) -> Order {
        let items = prepared.iter().map(|(id, title, p)| Item { id: id.clone(), title: title.clone(), digest: STANDARD.encode(&p.digest) }).collect();
        Order { version: VERSION, batch: batch.into(), algorithm: "SHA-256".into(), items }
    }
}

impl Answer {
    /// The signature for one item; refuses an answer to another batch, and one that leaves it out.
    pub fn signature(&self, batch: &str, id: &str) -> Result<Vec<u8>, SignFault> {
        if self.version != VERSION || self.batch != batch {
            return Err(SignFault::BadDocument("trả lời không thuộc lô ký này".into()));
        }
        let found = self.signatures.iter().find(|s| s.id == id).and_then(|s| STANDARD.decode(&s.signature).ok());
        found.ok_or_else(|| SignFault::BadDocument("tác tử ký trả thiếu chữ ký".into()))
    }
}
