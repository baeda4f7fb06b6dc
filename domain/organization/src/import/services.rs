//! The sheet of services and prices.

use super::{Column, List};
use crate::room::Room;
use crate::service::{self, ServiceFacts, ServiceForm};
use base::Problems;
use std::collections::BTreeMap;

/// Reads services; a room is named by its code or name.
pub struct Services<'a> {
    pub rooms: &'a [Room],
}

impl List for Services<'_> {
    type Facts = ServiceFacts;

    const COLUMNS: &'static [Column] = &[
        Column {
            field: "code",
            title: "Mã dịch vụ",
            also: &["Mã", "Mã DV"],
            required: true,
            example: "DV-0112",
            hint: "Mã của cơ sở, không trùng. Trùng mã đang có thì dòng đó được cập nhật.",
        },
        Column {
            field: "name",
            title: "Tên dịch vụ",
            also: &["Tên", "Tên DV", "Tên dịch vụ kỹ thuật"],
            required: true,
            example: "Siêu âm ổ bụng",
            hint: "Tên in trên phiếu và hóa đơn.",
        },
        Column {
            field: "kind",
            title: "Loại",
            also: &["Loại dịch vụ", "Nhóm"],
            required: true,
            example: "Hình ảnh",
            hint: "Khám, Xét nghiệm, Hình ảnh, Thủ thuật hoặc Khác.",
        },
        Column {
            field: "price",
            title: "Đơn giá",
            also: &["Giá", "Giá dịch vụ", "Đơn giá (đồng)"],
            required: true,
            example: "150000",
            hint: "Số đồng nguyên, miễn phí thì nhập 0.",
        },
        Column {
            field: "room",
            title: "Phòng thực hiện",
            also: &["Phòng", "Nơi thực hiện"],
            required: false,
            example: "",
            hint: "Mã hoặc tên phòng đã khai báo.",
        },
        Column {
            field: "unit",
            title: "Đơn vị",
            also: &["ĐVT", "Đơn vị tính"],
            required: false,
            example: "lần",
            hint: "Để trống là “lần”.",
        },
        Column {
            field: "national_code",
            title: "Mã tương đương",
            also: &["Mã BYT", "Mã BHYT"],
            required: false,
            example: "18.0015.0001",
            hint: "Mã trong danh mục dịch vụ kỹ thuật của Bộ Y tế.",
        },
        Column {
            field: "specimen",
            title: "Bệnh phẩm",
            also: &["Mẫu"],
            required: false,
            example: "",
            hint: "Chỉ cho xét nghiệm, ví dụ: máu EDTA 2 ml.",
        },
        Column {
            field: "preparation",
            title: "Chuẩn bị",
            also: &["Dặn dò"],
            required: false,
            example: "Nhịn ăn 6 giờ",
            hint: "In trên phiếu chỉ định cho người bệnh.",
        },
        Column {
            field: "aliases",
            title: "Từ gợi nhớ",
            also: &["Viết tắt", "Tên khác"],
            required: false,
            example: "sa bụng",
            hint: "Cách gọi khác để tìm nhanh, cách nhau bằng dấu phẩy.",
        },
    ];

    fn facts(&self, fields: &BTreeMap<&'static str, String>) -> Result<ServiceFacts, Problems> {
        let get = |field: &str| fields.get(field).cloned().unwrap_or_default();
        let form = ServiceForm {
            code: get("code"),
            name: get("name"),
            kind: get("kind"),
            room: get("room"),
            unit: get("unit"),
            national_code: get("national_code"),
            specimen: get("specimen"),
            preparation: get("preparation"),
            aliases: get("aliases"),
        };
        service::check(&form, self.rooms)
    }

    fn fields(&self, facts: &ServiceFacts) -> BTreeMap<&'static str, String> {
        let room = facts.room.and_then(|id| self.rooms.iter().find(|r| r.id == id));
        BTreeMap::from([
            ("code", facts.code.clone()),
            ("name", facts.name.clone()),
            ("kind", facts.kind.name().to_owned()),
            ("room", room.map_or_else(String::new, |r| r.code.clone())),
            ("unit", facts.unit.clone()),
            ("national_code", facts.national_code.clone()),
            ("specimen", facts.specimen.clone()),
            ("preparation", facts.preparation.clone()),
            ("aliases", facts.aliases.clone()),
        ])
    }

    fn code(facts: &ServiceFacts) -> &str {
        &facts.code
    }

    fn name(facts: &ServiceFacts) -> &str {
        &facts.name
    }
}
