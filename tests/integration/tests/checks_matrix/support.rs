//! A world in which everything has been mended, so that a good reading would pass.

use std::sync::Arc;

use assay::check::Outcome;
use assay::connection::Connection;
use assay::ids::ConnectionId;
use assay::jira::http::Response;
use assay::operations::connecting::{Begun, Wish};
use assay::task;
use assay::ticket::Wanted;
use assay_test_support::balance::story;
use assay_test_support::misfortune::{Impatient, Tampering};
use assay_test_support::world::{World, token_proof, wish};
use jira_sim::Simulator;
use serde_json::{Value, json};

pub const COUNT: &str = "countIssues";
pub const PERMISSIONS: &str = "getBulkPermissions";
pub const SEARCH: &str = "searchAndReconsileIssuesUsingJqlPost";

/// The checks that read issues.
pub const READ: [&str; 3] = ["B2", "B3", "B4"];

/// The checks that read connections.
pub const ABOUT_TENANT: [&str; 2] = ["B1", "B5"];

/// Longer than the time between two evaluations, in seconds.
pub const NEXT: i64 = 3700;

/// Tasks that the seed makes: three change tickets and two incidents.
pub const TASKS: usize = 5;

/// A world in which all is mended, and a hand on its answers.
pub struct Matrix {
    /// The world.
    pub world: World,
    /// Changes answers.
    pub tampering: Arc<Tampering>,
}

/// A world whose five tickets are open, and in which everything has been mended since.
pub async fn mended() -> Matrix {
    mended_for(wish()).await
}

/// The same with a connection for something else.
pub async fn mended_for(wish: Wish) -> Matrix {
    let matrix = failing_for(wish).await;
    let world = &matrix.world;
    for task in world.tasks().await {
        matrix.mend(&task).await;
    }
    world.time.advance(120);
    matrix
}

/// A world whose five tickets are open, and in which nothing has been mended.
pub async fn failing_for(wish: Wish) -> Matrix {
    let mut world = World::start().await;
    let tampering = Arc::new(Tampering::of(Arc::new(Impatient(Arc::clone(&world.access.sender)))));
    world.access.sender = Arc::clone(&tampering) as Arc<dyn assay::jira::Sender>;
    world.store().put_tenant_if_new(&world.tenant, world.time.now()).await.unwrap();
    let id = ConnectionId::parse("con-1").unwrap();
    let begun = world.connector().begin(&world.tenant, id, wish, token_proof()).await.unwrap();
    let Begun::Connected(connection) = begun else { panic!("a token needs no consent") };
    world.sync_all(&connection).await;
    world.rest().await;
    world.assert_one_issue_for_each_of(TASKS, "before anything goes wrong").await;
    Matrix { world, tampering }
}

/// Lets an account browse a project, or not any more.
pub fn browse(simulator: &Simulator, project: &str, may: bool) {
    let edit = json!({ "account": "acc-admin", (if may { "grant" } else { "remove" }): ["BROWSE_PROJECTS"] });
    simulator.edit_project(project, "permissions", &edit).unwrap();
}

/// Lets the connection's token work, or not any more.
pub fn token_works(simulator: &Simulator, works: bool) {
    let expires = (!works).then_some(1);
    let body = json!({ "account": "acc-admin", "token": "sim-admin-token", "expires": expires });
    simulator.control("POST", "/tokens", &body).unwrap();
}

impl Matrix {
    /// Mends in Jira what a task is about.
    pub async fn mend(&self, task: &task::Task) {
        if task.check.as_str() == "B2" {
            let path = format!("/rest/api/3/issue/{}/assignee", task.subject.id);
            self.world.as_person("PUT", &path, Some(json!({ "accountId": "acc-1" }))).await;
        } else {
            let done = json!({ "issue": task.subject.key, "status": "10003" });
            self.world.jira.simulator.edit_project("INC", "status", &done).unwrap();
        }
    }

    /// The connection as it is stored.
    pub async fn connection(&self) -> Connection {
        self.world.store().all_connections(&self.world.tenant).await.unwrap().remove(0)
    }

    /// Changes what the connection is for.
    pub async fn change(&self, change: impl FnOnce(&mut Wish)) {
        let mut wish = wish();
        change(&mut wish);
        Box::pin(self.world.connector().change(self.connection().await, wish)).await.unwrap();
    }

    /// How many tasks of a check are open.
    pub async fn open_tasks(&self, check: &str) -> usize {
        let tasks = self.world.tasks().await;
        tasks.iter().filter(|it| it.check.as_str() == check && it.state == task::State::Open).count()
    }

    /// Does something to Jira right after it answered for the `n`th time from now on, counted from 1.
    pub fn after_call(&self, n: usize, mut effect: impl FnMut(&Simulator) + Send + 'static) {
        let simulator = self.world.jira.simulator.clone();
        let mut calls = 0;
        self.tampering.begin(move |_, answer| {
            calls += 1;
            if calls == n {
                effect(&simulator);
            }
            answer
        });
    }

    /// Evaluates while readings are bad: nothing passes, gaps are named, tasks and tickets stay as they are.
    pub async fn assert_cannot_tell(&self, checks: &[&str], what: &str) {
        let world = &self.world;
        world.time.advance(NEXT);
        world.reevaluate().await;
        for check in checks {
            let result = world.result(check).await;
            assert_eq!(result.outcome, Outcome::CannotTell, "{what}: {check}: {}", result.because);
            assert!(
                !result.evidence.coverage.gaps.is_empty(),
                "{what}: {check} names no gap: {}",
                result.because
            );
            assert!(result.because.starts_with("cannot tell: "), "{what}: {check}: {}", result.because);
        }
        self.assert_nothing_ended(checks, what).await;
    }

    /// No task of these checks is resolved, and no ticket of theirs is closed.
    pub async fn assert_nothing_ended(&self, checks: &[&str], what: &str) {
        let world = &self.world;
        world.work().await;
        let issues = world.issues_in("SEC");
        for task in world.tasks().await.iter().filter(|task| checks.contains(&task.check.as_str())) {
            assert_eq!(task.state, task::State::Open, "{what}: a bad reading resolved {}", task.id);
            let ticket =
                world.store().ticket(&world.tenant, task.ticket.as_ref().unwrap()).await.unwrap().unwrap();
            assert_eq!(
                (ticket.state.word(), ticket.wanted),
                ("open", Wanted::Open),
                "{what}: {}",
                story(&ticket)
            );
            let issue = ticket.state.issue().unwrap();
            let issue = issues.iter().find(|it| it["id"] == issue.id.as_str()).unwrap();
            assert_ne!(issue["status_category"], "done", "{what}: {}", story(&ticket));
        }
    }

    /// A good reading passes, and ends what a bad one did not: it was the reading that was bad, not the world.
    pub async fn assert_passes_again(&self, what: &str) {
        let world = &self.world;
        world.time.advance(NEXT);
        world.reevaluate().await;
        world.rest().await;
        for check in READ.into_iter().chain(ABOUT_TENANT) {
            let result = world.result(check).await;
            assert_eq!(result.outcome, Outcome::Pass, "{what}: {check}: {}", result.because);
        }
        assert!(world.tasks().await.iter().all(|task| task.state == task::State::Resolved), "{what}");
        let done = world.issues_in("SEC").iter().filter(|issue| issue["status_category"] == "done").count();
        assert_eq!(done, TASKS, "{what}");
        assert_eq!(world.imbalance().await, Vec::<String>::new(), "{what}");
    }

    /// Changes the answers whose path ends so.
    pub fn tamper(&self, path: &'static str, mut change: impl FnMut(&mut Value) + Send + 'static) {
        self.tampering.begin(move |url, mut answer: Response| {
            if url.ends_with(path)
                && let Ok(mut body) = serde_json::from_slice(&answer.body)
            {
                change(&mut body);
                answer.body = body.to_string().into_bytes();
            }
            answer
        });
    }
}
