//! A supplier: the trader whose name, tax code and licence stand on the invoice.

use crate::store::suppliers::Supplier;
use base::{Problems, local_date};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use uuid::Uuid;

/// A supplier as typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SupplierForm {
    pub id: String,
    pub code: String,
    pub name: String,
    pub tax_code: String,
    pub phone: String,
    pub address: String,
    pub licence_no: String,
    pub ended: String,
}

impl SupplierForm {
    pub fn of(s: &Supplier) -> SupplierForm {
        SupplierForm {
            id: s.supplier_id.to_string(),
            code: s.code.clone(),
            name: s.name.clone(),
            tax_code: s.tax_code.clone(),
            phone: s.phone.clone(),
            address: s.address.clone(),
            licence_no: s.licence_no.clone(),
            ended: if s.ended_on.is_some() { "1".into() } else { String::new() },
        }
    }

    /// Reads the form. Refuses a missing code or name, and a tax code that is none (10 digits, or 13 for a branch).
    pub fn check(&self, id: Uuid, known: Option<&Supplier>, now: DateTime<Utc>) -> Result<Supplier, Problems> {
        let line = |typed: &str| typed.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut problems = Problems::none();
        let code = line(&self.code).to_uppercase();
        let right_code = (1..=20).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'.' || b == b'-');
        problems.add_if(!right_code, "code", "Mã gồm chữ không dấu, số, dấu chấm hoặc gạch ngang, tối đa 20 ký tự, ví dụ DHG.");
        let name = line(&self.name);
        problems.add_if(!(1..=160).contains(&name.chars().count()), "name", "Nhập tên nhà cung cấp như trên hóa đơn (tối đa 160 ký tự).");
        let tax_code = line(&self.tax_code);
        let digits = tax_code.bytes().filter(u8::is_ascii_digit).count();
        let right_tax = tax_code.is_empty() || (matches!(digits, 10 | 12 | 13) && tax_code.bytes().all(|b| b.is_ascii_digit() || b == b'-'));
        problems.add_if(!right_tax, "tax_code", "Mã số thuế gồm 10 chữ số, hoặc 13 chữ số với chi nhánh (0301234567-001).");
        let optional = |typed: &str, most: usize, field: &'static str, problems: &mut Problems| {
            let tidy = line(typed);
            problems.add_if(tidy.chars().count() > most, field, format!("Viết gọn trong {most} ký tự."));
            tidy
        };
        let supplier = Supplier {
            supplier_id: id,
            code,
            name,
            tax_code,
            phone: optional(&self.phone, 40, "phone", &mut problems),
            address: optional(&self.address, 240, "address", &mut problems),
            licence_no: optional(&self.licence_no, 60, "licence_no", &mut problems),
            ended_on: if self.ended == "1" { known.and_then(|k| k.ended_on).or_else(|| Some(local_date(now))) } else { None },
        };
        problems.or(supplier)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_supplier_is_read_or_told_what_is_wrong() {
        let now = "2026-11-24T01:00:00Z".parse().unwrap();
        let form = SupplierForm { code: " dhg ".into(), name: "Công ty  Dược Hậu Giang".into(), tax_code: "1800156801".into(), ..SupplierForm::default() };
        let read = form.check(Uuid::nil(), None, now).unwrap();
        assert_eq!((read.code.as_str(), read.name.as_str()), ("DHG", "Công ty Dược Hậu Giang"));
        let bad = SupplierForm { code: "DƯỢC".into(), tax_code: "123".into(), ..SupplierForm::default() };
        let problems = bad.check(Uuid::nil(), None, now).unwrap_err();
        for field in ["code", "name", "tax_code"] {
            assert!(!problems.at(field).is_empty(), "{field}");
        }
    }
}
