//! Short lists, services, laboratory tests, figures of the law, packages.

use crate::files::CatalogueFiles;
use crate::search::search_text;
use crate::tsv::{CopyText, Table};
use anyhow::Result;
use base::fold;

pub(super) fn short_lists(files: &CatalogueFiles, out: &mut CopyText) -> Result<()> {
    let text = files.text("lists.tsv")?;
    for (place, [list, code, name]) in Table::read("lists.tsv", &text)?.rows(["list", "code", "name_vi"])?.iter().enumerate() {
        out.text(list).text(code).number(place).text(name).text(&fold(name)).maybe("").end_row();
    }
    let text = files.text("occupations.tsv")?;
    for (place, [code, name, parent]) in
        Table::read("occupations.tsv", &text)?.rows(["code", "name_vi", "parent_code"])?.iter().enumerate()
    {
        out.text("occupation").text(code).number(place).text(name).text(&fold(name)).maybe(parent).end_row();
    }
    Ok(())
}

pub(super) fn services(files: &CatalogueFiles, out: &mut CopyText) -> Result<()> {
    let text = files.text("service_templates.tsv")?;
    for [code, name, kind, specialty, class, price, source] in Table::read("service_templates.tsv", &text)?
        .rows(["code", "name_vi", "kind", "specialty_vi", "surgery_class", "example_price_vnd", "source"])?
    {
        out.text(code).text(name).text(kind).text(specialty).maybe(class).maybe(price).text(source);
        out.text(&fold(name)).text(&search_text([name, code, &code.replace('.', "")])).end_row();
    }
    Ok(())
}

pub(super) fn lab_tests(files: &CatalogueFiles, out: &mut CopyText) -> Result<()> {
    let text = files.text("lab_tests.tsv")?;
    for [code, name, loinc, unit, specimen, group] in
        Table::read("lab_tests.tsv", &text)?.rows(["code", "name_vi", "loinc", "ucum_unit", "specimen_vi", "group_code"])?
    {
        out.text(code).text(name).text(loinc).maybe(unit).maybe(specimen).text(group);
        out.text(&fold(name)).text(&search_text([name, code])).end_row();
    }
    Ok(())
}

pub(super) fn lab_ranges(files: &CatalogueFiles, out: &mut CopyText) -> Result<()> {
    let text = files.text("lab_reference_ranges.tsv")?;
    for [test, sex, low, high, unit, shown] in
        Table::read("lab_reference_ranges.tsv", &text)?.rows(["test_code", "sex", "low", "high", "unit", "shown_vi"])?
    {
        out.text(test).text(sex).maybe(low).maybe(high).text(unit).text(shown).end_row();
    }
    Ok(())
}

pub(super) fn parameters(files: &CatalogueFiles, out: &mut CopyText) -> Result<()> {
    let text = files.text("parameters.tsv")?;
    for [key, from, to, category, value, unit, source, confidence] in Table::read("parameters.tsv", &text)?
        .rows(["key", "valid_from", "valid_to", "category", "value", "unit", "source", "confidence"])?
    {
        // A rule without a date has always held, as far as this program is concerned.
        out.text(key).text(if from.is_empty() { "1900-01-01" } else { from }).maybe(to).text(category);
        out.text(value).text(unit).text(source).text(confidence).end_row();
    }
    Ok(())
}

pub(super) fn features(files: &CatalogueFiles, out: &mut CopyText) -> Result<()> {
    let text = files.text("features.tsv")?;
    for (place, [feature, name, basic, standard, premium1, premium2, law]) in Table::read("features.tsv", &text)?
        .rows(["feature", "name_vi", "BASIC", "STANDARD", "PREMIUM1", "PREMIUM2", "required_by_law"])?
        .into_iter()
        .enumerate()
    {
        out.text(feature).number(place).text(name).flag(basic == "1").flag(standard == "1");
        out.flag(premium1 == "1").flag(premium2 == "1").flag(law == "1").end_row();
    }
    Ok(())
}
