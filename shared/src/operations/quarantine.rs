//! Quarantine: a sync setting that Jira takes no ticket for is set aside with its causes named once, and taken up again as
//! soon as they are mended.
//!
//! Reads the preflight; writes the setting and one notification; `maintain` comes next, which looks again, and
//! [`super::finishing`], which takes the tickets up.

use jiff::Timestamp;

use super::Core;
use super::drifting::as_named_now;
use super::session::JiraAccess;
use super::settings::{Choice, Preflight, open, preflight};
use crate::Result;
use crate::error::Kind;
use crate::jira::Client;
use crate::notification::{self, Notification};
use crate::quota::Priority;
use crate::sync_setting::SyncSetting;

/// What stands first in the problem of a ticket that waits for the end of a quarantine.
pub(super) const IS_QUARANTINED: &str = "its sync setting is quarantined:";

/// Finds out whether something stands against a setting as a whole, and quarantines it if so: the setting as it is then.
/// None if nothing does, or if somebody else wrote it meanwhile.
pub async fn examine(core: &Core, client: &Client, setting: &SyncSetting) -> Result<Option<SyncSetting>> {
    // Boxed, since it is a deep tree of futures.
    let found = match Box::pin(preflight(client, &Choice::of(setting), None)).await {
        Ok(found) => found,
        // Jira cannot be asked now: the tickets are refused one by one until it can.
        Err(error) if error.retryable() => return Ok(None),
        Err(error) => return Err(error),
    };
    if found.obstacles.is_empty() {
        return Ok(None);
    }
    set_aside(core, setting, found).await
}

/// Quarantines a setting that something stands against, and says so once: the setting as it is then; none if somebody else
/// wrote it meanwhile.
pub(super) async fn set_aside(
    core: &Core,
    setting: &SyncSetting,
    found: Preflight,
) -> Result<Option<SyncSetting>> {
    let now = core.clock.now();
    let obstacles: Vec<String> = found.obstacles.into_iter().map(|obstacle| obstacle.what).collect();
    let mut quarantined = setting.clone();
    quarantined.set_aside(obstacles.clone(), now);
    match core.store.save_setting(&mut quarantined).await {
        Ok(()) => {}
        Err(error) if *error.kind() == Kind::Conflict => return Ok(None),
        Err(error) => return Err(error),
    }
    tell(core, &quarantined, &obstacles).await?;
    Ok(Some(quarantined))
}

/// Says once that a setting is quarantined.
async fn tell(core: &Core, setting: &SyncSetting, obstacles: &[String]) -> Result<()> {
    let of = setting.configuration.as_ref().map(|it| format!(" of the configuration {}", it.name));
    let text = format!(
        "Jira takes no new tickets{} in project {}: {}",
        of.unwrap_or_default(),
        setting.project_key,
        obstacles.join("; ")
    );
    let (kind, subject) = notification::of_quarantine(setting);
    let begun = Notification::begin(&setting.tenant, kind, subject, text, core.clock.now())?;
    core.store.notify(&begun).await.map(drop)
}

/// What the preflight finds now of a setting, with the calls booked.
///
/// # Errors
/// When Jira could not be asked.
pub(super) async fn found_now(
    jira: &JiraAccess,
    setting: &SyncSetting,
    priority: Priority,
    deadline: Timestamp,
) -> Result<Preflight> {
    let (connection, client) = open(jira, &setting.tenant, &setting.connection, priority).await?;
    let client = client.until(deadline);
    let found = preflight(&client, &Choice::of(setting), None).await;
    jira.book(&connection, &client).await?;
    found
}

/// Looks again at a quarantined setting, and ends its quarantine if nothing stands against it any more: what its tickets
/// are to be asked for is then unfinished ([`super::finishing`]). Returns whether it ended.
///
/// # Errors
/// When Jira could not be asked, or somebody else wrote the setting meanwhile.
pub async fn look_again(
    jira: &JiraAccess,
    setting: &SyncSetting,
    priority: Priority,
    deadline: Timestamp,
) -> Result<bool> {
    let mut found = found_now(jira, setting, priority, deadline).await?;
    let obstacles: Vec<String> =
        std::mem::take(&mut found.obstacles).into_iter().map(|obstacle| obstacle.what).collect();
    let (store, now) = (&jira.core.store, jira.core.clock.now());
    let mut next = setting.clone();
    if obstacles.is_empty() {
        // What is required by now is so for the tickets that are taken up.
        next = as_named_now(setting, found);
        next.mended(now);
        store.save_setting(&mut next).await?;
        return Ok(true);
    }
    if setting.quarantine.as_ref().is_some_and(|known| known.obstacles != obstacles) {
        // One of several was mended, or another one came.
        next.set_aside(obstacles.clone(), now);
        store.save_setting(&mut next).await?;
    }
    // Whoever found out may have died before saying so. A person may have changed the setting meanwhile.
    let stored = store.setting(&setting.tenant, &setting.id).await?;
    if stored.is_some_and(|stored| stored.version == next.version) {
        tell(&jira.core, setting, &obstacles).await?;
    }
    Ok(false)
}
