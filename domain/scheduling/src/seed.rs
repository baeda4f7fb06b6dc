//! What can be booked in the demo world (`catalogues/demo/offers.tsv`): for demonstrations and tests.

use crate::plan;
use base::fold;
use chrono::{NaiveDate, NaiveTime, TimeDelta};
use db::{Tx, sql};
use organization::seed::{demo_id, rows};
use uuid::Uuid;

/// Writes offers and weekly rules of the facility `code` of this transaction, in force since `from`, and lays out the days
/// from `today` for [`plan::DAYS_AHEAD`]. Running it again changes nothing.
pub async fn write(tx: &mut Tx, code: &str, from: NaiveDate, today: NaiveDate) -> Result<(), sqlx::Error> {
    write_offers(tx, code, from).await?;
    plan::lay_out(tx, today, today + TimeDelta::days(plan::DAYS_AHEAD)).await?;
    Ok(())
}

/// The same for a test: only the days that it needs.
pub async fn write_days(tx: &mut Tx, code: &str, today: NaiveDate, days: i64) -> Result<(), sqlx::Error> {
    write_offers(tx, code, today).await?;
    plan::lay_out(tx, today, today + TimeDelta::days(days)).await?;
    Ok(())
}

async fn write_offers(tx: &mut Tx, code: &str, from: NaiveDate) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let time = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").expect("a time in offers.tsv");
    for r in rows(include_str!("../../../catalogues/demo/offers.tsv")).filter(|r| r["facility"] == code) {
        let offer = demo_id(code, "offer", r["code"]);
        let service: Option<Uuid> = sqlx::query_scalar(sql!("SELECT service_id FROM organization_service WHERE facility_id = $1 AND code = $2"))
            .bind(facility)
            .bind(r["service"])
            .fetch_optional(tx.conn())
            .await?;
        sqlx::query(sql!(
            "INSERT INTO scheduling_offer (facility_id, offer_id, name, name_folded, specialty, mode, service_id, takes_bhyt, is_screened, preparation, active_from, changed_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING"
        ))
        .bind(facility)
        .bind(offer)
        .bind(r["name"])
        .bind(fold(r["name"]))
        .bind(r["specialty"])
        .bind(r["mode"])
        .bind(service)
        .bind(r["bhyt"] == "1")
        .bind(r["screened"] == "1")
        .bind(r["preparation"])
        .bind(from)
        .bind(now)
        .execute(tx.conn())
        .await?;
        let practitioner = (!r["login"].is_empty()).then(|| demo_id(code, "staff", r["login"]));
        for weekday in r["weekdays"].chars().filter_map(|c| c.to_digit(10)) {
            for stretch in r["hours"].split(' ') {
                let (starts, ends) = stretch.split_once('-').expect("two times in offers.tsv");
                let rule = demo_id(code, "rule", &format!("{}/{weekday}/{starts}", r["code"]));
                sqlx::query(sql!(
                    "INSERT INTO scheduling_rule (facility_id, rule_id, offer_id, practitioner_id, room_id, weekday, starts, ends, slot_minutes, capacity, extra,
                         quotas, valid_from, changed_at)
                     SELECT $1, $2, $3, $4, room_id, $6, $7, $8, $9, $10, $11, $12, $13, $14 FROM organization_room WHERE facility_id = $1 AND code = $5
                     ON CONFLICT DO NOTHING"
                ))
                .bind(facility)
                .bind(rule)
                .bind(offer)
                .bind(practitioner)
                .bind(r["room"])
                .bind(weekday as i16)
                .bind(time(starts))
                .bind(time(ends))
                .bind(r["minutes"].parse::<i32>().ok())
                .bind(r["capacity"].parse::<i32>().expect("a number in offers.tsv"))
                .bind(r["extra"].parse::<i32>().expect("a number in offers.tsv"))
                .bind(serde_json::from_str::<serde_json::Value>(if r["quotas"].is_empty() { "{}" } else { r["quotas"] }).expect("quotas in offers.tsv"))
                .bind(from)
                .bind(now)
                .execute(tx.conn())
                .await?;
            }
        }
    }
    Ok(())
}
