//! One call as the routes see it, and the answer they give.

use axum::http::HeaderMap;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{auth::Caller, operation::Operation};

/// The two hosts under which a site's REST API can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    /// `https://{site}`
    Site,
    /// `https://api.atlassian.com/ex/jira/{cloudId}`
    Gateway,
}

/// A call of a site's REST API, after its caller is known.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) operation: &'static Operation,
    /// What stood in the braces of the path, in order.
    pub(crate) params: Vec<String>,
    pub(crate) query: Query,
    /// `Null` when there was no body.
    pub(crate) body: Value,
    pub(crate) caller: Caller,
    /// Index into the simulator's sites.
    pub(crate) site: usize,
    pub(crate) now: Timestamp,
    /// What `self` links begin with.
    pub(crate) base: String,
}

impl Call {
    pub(crate) fn param(&self, index: usize) -> &str {
        self.params.get(index).map_or("", String::as_str)
    }

    /// The link to a resource of this API.
    pub(crate) fn link(&self, path: &str) -> String {
        format!("{}/rest/api/3/{path}", self.base)
    }
}

/// An object of values that are moved into it; `json!` would copy each with all that is in it.
pub(crate) fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// The query string, decoded, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query(pub(crate) Vec<(String, String)>);

impl Query {
    pub(crate) fn parse(text: Option<&str>) -> Self {
        Self(url::form_urlencoded::parse(text.unwrap_or_default().as_bytes()).into_owned().collect())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All values of a list parameter: repeated, separated by commas, or both.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        let values = self.0.iter().filter(|(key, _)| key == name);
        values.flat_map(|(_, value)| value.split(',').map(|part| part.trim().to_owned())).collect()
    }

    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.get(name) == Some("true")
    }

    /// A whole number; anything else is a 404 in Jira's older resources and a 400 here.
    pub(crate) fn number(&self, name: &str, default: usize) -> Result<usize, Answer> {
        match self.get(name) {
            None => Ok(default),
            Some(text) => text
                .parse()
                .map_err(|_| Answer::bad_request(&format!("The value of '{name}' is not a number: {text}"))),
        }
    }
}

/// The body of an answer.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    Empty,
    Json(Value),
    Text { content_type: &'static str, text: String },
}

/// What a route answers; a refusal is an answer too.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Body,
    /// Points beyond the base of 1: one per object read, two per person, group, role or permission.
    pub(crate) points: u32,
}

/// What every route gives back.
pub(crate) type Reply = Result<Answer, Answer>;

impl Answer {
    pub(crate) fn json(status: u16, body: Value) -> Self {
        Self { status, headers: Vec::new(), body: Body::Json(body), points: 0 }
    }

    pub(crate) fn ok(body: Value) -> Self {
        Self::json(200, body)
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Body::Empty, points: 0 }
    }

    pub(crate) fn html(status: u16, text: String) -> Self {
        let content_type = "text/html; charset=utf-8";
        Self { status, headers: Vec::new(), body: Body::Text { content_type, text }, points: 0 }
    }

    pub(crate) fn redirect(to: String) -> Self {
        Self::empty(302).with_header("location", to)
    }

    pub(crate) fn with_header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Adds points for `objects` things read, `each` apiece.
    pub(crate) fn costing(mut self, objects: usize, each: u32) -> Self {
        self.points =
            self.points.saturating_add(u32::try_from(objects).unwrap_or(u32::MAX).saturating_mul(each));
        self
    }

    /// Jira's `ErrorCollection` with one general message.
    pub(crate) fn error(status: u16, message: &str) -> Self {
        Self::json(status, json!({ "errorMessages": [message], "errors": {} }))
    }

    /// Jira's `ErrorCollection` with one message for one field.
    pub(crate) fn field_error(field: &str, message: &str) -> Self {
        Self::json(400, json!({ "errorMessages": [], "errors": { field: message } }))
    }

    pub(crate) fn bad_request(message: &str) -> Self {
        Self::error(400, message)
    }

    pub(crate) fn not_found(message: &str) -> Self {
        Self::error(404, message)
    }

    pub(crate) fn forbidden(message: &str) -> Self {
        Self::error(403, message)
    }

    /// How Atlassian's gateway, not Jira, refuses.
    pub(crate) fn gateway_error(status: u16, message: &str) -> Self {
        Self::json(status, json!({ "code": status, "message": message }))
    }
}

/// A request as it arrived, before anything about it is known.
#[derive(Debug, Clone)]
pub(crate) struct Incoming {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Incoming {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The fields of a form body.
    pub(crate) fn form(&self) -> Query {
        Query(url::form_urlencoded::parse(&self.body).into_owned().collect())
    }

    /// The body as JSON, `Null` if there is none.
    pub(crate) fn json(&self) -> Result<Value, Answer> {
        if self.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&self.body).map_err(|error| {
            Answer::bad_request(&format!(
                "There was an error parsing JSON. Check that your request body is valid. ({error})"
            ))
        })
    }
}
