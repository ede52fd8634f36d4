//! A session with Jira for one connection: the credentials are read, refreshed if they must be, and put into a client.
//!
//! A rotating refresh token dies if two refreshes race or if its successor is lost. So: one refresh at a time for each
//! grant, under a lease in the connection's record; the secret is read again under the lease; whoever does not get the
//! lease waits and reads again. A crash between Atlassian's answer and our save leaves the old token in the secret, and
//! Atlassian takes that one for ten minutes more. So the connection is made due within them before each exchange, and the
//! tick's refresh repairs what was lost, whoever made the exchange.
//!
//! Source: jira-facts 1.4.

mod deadline;
mod metering;
mod noticing;
mod refreshing;
mod stored;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;

use super::Core;
use crate::clock::after;
use crate::connection::{Connection, Problem, ProblemCode, State};
use crate::error::Kind;
use crate::ids::{ConnectionId, TenantId};
use crate::jira::credentials::{Access, Credentials};
use crate::jira::oauth::SignIn;
use crate::jira::organisation::Administration;
use crate::jira::{Addresses, Client, Facts, Sender, Sleeper};
use crate::secret::Secret;
use crate::secrets::SecretStore;
use crate::{Error, Result};
pub use deadline::Deadline;

/// How long before its end an access token is no longer used, in seconds: longer than any function runs.
pub(super) const TOO_OLD: i64 = 330;

/// How often a change of a connection is repeated onto what somebody else wrote meanwhile.
const REPEATS: u32 = 8;

/// Opens sessions.
#[derive(Clone)]
pub struct JiraAccess {
    /// Table, time, randomness.
    pub core: Core,
    /// Where credentials are.
    pub secrets: Arc<dyn SecretStore>,
    /// Sends HTTP requests.
    pub sender: Arc<dyn Sender>,
    /// Where Jira and Atlassian are.
    pub addresses: Addresses,
    /// Waits.
    pub sleeper: Arc<dyn Sleeper>,
    /// Access tokens of service accounts, by a digest of their credentials. They are never stored: each process asks for
    /// its own.
    pub service_tokens: Arc<Mutex<HashMap<String, Access>>>,
    /// When the running invocation must be over: no call is begun and nothing is waited for past it.
    pub deadline: Deadline,
}

impl JiraAccess {
    /// A client for a connection that is in a usable state.
    ///
    /// # Errors
    /// `Conflict` in an unusable state; `NeedsReauth` when the grant turns out to have ended, which is then written
    /// down; `Unavailable` when Atlassian could not be asked.
    pub async fn open(&self, connection: &Connection) -> Result<Client> {
        if !connection.state.usable() {
            return Err(Error::conflict(format!(
                "connection {} cannot be used in its present state; connect it again",
                connection.id
            )));
        }
        match self.open_stored(connection).await {
            Err(error) if *error.kind() == Kind::NeedsReauth => {
                Err(self.explain_lost(connection, error).await?)
            }
            opened => opened,
        }
    }

    async fn open_stored(&self, connection: &Connection) -> Result<Client> {
        let stored = self.credentials(connection).await?;
        let current = self.current(connection, &stored).await?;
        self.client(connection, &current).await
    }

    /// Writes down that a connection cannot be opened any more: its secret is gone, or Atlassian refuses it. (A grant
    /// that ended was written down where that was found out.)
    async fn explain_lost(&self, connection: &Connection, error: Error) -> Result<Error> {
        // The cached secret may be an old one.
        let credentials = match self.fresh_credentials(connection).await {
            Ok(Credentials::Oauth(_)) => return Ok(error),
            Ok(credentials) => credentials,
            Err(missing) if *missing.kind() == Kind::NeedsReauth => {
                return self.lost(connection, secret_is_gone(&missing)).await;
            }
            Err(other) => return Ok(other),
        };
        match self.client(connection, &credentials).await {
            Ok(_) => {
                Ok(Error::unavailable(format!("connection {} was connected again; try again", connection.id)))
            }
            Err(still) if *still.kind() == Kind::NeedsReauth => {
                let mend = "connect again with a client id and secret that work";
                let problem = Problem::new(ProblemCode::CredentialsRefused, still.to_string(), mend);
                let doubted = self.doubt(connection, problem).await?;
                let message = format!("connection {}: {still}", connection.id);
                Ok(match doubted.state {
                    State::NeedsReauth => Error::new(Kind::NeedsReauth, message),
                    _ => Error::unavailable(format!("{message}; it is tried again in some minutes")),
                })
            }
            Err(other) => Ok(other),
        }
    }

    /// A client with the given credentials as they are, whatever the connection's state: for verifying. Stored ones are
    /// brought up to date with [`Self::current`] before.
    pub async fn client(&self, connection: &Connection, credentials: &Credentials) -> Result<Client> {
        let authorization = match credentials {
            Credentials::ServiceAccount { client_id, client_secret, .. } => {
                let access = self.service_access(connection, client_id, client_secret).await?;
                let access = Some(access);
                let (client_id, client_secret) = (client_id.clone(), client_secret.clone());
                Credentials::ServiceAccount { client_id, client_secret, access }.authorization()?
            }
            other => other.authorization()?,
        };
        let facts = Facts {
            site: connection.site.clone(),
            cloud_id: connection.require_cloud_id()?.clone(),
            method: credentials.method(),
            account: connection.account.as_ref().map(|account| account.id.clone()),
        };
        let (clock, random) = (Arc::clone(&self.core.clock), Arc::clone(&self.core.random));
        let (sender, sleeper) = (Arc::clone(&self.sender), Arc::clone(&self.sleeper));
        let client =
            Client::new(sender, self.addresses.clone(), facts, authorization, clock, random, sleeper);
        Ok(match self.deadline.at() {
            Some(deadline) => client.until(deadline),
            None => client,
        })
    }

    /// The connection's `stored` credentials as they can be used now: a grant that is too old is refreshed first. For
    /// others than the stored ones that would be wrong: what is refreshed is what is stored.
    pub async fn current(&self, connection: &Connection, stored: &Credentials) -> Result<Credentials> {
        if is_too_old(stored, self.core.clock.now()) {
            self.refresh(connection, None).await
        } else {
            Ok(stored.clone())
        }
    }

    /// Atlassian's sign-in.
    pub fn sign_in(&self) -> SignIn {
        let sign_in =
            SignIn::new(Arc::clone(&self.sender), self.addresses.clone(), Arc::clone(&self.core.clock));
        match self.deadline.at() {
            Some(deadline) => sign_in.until(deadline),
            None => sign_in,
        }
    }

    /// Atlassian's administration of organisations.
    pub fn administration(&self) -> Administration {
        let (sender, clock) = (Arc::clone(&self.sender), Arc::clone(&self.core.clock));
        Administration::new(sender, self.addresses.clone(), clock, self.deadline.at())
    }

    /// Changes a connection's record, whoever else writes it meanwhile: `change` is applied to what is stored now.
    ///
    /// # Errors
    /// `NotFound` when there is no such connection.
    pub async fn change_connection(
        &self,
        tenant: &TenantId,
        id: &ConnectionId,
        change: impl Fn(&mut Connection),
    ) -> Result<Connection> {
        for _ in 0..REPEATS {
            let Some(mut connection) = self.core.store.connection(tenant, id).await? else {
                return Err(Error::not_found(format!(
                    "there is no connection {id}; `GET /v1/connections` lists them"
                )));
            };
            let before = connection.state;
            change(&mut connection);
            connection.updated_at = self.core.clock.now();
            match self.core.store.save_connection(&mut connection).await {
                Ok(()) => {
                    Box::pin(self.notice(before, &connection)).await;
                    return Ok(connection);
                }
                Err(error) if *error.kind() == Kind::Conflict => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::conflict(format!("connection {id} is written by too many at once; try again")))
    }

    /// Changes a connection's record as [`Self::change_connection`] does, but only if nobody connected again, disconnected
    /// or changed what it is for since `read` was read.
    ///
    /// # Errors
    /// `Conflict` when somebody did; then nothing is changed.
    pub async fn change_if_still(
        &self,
        read: &Connection,
        change: impl Fn(&mut Connection),
    ) -> Result<Connection> {
        let is_still = AtomicBool::new(false);
        let changed = self
            .change_connection(&read.tenant, &read.id, |stored| {
                is_still.store(stored.epoch == read.epoch, Ordering::Relaxed);
                if stored.epoch == read.epoch {
                    change(stored);
                }
            })
            .await?;
        if is_still.load(Ordering::Relaxed) {
            return Ok(changed);
        }
        let message =
            format!("connection {} was changed by somebody else meanwhile; read it and try again", read.id);
        Err(Error::conflict(message))
    }

    /// Marks a connection as needing a person, and gives the error that says so. If somebody connected again or
    /// disconnected since `connection` was read, their word stands.
    pub async fn lost(&self, connection: &Connection, problem: Problem) -> Result<Error> {
        let (tenant, id) = (&connection.tenant, &connection.id);
        let error =
            Error::new(Kind::NeedsReauth, format!("connection {id}: {}; {}", problem.what, problem.mend));
        let changed = self.change_connection(tenant, id, |stored| {
            let ended = matches!(stored.state, State::Disconnected | State::NeedsReauth);
            if stored.epoch == connection.epoch && !ended {
                stored.lost(problem.clone());
            }
        });
        match changed.await {
            Ok(stored) => {
                if stored.epoch == connection.epoch && stored.state == State::NeedsReauth {
                    Box::pin(self.hasten(connection)).await?;
                }
                tracing::warn!(%tenant, connection = %id, code = ?problem.code, "connection needs to be connected again");
            }
            Err(missing) if *missing.kind() == Kind::NotFound => {}
            Err(other) => return Err(other),
        }
        Ok(error)
    }

    /// Notes that Jira refused a connection's credentials, which only their second refusal, some minutes later, makes
    /// certain: see [`Connection::refused`].
    pub async fn doubt(&self, connection: &Connection, problem: Problem) -> Result<Connection> {
        let now = self.core.clock.now();
        let doubted = self
            .change_connection(&connection.tenant, &connection.id, |stored| {
                if stored.epoch == connection.epoch && stored.state.usable() {
                    stored.refused(problem.clone(), now);
                }
            })
            .await?;
        tracing::warn!(tenant = %connection.tenant, connection = %connection.id, state = ?doubted.state, "credentials were refused");
        Ok(doubted)
    }

    /// Notes a problem on a connection that may pass without a new consent. The connection is verified again before its
    /// next evaluation.
    pub async fn degrade(&self, connection: &Connection, problem: Problem) -> Result<Connection> {
        let degraded = self
            .change_connection(&connection.tenant, &connection.id, |stored| {
                if stored.epoch == connection.epoch && stored.state.usable() {
                    stored.troubled(problem.clone());
                }
            })
            .await?;
        if degraded.is_troubled() && !connection.is_troubled() {
            Box::pin(self.hasten(connection)).await?;
        }
        Ok(degraded)
    }

    /// Makes a connection and its tenant due now: what their checks said last holds no more.
    pub async fn hasten(&self, connection: &Connection) -> Result<()> {
        let (store, now) = (&self.core.store, self.core.clock.now());
        store.hasten_connection(&connection.tenant, &connection.id, now).await?;
        store.set_tenant_due(&connection.tenant, now).await
    }

    /// Jira refused `refused` as credentials: finds out whether they are really dead, and writes down what it found, so
    /// that nobody waits in vain.
    pub async fn confirm_refusal(&self, connection: &Connection, refused: &Secret) -> Result<()> {
        self.forget_service_tokens();
        let found = match self.fresh_credentials(connection).await {
            // Somebody put others in their place meanwhile.
            Ok(Credentials::Oauth(_)) => self.refresh(connection, Some(refused)).await.map(|_| ()),
            Ok(credentials) => self.try_credentials(connection, &credentials).await,
            Err(error) => Err(error),
        };
        match found {
            Err(error) if !error.retryable() && *error.kind() != Kind::NeedsReauth => Err(error),
            // What is lost is written down; what could not be found out is asked again when Jira refuses again.
            _ => Ok(()),
        }
    }

    async fn try_credentials(&self, connection: &Connection, credentials: &Credentials) -> Result<()> {
        let client = self.client(connection, credentials).await?;
        match client.myself().await {
            Err(error) if error.kind == crate::jira::error::Kind::Unauthorized => {
                let what = format!("Jira at {} no longer accepts the credentials", connection.site);
                let mend = "make new credentials and connect again";
                let problem = Problem::new(ProblemCode::CredentialsRefused, what, mend);
                self.doubt(connection, problem).await.map(|_| ())
            }
            _ => Ok(()),
        }
    }
}

/// Whether credentials are a grant whose access token must not be used any more.
fn is_too_old(credentials: &Credentials, now: Timestamp) -> bool {
    matches!(credentials, Credentials::Oauth(grant) if grant.expires_at <= after(now, TOO_OLD))
}

/// The problem of a connection without a secret.
pub(super) fn secret_is_gone(missing: &Error) -> Problem {
    Problem::new(ProblemCode::CredentialsRefused, missing.to_string(), "connect again")
}
