//! A hospital here, a clinic there: asking, agreeing, reading byte for byte, revoking; a stranger, a forged name, a
//! partner who is away.

use async_trait::async_trait;
use base::{DocumentId, EncounterId, PatientId, RecordId};
use db::Tx;
use record_link::Identity;
use serde_json::Value;
use sha2::{Digest, Sha256};
use sharing::request::Purpose;
use sharing::store::held::{Ask, Whom};
use sharing::store::partners::{self, Partner};
use sharing::wire::{Wire, WireFault};
use std::net::SocketAddr;
use std::sync::Arc;
use testkit::World;
use uuid::Uuid;
use web::Failure;
use web::ask::{DocumentContent, DocumentLine, FormStart, Incoming, Records, RecordsOf, Sensitivity};

const LEAVE: DocumentId = DocumentId(Uuid::from_u128(0x101));
const PAPER: &[u8] = b"%PDF-1.7 Gi\xe1\xba\xa5y ra vi\xe1\xbb\x87n";

/// One signed paper of the hospital's An.
struct Cabinet;

fn line() -> DocumentLine {
    DocumentLine {
        document: LEAVE,
        record: RecordId(Uuid::from_u128(1)),
        encounter: EncounterId(Uuid::from_u128(2)),
        patient: PatientId(testkit::demo_id("84001", "patient", "AN")),
        form: "giay_ra_vien".into(),
        title: "Giấy ra viện".into(),
        version: 1,
        status: "signed".into(),
        sensitivity: Sensitivity::Ordinary,
        author: "BS. Nguyễn Thanh Tùng".into(),
        at: "2026-11-20T03:00:00Z".parse().unwrap(),
        sha256: hex::encode(Sha256::digest(PAPER)),
    }
}

#[async_trait]
impl Records for Cabinet {
    async fn of_encounter(&self, _: &mut Tx, _: EncounterId) -> Result<RecordId, Failure> {
        Err(Failure::NotFound)
    }
    async fn write_form(&self, _: &mut Tx, _: &FormStart<'_>) -> Result<(), Failure> {
        Ok(())
    }
    async fn file(&self, _: &mut Tx, _: &Incoming<'_>) -> Result<(), Failure> {
        Err(Failure::NotFound)
    }
    async fn list(&self, tx: &mut Tx, _: RecordsOf) -> Result<Vec<DocumentLine>, Failure> {
        Ok(if tx.facility() == testkit::facility("84001") { vec![line()] } else { Vec::new() })
    }
    async fn content(&self, _: &mut Tx, document: DocumentId) -> Result<Option<DocumentContent>, Failure> {
        let content = DocumentContent { line: line(), media_type: "application/pdf".into(), content: PAPER.to_vec(), data: Value::Null };
        Ok((document == LEAVE).then_some(content))
    }
    async fn gaps(&self, _: &mut Tx, _: EncounterId) -> Result<Vec<String>, Failure> {
        Ok(Vec::new())
    }
}

fn folder() -> std::path::PathBuf {
    std::env::temp_dir().join(format!("yba-link-{}", Uuid::now_v7()))
}

fn identity() -> Identity {
    record_link::identity(&folder(), &["127.0.0.1".into()]).unwrap()
}

async fn server(with: Arc<dyn Records>) -> World {
    World::wired(vec![patient::module(), encounter::module(), sharing::module()], |wiring| wiring.records = with).await
}

/// A patient named An with his card number; every server has a person of its own for him.
async fn an(world: &World, facility: &str) {
    let mut tx = world.tx(facility).await;
    sqlx::query(
        "INSERT INTO patient_patient (facility_id, patient_id, person_id, record_seq, record_no, name, name_folded, birth_date, sex, phone, cccd, created_at, created_by)
         VALUES ($1, $2, $3, 1, 'X-1', 'Nguyễn Văn An', 'nguyen van an', '1985-03-15', 'male', '0900000001', '084085012345', $4, $2)",
    )
    .bind(testkit::facility(facility).0)
    .bind(testkit::demo_id(facility, "patient", "AN"))
    .bind(Uuid::now_v7())
    .bind(world.clock.now())
    .execute(tx.conn())
    .await
    .unwrap();
    tx.commit().await.unwrap();
}

/// A free port of this machine.
fn free() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn partner(code: &str, name: &str, address: SocketAddr, of: &Identity) -> Partner {
    Partner {
        partner_id: Uuid::now_v7(),
        code: code.into(),
        name: name.into(),
        address: format!("https://{address}"),
        certificate: of.pem().into(),
        fingerprint: of.fingerprint(),
        active_from: "2026-01-01".parse().unwrap(),
        active_to: None,
    }
}

async fn keep(world: &World, facility: &str, partner: &Partner) {
    let mut tx = world.tx(facility).await;
    partners::keep(&mut tx, partner).await.unwrap();
    tx.commit().await.unwrap();
}

fn ask(id: Uuid) -> Ask {
    Ask {
        request: id,
        asker_code: "84101".into(),
        asker_name: "Phòng khám Đa khoa An Tâm".into(),
        asker_facility: None,
        partner: None,
        doctor: "BS. Lê Hoàng Phúc".into(),
        whom: Whom { name: "Nguyễn Văn An".into(), birth_date: "1985-03-15".parse().ok(), sex: "male".into(), cccd: "084085012345".into(), person: None },
        purpose: Purpose::FollowUp,
        note: "Tái khám".into(),
        emergency: false,
    }
}

#[tokio::test]
async fn a_paper_crosses_byte_for_byte_and_closes_at_once() {
    let (hospital, clinic) = (server(Arc::new(Cabinet)).await, server(Arc::new(web::ask::Nothing)).await);
    an(&hospital, "84001").await;
    an(&clinic, "84101").await;
    let (ours, theirs, port) = (identity(), identity(), free());
    keep(&hospital, "84001", &partner("84101", "Phòng khám Đa khoa An Tâm", free(), &theirs)).await;
    let way_there = partner("84001", "Bệnh viện Đa khoa tỉnh", port, &ours);
    keep(&clinic, "84101", &way_there).await;
    record_link::connect(&theirs);

    // The hospital is not up yet: the inquiry is kept and tried again.
    let mut doctor = clinic.sign_in_as("bacsi.84101").await;
    let id = Uuid::now_v7();
    let (patient, holder, inquiry) = (testkit::demo_id("84101", "patient", "AN").to_string(), format!("@{}", way_there.partner_id), id.to_string());
    let form = [("id", inquiry.as_str()), ("patient", &patient), ("holder", &holder), ("purpose", "follow_up"), ("note", "Tái khám")];
    assert_eq!(doctor.post("/app/sharing/inquiries", &form).await.status, 303);
    clinic.drain().await;
    assert_eq!(clinic.failed_jobs("84101").await.len(), 1, "the hospital is away");

    let (app, mine) = (hospital.app.clone(), ours.clone());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let served = tokio::spawn(async move {
        record_link::serve(app, &mine, port, async {
            let _ = stopped.await;
        })
        .await
    });
    while tokio::net::TcpStream::connect(port).await.is_err() {
        tokio::task::yield_now().await;
    }
    clinic.clock.advance(chrono::TimeDelta::hours(1));
    clinic.drain().await;
    assert!(clinic.failed_jobs("84101").await.is_empty(), "{:?}", clinic.failed_jobs("84101").await);
    let mut doctor = clinic.sign_in_as("bacsi.84101").await;
    let page = format!("/app/sharing/inquiries/{id}");
    assert!(doctor.get(&page).await.contains("Chờ cơ sở trả lời"));

    // At the hospital: the paper is proposed, the code read out.
    let mut clerk = hospital.sign_in_as("luutru.84001").await;
    let document = LEAVE.to_string();
    let desk = format!("/app/sharing/requests/{id}");
    assert_eq!(clerk.post(&format!("{desk}/proposal"), &[("documents", document.as_str()), ("days", "7"), ("by", "desk")]).await.status, 303);
    assert_eq!(clerk.post(&format!("{desk}/code"), &[]).await.status, 303);
    let mut tx = hospital.tx("84001").await;
    let text: String = sqlx::query_scalar("SELECT payload->>'text' FROM db_job WHERE name = 'notify.send' ORDER BY created_at DESC LIMIT 1").fetch_one(tx.conn()).await.unwrap();
    drop(tx);
    let code = text.split(|c: char| !c.is_ascii_digit()).find(|word| word.len() == 6).unwrap().to_owned();
    assert_eq!(clerk.post(&format!("{desk}/proof"), &[("code", &code)]).await.status, 303);

    assert!(doctor.get(&page).await.contains("Giấy ra viện"));
    let file = format!("{page}/documents/{document}/file");
    let arrived = doctor.get(&file).await;
    assert_eq!((arrived.status, Sha256::digest(&arrived.bytes)), (200, Sha256::digest(PAPER)), "{}", arrived.text);
    assert!(clerk.get(&desk).await.contains("Lê Hoàng Phúc"), "the hospital knows who read it");

    assert_eq!(clerk.post(&format!("{desk}/revocation"), &[("reason", "Người bệnh đổi ý")]).await.status, 303);
    assert_eq!(doctor.get(&file).await.status, 403);
    assert!(doctor.get(&page).await.contains("Đã bị thu hồi"));

    let _ = stop.send(());
    served.await.unwrap().unwrap();
}

#[tokio::test]
async fn strangers_forgers_and_impostors_learn_nothing() {
    let hospital = server(Arc::new(Cabinet)).await;
    an(&hospital, "84001").await;
    let (ours, theirs, other, port) = (identity(), identity(), identity(), free());
    keep(&hospital, "84001", &partner("84101", "Phòng khám Đa khoa An Tâm", free(), &theirs)).await;
    keep(&hospital, "84001", &partner("79001", "Bệnh viện miền Đông", free(), &other)).await;
    let (app, mine) = (hospital.app.clone(), ours.clone());
    tokio::spawn(async move { record_link::serve(app, &mine, port, std::future::pending()).await });
    while tokio::net::TcpStream::connect(port).await.is_err() {
        tokio::task::yield_now().await;
    }
    let there = partner("84001", "Bệnh viện Đa khoa tỉnh", port, &ours);

    let stranger = record_link::ask::Way::new(identity());
    assert!(matches!(stranger.ask(&there, &ask(Uuid::now_v7())).await, Err(WireFault::Refused(why)) if why.contains("chưa khai chứng thư")));

    // A partner who signs another partner's name asks in its own.
    let id = Uuid::now_v7();
    let way = record_link::ask::Way::new(other);
    let state = way.ask(&there, &ask(id)).await.unwrap();
    assert_eq!(state.status, "asked");
    let mut tx = hospital.tx("84001").await;
    let asked = sharing::store::held::find(&mut tx, id).await.unwrap().unwrap();
    assert_eq!((asked.asker_code.as_str(), asked.asker_name.as_str()), ("79001", "Bệnh viện miền Đông"));
    drop(tx);
    // And the other partner may not read that request, nor a house that does not know it.
    let honest = record_link::ask::Way::new(theirs);
    assert!(matches!(honest.state(&there, "", id).await, Err(WireFault::Refused(_))));
    assert!(matches!(honest.open(&there, "", id, LEAVE.0, "BS. Lê Hoàng Phúc").await, Err(WireFault::Refused(_))));
    let elsewhere = Partner { code: "84901".into(), ..there.clone() };
    assert!(matches!(honest.ask(&elsewhere, &ask(Uuid::now_v7())).await, Err(WireFault::Refused(_))));

    // Nothing was agreed to: closed, with the reason.
    let mine = Uuid::now_v7();
    honest.ask(&there, &ask(mine)).await.unwrap();
    let closed = honest.open(&there, "", mine, LEAVE.0, "BS. Lê Hoàng Phúc").await.unwrap();
    assert_eq!(closed.err(), Some(sharing::permission::Closed::NotGranted));

    // Somebody else answers under the hospital's address.
    let impostor = Partner { fingerprint: identity().fingerprint(), ..there.clone() };
    assert!(matches!(honest.state(&impostor, "", mine).await, Err(WireFault::Unreachable(why)) if why.contains("chứng thư")));
    // A request that is no JSON, and one that never ends its first line, hurt nobody.
    let mut silent = tokio::net::TcpStream::connect(port).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut silent, b"GET / HTTP/1.1\r\n").await.unwrap();
    assert_eq!(honest.state(&there, "", mine).await.unwrap().status, "asked");
}

#[test]
fn the_certificate_is_made_once_and_the_key_is_nobodys_business() {
    use std::os::unix::fs::PermissionsExt;
    let place = folder();
    let first = record_link::identity(&place, &["127.0.0.1".into()]).unwrap();
    assert_eq!(record_link::identity(&place, &["other.example.vn".into()]).unwrap().fingerprint(), first.fingerprint());
    assert_eq!(std::fs::metadata(place.join("key.pem")).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(sharing::pages::partners::fingerprint(first.pem()).unwrap(), first.fingerprint());
    std::fs::remove_dir_all(place).unwrap();
}
