//! Decisions on a page of items, sent together.
//!
//! A form has for each row which item it is, what was decided when the page was made, and what is said now. Only rows that
//! say something else are sent on, each with what was decided when the page was made: where somebody decided otherwise since,
//! the API decides nothing, and the rows are shown again with what was entered beside what was decided meanwhile.

use assay::access::Role;
use axum::extract::{Path, Query};
use axum::response::Response;
use futures::stream::{self, StreamExt, TryStreamExt};
use serde_json::{Value, json};

use super::view::Item;
use super::{Shown, read};
use crate::answer;
use crate::client::{List, path, query};
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
    /// What was decided when the page was made, and why; nothing where nobody had.
    was: (String, String),
}

/// A note as a field of one line shows it: browsers leave the ends of lines out.
fn in_one_line(note: &str) -> String {
    note.replace(['\r', '\n'], "")
}

impl Said {
    /// The rows that say something else than was decided when the page was made.
    fn all(form: &Fields) -> Vec<Self> {
        let row = |number: usize| {
            let text = |name: &str| form.text(&format!("{name}.{number}")).to_owned();
            let was = (text("was"), text("was_note"));
            let said = Self { item: text("item"), decision: text("decision"), note: text("note"), was };
            let is_new = said.decision != said.was.0 || said.note != in_one_line(&said.was.1);
            (!said.item.is_empty() && !said.decision.is_empty() && is_new).then_some(said)
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
        let was = if self.was.0.is_empty() { "undecided" } else { self.was.0.as_str() };
        body["seen"] = json!({ "decision": was, "note": self.was.1 });
        Ok(body)
    }

    /// Whether somebody decided otherwise since the page was made.
    fn is_overtaken_by(&self, item: &Item) -> bool {
        let now = (item.decision.word(), item.note.as_deref().unwrap_or_default().trim());
        now != (self.was.0.as_str(), self.was.1.as_str())
            && now != (self.decision.as_str(), self.note.as_str())
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
            let status = problem.status();
            let mut page = read(&visit, &id, shown).await?;
            page.rows = again(&visit, &id, page.rows, &said, &problem).await?;
            let problem = if problem.is_overtaken() { Problem::decided_meanwhile() } else { problem };
            page.entered = form.refused(problem);
            answer::with(status, &page)
        }
        Err(problem) => Err(problem),
    }
}

/// How many rows are looked for at the same time that stand on the page no more.
const AT_ONCE: usize = 8;

/// The rows of the page with what was entered in them. Those that the page has no more come first: somebody decided on them
/// meanwhile.
async fn again(
    visit: &Visit,
    id: &str,
    mut rows: Vec<Row>,
    said: &[Said],
    problem: &Problem,
) -> Result<Vec<Row>, Problem> {
    let missing = said.iter().filter(|said| !rows.iter().any(|row| row.item.place() == said.item));
    let missing: Vec<_> = missing.map(|said| elsewhere(visit, id, said)).collect();
    let found: Vec<Option<Row>> = stream::iter(missing).buffered(AT_ONCE).try_collect().await?;
    rows.splice(0..0, found.into_iter().flatten());
    let wrong = place_of(problem);
    for (number, said) in said.iter().enumerate() {
        let Some(row) = rows.iter_mut().find(|row| row.item.place() == said.item) else { continue };
        (row.chosen, row.note) = (said.decision.clone(), said.note.clone());
        row.error = if said.is_overtaken_by(&row.item) {
            let badge = row.item.decision.name();
            Some(format!("Decided meanwhile: {badge}, as below. What you entered is not saved yet."))
        } else {
            (wrong == Some(number) && !problem.is_overtaken()).then(|| problem.detail.clone())
        };
    }
    Ok(rows)
}

/// The row of an item that the page does not have.
async fn elsewhere(visit: &Visit, id: &str, said: &Said) -> Result<Option<Row>, Problem> {
    let place: Value = serde_json::from_str(&said.item).map_err(Problem::ours)?;
    let of_account = [("account", place["account"].as_str()), ("limit", Some("200"))];
    let asked = query(&path(&["v1", "campaigns", id, "items"]), &of_account);
    let found: List<Item> = visit.client.get(&asked).await?;
    Ok(found.items.into_iter().find(|item| item.place() == said.item).map(Row::of))
}

/// Which of the decisions the API refused: it names it as `items[3].note`.
fn place_of(problem: &Problem) -> Option<usize> {
    let rest = problem.field.as_deref()?.strip_prefix("items[")?;
    rest.split_once(']')?.0.parse().ok()
}
