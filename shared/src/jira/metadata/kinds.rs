//! What values a field takes, by the type that Jira names.

use super::Schema;
use crate::mapping::FieldKind;

/// The beginning of the keys of Jira's own types of custom field.
const CUSTOM: &str = "com.atlassian.jira.plugin.system.customfieldtypes:";

/// The beginning of the keys of Jira Software's types of custom field.
const SOFTWARE: &str = "com.pyxis.greenhopper.jira:";

/// What values a field of this type takes.
///
/// Source: specification of `JsonTypeBean` and `createIssue`, whose example writes a security level as `{"id": …}`; jira-facts 9,
/// "textarea custom fields", and 10.10, "find by schema.custom, not by name". The types of custom fields are named in
/// Atlassian's "Jira REST API examples" of creating issues. Company- and team-managed projects share them.
pub(super) fn kind(schema: &Schema) -> FieldKind {
    let known = match (&schema.system, &schema.custom) {
        (Some(system), _) => of_system(system, schema),
        (None, Some(custom)) => of_custom(custom, schema),
        (None, None) => of_type(schema),
    };
    known.unwrap_or_else(|| FieldKind::Unknown { name: name(schema) })
}

/// What Jira calls the type, for people.
pub(super) fn name(schema: &Schema) -> String {
    let word = schema.custom.as_deref().or(schema.system.as_deref()).unwrap_or(&schema.kind);
    let word = word.rsplit(':').next().unwrap_or(word);
    word.chars().filter(|it| !it.is_control()).take(80).collect()
}

fn of_system(system: &str, schema: &Schema) -> Option<FieldKind> {
    match system {
        "summary" => Some(FieldKind::Line),
        "description" | "environment" => Some(FieldKind::Paragraphs),
        "labels" => Some(FieldKind::Labels),
        "parent" => Some(FieldKind::Parent),
        "components" => Some(FieldKind::Components),
        "security" => Some(FieldKind::Option),
        // These are set by other means than a value.
        "project" | "issuetype" | "issuelinks" | "attachment" | "timetracking" | "comment" | "worklog"
        | "status" => None,
        _ => of_type(schema),
    }
}

fn of_custom(custom: &str, schema: &Schema) -> Option<FieldKind> {
    if let Some(word) = custom.strip_prefix(SOFTWARE) {
        return match word {
            "gh-sprint" => Some(FieldKind::Sprint),
            "gh-epic-label" => Some(FieldKind::Line),
            "jsw-story-points" => Some(FieldKind::Number),
            // The deprecated link to an epic among them: the field parent says the same.
            _ => None,
        };
    }
    let Some(word) = custom.strip_prefix(CUSTOM) else {
        // An app's own type: it takes what its plain type says, unless that may be anything.
        return of_type(schema);
    };
    match word {
        "textfield" => Some(FieldKind::Line),
        "textarea" => Some(FieldKind::Paragraphs),
        "url" => Some(FieldKind::Url),
        "float" => Some(FieldKind::Number),
        "datepicker" => Some(FieldKind::Date),
        "datetime" => Some(FieldKind::DateTime),
        "select" | "radiobuttons" => Some(FieldKind::Option),
        "multiselect" | "multicheckboxes" => Some(FieldKind::Options),
        "cascadingselect" => Some(FieldKind::Cascading),
        "userpicker" => Some(FieldKind::User),
        "multiuserpicker" => Some(FieldKind::Users),
        "grouppicker" => Some(FieldKind::Group),
        "multigrouppicker" => Some(FieldKind::Groups),
        "version" => Some(FieldKind::Version),
        "multiversion" => Some(FieldKind::Versions),
        "labels" => Some(FieldKind::Labels),
        "readonlyfield" | "importid" | "project" => None,
        _ => of_type(schema),
    }
}

fn of_type(schema: &Schema) -> Option<FieldKind> {
    match (schema.kind.as_str(), schema.items.as_deref()) {
        ("string", _) => Some(FieldKind::Line),
        ("number", _) => Some(FieldKind::Number),
        ("date", _) => Some(FieldKind::Date),
        ("datetime", _) => Some(FieldKind::DateTime),
        ("option" | "securitylevel" | "resolution", _) => Some(FieldKind::Option),
        ("option-with-child", _) => Some(FieldKind::Cascading),
        ("user", _) => Some(FieldKind::User),
        ("group", _) => Some(FieldKind::Group),
        ("priority", _) => Some(FieldKind::Priority),
        ("version", _) => Some(FieldKind::Version),
        ("array", Some("option")) => Some(FieldKind::Options),
        ("array", Some("user")) => Some(FieldKind::Users),
        ("array", Some("group")) => Some(FieldKind::Groups),
        ("array", Some("version")) => Some(FieldKind::Versions),
        ("array", Some("component")) => Some(FieldKind::Components),
        _ => None,
    }
}
