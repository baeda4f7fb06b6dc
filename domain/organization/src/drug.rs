//! Drugs of the facility's own list ("list mode": what may be prescribed and at what price, without stock).

mod store;

pub use store::*;

use crate::written;
use base::{Problems, Vnd, fold};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Whether special prescription forms and books apply (TT 26/2025/TT-BYT).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Controlled {
    None,
    Narcotic,
    Psychotropic,
    Precursor,
    Toxic,
}

impl Controlled {
    pub const ALL: [Controlled; 5] = [
        Controlled::None,
        Controlled::Narcotic,
        Controlled::Psychotropic,
        Controlled::Precursor,
        Controlled::Toxic,
    ];

    /// The key as it is stored.
    pub fn key(self) -> &'static str {
        match self {
            Controlled::None => "none",
            Controlled::Narcotic => "narcotic",
            Controlled::Psychotropic => "psychotropic",
            Controlled::Precursor => "precursor",
            Controlled::Toxic => "toxic",
        }
    }

    pub fn from_key(key: &str) -> Option<Controlled> {
        Controlled::ALL.into_iter().find(|class| class.key() == key)
    }

    pub fn name(self) -> &'static str {
        match self {
            Controlled::None => "Thường",
            Controlled::Narcotic => "Gây nghiện",
            Controlled::Psychotropic => "Hướng thần",
            Controlled::Precursor => "Tiền chất",
            Controlled::Toxic => "Thuốc độc",
        }
    }

    /// Reads a key or the words of a sheet; nothing written means not controlled.
    pub fn read(typed: &str) -> Option<Controlled> {
        Controlled::from_key(typed.trim()).or_else(|| match fold(typed).as_str() {
            "" | "thuong" | "khong" => Some(Controlled::None),
            "gay nghien" | "n" => Some(Controlled::Narcotic),
            "huong than" | "h" => Some(Controlled::Psychotropic),
            "tien chat" => Some(Controlled::Precursor),
            "doc" | "thuoc doc" => Some(Controlled::Toxic),
            _ => None,
        })
    }
}

/// A drug of the facility's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drug {
    pub id: Uuid,
    pub facts: DrugFacts,
    pub active_from: NaiveDate,
    pub active_to: Option<NaiveDate>,
    /// The price of one dispensing unit on the day that was asked about.
    pub price: Option<Vnd>,
}

/// What the owner decides about a drug, apart from its price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrugFacts {
    pub code: String,
    pub ingredient: String,
    pub name: String,
    pub strength: String,
    pub form: String,
    /// The unit that is dispensed and priced, e.g. "viên", "chai".
    pub unit: String,
    /// What one dispensing unit holds, in thousandths: a 60 ml bottle is (60000, "ml"). `None` for tablets and such.
    pub pack: Option<(i64, String)>,
    pub route: String,
    pub registration_no: String,
    pub national_ingredient_code: String,
    pub controlled: Controlled,
    pub usage_note: String,
}

impl DrugFacts {
    /// The text that searches look in: brand, code, ingredient, strength.
    pub fn search_text(&self) -> String {
        crate::search::search_text(
            &self.code,
            &self.name,
            &[&self.ingredient, &self.strength, &self.national_ingredient_code, &self.registration_no],
        )
    }

    /// `60 ml`, or nothing.
    pub fn show_pack(&self) -> String {
        self.pack.as_ref().map_or_else(String::new, |(milli, unit)| written::show_pack(*milli, unit))
    }
}

/// What the owner typed, in the form or in one row of a sheet.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct DrugForm {
    pub code: String,
    pub ingredient: String,
    pub name: String,
    pub strength: String,
    pub form: String,
    pub unit: String,
    pub pack: String,
    pub route: String,
    pub registration_no: String,
    pub national_ingredient_code: String,
    pub controlled: String,
    pub usage_note: String,
}

/// Reads the form. Refuses a missing code, ingredient, name or unit, an unreadable pack and an unknown class.
pub fn check(form: &DrugForm) -> Result<DrugFacts, Problems> {
    let mut problems = Problems::none();
    let code = written::code(&mut problems, "code", "mã thuốc", &form.code);
    let ingredient = written::required(&mut problems, "ingredient", "hoạt chất", &form.ingredient, 400);
    let name = written::required(&mut problems, "name", "tên thuốc", &form.name, 200);
    let strength = written::optional(&mut problems, "strength", "hàm lượng", &form.strength, 200);
    let dosage_form = written::optional(&mut problems, "form", "dạng bào chế", &form.form, 120);
    let unit = written::required(&mut problems, "unit", "đơn vị", &form.unit, 20).to_lowercase();
    let route = written::optional(&mut problems, "route", "đường dùng", &form.route, 60);
    let registration_no = written::optional(&mut problems, "registration_no", "số đăng ký", &form.registration_no, 60);
    let national_ingredient_code = written::optional(
        &mut problems,
        "national_ingredient_code",
        "mã hoạt chất",
        &form.national_ingredient_code,
        60,
    );
    let usage_note = written::optional(&mut problems, "usage_note", "cách dùng", &form.usage_note, 200);
    let pack = written::pack(&form.pack).unwrap_or_else(|wrong| {
        problems.add("pack", wrong);
        None
    });
    let controlled = Controlled::read(&form.controlled).unwrap_or_else(|| {
        problems.add(
            "controlled",
            format!(
                "Nhóm “{}” không có. Dùng Gây nghiện, Hướng thần, Tiền chất, Thuốc độc hoặc để trống.",
                written::line(&form.controlled)
            ),
        );
        Controlled::None
    });
    problems.or(DrugFacts {
        code,
        ingredient,
        name,
        strength,
        form: dosage_form,
        unit,
        pack,
        route,
        registration_no,
        national_ingredient_code,
        controlled,
        usage_note,
    })
}
