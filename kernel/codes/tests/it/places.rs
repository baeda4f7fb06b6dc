use crate::world::World;
use codes::place::{self, AddressMatch};

#[tokio::test]
async fn communes_are_found_without_marks_and_by_province() {
    let world = World::get().await;
    let mut conn = world.app().await;
    assert_eq!(place::list_provinces(&mut conn).await.unwrap().len(), 34);
    let hits = place::search_communes(&mut conn, "long chau", None, 10).await.unwrap();
    assert_eq!(hits[0].full_name, "Phường Long Châu");
    assert_eq!(hits[0].province, "Tỉnh Vĩnh Long");
    let vinh_long = &hits[0].province_code;
    let hits = place::search_communes(&mut conn, "tan", Some(vinh_long), 50).await.unwrap();
    assert!(!hits.is_empty() && hits.iter().all(|c| &c.province_code == vinh_long));
    assert!(place::list_communes(&mut conn, vinh_long).await.unwrap().len() > 100);
    assert_eq!(place::find_commune(&mut conn, "00004").await.unwrap().unwrap().full_name, "Phường Ba Đình");
}

#[tokio::test]
async fn an_old_ward_offers_its_successor() {
    let world = World::get().await;
    let mut conn = world.app().await;
    let whole = place::list_successors(&mut conn, "00001").await.unwrap();
    assert_eq!(whole.len(), 1);
    assert_eq!(whole[0].commune, "Phường Hồng Hà");
    assert!(!whole[0].split);
    let hits = place::search_old_wards(&mut conn, "phuc xa ba dinh", 5).await.unwrap();
    assert_eq!(hits[0].old_ward_code, "00001");
}

#[tokio::test]
async fn a_printed_address_is_read_as_today() {
    let world = World::get().await;
    let mut conn = world.app().await;
    match place::read_address(&mut conn, "Số 5 Hàng Bún, Phúc Xá, Ba Đình, Hà Nội").await.unwrap() {
        AddressMatch::Before { street, successors } => {
            assert_eq!(street, "Số 5 Hàng Bún");
            assert_eq!(successors[0].commune, "Phường Hồng Hà");
        }
        other => panic!("{other:?}"),
    }
    match place::read_address(&mut conn, "Khóm 2, Phường Long Châu, Tỉnh Vĩnh Long").await.unwrap() {
        AddressMatch::Today { street, commune } => {
            assert_eq!(street, "Khóm 2");
            assert_eq!(commune.full_name, "Phường Long Châu");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(place::read_address(&mut conn, "Paris, France").await.unwrap(), AddressMatch::Unknown);
    assert_eq!(place::read_address(&mut conn, "").await.unwrap(), AddressMatch::Unknown);
}

#[tokio::test]
async fn every_old_ward_leads_to_a_commune_of_today() {
    let world = World::get().await;
    let mut conn = world.app().await;
    let lost: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM codes_old_ward w WHERE NOT EXISTS (SELECT 1 FROM codes_commune c WHERE c.code = w.commune_code)",
    )
    .fetch_one(&mut conn)
    .await
    .unwrap();
    assert_eq!(lost, 0);
}
