//! Groups: what gives access, and to whom.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query};
use axum::response::Response;
use axum::routing::get;
use jiff::Timestamp;
use serde::Deserialize;

use super::accounts::{Kind, Product, Site, named, products};
use crate::badge::{Badge, Tone};
use crate::client::{List, path, query};
use crate::frame::{Frame, Visit};
use crate::problem::Problem;
use crate::{Console, answer};

pub(super) fn routes() -> Router<Console> {
    Router::new().route("/groups", get(list)).route("/groups/{connection}/{group}", get(show))
}

/// A group.
#[derive(Debug, Deserialize)]
pub(super) struct Group {
    pub(super) id: String,
    pub(super) name: String,
    members: u64,
    complete: bool,
    products: Vec<String>,
    pub(super) privileged: bool,
    removed_at: Option<Timestamp>,
}

impl Group {
    /// How whole it is.
    fn badge(&self) -> Badge {
        if self.removed_at.is_some() {
            Badge::new(Tone::Idle, "Removed")
        } else if self.complete {
            Badge::new(Tone::Good, "Read whole")
        } else {
            Badge::new(Tone::Unsure, "Not read whole")
        }
    }

    /// Where it is shown.
    pub(super) fn address(&self, connection: &str) -> String {
        path(&["groups", connection, &self.id])
    }
}

/// What stands in the address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Filter {
    connection: String,
    cursor: String,
}

#[derive(Template)]
#[template(path = "groups/list.html", blocks = ["list"])]
struct GroupsPage<'a> {
    frame: &'a Frame,
    connection: String,
    sites: Vec<Site>,
    products: Vec<Product>,
    groups: Vec<Group>,
    next: Option<String>,
}

impl GroupsPage<'_> {
    fn product_name<'a>(&'a self, key: &'a str) -> &'a str {
        named(&self.products, key)
    }
}

/// A member of a group.
#[derive(Debug, Deserialize)]
struct Member {
    account: String,
    name: Option<String>,
    email: Option<String>,
    kind: Option<Kind>,
    active: Option<bool>,
}

impl Member {
    fn shown(&self) -> &str {
        self.name.as_deref().filter(|name| !name.is_empty()).unwrap_or(&self.account)
    }

    fn kind(&self) -> &'static str {
        self.kind.map_or("Not read yet", Kind::words)
    }

    fn badge(&self) -> Badge {
        match self.active {
            Some(true) => Badge::new(Tone::Good, "Can be used"),
            Some(false) => Badge::new(Tone::Idle, "Cannot be used"),
            None => Badge::new(Tone::Idle, "Not read yet"),
        }
    }

    fn address(&self, connection: &str) -> String {
        path(&["accounts", connection, &self.account])
    }
}

#[derive(Template)]
#[template(path = "groups/group.html")]
struct GroupPage<'a> {
    frame: &'a Frame,
    connection: String,
    group: Group,
    products: Vec<Product>,
    members: Vec<Member>,
    next: Option<String>,
}

impl GroupPage<'_> {
    fn product_name<'a>(&'a self, key: &'a str) -> &'a str {
        named(&self.products, key)
    }
}

async fn list(visit: Visit, Query(filter): Query<Filter>) -> Result<Response, Problem> {
    let client = &visit.client;
    let sites = Site::all(client).await?;
    let first = sites.first().map(|site| site.id.clone()).unwrap_or_default();
    let connection = if filter.connection.is_empty() { first } else { filter.connection };
    let (mut groups, mut next, mut known) = (Vec::new(), None, Vec::new());
    if !connection.is_empty() {
        let of = |path: &str, cursor: &str| {
            query(path, &[("connection", Some(&connection)), ("cursor", Some(cursor))])
        };
        let asked = of("/v1/groups", &filter.cursor);
        let (found, products) =
            tokio::join!(client.get::<List<Group>>(&asked), products(client, &connection));
        let found = found?;
        next = found.next_cursor.map(|cursor| of("/groups", &cursor));
        (groups, known) = (found.items, products?);
    }
    let page = GroupsPage { frame: &visit.frame, connection, sites, products: known, groups, next };
    if visit.frame.wants("groups") { answer::page(&page.as_list()) } else { answer::page(&page) }
}

async fn show(
    visit: Visit,
    Path((connection, id)): Path<(String, String)>,
    Query(filter): Query<Filter>,
) -> Result<Response, Problem> {
    let client = &visit.client;
    let at = path(&["v1", "groups", &connection, &id]);
    let members = query(&format!("{at}/members"), &[("cursor", Some(&filter.cursor))]);
    let (group, members, products) = tokio::join!(
        client.get::<Group>(&at),
        client.get::<List<Member>>(&members),
        products(client, &connection)
    );
    let (group, members, products) = (group?, members?, products?);
    let next =
        members.next_cursor.map(|cursor| query(&group.address(&connection), &[("cursor", Some(&cursor))]));
    answer::page(&GroupPage {
        frame: &visit.frame,
        connection,
        group,
        products,
        members: members.items,
        next,
    })
}
