//! Lists come in pages: each item once, in order, however many there are and however long the pages.

use assay::access::Role;
use assay::check::{CheckId, CheckRun, Evidence, Outcome};
use assay::clock::after;
use assay::connection::{Connection, Method};
use assay::ids::{ConnectionId, RunId};
use assay::site::SiteDomain;
use assay_test_support::http::Answer;
use assay_test_support::world::{SITE, World};
use jira_sim::{Options, Seed};
use serde_json::Value;

use crate::support::{House, TENANT};

/// All items of a list, read in pages of `limit` (the usual size if none).
async fn walk(house: &House, path: &str, limit: Option<usize>) -> Vec<Value> {
    let joint = if path.contains('?') { '&' } else { '?' };
    let limited = limit.map_or_else(|| path.to_owned(), |limit| format!("{path}{joint}limit={limit}"));
    let (mut items, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let joint = if limited.contains('?') { '&' } else { '?' };
        let page =
            if cursor.is_empty() { limited.clone() } else { format!("{limited}{joint}cursor={cursor}") };
        let answer: Answer = house.get(&page).await;
        assert_eq!(answer.status, 200, "{page}: {}", answer.text());
        let body = answer.json();
        let found = body["items"].as_array().unwrap();
        assert!(found.len() <= limit.unwrap_or(50), "{page} has {} items", found.len());
        items.extend(found.iter().cloned());
        pages += 1;
        match body["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
        assert!(pages < 1000, "{path} does not end");
    }
    let least = items.len().div_ceil(limit.unwrap_or(50)).max(1);
    assert!(pages <= least + 1, "{path}: {pages} pages for {} items", items.len());
    items
}

/// Reads a list in pages of several sizes; all must give the same, without repetition. Returns the items.
pub async fn walk_all(house: &House, path: &str, id: impl Fn(&Value) -> String) -> Vec<Value> {
    let whole = walk(house, path, Some(200)).await;
    let ids: Vec<String> = whole.iter().map(&id).collect();
    let mut once = ids.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), ids.len(), "{path} repeats items");
    for limit in [None, Some(17), Some(100), Some(199)] {
        let again: Vec<String> = walk(house, path, limit).await.iter().map(&id).collect();
        assert_eq!(again, ids, "{path} in pages of {limit:?}");
    }
    whole
}

pub fn by_id(item: &Value) -> String {
    item["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn tokens_connections_and_runs_come_in_pages() {
    let house = House::start().await;
    let (store, tenant) = (house.world.store(), &house.world.tenant);
    for number in 0..205 {
        house.token(TENANT, Role::Auditor).await;
        let id = ConnectionId::parse(&format!("con-{number}")).unwrap();
        let site = SiteDomain::parse(SITE).unwrap();
        let connection = Connection::begin(tenant.clone(), id, Method::Oauth, site, house.world.time.now());
        store.put_new_connection(&connection).await.unwrap();
        let started_at = after(house.world.time.now(), number);
        let run = CheckRun {
            tenant: tenant.clone(),
            id: RunId::parse(&format!("{}-x", started_at.as_millisecond())).unwrap(),
            check: CheckId::B5,
            connection: None,
            outcome: Outcome::Pass,
            because: "it is connected".to_owned(),
            failing: 0,
            evidence: Evidence {
                query: String::new(),
                scope: String::new(),
                coverage: assay::evidence::Coverage::default(),
                read_at: None,
                digest: String::new(),
            },
            started_at,
            finished_at: started_at,
        };
        store.put_run(&run, &[]).await.unwrap();
    }
    assert_eq!(walk_all(&house, "/v1/tokens", by_id).await.len(), 206);
    assert_eq!(walk_all(&house, "/v1/connections", by_id).await.len(), 205);
    let runs = walk_all(&house, "/v1/checks/B5/runs", by_id).await;
    assert_eq!(runs.len(), 205);
    let times: Vec<&str> = runs.iter().map(|run| run["started_at"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|newer, older| newer > older), "newest first: {times:?}");
    assert_eq!(walk(&house, "/v1/checks/B4/runs", None).await, Vec::<Value>::new());
}

#[tokio::test]
async fn failing_entities_tasks_tickets_and_traces_come_in_pages() {
    let seed = Seed { change_tickets: 230, change_unassigned: 215, ..Seed::default() };
    let house = House::over(World::with(Options { seed, ..Options::default() }).await).await;
    let connection = house.world.connect().await;
    house.world.sync_all(&connection).await;
    house.world.settle(4).await;

    let run = house.get("/v1/checks/B2/runs").await.json()["items"][0].clone();
    assert_eq!(run["failing"], 215);
    let failing = format!("/v1/checks/B2/runs/{}/failing", run["id"].as_str().unwrap());
    let entity = |item: &Value| item["entity"]["key"].as_str().unwrap().to_owned();
    assert_eq!(walk_all(&house, &failing, entity).await.len(), 215);
    let odd = walk(&house, &failing, Some(150)).await;
    assert_eq!(odd.len(), 215);

    assert_eq!(walk_all(&house, "/v1/tasks", by_id).await.len(), 217);
    assert_eq!(walk(&house, "/v1/tasks?check=B2&state=open", Some(199)).await.len(), 215);
    assert_eq!(walk(&house, "/v1/tasks?state=resolved", None).await.len(), 0);
    let tickets = walk_all(&house, "/v1/tickets", by_id).await;
    assert_eq!(tickets.len(), 217);
    assert_eq!(walk(&house, "/v1/tickets?state=open", None).await.len(), 217);
    assert_eq!(walk(&house, "/v1/tickets?state=failed", None).await.len(), 0);

    let trace = format!("/v1/tickets/{}/trace", tickets[0]["id"].as_str().unwrap());
    let entries = walk(&house, &trace, Some(1)).await;
    assert!(entries.len() > 1, "{entries:?}");
    assert_eq!(walk(&house, &trace, None).await, entries);

    // A cursor goes on with its own list alone: not with another ticket's trace, another run, or other filters.
    let of_trace = house.get(&format!("{trace}?limit=1")).await.json()["next_cursor"].clone();
    let of_tasks = house.get("/v1/tasks?limit=1").await.json()["next_cursor"].clone();
    let (of_trace, of_tasks) = (of_trace.as_str().unwrap(), of_tasks.as_str().unwrap());
    let other = tickets[1]["id"].as_str().unwrap();
    for path in [
        format!("/v1/tickets/{other}/trace?limit=1&cursor={of_trace}"),
        format!("/v1/tasks?check=B2&cursor={of_tasks}"),
        format!("/v1/tickets?cursor={of_tasks}"),
    ] {
        crate::support::assert_problem(&house.get(&path).await, 422, Some("cursor"));
    }
}
