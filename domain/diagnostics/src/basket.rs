//! The basket before it is sent: what may go in, under which ids, and what the clinician should notice.

use crate::order::Status;
use crate::repeat::{self, Earlier, Repeat};
use crate::store::Order;
use base::{OrderId, Problem, Problems, Vnd};
use chrono::NaiveDate;
use organization::parameter::BySubject;
use organization::service::{Kind, Service};
use std::collections::HashMap;
use uuid::Uuid;

/// The kinds that are ordered; an examination is chosen at the desk.
pub const ORDERED: [Kind; 4] = [Kind::Lab, Kind::Imaging, Kind::Procedure, Kind::Other];

/// The most times one line can be asked for at once.
pub const MOST_TIMES: i32 = 99;

/// Whether a service can be ordered on that day. Refuses an examination, a service that has ended or not begun, and
/// one without a price of the day.
pub fn may_order(service: &Service, day: NaiveDate) -> Result<(), Problem> {
    let name = &service.facts.name;
    if !ORDERED.contains(&service.facts.kind) {
        return Err(Problem::of(format!("{name} là công khám, chọn ở quầy tiếp nhận, không chỉ định ở đây.")));
    }
    if service.active_to.is_some_and(|last| last < day) || service.active_from > day {
        return Err(Problem::of(format!("{name} đã ngừng dùng. Chọn dịch vụ khác.")));
    }
    if service.price.is_none() {
        return Err(Problem::of(format!("{name} chưa có giá ngày hôm nay. Báo người quản trị danh mục.")));
    }
    Ok(())
}

/// Refuses a basket that grew beyond what the facility allows for one visit.
pub fn has_room(orders: &[Order], more: usize, most: i64) -> Result<(), Problem> {
    let standing = orders.iter().filter(|order| order.status != Status::Cancelled).count();
    if standing + more > usize::try_from(most).unwrap_or(usize::MAX) {
        return Err(Problem::of(format!(
            "Lượt khám đã có {standing} chỉ định, tối đa {most}. Bỏ bớt trước khi thêm."
        )));
    }
    Ok(())
}

/// A quantity as typed.
pub fn quantity(typed: &str) -> Result<i32, Problem> {
    let text = typed.trim();
    text.parse::<i32>()
        .ok()
        .filter(|n| (1..=MOST_TIMES).contains(n))
        .ok_or_else(|| Problem::at("quantity", format!("Số lượng “{text}” không dùng được. Nhập từ 1 đến {MOST_TIMES}.")))
}

/// The id of one line that a set or a repetition adds: the same page sent twice gives the same ids.
pub fn line_id(minted: Uuid, service: Uuid) -> OrderId {
    let mixed = minted.as_u128() ^ service.as_u128().rotate_left(61);
    // The time stays in front, so that orders lie in the index as they came.
    let time_mask = !0u128 << 80;
    let id = (minted.as_u128() & time_mask) | (mixed & !time_mask);
    OrderId(uuid::Builder::from_custom_bytes(id.to_be_bytes()).into_uuid())
}

/// Which drafts repeat something, by order id.
pub fn repeats(
    orders: &[Order],
    earlier: &HashMap<Uuid, Earlier>,
    days: &BySubject,
    day: NaiveDate,
) -> HashMap<OrderId, Repeat> {
    let mut told = HashMap::new();
    for (at, draft) in orders.iter().enumerate().filter(|(_, order)| order.status == Status::Draft) {
        let in_visit = orders.iter().enumerate().find(|(other_at, other)| {
            other.service == draft.service
                && other.status != Status::Cancelled
                && (other.status != Status::Draft && other.id != draft.id || *other_at < at)
        });
        let same_visit =
            in_visit.map(|(_, other)| Earlier { day, status: other.status, is_this_visit: true });
        let last = same_visit.as_ref().or_else(|| earlier.get(&draft.service));
        if let Some(repeat) = repeat::of(&draft.name, day, days.of(draft.service), last) {
            told.insert(draft.id, repeat);
        }
    }
    told
}

/// What the drafts cost together; lines without a price count nothing.
pub fn total<'a>(orders: impl IntoIterator<Item = &'a Order>) -> Vnd {
    orders.into_iter().filter_map(Order::amount).sum()
}

/// Reads the note for those who carry it out: at most 500 characters.
pub fn note(typed: &str) -> Result<String, Problems> {
    let text = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    let length = text.chars().count();
    let mut problems = Problems::none();
    problems.add_if(length > 500, "note", format!("Ghi chú dài {length} ký tự, tối đa 500. Rút gọn lại."));
    problems.or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::Priority;
    use base::{EncounterId, PatientId};
    use organization::service::ServiceFacts;

    fn day() -> NaiveDate {
        "2026-11-24".parse().unwrap()
    }

    fn service(kind: Kind, price: Option<i64>) -> Service {
        Service {
            id: Uuid::now_v7(),
            facts: ServiceFacts {
                code: "S1".into(),
                name: "Siêu âm ổ bụng".into(),
                kind,
                room: None,
                unit: "lần".into(),
                national_code: String::new(),
                specimen: String::new(),
                preparation: String::new(),
                aliases: String::new(),
            },
            active_from: "2026-01-01".parse().unwrap(),
            active_to: None,
            price: price.map(Vnd),
            room_name: None,
        }
    }

    fn order(service: Uuid, status: Status) -> Order {
        Order {
            id: OrderId::new(),
            encounter: EncounterId::new(),
            patient: PatientId::new(),
            service,
            code: "S1".into(),
            name: "Siêu âm ổ bụng".into(),
            kind: Kind::Imaging,
            quantity: 2,
            room: None,
            room_name: String::new(),
            room_short: String::new(),
            price: Some(Vnd(150_000)),
            day: day(),
            priority: Priority::Routine,
            note: String::new(),
            status,
            slip_code: None,
            ordered_at: None,
            ordered_name: String::new(),
            is_paid: false,
            cancel_reason: String::new(),
            preparation: String::new(),
            specimen: String::new(),
        }
    }

    #[test]
    fn only_priced_living_services_are_ordered() {
        assert!(may_order(&service(Kind::Lab, Some(0)), day()).is_ok());
        for (kind, price, says) in [(Kind::Exam, Some(1), "công khám"), (Kind::Lab, None, "chưa có giá")] {
            assert!(may_order(&service(kind, price), day()).unwrap_err().text.contains(says));
        }
        let ended = Service { active_to: Some("2026-11-23".parse().unwrap()), ..service(Kind::Lab, Some(1)) };
        assert!(may_order(&ended, day()).unwrap_err().text.contains("ngừng"));
    }

    #[test]
    fn a_second_line_of_the_same_service_is_noticed_once() {
        let id = Uuid::now_v7();
        let days = BySubject { general: 0, own: HashMap::new() };
        let orders = [order(id, Status::Draft), order(id, Status::Draft)];
        let told = repeats(&orders, &HashMap::new(), &days, day());
        assert_eq!(told.keys().collect::<Vec<_>>(), [&orders[1].id], "the first line is no repetition");
        let sent_first = [order(id, Status::Placed), order(id, Status::Draft)];
        assert_eq!(repeats(&sent_first, &HashMap::new(), &days, day()).len(), 1);
        let cancelled_first = [order(id, Status::Cancelled), order(id, Status::Draft)];
        assert_eq!(repeats(&cancelled_first, &HashMap::new(), &days, day()).len(), 0);
    }

    #[test]
    fn ids_of_lines_repeat_and_differ() {
        let (minted, one, other) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
        assert_eq!(line_id(minted, one), line_id(minted, one));
        assert_ne!(line_id(minted, one), line_id(minted, other));
        assert_ne!(line_id(minted, one), line_id(Uuid::now_v7(), one));
    }

    #[test]
    fn absurd_quantities_are_refused() {
        for typed in ["", "0", "-1", "100", "1e3", "99999999999999999999", "hai"] {
            assert!(quantity(typed).is_err(), "{typed}");
        }
        assert_eq!(quantity(" 3 "), Ok(3));
        assert_eq!(total(&[order(Uuid::nil(), Status::Draft)]), Vnd(300_000));
    }
}
