//! Whose a field is: what tasks change follows in the issue, and what people change in Jira stays theirs.

use assay::clock::after;
use assay::ids::AccountId;
use assay::task::{Edit, State, Task};
use assay::ticket::Field;
use assay_test_support::balance::assert_says;
use assay_test_support::world::World;
use serde_json::{Value, json};

use super::support::{
    act, change, changes, compare, complete, evaluate, issue, live, opened, opened_as, sites, task, the_live,
    ticket, written_by_us,
};

const DAY: i64 = 24 * 3600;

/// A person's edit of a task's title, assignee and due date.
pub fn edit(world: &World, title: &str, assignee: &str, days: i64) -> Edit {
    Edit {
        title: Some(title.to_owned()),
        assignee: Some(Some(AccountId::parse(assignee).unwrap())),
        due_at: Some(after(world.time.now(), days * DAY)),
    }
}

/// Edits the one task, and lets its issue follow.
pub async fn edit_task(world: &World, edit: Edit) {
    let id = task(world).await.id;
    world.time.advance(60);
    change(world, &id, |task, now| task.edit(&edit, now)).await;
    Box::pin(world.rest()).await;
}

/// `acc-1` changes fields of an issue by `PUT /issue`.
fn put(world: &World, key: &Value, fields: &Value) {
    world.time.advance(60);
    let path = format!("/issue/{}", key.as_str().unwrap());
    act(world, "acc-1", "PUT", &path, &json!({ "fields": fields }));
}

/// A person renames the change ticket that the task is about, so that the issue's title and description change.
async fn rename_subject(world: &World, title: &str) {
    let path = format!("/issue/{}", task(world).await.subject.key);
    act(world, "acc-2", "PUT", &path, &json!({ "fields": { "summary": title } }));
    evaluate(world).await;
}

fn document(text: &str) -> Value {
    let paragraph = json!({ "type": "paragraph", "content": [{ "type": "text", "text": text }] });
    json!({ "type": "doc", "version": 1, "content": [paragraph] })
}

fn due_on(issue: &Value) -> &Value {
    &issue["fields"]["duedate"]
}

#[tokio::test]
async fn what_a_person_changes_about_a_task_follows_in_its_issue_and_so_do_completing_and_reopening() {
    let world = opened(1).await;
    let key = the_live(&world)["key"].clone();
    edit_task(&world, edit(&world, "Find an owner", "acc-3", 10)).await;
    let there = issue(&world, &key);
    assert!(there["summary"].as_str().unwrap().starts_with("Find an owner: "), "{there:#?}");
    let due = task(&world).await.due_at.to_string();
    assert_eq!((&there["assignee"], due_on(&there)), (&json!("acc-3"), &json!(due[..10])));
    let mut written = written_by_us(&there);
    written.sort();
    assert_eq!(written, ["assignee", "duedate", "summary"]);
    let nobody = Edit { assignee: Some(None), ..Edit::default() };
    edit_task(&world, nobody).await;
    assert_eq!(issue(&world, &key)["assignee"], Value::Null);
    let id = task(&world).await.id;
    complete(&world, &id).await;
    world.rest().await;
    assert_eq!(live(&world).len(), 0);
    world.time.advance(60);
    change(&world, &id, Task::reopen).await;
    world.rest().await;
    assert_eq!(the_live(&world)["key"], key);
    evaluate(&world).await;
    let now = task(&world).await;
    assert_eq!((now.title.as_str(), now.assignee, now.state), ("Find an owner", None, State::Open));
    world.assert_honest();
}

/// A field that a person changes: what it is called, its value then, and how it is read.
type Theirs = (Field, &'static str, Value, fn(&Value) -> Value);

fn theirs() -> [Theirs; 4] {
    [
        (Field::Title, "summary", json!("Mine"), |issue| issue["summary"].clone()),
        (Field::Body, "description", document("Mine"), |issue| issue["description"].clone()),
        (
            Field::Assignee,
            "assignee",
            json!({ "accountId": "acc-5" }),
            |issue| json!({ "accountId": issue["assignee"] }),
        ),
        (Field::DueOn, "duedate", json!("2027-01-01"), |issue| due_on(issue).clone()),
    ]
}

#[tokio::test]
async fn a_field_that_a_person_changed_in_jira_is_never_overwritten_and_the_others_still_follow() {
    for (field, name, value, read) in theirs() {
        let world = opened(1).await;
        edit_task(&world, edit(&world, "First", "acc-3", 10)).await;
        let key = the_live(&world)["key"].clone();
        put(&world, &key, &json!({ (name): value }));
        for (number, (title, assignee)) in [("Second", "acc-4"), ("Third", "acc-6")].into_iter().enumerate() {
            edit_task(&world, edit(&world, title, assignee, 20 + i64::try_from(number).unwrap())).await;
            rename_subject(&world, title).await;
            let there = issue(&world, &key);
            assert_eq!(read(&there), value, "{name}: {}", world.traces().await);
            assert_eq!(changes(&there, name).last().unwrap().0, "acc-1", "{name}");
            let is_ours = |other: Field| other != field;
            let ticket = ticket(&world).await;
            assert_eq!(ticket.kept, [field.clone()].into(), "{name}");
            assert_says(&ticket, &format!("leaves the {} as it is", field.name()), name);
            assert_eq!(
                there["summary"].as_str().unwrap().starts_with(title),
                is_ours(Field::Title),
                "{name}"
            );
            assert_eq!(there["assignee"] == assignee, is_ours(Field::Assignee), "{name}");
            let body = there["description"].to_string();
            assert_eq!(body.contains(title), is_ours(Field::Body), "{name}");
            let due = task(&world).await.due_at.to_string();
            assert_eq!(due_on(&there) == &json!(due[..10]), is_ours(Field::DueOn), "{name}");
        }
        world.assert_honest();
    }
}

#[tokio::test]
async fn a_field_is_ours_again_when_a_person_puts_our_value_back() {
    for (field, name, value, read) in theirs() {
        let world = opened(1).await;
        edit_task(&world, edit(&world, "First", "acc-3", 10)).await;
        let key = the_live(&world)["key"].clone();
        let ours = read(&issue(&world, &key));
        put(&world, &key, &json!({ (name): value }));
        edit_task(&world, edit(&world, "Second", "acc-4", 20)).await;
        rename_subject(&world, "Second").await;
        assert_eq!(read(&issue(&world, &key)), value, "{name}");
        assert_eq!(ticket(&world).await.kept, [field.clone()].into(), "{name}");
        put(&world, &key, &json!({ (name): ours }));
        compare(&world).await;
        world.rest().await;
        let (there, ticket) = (issue(&world, &key), ticket(&world).await);
        assert_eq!(ticket.kept, [].into(), "{name}");
        assert_says(&ticket, &format!("writes the {} again", field.name()), name);
        assert_eq!(changes(&there, name).last().unwrap().0, "acc-admin", "{name}: {}", world.traces().await);
        assert!(there["summary"].as_str().unwrap().starts_with("Second"), "{name}");
        assert!(there["description"].to_string().contains("Second"), "{name}");
        assert_eq!(there["assignee"], "acc-4", "{name}");
        world.assert_honest();
    }
}

#[tokio::test]
async fn labels_of_people_stay_and_one_of_ours_that_a_person_took_away_stays_away() {
    let world =
        opened_as(1, |setting| setting.labels = vec!["compliance".to_owned(), "audit".to_owned()]).await;
    let key = the_live(&world)["key"].clone();
    put(&world, &key, &json!({ "labels": ["assay", "audit", "theirs"] }));
    super::support::set(&world, |setting| setting.labels.push("urgent".to_owned())).await;
    edit_task(&world, edit(&world, "Second", "acc-4", 20)).await;
    let labels = |world: &World| {
        let mut labels: Vec<String> = serde_json::from_value(issue(world, &key)["labels"].clone()).unwrap();
        labels.sort();
        labels
    };
    assert_eq!(labels(&world), ["assay", "audit", "theirs", "urgent"]);
    let now = ticket(&world).await;
    assert_eq!(now.kept, [Field::Labels].into());
    assert_says(&now, "leaves the labels as it is", "");
    super::support::set(&world, |setting| setting.labels.retain(|label| label != "audit")).await;
    world.rest().await;
    assert_eq!(labels(&world), ["assay", "theirs", "urgent"], "ours goes, and theirs stays");
    world.assert_honest();
}

#[tokio::test]
async fn a_description_that_jira_gives_back_with_local_ids_is_not_taken_for_changed() {
    let world = World::with(sites(1, 0)).await;
    world.jira.simulator.set(|settings| settings.adf_local_ids = true);
    let connection = world.connect().await;
    world.sync_all(&connection).await;
    world.evaluate().await;
    world.rest().await;
    let key = the_live(&world)["key"].clone();
    for title in ["Second", "Third"] {
        rename_subject(&world, title).await;
        let there = issue(&world, &key);
        assert!(there["description"].to_string().contains(title), "{title}: {}", world.traces().await);
        assert_eq!(ticket(&world).await.kept, [].into(), "{title}");
    }
    // A person's change is still seen.
    put(&world, &key, &json!({ "description": document("Mine") }));
    rename_subject(&world, "Fourth").await;
    assert!(issue(&world, &key)["description"].to_string().contains("Mine"));
    assert_eq!(ticket(&world).await.kept, [Field::Body].into());
    world.assert_honest();
}
