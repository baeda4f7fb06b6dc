//! Signatures, judged by the tools that the world judges them with.

mod attacks;
mod desk;
mod judges;
mod keys;
mod papers;
mod pdf;
#[expect(dead_code, reason = "the press has more papers than are signed here")]
#[path = "../../../documents/tests/it/samples.rs"]
mod samples;
mod status;
mod xml;
