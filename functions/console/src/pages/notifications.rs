//! Notifications: what people should hear about, what ends soon, and (`channels`) where it is sent.

mod channels;

use askama::Template;
use assay::connection::State;
use assay::ending::What;
use assay::notification::{Kind, Subject};
use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::get;
use jiff::Timestamp;
use serde::Deserialize;

use self::channels::Channel;
use crate::Console;
use crate::answer;
use crate::badge::{Badge, Tone};
use crate::client::{List, path, query};
use crate::frame::{Frame, Visit};
use crate::problem::Problem;

/// The most connections whose endings are looked up for one page.
const MOST_CONNECTIONS: usize = 20;

pub(super) fn routes() -> Router<Console> {
    Router::new().route("/notifications", get(list)).merge(channels::routes())
}

/// All kinds, each with its word in the API and what people call it.
const KINDS: [(Kind, &str); 8] = [
    (Kind::SettingQuarantined, "A sync setting stands still"),
    (Kind::ConfigurationQuarantined, "A project configuration stands still"),
    (Kind::TicketStuck, "A ticket is stuck"),
    (Kind::DecisionNeeded, "A decision about an issue is needed"),
    (Kind::ConnectionLost, "A connection is lost"),
    (Kind::CampaignDue, "An access review is due"),
    (Kind::ApprovalNeeded, "A change waits for approval"),
    (Kind::EndingSoon, "A token, key or grant ends soon"),
];

/// What a kind is called.
fn words(kind: Kind) -> &'static str {
    KINDS.iter().find(|(one, _)| *one == kind).map_or("Something happened", |(_, words)| words)
}

/// A notification, as far as it is shown.
#[derive(Debug, Deserialize)]
struct Notification {
    kind: Kind,
    subject: Subject,
    text: String,
    began_at: Timestamp,
    recovered_at: Option<Timestamp>,
}

impl Notification {
    fn title(&self) -> &'static str {
        words(self.kind)
    }

    fn badge(&self) -> Badge {
        match self.recovered_at {
            Some(_) => Badge::new(Tone::Good, "Over"),
            None => Badge::new(Tone::Bad, "Lasts"),
        }
    }

    /// Where the thing that it is about is shown.
    fn link(&self) -> String {
        match &self.subject {
            Subject::SyncSetting(id) => path(&["sync-settings", id.as_str()]),
            Subject::ProjectConfiguration(id) => path(&["project-configurations", id.as_str()]),
            Subject::Ticket(id) => path(&["tickets", id.as_str()]),
            Subject::Connection(id) => path(&["connections", id.as_str()]),
            Subject::Campaign(id) => path(&["campaigns", id.as_str()]),
            Subject::Action(id) => path(&["actions", id.as_str()]),
            Subject::Ending(id) => {
                let connection = id.as_str().split('.').next().unwrap_or_default();
                path(&["connections", connection])
            }
        }
    }

    fn about(&self) -> &str {
        self.subject.words().1
    }
}

/// A connection, for what of it ends.
#[derive(Debug, Deserialize)]
struct Connection {
    id: String,
    site: String,
    state: State,
    endings: Option<Vec<Ending>>,
}

#[derive(Clone, Debug, Deserialize)]
struct Ending {
    what: What,
    ends_at: Timestamp,
    assumed: bool,
    left_days: i64,
}

/// Something that ends, with its connection.
struct End {
    connection: String,
    site: String,
    ending: Ending,
}

impl End {
    fn words(&self) -> &'static str {
        match self.ending.what {
            What::ApiToken => "API token",
            What::ServiceAccountSecret => "Client secret of the service account",
            What::OrganisationKey => "API key of the organisation",
            What::RefreshToken => "Grant, if nothing uses it",
            What::Consent => "Grant, after a year",
            What::Webhook => "Webhook, which is renewed by itself",
        }
    }

    fn badge(&self) -> Badge {
        let days = self.ending.left_days;
        let word = match days {
            ..0 => "Over".to_owned(),
            0 => "Ends today".to_owned(),
            1 => "1 day left".to_owned(),
            _ => format!("{days} days left"),
        };
        // A webhook is renewed when ten days are left; all else people renew.
        let tone = match days {
            ..=1 => Tone::Bad,
            2..=30 => Tone::Unsure,
            _ => Tone::Idle,
        };
        Badge::new(tone, word)
    }
}

/// The filter that stands in the address.
#[derive(Clone, Debug, Default, Deserialize)]
struct Filter {
    #[serde(default)]
    state: String,
    #[serde(default)]
    kind: String,
    cursor: Option<String>,
}

impl Filter {
    /// What the API is asked for: what lasts, if nothing is said.
    fn asked(&self) -> String {
        let lasting = match self.state.as_str() {
            "over" => Some("false"),
            "any" => None,
            _ => Some("true"),
        };
        let kind = Some(self.kind.as_str());
        query(
            "/v1/notifications",
            &[("lasting", lasting), ("kind", kind), ("cursor", self.cursor.as_deref())],
        )
    }

    fn next(&self, cursor: &str) -> String {
        let (state, kind) = (Some(self.state.as_str()), Some(self.kind.as_str()));
        query("/notifications", &[("state", state), ("kind", kind), ("cursor", Some(cursor))])
    }
}

#[derive(Template)]
#[template(path = "notifications/list.html", blocks = ["list"])]
struct ListPage<'a> {
    frame: &'a Frame,
    filter: Filter,
    notifications: Vec<Notification>,
    next: Option<String>,
    ends: Vec<End>,
    channels: Vec<Channel>,
}

impl ListPage<'_> {
    const STATES: &'static [(&'static str, &'static str)] =
        &[("lasts", "Lasts"), ("over", "Over"), ("any", "Any")];

    fn kinds() -> Vec<(&'static str, &'static str)> {
        KINDS.iter().map(|(kind, words)| (kind.word(), *words)).collect()
    }

    fn is_narrow(&self) -> bool {
        !self.filter.kind.is_empty() || self.filter.state == "over"
    }
}

async fn list(visit: Visit, Query(filter): Query<Filter>) -> Result<Response, Problem> {
    let found: List<Notification> = visit.client.get(&filter.asked()).await?;
    let next = found.next_cursor.map(|cursor| filter.next(&cursor));
    let mut notifications = found.items;
    notifications.sort_by_key(|it| std::cmp::Reverse(it.began_at));
    let is_part = visit.frame.wants("notifications");
    let (ends, channels) =
        if is_part { (Vec::new(), Vec::new()) } else { (ends(&visit).await?, channels::all(&visit).await?) };
    let page = ListPage { frame: &visit.frame, filter, notifications, next, ends, channels };
    if is_part { answer::page(&page.as_list()) } else { answer::page(&page) }
}

/// What ends next, over all connections that are in use.
async fn ends(visit: &Visit) -> Result<Vec<End>, Problem> {
    let connections: Vec<Connection> = visit.client.all("/v1/connections").await?;
    let mut ends = Vec::new();
    let used = connections.into_iter().filter(|it| it.state != State::Disconnected);
    for connection in used.take(MOST_CONNECTIONS) {
        let Connection { id, site, endings, .. } =
            visit.client.get(&path(&["v1", "connections", &connection.id])).await?;
        let end = |ending: Ending| End { connection: id.clone(), site: site.clone(), ending };
        ends.extend(endings.unwrap_or_default().into_iter().map(end));
    }
    ends.sort_by_key(|end| end.ending.ends_at);
    Ok(ends)
}
