//! The deeper parts of a stay: theatre, consultation, fluids, care sheets, ward medicines, death.

use crate::clinic::{admit, bed, count, decision, entry, send, times, ward, world, write};
use base::EncounterId;
use testkit::{Client, World, demo_id};
use uuid::Uuid;

fn staff(login: &str) -> String {
    demo_id("84001", "staff", login).to_string()
}

async fn post(client: &mut Client, path: &str, fields: &[(&str, &str)]) -> testkit::Page {
    client.post(path, fields).await
}

/// A planned operation of a stay.
async fn planned(world: &World, surgeon: &mut Client, stay: EncounterId) -> Uuid {
    let id = Uuid::now_v7();
    let page = send(
        surgeon,
        &format!("/app/stays/{stay}/operations"),
        &[
            ("id", id.to_string()),
            ("service", demo_id("84001", "service", "PT01").to_string()),
            ("urgency", "emergency".into()),
            ("class", "2".into()),
            ("planned_at", "2026-11-24T09:00".into()),
            ("before_code", "K35.8".into()),
            ("before_text", "Viêm ruột thừa cấp".into()),
            ("anaesthesia", "Mê nội khí quản".into()),
            ("team.surgeon", staff("phauthuat")),
            ("team.anaesthetist", staff("bacsi.hstc")),
        ],
    )
    .await;
    assert_eq!(page.status, 303, "{}", page.text);
    let _ = world;
    id
}

#[tokio::test]
async fn an_operation_goes_through_consent_check_pause_and_count_and_is_charged_once() {
    let world = world().await;
    let b1 = bed(&world, "KNGOAI", "B-01").await;
    let mut surgeon = world.sign_in_as("phauthuat.84001").await;
    let (stay, _) = admit(&world, &mut surgeon, "Phan Văn Út", "KNGOAI", Some(b1)).await;
    let op = planned(&world, &mut surgeon, stay).await;
    let base = format!("/app/stays/{stay}/operations/{op}");
    let all = |answers: &[&'static str]| -> Vec<(&'static str, &'static str)> { answers.iter().map(|key| (*key, "Có")).collect() };
    let sign_in = [
        ("xac_nhan_nguoi_benh_vi_tri_phuong_phap", "Có"), ("danh_dau_vung_mo", "Có"), ("thuoc_va_thiet_bi_gay_me_day_du", "Có"), ("may_do_spo2_hoat_dong", "Có"),
        ("tien_su_di_ung", "Không"), ("duong_tho_kho_nguy_co_hit_sac", "Không"), ("nguy_co_mat_mau_500_ml", "Không"),
    ];
    // Nothing before the patient agreed.
    let early = post(&mut surgeon, &format!("{base}/phases/sign_in"), &sign_in).await;
    assert!(early.status == 422 && early.contains("Chưa có cam kết"), "{}", early.text);
    let no = post(&mut surgeon, &format!("{base}/consent"), &[("by", "Phan Văn Út"), ("witness", "Trần Quốc Dũng"), ("risks", "Chảy máu")]).await;
    assert!(no.status == 422 && no.contains("chưa đồng ý"), "{}", no.text);
    let yes = [("by", "Phan Văn Út"), ("witness", "Trần Quốc Dũng"), ("risks", "Chảy máu, nhiễm trùng"), ("agreed", "1")];
    for _ in 0..2 {
        assert_eq!(post(&mut surgeon, &format!("{base}/consent"), &yes).await.status, 303);
    }
    // The pause does not come before the check.
    let pause = all(&["gioi_thieu_ten_va_vai_tro_cac_thanh_vien", "xac_nhan_lai_nguoi_benh_vi_tri_phuong", "khang_sinh_du_phong_trong_60_phut", "hinh_anh_thiet_yeu"]);
    assert_eq!(post(&mut surgeon, &format!("{base}/phases/time_out"), &pause).await.status, 422);
    assert_eq!(post(&mut surgeon, &format!("{base}/phases/sign_in"), &sign_in).await.status, 303);
    assert_eq!(post(&mut surgeon, &format!("{base}/phases/time_out"), &pause).await.status, 303);
    // An uncounted swab keeps everybody in the theatre.
    let uncounted = [("ten_phuong_phap_phau_thuat_da_ghi", "Có"), ("dem_du_kim_gac_dung_cu", "Không"), ("nhan_benh_pham", "Có")];
    let page = post(&mut surgeon, &format!("{base}/phases/sign_out"), &uncounted).await;
    assert!(page.status == 422 && page.contains("Đếm đủ kim, gạc"), "{}", page.text);
    let counted = all(&["ten_phuong_phap_phau_thuat_da_ghi", "dem_du_kim_gac_dung_cu", "nhan_benh_pham"]);
    assert_eq!(post(&mut surgeon, &format!("{base}/phases/sign_out"), &counted).await.status, 303);
    let note = [("after_code", "K35.8"), ("after_text", "Viêm ruột thừa cấp"), ("description", "Nội soi, cắt ruột thừa, rửa bụng."), ("blood_ml", "20")];
    for _ in 0..2 {
        let page = post(&mut surgeon, &format!("{base}/note"), &note).await;
        assert_eq!(page.status, 303, "{}", page.text);
    }
    world.drain().await;
    assert_eq!(world.failed_jobs("84001").await, Vec::<String>::new());
    assert_eq!(count(&world, "SELECT count(*) FROM billing_charge WHERE bill_id = $1 AND source = 'rendered' AND amount_vnd = 2818700", stay).await, 1);
    let gone = post(&mut surgeon, &format!("{base}/cancelled"), &[("reason", "đổi ý")]).await;
    assert_eq!(gone.status, 422, "what is done is not cancelled");
}

#[tokio::test]
async fn minutes_need_an_opinion_and_a_conclusion() {
    let world = world().await;
    let mut doctor = world.sign_in_as("bacsi.noi.84001").await;
    let (stay, _) = admit(&world, &mut doctor, "Lê Văn Mười", "KNOI", None).await;
    let id = Uuid::now_v7();
    let call = [
        ("id", id.to_string()), ("kind", "ward".to_string()), ("at", "2026-11-24T10:00".to_string()), ("question", "Sốc nhiễm khuẩn?".to_string()),
        ("chair", staff("truongkhoa")), ("clerk", staff("bacsi.noi")), ("member", staff("bacsi.hstc")),
    ];
    for _ in 0..2 {
        assert_eq!(send(&mut doctor, &format!("/app/stays/{stay}/consults"), &call).await.status, 303);
    }
    let path = format!("/app/stays/{stay}/consults/{id}/concluded");
    let silent = post(&mut doctor, &path, &[("conclusion", "Nhiễm khuẩn huyết"), ("plan", "Chuyển HSTC")]).await;
    assert!(silent.status == 422 && silent.contains("ý kiến"), "{}", silent.text);
    let opinion = format!("opinion.{}", staff("truongkhoa"));
    let said = [("conclusion", "Nhiễm khuẩn huyết"), ("plan", "Chuyển HSTC, đổi kháng sinh"), (opinion.as_str(), "Đồng ý chuyển hồi sức")];
    for _ in 0..2 {
        assert_eq!(post(&mut doctor, &path, &said).await.status, 303);
    }
    let page = doctor.get(&format!("/app/stays/{stay}/consults")).await;
    assert!(page.contains("Đã kết luận") && page.contains("Đồng ý chuyển hồi sức"), "{}", page.text);
    // An open one keeps the patient: nobody leaves in the middle of a consultation.
    let second = Uuid::now_v7();
    let mut again = call.clone();
    again[0].1 = second.to_string();
    assert_eq!(send(&mut doctor, &format!("/app/stays/{stay}/consults"), &again).await.status, 303);
    let listed = doctor.get(&format!("/app/stays/{stay}/discharge")).await;
    assert!(listed.contains("1 biên bản hội chẩn chưa kết luận"), "{}", listed.text);
}

#[tokio::test]
async fn fluids_are_summed_by_shift_across_midnight() {
    let world = world().await;
    let mut nurse = world.sign_in_as("dieuduong.84001").await;
    let (stay, _) = admit(&world, &mut nurse, "Đặng Thị Ba", "KNOI", None).await;
    world.clock.advance(chrono::TimeDelta::hours(20));
    let mut nurse = world.sign_in_as("dieuduong.84001").await;
    for (at, kind, ml) in [("2026-11-24T09:00", "infusion", "500"), ("2026-11-24T23:30", "drink", "200"), ("2026-11-25T02:00", "urine", "350")] {
        let id = Uuid::now_v7().to_string();
        let form = [("id", id.as_str()), ("kind", kind), ("volume", ml), ("at", at)];
        for _ in 0..2 {
            let page = post(&mut nurse, &format!("/app/stays/{stay}/fluids"), &form).await;
            assert_eq!(page.status, 303, "{}", page.text);
        }
    }
    let page = nurse.get(&format!("/app/stays/{stay}/fluids?day=2026-11-24")).await;
    // 700 in, 350 out: the two o'clock of the 25th belongs to the night of the 24th.
    assert!(page.contains("<b>700</b>") && page.contains("<b>350</b>") && page.contains("<b>+350</b>"), "{}", page.text);
    let next = nurse.get(&format!("/app/stays/{stay}/fluids?day=2026-11-25")).await;
    assert!(next.contains("<b>0</b>"), "{}", next.text);
    let future = post(&mut nurse, &format!("/app/stays/{stay}/fluids"), &[("kind", "drink"), ("volume", "20000"), ("at", "2026-11-26T09:00")]).await;
    assert!(future.status == 422 && future.contains("chưa tới") && future.contains("10.000 ml"), "{}", future.text);
}

#[tokio::test]
async fn the_nurse_measures_and_writes_the_sheet_of_the_ordered_level() {
    let world = world().await;
    let mut doctor = world.sign_in_as("bacsi.noi.84001").await;
    let (stay, _) = admit(&world, &mut doctor, "Trần Thị Lành", "KNOI", None).await;
    assert_eq!(write(&mut doctor, stay, &entry(Uuid::now_v7(), &[])).await.status, 303);
    let mut nurse = world.sign_in_as("dieuduong.84001").await;
    let id = Uuid::now_v7().to_string();
    let form = [("id", id.as_str()), ("pulse", "118"), ("systolic", "94"), ("diastolic", "58"), ("temperature", "38,9"), ("breaths", "28"), ("spo2", "90"), ("oxygen", "6"), ("consciousness", "voice")];
    for _ in 0..2 {
        let page = post(&mut nurse, &format!("/app/stays/{stay}/vitals"), &form).await;
        assert_eq!(page.status, 303, "{}", page.text);
    }
    assert_eq!(count(&world, "SELECT count(*) FROM encounter_vitals WHERE encounter_id = $1 AND is_alarm", stay).await, 1);
    let page = nurse.get(&format!("/app/stays/{stay}/vitals")).await;
    assert!(page.contains("<polyline") && page.contains("NEWS2"), "{}", page.text);
    let missing = post(&mut nurse, &format!("/app/stays/{stay}/care"), &[("item.general", "Mệt, tiếp xúc được")]).await;
    assert!(missing.status == 422 && missing.contains("chẩn đoán điều dưỡng"), "{}", missing.text);
    let care = [("item.general", "Mệt, tiếp xúc được"), ("problem", "Sốt do nhiễm khuẩn"), ("action", "Lau mát, theo dõi"), ("handover", "Đo lại sau 1 giờ")];
    assert_eq!(post(&mut nurse, &format!("/app/stays/{stay}/care"), &care).await.status, 303);
    let page = nurse.get(&format!("/app/stays/{stay}/care")).await;
    assert!(page.contains("Phiếu chăm sóc cấp 2") && page.contains("Lau mát"), "{}", page.text);
}

#[tokio::test]
async fn a_death_is_reviewed_before_the_stay_closes() {
    let world = world().await;
    let a1 = bed(&world, "HSTC", "H-01").await;
    let mut doctor = world.sign_in_as("bacsi.hstc.84001").await;
    let (stay, _) = admit(&world, &mut doctor, "Nguyễn Văn Đực", "HSTC", Some(a1)).await;
    let mut died = decision("2026-11-24T08:00");
    for (name, value) in &mut died {
        match *name {
            "outcome" => *value = "died".into(),
            "follow_up_on" => value.clear(),
            _ => {}
        }
    }
    let page = send(&mut doctor, &format!("/app/stays/{stay}/discharge"), &died).await;
    assert!(page.status == 422 && page.contains("nguyên nhân tử vong"), "{}", page.text);
    died.push(("death_cause", "Suy hô hấp".into()));
    assert_eq!(send(&mut doctor, &format!("/app/stays/{stay}/discharge"), &died).await.status, 303);
    let held = doctor.post(&format!("/app/stays/{stay}/discharged"), &[]).await;
    assert!(held.status == 422 && held.contains("kiểm thảo tử vong"), "{}", held.text);
    let (chair, clerk) = (staff("truongkhoa"), staff("bacsi.hstc"));
    let review = [
        ("chair", chair.as_str()), ("clerk", clerk.as_str()), ("review_diagnosis", "Kịp thời"), ("review_treatment", "Đúng phác đồ"), ("review_care", "Đầy đủ"), ("review_conclusion", "Bệnh nặng, không sai sót"),
    ];
    for _ in 0..2 {
        let page = post(&mut doctor, &format!("/app/stays/{stay}/death-review"), &review).await;
        assert_eq!(page.status, 303, "{}", page.text);
    }
    assert_eq!(doctor.post(&format!("/app/stays/{stay}/discharged"), &[]).await.status, 303);
    assert_eq!(count(&world, "SELECT count(*) FROM db_event WHERE kind = 'StayClosed' AND payload->>'outcome' = 'died' AND $1::uuid IS NOT NULL", stay).await, 1);
}

#[tokio::test]
async fn ward_medicines_are_asked_for_once() {
    let world = world().await;
    let a1 = bed(&world, "KNOI", "A-01").await;
    let mut doctor = world.sign_in_as("bacsi.noi.84001").await;
    let (stay, _) = admit(&world, &mut doctor, "Lý Thị Sa", "KNOI", Some(a1)).await;
    let drug = demo_id("84001", "drug", "T003").to_string();
    let mut form = entry(Uuid::now_v7(), &[("drug", "", "1 viên", "8h, 20h")]);
    form.push(("line.0.drug".into(), drug));
    form.push(("line.0.quantity".into(), "1".into()));
    let page = write(&mut doctor, stay, &form).await;
    assert_eq!(page.status, 303, "{}", page.text);
    assert_eq!(times(&world, stay).await.len(), 2);
    let mut nurse = world.sign_in_as("dieuduong.84001").await;
    let path = format!("/app/wards/{}/supplies", ward("KNOI"));
    let page = nurse.get(&path).await;
    assert!(page.contains("Zinnat 500") && page.contains("2 viên"), "{}", page.text);
    for _ in 0..2 {
        let id = Uuid::now_v7().to_string();
        assert_eq!(post(&mut nurse, &path, &[("id", &id)]).await.status, 303, "another press of the button finds nothing left to ask for");
    }
    assert_eq!(count(&world, "SELECT sum(asked_milli)::bigint FROM inpatient_request_line WHERE encounter_id = $1", stay).await, 2000);
    // This house keeps no stock: the pharmacist is told so and nothing is half done.
    let mut pharmacist = world.sign_in_as("duocsi.84001").await;
    let request: Uuid = {
        let mut tx = world.tx("84001").await;
        sqlx::query_scalar("SELECT request_id FROM inpatient_request").fetch_one(tx.conn()).await.unwrap()
    };
    let page = post(&mut pharmacist, &format!("/app/ward-requests/{request}/issued"), &[]).await;
    assert!(page.status == 422 && page.contains("chưa có kho"), "{}", page.text);
    let listed = doctor.get(&format!("/app/stays/{stay}/discharge")).await;
    assert!(listed.contains("1 phiếu lĩnh thuốc chưa phát"), "{}", listed.text);
}
