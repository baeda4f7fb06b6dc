//! Which order a document is signed in: the form's, or what the facility made of it.

use super::flow;
use super::store::documents::Paper;
use crate::form;
use db::Tx;
use std::collections::HashMap;
use uuid::Uuid;
use web::Failure;

/// Orders looked up once for a whole list: many documents of few forms.
#[derive(Default)]
pub struct Orders(HashMap<(String, i32, Option<Uuid>), Vec<String>>);

impl Orders {
    /// The places of this very document, in order.
    pub async fn of(&mut self, tx: &mut Tx, paper: &Paper) -> Result<Vec<String>, Failure> {
        let key = (paper.form.clone(), paper.form_version, paper.room_id);
        if !self.0.contains_key(&key) {
            let order = form_order(tx, paper).await?;
            self.0.insert(key.clone(), order);
        }
        Ok(flow::of(&paper.kind, &self.0[&key], &paper.named.0))
    }
}

async fn form_order(tx: &mut Tx, paper: &Paper) -> Result<Vec<String>, Failure> {
    if paper.form.is_empty() || paper.kind != "form" {
        return Ok(Vec::new());
    }
    // The very version that the document was written with: a later change of the order does not touch it.
    let form = form::store::of_version(tx, &paper.form, paper.form_version).await?;
    let form = form.or_else(|| form::catalogue::national().newest(&paper.form));
    Ok(form.map(|f| f.sign_flow.clone()).unwrap_or_default())
}
