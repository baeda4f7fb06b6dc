//! What can be booked and when, as the house decides it: offers and weekly rules, checked and kept.

use crate::{Channel, plan, specialty};
use base::{Problem, Problems, fold};
use chrono::{NaiveDate, NaiveTime, TimeDelta};
use db::{Tx, sql};
use serde::Deserialize;
use uuid::Uuid;
use web::Failure;

/// An offer as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct TypedOffer {
    pub name: String,
    pub specialty: String,
    pub mode: String,
    pub service: String,
    pub bhyt: String,
    pub screened: String,
    pub notice_minutes: String,
    pub cutoff_minutes: String,
    pub horizon_days: String,
    pub hold_minutes: String,
    pub screening_hours: String,
    pub preparation: String,
}

/// An offer that holds together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferFacts {
    pub name: String,
    pub specialty: String,
    pub mode: String,
    pub service: Option<Uuid>,
    pub takes_bhyt: bool,
    pub is_screened: bool,
    pub notice_minutes: i32,
    pub cutoff_minutes: i32,
    pub horizon_days: i32,
    pub hold_minutes: i32,
    pub screening_hours: i32,
    pub preparation: String,
}

/// A whole number between two bounds; an empty field is the usual value.
fn number(problems: &mut Problems, field: &'static str, typed: &str, usual: i32, low: i32, high: i32) -> i32 {
    let typed = typed.trim();
    if typed.is_empty() {
        return usual;
    }
    match typed.parse::<i32>() {
        Ok(n) if (low..=high).contains(&n) => n,
        _ => {
            problems.add(field, format!("Ghi số nguyên từ {low} đến {high}."));
            usual
        }
    }
}

impl OfferFacts {
    /// Reads a typed offer; everything wrong is told at once, beside its field.
    pub fn check(typed: &TypedOffer) -> Result<OfferFacts, Problems> {
        let mut problems = Problems::none();
        let name = typed.name.split_whitespace().collect::<Vec<_>>().join(" ");
        problems.add_if(fold(&name).is_empty(), "name", "Chưa có tên. Ghi như người bệnh gọi, ví dụ: Khám Nhi.");
        problems.add_if(name.chars().count() > 120, "name", "Tên dài quá 120 ký tự. Rút gọn.");
        problems.add_if(!specialty::list().any(|s| s.key == typed.specialty), "specialty", "Chọn chuyên khoa.");
        problems.add_if(!matches!(typed.mode.as_str(), "in_person" | "video"), "mode", "Chọn khám tại cơ sở hay qua video.");
        let service = match typed.service.trim() {
            "" => None,
            id => {
                let read = id.parse().ok();
                problems.add_if(read.is_none(), "service", "Dịch vụ này không có trong danh mục. Chọn lại.");
                read
            }
        };
        problems.add_if(typed.preparation.chars().count() > 500, "preparation", "Lời dặn tối đa 500 ký tự, hãy rút gọn.");
        let facts = OfferFacts {
            name,
            specialty: typed.specialty.clone(),
            mode: typed.mode.clone(),
            service,
            takes_bhyt: typed.bhyt == "1",
            is_screened: typed.screened == "1",
            notice_minutes: number(&mut problems, "notice_minutes", &typed.notice_minutes, 60, 0, 10_080),
            cutoff_minutes: number(&mut problems, "cutoff_minutes", &typed.cutoff_minutes, 120, 0, 10_080),
            horizon_days: number(&mut problems, "horizon_days", &typed.horizon_days, 30, 1, plan::DAYS_AHEAD as i32),
            hold_minutes: number(&mut problems, "hold_minutes", &typed.hold_minutes, 10, 1, 120),
            screening_hours: number(&mut problems, "screening_hours", &typed.screening_hours, 24, 1, 168),
            preparation: typed.preparation.trim().to_owned(),
        };
        problems.or(facts)
    }
}

/// Writes an offer, new or changed. Refuses a service that the facility does not have.
pub async fn save_offer(tx: &mut Tx, id: Uuid, facts: &OfferFacts) -> Result<(), Failure> {
    let (facility, now, account) = (tx.facility().0, tx.now, tx.actor.account.0);
    sqlx::query(sql!(
        "INSERT INTO scheduling_offer (facility_id, offer_id, name, name_folded, specialty, mode, service_id, takes_bhyt, is_screened, notice_minutes,
             cutoff_minutes, horizon_days, hold_minutes, screening_hours, preparation, active_from, changed_by, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
         ON CONFLICT (facility_id, offer_id) DO UPDATE SET name = excluded.name, name_folded = excluded.name_folded, specialty = excluded.specialty,
             mode = excluded.mode, service_id = excluded.service_id, takes_bhyt = excluded.takes_bhyt, is_screened = excluded.is_screened,
             notice_minutes = excluded.notice_minutes, cutoff_minutes = excluded.cutoff_minutes, horizon_days = excluded.horizon_days,
             hold_minutes = excluded.hold_minutes, screening_hours = excluded.screening_hours, preparation = excluded.preparation,
             changed_by = excluded.changed_by, changed_at = excluded.changed_at"
    ))
    .bind(facility)
    .bind(id)
    .bind(&facts.name)
    .bind(fold(&facts.name))
    .bind(&facts.specialty)
    .bind(&facts.mode)
    .bind(facts.service)
    .bind(facts.takes_bhyt)
    .bind(facts.is_screened)
    .bind(facts.notice_minutes)
    .bind(facts.cutoff_minutes)
    .bind(facts.horizon_days)
    .bind(facts.hold_minutes)
    .bind(facts.screening_hours)
    .bind(&facts.preparation)
    .bind(base::local_date(now))
    .bind(account)
    .bind(now)
    .execute(tx.conn())
    .await
    .map_err(|error| match error.as_database_error().and_then(|e| e.constraint()) {
        Some(name) if name.contains("service") => Problem::at("service", "Dịch vụ này không có trong danh mục. Chọn lại.").into(),
        _ => Failure::from(error),
    })?;
    tx.audit("save", "offer", id, None, serde_json::json!({ "name": facts.name }));
    Ok(())
}

/// A weekly rule as typed; a box for every weekday that it holds on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct TypedRule {
    /// Minted by the page.
    pub id: String,
    pub weekdays: Vec<String>,
    pub starts: String,
    pub ends: String,
    pub slot_minutes: String,
    pub buffer_minutes: String,
    pub capacity: String,
    pub extra: String,
    pub doctor: String,
    pub room: String,
    pub from: String,
    /// `app 10, web 8` in keys of channels.
    pub shares: String,
}

/// A weekly rule that holds together.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleFacts {
    pub weekdays: Vec<i16>,
    pub starts: NaiveTime,
    pub ends: NaiveTime,
    pub slot_minutes: Option<i32>,
    pub buffer_minutes: i32,
    pub capacity: i32,
    pub extra: i32,
    pub doctor: Option<Uuid>,
    pub room: Uuid,
    pub from: NaiveDate,
    pub shares: serde_json::Value,
}

/// `7:30`, `07h30`, `0730` as a time of day.
pub fn read_time(typed: &str) -> Option<NaiveTime> {
    let digits: String = typed.chars().filter(char::is_ascii_digit).collect();
    let (hour, minute) = match digits.len() {
        1 | 2 => (digits.parse().ok()?, 0),
        3 => (digits[..1].parse().ok()?, digits[1..].parse().ok()?),
        4 => (digits[..2].parse().ok()?, digits[2..].parse().ok()?),
        _ => return None,
    };
    NaiveTime::from_hms_opt(hour, minute, 0)
}

impl RuleFacts {
    /// Reads a typed rule; everything wrong is told at once, beside its field.
    pub fn check(typed: &TypedRule, today: NaiveDate) -> Result<RuleFacts, Problems> {
        let mut problems = Problems::none();
        let weekdays: Vec<i16> = typed.weekdays.iter().filter_map(|d| d.parse().ok()).filter(|d| (1..=7).contains(d)).collect();
        problems.add_if(weekdays.is_empty(), "weekdays", "Chọn ít nhất một ngày trong tuần.");
        let (starts, ends) = (read_time(&typed.starts), read_time(&typed.ends));
        problems.add_if(starts.is_none(), "starts", "Ghi giờ bắt đầu, ví dụ 07:30.");
        problems.add_if(ends.is_none(), "ends", "Ghi giờ kết thúc, ví dụ 11:30.");
        problems.add_if(matches!((starts, ends), (Some(a), Some(b)) if a >= b), "ends", "Giờ kết thúc phải sau giờ bắt đầu.");
        let slot_minutes = match typed.slot_minutes.trim() {
            "" => None,
            typed => Some(number(&mut problems, "slot_minutes", typed, 20, 5, 480)),
        };
        if let (Some(starts), Some(ends), Some(length)) = (starts, ends, slot_minutes) {
            problems.add_if(starts < ends && ends - starts < TimeDelta::minutes(length.into()), "slot_minutes", "Mỗi lượt dài hơn cả buổi. Rút ngắn lượt hoặc kéo dài buổi.");
        }
        problems.add_if(typed.capacity.trim().is_empty(), "capacity", "Ghi số chỗ.");
        let from = match typed.from.trim() {
            "" => today,
            typed => base::parse_date_vi(typed).unwrap_or_else(|| {
                problems.add("from", format!("{typed} không có trong lịch. Ghi ngày/tháng/năm."));
                today
            }),
        };
        problems.add_if(from < today, "from", "Chỉ mở lịch từ hôm nay trở đi.");
        let room: Option<Uuid> = typed.room.parse().ok();
        problems.add_if(room.is_none(), "room", "Chọn phòng.");
        let doctor = match typed.doctor.trim() {
            "" => None,
            id => {
                let read = id.parse().ok();
                problems.add_if(read.is_none(), "doctor", "Người này không có trong danh sách. Chọn lại.");
                read
            }
        };
        let shares = read_shares(&typed.shares);
        if let Err(wrong) = &shares {
            problems.add("shares", format!("Không hiểu “{wrong}”. Ghi như: app 10, web 8, call 5."));
        }
        let facts = RuleFacts {
            weekdays,
            starts: starts.unwrap_or_default(),
            ends: ends.unwrap_or_default(),
            slot_minutes,
            buffer_minutes: number(&mut problems, "buffer_minutes", &typed.buffer_minutes, 0, 0, 120),
            capacity: number(&mut problems, "capacity", &typed.capacity, 1, 1, 500),
            extra: number(&mut problems, "extra", &typed.extra, 0, 0, 100),
            doctor,
            room: room.unwrap_or_default(),
            from,
            shares: shares.unwrap_or_default(),
        };
        problems.or(facts)
    }
}

/// `app 10, web 8` as `{"app": 10, "web": 8}`; the part that is not understood otherwise.
fn read_shares(typed: &str) -> Result<serde_json::Value, String> {
    let mut shares = serde_json::Map::new();
    for part in typed.split([',', ';']).map(str::trim).filter(|p| !p.is_empty()) {
        let read = part.split_once([' ', ':', '=']).and_then(|(channel, n)| {
            let channel = Channel::from_key(channel.trim().to_lowercase().as_str())?;
            Some((channel, n.trim().parse::<u16>().ok().filter(|n| *n <= 500)?))
        });
        let (channel, n) = read.ok_or_else(|| part.chars().take(30).collect::<String>())?;
        shares.insert(channel.key().into(), n.into());
    }
    Ok(shares.into())
}

/// Writes a rule for each of its weekdays and lays the days out at once. `id` is minted by the page: a second click adds
/// nothing. Gives how many sessions are new.
pub async fn add_rule(tx: &mut Tx, offer: Uuid, id: Uuid, facts: &RuleFacts) -> Result<usize, Failure> {
    let (facility, now, account) = (tx.facility().0, tx.now, tx.actor.account.0);
    for weekday in &facts.weekdays {
        let rule = Uuid::from_u128(id.as_u128() ^ u128::from(*weekday as u16));
        sqlx::query(sql!(
            "INSERT INTO scheduling_rule (facility_id, rule_id, offer_id, practitioner_id, room_id, weekday, starts, ends, slot_minutes, buffer_minutes,
                 capacity, extra, quotas, valid_from, changed_by, changed_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) ON CONFLICT DO NOTHING"
        ))
        .bind(facility)
        .bind(rule)
        .bind(offer)
        .bind(facts.doctor)
        .bind(facts.room)
        .bind(weekday)
        .bind(facts.starts)
        .bind(facts.ends)
        .bind(facts.slot_minutes)
        .bind(facts.buffer_minutes)
        .bind(facts.capacity)
        .bind(facts.extra)
        .bind(&facts.shares)
        .bind(facts.from)
        .bind(account)
        .bind(now)
        .execute(tx.conn())
        .await
        .map_err(|error| match error.as_database_error().and_then(|e| e.constraint()) {
            Some(name) if name.contains("room") => Problem::at("room", "Phòng này không có trong danh mục. Chọn lại.").into(),
            Some(name) if name.contains("practitioner") => Problem::at("doctor", "Người này không có trong danh sách. Chọn lại.").into(),
            _ => Failure::from(error),
        })?;
    }
    tx.audit("add", "schedule-rule", id, None, serde_json::json!({ "offer": offer }));
    let today = base::local_date(now);
    Ok(plan::lay_out(tx, today, today + TimeDelta::days(plan::DAYS_AHEAD)).await?)
}

/// Ends a rule with today: times of later days that nobody booked are closed; who booked keeps the time.
pub async fn end_rule(tx: &mut Tx, offer: Uuid, rule: Uuid) -> Result<(), Failure> {
    let (facility, now, account) = (tx.facility().0, tx.now, tx.actor.account.0);
    let today = base::local_date(now);
    let ended = sqlx::query(sql!(
        "UPDATE scheduling_rule SET valid_to = greatest(valid_from, $4), changed_by = $5, changed_at = $6
         WHERE facility_id = $1 AND offer_id = $2 AND rule_id = $3 AND (valid_to IS NULL OR valid_to > $4)"
    ))
    .bind(facility)
    .bind(offer)
    .bind(rule)
    .bind(today)
    .bind(account)
    .bind(now)
    .execute(tx.conn())
    .await?;
    if ended.rows_affected() == 0 {
        return Err(Failure::NotFound);
    }
    sqlx::query(sql!(
        "WITH later AS (SELECT session_id FROM scheduling_session WHERE facility_id = $1 AND rule_id = $2 AND day > $3 AND status = 'open'),
              free AS (UPDATE scheduling_slot l SET is_open = false FROM later WHERE l.facility_id = $1 AND l.session_id = later.session_id
                       AND l.taken = 0 AND l.extra_taken = 0 RETURNING l.session_id)
         UPDATE scheduling_session s SET status = 'closed', reason = 'Hết hiệu lực', version = version + 1 FROM later
         WHERE s.facility_id = $1 AND s.session_id = later.session_id
           AND NOT EXISTS (SELECT 1 FROM scheduling_slot l WHERE l.facility_id = $1 AND l.session_id = s.session_id AND (l.taken > 0 OR l.extra_taken > 0))"
    ))
    .bind(facility)
    .bind(rule)
    .bind(today)
    .execute(tx.conn())
    .await?;
    tx.audit("end", "schedule-rule", rule, None, serde_json::Value::Null);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day_are_read_as_people_write_them() {
        for (typed, read) in [("7:30", "07:30"), ("07h30", "07:30"), ("0730", "07:30"), ("7", "07:00"), ("17", "17:00")] {
            assert_eq!(read_time(typed).map(|t| t.format("%H:%M").to_string()).as_deref(), Some(read), "{typed}");
        }
        for bad in ["", "25:00", "7:75", "abc", "123456"] {
            assert_eq!(read_time(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_rule_tells_everything_that_is_wrong() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 25).unwrap();
        let typed = TypedRule { starts: "11:30".into(), ends: "7:30".into(), slot_minutes: "1".into(), shares: "app nhiều".into(), from: "31/02/2027".into(), ..TypedRule::default() };
        let problems = RuleFacts::check(&typed, today).unwrap_err();
        for field in ["weekdays", "ends", "slot_minutes", "capacity", "room", "shares", "from"] {
            assert_ne!(problems.at(field), "", "{field}");
        }
        let room = Uuid::from_u128(1).to_string();
        let typed = TypedRule { weekdays: vec!["1".into(), "3".into(), "9".into()], starts: "7h30".into(), ends: "11h30".into(), slot_minutes: "20".into(), capacity: "2".into(), room, shares: "app 10, web 8".into(), ..TypedRule::default() };
        let facts = RuleFacts::check(&typed, today).unwrap();
        assert_eq!((facts.weekdays, facts.shares), (vec![1, 3], serde_json::json!({ "app": 10, "web": 8 })));
    }

    #[test]
    fn an_offer_needs_a_name_a_specialty_and_a_way() {
        let problems = OfferFacts::check(&TypedOffer { horizon_days: "400".into(), ..TypedOffer::default() }).unwrap_err();
        for field in ["name", "specialty", "mode", "horizon_days"] {
            assert_ne!(problems.at(field), "", "{field}");
        }
        let typed = TypedOffer { name: " Khám  Nhi ".into(), specialty: "pediatrics".into(), mode: "in_person".into(), ..TypedOffer::default() };
        let facts = OfferFacts::check(&typed).unwrap();
        assert_eq!((facts.name.as_str(), facts.horizon_days, facts.is_screened), ("Khám Nhi", 30, false));
    }
}
