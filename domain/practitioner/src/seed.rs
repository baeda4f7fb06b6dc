//! The invented staff of the demo world (`catalogues/demo/staff.tsv`), all with the password `demo`: for
//! demonstrations and tests. A real server refuses these accounts even if they were in its database.

use crate::password;
use base::fold;
use chrono::NaiveDate;
use db::Tx;
use organization::seed::{demo_id, rows};
use web::sql;

/// The second factor of demo accounts; the code 000000 is accepted in its place in demo mode only.
const DEMO_TOTP: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";

/// The hash of the password `demo`: made once, because it takes a while on purpose.
pub async fn demo_hash() -> anyhow::Result<String> {
    password::hash("demo").await
}

/// Writes the staff and accounts of the facility of this transaction. Needs the purpose `sign-in`. Running it again
/// changes nothing.
pub async fn write(tx: &mut Tx, code: &str, hash: &str, from: NaiveDate) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    for r in rows(include_str!("../../../catalogues/demo/staff.tsv")).filter(|r| r["facility"] == code) {
        let name = r["name"];
        let roles: Vec<&str> = r["roles"].split(' ').collect();
        sqlx::query(sql!(
            "WITH person AS (
                 INSERT INTO practitioner_practitioner (facility_id, practitioner_id, name, name_folded, title, position,
                     licence_no, licence_from, national_code, active_from)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $8) ON CONFLICT DO NOTHING)
             INSERT INTO practitioner_account (facility_id, account_id, login, practitioner_id, display_name, password_hash,
                 password_changed_at, totp_secret, demo, roles)
             VALUES ($1, $10, $11, $2, $12, $13, $14, $15, true, $16) ON CONFLICT DO NOTHING"
        ))
        .bind(facility)
        .bind(demo_id(code, "staff", r["login"]))
        .bind(name)
        .bind(fold(name))
        .bind(r["title"])
        .bind(r["position"])
        .bind(r["licence_no"])
        .bind(from)
        .bind(if roles.contains(&"doctor") { format!("VL{}", &r["licence_no"].chars().filter(char::is_ascii_digit).collect::<String>()) } else { String::new() })
        .bind(demo_id(code, "account", r["login"]))
        .bind(format!("{}.{code}", r["login"]))
        .bind(format!("{} {name}", r["title"]).trim())
        .bind(hash)
        .bind(now)
        .bind((r["second_factor"] == "1").then_some(DEMO_TOTP))
        .bind(&roles)
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

/// The machine client `demo-his` of one facility. Needs the purpose `sign-in`.
pub async fn write_machine(tx: &mut Tx, code: &str, secret_hash: &str) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!(
        "INSERT INTO practitioner_account (facility_id, account_id, login, kind, display_name, password_hash,
             password_changed_at, demo, roles)
         VALUES ($1, $2, 'demo-his', 'machine', 'HIS trình diễn', $3, $4, true, '{machine}') ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(demo_id(code, "account", "demo-his"))
    .bind(secret_hash)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}
