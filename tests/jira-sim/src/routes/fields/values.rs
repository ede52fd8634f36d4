//! Values of custom fields, and of system fields without a rule of their own: what Jira takes, and its words if not.
//!
//! An issue keeps what names the thing that was chosen: `{"id","value"}` of an option, `{"accountId"}` of a person. The
//! words are those that people quote from Jira Cloud; where none were found it is said.

use serde_json::{Value, json};

use super::{Screen, labels};
use crate::state::field::{Choice, Field, FieldKind};

/// The most characters of a single-line text and of an address.
const MOST_TEXT: usize = 255;

impl Screen<'_> {
    /// What an issue keeps of a value; `null` empties a field.
    pub(super) fn value(&self, field: &Field, value: &Value) -> Result<Value, String> {
        if value.is_null() {
            return Ok(Value::Null);
        }
        match &field.kind {
            FieldKind::Text => text(value).map(Value::from),
            FieldKind::Url => url(value),
            FieldKind::Document => Ok(self.document(value)?.unwrap_or(Value::Null)),
            FieldKind::Number => {
                value.is_number().then(|| value.clone()).ok_or("Operation value must be a number".to_owned())
            }
            FieldKind::Date => match value.as_str() {
                Some(text) if text.parse::<jiff::civil::Date>().is_ok() => Ok(value.clone()),
                _ => Err("Error parsing date string".to_owned()),
            },
            FieldKind::Instant => instant(value),
            FieldKind::Labels => Ok(json!(labels(value)?)),
            FieldKind::User => self.user(value),
            FieldKind::Users => each(value, |value| self.user(value)),
            FieldKind::Group => self.group(value),
            FieldKind::Groups => each(value, |value| self.group(value)),
            FieldKind::Option(choices) => option(choices, value, &field.name).map(chosen),
            FieldKind::Options(choices) => {
                each(value, |value| option(choices, value, &field.name).map(chosen))
            }
            FieldKind::Cascade(choices) => cascade(choices, value),
            FieldKind::Version => self.version(value),
            FieldKind::Versions => each(value, |value| self.version(value)),
            FieldKind::Components => each(value, |value| {
                let all = self.project.components.iter().map(|one| (one.id, one.name.as_str()));
                listed("Component", all, value)
            }),
            FieldKind::Sprint => self.sprint(value),
            FieldKind::Team => team(value),
            FieldKind::Priority => {
                let id = self.priority(value)?;
                Ok(id.map_or(Value::Null, |id| json!({ "id": id.to_string() })))
            }
            FieldKind::Foreign(_) | FieldKind::IssueType | FieldKind::Project | FieldKind::Issue => {
                Ok(value.clone())
            }
        }
    }

    fn user(&self, value: &Value) -> Result<Value, String> {
        let account = self.account(value)?;
        Ok(account.map_or(Value::Null, |account| json!({ "accountId": account.id })))
    }

    /// By id or name. Jira's words for an unknown group were not found.
    fn group(&self, value: &Value) -> Result<Value, String> {
        let (id, name) = (value["groupId"].as_str(), value["name"].as_str());
        let groups = &self.world.sites[self.call.site].groups;
        let found = groups.iter().find(|group| match (id, name) {
            (Some(id), _) => group.id == id,
            (None, Some(name)) => group.name == name,
            (None, None) => false,
        });
        let unknown = || format!("Group '{}' does not exist.", id.or(name).unwrap_or_default());
        let group = found.ok_or_else(unknown)?;
        Ok(json!({ "name": group.name, "groupId": group.id }))
    }

    fn version(&self, value: &Value) -> Result<Value, String> {
        let usable = self.project.versions.iter().filter(|version| !version.archived);
        listed("Version", usable.map(|one| (one.id, one.name.as_str())), value)
    }

    /// A number, though the schema says that it is a list; the issue keeps all sprints that it was ever in. A closed one
    /// cannot be chosen (Jira's words for that were not found).
    fn sprint(&self, value: &Value) -> Result<Value, String> {
        let id = value.as_u64().ok_or("The Sprint (id) must be a number")?;
        let usable = self.project.sprints.iter().find(|sprint| sprint.id == id && sprint.state != "closed");
        let sprint = usable.ok_or_else(|| format!("Sprint with id '{id}' does not exist or is closed."))?;
        Ok(json!([{ "id": sprint.id.to_string(), "name": sprint.name }]))
    }
}

fn text(value: &Value) -> Result<String, String> {
    let text = value.as_str().ok_or("Operation value must be a string")?;
    if text.chars().count() > MOST_TEXT {
        return Err(format!(
            "The entered text is too long. It exceeds the allowed limit of {MOST_TEXT} characters."
        ));
    }
    Ok(text.to_owned())
}

fn url(value: &Value) -> Result<Value, String> {
    let text = value.as_str().ok_or("Operation value must be a string")?;
    url::Url::parse(text).map(|_| json!(text)).map_err(|_| "Not a valid URL".to_owned())
}

/// `2011-10-19T10:29:29.908+1100`, as the document's example of a create has it. With a colon in the offset or `Z` it is
/// taken too; without milliseconds or offset it is not.
fn instant(value: &Value) -> Result<Value, String> {
    let text = value.as_str().ok_or("Operation value must be a string")?;
    let formats = ["%Y-%m-%dT%H:%M:%S.%3f%z", "%Y-%m-%dT%H:%M:%S.%3f%:z"];
    let ended = text.strip_suffix('Z').map_or_else(|| text.to_owned(), |text| format!("{text}+0000"));
    let has_millis = text.as_bytes().get(19) == Some(&b'.');
    let read = formats.iter().find_map(|format| jiff::Timestamp::strptime(format, &ended).ok());
    let instant = read.filter(|_| has_millis).ok_or_else(|| format!("Error parsing time: {text}"))?;
    Ok(json!(instant.to_string()))
}

fn team(value: &Value) -> Result<Value, String> {
    let unknown = || format!("Team id '{}' is not valid.", value.as_str().unwrap_or(&value.to_string()));
    let id =
        value.as_str().filter(|id| id.len() == 36 && id.matches('-').count() == 4).ok_or_else(unknown)?;
    Ok(json!({ "id": id, "name": "A team" }))
}

fn each(value: &Value, one: impl Fn(&Value) -> Result<Value, String>) -> Result<Value, String> {
    let values = value.as_array().ok_or("data was not an array")?;
    let values: Result<Vec<Value>, String> = values.iter().map(one).collect();
    Ok(Value::Array(values?))
}

/// Something of a list of the project: by id or name.
fn listed<'a>(
    word: &str,
    mut all: impl Iterator<Item = (u64, &'a str)>,
    value: &Value,
) -> Result<Value, String> {
    let (id, name) = (value["id"].as_str(), value["name"].as_str());
    let found = all.find(|(known, words)| match (id, name) {
        (Some(id), _) => known.to_string() == id,
        (None, Some(name)) => *words == name,
        (None, None) => false,
    });
    match (found, id, name) {
        (Some((id, name)), ..) => Ok(json!({ "id": id.to_string(), "name": name })),
        (None, Some(id), _) => Err(format!("{word} id '{id}' is not valid")),
        (None, None, Some(name)) => Err(format!("{word} name '{name}' is not valid")),
        (None, None, None) if value.is_object() => Err(format!("No {word} id or name was given")),
        (None, None, None) => Err("expected Object".to_owned()),
    }
}

fn chosen(choice: &Choice) -> Value {
    json!({ "id": choice.id, "value": choice.value })
}

/// One of the choices that can be chosen.
fn option<'a>(choices: &'a [Choice], value: &Value, field: &str) -> Result<&'a Choice, String> {
    let (id, words) = (&value["id"], &value["value"]);
    if !(id.is_string() || words.is_string()) {
        return Err(format!("Specify a valid 'id' or 'value' for {field}"));
    }
    let found = Choice::named(choices, value).filter(|choice| !choice.disabled);
    found.ok_or_else(|| match (id.as_str(), words.as_str()) {
        (Some(id), _) => format!("Option id '{id}' is not valid"),
        (None, words) => format!("Option value '{}' is not valid", words.unwrap_or_default()),
    })
}

fn cascade(choices: &[Choice], value: &Value) -> Result<Value, String> {
    // Words: github.com/ljay79/jira-tools/issues/263.
    let named = |value: &Value| value["id"].is_string() || value["value"].is_string();
    if !named(value) {
        return Err("Could not find valid 'id' or 'value' in the Parent Option object.".to_owned());
    }
    let parent = option(choices, value, "")?;
    let mut kept = chosen(parent);
    let child = &value["child"];
    if !child.is_null() {
        if !named(child) {
            return Err("Could not find valid 'id' or 'value' in the Child Option object.".to_owned());
        }
        kept["child"] = chosen(option(&parent.children, child, "")?);
    }
    Ok(kept)
}
