//! A request to see a record: why it is asked, and the life it has. The rules are tables; pages and wires ask them.

use base::Problem;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// Why a record is asked for. Care, and what the law orders; nothing else is answered (Law 91/2025, Law 15/2023 art. 69).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// The same illness goes on here.
    FollowUp,
    /// A new illness; what was before matters.
    Treatment,
    /// Another doctor's opinion.
    Opinion,
    /// The patient is being moved here.
    Transfer,
    /// Life is in danger and nobody can be asked.
    Emergency,
}

impl Purpose {
    /// What may be chosen by hand; an emergency has a door of its own.
    pub const CHOICES: [Purpose; 4] = [Purpose::FollowUp, Purpose::Treatment, Purpose::Opinion, Purpose::Transfer];

    pub fn key(self) -> &'static str {
        match self {
            Purpose::FollowUp => "follow_up",
            Purpose::Treatment => "treatment",
            Purpose::Opinion => "opinion",
            Purpose::Transfer => "transfer",
            Purpose::Emergency => "emergency",
        }
    }
    pub fn from_key(key: &str) -> Option<Purpose> {
        Purpose::CHOICES.into_iter().chain([Purpose::Emergency]).find(|p| p.key() == key)
    }
    pub fn name(self) -> &'static str {
        match self {
            Purpose::FollowUp => "Tái khám, điều trị tiếp",
            Purpose::Treatment => "Khám bệnh, xem bệnh sử",
            Purpose::Opinion => "Hội chẩn, xin ý kiến",
            Purpose::Transfer => "Chuyển cơ sở khám chữa bệnh",
            Purpose::Emergency => "Cấp cứu",
        }
    }
}

/// Where a request stands at the house that holds the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Waits for the clerk to choose the papers.
    Asked,
    /// Waits for the patient.
    Consenting,
    Granted,
    Refused,
    /// Taken back by the asker.
    Withdrawn,
}

impl Status {
    pub const ALL: [Status; 5] = [Status::Asked, Status::Consenting, Status::Granted, Status::Refused, Status::Withdrawn];

    pub fn key(self) -> &'static str {
        match self {
            Status::Asked => "asked",
            Status::Consenting => "consenting",
            Status::Granted => "granted",
            Status::Refused => "refused",
            Status::Withdrawn => "withdrawn",
        }
    }
    pub fn from_key(key: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|s| s.key() == key)
    }
    pub fn name(self) -> &'static str {
        match self {
            Status::Asked => "Chờ chọn giấy",
            Status::Consenting => "Chờ người bệnh đồng ý",
            Status::Granted => "Đã chia sẻ",
            Status::Refused => "Đã từ chối",
            Status::Withdrawn => "Bên xin đã rút",
        }
    }
    /// Whether a request may go from here to `to`. Granted, refused and withdrawn are ends; a grant is ended by revoking it.
    pub fn may_become(self, to: Status) -> bool {
        matches!(
            (self, to),
            (Status::Asked, Status::Consenting | Status::Granted | Status::Refused | Status::Withdrawn)
                | (Status::Consenting, Status::Consenting | Status::Granted | Status::Refused | Status::Withdrawn)
        )
    }
    /// The refusal for a step that the life of a request does not know.
    pub fn step(self, to: Status) -> Result<Status, Problem> {
        if self.may_become(to) {
            Ok(to)
        } else {
            Err(Problem::of(format!("Yêu cầu này đang ở bước “{}” nên không làm tiếp được. Tải lại trang để xem kết quả.", self.name())))
        }
    }
}

/// How long an emergency opens a record.
pub const EMERGENCY: TimeDelta = TimeDelta::hours(4);
/// The longest permission that can be chosen.
pub const LONGEST: TimeDelta = TimeDelta::days(365);

/// How long a permission lasts, as chosen: `"1"`, `"7"`, `"30"` days from now, or a last day typed (its end in Vietnam).
/// Refuses the past and more than a year.
pub fn until(days: &str, last_day: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, Problem> {
    let until = match days {
        "1" => now + TimeDelta::days(1),
        "7" => now + TimeDelta::days(7),
        "30" => now + TimeDelta::days(30),
        "date" => {
            let day = base::parse_date_vi(last_day).ok_or_else(|| Problem::at("last_day", "Nhập ngày cuối cùng được xem, ví dụ 05/12/2026."))?;
            let next = day.succ_opt().ok_or_else(|| Problem::at("last_day", "Ngày này không có trong lịch."))?;
            base::dates::start_of_day(next)
        }
        _ => return Err(Problem::at("days", "Chọn thời hạn cho xem.")),
    };
    if until <= now {
        return Err(Problem::at("last_day", "Ngày cuối đã qua. Chọn từ hôm nay trở đi."));
    }
    if until > now + LONGEST {
        return Err(Problem::at("last_day", "Dài nhất là một năm. Chọn ngày gần hơn; khi cần thì xin lại."));
    }
    Ok(until)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_last_day_ends_at_midnight_in_vietnam() {
        let now = at("2026-11-28T01:02:00Z");
        assert_eq!(until("7", "", now), Ok(at("2026-12-05T01:02:00Z")));
        assert_eq!(until("date", "05/12/2026", now), Ok(at("2026-12-05T17:00:00Z")));
        // Still today in Vietnam, although London has another date.
        assert_eq!(until("date", "28/11/2026", at("2026-11-28T16:59:00Z")), Ok(at("2026-11-28T17:00:00Z")));
        assert!(until("date", "28/11/2026", at("2026-11-28T17:00:00Z")).is_err());
        for (days, day) in [("date", ""), ("date", "31/02/2027"), ("date", "27/11/2026"), ("date", "29/11/2027"), ("", ""), ("365", "")] {
            assert!(until(days, day, now).is_err(), "{days} {day}");
        }
    }

    proptest! {
        /// However the steps come, an end stays an end, and nobody is granted without having been asked first.
        #[test]
        fn ends_are_ends(steps in proptest::collection::vec(0usize..5, 0..12)) {
            let mut status = Status::Asked;
            let mut ended = None;
            for step in steps {
                if let Ok(next) = status.step(Status::ALL[step]) {
                    prop_assert!(ended.is_none());
                    prop_assert!(next != Status::Asked);
                    status = next;
                }
                if matches!(status, Status::Granted | Status::Refused | Status::Withdrawn) {
                    ended = Some(status);
                }
            }
            prop_assert!(ended.is_none_or(|end| end == status));
        }
    }
}
