//! Verifying a connection: credentials, site, scopes, administrator rights, permissions, projects, queries. Each thing
//! that is missing becomes a problem with a name and a way to mend it.

use jiff::Timestamp;

use super::refusal::{email_problem, explain_refusal, explain_refusal_at};
use super::{Connector, Failure, Proof, Wish, apply, lacks};
use crate::connection::{Account, Connection, Method, Problem, ProblemCode, Scope, State};
use crate::error::Kind as ErrorKind;
use crate::ids::{CloudId, ConnectionId, TenantId};
use crate::jira::error::Kind;
use crate::jira::{Client, Credentials, JiraError};
use crate::operations::session::secret_is_gone;
use crate::site::SiteDomain;
use crate::{Error, Result};

/// What Jira said of a connection that it lets in.
#[derive(Clone, Debug)]
pub struct Verified {
    /// Whom the connection acts as.
    account: Account,
    /// What use cases lack.
    problems: Vec<Problem>,
    cloud_id: Option<CloudId>,
    scopes: Vec<String>,
    change_management: Scope,
    incidents: Scope,
}

/// When the credentials that are verified were entered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Entered {
    /// Just now, by somebody who is told what is wrong with them.
    Now,
    /// Some time ago; they were found good then.
    Before,
}

impl Verified {
    /// Writes what was found into a connection.
    pub(super) fn apply(&self, connection: &mut Connection, now: Timestamp) {
        connection.cloud_id.clone_from(&self.cloud_id);
        connection.scopes.clone_from(&self.scopes);
        // With the keys, which follow their projects.
        connection.change_management.clone_from(&self.change_management);
        connection.incidents.clone_from(&self.incidents);
        connection.verified(self.account.clone(), self.problems.clone(), now);
    }
}

impl Connector {
    /// The site of a wish: as entered, or, for a scoped token with a cloud id, as the site itself says.
    pub(super) async fn site_of(
        &self,
        wish: &Wish,
        proof: &Proof,
        tenant: &TenantId,
        id: &ConnectionId,
    ) -> Result<SiteDomain, Failure> {
        if let Some(site) = &wish.site {
            return Ok(site.clone());
        }
        let (Some(cloud_id), Some(credentials), true) =
            (&wish.cloud_id, proof.credentials(), proof.method() != Method::ApiToken)
        else {
            return Err(Error::invalid(
                "site",
                "site is missing; enter the Jira domain, like `your-company.atlassian.net`",
            )
            .into());
        };
        // The domain is not known yet; the gateway needs only the cloud id, so any well-formed domain stands in.
        let stand_in = SiteDomain::parse("unknown.atlassian.net")?;
        let now = self.jira.core.clock.now();
        let mut connection = Connection::begin(tenant.clone(), id.clone(), proof.method(), stand_in, now);
        connection.cloud_id = Some(cloud_id.clone());
        let client = self.client(&connection, &credentials).await?;
        let place = format!("the site with the cloud id {cloud_id}");
        let site = client.site_domain().await;
        let site = site.map_err(|error| explain_refusal_at(proof.method(), &place, &error))?;
        site.ok_or_else(|| {
            Error::invalid("site", "the site does not tell its domain; enter the Jira domain, too").into()
        })
    }

    /// Verifies `connection` with `credentials`; fills in its cloud id, scopes and projects.
    pub(super) async fn verify_with(
        &self,
        connection: &mut Connection,
        credentials: &Credentials,
        entered: Entered,
    ) -> Result<Verified, Failure> {
        self.find_site(connection, credentials).await?;
        let client = self.client(connection, credentials).await?;
        let myself = match client.myself().await {
            Ok(myself) => myself,
            Err(error) => return Err(self.explain_login(connection, credentials, &error).await),
        };
        let mut problems = Vec::new();
        // The address of an account may change later, and its token works on.
        if entered == Entered::Now
            && let Some(problem) = email_problem(credentials, myself.email.as_deref())
        {
            return Err(problem.into());
        }
        if let Some(scopes) = self.jira.service_scopes(connection, credentials) {
            connection.scopes = scopes;
        }
        problems.extend(lacks::scopes(connection, &client).await?);
        problems.extend(lacks::permissions(connection, &client).await?);
        problems.extend(lacks::things(connection, &client).await?);
        self.book(connection, &client).await?;
        Ok(Verified {
            account: Account { id: myself.id, time_zone: myself.time_zone },
            problems,
            cloud_id: connection.cloud_id.clone(),
            scopes: connection.scopes.clone(),
            change_management: connection.change_management.clone(),
            incidents: connection.incidents.clone(),
        })
    }

    /// Verifies `connection` with the stored credentials, and writes down what was found, unless somebody connected
    /// again, disconnected or changed it meanwhile.
    ///
    /// | found | then |
    /// |---|---|
    /// | Jira lets it in | active, or degraded by what use cases lack |
    /// | the grant has ended, or the secret is gone | needs a person |
    /// | Jira refuses the credentials | degraded; when it did so some minutes ago as well: needs a person |
    /// | Jira cannot be reached | nothing; `Unavailable` |
    /// | anything else | degraded: it works no worse than before, and may pass |
    pub(super) async fn verify_stored(&self, connection: Connection) -> Result<Connection> {
        let now = self.jira.core.clock.now();
        let (tenant, id, epoch) = (&connection.tenant, &connection.id, connection.epoch);
        match self.verify_until_sure(&connection).await {
            Ok(verified) => {
                let write = |stored: &mut Connection| {
                    if stored.epoch == epoch && stored.state != State::Disconnected {
                        verified.apply(stored, now);
                    }
                };
                self.jira.change_connection(tenant, id, write).await
            }
            Err(Failure::Problem(problem)) => match problem.code {
                ProblemCode::Unreachable => {
                    Err(Error::unavailable(format!("{}; {}", problem.what, problem.mend)))
                }
                // Of a grant that Atlassian has just renewed, too, Jira's own refusal is one answer.
                ProblemCode::CredentialsRefused | ProblemCode::GrantEnded => {
                    self.jira.doubt(&connection, *problem).await
                }
                _ => self.jira.degrade(&connection, *problem).await,
            },
            // Found out while the grant was refreshed, and written down there; or the secret is gone.
            Err(Failure::Error(error)) if *error.kind() == ErrorKind::NeedsReauth => {
                self.jira.lost(&connection, secret_is_gone(&error)).await?;
                self.require(tenant, id).await
            }
            Err(Failure::Error(error)) => Err(error),
        }
    }

    /// Verifies `connection` as `wish` would have it, with the stored credentials, and writes both down.
    ///
    /// # Errors
    /// A problem when Jira does not let it in, and `Conflict` when somebody connected again, disconnected or changed it
    /// meanwhile: then nothing is changed.
    pub(super) async fn verify_wish(
        &self,
        connection: Connection,
        wish: Wish,
    ) -> Result<Connection, Failure> {
        let now = self.jira.core.clock.now();
        let mut wished = connection.clone();
        apply(&mut wished, wish.clone());
        let verified = self.verify_until_sure(&wished).await?;
        let write = |stored: &mut Connection| {
            apply(stored, wish.clone());
            stored.epoch += 1;
            verified.apply(stored, now);
        };
        Ok(self.jira.change_if_still(&connection, write).await?)
    }

    /// Verifies with the stored credentials as they are now. An access token that is refused before its time says
    /// nothing about the grant or the account behind it: it is replaced, and asked with once more.
    async fn verify_until_sure(&self, connection: &Connection) -> Result<Verified, Failure> {
        let stored = self.jira.fresh_credentials(connection).await?;
        let credentials = self.jira.current(connection, &stored).await?;
        let refused = match self.verify_with(&mut connection.clone(), &credentials, Entered::Before).await {
            Err(Failure::Problem(problem))
                if matches!(problem.code, ProblemCode::CredentialsRefused | ProblemCode::GrantEnded) =>
            {
                Failure::Problem(problem)
            }
            other => return other,
        };
        let again = match &credentials {
            Credentials::Oauth(_) => {
                self.jira.refresh(connection, Some(&credentials.authorization()?)).await?
            }
            Credentials::ServiceAccount { .. } => {
                self.jira.forget_service_tokens();
                credentials
            }
            Credentials::ApiToken { .. } | Credentials::ScopedApiToken { .. } => return Err(refused),
        };
        self.verify_with(&mut connection.clone(), &again, Entered::Before).await
    }

    async fn client(&self, connection: &Connection, credentials: &Credentials) -> Result<Client, Failure> {
        match self.jira.client(connection, credentials).await {
            Ok(client) => Ok(client),
            // Of a service account: a grant that ended has its own words already.
            Err(error) if *error.kind() == ErrorKind::NeedsReauth && connection.method == Method::ServiceAccount => Err(Problem::new(
                ProblemCode::CredentialsRefused,
                "Atlassian does not accept the client id and client secret",
                "copy both again from the service account's credential in Atlassian Administration; secrets are shown only once",
            )
            .into()),
            Err(error) => Err(error.into()),
        }
    }

    /// Finds the site's cloud id and the granted scopes, by the grant where there is one, else by the domain.
    async fn find_site(&self, connection: &mut Connection, credentials: &Credentials) -> Result<(), Failure> {
        if let Credentials::Oauth(grant) = credentials {
            let sites = self.jira.sign_in().accessible_resources(&grant.access_token).await;
            let sites = sites.map_err(|error| explain_refusal(connection, &error))?;
            // The one that was asked for, never silently another. Its cloud id survives a renaming.
            let known = sites.iter().find(|site| Some(&site.cloud_id) == connection.cloud_id.as_ref());
            let Some(site) = known.or_else(|| sites.iter().find(|site| site.is_at(&connection.site))) else {
                let names: Vec<&str> = sites.iter().map(|site| site.url.as_str()).collect();
                let covered = if names.is_empty() { "no site".to_owned() } else { names.join(", ") };
                return Err(Problem::new(
                    ProblemCode::SiteNotGranted,
                    format!("access was approved for {covered}, not for {}", connection.site),
                    format!("connect again and choose {} on Atlassian's page; your account must have access to it", connection.site),
                )
                .into());
            };
            // A cloud id that was verified before survives a renaming; one that was just entered must fit the domain.
            if connection.verified_at.is_none() && !site.is_at(&connection.site) {
                return Err(Problem::new(
                    ProblemCode::WrongDomain,
                    format!(
                        "the cloud id that was given is the one of {}, not of {}",
                        site.url, connection.site
                    ),
                    "correct the domain or the cloud id, or leave the cloud id out",
                )
                .into());
            }
            connection.cloud_id = Some(site.cloud_id.clone());
            connection.scopes.clone_from(&site.scopes);
            return Ok(());
        }
        let known = connection.cloud_id.clone();
        let found = self.jira.sign_in().tenant_info(&connection.site).await;
        match (found, known) {
            (Ok(found), Some(given)) if found != given => Err(Problem::new(
                ProblemCode::WrongDomain,
                format!("the cloud id that was given is not the one of {}", connection.site),
                "correct the domain or the cloud id, or leave the cloud id out",
            )
            .into()),
            (Ok(found), _) => {
                connection.cloud_id = Some(found);
                Ok(())
            }
            (Err(error), _) if error.kind == Kind::NotFound => Err(Problem::new(
                ProblemCode::WrongDomain,
                format!("there is no Jira site at {}", connection.site),
                "check the spelling of the domain; it is the first part of the address at which you open Jira",
            )
            .into()),
            (Err(error), _) => Err(explain_refusal(connection, &error)),
        }
    }

    /// Says why Jira does not let a connection in.
    async fn explain_login(
        &self,
        connection: &Connection,
        credentials: &Credentials,
        error: &JiraError,
    ) -> Failure {
        if !matches!(error.kind, Kind::Unauthorized | Kind::NotFound) {
            return explain_refusal(connection, error);
        }
        // A scoped token at the site, or an unscoped one at the gateway, looks like a wrong token: try the other door.
        let other = match credentials.clone() {
            Credentials::ApiToken { email, token } => Some((
                Method::ScopedApiToken,
                Credentials::ScopedApiToken { email, token },
                "scoped_api_token",
                "has scopes",
            )),
            Credentials::ScopedApiToken { email, token } => {
                Some((Method::ApiToken, Credentials::ApiToken { email, token }, "api_token", "has no scopes"))
            }
            Credentials::Oauth(_) | Credentials::ServiceAccount { .. } => None,
        };
        if let Some((method, credentials, name, kind)) = other {
            let twin = Connection { method, ..connection.clone() };
            if let Ok(client) = self.client(&twin, &credentials).await
                && client.myself().await.is_ok()
            {
                return Problem::new(
                    ProblemCode::WrongTokenKind,
                    format!("this API token {kind}, which is another way to connect"),
                    format!("connect with the method {name}"),
                )
                .into();
            }
        }
        explain_refusal(connection, error)
    }

    /// Counts what a client spent.
    async fn book(&self, connection: &Connection, client: &Client) -> Result<()> {
        let hour = crate::quota::hour_of(self.jira.core.clock.now());
        let points = client.meter().points;
        self.jira.core.store.add_points(&connection.tenant, &connection.id, hour, points).await
    }
}
