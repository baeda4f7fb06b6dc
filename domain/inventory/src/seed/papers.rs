//! Papers of the demo world: suppliers, receipts in every state, a transfer on its way, so that each desk has something
//! to do. Written through the same acts as by people: one pharmacist writes, the other approves.

use crate::document::Kind;
use crate::entry::{HeadForm, LineForm};
use crate::paperwork;
use crate::store::suppliers::{self, Supplier};
use base::{AccountId, Actor, StoreId, local_date, show_date};
use chrono::Days;
use db::Tx;
use organization::seed::{demo_id, rows};
use uuid::Uuid;
use web::Failure;

/// Code, invented name, tax code, address.
const SUPPLIERS: [(&str, &str, &str, &str); 3] = [
    ("CLG", "Công ty cổ phần Dược Cửu Long Giang", "1500000101", "25 Phạm Hùng, phường Long Châu, tỉnh Vĩnh Long"),
    ("TVN", "Công ty TNHH Dược phẩm Tây Việt Nam", "1800000202", "8 Mậu Thân, phường Ninh Kiều, thành phố Cần Thơ"),
    ("HDM", "Công ty cổ phần Trang thiết bị y tế Hậu Đình Minh", "0300000303", "140 Lý Thường Kiệt, phường Diên Hồng, Thành phố Hồ Chí Minh"),
];

/// Invoice, supplier, how far it came, lines: drug, lot, days until expiry, packs, unit, price of a pack before VAT.
type Receipt = (&'static str, &'static str, Step, &'static [(&'static str, &'static str, u64, &'static str, &'static str, &'static str)]);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Draft,
    Sent,
    Approved,
}

const RECEIPTS: [Receipt; 3] = [
    ("0000418", "CLG", Step::Approved, &[("T002", "AG2607", 520, "4", "hộp", "510.000"), ("T003", "ZN1126", 610, "3", "hộp", "662.000")]),
    ("0001276", "TVN", Step::Sent, &[("T004", "CF0927", 480, "5", "hộp", "288.000"), ("T005", "TV5518", 700, "2", "hộp", "195.000")]),
    ("0000533", "CLG", Step::Draft, &[("T006", "DC0328", 640, "6", "hộp", "118.500")]),
];

/// Writes the papers where two pharmacists work. Running it again changes nothing.
pub(super) async fn write(tx: &mut Tx, code: &str) -> Result<(), Failure> {
    let (Some(first), Some(second)) = (pharmacist(tx, code, "duocsi"), pharmacist(tx, code, "duocsi2")) else { return Ok(()) };
    let before = std::mem::replace(&mut tx.actor, first.clone());
    let today = local_date(tx.now);
    for (supplier, name, tax_code, address) in SUPPLIERS {
        let new = Supplier {
            supplier_id: demo_id(code, "supplier", supplier),
            code: supplier.into(),
            name: name.into(),
            tax_code: tax_code.into(),
            phone: "0270 000 0200".into(),
            address: address.into(),
            licence_no: String::new(),
            ended_on: None,
        };
        suppliers::save(tx, &new).await?;
    }
    let main = StoreId(demo_id(code, "store", "KC"));
    for (invoice, supplier, step, lines) in RECEIPTS {
        let id = demo_id(code, "receipt", invoice);
        paperwork::begin(tx, id, Kind::Receipt, main).await?;
        let head = HeadForm {
            supplier: demo_id(code, "supplier", supplier).to_string(),
            invoice_no: invoice.into(),
            invoice_date: show_date(today - Days::new(1)),
            ..HeadForm::default()
        };
        paperwork::write_head(tx, id, &head).await?.or(())?;
        for (n, (drug, lot_no, days, quantity, unit, price)) in lines.iter().enumerate() {
            let line = LineForm {
                id: demo_id(code, "receipt-line", &format!("{invoice}-{n}")).to_string(),
                pick: demo_id(code, "drug", drug).to_string(),
                lot_no: (*lot_no).into(),
                expires: show_date(today + Days::new(*days)),
                quantity: (*quantity).into(),
                unit: (*unit).into(),
                price: (*price).into(),
                vat: "5".into(),
                ..LineForm::default()
            };
            paperwork::write_line(tx, id, &line).await?;
        }
        if step != Step::Draft {
            paperwork::submit(tx, id).await?;
        }
        if step == Step::Approved {
            approve(tx, id, &first, &second).await?;
        }
    }
    send_to_the_counter(tx, code, main, &first, &second).await?;
    tx.actor = before;
    Ok(())
}

/// One box of what was just received is on its way to the counter.
async fn send_to_the_counter(tx: &mut Tx, code: &str, main: StoreId, first: &Actor, second: &Actor) -> Result<(), Failure> {
    let id = demo_id(code, "transfer", "1");
    paperwork::begin(tx, id, Kind::Transfer, main).await?;
    let head = HeadForm { to_store: demo_id(code, "store", "QT").to_string(), reason: "Bổ sung quầy".into(), ..HeadForm::default() };
    paperwork::write_head(tx, id, &head).await?.or(())?;
    let line = LineForm { id: demo_id(code, "transfer-line", "1").to_string(), goods: "AG2607".into(), quantity: "1".into(), unit: "hộp".into(), ..LineForm::default() };
    paperwork::write_line(tx, id, &line).await?;
    paperwork::submit(tx, id).await?;
    approve(tx, id, first, second).await
}

async fn approve(tx: &mut Tx, id: Uuid, first: &Actor, second: &Actor) -> Result<(), Failure> {
    tx.actor = second.clone();
    let done = paperwork::decide(tx, id, true, "").await;
    tx.actor = first.clone();
    done
}

/// A pharmacist of the demo staff, if the facility has this one.
fn pharmacist(tx: &Tx, code: &str, login: &str) -> Option<Actor> {
    let r = rows(include_str!("../../../../catalogues/demo/staff.tsv")).find(|r| r["facility"] == code && r["login"] == login)?;
    let name = format!("{} {}", r["title"], r["name"]);
    Some(Actor { account: AccountId(demo_id(code, "account", login)), name: name.trim().into(), ..Actor::system(tx.facility()) })
}
