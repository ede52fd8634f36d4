//! GitHub for tests: prepared answers, and what was asked.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::credentials::{Caller, InstallationTokens};
use crate::clock::ManualClock;
use crate::http::scripted::Script;
use crate::http::{HEADERS, Request, Response, SendError};

/// The address of the API in tests.
pub const API: &str = "https://api.github.com";

/// The app's private key in tests, as GitHub gives it.
pub const KEY: &str = include_str!("test-key-pkcs1.pem");

/// A caller and everything around it that a test looks at.
pub struct Stage {
    pub caller: Caller,
    pub script: Arc<Script>,
    pub clock: Arc<ManualClock>,
}

impl Stage {
    /// Calls will be answered with `answers`, in order. It is noon of 15 June 2026.
    pub fn new(answers: Vec<Result<Response, SendError>>) -> Self {
        let script = Arc::new(Script::new(answers));
        let clock = Arc::new(ManualClock::new(noon()));
        let caller = Caller {
            sender: Arc::<Script>::clone(&script),
            clock: Arc::<ManualClock>::clone(&clock),
            api: API.to_owned(),
            tokens: InstallationTokens::default(),
        };
        Self { caller, script, clock }
    }

    /// Methods and addresses of the calls that were made.
    pub fn calls(&self) -> Vec<String> {
        let requests = self.script.requests.lock().unwrap();
        let call =
            |request: &Request| format!("{} {}", request.method.as_str(), request.url.replace(API, ""));
        requests.iter().map(call).collect()
    }

    /// The call `number`, from 0.
    pub fn request(&self, number: usize) -> Request {
        self.script.requests.lock().unwrap()[number].clone()
    }
}

/// Noon.
pub fn noon() -> Timestamp {
    "2026-06-15T12:00:00Z".parse().unwrap()
}

/// An answer.
#[expect(clippy::unnecessary_wraps, reason = "it stands beside failures in lists of answers")]
#[expect(clippy::needless_pass_by_value, reason = "bodies are written in place with `json!`")]
pub fn answer(status: u16, body: Value, headers: &[(&str, &str)]) -> Result<Response, SendError> {
    let known = |name: &str| HEADERS.into_iter().find(|header| *header == name).unwrap();
    let headers = headers.iter().map(|(name, value)| (known(name), (*value).to_owned())).collect();
    Ok(Response { status, headers, body: body.to_string().into_bytes() })
}

/// A pull request as GitHub shows it.
#[expect(clippy::needless_pass_by_value, reason = "parts are written in place with `json!`")]
pub fn pull(state: &str, merged_at: Value, body: Value) -> Value {
    json!({
        "number": 12,
        "html_url": "https://github.com/acme/shop/pull/12",
        "title": "Fix the\nlogin",
        "body": body,
        "state": state,
        "merged_at": merged_at,
        "created_at": "2026-06-15T10:00:00Z",
        "updated_at": "2026-06-15T11:00:00Z",
        "head": { "ref": "fix/SEC-12", "sha": "0", "repo": null },
        "base": { "ref": "main", "repo": { "full_name": "acme/shop", "private": true } },
        "draft": false,
    })
}
