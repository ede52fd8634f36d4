//! Sync settings: which tasks become tickets, where, and how they are closed.

use assay::check::CheckId;
use assay::error::Kind;
use assay::ids::{ConnectionId, IssueId, IssueTypeId, SettingId, fixed};
use assay::operations::settings::{Choice, Chosen};
use assay::sqs::ChecksRequest;
use assay::sync_setting::{ClosureRule, Mode, Scope, SyncSetting, check_labels};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Routes;
use crate::Api;
use crate::caller::{Admin, Caller, Reader};
use crate::idempotency::Seed;
use crate::input::{Body, Path};
use crate::page::List;
use crate::problem::Problem;

/// A new sync setting.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingInput {
    /// `all`, or the id of one check.
    scope: String,
    /// Through which connection tickets are written.
    connection: ConnectionId,
    /// The project's key or id.
    project: String,
    /// The issue type's id.
    issue_type: IssueTypeId,
    /// The id of an epic to put tickets under.
    #[serde(default)]
    epic: Option<IssueId>,
    /// Labels beside `assay`.
    #[serde(default)]
    labels: Vec<String>,
    /// One ticket for each task.
    mode: Mode,
    /// When a ticket is closed because of its tasks.
    #[serde(default)]
    closure_rule: ClosureRule,
}

/// What is to change; what is not given stays.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingChange {
    /// Whether the setting is in force. One that is not keeps its tickets and makes no new ones.
    #[serde(default)]
    enabled: Option<bool>,
    /// Labels beside `assay`, for new tickets.
    #[serde(default)]
    labels: Option<Vec<String>>,
    /// When a ticket is closed because of its tasks.
    #[serde(default)]
    closure_rule: Option<ClosureRule>,
}

/// One sync setting.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SettingView {
    /// Its identifier.
    id: String,
    /// `all`, or the id of one check.
    scope: String,
    /// Through which connection tickets are written.
    connection: String,
    /// The project's id.
    project: String,
    /// The project's key when the setting was saved.
    project_key: String,
    /// The issue type's id.
    issue_type: String,
    /// The issue type's name when the setting was saved.
    issue_type_name: String,
    /// The epic's id.
    epic: Option<String>,
    /// Labels beside `assay`.
    labels: Vec<String>,
    /// How tasks are put into tickets.
    mode: Mode,
    /// When a ticket is closed because of its tasks.
    closure_rule: ClosureRule,
    /// Whether it is in force.
    enabled: bool,
    /// When it was first saved.
    #[schema(value_type = String)]
    created_at: Timestamp,
    /// When it was last saved.
    #[schema(value_type = String)]
    updated_at: Timestamp,
}

impl SettingView {
    fn of(setting: SyncSetting) -> Self {
        Self {
            id: setting.id.to_string(),
            scope: scope_text(setting.scope),
            connection: setting.connection.to_string(),
            project: setting.project.to_string(),
            project_key: setting.project_key,
            issue_type: setting.issue_type.to_string(),
            issue_type_name: setting.issue_type_name,
            epic: setting.epic.map(|epic| epic.to_string()),
            labels: setting.labels,
            mode: setting.mode,
            closure_rule: setting.closure_rule,
            enabled: setting.enabled,
            created_at: setting.created_at,
            updated_at: setting.updated_at,
        }
    }
}

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(show, change, remove))
}

/// Lists the sync settings.
#[utoipa::path(get, path = "/v1/sync-settings", tag = "sync settings", security(("token" = ["auditor"])), responses((status = 200, body = List<SettingView>)))]
async fn list(Reader(caller): Reader, State(api): State<Api>) -> Result<Json<List<SettingView>>, Problem> {
    let settings = api.core.store.settings(&caller.tenant).await?;
    Ok(Json(List::whole(settings.into_iter().map(SettingView::of).collect())))
}

/// Saves a sync setting, after Jira has been asked whether tickets can be created as it says. All open tasks that it is
/// for get their tickets.
#[utoipa::path(post, path = "/v1/sync-settings", tag = "sync settings", security(("token" = ["admin"])), request_body = SettingInput, responses((status = 201, body = SettingView), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn create(
    Admin(caller): Admin,
    seed: Seed,
    State(api): State<Api>,
    Body(input): Body<SettingInput>,
) -> Result<Response, Problem> {
    let scope = scope(&input.scope)?;
    check_labels(&input.labels)?;
    let project = input.project.trim();
    if !(1..=100).contains(&project.chars().count()) || project.chars().any(char::is_control) {
        return Err(Problem::invalid(
            "project",
            "project must be the key or the id of a project, as in `SEC`",
        ));
    }
    let choice = Choice { project: input.project, issue_type: input.issue_type };
    let chosen =
        assay::operations::settings::check(&api.connector.jira, &caller.tenant, &input.connection, &choice)
            .await?;
    let Chosen { project, issue_type_name } = chosen;
    let now = api.core.clock.now();
    let setting = SyncSetting {
        tenant: caller.tenant.clone(),
        // Fixed by its scope, so that there cannot be two for the same tasks.
        id: SettingId::parse(&format!("set-{}", fixed(&[caller.tenant.as_str(), &scope_text(scope)])))?,
        scope,
        connection: input.connection,
        project: project.id,
        project_key: project.key,
        issue_type: choice.issue_type,
        issue_type_name,
        epic: input.epic,
        labels: input.labels,
        mode: input.mode,
        closure_rule: input.closure_rule,
        enabled: true,
        created_at: now,
        updated_at: now,
        version: 0,
    };
    let setting = put(&api, &seed, setting).await?;
    api.checks.send(&ChecksRequest::Plan { tenant: caller.tenant }, None).await?;
    Ok((StatusCode::CREATED, Json(SettingView::of(setting))).into_response())
}

/// Puts a new setting. An earlier run of the same request may have died after it had put it: then that one stands.
async fn put(api: &Api, seed: &Seed, setting: SyncSetting) -> Result<SyncSetting, Problem> {
    let refused = match api.core.store.put_new_setting(&setting).await {
        Ok(()) => return Ok(setting),
        Err(error) if *error.kind() == Kind::Conflict => error,
        Err(error) => return Err(error.into()),
    };
    let stored = api.core.store.setting(&setting.tenant, &setting.id).await?;
    if let Some(stored) = stored.filter(|_| seed.fixed) {
        let times = (stored.created_at, stored.updated_at);
        if stored == (SyncSetting { created_at: times.0, updated_at: times.1, ..setting.clone() }) {
            return Ok(stored);
        }
    }
    let message = format!(
        "there is a sync setting for {} already, {}; change or delete that one",
        scope_text(setting.scope),
        setting.id
    );
    Err(assay::Error::conflict(message).because(refused).into())
}

/// Shows one sync setting.
#[utoipa::path(get, path = "/v1/sync-settings/{id}", tag = "sync settings", security(("token" = ["auditor"])), params(("id" = String, Path)), responses((status = 200, body = SettingView), (status = 404, body = Problem)))]
async fn show(
    Reader(caller): Reader,
    State(api): State<Api>,
    Path(id): Path<SettingId>,
) -> Result<Json<SettingView>, Problem> {
    Ok(Json(SettingView::of(require(&api, &caller, &id).await?)))
}

/// Changes a sync setting. Tickets that exist stay as they are.
#[utoipa::path(patch, path = "/v1/sync-settings/{id}", tag = "sync settings", security(("token" = ["admin"])), params(("id" = String, Path)), request_body = SettingChange, responses((status = 200, body = SettingView), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn change(
    Admin(caller): Admin,
    State(api): State<Api>,
    Path(id): Path<SettingId>,
    Body(input): Body<SettingChange>,
) -> Result<Json<SettingView>, Problem> {
    let mut setting = require(&api, &caller, &id).await?;
    if let Some(labels) = input.labels {
        check_labels(&labels)?;
        setting.labels = labels;
    }
    setting.enabled = input.enabled.unwrap_or(setting.enabled);
    setting.closure_rule = input.closure_rule.unwrap_or(setting.closure_rule);
    setting.updated_at = api.core.clock.now();
    api.core.store.save_setting(&mut setting).await?;
    api.checks.send(&ChecksRequest::Plan { tenant: caller.tenant }, None).await?;
    Ok(Json(SettingView::of(setting)))
}

/// Deletes a sync setting. Its tickets stay in Jira, and are closed when their tasks are resolved.
#[utoipa::path(delete, path = "/v1/sync-settings/{id}", tag = "sync settings", security(("token" = ["admin"])), params(("id" = String, Path)), responses((status = 204), (status = 404, body = Problem)))]
async fn remove(
    Admin(caller): Admin,
    State(api): State<Api>,
    Path(id): Path<SettingId>,
) -> Result<StatusCode, Problem> {
    require(&api, &caller, &id).await?;
    api.core.store.delete_setting(&caller.tenant, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn require(api: &Api, caller: &Caller, id: &SettingId) -> Result<SyncSetting, Problem> {
    let found = api.core.store.setting(&caller.tenant, id).await?;
    found.ok_or_else(|| {
        assay::Error::not_found(format!("there is no sync setting {id}; `GET /v1/sync-settings` lists them"))
            .into()
    })
}

fn scope(text: &str) -> Result<Scope, Problem> {
    if text == "all" {
        return Ok(Scope::All);
    }
    let check: Result<CheckId, _> = text.parse();
    check.map(Scope::Check).map_err(|_| {
        Problem::invalid("scope", format!("scope must be `all` or the id of a check, not {text:?}"))
    })
}

fn scope_text(scope: Scope) -> String {
    match scope {
        Scope::All => "all".to_owned(),
        Scope::Check(check) => check.to_string(),
    }
}
