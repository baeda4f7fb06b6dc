//! One day of invented visits on its way into the tables: queue, vital signs, note, diagnoses, orders, prescriptions,
//! charges, receipts and payments, and the cashier's shift that is counted in the evening.

use super::chance::Chance;
use super::clinic::{Clinic, price_on};
use super::person::Person;
use super::sheet::Sheet;
use super::visit::{self, Visit};
use super::visits::Numbers;
use anyhow::Result;
use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Utc};
use serde_json::json;
use sqlx::PgConnection;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Change money in the drawer in the morning.
const FLOAT_VND: i64 = 1_000_000;

/// Everything of one day at one facility.
pub struct DayBook<'a> {
    clinic: &'a Clinic,
    day: NaiveDate,
    shift: Uuid,
    count: Uuid,
    shift_number: i64,
    cash: i64,
    encounter: Sheet,
    status: Sheet,
    ticket: Sheet,
    vitals: Sheet,
    note: Sheet,
    diagnosis: Sheet,
    disposition: Sheet,
    order: Sheet,
    prescription: Sheet,
    line: Sheet,
    charge: Sheet,
    receipt: Sheet,
    receipt_line: Sheet,
    payment: Sheet,
    rooms: BTreeMap<Uuid, i64>,
}

impl<'a> DayBook<'a> {
    pub fn open(seed: u64, clinic: &'a Clinic, day: NaiveDate, numbers: &mut Numbers) -> DayBook<'a> {
        let opened = base::dates::start_of_day(day) + TimeDelta::minutes(6 * 60 + 45);
        let mut ids = Chance::of(seed, day.num_days_from_ce() as u64);
        let rooms = clinic
            .rooms
            .iter()
            .map(|room| (room.id, numbers.tickets.get(&(room.id, day)).copied().unwrap_or(0)))
            .collect();
        DayBook {
            clinic,
            day,
            shift: ids.id(opened.timestamp_millis()),
            count: ids.id(opened.timestamp_millis() + 11 * 3_600_000),
            shift_number: Numbers::next(&mut numbers.shifts, day.year()),
            cash: 0,
            rooms,
            encounter: Sheet::new(
                "encounter_encounter",
                "facility_id, encounter_id, patient_id, person_id, room_id, practitioner_id, service_id, reason, status, \
                 priority_class, day, opened_at, called_at, started_at, finished_at, cancelled_at, cancel_reason, \
                 opened_by, version",
            ),
            status: Sheet::new(
                "encounter_status",
                "facility_id, encounter_id, step, from_status, to_status, room_id, at, by_account, reason",
            ),
            ticket: Sheet::new(
                "encounter_ticket",
                "facility_id, ticket_id, encounter_id, person_id, room_id, day, number, priority_class, masked_name, \
                 status, issued_at, queued_at, called_at, call_count, called_by, closed_at",
            ),
            vitals: Sheet::new(
                "encounter_vitals",
                "facility_id, vitals_id, encounter_id, patient_id, measured_at, recorded_by, recorded_by_name, \
                 systolic_mmhg, diastolic_mmhg, pulse_bpm, temperature_tenths, spo2_percent, breaths_per_min, weight_g, \
                 height_mm, is_lying",
            ),
            note: Sheet::new(
                "encounter_note",
                "facility_id, note_id, encounter_id, version, template, sections, diagnoses, disposition, \
                 practitioner_id, author, author_name, signed_at",
            ),
            diagnosis: Sheet::new(
                "encounter_diagnosis",
                "facility_id, diagnosis_id, encounter_id, patient_id, code, name, place, recorded_at, recorded_by",
            ),
            disposition: Sheet::new(
                "encounter_disposition",
                "facility_id, encounter_id, kind, follow_up_on, advice, note_version",
            ),
            order: Sheet::new(
                "diagnostics_order",
                "facility_id, order_id, encounter_id, patient_id, service_id, service_code, service_name, kind, room_id, \
                 price_vnd, day, status, slip_code, drafted_by, drafted_at, ordered_by, ordered_at, paid_at, done_by, \
                 done_at",
            ),
            prescription: Sheet::new(
                "medication_prescription",
                "facility_id, prescription_id, encounter_id, patient_id, status, code, day, follow_up_on, weight_g, escort, \
                 practitioner_id, prescriber, on_paper, started_at, started_by, issued_at, issued_by, valid_until",
            ),
            line: Sheet::new(
                "medication_line",
                "facility_id, line_id, prescription_id, place, drug_id, ingredient, brand, strength, form, route, unit, \
                 pack_size_milli, pack_unit, sentence, dose, instruction, quantity_milli, arithmetic, price_vnd, ends_on",
            ),
            charge: Sheet::new(
                "billing_charge",
                "facility_id, charge_id, bill_id, source, source_id, source_paper, service_id, drug_id, group_key, \
                 name, unit, quantity_milli, unit_price_vnd, price_valid_from, amount_vnd, day, posted_at, by_account, \
                 by_name",
            ),
            receipt: Sheet::new(
                "billing_receipt",
                "facility_id, receipt_id, bill_id, kind, series, year, number, total_vnd, amount_vnd, shift_id, \
                 issued_at, day, by_account, by_name",
            ),
            receipt_line: Sheet::new("billing_receipt_line", "facility_id, receipt_id, charge_id"),
            payment: Sheet::new(
                "billing_payment",
                "facility_id, payment_id, bill_id, receipt_id, kind, method, amount_vnd, given_vnd, proof, shift_id, \
                 at, day, by_account, by_name",
            ),
        }
    }

    pub fn write(&mut self, chance: &mut Chance, who: &Person, visit: &Visit<'_>, numbers: &mut Numbers) {
        let room = self.clinic.rooms[visit.room].id;
        self.write_queue(chance, who, visit, room);
        if visit.is_cancelled {
            return;
        }
        self.write_care(chance, who, visit);
        if !visit.drugs.is_empty() {
            self.write_prescription(chance, who, visit, numbers);
        }
        self.write_money(chance, visit, numbers);
    }

    fn write_queue(&mut self, chance: &mut Chance, who: &Person, visit: &Visit<'_>, room: Uuid) {
        let of = self.clinic.facility.0;
        let doctor = &self.clinic.doctors[visit.room % self.clinic.doctors.len()];
        let cancelled_at = visit.is_cancelled.then_some(visit.started_at);
        let seen = |at: DateTime<Utc>| (!visit.is_cancelled).then_some(at);
        let row = &mut self.encounter;
        row.number(of).id(visit.id).id(who.patient_id).id(who.person_id).id(room);
        row.maybe_id(doctor.practitioner.filter(|_| !visit.is_cancelled)).maybe_id(visit.exam.map(|s| s.id));
        row.text(&visit.reason).text(if visit.is_cancelled { "cancelled" } else { "finished" }).text(visit.priority);
        row.day(self.day).at(visit.opened_at).maybe_at(seen(visit.started_at)).maybe_at(seen(visit.started_at));
        row.maybe_at(seen(visit.finished_at)).maybe_at(cancelled_at);
        match cancelled_at {
            Some(_) => row.text("Người bệnh về, không chờ"),
            None => row.null(),
        };
        row.id(self.clinic.clerk.account).number(if visit.is_cancelled { 2 } else { 4 }).end_row();

        let steps: &[(&str, &str, DateTime<Utc>, Uuid)] = if visit.is_cancelled {
            &[
                ("", "arrived", visit.opened_at, self.clinic.clerk.account),
                ("arrived", "cancelled", visit.started_at, self.clinic.clerk.account),
            ]
        } else {
            &[
                ("", "arrived", visit.opened_at, self.clinic.clerk.account),
                ("arrived", "triaged", visit.triaged_at, self.clinic.nurse.account),
                ("triaged", "in_progress", visit.started_at, doctor.account),
                ("in_progress", "finished", visit.finished_at, doctor.account),
            ]
        };
        for (step, (from, to, at, by)) in steps.iter().enumerate() {
            let row = &mut self.status;
            row.number(of).id(visit.id).number(step as i64 + 1);
            if from.is_empty() {
                row.null();
            } else {
                row.text(from);
            }
            row.text(to).id(room).at(*at).id(*by);
            if *to == "cancelled" {
                row.text("Người bệnh về, không chờ");
            } else {
                row.null();
            }
            row.end_row();
        }

        let number = self.rooms.entry(room).or_insert(0);
        *number += 1;
        let row = &mut self.ticket;
        row.number(of).id(chance.id(visit.opened_at.timestamp_millis())).id(visit.id).id(who.person_id).id(room);
        row.day(self.day).number(*number).text(visit.priority).text(&base::names::masked_name(&who.name));
        row.text(if visit.is_cancelled { "cancelled" } else { "done" }).at(visit.opened_at).at(visit.opened_at);
        row.maybe_at(seen(visit.started_at)).number(i64::from(!visit.is_cancelled));
        row.maybe_id(Some(doctor.account).filter(|_| !visit.is_cancelled));
        row.at(if visit.is_cancelled { visit.started_at } else { visit.finished_at }).end_row();
    }

    fn write_care(&mut self, chance: &mut Chance, who: &Person, visit: &Visit<'_>) {
        let of = self.clinic.facility.0;
        let doctor = &self.clinic.doctors[visit.room % self.clinic.doctors.len()];
        let nurse = &self.clinic.nurse;
        let mut id = |at: DateTime<Utc>| chance.id(at.timestamp_millis());
        let m = &visit.measured;
        let row = &mut self.vitals;
        row.number(of).id(id(visit.triaged_at)).id(visit.id).id(who.patient_id).at(visit.triaged_at);
        row.id(nurse.account).text(&nurse.name).maybe_number(m.systolic).maybe_number(m.diastolic).number(m.pulse);
        row.number(m.temperature_tenths).number(m.spo2).number(m.breaths).number(m.weight_g).number(m.height_mm);
        row.flag(who.age(self.day).years < 2).end_row();

        let section = |text: &str| json!({ "text": text, "v": 1 });
        let sections = json!({
            "reason": section(&visit.reason), "history": section(&visit.history),
            "exam": section(&visit.exam_text), "plan": section(&visit.plan),
        });
        let diagnoses = json!([{ "code": visit.code, "name": visit.diagnosis }]);
        let kind = if visit.follow_up_on.is_some() { "follow_up" } else { "home" };
        let advice = if visit.follow_up_on.is_some() { "Tái khám đúng hẹn, khám ngay khi có dấu hiệu nặng." } else { "" };
        let disposition = json!({ "kind": kind, "follow_up_on": visit.follow_up_on, "place": "", "reason": "",
                                  "died_at": null, "advice": advice });
        let row = &mut self.note;
        row.number(of).id(id(visit.finished_at)).id(visit.id).number(1).text("general").text(&sections.to_string());
        row.text(&diagnoses.to_string()).text(&disposition.to_string()).maybe_id(doctor.practitioner);
        row.id(doctor.account).text(&doctor.name).at(visit.finished_at).end_row();

        let row = &mut self.diagnosis;
        row.number(of).id(id(visit.finished_at)).id(visit.id).id(who.patient_id).text(&visit.code);
        row.text(&visit.diagnosis).number(0).at(visit.finished_at).id(doctor.account).end_row();
        let row = &mut self.disposition;
        row.number(of).id(visit.id).text(kind).maybe_day(visit.follow_up_on).text(advice).number(1).end_row();

        let ordered_at = visit.started_at + TimeDelta::minutes(3);
        for order in &visit.orders {
            let slip = format!("CD{}{}", visit::stamp(ordered_at), &order.id.simple().to_string().to_uppercase()[25..]);
            let price = price_on(&order.service.prices, self.day).map(|p| p.vnd);
            let row = &mut self.order;
            row.number(of).id(order.id).id(visit.id).id(who.patient_id).id(order.service.id).text(&order.service.code);
            row.text(&order.service.name).text(&order.service.kind).maybe_id(order.service.room).maybe_number(price);
            row.day(self.day).text("done").text(&slip).id(doctor.account).at(ordered_at).id(doctor.account);
            row.at(ordered_at).at(visit.paid_at).id(nurse.account).at(visit.finished_at).end_row();
        }
    }

    fn write_prescription(&mut self, chance: &mut Chance, who: &Person, visit: &Visit<'_>, numbers: &mut Numbers) {
        let of = self.clinic.facility.0;
        let doctor = &self.clinic.doctors[visit.room % self.clinic.doctors.len()];
        let random = numbers.fresh_code(chance);
        let issued_at = visit.finished_at - TimeDelta::minutes(1);
        let escort = who.guardian.as_deref().filter(|_| who.age(self.day).years < 6).unwrap_or_default();
        let on_paper = json!({
            "head": self.clinic.head,
            "patient": {
                "name": who.name, "sex": who.sex(), "birth_date": who.birth, "age": who.age(self.day).to_string(),
                "personal_id": who.cccd, "insurance_no": who.card_no, "address": who.address.text, "phone": who.phone,
                "escort": escort,
            },
            "diagnoses": [{ "code": visit.code, "name": visit.diagnosis, "main": true }],
        });
        let row = &mut self.prescription;
        row.number(of).id(visit.prescription).id(visit.id).id(who.patient_id).text("issued");
        row.text(&format!("{}{random}-c", self.clinic.code)).day(self.day).maybe_day(visit.follow_up_on);
        row.number(visit.measured.weight_g).text(escort).maybe_id(doctor.practitioner);
        row.text(&doctor.on_paper.to_string()).text(&on_paper.to_string()).at(visit.started_at).id(doctor.account);
        row.at(issued_at).id(doctor.account).maybe_day(self.day.checked_add_days(Days::new(5))).end_row();
        for (place, prescribed) in visit.drugs.iter().enumerate() {
            let (drug, line) = (prescribed.written.drug, &prescribed.written.line);
            let days = line.dose.total_days();
            let pack = drug.on_line.packaging.pack.as_ref();
            let row = &mut self.line;
            row.number(of).id(prescribed.id).id(visit.prescription).number(place as i64).id(drug.id);
            row.text(&drug.on_line.ingredient).text(&drug.on_line.brand).text(&drug.on_line.strength);
            row.text(&drug.on_line.form).text(&drug.on_line.route).text(&drug.on_line.packaging.unit);
            row.maybe_number(pack.map(|(size, _)| size.0)).text(pack.map_or("", |(_, unit)| unit));
            row.text(&line.sentence).text(&serde_json::to_string(&line.dose).unwrap_or_default()).text(&line.instruction);
            row.number(line.quantity.amount.0).text(&line.quantity.arithmetic);
            row.maybe_number(price_on(&drug.prices, self.day).map(|p| p.vnd));
            row.maybe_day(days.and_then(|d| self.day.checked_add_days(Days::new(d.into())))).end_row();
        }
    }

    fn write_money(&mut self, chance: &mut Chance, visit: &Visit<'_>, numbers: &mut Numbers) {
        let of = self.clinic.facility.0;
        let cashier = &self.clinic.cashier;
        let charges = visit.charges(self.day);
        let total: i64 = charges.iter().map(|c| c.amount).sum();
        let paid_ms = visit.paid_at.timestamp_millis();
        let receipt = (total > 0).then(|| chance.id(paid_ms));
        for charge in &charges {
            let id = chance.id(visit.opened_at.timestamp_millis());
            let (posted_at, group) = match charge.source {
                "exam" => (visit.opened_at, "exam"),
                "order" => (visit.started_at + TimeDelta::minutes(3), charge.service.map_or("other", |s| s.kind.as_str())),
                _ => (visit.finished_at, "drug"),
            };
            let row = &mut self.charge;
            row.number(of).id(id).id(visit.id).text(charge.source).id(charge.source_id);
            row.maybe_id(charge.drug.map(|_| visit.prescription)).maybe_id(charge.service.map(|s| s.id));
            row.maybe_id(charge.drug.map(|d| d.id)).text(group);
            row.text(charge.service.map_or_else(|| charge.drug.map_or("", |d| &d.on_line.brand), |s| &s.name));
            row.text(charge.drug.map_or("lần", |d| &d.on_line.packaging.unit)).number(charge.quantity_milli).number(charge.unit_price);
            row.day(charge.price_from).number(charge.amount).day(self.day).at(posted_at).id(Uuid::nil()).text("Hệ thống");
            row.end_row();
            if let Some(receipt) = receipt {
                self.receipt_line.number(of).id(receipt).id(id).end_row();
            }
        }
        let Some(receipt) = receipt else { return };
        let year = self.day.year();
        let number = Numbers::next(&mut numbers.receipts, year);
        let row = &mut self.receipt;
        row.number(of).id(receipt).id(visit.id).text("receipt").text("PT").number(year).number(number).number(total);
        row.number(total).id(self.shift).at(visit.paid_at).day(self.day).id(cashier.account).text(&cashier.name).end_row();

        let is_cash = visit.method == "cash";
        // Notes are handed over in fifties of thousands.
        let given = if is_cash { (total + 49_999) / 50_000 * 50_000 } else { 0 };
        let proof = match visit.method {
            "transfer" => format!("FT{}{:06}", visit::stamp(visit.paid_at), number),
            "card" => format!("{:06}", chance.below(1_000_000)),
            _ => String::new(),
        };
        self.cash += if is_cash { total } else { 0 };
        let row = &mut self.payment;
        row.number(of).id(chance.id(paid_ms)).id(visit.id).id(receipt).text("payment").text(visit.method).number(total);
        row.number(given).text(&proof).id(self.shift).at(visit.paid_at).day(self.day).id(cashier.account);
        row.text(&cashier.name).end_row();
    }

    /// Writes the day: the shift is opened first, its money enters, and then it is counted and closed.
    pub async fn send(mut self, conn: &mut PgConnection, straight: bool) -> Result<()> {
        let of = self.clinic.facility.0;
        let cashier = &self.clinic.cashier;
        let opened = base::dates::start_of_day(self.day) + TimeDelta::minutes(6 * 60 + 45);
        let closed = base::dates::start_of_day(self.day) + TimeDelta::hours(18);
        sqlx::query(db::sql!(
            "INSERT INTO billing_shift (facility_id, shift_id, number, year, account_id, cashier_name, desk, opened_at,
                 float_vnd, closed_at, counted_vnd, expected_vnd)
             VALUES ($1, $2, $3, $4, $5, $6, 'Quầy thu 1', $7, $8, NULL, NULL, NULL)"
        ))
        .bind(of)
        .bind(self.shift)
        .bind(self.shift_number)
        .bind(self.day.year())
        .bind(cashier.account)
        .bind(&cashier.name)
        .bind(opened)
        .bind(FLOAT_VND)
        .execute(&mut *conn)
        .await?;
        for sheet in [
            &mut self.encounter, &mut self.status, &mut self.ticket, &mut self.vitals, &mut self.note,
            &mut self.diagnosis, &mut self.disposition, &mut self.order, &mut self.prescription, &mut self.line, &mut self.charge, &mut self.receipt,
            &mut self.receipt_line, &mut self.payment,
        ] {
            sheet.send(conn, straight).await?;
        }
        // No note is as small as the last đồng of a bill: what cannot be counted is the day's difference, with its reason.
        let expected = FLOAT_VND + self.cash;
        let (pieces, counted) = pieces(expected);
        let reason = if counted == expected { "" } else { "Tiền lẻ không có tờ nhỏ để thối" };
        sqlx::query(db::sql!(
            "WITH counted AS (
                 INSERT INTO billing_shift_count (facility_id, count_id, shift_id, pieces, total_vnd, expected_vnd, at, by_account)
                 VALUES ($1, $3, $2, $4, $5, $8, $6, $7))
             UPDATE billing_shift SET closed_at = $6, count_id = $3, counted_vnd = $5, expected_vnd = $8, handed_over_vnd = $5, reason = $9
             WHERE facility_id = $1 AND shift_id = $2"
        ))
        .bind(of)
        .bind(self.shift)
        .bind(self.count)
        .bind(pieces)
        .bind(counted)
        .bind(closed)
        .bind(cashier.account)
        .bind(expected)
        .bind(reason)
        .execute(&mut *conn)
        .await?;
        let (rooms, lasts): (Vec<Uuid>, Vec<i32>) =
            self.rooms.iter().filter(|(_, last)| **last > 0).map(|(room, last)| (*room, *last as i32)).unzip();
        sqlx::query(db::sql!(
            "INSERT INTO encounter_ticket_sequence (facility_id, room_id, day, last_number)
             SELECT $1, s.room, $2, s.last FROM unnest($3::uuid[], $4::int[]) AS s(room, last)
             ON CONFLICT (facility_id, room_id, day) DO UPDATE SET last_number = excluded.last_number"
        ))
        .bind(of)
        .bind(self.day)
        .bind(&rooms)
        .bind(&lasts)
        .execute(conn)
        .await?;
        Ok(())
    }
}

/// A sum in the notes of the counting sheet, largest first, and how much of it they make.
fn pieces(sum: i64) -> (serde_json::Value, i64) {
    let mut pieces = serde_json::Map::new();
    let mut rest = sum;
    for note in billing::shift::DENOMINATIONS {
        let count = rest / note;
        if count > 0 {
            pieces.insert(note.to_string(), count.into());
        }
        rest %= note;
    }
    (pieces.into(), sum - rest)
}
