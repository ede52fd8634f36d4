//! Disabling a sync setting: its tickets are kept or deleted, in the background.
//!
//! Reads the setting's tickets and, where that matters, on which issues people commented; writes what is wanted of each
//! ticket; `create-tickets` comes next, which deletes. Safe to repeat from the beginning, and repeated until nothing is
//! left to wish.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::session::JiraAccess;
use crate::Result;
use crate::dynamodb::{Page, TicketFilter};
use crate::ids::IssueId;
use crate::sqs::{Queue, SyncRequest};
use crate::sync_setting::{Retirement, SyncSetting};
use crate::ticket::{HowGone, State, Step, Ticket, Wanted};

/// How many tickets are looked at together: as many as one call fetches issues.
const TOGETHER: usize = 100;

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
    let counts = comments(jira, setting, &page.items).await?;
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
    let (connection, client) = super::settings::open(jira, &setting.tenant, &setting.connection).await?;
    let Some(account) = connection.account else { return Ok(BTreeMap::new()) };
    let mut counts = client.comments_of_people(&ids, &account.id).await.map_err(crate::Error::from)?;
    // Of an issue that Jira did not tell about, it is taken that people commented on it.
    for id in ids {
        counts.entry(id).or_insert(1);
    }
    Ok(counts)
}

/// Wishes every ticket of a disabled setting kept or deleted, and asks for what is to be deleted.
pub async fn carry_out(
    jira: &JiraAccess,
    sync: &Arc<dyn Queue<SyncRequest>>,
    setting: &SyncSetting,
) -> Result<()> {
    let Some(disabled) = setting.disabled.as_ref().filter(|_| !setting.enabled) else { return Ok(()) };
    let store = &jira.core.store;
    let filter = TicketFilter { setting: Some(setting.id.clone()), state: None };
    let mut cursor = None;
    loop {
        let page = store.list_tickets(&setting.tenant, &filter, cursor.as_deref(), TOGETHER).await?;
        let undecided = |ticket: &Ticket| match disabled.tickets {
            Retirement::Keep => ticket.wanted != Wanted::Kept,
            Retirement::Delete => ticket.wanted != Wanted::Deleted,
            Retirement::DeleteUncommented => !matches!(ticket.wanted, Wanted::Deleted | Wanted::Kept),
        };
        let tickets: Vec<Ticket> = page.items.into_iter().filter(undecided).collect();
        let commented = match disabled.tickets {
            Retirement::DeleteUncommented => comments(jira, setting, &tickets).await?,
            Retirement::Keep | Retirement::Delete => BTreeMap::new(),
        };
        let mut requests = Vec::new();
        for mut ticket in tickets {
            let comments =
                ticket.state.issue().and_then(|issue| commented.get(&issue.id)).copied().unwrap_or(0);
            let (wanted, why) = match disabled.tickets {
                Retirement::Keep => (Wanted::Kept, "its sync setting was disabled, its tickets kept"),
                Retirement::DeleteUncommented if comments > 0 => {
                    (Wanted::Kept, "its sync setting was disabled; people commented on the issue")
                }
                Retirement::Delete | Retirement::DeleteUncommented => {
                    (Wanted::Deleted, "its sync setting was disabled, its tickets deleted")
                }
            };
            let now = jira.core.clock.now();
            ticket.want(wanted, why, now);
            match store.save_ticket(&mut ticket).await {
                Ok(()) if ticket.next_step(now) == Step::Settled => {}
                Ok(()) => {
                    requests.push(SyncRequest { tenant: ticket.tenant.clone(), ticket: ticket.id.clone() });
                }
                // When a worker has just written it, the message comes again, and wishes again.
                Err(error) => return Err(error),
            }
        }
        sync.send_all(&requests, None).await?;
        cursor = page.next;
        if cursor.is_none() {
            return Ok(());
        }
    }
}

/// Takes up again what an enabled setting left alone while it was not in force, as far as no task asks for it: such tickets
/// are wanted closed, and their issues looked at. Those that tasks ask for are the planner's. Safe to repeat.
pub async fn take_up(
    jira: &JiraAccess,
    sync: &Arc<dyn Queue<SyncRequest>>,
    setting: &SyncSetting,
) -> Result<()> {
    let (store, tenant) = (&jira.core.store, &setting.tenant);
    let filter = TicketFilter { setting: Some(setting.id.clone()), state: None };
    let mut cursor = None;
    loop {
        let page = store.list_tickets(tenant, &filter, cursor.as_deref(), TOGETHER).await?;
        let mut requests = Vec::new();
        for mut ticket in page.items.into_iter().filter(|ticket| ticket.wanted == Wanted::Kept) {
            let tasks = store.tasks_by_id(tenant, &ticket.tasks).await?;
            if tasks.iter().any(|task| task.ticket.as_ref() == Some(&ticket.id)) {
                continue;
            }
            let now = jira.core.clock.now();
            ticket.want(
                Wanted::Closed,
                "its sync setting is in force again, and its tasks have another ticket",
                now,
            );
            if ticket.issue_to_look_at().is_some() {
                ticket.hear(now);
            }
            store.save_ticket(&mut ticket).await?;
            requests.push(SyncRequest { tenant: ticket.tenant.clone(), ticket: ticket.id.clone() });
        }
        sync.send_all(&requests, None).await?;
        cursor = page.next;
        if cursor.is_none() {
            return Ok(());
        }
    }
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
