//! Tests.

use std::collections::BTreeSet;

use super::content;
use crate::check::CheckId;
use crate::configuration::Configuration;
use crate::finding::{Finding, Location, Package, Severity};
use crate::mapping::{AssayField, FieldKind, FieldRule, FieldValue, Known, Mapping, Source};
use crate::plan::tests_support;
use crate::sync_setting::{Scope, SyncSetting};
use crate::task::{Part, Task};
use crate::ticket::{Batch, Block, Content, Span};

fn finding(severity: Severity) -> Finding {
    Finding {
        source: "trivy".to_owned(),
        fingerprint: "f".to_owned(),
        title: "Log4Shell".to_owned(),
        description: "Bad.\n\nVery bad.".to_owned(),
        fix: "Update.".to_owned(),
        severity,
        score: Some(98),
        rule: String::new(),
        advisory: "CVE-2021-44228".to_owned(),
        asset: "shop/web".to_owned(),
        location: Some(Location { path: "pom.xml".to_owned(), line: Some(7) }),
        package: Some(Package {
            name: "log4j-core".to_owned(),
            version: "2.14.1".to_owned(),
            fixed_in: "2.15.0".to_owned(),
        }),
        links: vec!["https://example.com/a".to_owned(), "ftp://example.com".to_owned()],
        first_seen_at: "2026-01-01T00:00:00Z".parse().unwrap(),
        last_seen_at: "2026-01-05T00:00:00Z".parse().unwrap(),
        counted_from: None,
        report: None,
        acceptance: None,
        regressions: 0,
        pulls: [].into(),
    }
}

fn task(name: &str, finding: Finding) -> Task {
    let mut task = tests_support::task(name);
    task.check = CheckId::B9;
    task.due_at = "2026-02-01T00:00:00Z".parse().unwrap();
    task.finding = Some(Box::new(finding));
    task
}

fn setting(rules: Vec<FieldRule>) -> SyncSetting {
    let mut setting = tests_support::setting(Scope::Findings);
    setting.labels = vec!["security".to_owned()];
    setting.configuration = Some(Box::new(Configuration {
        name: "Web".to_owned(),
        position: 0,
        routes: Vec::new(),
        grouping: crate::configuration::Grouping::None,
        mapping: Mapping { rules },
        pulls: crate::configuration::PullRules::default(),
        watched_at: None,
    }));
    setting
}

fn rule(field: &str, kind: FieldKind, source: Source) -> FieldRule {
    FieldRule {
        field: field.to_owned(),
        name: field.to_owned(),
        kind,
        required: true,
        source,
        known: Known::new(),
    }
}

fn text(text: &str) -> Source {
    Source::Typed { text: text.to_owned() }
}

fn filled(tasks: &[&Task], setting: &SyncSetting, batch: Option<&Batch>) -> Content {
    content(tasks, setting, setting.configuration.as_ref().unwrap(), batch)
}

fn words(body: &[Block]) -> String {
    let span = |span: &Span| match span {
        Span::Text(text) | Span::Strong(text) => text.clone(),
        Span::Link { text, url } => format!("[{text}]({url})"),
    };
    let line = |spans: &Vec<Span>| spans.iter().map(span).collect::<String>();
    let block = |block: &Block| match block {
        Block::Heading(text) => format!("# {text}"),
        Block::Paragraph(spans) => line(spans),
        Block::List(entries) => {
            entries.iter().map(|it| format!("- {}", line(it))).collect::<Vec<_>>().join("\n")
        }
    };
    body.iter().map(block).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_ticket_says_all_that_is_known_where_the_mapping_says_nothing() {
    let content = filled(&[&task("a", finding(Severity::Critical))], &setting(Vec::new()), None);
    assert_eq!(content.title, "[Critical] Log4Shell");
    assert_eq!(content.due_on.unwrap().to_string(), "2026-02-01");
    assert_eq!(content.labels, ["security"]);
    assert_eq!(
        words(&content.body),
        "- Severity: Critical (CVSS 9.8)\n- Asset: shop/web\n- Location: pom.xml:7\n- Package: log4j-core 2.14.1, fixed in \
         2.15.0\n- Advisory: CVE-2021-44228\n- Found by: trivy\n# What this is\nBad.\nVery bad.\n# How to fix\nUpdate.\n# \
         Links\n- [https://example.com/a](https://example.com/a)\n- ftp://example.com\nAssay keeps this ticket up to date and \
         closes it when trivy does not report it any more, or its risk is accepted."
    );
}

#[test]
fn rules_for_jiras_own_fields_and_for_others_go_to_their_places() {
    let rules = vec![
        rule("summary", FieldKind::Line, text("{{finding.advisory}}: {{finding.package}}")),
        rule("description", FieldKind::Paragraphs, text("One\n\n{{ finding.fix }}")),
        rule("assignee", FieldKind::User, text("acc-9")),
        rule("duedate", FieldKind::Date, Source::Assay { field: AssayField::FirstSeenAt, values: [].into() }),
        rule("labels", FieldKind::Labels, text("assay, security, {{ finding.source }}")),
        rule("parent", FieldKind::Parent, text("10042")),
        rule("cf1", FieldKind::Number, Source::Assay { field: AssayField::Score, values: [].into() }),
        rule("cf2", FieldKind::Url, Source::Assay { field: AssayField::Link, values: [].into() }),
        rule("cf3", FieldKind::Line, text("{{ finding.rule }}")),
    ];
    let setting = setting(rules);
    let mut of = task("a", finding(Severity::High));
    let content = filled(&[&of], &setting, None);
    assert_eq!(content.title, "CVE-2021-44228: log4j-core");
    assert_eq!(words(&content.body), "One\nUpdate.");
    assert_eq!(content.assignee.as_ref().unwrap().as_str(), "acc-9");
    assert_eq!(content.due_on.unwrap().to_string(), "2026-01-01");
    assert_eq!(content.labels, ["security", "trivy"]);
    assert_eq!(content.epic.unwrap().as_str(), "10042");
    // The rule without a value is left out.
    assert_eq!(content.fields.keys().collect::<Vec<_>>(), ["cf1", "cf2"]);
    assert_eq!(content.fields["cf1"].value, FieldValue::Number(serde_json::Number::from_f64(9.8).unwrap()));
    assert!(content.fields["cf1"].required);
    // Whom a person put in charge goes before the rule.
    of.assignee = None;
    of.edited.insert(Part::Assignee);
    assert_eq!(filled(&[&of], &setting, None).assignee, None);
}

#[test]
fn a_severity_has_the_value_that_stands_for_it_or_the_one_for_all_others() {
    let option = |id: &str| FieldValue::Option(id.to_owned());
    let values = [("critical".to_owned(), option("1")), ("*".to_owned(), option("9"))].into();
    let rules = vec![rule("cf1", FieldKind::Option, Source::Assay { field: AssayField::Severity, values })];
    let setting = setting(rules);
    for (severity, id) in [(Severity::Critical, "1"), (Severity::Low, "9")] {
        let content = filled(&[&task("a", finding(severity))], &setting, None);
        assert_eq!(content.fields["cf1"].value, option(id));
    }
}

#[test]
fn a_group_has_the_worst_severity_the_highest_score_and_the_first_day() {
    let rules = vec![
        rule("cf1", FieldKind::Number, Source::Assay { field: AssayField::Score, values: [].into() }),
        rule(
            "cf2",
            FieldKind::Line,
            text("{{finding.severity}} {{finding.count}} {{finding.advisory}} {{finding.package}}"),
        ),
        rule("cf3", FieldKind::Date, Source::Assay { field: AssayField::DueOn, values: [].into() }),
    ];
    let setting = setting(rules);
    let low = task("a", Finding { score: None, advisory: "CVE-1".to_owned(), ..finding(Severity::Low) });
    let mut high = task("b", finding(Severity::High));
    high.due_at = "2026-01-15T00:00:00Z".parse().unwrap();
    let mut done = task("c", Finding { score: Some(100), ..finding(Severity::Critical) });
    done.state = crate::task::State::Resolved;
    let batch = Batch { assignee: None, group: Some("asset:shop/web".to_owned()) };
    let content = filled(&[&low, &high, &done], &setting, Some(&batch));
    assert_eq!(content.title, "[High] Findings in shop/web");
    assert!(
        words(&content.body).starts_with("2 findings in shop/web. The worst is high."),
        "{}",
        words(&content.body)
    );
    assert_eq!(content.fields["cf1"].value, FieldValue::Number(serde_json::Number::from_f64(9.8).unwrap()));
    assert_eq!(
        content.fields["cf2"].value,
        FieldValue::Line("high 2 CVE-1, CVE-2021-44228 log4j-core".to_owned())
    );
    assert_eq!(content.fields["cf3"].value, FieldValue::Date("2026-01-15".parse().unwrap()));
    assert_eq!(content.due_on.unwrap().to_string(), "2026-01-15");
    assert_eq!(content.assignee, None);
    // What is done counts where nothing is left to do.
    let content = filled(&[&done], &setting, Some(&batch));
    assert_eq!(content.title, "[Critical] Findings in shop/web");
}

#[test]
fn the_longest_finding_fits_into_what_jira_takes_and_says_that_it_was_cut() {
    let endless = "\"long\" \\ ".repeat(50_000);
    let long = Finding {
        title: endless.clone(),
        description: endless.clone(),
        fix: endless.clone(),
        asset: endless.clone(),
        location: Some(Location { path: endless.clone(), line: None }),
        links: vec![format!("https://example.com/{}", "a".repeat(480)); 50],
        ..finding(Severity::High)
    };
    let long = task("a", long);
    let rules =
        || vec![rule("description", FieldKind::Paragraphs, text("{{finding.description}}\n{{finding.fix}}"))];
    for setting in [setting(Vec::new()), setting(rules())] {
        let content = filled(&[&long], &setting, None);
        assert_eq!(content.title.chars().count(), 255);
        assert!(content.title.ends_with('…') && words(&content.body).contains("(cut: Jira takes no more)"));
        let document = crate::jira::adf::document(&content.body).to_string();
        assert!(document.encode_utf16().count() < 32_767, "{}", document.len());
    }
    let batch = Batch { assignee: None, group: Some("rule:x".to_owned()) };
    let many: Vec<Task> = (0..60)
        .map(|place| Task {
            title: endless.clone(),
            ..task(&place.to_string(), (**long.finding.as_ref().unwrap()).clone())
        })
        .collect();
    let many: Vec<&Task> = many.iter().collect();
    let content = filled(&many, &setting(rules()), Some(&batch));
    let whole = crate::ticket::content::batch_body(&many, &content.body);
    let document = crate::jira::adf::document(&whole.description).to_string();
    assert!(document.encode_utf16().count() < 32_767, "{}", document.len());
}

#[test]
fn the_same_finding_reported_again_says_the_same() {
    let before = task("a", finding(Severity::High));
    let later = Finding { last_seen_at: "2026-09-01T00:00:00Z".parse().unwrap(), ..finding(Severity::High) };
    let after = task("a", later);
    let setting = setting(Vec::new());
    assert_eq!(filled(&[&before], &setting, None), filled(&[&after], &setting, None));
    let labels: BTreeSet<_> = filled(&[&after], &setting, None).labels.into_iter().collect();
    assert!(!labels.contains("assay"));
}
