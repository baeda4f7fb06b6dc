//! Coming in by the hospital's own accounts, and going out of everything.

use crate::provider::{CLIENT, Lie, Provider, SECRET};
use chrono::TimeDelta;
use serde_json::{Value, json};

use testkit::{Client, Page, World};

/// A world whose hospital has a provider.
async fn connected(claim: &str) -> (World, Provider) {
    let world = World::with(vec![identity::module()]).await;
    let provider = Provider::start(world.clock.clone()).await;
    let mut admin = world.sign_in_as("quantri.84001").await;
    let form = settings(&provider, claim);
    let saved = admin.post("/app/staff/sso", &form.iter().map(|(k, v)| (*k, v.as_str())).collect::<Vec<_>>()).await;
    assert_eq!((saved.status, saved.location()), (303, "/app/staff/sso"), "{}", saved.text);
    (world, provider)
}

fn settings(provider: &Provider, claim: &str) -> Vec<(&'static str, String)> {
    vec![
        ("issuer", provider.issuer.clone()),
        ("client_id", CLIENT.into()),
        ("client_secret", SECRET.into()),
        ("claim", claim.into()),
        ("label", "Tài khoản Bệnh viện tỉnh".into()),
        ("active", "on".into()),
    ]
}

fn doctor() -> Value {
    json!({ "sub": "u-1", "preferred_username": "bacsi", "sid": "s-1", "email": "bacsi@bv.vn", "email_verified": true })
}

/// From our door to the provider and back.
async fn come_in(browser: &mut Client, provider: &Provider, code: &str, claims: Value) -> Page {
    let away = browser.get("/sign-in/sso/84001?next=/app/room").await;
    assert_eq!(away.status, 303, "{}", away.text);
    let back = provider.sign_in(away.location(), code, claims);
    browser.get(&back).await
}

#[tokio::test]
async fn a_doctor_comes_in_by_the_hospital_s_account_and_goes_out_of_both() {
    let (world, provider) = connected("preferred_username").await;
    let mut browser = world.stranger();
    let door = browser.get("/sign-in").await;
    assert!(door.contains("Tài khoản Bệnh viện tỉnh") && door.contains("/sign-in/sso/84001"), "{}", door.text);
    let inside = come_in(&mut browser, &provider, "c1", doctor()).await;
    assert_eq!((inside.status, inside.location()), (303, "/app/room"), "{}", inside.text);
    assert_eq!(browser.get("/account").await.status, 200);
    // Out: first here, then at the provider, by a page that goes on by itself.
    let out = browser.post("/sign-out", &[]).await;
    assert!(out.location().starts_with("/sign-in/sso/bye/"), "{}", out.location());
    let bye = browser.get(out.location()).await;
    assert!(bye.contains("Đã đăng xuất ở đây") && bye.contains(&format!("{}/end?id_token_hint=", provider.issuer)), "{}", bye.text);
    assert_eq!(browser.get(out.location()).await.location(), "/sign-in", "a farewell is said once");
    assert_eq!(browser.get("/account").await.status, 303, "signed out");
    // Who came by our own door goes out by it.
    let mut own = world.sign_in_as("bacsi.84001").await;
    assert_eq!(own.post("/sign-out", &[]).await.location(), "/sign-in");
}

#[tokio::test]
async fn the_provider_s_word_of_sign_out_ends_our_session() {
    let (world, provider) = connected("preferred_username").await;
    let mut browser = world.stranger();
    come_in(&mut browser, &provider, "c1", doctor()).await;
    assert_eq!(browser.get("/account").await.status, 200);
    let mut server = world.stranger();
    server.remove_header("sec-fetch-site");
    let bad: Vec<(&str, String)> = vec![
        ("nothing", String::new()),
        ("another audience", provider.logout_token(|c| c["aud"] = json!("khac"))),
        ("another issuer", provider.logout_token(|c| c["iss"] = json!("http://127.0.0.1:1"))),
        ("an old word", provider.logout_token(|c| c["iat"] = json!(0))),
        ("no event", provider.logout_token(|c| c["events"] = json!({}))),
        ("an ID token in disguise", provider.logout_token(|c| c["nonce"] = json!("x"))),
        ("about nobody", provider.logout_token(|c| (c["sub"], c["sid"]) = (json!(null), json!(null)))),
        ("unsigned", { let t = provider.logout_token(|_| ()); format!("{}.", t.rsplit_once('.').expect("three parts").0) }),
    ];
    for (name, token) in bad {
        let page = server.post("/sign-in/sso/84001/logout", &[("logout_token", &token)]).await;
        assert_eq!(page.status, 400, "{name}: {}", page.text);
    }
    assert_eq!(server.post("/sign-in/sso/84001/logout", &[("logout_token", &provider.logout_token(|c| c["sid"] = json!("s-2")))]).await.status, 200);
    assert_eq!(browser.get("/account").await.status, 200, "another session of theirs");
    let token = provider.logout_token(|_| ());
    for _ in 0..2 {
        assert_eq!(server.post("/sign-in/sso/84001/logout", &[("logout_token", &token)]).await.status, 200);
    }
    assert_eq!(browser.get("/account").await.status, 303, "gone there, gone here");
    // By person: every session.
    come_in(&mut browser, &provider, "c2", doctor()).await;
    assert_eq!(server.post("/sign-in/sso/84001/logout", &[("logout_token", &provider.logout_token(|c| c["sid"] = json!(null)))]).await.status, 200);
    assert_eq!(browser.get("/account").await.status, 303);
}

#[tokio::test]
async fn a_lie_opens_nothing() {
    let (world, provider) = connected("preferred_username").await;
    for (number, lie) in [Lie::Nonce, Lie::Expired, Lie::Audience, Lie::Issuer, Lie::Key].into_iter().enumerate() {
        provider.lie(lie);
        let mut browser = world.stranger();
        let page = come_in(&mut browser, &provider, &format!("c{number}"), doctor()).await;
        assert_eq!(page.status, 422, "{lie:?}");
        assert!(page.contains("không hợp lệ hoặc đã hết hạn"), "{lie:?}: {}", page.text);
        assert_eq!(browser.cookie("yba_session"), None, "{lie:?}");
    }
    provider.lie(Lie::None);
    let mut browser = world.stranger();
    assert_eq!(come_in(&mut browser, &provider, "c9", doctor()).await.status, 303);
}

#[tokio::test]
async fn an_attempt_is_good_once_on_its_own_browser_for_ten_minutes() {
    let (world, provider) = connected("preferred_username").await;
    let mut browser = world.stranger();
    let away = browser.get("/sign-in/sso/84001").await;
    let back = provider.sign_in(away.location(), "c1", doctor());
    // Somebody else's browser is sent our answer: it must not be signed in as us.
    let mut victim = world.stranger();
    assert_eq!(victim.get(&back).await.status, 422);
    assert_eq!(browser.get(&back).await.status, 303);
    let again = browser.get(&back).await;
    assert!(again.status == 422 && again.contains("Lượt đăng nhập này đã dùng"), "{}", again.text);
    // An invented state, a state of nobody, a refusal by the provider.
    assert_eq!(browser.get("/sign-in/sso/return?code=c1&state=invented").await.status, 422);
    assert_eq!(browser.get("/sign-in/sso/return").await.status, 422);
    let away = browser.get("/sign-in/sso/84001").await;
    let refused = provider.sign_in(away.location(), "c2", doctor()).replace("code=c2", "error=access_denied");
    assert!(browser.get(&refused).await.contains("không nhận lượt đăng nhập này"));
    // Too late.
    let away = browser.get("/sign-in/sso/84001").await;
    let late = provider.sign_in(away.location(), "c3", doctor());
    world.clock.advance(TimeDelta::minutes(11));
    assert_eq!(browser.get(&late).await.status, 422);
    // A code that the provider has not given.
    let away = browser.get("/sign-in/sso/84001").await;
    let forged = provider.sign_in(away.location(), "c4", doctor()).replace("code=c4", "code=c5");
    assert_eq!(browser.get(&forged).await.status, 422);
}

#[tokio::test]
async fn only_an_open_account_of_this_house_comes_in() {
    let (world, provider) = connected("preferred_username").await;
    let come = async |code: &str, sub: &str, name: &str| {
        let mut browser = world.stranger();
        come_in(&mut browser, &provider, code, json!({ "sub": sub, "preferred_username": name })).await
    };
    assert!(come("1", "u-9", "khong.co").await.contains("chưa có tài khoản tương ứng"));
    assert_eq!(come("2", "u-9", "bacsi.84101").await.status, 422, "another house's login");
    assert_eq!(come("3", "u-1", "bacsi").await.status, 303);
    // The name goes to somebody else over there: the account stays with who had it.
    assert_eq!(come("4", "u-2", "bacsi").await.status, 422);
    // And who had it keeps it under a new name.
    assert_eq!(come("5", "u-1", "bacsi.moi").await.status, 303);
    let mut owner = world.database.owner().await;
    sqlx::query("UPDATE practitioner_account SET disabled_at = now() WHERE login = 'bacsi.84001'").execute(&mut owner).await.expect("disabled");
    assert_eq!(come("6", "u-1", "bacsi").await.status, 422, "a closed account stays closed");
}

#[tokio::test]
async fn a_mail_address_counts_only_when_it_was_verified() {
    let (world, provider) = connected("email").await;
    let mut browser = world.stranger();
    provider.lie(Lie::UnverifiedMail);
    assert_eq!(come_in(&mut browser, &provider, "c1", doctor()).await.status, 422);
    provider.lie(Lie::None);
    assert_eq!(come_in(&mut browser, &provider, "c2", doctor()).await.status, 303);
}

#[tokio::test]
async fn a_provider_that_tells_names_only_when_asked_is_asked() {
    let (world, provider) = connected("preferred_username").await;
    let mut browser = world.stranger();
    provider.lie(Lie::NamesOfAnother);
    assert_eq!(come_in(&mut browser, &provider, "c1", doctor()).await.status, 422);
    provider.lie(Lie::NamesWhenAsked);
    assert_eq!(come_in(&mut browser, &provider, "c2", doctor()).await.status, 303);
}

#[tokio::test]
async fn the_settings_are_the_administrator_s() {
    let (world, provider) = connected("preferred_username").await;
    assert_eq!(world.sign_in_as("bacsi.84001").await.get("/app/staff/sso").await.status, 403);
    let mut admin = world.sign_in_as("quantri.84001").await;
    let page = admin.get("/app/staff/sso").await;
    assert!(page.contains(&provider.issuer) && !page.contains(SECRET), "the secret is never shown");
    let save = async |admin: &mut Client, change: (&'static str, &str)| {
        let mut form = settings(&provider, "preferred_username");
        form.iter_mut().find(|(name, _)| *name == change.0).expect("a field").1 = change.1.to_owned();
        admin.post("/app/staff/sso", &form.iter().map(|(k, v)| (*k, v.as_str())).collect::<Vec<_>>()).await
    };
    let wrong = save(&mut admin, ("issuer", "http://127.0.0.1:1")).await;
    assert!(wrong.status == 422 && wrong.contains("không trả lời đúng tên"), "{}", wrong.text);
    assert_eq!(save(&mut admin, ("client_secret", "")).await.status, 303, "an empty secret keeps the old one");
    let mut browser = world.stranger();
    assert_eq!(come_in(&mut browser, &provider, "c1", doctor()).await.status, 303);
    // Switched off, the door is gone from the page and from the street.
    assert_eq!(save(&mut admin, ("active", "")).await.status, 303);
    let mut browser = world.stranger();
    assert!(!browser.get("/sign-in").await.contains("Tài khoản Bệnh viện tỉnh"));
    assert_eq!(browser.get("/sign-in/sso/84001").await.status, 404);
    assert_eq!(browser.get("/sign-in/sso/84101").await.status, 404, "a house without a provider");
    assert_eq!(browser.get("/sign-in/sso/99999").await.status, 404);
}
