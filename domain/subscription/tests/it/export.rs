//! Taking everything along.

use crate::clinic::open;
use sha2::{Digest, Sha256};
use std::io::Read;
use std::time::Duration;
use uuid::Uuid;

#[tokio::test]
async fn the_archive_holds_every_sheet_with_its_hash_and_no_secret() {
    let world = open().await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    let id = Uuid::now_v7().to_string();
    for _ in 0..2 {
        assert_eq!(owner.post("/app/subscription/exports", &[("id", &id)]).await.status, 303);
    }
    let path = format!("/app/subscription/exports/{id}/data.zip");
    let mut page = owner.get(&path).await;
    // Made in the background: the page would be told; a test asks until it is there.
    for _ in 0..200 {
        if page.status == 200 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        page = owner.get(&path).await;
    }
    assert_eq!(page.status, 200, "{}", owner.get("/app/subscription/exports").await.text);
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(page.bytes)).expect("a whole archive");
    let mut read = |name: &str| {
        let mut bytes = Vec::new();
        zip.by_name(name).expect(name).read_to_end(&mut bytes).expect("a file");
        bytes
    };
    let manifest: serde_json::Value = serde_json::from_slice(&read("manifest.json")).unwrap();
    let sheets = manifest["sheets"].as_array().unwrap();
    assert!(sheets.len() >= 6, "{manifest}");
    for sheet in sheets {
        let bytes = read(sheet["path"].as_str().unwrap());
        assert_eq!(hex::encode(Sha256::digest(&bytes)), sheet["sha256"], "{sheet}");
        let text = String::from_utf8(bytes).unwrap();
        assert!(!text.contains("$argon2id$") && !text.contains("JBSWY3DPEHPK3PXP"), "{sheet} holds a secret");
    }
    let staff = String::from_utf8(read("nhan-su/practitioner_practitioner.csv")).unwrap();
    assert!(staff.contains("Lê Hoàng Phúc") && !staff.contains("Trần Mai Hương"), "only the own staff");
    // Nobody else fetches it, and the typed password must be fresh.
    let mut other = world.sign_in_as("quantri.84102").await;
    assert_eq!(other.get(&path).await.status, 404);
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    assert_eq!(doctor.get(&path).await.status, 403);
    world.clock.advance(chrono::TimeDelta::minutes(11));
    assert!(owner.get(&path).await.location().starts_with("/app/prove"));
    let audited: i64 = crate::clinic::count(&world, "SELECT count(*) FROM db_audit WHERE entity = 'export' AND action = 'download'").await;
    assert_eq!(audited, 1);
}
