//! Templates of the note: which sections a specialty writes, in which order. They are data files in
//! `note_templates/`, one per specialty, so that a new specialty is a new file.

use std::sync::LazyLock;

/// A specialty's note.
#[derive(Debug)]
pub struct Template {
    pub key: &'static str,
    pub name: &'static str,
    pub sections: Vec<SectionKind>,
}

/// One section of a template.
#[derive(Debug)]
pub struct SectionKind {
    pub key: &'static str,
    pub title: &'static str,
    pub shape: Shape,
    /// Height of the field in lines when it is empty.
    pub rows: u8,
    /// Whether "take from last time" brings it along (histories do, findings of the day do not).
    pub is_carried: bool,
    pub hint: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One line.
    Line,
    /// A small whole number.
    Number,
    /// Several lines.
    Text,
}

macro_rules! template {
    ($key:literal) => {
        read($key, include_str!(concat!("../note_templates/", $key, ".tsv")))
    };
}

static TEMPLATES: LazyLock<Vec<Template>> = LazyLock::new(|| {
    vec![
        template!("general"),
        template!("family_doctor"),
        template!("paediatrics"),
        template!("obstetrics"),
        template!("ent"),
    ]
});

/// All templates, the general one first.
pub fn all() -> &'static [Template] {
    &TEMPLATES
}

/// The template of that key; the general one for a key that this version does not know.
pub fn named(key: &str) -> &'static Template {
    TEMPLATES.iter().find(|t| t.key == key).unwrap_or(&TEMPLATES[0])
}

impl Template {
    pub fn section(&self, key: &str) -> Option<&SectionKind> {
        self.sections.iter().find(|s| s.key == key)
    }
}

/// The title of a section in whichever template knows it, so that old notes stay readable.
pub fn title_of(section: &str) -> &str {
    TEMPLATES.iter().find_map(|t| t.section(section)).map_or(section, |s| s.title)
}

fn read(key: &'static str, file: &'static str) -> Template {
    let mut lines = file.lines();
    let name = lines.next().and_then(|l| l.strip_prefix("# ")).expect("the first line names the template");
    let sections = lines.skip(1).map(read_section).collect();
    Template { key, name, sections }
}

fn read_section(line: &'static str) -> SectionKind {
    let cells: Vec<&'static str> = line.split('\t').collect();
    SectionKind {
        key: cells[0],
        title: cells[1],
        shape: match cells[2] {
            "line" => Shape::Line,
            "number" => Shape::Number,
            _ => Shape::Text,
        },
        rows: cells[3].parse().expect("rows is a number"),
        is_carried: cells[4] == "1",
        hint: cells[5],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_template_asks_why_examines_and_plans() {
        assert_eq!(all().len(), 5);
        for template in all() {
            for key in ["reason", "history", "exam", "plan"] {
                assert!(template.section(key).is_some(), "{} lacks {key}", template.name);
            }
            let keys: BTreeSet<_> = template.sections.iter().map(|s| s.key).collect();
            assert_eq!(keys.len(), template.sections.len(), "{} repeats a section", template.name);
        }
    }

    #[test]
    fn findings_of_the_day_are_never_copied() {
        for template in all() {
            for key in ["reason", "onset_days", "exam", "history"] {
                assert!(!template.section(key).is_some_and(|s| s.is_carried), "{} {key}", template.name);
            }
        }
    }

    #[test]
    fn an_unknown_template_falls_back_to_the_general_one() {
        assert_eq!(named("acupuncture-2031").key, "general");
    }
}
