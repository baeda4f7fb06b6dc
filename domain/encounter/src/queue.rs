//! The line in front of a room: who is next, and what may happen to a ticket.
//!
//! **The rule of the line.** Emergencies go first, always. Then people of the priority groups and everybody else
//! take turns: after `priority_turns` calls from the priority line one call goes to the ordinary line, so that
//! priority is felt and nobody waits for ever. In each line the one who has stood longest is next, by the time
//! the ticket was issued (or the place given back after a skip), then by number. Nothing else counts.

use crate::priority::Class;
use base::Problem;
use chrono::{DateTime, TimeDelta, Utc};

/// The parameter by which a facility decides how many priority calls may follow each other while ordinary people wait.
pub const PRIORITY_TURNS: &str = "queue.priority_turns";
/// Behind how many people somebody stands who comes back after being skipped.
pub const RETURN_BEHIND: usize = 2;

/// A ticket that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub number: i32,
    pub class: Class,
    pub queued_at: DateTime<Utc>,
}

/// The order in which the waiting will be called, as indexes into `waiting`. `run` is how many priority
/// people were called in this room since the last ordinary one.
pub fn order(waiting: &[Waiting], run: usize, priority_turns: usize) -> Vec<usize> {
    let mut emergency = Vec::new();
    let mut priority = Vec::new();
    let mut ordinary = Vec::new();
    let mut by_time: Vec<usize> = (0..waiting.len()).collect();
    by_time.sort_by_key(|&i| (waiting[i].queued_at, waiting[i].number));
    for i in by_time {
        match waiting[i].class {
            Class::Emergency => emergency.push(i),
            Class::None => ordinary.push(i),
            _ => priority.push(i),
        }
    }
    let mut line = emergency;
    let (mut priority, mut ordinary) = (priority.into_iter().peekable(), ordinary.into_iter().peekable());
    let mut run = run;
    while priority.peek().is_some() || ordinary.peek().is_some() {
        let ordinary_turn = run >= priority_turns && ordinary.peek().is_some();
        if ordinary_turn || priority.peek().is_none() {
            line.extend(ordinary.next());
            run = 0;
        } else {
            line.extend(priority.next());
            run += 1;
        }
    }
    line
}

/// How many priority calls stand at the end of `called` (the room's calls of today, oldest first). Emergencies
/// are nobody's turn and do not count.
pub fn priority_run(called: &[Class]) -> usize {
    called
        .iter()
        .rev()
        .filter(|class| **class != Class::Emergency)
        .take_while(|class| **class != Class::None)
        .count()
}

/// The place of somebody who comes back after being skipped: just behind the next [`RETURN_BEHIND`] of their
/// line, or `now` when fewer wait. `line` holds the queue times of the people waiting in the same line.
pub fn place_after_return(line: &[DateTime<Utc>], now: DateTime<Utc>) -> DateTime<Utc> {
    let mut line = line.to_vec();
    line.sort();
    match RETURN_BEHIND.checked_sub(1).and_then(|i| line.get(i)) {
        Some(before) => *before + TimeDelta::microseconds(1),
        None => now,
    }
}

/// Minutes somebody with `ahead` people before them will wait, from the mean length of today's visits in the
/// room (or 8 minutes while the day is young), rounded up to five.
pub fn wait_minutes(ahead: usize, mean_minutes: Option<f64>) -> i64 {
    let each = mean_minutes.filter(|m| m.is_finite()).unwrap_or(8.0).clamp(1.0, 60.0);
    ((ahead as f64 * each / 5.0).ceil() as i64) * 5
}

/// Where a ticket stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TicketStatus {
    Waiting,
    Called,
    Serving,
    Skipped,
    Done,
    Moved,
    Cancelled,
}

impl TicketStatus {
    pub const ALL: [TicketStatus; 7] = [
        TicketStatus::Waiting,
        TicketStatus::Called,
        TicketStatus::Serving,
        TicketStatus::Skipped,
        TicketStatus::Done,
        TicketStatus::Moved,
        TicketStatus::Cancelled,
    ];

    /// The word in the database.
    pub fn key(self) -> &'static str {
        match self {
            TicketStatus::Waiting => "waiting",
            TicketStatus::Called => "called",
            TicketStatus::Serving => "serving",
            TicketStatus::Skipped => "skipped",
            TicketStatus::Done => "done",
            TicketStatus::Moved => "moved",
            TicketStatus::Cancelled => "cancelled",
        }
    }

    pub fn from_key(key: &str) -> Option<TicketStatus> {
        TicketStatus::ALL.into_iter().find(|s| s.key() == key)
    }

    /// Refuses what cannot happen to a ticket that stands here.
    pub fn after(self, act: TicketAct) -> Result<TicketStatus, Problem> {
        use TicketStatus::*;
        match (act, self) {
            (TicketAct::Call, Waiting | Called | Skipped) => Ok(Called),
            (TicketAct::Enter, Waiting | Called | Skipped) => Ok(Serving),
            (TicketAct::Skip, Waiting | Called) => Ok(Skipped),
            (TicketAct::Return, Skipped | Called | Serving) => Ok(Waiting),
            (TicketAct::Finish, Serving | Called) => Ok(Done),
            (TicketAct::Move, Waiting | Called | Skipped) => Ok(Moved),
            (TicketAct::Cancel, Waiting | Called | Skipped) => Ok(Cancelled),
            (_, Serving) => Err(Problem::of("Người bệnh đang trong phòng khám. Bác sĩ trả về hàng chờ trước.")),
            (_, Done) => Err(Problem::of("Số này đã khám xong. Người bệnh khám thêm thì cấp số mới.")),
            (_, Moved) => Err(Problem::of("Số này đã chuyển sang phòng khác. Gọi theo số mới của phòng đó.")),
            (_, Cancelled) => Err(Problem::of("Số này đã hủy. Cấp số mới nếu người bệnh vẫn khám.")),
            _ => Err(Problem::of("Số này vừa đổi trạng thái ở máy khác. Tải lại trang để xem hàng chờ mới.")),
        }
    }
}

/// What somebody does with a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TicketAct {
    Call,
    Enter,
    Skip,
    Return,
    Finish,
    Move,
    Cancel,
}

/// What the loudspeaker says: "Mời người bệnh số 12, N. V. An, vào phòng Nội 1".
pub fn call_sentence(number: i32, masked_name: &str, room: &str) -> String {
    let room = room.trim();
    let rest = room.strip_prefix("Phòng ").or_else(|| room.strip_prefix("phòng ")).unwrap_or(room);
    format!("Mời người bệnh số {number}, {masked_name}, vào phòng {rest}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn minute(m: i64) -> DateTime<Utc> {
        "2026-11-24T01:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(m)
    }
    fn line(people: &[(i32, Class)]) -> Vec<Waiting> {
        people
            .iter()
            .map(|&(number, class)| Waiting { number, class, queued_at: minute(number.into()) })
            .collect()
    }
    fn numbers(people: &[(i32, Class)], run: usize) -> Vec<i32> {
        let waiting = line(people);
        order(&waiting, run, 2).into_iter().map(|i| waiting[i].number).collect()
    }

    #[test]
    fn priority_and_ordinary_take_turns() {
        use Class::*;
        let morning =
            [(1, None), (2, None), (3, Elderly), (4, Pregnant), (5, ChildUnder), (6, None), (7, Emergency)];
        assert_eq!(numbers(&morning, 0), [7, 3, 4, 1, 5, 2, 6]);
        // Two priority people were just called: the ordinary line has its turn, after the emergency.
        assert_eq!(numbers(&morning, 2), [7, 1, 3, 4, 2, 5, 6]);
        assert_eq!(numbers(&[(1, None), (2, None)], 5), [1, 2]);
    }

    #[test]
    fn an_emergency_takes_nobodys_turn() {
        use Class::*;
        assert_eq!(priority_run(&[None, Elderly, Emergency, Merit]), 2);
        assert_eq!(priority_run(&[Elderly, None]), 0);
        assert_eq!(priority_run(&[]), 0);
    }

    #[test]
    fn who_comes_back_stands_behind_two() {
        assert_eq!(place_after_return(&[minute(3), minute(1), minute(2)], minute(9)), minute(2) + TimeDelta::microseconds(1));
        assert_eq!(place_after_return(&[minute(1)], minute(9)), minute(9));
    }

    #[test]
    fn the_call_is_spoken_in_one_sentence() {
        let said = "Mời người bệnh số 12, N. V. An, vào phòng Nội 1";
        assert_eq!(call_sentence(12, "N. V. An", "Nội 1"), said);
        assert_eq!(call_sentence(12, "N. V. An", "Phòng Nội 1"), said);
    }

    #[test]
    fn a_ticket_in_the_room_is_not_cancelled_from_the_desk() {
        use TicketStatus::*;
        assert!(Serving.after(TicketAct::Cancel).is_err());
        assert!(Done.after(TicketAct::Call).is_err());
        assert_eq!(Called.after(TicketAct::Call), Ok(Called));
        assert_eq!(Skipped.after(TicketAct::Return), Ok(Waiting));
        assert_eq!(Waiting.after(TicketAct::Enter), Ok(Serving));
    }

    #[test]
    fn waiting_time_is_a_round_number() {
        assert_eq!(wait_minutes(0, Some(9.0)), 0);
        assert_eq!(wait_minutes(4, Some(9.0)), 40);
        assert_eq!(wait_minutes(1, Option::None), 10);
        assert_eq!(wait_minutes(3, Some(f64::NAN)), 25);
    }

    proptest! {
        #[test]
        fn nobody_is_lost_and_nobody_starves(
            classes in proptest::collection::vec(0usize..8, 0..40), run in 0usize..4, turns in 1usize..4
        ) {
            let waiting: Vec<Waiting> = classes.iter().enumerate().map(|(i, c)| Waiting {
                number: i as i32 + 1,
                class: Class::GROUPS.get(*c).copied().unwrap_or(Class::None),
                queued_at: minute(i as i64),
            }).collect();
            let line = order(&waiting, run, turns);
            let mut sorted = line.clone();
            sorted.sort();
            prop_assert_eq!(sorted, (0..waiting.len()).collect::<Vec<_>>());
            // After an ordinary person at most `turns` priority people pass before the next ordinary one.
            let mut since = 0;
            let mut ordinary_left = waiting.iter().filter(|w| w.class == Class::None).count();
            let mut first = true;
            for i in line {
                match waiting[i].class {
                    Class::Emergency => {}
                    Class::None => { since = 0; ordinary_left -= 1; first = false; }
                    _ => {
                        since += 1;
                        let before = if first { run.min(turns) } else { 0 };
                        prop_assert!(ordinary_left == 0 || since + before <= turns);
                    }
                }
            }
        }
    }
}
