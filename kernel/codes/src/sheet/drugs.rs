//! Drugs, their substances by one key each, and what is known when substances meet.

use crate::files::CatalogueFiles;
use crate::search::search_text;
use crate::substance::{key, keys};
use crate::tsv::{CopyText, Table};
use anyhow::{Context, Result};
use base::fold;
use std::collections::{BTreeMap, BTreeSet, HashMap};

const LEGAL_LIST: &str = "Quyết định 5948/QĐ-BYT ngày 30/12/2021";
const GENERAL_LIST: &str = "Danh mục tham khảo, chưa thẩm định";

/// Other spellings, each pointing at the kept one.
struct Aliases(BTreeMap<String, String>);

impl Aliases {
    fn read(files: &CatalogueFiles) -> Result<Aliases> {
        let text = files.text("substance_aliases.tsv")?;
        let mut map = BTreeMap::new();
        for [canonical, also] in Table::read("substance_aliases.tsv", &text)?.rows(["canonical", "also_named"])? {
            let kept = key(canonical);
            for other in also.split(';').map(key).filter(|k| !k.is_empty() && *k != kept) {
                map.insert(other, kept.clone());
            }
        }
        Ok(Aliases(map))
    }

    fn canonical(&self, key: String) -> String {
        self.0.get(&key).cloned().unwrap_or(key)
    }

    fn keys(&self, ingredients: &str) -> Vec<String> {
        let mut all = Vec::new();
        for key in keys(ingredients) {
            let key = self.canonical(key);
            if !all.contains(&key) {
                all.push(key);
            }
        }
        all
    }
}

/// The members of every class, as written.
fn classes(text: &str) -> Result<HashMap<&str, (&str, Vec<&str>)>> {
    Ok(Table::read("substance_classes.tsv", text)?
        .rows(["class", "name_vi", "member"])?
        .into_iter()
        .map(|[class, name, members]| (class, (name, members.split(';').map(str::trim).collect())))
        .collect())
}

pub(super) fn aliases(files: &CatalogueFiles, out: &mut CopyText) -> Result<()> {
    for (alias, substance) in &Aliases::read(files)?.0 {
        out.text(alias).text(substance).end_row();
    }
    Ok(())
}

pub(super) fn substances(files: &CatalogueFiles, out: &mut CopyText) -> Result<()> {
    let aliases = Aliases::read(files)?;
    let facts_text = files.text("substance_facts.tsv")?;
    let mut known: BTreeMap<String, [&str; 7]> = BTreeMap::new();
    for [name, class, pregnancy, lactation] in
        Table::read("substance_facts.tsv", &facts_text)?.rows(["name_vi", "class_vi", "pregnancy", "lactation"])?
    {
        if let [single] = aliases.keys(name).as_slice() {
            known.entry(single.clone()).or_insert([name, class, tag(pregnancy), tag(lactation), "", "", ""]);
        }
    }
    let letters_text = files.text("pregnancy_categories.tsv")?;
    for [name, tga, fda, lactation] in Table::read("pregnancy_categories.tsv", &letters_text)?
        .rows(["name_vi", "tga", "fda_letter", "lactation_code"])?
    {
        if let [single] = aliases.keys(name).as_slice() {
            let row = known.entry(single.clone()).or_insert([name, "", "", "", "", "", ""]);
            row[4..].copy_from_slice(&[tga, fda, lactation]);
        }
    }
    for (substance, [name, rest @ ..]) in &known {
        // "Acid ascorbic (Vitamin C)*": the star marks second-line drugs in the source and is no part of the name.
        out.text(substance).text(name.trim_end_matches('*').trim());
        for cell in rest {
            out.maybe(cell);
        }
        out.flag(false).end_row();
    }
    Ok(())
}

fn tag(word: &str) -> &'static str {
    match word {
        "duoc" => "allowed",
        "than_trong" => "caution",
        "cam" => "forbidden",
        _ => "",
    }
}

pub(super) fn groups(files: &CatalogueFiles, out: &mut CopyText) -> Result<()> {
    let aliases = Aliases::read(files)?;
    for (kind, file, columns) in [
        ("class", "substance_classes.tsv", ["class", "name_vi", "member", "name_vi"]),
        ("allergy", "allergy_classes.tsv", ["class", "name_vi", "members", "note_vi"]),
    ] {
        let text = files.text(file)?;
        for [group, name, members, note] in Table::read(file, &text)?.rows(columns)? {
            let unique: BTreeSet<String> = members.split(';').flat_map(|m| aliases.keys(m)).collect();
            for substance in unique {
                out.text(kind).text(group).text(&substance).text(name).text(&key(name));
                out.maybe(if kind == "allergy" { note } else { "" }).end_row();
            }
        }
    }
    Ok(())
}

pub(super) fn max_doses(files: &CatalogueFiles, out: &mut CopyText) -> Result<()> {
    let aliases = Aliases::read(files)?;
    let text = files.text("max_doses.tsv")?;
    for [name, route, adult, child, note] in Table::read("max_doses.tsv", &text)?.rows([
        "substance", "route", "adult_max_mg_per_day", "child_max_mg_per_kg_per_day", "note_vi",
    ])? {
        out.text(&aliases.canonical(key(name))).text(route).text(name).maybe(adult).maybe(child).maybe(note).end_row();
    }
    Ok(())
}

pub(super) fn interactions(files: &CatalogueFiles, out: &mut CopyText) -> Result<()> {
    for (file, columns, prefix) in [
        ("qd5948_pairs.tsv", ["no", "active_1", "active_2", "mechanism_vi", "consequence_vi", "management_vi"], "qd5948:"),
        ("qd5948_groups.tsv", ["no", "group_1", "group_2", "mechanism_vi", "consequence_vi", "management_vi"], "qd5948-group:"),
    ] {
        let text = files.text(file)?;
        for [no, a, b, mechanism, consequence, management] in Table::read(file, &text)?.rows(columns)? {
            out.text(&format!("{prefix}{no}")).text("contraindicated").text(a).text(b).text(mechanism);
            out.text(consequence).text(management).text(LEGAL_LIST).flag(true).end_row();
        }
    }
    let class_text = files.text("substance_classes.tsv")?;
    let classes = classes(&class_text)?;
    let text = files.text("general_interactions.tsv")?;
    for (no, [a, b, severity, consequence]) in
        Table::read("general_interactions.tsv", &text)?.rows(["a", "b", "severity", "consequence_vi"])?.iter().enumerate()
    {
        let shown = |name: &str| match name.strip_prefix('@') {
            Some(class) => classes.get(class).map_or(class, |(name, _)| name).to_owned(),
            None => capitalised(name),
        };
        out.text(&format!("general:{no}")).text(severity).text(&shown(a)).text(&shown(b)).text("");
        out.text(consequence).text("").text(GENERAL_LIST).flag(false).end_row();
    }
    Ok(())
}

fn capitalised(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

pub(super) fn interaction_pairs(files: &CatalogueFiles, out: &mut CopyText) -> Result<()> {
    let aliases = Aliases::read(files)?;
    let class_text = files.text("substance_classes.tsv")?;
    let classes = classes(&class_text)?;
    let members = |side: &str| -> Result<BTreeSet<String>> {
        let mut all = BTreeSet::new();
        for name in side.split(';').map(str::trim).filter(|n| !n.is_empty()) {
            match name.strip_prefix('@') {
                Some(class) => {
                    let (_, members) = classes.get(class).with_context(|| format!("there is no class {class}"))?;
                    all.extend(members.iter().flat_map(|m| aliases.keys(m)));
                }
                None => all.extend(aliases.keys(name)),
            }
        }
        Ok(all)
    };
    let mut pairs: BTreeSet<(String, String, String)> = BTreeSet::new();
    for (file, columns, prefix) in [
        ("qd5948_pairs.tsv", ["no", "substances_1", "substances_2"], "qd5948:"),
        ("qd5948_groups.tsv", ["no", "members_1", "members_2"], "qd5948-group:"),
    ] {
        let text = files.text(file)?;
        for [no, a, b] in Table::read(file, &text)?.rows(columns)? {
            cross(&mut pairs, &members(a)?, &members(b)?, &format!("{prefix}{no}"));
        }
    }
    let text = files.text("general_interactions.tsv")?;
    for (no, [a, b]) in Table::read("general_interactions.tsv", &text)?.rows(["a", "b"])?.iter().enumerate() {
        cross(&mut pairs, &members(a)?, &members(b)?, &format!("general:{no}"));
    }
    for (a, b, interaction) in &pairs {
        out.text(a).text(b).text(interaction).end_row();
    }
    Ok(())
}

/// Every member of one side with every member of the other, the smaller key first.
fn cross(pairs: &mut BTreeSet<(String, String, String)>, a: &BTreeSet<String>, b: &BTreeSet<String>, interaction: &str) {
    for x in a {
        for y in b.iter().filter(|y| *y != x) {
            pairs.insert((x.min(y).clone(), x.max(y).clone(), interaction.to_owned()));
        }
    }
}

pub(super) fn drugs(files: &CatalogueFiles, out: &mut CopyText) -> Result<()> {
    let aliases = Aliases::read(files)?;
    let text = files.text("drugs.tsv")?;
    for row in Table::read("drugs.tsv", &text)?.rows([
        "registration_no", "trade_name", "ingredients", "bhyt_code", "strength", "form", "unit", "route_code", "route_vi",
        "packaging", "manufacturer", "country", "example_price_vnd", "source",
    ])? {
        let [code, brand, ingredients, bhyt, strength, rest @ .., source] = row;
        out.text(code).text(brand).text(ingredients).keys(&aliases.keys(ingredients)).maybe(bhyt).maybe(strength);
        for cell in rest {
            out.maybe(cell);
        }
        out.text(source).text(&fold(ingredients)).text(&fold(brand));
        out.text(&search_text([ingredients, brand, strength, code, &code.replace('-', "")])).end_row();
    }
    Ok(())
}
