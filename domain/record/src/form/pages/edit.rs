//! One form: its fields on the left, how it looks in the middle, what can be changed on the right.

use super::look::empty_page;
use super::{Desk, address, of_slug, scope_of, slug};
use crate::document::fields::SectionView;
use crate::document::forms::readable;
use crate::form::definition::{Choice, Field, FieldType, Form, Happening};
use crate::form::patch::FieldChange;
use crate::form::store::Scope;
use crate::form::{setting, source, words};
use askama::Template;
use base::{Problems, show_date};
use db::Tx;
use organization::room;
use serde::Deserialize;
use web::{Answer, Ctx, Failure, Path, Query, Shell};

#[derive(Clone, Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    pub scope: String,
    /// The field that is open, `+` for a new one, "" for the rules of the whole form.
    #[serde(default)]
    pub field: String,
    /// `page` or `print`.
    #[serde(default)]
    pub view: String,
}

/// A field in the left column.
struct Item {
    id: String,
    label: String,
    href: String,
    kind: &'static str,
    is_required: bool,
    is_hidden: bool,
    is_own: bool,
    is_changed: bool,
    is_open: bool,
}

struct Group {
    title: String,
    items: Vec<Item>,
}

/// What is open on the right.
struct Open {
    field: Field,
    /// As the wider scope has it; `None` for a field of one's own.
    printed: Option<Field>,
    label: String,
    hint: String,
    options: String,
    default: String,
    fills_from: String,
    /// For a field of one's own: where it stands.
    place: String,
}

struct Signer {
    role: String,
    label: String,
    order: String,
}

#[derive(Template)]
#[template(path = "form-edit.html")]
struct Page {
    shell: Shell,
    number: String,
    title: String,
    slug: String,
    scope: String,
    scopes: Vec<(String, String)>,
    view: String,
    law: String,
    certainty: (&'static str, &'static str, &'static str),
    base_version: i32,
    published: i32,
    revision: i32,
    drafted_by: String,
    is_ended: bool,
    groups: Vec<Group>,
    sections: Vec<SectionView>,
    open: Option<Open>,
    is_new: bool,
    /// Where a field of one's own may stand.
    places: Vec<(String, String)>,
    kinds: Vec<(String, String)>,
    typed: super::Pairs,
    signers: Vec<Signer>,
    happenings: Vec<(&'static str, &'static str, bool)>,
    is_head: bool,
    hours: String,
    differences: Vec<String>,
    today: String,
    problems: Problems,
}

impl Page {
    fn was(&self, name: &str) -> &str {
        super::said(&self.typed, name)
    }
    /// The address of this page with something else open.
    fn with(&self, field: &str, view: &str) -> String {
        let mut address = format!("/app/forms/{}?scope={}", self.slug, self.scope);
        if !field.is_empty() {
            address.push_str(&format!("&field={}", if field == "+" { "%2B" } else { field }));
        }
        if !view.is_empty() {
            address.push_str(&format!("&view={view}"));
        }
        address
    }
    /// The open field, or one of its eyes.
    fn is_open(&self, name: &str) -> bool {
        self.open.as_ref().is_some_and(|open| open.field.value_ids().iter().any(|id| id == name))
    }
    fn open_id(&self) -> &str {
        match &self.open {
            Some(open) => &open.field.id,
            None if self.is_new => "+",
            None => "",
        }
    }
}

/// `GET /app/forms/{form}`
pub async fn show(ctx: Ctx, Path(form): Path<String>, Query(asked): Query<Asked>) -> Answer {
    let number = of_slug(&form)?.form.clone();
    let mut tx = ctx.begin().await?;
    let scope = scope_of(&ctx, &mut tx, &asked.scope).await?;
    let desk = Desk::load(&ctx, &mut tx, &number, scope).await?;
    web::html(page(&ctx, &mut tx, desk, &asked, Problems::none(), Vec::new()).await?)
}

/// The same page with what was refused beside what was typed.
pub async fn again(ctx: &Ctx, number: &str, asked: &Asked, problems: Problems, typed: super::Pairs) -> Answer {
    let mut tx = ctx.begin().await?;
    let scope = scope_of(ctx, &mut tx, &asked.scope).await?;
    let desk = Desk::load(ctx, &mut tx, number, scope).await?;
    web::refused(page(ctx, &mut tx, desk, asked, problems, typed).await?)
}

async fn page(ctx: &Ctx, tx: &mut Tx, desk: Desk, asked: &Asked, problems: Problems, typed: super::Pairs) -> Result<Page, Failure> {
    let form = &desk.form;
    let mut all = problems;
    all.0.extend(desk.problems.0.iter().cloned());
    let groups = form.sections.iter().map(|section| group(&desk, section, &asked.field, &asked.view)).collect();
    let open = form.field(&asked.field).map(|field| open(&desk, field, &typed));
    let happenings = Happening::ALL.iter().map(|h| (h.key(), h.title(), form.closing.required_for.contains(h))).collect();
    let signers = signers(form);
    Ok(Page {
        shell: ctx.shell(&readable(&form.title), &[("F8", "Lưu"), ("Ctrl+Enter", "Ban hành"), ("Alt+1", "Trang nhập"), ("Alt+2", "Bản in"), ("Esc", "Danh sách mẫu")]),
        number: if form.form.contains('/') { form.form.clone() } else { String::new() },
        title: readable(&form.title),
        slug: slug(&form.form),
        scopes: scopes(ctx, tx).await?,
        scope: desk.scope.key(),
        view: if asked.view == "print" { "print".into() } else { String::new() },
        law: form.law.clone(),
        certainty: super::list::certainty(form.certainty),
        base_version: desk.base.version,
        published: desk.published,
        revision: desk.revision,
        drafted_by: desk.drafted_by.clone(),
        is_ended: desk.is_ended,
        groups,
        sections: empty_page(form),
        is_new: asked.field == "+" && !desk.is_ended,
        places: places(form, &asked.field),
        kinds: OWN_KINDS.iter().map(|kind| (kind_key(*kind), words::kind_word(*kind).to_owned())).collect(),
        typed,
        signers,
        happenings,
        is_head: form.kind == crate::form::definition::Kind::BenhAn,
        hours: form.closing.within_hours.map(|hours| hours.to_string()).unwrap_or_default(),
        differences: words::between(&desk.base, form),
        today: show_date(ctx.today()),
        open,
        problems: all,
    })
}

/// What a facility may ask in a field of its own.
pub const OWN_KINDS: [FieldType; 11] = [
    FieldType::Text,
    FieldType::Longtext,
    FieldType::Integer,
    FieldType::Decimal,
    FieldType::Date,
    FieldType::Datetime,
    FieldType::Time,
    FieldType::Boolean,
    FieldType::Choice,
    FieldType::Multichoice,
    FieldType::Icd10,
];

/// As in the files, `longtext`.
pub fn kind_key(kind: FieldType) -> String {
    serde_json::to_value(kind).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn group(desk: &Desk, section: &crate::form::definition::Section, open: &str, view: &str) -> Group {
    let item = |field: &Field| Item {
        id: field.id.clone(),
        label: field.label.clone(),
        href: address(&desk.form.form, &desk.scope, &field.id, view),
        kind: words::kind_word(field.kind),
        is_required: field.required,
        is_hidden: field.hidden,
        is_own: field.own,
        is_changed: desk.changes.fields.contains_key(&field.id),
        is_open: field.id == open,
    };
    Group { title: section.title.clone(), items: section.fields.iter().map(item).collect() }
}

fn open(desk: &Desk, field: &Field, typed: &super::Pairs) -> Open {
    let printed = desk.base.field(&field.id).cloned();
    let change: FieldChange = desk.changes.fields.get(&field.id).cloned().unwrap_or_default();
    let kept = |name: &str, value: String| match typed.iter().find(|(n, _)| n == name) {
        Some((_, text)) => text.clone(),
        None => value,
    };
    let options = match &printed {
        // Only what was added: the printed ones stand above, unchangeable.
        Some(_) => change.more_options.join("\n"),
        None => field.options.join("\n"),
    };
    let place = desk.changes.added.iter().find(|a| a.field.id == field.id).map(|a| format!("{}:{}", a.section, a.after)).unwrap_or_default();
    Open {
        label: kept("label", field.label.clone()),
        hint: kept("hint", field.hint.clone().unwrap_or_default()),
        options: kept("options", options),
        default: kept("default", field.default.clone().unwrap_or_default()),
        fills_from: field.source.as_deref().and_then(source::title).unwrap_or_default().to_owned(),
        place,
        printed,
        field: field.clone(),
    }
}

/// Where a field may stand: at the head of a section, or after another field, as `section:field`.
fn places(form: &Form, open: &str) -> Vec<(String, String)> {
    let mut places = Vec::new();
    for section in &form.sections {
        let title = if section.title.is_empty() { &section.id } else { &section.title };
        places.push((format!("{}:", section.id), format!("Đầu phần “{title}”")));
        for field in section.fields.iter().filter(|f| f.id != open) {
            places.push((format!("{}:{}", section.id, field.id), format!("Sau “{}”", field.label)));
        }
    }
    places
}

fn signers(form: &Form) -> Vec<Signer> {
    let order = |role: &str| form.sign_flow.iter().position(|r| r == role).map(|at| (at + 1).to_string()).unwrap_or_default();
    let mut seen = std::collections::HashSet::new();
    let spots = form.signatures.iter().filter(|spot| seen.insert(spot.role.as_str()));
    spots.map(|spot| Signer { role: spot.role.clone(), label: spot.label.clone(), order: order(&spot.role) }).collect()
}

async fn scopes(ctx: &Ctx, tx: &mut Tx) -> Result<Vec<(String, String)>, Failure> {
    let mut scopes = vec![(Scope::House.key(), "Toàn cơ sở".to_owned())];
    if ctx.may("form.province") {
        let code = setting::text(tx, "form.province", ctx.today()).await?;
        if !code.is_empty() {
            scopes.push(("province".to_owned(), format!("Cả tỉnh (mã {code})")));
        }
    }
    let facility = tx.facility();
    let wards = room::list(tx.conn(), facility, ctx.today(), Some(room::Kind::Ward)).await?;
    scopes.extend(wards.into_iter().map(|ward| (ward.id.to_string(), ward.name)));
    Ok(scopes)
}

impl Open {
    fn is_choice(&self) -> bool {
        matches!(self.field.kind, FieldType::Choice | FieldType::Multichoice)
    }
    fn is_number(&self) -> bool {
        matches!(self.field.kind, FieldType::Integer | FieldType::Decimal)
    }
    fn takes_default(&self) -> bool {
        matches!(self.field.kind, FieldType::Text | FieldType::Longtext)
    }
    fn low(&self) -> String {
        self.field.range.map(|(low, _)| low.to_string().replace('.', ",")).unwrap_or_default()
    }
    fn high(&self) -> String {
        self.field.range.map(|(_, high)| high.to_string().replace('.', ",")).unwrap_or_default()
    }
    fn unit(&self) -> String {
        self.field.unit.clone().unwrap_or_default()
    }
    fn kind(&self) -> &'static str {
        words::kind_word(self.field.kind)
    }
    /// The printed choices, with their numbers.
    fn printed_options(&self) -> Vec<String> {
        self.printed.iter().flat_map(|f| f.options.iter()).map(|o| Choice::of(o)).map(|c| if c.value == c.label { c.label.to_owned() } else { format!("{}. {}", c.value, c.label) }).collect()
    }
}
