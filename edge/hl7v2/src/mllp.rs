//! MLLP framing: `0x0B message 0x1C 0x0D`. The deframer takes bytes as the network cuts them and gives what is whole.

use crate::message::MAX_MESSAGE;

const BEGIN: u8 = 0x0b;
const END: u8 = 0x1c;
/// So much of a message that is too large is kept, to be looked at.
const KEPT_OF_TOO_LARGE: usize = 64 * 1024;
/// So many bytes outside a frame end the connection: this is not MLLP.
pub const MAX_GARBAGE: usize = 64 * 1024;

/// What came out of the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A whole message.
    Message(Vec<u8>),
    /// A message that never ended: another one began inside it, or the connection closed.
    Cut(Vec<u8>),
    /// A message beyond the limit: its beginning.
    TooLarge(Vec<u8>),
}

/// Puts the stream of one connection together.
#[derive(Debug, Default)]
pub struct Deframer {
    frame: Option<Vec<u8>>,
    is_too_large: bool,
    /// Bytes outside any frame so far.
    pub garbage: usize,
}

impl Deframer {
    /// Takes what was read; gives the pieces that are complete now, in order.
    pub fn feed(&mut self, mut bytes: &[u8]) -> Vec<Piece> {
        let mut pieces = Vec::new();
        while !bytes.is_empty() {
            let Some(frame) = &mut self.frame else {
                // Between frames: the CR of the last one is nothing; anything else is garbage and skipped.
                let Some(at) = bytes.iter().position(|b| *b == BEGIN) else {
                    self.garbage += bytes.iter().filter(|b| !matches!(b, b'\r' | b'\n')).count();
                    return pieces;
                };
                self.garbage += bytes[..at].iter().filter(|b| !matches!(b, b'\r' | b'\n')).count();
                self.frame = Some(Vec::new());
                bytes = &bytes[at + 1..];
                continue;
            };
            let stop = bytes.iter().position(|b| matches!(*b, BEGIN | END));
            let part = &bytes[..stop.unwrap_or(bytes.len())];
            if frame.len() + part.len() > MAX_MESSAGE {
                self.is_too_large = true;
                frame.truncate(KEPT_OF_TOO_LARGE);
                frame.shrink_to_fit();
            }
            if !self.is_too_large {
                frame.extend_from_slice(part);
            }
            let Some(at) = stop else { break };
            let whole = self.frame.take().unwrap_or_default();
            let was_too_large = std::mem::take(&mut self.is_too_large);
            if bytes[at] == BEGIN {
                pieces.push(Piece::Cut(whole));
                self.frame = Some(Vec::new());
            } else if was_too_large {
                pieces.push(Piece::TooLarge(whole));
            } else {
                pieces.push(Piece::Message(whole));
            }
            bytes = &bytes[at + 1..];
        }
        pieces
    }

    /// In the middle of a message.
    pub fn is_inside(&self) -> bool {
        self.frame.is_some()
    }

    /// What is left when the connection ends.
    pub fn finish(&mut self) -> Option<Piece> {
        self.frame.take().filter(|f| !f.is_empty()).map(Piece::Cut)
    }
}

/// A message in its frame.
pub fn framed(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + 3);
    out.push(BEGIN);
    out.extend_from_slice(message);
    out.extend_from_slice(&[END, b'\r']);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn garbage_cuts_and_monsters() {
        let mut stream = Deframer::default();
        assert_eq!(stream.feed(b"xx\x0bMSH"), []);
        assert!(stream.is_inside());
        assert_eq!(stream.feed(b"|1\x1c\r\x0bA\x0bB\x1c"), [
            Piece::Message(b"MSH|1".to_vec()),
            Piece::Cut(b"A".to_vec()),
            Piece::Message(b"B".to_vec()),
        ]);
        assert_eq!(stream.garbage, 2);
        stream.feed(b"\x0bhalf");
        assert_eq!(stream.finish(), Some(Piece::Cut(b"half".to_vec())));
        let mut stream = Deframer::default();
        stream.feed(b"\x0b");
        for _ in 0..6 {
            assert_eq!(stream.feed(&vec![b'x'; 1024 * 1024]), []);
        }
        let pieces = stream.feed(b"\x1c\r\x0bB\x1c\r");
        assert!(matches!(&pieces[..], [Piece::TooLarge(kept), Piece::Message(b)] if kept.len() <= KEPT_OF_TOO_LARGE && b == b"B"));
    }

    proptest! {
        #[test]
        fn however_the_network_cuts(messages in proptest::collection::vec(proptest::collection::vec(32u8..127, 0..80), 0..6), cut in 1usize..40) {
            let bytes: Vec<u8> = messages.iter().flat_map(|m| framed(m)).collect();
            let mut stream = Deframer::default();
            let got: Vec<Piece> = bytes.chunks(cut).flat_map(|c| stream.feed(c)).collect();
            prop_assert_eq!(got, messages.into_iter().map(Piece::Message).collect::<Vec<_>>());
            prop_assert_eq!(stream.garbage, 0);
        }
    }
}
