//! The stock ledger: every document of the pharmacy becomes movements here, and nothing else changes what lies where.
//!
//! A movement is never edited or erased; a wrong one is taken back by a reversal. What lies on a shelf is the sum of
//! its movements and is never negative, whoever writes at the same time. Nothing expired or blocked goes to a patient,
//! a ward or another store.

use crate::item::show_quantity;
use crate::store::ledger as store;
use base::{LotId, PatientId, Problem, Problems, StoreId, local_date, show_date};
use chrono::NaiveDate;
use db::Tx;
use std::collections::HashMap;
use uuid::Uuid;
use web::Failure;

/// Why goods moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// What lay there when the books were opened.
    Opening,
    /// From a supplier.
    Receipt,
    /// To a room or ward for use.
    Issue,
    TransferOut,
    TransferIn,
    /// To a patient.
    Dispense,
    /// Sealed goods back from a patient.
    Return,
    SupplierReturn,
    Disposal,
    /// The approved difference between count and books.
    Stocktake,
    /// Takes one movement back.
    Reversal,
}

impl Kind {
    pub const ALL: [Kind; 11] = [
        Kind::Opening,
        Kind::Receipt,
        Kind::Issue,
        Kind::TransferOut,
        Kind::TransferIn,
        Kind::Dispense,
        Kind::Return,
        Kind::SupplierReturn,
        Kind::Disposal,
        Kind::Stocktake,
        Kind::Reversal,
    ];

    /// The key as it is stored.
    pub fn key(self) -> &'static str {
        match self {
            Kind::Opening => "opening",
            Kind::Receipt => "receipt",
            Kind::Issue => "issue",
            Kind::TransferOut => "transfer_out",
            Kind::TransferIn => "transfer_in",
            Kind::Dispense => "dispense",
            Kind::Return => "return",
            Kind::SupplierReturn => "supplier_return",
            Kind::Disposal => "disposal",
            Kind::Stocktake => "stocktake",
            Kind::Reversal => "reversal",
        }
    }

    pub fn from_key(key: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.key() == key)
    }

    /// As the stock card calls it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Opening => "Tồn đầu kỳ",
            Kind::Receipt => "Nhập mua",
            Kind::Issue => "Xuất sử dụng",
            Kind::TransferOut => "Chuyển đi",
            Kind::TransferIn => "Chuyển đến",
            Kind::Dispense => "Cấp phát",
            Kind::Return => "Người bệnh trả lại",
            Kind::SupplierReturn => "Trả nhà cung cấp",
            Kind::Disposal => "Hủy",
            Kind::Stocktake => "Chênh lệch kiểm kê",
            Kind::Reversal => "Ghi đảo",
        }
    }

    /// Whether goods go where somebody may use them: not allowed for an expired or blocked lot.
    pub fn is_for_use(self) -> bool {
        matches!(self, Kind::Dispense | Kind::Issue | Kind::TransferOut)
    }

    /// The sign its quantity must have; `None` when both are possible.
    fn sign(self) -> Option<i64> {
        match self {
            Kind::Opening | Kind::Receipt | Kind::TransferIn | Kind::Return => Some(1),
            Kind::Issue | Kind::TransferOut | Kind::Dispense | Kind::SupplierReturn | Kind::Disposal => Some(-1),
            Kind::Stocktake | Kind::Reversal => None,
        }
    }
}

/// Somebody who answers for a movement beside the one who books it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    pub account: Uuid,
    pub name: String,
}

/// One movement to be booked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    pub store: StoreId,
    /// The drug's id.
    pub item: Uuid,
    pub lot: LotId,
    /// Signed thousandths of the dispensing unit; what comes in is positive.
    pub quantity_milli: i64,
    pub kind: Kind,
    pub document: Uuid,
    pub line: Uuid,
    /// As people call the document, e.g. `PN26/000123`.
    pub document_no: String,
    /// The movement a reversal takes back.
    pub reverses: Option<Uuid>,
    /// The dispense that a return gives back.
    pub returns_of: Option<Uuid>,
    pub patient: Option<PatientId>,
    pub reason: String,
    /// Needed for controlled drugs, except towards patients, where the signature follows in the controlled ledger.
    pub second: Option<Signer>,
}

impl Movement {
    /// A movement without the rarer facts, to be completed with struct update syntax.
    pub fn new(kind: Kind, store: StoreId, item: Uuid, lot: LotId, quantity_milli: i64, document: Uuid, line: Uuid) -> Movement {
        Movement {
            store,
            item,
            lot,
            quantity_milli,
            kind,
            document,
            line,
            document_no: String::new(),
            reverses: None,
            returns_of: None,
            patient: None,
            reason: String::new(),
            second: None,
        }
    }
}

/// Whether the movements were booked now or stood in the ledger already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Posted {
    Now,
    Before,
}

/// A lot on a shelf, as the ledger sees it while the shelf is locked.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct OnShelf {
    pub store_id: Uuid,
    pub item_id: Uuid,
    pub lot_id: Uuid,
    pub lot_no: String,
    pub expires: NaiveDate,
    pub blocked: bool,
    pub quantity_milli: i64,
    pub name: String,
    pub unit: String,
    pub controlled_class: String,
    pub store_name: String,
    /// Nothing is booked any more in a closed store.
    pub store_closed: bool,
}

impl OnShelf {
    pub fn is_usable(&self, day: NaiveDate) -> bool {
        !self.blocked && self.expires >= day
    }
}

/// Books all movements or none, under the locks of their shelves, taken in one fixed order.
///
/// Refuses, each beside its line (the field is the line's id): a quantity that is zero, has the wrong sign or is
/// impossible; more than is there; an expired or blocked lot for use; a closed store; a controlled drug without a
/// second signer. The same document posted again changes nothing; the same document with other contents is a conflict.
pub async fn post(tx: &mut Tx, movements: &[Movement]) -> Result<Posted, Failure> {
    check_shape(movements)?;
    store::lock(tx, movements).await?;
    if let Some(known) = posted_before(tx, movements).await? {
        return Ok(known);
    }
    let shelves = store::look(tx, movements).await?;
    judge(movements, &shelves, local_date(tx.now), tx.actor.account.0)?;
    store::insert(tx, movements).await?;
    tx.notify("stock");
    Ok(Posted::Now)
}

/// Takes movements back, one reversal for each, in the name of `document`. Refuses as [`post`] does: what has been
/// given away meanwhile cannot be taken back.
pub async fn reverse(tx: &mut Tx, movements: &[Uuid], document: Uuid, document_no: &str, reason: &str, second: Option<Signer>) -> Result<Posted, Failure> {
    let booked = store::list_by_ids(tx, movements).await?;
    if booked.len() != movements.len() {
        return Err(Failure::NotFound);
    }
    if booked.iter().any(|m| m.kind == Kind::Reversal.key()) {
        return Err(Problem::of("Bút toán ghi đảo không đảo lại được. Lập phiếu mới cho đúng.").into());
    }
    let back: Vec<Movement> = booked
        .iter()
        .map(|m| Movement {
            document_no: document_no.to_owned(),
            reverses: Some(m.movement_id),
            patient: m.patient_id.map(PatientId),
            reason: reason.to_owned(),
            second: second.clone(),
            // The movement's own id is the line: each can be taken back once.
            ..Movement::new(Kind::Reversal, StoreId(m.store_id), m.item_id, LotId(m.lot_id), -m.quantity_milli, document, m.movement_id)
        })
        .collect();
    if let Some(by) = store::reversed_elsewhere(tx, movements, document).await? {
        return Err(Failure::Conflict(format!("Chứng từ này đã được ghi đảo ({by}). Mở lại trang để xem.")));
    }
    post(tx, &back).await
}

/// Whether these very movements stand in the ledger; a conflict when the same lines stand there with other contents.
pub(crate) async fn posted_before(tx: &mut Tx, movements: &[Movement]) -> Result<Option<Posted>, Failure> {
    let booked = store::list_of_documents(tx, movements).await?;
    let mine: HashMap<(Uuid, Uuid, &str, Uuid, Uuid), i64> = booked
        .iter()
        .map(|b| ((b.document_id, b.line_id, b.kind.as_str(), b.store_id, b.lot_id), b.quantity_milli))
        .collect();
    let known = movements
        .iter()
        .filter(|m| mine.get(&(m.document, m.line, m.kind.key(), m.store.0, m.lot.0)) == Some(&m.quantity_milli))
        .count();
    let touched = booked.iter().any(|b| movements.iter().any(|m| (m.document, m.line, m.kind.key()) == (b.document_id, b.line_id, b.kind.as_str())));
    match (known == movements.len(), touched) {
        (true, _) => Ok(Some(Posted::Before)),
        (false, false) => Ok(None),
        (false, true) => Err(Failure::Conflict("Phiếu này đã ghi sổ kho với nội dung khác. Mở lại phiếu để xem.".into())),
    }
}

/// What can be refused without looking at the shelves.
pub(crate) fn check_shape(movements: &[Movement]) -> Result<(), Problems> {
    let mut problems = Problems::none();
    problems.add_if(movements.is_empty(), "", "Phiếu chưa có dòng nào. Thêm ít nhất một dòng.");
    for m in movements {
        let possible = m.quantity_milli != 0 && m.quantity_milli.unsigned_abs() <= crate::item::MOST_MILLI as u64;
        let wrong = !possible || m.kind.sign().is_some_and(|sign| sign != m.quantity_milli.signum());
        problems.add_if(wrong, m.line.to_string(), "Số lượng phải lớn hơn 0 và không quá 1.000.000.000.");
    }
    problems.or(())
}

/// What the shelves refuse; every problem at once. Lines of one document on the same lot count together.
pub(crate) fn judge(movements: &[Movement], shelves: &[OnShelf], today: NaiveDate, by: Uuid) -> Result<(), Problems> {
    let mut problems = Problems::none();
    let mut left: HashMap<(Uuid, Uuid), i64> = shelves.iter().map(|s| ((s.store_id, s.lot_id), s.quantity_milli)).collect();
    for m in movements {
        let field = m.line.to_string();
        let Some(shelf) = shelves.iter().find(|s| s.store_id == m.store.0 && s.lot_id == m.lot.0 && s.item_id == m.item) else {
            problems.add(field, "Không tìm thấy lô thuốc này trong kho. Chọn lại lô.");
            continue;
        };
        if shelf.store_closed {
            problems.add(field, format!("{} đã ngừng hoạt động. Chọn kho khác.", shelf.store_name));
            continue;
        }
        let in_two_hands = m.second.as_ref().is_some_and(|s| s.account != by);
        if shelf.controlled_class != "none" && !in_two_hands && !matches!(m.kind, Kind::Dispense | Kind::Return) {
            problems.add(field, format!("{} là thuốc kiểm soát đặc biệt: cần người thứ hai ký.", shelf.name));
            continue;
        }
        if m.kind.is_for_use() && shelf.blocked {
            problems.add(field, format!("Lô {} của {} đang bị khóa, không được xuất. Chọn lô khác.", shelf.lot_no, shelf.name));
            continue;
        }
        if m.kind.is_for_use() && shelf.expires < today {
            problems.add(field, format!("Lô {} của {} đã hết hạn ngày {}. Chọn lô khác.", shelf.lot_no, shelf.name, show_date(shelf.expires)));
            continue;
        }
        let remains = left.entry((m.store.0, m.lot.0)).or_insert(0);
        if m.quantity_milli < 0 && *remains + m.quantity_milli < 0 {
            problems.add(
                field,
                format!(
                    "{} không đủ: lô {} còn {} {}, cần {}. Giảm số lượng hoặc chọn thêm lô khác.",
                    shelf.name,
                    shelf.lot_no,
                    show_quantity(remains),
                    shelf.unit,
                    show_quantity(&-m.quantity_milli)
                ),
            );
            continue;
        }
        *remains += m.quantity_milli;
    }
    problems.or(())
}
