//! The life of a visit: planned, arrived, triaged, in progress, finished, or cancelled on the way.
//! The rule is one table; everything that moves a visit asks it first.

use base::Problem;
use serde::{Deserialize, Serialize};

/// Where a visit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Booked; the person is not here yet.
    Planned,
    /// At the desk or in the waiting area, with a ticket.
    Arrived,
    /// The nurse has taken vitals.
    Triaged,
    /// In the doctor's room.
    InProgress,
    /// The doctor finished; amendments make new versions of the note, the status stays.
    Finished,
    /// Called off before the doctor began.
    Cancelled,
}

impl Status {
    pub const ALL: [Status; 6] = [
        Status::Planned,
        Status::Arrived,
        Status::Triaged,
        Status::InProgress,
        Status::Finished,
        Status::Cancelled,
    ];

    /// The word in the database and in the API.
    pub fn key(self) -> &'static str {
        match self {
            Status::Planned => "planned",
            Status::Arrived => "arrived",
            Status::Triaged => "triaged",
            Status::InProgress => "in_progress",
            Status::Finished => "finished",
            Status::Cancelled => "cancelled",
        }
    }

    /// The status behind a database word; `None` for a word that the schema's CHECK would refuse as well.
    pub fn from_key(key: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|s| s.key() == key)
    }

    /// The word people see.
    pub fn label(self) -> &'static str {
        match self {
            Status::Planned => "Sắp đến",
            Status::Arrived => "Chờ khám",
            Status::Triaged => "Đã đo sinh hiệu",
            Status::InProgress => "Đang khám",
            Status::Finished => "Xong",
            Status::Cancelled => "Đã hủy",
        }
    }

    /// Whether the visit may go from here to `to`. Standing still is not a step.
    pub fn may_become(self, to: Status) -> bool {
        use Status::*;
        matches!(
            (self, to),
            (Planned, Arrived | Cancelled)
                | (Arrived, Triaged | InProgress | Cancelled)
                // A called person who is not there, or is sent to another room, waits again.
                | (Triaged, Arrived | InProgress | Cancelled)
                | (InProgress, Arrived | Triaged | Finished)
        )
    }

    /// Refuses a step that the table does not know, in words that tell the person what to do instead.
    pub fn step(self, to: Status) -> Result<Status, Problem> {
        if self.may_become(to) {
            return Ok(to);
        }
        Err(Problem::of(match (self, to) {
            (Status::Finished, _) => "Lượt khám đã kết thúc. Muốn sửa, mở bản bổ sung và ghi lý do.",
            (Status::Cancelled, _) => "Lượt khám đã hủy. Người bệnh cần khám thì tiếp nhận lượt mới.",
            (Status::InProgress, Status::Cancelled) => {
                "Bác sĩ đang khám nên chưa hủy được. Bác sĩ trả người bệnh về hàng chờ trước, rồi hủy."
            }
            (_, Status::Finished) => "Bác sĩ chưa khám lượt này. Gọi người bệnh vào phòng trước khi kết thúc.",
            _ => "Trạng thái lượt khám đã đổi ở máy khác. Tải lại trang để xem trạng thái mới.",
        }))
    }

    /// Nothing more happens to the visit by itself.
    pub fn is_closed(self) -> bool {
        matches!(self, Status::Finished | Status::Cancelled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_table_of_steps() {
        let allowed: Vec<String> = Status::ALL
            .into_iter()
            .flat_map(|from| Status::ALL.into_iter().map(move |to| (from, to)))
            .filter(|(from, to)| from.may_become(*to))
            .map(|(from, to)| format!("{} {}", from.key(), to.key()))
            .collect();
        assert_eq!(
            allowed,
            [
                "planned arrived",
                "planned cancelled",
                "arrived triaged",
                "arrived in_progress",
                "arrived cancelled",
                "triaged arrived",
                "triaged in_progress",
                "triaged cancelled",
                "in_progress arrived",
                "in_progress triaged",
                "in_progress finished",
            ]
        );
    }

    #[test]
    fn every_refusal_says_what_to_do() {
        for from in Status::ALL {
            for to in Status::ALL {
                if let Err(problem) = from.step(to) {
                    assert!(problem.text.matches('.').count() >= 2, "{from:?} {to:?}: {}", problem.text);
                }
            }
        }
    }

    #[test]
    fn words_read_back() {
        for status in Status::ALL {
            assert_eq!(Status::from_key(status.key()), Some(status));
        }
        assert_eq!(Status::from_key("lost"), None);
    }
}
