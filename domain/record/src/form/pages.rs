//! The administrator's pages: the list of forms, one form with its fields beside a living preview, its history, and
//! the parameters of the record.

pub mod change;
pub mod edit;
pub mod history;
pub mod list;
pub mod look;
pub mod publish;
pub mod settings;

use super::catalogue::national;
use super::definition::Form;
use super::patch::{self, Patch};
use super::setting;
use super::store::{self, Scope};
use base::{Problems, RoomId};
use db::Tx;
use std::sync::Arc;
use web::{Ctx, Failure};

/// Names and texts of a posted page, several of one name allowed.
pub type Pairs = Vec<(String, String)>;

/// The first text of that name, trimmed; "" when there is none.
pub fn said<'a>(pairs: &'a Pairs, name: &str) -> &'a str {
    pairs.iter().find(|(n, _)| n == name).map_or("", |(_, text)| text.trim())
}

/// A form's number as a piece of an address: `01/BV1` → `01-BV1`.
pub fn slug(form: &str) -> String {
    form.replace('/', "-")
}

/// The form behind such a piece.
pub fn of_slug(slug: &str) -> Result<Arc<Form>, Failure> {
    national().newest(&slug.replace('-', "/")).ok_or(Failure::NotFound)
}

/// One form of one scope on the desk: what it builds on, what differs, how it looks.
pub struct Desk {
    pub scope: Scope,
    /// What the scope builds on.
    pub base: Arc<Form>,
    pub changes: Patch,
    /// With the differences.
    pub form: Form,
    /// Why the differences no longer fit what they build on.
    pub problems: Problems,
    /// 0 while there is no draft.
    pub revision: i32,
    pub drafted_by: String,
    /// The last published version of this scope; 0 when it has none.
    pub published: i32,
    /// The ministry has ended the form: it is shown, not edited.
    pub is_ended: bool,
}

/// The scope that a page names: `house`, `province`, or a ward. Refuses a ward that is not this facility's.
pub async fn scope_of(ctx: &Ctx, tx: &mut Tx, text: &str) -> Result<Scope, Failure> {
    match text {
        "" | "house" => Ok(Scope::House),
        "province" if ctx.may("form.province") => {
            let code = setting::text(tx, "form.province", ctx.today()).await?;
            if code.is_empty() { Err(Failure::NotFound) } else { Ok(Scope::Province(code)) }
        }
        ward => {
            let room: RoomId = ward.parse().map_err(|_| Failure::NotFound)?;
            let facility = tx.facility();
            let found = organization::room::find(tx.conn(), facility, room).await?;
            found.map(|room| Scope::Ward(room.id)).ok_or(Failure::NotFound)
        }
    }
}

impl Desk {
    pub async fn load(ctx: &Ctx, tx: &mut Tx, number: &str, scope: Scope) -> Result<Desk, Failure> {
        let (base, is_ended) = match store::base_of(tx, number, &scope, ctx.today()).await? {
            Some(base) => (base, false),
            None => (national().newest(number).ok_or(Failure::NotFound)?, true),
        };
        let newest = store::newest_of(tx, number, &scope).await?;
        let published = newest.as_ref().map_or(0, |(_, version)| *version);
        let (changes, revision, drafted_by) = match store::draft(tx, number, &scope).await? {
            Some(draft) => (draft.changes.0, draft.revision, draft.changed_by_name),
            None => (newest.map(|(patch, _)| patch).unwrap_or_default(), 0, String::new()),
        };
        let (form, problems) = match patch::apply(&base, &changes) {
            Ok(form) => (form, Problems::none()),
            Err(problems) => ((*base).clone(), problems),
        };
        Ok(Desk { scope, base, changes, form, problems, revision, drafted_by, published, is_ended })
    }

    /// Keeps other differences as the draft. Refuses what the rules refuse, and whoever saves over somebody else's work.
    pub async fn save(&self, tx: &mut Tx, mut changes: Patch, seen: i32, by: &str) -> Result<(), Failure> {
        if self.is_ended {
            return Err(base::Problem::of("Mẫu này của Bộ đã hết hiệu lực nên không sửa được.").into());
        }
        changes.tidy();
        patch::apply(&self.base, &changes)?;
        let number = &self.base.form;
        if seen != self.revision || !store::save_draft(tx, number, &self.scope, self.base.version, &changes, seen, by).await? {
            return Err(base::Problem::of("Người khác vừa sửa mẫu này. Xem lại nội dung mới bên dưới rồi sửa tiếp.").into());
        }
        tx.audit("change", "record-form-draft", number, None, serde_json::json!({ "scope": self.scope.key(), "revision": seen + 1 }));
        Ok(())
    }
}

/// The address of a form in a scope, with the field that is open.
pub fn address(form: &str, scope: &Scope, field: &str, view: &str) -> String {
    let mut address = format!("/app/forms/{}?scope={}", slug(form), scope.key());
    for (name, value) in [("field", field), ("view", view)] {
        if !value.is_empty() {
            address.push_str(&format!("&{name}={value}"));
        }
    }
    if !field.is_empty() {
        // The preview opens where the field is.
        address.push_str(&format!("#at-{field}"));
    }
    address
}
