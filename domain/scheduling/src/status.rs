//! The life of a booking: which status may follow which, and by whose act.

use base::Problem;

/// Where a booking stands. FHIR's word in brackets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// A place is kept for a few minutes while the form is filled (`pending`, by IHE `$hold`).
    Held,
    /// Asked for; waits for the screening call, and keeps its place (`pending`).
    Pending,
    /// Screened, or in no need of it: has a number and a code (`booked`).
    Confirmed,
    /// At the facility, with a visit of its own (`checked-in`).
    Arrived,
    /// The visit ended (`fulfilled`).
    Fulfilled,
    /// Given up by the patient or the facility (`cancelled`).
    Cancelled,
    /// Not taken at screening (`cancelled`).
    Refused,
    /// Not finished, or not screened, in time (`cancelled`).
    Expired,
    /// Did not come (`noshow`).
    NoShow,
    /// Another booking took its place (`cancelled`).
    Moved,
}

/// What is done to a booking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Submit,
    Confirm,
    Refuse,
    Cancel,
    Expire,
    Move,
    Arrive,
    /// The desk takes an arrival back that was a slip.
    Unarrive,
    Fulfil,
    Miss,
}

impl Status {
    pub const ALL: [Status; 10] = [
        Status::Held,
        Status::Pending,
        Status::Confirmed,
        Status::Arrived,
        Status::Fulfilled,
        Status::Cancelled,
        Status::Refused,
        Status::Expired,
        Status::NoShow,
        Status::Moved,
    ];

    /// The word in the database and in events.
    pub fn key(self) -> &'static str {
        match self {
            Status::Held => "held",
            Status::Pending => "pending",
            Status::Confirmed => "confirmed",
            Status::Arrived => "arrived",
            Status::Fulfilled => "fulfilled",
            Status::Cancelled => "cancelled",
            Status::Refused => "refused",
            Status::Expired => "expired",
            Status::NoShow => "noshow",
            Status::Moved => "moved",
        }
    }

    pub fn from_key(key: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|s| s.key() == key)
    }

    /// The word on screen.
    pub fn shown(self) -> &'static str {
        match self {
            Status::Held => "Đang giữ chỗ",
            Status::Pending => "Chờ sàng lọc",
            Status::Confirmed => "Đã xác nhận",
            Status::Arrived => "Đã đến",
            Status::Fulfilled => "Đã khám",
            Status::Cancelled => "Đã hủy",
            Status::Refused => "Không nhận",
            Status::Expired => "Quá hạn",
            Status::NoShow => "Không đến",
            Status::Moved => "Đã đổi lịch",
        }
    }

    /// FHIR R4 `Appointment.status`.
    pub fn fhir(self) -> &'static str {
        match self {
            Status::Held | Status::Pending => "pending",
            Status::Confirmed => "booked",
            Status::Arrived => "checked-in",
            Status::Fulfilled => "fulfilled",
            Status::Cancelled | Status::Refused | Status::Expired | Status::Moved => "cancelled",
            Status::NoShow => "noshow",
        }
    }

    /// Whether anything is still to come.
    pub fn is_live(self) -> bool {
        matches!(self, Status::Held | Status::Pending | Status::Confirmed | Status::Arrived)
    }

    /// The status after `act`, or why it cannot be.
    pub fn after(self, act: Act) -> Result<Status, Problem> {
        use Status::*;
        match (act, self) {
            (Act::Submit, Held) => Ok(Pending),
            (Act::Confirm, Held | Pending) => Ok(Confirmed),
            (Act::Refuse, Held | Pending) => Ok(Refused),
            (Act::Cancel, Held | Pending | Confirmed) => Ok(Cancelled),
            (Act::Expire, Held | Pending) => Ok(Expired),
            (Act::Move, Held | Pending | Confirmed) => Ok(Moved),
            (Act::Arrive, Confirmed | NoShow) => Ok(Arrived),
            (Act::Unarrive, Arrived) => Ok(Confirmed),
            (Act::Fulfil, Arrived) => Ok(Fulfilled),
            (Act::Miss, Confirmed) => Ok(NoShow),
            (_, Expired) => Err(Problem::of("Lịch này đã quá hạn giữ chỗ. Chọn lại giờ khám.")),
            (_, Cancelled | Refused) => Err(Problem::of("Lịch này đã hủy. Đặt lịch mới nếu vẫn cần khám.")),
            (_, Moved) => Err(Problem::of("Lịch này đã đổi sang giờ khác. Mở lịch mới để xem.")),
            (_, Fulfilled) => Err(Problem::of("Lượt khám của lịch này đã xong.")),
            (_, NoShow) => Err(Problem::of("Lịch này đã ghi là không đến. Đặt lịch mới nếu vẫn cần khám.")),
            (_, Arrived) => Err(Problem::of("Người bệnh đã đến và đã có lượt khám. Xử lý ở lượt khám.")),
            _ => Err(Problem::of("Lịch này vừa đổi trạng thái ở nơi khác. Tải lại trang để xem.")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_ended_does_not_come_back() {
        for ended in [Status::Fulfilled, Status::Cancelled, Status::Refused, Status::Expired, Status::Moved] {
            for act in [Act::Submit, Act::Confirm, Act::Refuse, Act::Cancel, Act::Expire, Act::Move, Act::Arrive, Act::Unarrive, Act::Fulfil, Act::Miss] {
                assert!(ended.after(act).is_err(), "{ended:?} {act:?}");
            }
        }
    }

    #[test]
    fn a_booking_is_confirmed_once_and_who_comes_late_still_arrives() {
        assert_eq!(Status::Pending.after(Act::Confirm), Ok(Status::Confirmed));
        assert!(Status::Confirmed.after(Act::Confirm).is_err());
        assert_eq!(Status::NoShow.after(Act::Arrive), Ok(Status::Arrived));
        assert!(Status::Arrived.after(Act::Cancel).is_err());
        for status in Status::ALL {
            assert_eq!(Status::from_key(status.key()), Some(status));
        }
    }
}
