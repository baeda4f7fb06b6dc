//! Reads a dose back in full Vietnamese: for the doctor's eye while typing, for the paper, for the person who
//! takes it. Every sentence written here is understood again by [`super::sentence`] as the same dose.

use super::words::{SLOT_NAMES, cause_name, unit_name, way_name, weekday_name};
use super::{Dose, Meal, Milli, Phase, Rhythm, Unit};

/// The full sentence with a capital first letter and no full stop: "Sáng 1 viên, chiều 1 viên, sau ăn, 5 ngày".
pub fn read_aloud(dose: &Dose) -> String {
    sentence(dose, dose.quantity)
}

/// The same without the quantity, which papers print in a place of its own.
pub fn instruct(dose: &Dose) -> String {
    sentence(dose, None)
}

fn sentence(dose: &Dose, quantity: Option<Milli>) -> String {
    let mut parts: Vec<String> = Vec::new();
    if let Some(way) = dose.way {
        parts.push(way_name(way).into());
    }
    let tapered = dose.phases.len() > 1;
    if tapered {
        let phases: Vec<String> = dose.phases.iter().map(in_phase).collect();
        parts.push(phases.join(", rồi "));
    } else if let Some(phase) = dose.phases.first() {
        parts.push(rhythm(phase));
    }
    if let Some(trigger) = dose.when_needed {
        let from = trigger.from_celsius.map(|t| format!(" từ {t} °C")).unwrap_or_default();
        parts.push(format!("khi {}{from}", cause_name(trigger.cause)));
    }
    if let Some(hours) = dose.gap_hours {
        parts.push(format!("cách nhau ít nhất {hours} giờ"));
    }
    if let Some(most) = dose.most_per_day {
        let unit = dose.phases.first().and_then(|p| p.unit);
        parts.push(format!("không quá {}/ngày", counted(most, unit)));
    }
    if let Some(meal) = dose.meal {
        parts.push(meal_name(meal));
    }
    if dose.at_bedtime {
        parts.push("trước khi ngủ".into());
    }
    if let (false, Some(days)) = (tapered, dose.phases.first().and_then(|p| p.days)) {
        parts.push(format!("{days} ngày"));
    }
    if let Some(quantity) = quantity {
        parts.push(format!("số lượng {quantity}"));
    }
    if let Some(remark) = &dose.remark {
        parts.push(format!("“{remark}”"));
    }
    capitalised(&joined(&parts))
}

/// The word for a unit: "viên".
pub fn unit_word(unit: Unit) -> &'static str {
    unit_name(unit)
}

/// An amount as needed stands before its condition without a comma: "1 viên khi sốt".
fn joined(parts: &[String]) -> String {
    let mut out = String::new();
    for part in parts.iter().filter(|p| !p.is_empty()) {
        if !out.is_empty() {
            out.push_str(if part.starts_with("khi ") && !part.ends_with("dung") { " " } else { ", " });
        }
        out.push_str(part);
    }
    out
}

fn in_phase(phase: &Phase) -> String {
    match phase.days {
        Some(days) => format!("{} trong {days} ngày", rhythm(phase)),
        None => rhythm(phase),
    }
}

fn rhythm(phase: &Phase) -> String {
    let unit = phase.unit;
    let each_time = |each: &Milli| {
        if unit == Some(Unit::Application) { String::new() } else { format!(", mỗi lần {}", counted(*each, unit)) }
    };
    match &phase.rhythm {
        Rhythm::Slots(slots) => {
            let said: Vec<String> = SLOT_NAMES
                .iter()
                .zip(slots)
                .filter(|(_, amount)| !amount.is_zero())
                .map(|(name, amount)| format!("{name} {}", counted(*amount, unit)))
                .collect();
            said.join(", ")
        }
        Rhythm::Times { each, per_day } => format!("ngày {per_day} lần{}", each_time(each)),
        Rhythm::Every { each, hours } if unit == Some(Unit::Application) => format!("mỗi {hours} giờ{}", each_time(each)),
        Rhythm::Every { each, hours } => format!("mỗi {hours} giờ {}", counted(*each, unit)),
        Rhythm::Needed { .. } if unit == Some(Unit::Application) => String::new(),
        Rhythm::Needed { each } => counted(*each, unit),
        Rhythm::Weekly { each, times } => format!("mỗi tuần {times} lần{}", each_time(each)),
        Rhythm::Weekdays { each, days } => {
            let names: Vec<&str> = days.iter().map(|d| weekday_name(*d)).collect();
            format!("{}{}", names.join(", "), each_time(each))
        }
        Rhythm::EveryOtherDay { each } => format!("cách ngày{}", each_time(each)),
        Rhythm::Once { .. } if unit == Some(Unit::Application) => "liều duy nhất".into(),
        Rhythm::Once { each } => format!("{}, liều duy nhất", counted(*each, unit)),
    }
}

fn counted(amount: Milli, unit: Option<Unit>) -> String {
    match unit {
        Some(unit) => format!("{amount} {}", unit_name(unit)),
        None => amount.to_string(),
    }
}

fn meal_name(meal: Meal) -> String {
    match meal {
        Meal::Before { minutes: Some(m) } => format!("trước ăn {m} phút"),
        Meal::After { minutes: Some(m) } => format!("sau ăn {m} phút"),
        Meal::Before { minutes: None } => "trước ăn".into(),
        Meal::After { minutes: None } => "sau ăn".into(),
        Meal::With => "trong bữa ăn".into(),
        Meal::EmptyStomach => "lúc đói".into(),
    }
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}
