//! A session with Jira for one connection: the credentials are read, refreshed if they must be, and put into a client.
//!
//! A rotating refresh token dies if two refreshes race or if its successor is lost. So: one refresh at a time for each
//! grant, under a lease in the connection's record; the secret is read again under the lease; whoever does not get the
//! lease waits and reads again. A crash between Atlassian's answer and our save leaves the old token in the secret, and
//! Atlassian takes that one for ten minutes more: the next refresh repairs it.
//!
//! Source: jira-facts 1.4.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;

use super::Core;
use crate::clock::after;
use crate::connection::{Connection, Problem, ProblemCode, State};
use crate::error::Kind;
use crate::ids::{ConnectionId, TenantId};
use crate::jira::credentials::{Access, Credentials, Grant, OauthApp};
use crate::jira::oauth::{SignIn, TokenError};
use crate::jira::{Addresses, Client, Facts, Sender, Sleeper};
use crate::secret::Secret;
use crate::secrets::{self, SecretStore};
use crate::{Error, Result};

/// How long before its end an access token is no longer used, in seconds: longer than any function runs.
const TOO_OLD: i64 = 330;

/// How long one refresh may take, in seconds: longer than the call's time-out, twice.
const REFRESH_LEASE: i64 = 45;

/// How often, and after how long each time, the loser of the lease reads the secret again: in all, longer than the lease.
const REREADS: u32 = 100;
const REREAD_AFTER: Duration = Duration::from_millis(500);

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
    /// Access tokens of service accounts, which are never stored: each process asks for its own.
    pub service_tokens: Arc<Mutex<HashMap<ConnectionId, Access>>>,
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
        let credentials = self.credentials(connection).await?;
        self.client(connection, &credentials).await
    }

    /// A client with the given credentials, whatever the connection's state: for verifying. A stored grant that is too
    /// old is refreshed first.
    pub async fn client(&self, connection: &Connection, credentials: &Credentials) -> Result<Client> {
        let now = self.core.clock.now();
        let authorization = match credentials {
            Credentials::Oauth(grant) if grant.expires_at <= after(now, TOO_OLD) => {
                self.refresh(connection, false).await?.authorization()?
            }
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
        Ok(Client::new(sender, self.addresses.clone(), facts, authorization, clock, random, sleeper))
    }

    /// The credentials as they can be used now: a grant that is too old is refreshed first.
    pub async fn current(&self, connection: &Connection, credentials: &Credentials) -> Result<Credentials> {
        match credentials {
            Credentials::Oauth(grant) if grant.expires_at <= after(self.core.clock.now(), TOO_OLD) => {
                self.refresh(connection, false).await
            }
            other => Ok(other.clone()),
        }
    }

    /// Atlassian's sign-in.
    pub fn sign_in(&self) -> SignIn {
        SignIn::new(Arc::clone(&self.sender), self.addresses.clone(), Arc::clone(&self.core.clock))
    }

    /// The stored credentials; they may be some minutes old.
    pub async fn credentials(&self, connection: &Connection) -> Result<Credentials> {
        let name = secrets::connection_name(&connection.tenant, &connection.id);
        read(connection, self.secrets.get(&name).await?.as_ref())
    }

    async fn fresh_credentials(&self, connection: &Connection) -> Result<Credentials> {
        let name = secrets::connection_name(&connection.tenant, &connection.id);
        read(connection, self.secrets.get_fresh(&name).await?.as_ref())
    }

    /// Stores credentials.
    pub async fn store_credentials(
        &self,
        tenant: &TenantId,
        id: &ConnectionId,
        credentials: &Credentials,
    ) -> Result<()> {
        let text = serde_json::to_string(credentials)
            .map_err(|cause| Error::internal("could not write credentials as JSON").because(cause))?;
        self.secrets.put(&secrets::connection_name(tenant, id), &Secret::new(text)).await
    }

    /// The organisation's own OAuth app.
    ///
    /// # Errors
    /// `Conflict` when none is set up.
    pub async fn oauth_app(&self, tenant: &TenantId) -> Result<OauthApp> {
        self.find_oauth_app(tenant).await?.ok_or_else(|| {
            Error::conflict(
                "no OAuth app is set up; `PUT /v1/oauth-app` with its client id and client secret first",
            )
        })
    }

    /// The organisation's own OAuth app, if one is set up.
    pub async fn find_oauth_app(&self, tenant: &TenantId) -> Result<Option<OauthApp>> {
        let secret = self.secrets.get_fresh(&secrets::oauth_app_name(tenant)).await?;
        let app = secret.map(|secret| serde_json::from_str(secret.expose())).transpose();
        // The cause would quote the secret.
        app.map_err(|_| {
            Error::internal("the secret of the OAuth app is not as Assay writes it; set the app up again")
        })
    }

    /// Sets up the OAuth app, or replaces it.
    pub async fn store_oauth_app(&self, tenant: &TenantId, app: &OauthApp) -> Result<()> {
        let text = serde_json::to_string(app)
            .map_err(|cause| Error::internal("could not write the OAuth app as JSON").because(cause))?;
        self.secrets.put(&secrets::oauth_app_name(tenant), &Secret::new(text)).await
    }

    async fn service_access(
        &self,
        connection: &Connection,
        client_id: &str,
        client_secret: &Secret,
    ) -> Result<Access> {
        let now = self.core.clock.now();
        if let Some(access) = self.known_service_access(&connection.id, now) {
            return Ok(access);
        }
        let access = self.sign_in().client_credentials(client_id, client_secret).await?;
        if let Ok(mut known) = self.service_tokens.lock() {
            known.insert(connection.id.clone(), access.clone());
        }
        Ok(access)
    }

    fn known_service_access(&self, id: &ConnectionId, now: Timestamp) -> Option<Access> {
        let known = self.service_tokens.lock().ok()?;
        known.get(id).filter(|access| access.expires_at > after(now, TOO_OLD)).cloned()
    }

    /// Forgets a service account's access token, after Jira refused it or its credentials were replaced.
    pub fn forget_service_token(&self, id: &ConnectionId) {
        if let Ok(mut known) = self.service_tokens.lock() {
            known.remove(id);
        }
    }

    /// Refreshes a 3LO grant, or waits for whoever is doing so. `refused` says that Jira refused the present access
    /// token although its time is not over, so that it must be replaced all the same.
    pub async fn refresh(&self, connection: &Connection, refused: bool) -> Result<Credentials> {
        let owner = crate::random::text(self.core.random.as_ref(), 10)?;
        let refused = match self.credentials(connection).await? {
            Credentials::Oauth(grant) if refused => Some(grant.access_token),
            _ => None,
        };
        let (tenant, id) = (&connection.tenant, &connection.id);
        for _ in 0..REREADS {
            let now = self.core.clock.now();
            let until = after(now, REFRESH_LEASE);
            if self.core.store.take_refresh_lease(tenant, id, &owner, until, now).await? {
                let result = self.refresh_under_lease(connection, refused.as_ref()).await;
                self.core.store.release_refresh_lease(tenant, id, &owner).await?;
                return result;
            }
            self.sleeper.sleep(REREAD_AFTER).await;
            if let Some(fresh) = self.already_refreshed(connection, refused.as_ref()).await? {
                return Ok(fresh);
            }
        }
        Err(Error::unavailable(format!("another refresh of connection {id} did not end; try again")))
    }

    async fn already_refreshed(
        &self,
        connection: &Connection,
        refused: Option<&Secret>,
    ) -> Result<Option<Credentials>> {
        let now = self.core.clock.now();
        match self.fresh_credentials(connection).await? {
            Credentials::Oauth(grant)
                if grant.expires_at > after(now, TOO_OLD) && refused != Some(&grant.access_token) =>
            {
                Ok(Some(Credentials::Oauth(grant)))
            }
            Credentials::Oauth(_) => Ok(None),
            // Somebody connected again by another method meanwhile.
            other => Ok(Some(other)),
        }
    }

    async fn refresh_under_lease(
        &self,
        connection: &Connection,
        refused: Option<&Secret>,
    ) -> Result<Credentials> {
        if let Some(fresh) = self.already_refreshed(connection, refused).await? {
            return Ok(fresh);
        }
        let Credentials::Oauth(grant) = self.fresh_credentials(connection).await? else {
            return Err(Error::internal(format!("connection {} has no grant to refresh", connection.id)));
        };
        match self.exchange(&connection.tenant, &grant).await? {
            Ok(next) => {
                let renewed = Credentials::Oauth(next);
                self.store_credentials(&connection.tenant, &connection.id, &renewed).await?;
                Ok(renewed)
            }
            Err(
                error @ (TokenError::GrantEnded | TokenError::ClientRefused | TokenError::Refused { .. }),
            ) => Err(self.lost(&connection.tenant, &connection.id, problem_of(&error)).await?),
            Err(error @ (TokenError::InDoubt | TokenError::Unavailable { .. })) => Err(error.into()),
        }
    }

    async fn exchange(&self, tenant: &TenantId, grant: &Grant) -> Result<Result<Grant, TokenError>> {
        let app = self.oauth_app(tenant).await?;
        let sign_in = self.sign_in();
        match sign_in.refresh(&app, grant).await {
            // The answer was lost: within the leeway the old token is taken once more.
            Err(TokenError::InDoubt) => Ok(sign_in.refresh(&app, grant).await),
            answer => Ok(answer),
        }
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
            change(&mut connection);
            connection.updated_at = self.core.clock.now();
            match self.core.store.save_connection(&mut connection).await {
                Ok(()) => return Ok(connection),
                Err(error) if *error.kind() == Kind::Conflict => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::conflict(format!("connection {id} is written by too many at once; try again")))
    }

    /// Marks a connection as needing a person, and gives the error that says so.
    pub async fn lost(&self, tenant: &TenantId, id: &ConnectionId, problem: Problem) -> Result<Error> {
        let error =
            Error::new(Kind::NeedsReauth, format!("connection {id}: {}; {}", problem.what, problem.mend));
        let changed = self.change_connection(tenant, id, |connection| {
            if !matches!(connection.state, State::Disconnected | State::NeedsReauth) {
                connection.lost(problem.clone());
            }
        });
        match changed.await {
            Ok(_) => {
                tracing::warn!(%tenant, connection = %id, code = ?problem.code, "connection needs to be connected again");
            }
            Err(missing) if *missing.kind() == Kind::NotFound => {}
            Err(other) => return Err(other),
        }
        Ok(error)
    }
}

fn problem_of(error: &TokenError) -> Problem {
    match error {
        TokenError::GrantEnded => Problem::new(
            ProblemCode::GrantEnded,
            "Atlassian no longer accepts the grant: it was revoked, unused for 90 days, or is a year old",
            "connect the site again and approve access",
        ),
        other => other.problem(),
    }
}

fn read(connection: &Connection, secret: Option<&Secret>) -> Result<Credentials> {
    let secret = secret.ok_or_else(|| {
        let message =
            format!("connection {} has no credentials in Secrets Manager; connect it again", connection.id);
        Error::new(Kind::NeedsReauth, message)
    })?;
    // The cause would quote the secret.
    serde_json::from_str(secret.expose()).map_err(|_| {
        Error::internal(format!(
            "the credentials of connection {} are not as Assay writes them; connect it again",
            connection.id
        ))
    })
}
