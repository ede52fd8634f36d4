//! A random life: people, schedules, queues and faults in any order. Then the faults end and all comes to rest, and every
//! open task has exactly one issue that is not done, every resolved one has none, and no ticket is stuck.
//!
//! That this can fail is shown by changes that break what the promise stands on: each of them must be found out.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use assay::clock::after;
use assay::jira::Sender;
use assay::jira::http::{Request, Response, SendError};
use assay::operations::tickets::{Verdict, Worker};
use assay::operations::upkeep::Upkeep;
use assay::sqs::Queue;
use assay::task;
use assay_test_support::misfortune::{Blind, Misfortune, Mortal};
use assay_test_support::world::{SITE, World};
use jira_sim::{FaultKind, Options, Seed};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use serde_json::json;

/// Steps in a life.
const STEPS: usize = 40;

/// Lives in one run; four runs live beside each other.
const LIVES: u32 = 12;

/// Calls that may go wrong.
const OPERATIONS: [&str; 8] = [
    "createIssues",
    "searchAndReconsileIssuesUsingJqlPost",
    "bulkFetchIssues",
    "getIssue",
    "getTransitions",
    "doTransition",
    "countIssues",
    "getBulkPermissions",
];

/// One thing that happens.
#[derive(Clone, Debug)]
enum Step {
    /// A person assigns a change ticket.
    Assign(usize),
    /// A person takes a change ticket's assignee away.
    Unassign(usize),
    /// A person creates a change ticket that nobody answers for.
    Create,
    /// Everything is evaluated.
    Evaluate,
    /// Time passes.
    Pass(i64),
    /// The next calls of an operation go wrong.
    GoWrong { operation: usize, misfortune: usize, times: u64 },
    /// Messages are delivered.
    Deliver,
    /// Messages are delivered to two workers at once.
    DeliverTwice,
    /// Messages are delivered to a worker that dies after so many of Jira's answers.
    Die(u32),
    /// All messages are lost.
    Lose,
    /// The search lags by so many seconds and, if it flickers, loses something in every so many searches.
    Lag { seconds: u32, flicker: u32 },
    /// Upkeep runs.
    Upkeep,
}

fn step() -> impl Strategy<Value = Step> {
    let wrong = (0..OPERATIONS.len(), 0..misfortunes().len(), 1..5_u64);
    prop_oneof![
        3 => (0..6_usize).prop_map(Step::Assign),
        3 => (0..6_usize).prop_map(Step::Unassign),
        2 => Just(Step::Create),
        4 => Just(Step::Evaluate),
        4 => (1..15_i64).prop_map(Step::Pass),
        3 => (15..900_i64).prop_map(Step::Pass),
        3 => wrong.prop_map(|(operation, misfortune, times)| Step::GoWrong { operation, misfortune, times }),
        // Creating is where it hurts.
        3 => (0..misfortunes().len(), 1..3_u64)
            .prop_map(|(misfortune, times)| Step::GoWrong { operation: 0, misfortune, times }),
        6 => Just(Step::Deliver),
        2 => Just(Step::DeliverTwice),
        2 => (1..6_u32).prop_map(Step::Die),
        1 => Just(Step::Lose),
        2 => (0..90_u32, 0..4_u32).prop_map(|(seconds, flicker)| Step::Lag { seconds, flicker }),
        1 => Just(Step::Upkeep),
    ]
}

/// What goes wrong. A 404 and a 401 are no faults but news, which is believed.
fn misfortunes() -> Vec<Misfortune> {
    let mut all = vec![
        Misfortune::of("answer lost", FaultKind::AnswerLost),
        Misfortune::of("truncated body", FaultKind::Truncated),
        Misfortune::of("cut before the effect", FaultKind::CutBefore),
        Misfortune::status(500, None),
        Misfortune::status(503, Some(7)),
        Misfortune::html(200),
        Misfortune::status(400, None),
        Misfortune::status(403, None),
    ];
    all.extend(
        [None, Some("jira-burst-based"), Some("jira-quota-global-based")]
            .map(|reason| Misfortune::limited(reason, Some(9))),
    );
    all
}

/// What is changed to show that the promise can be broken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Broken {
    /// Nothing.
    Nothing,
    /// A lost issue is not looked for before it is created again.
    NotLookedFor,
    /// A call whose answer was lost is made again at once, as many clients do.
    MadeAgain,
    /// Nobody asks again for what was lost.
    NoOutbox,
}

struct Life {
    world: World,
    broken: Broken,
    /// The person's browser.
    browser: reqwest::Client,
}

impl Life {
    async fn begin(broken: Broken) -> Self {
        let seed = Seed {
            change_tickets: 4,
            change_unassigned: 1,
            incidents: 0,
            incidents_overdue: 0,
            ..Seed::default()
        };
        let mut world = World::with(Options { seed, ..Options::default() }).await;
        if broken == Broken::MadeAgain {
            world.access.sender = Arc::new(Stubborn(Arc::clone(&world.access.sender)));
        }
        let connection = world.connect().await;
        world.sync_all(&connection).await;
        world.evaluate().await;
        world.jira.simulator.set(|settings| settings.index_lag_seconds = 60.0);
        Self { world, broken, browser: reqwest::Client::builder().build().unwrap() }
    }

    fn worker(&self) -> Worker {
        let mut worker = self.world.worker();
        if self.broken == Broken::NotLookedFor {
            worker.lookup_bound = 0;
            worker.jira.sender = Arc::new(Blind(Arc::clone(&worker.jira.sender)));
        }
        worker
    }

    fn upkeep(&self) -> Option<Upkeep> {
        (self.broken != Broken::NoOutbox).then(|| self.world.upkeep())
    }

    async fn live(&self, step: &Step) {
        let world = &self.world;
        match step {
            Step::Assign(number) => self.assign(*number, json!("acc-1")).await,
            Step::Unassign(number) => self.assign(*number, json!(null)).await,
            Step::Create => {
                let fields = json!({
                    "project": { "key": "CHG" },
                    "issuetype": { "id": "10103" },
                    "summary": "A change that nobody answers for",
                });
                self.browse(reqwest::Method::POST, "/rest/api/3/issue", json!({ "fields": fields })).await;
            }
            Step::Evaluate => {
                world.time.advance(1);
                world.reevaluate().await;
            }
            Step::Pass(seconds) => world.time.advance(*seconds),
            Step::GoWrong { operation, misfortune, times } => {
                let fault = misfortunes()[*misfortune].fault(OPERATIONS[*operation], *times);
                world.jira.simulator.add_fault(fault);
            }
            Step::Deliver => self.deliver(&[self.worker()]).await,
            Step::DeliverTwice => self.deliver(&[self.worker(), self.worker()]).await,
            Step::Die(answers) => self.die(*answers).await,
            Step::Lose => world.sync.lose_everything(),
            Step::Lag { seconds, flicker } => world.jira.simulator.set(|settings| {
                settings.index_lag_seconds = f64::from(*seconds);
                settings.flicker = *flicker;
            }),
            Step::Upkeep => {
                if let Some(upkeep) = self.upkeep() {
                    upkeep.run(after(world.time.now(), 270)).await.unwrap();
                }
            }
        }
    }

    async fn assign(&self, number: usize, account: serde_json::Value) {
        let issues = self.world.issues_in("CHG");
        let id = issues[number % issues.len()]["id"].as_str().unwrap();
        let path = format!("/rest/api/3/issue/{id}/assignee");
        self.browse(reqwest::Method::PUT, &path, json!({ "accountId": account })).await;
    }

    async fn browse(&self, method: reqwest::Method, path: &str, body: serde_json::Value) {
        let url = format!("{}{path}", self.world.jira.site_url(SITE));
        let request =
            self.browser.request(method, url).basic_auth("admin@example.com", Some("sim-admin-token"));
        let answer = request.json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
    }

    /// Delivers what waits to all workers at once.
    async fn deliver(&self, workers: &[Worker]) {
        let world = &self.world;
        let requests = world.sync.receive(50);
        let deadline = after(world.time.now(), 45);
        let work = workers.iter().map(|worker| worker.run(&requests, deadline));
        for answer in join_all(work).await {
            let verdicts =
                answer.map_or_else(|_| vec![Verdict::Retry; requests.len()], |(verdicts, _)| verdicts);
            for (request, verdict) in requests.iter().zip(verdicts) {
                if verdict == Verdict::Retry {
                    world.sync.send(request, Some(60)).await.unwrap();
                }
            }
        }
    }

    /// The worker stops in the middle of its work, and the messages come again after their visibility time-out.
    async fn die(&self, answers: u32) {
        let world = &self.world;
        let mut worker = self.worker();
        let (mortal, death) = Mortal::after(answers, Arc::clone(&worker.jira.sender));
        worker.jira.sender = mortal;
        let requests = world.sync.receive(50);
        let deadline = after(world.time.now(), 45);
        tokio::select! {
            _ = worker.run(&requests, deadline) => {}
            () = death.notified() => {}
        }
        world.sync.send_all(&requests, Some(420)).await.unwrap();
    }

    /// Everything works again: lets all come to rest, and says what does not add up.
    async fn end(&self) -> Result<(), String> {
        let world = &self.world;
        world.jira.simulator.clear_faults();
        world.jira.simulator.set(|settings| {
            settings.index_lag_seconds = 2.0;
            settings.flicker = 0;
        });
        // Longer than the longest lag and than any pause that Jira asked for.
        for _ in 0..2 {
            world.time.advance(600);
            world.reevaluate().await;
            world.come_to_rest(&self.worker(), self.upkeep().as_ref()).await?;
        }
        let mut wrong = world.imbalance().await;
        let unassigned = world.issues_in("CHG").into_iter().filter(|issue| issue["assignee"].is_null());
        let mut failing: Vec<String> =
            unassigned.map(|issue| issue["id"].as_str().unwrap().to_owned()).collect();
        let tasks = world.tasks().await;
        for task in tasks.iter().filter(|task| task.check.as_str() == "B2") {
            let ticket = task.ticket.as_ref().unwrap();
            let ticket = world.store().ticket(&world.tenant, ticket).await.unwrap().unwrap();
            let expected = if task.state == task::State::Open { "open" } else { "closed" };
            if ticket.state.word() != expected {
                wrong.push(format!(
                    "task {} is {:?}, its ticket is {}",
                    task.id,
                    task.state,
                    ticket.state.word()
                ));
            }
            let fails = failing.iter().position(|id| *id == task.subject.id);
            if fails.is_some() != (task.state == task::State::Open) {
                wrong.push(format!("task {} is {:?}, and Jira says otherwise", task.id, task.state));
            }
            fails.map(|number| failing.swap_remove(number));
        }
        wrong.extend(failing.iter().map(|id| format!("change ticket {id} has no assignee and no task")));
        if wrong.is_empty() { Ok(()) } else { Err(format!("{wrong:#?}\n{}", world.traces().await)) }
    }
}

/// All of them at once.
async fn join_all<Answer>(work: impl Iterator<Item = impl Future<Output = Answer>>) -> Vec<Answer> {
    let mut work: Vec<_> = work.map(Box::pin).collect();
    if let [one, other] = work.as_mut_slice() {
        let (one, other) = tokio::join!(one, other);
        return vec![one, other];
    }
    let mut answers = Vec::new();
    for one in work {
        answers.push(one.await);
    }
    answers
}

/// Makes a call again at once when its answer was lost.
struct Stubborn(Arc<dyn Sender>);

#[async_trait::async_trait]
impl Sender for Stubborn {
    async fn send(&self, request: Request) -> Result<Response, SendError> {
        match self.0.send(request.clone()).await {
            Err(SendError::InDoubt { .. }) => self.0.send(request).await,
            answer => answer,
        }
    }
}

/// Lives so many lives, the same ones at every run of the same number.
fn live(run: u8, lives: u32, broken: Broken) -> Result<(), TestError<Vec<Step>>> {
    let shrink = if broken == Broken::Nothing { 200 } else { 0 };
    let config =
        Config { cases: lives, max_shrink_iters: shrink, failure_persistence: None, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[run; 32]);
    TestRunner::new_with_rng(config, rng).run(&proptest::collection::vec(step(), STEPS), |steps| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let life = Life::begin(broken).await;
            for step in &steps {
                life.live(step).await;
            }
            life.end().await.map_err(TestCaseError::fail)
        })
    })
}

fn all_is_well(run: u8) {
    live(run, LIVES, Broken::Nothing).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn whatever_happens_in_a_first_run_of_lives_all_comes_to_rest_with_one_issue_for_each_open_task() {
    all_is_well(1);
}

#[test]
fn whatever_happens_in_a_second_run_of_lives_all_comes_to_rest_with_one_issue_for_each_open_task() {
    all_is_well(2);
}

#[test]
fn whatever_happens_in_a_third_run_of_lives_all_comes_to_rest_with_one_issue_for_each_open_task() {
    all_is_well(3);
}

#[test]
fn whatever_happens_in_a_fourth_run_of_lives_all_comes_to_rest_with_one_issue_for_each_open_task() {
    all_is_well(4);
}

fn is_found_out(broken: Broken, by: &str) {
    match live(1, LIVES * 4, broken) {
        Err(TestError::Fail(reason, _)) => assert!(reason.message().contains(by), "{broken:?}: {reason}"),
        other => panic!("{broken:?} was not found out: {other:?}"),
    }
}

#[test]
fn that_a_lost_issue_is_not_looked_for_is_found_out() {
    is_found_out(Broken::NotLookedFor, "issues that are not done");
}

#[test]
fn that_a_create_is_made_again_blindly_is_found_out() {
    is_found_out(Broken::MadeAgain, "issues that are not done");
}

#[test]
fn that_nobody_asks_again_for_what_was_lost_is_found_out() {
    is_found_out(Broken::NoOutbox, "no rest after");
}
