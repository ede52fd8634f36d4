//! Jira for tests: prepared answers, and what was asked.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

use super::client::{Client, Facts, Sleeper};
use super::http::{HEADERS, Request, Response, SendError, Sender};
use super::{Addresses, oauth::SignIn};
use crate::clock::{Clock, ManualClock};
use crate::connection::Method;
pub use crate::http::scripted::Script;
use crate::ids::{AccountId, CloudId};
use crate::random::CountingRandom;
use crate::secret::Secret;
use crate::site::SiteDomain;

/// The connection's account in tests.
pub const ACCOUNT: &str = "acc-admin";

/// Keeps the waits, and moves the clock by them.
pub struct Waits {
    clock: Arc<ManualClock>,
    pub waits: Mutex<Vec<Duration>>,
}

#[async_trait::async_trait]
impl Sleeper for Waits {
    async fn sleep(&self, duration: Duration) {
        self.clock.advance(i64::try_from(duration.as_millis().div_ceil(1000)).unwrap());
        self.waits.lock().unwrap().push(duration);
    }
}

/// A client and everything around it that a test looks at.
pub struct Stage {
    pub client: Client,
    pub script: Arc<Script>,
    pub clock: Arc<ManualClock>,
    pub sleeper: Arc<Waits>,
}

impl Stage {
    /// A client whose calls will be answered with `answers`, in order.
    pub fn new(answers: Vec<Result<Response, SendError>>) -> Self {
        Self::of_account(Some(ACCOUNT), answers)
    }

    /// The same, of a connection whose account is another one or not known yet.
    pub fn of_account(account: Option<&str>, answers: Vec<Result<Response, SendError>>) -> Self {
        Self::of(Method::ApiToken, account, answers)
    }

    /// The same, of a connection by OAuth.
    pub fn of_app(answers: Vec<Result<Response, SendError>>) -> Self {
        Self::of(Method::Oauth, Some(ACCOUNT), answers)
    }

    fn of(method: Method, account: Option<&str>, answers: Vec<Result<Response, SendError>>) -> Self {
        let script = Arc::new(Script::new(answers));
        let clock = Arc::new(ManualClock::new("2026-03-01T10:00:00Z".parse().unwrap()));
        let sleeper = Arc::new(Waits { clock: Arc::clone(&clock), waits: Mutex::default() });
        let facts = Facts {
            site: SiteDomain::parse("demo.atlassian.net").unwrap(),
            cloud_id: CloudId::parse("11111111-2222-4333-8444-555555555555").unwrap(),
            method,
            account: account.map(|account| AccountId::parse(account).unwrap()),
        };
        let client = Client::new(
            Arc::<Script>::clone(&script),
            Addresses::default(),
            facts,
            Secret::new("Basic c2VjcmV0"),
            Arc::<ManualClock>::clone(&clock),
            Arc::new(CountingRandom::default()),
            Arc::<Waits>::clone(&sleeper),
        );
        Self { client, script, clock, sleeper }
    }

    /// Methods and paths of the calls that were made, without the query.
    pub fn calls(&self) -> Vec<String> {
        let requests = self.script.requests.lock().unwrap();
        let path = |request: &Request| {
            let url = url::Url::parse(&request.url).unwrap();
            format!("{} {}", request.method.as_str(), url.path().replace("/rest/api/3", ""))
        };
        requests.iter().map(path).collect()
    }

    /// The body of the call `number`, from 0.
    pub fn body(&self, number: usize) -> Value {
        self.script.requests.lock().unwrap()[number].body.clone().unwrap()
    }

    /// The address of the call `number`, from 0.
    pub fn url(&self, number: usize) -> String {
        self.script.requests.lock().unwrap()[number].url.clone()
    }

    /// The waits, in seconds.
    pub fn waits(&self) -> Vec<f64> {
        self.sleeper.waits.lock().unwrap().iter().map(Duration::as_secs_f64).collect()
    }

    /// Fails if an answer is left over: a call that was expected was not made.
    pub fn done(&self) {
        assert_eq!(
            self.script.answers.lock().unwrap().len(),
            0,
            "answers left over; calls: {:?}",
            self.calls()
        );
    }
}

/// Atlassian's sign-in with prepared answers.
pub fn sign_in(answers: Vec<Result<Response, SendError>>) -> (SignIn, Arc<Script>, Arc<ManualClock>) {
    let stage = Stage::new(answers);
    let script = Arc::clone(&stage.script);
    let clock = Arc::clone(&stage.clock);
    let sender: Arc<dyn Sender> = Arc::<Script>::clone(&script);
    (
        SignIn::new(sender, Addresses::default(), Arc::<ManualClock>::clone(&clock) as Arc<dyn Clock>),
        script,
        clock,
    )
}

/// An answer as the connection's account.
#[expect(clippy::unnecessary_wraps, reason = "it stands beside failures in lists of answers")]
#[expect(clippy::needless_pass_by_value, reason = "bodies are written in place with `json!`")]
pub fn answer(status: u16, body: Value) -> Result<Response, SendError> {
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    let headers =
        [("content-type", "application/json".to_owned()), ("x-aaccountid", ACCOUNT.to_owned())].into();
    Ok(Response { status, headers, body })
}

/// The same answer with one more header, or another value of one.
pub fn with(answer: Result<Response, SendError>, name: &str, value: &str) -> Result<Response, SendError> {
    let name = HEADERS.into_iter().find(|header| *header == name).unwrap();
    answer.map(|mut answer| {
        answer.headers.insert(name, value.to_owned());
        answer
    })
}

/// The same answer without a word about the account.
pub fn anonymous(answer: Result<Response, SendError>) -> Result<Response, SendError> {
    answer.map(|mut answer| {
        answer.headers.remove("x-aaccountid");
        answer
    })
}

/// An answer whose body is text.
pub fn text(status: u16, body: &str) -> Result<Response, SendError> {
    answer(status, Value::Null).map(|mut answer| {
        answer.body = body.as_bytes().to_vec();
        answer
    })
}

/// A 429.
pub fn limited(reason: &str, retry_after: Option<u32>) -> Result<Response, SendError> {
    let answer = with(text(429, ""), "ratelimit-reason", reason);
    match retry_after {
        Some(seconds) => with(answer, "retry-after", &seconds.to_string()),
        None => answer,
    }
}

/// No connection.
pub fn not_sent() -> Result<Response, SendError> {
    Err(SendError::NotSent { detail: "connection refused".to_owned() })
}

/// No whole answer.
pub fn in_doubt() -> Result<Response, SendError> {
    Err(SendError::InDoubt { status: None, detail: "the time was up".to_owned() })
}
