//! Issues that actions create and delete: each once, whatever is lost; only what may be; and never undone in silence.

use assay::access::Role;
use assay::action::{Asked, NewIssue, State};
use assay::error::Kind;
use assay::ids::{ActionId, IssueTypeId};
use assay::sqs::UsageRequest;
use assay_test_support::killed::Killed;
use assay_test_support::world::World;
use jira_sim::Seed;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::support::{
    act_on_issue, action, actor, approved, ask, carry_out, connection, fault, person_creates, token, work,
    world,
};

fn seed() -> Seed {
    Seed { teams: 1, ..Seed::empty() }
}

fn new_issue() -> NewIssue {
    NewIssue {
        project: "SEC".to_owned(),
        issue_type: IssueTypeId::parse("10100").unwrap(),
        summary: "Rotate the keys".to_owned(),
        description: Some("First\nsecond\n\nAnother paragraph".to_owned()),
        labels: ["keys".to_owned()].into(),
        fields: Map::new(),
    }
}

fn creating(issue: NewIssue) -> Asked {
    Asked::CreateIssue { issue: Box::new(issue) }
}

fn deleting(issue: &str) -> Asked {
    Asked::DeleteIssue { issue: issue.to_owned() }
}

fn edit(world: &World, edit: &str, body: &Value) {
    world.jira.simulator.edit_project("SEC", edit, body).unwrap();
}

fn withhold(world: &World, permission: &str) {
    edit(world, "permissions", &json!({ "account": "acc-admin", "remove": [permission] }));
}

/// Lets time pass in steps, with what the tick asks for.
async fn live(world: &World, steps: u32) {
    for _ in 0..steps {
        world.time.advance(120);
        actor(world).fan_out().await.unwrap();
        work(world).await;
    }
}

#[tokio::test]
async fn an_issue_is_created_with_its_actions_property_and_read_back() {
    let world = world(seed(), |_| {}).await;
    let done = act_on_issue(&world, "act-1", creating(new_issue())).await;
    assert_eq!((done.state, done.problem.as_deref()), (State::Done, None), "{done:?}");
    let issue = done.issue.clone().unwrap();
    let [made] = world.issues_in("SEC").try_into().unwrap();
    assert_eq!(
        (made["key"].as_str(), &made["summary"]),
        (Some(issue.key.as_str()), &json!("Rotate the keys"))
    );
    assert_eq!(made["properties"]["assay.action"], json!({ "id": "act-1" }));
    assert_eq!(made["labels"], json!(["assay", "keys"]));
    assert_eq!(made["description"]["content"].as_array().unwrap().len(), 2);
    // Asked for again, it is as it is.
    ask(&world, "act-1", None, creating(new_issue()), "tok-asks").await;
    live(&world, 3).await;
    assert_eq!((world.issues_in("SEC").len(), world.calls("createIssues")), (1, 1));
    let refused = actor(&world).undo(&world.tenant, &done.id, "tok-x", "a mistake").await.unwrap_err();
    assert_eq!(*refused.kind(), Kind::Conflict);
    assert!(refused.to_string().contains("delete_issue") && refused.to_string().contains(&issue.key));
    world.assert_honest();
}

#[tokio::test]
async fn an_issue_whose_answer_was_lost_is_found_by_its_property_and_not_made_again() {
    for kind in ["answer_lost", "effect_late"] {
        let world = world(seed(), |_| {}).await;
        world.jira.simulator.set(|settings| settings.index_lag_seconds = 90.0);
        fault(&world, "createIssues", kind, 1);
        let lost = act_on_issue(&world, "act-1", creating(new_issue())).await;
        assert_eq!((lost.state, lost.issue), (State::Running, None), "{kind}");
        live(&world, 6).await;
        let done = action(&world, &lost.id).await;
        assert_eq!(done.state, State::Done, "{kind}: {done:?}");
        assert_eq!((world.issues_in("SEC").len(), world.calls("createIssues")), (1, 1), "{kind}");
    }
}

#[tokio::test]
async fn what_was_never_made_is_told_again_once_it_was_looked_for_long_enough() {
    let world = world(seed(), |_| {}).await;
    fault(&world, "createIssues", "cut_before", 1);
    let lost = act_on_issue(&world, "act-1", creating(new_issue())).await;
    assert_eq!(lost.state, State::Running, "{lost:?}");
    live(&world, 3).await;
    assert_eq!(
        world.calls("createIssues"),
        1,
        "the search may lag behind: {:?}",
        action(&world, &lost.id).await
    );
    live(&world, 6).await;
    assert_eq!(action(&world, &lost.id).await.state, State::Done);
    assert_eq!((world.issues_in("SEC").len(), world.calls("createIssues")), (1, 2));
}

#[tokio::test]
async fn what_stands_against_an_issue_is_said_before_jira_is_told_anything() {
    let world = world(seed(), |_| {}).await;
    let field = |required: bool| json!({ "id": "customfield_10050", "name": "Severity", "type": "string", "required": required });
    edit(&world, "fields", &field(true));
    let mut other = Map::new();
    other.insert("customfield_99999".to_owned(), json!("x"));
    let unknown_type = NewIssue { issue_type: IssueTypeId::parse("99").unwrap(), ..new_issue() };
    for (name, issue, words) in [
        ("act-1", new_issue(), "Severity (customfield_10050)"),
        ("act-2", NewIssue { project: "NONE".to_owned(), ..new_issue() }, "no project NONE"),
        ("act-3", unknown_type, "10100 (Task)"),
    ] {
        let refused = act_on_issue(&world, name, creating(issue)).await;
        assert_eq!(refused.state, State::Refused, "{refused:?}");
        assert!(refused.problem.as_deref().unwrap().contains(words), "{refused:?}");
    }
    edit(&world, "fields", &field(false));
    let unknown = act_on_issue(&world, "act-4", creating(NewIssue { fields: other, ..new_issue() })).await;
    assert!(unknown.problem.unwrap().contains("customfield_99999"));
    edit(&world, "fields", &field(true));
    let mut fields = Map::new();
    fields.insert("customfield_10050".to_owned(), json!("high"));
    let done = act_on_issue(&world, "act-5", creating(NewIssue { fields, ..new_issue() })).await;
    assert_eq!(done.state, State::Done, "{done:?}");
    assert_eq!(world.issues_in("SEC")[0]["fields"]["customfield_10050"], "high");
    withhold(&world, "CREATE_ISSUES");
    let refused = act_on_issue(&world, "act-6", creating(new_issue())).await;
    let why = refused.problem.unwrap();
    assert_eq!(refused.state, State::Refused);
    assert!(
        why.contains("lacks the permission Create issues in project SEC") && why.contains("settings"),
        "{why}"
    );
    assert_eq!(world.calls("createIssues"), 1);
}

#[tokio::test]
async fn a_connection_whose_grant_may_only_read_is_told_what_to_do() {
    let world = world(seed(), |_| {}).await;
    let key = person_creates(&world, 1, json!({})).await;
    let read_alone = |connection: &mut assay::connection::Connection| {
        connection.method = assay::connection::Method::Oauth;
        connection.scopes = vec!["read:jira-work".to_owned()];
    };
    world.access.change_connection(&world.tenant, &connection(), read_alone).await.unwrap();
    for (name, asked) in [("act-1", creating(new_issue())), ("act-2", deleting(&key))] {
        let refused = act_on_issue(&world, name, asked).await;
        assert_eq!(refused.state, State::Refused, "{refused:?}");
        assert!(refused.problem.unwrap().contains("write:jira-work"));
    }
}

#[tokio::test]
async fn a_delete_without_the_permission_is_refused_with_how_to_get_it() {
    let world = world(seed(), |_| {}).await;
    let key = person_creates(&world, 1, json!({})).await;
    withhold(&world, "DELETE_ISSUES");
    let refused = act_on_issue(&world, "act-1", deleting(&key)).await;
    assert_eq!(refused.state, State::Refused, "{refused:?}");
    let why = refused.problem.unwrap();
    assert!(why.contains("Delete issues") && why.contains("Permissions"), "{why}");
    let facts = refused.dry_run.unwrap().issue.unwrap();
    assert_eq!((facts.key, facts.title.as_str()), (key, "Old work"), "what was found out is kept");
    assert_eq!((world.calls("deleteIssue"), world.issues_in("SEC").len()), (0, 1));
}

#[tokio::test]
async fn a_delete_waits_for_a_second_person_is_read_back_and_is_not_undone() {
    let world = world(seed(), |_| {}).await;
    let key = person_creates(&world, 1, json!({})).await;
    let comment = json!({ "issue": key, "text": "why is this still here?", "by": "acc-2" });
    world.jira.simulator.edit_project("SEC", "comment", &comment).unwrap();
    let asker = token(&world, Role::Operator, "iam").await;
    ask(&world, "act-1", None, deleting(&key), asker.as_str()).await;
    work(&world).await;
    let waiting = action(&world, &ActionId::parse("act-1").unwrap()).await;
    assert_eq!(
        (waiting.state, waiting.needs_second_person()),
        (State::AwaitingApproval, true),
        "{waiting:?}"
    );
    let facts = waiting.dry_run.as_ref().unwrap().issue.clone().unwrap();
    assert_eq!((facts.comments, facts.ticket, facts.status.is_empty()), (1, None, false));
    let refused = actor(&world).approve(&world.tenant, &waiting.id, &asker).await.unwrap_err();
    assert_eq!(*refused.kind(), Kind::Forbidden, "the requester");
    fault(&world, "deleteIssue", "answer_lost", 1);
    let lost = approved(&world, &waiting).await;
    assert_eq!(lost.state, State::Running, "{lost:?}");
    live(&world, 2).await;
    let done = action(&world, &waiting.id).await;
    assert_eq!((done.state, done.steps[0].held_before), (State::Done, Some(true)), "{done:?}");
    assert_eq!((world.issues_in("SEC").len(), world.calls("deleteIssue")), (0, 1));
    let undo = actor(&world).undo(&world.tenant, &done.id, "tok-x", "back").await.unwrap_err();
    assert_eq!(*undo.kind(), Kind::Conflict);
    assert!(undo.to_string().contains("does not bring back"), "{undo}");
    let gone = act_on_issue(&world, "act-2", deleting(&key)).await;
    assert!(gone.state == State::Refused && gone.problem.unwrap().contains(&key));
    world.assert_honest();
}

#[tokio::test]
async fn subtasks_are_named_and_never_deleted_with_their_issue() {
    let world = world(seed(), |_| {}).await;
    let parent = person_creates(&world, 1, json!({})).await;
    let below = json!({ "issuetype": { "id": "10105" }, "parent": { "key": parent } });
    let child = person_creates(&world, 1, below).await;
    let refused = act_on_issue(&world, "act-1", deleting(&parent)).await;
    assert_eq!(refused.state, State::Refused, "{refused:?}");
    assert!(refused.problem.unwrap().contains(&child));
    // One that comes between the approval and the deed is Jira's to refuse.
    let lone = person_creates(&world, 1, json!({})).await;
    let waiting = act_on_issue(&world, "act-2", deleting(&lone)).await;
    assert_eq!(waiting.state, State::AwaitingApproval);
    let below = json!({ "issuetype": { "id": "10105" }, "parent": { "key": lone } });
    let late = person_creates(&world, 1, below).await;
    let refused = approved(&world, &waiting).await;
    assert!(refused.state == State::Refused && refused.problem.unwrap().contains(&late));
    assert_eq!((world.calls("deleteIssue"), world.issues_in("SEC").len()), (0, 4));
}

#[tokio::test]
async fn an_issue_that_stands_for_a_ticket_of_assays_is_named_as_such() {
    let world = World::with(jira_sim::Options::default()).await;
    let connected = Box::pin(world.connect()).await;
    world.sync_all(&connected).await;
    Box::pin(world.tick()).await;
    let ticket = world.tickets().await.remove(0);
    let key = ticket.state.issue().unwrap().key.clone();
    let waiting = act_on_issue(&world, "act-1", deleting(&key)).await;
    assert_eq!(waiting.state, State::AwaitingApproval, "{waiting:?}");
    let dry_run = waiting.dry_run.unwrap();
    assert_eq!(dry_run.issue.unwrap().ticket, Some(ticket.id.clone()));
    assert!(
        dry_run.dangers.iter().any(|danger| danger.contains(ticket.id.as_str())),
        "{:?}",
        dry_run.dangers
    );
}

#[tokio::test]
async fn what_cannot_be_seen_is_not_taken_for_deleted() {
    let world = world(seed(), |_| {}).await;
    let key = person_creates(&world, 1, json!({})).await;
    let waiting = act_on_issue(&world, "act-1", deleting(&key)).await;
    fault(&world, "deleteIssue", "cut_before", 1);
    let begun = approved(&world, &waiting).await;
    assert_eq!((begun.state, begun.steps[0].held_before), (State::Running, Some(true)), "{begun:?}");
    withhold(&world, "BROWSE_PROJECTS");
    live(&world, 3).await;
    let waits = action(&world, &begun.id).await;
    assert_eq!((waits.state, waits.steps[0].done_at), (State::Running, None), "{waits:?}");
    edit(&world, "permissions", &json!({ "account": "acc-admin", "grant": ["BROWSE_PROJECTS"] }));
    live(&world, 30).await;
    assert_eq!(action(&world, &begun.id).await.state, State::Done);
    assert!(world.issues_in("SEC").is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, max_shrink_iters: 10, ..ProptestConfig::default() })]

    #[test]
    fn an_issue_whose_workers_die_anywhere_is_created_once(lives in prop::collection::vec(1_u32..70, 1..6)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = world(seed(), |_| {}).await;
            ask(&world, "act-1", None, creating(new_issue()), "tok-asks").await;
            let name = ActionId::parse("act-1").unwrap();
            for polls in &lives {
                world.usage.lose_everything();
                let worker = actor(&world);
                let killed = Killed { inner: Box::pin(worker.act(&world.tenant, &name)), polls: *polls };
                let _ = killed.await.transpose().unwrap();
                world.time.advance(500);
            }
            let request = UsageRequest::Act { tenant: world.tenant.clone(), action: name.clone() };
            carry_out(&world, &request).await.unwrap();
            live(&world, 12).await;
            let done = action(&world, &name).await;
            assert_eq!(done.state, State::Done, "{done:?}");
            let [made] = world.issues_in("SEC").try_into().unwrap();
            assert_eq!(made["key"].as_str(), done.issue.as_ref().map(|issue| issue.key.as_str()));
        });
    }
}
