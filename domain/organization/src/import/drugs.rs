//! The sheet of drugs and prices.

use super::{Column, List};
use crate::drug::{self, DrugFacts, DrugForm};
use base::Problems;
use std::collections::BTreeMap;

/// Reads drugs.
pub struct Drugs;

impl List for Drugs {
    type Facts = DrugFacts;

    const COLUMNS: &'static [Column] = &[
        Column {
            field: "code",
            title: "Mã thuốc",
            also: &["Mã"],
            required: true,
            example: "T0012",
            hint: "Mã của cơ sở, không trùng. Trùng mã đang có thì dòng đó được cập nhật.",
        },
        Column {
            field: "name",
            title: "Tên thuốc",
            also: &["Tên", "Tên biệt dược"],
            required: true,
            example: "Amoxicilin 500 mg",
            hint: "Tên thương mại như trên hộp.",
        },
        Column {
            field: "ingredient",
            title: "Hoạt chất",
            also: &["Tên hoạt chất"],
            required: true,
            example: "Amoxicilin",
            hint: "Nhiều hoạt chất thì nối bằng dấu +.",
        },
        Column {
            field: "unit",
            title: "Đơn vị",
            also: &["ĐVT", "Đơn vị tính"],
            required: true,
            example: "viên",
            hint: "Đơn vị phát và tính tiền: viên, gói, chai, lọ, ống, tuýp…",
        },
        Column {
            field: "price",
            title: "Đơn giá",
            also: &["Giá", "Giá bán", "Đơn giá (đồng)"],
            required: true,
            example: "1200",
            hint: "Giá một đơn vị, số đồng nguyên.",
        },
        Column {
            field: "strength",
            title: "Hàm lượng",
            also: &["Nồng độ/hàm lượng"],
            required: false,
            example: "500 mg",
            hint: "",
        },
        Column {
            field: "form",
            title: "Dạng bào chế",
            also: &["Dạng"],
            required: false,
            example: "Viên nang",
            hint: "",
        },
        Column {
            field: "pack",
            title: "Quy cách",
            also: &["Lượng trong một đơn vị"],
            required: false,
            example: "",
            hint: "Chai, lọ, ống hít: lượng trong một đơn vị, ví dụ 60 ml, 200 liều. Thuốc viên để trống.",
        },
        Column {
            field: "route",
            title: "Đường dùng",
            also: &[],
            required: false,
            example: "Uống",
            hint: "",
        },
        Column {
            field: "registration_no",
            title: "Số đăng ký",
            also: &["SĐK", "Số GPLH"],
            required: false,
            example: "",
            hint: "Số giấy đăng ký lưu hành.",
        },
        Column {
            field: "national_ingredient_code",
            title: "Mã hoạt chất",
            also: &["Mã hoạt chất BHYT"],
            required: false,
            example: "40.154",
            hint: "Mã trong danh mục thuốc bảo hiểm y tế.",
        },
        Column {
            field: "controlled",
            title: "Nhóm kiểm soát",
            also: &["Kiểm soát đặc biệt"],
            required: false,
            example: "",
            hint: "Gây nghiện, Hướng thần, Tiền chất, Thuốc độc; thuốc thường để trống.",
        },
        Column {
            field: "usage_note",
            title: "Cách dùng",
            also: &[],
            required: false,
            example: "Sau ăn",
            hint: "Lời dặn thường dùng, bác sĩ sửa được.",
        },
    ];

    fn facts(&self, fields: &BTreeMap<&'static str, String>) -> Result<DrugFacts, Problems> {
        let get = |field: &str| fields.get(field).cloned().unwrap_or_default();
        let form = DrugForm {
            code: get("code"),
            ingredient: get("ingredient"),
            name: get("name"),
            strength: get("strength"),
            form: get("form"),
            unit: get("unit"),
            pack: get("pack"),
            route: get("route"),
            registration_no: get("registration_no"),
            national_ingredient_code: get("national_ingredient_code"),
            controlled: get("controlled"),
            usage_note: get("usage_note"),
        };
        drug::check(&form)
    }

    fn fields(&self, facts: &DrugFacts) -> BTreeMap<&'static str, String> {
        BTreeMap::from([
            ("code", facts.code.clone()),
            ("ingredient", facts.ingredient.clone()),
            ("name", facts.name.clone()),
            ("strength", facts.strength.clone()),
            ("form", facts.form.clone()),
            ("unit", facts.unit.clone()),
            ("pack", facts.show_pack()),
            ("route", facts.route.clone()),
            ("registration_no", facts.registration_no.clone()),
            ("national_ingredient_code", facts.national_ingredient_code.clone()),
            ("controlled", facts.controlled.name().to_owned()),
            ("usage_note", facts.usage_note.clone()),
        ])
    }

    fn code(facts: &DrugFacts) -> &str {
        &facts.code
    }

    fn name(facts: &DrugFacts) -> &str {
        &facts.name
    }
}
