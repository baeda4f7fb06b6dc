//! Early warning scores: a few points for each vital sign that has left its range, so that somebody who is getting
//! worse is seen before the collapse. Each score explains itself: which sign gave which points.
//!
//! From 16 years: NEWS2 (Royal College of Physicians, *National Early Warning Score 2*, London 2017).
//! Under 16: the Brighton Paediatric Early Warning Score (A. Monaghan, *Detecting and managing deterioration in
//! children*, Paediatric Nursing 2005;17(1):32–35), with "normal" rates from `catalogues/vital_ranges.tsv`.

use crate::vital_range::{Level, range};
use crate::vitals::{Measure, Vitals};
use base::Age;
use chrono::NaiveDate;

/// What the nurse sees besides the numbers. `None` means it was not looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    pub consciousness: Option<Consciousness>,
    pub behaviour: Option<Behaviour>,
    pub circulation: Option<Circulation>,
    pub effort: Option<Effort>,
}

/// A closed list of words that a form offers and a table stores.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $key:literal, $shown:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            pub const ALL: &[$name] = &[$($name::$variant),+];
            pub fn key(self) -> &'static str {
                match self { $($name::$variant => $key),+ }
            }
            pub fn shown(self) -> &'static str {
                match self { $($name::$variant => $shown),+ }
            }
            pub fn from_key(key: &str) -> Option<$name> {
                match key { $($key => Some($name::$variant),)+ _ => None }
            }
        }
    };
}

words! {
    /// ACVPU.
    Consciousness {
        Alert = "alert", "Tỉnh";
        /// New confusion.
        Confused = "confused", "Lú lẫn mới";
        Voice = "voice", "Đáp ứng lời nói";
        Pain = "pain", "Đáp ứng đau";
        Unresponsive = "unresponsive", "Không đáp ứng";
    }
}
words! {
    /// How a child behaves.
    Behaviour {
        Playing = "playing", "Chơi, phù hợp tuổi";
        Sleeping = "sleeping", "Ngủ";
        Irritable = "irritable", "Kích thích, quấy khóc";
        Lethargic = "lethargic", "Li bì, giảm đáp ứng đau";
    }
}
words! {
    /// Colour of a child's skin with capillary refill.
    Circulation {
        Pink = "pink", "Hồng, CRT 1–2 giây";
        Pale = "pale", "Nhợt, CRT 3 giây";
        Grey = "grey", "Xám, CRT 4 giây";
        Mottled = "mottled", "Xám và nổi vân tím, CRT từ 5 giây";
    }
}
words! {
    /// How hard a child works to breathe.
    Effort {
        None = "none", "Không gắng sức";
        Accessory = "accessory", "Co kéo cơ hô hấp phụ";
        Recession = "recession", "Rút lõm lồng ngực";
        Grunting = "grunting", "Rút lõm nặng, thở rên";
    }
}

/// What one sign contributed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub name: &'static str,
    /// The value as shown, e.g. `38,2 °C`.
    pub value: String,
    pub points: u8,
}

/// A score with its explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Score {
    /// `NEWS2` or `PEWS`.
    pub name: &'static str,
    pub parts: Vec<Part>,
    /// Signs the score needs that were not taken; then the total is a lower bound.
    pub missing: Vec<&'static str>,
    pub level: Level,
    /// What the publication says to do.
    pub advice: &'static str,
    pub source: &'static str,
}

impl Score {
    pub fn total(&self) -> u8 {
        self.parts.iter().map(|p| p.points).sum()
    }

    /// `Nhiệt độ 38,2 °C: 1 điểm · Mạch 96 lần/phút: 1 điểm`; empty at zero.
    pub fn explanation(&self) -> String {
        let giving = self.parts.iter().filter(|p| p.points > 0);
        giving.map(|p| format!("{} {}: {} điểm", p.name, p.value, p.points)).collect::<Vec<_>>().join(" · ")
    }
}

/// The score for that age; `None` when nothing it needs was measured.
pub fn score(vitals: &Vitals, seen: Seen, age: Age, day: NaiveDate) -> Option<Score> {
    let score = if age.years >= 16 { news2(vitals, seen) } else { pews(vitals, seen, age, day) };
    (!score.parts.is_empty()).then_some(score)
}

struct Tally<'a> {
    vitals: &'a Vitals,
    parts: Vec<Part>,
    missing: Vec<&'static str>,
}

impl Tally<'_> {
    fn measured(&mut self, measure: Measure, points: impl Fn(i32) -> u8) {
        match self.vitals.get(measure) {
            Some(value) => self.parts.push(Part {
                name: measure.name(),
                value: format!("{} {}", measure.show(value), measure.unit()),
                points: points(value),
            }),
            None => self.missing.push(measure.name()),
        }
    }

    fn seen(&mut self, name: &'static str, what: Option<(&'static str, u8)>) {
        match what {
            Some((value, points)) => self.parts.push(Part { name, value: value.to_lowercase(), points }),
            None => self.missing.push(name),
        }
    }
}

/// NEWS2 with the first saturation scale; the second one is for known hypercapnic failure only, which a clinic's
/// door cannot know.
fn news2(vitals: &Vitals, seen: Seen) -> Score {
    let mut tally = Tally { vitals, parts: Vec::new(), missing: Vec::new() };
    tally.measured(Measure::Breaths, |v| match v {
        ..=8 => 3,
        9..=11 => 1,
        12..=20 => 0,
        21..=24 => 2,
        _ => 3,
    });
    tally.measured(Measure::Spo2, |v| match v {
        ..=91 => 3,
        92..=93 => 2,
        94..=95 => 1,
        _ => 0,
    });
    if let Some(flow) = vitals.get(Measure::Oxygen).filter(|flow| *flow > 0) {
        let value = format!("{} {}", Measure::Oxygen.show(flow), Measure::Oxygen.unit());
        tally.parts.push(Part { name: Measure::Oxygen.name(), value, points: 2 });
    }
    tally.measured(Measure::Systolic, |v| match v {
        ..=90 => 3,
        91..=100 => 2,
        101..=110 => 1,
        111..=219 => 0,
        _ => 3,
    });
    tally.measured(Measure::Pulse, |v| match v {
        ..=40 => 3,
        41..=50 => 1,
        51..=90 => 0,
        91..=110 => 1,
        111..=130 => 2,
        _ => 3,
    });
    tally.seen("Tri giác", seen.consciousness.map(|c| (c.shown(), if c == Consciousness::Alert { 0 } else { 3 })));
    tally.measured(Measure::Temperature, |v| match v {
        ..=350 => 3,
        351..=360 => 1,
        361..=380 => 0,
        381..=390 => 1,
        _ => 2,
    });
    let Tally { parts, missing, .. } = tally;
    let total: u8 = parts.iter().map(|p| p.points).sum();
    let red = parts.iter().any(|p| p.points == 3);
    let (level, advice) = match total {
        7.. => (Level::AlarmHigh, "Cấp cứu: bác sĩ khám ngay, theo dõi liên tục."),
        5.. => (Level::AlarmHigh, "Bác sĩ khám khẩn, đo lại ít nhất mỗi giờ."),
        _ if red => (Level::AlarmHigh, "Có dấu hiệu 3 điểm: bác sĩ xem khẩn, đo lại mỗi giờ."),
        1.. => (Level::High, "Điều dưỡng đánh giá, đo lại trong 4–6 giờ hoặc khi nặng hơn."),
        0 => (Level::Normal, "Theo dõi thường quy."),
    };
    Score { name: "NEWS2", parts, missing, level, advice, source: "RCP, National Early Warning Score 2, 2017" }
}

fn pews(vitals: &Vitals, seen: Seen, age: Age, day: NaiveDate) -> Score {
    let mut tally = Tally { vitals, parts: Vec::new(), missing: Vec::new() };
    tally.seen(
        "Hành vi",
        seen.behaviour.map(|b| {
            let points = match b {
                Behaviour::Playing => 0,
                Behaviour::Sleeping => 1,
                Behaviour::Irritable => 2,
                Behaviour::Lethargic => 3,
            };
            (b.shown(), points)
        }),
    );

    // Circulation and breathing are one item each: the worst of what was seen and what was counted.
    let beyond = |measure: Measure| -> Option<(i32, i32)> {
        let (value, range) = (vitals.get(measure)?, range(measure, age, day)?);
        Some((value - range.high?, range.low? - value))
    };
    let mut circulation = Vec::new();
    if let Some(c) = seen.circulation {
        let points = match c {
            Circulation::Pink => 0,
            Circulation::Pale => 1,
            Circulation::Grey => 2,
            Circulation::Mottled => 3,
        };
        circulation.push((c.shown().to_lowercase(), points));
    }
    if let Some((above, below)) = beyond(Measure::Pulse) {
        let points = if above >= 30 || below > 0 {
            3
        } else if above >= 20 {
            2
        } else {
            0
        };
        circulation.push((format!("mạch {}", vitals.show(Measure::Pulse)), points));
    }
    worst(&mut tally, "Tuần hoàn", circulation);

    let mut breathing = Vec::new();
    if let Some(e) = seen.effort {
        let points = match e {
            Effort::None => 0,
            Effort::Accessory => 1,
            Effort::Recession => 2,
            Effort::Grunting => 3,
        };
        breathing.push((e.shown().to_lowercase(), points));
    }
    if let Some((above, below)) = beyond(Measure::Breaths) {
        let points = if below >= 5 {
            3
        } else if above > 20 {
            2
        } else if above > 10 {
            1
        } else {
            0
        };
        breathing.push((format!("nhịp thở {}", vitals.show(Measure::Breaths)), points));
    }
    if let Some(flow) = vitals.get(Measure::Oxygen).filter(|flow| *flow > 0) {
        let points = match flow {
            80.. => 3,
            60.. => 2,
            40.. => 1,
            _ => 0,
        };
        breathing.push((format!("oxy {} lít/phút", Measure::Oxygen.show(flow)), points));
    }
    worst(&mut tally, "Hô hấp", breathing);

    let Tally { parts, missing, .. } = tally;
    let total: u8 = parts.iter().map(|p| p.points).sum();
    let red = parts.iter().any(|p| p.points == 3);
    let (level, advice) = match total {
        4.. => (Level::AlarmHigh, "Báo bác sĩ khám ngay, theo dõi liên tục."),
        _ if red => (Level::AlarmHigh, "Có mục 3 điểm: báo bác sĩ khám ngay."),
        3.. => (Level::High, "Báo bác sĩ, đo lại trong 30 phút."),
        1.. => (Level::High, "Điều dưỡng đánh giá, đo lại trong 1–2 giờ."),
        0 => (Level::Normal, "Theo dõi thường quy."),
    };
    Score { name: "PEWS", parts, missing, level, advice, source: "Brighton PEWS, Monaghan 2005" }
}

fn worst(tally: &mut Tally<'_>, name: &'static str, found: Vec<(String, u8)>) {
    let Some(points) = found.iter().map(|(_, p)| *p).max() else {
        tally.missing.push(name);
        return;
    };
    let giving: Vec<&str> = found.iter().filter(|(_, p)| *p == points).map(|(value, _)| value.as_str()).collect();
    tally.parts.push(Part { name, value: giving.join(", "), points });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn years(years: i32) -> Age {
        Age { years, months: years * 12, days: i64::from(years) * 365 }
    }
    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 24).unwrap()
    }
    fn vitals(values: &[(Measure, i32)]) -> Vitals {
        let mut vitals = Vitals::default();
        for (measure, value) in values {
            vitals.set(*measure, Some(*value));
        }
        vitals
    }
    fn adult(breaths: i32, spo2: i32, oxygen: i32, systolic: i32, pulse: i32, temperature: i32) -> Vitals {
        vitals(&[
            (Measure::Breaths, breaths),
            (Measure::Spo2, spo2),
            (Measure::Oxygen, oxygen),
            (Measure::Systolic, systolic),
            (Measure::Pulse, pulse),
            (Measure::Temperature, temperature),
        ])
    }
    const ALERT: Seen =
        Seen { consciousness: Some(Consciousness::Alert), behaviour: None, circulation: None, effort: None };

    #[test]
    fn news2_scores_each_band_of_the_published_chart() {
        for (vitals, total) in [
            (adult(16, 98, 0, 120, 70, 370), 0),
            (adult(18, 97, 0, 128, 96, 382), 2),
            (adult(8, 98, 0, 120, 70, 370), 3),
            (adult(9, 98, 0, 120, 70, 370), 1),
            (adult(21, 98, 0, 120, 70, 370), 2),
            (adult(25, 98, 0, 120, 70, 370), 3),
            (adult(16, 91, 0, 120, 70, 370), 3),
            (adult(16, 93, 0, 120, 70, 370), 2),
            (adult(16, 95, 0, 120, 70, 370), 1),
            (adult(16, 98, 20, 120, 70, 370), 2),
            (adult(16, 98, 0, 90, 70, 370), 3),
            (adult(16, 98, 0, 100, 70, 370), 2),
            (adult(16, 98, 0, 110, 70, 370), 1),
            (adult(16, 98, 0, 220, 70, 370), 3),
            (adult(16, 98, 0, 120, 40, 370), 3),
            (adult(16, 98, 0, 120, 50, 370), 1),
            (adult(16, 98, 0, 120, 111, 370), 2),
            (adult(16, 98, 0, 120, 131, 370), 3),
            (adult(16, 98, 0, 120, 70, 350), 3),
            (adult(16, 98, 0, 120, 70, 360), 1),
            (adult(16, 98, 0, 120, 70, 391), 2),
            (adult(26, 90, 40, 88, 135, 394), 16),
        ] {
            let score = score(&vitals, ALERT, years(41), today()).unwrap();
            assert_eq!((score.name, score.total()), ("NEWS2", total), "{score:?}");
        }
    }

    #[test]
    fn one_red_sign_calls_the_doctor_though_the_sum_is_small() {
        let confused = Seen { consciousness: Some(Consciousness::Confused), ..ALERT };
        let score = score(&adult(16, 98, 0, 120, 70, 370), confused, years(70), today()).unwrap();
        assert_eq!(score.total(), 3);
        assert!(score.level.is_alarm());
        assert_eq!(score.explanation(), "Tri giác lú lẫn mới: 3 điểm");
    }

    #[test]
    fn what_was_not_measured_is_named() {
        let score = score(&vitals(&[(Measure::Temperature, 382)]), Seen::default(), years(41), today()).unwrap();
        assert_eq!(score.total(), 1);
        assert_eq!(score.missing, ["Nhịp thở", "SpO₂", "Huyết áp tâm thu", "Mạch", "Tri giác"]);
        assert!(super::score(&Vitals::default(), Seen::default(), years(41), today()).is_none());
    }

    #[test]
    fn children_are_scored_by_what_is_seen_and_counted() {
        let seen = |b, c, e| Seen { consciousness: None, behaviour: Some(b), circulation: Some(c), effort: Some(e) };
        for (age, pulse, breaths, seen, total) in [
            (4, 100, 24, seen(Behaviour::Playing, Circulation::Pink, Effort::None), 0),
            (4, 141, 24, seen(Behaviour::Playing, Circulation::Pink, Effort::None), 2),
            (4, 152, 24, seen(Behaviour::Playing, Circulation::Pink, Effort::None), 3),
            (4, 70, 24, seen(Behaviour::Playing, Circulation::Pink, Effort::None), 3),
            (4, 100, 40, seen(Behaviour::Sleeping, Circulation::Pale, Effort::None), 3),
            (4, 100, 24, seen(Behaviour::Lethargic, Circulation::Mottled, Effort::Grunting), 9),
            (0, 170, 64, seen(Behaviour::Irritable, Circulation::Pink, Effort::Recession), 4),
        ] {
            let child = vitals(&[(Measure::Pulse, pulse), (Measure::Breaths, breaths)]);
            let score = score(&child, seen, years(age), today()).unwrap();
            assert_eq!((score.name, score.total()), ("PEWS", total), "{score:?}");
            assert!(score.missing.is_empty());
        }
        assert_eq!(score(&adult(16, 98, 0, 120, 70, 370), ALERT, years(16), today()).unwrap().name, "NEWS2");
    }
}
