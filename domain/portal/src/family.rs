//! People whom the owner of a phone books for, kept so that the next booking needs no typing.

use base::{Problem, Problems};
use chrono::NaiveDate;
use db::{Tx, sql};
use scheduling::{TypedWho, Who};
use serde::Deserialize;
use sqlx::FromRow;
use uuid::Uuid;

/// The most people of one phone.
pub const MOST: i64 = 20;

/// One of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, FromRow, Deserialize)]
#[serde(default)]
pub struct Profile {
    pub profile_id: Uuid,
    pub relation: String,
    pub name: String,
    pub birth: String,
    pub sex: String,
    pub cccd: String,
    pub card_no: String,
}

impl Profile {
    /// What was typed, tidied. Refuses what a booking for this person would refuse.
    pub fn read(self, phone: &str, today: NaiveDate) -> Result<Profile, Problems> {
        let typed = TypedWho { name: self.name.clone(), birth: self.birth.clone(), sex: self.sex.clone(), phone: phone.to_owned(), cccd: self.cccd.clone(), card_no: self.card_no.clone() };
        let read = Who::read(&typed, today);
        if !["self", "child", "parent", "spouse", "other"].contains(&self.relation.as_str()) {
            let mut problems = read.err().unwrap_or_else(Problems::none);
            problems.0.push(Problem::at("relation", "Chọn người này là ai của bạn."));
            return Err(problems);
        }
        let who = read?;
        Ok(Profile { name: who.name, birth: self.birth.trim().chars().take(20).collect(), sex: who.sex.key().to_owned(), cccd: who.cccd, card_no: who.card_no, ..self })
    }

    /// As the booking form is filled.
    pub fn typed(&self, phone: &str) -> TypedWho {
        TypedWho { name: self.name.clone(), birth: self.birth.clone(), sex: self.sex.clone(), phone: phone.to_owned(), cccd: self.cccd.clone(), card_no: self.card_no.clone() }
    }

    /// `Tôi`, `Con`…
    pub fn shown(&self) -> &'static str {
        match self.relation.as_str() {
            "self" => "Tôi",
            "child" => "Con",
            "parent" => "Cha mẹ",
            "spouse" => "Vợ chồng",
            _ => "Người thân",
        }
    }

    /// The last two words of the name, which is what one is called by.
    pub fn called(&self) -> String {
        let words: Vec<&str> = self.name.split(' ').collect();
        words[words.len().saturating_sub(2)..].join(" ")
    }

    /// Two letters for the round picture: of the given name.
    pub fn letters(&self) -> String {
        self.name.split(' ').next_back().unwrap_or_default().chars().take(2).collect()
    }
}

/// The people of a phone, the owner first.
pub async fn list(tx: &mut Tx, phone: &str) -> Result<Vec<Profile>, sqlx::Error> {
    tx.purpose("portal").await?;
    sqlx::query_as(sql!("SELECT profile_id, relation, name, birth, sex, cccd, card_no FROM portal_profile WHERE phone = $1 ORDER BY relation <> 'self', changed_at, profile_id LIMIT 20"))
        .bind(phone)
        .fetch_all(tx.conn())
        .await
}

/// Writes one, new or changed; the same name and birth is the same person. Refuses one person more than [`MOST`].
pub async fn put(tx: &mut Tx, phone: &str, p: &Profile) -> Result<Result<(), Problem>, sqlx::Error> {
    let known = list(tx, phone).await?;
    let is_known = known.iter().any(|k| k.profile_id == p.profile_id || (k.name == p.name && k.birth == p.birth));
    if !is_known && known.len() as i64 >= MOST {
        return Ok(Err(Problem::of("Mỗi số điện thoại lưu tối đa 20 người. Bỏ bớt người không còn dùng.")));
    }
    let now = tx.now;
    // Whoever was typed again under another id stays one person.
    sqlx::query(sql!("DELETE FROM portal_profile WHERE phone = $1 AND (profile_id = $2 OR (name = $3 AND birth = $4))")).bind(phone).bind(p.profile_id).bind(&p.name).bind(&p.birth).execute(tx.conn()).await?;
    sqlx::query(sql!(
        "INSERT INTO portal_profile (phone, profile_id, relation, name, birth, sex, cccd, card_no, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING"
    ))
    .bind(phone)
    .bind(p.profile_id)
    .bind(&p.relation)
    .bind(&p.name)
    .bind(&p.birth)
    .bind(&p.sex)
    .bind(&p.cccd)
    .bind(&p.card_no)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(Ok(()))
}

/// Forgets one.
pub async fn remove(tx: &mut Tx, phone: &str, id: Uuid) -> Result<(), sqlx::Error> {
    tx.purpose("portal").await?;
    sqlx::query(sql!("DELETE FROM portal_profile WHERE phone = $1 AND profile_id = $2")).bind(phone).bind(id).execute(tx.conn()).await?;
    Ok(())
}
