//! What a facility did not buy answers 403 FEATURE_NOT_IN_PACKAGE on every route, whatever the rights.

use crate::isolation::give_every_role;
use practitioner::package::features_of;
use testkit::World;

#[tokio::test]
async fn features_outside_the_package_are_closed_on_every_route() {
    let world = World::with(server::modules::modules()).await;
    let features: std::collections::BTreeSet<&str> = world.app.routes.iter().filter_map(|m| m.feature).collect();
    assert!(features.len() >= 4, "{features:?}");
    for feature in &features {
        assert!(features_of("PREMIUM2").contains(*feature), "no package sells {feature}, which a route asks for");
    }
    // A facility with no package at all has the legal duties only: every bought feature must be closed.
    let mut owner = world.database.owner().await;
    give_every_role(&mut owner, "bacsi.84102").await;
    sqlx::query("ALTER TABLE organization_facility DROP CONSTRAINT organization_facility_package_check").execute(&mut owner).await.unwrap();
    sqlx::query("UPDATE organization_facility SET package = 'NONE' WHERE code = '84102'").execute(&mut owner).await.unwrap();
    let mut person = world.sign_in_as("bacsi.84102").await;
    let nowhere = "0192d3a0-0000-7000-8000-000000000000";
    for meta in world.app.routes.iter().filter(|m| m.feature.is_some()) {
        let path: String = meta.path.split('/').map(|s| if s.starts_with('{') { nowhere } else { s }).collect::<Vec<_>>().join("/");
        let page = person.send(meta.method.clone(), &path, None, Vec::new()).await;
        assert_eq!(page.status, 403, "{} {path}", meta.method);
        if meta.path.starts_with("/api/") {
            assert_eq!(page.json()["code"], "FEATURE_NOT_IN_PACKAGE");
        }
    }
}

#[tokio::test]
async fn menus_hide_what_was_not_bought() {
    let world = World::with(server::modules::modules()).await;
    let mut basic = world.sign_in_as("quantri.84102").await;
    let page = basic.get("/app/staff").await;
    for entry in world.app.rail.iter().filter(|e| e.feature.is_some_and(|f| !features_of("BASIC").contains(f))) {
        assert!(!page.contains(&format!("href=\"{}\"", entry.href)), "{} is shown", entry.label);
    }
}
