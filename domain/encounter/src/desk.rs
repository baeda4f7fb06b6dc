//! What the desk decides when somebody arrives: room, service, kind of care, who pays, priority. Checked once.

use crate::priority::{self, Class, Facts};
use crate::store::reception::{RoomLine, ServiceOffer};
use base::{Problems, RoomId};
use chrono::NaiveDate;
use patient::Summary;
use serde::Deserialize;
use uuid::Uuid;

/// The visit part of the desk's form as it was typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct TypedVisit {
    pub room: String,
    pub service: String,
    pub visit_type: String,
    pub reason: String,
    pub payer: String,
    /// A priority group ticked at the desk: `emergency`, `pregnant`, `disability_severe`, `disability_very_severe`, `merit`.
    pub priority: String,
}

/// The checked visit part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    pub room: RoomId,
    pub service: Option<Uuid>,
    pub visit_type: String,
    pub reason: String,
    pub pays_insurance: bool,
    pub priority: Class,
}

impl Arrival {
    /// Checks against the rooms and services on offer today; every problem at once.
    pub fn check(typed: &TypedVisit, rooms: &[RoomLine], services: &[ServiceOffer]) -> Result<Arrival, Problems> {
        let mut problems = Problems::none();
        let room = typed.room.parse::<Uuid>().ok().filter(|id| rooms.iter().any(|r| r.room_id == *id));
        if room.is_none() {
            let hint = rooms
                .iter()
                .min_by_key(|r| r.wait())
                .map(|r| match r.wait() {
                    0 => format!(" Gợi ý: {}, chưa có ai chờ.", r.short_name),
                    minutes => format!(" Gợi ý: {}, chờ khoảng {minutes} phút.", r.short_name),
                })
                .unwrap_or_default();
            problems.add("room", format!("Chọn phòng để cấp số.{hint}"));
        }
        let service = match typed.service.trim() {
            "" => None,
            text => {
                let known = text.parse::<Uuid>().ok().filter(|id| services.iter().any(|s| s.service_id == *id));
                problems.add_if(known.is_none(), "service", "Dịch vụ khám này không còn hiệu lực hôm nay. Chọn lại trong danh sách.");
                known
            }
        };
        let letters = typed.reason.chars().count();
        problems.add_if(letters > 500, "reason", format!("Lý do đến khám dài {letters} chữ, nhiều nhất 500. Rút gọn lại."));
        problems.add_if(
            typed.reason.chars().any(|c| c.is_control() && !c.is_whitespace()),
            "reason",
            "Lý do đến khám có ký tự ẩn. Xóa ô này và gõ lại.",
        );
        let Some(room) = room else { return Err(problems) };
        let digits = typed.visit_type.len() == 2 && typed.visit_type.bytes().all(|b| b.is_ascii_digit());
        problems.or(Arrival {
            room: RoomId(room),
            service,
            visit_type: if digits { typed.visit_type.clone() } else { "01".into() },
            reason: typed.reason.split_whitespace().collect::<Vec<_>>().join(" "),
            pays_insurance: typed.payer == "insurance",
            priority: Class::from_key(&typed.priority),
        })
    }

    /// The class of the ticket: what was ticked, what the record says and what the age says; the strongest wins.
    pub fn class(&self, birth: NaiveDate, known: Option<&Summary>, day: NaiveDate) -> Class {
        let marked = |kind: &str| known.is_some_and(|p| p.has_flag(kind, day));
        let ticked = |class: Class| self.priority == class;
        priority::class_on(
            day,
            &Facts {
                birth_date: Some(birth),
                is_emergency: ticked(Class::Emergency),
                is_pregnant: ticked(Class::Pregnant) || marked("pregnant"),
                has_very_severe_disability: ticked(Class::DisabilityVerySevere) || marked("disability_very_severe"),
                has_severe_disability: ticked(Class::DisabilitySevere) || marked("disability_severe"),
                has_merit: ticked(Class::Merit) || marked("merit"),
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room() -> RoomLine {
        RoomLine {
            room_id: Uuid::from_u128(1),
            code: "N1".into(),
            name: "Phòng Nội 1".into(),
            short_name: "Nội 1".into(),
            waiting: 2,
            next_number: 7,
            mean_minutes: Some(10.0),
        }
    }

    #[test]
    fn a_missing_room_is_refused_with_a_suggestion() {
        let problems = Arrival::check(&TypedVisit::default(), &[room()], &[]).unwrap_err();
        assert_eq!(problems.at("room"), "Chọn phòng để cấp số. Gợi ý: Nội 1, chờ khoảng 20 phút.");
        let foreign = TypedVisit { room: Uuid::from_u128(9).to_string(), ..Default::default() };
        assert!(!Arrival::check(&foreign, &[room()], &[]).unwrap_err().at("room").is_empty());
    }

    #[test]
    fn age_gives_priority_without_a_tick() {
        let typed = TypedVisit { room: Uuid::from_u128(1).to_string(), ..Default::default() };
        let arrival = Arrival::check(&typed, &[room()], &[]).unwrap();
        let day: NaiveDate = "2026-11-24".parse().unwrap();
        assert_eq!(arrival.class("1940-01-01".parse().unwrap(), None, day), Class::Elderly);
        assert_eq!(arrival.class("1985-01-01".parse().unwrap(), None, day), Class::None);
        let emergency = Arrival { priority: Class::Emergency, ..arrival };
        assert_eq!(emergency.class("1940-01-01".parse().unwrap(), None, day), Class::Emergency);
    }
}
