//! What a facility did not buy answers 403 FEATURE_NOT_IN_PACKAGE on every route, whatever the rights; an upgrade opens
//! at once, an expiry closes every writing route but the duties of the law and what belongs to being a customer, and
//! going down hides without deleting. The list of routes is the running house's own.

use crate::isolation::give_every_role;
use base::{Actor, FacilityId};
use http::Method;
use organization::package::{self, FEATURES, Kind, duties, features_of};
use testkit::{Client, Page, World, facility};
use web::module::{Access, RouteMeta};

const NOWHERE: &str = "0192d3a0-0000-7000-8000-000000000000";

fn somewhere(meta: &RouteMeta) -> String {
    meta.path.split('/').map(|s| if s.starts_with('{') { NOWHERE } else { s }).collect::<Vec<_>>().join("/")
}

async fn knock(person: &mut Client, meta: &RouteMeta) -> Page {
    person.send(meta.method.clone(), &somewhere(meta), None, Vec::new()).await
}

/// Whether the guard, and not the handler, gave this answer for want of the feature.
fn is_closed_by_package(meta: &RouteMeta, page: &Page) -> bool {
    let told = if meta.path.starts_with("/api/") { page.json()["code"] == "FEATURE_NOT_IN_PACKAGE" } else { page.contains("chưa có trong gói dịch vụ") };
    page.status == 403 && told
}

fn is_closed_by_expiry(meta: &RouteMeta, page: &Page) -> bool {
    let told = if meta.path.starts_with("/api/") { page.json()["code"] == "SUBSCRIPTION_READ_ONLY" } else { page.contains("Chỉ còn xem được") };
    page.status == 403 && told
}

/// Whether a person with every role for people, but not a machine, may use a route.
fn is_for_people(meta: &RouteMeta) -> bool {
    let roles: Vec<&str> = practitioner::role::ROLES.iter().map(|r| r.key).filter(|r| *r != "machine").collect();
    match meta.access {
        Access::Right(right) => practitioner::role::rights_of(&roles).contains(right),
        _ => true,
    }
}

async fn buy(world: &World, code: &str, package: &str, kind: Kind, from: &str, to: Option<&str>) {
    let facility = facility(code);
    let actor = Actor::system(FacilityId(facility.0));
    let mut tx = world.db.begin(db::Scope::Facility(facility), actor, world.clock.now()).await.expect("a transaction");
    package::append(&mut tx, package, kind, from.parse().unwrap(), to.map(|d| d.parse().unwrap()), "").await.expect("it is bought");
    tx.commit().await.expect("kept");
}

async fn everybody(world: &World, login: &str) -> Client {
    let mut owner = world.database.owner().await;
    give_every_role(&mut owner, login).await;
    world.sign_in_as(login).await
}

#[tokio::test]
async fn every_route_of_a_feature_is_closed_to_every_package_without_it() {
    let world = World::with(server::modules::modules()).await;
    let mut person = everybody(&world, "bacsi.84102").await;
    let mut asked = 0;
    for package in package::PACKAGES {
        buy(&world, "84102", package, Kind::Contract, "2026-01-01", None).await;
        for meta in world.app.routes.iter().filter(|m| is_for_people(m)) {
            let Some(feature) = meta.feature else { continue };
            assert!(FEATURES.iter().any(|f| f.feature == feature), "no package sells {feature}, which {} asks for", meta.path);
            let page = knock(&mut person, meta).await;
            let sold = features_of(package).contains(feature);
            assert_eq!(is_closed_by_package(meta, &page), !sold, "{package}: {} {} → {}", meta.method, meta.path, page.status);
            asked += 1;
        }
    }
    assert!(asked > 200, "only {asked} doors were tried");
    // A clinic that left has the duties of the law only.
    buy(&world, "84102", "PREMIUM2", Kind::Closed, "2026-01-01", None).await;
    for meta in world.app.routes.iter().filter(|m| is_for_people(m) && m.feature.is_some_and(|f| !duties().contains(f))) {
        let page = knock(&mut person, meta).await;
        assert!(is_closed_by_package(meta, &page), "closed: {} {} → {}", meta.method, meta.path, page.status);
    }
}

#[tokio::test]
async fn machines_are_closed_out_by_the_same_rule() {
    let world = World::with(server::modules::modules()).await;
    let mut machine = world.machine().await;
    buy(&world, "84101", "BASIC", Kind::Contract, "2026-01-01", None).await;
    let rights = practitioner::role::rights_of(&["machine"]);
    for meta in world.app.routes.iter().filter(|m| m.path.starts_with("/api/")) {
        let (Some(feature), Access::Right(right)) = (meta.feature, meta.access) else { continue };
        if !rights.contains(right) {
            continue;
        }
        let page = knock(&mut machine, meta).await;
        assert_eq!(is_closed_by_package(meta, &page), !features_of("BASIC").contains(feature), "{} {} → {}", meta.method, meta.path, page.status);
    }
    buy(&world, "84101", "PREMIUM2", Kind::Contract, "2026-01-01", Some("2026-11-10")).await;
    for meta in world.app.routes.iter().filter(|m| m.path.starts_with("/api/") && m.method != Method::GET) {
        let Access::Right(right) = meta.access else { continue };
        if rights.contains(right) {
            let page = knock(&mut machine, meta).await;
            assert!(is_closed_by_expiry(meta, &page), "{} {} → {} {}", meta.method, meta.path, page.status, page.text);
        }
    }
}

#[tokio::test]
async fn expiry_closes_writing_everywhere_and_renewal_opens_it_again() {
    let world = World::with(server::modules::modules()).await;
    buy(&world, "84102", "PREMIUM2", Kind::Paid, "2026-01-01", Some("2026-11-23")).await;
    let mut person = everybody(&world, "bacsi.84102").await;
    let writing = |meta: &&RouteMeta| meta.method != Method::GET && meta.access != Access::Public && meta.path != "/sign-out" && is_for_people(meta);
    // A day after the end everything still works.
    for meta in world.app.routes.iter().filter(writing) {
        let page = knock(&mut person, meta).await;
        assert!(!is_closed_by_expiry(meta, &page), "in grace: {} {}", meta.method, meta.path);
    }
    buy(&world, "84102", "PREMIUM2", Kind::Paid, "2026-01-01", Some("2026-11-10")).await;
    let mut person = world.sign_in_as("bacsi.84102").await;
    let (mut closed, mut open) = (0, 0);
    for meta in world.app.routes.iter().filter(writing) {
        let page = knock(&mut person, meta).await;
        let stays = meta.stays_open || meta.feature.is_some_and(|f| duties().contains(f));
        assert_eq!(is_closed_by_expiry(meta, &page), !stays, "{} {} → {}", meta.method, meta.path, page.status);
        if stays { open += 1 } else { closed += 1 }
    }
    assert!(closed > 60 && open >= 8, "{closed} closed, {open} open");
    for path in ["/account", "/app/subscription"] {
        let page = world.sign_in_as("quantri.84102").await.get(path).await;
        assert!(page.status == 200 && page.contains("chỉ xem và tải dữ liệu về được"), "{path}: {}", page.status);
    }
    buy(&world, "84102", "PREMIUM2", Kind::Paid, "2026-11-24", Some("2026-12-23")).await;
    let mut person = world.sign_in_as("bacsi.84102").await;
    for meta in world.app.routes.iter().filter(writing) {
        let page = knock(&mut person, meta).await;
        assert!(!is_closed_by_expiry(meta, &page), "renewed: {} {}", meta.method, meta.path);
    }
}

#[tokio::test]
async fn menus_show_what_was_bought_and_follow_every_change_with_the_next_click() {
    let world = World::with(server::modules::modules()).await;
    let mut person = everybody(&world, "quantri.84102").await;
    let rights = practitioner::role::rights_of(&practitioner::role::ROLES.iter().map(|r| r.key).filter(|r| *r != "machine").collect::<Vec<_>>());
    for package in ["BASIC", "STANDARD", "PREMIUM2", "STANDARD", "BASIC"] {
        buy(&world, "84102", package, Kind::Contract, "2026-01-01", None).await;
        let page = person.get("/app/staff").await;
        for entry in world.app.rail.iter().filter(|e| rights.contains(e.right)) {
            let sold = entry.feature.is_none_or(|f| features_of(package).contains(f));
            let shown = page.contains(&format!("href=\"{}\"", entry.href));
            assert_eq!(shown, sold, "{package}: {}", entry.label);
        }
    }
}

#[tokio::test]
async fn going_down_hides_and_going_up_shows_the_same_again() {
    let world = World::with(server::modules::modules()).await;
    let mut owner = world.database.owner().await;
    let mut person = everybody(&world, "bacsi.84103").await;
    let hidden: Vec<&RouteMeta> = world
        .app
        .routes
        .iter()
        .filter(|m| m.method == Method::GET && !m.path.contains('{') && m.feature.is_some_and(|f| features_of("STANDARD").contains(f) && !features_of("BASIC").contains(f)))
        .collect();
    let rows = "SELECT (SELECT count(*) FROM organization_service WHERE facility_id = 3) + (SELECT count(*) FROM organization_drug WHERE facility_id = 3)";
    let before: i64 = sqlx::query_scalar(rows).fetch_one(&mut owner).await.unwrap();
    for (package, opens) in [("STANDARD", true), ("BASIC", false), ("STANDARD", true)] {
        buy(&world, "84103", package, Kind::Contract, "2026-01-01", None).await;
        for meta in &hidden {
            let page = knock(&mut person, meta).await;
            assert_eq!(!is_closed_by_package(meta, &page), opens, "{package}: {} → {}", meta.path, page.status);
        }
        let now: i64 = sqlx::query_scalar(rows).fetch_one(&mut owner).await.unwrap();
        assert_eq!(now, before, "nothing is deleted with {package}");
    }
}
