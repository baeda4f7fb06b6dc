//! A morning at Doctor Phúc's desk.

use crate::world::*;
use serde_json::json;
use uuid::Uuid;

#[tokio::test]
async fn a_sore_throat_is_prescribed_issued_and_printed() {
    let world = clinic().await;
    let an = an(&world).await;
    let visit = visit(&world, "84101", an, &["J02.9"]).await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;

    let live = doctor.get(&format!("/app/encounters/{visit}/prescription/reading?sentence=amox+500+s1+c1+5n")).await;
    assert!(live.contains("Sáng 1 viên, chiều 1 viên, 5 ngày"), "{}", live.text);
    assert!(live.contains("10 viên") && live.contains("2 × 1 × 5 = 10 viên") && live.contains("8.500 đ"));

    assert_eq!(say(&mut doctor, visit, "amox 500 s1 c1 7n sa").await.status, 303);
    assert_eq!(say(&mut doctor, visit, "para 500 1v khi sot >38,5 cach 6h toi da 4v/ngay 3n sl 10").await.status, 303);
    let page = issue(&mut doctor, visit, &[("advice", "Uống nhiều nước"), ("follow_up", "01/12/2026")]).await;
    assert_eq!(page.status, 303, "{}", page.text);

    let issued = &read(&mut doctor, visit).await[0];
    let code = issued["code"].as_str().expect("a code");
    assert!(medication::code::is_code(code) && code.starts_with("84101") && code.ends_with("-c"));
    assert_eq!(issued["valid_until"], "2026-11-29");
    assert_eq!(issued["total_vnd"], 14 * 850 + 10 * 310);
    assert_eq!(issued["lines"][0]["quantity_milli"], 14_000);

    let told = events(&world, "84101", "PrescriptionIssued").await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["lines"][1]["quantity_milli"], 10_000);
    assert_eq!(told[0]["replaces"], json!(null));

    let id = issued["id"].as_str().expect("an id");
    let paper = format!("/app/encounters/{visit}/prescriptions/{id}/paper");
    let first = doctor.get(&paper).await;
    assert!(first.contains("Uống nhiều nước") && first.contains("\"copy\": 1") && first.contains(code), "{}", first.text);
    assert!(first.contains("Nguyễn Văn An") && first.contains("J02.9") && first.contains("Lê Hoàng Phúc"));
    assert!(doctor.get(&paper).await.contains("\"copy\": 2"));
}

#[tokio::test]
async fn the_second_click_and_the_lost_answer_make_one_thing() {
    let world = clinic().await;
    let an = an(&world).await;
    let visit = visit(&world, "84101", an, &["J02.9"]).await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let line = Uuid::now_v7();
    for _ in 0..3 {
        assert_eq!(say_as(&mut doctor, visit, line, "amox 500 s1 c1 7n").await.status, 303);
    }
    let draft = read(&mut doctor, visit).await;
    assert_eq!(draft[0]["lines"].as_array().unwrap().len(), 1);
    let id = draft[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/app/encounters/{visit}/prescription/issued");
    for _ in 0..2 {
        assert_eq!(doctor.post(&path, &[("prescription", &id)]).await.status, 303);
    }
    assert_eq!(events(&world, "84101", "PrescriptionIssued").await.len(), 1);
    let removed = format!("/app/encounters/{visit}/prescription/lines/{line}/removed");
    assert_eq!(doctor.post(&removed, &[]).await.status, 303);
    let all = read(&mut doctor, visit).await;
    let issued = all.iter().find(|p| p["status"] == "issued").expect("still issued");
    assert_eq!(issued["lines"].as_array().unwrap().len(), 1, "an issued prescription is never changed");
}

#[tokio::test]
async fn a_contraindicated_pair_with_a_medicine_at_home_needs_a_reason() {
    let world = clinic().await;
    let an = an(&world).await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let first = visit(&world, "84101", an, &["E78.2"]).await;
    say(&mut doctor, first, "simva t1 30n").await;
    assert_eq!(issue(&mut doctor, first, &[]).await.status, 303);
    world.clock.advance(chrono::TimeDelta::days(10));
    let mut doctor = world.sign_in_as("bacsi.84101").await;

    let second = visit(&world, "84101", an, &["J02.9"]).await;
    let live = doctor.get(&format!("/app/encounters/{second}/prescription/reading?sentence=clari+500+s1+c1+7n")).await;
    assert!(live.contains("Chống chỉ định phối hợp"), "{}", live.text);
    say(&mut doctor, second, "clari 500 s1 c1 7n").await;
    let findings = read(&mut doctor, second).await[0]["findings"].clone();
    let block = findings.as_array().unwrap().iter().find(|f| f["severity"] == "blocks").expect("a block").clone();
    assert!(block["fact"].as_str().unwrap().contains("Người bệnh đang dùng Simvastatin 20 mg đến 23/12/2026"), "{block}");

    let refused = issue(&mut doctor, second, &[]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.contains("ghi lý do vẫn dùng"));

    let overrides = format!("/app/encounters/{second}/prescription/overrides");
    let key = block["key"].as_str().unwrap();
    let reason = |code, text| [("id", Uuid::now_v7().to_string()), ("finding", key.to_owned()), ("reason_code", String::from(code)), ("reason", String::from(text))];
    let post = |fields: [(&'static str, String); 4]| fields;
    for (code, text, status) in [("", "đã dặn ngưng", 422), ("home_stopped", "x", 422), ("home_stopped", "Đã dặn ngưng simvastatin 7 ngày", 303)] {
        let fields = post(reason(code, text));
        let fields: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (*k, v.as_str())).collect();
        assert_eq!(doctor.post(&overrides, &fields).await.status, status, "{code} {text}");
    }
    assert_eq!(issue(&mut doctor, second, &[]).await.status, 303);
    let mut nurse = world.sign_in_as("dieuduong.84101").await;
    let fields = post(reason("benefit", "điều dưỡng không được"));
    let fields: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (*k, v.as_str())).collect();
    assert_eq!(nurse.post(&overrides, &fields).await.status, 403);
}

#[tokio::test]
async fn an_allergy_on_record_blocks_and_a_cross_reaction_warns() {
    let world = clinic().await;
    let an = an(&world).await;
    allergy(&world, an, "Amoxicilin", "drug").await;
    allergy(&world, an, "Sulfamid", "drug_class").await;
    let visit = visit(&world, "84101", an, &["J02.9"]).await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    for sentence in ["T001 s1 c1 5n", "cotri 480 s1 c1 5n", "cefixim 200 s1 c1 5n"] {
        assert_eq!(say(&mut doctor, visit, sentence).await.status, 303, "{sentence}");
    }
    let draft = &read(&mut doctor, visit).await[0];
    let claims: Vec<(String, String)> = draft["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (f["severity"].as_str().unwrap().to_owned(), f["claim"].as_str().unwrap().to_owned()))
        .collect();
    assert!(claims.contains(&("blocks".into(), "Dị ứng: Amoxicilin 500 mg".into())), "{claims:?}");
    assert!(claims.iter().any(|(s, c)| s == "blocks" && c.contains("Cotrimoxazol")), "{claims:?}");
    assert!(!claims.iter().any(|(s, c)| s == "blocks" && c.contains("Cefixim")), "{claims:?}");
    assert_eq!(issue(&mut doctor, visit, &[]).await.status, 422);
}

/// The receptionist chose the class and wrote "Sulfamid (cotrimoxazol)" beside it; the words matched no catalogue name,
/// and cotrimoxazol went through without a word.
#[tokio::test]
async fn the_class_chosen_on_record_counts_whatever_words_stand_beside_it() {
    let world = clinic().await;
    let an = an(&world).await;
    allergy(&world, an, "Sulfamid (cotrimoxazol)", "drug_class").await;
    let mut tx = world.tx("84101").await;
    sqlx::query("UPDATE patient_allergy SET class_code = 'sulfonamide_antibiotic' WHERE patient_id = $1")
        .bind(an.0)
        .execute(tx.conn())
        .await
        .expect("the class");
    tx.commit().await.expect("kept");
    let visit = visit(&world, "84101", an, &["J02.9"]).await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    assert_eq!(say(&mut doctor, visit, "cotri 480 s1 c1 5n").await.status, 303);
    let draft = &read(&mut doctor, visit).await[0];
    assert!(draft["findings"].as_array().unwrap().iter().any(|f| f["severity"] == "blocks"), "{draft}");
    assert_eq!(issue(&mut doctor, visit, &[]).await.status, 422);
}

#[tokio::test]
async fn ninety_days_only_for_a_listed_disease() {
    let world = clinic().await;
    let an = an(&world).await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let throat = visit(&world, "84101", an, &["J02.9"]).await;
    say(&mut doctor, throat, "amlodipin s1 90n").await;
    let refused = issue(&mut doctor, throat, &[]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.contains("phụ lục VII"), "{}", refused.text);

    let pressure = visit(&world, "84101", an, &["I10"]).await;
    say(&mut doctor, pressure, "amlodipin s1 90n").await;
    assert_eq!(issue(&mut doctor, pressure, &[]).await.status, 303);
    let no_diagnosis = visit(&world, "84101", an, &[]).await;
    say(&mut doctor, no_diagnosis, "amlodipin s1 5n").await;
    assert!(issue(&mut doctor, no_diagnosis, &[]).await.contains("Chưa có chẩn đoán"));
}

#[tokio::test]
async fn quantities_of_tapers_syrups_drops_and_inhalers() {
    let world = clinic().await;
    let an = an(&world).await;
    let visit = visit(&world, "84101", an, &["J45.9"]).await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    for (sentence, quantity, unit) in [
        ("medrol s2x3n s1x3n s1/2x3n sa", 11, "viên"),
        ("aerius 5ml x1 20n", 2, "chai"),
        ("tobrex 2 giot x4 hai mat 7n", 2, "lọ"),
        ("ventolin 2 nhat x3 30n", 1, "bình"),
        ("mixtard s10 c8 30n", 2, "bút"),
        ("fucicort x2 boi 7n", 1, "tuýp"),
        ("smecta 1 goi x3 3n", 9, "gói"),
    ] {
        let page = say(&mut doctor, visit, sentence).await;
        assert_eq!(page.status, 303, "{sentence}: {}", page.text);
        let line = read(&mut doctor, visit).await[0]["lines"].as_array().unwrap().last().unwrap().clone();
        assert_eq!((line["quantity_milli"].as_i64(), line["unit"].as_str()), (Some(quantity * 1000), Some(unit)), "{sentence}: {line}");
    }
}

#[tokio::test]
async fn a_wrong_dose_is_replaced_under_a_new_code() {
    let world = clinic().await;
    let an = an(&world).await;
    let visit = visit(&world, "84101", an, &["J02.9"]).await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    say(&mut doctor, visit, "amox 500 s1 c1 7n").await;
    issue(&mut doctor, visit, &[("advice", "Tái khám nếu sốt")]).await;
    let old = read(&mut doctor, visit).await[0].clone();
    let replace = format!("/app/encounters/{visit}/prescriptions/{}/replaced", old["id"].as_str().unwrap());
    assert_eq!(doctor.post(&replace, &[("reason", "")]).await.status, 422);
    for _ in 0..2 {
        assert_eq!(doctor.post(&replace, &[("reason", "đổi số ngày theo kháng sinh đồ")]).await.status, 303);
    }
    let draft = read(&mut doctor, visit).await[0].clone();
    assert_eq!((draft["status"].as_str(), draft["advice"].as_str()), (Some("draft"), Some("Tái khám nếu sốt")));
    let line = draft["lines"][0]["id"].as_str().unwrap();
    let change = format!("/app/encounters/{visit}/prescription/lines/{line}/sentence");
    assert_eq!(doctor.post(&change, &[("sentence", "s1 c1 10n")]).await.status, 303);
    assert_eq!(issue(&mut doctor, visit, &[("advice", "Tái khám nếu sốt")]).await.status, 303);

    let all = read(&mut doctor, visit).await;
    let statuses: Vec<&str> = all.iter().map(|p| p["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["issued", "replaced"]);
    assert_ne!(all[0]["code"], all[1]["code"]);
    assert_eq!(all[0]["replaces"], old["id"]);
    assert_eq!(all[0]["lines"][0]["quantity_milli"], 20_000);
    assert_eq!(events(&world, "84101", "PrescriptionIssued").await[1]["replaces"], old["id"]);

    let cancel = format!("/app/encounters/{visit}/prescriptions/{}/cancelled", all[0]["id"].as_str().unwrap());
    assert_eq!(doctor.post(&cancel, &[("reason", "người bệnh không dùng thuốc nữa")]).await.status, 303);
    assert_eq!(events(&world, "84101", "PrescriptionCancelled").await.len(), 1);
}

#[tokio::test]
async fn a_small_child_needs_weight_and_escort() {
    let world = clinic().await;
    let khue = person(&world, "84101", "Nguyễn Minh Khuê", "2026-01-10").await;
    let visit = visit(&world, "84101", khue, &["J06.9"]).await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    assert_eq!(say(&mut doctor, visit, "hapacol 150 siro 4ml x4 3n").await.status, 303);
    let refused = issue(&mut doctor, visit, &[]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.contains("72 tháng"), "{}", refused.text);
    let details = [("weight", "8,5"), ("escort", "Trần Thị Mai")];
    assert_eq!(issue(&mut doctor, visit, &details).await.status, 303);
}
