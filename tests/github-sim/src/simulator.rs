//! The simulator as tests hold it: start it, make things happen in it, take its webhooks, make it misbehave.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use jira_sim::{Clock, ClockBase};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{
    control,
    faults::Fault,
    server::{self, JournalEntry},
    settings::Settings,
    shapes,
    state::{NewPull, OWNER, PERSON, Pull, Repository, Token, World},
    webhooks::{self, Delivery, Hook},
};

/// With what a simulator begins.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whether virtual time runs by itself.
    pub clock: ClockBase,
    /// Settings of the start.
    pub settings: Settings,
}

impl Default for Options {
    fn default() -> Self {
        Self { clock: ClockBase::Real, settings: Settings::default() }
    }
}

/// A stateful fake GitHub. Clones are the same simulator.
#[derive(Debug, Clone)]
pub struct Simulator {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    clock: Clock,
    world: Mutex<World>,
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
    /// `http://127.0.0.1:<port>`: what stands for `https://api.github.com`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What can happen to a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Deed {
    /// An empty description is none.
    Edit {
        title: Option<String>,
        body: Option<String>,
    },
    Push,
    Close,
    Merge,
    Reopen,
}

impl Simulator {
    /// A simulator that is not served yet: no repository, the App installed on the account `acme`.
    pub fn new(options: Options) -> Self {
        let Options { clock, settings } = options;
        let world = Mutex::new(World::new(settings));
        Self { shared: Arc::new(Shared { clock: Clock::new(clock), world }) }
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
    }

    /// Changes settings.
    pub fn set(&self, change: impl FnOnce(&mut Settings)) {
        self.with_world(|world| change(&mut world.settings));
    }

    /// The settings now.
    pub fn settings(&self) -> Settings {
        self.with_world(|world| world.settings.clone())
    }

    /// Adds a repository by its full name. The App is installed on it if it belongs to `acme`.
    pub fn create_repository(&self, full_name: &str, private: bool) {
        let now = self.now();
        self.with_world(|world| {
            let id = world.take_id();
            world.repositories.retain(|known| !known.full_name.eq_ignore_ascii_case(full_name));
            world.repositories.push(Repository {
                id,
                full_name: full_name.to_owned(),
                private,
                archived: false,
                installed: full_name.starts_with(&format!("{OWNER}/")),
                created: now,
                pulls: std::collections::BTreeMap::new(),
                last_number: 0,
            });
        });
    }

    /// Changes a repository: whether it is archived, and whether the App is installed on it.
    pub fn set_repository(&self, full_name: &str, archived: bool, installed: bool) {
        self.with_world(|world| {
            if let Some(repo) = world.repository_mut(full_name) {
                (repo.archived, repo.installed) = (archived, installed);
            }
        });
    }

    /// Suspends the App's installation, or ends that. Its tokens end with it.
    pub fn suspend(&self, suspended: bool) {
        let now = self.now();
        self.with_world(|world| {
            if let Some(installation) = &mut world.installation {
                installation.suspended = suspended.then_some(now);
                installation.tokens.clear();
            }
        });
    }

    /// Takes the App off the account for good.
    pub fn uninstall(&self) {
        self.with_world(|world| world.installation = None);
    }

    /// What the installation may do, from now on and in tokens that are made from now on: `("pull_requests", "read")`.
    pub fn grant(&self, permissions: &[(&str, &str)]) {
        self.with_world(|world| {
            if let Some(installation) = &mut world.installation {
                installation.permissions = crate::state::permissions(permissions);
            }
        });
    }

    /// Adds a personal access token, or replaces the one with the same text.
    pub fn add_token(&self, token: Token) {
        self.with_world(|world| {
            world.tokens.retain(|known| known.token != token.token);
            world.tokens.push(token);
        });
    }

    /// Takes a personal access token back.
    pub fn revoke_token(&self, token: &str) {
        self.with_world(|world| world.tokens.retain(|known| known.token != token));
    }

    /// Where the App's webhooks go, signed with which secret; the one before is forgotten. GitHub sends a `ping`.
    pub fn set_hook(&self, url: &str, secret: &str) {
        self.add_hook(None, url, secret);
    }

    /// A webhook of one repository by itself, beside the App's.
    pub fn set_repository_hook(&self, full_name: &str, url: &str, secret: &str) {
        self.add_hook(Some(full_name), url, secret);
    }

    fn add_hook(&self, repository: Option<&str>, url: &str, secret: &str) {
        self.with_world(|world| {
            let known = world.hooks.iter().find(|hook| hook.repository.as_deref() == repository);
            let id = known.map(|hook| hook.id);
            let id = id.unwrap_or_else(|| world.take_id());
            let hook = Hook {
                id,
                url: url.to_owned(),
                secret: secret.to_owned(),
                repository: repository.map(str::to_owned),
            };
            world.hooks.retain(|hook| hook.id != id);
            world.hooks.push(hook.clone());
            webhooks::ping(world, &hook);
        });
    }

    /// Opens a pull request; gives its number.
    pub fn open_pull(&self, full_name: &str, new: &NewPull) -> Result<u64, String> {
        let now = self.now();
        self.with_world(|world| open(world, full_name, new, now))
    }

    /// A person changes the title, the description, or both.
    pub fn edit_pull(
        &self,
        full_name: &str,
        number: u64,
        title: Option<&str>,
        body: Option<&str>,
    ) -> Result<(), String> {
        let (title, body) = (title.map(str::to_owned), body.map(str::to_owned));
        self.act(full_name, number, &Deed::Edit { title, body }, PERSON)
    }

    /// A person pushes to the branch: `synchronize`.
    pub fn push(&self, full_name: &str, number: u64) -> Result<(), String> {
        self.act(full_name, number, &Deed::Push, PERSON)
    }

    /// A person closes it without merging.
    pub fn close(&self, full_name: &str, number: u64) -> Result<(), String> {
        self.act(full_name, number, &Deed::Close, PERSON)
    }

    /// A person merges it.
    pub fn merge(&self, full_name: &str, number: u64) -> Result<(), String> {
        self.act(full_name, number, &Deed::Merge, PERSON)
    }

    /// A person opens it again, if it is not merged.
    pub fn reopen(&self, full_name: &str, number: u64) -> Result<(), String> {
        self.act(full_name, number, &Deed::Reopen, PERSON)
    }

    /// A person presses *Revert* on a merged one: a new one, whose number is given back.
    pub fn revert(&self, full_name: &str, number: u64) -> Result<u64, String> {
        let now = self.now();
        self.with_world(|world| {
            let repo = world.repository(full_name).ok_or_else(|| format!("no repository {full_name}"))?;
            let pull = repo.pulls.get(&number).ok_or_else(|| format!("no pull request {number}"))?;
            if pull.merged.is_none() {
                return Err(format!("pull request {number} is not merged"));
            }
            let new = NewPull {
                title: format!("Revert \"{}\"", pull.title),
                body: Some(format!("Reverts {}#{number}", repo.full_name)),
                head: format!("revert-{number}-{}", pull.head),
                base: pull.base.clone(),
                by: PERSON.to_owned(),
                draft: false,
            };
            open(world, full_name, &new, now)
        })
    }

    fn act(&self, full_name: &str, number: u64, deed: &Deed, by: &str) -> Result<(), String> {
        let now = self.now();
        self.with_world(|world| act(world, full_name, number, deed, by, now))
    }

    /// A pull request as the REST API shows it; null if there is none.
    pub fn pull(&self, full_name: &str, number: u64) -> Value {
        self.with_world(|world| {
            let repo = world.repository(full_name);
            let found = repo.and_then(|repo| Some(shapes::pull(repo, repo.pulls.get(&number)?)));
            found.unwrap_or_default()
        })
    }

    /// Takes the webhooks that came up, for a test that hands them over itself.
    pub fn take_deliveries(&self) -> Vec<Delivery> {
        self.with_world(|world| std::mem::take(&mut world.waiting))
    }

    /// Every webhook that ever came up, to be sent again as GitHub's button *Redeliver* does.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.with_world(|world| world.deliveries.clone())
    }

    /// Sends a webhook to its address, which must be on this machine; the status, `None` = no answer within ten seconds.
    pub async fn send(&self, delivery: &Delivery) -> Option<u16> {
        webhooks::send(delivery).await
    }

    /// Adds a rule for calls that go wrong.
    pub fn add_fault(&self, fault: Fault) {
        self.with_world(|world| world.faults.push(fault));
    }

    /// Forgets all rules for calls that go wrong.
    pub fn clear_faults(&self) {
        self.with_world(|world| world.faults.clear());
    }

    /// Every call since the start.
    pub fn journal(&self) -> Vec<JournalEntry> {
        self.with_world(|world| world.journal.clone())
    }

    /// A call of the control API without HTTP: `path` is what follows `/__sim`.
    pub fn control(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        control::perform(self, method, path, body)
    }

    pub(crate) fn with_world<Given>(&self, work: impl FnOnce(&mut World) -> Given) -> Given {
        // A panic while holding the lock is a bug of the simulator; the state is still the best there is.
        work(&mut self.shared.world.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Opens a pull request and tells the webhooks.
pub(crate) fn open(world: &mut World, full_name: &str, new: &NewPull, now: Timestamp) -> Result<u64, String> {
    let id = world.take_id();
    let repo = world.repository_mut(full_name).ok_or_else(|| format!("no repository {full_name}"))?;
    repo.last_number += 1;
    let number = repo.last_number;
    let pull = Pull {
        id,
        number,
        title: new.title.clone(),
        body: new.body.clone(),
        head: new.head.clone(),
        base: new.base.clone(),
        by: new.by.clone(),
        draft: new.draft,
        open: true,
        merged: None,
        closed: None,
        created: now,
        updated: now,
        pushes: 0,
    };
    repo.pulls.insert(number, pull);
    webhooks::publish(world, full_name, number, "opened", &new.by, &Value::Null);
    Ok(number)
}

/// Lets something happen to a pull request and tells the webhooks, if it changed anything.
pub(crate) fn act(
    world: &mut World,
    full_name: &str,
    number: u64,
    deed: &Deed,
    by: &str,
    now: Timestamp,
) -> Result<(), String> {
    let repo = world.repository_mut(full_name).ok_or_else(|| format!("no repository {full_name}"))?;
    let full_name = repo.full_name.clone();
    let pull = repo.pulls.get_mut(&number).ok_or_else(|| format!("no pull request {number}"))?;
    let commit = |pushes: u64| shapes::sha(&format!("{full_name}#{number}:{pushes}"));
    let (action, extra) = match deed {
        Deed::Edit { title, body } => {
            let mut changes = json!({});
            if let Some(title) = title.as_ref().filter(|title| **title != pull.title) {
                changes["title"] = json!({ "from": pull.title });
                pull.title.clone_from(title);
            }
            let body = body.as_ref().map(|body| Some(body.clone()).filter(|body| !body.is_empty()));
            if let Some(body) = body.filter(|body| *body != pull.body) {
                changes["body"] = json!({ "from": pull.body.clone().unwrap_or_default() });
                pull.body = body;
            }
            if changes == json!({}) {
                return Ok(());
            }
            ("edited", json!({ "changes": changes }))
        }
        Deed::Push if pull.open => {
            pull.pushes += 1;
            let (before, after) = (commit(pull.pushes - 1), commit(pull.pushes));
            ("synchronize", json!({ "before": before, "after": after }))
        }
        Deed::Close if pull.open => {
            (pull.open, pull.closed) = (false, Some(now));
            ("closed", Value::Null)
        }
        Deed::Merge if pull.open => {
            (pull.open, pull.closed, pull.merged) = (false, Some(now), Some((now, by.to_owned())));
            ("closed", Value::Null)
        }
        Deed::Reopen if !pull.open && pull.merged.is_none() => {
            (pull.open, pull.closed) = (true, None);
            ("reopened", Value::Null)
        }
        _ => return Err(format!("pull request {number} is not in the state for that")),
    };
    pull.updated = now;
    webhooks::publish(world, &full_name, number, action, by, &extra);
    Ok(())
}
