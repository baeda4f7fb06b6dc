//! A batch may not be given any more: a recall by the authority or the maker, a broken cold chain, a doubt. All lots
//! that carry the batch number are blocked together, whatever receipt they came with; from that moment nothing of
//! them leaves for a patient, a ward or another store, and the list says where to fetch what is left.

use crate::lot::Lot;
use crate::store::{blocks as store, ledger as book};
use base::{Event, LotId, Problems};
use db::Tx;
use serde_json::json;
use uuid::Uuid;
use web::Failure;

/// Why a lot is blocked.
pub const CAUSES: [(&str, &str); 4] = [
    ("recall", "Thu hồi theo công văn"),
    ("quality", "Nghi ngờ chất lượng"),
    ("storage", "Bảo quản không đạt"),
    ("other", "Lý do khác"),
];

/// What people call a cause.
pub fn cause_name(cause: &str) -> &'static str {
    CAUSES.iter().find(|(key, _)| *key == cause).map_or("Cho dùng lại", |(_, name)| name)
}

/// A block or a release as it is written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    pub blocked: bool,
    /// One of [`CAUSES`], or `cleared` for a release.
    pub cause: String,
    pub reason: String,
    /// The paper that asked for it, "" when none did.
    pub paper: String,
}

impl Decision {
    /// Refuses a block without a cause, a recall without the paper that orders it, and anything without a reason.
    pub fn read(blocked: bool, cause: &str, reason: &str, paper: &str) -> Result<Decision, Problems> {
        let (reason, paper) = (reason.trim(), paper.trim());
        let mut problems = Problems::none();
        problems.add_if(blocked && !CAUSES.iter().any(|(key, _)| *key == cause), "cause", "Chọn nguyên nhân khóa lô.");
        problems.add_if(blocked && cause == "recall" && paper.is_empty(), "paper", "Ghi số công văn thu hồi.");
        problems.add_if(paper.chars().count() > 100, "paper", "Số công văn dài quá 100 ký tự.");
        problems.add_if(!(5..=500).contains(&reason.chars().count()), "reason", "Ghi lý do, từ 5 đến 500 ký tự.");
        let cause = if blocked { cause } else { "cleared" };
        problems.or(Decision { blocked, cause: cause.to_owned(), reason: reason.to_owned(), paper: paper.to_owned() })
    }
}

/// Blocks or releases every lot with this lot's batch number. Who is dispensing at the same moment either finished
/// before, or is refused. Doing it again changes nothing. Gives how many lots changed.
pub async fn decide(tx: &mut Tx, lot: &Lot, decision: &Decision) -> Result<usize, Failure> {
    let stores = store::stores_with_shelf(tx, lot.item_id).await?;
    let items = vec![lot.item_id; stores.len()];
    book::lock_shelves(tx, &stores, &items).await?;
    let changed = store::set_blocked(tx, lot.item_id, &lot.lot_no, decision.blocked).await?;
    if changed.is_empty() {
        return Ok(0);
    }
    store::insert(tx, Uuid::now_v7(), &changed, decision).await?;
    for id in &changed {
        let (lot, drug) = (LotId(*id), lot.item_id);
        tx.audit(if decision.blocked { "block" } else { "release" }, "lot", id, None, json!({ "cause": decision.cause }));
        tx.emit(if decision.blocked { Event::LotBlocked { lot, drug } } else { Event::LotUnblocked { lot, drug } });
    }
    tx.notify("stock");
    Ok(changed.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recall_names_its_paper_and_every_decision_its_reason() {
        assert!(Decision::read(true, "recall", "Không đạt độ hòa tan", "CV 123/QLD-CL").is_ok());
        assert!(Decision::read(true, "quality", "Viên đổi màu", "").is_ok());
        assert_eq!(Decision::read(false, "", "Có kết quả kiểm nghiệm đạt", "").map(|d| d.cause), Ok("cleared".to_owned()));
        for (blocked, cause, reason, paper, field) in [
            (true, "recall", "Không đạt độ hòa tan", "", "paper"),
            (true, "", "Không đạt độ hòa tan", "", "cause"),
            (true, "quality", "abc", "", "reason"),
            (false, "", " ", "", "reason"),
        ] {
            let problems = Decision::read(blocked, cause, reason, paper).expect_err(field);
            assert_ne!(problems.at(field), "", "{field}");
        }
    }
}
