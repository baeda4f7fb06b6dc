//! Vital signs: what the nurse measures before the doctor sees the person.
//!
//! A value that a living body cannot have is refused beside its field; a value that is merely worrying is kept and
//! stands out (`vital_range.rs`).

use base::{Age, Problems};

/// One thing that is measured. Values are whole numbers of the smallest step in use, see [`Measure::decimals`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Measure {
    /// mmHg
    Systolic,
    /// mmHg
    Diastolic,
    /// beats a minute
    Pulse,
    /// tenths of a degree Celsius
    Temperature,
    /// per cent
    Spo2,
    /// breaths a minute
    Breaths,
    /// grams
    Weight,
    /// millimetres
    Height,
    /// millimetres
    Head,
    /// 0 to 10
    Pain,
    /// tenths of a litre a minute of added oxygen; nothing or 0 is room air
    Oxygen,
}

impl Measure {
    pub const ALL: [Measure; 11] = [
        Measure::Systolic,
        Measure::Diastolic,
        Measure::Pulse,
        Measure::Temperature,
        Measure::Spo2,
        Measure::Breaths,
        Measure::Weight,
        Measure::Height,
        Measure::Head,
        Measure::Pain,
        Measure::Oxygen,
    ];

    /// The name of the form field and of the catalogue key.
    pub fn field(self) -> &'static str {
        match self {
            Measure::Systolic => "systolic",
            Measure::Diastolic => "diastolic",
            Measure::Pulse => "pulse",
            Measure::Temperature => "temperature",
            Measure::Spo2 => "spo2",
            Measure::Breaths => "breaths",
            Measure::Weight => "weight",
            Measure::Height => "height",
            Measure::Head => "head",
            Measure::Pain => "pain",
            Measure::Oxygen => "oxygen",
        }
    }

    pub fn from_field(field: &str) -> Option<Measure> {
        Measure::ALL.into_iter().find(|m| m.field() == field)
    }

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Measure::Systolic => "Huyết áp tâm thu",
            Measure::Diastolic => "Huyết áp tâm trương",
            Measure::Pulse => "Mạch",
            Measure::Temperature => "Nhiệt độ",
            Measure::Spo2 => "SpO₂",
            Measure::Breaths => "Nhịp thở",
            Measure::Weight => "Cân nặng",
            Measure::Height => "Chiều cao",
            Measure::Head => "Vòng đầu",
            Measure::Pain => "Đau",
            Measure::Oxygen => "Thở oxy",
        }
    }

    pub fn unit(self) -> &'static str {
        match self {
            Measure::Systolic | Measure::Diastolic => "mmHg",
            Measure::Pulse | Measure::Breaths => "lần/phút",
            Measure::Temperature => "°C",
            Measure::Spo2 => "%",
            Measure::Weight => "kg",
            Measure::Height | Measure::Head => "cm",
            Measure::Pain => "/10",
            Measure::Oxygen => "lít/phút",
        }
    }

    /// How many decimals of the shown unit the stored whole number carries: 38,2 °C is stored as 382, 68,5 kg as
    /// 68500 g, 173 cm as 1730 mm.
    pub fn decimals(self) -> u32 {
        match self {
            Measure::Temperature | Measure::Height | Measure::Head | Measure::Oxygen => 1,
            Measure::Weight => 3,
            _ => 0,
        }
    }

    /// What a living person of that age can show; anything outside is a slip of the hand. The bounds are wide on
    /// purpose: records of survival, and 300 g for the smallest newborn.
    pub fn possible(self, age: Age) -> (i32, i32) {
        let grown = age.years >= 16;
        match self {
            Measure::Systolic => (30, 320),
            Measure::Diastolic => (10, 220),
            Measure::Pulse => (15, 320),
            Measure::Temperature => (200, 450),
            Measure::Spo2 => (30, 100),
            Measure::Breaths => (3, 150),
            Measure::Weight if grown => (15_000, 450_000),
            Measure::Weight => (300, 300_000),
            Measure::Height if grown => (600, 2_550),
            Measure::Height => (200, 2_300),
            Measure::Head => (200, 750),
            Measure::Pain => (0, 10),
            Measure::Oxygen => (0, 600),
        }
    }

    /// Reads what was typed: `38,2`, `38.2`, `68`. `Ok(None)` for an empty field; `Err` says how to repair it.
    pub fn parse(self, typed: &str) -> Result<Option<i32>, String> {
        let typed = typed.trim().replace('.', ",");
        if typed.is_empty() {
            return Ok(None);
        }
        let sorry = || format!("{} chỉ gồm chữ số, ví dụ {}.", self.name(), self.example());
        let (whole, part) = typed.split_once(',').unwrap_or((&typed, ""));
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || whole.len() > 4 || !digits(whole) || !digits(part) {
            return Err(sorry());
        }
        let decimals = self.decimals() as usize;
        if part.len() > decimals {
            return Err(match decimals {
                0 => format!("{} ghi số nguyên, ví dụ {}.", self.name(), self.example()),
                n => format!("{} ghi tối đa {n} số lẻ, ví dụ {}.", self.name(), self.example()),
            });
        }
        format!("{whole}{part:0<decimals$}").parse().map(Some).map_err(|_| sorry())
    }

    /// The stored value as people read it, with a decimal comma: `38,2`, `68,5`, `173`.
    pub fn show(self, value: i32) -> String {
        let decimals = self.decimals();
        let step = 10_i32.pow(decimals);
        let (whole, part) = (value / step, (value % step).unsigned_abs());
        if part == 0 && self != Measure::Temperature {
            return whole.to_string();
        }
        if decimals == 0 {
            return whole.to_string();
        }
        let digits = format!("{part:0width$}", width = decimals as usize);
        let digits = if self == Measure::Temperature { &digits } else { digits.trim_end_matches('0') };
        format!("{whole},{digits}")
    }

    fn example(self) -> &'static str {
        match self {
            Measure::Systolic => "128",
            Measure::Diastolic => "82",
            Measure::Pulse => "80",
            Measure::Temperature => "37,2",
            Measure::Spo2 => "98",
            Measure::Breaths => "18",
            Measure::Weight => "62,5",
            Measure::Height => "165",
            Measure::Head => "46,5",
            Measure::Pain => "4",
            Measure::Oxygen => "2",
        }
    }
}

/// One set of measurements taken together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vitals {
    values: [Option<i32>; Measure::ALL.len()],
}

impl Vitals {
    pub fn get(&self, measure: Measure) -> Option<i32> {
        self.values[measure as usize]
    }

    pub fn set(&mut self, measure: Measure, value: Option<i32>) {
        self.values[measure as usize] = value;
    }

    pub fn is_empty(&self) -> bool {
        self.values.iter().all(Option::is_none)
    }

    /// The value as read by people, "" when it was not measured.
    pub fn show(&self, measure: Measure) -> String {
        self.get(measure).map(|v| measure.show(v)).unwrap_or_default()
    }

    /// `128/82`, "" unless both are known.
    pub fn blood_pressure(&self) -> String {
        match (self.get(Measure::Systolic), self.get(Measure::Diastolic)) {
            (Some(high), Some(low)) => format!("{high}/{low}"),
            _ => String::new(),
        }
    }

    /// Reads a form, where `typed(field)` is the text of one field. Refuses, all at once: text that is no number,
    /// values that no living person of that age has, half a blood pressure, diastolic not below systolic, and an
    /// empty form.
    pub fn read<'a>(age: Age, typed: impl Fn(&str) -> &'a str) -> Result<Vitals, Problems> {
        let mut vitals = Vitals::default();
        let mut problems = Problems::none();
        for measure in Measure::ALL {
            match measure.parse(typed(measure.field())) {
                Ok(value) => vitals.set(measure, value),
                Err(text) => problems.add(measure.field(), text),
            }
        }
        vitals.check(age, &mut problems);
        problems.or(vitals)
    }

    /// The refusals of [`Vitals::read`] that concern values already read (a device or a program sends numbers).
    pub fn check(&self, age: Age, problems: &mut Problems) {
        for measure in Measure::ALL {
            let Some(value) = self.get(measure) else { continue };
            let (least, most) = measure.possible(age);
            if !(least..=most).contains(&value) {
                let (name, unit) = (measure.name(), measure.unit());
                let (least, most) = (measure.show(least), measure.show(most));
                let shown = measure.show(value);
                problems.add(
                    measure.field(),
                    format!("{name} {shown} {unit} không thể có. Ghi từ {least} đến {most}, đo lại nếu cần."),
                );
            }
        }
        match (self.get(Measure::Systolic), self.get(Measure::Diastolic)) {
            (Some(high), Some(low)) if low >= high => {
                problems.add("diastolic", "Số dưới phải nhỏ hơn số trên. Kiểm tra có gõ ngược hai số không.");
            }
            (Some(_), None) => problems.add("diastolic", "Còn thiếu số dưới của huyết áp."),
            (None, Some(_)) => problems.add("systolic", "Còn thiếu số trên của huyết áp."),
            _ => {}
        }
        if self.is_empty() && problems.is_empty() {
            problems.add("", "Chưa có số đo nào. Nhập ít nhất một ô.");
        }
    }

    /// Body mass index in tenths of kg/m²; `None` without weight and height.
    pub fn bmi_tenths(&self) -> Option<i32> {
        let (weight_g, height_mm) = (self.get(Measure::Weight)?, self.get(Measure::Height)?);
        let square = i64::from(height_mm) * i64::from(height_mm);
        let tenths = (i64::from(weight_g) * 10_000 + square / 2) / square;
        i32::try_from(tenths).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn age(years: i32) -> Age {
        Age { years, months: years * 12, days: i64::from(years) * 365 }
    }

    fn form<'a>(fields: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> &'a str {
        move |name| fields.iter().find(|(n, _)| *n == name).map_or("", |(_, v)| *v)
    }

    #[test]
    fn typed_values_become_whole_steps_and_back() {
        for (measure, typed, stored, shown) in [
            (Measure::Temperature, "38,2", 382, "38,2"),
            (Measure::Temperature, "38.2", 382, "38,2"),
            (Measure::Temperature, "37", 370, "37,0"),
            (Measure::Weight, "68,5", 68_500, "68,5"),
            (Measure::Weight, "3,25", 3_250, "3,25"),
            (Measure::Weight, "68", 68_000, "68"),
            (Measure::Height, " 173 ", 1_730, "173"),
            (Measure::Pulse, "96", 96, "96"),
        ] {
            assert_eq!(measure.parse(typed), Ok(Some(stored)), "{typed}");
            assert_eq!(measure.show(stored), shown);
        }
        for typed in ["abc", "-5", "1e3", "38,25", ",5", "99999", "٣٨", "12 3"] {
            assert!(Measure::Temperature.parse(typed).is_err(), "{typed}");
        }
        assert_eq!(Measure::Pulse.parse("  "), Ok(None));
    }

    #[test]
    fn slips_of_the_hand_are_refused_beside_the_field_all_at_once() {
        let slips = form(&[
            ("systolic", "82"),
            ("diastolic", "128"),
            ("temperature", "382"),
            ("spo2", "101"),
            ("weight", "6,8"),
            ("pulse", "nhanh"),
        ]);
        let problems = Vitals::read(age(41), slips).unwrap_err();
        for field in ["diastolic", "temperature", "spo2", "weight", "pulse"] {
            assert!(!problems.at(field).is_empty(), "{field}");
        }
        assert_eq!(problems.0.len(), 5);
        assert!(Vitals::read(age(0), form(&[("weight", "6,8")])).is_ok(), "a baby may weigh 6,8 kg");
        assert!(Vitals::read(age(41), form(&[])).is_err(), "an empty form is no measurement");
        assert!(Vitals::read(age(41), form(&[("systolic", "120")])).is_err(), "half a blood pressure");
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_answered(typed in "\\PC{0,12}") {
            for measure in Measure::ALL {
                if let Ok(Some(value)) = measure.parse(&typed) {
                    prop_assert_eq!(measure.parse(&measure.show(value)), Ok(Some(value)));
                }
            }
        }
    }
}
