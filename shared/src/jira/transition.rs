//! The moves that an issue's workflow offers, and making them: one at a time, or as many as it takes to bring the issue
//! where it is wanted (`bring`, which chooses by `walk`).

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::addresses::segment;
use super::ask::Ask;
use super::client::Client;
use super::error::JiraError;
use super::http::Method;
use super::issue::StatusBean;
use crate::ids::IssueId;
use crate::trace::Call;

mod bring;
mod walk;
#[cfg(test)]
mod workflow;

pub use bring::{Brought, BroughtEnd, Closed, Goal};
pub use walk::STEPS;

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

/// The fields to fill in so that the move can be made; or the names of those that only a person can fill in. Only a
/// resolution is chosen for people, the first that is allowed.
pub(super) fn fill(transition: &Transition) -> Result<BTreeMap<String, Value>, Vec<String>> {
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
