//! The audit log: who changed what, and what became of it.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::get;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::OnceCell;

use super::tokens::Role;
use crate::badge::{Badge, Tone};
use crate::client::{Client, List, query};
use crate::frame::{Frame, Visit};
use crate::problem::Problem;
use crate::{Console, answer};

pub(super) fn routes() -> Router<Console> {
    Router::new().route("/audit-log", get(list))
}

/// An entry, as far as it is shown.
#[derive(Debug, Deserialize)]
struct Entry {
    at: Timestamp,
    by: String,
    name: Option<String>,
    role: Option<Role>,
    /// The session of the console that stood for the token.
    session: Option<String>,
    what: String,
    parameters: BTreeMap<String, String>,
    request: Option<String>,
    verdict: Verdict,
    problem: Option<String>,
    made: Option<String>,
}

/// The API's verdicts.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Done,
    Refused,
    Failed,
    Unknown,
}

impl Entry {
    fn badge(&self) -> Badge {
        match self.verdict {
            Verdict::Done => Badge::new(Tone::Good, "Done"),
            Verdict::Refused => Badge::new(Tone::Idle, "Refused"),
            Verdict::Failed => Badge::new(Tone::Bad, "Failed"),
            Verdict::Unknown => Badge::new(Tone::Unsure, "End not known"),
        }
    }

    /// Who it was, in words.
    fn who(&self) -> &str {
        match (self.by.as_str(), &self.name) {
            (_, Some(name)) => name,
            ("iam", None) => "direct invocation",
            ("unknown", None) => "somebody by a link of which it is not known who asked for it",
            (by, None) => by,
        }
    }

    /// Enough of its session to tell it from others of the token, and the whole.
    fn session(&self) -> Option<(&str, &str)> {
        self.session.as_deref().map(|session| (super::tokens::short(session), session))
    }

    /// Where its changes alone are shown; none where that cannot be asked for.
    fn alone(&self) -> Option<String> {
        (self.by != "unknown").then(|| query("/audit-log", &[("token", Some(&self.by))]))
    }
}

/// The filter that stands in the address. Days are those of whoever looks.
#[derive(Clone, Debug, Default, Deserialize)]
struct Filter {
    #[serde(default)]
    token: String,
    #[serde(default)]
    since: String,
    #[serde(default)]
    until: String,
    cursor: Option<String>,
}

impl Filter {
    /// The address of the next page.
    fn next(&self, cursor: &str) -> String {
        let Self { token, since, until, .. } = self;
        query(
            "/audit-log",
            &[
                ("token", Some(token)),
                ("since", Some(since)),
                ("until", Some(until)),
                ("cursor", Some(cursor)),
            ],
        )
    }

    fn is_set(&self) -> bool {
        !(self.token.is_empty() && self.since.is_empty() && self.until.is_empty())
    }
}

#[derive(Template)]
#[template(path = "audit_log.html", blocks = ["entries"])]
struct AuditLogPage<'a> {
    frame: &'a Frame,
    filter: Filter,
    entries: Vec<Entry>,
    next: Option<String>,
    words: &'a BTreeMap<String, String>,
    /// Why the filter cannot be used.
    problem: Option<Problem>,
}

impl AuditLogPage<'_> {
    /// What was done, in the words of the API's description.
    fn words(&self, entry: &Entry) -> &str {
        match entry.what.as_str() {
            "GET /oauth/callback" => "Comes back from Atlassian and completes a connection",
            "GET /sign-in/callback" => "Comes back from the sign-in service, and gets a token",
            "POST /sign-in/link" => "A sign-in link is used, and makes a token",
            what if what.starts_with("issue_token") => "Makes a token",
            what if what.starts_with("issue_link") => "Makes a sign-in link",
            what => self.words.get(what).map_or("", String::as_str),
        }
    }
}

async fn list(visit: Visit, Query(mut filter): Query<Filter>) -> Result<Response, Problem> {
    filter.token = filter.token.trim().to_owned();
    let words = words(&visit.client).await?;
    let (mut entries, mut next, mut problem) = (Vec::new(), None, None);
    match read(&visit, &filter).await {
        Ok(list) => {
            next = list.next_cursor.map(|cursor| filter.next(&cursor));
            entries = list.items;
        }
        Err(refused) if refused.is_about_input() => problem = Some(refused),
        Err(problem) => return Err(problem),
    }
    let page = AuditLogPage { frame: &visit.frame, filter, entries, next, words, problem };
    if visit.frame.wants("entries") { answer::page(&page.as_entries()) } else { answer::page(&page) }
}

async fn read(visit: &Visit, filter: &Filter) -> Result<List<Entry>, Problem> {
    let zone = &visit.frame.zone;
    let since = moment("since", &filter.since, zone, false)?;
    let until = moment("until", &filter.until, zone, true)?;
    let asked = query(
        "/v1/audit-log",
        &[
            ("token", Some(&filter.token)),
            ("since", since.as_deref()),
            ("until", until.as_deref()),
            ("cursor", filter.cursor.as_deref()),
        ],
    );
    visit.client.get(&asked).await
}

/// The beginning of a day in the zone of whoever looks, or its end.
fn moment(field: &str, day: &str, zone: &TimeZone, is_end: bool) -> Result<Option<String>, Problem> {
    if day.is_empty() {
        return Ok(None);
    }
    let wrong = || Problem::invalid(field, "Enter a day as year-month-day, for example 2026-03-31.");
    let day: Date = day.parse().map_err(|_| wrong())?;
    let day = if is_end { day.tomorrow().map_err(|_| wrong())? } else { day };
    let moment = day.to_zoned(zone.clone()).map_err(|_| wrong())?.timestamp();
    Ok(Some(moment.to_string()))
}

/// What each change does, as the API describes it; read once.
async fn words(client: &Client) -> Result<&'static BTreeMap<String, String>, Problem> {
    static WORDS: OnceCell<BTreeMap<String, String>> = OnceCell::const_new();
    WORDS
        .get_or_try_init(|| async {
            let described: Value = client.get("/v1/openapi.json").await?;
            let mut words = BTreeMap::new();
            for (path, methods) in described["paths"].as_object().into_iter().flatten() {
                for (method, operation) in methods.as_object().into_iter().flatten() {
                    if let Some(summary) = operation["summary"].as_str() {
                        let sentence = summary.split_once(". ").map_or(summary, |(first, _)| first);
                        let said = sentence.trim_end_matches('.').replace('`', "");
                        words.insert(format!("{} {path}", method.to_uppercase()), said);
                    }
                }
            }
            Ok(words)
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn a_day_is_one_of_the_zone_of_whoever_looks() {
        let zone = crate::time::zone("Europe/Berlin").unwrap();
        assert_eq!(moment("since", "2026-03-29", &zone, false).unwrap().unwrap(), "2026-03-28T23:00:00Z");
        assert_eq!(moment("until", "2026-03-29", &zone, true).unwrap().unwrap(), "2026-03-29T22:00:00Z");
        assert_eq!(moment("until", "", &zone, true).unwrap(), None);
        for wrong in ["29.3.2026", "2026-02-30", "9999-12-31x"] {
            assert_eq!(moment("since", wrong, &zone, false).unwrap_err().field.as_deref(), Some("since"));
        }
    }
}
