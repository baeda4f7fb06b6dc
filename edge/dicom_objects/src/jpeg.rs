//! What DICOM needs to know of a JPEG: baseline or not, size, colours. DICOM's "JPEG Baseline" is the plain kind that
//! cameras and canvases write; the progressive kind of some phones is written anew.

use anyhow::{Context, Result, bail};
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageFormat};

/// A baseline JPEG and what its frame header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub content: Vec<u8>,
    pub rows: u16,
    pub columns: u16,
    /// 1 = grey, 3 = colour.
    pub samples: u8,
}

impl Frame {
    /// Reads a JPEG; one that is not baseline is unpacked and packed again. Fails on anything that is no JPEG.
    pub fn read(content: Vec<u8>) -> Result<Frame> {
        if let Some((rows, columns, samples)) = baseline(&content) {
            return Ok(Frame { content, rows, columns, samples });
        }
        let picture = image::load_from_memory_with_format(&content, ImageFormat::Jpeg).context("no JPEG")?;
        let mut out = Vec::new();
        DynamicImage::ImageRgb8(picture.to_rgb8()).write_with_encoder(JpegEncoder::new_with_quality(&mut out, 95))?;
        match baseline(&out) {
            Some((rows, columns, samples)) => Ok(Frame { content: out, rows, columns, samples }),
            None => bail!("the encoder did not write baseline"),
        }
    }
}

/// Rows, columns and samples of a baseline JPEG with eight bits; `None` for any other content.
fn baseline(content: &[u8]) -> Option<(u16, u16, u8)> {
    let mut rest = content.strip_prefix(&[0xff, 0xd8])?;
    loop {
        // A marker may be led in by any number of 0xff.
        while rest.first() == Some(&0xff) && rest.get(1) == Some(&0xff) {
            rest = &rest[1..];
        }
        let (&[0xff, marker], after) = rest.split_first_chunk::<2>()? else { return None };
        let length = usize::from(u16::from_be_bytes([*after.first()?, *after.get(1)?]));
        let segment = after.get(2..length)?;
        match marker {
            0xc0 => {
                let (rows, columns) = (u16::from_be_bytes([*segment.get(1)?, *segment.get(2)?]), u16::from_be_bytes([*segment.get(3)?, *segment.get(4)?]));
                let samples = *segment.get(5)?;
                let is_plain = segment[0] == 8 && matches!(samples, 1 | 3) && rows > 0 && columns > 0;
                return is_plain.then_some((rows, columns, samples));
            }
            // Any other frame header, or pixels before one: not baseline.
            0xc1..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf | 0xda | 0xd9 => return None,
            _ => rest = after.get(length..)?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{GrayImage, Rgb, RgbImage};

    pub fn picture(width: u32, height: u32) -> Vec<u8> {
        let picture = RgbImage::from_fn(width, height, |x, y| Rgb([(x % 255) as u8, (y % 255) as u8, 60]));
        let mut out = Vec::new();
        DynamicImage::ImageRgb8(picture).write_with_encoder(JpegEncoder::new(&mut out)).unwrap();
        out
    }

    #[test]
    fn a_plain_picture_stays_byte_for_byte() {
        let content = picture(320, 240);
        let frame = Frame::read(content.clone()).unwrap();
        assert_eq!((frame.rows, frame.columns, frame.samples), (240, 320, 3));
        assert_eq!(frame.content, content);
    }

    #[test]
    fn grey_is_known_as_grey() {
        let mut out = Vec::new();
        DynamicImage::ImageLuma8(GrayImage::new(64, 48)).write_with_encoder(JpegEncoder::new(&mut out)).unwrap();
        assert_eq!(Frame::read(out).unwrap().samples, 1);
    }

    #[test]
    fn no_cut_and_no_nonsense_crashes() {
        let content = picture(32, 32);
        for end in 0..content.len().min(700) {
            let _ = baseline(&content[..end]);
        }
        assert!(Frame::read(b"not a picture".to_vec()).is_err());
        assert_eq!(baseline(&[0xff, 0xd8, 0xff, 0xc2, 0, 2]), None);
    }
}
