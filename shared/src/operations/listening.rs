//! Listening to Jira: the webhook of a connection by OAuth is registered, kept alive and ended.
//!
//! Reads the connection, the sync settings and Jira's list of webhooks; decides by [`wanted_filter`]; writes what is
//! registered into the connection. `receive-webhooks` comes next ([`super::hearing`]).
//!
//! An app may have one URL, and five webhooks for each user and site: so one URL for the whole tenant, and one webhook
//! for each connection. A registration whose answer was lost is found by its URL and query, and adopted. Without a webhook
//! changes are still noticed by comparison: what fails here is told, and degrades nothing.
//!
//! Source: jira-facts 5.2.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::session::JiraAccess;
use crate::clock::after;
use crate::connection::{Connection, Problem, ProblemCode, Webhook};
use crate::error::Kind;
use crate::ids::TenantId;
use crate::jira::webhook::registration::{LIVES, Listed, Registration, wanted_filter};
use crate::jira::{Client, JiraError};
use crate::quota::Priority;
use crate::{Result, clock};

/// A webhook that ends within this many seconds is refreshed: 10 days, so that a month of trouble is noticed in time.
const REFRESHED_BEFORE: i64 = 10 * 24 * 3600;

/// How long ending a webhook may hold up whoever disconnects, in seconds.
const ENDING_TAKES: i64 = 8;

/// Keeps webhooks registered.
#[derive(Clone)]
pub struct Listening {
    /// Opens sessions.
    pub jira: JiraAccess,
    /// The address of our own HTTP API, without a slash at its end.
    pub public_url: String,
}

impl Listening {
    /// Where the webhooks of a tenant's OAuth app deliver to.
    pub fn url(&self, tenant: &TenantId) -> String {
        format!("{}/webhooks/{tenant}", self.public_url)
    }

    /// Brings the webhooks of all connections of a tenant to what they should be, until `deadline`.
    pub async fn keep_all(&self, tenant: &TenantId, deadline: Timestamp) -> Result<()> {
        for connection in self.jira.core.store.all_connections(tenant).await? {
            if self.jira.core.clock.now() >= deadline {
                return Ok(());
            }
            Box::pin(self.keep(connection)).await;
        }
        Ok(())
    }

    /// Brings the webhook of a connection to what it should be, and gives the connection as it is then. Whatever fails is
    /// logged, and done again the next time.
    pub async fn keep(&self, connection: Connection) -> Connection {
        if !connection.may_register_webhooks() {
            return connection;
        }
        let (tenant, id) = (connection.tenant.clone(), connection.id.clone());
        match self.try_to_keep(&connection).await {
            Ok(Some(kept)) => kept,
            Ok(None) => connection,
            Err(error) => {
                tracing::warn!(%tenant, connection = %id, error = error.chain(), "could not keep the webhook");
                connection
            }
        }
    }

    async fn try_to_keep(&self, connection: &Connection) -> Result<Option<Connection>> {
        let (core, tenant) = (&self.jira.core, &connection.tenant);
        let filter = wanted_filter(connection, &core.store.settings(tenant).await?);
        let others = core.store.all_connections(tenant).await?;
        let client = match self.jira.open_within_quota(connection, Priority::Sync, 0).await {
            Ok(client) => client,
            // The connection's own trouble, which is told as such.
            Err(error) if error.retryable() || *error.kind() == Kind::NeedsReauth => return Ok(None),
            Err(error) => return Err(error),
        };
        let brought = self.bring(connection, &others, &client, &filter).await;
        self.jira.book(connection, &client).await?;
        let (webhook, problem) = match brought {
            Ok(webhook) => (Some(webhook), None),
            Err(told) => {
                tracing::warn!(%tenant, connection = %connection.id, what = told.what, "no webhook");
                // One that is registered already may still deliver.
                let is_alive = |it: &&Webhook| it.expires_at > core.clock.now();
                (connection.webhook.as_ref().filter(is_alive).cloned(), Some(told))
            }
        };
        if connection.webhook == webhook && connection.webhook_problem == problem {
            return Ok(None);
        }
        let changed = self.jira.change_connection(tenant, &connection.id, |stored| {
            if stored.epoch == connection.epoch && stored.state.usable() {
                stored.webhook.clone_from(&webhook);
                stored.webhook_problem.clone_from(&problem);
            }
        });
        changed.await.map(Some)
    }

    /// The webhook as it should be, in Jira, too.
    async fn bring(
        &self,
        connection: &Connection,
        all: &[Connection],
        client: &Client,
        filter: &str,
    ) -> std::result::Result<Webhook, Problem> {
        let (url, now) = (self.url(&connection.tenant), self.jira.core.clock.now());
        let listed = client.webhooks().await.map_err(|error| missing(&error))?;
        // Numbers repeat across sites.
        let of_others: BTreeSet<u64> = all
            .iter()
            .filter(|other| other.id != connection.id && other.cloud_id == connection.cloud_id)
            .filter_map(|other| other.webhook.as_ref())
            .flat_map(|webhook| webhook.ids.iter().copied())
            .collect();
        let mine: Vec<&Listed> =
            listed.iter().filter(|it| it.url == url && !of_others.contains(&it.id)).collect();
        let lives = |it: &&&Listed| it.expires_at.is_none_or(|at| at > now);
        let known = connection.webhook.as_ref().filter(|webhook| webhook.filter == filter);
        let is_known = |it: &Listed| known.is_some_and(|webhook| webhook.ids.contains(&it.id));
        let kept = mine.iter().filter(lives).find(|it| is_known(it) || it.is_as(&url, filter)).copied();
        let (id, expires_at) = match kept {
            Some(kept) => (kept.id, kept.expires_at.unwrap_or_else(|| after(now, LIVES))),
            None => (self.register(client, &url, filter).await?, after(now, LIVES)),
        };
        // What is left over delivered for another query, or was registered by a function that died.
        let left_over: Vec<u64> = mine.iter().map(|it| it.id).filter(|other| *other != id).collect();
        if !left_over.is_empty()
            && let Err(error) = client.delete_webhooks(&left_over).await
        {
            tracing::warn!(error = %error, "could not delete a webhook that is not needed any more");
        }
        let expires_at = if clock::seconds_between(now, expires_at) < REFRESHED_BEFORE {
            client.refresh_webhooks(&[id]).await.map_err(|error| missing(&error))?
        } else {
            expires_at
        };
        Ok(Webhook { ids: vec![id], expires_at, filter: filter.to_owned() })
    }

    async fn register(&self, client: &Client, url: &str, filter: &str) -> std::result::Result<u64, Problem> {
        match client.register_webhook(url, filter).await.map_err(|error| missing(&error))? {
            Registration::Made(id) => Ok(id),
            Registration::Refused(why) => Err(told(format!("Jira took no webhook: {}", why.join("; ")))),
        }
    }

    /// Ends the webhook of a connection that is about to be disconnected or to change its method. Whatever fails is
    /// logged: what is left ends by itself after 30 days, and its deliveries are refused.
    pub async fn end(&self, connection: &Connection) {
        let Some(webhook) = &connection.webhook else { return };
        let ended = async {
            let client = self.jira.open(connection).await?;
            let client = client.until(after(self.jira.core.clock.now(), ENDING_TAKES));
            client.delete_webhooks(&webhook.ids).await.map_err(crate::Error::from)
        };
        if let Err(error) = ended.await {
            let (tenant, id) = (&connection.tenant, &connection.id);
            tracing::warn!(%tenant, connection = %id, error = error.chain(), "could not delete the webhook");
        }
    }
}

fn missing(error: &JiraError) -> Problem {
    told(error.to_string())
}

fn told(what: String) -> Problem {
    Problem::new(
        ProblemCode::WebhookMissing,
        what,
        "give the connection an OAuth app with which no other program registers webhooks, owned by the account that \
         approves if the app is not shared; it is tried again every hour, and until then changes are noticed when \
         tickets are compared with Jira",
    )
}
