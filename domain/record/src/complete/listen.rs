//! What other modules tell of a stay becomes happenings that ask for papers.

use super::store;
use base::Event;
use chrono::{DateTime, Utc};
use db::{Listener, Tx};
use serde_json::Value;
use uuid::Uuid;

/// What this part listens to.
pub fn listeners() -> Vec<Listener> {
    let on = |event, name| Listener { event, name, run: |tx: &mut Tx, payload: Value| Box::pin(note(tx, payload)) };
    vec![
        on("StayOpened", "record.happened_admission"),
        on("WardChanged", "record.happened_transfer"),
        on("StayClosed", "record.happened_end"),
    ]
}

async fn note(tx: &mut Tx, payload: Value) -> anyhow::Result<()> {
    for (encounter, kind, source, at) in happened(&serde_json::from_value(payload)?) {
        store::note(tx, encounter, kind, &source, at).await?;
    }
    tx.notify("completion");
    Ok(())
}

/// The happenings in an event: encounter, kind, what makes it this one, when.
fn happened(event: &Event) -> Vec<(Uuid, &'static str, String, DateTime<Utc>)> {
    match event {
        Event::StayOpened { encounter, at, .. } => vec![(encounter.0, "nhap_vien", "stay".to_owned(), *at)],
        Event::WardChanged { encounter, from, to, at, .. } => vec![(encounter.0, "chuyen_khoa", format!("{from}:{to}:{}", at.timestamp()), *at)],
        Event::StayClosed { encounter, outcome, way, at, .. } => {
            let mut kinds = Vec::new();
            // Whoever dies gets no discharge paper, and whoever is sent on gets the letter of transfer instead.
            match (outcome.as_str(), way.as_str()) {
                ("died", _) => kinds.push("tu_vong"),
                (_, "transferred") => kinds.push("chuyen_vien"),
                (_, "asked" | "left" | "taken_home") => kinds.extend(["ra_vien", "xin_ra_vien"]),
                _ => kinds.push("ra_vien"),
            }
            kinds.into_iter().map(|kind| (encounter.0, kind, "stay".to_owned(), *at)).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::{EncounterId, PatientId};

    #[test]
    fn the_end_of_a_stay_asks_for_its_own_papers() {
        for (outcome, way, kinds) in [
            ("recovered", "discharged", vec!["ra_vien"]),
            ("worse", "taken_home", vec!["ra_vien", "xin_ra_vien"]),
            ("improved", "transferred", vec!["chuyen_vien"]),
            ("died", "discharged", vec!["tu_vong"]),
        ] {
            let event = Event::StayClosed {
                encounter: EncounterId::new(),
                patient: PatientId::new(),
                outcome: outcome.into(),
                way: way.into(),
                at: "2026-11-25T02:00:00Z".parse().unwrap(),
            };
            assert_eq!(happened(&event).iter().map(|(_, kind, _, _)| *kind).collect::<Vec<_>>(), kinds, "{outcome} {way}");
        }
    }
}
