//! The owner's look at the day: today's figure, the same weekday a week ago, the last seven days, each doctor.

use crate::revenue::one_moment;
use base::Vnd;
use chrono::{Datelike, Days, NaiveDate, Weekday};
use db::{Tx, sql};
use std::collections::BTreeMap;
use uuid::Uuid;

/// What one day brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct DayFigures {
    pub day: NaiveDate,
    pub visits: i64,
    pub earned_vnd: i64,
    pub taken_vnd: i64,
    /// Minutes from arrival to the first call, on average; `None` before anybody was called.
    pub wait_minutes: Option<i64>,
}

impl DayFigures {
    pub fn earned(&self) -> Vnd {
        Vnd(self.earned_vnd)
    }
    pub fn taken(&self) -> Vnd {
        Vnd(self.taken_vnd)
    }

    /// Earned per visit, rounded to the đồng.
    pub fn per_visit(&self) -> Vnd {
        Vnd(if self.visits == 0 { 0 } else { self.earned_vnd / self.visits })
    }
}

/// One doctor's day.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct DoctorFigures {
    pub practitioner_id: Option<Uuid>,
    pub name: String,
    pub visits: i64,
    pub earned_vnd: i64,
}

/// Today, the day a week before, and the fortnight they belong to.
#[derive(Clone, Debug)]
pub struct Overview {
    pub today: DayFigures,
    pub week_before: DayFigures,
    /// The last seven days, each with the day a week before it.
    pub week: Vec<(DayFigures, DayFigures)>,
    pub doctors: Vec<DoctorFigures>,
}

/// Three questions about one moment.
pub async fn overview(tx: &mut Tx, today: NaiveDate) -> Result<Overview, sqlx::Error> {
    one_moment(tx).await?;
    let facility = tx.facility().0;
    let first = back(today, 13);
    let days: Vec<DayFigures> = sqlx::query_as(sql!(
        "SELECT d.day, coalesce(v.visits, 0) AS visits, coalesce(r.earned, 0) AS earned_vnd, coalesce(p.taken, 0) AS taken_vnd,
                v.wait_minutes
         FROM generate_series($2::date, $3::date, interval '1 day') AS g(at)
         CROSS JOIN LATERAL (SELECT g.at::date AS day) d
         LEFT JOIN (SELECT day, count(*) AS visits,
                           round(avg(extract(epoch FROM called_at - opened_at)) / 60)::bigint AS wait_minutes
                    FROM encounter_report_visit
                    WHERE facility_id = $1 AND day BETWEEN $2 AND $3 AND status <> 'cancelled' GROUP BY day) v ON v.day = d.day
         LEFT JOIN (SELECT day, sum(amount_vnd)::bigint AS earned FROM billing_report_revenue
                    WHERE facility_id = $1 AND day BETWEEN $2 AND $3 GROUP BY day) r ON r.day = d.day
         LEFT JOIN (SELECT day, sum(amount_vnd)::bigint AS taken FROM billing_report_payment
                    WHERE facility_id = $1 AND day BETWEEN $2 AND $3 GROUP BY day) p ON p.day = d.day
         ORDER BY d.day"
    ))
    .bind(facility)
    .bind(first)
    .bind(today)
    .fetch_all(tx.conn())
    .await?;
    let doctors = sqlx::query_as(sql!(
        "SELECT v.practitioner_id, coalesce(max(v.doctor), '') AS name, count(*) AS visits,
                coalesce(sum(r.earned), 0)::bigint AS earned_vnd
         FROM encounter_report_visit v
         LEFT JOIN (SELECT encounter_id, sum(amount_vnd)::bigint AS earned FROM billing_report_revenue
                    WHERE facility_id = $1 AND day = $2 GROUP BY encounter_id) r ON r.encounter_id = v.encounter_id
         WHERE v.facility_id = $1 AND v.day = $2 AND v.status <> 'cancelled'
         GROUP BY v.practitioner_id ORDER BY earned_vnd DESC, name"
    ))
    .bind(facility)
    .bind(today)
    .fetch_all(tx.conn())
    .await?;
    Ok(arrange(today, days, doctors))
}

/// Something that waits for a decision about money: how many, how much.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Todo {
    pub kind: String,
    pub count: i64,
    pub amount_vnd: i64,
}

/// What waits for the owner today; nothing is listed with nothing in it.
pub async fn todo(tx: &mut Tx, today: NaiveDate) -> Result<Vec<Todo>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT kind, count, amount_vnd FROM billing_report_todo WHERE facility_id = $1
         UNION ALL
         SELECT 'debt', count(*), sum(owed_vnd)::bigint FROM billing_report_debt
         WHERE facility_id = $1 AND promised_on < $2 HAVING count(*) > 0"
    ))
    .bind(facility)
    .bind(today)
    .fetch_all(tx.conn())
    .await
}

/// Puts the days beside the days a week before them.
pub fn arrange(today: NaiveDate, days: Vec<DayFigures>, doctors: Vec<DoctorFigures>) -> Overview {
    let known: BTreeMap<NaiveDate, DayFigures> = days.into_iter().map(|d| (d.day, d)).collect();
    let at = |day: NaiveDate| known.get(&day).copied().unwrap_or(DayFigures { day, ..DayFigures::default() });
    let week = (0..7).rev().map(|n| (at(back(today, n)), at(back(today, n + 7)))).collect();
    Overview { today: at(today), week_before: at(back(today, 7)), week, doctors }
}

fn back(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_sub_days(Days::new(days)).unwrap_or(day)
}

/// By how many percent `now` lies above `before`, rounded; `None` when there is nothing to compare with.
pub fn change_percent(now: i64, before: i64) -> Option<i64> {
    if before <= 0 {
        return None;
    }
    let (now, before) = (i128::from(now), i128::from(before));
    let twice = 2 * (now - before) * 100;
    // Half away from zero, as people round.
    let rounded = (twice + before * twice.signum()) / (2 * before);
    i64::try_from(rounded).ok()
}

/// `T2` … `CN`.
pub fn weekday_short(day: NaiveDate) -> &'static str {
    match day.weekday() {
        Weekday::Mon => "T2",
        Weekday::Tue => "T3",
        Weekday::Wed => "T4",
        Weekday::Thu => "T5",
        Weekday::Fri => "T6",
        Weekday::Sat => "T7",
        Weekday::Sun => "CN",
    }
}

/// `24,9`: millions with one decimal, for the labels of the bars.
pub fn millions(amount: Vnd) -> String {
    let tenths = (amount.0.abs() + 50_000) / 100_000;
    let sign = if amount.0 < 0 && tenths > 0 { "−" } else { "" };
    format!("{sign}{},{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_round_away_from_zero_and_never_divide_by_nothing() {
        for (now, before, percent) in
            [(112, 100, Some(12)), (1005, 1000, Some(1)), (995, 1000, Some(-1)), (0, 50, Some(-100)), (5, 0, None), (5, -3, None)]
        {
            assert_eq!(change_percent(now, before), percent, "{now} {before}");
        }
        assert_eq!(change_percent(i64::MAX, 1), None);
    }

    #[test]
    fn bars_are_labelled_in_millions() {
        for (amount, label) in [(24_860_000, "24,9"), (49_999, "0,0"), (950_000, "1,0"), (-1_200_000, "−1,2")] {
            assert_eq!(millions(Vnd(amount)), label);
        }
    }

    #[test]
    fn a_silent_day_is_a_day_of_nothing() {
        let today = base::parse_date_vi("24/11/2026").unwrap();
        let seen = DayFigures { day: today, visits: 3, earned_vnd: 1_000_000, ..DayFigures::default() };
        let overview = arrange(today, vec![seen], Vec::new());
        assert_eq!(overview.week.len(), 7);
        assert_eq!(overview.week[6].0, seen);
        assert_eq!((overview.week_before.earned_vnd, overview.today.per_visit()), (0, Vnd(333_333)));
    }
}
