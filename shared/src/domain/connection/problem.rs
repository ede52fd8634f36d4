//! What is wrong with a connection, and how to mend it.

use serde::{Deserialize, Serialize};

use super::UseCase;

/// What is wrong with a connection, as a fixed word that programs can tell apart.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    /// No Jira site answers at the domain.
    WrongDomain,
    /// The grant does not cover the site that was asked for.
    SiteNotGranted,
    /// Jira refused the credentials: expired, revoked, mistyped, or another account's.
    CredentialsRefused,
    /// A scoped token was given as an unscoped one, or the other way round.
    WrongTokenKind,
    /// The e-mail address is not the one of the token's account.
    WrongEmail,
    /// A scope that a use case needs was not granted.
    ScopeMissing,
    /// A permission that a use case needs is missing.
    PermissionMissing,
    /// The account is no Jira administrator, which a use case needs.
    NotAdministrator,
    /// A project is not there or cannot be seen.
    ProjectNotFound,
    /// A query of the settings is not valid.
    QueryInvalid,
    /// The consent was refused or broken off.
    ConsentRefused,
    /// The refresh token no longer works.
    GrantEnded,
    /// Jira could not be reached or failed.
    Unreachable,
    /// The OAuth app's id or secret is missing or wrong.
    OauthApp,
    /// The organisation API key cannot manage the organisation that was entered.
    OrganisationNotFound,
    /// Jira took no webhook: changes are noticed by comparison only. Degrades nothing.
    WebhookMissing,
}

/// One thing that is wrong, and how to mend it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// The fixed word.
    pub code: ProblemCode,
    /// The use case that lacks something; none when the whole connection does.
    pub use_case: Option<UseCase>,
    /// What is wrong.
    pub what: String,
    /// How to mend it.
    pub mend: String,
}

impl Problem {
    /// A problem of the whole connection.
    pub fn new(code: ProblemCode, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { code, use_case: None, what: what.into(), mend: mend.into() }
    }

    /// The same problem, of one use case.
    #[must_use]
    pub fn of(mut self, use_case: UseCase) -> Self {
        self.use_case = Some(use_case);
        self
    }
}
