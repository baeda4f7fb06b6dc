//! The book of a narcotic: every line answered for by two people.

use crate::goods::{CLINIC, drug};
use crate::paperwork::{ask, lot, pharmacy, receive};
use base::LotId;
use inventory::ledger::{Kind, Movement, post};
use uuid::Uuid;

fn narcotic() -> String {
    let row = organization::seed::rows(include_str!("../../../../catalogues/demo/drugs.tsv")).find(|r| r["controlled"] != "none");
    row.expect("the demo list has a controlled drug")["code"].to_owned()
}

#[tokio::test]
async fn the_second_person_signs_with_an_own_password() {
    let mut p = pharmacy().await;
    let item = drug(&narcotic());
    receive(&mut p, item, "9", ["N1", "31/01/2027", "20", "", "5.000"]).await;
    let n1 = lot(&p.world, "N1").await;
    // A patient gets two; the giver signs alone for now.
    let giver = {
        let mut tx = p.world.tx(CLINIC).await;
        let account: Uuid = sqlx::query_scalar("SELECT author FROM inventory_document LIMIT 1").fetch_one(tx.conn()).await.unwrap();
        tx.actor.account = base::AccountId(account);
        post(&mut tx, &[Movement::new(Kind::Dispense, p.main, item, LotId(n1), -2_000, Uuid::now_v7(), Uuid::now_v7())]).await.unwrap();
        tx.commit().await.unwrap();
        account
    };
    assert_ne!(giver, Uuid::nil());
    let book = format!("/app/stock/controlled/{item}");
    let page = p.bao.get(&book).await;
    assert!(page.contains("PN26/000001") && page.contains("Có dòng mới một chữ ký"), "{}", page.text);
    let address = page.text.split("action=\"/app/stock/controlled/signatures/").nth(1).and_then(|a| a.split('"').next()).expect("a line to sign");
    let address = format!("/app/stock/controlled/signatures/{address}");
    for (login, password, told) in [
        ("duocsi2.84101", "sai", "không đúng"),
        ("duocsi.84103", "demo", "không đúng"),
        ("duocsi.84101", "demo", "không tự ký lần hai"),
        ("tiepnhan.84101", "demo", "không có quyền ký"),
    ] {
        let page = p.bao.post(&address, &[("login", login), ("password", password)]).await;
        assert_eq!(page.status, 422, "{login}");
        assert!(page.contains(told), "{login}: {}", page.text);
    }
    assert_eq!(ask(&p.world, "SELECT count(*) FROM inventory_countersignature").await, 0);
    for _ in 0..2 {
        assert_eq!(p.bao.post(&address, &[("login", "duocsi2.84101"), ("password", "demo")]).await.status, 303);
    }
    assert_eq!(ask(&p.world, "SELECT count(*) FROM inventory_countersignature").await, 1);
    assert!(!p.bao.get(&book).await.contains("Có dòng mới một chữ ký"));
    let paper = p.bao.get(&format!("{book}/pdf")).await;
    assert!(paper.contains("controlled-book") && paper.contains("Nguyễn Hoài Thương") && paper.contains("\"18\""), "{}", paper.text);
    assert!(p.bao.get("/app/stock/controlled").await.contains("Đủ chữ ký"));
    // Ordinary medicines have no book; the other clinic has none of this; a nurse reads but does not sign.
    assert_eq!(p.bao.get(&format!("/app/stock/controlled/{}", drug("T001"))).await.status, 404);
    let mut other = p.world.sign_in_as("duocsi.84103").await;
    assert_eq!(other.get(&book).await.status, 404);
    assert_eq!(other.post(&address, &[("login", "duocsi2.84103"), ("password", "demo")]).await.status, 404);
    let mut nurse = p.world.sign_in_as("dieuduong.84101").await;
    assert_eq!(nurse.post(&address, &[]).await.status, 403);
}

#[tokio::test]
async fn guessing_passwords_is_slowed_down() {
    let mut p = pharmacy().await;
    let item = drug(&narcotic());
    receive(&mut p, item, "9", ["N1", "31/01/2027", "20", "", "5.000"]).await;
    let n1 = lot(&p.world, "N1").await;
    let mut tx = p.world.tx(CLINIC).await;
    post(&mut tx, &[Movement::new(Kind::Dispense, p.main, item, LotId(n1), -2_000, Uuid::now_v7(), Uuid::now_v7())]).await.unwrap();
    tx.commit().await.unwrap();
    let movement = {
        let mut tx = p.world.tx(CLINIC).await;
        sqlx::query_scalar::<_, Uuid>("SELECT movement_id FROM inventory_movement WHERE kind = 'dispense'").fetch_one(tx.conn()).await.unwrap()
    };
    let address = format!("/app/stock/controlled/signatures/{movement}");
    for _ in 0..12 {
        p.bao.post(&address, &[("login", "duocsi2.84101"), ("password", "sai")]).await;
    }
    let page = p.bao.post(&address, &[("login", "duocsi2.84101"), ("password", "demo")]).await;
    assert_eq!(page.status, 422);
    assert!(page.contains("Sai quá nhiều lần"), "{}", page.text);
}
