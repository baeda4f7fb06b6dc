//! The facility as visits need it: exam rooms with their doctors, staff, services and drugs with their dated prices.

use anyhow::{Result, ensure};
use base::{FacilityId, fold};
use chrono::NaiveDate;
use medication::dose::Milli;
use medication::line::DrugOnLine;
use medication::quantity::Packaging;
use serde_json::Value;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

/// A price from one day on, until another.
#[derive(Clone, Debug)]
pub struct Price {
    pub from: NaiveDate,
    pub to: Option<NaiveDate>,
    pub vnd: i64,
}

/// The price in force on a day.
pub fn price_on(prices: &[Price], day: NaiveDate) -> Option<&Price> {
    prices.iter().find(|p| p.from <= day && p.to.is_none_or(|to| to >= day))
}

#[derive(Clone, Debug)]
pub struct Room {
    pub id: Uuid,
    /// Folded name: "phong kham nhi".
    pub words: String,
}

/// Somebody with an account.
#[derive(Clone, Debug)]
pub struct Staff {
    pub account: Uuid,
    pub practitioner: Option<Uuid>,
    pub name: String,
    /// Name, title and licence as prescriptions print them.
    pub on_paper: Value,
}

#[derive(Clone, Debug)]
pub struct Service {
    pub id: Uuid,
    pub code: String,
    pub name: String,
    pub words: String,
    pub kind: String,
    pub room: Option<Uuid>,
    pub prices: Vec<Price>,
}

#[derive(Clone, Debug)]
pub struct Drug {
    pub id: Uuid,
    pub words: String,
    /// What a prescription keeps of it.
    pub on_line: DrugOnLine,
    pub prices: Vec<Price>,
}

/// Everything of one facility that a visit touches.
#[derive(Clone, Debug)]
pub struct Clinic {
    pub facility: FacilityId,
    /// Five characters that open every prescription code.
    pub code: String,
    /// The head of its papers.
    pub head: Value,
    pub rooms: Vec<Room>,
    pub doctors: Vec<Staff>,
    pub nurse: Staff,
    pub clerk: Staff,
    pub cashier: Staff,
    pub services: Vec<Service>,
    pub drugs: Vec<Drug>,
}

impl Clinic {
    /// Refuses a facility without an exam room, a doctor or a priced examination.
    pub async fn read(conn: &mut PgConnection, facility: FacilityId) -> Result<Clinic> {
        let rooms: Vec<(Uuid, String)> = sqlx::query_as(db::sql!(
            "SELECT room_id, name FROM organization_room WHERE facility_id = $1 AND kind = 'exam' ORDER BY code"
        ))
        .bind(facility.0)
        .fetch_all(&mut *conn)
        .await?;
        let staff: Vec<(Staff, Vec<String>)> = sqlx::query(db::sql!(
            "SELECT a.account_id, a.practitioner_id, a.display_name, a.roles,
                    jsonb_build_object('name', coalesce(p.name, a.display_name), 'title', coalesce(p.title, ''),
                        'licence_no', coalesce(p.licence_no, ''), 'code', coalesce(p.national_code, ''))
             FROM practitioner_account a
             LEFT JOIN practitioner_practitioner p ON p.facility_id = $1 AND p.practitioner_id = a.practitioner_id
             WHERE a.facility_id = $1 AND a.kind = 'staff' ORDER BY a.login"
        ))
        .bind(facility.0)
        .fetch_all(&mut *conn)
        .await?
        .into_iter()
        .map(|row| {
            let (account, practitioner, name, on_paper) = (row.get(0), row.get(1), row.get(2), row.get(4));
            (Staff { account, practitioner, name, on_paper }, row.get(3))
        })
        .collect();
        let with_role = |role: &str| -> Vec<Staff> {
            staff.iter().filter(|(_, roles)| roles.iter().any(|r| r == role)).map(|(who, _)| who.clone()).collect()
        };
        let doctors = with_role("doctor");
        ensure!(!rooms.is_empty() && !doctors.is_empty(), "the facility has no exam room or no doctor");
        let busy: Vec<Uuid> = sqlx::query_scalar(db::sql!(
            "SELECT account_id FROM billing_shift WHERE facility_id = $1 AND closed_at IS NULL"
        ))
        .bind(facility.0)
        .fetch_all(&mut *conn)
        .await?;
        // History belongs to a drawer that nobody has open now: one account has one open shift.
        let cashier = with_role("cashier").into_iter().find(|c| !busy.contains(&c.account)).unwrap_or_else(|| Staff {
            account: Uuid::nil(),
            ..doctors[0].clone()
        });
        let or_doctor = |role: &str| with_role(role).into_iter().next().unwrap_or_else(|| doctors[0].clone());
        let (code, head): (String, Value) = sqlx::query_as(db::sql!(
            "SELECT coalesce((SELECT c.code FROM organization_facility_code c
                              WHERE c.facility_id = $1 AND c.system = 'kcb' ORDER BY c.valid_from DESC LIMIT 1), f.code),
                    jsonb_build_object('name', f.name, 'parent', f.governing_body, 'address', f.address, 'phone', f.phone,
                        'licence_no', f.licence_no, 'code', f.code, 'tax_code', f.tax_code)
             FROM organization_facility f WHERE f.facility_id = $1"
        ))
        .bind(facility.0)
        .fetch_one(&mut *conn)
        .await?;
        let is_plain = code.len() == 5 && code.bytes().all(|b| b.is_ascii_alphanumeric());
        let clinic = Clinic {
            facility,
            code: if is_plain { code } else { "99999".to_owned() },
            head,
            rooms: rooms.into_iter().map(|(id, name)| Room { id, words: fold(&name) }).collect(),
            nurse: or_doctor("nurse"),
            clerk: or_doctor("receptionist"),
            cashier,
            services: read_services(conn, facility).await?,
            drugs: read_drugs(conn, facility).await?,
            doctors,
        };
        ensure!(clinic.first_day().is_some(), "the facility has no examination with a price");
        Ok(clinic)
    }

    /// The first day on which an examination has a price: visits before it could not be charged.
    pub fn first_day(&self) -> Option<NaiveDate> {
        self.services.iter().filter(|s| s.kind == "exam").flat_map(|s| &s.prices).map(|p| p.from).min()
    }

    /// The room and its examination for somebody, by words in their names ("nhi", "san"); the general ones otherwise.
    pub fn exam_for(&self, specialty: &str, among: u64, day: NaiveDate) -> (usize, Option<&Service>) {
        let has = |words: &str| words.split(' ').any(|w| w == specialty) || words.contains(specialty);
        let special = self.rooms.iter().position(|r| !specialty.is_empty() && has(&r.words));
        let general: Vec<usize> = (0..self.rooms.len())
            .filter(|i| !["nhi", "san", "tai mui hong"].iter().any(|s| self.rooms[*i].words.contains(s)))
            .collect();
        let room = special
            .or_else(|| general.get(among as usize % general.len().max(1)).copied())
            .unwrap_or(among as usize % self.rooms.len());
        let wanted = if special.is_some() { specialty } else { "noi" };
        let mut exams = self.services.iter().filter(|s| s.kind == "exam" && price_on(&s.prices, day).is_some());
        let service = exams.clone().find(|s| s.words.contains(wanted)).or_else(|| exams.next());
        (room, service)
    }

    /// A service whose name begins with these words, priced on the day.
    pub fn service(&self, begins: &str, day: NaiveDate) -> Option<&Service> {
        let begins = fold(begins);
        self.services.iter().find(|s| s.words.starts_with(&begins) && price_on(&s.prices, day).is_some())
    }

    /// The drug of an ingredient: a child's form for children, the single ingredient before combinations.
    pub fn drug(&self, ingredient: &str, for_child: bool) -> Option<&Drug> {
        let words = fold(ingredient);
        let fit = || self.drugs.iter().filter(|d| d.words.starts_with(&words));
        let childlike = |d: &&Drug| ["gói", "chai", "lọ", "ống"].contains(&d.on_line.packaging.unit.to_lowercase().as_str());
        for_child
            .then(|| fit().find(childlike))
            .flatten()
            .or_else(|| fit().find(|d| d.words.len() == words.len()))
            .or_else(|| fit().next())
    }
}

type Priced = (Uuid, NaiveDate, Option<NaiveDate>, i64);

fn prices_of(id: Uuid, all: &[Priced]) -> Vec<Price> {
    all.iter().filter(|(of, ..)| *of == id).map(|(_, from, to, vnd)| Price { from: *from, to: *to, vnd: *vnd }).collect()
}

async fn read_services(conn: &mut PgConnection, facility: FacilityId) -> Result<Vec<Service>> {
    let prices: Vec<Priced> = sqlx::query_as(db::sql!(
        "SELECT service_id, valid_from, valid_to, price_vnd FROM organization_service_price WHERE facility_id = $1"
    ))
    .bind(facility.0)
    .fetch_all(&mut *conn)
    .await?;
    let rows: Vec<(Uuid, String, String, String, Option<Uuid>)> = sqlx::query_as(db::sql!(
        "SELECT service_id, code, name, kind, room_id FROM organization_service WHERE facility_id = $1 ORDER BY code"
    ))
    .bind(facility.0)
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(id, code, name, kind, room)| Service {
            words: fold(&name),
            prices: prices_of(id, &prices),
            id,
            code,
            name,
            kind,
            room,
        })
        .collect())
}

async fn read_drugs(conn: &mut PgConnection, facility: FacilityId) -> Result<Vec<Drug>> {
    let prices: Vec<Priced> = sqlx::query_as(db::sql!(
        "SELECT drug_id, valid_from, valid_to, price_vnd FROM organization_drug_price WHERE facility_id = $1"
    ))
    .bind(facility.0)
    .fetch_all(&mut *conn)
    .await?;
    let rows = sqlx::query(db::sql!(
        "SELECT drug_id, name, ingredient, strength, form, unit, route, pack_size_milli, pack_unit
         FROM organization_drug WHERE facility_id = $1 AND controlled_class = 'none' ORDER BY code"
    ))
    .bind(facility.0)
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let id: Uuid = row.get("drug_id");
            let ingredient: String = row.get("ingredient");
            let form: String = row.get("form");
            let pack: Option<i64> = row.get("pack_size_milli");
            Drug {
                id,
                words: fold(&ingredient),
                prices: prices_of(id, &prices),
                on_line: DrugOnLine {
                    id: Some(id),
                    brand: row.get("name"),
                    strength: row.get("strength"),
                    route: row.get("route"),
                    controlled: "none".to_owned(),
                    packaging: Packaging {
                        form: form.clone(),
                        unit: row.get("unit"),
                        pack: pack.map(|size| (Milli(size), row.get("pack_unit"))),
                        ..Packaging::default()
                    },
                    ingredient,
                    form,
                    ..DrugOnLine::default()
                },
            }
        })
        .collect())
}
