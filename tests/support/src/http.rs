//! A function's router as a caller reaches it, without a network in between.

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use crate::world::World;

/// One answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// A header's text; empty where it is missing.
    pub fn header(&self, name: impl header::AsHeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// One request, to be put together.
#[derive(Debug)]
pub struct Ask {
    request: Request<Body>,
}

impl Ask {
    /// A request without a body. `path` may have a query.
    pub fn new(method: &str, path: &str) -> Self {
        let method: Method = method.parse().expect("a method");
        let request = Request::builder().method(method).uri(path).body(Body::empty()).expect("a request");
        Self { request }
    }

    /// The same with a header, beside those it has.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.request.headers_mut().append(name, value.parse().expect("a header's value"));
        self
    }

    /// The same with an API token, if there is one.
    #[must_use]
    pub fn token(self, token: Option<&str>) -> Self {
        match token {
            Some(token) => self.header("authorization", &format!("Bearer {token}")),
            None => self,
        }
    }

    /// The same with a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").bytes(body.to_string())
    }

    /// The same with something that a function's surroundings add beside what came over HTTP.
    #[must_use]
    pub fn beside(mut self, extension: impl Clone + Send + Sync + 'static) -> Self {
        self.request.extensions_mut().insert(extension);
        self
    }

    /// The same with these bytes as its body.
    #[must_use]
    pub fn bytes(mut self, body: impl Into<Vec<u8>>) -> Self {
        *self.request.body_mut() = Body::from(body.into());
        self
    }

    /// Sends it to a router.
    pub async fn to(self, router: &Router) -> Answer {
        let Ok(response) = router.clone().oneshot(self.request).await;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("a body").to_bytes().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }
}

impl World {
    /// Calls the simulator's control API, for example `POST /__sim/tokens`.
    pub async fn control_api(&self, method: &str, path: &str, body: &Value) -> Value {
        let client = reqwest::Client::builder().build().expect("a client");
        let request = client.request(method.parse().expect("a method"), format!("{}{path}", self.jira.url()));
        let request = request.header("content-type", "application/json").body(body.to_string());
        let answer = request.send().await.expect("the simulator answers");
        let (status, text) = (answer.status(), answer.text().await.expect("a body"));
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// Sends a form to the simulator's consent page; returns the address that it sends the browser to.
    pub async fn submit(&self, form: &str) -> String {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build();
        let request = client.expect("a client").post(format!("{}/authorize", self.jira.url()));
        let request =
            request.header("content-type", "application/x-www-form-urlencoded").body(form.to_owned());
        let answer = request.send().await.expect("the consent page answers");
        let location = answer.headers().get("location").and_then(|value| value.to_str().ok());
        location.map_or_else(|| panic!("no redirect but {}", answer.status()), ToOwned::to_owned)
    }

    /// Every item of the table as JSON, in the order of the keys.
    pub async fn items(&self) -> Vec<Value> {
        crate::table::items(&self.table_address).await
    }
}
