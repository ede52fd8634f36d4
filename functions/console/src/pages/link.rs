//! A link that signs somebody in, once. Opening it shows a button and changes nothing, so that a preview or a scanner of
//! mail does not use it up; the button does.

use askama::Template;
use assay::access::Role;
use assay::audit::{Change, Outcome, Verdict, Who};
use assay::console::{LinkText, SignInLink, Way};
use assay::ids::TokenId;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;

use crate::form::SignIn;
use crate::frame::Frame;
use crate::problem::Problem;
use crate::{Console, answer, session};

pub(super) fn routes() -> Router<Console> {
    Router::new().route("/sign-in/link", get(show).post(sign_in))
}

#[derive(Template)]
#[template(path = "link.html")]
struct LinkPage<'a> {
    frame: &'a Frame,
    link: &'a SignInLink,
    /// Its text.
    text: &'a str,
}

#[derive(Deserialize)]
struct Opened {
    #[serde(default)]
    link: String,
}

async fn show(
    State(console): State<Console>,
    frame: Frame,
    Query(opened): Query<Opened>,
) -> Result<Response, Problem> {
    let text = LinkText::parse(&opened.link).ok_or_else(over)?;
    let link = good(&console, console.core.store.link(&text).await?, &frame).await?;
    answer::page(&LinkPage { frame: &frame, link: &link, text: &opened.link })
}

async fn sign_in(
    State(console): State<Console>,
    frame: Frame,
    headers: HeaderMap,
    fields: SignIn,
) -> Result<Response, Problem> {
    let core = &console.core;
    let text = LinkText::parse(fields.text("link")).ok_or_else(over)?;
    let link = good(&console, core.store.take_link(&text).await?, &frame).await?;
    let token = link.token(core.random.as_ref(), frame.now)?;
    // Who made the link made this.
    let who = Who { by: link.created_by.clone(), name: None, role: None, session: None };
    let change = Change::new(who, "POST /sign-in/link").with("role", token.role.name());
    let entry = core.change_begins(&token.tenant, change).await?;
    core.store.put_token(&token).await?;
    session::end_earlier(&console, &frame, &headers).await?;
    let cookie = session::begin(&console, &frame, &token, Way::Link).await?;
    let outcome = Outcome::new(core.clock.now(), Verdict::Done).making(Some(token.id.as_str()));
    core.change_ended(&entry, outcome).await;
    let mut response = answer::see("/");
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

/// The link, if it can still be used, and whoever made it could still make one: with the token of an admin, its links end.
async fn good(console: &Console, link: Option<SignInLink>, frame: &Frame) -> Result<SignInLink, Problem> {
    let link = link.filter(|link| link.holds(frame.now)).ok_or_else(over)?;
    if let Some(maker) = link.maker() {
        let maker = TokenId::parse(maker)?;
        let maker = console.core.store.token(&link.tenant, &maker).await?;
        maker
            .filter(|maker| maker.revoked_at.is_none() && maker.role.covers(Role::Admin))
            .ok_or_else(over)?;
    }
    Ok(link)
}

fn over() -> Problem {
    let detail = "This sign-in link was used already, is older than 15 minutes, was not copied whole, or whoever made it may do so no more. Ask for another.";
    Problem::new(StatusCode::GONE, "The link is over", detail)
}
