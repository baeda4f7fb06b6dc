//! Allergies: asked or not asked, recorded once, never erased.

use crate::register::person;
use serde_json::json;
use testkit::World;

#[tokio::test]
async fn silence_is_not_absence() {
    let world = World::with(vec![patient::module()]).await;
    let made = world.machine().await.post_json("/api/v1/patients", &person(json!({}))).await.json();
    let at = format!("/app/patients/{}", made["id"].as_str().unwrap());
    let mut nurse = world.sign_in_as("dieuduong.84101").await;
    let page = nurse.get(&at).await;
    assert!(page.contains("Chưa khai thác dị ứng"), "{}", page.text);

    let missing = nurse.post(&format!("{at}/allergies"), &[("substance", "Tôm")]).await;
    assert_eq!(missing.status, 422);
    assert!(missing.contains("Chưa chọn mức độ") && missing.contains("value=\"Tôm\""), "{}", missing.text);

    let id = page.input("id").unwrap();
    let form = [("id", id.as_str()), ("substance", "Tôm"), ("kind", "food"), ("severity", "mild")];
    for _ in 0..2 {
        assert_eq!(nurse.post(&format!("{at}/allergies"), &form).await.status, 303);
    }
    let again = nurse.post(&format!("{at}/allergies"), &form[1..]).await;
    assert!(again.status == 422 && again.contains("đã có trong hồ sơ"), "{}", again.text);
    assert_eq!(nurse.post(&format!("{at}/allergies/none"), &[]).await.status, 422);

    let ended = nurse.post(&format!("{at}/allergies/{id}/end"), &[("reason", "entered_in_error")]).await;
    assert_eq!(ended.status, 303);
    assert!(nurse.get(&at).await.contains("Chưa ghi nhận dị ứng"));
    let mut tx = world.tx("84101").await;
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM patient_allergy").fetch_one(tx.conn()).await.unwrap();
    assert_eq!(kept, 1, "an ended allergy stays in the table");
}
