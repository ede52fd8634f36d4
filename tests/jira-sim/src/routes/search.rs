//! Search: pages by token, ids by default, no total, behind the index.

mod rising;

use std::{collections::BTreeSet, sync::Arc};

use jiff::Timestamp;
use serde_json::{Value, json};

use rising::Rising;

use super::{
    bulk::texts,
    view::{Extras, Selection, issue_json},
};
use crate::{
    call::{Answer, Call, Reply, object},
    clock::{plus_millis, plus_seconds},
    jql::{self, Predicate},
    state::{World, issue::Issue, site::Site},
};

const UNBOUNDED: &str =
    "Unbounded JQL queries are not allowed here. Please add a search restriction to your query.";
const MOST_PAGE: usize = 5000;
/// The most issues of a page that embeds histories: as few as with the longest fields.
const PAGE_WITH_CHANGELOG: usize = 100;
/// The most entries of an issue's history that a page embeds, as documented for bulk fetches.
const MOST_ENTRIES: usize = 40;
const MOST_RECONCILED: usize = 50;
const MOST_PROPERTIES: usize = 5;
const TOKEN_SECONDS: i64 = 7 * 86_400;
/// Only so many searches are kept open; the oldest are forgotten.
const MOST_CURSORS: usize = 1000;

/// What is left of what a search found. Several tokens of one search share it.
#[derive(Debug, Clone)]
enum Rest {
    Ids { ids: Arc<[u64]>, next: usize },
    Rising(Rising),
}

impl Rest {
    /// Takes the next page off. Returns it, and whether there are more.
    fn take(&mut self, site: &Site, most: usize) -> (Vec<u64>, bool) {
        match self {
            Self::Rising(rising) => rising.take(site, most),
            Self::Ids { ids, next } => {
                let from = *next;
                *next = (from + most).min(ids.len());
                (ids[from..*next].to_vec(), *next < ids.len())
            }
        }
    }
}

/// Where a search stands.
#[derive(Debug, Clone)]
pub(crate) struct Cursor {
    rest: Rest,
    /// A token belongs to its query, site and caller.
    belongs_to: (usize, Option<String>, String),
    until: Timestamp,
}

struct Asked {
    jql: String,
    most: usize,
    selection: Selection,
    extras: Extras,
    token: Option<String>,
    reconcile: Vec<u64>,
}

pub(crate) fn get(world: &mut World, call: &Call) -> Reply {
    let mut reconcile = Vec::new();
    for text in call.query.list("reconcileIssues").iter().filter(|text| !text.is_empty()) {
        reconcile.push(text.parse().map_err(|_| Answer::bad_request("reconcileIssues takes numeric ids."))?);
    }
    let asked = Asked {
        jql: call.query.get("jql").unwrap_or_default().to_owned(),
        most: call.query.number("maxResults", 50)?,
        selection: Selection::parse(&call.query.list("fields"), "id"),
        extras: Extras {
            properties: call.query.list("properties"),
            expand: call.query.list("expand"),
            changelog: MOST_ENTRIES,
        },
        token: call.query.get("nextPageToken").map(str::to_owned),
        reconcile,
    };
    search(world, call, &asked)
}

pub(crate) fn post(world: &mut World, call: &Call) -> Reply {
    let known = [
        "expand",
        "fields",
        "fieldsByKeys",
        "jql",
        "maxResults",
        "nextPageToken",
        "properties",
        "reconcileIssues",
    ];
    let members = call.body.as_object().ok_or_else(|| Answer::bad_request("The body is not an object."))?;
    if let Some(unknown) = members.keys().find(|key| !known.contains(&key.as_str())) {
        return Err(Answer::bad_request(&format!("Invalid request payload. Unknown property '{unknown}'.")));
    }
    let body = &call.body;
    let wrong =
        |name: &str| Answer::bad_request(&format!("Invalid request payload. Wrong type of '{name}'."));
    let reconcile = match &body["reconcileIssues"] {
        Value::Null => Vec::new(),
        Value::Array(ids) => {
            let ids: Option<Vec<u64>> = ids.iter().map(Value::as_u64).collect();
            ids.ok_or_else(|| wrong("reconcileIssues"))?
        }
        _ => return Err(wrong("reconcileIssues")),
    };
    let expand = match &body["expand"] {
        Value::Null => Vec::new(),
        Value::String(text) => text.split(',').map(str::to_owned).collect(),
        _ => return Err(wrong("expand")),
    };
    let most = match &body["maxResults"] {
        Value::Null => 50,
        Value::Number(number) => number
            .as_u64()
            .and_then(|number| usize::try_from(number).ok())
            .ok_or_else(|| wrong("maxResults"))?,
        _ => return Err(wrong("maxResults")),
    };
    let asked = Asked {
        jql: body["jql"].as_str().unwrap_or_default().to_owned(),
        most,
        selection: Selection::parse(&texts(&body["fields"]), "id"),
        extras: Extras { properties: texts(&body["properties"]), expand, changelog: MOST_ENTRIES },
        token: body["nextPageToken"].as_str().map(str::to_owned),
        reconcile,
    };
    search(world, call, &asked)
}

/// `GET` and `POST /search` are gone.
pub(crate) fn removed(_: &mut World, _: &Call) -> Reply {
    Err(Answer::error(
        410,
        "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. A full migration \
         guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046",
    ))
}

pub(crate) fn count(world: &mut World, call: &Call) -> Reply {
    let query = compile(world, call, call.body["jql"].as_str().unwrap_or_default())?;
    let found = query.map(|query| evaluate(&world.sites[call.site], call, &query, &[]));
    Ok(Answer::ok(json!({ "count": found.unwrap_or_default().len() })))
}

fn search(world: &mut World, call: &Call, asked: &Asked) -> Reply {
    if asked.reconcile.len() > MOST_RECONCILED {
        return Err(Answer::bad_request(&format!("At most {MOST_RECONCILED} issues can be reconciled.")));
    }
    if asked.extras.properties.len() > MOST_PROPERTIES {
        return Err(Answer::bad_request(&format!("At most {MOST_PROPERTIES} properties can be requested.")));
    }
    if asked.most == 0 || asked.most > MOST_PAGE {
        return Err(Answer::bad_request(&format!("maxResults must be between 1 and {MOST_PAGE}.")));
    }
    let cap = world.settings.search_page_cap.unwrap_or(MOST_PAGE).max(1);
    let of_histories = if asked.extras.has_changelog() { PAGE_WITH_CHANGELOG } else { MOST_PAGE };
    let most = asked.most.min(asked.selection.page_cap()).min(of_histories).min(cap);
    let belongs_to = (call.site, call.caller.id().map(str::to_owned), asked.jql.clone());
    let mut rest = match &asked.token {
        Some(token) => resume(world, token, &belongs_to, call.now)?,
        None => find(world, call, &asked.jql, &asked.reconcile)?,
    };
    let (ids, is_more) = rest.take(&world.sites[call.site], most);
    let shown = page(world, call, asked, &ids);
    let points = shown.len();
    let wants_names = asked.extras.expand.iter().any(|part| part == "names");
    let mut body = object([("issues", Value::Array(shown)), ("isLast", (!is_more).into())]);
    if wants_names {
        body["names"] = names(world, call, &asked.selection);
    }
    if is_more {
        let until = plus_seconds(call.now, TOKEN_SECONDS);
        body["nextPageToken"] = json!(keep(world, Cursor { rest, belongs_to, until }));
    }
    Ok(Answer::ok(body).costing(points, 1))
}

/// `expand=names`: the names of the fields that were asked for, once for the whole page.
pub(crate) fn names(world: &World, call: &Call, selection: &Selection) -> Value {
    let fields = world.sites[call.site].projects.iter().flat_map(|project| &project.fields);
    let wanted = fields.filter(|field| selection.has(&field.id));
    Value::Object(wanted.map(|field| (field.id.clone(), json!(field.name))).collect())
}

fn keep(world: &mut World, cursor: Cursor) -> String {
    let number = world.next_cursor;
    world.next_cursor += 1;
    world.cursors.insert(number, cursor);
    while world.cursors.len() > MOST_CURSORS {
        world.cursors.pop_first();
    }
    format!("search-{number}")
}

fn resume(
    world: &World,
    token: &str,
    belongs_to: &(usize, Option<String>, String),
    now: Timestamp,
) -> Result<Rest, Answer> {
    let number = token.strip_prefix("search-").and_then(|text| text.parse::<u64>().ok());
    let cursor = number.and_then(|number| world.cursors.get(&number));
    let cursor = cursor.filter(|cursor| cursor.until > now && cursor.belongs_to == *belongs_to);
    let cursor =
        cursor.ok_or_else(|| Answer::bad_request("The provided next page token is invalid or expired."))?;
    Ok(cursor.rest.clone())
}

/// The issues of a page as the index has them; those to reconcile as they are.
fn page(world: &mut World, call: &Call, asked: &Asked, ids: &[u64]) -> Vec<Value> {
    let hidden = flicker(world, call, asked, ids);
    let site = &world.sites[call.site];
    let whole =
        asked.selection.has("comment") || asked.selection.has("worklog") || asked.extras.has_changelog();
    let seen = |id: u64| {
        if asked.reconcile.contains(&id) {
            site.issues.get(id)
        } else if whole {
            site.issues.indexed(id, call.now)
        } else {
            site.issues.indexed_head(id, call.now)
        }
    };
    let issues = ids.iter().filter(|id| Some(**id) != hidden).filter_map(|id| seen(*id));
    issues.map(|issue| issue_json(world, call, &issue, &asked.selection, &asked.extras)).collect()
}

/// In every n-th search, one issue of the page that changed lately; reconciled ones are seen as they are.
fn flicker(world: &mut World, call: &Call, asked: &Asked, ids: &[u64]) -> Option<u64> {
    world.searches += 1;
    let every = u64::from(world.settings.flicker);
    if every == 0 || !world.searches.is_multiple_of(every) {
        return None;
    }
    let since = plus_millis(call.now, -world.settings.flicker_window_ms());
    let recent: BTreeSet<u64> = world.sites[call.site].issues.changed_since(since).collect();
    ids.iter().copied().find(|id| recent.contains(id) && !asked.reconcile.contains(id))
}

/// A query as it is to be evaluated.
struct Compiled {
    order: Vec<(String, bool)>,
    predicate: Predicate,
    /// The projects whose issues it may find.
    projects: BTreeSet<u64>,
}

/// Reads a query; `None` if something in it is unknown, which is not refused: the query matches nothing.
fn compile(world: &World, call: &Call, text: &str) -> Result<Option<Compiled>, Answer> {
    let query = jql::parse(text).map_err(|message| Answer::bad_request(&message))?;
    let Some(clause) = &query.clause else { return Err(Answer::bad_request(UNBOUNDED)) };
    let site = &world.sites[call.site];
    let account = call.caller.account();
    let context = jql::Context { site, accounts: &world.accounts, caller: account, now: call.now };
    let (predicate, errors) = jql::compile(clause, &context);
    if !errors.is_empty() {
        return Ok(None);
    }
    let named = predicate.projects();
    let projects: BTreeSet<u64> = site
        .projects
        .iter()
        .filter(|project| named.is_none_or(|named| named.contains(&project.id)))
        .filter(|project| !project.archived && project.allows(account, "BROWSE_PROJECTS"))
        .map(|project| project.id)
        .collect();
    Ok(Some(Compiled { order: query.order, predicate, projects }))
}

/// What a query finds.
fn find(world: &World, call: &Call, text: &str, reconcile: &[u64]) -> Result<Rest, Answer> {
    let compiled = compile(world, call, text)?;
    let rising = compiled.as_ref().filter(|query| reconcile.is_empty() && rising::is_rising(&query.order));
    let site = &world.sites[call.site];
    let rising = rising.and_then(|query| Rising::find(site, &query.predicate, &query.projects, call.now));
    Ok(match (rising, compiled) {
        (Some(rising), _) => Rest::Rising(rising),
        (None, compiled) => {
            let ids = compiled.map(|query| evaluate(site, call, &query, reconcile)).unwrap_or_default();
            Rest::Ids { ids: ids.into(), next: 0 }
        }
    })
}

/// The ids of all issues that a query matches, sorted.
fn evaluate(site: &Site, call: &Call, query: &Compiled, reconcile: &[u64]) -> Vec<u64> {
    let Compiled { order, predicate, projects } = query;
    let mut found: Vec<(Vec<SortPart>, u64)> = Vec::new();
    for id in site.issues.candidate_ids(projects, predicate.updated()) {
        let issue = if reconcile.contains(&id) {
            site.issues.get(id)
        } else {
            site.issues.indexed_head(id, call.now)
        };
        let Some(issue) = issue else { continue };
        if issue.archived.is_none()
            && projects.contains(&issue.project)
            && jql::matches(predicate, &issue, site)
        {
            found.push((sort_parts(order, &issue, site), id));
        }
    }
    // Without ORDER BY, and among equals, the newest come first.
    found.sort_unstable_by(|(one, id), (other, other_id)| one.cmp(other).then(other_id.cmp(id)));
    found.into_iter().map(|(_, id)| id).collect()
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum SortPart {
    Up(jql::SortKey),
    Down(std::cmp::Reverse<jql::SortKey>),
}

fn sort_parts(order: &[(String, bool)], issue: &Issue, site: &Site) -> Vec<SortPart> {
    let part = |(field, descending): &(String, bool)| {
        let key = jql::sort_value(field, issue, site);
        if *descending { SortPart::Down(std::cmp::Reverse(key)) } else { SortPart::Up(key) }
    };
    order.iter().map(part).collect()
}
