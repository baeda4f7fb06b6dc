//! The people whom the owner of a phone books for: add, change, forget.

use super::{lang, me, ours};
use crate::family::{self, Profile};
use askama::Template;
use base::Problems;
use http::HeaderMap;
use serde::Deserialize;
use uuid::Uuid;
use web::{Answer, Failure, Form, Query, Visitor};

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    id: Option<Uuid>,
}

#[derive(Template)]
#[template(path = "portal_family.html")]
struct FamilyPage {
    lang: &'static str,
    p: Profile,
    is_known: bool,
    sexes: Vec<(String, String)>,
    relations: Vec<(String, String)>,
    problems: Problems,
}

fn page(visitor: &Visitor, p: Profile, is_known: bool, problems: Problems) -> FamilyPage {
    let pairs = |list: &[(&str, &str)]| list.iter().map(|(k, w)| ((*k).to_owned(), (*w).to_owned())).collect();
    FamilyPage {
        lang: lang(visitor),
        p,
        is_known,
        sexes: pairs(&[("female", "Nữ"), ("male", "Nam")]),
        relations: pairs(&[("self", "Tôi"), ("child", "Con"), ("parent", "Cha mẹ"), ("spouse", "Vợ chồng"), ("other", "Khác")]),
        problems,
    }
}

/// `GET /me/family`: one person, or a blank form.
pub async fn show(visitor: Visitor, headers: HeaderMap, Query(asked): Query<Asked>) -> Answer {
    let Some(phone) = me(&visitor, &headers).await? else { return web::redirect("/me/enter") };
    let mut tx = visitor.begin_for("portal").await?;
    let all = family::list(&mut tx, &phone).await?;
    match asked.id {
        Some(id) => {
            let known = all.into_iter().find(|p| p.profile_id == id).ok_or(Failure::NotFound)?;
            web::html(page(&visitor, known, true, Problems::none()))
        }
        None => {
            let relation = if all.is_empty() { "self" } else { "child" };
            web::html(page(&visitor, Profile { profile_id: Uuid::now_v7(), relation: relation.into(), ..Profile::default() }, false, Problems::none()))
        }
    }
}

/// `POST /me/family`.
pub async fn put(visitor: Visitor, headers: HeaderMap, Form(form): Form<Profile>) -> Answer {
    ours(&headers)?;
    let Some(phone) = me(&visitor, &headers).await? else { return web::redirect("/me/enter") };
    let read = match form.clone().read(&phone, base::local_date(visitor.now)) {
        Ok(read) => read,
        Err(problems) => return web::refused(page(&visitor, form, false, problems)),
    };
    let mut tx = visitor.begin_for("portal").await?;
    if let Err(problem) = family::put(&mut tx, &phone, &read).await? {
        return web::refused(page(&visitor, form, false, problem.into()));
    }
    tx.commit().await?;
    web::redirect("/me")
}

/// `POST /me/family/removal`.
pub async fn remove(visitor: Visitor, headers: HeaderMap, Form(form): Form<Profile>) -> Answer {
    ours(&headers)?;
    let Some(phone) = me(&visitor, &headers).await? else { return web::redirect("/me/enter") };
    let mut tx = visitor.begin_for("portal").await?;
    family::remove(&mut tx, &phone, form.profile_id).await?;
    tx.commit().await?;
    web::redirect("/me")
}
