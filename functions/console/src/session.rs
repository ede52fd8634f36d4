//! The session of a request, and its beginning and end.

use assay::access::{ApiToken, PresentedToken};
use assay::audit::{Change, Outcome, Verdict, Who};
use assay::console::{FormKey, PresentedSession, Session, VALID_FOR, Way};
use http::{HeaderMap, HeaderValue};

use crate::Console;
use crate::cookie;
use crate::frame::Frame;
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

/// Begins a session for whoever proved to hold `token`; gives its cookie. The audit log has it.
pub async fn begin(
    console: &Console,
    frame: &Frame,
    token: &ApiToken,
    way: Way,
) -> Result<HeaderValue, Problem> {
    let core = &console.core;
    let (session, shown) = Session::begin(core.random.as_ref(), token, way, core.clock.now())?;
    let who = Who { session: Some(session.id.clone()), ..Who::token(&token.id, &token.name, token.role) };
    let change = Change::new(who, "sign-in to the console").of_request(frame.request.as_deref());
    let entry = core.change_begins(&session.tenant, change).await?;
    core.store.put_session(&session).await?;
    let outcome = Outcome::new(core.clock.now(), Verdict::Done).making(Some(session.id.as_str()));
    core.change_ended(&entry, outcome).await;
    tracing::info!(tenant = %session.tenant, token = %session.token, session = %session.id, "signed in to the console");
    let name = cookie::name(console.secure(), cookie::SESSION);
    cookie::set(console.secure(), &name, shown.expose(), VALID_FOR)
        .ok_or_else(|| Problem::ours("a session's cookie could not be made"))
}

/// Ends the session that the browser had, when somebody signs in anew.
pub async fn end_earlier(console: &Console, frame: &Frame, headers: &HeaderMap) -> Result<(), Problem> {
    if let Some(earlier) = visitor(console, headers).await? {
        end(console, frame, &earlier.session).await?;
    }
    Ok(())
}

/// Ends the session of whoever looks; gives the cookie that takes the browser's away. The audit log has it.
pub async fn end(
    console: &Console,
    frame: &Frame,
    session: &Session,
) -> Result<Option<HeaderValue>, Problem> {
    let core = &console.core;
    let (name, role) = frame.who.as_ref().map(|who| (who.token.clone(), who.role)).unzip();
    let who = Who { by: session.token.to_string(), name, role, session: Some(session.id.clone()) };
    let change = Change::new(who, "sign-out of the console").of_request(frame.request.as_deref());
    let entry = core.change_begins(&session.tenant, change).await?;
    core.store.delete_session(&session.tenant, &session.id).await?;
    core.change_ended(&entry, Outcome::new(core.clock.now(), Verdict::Done)).await;
    tracing::info!(tenant = %session.tenant, session = %session.id, "signed out of the console");
    let name = cookie::name(console.secure(), cookie::SESSION);
    Ok(cookie::set(console.secure(), &name, "", 0))
}

/// Says in the log that somebody was not let in with `text`. It names a token only if there is one: what was entered may be a
/// secret in any of its parts.
pub async fn refused(console: &Console, text: &str) -> Result<(), Problem> {
    let claimed = PresentedToken::parse(text).ok();
    let token = match &claimed {
        Some(claimed) => console.core.store.token(&claimed.tenant, &claimed.id).await?,
        None => None,
    };
    if let Some(ApiToken { tenant, id, revoked_at, .. }) = token {
        let revoked = revoked_at.is_some();
        tracing::warn!(%tenant, token = %id, revoked, "refused to sign in to the console");
    } else {
        tracing::warn!("refused to sign in to the console: there is no such token");
    }
    Ok(())
}
