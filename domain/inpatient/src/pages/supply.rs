//! Medicines between ward and pharmacy: asked for from the orders, issued from the lots that expire first, unused ones
//! given back into the lots they came from.

use super::{Pairs, field, minted, told};
use crate::order::show_quantity;
use crate::store::bed::{self, Ward};
use crate::store::supply::{self, Line, Need, Request, Taken};
use crate::store::{leaving, stay};
use askama::Template;
use base::event::{DrugDispensed, DrugReturned};
use base::{BillId, DispenseId, EncounterId, Event, LotId, PatientId, Problem, Problems, RoomId, StoreId};
use chrono::TimeDelta;
use std::collections::BTreeMap;
use uuid::Uuid;
use web::ask::{Pick, PutBack, Take, Want};
use web::{Answer, Ctx, Failure, Form, Path, Shell, Tx};

/// Doses of the next so many hours are asked for.
const AHEAD: TimeDelta = TimeDelta::hours(24);

struct Paper {
    row: Request,
    asked: String,
    issued: String,
    lines: Vec<(Line, String)>,
}

struct Wanted {
    need: Need,
    quantity: String,
    free: String,
    is_short: bool,
}

#[derive(Template)]
#[template(path = "supplies.html")]
struct Page {
    shell: Shell,
    ward: Ward,
    id: Uuid,
    needs: Vec<Wanted>,
    papers: Vec<Paper>,
    unused: Vec<(Uuid, String, Vec<(Uuid, String, String)>)>,
    problems: Problems,
    may_nurse: bool,
    may_issue: bool,
}

/// `GET /app/wards/{ward}/supplies`.
pub async fn show(ctx: Ctx, Path(ward): Path<RoomId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let page = page(&ctx, &mut tx, ward, Problems::none()).await?;
    tx.audit("read", "ward-supplies", ward, None, serde_json::Value::Null);
    tx.commit().await?;
    web::html(page)
}

async fn page(ctx: &Ctx, tx: &mut Tx, id: RoomId, problems: Problems) -> Result<Page, Failure> {
    let ward = bed::get_ward(tx, id, ctx.today()).await?;
    let needs = supply::needs(tx, id, ctx.now + AHEAD).await?;
    let drugs: Vec<Uuid> = needs.iter().map(|n| n.drug_id).collect();
    let levels = ctx.app.stock().levels(tx, &drugs, None).await?;
    let requests = supply::list(tx, Some(id)).await?;
    let ids: Vec<Uuid> = requests.iter().map(|r| r.request_id).collect();
    let lines = supply::list_lines(tx, &ids).await?;
    let mut unused = Vec::new();
    for stay in stay::list(tx, id, stay::Which::Lying).await? {
        if lines.iter().any(|l| l.encounter_id == stay.encounter_id && l.issued_milli > l.returned_milli) {
            let left = leaving::unused(tx, stay.encounter()).await?;
            // Doses still to come use up the rest: only what nobody will take goes back.
            let coming = needed_later(tx, stay.encounter()).await?;
            let left: Vec<_> = left
                .into_iter()
                .map(|u| (u.drug_id, u.drug_name.clone(), u.left_milli - coming.get(&u.drug_id).copied().unwrap_or(0), u.unit.clone()))
                .filter(|(_, _, milli, _)| *milli > 0)
                .map(|(drug, name, milli, unit)| (drug, name, format!("{} {unit}", show_quantity(milli))))
                .collect();
            if !left.is_empty() {
                unused.push((stay.encounter_id, format!("{} · {}", stay.bed(), stay.name), left));
            }
        }
    }
    Ok(Page {
        shell: ctx.shell("Lĩnh, trả thuốc", &[("F8", "Lập phiếu lĩnh"), ("B", "Sơ đồ giường")]),
        id: Uuid::now_v7(),
        needs: needs
            .into_iter()
            .map(|need| {
                let level = levels.iter().find(|l| l.drug == need.drug_id);
                Wanted {
                    quantity: format!("{} {}", show_quantity(need.milli), need.unit),
                    free: level.map(|l| format!("{} {}", show_quantity(l.free_milli.max(0)), need.unit)).unwrap_or_default(),
                    is_short: level.is_some_and(|l| l.free_milli < need.milli),
                    need,
                }
            })
            .collect(),
        papers: requests
            .into_iter()
            .map(|row| Paper {
                asked: super::show_moment(row.asked_at),
                issued: row.issued_at.map(super::show_moment).unwrap_or_default(),
                lines: lines
                    .iter()
                    .filter(|l| l.request_id == row.request_id)
                    .map(|l| {
                        let mut words = format!("{} {}", show_quantity(if row.status == "issued" { l.issued_milli } else { l.asked_milli }), l.unit);
                        if l.returned_milli > 0 {
                            words.push_str(&format!(", trả {}", show_quantity(l.returned_milli)));
                        }
                        (l.clone(), words)
                    })
                    .collect(),
                row,
            })
            .collect(),
        ward,
        unused,
        problems,
        may_nurse: ctx.may("ward.nurse"),
        may_issue: ctx.may("dispense.write"),
    })
}

/// What the open doses of a stay, asked for already, will still use up.
async fn needed_later(tx: &mut Tx, encounter: EncounterId) -> Result<BTreeMap<Uuid, i64>, sqlx::Error> {
    let facility = tx.facility().0;
    let rows: Vec<(Uuid, i64)> = sqlx::query_as(db::sql!(
        "SELECT o.drug_id, sum(o.quantity_milli)::bigint FROM inpatient_task t JOIN inpatient_order o USING (facility_id, order_id)
         WHERE t.facility_id = $1 AND t.encounter_id = $2 AND t.status IN ('due', 'held') AND t.request_line_id IS NOT NULL GROUP BY o.drug_id"
    ))
    .bind(facility)
    .bind(encounter.0)
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().collect())
}

async fn refused(ctx: &Ctx, ward: RoomId, failure: Failure) -> Answer {
    let problems = told(failure)?;
    let mut tx = ctx.begin().await?;
    web::refused(page(ctx, &mut tx, ward, problems).await?)
}

/// `POST /app/wards/{ward}/supplies`: asks for everything that the doses of the next 24 hours need and nobody asked for.
/// A dose is asked for once, whoever presses the button how often.
pub async fn ask(ctx: Ctx, Path(ward): Path<RoomId>, Form(pairs): Form<Pairs>) -> Answer {
    let mut tx = ctx.begin().await?;
    bed::get_ward(&mut tx, ward, ctx.today()).await?;
    // One queue for the requests of a ward: two nurses at once ask for each dose once.
    sqlx::query(db::sql!("SELECT pg_advisory_xact_lock(hashtextextended($1::text, 0))")).bind(ward.to_string()).execute(tx.conn()).await?;
    let needs = supply::needs(&mut tx, ward, ctx.now + AHEAD).await?;
    if needs.is_empty() {
        return web::redirect(format!("/app/wards/{ward}/supplies"));
    }
    let id = minted(&pairs);
    if supply::insert(&mut tx, id, ward, &needs).await? {
        tx.audit("ask", "ward-request", id, None, serde_json::json!({ "lines": needs.len() }));
        tx.notify(format!("ward/{ward}"));
        tx.notify("ward-requests");
        tx.commit().await?;
    }
    web::redirect(format!("/app/wards/{ward}/supplies"))
}

/// `POST /app/ward-requests/{request}/issued`: the pharmacy takes the lots that expire first out of its store and tells the
/// bill of each patient. Falls short where stock does; refuses when there is nothing at all. A second click changes nothing.
pub async fn issue(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let request = supply::lock(&mut tx, id).await?;
    let ward = RoomId(request.ward_id);
    match keep_issue(&ctx, &mut tx, &request).await {
        Ok(()) => {
            tx.commit().await?;
            web::redirect(format!("/app/wards/{ward}/supplies"))
        }
        Err(failure) => {
            drop(tx);
            refused(&ctx, ward, failure).await
        }
    }
}

async fn keep_issue(ctx: &Ctx, tx: &mut Tx, request: &Request) -> Result<(), Failure> {
    match request.status.as_str() {
        "issued" => return Ok(()),
        "asked" => {}
        _ => return Err(Problem::of("Phiếu lĩnh này đã hủy. Khoa lập phiếu mới.").into()),
    }
    let stock = ctx.app.stock();
    let counters = stock.counters(tx).await?;
    let Some(counter) = counters.first() else {
        return Err(Problem::of("Cơ sở chưa có kho phát thuốc. Khai báo kho ở phần Dược.").into());
    };
    let lines = supply::list_lines(tx, &[request.request_id]).await?;
    let wants: Vec<Want> = lines.iter().map(|l| Want { line: l.line_id, drug: l.drug_id, quantity_milli: l.asked_milli }).collect();
    let picks = stock.propose(tx, counter.store, None, &wants).await?;
    if picks.is_empty() {
        return Err(Problem::of(format!("{} không còn thuốc nào của phiếu này. Nhập hoặc chuyển kho trước.", counter.name)).into());
    }
    let dispense = DispenseId(request.request_id);
    stock.take(tx, &Take { dispense, store: counter.store, holder: None, patient: None, picks: &picks }).await?;
    let mut bills: BTreeMap<(Uuid, Uuid), Vec<DrugDispensed>> = BTreeMap::new();
    for line in &lines {
        let taken: Vec<Taken> =
            picks.iter().filter(|p| p.line == line.line_id).map(|p| Taken { lot: p.lot.0, lot_no: p.lot_no.clone(), expires: p.expires, milli: p.quantity_milli }).collect();
        supply::set_issued(tx, line.line_id, &taken).await?;
        let milli: i64 = taken.iter().map(|t| t.milli).sum();
        if milli > 0 {
            bills.entry((line.encounter_id, line.patient_id)).or_default().push(DrugDispensed {
                id: line.line_id,
                line: None,
                drug: line.drug_id,
                substituted: false,
                quantity_milli: milli,
                closes_line: false,
            });
        }
    }
    for ((encounter, patient), lines) in bills {
        tx.emit(Event::DrugsDispensed {
            dispense,
            bill: BillId(encounter),
            encounter: Some(EncounterId(encounter)),
            patient: Some(PatientId(patient)),
            prescription: None,
            lines,
            day: ctx.today(),
        });
    }
    supply::mark_issued(tx, request.request_id, counter.store.0).await?;
    tx.audit("issue", "ward-request", request.request_id, None, serde_json::json!({ "picks": picks.len() }));
    tx.notify(format!("ward/{}", request.ward_id));
    tx.notify("ward-requests");
    Ok(())
}

/// `POST /app/ward-requests/{request}/cancelled`: called off before it was issued; its doses may be asked for again.
pub async fn cancel(ctx: Ctx, Path(id): Path<Uuid>, Form(pairs): Form<Pairs>) -> Answer {
    let mut tx = ctx.begin().await?;
    let request = supply::lock(&mut tx, id).await?;
    let ward = RoomId(request.ward_id);
    match request.status.as_str() {
        "asked" => {
            let reason: String = field(&pairs, "reason").chars().take(500).collect();
            supply::cancel(&mut tx, id, if reason.is_empty() { "Khoa hủy phiếu" } else { &reason }).await?;
            tx.audit("cancel", "ward-request", id, None, serde_json::Value::Null);
            tx.notify(format!("ward/{ward}"));
            tx.commit().await?;
        }
        "issued" => {
            drop(tx);
            return refused(&ctx, ward, Problem::of("Phiếu đã phát thuốc nên không hủy được. Thuốc không dùng thì trả lại.").into()).await;
        }
        _ => {}
    }
    web::redirect(format!("/app/wards/{ward}/supplies"))
}

/// `POST /app/stays/{encounter}/returned` (`drug`): the unused rest of one medicine goes back into the lots it came from,
/// and off the bill.
pub async fn give_back(ctx: Ctx, Path(id): Path<EncounterId>, Form(pairs): Form<Pairs>) -> Answer {
    let mut tx = ctx.begin().await?;
    let stay = stay::lock(&mut tx, id).await?;
    let ward = stay.ward();
    let drug: Uuid = field(&pairs, "drug").parse().map_err(|_| Problem::at("drug", "Chưa chọn thuốc trả."))?;
    match keep_back(&ctx, &mut tx, &stay, drug, minted(&pairs)).await {
        Ok(()) => {
            tx.commit().await?;
            web::redirect(format!("/app/wards/{ward}/supplies"))
        }
        Err(failure) => {
            drop(tx);
            refused(&ctx, ward, failure).await
        }
    }
}

async fn keep_back(ctx: &Ctx, tx: &mut Tx, stay: &stay::Stay, drug: Uuid, id: Uuid) -> Result<(), Failure> {
    let coming = needed_later(tx, stay.encounter()).await?.get(&drug).copied().unwrap_or(0);
    let left = leaving::unused(tx, stay.encounter()).await?.into_iter().find(|u| u.drug_id == drug).map_or(0, |u| u.left_milli - coming);
    if left <= 0 {
        return Ok(());
    }
    let facility = tx.facility().0;
    let requests: Vec<(Uuid, Uuid)> = sqlx::query_as(db::sql!(
        "SELECT DISTINCT r.request_id, r.store_id FROM inpatient_request r JOIN inpatient_request_line l USING (facility_id, request_id)
         WHERE r.facility_id = $1 AND l.encounter_id = $2 AND l.drug_id = $3 AND r.status = 'issued' AND r.store_id IS NOT NULL"
    ))
    .bind(facility)
    .bind(stay.encounter_id)
    .bind(drug)
    .fetch_all(tx.conn())
    .await?;
    let ids: Vec<Uuid> = requests.iter().map(|(r, _)| *r).collect();
    let lines = supply::list_lines(tx, &ids).await?;
    let mut rest = left;
    // The newest first: what was issued last lies on top of the trolley.
    for line in lines.iter().filter(|l| l.encounter_id == stay.encounter_id && l.drug_id == drug).rev() {
        let milli = rest.min(line.issued_milli - line.returned_milli);
        let Some((request, store)) = requests.iter().find(|(r, _)| *r == line.request_id).filter(|_| milli > 0) else { continue };
        let mut open = milli;
        let mut skip = line.returned_milli;
        let mut picks = Vec::new();
        for taken in &line.picks.0 {
            let here = taken.milli - skip.min(taken.milli);
            skip -= skip.min(taken.milli);
            let part = open.min(here);
            if part > 0 {
                picks.push(Pick { line: line.line_id, drug, lot: LotId(taken.lot), lot_no: taken.lot_no.clone(), expires: taken.expires, quantity_milli: part, reason: String::new() });
                open -= part;
            }
        }
        // Each line's return has an id of its own that follows from the page's, so that a second click is the same act.
        let back = Uuid::from_u128(id.as_u128() ^ line.line_id.as_u128());
        ctx.app
            .stock()
            .put_back(tx, &PutBack { id: back, dispense: DispenseId(*request), store: StoreId(*store), picks: &picks, reason: "Khoa trả thuốc không dùng" })
            .await?;
        supply::set_returned(tx, line.line_id, line.returned_milli + milli).await?;
        tx.emit(Event::DrugsReturned {
            dispense: DispenseId(*request),
            bill: BillId(stay.encounter_id),
            lines: vec![DrugReturned { id: back, dispensed: line.line_id, line: None, drug, quantity_milli: milli }],
            day: ctx.today(),
        });
        rest -= milli;
        if rest == 0 {
            break;
        }
    }
    tx.audit("return", "ward-medicine", stay.encounter_id, Some(stay.patient()), serde_json::json!({ "drug": drug }));
    stay::tell(tx, stay);
    Ok(())
}

#[derive(Template)]
#[template(path = "ward_requests.html")]
struct Waiting {
    shell: Shell,
    papers: Vec<Paper>,
    may_issue: bool,
}

/// `GET /app/ward-requests`: what the wards wait for, for the pharmacy.
pub async fn waiting(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    let requests = supply::list(&mut tx, None).await?;
    let ids: Vec<Uuid> = requests.iter().map(|r| r.request_id).collect();
    let lines = supply::list_lines(&mut tx, &ids).await?;
    tx.audit("read", "ward-requests", "", None, serde_json::Value::Null);
    tx.commit().await?;
    let papers = requests
        .into_iter()
        .map(|row| Paper {
            asked: super::show_moment(row.asked_at),
            issued: String::new(),
            lines: lines.iter().filter(|l| l.request_id == row.request_id).map(|l| (l.clone(), format!("{} {}", show_quantity(l.asked_milli), l.unit))).collect(),
            row,
        })
        .collect();
    web::html(Waiting { shell: ctx.shell("Phiếu lĩnh của khoa", &[("F8", "Phát thuốc")]), papers, may_issue: ctx.may("dispense.write") })
}
