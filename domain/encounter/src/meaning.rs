//! What a set of measurements means for this person on this day: the warning score, body mass index or growth, and each
//! value that calls for action now.

use crate::growth::{self, Child, Sex, ZScore};
use crate::store::visit::Visit;
use crate::vital_range::{Level, adult_bmi_class, judge};
use crate::vitals::{Measure, Vitals};
use crate::warning_score::{self, Score, Seen};

/// What the numbers mean: the warning score, body mass index or growth, each abnormal value.
#[derive(Default)]
pub struct Meaning {
    pub score: Option<Score>,
    pub bmi: Option<(String, &'static str, Level)>,
    pub growth: Vec<ZScore>,
    pub alarms: Vec<String>,
}

impl Meaning {
    pub fn of(vitals: &Vitals, seen: Seen, lying: bool, visit: &Visit) -> Meaning {
        let (age, day) = (visit.age(), visit.day);
        let growth = match Sex::from_word(&visit.sex) {
            Some(sex) if age.years < 19 => growth::assess(Child {
                sex,
                age_days: age.days,
                weight_g: vitals.get(Measure::Weight),
                height_mm: vitals.get(Measure::Height),
                lying,
                head_mm: vitals.get(Measure::Head),
            }),
            _ => Vec::new(),
        };
        let bmi = vitals.bmi_tenths().map(|tenths| {
            let (class, level) = if age.years >= 19 { adult_bmi_class(tenths) } else { ("", Level::Unjudged) };
            (format!("{},{}", tenths / 10, tenths % 10), class, level)
        });
        let alarms = Measure::ALL
            .into_iter()
            .filter_map(|m| vitals.get(m).map(|v| (m, v)))
            .filter(|(m, v)| judge(*m, *v, age, day).is_alarm())
            .map(|(m, v)| format!("{} {} {}", m.name(), m.show(v), m.unit()))
            .collect();
        Meaning { score: warning_score::score(vitals, seen, age, day), bmi, growth, alarms }
    }

    pub fn is_alarm(&self) -> bool {
        !self.alarms.is_empty() || self.score.as_ref().is_some_and(|s| s.level.is_alarm())
    }
}
