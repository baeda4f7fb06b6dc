//! The clock is a parameter: tests move it, code never asks the operating system for the time itself.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Tells the time; a test's clock can be moved forward.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    shift_ms: Arc<AtomicI64>,
    fixed_ms: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that stands still at `start` until it is moved.
    pub fn fixed(start: DateTime<Utc>) -> Self {
        Self {
            shift_ms: Arc::default(),
            fixed_ms: Some(Arc::new(AtomicI64::new(start.timestamp_millis()))),
        }
    }

    /// Now, in UTC, to the millisecond for a fixed clock.
    pub fn now(&self) -> DateTime<Utc> {
        let shift = TimeDelta::milliseconds(self.shift_ms.load(Ordering::Relaxed));
        match &self.fixed_ms {
            Some(ms) => {
                DateTime::from_timestamp_millis(ms.load(Ordering::Relaxed)).unwrap_or_default() + shift
            }
            None => Utc::now() + shift,
        }
    }

    /// Today in Vietnam.
    pub fn today(&self) -> NaiveDate {
        crate::dates::local_date(self.now())
    }

    /// Moves the clock forward (or back); every copy of this clock moves with it.
    pub fn advance(&self, by: TimeDelta) {
        self.shift_ms.fetch_add(by.num_milliseconds(), Ordering::Relaxed);
    }
}
