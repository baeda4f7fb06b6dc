//! Two looks before a result leaves: the technician's (is it measured rightly?) and the physician's (does it fit the
//! person?). They are two people, unless the laboratory has only one.

use super::range::Flag;
use base::{AccountId, Problem};

/// Where a result stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Nothing typed yet.
    Pending,
    /// Typed, still a draft of the bench.
    Typed,
    /// Seen by the technician who answers for the measurement.
    Technical,
    /// On a report.
    Released,
    /// The sample was rejected or the order called off.
    Cancelled,
}

impl Status {
    pub const ALL: [Status; 5] =
        [Status::Pending, Status::Typed, Status::Technical, Status::Released, Status::Cancelled];

    /// The key as it is stored.
    pub fn key(self) -> &'static str {
        match self {
            Status::Pending => "pending",
            Status::Typed => "typed",
            Status::Technical => "technical",
            Status::Released => "released",
            Status::Cancelled => "cancelled",
        }
    }

    pub fn from_key(key: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|status| status.key() == key)
    }

    pub fn name(self) -> &'static str {
        match self {
            Status::Pending => "Chờ kết quả",
            Status::Typed => "Chờ duyệt kỹ thuật",
            Status::Technical => "Chờ duyệt chuyên môn",
            Status::Released => "Đã trả",
            Status::Cancelled => "Đã hủy",
        }
    }
}

/// What a rejected control of today does to results of the same analyte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QcRule {
    Off,
    #[default]
    Warn,
    Block,
}

impl QcRule {
    pub const ALL: [QcRule; 3] = [QcRule::Off, QcRule::Warn, QcRule::Block];

    pub fn key(self) -> &'static str {
        match self {
            QcRule::Off => "off",
            QcRule::Warn => "warn",
            QcRule::Block => "block",
        }
    }

    pub fn from_key(key: &str) -> Option<QcRule> {
        QcRule::ALL.into_iter().find(|rule| rule.key() == key)
    }

    pub fn name(self) -> &'static str {
        match self {
            QcRule::Off => "Không xét",
            QcRule::Warn => "Cảnh báo khi duyệt",
            QcRule::Block => "Không cho duyệt",
        }
    }
}

/// How the laboratory works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// One and the same person may look twice.
    pub is_one_person: bool,
    pub qc_rule: QcRule,
}

/// One result before the second look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// As people call it: "Kali 6,8 mmol/L".
    pub name: &'a str,
    pub status: Status,
    pub flag: Flag,
    pub technical_by: Option<AccountId>,
    /// Whether a call about this very value, read back, is on record.
    pub is_called: bool,
    /// Whether a control of this analyte was rejected today and has not passed since.
    pub is_qc_rejected: bool,
}

/// Whether the technician may pass it on. Refuses while a control of the analyte is rejected and the laboratory blocks.
pub fn technical(name: &str, is_qc_rejected: bool, settings: Settings) -> Result<(), Problem> {
    if is_qc_rejected && settings.qc_rule == QcRule::Block {
        return Err(Problem::of(format!(
            "{name}: nội kiểm hôm nay không đạt. Xử lý, chạy lại nội kiểm đạt rồi mới duyệt."
        )));
    }
    Ok(())
}

/// Whether a result may be released by `by`. Refuses one the technician has not seen, the same person's second look,
/// a critical value nobody has called about, and a rejected control where the laboratory blocks.
pub fn release(candidate: &Candidate<'_>, by: AccountId, settings: Settings) -> Result<(), Problem> {
    let name = candidate.name;
    if candidate.status != Status::Technical {
        return Err(Problem::of(format!("{name}: chưa duyệt kỹ thuật, hoặc vừa có người duyệt. Tải lại trang.")));
    }
    if candidate.technical_by == Some(by) && !settings.is_one_person {
        return Err(Problem::of(format!(
            "{name}: chính bạn đã duyệt kỹ thuật. Người khác có quyền phải duyệt chuyên môn."
        )));
    }
    if candidate.flag.is_critical() && !candidate.is_called {
        return Err(Problem::of(format!(
            "{name}: giá trị nguy kịch, chưa ghi nhận cuộc gọi báo bác sĩ. Gọi, nghe đọc lại rồi ghi vào đây."
        )));
    }
    technical(name, candidate.is_qc_rejected, settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_without_both_looks_and_the_call() {
        let (one, other) = (AccountId::new(), AccountId::new());
        let fine = Candidate {
            name: "Kali",
            status: Status::Technical,
            flag: Flag::Normal,
            technical_by: Some(one),
            is_called: false,
            is_qc_rejected: false,
        };
        let strict = Settings::default();
        let alone = Settings { is_one_person: true, ..strict };
        let blocks = Settings { qc_rule: QcRule::Block, ..strict };
        let critical = Candidate { flag: Flag::CriticalHigh, ..fine.clone() };
        for (candidate, by, settings, says) in [
            (fine.clone(), other, strict, None),
            (fine.clone(), one, strict, Some("chính bạn")),
            (fine.clone(), one, alone, None),
            (Candidate { status: Status::Typed, ..fine.clone() }, other, strict, Some("chưa duyệt kỹ thuật")),
            (Candidate { status: Status::Released, ..fine.clone() }, other, strict, Some("chưa duyệt kỹ thuật")),
            (critical.clone(), other, strict, Some("chưa ghi nhận cuộc gọi")),
            (Candidate { is_called: true, ..critical.clone() }, other, strict, None),
            (critical, one, alone, Some("chưa ghi nhận cuộc gọi")),
            (Candidate { is_qc_rejected: true, ..fine.clone() }, other, strict, None),
            (Candidate { is_qc_rejected: true, ..fine.clone() }, other, blocks, Some("nội kiểm")),
        ] {
            let refused = release(&candidate, by, settings).err();
            match says {
                None => assert_eq!(refused, None, "{candidate:?}"),
                Some(says) => assert!(refused.is_some_and(|p| p.text.contains(says)), "{candidate:?}"),
            }
        }
    }
}
