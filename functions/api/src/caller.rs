//! Who calls: the token in `Authorization: Bearer …`, its tenant and role.

use assay::access::{ApiToken, PresentedToken, Role};
use assay::error::Kind;
use assay::ids::{SessionId, TenantId, TokenId};
use assay::operations::Core;
use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::AUTHORIZATION;
use http::request::Parts;

use crate::Api;
use crate::problem::Problem;

/// Who calls.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The tenant of the token.
    pub tenant: TenantId,
    /// The token.
    pub token: TokenId,
    /// What it is called.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The session of the console that stands for the token; none where the token itself was sent.
    pub session: Option<SessionId>,
}

/// A caller who may read.
#[derive(Clone, Debug)]
pub struct Reader(pub Caller);

/// A caller who may decide in access reviews.
#[derive(Clone, Debug)]
pub struct Reviewer(pub Caller);

/// A caller who may run checks and work on tasks and tickets.
#[derive(Clone, Debug)]
pub struct Operator(pub Caller);

/// A caller who may change connections, settings and tokens.
#[derive(Clone, Debug)]
pub struct Admin(pub Caller);

/// Finds out who calls, before any handler runs. The console, which calls in process, has put the caller there already;
/// nothing that comes over HTTP can.
pub async fn authenticate(
    State(api): State<Api>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if request.extensions().get::<Caller>().is_none() {
        let caller = identify(&api, request.headers()).await?;
        request.extensions_mut().insert(caller);
    }
    Ok(next.run(request).await)
}

async fn identify(api: &Api, headers: &http::HeaderMap) -> Result<Caller, Problem> {
    let refuse = |message: &str| Problem::from(assay::Error::new(Kind::Unauthenticated, message));
    let header = headers
        .get(AUTHORIZATION)
        .ok_or_else(|| refuse("no API token was given; send the header `Authorization: Bearer <token>`"))?;
    let text = header
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .and_then(|(scheme, token)| scheme.eq_ignore_ascii_case("bearer").then_some(token))
        .ok_or_else(|| refuse("the header Authorization must be `Bearer <token>`"))?;
    let token = recognise(&api.core, text).await?;
    let ApiToken { tenant, id, name, role, .. } = token;
    Ok(Caller { tenant, token: id, name, role, session: None })
}

/// The token that `text` is, if it is one and was not revoked.
pub async fn recognise(core: &Core, text: &str) -> assay::Result<ApiToken> {
    let presented = PresentedToken::parse(text)?;
    match core.store.token(&presented.tenant, &presented.id).await? {
        Some(token) if token.accepts(&presented) => Ok(token),
        _ => {
            let message = "the API token is not valid; make a new one or ask an admin";
            Err(assay::Error::new(Kind::Unauthenticated, message))
        }
    }
}

fn require(parts: &Parts, role: Role) -> Result<Caller, Problem> {
    // Missing only if a route were mounted without `authenticate`; then nobody may use it.
    let caller = parts
        .extensions
        .get::<Caller>()
        .ok_or_else(|| Problem::from(assay::Error::new(Kind::Unauthenticated, "no API token was given")))?;
    if caller.role.covers(role) {
        return Ok(caller.clone());
    }
    let needed = role.name();
    Err(Problem::forbidden(format!(
        "this needs the role {needed} or above; ask an admin for a token with that role"
    )))
}

/// Makes extractors of the roles.
macro_rules! role {
    ($type:ident, $role:expr) => {
        impl<S: Send + Sync> FromRequestParts<S> for $type {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
                require(parts, $role).map(Self)
            }
        }
    };
}

role!(Reader, Role::Auditor);
role!(Reviewer, Role::Reviewer);
role!(Operator, Role::Operator);
role!(Admin, Role::Admin);
