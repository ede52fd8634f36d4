//! Disabling a sync setting: its tickets are kept or deleted, in the background.
//!
//! Reads the setting's tickets and, where that matters, on which issues people commented; decides what is wanted of each
//! ticket; [`super::finishing`] writes it, and `create-tickets` comes next, which deletes.

use std::collections::BTreeMap;

use super::session::JiraAccess;
use crate::connection::Connection;
use crate::dynamodb::{Page, TicketFilter};
use crate::ids::{ConnectionId, IssueId, TicketId};
use crate::quota::Priority;
use crate::sync_setting::{Retirement, SyncSetting};
use crate::task::Task;
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
    let counts = comments(jira, &page.items, Priority::UserAction).await?;
    let commented = page.items.into_iter().filter_map(|ticket| {
        let comments = *counts.get(&ticket.id)?;
        (comments > 0).then_some(Commented { ticket, comments })
    });
    Ok(Page { items: commented.collect(), next: page.next })
}

/// How many comments people wrote below the tickets' issues, at least, by ticket; asked through each ticket's own connection.
async fn comments(
    jira: &JiraAccess,
    tickets: &[Ticket],
    priority: Priority,
) -> Result<BTreeMap<TicketId, u64>> {
    let mut by_connection: BTreeMap<&ConnectionId, Vec<(&TicketId, &IssueId)>> = BTreeMap::new();
    let Some(tenant) = tickets.first().map(|ticket| &ticket.tenant) else { return Ok(BTreeMap::new()) };
    for ticket in tickets.iter().filter(|ticket| !matches!(ticket.state, State::Gone { .. })) {
        if let Some(issue) = ticket.state.issue() {
            by_connection.entry(&ticket.connection).or_default().push((&ticket.id, &issue.id));
        }
    }
    let mut counts = BTreeMap::new();
    for (id, of_connection) in by_connection {
        let issues: Vec<IssueId> = of_connection.iter().map(|(_, issue)| (*issue).clone()).collect();
        let found = match jira.core.store.connection(tenant, id).await? {
            Some(connection) if connection.state != crate::connection::State::Disconnected => {
                comments_through(jira, &connection, &issues, priority).await?
            }
            // What cannot be read cannot be deleted either.
            Some(_) | None => BTreeMap::new(),
        };
        for (ticket, issue) in of_connection {
            // Of an issue that Jira did not tell about, it is taken that people commented on it.
            counts.insert(ticket.clone(), found.get(issue).copied().unwrap_or(1));
        }
    }
    Ok(counts)
}

async fn comments_through(
    jira: &JiraAccess,
    connection: &Connection,
    issues: &[IssueId],
    priority: Priority,
) -> Result<BTreeMap<IssueId, u64>> {
    let Some(account) = &connection.account else {
        let message = format!(
            "connection {} was never verified, so that our own comments cannot be told from people's; verify it",
            connection.id
        );
        return Err(Error::conflict(message));
    };
    let client = jira.open_within_quota(connection, priority, 0).await?;
    let counts = client.comments_of_people(issues, &account.id).await;
    jira.book(connection, &client).await?;
    counts.map_err(Error::from)
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
        // One that is kept may be so since it was disabled otherwise. Before each delete comments are read again.
        Retirement::Delete | Retirement::DeleteUncommented => ticket.wanted != Wanted::Deleted,
    };
    let mut tickets: Vec<Ticket> = tickets.into_iter().filter(undecided).collect();
    let commented = match disabled.tickets {
        Retirement::DeleteUncommented => comments(jira, &tickets, Priority::Sync).await?,
        Retirement::Keep | Retirement::Delete => BTreeMap::new(),
    };
    let now = jira.core.clock.now();
    for ticket in &mut tickets {
        let comments = commented.get(&ticket.id).copied().unwrap_or(0);
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

/// What becomes of the tickets that an enabled setting left alone while it was not in force.
#[derive(Default)]
pub(super) struct TakenUp {
    /// Those that no task asks for: they are wanted closed, and their issues looked at.
    pub(super) wished: Vec<Ticket>,
    /// The tasks of the others, which are to be planned.
    pub(super) tasks: Vec<Task>,
}

/// Takes up the tickets that were left alone.
pub(super) async fn take_up(jira: &JiraAccess, tickets: Vec<Ticket>) -> Result<TakenUp> {
    let now = jira.core.clock.now();
    let mut taken = TakenUp::default();
    for mut ticket in tickets.into_iter().filter(was_left_alone) {
        let mut tasks = jira.core.store.tasks_by_id(&ticket.tenant, &ticket.tasks).await?;
        tasks.retain(|task| task.ticket.as_ref() == Some(&ticket.id));
        if !tasks.is_empty() {
            taken.tasks.extend(tasks);
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
        taken.wished.push(ticket);
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
