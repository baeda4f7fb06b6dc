//! Opening a record of three hundred papers, and the longest form of one for writing.

use crate::house::Running;
use crate::measure::{Report, percentile};
use anyhow::{Context, Result, bail};
use reqwest::Client;
use sqlx::{Connection, PgConnection};
use std::time::Instant;
use uuid::Uuid;

/// Papers of the record, each with two versions and two signatures.
const DOCUMENTS: i64 = 300;
const ROUNDS: usize = 120;

/// A stay of An Tâm with its record full of finished and signed papers. Triggers and keys are not asked: the rows are what
/// they would have let through.
async fn fill(owner: &mut PgConnection) -> Result<Uuid> {
    let (encounter, record) = (Uuid::now_v7(), Uuid::now_v7());
    let sql = format!(
        "SET session_replication_role = replica;
         INSERT INTO encounter_encounter (facility_id, encounter_id, patient_id, person_id, room_id, practitioner_id, reason, status, class, day, opened_at, opened_by)
         SELECT 1, '{encounter}', p.patient_id, p.person_id, (SELECT room_id FROM organization_room WHERE facility_id = 1 AND kind = 'exam' LIMIT 1),
                (SELECT practitioner_id FROM practitioner_practitioner WHERE facility_id = 1 LIMIT 1), 'Đo lường', 'in_progress', 'IMP', current_date - 20,
                now() - interval '20 days', p.patient_id
         FROM patient_patient p WHERE facility_id = 1 LIMIT 1;
         INSERT INTO record_record (facility_id, record_id, encounter_id, patient_id, person_id, form, kind, room_id, practitioner_id, opened_at)
         SELECT 1, '{record}', encounter_id, patient_id, person_id, '01/BV1', 'inpatient', room_id, practitioner_id, opened_at
         FROM encounter_encounter WHERE facility_id = 1 AND encounter_id = '{encounter}';
         CREATE TEMP TABLE paper AS
         SELECT n, gen_random_uuid() AS id, now() - interval '20 days' + n * interval '90 minutes' AS at,
                (ARRAY['36/BV2', '37/BV2', '38/BV2', '07/BV2', '04/BV2', 'so_ket_15_ngay', '27/BV2'])[1 + n % 7] AS form
         FROM generate_series(1, {DOCUMENTS}) AS n;
         INSERT INTO record_document (facility_id, document_id, record_id, encounter_id, patient_id, person_id, form, form_version, title, kind, status,
             version, room_id, practitioner_id, author_account, author_name, made_at, changed_at)
         SELECT 1, p.id, r.record_id, r.encounter_id, r.patient_id, r.person_id, p.form, 1, 'Giấy số ' || p.n, 'form',
                CASE WHEN p.n % 5 = 0 THEN 'signing' ELSE 'signed' END, 2, r.room_id, r.practitioner_id, r.practitioner_id, 'BS. Đo Lường', p.at, p.at
         FROM paper p CROSS JOIN record_record r WHERE r.facility_id = 1 AND r.record_id = '{record}';
         INSERT INTO record_version (facility_id, document_id, version, form_version, data, sha256, media_type, size_bytes, previous_sha256, reason, made_by,
             made_by_name, made_at)
         SELECT 1, p.id, v, 1, jsonb_build_object('dien_bien', repeat('Người bệnh tỉnh, ăn được, không sốt. ', 20)), encode(sha256((p.n || '-' || v)::bytea), 'hex'),
                'application/pdf', 90000, CASE v WHEN 1 THEN '' ELSE encode(sha256((p.n || '-1')::bytea), 'hex') END,
                CASE v WHEN 1 THEN '' ELSE 'Bổ sung' END, p.id, 'BS. Đo Lường', p.at
         FROM paper p CROSS JOIN generate_series(1, 2) AS v;
         INSERT INTO record_signature (facility_id, document_id, version, place, role, method, holder, sha256, signed_by, signed_at)
         SELECT 1, p.id, 2, s, 'vai_' || s, 'certificate', 'Đo Lường', encode(sha256((p.n || '-s' || s)::bytea), 'hex'), p.id, p.at
         FROM paper p CROSS JOIN generate_series(1, 2) AS s;
         DROP TABLE paper;
         SET session_replication_role = DEFAULT;
         ANALYZE record_document, record_version, record_signature, record_record;"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(owner).await?;
    Ok(record)
}

async fn time(running: &Running, client: &Client, path: &str, name: &str, report: &mut Report) -> Result<()> {
    let (mut times, mut bytes) = (Vec::new(), 0);
    let (server_before, database_before) = running.cpu();
    for round in 0..ROUNDS {
        let begun = Instant::now();
        let response = client.get(format!("{}{path}", running.base)).send().await?;
        if !response.status().is_success() {
            bail!("{path}: {}", response.status());
        }
        bytes = response.bytes().await?.len();
        if round > 2 {
            times.push(begun.elapsed());
        }
    }
    let (server, database) = running.cpu();
    report.add(
        name,
        vec![
            ("p50", percentile(&mut times, 50.0), "ms"),
            ("p95", percentile(&mut times, 95.0), "ms"),
            ("server CPU", (server - server_before) * 1000.0 / ROUNDS as f64, "ms"),
            ("database CPU", (database - database_before) * 1000.0 / ROUNDS as f64, "ms"),
            ("page", bytes as f64 / 1000.0, "kB"),
        ],
    );
    Ok(())
}

/// `record-open`: the record of 300 papers in one answer; `01/BV1` opened for writing.
pub async fn record(running: &Running, report: &mut Report) -> Result<()> {
    let mut owner = PgConnection::connect_with(&running.database()).await?;
    let record = fill(&mut owner).await?;
    let client = running.sign_in("bacsi.84101").await?;
    let document = Uuid::now_v7();
    let begun = client
        .post(format!("{}/app/records/{record}/documents", running.base))
        .header("sec-fetch-site", "same-origin")
        .form(&[("id", document.to_string()), ("form", "01/BV1".to_owned())])
        .send()
        .await
        .context("the bệnh án is begun")?;
    if !(begun.status().is_success() || begun.status().is_redirection()) {
        bail!("the bệnh án is not begun: {}", begun.status());
    }
    time(running, &client, &format!("/app/records/{record}"), &format!("record with {} papers", DOCUMENTS + 1), report).await?;
    time(running, &client, &format!("/app/documents/{document}"), "01/BV1 for writing", report).await
}
