//! What staff see of messages.

pub mod outbox;
