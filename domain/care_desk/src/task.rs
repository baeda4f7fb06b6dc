//! A reason to call somebody: which state may follow which, how long a call is kept for one person, when a number that
//! nobody answered is tried again, and what a call may end with.

use base::Problem;
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

/// How long a call stays with whoever took it; the open page renews it.
pub const CLAIM: TimeDelta = TimeDelta::minutes(10);

/// Why somebody is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Screening,
    MissedCall,
    NoShow,
    FollowUp,
}

impl Kind {
    pub const ALL: [Kind; 4] = [Kind::Screening, Kind::MissedCall, Kind::NoShow, Kind::FollowUp];

    /// The word in the database.
    pub fn key(self) -> &'static str {
        match self {
            Kind::Screening => "screening",
            Kind::MissedCall => "missed_call",
            Kind::NoShow => "no_show",
            Kind::FollowUp => "follow_up",
        }
    }

    pub fn from_key(key: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|k| k.key() == key)
    }

    /// The word on screen.
    pub fn shown(self) -> &'static str {
        match self {
            Kind::Screening => "Sàng lọc",
            Kind::MissedCall => "Gọi nhỡ",
            Kind::NoShow => "Lỡ hẹn",
            Kind::FollowUp => "Tới hẹn khám lại",
        }
    }

    pub fn icon(self) -> &'static str {
        match self {
            Kind::Screening => "clipboard-check",
            Kind::MissedCall => "phone",
            Kind::NoShow => "user-off",
            Kind::FollowUp => "refresh",
        }
    }
}

/// Where a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Open,
    Claimed,
    Done,
    /// No longer needed: the booking ended in another way.
    Gone,
}

impl State {
    pub fn key(self) -> &'static str {
        match self {
            State::Open => "open",
            State::Claimed => "claimed",
            State::Done => "done",
            State::Gone => "gone",
        }
    }

    pub fn from_key(key: &str) -> Option<State> {
        [State::Open, State::Claimed, State::Done, State::Gone].into_iter().find(|s| s.key() == key)
    }
}

/// What is done to a call on the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Claim,
    Release,
    Finish,
    /// Try again later.
    Postpone,
    Vanish,
}

/// Who has a call, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    pub state: State,
    pub by: Option<Uuid>,
    pub until: Option<DateTime<Utc>>,
}

impl Held {
    /// Whether somebody other than `me` has it now.
    pub fn is_elsewhere(&self, me: Uuid, now: DateTime<Utc>) -> bool {
        self.state == State::Claimed && self.by != Some(me) && self.until.is_some_and(|until| until > now)
    }

    /// The state after `act` of `me`, or why it cannot be. Somebody whose time ran out may go on as long as nobody else
    /// took the call.
    pub fn after(&self, act: Act, me: Uuid, now: DateTime<Utc>) -> Result<State, Problem> {
        match (self.state, act) {
            (State::Done, _) => Err(Problem::of("Cuộc gọi này đã có kết luận. Nhận việc khác trong danh sách.")),
            (State::Gone, _) => Err(Problem::of("Không còn cần gọi: lịch này đã có người xử lý hoặc đã kết thúc ở nơi khác.")),
            (_, Act::Vanish) => Ok(State::Gone),
            _ if self.is_elsewhere(me, now) => Err(Problem::of("Người khác đang gọi số này. Nhận việc khác trong danh sách.")),
            (_, Act::Claim) => Ok(State::Claimed),
            (State::Open, Act::Finish | Act::Postpone) => Err(Problem::of("Bấm “Nhận gọi” trước khi ghi kết luận.")),
            (_, Act::Release | Act::Postpone) => Ok(State::Open),
            (State::Claimed, Act::Finish) => Ok(State::Done),
        }
    }
}

/// When a number is tried again after nobody answered for the `tries`-th time; `None` gives it up.
pub fn retry_after(tries: i32) -> Option<TimeDelta> {
    match tries {
        ..=1 => Some(TimeDelta::minutes(15)),
        2 => Some(TimeDelta::hours(1)),
        3 => Some(TimeDelta::hours(3)),
        _ => None,
    }
}

/// When a busy number is tried again.
pub const BUSY: TimeDelta = TimeDelta::minutes(5);

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Confirmed,
    Moved,
    NoAnswer,
    Busy,
    WrongNumber,
    CallBack,
    /// The patient does not want the booking any more.
    Declined,
    OtherSpecialty,
    /// Advised on the phone; no visit needed.
    Advised,
    Emergency,
    /// Spoken with; nothing of a booking to decide.
    Talked,
    Booked,
}

impl Outcome {
    pub const ALL: [Outcome; 12] = [
        Outcome::Confirmed,
        Outcome::Moved,
        Outcome::NoAnswer,
        Outcome::Busy,
        Outcome::WrongNumber,
        Outcome::CallBack,
        Outcome::Declined,
        Outcome::OtherSpecialty,
        Outcome::Advised,
        Outcome::Emergency,
        Outcome::Talked,
        Outcome::Booked,
    ];

    pub fn key(self) -> &'static str {
        match self {
            Outcome::Confirmed => "confirmed",
            Outcome::Moved => "moved",
            Outcome::NoAnswer => "no_answer",
            Outcome::Busy => "busy",
            Outcome::WrongNumber => "wrong_number",
            Outcome::CallBack => "call_back",
            Outcome::Declined => "declined",
            Outcome::OtherSpecialty => "other_specialty",
            Outcome::Advised => "advised",
            Outcome::Emergency => "emergency",
            Outcome::Talked => "talked",
            Outcome::Booked => "booked",
        }
    }

    pub fn from_key(key: &str) -> Option<Outcome> {
        Outcome::ALL.into_iter().find(|o| o.key() == key)
    }

    /// The word on screen.
    pub fn shown(self) -> &'static str {
        match self {
            Outcome::Confirmed => "Xác nhận lịch",
            Outcome::Moved => "Đổi giờ khác",
            Outcome::NoAnswer => "Không nghe máy",
            Outcome::Busy => "Máy bận",
            Outcome::WrongNumber => "Sai số",
            Outcome::CallBack => "Hẹn gọi lại",
            Outcome::Declined => "Người bệnh không khám nữa",
            Outcome::OtherSpecialty => "Cần chuyên khoa khác",
            Outcome::Advised => "Tư vấn, không cần khám",
            Outcome::Emergency => "Đã hướng dẫn cấp cứu",
            Outcome::Talked => "Đã nói chuyện",
            Outcome::Booked => "Đã đặt lịch",
        }
    }

    /// Whether somebody was spoken with, so that answers are worth keeping.
    pub fn is_spoken(self) -> bool {
        !matches!(self, Outcome::NoAnswer | Outcome::Busy | Outcome::WrongNumber)
    }

    /// What the booking is refused with, where this outcome refuses it; the caller's own words are added.
    pub fn refusal(self) -> Option<&'static str> {
        match self {
            Outcome::WrongNumber => Some("Sai số điện thoại, không liên lạc được"),
            Outcome::Declined => Some("Người bệnh không khám nữa"),
            Outcome::OtherSpecialty => Some("Cần chuyên khoa khác"),
            Outcome::Advised => Some("Đã tư vấn qua điện thoại, không cần khám"),
            Outcome::Emergency => Some("Có dấu hiệu nguy hiểm, đã hướng dẫn đi cấp cứu"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_one_persons_until_its_time_runs_out() {
        let now: DateTime<Utc> = "2026-11-24T01:00:00Z".parse().unwrap();
        let (tu, han) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let open = Held { state: State::Open, by: None, until: None };
        assert_eq!(open.after(Act::Claim, tu, now), Ok(State::Claimed));
        assert!(open.after(Act::Finish, tu, now).is_err(), "nobody concludes a call that nobody took");
        let held = Held { state: State::Claimed, by: Some(tu), until: Some(now + CLAIM) };
        assert_eq!(held.after(Act::Finish, tu, now), Ok(State::Done));
        assert!(held.after(Act::Claim, han, now).is_err() && held.after(Act::Finish, han, now).is_err());
        assert_eq!(held.after(Act::Claim, han, now + CLAIM), Ok(State::Claimed));
        assert_eq!(held.after(Act::Finish, tu, now + CLAIM * 2), Ok(State::Done), "late, but still alone with it");
        for ended in [State::Done, State::Gone] {
            for act in [Act::Claim, Act::Release, Act::Finish, Act::Postpone, Act::Vanish] {
                assert!(Held { state: ended, by: None, until: None }.after(act, tu, now).is_err());
            }
        }
    }

    #[test]
    fn nobody_answers_four_times_and_is_given_up() {
        assert_eq!([1, 2, 3].map(|n| retry_after(n).unwrap().num_minutes()), [15, 60, 180]);
        assert_eq!(retry_after(4), None);
    }

    #[test]
    fn words_are_read_back() {
        assert!(Kind::ALL.iter().all(|k| Kind::from_key(k.key()) == Some(*k)));
        assert!(Outcome::ALL.iter().all(|o| Outcome::from_key(o.key()) == Some(*o)));
    }
}
