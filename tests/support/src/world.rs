//! All of Assay in one process, in virtual time.

use std::collections::BTreeSet;
use std::sync::Arc;

use assay::clock::after;
use assay::connection::{Connection, IncidentLimits, Scope, UseCase};
use assay::dynamodb::Store;
use assay::ids::{ConnectionId, IssueTypeId, ProjectId, SettingId, TenantId};
use assay::jira::{Addresses, Credentials, ReqwestSender};
use assay::operations::Core;
use assay::operations::announcing::Announcer;
use assay::operations::checking::Evaluator;
use assay::operations::connecting::{Begun, Connector, Failure, Proof, Wish};
use assay::operations::forge::ForgeAccess;
use assay::operations::ingesting::Ingester;
use assay::operations::milestone::{Milestones, Unobserved};
use assay::operations::planning::Planner;
use assay::operations::session::{Deadline, JiraAccess};
use assay::operations::tickets::Worker;
use assay::operations::upkeep::Upkeep;
use assay::random::CountingRandom;
use assay::secret::Secret;
use assay::secrets::{MemorySecrets, SecretStore};
use assay::site::SiteDomain;
use assay::slack::Outside;
use assay::sqs::{Backlog, ChecksRequest, Queue, SyncRequest, UsageRequest, Work};
use assay::sync_setting::{ClosureRule, GonePolicy, Mode, ReopenRule, SyncSetting};
use jiff::Timestamp;
use jira_sim::{ClockBase, Options, Running, Simulator};

use crate::queue::TimedQueue;
use crate::table::{self, Operations};
use crate::time::Time;

/// The demo site.
pub const SITE: &str = "demo.atlassian.net";

/// The cloud id of the demo site.
pub const CLOUD_ID: &str = "11111111-2222-4333-8444-555555555555";

/// The address at which our own API is said to be.
pub const PUBLIC_URL: &str = "http://assay.localhost";

/// An address at which nobody answers.
const NOWHERE: &str = "http://127.0.0.1:9";

/// How long a lost issue is looked for, in seconds: as in production.
pub const LOOKUP_BOUND: i64 = 600;

/// Seconds between two evaluations.
pub const INTERVAL: i64 = 3600;

/// All of Assay, its table, its secrets, its queues and a Jira.
pub struct World {
    /// The simulator, answering on a loopback port.
    pub jira: Running,
    /// The one clock.
    pub time: Time,
    /// Where the table's engine answers.
    pub table_address: String,
    /// The queue of sync requests.
    pub sync: Arc<TimedQueue<SyncRequest>>,
    /// The queue of evaluations.
    pub checks: Arc<TimedQueue<ChecksRequest>>,
    /// The queue of ingestions, campaigns and actions.
    pub usage: Arc<TimedQueue<UsageRequest>>,
    /// Where sync requests are parked that were tried in vain.
    pub parked: Arc<TimedQueue<SyncRequest>>,
    /// Opens sessions.
    pub access: JiraAccess,
    /// Opens GitHub; it leads nowhere until a test says where GitHub is.
    pub forge: ForgeAccess,
    /// The tenant that tests use.
    pub tenant: TenantId,
    /// Where Slack is said to be: nowhere, until a test starts a receiver.
    pub slack_url: String,
}

impl World {
    /// A world with the demo site, in which nothing is connected.
    pub async fn start() -> Self {
        Self::with(Options::default()).await
    }

    /// A world in this process on a simulator and a table of another one, connected by API token as `con-1` there.
    pub async fn join(jira: &str, table_address: &str, operations: &Operations, now: Timestamp) -> Self {
        // A simulator that is never asked: the calls go to the other process's.
        let idle = Simulator::new(Options {
            clock: ClockBase::Manual(now),
            seed: jira_sim::Seed::empty(),
            openapi_dir: None,
        });
        let idle = idle.start().await.expect("the simulator");
        let store = table::reach_counted(table_address, operations);
        let mut world = Self::of(idle, store, table_address.to_owned());
        world.access.addresses = addresses(jira);
        let (tenant, id) = (world.tenant.clone(), ConnectionId::parse("con-1").expect("an id"));
        let (email, token) = (Secret::new("admin@example.com"), Secret::new("sim-admin-token"));
        let credentials = Credentials::ApiToken { email, token };
        world.access.store_credentials(&tenant, &id, &credentials).await.expect("credentials");
        world
    }

    /// A world with a site of the given sizes. Its clock stands still until it is moved.
    pub async fn with(options: Options) -> Self {
        let start = "2026-06-15T12:00:00Z".parse().expect("a time");
        let openapi_dir = openapi_dir();
        let options = Options { clock: ClockBase::Manual(start), openapi_dir, ..options };
        let jira = Simulator::new(options).start().await.expect("the simulator");
        let (store, table_address) = table::serve().await;
        Self::of(jira, store, table_address)
    }

    fn of(jira: Running, store: Store, table_address: String) -> Self {
        let time = Time::of(&jira.simulator);
        let core = Core { store, clock: time.clock(), random: Arc::new(CountingRandom::default()) };
        let access = JiraAccess {
            core,
            secrets: Arc::new(MemorySecrets::default()),
            sender: Arc::new(ReqwestSender::new().expect("a sender")),
            addresses: addresses(&jira.url()),
            sleeper: Arc::new(time.clone()),
            service_tokens: Arc::default(),
            deadline: Deadline::default(),
        };
        let forge = ForgeAccess {
            core: access.core.clone(),
            secrets: Arc::clone(&access.secrets),
            sender: Arc::clone(&access.sender),
            api_url: NOWHERE.to_owned(),
            tokens: assay::github::InstallationTokens::default(),
        };
        Self {
            sync: Arc::new(TimedQueue::new(time.clock())),
            checks: Arc::new(TimedQueue::new(time.clock())),
            usage: Arc::new(TimedQueue::new(time.clock())),
            parked: Arc::new(TimedQueue::new(time.clock())),
            jira,
            time,
            table_address,
            access,
            forge,
            tenant: TenantId::parse("acme").expect("a tenant"),
            slack_url: "http://127.0.0.1:9".to_owned(),
        }
    }

    /// The table.
    pub fn store(&self) -> &Store {
        &self.access.core.store
    }

    /// Makes connections.
    pub fn connector(&self) -> Connector {
        let checks = Arc::clone(&self.checks) as Arc<dyn Queue<ChecksRequest>>;
        Connector { jira: self.access.clone(), checks, public_url: PUBLIC_URL.to_owned() }
    }

    /// Tells how much waits in the queues; but for sync requests, nothing is ever parked.
    pub fn backlogs(&self) -> Arc<[Backlog]> {
        let none = Arc::new(TimedQueue::<SyncRequest>::new(self.time.clock()));
        Arc::new([
            Backlog { work: Work::Sync, queue: self.sync.clone(), parked: self.parked.clone() },
            Backlog { work: Work::Checks, queue: self.checks.clone(), parked: none.clone() },
            Backlog { work: Work::Usage, queue: self.usage.clone(), parked: none },
        ])
    }

    /// Evaluates checks.
    pub fn evaluator(&self) -> Evaluator {
        let sync = Arc::clone(&self.sync) as Arc<dyn Queue<SyncRequest>>;
        Evaluator {
            jira: self.access.clone(),
            connector: self.connector(),
            planner: Planner { core: self.access.core.clone(), sync },
            checks: Arc::clone(&self.checks) as Arc<dyn Queue<ChecksRequest>>,
            interval: INTERVAL,
        }
    }

    /// Works on tickets.
    pub fn worker(&self) -> Worker {
        self.worker_with(Arc::new(Unobserved))
    }

    /// Works on tickets, telling `milestones`.
    pub fn worker_with(&self, milestones: Arc<dyn Milestones>) -> Worker {
        Worker {
            jira: self.access.clone(),
            forge: self.forge.clone(),
            sync: Arc::clone(&self.sync) as Arc<dyn Queue<SyncRequest>>,
            lookup_bound: LOOKUP_BOUND,
            milestones,
        }
    }

    /// Reads directories and activity.
    pub fn ingester(&self) -> Ingester {
        let usage = Arc::clone(&self.usage) as Arc<dyn Queue<UsageRequest>>;
        Ingester { jira: self.access.clone(), usage }
    }

    /// Repairs.
    pub fn upkeep(&self) -> Upkeep {
        let sync = Arc::clone(&self.sync) as Arc<dyn Queue<SyncRequest>>;
        Upkeep {
            jira: self.access.clone(),
            forge: self.forge.clone(),
            sync,
            interval: INTERVAL,
            public_url: PUBLIC_URL.to_owned(),
        }
    }

    /// Tells channels; Slack and other receivers are on this machine.
    pub fn announcer(&self) -> Announcer {
        let config = assay::config::Config::from_pairs(&[("ASSAY_SLACK_URL", self.slack_url.as_str())]);
        let addresses =
            assay::slack::Addresses::from_config(&config).expect("loopback addresses are trusted");
        let outside = Outside::new(Arc::clone(&self.access.sender), addresses);
        Announcer { jira: self.access.clone(), outside }
    }

    /// Connects the demo site by API token, for change management in `CHG` and incidents in `INC`.
    pub async fn connect(&self) -> Connection {
        self.connect_as("con-1", token_proof()).await.expect("connecting by token works")
    }

    /// Connects the demo site with the given proof.
    pub async fn connect_as(&self, id: &str, proof: Proof) -> Result<Connection, Failure> {
        let id = ConnectionId::parse(id)?;
        self.store().put_tenant_if_new(&self.tenant, self.time.now()).await?;
        match Box::pin(self.connector().begin(&self.tenant, id, wish(), proof)).await? {
            Begun::Connected(connection) | Begun::Consent(connection, _) => Ok(*connection),
        }
    }

    /// Saves the setting that every open task becomes a task in `SEC`.
    pub async fn sync_all(&self, connection: &Connection) -> SyncSetting {
        let now = self.time.now();
        let setting = SyncSetting {
            tenant: self.tenant.clone(),
            id: SettingId::parse("set-all").expect("an id"),
            scope: assay::sync_setting::Scope::All,
            connection: connection.id.clone(),
            project: ProjectId::parse("10003").expect("an id"),
            project_key: "SEC".to_owned(),
            issue_type: IssueTypeId::parse("10100").expect("an id"),
            issue_type_name: "Task".to_owned(),
            epic: None,
            labels: vec!["compliance".to_owned()],
            mode: Mode::Individual,
            configuration: None,
            closure_rule: ClosureRule::All,
            done_status: None,
            reopen_rule: ReopenRule::Both,
            gone_policy: GonePolicy::Recreate,
            enabled: true,
            disabled: None,
            quarantine: None,
            unfinished: None,
            created_at: now,
            updated_at: now,
            version: 0,
        };
        self.store().put_new_setting(&setting).await.expect("the setting is saved");
        setting
    }

    /// Evaluates everything that was asked for.
    pub async fn evaluate(&self) {
        let evaluator = self.evaluator();
        loop {
            let requests = self.checks.receive(10);
            if requests.is_empty() {
                return;
            }
            for request in requests {
                // Boxed, since it is a deep tree of futures.
                Box::pin(evaluator.evaluate(&request))
                    .await
                    .unwrap_or_else(|error| panic!("{request:?}: {}", error.chain()));
            }
        }
    }

    /// Carries out the sync requests whose time has come, in batches as the queue gives them; those that must come again
    /// are sent again.
    pub async fn work(&self) {
        self.work_with(&self.worker()).await;
    }

    /// The same with a worker of the test's own.
    pub async fn work_with(&self, worker: &Worker) {
        for _ in 0..50 {
            let requests = self.sync.receive(50);
            if requests.is_empty() {
                return;
            }
            let deadline = after(self.time.now(), 45);
            match Box::pin(worker.run(&requests, deadline)).await {
                Ok((verdicts, _)) => {
                    for (request, verdict) in requests.iter().zip(verdicts) {
                        if verdict == assay::operations::tickets::Verdict::Retry {
                            self.sync.send(request, Some(60)).await.expect("sent again");
                        }
                    }
                }
                // The whole batch comes again after its visibility time-out.
                Err(_) => self.sync.send_all(&requests, Some(420)).await.expect("sent again"),
            }
        }
        panic!("sync requests did not come to an end");
    }

    /// One tick of the schedule, and all that follows from it.
    pub async fn tick(&self) {
        self.evaluator().fan_out().await.expect("a tick");
        self.evaluate().await;
        self.work().await;
    }

    /// The secrets.
    pub fn secrets(&self) -> Arc<dyn SecretStore> {
        Arc::clone(&self.access.secrets)
    }
}

/// The administrator's API token.
pub fn token_proof() -> Proof {
    let (email, token) = (Secret::new("admin@example.com"), Secret::new("sim-admin-token"));
    Proof::Token { email, token, scoped: false, ends_on: None }
}

/// The wish that tests connect with.
pub fn wish() -> Wish {
    let scope = |key: &str| Scope { keys: vec![key.to_owned()], ..Scope::default() };
    Wish {
        site: SiteDomain::parse(SITE).ok(),
        cloud_id: None,
        use_cases: BTreeSet::from([UseCase::Ticketing, UseCase::IncidentManagement]),
        change_management: scope("CHG"),
        incidents: scope("INC"),
        incident_limits: IncidentLimits::default(),
    }
}

/// Addresses that lead to a simulator at `url`.
pub fn addresses(url: &str) -> Addresses {
    let site = format!("{url}/sites/{{site}}");
    let config = assay::config::Config::from_pairs(&[
        ("ASSAY_SITE_URL", site.as_str()),
        ("ASSAY_ATLASSIAN_API_URL", url),
        ("ASSAY_ATLASSIAN_AUTH_URL", url),
    ]);
    Addresses::from_config(&config).expect("loopback addresses are trusted")
}

/// The folder of Atlassian's OpenAPI documents, where the environment names one.
fn openapi_dir() -> Option<std::path::PathBuf> {
    assay::config::Config::from_environment().optional("JIRA_OPENAPI_DIR").map(Into::into)
}
