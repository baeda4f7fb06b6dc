//! The laboratory in the database, one function per question.

pub mod bench;
pub mod catalogue;
pub mod collect;
pub mod door;
pub mod inbox;
pub mod quality;
pub mod release;
pub mod report;
pub mod turnaround;

use rust_decimal::Decimal;
use sqlx::Row;
use sqlx::postgres::PgRow;

/// A number of the database, which travels as text so that no digit is lost.
pub(crate) fn number(row: &PgRow, column: &str) -> Result<Option<Decimal>, sqlx::Error> {
    let text: Option<String> = row.try_get(column)?;
    text.map(|text| text.parse().map_err(|e| sqlx::Error::Decode(Box::new(e)))).transpose()
}

/// The same on its way in.
pub(crate) fn text(number: Option<Decimal>) -> Option<String> {
    number.map(|number| number.to_string())
}
