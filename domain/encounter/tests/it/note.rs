//! The doctor writes; sometimes two doctors write.

use crate::clinic::{self, count, diagnose};

#[tokio::test]
async fn every_keystroke_is_kept_and_the_first_word_begins_the_examination() {
    let world = clinic::world().await;
    let an = clinic::mr_an_waits(&world).await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let chart = doctor.get(&format!("/app/encounters/{an}")).await;
    assert_eq!(chart.status, 200);
    assert_eq!(chart.input("section.reason").as_deref(), Some("Sốt, đau họng"), "what the desk wrote stands there");
    assert_eq!(chart.input("version").as_deref(), Some("0"));

    let path = format!("/app/encounters/{an}/note");
    let saved = doctor.put(&path, &[("section.history", "Sốt 2 ngày"), ("version", "0")]).await;
    assert_eq!((saved.status, saved.json()["version"].as_i64()), (200, Some(1)));
    let same = doctor.put(&path, &[("section.history", "Sốt 2 ngày"), ("version", "1")]).await;
    assert_eq!(same.json()["version"], 1, "saving the same words changes nothing");
    doctor.put(&path, &[("go.follow_up_on", "31/1"), ("version", "1")]).await;

    let chart = doctor.get(&format!("/app/encounters/{an}")).await;
    assert!(chart.contains("Sốt 2 ngày"), "another browser finds it");
    assert_eq!(chart.input("go.follow_up_on").as_deref(), Some("31/1"), "even a half-typed date");
    let begun = "SELECT count(*) FROM encounter_encounter WHERE encounter_id = $1 AND status = 'in_progress' AND practitioner_id IS NOT NULL";
    assert_eq!(count(&world, begun, an).await, 1);
}

#[tokio::test]
async fn two_doctors_in_one_note_lose_nothing() {
    let world = clinic::world().await;
    let an = clinic::mr_an_waits(&world).await;
    let (mut phuc, mut lan) = (world.sign_in_as("bacsi.84101").await, world.sign_in_as("bacsi.lan.84101").await);
    let path = format!("/app/encounters/{an}/note");
    assert_eq!(phuc.put(&path, &[("section.exam", "Họng đỏ"), ("version", "0")]).await.status, 200);

    let other = lan.put(&path, &[("section.history", "Ho khan"), ("version", "0")]).await;
    assert_eq!(other.status, 200, "another section is no conflict");

    let conflict =
        lan.put(&path, &[("section.exam", "Phổi trong"), ("section.plan", "Hạ sốt"), ("version", "0")]).await;
    assert_eq!(conflict.status, 409);
    let told = conflict.json();
    assert_eq!(told["conflicts"][0]["yours"], "Phổi trong");
    assert_eq!(told["conflicts"][0]["theirs"], "Họng đỏ");
    assert_eq!(told["fields"]["section.exam"], "Họng đỏ");
    assert_eq!(told["fields"]["section.plan"], "Hạ sốt", "the section nobody else touched is saved");

    let both = "Họng đỏ\nPhổi trong";
    let version = told["version"].to_string();
    assert_eq!(lan.put(&path, &[("section.exam", both), ("version", &version)]).await.status, 200);
    let chart = phuc.get(&format!("/app/encounters/{an}")).await;
    assert!(chart.contains("Phổi trong") && chart.contains("Ho khan"));
    assert!(chart.contains("Nguyễn Thị Lan đang ghi hồ sơ này"), "the first doctor is told that somebody else writes");
}

#[tokio::test]
async fn copied_histories_stay_marked_until_touched() {
    let world = clinic::world().await;
    let patient = clinic::register(&world, &clinic::MR_AN).await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let before = clinic::arrive(&world, patient, "Tái khám").await;
    let carried = format!("/app/encounters/{before}/note/carried");
    assert_eq!(doctor.post(&carried, &[]).await.status, 422, "there is nothing to copy yet");
    let path = format!("/app/encounters/{before}/note");
    doctor.put(&path, &[("section.past", "THA 5 năm"), ("section.exam", "Phù chân"), ("version", "0")]).await;
    diagnose(&mut doctor, before, "I10").await;
    let done = clinic::finish(&mut doctor, before, uuid::Uuid::now_v7(), &[("go.kind", "home")]).await;
    assert_eq!(done.status, 303, "{}", done.text);

    world.clock.advance(chrono::TimeDelta::days(7));
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let today = clinic::arrive(&world, patient, "Đau đầu").await;
    assert_eq!(doctor.post(&format!("/app/encounters/{today}/note/carried"), &[]).await.status, 303);
    let chart = doctor.get(&format!("/app/encounters/{today}")).await;
    assert!(chart.contains("THA 5 năm") && chart.contains("chép từ 24/11/2026, chưa xem lại"));
    assert!(!chart.contains("Phù chân"), "findings of another day are not copied");
    assert!(chart.contains("I10"), "the hypertension stands among what is watched");
    doctor.post(&format!("/app/encounters/{today}/note/reviewed"), &[("reviewed", "past")]).await;
    let chart = doctor.get(&format!("/app/encounters/{today}")).await;
    assert!(chart.contains("THA 5 năm") && !chart.contains("chưa xem lại"));
}

#[tokio::test]
async fn another_template_keeps_the_words() {
    let world = clinic::world().await;
    let an = clinic::mr_an_waits(&world).await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    doctor.put(&format!("/app/encounters/{an}/note"), &[("section.history", "Ù tai"), ("version", "0")]).await;
    doctor.post(&format!("/app/encounters/{an}/note/template"), &[("template", "ent")]).await;
    let chart = doctor.get(&format!("/app/encounters/{an}")).await;
    assert!(chart.contains("Mũi xoang") && chart.contains("Ù tai"));
}

#[tokio::test]
async fn a_pasted_book_is_refused_and_the_rest_is_kept() {
    let world = clinic::world().await;
    let an = clinic::mr_an_waits(&world).await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let path = format!("/app/encounters/{an}/note");
    let book = "chữ ".repeat(6_000);
    let page = doctor.put(&path, &[("section.exam", &book), ("section.history", "Ho"), ("version", "0")]).await;
    assert_eq!(page.status, 422);
    let paste = "x".repeat(10 * 1024 * 1024);
    assert_eq!(doctor.put(&path, &[("section.exam", &paste), ("version", "0")]).await.status, 413);
    let chart = doctor.get(&format!("/app/encounters/{an}")).await;
    assert!(chart.contains(">Ho</textarea>"));
}

#[tokio::test]
async fn codes_that_do_not_fit_say_why() {
    let world = clinic::world().await;
    let an = clinic::mr_an_waits(&world).await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    doctor.set_header("hx-request", "true");
    let path = format!("/app/encounters/{an}/diagnoses");
    for (code, reason) in [
        ("J02", "mã chi tiết hơn"),
        ("B95.0", "bệnh chính"),
        ("O80.0", "chỉ dùng cho nữ"),
        ("P22.0", "dưới 1 tuổi"),
        ("XYZ", "Không có mã XYZ"),
        ("", "Không có mã"),
    ] {
        let page = doctor.post(&path, &[("code", code)]).await;
        assert_eq!(page.status, 422, "{code}");
        assert!(page.contains(reason), "{code}: {}", page.text);
    }
    assert_eq!(doctor.post(&path, &[("code", "J02.9")]).await.status, 200);
    let twice = doctor.post(&path, &[("code", "J02.9")]).await;
    assert!(twice.contains("đã có ở bệnh chính"));
    assert_eq!(doctor.post(&path, &[("code", "B95.0")]).await.status, 200, "it may stand beside another one");
    let moved = doctor.post(&format!("{path}/B95.0/main"), &[]).await;
    assert_eq!(moved.status, 422);
    assert_eq!(doctor.post(&format!("{path}/J02.9/removed"), &[]).await.status, 200);
    let live = "SELECT count(*) FROM encounter_diagnosis WHERE encounter_id = $1 AND ended_at IS NULL";
    assert_eq!(count(&world, live, an).await, 1);
    let all = "SELECT count(*) FROM encounter_diagnosis WHERE encounter_id = $1";
    assert_eq!(count(&world, all, an).await, 2, "a removed code is ended, not gone");
}

#[tokio::test]
async fn the_desk_learns_which_codes_a_doctor_uses() {
    let world = clinic::world().await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let an = clinic::mr_an_waits(&world).await;
    let path = format!("/app/encounters/{an}/diagnoses/options?q=viem+hong+cap");
    let options = doctor.get(&path).await;
    assert!(options.contains("J02.9") && !options.contains("Bác sĩ hay dùng"), "{}", options.text);
    assert!(options.contains("Phải chọn mã chi tiết hơn"), "the parent is shown with the reason");
    diagnose(&mut doctor, an, "J02.9").await;
    let done = clinic::finish(&mut doctor, an, uuid::Uuid::now_v7(), &[("go.kind", "home")]).await;
    assert_eq!(done.status, 303, "{}", done.text);
    let patient = clinic::register(&world, &clinic::BABY_KHUE).await;
    let khue = clinic::arrive(&world, patient, "Ho").await;
    let options = doctor.get(&format!("/app/encounters/{khue}/diagnoses/options?q=viem+hong+cap")).await;
    let (own, catalogue) = (options.text.find("Bác sĩ hay dùng"), options.text.find("Danh mục TT 06/2026"));
    assert!(own.is_some() && own < catalogue, "{}", options.text);
    assert!(options.contains("1 lần"));
    let short = doctor.get(&format!("/app/encounters/{khue}/diagnoses/options?q=THA")).await;
    assert!(short.contains("I10"));
}

#[tokio::test]
async fn other_clinics_find_nothing_to_read_or_write() {
    let world = clinic::world().await;
    let an = clinic::mr_an_waits(&world).await;
    let mut elsewhere = world.sign_in_as("bacsi.84102").await;
    let base = format!("/app/encounters/{an}");
    for path in ["", "/earlier", "/versions/1", "/diagnoses/options?q=J02", "/exam-sheet.pdf", "/follow-up.pdf"] {
        assert_eq!(elsewhere.get(&format!("{base}{path}")).await.status, 404, "{path}");
    }
    for path in [
        "/note/template",
        "/note/carried",
        "/note/reviewed",
        "/diagnoses",
        "/diagnoses/J02.9/main",
        "/diagnoses/J02.9/removed",
        "/finished",
        "/amendment",
        "/amendment/discarded",
    ] {
        assert_eq!(
            elsewhere.post(&format!("{base}{path}"), &[("amend_reason", "đọc trộm")]).await.status,
            404,
            "{path}"
        );
    }
    assert_eq!(elsewhere.put(&format!("{base}/note"), &[("section.exam", "x"), ("version", "0")]).await.status, 404);
    let mut nurse = world.sign_in_as("dieuduong.84101").await;
    assert_eq!(nurse.get(&base).await.status, 200, "a nurse reads");
    assert_eq!(nurse.put(&format!("{base}/note"), &[("section.exam", "x")]).await.status, 403, "and does not write");
}

#[tokio::test]
async fn every_reading_of_a_chart_is_in_the_audit() {
    let world = clinic::world().await;
    let an = clinic::mr_an_waits(&world).await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    for _ in 0..3 {
        doctor.get(&format!("/app/encounters/{an}")).await;
    }
    let read =
        "SELECT count(*) FROM db_audit WHERE action = 'read' AND entity = 'chart' AND entity_id = $1::uuid::text";
    assert_eq!(count(&world, read, an).await, 3);
}

#[tokio::test]
async fn a_remark_stays_with_its_diagnosis() {
    let world = clinic::world().await;
    let an = clinic::mr_an_waits(&world).await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let path = format!("/app/encounters/{an}/diagnoses");
    for code in ["J02.9", "I10"] {
        assert_eq!(doctor.post(&path, &[("code", code)]).await.status, 303);
    }
    let both = [("remark.I10", "theo dõi thêm"), ("remark.J02.9", "đợt thứ ba")];
    assert_eq!(doctor.post(&format!("{path}/I10/remark"), &both).await.status, 303);
    let chart = doctor.get(&format!("/app/encounters/{an}")).await;
    assert_eq!(chart.input("remark.I10").as_deref(), Some("theo dõi thêm"));
    assert_eq!(chart.input("remark.J02.9").as_deref(), Some(""), "only the remark that was sent changes");
    let long = "x".repeat(201);
    assert_eq!(doctor.post(&format!("{path}/I10/remark"), &[("remark.I10", &long)]).await.status, 422);
}

#[tokio::test]
async fn quick_texts_are_listed_replaced_and_removed() {
    let world = clinic::world().await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let keep = |text: &'static str| vec![("shortcut", "hong"), ("text", text), ("back", "list")];
    let refused = doctor.post("/app/quick-texts", &keep("Họng {đỏ")).await;
    assert_eq!(refused.status, 422);
    assert!(refused.contains("Dấu ngoặc") && refused.contains("Họng {đỏ"), "what was typed is still there");
    for text in ["Họng {đỏ} của tôi.", "Họng {sạch} của tôi."] {
        assert_eq!(doctor.post("/app/quick-texts", &keep(text)).await.location(), "/app/quick-texts/list");
    }
    let list = doctor.get("/app/quick-texts/list").await;
    assert!(list.contains("Họng {sạch} của tôi.") && !list.contains("Họng {đỏ} của tôi."), "{}", list.text);
    let mut neighbour = world.sign_in_as("bacsi.84102").await;
    assert!(!neighbour.get("/app/quick-texts/list").await.contains("của tôi."));
    assert_eq!(doctor.post("/app/quick-texts/removed", &[("shortcut", "hong")]).await.status, 303);
    let list = doctor.get("/app/quick-texts/list").await;
    assert!(!list.contains("của tôi.") && list.contains(".hong"), "the shipped text is back");
}
