//! What the demo world and tests need: the program that sends bundles, and what its ward codes mean. Never called on a real
//! server.

use db::Tx;
use exchange::store::partners::{self, Facts};
use organization::seed::demo_id;

/// Declares the program `login` as a FHIR sender at the facility of this transaction, with these wards or rooms: the
/// sender's code and ours. Running it again changes nothing.
pub async fn write(tx: &mut Tx, facility_code: &str, login: &str, wards: &[(&str, &str)], from: chrono::NaiveDate) -> Result<(), sqlx::Error> {
    let id = demo_id(facility_code, "exchange-partner", login);
    if !partners::list(tx, Some(id)).await?.is_empty() {
        return Ok(());
    }
    let facts = Facts {
        name: format!("Phần mềm {login}"),
        door: "fhir",
        application: login.into(),
        sending_facility: String::new(),
        receiving: String::new(),
        active_from: from,
        active_to: None,
        takes_contact: true,
        wait_minutes: 60,
    };
    partners::write(tx, id, &facts).await?;
    for (theirs, ours) in wards {
        let code = demo_id(facility_code, "exchange-code", &format!("{login}/ward/{theirs}"));
        let target = demo_id(facility_code, "room", ours).to_string();
        partners::write_code(tx, code, id, "ward", theirs, &target, from).await?;
    }
    Ok(())
}
