//! What stands beside a connection: the organisation's API key, and the webhook that an administrator enters by hand.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use http::Method;
use serde::Deserialize;
use serde_json::{Map, json};

use super::{Connection, for_admins, one};
use crate::answer;
use crate::client::path;
use crate::form::{Entered, Form};
use crate::frame::{Frame, Visit};
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "connections/organisation.html")]
struct OrganisationPage<'a> {
    frame: &'a Frame,
    connection: Connection,
    entered: Entered,
}

#[derive(Template)]
#[template(path = "connections/webhook.html")]
struct WebhookPage<'a> {
    frame: &'a Frame,
    connection: Connection,
    /// What it must tell of now.
    wanted: Wanted,
    /// What was made just now; its secret is shown this once.
    made: Option<Made>,
}

/// A webhook's address and secret.
#[derive(Deserialize)]
struct Made {
    url: String,
    secret: String,
}

/// What the webhook must tell of.
#[derive(Deserialize)]
struct Wanted {
    jql: Option<String>,
    made: bool,
}

async fn wanted(visit: &Visit, id: &str) -> Result<Wanted, Problem> {
    visit.client.get(&path(&["v1", "connections", id, "webhook"])).await
}

pub(super) async fn organisation(visit: Visit, Path(id): Path<String>) -> Result<Response, Problem> {
    for_admins(&visit)?;
    let connection = one(&visit, &id).await?;
    answer::page(&OrganisationPage { frame: &visit.frame, connection, entered: Entered::default() })
}

pub(super) async fn put_organisation(
    visit: Visit,
    Path(id): Path<String>,
    form: Form,
) -> Result<Response, Problem> {
    let given = ["organisation_id", "api_key", "ends_on"].into_iter();
    let given = given.filter_map(|name| Some((name.to_owned(), json!(form.optional(name)?))));
    let body: Map<_, _> = given.collect();
    let api = path(&["v1", "connections", &id, "organisation"]);
    match visit.client.change::<Connection>(Method::PUT, &api, &body).await {
        Ok(connection) => {
            let said = "The organisation key was verified and is kept. The next reading of accounts uses it.";
            Ok(visit.go(&connection.page(), said))
        }
        Err(problem) if problem.is_about_input() => {
            let connection = one(&visit, &id).await?;
            let (status, entered) = (problem.status(), form.refused(problem));
            answer::with(status, &OrganisationPage { frame: &visit.frame, connection, entered })
        }
        Err(problem) => Err(problem),
    }
}

pub(super) async fn remove_organisation(
    visit: Visit,
    Path(id): Path<String>,
    _form: Form,
) -> Result<Response, Problem> {
    let api = path(&["v1", "connections", &id, "organisation"]);
    let connection: Connection = visit.client.change(Method::DELETE, &api, &()).await?;
    Ok(visit.go(&connection.page(), "The organisation key was deleted."))
}

pub(super) async fn webhook(visit: Visit, Path(id): Path<String>) -> Result<Response, Problem> {
    for_admins(&visit)?;
    let (connection, wanted) = (one(&visit, &id).await?, wanted(&visit, &id).await?);
    answer::page(&WebhookPage { frame: &visit.frame, connection, wanted, made: None })
}

pub(super) async fn make_webhook(
    visit: Visit,
    Path(id): Path<String>,
    form: Form,
) -> Result<Response, Problem> {
    // All else is read before: once the secret is made, nothing may keep the page from showing it.
    let (connection, wanted) = (one(&visit, &id).await?, wanted(&visit, &id).await?);
    let made = visit.client.post(&path(&["v1", "connections", &id, "webhook"]), &form, &()).await?;
    // Not a way to another page: the secret is in this answer and nowhere else.
    answer::page(&WebhookPage { frame: &visit.frame, connection, wanted, made: Some(made) })
}
