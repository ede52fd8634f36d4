//! Quarantine: a sync setting that Jira takes no ticket for is set aside with its causes named once, and taken up again as
//! soon as they are mended.
//!
//! Reads the preflight; writes the setting and one notification; `maintain` comes next, which looks again.

use std::sync::Arc;

use jiff::Timestamp;

use super::Core;
use super::session::JiraAccess;
use super::settings::{Choice, preflight};
use crate::Result;
use crate::clock::after;
use crate::error::Kind;
use crate::jira::Client;
use crate::notification::{self, Notification, Subject};
use crate::sqs::{Queue, SyncRequest};
use crate::sync_setting::{Quarantine, SyncSetting};
use crate::ticket::{State, Ticket};

/// How many tickets are read from the table at once.
const TICKETS_A_PAGE: usize = 200;

/// Seconds until tickets are due again that were asked for when a quarantine ended, if their message is lost.
const OUTBOX_PATIENCE: i64 = 120;

/// Finds out whether something stands against a setting as a whole, and quarantines it if so: the setting as it is then.
/// None if nothing does, or if somebody else wrote it meanwhile.
pub async fn examine(core: &Core, client: &Client, setting: &SyncSetting) -> Result<Option<SyncSetting>> {
    let found = match preflight(client, &Choice::of(setting), None).await {
        Ok(found) => found,
        // Jira cannot be asked now: the tickets are refused one by one until it can.
        Err(error) if error.retryable() => return Ok(None),
        Err(error) => return Err(error),
    };
    if found.obstacles.is_empty() {
        return Ok(None);
    }
    let now = core.clock.now();
    let obstacles: Vec<String> = found.obstacles.into_iter().map(|obstacle| obstacle.what).collect();
    let mut quarantined = setting.clone();
    quarantined.quarantine = Some(Quarantine { obstacles: obstacles.clone(), since: now });
    quarantined.updated_at = now;
    match core.store.save_setting(&mut quarantined).await {
        Ok(()) => {}
        Err(error) if *error.kind() == Kind::Conflict => return Ok(None),
        Err(error) => return Err(error),
    }
    let text =
        format!("Jira takes no new tickets in project {}: {}", setting.project_key, obstacles.join("; "));
    let subject = Subject::SyncSetting(setting.id.clone());
    let begun =
        Notification::begin(&setting.tenant, notification::Kind::SettingQuarantined, subject, text, now)?;
    core.store.notify(&begun).await?;
    Ok(Some(quarantined))
}

/// Looks again at a quarantined setting, and ends its quarantine if nothing stands against it any more: all its tickets
/// that were refused are asked for. Returns whether it ended.
pub async fn look_again(
    jira: &JiraAccess,
    sync: &Arc<dyn Queue<SyncRequest>>,
    setting: &SyncSetting,
    deadline: Timestamp,
) -> Result<bool> {
    let core = &jira.core;
    let (_, client) = super::settings::open(jira, &setting.tenant, &setting.connection).await?;
    let client = client.until(deadline);
    let found = preflight(&client, &Choice::of(setting), None).await?;
    if !found.obstacles.is_empty() {
        return Ok(false);
    }
    let mut mended = setting.clone();
    mended.quarantine = None;
    mended.updated_at = core.clock.now();
    core.store.save_setting(&mut mended).await?;
    release(core, sync, setting).await?;
    Ok(true)
}

/// Asks for all tickets of a setting that were refused, and says that it recovered. To be called whenever a quarantine has
/// ended; safe to repeat.
pub async fn release(core: &Core, sync: &Arc<dyn Queue<SyncRequest>>, setting: &SyncSetting) -> Result<()> {
    let filter = crate::dynamodb::TicketFilter { setting: Some(setting.id.clone()), state: None };
    let mut cursor = None;
    loop {
        let page =
            core.store.list_tickets(&setting.tenant, &filter, cursor.as_deref(), TICKETS_A_PAGE).await?;
        let mut requests = Vec::new();
        for mut ticket in page.items {
            if !matches!(ticket.state, State::Planned | State::Failed { .. }) || ticket.lease.is_some() {
                continue;
            }
            ticket.hurry(core.clock.now());
            ticket.due_at = ticket.due_at.map(|due_at| after(due_at, OUTBOX_PATIENCE));
            match core.store.save_ticket(&mut ticket).await {
                Ok(()) => requests.push(request(&ticket)),
                // Somebody works on it: then it is looked at anyway.
                Err(error) if *error.kind() == Kind::Conflict => {}
                Err(error) => return Err(error),
            }
        }
        sync.send_all(&requests, None).await?;
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    let subject = Subject::SyncSetting(setting.id.clone());
    core.store
        .recovered(&setting.tenant, notification::Kind::SettingQuarantined, &subject, core.clock.now())
        .await
}

fn request(ticket: &Ticket) -> SyncRequest {
    SyncRequest { tenant: ticket.tenant.clone(), ticket: ticket.id.clone() }
}
