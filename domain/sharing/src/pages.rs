//! What people see of sharing: the clerk who decides, the doctor who asks, the citizen who agrees, the administrator who
//! knows the partners.

pub mod citizen;
pub mod inquiries;
pub mod partners;
pub mod requests;

use chrono::{DateTime, Utc};

/// `28/11 08:02`, in Vietnam.
pub(crate) fn short(at: &DateTime<Utc>) -> String {
    base::local_time(*at).format("%d/%m %H:%M").to_string()
}

/// `08:02 ngày 05/12/2026`.
pub(crate) fn moment(at: &DateTime<Utc>) -> String {
    base::local_time(*at).format("%H:%M ngày %d/%m/%Y").to_string()
}

/// `Nam 41`, by the birthday.
pub(crate) fn facts(sex: &str, birth: Option<chrono::NaiveDate>, today: chrono::NaiveDate) -> String {
    let sex = match sex {
        "male" => "Nam",
        "female" => "Nữ",
        _ => "",
    };
    match birth {
        Some(birth) => format!("{sex} · {}", base::Age::on(birth, today)).trim_start_matches(" · ").to_owned(),
        None => sex.to_owned(),
    }
}
