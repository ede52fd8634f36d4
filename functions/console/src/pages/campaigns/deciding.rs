//! Decisions on a page of items, sent together.
//!
//! A form has for each row which item it is, what was decided when the page was made, and what is said now. Only rows that
//! say something else are sent on, so that nobody's later decision is overwritten by a page that was opened before.

use assay::access::Role;
use axum::extract::{Path, Query};
use axum::response::Response;
use serde_json::{Value, json};

use super::view::Item;
use super::{Shown, read};
use crate::answer;
use crate::client::path;
use crate::form::{Fields, Form};
use crate::frame::Visit;
use crate::problem::Problem;
use crate::words;

/// How many rows of a form are read.
const MOST_ROWS: usize = 200;

/// An item with what its part of the form shows.
pub(super) struct Row {
    pub(super) item: Item,
    /// The decision that is marked.
    pub(super) chosen: String,
    /// The note that is entered.
    pub(super) note: String,
    /// What is wrong with it.
    pub(super) error: Option<String>,
}

impl Row {
    /// As it is stored.
    pub(super) fn of(item: Item) -> Self {
        let (chosen, note) = (item.decision.word().to_owned(), item.note.clone().unwrap_or_default());
        Self { item, chosen, note, error: None }
    }

    pub(super) fn is(&self, decision: &str) -> bool {
        self.chosen == decision
    }
}

/// What a form says about one item.
struct Said {
    item: String,
    decision: String,
    note: String,
}

impl Said {
    /// The rows that say something else than was decided when the page was made.
    fn all(form: &Fields) -> Vec<Self> {
        let row = |number: usize| {
            let text = |name: &str| form.text(&format!("{name}.{number}")).to_owned();
            let said = Self { item: text("item"), decision: text("decision"), note: text("note") };
            let was = (text("was"), text("was_note"));
            let is_new = !said.decision.is_empty() && (said.decision != was.0 || said.note != was.1);
            (!said.item.is_empty() && is_new).then_some(said)
        };
        (0..MOST_ROWS).filter_map(row).collect()
    }

    fn body(&self) -> Result<Value, Problem> {
        let mut body: Value = serde_json::from_str(&self.item).map_err(|_| {
            Problem::invalid("items", "The form was altered; open the page and decide again.")
        })?;
        body["decision"] = json!(self.decision);
        if !self.note.is_empty() {
            body["note"] = json!(self.note);
        }
        Ok(body)
    }
}

pub(super) async fn decide(
    visit: Visit,
    Path(id): Path<String>,
    Query(shown): Query<Shown>,
    form: Form,
) -> Result<Response, Problem> {
    visit.require(Role::Reviewer)?;
    let at = path(&["campaigns", &id]);
    let back = answer::here(form.optional("back").unwrap_or(&at)).to_owned();
    let said = Said::all(&form);
    if said.is_empty() {
        // That the campaign is there is asked all the same: another tenant's has no page to go back to.
        let _: Value = visit.client.get(&path(&["v1", "campaigns", &id])).await?;
        return Ok(visit.go(&back, "Nothing was decided: no row says anything new."));
    }
    let items = said.iter().map(Said::body).collect::<Result<Vec<Value>, Problem>>()?;
    let decisions = path(&["v1", "campaigns", &id, "decisions"]);
    match visit.client.post::<Value>(&decisions, &form, &json!({ "items": items })).await {
        Ok(_) => {
            let count = words::count(said.len() as u64, "item is", "items are");
            Ok(visit.go(&back, &format!("{count} decided.")))
        }
        Err(problem) if problem.is_about_input() => {
            let (status, wrong) = (problem.status(), place_of(&problem));
            let mut page = read(&visit, &id, shown).await?;
            for (number, said) in said.iter().enumerate() {
                let Some(row) = page.rows.iter_mut().find(|row| row.item.place() == said.item) else {
                    continue;
                };
                (row.chosen, row.note) = (said.decision.clone(), said.note.clone());
                row.error = (wrong == Some(number)).then(|| problem.detail.clone());
            }
            page.entered = form.refused(problem);
            answer::with(status, &page)
        }
        Err(problem) => Err(problem),
    }
}

/// Which of the decisions the API refused: it names it as `items[3].note`.
fn place_of(problem: &Problem) -> Option<usize> {
    let rest = problem.field.as_deref()?.strip_prefix("items[")?;
    rest.split_once(']')?.0.parse().ok()
}
