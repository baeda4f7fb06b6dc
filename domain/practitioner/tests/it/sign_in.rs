//! Coming in, staying in, being thrown out.

use chrono::TimeDelta;
use testkit::World;

#[tokio::test]
async fn a_person_signs_in_and_out() {
    let world = World::with(vec![]).await;
    let mut browser = world.stranger();
    let door = browser.get("/app/staff").await;
    assert_eq!((door.status, door.location()), (303, "/sign-in?next=/app/staff"));
    let inside = browser
        .post("/sign-in", &[("login", " QUANTRI.84101 "), ("password", "demo"), ("code", "000000"), ("next", "/app/staff")])
        .await;
    assert_eq!((inside.status, inside.location()), (303, "/app/staff"));
    let staff = browser.get("/app/staff").await;
    assert!(staff.contains("Lê Hoàng Phúc"), "{}", staff.text);
    assert!(!staff.contains("Trần Mai Hương"), "another clinic's doctor");
    let old = browser.cookie("yba_session").expect("a session").to_owned();
    assert_eq!(browser.post("/sign-out", &[]).await.status, 303);
    browser.set_cookie("yba_session", &old);
    assert_eq!(browser.get("/app/staff").await.status, 303, "a signed-out cookie opens nothing");
}

#[tokio::test]
async fn wrong_password_and_missing_code_are_told_apart_only_to_the_owner() {
    let world = World::with(vec![]).await;
    let mut browser = world.stranger();
    for (login, password) in [("bacsi.84101", "sai"), ("khongco.84101", "demo")] {
        let page = browser.post("/sign-in", &[("login", login), ("password", password), ("code", "000000")]).await;
        assert_eq!(page.status, 422);
        assert!(page.contains("Tên đăng nhập hoặc mật khẩu không đúng."));
        assert_eq!(page.input("login").as_deref(), Some(login), "what was typed stays");
    }
    let page = browser.post("/sign-in", &[("login", "bacsi.84101"), ("password", "demo"), ("code", "")]).await;
    assert!(page.contains("Nhập mã 6 số"));
    let page = browser.post("/sign-in", &[("login", "bacsi.84101"), ("password", "demo"), ("code", "123456")]).await;
    assert!(page.contains("Mã không đúng"));
}

#[tokio::test]
async fn a_guesser_is_slowed_and_the_owner_is_not_locked_out() {
    let world = World::with(vec![]).await;
    let owner = world.sign_in_as("tiepnhan.84101").await;
    let mut guesser = world.stranger();
    let mut last = String::new();
    for _ in 0..7 {
        last = guesser.post("/sign-in", &[("login", "tiepnhan.84101"), ("password", "đoán mò")]).await.text;
    }
    assert!(last.contains("Sai quá nhiều lần"), "the guesser must wait");
    let page = guesser.post("/sign-in", &[("login", "tiepnhan.84101"), ("password", "demo")]).await;
    assert_eq!(page.status, 422, "even the right password waits on the guesser's machine");
    // The owner's own browser carries the device cookie and is not concerned.
    let mut again = world.stranger();
    again.set_cookie("yba_device", owner.cookie("yba_device").expect("a device cookie"));
    let page = again.post("/sign-in", &[("login", "tiepnhan.84101"), ("password", "demo")]).await;
    assert_eq!(page.status, 303);
    // And the guesser's machine is free again after a while: nobody is locked out for ever.
    world.clock.advance(TimeDelta::minutes(16));
    let page = guesser.post("/sign-in", &[("login", "tiepnhan.84101"), ("password", "demo")]).await;
    assert_eq!(page.status, 303);
}

#[tokio::test]
async fn sessions_end_when_idle_and_in_any_case_after_twelve_hours() {
    let world = World::with(vec![]).await;
    let mut idle = world.sign_in_as("thungan.84101").await;
    world.clock.advance(TimeDelta::minutes(121));
    assert_eq!(idle.get("/account").await.status, 303);
    let mut busy = world.sign_in_as("thungan.84101").await;
    for _ in 0..7 {
        assert_eq!(busy.get("/account").await.status, 200);
        // The note of the last use is written beside the request.
        tokio::time::sleep(std::time::Duration::from_millis(80)).await;
        world.clock.advance(TimeDelta::minutes(100));
    }
    world.clock.advance(TimeDelta::minutes(30));
    assert_eq!(busy.get("/account").await.status, 303, "twelve hours are the end");
}

#[tokio::test]
async fn a_stolen_device_is_thrown_out_from_another() {
    let world = World::with(vec![]).await;
    let mut stolen = world.sign_in_as("bacsi.84101").await;
    let mut mine = world.sign_in_as("bacsi.84101").await;
    assert!(mine.get("/account/devices").await.contains("Thiết bị này"));
    assert_eq!(mine.post("/account/devices/end-others", &[]).await.status, 303);
    assert_eq!(stolen.get("/account").await.status, 303);
    assert_eq!(mine.get("/account").await.status, 200);
}

#[tokio::test]
async fn forged_and_foreign_requests_do_nothing() {
    let world = World::with(vec![]).await;
    let mut browser = world.sign_in_as("bacsi.84101").await;
    browser.set_header("sec-fetch-site", "cross-site");
    assert_eq!(browser.post("/account/devices/end-others", &[]).await.status, 403);
    browser.remove_header("sec-fetch-site");
    let mut program = world.stranger();
    program.set_cookie("yba_session", browser.cookie("yba_session").expect("a session"));
    program.set_header("sec-fetch-site", "same-origin");
    assert_eq!(program.get("/account").await.status, 200);
    let mut forged = world.stranger();
    forged.set_cookie("yba_session", &"0".repeat(64));
    assert_eq!(forged.get("/account").await.status, 303);
    let mut control = world.stranger();
    let page = control.send(http::Method::POST, "/sign-in", Some("application/x-www-form-urlencoded"), b"login=a%00b&password=x".to_vec()).await;
    assert_eq!(page.status, 400);
    let page = control.post("/sign-in", &[("login", &"x".repeat(2_000_000)), ("password", "y")]).await;
    assert_eq!(page.status, 413);
}

#[tokio::test]
async fn a_machine_gets_a_token_and_a_person_does_not() {
    let world = World::with(vec![]).await;
    let mut machine = world.machine().await;
    assert_ne!(machine.get("/app").await.status, 401);
    let mut program = world.stranger();
    let form = [("grant_type", "client_credentials"), ("client_id", "demo-his"), ("client_secret", "wrong")];
    let page = program.post("/oauth/token", &form).await;
    assert_eq!((page.status, page.json()["error"].as_str()), (401, Some("invalid_client")));
    let form = [("grant_type", "client_credentials"), ("client_id", "bacsi.84101"), ("client_secret", "demo")];
    assert_eq!(program.post("/oauth/token", &form).await.status, 401);
}
