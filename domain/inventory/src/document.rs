//! A paper of the pharmacy: written by one person, approved by another, and only then do goods move. It is a draft while
//! it is typed, gets its number on approval, and is never changed after that: what was wrong is taken back by a paper
//! of its own.

use base::Problem;
use chrono::{Datelike, NaiveDate};
use uuid::Uuid;

/// What the paper is about; each has its own run of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Receipt,
    Opening,
    Transfer,
    Issue,
    SupplierReturn,
    Disposal,
    Stocktake,
    Reversal,
}

impl Kind {
    pub const ALL: [Kind; 8] = [
        Kind::Receipt,
        Kind::Transfer,
        Kind::Issue,
        Kind::SupplierReturn,
        Kind::Disposal,
        Kind::Stocktake,
        Kind::Opening,
        Kind::Reversal,
    ];
    /// The kinds that people type line by line.
    pub const TYPED: [Kind; 5] = [Kind::Receipt, Kind::Transfer, Kind::Issue, Kind::SupplierReturn, Kind::Disposal];

    /// The key as it is stored.
    pub fn key(self) -> &'static str {
        match self {
            Kind::Receipt => "receipt",
            Kind::Opening => "opening",
            Kind::Transfer => "transfer",
            Kind::Issue => "issue",
            Kind::SupplierReturn => "supplier_return",
            Kind::Disposal => "disposal",
            Kind::Stocktake => "stocktake",
            Kind::Reversal => "reversal",
        }
    }

    pub fn from_key(key: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.key() == key)
    }

    /// As people call the paper.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Receipt => "Phiếu nhập kho",
            Kind::Opening => "Tồn đầu kỳ",
            Kind::Transfer => "Phiếu chuyển kho",
            Kind::Issue => "Phiếu xuất sử dụng",
            Kind::SupplierReturn => "Phiếu trả nhà cung cấp",
            Kind::Disposal => "Biên bản hủy thuốc",
            Kind::Stocktake => "Biên bản kiểm kê",
            Kind::Reversal => "Phiếu ghi đảo",
        }
    }

    /// Letters before the number.
    pub fn series(self) -> &'static str {
        match self {
            Kind::Receipt => "PN",
            Kind::Opening => "TD",
            Kind::Transfer => "CK",
            Kind::Issue => "PX",
            Kind::SupplierReturn => "TN",
            Kind::Disposal => "BH",
            Kind::Stocktake => "KK",
            Kind::Reversal => "GD",
        }
    }

    /// The icon beside its name.
    pub fn icon(self) -> &'static str {
        match self {
            Kind::Receipt => "truck",
            Kind::Opening => "table-import",
            Kind::Transfer => "transfer",
            Kind::Issue => "file-export",
            Kind::SupplierReturn => "arrow-back-up",
            Kind::Disposal => "trash",
            Kind::Stocktake => "clipboard-check",
            Kind::Reversal => "history",
        }
    }

    /// Goods come from outside: lot, expiry and price are typed from the box and the invoice.
    pub fn brings_goods(self) -> bool {
        matches!(self, Kind::Receipt | Kind::Opening)
    }

    /// Goods leave for somewhere: the lot is chosen from what lies there.
    pub fn takes_goods(self) -> bool {
        matches!(self, Kind::Transfer | Kind::Issue | Kind::SupplierReturn | Kind::Disposal)
    }

    /// Somebody will use the goods, so nothing expired or blocked may be on the paper.
    pub fn is_for_use(self) -> bool {
        matches!(self, Kind::Transfer | Kind::Issue)
    }

    /// The movement that one of its lines makes; `None` where lines do not become movements one by one.
    pub fn movement(self) -> Option<crate::ledger::Kind> {
        use crate::ledger::Kind as Moves;
        match self {
            Kind::Receipt => Some(Moves::Receipt),
            Kind::Opening => Some(Moves::Opening),
            Kind::Transfer => Some(Moves::TransferOut),
            Kind::Issue => Some(Moves::Issue),
            Kind::SupplierReturn => Some(Moves::SupplierReturn),
            Kind::Disposal => Some(Moves::Disposal),
            Kind::Stocktake => Some(Moves::Stocktake),
            Kind::Reversal => None,
        }
    }

    /// The template in `edge/documents` that prints it.
    pub fn paper(self) -> &'static str {
        match self {
            Kind::Receipt | Kind::Opening => "stock-receipt",
            Kind::Stocktake => "stocktake",
            Kind::Disposal => "disposal",
            _ => "stock-issue",
        }
    }
}

/// Where a paper stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    Draft,
    Submitted,
    Refused,
    Discarded,
    /// In the ledger; a transfer is on its way.
    Approved,
    /// A transfer that was taken in.
    Received,
    /// A transfer that went back to where it came from.
    SentBack,
    Reversed,
}

impl State {
    pub const ALL: [State; 8] = [
        State::Draft,
        State::Submitted,
        State::Refused,
        State::Approved,
        State::Received,
        State::SentBack,
        State::Reversed,
        State::Discarded,
    ];

    pub fn key(self) -> &'static str {
        match self {
            State::Draft => "draft",
            State::Submitted => "submitted",
            State::Refused => "refused",
            State::Discarded => "discarded",
            State::Approved => "approved",
            State::Received => "received",
            State::SentBack => "sent_back",
            State::Reversed => "reversed",
        }
    }

    pub fn from_key(key: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.key() == key)
    }

    /// As the list shows it.
    pub fn name(self, kind: Kind) -> &'static str {
        match (self, kind) {
            (State::Draft, Kind::Stocktake) => "Đang kiểm",
            (State::Draft, _) => "Nháp",
            (State::Submitted, _) => "Chờ duyệt",
            (State::Refused, _) => "Trả lại sửa",
            (State::Discarded, _) => "Đã bỏ",
            (State::Approved, Kind::Transfer) => "Đang chuyển",
            (State::Approved, _) => "Đã duyệt",
            (State::Received, _) => "Đã nhận",
            (State::SentBack, _) => "Đã trả về kho gửi",
            (State::Reversed, _) => "Đã ghi đảo",
        }
    }

    /// Colour and icon of its badge.
    pub fn look(self, kind: Kind) -> (&'static str, &'static str) {
        match (self, kind) {
            (State::Draft, _) => ("draft", "pencil"),
            (State::Submitted, _) => ("waiting", "clock-hour-4"),
            (State::Refused, _) => ("warning", "alert-triangle"),
            (State::Discarded, _) => ("neutral", "trash"),
            (State::Approved, Kind::Transfer) => ("info", "truck"),
            (State::Approved | State::Received, _) => ("done", "circle-check"),
            (State::SentBack, _) => ("info", "arrow-back-up"),
            (State::Reversed, _) => ("critical", "history"),
        }
    }

    /// Lines and head may still be typed.
    pub fn is_open(self) -> bool {
        matches!(self, State::Draft | State::Refused)
    }

    /// It has a number and stands in the ledger.
    pub fn is_booked(self) -> bool {
        matches!(self, State::Approved | State::Received | State::SentBack | State::Reversed)
    }
}

/// `PN26/000123`: series, year, number of that year.
pub fn show_number(kind: Kind, year: i32, number: i64) -> String {
    format!("{}{:02}/{number:06}", kind.series(), year.rem_euclid(100))
}

/// Reads a number as people type or scan it, with or without the slash.
pub fn read_number(code: &str) -> Option<(Kind, i32, i64)> {
    let code = code.trim().to_uppercase();
    let kind = Kind::ALL.into_iter().find(|k| code.starts_with(k.series()))?;
    let rest: String = code[2..].chars().filter(|c| *c != '/').collect();
    (rest.len() == 8 && rest.bytes().all(|b| b.is_ascii_digit())).then(|| Some((kind, 2000 + rest[..2].parse::<i32>().ok()?, rest[2..].parse().ok()?)))?
}

/// The run of numbers that a paper approved on `day` belongs to.
pub fn year_of(day: NaiveDate) -> i32 {
    day.year()
}

/// Whether it may still be typed on.
pub fn may_edit(state: State) -> Result<(), Problem> {
    match state {
        State::Draft | State::Refused => Ok(()),
        State::Submitted => Err(Problem::of("Phiếu đang chờ duyệt. Rút phiếu về nháp rồi sửa.")),
        State::Discarded => Err(Problem::of("Phiếu đã bỏ. Lập phiếu mới.")),
        _ => Err(Problem::of("Phiếu đã ghi sổ kho nên không sửa được. Cần sửa thì lập phiếu ghi đảo rồi nhập lại.")),
    }
}

/// Whether `actor` may approve or refuse: never somebody who wrote on the paper.
pub fn may_decide(state: State, hands: &[Uuid], actor: Uuid) -> Result<(), Problem> {
    match state {
        State::Submitted if hands.contains(&actor) => Err(Problem::of("Người lập phiếu không tự duyệt. Nhờ dược sĩ khác duyệt phiếu này.")),
        State::Submitted => Ok(()),
        State::Draft | State::Refused => Err(Problem::of("Phiếu chưa gửi duyệt.")),
        State::Discarded => Err(Problem::of("Phiếu đã bỏ, không duyệt được.")),
        _ => Err(Problem::of("Phiếu đã được duyệt trước đó.")),
    }
}

/// Whether it may be taken back as a whole.
pub fn may_reverse(kind: Kind, state: State) -> Result<(), Problem> {
    match (kind, state) {
        (Kind::Reversal, _) => Err(Problem::of("Phiếu ghi đảo không đảo lại được. Lập phiếu mới cho đúng.")),
        (Kind::Transfer, State::Approved) => Err(Problem::of("Hàng đang trên đường. Dùng “Trả về kho gửi” thay cho ghi đảo.")),
        (_, State::SentBack) => Err(Problem::of("Hàng đã về kho gửi, không còn gì để đảo.")),
        (_, State::Reversed) => Err(Problem::of("Phiếu đã được ghi đảo.")),
        (_, State::Approved | State::Received) => Ok(()),
        _ => Err(Problem::of("Chỉ phiếu đã duyệt mới ghi đảo. Phiếu chưa duyệt thì rút về sửa.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_back() {
        for kind in Kind::ALL {
            let shown = show_number(kind, 2026, 123);
            assert_eq!(read_number(&shown), Some((kind, 2026, 123)), "{shown}");
            assert_eq!(read_number(&shown.replace('/', "").to_lowercase()), Some((kind, 2026, 123)));
            assert_eq!(Kind::from_key(kind.key()), Some(kind));
        }
        for other in ["PN26/1", "LO000042", "", "PN", "PT26-000001", "8934567890123", "PNxx/000001", "ĐN26/000001"] {
            assert_eq!(read_number(other), None, "{other}");
        }
    }

    #[test]
    fn nobody_decides_about_an_own_paper() {
        let (me, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert!(may_decide(State::Submitted, &[me], me).is_err());
        assert!(may_decide(State::Submitted, &[me], other).is_ok());
        for state in [State::Draft, State::Refused, State::Discarded, State::Approved, State::Received, State::Reversed] {
            assert!(may_decide(state, &[me], other).is_err(), "{state:?}");
        }
    }

    #[test]
    fn only_what_is_booked_is_taken_back() {
        for state in State::ALL {
            let may = may_reverse(Kind::Receipt, state).is_ok();
            assert_eq!(may, matches!(state, State::Approved | State::Received), "{state:?}");
            assert_eq!(may_edit(state).is_ok(), state.is_open(), "{state:?}");
        }
        assert!(may_reverse(Kind::Transfer, State::Approved).is_err());
        assert!(may_reverse(Kind::Reversal, State::Approved).is_err());
    }
}
