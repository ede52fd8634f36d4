//! What the change of a sync setting asks of its tickets, carried out in the background.
//!
//! Reads the setting and its tickets, a page at a time; [`super::retiring`] decides; writes wishes, asks for
//! the tickets, and notes in the setting how far it came, so that `maintain` goes on where a function was interrupted.
//!
//! | setting | its tickets | at the end |
//! |---|---|---|
//! | disabled | are wanted kept or deleted | people need not hear of its quarantine any more |
//! | enabled again, or mended | those that were refused are asked for; those that were left alone are taken up | the same |

use std::sync::Arc;

use futures::stream::{self, StreamExt};
use jiff::Timestamp;

use super::planning::Planner;
use super::quarantine::IS_QUARANTINED;
use super::retiring::{TOGETHER, TakenUp, retire, take_up};
use super::session::JiraAccess;
use crate::clock::after;
use crate::dynamodb::{Page, TicketFilter};
use crate::error::Kind;
use crate::ids::{SettingId, TenantId};
use crate::notification;
use crate::sqs::{Queue, SyncRequest};
use crate::sync_setting::{SyncSetting, Unfinished};
use crate::ticket::{State, Step, Ticket, Wanted};
use crate::{Error, Result};

/// How many tickets are written at the same time.
const AT_ONCE: usize = 16;

/// How often a page is read again because workers wrote some of its tickets meanwhile.
const ATTEMPTS: u32 = 4;

/// The longest time that the settings of a tenant are worked on at once, in seconds.
const SHARE: i64 = 60;

/// Seconds until tickets are due again that were asked for, if their message is lost.
const OUTBOX_PATIENCE: i64 = 120;

/// How often a note in the setting is repeated onto what somebody else wrote meanwhile.
const REPEATS: u32 = 4;

/// Carries out what changes of sync settings ask of their tickets.
#[derive(Clone)]
pub struct Finisher {
    /// Opens sessions.
    pub jira: JiraAccess,
    /// Where tickets are asked for.
    pub sync: Arc<dyn Queue<SyncRequest>>,
}

/// How far it came.
enum Reached {
    /// The last ticket.
    End,
    /// Not the end: there, the time was up, or somebody wrote all the time.
    Page(Option<String>),
    /// The setting was changed again, or removed: that change is carried out by itself.
    Overtaken,
}

impl Finisher {
    /// Carries out what is unfinished of some settings of a tenant, until `deadline`, but no longer than a minute, so that they
    /// do not take the time of everything else; `maintain` goes on. What fails for one keeps no other one waiting.
    ///
    /// # Errors
    /// The last one, after all were tried: only when the table could not be read or written.
    pub async fn finish_all<'a>(
        &self,
        settings: impl IntoIterator<Item = &'a SyncSetting>,
        deadline: Option<Timestamp>,
    ) -> Result<()> {
        let share = after(self.jira.core.clock.now(), SHARE);
        let until = deadline.map_or(share, |deadline| deadline.min(share));
        let mut failed = None;
        for setting in settings {
            // Each has a page at least, so that none waits for another one that cannot be helped.
            if deadline.is_some_and(|deadline| self.jira.core.clock.now() >= deadline) {
                break;
            }
            let (tenant, id) = (&setting.tenant, &setting.id);
            if let Err(error) = self.finish(tenant, id, until).await {
                tracing::error!(%tenant, setting = %id, error = error.chain(), "could not finish the change of a sync setting");
                failed = Some(error);
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Carries out what is unfinished of a setting, if anything is: one page of its tickets, and more until `deadline`. What
    /// stands in the way is logged and noted in the setting, and `maintain` tries again.
    ///
    /// # Errors
    /// Only when the table could not be read or written.
    pub async fn finish(&self, tenant: &TenantId, id: &SettingId, deadline: Timestamp) -> Result<()> {
        let Some(setting) = self.jira.core.store.setting(tenant, id).await? else { return Ok(()) };
        let Some(unfinished) = setting.unfinished.clone() else { return Ok(()) };
        let mut cursor = unfinished.cursor.clone();
        // Boxed, since it is a deep tree of futures.
        match Box::pin(self.go_through(&setting, &mut cursor, deadline)).await {
            Ok(Reached::End) => {
                self.over(&setting).await?;
                self.note(&setting, None).await
            }
            Ok(Reached::Page(cursor)) => {
                self.note(&setting, Some(Unfinished { cursor, problem: None, ..unfinished })).await
            }
            Ok(Reached::Overtaken) => Ok(()),
            Err(error) => {
                tracing::warn!(%tenant, setting = %id, error = error.chain(), "could not go through the tickets of a sync setting");
                let problem = Some(match error.kind() {
                    // What is ours to mend is for the log alone.
                    Kind::Internal => "something failed on our side and was logged".to_owned(),
                    _ => error.to_string(),
                });
                self.note(&setting, Some(Unfinished { cursor, problem, ..unfinished })).await
            }
        }
    }

    /// People need not hear of a quarantine that is over. A new one may have begun meanwhile.
    async fn over(&self, setting: &SyncSetting) -> Result<()> {
        let store = &self.jira.core.store;
        let stored = store.setting(&setting.tenant, &setting.id).await?;
        if stored.is_some_and(|stored| stored.enabled && stored.quarantine.is_some()) {
            return Ok(());
        }
        let (kind, subject) = notification::of_quarantine(setting);
        store.recovered(&setting.tenant, kind, &subject, self.jira.core.clock.now()).await
    }

    async fn go_through(
        &self,
        setting: &SyncSetting,
        cursor: &mut Option<String>,
        deadline: Timestamp,
    ) -> Result<Reached> {
        let core = &self.jira.core;
        loop {
            // Nothing is wished for a setting that a person has changed meanwhile.
            let stored = core.store.setting(&setting.tenant, &setting.id).await?;
            if !stored.is_some_and(|stored| stored.asks_as(setting)) {
                return Ok(Reached::Overtaken);
            }
            let Some(next) = self.page(setting, cursor.as_deref()).await? else {
                return Ok(Reached::Page(cursor.clone()));
            };
            match next {
                Some(next) => *cursor = Some(next),
                None => return Ok(Reached::End),
            }
            if core.clock.now() >= deadline {
                return Ok(Reached::Page(cursor.clone()));
            }
        }
    }

    /// Goes through a page. Where the next one begins; the outer none means that workers wrote its tickets all the time.
    async fn page(&self, setting: &SyncSetting, cursor: Option<&str>) -> Result<Option<Option<String>>> {
        let filter = TicketFilter { setting: Some(setting.id.clone()), state: None };
        for _ in 0..ATTEMPTS {
            let store = &self.jira.core.store;
            let Page { items, next } = store.list_tickets(&setting.tenant, &filter, cursor, TOGETHER).await?;
            let wished = if setting.enabled {
                self.resume(items).await?
            } else {
                retire(&self.jira, setting, items).await?
            };
            if self.write(wished).await? {
                return Ok(Some(next));
            }
        }
        Ok(None)
    }

    async fn resume(&self, tickets: Vec<Ticket>) -> Result<Vec<Ticket>> {
        let now = self.jira.core.clock.now();
        let (refused, others): (Vec<Ticket>, Vec<Ticket>) = tickets.into_iter().partition(was_refused);
        let TakenUp { mut wished, tasks } = take_up(&self.jira, others).await?;
        if let Some(tenant) = tasks.first().map(|task| task.tenant.clone()) {
            let planner = Planner { core: self.jira.core.clone(), sync: Arc::clone(&self.sync) };
            planner.plan_stored(&tenant, &tasks).await?;
        }
        for mut ticket in refused {
            ticket.try_all_fields();
            ticket.hurry(now);
            ticket.due_at = ticket.due_at.map(|due_at| after(due_at, OUTBOX_PATIENCE));
            wished.push(ticket);
        }
        Ok(wished)
    }

    /// Writes tickets and asks for those that have something to do. Returns whether nobody else wrote one meanwhile.
    async fn write(&self, tickets: Vec<Ticket>) -> Result<bool> {
        let (store, now) = (&self.jira.core.store, self.jira.core.clock.now());
        let saves = tickets.into_iter().map(|mut ticket| async move {
            let saved = store.save_ticket(&mut ticket).await;
            (ticket, saved)
        });
        let saves: Vec<_> = saves.collect();
        let mut saves = stream::iter(saves).buffer_unordered(AT_ONCE);
        let (mut requests, mut failed, mut is_whole) = (Vec::new(), None, true);
        while let Some((ticket, saved)) = saves.next().await {
            match saved {
                Ok(()) if ticket.next_step(now) == Step::Settled => {}
                Ok(()) => requests.push(SyncRequest { tenant: ticket.tenant, ticket: ticket.id }),
                Err(error) if *error.kind() == Kind::Conflict => is_whole = false,
                Err(error) => failed = Some(error),
            }
        }
        self.sync.send_all(&requests, None).await?;
        failed.map_or(Ok(is_whole), Err)
    }

    /// Notes how far it came, unless a person has changed the setting meanwhile.
    async fn note(&self, setting: &SyncSetting, unfinished: Option<Unfinished>) -> Result<()> {
        let store = &self.jira.core.store;
        for _ in 0..REPEATS {
            let stored = store.setting(&setting.tenant, &setting.id).await?;
            let Some(mut stored) = stored.filter(|stored| stored.asks_as(setting)) else { return Ok(()) };
            if stored.unfinished == unfinished {
                return Ok(());
            }
            stored.unfinished.clone_from(&unfinished);
            match store.save_setting(&mut stored).await {
                Err(error) if *error.kind() == Kind::Conflict => {}
                saved => return saved,
            }
        }
        Err(Error::conflict(format!("sync setting {} is written by too many at once; try again", setting.id)))
    }
}

/// Whether a ticket waits for its setting to be mended, or was written without a field. One that somebody works on is
/// looked at anyway.
fn was_refused(ticket: &Ticket) -> bool {
    let was_parked = ticket.problem.as_ref().is_some_and(|it| it.what.starts_with(IS_QUARANTINED));
    let is_wanted = matches!(ticket.wanted, Wanted::Open | Wanted::Closed);
    let lacks_field = is_wanted && ticket.lacks_mapped_field();
    let was_refused =
        was_parked || lacks_field || matches!(ticket.state, State::Planned | State::Failed { .. });
    was_refused && ticket.lease.is_none()
}
