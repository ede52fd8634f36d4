//! What can go wrong with a call to Jira, one name for each, so that a test can go through all of it.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use assay::jira::Sender;
use assay::jira::http::{Request, Response, SendError};
use jira_sim::{Fault, FaultKind};
use tokio::sync::Notify;

/// How long a slow answer takes, in milliseconds; [`Impatient`] does not wait as long.
const SLOW: u64 = 3000;

/// How long [`Impatient`] waits for an answer.
const PATIENCE: Duration = Duration::from_millis(600);

/// The reasons that Jira gives for a 429.
pub const LIMIT_REASONS: [&str; 5] = [
    "jira-quota-global-based",
    "jira-quota-tenant-based",
    "jira-burst-based",
    "jira-per-issue-on-write",
    "jira-cost-based",
];

/// One way in which a call goes wrong.
#[derive(Clone, Debug)]
pub struct Misfortune {
    /// What goes wrong, in words.
    pub name: String,
    fault: Fault,
}

impl Misfortune {
    /// A fault of a kind that needs nothing further.
    pub fn of(name: &str, kind: FaultKind) -> Self {
        Self { name: name.to_owned(), fault: Fault::once(kind, "*") }
    }

    /// A status, with or without `Retry-After`.
    pub fn status(status: u16, retry_after: Option<u64>) -> Self {
        let wait = retry_after.map_or(String::new(), |seconds| format!(" with Retry-After {seconds}"));
        let fault = Fault { status: Some(status), retry_after, ..Fault::once(FaultKind::Status, "*") };
        Self { name: format!("status {status}{wait}"), fault }
    }

    /// A 429 for this reason.
    pub fn limited(reason: Option<&str>, retry_after: Option<u64>) -> Self {
        let plain = Self::status(429, retry_after);
        let name = format!("{} for {}", plain.name, reason.unwrap_or("no reason"));
        Self { name, fault: Fault { reason: reason.map(ToOwned::to_owned), ..plain.fault } }
    }

    /// The same, after the effect has happened.
    #[must_use]
    pub fn after_effect(self) -> Self {
        let name = format!("{} after the effect", self.name);
        Self { name, fault: Fault { after_effect: true, ..self.fault } }
    }

    /// A page of HTML.
    pub fn html(status: u16) -> Self {
        let fault = Fault { status: Some(status), ..Fault::once(FaultKind::Html, "*") };
        Self { name: format!("HTML with status {status}"), fault }
    }

    /// The rule for the simulator: the next `times` calls of `operation` go wrong.
    pub fn fault(&self, operation: &str, times: u64) -> Fault {
        Fault { path: operation.to_owned(), times, ..self.fault.clone() }
    }

    /// The effect may have happened, and the answer does not say so.
    pub fn in_doubt() -> Vec<Self> {
        let slow = Fault { delay_ms: Some(SLOW), ..Fault::once(FaultKind::SlowDrip, "*") };
        vec![
            Self::of("answer lost", FaultKind::AnswerLost),
            Self::of("truncated body", FaultKind::Truncated),
            Self { name: "slow drip".to_owned(), fault: slow },
            Self::of("cut before the effect", FaultKind::CutBefore),
            Self::of("TCP reset", FaultKind::Reset),
            Self::status(500, None),
            Self::status(502, None),
            Self::status(503, None),
            Self::status(503, Some(7)),
            Self::html(502),
            Self::html(200),
            Self::status(408, None),
            Self::status(408, None).after_effect(),
            Self::status(500, None).after_effect(),
            Self::status(502, None).after_effect(),
            Self::status(503, None).after_effect(),
            Self::html(502).after_effect(),
        ]
    }

    /// Jira asks to wait, in every way that it has.
    pub fn limits() -> Vec<Self> {
        let reasons = LIMIT_REASONS.into_iter().map(Some).chain([None]);
        reasons.flat_map(|reason| [None, Some(9)].map(|wait| Self::limited(reason, wait))).collect()
    }

    /// Jira refuses.
    pub fn refusals() -> Vec<Self> {
        [400, 401, 403, 404, 409, 413].map(|status| Self::status(status, None)).into()
    }

    /// Whether the effect happens all the same.
    pub fn has_effect(&self) -> bool {
        self.fault.has_effect()
    }
}

/// Another host: whoever follows a redirect comes here, and is seen.
pub struct Elsewhere(TcpListener);

impl Elsewhere {
    /// A host that nobody has come to.
    pub fn listen() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free loopback port");
        listener.set_nonblocking(true).expect("a listener that does not wait");
        Self(listener)
    }

    /// A redirect to it.
    pub fn redirect(&self) -> Misfortune {
        let location = format!("http://{}/elsewhere", self.0.local_addr().expect("its address"));
        let fault = Fault { location: Some(location), ..Fault::once(FaultKind::Redirect, "*") };
        Misfortune { name: "redirect to another host".to_owned(), fault }
    }

    /// Fails if anybody came.
    pub fn assert_unvisited(&self) {
        assert!(self.0.accept().is_err(), "a redirect to another host was followed");
    }
}

/// Sends as another sender does, and does not wait long for an answer.
pub struct Impatient(pub Arc<dyn Sender>);

#[async_trait::async_trait]
impl Sender for Impatient {
    async fn send(&self, request: Request) -> Result<Response, SendError> {
        self.0.send(Request { timeout: PATIENCE, ..request }).await
    }
}

/// Changes an answer: told the request's address without its query, gives what comes in the answer's place.
pub type Change = dyn FnMut(&str, Response) -> Response + Send;

/// Sends as another sender does; what a test wants changed in the answers is changed.
pub struct Tampering {
    inner: Arc<dyn Sender>,
    change: Mutex<Option<Box<Change>>>,
}

impl Tampering {
    /// Changes nothing yet.
    pub fn of(inner: Arc<dyn Sender>) -> Self {
        Self { inner, change: Mutex::default() }
    }

    /// Changes every answer from now on.
    pub fn begin(&self, change: impl FnMut(&str, Response) -> Response + Send + 'static) {
        *self.change.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(change));
    }

    /// Changes nothing any more.
    pub fn end(&self) {
        *self.change.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

#[async_trait::async_trait]
impl Sender for Tampering {
    async fn send(&self, request: Request) -> Result<Response, SendError> {
        let url = request.url.split('?').next().unwrap_or_default().to_owned();
        let answer = self.inner.send(request).await?;
        let mut change = self.change.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(match change.as_mut() {
            Some(change) => change(&url, answer),
            None => answer,
        })
    }
}

/// Finds nothing when it searches.
pub struct Blind(pub Arc<dyn Sender>);

#[async_trait::async_trait]
impl Sender for Blind {
    async fn send(&self, request: Request) -> Result<Response, SendError> {
        let is_search = request.url.contains("/search/jql");
        let mut answer = self.0.send(request).await?;
        if is_search && answer.status == 200 {
            answer.body = br#"{"issues":[],"isLast":true}"#.to_vec();
        }
        Ok(answer)
    }
}

/// Never comes back with the last answer: whoever waits for it is as good as dead.
pub struct Mortal {
    inner: Arc<dyn Sender>,
    answers: AtomicU32,
    death: Arc<Notify>,
}

impl Mortal {
    /// Dies after so many answers; tells of it.
    pub fn after(answers: u32, inner: Arc<dyn Sender>) -> (Arc<dyn Sender>, Arc<Notify>) {
        let death = Arc::new(Notify::new());
        let mortal = Self { inner, answers: AtomicU32::new(answers), death: Arc::clone(&death) };
        (Arc::new(mortal), death)
    }
}

#[async_trait::async_trait]
impl Sender for Mortal {
    async fn send(&self, request: Request) -> Result<Response, SendError> {
        let answer = self.inner.send(request).await;
        if self.answers.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.death.notify_one();
            std::future::pending::<()>().await;
        }
        answer
    }
}
