//! What comes in: bodies, paths and queries, each with a limit and an error that names the field.

use assay::error::Kind;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::IntoResponse;
use http::request::Parts;
use http::{StatusCode, header};
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// The longest body that is read, in bytes.
pub const LONGEST_BODY: usize = 64 * 1024;

/// A JSON body without unknown fields.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let json =
            request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(
                |value| value.split(';').next().is_some_and(|kind| kind.trim() == "application/json"),
            );
        if !json {
            return Err(Problem::invalid(
                "Content-Type",
                "the body must be JSON, with the header `Content-Type: application/json`",
            ));
        }
        let bytes = axum::body::Bytes::from_request(request, state)
            .await
            .map_err(|rejection| refuse_body(&rejection))?;
        parse(&bytes).map(Self)
    }
}

/// The problem of a body that could not be read.
pub fn refuse_body(rejection: &BytesRejection) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return too_large();
    }
    Problem::invalid("body", "the body could not be read; send it again")
}

/// The problem of a body that is too large.
pub fn too_large() -> Problem {
    assay::Error::new(Kind::TooLarge, format!("the body is larger than {LONGEST_BODY} bytes; send less"))
        .into()
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value: T = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let field = if path == "." { "body".to_owned() } else { path };
        Problem::invalid(field, format!("{}; see `GET /v1/openapi.json`", error.inner()))
    })?;
    deserializer.end().map_err(|error| Problem::invalid("body", format!("{error}")))?;
    Ok(value)
}

/// A path parameter that is one of our identifiers. What is not one names nothing, so it is not found.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(_) => {
                Err(assay::Error::not_found("there is no such thing: the path holds no valid id").into())
            }
        }
    }
}

/// Query parameters without unknown ones.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Query::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(value)) => Ok(Self(value)),
            Err(rejection) => Err(Problem::invalid("query", rejection.body_text())),
        }
    }
}

impl IntoResponse for Body<serde_json::Value> {
    fn into_response(self) -> axum::response::Response {
        axum::Json(self.0).into_response()
    }
}
