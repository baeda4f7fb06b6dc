//! A dose: how much, when, for how long. This is what the doctor means, whatever way it was typed; the sentence
//! is read in [`sentence`], read back in [`aloud`], and turned into a quantity in [`crate::quantity`].

pub mod aloud;
pub mod amount;
mod clause;
mod lexer;
pub mod sentence;
mod words;

#[cfg(test)]
mod cases;

pub use amount::Milli;
use serde::{Deserialize, Serialize};

/// The whole instruction for one drug.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Dose {
    /// One phase for an ordinary dose, several for a tapered one, in the order in which they are taken.
    pub phases: Vec<Phase>,
    /// Only when this happens, e.g. "sốt từ 38,5 °C".
    pub when_needed: Option<Trigger>,
    /// At least so many hours between two doses taken as needed.
    pub gap_hours: Option<u16>,
    /// Never more than this in a day, in dose units.
    pub most_per_day: Option<Milli>,
    pub meal: Option<Meal>,
    /// Just before sleep.
    pub at_bedtime: bool,
    /// What is done with it, when the doctor says so; otherwise the drug's own route holds.
    pub way: Option<Way>,
    /// The quantity that the doctor wrote himself (`sl 2`), in dispensing units; it wins over the arithmetic.
    pub quantity: Option<Milli>,
    /// A remark in quotes, printed as typed.
    pub remark: Option<String>,
}

/// One stretch of days with one rhythm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phase {
    pub rhythm: Rhythm,
    /// `None` only where no days are needed: a single dose, or a quantity written by hand.
    pub days: Option<u16>,
    /// What the amounts count, when it was said; otherwise the drug's form decides.
    pub unit: Option<Unit>,
}

/// When within its days a dose is taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rhythm {
    /// Sáng, trưa, chiều, tối: zero where nothing is taken.
    Slots([Milli; 4]),
    /// So many times a day, the same amount each time.
    Times { each: Milli, per_day: u8 },
    /// Around the clock.
    Every { each: Milli, hours: u8 },
    /// Only as needed; the trigger stands in [`Dose::when_needed`].
    Needed { each: Milli },
    /// So many times a week.
    Weekly { each: Milli, times: u8 },
    /// On fixed weekdays, 2 = Monday … 7 = Saturday, 8 = Sunday, as Vietnamese counts them.
    Weekdays { each: Milli, days: Vec<u8> },
    /// Every other day, once.
    EveryOtherDay { each: Milli },
    /// One single dose.
    Once { each: Milli },
}

/// What an amount counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Tablet,
    Sachet,
    Ampoule,
    Vial,
    Bottle,
    Tube,
    Millilitre,
    Drop,
    Puff,
    /// Insulin and heparin are counted in international units.
    InternationalUnit,
    Gram,
    Spoon,
    Patch,
    /// A thin layer of cream or a wash: nothing that can be counted.
    Application,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meal {
    Before { minutes: Option<u8> },
    With,
    After { minutes: Option<u8> },
    EmptyStomach,
}

/// What makes the person take a dose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trigger {
    pub cause: Cause,
    /// Fever from this temperature, in thousandths of a degree Celsius.
    pub from_celsius: Option<Milli>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    Needed,
    Fever,
    Pain,
    Headache,
    BellyAche,
    ChestPain,
    Cough,
    Breathless,
    Vomiting,
    Itch,
    Sleepless,
    LooseStool,
    Dizzy,
}

/// What is done with the medicine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    Swallow,
    UnderTongue,
    Suck,
    Chew,
    Rectal,
    Vaginal,
    Skin,
    /// Which eyes: right, left or both. "Both" doubles the drops.
    Eye(Side),
    Nose(Side),
    Ear(Side),
    NoseSpray,
    ThroatSpray,
    Inhale,
    Nebulise,
    Gargle,
    UnderSkin,
    IntoMuscle,
    IntoVein,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Unsaid,
    Right,
    Left,
    Both,
}

impl Rhythm {
    /// The largest amount taken at one time.
    pub fn largest_each(&self) -> Milli {
        match self {
            Rhythm::Slots(slots) => slots.iter().copied().max().unwrap_or_default(),
            Rhythm::Times { each, .. }
            | Rhythm::Every { each, .. }
            | Rhythm::Needed { each }
            | Rhythm::Weekly { each, .. }
            | Rhythm::Weekdays { each, .. }
            | Rhythm::EveryOtherDay { each }
            | Rhythm::Once { each } => *each,
        }
    }

    /// Every amount that somebody must measure or break.
    pub fn amounts(&self) -> Vec<Milli> {
        match self {
            Rhythm::Slots(slots) => slots.iter().copied().filter(|a| !a.is_zero()).collect(),
            other => vec![other.largest_each()],
        }
    }
}

impl Dose {
    /// Days from the first to the last dose; `None` when the instruction does not say.
    pub fn total_days(&self) -> Option<u16> {
        self.phases.iter().try_fold(0u16, |sum, phase| match (&phase.rhythm, phase.days) {
            (_, Some(days)) => sum.checked_add(days),
            (Rhythm::Once { .. }, None) => sum.checked_add(1),
            _ => None,
        })
    }

    /// The most that may be taken in one day in dose units, by the heaviest phase; for a dose as needed its daily
    /// ceiling, or what the hours between two doses allow. `None` when it cannot be told.
    pub fn most_in_a_day(&self) -> Option<Milli> {
        if let Some(most) = self.most_per_day {
            return Some(most);
        }
        self.phases.iter().try_fold(Milli::ZERO, |most, phase| {
            let a_day = match &phase.rhythm {
                Rhythm::Slots(slots) => slots.iter().try_fold(Milli::ZERO, |sum, a| sum.plus(*a))?,
                Rhythm::Times { each, per_day } => each.times(i64::from(*per_day))?,
                Rhythm::Every { each, hours } => each.times(times_in_a_day(u16::from(*hours)))?,
                Rhythm::Needed { each } => each.times(times_in_a_day(self.gap_hours?))?,
                other => other.largest_each(),
            };
            Some(most.max(a_day))
        })
    }
}

/// How often something every so many hours happens in a day, at most.
pub(crate) fn times_in_a_day(hours: u16) -> i64 {
    if hours == 0 { 0 } else { i64::from(24u16.div_ceil(hours)) }
}
