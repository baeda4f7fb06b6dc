//! Codes that a scanner reads, as small SVG drawings: QR for phones, Code 128 for the readers at the desks.

use qrcode::{Color, EcLevel, QrCode};
use std::fmt::Write;

/// A QR code with medium error correction and no border of its own (the template leaves the quiet zone).
/// `None` for no text or more than fits.
pub fn qr_svg(text: &str) -> Option<String> {
    if text.is_empty() {
        return None;
    }
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let width = code.width();
    let mut path = String::new();
    for (row, modules) in code.to_colors().chunks(width).enumerate() {
        let mut column = 0;
        for run in modules.chunk_by(|left, right| left == right) {
            if run[0] == Color::Dark {
                let _ = write!(path, "M{column} {row}h{}v1h-{}z", run.len(), run.len());
            }
            column += run.len();
        }
    }
    Some(drawing(width, width, &path))
}

/// Code 128 in set B, for printable ASCII of up to 48 characters; `None` for anything else.
pub fn code128_svg(text: &str) -> Option<String> {
    if text.is_empty() || text.len() > 48 || !text.bytes().all(|byte| (32..127).contains(&byte)) {
        return None;
    }
    let mut path = String::new();
    let mut x = 0;
    for symbol in code128_symbols(text) {
        for (i, width) in BARS[symbol].bytes().map(|digit| usize::from(digit - b'0')).enumerate() {
            if i % 2 == 0 {
                let _ = write!(path, "M{x} 0h{width}v24h-{width}z");
            }
            x += width;
        }
    }
    Some(drawing(x, 24, &path))
}

/// Start B, the characters, the check symbol (weighted sum modulo 103), stop.
fn code128_symbols(text: &str) -> Vec<usize> {
    const START_B: usize = 104;
    const STOP: usize = 106;
    let values: Vec<usize> = text.bytes().map(|byte| usize::from(byte) - 32).collect();
    let weighted: usize = values.iter().enumerate().map(|(i, value)| (i + 1) * value).sum();
    let mut symbols = vec![START_B];
    symbols.extend(&values);
    symbols.push((START_B + weighted) % 103);
    symbols.push(STOP);
    symbols
}

fn drawing(width: usize, height: usize, path: &str) -> String {
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" shape-rendering="crispEdges"><path d="{path}"/></svg>"#
    )
}

/// Widths of bar, gap, bar… for the symbols 0 to 106 (ISO/IEC 15417, table 1).
#[rustfmt::skip]
const BARS: [&str; 107] = [
    "212222", "222122", "222221", "121223", "121322", "131222", "122213", "122312", "132212", "221213",
    "221312", "231212", "112232", "122132", "122231", "113222", "123122", "123221", "223211", "221132",
    "221231", "213212", "223112", "312131", "311222", "321122", "321221", "312212", "322112", "322211",
    "212123", "212321", "232121", "111323", "131123", "131321", "112313", "132113", "132311", "211313",
    "231113", "231311", "112133", "112331", "132131", "113123", "113321", "133121", "313121", "211331",
    "231131", "213113", "213311", "213131", "311123", "311321", "331121", "312113", "312311", "332111",
    "314111", "221411", "431111", "111224", "111422", "121124", "121421", "141122", "141221", "112214",
    "112412", "122114", "122411", "142112", "142211", "241211", "221114", "413111", "241112", "134111",
    "111242", "121142", "121241", "114212", "124112", "124211", "411212", "421112", "421211", "212141",
    "214121", "412121", "111143", "111341", "131141", "114113", "114311", "411113", "411311", "113141",
    "114131", "311141", "411131", "211412", "211214", "211232", "2331112",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_symbol_is_eleven_modules_wide_and_unlike_the_others() {
        for (i, bars) in BARS.iter().enumerate() {
            let width: u32 = bars.bytes().map(|digit| u32::from(digit - b'0')).sum();
            assert_eq!(width, if i == 106 { 13 } else { 11 }, "symbol {i}");
            assert_eq!(BARS.iter().filter(|other| *other == bars).count(), 1, "symbol {i}");
        }
    }

    #[test]
    fn the_check_symbol_follows_the_standard() {
        // Worked example: "PJJ123C" in set B has check value 55.
        let symbols = code128_symbols("PJJ123C");
        assert_eq!(symbols[symbols.len() - 2], 55);
    }

    #[test]
    fn what_no_reader_could_read_is_left_out() {
        assert_eq!(code128_svg("Đơn 1"), None);
        assert_eq!(code128_svg(""), None);
        assert_eq!(qr_svg(""), None);
        assert_eq!(qr_svg(&"x".repeat(5000)), None);
        assert!(qr_svg("84101k7m2p9q-C").is_some());
    }
}
