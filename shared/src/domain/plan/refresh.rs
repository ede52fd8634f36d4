//! What a ticket says and wants, by its tasks and its sync setting.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::Planning;
use crate::ids::{TaskId, TicketId};
use crate::sync_setting::{ClosureRule, Retirement, SyncSetting, nearest};
use crate::task::Task;
use crate::ticket::{Content, State, Ticket, Wanted};
use crate::trace::Entry;

impl Planning<'_> {
    /// Brings every ticket up to date with its tasks.
    pub(super) fn refresh(&mut self) {
        // Once for all, so that ten thousand tickets do not each go through ten thousand tasks.
        let mut linked: BTreeMap<TicketId, Vec<&Task>> = BTreeMap::new();
        for task in self.tasks.values() {
            if let Some(ticket) = self.link(task) {
                linked.entry(ticket.clone()).or_default().push(task);
            }
        }
        let ids: Vec<_> = self.tickets.keys().cloned().collect();
        for id in ids {
            let Some(mut ticket) = self.tickets.remove(&id) else { continue };
            self.bring_up_to_date(&mut ticket, linked.get(&id).map_or(&[], Vec::as_slice));
            self.tickets.insert(id, ticket);
        }
    }

    fn bring_up_to_date(&self, ticket: &mut Ticket, linked: &[&Task]) {
        let members = self.members(ticket, linked);
        ticket.tasks = members.iter().map(|task| task.id.clone()).collect();
        let covering = members.iter().find(|task| task.is_open()).or(members.first());
        let covering = covering.and_then(|task| nearest(self.settings, task));
        let own = self.setting(&ticket.setting);
        let setting = match own {
            Some(own) if own.enabled => own,
            // Its own setting is not in force: another one that is for its tasks adopts it.
            _ => match covering {
                Some(covering) if ticket.wanted != Wanted::Deleted => covering,
                _ => return retire(ticket, own, self.now),
            },
        };
        if ticket.setting != setting.id {
            ticket.setting = setting.id.clone();
        }
        self.want(ticket, &members, setting);
        self.follow(ticket, &members);
        self.move_untried(ticket, covering.unwrap_or(setting));
        self.describe(ticket, &members, setting);
    }

    /// The tasks that the ticket stands for, in the order of its list; new ones come last. `linked` are those that are linked
    /// to it.
    fn members<'a>(&'a self, ticket: &Ticket, linked: &[&'a Task]) -> Vec<&'a Task> {
        let is_member = |task: &&Task| self.link(task).is_some_and(|linked| *linked == ticket.id);
        let listed: BTreeSet<&TaskId> = ticket.tasks.iter().collect();
        let first = ticket.tasks.iter().filter_map(|id| self.tasks.get(id).copied()).filter(is_member);
        let unlisted = linked.iter().copied().filter(|task| !listed.contains(&task.id));
        first.chain(unlisted).collect()
    }

    /// What the tasks want of the issue.
    fn want(&self, ticket: &mut Ticket, members: &[&Task], setting: &SyncSetting) {
        if ticket.wanted == Wanted::Kept {
            // What happened to the issue meanwhile is to be seen before anything is written.
            let what = "adopted by its sync setting again";
            ticket.record(Entry::new(self.now, "planner", what, "the sync setting is in force"));
            if ticket.issue_to_look_at().is_some() {
                ticket.hear(self.now);
            }
        }
        let wanted = wanted(ticket, members, setting);
        let why = match wanted {
            Wanted::Closed if members.is_empty() => "its tasks have another ticket",
            Wanted::Closed => "its tasks are done, as the closure rule says",
            Wanted::Open | Wanted::Deleted | Wanted::Kept => "a task of it is to be done",
        };
        ticket.want(wanted, why, self.now);
    }

    /// Pull requests that were said to be about findings before those had a ticket.
    fn follow(&self, ticket: &mut Ticket, members: &[&Task]) {
        for task in members {
            for (id, pull) in task.finding.iter().flat_map(|finding| &finding.pulls) {
                let is_known = ticket.pulls.get(id).is_some_and(|followed| {
                    followed.is_about(&task.id) && followed.pull.changed_at >= pull.changed_at
                });
                if !is_known {
                    ticket.follow_pull(id, pull, &BTreeSet::from([task.id.clone()]), self.now);
                }
            }
        }
    }

    /// A ticket without an issue follows its setting: what Jira refuses in one place may be right in another.
    fn move_untried(&self, ticket: &mut Ticket, setting: &SyncSetting) {
        let untried = match &ticket.state {
            State::Planned | State::Failed { .. } => {
                ticket.lease.is_none() && ticket.doubted_since.is_none() && ticket.wanted == Wanted::Open
            }
            State::Closed { issue: None } => ticket.doubted_since.is_none(),
            State::Creating { .. }
            | State::Unknown { .. }
            | State::Open { .. }
            | State::Closing { .. }
            | State::Closed { issue: Some(_) }
            | State::Reopening { .. }
            | State::Gone { .. } => false,
        };
        let same = is_at_home(ticket, setting);
        // A batch belongs to its setting: its tasks move when they get another place.
        if !untried || same || (ticket.batch.is_some() && ticket.setting != setting.id) {
            return;
        }
        ticket.setting = setting.id.clone();
        ticket.connection = setting.connection.clone();
        ticket.project = setting.project.clone();
        ticket.issue_type = setting.issue_type.clone();
        ticket.left_out.clear();
        ticket.problem = None;
        if let State::Failed { .. } = ticket.state {
            ticket.state = State::Planned;
        }
        let what = format!("will be created in project {}", setting.project_key);
        ticket.record(Entry::new(self.now, "planner", what, "the sync setting changed"));
        ticket.hurry(self.now);
    }

    /// What the issue is to say.
    fn describe(&self, ticket: &mut Ticket, members: &[&Task], setting: &SyncSetting) {
        // One that is to be opened again must then say what is so now.
        let is_there = !matches!(ticket.state, State::Gone { .. });
        let is_worth_it = match ticket.wanted {
            Wanted::Open => is_there,
            Wanted::Closed | Wanted::Deleted | Wanted::Kept => ticket.is_live() && ticket.batch.is_some(),
        };
        if !is_worth_it || members.is_empty() {
            return;
        }
        let mut content = match (&ticket.batch, members) {
            (Some(batch), _) => Content::of_batch(members, batch, setting),
            (None, [task, ..]) => Content::of_task(task, setting),
            (None, []) => return,
        };
        // A mapping is for the fields of its own project and type: an issue elsewhere, adopted or moved, may not have them.
        if !is_at_home(ticket, setting) {
            content.fields.clear();
        }
        if content != ticket.content {
            // A mapped value that Jira refused says nothing about another one.
            let before = &ticket.content.fields;
            ticket.left_out.retain(|id| content.fields.get(id) == before.get(id));
            ticket.content = content;
            if !ticket.to_write().is_empty() {
                ticket.hurry(self.now);
            }
        }
    }
}

/// Whether a ticket is where its setting creates tickets.
fn is_at_home(ticket: &Ticket, setting: &SyncSetting) -> bool {
    ticket.connection == setting.connection
        && ticket.project == setting.project
        && ticket.issue_type == setting.issue_type
}

fn wanted(ticket: &Ticket, members: &[&Task], setting: &SyncSetting) -> Wanted {
    let is_done = |task: &&Task| !task.is_open();
    let by_rule = match setting.closure_rule {
        _ if members.is_empty() => Wanted::Closed,
        ClosureRule::All | ClosureRule::Any if members.iter().all(is_done) => Wanted::Closed,
        ClosureRule::Any if members.iter().any(|task| ends(ticket, task).is_some()) => Wanted::Closed,
        ClosureRule::All | ClosureRule::Any | ClosureRule::Never => Wanted::Open,
    };
    match &ticket.state {
        // The tasks are told first what a person did to the issue, or the issue is not there.
        State::Closed { issue: Some(_) } | State::Gone { .. } if ticket.news.is_some() => kept_wish(ticket),
        State::Gone { .. } => kept_wish(ticket),
        // A closed ticket opens only for a task that is to be done and whose place is here by the reopen rule.
        State::Closed { issue: Some(_) } => {
            let is_needed = members.iter().any(|task| task.is_open()) && !covers(ticket, setting);
            if is_needed && setting.reopen_rule.reopens_issues() { by_rule } else { Wanted::Closed }
        }
        State::Planned
        | State::Creating { .. }
        | State::Unknown { .. }
        | State::Open { .. }
        | State::Closing { .. }
        | State::Closed { issue: None }
        | State::Reopening { .. }
        | State::Failed { .. } => by_rule,
    }
}

/// Since when a task that is done is a reason to close the ticket by the rule "any"; none if it is not: if it was done before
/// the ticket had an issue, or before a person reopened that.
pub(super) fn ends(ticket: &Ticket, task: &Task) -> Option<Timestamp> {
    let counts_since = ticket.counts_since?;
    task.ended_at().filter(|ended_at| *ended_at > counts_since)
}

/// Whether a ticket that is closed stands for its open tasks all the same: a batch that the rule "any" closed. What is
/// opened after that goes into the next generation.
pub(super) fn covers(ticket: &Ticket, setting: &SyncSetting) -> bool {
    ticket.batch.is_some() && setting.closure_rule == ClosureRule::Any
}

/// The wish as it stands; one that was set aside while the setting was not in force is to be open again.
fn kept_wish(ticket: &Ticket) -> Wanted {
    match ticket.wanted {
        Wanted::Kept | Wanted::Deleted => Wanted::Open,
        wanted @ (Wanted::Open | Wanted::Closed) => wanted,
    }
}

/// The ticket's sync setting is not in force, and no other one is for its tasks.
fn retire(ticket: &mut Ticket, setting: Option<&SyncSetting>, now: Timestamp) {
    let has_issue = ticket.state.issue().is_some();
    let how = setting.and_then(|setting| setting.disabled.as_ref()).map(|disabled| disabled.tickets);
    let wanted = match (how, ticket.wanted) {
        // Which issues people commented on is found out by those who delete.
        (Some(Retirement::DeleteUncommented), wanted) if has_issue => wanted,
        (Some(Retirement::Delete | Retirement::DeleteUncommented), _) => Wanted::Deleted,
        (Some(Retirement::Keep) | None, _) => Wanted::Kept,
    };
    ticket.want(wanted, "its sync setting is not in force", now);
}
