//! The pharmacist's desk: may it be handed over, from which lots, and what is written when it is. Rules are in
//! [`crate::dispensing`]; goods leave only through the question [`web::ask::Stock`].

mod returns;
mod till;

pub use returns::{Back, put_back};
pub use till::sell;

use crate::desk::{self, derived};
use crate::dispensing::{self, Owed, Portion, Status, Supply, TypedPortion};
use crate::dose::Milli;
use crate::prescription;
use crate::safety::{Finding, Severity};
use crate::store::{self, GivenLine, GivenLot, NewDispense, ToSupply};
use base::event::DrugDispensed;
use base::{BillId, DispenseId, Event, PrescriptionId, Problem, Problems, StoreId, show_date};
use organization::drug::{self, Drug};
use serde_json::json;
use std::collections::HashMap;
use uuid::Uuid;
use web::ask::{Pick, Take, Want};
use web::{Ctx, Failure, Tx};

/// More than any store holds: asks for every usable lot of a drug.
const EVERYTHING: i64 = 1_000_000_000_000;
/// Whether prescriber and pharmacist may be the same person here.
const ONE_DOCTOR: &str = "pharmacy.one_doctor";

/// Why nothing of this prescription can be handed over now; empty when it can.
pub async fn hindrances(ctx: &Ctx, tx: &mut Tx, to: &ToSupply) -> Result<Problems, Failure> {
    let p = &to.prescription;
    let mut problems = Problems::none();
    match p.status {
        prescription::Status::Issued => {}
        prescription::Status::Replaced => problems.add("", "Đơn này đã được thay bằng đơn khác. Tìm đơn mới nhất của người bệnh."),
        _ => problems.add("", format!("Đơn này đã hủy: {}. Không phát được.", p.end_reason)),
    }
    if let Some(last) = p.valid_until.filter(|last| *last < ctx.today()) {
        problems.add("", format!("Đơn chỉ mua, lĩnh được đến {}. Mời người bệnh gặp bác sĩ để kê đơn mới.", show_date(last)));
    }
    let is_unpaid = to.paid_at.is_none() && p.total().0 > 0;
    problems.add_if(to.pay_first && is_unpaid, "", "Đơn chưa thanh toán. Mời người bệnh qua quầy thu ngân, trả xong đơn tự hiện “Đã thanh toán”.");
    let wrote_it = p.issued_by == Some(ctx.actor.account.0) || (p.practitioner.is_some() && p.practitioner == ctx.actor.practitioner.map(|w| w.0));
    if wrote_it && !is_one_doctor(ctx, tx).await? {
        problems.add("", "Người kê đơn không tự phát thuốc của đơn mình. Nhờ dược sĩ phát, hoặc quản trị khai báo cơ sở một bác sĩ.");
    }
    Ok(problems)
}

async fn is_one_doctor(ctx: &Ctx, tx: &mut Tx) -> Result<bool, Failure> {
    let Some(known) = organization::parameter::known(ONE_DOCTOR) else { return Ok(false) };
    Ok(organization::parameter::number_on(tx.conn(), ctx.facility(), known, ctx.today()).await? == 1)
}

/// The checks of prescribing once more, with what is known of the person today. What the doctor overruled is a
/// warning here as well.
pub async fn warnings(ctx: &Ctx, tx: &mut Tx, to: &ToSupply) -> Result<Vec<Finding>, Failure> {
    let visit = store::find_visit(tx.conn(), ctx.facility(), to.prescription.encounter).await?.ok_or(Failure::NotFound)?;
    Ok(desk::findings(ctx, tx, &visit, Some(&to.prescription), None).await?)
}

/// What is typed at the counter.
pub struct HandOver {
    pub id: DispenseId,
    /// The count of the pharmacy's acts on this prescription that the page had read.
    pub version: i32,
    /// `None`: the usual counter.
    pub store: Option<StoreId>,
    pub portions: Vec<TypedPortion>,
    pub warning_reason: String,
}

/// Hands medicines over. A second click answers as the first. Refuses what [`hindrances`] and [`dispensing::read`]
/// name, a contraindication or allergy without the pharmacist's reason, a prescription that somebody else supplied
/// since the page was read, and whatever the stock refuses; then nothing has changed.
pub async fn hand_over(ctx: &Ctx, tx: &mut Tx, to: &ToSupply, given: &HandOver) -> Result<Result<(), Problems>, Failure> {
    if to.version != given.version {
        if store::dispense_exists(tx.conn(), ctx.facility(), given.id).await? {
            return Ok(Ok(()));
        }
        let text = "Đơn này vừa được phát ở quầy khác. Xem phần còn lại rồi phát tiếp.";
        return Ok(Err(Problem::of(text).into()));
    }
    let mut problems = hindrances(ctx, tx, to).await?;
    let p = &to.prescription;
    let products = substitutes(ctx, tx, &to.owed, &given.portions).await?;
    let portions = match dispensing::read(&given.portions, &to.owed, &products, p.no_substitution) {
        Ok(portions) => portions,
        Err(more) => {
            problems.0.extend(more.0);
            return Ok(Err(problems));
        }
    };
    let gives = portions.iter().any(|p| p.quantity_milli > 0);
    let grave: Vec<String> = if gives && problems.is_empty() {
        warnings(ctx, tx, to).await?.iter().filter(|f| f.severity == Severity::Blocks).map(|f| f.claim.clone()).collect()
    } else {
        Vec::new()
    };
    let letters = given.warning_reason.trim().chars().count();
    problems.add_if(!grave.is_empty() && letters < 5, "warning_reason", "Có cảnh báo chống chỉ định hoặc dị ứng. Hỏi lại bác sĩ và ghi vì sao vẫn phát, ít nhất 5 ký tự.");
    problems.add_if(letters > 500, "warning_reason", "Lý do dài quá 500 ký tự. Rút ngắn lại.");
    if !problems.is_empty() {
        return Ok(Err(problems));
    }
    let store_id = match given.store {
        Some(store) => store,
        None => ctx.app.stock().counters(tx).await?.first().map(|c| c.store).ok_or_else(|| Problem::of("Cơ sở chưa có quầy thuốc. Quản lý kho mở quầy rồi phát."))?,
    };
    let picks = match lots(ctx, tx, store_id, Some(p.id), &portions, &to.owed).await? {
        Ok(picks) => picks,
        Err(problems) => return Ok(Err(problems)),
    };
    if !picks.is_empty() {
        let take = Take { dispense: given.id, store: store_id, holder: Some(p.id), patient: Some(p.patient), picks: &picks };
        match ctx.app.stock().take(tx, &take).await {
            Ok(()) => {}
            Err(Failure::Refused(problems)) => return Ok(Err(problems)),
            Err(other) => return Err(other),
        }
    }
    let (lines, given_lots) = written(given.id, &portions, to, &products, &picks);
    let owed_then: Vec<Owed> = to.owed.iter().map(|o| after(o, &portions)).collect();
    let prescribed: Vec<(Uuid, i64)> = portions.iter().filter_map(|x| to.owed.iter().find(|o| o.line == x.line)).map(|o| (o.line, o.prescribed_milli)).collect();
    let new = NewDispense {
        id: given.id,
        prescription: Some(p.id),
        encounter: Some(p.encounter),
        patient: Some(p.patient),
        bill: BillId(p.encounter.0),
        store: store_id,
        status: if gives { Status::Completed } else { Status::Declined },
        warning_reason: if grave.is_empty() { "" } else { &given.warning_reason },
        warnings: &grave,
        day: ctx.today(),
        lines: &lines,
        lots: &given_lots,
        prescribed: &prescribed,
        supply: Supply::of(&owed_then),
    };
    if !store::insert_dispense(tx, &new).await.map_err(too_much)? {
        return Ok(Err(Problem::of("Phiếu phát này đã lập cho đơn khác. Tải lại trang rồi phát.").into()));
    }
    tx.audit("dispense", "dispense", given.id, Some(p.patient), json!({ "prescription": p.id, "lines": lines.len(), "warnings": grave.len() }));
    tx.emit(Event::DrugsDispensed {
        dispense: given.id,
        bill: new.bill,
        encounter: new.encounter,
        patient: new.patient,
        prescription: new.prescription,
        lines: lines.iter().map(|l| told(l, owed_then.iter().any(|o| Some(o.line) == l.line_id && o.open_milli() == 0))).collect(),
        day: new.day,
    });
    tx.notify("prescriptions");
    Ok(Ok(()))
}

/// Two who won the same moment: the sums of the database refuse what the pages could not see.
fn too_much(error: sqlx::Error) -> Failure {
    match error.as_database_error().and_then(|e| e.constraint()) {
        Some("medication_fulfilment_most") => Problem::of("Đơn này vừa được phát ở quầy khác. Xem phần còn lại rồi phát tiếp.").into(),
        _ => error.into(),
    }
}

/// `is_done`: nothing of the prescription line is open any more, by its quantity or by the person's word. What comes
/// back later is then not charged again.
fn told(line: &GivenLine, is_done: bool) -> DrugDispensed {
    DrugDispensed {
        id: line.id,
        line: line.line_id,
        drug: line.drug_id,
        substituted: line.substituted,
        quantity_milli: line.quantity_milli,
        closes_line: is_done,
    }
}

fn after(owed: &Owed, portions: &[Portion]) -> Owed {
    let mut then = owed.clone();
    for portion in portions.iter().filter(|p| p.line == owed.line) {
        then.given_milli += portion.quantity_milli;
        then.is_closed |= portion.closes;
    }
    then
}

/// The drugs that shall be given instead of prescribed ones, by id.
async fn substitutes(ctx: &Ctx, tx: &mut Tx, owed: &[Owed], typed: &[TypedPortion]) -> Result<HashMap<Uuid, Owed>, Failure> {
    let prescribed = |id: Uuid| owed.iter().any(|o| o.drug == Some(id));
    let ids: Vec<Uuid> = typed.iter().filter_map(|t| t.drug.parse::<Uuid>().ok()).filter(|id| !prescribed(*id)).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let today = ctx.today();
    let drugs = drug::by_ids(tx.conn(), ctx.facility(), &ids, today).await?;
    Ok(drugs.iter().filter(|d| d.active_to.is_none_or(|to| to >= today)).map(|d| (d.id, product_of(d))).collect())
}

/// A drug of the list as something that may be owed.
pub fn product_of(drug: &Drug) -> Owed {
    let f = &drug.facts;
    Owed {
        drug: Some(drug.id),
        name: f.name.clone(),
        ingredient: f.ingredient.clone(),
        strength: f.strength.clone(),
        form: f.form.clone(),
        unit: f.unit.clone(),
        ..Owed::default()
    }
}

/// The lots for these portions: the first to expire, or those chosen by hand. Refuses what the shelf does not have.
async fn lots(ctx: &Ctx, tx: &mut Tx, store: StoreId, holder: Option<PrescriptionId>, portions: &[Portion], owed: &[Owed]) -> Result<Result<Vec<Pick>, Problems>, Failure> {
    let stock = ctx.app.stock();
    let mut problems = Problems::none();
    let mut picks = Vec::new();
    let (by_hand, by_expiry): (Vec<&Portion>, Vec<&Portion>) =
        portions.iter().filter(|p| p.quantity_milli > 0).partition(|p| !p.lots.is_empty());
    if !by_hand.is_empty() {
        let available = all_lots(ctx, tx, store, holder, &by_hand.iter().map(|p| p.drug).collect::<Vec<_>>()).await?;
        for portion in by_hand {
            match dispensing::pick(portion, &available) {
                Ok(more) => picks.extend(more),
                Err(more) => problems.0.extend(more.0),
            }
        }
    }
    if !by_expiry.is_empty() {
        let wants: Vec<Want> = by_expiry.iter().map(|p| Want { line: p.line, drug: p.drug, quantity_milli: p.quantity_milli }).collect();
        let proposed = stock.propose(tx, store, holder, &wants).await?;
        for portion in by_expiry {
            let found: i64 = proposed.iter().filter(|p| p.line == portion.line).map(|p| p.quantity_milli).sum();
            if found < portion.quantity_milli {
                let line = owed.iter().find(|o| o.line == portion.line);
                let (name, unit) = line.map_or(("Thuốc", ""), |l| (l.name.as_str(), l.unit.as_str()));
                let text = format!("{name}: quầy chỉ còn {} {unit}. Phát một phần, đổi tên thuốc hoặc lấy thêm từ kho.", Milli(found));
                problems.add(format!("quantity-{}", portion.line), text);
            }
        }
        picks.extend(proposed);
    }
    Ok(problems.or(picks))
}

/// Every usable lot of these drugs with what is free in it, the first to expire first.
pub async fn all_lots(ctx: &Ctx, tx: &mut Tx, store: StoreId, holder: Option<PrescriptionId>, drugs: &[Uuid]) -> Result<Vec<Pick>, Failure> {
    let mut wants: Vec<Want> = Vec::new();
    for drug in drugs {
        if !wants.iter().any(|w| w.drug == *drug) {
            wants.push(Want { line: *drug, drug: *drug, quantity_milli: EVERYTHING });
        }
    }
    if wants.is_empty() { Ok(Vec::new()) } else { ctx.app.stock().propose(tx, store, holder, &wants).await }
}

fn written(id: DispenseId, portions: &[Portion], to: &ToSupply, products: &HashMap<Uuid, Owed>, picks: &[Pick]) -> (Vec<GivenLine>, Vec<GivenLot>) {
    let mut lines = Vec::new();
    let mut lots = Vec::new();
    for (n, portion) in portions.iter().enumerate() {
        let line_id = derived(id.0, n);
        let prescribed = to.prescription.lines.iter().find(|(line, _)| *line == portion.line).map(|(_, l)| l);
        let name = match products.get(&portion.drug) {
            Some(other) => other.name.clone(),
            None => prescribed.map_or(String::new(), |l| l.drug.short_name()),
        };
        lines.push(GivenLine {
            id: line_id,
            place: n as i32 + 1,
            line_id: Some(portion.line),
            drug_id: portion.drug,
            name,
            unit: prescribed.map_or(String::new(), |l| l.drug.packaging.unit.clone()),
            instruction: prescribed.map_or(String::new(), |l| l.instruction.clone()),
            quantity_milli: portion.quantity_milli,
            substituted: portion.is_substituted && portion.quantity_milli > 0,
            closes_line: portion.closes,
            price_vnd: prescribed.filter(|_| !portion.is_substituted).and_then(|l| l.drug.price).map(|p| p.0),
        });
        lots.extend(picks.iter().filter(|p| p.line == portion.line).map(|p| given_lot(line_id, p)));
    }
    (lines, lots)
}

fn given_lot(line: Uuid, pick: &Pick) -> GivenLot {
    GivenLot {
        id: line,
        lot_id: pick.lot,
        lot_no: pick.lot_no.clone(),
        expires: pick.expires,
        quantity_milli: pick.quantity_milli,
        reason: pick.reason.clone(),
        returned_milli: 0,
    }
}
