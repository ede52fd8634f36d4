//! What comes in: bodies, paths and queries, each with a limit and an error that names the field.

use std::io::{Cursor, Read};
use std::marker::PhantomData;

use assay::error::Kind;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use flate2::read::MultiGzDecoder;
use http::request::Parts;
use http::{StatusCode, header};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};

use crate::problem::Problem;

/// The longest JSON body that is read, in bytes.
pub const LONGEST_BODY: usize = 64 * 1024;

/// The longest list that is read, in bytes as it was sent.
///
/// Source: AWS Lambda quotas: 6 MB for the whole event of a synchronous invocation, in which a packed list stands as
/// base64.
pub const LONGEST_LIST: usize = 6 * 1024 * 1024;

/// How long a body this request's route takes, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Longest(pub usize);

/// How long a body the request may have.
pub fn longest(extensions: &http::Extensions) -> usize {
    extensions.get::<Longest>().map_or(LONGEST_BODY, |longest| longest.0)
}

/// A JSON body without unknown fields.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default();
        if !kind.trim().eq_ignore_ascii_case("application/json") {
            return Err(Problem::unsupported_media_type());
        }
        let longest = longest(request.extensions());
        let bytes = Bytes::from_request(request, state).await;
        parse(&bytes.map_err(|rejection| refuse_body(&rejection, longest))?).map(Self)
    }
}

/// A list as CSV, packed with gzip or not.
pub struct Csv(pub Box<dyn Read + Send>);

impl<S: Send + Sync> FromRequest<S> for Csv {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let kind = lower_case(&request, header::CONTENT_TYPE);
        let encoding = lower_case(&request, header::CONTENT_ENCODING);
        let mut parts = kind.split(';').map(str::trim);
        let is_csv = parts.next() == Some("text/csv");
        let is_utf8 = parts.all(|part| match part.strip_prefix("charset=") {
            Some(charset) => matches!(charset.trim_matches('"'), "utf-8" | "utf8" | "us-ascii"),
            None => true,
        });
        if !is_csv || !is_utf8 {
            return Err(Problem::not_csv());
        }
        let bytes = Bytes::from_request(request, state).await;
        let list = Cursor::new(bytes.map_err(|rejection| refuse_body(&rejection, LONGEST_LIST))?);
        match encoding.trim() {
            "" | "identity" => Ok(Self(Box::new(list))),
            "gzip" | "x-gzip" => Ok(Self(Box::new(MultiGzDecoder::new(list)))),
            _ => Err(Problem::unknown_encoding()),
        }
    }
}

/// A SARIF document, packed with gzip or not, as it was sent.
pub struct SarifBody {
    /// The bytes.
    pub bytes: Bytes,
    /// Whether they are packed.
    pub is_packed: bool,
}

impl SarifBody {
    /// The document, from its beginning.
    pub fn open(&self) -> Box<dyn Read + Send> {
        let bytes = Cursor::new(self.bytes.clone());
        if self.is_packed { Box::new(MultiGzDecoder::new(bytes)) } else { Box::new(bytes) }
    }
}

impl<S: Send + Sync> FromRequest<S> for SarifBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let kind = lower_case(&request, header::CONTENT_TYPE);
        let encoding = lower_case(&request, header::CONTENT_ENCODING);
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !matches!(kind, "application/sarif+json" | "application/json") {
            return Err(Problem::not_sarif());
        }
        let is_packed = match encoding.trim() {
            "" | "identity" => false,
            "gzip" | "x-gzip" => true,
            _ => return Err(Problem::unknown_encoding()),
        };
        let bytes = Bytes::from_request(request, state).await;
        let bytes = bytes.map_err(|rejection| refuse_body(&rejection, LONGEST_LIST))?;
        Ok(Self { bytes, is_packed })
    }
}

/// A header's text in lower case; empty where it is missing.
fn lower_case(request: &Request, name: header::HeaderName) -> String {
    let value = request.headers().get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_ascii_lowercase()
}

/// The problem of a body that could not be read.
pub fn refuse_body(rejection: &BytesRejection, longest: usize) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return too_large(longest);
    }
    Problem::invalid("body", "the body could not be read; send it again")
}

/// The problem of a body that is too large.
pub fn too_large(longest: usize) -> Problem {
    let message = format!("the body is larger than {longest} bytes; send less");
    Problem { field: Some("body".to_owned()), ..assay::Error::new(Kind::TooLarge, message).into() }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let mut track = serde_path_to_error::Track::new();
    let value = object(serde_path_to_error::Deserializer::new(&mut json, &mut track)).map_err(|error| {
        let why = error.to_string();
        let field = field_of(&track.path().to_string(), &why);
        let why = match why.rsplit_once(" at line ") {
            _ if is_secret(&field) => "it must be there, and be text",
            // Who knows the field needs no place in the text.
            Some((why, _)) if field != "body" => why,
            _ => &why,
        };
        Problem::invalid(field, format!("{why}; see `GET /v1/openapi.json`"))
    })?;
    json.end().map_err(|error| Problem::invalid("body", error.to_string()))?;
    Ok(value)
}

/// Reads an object. Without this, what is derived takes a list of the fields' values, too, in their order.
pub fn object<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_map(ObjectVisitor(PhantomData))
}

/// A member that is there, also as null: for what may be changed to nothing.
pub fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Reads an object that may be null.
pub fn optional_object<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_option(OptionVisitor(PhantomData))
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

struct OptionVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OptionVisitor<T> {
    type Value = Option<T>;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object or null")
    }

    fn visit_none<E>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
        object(deserializer).map(Some)
    }
}

/// The field to blame: of a missing one only serde's message tells the name.
pub fn field_of(path: &str, why: &str) -> String {
    let missing = why.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    match (path, missing) {
        ("." | "?", Some(missing)) => missing.to_owned(),
        // Where the text ends too early there is no path.
        ("." | "?", None) => "body".to_owned(),
        (path, Some(missing)) => format!("{path}.{missing}"),
        (path, None) => path.to_owned(),
    }
}

/// Whether a field holds a secret: then nothing that was sent in it is said again.
fn is_secret(field: &str) -> bool {
    matches!(field, "token" | "client_secret" | "api_key" | "url" | "private_key")
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

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let parsed = serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(query));
        parsed.map(Self).map_err(|error| {
            let why = error.inner().to_string();
            let field = field_of(&error.path().to_string(), &why);
            Problem::invalid(field, format!("{why}; see `GET /v1/openapi.json`"))
        })
    }
}
