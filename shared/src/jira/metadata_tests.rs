//! Tests.

use super::CreateField;
use crate::mapping::FieldKind;

fn field(json: serde_json::Value) -> CreateField {
    serde_json::from_value(json).unwrap()
}

fn of(schema: &serde_json::Value) -> FieldKind {
    field(serde_json::json!({ "fieldId": "f", "key": "f", "name": "F", "required": false, "operations": ["set"], "schema": schema })).kind()
}

fn custom(kind: &str, items: Option<&str>, word: &str) -> FieldKind {
    let key = if word.contains('.') {
        word.to_owned()
    } else {
        format!("com.atlassian.jira.plugin.system.customfieldtypes:{word}")
    };
    of(&serde_json::json!({ "type": kind, "items": items, "custom": key, "customId": 10042 }))
}

#[test]
fn every_type_that_jira_names_has_its_kind() {
    for (kind, items, word, expected) in [
        ("string", None, "textfield", FieldKind::Line),
        ("string", None, "textarea", FieldKind::Paragraphs),
        ("string", None, "url", FieldKind::Url),
        ("number", None, "float", FieldKind::Number),
        ("date", None, "datepicker", FieldKind::Date),
        ("datetime", None, "datetime", FieldKind::DateTime),
        ("option", None, "select", FieldKind::Option),
        ("option", None, "radiobuttons", FieldKind::Option),
        ("array", Some("option"), "multiselect", FieldKind::Options),
        ("array", Some("option"), "multicheckboxes", FieldKind::Options),
        ("option-with-child", None, "cascadingselect", FieldKind::Cascading),
        ("user", None, "userpicker", FieldKind::User),
        ("array", Some("user"), "multiuserpicker", FieldKind::Users),
        ("array", Some("user"), "people", FieldKind::Users),
        ("group", None, "grouppicker", FieldKind::Group),
        ("array", Some("group"), "multigrouppicker", FieldKind::Groups),
        ("version", None, "version", FieldKind::Version),
        ("array", Some("version"), "multiversion", FieldKind::Versions),
        ("array", Some("string"), "labels", FieldKind::Labels),
        ("array", Some("json"), "com.pyxis.greenhopper.jira:gh-sprint", FieldKind::Sprint),
        ("string", None, "com.pyxis.greenhopper.jira:gh-epic-label", FieldKind::Line),
        ("number", None, "com.pyxis.greenhopper.jira:jsw-story-points", FieldKind::Number),
        ("string", None, "com.example.app:own-text", FieldKind::Line),
    ] {
        assert_eq!(custom(kind, items, word), expected, "{word}");
    }
    for (system, kind, items, expected) in [
        ("summary", "string", None, FieldKind::Line),
        ("description", "string", None, FieldKind::Paragraphs),
        ("environment", "string", None, FieldKind::Paragraphs),
        ("priority", "priority", None, FieldKind::Priority),
        ("assignee", "user", None, FieldKind::User),
        ("duedate", "date", None, FieldKind::Date),
        ("labels", "array", Some("string"), FieldKind::Labels),
        ("components", "array", Some("component"), FieldKind::Components),
        ("fixVersions", "array", Some("version"), FieldKind::Versions),
        ("parent", "issuelink", None, FieldKind::Parent),
        ("security", "securitylevel", None, FieldKind::Option),
    ] {
        let schema = serde_json::json!({ "type": kind, "items": items, "system": system });
        assert_eq!(of(&schema), expected, "{system}");
    }
}

#[test]
fn an_unknown_type_keeps_the_name_that_jira_gives_it() {
    let unknown = |name: &str| FieldKind::Unknown { name: name.to_owned() };
    assert_eq!(custom("any", None, "com.pyxis.greenhopper.jira:gh-epic-link"), unknown("gh-epic-link"));
    assert_eq!(
        custom("team", None, "com.atlassian.teams:rm-teams-custom-field-team"),
        unknown("rm-teams-custom-field-team")
    );
    assert_eq!(
        of(&serde_json::json!({ "type": "array", "items": "attachment", "system": "attachment" })),
        unknown("attachment")
    );
    let without = field(serde_json::json!({ "fieldId": "f", "name": "F", "required": true }));
    assert_eq!(without.kind(), unknown("without a type"));
    let read_only = field(
        serde_json::json!({ "fieldId": "f", "name": "F", "required": false, "operations": ["add"], "schema": { "type": "string" } }),
    );
    assert_eq!(read_only.kind(), unknown("string, read only"));
}

#[test]
fn values_are_read_by_value_or_name_with_those_below_and_what_is_disabled() {
    let cascading = field(serde_json::json!({
        "fieldId": "customfield_1", "name": "Place", "required": false, "operations": ["set"],
        "schema": { "type": "option-with-child", "custom": "com.atlassian.jira.plugin.system.customfieldtypes:cascadingselect" },
        "allowedValues": [
            { "id": "1", "value": "Office", "children": [{ "id": "2", "value": "Cellar", "disabled": true }] },
            { "self": "…", "id": 3, "name": "Home" },
            "of no known shape",
        ],
    }));
    let all = cascading.screen_field().all_choices();
    let expected = [("1", "Office", false), ("1>2", "Office > Cellar", true), ("3", "Home", false)];
    assert_eq!(all, expected.map(|(id, name, off)| (id.to_owned(), name.to_owned(), off)));
}
