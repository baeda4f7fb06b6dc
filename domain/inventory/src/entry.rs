//! Reading what is typed into the head and the grid of a paper. Nothing is written here; every problem is told beside
//! its field.

use crate::document::Kind;
use crate::item::{self, Pack};
use crate::store::documents::{Head, NewLine};
use crate::store::goods::{self, Goods, LotThere};
use crate::store::{documents::Document, items, lots};
use crate::{gs1, lot, receipt};
use base::{Problem, Problems, fold, show_date};
use chrono::{Datelike, Months, NaiveDate};
use db::Tx;
use serde::Deserialize;
use uuid::Uuid;
use web::Failure;

/// The head of a paper as typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct HeadForm {
    pub supplier: String,
    pub to_store: String,
    pub room: String,
    pub invoice_no: String,
    pub invoice_date: String,
    pub discount_vnd: String,
    pub committee: String,
    pub reason: String,
    pub note: String,
}

impl HeadForm {
    /// The form as it stands on a paper already written.
    pub fn of(d: &Document) -> HeadForm {
        let id = |id: Option<Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
        HeadForm {
            supplier: id(d.supplier_id),
            to_store: id(d.to_store_id),
            room: id(d.room_id),
            invoice_no: d.invoice_no.clone(),
            invoice_date: d.invoice_date.map(show_date).unwrap_or_default(),
            discount_vnd: if d.discount_vnd == 0 { String::new() } else { base::Vnd(d.discount_vnd).digits() },
            committee: d.committee.clone(),
            reason: d.reason.clone(),
            note: d.note.clone(),
        }
    }

    /// What can be read of it, and what cannot. A paper is kept with what is right; it is sent only without problems.
    pub fn read(&self, kind: Kind, today: NaiveDate) -> (Head, Problems) {
        let mut problems = Problems::none();
        let text = |typed: &str, most: usize, field: &'static str, problems: &mut Problems| {
            let tidy = typed.lines().map(|l| l.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|l| !l.is_empty()).collect::<Vec<_>>().join("\n");
            problems.add_if(tidy.chars().count() > most, field, format!("Viết gọn trong {most} ký tự."));
            tidy.chars().take(most).collect::<String>()
        };
        let invoice_no = text(&self.invoice_no, 30, "invoice_no", &mut problems).replace('\n', " ");
        let invoice_date = match self.invoice_date.trim() {
            "" => None,
            typed => match base::parse_date_vi(typed) {
                Some(day) if day > today => {
                    problems.add("invoice_date", "Ngày hóa đơn ở tương lai. Xem lại ngày trên hóa đơn.");
                    None
                }
                Some(day) if today.year() - day.year() > 5 => {
                    problems.add("invoice_date", "Ngày hóa đơn cách đây hơn 5 năm. Xem lại năm.");
                    None
                }
                Some(day) => Some(day),
                None => {
                    problems.add("invoice_date", "Nhập ngày hóa đơn dạng ngày/tháng/năm, ví dụ 22/11/2026.");
                    None
                }
            },
        };
        let discount_vnd = match self.discount_vnd.trim() {
            "" => 0,
            typed => match base::Vnd::parse(typed).filter(|v| (0..=1_000_000_000_000).contains(&v.0)) {
                Some(amount) => amount.0,
                None => {
                    problems.add("discount_vnd", "Nhập chiết khấu cả hóa đơn bằng số đồng, ví dụ 50.000.");
                    0
                }
            },
        };
        let uses = |kinds: &[Kind]| kinds.contains(&kind);
        let head = Head {
            supplier: self.supplier.parse().ok().filter(|_| uses(&[Kind::Receipt, Kind::SupplierReturn])),
            to_store: self.to_store.parse().ok().filter(|_| uses(&[Kind::Transfer])),
            room: self.room.parse().ok().filter(|_| uses(&[Kind::Issue])),
            invoice_no: if uses(&[Kind::Receipt]) { invoice_no } else { String::new() },
            invoice_date: invoice_date.filter(|_| uses(&[Kind::Receipt])),
            discount_vnd: if uses(&[Kind::Receipt]) { discount_vnd } else { 0 },
            committee: if uses(&[Kind::Disposal, Kind::Stocktake]) { text(&self.committee, 600, "committee", &mut problems) } else { String::new() },
            reason: text(&self.reason, 500, "reason", &mut problems),
            note: text(&self.note, 500, "note", &mut problems),
        };
        (head, problems)
    }
}

/// What the head lacks before the paper may be sent.
pub fn missing(kind: Kind, head: &Head) -> Problems {
    let mut problems = Problems::none();
    if matches!(kind, Kind::Receipt | Kind::SupplierReturn) {
        problems.add_if(head.supplier.is_none(), "supplier", "Chọn nhà cung cấp. Chưa có thì khai báo ở mục Nhà cung cấp.");
    }
    if kind == Kind::Receipt {
        problems.add_if(head.invoice_no.is_empty(), "invoice_no", "Nhập số hóa đơn GTGT của lô hàng.");
        problems.add_if(head.invoice_date.is_none(), "invoice_date", "Nhập ngày hóa đơn.");
    }
    problems.add_if(kind == Kind::Transfer && head.to_store.is_none(), "to_store", "Chọn kho nhận, khác kho xuất.");
    problems.add_if(kind == Kind::Issue && head.room.is_none(), "room", "Chọn khoa phòng nhận.");
    problems.add_if(matches!(kind, Kind::SupplierReturn | Kind::Disposal) && head.reason.is_empty(), "reason", "Ghi lý do.");
    if kind == Kind::Disposal {
        let members = head.committee.lines().count();
        problems.add_if(members < 3, "committee", "Hội đồng hủy thuốc có ít nhất ba người; ghi mỗi dòng một người.");
    }
    problems
}

/// One line of the grid as typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct LineForm {
    /// Minted by the page: the same line sent twice is one line.
    pub id: String,
    /// The drug (goods that arrive) or the lot (goods that leave) taken from the suggestions.
    pub pick: String,
    /// The words in the field: a code or a scan when nothing was taken.
    pub goods: String,
    pub lot_no: String,
    pub expires: String,
    pub quantity: String,
    pub unit: String,
    pub price: String,
    pub vat: String,
    pub discount: String,
    pub reason: String,
}

impl LineForm {
    /// A line already written, back in the grid.
    pub fn of(l: &crate::store::documents::Line, kind: Kind) -> LineForm {
        let pick = if kind.brings_goods() { Some(l.item_id) } else { l.lot_id };
        LineForm {
            id: l.line_id.to_string(),
            pick: pick.map(|id| id.to_string()).unwrap_or_default(),
            goods: l.title(),
            lot_no: l.lot_no.clone(),
            expires: show_date(l.expires),
            quantity: item::show_quantity(&l.packs_milli()),
            unit: l.unit.clone(),
            price: receipt::show_price(l.price_cents),
            vat: l.vat_percent.to_string(),
            discount: if l.discount_vnd == 0 { String::new() } else { base::Vnd(l.discount_vnd).digits() },
            reason: l.reason.clone(),
        }
    }
}

/// The last day of use as printed on boxes: `31/01/2027`, or `01/2027` for the end of that month.
pub fn read_expiry(typed: &str, today: NaiveDate) -> Result<NaiveDate, Problem> {
    let refuse = |text: &str| Err(Problem::at("expires", text.to_owned()));
    let typed = typed.trim();
    let month = typed.split_once(['/', '-', '.']).filter(|(m, y)| m.len() <= 2 && y.len() == 4).and_then(|(m, y)| {
        let first = NaiveDate::from_ymd_opt(y.parse().ok()?, m.parse().ok()?, 1)?;
        first.checked_add_months(Months::new(1))?.pred_opt()
    });
    match month.or_else(|| base::parse_date_vi(typed)) {
        None => refuse("Nhập hạn dùng dạng 31/01/2027, hoặc 01/2027 nếu bao bì chỉ ghi tháng."),
        Some(day) if day.year() > today.year() + 15 => refuse("Hạn dùng xa hơn 15 năm. Xem lại năm."),
        Some(day) if day.year() < today.year() - 15 => refuse("Hạn dùng đã qua hơn 15 năm. Xem lại năm."),
        Some(day) => Ok(day),
    }
}

/// The unit that is meant, and how many dispensing units it holds; nothing typed is the dispensing unit.
pub fn read_unit(typed: &str, unit: &str, packs: &[Pack]) -> Result<(String, i64), Problem> {
    let wanted = fold(typed.trim());
    if wanted.is_empty() || wanted == fold(unit) {
        return Ok((unit.to_owned(), 1));
    }
    packs.iter().find(|p| fold(&p.name) == wanted).map(|p| (p.name.clone(), p.factor)).ok_or_else(|| {
        let known = packs.iter().map(|p| format!("{} ({} {unit})", p.name, p.factor)).collect::<Vec<_>>();
        let known = if known.is_empty() { format!("chỉ có {unit}") } else { format!("có {unit}, {}", known.join(", ")) };
        Problem::at("unit", format!("Thuốc này không có đơn vị “{}”: {known}. Khai báo quy cách trong thẻ thuốc nếu cần.", typed.trim()))
    })
}

/// Reads a line of goods that arrive or leave, looking up what it names.
pub async fn read_line(tx: &mut Tx, doc: &Document, form: &LineForm) -> Result<NewLine, Failure> {
    let id = form.id.parse().map_err(|_| Failure::BadRequest("Biểu mẫu thiếu mã. Mở lại trang rồi thử lại.".into()))?;
    if doc.kind().brings_goods() { arriving(tx, doc, id, form).await } else { leaving(tx, doc, id, form).await }
}

async fn arriving(tx: &mut Tx, doc: &Document, id: Uuid, form: &LineForm) -> Result<NewLine, Failure> {
    let today = base::local_date(tx.now);
    let scanned = gs1::read(form.goods.trim()).filter(|_| form.pick.is_empty());
    let Some(drug) = find_drug(tx, form, scanned.as_ref()).await? else {
        return Err(Problem::at("goods", "Chưa nhận ra thuốc. Gõ vài chữ của tên rồi chọn trong danh sách, hoặc quét mã vạch.").into());
    };
    let packs = items::list_packs(tx, &[drug.drug_id]).await?;
    let from_code = scanned.filter(|s| s.lot_no.is_some() || s.expires.is_some());
    let typed_lot = if form.lot_no.trim().is_empty() { from_code.as_ref().and_then(|s| s.lot_no.clone()).unwrap_or_default() } else { form.lot_no.clone() };
    let mut problems = Problems::none();
    let mut told = |result: Result<i64, Problem>| result.unwrap_or_else(|p| { problems.0.push(p); 0 });
    let (unit, factor) = match read_unit(&form.unit, &drug.unit, &packs) {
        Ok(unit) => unit,
        Err(p) => { told(Err(p)); (drug.unit.clone(), 1) }
    };
    let quantity_milli = told(item::read_quantity(&form.quantity, factor, "quantity"));
    let price_cents = if form.price.trim().is_empty() && doc.kind() == Kind::Opening { 0 } else { told(receipt::read_price(&form.price)) };
    let vat_percent = told(receipt::read_vat(&form.vat).map(i64::from)) as i32;
    let bare = receipt::Figures { packs_milli: quantity_milli / factor, price_cents, discount_vnd: 0, vat_percent };
    let discount_vnd = told(receipt::read_discount(&form.discount, bare.gross()));
    let lot_no = lot::read_lot_no(&typed_lot).unwrap_or_else(|p| { problems.0.push(p); String::new() });
    let expires = match from_code.and_then(|s| s.expires).filter(|_| form.expires.trim().is_empty()) {
        Some(day) => Ok(day),
        None => read_expiry(&form.expires, today),
    }
    .unwrap_or_else(|p| { problems.0.push(p); NaiveDate::MAX });
    problems.add_if(
        doc.kind() == Kind::Receipt && expires < today,
        "expires",
        format!("Hàng đã hết hạn ngày {}. Không nhập hàng hết hạn; trả lại người giao.", show_date(expires.min(today))),
    );
    problems.add_if(bare.gross() > 1_000_000_000_000, "price", "Thành tiền quá lớn. Xem lại đơn giá và số lượng.");
    problems.or(())?;
    let line = NewLine {
        id,
        item: drug.drug_id,
        lot: None,
        lot_no,
        expires,
        unit,
        factor,
        quantity_milli,
        price_cents,
        discount_vnd,
        vat_percent,
        cost_vnd: 0,
        reason: form.reason.trim().chars().take(200).collect(),
    };
    Ok(line)
}

async fn find_drug(tx: &mut Tx, form: &LineForm, scanned: Option<&gs1::Gs1>) -> Result<Option<Goods>, Failure> {
    if let Ok(id) = form.pick.parse::<Uuid>() {
        return Ok(goods::find_drug(tx, id).await?);
    }
    let typed = form.goods.trim();
    if typed.is_empty() {
        return Ok(None);
    }
    if let Some(drug) = goods::find_drugs_by_code(tx, &[typed.to_uppercase()]).await?.into_iter().next() {
        return Ok(Some(drug));
    }
    if let Some(code) = scanned
        && let Some((drug, _)) = items::find_by_barcode(tx, &code.article).await?
    {
        return Ok(goods::find_drug(tx, drug).await?);
    }
    // One drug only answers to these words: no need to point at it.
    let mut found = goods::search_drugs(tx, typed).await?;
    Ok(if found.len() == 1 { found.pop() } else { None })
}

async fn leaving(tx: &mut Tx, doc: &Document, id: Uuid, form: &LineForm) -> Result<NewLine, Failure> {
    let today = base::local_date(tx.now);
    let Some(there) = find_lot(tx, doc, form).await? else {
        return Err(Problem::at("goods", "Chưa nhận ra lô. Gõ tên thuốc rồi chọn lô trong danh sách, hoặc quét nhãn lô.").into());
    };
    let packs = items::list_packs(tx, &[there.item_id]).await?;
    let mut problems = Problems::none();
    problems.add_if(doc.kind().is_for_use() && there.blocked, "goods", format!("Lô {} đang bị khóa, không xuất được. Chọn lô khác.", there.lot_no));
    problems.add_if(
        doc.kind().is_for_use() && there.expires < today,
        "goods",
        format!("Lô {} đã hết hạn ngày {}. Chọn lô khác, lô này lập biên bản hủy.", there.lot_no, show_date(there.expires)),
    );
    let (unit, factor) = read_unit(&form.unit, &there.unit, &packs).unwrap_or_else(|p| { problems.0.push(p); (there.unit.clone(), 1) });
    let quantity_milli = item::read_quantity(&form.quantity, factor, "quantity").unwrap_or_else(|p| { problems.0.push(p); 0 });
    problems.add_if(
        quantity_milli > there.quantity_milli,
        "quantity",
        format!("Lô {} trong {} chỉ còn {} {}.", there.lot_no, doc.store_name, item::show_quantity(&there.quantity_milli), there.unit),
    );
    problems.or(())?;
    Ok(NewLine {
        id,
        item: there.item_id,
        lot: Some(there.lot_id),
        lot_no: there.lot_no.clone(),
        expires: there.expires,
        unit,
        factor,
        quantity_milli,
        price_cents: 0,
        discount_vnd: 0,
        vat_percent: 0,
        cost_vnd: value(&there, quantity_milli),
        reason: form.reason.trim().chars().take(200).collect(),
    })
}

/// What so much of a lot is worth by what the lot cost, rounded to the đồng.
fn value(there: &LotThere, quantity_milli: i64) -> i64 {
    let exact = i128::from(quantity_milli) * i128::from(there.cost_vnd);
    let per = i128::from(there.cost_milli);
    i64::try_from((exact + per / 2) / per).unwrap_or(i64::MAX)
}

async fn find_lot(tx: &mut Tx, doc: &Document, form: &LineForm) -> Result<Option<LotThere>, Failure> {
    if let Ok(id) = form.pick.parse::<Uuid>() {
        return Ok(goods::find_lot(tx, doc.store(), id).await?.filter(|l| l.quantity_milli > 0));
    }
    let typed = form.goods.trim();
    if let Some(label) = lot::read_label(typed)
        && let Some(known) = lots::find_by_label(tx, label).await?
    {
        return Ok(goods::find_lot(tx, doc.store(), known.lot_id).await?);
    }
    if typed.is_empty() {
        return Ok(None);
    }
    let mut found = goods::search_lots(tx, doc.store(), typed, false).await?;
    Ok(if found.len() == 1 { found.pop() } else { None })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn expiries_are_read_as_boxes_print_them() {
        let today = day("2026-11-24");
        for (typed, expected) in [("31/01/2027", "2027-01-31"), ("02/2028", "2028-02-29"), ("2/2027", "2027-02-28"), ("12-2026", "2026-12-31"), ("01/01/2026", "2026-01-01")] {
            assert_eq!(read_expiry(typed, today), Ok(day(expected)), "{typed}");
        }
        for bad in ["", "2027", "13/2027", "31/02/2027", "31/01/2062", "31/01/2006", "abc"] {
            assert!(read_expiry(bad, today).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_unit_that_the_drug_does_not_come_in_is_refused_with_those_it_does() {
        let pack = |name: &str, factor| Pack { pack_id: Uuid::nil(), item_id: Uuid::nil(), name: name.into(), factor };
        let packs = [pack("vỉ", 10), pack("hộp", 100)];
        assert_eq!(read_unit("", "viên", &packs), Ok(("viên".into(), 1)));
        assert_eq!(read_unit(" Hop ", "viên", &packs), Ok(("hộp".into(), 100)));
        let refused = read_unit("thùng", "viên", &packs).unwrap_err();
        assert!(refused.text.contains("có viên, vỉ (10 viên), hộp (100 viên)"), "{}", refused.text);
    }

    #[test]
    fn a_head_keeps_what_is_right_and_tells_the_rest() {
        let form = HeadForm { invoice_no: " 0001234 ".into(), invoice_date: "25/11/2026".into(), discount_vnd: "-5".into(), ..HeadForm::default() };
        let (head, problems) = form.read(Kind::Receipt, day("2026-11-24"));
        assert_eq!(head.invoice_no, "0001234");
        assert!(!problems.at("invoice_date").is_empty() && !problems.at("discount_vnd").is_empty());
        let lacking = missing(Kind::Receipt, &head);
        assert!(!lacking.at("supplier").is_empty() && !lacking.at("invoice_date").is_empty() && lacking.at("invoice_no").is_empty());
        let committee = Head { committee: "A\nB".into(), reason: "Hết hạn".into(), ..Head::default() };
        assert!(missing(Kind::Disposal, &committee).at("committee").contains("ba người"));
    }
}
