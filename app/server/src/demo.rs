//! The demo world: five invented facilities of Vĩnh Long province, their staff, three people everybody knows, and as
//! many more as asked for. Default sign-ins exist only here.

use crate::config::{Opened, Place};
use crate::generate;
use anyhow::{Context, Result, anyhow, bail};
use base::{Actor, FacilityId, PatientId};
use chrono::{DateTime, NaiveDate, Utc};
use db::{Db, Scope};
use indicatif::{ProgressBar, ProgressStyle};
use organization::seed::demo_id;
use patient::demographics::{Demographics, Typed};
use patient::safety::{AllergyEntry, TypedAllergy};
use patient::store::register::{Source, insert_patient, person_for};
use patient::store::safety::insert_allergy;

/// The people of the demo world as a receptionist would have typed them, with the facilities that know them.
fn people() -> [(&'static str, &'static [&'static str], Typed, Option<TypedAllergy>); 3] {
    let typed = |name: &str, birth: &str, sex: &str| Typed {
        name: name.into(),
        birth: birth.into(),
        sex: sex.into(),
        commune_code: "29602".into(),
        commune_name: "Xã Long Hồ, tỉnh Vĩnh Long".into(),
        address_line: "Ấp Phú Thạnh".into(),
        ..Typed::default()
    };
    let sulfamid = TypedAllergy {
        substance: "Sulfamid (cotrimoxazol)".into(),
        kind: "drug_class".into(),
        class_code: "sulfonamide_antibiotic".into(),
        reaction: "nổi mề đay toàn thân".into(),
        severity: "moderate".into(),
        certainty: "confirmed".into(),
        ..TypedAllergy::default()
    };
    [
        (
            "an",
            &["84101"],
            Typed {
                phone: "0900000001".into(),
                cccd: "084085012345".into(),
                occupation: "Giáo viên".into(),
                card_no: "GD4848412345678".into(),
                card_from: "01/01/2026".into(),
                card_to: "31/12/2026".into(),
                card_registered_at: "84101".into(),
                ..typed("Nguyễn Văn An", "15/03/1985", "male")
            },
            Some(sulfamid),
        ),
        (
            "khue",
            &["84101"],
            Typed {
                contact_name: "Lê Thị Bích Trâm".into(),
                contact_relation: "mother".into(),
                contact_phone: "0900000002".into(),
                ..typed("Nguyễn Minh Khuê", "10/01/2026", "female")
            },
            None,
        ),
        (
            "lanh",
            &["84101", "84901"],
            Typed { phone: "0900000003".into(), cccd: "084158012346".into(), ..typed("Trần Thị Lành", "02/06/1958", "female") },
            None,
        ),
    ]
}

/// Throws the demo world away: data folder and private database.
pub async fn forget(place: &Place) -> Result<()> {
    if place.database_url.is_some() {
        bail!("--fresh only throws away Yba's own private database; empty the given one yourself");
    }
    if place.data.join("postgres").join("data").exists() {
        let opened = place.open().await?;
        if let Some(cluster) = &opened.cluster {
            cluster.stop_now()?;
        }
    }
    if place.data.exists() {
        std::fs::remove_dir_all(&place.data).with_context(|| format!("cannot remove {}", place.data.display()))?;
    }
    Ok(())
}

/// The certification authority that vouches for the people of the demo world; its keys lie in the data folder.
pub fn authority(place: &Place, sandbox_port: u16) -> Result<sandbox::trust::Authority> {
    sandbox::trust::Authority::open(&place.data.join("authority"), &format!("http://127.0.0.1:{sandbox_port}"), base::Clock::system())
}

/// What the demo server trusts: what the environment names, otherwise its own authority.
pub fn trust(authority: &sandbox::trust::Authority) -> Result<signing::Settings> {
    let named = signing::Settings::from_environment()?;
    if !named.roots.is_empty() {
        return Ok(named);
    }
    Ok(signing::Settings { keep_answers: named.keep_answers, patience: named.patience, ..authority.settings() })
}

/// The PIN of every key of the demo world.
const KEY_PIN: &str = "1234";

/// Gives the staff of the two houses with electronic records a signing key each, and the houses their seals, as if every
/// one had registered their own. What is there already stays.
pub async fn issue_keys(place: &Place, opened: &Opened, authority: &sandbox::trust::Authority, trust: &signing::Settings, now: DateTime<Utc>) -> Result<()> {
    let db = Db::connect(&opened.options, &[]).await?;
    let secret = crate::config::secret(&place.data)?;
    let engine = signing::Engine::new(trust.clone());
    for (facility, code) in organization::seed::facilities().into_iter().filter(|(_, code)| matches!(*code, "84001" | "84101")) {
        let mut tx = db.begin(Scope::Facility(facility), Actor::system(facility), now).await?;
        let house: String = sqlx::query_scalar(db::sql!("SELECT coalesce(nullif(legal_name, ''), name) FROM organization_facility WHERE facility_id = $1"))
            .bind(facility.0)
            .fetch_one(tx.conn())
            .await?;
        let people: Vec<(uuid::Uuid, Option<uuid::Uuid>, String, String)> = sqlx::query_as(db::sql!(
            "SELECT a.account_id, a.practitioner_id, p.name, p.title FROM practitioner_account a
             JOIN practitioner_practitioner p ON p.facility_id = $1 AND p.practitioner_id = a.practitioner_id
             WHERE a.facility_id = $1 AND a.demo AND a.kind = 'staff'
               AND NOT EXISTS (SELECT 1 FROM record_key k WHERE k.facility_id = $1 AND k.account_id = a.account_id AND k.purpose = 'person')
             ORDER BY a.login"
        ))
        .bind(facility.0)
        .fetch_all(tx.conn())
        .await?;
        for (account, practitioner, name, title) in people {
            let number = practitioner.unwrap_or(account).as_u128() % 1_000_000_000;
            let holder = sandbox::trust::Holder { name, id: format!("084{number:09}"), organisation: house.clone(), title, ..Default::default() };
            keep_key(&mut tx, &secret, &engine, authority, &holder, account, practitioner).await?;
        }
        let has_seal: bool = sqlx::query_scalar(db::sql!("SELECT EXISTS (SELECT 1 FROM record_key WHERE facility_id = $1 AND purpose = 'seal' AND ended_at IS NULL)"))
            .bind(facility.0)
            .fetch_one(tx.conn())
            .await?;
        if !has_seal {
            let holder = sandbox::trust::Holder { name: house.clone(), id: format!("15000{code}"), organisation: house, ..Default::default() };
            keep_key(&mut tx, &secret, &engine, authority, &holder, demo_id(code, "account", "quantri"), None).await?;
        }
        tx.commit().await?;
    }
    db.close().await;
    Ok(())
}

async fn keep_key(
    tx: &mut db::Tx,
    secret: &[u8; 32],
    engine: &signing::Engine,
    authority: &sandbox::trust::Authority,
    holder: &sandbox::trust::Holder,
    account: uuid::Uuid,
    practitioner: Option<uuid::Uuid>,
) -> Result<()> {
    let issued = authority.issue_with(holder, KEY_PIN)?;
    let key = record::sign::seed::Issued { id: uuid::Uuid::now_v7(), account, practitioner, p12: &issued.p12, password: &issued.password };
    record::sign::seed::write(tx, secret, engine, &key).await
}

/// Writes facilities, staff and the three known people, if they are not there yet.
pub async fn write_world(opened: &Opened, now: DateTime<Utc>) -> Result<()> {
    let db = Db::connect(&opened.options, &[]).await?;
    let from: NaiveDate = "2026-01-01".parse()?;
    let known: i64 = sqlx::query_scalar(db::sql!("SELECT count(*) FROM organization_directory()")).fetch_one(db.pool()).await?;
    let facilities = organization::seed::facilities();
    if known as usize >= facilities.len() {
        db.close().await;
        return Ok(());
    }
    let hash = practitioner::seed::demo_hash().await?;
    let secret = practitioner::password::hash("demo-secret").await?;
    for (facility, code) in facilities {
        let mut tx = db.begin(Scope::FacilityFor(facility, "sign-in"), Actor::system(facility), now).await?;
        organization::seed::write(&mut tx, code, from).await?;
        practitioner::seed::write(&mut tx, code, &hash, from).await?;
        billing::seed::connect_sandbox_bank(&mut tx).await?;
        diagnostics::store::lab::catalogue::seed(&mut tx, from).await?;
        if code == "84001" {
            exchange::seed::write(&mut tx, code, from).await?;
        }
        if code == "84101" {
            fhir_api::seed::write(&mut tx, code, "demo-his", &[("PK-NOI", "NOI1")], from).await?;
        }
        // The facilities whose package has a pharmacy.
        if matches!(code, "84101" | "84103" | "84001") {
            inventory::seed::write(&mut tx, code, from).await.map_err(|e| anyhow!("the shelves of {code}: {e:?}"))?;
            medication::seed::write(&mut tx, code, from).await?;
        }
        scheduling::seed::write(&mut tx, code, from, base::local_date(now)).await?;
        let stand_in = std::env::var("YBA_SANDBOX_URL").ok().filter(|url| !url.is_empty()).unwrap_or_else(|| "http://127.0.0.1:8090".into());
        care_desk::seed::write(&mut tx, code, &stand_in).await?;
        if code == "84101" {
            practitioner::seed::write_machine(&mut tx, code, &secret).await?;
        }
        tx.commit().await?;
        if code == "yba" {
            subscription::seed::set_platform(&db, facility, billing::seed::SANDBOX_SECRET, now).await?;
        }
        write_people(&db, facility, code, now).await?;
    }
    db.close().await;
    Ok(())
}

async fn write_people(db: &Db, facility: FacilityId, code: &str, now: DateTime<Utc>) -> Result<()> {
    for (key, known_at, typed, allergy) in people() {
        if !known_at.contains(&code) {
            continue;
        }
        let mut tx = db.begin(Scope::FacilityFor(facility, "person-index"), Actor::system(facility), now).await?;
        let who = Demographics::check(&typed, base::local_date(now)).map_err(|p| anyhow!("{key}: {:?}", p.0))?;
        let id = PatientId(demo_id(code, "patient", key));
        let person = person_for(&mut tx, &who.cccd).await?;
        let made = insert_patient(&mut tx, id, person, &who, Source::Scan).await.map_err(|e| anyhow!("{e:?}"))?;
        if made.is_new
            && let Some(allergy) = allergy
        {
            let entry = AllergyEntry::check(&allergy).map_err(|p| anyhow!("{key}: {:?}", p.0))?;
            insert_allergy(&mut tx, id, demo_id(code, "allergy", key), &entry).await.map_err(|e| anyhow!("{e:?}"))?;
        }
        tx.audit("register", "patient", id, Some(id), serde_json::json!({ "demo": true }));
        tx.commit().await?;
    }
    Ok(())
}

/// Fills the wards of the demo hospital: beds, people in them, what was ordered, given and measured.
pub async fn write_stays(place: &Place, opened: &Opened, now: DateTime<Utc>) -> Result<()> {
    let db = Db::connect(&opened.options, &[]).await?;
    let records = record::RecordDesk::new(db::Files::in_folder(&place.data.join("files"))?);
    for (facility, code) in organization::seed::facilities() {
        inpatient::seed::write(&db, facility, code, &records, now).await?;
    }
    db.close().await;
    Ok(())
}

/// Invents people and visits at a facility of the demo world, with a progress bar.
pub async fn invent(opened: &Opened, code: &str, people: u64, visits: u64, now: DateTime<Utc>) -> Result<()> {
    let facilities = organization::seed::facilities();
    let Some((facility, _)) = facilities.iter().find(|(_, c)| *c == code) else {
        bail!("the demo world has no facility {code}");
    };
    let mut owner = opened.options.connect_owner().await?;
    let bar = ProgressBar::new(people);
    bar.set_style(ProgressStyle::with_template("{msg} [{bar:30}] {pos}/{len} ({eta})").expect("a template"));
    let plan = generate::Plan { facility: *facility, people, visits, seed: 1, now };
    let done = generate::run(&mut owner, &plan, &mut |what, done, of| {
        bar.set_message(what.to_owned());
        bar.set_length(of.max(1));
        bar.set_position(done);
    })
    .await?;
    bar.finish_and_clear();
    eprintln!("{} people and {} visits invented at {code}", done.people, done.visits);
    Ok(())
}

/// The address and the sign-ins.
pub fn print_welcome(port: u16, sandbox_port: u16) {
    println!("Yba, bản trình diễn với dữ liệu giả");
    println!("  Nhân viên        http://127.0.0.1:{port}/app");
    println!("  Trang công khai  http://127.0.0.1:{port}/");
    println!("  Ngân hàng giả    http://127.0.0.1:{sandbox_port}/  ·  hộp tin giả http://127.0.0.1:{sandbox_port}/messages  ·  HIS giả http://127.0.0.1:{sandbox_port}/his");
    println!("  Đăng nhập        tiepnhan.84101 · dieuduong.84101 · bacsi.84101 · thungan.84101 · quantri.84101 (và 84102, 84103, 84001, 84901) · vanhanh.yba");
    println!("  Mật khẩu         demo, mã xác thực 000000 ở nơi được hỏi; PIN của khóa ký {KEY_PIN}");
}
