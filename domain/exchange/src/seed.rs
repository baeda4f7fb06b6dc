//! What the demo world and tests need: the stand-in hospital system and what its codes mean. Never called on a real server.

use crate::store::partners::{self, Facts};
use db::Tx;
use organization::seed::demo_id;

/// How the stand-in names itself in MSH-3.
pub const SANDBOX_APPLICATION: &str = "HIS-MAU";

/// Declares the stand-in hospital system at the facility of this transaction. Running it again changes nothing.
pub async fn write(tx: &mut Tx, facility_code: &str, from: chrono::NaiveDate) -> Result<(), sqlx::Error> {
    let id = demo_id(facility_code, "exchange-partner", SANDBOX_APPLICATION);
    if !partners::list(tx, Some(id)).await?.is_empty() {
        return Ok(());
    }
    let facts = Facts {
        name: format!("HIS mẫu của {facility_code}"),
        door: "hl7",
        application: SANDBOX_APPLICATION.into(),
        sending_facility: facility_code.into(),
        receiving: String::new(),
        active_from: from,
        active_to: None,
        takes_contact: true,
        wait_minutes: 60,
    };
    partners::write(tx, id, &facts).await?;
    let codes = [
        ("ward", "K-NOI", "room", "KNOI"),
        ("ward", "K-NGOAI", "room", "KNGOAI"),
        ("ward", "K-HSTC", "room", "HSTC"),
        ("ward", "K-SAN", "room", "KSAN"),
        ("ward", "PK-NOI", "room", "NOI1"),
        ("doctor", "BS063", "staff", "bacsi.noi"),
        ("document", "TDT", "", "36/BV2"),
        ("document", "RV", "", "giay_ra_vien"),
        ("result", "GLU", "", "2345-7"),
        ("result", "CREA", "", "2160-0"),
        ("disposition", "KHOI", "", "recovered discharged"),
        ("disposition", "DO", "", "improved discharged"),
        ("disposition", "CV", "", "unchanged transferred"),
    ];
    for (kind, code, thing, target) in codes {
        let target = if thing.is_empty() { target.to_owned() } else { demo_id(facility_code, thing, target).to_string() };
        partners::write_code(tx, demo_id(facility_code, "exchange-code", &format!("{kind}/{code}")), id, kind, code, &target, from).await?;
    }
    Ok(())
}
