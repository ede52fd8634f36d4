//! One worker in a process of its own, which dies where it is told to.
//!
//! Takes what it needs as one JSON object on its standard input: nothing secret may stand in its arguments.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use assay::clock::{ManualClock, after};
use assay::jira::http::{Request, Response, SendError};
use assay::jira::{ReqwestSender, Sender, Sleeper};
use assay::operations::Core;
use assay::operations::forge::ForgeAccess;
use assay::operations::milestone::{Milestone, Milestones};
use assay::operations::session::{Deadline, JiraAccess};
use assay::operations::tickets::Worker;
use assay::random::SystemRandom;
use assay::secret::Secret;
use assay::secrets::{MemorySecrets, SecretStore};
use assay::sqs::{RecordingQueue, SyncRequest};
use assay_test_support::table;
use assay_test_support::world::{LOOKUP_BOUND, addresses};
use serde::Deserialize;

/// How long the worker has, in seconds of virtual time.
const TIME: i64 = 45;

#[derive(Deserialize)]
struct Order {
    now: String,
    table: String,
    jira: String,
    secrets: BTreeMap<String, String>,
    requests: Vec<SyncRequest>,
    /// The milestone to die at.
    milestone: Option<String>,
    /// After how many of Jira's answers to die.
    answers: Option<u64>,
}

/// Dies at a milestone.
struct Deadly(Option<String>);

impl Milestones for Deadly {
    fn reached(&self, milestone: Milestone) {
        if self.0.as_deref() == Some(milestone.name()) {
            std::process::abort();
        }
    }
}

/// Dies after an answer of Jira's.
struct DeadlySender {
    inner: ReqwestSender,
    answers: AtomicU64,
    last: Option<u64>,
}

#[async_trait::async_trait]
impl Sender for DeadlySender {
    async fn send(&self, request: Request) -> Result<Response, SendError> {
        let answer = self.inner.send(request).await;
        if Some(self.answers.fetch_add(1, Ordering::SeqCst) + 1) == self.last {
            std::process::abort();
        }
        answer
    }
}

/// Takes no time: nothing that needs a wait happens here.
struct Restless;

#[async_trait::async_trait]
impl Sleeper for Restless {
    async fn sleep(&self, _: Duration) {
        tokio::task::yield_now().await;
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let order: Order = serde_json::from_str(&text)?;
    let now = order.now.parse()?;
    let secrets = MemorySecrets::default();
    for (name, secret) in order.secrets {
        secrets.put(&name, &Secret::new(secret)).await?;
    }
    let core = Core {
        store: table::reach(&order.table),
        clock: Arc::new(ManualClock::new(now)),
        random: Arc::new(SystemRandom),
    };
    let sender =
        DeadlySender { inner: ReqwestSender::new()?, answers: AtomicU64::new(0), last: order.answers };
    let jira = JiraAccess {
        core,
        secrets: Arc::new(secrets),
        sender: Arc::new(sender),
        addresses: addresses(&order.jira),
        sleeper: Arc::new(Restless),
        service_tokens: Arc::default(),
        deadline: Deadline::default(),
    };
    let forge = ForgeAccess {
        core: jira.core.clone(),
        secrets: Arc::clone(&jira.secrets),
        sender: Arc::clone(&jira.sender),
        api_url: order.jira.clone(),
        tokens: assay::github::InstallationTokens::default(),
    };
    // What a dying worker would have sent is lost with it, which the outbox repairs.
    let worker = Worker {
        jira,
        forge,
        sync: Arc::new(RecordingQueue::default()),
        lookup_bound: LOOKUP_BOUND,
        milestones: Arc::new(Deadly(order.milestone)),
    };
    worker.run(&order.requests, after(now, TIME)).await?;
    Ok(())
}
