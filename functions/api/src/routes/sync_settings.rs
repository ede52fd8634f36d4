//! Sync settings: which tasks become tickets, where, and what follows when either side changes.

pub(super) mod disabling;
pub(super) mod input;
pub(super) mod preflight;
pub(super) mod view;

use assay::error::Kind;
use assay::ids::{SettingId, fixed};
use assay::notification::{self, Subject};
use assay::operations::settings::{self, Preflight};
use assay::sqs::ChecksRequest;
use assay::sync_setting::SyncSetting;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::input::{SettingChange, SettingInput, scope, scope_text};
use self::view::SettingView;
use super::Routes;
use crate::Api;
use crate::caller::{Admin, Caller, Reader};
use crate::idempotency::Seed;
use crate::input::{Body, Path};
use crate::page::List;
use crate::problem::Problem;

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(preflight::preflight))
        .routes(routes!(preflight::dry_run))
        .routes(routes!(show, change, remove))
        .routes(routes!(preflight::recheck))
        .routes(routes!(disabling::disable, disabling::progress))
        .routes(routes!(disabling::commented))
        .routes(routes!(disabling::enable))
}

/// Lists the sync settings.
#[utoipa::path(get, path = "/v1/sync-settings", tag = "sync settings", security(("token" = ["auditor"])), responses((status = 200, body = List<SettingView>)))]
async fn list(Reader(caller): Reader, State(api): State<Api>) -> Result<Json<List<SettingView>>, Problem> {
    let settings = api.core.store.settings(&caller.tenant).await?;
    // Project configurations have a list of their own.
    let settings = settings.into_iter().filter(|setting| setting.configuration.is_none());
    Ok(Json(List::whole(settings.map(SettingView::of).collect())))
}

/// Saves a sync setting, after Jira has been asked whether tickets can be made as it says (`…/preflight` tells more). All
/// open tasks that it is for get their tickets.
#[utoipa::path(post, path = "/v1/sync-settings", tag = "sync settings", security(("token" = ["admin"])), request_body = SettingInput, responses((status = 201, body = SettingView), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn create(
    Admin(caller): Admin,
    seed: Seed,
    State(api): State<Api>,
    Body(input): Body<SettingInput>,
) -> Result<Response, Problem> {
    let setting = draft(&api, &caller, &input).await?;
    let setting = put(&api, &seed, setting).await?;
    api.checks.send(&ChecksRequest::Plan { tenant: caller.tenant }, None).await?;
    listen(&api, &setting).await;
    Ok((StatusCode::CREATED, Json(SettingView::of(setting))).into_response())
}

/// The setting that an input stands for, as Jira knows it; refused if anything stands against it.
async fn draft(api: &Api, caller: &Caller, input: &SettingInput) -> Result<SyncSetting, Problem> {
    let scope = scope(&input.scope)?;
    let choice = input.choice()?;
    let (jira, connection) = (&api.connector.jira, &input.connection);
    let found = settings::try_out(jira, &caller.tenant, connection, &choice, None).await?;
    let (project, issue_type_name) = passed(found)?;
    let now = api.core.clock.now();
    let mut setting = SyncSetting {
        tenant: caller.tenant.clone(),
        // Fixed by its scope, so that there cannot be two for the same tasks.
        id: SettingId::parse(&format!("set-{}", fixed(&[caller.tenant.as_str(), &scope_text(scope)])))?,
        scope,
        connection: input.connection.clone(),
        project: project.id,
        project_key: project.key,
        issue_type: choice.issue_type,
        issue_type_name,
        epic: choice.epic,
        labels: choice.labels,
        mode: input.mode,
        configuration: None,
        closure_rule: input.closure_rule,
        done_status: choice.done_status,
        reopen_rule: input.reopen_rule,
        gone_policy: input.gone_policy,
        enabled: true,
        disabled: None,
        quarantine: None,
        unfinished: None,
        created_at: now,
        updated_at: now,
        version: 0,
    };
    // There may be tickets of one that was deleted: the id is the same.
    setting.begin(now);
    Ok(setting)
}

/// What a setting needs of a preflight that found nothing against it; else the first obstacle.
pub(super) fn passed(found: Preflight) -> Result<(assay::connection::Project, String), Problem> {
    if let Some(first) = found.obstacles.first() {
        let all: Vec<&str> = found.obstacles.iter().map(|obstacle| obstacle.what.as_str()).collect();
        return Err(Problem::invalid(first.about.clone(), all.join("; ")));
    }
    match (found.project, found.issue_type_name) {
        (Some(project), Some(name)) => Ok((project, name)),
        _ => Err(Problem::invalid("project", "Jira did not tell about the project and its issue types")),
    }
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
        // What the first run began may have gone on since.
        let as_asked = SyncSetting {
            created_at: stored.created_at,
            updated_at: stored.updated_at,
            unfinished: stored.unfinished.clone(),
            version: stored.version,
            ..setting.clone()
        };
        if stored == as_asked {
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

/// Changes a sync setting, after Jira has been asked again. Tasks keep the tickets that they have; what those say follows.
#[utoipa::path(patch, path = "/v1/sync-settings/{id}", tag = "sync settings", security(("token" = ["admin"])), params(("id" = String, Path)), request_body = SettingChange, responses((status = 200, body = SettingView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn change(
    Admin(caller): Admin,
    State(api): State<Api>,
    Path(id): Path<SettingId>,
    Body(input): Body<SettingChange>,
) -> Result<Json<SettingView>, Problem> {
    let mut setting = require(&api, &caller, &id).await?;
    let before = SettingView::of(setting.clone());
    let choice = input.choice(&setting)?;
    let (jira, connection) = (&api.connector.jira, &setting.connection);
    let found = settings::try_out(jira, &caller.tenant, connection, &choice, None).await?;
    let (project, issue_type_name) = passed(found)?;
    input.apply(&mut setting);
    setting.project = project.id;
    setting.project_key = project.key;
    setting.issue_type = choice.issue_type;
    setting.issue_type_name = issue_type_name;
    setting.epic = choice.epic;
    setting.labels = choice.labels;
    setting.done_status = choice.done_status;
    setting.updated_at = api.core.clock.now();
    setting.mended(setting.updated_at);
    input.seen.check(&before, &SettingView::of(setting.clone()))?;
    api.core.store.save_setting(&mut setting).await?;
    api.checks.send(&ChecksRequest::Plan { tenant: caller.tenant }, None).await?;
    listen(&api, &setting).await;
    Ok(Json(SettingView::of(setting)))
}

/// Deletes a sync setting. Its tickets stay in Jira as they are and are not written any more.
#[utoipa::path(delete, path = "/v1/sync-settings/{id}", tag = "sync settings", security(("token" = ["admin"])), params(("id" = String, Path)), responses((status = 204), (status = 404, body = Problem)))]
async fn remove(
    Admin(caller): Admin,
    State(api): State<Api>,
    Path(id): Path<SettingId>,
) -> Result<StatusCode, Problem> {
    let setting = require(&api, &caller, &id).await?;
    api.core.store.delete_setting(&caller.tenant, &id).await?;
    let (kind, subject) = (notification::Kind::SettingQuarantined, Subject::SyncSetting(id));
    api.core.store.recovered(&caller.tenant, kind, &subject, api.core.clock.now()).await?;
    api.checks.send(&ChecksRequest::Plan { tenant: caller.tenant }, None).await?;
    listen(&api, &setting).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Brings the webhook of a setting's connection to what it should tell of now. What fails is done again by `maintain`, and
/// nothing is lost meanwhile: tickets are compared with Jira.
pub(super) async fn listen(api: &Api, setting: &SyncSetting) {
    let (tenant, connection) = (&setting.tenant, &setting.connection);
    if let Err(error) = Box::pin(api.connector.listen(tenant, connection)).await {
        tracing::warn!(%tenant, %connection, error = error.chain(), "the webhook does not follow its sync settings yet");
    }
}

async fn require(api: &Api, caller: &Caller, id: &SettingId) -> Result<SyncSetting, Problem> {
    let found = api.core.store.setting(&caller.tenant, id).await?;
    found.filter(|setting| setting.configuration.is_none()).ok_or_else(|| {
        assay::Error::not_found(format!("there is no sync setting {id}; `GET /v1/sync-settings` lists them"))
            .into()
    })
}
