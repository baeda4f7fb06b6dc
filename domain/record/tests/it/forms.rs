//! An administrator makes the ministry's forms the house's own, and every document keeps the form it was begun with.

use base::RoomId;
use chrono::{NaiveDate, TimeDelta};
use record::form::definition::Happening;
use record::form::patch::Patch;
use record::form::setting::{self, Class};
use record::form::store::{self, Publication, Scope};
use testkit::{World, demo_id};

const FORM: &str = "/app/forms/01-BV1";

async fn world() -> World {
    World::with_catalogues(vec![patient::module(), encounter::module(), record::module()]).await
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn ward(facility: &str, code: &str) -> RoomId {
    RoomId(demo_id(facility, "room", code))
}

/// Adds a field of the house's own after the reason for admission and gives its id.
async fn add_field(admin: &mut testkit::Client, scope: &str, label: &str, revision: &str) -> testkit::Page {
    let fields = [
        ("scope", scope),
        ("revision", revision),
        ("label", label),
        ("kind", "choice"),
        ("place", "ly_do:ly_do_vao_vien"),
        ("options", "Thấp\nTrung bình\nCao"),
    ];
    admin.post(&format!("{FORM}/fields"), &fields).await
}

async fn publish(admin: &mut testkit::Client, scope: &str, revision: &str, from: &str) -> testkit::Page {
    let fields = [("scope", scope), ("revision", revision), ("note", "Đánh giá té ngã từ lúc vào viện"), ("valid_from", from)];
    admin.post(&format!("{FORM}/publication"), &fields).await
}

#[tokio::test]
async fn two_houses_show_different_forms_from_one_binary() {
    let world = world().await;
    let mut admin = world.sign_in_as("quantri.84101").await;
    let list = admin.get("/app/forms?q=noi+khoa+benh").await;
    assert!(list.contains("01/BV1") && !list.contains("10/BV1"), "words without accents find the form");
    assert!(admin.get("/app/forms?q=01+bv1").await.contains("Bệnh án nội khoa"));

    let added = add_field(&mut admin, "house", "Nguy cơ té ngã", "0").await;
    assert_eq!(added.status, 303, "{}", added.text);
    assert!(added.location().contains("field=rieng_nguy_co_te_nga"));
    let (address, at) = added.location().split_once('#').expect("the field in the preview");
    assert_eq!(at, "at-rieng_nguy_co_te_nga");
    let editor = admin.get(address).await;
    assert!(editor.contains("Thêm “Nguy cơ té ngã” (chọn một) vào phần “I. Lý do vào viện”."), "the difference in words");
    let paper = admin.get(&format!("{FORM}/print?scope=house")).await;
    assert_eq!(paper.status, 200);
    assert!(String::from_utf8_lossy(&paper.bytes).contains("Nguy cơ té ngã"), "the print shows the draft");

    assert_eq!(publish(&mut admin, "house", "1", "").await.status, 303);
    // The second click finds no draft and publishes nothing more.
    assert_eq!(publish(&mut admin, "house", "1", "").await.status, 303);

    let today = day("2026-11-24");
    let mut tx = world.tx("84101").await;
    let ours = store::in_force(&mut tx, "01/BV1", None, today).await.expect("a form").expect("in force");
    assert_eq!(ours.version, 1001);
    assert!(ours.field("rieng_nguy_co_te_nga").is_some_and(|f| f.own));
    assert_eq!(store::history(&mut tx, "01/BV1").await.expect("the history").len(), 1);
    let mut tx = world.tx("84001").await;
    let theirs = store::in_force(&mut tx, "01/BV1", None, today).await.expect("a form").expect("in force");
    assert_eq!(theirs.version, 1);
    assert!(theirs.field("rieng_nguy_co_te_nga").is_none());
    assert!(store::of_version(&mut tx, "01/BV1", 1001).await.expect("a look").is_none(), "another house's version is not there");
    let mut stranger = world.sign_in_as("quantri.84001").await;
    assert!(!stranger.get(FORM).await.contains("Nguy cơ té ngã"));
}

#[tokio::test]
async fn a_version_begins_at_midnight_and_an_old_document_keeps_its_own() {
    let world = world().await;
    let mut admin = world.sign_in_as("quantri.84101").await;
    add_field(&mut admin, "house", "Nguy cơ té ngã", "0").await;
    assert_eq!(publish(&mut admin, "house", "1", "25/11/2026").await.status, 303);

    let version_at = async |world: &World| {
        let mut tx = world.tx("84101").await;
        let today = base::local_date(world.clock.now());
        store::in_force(&mut tx, "01/BV1", None, today).await.expect("a form").expect("in force").version
    };
    assert_eq!(version_at(&world).await, 1);
    // 08:00 → 23:59 is still the day before; two minutes later it is not.
    world.clock.advance(TimeDelta::minutes(15 * 60 + 59));
    assert_eq!(version_at(&world).await, 1);
    world.clock.advance(TimeDelta::minutes(2));
    assert_eq!(version_at(&world).await, 1001);

    let mut admin = world.sign_in_as("quantri.84101").await;
    let change = [("scope", "house"), ("revision", "0"), ("label", "Nguy cơ té ngã theo Morse"), ("options", "Có\nKhông"), ("place", "ly_do:ly_do_vao_vien")];
    assert_eq!(admin.post(&format!("{FORM}/fields/rieng_nguy_co_te_nga"), &change).await.status, 303);
    assert_eq!(publish(&mut admin, "house", "1", "").await.status, 303);
    assert_eq!(version_at(&world).await, 1002);
    // Two patients' papers of different days open as they were begun.
    let mut tx = world.tx("84101").await;
    let label = |form: Option<std::sync::Arc<record::form::definition::Form>>| form.and_then(|f| f.field("rieng_nguy_co_te_nga").map(|f| f.label.clone()));
    assert_eq!(label(store::of_version(&mut tx, "01/BV1", 1001).await.expect("a look")).as_deref(), Some("Nguy cơ té ngã"));
    assert_eq!(label(store::of_version(&mut tx, "01/BV1", 1002).await.expect("a look")).as_deref(), Some("Nguy cơ té ngã theo Morse"));
    assert_eq!(label(store::of_version(&mut tx, "01/BV1", 1).await.expect("a look")), None);
    drop(tx);

    // Back to the older one: published again under a new number, and only once.
    for _ in 0..2 {
        assert_eq!(admin.post(&format!("{FORM}/versions/1001/restoration"), &[]).await.status, 303);
    }
    assert_eq!(version_at(&world).await, 1003);
    let page = admin.get(&format!("{FORM}/history")).await;
    assert!(page.contains("Khôi phục bản 1001") && page.contains("“Nguy cơ té ngã theo Morse” ghi thành “Nguy cơ té ngã”."));
    assert_eq!(admin.post(&format!("{FORM}/inheritance"), &[("scope", "house")]).await.status, 303);
    assert_eq!(version_at(&world).await, 1, "the ministry's form again");
}

#[tokio::test]
async fn a_ward_has_its_own_and_the_others_the_house_s() {
    let world = world().await;
    let mut admin = world.sign_in_as("quantri.84001").await;
    let (medical, surgical) = (ward("84001", "KNOI"), ward("84001", "KNGOAI"));
    add_field(&mut admin, "house", "Nguy cơ té ngã", "0").await;
    publish(&mut admin, "house", "1", "").await;
    let scope = medical.to_string();
    assert_eq!(add_field(&mut admin, &scope, "Ngày lọc máu gần nhất", "0").await.status, 303);
    assert_eq!(publish(&mut admin, &scope, "1", "").await.status, 303);

    let today = day("2026-11-24");
    let mut tx = world.tx("84001").await;
    let mut own = async |room: Option<RoomId>| {
        let form = store::in_force(&mut tx, "01/BV1", room, today).await.expect("a form").expect("in force");
        form.fields().filter(|f| f.own).map(|f| f.label.clone()).collect::<Vec<_>>()
    };
    assert_eq!(own(None).await, ["Nguy cơ té ngã"]);
    assert_eq!(own(Some(surgical)).await, ["Nguy cơ té ngã"]);
    let both = own(Some(medical)).await;
    assert!(both.contains(&"Ngày lọc máu gần nhất".to_owned()) && both.len() == 2, "the ward builds on the house: {both:?}");
}

#[tokio::test]
async fn a_province_serves_the_houses_that_follow_it() {
    let world = world().await;
    let today = day("2026-11-24");
    let patch: Patch = serde_json::from_value(serde_json::json!({ "fields": { "ly_do_vao_vien": { "hint": "Ghi theo lời người bệnh" } } })).expect("a patch");
    let mut tx = world.tx("84901").await;
    let what = Publication {
        form: "01/BV1",
        scope: &Scope::Province("86".into()),
        changes: &patch,
        note: "Mẫu chung của tỉnh",
        valid_from: today,
        restores: None,
        inherits: false,
        by: "Sở Y tế",
    };
    assert_eq!(store::publish(&mut tx, &what, today).await.expect("published").expect("accepted"), 501);
    tx.commit().await.expect("kept");

    let mut admin = world.sign_in_as("quantri.84001").await;
    assert_eq!(admin.post("/app/forms/settings/form.province", &[("value", "86")]).await.status, 303);
    for (facility, version) in [("84001", 501), ("84101", 1)] {
        let mut tx = world.tx(facility).await;
        let form = store::in_force(&mut tx, "01/BV1", None, today).await.expect("a form").expect("in force");
        assert_eq!(form.version, version, "{facility}");
    }
    let mut tx = world.tx("84001").await;
    assert!(store::of_version(&mut tx, "01/BV1", 501).await.expect("a look").is_some());
    // What the house adds stands on the province's form.
    add_field(&mut admin, "house", "Nguy cơ té ngã", "0").await;
    publish(&mut admin, "house", "1", "").await;
    let form = store::in_force(&mut tx, "01/BV1", None, today).await.expect("a form").expect("in force");
    assert_eq!(form.field("ly_do_vao_vien").and_then(|f| f.hint.clone()).as_deref(), Some("Ghi theo lời người bệnh"));
    assert!(form.field("rieng_nguy_co_te_nga").is_some());
}

#[tokio::test]
async fn what_the_ministry_prints_stays_and_two_editors_do_not_overwrite_each_other() {
    let world = world().await;
    let mut admin = world.sign_in_as("khth.84001").await;
    let short = [("scope", "house"), ("revision", "0"), ("label", "Lý do"), ("required", "1")];
    let refused = admin.post(&format!("{FORM}/fields/ly_do_vao_vien"), &short).await;
    assert_eq!(refused.status, 422);
    assert!(refused.contains("giữ nguyên ở đầu") && refused.contains("value=\"Lý do\""), "what was typed stays");
    let removal = admin.post(&format!("{FORM}/fields/ly_do_vao_vien/removal"), &[("scope", "house"), ("revision", "0")]).await;
    assert_eq!(removal.status, 422);
    let hide = [("scope", "house"), ("revision", "0"), ("label", "1. Họ và tên (In hoa)"), ("required", "1"), ("hidden", "1")];
    assert_eq!(admin.post(&format!("{FORM}/fields/ho_ten"), &hide).await.status, 422);

    let mut colleague = world.sign_in_as("quantri.84001").await;
    assert_eq!(add_field(&mut admin, "house", "Nguy cơ té ngã", "0").await.status, 303);
    let late = add_field(&mut colleague, "house", "Nguy cơ loét", "0").await;
    assert_eq!(late.status, 422);
    assert!(late.contains("Người khác vừa sửa") && late.contains("Nguy cơ té ngã"));
    assert_eq!(add_field(&mut colleague, "house", "Nguy cơ loét", "1").await.status, 303, "after a look it goes in");
    let stale = publish(&mut admin, "house", "1", "").await;
    assert_eq!(stale.status, 422, "nobody publishes what they have not seen");
    let empty = admin.post(&format!("{FORM}/publication"), &[("scope", "house"), ("revision", "2"), ("note", ""), ("valid_from", "01/01/2020")]).await;
    assert_eq!(empty.status, 422);
    assert!(empty.contains("Ghi lý do sửa") && empty.contains("Chỉ áp dụng từ hôm nay"));
    assert_eq!(publish(&mut admin, "house", "2", "").await.status, 303);

    let mut owner = world.database.owner().await;
    let touched = sqlx::query("UPDATE record_form_version SET note = 'khác'").execute(&mut owner).await;
    assert!(touched.is_err(), "a published version does not change");
}

#[tokio::test]
async fn signers_happenings_and_terms_are_the_house_s() {
    let world = world().await;
    let mut admin = world.sign_in_as("quantri.84001").await;
    let rules = [
        ("scope", "house"),
        ("revision", "0"),
        ("order.dieu_duong", "1"),
        ("order.truong_khoa", "2"),
        ("required_for", "ra_vien"),
        ("required_for", "cham_soc_cap_2"),
        ("hours", "12"),
    ];
    let wrong = admin.post("/app/forms/38-BV2/rules", &rules).await;
    assert_eq!(wrong.status, 422, "the sheet has no place for the head of the ward");
    let rules: Vec<(&str, &str)> = rules.into_iter().filter(|(name, _)| *name != "order.truong_khoa").collect();
    assert_eq!(admin.post("/app/forms/38-BV2/rules", &rules).await.status, 303);
    let publication = [("scope", "house"), ("revision", "1"), ("note", "Theo quy trình điều dưỡng")];
    assert_eq!(admin.post("/app/forms/38-BV2/publication", &publication).await.status, 303);
    let mut tx = world.tx("84001").await;
    let wanted = store::required_for(&mut tx, None, Happening::RaVien, day("2026-11-24")).await.expect("forms");
    let sheet = wanted.iter().find(|f| f.form == "38/BV2").expect("the care sheet is asked for at discharge");
    assert_eq!((sheet.closing.within_hours, sheet.sign_flow.as_slice()), (Some(12), ["dieu_duong".to_owned()].as_slice()));
    let mut tx = world.tx("84101").await;
    let wanted = store::required_for(&mut tx, None, Happening::RaVien, day("2026-11-24")).await.expect("forms");
    assert!(wanted.iter().all(|f| f.form != "38/BV2"));
}

#[tokio::test]
async fn the_wrong_person_and_the_wrong_house_find_nothing() {
    let world = world().await;
    let mut doctor = world.sign_in_as("bacsi.84001").await;
    assert_eq!(doctor.get("/app/forms").await.status, 403);
    assert_eq!(doctor.post(&format!("{FORM}/publication"), &[("note", "x")]).await.status, 403);
    let mut admin = world.sign_in_as("quantri.84101").await;
    assert_eq!(admin.get("/app/forms/99-BV9").await.status, 404);
    let foreign = ward("84001", "KNOI");
    assert_eq!(admin.get(&format!("{FORM}?scope={foreign}")).await.status, 404);
    assert_eq!(add_field(&mut admin, &foreign.to_string(), "Nguy cơ", "0").await.status, 404);
    assert_eq!(admin.get(&format!("{FORM}?scope=province")).await.status, 404, "a province is not a house's to change");
    assert_eq!(admin.post(&format!("{FORM}/versions/1001/restoration"), &[]).await.status, 404);
    // A form that the ministry ended is shown and left alone.
    let ended = admin.get("/app/forms/52-BV2").await;
    assert!(ended.status == 200 && ended.contains("Mẫu đã hết hiệu lực"));
}

#[tokio::test]
async fn decisions_hold_from_their_day_and_never_shorten_the_law() {
    let world = world().await;
    let mut admin = world.sign_in_as("quantri.84001").await;
    let post = async |admin: &mut testkit::Client, key: &str, value: &str, from: &str| {
        admin.post(&format!("/app/forms/settings/{key}"), &[("value", value), ("valid_from", from), ("note", "QĐ 12/QĐ-BV")]).await
    };
    assert_eq!(post(&mut admin, "loan.days", "14", "01/12/2026").await.status, 303);
    assert_eq!(post(&mut admin, "loan.days", "14", "01/12/2026").await.status, 303, "a second click decides nothing new");
    assert_eq!(post(&mut admin, "loan.days", "14", "23/11/2026").await.status, 422, "yesterday is past");
    assert_eq!(post(&mut admin, "retention.death_years", "20", "").await.status, 422, "shorter than the law");
    assert_eq!(post(&mut admin, "retention.ordinary_years", "15", "").await.status, 303);
    assert_eq!(post(&mut admin, "archive.number", "{nam}", "").await.status, 422);
    assert_eq!(post(&mut admin, "archive.number", "LT-{khoa}-{nam2}-{so:4}", "").await.status, 303);
    assert_eq!(post(&mut admin, "no.such", "1", "").await.status, 404);

    let mut tx = world.tx("84001").await;
    assert_eq!(setting::loan_days(&mut tx, day("2026-11-30")).await.expect("days"), 7);
    assert_eq!(setting::loan_days(&mut tx, day("2026-12-01")).await.expect("days"), 14);
    assert_eq!(setting::history(&mut tx).await.expect("decisions").iter().filter(|d| d.key == "loan.days").count(), 1);
    let pattern = setting::archive_number_pattern(&mut tx, day("2026-11-24")).await.expect("a pattern");
    let places = setting::number::Places { number: 7, year: 2026, ward: "KNOI", ..Default::default() };
    assert_eq!(pattern.write(&places), "LT-KNOI-26-0007");

    let ended = day("2026-11-24");
    for (class, years, until) in [
        (Class::Ordinary, 15, "2041-11-24"),
        (Class::Mental, 20, "2046-11-24"),
        (Class::Death, 30, "2056-11-24"),
    ] {
        let kept = setting::retention(&mut tx, class, ended).await.expect("a term");
        assert_eq!((kept.years, kept.until), (years, day(until)), "{class:?}");
    }
    let before = setting::retention(&mut tx, Class::Ordinary, day("2026-11-20")).await.expect("a term");
    assert_eq!((before.years, before.source.contains("33/2025")), (10, true), "a stay that ended before the decision");
}
