//! What is asked on the phone, as data (`questions.tsv`), and which answers mean danger. A new set of questions is a new
//! version; answers keep the version they were given to, so that they can be read years later.

use base::{Problem, Problems};
use chrono::NaiveDate;
use scheduling::Appointment;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The version that is asked now.
pub const CURRENT: &str = "1";
/// The key under which answers name their version.
pub const VERSION: &str = "_version";

/// One question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    pub version: &'static str,
    pub key: &'static str,
    /// `danger`, `more` or `before`.
    pub section: &'static str,
    pub text: &'static str,
    /// `yes_no`, `number`, `text` or `choice`.
    pub kind: &'static str,
    pub unit: &'static str,
    pub choices: &'static str,
    /// Specialties that it is asked for, separated by commas; all when empty.
    pub specialty: &'static str,
    /// `child`, `adult`, `female` or empty.
    pub whom: &'static str,
    /// The answer that means danger: `yes`, `>=40`, and `&age<90` for the age in days.
    pub red: &'static str,
    /// What is said on the phone when it does.
    pub advice: &'static str,
}

/// Whom and what the questions are about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    pub specialty: String,
    pub age_days: Option<i64>,
    pub sex: String,
}

impl About {
    pub fn of(a: &Appointment, today: NaiveDate) -> About {
        About { specialty: a.specialty.clone(), age_days: a.birth_date.map(|born| (today - born).num_days()), sex: a.sex.clone() }
    }
}

/// All questions of all versions, in the order in which they are asked.
pub fn list() -> impl Iterator<Item = Question> {
    include_str!("../questions.tsv").lines().skip(1).filter_map(|line| {
        let cells: Vec<&'static str> = line.split('\t').collect();
        let [version, key, section, text, kind, unit, choices, specialty, whom, red, advice] = cells[..] else { return None };
        Some(Question { version, key, section, text, kind, unit, choices, specialty, whom, red, advice })
    })
}

/// The questions of today's version for this booking.
pub fn ask(about: &About) -> Vec<Question> {
    list().filter(|q| q.version == CURRENT && q.is_for(about)).collect()
}

impl Question {
    fn is_for(&self, about: &About) -> bool {
        let years = about.age_days.map(|days| days / 365);
        let fits = match self.whom {
            "child" => years.is_none_or(|y| y < 6),
            "adult" => years.is_none_or(|y| y >= 12),
            "female" => about.sex != "male" && years.is_none_or(|y| (12..56).contains(&y)),
            _ => true,
        };
        fits && (self.specialty.is_empty() || self.specialty.split(',').any(|s| s == about.specialty))
    }

    /// Whether this answer means danger for this person.
    pub fn is_red(&self, answer: &str, about: &About) -> bool {
        if self.red.is_empty() || answer.is_empty() {
            return false;
        }
        self.red.split('&').all(|rule| match (rule.strip_prefix(">="), rule.strip_prefix("age<")) {
            (Some(limit), _) => number(answer).zip(number(limit)).is_some_and(|(n, limit)| n >= limit),
            (_, Some(days)) => about.age_days.zip(days.parse().ok()).is_some_and(|(age, limit)| age < limit),
            _ => answer == rule,
        })
    }

    /// `(value, word)` of the ways to answer.
    pub fn options(&self) -> Vec<(String, String)> {
        match self.kind {
            "yes_no" => vec![("no".into(), "Không".into()), ("yes".into(), "Có".into())],
            _ => self.choices.split('|').filter(|c| !c.is_empty()).map(|c| (c.to_owned(), c.to_owned())).collect(),
        }
    }

    /// The answer in words.
    pub fn shown(&self, answer: &str) -> String {
        match (self.kind, answer) {
            ("yes_no", "yes") => "Có".into(),
            ("yes_no", "no") => "Không".into(),
            _ if self.unit.is_empty() => answer.to_owned(),
            _ => format!("{answer} {}", self.unit),
        }
    }

    fn problem(&self, answer: &str) -> Option<String> {
        match self.kind {
            "yes_no" if !["yes", "no"].contains(&answer) => Some("Chọn Có hoặc Không.".into()),
            "number" if number(answer).is_none_or(|n| !(0.0..=1000.0).contains(&n)) => Some(format!("{}: ghi bằng số, ví dụ 38,5.", self.text)),
            "choice" if !self.choices.split('|').any(|c| c == answer) => Some(format!("{}: chọn một câu trả lời trong danh sách.", self.text)),
            _ if answer.chars().count() > 300 => Some(format!("{}: tối đa 300 ký tự, hãy rút gọn.", self.text)),
            _ => None,
        }
    }
}

/// `38,9` and `38.9`.
fn number(typed: &str) -> Option<f64> {
    typed.trim().replace(',', ".").parse::<f64>().ok().filter(|n| n.is_finite())
}

/// A set of answers, judged.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    pub given: BTreeMap<String, String>,
    pub red: Vec<Question>,
    /// Questions about danger that nobody has asked yet.
    pub unasked: Vec<Question>,
}

impl Answers {
    /// Reads fields named `q.<key>`. What belongs to no question of this booking is left out.
    pub fn read(fields: &BTreeMap<String, String>, about: &About) -> Result<Answers, Problems> {
        let mut problems = Problems::none();
        let mut given = BTreeMap::new();
        for q in ask(about) {
            let answer = fields.get(&format!("q.{}", q.key)).map(|a| a.trim()).unwrap_or("");
            if answer.is_empty() {
                continue;
            }
            if let Some(text) = q.problem(answer) {
                problems.0.push(Problem::at(format!("q.{}", q.key), text));
                continue;
            }
            given.insert(q.key.to_owned(), answer.to_owned());
        }
        problems.or(Answers::judge(given, about))
    }

    /// Judges answers that were kept.
    pub fn of_kept(kept: &Value, about: &About) -> Answers {
        let given = kept.as_object().into_iter().flatten().filter(|(key, _)| *key != VERSION).filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())));
        Answers::judge(given.collect(), about)
    }

    fn judge(given: BTreeMap<String, String>, about: &About) -> Answers {
        let asked = ask(about);
        let red = asked.iter().filter(|q| given.get(q.key).is_some_and(|a| q.is_red(a, about))).copied().collect();
        let unasked = asked.iter().filter(|q| q.section == "danger" && !given.contains_key(q.key)).copied().collect();
        Answers { given, red, unasked }
    }

    pub fn is_red(&self) -> bool {
        !self.red.is_empty()
    }

    /// As the booking keeps them: what was told elsewhere stays, what was asked now takes its place.
    pub fn to_keep(&self, before: &Value) -> Value {
        let mut kept: Map<String, Value> = before.as_object().cloned().unwrap_or_default();
        kept.extend(self.given.iter().map(|(key, answer)| (key.clone(), json!(answer))));
        kept.insert(VERSION.into(), json!(CURRENT));
        Value::Object(kept)
    }
}

/// Kept answers in the words of the version that was asked: `(question, answer, is_red)`.
pub fn in_words(kept: &Value, about: &About) -> Vec<(String, String, bool)> {
    let Some(kept) = kept.as_object() else { return Vec::new() };
    let version = kept.get(VERSION).and_then(Value::as_str).unwrap_or(CURRENT);
    list()
        .filter(|q| q.version == version)
        .filter_map(|q| {
            let answer = kept.get(q.key)?.as_str()?;
            Some((q.text.to_owned(), q.shown(answer), q.is_red(answer, about)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn khue(age_days: i64) -> About {
        About { specialty: "pediatrics".into(), age_days: Some(age_days), sex: "female".into() }
    }

    fn fields(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(k, v)| (format!("q.{k}"), (*v).to_owned())).collect()
    }

    #[test]
    fn every_line_is_whole_and_named_once_in_its_version() {
        let lines = include_str!("../questions.tsv").lines().skip(1).count();
        let keys: std::collections::BTreeSet<_> = list().map(|q| (q.version, q.key)).collect();
        assert_eq!((keys.len(), list().count()), (lines, lines));
        for q in list() {
            assert!(["danger", "more", "before"].contains(&q.section) && ["yes_no", "number", "text", "choice"].contains(&q.kind), "{q:?}");
            assert!(q.section != "danger" || (!q.red.is_empty() && !q.advice.is_empty()), "{q:?}");
            assert!(q.specialty.split(',').all(|s| s.is_empty() || scheduling::specialty::list().any(|known| known.key == s)), "{q:?}");
        }
    }

    #[test]
    fn fever_is_a_danger_before_three_months_of_age_and_ordinary_after() {
        let fever = fields(&[("fever", "yes")]);
        assert!(Answers::read(&fever, &khue(60)).unwrap().is_red());
        assert!(!Answers::read(&fever, &khue(300)).unwrap().is_red());
        assert!(Answers::read(&fields(&[("temperature", "40,2")]), &khue(300)).unwrap().is_red());
        assert!(!Answers::read(&fields(&[("temperature", "38,9")]), &khue(300)).unwrap().is_red());
    }

    #[test]
    fn who_is_a_child_is_not_asked_what_adults_are() {
        let asked: Vec<&str> = ask(&khue(300)).iter().map(|q| q.key).collect();
        assert!(asked.contains(&"refuses_feed") && !asked.contains(&"stroke") && !asked.contains(&"pregnant"));
        let adult = About { specialty: "obstetrics".into(), age_days: Some(365 * 30), sex: "female".into() };
        let asked: Vec<&str> = ask(&adult).iter().map(|q| q.key).collect();
        assert!(asked.contains(&"pregnancy_bleeding") && asked.contains(&"pregnant") && !asked.contains(&"eating"));
    }

    #[test]
    fn answers_keep_their_version_and_what_was_told_before() {
        let read = Answers::read(&fields(&[("breath", "no"), ("days", "3"), ("nonsense", "x")]), &khue(300)).unwrap();
        let kept = read.to_keep(&json!({"symptom": "ho"}));
        assert_eq!(kept, json!({"_version": "1", "breath": "no", "days": "3", "symptom": "ho"}));
        assert_eq!(in_words(&kept, &khue(300)), [("Khó thở, rút lõm ngực".into(), "Không".into(), false), ("Bị từ mấy ngày".into(), "3 ngày".into(), false)]);
        assert!(Answers::read(&fields(&[("days", "vài hôm"), ("breath", "maybe")]), &khue(300)).is_err());
    }
}
