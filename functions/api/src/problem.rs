//! Errors as `application/problem+json` (RFC 9457): what was tried, with what, what to do now.

use assay::connection::{Problem as ConnectionProblem, ProblemCode};
use assay::error::Kind;
use assay::operations::connecting::Failure;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

/// An error as the caller sees it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// A fixed word for programs, as `urn:assay:problem:<word>`.
    #[serde(rename = "type", serialize_with = "as_urn")]
    #[schema(value_type = String)]
    pub kind: &'static str,
    /// What happened, in a few words.
    #[schema(value_type = String)]
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What was tried, with what, and what to do now.
    pub detail: String,
    /// The part of the input that is to blame, as a JSON path, a query parameter or a header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Of a connection: what is wrong, as a fixed word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<ProblemCode>,
    /// Of a connection: how to mend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
    /// Seconds to wait before trying again.
    #[serde(skip)]
    pub retry_after: Option<u32>,
}

/// A problem's title, beside the answer that tells of it.
#[derive(Clone, Copy, Debug)]
pub struct Title(pub &'static str);

fn as_urn<S: serde::Serializer>(word: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("urn:assay:problem:{word}"))
}

impl Problem {
    fn new(status: StatusCode, kind: &'static str, title: &'static str, detail: String) -> Self {
        Self {
            kind,
            title,
            status: status.as_u16(),
            detail,
            field: None,
            code: None,
            mend: None,
            retry_after: None,
        }
    }

    /// The input's part `field` breaks a rule.
    pub fn invalid(field: impl Into<String>, detail: impl Into<String>) -> Self {
        assay::Error::invalid(field, detail).into()
    }

    /// The body is not of the kind that is read.
    pub fn unsupported_media_type() -> Self {
        let detail = "the body must be JSON, with the header `Content-Type: application/json`".to_owned();
        let title = "Unsupported media type";
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        Self {
            field: Some("Content-Type".to_owned()),
            ..Self::new(status, "unsupported-media-type", title, detail)
        }
    }

    /// The body is not a list that is read.
    pub fn not_csv() -> Self {
        let detail = "the body must be CSV in UTF-8, with the header `Content-Type: text/csv`".to_owned();
        Self { detail, ..Self::unsupported_media_type() }
    }

    /// The body is no SARIF document.
    pub fn not_sarif() -> Self {
        let detail =
            "the body must be SARIF, with the header `Content-Type: application/sarif+json`".to_owned();
        Self { detail, ..Self::unsupported_media_type() }
    }

    /// The body is packed in a way that is not read.
    pub fn unknown_encoding() -> Self {
        let detail = "the body must be as it is, or packed with gzip and the header `Content-Encoding: gzip`"
            .to_owned();
        Self { detail, field: Some("Content-Encoding".to_owned()), ..Self::unsupported_media_type() }
    }

    /// What was asked for may not be done by this caller.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        assay::Error::new(Kind::Forbidden, detail).into()
    }
}

impl From<assay::Error> for Problem {
    fn from(error: assay::Error) -> Self {
        let detail = error.to_string();
        match error.kind().clone() {
            Kind::Invalid { field } => Self {
                field: Some(field),
                ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "Invalid input", detail)
            },
            Kind::NotFound => Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", detail),
            Kind::Conflict => Self::new(StatusCode::CONFLICT, "conflict", "Conflict", detail),
            Kind::Overtaken { field } => Self {
                field: Some(field),
                ..Self::new(StatusCode::CONFLICT, "overtaken", "Changed meanwhile", detail)
            },
            Kind::Unauthenticated => {
                Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", "Not signed in", detail)
            }
            Kind::Forbidden => Self::new(StatusCode::FORBIDDEN, "forbidden", "Not allowed", detail),
            Kind::TooLarge => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Too large", detail),
            Kind::Limited { retry_after } => Self {
                retry_after: Some(retry_after),
                ..Self::new(StatusCode::TOO_MANY_REQUESTS, "limited", "Too many requests", detail)
            },
            Kind::NeedsReauth => Self::new(
                StatusCode::CONFLICT,
                "needs-reauth",
                "The connection must be connected again",
                detail,
            ),
            Kind::Unavailable => {
                tracing::warn!(error = error.chain(), "request could not be done now");
                Self {
                    retry_after: Some(5),
                    ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Not available now", detail)
                }
            }
            Kind::Internal => {
                // The cause is for the log alone.
                tracing::error!(error = error.chain(), "request failed");
                let detail = "something failed on our side and was logged; try again, and tell whoever runs Assay if it goes on".to_owned();
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error", detail)
            }
        }
    }
}

impl From<ConnectionProblem> for Problem {
    fn from(problem: ConnectionProblem) -> Self {
        let detail = format!("{}; {}", problem.what, problem.mend);
        let title = "The connection could not be made";
        let base = if problem.code == ProblemCode::Unreachable {
            tracing::warn!(error = detail, "request could not be done now");
            let base = Self::new(StatusCode::SERVICE_UNAVAILABLE, "connection", title, detail);
            Self { retry_after: Some(60), ..base }
        } else {
            Self::new(StatusCode::UNPROCESSABLE_ENTITY, "connection", title, detail)
        };
        let field = field_of(problem.code).map(ToOwned::to_owned);
        Self { code: Some(problem.code), mend: Some(problem.mend), field, ..base }
    }
}

/// Which part of what was entered to connect a problem is about.
fn field_of(code: ProblemCode) -> Option<&'static str> {
    match code {
        ProblemCode::WrongDomain | ProblemCode::SiteNotGranted => Some("site"),
        ProblemCode::WrongTokenKind => Some("method"),
        ProblemCode::WrongEmail => Some("email"),
        ProblemCode::OrganisationNotFound => Some("organisation_id"),
        ProblemCode::CredentialsRefused
        | ProblemCode::ScopeMissing
        | ProblemCode::PermissionMissing
        | ProblemCode::NotAdministrator
        | ProblemCode::ProjectNotFound
        | ProblemCode::QueryInvalid
        | ProblemCode::ConsentRefused
        | ProblemCode::GrantEnded
        | ProblemCode::Unreachable
        | ProblemCode::OauthApp
        | ProblemCode::WebhookMissing => None,
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Problem(problem) => (*problem).into(),
            Failure::Error(error) => error.into(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response =
            (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(Title(self.title));
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// The answer to a path that no route has.
pub async fn no_such_route() -> Problem {
    Problem::from(assay::Error::not_found(
        "there is nothing at this path; `GET /v1/openapi.json` lists what there is",
    ))
}

/// The answer to a path that has a route, but not for this method.
pub async fn method_not_allowed() -> Problem {
    let detail = "this path does not take this method; `GET /v1/openapi.json` lists what there is".to_owned();
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed", detail)
}

/// Headers that every answer carries: nothing is to be kept by anybody in between, and nothing guessed.
pub async fn harden(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    );
    headers.insert(
        header::STRICT_TRANSPORT_SECURITY,
        HeaderValue::from_static("max-age=63072000; includeSubDomains"),
    );
    response
}
