//! Is it a WebM clip, and how long? Browsers write WebM while they record and leave its length out, so it is read from
//! the times of its blocks (Matroska, RFC 9559). Only heads are read, never pictures.

const EBML: u32 = 0x1A45_DFA3;
const DOC_TYPE: u32 = 0x4282;
const SEGMENT: u32 = 0x1853_8067;
const INFO: u32 = 0x1549_A966;
const TIMESTAMP_SCALE: u32 = 0x002A_D7B1;
const CLUSTER: u32 = 0x1F43_B675;
const TIMESTAMP: u32 = 0xE7;
const SIMPLE_BLOCK: u32 = 0xA3;
const BLOCK_GROUP: u32 = 0xA0;
const BLOCK: u32 = 0xA1;

/// The length of a WebM clip in milliseconds; `None` when it is none, or holds no frame.
pub fn length_ms(content: &[u8]) -> Option<u32> {
    let mut reader = Reader { content, at: 0 };
    let (id, size) = reader.element()?;
    let head = reader.content.get(reader.at..reader.at.checked_add(size?)?)?;
    if id != EBML || !is_webm(head) {
        return None;
    }
    reader.at += size?;
    let (mut scale_ns, mut cluster, mut last) = (1_000_000u64, 0u64, None::<u64>);
    // A recording that was broken off ends in the middle of an element; what came before still counts.
    while let Some((id, size)) = reader.element() {
        match id {
            // These are entered: what they hold follows at once.
            SEGMENT | INFO | CLUSTER | BLOCK_GROUP => continue,
            TIMESTAMP_SCALE => scale_ns = reader.number(size?)?.max(1),
            TIMESTAMP => cluster = reader.number(size?)?,
            SIMPLE_BLOCK | BLOCK => {
                let at = cluster.saturating_add_signed(i64::from(reader.block_time()?));
                last = Some(last.map_or(at, |known| known.max(at)));
            }
            _ => {}
        }
        // Only containers may leave their size open.
        reader.at = reader.at.checked_add(size?)?;
    }
    u32::try_from(u128::from(last?) * u128::from(scale_ns) / 1_000_000).ok()
}

fn is_webm(head: &[u8]) -> bool {
    let mut reader = Reader { content: head, at: 0 };
    while let Some((id, Some(size))) = reader.element() {
        if id == DOC_TYPE {
            return reader.content.get(reader.at..reader.at + size).is_some_and(|name| name == b"webm");
        }
        reader.at = reader.at.saturating_add(size);
    }
    false
}

struct Reader<'a> {
    content: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    /// The next element: its id and, unless it is left open, the size of what it holds. Stands before the content then.
    fn element(&mut self) -> Option<(u32, Option<usize>)> {
        let first = *self.content.get(self.at)?;
        let id_length = first.leading_zeros() as usize + 1;
        if id_length > 4 {
            return None;
        }
        let id = self.content.get(self.at..self.at + id_length)?.iter().fold(0u32, |sum, byte| sum << 8 | u32::from(*byte));
        self.at += id_length;
        let first = *self.content.get(self.at)?;
        let length = first.leading_zeros() as usize + 1;
        if length > 8 {
            return None;
        }
        let bytes = self.content.get(self.at..self.at + length)?;
        let mask = (1u64 << (7 * length)) - 1;
        let size = bytes.iter().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte)) & mask;
        self.at += length;
        let size = if size == mask { None } else { Some(usize::try_from(size).ok()?) };
        Some((id, size))
    }

    fn number(&self, size: usize) -> Option<u64> {
        if size > 8 {
            return None;
        }
        Some(self.content.get(self.at..self.at + size)?.iter().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte)))
    }

    /// The time of a block against its cluster: after the track's number, two bytes with sign.
    fn block_time(&self) -> Option<i16> {
        let track = self.content.get(self.at)?.leading_zeros() as usize + 1;
        let time = self.content.get(self.at + track..self.at + track + 2)?;
        Some(i16::from_be_bytes([time[0], time[1]]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a browser writes: open segment, open clusters, one block each.
    pub fn clip(times_ms: &[u64]) -> Vec<u8> {
        let mut out = vec![0x1A, 0x45, 0xDF, 0xA3, 0x87, 0x42, 0x82, 0x84, b'w', b'e', b'b', b'm'];
        out.extend([0x18, 0x53, 0x80, 0x67, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        for time in times_ms {
            out.extend([0x1F, 0x43, 0xB6, 0x75, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
            out.extend([0xE7, 0x88]);
            out.extend(time.to_be_bytes());
            out.extend([0xA3, 0x85, 0x81, 0x00, 0x0A, 0x80, 0x2A]);
        }
        out
    }

    #[test]
    fn a_recording_tells_its_length_by_its_last_block() {
        assert_eq!(length_ms(&clip(&[0, 5_000, 9_990])), Some(10_000));
        assert_eq!(length_ms(&clip(&[])), None, "no frame");
    }

    #[test]
    fn other_things_are_no_clip() {
        for other in [&b"RIFF....AVI "[..], b"", b"\x1A\x45\xDF\xA3", b"\x1A\x45\xDF\xA3\x88\x42\x82\x85matro", &[0u8; 64]] {
            assert_eq!(length_ms(other), None);
        }
    }

    #[test]
    fn every_cut_ends_without_a_crash() {
        let whole = clip(&[0, 900]);
        for end in 0..whole.len() {
            let _ = length_ms(&whole[..end]);
            let mut odd = whole.clone();
            odd[end] ^= 0xff;
            let _ = length_ms(&odd);
        }
        assert_eq!(length_ms(&whole), Some(910));
    }
}
