//! The planner: which tickets there must be, and whether they should be open or closed.
//!
//! Reads tasks, sync settings and tickets; decides what to plan, close and link; writes nothing. Next comes
//! `operations::planning`, which writes it, and then `create-tickets`.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::Result;
use crate::ids::{TaskId, TenantId, TicketId, fixed};
use crate::sync_setting::{ClosureRule, SyncSetting, nearest};
use crate::task::{self, Task};
use crate::ticket::{Content, State, Ticket, Wanted};
use crate::trace::Entry;

/// What is to be written.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Plan {
    /// Tickets to be put, if they are not there.
    pub new: Vec<Ticket>,
    /// Tickets that are there and whose wish changes.
    pub changed: Vec<Ticket>,
    /// Tasks and the tickets that now stand for them.
    pub links: Vec<(TaskId, TicketId)>,
}

impl Plan {
    /// Takes everything out that follows from a task which could not be written.
    pub fn forget(&mut self, task: &TaskId) {
        let concerns = |ticket: &Ticket| ticket.tasks.contains(task);
        self.new.retain(|ticket| !concerns(ticket));
        self.changed.retain(|ticket| !concerns(ticket));
        self.links.retain(|(linked, _)| linked != task);
    }
}

/// The fixed id of the ticket that stands for one generation of one task.
///
/// The setting is not part of it: a task must not get a second issue because somebody changed a setting.
pub fn ticket_id(tenant: &TenantId, task: &Task) -> Result<TicketId> {
    TicketId::parse(&format!(
        "tkt-{}",
        fixed(&[tenant.as_str(), task.id.as_str(), &task.generation.to_string()])
    ))
}

/// Decides. `tickets` are those of the given tasks, settled ones included.
pub fn plan(
    tenant: &TenantId,
    tasks: &[Task],
    settings: &[SyncSetting],
    tickets: &[Ticket],
    now: Timestamp,
) -> Result<Plan> {
    let by_id: BTreeMap<&TicketId, &Ticket> = tickets.iter().map(|ticket| (&ticket.id, ticket)).collect();
    let mut plan = Plan::default();
    for task in tasks {
        let id = ticket_id(tenant, task)?;
        match (task.state, by_id.get(&id)) {
            (task::State::Open, None) => {
                let Some(setting) = nearest(settings, task.check) else { continue };
                plan.new.push(new_ticket(id.clone(), task, setting, now));
                plan.links.push((task.id.clone(), id));
            }
            (task::State::Open, Some(_)) if task.ticket.as_ref() != Some(&id) => {
                plan.links.push((task.id.clone(), id));
            }
            (task::State::Open, Some(ticket)) => plan.changed.extend(moved(ticket, task, settings, now)),
            (task::State::Resolved, Some(ticket)) if wants_closing(ticket, settings) => {
                plan.changed.push(closing(ticket, now));
            }
            (task::State::Resolved, _) => {}
        }
    }
    Ok(plan)
}

fn wants_closing(ticket: &Ticket, settings: &[SyncSetting]) -> bool {
    let rule = settings
        .iter()
        .find(|setting| setting.id == ticket.setting)
        .map_or(ClosureRule::All, |setting| setting.closure_rule);
    let live = !matches!(ticket.state, State::Closed { .. } | State::Gone { .. });
    // A ticket of one task: "all" and "any" of them are the same.
    live && ticket.wanted == Wanted::Open && rule != ClosureRule::Never
}

fn closing(ticket: &Ticket, now: Timestamp) -> Ticket {
    let mut ticket = ticket.clone();
    ticket.want_closed(now);
    ticket
}

/// The ticket with the setting that is in force now, if it has no issue and may have none, and its setting was changed,
/// deleted or is not the nearest any more: what Jira refuses in one place may be right in another.
fn moved(ticket: &Ticket, task: &Task, settings: &[SyncSetting], now: Timestamp) -> Option<Ticket> {
    let setting = nearest(settings, task.check)?;
    let untried = matches!(ticket.state, State::Planned | State::Failed { .. })
        && ticket.lease.is_none()
        && ticket.doubted_since.is_none()
        && ticket.wanted == Wanted::Open;
    let same = ticket.connection == setting.connection
        && ticket.project == setting.project
        && ticket.issue_type == setting.issue_type;
    if !untried || same {
        return None;
    }
    let fresh = new_ticket(ticket.id.clone(), task, setting, now);
    let mut moved = Ticket {
        attempts: ticket.attempts,
        trace: ticket.trace.clone(),
        created_at: ticket.created_at,
        version: ticket.version,
        ..fresh
    };
    moved.due_at = Some(now);
    let what = format!("will be created in project {}", setting.project_key);
    moved.record(Entry::new(now, "planner", what, "the sync setting changed"));
    Some(moved)
}

fn new_ticket(id: TicketId, task: &Task, setting: &SyncSetting, now: Timestamp) -> Ticket {
    let mut ticket = Ticket {
        tenant: task.tenant.clone(),
        id,
        setting: setting.id.clone(),
        connection: setting.connection.clone(),
        cloud_id: None,
        project: setting.project.clone(),
        issue_type: setting.issue_type.clone(),
        tasks: vec![task.id.clone()],
        content: Content::of_task(task, &setting.labels, setting.epic.as_ref()),
        wanted: Wanted::Open,
        state: State::Planned,
        twins: Vec::new(),
        issue_status: None,
        attempts: 0,
        doubted_since: None,
        left_out: Vec::new(),
        lease: None,
        not_before: None,
        due_at: None,
        trace: Vec::new(),
        created_at: now,
        updated_at: now,
        version: 0,
    };
    ticket.planned(now);
    let why = format!("check {} fails for {}: {}", task.check, task.subject.key, task.why);
    ticket.record(Entry::new(now, "planner", "planned", why));
    ticket
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;

#[cfg(test)]
pub(crate) mod tests_support {
    //! Samples that the tests of planner and ticket share.

    use jiff::Timestamp;

    use crate::check::CheckId;
    use crate::ids::{ConnectionId, IssueTypeId, ProjectId, RunId, SettingId, TaskId, TenantId};
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
            closure_rule: ClosureRule::All,
            enabled: true,
            created_at: at,
            updated_at: at,
            version: 1,
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
            assignee: None,
            due_at: at,
            state: State::Open,
            generation: 1,
            opened_by: RunId::parse("run").unwrap(),
            opened_at: at,
            resolved_at: None,
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
            now,
        );
        made.unwrap().new.remove(0)
    }
}
