//! A house in which every page has something to show. What people name in Jira, and here, would be harmful as markup.

use std::collections::BTreeSet;
use std::sync::Arc;

use assay::connection::UseCase;
use assay::ids::ConnectionId;
use assay::operations::acting::Actor;
use assay::operations::connecting::Wish;
use assay::operations::reviewing::Reviewer;
use assay::sqs::{Queue, UsageRequest};
use assay_test_support::ingestion;
use assay_test_support::world::{World, token_proof, wish};
use jira_sim::{Options, Seed};
use serde_json::{Value, json};

use super::support::{House, PROBE};

/// The first of the seed's teams.
const TEAM: &str = "00000000-0000-4000-8001-000000000001";

/// The demo site with people who work, connected for everything, read, evaluated, and with a ticket for each open task.
pub async fn full_house() -> House {
    let house = read_house(name_things).await;
    Box::pin(report(&house)).await;
    Box::pin(review(&house)).await;
    house.world.settle(2).await;
    house.world.tick().await;
    let ticket = house.world.tickets().await.remove(0).id.to_string();
    let pull = json!({
        "url": "https://gitlab.com/own/shop/-/merge_requests/3", "title": PROBE, "state": "open",
        "findings": [], "tickets": [ticket],
    });
    house.call("POST", "/v1/remediations", &pull).await;
    house
}

/// The demo site with people who work, connected for everything, read and evaluated. `prepare` changes what is in Jira
/// before that.
pub async fn read_house(prepare: impl FnOnce(&World)) -> House {
    let seed = Seed { tasks: 60, accounts: 8, teams: 2, activity: true, ..Seed::default() };
    let house = House::over(World::with(Options { seed, ..Options::default() }).await);
    prepare(&house.world);
    connect(&house.world).await;
    house.world.evaluate().await;
    house.world.time.advance(600);
    Box::pin(ingestion::run(&house.world)).await;
    house
}

/// Gives things in Jira names that would be harmful.
fn name_things(world: &World) {
    let simulator = &world.jira.simulator;
    for project in ["CHG", "SEC"] {
        simulator.edit_project(project, "rename", &json!({ "key": project, "name": PROBE })).unwrap();
    }
    let name = json!({ "name": PROBE });
    simulator.control("POST", &format!("/groups/{TEAM}"), &name).unwrap();
    simulator.control("POST", "/accounts/acc-2", &name).unwrap();
}

/// Connects the site for everything, as `con-1`.
pub async fn connect(world: &World) {
    world.store().put_tenant_if_new(&world.tenant, world.time.now()).await.unwrap();
    let use_cases = BTreeSet::from([
        UseCase::Ticketing,
        UseCase::IncidentManagement,
        UseCase::ProjectManagement,
        UseCase::VulnerabilityScanner,
        UseCase::AccessReview,
        UseCase::Usage,
    ]);
    let (id, wish) = (ConnectionId::parse("con-1").unwrap(), Wish { use_cases, ..wish() });
    Box::pin(world.connector().begin(&world.tenant, id, wish, token_proof())).await.unwrap();
}

/// Findings and where they go, tickets for tasks, and who is told.
async fn report(house: &House) {
    let setting = json!({
        "scope": "all", "connection": "con-1", "project": "SEC", "issue_type": "10100", "mode": "individual",
    });
    house.call("POST", "/v1/sync-settings", &setting).await;
    let priority = |id: &str| json!({ "type": "priority", "value": id });
    let values = json!({
        "critical": priority("1"), "high": priority("2"), "medium": priority("3"), "low": priority("4"),
        "info": priority("5"),
    });
    let source = json!({ "from": "assay", "field": "severity", "values": values });
    let configuration = json!({
        "name": PROBE, "connection": "con-1", "project": "SEC", "issue_type": "10100",
        "rules": [{ "field": "priority", "source": source }],
    });
    house.call("POST", "/v1/project-configurations", &configuration).await;
    let severities = ["critical", "high", "medium", "low", "info"];
    let findings: Vec<Value> = severities.iter().map(|severity| finding(severity)).collect();
    house.call("POST", "/v1/findings", &json!({ "source": "trivy", "findings": findings })).await;
    let channel = json!({ "name": PROBE, "kind": "webhook", "url": "http://127.0.0.1:9/hook" });
    house.call("POST", "/v1/notifications/channels", &channel).await;
}

fn finding(severity: &str) -> Value {
    json!({
        "fingerprint": format!("f-{severity}"), "title": format!("{severity} {PROBE}"), "severity": severity,
        "asset": "shop/api", "rule": "sqli", "links": ["https://example.com/sqli"],
        "location": { "path": "src/a.rs", "line": 3 },
        "package": { "name": "lib", "version": "1.0", "fixed_in": "1.1" },
    })
}

/// People, a campaign over a team, another one that is closed, and a change of access that waits.
async fn review(house: &House) {
    let person = json!({ "email": "probe@example.com", "name": PROBE });
    house.call("POST", "/v1/people", &person).await;
    let campaign = json!({
        "name": PROBE, "connection": "con-1", "due_on": "2026-07-15",
        "scope": { "by": "groups", "groups": [TEAM] },
    });
    for closed in [true, false] {
        let made = house.call("POST", "/v1/campaigns", &campaign).await.json();
        work(&house.world).await;
        if closed {
            let path = format!("/v1/campaigns/{}/close", made["id"].as_str().unwrap());
            house.call("POST", &path, &json!({ "undecided": "name" })).await;
            work(&house.world).await;
        }
    }
    let action = json!({
        "connection": "con-1", "account": "acc-2", "change": "add", "why": PROBE,
        "grant": { "kind": "group", "group": TEAM },
    });
    house.call("POST", "/v1/actions", &action).await;
    work(&house.world).await;
}

/// Carries out what campaigns and actions ask for now.
pub async fn work(world: &World) {
    let usage = Arc::clone(&world.usage) as Arc<dyn Queue<UsageRequest>>;
    let reviewer = Reviewer {
        core: world.access.core.clone(),
        secrets: world.secrets(),
        usage: Arc::clone(&usage),
        deadline: world.access.deadline.clone(),
    };
    let actor = Actor::over_jira(world.access.clone(), usage);
    for _ in 0..100 {
        let requests = world.usage.receive(10);
        if requests.is_empty() {
            return;
        }
        for request in requests {
            match request {
                UsageRequest::Ingest { tenant, connection } => {
                    Box::pin(world.ingester().ingest(&tenant, &connection)).await.unwrap();
                }
                UsageRequest::Campaign { tenant, campaign } => {
                    Box::pin(reviewer.continue_campaign(&tenant, &campaign)).await.unwrap();
                }
                UsageRequest::Act { tenant, action } => Box::pin(actor.act(&tenant, &action)).await.unwrap(),
            }
        }
    }
    panic!("there is no end of it");
}
