//! The simulator as tests hold it: start it, look into it, make it misbehave.

use std::{
    io,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{
    activity::Activity,
    clock::{Clock, ClockBase},
    control,
    faults::Fault,
    journal::JournalEntry,
    openapi::{Checker, Violation},
    server,
    settings::Settings,
    state::{World, seed::Seed},
    webhooks::{self, Delivery},
};

/// With what a simulator begins.
#[derive(Debug, Clone)]
pub struct Options {
    /// Sizes of the start.
    pub seed: Seed,
    /// Whether virtual time runs by itself.
    pub clock: ClockBase,
    /// The folder with Atlassian's `OpenAPI` documents; `None` = calls are not checked.
    pub openapi_dir: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self { seed: Seed::default(), clock: ClockBase::Real, openapi_dir: None }
    }
}

/// A stateful fake Jira Cloud. Clones are the same simulator.
#[derive(Debug, Clone)]
pub struct Simulator {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    clock: Clock,
    world: Mutex<World>,
    checker: Checker,
}

/// A simulator that answers on an address; it stops when this is dropped.
#[derive(Debug)]
pub struct Running {
    /// Where it answers, always on the loopback interface.
    pub address: SocketAddr,
    /// The simulator behind it.
    pub simulator: Simulator,
    task: JoinHandle<io::Result<()>>,
}

impl Running {
    /// `http://127.0.0.1:<port>`: what stands for `https://api.atlassian.com` and `https://auth.atlassian.com`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What stands for `https://{domain}`.
    pub fn site_url(&self, domain: &str) -> String {
        format!("{}/sites/{domain}", self.url())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Default for Simulator {
    /// The demo site in real time, unchecked.
    fn default() -> Self {
        Self::new(Options::default())
    }
}

impl Simulator {
    /// A simulator that is not served yet.
    pub fn new(options: Options) -> Self {
        let Options { seed, clock, openapi_dir } = options;
        let clock = Clock::new(clock);
        let world = Mutex::new(World::seeded(&seed, clock.now()));
        let checker = Checker::load(openapi_dir.as_deref());
        Self { shared: Arc::new(Shared { clock, world, checker }) }
    }

    /// Serves on a free loopback port until the answer is dropped.
    pub async fn start(self) -> io::Result<Running> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let simulator = self.clone();
        let task = tokio::spawn(server::serve(listener, self));
        Ok(Running { address, simulator, task })
    }

    /// Virtual time.
    pub fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    /// Moves virtual time forward.
    pub fn advance(&self, by: SignedDuration) {
        self.shared.clock.advance(by);
        server::catch_up(self);
    }

    /// Begins anew: data, grants, settings, faults, journal and violations. Virtual time goes on.
    pub fn reset(&self, seed: &Seed) {
        let now = self.now();
        self.with_world(|world| {
            let webhooks = world.webhooks.begun_anew();
            *world = World { webhooks, ..World::seeded(seed, now) };
        });
        self.shared.checker.forget();
    }

    /// Changes settings.
    pub fn set(&self, change: impl FnOnce(&mut Settings)) {
        self.with_world(|world| change(&mut world.settings));
    }

    /// The settings now.
    pub fn settings(&self) -> Settings {
        self.with_world(|world| world.settings.clone())
    }

    /// Adds a rule for calls that go wrong.
    pub fn add_fault(&self, fault: Fault) {
        self.with_world(|world| world.faults.rules.push(fault));
    }

    /// Forgets all rules for calls that go wrong.
    pub fn clear_faults(&self) {
        self.with_world(|world| world.faults.rules.clear());
    }

    /// Every call since the last reset.
    pub fn journal(&self) -> Vec<JournalEntry> {
        self.with_world(|world| world.journal.calls.clone())
    }

    /// Every issue that exists or existed, as `GET /__sim/issues` shows them.
    pub fn issues(&self) -> Vec<Value> {
        server::catch_up(self);
        self.with_world(|world| control::issues(world))
    }

    /// What accounts did in the issues of a site since the days before the seed, computed as it is read; empty for a
    /// site that does not exist. Nothing of it comes from the REST API.
    pub fn activity(&self, domain: &str) -> Activity {
        server::catch_up(self);
        self.with_world(|world| {
            let site = world.site_by_domain(domain).map(|site| world.sites[site].issues.activity());
            site.unwrap_or_else(|| Activity::new(Vec::new(), Vec::new()))
        })
    }

    /// Takes the webhooks that are due now, with loss, duplicates and order as the settings say, for a test that hands
    /// them to the receiver itself. Meant for `Settings::webhook_delivery` = manual; otherwise the server is faster.
    pub fn due_deliveries(&self) -> Vec<Delivery> {
        webhooks::take(self)
    }

    /// How the receiver answered a webhook that was taken; by the status it is done with, lost, or comes again in ten
    /// minutes. `None` = no answer. A webhook that is never settled counts as in flight.
    pub fn settle_delivery(&self, delivery: Delivery, status: Option<u16>) {
        webhooks::settle(self, delivery, status);
    }

    /// A call of the control API without HTTP: `path` is what follows `/__sim`, as in `/tokens`.
    pub fn control(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        control::perform(self, method, path, query, body)
    }

    /// An edit that a REST caller could not make, as `POST /__sim/projects/{key}/{edit}` takes it.
    pub fn edit_project(&self, key: &str, edit: &str, body: &Value) -> Result<(), String> {
        let now = self.now();
        self.with_world(|world| control::edit_project(world, key, edit, body, now))
    }

    /// Calls and answers that are not as Atlassian's `OpenAPI` document says.
    pub fn violations(&self) -> Vec<Violation> {
        self.shared.checker.violations()
    }

    pub(crate) fn checker(&self) -> &Checker {
        &self.shared.checker
    }

    pub(crate) fn with_world<Given>(&self, work: impl FnOnce(&mut World) -> Given) -> Given {
        // A panic while holding the lock is a bug of the simulator; the state is still the best there is.
        work(&mut self.shared.world.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
