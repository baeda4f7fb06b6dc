//! Somebody asks to be called about a package that is sold by contract.

use crate::contact::Contact;
use base::{Problems, tidy_name};
use organization::written;
use serde::Deserialize;

/// What was typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct LeadForm {
    /// Minted by the page.
    pub id: String,
    pub package: String,
    pub person: String,
    pub clinic: String,
    pub phone: String,
    pub email: String,
    pub message: String,
}

/// A lead, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lead {
    pub package: String,
    pub person: String,
    pub clinic: String,
    pub phone: String,
    pub email: String,
    pub message: String,
}

/// How far a lead is.
pub const STATES: [(&str, &str); 4] = [("new", "Mới"), ("talking", "Đang trao đổi"), ("won", "Đã ký"), ("lost", "Không ký")];

/// Reads the form: who, which clinic, and a phone or mailbox that can be answered.
pub fn check(form: &LeadForm) -> Result<Lead, Problems> {
    let mut problems = Problems::none();
    let person = tidy_name(&written::required(&mut problems, "person", "họ và tên", &form.person, 80));
    let clinic = written::required(&mut problems, "clinic", "tên cơ sở", &form.clinic, 120);
    let message = written::optional(&mut problems, "message", "điều cần trao đổi", &form.message, 1000);
    let mut read = |field: &'static str, typed: &str, wanted: &str| match Contact::read(typed) {
        Ok(contact) if contact.kind() == wanted => contact.text().to_owned(),
        _ => {
            problems.add(field, if wanted == "phone" { "Số di động có 10 số, ví dụ 0912 345 678." } else { "Địa chỉ thư chưa đúng. Ví dụ: bacsi@phongkham.vn" });
            String::new()
        }
    };
    let phone = if form.phone.trim().is_empty() { String::new() } else { read("phone", &form.phone, "phone") };
    let email = if form.email.trim().is_empty() { String::new() } else { read("email", &form.email, "email") };
    problems.add_if(form.phone.trim().is_empty() && form.email.trim().is_empty(), "phone", "Để lại số điện thoại hoặc thư điện tử để chúng tôi gọi lại.");
    let package = if organization::package::PACKAGES.contains(&form.package.as_str()) { form.package.clone() } else { "PREMIUM1".into() };
    problems.or(Lead { package, person, clinic, phone, email, message })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lead_can_be_answered() {
        let form = LeadForm { person: "phan thị hoa".into(), clinic: "Đa khoa Hòa Bình".into(), phone: "0912 345 678".into(), package: "PREMIUM2".into(), ..LeadForm::default() };
        let lead = check(&form).unwrap();
        assert_eq!((lead.person.as_str(), lead.phone.as_str(), lead.package.as_str()), ("Phan Thị Hoa", "0912345678", "PREMIUM2"));
        assert!(!check(&LeadForm { phone: String::new(), ..form.clone() }).unwrap_err().at("phone").is_empty());
        assert!(!check(&LeadForm { email: "x".into(), ..form }).unwrap_err().at("email").is_empty());
    }
}
