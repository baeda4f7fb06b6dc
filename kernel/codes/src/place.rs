//! Where people live: today's provinces and communes (since 01/07/2025), and what became of the wards before.

use crate::search::Typed;
use base::fold;
use db::{PgConnection, sql};
use serde::Serialize;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct Province {
    pub code: String,
    pub name: String,
    /// `Tỉnh Vĩnh Long`, `Thành phố Hà Nội`.
    pub full_name: String,
}

/// A commune, ward or special zone with its province.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct Commune {
    pub code: String,
    /// `Phường Long Châu`.
    pub full_name: String,
    pub province_code: String,
    /// `Tỉnh Vĩnh Long`.
    pub province: String,
}

/// A ward until 30/06/2025 and one commune that took it over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct Successor {
    pub old_ward_code: String,
    /// `Phường 1, Thành phố Vĩnh Long, Tỉnh Vĩnh Long`.
    pub old_name: String,
    pub commune_code: String,
    pub commune: String,
    pub province_code: String,
    pub province: String,
    /// Only a part went there: the person must say which.
    pub split: bool,
    /// The usual one of a split ward.
    pub best_guess: bool,
}

/// All provinces, by name.
pub async fn list_provinces(conn: &mut PgConnection) -> Result<Vec<Province>, sqlx::Error> {
    sqlx::query_as(sql!("SELECT code, name, full_name FROM codes_province WHERE valid_to IS NULL ORDER BY folded"))
        .fetch_all(conn)
        .await
}

/// Communes by the beginnings of words of their own or their province's name; those of `province` only when given.
pub async fn search_communes(
    conn: &mut PgConnection,
    typed: &str,
    province: Option<&str>,
    limit: i64,
) -> Result<Vec<Commune>, sqlx::Error> {
    let typed = Typed::new(typed);
    sqlx::query_as(sql!(
        "SELECT c.code, c.full_name, c.province_code, p.full_name AS province
         FROM codes_commune c JOIN codes_province p ON p.code = c.province_code
         WHERE c.search @@ $1::text::tsquery AND c.valid_to IS NULL AND ($3::text IS NULL OR c.province_code = $3)
         ORDER BY c.folded LIKE $2::text || '%' DESC, length(c.folded), c.folded, p.folded LIMIT $4"
    ))
    .bind(&typed.words)
    .bind(&typed.phrase)
    .bind(province)
    .bind(limit.clamp(1, 500))
    .fetch_all(conn)
    .await
}

/// All communes of a province, by name.
pub async fn list_communes(conn: &mut PgConnection, province: &str) -> Result<Vec<Commune>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT c.code, c.full_name, c.province_code, p.full_name AS province
         FROM codes_commune c JOIN codes_province p ON p.code = c.province_code
         WHERE c.province_code = $1 AND c.valid_to IS NULL ORDER BY c.folded"
    ))
    .bind(province)
    .fetch_all(conn)
    .await
}

/// One commune by its code.
pub async fn find_commune(conn: &mut PgConnection, code: &str) -> Result<Option<Commune>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT c.code, c.full_name, c.province_code, p.full_name AS province
         FROM codes_commune c JOIN codes_province p ON p.code = c.province_code WHERE c.code = $1"
    ))
    .bind(code.replace('\0', ""))
    .fetch_optional(conn)
    .await
}

/// Old wards by the beginnings of words of ward, district and province, with where they went.
pub async fn search_old_wards(
    conn: &mut PgConnection,
    typed: &str,
    limit: i64,
) -> Result<Vec<Successor>, sqlx::Error> {
    let typed = Typed::new(typed);
    sqlx::query_as(sql!(
        "SELECT w.old_ward_code, concat_ws(', ', w.old_ward, w.old_district, w.old_province) AS old_name, w.commune_code,
                c.full_name AS commune, p.code AS province_code, p.full_name AS province, w.split, w.best_guess
         FROM codes_old_ward w
         JOIN codes_commune c ON c.code = w.commune_code JOIN codes_province p ON p.code = c.province_code
         WHERE w.search @@ $1::text::tsquery
         ORDER BY w.ward_folded LIKE $2::text || '%' DESC, length(w.ward_folded), w.ward_folded, w.old_ward_code,
                  w.best_guess DESC LIMIT $3"
    ))
    .bind(&typed.words)
    .bind(&typed.phrase)
    .bind(limit.clamp(1, 200))
    .fetch_all(conn)
    .await
}

/// Where an old ward went, by its code; several rows when it was split, the usual one first.
pub async fn list_successors(conn: &mut PgConnection, old_ward_code: &str) -> Result<Vec<Successor>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT w.old_ward_code, concat_ws(', ', w.old_ward, w.old_district, w.old_province) AS old_name, w.commune_code,
                c.full_name AS commune, p.code AS province_code, p.full_name AS province, w.split, w.best_guess
         FROM codes_old_ward w
         JOIN codes_commune c ON c.code = w.commune_code JOIN codes_province p ON p.code = c.province_code
         WHERE w.old_ward_code = $1 ORDER BY w.best_guess DESC, c.folded"
    ))
    .bind(old_ward_code.replace('\0', ""))
    .fetch_all(conn)
    .await
}

/// What an address as printed on a card means today.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum AddressMatch {
    /// It already names a commune of today; `street` is what stood before.
    Today { street: String, commune: Commune },
    /// It names an old ward; `successors` has one row, or several for a split ward.
    Before { street: String, successors: Vec<Successor> },
    /// Nothing was recognised: the person picks.
    Unknown,
}

/// Reads a printed address, most detailed part first (`12 Lê Lợi, Phường 1, Vĩnh Long, Vĩnh Long`).
pub async fn read_address(conn: &mut PgConnection, address: &str) -> Result<AddressMatch, sqlx::Error> {
    let short: String = address.chars().filter(|c| *c != '\0').take(300).collect();
    let parts: Vec<&str> = short.split(',').map(str::trim).filter(|p| !p.is_empty()).collect();
    let plain: Vec<String> = parts.iter().map(|p| plain_name(p)).collect();
    let street = |from_end: usize| parts[..parts.len() - from_end].join(", ");
    if let [.., ward, district, province] = plain.as_slice() {
        let successors: Vec<Successor> = sqlx::query_as(sql!(
            "SELECT w.old_ward_code, concat_ws(', ', w.old_ward, w.old_district, w.old_province) AS old_name,
                    w.commune_code, c.full_name AS commune, p.code AS province_code, p.full_name AS province, w.split,
                    w.best_guess
             FROM codes_old_ward w
             JOIN codes_commune c ON c.code = w.commune_code JOIN codes_province p ON p.code = c.province_code
             WHERE w.ward_folded = $1 AND w.district_folded = $2 AND w.province_folded = $3
             ORDER BY w.best_guess DESC, c.folded LIMIT 20"
        ))
        .bind(ward)
        .bind(district)
        .bind(province)
        .fetch_all(&mut *conn)
        .await?;
        if !successors.is_empty() {
            return Ok(AddressMatch::Before { street: street(3), successors });
        }
    }
    if let [.., commune, province] = plain.as_slice() {
        let commune: Option<Commune> = sqlx::query_as(sql!(
            "SELECT c.code, c.full_name, c.province_code, p.full_name AS province
             FROM codes_commune c JOIN codes_province p ON p.code = c.province_code
             WHERE c.folded = $1 AND p.folded = $2 LIMIT 1"
        ))
        .bind(commune)
        .bind(province)
        .fetch_optional(conn)
        .await?;
        if let Some(commune) = commune {
            return Ok(AddressMatch::Today { street: street(2), commune });
        }
    }
    Ok(AddressMatch::Unknown)
}

/// A place name folded and without its kind: `Thành phố Vĩnh Long`, `TP. Vĩnh Long` → `vinh long`. Numbered wards
/// keep their number without a leading zero (`Phường 01` → `1`).
pub(crate) fn plain_name(name: &str) -> String {
    const KINDS: &[&str] = &[
        "thanh pho ", "thi tran ", "thi xa ", "dac khu ", "phuong ", "huyen ", "quan ", "tinh ", "xa ", "tp ", "tx ",
        "tt ", "p ", "q ", "x ", "h ",
    ];
    let folded = fold(name);
    let bare = KINDS.iter().find_map(|kind| folded.strip_prefix(kind)).unwrap_or(&folded);
    match bare.parse::<u32>() {
        Ok(number) => number.to_string(),
        Err(_) => bare.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::plain_name;

    #[test]
    fn the_kind_of_a_place_is_no_part_of_its_name() {
        for (printed, plain) in [
            ("Thành phố Vĩnh Long", "vinh long"),
            ("TP. Hồ Chí Minh", "ho chi minh"),
            ("Phường 01", "1"),
            ("P.5", "5"),
            ("Xã Tân Hạnh", "tan hanh"),
            ("Quận 10", "10"),
            ("Xuân Lộc", "xuan loc"),
        ] {
            assert_eq!(plain_name(printed), plain);
        }
    }
}
