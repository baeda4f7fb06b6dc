//! The visits of somebody, as a panel on the record's page and in the preview of a merge.

use crate::status::Status;
use askama::Template;
use base::{show_date, local_date};
use sqlx::Row;
use uuid::Uuid;
use web::{Ctx, Failure, PanelFor, Tx};

struct Visit {
    id: Uuid,
    day: String,
    room: String,
    reason: String,
    status: &'static str,
}

#[derive(Template)]
#[template(
    source = "{%- import \"components.html\" as c -%}<section class=\"card\" aria-label=\"Lượt khám\"><div class=\"card-head\"><h2>Lượt khám</h2></div><div class=\"card-body\">{% if visits.is_empty() %}<p class=\"quiet\">Chưa có lượt khám nào ở cơ sở này.</p>{% else %}<ul class=\"stack tight\">{% for v in visits %}<li>{% if may_open %}<a href=\"/app/encounters/{{ v.id }}\"><b>{{ v.day }}</b></a>{% else %}<b>{{ v.day }}</b>{% endif %} · <span data-no-translate>{{ v.room }}</span> · <span>{{ v.status }}</span>{% if v.reason != \"\" %} · <span data-no-translate>{{ v.reason }}</span>{% endif %}</li>{% endfor %}</ul>{% endif %}</div></section>",
    ext = "html"
)]
struct Panel {
    visits: Vec<Visit>,
    may_open: bool,
}

/// The newest twenty visits; the reason for coming only for those who may read charts.
pub async fn panel(ctx: &Ctx, tx: &mut Tx, about: &PanelFor) -> Result<String, Failure> {
    let Some(patient) = about.patient else { return Ok(String::new()) };
    let rows = sqlx::query(db::sql!(
        "SELECT e.encounter_id, e.opened_at, r.short_name, e.reason, e.status FROM encounter_encounter e
         JOIN organization_room r ON r.facility_id = e.facility_id AND r.room_id = e.room_id
         WHERE e.facility_id = $1 AND e.patient_id = $2 ORDER BY e.opened_at DESC LIMIT 20"
    ))
    .bind(tx.facility().0)
    .bind(patient.0)
    .fetch_all(tx.conn())
    .await?;
    let may_open = ctx.may("chart.read");
    let visits = rows
        .iter()
        .map(|row| Visit {
            id: row.get("encounter_id"),
            day: show_date(local_date(row.get("opened_at"))),
            room: row.get("short_name"),
            reason: if may_open { row.get("reason") } else { String::new() },
            status: Status::from_key(row.get("status")).map_or("", Status::label),
        })
        .collect();
    Ok(Panel { visits, may_open }.render()?)
}
