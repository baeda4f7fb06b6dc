//! A hospital that keeps four papers of Nguyễn Văn An, a clinic that wants to read them, and a cabinet whose papers can
//! be tampered with.

use async_trait::async_trait;
use base::{DocumentId, EncounterId, PatientId, PersonId, RecordId};
use chrono::{DateTime, Utc};
use db::Tx;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::sync::{Arc, Mutex};
use testkit::{Client, World};
use uuid::Uuid;
use web::Failure;
use web::ask::{DocumentContent, DocumentLine, FormStart, Incoming, Records, RecordsOf, Sensitivity};

pub const AN: Uuid = Uuid::from_u128(0xa4);

/// The papers, by number; the fourth is about mental health.
pub struct Cabinet(Mutex<Vec<(DocumentLine, Vec<u8>)>>);

impl Cabinet {
    fn new() -> Arc<Cabinet> {
        let at: DateTime<Utc> = "2026-11-20T03:00:00Z".parse().unwrap();
        let papers = [
            ("tom_tat_hsba", "Tóm tắt hồ sơ bệnh án", "signed", Sensitivity::Ordinary),
            ("giay_ra_vien", "Giấy ra viện", "signed", Sensitivity::Ordinary),
            ("", "Kết quả xét nghiệm", "done", Sensitivity::Ordinary),
            ("07/BV1", "Bệnh án tâm thần", "signed", Sensitivity::Mental),
            ("", "Tờ điều trị đang viết", "draft", Sensitivity::Ordinary),
        ];
        let lines = papers.iter().enumerate().map(|(n, (form, title, status, sensitivity))| {
            let content = format!("%PDF-1.7 {title}").into_bytes();
            let line = DocumentLine {
                document: paper(n),
                record: RecordId(Uuid::from_u128(1)),
                encounter: EncounterId(Uuid::from_u128(2)),
                patient: PatientId(patient_of("84001")),
                form: form.to_string(),
                title: title.to_string(),
                version: 1,
                status: status.to_string(),
                sensitivity: *sensitivity,
                author: "BS. Nguyễn Thanh Tùng".into(),
                at,
                sha256: if *status == "draft" { String::new() } else { hex::encode(Sha256::digest(&content)) },
            };
            (line, content)
        });
        Arc::new(Cabinet(Mutex::new(lines.collect())))
    }

    /// One byte of a kept paper changes.
    pub fn tamper(&self, n: usize) {
        self.0.lock().unwrap()[n].1[9] ^= 1;
    }
}

pub fn paper(n: usize) -> DocumentId {
    DocumentId(Uuid::from_u128(0x100 + n as u128))
}

pub fn patient_of(facility: &str) -> Uuid {
    testkit::demo_id(facility, "patient", "AN")
}

#[async_trait]
impl Records for Cabinet {
    async fn of_encounter(&self, _: &mut Tx, _: EncounterId) -> Result<RecordId, Failure> {
        Err(Failure::NotFound)
    }
    async fn write_form(&self, _: &mut Tx, _: &FormStart<'_>) -> Result<(), Failure> {
        Ok(())
    }
    async fn file(&self, _: &mut Tx, _: &Incoming<'_>) -> Result<(), Failure> {
        Err(Failure::NotFound)
    }
    async fn list(&self, tx: &mut Tx, of: RecordsOf) -> Result<Vec<DocumentLine>, Failure> {
        let ours = tx.facility() == testkit::facility("84001") && of == RecordsOf::Person(PersonId(AN));
        Ok(if ours { self.0.lock().unwrap().iter().map(|p| p.0.clone()).collect() } else { Vec::new() })
    }
    async fn content(&self, tx: &mut Tx, document: DocumentId) -> Result<Option<DocumentContent>, Failure> {
        if tx.facility() != testkit::facility("84001") {
            return Ok(None);
        }
        let papers = self.0.lock().unwrap();
        Ok(papers.iter().find(|p| p.0.document == document).map(|(line, content)| DocumentContent {
            line: line.clone(),
            media_type: "application/pdf".into(),
            content: content.clone(),
            data: Value::Null,
        }))
    }
    async fn gaps(&self, _: &mut Tx, _: EncounterId) -> Result<Vec<String>, Failure> {
        Ok(Vec::new())
    }
}

pub struct House {
    pub world: World,
    pub cabinet: Arc<Cabinet>,
}

impl House {
    pub async fn open() -> House {
        let cabinet = Cabinet::new();
        let shelf = cabinet.clone();
        let modules = vec![patient::module(), encounter::module(), sharing::module()];
        let world = World::wired(modules, |wiring| wiring.records = shelf).await;
        for facility in ["84001", "84101"] {
            let mut tx = world.tx(facility).await;
            sqlx::query(
                "INSERT INTO patient_patient (facility_id, patient_id, person_id, record_seq, record_no, name, name_folded, birth_date, sex, phone, cccd, created_at, created_by)
                 VALUES ($1, $2, $3, 1, 'BV-0000001', 'Nguyễn Văn An', 'nguyen van an', '1985-03-15', 'male', '0900 000 001', '084085012345', $4, $2)",
            )
            .bind(testkit::facility(facility).0)
            .bind(patient_of(facility))
            .bind(AN)
            .bind(world.clock.now())
            .execute(tx.conn())
            .await
            .unwrap();
            tx.commit().await.unwrap();
        }
        House { world, cabinet }
    }

    /// The clinic's doctor asks; gives who asked and the inquiry.
    pub async fn ask(&self) -> (Client, Uuid) {
        let mut doctor = self.world.sign_in_as("bacsi.84101").await;
        let id = Uuid::now_v7();
        let form = ask_form(id);
        let form: Vec<(&str, &str)> = form.iter().map(|(k, v)| (*k, v.as_str())).collect();
        let sent = doctor.post("/app/sharing/inquiries", &form).await;
        assert_eq!((sent.status, sent.location()), (303, format!("/app/sharing/inquiries/{id}").as_str()), "{}", sent.text);
        (doctor, id)
    }

    /// The archivist proposes papers to the patient.
    pub async fn propose(&self, id: Uuid, papers: &[usize], by: &str) -> Client {
        let mut clerk = self.world.sign_in_as("luutru.84001").await;
        let documents: Vec<String> = papers.iter().map(|n| paper(*n).to_string()).collect();
        let mut form: Vec<(&str, &str)> = documents.iter().map(|d| ("documents", d.as_str())).collect();
        form.extend([("days", "7"), ("tell", "1"), ("by", by)]);
        let sent = clerk.post(&format!("/app/sharing/requests/{id}/proposal"), &form).await;
        assert_eq!(sent.status, 303, "{}", sent.text);
        clerk
    }

    /// All messages that left the hospital for phones, oldest first.
    pub async fn messages(&self) -> Vec<String> {
        let mut tx = self.world.tx("84001").await;
        sqlx::query_scalar("SELECT payload->>'text' FROM db_job WHERE name = 'notify.send' ORDER BY created_at, job_id").fetch_all(tx.conn()).await.unwrap()
    }

    /// The link in the newest message that has one.
    pub async fn link(&self) -> String {
        let all = self.messages().await;
        let text = all.iter().rev().find(|text| text.contains("/consent/")).expect("a message with a link");
        let at = text.find("/consent/").unwrap();
        text[at..].split_whitespace().next().unwrap().to_owned()
    }

    /// The six digits of the newest message that has them.
    pub async fn code(&self) -> String {
        let all = self.messages().await;
        let text = all.iter().rev().find(|text| text.contains("mã đồng ý")).expect("a message with a code");
        text.split(|c: char| !c.is_ascii_digit()).find(|word| word.len() == 6).expect("six digits").to_owned()
    }
}

pub fn ask_form(id: Uuid) -> Vec<(&'static str, String)> {
    vec![
        ("id", id.to_string()),
        ("patient", patient_of("84101").to_string()),
        ("holder", "84001".into()),
        ("purpose", "follow_up".into()),
        ("note", "Tái khám sau viêm phổi".into()),
    ]
}
