//! One order and its life: drafted in the basket, placed by the clinician, a sample taken or the person received,
//! done, or cancelled.

use base::{Problem, RoomId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// In the basket, not sent to anybody.
    Draft,
    /// Sent: charged, printed, waiting to be carried out.
    Placed,
    /// The sample is taken, or the person is being examined.
    Collected,
    Done,
    Cancelled,
}

impl Status {
    pub const ALL: [Status; 5] =
        [Status::Draft, Status::Placed, Status::Collected, Status::Done, Status::Cancelled];

    /// The key as it is stored.
    pub fn key(self) -> &'static str {
        match self {
            Status::Draft => "draft",
            Status::Placed => "placed",
            Status::Collected => "collected",
            Status::Done => "done",
            Status::Cancelled => "cancelled",
        }
    }

    pub fn from_key(key: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|status| status.key() == key)
    }

    pub fn name(self) -> &'static str {
        match self {
            Status::Draft => "Chưa gửi",
            Status::Placed => "Chờ làm",
            Status::Collected => "Đang làm",
            Status::Done => "Đã làm",
            Status::Cancelled => "Đã hủy",
        }
    }
}

/// A step of an order's life, with what it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// The clinician sends the basket.
    Place,
    /// The sample is taken; `paid` and `pay_first` say whether the cashier must come first.
    Collect { is_paid: bool, pay_first: bool },
    Finish,
    /// Nobody needs it any more, or it was a mistake.
    Cancel { reason: &'a str },
}

/// The shortest reason that says something.
const SHORTEST_REASON: usize = 5;

/// The status after a step. Refuses a step that does not follow, an unpaid order where the facility asks for payment
/// first, and a cancellation after the sample was taken without a reason.
pub fn after(status: Status, step: &Step<'_>) -> Result<Status, Problem> {
    match (status, step) {
        (Status::Draft, Step::Place) => Ok(Status::Placed),
        (Status::Placed, Step::Collect { is_paid: false, pay_first: true }) => Err(Problem::of(
            "Chỉ định này chưa thanh toán. Mời người bệnh qua quầy thu ngân trước.",
        )),
        (Status::Placed, Step::Collect { .. }) => Ok(Status::Collected),
        (Status::Collected, Step::Finish) => Ok(Status::Done),
        (Status::Draft | Status::Placed, Step::Cancel { .. }) => Ok(Status::Cancelled),
        (Status::Collected, Step::Cancel { reason }) => {
            if reason.trim().chars().count() < SHORTEST_REASON {
                Err(Problem::at(
                    "reason",
                    "Đã lấy mẫu hoặc đang làm: ghi lý do hủy (ít nhất 5 ký tự), ví dụ “mẫu vỡ hồng cầu”.",
                ))
            } else {
                Ok(Status::Cancelled)
            }
        }
        (Status::Done, Step::Cancel { .. }) => {
            Err(Problem::of("Chỉ định đã làm xong nên không hủy được. Nếu nhầm, ghi chú vào kết quả."))
        }
        (Status::Cancelled, _) => Err(Problem::of("Chỉ định này đã hủy. Tải lại trang để thấy danh sách mới.")),
        (now, _) => Err(Problem::of(format!(
            "Chỉ định đang ở bước “{}” nên không làm được thao tác này. Tải lại trang.",
            now.name()
        ))),
    }
}

/// How soon it is needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    #[default]
    Routine,
    Urgent,
}

impl Priority {
    pub fn key(self) -> &'static str {
        match self {
            Priority::Routine => "routine",
            Priority::Urgent => "urgent",
        }
    }
    pub fn from_key(key: &str) -> Option<Priority> {
        [Priority::Routine, Priority::Urgent].into_iter().find(|p| p.key() == key)
    }
    pub fn name(self) -> &'static str {
        match self {
            Priority::Routine => "Thường",
            Priority::Urgent => "Khẩn",
        }
    }
}

/// The slip code of a basket's orders for one room: letters and digits that every barcode reader and person can
/// repeat. Derived from the first order's id, so that sending the same basket again makes the same slips.
pub fn slip_code(first_order: Uuid, ordered_at: DateTime<Utc>) -> String {
    // Crockford's alphabet leaves out I, L, O and U.
    const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let day = base::local_time(ordered_at).format("%y%m%d");
    let mut rest = first_order.as_u128();
    let mut tail = String::with_capacity(7);
    for _ in 0..7 {
        tail.push(LETTERS[(rest % 32) as usize] as char);
        rest /= 32;
    }
    format!("CD{day}{tail}")
}

/// The rooms of a basket in the order in which they were first needed, each with its orders: one slip per room.
pub fn by_room<T>(orders: impl IntoIterator<Item = (Option<RoomId>, T)>) -> Vec<(Option<RoomId>, Vec<T>)> {
    let mut slips: Vec<(Option<RoomId>, Vec<T>)> = Vec::new();
    for (room, order) in orders {
        match slips.iter_mut().find(|(known, _)| *known == room) {
            Some((_, orders)) => orders.push(order),
            None => slips.push((room, vec![order])),
        }
    }
    slips
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_lives_in_one_direction() {
        use Status::*;
        let collect = Step::Collect { is_paid: false, pay_first: false };
        let cancel = Step::Cancel { reason: "" };
        for (status, step, next) in [
            (Draft, Step::Place, Some(Placed)),
            (Placed, Step::Place, None),
            (Placed, collect.clone(), Some(Collected)),
            (Draft, collect.clone(), None),
            (Collected, Step::Finish, Some(Done)),
            (Placed, Step::Finish, None),
            (Draft, cancel.clone(), Some(Cancelled)),
            (Placed, cancel.clone(), Some(Cancelled)),
            (Collected, cancel.clone(), None),
            (Collected, Step::Cancel { reason: "mẫu vỡ hồng cầu" }, Some(Cancelled)),
            (Done, Step::Cancel { reason: "nhầm người bệnh" }, None),
            (Cancelled, Step::Place, None),
            (Cancelled, cancel, None),
        ] {
            assert_eq!(after(status, &step).ok(), next, "{status:?} {step:?}");
        }
    }

    #[test]
    fn pay_first_stops_only_what_is_unpaid() {
        for (is_paid, pay_first, goes) in [(false, true, false), (true, true, true), (false, false, true)] {
            let step = Step::Collect { is_paid, pay_first };
            assert_eq!(after(Status::Placed, &step).is_ok(), goes);
        }
    }

    #[test]
    fn slips_follow_the_rooms() {
        let (lab, scan) = (RoomId::new(), RoomId::new());
        let slips = by_room([(Some(lab), "máu"), (Some(scan), "bụng"), (Some(lab), "đường"), (None, "khác")]);
        assert_eq!(slips, [(Some(lab), vec!["máu", "đường"]), (Some(scan), vec!["bụng"]), (None, vec!["khác"])]);
    }

    #[test]
    fn slip_codes_are_stable_and_plain() {
        let id = Uuid::now_v7();
        let at = "2026-11-24T17:30:00Z".parse().unwrap();
        let code = slip_code(id, at);
        assert_eq!(code, slip_code(id, at));
        assert!(code.starts_with("CD261125"), "{code}: the day turns at midnight in Vietnam");
        assert!(code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()));
    }
}
