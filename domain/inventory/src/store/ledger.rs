//! Rows of the ledger: lock shelves, look at them, book movements.

use crate::ledger::{Movement, OnShelf};
use base::DispenseId;
use chrono::{DateTime, Utc};
use db::{Tx, sql};
use std::collections::BTreeSet;
use uuid::Uuid;

/// A movement as it stands in the ledger.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Booked {
    pub movement_id: Uuid,
    pub store_id: Uuid,
    pub item_id: Uuid,
    pub lot_id: Uuid,
    pub seq: i64,
    pub quantity_milli: i64,
    pub shelf_milli: i64,
    pub lot_milli: i64,
    pub cost_vnd: i64,
    pub kind: String,
    pub document_id: Uuid,
    pub line_id: Uuid,
    pub document_no: String,
    pub reverses: Option<Uuid>,
    pub patient_id: Option<Uuid>,
    pub reason: String,
    pub at: DateTime<Utc>,
    pub by_account: Uuid,
    pub by_name: String,
    pub second_account: Option<Uuid>,
    pub second_name: String,
}

macro_rules! movements_where {
    ($rest:expr) => {
        concat!(
            "SELECT movement_id, store_id, item_id, lot_id, seq, quantity_milli, shelf_milli, lot_milli, cost_vnd, kind, document_id,
                    line_id, document_no, reverses, patient_id, reason, at, by_account, by_name, second_account, second_name
             FROM inventory_movement WHERE facility_id = $1 AND ",
            $rest
        )
    };
}

/// The shelves these movements touch, in the one order in which everybody locks them.
fn shelves_of(movements: &[Movement]) -> (Vec<Uuid>, Vec<Uuid>) {
    movements.iter().map(|m| (m.store.0, m.item)).collect::<BTreeSet<_>>().into_iter().unzip()
}

/// Locks the shelves of these movements until the transaction ends, opening those that goods come to for the first time.
pub async fn lock(tx: &mut Tx, movements: &[Movement]) -> Result<(), sqlx::Error> {
    let (stores, items) = shelves_of(movements);
    if movements.iter().any(|m| m.quantity_milli > 0) {
        open_shelves(tx, &stores, &items).await?;
    }
    lock_shelves(tx, &stores, &items).await
}

/// Opens empty shelves where there are none. Shelves of stores or items that do not exist here are left out, so that
/// the look that follows finds nothing and refuses.
pub async fn open_shelves(tx: &mut Tx, stores: &[Uuid], items: &[Uuid]) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!(
        "INSERT INTO inventory_shelf (facility_id, store_id, item_id)
         SELECT $1, s.store_id, i.item_id FROM unnest($2::uuid[], $3::uuid[]) AS a(store, item)
         JOIN inventory_store s ON s.facility_id = $1 AND s.store_id = a.store
         JOIN inventory_item i ON i.facility_id = $1 AND i.item_id = a.item
         ORDER BY 2, 3 ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(stores)
    .bind(items)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Locks shelves in order; those that do not exist hold nothing and need no lock.
pub async fn lock_shelves(tx: &mut Tx, stores: &[Uuid], items: &[Uuid]) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!(
        "SELECT FROM unnest($2::uuid[], $3::uuid[]) AS a(store, item)
         JOIN inventory_shelf s ON s.facility_id = $1 AND s.store_id = a.store AND s.item_id = a.item
         ORDER BY s.store_id, s.item_id FOR NO KEY UPDATE OF s"
    ))
    .bind(facility)
    .bind(stores)
    .bind(items)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Every lot that lies on the shelves of these movements, and every lot they name even where none of it lies there.
/// Ask after [`lock`].
pub async fn look(tx: &mut Tx, movements: &[Movement]) -> Result<Vec<OnShelf>, sqlx::Error> {
    let (facility, today) = (tx.facility().0, base::local_date(tx.now));
    let stores: Vec<Uuid> = movements.iter().map(|m| m.store.0).collect();
    let items: Vec<Uuid> = movements.iter().map(|m| m.item).collect();
    let lots: Vec<Uuid> = movements.iter().map(|m| m.lot.0).collect();
    sqlx::query_as(sql!(
        "WITH asked AS (SELECT DISTINCT * FROM unnest($2::uuid[], $3::uuid[], $4::uuid[]) AS a(store, item, lot)),
              there AS (
                  SELECT store, item, lot FROM asked
                  UNION
                  SELECT b.store_id, b.item_id, b.lot_id FROM (SELECT DISTINCT store, item FROM asked) a
                  JOIN inventory_balance b ON b.facility_id = $1 AND b.store_id = a.store AND b.item_id = a.item AND b.quantity_milli > 0)
         SELECT t.store AS store_id, l.item_id, l.lot_id, l.lot_no, l.expires, l.blocked, coalesce(b.quantity_milli, 0) AS quantity_milli,
                d.name, d.unit, d.controlled_class, s.name AS store_name,
                NOT (s.active_from <= $5 AND coalesce(s.active_to, 'infinity') >= $5) AS store_closed
         FROM there t
         JOIN inventory_lot l ON l.facility_id = $1 AND l.lot_id = t.lot AND l.item_id = t.item
         JOIN organization_drug d ON d.facility_id = $1 AND d.drug_id = l.item_id
         JOIN inventory_store s ON s.facility_id = $1 AND s.store_id = t.store
         LEFT JOIN inventory_balance b ON b.facility_id = $1 AND b.store_id = t.store AND b.item_id = t.item AND b.lot_id = t.lot
         ORDER BY t.store, l.item_id, l.expires, l.lot_id"
    ))
    .bind(facility)
    .bind(&stores)
    .bind(&items)
    .bind(&lots)
    .bind(today)
    .fetch_all(tx.conn())
    .await
}

/// Writes the movements; the table itself numbers them and carries the balances.
pub async fn insert(tx: &mut Tx, movements: &[Movement]) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let (me, my_name) = (tx.actor.account.0, tx.actor.name.to_string());
    let ids: Vec<Uuid> = movements.iter().map(|_| Uuid::now_v7()).collect();
    let column = |f: fn(&Movement) -> Uuid| movements.iter().map(f).collect::<Vec<Uuid>>();
    let optional = |f: fn(&Movement) -> Option<Uuid>| movements.iter().map(f).collect::<Vec<Option<Uuid>>>();
    let quantities: Vec<i64> = movements.iter().map(|m| m.quantity_milli).collect();
    let kinds: Vec<&str> = movements.iter().map(|m| m.kind.key()).collect();
    let numbers: Vec<&str> = movements.iter().map(|m| m.document_no.as_str()).collect();
    let reasons: Vec<&str> = movements.iter().map(|m| m.reason.trim()).collect();
    let second_names: Vec<&str> = movements.iter().map(|m| m.second.as_ref().map_or("", |s| s.name.as_str())).collect();
    sqlx::query(sql!(
        "INSERT INTO inventory_movement (facility_id, movement_id, store_id, item_id, lot_id, quantity_milli, kind, document_id, line_id,
             document_no, reverses, returns_of, patient_id, reason, at, by_account, by_name, second_account, second_name)
         SELECT $1, m.id, m.store, m.item, m.lot, m.quantity, m.kind, m.document, m.line, m.number, m.reverses, m.returns_of, m.patient,
                m.reason, $2, $3, $4, m.second, m.second_name
         FROM unnest($5::uuid[], $6::uuid[], $7::uuid[], $8::uuid[], $9::bigint[], $10::text[], $11::uuid[], $12::uuid[], $13::text[],
                     $14::uuid[], $15::uuid[], $16::uuid[], $17::text[], $18::uuid[], $19::text[])
              AS m(id, store, item, lot, quantity, kind, document, line, number, reverses, returns_of, patient, reason, second, second_name)"
    ))
    .bind(facility)
    .bind(now)
    .bind(me)
    .bind(my_name)
    .bind(&ids)
    .bind(column(|m| m.store.0))
    .bind(column(|m| m.item))
    .bind(column(|m| m.lot.0))
    .bind(&quantities)
    .bind(&kinds)
    .bind(column(|m| m.document))
    .bind(column(|m| m.line))
    .bind(&numbers)
    .bind(optional(|m| m.reverses))
    .bind(optional(|m| m.returns_of))
    .bind(optional(|m| m.patient.map(|p| p.0)))
    .bind(&reasons)
    .bind(optional(|m| m.second.as_ref().map(|s| s.account)))
    .bind(&second_names)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What the documents of these movements booked so far.
pub async fn list_of_documents(tx: &mut Tx, movements: &[Movement]) -> Result<Vec<Booked>, sqlx::Error> {
    let documents: BTreeSet<Uuid> = movements.iter().map(|m| m.document).collect();
    list_of_document(tx, &documents.into_iter().collect::<Vec<_>>()).await
}

/// What these documents booked, in the order of booking.
pub async fn list_of_document(tx: &mut Tx, documents: &[Uuid]) -> Result<Vec<Booked>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(movements_where!("document_id = ANY($2) ORDER BY movement_id")))
        .bind(facility)
        .bind(documents)
        .fetch_all(tx.conn())
        .await
}

/// Movements by their ids, in the order of booking.
pub async fn list_by_ids(tx: &mut Tx, ids: &[Uuid]) -> Result<Vec<Booked>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(movements_where!("movement_id = ANY($2) ORDER BY movement_id")))
        .bind(facility)
        .bind(ids)
        .fetch_all(tx.conn())
        .await
}

/// The document that took one of these movements back, when it is another one than `document`.
pub async fn reversed_elsewhere(tx: &mut Tx, ids: &[Uuid], document: Uuid) -> Result<Option<String>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_scalar(sql!(
        "SELECT document_no FROM inventory_movement WHERE facility_id = $1 AND reverses = ANY($2) AND document_id <> $3 LIMIT 1"
    ))
    .bind(facility)
    .bind(ids)
    .bind(document)
    .fetch_optional(tx.conn())
    .await
}

/// What came back of a dispense so far, by lot.
pub async fn returned(tx: &mut Tx, dispense: DispenseId) -> Result<Vec<(Uuid, i64)>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT lot_id, sum(quantity_milli)::bigint FROM inventory_movement WHERE facility_id = $1 AND returns_of = $2 GROUP BY lot_id"
    ))
    .bind(facility)
    .bind(dispense.0)
    .fetch_all(tx.conn())
    .await
}
