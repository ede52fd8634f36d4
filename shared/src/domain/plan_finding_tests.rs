//! Findings: routed to the first configuration that takes them, grouped as it says.

use super::tests_support::{configuration, finding};
use super::*;
use crate::configuration::{Configuration, Grouping, Route};
use crate::finding::{Finding, Package, Severity};
use crate::ids::SettingId;

/// So many seconds later.
fn later(seconds: i64) -> Timestamp {
    crate::clock::after(now(), seconds)
}

/// The configuration at a position, which writes into a project of that number.
fn at(position: u32, choose: impl FnOnce(&mut Configuration)) -> SyncSetting {
    let mut configuration = Configuration { position, ..configuration() };
    choose(&mut configuration);
    SyncSetting {
        id: SettingId::parse(&format!("cfg-{position}")).unwrap(),
        project: ProjectId::parse(&position.to_string()).unwrap(),
        configuration: Some(Box::new(configuration)),
        ..setting(Scope::Findings)
    }
}

fn grouped(grouping: Grouping) -> SyncSetting {
    at(1, |configuration| configuration.grouping = grouping)
}

/// A finding that is as `choose` makes it.
fn found(fingerprint: &str, choose: impl FnOnce(&mut Finding)) -> Task {
    let mut task = finding(fingerprint, Severity::High);
    choose(task.finding.as_mut().unwrap());
    task
}

fn in_package(fingerprint: &str, package: &str) -> Task {
    let package = Package { name: package.to_owned(), ..Package::default() };
    found(fingerprint, |finding| finding.package = Some(package))
}

/// Where the one ticket of a task is planned; none if there is none.
fn project_of(task: &Task, settings: &[SyncSetting]) -> Option<String> {
    let made = decide(std::slice::from_ref(task), settings, &[]);
    made.new.first().map(|ticket| ticket.project.to_string())
}

#[test]
fn the_first_configuration_by_position_that_takes_a_finding_gets_it() {
    let only = |route: Route| move |configuration: &mut Configuration| configuration.routes = vec![route];
    let critical = Route { severities: [Severity::Critical].into(), ..Route::default() };
    let zap_on_shops =
        Route { sources: ["zap".to_owned()].into(), assets: vec!["shop-*".to_owned()], ..Route::default() };
    let log4j = Route { packages: vec!["*log4j*".to_owned()], ..Route::default() };
    // In another order than their positions.
    let settings =
        [at(9, |_| ()), at(3, only(log4j)), at(2, only(zap_on_shops)), at(1, only(critical)), all()];
    let as_critical = |finding: &mut Finding| finding.severity = Severity::Critical;
    let zap = |asset: &'static str| {
        move |finding: &mut Finding| {
            finding.source = "zap".to_owned();
            finding.asset = asset.to_owned();
        }
    };
    for (task, expected) in [
        (found("1", as_critical), "1"),
        (found("2", zap("shop-7")), "2"),
        (found("3", zap("web-7")), "9"),
        (in_package("4", "org.apache:log4j-core"), "3"),
        (in_package("5", "react"), "9"),
    ] {
        assert_eq!(project_of(&task, &settings).as_deref(), Some(expected), "{task:?}");
    }
    let without_the_last = &settings[1..];
    assert_eq!(project_of(&found("3", |_| ()), without_the_last), None, "a setting for all is for checks");
    let checked = decide(&[task("1")], &settings, &[]);
    assert_eq!(checked.new[0].setting.as_str(), "set-all", "and a check's task takes no configuration");
}

#[test]
fn an_issue_in_another_project_or_of_another_type_is_not_given_the_fields_of_the_mapping() {
    use crate::mapping::{AssayField, FieldKind, FieldRule, Known, Source};
    let rule = |field: &str, kind: FieldKind| FieldRule {
        field: field.to_owned(),
        name: field.to_owned(),
        kind,
        required: true,
        source: Source::Assay { field: AssayField::Asset, values: [].into() },
        known: Known::new(),
    };
    let mapped = at(1, |configuration| {
        configuration.mapping.rules =
            vec![rule("summary", FieldKind::Line), rule("customfield_1", FieldKind::Line)];
    });
    let elsewhere = SyncSetting { project: ProjectId::parse("7").unwrap(), ..mapped.clone() };
    let other_type =
        SyncSetting { issue_type: crate::ids::IssueTypeId::parse("7").unwrap(), ..mapped.clone() };
    for (setting, is_home) in [(&mapped, true), (&elsewhere, false), (&other_type, false)] {
        let (mut tasks, mut tickets) = (vec![found("1", |_| ())], Vec::new());
        settle(&mut tasks, std::slice::from_ref(&mapped), &mut tickets);
        tickets[0].state = State::Open { issue: issue() };
        tasks[0].finding.as_mut().unwrap().asset = "api".to_owned();
        settle(&mut tasks, std::slice::from_ref(setting), &mut tickets);
        let content = &tickets[0].content;
        assert_eq!(content.title, "api", "its own words are everywhere the same");
        assert_eq!(content.fields.contains_key("customfield_1"), is_home, "{content:?}");
    }
}

#[test]
fn findings_of_one_asset_package_or_advisory_share_a_ticket_as_the_grouping_says() {
    let tasks = || {
        let of = |fingerprint: &str, asset: &str, package: Option<&str>, advisory: &str| {
            found(fingerprint, |finding| {
                finding.asset = asset.to_owned();
                finding.package = package.map(|name| Package { name: name.to_owned(), ..Package::default() });
                finding.advisory = advisory.to_owned();
            })
        };
        vec![
            of("1", "web", Some("openssl"), "CVE-1"),
            of("2", "web", Some("openssl"), "CVE-2"),
            of("3", "api", Some("openssl"), "CVE-2"),
            of("4", "api", None, ""),
        ]
    };
    for (grouping, expected) in [
        (Grouping::None, vec![1, 1, 1, 1]),
        (Grouping::Asset, vec![2, 2]),
        (Grouping::Package, vec![1, 3]),
        (Grouping::Advisory, vec![1, 1, 2]),
    ] {
        let made = decide(&tasks(), &[grouped(grouping)], &[]);
        let mut sizes: Vec<usize> = made.new.iter().map(|ticket| ticket.tasks.len()).collect();
        sizes.sort_unstable();
        assert_eq!((sizes, made.links.len()), (expected, 4), "{grouping:?}");
        let is_grouped = grouping != Grouping::None;
        assert!(made.new.iter().all(|ticket| ticket.batch.is_some() == is_grouped), "{grouping:?}");
    }
}

#[test]
fn a_finding_that_changes_its_package_moves_and_a_ticket_that_nothing_is_left_of_is_closed() {
    let settings = [grouped(Grouping::Package)];
    let (mut tasks, mut tickets) = (vec![in_package("1", "openssl"), in_package("2", "openssl")], Vec::new());
    settle(&mut tasks, &settings, &mut tickets);
    for id in 0..2 {
        tasks[id].finding = in_package("1", "boringssl").finding;
        settle(&mut tasks, &settings, &mut tickets);
    }
    let sizes: Vec<_> = tickets.iter().map(|ticket| (ticket.tasks.len(), ticket.wanted)).collect();
    assert_eq!(sizes, [(0, Wanted::Closed), (2, Wanted::Open)]);
}

#[test]
fn a_ticket_is_closed_when_all_its_findings_are_resolved_and_a_regression_reopens_it_or_gets_a_new_one() {
    for (rule, expected) in [
        (ReopenRule::Both, vec![(1, Wanted::Open)]),
        (ReopenRule::Tasks, vec![(1, Wanted::Closed), (2, Wanted::Open)]),
    ] {
        for grouping in [Grouping::None, Grouping::Package] {
            let settings = [SyncSetting { reopen_rule: rule, ..grouped(grouping) }];
            let (mut tasks, mut tickets) = (vec![in_package("1", "openssl")], Vec::new());
            if grouping != Grouping::None {
                tasks.push(in_package("2", "openssl"));
            }
            settle(&mut tasks, &settings, &mut tickets);
            tickets[0].state = State::Open { issue: issue() };
            for place in 0..tasks.len() {
                assert_eq!(tickets[0].wanted, Wanted::Open, "not before the last");
                tasks[place].state = TaskState::Resolved;
                tasks[place].resolved_at = Some(now());
                settle(&mut tasks, &settings, &mut tickets);
            }
            assert_eq!(tickets[0].wanted, Wanted::Closed);
            tickets[0].state = State::Closed { issue: Some(issue()) };
            tickets[0].ended_at = Some(later(10));
            tasks[0].state = TaskState::Open;
            tasks[0].resolved_at = None;
            tasks[0].opened_at = later(60);
            settle(&mut tasks, &settings, &mut tickets);
            let wishes: Vec<_> = tickets.iter().map(|it| (it.generation, it.wanted)).collect();
            assert_eq!(wishes, expected, "{rule:?} {grouping:?}");
        }
    }
}

/// Two configurations that take everything, and a ticket of the first, with an issue.
fn of_two(grouping: Grouping) -> ([SyncSetting; 2], Vec<Task>, Vec<Ticket>) {
    let settings = [grouped(grouping), at(2, |configuration| configuration.grouping = grouping)];
    let (mut tasks, mut tickets) = (vec![in_package("1", "openssl"), in_package("2", "openssl")], Vec::new());
    settle(&mut tasks, &settings, &mut tickets);
    for ticket in &mut tickets {
        ticket.state = State::Open { issue: issue() };
        assert_eq!(ticket.setting.as_str(), "cfg-1");
    }
    (settings, tasks, tickets)
}

#[test]
fn of_a_deleted_configuration_open_tickets_go_on_with_the_next_one_that_takes_their_findings() {
    for grouping in [Grouping::None, Grouping::Package] {
        let (settings, mut tasks, mut tickets) = of_two(grouping);
        let (before, next) = (tickets.len(), &settings[1..]);
        settle(&mut tasks, next, &mut tickets);
        let is_taken = |it: &Ticket| (it.setting.as_str(), it.wanted) == ("cfg-2", Wanted::Open);
        assert!(tickets.iter().all(is_taken), "{grouping:?}");
        tasks.push(in_package("3", "openssl"));
        settle(&mut tasks, next, &mut tickets);
        let of_the_known: BTreeSet<_> = tasks[..2].iter().filter_map(|task| task.ticket.clone()).collect();
        assert_eq!(
            (of_the_known.len(), tickets.len()),
            (before, before + 1),
            "{grouping:?}: no second issue"
        );
    }
}

#[test]
fn of_a_disabled_or_deleted_configuration_tickets_that_no_other_takes_are_kept_or_deleted_as_asked() {
    for grouping in [Grouping::None, Grouping::Package] {
        for (how, wanted) in [
            (None, Wanted::Kept),
            (Some(Retirement::Keep), Wanted::Kept),
            (Some(Retirement::Delete), Wanted::Deleted),
        ] {
            let (mut settings, mut tasks, mut tickets) = of_two(grouping);
            let left = &mut settings[..1];
            let in_force: &[SyncSetting] = match how {
                None => &[],
                Some(tickets) => {
                    left[0].disable(Disabled { tickets, by: "tok".to_owned(), at: now() });
                    left
                }
            };
            settle(&mut tasks, in_force, &mut tickets);
            assert!(tickets.iter().all(|ticket| ticket.wanted == wanted), "{how:?} {grouping:?}");
        }
    }
}

#[test]
fn a_group_lists_its_findings_with_their_severities() {
    let tasks = [in_package("1", "openssl"), finding("2", Severity::Critical)];
    let listed = crate::ticket::content::batch_body(&tasks.iter().collect::<Vec<_>>(), &[]);
    let text = serde_json::to_string(&listed.description).unwrap();
    assert!(text.contains("Vulnerability 1 (high, B9)") && text.contains("Vulnerability 2 (critical, B9)"));
}

#[test]
fn a_mapped_value_that_jira_refused_is_tried_again_when_it_becomes_another() {
    let mapped = |id: &str| {
        let rule = serde_json::json!({
            "field": "customfield_1", "name": "Risk", "kind": { "type": "option" }, "required": false,
            "source": { "from": "jira", "value": { "type": "option", "value": id } },
        });
        at(1, |configuration| configuration.mapping.rules = vec![serde_json::from_value(rule).unwrap()])
    };
    let (mut tasks, mut tickets) = (vec![found("1", |_| ())], Vec::new());
    settle(&mut tasks, &[mapped("10")], &mut tickets);
    tickets[0].left_out = vec!["assignee".to_owned(), "customfield_1".to_owned()];
    tasks[0].title = "Another".to_owned();
    settle(&mut tasks, &[mapped("10")], &mut tickets);
    assert_eq!(tickets[0].left_out.len(), 2);
    settle(&mut tasks, &[mapped("11")], &mut tickets);
    assert_eq!(tickets[0].left_out, ["assignee"]);
}
