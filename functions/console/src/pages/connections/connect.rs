//! Connecting a site: first what for and how, then the steps at Atlassian beside the form that proves it.
//!
//! What was chosen stands in the address, so that each step can be linked, reloaded and gone back to.

use std::borrow::Borrow;

use askama::Template;
use axum::extract::RawQuery;
use axum::response::Response;
use http::StatusCode;

use super::{Connection, Need, Offer, UseCase, Way, app, for_admins, offers, wish};
use crate::answer;
use crate::client::query;
use crate::form::{Entered, Form};
use crate::frame::{Frame, Visit};
use crate::problem::Problem;

/// What was chosen first.
#[derive(Clone, Debug, Default)]
pub(super) struct Choice {
    pub(super) use_cases: Vec<String>,
    pub(super) method: String,
}

impl Choice {
    pub(super) fn of(query: Option<&str>) -> Self {
        let mut choice = Self::default();
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()).take(50) {
            match name.as_ref() {
                "use_cases" => choice.use_cases.push(value.into_owned()),
                "method" => choice.method = value.into_owned(),
                _ => {}
            }
        }
        choice
    }

    /// Whether a use case was chosen.
    pub(super) fn has(&self, use_case: impl Borrow<UseCase>) -> bool {
        self.use_cases.iter().any(|it| it == use_case.borrow().word())
    }

    /// The address of a step with this choice.
    pub(super) fn at(&self, path: &str) -> String {
        let use_cases = self.use_cases.iter().map(|it| ("use_cases", Some(it.as_str())));
        let parameters: Vec<_> = use_cases.chain([("method", Some(self.method.as_str()))]).collect();
        query(path, &parameters)
    }
}

#[derive(Template)]
#[template(path = "connections/choose.html")]
struct ChoosePage<'a> {
    frame: &'a Frame,
    choice: Choice,
    offers: Vec<Offer>,
    /// What is missing before it can go on.
    missing: Option<&'static str>,
}

impl ChoosePage<'_> {
    const WAYS: [Way; 4] = Way::ALL;

    fn is_chosen(&self, way: &str) -> bool {
        Way::of(&self.choice.method).unwrap_or(Way::ServiceAccount).word() == way
    }
}

#[derive(Template)]
#[template(path = "connections/site.html")]
struct SitePage<'a> {
    frame: &'a Frame,
    choice: Choice,
    way: Way,
    needs: Needs,
    /// The OAuth app; only where the way needs one.
    app: Option<app::App>,
    entered: Entered,
}

impl SitePage<'_> {
    /// Whether the form can be filled in: without an OAuth app nothing can be approved.
    fn is_ready(&self) -> bool {
        self.app.as_ref().is_none_or(|app| app.client_id.is_some())
    }

    /// Whether the site must be named by its domain.
    fn needs_site(&self) -> bool {
        self.way != Way::ScopedApiToken
    }
}

/// What the chosen use cases need, each once.
pub(super) struct Needs {
    pub(super) scopes: Vec<Need>,
    pub(super) permissions: Vec<Need>,
}

impl Needs {
    pub(super) fn of(offers: &[Offer], way: Way, is_chosen: impl Fn(UseCase) -> bool) -> Self {
        let mut needs = Self { scopes: Vec::new(), permissions: Vec::new() };
        for offer in offers.iter().filter(|offer| is_chosen(offer.use_case)) {
            // Webhooks are registered by OAuth apps alone.
            let scopes = offer.scopes.iter();
            let scopes = scopes.filter(|it| way == Way::Oauth || it.name != "manage:jira-webhook");
            add(&mut needs.scopes, scopes);
            add(&mut needs.permissions, offer.permissions.iter());
        }
        needs
    }
}

fn add<'a>(to: &mut Vec<Need>, needs: impl Iterator<Item = &'a Need>) {
    for need in needs {
        if !to.iter().any(|known| known.name == need.name) {
            to.push(need.clone());
        }
    }
}

/// What leads to Atlassian's page, after which it comes back.
#[derive(Template)]
#[template(path = "connections/consent.html")]
pub(super) struct ConsentPage<'a> {
    pub(super) frame: &'a Frame,
    pub(super) connection: &'a Connection,
    pub(super) authorize_url: &'a str,
}

pub(super) async fn choose(visit: Visit, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    for_admins(&visit)?;
    let page = ChoosePage {
        frame: &visit.frame,
        choice: Choice::of(query.as_deref()),
        offers: offers(&visit).await?,
        missing: None,
    };
    answer::page(&page)
}

pub(super) async fn form(visit: Visit, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    for_admins(&visit)?;
    let choice = Choice::of(query.as_deref());
    let offers = offers(&visit).await?;
    let missing = match Way::of(&choice.method) {
        _ if !offers.iter().any(|offer| choice.has(offer.use_case)) => Some("Choose at least one use case."),
        None => Some("Choose how to connect."),
        Some(way) => {
            let entered = Entered::of([("incident_limits.default_days", "30".to_owned())]);
            let page = site_page(&visit, choice, way, &offers, entered).await?;
            return answer::page(&page);
        }
    };
    answer::page(&ChoosePage { frame: &visit.frame, choice, offers, missing })
}

async fn site_page<'a>(
    visit: &'a Visit,
    choice: Choice,
    way: Way,
    offers: &[Offer],
    entered: Entered,
) -> Result<SitePage<'a>, Problem> {
    let needs = Needs::of(offers, way, |use_case| choice.has(use_case));
    let app = if way == Way::Oauth { Some(app::read(visit).await?) } else { None };
    Ok(SitePage { frame: &visit.frame, choice, way, needs, app, entered })
}

pub(super) async fn connect(visit: Visit, form: Form) -> Result<Response, Problem> {
    let made: Result<Connection, Problem> = match wish::connect(&form) {
        Ok(body) => visit.client.post("/v1/connections", &form, &body).await,
        Err(problem) => Err(problem),
    };
    match made {
        Ok(connection) => Ok(begun(&visit, &connection)?),
        Err(problem) if problem.is_about_input() => {
            let method = form.text("method").to_owned();
            let use_cases = form.all("use_cases").into_iter().map(ToOwned::to_owned).collect();
            let choice = Choice { use_cases, method };
            let offers = offers(&visit).await?;
            let (status, way) = (problem.status(), Way::of(&choice.method));
            let Some(way) = way.filter(|_| offers.iter().any(|offer| choice.has(offer.use_case))) else {
                let missing = Some("Choose at least one use case, and how to connect.");
                let page = ChoosePage { frame: &visit.frame, choice, offers, missing };
                return answer::with(StatusCode::UNPROCESSABLE_ENTITY, &page);
            };
            let page = site_page(&visit, choice, way, &offers, form.refused(problem)).await?;
            answer::with(status, &page)
        }
        Err(problem) => Err(problem),
    }
}

/// What follows when a connection was made or is to be approved.
pub(super) fn begun(visit: &Visit, connection: &Connection) -> Result<Response, Problem> {
    if let Some(authorize_url) = &connection.authorize_url {
        return answer::page(&ConsentPage { frame: &visit.frame, connection, authorize_url });
    }
    let said = if connection.problems.is_empty() {
        "Connected and verified. The first reading begins now."
    } else {
        "Connected. Some of it lacks something: see below how to mend it."
    };
    Ok(visit.go(&connection.page(), said))
}
