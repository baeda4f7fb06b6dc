//! A whole record as data: `HoSoBenhAn` with its eleven groups, as XML and JSON. Papers stand in the group of their form;
//! a section that belongs elsewhere goes there. Specially protected papers do not leave this way.

use super::store::{record, row, version};
use super::viewer::Viewer;
use super::{forms, read};
use crate::form::definition::{ExportGroup, Form};
use base::RecordId;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};
use std::fmt::Write;
use web::{Answer, Ctx, Failure, Path, Response};

/// The groups in their official order.
const GROUPS: [ExportGroup; 11] = [
    ExportGroup::ThongTinBenhNhan,
    ExportGroup::ThongTinVaoVien,
    ExportGroup::ThongTinDieuTri,
    ExportGroup::YLenhThuocVatTu,
    ExportGroup::PhieuChiDinh,
    ExportGroup::KetQuaChanDoanHinhAnh,
    ExportGroup::KetQuaXetNghiem,
    ExportGroup::GiayChuyenVien,
    ExportGroup::HoSoCapCuu,
    ExportGroup::PhieuThuThuat,
    ExportGroup::PhieuPhauThuat,
];

/// `GET /app/records/{record}/export.json`.
pub async fn json(ctx: Ctx, Path(id): Path<RecordId>) -> Answer {
    let whole = whole(&ctx, id).await?;
    let text = serde_json::to_string_pretty(&json!({ "HoSoBenhAn": whole })).map_err(|error| Failure::Fault(error.into()))?;
    answer(text, "application/json", &format!("ho-so-{id}.json"))
}

/// `GET /app/records/{record}/export.xml`.
pub async fn xml(ctx: Ctx, Path(id): Path<RecordId>) -> Answer {
    let whole = whole(&ctx, id).await?;
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    element(&mut text, "HoSoBenhAn", &whole);
    answer(text, "application/xml; charset=utf-8", &format!("ho-so-{id}.xml"))
}

fn answer(text: String, kind: &str, name: &str) -> Answer {
    Response::builder()
        .header("content-type", kind)
        .header("content-disposition", format!("attachment; filename=\"{name}\""))
        .header("cache-control", "no-store")
        .body(text.into())
        .map_err(|error| Failure::Fault(anyhow::anyhow!(error)))
}

/// The record in its groups. Taking a record along is audited as such.
async fn whole(ctx: &Ctx, id: RecordId) -> Result<Value, Failure> {
    let mut tx = ctx.begin().await?;
    let viewer = Viewer::of(&mut tx).await?;
    let cover = record::get(&mut tx, &viewer, id).await?;
    let (visit, front, _) = encounter::store::chart::get(&mut tx, cover.encounter()).await?;
    let facility = ctx.facility();
    let house = organization::facility::get(tx.conn(), facility).await?;
    let code = organization::facility::code_on(tx.conn(), facility, "kcb", ctx.today()).await?;

    let mut groups: Vec<Vec<Value>> = GROUPS.iter().map(|_| Vec::new()).collect();
    groups[0].push(json!({
        "MaNguoiBenh": front.record_no, "HoTen": front.name, "NgaySinh": visit.birth_date, "GioiTinh": sex(&visit.sex),
        "SoDinhDanh": front.cccd, "DienThoai": front.phone, "DiaChi": front.address_text, "DiUng": front.allergies.0.join("; "),
    }));
    groups[1].push(json!({
        "VaoLuc": at(cover.opened_at), "RaLuc": cover.ended_at.map(at), "Khoa": cover.room_name, "BacSi": cover.doctor_name,
        "LyDo": visit.reason, "KetQua": cover.outcome, "LoaiHoSo": cover.kind,
    }));
    let rows = row::list_of_record(&mut tx, &viewer, id).await?;
    let (written, signatures) = (version::data_of_record(&mut tx, id).await?, version::signatures_of_record(&mut tx, id).await?);
    let forms = forms::all_of(&mut tx, &rows).await?;
    let mut count = 0;
    for row in rows {
        if row.version == 0 || row.status == "entered_in_error" || row.sensitivity != "ordinary" {
            continue;
        }
        count += 1;
        let form = forms.get(&(row.form.clone(), row.form_version));
        let signed = signatures.get(&row.document_id).map_or(&[][..], Vec::as_slice);
        place(&mut groups, &row, form.map(|form| &**form), written.get(&row.document_id).unwrap_or(&Value::Null), head(&row, signed));
    }
    tx.audit("export", "record", id, Some(cover.patient()), json!({ "documents": count }));
    tx.commit().await?;

    let mut out = Map::new();
    out.insert("PhienBan".into(), json!("1.0"));
    out.insert("MaHoSo".into(), json!(id));
    out.insert("SoLuuTru".into(), json!(cover.archive_no));
    out.insert("MaCSKCB".into(), json!(code.unwrap_or_default()));
    out.insert("TenCSKCB".into(), json!(house.facts.name));
    out.insert("NgayXuat".into(), json!(at(ctx.now)));
    for (group, papers) in GROUPS.iter().zip(groups) {
        out.insert(format!("{group:?}"), Value::Array(papers));
    }
    Ok(Value::Object(out))
}

fn at(at: DateTime<Utc>) -> String {
    base::local_time(at).to_rfc3339_opts(SecondsFormat::Secs, false)
}

fn sex(sex: &str) -> &'static str {
    match sex {
        "male" => "1. Nam",
        "female" => "2. Nữ",
        _ => "3. Chưa xác định",
    }
}

/// What is said of every paper: which, whose, when, its hash and its signatures.
fn head(row: &row::Row, signatures: &[version::Signature]) -> Map<String, Value> {
    let signed: Vec<Value> = signatures
        .iter()
        .map(|s| json!({ "VaiTro": s.role, "NguoiKy": s.holder, "Luc": at(s.signed_at), "NoiCap": s.issuer }))
        .collect();
    let head = json!({
        "MaTaiLieu": row.document_id, "SoMau": row.form, "PhienBanMau": row.form_version, "TieuDe": row.title, "PhienBan": row.version,
        "NguoiLap": row.author_name, "LapLuc": at(row.made_at), "TrangThai": row.status, "SHA256": row.sha256, "ChuKy": signed,
    });
    match head {
        Value::Object(head) => head,
        _ => Map::new(),
    }
}

/// Lays a paper into its group, and each section that belongs to another group into that one.
fn place(groups: &mut [Vec<Value>], row: &row::Row, form: Option<&Form>, data: &Value, head: Map<String, Value>) {
    let Some(form) = form else {
        let mut paper = head;
        paper.insert("DuLieu".into(), data.clone());
        groups[index(of_origin(&row.origin, data))].push(Value::Object(paper));
        return;
    };
    for group in GROUPS {
        let sections: Vec<_> = form.sections.iter().filter(|s| s.group.unwrap_or(form.group) == group).cloned().collect();
        let part = Form { sections, ..form.clone() };
        let said = read::sections(&part, data);
        if said.is_empty() && group != form.group {
            continue;
        }
        let content: Vec<Value> = said
            .iter()
            .map(|section| {
                let lines: Vec<Value> = section.lines.iter().map(|(label, text)| json!({ "Ten": label, "GiaTri": text })).collect();
                json!({ "Muc": section.title, "Dong": lines })
            })
            .collect();
        let mut paper = head.clone();
        paper.insert("NoiDung".into(), Value::Array(content));
        groups[index(group)].push(Value::Object(paper));
    }
}

fn index(group: ExportGroup) -> usize {
    GROUPS.iter().position(|g| *g == group).unwrap_or(2)
}

/// The group of a paper that another module made. A report with a conclusion is one of imaging.
fn of_origin(origin: &str, data: &Value) -> ExportGroup {
    match origin {
        "report" if data["conclusion"].is_string() => ExportGroup::KetQuaChanDoanHinhAnh,
        "report" => ExportGroup::KetQuaXetNghiem,
        "prescription" => ExportGroup::YLenhThuocVatTu,
        _ => ExportGroup::ThongTinDieuTri,
    }
}

/// Objects become elements, lists repeat theirs, the rest is text.
fn element(out: &mut String, name: &str, value: &Value) {
    let name = safe(name);
    match value {
        Value::Object(of) => {
            let _ = write!(out, "<{name}>");
            for (key, value) in of {
                element(out, key, value);
            }
            let _ = writeln!(out, "</{name}>");
        }
        Value::Array(many) => {
            // A group is there even when nothing lies in it.
            if many.is_empty() {
                let _ = writeln!(out, "<{name}/>");
            }
            for one in many {
                element(out, &name, one);
            }
        }
        Value::Null => {}
        Value::String(text) => {
            let _ = writeln!(out, "<{name}>{}</{name}>", escaped(text));
        }
        other => {
            let _ = writeln!(out, "<{name}>{other}</{name}>");
        }
    }
}

/// A key of foreign data as the name of an element.
fn safe(name: &str) -> String {
    let clean: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect();
    if clean.starts_with(|c: char| c.is_ascii_digit()) || clean.is_empty() { format!("_{clean}") } else { clean }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // XML 1.0 has no other control characters.
            c if c.is_control() && !matches!(c, '\n' | '\t' | '\r') => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_holds_whatever_was_typed() {
        let mut out = String::new();
        let value = json!({ "HoTen": "Trần <An> & \u{1}con", "1 lạ": [1, true], "Trong": [], "Khong": null });
        element(&mut out, "HoSo", &value);
        assert!(out.contains("<HoTen>Trần &lt;An&gt; &amp; con</HoTen>"), "{out}");
        assert!(out.contains("<_1_l_>1</_1_l_>") && out.contains("<Trong/>") && !out.contains("Khong"));
    }
}
