//! Banks: the VietQR code a patient pays with, and the signed message by which the bank says that money came.

pub mod banks;
pub mod crc;
pub mod notice;
pub mod qr;
pub mod tlv;
pub mod vietqr;
pub mod webhook;

pub use qr::VietQr;

/// The table of contents: the bank's door.
pub fn module() -> web::Module {
    web::Module {
        name: "payment",
        routes: vec![web::post("/api/bank/webhook/{facility}", webhook::receive).public().upload(webhook::BODY_LIMIT)],
        ..web::Module::default()
    }
}
