//! A report while it is written, and as it is released: which fields it has, when it may go out, what stays for ever.

use super::derive::{Computed, Derived, compute, number};
use super::report_template::{Measure, Template};
use base::Problems;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// How many pictures a report shows at most: two pages of four stay readable on paper.
pub const MOST_PICTURES: usize = 8;
/// The longest text of one section.
const LONGEST_TEXT: usize = 4_000;
/// What stands in a ready sentence for something still to be written.
pub const BLANK: char = '…';

/// What is typed into a report, field by field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Content {
    pub sections: BTreeMap<String, String>,
    pub measures: BTreeMap<String, String>,
    pub conclusion: String,
    pub recommendation: String,
    /// Something that the treating doctor must hear at once.
    pub is_critical: bool,
    /// Who was told, when it is critical.
    pub told: String,
    /// The chosen pictures in the order in which they are shown.
    pub pictures: Vec<Uuid>,
    pub captions: BTreeMap<Uuid, String>,
}

/// Form fields, as the browser sends them.
pub type Pairs = Vec<(String, String)>;

impl Content {
    /// Reads the fields of a form. Unknown names are left out; texts are cut at their longest length by refusing them.
    pub fn read(pairs: &Pairs, problems: &mut Problems) -> Content {
        let mut content = Content::default();
        for (name, typed) in pairs {
            let typed = typed.replace("\r\n", "\n");
            if typed.chars().count() > LONGEST_TEXT {
                problems.add(name.clone(), format!("Nhiều nhất {LONGEST_TEXT} ký tự. Rút ngắn phần này."));
                continue;
            }
            match name.split_once('.') {
                Some(("s", key)) => drop(content.sections.insert(key.to_owned(), typed)),
                Some(("m", key)) => drop(content.measures.insert(key.to_owned(), typed.trim().to_owned())),
                Some(("c", id)) => {
                    if let Ok(id) = id.parse() {
                        content.captions.insert(id, typed.trim().to_owned());
                    }
                }
                _ => match name.as_str() {
                    "conclusion" => content.conclusion = typed,
                    "recommendation" => content.recommendation = typed,
                    "critical" => content.is_critical = typed == "1",
                    "told" => content.told = typed.trim().to_owned(),
                    "pictures" => {
                        for id in typed.split(',').filter_map(|id| id.trim().parse::<Uuid>().ok()) {
                            if !content.pictures.contains(&id) {
                                content.pictures.push(id);
                            }
                        }
                    }
                    _ => {}
                },
            }
        }
        content.sections.retain(|_, text| !text.is_empty());
        content.measures.retain(|_, text| !text.is_empty());
        content.captions.retain(|_, text| !text.is_empty());
        content
    }

    /// The fields again, under the names of the form: what a second writer is shown.
    pub fn fields(&self, template: &Template) -> BTreeMap<String, String> {
        let text = |from: &BTreeMap<String, String>, key: &str| from.get(key).cloned().unwrap_or_default();
        let mut fields = BTreeMap::new();
        for section in &template.sections {
            fields.insert(format!("s.{}", section.key), text(&self.sections, &section.key));
        }
        for measure in &template.measures {
            fields.insert(format!("m.{}", measure.key), text(&self.measures, &measure.key));
        }
        for (id, caption) in &self.captions {
            fields.insert(format!("c.{id}"), caption.clone());
        }
        let pictures: Vec<String> = self.pictures.iter().map(Uuid::to_string).collect();
        fields.insert("pictures".into(), pictures.join(","));
        fields.insert("conclusion".into(), self.conclusion.clone());
        fields.insert("recommendation".into(), self.recommendation.clone());
        fields.insert("told".into(), self.told.clone());
        if self.is_critical {
            fields.insert("critical".into(), "1".into());
        }
        fields
    }

    /// Keeps what another template does not ask for: a change of template loses no word, only hides it.
    pub fn keep_hidden(&mut self, before: &Content, template: &Template) {
        for (key, text) in &before.sections {
            if !template.sections.iter().any(|section| section.key == *key) {
                self.sections.entry(key.clone()).or_insert_with(|| text.clone());
            }
        }
        for (key, text) in &before.measures {
            if !template.measures.iter().any(|measure| measure.key == *key) {
                self.measures.entry(key.clone()).or_insert_with(|| text.clone());
            }
        }
    }

    pub fn section(&self, key: &str) -> &str {
        self.sections.get(key).map_or("", String::as_str)
    }
    pub fn measure(&self, key: &str) -> &str {
        self.measures.get(key).map_or("", String::as_str)
    }
}

/// A report as it was signed: everything a reader needs, whatever becomes of the template later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Released {
    pub title: String,
    pub sections: Vec<Titled>,
    pub measures: Vec<Measured>,
    #[serde(default)]
    pub derived: Vec<Derived>,
    pub conclusion: String,
    pub recommendation: String,
    pub told: String,
    pub pictures: Vec<Shown>,
    /// The fields as they were typed, so that a correction begins where this version stands.
    pub typed: Content,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Titled {
    pub title: String,
    pub text: String,
    pub is_normal: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    pub label: String,
    pub value: String,
    pub unit: String,
}

/// A picture of a report. The name of its content binds the version to exactly these pixels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    pub picture: Uuid,
    pub file: String,
    pub caption: String,
}

/// A picture that may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Still {
    pub picture: Uuid,
    pub file: String,
}

/// The report as it would be signed now, without judging whether it may be. Pictures that are not there are left out.
pub fn compose(template: &Template, content: &Content, stills: &[Still], day: NaiveDate) -> Released {
    let Computed { lines, words } = compute(template, &content.measures, day);
    let filled = |text: &str| {
        let mut text = text.trim().to_owned();
        for (name, word) in &words {
            text = text.replace(&format!("{{{name}}}"), word);
        }
        text
    };
    Released {
        title: template.title.clone(),
        sections: template
            .sections
            .iter()
            .map(|section| {
                let text = filled(content.section(&section.key));
                Titled { title: section.title.clone(), is_normal: text == section.normal, text }
            })
            .filter(|section| !section.text.is_empty())
            .collect(),
        measures: template
            .measures
            .iter()
            .map(|measure| Measured {
                label: measure.label.clone(),
                value: content.measure(&measure.key).replace('.', ","),
                unit: measure.unit.clone(),
            })
            .filter(|measured| !measured.value.is_empty())
            .collect(),
        derived: lines,
        conclusion: filled(&content.conclusion),
        recommendation: filled(&content.recommendation),
        told: if content.is_critical { content.told.clone() } else { String::new() },
        pictures: content
            .pictures
            .iter()
            .filter_map(|id| stills.iter().find(|still| still.picture == *id))
            .map(|still| Shown {
                picture: still.picture,
                file: still.file.clone(),
                caption: content.captions.get(&still.picture).cloned().unwrap_or_default(),
            })
            .collect(),
        typed: content.clone(),
    }
}

/// The report ready to be signed, or everything that still speaks against it: no conclusion, nothing described, a blank
/// left in a ready sentence, a measurement out of bounds, more pictures than fit, a critical finding nobody was told of.
pub fn release(template: &Template, content: &Content, stills: &[Still], day: NaiveDate) -> Result<Released, Problems> {
    let report = compose(template, content, stills, day);
    let mut problems = Problems::none();
    problems.add_if(report.conclusion.is_empty(), "conclusion", "Chưa có kết luận. Ghi kết luận rồi ký.");
    if report.sections.is_empty() {
        let first = &template.sections[0].key;
        problems.add(format!("s.{first}"), "Chưa mô tả phần nào. F6 điền câu bình thường cho mọi phần còn trống.");
    }
    for section in &template.sections {
        if is_unfinished(content.section(&section.key)) {
            problems.add(format!("s.{}", section.key), format!("{}: còn chỗ “…” chưa điền.", section.title));
        }
    }
    problems.add_if(is_unfinished(&report.conclusion), "conclusion", "Kết luận còn chỗ “…” chưa điền.");
    for measure in &template.measures {
        if let Some(text) = refuse_measure(measure, content.measure(&measure.key)) {
            problems.add(format!("m.{}", measure.key), text);
        }
    }
    problems.add_if(
        report.pictures.len() > MOST_PICTURES,
        "pictures",
        format!("Đã chọn {} hình, nhiều nhất {MOST_PICTURES}. Bỏ bớt hình.", report.pictures.len()),
    );
    problems.add_if(
        content.is_critical && content.told.chars().count() < 5,
        "told",
        "Kết quả cần báo ngay: ghi đã báo cho ai, lúc nào (ít nhất 5 ký tự).",
    );
    problems.or(report)
}

/// Whether a text still has a blank, or a name of a measurement that was not filled in.
fn is_unfinished(text: &str) -> bool {
    text.contains(BLANK) || text.split('{').skip(1).any(|rest| rest.contains('}'))
}

/// Why a measurement cannot stand, if so.
pub fn refuse_measure(measure: &Measure, typed: &str) -> Option<String> {
    if typed.is_empty() {
        return None;
    }
    if !measure.options.is_empty() {
        let is_known = measure.options.iter().any(|option| option == typed);
        return (!is_known).then(|| format!("{}: chọn một trong các mức đã cho.", measure.label));
    }
    let shown = |value: f64| value.to_string().replace('.', ",");
    let (min, max) = (measure.min.unwrap_or(0.0), measure.max.unwrap_or(f64::MAX));
    match number(typed) {
        Some(value) if (min..=max).contains(&value) => None,
        Some(_) => Some(format!("{}: từ {} đến {} {}. Xem lại số vừa gõ và đơn vị.", measure.label, shown(min), shown(max), measure.unit)),
        None => Some(format!("{}: gõ số, ví dụ 12,5.", measure.label)),
    }
}

impl Released {
    /// Whether anything differs from the normal sentences.
    pub fn is_abnormal(&self) -> bool {
        self.sections.iter().any(|section| !section.is_normal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::report_template::named;

    fn pairs(pairs: &[(&str, &str)]) -> Pairs {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn content(typed: &[(&str, &str)]) -> Content {
        let mut problems = Problems::none();
        let content = Content::read(&pairs(typed), &mut problems);
        assert!(problems.is_empty());
        content
    }

    fn day() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 24).unwrap()
    }

    #[test]
    fn what_is_missing_is_told_all_at_once() {
        let typed = content(&[("s.gallbladder", "Lòng có 1 sỏi … mm"), ("m.gallstone_mm", "800"), ("critical", "1")]);
        let problems = release(named("abdomen"), &typed, &[], day()).unwrap_err();
        for field in ["conclusion", "s.gallbladder", "m.gallstone_mm", "told"] {
            assert_ne!(problems.at(field), "", "{field}");
        }
        assert_eq!(problems.0.len(), 4);
        let empty = release(named("abdomen"), &Content::default(), &[], day()).unwrap_err();
        assert!(empty.at("s.liver").contains("F6"));
    }

    #[test]
    fn a_normal_report_is_not_abnormal_and_a_stone_is() {
        let liver = named("abdomen").sections[0].normal.as_str();
        let normal = content(&[("s.liver", liver), ("conclusion", "Hiện chưa ghi nhận bất thường.")]);
        assert!(!release(named("abdomen"), &normal, &[], day()).unwrap().is_abnormal());
        let stone = content(&[("s.gallbladder", "Lòng có 1 sỏi 8 mm."), ("m.gallstone_mm", "8,5"), ("conclusion", "Sỏi túi mật 8 mm.")]);
        let report = release(named("abdomen"), &stone, &[], day()).unwrap();
        assert!(report.is_abnormal());
        assert_eq!((report.measures[0].value.as_str(), report.measures[0].unit.as_str()), ("8,5", "mm"));
    }

    #[test]
    fn pictures_keep_their_order_and_strangers_are_left_out() {
        let [a, b, stranger] = [Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3)];
        let stills = [a, b].map(|picture| Still { picture, file: picture.simple().to_string() });
        let typed = content(&[
            ("pictures", &format!("{b},{stranger},{a},{b},nonsense")),
            (&format!("c.{b}"), "Túi mật"),
            ("conclusion", "Sỏi túi mật."),
            ("s.liver", "Không to."),
        ]);
        let report = release(named("abdomen"), &typed, &stills, day()).unwrap();
        assert_eq!(report.pictures.iter().map(|shown| shown.picture).collect::<Vec<_>>(), [b, a]);
        assert_eq!(report.pictures[0].caption, "Túi mật");
    }

    #[test]
    fn sentences_take_what_was_computed() {
        let typed = content(&[("m.crl_mm", "45"), ("s.embryo", "Một phôi."), ("conclusion", "Thai {age}, dự sinh {due}.")]);
        let report = release(named("pregnancy_first"), &typed, &[], day()).unwrap();
        assert_eq!(report.conclusion, "Thai 11 tuần 2 ngày, dự sinh 13/06/2027.");
        let early = content(&[("s.embryo", "Một phôi."), ("conclusion", "Thai {age}.")]);
        assert!(release(named("pregnancy_first"), &early, &[], day()).unwrap_err().at("conclusion").contains("chưa điền"));
    }

    #[test]
    fn fields_come_back_as_they_were_typed() {
        let typed = content(&[("s.liver", "Không to."), ("m.spleen_mm", "110"), ("conclusion", "Bình thường."), ("told", "")]);
        let fields = typed.fields(named("abdomen"));
        let again: Pairs = fields.into_iter().collect();
        assert_eq!(Content::read(&again, &mut Problems::none()), typed);
    }

    #[test]
    fn another_template_hides_words_and_loses_none() {
        let before = content(&[("s.liver", "Không to.")]);
        let mut after = content(&[("s.right", "Bình thường.")]);
        after.keep_hidden(&before, named("thyroid"));
        assert_eq!(after.section("liver"), "Không to.");
    }
}
