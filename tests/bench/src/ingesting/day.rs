//! What people do in a site on the day between two runs.

use std::collections::BTreeMap;

use assay_test_support::ingestion::act;
use assay_test_support::world::World;
use serde_json::{Value, json};

/// One of so many issues is worked on, and one of so many accounts renamed.
const ONE_OF: u64 = 100;

/// Seconds over which the work is spread.
const WORKING: u64 = 8 * 3600;

/// Lets the day pass in a site with so many issues and accounts; `names` of accounts follow.
pub fn pass(world: &World, issues: u64, accounts: usize, names: &mut BTreeMap<String, String>) {
    let apart = i64::try_from(WORKING / issues.div_ceil(ONE_OF)).expect("seconds").max(1);
    for (turn, number) in (1..=issues).step_by(usize::try_from(ONE_OF).expect("a number")).enumerate() {
        let person = turn * 7919 % accounts + 1;
        // Every fiftieth is inactive.
        let person = if person.is_multiple_of(50) { person - 1 } else { person };
        world.time.advance(apart);
        work_on(world, turn, &format!("/issue/TEAM-{number}"), &format!("bulk-{person}"));
    }
    let mut rename = |number: usize| {
        let (id, name) = (format!("bulk-{number}"), format!("Account {number} by another name"));
        change(world, &format!("/accounts/{id}"), &json!({ "name": name }));
        names.insert(id, name);
    };
    (1..=accounts).step_by(usize::try_from(ONE_OF).expect("a number")).for_each(&mut rename);
    change(world, "/accounts", &json!({ "id": "acc-new" }));
    names.insert("acc-new".to_owned(), "acc-new".to_owned());
}

/// Changes, comments on or logs work on an issue, in turn; some comments and worklogs are changed or deleted again.
fn work_on(world: &World, turn: usize, issue: &str, by: &str) {
    let does =
        |method: &str, path: &str, body: &Value| act(world, by, method, &format!("{issue}{path}"), body);
    let text = |words: &str| {
        let paragraph = json!({ "type": "paragraph", "content": [{ "type": "text", "text": words }] });
        json!({ "body": { "type": "doc", "version": 1, "content": [paragraph] } })
    };
    let made = match turn % 3 {
        0 => {
            does("PUT", "", &json!({ "fields": { "summary": format!("Seen on turn {turn}") } }));
            return;
        }
        1 => ("comment", does("POST", "/comment", &text("Seen"))),
        _ => ("worklog", does("POST", "/worklog", &json!({ "timeSpentSeconds": 3600 }))),
    };
    let (kind, made) = made;
    let path = format!("/{kind}/{}", made["id"].as_str().expect("an id"));
    match (turn % 10, kind) {
        (0, "comment") => {
            does("PUT", &path, &text("Seen again"));
        }
        (0, _) => {
            does("PUT", &path, &json!({ "timeSpentSeconds": 1800 }));
        }
        (1, _) => {
            does("DELETE", &path, &Value::Null);
        }
        _ => {}
    }
}

fn change(world: &World, path: &str, body: &Value) {
    world.jira.simulator.control("POST", path, body).expect("the simulator does it");
}
