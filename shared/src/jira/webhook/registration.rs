//! Webhooks that an OAuth app registers: what one must say, and the four calls about them.
//!
//! Source of all: specification of the operations below `/rest/api/3/webhook`, which only apps may call.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Deserialize;

use super::super::answer::tidy;
use super::super::ask::Ask;
use super::super::client::Client;
use super::super::error::JiraError;
use super::super::http::Method;
use super::super::time;
use crate::clock::after;
use crate::connection::{Connection, Scope, UseCase};
use crate::sync_setting::SyncSetting;

/// How long a webhook lives after it was registered or refreshed, in seconds: 30 days.
///
/// Source: specification of `refreshWebhooks`.
pub const LIVES: i64 = 30 * 24 * 3600;

/// The events that we react to.
pub const EVENTS: [&str; 4] =
    ["jira:issue_created", "jira:issue_updated", "jira:issue_deleted", "comment_created"];

/// How many webhooks a page holds, and how many pages are read at most: an app may have five per user and site.
const PAGE: usize = 100;
const MOST_PAGES: usize = 10;

/// The query of the one webhook that `connection` needs: the projects that it is about, and those that `settings` write
/// its tickets to. Projects stand in it by their ids, which no renaming changes.
///
/// Where a use case is about a query alone, or nothing is named at all, every project is meant: the filter of a webhook
/// knows few fields and four operators, and must not be empty.
///
/// Source: specification of `WebhookDetails.jqlFilter`; that `project != null` is taken: `ShipfoxHQ/shipfox`, #1272.
pub fn wanted_filter(connection: &Connection, settings: &[SyncSetting]) -> String {
    match wanted_projects(connection, settings) {
        None => "project != null".to_owned(),
        Some(projects) => {
            let ids: Vec<&str> = projects.into_iter().collect();
            format!("project in ({})", ids.join(", "))
        }
    }
}

/// The same for a person to enter in Jira, with the projects' keys; none where every project is meant, since that webhook may
/// go without a query. Keys stand in quotes: one may be a word of JQL.
pub fn wanted_query(connection: &Connection, settings: &[SyncSetting]) -> Option<String> {
    let scopes = wanted_scopes(connection)?;
    let named = scopes.into_iter().flat_map(|scope| &scope.keys).map(String::as_str);
    let own = settings.iter().filter(|setting| setting.connection == connection.id);
    let keys: BTreeSet<&str> = named.chain(own.map(|setting| setting.project_key.as_str())).collect();
    let quoted: Vec<String> = keys.into_iter().map(|key| format!("\"{key}\"")).collect();
    (!quoted.is_empty()).then(|| format!("project in ({})", quoted.join(", ")))
}

/// What the connection is about, where that is a matter of projects; none where a use case is about a query alone.
fn wanted_scopes(connection: &Connection) -> Option<Vec<&Scope>> {
    let scopes = [
        (UseCase::Ticketing, &connection.change_management),
        (UseCase::IncidentManagement, &connection.incidents),
    ];
    let wanted = scopes.into_iter().filter(|(it, scope)| connection.use_cases.contains(it) && scope.is_set());
    wanted.map(|(_, scope)| (!scope.keys.is_empty()).then_some(scope)).collect()
}

/// The ids of the projects that a webhook must tell of; none where it is every project.
fn wanted_projects<'a>(connection: &'a Connection, settings: &'a [SyncSetting]) -> Option<BTreeSet<&'a str>> {
    let found = wanted_scopes(connection)?.into_iter().flat_map(|scope| &scope.projects);
    let own = settings.iter().filter(|setting| setting.connection == connection.id);
    let own = own.map(|setting| setting.project.as_str());
    let projects: BTreeSet<&str> = found.map(|project| project.id.as_str()).chain(own).collect();
    (!projects.is_empty()).then_some(projects)
}

/// A webhook of the app, as Jira has it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Listed {
    /// Jira's number of it, unique on its site.
    pub id: u64,
    /// Where it delivers to.
    pub url: String,
    /// Its query.
    pub filter: String,
    /// Its events.
    pub events: Vec<String>,
    /// When it ends, if Jira says so.
    pub expires_at: Option<Timestamp>,
}

impl Listed {
    /// Whether it is one that would be registered for `filter` at `url`.
    pub fn is_as(&self, url: &str, filter: &str) -> bool {
        let events: BTreeSet<&str> = self.events.iter().map(String::as_str).collect();
        self.url == url && self.filter == filter && events == BTreeSet::from(EVENTS)
    }
}

/// What became of a registration that Jira answered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Registration {
    /// The webhook is there, with this number.
    Made(u64),
    /// Jira says why not: a success of the call can hold failures.
    Refused(Vec<String>),
}

/// Source: the document says that the moment is a number, its example that it is text.
#[derive(Deserialize)]
struct Moment(#[serde(deserialize_with = "time::deserialize")] Timestamp);

impl Client {
    /// Registers a webhook for [`EVENTS`]. It is not made again if its answer is lost: [`Client::webhooks`] tells.
    ///
    /// Source: specification of `registerDynamicWebhooks`: one URL per app.
    pub async fn register_webhook(&self, url: &str, filter: &str) -> Result<Registration, JiraError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Body {
            webhook_registration_result: Vec<One>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct One {
            created_webhook_id: Option<u64>,
            #[serde(default)]
            errors: Vec<String>,
        }
        let body = serde_json::json!({ "url": url, "webhooks": [{ "events": EVENTS, "jqlFilter": filter }] });
        let ask = Ask::write("register the webhook", Method::Post, "/rest/api/3/webhook", body);
        let answer = self.request(ask).await?;
        let body: Body = answer.decode()?;
        let Some(one) = body.webhook_registration_result.into_iter().next() else {
            return Err(answer.malformed("webhookRegistrationResult", "it says nothing of the webhook"));
        };
        Ok(match one.created_webhook_id {
            Some(id) => Registration::Made(id),
            None => Registration::Refused(one.errors.iter().map(|error| tidy(error)).collect()),
        })
    }

    /// The webhooks that this app registered for this account on this site.
    ///
    /// Source: specification of `getDynamicWebhooksForApp`.
    pub async fn webhooks(&self) -> Result<Vec<Listed>, JiraError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Page {
            #[serde(default)]
            is_last: bool,
            values: Vec<Bean>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Bean {
            id: u64,
            #[serde(default)]
            url: String,
            #[serde(default)]
            jql_filter: String,
            #[serde(default)]
            events: Vec<String>,
            expiration_date: Option<Moment>,
        }
        let mut listed = Vec::new();
        for _ in 0..MOST_PAGES {
            let (start, most) = (listed.len().to_string(), PAGE.to_string());
            let ask = Ask::read("list the webhooks", "/rest/api/3/webhook")
                .with(&[("startAt", &start), ("maxResults", &most)]);
            let answer = self.request(ask).await?;
            let page: Page = answer.decode()?;
            let is_over = page.is_last || page.values.is_empty();
            listed.extend(page.values.into_iter().map(|bean| Listed {
                id: bean.id,
                url: bean.url,
                filter: bean.jql_filter,
                events: bean.events,
                expires_at: bean.expiration_date.map(|moment| moment.0),
            }));
            if is_over {
                break;
            }
        }
        Ok(listed)
    }

    /// Lets webhooks live on, and says until when. Safe to repeat; what is not there is ignored.
    pub async fn refresh_webhooks(&self, ids: &[u64]) -> Result<Timestamp, JiraError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Body {
            expiration_date: Option<Moment>,
        }
        let body = serde_json::json!({ "webhookIds": ids });
        let ask = Ask::write("refresh the webhook", Method::Put, "/rest/api/3/webhook/refresh", body);
        let answer = self.request(ask).await?;
        let body: Body = answer.decode()?;
        Ok(body.expiration_date.map_or_else(|| after(self.now(), LIVES), |moment| moment.0))
    }

    /// Deletes webhooks. Safe to repeat; what is not there is ignored.
    pub async fn delete_webhooks(&self, ids: &[u64]) -> Result<(), JiraError> {
        let body = serde_json::json!({ "webhookIds": ids });
        let ask = Ask::write("delete the webhook", Method::Delete, "/rest/api/3/webhook", body);
        self.request(ask).await.map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::super::scripted::{Stage, answer};
    use super::{EVENTS, Registration, wanted_filter, wanted_query};
    use crate::connection::{Connection, Method, Project, Scope, UseCase};
    use crate::ids::{ConnectionId, ProjectId, TenantId};
    use crate::site::SiteDomain;
    use crate::sync_setting::{self, SyncSetting};

    fn scope(ids: &[&str], jql: Option<&str>) -> Scope {
        let project = |id: &&str| Project {
            id: ProjectId::parse(id).unwrap(),
            key: format!("P{id}"),
            name: String::new(),
        };
        Scope {
            keys: ids.iter().map(|id| format!("P{id}")).collect(),
            projects: ids.iter().map(project).collect(),
            jql: jql.map(str::to_owned),
        }
    }

    fn connection() -> Connection {
        let mut connection = Connection::begin(
            TenantId::parse("acme").unwrap(),
            ConnectionId::parse("con-1").unwrap(),
            Method::Oauth,
            SiteDomain::parse("acme.atlassian.net").unwrap(),
            "2026-01-01T00:00:00Z".parse().unwrap(),
        );
        connection.use_cases.insert(UseCase::Ticketing);
        connection
    }

    fn setting(connection: &str, project: &str) -> SyncSetting {
        SyncSetting {
            connection: ConnectionId::parse(connection).unwrap(),
            project: ProjectId::parse(project).unwrap(),
            ..crate::plan::tests_support::setting(sync_setting::Scope::All)
        }
    }

    #[test]
    fn the_filter_names_the_projects_of_the_use_cases_and_settings_and_otherwise_all() {
        let mut it = connection();
        assert_eq!(wanted_filter(&it, &[]), "project != null", "nothing is named");
        it.change_management = scope(&["11", "10"], Some("labels = change"));
        it.incidents = scope(&["12"], None);
        assert_eq!(wanted_filter(&it, &[]), "project in (10, 11)", "no use case is about incidents");
        it.use_cases.insert(UseCase::IncidentManagement);
        let settings = [setting("con-1", "13"), setting("con-1", "10"), setting("con-2", "14")];
        assert_eq!(wanted_filter(&it, &settings), "project in (10, 11, 12, 13)");
        assert_eq!(
            wanted_query(&it, &settings[..1]).as_deref(),
            Some("project in (\"P10\", \"P11\", \"P12\", \"SEC\")")
        );
        it.incidents = scope(&[], Some("type = Incident"));
        assert_eq!(wanted_filter(&it, &settings), "project != null", "a query may find issues anywhere");
        assert_eq!(wanted_query(&it, &settings), None);
    }

    #[tokio::test]
    async fn a_registration_says_which_one_was_made_or_why_none() {
        let stage = Stage::new(vec![
            answer(200, json!({ "webhookRegistrationResult": [{ "createdWebhookId": 1000 }] })),
            answer(
                200,
                json!({ "webhookRegistrationResult": [{ "errors": ["The clause x is unsupported"] }] }),
            ),
            answer(200, json!({ "webhookRegistrationResult": [] })),
        ]);
        let register = || stage.client.register_webhook("https://a/webhooks/t", "project = X");
        assert_eq!(register().await.unwrap(), Registration::Made(1000));
        let refused = Registration::Refused(vec!["The clause x is unsupported".to_owned()]);
        assert_eq!(register().await.unwrap(), refused);
        register().await.unwrap_err();
        let events = json!(EVENTS);
        let webhook = json!({ "events": events, "jqlFilter": "project = X" });
        assert_eq!(stage.body(0), json!({ "url": "https://a/webhooks/t", "webhooks": [webhook] }));
        stage.done();
    }

    #[tokio::test]
    async fn the_list_is_read_to_its_end_whichever_way_its_moments_are_written() {
        let bean = |id: u64, expires: Value| json!({ "id": id, "url": "u", "jqlFilter": "f", "events": EVENTS, "expirationDate": expires });
        let stage = Stage::new(vec![
            answer(200, json!({ "isLast": false, "values": [bean(1, json!(1_782_561_600_000_u64))] })),
            answer(
                200,
                json!({ "isLast": true, "values": [bean(2, json!("2026-06-27T12:00:00.000+0000"))] }),
            ),
        ]);
        let listed = stage.client.webhooks().await.unwrap();
        assert_eq!(listed.iter().map(|hook| hook.id).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(listed[0].expires_at, listed[1].expires_at);
        assert!(listed[0].is_as("u", "f") && !listed[0].is_as("v", "f") && !listed[0].is_as("u", "g"));
        stage.done();
    }
}
