//! The real [`Sender`]: one HTTP client for the life of the process.

use std::sync::Arc;
use std::time::Duration;

use super::public::PublicOnly;
use super::{
    HEADERS, LONGEST_BODY, Method, Request, Response, SendError, Sender, body_bytes, is_trustworthy,
};
use crate::{Error, Result};

/// How long connecting, TLS included, may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long an unused connection is kept: shorter than any server keeps it, since a request written into a connection
/// that the other side has closed is a request in doubt.
const IDLE: Duration = Duration::from_secs(15);

/// Sends by HTTP/1.1 over rustls with ring.
///
/// The trusted roots are compiled in (`webpki-roots`): reading and parsing the system's bundle would be paid at every
/// cold start. Connections are shared; no proxy, no referer, no redirect, no retry.
pub struct ReqwestSender {
    client: reqwest::Client,
}

impl ReqwestSender {
    /// Makes the client.
    ///
    /// # Errors
    /// When TLS cannot be set up, which is a fault of the build.
    pub fn new() -> Result<Self> {
        Self::build(|client| client)
    }

    /// Makes the client for addresses that people enter: it connects to hosts whose addresses are public, and to no
    /// others. An address that is a number is not looked up: see [`super::public::is_public`].
    ///
    /// # Errors
    /// When TLS cannot be set up, which is a fault of the build.
    pub fn to_public_hosts() -> Result<Self> {
        Self::build(|client| client.dns_resolver(Arc::new(PublicOnly)))
    }

    fn build(further: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder) -> Result<Self> {
        let set_up = |cause: Box<dyn std::error::Error + Send + Sync>| {
            Error::internal("start: could not set up the HTTP client").because(cause)
        };
        let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|cause| set_up(cause.into()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .user_agent(concat!("assay/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE)
            .tcp_nodelay(true)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy();
        let client = further(client).build().map_err(|cause| set_up(cause.into()))?;
        Ok(Self { client })
    }

    async fn exchange(&self, request: Request) -> Result<Response, SendError> {
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut builder = self.client.request(method, &request.url).timeout(request.timeout);
        if !request.headers.iter().any(|(name, _)| *name == "accept") {
            builder = builder.header(reqwest::header::ACCEPT, "application/json");
        }
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        if let Some(authorization) = &request.authorization {
            let mut value = reqwest::header::HeaderValue::from_str(authorization.expose()).map_err(|_| {
                SendError::NotSent {
                    detail: "the credentials hold a character that a header cannot".to_owned(),
                }
            })?;
            value.set_sensitive(true);
            builder = builder.header(reqwest::header::AUTHORIZATION, value);
        }
        let typed = request.headers.iter().any(|(name, _)| *name == "content-type");
        builder = match &request.body {
            Some(serde_json::Value::String(text)) if typed => builder.body(text.clone()),
            Some(body) => {
                builder.header(reqwest::header::CONTENT_TYPE, "application/json").body(body_bytes(body))
            }
            // Jira wants a content type even on a DELETE without a body, else 415.
            None if request.method != Method::Get => {
                builder.header(reqwest::header::CONTENT_TYPE, "application/json")
            }
            None => builder,
        };
        let answer = builder.send().await.map_err(|cause| {
            if cause.is_connect() || cause.is_builder() {
                SendError::NotSent { detail: describe(cause) }
            } else {
                SendError::InDoubt { status: None, detail: describe(cause) }
            }
        })?;
        read(answer).await
    }
}

#[async_trait::async_trait]
impl Sender for ReqwestSender {
    async fn send(&self, request: Request) -> Result<Response, SendError> {
        if !is_trustworthy(&request.url) {
            let detail = "the address is neither https nor on this machine".to_owned();
            return Err(SendError::NotSent { detail });
        }
        self.exchange(request).await
    }
}

/// Reads the answer, counting while reading: a length that was announced may be a lie.
async fn read(mut answer: reqwest::Response) -> Result<Response, SendError> {
    let status = answer.status().as_u16();
    let headers = HEADERS
        .into_iter()
        .filter_map(|name| Some((name, answer.headers().get(name)?.to_str().ok()?.to_owned())))
        .collect();
    let announced = answer.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
    if announced > LONGEST_BODY {
        return Err(SendError::TooLarge { status });
    }
    let mut body = Vec::with_capacity(announced);
    loop {
        match answer.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > LONGEST_BODY => {
                return Err(SendError::TooLarge { status });
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(Response { status, headers, body }),
            Err(cause) => return Err(SendError::InDoubt { status: Some(status), detail: describe(cause) }),
        }
    }
}

/// The error and its causes, without the address: its query may say more than a log should.
fn describe(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

#[cfg(test)]
#[path = "reqwest_sender_tests.rs"]
mod tests;
