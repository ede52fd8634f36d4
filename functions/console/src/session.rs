//! The session of a request, and its beginning and end.

use assay::access::ApiToken;
use assay::console::{FormKey, PresentedSession, Session, VALID_FOR};
use http::{HeaderMap, HeaderValue};

use crate::Console;
use crate::cookie;
use crate::problem::Problem;

/// A session that holds, with the token that it stands for as that is now.
pub struct Visitor {
    /// The session.
    pub session: Session,
    /// The token.
    pub token: ApiToken,
    /// What signs the session's forms.
    pub form_key: FormKey,
}

/// Who sent these headers; nobody where there is no session, it has ended, or its token was revoked.
pub async fn visitor(console: &Console, headers: &HeaderMap) -> Result<Option<Visitor>, Problem> {
    let name = cookie::name(console.secure(), cookie::SESSION);
    let Some(presented) = cookie::get(headers, &name).and_then(PresentedSession::parse) else {
        return Ok(None);
    };
    let (store, now) = (&console.core.store, console.core.clock.now());
    let Some(session) = store.session(&presented.tenant, &presented.id).await? else { return Ok(None) };
    if !session.accepts(&presented, now) {
        return Ok(None);
    }
    let token = store.token(&session.tenant, &session.token).await?;
    let form_key = presented.form_key();
    Ok(token.filter(|token| token.revoked_at.is_none()).map(|token| Visitor { session, token, form_key }))
}

/// Begins a session for whoever proved to hold `token`; gives its cookie.
pub async fn begin(console: &Console, token: &ApiToken) -> Result<HeaderValue, Problem> {
    let core = &console.core;
    let (session, shown) = Session::begin(core.random.as_ref(), token, core.clock.now())?;
    core.store.put_session(&session).await?;
    tracing::info!(tenant = %session.tenant, token = %session.token, session = %session.id, "signed in to the console");
    let name = cookie::name(console.secure(), cookie::SESSION);
    cookie::set(console.secure(), &name, shown.expose(), VALID_FOR)
        .ok_or_else(|| Problem::ours("a session's cookie could not be made"))
}

/// Ends the session that a browser had, when somebody signs in anew.
pub async fn end_earlier(console: &Console, headers: &HeaderMap) -> Result<(), Problem> {
    if let Some(earlier) = visitor(console, headers).await? {
        end(console, &earlier.session).await?;
    }
    Ok(())
}

/// Ends a session; gives the cookie that takes the browser's away.
pub async fn end(console: &Console, session: &Session) -> Result<Option<HeaderValue>, Problem> {
    console.core.store.delete_session(&session.tenant, &session.id).await?;
    tracing::info!(tenant = %session.tenant, session = %session.id, "signed out of the console");
    let name = cookie::name(console.secure(), cookie::SESSION);
    Ok(cookie::set(console.secure(), &name, "", 0))
}
