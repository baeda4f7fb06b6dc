//! What a clinic tells about itself when it signs up, as its operating licence says it, and its owner's account.

use base::{Problems, tidy_name};
use organization::facility::{self, FacilityForm};
use organization::written;
use serde::{Deserialize, Serialize};

/// What was typed about the clinic. Kept as typed until the last step, so that nothing is asked twice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClinicForm {
    pub name: String,
    pub legal_name: String,
    pub licence_no: String,
    /// The examination code that the Ministry gave, five characters; people type it behind the dot when they sign in.
    pub facility_code: String,
    pub tax_code: String,
    pub commune_code: String,
    /// `Xã Long Hồ, tỉnh Vĩnh Long`.
    pub commune_name: String,
    pub address_line: String,
    pub phone: String,
    /// Who answers for professional matters.
    pub head_name: String,
}

/// Reads the form. The facts of the clinic's own card are judged by the same rule as later on that card.
pub fn check(form: &ClinicForm) -> Result<ClinicForm, Problems> {
    let mut problems = Problems::none();
    let facility_code: String = form.facility_code.trim().to_uppercase();
    problems.add_if(
        facility_code.len() != 5 || !facility_code.bytes().all(|b| b.is_ascii_alphanumeric()),
        "facility_code",
        "Mã cơ sở khám chữa bệnh có đúng 5 ký tự, ghi trong quyết định cấp mã, ví dụ 84102.",
    );
    problems.add_if(form.commune_code.trim().is_empty(), "commune_name", "Gõ vài chữ đầu rồi chọn xã, phường trong danh sách.");
    let clean = ClinicForm {
        name: written::required(&mut problems, "name", "tên phòng khám", &form.name, 120),
        legal_name: written::optional(&mut problems, "legal_name", "tên pháp nhân", &form.legal_name, 200),
        licence_no: written::required(&mut problems, "licence_no", "số giấy phép hoạt động", &form.licence_no, 60),
        facility_code,
        tax_code: written::required(&mut problems, "tax_code", "mã số thuế", &form.tax_code, 20),
        commune_code: form.commune_code.trim().to_owned(),
        commune_name: written::line(&form.commune_name),
        address_line: written::required(&mut problems, "address_line", "số nhà, đường", &form.address_line, 120),
        phone: written::required(&mut problems, "phone", "điện thoại phòng khám", &form.phone, 60),
        head_name: tidy_name(&written::required(&mut problems, "head_name", "người phụ trách chuyên môn", &form.head_name, 120)),
    };
    if problems.is_empty()
        && let Err(more) = facility::check(&clean.card())
    {
        problems.0.extend(more.0);
    }
    problems.or(clean)
}

impl ClinicForm {
    /// The card of the facility as the owner will find it.
    pub fn card(&self) -> FacilityForm {
        FacilityForm {
            name: self.name.clone(),
            legal_name: self.legal_name.clone(),
            address: self.address(),
            phone: self.phone.clone(),
            licence_no: self.licence_no.clone(),
            head_name: self.head_name.clone(),
            tax_code: self.tax_code.clone(),
            ..FacilityForm::default()
        }
    }

    pub fn address(&self) -> String {
        [self.address_line.as_str(), self.commune_name.as_str()].into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(", ")
    }
}

/// What the owner typed about the own account.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct OwnerForm {
    pub owner_name: String,
    /// Before the dot; the facility's code follows.
    pub login: String,
    pub password: String,
    pub repeated: String,
    pub package: String,
    /// `trial` or `pay`.
    pub way: String,
    pub agreed: String,
}

/// Reads the form; gives the whole login. `facility_code` ends it, so that logins never meet between clinics.
pub fn check_owner(form: &OwnerForm, facility_code: &str) -> Result<String, Problems> {
    let mut problems = Problems::none();
    let name = tidy_name(&form.owner_name);
    problems.add_if(name.is_empty(), "owner_name", "Nhập họ và tên người quản trị.");
    problems.add_if(name.chars().count() > 80, "owner_name", "Họ và tên tối đa 80 ký tự.");
    let front = form.login.trim().to_lowercase();
    problems.add_if(
        front.is_empty() || front.len() > 30 || !front.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')),
        "login",
        "Tên đăng nhập gồm chữ không dấu và số, ví dụ quantri.",
    );
    let login = format!("{front}.{}", facility_code.to_lowercase());
    problems.0.extend(practitioner::password::check_new(&login, &form.password, &form.repeated).0);
    problems.add_if(!matches!(form.package.as_str(), "BASIC" | "STANDARD"), "package", "Chọn gói BASIC hoặc STANDARD. Gói PREMIUM ký theo hợp đồng.");
    problems.add_if(!matches!(form.way.as_str(), "trial" | "pay"), "way", "Chọn dùng thử hoặc trả tiền ngay.");
    problems.add_if(form.agreed != "on", "agreed", "Cần đồng ý điều khoản để tạo phòng khám.");
    problems.or(login)
}

/// Whether an uploaded licence is what it says: a PDF, JPEG or PNG by its first bytes.
pub fn licence_is_readable(bytes: &[u8]) -> bool {
    bytes.starts_with(b"%PDF-") || bytes.starts_with(&[0xFF, 0xD8, 0xFF]) || bytes.starts_with(b"\x89PNG\r\n\x1a\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> ClinicForm {
        ClinicForm {
            name: "Phòng khám Bác sĩ gia đình Bình Minh".into(),
            licence_no: "000555/VL-GPHĐ".into(),
            facility_code: "84555".into(),
            tax_code: "1501234567".into(),
            commune_code: "29602".into(),
            commune_name: "Xã Long Hồ, tỉnh Vĩnh Long".into(),
            address_line: "12 Trần Phú".into(),
            phone: "0270 000 0555".into(),
            head_name: "trần thị bình".into(),
            ..ClinicForm::default()
        }
    }

    #[test]
    fn a_whole_form_becomes_the_clinics_card() {
        let clinic = check(&form()).unwrap();
        assert_eq!(clinic.head_name, "Trần Thị Bình");
        assert_eq!(clinic.card().address, "12 Trần Phú, Xã Long Hồ, tỉnh Vĩnh Long");
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let empty = check(&ClinicForm::default()).unwrap_err();
        for field in ["name", "licence_no", "facility_code", "tax_code", "commune_name", "address_line", "phone", "head_name"] {
            assert!(!empty.at(field).is_empty(), "{field}");
        }
        let odd = check(&ClinicForm { tax_code: "12".into(), ..form() }).unwrap_err();
        assert!(odd.at("tax_code").contains("10, 12 hoặc 13 số"));
    }

    #[test]
    fn an_account_needs_a_name_a_password_and_a_yes() {
        let form = OwnerForm {
            owner_name: "Trần Thị Bình".into(),
            login: "QuanTri".into(),
            password: "mưa rơi trên phố cũ".into(),
            repeated: "mưa rơi trên phố cũ".into(),
            package: "BASIC".into(),
            way: "trial".into(),
            agreed: "on".into(),
        };
        assert_eq!(check_owner(&form, "84555").unwrap(), "quantri.84555");
        let refused = check_owner(&OwnerForm { login: "quản trị".into(), package: "PREMIUM2".into(), agreed: String::new(), ..form }, "84555").unwrap_err();
        for field in ["login", "package", "agreed"] {
            assert!(!refused.at(field).is_empty(), "{field}");
        }
    }

    #[test]
    fn a_licence_is_a_paper_or_a_picture() {
        assert!(licence_is_readable(b"%PDF-1.7 ...") && licence_is_readable(b"\x89PNG\r\n\x1a\n..."));
        assert!(!licence_is_readable(b"MZ\x90") && !licence_is_readable(b"<html>") && !licence_is_readable(b""));
    }
}
