//! The way in: the right way, the guesser, the double click, the taken code, two at once, and money that goes wrong.

use crate::clinic::{arrive, choose, count, last_code, money, newest_invoice, on_trial, open, proved, tell};
use chrono::TimeDelta;
use subscription::arrival::Taken;
use web::Failure;

#[tokio::test]
async fn a_clinic_is_live_and_furnished_within_a_minute() {
    let world = open().await;
    let front = world.stranger().get("/").await;
    for shown in ["350.000 đ", "650.000 đ", "Liên hệ", "Ký bệnh án điện tử", "/sign-up?package=BASIC"] {
        assert!(front.contains(shown), "{shown}");
    }
    let began = std::time::Instant::now();
    let mut owner = on_trial(&world, "0912 345 678", "84555", "BASIC").await;
    assert!(began.elapsed().as_secs() < 60);
    let steps = owner.get("/app/first-steps").await;
    assert!(steps.contains("Những bước đầu") && steps.contains("1/6"), "{}", steps.text);
    let services = owner.get("/app/catalogue/services").await;
    assert!(services.contains("Khám Nội") && services.contains("45.000"), "{}", services.text);
    assert!(owner.get("/app/catalogue/drugs").await.contains("Paracetamol 500 mg"));
    assert!(owner.get("/app/catalogue/rooms").await.contains("Phòng khám 1"));
    let card = owner.get("/app/catalogue/facility").await;
    assert!(card.contains("12 Trần Phú, Xã Long Hồ, Tỉnh Vĩnh Long") && card.contains("Trần Thị Bình"), "{}", card.text);
    let page = owner.get("/app/subscription").await;
    assert!(page.contains("Đang dùng thử") && page.contains("07/12/2026"), "{}", page.text);
    // Each step ticks by itself when the data are there.
    let id = owner.get("/app/staff/new").await.input("id").expect("an id");
    let fields = [("id", id.as_str()), ("name", "Lê Văn Sáu"), ("login", "tiepnhan.84555"), ("password", "cơn gió mùa đông về"), ("roles", "receptionist")];
    assert_eq!(owner.post("/app/staff", &fields).await.status, 303);
    assert!(owner.get("/app/first-steps").await.contains("2/6"));
    // The door without a password opened once; from now on it is the sign-in.
    let mut tx = subscription::platform::begin(&world.db, world.clock.now()).await.unwrap();
    let name: String = sqlx::query_scalar("SELECT licence_name FROM subscription_sign_up WHERE login = 'quantri.84555'").fetch_one(tx.conn()).await.unwrap();
    assert_eq!(name, "giay-phep.pdf");
}

#[tokio::test]
async fn the_open_door_closes_behind_the_first_who_enters() {
    let world = open().await;
    let mut owner = proved(&world, "0912345678").await;
    tell(&mut owner, "84555").await;
    choose(&mut owner, "BASIC", "trial").await;
    let mut other_tab = owner.clone();
    assert_eq!(owner.get("/sign-up/done").await.location(), "/app/first-steps");
    assert!(other_tab.get("/sign-up/done").await.location().starts_with("/sign-in?login=quantri.84555"));
}

#[tokio::test]
async fn codes_cannot_be_guessed_and_are_not_sent_without_end() {
    let world = open().await;
    let mut person = world.stranger();
    assert_eq!(person.post("/sign-up", &[("contact", "nonsense")]).await.status, 422);
    assert_eq!(person.post("/sign-up", &[("contact", "0912345678")]).await.status, 303);
    let right = last_code(&world).await;
    let wrong = format!("{:06}", (right.parse::<u32>().unwrap() + 1) % 1_000_000);
    for left in [4, 3, 2, 1] {
        assert!(person.post("/sign-up/code", &[("code", &wrong)]).await.contains(&format!("còn {left} lần thử")));
    }
    assert!(person.post("/sign-up/code", &[("code", &wrong)]).await.contains("gõ sai quá 5 lần"));
    assert!(person.post("/sign-up/code", &[("code", &right)]).await.contains("gõ sai quá 5 lần"), "a spent code stays spent");
    // A new one needs a minute; five an hour are enough for anybody.
    assert!(person.post("/sign-up/code/again", &[]).await.contains("Chờ 60 giây"));
    for _ in 0..4 {
        world.clock.advance(TimeDelta::seconds(61));
        assert_eq!(person.post("/sign-up/code/again", &[]).await.status, 303);
    }
    world.clock.advance(TimeDelta::seconds(61));
    assert!(person.post("/sign-up/code/again", &[]).await.contains("sau một giờ"));
    // The limit belongs to the contact, not to the browser.
    assert_eq!(world.stranger().post("/sign-up", &[("contact", "0912345678")]).await.status, 422);
    // The last code still opens, but not after ten minutes.
    let last = last_code(&world).await;
    world.clock.advance(TimeDelta::minutes(11));
    assert_eq!(person.post("/sign-up/code", &[("code", &last)]).await.status, 422);
    // Nothing of a code can be read in the table.
    assert_eq!(count(&world, "SELECT count(*) FROM subscription_code WHERE length(code_hash) <> 32").await, 0);
}

#[tokio::test]
async fn nobody_learns_here_who_is_a_customer() {
    let world = open().await;
    on_trial(&world, "0912345678", "84555", "BASIC").await;
    world.clock.advance(TimeDelta::minutes(5));
    let known = world.stranger().post("/sign-up", &[("contact", "0912345678")]).await;
    let unknown = world.stranger().post("/sign-up", &[("contact", "0987654321")]).await;
    assert_eq!((known.status, known.location(), known.text.as_str()), (unknown.status, unknown.location(), unknown.text.as_str()));
}

#[tokio::test]
async fn steps_cannot_be_skipped_and_foreign_forms_are_refused() {
    let world = open().await;
    let mut person = world.stranger();
    for path in ["/sign-up/code", "/sign-up/clinic", "/sign-up/owner", "/sign-up/pay", "/sign-up/done"] {
        assert_eq!(person.get(path).await.location(), "/sign-up", "{path}");
    }
    assert_eq!(person.get("/sign-up/places?q=long").await.status, 404);
    person.post("/sign-up", &[("contact", "0912345678")]).await;
    assert_eq!(person.get("/sign-up/owner").await.location(), "/sign-up/code");
    assert_eq!(choose(&mut person, "BASIC", "trial").await.location(), "/sign-up/code");
    assert_eq!(tell(&mut person, "84555").await.location(), "/sign-up");
    person.set_header("sec-fetch-site", "cross-site");
    assert_eq!(person.post("/sign-up", &[("contact", "0912345678")]).await.status, 403);
    assert_eq!(count(&world, "SELECT count(*) FROM organization_facility WHERE code = '84555'").await, 0);
}

#[tokio::test]
async fn a_taken_code_and_an_odd_licence_are_told_with_everything_still_typed() {
    let world = open().await;
    let mut person = proved(&world, "0912345678").await;
    let page = tell(&mut person, "84101").await;
    assert_eq!(page.status, 422);
    assert!(page.contains("đã có phòng khám trên Yba") && page.contains("12 Trần Phú"));
    let odd = person.upload("/sign-up/clinic", &[("name", "X")], ("licence", "a.exe", b"MZ")).await;
    assert!(odd.status == 422 && odd.contains("không phải PDF, JPG hoặc PNG") && odd.contains("đúng 5 ký tự"));
    assert_eq!(tell(&mut person, "84555").await.location(), "/sign-up/owner");
    assert_eq!(person.get("/sign-up/places?q=long%20ho").await.status, 200);
}

#[tokio::test]
async fn two_who_want_the_same_clinic_at_once_get_one() {
    let world = open().await;
    let mut owner = proved(&world, "0912345678").await;
    let mut partner = proved(&world, "0987654321").await;
    assert_eq!(tell(&mut owner, "84555").await.status, 303);
    assert_eq!(tell(&mut partner, "84555").await.status, 303);
    let (one, two) = tokio::join!(choose(&mut owner, "BASIC", "trial"), choose(&mut partner, "STANDARD", "trial"));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 422], "{}", if one.status == 422 { one.text } else { two.text });
    for (sql, how_many) in [
        ("SELECT count(*) FROM organization_facility WHERE code = '84555'", 1),
        ("SELECT count(*) FROM practitioner_account WHERE login = 'quantri.84555'", 1),
        ("SELECT count(*) FROM subscription_branch", 1),
        ("SELECT count(*) FROM organization_package_period p JOIN organization_facility f USING (facility_id) WHERE f.code = '84555'", 1),
        ("SELECT count(*) FROM organization_facility WHERE facility_id > 7", 0),
    ] {
        assert_eq!(count(&world, sql).await, how_many, "{sql}");
    }
}

#[tokio::test]
async fn a_double_click_makes_one_clinic() {
    let world = open().await;
    let mut owner = proved(&world, "0912345678").await;
    tell(&mut owner, "84555").await;
    let mut again = owner.clone();
    let (one, two) = tokio::join!(choose(&mut owner, "BASIC", "trial"), choose(&mut again, "BASIC", "trial"));
    assert_eq!((one.location(), two.location()), ("/sign-up/done", "/sign-up/done"));
    assert_eq!(count(&world, "SELECT count(*) FROM organization_facility WHERE code = '84555'").await, 1);
}

#[tokio::test]
async fn money_opens_the_clinic_once_however_often_the_bank_tells() {
    let world = open().await;
    let mut owner = proved(&world, "0912345678").await;
    tell(&mut owner, "84555").await;
    assert_eq!(choose(&mut owner, "STANDARD", "pay").await.location(), "/sign-up/pay");
    let page = owner.get("/sign-up/pay").await;
    let (words, amount) = newest_invoice(&world).await;
    assert!(page.contains(&words) && page.contains("650.000 đ") && amount == 650_000, "{}", page.text);
    assert_eq!(owner.get("/sign-up/pay/state").await.status, 204);
    // Asking again for the same package shows the same code.
    choose(&mut owner, "STANDARD", "pay").await;
    assert_eq!(newest_invoice(&world).await.0, words);
    assert_eq!(arrive(&world, &money(&world, "GL0", &words, 649_000)).await.unwrap(), Taken::Unmatched("wrong_amount"));
    assert_eq!(arrive(&world, &money(&world, "GL1", "chuyen tien", 650_000)).await.unwrap(), Taken::Unmatched("unknown_reference"));
    assert_eq!(count(&world, "SELECT count(*) FROM organization_facility WHERE code = '84555'").await, 0);
    let notice = money(&world, "GL2", &words, 650_000);
    let (first, second) = tokio::join!(arrive(&world, &notice), arrive(&world, &notice));
    let told = [first.unwrap(), second.unwrap()];
    assert!(told.contains(&Taken::Paid) && told.contains(&Taken::Again), "{told:?}");
    assert_eq!(arrive(&world, &notice).await.unwrap(), Taken::Again);
    assert!(matches!(arrive(&world, &money(&world, "GL2", &words, 1)).await, Err(Failure::Conflict(_))));
    assert_eq!(arrive(&world, &money(&world, "GL3", &words, 650_000)).await.unwrap(), Taken::Unmatched("already_paid"));
    assert_eq!(count(&world, "SELECT count(*) FROM organization_facility WHERE code = '84555'").await, 1);
    assert_eq!(owner.get("/sign-up/pay/state").await.headers["hx-redirect"], "/sign-up/done");
    assert_eq!(owner.get("/sign-up/done").await.location(), "/app/first-steps");
    let page = owner.get("/app/subscription").await;
    assert!(page.contains("STANDARD") && page.contains("23/12/2026") && page.contains("Đã trả tiền"), "{}", page.text);
}

#[tokio::test]
async fn money_for_a_code_that_was_taken_meanwhile_is_kept_and_opens_under_another() {
    let world = open().await;
    let mut slow = proved(&world, "0912345678").await;
    tell(&mut slow, "84555").await;
    choose(&mut slow, "BASIC", "pay").await;
    let (words, amount) = newest_invoice(&world).await;
    on_trial(&world, "0987654321", "84555", "BASIC").await;
    assert_eq!(arrive(&world, &money(&world, "GL1", &words, amount)).await.unwrap(), Taken::Waiting);
    assert_eq!(slow.get("/sign-up/pay").await.location(), "/sign-up/clinic");
    assert!(slow.get("/sign-up/clinic").await.contains("đã có phòng khám trên Yba"));
    assert_eq!(tell(&mut slow, "84556").await.location(), "/sign-up/done");
    assert_eq!(count(&world, "SELECT count(*) FROM organization_facility WHERE code = '84556'").await, 1);
    assert_eq!(count(&world, "SELECT count(*) FROM subscription_payment WHERE outcome = 'paid'").await, 1);
}
