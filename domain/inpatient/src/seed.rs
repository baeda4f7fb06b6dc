//! The wards of the demo hospital (84001) with beds and two dozen invented stays, so that a map has somebody in its beds,
//! a round has something to do and a record has papers. For demonstrations, never for a real server. Nobody here exists.

use crate::bed::{Facts, Kind};
use crate::order::{self as rule, Typed};
use crate::pages::sheet::form_36;
use crate::paper;
use crate::stay::{Act, CameFrom, Step};
use crate::store::order::{self, NewSheet};
use crate::store::stay::{self, NewStay};
use crate::store::operation::{self, Hand, NewOperation, Note};
use crate::store::{bed, fluid, people};
use anyhow::{Result, anyhow};
use base::{Actor, BedId, EncounterId, FacilityId, PatientId, PersonId, PractitionerId, Problems, RoomId, Via, local_date};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use db::{Db, Scope};
use encounter::diagnosis::Diagnosis;
use encounter::meaning::Meaning;
use encounter::store::vitals::{self as vitals_store, NewVitals};
use encounter::vitals::Vitals;
use encounter::warning_score::Seen;
use organization::seed::{demo_id, rows};
use patient::demographics::{Demographics, Typed as Who};
use patient::safety::{AllergyEntry, FlagEntry, TypedAllergy, TypedFlag};
use patient::store::register::{Source, insert_patient, person_for};
use patient::store::safety::{insert_allergy, insert_flag, mark_none_known};
use std::collections::BTreeMap;
use uuid::Uuid;
use web::ask::Records;

/// Ward, chamber, beds, kind, the service of a bed day.
const CHAMBERS: [(&str, &str, &[&str], Kind, &str); 16] = [
    ("KNOI", "Buồng A1 · Nam", &["A-01", "A-02", "A-03"], Kind::Ordinary, "NG01"),
    ("KNOI", "Buồng A2 · Nam", &["A-04", "A-05", "A-06"], Kind::Ordinary, "NG01"),
    ("KNOI", "Buồng A3 · Nữ", &["A-07", "A-08", "A-09"], Kind::Ordinary, "NG01"),
    ("KNOI", "Buồng A4 · Nữ", &["A-10", "A-11", "A-12"], Kind::Ordinary, "NG01"),
    ("KNOI", "Buồng Cấp cứu khoa", &["C-01", "C-02", "C-03", "C-04"], Kind::Intensive, "NG01"),
    ("KNOI", "Buồng A5 · Nam", &["A-13", "A-14", "A-15"], Kind::Ordinary, "NG01"),
    ("KNOI", "Buồng A6 · Nữ", &["A-16", "A-17", "A-18"], Kind::Ordinary, "NG01"),
    ("KNOI", "Buồng A7 · Theo yêu cầu", &["A-19", "A-20"], Kind::Requested, "NG01"),
    ("HSTC", "Phòng hồi sức 1", &["H-01", "H-02", "H-03", "H-04"], Kind::Intensive, "NG02"),
    ("HSTC", "Phòng hồi sức 2", &["H-05", "H-06", "H-07", "H-08"], Kind::Intensive, "NG02"),
    ("KNGOAI", "Buồng B1 · Hậu phẫu", &["B-01", "B-02", "B-03", "B-04"], Kind::Ordinary, "NG03"),
    ("KNGOAI", "Buồng B2 · Nam", &["B-05", "B-06", "B-07", "B-08", "B-09", "B-10"], Kind::Ordinary, "NG03"),
    ("KNGOAI", "Buồng B3 · Nữ", &["B-11", "B-12", "B-13", "B-14", "B-15", "B-16"], Kind::Ordinary, "NG03"),
    ("KSAN", "Phòng sau sinh 1", &["S-01", "S-02", "S-03", "S-04"], Kind::Ordinary, "NG01"),
    ("KSAN", "Phòng sau sinh 2", &["S-05", "S-06", "S-07", "S-08"], Kind::Ordinary, "NG01"),
    ("KSAN", "Phòng chờ sinh", &["S-09", "S-10", "S-11", "S-12"], Kind::Ordinary, "NG01"),
];

/// The demo hospital with wards.
const HOUSE: &str = "84001";

/// Writes the wards of a demo facility; only the hospital has any. Running it again changes nothing.
pub async fn write(db: &Db, facility: FacilityId, code: &str, records: &dyn Records, now: DateTime<Utc>) -> Result<()> {
    if code != HOUSE {
        return Ok(());
    }
    let mut tx = db.begin_system(facility, now).await?;
    let known = bed::list(&mut tx, room("KNOI")).await?;
    if !known.is_empty() {
        return Ok(());
    }
    write_beds(&mut tx).await?;
    tx.commit().await?;
    for stay in rows(include_str!("demo_stays.tsv")) {
        write_stay(db, facility, records, &stay, now).await.map_err(|e| anyhow!("{}: {e:#}", stay["name"]))?;
    }
    write_operations(db, facility, now).await?;
    let mut tx = db.begin_system(facility, now).await?;
    // One bed is being cleaned, as in every ward in the morning.
    sqlx::query(db::sql!("UPDATE inpatient_bed SET cleaning_since = $3 WHERE facility_id = $1 AND bed_id = $2"))
        .bind(facility.0)
        .bind(bed_id("A-09").0)
        .bind(now - TimeDelta::minutes(12))
        .execute(tx.conn())
        .await?;
    tx.commit().await?;
    Ok(())
}

fn room(code: &str) -> RoomId {
    RoomId(demo_id(HOUSE, "room", code))
}

fn bed_id(code: &str) -> BedId {
    BedId(demo_id(HOUSE, "bed", code))
}

async fn write_beds(tx: &mut db::Tx) -> Result<()> {
    let from: NaiveDate = "2026-01-01".parse()?;
    for (ward, chamber, beds, kind, service) in CHAMBERS {
        for code in beds {
            let facts = Facts {
                chamber: chamber.into(),
                code: (*code).into(),
                kind,
                is_shared: false,
                service: Some(demo_id(HOUSE, "service", service)),
            };
            bed::insert(tx, bed_id(code), room(ward), &facts, from).await.map_err(|e| anyhow!("bed {code}: {e:?}"))?;
        }
    }
    Ok(())
}

/// Somebody of the demo staff as the one who writes.
fn acting(facility: FacilityId, login: &str, name: &str) -> Actor {
    Actor {
        account: base::AccountId(demo_id(HOUSE, "account", login)),
        facility,
        practitioner: Some(PractitionerId(demo_id(HOUSE, "staff", login))),
        name: name.into(),
        via: Via::System,
        ..Actor::system(facility)
    }
}

const NURSE: (&str, &str) = ("dieuduong", "ĐD. Nguyễn Thị Cẩm Tú");

/// The names of the demo doctors as the staff list has them.
fn doctor_name(login: &str) -> &'static str {
    match login {
        "bacsi.hstc" => "BS. Trương Minh Khoa",
        "phauthuat" => "BSCKII. Đoàn Văn Hiệp",
        "truongkhoa" => "BSCKII. Võ Thị Hồng Nhung",
        "bacsi" => "BSCKI. Nguyễn Thanh Tùng",
        _ => "BS. Lê Thị Thu Vân",
    }
}

type Row = BTreeMap<&'static str, &'static str>;

async fn write_stay(db: &Db, facility: FacilityId, records: &dyn Records, row: &Row, now: DateTime<Utc>) -> Result<()> {
    let (days, hour): (i64, i64) = (row["days"].parse()?, row["hour"].parse()?);
    let morning = base::dates::start_of_day(local_date(now) - chrono::Days::new(days as u64));
    // Whatever hour it is now, nobody was admitted in the future.
    let admitted = (morning + TimeDelta::hours(hour)).min(now - TimeDelta::hours(2 + hour % 5));
    let encounter = EncounterId(demo_id(HOUSE, "stay", row["bed"]));
    let patient = PatientId(demo_id(HOUSE, "patient", row["bed"]));
    let doctor = acting(facility, row["doctor"], doctor_name(row["doctor"]));
    register(db, facility, row, patient, &doctor, admitted).await?;

    let mut tx = db.begin(Scope::Facility(facility), doctor.clone(), admitted).await?;
    let who = people::get(&mut tx, patient).await?;
    let reason = "Vào viện theo chỉ định của bác sĩ khám";
    let opening = encounter::stay::Opening {
        encounter,
        patient,
        person: PersonId(who.person_id),
        ward: room(row["ward"]),
        practitioner: doctor.practitioner,
        reason,
        payer: if hour % 2 == 0 { "insurance" } else { "self" },
        coverage: None,
        from: None,
        origin: "ward",
        at: admitted,
    };
    encounter::stay::open(&mut tx, &opening).await.map_err(|e| anyhow!("{e:?}"))?;
    let name = people::code_name(&mut tx, row["code"]).await?;
    let new = NewStay {
        encounter,
        patient,
        ward: room(row["ward"]),
        came_from: if hour < 7 || hour > 17 { CameFrom::Emergency } else { CameFrom::Visit },
        reason,
        admit_code: if name.is_some() { row["code"] } else { "" },
        admit_diagnosis: row["diagnosis"],
        doctor: doctor.practitioner.map(|p| (p.0, doctor.name.to_string())),
        at: admitted,
    };
    stay::insert(&mut tx, &new).await.map_err(|e| anyhow!("{e:?}"))?;
    if let Some(name) = name {
        let visit = encounter::store::visit::get(&mut tx, encounter).await?;
        let list = [Diagnosis { code: row["code"].into(), name, remark: String::new() }];
        encounter::store::diagnosis::write_list(&mut tx, &visit, &list).await?;
    }
    let mut held = stay::lock(&mut tx, encounter).await?;
    let bed = bed::lock(&mut tx, bed_id(row["bed"])).await?;
    bed::lie(&mut tx, demo_id(HOUSE, "bed-stay", row["bed"]), &bed, encounter, patient).await.map_err(|e| anyhow!("{e:?}"))?;
    stay::step(&mut tx, &mut held, Step::InBed, Act::Bed, row["bed"]).await?;
    if row["marks"].contains("leaving") {
        stay::set_leave_on(&mut tx, encounter, Some(local_date(now))).await?;
    }
    // Bed days so far are posted by the running server, which tells the cashier.
    db::job::enqueue(&mut tx, crate::BED_DAYS, &serde_json::json!({ "encounter": encounter }), now).await?;
    tx.commit().await?;

    write_days(db, facility, records, row, encounter, patient, &doctor, admitted, now).await
}

async fn register(db: &Db, facility: FacilityId, row: &Row, patient: PatientId, doctor: &Actor, at: DateTime<Utc>) -> Result<()> {
    let mut tx = db.begin(Scope::FacilityFor(facility, "person-index"), doctor.clone(), at).await?;
    let typed = Who {
        name: row["name"].into(),
        birth: row["birth"].into(),
        sex: row["sex"].into(),
        commune_code: "29602".into(),
        commune_name: "Xã Long Hồ, tỉnh Vĩnh Long".into(),
        address_line: "Ấp Phú Thạnh".into(),
        ..Who::default()
    };
    let who = Demographics::check(&typed, local_date(at)).map_err(|p| anyhow!("{:?}", p.0))?;
    let person = person_for(&mut tx, &who.cccd).await?;
    insert_patient(&mut tx, patient, person, &who, Source::Typed).await.map_err(|e| anyhow!("{e:?}"))?;
    if row["marks"].contains("allergy") {
        let typed = TypedAllergy {
            substance: "Sulfamid (cotrimoxazol)".into(),
            kind: "drug_class".into(),
            class_code: "sulfonamide_antibiotic".into(),
            reaction: "nổi mề đay toàn thân".into(),
            severity: "moderate".into(),
            certainty: "confirmed".into(),
            ..TypedAllergy::default()
        };
        let entry = AllergyEntry::check(&typed).map_err(|p| anyhow!("{:?}", p.0))?;
        insert_allergy(&mut tx, patient, demo_id(HOUSE, "allergy", row["bed"]), &entry).await.map_err(|e| anyhow!("{e:?}"))?;
    } else {
        mark_none_known(&mut tx, patient).await.map_err(|e| anyhow!("{e:?}"))?;
    }
    for kind in ["fall_risk", "infection"].into_iter().filter(|kind| row["marks"].contains(kind)) {
        let entry = FlagEntry::check(&TypedFlag { kind: kind.into(), ..TypedFlag::default() }, local_date(at)).map_err(|p| anyhow!("{:?}", p.0))?;
        insert_flag(&mut tx, patient, demo_id(HOUSE, kind, row["bed"]), &entry).await.map_err(|e| anyhow!("{e:?}"))?;
    }
    tx.commit().await?;
    Ok(())
}

/// The orders of a row: `T003|1 viên|8h, 20h` is a medicine of the house, `watch:Đo huyết áp||8h` anything else.
async fn lines(tx: &mut db::Tx, text: &str) -> Result<Vec<rule::Line>> {
    let mut problems = Problems::none();
    let mut lines = Vec::new();
    for (n, part) in text.split(';').enumerate() {
        let mut parts = part.split('|');
        let what = parts.next().unwrap_or("");
        let (kind, name) = what.split_once(':').unwrap_or(("drug", what));
        let mut typed = Typed { kind: kind.into(), dose: parts.next().unwrap_or("").into(), hours: parts.next().unwrap_or("8h").into(), days: "1".into(), ..Typed::default() };
        let drug = if kind == "drug" {
            let id = demo_id(HOUSE, "drug", name);
            typed.drug = id.to_string();
            typed.quantity = "1".into();
            order::drug_names(tx, &[id]).await?.into_iter().next()
        } else {
            typed.name = name.into();
            typed.route = if kind == "infusion" { "truyền tĩnh mạch".into() } else { String::new() };
            None
        };
        lines.extend(rule::check(&typed, n, drug.as_ref(), &mut problems));
    }
    if problems.is_empty() { Ok(lines) } else { Err(anyhow!("{:?}", problems.0)) }
}

/// Every day of the stay at eight: an entry of the sheet with its orders, what the nurses gave until now, measurements.
#[allow(clippy::too_many_arguments)]
async fn write_days(
    db: &Db,
    facility: FacilityId,
    records: &dyn Records,
    row: &Row,
    encounter: EncounterId,
    patient: PatientId,
    doctor: &Actor,
    admitted: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<()> {
    let nurse = acting(facility, NURSE.0, NURSE.1);
    let mut day = local_date(admitted);
    let mut n = 0;
    while day <= local_date(now) {
        let seven = base::dates::start_of_day(day) + TimeDelta::hours(7) + TimeDelta::minutes(5 + n * 7 % 40);
        let at = if n == 0 { admitted + TimeDelta::minutes(25) } else { seven };
        if at < now {
            // What was due until now was given; the doctor renews the orders every morning.
            let mut tx = db.begin(Scope::Facility(facility), nurse.clone(), at).await?;
            give_until(&mut tx, encounter, at).await?;
            tx.commit().await?;
            let mut tx = db.begin(Scope::Facility(facility), doctor.clone(), at).await?;
            for former in order::list_orders(&mut tx, encounter).await?.into_iter().filter(|o| o.open > 0) {
                order::stop(&mut tx, encounter, former.order_id, "Ra y lệnh mới").await?;
            }
            let stay = stay::get(&mut tx, encounter).await?;
            let progress = if n == 0 { format!("Nhập khoa. {}", row["course"]) } else { row["course"].to_owned() };
            let level: i32 = row["level"].parse()?;
            let new = NewSheet { id: Uuid::now_v7(), progress: &progress, diagnosis: row["diagnosis"], care_level: level, diet: "Cháo, cơm mềm", advice: "" };
            order::insert_sheet(&mut tx, encounter, patient, stay.ward(), &new).await?;
            let lines = lines(&mut tx, row["orders"]).await?;
            order::insert_orders(&mut tx, encounter, patient, new.id, &lines).await?;
            stay::set_course(&mut tx, encounter, row["diagnosis"], level, new.diet).await?;
            let stay = stay::get(&mut tx, encounter).await?;
            let sheets = order::list_sheets(&mut tx, encounter, 60).await?;
            let orders = order::list_orders(&mut tx, encounter).await?;
            let today: Vec<_> = sheets.iter().rev().filter(|s| local_date(s.at) == day).collect();
            if let Some(data) = form_36(&stay, &today, &orders, 1) {
                let document = crate::store::paper::document(&mut tx, encounter, "36/BV2", &day.to_string()).await?;
                paper::put(records, &mut tx, &stay, "36/BV2", document, data).await.map_err(|e| anyhow!("{e:?}"))?;
            }
            tx.commit().await?;
            measure(db, &nurse, row, encounter, patient, (at + TimeDelta::minutes(20), now), n).await?;
        }
        n += 1;
        day = day + chrono::Days::new(1);
    }
    give(db, facility, encounter, patient, row, &nurse, now).await
}

/// Three measurements a day that drift towards the last one of the row.
async fn measure(db: &Db, nurse: &Actor, row: &Row, encounter: EncounterId, patient: PatientId, (from, until): (DateTime<Utc>, DateTime<Utc>), n: i64) -> Result<()> {
    for (k, after) in [0, 6, 12].into_iter().enumerate() {
        let at = from + TimeDelta::hours(after);
        if at > until {
            break;
        }
        let days: i64 = row["days"].parse()?;
        let is_last = n >= days;
        // Earlier days were a little worse; a small sway keeps the line alive.
        let sway = (n * 5 + k as i64 * 3) % 7 - 3;
        let worse = if is_last { 0 } else { (days - n) * 3 };
        let number = |name: &str, add: i64| row[name].replace(',', "").parse::<i64>().map(|v| (v + add).to_string()).unwrap_or_default();
        let (high, low) = row["bp"].split_once('/').unwrap_or(("120", "70"));
        let temperature = row["temp"].replace(',', "").parse::<i64>().unwrap_or(370) + if is_last { 0 } else { (days - n) * 2 + sway };
        let typed: BTreeMap<&str, String> = BTreeMap::from([
            ("pulse", number("pulse", worse + if is_last { 0 } else { sway })),
            ("systolic", high.to_owned()),
            ("diastolic", low.to_owned()),
            ("temperature", format!("{},{}", temperature / 10, temperature % 10)),
            ("breaths", number("breaths", if is_last { 0 } else { sway.abs() / 2 })),
            ("spo2", row["spo2"].to_owned()),
            ("oxygen", row["oxygen"].to_owned()),
        ]);
        let mut tx = db.begin(Scope::Facility(nurse.facility), nurse.clone(), at).await?;
        let visit = encounter::store::visit::get(&mut tx, encounter).await?;
        let vitals = Vitals::read(visit.age(), |field| typed.get(field).map_or("", String::as_str)).map_err(|p| anyhow!("{:?}", p.0))?;
        let seen = Seen { consciousness: encounter::warning_score::Consciousness::from_key(if row["bed"] == "C-01" { "voice" } else { "alert" }), ..Seen::default() };
        let meaning = Meaning::of(&vitals, seen, false, &visit);
        let new = NewVitals {
            id: Uuid::now_v7(),
            encounter,
            patient,
            vitals: &vitals,
            seen,
            is_lying: false,
            answers: serde_json::json!({}),
            remark: "",
            score: meaning.score.as_ref(),
            is_alarm: meaning.is_alarm(),
        };
        vitals_store::insert(&mut tx, new).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Everything due more than twenty minutes ago was given at its hour by the nurse; the close wards balance fluids.
async fn give(db: &Db, facility: FacilityId, encounter: EncounterId, patient: PatientId, row: &Row, nurse: &Actor, now: DateTime<Utc>) -> Result<()> {
    let mut tx = db.begin(Scope::Facility(facility), nurse.clone(), now).await?;
    give_until(&mut tx, encounter, now).await?;
    if row["level"] == "1" {
        for (n, (kind, ml)) in [("infusion", 500), ("urine", 350), ("drink", 200), ("urine", 280), ("drain", 60)].into_iter().enumerate() {
            let at = now - TimeDelta::hours(1 + n as i64 * 2);
            let is_out = crate::fluid::kind(kind).is_some_and(|(_, out)| out);
            fluid::insert(&mut tx, Uuid::now_v7(), encounter, patient, at, kind, is_out, ml, "").await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

/// Marks as given what was due more than twenty minutes before an instant, at its hour, by whoever acts.
async fn give_until(tx: &mut db::Tx, encounter: EncounterId, until: DateTime<Utc>) -> Result<()> {
    let (facility, account, name) = (tx.facility().0, tx.actor.account.0, tx.actor.name.to_string());
    sqlx::query(db::sql!(
        "UPDATE inpatient_task SET status = 'done', at = due_at + interval '6 minutes', by_account = $3, by_name = $4, is_scanned = true
         WHERE facility_id = $1 AND encounter_id = $2 AND status = 'due' AND due_at < $5::timestamptz - interval '20 minutes'"
    ))
    .bind(facility)
    .bind(encounter.0)
    .bind(account)
    .bind(name)
    .bind(until)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The surgical ward: one appendix taken out in the night, one gall bladder planned for tomorrow.
async fn write_operations(db: &Db, facility: FacilityId, now: DateTime<Utc>) -> Result<()> {
    let surgeon = acting(facility, "phauthuat", doctor_name("phauthuat"));
    let team = [("surgeon", "phauthuat"), ("anaesthetist", "bacsi.hstc")].map(|(role, login)| Hand { role: role.into(), id: demo_id(HOUSE, "staff", login), name: doctor_name(login).into() });
    let begun = now - TimeDelta::hours(9);
    let mut tx = db.begin(Scope::Facility(facility), surgeon, begun).await?;
    for (bed, service, name, before, at) in [
        ("B-01", Some("PT01"), "Phẫu thuật nội soi cắt ruột thừa", "Viêm ruột thừa cấp", begun),
        ("B-02", None, "Phẫu thuật nội soi cắt túi mật", "Sỏi túi mật", now + TimeDelta::hours(20)),
    ] {
        let stay = EncounterId(demo_id(HOUSE, "stay", bed));
        let patient = PatientId(demo_id(HOUSE, "patient", bed));
        let id = demo_id(HOUSE, "operation", bed);
        let new = NewOperation {
            id,
            service: service.map(|code| demo_id(HOUSE, "service", code)),
            name,
            class: "2",
            urgency: if service.is_some() { "emergency" } else { "planned" },
            planned_at: at,
            before_code: "",
            before_text: before,
            anaesthesia: "Mê nội khí quản",
            team: &team,
        };
        operation::insert(&mut tx, stay, patient, &new).await?;
        if service.is_none() {
            continue;
        }
        let consent = serde_json::json!({ "by": "Phan Văn Út", "witness": NURSE.1, "risks": "Chảy máu, nhiễm trùng, tai biến gây mê" });
        operation::step(&mut tx, id, crate::theatre::Status::Consented, Some(&consent), None, "").await?;
        for (phase, to) in [("sign_in", crate::theatre::Status::SignedIn), ("time_out", crate::theatre::Status::Cutting), ("sign_out", crate::theatre::Status::Closed)] {
            let answers: BTreeMap<&str, &str> = crate::theatre::questions(phase).iter().map(|q| (q.key, if q.options[0] == "Có" { "Có" } else { q.options[0] })).collect();
            let done = serde_json::json!({ phase: { "by": format!("{} · {}", base::show_time(begun), NURSE.1), "answers": answers } });
            operation::step(&mut tx, id, to, None, Some(&done), "").await?;
        }
        let note = Note {
            after_code: "",
            after_text: "Viêm ruột thừa cấp",
            description: "Vào bụng 3 trocar. Ruột thừa sung huyết, có giả mạc, chưa vỡ. Cắt ruột thừa, kiểm tra cầm máu, lau sạch hố chậu phải, đóng các lỗ trocar.",
            drain: "Không",
            blood_ml: Some(20),
            specimen: "Ruột thừa gửi giải phẫu bệnh",
        };
        operation::note(&mut tx, id, &note).await?;
    }
    tx.commit().await?;
    Ok(())
}
