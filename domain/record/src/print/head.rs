//! The head of a paper: who makes it, what it is called, under which numbers it is kept.

use super::atoms::{Atom, Block, Line};
use super::lay::Layer;
use super::{line, value};
use crate::form::definition::{Field, Kind, Section};
use serde_json::Value;

/// Fields that stand on the left of the head.
const LEFT: [&str; 12] = [
    "so_y_te", "don_vi_chu_quan", "benh_vien", "khoa", "buong", "giuong", "pt_so_y_te", "pt_benh_vien", "pt_khoa", "pt_buong", "pt_giuong", "tram_y_te",
];

/// The official number of a form; the law gives some papers none.
pub fn number(form: &str) -> &str {
    if form.contains('/') { form } else { "" }
}

/// Whether a section is the head of the paper.
pub fn is_head(section: &Section) -> bool {
    let names = |id: &str| section.fields.iter().any(|field| field.id == id);
    names("ms_mau") || names("pt_ms") || (names("pt_benh_vien") && section.title.starts_with("Đầu"))
}

/// The two lines that every legal paper opens with.
pub fn is_motto(text: &str) -> bool {
    let plain = text.to_uppercase();
    plain.starts_with("CỘNG HÒA XÃ HỘI") || plain.starts_with("CỘNG HOÀ XÃ HỘI") || plain.starts_with("ĐỘC LẬP")
}

/// A text of the facility.
pub fn text(head: &Value, key: &str) -> String {
    head.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// A paper without a head of its own: its title.
pub fn only_title(layer: &Layer<'_>) -> Block {
    Block::Head { left: facility_lines(layer), title: title(layer), below: Vec::new(), right: vec![vec![Atom::words(format!("MS: {}", number(&layer.paper.form.form)))]] }
}

fn facility_lines(layer: &Layer<'_>) -> Vec<Line> {
    ["parent", "name"].iter().map(|key| text(&layer.paper.head, key)).filter(|line| !line.is_empty()).map(|line| vec![Atom::words(line)]).collect()
}

/// The head as the section lists it.
pub fn block(layer: &Layer<'_>, section: &Section, with_title: bool) -> Block {
    let mut left: Vec<Line> = Vec::new();
    let mut right: Vec<Line> = Vec::new();
    let mut below: Vec<Line> = Vec::new();
    let has_number = !number(&layer.paper.form.form).is_empty();
    for field in section.fields.iter().filter(|field| !field.unprinted && (has_number || field.id != "pt_ms")) {
        let atoms = one(layer, field);
        if LEFT.contains(&field.id.as_str()) {
            // Bed and room follow the ward on its line.
            let joins = field.id.ends_with("giuong") && left.len() > 1;
            match left.last_mut().filter(|_| joins) {
                Some(last) => {
                    last.push(Atom::Gap(3.0));
                    last.extend(atoms);
                }
                None => left.push(atoms),
            }
        } else if field.id == "to_so" || field.id.starts_with("lan_") {
            below.push(atoms);
        } else {
            right.push(atoms);
        }
    }
    let title = if with_title { title(layer) } else { Vec::new() };
    let legal = section.texts.iter().any(|text| is_motto(&text.text)) || matches!(layer.paper.form.kind, Kind::Giay | Kind::BienBan | Kind::CamKet);
    if legal { Block::Republic { left, right, title, below } } else { Block::Head { left, title, below, right } }
}

/// A long title breaks where the ministry breaks it: before what is in brackets or says which medicine it is.
fn title(layer: &Layer<'_>) -> Vec<String> {
    let whole = layer.paper.form.title.as_str();
    for mark in [" Y HỌC CỔ TRUYỀN", " (", " CHUYÊN KHOA", " HUYẾT HỌC", " NHI Y HỌC"] {
        if let Some(at) = whole.find(mark).filter(|at| *at > 8) {
            return vec![whole[..at].to_owned(), whole[at..].trim().to_owned()];
        }
    }
    vec![whole.to_owned()]
}

/// A line of the head, with what the house knows by itself.
fn one(layer: &Layer<'_>, field: &Field) -> Line {
    let kept = value::words(field, layer.value(&field.id));
    let known = |key: &str| text(&layer.paper.head, key);
    let said = match field.id.as_str() {
        _ if !kept.is_empty() => kept,
        "so_y_te" | "pt_so_y_te" | "don_vi_chu_quan" => known("parent"),
        "benh_vien" | "pt_benh_vien" | "tram_y_te" => known("name"),
        "ms_mau" | "pt_ms" => number(&layer.paper.form.form).to_owned(),
        _ => String::new(),
    };
    let label = line::label(field, "").text;
    if field.id == "don_vi_chu_quan" {
        return vec![if said.is_empty() { Atom::bold(label.to_uppercase()) } else { Atom::bold(said) }];
    }
    if field.id == "ma_yt" && said.is_empty() {
        let gap = || Atom::Slot(String::new(), 20.0);
        return vec![Atom::words(format!("{label} ")), gap(), Atom::words("/"), gap(), Atom::words("/"), gap(), Atom::words("/"), gap()];
    }
    if field.id.ends_with("giuong") {
        return vec![Atom::words(format!("{label}: ")), Atom::Slot(said, 34.0)];
    }
    // "Sở Y tế: Sở Y tế tỉnh …" would say it twice.
    if !said.is_empty() && (said.to_lowercase().starts_with(&label.to_lowercase()) || (label == "BV" && said.starts_with("Bệnh viện"))) {
        return vec![Atom::words(said)];
    }
    if field.id.ends_with("ms") || field.id == "ms_mau" {
        return vec![Atom::words(format!("{label}: {said}"))];
    }
    vec![Atom::words(format!("{label}: ")), Atom::Fill(said)]
}
