//! A stay from the door to the door: admitted, treated, nursed, sent home.

use crate::clinic::{self, admission, admit, bed, count, decision, entry, person, send, times, ward, world, write};
use base::{BedId, EncounterId};
use chrono::TimeDelta;
use testkit::World;
use uuid::Uuid;

async fn wristband(world: &World, stay: EncounterId) -> String {
    let mut tx = world.tx("84001").await;
    sqlx::query_scalar("SELECT wristband FROM inpatient_stay WHERE encounter_id = $1").bind(stay.0).fetch_one(tx.conn()).await.expect("a wristband")
}

#[tokio::test]
async fn a_patient_is_admitted_treated_and_goes_home() {
    let world = world().await;
    let a5 = bed(&world, "KNOI", "A-05").await;
    let mut doctor = world.sign_in_as("bacsi.noi.84001").await;
    let (stay, patient) = admit(&world, &mut doctor, "Nguyễn Văn An", "KNOI", Some(a5)).await;
    // The map shows who lies where, for everybody of the ward.
    let mut nurse = world.sign_in_as("dieuduong.84001").await;
    let map = nurse.get(&format!("/app/wards/{}", ward("KNOI"))).await;
    assert!(map.contains("A-05") && map.contains("Nguyễn Văn An") && map.contains("1/1 giường"), "{}", map.text);
    // The second click of the same form lands on the same stay.
    let again = send(&mut doctor, "/app/admissions", &admission(stay, patient, "KNOI", Some(a5))).await;
    assert_eq!((again.status, again.location()), (303, format!("/app/stays/{stay}").as_str()));

    // 08:00 in the morning: eight o'clock is meant for now, twenty o'clock follows.
    let sheet = Uuid::now_v7();
    let form = entry(sheet, &[("drug", "Ceftriaxon 1 g", "1 g", "8h, 20h"), ("watch", "Đo sinh hiệu", "", "mỗi 6 giờ")]);
    for _ in 0..2 {
        let page = write(&mut doctor, stay, &form).await;
        assert_eq!(page.status, 303, "{}", page.text);
    }
    let due = times(&world, stay).await;
    assert_eq!(due.iter().map(|(_, hour, _)| hour.as_str()).collect::<Vec<_>>(), ["24 08:00", "24 12:00", "24 18:00", "24 20:00"], "written twice, kept once");

    // The nurse: the wrong wristband is refused, the right one is accepted once.
    let first = due[0].0;
    let path = format!("/app/tasks/{first}");
    let without = nurse.post(&path, &[("act", "done")]).await;
    assert!(without.status == 422 && without.contains("Quét vòng tay"), "{}", without.text);
    let wrong = nurse.post(&path, &[("act", "done"), ("code", "NT0000000000")]).await;
    assert!(wrong.status == 422 && wrong.contains("không phải của"), "{}", wrong.text);
    let code = wristband(&world, stay).await;
    assert_eq!(nurse.post(&path, &[("act", "done"), ("code", &code)]).await.status, 303);
    let twice = nurse.post(&path, &[("act", "done"), ("code", &code)]).await;
    assert!(twice.status == 422 && twice.contains("đã thực hiện rồi"), "{}", twice.text);
    // Twenty o'clock cannot be ticked at eight.
    let early = nurse.post(&format!("/app/tasks/{}", due[3].0), &[("act", "done"), ("code", &code)]).await;
    assert!(early.status == 422 && early.contains("Chưa tới giờ"), "{}", early.text);

    // The doctor decides that the patient goes: everything open is listed with a link, nothing is closed.
    let plan = send(&mut doctor, &format!("/app/stays/{stay}/discharge"), &decision("2026-11-24T08:00")).await;
    assert_eq!(plan.status, 303, "{}", plan.text);
    let held = nurse.post(&format!("/app/stays/{stay}/discharged"), &[]).await;
    assert!(held.status == 422 && held.contains("Y lệnh còn hiệu lực") && held.contains("Ceftriaxon"), "{}", held.text);
    // Orders are stopped: what was done stays done, what lay ahead is gone.
    let orders: Vec<Uuid> = {
        let mut tx = world.tx("84001").await;
        sqlx::query_scalar("SELECT order_id FROM inpatient_order WHERE encounter_id = $1").bind(stay.0).fetch_all(tx.conn()).await.unwrap()
    };
    for order in orders {
        let page = doctor.post(&format!("/app/stays/{stay}/orders/{order}/stopped"), &[("reason", "Ra viện")]).await;
        assert_eq!(page.status, 303, "{}", page.text);
    }
    let after: Vec<String> = times(&world, stay).await.into_iter().map(|(_, _, status)| status).collect();
    assert_eq!(after, ["done", "cancelled", "cancelled", "cancelled"]);
    let gone = nurse.post(&format!("/app/stays/{stay}/discharged"), &[]).await;
    assert_eq!(gone.status, 303, "{}", gone.text);
    assert_eq!(nurse.post(&format!("/app/stays/{stay}/discharged"), &[]).await.status, 303, "the second click finds it done");
    world.drain().await;
    assert_eq!(world.failed_jobs("84001").await, Vec::<String>::new());
    assert_eq!(count(&world, "SELECT count(*) FROM db_event WHERE kind = 'StayClosed' AND payload->>'encounter' = $1::text OR kind = 'StayClosed'", stay).await, 1);
    // The bed is free once it is clean.
    let map = nurse.get(&format!("/app/wards/{}", ward("KNOI"))).await;
    assert!(map.contains("Đang vệ sinh"), "{}", map.text);
    assert_eq!(nurse.post(&format!("/app/beds/{a5}/clean"), &[]).await.status, 303);
    // Nothing is written into a stay that has ended.
    let late = write(&mut doctor, stay, &entry(Uuid::now_v7(), &[])).await;
    assert!(late.status == 422 && late.contains("đã kết thúc"), "{}", late.text);
    let closed = doctor.get(&format!("/app/stays/{stay}/discharge")).await;
    assert!(closed.contains("Đã ra viện") && closed.contains("I10"), "{}", closed.text);
}

#[tokio::test]
async fn two_desks_want_the_same_bed_and_one_gets_it() {
    let world = world().await;
    let a1 = bed(&world, "KNOI", "A-01").await;
    let (one, two) = (person(&world, "84001", "Lê Văn Mười").await, person(&world, "84001", "Đặng Thị Ba").await);
    let mut first = world.sign_in_as("bacsi.noi.84001").await;
    let mut second = world.sign_in_as("dieuduong.84001").await;
    let (s1, s2) = (EncounterId::new(), EncounterId::new());
    let (f1, f2) = (admission(s1, one, "KNOI", Some(a1)), admission(s2, two, "KNOI", Some(a1)));
    let (p1, p2) = tokio::join!(send(&mut first, "/app/admissions", &f1), send(&mut second, "/app/admissions", &f2));
    let mut statuses = [p1.status, p2.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 422], "{} {}", p1.text, p2.text);
    let loser = if p1.status == 422 { &p1 } else { &p2 };
    assert!(loser.contains("A-01") && loser.contains("Sốt, ho, khó thở"), "the answer names the bed and keeps what was typed: {}", loser.text);
    assert_eq!(count(&world, "SELECT count(*) FROM inpatient_bed_stay WHERE upper_inf(period) AND $1::uuid IS NOT NULL", s1).await, 1);
    assert_eq!(count(&world, "SELECT count(*) FROM encounter_encounter WHERE class = 'IMP' AND $1::uuid IS NOT NULL", s1).await, 1, "nothing half is left of the other");
}

#[tokio::test]
async fn the_database_itself_refuses_one_patient_in_two_beds() {
    let world = world().await;
    let (a1, a2) = (bed(&world, "KNOI", "A-01").await, bed(&world, "KNOI", "A-02").await);
    let mut doctor = world.sign_in_as("bacsi.noi.84001").await;
    let (stay, patient) = admit(&world, &mut doctor, "Ngô Tấn Phát", "KNOI", Some(a1)).await;
    let by_hand = |bed: BedId, patient: Uuid, stay: Uuid| {
        let world = &world;
        async move {
            let mut tx = world.tx("84001").await;
            let done = sqlx::query(
                "INSERT INTO inpatient_bed_stay (facility_id, bed_stay_id, bed_id, ward_id, encounter_id, patient_id, period, by_account, by_name)
                 VALUES ($1, gen_random_uuid(), $2, $3, $4, $5, tstzrange(now(), NULL), gen_random_uuid(), 'x')",
            )
            .bind(tx.facility().0)
            .bind(bed.0)
            .bind(ward("KNOI"))
            .bind(stay)
            .bind(patient)
            .execute(tx.conn())
            .await;
            done.err().and_then(|e| e.as_database_error().and_then(|e| e.constraint().map(str::to_owned)))
        }
    };
    // The clock of the tests stands in the past of now(): both periods are open, so they overlap.
    assert_eq!(by_hand(a2, patient.0, stay.0).await.as_deref(), Some("inpatient_bed_stay_one_bed"));
    assert_eq!(by_hand(a1, Uuid::now_v7(), stay.0).await.as_deref(), Some("inpatient_bed_stay_one_patient"));
    // The same patient is not admitted a second time.
    let page = send(&mut doctor, "/app/admissions", &admission(EncounterId::new(), patient, "KNOI", Some(a2))).await;
    assert!(page.status == 422 && page.contains("đang điều trị nội trú rồi"), "{}", page.text);
}

#[tokio::test]
async fn a_patient_moves_bed_and_ward_in_one_story() {
    let world = world().await;
    let (a1, a2, h1) = (bed(&world, "KNOI", "A-01").await, bed(&world, "KNOI", "A-02").await, bed(&world, "HSTC", "H-01").await);
    let mut doctor = world.sign_in_as("bacsi.noi.84001").await;
    let (stay, _) = admit(&world, &mut doctor, "Kim Sa Oanh", "KNOI", Some(a1)).await;
    world.clock.advance(TimeDelta::hours(2));
    // After two hours everybody signs in again.
    let mut doctor = world.sign_in_as("bacsi.noi.84001").await;
    let mut nurse = world.sign_in_as("dieuduong.84001").await;
    assert_eq!(nurse.post(&format!("/app/stays/{stay}/bed"), &[("bed", &a2.to_string())]).await.status, 303);
    // A bed of another ward is not taken without the hand-over.
    let across = nurse.post(&format!("/app/stays/{stay}/bed"), &[("bed", &h1.to_string())]).await;
    assert!(across.status == 422 && across.contains("chuyển khoa"), "{}", across.text);
    let to = ward("HSTC").to_string();
    let asked = doctor.post(&format!("/app/stays/{stay}/move"), &[("ward", &to), ("reason", "Suy hô hấp, cần thở máy")]).await;
    assert_eq!(asked.status, 303, "{}", asked.text);
    // Until the other ward takes the patient, nothing moves.
    let map = nurse.get(&format!("/app/wards/{}", ward("KNOI"))).await;
    assert!(map.contains("Kim Sa Oanh"), "{}", map.text);
    let mut icu = world.sign_in_as("bacsi.hstc.84001").await;
    let theirs = icu.get(&format!("/app/wards/{to}")).await;
    assert!(theirs.contains("Xin chuyển đến") && theirs.contains("Nhận vào khoa"), "{}", theirs.text);
    for _ in 0..2 {
        assert_eq!(icu.post(&format!("/app/stays/{stay}/received"), &[]).await.status, 303, "received once, the second click lands the same");
    }
    let laid = icu.post(&format!("/app/stays/{stay}/bed"), &[("bed", &h1.to_string())]).await;
    assert_eq!(laid.status, 303, "{}", laid.text);
    world.drain().await;
    assert_eq!(world.failed_jobs("84001").await, Vec::<String>::new());
    let way: Vec<(String, bool)> = {
        let mut tx = world.tx("84001").await;
        sqlx::query_as("SELECT b.code, upper_inf(l.period) FROM inpatient_bed_stay l JOIN inpatient_bed b USING (facility_id, bed_id) WHERE l.encounter_id = $1 ORDER BY lower(l.period)")
            .bind(stay.0)
            .fetch_all(tx.conn())
            .await
            .unwrap()
    };
    assert_eq!(way, [("A-01".into(), false), ("A-02".into(), false), ("H-01".into(), true)]);
    assert_eq!(count(&world, "SELECT count(*) FROM db_event WHERE kind = 'WardChanged' AND $1::uuid IS NOT NULL", stay).await, 1);
}

#[tokio::test]
async fn two_nurses_give_the_same_dose_once() {
    let world = world().await;
    let a1 = bed(&world, "KNOI", "A-01").await;
    let mut doctor = world.sign_in_as("bacsi.noi.84001").await;
    let (stay, _) = admit(&world, &mut doctor, "Thạch Thị Hên", "KNOI", Some(a1)).await;
    assert_eq!(write(&mut doctor, stay, &entry(Uuid::now_v7(), &[("drug", "Furosemid 40 mg", "1 viên", "8h")])).await.status, 303);
    let task = times(&world, stay).await[0].0;
    let code = wristband(&world, stay).await;
    let (mut one, mut two) = (world.sign_in_as("dieuduong.84001").await, world.sign_in_as("dieuduong2.84001").await);
    let path = format!("/app/tasks/{task}");
    let form = [("act", "done"), ("code", code.as_str())];
    let (p1, p2) = tokio::join!(one.post(&path, &form), two.post(&path, &form));
    let mut statuses = [p1.status, p2.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 422]);
    assert_eq!(count(&world, "SELECT count(*) FROM inpatient_task_event e JOIN inpatient_task t USING (facility_id, task_id) WHERE t.encounter_id = $1", stay).await, 1);
    // A tick by mistake is said aloud and the dose waits again.
    assert_eq!(one.post(&path, &[("act", "wrong"), ("reason", "bấm nhầm giường bên")]).await.status, 303);
    let statuses: Vec<String> = times(&world, stay).await.into_iter().map(|(_, _, s)| s).collect();
    assert_eq!(statuses, ["wrong", "due"]);
}

#[tokio::test]
async fn bed_days_turn_with_midnight_and_are_charged_once() {
    let world = world().await;
    let a1 = bed(&world, "KNOI", "A-01").await;
    let mut doctor = world.sign_in_as("bacsi.noi.84001").await;
    let (stay, _) = admit(&world, &mut doctor, "Dương Thị Nhung", "KNOI", Some(a1)).await;
    // Four nights, the round of each night run twice.
    for _ in 0..4 {
        world.clock.advance(TimeDelta::hours(24));
        world.drain().await;
        world.drain().await;
    }
    assert_eq!(world.failed_jobs("84001").await, Vec::<String>::new());
    let posted = count(&world, "SELECT coalesce(sum(quantity_milli), 0)::bigint FROM inpatient_bed_day WHERE encounter_id = $1", stay).await;
    assert_eq!(posted, 4000, "24, 25, 26 and 27 November");
    let charged = count(&world, "SELECT coalesce(sum(amount_vnd), 0)::bigint FROM billing_charge WHERE bill_id = $1 AND source = 'rendered'", stay).await;
    assert_eq!(charged, 4 * 212_600);
    // Going home on the fifth day, improved: the day of leaving is not one more.
    let mut doctor = world.sign_in_as("bacsi.noi.84001").await;
    let leave = base::local_time(world.clock.now()).format("%Y-%m-%dT%H:%M").to_string();
    assert_eq!(send(&mut doctor, &format!("/app/stays/{stay}/discharge"), &decision(&leave)).await.status, 303);
    world.drain().await;
    assert_eq!(count(&world, "SELECT coalesce(sum(quantity_milli), 0)::bigint FROM inpatient_bed_day WHERE encounter_id = $1", stay).await, 4000);
    // The bill is open: the patient may not leave; once it is paid, they may.
    let mut nurse = world.sign_in_as("dieuduong.84001").await;
    let held = nurse.post(&format!("/app/stays/{stay}/discharged"), &[]).await;
    assert!(held.status == 422 && held.contains("850.400 đ"), "{}", held.text);
    let mut tx = world.tx("84001").await;
    sqlx::query("UPDATE billing_account SET paid_vnd = charged_vnd WHERE bill_id = $1").bind(stay.0).execute(tx.conn()).await.expect("paid");
    tx.commit().await.expect("kept");
    assert_eq!(nurse.post(&format!("/app/stays/{stay}/discharged"), &[]).await.status, 303);
}

#[tokio::test]
async fn the_wrong_people_and_the_wrong_house_are_told_nothing() {
    let world = world().await;
    let a1 = bed(&world, "KNOI", "A-01").await;
    let mut doctor = world.sign_in_as("bacsi.noi.84001").await;
    let (stay, _) = admit(&world, &mut doctor, "Bành Văn Lợi", "KNOI", Some(a1)).await;
    // A nurse writes no treatment sheet.
    let mut nurse = world.sign_in_as("dieuduong.84001").await;
    assert_eq!(write(&mut nurse, stay, &entry(Uuid::now_v7(), &[])).await.status, 403);
    // Another hospital does not find the stay, the bed, the ward.
    let mut other = world.sign_in_as("bacsi.84101").await;
    for path in [format!("/app/stays/{stay}"), format!("/app/wards/{}", ward("KNOI")), format!("/app/stays/{stay}/discharge")] {
        let page = other.get(&path).await;
        assert!(matches!(page.status, 404 | 403), "{path}: {}", page.status);
    }
    // A wristband read anywhere leads to the patient's work; a foreign code leads nowhere.
    let code = wristband(&world, stay).await;
    let page = nurse.get(&format!("/app/scan?code={code}")).await;
    assert!(page.status == 303 && page.location().contains(&stay.to_string()), "{} {}", page.status, page.text);
    let paper = nurse.get(&format!("/app/stays/{stay}/wristband.pdf")).await;
    assert!(paper.status == 200 && paper.contains(&code), "{}", paper.text);
}

#[tokio::test]
async fn a_sheet_says_everything_that_is_missing_at_once_and_keeps_what_was_typed() {
    let world = world().await;
    let mut doctor = world.sign_in_as("bacsi.noi.84001").await;
    let (stay, _) = admit(&world, &mut doctor, "Hồ Thị Kiều", "KNOI", None).await;
    let form: Vec<(String, String)> = [("progress", ""), ("care_level", "9"), ("line.3.kind", "drug"), ("line.3.name", "Ceftriaxon"), ("line.3.hours", "sáng"), ("line.3.days", "40")]
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .to_vec();
    let page = write(&mut doctor, stay, &form).await;
    assert_eq!(page.status, 422);
    for text in ["Chưa ghi diễn biến bệnh", "cấp 1, 2 hoặc 3", "Chưa ghi liều", "Ghi giờ dùng", "Số ngày từ 1 đến 14", "Ceftriaxon"] {
        assert!(page.contains(text), "{text}: {}", page.text);
    }
    // Who has no bed is shown as waiting for one.
    let map = doctor.get(&format!("/app/wards/{}", ward("KNOI"))).await;
    assert!(map.contains("Chờ giường") && map.contains("Hồ Thị Kiều"));
    let _ = clinic::ward("KNOI");
}
