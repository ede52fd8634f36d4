//! What Jira calls the epic and the statuses of a setting, which holds their ids alone.
//!
//! The page shows the ids at once; htmx then asks for each name by itself, so that nobody waits for Jira to read a setting.
//! Without JavaScript, and for whoever may not look around in Jira, the ids stay.

use askama::Template;
use axum::response::Response;
use serde::Deserialize;

use crate::answer;
use crate::client::{List, path, query};
use crate::frame::Visit;
use crate::problem::Problem;

/// Where a setting writes.
pub(in crate::pages) struct Target<'a> {
    /// The connection.
    pub(in crate::pages) connection: &'a str,
    /// The project's id.
    pub(in crate::pages) project: &'a str,
    /// The issue type's id.
    pub(in crate::pages) issue_type: &'a str,
}

/// What is to be named.
pub(in crate::pages) enum Sought<'a> {
    /// An epic.
    Epic(&'a str),
    /// A status of the type's workflow.
    Status(&'a str),
}

#[derive(Deserialize)]
struct Status {
    id: String,
    name: String,
}

#[derive(Deserialize)]
struct Epic {
    id: String,
    key: String,
    title: String,
}

#[derive(Template)]
#[template(path = "syncing/named.html")]
struct NamedPart<'a> {
    /// An issue's key.
    key: String,
    /// What it is called; none where Jira does not tell.
    name: Option<String>,
    /// What it is, where it has no name.
    what: &'a str,
    id: &'a str,
}

/// What stands in the place of an id: the name, else the id again.
pub(in crate::pages) async fn tell(
    visit: &Visit,
    target: &Target<'_>,
    sought: &Sought<'_>,
) -> Result<Response, Problem> {
    let client = &visit.client;
    let project = path(&["v1", "connections", target.connection, "projects", target.project]);
    let part = match *sought {
        Sought::Epic(id) => {
            let found = client.get::<List<Epic>>(&format!("{project}/epics")).await;
            let found = found.ok().and_then(|list| list.items.into_iter().find(|epic| epic.id == id));
            let (key, name) = found.map_or_else(Default::default, |epic| (epic.key, Some(epic.title)));
            NamedPart { key, name, what: "the issue", id }
        }
        Sought::Status(id) => {
            let statuses = path(&["issue-types", target.issue_type, "statuses"]);
            let list = query(&format!("{project}{statuses}"), &[("all", Some("true"))]);
            let found = client.get::<List<Status>>(&list).await.ok();
            let found = found.and_then(|list| list.items.into_iter().find(|status| status.id == id));
            NamedPart { key: String::new(), name: found.map(|it| it.name), what: "the status", id }
        }
    };
    answer::page(&part)
}
