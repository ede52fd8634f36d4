//! Disconnecting: what it does, and whether it is meant.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use http::{Method, StatusCode};

use super::{Connection, for_admins, one};
use crate::answer;
use crate::client::path;
use crate::form::{Entered, Form};
use crate::frame::{Frame, Visit};
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "connections/disconnect.html")]
struct DisconnectPage<'a> {
    frame: &'a Frame,
    connection: Connection,
    entered: Entered,
}

pub(super) async fn ask(visit: Visit, Path(id): Path<String>) -> Result<Response, Problem> {
    for_admins(&visit)?;
    let connection = one(&visit, &id).await?;
    answer::page(&DisconnectPage { frame: &visit.frame, connection, entered: Entered::default() })
}

pub(super) async fn disconnect(
    visit: Visit,
    Path(id): Path<String>,
    form: Form,
) -> Result<Response, Problem> {
    for_admins(&visit)?;
    let connection = one(&visit, &id).await?;
    if !form.text("site").eq_ignore_ascii_case(&connection.site) {
        let detail = format!("Enter {} to say that you mean this site. Nothing was done.", connection.site);
        let entered = form.refused(Problem::invalid("site", &detail));
        let page = DisconnectPage { frame: &visit.frame, connection, entered };
        return answer::with(StatusCode::UNPROCESSABLE_ENTITY, &page);
    }
    let api = path(&["v1", "connections", &id]);
    let ended: Connection = visit.client.change(Method::DELETE, &api, &()).await?;
    Ok(visit.go(&ended.page(), "The site is disconnected, and its secrets are deleted."))
}
