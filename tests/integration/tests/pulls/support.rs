//! Worlds with a GitHub beside Jira, a project configuration, and findings whose tickets are open.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use assay::check::CheckId;
use assay::clock::after;
use assay::configuration::{Configuration, Grouping, PullRules};
use assay::finding::{self, Finding, Severity};
use assay::github::Credentials;
use assay::ids::{ConnectionId, RunId, TaskId};
use assay::jira::Sender;
use assay::jira::http::{Request, Response, SendError};
use assay::mapping::Mapping;
use assay::operations::hearing::github::FromGithub;
use assay::operations::hearing::{Heard, Hearing};
use assay::operations::planning::Planner;
use assay::pull::{Followed, PullId, Remediation};
use assay::secret::Secret;
use assay::sqs::{Queue, SyncRequest};
use assay::sync_setting::{Scope, SyncSetting};
use assay::task::{State, Subject, Task};
use assay::ticket::Ticket;
use assay_test_support::world::World;
use github_sim::{APP_KEY, Delivery, NewPull, Options, Running, Simulator};
use jira_sim::ClockBase;
use serde_json::Value;
use tokio::sync::Notify;

/// The repository.
pub const SHOP: &str = "acme/shop";

/// The ids of SEC's statuses.
pub const IN_PROGRESS: &str = "10001";

/// All of it.
pub struct Scene {
    pub world: World,
    pub github: Running,
    hearing: Hearing,
}

/// Rules by which a merge resolves findings.
pub fn merges_count() -> PullRules {
    PullRules { resolved_when_merged: true, ..PullRules::default() }
}

impl Scene {
    /// A scene in which one finding has its issue, `SEC-…`, under these rules.
    pub async fn with(rules: PullRules) -> Self {
        let scene = Self::empty(rules).await;
        scene.find("one").await;
        scene.work().await;
        scene
    }

    /// A scene without findings.
    pub async fn empty(rules: PullRules) -> Self {
        let mut world = World::start().await;
        let clock = ClockBase::Manual(world.time.now());
        let github = Simulator::new(Options { clock, ..Options::default() }).start().await.unwrap();
        github.simulator.create_repository(SHOP, true);
        world.forge.api_url = github.url();
        let connection = Box::pin(world.connect()).await;
        let mut setting = world.sync_all(&connection).await;
        world.store().delete_setting(&world.tenant, &setting.id).await.unwrap();
        setting = configured(setting, rules);
        world.store().put_new_setting(&setting).await.unwrap();
        let app = Credentials::App { app_id: "123456".to_owned(), private_key: Secret::new(APP_KEY) };
        let done = Box::pin(world.forge.set_up(&world.tenant, &app, None)).await.unwrap();
        let secret = done.secret.unwrap().expose().to_owned();
        let hearing = Hearing {
            core: world.access.core.clone(),
            secrets: world.secrets(),
            sync: Arc::clone(&world.sync) as Arc<dyn Queue<SyncRequest>>,
            refreshed: Arc::default(),
        };
        github.simulator.set_hook("https://assay.example.com/webhooks/acme/github", &secret);
        let scene = Self { world, github, hearing };
        assert_eq!(scene.hear().await, [Heard::Greeted]);
        scene
    }

    /// GitHub.
    pub fn sim(&self) -> &Simulator {
        &self.github.simulator
    }

    /// A scanner finds something, and it is planned.
    pub async fn find(&self, fingerprint: &str) -> TaskId {
        let task = self.finding(fingerprint);
        self.world.store().save_tasks(std::slice::from_ref(&task)).await.pop().unwrap().unwrap();
        self.plan(&task.id).await;
        task.id
    }

    /// A finding that nobody planned yet.
    pub fn finding(&self, fingerprint: &str) -> Task {
        let (tenant, now) = (&self.world.tenant, self.world.time.now());
        let id = finding::id(tenant, "scanner", fingerprint).unwrap();
        Task {
            tenant: tenant.clone(),
            check: CheckId::B9,
            connection: Some(ConnectionId::parse("con-1").unwrap()),
            subject: Subject {
                id: id.to_string(),
                key: fingerprint.to_owned(),
                title: "shop".to_owned(),
                url: String::new(),
            },
            id,
            title: format!("Vulnerability {fingerprint}"),
            why: "a scanner found it".to_owned(),
            finding: Some(Box::new(Finding {
                source: "scanner".to_owned(),
                fingerprint: fingerprint.to_owned(),
                title: format!("Vulnerability {fingerprint}"),
                description: "bad".to_owned(),
                fix: "update".to_owned(),
                severity: Severity::High,
                score: None,
                rule: String::new(),
                advisory: String::new(),
                asset: SHOP.to_owned(),
                location: None,
                package: None,
                links: Vec::new(),
                first_seen_at: now,
                counted_from: None,
                last_seen_at: now,
                report: None,
                acceptance: None,
                regressions: 0,
                pulls: BTreeMap::new(),
            })),
            assignee: None,
            due_at: after(now, 30 * 24 * 3600),
            state: State::Open,
            generation: 1,
            opened_by: RunId::parse("run-1").unwrap(),
            opened_at: now,
            resolved_at: None,
            completion: None,
            held: false,
            edited: BTreeSet::new(),
            ticket: None,
            updated_at: now,
            version: 0,
        }
    }

    /// Plans what follows for a task.
    pub async fn plan(&self, id: &TaskId) {
        let task = self.world.store().task(&self.world.tenant, id).await.unwrap().unwrap();
        let sync = Arc::clone(&self.world.sync) as Arc<dyn Queue<SyncRequest>>;
        let planner = Planner { core: self.world.access.core.clone(), sync };
        planner.plan_stored(&self.world.tenant, std::slice::from_ref(&task)).await.unwrap();
    }

    /// Works on what was asked for and is due.
    pub async fn work(&self) {
        Box::pin(self.world.work()).await;
    }

    /// Time passes, `maintain` and the worker run.
    pub async fn pass(&self, seconds: i64) {
        self.advance(seconds);
        Box::pin(self.world.upkeep().run(after(self.world.time.now(), 270))).await.unwrap();
        self.work().await;
    }

    /// Time passes in both simulators.
    pub fn advance(&self, seconds: i64) {
        self.world.time.advance(seconds);
        self.sim().advance(jiff::SignedDuration::from_secs(seconds));
    }

    /// Hands a delivery over.
    pub async fn deliver(&self, delivery: &Delivery) -> assay::Result<Heard> {
        let header = |name: &str| Some(delivery.header(name)).filter(|value| !value.is_empty());
        let received = FromGithub {
            tenant: self.world.tenant.clone(),
            signature: header("x-hub-signature-256"),
            event: header("x-github-event"),
            identifier: header("x-github-delivery"),
            body: &delivery.body,
        };
        Box::pin(self.hearing.take_from_github(&received)).await
    }

    /// Hands over all deliveries that wait.
    pub async fn hear(&self) -> Vec<Heard> {
        let mut heard = Vec::new();
        for delivery in self.sim().take_deliveries() {
            heard.push(self.deliver(&delivery).await.unwrap());
        }
        heard
    }

    /// Hears, and works on what follows.
    pub async fn live(&self) {
        self.advance(1);
        self.hear().await;
        self.work().await;
        // What we wrote ourselves is told, too.
        self.hear().await;
        self.work().await;
    }

    /// Somebody opens a pull request whose title names the issue.
    pub async fn open(&self) -> u64 {
        let key = self.key();
        let new = NewPull::new(&format!("{key}: update openssl"), "update-openssl").described("What I did");
        let number = self.sim().open_pull(SHOP, &new).unwrap();
        self.live().await;
        number
    }

    /// The one issue of SEC.
    #[track_caller]
    pub fn issue(&self) -> Value {
        let mut all = self.world.issues_in("SEC");
        assert_eq!(all.len(), 1, "{all:#?}");
        all.remove(0)
    }

    /// Its key.
    #[track_caller]
    pub fn key(&self) -> String {
        self.issue()["key"].as_str().unwrap().to_owned()
    }

    /// Its status.
    #[track_caller]
    pub fn status(&self) -> String {
        self.issue()["status"].as_str().unwrap().to_owned()
    }

    /// What its comments say, in the order in which they were written.
    #[track_caller]
    pub fn comments(&self) -> Vec<String> {
        self.issue()["comments"].as_array().unwrap().iter().map(|comment| words(&comment["body"])).collect()
    }

    /// Its remote links.
    #[track_caller]
    pub fn links(&self) -> Vec<Value> {
        self.issue()["remote_links"].as_array().unwrap().clone()
    }

    /// The description of a pull request.
    pub fn body(&self, number: u64) -> String {
        self.sim().pull(SHOP, number)["body"].as_str().unwrap_or_default().to_owned()
    }

    /// How often the description of any pull request was written.
    pub fn writes(&self) -> usize {
        let journal = self.sim().journal();
        journal.iter().filter(|entry| entry.method == "PATCH" && entry.status == 200).count()
    }

    /// The one finding's task.
    pub async fn task(&self) -> Task {
        let mut tasks = self.world.tasks().await;
        assert_eq!(tasks.len(), 1, "{tasks:#?}");
        tasks.remove(0)
    }

    /// The one ticket.
    pub async fn ticket(&self) -> Ticket {
        let mut tickets = self.world.tickets().await;
        assert_eq!(tickets.len(), 1, "{tickets:#?}");
        tickets.remove(0)
    }

    /// What the one ticket follows.
    pub async fn followed(&self) -> Followed {
        self.ticket().await.pulls.into_values().next().unwrap()
    }

    /// What is known of a pull request.
    pub async fn record(&self, number: u64) -> Option<Remediation> {
        let id = PullId::of(&format!("https://github.com/{SHOP}/pull/{number}"));
        self.world.store().remediation(&self.world.tenant, &id).await.unwrap()
    }

    /// A worker takes what is due and dies when the `count`th call, of Jira or GitHub, was answered; whether it did.
    /// The messages come again after their visibility time-out.
    pub async fn die_after(&self, count: u32) -> bool {
        let death = Arc::new(Notify::new());
        let mut worker = self.world.worker();
        let mortal = Arc::new(Mortal {
            inner: Arc::clone(&worker.jira.sender),
            left: AtomicU32::new(count),
            death: Arc::clone(&death),
        });
        worker.jira.sender = Arc::<Mortal>::clone(&mortal);
        worker.forge.sender = mortal;
        let requests = self.world.sync.receive(50);
        let deadline = after(self.world.time.now(), 45);
        let died = tokio::select! {
            ended = Box::pin(worker.run(&requests, deadline)) => { ended.unwrap(); false }
            () = death.notified() => true,
        };
        self.world.sync.send_all(&requests, Some(360)).await.unwrap();
        died
    }
}

/// The setting as a project configuration for all findings.
fn configured(setting: SyncSetting, pulls: PullRules) -> SyncSetting {
    let configuration = Configuration {
        name: "all".to_owned(),
        position: 1,
        routes: Vec::new(),
        grouping: Grouping::None,
        mapping: Mapping::default(),
        pulls,
        watched_at: None,
    };
    SyncSetting { scope: Scope::Findings, configuration: Some(Box::new(configuration)), ..setting }
}

/// All words of a document.
fn words(node: &Value) -> String {
    let mut text = node["text"].as_str().unwrap_or_default().to_owned();
    for child in node["content"].as_array().into_iter().flatten() {
        let words = words(child);
        let is_block = child["type"] == "paragraph" || child["type"] == "heading";
        text.push_str(if is_block && !text.is_empty() { "\n" } else { "" });
        text.push_str(&words);
    }
    text
}

/// Never comes back with a certain answer.
struct Mortal {
    inner: Arc<dyn Sender>,
    left: AtomicU32,
    death: Arc<Notify>,
}

#[async_trait::async_trait]
impl Sender for Mortal {
    async fn send(&self, request: Request) -> Result<Response, SendError> {
        let answer = self.inner.send(request).await;
        if self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.death.notify_one();
            std::future::pending::<()>().await;
        }
        answer
    }
}
