//! What a refusal means to whoever connects: a problem with a name, and a way to mend it.

use super::Failure;
use crate::connection::{Connection, Method, Problem, ProblemCode};
use crate::jira::error::Kind;
use crate::jira::{Credentials, JiraError};

/// What an error means to whoever connects the site of `connection`.
pub(super) fn explain_refusal(connection: &Connection, error: &JiraError) -> Failure {
    explain_refusal_at(connection.method, connection.site.as_str(), error)
}

/// What an error means to whoever connects `place`, a site's domain or another name of it.
pub(super) fn explain_refusal_at(method: Method, place: &str, error: &JiraError) -> Failure {
    match &error.kind {
        Kind::Unauthorized => credentials_refused(method, place).into(),
        Kind::ScopeMissing => {
            let scope =
                if error.call.path == "/rest/api/3/myself" { "read:jira-user" } else { "read:jira-work" };
            Problem::new(
                ProblemCode::ScopeMissing,
                format!("the credentials lack the scope {scope}"),
                "make new credentials with the scopes that `GET /v1/use-cases` lists, and connect with them",
            )
            .into()
        }
        Kind::Forbidden => Problem::new(
            ProblemCode::PermissionMissing,
            format!("the account may not use Jira at {place}"),
            "give the account access to Jira in Atlassian Administration",
        )
        .into(),
        Kind::NotFound | Kind::Redirected { .. } => Problem::new(
            ProblemCode::WrongDomain,
            format!("Jira does not answer at {place}"),
            "check the domain and the cloud id, and that the site has Jira and was not renamed",
        )
        .into(),
        Kind::Refused { .. }
        | Kind::Limited { .. }
        | Kind::Unavailable { .. }
        | Kind::NotSent
        | Kind::InDoubt
        | Kind::Malformed { .. }
        | Kind::TooLarge => {
            Problem::new(ProblemCode::Unreachable, error.to_string(), "try again in a few minutes").into()
        }
    }
}

fn credentials_refused(method: Method, place: &str) -> Problem {
    match method {
        Method::ApiToken | Method::ScopedApiToken => Problem::new(
            ProblemCode::CredentialsRefused,
            format!("Jira at {place} does not accept the e-mail address and token"),
            "check that the token belongs to this e-mail address and has not expired or been revoked; else make a new one",
        ),
        Method::ServiceAccount => Problem::new(
            ProblemCode::CredentialsRefused,
            format!("Jira at {place} does not accept the service account"),
            "check that the service account is active and has access to Jira on this site",
        ),
        Method::Oauth => Problem::new(
            ProblemCode::GrantEnded,
            format!("Jira at {place} no longer accepts the grant"),
            "connect the site again and approve access",
        ),
    }
}

/// Jira tells the account's e-mail address to itself; another one than entered means another account's token.
pub(super) fn email_problem(credentials: &Credentials, told: Option<&str>) -> Option<Problem> {
    let (Credentials::ApiToken { email, .. } | Credentials::ScopedApiToken { email, .. }) = credentials
    else {
        return None;
    };
    let told = told.filter(|told| !told.is_empty())?;
    (!told.eq_ignore_ascii_case(email.expose())).then(|| {
        Problem::new(
            ProblemCode::WrongEmail,
            "the API token belongs to another e-mail address than the one entered",
            "enter the e-mail address of the account that made the token",
        )
    })
}
