//! Tests.

use super::{check, is_fixed, render};
use crate::finding::Severity;
use crate::mapping::facts::Facts;
use crate::plan::tests_support;

fn made(text: &str) -> String {
    check(text).unwrap();
    render(text, &Facts::made_up()).unwrap()
}

fn refusal(text: &str) -> String {
    check(text).unwrap_err()
}

#[test]
fn names_filters_and_conditions_make_text() {
    assert_eq!(
        made("{{finding.severity|upper}}: {{ finding.title }}"),
        "CRITICAL: Remote code execution by logged text"
    );
    assert_eq!(made("{{ finding.score | default(0) }} of {{ finding.count }}"), "10 of 1");
    assert_eq!(
        made("{% if finding.fixed_in %}to {{ finding.fixed_in }}{% else %}none{% endif %}"),
        "to 2.15.0"
    );
    assert_eq!(made("{{ finding.title | truncate(6) }}"), "Remote");
    assert_eq!(made("{{ 'High' if finding.score > 7 else 'Low' }}"), "High");
    let little = Facts::made_up().at_least();
    assert_eq!(render("{{ finding.score | default(0) }}/{{ finding.fix }}", &little).unwrap(), "0/");
}

#[test]
fn what_a_finding_says_is_never_taken_as_a_template_nor_escaped() {
    let facts = Facts::made_up().of_severity(Severity::Low);
    let text = "<{{ finding.severity }}> {{ '{{ finding.title }}' }}";
    assert_eq!(render(text, &facts).unwrap(), "<low> {{ finding.title }}");
}

#[test]
fn an_unknown_name_is_refused_with_what_there_is() {
    for (text, named) in [
        ("{{ finding.titel }}", "finding.titel"),
        ("{{ title }}", "title"),
        ("{{ finding }}", "finding"),
        ("{{ finding['title'] }}", "finding"),
        ("{% if finding.severity %}{{ finding.nothing }}{% endif %}", "finding.nothing"),
        ("{{ namespace() }}", "namespace"),
    ] {
        let refusal = refusal(text);
        assert!(
            refusal.contains(&format!("names {named},")) && refusal.contains("finding.due_on"),
            "{refusal}"
        );
    }
}

#[test]
fn text_that_is_no_template_is_refused_with_its_line() {
    assert!(refusal("fine\n{{ finding.title").contains("in line 2"));
    assert!(refusal("{{ finding.title | upcase }}").contains("there are upper, lower"));
    assert!(refusal("{% if false %}{{ finding.title|safe }}{% endif %}").contains("\"safe\""));
    assert!(refusal(&"x".repeat(4001)).contains("longer than 4000"));
}

#[test]
fn nothing_that_could_fill_the_memory_or_reach_outside_is_taken() {
    for text in [
        "{% set x = finding.title %}",
        "{%- for it in [1] %}{% endfor %}",
        "{% with x = 1 %}{% endwith %}",
        "{% macro x() %}{% endmacro %}",
        "{% include 'file' %}",
        "{% import 'file' as it %}",
        "{% raw %}{% endraw %}",
        "{{ 'a' * 100000000 }}",
        "{{ '}}' * 100000000 }}",
        "{{ '{{' * 100000000 }}",
        "{{ \"%}\" * 9 }}",
        "{{ range(100000) }}",
        "{{ debug() }}",
    ] {
        assert!(check(text).is_err(), "{text}");
        assert!(render(text, &Facts::made_up()).is_err(), "{text}");
    }
    // A star outside of code is text.
    assert_eq!(made("* {{ finding.severity }} * 2"), "* critical * 2");
}

#[test]
fn the_text_ends_where_no_field_could_hold_more() {
    let mut task = tests_support::finding("a", Severity::High);
    task.finding.as_mut().unwrap().title = "long ".repeat(10_000);
    let facts = Facts::of(&[&task], None);
    let text = "{{finding.title}}".repeat(200);
    check(&text).unwrap();
    let made = render(&text, &facts).unwrap();
    assert_eq!(made.len(), 112_000);
    assert!(made.starts_with("long long "));
}

#[test]
fn text_without_marks_is_the_same_for_every_finding() {
    assert!(is_fixed("a } b { c % #") && !is_fixed("{{ finding.id }}") && !is_fixed("{# a note #}"));
}
