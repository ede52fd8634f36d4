//! A workflow as Jira's administration shows it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::StatusChoice;
use super::path::Map;

/// Jira's rule that a transition needs fields.
///
/// Source: specification of `createWorkflows`, "Validate a field value", "Field required".
const RULE: &str = "system:validate-field-value";

/// The field that is filled in without asking anybody; see [`crate::jira::transition`].
const FILLED_IN: &str = "resolution";

/// What a workflow is, by the identifiers of its statuses.
pub(super) struct Definition {
    /// Its statuses.
    pub(super) statuses: Vec<StatusChoice>,
    /// Its moves.
    pub(super) map: Map,
}

/// Source: specification of `WorkflowReadResponse`. Statuses go by references, which stand for their identifiers within
/// the answer.
#[derive(Deserialize)]
pub(super) struct Body {
    #[serde(default)]
    statuses: Vec<Status>,
    #[serde(default)]
    workflows: Vec<Workflow>,
}

#[derive(Deserialize)]
struct Status {
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default, rename = "statusCategory")]
    category: String,
    #[serde(rename = "statusReference")]
    reference: String,
}

#[derive(Deserialize)]
struct Workflow {
    #[serde(default)]
    statuses: Vec<Reference>,
    #[serde(default)]
    transitions: Vec<Transition>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    status_reference: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Transition {
    #[serde(default)]
    name: String,
    #[serde(default, rename = "type")]
    kind: String,
    to_status_reference: Option<String>,
    #[serde(default)]
    links: Option<Vec<Link>>,
    #[serde(default)]
    validators: Option<Vec<Rule>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Link {
    from_status_reference: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    rule_key: String,
    #[serde(default)]
    parameters: Option<BTreeMap<String, String>>,
}

impl Body {
    /// The workflow that was asked for; none if the answer holds none.
    pub(super) fn into_definition(self) -> Option<Definition> {
        let workflow = self.workflows.into_iter().next()?;
        let mut named: BTreeMap<String, Status> =
            self.statuses.into_iter().map(|status| (status.reference.clone(), status)).collect();
        let statuses: Vec<(String, StatusChoice)> = workflow
            .statuses
            .into_iter()
            .filter_map(|reference| {
                let status = named.remove(&reference.status_reference)?;
                let category = category(&status.category).to_owned();
                let choice = StatusChoice { id: status.id, name: status.name, category };
                Some((reference.status_reference, choice))
            })
            .collect();
        if statuses.is_empty() {
            return None;
        }
        let ids: BTreeMap<&str, &str> =
            statuses.iter().map(|(reference, status)| (reference.as_str(), status.id.as_str())).collect();
        let mut map = Map::default();
        for transition in &workflow.transitions {
            let to = transition.to_status_reference.as_deref().and_then(|to| ids.get(to));
            // A transition without an end leads back to where it began.
            let Some(to) = to else { continue };
            let from: Vec<&str> = match transition.kind.as_str() {
                "INITIAL" => {
                    map.initial = Some((*to).to_owned());
                    Vec::new()
                }
                "GLOBAL" => ids.values().copied().filter(|from| from != to).collect(),
                _ => {
                    let links = transition.links.iter().flatten();
                    links
                        .filter_map(|link| ids.get(link.from_status_reference.as_deref()?).copied())
                        .collect()
                }
            };
            for from in from {
                map.add(from, to, transition.name.clone(), transition.needs());
            }
        }
        Some(Definition { statuses: statuses.into_iter().map(|(_, status)| status).collect(), map })
    }
}

impl Transition {
    /// The ids of the fields that it needs.
    fn needs(&self) -> Vec<String> {
        let parameters = self
            .validators
            .iter()
            .flatten()
            .filter(|rule| rule.rule_key == RULE)
            .filter_map(|rule| rule.parameters.as_ref())
            .filter(|parameters| parameters.get("ruleType").is_some_and(|kind| kind == "fieldRequired"));
        parameters
            .filter_map(|parameters| parameters.get("fieldsRequired"))
            .flat_map(|fields| fields.split(','))
            .map(|field| field.trim().to_owned())
            .filter(|field| !field.is_empty() && field != FILLED_IN)
            .collect()
    }
}

/// A category's key, as it is called everywhere else.
fn category(name: &str) -> &'static str {
    match name {
        "TODO" => "new",
        "IN_PROGRESS" => "indeterminate",
        "DONE" => "done",
        _ => "undefined",
    }
}
