//! Searching: pages by token, counts, validation, and looking for tickets whose create was lost.

use std::collections::HashSet;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::ask::Ask;
use super::client::Client;
use super::error::{JiraError, Kind};
use super::jql::Jql;
use super::time;
use crate::clock::after;
use crate::ids::{IssueId, ProjectId, TicketId};
use crate::ticket::{Issue, LABEL, PROPERTY};
use crate::trace::Call;

/// How many issues a page is asked for. Jira gives as many as it likes, and at most this.
///
/// Source: specification of `SearchAndReconcileRequestBean`.
pub(super) const PAGE: usize = 5000;

/// Below this, a page that is too long to be taken is not asked for in smaller pieces any more.
const SMALLEST_PAGE: usize = 50;

/// How long before a lost create an issue may seem to have been created, since two clocks are compared, in seconds.
const CLOCKS_DIFFER: i64 = 300;

/// A search, page by page.
pub(super) struct Pages<'a> {
    client: &'a Client,
    what: &'static str,
    jql: String,
    fields: &'static [&'static str],
    properties: &'static [&'static str],
    expand: Option<&'static str>,
    size: usize,
    token: Option<String>,
    seen: HashSet<String>,
    ended: bool,
}

/// What a page was, beside its issues.
pub(super) struct Page {
    /// The call that brought it.
    pub(super) call: Call,
    /// Jira's warnings that the result is not whole, in its own fixed words.
    pub(super) warnings: Vec<String>,
}

/// Source: specification of `SearchAndReconcileResults`. The token is absent or null on the last page; there is no
/// total.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(borrow)]
    issues: Vec<&'a RawValue>,
    next_page_token: Option<String>,
    is_last: Option<bool>,
    #[serde(default)]
    warnings: Option<Vec<Warning>>,
}

#[derive(Deserialize)]
struct Warning {
    #[serde(default, rename = "type")]
    kind: Option<String>,
}

impl<'a> Pages<'a> {
    /// A search for `jql` that asks for these fields and properties only.
    pub(super) fn new(
        client: &'a Client,
        what: &'static str,
        jql: String,
        fields: &'static [&'static str],
        properties: &'static [&'static str],
    ) -> Self {
        let seen = HashSet::new();
        let (size, expand, token) = (PAGE, None, None);
        Self { client, what, jql, fields, properties, expand, size, token, seen, ended: false }
    }

    /// Goes on where another such search stopped, behind the page that named `token`, with up to `size` issues a page.
    pub(super) fn resumed(mut self, token: Option<&str>, size: usize) -> Self {
        self.size = size.clamp(1, PAGE);
        self.token = token.map(str::to_owned);
        self.seen.extend(self.token.clone());
        self
    }

    /// Asks for more about each issue, which a page goes without where it would be too long even as the smallest.
    ///
    /// Source: specification of `SearchAndReconcileRequestBean`, `expand`.
    pub(super) fn expanded(mut self, expand: &'static str) -> Self {
        self.expand = Some(expand);
        self
    }

    /// Where the next page begins; none after the last.
    pub(super) fn token(&self) -> Option<&str> {
        self.token.as_deref().filter(|_| !self.ended)
    }

    /// How many issues the last page was asked for.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Reads the next page and hands each issue on as raw JSON; none after the last page.
    ///
    /// A token that was seen before, an empty page that is not the last, and a page that says that there are more
    /// without saying where are errors: a search that ends there has not ended.
    pub(super) async fn next(
        &mut self,
        take: &mut (dyn FnMut(&RawValue) + Send),
    ) -> Result<Option<Page>, JiraError> {
        if self.ended {
            return Ok(None);
        }
        let answer = self.ask().await?;
        let body: Body<'_> = answer.decode()?;
        self.client.spend(body.issues.len());
        for issue in &body.issues {
            take(issue);
        }
        let token = body.next_page_token.filter(|token| !token.is_empty());
        match (body.is_last, token) {
            (Some(true), _) | (None, None) => self.ended = true,
            (Some(false), None) => {
                return Err(answer.malformed("nextPageToken", "it is missing, and this is not the last page"));
            }
            (_, Some(_)) if body.issues.is_empty() => {
                return Err(answer.malformed("issues", "it is empty, and this is not the last page"));
            }
            (_, Some(token)) if !self.seen.insert(token.clone()) => {
                return Err(answer.malformed("nextPageToken", "it was given before"));
            }
            (_, Some(token)) => self.token = Some(token),
        }
        let warnings = body.warnings.unwrap_or_default().into_iter();
        let warnings = warnings.map(|warning| warning.kind.unwrap_or_else(|| "unnamed".to_owned())).collect();
        Ok(Some(Page { call: answer.call, warnings }))
    }

    /// Asks for the page; in smaller pieces if it is longer than what is taken, and at last without what was to be
    /// expanded.
    async fn ask(&mut self) -> Result<super::ask::Answer, JiraError> {
        loop {
            let mut body = serde_json::json!({
                "jql": self.jql,
                "fields": self.fields,
                "maxResults": self.size,
            });
            if !self.properties.is_empty() {
                body["properties"] = serde_json::json!(self.properties);
            }
            if let Some(expand) = self.expand {
                body["expand"] = serde_json::json!(expand);
            }
            if let Some(token) = &self.token {
                body["nextPageToken"] = serde_json::json!(token);
            }
            let asked = self.client.request(Ask::query(self.what, "/rest/api/3/search/jql", body)).await;
            let too_large = asked.as_ref().is_err_and(|error| error.kind == Kind::TooLarge);
            if !too_large {
                return asked;
            }
            if self.size / 4 >= SMALLEST_PAGE {
                self.size /= 4;
            } else if self.expand.take().is_none() {
                return asked;
            }
        }
    }
}

/// An issue that carries a ticket's property.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FoundTicket {
    /// The ticket that it was created for.
    pub ticket: TicketId,
    /// The issue.
    pub issue: Issue,
    /// When Jira created it; of two twins the younger one is closed.
    pub created_at: Timestamp,
}

/// The issues found, and the (last) call that found them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FoundTickets {
    /// All of them, oldest first.
    pub tickets: Vec<FoundTicket>,
    /// For the trace.
    pub call: Call,
}

impl Client {
    /// The first issues that a query finds, at most `most`, with these fields. One call; for a person to choose from or
    /// for an example, since a search lags behind and may find less than there is.
    pub(super) async fn first_found<T: serde::de::DeserializeOwned>(
        &self,
        what: &'static str,
        jql: &str,
        fields: &[&str],
        most: usize,
    ) -> Result<Vec<T>, JiraError> {
        #[derive(Deserialize)]
        struct Found<T> {
            issues: Vec<T>,
        }
        let body = serde_json::json!({ "jql": jql, "fields": fields, "maxResults": most });
        let answer = self.request(Ask::query(what, "/rest/api/3/search/jql", body)).await?;
        let found: Found<T> = answer.decode()?;
        self.spend(found.issues.len());
        Ok(found.issues)
    }

    /// What Jira itself says about each query: fine, or why not. One call.
    ///
    /// Searching does not say so: a query that Jira does not understand may be answered with 200 and no issues.
    /// Source: specification of `parseJqlQueries`, `validation=strict`.
    pub async fn parse_jql(&self, queries: &[&str]) -> Result<Vec<Result<(), String>>, JiraError> {
        #[derive(Deserialize)]
        struct Body {
            queries: Vec<Parsed>,
        }
        #[derive(Deserialize)]
        struct Parsed {
            #[serde(default)]
            errors: Vec<String>,
        }
        if queries.is_empty() {
            return Ok(Vec::new());
        }
        let body = serde_json::json!({ "queries": queries });
        let ask =
            Ask::query("check the query", "/rest/api/3/jql/parse", body).with(&[("validation", "strict")]);
        let answer = self.request(ask).await?;
        let body: Body = answer.decode()?;
        if body.queries.len() != queries.len() {
            return Err(answer.malformed("queries", "there are not as many as were asked about"));
        }
        let verdict = |parsed: Parsed| match parsed.errors.as_slice() {
            [] => Ok(()),
            errors => Err(super::answer::tidy(&errors.join("; "))),
        };
        Ok(body.queries.into_iter().map(verdict).collect())
    }

    /// How many issues Jira counts for `jql`, which must be bounded. One call; the index may lag behind.
    ///
    /// Source: specification of `countIssues`.
    pub async fn count(&self, jql: &str) -> Result<u64, JiraError> {
        #[derive(Deserialize)]
        struct Body {
            count: u64,
        }
        let body = serde_json::json!({ "jql": jql });
        let ask = Ask::query("count the issues", "/rest/api/3/search/approximate-count", body);
        Ok(self.request(ask).await?.decode::<Body>()?.count)
    }

    /// All issues of the project that carry a ticket's property and were created at `since` or later (or up to five
    /// minutes earlier, by Jira's clock). An issue whose property makes no sense belongs to no ticket.
    ///
    /// Properties cannot be searched for, so the label is; the index lags, so what is not found may exist all the same.
    /// Whoever answers is confirmed to be the connection's account: an anonymous caller would find nothing.
    pub async fn find_tickets(
        &self,
        project: &ProjectId,
        since: Timestamp,
    ) -> Result<FoundTickets, JiraError> {
        let jql = Jql::new().projects([project]).label(LABEL).created_from(after(since, -CLOCKS_DIFFER));
        let what = "look for issues of tickets";
        let mut pages = Pages::new(self, what, jql.ordered(), &["created"], &[PROPERTY]);
        let mut tickets = Vec::new();
        let mut broken = None;
        let mut last = None;
        loop {
            let mut number = 0_usize;
            let mut take = |raw: &RawValue| {
                match found_ticket(raw) {
                    Ok(Some(ticket)) => tickets.push(ticket),
                    Ok(None) => {}
                    Err(path) => broken = Some(format!("issues[{number}].{path}")),
                }
                number += 1;
            };
            let page = pages.next(&mut take).await?;
            let Some(page) = page else { break };
            last = Some(page.call);
        }
        let call = last.unwrap_or_else(|| Call {
            method: "POST".to_owned(),
            path: "/rest/api/3/search/jql".to_owned(),
            status: None,
        });
        if let Some(path) = broken {
            return Err(JiraError::malformed(call, what, &path, "an issue of a ticket is not as expected"));
        }
        self.confirm_caller().await?;
        tickets.sort_by(|one: &FoundTicket, other| {
            (one.created_at, &one.issue.id).cmp(&(other.created_at, &other.issue.id))
        });
        tickets.dedup_by(|one, other| one.issue.id == other.issue.id);
        Ok(FoundTickets { tickets, call })
    }
}

/// The ticket's issue in `raw`; none if it carries no (sensible) property; the path at which it is broken.
fn found_ticket(raw: &RawValue) -> Result<Option<FoundTicket>, String> {
    let Some(ticket) = ticket_of(raw) else { return Ok(None) };
    let (created_at, issue) = created(raw)?;
    Ok(Some(FoundTicket { ticket, issue, created_at }))
}

/// The issue in `raw` and when it was created; the path at which it is broken.
pub(super) fn created(raw: &RawValue) -> Result<(Timestamp, Issue), String> {
    #[derive(Deserialize)]
    struct Found {
        id: IssueId,
        key: String,
        fields: Fields,
    }
    #[derive(Deserialize)]
    struct Fields {
        #[serde(deserialize_with = "time::deserialize")]
        created: Timestamp,
    }
    let found: Found = super::answer::decode_plain(raw.get().as_bytes()).map_err(|(path, _)| path)?;
    Ok((found.fields.created, Issue { id: found.id, key: found.key }))
}

fn ticket_of(raw: &RawValue) -> Option<TicketId> {
    #[derive(Deserialize)]
    struct Carrier {
        properties: std::collections::BTreeMap<String, serde_json::Value>,
    }
    let carrier: Carrier = serde_json::from_str(raw.get()).ok()?;
    ticket_in(carrier.properties.get(PROPERTY)?)
}

/// The ticket that the value of the property `assay.ticket` names, if it makes sense.
pub(super) fn ticket_in(property: &serde_json::Value) -> Option<TicketId> {
    TicketId::parse(property.get("id")?.as_str()?).ok()
}

#[cfg(test)]
#[path = "search_tests.rs"]
mod tests;
