//! A box of pills comes in: typed from the invoice, approved by another person, on the shelf once.

use crate::goods::{assert_books_hold, balance, drug};
use crate::paperwork::{approve, arriving, ask, begin, lot, path, pharmacy, receive, submit, supplier};
use base::LotId;
use inventory::ledger::{Kind, Movement};
use uuid::Uuid;

#[tokio::test]
async fn an_invoice_becomes_stock_by_two_people() {
    let mut p = pharmacy().await;
    let dhg = supplier(&mut p.bao, "DHG").await;
    let id = begin(&mut p.bao, "receipt", p.main).await;
    assert_eq!(arriving(&mut p.bao, &id, drug("T001"), ["a1", "31/01/2027", "1", "hộp", "85.000"]).await.status, 303);
    assert_eq!(arriving(&mut p.bao, &id, drug("T001"), ["B2", "06/2027", "10", "", "850"]).await.status, 303);
    // The draft is kept, and Bảo finds it again.
    let page = p.bao.get(&path(&id)).await;
    assert!(page.contains("A1") && page.contains("30/06/2027") && page.contains("98.175 đ"), "{}", page.text);
    let head = [("supplier", dhg.as_str()), ("invoice_no", "0001234"), ("invoice_date", "23/11/2026")];
    assert_eq!(submit(&mut p.bao, &id, &head).await.status, 303);
    assert_eq!(submit(&mut p.bao, &id, &head).await.status, 303, "a second click finds it sent");
    // Sent, but nothing moved yet; and Bảo cannot approve an own paper.
    assert_eq!(ask(&p.world, "SELECT count(*) FROM inventory_movement").await, 0);
    let page = approve(&mut p.bao, &id).await;
    assert_eq!(page.status, 422);
    assert!(page.contains("Người lập phiếu không tự duyệt"), "{}", page.text);
    assert_eq!(approve(&mut p.thuong, &id).await.status, 303);
    assert_eq!(approve(&mut p.thuong, &id).await.status, 303, "a second click finds it done");
    let (a1, b2) = (lot(&p.world, "A1").await, lot(&p.world, "B2").await);
    assert_eq!((balance(&p.world, p.main, LotId(a1)).await, balance(&p.world, p.main, LotId(b2)).await), (100_000, 10_000));
    assert_eq!(ask(&p.world, "SELECT sum(quantity_milli)::bigint FROM inventory_shelf").await, 110_000);
    // What the lots cost is what the invoice asks: 93.500 and 5 %.
    assert_eq!(ask(&p.world, "SELECT sum(cost_vnd)::bigint FROM inventory_movement").await, 98_175);
    assert!(p.bao.get(&path(&id)).await.contains("PN26/000001"));
    let paper = p.bao.get(&format!("{}/pdf", path(&id))).await;
    assert!(paper.contains("stock-receipt") && paper.contains("PN26/000001") && paper.contains("DS. Trương Gia Bảo"), "{}", paper.text);
    assert_books_hold(&p.world).await;
}

#[tokio::test]
async fn two_approvals_at_once_book_once() {
    let mut p = pharmacy().await;
    let dhg = supplier(&mut p.bao, "DHG").await;
    let id = begin(&mut p.bao, "receipt", p.main).await;
    arriving(&mut p.bao, &id, drug("T001"), ["A1", "31/01/2027", "110", "", "850"]).await;
    let head = [("supplier", dhg.as_str()), ("invoice_no", "7"), ("invoice_date", "23/11/2026")];
    assert_eq!(submit(&mut p.bao, &id, &head).await.status, 303);
    let mut owner = p.world.sign_in_as("quantri.84101").await;
    let (one, two) = tokio::join!(approve(&mut p.thuong, &id), approve(&mut owner, &id));
    let mut answers = [one.status, two.status];
    answers.sort();
    assert_eq!(answers, [303, 409], "one books, the other is told who did");
    assert_eq!(ask(&p.world, "SELECT sum(quantity_milli)::bigint FROM inventory_balance").await, 110_000);
    assert_eq!(ask(&p.world, "SELECT max(last_number) FROM inventory_document_number").await, 1);
}

#[tokio::test]
async fn bad_lines_are_refused_beside_their_fields_and_nothing_is_lost() {
    let mut p = pharmacy().await;
    let id = begin(&mut p.bao, "receipt", p.main).await;
    for (typed, told) in [
        (["A1", "31/01/2027", "-5", "", "850"], "Số lượng phải lớn hơn 0"),
        (["A1", "31/01/2027", "0,5", "hộp", "850"], "phải là số nguyên"),
        (["A1", "31/01/2027", "99999999999999", "", "850"], "Số lượng quá lớn"),
        (["A1", "23/11/2026", "10", "", "850"], "Hàng đã hết hạn"),
        (["A1", "31/01/2027", "10", "thùng", "850"], "không có đơn vị"),
        (["", "31/01/2027", "10", "", "850"], "Nhập số lô"),
        (["A1", "khi nào đó", "10", "", "850"], "Nhập hạn dùng"),
        (["A1", "31/01/2027", "10", "", "rẻ"], "Nhập đơn giá"),
    ] {
        let page = arriving(&mut p.bao, &id, drug("T001"), typed).await;
        assert_eq!(page.status, 422, "{typed:?}");
        assert!(page.contains(told), "{typed:?}: {}", page.text);
        assert!(page.contains("value=\"31/01/2027\"") || typed[1] != "31/01/2027", "what was typed is still there");
    }
    assert_eq!(ask(&p.world, "SELECT count(*) FROM inventory_document_line").await, 0);
    let page = submit(&mut p.bao, &id, &[]).await;
    assert_eq!(page.status, 422);
    assert!(page.contains("Chọn nhà cung cấp") && page.contains("chưa có dòng nào"), "{}", page.text);
}

#[tokio::test]
async fn one_invoice_of_a_supplier_is_entered_once() {
    let mut p = pharmacy().await;
    let dhg = supplier(&mut p.bao, "DHG").await;
    let first = begin(&mut p.bao, "receipt", p.main).await;
    arriving(&mut p.bao, &first, drug("T001"), ["A1", "31/01/2027", "10", "", "850"]).await;
    let head = [("supplier", dhg.as_str()), ("invoice_no", "C26/0009"), ("invoice_date", "23/11/2026")];
    assert_eq!(submit(&mut p.bao, &first, &head).await.status, 303);
    let second = begin(&mut p.thuong, "receipt", p.main).await;
    arriving(&mut p.thuong, &second, drug("T001"), ["A1", "31/01/2027", "10", "", "850"]).await;
    let again = [("supplier", dhg.as_str()), ("invoice_no", "c26/0009"), ("invoice_date", "23/11/2026")];
    let page = submit(&mut p.thuong, &second, &again).await;
    assert_eq!(page.status, 422);
    assert!(page.contains("đã có ở"), "{}", page.text);
    // Once the first one is thrown away, the invoice is free again.
    assert_eq!(p.bao.post(&format!("{}/withdrawal", path(&first)), &[("decision", "discard")]).await.status, 303);
    assert_eq!(submit(&mut p.thuong, &second, &again).await.status, 303);
}

#[tokio::test]
async fn a_refused_paper_is_repaired_and_sent_again() {
    let mut p = pharmacy().await;
    let dhg = supplier(&mut p.bao, "DHG").await;
    let id = begin(&mut p.bao, "receipt", p.main).await;
    arriving(&mut p.bao, &id, drug("T001"), ["A1", "31/01/2027", "10", "", "850"]).await;
    let head = [("supplier", dhg.as_str()), ("invoice_no", "1"), ("invoice_date", "23/11/2026")];
    submit(&mut p.bao, &id, &head).await;
    let decision = format!("{}/decision", path(&id));
    assert_eq!(p.thuong.post(&decision, &[("decision", "refuse")]).await.status, 422, "a refusal says why");
    assert_eq!(p.thuong.post(&decision, &[("decision", "refuse"), ("note", "Sai số lô, hộp ghi A11")]).await.status, 303);
    assert!(p.bao.get(&path(&id)).await.contains("Sai số lô, hộp ghi A11"));
    let line = ask(&p.world, "SELECT count(*) FROM inventory_document_line").await;
    assert_eq!(line, 1, "the lines are still there");
    assert_eq!(submit(&mut p.bao, &id, &head).await.status, 303);
    assert_eq!(approve(&mut p.thuong, &id).await.status, 303, "whoever refused may approve: nothing on it is theirs");
}

#[tokio::test]
async fn a_booked_paper_is_taken_back_by_another_one_with_two_people() {
    let mut p = pharmacy().await;
    let id = receive(&mut p, drug("T001"), "55", ["A1", "31/01/2027", "110", "", "850"]).await;
    let page = arriving(&mut p.bao, &id, drug("T001"), ["A2", "31/01/2027", "1", "", "850"]).await;
    assert_eq!(page.status, 422);
    assert!(page.contains("đã ghi sổ kho nên không sửa được"), "{}", page.text);
    let back = Uuid::now_v7().to_string();
    let ask_back = format!("{}/reversal", path(&id));
    assert_eq!(p.bao.post(&ask_back, &[("id", &back), ("reason", "x")]).await.status, 422);
    assert_eq!(p.bao.post(&ask_back, &[("id", &back), ("reason", "Nhập nhầm nhà cung cấp")]).await.status, 303);
    assert_eq!(p.thuong.post(&ask_back, &[("id", &Uuid::now_v7().to_string()), ("reason", "Nhập nhầm nhà cung cấp")]).await.status, 409);
    assert_eq!(approve(&mut p.bao, &back).await.status, 422);
    assert_eq!(ask(&p.world, "SELECT sum(quantity_milli)::bigint FROM inventory_balance").await, 110_000);
    assert_eq!(approve(&mut p.thuong, &back).await.status, 303);
    assert_eq!(ask(&p.world, "SELECT sum(quantity_milli)::bigint FROM inventory_balance").await, 0);
    assert_eq!(ask(&p.world, "SELECT sum(cost_vnd)::bigint FROM inventory_movement").await, 0);
    let page = p.bao.get(&path(&id)).await;
    assert!(page.contains("Đã ghi đảo") && page.contains("GD26/000001"), "{}", page.text);
    assert_books_hold(&p.world).await;
}

#[tokio::test]
async fn what_was_given_away_cannot_be_taken_back() {
    let mut p = pharmacy().await;
    let id = receive(&mut p, drug("T001"), "55", ["A1", "31/01/2027", "110", "", "850"]).await;
    let a1 = LotId(lot(&p.world, "A1").await);
    let mut tx = p.world.tx("84101").await;
    let sold = Movement::new(Kind::Dispense, p.main, drug("T001"), a1, -1_000, Uuid::now_v7(), Uuid::now_v7());
    inventory::ledger::post(&mut tx, &[sold]).await.unwrap();
    tx.commit().await.unwrap();
    let back = Uuid::now_v7().to_string();
    assert_eq!(p.bao.post(&format!("{}/reversal", path(&id)), &[("id", &back), ("reason", "Nhập nhầm số lô")]).await.status, 303);
    let page = approve(&mut p.thuong, &back).await;
    assert_eq!(page.status, 422);
    assert!(page.contains("lô A1 còn 109 viên, cần 110"), "{}", page.text);
    assert_eq!(ask(&p.world, "SELECT count(*) FROM inventory_document_number WHERE kind = 'reversal'").await, 0, "no number was used up");
    assert_books_hold(&p.world).await;
}

#[tokio::test]
async fn the_other_clinic_finds_nothing_and_a_nurse_may_only_read() {
    let mut p = pharmacy().await;
    let id = receive(&mut p, drug("T001"), "55", ["A1", "31/01/2027", "110", "", "850"]).await;
    let mut other = p.world.sign_in_as("duocsi.84103").await;
    for tail in ["", "/pdf", "/goods?q=a"] {
        assert_eq!(other.get(&format!("{}{tail}", path(&id))).await.status, 404, "{tail}");
    }
    for tail in ["/head", "/lines", "/submission", "/decision", "/withdrawal", "/arrival", "/reversal", "/counts", "/found"] {
        assert_eq!(other.post(&format!("{}{tail}", path(&id)), &[]).await.status, 404, "{tail}");
    }
    let mut nurse = p.world.sign_in_as("dieuduong.84101").await;
    assert_eq!(nurse.get(&path(&id)).await.status, 200);
    assert_eq!(nurse.post(&format!("{}/reversal", path(&id)), &[]).await.status, 403);
    let mut basic = p.world.sign_in_as("quantri.84102").await;
    assert_eq!(basic.get("/app/stock/documents").await.status, 403, "stock is not in the smallest package");
    // The number on the paper leads to it from any screen, with or without its slash; elsewhere to nothing.
    for code in ["PN26/000001", "pn26000001"] {
        let scanned = nurse.get(&format!("/app/scan?code={}", code.replace('/', "%2F"))).await;
        assert_eq!((scanned.status, scanned.location()), (303, path(&id).as_str()), "{code}");
    }
    assert_ne!(other.get("/app/scan?code=PN26000001").await.status, 303);
}

#[tokio::test]
async fn the_list_is_narrowed_and_goes_on_page_by_page() {
    let mut p = pharmacy().await;
    for _ in 0..52 {
        begin(&mut p.bao, "issue", p.main).await;
    }
    begin(&mut p.bao, "receipt", p.main).await;
    let page = p.bao.get("/app/stock/documents?kind=issue&state=draft").await;
    assert_eq!(page.text.matches("data-href=\"/app/stock/documents/").count(), 50);
    let more = page.text.split("href=\"").find(|h| h.contains("after=")).and_then(|h| h.split('"').next()).expect("a next page").replace("&#38;", "&").replace("&amp;", "&");
    assert_eq!(p.bao.get(&more).await.text.matches("data-href=\"/app/stock/documents/").count(), 2);
    assert!(p.bao.get("/app/stock/documents?from=01/01/2026&to=31/01/2026").await.contains("Chưa có chứng từ nào"));
}
