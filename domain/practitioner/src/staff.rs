//! A member of staff as the owner writes them down: who, with which licence, which sign-in and which roles.

use crate::{password, role};
use base::{Problems, parse_date_vi, tidy_name};
use chrono::NaiveDate;
use serde::Deserialize;

/// What the owner typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct StaffForm {
    /// Minted by the page of a new person; not used otherwise.
    pub id: String,
    pub name: String,
    pub title: String,
    pub position: String,
    pub phone: String,
    pub licence_no: String,
    pub licence_scope: String,
    pub licence_from: String,
    pub licence_to: String,
    pub national_code: String,
    pub login: String,
    /// A new password; empty keeps the present one.
    pub password: String,
    pub roles: Vec<String>,
    /// "on" keeps the account from signing in.
    pub disabled: String,
    /// Last day at this facility.
    pub active_to: String,
}

/// Staff that passed every check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staff {
    pub name: String,
    pub title: String,
    pub position: String,
    pub phone: String,
    pub licence_no: String,
    pub licence_scope: String,
    pub licence_from: Option<NaiveDate>,
    pub licence_to: Option<NaiveDate>,
    pub national_code: String,
    pub login: Option<String>,
    pub password: Option<String>,
    pub roles: Vec<String>,
    pub disabled: bool,
    pub active_to: Option<NaiveDate>,
}

/// Reads the form. A doctor needs a licence number (Law 15/2023, art. 19); an account needs a role; a new account
/// needs a password. `facility_code` ends every login, so that logins never collide between facilities.
pub fn check(form: &StaffForm, facility_code: &str, has_account: bool) -> Result<Staff, Problems> {
    let mut problems = Problems::none();
    let name = tidy_name(&form.name);
    problems.add_if(name.is_empty(), "name", "Chưa nhập họ và tên.");
    problems.add_if(name.chars().count() > 80, "name", "Họ và tên tối đa 80 ký tự.");
    let licence_from = date(&mut problems, "licence_from", &form.licence_from);
    let licence_to = date(&mut problems, "licence_to", &form.licence_to);
    if let (Some(from), Some(to)) = (licence_from, licence_to) {
        problems.add_if(to < from, "licence_to", "Ngày hết hạn phải sau ngày cấp.");
    }
    let active_to = date(&mut problems, "active_to", &form.active_to);
    for (field, text, most) in [
        ("title", &form.title, 20),
        ("position", &form.position, 60),
        ("phone", &form.phone, 20),
        ("licence_no", &form.licence_no, 40),
        ("licence_scope", &form.licence_scope, 200),
        ("national_code", &form.national_code, 40),
    ] {
        problems.add_if(text.trim().chars().count() > most, field, format!("Tối đa {most} ký tự."));
    }
    let roles: Vec<String> = form.roles.iter().filter(|r| !r.is_empty()).cloned().collect();
    for unknown in roles.iter().filter(|r| role::find(r).is_none()) {
        problems.add("roles", format!("Không có vai trò «{unknown}»."));
    }
    let login = form.login.trim().to_lowercase();
    let login = (!login.is_empty()).then_some(login);
    if let Some(login) = &login {
        let ending = format!(".{facility_code}");
        let front = login.strip_suffix(&ending);
        problems.add_if(
            front.is_none_or(|f| f.is_empty() || !f.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))),
            "login",
            format!("Tên đăng nhập gồm chữ không dấu, số và phải kết thúc bằng «{ending}»."),
        );
        problems.add_if(login.len() > 60, "login", "Tên đăng nhập tối đa 60 ký tự.");
        problems.add_if(roles.is_empty(), "roles", "Tài khoản cần ít nhất một vai trò.");
        problems.add_if(!has_account && form.password.is_empty(), "password", "Tài khoản mới cần mật khẩu.");
        if !form.password.is_empty() {
            problems.0.extend(password::check_new(login, &form.password, &form.password).0);
        }
    } else {
        problems.add_if(!roles.is_empty(), "login", "Đã chọn vai trò nhưng chưa có tên đăng nhập.");
    }
    problems.add_if(
        roles.iter().any(|r| r == "doctor") && form.licence_no.trim().is_empty(),
        "licence_no",
        "Bác sĩ cần có số giấy phép hành nghề.",
    );
    problems.or(Staff {
        name,
        title: form.title.trim().to_owned(),
        position: form.position.trim().to_owned(),
        phone: form.phone.trim().to_owned(),
        licence_no: form.licence_no.trim().to_owned(),
        licence_scope: form.licence_scope.trim().to_owned(),
        licence_from,
        licence_to,
        national_code: form.national_code.trim().to_owned(),
        login,
        password: (!form.password.is_empty()).then(|| form.password.clone()),
        roles,
        disabled: form.disabled == "on",
        active_to,
    })
}

fn date(problems: &mut Problems, field: &'static str, typed: &str) -> Option<NaiveDate> {
    if typed.trim().is_empty() {
        return None;
    }
    let read = parse_date_vi(typed);
    problems.add_if(read.is_none(), field, "Ngày viết dạng 15/03/2026.");
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> StaffForm {
        StaffForm {
            name: "lê hoàng phúc".into(),
            title: "BS.".into(),
            licence_no: "001234/VL-CCHN".into(),
            login: "phuc.84101".into(),
            password: "mưa rơi trên phố cũ".into(),
            roles: vec!["doctor".into()],
            ..StaffForm::default()
        }
    }

    #[test]
    fn a_complete_form_is_accepted() {
        let staff = check(&form(), "84101", false).unwrap();
        assert_eq!(staff.name, "Lê Hoàng Phúc");
        assert_eq!(staff.login.as_deref(), Some("phuc.84101"));
    }

    #[test]
    fn every_problem_is_told_at_once() {
        let bad = StaffForm {
            name: String::new(),
            login: "phuc.84102".into(),
            licence_no: String::new(),
            password: String::new(),
            licence_from: "32/01/2026".into(),
            ..form()
        };
        let problems = check(&bad, "84101", false).unwrap_err();
        for field in ["name", "login", "licence_no", "password", "licence_from"] {
            assert!(!problems.at(field).is_empty(), "{field}");
        }
    }

    #[test]
    fn an_unknown_role_is_refused() {
        let bad = StaffForm { roles: vec!["god".into()], ..form() };
        assert!(check(&bad, "84101", true).unwrap_err().at("roles").contains("god"));
    }
}
