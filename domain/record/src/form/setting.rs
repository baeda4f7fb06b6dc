//! What a facility decided about its records: numbers, terms, how long a record is kept. Every value holds from a day on;
//! yesterday's records keep yesterday's rule. Other parts read them here, whatever page they were set on.

pub mod number;
pub mod retention;
mod store;

pub use number::Pattern;
pub use retention::{Class, Retention, retention};
pub use store::{Decision, all_on, decide, history};

use base::{Problem, show_date};
use chrono::NaiveDate;
use db::Tx;
use serde_json::Value;

/// A parameter of the record.
#[derive(Debug)]
pub struct Known {
    pub key: &'static str,
    pub group: &'static str,
    pub title: &'static str,
    pub hint: &'static str,
    pub kind: Kind,
    /// What holds while the facility has decided nothing.
    pub default: &'static str,
}

/// What a value may be.
#[derive(Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole number of these, from the first to the second.
    Number { unit: &'static str, least: i64, most: i64 },
    /// One line of at most so many characters.
    Line(usize),
    /// How a number is written: see [`number`].
    Pattern,
    /// Two digits of a province, or nothing.
    Province,
}

/// All parameters, in the order of the page.
pub const KNOWN: &[Known] = &[
    Known {
        key: "archive.number",
        group: "Đánh số",
        title: "Số lưu trữ",
        hint: "Cấp khi hồ sơ được nhận vào lưu trữ, đếm lại mỗi năm. {so:5} là số thứ tự, thêm số 0 cho đủ 5 chữ số; {nam} là năm, {nam2} là hai số cuối của năm; {khoa} là mã khoa.",
        kind: Kind::Pattern,
        default: "{nam2}.{so:6}",
    },
    Known {
        key: "record.medical_code",
        group: "Đánh số",
        title: "Mã y tế trên bìa bệnh án",
        hint: "Mẫu của Bộ ghi: mã tỉnh / mã cơ sở / năm / số thứ tự. Thêm được {tinh} và {coso}.",
        kind: Kind::Pattern,
        default: "{tinh}/{coso}/{nam2}/{so:6}",
    },
    Known {
        key: "print.parent",
        group: "Đầu trang in",
        title: "Cơ quan chủ quản",
        hint: "In ở dòng trên tên cơ sở. Để trống thì lấy theo thông tin cơ sở.",
        kind: Kind::Line(120),
        default: "",
    },
    Known {
        key: "print.foot",
        group: "Đầu trang in",
        title: "Dòng cuối trang",
        hint: "In nhỏ ở chân mỗi trang của phiếu, ví dụ mã quy trình.",
        kind: Kind::Line(160),
        default: "",
    },
    Known {
        key: "complete.hours",
        group: "Hoàn thiện",
        title: "Hoàn thiện hồ sơ sau khi ra viện trong vòng",
        hint: "Quá hạn thì hồ sơ lên đầu danh sách nhắc.",
        kind: Kind::Number { unit: "giờ", least: 1, most: 720 },
        default: "24",
    },
    Known {
        key: "complete.part_a_hours",
        group: "Hoàn thiện",
        title: "Làm bệnh án (phần A) sau khi vào viện trong vòng",
        hint: "Áp dụng cho người bệnh không cấp cứu.",
        kind: Kind::Number { unit: "giờ", least: 1, most: 168 },
        default: "36",
    },
    Known {
        key: "complete.part_a_urgent_hours",
        group: "Hoàn thiện",
        title: "Làm bệnh án (phần A) của người bệnh cấp cứu trong vòng",
        hint: "",
        kind: Kind::Number { unit: "giờ", least: 1, most: 168 },
        default: "24",
    },
    Known {
        key: "loan.days",
        group: "Lưu trữ",
        title: "Cho mượn hồ sơ",
        hint: "Quá số ngày này, người mượn và phòng lưu trữ được nhắc.",
        kind: Kind::Number { unit: "ngày", least: 1, most: 90 },
        default: "7",
    },
    Known {
        key: "retention.ordinary_years",
        group: "Lưu trữ",
        title: "Giữ hồ sơ nội trú, ngoại trú",
        hint: "Không ngắn hơn quy định: cơ sở chỉ được giữ lâu hơn.",
        kind: Kind::Number { unit: "năm", least: 10, most: 100 },
        default: "10",
    },
    Known {
        key: "retention.long_years",
        group: "Lưu trữ",
        title: "Giữ hồ sơ tâm thần, tai nạn lao động, tai nạn giao thông, phẫu thuật thẩm mỹ",
        hint: "Không ngắn hơn quy định: cơ sở chỉ được giữ lâu hơn.",
        kind: Kind::Number { unit: "năm", least: 20, most: 100 },
        default: "20",
    },
    Known {
        key: "retention.death_years",
        group: "Lưu trữ",
        title: "Giữ hồ sơ tử vong, hiến và ghép mô, tạng",
        hint: "Không ngắn hơn quy định: cơ sở chỉ được giữ lâu hơn.",
        kind: Kind::Number { unit: "năm", least: 30, most: 100 },
        default: "30",
    },
    Known {
        key: "form.province",
        group: "Mẫu biểu",
        title: "Dùng mẫu chung của tỉnh, thành phố",
        hint: "Mã tỉnh gồm hai chữ số, ví dụ 86 là Vĩnh Long. Để trống thì chỉ theo mẫu của Bộ và của cơ sở.",
        kind: Kind::Province,
        default: "",
    },
];

/// The parameter of that key.
pub fn known(key: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.key == key)
}

/// What holds on a day: the facility's decision, or the default. An unknown key is empty.
pub async fn text(tx: &mut Tx, key: &str, day: NaiveDate) -> Result<String, sqlx::Error> {
    let decided = store::value_on(tx, key, day).await?;
    let default = || known(key).map_or("", |known| known.default).to_owned();
    Ok(decided.and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_else(default))
}

/// A number that holds on a day.
pub async fn number(tx: &mut Tx, key: &str, day: NaiveDate) -> Result<i64, sqlx::Error> {
    Ok(text(tx, key, day).await?.parse().unwrap_or_default())
}

/// How archive numbers are written on a day.
pub async fn archive_number_pattern(tx: &mut Tx, day: NaiveDate) -> Result<Pattern, sqlx::Error> {
    let text = text(tx, "archive.number", day).await?;
    // What was decided was checked; a pattern of an older house that reads no more gives way to the default.
    Ok(Pattern::parse(&text).unwrap_or_else(|_| Pattern::plain()))
}

/// Days for which a record is lent.
pub async fn loan_days(tx: &mut Tx, day: NaiveDate) -> Result<i64, sqlx::Error> {
    number(tx, "loan.days", day).await
}

/// Reads what was typed for a parameter, from a day that is not past.
pub fn check(known: &Known, typed: &str, from: NaiveDate, today: NaiveDate) -> Result<Value, Problem> {
    let typed = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    if from < today {
        let text = format!("Chỉ áp dụng từ hôm nay ({}) trở đi, để hồ sơ đã làm không đổi.", show_date(today));
        return Err(Problem::at("valid_from", text));
    }
    let wrong = |text: String| Problem::at("value", text);
    match known.kind {
        Kind::Number { least, most, .. } => match typed.parse::<i64>() {
            Ok(number) if (least..=most).contains(&number) => Ok(Value::from(number.to_string())),
            _ => Err(wrong(format!("“{typed}” không dùng được. Nhập số nguyên từ {least} đến {most}."))),
        },
        Kind::Line(longest) if typed.chars().count() > longest => {
            Err(wrong(format!("Dài quá {longest} ký tự. Rút gọn lại.")))
        }
        Kind::Line(_) => Ok(Value::from(typed)),
        Kind::Pattern => match Pattern::parse(&typed) {
            Ok(_) => Ok(Value::from(typed)),
            Err(text) => Err(wrong(text)),
        },
        Kind::Province => {
            let is_code = typed.is_empty() || (typed.len() == 2 && typed.bytes().all(|b| b.is_ascii_digit()));
            if is_code { Ok(Value::from(typed)) } else { Err(wrong("Mã tỉnh gồm hai chữ số, ví dụ 86.".into())) }
        }
    }
}

/// The head of the facility's record papers on a day: as its other papers have it, with what was decided for records.
pub async fn paper_head(tx: &mut Tx, day: NaiveDate) -> Result<Value, sqlx::Error> {
    let facility = tx.facility();
    let ours = organization::facility::get(tx.conn(), facility).await?;
    let official = organization::facility::code_on(tx.conn(), facility, "kcb", day).await?;
    let mut head = ours.paper_head(official.as_deref());
    let decided = all_on(tx, day).await?;
    for (key, place) in [("print.parent", "parent"), ("print.foot", "foot")] {
        if let Some(text) = decided.get(key).filter(|text| !text.is_empty()) {
            head[place] = Value::from(text.as_str());
        }
    }
    Ok(head)
}
