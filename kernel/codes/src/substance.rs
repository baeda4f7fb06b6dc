//! Substances: one key for the many spellings of an ingredient, and what the catalogues say about it.
//!
//! Vietnamese lists write the same substance as "Amoxicilin (dưới dạng Amoxicilin trihydrat)", "Amoxicillin 500mg" or
//! "amoxicilin"; "Acid tranexamic" and "Tranexamic acid"; "Losartan kali" and "Losartan". [`keys`] brings all of them
//! to one key; names that differ altogether (Aspirin, Adrenalin) are aliases in the catalogue.

use base::fold;
use db::{PgConnection, sql};
use serde::Serialize;

/// Words that only say in which salt, hydrate or form a substance comes.
const SALT_WORDS: &[&str] = &[
    "hydroclorid", "hydrochlorid", "hydrochloride", "hydrocloride", "hydrocloric", "hcl", "2hcl", "dihydroclorid",
    "dihydrochlorid", "dihydrochloride", "natri", "sodium", "kali", "potassium", "calci", "calcium", "magnesi",
    "magnesium", "sulfat", "sulphat", "sulphate", "sulfate", "bisulfat", "hydrogen", "maleat", "maleate", "besilat",
    "besylat", "besylate", "fumarat", "fumarate", "tartrat", "tartrate", "bitartrat", "trihydrat", "trihydrate",
    "monohydrat", "monohydrate", "monohytrat", "dihydrat", "dihydrate", "hemihydrat", "sesquihydrat", "khan",
    "phosphat", "phosphate", "succinat", "succinate", "mesilat", "mesylat", "acetat", "acetate", "propionat",
    "dipropionat", "furoat", "valerat", "citrat", "citrate", "nitrat", "nitrate", "bromid", "bromide",
    "hydrobromid", "clorid", "chlorid", "chloride", "arginin", "arginine", "tert", "butylamin", "erbumin", "micronized",
    "axetil", "proxetil", "pivoxil", "medoxomil", "cilexetil", "disoproxil", "etexilat", "base", "dinatri", "trometamol",
    "tromethamin", "trometamin", "olamin", "lysin", "embonat", "pamoat", "stearat", "ethylsuccinat", "pellet", "pellets", "compacted",
    "tuong", "duong", "duoi", "dang", "muoi", "propanediol", "camsylat", "oxalat", "adipat", "hyclat", "tosylat",
];

/// Cations that open the name of a simple salt, and what may follow: "natri clorid" is a substance of its own.
const CATIONS: &[&str] = &["natri", "sodium", "kali", "potassium", "calci", "calcium", "magnesi", "magnesium"];
const SIMPLE_ANIONS: &[&str] = &[
    "clorid", "chlorid", "chloride", "carbonat", "bicarbonat", "bicarbonate", "hydrocarbonat", "lactat", "gluconat",
    "sulfat", "phosphat", "hydroxyd", "hydroxid", "oxid", "iodid", "citrat", "acetat", "aspartat", "glubionat",
    "glucoheptonat", "trisilicat", "nitrat", "bromid", "fluorid", "thiosulfat", "hydrogen",
];

/// The keys of all substances in an ingredient text, in order, each once. Empty for a text without letters.
pub fn keys(ingredients: &str) -> Vec<String> {
    let mut keys = Vec::new();
    let mut previous = String::new();
    for part in parts(ingredients) {
        let part = fold(&part);
        // "Vitamin B1+B6+B12": the word stands once.
        let part = if is_b_vitamin(&part) && previous.starts_with("vitamin") { format!("vitamin {part}") } else { part };
        let key = key_of_words(part.split(' ').filter(|w| !w.is_empty()));
        previous = part;
        if !key.is_empty() && !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// The key of a single substance name; "" for a text without letters.
pub fn key(name: &str) -> String {
    keys(name).into_iter().next().unwrap_or_default()
}

/// Drops brackets and dosage preambles, and parts at plus, semicolon, comma and slash.
fn parts(ingredients: &str) -> Vec<String> {
    let short: String = ingredients.chars().take(2_000).collect();
    let mut bare = String::new();
    let mut depth = 0u32;
    for c in short.chars() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ if depth == 0 => bare.push(c),
            _ => {}
        }
    }
    // "Mỗi 5 ml dung dịch chứa: Sắt …" names the substance after the verb.
    let lower = bare.to_lowercase();
    let from = lower.find("chứa").filter(|_| lower.trim_start().starts_with("mỗi")).map_or(0, |at| at + "chứa".len());
    let bare = lower.get(from..).unwrap_or_default().trim_start_matches([':', ' ']);
    let chars: Vec<char> = bare.chars().collect();
    let mut parts = vec![String::new()];
    for (i, c) in chars.iter().enumerate() {
        let decimal = *c == ','
            && i > 0
            && chars[i - 1].is_ascii_digit()
            && chars.get(i + 1).is_some_and(char::is_ascii_digit);
        if matches!(c, '+' | ';' | '/' | ',') && !decimal {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(*c);
        }
    }
    parts
}

fn is_b_vitamin(part: &str) -> bool {
    part.strip_prefix('b').is_some_and(|n| !n.is_empty() && n.len() <= 2 && n.bytes().all(|b| b.is_ascii_digit()))
}

fn key_of_words<'w>(words: impl Iterator<Item = &'w str>) -> String {
    let all: Vec<&str> = words.collect();
    let simple_salt =
        all.len() >= 2 && CATIONS.contains(&all[0]) && all[1..].iter().any(|w| SIMPLE_ANIONS.contains(w));
    let named = |w: &&str| !is_strength(w);
    let mut kept: Vec<&str> = all.iter().copied().filter(named).filter(|w| !SALT_WORDS.contains(w)).collect();
    if simple_salt || kept.is_empty() || kept == ["acid"] {
        kept = all.iter().copied().filter(named).collect();
    }
    // "Tranexamic acid" and "Acid tranexamic" are one.
    let acid = kept.contains(&"acid");
    let mut key = String::from(if acid { "acid" } else { "" });
    for word in kept.into_iter().filter(|w| *w != "acid") {
        key.push_str(&spelling(word));
    }
    key
}

/// `500mg`, `5ml`, `1`, `62` but not `b12` or `d3`.
fn is_strength(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
        || matches!(word, "mg" | "ml" | "mcg" | "g" | "iu" | "ui" | "mui" | "cd" | "dd")
}

/// One spelling for Latin, English and Vietnamese habits: no doubled letters, ph→f, th→t, ch→c, y→i, z→s, no final e.
fn spelling(word: &str) -> String {
    let word = word.replace("ph", "f").replace("th", "t").replace("ch", "c").replace('y', "i").replace('z', "s");
    let mut out = String::with_capacity(word.len());
    for c in word.chars() {
        if !out.ends_with(c) || c.is_ascii_digit() {
            out.push(c);
        }
    }
    if out.len() > 4 && out.ends_with('e') {
        out.pop();
    }
    out
}

/// What the catalogues say about one substance of a drug.
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow)]
pub struct Facts {
    /// Which of the given drugs, counted from 0.
    pub drug: i32,
    pub name: String,
    pub class: Option<String>,
    /// `allowed`, `caution` or `forbidden` in pregnancy.
    pub pregnancy: Option<String>,
    /// The same for breast-feeding.
    pub lactation: Option<String>,
    pub tga_category: Option<String>,
    pub fda_category: Option<String>,
    pub lactation_code: Option<String>,
    /// `false`: may inform, must not refuse.
    pub verified: bool,
}

/// A daily maximum. Authored, not verified by a pharmacist: may inform, must not refuse.
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow)]
pub struct MaxDose {
    pub drug: i32,
    pub name: String,
    /// `oral` or `injection`.
    pub route: String,
    pub adult_max_mg_per_day: Option<f64>,
    pub child_max_mg_per_kg_per_day: Option<f64>,
    pub note: Option<String>,
}

/// An allergy and a drug that belong together.
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow)]
pub struct AllergyMatch {
    /// Which of the given allergies, counted from 0.
    pub allergy: i32,
    /// Which of the given drugs, counted from 0.
    pub drug: i32,
    /// The very substance, not only its group.
    pub same_substance: bool,
    /// The shared group; `None` for the same substance.
    pub group_name: Option<String>,
    pub note: Option<String>,
    /// Groups are authored and wait for review.
    pub verified: bool,
}

/// The substances of several drugs, flattened for a query: drug numbers beside keys.
pub(crate) fn flatten(drugs: &[&str]) -> (Vec<i32>, Vec<String>) {
    let mut numbers = Vec::new();
    let mut flat = Vec::new();
    for (number, drug) in drugs.iter().enumerate() {
        for key in keys(drug) {
            numbers.push(number as i32);
            flat.push(key);
        }
    }
    (numbers, flat)
}

/// What is known of the substances of these ingredient texts; unknown substances give no row.
pub async fn facts(conn: &mut PgConnection, drugs: &[&str]) -> Result<Vec<Facts>, sqlx::Error> {
    let (numbers, keys) = flatten(drugs);
    sqlx::query_as(sql!(
        "SELECT g.drug, s.name, s.class, s.pregnancy, s.lactation, s.tga_category, s.fda_category, s.lactation_code,
                s.verified
         FROM unnest($1::int[], $2::text[]) AS g(drug, key)
         LEFT JOIN codes_substance_alias a ON a.alias = g.key
         JOIN codes_substance s ON s.substance = coalesce(a.substance, g.key)
         ORDER BY g.drug, s.name"
    ))
    .bind(&numbers)
    .bind(&keys)
    .fetch_all(conn)
    .await
}

/// Daily maxima of the substances of these ingredient texts.
pub async fn max_doses(conn: &mut PgConnection, drugs: &[&str]) -> Result<Vec<MaxDose>, sqlx::Error> {
    let (numbers, keys) = flatten(drugs);
    sqlx::query_as(sql!(
        "SELECT g.drug, m.name, m.route, m.adult_max_mg_per_day::float8, m.child_max_mg_per_kg_per_day::float8, m.note
         FROM unnest($1::int[], $2::text[]) AS g(drug, key)
         LEFT JOIN codes_substance_alias a ON a.alias = g.key
         JOIN codes_max_dose m ON m.substance = coalesce(a.substance, g.key)
         ORDER BY g.drug, m.name"
    ))
    .bind(&numbers)
    .bind(&keys)
    .fetch_all(conn)
    .await
}

/// Which drugs an allergy speaks against: the same substance, or one of a group with cross-reactivity. An allergy may
/// name a substance or a whole group ("Penicilin").
pub async fn allergy_matches(
    conn: &mut PgConnection,
    allergies: &[&str],
    drugs: &[&str],
) -> Result<Vec<AllergyMatch>, sqlx::Error> {
    let (allergy_numbers, allergy_keys) = flatten(allergies);
    let (drug_numbers, drug_keys) = flatten(drugs);
    sqlx::query_as(sql!(
        "WITH allergy AS (
             SELECT g.number, g.key, coalesce(a.substance, g.key) AS substance
             FROM unnest($1::int[], $2::text[]) AS g(number, key) LEFT JOIN codes_substance_alias a ON a.alias = g.key),
         given AS (
             SELECT g.number, coalesce(a.substance, g.key) AS substance
             FROM unnest($3::int[], $4::text[]) AS g(number, key) LEFT JOIN codes_substance_alias a ON a.alias = g.key),
         hit AS (
             SELECT al.number AS allergy, d.number AS drug, true AS same_substance, NULL::text AS group_name,
                    NULL::text AS note
             FROM allergy al JOIN given d ON d.substance = al.substance
             UNION ALL
             SELECT al.number, d.number, false, dg.name, dg.note
             FROM given d
             JOIN codes_substance_group dg ON dg.kind = 'allergy' AND dg.substance = d.substance
             JOIN allergy al ON al.substance <> d.substance
             WHERE al.key = dg.name_key
                OR EXISTS (SELECT 1 FROM codes_substance_group ag
                           WHERE ag.kind = 'allergy' AND ag.group_key = dg.group_key AND ag.substance = al.substance))
         SELECT DISTINCT ON (allergy, drug) allergy, drug, same_substance, group_name, note, same_substance AS verified
         FROM hit ORDER BY allergy, drug, same_substance DESC, group_name"
    ))
    .bind(&allergy_numbers)
    .bind(&allergy_keys)
    .bind(&drug_numbers)
    .bind(&drug_keys)
    .fetch_all(conn)
    .await
}

#[cfg(test)]
mod tests {
    use super::{key, keys};
    use proptest::prelude::*;

    #[test]
    fn spellings_of_one_substance_share_a_key() {
        for (one, other) in [
            ("Amoxicilin (dưới dạng Amoxicilin trihydrat) 500mg", "amoxicillin"),
            ("Acid tranexamic", "Tranexamic acid"),
            ("Losartan kali", "Losartan"),
            ("Chlorpheniramin(hydrogen maleat)", "Clorpheniramine"),
            ("Sulpiride", "Sulpirid"),
            ("Natri Montelukast", "Montelukast (dưới dạng montelukast natri)"),
            ("Methyl prednisolon", "Methylprednisolone"),
            ("Mỗi tuýp (10 g) chứa: Tacrolimus (dưới dạng Tacrolimus monohydrat)", "Tacrolimus"),
            ("Cefalexin*", "cefalexin"),
            ("Lanzoprazol", "Lansoprazole"),
            ("Atropin sulfat", "Atropin"),
            ("Paracetamol (acetaminophen)", "PARACETAMOL"),
        ] {
            assert_eq!(key(one), key(other), "{one} / {other}");
        }
    }

    #[test]
    fn simple_salts_stay_themselves() {
        assert_ne!(key("Natri clorid"), key("Kali clorid"));
        assert_ne!(key("Calci carbonat"), key("Calci gluconat"));
        assert_ne!(key("Isosorbid mononitrat"), key("Isosorbid dinitrat"));
        assert_ne!(key("Prednisolon"), key("Methylprednisolon"));
        assert_ne!(key("Vitamin B1"), key("Vitamin B6"));
    }

    #[test]
    fn combinations_come_apart() {
        assert_eq!(
            keys("Amoxicilin (dưới dạng Amoxicilin trihydrat) 500mg; Acid clavulanic (dưới dạng Kali clavulanat) 125mg"),
            [key("amoxicilin"), key("acid clavulanic")]
        );
        assert_eq!(keys("Vitamin B1+B6+B12").len(), 3);
        assert_eq!(keys("Amlodipin 5mg + Indapamid 1,25mg + Perindopril arginin 5 mg").len(), 3);
        assert_eq!(keys("Piperaquin/ dihydroartemisinin").len(), 2);
        assert!(keys(" + / ; ").is_empty());
    }

    proptest! {
        #[test]
        fn any_text_gives_plain_keys(text in "\\PC{0,200}") {
            for key in keys(&text) {
                prop_assert!(key.chars().all(char::is_alphanumeric));
            }
        }
    }
}
