//! Finding documents among millions: by words without marks, by code, by place and time.

use crate::house::Running;
use crate::measure::{Report, percentile};
use anyhow::{Context, Result, bail};
use sqlx::{Connection, PgConnection};
use std::time::Instant;

/// What archivists type: names with what stands inside, common words, rare words, numbers, filters.
const QUESTIONS: [&str; 12] = [
    "q=nguyen+van+an+viem+phoi",
    "q=tran+thi+hoa+tang+huyet+ap",
    "q=viem+phoi",
    "q=nguyen",
    "q=suy+than+man+giai+doan",
    "q=le+hoang+phuc+benh+an",
    "q=BV-00012345",
    "icd=J18",
    "q=dai+thao+duong&kind=ra_vien",
    "q=gay+xuong&from=01%2F2025&to=03%2F2025",
    "q=viem+ruot+thua&state=archived",
    "q=thuatnguhiemgap",
];

/// `find`: `rows` documents of the hospital, fifty of each stay, then every question twenty times.
pub async fn find(running: &Running, rows: i64, report: &mut Report) -> Result<()> {
    let mut owner = PgConnection::connect_with(&running.database()).await?;
    fill(&mut owner, rows).await.context("the documents")?;
    let archivist = running.sign_in("luutru.84001").await?;
    let mut all = Vec::new();
    for question in QUESTIONS {
        let (mut times, mut found) = (Vec::new(), String::new());
        for turn in 0..21 {
            let begun = Instant::now();
            let response = archivist.get(format!("{}/app/find-records?{question}", running.base)).send().await?;
            let status = response.status();
            let text = response.text().await?;
            if !status.is_success() {
                bail!("{question}: {status}");
            }
            // The first answer fills the caches.
            if turn > 0 {
                times.push(begun.elapsed());
            }
            found = text.split(" kết quả").next().and_then(|t| t.rsplit('>').next()).unwrap_or("").to_owned();
        }
        all.extend(times.iter().copied());
        report.add(format!("find {question} ({found}) in {rows}"), vec![("p50", percentile(&mut times, 50.0), "ms"), ("p95", percentile(&mut times, 95.0), "ms")]);
    }
    report.add(format!("find, all questions, in {rows} documents"), vec![("p50", percentile(&mut all, 50.0), "ms"), ("p95", percentile(&mut all, 95.0), "ms")]);
    Ok(())
}

/// Documents with the names of the world's people and the words of the ICD-10 list. Triggers and keys are not asked: the
/// rows are what they would have let through.
async fn fill(owner: &mut PgConnection, rows: i64) -> Result<()> {
    let begin = "SET session_replication_role = replica; SET maintenance_work_mem = '1GB';
         DROP INDEX record_find_words;
         INSERT INTO patient_patient (facility_id, patient_id, person_id, record_seq, record_no, name, name_folded, birth_date, sex, created_at, created_by)
         SELECT 4, patient_id, person_id, n, 'BV-' || lpad(n::text, 8, '0'), name, name_folded, birth_date, sex, created_at, created_by
         FROM (SELECT *, row_number() OVER () AS n FROM patient_patient WHERE facility_id = 1) p ON CONFLICT DO NOTHING;
         CREATE TABLE bench_who AS SELECT row_number() OVER () - 1 AS i, patient_id, person_id, name, record_no FROM patient_patient WHERE facility_id = 4;
         ALTER TABLE bench_who ADD PRIMARY KEY (i);
         CREATE TABLE bench_what AS SELECT row_number() OVER (ORDER BY md5(code)) - 1 AS i, code, name FROM codes_icd10;
         ALTER TABLE bench_what ADD PRIMARY KEY (i);
         CREATE TABLE bench_room AS SELECT row_number() OVER () - 1 AS i, room_id FROM organization_room WHERE facility_id = 4 AND kind = 'ward';
         ANALYZE bench_who; ANALYZE bench_what;";
    sqlx::raw_sql(begin).execute(&mut *owner).await?;
    let (who, what): (i64, i64) = sqlx::query_as("SELECT (SELECT count(*) FROM bench_who), (SELECT count(*) FROM bench_what)").fetch_one(&mut *owner).await?;
    const PIECE: i64 = 250_000;
    for at in (0..rows).step_by(PIECE as usize) {
        let count = PIECE.min(rows - at);
        let sql = format!(
            "CREATE TEMP TABLE filled AS
             SELECT n, ('00000000-0000-7000-9000-' || lpad(to_hex(n), 12, '0'))::uuid AS id, ('00000000-0000-7000-9100-' || lpad(to_hex(n / 50), 12, '0'))::uuid AS stay,
                    w.patient_id, w.person_id, r.room_id, now() - ({rows} - n) * interval '1 minute' * (3000000.0 / {rows}) AS at,
                    (ARRAY['01/BV1', '36/BV2', 'giay_ra_vien', '', '06/BV2'])[1 + n % 5] AS form, (ARRAY['form', 'form', 'form', 'paper', 'form'])[1 + n % 5] AS kind,
                    (ARRAY['Bệnh án nội khoa', 'Tờ điều trị', 'Giấy ra viện', 'Kết quả xét nghiệm', 'Phiếu phẫu thuật'])[1 + n % 5] AS title,
                    a.code, w.name || ' ' || w.record_no || ' ' AS head, concat_ws('. ', 'Chẩn đoán: ' || a.name || ' (' || a.code || ')', b.name, c.name, d.name, e.name) AS says
             FROM generate_series({at}::bigint, {at} + {count} - 1) AS n
             JOIN bench_who w ON w.i = (n / 50 * 7919) % {who}
             JOIN bench_what a ON a.i = (n / 50 * 31) % {what}
             JOIN bench_what b ON b.i = (n * 131) % {what}
             JOIN bench_what c ON c.i = (n * 1031) % {what}
             JOIN bench_what d ON d.i = (n * 10007) % {what}
             JOIN bench_what e ON e.i = (n * 100003) % {what}
             JOIN bench_room r ON r.i = (n / 50) % (SELECT count(*) FROM bench_room);
             INSERT INTO record_record (facility_id, record_id, encounter_id, patient_id, person_id, kind, room_id, opened_at, ended_at, status)
             SELECT DISTINCT ON (stay) 4, stay, stay, patient_id, person_id, 'inpatient', room_id, at, at, CASE WHEN n % 100 < 95 THEN 'archived' ELSE 'completing' END FROM filled
             ON CONFLICT DO NOTHING;
             INSERT INTO record_document (facility_id, document_id, record_id, encounter_id, patient_id, person_id, form, form_version, title, kind, status, version, room_id,
                 author_account, author_name, made_at, changed_at)
             SELECT 4, id, stay, stay, patient_id, person_id, form, 1, title, kind, 'signed', 1, room_id, '00000000-0000-7000-8000-000000000001', 'BS. Đo Lường', at, at FROM filled;
             INSERT INTO record_find (facility_id, document_id, record_id, patient_id, room_id, form, made_at, icd, words, excerpt)
             SELECT 4, id, stay, patient_id, room_id, form, at, ARRAY[code, left(code, 3)], to_tsvector('simple', 'f4 ' || record_fold(head || title || ' ' || says)), says FROM filled;
             DROP TABLE filled;"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut *owner).await?;
        eprintln!("{} / {rows}", at + count);
    }
    let end = "CREATE INDEX record_find_words ON record_find USING gin (words); DROP TABLE bench_who, bench_what, bench_room; SET session_replication_role = DEFAULT;";
    sqlx::raw_sql(end).execute(&mut *owner).await?;
    for table in ["record_record", "record_document", "record_find", "patient_patient"] {
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("VACUUM ANALYZE {table}"))).execute(&mut *owner).await?;
    }
    Ok(())
}
