//! People: who works for the organisation, by its own list. Accounts are matched with them.

mod lists;

use askama::Template;
use assay::access::Role;
use axum::Router;
use axum::extract::{Path, Query};
use axum::response::Response;
use axum::routing::{get, post};
use http::{Method, StatusCode};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Value, json};

use super::accounts::Site;
use crate::Console;
use crate::answer;
use crate::badge::{Badge, Tone};
use crate::client::{List, path, query};
use crate::form::{Entered, Fields, Form};
use crate::frame::{Frame, Visit};
use crate::meanwhile;
use crate::problem::Problem;
use crate::words;

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/people", get(list).post(create))
        .route("/people/new", get(new))
        .route("/people/{id}", get(show).post(change))
        .route("/people/{id}/forget", post(forget))
        .merge(lists::routes())
}

/// A person, as far as is shown.
#[derive(Debug, Deserialize)]
pub(super) struct Person {
    pub(super) id: String,
    email: String,
    pub(super) name: String,
    status: Status,
    manager: Option<String>,
    end_date: Option<Date>,
    updated_at: Timestamp,
}

/// Whether a person works here.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    Active,
    Left,
}

impl Status {
    /// In words.
    pub(super) fn badge(self) -> Badge {
        match self {
            Self::Active => Badge::new(Tone::Good, "Works here"),
            Self::Left => Badge::new(Tone::Idle, "Has left"),
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Left => "left",
        }
    }
}

impl Person {
    fn last_day(&self) -> String {
        words::day_or(self.end_date, "none set")
    }

    /// What the form shows of them.
    fn entered(&self) -> Entered {
        Entered::of([
            ("email", self.email.clone()),
            ("name", self.name.clone()),
            ("status", self.status.word().to_owned()),
            ("manager", self.manager.clone().unwrap_or_default()),
            ("end_date", self.end_date.map(|day| day.to_string()).unwrap_or_default()),
        ])
    }
}

/// What a person may be, for choices.
const STATUSES: &[(&str, &str)] = &[("active", "Works here"), ("left", "Has left")];

/// The filter that stands in the address.
#[derive(Clone, Debug, Default, Deserialize)]
struct Filter {
    #[serde(default)]
    q: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    cursor: String,
}

impl Filter {
    fn is_empty(&self) -> bool {
        self.q.trim().is_empty() && self.status.is_empty()
    }

    /// The address of such a list: of the API's, or of the page.
    fn at(&self, path: &str, cursor: &str) -> String {
        let parameters = [("q", self.q.trim()), ("status", &self.status), ("cursor", cursor)];
        query(path, &parameters.map(|(name, value)| (name, Some(value))))
    }
}

#[derive(Template)]
#[template(path = "people/list.html", blocks = ["list"])]
struct PeoplePage<'a> {
    frame: &'a Frame,
    filter: Filter,
    people: Vec<Person>,
    next: Option<String>,
}

impl PeoplePage<'_> {
    /// What can be filtered by.
    const STATUSES: &'static [(&'static str, &'static str)] =
        &[("", "Everybody"), ("active", "Works here"), ("left", "Has left")];
}

#[derive(Template)]
#[template(path = "people/new.html")]
struct NewPage<'a> {
    frame: &'a Frame,
    entered: Entered,
}

impl NewPage<'_> {
    const STATUSES: &'static [(&'static str, &'static str)] = STATUSES;
}

#[derive(Template)]
#[template(path = "people/person.html", blocks = ["drawer"])]
struct PersonPage<'a> {
    frame: &'a Frame,
    person: Person,
    sites: Vec<Site>,
    entered: Entered,
}

impl PersonPage<'_> {
    const STATUSES: &'static [(&'static str, &'static str)] = STATUSES;
}

async fn list(visit: Visit, Query(filter): Query<Filter>) -> Result<Response, Problem> {
    let found: List<Person> = visit.client.get(&filter.at("/v1/people", &filter.cursor)).await?;
    let next = found.next_cursor.map(|cursor| filter.at("/people", &cursor));
    let page = PeoplePage { frame: &visit.frame, filter, people: found.items, next };
    if visit.frame.wants("people") { answer::page(&page.as_list()) } else { answer::page(&page) }
}

async fn new(visit: Visit) -> Result<Response, Problem> {
    visit.require(Role::Operator)?;
    answer::page(&NewPage { frame: &visit.frame, entered: Entered::default() })
}

async fn create(visit: Visit, form: Form) -> Result<Response, Problem> {
    let made: Result<Person, Problem> = visit.client.post("/v1/people", &form, &details(&form)).await;
    match made {
        Ok(person) => {
            let notice = format!("{} is in the list. Accounts are matched within minutes.", person.name);
            Ok(visit.go(&path(&["people", &person.id]), &notice))
        }
        Err(problem) if problem.is_about_input() => {
            let status = problem.status();
            answer::with(status, &NewPage { frame: &visit.frame, entered: form.refused(problem) })
        }
        Err(problem) => Err(problem),
    }
}

async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Problem> {
    let (person, sites) = read(&visit, &id).await?;
    let entered = person.entered();
    let page = PersonPage { frame: &visit.frame, person, sites, entered };
    if visit.frame.wants("drawer") { answer::page(&page.as_drawer()) } else { answer::page(&page) }
}

async fn read(visit: &Visit, id: &str) -> Result<(Person, Vec<Site>), Problem> {
    let person = path(&["v1", "people", id]);
    let (person, sites) = tokio::join!(visit.client.get(&person), Site::all(&visit.client));
    Ok((person?, sites?))
}

/// Changes what the form changes: what it leaves as it was when its page was made, it does not touch.
async fn change(visit: Visit, Path(id): Path<String>, form: Form) -> Result<Response, Problem> {
    visit.require(Role::Operator)?;
    let at = path(&["v1", "people", &id]);
    let (person, told): (Person, Value) = visit.client.shown(&at).await?;
    let stored = person.entered();
    let fields = match form.onto(stored.fields()) {
        Ok(fields) => fields,
        Err(entered) => return again(&visit, &id, StatusCode::CONFLICT, *entered).await,
    };
    let body = meanwhile::change(&details(&fields), &details(stored.fields()), &told);
    if !meanwhile::is_any(&body) {
        return Ok(visit.go(&path(&["people", &id]), "Nothing was changed."));
    }
    match visit.client.change::<Value>(Method::PATCH, &at, &body).await {
        Ok(_) => Ok(visit.go(&path(&["people", &id]), "The person is changed.")),
        Err(problem) if problem.is_about_input() => {
            again(&visit, &id, problem.status(), form.refused(problem)).await
        }
        Err(problem) => Err(problem),
    }
}

/// The person's page, with the form as it was sent.
async fn again(visit: &Visit, id: &str, status: StatusCode, entered: Entered) -> Result<Response, Problem> {
    let (person, sites) = read(visit, id).await?;
    answer::with(status, &PersonPage { frame: &visit.frame, person, sites, entered })
}

async fn forget(visit: Visit, Path(id): Path<String>, _form: Form) -> Result<Response, Problem> {
    visit.client.change::<()>(Method::DELETE, &path(&["v1", "people", &id]), &()).await?;
    Ok(visit
        .go("/people", "The person is forgotten. Their accounts are nobody's once they are matched anew."))
}

/// What a form says of a person; what it leaves empty is none.
fn details(form: &Fields) -> Value {
    json!({
        "email": form.text("email"),
        "name": form.text("name"),
        "status": form.optional("status").unwrap_or("active"),
        "manager": form.optional("manager"),
        "end_date": form.optional("end_date"),
    })
}
