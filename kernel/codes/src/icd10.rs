//! ICD-10 as Vietnam codes it: the 2026 list (TT 06/2026/TT-BYT, in force 01/07/2026), found by code, by words or by
//! a clinician's abbreviation; the list before it, for reading old records.

use crate::search::Typed;
use db::{PgConnection, sql};
use serde::Serialize;

/// One code of the 2026 list with everything that decides whether it may be used.
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow)]
pub struct Icd10 {
    pub code: String,
    pub name: String,
    pub chapter: String,
    pub block: String,
    /// The three-character category, e.g. `J02`.
    pub category: String,
    /// `dagger`, `asterisk` or none.
    pub dagger_asterisk: Option<String>,
    /// May not be the main diagnosis.
    pub not_main: bool,
    /// May be the main diagnosis, but another code is better.
    pub discouraged_main: bool,
    /// There are longer codes below this one.
    pub has_more_specific: bool,
    /// Only for causes of death.
    pub death_only: bool,
    /// `female` or `male` when the code belongs to one sex.
    pub sex: Option<String>,
    /// The other sex is impossible, not only unusual.
    pub sex_strict: bool,
    pub age_min_days: Option<i32>,
    pub age_max_days: Option<i32>,
    /// Said to the person when the age does not fit.
    pub age_reason: Option<String>,
    /// On the list of diseases with prescriptions over 30 days (TT 26/2025/TT-BYT, annex VII).
    pub over_30_days: bool,
    /// `24h`, `48h` or `week` when the disease must be reported.
    pub notify_within: Option<String>,
    pub notify_disease: Option<String>,
}

impl Icd10 {
    /// Why this code may not be written for this person, in Vietnamese; empty when it may. `sex` is `male`, `female`
    /// or `unknown` (never refused); `age_days` is the age on the day of the visit.
    pub fn refusals(&self, as_main: bool, sex: &str, age_days: i64) -> Vec<String> {
        let mut why = Vec::new();
        if as_main && self.not_main {
            why.push(format!("{} không được dùng làm chẩn đoán chính; chuyển sang bệnh kèm theo và chọn mã khác", self.code));
        }
        if self.death_only {
            why.push(format!("{} chỉ dùng cho nguyên nhân tử vong; chọn mã bệnh của lượt khám", self.code));
        }
        if self.sex_strict && self.is_other_sex(sex) {
            let of = if self.sex.as_deref() == Some("female") { "nữ" } else { "nam" };
            why.push(format!("{} chỉ dùng cho người bệnh {of}; kiểm tra giới tính hoặc chọn mã khác", self.code));
        }
        let too_young = self.age_min_days.is_some_and(|least| age_days < i64::from(least));
        let too_old = self.age_max_days.is_some_and(|most| age_days > i64::from(most));
        if too_young || too_old {
            let reason = self.age_reason.as_deref().unwrap_or("Mã không hợp với tuổi");
            why.push(format!("{}: {reason}; kiểm tra ngày sinh hoặc chọn mã khác", self.code));
        }
        why
    }

    /// What deserves a second look without being refused, in Vietnamese.
    pub fn doubts(&self, as_main: bool, sex: &str) -> Vec<String> {
        let mut doubts = Vec::new();
        if as_main && self.discouraged_main && !self.not_main {
            doubts.push(format!("{} nên hạn chế dùng làm chẩn đoán chính", self.code));
        }
        if self.has_more_specific {
            doubts.push(format!("{} còn mã chi tiết hơn", self.code));
        }
        if !self.sex_strict && self.is_other_sex(sex) {
            doubts.push(format!("{} ít gặp ở giới tính này", self.code));
        }
        doubts
    }

    fn is_other_sex(&self, sex: &str) -> bool {
        sex != "unknown" && self.sex.as_deref().is_some_and(|of| of != sex)
    }
}

/// The codes for what was typed, best first: the very code, a known abbreviation (`THA`, `ĐTĐ2`), longer codes, then
/// names that hold every typed word by its beginning; usable and frequent codes before the others. An empty or
/// unusable text gives nothing.
pub async fn search(conn: &mut PgConnection, typed: &str, limit: i64) -> Result<Vec<Icd10>, sqlx::Error> {
    let typed = Typed::new(typed);
    sqlx::query_as(sql!(
        "WITH named AS (
             SELECT i.code, 3 AS tier, 0 AS place, i.folded LIKE $4::text || '%' AS begins, i.often, i.not_main,
                    i.has_more_specific, length(i.name) AS size
             FROM codes_icd10 i WHERE i.search @@ $3::text::tsquery AND i.valid_to IS NULL
             ORDER BY begins DESC, i.often DESC, i.not_main, i.has_more_specific, size, i.code LIMIT $5),
         coded AS (
             SELECT i.code, CASE WHEN i.code_plain = $1 THEN 0 ELSE 2 END AS tier, 0 AS place, true AS begins,
                    0::real AS often, false AS not_main, false AS has_more_specific, 0 AS size
             FROM codes_icd10 i
             WHERE i.code_plain >= $1::text COLLATE \"C\" AND i.code_plain < ($1::text || '~') COLLATE \"C\"
               AND i.valid_to IS NULL
             ORDER BY i.code_plain LIMIT $5),
         short AS (
             SELECT a.code, 1 AS tier, a.place, true AS begins, 0::real AS often, false AS not_main,
                    false AS has_more_specific, 0 AS size
             FROM codes_icd10_abbreviation a WHERE a.abbreviation = $2 OR a.meaning_folded = $4),
         hit AS (
             SELECT DISTINCT ON (code) * FROM (TABLE named UNION ALL TABLE coded UNION ALL TABLE short) AS every
             ORDER BY code, tier, place)
         SELECT i.code, i.name, i.chapter, i.block, i.category, i.dagger_asterisk, i.not_main, i.discouraged_main,
                i.has_more_specific, i.death_only, i.sex, i.sex_strict, i.age_min_days, i.age_max_days, i.age_reason,
                i.over_30_days, i.notify_within, i.notify_disease
         FROM hit JOIN codes_icd10 i USING (code)
         ORDER BY hit.tier, hit.place, hit.begins DESC, hit.often DESC, hit.not_main, hit.has_more_specific, hit.size,
                  i.code
         LIMIT $5"
    ))
    .bind(typed.icd10_code())
    .bind(&typed.plain)
    .bind(&typed.words)
    .bind(&typed.phrase)
    .bind(limit.clamp(1, 200))
    .fetch_all(conn)
    .await
}

/// These codes (with or without dot) with all their flags, in no particular order; unknown codes are missing. Codes
/// that have left the list are still found, so that old notes show them.
pub async fn list(conn: &mut PgConnection, codes: &[&str]) -> Result<Vec<Icd10>, sqlx::Error> {
    let plain: Vec<String> =
        codes.iter().map(|c| c.trim().replace('.', "").to_uppercase()).filter(|c| !c.contains('\0')).collect();
    sqlx::query_as(sql!(
        "SELECT code, name, chapter, block, category, dagger_asterisk, not_main, discouraged_main, has_more_specific,
                death_only, sex, sex_strict, age_min_days, age_max_days, age_reason, over_30_days, notify_within,
                notify_disease
         FROM codes_icd10 WHERE code_plain = ANY($1)"
    ))
    .bind(&plain)
    .fetch_all(conn)
    .await
}

/// One code with all its flags.
pub async fn find(conn: &mut PgConnection, code: &str) -> Result<Option<Icd10>, sqlx::Error> {
    Ok(list(conn, &[code]).await?.into_iter().next())
}

/// The name a code had in the list before 01/07/2026.
pub async fn find_old_name(conn: &mut PgConnection, code: &str) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar(sql!("SELECT name FROM codes_icd10_old WHERE code = $1"))
        .bind(code.replace('\0', ""))
        .fetch_optional(conn)
        .await
}

/// A chapter or block of the list.
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow)]
pub struct Group {
    /// `chapter` or `block`.
    pub kind: String,
    pub code: String,
    pub chapter: String,
    pub range: String,
    pub name: String,
}

/// All chapters and blocks, in the order of their codes.
pub async fn list_groups(conn: &mut PgConnection) -> Result<Vec<Group>, sqlx::Error> {
    sqlx::query_as(sql!("SELECT kind, code, chapter, range, name FROM codes_icd10_group ORDER BY range, kind DESC"))
        .fetch_all(conn)
        .await
}
