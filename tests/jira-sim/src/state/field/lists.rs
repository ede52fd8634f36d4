//! What fields let choose from: options, versions, components, sprints.

use serde_json::{Value, json};

/// An option of a field. Its id stays when others come and go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) id: String,
    pub(crate) value: String,
    /// Issues that have it keep it; nobody can choose it any more.
    pub(crate) disabled: bool,
    pub(crate) children: Vec<Choice>,
}

impl Choice {
    /// The options of a field by their words, or by objects `{"value","id","disabled","children"}`, with ids from
    /// `first` on.
    pub(crate) fn list(values: &Value, first: u64) -> Vec<Self> {
        let values = values.as_array().into_iter().flatten();
        (first..).zip(values).map(|(number, value)| Self::new(value, number)).collect()
    }

    /// One of them; `number` is its id unless the value has one.
    pub(crate) fn new(value: &Value, number: u64) -> Self {
        let words = value.as_str().or_else(|| value["value"].as_str()).unwrap_or_default();
        let id = value["id"].as_str().map_or_else(|| number.to_string(), str::to_owned);
        Self {
            id,
            value: words.to_owned(),
            disabled: value["disabled"] == true,
            children: Self::list(&value["children"], number * 100),
        }
    }

    /// The id of the first option of a field.
    pub(crate) fn first_id(field: &str) -> u64 {
        field.strip_prefix("customfield_").and_then(|text| text.parse().ok()).unwrap_or(10_000) * 100
    }

    /// The one that `{"id"}` or `{"value"}` names.
    pub(crate) fn named<'a>(choices: &'a [Self], value: &Value) -> Option<&'a Self> {
        choices.iter().find(|choice| match (value["id"].as_str(), value["value"].as_str()) {
            (Some(id), _) => choice.id == id,
            (None, Some(words)) => choice.value == words,
            (None, None) => false,
        })
    }

    pub(crate) fn to_json(&self, base: &str) -> Value {
        option_json(base, &self.id, &self.value)
    }

    /// With what can be chosen below it.
    pub(crate) fn to_json_with_children(&self, base: &str) -> Value {
        let mut value = self.to_json(base);
        if !self.children.is_empty() {
            let offered = self.children.iter().filter(|child| !child.disabled);
            value["children"] = offered.map(|child| child.to_json(base)).collect();
        }
        value
    }
}

/// An option as Jira shows it everywhere.
pub(crate) fn option_json(base: &str, id: &str, value: &str) -> Value {
    json!({ "self": format!("{base}/rest/api/3/customFieldOption/{id}"), "value": value, "id": id })
}

/// A version of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) released: bool,
    pub(crate) archived: bool,
}

impl Version {
    pub(crate) fn to_json(&self, project: u64, base: &str) -> Value {
        json!({
            "self": format!("{base}/rest/api/3/version/{}", self.id),
            "id": self.id.to_string(),
            "description": "",
            "name": self.name,
            "archived": self.archived,
            "released": self.released,
            "projectId": project,
        })
    }
}

/// A component of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Component {
    pub(crate) id: u64,
    pub(crate) name: String,
}

impl Component {
    pub(crate) fn to_json(&self, base: &str) -> Value {
        json!({
            "self": format!("{base}/rest/api/3/component/{}", self.id),
            "id": self.id.to_string(),
            "name": self.name,
        })
    }
}

/// A sprint of the project's one board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sprint {
    pub(crate) id: u64,
    pub(crate) name: String,
    /// `future`, `active` or `closed`.
    pub(crate) state: String,
}

impl Sprint {
    /// As an issue shows it: a number for an id, and no `self`.
    pub(crate) fn to_json(&self, board: u64) -> Value {
        json!({ "id": self.id, "name": self.name, "state": self.state, "boardId": board, "goal": "" })
    }
}
