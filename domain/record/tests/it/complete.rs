//! After discharge: the list of what is missing, handing in, sending back, accepting.

use crate::ward::{HOSPITAL, admit, chosen, complete, count, discharge, finished, gaps, hospital, sign, van};
use record::complete::rule::Why;
use serde_json::json;
use testkit::World;
use uuid::Uuid;

async fn status(world: &World, record: Uuid) -> String {
    let mut tx = world.tx(HOSPITAL).await;
    sqlx::query_scalar("SELECT status FROM record_record WHERE record_id = $1").bind(record).fetch_one(tx.conn()).await.unwrap()
}

#[tokio::test]
async fn the_list_names_what_is_missing_whose_it_is_and_leads_there() {
    let world = hospital().await;
    let an = admit(&world, "Nguyễn Văn An").await;
    let before = gaps(&world, &an).await;
    assert!(before.iter().any(|g| g.form == "01/BV1" && g.why == Why::Missing), "{before:?}");
    assert!(!before.iter().any(|g| g.form == "giay_ra_vien"), "nobody leaves yet");
    finished(&world, &an, "36/BV2", "bacsi.noi", json!({})).await;
    discharge(&world, &an, "improved").await;
    assert_eq!(status(&world, an.record).await, "completing");
    let after = gaps(&world, &an).await;
    assert!(after.iter().any(|g| g.form == "giay_ra_vien" && g.why == Why::Missing));
    let sheet = after.iter().find(|g| g.form == "36/BV2").unwrap();
    assert!(sheet.why == Why::Unsigned && sheet.whose.contains("Lê Thị Thu Vân"), "{sheet:?}");

    let mut van = world.sign_in_as("bacsi.noi.84001").await;
    let list = van.get("/app/completion").await;
    assert!(list.contains("Nguyễn Văn An") && list.contains("trên"), "{}", list.text);
    let path = format!("/app/completion/{}", an.record);
    let page = van.get(&path).await;
    assert!(page.contains("Còn thiếu") && page.contains("data-key=\"1\"") && page.contains("giay_ra_vien"), "{}", page.text);
    let refused = van.post(&format!("{path}/submission"), &[]).await;
    assert!(refused.status == 422 && refused.contains("Chưa nộp được"), "{}", refused.text);
    world.clock.advance(chrono::TimeDelta::days(2));
    let mut van = world.sign_in_as("bacsi.noi.84001").await;
    assert!(van.get("/app/completion").await.contains("Quá hạn"));
    let mut elsewhere = world.sign_in_as("bacsi.84101").await;
    assert_eq!(elsewhere.get(&path).await.status, 404);
    assert_eq!(elsewhere.post(&format!("{path}/submission"), &[]).await.status, 404);
}

#[tokio::test]
async fn handed_in_sent_back_repaired_accepted() {
    let world = hospital().await;
    let an = admit(&world, "Nguyễn Văn An").await;
    discharge(&world, &an, "improved").await;
    complete(&world, &an).await;
    let mut van = world.sign_in_as("bacsi.noi.84001").await;
    let mut planner = world.sign_in_as("khth.84001").await;
    let path = format!("/app/completion/{}", an.record);
    assert_eq!(planner.post(&format!("{path}/acceptance"), &[]).await.status, 422, "nobody handed it in");
    let mut stranger = world.sign_in_as("phauthuat.84001").await;
    assert_eq!(stranger.post(&format!("{path}/submission"), &[]).await.status, 403, "not of his ward");
    assert_eq!(van.post(&format!("{path}/submission"), &[]).await.status, 303);
    assert_eq!(van.post(&format!("{path}/submission"), &[]).await.status, 303, "the second click");
    assert_eq!(count(&world, "SELECT count(*) FROM record_step").await, 1);
    assert_eq!(van.post(&format!("{path}/acceptance"), &[]).await.status, 403, "accepting is the planners'");

    let document: Uuid = {
        let mut tx = world.tx(HOSPITAL).await;
        sqlx::query_scalar("SELECT document_id FROM record_document WHERE form = '01/BV1'").fetch_one(tx.conn()).await.unwrap()
    };
    assert_eq!(planner.post(&format!("{path}/return"), &[("whole", "")]).await.status, 422, "why?");
    let reason = format!("reason.{document}");
    let form = [(reason.as_str(), "Thiếu mã bệnh kèm theo"), ("whole", "Xếp lại thứ tự phiếu")];
    assert_eq!(planner.post(&format!("{path}/return"), &form).await.status, 303);
    assert_eq!(status(&world, an.record).await, "returned");
    let page = van.get(&path).await;
    assert!(page.contains("Thiếu mã bệnh kèm theo") && page.contains("Xếp lại thứ tự phiếu"), "{}", page.text);
    assert_eq!(van.post(&format!("{path}/submission"), &[]).await.status, 422, "nothing was answered");
    let items: Vec<Uuid> = {
        let mut tx = world.tx(HOSPITAL).await;
        sqlx::query_scalar("SELECT return_id FROM record_return ORDER BY document_id").fetch_all(tx.conn()).await.unwrap()
    };
    for item in &items {
        assert_eq!(van.post(&format!("{path}/answers/{item}"), &[("note", "")]).await.status, 422);
        assert_eq!(van.post(&format!("{path}/answers/{item}"), &[("note", "Đã bổ sung")]).await.status, 303);
    }
    assert_eq!(van.post(&format!("{path}/submission"), &[]).await.status, 303);
    let page = planner.post(&format!("{path}/acceptance"), &[("class", "ordinary")]).await;
    assert_eq!(page.status, 303, "{}", page.text);
    assert_eq!(page.location(), format!("/app/archive/{}", an.record));
    assert_eq!(planner.post(&format!("{path}/acceptance"), &[]).await.status, 303, "the second click");
    assert_eq!(count(&world, "SELECT count(*) FROM db_event WHERE kind = 'RecordArchived'").await, 1);
    let shelf = planner.get(&format!("/app/archive/{}", an.record)).await;
    assert!(shelf.contains("26.000001") && shelf.contains("31/12/2036"), "{}", shelf.text);
}

#[tokio::test]
async fn a_signature_closes_its_gap_and_who_died_is_kept_for_thirty_years() {
    let world = hospital().await;
    let an = admit(&world, "Nguyễn Văn An").await;
    let sheet = finished(&world, &an, "36/BV2", "bacsi.noi", json!({})).await;
    let (mut van, van_key) = van(&world).await;
    sign(&mut van, &van_key, &[chosen(&world, sheet).await]).await;
    let open = gaps(&world, &an).await;
    let still = open.iter().find(|g| g.form == "36/BV2");
    assert!(still.is_none_or(|g| g.place != "bac_si_dieu_tri" && g.place != "bac_si"), "{still:?}");
    discharge(&world, &an, "died").await;
    let gaps = gaps(&world, &an).await;
    assert!(gaps.iter().any(|g| g.form == "47/BV2") && !gaps.iter().any(|g| g.form == "giay_ra_vien"), "the papers of a death");
    complete(&world, &an).await;
    let path = format!("/app/completion/{}", an.record);
    assert_eq!(van.post(&format!("{path}/submission"), &[]).await.status, 303);
    let mut planner = world.sign_in_as("khth.84001").await;
    assert_eq!(planner.post(&format!("{path}/acceptance"), &[("class", "ordinary")]).await.status, 422, "a death is a fact");
    assert_eq!(planner.post(&format!("{path}/acceptance"), &[]).await.status, 303);
    assert!(planner.get(&format!("/app/archive/{}", an.record)).await.contains("31/12/2056"));
}
