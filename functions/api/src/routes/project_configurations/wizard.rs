//! What a project configuration may be made of, and trying one out before it is saved.

use assay::dynamodb::LONGEST_PAGE;
use assay::ids::SettingId;
use assay::mapping::facts::Facts;
use assay::mapping::sample;
use assay::operations::configuring;
use assay::sync_setting::SyncSetting;
use assay::task::Task;
use assay::ticket::Content;
use axum::Json;
use axum::extract::State;

use super::configurations;
use super::input::{ConfigurationInput, DryRunQuery, FieldsQuery, PreflightQuery};
use super::saving::{behind, examine, made};
use super::view::{FieldsView, MappingPreflightView, WrittenView};
use crate::Api;
use crate::caller::{Admin, Caller, Operator};
use crate::input::{Body, Query};
use crate::problem::Problem;
use crate::routes::sync_settings::preflight::dry;
use crate::routes::sync_settings::view::{DryRunView, PreflightView};

/// Lists the fields that Jira asks for in a new issue, read from Jira now: their kinds, their values, whether they are
/// required, what Assay knows that fits, and a suggestion. Projects and issue types are listed below `/v1/connections/{id}`.
#[utoipa::path(get, path = "/v1/project-configurations/fields", tag = "project configurations", security(("token" = ["operator"])), params(FieldsQuery), responses((status = 200, body = FieldsView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn fields(
    Operator(caller): Operator,
    State(api): State<Api>,
    Query(query): Query<FieldsQuery>,
) -> Result<Json<FieldsView>, Problem> {
    let (jira, connection) = (&api.connector.jira, &query.connection);
    let screen =
        configuring::screen(jira, &caller.tenant, connection, &query.project, &query.issue_type).await?;
    Ok(Json(FieldsView::of(screen)))
}

/// Asks Jira whether tickets can be made as a configuration says, and shows what would be written into each field for a finding, and
/// the very request that would create its ticket. Nothing is saved.
#[utoipa::path(post, path = "/v1/project-configurations/preflight", tag = "project configurations", security(("token" = ["admin"])), params(PreflightQuery), request_body = ConfigurationInput, responses((status = 200, body = MappingPreflightView), (status = 422, body = Problem)))]
pub async fn preflight(
    Admin(caller): Admin,
    State(api): State<Api>,
    Query(query): Query<PreflightQuery>,
    Body(input): Body<ConfigurationInput>,
) -> Result<Json<MappingPreflightView>, Problem> {
    let connection = input.connection.clone();
    let draft = input.draft(behind(&configurations(&api, &caller).await?))?;
    let (task, is_real) = match query.finding {
        Some(id) => (given(&api, &caller, &id).await?, true),
        None => (sample::task(&caller.tenant, api.core.clock.now())?, false),
    };
    let facts = Facts::of(&[&task], None);
    let real = is_real.then_some(&facts);
    let (mut found, mapping) = examine(&api, &caller, &connection, &draft, real).await?;
    let mut written = Vec::new();
    let is_takes = task.finding.as_ref().is_some_and(|finding| draft.configuration.takes(finding));
    if is_real && !is_takes {
        found.notes.push("the configuration is not for this finding: it takes none of its routes".to_owned());
    }
    if found.obstacles.is_empty() {
        written = mapping.rules.iter().map(|rule| WrittenView::of(rule, &facts)).collect();
        let setting = made(&api, &caller, unsaved()?, connection, draft, found.clone(), mapping)?;
        let content = Content::of_task(&task, &setting);
        found.payload = Some(configuring::first_request(&setting, &content)?);
    }
    Ok(Json(MappingPreflightView {
        found: PreflightView::of(found),
        finding: is_real.then(|| task.id.to_string()),
        written,
    }))
}

/// Lists what would be created, closed and changed in Jira if the configuration were saved now. Nothing is saved.
#[utoipa::path(post, path = "/v1/project-configurations/dry-run", tag = "project configurations", security(("token" = ["admin"])), params(DryRunQuery), request_body = ConfigurationInput, responses((status = 200, body = DryRunView), (status = 422, body = Problem)))]
pub async fn dry_run(
    Admin(caller): Admin,
    State(api): State<Api>,
    Query(query): Query<DryRunQuery>,
    Body(input): Body<ConfigurationInput>,
) -> Result<Json<DryRunView>, Problem> {
    let connection = input.connection.clone();
    let mut settings = configurations(&api, &caller).await?;
    let draft = input.draft(behind(&settings))?;
    let (found, mapping) = examine(&api, &caller, &connection, &draft, None).await?;
    let id = query.configuration.map_or_else(unsaved, Ok)?;
    settings.retain(|known| known.id != id);
    let setting = made(&api, &caller, id.clone(), connection, draft, found, mapping)?;
    let takes = |setting: &SyncSetting, task: &Task| {
        let configuration = setting.configuration.as_ref().zip(task.finding.as_ref());
        configuration.is_some_and(|(configuration, finding)| configuration.takes(finding))
    };
    let (mut tasks, mut cursor) = (Vec::new(), None);
    let looked_at_all = loop {
        let page = api
            .core
            .store
            .list_findings(
                &caller.tenant,
                None,
                |task| takes(&setting, task),
                cursor.as_deref(),
                LONGEST_PAGE,
            )
            .await?;
        tasks.extend(page.items);
        cursor = page.next;
        if cursor.is_none() || tasks.len() >= MOST_TRIED {
            break cursor.is_none();
        }
    };
    settings.push(setting);
    // Those that another configuration comes before are that one's.
    tasks.retain(|task| assay::sync_setting::nearest(&settings, task).is_some_and(|it| it.id == id));
    Ok(Json(DryRunView { looked_at_all, ..dry(&api, &caller, &settings, &tasks).await? }))
}

/// After how many findings a dry run looks at no further page: the answer is due within 29 seconds.
const MOST_TRIED: usize = 5_000;

/// The id of a configuration that is tried out; none that is saved begins like this.
const UNSAVED: &str = "unsaved";

fn unsaved() -> Result<SettingId, Problem> {
    Ok(SettingId::parse(UNSAVED)?)
}

async fn given(api: &Api, caller: &Caller, id: &assay::ids::TaskId) -> Result<Task, Problem> {
    let found = api.core.store.task(&caller.tenant, id).await?;
    found.filter(|task| task.finding.is_some()).ok_or_else(|| {
        Problem::invalid("finding", format!("there is no finding {id}; leave it out to try a made-up one"))
    })
}
