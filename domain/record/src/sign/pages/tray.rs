//! The tray: what waits for my signature now. Choose, type one PIN, read each result on its own line.

use crate::sign::act::{self, Asked, Outcome};
use crate::sign::badge::{self, Badge};
use crate::sign::order::Orders;
use crate::sign::store::documents::{self, Paper};
use crate::sign::store::keys::{self, KeyRow};
use crate::sign::{flow, role, rule};
use askama::Template;
use base::Problems;
use chrono::{DateTime, Utc};
use db::Tx;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Query, Shell};

/// One line of the tray.
pub struct Line {
    pub paper: Paper,
    pub place: String,
    pub nth: usize,
    pub of: usize,
    /// Why it cannot be signed although it is my turn (a licence run out); empty when it can.
    pub problem: String,
}

impl Line {
    pub fn role(&self) -> String {
        role::label(&self.place)
    }
    pub fn is_seal(&self) -> bool {
        self.place == flow::SEAL
    }
    /// What the box sends.
    pub fn value(&self) -> String {
        format!("{}.{}", self.paper.document_id, self.paper.sha256)
    }
    pub fn waited(&self, now: &DateTime<Utc>) -> String {
        waited(*now - self.paper.changed_at)
    }
}

/// How long something has waited, in one word: `25 phút`, `3 giờ`, `2 ngày`.
pub fn waited(span: chrono::TimeDelta) -> String {
    match span.num_minutes() {
        minutes if minutes < 1 => "vừa xong".into(),
        minutes if minutes < 60 => format!("{minutes} phút"),
        minutes if minutes < 48 * 60 => format!("{} giờ", minutes / 60),
        minutes => format!("{} ngày", minutes / 1440),
    }
}

const SHOWN: usize = 200;
const LOOKED_THROUGH: usize = 4000;

/// What waits for this actor now, oldest first, and whether there is more than is shown.
pub async fn waiting(tx: &mut Tx) -> Result<(Vec<Line>, bool), Failure> {
    let signer = keys::signer(tx).await?;
    let today = base::local_date(tx.now);
    let mut orders = Orders::default();
    let (mut lines, mut after, mut looked) = (Vec::new(), None, 0);
    loop {
        let page = documents::list_waiting(tx, after, 500).await?;
        let (count, last) = (page.len(), page.last().map(|p| (p.changed_at, p.document_id)));
        for paper in page {
            let order = orders.of(tx, &paper).await?;
            let Some(place) = flow::next(&order, &paper.signed()).map(str::to_owned) else { continue };
            let (nth, of) = (paper.signed().len() + 1, order.len());
            let facts = paper.facts(order);
            if role::find(&place).is_some_and(|role| rule::stands_at(role, &place, &facts, &signer)) {
                let problem = rule::refuse(&place, &facts, &signer, today).0.into_iter().map(|p| p.text.into_owned()).collect::<Vec<_>>().join(" ");
                lines.push(Line { paper, place, nth, of, problem });
            }
        }
        looked += count;
        if lines.len() > SHOWN {
            lines.truncate(SHOWN);
            return Ok((lines, true));
        }
        if count < 500 || looked >= LOOKED_THROUGH {
            return Ok((lines, looked >= LOOKED_THROUGH));
        }
        after = last;
    }
}

#[derive(Deserialize)]
pub struct Filter {
    #[serde(default)]
    q: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SignForm {
    pub key: String,
    pub pin: String,
    pub otp: String,
    pub doc: Vec<String>,
}

#[derive(Template)]
#[template(path = "sign-tray.html")]
struct TrayPage {
    shell: Shell,
    lines: Vec<Line>,
    has_more: bool,
    keys: Vec<KeyRow>,
    seal: Option<KeyRow>,
    lately: Vec<(DateTime<Utc>, Uuid, String, String, String)>,
    results: Vec<Outcome>,
    took_ms: i64,
    chosen: Vec<String>,
    key: String,
    q: String,
    now: DateTime<Utc>,
    sandbox: bool,
    may_alert: bool,
    problems: Problems,
}

impl TrayPage {
    async fn load(ctx: &Ctx, q: &str) -> Result<TrayPage, Failure> {
        let mut tx = ctx.begin().await?;
        // Reports and prescriptions are drawn when their signer comes for them.
        crate::document::paper::freeze_mine(&ctx.app, &mut tx).await?;
        let (mut lines, has_more) = waiting(&mut tx).await?;
        let wanted = base::fold(q);
        if !wanted.trim().is_empty() {
            lines.retain(|l| base::fold(&format!("{} {} {}", l.paper.patient_name, l.paper.patient_record_no, l.paper.title)).contains(wanted.trim()));
        }
        let mut mine = keys::list_mine(&mut tx).await?;
        mine.retain(|k| k.is_in_date(ctx.now));
        let sets_seal = ctx.actor.has_role("director") || ctx.actor.has_role("admin");
        let seal = if sets_seal { keys::find_seal(&mut tx).await? } else { None };
        let lately = documents::list_signed_by_me(&mut tx).await?;
        tx.audit("read", "sign_tray", ctx.actor.account, None, json!({ "documents": lines.len() }));
        tx.commit().await?;
        Ok(TrayPage {
            shell: ctx.shell("Chờ ký", &[("F8", "Ký giấy đã chọn"), ("Space", "Chọn dòng"), ("A", "Chọn hết"), ("K", "Khóa ký")]),
            lines,
            has_more,
            keys: mine,
            seal,
            lately,
            results: Vec::new(),
            took_ms: 0,
            chosen: Vec::new(),
            key: String::new(),
            q: q.to_owned(),
            now: ctx.now,
            sandbox: ctx.app.config.sandbox,
            may_alert: ctx.may("record.alert"),
            problems: Problems::none(),
        })
    }
    fn is_chosen(&self, line: &Line) -> bool {
        self.chosen.contains(&line.value())
    }
    fn signed(&self) -> usize {
        self.results.iter().filter(|r| r.result.is_ok()).count()
    }
    fn failed(&self) -> usize {
        self.results.len() - self.signed()
    }
    fn at(&self, at: &DateTime<Utc>) -> String {
        badge::when(*at)
    }
    fn short(&self, hash: &str) -> String {
        if hash.len() == 64 { format!("{}…{}", &hash[..6], &hash[62..]) } else { String::new() }
    }
    fn has_key(&self) -> bool {
        !self.keys.is_empty() || self.seal.is_some()
    }
    fn asks_otp(&self) -> bool {
        self.keys.iter().chain(&self.seal).any(KeyRow::asks_otp)
    }
    fn is_key(&self, key: &KeyRow) -> bool {
        self.key == key.key_id.to_string()
    }
}

/// `GET /app/sign`
pub async fn show(ctx: Ctx, Query(filter): Query<Filter>) -> Answer {
    let mut tx = ctx.begin().await?;
    crate::document::paper::freeze_mine(&ctx.app, &mut tx).await?;
    tx.commit().await?;
    web::html(TrayPage::load(&ctx, &filter.q).await?)
}

/// `POST /app/sign`: signs what was chosen with one PIN; the same page says what became of each.
pub async fn sign(ctx: Ctx, Form(form): Form<SignForm>) -> Answer {
    let started = std::time::Instant::now();
    match run(&ctx, &form).await {
        Ok(results) => {
            let took_ms = i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX);
            let failed: Vec<String> = results.iter().filter(|r| r.result.is_err()).map(|r| r.document.to_string()).collect();
            // What failed stays chosen, so that it can be tried again once repaired.
            let chosen = form.doc.iter().filter(|d| failed.iter().any(|f| d.starts_with(f.as_str()))).cloned().collect();
            let page = TrayPage { results, took_ms, chosen, key: form.key, ..TrayPage::load(&ctx, "").await? };
            web::html(page)
        }
        Err(Failure::Refused(problems)) => {
            let page = TrayPage { problems, chosen: form.doc, key: form.key, ..TrayPage::load(&ctx, "").await? };
            web::refused(page)
        }
        Err(other) => Err(other),
    }
}

async fn run(ctx: &Ctx, form: &SignForm) -> Result<Vec<Outcome>, Failure> {
    let mut problems = Problems::none();
    let asked: Vec<Asked> = form.doc.iter().filter_map(|d| Asked::read(d)).collect();
    problems.add_if(asked.is_empty(), "doc", "Chưa chọn giấy nào để ký.");
    problems.add_if(asked.len() > act::MOST, "doc", format!("Mỗi lần ký tối đa {} giấy.", act::MOST));
    let key: Option<Uuid> = form.key.parse().ok();
    problems.add_if(key.is_none(), "key", "Chọn khóa để ký.");
    problems.add_if(form.pin.chars().count() > 100, "pin", "PIN tối đa 100 ký tự.");
    problems.or(())?;
    let Some(key) = key else { return Err(Failure::NotFound) };
    act::sign(ctx, key, &form.pin, form.otp.trim(), &asked).await
}

/// Whether this actor may look into a paper from the tray: a special one only if they sign it.
async fn may_see(tx: &mut Tx, paper: &Paper) -> Result<bool, Failure> {
    if paper.sensitivity == "ordinary" {
        return Ok(true);
    }
    let signer = keys::signer(tx).await?;
    let order = Orders::default().of(tx, paper).await?;
    let facts = paper.facts(order);
    let stands = facts.flow.iter().any(|place| role::find(place).is_some_and(|role| rule::stands_at(role, place, &facts, &signer)));
    Ok(stands || facts.author_account == signer.account)
}

/// `GET /app/sign/documents/{document}/pdf`: the very bytes that are about to be signed.
pub async fn look(ctx: Ctx, Path(document): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let paper = documents::find(&mut tx, document).await?.ok_or(Failure::NotFound)?;
    if !may_see(&mut tx, &paper).await? {
        return Err(Failure::NotFound);
    }
    tx.audit("read", "record_document", document, Some(paper.patient()), json!({ "version": paper.version }));
    tx.commit().await?;
    let content = ctx.app.files().fetch(ctx.facility(), &paper.sha256).await?;
    if paper.is_pdf() {
        return web::pdf(content, &format!("{}.pdf", paper.title));
    }
    Err(base::Problem::of("Giấy này không phải PDF. Mở trong hồ sơ để xem.").into())
}

#[derive(Template)]
#[template(path = "sign-badge.html")]
struct BadgePiece {
    badge: Badge,
}

#[derive(Template)]
#[template(path = "sign-document.html")]
struct DocumentPiece {
    document: Uuid,
    badge: Badge,
    /// It is the patient's turn.
    is_patients: bool,
    /// It is mine.
    is_mine: bool,
    /// Earlier versions with their badges, newest first: an amendment leaves both provable.
    older: Vec<(i32, Badge)>,
}

/// The panel beside a document: its signatures, judged now.
pub async fn document_panel(ctx: &Ctx, tx: &mut Tx, _: &web::PanelFor) -> Result<String, Failure> {
    let Some(row) = ctx.shared::<crate::document::store::row::Row>("record.chosen") else { return Ok(String::new()) };
    let Some(paper) = documents::find(tx, row.document_id).await? else { return Ok(String::new()) };
    let order = Orders::default().of(tx, &paper).await?;
    let signer = keys::signer(tx).await?;
    let next = flow::next(&order, &paper.signed()).map(str::to_owned);
    let facts = paper.facts(order);
    let stands = next.as_deref().and_then(|place| Some((role::find(place)?, place)));
    let is_open = matches!(paper.status.as_str(), "done" | "signing") && !matches!(paper.record_status.as_str(), "archived" | "destroyed");
    let is_mine = is_open && stands.is_some_and(|(role, place)| rule::stands_at(role, place, &facts, &signer));
    let is_patients = is_open && stands.is_some_and(|(role, _)| role.who == role::Who::Patient) && ctx.may("record.witness");
    let badge = badge::of_paper(&ctx.app, tx, &paper).await?;
    let mut older = Vec::new();
    for version in (1..paper.version).rev().take(4) {
        if let Some(before) = documents::find_version(tx, row.document_id, version).await?
            && !before.signatures.is_empty()
        {
            older.push((version, badge::of_paper(&ctx.app, tx, &before).await?));
        }
    }
    if badge.lines.is_empty() && badge.missing.is_empty() && badge.problem.is_empty() && older.is_empty() {
        return Ok(String::new());
    }
    Ok(DocumentPiece { document: row.document_id, badge, is_patients, is_mine, older }.render()?)
}

/// `GET /app/sign/documents/{document}/badge`
pub async fn badge_piece(ctx: Ctx, Path(document): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let paper = documents::find(&mut tx, document).await?.ok_or(Failure::NotFound)?;
    if !may_see(&mut tx, &paper).await? {
        return Err(Failure::NotFound);
    }
    let badge = badge::of_paper(&ctx.app, &mut tx, &paper).await?;
    tx.audit("read", "record_document", document, Some(paper.patient()), Value::Null);
    tx.commit().await?;
    web::html(BadgePiece { badge })
}
