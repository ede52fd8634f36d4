//! Disabling a sync setting: its tickets are kept or deleted, in the background.
//!
//! Reads the setting's tickets and, where that matters, on which issues people commented; decides what is wanted of each
//! ticket; [`super::finishing`] writes it, and `create-tickets` comes next, which deletes.

use std::collections::BTreeMap;

use super::session::JiraAccess;
use crate::dynamodb::{Page, TicketFilter};
use crate::ids::IssueId;
use crate::quota::Priority;
use crate::sync_setting::{Retirement, SyncSetting};
use crate::ticket::{HowGone, State, Ticket, Wanted};
use crate::{Error, Result};

/// How many tickets are looked at together: as many as one call fetches issues.
pub(super) const TOGETHER: usize = 100;

/// A ticket whose issue people commented on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Commented {
    /// The ticket.
    pub ticket: Ticket,
    /// How many comments people wrote, at least.
    pub comments: u64,
}

/// How far disabling has come.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Progress {
    /// Tickets of the setting.
    pub tickets: u64,
    /// Tickets that stay as they are.
    pub kept: u64,
    /// Issues deleted.
    pub deleted: u64,
    /// Issues that are still to be deleted.
    pub to_delete: u64,
    /// Tickets whose issue could not be deleted yet, with why; at most a hundred are told.
    pub refused: Vec<(Ticket, String)>,
}

/// How many refusals are told one by one.
const TOLD: usize = 100;

/// A page of the setting's tickets whose issues people commented on. Looks at up to a hundred tickets, so that a page may
/// be empty and yet not the last.
pub async fn commented(
    jira: &JiraAccess,
    setting: &SyncSetting,
    cursor: Option<&str>,
) -> Result<Page<Commented>> {
    let filter = TicketFilter { setting: Some(setting.id.clone()), state: None };
    let page = jira.core.store.list_tickets(&setting.tenant, &filter, cursor, TOGETHER).await?;
    let counts = comments(jira, setting, &page.items, Priority::UserAction).await?;
    let commented = page.items.into_iter().filter_map(|ticket| {
        let comments = *counts.get(&ticket.state.issue()?.id)?;
        (comments > 0).then_some(Commented { ticket, comments })
    });
    Ok(Page { items: commented.collect(), next: page.next })
}

async fn comments(
    jira: &JiraAccess,
    setting: &SyncSetting,
    tickets: &[Ticket],
    priority: Priority,
) -> Result<BTreeMap<IssueId, u64>> {
    let there = |ticket: &&Ticket| !matches!(ticket.state, State::Gone { .. });
    let ids: Vec<IssueId> = tickets
        .iter()
        .filter(there)
        .filter_map(|ticket| ticket.state.issue().map(|issue| issue.id.clone()))
        .collect();
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let (tenant, id) = (&setting.tenant, &setting.connection);
    let (connection, client) = super::settings::open(jira, tenant, id, priority).await?;
    let Some(account) = &connection.account else {
        let message = format!(
            "connection {id} was never verified, so that our own comments cannot be told from people's; verify it"
        );
        return Err(Error::conflict(message));
    };
    let counts = client.comments_of_people(&ids, &account.id).await;
    jira.book(&connection, &client).await?;
    let mut counts = counts.map_err(Error::from)?;
    // Of an issue that Jira did not tell about, it is taken that people commented on it.
    for id in ids {
        counts.entry(id).or_insert(1);
    }
    Ok(counts)
}

/// What a disabled setting wishes of some of its tickets: those that change.
pub(super) async fn retire(
    jira: &JiraAccess,
    setting: &SyncSetting,
    tickets: Vec<Ticket>,
) -> Result<Vec<Ticket>> {
    let Some(disabled) = &setting.disabled else { return Ok(Vec::new()) };
    let undecided = |ticket: &Ticket| match disabled.tickets {
        Retirement::Keep => ticket.wanted != Wanted::Kept,
        // One that is kept may be so since it was disabled otherwise; one that is gone has no comments any more.
        Retirement::Delete | Retirement::DeleteUncommented => ticket.wanted != Wanted::Deleted,
    };
    let mut tickets: Vec<Ticket> = tickets.into_iter().filter(undecided).collect();
    let commented = match disabled.tickets {
        Retirement::DeleteUncommented => comments(jira, setting, &tickets, Priority::Sync).await?,
        Retirement::Keep | Retirement::Delete => BTreeMap::new(),
    };
    let now = jira.core.clock.now();
    for ticket in &mut tickets {
        let comments = ticket.state.issue().and_then(|issue| commented.get(&issue.id)).copied().unwrap_or(0);
        let (wanted, why) = match disabled.tickets {
            Retirement::Keep => (Wanted::Kept, "its sync setting was disabled, its tickets kept"),
            Retirement::DeleteUncommented if comments > 0 => {
                (Wanted::Kept, "its sync setting was disabled; people commented on the issue")
            }
            Retirement::Delete | Retirement::DeleteUncommented => {
                (Wanted::Deleted, "its sync setting was disabled, its tickets deleted")
            }
        };
        ticket.want(wanted, why, now);
    }
    Ok(tickets)
}

/// What an enabled setting wishes of some of its tickets that it left alone while it was not in force, as far as no task
/// asks for them: they are wanted closed, and their issues looked at. Those that tasks ask for are the planner's.
pub(super) async fn take_up(jira: &JiraAccess, tickets: Vec<Ticket>) -> Result<Vec<Ticket>> {
    let now = jira.core.clock.now();
    let mut taken = Vec::new();
    for mut ticket in tickets.into_iter().filter(was_left_alone) {
        let tasks = jira.core.store.tasks_by_id(&ticket.tenant, &ticket.tasks).await?;
        if tasks.iter().any(|task| task.ticket.as_ref() == Some(&ticket.id)) {
            continue;
        }
        ticket.want(
            Wanted::Closed,
            "its sync setting is in force again, and its tasks have another ticket",
            now,
        );
        if ticket.issue_to_look_at().is_some() {
            ticket.hear(now);
        }
        taken.push(ticket);
    }
    Ok(taken)
}

fn was_left_alone(ticket: &Ticket) -> bool {
    let is_gone = matches!(ticket.state, State::Gone { .. });
    ticket.wanted == Wanted::Kept || (ticket.wanted == Wanted::Deleted && !is_gone)
}

/// How far disabling a setting has come, by its tickets.
pub async fn progress(jira: &JiraAccess, setting: &SyncSetting) -> Result<Progress> {
    let filter = TicketFilter { setting: Some(setting.id.clone()), state: None };
    let mut progress = Progress::default();
    let mut cursor = None;
    loop {
        let page =
            jira.core.store.list_tickets(&setting.tenant, &filter, cursor.as_deref(), TOGETHER).await?;
        for ticket in page.items {
            progress.tickets += 1;
            match (&ticket.state, ticket.wanted) {
                (State::Gone { how: HowGone::ByUs, .. }, _) => progress.deleted += 1,
                (_, Wanted::Kept) => progress.kept += 1,
                (State::Gone { .. } | State::Closed { issue: None }, _)
                | (_, Wanted::Open | Wanted::Closed) => {}
                (_, Wanted::Deleted) => {
                    progress.to_delete += 1;
                    let problem = ticket.problem.as_ref().map(|problem| problem.what.clone());
                    if let Some(why) = problem.filter(|_| progress.refused.len() < TOLD) {
                        progress.refused.push((ticket, why));
                    }
                }
            }
        }
        cursor = page.next;
        if cursor.is_none() {
            return Ok(progress);
        }
    }
}
