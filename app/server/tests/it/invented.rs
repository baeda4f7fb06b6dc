//! Invented history must be indistinguishable from lived history wherever sums are taken.

use crate::world::with_history;
use server::generate::{self, Plan};

async fn count(world: &testkit::World, sql: &'static str) -> i64 {
    let mut owner = world.database.owner().await;
    sqlx::query_scalar(sql).fetch_one(&mut owner).await.unwrap()
}

#[tokio::test]
async fn every_sum_of_the_invented_days_agrees() {
    let world = with_history(400, 300).await;
    for (what, sql) in [
        ("visits", "SELECT 300 - count(*) FROM encounter_encounter"),
        ("visits owe or are owed", "SELECT count(*) FROM billing_account WHERE charged_vnd <> paid_vnd"),
        (
            "receipts differ from their lines",
            "SELECT count(*) FROM billing_receipt r WHERE total_vnd <> (SELECT sum(c.amount_vnd) FROM billing_receipt_line l
             JOIN billing_charge c USING (facility_id, charge_id) WHERE l.receipt_id = r.receipt_id)",
        ),
        (
            "charges differ from the price of their day",
            "SELECT count(*) FROM billing_charge c JOIN organization_service_price p USING (facility_id, service_id)
             WHERE c.day BETWEEN p.valid_from AND coalesce(p.valid_to, c.day) AND p.price_vnd <> c.unit_price_vnd",
        ),
        (
            "receipt numbers with gaps",
            "SELECT count(*) FROM (SELECT year, count(*) AS n, max(number) AS last, min(number) AS first
             FROM billing_receipt GROUP BY year) y WHERE last - first + 1 <> n",
        ),
        (
            "ticket numbers with gaps",
            "SELECT count(*) FROM (SELECT room_id, day, count(*) AS n, max(number) AS last FROM encounter_ticket
             GROUP BY room_id, day) q WHERE n <> last",
        ),
        (
            "drawers that do not hold their cash",
            "SELECT count(*) FROM billing_shift s WHERE closed_at IS NULL OR expected_vnd <> float_vnd + coalesce((SELECT
             sum(amount_vnd) FROM billing_payment p WHERE p.shift_id = s.shift_id AND p.method = 'cash'), 0)",
        ),
        (
            "counts that are not the sum of their notes, or miss more than the smallest note",
            "SELECT count(*) FROM billing_shift s JOIN billing_shift_count c USING (facility_id, count_id)
             WHERE s.counted_vnd <> (SELECT sum(key::bigint * value::text::bigint) FROM jsonb_each(c.pieces))
                OR s.expected_vnd - s.counted_vnd NOT BETWEEN 0 AND 199",
        ),
        (
            "finished visits without a note, a diagnosis or a doctor",
            "SELECT count(*) FROM encounter_encounter e WHERE status = 'finished' AND (practitioner_id IS NULL
             OR NOT EXISTS (SELECT FROM encounter_note n WHERE n.encounter_id = e.encounter_id)
             OR NOT EXISTS (SELECT FROM encounter_diagnosis d WHERE d.encounter_id = e.encounter_id))",
        ),
        (
            "diagnoses that the list or the person forbids",
            "SELECT count(*) FROM encounter_diagnosis d JOIN patient_patient p USING (facility_id, patient_id)
             LEFT JOIN codes_icd10 i ON i.code = d.code
             WHERE i.code IS NULL OR i.not_main OR (i.sex_strict AND i.sex <> p.sex)",
        ),
        (
            "visits before the person was known",
            "SELECT count(*) FROM encounter_encounter e JOIN patient_patient p USING (facility_id, patient_id)
             WHERE p.created_at > e.opened_at",
        ),
    ] {
        assert_eq!(count(&world, sql).await, 0, "{what}");
    }
}

#[tokio::test]
async fn a_second_run_adds_other_people_with_further_numbers() {
    let world = with_history(50, 20).await;
    let before = count(&world, "SELECT count(*) FROM patient_patient").await;
    let mut owner = world.database.owner().await;
    let plan = Plan { facility: testkit::facility("84101"), people: 50, visits: 20, seed: 7, now: world.clock.now() };
    generate::run(&mut owner, &plan, &mut |_, _, _| {}).await.expect("a second run");
    assert_eq!(count(&world, "SELECT count(*) FROM patient_patient").await, before + 50);
    assert_eq!(count(&world, "SELECT count(*) - count(DISTINCT name || birth_date) FROM patient_patient").await, 0);
}

#[tokio::test]
async fn the_desk_finds_an_invented_person_by_any_word() {
    let world = with_history(60, 0).await;
    let mut owner = world.database.owner().await;
    let (name, record_no): (String, String) =
        sqlx::query_as("SELECT name, record_no FROM patient_patient WHERE facility_id = 1 ORDER BY record_seq DESC LIMIT 1")
            .fetch_one(&mut owner)
            .await
            .unwrap();
    let mut desk = world.sign_in_as("tiepnhan.84101").await;
    let last_word = base::fold(name.rsplit(' ').next().unwrap_or_default());
    for typed in [base::fold(&name).replace(' ', "+"), last_word, record_no] {
        let page = desk.get(&format!("/app/find/suggestions?q={typed}")).await;
        assert!(page.contains(&name), "{typed}: {}", page.text);
    }
}
