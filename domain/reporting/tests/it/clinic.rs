//! A few days of a small clinic, written straight into the ledger: reports must be right whoever wrote the rows.

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Utc};
use db::Migration;
use sqlx::PgConnection;
use testkit::{World, demo_id};
use uuid::Uuid;
use web::Module;

/// The tables and views of the slices that reports read, without their pages.
pub fn tables() -> Module {
    let mut migrations = Vec::new();
    for slice in ["patient", "encounter", "billing", "inventory"] {
        let folder = format!("{}/../{slice}/migrations", env!("CARGO_MANIFEST_DIR"));
        for entry in std::fs::read_dir(&folder).expect("the slice has migrations") {
            let path = entry.expect("a readable folder").path();
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            let sql = std::fs::read_to_string(&path).expect("a readable migration");
            migrations.push(Migration { name: name.leak(), sql: sql.leak() });
        }
    }
    Module { name: "tables_that_reports_read", migrations, ..Module::default() }
}

pub async fn world() -> World {
    World::with(vec![tables(), reporting::module()]).await
}

/// Writes rows for one facility, behind row security.
pub struct Clinic {
    conn: PgConnection,
    code: &'static str,
    facility: i32,
    pub today: NaiveDate,
    morning: DateTime<Utc>,
    papers: i64,
}

/// A visit that was written.
#[derive(Clone, Copy)]
pub struct Seen {
    pub encounter: Uuid,
    pub day: NaiveDate,
    pub at: DateTime<Utc>,
}

impl Clinic {
    pub async fn of(world: &World, code: &'static str) -> Clinic {
        let morning = world.clock.now();
        Clinic {
            conn: world.database.owner().await,
            code,
            facility: testkit::facility(code).0,
            today: base::local_date(morning),
            morning,
            // Numbers of another day begin elsewhere.
            papers: i64::from(base::local_date(morning).num_days_from_ce()) * 1000,
        }
    }

    /// A finished visit, `days_ago` days ago, at `minute` minutes after eight, called a quarter of an hour later.
    pub async fn visit(&mut self, name: &str, doctor: &str, days_ago: u64, minute: i64) -> Seen {
        let (patient, encounter) = (Uuid::now_v7(), Uuid::now_v7());
        let at = self.morning - TimeDelta::days(days_ago as i64) + TimeDelta::minutes(minute);
        let day = self.today - Days::new(days_ago);
        self.papers += 1;
        sqlx::query(
            "INSERT INTO patient_patient (facility_id, patient_id, person_id, record_seq, record_no, name, name_folded,
                birth_date, sex, address_text, created_at, created_by)
             VALUES ($1, $2, $2, $3, $4, $5, lower($5), '1985-03-15', 'male', 'Xã Long Hồ, tỉnh Vĩnh Long', $6, $2)",
        )
        .bind(self.facility)
        .bind(patient)
        .bind(self.papers)
        .bind(format!("AT-{:07}", self.papers))
        .bind(name)
        .bind(at)
        .execute(&mut self.conn)
        .await
        .expect("a patient");
        sqlx::query(
            "INSERT INTO encounter_encounter (facility_id, encounter_id, patient_id, person_id, room_id, practitioner_id, reason,
                status, day, opened_at, called_at, started_at, finished_at, opened_by)
             VALUES ($1, $2, $3, $3, $4, $5, 'Sốt, đau họng', 'finished', $6, $7, $7 + interval '15 minutes',
                $7 + interval '15 minutes', $7 + interval '25 minutes', $3)",
        )
        .bind(self.facility)
        .bind(encounter)
        .bind(patient)
        .bind(demo_id(self.code, "room", if self.code == "84101" { "NOI1" } else { "KHAM" }))
        .bind(demo_id(self.code, "staff", doctor))
        .bind(day)
        .bind(at)
        .execute(&mut self.conn)
        .await
        .expect("a visit");
        sqlx::query(
            "INSERT INTO encounter_diagnosis (facility_id, diagnosis_id, encounter_id, patient_id, code, name, place, recorded_at, recorded_by)
             VALUES ($1, gen_random_uuid(), $2, $3, 'J02.9', '=Viêm họng cấp tính, không xác định', 0, $4, $3)",
        )
        .bind(self.facility)
        .bind(encounter)
        .bind(patient)
        .bind(at)
        .execute(&mut self.conn)
        .await
        .expect("a diagnosis");
        Seen { encounter, day, at }
    }

    /// A charge on the day of the visit.
    pub async fn charge(&mut self, seen: Seen, group: &str, name: &str, amount_vnd: i64) -> Uuid {
        self.charge_row(seen, group, name, amount_vnd, seen.day, None).await
    }

    /// Takes a charge back, today.
    pub async fn take_back(&mut self, seen: Seen, charge: Uuid, group: &str, name: &str, amount_vnd: i64) {
        let today = self.today;
        self.charge_row(seen, group, name, -amount_vnd, today, Some(charge)).await;
    }

    async fn charge_row(&mut self, seen: Seen, group: &str, name: &str, amount_vnd: i64, day: NaiveDate, reverses: Option<Uuid>) -> Uuid {
        let charge = Uuid::now_v7();
        sqlx::query(
            "INSERT INTO billing_charge (facility_id, charge_id, bill_id, source, source_id, group_key, name, quantity_milli,
                unit_price_vnd, amount_vnd, day, reverses, reason, posted_at, by_account, by_name)
             VALUES ($1, $2, $3, 'order', $2, $4, $5, 1000, abs($6), $6, $7, $8, CASE WHEN $8::uuid IS NULL THEN '' ELSE 'Nhập nhầm' END,
                $9, $2, 'Máy')",
        )
        .bind(self.facility)
        .bind(charge)
        .bind(seen.encounter)
        .bind(group)
        .bind(name)
        .bind(amount_vnd)
        .bind(day)
        .bind(reverses)
        // Taken back now, whenever the visit was.
        .bind(if reverses.is_some() { self.morning } else { seen.at })
        .execute(&mut self.conn)
        .await
        .expect("a charge");
        charge
    }

    /// Money paid on the day of the visit, with a receipt of its own.
    pub async fn pay(&mut self, seen: Seen, method: &str, amount_vnd: i64, cashier: &str) -> Uuid {
        self.payment_row(seen, method, amount_vnd, cashier, seen.day, None).await
    }

    /// Money given back today.
    pub async fn give_back(&mut self, seen: Seen, payment: Uuid, method: &str, amount_vnd: i64, cashier: &str) {
        let today = self.today;
        self.payment_row(seen, method, -amount_vnd, cashier, today, Some(payment)).await;
    }

    async fn payment_row(&mut self, seen: Seen, method: &str, amount_vnd: i64, cashier: &str, day: NaiveDate, original: Option<Uuid>) -> Uuid {
        let (receipt, payment) = (Uuid::now_v7(), Uuid::now_v7());
        self.papers += 1;
        let shift = self.shift(cashier).await;
        let (account, kind) = (demo_id(self.code, "account", cashier), if original.is_some() { "refund" } else { "receipt" });
        sqlx::query(
            "INSERT INTO billing_receipt (facility_id, receipt_id, bill_id, kind, series, year, number, total_vnd, amount_vnd,
                reason, issued_at, day, by_account, by_name)
             VALUES ($1, $2, $3, $4, 'PT', 2026, $5, abs($6), abs($6), '', $7, $8, $9, $10)",
        )
        .bind(self.facility)
        .bind(receipt)
        .bind(seen.encounter)
        .bind(kind)
        .bind(self.papers)
        .bind(amount_vnd)
        .bind(seen.at)
        .bind(day)
        .bind(account)
        .bind(cashier)
        .execute(&mut self.conn)
        .await
        .expect("a receipt");
        sqlx::query(
            "INSERT INTO billing_payment (facility_id, payment_id, bill_id, receipt_id, kind, method, amount_vnd, shift_id,
                proof, original_id, at, day, by_account, by_name)
             VALUES ($1, $2, $3, $4, CASE WHEN $5::uuid IS NULL THEN 'payment' ELSE 'refund' END, $6, $7, $12, $2::text, $5, $8, $9, $10, $11)",
        )
        .bind(self.facility)
        .bind(payment)
        .bind(seen.encounter)
        .bind(receipt)
        .bind(original)
        .bind(method)
        .bind(amount_vnd)
        .bind(seen.at)
        .bind(day)
        .bind(account)
        .bind(cashier)
        .bind(shift)
        .execute(&mut self.conn)
        .await
        .expect("a payment");
        payment
    }

    /// The open shift of a cashier.
    async fn shift(&mut self, cashier: &str) -> Uuid {
        let (shift, account) = (demo_id(self.code, "shift", cashier), demo_id(self.code, "account", cashier));
        sqlx::query(
            "INSERT INTO billing_shift (facility_id, shift_id, number, year, account_id, cashier_name, opened_at, float_vnd)
             VALUES ($1, $2, $3, 2026, $4, $5, $6, 0) ON CONFLICT DO NOTHING",
        )
        .bind(self.facility)
        .bind(shift)
        .bind(self.papers)
        .bind(account)
        .bind(cashier)
        .bind(self.morning)
        .execute(&mut self.conn)
        .await
        .expect("a shift");
        shift
    }

    /// The doctor asks to come again on a day.
    pub async fn asked_again(&mut self, seen: Seen, on: NaiveDate) {
        sqlx::query("INSERT INTO encounter_disposition (facility_id, encounter_id, kind, follow_up_on, note_version) VALUES ($1, $2, 'follow_up', $3, 1)")
            .bind(self.facility)
            .bind(seen.encounter)
            .bind(on)
            .execute(&mut self.conn)
            .await
            .expect("a disposition");
    }

    /// The same person has another visit today.
    pub async fn comes_back(&mut self, seen: Seen) {
        sqlx::query(
            "INSERT INTO encounter_encounter (facility_id, encounter_id, patient_id, person_id, room_id, practitioner_id, reason, status, day, opened_at, opened_by)
             SELECT facility_id, $3, patient_id, person_id, room_id, practitioner_id, 'Tái khám', 'arrived', $4, $5, opened_by
             FROM encounter_encounter WHERE facility_id = $1 AND encounter_id = $2",
        )
        .bind(self.facility)
        .bind(seen.encounter)
        .bind(Uuid::now_v7())
        .bind(self.today)
        .bind(self.morning)
        .execute(&mut self.conn)
        .await
        .expect("a second visit");
    }

    /// A prescription line is charged; gives the line.
    pub async fn sell_drug(&mut self, seen: Seen, code: &str, quantity_milli: i64, amount_vnd: i64) -> Uuid {
        let line = Uuid::now_v7();
        sqlx::query(
            "INSERT INTO billing_charge (facility_id, charge_id, bill_id, source, source_id, drug_id, group_key, name, quantity_milli,
                unit_price_vnd, amount_vnd, day, posted_at, by_account, by_name)
             VALUES ($1, $2, $3, 'drug', $2, $4, 'drug', $5, $6, 850, $7, $8, $9, $2, 'Máy')",
        )
        .bind(self.facility)
        .bind(line)
        .bind(seen.encounter)
        .bind(demo_id(self.code, "drug", code))
        .bind(code)
        .bind(quantity_milli)
        .bind(amount_vnd)
        .bind(seen.day)
        .bind(seen.at)
        .execute(&mut self.conn)
        .await
        .expect("a charge");
        line
    }

    /// The pharmacy takes so much of a lot for a line; the lot held just that and cost `cost_vnd`.
    pub async fn take_lot(&mut self, code: &str, lot_no: &str, line: Uuid, quantity_milli: i64, cost_vnd: i64) {
        let (lot, store, item) = (Uuid::now_v7(), demo_id(self.code, "store", "TEST"), demo_id(self.code, "drug", code));
        self.papers += 1;
        for sql in [
            "INSERT INTO inventory_store (facility_id, store_id, code, name, kind, serves_patients, active_from, changed_by, changed_at)
             VALUES ($1, $2, 'TEST', 'Quầy thuốc', 'counter', true, '2026-01-01', $3, $9) ON CONFLICT DO NOTHING",
            "INSERT INTO inventory_item (facility_id, item_id, kept_from, changed_by, changed_at) VALUES ($1, $4, '2026-01-01', $3, $9) ON CONFLICT DO NOTHING",
            "INSERT INTO inventory_lot (facility_id, lot_id, item_id, lot_no, expires, cost_vnd, cost_milli, label_no, created_by, created_at)
             VALUES ($1, $3, $4, $5, '2027-06-30', $7, $6, $8, $3, $9)",
            "INSERT INTO inventory_movement (facility_id, movement_id, store_id, item_id, lot_id, seq, quantity_milli, shelf_milli, lot_milli, cost_vnd,
                kind, document_id, line_id, at, by_account, by_name)
             VALUES ($1, gen_random_uuid(), $2, $4, $3, 0, $6, 0, 0, 0, 'opening', $3, $3, $9, $3, 'Máy')",
            "INSERT INTO inventory_movement (facility_id, movement_id, store_id, item_id, lot_id, seq, quantity_milli, shelf_milli, lot_milli, cost_vnd,
                kind, document_id, line_id, at, by_account, by_name)
             VALUES ($1, gen_random_uuid(), $2, $4, $3, 0, -$6::bigint, 0, 0, 0, 'dispense', $10, $10, $9, $3, 'Máy')",
        ] {
            // Every statement is told which of the ten it needs, by using all of them.
            let typed = format!(
                "WITH facts(a, b, c, d, e, f, g, h, i, j) AS (VALUES ($1::int, $2::uuid, $3::uuid, $4::uuid, $5::text, $6::bigint, $7::bigint, $8::bigint, $9::timestamptz, $10::uuid)) {sql}"
            );
            sqlx::query(sqlx::AssertSqlSafe(typed))
                .bind(self.facility)
                .bind(store)
                .bind(lot)
                .bind(item)
                .bind(lot_no)
                .bind(quantity_milli)
                .bind(cost_vnd)
                .bind(self.papers)
                .bind(self.morning)
                .bind(line)
                .execute(&mut self.conn)
                .await
                .expect("stock");
        }
    }

    /// Three visits yesterday and today, one charge taken back today, one refund today.
    pub async fn two_days(&mut self) {
        let an = self.visit("Nguyễn Văn An", "bacsi", 1, 0).await;
        self.charge(an, "exam", "Khám Nội", 150_000).await;
        let blood = self.charge(an, "lab", "Tổng phân tích tế bào máu", 49_700).await;
        let paid = self.pay(an, "cash", 199_700, "thungan").await;
        let liem = self.visit("Võ Thanh Liêm", "bacsi.lan", 0, 0).await;
        self.charge(liem, "exam", "Khám Nhi", 120_000).await;
        self.charge(liem, "drug", "Paracetamol 500 mg", 3_101).await;
        self.pay(liem, "transfer", 123_101, "thungan2").await;
        let ut = self.visit("Lê Thị Út", "bacsi", 0, 30).await;
        self.charge(ut, "exam", "Khám Nội", 150_000).await;
        self.pay(ut, "card", 100_000, "thungan").await;
        self.take_back(an, blood, "lab", "Tổng phân tích tế bào máu", 49_700).await;
        self.give_back(an, paid, "cash", 49_700, "thungan").await;
    }
}
