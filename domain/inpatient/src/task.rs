//! One time of an order, as the nurse carries it out: due, done, refused, held, cancelled with its order.

use base::Problem;

/// Where a time stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    Due,
    Done,
    /// The patient would not.
    Refused,
    /// Put off for a reason, e.g. fasting or low blood pressure.
    Held,
    /// The order was stopped before it was due.
    Cancelled,
    /// Ticked by mistake: marked as entered in error.
    Wrong,
}

impl Status {
    pub const ALL: [Status; 6] = [Status::Due, Status::Done, Status::Refused, Status::Held, Status::Cancelled, Status::Wrong];

    pub fn key(self) -> &'static str {
        match self {
            Status::Due => "due",
            Status::Done => "done",
            Status::Refused => "refused",
            Status::Held => "held",
            Status::Cancelled => "cancelled",
            Status::Wrong => "wrong",
        }
    }
    pub fn from_key(key: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|status| status.key() == key)
    }
    pub fn name(self) -> &'static str {
        match self {
            Status::Due => "Chưa làm",
            Status::Done => "Đã làm",
            Status::Refused => "Người bệnh từ chối",
            Status::Held => "Tạm hoãn",
            Status::Cancelled => "Đã ngừng",
            Status::Wrong => "Ghi nhầm",
        }
    }
    /// Something is still to be done about it.
    pub fn is_open(self) -> bool {
        matches!(self, Status::Due | Status::Held)
    }
}

/// What somebody says about a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Do,
    Refuse,
    Hold,
    /// The doctor stopped the order.
    Stop,
    /// It was not done: the tick was a mistake.
    Undo,
}

impl Act {
    pub const ALL: [Act; 5] = [Act::Do, Act::Refuse, Act::Hold, Act::Stop, Act::Undo];

    pub fn from_key(key: &str) -> Option<Act> {
        match key {
            "done" => Some(Act::Do),
            "refused" => Some(Act::Refuse),
            "held" => Some(Act::Hold),
            "wrong" => Some(Act::Undo),
            _ => None,
        }
    }
}

/// The shortest reason that says something.
const SHORTEST_REASON: usize = 3;

/// The status after an act. Refuses a second execution, a refusal, delay or correction without a reason, and anything
/// about a time whose order was stopped.
pub fn after(status: Status, act: Act, reason: &str) -> Result<Status, Problem> {
    let has_reason = reason.trim().chars().count() >= SHORTEST_REASON;
    let to = match (status, act) {
        (Status::Due | Status::Held, Act::Do) => Status::Done,
        (Status::Due | Status::Held, Act::Refuse) => Status::Refused,
        (Status::Due, Act::Hold) => Status::Held,
        (Status::Due | Status::Held, Act::Stop) => Status::Cancelled,
        (Status::Done | Status::Refused, Act::Undo) => Status::Wrong,
        (Status::Done, _) => return Err(Problem::of("Y lệnh giờ này đã thực hiện rồi. Tải lại trang để thấy ai làm, lúc nào.")),
        (Status::Cancelled, _) => return Err(Problem::of("Y lệnh đã ngừng, không thực hiện giờ này nữa.")),
        (now, _) => return Err(Problem::of(format!("Giờ này đang ghi “{}” nên không làm được thao tác này.", now.name()))),
    };
    if matches!(act, Act::Refuse | Act::Hold | Act::Undo) && !has_reason {
        return Err(Problem::at("reason", "Ghi lý do ngắn gọn, ví dụ “nôn nhiều”, “huyết áp thấp”, “bấm nhầm”."));
    }
    Ok(to)
}

/// Further ahead than this nothing is given: the hour of an order is part of it.
pub const EARLY: chrono::TimeDelta = chrono::TimeDelta::minutes(60);

/// Refuses an execution more than an hour before its hour.
pub fn not_too_early(due: chrono::DateTime<chrono::Utc>, now: chrono::DateTime<chrono::Utc>) -> Result<(), Problem> {
    if due - EARLY > now {
        return Err(Problem::of(format!("Chưa tới giờ: y lệnh lúc {}. Chỉ thực hiện sớm tối đa 60 phút.", base::show_time(due))));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_time_is_done_once() {
        for (status, act, reason, to) in [
            (Status::Due, Act::Do, "", Some(Status::Done)),
            (Status::Done, Act::Do, "", None),
            (Status::Held, Act::Do, "", Some(Status::Done)),
            (Status::Due, Act::Refuse, "", None),
            (Status::Due, Act::Refuse, "không muốn tiêm", Some(Status::Refused)),
            (Status::Due, Act::Hold, "nhịn ăn", Some(Status::Held)),
            (Status::Due, Act::Stop, "", Some(Status::Cancelled)),
            (Status::Done, Act::Stop, "", None),
            (Status::Cancelled, Act::Do, "", None),
            (Status::Done, Act::Undo, "bấm nhầm", Some(Status::Wrong)),
            (Status::Wrong, Act::Do, "", None),
        ] {
            assert_eq!(after(status, act, reason).ok(), to, "{status:?} {act:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_pressed_a_time_is_executed_at_most_once(acts in proptest::collection::vec(0usize..5, 0..30)) {
            let (mut status, mut executed) = (Status::Due, 0);
            for n in acts {
                if let Ok(to) = after(status, Act::ALL[n], "có lý do") {
                    executed += u32::from(to == Status::Done);
                    status = to;
                }
            }
            prop_assert!(executed <= 1);
        }
    }
}
