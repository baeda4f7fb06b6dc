//! Where the person goes from here: home, home with a date to come back, admitted, transferred, or died.

use crate::note::Note;
use base::Problems;
use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Home,
    FollowUp,
    Admitted,
    Transferred,
    Died,
}

impl Kind {
    pub const ALL: [Kind; 5] = [Kind::Home, Kind::FollowUp, Kind::Admitted, Kind::Transferred, Kind::Died];

    pub fn key(self) -> &'static str {
        match self {
            Kind::Home => "home",
            Kind::FollowUp => "follow_up",
            Kind::Admitted => "admitted",
            Kind::Transferred => "transferred",
            Kind::Died => "died",
        }
    }
    pub fn from_key(key: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|k| k.key() == key)
    }
    pub fn shown(self) -> &'static str {
        match self {
            Kind::Home => "Về",
            Kind::FollowUp => "Về, hẹn khám lại",
            Kind::Admitted => "Nhập viện",
            Kind::Transferred => "Chuyển cơ sở khác",
            Kind::Died => "Tử vong",
        }
    }
}

/// The disposition as typed: every field is kept while the draft lasts, only those of the chosen kind count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Disposition {
    pub kind: Option<Kind>,
    pub follow_up_on: Option<NaiveDate>,
    /// Department and reason for an admission, facility and reason for a transfer.
    pub place: String,
    pub reason: String,
    /// When the person died.
    pub died_at: Option<DateTime<Utc>>,
    /// Words to take home, printed on the follow-up slip and the exam sheet.
    pub advice: String,
}

/// The fields of the draft that hold the disposition as it is being typed.
pub const FIELDS: [&str; 6] = ["go.kind", "go.follow_up_on", "go.place", "go.reason", "go.died_at", "go.advice"];

/// A date further away than this is a slip in the year.
const FURTHEST_FOLLOW_UP: TimeDelta = TimeDelta::days(366);
pub const MAX_WORDS: usize = 2_000;

impl Disposition {
    /// Reads what stands in the draft. Text that is no date is named in `problems` beside its field; everything else
    /// is judged by [`Disposition::check`].
    pub fn read(draft: &Note, problems: &mut Problems) -> Disposition {
        let text = |field: &str| draft.text(field).trim().to_string();
        let (on, at) = (text("go.follow_up_on"), text("go.died_at"));
        let kind = Kind::from_key(&text("go.kind"));
        let follow_up_on = base::parse_date_vi(&on);
        let died_at = NaiveDateTime::parse_from_str(&at, "%Y-%m-%dT%H:%M")
            .or_else(|_| NaiveDateTime::parse_from_str(&at, "%d/%m/%Y %H:%M"))
            .ok()
            .and_then(|local| local.and_local_timezone(base::dates::vietnam()).single())
            .map(|local| local.with_timezone(&Utc));
        if kind == Some(Kind::FollowUp) && !on.is_empty() && follow_up_on.is_none() {
            problems.add("go.follow_up_on", format!("{on} không có trong lịch. Ghi ngày/tháng/năm."));
        }
        if kind == Some(Kind::Died) && !at.is_empty() && died_at.is_none() {
            problems.add("go.died_at", "Ghi giờ và ngày tử vong, ví dụ 24/11/2026 09:41.");
        }
        Disposition {
            kind,
            follow_up_on,
            place: text("go.place"),
            reason: text("go.reason"),
            died_at,
            advice: text("go.advice"),
        }
    }

    pub fn died(&self) -> bool {
        self.kind == Some(Kind::Died)
    }

    /// The date to come back, only when the person was asked to.
    pub fn follow_up(&self) -> Option<NaiveDate> {
        self.follow_up_on.filter(|_| self.kind == Some(Kind::FollowUp))
    }

    /// Adds what is missing or impossible for the chosen kind on the day of the visit.
    pub fn check(&self, day: NaiveDate, now: DateTime<Utc>, problems: &mut Problems) {
        let long = |text: &str| text.chars().count() > MAX_WORDS;
        problems.add_if(long(&self.advice), "go.advice", "Lời dặn tối đa 2.000 ký tự, hãy rút gọn.");
        problems.add_if(long(&self.reason), "go.reason", "Lý do tối đa 2.000 ký tự, hãy rút gọn.");
        problems.add_if(long(&self.place), "go.place", "Tên nơi đến tối đa 2.000 ký tự, hãy rút gọn.");
        match self.kind {
            None => problems.add("go.kind", "Chưa chọn hướng xử trí. Chọn một trong năm mục."),
            Some(Kind::Home) => {}
            Some(Kind::FollowUp) => match self.follow_up_on {
                None if problems.at("go.follow_up_on").is_empty() => {
                    problems.add("go.follow_up_on", "Chưa có ngày hẹn khám lại.")
                }
                None => {}
                Some(on) if on <= day => {
                    problems.add("go.follow_up_on", "Ngày hẹn phải sau ngày khám. Chọn ngày khác.")
                }
                Some(on) if on - day > FURTHEST_FOLLOW_UP => {
                    problems.add("go.follow_up_on", "Ngày hẹn xa hơn một năm. Kiểm tra lại năm.")
                }
                Some(_) => {}
            },
            Some(Kind::Admitted) => {
                problems.add_if(
                    self.place.trim().is_empty(),
                    "go.place",
                    "Ghi khoa hoặc nơi nhận người bệnh nhập viện.",
                );
                problems.add_if(self.reason.trim().is_empty(), "go.reason", "Ghi lý do nhập viện.");
            }
            Some(Kind::Transferred) => {
                problems.add_if(self.place.trim().is_empty(), "go.place", "Ghi tên cơ sở nhận người bệnh.");
                problems.add_if(self.reason.trim().is_empty(), "go.reason", "Ghi lý do chuyển cơ sở khám chữa bệnh.");
            }
            Some(Kind::Died) => {
                match self.died_at {
                    None if problems.at("go.died_at").is_empty() => {
                        problems.add("go.died_at", "Ghi giờ và ngày tử vong.")
                    }
                    None => {}
                    Some(at) if at > now => problems.add("go.died_at", "Giờ tử vong chưa tới. Kiểm tra lại."),
                    Some(at) if base::local_date(at) < day - TimeDelta::days(1) => {
                        problems.add("go.died_at", "Giờ tử vong trước lượt khám. Kiểm tra lại ngày.")
                    }
                    Some(_) => {}
                }
                problems.add_if(self.reason.trim().is_empty(), "go.reason", "Ghi nguyên nhân tử vong.");
            }
        }
    }

    /// `Về, hẹn khám lại 29/11/2026`.
    pub fn summary(&self) -> String {
        let Some(kind) = self.kind else { return String::new() };
        match kind {
            Kind::FollowUp => match self.follow_up_on {
                Some(on) => format!("{} {}", kind.shown(), base::show_date(on)),
                None => kind.shown().to_string(),
            },
            Kind::Admitted | Kind::Transferred if !self.place.is_empty() => {
                format!("{}: {}", kind.shown(), self.place)
            }
            _ => kind.shown().to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 24).unwrap()
    }
    fn now() -> DateTime<Utc> {
        base::dates::start_of_day(day()) + TimeDelta::hours(9)
    }
    fn fields(disposition: &Disposition) -> Vec<String> {
        let mut problems = Problems::none();
        disposition.check(day(), now(), &mut problems);
        problems.0.into_iter().map(|p| p.field.into_owned()).collect()
    }

    #[test]
    fn each_kind_asks_for_its_own_fields() {
        let of = |kind| Disposition { kind: Some(kind), ..Disposition::default() };
        assert_eq!(fields(&Disposition::default()), ["go.kind"]);
        assert!(fields(&of(Kind::Home)).is_empty());
        assert_eq!(fields(&of(Kind::FollowUp)), ["go.follow_up_on"]);
        assert_eq!(fields(&of(Kind::Admitted)), ["go.place", "go.reason"]);
        assert_eq!(fields(&of(Kind::Transferred)), ["go.place", "go.reason"]);
        assert_eq!(fields(&of(Kind::Died)), ["go.died_at", "go.reason"]);
    }

    #[test]
    fn a_follow_up_lies_ahead_but_not_too_far() {
        let on = |days| Disposition {
            kind: Some(Kind::FollowUp),
            follow_up_on: Some(day() + TimeDelta::days(days)),
            ..Disposition::default()
        };
        for (days, is_fine) in [(-1, false), (0, false), (1, true), (7, true), (366, true), (367, false)] {
            assert_eq!(fields(&on(days)).is_empty(), is_fine, "{days}");
        }
        assert_eq!(on(7).summary(), "Về, hẹn khám lại 01/12/2026");
        let home = Disposition { kind: Some(Kind::Home), ..on(7) };
        assert_eq!(home.follow_up(), None, "a date typed before the mind changed does not count");
    }

    #[test]
    fn nobody_dies_tomorrow() {
        let at = |hours| Disposition {
            kind: Some(Kind::Died),
            died_at: Some(now() + TimeDelta::hours(hours)),
            reason: "Ngừng tuần hoàn".into(),
            ..Disposition::default()
        };
        assert!(fields(&at(-1)).is_empty());
        assert_eq!(fields(&at(1)), ["go.died_at"]);
        assert_eq!(fields(&at(-72)), ["go.died_at"]);
    }
}
