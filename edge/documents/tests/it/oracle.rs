//! Judges that we did not write: poppler's tools and zbar. Where they are not installed the judgement is skipped and
//! said so; CI installs them.

use std::io::Write;
use std::process::{Command, Stdio};

/// What `pdftotext` reads, white space run together; `None` when it is not installed.
pub fn text_of(pdf: &[u8]) -> Option<String> {
    let out = piped("pdftotext", &["-", "-"], pdf)?;
    Some(String::from_utf8_lossy(&out).split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The lines of `pdffonts` about each font.
pub fn fonts_of(pdf: &[u8]) -> Option<Vec<String>> {
    let out = piped("pdffonts", &["-"], pdf)?;
    Some(String::from_utf8_lossy(&out).lines().skip(2).map(str::to_owned).collect())
}

/// Everything a scanner finds on the first page.
pub fn scanned(pdf: &[u8]) -> Option<Vec<String>> {
    let png = piped("pdftoppm", &["-r", "200", "-png", "-singlefile", "-"], pdf)?;
    let out = piped("zbarimg", &["-q", "--raw", "-"], &png)?;
    Some(String::from_utf8_lossy(&out).lines().map(str::to_owned).collect())
}

/// The width and height of every picture, as `pdfimages` lists them.
pub fn pictures_of(pdf: &[u8]) -> Option<Vec<(u32, u32)>> {
    let listed = String::from_utf8(piped("pdfimages", &["-list", "-"], pdf)?).ok()?;
    let sizes = listed.lines().skip(2).filter_map(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        Some((columns.get(3)?.parse().ok()?, columns.get(4)?.parse().ok()?))
    });
    Some(sizes.collect())
}

fn piped(program: &str, arguments: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    let started = Command::new(program).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let Ok(mut child) = started else {
        eprintln!("{program} is not installed: not judged");
        return None;
    };
    let mut stdin = child.stdin.take().expect("stdin is piped");
    let input = input.to_vec();
    let feeding = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect("the judge ends");
    // A judge that has seen enough may stop reading early.
    let _ = feeding.join();
    Some(output.stdout)
}
