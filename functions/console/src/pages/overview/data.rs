//! What the overview asks the API for, and how much of it at most.

use futures::future::try_join_all;
use http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;

use crate::badge::{Badge, Tone};
use crate::client::{Client, List, path};
use crate::pages::connections::{Connection, State};
use crate::problem::Problem;
use crate::words::number;

/// How many connections are looked at one by one; all stand on their own page.
const CONNECTIONS: usize = 8;

/// How many sites' licences are shown.
pub(super) const LICENCES: usize = 4;

/// How many tickets stand how.
#[derive(Debug, Deserialize)]
pub(super) struct Tickets {
    pub(super) open: u64,
    pub(super) late: u64,
    pub(super) parked: u64,
    pub(super) waiting: u64,
    pub(super) closed: u64,
    pub(super) gone: u64,
    pub(super) complete: bool,
}

impl Tickets {
    pub(super) fn open(&self) -> String {
        self.told(self.open)
    }

    pub(super) fn late(&self) -> String {
        self.told(self.late)
    }

    pub(super) fn parked(&self) -> String {
        self.told(self.parked)
    }

    pub(super) fn waiting(&self) -> String {
        self.told(self.waiting)
    }

    fn told(&self, count: u64) -> String {
        let more = if self.complete { "" } else { "+" };
        format!("{}{more}", number(count))
    }

    /// Whether there is any, or may be.
    pub(super) fn any(&self) -> bool {
        !self.complete || self.open + self.parked + self.waiting + self.closed + self.gone > 0
    }
}

/// How much work of one kind waits; a figure that is not known is none.
#[derive(Debug, Deserialize)]
pub(super) struct Queue {
    pub(super) what: String,
    waiting: Option<u64>,
    put_off: Option<u64>,
    taken: Option<u64>,
    parked: Option<u64>,
}

impl Queue {
    pub(super) fn waiting(&self) -> String {
        told(self.waiting)
    }

    pub(super) fn put_off(&self) -> String {
        told(self.put_off)
    }

    pub(super) fn taken(&self) -> String {
        told(self.taken)
    }

    pub(super) fn parked(&self) -> String {
        told(self.parked)
    }

    /// Whether somebody must see to what was given up.
    pub(super) fn is_stuck(&self) -> bool {
        self.parked.is_some_and(|parked| parked > 0)
    }
}

/// What waits in the queues; nothing where that cannot be told, since the overview does not stand or fall by it.
pub(super) async fn queues(client: &Client) -> Vec<Queue> {
    client.get::<List<Queue>>("/v1/work").await.map(|list| list.items).unwrap_or_default()
}

/// How far the accounts of a site were read.
#[derive(Debug, Deserialize)]
pub(super) struct Usage {
    pub(super) connection: String,
    pub(super) ended_at: Option<Timestamp>,
    pub(super) paused_until: Option<Timestamp>,
    pub(super) problem: Option<String>,
}

impl Usage {
    pub(super) fn badge(&self) -> Badge {
        if self.problem.is_some() {
            Badge::new(Tone::Unsure, "Waits")
        } else if self.paused_until.is_some() {
            Badge::new(Tone::Busy, "Waits for Jira's limit")
        } else if self.ended_at.is_none() {
            Badge::new(Tone::Busy, "Is read the first time")
        } else {
            Badge::new(Tone::Good, "Read")
        }
    }
}

/// The licences of a site.
#[derive(Debug, Deserialize)]
pub(super) struct Licences {
    pub(super) connection: String,
    pub(super) products: Vec<Licence>,
}

/// The licence of one product.
#[derive(Debug, Deserialize)]
pub(super) struct Licence {
    pub(super) name: String,
    pub(super) seats: Option<u64>,
    pub(super) unlimited: bool,
    pub(super) held: Option<u64>,
    pub(super) unused: Option<u64>,
    /// A month, in cents.
    pub(super) saving: Option<u64>,
}

impl Licence {
    pub(super) fn seats(&self) -> String {
        if self.unlimited { "unlimited".to_owned() } else { told(self.seats) }
    }

    pub(super) fn held(&self) -> String {
        told(self.held)
    }

    pub(super) fn unused(&self) -> String {
        told(self.unused)
    }

    pub(super) fn saving(&self) -> String {
        let unknown = if self.unused.is_none() { "not known" } else { "no price is entered" };
        self.saving
            .map_or_else(|| unknown.to_owned(), |cents| format!("{}.{:02}", number(cents / 100), cents % 100))
    }
}

fn told(figure: Option<u64>) -> String {
    figure.map_or_else(|| "not known".to_owned(), number)
}

/// The connections that live, those that need somebody first, each with what of it ends and its limit; and whether there are
/// more.
pub(super) async fn connections(client: &Client) -> Result<(Vec<Connection>, bool), Problem> {
    let all: Vec<Connection> = client.all("/v1/connections").await?;
    let mut living: Vec<Connection> = all.into_iter().filter(Connection::lives).collect();
    living.sort_by_key(|it| match it.state {
        State::NeedsReauth => 0,
        State::Degraded => 1,
        State::Pending => 2,
        State::Active | State::Disconnected => 3,
    });
    let further = living.len() > CONNECTIONS;
    living.truncate(CONNECTIONS);
    let whole = living.iter().map(|it| async {
        let path = path(&["v1", "connections", &it.id]);
        client.get::<Connection>(&path).await
    });
    Ok((try_join_all(whole).await?, further))
}

/// The licences of the first sites whose accounts are read.
pub(super) async fn licences(client: &Client, usage: &[Usage]) -> Result<Vec<Licences>, Problem> {
    let read = usage.iter().filter(|it| it.ended_at.is_some()).take(LICENCES).map(|it| async {
        let path = path(&["v1", "licences", &it.connection]);
        match client.get::<Licences>(&path).await {
            Ok(licences) => Ok(Some(licences)),
            Err(problem) if problem.status() == StatusCode::NOT_FOUND => Ok(None),
            Err(problem) => Err(problem),
        }
    });
    Ok(try_join_all(read).await?.into_iter().flatten().collect())
}
