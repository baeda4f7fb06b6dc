//! The audit chain finds what a dishonest hand did to it.

use db::audit::{AuditFault, verify, verify_anchors};
use sqlx::{AssertSqlSafe, Connection};
use testkit::{World, facility};

async fn some_history() -> World {
    let world = World::with(vec![]).await;
    for login in ["bacsi.84101", "thungan.84101", "tiepnhan.84101", "tiepnhan.84102"] {
        let mut person = world.sign_in_as(login).await;
        person.post("/sign-out", &[]).await;
    }
    world.drain().await;
    world
}

async fn faults_after(damage: &str) -> Vec<AuditFault> {
    let world = some_history().await;
    let mut owner = world.database.owner().await;
    let ids = [facility("84101").0, facility("84102").0];
    let clean = verify(&mut owner, &ids).await.expect("verification runs");
    assert_eq!((clean.faults.len(), clean.rows, clean.waiting), (0, 8, 0));
    let script = format!("BEGIN; SET LOCAL session_replication_role = replica; {damage}; COMMIT");
    sqlx::raw_sql(AssertSqlSafe(script)).execute(&mut owner).await.expect("the damage is done");
    let report = verify(&mut owner, &ids).await.expect("verification runs");
    owner.close().await.expect("closed");
    report.faults
}

#[tokio::test]
async fn a_changed_row_is_found() {
    let faults = faults_after("UPDATE db_audit SET actor_name = 'Người khác' WHERE (facility_id, audit_id) = (SELECT facility_id, audit_id FROM db_audit_link WHERE facility_id = 1 AND seq = 2)").await;
    assert!(matches!(faults[..], [AuditFault::Changed { facility: 1, seq: 2, .. }]), "{faults:?}");
}

#[tokio::test]
async fn a_deleted_row_is_found() {
    let faults = faults_after("DELETE FROM db_audit WHERE (facility_id, audit_id) = (SELECT facility_id, audit_id FROM db_audit_link WHERE facility_id = 1 AND seq = 3)").await;
    assert!(matches!(faults[..], [AuditFault::Deleted { facility: 1, seq: 3, .. }]), "{faults:?}");
}

#[tokio::test]
async fn an_inserted_row_is_found() {
    let faults = faults_after("INSERT INTO db_audit SELECT facility_id, gen_random_uuid(), at, account_id, actor_name, via, action, entity, entity_id, patient_id, detail FROM db_audit WHERE facility_id = 1 LIMIT 1").await;
    assert!(matches!(faults[..], [AuditFault::Inserted { facility: 1, .. }]), "{faults:?}");
}

#[tokio::test]
async fn reordered_rows_are_found() {
    let faults = faults_after(
        "CREATE TEMP TABLE two AS SELECT seq, audit_id FROM db_audit_link WHERE facility_id = 1 AND seq IN (1, 2);
         DELETE FROM db_audit_link WHERE facility_id = 1 AND seq IN (1, 2);
         INSERT INTO db_audit_link SELECT 1, 3 - t.seq, t.audit_id, '\\x00' FROM two t",
    )
    .await;
    assert!(faults.iter().any(|f| matches!(f, AuditFault::Changed { seq: 1, .. })), "{faults:?}");
}

#[tokio::test]
async fn a_chain_cut_short_is_found_by_its_anchor() {
    let world = some_history().await;
    let mut owner = world.database.owner().await;
    let mut report = verify(&mut owner, &[1]).await.expect("verification runs");
    let heads = report.heads.clone();
    let cut = "BEGIN; SET LOCAL session_replication_role = replica;
        DELETE FROM db_audit WHERE facility_id = 1 AND audit_id IN (SELECT audit_id FROM db_audit_link WHERE facility_id = 1 AND seq > 4);
        DELETE FROM db_audit_link WHERE facility_id = 1 AND seq > 4; COMMIT";
    sqlx::raw_sql(cut).execute(&mut owner).await.expect("cut");
    report = verify(&mut owner, &[1]).await.expect("verification runs");
    assert!(report.faults.is_empty(), "the shorter chain is sound in itself");
    verify_anchors(&mut owner, &heads, &mut report).await.expect("verification runs");
    assert!(matches!(report.faults[..], [AuditFault::AnchorMissed { facility: 1, .. }]), "{:?}", report.faults);
}

#[tokio::test]
async fn the_application_cannot_change_its_own_history() {
    let world = some_history().await;
    let mut tx = world.tx("84101").await;
    let refused = sqlx::query("UPDATE db_audit SET detail = 'x'").execute(tx.conn()).await;
    assert!(refused.is_err());
    let mut owner = world.database.owner().await;
    let refused = sqlx::query("DELETE FROM db_audit").execute(&mut owner).await;
    assert!(refused.is_err(), "the trigger binds the owner too");
}
