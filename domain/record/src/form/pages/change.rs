//! What an administrator changes, one thing at a time; each goes into the draft.

use super::edit::{self, Asked, OWN_KINDS, kind_key};
use super::{Desk, Pairs, address, of_slug, said, scope_of};
use crate::form::definition::{Field, FieldType, Happening};
use crate::form::patch::{Added, FieldChange, Patch};
use base::{Problem, Problems, fold};
use std::collections::BTreeSet;
use web::{Answer, Ctx, Failure, Form, Path};

/// Reads a number as people type it, empty as nothing.
fn number(text: &str, name: &'static str) -> Result<Option<f64>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    text.replace(',', ".").parse().ok().filter(|n: &f64| n.is_finite()).map(Some).ok_or_else(|| Problem::at(name, "Cần một con số."))
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|line| !line.is_empty()).take(100).collect()
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|t| !t.is_empty())
}

/// Does one thing to the draft and comes back to the page; a refusal shows the page with all that was typed.
async fn change(
    ctx: Ctx,
    slug: String,
    pairs: Pairs,
    open: &str,
    what: impl FnOnce(&Desk, &mut Patch) -> Result<String, Failure>,
) -> Answer {
    let number = of_slug(&slug)?.form.clone();
    let asked = Asked { scope: said(&pairs, "scope").to_owned(), field: open.to_owned(), view: said(&pairs, "view").to_owned() };
    let mut tx = ctx.begin().await?;
    let scope = scope_of(&ctx, &mut tx, &asked.scope).await?;
    let desk = Desk::load(&ctx, &mut tx, &number, scope).await?;
    let seen = said(&pairs, "revision").parse().unwrap_or(-1);
    let mut changes = desk.changes.clone();
    let outcome = match what(&desk, &mut changes) {
        Ok(field) => desk.save(&mut tx, changes, seen, &ctx.actor.name).await.map(|()| field),
        Err(failure) => Err(failure),
    };
    match outcome {
        Ok(field) => {
            tx.commit().await?;
            web::redirect(address(&number, &desk.scope, &field, &asked.view))
        }
        Err(Failure::Refused(problems)) => {
            drop(tx);
            edit::again(&ctx, &number, &asked, problems, pairs).await
        }
        Err(other) => Err(other),
    }
}

/// `POST /app/forms/{form}/fields/{field}`
pub async fn field(ctx: Ctx, Path((form, id)): Path<(String, String)>, Form(pairs): Form<Pairs>) -> Answer {
    let typed = pairs.clone();
    change(ctx, form, pairs, &id.clone(), move |desk, patch| {
        let Some(shown) = desk.form.field(&id) else { return Err(Failure::NotFound) };
        let is_required = said(&typed, "required") == "1";
        let label = said(&typed, "label").to_owned();
        let hint = said(&typed, "hint").to_owned();
        let default = some(said(&typed, "default"));
        if let Some(own) = patch.added.iter_mut().find(|a| a.field.id == id) {
            own.field = Field {
                label,
                hint: some(&hint),
                required: is_required,
                options: lines(said(&typed, "options")),
                unit: some(said(&typed, "unit")),
                range: range(&typed)?,
                default,
                ..own.field.clone()
            };
            if let Some((section, after)) = said(&typed, "place").split_once(':') {
                (own.section, own.after) = (section.to_owned(), after.to_owned());
            }
        } else if let Some(printed) = desk.base.field(&shown.id) {
            let change = FieldChange {
                label: Some(label).filter(|l| *l != printed.label),
                hint: Some(hint).filter(|h| *h != printed.hint.clone().unwrap_or_default()),
                required: Some(is_required).filter(|r| *r != printed.required),
                hidden: said(&typed, "hidden") == "1",
                more_options: lines(said(&typed, "options")),
                default: Some(default.unwrap_or_default()).filter(|d| *d != printed.default.clone().unwrap_or_default()),
            };
            patch.fields.insert(id.clone(), change);
        }
        Ok(id)
    })
    .await
}

/// `POST /app/forms/{form}/fields`: a field of the house's own.
pub async fn add(ctx: Ctx, Path(form): Path<String>, Form(pairs): Form<Pairs>) -> Answer {
    let typed = pairs.clone();
    change(ctx, form, pairs, "+", move |desk, patch| {
        let label = said(&typed, "label").to_owned();
        let mut problems = Problems::none();
        problems.add_if(label.is_empty(), "label", "Chưa có tên mục. Nhập tên mục.");
        let kind: Option<FieldType> = OWN_KINDS.into_iter().find(|kind| kind_key(*kind) == said(&typed, "kind"));
        problems.add_if(kind.is_none(), "kind", "Chọn kiểu trả lời.");
        let place = said(&typed, "place").split_once(':');
        problems.add_if(place.is_none(), "place", "Chọn chỗ đặt mục mới.");
        let options = lines(said(&typed, "options"));
        let chooses = matches!(kind, Some(FieldType::Choice | FieldType::Multichoice));
        problems.add_if(chooses && options.is_empty(), "options", "Ghi các lựa chọn, mỗi dòng một lựa chọn.");
        let (Some(kind), Some((section, after)), true) = (kind, place, problems.is_empty()) else {
            return Err(problems.into());
        };
        let id = fresh_id(desk, patch, &label);
        let field = Field {
            id: id.clone(),
            label,
            kind,
            hint: some(said(&typed, "hint")),
            required: said(&typed, "required") == "1",
            options: if chooses { options } else { Vec::new() },
            own: true,
            ..Field::default()
        };
        patch.added.push(Added { section: section.to_owned(), after: after.to_owned(), field });
        Ok(id)
    })
    .await
}

/// `POST /app/forms/{form}/fields/{field}/removal`: only a field of one's own; older versions keep it.
pub async fn remove(ctx: Ctx, Path((form, id)): Path<(String, String)>, Form(pairs): Form<Pairs>) -> Answer {
    change(ctx, form, pairs, &id.clone(), move |desk, patch| {
        if desk.form.field(&id).is_none() {
            return Err(Failure::NotFound);
        }
        let Some(at) = patch.added.iter().position(|a| a.field.id == id) else {
            return Err(Problem::of("Mục này có trên mẫu nên không bỏ được. Mục không bắt buộc thì ẩn khi nhập.").into());
        };
        let gone = patch.added.remove(at);
        for next in patch.added.iter_mut().filter(|a| a.after == gone.field.id) {
            next.after = gone.after.clone();
        }
        Ok(String::new())
    })
    .await
}

/// `POST /app/forms/{form}/rules`: who signs in which order, when the form is needed, and by when.
pub async fn rules(ctx: Ctx, Path(form): Path<String>, Form(pairs): Form<Pairs>) -> Answer {
    let typed = pairs.clone();
    change(ctx, form, pairs, "", move |desk, patch| {
        let mut problems = Problems::none();
        let mut order: Vec<(u32, &str)> = Vec::new();
        let mut taken = BTreeSet::new();
        for (name, text) in &typed {
            let Some(role) = name.strip_prefix("order.") else { continue };
            match text.trim() {
                "" => {}
                text => match text.parse::<u32>() {
                    Ok(place) if (1..=20).contains(&place) && taken.insert(place) => order.push((place, role)),
                    _ => problems.add("sign_flow", "Thứ tự ký là 1, 2, 3…, mỗi số cho một người. Để trống là không ký."),
                },
            }
        }
        order.sort_unstable();
        let flow: Vec<String> = order.into_iter().map(|(_, role)| role.to_owned()).collect();
        let required: Vec<Happening> = Happening::ALL.into_iter().filter(|h| typed.iter().any(|(n, v)| n == "required_for" && v == h.key())).collect();
        let hours = match said(&typed, "hours") {
            "" => None,
            text => match text.parse::<u32>() {
                Ok(hours) => Some(hours),
                Err(_) => {
                    problems.add("within_hours", "Hạn là số giờ, ví dụ 24. Để trống là không có hạn.");
                    None
                }
            },
        };
        if !problems.is_empty() {
            return Err(problems.into());
        }
        let mut was = desk.base.closing.required_for.clone();
        was.sort_unstable();
        let mut now = required.clone();
        now.sort_unstable();
        patch.sign_flow = Some(flow).filter(|flow| *flow != desk.base.sign_flow);
        patch.required_for = Some(required).filter(|_| was != now);
        patch.within_hours = Some(hours).filter(|hours| *hours != desk.base.closing.within_hours);
        Ok(String::new())
    })
    .await
}

fn range(typed: &Pairs) -> Result<Option<(f64, f64)>, Problem> {
    match (number(said(typed, "low"), "low")?, number(said(typed, "high"), "high")?) {
        (None, None) => Ok(None),
        (Some(low), Some(high)) if low <= high => Ok(Some((low, high))),
        (Some(_), Some(_)) => Err(Problem::at("high", "Giá trị cao nhất nhỏ hơn giá trị thấp nhất.")),
        _ => Err(Problem::at("high", "Ghi cả giá trị thấp nhất và cao nhất, hoặc để trống cả hai.")),
    }
}

/// `rieng_` and the words of the label; a number behind where that is taken.
fn fresh_id(desk: &Desk, patch: &Patch, label: &str) -> String {
    let words: String = fold(label).chars().filter(|c| c.is_ascii_alphanumeric() || *c == ' ').take(40).collect();
    let stem = format!("rieng_{}", words.split_whitespace().collect::<Vec<_>>().join("_"));
    let is_taken = |id: &str| desk.form.field(id).is_some() || patch.added.iter().any(|a| a.field.id == id);
    (1..=1000)
        .map(|n| if n == 1 { stem.clone() } else { format!("{stem}_{n}") })
        .find(|id| !is_taken(id))
        .unwrap_or(stem)
}
