//! What a package brings, as the operator's commands ask for it. The one reader is `organization::package`.

pub use organization::package::features_of;
