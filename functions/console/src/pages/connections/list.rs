//! The connections, how each is, and how to mend it.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use serde::Deserialize;

use super::Connection;
use crate::answer;
use crate::client::{List, query};
use crate::frame::{Frame, Visit};
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "connections.html")]
struct ConnectionsPage<'a> {
    frame: &'a Frame,
    connections: Vec<Connection>,
    next: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Place {
    cursor: Option<String>,
}

pub(super) async fn list(visit: Visit, Query(place): Query<Place>) -> Result<Response, Problem> {
    let asked = query("/v1/connections", &[("cursor", place.cursor.as_deref())]);
    let list = visit.client.get::<List<Connection>>(&asked).await?;
    let next = list.next_cursor.map(|cursor| query("/connections", &[("cursor", Some(&cursor))]));
    answer::page(&ConnectionsPage { frame: &visit.frame, connections: list.items, next })
}
