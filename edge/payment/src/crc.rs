//! The checksum at the end of every EMVCo code: a mistyped or badly scanned character is noticed before money moves.

/// CRC-16/CCITT-FALSE (polynomial 0x1021, start 0xFFFF, no reflection), as EMVCo QR Code Specification for
/// Payment Systems 1.1 §4.7.3 requires. Any change of a single character changes the result.
pub fn crc16(bytes: &[u8]) -> u16 {
    let mut crc: u16 = 0xFFFF;
    for byte in bytes {
        crc ^= u16::from(*byte) << 8;
        for _ in 0..8 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 };
        }
    }
    crc
}

#[cfg(test)]
mod tests {
    use super::crc16;

    #[test]
    fn the_published_check_value_holds() {
        assert_eq!(crc16(b"123456789"), 0x29B1);
        assert_eq!(crc16(b""), 0xFFFF);
    }
}
