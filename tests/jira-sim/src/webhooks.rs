//! Webhooks: who is told of what, and when it is delivered.
//!
//! A route publishes an event; every hook that it concerns gets a delivery with the body as it was then. The
//! server's task takes the deliveries that are due, sends them, and puts the failed ones back for later.

mod delivery;
mod manual;
mod payload;
mod queue;

pub(crate) use delivery::run;
pub use manual::Delivery;
pub(crate) use manual::{settle, take, take_for_script};
pub(crate) use queue::{Flow, Queued};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    clock::{plus_millis, plus_seconds},
    jql,
    oauth::Grants,
    routes,
    state::{
        World,
        issue::{Change, Comment, Issue},
    },
};

const LIFE_SECONDS: i64 = 30 * 86_400;
/// How much later a delivery of the secondary flow comes; Jira promises a quarter of an hour.
const SECONDARY_SECONDS: i64 = 60;

/// The events that an OAuth app can ask for.
pub(crate) const DYNAMIC_EVENTS: [&str; 20] = [
    "jira:issue_created",
    "jira:issue_updated",
    "jira:issue_deleted",
    "comment_created",
    "comment_updated",
    "comment_deleted",
    "issue_property_set",
    "issue_property_deleted",
    "sprint_created",
    "sprint_updated",
    "sprint_closed",
    "sprint_deleted",
    "sprint_started",
    "jira:version_released",
    "jira:version_unreleased",
    "jira:version_created",
    "jira:version_moved",
    "jira:version_updated",
    "jira:version_merged",
    "jira:version_deleted",
];

/// Something that happened to an issue.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) name: &'static str,
    pub(crate) issue: Issue,
    pub(crate) user: String,
    pub(crate) at: Timestamp,
    pub(crate) change: Option<Change>,
    pub(crate) comment: Option<Comment>,
    /// Key, and value if it was set.
    pub(crate) property: Option<(String, Option<Value>)>,
    pub(crate) flow: Flow,
}

impl Event {
    pub(crate) fn issue(name: &'static str, issue: &Issue, user: &str, at: Timestamp) -> Self {
        let user = user.to_owned();
        let (change, comment, property, flow) = (None, None, None, Flow::Primary);
        Self { name, issue: issue.clone(), user, at, change, comment, property, flow }
    }
}

/// Which kind of hook, and how its deliveries prove where they come from.
#[derive(Debug, Clone)]
pub(crate) enum HookKind {
    /// Signed by a JWT with the app's client secret; ends after 30 days.
    Dynamic { client: String, account: String, expires: Timestamp },
    /// Signed by an HMAC over the body if there is a secret.
    Admin { name: String, secret: Option<String> },
}

/// One registered webhook.
#[derive(Debug, Clone)]
pub(crate) struct Hook {
    pub(crate) id: u64,
    pub(crate) site: usize,
    pub(crate) url: String,
    pub(crate) events: Vec<String>,
    pub(crate) filter: String,
    pub(crate) fields: Vec<String>,
    pub(crate) properties: Vec<String>,
    pub(crate) kind: HookKind,
    /// An admin webhook can be switched off.
    pub(crate) enabled: bool,
}

impl Hook {
    pub(crate) fn is_of_client(&self, client: &str) -> bool {
        matches!(&self.kind, HookKind::Dynamic { client: own, .. } if own == client)
    }

    pub(crate) fn is_of(&self, client: &str, account: &str) -> bool {
        matches!(&self.kind, HookKind::Dynamic { client: own, account: of, .. } if own == client && of == account)
    }

    pub(crate) fn renew(&mut self, until: Timestamp) {
        if let HookKind::Dynamic { expires, .. } = &mut self.kind {
            *expires = until;
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        let mut value =
            json!({ "id": self.id, "url": self.url, "jqlFilter": self.filter, "events": self.events });
        if !self.enabled {
            value["enabled"] = json!(false);
        }
        if let HookKind::Dynamic { expires, .. } = &self.kind {
            value["expirationDate"] = json!(expires.as_millisecond());
        }
        for (name, list) in [("fieldIdsFilter", &self.fields), ("issuePropertyKeysFilter", &self.properties)]
        {
            if !list.is_empty() {
                value[name] = json!(list);
            }
        }
        value
    }

    /// Neither switched off nor expired, and the consent of the one who registered it still holds.
    fn is_alive(&self, grants: &Grants, now: Timestamp) -> bool {
        match &self.kind {
            HookKind::Dynamic { client, account, expires } => {
                now < *expires && grants.has_consent(client, account)
            }
            HookKind::Admin { .. } => self.enabled,
        }
    }

    fn wants(&self, event: &Event) -> bool {
        let named = self.events.iter().any(|name| name == event.name);
        let changed = |field: &String| {
            event
                .change
                .iter()
                .flat_map(|change| &change.items)
                .any(|item| item.field_id.as_ref() == Some(field))
        };
        let field_fits =
            event.name != "jira:issue_updated" || self.fields.is_empty() || self.fields.iter().any(changed);
        let property_fits = match &event.property {
            Some((key, _)) => self.properties.is_empty() || self.properties.contains(key),
            None => true,
        };
        named && field_fits && property_fits
    }
}

/// When a dynamic webhook ends that is registered or refreshed at `now`.
pub(crate) fn expiry(now: Timestamp) -> Timestamp {
    plus_seconds(now, LIFE_SECONDS)
}

/// Registered hooks, what is still to be delivered, and what became of the rest.
#[derive(Debug, Default)]
pub(crate) struct Webhooks {
    pub(crate) hooks: Vec<Hook>,
    pub(crate) waiting: Vec<Queued>,
    /// Taken to be sent and not settled yet.
    pub(crate) in_flight: usize,
    pub(crate) log: Vec<Value>,
    last_id: u64,
    last_delivery: u64,
    /// How many resets there were.
    generation: u64,
}

impl Webhooks {
    pub(crate) fn add(&mut self, hook: Hook) -> u64 {
        self.last_id += 1;
        let id = 1000 + self.last_id;
        self.hooks.push(Hook { id, ..hook });
        id
    }
}

/// Queues an event for every hook of its site that it concerns.
pub(crate) fn publish(world: &mut World, site: usize, event: &Event) {
    let hooks: Vec<Hook> = world
        .webhooks
        .hooks
        .iter()
        .filter(|hook| {
            hook.site == site
                && hook.is_alive(&world.grants, event.at)
                && hook.wants(event)
                && fits(world, site, hook, event)
        })
        .cloned()
        .collect();
    for hook in hooks {
        let body = payload::body(world, &hook, event).to_string();
        let delay_ms = world.settings.webhook_delay_ms();
        let due = match event.flow {
            Flow::Primary => plus_millis(event.at, delay_ms),
            Flow::Secondary => plus_seconds(plus_millis(event.at, delay_ms), SECONDARY_SECONDS),
        };
        let (name, flow) = (event.name, event.flow);
        let queued = Queued { number: 0, generation: 0, hook, event: name, flow, body, due, attempt: 0 };
        world.webhooks.push(queued, &world.settings);
    }
}

fn fits(world: &World, site: usize, hook: &Hook, event: &Event) -> bool {
    let Ok(query) = jql::parse(&hook.filter) else { return false };
    let Some(clause) = query.clause else { return true };
    let site = &world.sites[site];
    let caller = match &hook.kind {
        HookKind::Dynamic { account, .. } => world.accounts.get(account),
        HookKind::Admin { .. } => world.accounts.get("acc-admin"),
    };
    let dynamic = matches!(hook.kind, HookKind::Dynamic { .. });
    // An admin webhook is nobody's, and gets restricted comments too.
    let may_see = |comment: &Comment| {
        !dynamic || routes::comment::visible(site, &event.issue, comment, caller.as_ref())
    };
    let sees = event.comment.as_ref().is_none_or(may_see)
        && site
            .project(event.issue.project)
            .is_some_and(|project| project.allows(caller.as_ref(), "BROWSE_PROJECTS"));
    let context = jql::Context { site, accounts: &world.accounts, caller: caller.as_ref(), now: event.at };
    let (predicate, errors) = jql::compile(&clause, &context);
    sees && errors.is_empty() && jql::matches(&predicate, &event.issue, site)
}
