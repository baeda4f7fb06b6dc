//! The steps of a record from hand to hand. One table; the database refuses everything else (trigger `step`).

use db::{Tx, sql};
use uuid::Uuid;
use web::Failure;

/// Where a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// The patient is in the house.
    Open,
    /// The stay has ended; papers and signatures are being completed.
    Completing,
    /// Handed in to the planning department.
    Submitted,
    /// Sent back with reasons.
    Returned,
    Archived,
    /// Archived once, opened again by two people; keeps its number.
    Reopened,
    /// Its content is lawfully gone; the cover and the minutes stay.
    Destroyed,
}

use Status::{Archived, Completing, Destroyed, Open, Reopened, Returned, Submitted};

/// Which step may follow which, and what it is called.
pub const STEPS: [(Status, Status, &str); 8] = [
    (Open, Completing, "Kết thúc điều trị"),
    (Completing, Submitted, "Nộp hồ sơ"),
    (Submitted, Returned, "Trả lại"),
    (Returned, Submitted, "Nộp lại"),
    (Submitted, Archived, "Nhận vào lưu trữ"),
    (Archived, Reopened, "Mở lại"),
    (Reopened, Submitted, "Nộp lại sau khi mở"),
    (Archived, Destroyed, "Hủy"),
];

impl Status {
    pub const ALL: [Status; 7] = [Open, Completing, Submitted, Returned, Archived, Reopened, Destroyed];

    pub fn key(self) -> &'static str {
        match self {
            Open => "open",
            Completing => "completing",
            Submitted => "submitted",
            Returned => "returned",
            Archived => "archived",
            Reopened => "reopened",
            Destroyed => "destroyed",
        }
    }
    pub fn from_key(key: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|s| s.key() == key)
    }
    /// The word on lists.
    pub fn title(self) -> &'static str {
        match self {
            Open => "Đang điều trị",
            Completing => "Đang hoàn thiện",
            Submitted => "Chờ duyệt",
            Returned => "Bị trả lại",
            Archived => "Đã lưu trữ",
            Reopened => "Đã mở lại",
            Destroyed => "Đã hủy",
        }
    }
    /// Look and icon of `c::badge`.
    pub fn look(self) -> (&'static str, &'static str) {
        match self {
            Open => ("info", "bed"),
            Completing => ("waiting", "progress-check"),
            Submitted => ("waiting", "hourglass"),
            Returned => ("warning", "arrow-back-up"),
            Archived => ("done", "archive"),
            Reopened => ("warning", "lock-open"),
            Destroyed => ("neutral", "trash"),
        }
    }
    pub fn may_become(self, next: Status) -> bool {
        STEPS.iter().any(|(from, to, _)| *from == self && *to == next)
    }
    /// Papers may be written and signed.
    pub fn is_writable(self) -> bool {
        !matches!(self, Submitted | Archived | Destroyed)
    }
}

/// Notes a step in the book of the record; the caller has changed the record itself and holds it locked.
pub async fn note(tx: &mut Tx, record: Uuid, from: Status, to: Status, note: &str) -> Result<(), Failure> {
    if !from.may_become(to) {
        return Err(Failure::Conflict(format!("Hồ sơ đang ở bước «{}» nên không chuyển sang «{}» được. Tải lại trang.", from.title(), to.title())));
    }
    let (facility, now, actor) = (tx.facility().0, tx.now, tx.actor.clone());
    sqlx::query(sql!(
        "INSERT INTO record_step (facility_id, record_id, step, from_status, to_status, at, by_account, by_name, note)
         SELECT $1, $2, coalesce(max(step), 0) + 1, $3, $4, $5, $6, $7, $8 FROM record_step WHERE facility_id = $1 AND record_id = $2"
    ))
    .bind(facility)
    .bind(record)
    .bind(from.key())
    .bind(to.key())
    .bind(now)
    .bind(actor.account.0)
    .bind(&*actor.name)
    .bind(note)
    .execute(tx.conn())
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_database_has_the_same_table() {
        let migration = include_str!("../../migrations/2026-11-25-1225-lock.sql");
        for from in Status::ALL {
            for to in Status::ALL {
                let pair = format!("('{}', '{}')", from.key(), to.key());
                assert_eq!(migration.contains(&pair), from.may_become(to), "{pair}");
            }
        }
    }

    #[test]
    fn nothing_leaves_the_end_and_everything_can_be_reached() {
        assert!(Status::ALL.into_iter().all(|to| !Destroyed.may_become(to)));
        for status in Status::ALL.into_iter().filter(|s| *s != Open) {
            assert!(Status::ALL.into_iter().any(|from| from.may_become(status)), "{status:?}");
        }
        for status in Status::ALL {
            assert_eq!(Status::from_key(status.key()), Some(status));
        }
    }

    proptest! {
        /// Whatever is tried in whatever order: an archived record was handed in just before, a destroyed one was
        /// archived, and one that was archived once never counts as merely completing again.
        #[test]
        fn a_record_goes_only_lawful_ways(tries in proptest::collection::vec(0usize..7, 0..60)) {
            let (mut now, mut was_archived, mut before) = (Open, false, Open);
            for nth in tries {
                let next = Status::ALL[nth];
                if !now.may_become(next) {
                    continue;
                }
                (before, now) = (now, next);
                prop_assert!(now != Archived || before == Submitted);
                prop_assert!(now != Destroyed || before == Archived);
                prop_assert!(now != Reopened || before == Archived);
                was_archived |= now == Archived;
                prop_assert!(!was_archived || !matches!(now, Open | Completing));
            }
            let _ = before;
        }
    }
}
