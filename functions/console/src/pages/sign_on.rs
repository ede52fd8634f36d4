//! Signing in at the tenant's own sign-in service: the way there, and the way back.

use askama::Template;
use assay::access::ApiToken;
use assay::audit::{Change, Outcome, Verdict, Who};
use assay::console::{LinkText, Way};
use assay::error::Kind;
use assay::ids::TenantId;
use assay::secret::Secret;
use assay::single_sign_on::{BrowserSecret, SignOnAttempt, SingleSignOn, VALID_FOR};
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::get;
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;

use crate::frame::Frame;
use crate::problem::Problem;
use crate::{Console, answer, cookie, session};

/// The browser's secret while it is away.
const COOKIE: &str = "assay-sign-on";

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/sign-in/with", get(chosen))
        .route("/sign-in/with/{tenant}", get(depart))
        .route("/sign-in/callback", get(arrive))
}

#[derive(Template)]
#[template(path = "sign_on.html")]
struct DepartPage<'a> {
    frame: &'a Frame,
    tenant: &'a str,
    /// The service.
    issuer: &'a str,
    /// The address to go to.
    address: &'a str,
}

#[derive(Deserialize)]
struct Chosen {
    #[serde(default)]
    tenant: String,
    to: Option<String>,
}

/// What the service sends back.
#[derive(Deserialize)]
struct Arrived {
    #[serde(default)]
    state: String,
    code: Option<Secret>,
    error: Option<String>,
}

async fn chosen(
    State(console): State<Console>,
    frame: Frame,
    Query(chosen): Query<Chosen>,
) -> Result<Response, Problem> {
    let to = answer::here(chosen.to.as_deref().unwrap_or("/"));
    begin(&console, &frame, chosen.tenant.trim(), to).await
}

async fn depart(
    State(console): State<Console>,
    frame: Frame,
    Path(tenant): Path<String>,
    Query(chosen): Query<Chosen>,
) -> Result<Response, Problem> {
    let to = answer::here(chosen.to.as_deref().unwrap_or("/"));
    begin(&console, &frame, &tenant, to).await
}

/// Shows the way as a page and not as a redirect: the policy lets no form of ours lead to another site, whose page would
/// else be where a form leads.
async fn begin(console: &Console, frame: &Frame, tenant: &str, to: &str) -> Result<Response, Problem> {
    let setting = match TenantId::parse(tenant) {
        Ok(tenant) => console.core.store.single_sign_on(&tenant).await?,
        Err(_) => None,
    };
    // The same for a tenant that does not exist: nobody finds out here which do.
    let setting = setting.ok_or_else(|| {
        Problem::not_found("Single sign-on is not set up for an organisation of this name. Sign in with an API token or a link, or ask an admin.")
    })?;
    let (attempt, state, browser) =
        SignOnAttempt::begin(console.core.random.as_ref(), &setting, to, frame.now)?;
    let address = console.service(&setting).await?.address(&state, &browser)?;
    console.core.store.put_sign_on_attempt(&attempt).await?;
    let page =
        DepartPage { frame, tenant: setting.tenant.as_str(), issuer: &setting.issuer, address: &address };
    let mut response = answer::page(&page)?;
    let name = cookie::name(console.secure(), COOKIE);
    if let Some(cookie) = cookie::set(console.secure(), &name, browser.expose(), VALID_FOR) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

async fn arrive(
    State(console): State<Console>,
    frame: Frame,
    headers: HeaderMap,
    Query(arrived): Query<Arrived>,
) -> Result<Response, Problem> {
    let name = cookie::name(console.secure(), COOKIE);
    let browser = cookie::get(&headers, &name).map(BrowserSecret::new).ok_or_else(|| {
        refused("Signing in was begun in another browser, or longer than 10 minutes ago; sign in again.")
    })?;
    let (token, to) = identify(&console, &frame, &browser, arrived).await?;
    session::end_earlier(&console, &frame, &headers).await?;
    let mut response = answer::see(answer::here(&to));
    response
        .headers_mut()
        .append(header::SET_COOKIE, session::begin(&console, &frame, &token, Way::SignOn).await?);
    if let Some(over) = cookie::set(console.secure(), &name, "", 0) {
        response.headers_mut().append(header::SET_COOKIE, over);
    }
    Ok(response)
}

/// Who came back, and where they go on. Whatever comes of it, the attempt is over.
async fn identify(
    console: &Console,
    frame: &Frame,
    browser: &BrowserSecret,
    arrived: Arrived,
) -> Result<(ApiToken, String), Problem> {
    let over = || refused("This sign-in was finished already, or is older than 10 minutes; sign in again.");
    let state = LinkText::parse(&arrived.state).ok_or_else(over)?;
    let store = &console.core.store;
    let attempt = store.take_sign_on_attempt(&state).await?.ok_or_else(over)?;
    let setting = store.single_sign_on(&attempt.tenant).await?.ok_or_else(|| {
        refused(
            "Single sign-on was taken away meanwhile; sign in with an API token or a link, or ask an admin.",
        )
    })?;
    attempt.may_complete(&setting, browser, frame.now).map_err(told)?;
    let code = match (arrived.code, arrived.error.as_deref()) {
        (Some(code), None) => code,
        (_, Some("access_denied")) => return Err(refused("The sign-in service did not let you in.")),
        _ => return Err(refused("The sign-in service could not sign you in; try again, or tell an admin.")),
    };
    let subject = console.service(&setting).await?.redeem(&code, browser, frame.now).await.map_err(told)?;
    let role = setting.role_of(&subject.claims).ok_or_else(|| no_role(&setting))?;
    let random = console.core.random.as_ref();
    let token = setting.token(random, &subject.subject, &subject.claims, role, frame.now)?;
    let who =
        Who { by: token.id.to_string(), name: Some(token.name.clone()), role: Some(role), session: None };
    let change = Change::new(who, "GET /sign-in/callback").with("role", role.name());
    let entry = console.core.change_begins(&token.tenant, change).await?;
    let put = store.put_sign_on_token(&token).await?;
    let verdict = if put.is_some() { Verdict::Done } else { Verdict::Refused };
    console.core.change_ended(&entry, Outcome::new(console.core.clock.now(), verdict)).await;
    let token = put.ok_or_else(|| {
        let detail =
            "An admin has revoked your token. Ask an admin of your organisation if that should not be so.";
        Problem::new(StatusCode::FORBIDDEN, "You may not sign in", detail)
    })?;
    Ok((token, attempt.to))
}

/// What may be mended is said to whoever waits; the cause is for the log.
fn told(error: assay::Error) -> Problem {
    if let Kind::Invalid { .. } = error.kind() {
        tracing::warn!(error = error.chain(), "single sign-on was refused");
        return refused(&error.to_string());
    }
    error.into()
}

fn refused(detail: &str) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "You are not signed in", detail)
}

fn no_role(setting: &SingleSignOn) -> Problem {
    let detail = format!(
        "The sign-in service knows you, but its claim `{}` gives you no role in Assay. Ask your administrator to give you one of the values that are listed for `{}`, or to list yours.",
        setting.role_claim, setting.tenant
    );
    Problem::new(StatusCode::FORBIDDEN, "You have no role yet", &detail)
}
