//! A refusal: what is wrong and how to repair it, in Vietnamese, beside the field it belongs to.

use serde::Serialize;
use std::borrow::Cow;

/// One refusal. `field` is the name of the form field ("" when it concerns the whole act).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    pub field: Cow<'static, str>,
    pub text: Cow<'static, str>,
}

impl Problem {
    /// A refusal that belongs to one field.
    pub fn at(field: impl Into<Cow<'static, str>>, text: impl Into<Cow<'static, str>>) -> Self {
        Self { field: field.into(), text: text.into() }
    }

    /// A refusal of the whole act.
    pub fn of(text: impl Into<Cow<'static, str>>) -> Self {
        Self::at("", text)
    }
}

/// All refusals of one act, so that the person repairs them in one go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    pub fn none() -> Self {
        Self::default()
    }
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    pub fn add(&mut self, field: impl Into<Cow<'static, str>>, text: impl Into<Cow<'static, str>>) {
        self.0.push(Problem::at(field, text));
    }
    /// Adds the refusal when `wrong` holds.
    pub fn add_if(
        &mut self,
        wrong: bool,
        field: impl Into<Cow<'static, str>>,
        text: impl Into<Cow<'static, str>>,
    ) {
        if wrong {
            self.add(field, text);
        }
    }
    /// The first text for a field, or "" when the field is fine; templates print it under the input.
    pub fn at(&self, field: &str) -> &str {
        self.0.iter().find(|p| p.field == field).map_or("", |p| p.text.as_ref())
    }
    /// `Ok(value)` when nothing was refused.
    pub fn or<T>(self, value: T) -> Result<T, Problems> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}
