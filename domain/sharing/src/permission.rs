//! May this document be shown to this house now? One pure rule, asked by every door: the page of a facility on this
//! server, and the wire from another one.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A permission with its papers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub grant_id: Uuid,
    pub asker_code: String,
    pub valid_from: DateTime<Utc>,
    pub valid_until: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub may_download: bool,
    pub documents: Vec<Granted>,
}

/// One paper of a permission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow)]
pub struct Granted {
    pub document_id: Uuid,
    pub version: i32,
    pub form: String,
    pub title: String,
    pub made_at: DateTime<Utc>,
    pub sha256: String,
}

/// Why a document is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Closed {
    /// Nobody has agreed yet, or somebody said no.
    NotGranted,
    /// Agreed for another house.
    OtherHouse,
    /// Agreed, but not to this paper.
    OtherDocument,
    NotYet,
    Expired,
    Revoked,
    /// The bytes are no longer those that were agreed to.
    Changed,
}

impl Closed {
    pub fn text(self) -> &'static str {
        match self {
            Closed::NotGranted => "Người bệnh chưa đồng ý cho xem hồ sơ này.",
            Closed::OtherHouse => "Hồ sơ này được chia sẻ cho cơ sở khác.",
            Closed::OtherDocument => "Giấy này không nằm trong danh sách người bệnh đồng ý.",
            Closed::NotYet => "Chưa tới giờ được xem.",
            Closed::Expired => "Đã hết thời hạn được xem. Cần xem tiếp thì xin lại.",
            Closed::Revoked => "Người bệnh hoặc cơ sở giữ hồ sơ đã thu hồi quyền xem.",
            Closed::Changed => "Bản đang giữ không còn đúng với bản đã đồng ý chia sẻ. Đã báo cơ sở giữ hồ sơ.",
        }
    }
}

/// Decides for one document, one house, one moment. The end of the period is outside it.
pub fn decide<'g>(grant: Option<&'g Grant>, house: &str, document: Uuid, now: DateTime<Utc>) -> Result<&'g Granted, Closed> {
    let grant = grant.ok_or(Closed::NotGranted)?;
    if grant.asker_code != house {
        return Err(Closed::OtherHouse);
    }
    if grant.revoked_at.is_some() {
        return Err(Closed::Revoked);
    }
    if now < grant.valid_from {
        return Err(Closed::NotYet);
    }
    if now >= grant.valid_until {
        return Err(Closed::Expired);
    }
    grant.documents.iter().find(|d| d.document_id == document).ok_or(Closed::OtherDocument)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;
    use proptest::prelude::*;

    fn grant(papers: u128) -> Grant {
        let from: DateTime<Utc> = "2026-11-28T01:00:00Z".parse().unwrap();
        Grant {
            grant_id: Uuid::from_u128(1),
            asker_code: "84101".into(),
            valid_from: from,
            valid_until: from + TimeDelta::days(7),
            revoked_at: None,
            may_download: false,
            documents: (0..papers)
                .map(|n| Granted { document_id: Uuid::from_u128(n), version: 1, form: String::new(), title: "Giấy ra viện".into(), made_at: from, sha256: "0".repeat(64) })
                .collect(),
        }
    }

    #[test]
    fn the_last_minute_and_the_first_after() {
        let g = grant(2);
        let paper = Uuid::from_u128(1);
        for (minutes, house, document, says) in [
            (0, "84101", paper, None),
            (-1, "84101", paper, Some(Closed::NotYet)),
            (7 * 24 * 60 - 1, "84101", paper, None),
            (7 * 24 * 60, "84101", paper, Some(Closed::Expired)),
            (5, "84102", paper, Some(Closed::OtherHouse)),
            (5, "84101", Uuid::from_u128(9), Some(Closed::OtherDocument)),
        ] {
            assert_eq!(decide(Some(&g), house, document, g.valid_from + TimeDelta::minutes(minutes)).err(), says, "{minutes} {house}");
        }
        assert_eq!(decide(None, "84101", paper, g.valid_from).err(), Some(Closed::NotGranted));
        let revoked = Grant { revoked_at: Some(g.valid_from), ..g.clone() };
        assert_eq!(decide(Some(&revoked), "84101", paper, g.valid_from).err(), Some(Closed::Revoked));
    }

    proptest! {
        /// Whatever is asked: what is shown was agreed to, for this house, now, and not taken back.
        #[test]
        fn nothing_is_shown_without_consent(papers in 0u128..4, document in 0u128..6, minute in -100i64..20_000, mine: bool, revoked: bool) {
            let mut g = grant(papers);
            g.revoked_at = revoked.then_some(g.valid_from);
            let now = g.valid_from + TimeDelta::minutes(minute);
            let house = if mine { "84101" } else { "84901" };
            let shown = decide(Some(&g), house, Uuid::from_u128(document), now).is_ok();
            prop_assert_eq!(shown, mine && !revoked && document < papers && now >= g.valid_from && now < g.valid_until);
        }
    }
}
