//! Samples that the tests of planner and ticket share.

use jiff::Timestamp;

use crate::check::CheckId;
use crate::configuration::{Configuration, Grouping, PullRules};
use crate::finding::{Finding, Severity};
use crate::ids::{ConnectionId, IssueTypeId, ProjectId, RunId, SettingId, TaskId, TenantId};
use crate::mapping::Mapping;
use crate::sync_setting::{ClosureRule, Mode, Scope, SyncSetting};
use crate::task::{State, Subject, Task};
use crate::ticket::Ticket;

/// A setting that writes into project 10003.
pub(crate) fn setting(scope: Scope) -> SyncSetting {
    let at = "2026-01-01T00:00:00Z".parse().unwrap();
    SyncSetting {
        tenant: TenantId::parse("acme").unwrap(),
        id: SettingId::parse(if scope == Scope::All { "set-all" } else { "set-check" }).unwrap(),
        scope,
        connection: ConnectionId::parse("con-1").unwrap(),
        project: ProjectId::parse("10003").unwrap(),
        project_key: "SEC".to_owned(),
        issue_type: IssueTypeId::parse("10100").unwrap(),
        issue_type_name: "Task".to_owned(),
        epic: None,
        labels: vec![],
        mode: Mode::Individual,
        configuration: None,
        closure_rule: ClosureRule::All,
        done_status: None,
        reopen_rule: crate::sync_setting::ReopenRule::Both,
        gone_policy: crate::sync_setting::GonePolicy::Recreate,
        enabled: true,
        disabled: None,
        quarantine: None,
        unfinished: None,
        created_at: at,
        updated_at: at,
        version: 1,
    }
}

/// A configuration for all findings, without a mapping.
pub(crate) fn configuration() -> Configuration {
    Configuration {
        name: "Vulnerabilities".to_owned(),
        position: 1,
        routes: Vec::new(),
        grouping: Grouping::None,
        mapping: Mapping::default(),
        pulls: PullRules::default(),
        watched_at: None,
    }
}

/// An open task of a finding that the scanner `trivy` made in the asset `web`.
pub(crate) fn finding(fingerprint: &str, severity: Severity) -> Task {
    let at = "2026-01-01T00:00:00Z".parse().unwrap();
    let finding = Finding {
        source: "trivy".to_owned(),
        fingerprint: fingerprint.to_owned(),
        title: format!("Vulnerability {fingerprint}"),
        description: "What it is".to_owned(),
        fix: "Update it".to_owned(),
        severity,
        score: None,
        rule: "a-rule".to_owned(),
        advisory: String::new(),
        asset: "web".to_owned(),
        location: None,
        package: None,
        links: Vec::new(),
        first_seen_at: at,
        last_seen_at: at,
        counted_from: None,
        report: None,
        acceptance: None,
        regressions: 0,
        pulls: std::collections::BTreeMap::new(),
    };
    let sample = task(fingerprint);
    Task {
        id: crate::finding::id(&sample.tenant, &finding.source, fingerprint).unwrap(),
        check: CheckId::B9,
        title: finding.title.clone(),
        finding: Some(Box::new(finding)),
        ..sample
    }
}

/// An open task of check B2.
pub(crate) fn task(subject: &str) -> Task {
    let at = "2026-01-01T00:00:00Z".parse().unwrap();
    Task {
        tenant: TenantId::parse("acme").unwrap(),
        id: TaskId::parse(&format!("B2-{subject}")).unwrap(),
        check: CheckId::B2,
        connection: Some(ConnectionId::parse("con-1").unwrap()),
        subject: Subject {
            id: subject.to_owned(),
            key: format!("CHG-{subject}"),
            title: "Title".to_owned(),
            url: String::new(),
        },
        title: "Assign".to_owned(),
        why: "it has no assignee".to_owned(),
        finding: None,
        assignee: None,
        due_at: at,
        state: State::Open,
        generation: 1,
        opened_by: RunId::parse("run").unwrap(),
        opened_at: at,
        resolved_at: None,
        completion: None,
        held: false,
        edited: std::collections::BTreeSet::new(),
        ticket: None,
        updated_at: at,
        version: 1,
    }
}

/// A ticket that was just planned, of a task that no other sample has.
pub(crate) fn ticket(now: Timestamp) -> Ticket {
    let made = super::plan(
        &TenantId::parse("acme").unwrap(),
        &[task("sample")],
        &[setting(Scope::All)],
        &[],
        None,
        now,
    );
    made.unwrap().new.remove(0)
}
