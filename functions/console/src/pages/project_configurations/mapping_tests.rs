use serde_json::{Value, json};

use super::{Field, blamed, entered, rules, value_words, words};
use crate::form::{Entered, Fields};

fn field(id: &str, kind: &str, choices: &Value) -> Field {
    serde_json::from_value(json!({
        "id": id, "name": id.to_uppercase(), "kind": { "type": kind }, "takes": "it", "required": false,
        "has_default": false, "filled": false, "tells_severity": false, "choices": choices, "more_choices": false,
        "assay_fields": ["severity", "title"], "suggestion": null, "problem": null,
    }))
    .unwrap()
}

fn list() -> Value {
    json!([
        { "id": "1", "name": "One", "disabled": false, "below": [{ "id": "7", "name": "Below", "disabled": false }] },
        { "id": "2", "name": "Two", "disabled": false },
        { "id": "3", "name": "Old", "disabled": true },
    ])
}

fn form(pairs: &[(String, String)]) -> Fields {
    Entered::of(pairs.iter().map(|(name, value)| (name.as_str(), value.clone()))).fields().clone()
}

#[track_caller]
fn assert_comes_back(field: Field, source: &Value) {
    let form = form(&entered(&field, source));
    let (rules, ids) = rules(&[field], &form).unwrap();
    assert_eq!(rules[0]["source"], *source);
    assert_eq!(rules[0]["field"], ids[0].as_str());
}

#[test]
fn every_value_of_jira_comes_back_from_the_form_as_it_went_in() {
    for (kind, choices, value) in [
        ("line", Value::Null, json!("a text")),
        ("paragraphs", Value::Null, json!(["one", "two, and more"])),
        ("number", Value::Null, json!(7.5)),
        ("sprint", Value::Null, json!(12)),
        ("date", Value::Null, json!("2026-11-29")),
        ("date_time", Value::Null, json!("2026-11-29T12:00:00Z")),
        ("option", list(), json!("2")),
        ("options", list(), json!(["1", "2"])),
        ("cascading", list(), json!({ "option": "1", "below": "7" })),
        ("cascading", list(), json!({ "option": "2", "below": null })),
        ("user", Value::Null, json!("acc-2")),
        ("users", Value::Null, json!(["acc-1", "712020:ab"])),
        ("group", Value::Null, json!("g-1")),
        ("groups", Value::Null, json!(["g-1", "g-2"])),
        ("priority", list(), json!("1")),
        ("version", list(), json!("1")),
        ("versions", list(), json!(["1"])),
        ("components", list(), json!(["1", "2"])),
        ("labels", Value::Null, json!(["a,b", "c"])),
        ("parent", Value::Null, json!("10007")),
    ] {
        let source = json!({ "from": "jira", "value": { "type": kind, "value": value } });
        assert_comes_back(field("f", kind, &choices), &source);
    }
}

#[test]
fn values_for_severities_and_other_words_and_typed_text_come_back_too() {
    let option = |id: &str| json!({ "type": "option", "value": id });
    assert_comes_back(field("f", "line", &Value::Null), &json!({ "from": "assay", "field": "title" }));
    assert_comes_back(
        field("f", "line", &Value::Null),
        &json!({ "from": "typed", "text": "{{ finding.package }}\nin {{ finding.asset | default(\"-\") }}" }),
    );
    let values = json!({ "critical": option("1"), "high": option("1"), "medium": option("2"), "low": option("2"), "info": option("2") });
    assert_comes_back(
        field("f", "option", &list()),
        &json!({ "from": "assay", "field": "severity", "values": values }),
    );
    let values = json!({ "snyk": option("1"), "*": option("2") });
    assert_comes_back(
        field("f", "option", &list()),
        &json!({ "from": "assay", "field": "source", "values": values }),
    );
    // All others of the severities become each of them.
    let all = json!({ "from": "assay", "field": "severity", "values": { "critical": option("1"), "*": option("2") } });
    let (rules, _) =
        rules(&[field("f", "option", &list())], &form(&entered(&field("f", "option", &list()), &all)))
            .unwrap();
    assert_eq!(rules[0]["source"]["values"]["info"], option("2"));
}

#[test]
fn what_cannot_be_a_value_is_said_at_its_field() {
    let chosen = |kind: &str, text: &str| {
        let pairs = [("from.f".to_owned(), "jira".to_owned()), ("jira.f".to_owned(), text.to_owned())];
        rules(&[field("f", kind, &Value::Null)], &form(&pairs)).unwrap_err().remove(0)
    };
    for (kind, text) in [("number", "seven"), ("date", "tomorrow"), ("date_time", "now"), ("user", " ")] {
        assert_eq!(chosen(kind, text).field.as_deref(), Some("map.f"), "{kind}");
    }
    assert!(chosen("number", "seven").detail.starts_with("F: Enter a number"));
    let pairs = [
        ("from.f".to_owned(), "assay".to_owned()),
        ("assay.f".to_owned(), "source".to_owned()),
        ("words.f".to_owned(), "snyk".to_owned()),
    ];
    assert!(
        rules(&[field("f", "option", &list())], &form(&pairs)).unwrap_err()[0].detail.contains("equals sign")
    );
}

#[test]
fn a_field_without_a_choice_makes_no_rule_and_the_api_blames_the_right_one() {
    let fields = [field("a", "line", &Value::Null), field("b", "line", &Value::Null)];
    let pairs = [
        ("from.a".to_owned(), String::new()),
        ("from.b".to_owned(), "typed".to_owned()),
        ("typed.b".to_owned(), "x".to_owned()),
    ];
    let (made, ids) = rules(&fields, &form(&pairs)).unwrap();
    assert_eq!((made.len(), ids.as_slice()), (1, &["b".to_owned()][..]));
    assert_eq!(blamed("rules[0].source.text", &ids).as_deref(), Some("map.b"));
    assert_eq!(blamed("rules[4].source", &ids), None);
    assert_eq!(blamed("name", &ids), None);
}

#[test]
fn sources_are_said_in_words_with_the_names_that_jira_has_for_its_values() {
    let names = [("1".to_owned(), "One".to_owned()), ("1>7".to_owned(), "One > Below".to_owned())].into();
    let always = json!({ "from": "jira", "value": { "type": "option", "value": "1" } });
    assert_eq!(words(&always, &names), ["Always One"]);
    assert_eq!(
        value_words(&json!({ "type": "cascading", "value": { "option": "1", "below": "7" } }), &names),
        "One > Below"
    );
    assert_eq!(
        words(&json!({ "from": "assay", "field": "package_version" }), &names),
        ["Package version, as Assay knows it"]
    );
    let values =
        json!({ "from": "assay", "field": "source", "values": { "*": { "type": "option", "value": "1" } } });
    assert_eq!(words(&values, &names), ["Source, by value", "all others: One"]);
    assert_eq!(field("f", "option", &list()).listed().len(), 3, "what is disabled is not offered");
}
