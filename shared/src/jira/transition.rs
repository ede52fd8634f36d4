//! Bringing an issue to a done status, through whatever workflow its project has.
//!
//! Reads the issue's status and the transitions that it offers; decides which to take; moves the issue; reads again. It
//! never enters a status twice, takes at most [`STEPS`] steps, and never makes the same move again unless the status
//! shows that it is still needed.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::addresses::segment;
use super::ask::Ask;
use super::client::Client;
use super::error::{Effect, JiraError, Kind};
use super::http::Method;
use super::issue::{Look, StatusBean};
use crate::ids::IssueId;
use crate::ticket::IssueStatus;
use crate::trace::Call;

/// How many moves are made to close one issue, at most.
pub const STEPS: usize = 6;

/// When to try again what only a person can mend, in seconds.
const WAIT_FOR_A_PERSON: i64 = 3600;

/// When to try again what may mend itself, in seconds.
const WAIT_A_LITTLE: i64 = 30;

/// A move that the workflow offers.
///
/// Source: specification of `IssueTransition`.
#[derive(Clone, Debug, PartialEq)]
pub struct Transition {
    /// Its identifier, valid for this workflow only.
    pub id: String,
    /// Its name; not the status's.
    pub name: String,
    /// The status that it leads to.
    pub to: Target,
    /// The fields of its screen, by id.
    pub fields: BTreeMap<String, ScreenField>,
}

/// Where a transition leads.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Target {
    /// The status's identifier.
    pub id: String,
    /// The status's name.
    pub name: String,
    /// The key of its category: `new`, `indeterminate`, `done` or `undefined`.
    pub category: String,
}

/// A field of a transition's screen.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct ScreenField {
    /// Its name.
    pub name: String,
    /// Whether the transition needs it.
    pub required: bool,
    /// Whether Jira fills it in by itself.
    #[serde(default)]
    pub has_default_value: bool,
    /// The values that it may have, where they are few.
    #[serde(default)]
    pub allowed_values: Vec<Value>,
}

/// What became of closing an issue.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Closed {
    /// Its status is in the category done.
    Done(IssueStatus, Call),
    /// It is not, for now.
    NotYet {
        /// Why.
        problem: String,
        /// The last call that was answered.
        call: Option<Call>,
        /// How many seconds to wait before trying again.
        wait: i64,
    },
    /// The issue was deleted, or is hidden from the account.
    Gone(Call),
}

impl Closed {
    fn failed(error: &JiraError) -> Self {
        let call = error.call.status.is_some().then(|| error.call.clone());
        Self::NotYet { problem: error.to_string(), call, wait: error.wait() }
    }

    fn not_yet(problem: String, call: &Call, wait: i64) -> Self {
        Self::NotYet { problem, call: Some(call.clone()), wait }
    }
}

impl Client {
    /// The moves that the issue offers to the account now, with the fields that they need. Empty when the account lacks
    /// the permission Transition issues.
    ///
    /// Source: specification of `getTransitions`.
    pub async fn transitions(&self, id: &IssueId) -> Result<Vec<Transition>, JiraError> {
        Ok(self.offered(id, None).await?.0)
    }

    /// Makes a move, with these fields. Never repeated.
    ///
    /// Source: specification of `doTransition`.
    pub async fn transition(
        &self,
        id: &IssueId,
        transition: &str,
        fields: &BTreeMap<String, Value>,
    ) -> Result<Call, JiraError> {
        self.take(id, transition, fields, None).await
    }

    /// Brings the issue to a done status. Makes no call past `deadline`.
    pub async fn close(&self, id: &IssueId, deadline: Timestamp) -> Closed {
        let mut walk = Walk::default();
        loop {
            let look = match self.look(id, Some(deadline)).await {
                Ok(look) => look,
                Err(error) if error.kind == Kind::NotFound => return self.missing(error).await,
                Err(error) => return Closed::failed(&error),
            };
            if look.status.is_done() {
                return Closed::Done(look.status.read_at(self.now()), look.call);
            }
            if let Some(problem) = walk.arrive(&look.status) {
                return Closed::not_yet(problem, &look.call, WAIT_A_LITTLE);
            }
            if let Some(end) = self.step(id, deadline, &look, &mut walk).await {
                return end;
            }
        }
    }

    /// Makes one move from where the issue stands. None when it is to be looked at again.
    async fn step(&self, id: &IssueId, deadline: Timestamp, look: &Look, walk: &mut Walk) -> Option<Closed> {
        let (offered, call) = match self.offered(id, Some(deadline)).await {
            Ok(offered) => offered,
            Err(error) if error.kind == Kind::NotFound => return Some(self.missing(error).await),
            Err(error) => return Some(Closed::failed(&error)),
        };
        let (transition, fields) = match walk.choose(&offered, &look.status) {
            Ok(chosen) => chosen,
            Err(problem) => return Some(Closed::not_yet(problem, &call, WAIT_FOR_A_PERSON)),
        };
        walk.moves += 1;
        match self.take(id, &transition.id, &fields, Some(deadline)).await {
            Ok(_) => {
                walk.moved = true;
                None
            }
            // Somebody else changes the issue at the same time: look again. Source: specification of `doTransition`
            // 409.
            Err(error) if matches!(error.kind, Kind::Refused { status: 409, .. }) => None,
            Err(error) if matches!(error.kind, Kind::Refused { .. }) => {
                walk.refuse(transition, &error);
                None
            }
            Err(error) if error.kind == Kind::NotFound => None,
            Err(error) if error.effect() == Effect::Unknown => {
                // It may have had its effect. One look tells; if it does not show one, it may still come.
                walk.doubt = Some(error.to_string());
                None
            }
            Err(error) => Some(Closed::failed(&error)),
        }
    }

    async fn missing(&self, error: JiraError) -> Closed {
        match self.confirm_caller().await {
            Ok(()) => Closed::Gone(error.call),
            Err(error) => Closed::failed(&error),
        }
    }

    async fn offered(
        &self,
        id: &IssueId,
        deadline: Option<Timestamp>,
    ) -> Result<(Vec<Transition>, Call), JiraError> {
        #[derive(Deserialize)]
        struct Body {
            transitions: Vec<Bean>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Bean {
            id: String,
            name: String,
            to: StatusBean,
            #[serde(default)]
            fields: BTreeMap<String, ScreenField>,
            #[serde(default = "yes")]
            is_available: bool,
        }
        fn yes() -> bool {
            true
        }
        let path = format!("/rest/api/3/issue/{}/transitions", segment(id.as_str()));
        let mut ask =
            Ask::read("read the issue's transitions", path).with(&[("expand", "transitions.fields")]);
        if let Some(deadline) = deadline {
            ask = ask.by(deadline);
        }
        let answer = self.request(ask).await?;
        let body: Body = answer.decode()?;
        let transition = |bean: Bean| Transition {
            id: bean.id,
            name: bean.name,
            to: Target { id: bean.to.id, name: bean.to.name, category: bean.to.status_category.key },
            fields: bean.fields,
        };
        let available = body.transitions.into_iter().filter(|bean| bean.is_available);
        Ok((available.map(transition).collect(), answer.call))
    }

    async fn take(
        &self,
        id: &IssueId,
        transition: &str,
        fields: &BTreeMap<String, Value>,
        deadline: Option<Timestamp>,
    ) -> Result<Call, JiraError> {
        let mut body = serde_json::json!({ "transition": { "id": transition } });
        if !fields.is_empty() {
            body["fields"] = serde_json::json!(fields);
        }
        let path = format!("/rest/api/3/issue/{}/transitions", segment(id.as_str()));
        let mut ask = Ask::write("move the issue to another status", Method::Post, path, body);
        if let Some(deadline) = deadline {
            ask = ask.by(deadline);
        }
        Ok(self.request(ask).await?.call)
    }
}

/// A walk through a workflow.
#[derive(Default)]
struct Walk {
    visited: BTreeSet<String>,
    /// Whether Jira accepted the last move.
    moved: bool,
    /// Why nobody knows whether the last move was made.
    doubt: Option<String>,
    moves: usize,
    refused: BTreeSet<String>,
    refusal: Option<String>,
}

impl Walk {
    /// Notes where the issue stands now. Says what keeps the walk from going on, if anything does.
    fn arrive(&mut self, status: &StatusBean) -> Option<String> {
        let is_new = self.visited.insert(status.id.clone());
        if is_new {
            // Refusals were about moves from another status.
            self.refused.clear();
        }
        let doubt = self.doubt.take();
        if !is_new && doubt.is_some() {
            return doubt;
        }
        if std::mem::take(&mut self.moved) && !is_new {
            return Some(format!("Jira accepted the move, but the issue is in status {} again", status.name));
        }
        if self.moves >= STEPS {
            let name = &status.name;
            return Some(format!("the issue is in status {name} after {STEPS} moves; close it in Jira"));
        }
        None
    }

    /// The move to make and the fields to make it with; or why there is none.
    fn choose<'a>(
        &self,
        offered: &'a [Transition],
        status: &StatusBean,
    ) -> Result<(&'a Transition, BTreeMap<String, Value>), String> {
        if offered.is_empty() {
            return Err(format!(
                "Jira offers no move out of status {}: the permission Transition issues is missing, or the \
                 workflow has none; give the connection's account the permission, or close the issue in Jira",
                status.name
            ));
        }
        let mut blocked = Vec::new();
        for category in ["done", "indeterminate", "new"] {
            for transition in offered {
                let fits = transition.to.category == category
                    && !self.refused.contains(&transition.id)
                    && !self.visited.contains(&transition.to.id);
                if !fits {
                    continue;
                }
                match fill(transition) {
                    Ok(fields) => return Ok((transition, fields)),
                    Err(fields) => blocked.push(format!("{} needs {}", transition.name, fields.join(", "))),
                }
            }
        }
        let mut problem = format!("there is no way from status {} to a done status", status.name);
        if !blocked.is_empty() {
            problem = format!("{problem} that needs no further fields: {}", blocked.join("; "));
        }
        if let Some(refusal) = &self.refusal {
            problem = format!("{problem}; {refusal}");
        }
        Err(problem)
    }

    fn refuse(&mut self, transition: &Transition, error: &JiraError) {
        self.refused.insert(transition.id.clone());
        self.refusal = Some(format!("{}: {error}", transition.name));
    }
}

/// The fields to fill in so that the move can be made; or the names of those that only a person can fill in.
fn fill(transition: &Transition) -> Result<BTreeMap<String, Value>, Vec<String>> {
    let mut filled = BTreeMap::new();
    let mut missing = Vec::new();
    let needed = transition.fields.iter().filter(|(_, field)| field.required && !field.has_default_value);
    for (id, field) in needed {
        match field.allowed_values.first().and_then(value_of).filter(|_| id == "resolution") {
            Some(value) => drop(filled.insert(id.clone(), value)),
            None => missing.push(field.name.clone()),
        }
    }
    if missing.is_empty() { Ok(filled) } else { Err(missing) }
}

/// How an allowed value is written: by its id, which is never translated, or else by its name.
fn value_of(allowed: &Value) -> Option<Value> {
    ["id", "name"].into_iter().find_map(|part| {
        let text = allowed.get(part)?.as_str()?;
        Some(serde_json::json!({ part: text }))
    })
}

#[cfg(test)]
#[path = "transition_tests.rs"]
mod tests;
