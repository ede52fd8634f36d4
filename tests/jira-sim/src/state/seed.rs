//! What a site holds at the start: the demo site, an empty one, or one of any size.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    account::{Account, AccountKind, ApiToken},
    accounts::{Accounts, BulkAccounts},
    activity::Rule,
    bulk::{Bulk, BulkKind},
    group::{ADMINISTRATORS, SERVICE_AGENTS, SITE_ADMINS, USERS, default_groups},
    project::Project,
    site::Site,
    store::IssueStore,
    vocabulary::{BUG, CHANGE, EPIC, INCIDENT, SUBTASK, TASK, default_issue_types, default_statuses},
    workflow::Workflow,
};
use crate::{clock::plus_seconds, control::field, operation::CLASSIC_SCOPES};

const DAY_MS: i64 = 86_400_000;

/// Sizes of the start; the demo site is the default. Every issue is made when it is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Seed {
    /// Issues of type Change in project CHG.
    pub change_tickets: u64,
    /// How many of those have no assignee, spread evenly.
    pub change_unassigned: u64,
    /// The days back over which they were created.
    pub days: i64,
    /// Issues of type Incident in project INC.
    pub incidents: u64,
    /// How many of those are open and older than 30 days.
    pub incidents_overdue: u64,
    /// Issues of type Task in project TEAM.
    pub tasks: u64,
    /// Accounts beside the named ones.
    pub accounts: usize,
    /// Groups `team-1` …, each with its share of those accounts.
    pub teams: usize,
    /// Whether accounts worked on the issues: up to six changes, two comments and a worklog each, of which the last is
    /// spread evenly over `activity_days`. The last quarter of the `accounts` does nothing. An issue is created before its
    /// first change, so that more incidents than `incidents_overdue` can be old.
    pub activity: bool,
    /// Days back from the start over which the last changes of the issues are spread.
    pub activity_days: i64,
    /// Whether there is a project VULN that demands six custom fields and has one of every type beside them, and whether
    /// the team-managed project TEAM has and demands the same of what it can have.
    pub every_field: bool,
}

impl Default for Seed {
    fn default() -> Self {
        Self {
            change_tickets: 24,
            change_unassigned: 3,
            days: 80,
            incidents: 8,
            incidents_overdue: 2,
            tasks: 0,
            accounts: 0,
            teams: 0,
            activity: false,
            activity_days: 60,
            every_field: false,
        }
    }
}

impl Seed {
    /// The demo's projects and accounts without any issue.
    pub fn empty() -> Self {
        let none = Self::default();
        Self { change_tickets: 0, change_unassigned: 0, incidents: 0, incidents_overdue: 0, ..none }
    }

    pub(crate) fn accounts(&self, now: Timestamp) -> (Accounts, Vec<ApiToken>) {
        let mut accounts = vec![Account::person("acc-admin", "Site administrator", "admin@example.com")];
        accounts[0].admin = true;
        "Europe/Berlin".clone_into(&mut accounts[0].time_zone);
        accounts[0].groups = [ADMINISTRATORS, SITE_ADMINS, USERS].map(str::to_owned).to_vec();
        accounts[0].organisation_roles =
            ["atlassian/org-admin", "atlassian/site-admin"].map(str::to_owned).to_vec();
        accounts[0].last_active = Some(plus_seconds(now, -3600));
        for number in 1..=9_usize {
            let id = format!("acc-{number}");
            accounts.push(Account::person(
                &id,
                &format!("Account {number}"),
                &format!("account-{number}@example.com"),
            ));
            accounts[number].last_active =
                i64::try_from(number).ok().map(|number| plus_seconds(now, -number * 5 * DAY_MS / 1000));
        }
        for agent in &mut accounts[2..=3] {
            agent.groups.push(SERVICE_AGENTS.to_owned());
        }
        // One reads Jira in German, one hides its address.
        "de_DE".clone_into(&mut accounts[9].locale);
        accounts[8].email_hidden = true;
        let mut inactive = Account::person("acc-inactive", "Former account", "former@example.com");
        inactive.active = false;
        let other = |id: &str, name: &str, kind| Account {
            kind,
            groups: Vec::new(),
            ..Account::person(id, name, &format!("{id}@example.com"))
        };
        accounts.push(inactive);
        accounts.push(other("acc-app", "Installed app", AccountKind::App));
        accounts.push(other("acc-customer", "Portal customer", AccountKind::Customer));
        let mut service = other("acc-service", "Service account", AccountKind::Service);
        "service@serviceaccount.atlassian.com".clone_into(&mut service.email);
        accounts.push(service);
        let rule = BulkAccounts { count: self.accounts, teams: self.teams, made: now };
        (Accounts::new(accounts, rule), tokens())
    }

    pub(crate) fn sites(&self, now: Timestamp) -> Vec<Site> {
        let demo = Site {
            domain: "demo.atlassian.net".to_owned(),
            cloud_id: "11111111-2222-4333-8444-555555555555".to_owned(),
            name: "demo".to_owned(),
            statuses: default_statuses(10_004),
            issue_types: default_issue_types(),
            groups: default_groups(self.teams),
            projects: self.projects(),
            issues: IssueStore::new(self.bulk(now), 20_000),
        };
        let other = Site {
            domain: "other.atlassian.net".to_owned(),
            cloud_id: "99999999-2222-4333-8444-555555555555".to_owned(),
            name: "other".to_owned(),
            projects: vec![Project::new(
                10_001,
                "OTH",
                "Another site's work",
                &[TASK, BUG, EPIC],
                Workflow::simple(),
            )],
            issues: IssueStore::new(Vec::new(), 20_000),
            ..demo.clone()
        };
        vec![demo, other]
    }

    fn projects(&self) -> Vec<Project> {
        let common = [TASK, BUG, EPIC, SUBTASK];
        let with = |extra: u64| [common.as_slice(), &[extra]].concat();
        let mut changes = Project::new(10_001, "CHG", "Change management", &with(CHANGE), Workflow::simple());
        let mut incidents = Project::new(10_002, "INC", "Incidents", &with(INCIDENT), Workflow::simple());
        let compliance = Project::new(10_003, "SEC", "Compliance work", &common, Workflow::reviewed());
        let mut team = Project::new(10_004, "TEAM", "Team board", &common, Workflow::team());
        team.team_managed = true;
        // Team-managed projects have no priority or environment unless somebody adds them.
        team.fields.retain(|field| !matches!(field.id.as_str(), "priority" | "environment"));
        changes.last_number = self.change_tickets;
        incidents.last_number = self.incidents;
        team.last_number = self.tasks;
        let mut projects = vec![changes, incidents, compliance, team];
        if self.every_field {
            projects.push(Project::new(10_005, "VULN", "Vulnerabilities", &common, Workflow::simple()));
            for project in &mut projects[3..] {
                // What is put in here is known to be right.
                let _ = field::several(project, &field::demanding());
                let _ = field::several(project, &field::every(project.team_managed));
            }
        }
        projects
    }

    fn bulk(&self, now: Timestamp) -> Vec<Bulk> {
        let span_ms = self.days.max(1).saturating_mul(DAY_MS);
        let mut first_id = 20_001;
        let mut bulks = Vec::new();
        for (kind, project, count, marked) in [
            (BulkKind::Change, 10_001, self.change_tickets, self.change_unassigned),
            (BulkKind::Incident, 10_002, self.incidents, self.incidents_overdue),
            (BulkKind::Task, 10_004, self.tasks, 0),
        ] {
            bulks.push(Bulk {
                kind,
                project,
                first_id,
                count,
                marked: marked.min(count),
                made: now,
                span_ms,
                activity: self.activity.then(|| {
                    let active_ms = self.activity_days.max(1).saturating_mul(DAY_MS);
                    Rule::new(first_id, count, self.accounts as u64, now, active_ms)
                }),
            });
            first_id += count;
        }
        bulks
    }
}

fn tokens() -> Vec<ApiToken> {
    let all: BTreeSet<String> = CLASSIC_SCOPES.iter().map(|scope| (*scope).to_owned()).collect();
    let token = |account: &str, text: &str, scopes| ApiToken {
        account: account.to_owned(),
        text: text.to_owned(),
        scopes,
        expires: None,
    };
    let mut tokens = vec![
        token("acc-admin", "sim-admin-token", None),
        token("acc-admin", "sim-scoped-token", Some(all.clone())),
        token("acc-service", "sim-service-token", Some(all)),
    ];
    for number in 1..=9 {
        tokens.push(token(&format!("acc-{number}"), &format!("sim-token-{number}"), None));
    }
    tokens
}
