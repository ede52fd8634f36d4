//! The fields of a create or edit: from what the caller sent to what an issue can hold, or Jira's words why not.

mod assign;
mod read;
mod values;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

pub(crate) use assign::{Assignment, assign};
pub(crate) use read::shown;

use crate::{
    adf,
    call::{Answer, Call},
    state::{
        World,
        account::Account,
        issue::Issue,
        project::{Field, FieldKind, Project},
        vocabulary::{PRIORITIES, translated},
    },
};

/// Messages by field, and general ones.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    pub(crate) fields: BTreeMap<String, String>,
    pub(crate) general: Vec<String>,
}

impl Problems {
    pub(crate) fn add(&mut self, field: &str, message: &str) {
        self.fields.entry(field.to_owned()).or_insert_with(|| message.to_owned());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.general.is_empty()
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({ "errorMessages": self.general, "errors": self.fields })
    }

    pub(crate) fn answer(&self) -> Answer {
        Answer::json(400, self.to_json())
    }
}

/// Reads `fields` and `update` of a body together; a field may be in only one of them.
pub(crate) fn merged(body: &Value, current: Option<&Issue>, problems: &mut Problems) -> Map<String, Value> {
    let mut fields = match &body["fields"] {
        Value::Object(fields) => fields.clone(),
        Value::Null => Map::new(),
        _ => {
            problems.general.push("Can not deserialize 'fields': it is not an object.".to_owned());
            Map::new()
        }
    };
    for (name, operations) in body["update"].as_object().into_iter().flatten() {
        if name == "comment" {
            continue;
        }
        if fields.contains_key(name) {
            let message = format!("Field '{name}' cannot appear in both 'fields' and 'update'");
            problems.add(name, &message);
            continue;
        }
        for operation in operations.as_array().into_iter().flatten() {
            let before = fields.get(name).cloned().or_else(|| current_list(name, current));
            match apply_operation(name, operation, before) {
                Ok(value) => {
                    fields.insert(name.clone(), value);
                }
                Err(message) => problems.add(name, &message),
            }
        }
    }
    fields
}

fn current_list(name: &str, current: Option<&Issue>) -> Option<Value> {
    if name == "labels" {
        return Some(json!(current.map(|issue| issue.labels.clone()).unwrap_or_default()));
    }
    current?.fields.get(name).filter(|value| value.is_array()).cloned()
}

/// Whether two elements of a list mean the same: by id if both have one, else by name.
fn same(one: &Value, other: &Value) -> bool {
    let both = |name: &str| Some((one.get(name)?, other.get(name)?));
    match ["id", "accountId", "value", "name"].into_iter().find_map(both) {
        Some((one, other)) => one == other,
        None => one == other,
    }
}

fn apply_operation(name: &str, operation: &Value, before: Option<Value>) -> Result<Value, String> {
    if let Some(value) = operation.get("set") {
        let removes_parent = name == "parent" && value["none"] == json!(true);
        return Ok(if removes_parent { Value::Null } else { value.clone() });
    }
    let mut list = before.and_then(|value| value.as_array().cloned()).unwrap_or_default();
    if let Some(added) = operation.get("add") {
        if !list.iter().any(|value| same(value, added)) {
            list.push(added.clone());
        }
        return Ok(Value::Array(list));
    }
    if let Some(removed) = operation.get("remove") {
        list.retain(|value| !same(value, removed));
        return Ok(Value::Array(list));
    }
    Err(format!("The operation is not supported by the field '{name}'."))
}

/// The permission without which a field is not on a caller's screens.
pub(crate) fn permission_to_set(field: &str) -> Option<&'static str> {
    match field {
        "assignee" => Some("ASSIGN_ISSUES"),
        "reporter" => Some("MODIFY_REPORTER"),
        _ => None,
    }
}

/// What a project lets this caller write, for one issue type.
pub(crate) struct Screen<'a> {
    pub(crate) world: &'a World,
    pub(crate) call: &'a Call,
    pub(crate) project: &'a Project,
    pub(crate) issue_type: u64,
}

impl Screen<'_> {
    /// Every field as an assignment; what cannot be set is told.
    pub(crate) fn assignments(
        &self,
        fields: &Map<String, Value>,
        problems: &mut Problems,
    ) -> Vec<Assignment> {
        let mut assignments = Vec::new();
        for (name, value) in fields {
            if matches!(name.as_str(), "project" | "issuetype") {
                continue;
            }
            let known = self
                .project
                .fields
                .iter()
                .find(|field| field.id == *name && field.applies_to(self.issue_type));
            let permission = permission_to_set(name);
            let account = self.call.caller.account();
            let permitted = permission.is_none_or(|permission| self.project.allows(account, permission));
            match known {
                Some(field) if permitted => match self.assignment(field, value) {
                    Ok(assignment) => assignments.push(assignment),
                    Err(message) => {
                        if field.kind == FieldKind::Sprint && !value.is_number() {
                            // Told twice, as seen at github.com/omar16100/atlassian-cli/issues/72.
                            problems.general.push("Number value expected as the Sprint id.".to_owned());
                        }
                        problems.add(name, &message);
                    }
                },
                _ => {
                    let message = format!(
                        "Field '{name}' cannot be set. It is not on the appropriate screen, or unknown."
                    );
                    problems.add(name, &message);
                }
            }
        }
        assignments
    }

    /// Puts in what Jira fills in when a create does not name it.
    pub(crate) fn fill_in(&self, fields: &mut Map<String, Value>) {
        for field in self.project.fields.iter().filter(|field| field.applies_to(self.issue_type)) {
            if let Some(default) = field.default.as_ref().filter(|_| !fields.contains_key(&field.id)) {
                fields.insert(field.id.clone(), default.clone());
            }
        }
    }

    /// Tells of required fields without a value.
    pub(crate) fn check_required(&self, fields: &Map<String, Value>, problems: &mut Problems) {
        let needs = |field: &&Field| {
            field.required
                && !field.has_default
                && field.applies_to(self.issue_type)
                && !matches!(field.id.as_str(), "project" | "issuetype")
        };
        for field in self.project.fields.iter().filter(needs) {
            if fields.get(&field.id).is_none_or(is_blank) {
                self.tell_required(field, problems);
            }
        }
    }

    /// Tells of required fields that an edit would empty; those that it does not name may stay as they are.
    pub(crate) fn check_not_emptied(&self, fields: &Map<String, Value>, problems: &mut Problems) {
        let required = |field: &&Field| field.required && field.applies_to(self.issue_type);
        for field in self.project.fields.iter().filter(required) {
            if fields.get(&field.id).is_some_and(is_blank) {
                self.tell_required(field, problems);
            }
        }
    }

    /// Jira tells of most fields by their id; what comes from a workflow's rules is a general message.
    fn tell_required(&self, field: &Field, problems: &mut Problems) {
        let message = required_message(field);
        if self.world.settings.required_as_message {
            problems.general.push(message);
        } else {
            problems.add(&field.id, &message);
        }
    }

    fn assignment(&self, field: &Field, value: &Value) -> Result<Assignment, String> {
        let other = |value: Value| Ok(Assignment::Other(field.id.clone(), field.name.clone(), value));
        match (field.id.as_str(), &field.kind) {
            ("summary", _) => summary(value).map(Assignment::Summary),
            ("description", _) => self.document(value).map(Assignment::Description),
            ("priority", _) => self.priority(value).map(Assignment::Priority),
            ("assignee", _) => self.assignee(value).map(Assignment::Assignee),
            ("reporter", _) => self
                .account(value)?
                .map(|account| Assignment::Reporter(account.id))
                .ok_or_else(|| "Reporter is required.".to_owned()),
            ("labels", _) => labels(value).map(Assignment::Labels),
            ("parent", _) => self.parent(value).map(Assignment::Parent),
            _ => other(self.value(field, value)?),
        }
    }

    fn document(&self, value: &Value) -> Result<Option<Value>, String> {
        if value.is_null() {
            return Ok(None);
        }
        adf::validate(value)?;
        Ok(Some(super::stored(self.world, value)))
    }

    fn priority(&self, value: &Value) -> Result<Option<u8>, String> {
        if value.is_null() {
            return Ok(None);
        }
        let locale = self.call.caller.locale();
        let (id, name) = (value["id"].as_str(), value["name"].as_str());
        let found = PRIORITIES.iter().find(|(known, words, _)| match (id, name) {
            (Some(id), _) => known.to_string() == id,
            (None, Some(name)) => *words == name || translated(words, locale) == name,
            (None, None) => false,
        });
        found.map(|(id, ..)| Some(*id)).ok_or_else(|| "The priority selected is invalid.".to_owned())
    }

    /// `{"id"}` and `{"accountId"}` both name an account; `null` names none.
    fn account(&self, value: &Value) -> Result<Option<Account>, String> {
        if value.is_null() {
            return Ok(None);
        }
        let id = value["accountId"].as_str().or_else(|| value["id"].as_str());
        let id = id.ok_or("expected 'accountId' property to be provided")?;
        let account =
            self.world.accounts.get(id).ok_or_else(|| format!("The user '{id}' does not exist."))?;
        Ok(Some(account))
    }

    pub(crate) fn assignee(&self, value: &Value) -> Result<Option<String>, String> {
        let id = value["accountId"].as_str().or_else(|| value["id"].as_str());
        if id == Some("-1") {
            // The project's default assignee; the simulated projects have none.
            return Ok(None);
        }
        let Some(account) = self.account(value)? else { return Ok(None) };
        if account.assignable() && self.project.allows(Some(&account), "ASSIGNABLE_USER") {
            Ok(Some(account.id))
        } else {
            Err(format!("User '{}' cannot be assigned issues.", account.id))
        }
    }

    fn parent(&self, value: &Value) -> Result<Option<u64>, String> {
        if value.is_null() {
            return Ok(None);
        }
        let name = value["id"].as_str().or_else(|| value["key"].as_str()).unwrap_or_default();
        let site = &self.world.sites[self.call.site];
        let parent = site.visible_issue(name, self.call.caller.account());
        let parent = parent.ok_or("Could not find issue by id or key.")?;
        let level = |kind: u64| site.issue_type(kind).map_or(0, |kind| kind.level);
        if self.project.team_managed && parent.project != self.project.id {
            return Err("The parent has to be in the same project.".to_owned());
        }
        if level(parent.issue_type) == level(self.issue_type) + 1 {
            Ok(Some(parent.id))
        } else {
            Err("Given parent issue does not belong to the appropriate hierarchy.".to_owned())
        }
    }
}

fn required_message(field: &Field) -> String {
    if field.id == "summary" {
        "You must specify a summary of the issue.".to_owned()
    } else {
        format!("{} is required.", field.name)
    }
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(values) => values.is_empty(),
        _ => false,
    }
}

fn summary(value: &Value) -> Result<String, String> {
    let text = value.as_str().ok_or("Operation value must be a string")?;
    if text.trim().is_empty() {
        return Err("You must specify a summary of the issue.".to_owned());
    }
    if text.contains(['\n', '\r']) {
        return Err("The summary is invalid because it contains newline characters.".to_owned());
    }
    if text.chars().count() > 255 {
        return Err("Summary can't exceed 255 characters.".to_owned());
    }
    Ok(text.to_owned())
}

fn labels(value: &Value) -> Result<Vec<String>, String> {
    if value.is_null() {
        return Ok(Vec::new());
    }
    let values = value.as_array().ok_or("data was not an array")?;
    let mut labels: Vec<String> = Vec::new();
    for value in values {
        let label = value.as_str().ok_or("string expected")?;
        if label.is_empty() || label.contains(char::is_whitespace) || label.chars().count() > 255 {
            return Err("Labels can't have spaces or be more than 255 characters.".to_owned());
        }
        if !labels.iter().any(|known| known == label) {
            labels.push(label.to_owned());
        }
    }
    Ok(labels)
}
