//! The facility: its name on screens and papers, its licence, where transfers go, and its own switches.

mod store;

pub use store::*;

use crate::written;
use base::{FacilityId, Problems};
use serde::{Deserialize, Serialize};

/// What a facility is and prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Facility {
    pub id: FacilityId,
    /// What people type when they sign in.
    pub code: String,
    pub facts: FacilityFacts,
    pub settings: Settings,
}

impl Facility {
    /// The `head` of every paper (fields as `edge/documents/README.md` names them). `code` is the facility's official
    /// examination code of the day, when it has one.
    pub fn paper_head(&self, code: Option<&str>) -> serde_json::Value {
        let f = &self.facts;
        serde_json::json!({
            "name": f.name,
            "parent": f.governing_body,
            "address": f.address,
            "phone": f.phone,
            "licence_no": f.licence_no,
            "code": code.unwrap_or_default(),
            "tax_code": f.tax_code,
            "slogan": f.print.slogan,
            "hours": f.print.hours,
            "footer": f.print.footer,
        })
    }
}

/// The facts an owner may change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FacilityFacts {
    pub name: String,
    pub short_name: String,
    pub legal_name: String,
    /// The authority printed above the name, e.g. "Sở Y tế tỉnh Vĩnh Long".
    pub governing_body: String,
    pub address: String,
    pub phone: String,
    pub email: String,
    pub licence_no: String,
    pub head_name: String,
    pub tax_code: String,
    pub bank_bin: String,
    pub bank_account: String,
    pub bank_holder: String,
    pub print: PrintHeader,
}

/// What papers carry besides name, address and phone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PrintHeader {
    /// A line under the name, e.g. "Nội – Nhi – Siêu âm".
    pub slogan: String,
    pub hours: String,
    /// The last line of every paper.
    pub footer: String,
}

/// Switches that steer what happens next; a change never touches what is done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Orders wait for the cashier before they appear where they are carried out.
    pub pay_first: bool,
}

/// What the owner typed. Names as on the page.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct FacilityForm {
    pub name: String,
    pub short_name: String,
    pub legal_name: String,
    pub governing_body: String,
    pub address: String,
    pub phone: String,
    pub email: String,
    pub licence_no: String,
    pub head_name: String,
    pub tax_code: String,
    pub bank_bin: String,
    pub bank_account: String,
    pub bank_holder: String,
    pub slogan: String,
    pub hours: String,
    pub footer: String,
}

/// Reads the form. A transfer needs bank, account and holder together, or none of them.
pub fn check(form: &FacilityForm) -> Result<FacilityFacts, Problems> {
    let mut problems = Problems::none();
    let p = &mut problems;
    let name = written::required(p, "name", "tên cơ sở", &form.name, 120);
    let mut short_name = written::optional(p, "short_name", "tên ngắn", &form.short_name, 40);
    if short_name.is_empty() {
        short_name = name.chars().take(40).collect();
    }
    let facts = FacilityFacts {
        short_name,
        legal_name: written::optional(p, "legal_name", "tên pháp nhân", &form.legal_name, 200),
        governing_body: written::optional(p, "governing_body", "cơ quan chủ quản", &form.governing_body, 120),
        address: written::required(p, "address", "địa chỉ", &form.address, 200),
        phone: written::optional(p, "phone", "điện thoại", &form.phone, 60),
        email: written::optional(p, "email", "thư điện tử", &form.email, 120),
        licence_no: written::optional(p, "licence_no", "số giấy phép hoạt động", &form.licence_no, 60),
        head_name: written::optional(p, "head_name", "người phụ trách chuyên môn", &form.head_name, 120),
        tax_code: squeezed(&form.tax_code),
        bank_bin: squeezed(&form.bank_bin),
        bank_account: squeezed(&form.bank_account),
        bank_holder: written::optional(p, "bank_holder", "tên chủ tài khoản", &form.bank_holder, 100).to_uppercase(),
        print: PrintHeader {
            slogan: written::optional(p, "slogan", "dòng giới thiệu", &form.slogan, 120),
            hours: written::optional(p, "hours", "giờ làm việc", &form.hours, 120),
            footer: written::optional(p, "footer", "dòng cuối giấy", &form.footer, 200),
        },
        name,
    };
    check_tax_code(p, &facts.tax_code);
    check_bank(p, &facts);
    p.add_if(
        !facts.email.is_empty() && !looks_like_email(&facts.email),
        "email",
        format!("“{}” thiếu @ hoặc tên miền. Ví dụ: lienhe@phongkham.vn", facts.email),
    );
    problems.or(facts)
}

/// Ten digits, or thirteen with a dash before the last three (branch), or twelve for a household business (TT 86/2024/TT-BTC).
fn check_tax_code(problems: &mut Problems, tax_code: &str) {
    let digits = tax_code.replacen('-', "", 1);
    let fits = digits.bytes().all(|b| b.is_ascii_digit()) && matches!(digits.len(), 10 | 12 | 13);
    problems.add_if(
        !tax_code.is_empty() && !fits,
        "tax_code",
        format!("Mã số thuế có 10, 12 hoặc 13 số, mới có {}. Kiểm tra lại.", digits.len()),
    );
}

fn check_bank(problems: &mut Problems, facts: &FacilityFacts) {
    let parts = [&facts.bank_bin, &facts.bank_account, &facts.bank_holder];
    if parts.iter().all(|part| part.is_empty()) {
        return;
    }
    let bin_fits = facts.bank_bin.len() == 6 && facts.bank_bin.bytes().all(|b| b.is_ascii_digit());
    problems.add_if(!bin_fits, "bank_bin", "Mã ngân hàng (BIN) có đúng 6 số, ví dụ 970436 là Vietcombank.");
    let account_fits = (4..=19).contains(&facts.bank_account.len())
        && facts.bank_account.bytes().all(|b| b.is_ascii_alphanumeric());
    problems.add_if(!account_fits, "bank_account", "Số tài khoản có 4–19 chữ số, không dấu cách.");
    problems.add_if(facts.bank_holder.is_empty(), "bank_holder", "Chưa có tên chủ tài khoản. Nhập như trên sao kê.");
}

fn looks_like_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(who, host)| !who.is_empty() && host.contains('.') && !text.contains(' '))
}

/// Numbers are typed with spaces for the eye.
fn squeezed(typed: &str) -> String {
    typed.chars().filter(|c| !c.is_whitespace() && !c.is_control()).take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> FacilityForm {
        FacilityForm { name: "Phòng khám An Tâm".into(), address: "12 Trần Phú".into(), ..Default::default() }
    }

    #[test]
    fn a_bank_account_is_whole_or_absent() {
        assert!(check(&form()).is_ok());
        let half = FacilityForm { bank_bin: "97043".into(), ..form() };
        let refused = check(&half).unwrap_err();
        for field in ["bank_bin", "bank_account", "bank_holder"] {
            assert!(!refused.at(field).is_empty(), "{field}");
        }
        let whole = FacilityForm {
            bank_bin: "970436".into(),
            bank_account: "0123 4567 89".into(),
            bank_holder: "Phong kham An Tam".into(),
            ..form()
        };
        assert_eq!(check(&whole).unwrap().bank_account, "0123456789");
    }

    #[test]
    fn tax_codes_have_a_known_length() {
        for (typed, fits) in [("", true), ("0312345678", true), ("0312345678-001", true), ("031234567", false), ("03x2345678", false)] {
            let refused = check(&FacilityForm { tax_code: typed.into(), ..form() }).err();
            assert_eq!(refused.is_none(), fits, "{typed}");
        }
    }
}
