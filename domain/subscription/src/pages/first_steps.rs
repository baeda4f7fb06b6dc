//! The first morning: what a new clinic still has to look at. Nothing is ticked by hand; each step is done when the
//! data say so.

use askama::Template;
use db::{Tx, sql};
use web::{Answer, Ctx, Failure, Shell};

/// One step.
pub struct Step {
    pub icon: &'static str,
    pub title: &'static str,
    pub text: String,
    pub href: &'static str,
    pub act: &'static str,
    pub done: bool,
}

#[derive(Template)]
#[template(path = "first_steps.html")]
struct Page {
    shell: Shell,
    name: String,
    steps: Vec<Step>,
    done: usize,
}

impl Page {
    /// The first step that is not done gets the one strong button.
    fn is_next(&self, index: &usize) -> bool {
        self.steps.iter().position(|s| !s.done) == Some(*index)
    }
}

#[derive(sqlx::FromRow)]
struct Facts {
    exam_rooms: i64,
    other_desks: i64,
    staff: i64,
    services: i64,
    own_prices: i64,
    header: bool,
    bank: bool,
    visits: i64,
}

/// What the data say, in one question.
async fn facts(tx: &mut Tx) -> Result<Facts, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT (SELECT count(*) FROM organization_room WHERE facility_id = $1 AND active_to IS NULL AND kind IN ('exam', 'imaging')) AS exam_rooms,
                (SELECT count(DISTINCT kind) FROM organization_room WHERE facility_id = $1 AND active_to IS NULL AND kind IN ('reception', 'cashier')) AS other_desks,
                (SELECT count(*) FROM practitioner_account WHERE facility_id = $1 AND kind = 'staff' AND disabled_at IS NULL) AS staff,
                (SELECT count(*) FROM organization_service WHERE facility_id = $1 AND active_to IS NULL) AS services,
                (SELECT count(*) FROM organization_service_price WHERE facility_id = $1 AND set_by <> '00000000-0000-0000-0000-000000000000') AS own_prices,
                (f.print_header->>'hours' <> '' OR f.print_header->>'slogan' <> '' OR f.print_header->>'footer' <> '') IS TRUE AS header,
                f.bank_account <> '' AS bank,
                (SELECT count(*) FROM encounter_encounter WHERE facility_id = $1) AS visits
         FROM organization_facility f WHERE f.facility_id = $1"
    ))
    .bind(facility)
    .fetch_one(tx.conn())
    .await
}

fn steps(f: &Facts) -> Vec<Step> {
    let step = |icon, title, text: String, href, act, done| Step { icon, title, text, href, act, done };
    vec![
        step("door-enter", "Phòng và quầy", format!("Đang có {} phòng khám, {} quầy tiếp nhận và thu tiền. Đổi tên, thêm phòng cho đúng thực tế.", f.exam_rooms, f.other_desks), "/app/catalogue/rooms", "Xem phòng", f.exam_rooms >= 1 && f.other_desks >= 2),
        step("users-plus", "Nhân sự", "Thêm bác sĩ, điều dưỡng, thu ngân; mỗi người một tài khoản.".into(), "/app/staff", "Thêm người", f.staff >= 2),
        step("cash", "Dịch vụ và giá", format!("Đã nạp {} dịch vụ thường dùng với giá mẫu. Xem lại và đặt giá của phòng khám.", f.services), "/app/catalogue/services", "Đặt giá", f.own_prices >= 1),
        step("printer", "Tiêu đề giấy in", "Giờ làm việc, dòng giới thiệu và dòng cuối trên đơn thuốc, phiếu thu.".into(), "/app/catalogue/facility", "Soạn tiêu đề", f.header),
        step("building-bank", "Tài khoản nhận tiền", "Nhập tài khoản ngân hàng để thu bằng VietQR, tiền về là phiếu thu tự khớp.".into(), "/app/catalogue/facility", "Nhập tài khoản", f.bank),
        step("clipboard-plus", "Lượt khám đầu tiên", "Tiếp nhận thử một người bệnh và đi hết một lượt khám.".into(), "/app/reception", "Tiếp nhận", f.visits >= 1),
    ]
}

/// `GET /app/first-steps`.
pub async fn show(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    let steps = steps(&facts(&mut tx).await.map_err(Failure::from)?);
    web::html(Page {
        shell: ctx.shell("Những bước đầu", &[]),
        name: ctx.signed_in.facility_name.to_string(),
        done: steps.iter().filter(|s| s.done).count(),
        steps,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_follow_the_data() {
        let fresh = Facts { exam_rooms: 1, other_desks: 2, staff: 1, services: 20, own_prices: 0, header: false, bank: false, visits: 0 };
        assert_eq!(steps(&fresh).iter().filter(|s| s.done).count(), 1);
        let ready = Facts { staff: 3, own_prices: 1, header: true, bank: true, visits: 1, ..fresh };
        assert!(steps(&ready).iter().all(|s| s.done));
    }
}
