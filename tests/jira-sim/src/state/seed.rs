//! What a site holds at the start: the demo site, an empty one, or one of any size.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    account::{Account, AccountKind, ApiToken},
    accounts::{Accounts, BulkAccounts},
    group::{ADMINISTRATORS, SERVICE_AGENTS, SITE_ADMINS, USERS, default_groups},
    issue::{Change, ChangeItem, Issue},
    project::Project,
    site::Site,
    store::IssueStore,
    vocabulary::{
        BUG, CHANGE, DONE, EPIC, IN_PROGRESS, INCIDENT, SUBTASK, TASK, TO_DO, default_issue_types,
        default_statuses,
    },
    workflow::Workflow,
};
use crate::{
    clock::{plus_millis, plus_seconds},
    operation::CLASSIC_SCOPES,
};

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
        vec![changes, incidents, compliance, team]
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BulkKind {
    Change,
    Incident,
    Task,
}

/// A row of seeded issues: a rule from a number to an issue, oldest first.
#[derive(Debug, Clone)]
pub(crate) struct Bulk {
    kind: BulkKind,
    pub(crate) project: u64,
    pub(crate) first_id: u64,
    pub(crate) count: u64,
    /// How many are out of order: without assignee, or overdue.
    marked: u64,
    made: Timestamp,
    span_ms: i64,
}

impl Bulk {
    pub(crate) fn id_of(&self, project: u64, number: u64) -> Option<u64> {
        (project == self.project && (1..=self.count).contains(&number)).then(|| self.first_id + number - 1)
    }

    pub(crate) fn issue(&self, id: u64) -> Option<Issue> {
        let position = id.checked_sub(self.first_id).filter(|position| *position < self.count)?;
        let (created, young) = self.created(position);
        let marked = self.is_marked(position);
        let number = position + 1;
        let (issue_type, summary, status) = match self.kind {
            BulkKind::Change => {
                let status = [DONE, DONE, IN_PROGRESS, TO_DO][usize::try_from(position % 4).unwrap_or(0)];
                (CHANGE, format!("Change {number}: roll out a configuration"), status)
            }
            BulkKind::Incident => {
                let open = marked || (young && position % 2 == 0);
                (
                    INCIDENT,
                    format!("Incident {number}: a service was slow"),
                    if open { IN_PROGRESS } else { DONE },
                )
            }
            BulkKind::Task => (TASK, format!("Task {number}"), super::vocabulary::TEAM_TO_DO),
        };
        let unassigned = self.kind == BulkKind::Change && marked;
        let moved = plus_seconds(created, 3600).min(self.made);
        let done = status == DONE;
        let history = if matches!(status, TO_DO | super::vocabulary::TEAM_TO_DO) {
            Vec::new()
        } else {
            vec![status_change(id, moved, status)]
        };
        Some(Issue {
            id,
            project: self.project,
            number,
            issue_type,
            summary,
            description: None,
            status,
            priority: (self.kind != BulkKind::Task).then(|| u8::try_from(position % 5 + 1).unwrap_or(3)),
            resolution: done.then_some(10_000),
            assignee: (!unassigned).then(|| format!("acc-{}", position % 9 + 1)),
            reporter: format!("acc-{}", (position + 4) % 9 + 1),
            creator: format!("acc-{}", (position + 4) % 9 + 1),
            labels: Vec::new(),
            parent: None,
            properties: BTreeMap::new(),
            fields: BTreeMap::new(),
            created,
            updated: if history.is_empty() { created } else { moved },
            status_changed: if history.is_empty() { created } else { moved },
            resolved: done.then_some(moved),
            history,
            comments: Vec::new(),
            archived: None,
        })
    }

    /// When the issue was created, and whether that is less than 30 days ago.
    fn created(&self, position: u64) -> (Timestamp, bool) {
        let count = i128::from(self.count.max(1));
        let age = i128::from(self.span_ms) * (count - i128::from(position)) / count;
        // The last one is not created in the very instant of the seed.
        let age_ms = i64::try_from(age).unwrap_or(self.span_ms).saturating_sub(DAY_MS / 24);
        (plus_millis(self.made, -age_ms), age_ms < 30 * DAY_MS)
    }

    fn is_marked(&self, position: u64) -> bool {
        match self.kind {
            // Spread evenly: the position where the running share steps up.
            BulkKind::Change => {
                let share = |number: u64| {
                    u128::from(number) * u128::from(self.marked) / u128::from(self.count.max(1))
                };
                share(position + 1) > share(position)
            }
            // The oldest ones.
            BulkKind::Incident => position < self.marked,
            BulkKind::Task => false,
        }
    }
}

fn status_change(issue: u64, created: Timestamp, to: u64) -> Change {
    let name = if to == DONE { "Done" } else { "In Progress" };
    let from = Some((TO_DO.to_string(), "To Do".to_owned()));
    let item = ChangeItem::new("status", from, Some((to.to_string(), name.to_owned())));
    Change { id: issue + 50_000_000, author: "acc-1".to_owned(), created, items: vec![item] }
}
