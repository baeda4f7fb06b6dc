//! Discounts at the desk: by rule, by word, over the limit, spread, seen, taken back.

use crate::day::{ask, clinic, open_shift, pay_cash, walk_in};
use testkit::{Client, World};
use uuid::Uuid;

async fn give(person: &mut Client, path: &str, form: &[(&str, &str)]) -> testkit::Page {
    let id = Uuid::now_v7().to_string();
    let mut whole = vec![("id", id.as_str())];
    whole.extend_from_slice(form);
    person.post(&format!("{path}/discounts"), &whole).await
}

async fn one(world: &World, sql: &'static str) -> String {
    let mut tx = world.tx("84101").await;
    sqlx::query_scalar::<_, Uuid>(sql).fetch_one(tx.conn()).await.unwrap().to_string()
}

async fn lines_below_zero(world: &World) -> i64 {
    ask(
        world,
        "84101",
        "SELECT count(*) FROM (SELECT coalesce(discount_of, CASE WHEN reverses IS NULL THEN charge_id ELSE reverses END) AS line
         FROM billing_charge GROUP BY 1 HAVING sum(amount_vnd) < 0) x",
    )
    .await
}

#[tokio::test]
async fn a_discount_by_word_is_spread_over_the_lines_and_stands_on_the_receipt() {
    let world = clinic().await;
    let an = walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
    an.order(&world, &["XN01", "XN02"]).await;
    let mut thoa = world.sign_in_as("thungan.84101").await;
    open_shift(&mut thoa, "0").await;
    let page = give(&mut thoa, &an.path(), &[("scope", "bill"), ("value", "4.321"), ("reason", "Người quen")]).await;
    assert_eq!(page.status, 303, "{}", page.text);
    // 36.500 + 49.700 + 22.400 = 108.600, less 4.321.
    assert_eq!(an.account(&world).await, (104_279, 0));
    assert_eq!(ask(&world, "84101", "SELECT count(*) FROM billing_charge WHERE source = 'discount'").await, 3);
    let page = thoa.get(&an.path()).await;
    assert!(page.contains("Trước khi giảm") && page.contains("−4.321") && page.contains("Giảm 4.321 đ"), "{}", page.text);
    let receipt = pay_cash(&mut thoa, &an, "").await;
    let paper = thoa.get(&format!("/app/cashier/receipts/{receipt}/pdf")).await;
    assert!(paper.contains("\"total_vnd\": 104279") && paper.contains("\"discount_vnd\""), "{}", paper.text);
    assert_eq!(ask(&world, "84101", "SELECT sum(discount_vnd)::bigint FROM billing_report_daily_revenue").await, 4_321);
    assert_eq!(ask(&world, "84101", "SELECT sum(amount_vnd)::bigint FROM billing_report_daily_receipt").await, 104_279);
    // What is on a receipt was paid by it.
    let discount = one(&world, "SELECT discount_id FROM billing_discount").await;
    let page = thoa.post(&format!("{}/discounts/{discount}/removal", an.path()), &[("reason", "nhầm")]).await;
    assert!(page.status == 422 && page.contains("Hủy phiếu thu đó trước"), "{}", page.text);
    let page = give(&mut thoa, &an.path(), &[("scope", "bill"), ("value", "1%"), ("reason", "nữa")]).await;
    assert!(page.status == 422 && page.contains("Không có khoản chưa thu nào"), "{}", page.text);
}

#[tokio::test]
async fn over_the_limit_a_second_person_decides_and_twice_a_little_is_a_lot() {
    let world = clinic().await;
    let an = walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
    an.order(&world, &["XN01"]).await;
    let mut thoa = world.sign_in_as("thungan.84101").await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    assert_eq!(give(&mut thoa, &an.path(), &[("value", "5%"), ("reason", "Người quen")]).await.status, 303);
    assert_eq!(an.account(&world).await.0, 86_200 - 4_310);
    assert_eq!(give(&mut thoa, &an.path(), &[("value", "1.000"), ("reason", "thêm chút")]).await.status, 303);
    assert_eq!(an.account(&world).await.0, 86_200 - 4_310, "the second waits");
    let asked = one(&world, "SELECT approval_id FROM billing_approval WHERE matter = 'discount'").await;
    assert!(owner.get("/app/cashier/approvals").await.contains("Giảm giá vượt mức"));
    let decision = format!("/app/cashier/approvals/{asked}/decision");
    assert_eq!(thoa.post(&decision, &[("decision", "approve")]).await.status, 403);
    assert_eq!(owner.post(&decision, &[("decision", "approve")]).await.status, 303);
    assert_eq!(an.account(&world).await.0, 86_200 - 5_310);
    // Refused ones leave nothing.
    assert_eq!(give(&mut thoa, &an.path(), &[("value", "50%"), ("reason", "nhiều")]).await.status, 303);
    let asked = one(&world, "SELECT approval_id FROM billing_approval WHERE matter = 'discount' AND step = 'waiting'").await;
    assert_eq!(owner.post(&format!("/app/cashier/approvals/{asked}/decision"), &[("decision", "refuse"), ("note", "quá mức")]).await.status, 303);
    assert_eq!(an.account(&world).await.0, 86_200 - 5_310);
    assert_eq!(lines_below_zero(&world).await, 0);
}

#[tokio::test]
async fn taken_back_by_rows_of_its_own_and_with_its_line() {
    let world = clinic().await;
    let an = walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
    let orders = an.order(&world, &["XN01"]).await;
    let mut thoa = world.sign_in_as("thungan.84101").await;
    assert_eq!(give(&mut thoa, &an.path(), &[("scope", "group:lab"), ("value", "4.000"), ("reason", "x")]).await.status, 303);
    assert_eq!(an.account(&world).await.0, 82_200);
    let discount = one(&world, "SELECT discount_id FROM billing_discount").await;
    let removal = format!("{}/discounts/{discount}/removal", an.path());
    assert_eq!(thoa.post(&removal, &[]).await.status, 422, "why?");
    assert_eq!(thoa.post(&removal, &[("reason", "Giảm nhầm")]).await.status, 303);
    assert_eq!(thoa.post(&removal, &[("reason", "Giảm nhầm")]).await.status, 303, "the second click");
    assert_eq!(an.account(&world).await.0, 86_200);
    // A line that goes away takes its discount along.
    assert_eq!(give(&mut thoa, &an.path(), &[("scope", "group:lab"), ("value", "2.000"), ("reason", "x")]).await.status, 303);
    an.tell(&world, base::Event::OrderCancelled { encounter: an.encounter, order: orders[0] }).await;
    assert_eq!(an.account(&world).await.0, 36_500);
    assert_eq!(lines_below_zero(&world).await, 0);
    let mut sen = world.sign_in_as("thungan.84102").await;
    for path in [format!("{}/discounts", an.path()), removal] {
        assert_eq!(sen.post(&path, &[("reason", "x")]).await.status, 403, "not in their package: {path}");
    }
}

#[tokio::test]
async fn rules_reach_only_those_they_mean() {
    let world = clinic().await;
    let an = walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    let mut thoa = world.sign_in_as("thungan.84101").await;
    let write = |name: &'static str, more: &'static [(&'static str, &'static str)]| {
        let id = Uuid::now_v7().to_string();
        let mut form: Vec<(String, String)> = [("id", id.as_str()), ("name", name), ("value", "20%"), ("scope", "group:exam"), ("valid_from", "24/11/2026")]
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .to_vec();
        form.extend(more.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
        (id, form)
    };
    let mut ids = Vec::new();
    for (name, more) in [("Trẻ dưới 6 tuổi", &[("age_to", "5")][..]), ("Người trung niên", &[("age_from", "40"), ("age_to", "60")][..]), ("Nhân viên", &[("needs_proof", "1")][..])] {
        let (id, form) = write(name, more);
        let form: Vec<(&str, &str)> = form.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        let page = owner.post("/app/discounts", &form).await;
        assert_eq!(page.status, 303, "{}", page.text);
        ids.push(id);
    }
    assert_eq!(thoa.get("/app/discounts").await.status, 403, "cashiers do not make rules");
    let page = thoa.get(&format!("{}/discounts", an.path())).await;
    assert!(page.contains("Người trung niên") && !page.contains("Trẻ dưới 6 tuổi"), "born in 1985: {}", page.text);
    assert_eq!(give(&mut thoa, &an.path(), &[("rule", &ids[0])]).await.status, 422, "not a child");
    assert_eq!(give(&mut thoa, &an.path(), &[("rule", &ids[2])]).await.status, 422, "which card?");
    // Twenty percent is over a cashier's word, but a rule of the house has no limit.
    assert_eq!(give(&mut thoa, &an.path(), &[("rule", &ids[1])]).await.status, 303);
    assert_eq!(an.account(&world).await.0, 36_500 - 7_300);
    assert_eq!(give(&mut thoa, &an.path(), &[("rule", &ids[1])]).await.status, 422, "once per bill");
    assert_eq!(owner.post(&format!("/app/discounts/{}/end", ids[2]), &[]).await.status, 303);
    for nonsense in [[("value", "0%"), ("name", "x")], [("value", "10%"), ("name", "")]] {
        let id = Uuid::now_v7().to_string();
        let mut form = vec![("id", id.as_str()), ("valid_from", "24/11/2026")];
        form.extend(nonsense);
        assert_eq!(owner.post("/app/discounts", &form).await.status, 422);
    }
}

#[tokio::test]
async fn two_cashiers_and_a_double_click_discount_once_each() {
    let world = clinic().await;
    let an = walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
    an.order(&world, &["XN01"]).await;
    let (mut thoa, mut chau) = (world.sign_in_as("thungan.84101").await, world.sign_in_as("thungan2.84101").await);
    let mut again = thoa.clone();
    let (first, second) = (Uuid::now_v7().to_string(), Uuid::now_v7().to_string());
    let path = format!("{}/discounts", an.path());
    let (mine, theirs) = ([("id", first.as_str()), ("value", "1.000"), ("reason", "x")], [("id", second.as_str()), ("value", "1.500"), ("reason", "y")]);
    let (a, b, c) = tokio::join!(thoa.post(&path, &mine), again.post(&path, &mine), chau.post(&path, &theirs));
    assert_eq!((a.status, b.status, c.status), (303, 303, 303), "{} {} {}", a.text, b.text, c.text);
    assert_eq!(an.account(&world).await.0, 86_200 - 2_500);
    assert_eq!(lines_below_zero(&world).await, 0);
}

#[tokio::test]
async fn money_that_arrives_while_a_discount_is_given_is_never_lost() {
    let world = clinic().await;
    let an = walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
    let mut thoa = world.sign_in_as("thungan.84101").await;
    open_shift(&mut thoa, "").await;
    assert_eq!(thoa.post(&format!("{}/transfer-codes", an.path()), &[("way", "transfer")]).await.status, 303);
    let arrival = billing::store::bank::Arrival {
        bank_tx_id: "FT1".into(),
        account_no: "0841010000101".into(),
        amount: base::Vnd(36_500),
        content: "YBA 261124 0001".into(),
        paid_at: world.clock.now(),
    };
    let bank = async {
        let mut tx = world.tx("84101").await;
        let taken = billing::arrival::take(&mut tx, &arrival).await.expect("never a fault");
        tx.commit().await.unwrap();
        taken
    };
    let mut other = thoa.clone();
    let path = an.path();
    let (page, taken) = tokio::join!(give(&mut other, &path, &[("value", "1.000"), ("reason", "x")]), bank);
    let (charged, paid) = an.account(&world).await;
    match taken {
        // The money was first: nothing is left to lower.
        billing::arrival::Taken::Settled => assert_eq!((page.status, charged, paid), (422, 36_500, 36_500)),
        // The discount was first: more came than is owed, so a person decides what becomes of it.
        billing::arrival::Taken::Unmatched("already_paid") => {
            assert_eq!((page.status, charged, paid), (303, 35_500, 0));
            assert!(thoa.get("/app/cashier/unmatched").await.contains("36.500"));
        }
        other => panic!("{other:?} with {page:?}", page = page.status),
    }
    assert_eq!(lines_below_zero(&world).await, 0);
}
