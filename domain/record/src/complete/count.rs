//! From the rows to the rule: what happened, which forms hold, which papers are there, record by record.

use super::rule::{self, Checklist, Happened, Progress, Wanted};
use super::store::{self, Cover};
use crate::form::definition::Happening;
use crate::form::{self, setting};
use crate::sign::order::Orders;
use crate::sign::store::documents::{self, Paper};
use crate::sign::{flow, role};
use base::RoomId;
use db::Tx;
use std::collections::HashMap;
use std::sync::LazyLock;
use uuid::Uuid;
use web::Failure;

/// Papers which prove that something took place, form → happening.
static PROVES: LazyLock<HashMap<&'static str, Happening>> = LazyLock::new(|| {
    include_str!("happenings.tsv")
        .lines()
        .skip(1)
        .filter_map(|line| {
            let (form, happening) = line.split_once('\t')?;
            Some((form, Happening::from_key(happening)?))
        })
        .collect()
});

/// The checklist of each of these records.
pub async fn lists(tx: &mut Tx, covers: &[Cover]) -> Result<HashMap<Uuid, Checklist>, Failure> {
    let records: Vec<Uuid> = covers.iter().map(|c| c.record_id).collect();
    let encounters: Vec<Uuid> = covers.iter().map(|c| c.encounter_id).collect();
    let today = base::local_date(tx.now);
    let hours = setting::number(tx, "complete.hours", today).await?;
    let happenings = store::happenings(tx, &encounters).await?;
    let drafts = store::drafts(tx, &records).await?;
    let returns = store::returns(tx, &records).await?;
    let papers = documents::list_of_records(tx, &records).await?;
    let mut orders = Orders::default();
    let mut wanted: HashMap<Option<Uuid>, Vec<Wanted>> = HashMap::new();
    let mut out = HashMap::new();
    for cover in covers {
        if !wanted.contains_key(&cover.room_id) {
            wanted.insert(cover.room_id, forms(tx, cover.room_id).await?);
        }
        let mut happened: Vec<Happened> = happenings
            .iter()
            .filter(|(encounter, _, _)| *encounter == cover.encounter_id)
            .filter_map(|(_, kind, at)| Some(Happened { what: Happening::from_key(kind)?, at: *at }))
            .collect();
        if cover.kind == "inpatient" {
            happened.extend(rule::by_lasting(cover.opened_at, cover.ended_at, tx.now));
        }
        let mut there = Vec::new();
        for draft in drafts.iter().filter(|d| d.record_id == cover.record_id) {
            there.push(rule::Paper {
                document: draft.document_id,
                form: draft.form.clone(),
                title: draft.title.clone(),
                progress: if draft.is_made {
                    let whose = draft.doctor.clone().or_else(|| cover.doctor.clone()).unwrap_or_default();
                    Progress::Unsigned { role: role::label(flow::PRACTITIONER), whose, place: flow::PRACTITIONER.to_owned() }
                } else {
                    Progress::Draft
                },
                whose: draft.doctor.clone().unwrap_or_else(|| draft.author_name.clone()),
                since: draft.made_at,
                returned: String::new(),
            });
        }
        for paper in papers.iter().filter(|p| p.record_id == cover.record_id) {
            if let Some(what) = PROVES.get(paper.form.as_str())
                && !happened.iter().any(|h| h.what == *what)
            {
                happened.push(Happened { what: *what, at: paper.made_at });
            }
            let order = orders.of(tx, paper).await?;
            let sent_back = returns.iter().find(|r| r.document_id == Some(paper.document_id) && r.version >= paper.version);
            there.push(rule::Paper {
                document: paper.document_id,
                form: paper.form.clone(),
                title: paper.title.clone(),
                progress: progress(paper, &order),
                whose: paper.doctor_name.clone().unwrap_or_else(|| paper.author_name.clone()),
                since: paper.changed_at,
                returned: sent_back.map(|r| r.reason.clone()).unwrap_or_default(),
            });
        }
        let about = rule::Cover {
            form: cover.form.clone(),
            is_stay: cover.kind == "inpatient",
            opened_at: cover.opened_at,
            ended_at: cover.ended_at,
            doctor: cover.doctor.clone().unwrap_or_default(),
            hours,
        };
        out.insert(cover.record_id, rule::check(&about, &happened, &wanted[&cover.room_id], &there));
    }
    Ok(out)
}

/// The checklist of one record.
pub async fn list(tx: &mut Tx, cover: &Cover) -> Result<Checklist, Failure> {
    Ok(lists(tx, std::slice::from_ref(cover)).await?.remove(&cover.record_id).unwrap_or_default())
}

/// The forms in force in a ward, as far as completing asks.
async fn forms(tx: &mut Tx, room: Option<Uuid>) -> Result<Vec<Wanted>, Failure> {
    let today = base::local_date(tx.now);
    let forms = form::store::list_in_force(tx, room.map(RoomId), today).await?;
    Ok(forms
        .iter()
        .filter(|f| !f.closing.required_for.is_empty())
        .map(|f| Wanted {
            form: f.form.clone(),
            title: crate::document::forms::readable(&f.title),
            kind: f.kind,
            required_for: f.closing.required_for.clone(),
            within_hours: f.closing.within_hours,
            deadline: f.closing.deadline.clone(),
        })
        .collect())
}

fn progress(paper: &Paper, order: &[String]) -> Progress {
    if paper.has_draft {
        return Progress::Amending;
    }
    match flow::next(order, &paper.signed()) {
        Some(place) => Progress::Unsigned { role: role::label(place), whose: whose(paper, place), place: place.to_owned() },
        None => Progress::Complete,
    }
}

/// Who is to sign at a place, as far as the document says; otherwise the word for the place.
fn whose(paper: &Paper, place: &str) -> String {
    let Some(role) = role::find(place) else { return role::label(place) };
    let named = role::named(role, &paper.named.0);
    let number = place.rsplit_once('_').and_then(|(_, n)| n.parse::<usize>().ok()).unwrap_or(1);
    let at = if role.who == role::Who::Members { number.saturating_sub(1) } else { 0 };
    if let Some(person) = named.get(at).filter(|p| !p.name.is_empty()) {
        return person.name.clone();
    }
    match role.who {
        role::Who::Practitioner => paper.doctor_name.clone().unwrap_or_else(|| paper.author_name.clone()),
        role::Who::Author | role::Who::Nurse => paper.author_name.clone(),
        role::Who::Patient => paper.patient_name.clone(),
        _ => role::label(place),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_proof_names_a_form_and_a_happening() {
        assert_eq!(PROVES.len(), include_str!("happenings.tsv").lines().count() - 1);
        for form in PROVES.keys() {
            assert!(crate::form::catalogue::national().newest(form).is_some(), "{form}");
        }
    }
}
