//! From the arm to the doctor's inbox.

use crate::lab_world::{born, cell, collect, ids, lab_day, ordered, release, specimens, technical, to_bench, type_in, type_over};
use crate::world::{events, statuses};
use testkit::World;
use uuid::Uuid;

async fn drained(world: &World) {
    world.drain().await;
    assert_eq!(world.failed_jobs("84101").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_result_goes_from_the_label_to_the_inbox() {
    let world = lab_day().await;
    let patient = born(&world, "Nguyễn Văn An", "male", "1985-03-15").await;
    let (visit, _) = ordered(&world, patient, &["XN02", "XN13", "XN01"]).await;
    let mut lab = world.sign_in_as("xetnghiem.84101").await;
    let desk = lab.get("/app/lab").await;
    assert!(desk.contains("Nguyễn Văn An") && desk.contains("Điện giải đồ"), "{}", desk.text);
    // Glucose and electrolytes share one tube, the blood count has its own; a second click takes nothing more.
    for _ in 0..2 {
        let taken = collect(&mut lab, visit).await;
        assert_eq!(taken.location(), format!("/app/lab/encounters/{visit}"), "{}", taken.text);
    }
    let tubes = specimens(&world, visit).await;
    let seen: Vec<_> = tubes.iter().map(|t| (t["code"].as_str().unwrap(), t["tube"].as_str().unwrap())).collect();
    assert_eq!(seen, [("2611240001", "serum"), ("2611240002", "edta")]);
    let label = lab.get(&format!("/app/lab/encounters/{visit}/labels")).await;
    for printed in ["lab-label", "2611240001", "Nguyễn Văn An", "Huyết thanh (nắp đỏ)", "GLU NA K CL", "KTV. Đặng Quốc Huy"] {
        assert!(label.contains(printed), "{printed}: {}", label.text);
    }
    // Before a tube is in the laboratory nothing is typed into it.
    let early = type_in(&world, &mut lab, visit, "K", "4,1").await;
    assert!(early.status == 422 && early.contains("chưa nhận"), "{}", early.text);
    for code in ["2611240001", "2611240002", "2611240001"] {
        assert_eq!(lab.post("/app/lab/received", &[("code", code)]).await.status, 303, "the second scan is harmless");
    }
    let unknown = lab.post("/app/lab/received", &[("code", "2611249999")]).await;
    assert!(unknown.status == 422 && unknown.contains("Không có mẫu mang mã") && unknown.contains("2611249999"), "{}", unknown.text);
    for (code, value) in [("GLU", "5,1"), ("NA", "140"), ("K", "5.0"), ("CL", "101")] {
        assert_eq!(type_in(&world, &mut lab, visit, code, value).await.status, 200, "{code}");
    }
    let bench = lab.get("/app/lab/bench/SINHHOA").await;
    assert!(bench.contains("5,0") && bench.contains("▲") && bench.contains("Cần xem"), "{}", bench.text);
    assert!(lab.get("/app/lab/bench/HUYETHOC").await.contains("Đang làm"));
    assert_eq!(technical(&world, "SINHHOA", visit).await.location(), "/app/lab/bench/SINHHOA?done=1");
    // The technician's own second look is refused; the head's is taken.
    assert_eq!(lab.get("/app/lab/validation").await.status, 403);
    let released = release(&world, visit).await;
    assert_eq!(released.location(), "/app/lab/validation?done=1", "{}", released.text);
    let again = release(&world, visit).await;
    assert!(again.status == 422 && again.contains("vừa được người khác trả"), "{}", again.text);
    let told = events(&world, "84101", "ReportReleased").await;
    assert_eq!(told.len(), 1);
    assert_eq!((told[0]["abnormal"].as_bool(), told[0]["critical"].as_bool(), told[0]["corrects"].is_null()), (Some(true), Some(false), true));
    // Two services are answered, the blood count is not.
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let mut standing = statuses(&mut doctor, visit).await;
    standing.sort();
    let expected = [("XN01", "collected"), ("XN02", "done"), ("XN13", "done")].map(|(c, s)| (c.to_owned(), s.to_owned()));
    assert_eq!(standing, expected);
    drained(&world).await;
    let report = told[0]["report"].as_str().unwrap().to_owned();
    let inbox = doctor.get("/app/results").await;
    assert!(inbox.contains("Nguyễn Văn An") && inbox.contains("Ngoài khoảng") && inbox.contains(&report), "{}", inbox.text);
    assert!(!world.sign_in_as("bacsi.lan.84101").await.get("/app/results").await.contains("Nguyễn Văn An"), "another doctor's inbox");
    let page = doctor.get(&format!("/app/lab/reports/{report}")).await;
    assert!(page.contains("Đã xem") && page.contains("3,4–4,5") && page.contains("KTV. Đặng Quốc Huy") && page.contains("BS. Phan Thanh Liêm"), "{}", page.text);
    let chart = doctor.get(&format!("/app/encounters/{visit}")).await;
    assert!(chart.contains("Xét nghiệm gần đây") && chart.contains("Kết quả xét nghiệm") && chart.contains("5,0 ▲"), "{}", chart.text);
    for _ in 0..2 {
        assert_eq!(doctor.post(&format!("/app/results/{report}/acknowledged"), &[]).await.status, 303);
    }
    assert!(doctor.get("/app/results").await.contains("Không còn kết quả nào chờ xem"));
    assert!(doctor.get("/app/results?seen=1").await.contains("Nguyễn Văn An"));
}

#[tokio::test]
async fn the_paper_carries_ranges_marks_names_and_barcode() {
    let world = lab_day().await;
    let patient = born(&world, "Trần Thị Bé", "female", "1990-05-05").await;
    let (visit, _) = ordered(&world, patient, &["XN08"]).await;
    to_bench(&world, visit, &[("CREA", "88,4")]).await;
    // The filtration rate follows by itself.
    let egfr = cell(&world, visit, "EGFR").await;
    assert_eq!((egfr["shown"].as_str(), egfr["calculated"].as_bool()), (Some("75"), Some(true)));
    assert_eq!(technical(&world, "SINHHOA", visit).await.status, 303);
    assert_eq!(release(&world, visit).await.status, 303);
    let report = events(&world, "84101", "ReportReleased").await[0]["report"].as_str().unwrap().to_owned();
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let paper = doctor.get(&format!("/app/lab/reports/{report}/paper")).await;
    for printed in
        ["lab-report", "2611240001", "Trần Thị Bé", "45–84", "▲", "88", "KTV. Đặng Quốc Huy", "BS. Phan Thanh Liêm", "BS. Lê Hoàng Phúc", "Phòng khám Đa khoa An Tâm"]
    {
        assert!(paper.contains(printed), "{printed}: {}", paper.text);
    }
}

#[tokio::test]
async fn an_unfit_sample_is_taken_again() {
    let world = lab_day().await;
    let patient = born(&world, "Nguyễn Văn An", "male", "1985-03-15").await;
    let (visit, _) = ordered(&world, patient, &["XN13"]).await;
    let mut lab = world.sign_in_as("xetnghiem.84101").await;
    collect(&mut lab, visit).await;
    let first = ids(&world, visit).await.remove(0);
    let path = format!("/app/lab/specimens/{first}/rejected");
    let bare = lab.post(&path, &[("reason", "x")]).await;
    assert!(bare.status == 422 && bare.contains("lý do từ chối"), "{}", bare.text);
    for _ in 0..2 {
        assert_eq!(lab.post(&path, &[("usual", "Mẫu vỡ hồng cầu")]).await.status, 303);
    }
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    assert_eq!(statuses(&mut doctor, visit).await, [("XN13".to_owned(), "placed".to_owned())], "it waits again");
    let mut nurse = world.sign_in_as("dieuduong.84101").await;
    let desk = nurse.get("/app/lab").await;
    assert!(desk.contains("Mẫu vỡ hồng cầu") && desk.contains("Lấy lại"), "the collector is told: {}", desk.text);
    let late = lab.post("/app/lab/received", &[("code", "2611240001")]).await;
    assert!(late.status == 422 && late.contains("đã bị từ chối"), "{}", late.text);
    collect(&mut lab, visit).await;
    let tubes = specimens(&world, visit).await;
    assert_eq!(tubes.len(), 2);
    assert_eq!((tubes[1]["code"].as_str(), tubes[1]["status"].as_str()), (Some("2611240002"), Some("collected")));
    lab.post("/app/lab/received", &[("code", "2611240002")]).await;
    assert_eq!(type_in(&world, &mut lab, visit, "K", "4,1").await.status, 200);
    assert!(!lab.get("/app/lab/bench/SINHHOA").await.contains("2611240001"), "the rejected tube is on no bench");
    assert!(doctor.get(&format!("/app/encounters/{visit}")).await.contains("Mẫu vỡ hồng cầu"));
}

#[tokio::test]
async fn a_critical_value_waits_for_its_call() {
    let world = lab_day().await;
    let patient = born(&world, "Cao Văn Bảy", "male", "1950-01-01").await;
    let (visit, _) = ordered(&world, patient, &["XN13"]).await;
    to_bench(&world, visit, &[("NA", "140"), ("K", "6,8"), ("CL", "100")]).await;
    assert_eq!(technical(&world, "SINHHOA", visit).await.status, 303);
    let refused = release(&world, visit).await;
    assert!(refused.status == 422 && refused.contains("chưa ghi nhận cuộc gọi") && refused.contains("Cao Văn Bảy"), "{}", refused.text);
    assert_eq!(events(&world, "84101", "ReportReleased").await.len(), 0);
    let mut lab = world.sign_in_as("xetnghiem.84101").await;
    let potassium = cell(&world, visit, "K").await["id"].as_str().unwrap().to_owned();
    let calls = format!("/app/lab/results/{potassium}/calls");
    let id = Uuid::now_v7().to_string();
    let unread = lab.post(&calls, &[("id", &id), ("told", "BS. Phúc")]).await;
    assert!(unread.status == 422 && unread.contains("đọc lại") && unread.contains("BS. Phúc"), "what was typed stays: {}", unread.text);
    for _ in 0..2 {
        let logged = lab.post(&calls, &[("id", &id), ("told", "BS. Lê Hoàng Phúc"), ("read_back", "1")]).await;
        assert_eq!(logged.status, 303, "{}", logged.text);
    }
    // A value typed anew is another value: the call was about the old one.
    assert_eq!(type_in(&world, &mut lab, visit, "K", "6,9").await.status, 200);
    assert_eq!(technical(&world, "SINHHOA", visit).await.status, 303);
    assert_eq!(release(&world, visit).await.status, 422);
    let id = Uuid::now_v7().to_string();
    lab.post(&calls, &[("id", &id), ("told", "BS. Lê Hoàng Phúc"), ("read_back", "1"), ("time", "07:58")]).await;
    let released = release(&world, visit).await;
    assert_eq!(released.status, 303, "{}", released.text);
    let told = events(&world, "84101", "ReportReleased").await;
    assert_eq!(told[0]["critical"].as_bool(), Some(true));
    let page = lab.get(&format!("/app/lab/specimens/{}", ids(&world, visit).await[0])).await;
    assert!(page.contains("BS. Lê Hoàng Phúc") && page.contains("07:58"), "{}", page.text);
}

#[tokio::test]
async fn a_correction_keeps_the_old_value_in_sight_and_tells_the_doctor() {
    let world = lab_day().await;
    let patient = born(&world, "Nguyễn Văn An", "male", "1985-03-15").await;
    let (visit, _) = ordered(&world, patient, &["XN02"]).await;
    to_bench(&world, visit, &[("GLU", "5,1")]).await;
    technical(&world, "SINHHOA", visit).await;
    assert_eq!(release(&world, visit).await.status, 303);
    drained(&world).await;
    let first = events(&world, "84101", "ReportReleased").await[0]["report"].as_str().unwrap().to_owned();
    let mut lab = world.sign_in_as("xetnghiem.84101").await;
    let glucose = cell(&world, visit, "GLU").await;
    let overwritten = type_over(&mut lab, &glucose, "7,1").await;
    assert!(overwritten.status == 422 && overwritten.contains("đã trả"), "{}", overwritten.text);
    let path = format!("/app/lab/results/{}/correction", glucose["id"].as_str().unwrap());
    for (value, reason, says) in [("7,1", "", "lý do sửa"), ("", "Nhập nhầm dòng", "Chưa có giá trị mới"), ("5,1", "Nhập nhầm dòng", "giống giá trị"), ("710", "Nhập nhầm dòng", "không thể có thật")] {
        let refused = lab.post(&path, &[("value", value), ("reason", reason)]).await;
        assert!(refused.status == 422 && refused.contains(says), "{value} {reason}: {}", refused.text);
    }
    assert_eq!(lab.post(&path, &[("value", "7,1"), ("reason", "Nhập nhầm dòng")]).await.status, 303);
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let before = doctor.get(&format!("/app/encounters/{visit}")).await;
    assert!(before.contains("5,1") && !before.contains("7,1"), "what is not released is not shown");
    world.clock.advance(chrono::TimeDelta::minutes(5));
    assert_eq!(release(&world, visit).await.status, 303);
    drained(&world).await;
    let told = events(&world, "84101", "ReportReleased").await;
    assert_eq!((told.len(), told[1]["corrects"].as_str()), (2, Some(first.as_str())));
    let second = told[1]["report"].as_str().unwrap();
    let page = doctor.get(&format!("/app/lab/reports/{second}")).await;
    assert!(page.contains("<s data-no-translate>5,1</s>") && page.contains("7,1") && page.contains("Nhập nhầm dòng"), "{}", page.text);
    let old = doctor.get(&format!("/app/lab/reports/{first}")).await;
    assert!(old.contains("đã được sửa") && old.contains("5,1"), "{}", old.text);
    let inbox = doctor.get("/app/results").await;
    assert!(inbox.contains("Đã sửa") && inbox.contains(second), "{}", inbox.text);
    let paper = doctor.get(&format!("/app/lab/reports/{second}/paper")).await;
    assert!(paper.contains("BẢN SỬA") && paper.contains("\"was\": \"5,1\""), "{}", paper.text);
    let mut tx = world.tx("84101").await;
    assert!(sqlx::query("UPDATE diagnostics_lab_value SET shown = '9'").execute(tx.conn()).await.is_err(), "released values never change");
}

#[tokio::test]
async fn two_people_at_one_cell_and_slips_of_the_finger() {
    let world = lab_day().await;
    let patient = born(&world, "Nguyễn Văn An", "male", "1985-03-15").await;
    let (visit, _) = ordered(&world, patient, &["XN13", "XN18"]).await;
    to_bench(&world, visit, &[]).await;
    let mut one = world.sign_in_as("xetnghiem.84101").await;
    let mut other = world.sign_in_as("xetnghiem2.84101").await;
    let seen = cell(&world, visit, "K").await;
    assert_eq!(type_over(&mut one, &seen, "4,1").await.status, 200);
    let same = type_over(&mut other, &seen, "4.1").await;
    assert_eq!(same.status, 200, "the same value is no quarrel: {}", same.text);
    let late = type_over(&mut other, &seen, "5,1").await;
    assert!(late.status == 409 && late.contains("KTV. Đặng Quốc Huy vừa nhập “4,1”"), "{}", late.text);
    assert_eq!(cell(&world, visit, "K").await["shown"], "4,1");
    for (code, typed, says) in [("K", "41", "không thể có thật"), ("NA", "14o", "không phải số"), ("HBSAG", "có", "không có trong danh sách")] {
        let refused = type_in(&world, &mut one, visit, code, typed).await;
        assert!(refused.status == 422 && refused.contains(says), "{typed}: {}", refused.text);
    }
    assert_eq!(cell(&world, visit, "K").await["shown"], "4,1", "the rest is not lost");
    let positive = type_in(&world, &mut one, visit, "HBSAG", "d").await;
    assert!(positive.status == 200 && positive.contains("Dương tính"), "{}", positive.text);
    assert_eq!(cell(&world, visit, "HBSAG").await["flag"], "A");
    assert_eq!(type_in(&world, &mut one, visit, "K", "").await.status, 200);
    assert_eq!(cell(&world, visit, "K").await["status"], "pending", "emptied again");
}

#[tokio::test]
async fn ranges_are_those_of_age_and_sex_and_jumps_are_told() {
    let world = lab_day().await;
    let baby = born(&world, "Nguyễn Minh Khuê", "female", "2026-11-15").await;
    let man = born(&world, "Nguyễn Văn An", "male", "1985-03-15").await;
    let (of_baby, _) = ordered(&world, baby, &["XN01", "XN08"]).await;
    let (of_man, _) = ordered(&world, man, &["XN01"]).await;
    to_bench(&world, of_baby, &[("HGB", "150")]).await;
    to_bench(&world, of_man, &[("HGB", "150")]).await;
    let (child, adult) = (cell(&world, of_baby, "HGB").await, cell(&world, of_man, "HGB").await);
    assert_eq!((child["low"].as_str(), child["high"].as_str()), (Some("145"), Some("225")), "nine days old");
    assert_eq!((adult["low"].as_str(), adult["high"].as_str()), (Some("135"), Some("175")));
    assert_eq!(type_in(&world, &mut world.sign_in_as("xetnghiem.84101").await, of_baby, "HGB", "140").await.status, 200);
    assert_eq!(cell(&world, of_baby, "HGB").await["flag"], "L");
    let mut tx = world.tx("84101").await;
    let rates: i64 = sqlx::query_scalar("SELECT count(*) FROM diagnostics_result WHERE code = 'EGFR'").fetch_one(tx.conn()).await.unwrap();
    assert_eq!(rates, 0, "no filtration rate of adults for a baby");
    drop(tx);
    for (code, value) in [
        ("WBC", "6"), ("NEUT%", "50"), ("NEUT#", "3"), ("LYMPH%", "30"), ("LYMPH#", "2"), ("MONO%", "5"), ("MONO#", "0,3"), ("EO%", "2"),
        ("EO#", "0,1"), ("BASO%", "1"), ("BASO#", "0,1"), ("RBC", "5"), ("HCT", "0,45"), ("MCV", "90"), ("MCH", "30"), ("MCHC", "330"),
        ("RDW", "13"), ("PLT", "250"), ("MPV", "9"),
    ] {
        assert_eq!(type_in(&world, &mut world.sign_in_as("xetnghiem.84101").await, of_man, code, value).await.status, 200, "{code}");
    }
    technical(&world, "HUYETHOC", of_man).await;
    assert_eq!(release(&world, of_man).await.status, 303);
    world.clock.advance(chrono::TimeDelta::days(2));
    let (next, _) = ordered(&world, man, &["XN01"]).await;
    to_bench(&world, next, &[("HGB", "110"), ("WBC", "6,5")]).await;
    assert_eq!(cell(&world, next, "HGB").await["delta"], true, "27 % down in two days");
    assert_eq!(cell(&world, next, "WBC").await["delta"], false);
    let mut lab = world.sign_in_as("xetnghiem.84101").await;
    let bench = lab.get("/app/lab/bench/HUYETHOC").await;
    assert!(bench.contains("delta") && bench.contains("150"), "the value before stands in the cell: {}", bench.text);
}

#[tokio::test]
async fn unpaid_samples_are_not_taken_where_payment_comes_first() {
    let world = lab_day().await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    assert_eq!(owner.post("/app/catalogue/facility/settings", &[("pay_first", "1")]).await.status, 303);
    let patient = born(&world, "Nguyễn Văn An", "male", "1985-03-15").await;
    let (visit, orders) = ordered(&world, patient, &["XN13"]).await;
    let mut lab = world.sign_in_as("xetnghiem.84101").await;
    assert!(!lab.get("/app/lab").await.contains("Nguyễn Văn An"));
    let early = collect(&mut lab, visit).await;
    assert!(early.status == 422 && early.contains("chưa thanh toán"), "{}", early.text);
    let mut tx = world.tx("84101").await;
    tx.emit(base::Event::OrdersPaid { encounter: visit, orders: vec![base::OrderId(orders[0])] });
    tx.commit().await.unwrap();
    drained(&world).await;
    assert!(lab.get("/app/lab").await.contains("Nguyễn Văn An"));
    assert_eq!(collect(&mut lab, visit).await.status, 303);
}

#[tokio::test]
async fn another_facility_and_another_trade_get_nothing() {
    let world = lab_day().await;
    let patient = born(&world, "Nguyễn Văn An", "male", "1985-03-15").await;
    let (visit, _) = ordered(&world, patient, &["XN13"]).await;
    to_bench(&world, visit, &[("K", "4,1")]).await;
    let specimen = ids(&world, visit).await.remove(0);
    let potassium = cell(&world, visit, "K").await;
    let mut stranger = world.sign_in_as("xetnghiem.84103").await;
    for path in [format!("/app/lab/specimens/{specimen}"), format!("/app/lab/specimens/{specimen}/label"), format!("/app/lab/encounters/{visit}")] {
        assert_eq!(stranger.get(&path).await.status, 404, "{path}");
    }
    assert_eq!(type_over(&mut stranger, &potassium, "9").await.status, 404);
    assert_eq!(collect(&mut stranger, visit).await.status, 404);
    for act in ["received", "rejected"] {
        assert_eq!(stranger.post(&format!("/app/lab/specimens/{specimen}/{act}"), &[("reason", "Mẫu đông")]).await.status, 404);
    }
    assert_eq!(stranger.post("/app/lab/received", &[("code", "2611240001")]).await.status, 422);
    let mut cashier = world.sign_in_as("thungan.84101").await;
    assert_eq!(cashier.get("/app/lab").await.status, 403);
    assert_eq!(type_over(&mut cashier, &potassium, "9").await.status, 403);
    // A package without a laboratory has none, whatever the role.
    let mut basic = world.sign_in_as("dieuduong.84102").await;
    let page = basic.get("/app/lab").await;
    assert!(page.status == 403 && page.contains("gói dịch vụ"), "{}", page.text);
    assert_eq!(cell(&world, visit, "K").await["shown"], "4,1");
}

#[tokio::test]
async fn a_cancelled_order_leaves_the_bench_and_a_merge_moves_results() {
    let world = lab_day().await;
    let gone = born(&world, "Nguyễn Văn An", "male", "1985-03-15").await;
    let kept = born(&world, "Nguyễn Văn An", "male", "1985-03-15").await;
    let (visit, orders) = ordered(&world, gone, &["XN02", "XN13"]).await;
    to_bench(&world, visit, &[("NA", "140"), ("K", "4,1"), ("CL", "100")]).await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let cancelled = doctor.post(&format!("/app/encounters/{visit}/orders/{}/cancelled", orders[0]), &[("reason", "Bệnh nhân vừa ăn xong")]).await;
    assert_eq!(cancelled.status, 303, "{}", cancelled.text);
    drained(&world).await;
    technical(&world, "SINHHOA", visit).await;
    assert_eq!(release(&world, visit).await.status, 303);
    let mut tx = world.tx("84101").await;
    tx.emit(base::Event::PatientsMerged { kept, gone });
    tx.commit().await.unwrap();
    drained(&world).await;
    let (next, _) = ordered(&world, kept, &["XN13"]).await;
    assert!(doctor.get(&format!("/app/encounters/{next}")).await.contains("Xét nghiệm gần đây"));
}

#[tokio::test]
async fn two_who_release_at_once_make_one_report() {
    let world = lab_day().await;
    let patient = born(&world, "Nguyễn Văn An", "male", "1985-03-15").await;
    let (visit, _) = ordered(&world, patient, &["XN02", "XN13"]).await;
    to_bench(&world, visit, &[("GLU", "5,1"), ("NA", "140"), ("K", "4,1"), ("CL", "100")]).await;
    technical(&world, "SINHHOA", visit).await;
    let sample = ids(&world, visit).await.remove(0);
    let (mut head, mut doctor) = (world.sign_in_as("xetnghiem2.84101").await, world.sign_in_as("bacsi.84101").await);
    let fields = [("specimen", sample.as_str())];
    let (one, other) = tokio::join!(head.post("/app/lab/validation", &fields), doctor.post("/app/lab/validation", &fields));
    let mut answers = [one.status, other.status];
    answers.sort_unstable();
    assert_eq!(answers, [303, 422]);
    assert_eq!(events(&world, "84101", "ReportReleased").await.len(), 1);
    // Two at the desk who take the same samples at once take one tube.
    let (next, _) = ordered(&world, patient, &["XN02"]).await;
    let (mut lab, mut nurse) = (world.sign_in_as("xetnghiem.84101").await, world.sign_in_as("dieuduong.84101").await);
    let (one, other) = tokio::join!(collect(&mut lab, next), collect(&mut nurse, next));
    assert_eq!((one.status, other.status), (303, 303));
    assert_eq!(specimens(&world, next).await.len(), 1);
}
