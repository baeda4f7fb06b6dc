//! The people of one phone: remembered once, booked for with three touches, seen by nobody else.

use crate::house::{AN, book, khue, times, touch, with, world};

#[tokio::test]
async fn who_was_remembered_is_booked_for_without_typing() {
    let world = world().await;
    let slots = times(&world, "NHI").await;
    let mut phone = world.stranger();
    book(&world, &mut phone, "NHI", slots[0], &with(khue(), "save", "1")).await;
    world.drain().await;
    let me = phone.get("/me").await;
    assert!(me.contains("cz-people") && me.contains("/me/family?id="), "{}", me.text);
    let id = me.text.split("/me/family?id=").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let held = touch(&mut phone, "NHI", slots[2]).await.location().to_owned();
    let form = phone.get(&format!("{held}?who={id}")).await;
    assert_eq!((form.input("name").as_deref(), form.input("birth").as_deref(), form.input("phone").as_deref()), (Some("Nguyễn Minh Khuê"), Some("10/01/2026"), Some(AN)));

    // Remembered again under another id: still one person; changed; forgotten.
    let person = [("profile_id", "019a0000-0000-7000-8000-000000000001"), ("relation", "child"), ("name", "nguyễn minh khuê"), ("birth", "10/01/2026"), ("sex", "female"), ("card_no", "te1840000000001")];
    assert_eq!(phone.post("/me/family", &person).await.status, 303);
    let me = phone.get("/me").await;
    assert_eq!(me.text.matches("/me/family?id=").count(), 1, "{}", me.text);
    let shown = phone.get("/me/family?id=019a0000-0000-7000-8000-000000000001").await;
    assert_eq!(shown.input("card_no").as_deref(), Some("TE1840000000001"));
    let wrong = phone.post("/me/family", &[("profile_id", person[0].1), ("relation", "boss"), ("name", ""), ("birth", "x")]).await;
    assert!(wrong.status == 422 && wrong.contains("Chưa có họ tên") && wrong.contains("Chọn người này là ai"), "{}", wrong.text);

    // Another phone sees nobody, and cannot forget anybody.
    let mut other = world.stranger();
    book(&world, &mut other, "NHI", slots[4], &with(with(khue(), "phone", "0900000066"), "name", "Trần Văn Bình")).await;
    assert_eq!(other.get("/me/family?id=019a0000-0000-7000-8000-000000000001").await.status, 404);
    other.post("/me/family/removal", &person).await;
    assert_eq!(phone.get("/me/family?id=019a0000-0000-7000-8000-000000000001").await.status, 200);
    assert_eq!(phone.post("/me/family/removal", &person).await.status, 303);
    assert_eq!(phone.get("/me/family?id=019a0000-0000-7000-8000-000000000001").await.status, 404);
    assert_eq!(world.stranger().get("/me/family").await.location(), "/me/enter");
}
