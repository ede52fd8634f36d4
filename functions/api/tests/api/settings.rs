//! Trying a sync setting out, saving it and changing it.

use std::sync::{Arc, Mutex};

use assay::jira::Sender;
use assay::jira::http::{Request, Response, SendError};
use assay_test_support::world::World;
use serde_json::{Value, json};

use crate::support::{House, assert_problem, setting_body};

/// What the preflight of a setting with these further fields finds against it: the field and the words.
async fn obstacles(house: &House, further: &Value) -> Vec<(String, String)> {
    let answer = house.call("POST", "/v1/sync-settings/preflight", &setting_body(further)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let found = answer.json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let obstacles: Vec<_> = found["obstacles"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (text(&it["field"]), text(&it["what"])))
        .collect();
    assert_eq!(found["passes"], obstacles.is_empty());
    obstacles
}

/// Fails unless something stands against the setting that is about `field` and says `words`, and unless saving it is
/// refused in the very same words.
async fn assert_stands_against(house: &House, further: Value, field: &str, words: &str) {
    let found = obstacles(house, &further).await;
    assert!(
        found.iter().any(|(about, what)| about == field && what.contains(words)),
        "{field} {words}: {found:?}"
    );
    let refused = house.call("POST", "/v1/sync-settings", &setting_body(&further)).await;
    assert_problem(&refused, 422, Some(found[0].0.as_str()));
    let all: Vec<&str> = found.iter().map(|(_, what)| what.as_str()).collect();
    assert_eq!(refused.json()["detail"], all.join("; "));
    let dry = house.call("POST", "/v1/sync-settings/dry-run", &setting_body(&further)).await;
    assert_eq!(dry.json()["detail"], refused.json()["detail"]);
    assert!(house.list("/v1/sync-settings").await.is_empty());
}

#[tokio::test]
async fn a_preflight_names_every_obstacle_and_saving_is_refused_in_the_same_words() {
    let house = House::start().await;
    house.world.connect().await;
    assert_eq!(obstacles(&house, &json!({})).await, []);
    assert_stands_against(&house, json!({ "project": "NONE" }), "project", "no project NONE").await;
    assert_stands_against(&house, json!({ "issue_type": "10104" }), "issue_type", "10100 (Task)").await;
    assert_stands_against(&house, json!({ "issue_type": "10105" }), "issue_type", "sub-tasks").await;
    assert_stands_against(&house, json!({ "epic": "999999" }), "epic", "no issue 999999").await;
    assert_stands_against(&house, json!({ "done_status": "10001" }), "done_status", "10003 (Done)").await;

    let task =
        json!({ "fields": { "project": { "key": "SEC" }, "issuetype": { "id": "10100" }, "summary": "x" } });
    let task = house.world.as_person("POST", "/rest/api/3/issue", Some(task)).await;
    assert_stands_against(&house, json!({ "epic": task["id"] }), "epic", "is not an epic").await;

    house.edit("SEC", "fields", json!({ "id": "customfield_10050", "name": "Severity", "required": true }));
    assert_stands_against(&house, json!({}), "issue_type", "Severity (customfield_10050)").await;
    house.edit("SEC", "fields/remove", json!({ "id": "customfield_10050" }));

    for (id, name, kind) in [("labels", "Labels", "labels"), ("description", "Description", "textarea")] {
        house.edit("SEC", "fields/remove", json!({ "id": id }));
        assert_stands_against(
            &house,
            json!({}),
            "issue_type",
            &format!("the field {name} is not on the screen"),
        )
        .await;
        house.edit("SEC", "fields", json!({ "id": id, "name": name, "type": kind }));
    }
    for (permission, name) in [
        ("CREATE_ISSUES", "Create issues"),
        ("EDIT_ISSUES", "Edit issues"),
        ("TRANSITION_ISSUES", "Transition issues"),
    ] {
        house.edit("SEC", "permissions", json!({ "account": "acc-admin", "remove": [permission] }));
        assert_stands_against(&house, json!({}), "project", name).await;
        house.edit("SEC", "permissions", json!({ "account": "acc-admin", "grant": [permission] }));
    }
    assert_eq!(obstacles(&house, &json!({})).await, [], "everything is mended");
    house.world.assert_honest();
}

/// Sends as another sender does, and keeps the bodies of creates.
struct Watching(Arc<dyn Sender>, Arc<Mutex<Vec<Value>>>);

#[async_trait::async_trait]
impl Sender for Watching {
    async fn send(&self, request: Request) -> Result<Response, SendError> {
        if request.url.ends_with("/issue/bulk") {
            let body = request.body.clone().unwrap_or_default();
            self.1.lock().unwrap().extend(body["issueUpdates"].as_array().cloned().unwrap_or_default());
        }
        self.0.send(request).await
    }
}

#[tokio::test]
async fn the_payload_that_a_preflight_shows_is_the_one_that_jira_then_gets() {
    for mode in ["individual", "batch"] {
        let mut world = World::start().await;
        let sent = Arc::new(Mutex::new(Vec::new()));
        world.access.sender = Arc::new(Watching(Arc::clone(&world.access.sender), Arc::clone(&sent)));
        let house = House::over(world).await;
        house.world.connect().await;
        house.world.evaluate().await;
        let body = setting_body(&json!({ "mode": mode, "labels": ["soc2"] }));
        let shown = house.call("POST", "/v1/sync-settings/preflight", &body).await.json();
        assert!(sent.lock().unwrap().is_empty(), "a preflight creates nothing");
        house.sync(body).await;
        house.world.rest().await;
        let without_id = |payload: &Value| {
            let mut payload = payload.clone();
            payload["properties"][0]["value"]["id"] = Value::Null;
            payload
        };
        let expected = without_id(&shown["first_ticket"]);
        assert_eq!(expected["fields"]["labels"], json!(["assay", "soc2"]));
        let sent: Vec<Value> = sent.lock().unwrap().iter().map(without_id).collect();
        assert!(sent.contains(&expected), "{mode}: {expected:#}\n{sent:#?}");
    }
}

#[tokio::test]
async fn a_preflight_shows_the_way_to_done_move_by_move() {
    let house = House::with_tasks().await;
    // From two statuses to done in two moves.
    house.edit(
        "SEC",
        "transitions",
        json!({ "id": "91", "name": "Finish", "from": ["10001"], "to": "10003" }),
    );
    let answer = house.call("POST", "/v1/sync-settings/preflight", &setting_body(&json!({}))).await.json();
    let way = &answer["way_to_done"];
    assert_eq!(way["known"], true, "{way}");
    let moves: Vec<(&str, &str)> = way["moves"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["from"].as_str().unwrap(), it["to"].as_str().unwrap()))
        .collect();
    assert_eq!(moves, [("To Do", "In Progress"), ("In Progress", "Done")]);
}

#[tokio::test]
async fn a_dry_run_lists_what_would_be_created_and_creates_nothing() {
    let house = House::with_tasks().await;
    let tasks = house.world.tasks().await;
    // Questions cost points, which are booked.
    let stored = || async {
        let (items, checks, sync) = house.state().await;
        let is_quota = |item: &Value| item["pk"].as_str().unwrap().contains("#quota#");
        let items: Vec<Value> = items.into_iter().filter(|item| !is_quota(item)).collect();
        (items, checks, sync)
    };
    let before = stored().await;
    let dry = house.call("POST", "/v1/sync-settings/dry-run", &setting_body(&json!({}))).await.json();
    assert_eq!(dry["to_create"], tasks.len());
    let mut titles: Vec<&str> =
        dry["items"].as_array().unwrap().iter().map(|it| it["title"].as_str().unwrap()).collect();
    let title = |task: &assay::task::Task| format!("{}: {}", task.title, task.subject.title);
    let mut expected: Vec<String> = tasks.iter().map(title).collect();
    titles.sort_unstable();
    expected.sort_unstable();
    assert_eq!(titles, expected);
    let batch = setting_body(&json!({ "mode": "batch", "scope": "B2" }));
    let dry = house.call("POST", "/v1/sync-settings/dry-run", &batch).await.json();
    assert_eq!(dry["to_create"], 1, "nobody's changes are one ticket: {dry}");
    assert_eq!(stored().await, before);
    assert_eq!(house.world.calls("createIssues"), 0);
    assert!(house.world.issues_in("SEC").is_empty());
}

#[tokio::test]
async fn a_dry_run_of_a_change_lists_what_would_be_changed_and_closed() {
    let house = House::with_tasks().await;
    house.sync(json!({ "closure_rule": "never" })).await;
    house.world.rest().await;
    let count = house.world.tickets().await.len();
    let dry_run = async |further: Value| {
        house.call("POST", "/v1/sync-settings/dry-run", &setting_body(&further)).await.json()
    };
    let dry = dry_run(json!({})).await;
    assert_eq!((&dry["to_change"], &dry["to_close"], &dry["to_create"]), (&json!(0), &json!(0), &json!(0)));
    let dry = dry_run(json!({ "labels": ["soc2"] })).await;
    assert_eq!((&dry["to_change"], &dry["to_create"]), (&json!(count), &json!(0)), "{dry}");
    assert!(dry["changing"][0]["issue_key"].as_str().unwrap().starts_with("SEC-"), "{dry}");

    let task = house.world.tasks().await.remove(0);
    let answer =
        house.call("POST", &format!("/v1/tasks/{}/complete", task.id), &json!({ "why": "Done" })).await;
    assert!(answer.status.is_success(), "{}", answer.text());
    let dry = dry_run(json!({ "closure_rule": "never" })).await;
    assert_eq!(dry["to_close"], 0, "{dry}");
    let dry = dry_run(json!({})).await;
    assert_eq!((&dry["to_close"], dry["closing"].as_array().unwrap().len()), (&json!(1), 1), "{dry}");
}

#[tokio::test]
async fn an_epic_and_a_done_status_are_taken_away_by_null_and_stay_if_they_are_not_named() {
    let house = House::with_tasks().await;
    let fields = json!({ "fields": { "project": { "key": "SEC" }, "issuetype": { "id": "10102" }, "summary": "Audit" } });
    let epic = house.world.as_person("POST", "/rest/api/3/issue", Some(fields)).await["id"].clone();
    let setting = house.sync(json!({ "epic": epic, "done_status": "10003" })).await;
    let path = format!("/v1/sync-settings/{}", setting["id"].as_str().unwrap());
    let changed = house.call("PATCH", &path, &json!({ "labels": ["soc2"] })).await.json();
    assert_eq!((&changed["epic"], &changed["done_status"]), (&epic, &json!("10003")), "{changed}");
    let changed = house.call("PATCH", &path, &json!({ "epic": null, "done_status": null })).await.json();
    assert_eq!((&changed["epic"], &changed["done_status"]), (&Value::Null, &Value::Null), "{changed}");
}

#[tokio::test]
async fn a_change_to_batches_leaves_tasks_the_tickets_that_they_have() {
    let house = House::with_tasks().await;
    let setting = house.sync(json!({})).await;
    house.world.rest().await;
    let before = house.world.tickets().await;
    assert!(before.len() > 1);
    let path = format!("/v1/sync-settings/{}", setting["id"].as_str().unwrap());
    let changed = house.call("PATCH", &path, &json!({ "mode": "batch" })).await;
    assert_eq!((changed.status.as_u16(), &changed.json()["mode"]), (200, &json!("batch")));
    house.world.rest().await;
    let ids = |tickets: &[assay::ticket::Ticket]| -> Vec<String> {
        tickets.iter().map(|it| format!("{} {:?}", it.id, it.state.issue())).collect()
    };
    assert_eq!(ids(&house.world.tickets().await), ids(&before));
    assert_eq!(house.world.issues_in("SEC").len(), before.len());
}

#[tokio::test]
async fn the_webhook_of_a_connection_follows_its_settings_at_once() {
    let house = House::start().await;
    house.world.connect_by_consent().await;
    let filter = || async {
        let connection = house.get("/v1/connections/con-oauth").await.json();
        connection["webhook"]["filter"].as_str().unwrap().to_owned()
    };
    assert!(!filter().await.contains("10003"), "{}", filter().await);
    let setting = house.sync(json!({ "connection": "con-oauth" })).await;
    assert!(filter().await.contains("10003"), "{}", filter().await);
    let path = format!("/v1/sync-settings/{}", setting["id"].as_str().unwrap());
    house.call("PATCH", &path, &json!({ "project": "TEAM" })).await;
    assert!(filter().await.contains("10004"), "{}", filter().await);
    house.call("DELETE", &path, &json!({})).await;
    assert!(!filter().await.contains("10004"), "{}", filter().await);
}
