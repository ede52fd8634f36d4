//! What each page knows of its request: who looks, from where, in which time zone; and what becomes of a problem.
//!
//! Reads the session once for each request; puts [`Frame`] into the request, and [`Visit`] where somebody is signed in.
//! A page that asks for [`Visit`] is therefore closed to everybody else: they are led to the sign-in page and back.

use std::sync::{Arc, OnceLock};

use assay::access::Role;
use assay::console::{FormKey, Session};
use assay::ids::SessionId;
use assay_api::caller::Caller;
use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use data_encoding::BASE64URL_NOPAD;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use lambda_http::RequestExt;

use crate::client::{self, Client};
use crate::headers::Nonce;
use crate::navigation::{ENTRIES, Entry};
use crate::problem::{self, Problem};
use crate::session::{self, Visitor};
use crate::time::Moment;
use crate::{Console, answer, assets, cookie, origin, pages, words};

/// The longest notice, in characters.
const LONGEST_NOTICE: usize = 300;

/// The header by which htmx says of which session the page is that it asks from. An answer for another one, who signed in meanwhile,
/// must not stand in it.
const OF_SESSION: &str = "assay-session";

/// What is said in the place of a notice when the form had been sent before.
const SENT_BEFORE: &str =
    "This form was sent before; nothing was done again. Reload the page to do it once more.";

/// What every page and part is given.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The path and query that were asked for.
    pub path: String,
    /// What our own script elements carry.
    pub nonce: String,
    /// The present moment.
    pub now: Timestamp,
    /// The zone of whoever looks.
    pub zone: TimeZone,
    /// The page that the request was sent from, as path and query.
    pub from: Option<String>,
    /// What was done just now, to be said once.
    pub notice: Option<String>,
    /// The id of the element that htmx asks a new content for; none for a whole page.
    pub part: Option<String>,
    /// The identifier of the request in the function's log.
    pub request: Option<String>,
    /// Who looks.
    pub who: Option<Who>,
}

/// Who looks.
#[derive(Clone, Debug)]
pub struct Who {
    /// The tenant.
    pub tenant: String,
    /// What the token is called.
    pub token: String,
    /// What it may do.
    pub role: Role,
    /// What each form carries in its hidden field `csrf`.
    pub mark: String,
    /// What it carries instead where a form is shown again that is to do the same when it is sent once more.
    pub again: Arc<OnceLock<String>>,
    /// The public half of the session.
    pub session: SessionId,
}

impl Frame {
    /// The headers that htmx sends with each request from this page, as JSON.
    pub fn htmx_headers(&self) -> String {
        serde_json::json!({ OF_SESSION: self.session() }).to_string()
    }

    fn session(&self) -> &str {
        self.who.as_ref().map_or("", |who| who.session.as_str())
    }

    /// Whether only this element is asked for.
    pub fn wants(&self, part: &str) -> bool {
        self.part.as_deref() == Some(part)
    }

    /// A moment as date and time.
    pub fn time(&self, at: &Timestamp) -> Moment {
        Moment::in_zone(*at, &self.zone)
    }

    /// A moment as how long ago it was, or how soon it comes.
    pub fn ago(&self, at: &Timestamp) -> Moment {
        Moment::seen_from(self.now, *at, &self.zone)
    }

    /// The same, or other words where there is no such moment.
    pub fn ago_or(&self, at: &Option<Timestamp>, otherwise: &str) -> Moment {
        at.as_ref().map_or_else(|| Moment::none(otherwise), |at| self.ago(at))
    }

    /// A number with spaces between its thousands.
    pub fn number(&self, number: impl std::fmt::Display) -> String {
        words::number(number)
    }

    /// A day.
    pub fn day(&self, day: &Date) -> String {
        words::day(*day)
    }

    /// What whoever looks may do, in a word.
    pub fn role(&self) -> &'static str {
        self.who.as_ref().map_or("", |who| who.role.name())
    }

    /// The zone, as the time zone database names it.
    pub fn zone_name(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    /// Whether whoever looks may decide in access reviews.
    pub fn reviews(&self) -> bool {
        self.covers(Role::Reviewer)
    }

    /// Whether whoever looks may run checks and work on tasks and tickets.
    pub fn operates(&self) -> bool {
        self.covers(Role::Operator)
    }

    /// Whether whoever looks may change connections, settings and tokens.
    pub fn administers(&self) -> bool {
        self.covers(Role::Admin)
    }

    fn covers(&self, role: Role) -> bool {
        self.who.as_ref().is_some_and(|who| who.role.covers(role))
    }

    /// The entries of the navigation that whoever looks may see.
    pub fn entries(&self) -> Vec<Entry> {
        ENTRIES.iter().copied().filter(|entry| self.covers(entry.role)).collect()
    }

    /// The mark for a form; empty where nobody is signed in.
    pub fn mark(&self) -> &str {
        self.who.as_ref().map_or("", |who| who.again.get().unwrap_or(&who.mark))
    }

    /// Where the stylesheet is.
    pub fn style(&self) -> &'static str {
        assets::style()
    }

    /// Where our script is.
    pub fn script(&self) -> &'static str {
        assets::script()
    }

    /// Where htmx is.
    pub fn htmx(&self) -> &'static str {
        assets::htmx()
    }

    /// Where our picture is.
    pub fn icon(&self) -> &'static str {
        assets::icon()
    }
}

/// A request of somebody who is signed in. A handler that takes one is closed to all others.
#[derive(Clone)]
pub struct Visit {
    /// What every page is given.
    pub frame: Frame,
    /// The API, as whoever looks.
    pub client: Client,
    /// The session.
    pub session: Arc<Session>,
    /// What signs its forms.
    pub form_key: FormKey,
    secure: bool,
}

impl Visit {
    /// The way to a page of ours after something was done, which that page says once. It says instead that nothing was done, where
    /// the form had been sent before.
    pub fn go(&self, to: &str, notice: &str) -> Response {
        let mut response = answer::see(to);
        let notice = if self.client.only_repeated() { SENT_BEFORE } else { notice };
        let text: String = notice.chars().take(LONGEST_NOTICE).collect();
        let text = BASE64URL_NOPAD.encode(text.as_bytes());
        let name = cookie::name(self.secure, cookie::NOTICE);
        if let Some(cookie) = cookie::set(self.secure, &name, &text, 60) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        if self.frame.part.is_some() {
            // htmx follows a redirect by itself and would put the page into the part.
            *response.status_mut() = StatusCode::OK;
            if let Some(to) = response.headers_mut().remove(header::LOCATION) {
                response.headers_mut().insert("hx-redirect", to);
            }
        }
        response
    }
}

impl Visit {
    /// Closes what follows to lower roles: a form that they could not send, or what the console does before it asks the API.
    ///
    /// # Errors
    /// 403, with the role that is needed.
    pub fn require(&self, role: Role) -> Result<(), Problem> {
        if self.frame.covers(role) {
            return Ok(());
        }
        let needed = role.name();
        let detail =
            format!("This needs the role {needed} or above; ask an admin for a token with that role.");
        Err(Problem::new(StatusCode::FORBIDDEN, "Not allowed", &detail))
    }
}

impl FromRequestParts<Console> for Visit {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Console) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(Problem::signed_out)
    }
}

impl FromRequestParts<Console> for Frame {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Console) -> Result<Self, Problem> {
        let frame = parts.extensions.get::<Self>().cloned();
        frame.ok_or_else(|| Problem::ours("a page is not behind the layer that gives it its frame"))
    }
}

/// Gives each request its frame, and makes pages of problems.
pub async fn frame(State(console): State<Console>, mut request: Request, next: Next) -> Response {
    let mut frame = begin(&console, &request);
    let entered = match origin::check(&console.public_url, request.method(), request.headers()) {
        Ok(()) => session::visitor(&console, request.headers()).await,
        Err(problem) => Err(problem),
    };
    let entered =
        entered.and_then(|visitor| visitor.map(|it| enter(&console, &mut frame, it, &request)).transpose());
    match entered {
        Err(problem) => return problem::show(&frame, &problem),
        Ok(None) => {}
        Ok(Some(visit)) => {
            request.extensions_mut().insert(visit);
        }
    }
    if is_of_another_session(&frame, request.headers()) {
        return reload();
    }
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    request.extensions_mut().insert(frame.clone());
    let response = next.run(request).await;
    let mut response = match problem::of(&response) {
        Some(problem) if problem.status() == StatusCode::UNAUTHORIZED => lead_in(&frame, reads),
        Some(problem) => problem::show(&frame, &problem),
        None => response,
    };
    if frame.notice.is_some() && reads && !response.status().is_redirection() {
        let name = cookie::name(console.secure(), cookie::NOTICE);
        if let Some(said) = cookie::set(console.secure(), &name, "", 0) {
            response.headers_mut().append(header::SET_COOKIE, said);
        }
    }
    response
}

fn begin(console: &Console, request: &Request) -> Frame {
    let headers = request.headers();
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let part = text("hx-request").and(text("hx-target")).map(ToOwned::to_owned);
    let path = request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    Frame {
        path: path.to_owned(),
        nonce: request.extensions().get::<Nonce>().map(|nonce| nonce.0.clone()).unwrap_or_default(),
        now: console.core.clock.now(),
        zone: zone(headers),
        from: text("referer").and_then(|from| from.strip_prefix(&*console.public_url)).and_then(here),
        notice: notice(console.secure(), headers).filter(|_| part.is_none()),
        part,
        request: request.lambda_context_ref().map(|context| context.request_id.clone()),
        who: None,
    }
}

/// The address of a page of ours that is no sign-in page.
fn here(from: &str) -> Option<String> {
    let is_ours = answer::here(from) == from && !from.starts_with("/sign-in");
    is_ours.then(|| from.to_owned())
}

/// Whether htmx asks from a page that was made for another session, or while nobody was signed in.
fn is_of_another_session(frame: &Frame, headers: &HeaderMap) -> bool {
    let made_for = headers.get(OF_SESSION).map_or(&b""[..], HeaderValue::as_bytes);
    headers.contains_key("hx-request") && made_for != frame.session().as_bytes()
}

/// Nothing, and for htmx the order to load the whole page anew.
fn reload() -> Response {
    let mut response = StatusCode::CONFLICT.into_response();
    response.headers_mut().insert("hx-refresh", HeaderValue::from_static("true"));
    response
}

fn enter(
    console: &Console,
    frame: &mut Frame,
    visitor: Visitor,
    request: &Request,
) -> Result<Visit, Problem> {
    let Visitor { session, token, form_key } = visitor;
    frame.who = Some(Who {
        tenant: token.tenant.to_string(),
        token: token.name.clone(),
        role: token.role,
        mark: form_key.mark(console.core.random.as_ref(), frame.now)?,
        again: Arc::default(),
        session: session.id.clone(),
    });
    let (api, sleeper) = (console.api.clone(), Arc::clone(&console.sleeper));
    let caller = Caller {
        tenant: token.tenant,
        token: token.id,
        name: token.name,
        role: token.role,
        session: Some(session.id.clone()),
    };
    Ok(Visit {
        frame: frame.clone(),
        client: Client::new(api, caller, request.lambda_context_ref().cloned(), sleeper),
        session: Arc::new(session),
        form_key,
        secure: console.secure(),
    })
}

/// To the sign-in page, and from there back to what was to be read.
fn lead_in(frame: &Frame, reads: bool) -> Response {
    let back = if reads { frame.path.as_str() } else { "/" };
    if back == "/" && frame.part.is_none() && reads {
        return pages::sign_in::shown(frame, "/");
    }
    let to = client::query("/sign-in", &[("to", Some(back).filter(|to| *to != "/"))]);
    let mut response = answer::see(&to);
    if frame.part.is_some() {
        *response.status_mut() = StatusCode::UNAUTHORIZED;
        response.headers_mut().insert("hx-redirect", HeaderValue::from_static("/sign-in"));
    }
    response
}

fn zone(headers: &HeaderMap) -> TimeZone {
    let named = cookie::get(headers, cookie::ZONE).and_then(client::decode);
    named.and_then(|name| crate::time::zone(&name)).unwrap_or(TimeZone::UTC)
}

fn notice(secure: bool, headers: &HeaderMap) -> Option<String> {
    let text = cookie::get(headers, &cookie::name(secure, cookie::NOTICE))?;
    let text = String::from_utf8(BASE64URL_NOPAD.decode(text.as_bytes()).ok()?).ok()?;
    (text.chars().count() <= LONGEST_NOTICE && !text.is_empty()).then_some(text)
}
