//! Saving project configurations, after Jira was asked whether tickets can be made as they say.

use assay::configuration::{Configuration, LAST_POSITION, MOST_CONFIGURATIONS};
use assay::ids::{ConnectionId, SettingId};
use assay::mapping::Mapping;
use assay::mapping::facts::Facts;
use assay::operations::configuring;
use assay::operations::settings::Preflight;
use assay::sync_setting::{Mode, Scope, SyncSetting};
use axum::Json;
use axum::extract::State;
use http::StatusCode;

use super::input::{ConfigurationChange, ConfigurationInput, Draft};
use super::view::ConfigurationView;
use super::{configurations, follow, missing, require, shown};
use crate::Api;
use crate::caller::{Admin, Caller};
use crate::idempotency::Seed;
use crate::input::{Body, Path};
use crate::problem::Problem;
use crate::routes::sync_settings::passed;

/// Saves a project configuration, after Jira was asked whether tickets can be made as it says (`…/preflight` tells more). All
/// open findings that it is for get their tickets.
#[utoipa::path(post, path = "/v1/project-configurations", tag = "project configurations", security(("token" = ["admin"])), request_body = ConfigurationInput, responses((status = 201, body = ConfigurationView), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn create(
    Admin(caller): Admin,
    seed: Seed,
    State(api): State<Api>,
    Body(input): Body<ConfigurationInput>,
) -> Result<(StatusCode, Json<ConfigurationView>), Problem> {
    let known = configurations(&api, &caller).await?;
    let id = SettingId::parse(&format!("cfg-{}", seed.text))?;
    // An earlier run of the same request may have died after it had put it.
    if let Some(made) = known.iter().find(|it| it.id == id).filter(|_| seed.fixed) {
        follow(&api, &caller, made).await?;
        return Ok((StatusCode::CREATED, shown(made.clone())?));
    }
    let connection = input.connection.clone();
    let draft = input.draft(behind(&known))?;
    if known.len() >= MOST_CONFIGURATIONS {
        let message = format!(
            "there are {MOST_CONFIGURATIONS} project configurations, and no more are kept; delete one, or give one more routes"
        );
        return Err(assay::Error::conflict(message).into());
    }
    let (found, mapping) = examine(&api, &caller, &connection, &draft, None).await?;
    let setting = made(&api, &caller, id, connection, draft, found, mapping)?;
    api.core.store.put_new_setting(&setting).await?;
    follow(&api, &caller, &setting).await?;
    Ok((StatusCode::CREATED, shown(setting)?))
}

/// Changes a project configuration, after Jira was asked again. Findings keep the tickets that they have; what those say
/// follows.
#[utoipa::path(patch, path = "/v1/project-configurations/{id}", tag = "project configurations", security(("token" = ["admin"])), params(("id" = String, Path)), request_body = ConfigurationChange, responses((status = 200, body = ConfigurationView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn change(
    Admin(caller): Admin,
    State(api): State<Api>,
    Path(id): Path<SettingId>,
    Body(mut input): Body<ConfigurationChange>,
) -> Result<Json<ConfigurationView>, Problem> {
    let mut setting = require(&api, &caller, &id).await?;
    let seen = std::mem::take(&mut input.seen);
    let before = setting.configuration.clone().ok_or_else(|| missing(&id))?;
    let shown_before = ConfigurationView::of(setting.clone());
    let draft = input.draft(&setting, &before)?;
    let connection = setting.connection.clone();
    let (found, mapping) = examine(&api, &caller, &connection, &draft, None).await?;
    let next = made(&api, &caller, id, connection, draft, found, mapping)?;
    setting = SyncSetting {
        enabled: setting.enabled,
        disabled: setting.disabled,
        quarantine: setting.quarantine,
        unfinished: setting.unfinished,
        created_at: setting.created_at,
        version: setting.version,
        ..next
    };
    setting.mended(setting.updated_at);
    seen.check(&shown_before, &ConfigurationView::of(setting.clone()))?;
    api.core.store.save_setting(&mut setting).await?;
    follow(&api, &caller, &setting).await?;
    shown(setting)
}

/// The position behind all others.
pub(super) fn behind(known: &[SyncSetting]) -> u32 {
    let positions = known.iter().filter_map(|it| it.configuration.as_ref()).map(|it| it.position);
    positions.max().map_or(0, |last| (last + 1).min(LAST_POSITION))
}

/// Asks Jira about a draft.
pub(super) async fn examine(
    api: &Api,
    caller: &Caller,
    connection: &ConnectionId,
    draft: &Draft,
    real: Option<&Facts>,
) -> Result<(Preflight, Mapping), Problem> {
    let (jira, tenant) = (&api.connector.jira, &caller.tenant);
    let found = configuring::examine(jira, tenant, connection, &draft.choice, &draft.rules, real);
    Ok(Box::pin(found).await?)
}

/// The setting that a draft stands for, as Jira knows it; refused if anything stands against it.
pub(super) fn made(
    api: &Api,
    caller: &Caller,
    id: SettingId,
    connection: ConnectionId,
    draft: Draft,
    found: Preflight,
    mapping: Mapping,
) -> Result<SyncSetting, Problem> {
    let (project, issue_type_name) = passed(found)?;
    let now = api.core.clock.now();
    Ok(SyncSetting {
        tenant: caller.tenant.clone(),
        id,
        scope: Scope::Findings,
        connection,
        project: project.id,
        project_key: project.key,
        issue_type: draft.choice.issue_type,
        issue_type_name,
        epic: draft.choice.epic,
        labels: draft.choice.labels,
        mode: Mode::Individual,
        configuration: Some(Box::new(Configuration {
            mapping,
            watched_at: Some(now),
            ..draft.configuration
        })),
        closure_rule: draft.closure_rule,
        done_status: draft.choice.done_status,
        reopen_rule: draft.reopen_rule,
        gone_policy: draft.gone_policy,
        enabled: true,
        disabled: None,
        quarantine: None,
        unfinished: None,
        created_at: now,
        updated_at: now,
        version: 0,
    })
}
