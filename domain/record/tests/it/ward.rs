//! A hospital day for the record: people who lie in a ward, papers that were finished, keys of the staff.

use base::{DocumentId, EncounterId, PatientId, PersonId, PractitionerId, RoomId};
use encounter::stay::{self, Opening};
use serde_json::Value;
use sha2::{Digest, Sha256};
use testkit::{Client, World, demo_id};
use uuid::Uuid;

pub const HOSPITAL: &str = "84001";

pub async fn hospital() -> World {
    World::with(vec![patient::module(), encounter::module(), record::module()]).await
}

/// Somebody who lies in a ward, and their record.
pub struct Stay {
    pub encounter: EncounterId,
    pub patient: PatientId,
    pub record: Uuid,
}

pub fn staff(login: &str) -> Uuid {
    demo_id(HOSPITAL, "staff", login)
}

pub fn account(login: &str) -> Uuid {
    demo_id(HOSPITAL, "account", login)
}

/// Admits somebody to the ward of internal medicine under Dr. Vân; the record opens by itself.
pub async fn admit(world: &World, name: &str) -> Stay {
    let mut tx = world.tx(HOSPITAL).await;
    let (encounter, patient) = (EncounterId::new(), PatientId::new());
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(
        "INSERT INTO patient_patient (facility_id, patient_id, person_id, record_seq, record_no, name, name_folded, birth_date, sex, phone, created_at, created_by)
         SELECT $1, $2, $2, coalesce(max(record_seq), 0) + 1, 'BV-' || lpad((coalesce(max(record_seq), 0) + 1)::text, 6, '0'), $3, $4, '1985-03-15', 'male', '0900000001', $5, $2
         FROM patient_patient WHERE facility_id = $1",
    )
    .bind(facility)
    .bind(patient.0)
    .bind(name)
    .bind(base::fold(name))
    .bind(now)
    .execute(tx.conn())
    .await
    .unwrap();
    let opening = Opening {
        encounter,
        patient,
        person: PersonId(patient.0),
        ward: RoomId(demo_id(HOSPITAL, "room", "KNOI")),
        practitioner: Some(PractitionerId(staff("bacsi.noi"))),
        reason: "Sốt, ho",
        payer: "self",
        coverage: None,
        from: None,
        origin: "ward",
        at: now,
    };
    assert!(stay::open(&mut tx, &opening).await.unwrap());
    tx.commit().await.unwrap();
    world.drain().await;
    let mut tx = world.tx(HOSPITAL).await;
    let record = sqlx::query_scalar("SELECT record_id FROM record_record WHERE encounter_id = $1").bind(encounter.0).fetch_one(tx.conn()).await.unwrap();
    Stay { encounter, patient, record }
}

/// Ends the stay.
pub async fn discharge(world: &World, stay: &Stay, outcome: &str) {
    let mut tx = world.tx(HOSPITAL).await;
    let now = tx.now;
    let mut open = stay::lock(&mut tx, stay.encounter).await.unwrap();
    assert!(stay::close(&mut tx, &mut open, outcome, "discharged", now).await.unwrap());
    tx.commit().await.unwrap();
    world.drain().await;
}

/// A finished paper with one version, as if its author had just pressed "done".
pub async fn finished(world: &World, stay: &Stay, form: &str, author: &str, data: Value) -> DocumentId {
    let id = DocumentId::new();
    let mut tx = world.tx(HOSPITAL).await;
    let (facility, now) = (tx.facility(), tx.now);
    let content = format!("%PDF-plain {form} {id}\n{data}").into_bytes();
    let sha = world.app.files().keep(facility, content).await.unwrap();
    let national = record::form::catalogue::national().newest(form);
    let (title, version) = national.map_or((form.to_owned(), 0), |f| (record::document::forms::readable(&f.title), f.version));
    sqlx::query(
        "INSERT INTO record_document (facility_id, document_id, record_id, encounter_id, patient_id, person_id, form, form_version, title, kind, status, version,
             room_id, practitioner_id, author_account, author_name, made_at, changed_at)
         VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8, 'form', 'done', 1, $9, $10, $11, $12, $13, $13)",
    )
    .bind(facility.0)
    .bind(id.0)
    .bind(stay.record)
    .bind(stay.encounter.0)
    .bind(stay.patient.0)
    .bind(form)
    .bind(version)
    .bind(title)
    .bind(demo_id(HOSPITAL, "room", "KNOI"))
    .bind(staff("bacsi.noi"))
    .bind(account(author))
    .bind(author)
    .bind(now)
    .execute(tx.conn())
    .await
    .unwrap();
    sqlx::query(
        "INSERT INTO record_version (facility_id, document_id, version, form_version, data, sha256, media_type, size_bytes, made_by, made_by_name, made_at)
         VALUES ($1, $2, 1, $3, $4, $5, 'application/pdf', 1, $6, $7, $8)",
    )
    .bind(facility.0)
    .bind(id.0)
    .bind(version)
    .bind(data)
    .bind(&sha)
    .bind(account(author))
    .bind(author)
    .bind(now)
    .execute(tx.conn())
    .await
    .unwrap();
    tx.commit().await.unwrap();
    id
}

/// What a box of the tray sends for a document now.
pub async fn chosen(world: &World, document: DocumentId) -> String {
    format!("{document}.{}", sha_of(world, document).await)
}

/// The file that is shown and signed next.
pub async fn sha_of(world: &World, document: DocumentId) -> String {
    let mut tx = world.tx(HOSPITAL).await;
    record::sign::store::documents::find(&mut tx, document.0).await.unwrap().unwrap().sha256
}

pub async fn count(world: &World, sql: &'static str) -> i64 {
    let mut tx = world.tx(HOSPITAL).await;
    sqlx::query_scalar(sql).fetch_one(tx.conn()).await.unwrap()
}

pub async fn status(world: &World, document: DocumentId) -> String {
    let mut tx = world.tx(HOSPITAL).await;
    sqlx::query_scalar("SELECT status FROM record_document WHERE document_id = $1").bind(document.0).fetch_one(tx.conn()).await.unwrap()
}

/// Registers a key file through the page; gives the key's id.
pub async fn key(client: &mut Client, holder: &str, personal: &str, more: &[(&str, &str)]) -> String {
    let id = Uuid::now_v7().to_string();
    let mut fields = vec![("id", id.as_str()), ("way", "pkcs12"), ("pin", "1234")];
    fields.extend_from_slice(more);
    let file = format!("{holder}|{personal}|3650");
    let page = client.upload("/app/sign/keys", &fields, ("file", "khoa.p12", file.as_bytes())).await;
    assert_eq!(page.status, 303, "{}", page.text);
    id
}

/// Dr. Vân with her key.
pub async fn van(world: &World) -> (Client, String) {
    let mut client = world.sign_in_as("bacsi.noi.84001").await;
    let key = key(&mut client, "Lê Thị Thu Vân", "084190000063", &[]).await;
    (client, key)
}

pub async fn sign(client: &mut Client, key: &str, boxes: &[String]) -> testkit::Page {
    let mut form = vec![("key", key), ("pin", "1234")];
    form.extend(boxes.iter().map(|b| ("doc", b.as_str())));
    client.post("/app/sign", &form).await
}

/// The seal of the house, kept so that it can be set at the bedside.
pub async fn seal(world: &World) -> String {
    let mut director = world.sign_in_as("giamdoc.84001").await;
    key(&mut director, "Bệnh viện Đa khoa tỉnh", "1500000001", &[("purpose", "seal"), ("keep_pin", "1")]).await
}

/// Writes, without a mouse, everything that a record still lacks: forms, versions, signatures.
pub async fn complete(world: &World, stay: &Stay) {
    for _ in 0..3 {
        let gaps = gaps(world, stay).await;
        for gap in gaps {
            let document = match gap.document {
                Some(document) => DocumentId(document),
                None => finished(world, stay, &gap.form, "bacsi.noi", Value::Null).await,
            };
            sign_by_hand(world, document).await;
        }
    }
    assert_eq!(gaps(world, stay).await, vec![], "nothing is left");
}

pub async fn gaps(world: &World, stay: &Stay) -> Vec<record::complete::rule::Gap> {
    let mut tx = world.tx(HOSPITAL).await;
    let cover = record::complete::store::get(&mut tx, stay.record).await.unwrap();
    record::complete::count::list(&mut tx, &cover).await.unwrap().gaps
}

/// All signatures of a document, straight into the rows, each over a file of its own.
async fn sign_by_hand(world: &World, document: DocumentId) {
    loop {
        let mut tx = world.tx(HOSPITAL).await;
        let facility = tx.facility();
        let paper = record::sign::store::documents::find(&mut tx, document.0).await.unwrap().unwrap();
        let flow = record::sign::order::Orders::default().of(&mut tx, &paper).await.unwrap();
        let Some(place) = record::sign::flow::next(&flow, &paper.signed()) else { return };
        let before = world.app.files().fetch(facility, &paper.sha256).await.unwrap();
        let line = format!("\n%%signed {place}|Ai đó|084||{}", hex(&Sha256::digest(&before)));
        let sha = world.app.files().keep(facility, [before, line.into_bytes()].concat()).await.unwrap();
        let new = record::sign::store::documents::NewSignature {
            paper: &paper,
            place: paper.next_place(),
            role: place,
            method: "certificate",
            practitioner: None,
            holder: "Ai đó",
            holder_id: "084",
            issuer: "CA thử",
            serial: "01",
            evidence: Value::Null,
            sha256: &sha,
            flow: &flow,
        };
        record::sign::store::documents::insert(&mut tx, &new).await.unwrap();
        tx.commit().await.unwrap();
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Changes one byte of a kept file, as only somebody at the machine itself can.
pub async fn flip(world: &World, document: DocumentId) {
    let sha = sha_of(world, document).await;
    let path = world.database.files_folder().join(testkit::facility(HOSPITAL).0.to_string()).join(&sha[..2]).join(&sha);
    let mut content = std::fs::read(&path).unwrap();
    content[12] ^= 1;
    std::fs::write(&path, content).unwrap();
}
