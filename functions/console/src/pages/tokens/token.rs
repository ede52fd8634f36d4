//! One token: who made it, and who is signed in with it.

use askama::Template;
use assay::console::Way;
use axum::Router;
use axum::extract::{Path, Query};
use axum::response::Response;
use axum::routing::{get, post};
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;

use super::{Place, Token};
use crate::client::{List, path, query};
use crate::form::Form;
use crate::frame::{Frame, Visit};
use crate::problem::Problem;
use crate::{Console, answer};

pub(super) fn routes() -> Router<Console> {
    Router::new().route("/tokens/{id}", get(show)).route("/tokens/{id}/sessions/{session}/end", post(end))
}

/// A session of the console, as far as it is shown.
#[derive(Debug, Deserialize)]
struct Session {
    id: String,
    created_at: Timestamp,
    expires_at: Timestamp,
    way: Option<Way>,
}

impl Session {
    /// Enough of it to tell it from others: all of a token's begin alike.
    fn short(&self) -> &str {
        super::short(&self.id)
    }

    fn way(&self) -> &'static str {
        match self.way {
            Some(Way::Token) => "the token was entered",
            Some(Way::Link) => "by a sign-in link",
            Some(Way::SignOn) => "by single sign-on",
            None => "not known",
        }
    }
}

#[derive(Template)]
#[template(path = "tokens/token.html")]
struct TokenPage<'a> {
    frame: &'a Frame,
    token: Token,
    /// What the token is called that made it, where one did and that is known.
    maker: Option<String>,
    /// The session of whoever looks.
    own: &'a str,
    sessions: Vec<Session>,
    next: Option<String>,
}

impl TokenPage<'_> {
    fn is_own(&self, session: &Session) -> bool {
        self.own == session.id
    }

    /// Where a session is ended.
    fn end(&self, session: &Session) -> String {
        path(&["tokens", &self.token.id, "sessions", &session.id, "end"])
    }

    /// Whether somebody is signed in with it on this page or on another one.
    fn is_used(&self) -> bool {
        !self.sessions.is_empty() || self.next.is_some()
    }
}

async fn show(visit: Visit, Path(id): Path<String>, Query(place): Query<Place>) -> Result<Response, Problem> {
    let api = path(&["v1", "tokens", &id]);
    let listed = query(&format!("{api}/sessions"), &[("cursor", place.cursor.as_deref())]);
    let (token, sessions) =
        tokio::join!(visit.client.get::<Token>(&api), visit.client.get::<List<Session>>(&listed));
    let (token, mut sessions) = (token?, sessions?);
    if token.revoked_at.is_some() {
        // The table may still have them; they let nobody in.
        sessions = List { items: Vec::new(), next_cursor: None };
    }
    let page = token.page();
    let next = sessions.next_cursor.map(|cursor| query(&page, &[("cursor", Some(&cursor))]));
    let maker = maker(&visit, &token).await?;
    let (frame, own) = (&visit.frame, visit.session.id.as_str());
    answer::page(&TokenPage { frame, token, maker, own, sessions: sessions.items, next })
}

async fn maker(visit: &Visit, token: &Token) -> Result<Option<String>, Problem> {
    if token.made_without_token().is_some() {
        return Ok(None);
    }
    match visit.client.get::<Token>(&path(&["v1", "tokens", &token.created_by])).await {
        Ok(maker) => Ok(Some(maker.name)),
        Err(problem) if problem.status() == StatusCode::NOT_FOUND => Ok(None),
        Err(problem) => Err(problem),
    }
}

async fn end(
    visit: Visit,
    Path((id, session)): Path<(String, String)>,
    _form: Form,
) -> Result<Response, Problem> {
    let address = path(&["v1", "tokens", &id, "sessions", &session]);
    visit.client.change::<()>(Method::DELETE, &address, &()).await?;
    if visit.session.id.as_str() == session {
        return Ok(visit.go("/", "Your session is ended; sign in again."));
    }
    let said = "The session is ended. Whoever used it must sign in again.";
    Ok(visit.go(&path(&["tokens", &id]), said))
}
