//! The fields of a new issue as a project asks for them, free of Jira's JSON.

use serde::Serialize;

use super::value::FieldKind;

/// One of the values that a field takes.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Choice {
    /// Its id.
    pub id: String,
    /// What it is called now.
    pub name: String,
    /// Whether issues that have it keep it, and no new one may take it.
    pub disabled: bool,
    /// Those that belong to it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(no_recursion)]
    pub below: Vec<Choice>,
}

/// A field of a new issue.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ScreenField {
    /// Jira's id of it.
    pub id: String,
    /// Its name now.
    pub name: String,
    /// What values it takes.
    pub kind: FieldKind,
    /// Whether Jira takes no issue without it.
    pub required: bool,
    /// Whether Jira fills it in by itself.
    pub has_default: bool,
    /// The values that it takes, if Jira lists them.
    pub choices: Option<Vec<Choice>>,
}

impl ScreenField {
    /// The field's name and id, for people.
    pub fn words(&self) -> String {
        format!("{} ({})", self.name, self.id)
    }

    /// Whether it says how bad a finding is: such a field is always filled from the finding's severity.
    pub fn tells_severity(&self) -> bool {
        (self.id == "priority" || self.name.trim().eq_ignore_ascii_case("severity"))
            && !matches!(self.kind, FieldKind::Unknown { .. })
    }

    /// All values with their ids as mappings name them, those below others too: the id of one of these is `1>2` and its
    /// name `Upper > Lower`. The last says whether it is disabled.
    pub fn all_choices(&self) -> Vec<(String, String, bool)> {
        let mut all = Vec::new();
        for choice in self.choices.iter().flatten() {
            all.push((choice.id.clone(), choice.name.clone(), choice.disabled));
            for below in &choice.below {
                let id = format!("{}>{}", choice.id, below.id);
                let name = format!("{} > {}", choice.name, below.name);
                all.push((id, name, choice.disabled || below.disabled));
            }
        }
        all
    }
}
