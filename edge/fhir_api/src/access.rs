//! Who may read or send what: a program by the scopes of its token, a member of staff by the rights of the pages that show
//! the same.

use crate::build::House;
use crate::kind::Kind;
use crate::outcome::Refused;
use base::Via;
use http::StatusCode;
use practitioner::scope;
use web::Ctx;

/// Refuses who may not do `letter` (`r` read, `s` search, `c` create) on this kind.
pub fn allow(ctx: &Ctx, kind: Kind, letter: char) -> Result<(), Refused> {
    if may(ctx, kind, letter) {
        return Ok(());
    }
    let text = format!("Tài khoản hoặc token này không có quyền system/{}.{letter}. Xin token với phạm vi đó, hoặc nhờ quản trị cấp quyền.", kind.name());
    Err(Refused::new(StatusCode::FORBIDDEN, "forbidden", text))
}

/// Whether the caller may do `letter` on this kind.
pub fn may(ctx: &Ctx, kind: Kind, letter: char) -> bool {
    scope::allows(&ctx.actor.rights, kind.name(), letter) && (ctx.actor.via != Via::Web || ctx.may(kind.right()))
}

/// The facility that answers.
pub fn house(ctx: &Ctx) -> House {
    House {
        code: ctx.signed_in.facility_code.to_string(),
        name: ctx.signed_in.facility_name.to_string(),
        base: format!("{}/fhir/r4", ctx.app.config.public_url.trim_end_matches('/')),
    }
}
