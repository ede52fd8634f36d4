//! Every route that changes something leaves an entry in the audit log, and changes nothing where it cannot.

use std::collections::BTreeSet;

use assay_api::audit::{CHANGES_NOTHING, leaves_entry};
use assay_test_support::table::reach_refusing;
use serde_json::Value;

use super::rows::{ROWS, Row};
use super::{Things, call};
use crate::support::{House, ROLES, TENANT, over};

fn changes(row: &Row) -> bool {
    let (method, path) = row.route.split_once(' ').unwrap();
    leaves_entry(&method.parse().unwrap(), path)
}

#[tokio::test]
async fn every_route_that_changes_something_leaves_an_entry_and_no_other_does() {
    let house = House::start().await;
    let things = Box::pin(Things::make(&house)).await;
    let mut tokens = Vec::new();
    for role in ROLES {
        tokens.push((role, house.token(TENANT, role).await));
    }
    let mut known: BTreeSet<String> = house.log().await.iter().map(ToString::to_string).collect();
    for row in &ROWS {
        let (_, token) = tokens.iter().find(|(role, _)| *role == row.role).unwrap();
        let answer = call(&house, &things, row.route, Some(token)).await;
        let log: Vec<Value> = house.log().await;
        let new: Vec<&Value> = log.iter().filter(|entry| !known.contains(&entry.to_string())).collect();
        if !changes(row) {
            assert!(new.is_empty(), "{} left {new:?}", row.route);
            continue;
        }
        let [entry] = new[..] else { panic!("{} left {new:?}", row.route) };
        assert_eq!(entry["what"], row.route);
        assert_eq!(entry["by"], token.split('_').nth(2).unwrap(), "{entry}");
        assert_eq!(entry["name"], "test", "{entry}");
        assert_eq!(entry["role"], format!("{:?}", row.role).to_lowercase(), "{entry}");
        assert_eq!(entry["outcome"]["status"], answer.status.as_u16(), "{entry}");
        let verdict = if answer.status.is_success() { "done" } else { "refused" };
        assert_eq!(entry["outcome"]["verdict"], verdict, "{entry}");
        let path = row.route.split_once(' ').unwrap().1;
        let asked = things.path(path);
        let (named, query) = asked.split_once('?').unwrap_or((&asked, ""));
        for (name, value) in entry["parameters"].as_object().unwrap() {
            let value = value.as_str().unwrap();
            let in_path = path.contains(&format!("{{{name}}}")) && named.split('/').any(|part| part == value);
            assert!(in_path || query.split('&').any(|part| part == format!("{name}={value}")), "{entry}");
        }
        let parameters = path.matches('{').count() + query.matches('=').count();
        assert_eq!(entry["parameters"].as_object().unwrap().len(), parameters, "{entry}");
        if answer.status == 201 {
            assert_eq!(entry["outcome"]["made"], answer.json()["id"], "{}", row.route);
        }
        known.insert(entry.to_string());
    }
}

#[tokio::test]
async fn a_route_without_entries_is_there_and_really_changes_nothing() {
    let house = House::start().await;
    let things = Box::pin(Things::make(&house)).await;
    // Points of Jira's that were spent, and what was read of it, are no change of anybody's.
    let kept = |items: Vec<Value>| {
        let items = items.into_iter().filter(|item| !item["pk"].as_str().unwrap().contains("#quota#"));
        items.collect::<Vec<_>>()
    };
    for (route, reason) in CHANGES_NOTHING {
        assert!(ROWS.iter().any(|row| row.route == route), "there is no {route}");
        assert!(!reason.is_empty());
        let (items, checks, sync) = house.state().await;
        let before = (kept(items), checks, sync, house.world.usage.len());
        let answer = call(&house, &things, route, Some(&house.admin)).await;
        assert_eq!(answer.status, 200, "{route}: {}", answer.text());
        let (items, checks, sync) = house.state().await;
        assert_eq!((kept(items), checks, sync, house.world.usage.len()), before, "{route} changed something");
    }
}

#[tokio::test]
async fn where_the_entry_cannot_be_written_nothing_is_changed_and_the_caller_may_try_again() {
    let mut house = House::start().await;
    let things = Box::pin(Things::make(&house)).await;
    let store = reach_refusing(&house.world.table_address, true, |pk| pk.contains("#audit#"));
    house.world.access.core.store = store;
    house.router = over(&house.world);
    let (before, log) = (house.state().await, house.log().await);
    let (secrets, calls) = (house.secrets.names(), house.world.jira.simulator.journal().len());
    let mut tried = 0;
    for row in ROWS.iter().filter(|row| changes(row)) {
        let answer = call(&house, &things, row.route, Some(&house.admin)).await;
        assert_eq!(answer.status, 503, "{}: {}", row.route, answer.text());
        assert!(answer.text().contains("nothing was changed"), "{}", answer.text());
        assert_ne!(answer.header("retry-after"), "");
        tried += 1;
    }
    assert!(tried > 50, "only {tried} routes were tried");
    assert_eq!(house.state().await, before, "something was changed without an entry");
    assert_eq!((house.log().await, house.secrets.names()), (log, secrets));
    assert_eq!(house.world.jira.simulator.journal().len(), calls, "Jira was called");
}
