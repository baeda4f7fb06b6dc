//! How the form on the desk will look: the page on which it is filled, and its print.

use super::{Desk, of_slug, scope_of};
use crate::document::draft::Draft;
use crate::document::fields::{self, SectionView};
use crate::form::definition::Form;
use crate::form::setting;
use crate::print::{self, ToPrint};
use base::Problems;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use web::{Answer, Ctx, Path, Query};

#[derive(Clone, Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    scope: String,
}

/// The sections as the filling page draws them, with nothing written in.
pub fn empty_page(form: &Form) -> Vec<SectionView> {
    let texts = form.fields().filter_map(|f| Some((f.id.clone(), f.default.clone()?))).collect();
    let draft = Draft { texts, ..Draft::default() };
    // What hangs on another answer is shown too: the administrator wants to see all of it.
    let (computed, hidden, previous, problems) = (BTreeMap::new(), BTreeSet::new(), BTreeMap::new(), Problems::none());
    fields::sections(&fields::Known { form, draft: &draft, computed: &computed, hidden: &hidden, previous: &previous, problems: &problems })
}

/// `GET /app/forms/{form}/print`: the blank paper of the draft.
pub async fn paper(ctx: Ctx, Path(form): Path<String>, Query(asked): Query<Asked>) -> Answer {
    let number = of_slug(&form)?.form.clone();
    let mut tx = ctx.begin().await?;
    let scope = scope_of(&ctx, &mut tx, &asked.scope).await?;
    let desk = Desk::load(&ctx, &mut tx, &number, scope).await?;
    let head = setting::paper_head(&mut tx, ctx.today()).await?;
    drop(tx);
    let mut blank = ToPrint::blank(&desk.form, head);
    blank.draft = desk.revision > 0;
    web::pdf(print::pdf(&ctx.app, &blank).await?, &format!("{form}.pdf"))
}
