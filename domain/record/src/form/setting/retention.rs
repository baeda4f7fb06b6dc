//! How long a record is kept: the years that the law of the day asks (Circular 33/2025/TT-BYT), or longer where the
//! facility decided so. Counted from the end of the stay by the rule that held on that day.

use chrono::{Months, NaiveDate};
use db::Tx;

/// Why a record is kept as long as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// An ordinary stay or visit.
    Ordinary,
    /// An accident at work or on the road.
    Accident,
    /// Mental illness.
    Mental,
    /// Cosmetic surgery.
    Cosmetic,
    /// Somebody gave or received tissue or an organ.
    Transplant,
    /// The patient died.
    Death,
}

/// A class with its years.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    pub class: Class,
    pub years: u32,
    /// The last day on which it has to be there.
    pub until: NaiveDate,
    /// The legal text behind the years, or the facility's own decision.
    pub source: String,
}

impl Class {
    pub const ALL: [Class; 6] = [Class::Ordinary, Class::Accident, Class::Mental, Class::Cosmetic, Class::Transplant, Class::Death];

    /// As kept in tables, `ordinary`.
    pub fn key(self) -> &'static str {
        match self {
            Class::Ordinary => "ordinary",
            Class::Accident => "accident",
            Class::Mental => "mental",
            Class::Cosmetic => "cosmetic",
            Class::Transplant => "transplant",
            Class::Death => "death",
        }
    }

    pub fn from_key(key: &str) -> Option<Class> {
        Class::ALL.into_iter().find(|class| class.key() == key)
    }

    pub fn title(self) -> &'static str {
        match self {
            Class::Ordinary => "Nội trú, ngoại trú",
            Class::Accident => "Tai nạn lao động, tai nạn giao thông",
            Class::Mental => "Tâm thần",
            Class::Cosmetic => "Phẫu thuật thẩm mỹ",
            Class::Transplant => "Hiến, ghép mô, tạng",
            Class::Death => "Tử vong",
        }
    }

    /// The dated figure of the law in the catalogue, and the years known when the catalogue is silent.
    fn law(self) -> (&'static str, u32) {
        match self {
            Class::Ordinary => ("record_inpatient_outpatient", 10),
            Class::Accident | Class::Mental => ("record_mental_work_traffic_accident", 20),
            Class::Cosmetic => ("record_cosmetic_surgery", 20),
            Class::Transplant => ("record_transplant_donor_recipient", 30),
            Class::Death => ("record_death", 30),
        }
    }

    fn setting(self) -> &'static str {
        match self {
            Class::Ordinary => "retention.ordinary_years",
            Class::Accident | Class::Mental | Class::Cosmetic => "retention.long_years",
            Class::Transplant | Class::Death => "retention.death_years",
        }
    }
}

/// How long a record of this class has to be kept that ended on this day.
pub async fn retention(tx: &mut Tx, class: Class, ended_on: NaiveDate) -> Result<Retention, sqlx::Error> {
    let (key, known) = class.law();
    let law = codes::parameter::find(tx.conn(), key, ended_on).await?;
    let (asked, source) = match law.as_ref().and_then(|law| Some((u32::try_from(law.whole()?).ok()?, law.source.clone()))) {
        Some(found) => found,
        None => (known, "TT 33/2025/TT-BYT".to_owned()),
    };
    let decided = u32::try_from(super::number(tx, class.setting(), ended_on).await?).unwrap_or(0);
    let (years, source) = if decided > asked { (decided, "Quyết định của cơ sở".to_owned()) } else { (asked, source) };
    Ok(Retention { class, years, until: last_day(ended_on, years), source })
}

/// So many years later, on the same day; 29 February ends on 28 February.
pub fn last_day(from: NaiveDate, years: u32) -> NaiveDate {
    from.checked_add_months(Months::new(years.saturating_mul(12))).unwrap_or(NaiveDate::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_end_on_the_same_day_of_the_calendar() {
        let day = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).expect("a day");
        assert_eq!(last_day(day(2026, 11, 25), 10), day(2036, 11, 25));
        assert_eq!(last_day(day(2028, 2, 29), 10), day(2038, 2, 28));
    }
}
