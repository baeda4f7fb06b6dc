//! Every SQL text of the binary is `&'static` and registered here, so that one test prepares each of them against
//! the migrated schema: a typo in a column never waits for a person to find it.

use linkme::distributed_slice;

/// One registered SQL text and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct SqlText {
    pub text: &'static str,
    pub file: &'static str,
    pub line: u32,
}

#[distributed_slice]
pub static SQL_TEXTS: [SqlText];

/// Registers an SQL text and gives it back: `sqlx::query(sql!("SELECT 1"))`.
#[macro_export]
macro_rules! sql {
    ($text:expr) => {{
        #[$crate::linkme::distributed_slice($crate::SQL_TEXTS)]
        #[linkme(crate = $crate::linkme)]
        static REGISTERED: $crate::SqlText =
            $crate::SqlText { text: $text, file: file!(), line: line!() };
        REGISTERED.text
    }};
}
