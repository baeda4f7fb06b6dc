//! Banks: the VietQR code a patient pays with, and the signed message by which the bank says that money came.

pub mod banks;
pub mod crc;
pub mod notice;
pub mod platform;
pub mod qr;
pub mod tlv;
pub mod vietqr;
pub mod webhook;

pub use qr::VietQr;

/// The table of contents: the bank's door.
pub fn module() -> web::Module {
    web::Module {
        name: "payment",
        routes: vec![
            web::post("/api/bank/webhook/{facility}", webhook::receive).public().upload(webhook::BODY_LIMIT),
            web::post("/api/bank/platform", platform::receive).public().upload(webhook::BODY_LIMIT),
            web::get("/sandbox/bank", to_stand_in).public(),
        ],
        ..web::Module::default()
    }
}

/// From a code on a screen to the stand-in bank that pays it; nothing there on a real server.
async fn to_stand_in(visitor: web::Visitor) -> web::Answer {
    if !visitor.app.config.sandbox {
        return Err(web::Failure::NotFound);
    }
    let bank = std::env::var("YBA_SANDBOX_URL").unwrap_or_else(|_| "http://127.0.0.1:8090".into());
    let query = visitor.path.split_once('?').map_or("", |(_, query)| query);
    web::redirect(format!("{bank}/?{query}"))
}
