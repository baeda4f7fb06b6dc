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
        routes: vec![
            web::post("/api/bank/webhook/{facility}", webhook::receive).public().upload(webhook::BODY_LIMIT),
            web::get("/sandbox/bank", to_stand_in).signed_in(),
        ],
        ..web::Module::default()
    }
}

/// From a code on the cashier's screen to the stand-in bank that pays it; nothing there on a real server.
async fn to_stand_in(ctx: web::Ctx) -> web::Answer {
    if !ctx.app.config.sandbox {
        return Err(web::Failure::NotFound);
    }
    let bank = std::env::var("YBA_SANDBOX_URL").unwrap_or_else(|_| "http://127.0.0.1:8090".into());
    let query = ctx.path.split_once('?').map_or("", |(_, query)| query);
    web::redirect(format!("{bank}/?{query}"))
}
