//! What an overview is made of: posture by day, counts of tickets, and what may still be asked of Jira.

use std::sync::{Arc, Mutex};

use assay::clock::{Clock, after};
use assay::ids::TicketId;
use assay::quota::hour_of;
use assay::sqs::{Backlog, ChecksRequest, Depth, Gauge, Queue, SyncRequest, Work};
use assay::ticket::Ticket;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::support::{House, assert_problem, over, over_queues};

#[tokio::test]
async fn posture_tells_how_many_checks_stood_how_day_by_day() {
    let house = House::start().await;
    assert_eq!(house.get("/v1/posture").await.json()["items"], json!([]), "nothing was evaluated");
    house.world.connect().await;
    house.world.evaluate().await;
    let days = house.get("/v1/posture").await.json()["items"].as_array().unwrap().clone();
    assert_eq!(days.len(), 1);
    let checks = house.get("/v1/checks").await.json()["items"].as_array().unwrap().clone();
    for outcome in ["pass", "fail", "cannot_tell", "not_applicable"] {
        let count = checks.iter().filter(|check| check["last_outcome"] == outcome).count();
        assert_eq!(days[0][outcome], json!(count), "{outcome} today is how checks stand now");
    }
    house.world.time.advance(24 * 3600);
    house.world.reevaluate().await;
    let two = house.get("/v1/posture?days=2").await.json()["items"].as_array().unwrap().clone();
    assert_eq!((two.len(), &two[0]["day"]), (2, &days[0]["day"]), "yesterday is how it ended");
    assert_eq!(two[0]["fail"], days[0]["fail"]);
    assert_eq!(house.get("/v1/posture?days=1").await.json()["items"].as_array().unwrap().len(), 1);
    for days in ["0", "367", "x"] {
        assert_problem(&house.get(&format!("/v1/posture?days={days}")).await, 422, Some("days"));
    }
}

#[tokio::test]
async fn tickets_are_counted_by_how_they_stand() {
    let house = House::with_tasks().await;
    let none = house.get("/v1/tickets/summary").await.json();
    assert_eq!((&none["open"], &none["complete"]), (&json!(0), &json!(true)));
    house.sync(json!({})).await;
    house.world.rest().await;
    let tickets = house.get("/v1/tickets?limit=200").await.json()["items"].as_array().unwrap().clone();
    let summary = house.get("/v1/tickets/summary").await.json();
    assert!(!tickets.is_empty());
    assert_eq!(summary["open"], json!(tickets.len()), "{summary}");
    assert_eq!((&summary["parked"], &summary["waiting"]), (&json!(0), &json!(0)), "{summary}");
    house.world.time.advance(400 * 24 * 3600);
    assert_eq!(house.get("/v1/tickets/summary").await.json()["late"], summary["open"]);
}

#[tokio::test]
async fn more_than_a_thousand_tickets_are_all_counted_unless_time_is_up() {
    let mut house = House::with_tasks().await;
    house.sync(json!({})).await;
    house.world.rest().await;
    let tickets = house.world.tickets().await;
    let more: Vec<Ticket> = (0..1500)
        .map(|number| {
            let id = TicketId::parse(&format!("tkt-more-{number}")).unwrap();
            Ticket { id, due_at: None, ..tickets[0].clone() }
        })
        .collect();
    let put = house.world.store().put_new_tickets(&more).await;
    assert!(put.into_iter().all(|new| new.unwrap()));
    let summary = house.get("/v1/tickets/summary").await.json();
    let expected = json!({
        "open": tickets.len() + 1500, "late": 0, "parked": 0, "waiting": 0, "closed": 0, "gone": 0, "complete": true,
    });
    assert_eq!(summary, expected);

    house.world.access.core.clock = Arc::new(Hasty(Mutex::new(house.world.time.now())));
    house.router = over(&house.world);
    let cut = house.get("/v1/tickets/summary").await.json();
    assert_eq!(cut["complete"], false, "{cut}");
    let counted = cut["open"].as_u64().unwrap();
    assert!((1..1500).contains(&counted), "what was counted in time is told: {cut}");
}

/// A clock that is five seconds on each time somebody looks.
struct Hasty(Mutex<Timestamp>);

impl Clock for Hasty {
    fn now(&self) -> Timestamp {
        let mut now = self.0.lock().unwrap();
        *now = after(*now, 5);
        *now
    }
}

#[tokio::test]
async fn each_queue_tells_how_much_waits_in_it_and_nothing_of_what() {
    let mut house = House::start().await;
    let queue = |name: &str, waiting: u64, put_off: u64, parked: u64| json!({ "queue": name, "waiting": waiting, "put_off": put_off, "taken": 0, "parked": parked });
    let told = async |house: &House| {
        let mut items = house.list("/v1/work").await;
        for item in &mut items {
            let what = item.as_object_mut().unwrap().remove("what").unwrap();
            assert!(!what.as_str().unwrap().is_empty());
        }
        items
    };
    let none = [queue("sync", 0, 0, 0), queue("checks", 0, 0, 0), queue("usage", 0, 0, 0)];
    assert_eq!(told(&house).await, none);
    let (tenant, ticket) = (house.world.tenant.clone(), TicketId::parse("tkt-secret").unwrap());
    let request = SyncRequest { tenant: tenant.clone(), ticket };
    house.world.sync.send(&request, None).await.unwrap();
    house.world.sync.send(&request, Some(60)).await.unwrap();
    house.world.parked.send(&request, None).await.unwrap();
    house.world.checks.send(&ChecksRequest::Tenant { tenant }, None).await.unwrap();
    let some = [queue("sync", 1, 1, 1), queue("checks", 1, 0, 0), queue("usage", 0, 0, 0)];
    assert_eq!(told(&house).await, some);
    assert!(!house.get("/v1/work").await.text().contains("tkt-secret"));

    house.router = over_queues(&house.world, [silent(Work::Sync)].into());
    let unknown = json!({ "queue": "sync", "waiting": null, "put_off": null, "taken": null, "parked": null });
    assert_eq!(told(&house).await, [unknown], "a queue that does not answer is no error");
}

/// Never answers.
struct Silent;

#[async_trait::async_trait]
impl Gauge for Silent {
    async fn depth(&self) -> assay::Result<Depth> {
        std::future::pending().await
    }
}

fn silent(work: Work) -> Backlog {
    Backlog { work, queue: Arc::new(Silent), parked: Arc::new(Silent) }
}

#[tokio::test]
async fn a_connection_tells_what_it_may_still_ask_of_jira() {
    let house = House::with_tasks().await;
    let (store, tenant) = (house.world.store(), &house.world.tenant);
    let now = house.world.time.now();
    let id = assay::ids::ConnectionId::parse("con-1").unwrap();
    let before = house.get("/v1/connections/con-1").await.json()["quota"]["spent"].as_u64().unwrap();
    store.add_points(tenant, &id, hour_of(now), 70).await.unwrap();
    store.pause(tenant, &id, after(now, 60)).await.unwrap();
    let quota = house.get("/v1/connections/con-1").await.json()["quota"].clone();
    assert_eq!((&quota["spent"], &quota["limit"]), (&json!(before + 70), &json!(65_000)), "{quota}");
    assert_eq!(quota["paused_until"], json!(after(now, 60)));
    let list = house.get("/v1/connections").await.json();
    assert_eq!(list["items"][0]["quota"], Value::Null, "lists do not ask for it");
}
