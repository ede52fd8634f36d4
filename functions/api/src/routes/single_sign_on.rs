//! Single sign-on: the tenant's own sign-in service, and which of its people may do what.

use std::collections::BTreeMap;

use assay::access::Role;
use assay::oidc;
use assay::secret::Secret;
use assay::single_sign_on::SingleSignOn;
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Routes;
use super::oauth_app::text;
use crate::Api;
use crate::caller::Admin;
use crate::input::Body;
use crate::problem::Problem;

/// The most values of the role claim, and the most scopes.
const MOST: usize = 50;

/// The longest claim, value or scope, in characters.
const LONGEST: usize = 200;

/// How single sign-on is to be.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SingleSignOnInput {
    /// The sign-in service, as it calls itself: an https address. What it says at
    /// `<issuer>/.well-known/openid-configuration` is asked for now.
    issuer: String,
    /// Who Assay is to it.
    client_id: String,
    /// The client secret, never shown again. Left out, the one that is there stays if issuer and client id do, and a
    /// client without one is public.
    #[schema(value_type = Option<String>)]
    client_secret: Option<Secret>,
    /// What is asked for beside `openid`; `email` and `profile` if not given.
    scopes: Option<Vec<String>>,
    /// The claim that says what somebody may do: text, or a list of texts. A name with dots leads into objects.
    role_claim: String,
    /// What its values allow: `{"grc-team": "admin"}`. Of several the highest counts; who has none may not sign in.
    roles: BTreeMap<String, Role>,
}

/// How single sign-on is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SingleSignOnView {
    /// The sign-in service; null when none is set up.
    issuer: Option<String>,
    /// Who Assay is to it.
    client_id: Option<String>,
    /// Whether a client secret is kept.
    has_secret: bool,
    /// What is asked for beside `openid`.
    scopes: Vec<String>,
    /// The claim that says what somebody may do.
    role_claim: Option<String>,
    /// What its values allow.
    roles: BTreeMap<String, Role>,
    /// The address to enter at the service as the redirect URI.
    redirect_uri: String,
    /// The address that signs people of this tenant in.
    sign_in_url: String,
    /// When it was set up last.
    #[schema(value_type = Option<String>)]
    updated_at: Option<Timestamp>,
}

impl SingleSignOnView {
    fn of(api: &Api, tenant: &assay::ids::TenantId, setting: Option<SingleSignOn>) -> Self {
        let url = &api.connector.public_url;
        let (redirect_uri, sign_in_url) = (oidc::redirect_uri(url), format!("{url}/sign-in/with/{tenant}"));
        let Some(setting) = setting else {
            return Self {
                issuer: None,
                client_id: None,
                has_secret: false,
                scopes: Vec::new(),
                role_claim: None,
                roles: BTreeMap::new(),
                redirect_uri,
                sign_in_url,
                updated_at: None,
            };
        };
        Self {
            issuer: Some(setting.issuer),
            client_id: Some(setting.client_id),
            has_secret: setting.has_secret,
            scopes: setting.scopes,
            role_claim: Some(setting.role_claim),
            roles: setting.roles,
            redirect_uri,
            sign_in_url,
            updated_at: Some(setting.updated_at),
        }
    }
}

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(show, put, remove))
}

/// Shows how single sign-on is set up, and the addresses that the sign-in service and its people need.
#[utoipa::path(get, path = "/v1/single-sign-on", tag = "single sign-on", security(("token" = ["admin"])), responses((status = 200, body = SingleSignOnView)))]
async fn show(Admin(caller): Admin, State(api): State<Api>) -> Result<Json<SingleSignOnView>, Problem> {
    let setting = api.core.store.single_sign_on(&caller.tenant).await?;
    Ok(Json(SingleSignOnView::of(&api, &caller.tenant, setting)))
}

/// Sets single sign-on up, or replaces it. The service is asked what it is first.
#[utoipa::path(put, path = "/v1/single-sign-on", tag = "single sign-on", security(("token" = ["admin"])), request_body = SingleSignOnInput, responses((status = 200, body = SingleSignOnView), (status = 422, body = Problem)))]
async fn put(
    Admin(caller): Admin,
    State(api): State<Api>,
    Body(input): Body<SingleSignOnInput>,
) -> Result<Json<SingleSignOnView>, Problem> {
    let client_id = text("client_id", &input.client_id)?;
    let role_claim = word("role_claim", &input.role_claim)?;
    let scopes = input.scopes.unwrap_or_else(|| vec!["email".to_owned(), "profile".to_owned()]);
    if scopes.len() > MOST {
        return Err(Problem::invalid("scopes", format!("scopes may be at most {MOST}")));
    }
    let scopes: Vec<String> = scopes.iter().map(|scope| text("scopes", scope)).collect::<Result<_, _>>()?;
    if input.roles.is_empty() || input.roles.len() > MOST {
        return Err(Problem::invalid("roles", format!("roles must name 1 to {MOST} values of the claim")));
    }
    for value in input.roles.keys() {
        word("roles", value)?;
    }
    let secret = input.client_secret.map(|secret| text("client_secret", secret.expose()).map(Secret::new));
    let secret = secret.transpose()?;
    let issuer = input.issuer.trim();
    oidc::discover(&api.announcer.outside, issuer).await?;
    let known = api.core.store.single_sign_on(&caller.tenant).await?;
    let stays = known.is_some_and(|it| it.has_secret && it.issuer == issuer && it.client_id == client_id);
    let setting = SingleSignOn {
        tenant: caller.tenant.clone(),
        issuer: issuer.to_owned(),
        client_id,
        has_secret: secret.is_some() || stays,
        scopes,
        role_claim,
        roles: input.roles,
        set_by: caller.token.to_string(),
        updated_at: api.core.clock.now(),
    };
    let (secrets, name) = (&api.connector.jira.secrets, assay::secrets::single_sign_on_name(&caller.tenant));
    match &secret {
        Some(secret) => secrets.put(&name, secret).await?,
        None if !stays => secrets.delete(&name).await?,
        None => {}
    }
    api.core.store.put_single_sign_on(&setting).await?;
    Ok(Json(SingleSignOnView::of(&api, &caller.tenant, Some(setting))))
}

/// Ends single sign-on: nobody signs in by it any more. Sessions that were begun so go on until they end; the tokens behind
/// them are listed, and can be revoked.
#[utoipa::path(delete, path = "/v1/single-sign-on", tag = "single sign-on", security(("token" = ["admin"])), responses((status = 204)))]
async fn remove(Admin(caller): Admin, State(api): State<Api>) -> Result<StatusCode, Problem> {
    api.core.store.delete_single_sign_on(&caller.tenant).await?;
    api.connector.jira.secrets.delete(&assay::secrets::single_sign_on_name(&caller.tenant)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Checks a claim's name or value.
fn word(field: &str, text: &str) -> Result<String, Problem> {
    let text = text.trim();
    if (1..=LONGEST).contains(&text.chars().count()) && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    Err(Problem::invalid(
        field,
        format!("{field} must be 1 to {LONGEST} characters, none of them a control character"),
    ))
}
