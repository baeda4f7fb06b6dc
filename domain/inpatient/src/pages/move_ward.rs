//! From ward to ward: asked for here, received there, the history in one piece.

use super::{Pairs, field, needed};
use crate::paper;
use crate::stay::{Act, Step, after};
use crate::store::stay::{self, Stay};
use crate::store::{bed, order};
use base::{EncounterId, Problems, RoomId};
use serde_json::json;
use web::{Answer, Ctx, Form, Path, Tx};

/// `POST /app/stays/{encounter}/move`: asks another ward to take the patient. The bed stays theirs until then.
pub async fn ask(ctx: Ctx, Path(id): Path<EncounterId>, Form(pairs): Form<Pairs>) -> Answer {
    let mut tx = ctx.begin().await?;
    let mut stay = stay::lock(&mut tx, id).await?;
    let to: Option<RoomId> = field(&pairs, "ward").parse().ok();
    if stay.step() == Step::Moving && stay.moving_to == to.map(|w| w.0) {
        return web::redirect(format!("/app/wards/{}?stay={id}", stay.ward_id));
    }
    let next = after(stay.step(), Act::AskMove, stay.bed_id.is_some())?;
    let mut problems = Problems::none();
    let reason = needed(&pairs, "reason", 500, "Chưa ghi lý do chuyển khoa.", &mut problems);
    let Some(to) = to else {
        problems.add("ward", "Chưa chọn khoa sẽ nhận.");
        return Err(problems.into());
    };
    let ward = bed::get_ward(&mut tx, to, ctx.today()).await?;
    problems.add_if(to.0 == stay.ward_id, "ward", "Người bệnh đang ở khoa này rồi. Chọn khoa khác.");
    problems.or(())?;
    stay.moving_to = Some(to.0);
    stay.moving_name = Some(ward.name.clone());
    stay::step(&mut tx, &mut stay, next, Act::AskMove, &reason).await?;
    tx.notify(format!("ward/{to}"));
    write_handover(&ctx, &mut tx, &stay, &ward.name, &reason).await?;
    tx.audit("ask_move", "stay", id, Some(stay.patient()), json!({ "to": to }));
    tx.commit().await?;
    web::redirect(format!("/app/wards/{}?stay={id}", stay.ward_id))
}

/// The doctor's hand-over sheet 43/BV2: what the next ward must know, from the last entries of the treatment sheet.
async fn write_handover(ctx: &Ctx, tx: &mut Tx, stay: &Stay, to: &str, reason: &str) -> Result<(), web::Failure> {
    let sheets = order::list_sheets(tx, stay.encounter(), 3).await?;
    let orders = order::list_orders(tx, stay.encounter()).await?;
    let course: Vec<String> = sheets.iter().rev().filter(|s| s.wrong_at.is_none()).map(|s| format!("{}: {}", super::show_moment(s.at), s.progress)).collect();
    let given: Vec<String> = orders.iter().filter(|o| o.done > 0).map(|o| format!("{} {}", o.name, o.dose).trim().to_owned()).collect();
    let going_on: Vec<String> = orders.iter().filter(|o| o.open > 0).map(|o| format!("{} {} {}", o.name, o.dose, crate::order::show_hours(&o.hours)).trim().to_owned()).collect();
    let data = json!({
        "ly_do_chuyen": reason,
        "ly_do_nhap_vien": stay.reason,
        "dien_bien_benh": course.join("\n"),
        "chan_doan": stay.shown_diagnosis(),
        "ma_icd": stay.admit_code,
        "da_can_thiep": given.join("; "),
        "tinh_trang_hien_tai": sheets.first().map(|s| s.progress.clone()).unwrap_or_default(),
        "ke_hoach_dieu_tri_tiep_theo": going_on.join("; "),
        "khoa_ban_giao": stay.ward_name,
        "khoa_nhan": to,
        "thoi_gian_ban_giao": paper::clock(ctx.now),
    });
    let about = format!("{}", base::local_time(ctx.now).format("%Y%m%d%H%M"));
    paper::write(ctx, tx, stay, "43/BV2", &about, data).await
}

/// `POST /app/stays/{encounter}/received`: the asked ward takes the patient, who then waits for a bed there. A second time
/// changes nothing.
pub async fn receive(ctx: Ctx, Path(id): Path<EncounterId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let mut stay = stay::lock(&mut tx, id).await?;
    if stay.step() == Step::Waiting && stay.moving_to.is_none() {
        return web::redirect(format!("/app/wards/{}?stay={id}", stay.ward_id));
    }
    let next = after(stay.step(), Act::Receive, false)?;
    let from = stay.ward_id;
    let to = RoomId(stay.moving_to.unwrap_or(from));
    // The spine's stay moves in the same transaction: reports and the record see one story.
    let mut spine = encounter::stay::lock(&mut tx, id).await?;
    encounter::stay::move_ward(&mut tx, &mut spine, to, ctx.now).await?;
    bed::leave(&mut tx, id, ctx.now).await?;
    stay.ward_id = to.0;
    stay.moving_to = None;
    stay::step(&mut tx, &mut stay, next, Act::Receive, "").await?;
    tx.notify(format!("ward/{from}"));
    tx.commit().await?;
    web::redirect(format!("/app/wards/{to}?stay={id}"))
}

/// `POST /app/stays/{encounter}/move-called-off`: the patient stays where they are.
pub async fn call_off(ctx: Ctx, Path(id): Path<EncounterId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let mut stay = stay::lock(&mut tx, id).await?;
    if stay.step() != Step::Moving {
        return web::redirect(format!("/app/wards/{}?stay={id}", stay.ward_id));
    }
    let next = after(stay.step(), Act::CallOff, stay.bed_id.is_some())?;
    let asked = stay.moving_to.take();
    stay::step(&mut tx, &mut stay, next, Act::CallOff, "").await?;
    if let Some(asked) = asked {
        tx.notify(format!("ward/{asked}"));
    }
    tx.audit("call_off_move", "stay", id, Some(stay.patient()), serde_json::Value::Null);
    tx.commit().await?;
    web::redirect(format!("/app/wards/{}?stay={id}", stay.ward_id))
}
