//! Bytes from a hospital system: whatever they are, the deframer, the character sets, the parser and the reader answer
//! without a panic, and what was read once reads the same from its own words.
#![no_main]

use hl7v2::ack::{self, Answer};
use hl7v2::mllp::{Deframer, Piece};
use hl7v2::{charset, meaning, message};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut stream = Deframer::default();
    let mut pieces: Vec<Piece> = data.chunks(13).flat_map(|part| stream.feed(part)).collect();
    pieces.extend(stream.finish());
    pieces.push(Piece::Message(data.to_vec()));
    for piece in pieces {
        let (Piece::Message(raw) | Piece::Cut(raw) | Piece::TooLarge(raw)) = piece;
        let head = message::head(&raw).unwrap_or_default();
        let answer = Answer { code: "AE", error: "100", words: head.control_id.clone(), ..Answer::default() };
        let _ = ack::write(&head, &answer, chrono::DateTime::UNIX_EPOCH);
        let Ok(text) = charset::decode(&raw, &head.charset) else { continue };
        let Ok(read) = message::parse(&text) else { continue };
        let again = message::parse(&read.to_string()).expect("our own words can be read");
        assert_eq!(again.to_string(), read.to_string());
        let _ = meaning::read(&read);
    }
});
