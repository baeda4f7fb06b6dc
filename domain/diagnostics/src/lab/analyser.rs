//! The door for analysers. What a machine or its gateway sends is kept byte by byte before anybody tries to understand
//! it; HL7 v2 and ASTM E1394 are read behind this door by an edge of their own, when there is one.

use base::{Problem, Problems};
use db::Tx;
use uuid::Uuid;

/// In which language a message is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    Hl7v2,
    Astm,
    Other,
}

impl Protocol {
    /// The key as it is stored.
    pub fn key(self) -> &'static str {
        match self {
            Protocol::Hl7v2 => "hl7v2",
            Protocol::Astm => "astm",
            Protocol::Other => "other",
        }
    }

    pub fn from_key(key: &str) -> Option<Protocol> {
        [Protocol::Hl7v2, Protocol::Astm, Protocol::Other].into_iter().find(|protocol| protocol.key() == key)
    }

    /// The language by its first bytes: a message header segment, or a header record with or without its frame.
    pub fn guess(content: &[u8]) -> Protocol {
        let begins = content.iter().position(|b| !matches!(b, 0x02 | 0x05 | 0x0b | b'0'..=b'7')).unwrap_or(0);
        match &content[begins..] {
            [b'M', b'S', b'H', ..] => Protocol::Hl7v2,
            [b'H', b'|', ..] => Protocol::Astm,
            _ => Protocol::Other,
        }
    }
}

/// A message as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawMessage<'a> {
    /// The machine's name as the gateway calls it, e.g. "XN-350".
    pub source: &'a str,
    pub protocol: Protocol,
    pub content: &'a [u8],
    /// What the gateway read on the tube; "" when it does not know.
    pub sample_code: &'a str,
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub message: Uuid,
    /// The sample it belongs to, when its code is one of ours.
    pub specimen: Option<Uuid>,
    /// Whether the very same bytes of that machine had come before.
    pub is_repeated: bool,
}

/// The largest message that is taken.
pub const LARGEST: usize = 1024 * 1024;

/// Refuses a message without source or content, or one that is too large.
pub fn check(message: &RawMessage<'_>) -> Result<(), Problems> {
    let mut problems = Problems::none();
    let named = (1..=80).contains(&message.source.trim().chars().count());
    problems.add_if(!named, "source", "Thiếu tên máy gửi (1–80 ký tự).");
    problems.add_if(message.content.is_empty(), "content", "Bản tin rỗng.");
    problems.add_if(message.content.len() > LARGEST, "content", "Bản tin lớn hơn 1 MiB.");
    problems.add_if(message.sample_code.chars().count() > 40, "sample_code", "Mã mẫu dài quá 40 ký tự.");
    problems.or(())
}

/// Where machines hand in what they measured. The rest of the house knows only this.
#[async_trait::async_trait]
pub trait RawDoor: Send + Sync {
    /// Keeps the message in this transaction, once however often it is sent, and says which sample it names.
    async fn keep(&self, tx: &mut Tx, message: &RawMessage<'_>) -> Result<Kept, Problem>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_told_by_their_first_bytes() {
        for (bytes, protocol) in [
            (&b"\x0bMSH|^~\\&|XN"[..], Protocol::Hl7v2),
            (b"MSH|^~\\&|", Protocol::Hl7v2),
            (b"\x021H|\\^&|||XN-350", Protocol::Astm),
            (b"H|\\^&|", Protocol::Astm),
            (b"\x05", Protocol::Other),
            (b"", Protocol::Other),
            (b"\xff\xfe\x00", Protocol::Other),
        ] {
            assert_eq!(Protocol::guess(bytes), protocol, "{bytes:?}");
        }
    }

    #[test]
    fn empty_and_endless_messages_are_refused() {
        let message = |source: &'static str, content: &'static [u8]| RawMessage { source, protocol: Protocol::Other, content, sample_code: "" };
        assert!(check(&message("XN-350", b"x")).is_ok());
        assert!(check(&message("", b"x")).is_err());
        assert!(check(&message("XN-350", b"")).is_err());
        let large = vec![b'x'; LARGEST + 1];
        assert!(check(&RawMessage { source: "XN", protocol: Protocol::Other, content: &large, sample_code: "" }).is_err());
    }
}
