//! Provinces, communes and the wards before 01/07/2025.

use crate::files::CatalogueFiles;
use crate::place::plain_name;
use crate::search::search_text;
use crate::tsv::{CopyText, Table};
use anyhow::Result;
use std::collections::HashMap;

pub(super) fn provinces(files: &CatalogueFiles, out: &mut CopyText) -> Result<()> {
    let text = files.text("provinces.tsv")?;
    for [code, name, full_name, kind] in
        Table::read("provinces.tsv", &text)?.rows(["code", "name", "full_name", "unit_type"])?
    {
        out.text(code).text(name).text(full_name).text(kind).text(&plain_name(full_name)).end_row();
    }
    Ok(())
}

pub(super) fn communes(files: &CatalogueFiles, out: &mut CopyText) -> Result<()> {
    let province_text = files.text("provinces.tsv")?;
    let provinces: HashMap<&str, &str> = Table::read("provinces.tsv", &province_text)?
        .rows(["code", "full_name"])?
        .into_iter()
        .map(|[code, name]| (code, name))
        .collect();
    let text = files.text("communes.tsv")?;
    for [code, name, full_name, kind, province] in
        Table::read("communes.tsv", &text)?.rows(["code", "name", "full_name", "unit_type", "province_code"])?
    {
        let of = provinces.get(province).copied().unwrap_or_default();
        out.text(code).text(name).text(full_name).text(kind).text(province).text(&plain_name(full_name));
        out.text(&search_text([full_name, of])).end_row();
    }
    Ok(())
}

pub(super) fn old_wards(files: &CatalogueFiles, out: &mut CopyText) -> Result<()> {
    let text = files.text("old_wards.tsv")?;
    for row in Table::read("old_wards.tsv", &text)?.rows([
        "old_province_code", "old_district_code", "old_ward_code", "commune_code", "old_ward", "old_district",
        "old_province", "kind", "best_guess",
    ])? {
        let [province_code, district_code, ward_code, commune, ward, district, province, kind, best] = row;
        out.text(province_code).text(district_code).text(ward_code).text(commune).text(ward).text(district);
        out.text(province).flag(kind == "split").flag(best == "1");
        out.text(&plain_name(ward)).text(&plain_name(district)).text(&plain_name(province));
        out.text(&search_text([ward, district, province])).end_row();
    }
    Ok(())
}
