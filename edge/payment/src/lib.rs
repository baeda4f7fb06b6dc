//! Banks: the VietQR code a patient pays with, and the signed message by which the bank says that money came.

pub mod banks;
pub mod crc;
pub mod notice;
pub mod qr;
pub mod tlv;
pub mod vietqr;

pub use qr::VietQr;
