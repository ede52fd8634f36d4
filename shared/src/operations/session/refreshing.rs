//! Refreshing a rotating grant: one at a time, under a lease in the connection's record.
//!
//! Whoever puts a secret in the place of another holds the lease, so that no successor of an old grant is ever saved over
//! a new one, and no secret comes back after disconnecting.

use std::time::Duration;

use super::{JiraAccess, is_too_old};
use crate::clock::after;
use crate::connection::{Connection, Problem, ProblemCode};
use crate::error::Kind;
use crate::ids::{ConnectionId, TenantId};
use crate::jira::credentials::{Credentials, Grant, OauthApp};
use crate::jira::oauth::TokenError;
use crate::secret::Secret;
use crate::{Error, Result};

/// How long one holder may take, in seconds: two exchanges with their time-outs, and reading and saving secrets.
const REFRESH_LEASE: i64 = 90;

/// When a connection is opened again after an exchange, in seconds: within Atlassian's ten minutes of leeway twice, and
/// after the lease of a holder who died.
const REPEATED_AFTER: i64 = 240;

/// How much time must be left for whoever waits for the lease, in seconds: for an exchange, and to answer.
const LEAST_TIME_LEFT: i64 = 6;

/// How often, and after how long each time, the loser of the lease reads the secret again: in all, longer than the lease.
const REREADS: u32 = 200;
const REREAD_AFTER: Duration = Duration::from_millis(500);

impl JiraAccess {
    /// Refreshes a 3LO grant, or waits for whoever is doing so. `refused` is an authorization that Jira refused although
    /// its time is not over: if the stored access token is still that one, it is replaced all the same.
    pub async fn refresh(&self, connection: &Connection, refused: Option<&Secret>) -> Result<Credentials> {
        let owner = self.lease_owner()?;
        let (tenant, id) = (&connection.tenant, &connection.id);
        for _ in 0..REREADS {
            if self.take_lease(tenant, id, &owner).await? {
                let result = self.refresh_under_lease(connection, refused).await;
                self.give_back(tenant, id, &owner).await;
                return result;
            }
            if !self.may_wait() {
                break;
            }
            self.sleeper.sleep(REREAD_AFTER).await;
            if let Some(fresh) = self.already_refreshed(connection, refused).await? {
                return Ok(fresh);
            }
        }
        Err(Error::unavailable(format!("another refresh of connection {id} did not end; try again")))
    }

    /// Takes the lease of a connection's secret, waiting for whoever has it. Give it back with `give_back`.
    pub(in crate::operations) async fn hold(&self, tenant: &TenantId, id: &ConnectionId) -> Result<String> {
        let owner = self.lease_owner()?;
        for _ in 0..REREADS {
            if self.take_lease(tenant, id, &owner).await? {
                return Ok(owner);
            }
            if !self.may_wait() {
                break;
            }
            self.sleeper.sleep(REREAD_AFTER).await;
        }
        Err(Error::unavailable(format!("the credentials of connection {id} are being refreshed; try again")))
    }

    /// Gives a lease back. What was done under it is done: if giving back fails, the lease ends by itself.
    pub(in crate::operations) async fn give_back(&self, tenant: &TenantId, id: &ConnectionId, owner: &str) {
        if let Err(error) = self.core.store.release_refresh_lease(tenant, id, owner).await {
            tracing::warn!(%tenant, connection = %id, error = error.chain(), "could not give the lease back");
        }
    }

    /// Whether the invocation has the time to wait for a lease, and then to do something with it.
    fn may_wait(&self) -> bool {
        self.deadline.leaves(LEAST_TIME_LEFT, self.core.clock.now())
    }

    fn lease_owner(&self) -> Result<String> {
        crate::random::text(self.core.random.as_ref(), 10)
    }

    async fn take_lease(&self, tenant: &TenantId, id: &ConnectionId, owner: &str) -> Result<bool> {
        let now = self.core.clock.now();
        self.core.store.take_refresh_lease(tenant, id, owner, after(now, REFRESH_LEASE), now).await
    }

    async fn already_refreshed(
        &self,
        connection: &Connection,
        refused: Option<&Secret>,
    ) -> Result<Option<Credentials>> {
        let now = self.core.clock.now();
        let stored = self.fresh_credentials(connection).await?;
        // What is no grant was put there by somebody who connected again by another method.
        let is_old = is_too_old(&stored, now);
        let is_refused = refused.is_some() && refused == stored.authorization().ok().as_ref();
        Ok((!is_old && !is_refused).then_some(stored))
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
        // Whoever had the lease before may have found out that the grant has ended, which is final.
        let stored = self.core.store.connection(&connection.tenant, &connection.id).await?;
        if connection.state.usable() && stored.is_none_or(|stored| !stored.state.usable()) {
            let message =
                format!("connection {} was lost or ended meanwhile; connect it again", connection.id);
            return Err(Error::new(Kind::NeedsReauth, message));
        }
        let app = self.oauth_app(&connection.tenant).await?;
        if let Some(problem) = problem_of_another_app(&grant, &app) {
            let error = Error::unavailable(format!("connection {}: {}", connection.id, problem.what));
            self.degrade(connection, problem).await?;
            return Err(error);
        }
        self.repeat_in_time(connection).await?;
        match self.exchange(&app, &grant).await {
            Ok(next) => {
                let renewed = Credentials::Oauth(next);
                self.store_credentials(&connection.tenant, &connection.id, &renewed).await?;
                Ok(renewed)
            }
            Err(TokenError::GrantEnded) => Err(self.lost(connection, grant_ended()).await?),
            // The app's own id or secret was entered wrong: the grant lives, and works again once that is mended.
            Err(error @ (TokenError::ClientRefused | TokenError::Refused { .. })) => {
                self.degrade(connection, error.problem()).await?;
                Err(Error::unavailable(format!("connection {}: {error}", connection.id)))
            }
            Err(error @ (TokenError::InDoubt | TokenError::Unavailable { .. })) => Err(error.into()),
        }
    }

    /// Makes sure, before the exchange, that the connection is opened again while Atlassian still takes the old token,
    /// whatever becomes of the answer, of the save or of this function: by the tick, since only that always comes. An
    /// evaluation that ends sets the time anew.
    async fn repeat_in_time(&self, connection: &Connection) -> Result<()> {
        let by = after(self.core.clock.now(), REPEATED_AFTER);
        self.core.store.hasten_connection(&connection.tenant, &connection.id, by).await
    }

    async fn exchange(&self, app: &OauthApp, grant: &Grant) -> Result<Grant, TokenError> {
        let sign_in = self.sign_in();
        match sign_in.refresh(app, grant).await {
            // The answer was lost: within the leeway the old token is taken once more.
            Err(TokenError::InDoubt) => sign_in.refresh(app, grant).await,
            answer => answer,
        }
    }
}

/// A grant belongs to the app that it was given to: shown by another one it would be refused as if it had ended.
fn problem_of_another_app(grant: &Grant, app: &OauthApp) -> Option<Problem> {
    let given_to = grant.client_id.as_deref().filter(|given_to| *given_to != app.client_id)?;
    Some(Problem::new(
        ProblemCode::OauthApp,
        "access was approved for another OAuth app than the one that is set up",
        format!("set up the app with the client id {given_to} again, or connect again with the new one"),
    ))
}

fn grant_ended() -> Problem {
    Problem::new(
        ProblemCode::GrantEnded,
        "Atlassian no longer accepts the grant: it was revoked, unused for 90 days, or is a year old",
        "connect the site again and approve access",
    )
}
