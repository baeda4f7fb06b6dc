//! The cash shift: open with a float, count blind, see the difference, close, hand over, print.

use super::{minted, money};
use crate::shift::{self, Closing, Count, DENOMINATIONS};
use crate::store::handovers::{self, Handover};
use crate::store::receipts;
use crate::store::shifts::{self, CountRow, Shift, Takings};
use askama::Template;
use base::{Problems, Vnd, show_date, show_time};
use chrono::{DateTime, Utc};
use db::Tx;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Shell};

#[derive(Clone, Debug, Default, Deserialize)]
pub struct OpenForm {
    #[serde(default)]
    pub id: String,
    #[serde(default)]
    pub float: String,
    #[serde(default)]
    pub desk: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct CountForm {
    #[serde(default)]
    pub id: String,
    /// Pieces in the order of the denominations.
    #[serde(default)]
    pub pieces: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct CloseForm {
    #[serde(default)]
    pub reason: String,
    #[serde(default)]
    pub handed_over: String,
    #[serde(default)]
    pub handed_to: String,
    /// A colleague who is to count the money and accept it; empty when it goes to the safe.
    #[serde(default)]
    pub receiver: String,
}

/// What the receiver of a handover says.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct AcceptForm {
    /// A shift to open when the receiver has none.
    #[serde(default)]
    pub id: String,
    #[serde(default)]
    pub counted: String,
    #[serde(default)]
    pub decision: String,
    #[serde(default)]
    pub note: String,
}

/// The roles that hold a drawer.
const CASH_ROLES: &[&str] = &["cashier", "admin"];

#[derive(Template)]
#[template(path = "shift.html")]
struct Page {
    shell: Shell,
    mine: Option<Shift>,
    takings: Vec<Takings>,
    /// The last count, if nothing moved since: only then is the expected sum shown.
    count: Option<CountRow>,
    recent: Vec<Shift>,
    /// Money colleagues handed over, for me to count and accept.
    for_me: Vec<Handover>,
    handovers: Vec<Handover>,
    receivers: Vec<(Uuid, String)>,
    id: Uuid,
    open_form: OpenForm,
    pieces: Vec<String>,
    close_form: CloseForm,
    problems: Problems,
}

impl Page {
    async fn load(ctx: &Ctx, tx: &mut Tx) -> Result<Page, Failure> {
        let mine = shifts::find_mine(tx).await?;
        let (takings, count) = match &mine {
            Some(s) => {
                let count = shifts::find_last_count(tx, s.shift_id).await?.filter(|c| c.expected_vnd == s.expected().0);
                (shifts::takings(tx, s.shift_id).await?, count)
            }
            None => (Vec::new(), None),
        };
        let desk = ctx.signed_in.room.as_ref().map(|(_, name)| name.to_string()).unwrap_or_default();
        Ok(Page {
            shell: ctx.shell("Ca thu", &[("F8", "Xác nhận")]),
            recent: shifts::list_recent(tx, ctx.may("cashier.approve")).await?,
            for_me: handovers::list_for_me(tx).await?,
            handovers: handovers::list_recent(tx, ctx.may("cashier.approve")).await?,
            receivers: handovers::list_receivers(tx, CASH_ROLES).await?,
            mine,
            takings,
            count,
            id: Uuid::now_v7(),
            open_form: OpenForm { desk, ..OpenForm::default() },
            pieces: Vec::new(),
            close_form: CloseForm::default(),
            problems: Problems::none(),
        })
    }
    fn faces(&self) -> Vec<(i64, String, String)> {
        DENOMINATIONS
            .iter()
            .enumerate()
            .map(|(i, face)| (*face, self.pieces.get(i).cloned().unwrap_or_default(), self.problems.at(&format!("n{face}")).to_owned()))
            .collect()
    }
    fn at(&self, at: &DateTime<Utc>) -> String {
        format!("{} {}", show_time(*at), show_date(base::local_date(*at)))
    }
    fn closed_at(&self, s: &Shift) -> String {
        s.closed_at.map(|at| self.at(&at)).unwrap_or_default()
    }
    fn difference(&self, s: &Shift) -> Vnd {
        Vnd(s.counted_vnd.unwrap_or(0) - s.expected_vnd.unwrap_or(0))
    }
    fn count_difference(&self, c: &CountRow) -> Vnd {
        Vnd(c.total_vnd - c.expected_vnd)
    }
    fn method(&self, t: &Takings) -> &'static str {
        crate::ledger::Method::from_key(&t.method).map_or("", |m| m.title())
    }
}

/// My shift, and the last ones.
pub async fn show(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    web::html(Page::load(&ctx, &mut tx).await?)
}

/// Opens my shift; one that is open already stays.
pub async fn open(ctx: Ctx, Form(form): Form<OpenForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let id = minted(&form.id)?;
    let float = if form.float.trim().is_empty() { Some(Vnd::ZERO) } else { Vnd::parse(&form.float) };
    match shift::check_float(float) {
        Ok(float) => {
            let desk: String = form.desk.trim().chars().take(60).collect();
            let opened = shifts::open(&mut tx, id, float, &desk).await?;
            tx.audit("open", "shift", opened.shift_id, None, json!({ "float_vnd": float.0 }));
            tx.commit().await?;
            web::redirect("/app/cashier")
        }
        Err(problems) => {
            let page = Page::load(&ctx, &mut tx).await?;
            web::refused(Page { open_form: form, problems, ..page })
        }
    }
}

/// My open shift by its id; somebody else's is not mine to count.
async fn my_open(tx: &mut Tx, id: Uuid) -> Result<Shift, Failure> {
    let shift = shifts::find(tx, id).await?.ok_or(Failure::NotFound)?;
    if shift.account_id != tx.actor.account.0 {
        return Err(Failure::Forbidden("Chỉ người mở ca được đếm và kết ca này.".into()));
    }
    Ok(shift)
}

/// Writes a blind count.
pub async fn count(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<CountForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let shift = my_open(&mut tx, id).await?;
    if !shift.is_open() {
        return web::redirect("/app/cashier/shift");
    }
    match Count::read(form.pieces.iter().map(String::as_str)) {
        Ok(count) => {
            shifts::insert_count(&mut tx, minted(&form.id)?, &shift, &count).await?;
            tx.audit("count", "shift", id, None, json!({ "counted_vnd": count.total().0 }));
            tx.commit().await?;
            web::redirect("/app/cashier/shift")
        }
        Err(problems) => {
            let page = Page::load(&ctx, &mut tx).await?;
            web::refused(Page { pieces: form.pieces, problems, count: None, ..page })
        }
    }
}

/// Closes my shift with its last count.
pub async fn close(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<CloseForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    my_open(&mut tx, id).await?;
    let shift = shifts::lock(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    if !shift.is_open() {
        return web::redirect("/app/cashier/shift");
    }
    let mut problems = Problems::none();
    let handed_over = money(&form.handed_over, "handed_over", &mut problems);
    let counted = shifts::find_last_count(&mut tx, id).await?;
    problems.add_if(counted.is_none(), "", "Đếm tiền trước khi kết ca.");
    let receiver = form.receiver.trim();
    let receiver = match receiver {
        "" => None,
        _ => handovers::list_receivers(&mut tx, CASH_ROLES).await?.into_iter().find(|(id, _)| id.to_string() == receiver),
    };
    problems.add_if(receiver.is_none() && !form.receiver.trim().is_empty(), "handed_to", "Người nhận không còn giữ quầy thu. Chọn người khác.");
    problems.add_if(receiver.is_some() && handed_over == Vnd::ZERO, "handed_over", "Ghi số tiền bàn giao cho đồng nghiệp.");
    let handed_to = receiver.as_ref().map_or_else(|| form.handed_to.clone(), |(_, name)| name.clone());
    let outcome = problems.or(()).and_then(|()| {
        let counted = counted.ok_or_else(Problems::none)?;
        let closing = Closing {
            counted: Vnd(counted.total_vnd),
            expected: shift.expected(),
            expected_at_count: Vnd(counted.expected_vnd),
            reason: form.reason.chars().take(300).collect(),
            handed_over,
            handed_to: handed_to.chars().take(100).collect(),
        };
        closing.check()?;
        Ok((counted.count_id, closing))
    });
    match outcome {
        Ok((count, closing)) => {
            shifts::close(&mut tx, id, count, &closing).await?;
            if let Some((account, name)) = &receiver {
                handovers::insert(&mut tx, &shift, (*account, name), closing.handed_over).await?;
                tx.notify("handover");
            }
            tx.audit("close", "shift", id, None, json!({ "difference_vnd": closing.difference().0 }));
            tx.notify("cashier");
            tx.commit().await?;
            web::redirect("/app/cashier/shift")
        }
        Err(problems) => {
            let page = Page::load(&ctx, &mut tx).await?;
            web::refused(Page { close_form: form, problems, ..page })
        }
    }
}

/// The receiver counts what was handed over: the same sum enters their own drawer (one is opened when they have none), another sum is
/// declined with what they counted. Only the person named decides, under their own sign-in.
pub async fn receive(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<AcceptForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let handover = handovers::find(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    if handover.to_account != ctx.actor.account.0 {
        return Err(Failure::Forbidden("Chỉ người được bàn giao mới đếm và nhận khoản này.".into()));
    }
    if !handover.is_waiting() {
        return web::redirect("/app/cashier/shift");
    }
    let mut problems = Problems::none();
    let counted = money(&form.counted, "counted", &mut problems);
    let declines = form.decision == "decline";
    problems.add_if(form.counted.trim().is_empty() || counted < Vnd::ZERO, "counted", "Đếm tiền rồi nhập số đã đếm.");
    problems.add_if(
        !declines && problems.is_empty() && counted != handover.amount(),
        "counted",
        format!("Đếm được {counted} đ, bàn giao {} đ. Đếm lại cùng người giao, hoặc không nhận và ghi lý do.", handover.amount()),
    );
    problems.add_if(declines && form.note.trim().is_empty(), "note", "Ghi lý do không nhận.");
    if !problems.is_empty() {
        let page = Page::load(&ctx, &mut tx).await?;
        return web::refused(Page { problems, ..page });
    }
    let done = if declines {
        let note: String = form.note.trim().chars().take(300).collect();
        handovers::decline(&mut tx, id, counted, &note).await?
    } else {
        let desk = ctx.signed_in.room.as_ref().map(|(_, name)| name.to_string()).unwrap_or_default();
        let mine = match shifts::hold_mine(&mut tx).await? {
            Some(mine) => mine,
            None => shifts::open(&mut tx, minted(&form.id)?, Vnd::ZERO, &desk).await?,
        };
        handovers::accept(&mut tx, id, mine.shift_id).await?
    };
    if done {
        tx.audit(if declines { "decline" } else { "accept" }, "handover", id, None, json!({ "counted_vnd": counted.0 }));
        tx.notify("handover");
    }
    tx.commit().await?;
    web::redirect("/app/cashier/shift")
}

/// The minutes of a handover, for both to sign.
pub async fn minutes(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let handover = handovers::find(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    let is_party = [handover.to_account, handover.from_account].contains(&ctx.actor.account.0);
    if !is_party && !ctx.may("cashier.approve") {
        return Err(Failure::Forbidden("Chỉ hai bên bàn giao hoặc người duyệt xem được biên bản này.".into()));
    }
    let shift = shifts::find(&mut tx, handover.from_shift).await?.ok_or(Failure::NotFound)?;
    let data = json!({
        "head": receipts::paper_head(&mut tx).await?,
        "draft": handover.is_waiting(),
        "number": handover.shift_no(),
        "giver": handover.from_name,
        "receiver": handover.to_name,
        "desk": shift.desk,
        "given_at": handover.given_at,
        "decided_at": handover.decided_at,
        "amount_vnd": handover.amount_vnd,
        "amount_words": handover.amount().in_words(),
        "counted_vnd": handover.counted_vnd,
        "shift_counted_vnd": shift.counted_vnd,
        "shift_expected_vnd": shift.expected_vnd,
        "shift_reason": shift.reason,
        "kept_vnd": shift.counted_vnd.map(|c| c - shift.handed_over_vnd),
        "outcome": handover.word(),
        "note": handover.note,
        "printed": { "by": &*ctx.actor.name, "printed_at": ctx.now },
    });
    tx.audit("print", "handover", id, None, serde_json::Value::Null);
    let bytes = ctx.app.papers().render("cash-handover", data).await.map_err(|e| anyhow::anyhow!("the minutes cannot be drawn: {e}"))?;
    tx.commit().await?;
    web::pdf(bytes, &format!("ban-giao-{}.pdf", handover.shift_no()))
}

/// The shift's paper: takings, count, difference, every document. An open shift prints as a draft without the
/// expected sum, so that nobody counts towards it.
pub async fn print(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let shift = shifts::find(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    if shift.account_id != ctx.actor.account.0 && !ctx.may("cashier.approve") {
        return Err(Failure::Forbidden("Chỉ người của ca hoặc người duyệt xem được phiếu này.".into()));
    }
    let takings = shifts::takings(&mut tx, id).await?;
    let documents = receipts::list_of_shift(&mut tx, id).await?;
    let count = shifts::find_last_count(&mut tx, id).await?.filter(|_| !shift.is_open());
    let row = |t: &Takings| {
        json!({ "method": crate::ledger::Method::from_key(&t.method).map_or("", |m| m.title()), "count": t.count,
                "received_vnd": t.received_vnd, "refunded_vnd": t.returned_vnd, "net_vnd": t.received_vnd - t.returned_vnd })
    };
    let total = |of: fn(&Takings) -> i64| takings.iter().map(of).sum::<i64>();
    let pieces = count.as_ref().map(|c| {
        DENOMINATIONS
            .iter()
            .filter_map(|face| {
                let n = c.pieces.get(face.to_string())?.as_i64()?;
                Some(json!({ "face_vnd": face, "count": n, "amount_vnd": face * n }))
            })
            .collect::<Vec<_>>()
    });
    let data = json!({
        "head": receipts::paper_head(&mut tx).await?,
        "draft": shift.is_open(),
        "number": shift.show_number(),
        "cashier": shift.cashier_name,
        "desk": shift.desk,
        "opened_at": shift.opened_at,
        "closed_at": shift.closed_at,
        "opening_vnd": shift.float_vnd,
        "methods": takings.iter().map(row).collect::<Vec<_>>(),
        "total": { "count": total(|t| t.count), "received_vnd": total(|t| t.received_vnd), "refunded_vnd": total(|t| t.returned_vnd),
                   "net_vnd": total(|t| t.received_vnd - t.returned_vnd) },
        "expected_vnd": shift.expected_vnd,
        "counted_vnd": shift.counted_vnd,
        "difference_vnd": shift.counted_vnd.zip(shift.expected_vnd).map(|(c, e)| c - e),
        "difference_reason": shift.reason,
        "denominations": pieces,
        "documents": documents.iter().map(|r| json!({
            "number": r.show_number(), "issued_at": r.issued_at, "patient": r.patient_name, "kind": r.kind().word(),
            "method": r.methods.split(',').filter_map(crate::ledger::Method::from_key).map(|m| m.title()).collect::<Vec<_>>().join(", "),
            "amount_vnd": if r.kind == "refund" { -r.amount_vnd } else { r.amount_vnd },
        })).collect::<Vec<_>>(),
        "voids": documents.iter().filter(|r| r.is_void()).map(|r| json!({
            "number": r.show_number(), "reason": r.void_reason, "amount_vnd": r.amount_vnd,
        })).collect::<Vec<_>>(),
        "handed_to": shift.handed_to,
        "note": (shift.handed_over_vnd > 0).then(|| format!("Bàn giao {} đ cho {}.", Vnd(shift.handed_over_vnd), shift.handed_to)),
        "printed": { "by": &*ctx.actor.name, "printed_at": ctx.now },
    });
    tx.audit("print", "shift", id, None, serde_json::Value::Null);
    let bytes = ctx.app.papers().render("cash-shift", data).await.map_err(|e| anyhow::anyhow!("the shift cannot be drawn: {e}"))?;
    tx.commit().await?;
    web::pdf(bytes, &format!("{}.pdf", shift.show_number()))
}
