//! A scanned page made straight and small enough to keep: its tilt is found from how dark each line of it is, and an empty
//! back side is recognised.

use image::imageops::FilterType;
use image::{DynamicImage, GrayImage, ImageEncoder, RgbImage};

/// The longest side that is kept: A4 at about 200 dots per inch.
const LONGEST: u32 = 2340;

/// The steepest tilt that is looked for, in degrees.
const STEEPEST: f32 = 6.0;

/// A page as it is kept.
pub struct Straight {
    pub picture: RgbImage,
    /// By how much it was turned, in tenths of a degree; positive is clockwise.
    pub turned_tenth: i32,
    pub is_empty: bool,
}

/// Makes a page straight.
pub fn straighten(page: DynamicImage) -> Straight {
    let page = if page.width().max(page.height()) > LONGEST { page.resize(LONGEST, LONGEST, FilterType::Triangle) } else { page };
    let small = page.resize(620, 620, FilterType::Triangle).to_luma8();
    let angle = tilt(&small);
    let is_empty = is_empty(&small);
    let colour = page.to_rgb8();
    let picture = if angle.abs() < 0.25 { colour } else { turned(&colour, angle) };
    let turned_tenth = if angle.abs() < 0.25 { 0 } else { (angle * 10.0).round() as i32 };
    Straight { picture, turned_tenth, is_empty }
}

/// The picture as a JPEG.
pub fn jpeg(picture: &RgbImage) -> Vec<u8> {
    let mut out = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut out, 78);
    // Writing into memory cannot fail; a picture beyond the format's size was refused when it came in.
    let written = encoder.write_image(picture, picture.width(), picture.height(), image::ExtendedColorType::Rgb8);
    if written.is_err() {
        out.clear();
    }
    out
}

/// Hardly any ink on it.
fn is_empty(page: &GrayImage) -> bool {
    let (width, height) = page.dimensions();
    // The edge of a page is often dark from the lid of the scanner.
    let inner = page.enumerate_pixels().filter(|(x, y, _)| *x > width / 20 && *x < width - width / 20 && *y > height / 20 && *y < height - height / 20);
    let (mut all, mut ink) = (0u32, 0u32);
    for (_, _, pixel) in inner {
        all += 1;
        ink += u32::from(pixel.0[0] < 140);
    }
    ink * 2000 < all
}

/// By how many degrees the lines of a page have to be turned to lie level. Lines of text are dark rows with light rows
/// between them: the tilt at which the rows differ most is the one.
pub fn tilt(page: &GrayImage) -> f32 {
    let ink: Vec<(f32, f32)> = page.enumerate_pixels().filter(|(_, _, pixel)| pixel.0[0] < 128).map(|(x, y, _)| (x as f32, y as f32)).collect();
    if ink.len() < 200 {
        return 0.0;
    }
    let steps = |from: f32, to: f32, step: f32| (0..=((to - from) / step).round() as i32).map(move |n| from + n as f32 * step);
    let best = |angles: &mut dyn Iterator<Item = f32>| angles.map(|angle| (sharpness(&ink, page, angle), angle)).max_by(|a, b| a.0.total_cmp(&b.0));
    let Some((_, coarse)) = best(&mut steps(-STEEPEST, STEEPEST, 0.5)) else { return 0.0 };
    let Some((sharp, fine)) = best(&mut steps(coarse - 0.5, coarse + 0.5, 0.1)) else { return 0.0 };
    // A drawing has no lines: turn only for a clear gain.
    if sharp > sharpness(&ink, page, 0.0) * 1.05 { fine } else { 0.0 }
}

/// The sum of the squared differences between neighbouring rows after a turn by so many degrees.
fn sharpness(ink: &[(f32, f32)], page: &GrayImage, degrees: f32) -> f32 {
    let (sine, cosine) = degrees.to_radians().sin_cos();
    let (width, height) = (page.width() as f32, page.height() as f32);
    let margin = (width * sine.abs()) as usize + 2;
    let mut rows = vec![0f32; height as usize + 2 * margin + 2];
    for (x, y) in ink {
        let row = (x - width / 2.0) * sine + (y - height / 2.0) * cosine + height / 2.0 + margin as f32;
        if let Some(count) = rows.get_mut(row.max(0.0) as usize) {
            *count += 1.0;
        }
    }
    rows.windows(2).map(|pair| (pair[1] - pair[0]).powi(2)).sum()
}

/// The picture turned by so many degrees about its middle, white where nothing was.
fn turned(page: &RgbImage, degrees: f32) -> RgbImage {
    let (sine, cosine) = degrees.to_radians().sin_cos();
    let (width, height) = page.dimensions();
    let (cx, cy) = (width as f32 / 2.0, height as f32 / 2.0);
    RgbImage::from_fn(width, height, |x, y| {
        let (dx, dy) = (x as f32 - cx, y as f32 - cy);
        // Backwards: where did this point come from?
        let (sx, sy) = (dx * cosine + dy * sine + cx, dy * cosine - dx * sine + cy);
        sample(page, sx, sy)
    })
}

/// The colour between four points.
fn sample(page: &RgbImage, x: f32, y: f32) -> image::Rgb<u8> {
    let (width, height) = page.dimensions();
    if x < 0.0 || y < 0.0 || x >= (width - 1) as f32 || y >= (height - 1) as f32 {
        return image::Rgb([255, 255, 255]);
    }
    let (x0, y0) = (x as u32, y as u32);
    let (fx, fy) = (x - x0 as f32, y - y0 as f32);
    let at = |dx, dy| page.get_pixel(x0 + dx, y0 + dy).0;
    let (a, b, c, d) = (at(0, 0), at(1, 0), at(0, 1), at(1, 1));
    let mix = |i: usize| {
        let top = f32::from(a[i]) * (1.0 - fx) + f32::from(b[i]) * fx;
        let bottom = f32::from(c[i]) * (1.0 - fx) + f32::from(d[i]) * fx;
        (top * (1.0 - fy) + bottom * fy) as u8
    };
    image::Rgb([mix(0), mix(1), mix(2)])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page of dark lines with letters' gaps, tilted by so many degrees.
    fn lined(degrees: f32) -> GrayImage {
        let slope = degrees.to_radians().tan();
        GrayImage::from_fn(440, 620, |x, y| {
            let level = y as f32 - (x as f32 - 220.0) * slope;
            let in_line = level > 60.0 && level < 560.0 && (level as i32 % 22) < 7;
            let in_word = x > 40 && x < 400 && (x / 9) % 5 != 0;
            image::Luma([if in_line && in_word { 20 } else { 245 }])
        })
    }

    #[test]
    fn the_tilt_of_a_page_is_found_and_taken_back() {
        for degrees in [-4.0f32, -1.5, 0.0, 0.8, 3.2] {
            let found = tilt(&lined(degrees));
            assert!((found + degrees).abs() <= 0.3, "{degrees}: turned by {found}");
            let page = DynamicImage::ImageLuma8(lined(degrees));
            let straight = straighten(page);
            let rest = tilt(&DynamicImage::ImageRgb8(straight.picture).to_luma8());
            assert!(rest.abs() <= 0.4, "{degrees}: {rest} is left");
        }
    }

    #[test]
    fn an_empty_back_side_is_known() {
        assert!(straighten(DynamicImage::ImageLuma8(GrayImage::from_pixel(400, 560, image::Luma([243])))).is_empty);
        assert!(!straighten(DynamicImage::ImageLuma8(lined(0.0))).is_empty);
    }
}
