//! Style, script, letters and icons, inside the binary.
//!
//! Every address carries a hash of the whole set (`/assets/1f9c…/app.css`), so a browser may keep a file for ever and
//! still sees a new release at once; one hash for all keeps the relative addresses inside style sheets and modules true.

use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write;
use std::sync::{LazyLock, OnceLock};

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/assets"]
struct Files;

struct Asset {
    bytes: Cow<'static, [u8]>,
    kind: &'static str,
    /// Compressed on the first request that accepts it, then kept.
    brotli: OnceLock<Vec<u8>>,
    gzip: OnceLock<Vec<u8>>,
}

struct Shelf {
    version: String,
    assets: HashMap<String, Asset>,
}

static SHELF: LazyLock<Shelf> = LazyLock::new(|| {
    let mut names: Vec<String> = Files::iter().map(|name| name.into_owned()).collect();
    names.sort();
    let mut hash = Sha256::new();
    let mut assets = HashMap::new();
    // The sheets under css/ and Tabler travel as one file, in the order of their names.
    let mut sheet = Vec::new();
    for name in names {
        // Notes, scripts and lists that live beside the files are not for browsers.
        let (Some(file), Some(kind)) = (Files::get(&name), kind_of(&name)) else { continue };
        hash.update(name.as_bytes());
        hash.update(&file.data);
        if name.starts_with("css/") {
            sheet.extend_from_slice(&file.data);
        } else {
            assets.insert(name.clone(), Asset::new(file.data, kind));
        }
    }
    let tabler = assets.remove("vendor/tabler.css").map(|asset| asset.bytes.into_owned()).unwrap_or_default();
    let whole = [tabler, sheet].concat();
    assets.insert("app.css".into(), Asset::new(Cow::Owned(whole), STYLE));
    Shelf { version: hex::encode(&hash.finalize()[..6]), assets }
});

impl Asset {
    fn new(bytes: Cow<'static, [u8]>, kind: &'static str) -> Self {
        Self { bytes, kind, brotli: OnceLock::new(), gzip: OnceLock::new() }
    }

    /// Text shrinks; letters (woff2) are compressed already.
    fn is_text(&self) -> bool {
        !self.kind.starts_with("font/") && !self.kind.starts_with("image/png")
    }

    fn as_brotli(&self) -> &[u8] {
        self.brotli.get_or_init(|| {
            let mut out = Vec::new();
            let params = brotli::enc::BrotliEncoderParams { quality: 9, ..Default::default() };
            // Writing into memory cannot fail; an empty result would only mean an unstyled page.
            let _ = brotli::BrotliCompress(&mut self.bytes.as_ref(), &mut out, &params);
            out
        })
    }

    fn as_gzip(&self) -> &[u8] {
        self.gzip.get_or_init(|| {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(8));
            let _ = encoder.write_all(&self.bytes);
            encoder.finish().unwrap_or_default()
        })
    }
}

const STYLE: &str = "text/css; charset=utf-8";

/// The content type of what browsers may fetch, by the end of its name.
fn kind_of(name: &str) -> Option<&'static str> {
    match name.rsplit('.').next()? {
        "css" => Some(STYLE),
        "js" => Some("text/javascript; charset=utf-8"),
        "json" => Some("application/json"),
        "svg" => Some("image/svg+xml"),
        "woff2" => Some("font/woff2"),
        "png" => Some("image/png"),
        _ => None,
    }
}

/// The address of an asset: `url("app.css")`, `url("icons.svg")`. Pages never write it by hand.
pub fn url(name: &str) -> String {
    format!("/assets/{}/{name}", SHELF.version)
}

/// Gives the text of an asset to code of our own (the keyboard map, a sprite check), if it exists.
pub fn text(name: &str) -> Option<&'static str> {
    SHELF.assets.get(name).and_then(|asset| std::str::from_utf8(&asset.bytes).ok())
}

/// `GET /assets/{version}/{*name}`: the file in the smallest form the browser understands.
///
/// The current version may be kept for ever; an old address (a page left open over a release) still answers with
/// today's file, but is asked again next time.
pub async fn serve(Path((version, name)): Path<(String, String)>, headers: HeaderMap) -> Response {
    let Some(asset) = SHELF.assets.get(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let keep = if version == SHELF.version { "public, max-age=31536000, immutable" } else { "no-cache" };
    let accepts = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or("");
    let base = [
        (header::CONTENT_TYPE, asset.kind),
        (header::CACHE_CONTROL, keep),
        (header::VARY, "accept-encoding"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    if asset.is_text() && accepts.contains("br") {
        (base, [(header::CONTENT_ENCODING, "br")], asset.as_brotli()).into_response()
    } else if asset.is_text() && accepts.contains("gzip") {
        (base, [(header::CONTENT_ENCODING, "gzip")], asset.as_gzip()).into_response()
    } else {
        (base, asset.bytes.as_ref()).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_page_is_light() {
        let on_first_page = ["app.css", "theme.js", "app.js", "vendor/htmx.min.js"];
        let modules = SHELF.assets.keys().filter(|name| name.ends_with(".js") && !name.contains('/'));
        let sum: usize = on_first_page
            .iter()
            .map(|name| name.to_string())
            .chain(modules.cloned())
            .collect::<std::collections::BTreeSet<_>>()
            .iter()
            .map(|name| SHELF.assets[name].as_brotli().len())
            .sum();
        assert!(sum < 200_000, "style and script of the first page weigh {sum} bytes");
    }

    /// All templates of the workspace, as (path, text).
    fn templates() -> Vec<(std::path::PathBuf, String)> {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut folders: Vec<_> = ["domain", "kernel", "app", "edge"].map(|shelf| root.join(shelf)).into();
        let mut pages = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|ext| ext == "html") {
                    let text = std::fs::read_to_string(&path).expect("a template can be read");
                    pages.push((path, text));
                }
            }
        }
        pages
    }

    #[test]
    fn every_icon_a_template_names_is_in_the_sprite() {
        let sprite = text("icons.svg").expect("sprite");
        for (path, page) in templates() {
            for piece in page.split("icon(\"").skip(1) {
                let name = piece.split('"').next().unwrap_or("");
                assert!(sprite.contains(&format!("id=\"{name}\"")), "{}: icon {name} is not in icons.txt", path.display());
            }
        }
    }

    #[test]
    fn every_key_a_template_uses_is_in_the_keyboard_map() {
        let map: serde_json::Value = serde_json::from_str(text("keys.json").expect("keys")).expect("the map is JSON");
        let known: std::collections::BTreeSet<&str> = map
            .as_object()
            .expect("contexts")
            .values()
            .flat_map(|keys| keys.as_array().expect("a list of keys"))
            .map(|entry| entry["key"].as_str().expect("a key"))
            .collect();
        for (path, page) in templates() {
            for piece in page.split("data-key=\"").skip(1) {
                // Up to a value that only the running page knows.
                let written = piece.split(['"', '{']).next().unwrap_or("");
                for key in written.split([' ', ',']).filter(|key| !key.is_empty()) {
                    // Alt with a digit goes to a section, whichever it is.
                    let key = if key.starts_with("Alt+") { "Alt+1" } else { key };
                    assert!(known.contains(key), "{}: key {key} is not in keys.json", path.display());
                }
            }
        }
    }

    #[test]
    fn every_right_of_the_keyboard_map_is_given_to_some_role() {
        let rights = include_str!("../../../domain/practitioner/rights.tsv");
        let map: serde_json::Value = serde_json::from_str(text("keys.json").expect("keys")).expect("the map is JSON");
        for entry in map.as_object().expect("contexts").values().flat_map(|keys| keys.as_array().expect("a list of keys")) {
            if let Some(right) = entry["right"].as_str() {
                assert!(rights.lines().any(|line| line.ends_with(&format!("\t{right}"))), "nobody has the right {right}");
            }
        }
    }
}
