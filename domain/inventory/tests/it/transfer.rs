//! Goods on the way: between stores, to a room, back to the supplier, to the committee of disposal.

use crate::goods::{CLINIC, assert_books_hold, balance, drug};
use crate::paperwork::{approve, ask, begin, leaving, lot, path, pharmacy, receive, submit, supplier};
use base::LotId;

#[tokio::test]
async fn a_transfer_is_nowhere_until_it_is_taken_in() {
    let mut p = pharmacy().await;
    receive(&mut p, drug("T001"), "55", ["A1", "31/01/2027", "110", "", "850"]).await;
    let a1 = lot(&p.world, "A1").await;
    let id = begin(&mut p.bao, "transfer", p.main).await;
    let page = leaving(&mut p.bao, &id, a1, "111").await;
    assert_eq!(page.status, 422);
    assert!(page.contains("chỉ còn 110 viên"), "{}", page.text);
    assert_eq!(leaving(&mut p.bao, &id, a1, "50").await.status, 303);
    let page = submit(&mut p.bao, &id, &[("to_store", &p.main.to_string())]).await;
    assert_eq!(page.status, 422, "not into the store it comes from");
    assert_eq!(submit(&mut p.bao, &id, &[("to_store", &p.counter.to_string())]).await.status, 303);
    assert_eq!(approve(&mut p.thuong, &id).await.status, 303);
    let (main, counter, lot) = (p.main, p.counter, LotId(a1));
    assert_eq!((balance(&p.world, main, lot).await, balance(&p.world, counter, lot).await), (60_000, 0));
    assert!(p.bao.get("/app/stock/documents?kind=transfer&state=approved").await.contains("Đang chuyển"));
    let arrival = format!("{}/arrival", path(&id));
    assert_eq!(p.bao.post(&format!("{}/reversal", path(&id)), &[("id", &uuid::Uuid::now_v7().to_string()), ("reason", "Gửi nhầm kho")]).await.status, 422);
    assert_eq!(p.bao.post(&arrival, &[("decision", "take_in")]).await.status, 303);
    assert_eq!(p.bao.post(&arrival, &[("decision", "take_in")]).await.status, 303, "twice is once");
    assert_eq!(p.bao.post(&arrival, &[("decision", "send_back"), ("note", "Lại thôi")]).await.status, 422);
    assert_eq!((balance(&p.world, main, lot).await, balance(&p.world, counter, lot).await), (60_000, 50_000));
    // The whole way is taken back by one reversal.
    let back = uuid::Uuid::now_v7().to_string();
    assert_eq!(p.bao.post(&format!("{}/reversal", path(&id)), &[("id", &back), ("reason", "Chuyển nhầm kho")]).await.status, 303);
    assert_eq!(approve(&mut p.thuong, &back).await.status, 303);
    assert_eq!((balance(&p.world, main, lot).await, balance(&p.world, counter, lot).await), (110_000, 0));
    assert_books_hold(&p.world).await;
}

#[tokio::test]
async fn goods_that_arrive_broken_go_back_to_where_they_came_from() {
    let mut p = pharmacy().await;
    receive(&mut p, drug("T001"), "55", ["A1", "31/01/2027", "110", "", "850"]).await;
    let a1 = lot(&p.world, "A1").await;
    let id = begin(&mut p.bao, "transfer", p.main).await;
    leaving(&mut p.bao, &id, a1, "50").await;
    submit(&mut p.bao, &id, &[("to_store", &p.counter.to_string())]).await;
    approve(&mut p.thuong, &id).await;
    let arrival = format!("{}/arrival", path(&id));
    assert_eq!(p.bao.post(&arrival, &[("decision", "send_back")]).await.status, 422, "sending back says why");
    assert_eq!(p.bao.post(&arrival, &[("decision", "send_back"), ("note", "Vỉ ẩm")]).await.status, 303);
    assert_eq!(balance(&p.world, p.main, LotId(a1)).await, 110_000);
    assert_books_hold(&p.world).await;
}

#[tokio::test]
async fn rooms_suppliers_and_the_committee_get_their_papers() {
    let mut p = pharmacy().await;
    receive(&mut p, drug("T001"), "55", ["A1", "31/01/2027", "110", "", "850"]).await;
    let a1 = lot(&p.world, "A1").await;
    let room = testkit::demo_id(CLINIC, "room", "NOI1").to_string();
    let back_to = supplier(&mut p.bao, "DHG").await;
    let committee = "DS. Trương Gia Bảo\nDS. Nguyễn Hoài Thương\nLâm Thế Vinh";
    for (kind, head, number, paper) in [
        ("issue", vec![("room", room.as_str())], "PX26/000001", "stock-issue"),
        ("supplier_return", vec![("supplier", back_to.as_str()), ("reason", "Vỉ bị ẩm")], "TN26/000001", "stock-issue"),
        ("disposal", vec![("committee", committee), ("reason", "Vỡ khi bốc dỡ")], "BH26/000001", "disposal"),
    ] {
        let id = begin(&mut p.bao, kind, p.main).await;
        assert_eq!(leaving(&mut p.bao, &id, a1, "10").await.status, 303);
        assert_eq!(submit(&mut p.bao, &id, &[]).await.status, 422, "{kind} lacks its head");
        let page = submit(&mut p.bao, &id, &head).await;
        assert_eq!(page.status, 303, "{kind}: {}", page.text);
        assert_eq!(approve(&mut p.thuong, &id).await.status, 303, "{kind}");
        let print = p.bao.get(&format!("{}/pdf", path(&id))).await;
        assert!(print.contains(number) && print.contains(paper), "{kind}: {}", print.text);
    }
    assert_eq!(balance(&p.world, p.main, LotId(a1)).await, 80_000);
    assert_eq!(ask(&p.world, "SELECT quantity_milli FROM inventory_report_drug_use").await, 10_000, "use is what rooms and patients took");
}

#[tokio::test]
async fn what_was_used_meanwhile_cannot_be_approved_away() {
    let mut p = pharmacy().await;
    receive(&mut p, drug("T001"), "55", ["A1", "31/01/2027", "110", "", "850"]).await;
    let a1 = lot(&p.world, "A1").await;
    let room = testkit::demo_id(CLINIC, "room", "NOI1").to_string();
    let mut papers = Vec::new();
    for _ in 0..2 {
        let id = begin(&mut p.bao, "issue", p.main).await;
        leaving(&mut p.bao, &id, a1, "60").await;
        assert_eq!(submit(&mut p.bao, &id, &[("room", &room)]).await.status, 303);
        papers.push(id);
    }
    let mut owner = p.world.sign_in_as("quantri.84101").await;
    let (one, two) = tokio::join!(approve(&mut p.thuong, &papers[0]), approve(&mut owner, &papers[1]));
    let mut answers = [one.status, two.status];
    answers.sort();
    assert_eq!(answers, [303, 422]);
    let refused = if one.status == 422 { one } else { two };
    assert!(refused.contains("còn 50 viên, cần 60"), "{}", refused.text);
    assert_eq!(balance(&p.world, p.main, LotId(a1)).await, 50_000);
    assert_eq!(ask(&p.world, "SELECT last_number FROM inventory_document_number WHERE kind = 'issue'").await, 1, "the refused one used no number up");
    assert_books_hold(&p.world).await;
}
