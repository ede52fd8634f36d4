//! Tests.

use std::collections::BTreeMap;

use super::{Entered, settle};
use crate::finding::Severity;
use crate::mapping::facts::Facts;
use crate::mapping::screen::{Choice, ScreenField};
use crate::mapping::{AssayField, FieldKind, FieldValue, Source};

fn field(id: &str, name: &str, kind: FieldKind) -> ScreenField {
    let choices = ["1", "2"].map(|id| Choice {
        id: id.to_owned(),
        name: format!("Choice {id}"),
        disabled: id == "2",
        below: Vec::new(),
    });
    let has_choices = kind.has_choices();
    ScreenField {
        id: id.to_owned(),
        name: name.to_owned(),
        kind,
        required: false,
        has_default: false,
        choices: has_choices.then(|| choices.to_vec()),
    }
}

fn screen() -> Vec<ScreenField> {
    vec![
        field("summary", "Summary", FieldKind::Line),
        field("option", "Option", FieldKind::Option),
        field("number", "Number", FieldKind::Number),
        field("date", "Date", FieldKind::Date),
        field("team", "Team", FieldKind::Unknown { name: "atlassian-team".to_owned() }),
        field("project", "Project", FieldKind::Unknown { name: "project".to_owned() }),
    ]
}

fn rule(field: &str, source: Source) -> Entered {
    Entered { field: field.to_owned(), source }
}

fn text(text: &str) -> Source {
    Source::Typed { text: text.to_owned() }
}

fn option(id: &str) -> FieldValue {
    FieldValue::Option(id.to_owned())
}

fn known(field: AssayField, values: &[(&str, FieldValue)]) -> Source {
    let values = values.iter().map(|(word, value)| ((*word).to_owned(), value.clone()));
    Source::Assay { field, values: values.collect::<BTreeMap<_, _>>() }
}

#[track_caller]
fn refused(entered: Entered, path: &str, words: &str) {
    let wrong = settle(&[entered], &screen(), None).unwrap_err();
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert_eq!(wrong[0].field, path, "{wrong:?}");
    assert!(wrong[0].what.contains(words), "{}", wrong[0].what);
}

#[test]
fn a_rule_takes_name_kind_and_the_names_of_its_values_from_jira() {
    let made = settle(&[rule("option", Source::Jira { value: option("1") })], &screen(), None).unwrap();
    assert_eq!(made.rules[0].name, "Option");
    assert_eq!(made.rules[0].kind, FieldKind::Option);
    assert_eq!(made.rules[0].known["1"], ["Choice 1"]);
}

#[test]
fn what_does_not_fit_a_field_is_refused_with_the_reason() {
    let jira = |value: FieldValue| Source::Jira { value };
    refused(rule("nowhere", text("a")), "rules[0].field", "Summary (summary)");
    refused(rule("team", text("a")), "rules[0].field", "kind atlassian-team");
    refused(rule("project", text("a")), "rules[0].field", "by itself");
    refused(
        rule("option", jira(FieldValue::Line("a".to_owned()))),
        "rules[0].source.value",
        "takes one of a list",
    );
    refused(rule("option", jira(option("9"))), "rules[0].source.value", "Choice 1 (1)");
    refused(rule("option", jira(option("2"))), "rules[0].source.value", "disabled");
    refused(
        rule("summary", jira(FieldValue::Line("a\nb".to_owned()))),
        "rules[0].source.value",
        "in one line",
    );
    refused(rule("summary", text("{{ finding.titel }}")), "rules[0].source.text", "finding.titel");
    refused(rule("summary", text("  ")), "rules[0].source.text", "blank");
    refused(rule("number", text("{{ finding.title }}")), "rules[0].source.text", "must be a number");
    refused(rule("date", text("{{ finding.severity }}")), "rules[0].source.text", "must be a day");
    refused(rule("option", text("{{ finding.severity }}")), "rules[0].source.text", "it takes Choice 1");
    refused(rule("number", known(AssayField::Title, &[])), "rules[0].source.field", "which title is not");
    refused(
        rule("option", known(AssayField::Severity, &[])),
        "rules[0].source.field",
        "each word of severity",
    );
    let some = known(AssayField::Severity, &[("critical", option("1")), ("high", option("1"))]);
    refused(rule("option", some), "rules[0].source.values", "medium, low, info");
    let other = known(AssayField::Severity, &[("worst", option("1")), ("*", option("1"))]);
    refused(rule("option", other), "rules[0].source.values", "\"worst\" is no severity");
    let sources = known(AssayField::Source, &[("scanner", option("1"))]);
    refused(rule("option", sources), "rules[0].source.values", "no value for *");
    refused(
        rule("number", known(AssayField::Score, &[("*", option("1"))])),
        "rules[0].source.values",
        "leave values out",
    );
}

#[test]
fn every_severity_and_a_real_finding_are_tried_out() {
    // It fits every severity but one.
    let unless_low = "{{ 'x' if finding.severity == 'low' else 1 }}";
    refused(rule("number", text(unless_low)), "rules[0].source.text", "\"x\"");
    // A made-up finding's score is a number, and one of which little is known leaves the field out.
    let entered = [rule("number", text("{{ finding.score }}")), rule("date", text("{{ finding.due_on }}"))];
    assert!(settle(&entered, &screen(), Some(&Facts::made_up().of_severity(Severity::Low))).is_ok());
    assert!(
        settle(&[rule("number", text("{{ finding.count }}"))], &screen(), Some(&Facts::made_up())).is_ok()
    );
}

#[test]
fn a_field_has_one_rule() {
    let twice = [rule("summary", text("a")), rule("summary", text("b"))];
    assert_eq!(settle(&twice, &screen(), None).unwrap_err()[0].field, "rules[1].field");
    let many: Vec<Entered> = (0..201).map(|place| rule(&format!("f{place}"), text("a"))).collect();
    assert!(settle(&many, &screen(), None).unwrap_err()[0].what.contains("more than 200"));
}

#[test]
fn severity_and_priority_are_filled_from_the_findings_severity() {
    let mut screen = screen();
    screen.push(field("priority", "Prioritet", FieldKind::Priority));
    screen.push(field("cf7", " SEVERITY ", FieldKind::Option));
    let wrong = settle(&[rule("cf7", text("Choice 1"))], &screen, None).unwrap_err();
    let fields: Vec<&str> = wrong.iter().map(|it| it.field.as_str()).collect();
    assert_eq!(fields, ["rules", "rules[0].source"], "{wrong:?}");
    assert!(wrong[1].what.contains("critical, high, medium, low and info"));
    let all = |value: FieldValue| known(AssayField::Severity, &[("*", value)]);
    let entered =
        [rule("cf7", all(option("1"))), rule("priority", all(FieldValue::Priority("1".to_owned())))];
    assert!(settle(&entered, &screen, None).is_ok());
}
