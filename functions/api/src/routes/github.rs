//! GitHub: how it is reached, and what it signs its deliveries with. Credentials are kept in Secrets Manager alone.

use assay::github::Credentials;
use assay::ids::TenantId;
use assay::pull::{Forge, Limit, Method, Trouble};
use assay::secret::Secret;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Routes;
use super::oauth_app::text;
use crate::Api;
use crate::caller::{Admin, Reader};
use crate::input::Body;
use crate::problem::Problem;

/// How GitHub is to be reached: with a token, or as an app.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GithubInput {
    /// A token, fine-grained with read and write access to Pull requests, or classic with the scope `repo`. Never shown
    /// again.
    #[schema(value_type = Option<String>)]
    token: Option<Secret>,
    /// The app's id, or its client id.
    app_id: Option<String>,
    /// The app's private key: the PEM file that GitHub gave. Never shown again.
    #[schema(value_type = Option<String>)]
    private_key: Option<Secret>,
    /// The address of the API of a GitHub Enterprise Server; none for github.com.
    api_url: Option<String>,
}

/// GitHub as it is set up.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
pub struct GithubView {
    /// Whether it is set up.
    set_up: bool,
    /// How Assay proves who it is there.
    method: Option<Method>,
    /// Who that is: whose token it is, or the app's name.
    name: Option<String>,
    /// The app's id.
    app_id: Option<String>,
    /// The address of the API, if it is not github.com's.
    api_url: Option<String>,
    /// What could be reached when it was set up, at most 100: repositories of a token, accounts that installed an app.
    reaches: Vec<String>,
    /// Whether there was more.
    reaches_more: bool,
    /// The address to enter in GitHub as the webhook's payload URL.
    webhook_url: String,
    /// What to enter in GitHub as the webhook's secret; shown once, when it is made.
    secret: Option<String>,
    /// When that was made.
    #[schema(value_type = Option<String>)]
    secret_made_at: Option<Timestamp>,
    /// Until when the secret before counts, too.
    #[schema(value_type = Option<String>)]
    old_secret_until: Option<Timestamp>,
    /// When the last delivery came that was signed rightly; null if none came yet.
    #[schema(value_type = Option<String>)]
    delivered_at: Option<Timestamp>,
    /// What stands in the way, and how to mend it.
    trouble: Option<Trouble>,
    /// How many calls GitHub allowed when that was last noted.
    limit: Option<Limit>,
    /// When it was verified.
    #[schema(value_type = Option<String>)]
    verified_at: Option<Timestamp>,
}

impl GithubView {
    fn of(
        api: &Api,
        tenant: &TenantId,
        forge: Option<Forge>,
        secret: Option<&Secret>,
        now: Timestamp,
    ) -> Self {
        let webhook_url = format!("{}/webhooks/{tenant}/github", api.connector.public_url);
        let Some(forge) = forge else { return Self { webhook_url, ..Self::default() } };
        Self {
            set_up: true,
            method: Some(forge.method),
            name: Some(forge.name),
            app_id: forge.app_id,
            api_url: forge.api_url,
            reaches: forge.reaches,
            reaches_more: forge.reaches_more,
            webhook_url,
            secret: secret.map(|secret| secret.expose().to_owned()),
            secret_made_at: Some(forge.secret_made_at),
            old_secret_until: forge.old_secret_until.filter(|until| *until > now),
            delivered_at: forge.delivered_at,
            trouble: forge.trouble,
            limit: forge.limit,
            verified_at: Some(forge.verified_at),
        }
    }
}

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(show, put, remove)).routes(routes!(replace_secret))
}

/// Shows how GitHub is reached, when it delivered last, and what stands in the way.
#[utoipa::path(get, path = "/v1/github", tag = "github", security(("token" = ["auditor"])), responses((status = 200, body = GithubView)))]
async fn show(Reader(caller): Reader, State(api): State<Api>) -> Result<Json<GithubView>, Problem> {
    let forge = api.core.store.forge(&caller.tenant).await?;
    Ok(Json(GithubView::of(&api, &caller.tenant, forge, None, api.core.clock.now())))
}

/// Sets GitHub up, or replaces its credentials. They are tried before they are kept.
///
/// Give a `token`, or `app_id` and `private_key` of an app. Both need read and write access to Pull requests. The first
/// time the answer has the `secret` of the webhook, once. In GitHub, enter a webhook of the app, the organisation or the
/// repositories: as payload URL the `webhook_url`; as content type `application/json`; as secret the `secret`; as events
/// Pull requests.
#[utoipa::path(put, path = "/v1/github", tag = "github", security(("token" = ["admin"])), request_body = GithubInput, responses((status = 200, body = GithubView), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn put(
    Admin(caller): Admin,
    State(api): State<Api>,
    Body(input): Body<GithubInput>,
) -> Result<Json<GithubView>, Problem> {
    let api_url = input.api_url.as_deref().map(|url| api.forge.check_api_url(url)).transpose()?;
    let credentials = match (input.token, input.app_id, input.private_key) {
        (Some(token), None, None) => {
            Credentials::Token { token: Secret::new(text("token", token.expose())?) }
        }
        (None, Some(app_id), Some(private_key)) => {
            Credentials::App { app_id: text("app_id", &app_id)?, private_key }
        }
        (None, Some(_), None) => {
            return Err(Problem::invalid("private_key", "the private key of the app is missing"));
        }
        (None, None, Some(_)) => return Err(Problem::invalid("app_id", "the id of the app is missing")),
        _ => {
            let message = "give either a token, or app_id and private_key of an app";
            return Err(Problem::invalid("token", message));
        }
    };
    let done = Box::pin(api.forge.set_up(&caller.tenant, &credentials, api_url.as_deref())).await?;
    let now = api.core.clock.now();
    Ok(Json(GithubView::of(&api, &caller.tenant, Some(done.forge), done.secret.as_ref(), now)))
}

/// Makes a new secret of the webhook. The one before counts for a day more: enter the new one in GitHub within it.
#[utoipa::path(post, path = "/v1/github/webhook-secret", tag = "github", security(("token" = ["admin"])), responses((status = 201, body = GithubView), (status = 404, body = Problem)))]
async fn replace_secret(Admin(caller): Admin, State(api): State<Api>) -> Result<Response, Problem> {
    let made = api.forge.replace_signing(&caller.tenant).await?;
    let now = api.core.clock.now();
    let view = GithubView::of(&api, &caller.tenant, Some(made.forge), Some(&made.secret), now);
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

/// Ends the use of GitHub: its credentials and the webhook's secret are deleted at once and for ever. Pull requests that are
/// known stay known; their issues are not changed any more by what happens at GitHub.
#[utoipa::path(delete, path = "/v1/github", tag = "github", security(("token" = ["admin"])), responses((status = 204)))]
async fn remove(Admin(caller): Admin, State(api): State<Api>) -> Result<StatusCode, Problem> {
    api.forge.remove(&caller.tenant).await?;
    Ok(StatusCode::NO_CONTENT)
}
