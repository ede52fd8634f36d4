//! What a connection is for, and who it proves to be: changed while it lives.

use askama::Template;
use axum::extract::{Path, RawQuery};
use axum::response::Response;
use http::{Method, StatusCode};
use serde_json::Value;

use super::connect::{Choice, Needs, begun};
use super::{Connection, Offer, UseCase, Way, app, for_admins, offers, one, wish};
use crate::answer;
use crate::client::path;
use crate::form::{Entered, Form};
use crate::frame::{Frame, Visit};
use crate::meanwhile;
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "connections/change.html")]
struct ChangePage<'a> {
    frame: &'a Frame,
    connection: Connection,
    offers: Vec<Offer>,
    entered: Entered,
}

#[derive(Template)]
#[template(path = "connections/reconnect.html")]
struct ReconnectPage<'a> {
    frame: &'a Frame,
    connection: Connection,
    way: Way,
    needs: Needs,
    app: Option<app::App>,
    entered: Entered,
}

impl ReconnectPage<'_> {
    const WAYS: [Way; 4] = Way::ALL;

    /// Whether this is the way that is shown.
    fn is_shown(&self, way: &str) -> bool {
        self.way.word() == way
    }

    fn is_ready(&self) -> bool {
        self.app.as_ref().is_none_or(|app| app.client_id.is_some())
    }

    /// Where this page is, for coming back to it.
    fn here(&self) -> String {
        format!("{}/reconnect?method={}", self.connection.page(), self.way.word())
    }
}

/// What the form shows of a connection.
fn stored(connection: &Connection) -> Entered {
    let limits = &connection.incident_limits;
    let mut stored = vec![
        ("change_management.projects", connection.change_management.keys.join(", ")),
        ("change_management.jql", connection.change_management.jql.clone().unwrap_or_default()),
        ("incidents.projects", connection.incidents.keys.join(", ")),
        ("incidents.jql", connection.incidents.jql.clone().unwrap_or_default()),
        ("incident_limits.default_days", limits.default_days.to_string()),
        ("incident_limits.days_by_priority", limits.lines()),
    ];
    stored.extend(connection.use_cases.iter().map(|it| ("use_cases", it.word().to_owned())));
    Entered::of(stored)
}

pub(super) async fn use_cases(visit: Visit, Path(id): Path<String>) -> Result<Response, Problem> {
    for_admins(&visit)?;
    let connection = one(&visit, &id).await?;
    let entered = stored(&connection);
    answer::page(&ChangePage { frame: &visit.frame, connection, offers: offers(&visit).await?, entered })
}

/// Changes what the form changes: what it leaves as it was when its page was made, it does not touch.
pub(super) async fn change(visit: Visit, Path(id): Path<String>, form: Form) -> Result<Response, Problem> {
    for_admins(&visit)?;
    let api = path(&["v1", "connections", &id]);
    let (connection, told): (Connection, Value) = visit.client.shown(&api).await?;
    let stored = stored(&connection);
    let changed: Result<Connection, Problem> = match form.onto(stored.fields()) {
        Err(entered) => return again(&visit, connection, StatusCode::CONFLICT, *entered).await,
        Ok(fields) => match (wish::change(&fields), wish::change(stored.fields())) {
            (Ok(asked), Ok(stored)) => {
                let body = meanwhile::change(&asked, &stored, &told);
                visit.client.change(Method::PATCH, &api, &body).await
            }
            (Err(problem), _) | (_, Err(problem)) => Err(problem),
        },
    };
    match changed {
        Ok(connection) => Ok(visit.go(&connection.page(), "What the connection is for was changed.")),
        Err(problem) if problem.is_about_input() => {
            again(&visit, connection, problem.status(), form.refused(problem)).await
        }
        Err(problem) => Err(problem),
    }
}

/// The page, with the form as it was sent.
async fn again(
    visit: &Visit,
    connection: Connection,
    status: StatusCode,
    entered: Entered,
) -> Result<Response, Problem> {
    let offers = offers(visit).await?;
    answer::with(status, &ChangePage { frame: &visit.frame, connection, offers, entered })
}

pub(super) async fn reconnect(
    visit: Visit,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    for_admins(&visit)?;
    let way = Way::of(&Choice::of(query.as_deref()).method);
    answer::page(&reconnect_page(&visit, &id, way, Entered::default()).await?)
}

async fn reconnect_page<'a>(
    visit: &'a Visit,
    id: &str,
    way: Option<Way>,
    entered: Entered,
) -> Result<ReconnectPage<'a>, Problem> {
    let connection = one(visit, id).await?;
    let way = way.unwrap_or(connection.method);
    let needs = Needs::of(&offers(visit).await?, way, |use_case| connection.is_for(use_case));
    let app = if way == Way::Oauth { Some(app::read(visit).await?) } else { None };
    Ok(ReconnectPage { frame: &visit.frame, connection, way, needs, app, entered })
}

pub(super) async fn prove(visit: Visit, Path(id): Path<String>, form: Form) -> Result<Response, Problem> {
    let api = path(&["v1", "connections", &id, "reconnect"]);
    match visit.client.post::<Connection>(&api, &form, &wish::proof(&form)).await {
        Ok(connection) => begun(&visit, &connection),
        Err(problem) if problem.is_about_input() => {
            let (status, way) = (problem.status(), Way::of(form.text("method")));
            answer::with(status, &reconnect_page(&visit, &id, way, form.refused(problem)).await?)
        }
        Err(problem) => Err(problem),
    }
}
