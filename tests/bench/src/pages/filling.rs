//! A tenant with so many rows of each kind that a page lists, brought about by what brings them about in life where that
//! is fast enough: a check run, its tickets, an ingestion, a list of people, a campaign, reports of findings, the API.

use std::sync::Arc;

use assay::access::Role;
use assay::campaign::{Campaign, State};
use assay::check::{CheckId, CheckRun};
use assay::clock::after;
use assay::connection::{Scope, UseCase};
use assay::ids::{CampaignId, ConnectionId, RunId};
use assay::notification::{Kind, Notification, Subject};
use assay::operations::connecting::Wish;
use assay::operations::people::Intake;
use assay::operations::reviewing::Reviewer;
use assay::sqs::{Queue, UsageRequest};
use assay_api::command::{Command, IssueToken, carry_out};
use assay_test_support::http::Ask;
use assay_test_support::ingestion::run_in_slices;
use assay_test_support::world::{World, wish};
use axum::Router;
use jira_sim::Seed;
use serde_json::{Value, json};

use super::house;
use crate::{findings, work};

/// The group that everybody is in.
pub const EVERYBODY: &str = "jira-users";

/// A world with so many rows, and a token of an administrator of its tenant.
pub async fn filled(rows: usize) -> (World, String) {
    let count = rows as u64;
    let seed = Seed {
        change_tickets: count,
        change_unassigned: count,
        tasks: count,
        accounts: rows,
        teams: rows,
        activity: true,
        ..Seed::empty()
    };
    let use_cases = [UseCase::Ticketing, UseCase::AccessReview, UseCase::Usage].into();
    let world = work::world(seed, Wish { use_cases, incidents: Scope::default(), ..wish() }).await;
    let token = tokens(&world, rows).await;
    let api = assay_api::router(house::api(&world));
    let caller = Caller { api, token };
    findings::send(&world, rows).await;
    requests(&world, &caller).await;
    world.evaluate().await;
    tickets(&world).await;
    runs(&world, rows).await;
    people(&world, rows).await;
    run_in_slices(&world, None).await;
    campaigns(&world, &caller, rows).await;
    notifications(&world, rows).await;
    world.time.advance(1);
    (world, caller.token)
}

/// Who uses the API.
struct Caller {
    api: Router,
    token: String,
}

impl Caller {
    async fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let ask = Ask::new(method, path).token(Some(&self.token));
        let answer = if let Some(body) = body { ask.json(body) } else { ask }.to(&self.api).await;
        assert!(answer.status.is_success(), "{method} {path}: {}", answer.text());
        answer.json()
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        self.ask("POST", path, Some(body)).await
    }
}

/// Tokens, the last of which is an administrator's and given.
async fn tokens(world: &World, rows: usize) -> String {
    let mut last = String::new();
    for number in 1..=rows {
        let role = if number < rows { Role::Auditor } else { Role::Admin };
        let issue_token =
            IssueToken { tenant: world.tenant.clone(), role, name: Some(format!("pipeline {number}")) };
        let issued = carry_out(&world.access.core, Command { issue_token }).await.expect("a token");
        last = issued.token;
    }
    last
}

/// Actions that wait for somebody, a pull request for each finding, and with them the entries of the audit log, in each second
/// one of either.
async fn requests(world: &World, caller: &Caller) {
    let tasks = world.tasks().await;
    for (number, finding) in tasks.iter().filter(|task| task.finding.is_some()).enumerate() {
        world.time.advance(1);
        let action = json!({
            "what": "create_issue", "connection": "con-1", "project": "SEC", "issue_type": "10100",
            "summary": format!("Rotate key {number}"), "why": "it is old", "hold": true,
        });
        caller.post("/v1/actions", &action).await;
        let pull = json!({
            "url": format!("https://gitlab.example.com/shop/api/-/merge_requests/{number}"),
            "title": format!("Update library-{number}"), "state": "open", "findings": [finding.id],
        });
        caller.post("/v1/remediations", &pull).await;
    }
    // What the actions would do is worked out elsewhere, and the findings' tickets stay planned.
    world.usage.lose_everything();
    world.sync.lose_everything();
}

/// The issues of all tasks that there are.
async fn tickets(world: &World) {
    let worker = world.worker();
    while !world.sync.is_empty() {
        let requests = world.sync.receive(50);
        if requests.is_empty() {
            return;
        }
        let deadline = after(world.time.now(), 45);
        let (verdicts, _) = Box::pin(worker.run(&requests, deadline)).await.expect("the batch is worked on");
        assert_eq!(verdicts.len(), requests.len(), "each request has its verdict");
    }
}

/// Earlier runs of the check that failed, one an hour.
async fn runs(world: &World, rows: usize) {
    let store = world.store();
    let run = store.list_runs(&world.tenant, CheckId::B2, None, 1).await.expect("the table");
    let run = run.items.into_iter().next().expect("the check was run");
    for number in 1..=rows {
        let earlier = |moment| after(moment, -3600 * i64::try_from(number).expect("a number"));
        let started_at = earlier(run.started_at);
        let id = format!("{:013}-earlier", started_at.as_millisecond());
        let id = RunId::parse(&id).expect("an id");
        let finished_at = earlier(run.finished_at);
        let run = CheckRun { id, started_at, finished_at, ..run.clone() };
        store.put_run(&run, &[]).await.expect("the run is put");
    }
}

/// People who own the site's accounts.
async fn people(world: &World, rows: usize) {
    let row = |number: usize| format!("bulk-{number}@example.com,Bulk account {number}\n");
    let list: String = ["email,name\n".to_owned()].into_iter().chain((1..=rows).map(row)).collect();
    let (core, tenant) = (&world.access.core, &world.tenant);
    let intake = Intake { core, tenant, deadline: None, dry_run: false, from_line: 1 };
    let taken = intake.take(Box::new(std::io::Cursor::new(list))).await.expect("the list is taken");
    assert_eq!(taken.created, rows as u64, "not everybody is new");
}

/// An open campaign with an item for each account, and earlier ones that are over.
async fn campaigns(world: &World, caller: &Caller, rows: usize) {
    let groups = caller.ask("GET", "/v1/groups?connection=con-1&account=bulk-1", None).await;
    let groups = groups["items"].as_array().expect("a list");
    let everybody = groups.iter().find(|group| group["name"] == EVERYBODY).expect("everybody's group");
    let body = json!({
        "name": "Third quarter", "connection": "con-1", "due_on": "2026-09-30",
        "scope": { "by": "groups", "groups": [everybody["id"]] },
    });
    let made = caller.post("/v1/campaigns", &body).await;
    let reviewer = Reviewer {
        core: world.access.core.clone(),
        secrets: world.secrets(),
        usage: Arc::clone(&world.usage) as Arc<dyn Queue<UsageRequest>>,
        deadline: world.access.deadline.clone(),
    };
    loop {
        let requests = world.usage.receive(10);
        if requests.is_empty() {
            break;
        }
        for request in requests {
            if let UsageRequest::Campaign { tenant, campaign } = request {
                Box::pin(reviewer.continue_campaign(&tenant, &campaign)).await.expect("it goes on");
            }
        }
    }
    let id = CampaignId::parse(made["id"].as_str().expect("an id")).expect("an id");
    let open = world.store().campaign(&world.tenant, &id).await.expect("the table").expect("it is there");
    assert_eq!(open.state, State::Open, "{:?}", open.problem);
    for number in 1..rows {
        let id = CampaignId::parse(&format!("{id}-{number}")).expect("an id");
        let name = format!("Earlier review {number}");
        let over = Campaign { id, name, state: State::Closed, due_at: None, version: 1, ..open.clone() };
        assert!(world.store().put_new_campaign(&over).await.expect("the table"), "there is one already");
    }
}

/// Notifications whose causes last.
async fn notifications(world: &World, rows: usize) {
    for number in 1..=rows {
        let id = ConnectionId::parse(&format!("con-1-{number}")).expect("an id");
        let text = format!("The site {number} refuses the credentials; connect it again.");
        let now = world.time.now();
        let begun =
            Notification::begin(&world.tenant, Kind::ConnectionLost, Subject::Connection(id), text, now);
        world.store().notify(&begun.expect("a notification")).await.expect("the table");
    }
}
