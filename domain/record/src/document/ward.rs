//! Which bệnh án a ward begins with: the facility's own choice, or what the ward's name suggests.

use crate::form::catalogue;
use db::Tx;
use std::sync::LazyLock;
use uuid::Uuid;

static WARD_FORMS: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
    let rows = include_str!("ward_forms.tsv").lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('\t'));
    rows.collect()
});

/// The bệnh án that a ward of this name begins with.
fn form_of_name(name: &str) -> &'static str {
    let name = format!(" {} ", base::fold(name));
    let fits = WARD_FORMS.iter().filter(|(words, _)| name.contains(&format!(" {words} ")));
    fits.max_by_key(|(words, _)| words.len()).map_or("01/BV1", |(_, form)| form)
}

/// The bệnh án that a stay in this ward begins with.
pub async fn form_of(tx: &mut Tx, ward: Uuid) -> Result<String, sqlx::Error> {
    let facility = tx.facility().0;
    let (name, own): (String, Option<String>) = sqlx::query_as(db::sql!(
        "SELECT o.name, w.form FROM organization_room o LEFT JOIN record_ward_form w USING (facility_id, room_id)
         WHERE o.facility_id = $1 AND o.room_id = $2"
    ))
    .bind(facility)
    .bind(ward)
    .fetch_one(tx.conn())
    .await?;
    let form = own.unwrap_or_else(|| form_of_name(&name).to_owned());
    Ok(if catalogue::national().newest(&form).is_some() { form } else { "01/BV1".to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ward_begins_with_its_own_form() {
        for (ward, form) in [
            ("Khoa Nội tổng hợp", "01/BV1"),
            ("Khoa Ngoại tổng hợp", "10/BV1"),
            ("Khoa Phụ sản", "05/BV1"),
            ("Khoa Hồi sức tích cực", "01/BV1"),
            ("Khoa Răng hàm mặt", "13/BV1"),
            ("Khoa Mắt", "22/BV1"),
            ("Đơn nguyên Sơ sinh", "06/BV1"),
        ] {
            assert_eq!(form_of_name(ward), form, "{ward}");
        }
    }
}
