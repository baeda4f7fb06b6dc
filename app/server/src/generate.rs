//! Invented people and visits for demonstration and load: realistic in name, age, address, illness and money, the same
//! for the same seed, written by COPY so that a million people take minutes.
//!
//! Nobody here exists. Citizen numbers begin with a province code that was never given out and phone numbers with a
//! prefix that no operator holds, so that neither leads to a living person.

mod address;
mod care;
mod chance;
mod clinic;
mod day_book;
mod names;
mod people;
mod person;
mod sheet;
mod visit;
mod visits;

use anyhow::{Context, Result};
use base::FacilityId;
use care::Practice;
use chance::Chance;
use chrono::{DateTime, Days, Utc};
use clinic::Clinic;
use codes::CatalogueFiles;
use person::Crowd;
use sqlx::{AssertSqlSafe, PgConnection};


/// How much of what to invent, and where.
#[derive(Clone, Debug)]
pub struct Plan {
    pub facility: FacilityId,
    pub people: u64,
    pub visits: u64,
    pub seed: u64,
    /// Everything lies before this instant.
    pub now: DateTime<Utc>,
}

impl Plan {
    /// The seed of this run: another facility, or a further run at the same one, invents other people and visits.
    fn seed_from(&self, first_record: u64) -> u64 {
        Chance::of(self.seed, (u64::from(self.facility.0.unsigned_abs()) << 40) + first_record).next()
    }
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Generated {
    pub people: u64,
    pub visits: u64,
}

/// Told what is being written ("people", "visits"), how many are done, and how many there will be.
pub type Progress<'p> = &'p mut (dyn FnMut(&str, u64, u64) + Send);

/// Invents people and their visits at one facility. `conn` signs in as the owner. Fails when the facility has not been
/// set up; what earlier batches wrote stays. A second run adds further people, with further record numbers.
pub async fn run(conn: &mut PgConnection, plan: &Plan, progress: Progress<'_>) -> Result<Generated> {
    let scope = format!(
        "SET yba.facility = '{}'; SET yba.purpose = 'person-index'; SET synchronous_commit = off",
        plan.facility.0
    );
    sqlx::raw_sql(AssertSqlSafe(scope)).execute(&mut *conn).await?;
    let place = people::Place::read(conn, plan.facility).await.context("the facility to invent people for")?;
    let files = CatalogueFiles::Embedded;
    if plan.visits == 0 {
        let crowd = Crowd::new(&files, plan, place.first_record, plan.now - Days::new(3 * 365))?;
        people::write(conn, &crowd, &place, progress).await?;
        return Ok(Generated { people: plan.people, visits: 0 });
    }
    let clinic = Clinic::read(conn, plan.facility).await?;
    let first_visit = visits::calendar(plan, &clinic).first().map(|(day, _)| *day);
    // Half of the people were known before the first invented visit.
    let span = first_visit.map_or(30, |day| (base::local_date(plan.now) - day).num_days().max(30));
    let crowd = Crowd::new(&files, plan, place.first_record, plan.now - Days::new(span as u64 * 2))?;
    people::write(conn, &crowd, &place, progress).await?;
    let practice = Practice::read(&files, &clinic)?;
    let visits = visits::write(conn, plan, &place, &crowd, &clinic, &practice, progress).await?;
    Ok(Generated { people: plan.people, visits })
}
