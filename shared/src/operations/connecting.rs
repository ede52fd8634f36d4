//! Connecting a Jira site: by token at once, by OAuth through the browser; verifying; ending.
//!
//! A token is verified before anything is stored. A connection is `pending` until its secret is stored: the record comes
//! first, so that no secret is ever without one, and the connection says last that it is active.

pub mod consent;
mod lacks;
mod organisation;
mod refusal;
mod verifying;
pub mod webhook;

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::Date;

use super::listening::Listening;
use super::session::JiraAccess;
use crate::audit::Who;
use crate::connection::{Connection, IncidentLimits, Method, Problem, Scope, State, UseCase};
use crate::ending::Entered as EnteredAt;
use crate::error::Kind;
use crate::ids::{CloudId, ConnectionId, TenantId};
use crate::jira::credentials::Credentials;
use crate::secret::Secret;
use crate::site::SiteDomain;
use crate::sqs::{ChecksRequest, Queue};
use crate::{Error, Result};
use verifying::Entered;
pub use verifying::Verified;

/// What a person enters to prove who the connection is.
#[derive(Clone, Debug)]
pub enum Proof {
    /// Nothing yet: Atlassian's consent page will be asked. Holds who asks for it, where that is known, for the audit log.
    Consent(Option<Who>),
    /// A service account's client credentials.
    ServiceAccount {
        /// The client id.
        client_id: String,
        /// The client secret.
        client_secret: Secret,
        /// The day on which the secret ends, if it does.
        ends_on: Option<Date>,
    },
    /// An API token, unscoped or scoped by `scoped`.
    Token {
        /// The account's e-mail address.
        email: Secret,
        /// The token.
        token: Secret,
        /// Whether the token has scopes.
        scoped: bool,
        /// The day on which the token ends, where that was entered.
        ends_on: Option<Date>,
    },
}

impl Proof {
    fn method(&self) -> Method {
        match self {
            Self::Consent(_) => Method::Oauth,
            Self::ServiceAccount { .. } => Method::ServiceAccount,
            Self::Token { scoped: false, .. } => Method::ApiToken,
            Self::Token { scoped: true, .. } => Method::ScopedApiToken,
        }
    }

    fn ends_on(&self) -> Option<Date> {
        match self {
            Self::Consent(_) => None,
            Self::ServiceAccount { ends_on, .. } | Self::Token { ends_on, .. } => *ends_on,
        }
    }

    /// The same, asked for by somebody whom we know.
    #[must_use]
    pub fn by(self, who: Who) -> Self {
        match self {
            Self::Consent(_) => Self::Consent(Some(who)),
            other => other,
        }
    }

    fn asked_by(&self) -> Option<Who> {
        match self {
            Self::Consent(who) => who.clone(),
            Self::ServiceAccount { .. } | Self::Token { .. } => None,
        }
    }

    fn credentials(&self) -> Option<Credentials> {
        match self.clone() {
            Self::Consent(_) => None,
            Self::ServiceAccount { client_id, client_secret, .. } => {
                Some(Credentials::ServiceAccount { client_id, client_secret, access: None })
            }
            Self::Token { email, token, scoped: false, .. } => Some(Credentials::ApiToken { email, token }),
            Self::Token { email, token, scoped: true, .. } => {
                Some(Credentials::ScopedApiToken { email, token })
            }
        }
    }
}

/// What a connection is for, and where.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The site's domain; may be left out where the cloud id names the site (scoped tokens).
    pub site: Option<SiteDomain>,
    /// The site's cloud id, where a person gave it.
    pub cloud_id: Option<CloudId>,
    /// The use cases.
    pub use_cases: BTreeSet<UseCase>,
    /// Where change tickets are.
    pub change_management: Scope,
    /// Where incidents are.
    pub incidents: Scope,
    /// How long incidents may stay open.
    pub incident_limits: IncidentLimits,
}

/// What became of a wish to connect.
#[derive(Debug)]
pub enum Begun {
    /// Verified: active, or degraded.
    Connected(Box<Connection>),
    /// A person must now open this address in the browser in which they want to approve.
    Consent(Box<Connection>, String),
}

/// Makes, verifies and ends connections.
#[derive(Clone)]
pub struct Connector {
    /// Opens sessions.
    pub jira: JiraAccess,
    /// Where evaluations are asked for.
    pub checks: Arc<dyn Queue<ChecksRequest>>,
    /// The address of our own HTTP API, without a slash at its end.
    pub public_url: String,
}

impl Connector {
    /// Begins a new connection with the given id.
    ///
    /// # Errors
    /// `Invalid` with every problem named when Jira does not accept the proof; then nothing is stored.
    pub async fn begin(
        &self,
        tenant: &TenantId,
        id: ConnectionId,
        wish: Wish,
        proof: Proof,
    ) -> Result<Begun, Failure> {
        let now = self.jira.core.clock.now();
        let site = self.site_of(&wish, &proof, tenant, &id).await?;
        let mut connection = Connection::begin(tenant.clone(), id, proof.method(), site, now);
        apply(&mut connection, wish);
        // Boxed, since it is a deep tree of futures.
        Box::pin(self.prove(connection, &proof, true)).await
    }

    /// Begins again with an existing connection: new credentials, perhaps by another method.
    pub async fn reconnect(&self, mut connection: Connection, proof: Proof) -> Result<Begun, Failure> {
        connection.method = proof.method();
        connection.problems.clear();
        Box::pin(self.prove(connection, &proof, false)).await
    }

    async fn prove(&self, connection: Connection, proof: &Proof, new: bool) -> Result<Begun, Failure> {
        match proof.credentials() {
            None => {
                self.jira.oauth_app(&connection.tenant).await?;
                if new {
                    self.jira.core.store.put_new_connection(&connection).await?;
                }
                let link = self.consent_link(&connection, proof.asked_by()).await?;
                Ok(Begun::Consent(Box::new(connection), link))
            }
            Some(credentials) => {
                let connection = Box::pin(self.adopt(connection, &credentials, proof.ends_on(), new)).await?;
                Ok(Begun::Connected(Box::new(connection)))
            }
        }
    }

    /// Verifies with the given credentials; if Jira accepts them, stores them and the connection, and asks for the first
    /// evaluation.
    async fn adopt(
        &self,
        mut connection: Connection,
        credentials: &Credentials,
        ends_on: Option<Date>,
        new: bool,
    ) -> Result<Connection, Failure> {
        // A connection may change its method and its account by connecting again; what is verified depends on the new ones.
        connection.method = credentials.method();
        connection.account = None;
        connection.scopes.clear();
        let verified = Box::pin(self.verify_with(&mut connection, credentials, Entered::Now)).await?;
        let now = self.jira.core.clock.now();
        let adopt = |stored: &mut Connection| {
            stored.method = credentials.method();
            stored.epoch += 1;
            stored.leaves_secrets = false;
            verified.apply(stored, now);
            stored.due_at = Some(now);
            let is_grant = stored.method == Method::Oauth;
            stored.entered = (!is_grant).then_some(EnteredAt { at: now, ends_on });
            stored.grant = super::ending::times(credentials);
            stored.endings_looked_at = None;
            if !is_grant {
                stored.webhook = None;
                stored.webhook_problem = None;
            }
        };
        let (tenant, id) = (connection.tenant.clone(), connection.id.clone());
        // Before the connection, so that none is ever without its turn of being compared.
        self.jira.core.store.put_comparison_if_new(&tenant, now).await?;
        if new {
            // The record before the secret: one that no record tells of would never be found and deleted.
            self.jira.core.store.put_new_connection(&connection).await?;
        } else if credentials.method() != Method::Oauth {
            // Only the old grant can delete what it registered.
            let before = self.require(&tenant, &id).await?;
            Box::pin(self.listening().end(&before)).await;
        }
        // Under the lease, so that nobody who refreshes an old grant saves it over the new one.
        let lease = self.jira.hold(&tenant, &id).await?;
        let stored = self.jira.store_credentials(&tenant, &id, credentials).await;
        let changed = match stored {
            Ok(()) => self.jira.change_connection(&tenant, &id, adopt).await,
            Err(error) => Err(error),
        };
        self.jira.give_back(&tenant, &id, &lease).await;
        let connection = changed?;
        self.ask_for_evaluation(&connection).await?;
        Ok(Box::pin(self.listening().keep(connection)).await)
    }

    fn listening(&self) -> Listening {
        Listening { jira: self.jira.clone(), public_url: self.public_url.clone() }
    }

    /// Brings a connection's webhook to what it should be, after what it is about may have changed: its own projects, or
    /// those that sync settings write to.
    pub async fn listen(&self, tenant: &TenantId, id: &ConnectionId) -> Result<()> {
        if let Some(connection) = self.jira.core.store.connection(tenant, id).await? {
            Box::pin(self.listening().keep(connection)).await;
        }
        Ok(())
    }

    async fn ask_for_evaluation(&self, connection: &Connection) -> Result<()> {
        // What is due later was evaluated already, and a message about it is dropped.
        Box::pin(self.jira.hasten(connection)).await?;
        let tenant = connection.tenant.clone();
        let requests = [
            ChecksRequest::Connection { tenant: tenant.clone(), connection: connection.id.clone() },
            ChecksRequest::Tenant { tenant },
        ];
        self.checks.send_all(&requests, None).await
    }

    /// Verifies an existing connection with its stored credentials and writes down what was found. Its state is kept
    /// where Jira could not be reached.
    pub async fn verify(&self, tenant: &TenantId, id: &ConnectionId) -> Result<Connection> {
        let connection = self.require(tenant, id).await?;
        if matches!(connection.state, State::Pending | State::Disconnected) {
            return Err(Error::conflict(format!("connection {id} is not connected; connect it first")));
        }
        Box::pin(self.verify_stored(connection)).await
    }

    /// Changes what a connection, as it was read when `wish` was made of it, is for, and verifies that it can be.
    ///
    /// # Errors
    /// A problem when Jira does not let it in or cannot be reached, `Conflict` when somebody connected again, disconnected
    /// or changed the connection since it was read: then nothing is changed.
    pub async fn change(&self, connection: Connection, wish: Wish) -> Result<Connection, Failure> {
        if !connection.state.usable() {
            let wished = |stored: &mut Connection| {
                apply(stored, wish.clone());
                stored.epoch += 1;
            };
            let changed = self.jira.change_if_still(&connection, wished).await?;
            self.ask_for_evaluation(&changed).await?;
            return Ok(changed);
        }
        let changed = Box::pin(self.verify_wish(connection, wish)).await?;
        self.ask_for_evaluation(&changed).await?;
        Ok(Box::pin(self.listening().keep(changed)).await)
    }

    /// Ends a connection and deletes its secret. What was read stays, as evidence.
    pub async fn disconnect(&self, tenant: &TenantId, id: &ConnectionId) -> Result<Connection> {
        let connection = self.require(tenant, id).await?;
        // While there still are credentials for it, and before the lease, which opening may need itself.
        Box::pin(self.listening().end(&connection)).await;
        // Under the lease, so that nobody who refreshes the grant brings its secret back.
        let lease = self.jira.hold(tenant, id).await?;
        let ended = self.end(tenant, id).await;
        self.jira.give_back(tenant, id, &lease).await;
        let ended = ended?;
        Box::pin(self.jira.hasten(&ended)).await?;
        self.checks.send(&ChecksRequest::Tenant { tenant: tenant.clone() }, None).await?;
        Ok(ended)
    }

    async fn end(&self, tenant: &TenantId, id: &ConnectionId) -> Result<Connection> {
        let ended = self.jira.change_connection(tenant, id, Connection::disconnect).await?;
        self.jira.delete_secrets(&ended).await
    }

    async fn require(&self, tenant: &TenantId, id: &ConnectionId) -> Result<Connection> {
        let found = self.jira.core.store.connection(tenant, id).await?;
        found.ok_or_else(|| {
            Error::not_found(format!("there is no connection {id}; `GET /v1/connections` lists them"))
        })
    }
}

fn apply(connection: &mut Connection, wish: Wish) {
    if wish.cloud_id.is_some() {
        connection.cloud_id = wish.cloud_id;
    }
    connection.use_cases = wish.use_cases;
    connection.change_management = wish.change_management;
    connection.incidents = wish.incidents;
    connection.incident_limits = wish.incident_limits;
}

/// Why connecting failed: problems that a person can mend, or an error.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Jira, or what was entered, does not allow it.
    #[error("{}", .0.what)]
    Problem(Box<Problem>),
    /// Something else failed.
    #[error(transparent)]
    Error(#[from] Error),
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

impl Failure {
    /// The failure as an error.
    pub fn into_error(self) -> Error {
        match self {
            Self::Problem(problem) => Error::new(
                Kind::Invalid { field: "connection".to_owned() },
                format!("{}; {}", problem.what, problem.mend),
            ),
            Self::Error(error) => error,
        }
    }
}
