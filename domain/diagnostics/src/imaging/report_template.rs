//! Report templates: which sections, measurements and ready sentences a kind of study has. They are data files under
//! `catalogues/report_templates/`; a new template is a new file and one line here.

use serde::Deserialize;
use std::sync::LazyLock;

/// One kind of report.
#[derive(Debug, Deserialize)]
pub struct Template {
    pub key: String,
    pub name: String,
    /// The paper's own title.
    pub title: String,
    /// `US`, `ES` or `OT`, DICOM's words for ultrasound, endoscopy and other.
    pub modality: String,
    /// Folded words of a service's name that choose this template.
    pub words: Vec<String>,
    /// Offered when every section is normal; may name `{age}`, `{due}`, `{weight}`.
    pub normal_conclusion: String,
    /// What is computed from the measurements.
    #[serde(default)]
    pub derive: Derive,
    #[serde(default, rename = "section")]
    pub sections: Vec<Section>,
    #[serde(default, rename = "measure")]
    pub measures: Vec<Measure>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Derive {
    #[default]
    Nothing,
    /// Age, due date and weight of a fetus.
    Pregnancy,
    /// The sum of the three Boston segments.
    Boston,
    /// The ejection fraction from two diameters.
    Heart,
}

/// One organ or region.
#[derive(Debug, Deserialize)]
pub struct Section {
    pub key: String,
    pub title: String,
    /// The sentence that one key writes when all is well.
    pub normal: String,
    #[serde(default)]
    pub phrases: Vec<Phrase>,
}

/// A ready sentence for something that is often seen. `{key}` stands for the measurement of that name.
#[derive(Clone, Debug, Deserialize)]
pub struct Phrase {
    pub label: String,
    pub text: String,
}

/// One measurement: a number with its unit and bounds, or a choice of a scale.
#[derive(Debug, Deserialize)]
pub struct Measure {
    pub key: String,
    pub label: String,
    #[serde(default)]
    pub unit: String,
    pub min: Option<f64>,
    pub max: Option<f64>,
    #[serde(default)]
    pub options: Vec<String>,
}

const FILES: [&str; 9] = [
    include_str!("../../../../catalogues/report_templates/abdomen.toml"),
    include_str!("../../../../catalogues/report_templates/thyroid.toml"),
    include_str!("../../../../catalogues/report_templates/pregnancy_first.toml"),
    include_str!("../../../../catalogues/report_templates/pregnancy_second.toml"),
    include_str!("../../../../catalogues/report_templates/pregnancy_third.toml"),
    include_str!("../../../../catalogues/report_templates/heart.toml"),
    include_str!("../../../../catalogues/report_templates/stomach.toml"),
    include_str!("../../../../catalogues/report_templates/colon.toml"),
    include_str!("../../../../catalogues/report_templates/general.toml"),
];

/// Every template, in the order in which they are offered; the last one fits anything.
pub static TEMPLATES: LazyLock<Vec<Template>> =
    LazyLock::new(|| FILES.iter().map(|file| toml::from_str(file).expect("a template file of ours is read by a test")).collect());

/// The template of that key; the general one for a key that no longer exists.
pub fn named(key: &str) -> &'static Template {
    find(key).unwrap_or(&TEMPLATES[TEMPLATES.len() - 1])
}

/// The template of that key, if there is one.
pub fn find(key: &str) -> Option<&'static Template> {
    TEMPLATES.iter().find(|template| template.key == key)
}

/// The template that a service's name asks for: the longest matching words win, the general one fits the rest.
pub fn for_service(name: &str) -> &'static Template {
    let folded = base::fold(name);
    TEMPLATES
        .iter()
        .filter_map(|template| {
            let longest = template.words.iter().filter(|words| folded.contains(words.as_str())).map(String::len).max()?;
            Some((longest, template))
        })
        .max_by_key(|(longest, _)| *longest)
        .map_or(&TEMPLATES[TEMPLATES.len() - 1], |(_, template)| template)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_template_is_whole() {
        let mut keys = HashSet::new();
        for template in TEMPLATES.iter() {
            assert!(keys.insert(&template.key), "{} twice", template.key);
            assert!(matches!(template.modality.as_str(), "US" | "ES" | "OT"), "{}", template.key);
            assert!(!template.sections.is_empty() && !template.normal_conclusion.is_empty(), "{}", template.key);
            let sections: HashSet<&String> = template.sections.iter().map(|s| &s.key).collect();
            let measures: HashSet<&str> = template.measures.iter().map(|m| m.key.as_str()).collect();
            assert_eq!(sections.len(), template.sections.len(), "{}", template.key);
            assert_eq!(measures.len(), template.measures.len(), "{}", template.key);
            for words in &template.words {
                assert_eq!(*words, base::fold(words), "words are compared folded");
            }
            for phrase in template.sections.iter().flat_map(|s| &s.phrases) {
                for named in phrase.text.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
                    assert!(measures.contains(named), "{}: “{}” names {named}", template.key, phrase.label);
                }
            }
            for measure in &template.measures {
                assert!(measure.options.is_empty() == measure.min.is_some_and(|min| measure.max.is_some_and(|max| min < max)), "{}", measure.key);
            }
        }
    }

    #[test]
    fn services_find_their_template() {
        for (service, key) in [
            ("Siêu âm ổ bụng theo yêu cầu", "abdomen"),
            ("Siêu âm tuyến giáp", "thyroid"),
            ("Siêu âm thai", "pregnancy_second"),
            ("Siêu âm Doppler tim", "heart"),
            ("Nội soi thực quản – dạ dày – tá tràng", "stomach"),
            ("Nội soi đại tràng toàn bộ", "colon"),
            ("Chụp X-quang ngực thẳng", "general"),
        ] {
            assert_eq!(for_service(service).key, key, "{service}");
        }
    }
}
