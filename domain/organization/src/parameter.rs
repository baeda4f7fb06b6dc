//! What a facility decided for itself, with dates: a decision of today leaves yesterday's calculations alone.

mod store;

pub use store::*;

use base::{Problem, show_date};
use chrono::NaiveDate;
use serde_json::Value;

/// A parameter an owner may set.
#[derive(Debug)]
pub struct Known {
    pub key: &'static str,
    pub title: &'static str,
    pub hint: &'static str,
    pub unit: &'static str,
    /// The smallest and largest whole number it takes.
    pub range: (i64, i64),
    /// What holds while the facility has decided nothing.
    pub default: i64,
    /// Whether it may be set for a single service.
    pub per_service: bool,
}

/// All parameters of the house that a facility decides; all are whole numbers.
pub const KNOWN: &[Known] = &[
    Known {
        key: "order.duplicate_days",
        title: "Nhắc khi chỉ định lặp lại trong vòng",
        hint: "Bác sĩ thấy ngày đã làm trước đó, vẫn chỉ định được. 0 là không nhắc.",
        unit: "ngày",
        range: (0, 365),
        default: 7,
        per_service: true,
    },
    Known {
        key: "order.most_per_visit",
        title: "Số chỉ định nhiều nhất một lượt khám",
        hint: "Chặn nhầm lẫn khi bấm thêm cả danh sách.",
        unit: "chỉ định",
        range: (1, 200),
        default: 60,
        per_service: false,
    },
    Known {
        key: "queue.priority_turns",
        title: "Số lượt ưu tiên gọi liền nhau trước một lượt thường",
        hint: "Người ưu tiên và người thường vào xen kẽ; cấp cứu luôn vào trước. Số càng lớn, hàng thường chờ càng lâu.",
        unit: "lượt",
        range: (1, 20),
        default: 2,
        per_service: false,
    },
    Known {
        key: "pharmacy.one_doctor",
        title: "Cơ sở một bác sĩ: người kê đơn được tự phát thuốc",
        hint: "1 là có, 0 là không. Nơi có dược sĩ, người kê đơn và người phát thuốc là hai người.",
        unit: "",
        range: (0, 1),
        default: 0,
        per_service: false,
    },
    Known {
        key: "stock.hold_minutes",
        title: "Giữ thuốc cho đơn chưa thanh toán",
        hint: "Thuốc của đơn vừa kê được giữ tại quầy trong chừng ấy phút. 0 là không giữ.",
        unit: "phút",
        range: (0, 1440),
        default: 120,
        per_service: false,
    },
    Known {
        key: "stock.paid_hold_days",
        title: "Giữ thuốc đã thanh toán thêm",
        hint: "Đơn đã thanh toán được giữ thuốc đến hết ngày, cộng thêm chừng ấy ngày.",
        unit: "ngày",
        range: (0, 30),
        default: 0,
        per_service: false,
    },
    Known {
        key: "stock.near_expiry_days",
        title: "Cảnh báo thuốc sắp hết hạn trước",
        hint: "Lô còn hạn ít hơn chừng ấy ngày hiện ở trang Cảnh báo kho.",
        unit: "ngày",
        range: (7, 730),
        default: 90,
        per_service: false,
    },
    Known {
        key: "discount.cashier_percent",
        title: "Thu ngân tự giảm giá đến",
        hint: "Tính trên tổng phiếu, cộng mọi lần giảm. Vượt mức thì người khác duyệt. Không tính các chính sách giảm đã khai.",
        unit: "%",
        range: (0, 100),
        default: 5,
        per_service: false,
    },
    Known {
        key: "discount.manager_percent",
        title: "Người duyệt thu ngân tự giảm giá đến",
        hint: "Vượt mức thì người duyệt khác quyết định.",
        unit: "%",
        range: (0, 100),
        default: 30,
        per_service: false,
    },
    Known {
        key: "debt.cashier_vnd",
        title: "Thu ngân cho nợ đến",
        hint: "Người bệnh ra về còn nợ nhiều hơn thì người khác duyệt.",
        unit: "đ",
        range: (0, 1_000_000_000),
        default: 500_000,
        per_service: false,
    },
    Known {
        key: "debt.manager_vnd",
        title: "Người duyệt thu ngân cho nợ đến",
        hint: "Vượt mức thì người duyệt khác quyết định.",
        unit: "đ",
        range: (0, 1_000_000_000),
        default: 5_000_000,
        per_service: false,
    },
    Known {
        key: "package.refund_by_list",
        title: "Kết thúc gói sớm: trừ phần đã dùng theo giá lẻ",
        hint: "1 là hoàn tiền gói trừ giá lẻ của phần đã dùng, 0 là trừ theo tỷ lệ giá gói.",
        unit: "",
        range: (0, 1),
        default: 1,
        per_service: false,
    },
];

/// The parameter of that key, if the house knows it.
pub fn known(key: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.key == key)
}

/// Reads a whole number within the parameter's range, from a day that is not past.
pub fn check(known: &Known, typed: &str, from: NaiveDate, today: NaiveDate) -> Result<i64, Problem> {
    let (least, most) = known.range;
    let text = crate::written::line(typed);
    let number = text.parse::<i64>().ok().filter(|n| (least..=most).contains(n)).ok_or_else(|| {
        Problem::at("value", format!("“{text}” không dùng được. Nhập số nguyên từ {least} đến {most}."))
    })?;
    if from < today {
        return Err(Problem::at(
            "valid_from",
            format!("Chỉ áp dụng từ hôm nay ({}) trở đi, để việc đã làm không đổi.", show_date(today)),
        ));
    }
    Ok(number)
}

/// The whole number in a stored value, or the default when it is not one.
pub fn number(known: &Known, value: Option<&Value>) -> i64 {
    value.and_then(Value::as_i64).unwrap_or(known.default)
}
