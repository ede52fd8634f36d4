//! API tokens: who, or what, may use the API, and as what. A token is shown once, where it is made.
//!
//! `link` lets somebody in who has none; `token` is one token, with who is signed in with it.

mod link;
mod token;

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query};
use axum::response::Response;
use axum::routing::{get, post};
use http::Method;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use crate::badge::{Badge, Tone};
use crate::client::{List, path, query};
use crate::form::{Entered, Form};
use crate::frame::{Frame, Visit};
use crate::problem::Problem;
use crate::{Console, answer};

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/tokens", get(list).post(make))
        .route("/tokens/{id}/revoke", post(revoke))
        .merge(link::routes())
        .merge(token::routes())
}

/// Enough of a session's identifier to tell it from others: what stands behind its token's, as far as is said.
pub(super) fn short(session: &str) -> &str {
    let rest = session.split_once('.').map_or(session, |(_, rest)| rest);
    rest.get(..8).unwrap_or(rest)
}

/// What each role may do.
const ROLES: &[(&str, &str)] = &[
    ("auditor", "Auditor: sees everything, changes nothing"),
    ("reviewer", "Reviewer: decides in access reviews, too"),
    ("operator", "Operator: runs checks, works on tasks, tickets and actions, too"),
    ("admin", "Admin: changes connections, settings and tokens, too"),
];

/// A token, as far as it is shown.
#[derive(Clone, Debug, Deserialize)]
struct Token {
    id: String,
    name: String,
    role: Role,
    /// The token itself, where it was made just now.
    #[serde(default, rename = "token")]
    text: Option<String>,
    created_by: String,
    created_at: Timestamp,
    revoked_at: Option<Timestamp>,
}

/// The API's roles.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Role {
    Auditor,
    Reviewer,
    Operator,
    Admin,
}

impl Role {
    /// In a word.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Auditor => "Auditor",
            Self::Reviewer => "Reviewer",
            Self::Operator => "Operator",
            Self::Admin => "Admin",
        }
    }
}

impl Token {
    fn badge(&self) -> Badge {
        match self.revoked_at {
            Some(_) => Badge::new(Tone::Idle, "Revoked"),
            None => Badge::new(Tone::Good, "Valid"),
        }
    }

    /// Who made it, where that was no token.
    fn made_without_token(&self) -> Option<&'static str> {
        match self.created_by.as_str() {
            "iam" => Some("direct invocation"),
            "sign-on" => Some("single sign-on"),
            _ => None,
        }
    }

    /// Its page.
    fn page(&self) -> String {
        path(&["tokens", &self.id])
    }

    /// Where it is revoked.
    fn end(&self) -> String {
        path(&["tokens", &self.id, "revoke"])
    }
}

#[derive(Template)]
#[template(path = "tokens.html")]
struct TokensPage<'a> {
    frame: &'a Frame,
    tokens: Vec<Token>,
    /// What the tokens of this page are called, by id.
    names: BTreeMap<String, String>,
    /// The token that this session stands for.
    own: &'a str,
    next: Option<String>,
    entered: Entered,
}

impl TokensPage<'_> {
    const ROLES: &'static [(&'static str, &'static str)] = ROLES;

    /// Who made a token.
    fn maker(&self, token: &Token) -> String {
        let named = || self.names.get(&token.created_by).unwrap_or(&token.created_by).clone();
        token.made_without_token().map_or_else(named, ToOwned::to_owned)
    }

    fn is_own(&self, token: &Token) -> bool {
        self.own == token.id
    }
}

#[derive(Template)]
#[template(path = "tokens/made.html")]
struct MadePage<'a> {
    frame: &'a Frame,
    made: Token,
}

#[derive(Default, Deserialize)]
struct Place {
    cursor: Option<String>,
}

async fn list(visit: Visit, Query(place): Query<Place>) -> Result<Response, Problem> {
    answer::page(&page(&visit, place, Entered::default()).await?)
}

async fn page(visit: &Visit, place: Place, entered: Entered) -> Result<TokensPage<'_>, Problem> {
    let asked = query("/v1/tokens", &[("cursor", place.cursor.as_deref())]);
    let list = visit.client.get::<List<Token>>(&asked).await?;
    let next = list.next_cursor.map(|cursor| query("/tokens", &[("cursor", Some(&cursor))]));
    let names = list.items.iter().map(|token| (token.id.clone(), token.name.clone())).collect();
    let own = visit.session.token.as_str();
    Ok(TokensPage { frame: &visit.frame, tokens: list.items, names, own, next, entered })
}

async fn make(visit: Visit, form: Form) -> Result<Response, Problem> {
    let body = json!({ "name": form.text("name"), "role": form.text("role") });
    match visit.client.post::<Token>("/v1/tokens", &form, &body).await {
        // Not a way to another page: the token is in this answer and nowhere else.
        Ok(made) => answer::page(&MadePage { frame: &visit.frame, made }),
        Err(problem) if problem.is_about_input() => {
            let status = problem.status();
            answer::with(status, &page(&visit, Place::default(), form.refused(problem)).await?)
        }
        Err(problem) => Err(problem),
    }
}

async fn revoke(visit: Visit, Path(id): Path<String>, _form: Form) -> Result<Response, Problem> {
    visit.client.change::<()>(Method::DELETE, &path(&["v1", "tokens", &id]), &()).await?;
    Ok(visit.go("/tokens", "The token is revoked. Whoever used it is refused from now on."))
}
