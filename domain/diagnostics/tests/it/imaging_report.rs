//! Reports: written, told apart when two write, signed once, corrected with a reason, printed, read by programs.

use crate::imaging_world::{Room, begin, ordered};
use crate::world::events;
use uuid::Uuid;

#[tokio::test]
async fn a_report_is_signed_once_and_tells_the_doctor_who_asked() {
    let mut room = Room::open().await;
    let (a, b) = (room.shoot(1).await, room.shoot(2).await);
    let pictures = format!("{b},{a}");
    let caption = format!("c.{b}");
    let typed = [("pictures", pictures.as_str()), (caption.as_str(), "Túi mật"), ("m.gallstone_mm", "8,5"), ("recommendation", "Khám ngoại khoa.")];
    for _ in 0..2 {
        assert_eq!(room.release(&typed).await.status, 303);
    }
    let told = events(&room.world, "84101", "ReportReleased").await;
    assert_eq!(told.len(), 1, "released once");
    assert_eq!((told[0]["abnormal"].as_bool(), told[0]["critical"].as_bool()), (Some(true), Some(false)));
    assert_eq!(told[0]["orders"][0].as_str(), Some(room.order.to_string().as_str()));
    let page = room.sono.get(&room.path("")).await;
    for shown in ["Sỏi túi mật 8 mm.", "Túi mật", "8,5", "BS. Trịnh Ngọc Bích", "Đã trả kết quả"] {
        assert!(page.contains(shown), "{shown}: {}", page.text);
    }
    // The doctor's page shows it with its pictures, and the order is done.
    let mut doctor = room.world.sign_in_as("bacsi.84101").await;
    let chart = doctor.get(&format!("/app/encounters/{}", room.visit)).await;
    assert!(chart.contains("Sỏi túi mật 8 mm.") && chart.contains(&format!("/pictures/{b}/small")) && chart.contains("Đã làm"), "{}", chart.text);
    // Programs read the same, and their reading is written down.
    let list = doctor.get(&format!("/api/v1/encounters/{}/imaging-reports", room.visit)).await.json();
    assert_eq!(list[0]["conclusion"].as_str(), Some("Sỏi túi mật 8 mm."));
    assert_eq!(list[0]["pictures"][0]["id"].as_str(), Some(b.to_string().as_str()));
    assert_eq!(list[0]["pictures"][0]["sha256"].as_str().map(str::len), Some(64));
    assert!(room.sono.get("/app/imaging?room=all").await.contains("Đã trả kết quả"));
}

#[tokio::test]
async fn what_is_missing_is_shown_beside_the_words_already_typed() {
    let mut room = Room::open().await;
    let refused = room.release(&[("conclusion", ""), ("s.liver", "Có nang … mm"), ("m.spleen_mm", "9000"), ("critical", "1")]).await;
    assert_eq!(refused.status, 422);
    for shown in ["Chưa có kết luận", "còn chỗ “…” chưa điền", "từ 30 đến 300 mm", "đã báo cho ai", "Lòng có 1 sỏi 8 mm", "9000"] {
        assert!(refused.contains(shown), "{shown}: {}", refused.text);
    }
    assert!(events(&room.world, "84101", "ReportReleased").await.is_empty());
    let nine: Vec<String> = (0..9).map(|_| Uuid::now_v7().to_string()).collect();
    // Pictures that are not there are no pictures.
    assert_eq!(room.release(&[("pictures", &nine.join(","))]).await.status, 303);
}

#[tokio::test]
async fn more_than_eight_pictures_do_not_fit() {
    let mut room = Room::open().await;
    let mut ids = Vec::new();
    for seed in 0..9 {
        ids.push(room.shoot(seed).await.to_string());
    }
    let refused = room.release(&[("pictures", &ids.join(","))]).await;
    assert!(refused.status == 422 && refused.contains("nhiều nhất 8"), "{}", refused.text);
    assert_eq!(room.release(&[("pictures", &ids[..8].join(","))]).await.status, 303);
}

#[tokio::test]
async fn two_writers_are_told_of_each_other_and_no_word_is_lost() {
    let mut room = Room::open().await;
    let draft = room.path("/draft");
    let first = room.sono.put(&draft, &[("version", "0"), ("s.liver", "Gan không to.")]).await;
    assert_eq!((first.status, first.json()["version"].as_i64()), (200, Some(1)));
    let mut other = room.world.sign_in_as("bacsi.84101").await;
    assert!(other.get(&room.path("")).await.contains("BS. Trịnh Ngọc Bích đang viết kết quả này"));
    let late = other.put(&draft, &[("version", "0"), ("s.spleen", "Lách không to.")]).await;
    assert_eq!(late.status, 409);
    let told = late.json();
    assert_eq!((told["by"].as_str(), told["version"].as_i64()), (Some("BS. Trịnh Ngọc Bích"), Some(1)));
    assert_eq!(told["fields"]["s.liver"].as_str(), Some("Gan không to."));
    // The browser joins both and saves again; then the first one learns of it at the signature.
    let joined = [("version", "1"), ("s.liver", "Gan không to."), ("s.spleen", "Lách không to.")];
    assert_eq!(other.put(&draft, &joined).await.json()["version"].as_i64(), Some(2));
    let early = room.release(&[("version", "1")]).await;
    assert!(early.status == 422 && early.contains("BS. Lê Hoàng Phúc") && early.contains("Lách không to."), "{}", early.text);
    let hand = room.sono.get(&draft).await.json();
    assert_eq!((hand["mine"].as_bool(), hand["by"].as_str()), (Some(false), Some("BS. Lê Hoàng Phúc")));
    assert_eq!(room.release(&[("version", "2"), ("s.spleen", "Lách không to.")]).await.status, 303);
    assert_eq!(other.put(&draft, &joined).await.status, 422, "it is out");
}

#[tokio::test]
async fn the_draft_comes_back_after_the_browser_was_killed() {
    let mut room = Room::open().await;
    let picture = room.shoot(1).await.to_string();
    let typed = [("version", "0"), ("s.gallbladder", "Lòng có 1 sỏi."), ("m.gallstone_mm", "8"), ("pictures", picture.as_str())];
    let saved = room.sono.put(&room.path("/draft"), &typed).await;
    assert_eq!(saved.status, 200, "{}", saved.text);
    // The same again is no new version.
    let again = [("version", "1"), typed[1], typed[2], typed[3]];
    assert_eq!(room.sono.put(&room.path("/draft"), &again).await.json()["version"].as_i64(), Some(1));
    let page = room.sono.get(&room.path("")).await;
    assert!(page.contains("Lòng có 1 sỏi.") && page.contains("Bất thường"), "{}", page.text);
    assert_eq!(page.input("pictures").as_deref(), Some(picture.as_str()));
}

#[tokio::test]
async fn a_correction_says_why_and_the_old_version_stays() {
    let mut room = Room::open().await;
    let early = room.sono.post(&room.path("/correction"), &[("reason", "nhầm bên phải và trái")]).await;
    assert_eq!(early.status, 422, "nothing is out yet");
    room.release(&[]).await;
    let bare = room.sono.post(&room.path("/correction"), &[("reason", "sai")]).await;
    assert!(bare.status == 422 && bare.contains("Ghi lý do sửa"), "{}", bare.text);
    assert_eq!(room.sono.post(&room.path("/correction"), &[("reason", "Nhầm đơn vị số đo sỏi")]).await.status, 303);
    let desk = room.sono.get(&room.path("")).await;
    assert!(desk.contains("Đang sửa kết quả đã trả") && desk.contains("Lòng có 1 sỏi 8 mm"), "{}", desk.text);
    // Until the new one is signed, the old one counts for everybody else.
    let mut nurse = room.world.sign_in_as("dieuduong.84101").await;
    assert!(nurse.get(&room.path("")).await.contains("Sỏi túi mật 8 mm."));
    let draft = [("version", "1"), ("s.gallbladder", "Lòng có 1 sỏi 18 mm kèm bóng lưng."), ("conclusion", "Sỏi túi mật 18 mm.")];
    assert_eq!(room.sono.put(&room.path("/draft"), &draft).await.status, 200);
    assert_eq!(room.release(&[("version", "2"), draft[1], draft[2]]).await.status, 303);
    let now = room.sono.get(&room.path("")).await;
    assert!(now.contains("Sỏi túi mật 18 mm.") && now.contains("Nhầm đơn vị số đo sỏi"));
    let old = room.sono.get(&room.path("/versions/1")).await;
    assert!(old.contains("Sỏi túi mật 8 mm.") && old.contains("đã được thay bằng bản 2"), "{}", old.text);
    assert_eq!(room.sono.get(&room.path("/versions/3")).await.status, 404);
    let told = events(&room.world, "84101", "ReportReleased").await;
    assert_eq!(told[1]["corrects"], told[0]["report"]);
    let mut owner = room.world.database.owner().await;
    assert!(sqlx::query("UPDATE diagnostics_imaging_report SET conclusion = 'x'").execute(&mut owner).await.is_err(), "never changed");
    assert!(sqlx::query("DELETE FROM diagnostics_imaging_report").execute(&mut owner).await.is_err(), "never deleted");
}

#[tokio::test]
async fn a_correction_can_be_given_up() {
    let mut room = Room::open().await;
    room.release(&[]).await;
    room.sono.post(&room.path("/correction"), &[("reason", "Nhầm đơn vị số đo sỏi")]).await;
    assert_eq!(room.sono.post(&room.path("/correction/discarded"), &[]).await.status, 303);
    assert!(room.sono.get(&room.path("")).await.contains("Đã trả kết quả"));
}

#[tokio::test]
async fn an_obstetric_report_dates_the_pregnancy() {
    let mut room = Room::open().await;
    let chosen = room.sono.post(&room.path("/template"), &[("template", "pregnancy_first")]).await;
    assert_eq!(chosen.status, 303);
    assert_eq!(room.sono.post(&room.path("/template"), &[("template", "nothing")]).await.status, 422);
    let typed = [("version", "1"), ("m.crl_mm", "45"), ("s.embryo", "Một phôi, tim thai đều."), ("conclusion", "Thai {age}, dự sinh {due}.")];
    let saved = room.sono.put(&room.path("/draft"), &typed).await;
    assert!(saved.json()["derived"].as_str().unwrap().contains("11 tuần 2 ngày"), "{}", saved.text);
    let signed = room.sono.post(&room.path("/released"), &[("version", "2"), typed[1], typed[2], typed[3]]).await;
    assert_eq!(signed.status, 303, "{}", signed.text);
    let page = room.sono.get(&room.path("")).await;
    assert!(page.contains("Thai 11 tuần 2 ngày, dự sinh 13/06/2027.") && page.contains("Robinson 1975"), "{}", page.text);
}

#[tokio::test]
async fn the_paper_bears_the_pictures_in_their_order() {
    let mut room = Room::open().await;
    assert_eq!(room.sono.get(&room.path("/report.pdf")).await.status, 404, "nothing is out yet");
    let (a, b) = (room.shoot(1).await, room.shoot(2).await);
    assert!(room.sono.get(&room.path("/preview.pdf")).await.contains("\"draft\": true"));
    let order = format!("{b},{a}");
    let caption = format!("c.{b}");
    room.release(&[("pictures", &order), (&caption, "Túi mật")]).await;
    let paper = room.sono.get(&room.path("/report.pdf")).await;
    for printed in ["imaging-report", "Nguyễn Thị An", "261124-0001", "KẾT QUẢ SIÊU ÂM Ổ BỤNG", "Sỏi túi mật 8 mm.", "Túi mật", "BS. Trịnh Ngọc Bích"] {
        assert!(paper.contains(printed), "{printed}");
    }
    assert_eq!(paper.text.matches("\"jpeg\"").count(), 2);
}

#[tokio::test]
async fn earlier_studies_stand_beside_the_new_one() {
    let mut room = Room::open().await;
    let picture = room.shoot(1).await.to_string();
    room.release(&[("pictures", &picture)]).await;
    let (_, order) = ordered(&room.world, room.patient, "SA03").await;
    let next = begin(&mut room.sono, order).await;
    let page = room.sono.get(&format!("/app/imaging/studies/{next}")).await;
    assert!(page.contains("KẾT QUẢ SIÊU ÂM TUYẾN GIÁP") && page.contains("Sỏi túi mật 8 mm.") && page.contains("261124-0002"), "{}", page.text);
    assert!(page.contains(&format!("/pictures/{picture}/small")));
}

#[tokio::test]
async fn phrases_of_ones_own_are_offered_to_oneself_only() {
    let mut room = Room::open().await;
    let id = Uuid::now_v7().to_string();
    let new = [("id", id.as_str()), ("section", "liver"), ("label", "Nang nhỏ"), ("body", "Có vài nang nhỏ dưới 10 mm.")];
    for _ in 0..2 {
        assert_eq!(room.sono.post(&room.path("/phrases"), &new).await.status, 303);
    }
    assert_eq!(room.sono.post(&room.path("/phrases"), &[("section", "liver")]).await.status, 422);
    assert_eq!(room.sono.get(&room.path("")).await.text.matches("Nang nhỏ").count(), 2, "the button and its remover");
    let mut other = room.world.sign_in_as("bacsi.84101").await;
    assert!(!other.get(&room.path("")).await.contains("Nang nhỏ"));
    assert_eq!(other.post(&format!("/app/imaging/phrases/{id}/ended"), &[]).await.status, 404);
    assert_eq!(room.sono.post(&format!("/app/imaging/phrases/{id}/ended"), &[("study", &room.study.to_string())]).await.status, 303);
    assert!(!room.sono.get(&room.path("")).await.contains("Nang nhỏ"));
}

#[tokio::test]
async fn who_may_look_may_not_sign() {
    let room = Room::open().await;
    let mut nurse = room.world.sign_in_as("dieuduong.84101").await;
    assert!(nurse.get(&room.path("")).await.contains("Chưa có kết quả"));
    assert_eq!(nurse.post(&room.path("/released"), &[("conclusion", "x")]).await.status, 403);
    assert_eq!(nurse.put(&room.path("/draft"), &[("version", "0")]).await.status, 403);
    let mut cashier = room.world.sign_in_as("thungan.84101").await;
    assert_eq!(cashier.get(&room.path("")).await.status, 403);
}
