//! What comes from the camera: is it really a picture or a clip, how large, and smaller copies for lists and paper.

use base::Problem;
use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder};
use std::io::Cursor;

/// The largest content of one picture or clip.
pub const MOST_BYTES: usize = 20 * 1024 * 1024;
/// 24 million pixels: more than any frame grabber or phone of a clinic gives, far below what exhausts a server.
pub const MOST_PIXELS: u64 = 24_000_000;
/// The longest clip, with a little grace for the browser's own rounding.
pub const LONGEST_CLIP_MS: u32 = 16_000;

/// What a picture needs at most on paper: 88 mm at about 300 dots to the inch.
const PAPER_PIXELS: u32 = 1_100;
/// A still of fewer bytes that is not too wide goes to paper as it is.
const PAPER_BYTES: usize = 500_000;

/// A still that was looked at: its size, a small copy for lists, and one for paper unless it is small enough itself.
#[derive(Debug)]
pub struct Still {
    pub width: u32,
    pub height: u32,
    pub small: Vec<u8>,
    pub paper: Option<Vec<u8>>,
}

/// Checks a still and makes its small copy. The size is read from the head first, so that a picture of 200 megapixels
/// is refused before anything of it is unpacked; then it is unpacked whole, because only that proves a picture.
pub fn check_still(content: &[u8]) -> Result<Still, Problem> {
    check_bytes(content)?;
    if !content.starts_with(&[0xff, 0xd8, 0xff]) {
        return Err(Problem::of("Tệp này không phải ảnh JPEG. Chụp lại, hoặc chọn tệp ảnh có đuôi .jpg."));
    }
    let broken = || Problem::of("Ảnh bị hỏng hoặc thiếu dữ liệu. Chụp lại hình này.");
    let decoder = JpegDecoder::new(Cursor::new(content)).map_err(|_| broken())?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        let megapixels = u64::from(width) * u64::from(height) / 1_000_000;
        return Err(Problem::of(format!("Ảnh {megapixels} triệu điểm, nhiều nhất 24 triệu. Giảm độ phân giải của máy chụp rồi chụp lại.")));
    }
    if width < 16 || height < 16 {
        return Err(Problem::of("Ảnh quá nhỏ, không xem được. Kiểm tra dây và nguồn hình rồi chụp lại."));
    }
    let picture = DynamicImage::from_decoder(decoder).map_err(|_| broken())?;
    let small = jpeg(&picture.thumbnail(360, 270), 78).map_err(|_| broken())?;
    let is_wide = width > PAPER_PIXELS || height > PAPER_PIXELS;
    let paper = (is_wide || content.len() > PAPER_BYTES).then(|| {
        let fitted = if is_wide { picture.resize(PAPER_PIXELS, PAPER_PIXELS, FilterType::Triangle) } else { picture };
        jpeg(&fitted, 85)
    });
    Ok(Still { width, height, small, paper: paper.transpose().map_err(|_| broken())? })
}

/// Checks a clip: WebM, not too long. Gives its length in milliseconds as its blocks tell it.
pub fn check_clip(content: &[u8]) -> Result<u32, Problem> {
    check_bytes(content)?;
    let length = super::webm::length_ms(content)
        .ok_or_else(|| Problem::of("Tệp này không phải đoạn phim WebM, hoặc bị hỏng. Quay lại đoạn phim."))?;
    if length > LONGEST_CLIP_MS {
        return Err(Problem::of(format!("Đoạn phim dài {} giây, nhiều nhất 15 giây. Quay lại đoạn ngắn hơn.", length / 1000)));
    }
    Ok(length)
}

fn check_bytes(content: &[u8]) -> Result<(), Problem> {
    if content.is_empty() {
        return Err(Problem::of("Tệp rỗng. Chụp hoặc chọn lại tệp."));
    }
    if content.len() > MOST_BYTES {
        return Err(too_large());
    }
    Ok(())
}

/// The refusal of a content above the limit.
pub fn too_large() -> Problem {
    Problem::of("Tệp lớn hơn 20 MB. Giảm độ phân giải hoặc quay ngắn hơn rồi gửi lại.")
}

fn jpeg(picture: &DynamicImage, quality: u8) -> image::ImageResult<Vec<u8>> {
    let mut out = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut out, quality);
    // Grey stays grey; everything else becomes plain colour, which is all that JPEG knows.
    match picture {
        DynamicImage::ImageLuma8(grey) => grey.write_with_encoder(encoder)?,
        other => other.to_rgb8().write_with_encoder(encoder)?,
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgb, RgbImage};

    fn sample(width: u32, height: u32) -> Vec<u8> {
        let picture = RgbImage::from_fn(width, height, |x, y| Rgb([(x % 251) as u8, (y % 241) as u8, ((x + y) % 239) as u8]));
        jpeg(&DynamicImage::ImageRgb8(picture), 90).unwrap()
    }

    #[test]
    fn a_frame_is_measured_and_copied_small() {
        let still = check_still(&sample(1280, 720)).unwrap();
        assert_eq!((still.width, still.height), (1280, 720));
        let small = check_still(&still.small).unwrap();
        assert!(small.width == 360 && small.height <= 270);
    }

    #[test]
    fn what_is_no_picture_is_refused_with_a_reason() {
        let mut cut = sample(640, 480);
        cut.truncate(700);
        for (content, said) in [
            (b"%PDF-1.7 not a picture".to_vec(), "không phải ảnh JPEG"),
            (b"\x89PNG\r\n\x1a\n".to_vec(), "không phải ảnh JPEG"),
            (vec![], "rỗng"),
            (vec![0xff, 0xd8, 0xff, 0xe0, 1, 2], "hỏng"),
            (sample(8, 8), "quá nhỏ"),
            (vec![0; MOST_BYTES + 1], "20 MB"),
        ] {
            let refusal = check_still(&content).expect_err(said);
            assert!(refusal.text.contains(said), "{}", refusal.text);
        }
    }

    /// A head that claims 20,000 × 10,000 pixels: refused by its head, nothing of it is unpacked.
    #[test]
    fn two_hundred_megapixels_are_refused_before_unpacking() {
        let mut content = sample(64, 64);
        let frame = content.windows(2).position(|pair| pair == [0xff, 0xc0]).expect("a frame header");
        content[frame + 5..frame + 7].copy_from_slice(&10_000u16.to_be_bytes());
        content[frame + 7..frame + 9].copy_from_slice(&20_000u16.to_be_bytes());
        let refusal = check_still(&content).expect_err("too many");
        assert!(refusal.text.contains("200 triệu điểm"), "{}", refusal.text);
    }

    #[test]
    fn paper_gets_a_smaller_copy_only_when_it_needs_one() {
        assert_eq!(check_still(&sample(640, 480)).unwrap().paper, None);
        let paper = check_still(&sample(2400, 1600)).unwrap().paper.expect("a copy");
        let copy = check_still(&paper).unwrap();
        assert_eq!((copy.width, copy.height), (1100, 733));
    }
}
