//! A finished visit is amended: a new version with a reason, the old one still opens.

use crate::clinic::{self, count, diagnose};
use base::EncounterId;
use testkit::{Client, World};
use uuid::Uuid;

async fn finished(world: &World) -> (Client, EncounterId) {
    let an = clinic::mr_an_waits(world).await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    diagnose(&mut doctor, an, "J02.9").await;
    let done =
        clinic::finish(&mut doctor, an, Uuid::now_v7(), &[("go.kind", "home"), ("section.exam", "Tai trái đỏ")]).await;
    assert_eq!(done.status, 303, "{}", done.text);
    (doctor, an)
}

#[tokio::test]
async fn the_new_version_stands_and_the_old_one_opens() {
    let world = clinic::world().await;
    let (mut doctor, an) = finished(&world).await;
    let path = format!("/app/encounters/{an}/amendment");
    for reason in ["", "sửa"] {
        assert_eq!(doctor.post(&path, &[("amend_reason", reason)]).await.status, 422, "{reason}");
    }
    assert_eq!(doctor.post(&path, &[("amend_reason", "Ghi nhầm bên tai")]).await.status, 303);
    assert_eq!(doctor.post(&path, &[("amend_reason", "Ghi nhầm bên tai")]).await.status, 303, "the second click");
    diagnose(&mut doctor, an, "H66.9").await;
    let live = "SELECT count(*) FROM encounter_diagnosis WHERE encounter_id = $1 AND ended_at IS NULL";
    assert_eq!(count(&world, live, an).await, 1, "until it is finished the amendment changes nothing that others read");
    let done = clinic::finish(&mut doctor, an, Uuid::now_v7(), &[("section.exam", "Tai phải đỏ")]).await;
    assert_eq!(done.status, 303, "{}", done.text);
    assert_eq!(count(&world, live, an).await, 2);

    let chart = doctor.get(&format!("/app/encounters/{an}")).await;
    assert!(chart.contains("Tai phải đỏ") && !chart.contains("Tai trái đỏ"));
    let old = doctor.get(&format!("/app/encounters/{an}/versions/1")).await;
    assert!(old.contains("Tai trái đỏ") && !old.contains("H66.9"));
    let new = doctor.get(&format!("/app/encounters/{an}/versions/2")).await;
    assert!(new.contains("Ghi nhầm bên tai") && new.contains("Tai phải đỏ"));
    assert!(new.contains("Tai trái đỏ"), "what stood before is shown beside it");
    assert_eq!(doctor.get(&format!("/app/encounters/{an}/versions/3")).await.status, 404);
    let told =
        "SELECT count(*) FROM db_event WHERE kind = 'EncounterAmended' AND payload->>'encounter' = $1::uuid::text";
    assert_eq!(count(&world, told, an).await, 1);
    let note = doctor.get(&format!("/api/v1/encounters/{an}/note")).await;
    assert_eq!(note.json()["version"], 2);
    assert_eq!(note.json()["amend_reason"], "Ghi nhầm bên tai");
}

#[tokio::test]
async fn an_amendment_that_is_given_up_leaves_the_version_alone() {
    let world = clinic::world().await;
    let (mut doctor, an) = finished(&world).await;
    doctor.post(&format!("/app/encounters/{an}/amendment"), &[("amend_reason", "Ghi nhầm bên tai")]).await;
    doctor.put(&format!("/app/encounters/{an}/note"), &[("section.exam", "Khác hẳn"), ("version", "1")]).await;
    assert_eq!(doctor.post(&format!("/app/encounters/{an}/amendment/discarded"), &[]).await.status, 303);
    let chart = doctor.get(&format!("/app/encounters/{an}")).await;
    assert!(chart.contains("Tai trái đỏ") && !chart.contains("Khác hẳn"));
}

#[tokio::test]
async fn a_version_cannot_be_changed_even_by_hand() {
    let world = clinic::world().await;
    let (_, an) = finished(&world).await;
    let mut tx = world.tx("84101").await;
    let changed = sqlx::query("UPDATE encounter_note SET author_name = 'x' WHERE encounter_id = $1")
        .bind(an.0)
        .execute(tx.conn())
        .await;
    assert!(changed.is_err());
}

#[tokio::test]
async fn who_may_not_finish_may_not_amend() {
    let world = clinic::world().await;
    let (_, an) = finished(&world).await;
    let mut nurse = world.sign_in_as("dieuduong.84101").await;
    let path = format!("/app/encounters/{an}/amendment");
    assert_eq!(nurse.post(&path, &[("amend_reason", "Ghi nhầm bên tai")]).await.status, 403);
}
