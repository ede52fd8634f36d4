//! The drift watch: a project that changed so that it would refuse tickets is found out before it refuses any.
//!
//! Reads sync settings and project configurations, and what their projects ask for now: fields, permissions, workflow;
//! decides by the preflight; writes the quarantine of what does not fit any more, with one notification, and the names that
//! things have by now. [`super::quarantine`] ends it once it is mended. Meanwhile nothing is created for it, and the issues of
//! a configuration are left alone.

use jiff::Timestamp;

use super::quarantine;
use super::session::JiraAccess;
use super::settings::Preflight;
use crate::Result;
use crate::clock::seconds_between;
use crate::error::Kind;
use crate::mapping::check::renamed;
use crate::quota::Priority;
use crate::sync_setting::SyncSetting;

/// Compares those of a tenant's settings whose time has come with their projects, and says how many were quarantined.
/// Configurations are compared every `interval` seconds, all others if `is_full`. What fails is logged and tried again at the
/// next turn.
pub async fn watch(
    jira: &JiraAccess,
    settings: &[SyncSetting],
    interval: i64,
    is_full: bool,
    deadline: Timestamp,
) -> usize {
    let now = jira.core.clock.now();
    let mut drifted = 0;
    for setting in settings.iter().filter(|setting| is_due(setting, interval, is_full, now)) {
        if jira.core.clock.now() >= deadline {
            break;
        }
        match Box::pin(compare(jira, setting, deadline)).await {
            Ok(has_drifted) => drifted += usize::from(has_drifted),
            Err(error) => {
                tracing::warn!(setting = %setting.id, error = error.chain(), "could not compare a setting with its project");
            }
        }
    }
    drifted
}

fn is_due(setting: &SyncSetting, interval: i64, is_full: bool, now: Timestamp) -> bool {
    let is_time = match &setting.configuration {
        None => is_full,
        Some(configuration) => {
            configuration.watched_at.is_none_or(|watched_at| seconds_between(watched_at, now) >= interval)
        }
    };
    is_time && setting.enabled && setting.quarantine.is_none()
}

/// Compares one. Returns whether it was quarantined.
async fn compare(jira: &JiraAccess, setting: &SyncSetting, deadline: Timestamp) -> Result<bool> {
    let found = quarantine::found_now(jira, setting, Priority::Checks, deadline).await?;
    if !found.obstacles.is_empty() {
        return Ok(quarantine::set_aside(&jira.core, setting, found).await?.is_some());
    }
    let mut next = as_named_now(setting, found);
    if let Some(configuration) = &mut next.configuration {
        configuration.watched_at = Some(jira.core.clock.now());
    }
    if next == *setting {
        return Ok(false);
    }
    match jira.core.store.save_setting(&mut next).await {
        // A person has just changed it, or what that asks of its tickets was noted; the next turn compares again.
        Err(error) if *error.kind() == Kind::Conflict => Ok(false),
        saved => saved.map(|()| false),
    }
}

/// The setting with the names that its project, type, fields and their values have now.
pub(super) fn as_named_now(setting: &SyncSetting, found: Preflight) -> SyncSetting {
    let mut next = setting.clone();
    if let Some(project) = found.project {
        next.project_key = project.key;
    }
    if let Some(name) = found.issue_type_name {
        next.issue_type_name = name;
    }
    if let Some(configuration) = &mut next.configuration {
        configuration.mapping = renamed(&configuration.mapping, &found.fields);
    }
    next
}
