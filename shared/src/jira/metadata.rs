//! What a project asks of a new issue.

mod kinds;

use serde::Deserialize;

use super::addresses::segment;
use super::ask::Ask;
use super::client::Client;
use super::error::JiraError;
use crate::ids::{IssueTypeId, ProjectId};
use crate::mapping::FieldKind;
use crate::mapping::screen::{Choice, ScreenField};

/// How many entries a page holds, at most.
///
/// Source: specification of `getCreateIssueMetaIssueTypes`.
const PAGE: usize = 200;

/// Pages beyond this are not asked for: the paging must be broken.
const MOST_PAGES: usize = 100;

/// A type of issue that can be created in a project.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct IssueType {
    /// Its identifier.
    pub id: IssueTypeId,
    /// Its name, in the language of the account's profile.
    pub name: String,
    /// Whether its issues exist only below another one.
    #[serde(default)]
    pub subtask: bool,
    /// 1 for epics, 0 for ordinary types, -1 for subtasks; more above.
    #[serde(default)]
    pub hierarchy_level: i32,
}

/// A field of a new issue.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct CreateField {
    /// Its identifier, by which it is written.
    pub field_id: String,
    /// Its name, in the language of the account's profile.
    pub name: String,
    /// Whether an issue cannot be created without it.
    pub required: bool,
    /// Whether Jira fills it in by itself.
    #[serde(default)]
    pub has_default_value: bool,
    /// The type of its values.
    #[serde(default)]
    pub schema: Option<Schema>,
    /// The values that it takes, as Jira lists them; absent where it takes any, or too many to list.
    #[serde(default)]
    pub allowed_values: Option<Vec<serde_json::Value>>,
    /// What may be done with it: `set`, `add`, `remove`.
    #[serde(default)]
    pub operations: Vec<String>,
    /// Where its values can be looked for, if they are too many to list. Assay does not go there: the address may be anywhere.
    #[serde(default)]
    pub auto_complete_url: Option<String>,
}

/// The type of a field's values.
///
/// Source: specification of `JsonTypeBean`.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
pub struct Schema {
    /// For example `string`, `option` or `array`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Of an array, the type of what is in it.
    #[serde(default)]
    pub items: Option<String>,
    /// Which field of Jira's own it is.
    #[serde(default)]
    pub system: Option<String>,
    /// Which type of custom field it is, for example `com.atlassian.jira.plugin.system.customfieldtypes:select`.
    #[serde(default)]
    pub custom: Option<String>,
}

impl CreateField {
    /// What values it takes.
    pub fn kind(&self) -> FieldKind {
        let Some(schema) = &self.schema else {
            return FieldKind::Unknown { name: "without a type".to_owned() };
        };
        let kind = kinds::kind(schema);
        let is_settable = self.operations.is_empty() || self.operations.iter().any(|it| it == "set");
        if is_settable {
            kind
        } else {
            FieldKind::Unknown { name: format!("{}, read only", kinds::name(schema)) }
        }
    }

    /// The field, free of Jira's JSON. Values are listed for kinds that have some, as far as Jira lists them.
    pub fn screen_field(&self) -> ScreenField {
        let kind = self.kind();
        let values = self.allowed_values.as_ref().filter(|_| kind.has_choices());
        ScreenField {
            id: self.field_id.clone(),
            name: self.name.clone(),
            choices: values.map(|values| values.iter().filter_map(choice).collect()),
            kind,
            required: self.required,
            has_default: self.has_default_value,
        }
    }
}

/// A value as Jira lists it: options have a `value`, priorities, versions and components a `name`; what belongs to it stands in
/// `children`. Archived versions are no longer taken.
fn choice(value: &serde_json::Value) -> Option<Choice> {
    let text = |key: &str| value.get(key).and_then(serde_json::Value::as_str);
    let is = |key: &str| value.get(key).and_then(serde_json::Value::as_bool).unwrap_or(false);
    let children = value.get("children").and_then(serde_json::Value::as_array);
    let id = match value.get("id")? {
        serde_json::Value::String(id) => id.clone(),
        id => id.as_u64()?.to_string(),
    };
    Some(Choice {
        name: text("value").or_else(|| text("name")).unwrap_or(&id).to_owned(),
        id,
        disabled: is("disabled") || is("archived"),
        below: children.into_iter().flatten().filter_map(choice).collect(),
    })
}

/// One page of either list. Source: specification of `PageOfCreateMetaIssueTypes`,
/// `PageOfCreateMetaIssueTypeWithField`: each list goes by two names, and there is no `isLast`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page<T> {
    issue_types: Option<Vec<T>>,
    create_meta_issue_type: Option<Vec<T>>,
    fields: Option<Vec<T>>,
    results: Option<Vec<T>>,
    total: Option<usize>,
}

impl<T> Page<T> {
    fn entries(self) -> Option<Vec<T>> {
        self.issue_types.or(self.create_meta_issue_type).or(self.fields).or(self.results)
    }
}

impl Client {
    /// The types of issue that the account can create in the project. Needs the permission Create issues.
    ///
    /// Source: specification of `getCreateIssueMetaIssueTypes`.
    pub async fn issue_types(&self, project: &ProjectId) -> Result<Vec<IssueType>, JiraError> {
        let path = format!("/rest/api/3/issue/createmeta/{}/issuetypes", segment(project.as_str()));
        self.whole_list("read the project's issue types", &path).await
    }

    /// The fields of a new issue of this type.
    ///
    /// Source: specification of `getCreateIssueMetaIssueTypeId`.
    pub async fn create_fields(
        &self,
        project: &ProjectId,
        issue_type: &IssueTypeId,
    ) -> Result<Vec<CreateField>, JiraError> {
        let path = format!(
            "/rest/api/3/issue/createmeta/{}/issuetypes/{}",
            segment(project.as_str()),
            segment(issue_type.as_str())
        );
        self.whole_list("read the fields of a new issue", &path).await
    }

    async fn whole_list<T: serde::de::DeserializeOwned>(
        &self,
        what: &'static str,
        path: &str,
    ) -> Result<Vec<T>, JiraError> {
        let mut all = Vec::new();
        for _ in 0..MOST_PAGES {
            let start = all.len().to_string();
            let size = PAGE.to_string();
            let ask = Ask::read(what, path).with(&[("startAt", &start), ("maxResults", &size)]);
            let answer = self.request(ask).await?;
            let page: Page<T> = answer.decode()?;
            let total = page.total;
            let entries = page.entries().ok_or_else(|| answer.malformed("$", "the list is missing"))?;
            let is_empty = entries.is_empty();
            all.extend(entries);
            if is_empty || total.is_some_and(|total| all.len() >= total) {
                break;
            }
        }
        Ok(all)
    }
}

#[cfg(test)]
#[path = "metadata_tests.rs"]
mod tests;
