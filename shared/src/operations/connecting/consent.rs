//! Connecting through Atlassian's consent page, in one browser: start link → consent → callback.
//!
//! The start link's secret and the `state` each work once, for ten minutes, for one tenant; the `state` works only in the
//! browser that holds the cookie set at the start.

use jiff::Timestamp;

use super::{Connector, Failure};
use crate::audit::{Change, Outcome, Verdict, Who};
use crate::connection::{Connection, Problem, ProblemCode, State, use_case};
use crate::error::Kind;
use crate::ids::TenantId;
use crate::jira::credentials::{Credentials, Grant};
use crate::jira::oauth::TokenError;
use crate::oauth::{Attempt, StateText};
use crate::secret::Secret;
use crate::{Error, Result};

/// Where the browser goes, and the cookie that binds the attempt to it.
#[derive(Debug)]
pub struct Departure {
    /// Atlassian's consent page.
    pub location: String,
    /// The cookie's value.
    pub cookie: Secret,
    /// What the cookie's name ends in, so that two attempts in one browser do not take each other's.
    pub label: String,
}

impl Connector {
    /// A link that begins consent for `connection`: valid once, for ten minutes.
    pub(super) async fn consent_link(&self, connection: &Connection, by: Option<Who>) -> Result<String> {
        let core = &self.jira.core;
        let (attempt, text) = Attempt::begin(core.random.as_ref(), connection, by, core.clock.now())?;
        core.store.put_attempt(&attempt).await?;
        Ok(format!("{}/oauth/start?link={}", self.public_url, text.expose()))
    }

    /// The browser has come with a start link: binds the attempt to it.
    pub async fn depart(&self, link: &str) -> Result<Departure> {
        let core = &self.jira.core;
        let attempt = self.take(link).await?;
        if attempt.browser.is_some() {
            // A `state`, not a start link: whoever saw it in an address must not bind it to another browser.
            return Err(Error::invalid(
                "link",
                "this is no link that starts connecting; start connecting again",
            ));
        }
        let connection = self.require(&attempt.tenant, &attempt.connection).await?;
        attempt.is_about(&connection)?;
        let app = self.jira.oauth_app(&attempt.tenant).await?;
        if core.clock.now() >= attempt.expires_at {
            return Err(Error::invalid("link", "this link is older than 10 minutes; start connecting again"));
        }
        let (bound, state, cookie) = attempt.bind(core.random.as_ref())?;
        core.store.put_attempt(&bound).await?;
        let scopes = use_case::scopes(&connection.use_cases);
        let location = self.jira.sign_in().authorize_url(&app, &scopes, &self.callback_url(), &state);
        let label = StateText::parse(state.expose())?.label().to_owned();
        Ok(Departure { location, cookie, label })
    }

    /// The browser has come back from Atlassian, which approved with `code` or refused with `error`. What becomes of it is in the
    /// audit log, under whoever asked for the link.
    pub async fn arrive(
        &self,
        state: &str,
        cookie: Option<&str>,
        code: Result<&Secret, &str>,
    ) -> Result<Connection, Failure> {
        let attempt = self.take(state).await?;
        let foundation = &self.jira.core;
        attempt.may_complete(cookie, foundation.clock.now())?;
        let who = attempt.by.clone().unwrap_or_else(Who::unknown);
        let change = Change::new(who, "GET /oauth/callback").with("connection", attempt.connection.as_str());
        let entry = foundation.change_begins(&attempt.tenant, change).await?;
        let arrived = self.complete_and_note(&attempt, code).await;
        foundation.change_ended(&entry, outcome(arrived.as_ref(), foundation.clock.now())).await;
        arrived
    }

    async fn complete_and_note(
        &self,
        attempt: &Attempt,
        code: Result<&Secret, &str>,
    ) -> Result<Connection, Failure> {
        let arrived = self.complete(attempt, code).await;
        if let Err(Failure::Problem(problem)) = &arrived {
            self.note(attempt, problem).await?;
        }
        arrived
    }

    async fn complete(&self, attempt: &Attempt, code: Result<&Secret, &str>) -> Result<Connection, Failure> {
        let connection = self.require(&attempt.tenant, &attempt.connection).await?;
        attempt.is_about(&connection)?;
        let Ok(code) = code else {
            let what = "access was not approved on Atlassian's page";
            return Err(Problem::new(
                ProblemCode::ConsentRefused,
                what,
                "start connecting again and approve",
            )
            .into());
        };
        let grant = self.exchange(&attempt.tenant, code).await?;
        Box::pin(self.adopt(connection, &Credentials::Oauth(grant), None, false)).await
    }

    /// Writes down why a connection is still pending, for whoever looks at it and not at the browser.
    async fn note(&self, attempt: &Attempt, problem: &Problem) -> Result<()> {
        let note = |connection: &mut Connection| {
            if connection.state == State::Pending {
                connection.problems = vec![problem.clone()];
            }
        };
        self.jira.change_connection(&attempt.tenant, &attempt.connection, note).await.map(|_| ())
    }

    async fn exchange(&self, tenant: &TenantId, code: &Secret) -> Result<Grant, Failure> {
        let app = self.jira.oauth_app(tenant).await?;
        let answer = self.jira.sign_in().exchange_code(&app, code, &self.callback_url()).await;
        answer.map_err(|error| match error {
            TokenError::InDoubt | TokenError::Unavailable { .. } => Error::from(error).into(),
            TokenError::GrantEnded | TokenError::ClientRefused | TokenError::Refused { .. } => Problem::new(
                ProblemCode::OauthApp,
                "Atlassian did not accept the OAuth app's id and secret together with this code",
                format!(
                    "check client id and secret with `PUT /v1/oauth-app`, that the app's callback URL is {}, and that it may use offline_access; then connect again",
                    self.callback_url()
                ),
            )
            .into(),
        })
    }

    async fn take(&self, text: &str) -> Result<Attempt> {
        let state = StateText::parse(text)?;
        let taken = self.jira.core.store.take_attempt(&state.tenant, &state.digest).await?;
        taken.ok_or_else(|| {
            Error::invalid(
                "state",
                "this sign-in link was used before or is older than 10 minutes; start connecting again",
            )
        })
    }

    /// Where Atlassian sends the browser back to. Must be entered in the OAuth app's settings.
    pub fn callback_url(&self) -> String {
        format!("{}/oauth/callback", self.public_url)
    }
}

/// What became of connecting, for the audit log.
fn outcome(arrived: Result<&Connection, &Failure>, now: Timestamp) -> Outcome {
    match arrived {
        Ok(_) => Outcome::new(now, Verdict::Done),
        Err(Failure::Problem(_)) => {
            Outcome::new(now, Verdict::Refused).because(Some("The connection could not be made"))
        }
        Err(Failure::Error(error)) if error.retryable() && *error.kind() != Kind::Conflict => {
            Outcome::new(now, Verdict::Failed)
        }
        Err(Failure::Error(_)) => Outcome::new(now, Verdict::Refused),
    }
}
