//! Who was asked to come again in these days, and who has come: the list for the telephone.

use crate::period::Period;
use crate::table::{Book, Cell, Figure, Row, Table, words};
use base::Age;
use chrono::NaiveDate;
use db::{Tx, sql};
use uuid::Uuid;

#[derive(Clone, Debug, sqlx::FromRow)]
struct Due {
    encounter_id: Uuid,
    follow_up_on: NaiveDate,
    day: NaiveDate,
    record_no: String,
    name: String,
    birth_date: NaiveDate,
    phone: String,
    doctor: Option<String>,
    diagnoses: Option<String>,
    came_on: Option<NaiveDate>,
}

/// The follow-ups of a period, which may lie ahead. Who has not come yet stands first.
pub async fn book(tx: &mut Tx, period: Period, may_read_charts: bool) -> Result<Book, sqlx::Error> {
    let facility = tx.facility().0;
    let due: Vec<Due> = sqlx::query_as(sql!(
        "SELECT encounter_id, follow_up_on, day, record_no, name, birth_date, phone, doctor, diagnoses, came_on
         FROM encounter_report_follow_up WHERE facility_id = $1 AND follow_up_on BETWEEN $2 AND $3
         ORDER BY follow_up_on, name, encounter_id LIMIT 20000"
    ))
    .bind(facility)
    .bind(period.from)
    .bind(period.to)
    .fetch_all(tx.conn())
    .await?;
    let columns = [
        words("Hẹn ngày", 12),
        words("Người bệnh", 26),
        words("Mã", 14),
        words("Tuổi", 10),
        words("Điện thoại", 14),
        words("Chẩn đoán lần trước", 44),
        words("Bác sĩ", 24),
        words("Khám ngày", 12),
        words("Đã đến", 12),
    ];
    let table = |title: &str, came: bool| {
        let rows = due.iter().filter(|d| d.came_on.is_some() == came).map(|d| {
            let cells = vec![
                Cell::Day(d.follow_up_on),
                Cell::text(&d.name),
                Cell::text(&d.record_no),
                Cell::text(Age::on(d.birth_date, d.follow_up_on).to_string()),
                Cell::text(&d.phone),
                Cell::text(d.diagnoses.as_deref().unwrap_or("")),
                Cell::text(d.doctor.as_deref().unwrap_or("")),
                Cell::Day(d.day),
                Cell::from(d.came_on),
            ];
            if may_read_charts { Row::leading_to(cells, format!("/app/encounters/{}", d.encounter_id)) } else { Row::new(cells) }
        });
        Table::new(title, &columns, rows.collect())
    };
    let tables = vec![table("Chưa đến", false), table("Đã đến khám lại", true)];
    let count = |at: usize| tables.get(at).map_or(0, |t: &Table| t.rows.len()).to_string();
    Ok(Book {
        title: "Đến hẹn khám lại",
        about: period.shown(),
        figures: vec![
            Figure { label: "Chưa đến", value: count(0), hint: "gọi nhắc từ trên xuống" },
            Figure { label: "Đã đến", value: count(1), hint: "có lượt khám sau lần hẹn" },
        ],
        tables,
        agrees: None,
        when_empty: "Không ai có hẹn trong những ngày này. Hẹn khám lại do bác sĩ ghi khi kết thúc lượt khám.",
    })
}
