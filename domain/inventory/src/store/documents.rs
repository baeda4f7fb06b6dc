//! Papers of the pharmacy and their lines.

use crate::document::{Kind, State, show_number};
use base::StoreId;
use chrono::{DateTime, NaiveDate, Utc};
use db::{Tx, sql};
use uuid::Uuid;

/// A paper with the names of what it points at.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Document {
    pub document_id: Uuid,
    pub kind: String,
    pub state: String,
    pub year: Option<i32>,
    pub number: Option<i64>,
    pub store_id: Uuid,
    pub store_name: String,
    pub to_store_id: Option<Uuid>,
    pub to_store_name: Option<String>,
    pub supplier_id: Option<Uuid>,
    pub supplier_name: Option<String>,
    pub room_id: Option<Uuid>,
    pub room_name: Option<String>,
    pub reverses: Option<Uuid>,
    pub invoice_no: String,
    pub invoice_date: Option<NaiveDate>,
    pub discount_vnd: i64,
    pub committee: String,
    pub reason: String,
    pub note: String,
    pub total_vnd: i64,
    pub vat_vnd: i64,
    pub day: NaiveDate,
    pub written_at: DateTime<Utc>,
    pub author: Uuid,
    pub author_name: String,
    pub hands: Vec<Uuid>,
    pub submitted_at: Option<DateTime<Utc>>,
    pub decided_at: Option<DateTime<Utc>>,
    pub decider: Option<Uuid>,
    pub decider_name: String,
    pub decision_note: String,
    pub arrived_at: Option<DateTime<Utc>>,
    pub arrived_name: String,
}

impl Document {
    pub fn kind(&self) -> Kind {
        Kind::from_key(&self.kind).unwrap_or(Kind::Receipt)
    }
    pub fn state(&self) -> State {
        State::from_key(&self.state).unwrap_or(State::Draft)
    }
    pub fn store(&self) -> StoreId {
        StoreId(self.store_id)
    }
    /// Its number, or nothing before approval.
    pub fn number(&self) -> Option<String> {
        Some(show_number(self.kind(), self.year?, self.number?))
    }
    /// Its number, or the word for having none yet.
    pub fn show_number(&self) -> String {
        self.number().unwrap_or_else(|| format!("{} (chưa có số)", self.kind().series()))
    }
    /// Where goods come from or go to, in a few words.
    pub fn partner(&self) -> &str {
        self.supplier_name.as_deref().or(self.to_store_name.as_deref()).or(self.room_name.as_deref()).unwrap_or("")
    }
}

macro_rules! documents_where {
    ($rest:expr) => {
        concat!(
            "SELECT d.document_id, d.kind, d.state, d.year, d.number, d.store_id, s.name AS store_name, d.to_store_id, t.name AS to_store_name,
                    d.supplier_id, p.name AS supplier_name, d.room_id, r.name AS room_name, d.reverses, d.invoice_no, d.invoice_date,
                    d.discount_vnd, d.committee, d.reason, d.note, d.total_vnd, d.vat_vnd, d.day, d.written_at, d.author, d.author_name,
                    d.hands, d.submitted_at, d.decided_at, d.decider, d.decider_name, d.decision_note, d.arrived_at, d.arrived_name
             FROM inventory_document d
             JOIN inventory_store s ON s.facility_id = d.facility_id AND s.store_id = d.store_id
             LEFT JOIN inventory_store t ON t.facility_id = d.facility_id AND t.store_id = d.to_store_id
             LEFT JOIN inventory_supplier p ON p.facility_id = d.facility_id AND p.supplier_id = d.supplier_id
             LEFT JOIN organization_room r ON r.facility_id = d.facility_id AND r.room_id = d.room_id
             WHERE d.facility_id = $1 AND ",
            $rest
        )
    };
}

pub async fn find(tx: &mut Tx, id: Uuid) -> Result<Option<Document>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(documents_where!("d.document_id = $2"))).bind(facility).bind(id).fetch_optional(tx.conn()).await
}

/// The same, locked: everything that changes a paper stands in this queue.
pub async fn lock(tx: &mut Tx, id: Uuid) -> Result<Option<Document>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(documents_where!("d.document_id = $2 FOR UPDATE OF d"))).bind(facility).bind(id).fetch_optional(tx.conn()).await
}

/// The paper with this number.
pub async fn find_by_number(tx: &mut Tx, kind: Kind, year: i32, number: i64) -> Result<Option<Uuid>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_scalar(sql!("SELECT document_id FROM inventory_document WHERE facility_id = $1 AND kind = $2 AND year = $3 AND number = $4"))
        .bind(facility)
        .bind(kind.key())
        .bind(year)
        .bind(number)
        .fetch_optional(tx.conn())
        .await
}

/// What the list is narrowed to; empty keys mean all.
#[derive(Clone, Debug)]
pub struct Filter {
    pub kind: String,
    pub state: String,
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// Day and id of the last row of the page before.
    pub after: Option<(NaiveDate, Uuid)>,
}

/// How many rows a page of the list has.
pub const PAGE: usize = 50;

/// A page of papers, newest first, and one row more when there is another page.
pub async fn list(tx: &mut Tx, filter: &Filter) -> Result<Vec<Document>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(documents_where!(
        "($2 = '' OR d.kind = $2) AND ($3 = '' OR d.state = $3) AND d.day BETWEEN $4 AND $5
         AND ($6::date IS NULL OR (d.day, d.document_id) < ($6, $7::uuid))
         ORDER BY d.day DESC, d.document_id DESC LIMIT 51"
    )))
    .bind(facility)
    .bind(&filter.kind)
    .bind(&filter.state)
    .bind(filter.from)
    .bind(filter.to)
    .bind(filter.after.map(|a| a.0))
    .bind(filter.after.map(|a| a.1))
    .fetch_all(tx.conn())
    .await
}

/// How many papers wait: drafts, for a decision, on the way.
pub async fn count_open(tx: &mut Tx) -> Result<(i64, i64, i64), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT count(*) FILTER (WHERE state IN ('draft', 'refused')), count(*) FILTER (WHERE state = 'submitted'),
                count(*) FILTER (WHERE state = 'approved')
         FROM inventory_document WHERE facility_id = $1 AND (state IN ('draft', 'refused', 'submitted') OR kind = 'transfer' AND state = 'approved')"
    ))
    .bind(facility)
    .fetch_one(tx.conn())
    .await
}

/// A paper as it begins.
#[derive(Clone, Debug)]
pub struct NewDocument {
    pub id: Uuid,
    pub kind: Kind,
    pub store: StoreId,
    pub reverses: Option<Uuid>,
    pub reason: String,
    pub total_vnd: i64,
}

/// Begins a paper; the same id a second time changes nothing. A second count of one store breaks
/// `inventory_document_one_count`.
pub async fn insert(tx: &mut Tx, new: &NewDocument) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let (me, my_name) = (tx.actor.account.0, tx.actor.name.to_string());
    sqlx::query(sql!(
        "INSERT INTO inventory_document (facility_id, document_id, kind, store_id, reverses, reason, total_vnd, day, written_at, author, author_name, hands)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, ARRAY[$10::uuid]) ON CONFLICT (facility_id, document_id) DO NOTHING"
    ))
    .bind(facility)
    .bind(new.id)
    .bind(new.kind.key())
    .bind(new.store.0)
    .bind(new.reverses)
    .bind(&new.reason)
    .bind(new.total_vnd)
    .bind(base::local_date(now))
    .bind(now)
    .bind(me)
    .bind(my_name)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The head of a paper as it was read from the form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    pub supplier: Option<Uuid>,
    pub to_store: Option<Uuid>,
    pub room: Option<Uuid>,
    pub invoice_no: String,
    pub invoice_date: Option<NaiveDate>,
    pub discount_vnd: i64,
    pub committee: String,
    pub reason: String,
    pub note: String,
}

/// Writes the head. What names nothing here is left out rather than written.
pub async fn update_head(tx: &mut Tx, id: Uuid, head: &Head) -> Result<(), sqlx::Error> {
    let (facility, me) = (tx.facility().0, tx.actor.account.0);
    sqlx::query(sql!(
        "UPDATE inventory_document d SET
             supplier_id = (SELECT supplier_id FROM inventory_supplier WHERE facility_id = $1 AND supplier_id = $3),
             to_store_id = (SELECT store_id FROM inventory_store WHERE facility_id = $1 AND store_id = $4 AND store_id <> d.store_id),
             room_id = (SELECT room_id FROM organization_room WHERE facility_id = $1 AND room_id = $5),
             invoice_no = $6, invoice_date = $7, discount_vnd = $8, committee = $9, reason = $10, note = $11,
             hands = CASE WHEN $12 = ANY (hands) THEN hands ELSE hands || $12 END
         WHERE facility_id = $1 AND document_id = $2"
    ))
    .bind(facility)
    .bind(id)
    .bind(head.supplier)
    .bind(head.to_store)
    .bind(head.room)
    .bind(&head.invoice_no)
    .bind(head.invoice_date)
    .bind(head.discount_vnd)
    .bind(&head.committee)
    .bind(&head.reason)
    .bind(&head.note)
    .bind(me)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes that the actor wrote on it.
pub async fn add_hand(tx: &mut Tx, id: Uuid) -> Result<(), sqlx::Error> {
    let (facility, me) = (tx.facility().0, tx.actor.account.0);
    sqlx::query(sql!(
        "UPDATE inventory_document SET hands = hands || $3 WHERE facility_id = $1 AND document_id = $2 AND NOT $3 = ANY (hands)"
    ))
    .bind(facility)
    .bind(id)
    .bind(me)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The living paper with this invoice of this supplier, other than `id`.
pub async fn find_same_invoice(tx: &mut Tx, id: Uuid, supplier: Uuid, invoice_no: &str) -> Result<Option<Document>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(documents_where!(
        "d.kind = 'receipt' AND d.supplier_id = $2 AND upper(d.invoice_no) = upper($3) AND d.invoice_no <> '' AND d.document_id <> $4
         AND d.state NOT IN ('discarded', 'reversed') LIMIT 1"
    )))
    .bind(facility)
    .bind(supplier)
    .bind(invoice_no)
    .bind(id)
    .fetch_optional(tx.conn())
    .await
}

/// The reversal that waits for, or was approved for, this paper.
pub async fn find_reversal_of(tx: &mut Tx, id: Uuid) -> Result<Option<Document>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(documents_where!("d.reverses = $2 AND d.state NOT IN ('discarded', 'refused') LIMIT 1")))
        .bind(facility)
        .bind(id)
        .fetch_optional(tx.conn())
        .await
}

/// A line with what its drug and its lot say.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Line {
    pub line_id: Uuid,
    pub item_id: Uuid,
    pub code: String,
    pub name: String,
    pub strength: String,
    pub item_unit: String,
    pub controlled_class: String,
    pub lot_id: Option<Uuid>,
    pub lot_no: String,
    pub expires: NaiveDate,
    pub unit: String,
    pub factor: i64,
    pub quantity_milli: i64,
    pub price_cents: i64,
    pub discount_vnd: i64,
    pub vat_percent: i32,
    pub cost_vnd: i64,
    pub reason: String,
    pub label_no: Option<i64>,
    pub blocked: bool,
    /// What of its lot lies in the store of the paper now.
    pub on_hand_milli: i64,
}

impl Line {
    /// Thousandths of the pack that was typed.
    pub fn packs_milli(&self) -> i64 {
        self.quantity_milli / self.factor
    }
    pub fn figures(&self) -> crate::receipt::Figures {
        crate::receipt::Figures {
            packs_milli: self.packs_milli(),
            price_cents: self.price_cents,
            discount_vnd: self.discount_vnd,
            vat_percent: self.vat_percent,
        }
    }
    pub fn title(&self) -> String {
        crate::item::with_strength(&self.name, &self.strength)
    }
}

pub async fn list_lines(tx: &mut Tx, id: Uuid) -> Result<Vec<Line>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT l.line_id, l.item_id, g.code, g.name, g.strength, g.unit AS item_unit, g.controlled_class, l.lot_id, l.lot_no, l.expires,
                l.unit, l.factor, l.quantity_milli, l.price_cents, l.discount_vnd, l.vat_percent, l.cost_vnd, l.reason, t.label_no,
                coalesce(t.blocked, false) AS blocked, coalesce(b.quantity_milli, 0) AS on_hand_milli
         FROM inventory_document d
         JOIN inventory_document_line l ON l.facility_id = d.facility_id AND l.document_id = d.document_id
         JOIN organization_drug g ON g.facility_id = d.facility_id AND g.drug_id = l.item_id
         LEFT JOIN inventory_lot t ON t.facility_id = d.facility_id AND t.lot_id = l.lot_id
         LEFT JOIN inventory_balance b ON b.facility_id = d.facility_id AND b.store_id = d.store_id AND b.item_id = l.item_id AND b.lot_id = l.lot_id
         WHERE d.facility_id = $1 AND d.document_id = $2 ORDER BY l.position, l.line_id"
    ))
    .bind(facility)
    .bind(id)
    .fetch_all(tx.conn())
    .await
}

/// A line as it was read from the grid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLine {
    pub id: Uuid,
    pub item: Uuid,
    pub lot: Option<Uuid>,
    pub lot_no: String,
    pub expires: NaiveDate,
    pub unit: String,
    pub factor: i64,
    pub quantity_milli: i64,
    pub price_cents: i64,
    pub discount_vnd: i64,
    pub vat_percent: i32,
    pub cost_vnd: i64,
    pub reason: String,
}

/// Writes lines, new or changed; a new one comes last.
pub async fn put_lines(tx: &mut Tx, document: Uuid, lines: &[NewLine]) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    let numbers = |f: fn(&NewLine) -> i64| lines.iter().map(f).collect::<Vec<i64>>();
    let texts = |f: fn(&NewLine) -> &str| lines.iter().map(|l| f(l).to_owned()).collect::<Vec<String>>();
    sqlx::query(sql!(
        "INSERT INTO inventory_document_line (facility_id, document_id, line_id, position, item_id, lot_id, lot_no, expires, unit, factor,
             quantity_milli, price_cents, discount_vnd, vat_percent, cost_vnd, reason)
         SELECT $1, $2, n.line, n.place + coalesce((SELECT max(position) FROM inventory_document_line WHERE facility_id = $1 AND document_id = $2), 0),
                n.item, n.lot, n.lot_no, n.expires, n.unit, n.factor, n.quantity, n.price, n.discount, n.vat, n.cost, n.reason
         FROM unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::date[], $8::text[], $9::bigint[], $10::bigint[], $11::bigint[],
                     $12::bigint[], $13::int[], $14::bigint[], $15::text[])
              WITH ORDINALITY AS n(line, item, lot, lot_no, expires, unit, factor, quantity, price, discount, vat, cost, reason, place)
         ON CONFLICT (facility_id, document_id, line_id) DO UPDATE SET item_id = excluded.item_id, lot_id = excluded.lot_id,
             lot_no = excluded.lot_no, expires = excluded.expires, unit = excluded.unit, factor = excluded.factor,
             quantity_milli = excluded.quantity_milli, price_cents = excluded.price_cents, discount_vnd = excluded.discount_vnd,
             vat_percent = excluded.vat_percent, cost_vnd = excluded.cost_vnd, reason = excluded.reason"
    ))
    .bind(facility)
    .bind(document)
    .bind(lines.iter().map(|l| l.id).collect::<Vec<Uuid>>())
    .bind(lines.iter().map(|l| l.item).collect::<Vec<Uuid>>())
    .bind(lines.iter().map(|l| l.lot).collect::<Vec<Option<Uuid>>>())
    .bind(texts(|l| &l.lot_no))
    .bind(lines.iter().map(|l| l.expires).collect::<Vec<NaiveDate>>())
    .bind(texts(|l| &l.unit))
    .bind(numbers(|l| l.factor))
    .bind(numbers(|l| l.quantity_milli))
    .bind(numbers(|l| l.price_cents))
    .bind(numbers(|l| l.discount_vnd))
    .bind(lines.iter().map(|l| l.vat_percent).collect::<Vec<i32>>())
    .bind(numbers(|l| l.cost_vnd))
    .bind(texts(|l| &l.reason))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes a line out of a draft.
pub async fn delete_line(tx: &mut Tx, document: Uuid, line: Uuid) -> Result<bool, sqlx::Error> {
    let facility = tx.facility().0;
    let done = sqlx::query(sql!("DELETE FROM inventory_document_line WHERE facility_id = $1 AND document_id = $2 AND line_id = $3"))
        .bind(facility)
        .bind(document)
        .bind(line)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Fills in what each line costs and, once known, its lot.
pub async fn settle_lines(tx: &mut Tx, document: Uuid, lines: &[(Uuid, i64, Option<Uuid>)]) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!(
        "UPDATE inventory_document_line l SET cost_vnd = n.cost, lot_id = coalesce(n.lot, l.lot_id)
         FROM unnest($3::uuid[], $4::bigint[], $5::uuid[]) AS n(line, cost, lot)
         WHERE l.facility_id = $1 AND l.document_id = $2 AND l.line_id = n.line"
    ))
    .bind(facility)
    .bind(document)
    .bind(lines.iter().map(|l| l.0).collect::<Vec<Uuid>>())
    .bind(lines.iter().map(|l| l.1).collect::<Vec<i64>>())
    .bind(lines.iter().map(|l| l.2).collect::<Vec<Option<Uuid>>>())
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Moves an unbooked paper on: sent for approval, back to draft, refused, discarded.
pub async fn move_on(tx: &mut Tx, id: Uuid, to: State, note: &str, totals: Option<(i64, i64)>) -> Result<(), sqlx::Error> {
    let (facility, now, me) = (tx.facility().0, tx.now, tx.actor.account.0);
    sqlx::query(sql!(
        "UPDATE inventory_document SET state = $3, submitted_at = CASE WHEN $3 = 'submitted' THEN $5 ELSE submitted_at END,
             hands = CASE WHEN $3 = 'refused' OR $6 = ANY (hands) THEN hands ELSE hands || $6 END,
             decision_note = CASE WHEN $3 = 'refused' THEN $4 ELSE decision_note END,
             total_vnd = coalesce($7, total_vnd), vat_vnd = coalesce($8, vat_vnd)
         WHERE facility_id = $1 AND document_id = $2"
    ))
    .bind(facility)
    .bind(id)
    .bind(to.key())
    .bind(note)
    .bind(now)
    .bind(me)
    .bind(totals.map(|t| t.0))
    .bind(totals.map(|t| t.1))
    .execute(tx.conn())
    .await?;
    step(tx, id, to, note).await
}

/// The next number of the run of this kind and year. A transaction that fails gives it back.
pub async fn next_number(tx: &mut Tx, kind: Kind, year: i32) -> Result<i64, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_scalar(sql!(
        "INSERT INTO inventory_document_number AS n (facility_id, kind, year, last_number) VALUES ($1, $2, $3, 1)
         ON CONFLICT (facility_id, kind, year) DO UPDATE SET last_number = n.last_number + 1 RETURNING last_number"
    ))
    .bind(facility)
    .bind(kind.key())
    .bind(year)
    .fetch_one(tx.conn())
    .await
}

/// Writes the approval: number, day, who.
pub async fn approve(tx: &mut Tx, id: Uuid, year: i32, number: i64, note: &str, total_vnd: Option<i64>) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let (me, my_name) = (tx.actor.account.0, tx.actor.name.to_string());
    sqlx::query(sql!(
        "UPDATE inventory_document SET state = 'approved', year = $3, number = $4, day = $5, decided_at = $6, decider = $7, decider_name = $8,
             decision_note = $9, total_vnd = coalesce($10, total_vnd)
         WHERE facility_id = $1 AND document_id = $2"
    ))
    .bind(facility)
    .bind(id)
    .bind(year)
    .bind(number)
    .bind(base::local_date(now))
    .bind(now)
    .bind(me)
    .bind(my_name)
    .bind(note)
    .bind(total_vnd)
    .execute(tx.conn())
    .await?;
    step(tx, id, State::Approved, note).await
}

/// Writes that a transfer was taken in or went back.
pub async fn arrive(tx: &mut Tx, id: Uuid, to: State, note: &str) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let (me, my_name) = (tx.actor.account.0, tx.actor.name.to_string());
    sqlx::query(sql!(
        "UPDATE inventory_document SET state = $3, arrived_at = $4, arrived_by = $5, arrived_name = $6 WHERE facility_id = $1 AND document_id = $2"
    ))
    .bind(facility)
    .bind(id)
    .bind(to.key())
    .bind(now)
    .bind(me)
    .bind(my_name)
    .execute(tx.conn())
    .await?;
    step(tx, id, to, note).await
}

/// Marks a booked paper as taken back.
pub async fn mark_reversed(tx: &mut Tx, id: Uuid, note: &str) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!("UPDATE inventory_document SET state = 'reversed' WHERE facility_id = $1 AND document_id = $2"))
        .bind(facility)
        .bind(id)
        .execute(tx.conn())
        .await?;
    step(tx, id, State::Reversed, note).await
}

async fn step(tx: &mut Tx, id: Uuid, state: State, note: &str) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let (me, my_name) = (tx.actor.account.0, tx.actor.name.to_string());
    sqlx::query(sql!(
        "INSERT INTO inventory_document_step (facility_id, document_id, step_id, state, note, at, by_account, by_name) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
    ))
    .bind(facility)
    .bind(id)
    .bind(Uuid::now_v7())
    .bind(state.key())
    .bind(note)
    .bind(now)
    .bind(me)
    .bind(my_name)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// One step in the life of a paper.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Step {
    pub state: String,
    pub note: String,
    pub at: DateTime<Utc>,
    pub by_name: String,
}

/// The steps so far, oldest first.
pub async fn list_steps(tx: &mut Tx, id: Uuid) -> Result<Vec<Step>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT state, note, at, by_name FROM inventory_document_step WHERE facility_id = $1 AND document_id = $2 ORDER BY step_id"
    ))
    .bind(facility)
    .bind(id)
    .fetch_all(tx.conn())
    .await
}
