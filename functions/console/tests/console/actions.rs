//! Actions: what kinds there are, asking for one, what would happen, who approves it, undoing it.

use std::sync::Arc;

use assay::access::Role;
use assay::account::{Account, AccountKind};
use assay::directory::Group;
use assay::ids::{AccountId, ConnectionId, GroupId};
use assay::ingestion::{Ingestion, Source};
use assay::operations::acting::Actor;
use assay::sqs::{Queue, UsageRequest};
use serde_json::{Value, json};

use super::support::{House, PROBE, assert_harmless, main_of};

const TEAM: &str = "00000000-0000-4000-8001-000000000001";

/// An issue that is to be created, after somebody has looked at what would happen.
pub fn creating() -> Value {
    json!({
        "what": "create_issue", "connection": "con-1", "project": "SEC", "issue_type": "10100",
        "summary": "Rotate the keys", "why": "they are old", "hold": true,
    })
}

/// Asks for an action by the API; gives its id.
pub async fn asked(house: &House, body: &Value) -> String {
    let asked = house.call("POST", "/v1/actions", body).await.json();
    asked["id"].as_str().unwrap().to_owned()
}

/// Carries out what was asked for.
pub async fn work(house: &House) {
    let usage = Arc::clone(&house.world.usage) as Arc<dyn Queue<UsageRequest>>;
    let actor = Actor::over_jira(house.world.access.clone(), usage);
    for request in house.world.usage.receive(100) {
        if let UsageRequest::Act { tenant, action } = request {
            Box::pin(actor.act(&tenant, &action)).await.unwrap();
        }
    }
}

async fn connected() -> House {
    let house = House::start().await;
    house.world.connect().await;
    house
}

/// A house whose team of two was read, with the first one called so.
async fn with_team(name: &str) -> House {
    let house = connected().await;
    house.world.jira.simulator.control("POST", "/groups", &json!({ "id": TEAM, "name": "team" })).unwrap();
    let add = json!({ "add": ["acc-1", "acc-2"] });
    house.world.jira.simulator.control("POST", "/groups/team", &add).unwrap();
    let (store, tenant, now) = (house.world.store(), house.world.tenant.clone(), house.world.time.now());
    let connection = ConnectionId::parse("con-1").unwrap();
    let mut ingestion = Ingestion::new(tenant.clone(), connection.clone(), "UTC".to_owned(), now);
    for source in [Source::Users, Source::Groups, Source::Members] {
        ingestion.source(source).read_at = Some(now);
    }
    ingestion.settled_at = Some(now);
    ingestion.settled_sources = ingestion.sources.clone();
    store.put_new_ingestion(&ingestion).await.unwrap();
    let team = GroupId::parse(TEAM).unwrap();
    let group = Group {
        tenant: tenant.clone(),
        connection: connection.clone(),
        id: team.clone(),
        name: name.to_owned(),
        members: 0,
        complete: true,
        products: vec![],
        removed_at: None,
        version: 1,
    };
    store.write_group(&group).await.unwrap();
    for number in 1..=2 {
        let id = AccountId::parse(&format!("acc-{number}")).unwrap();
        let account = Account {
            kind: AccountKind::Human,
            name: format!("{name} {number}"),
            active: true,
            groups: vec![team.clone()],
            ..Account::new(tenant.clone(), connection.clone(), id, now)
        };
        store.put_new_account(&account).await.unwrap();
    }
    house
}

async fn shown(house: &House, id: &str) -> Value {
    house.call("GET", &format!("/v1/actions/{id}"), &Value::Null).await.json()
}

/// A page without what differs each time: identifiers that are made anew.
fn settled(page: &str, action: &Value) -> String {
    let mut text = main_of(page);
    for (field, name) in [("id", "{action}"), ("asked_by", "{asker}"), ("approved_by", "{approver}")] {
        if let Some(id) = action[field].as_str() {
            text = text.replace(id, name);
        }
    }
    text
}

#[tokio::test]
async fn the_kinds_say_what_each_needs_and_where_nothing_is_connected_how_to_begin() {
    let house = House::start().await;
    let operator = house.signed_in(Role::Operator).await;
    insta::assert_snapshot!("actions_empty", main_of(&operator.page("/actions").await));
    assert!(operator.page("/actions/new").await.contains("Nothing is connected yet"));
    house.world.connect().await;
    insta::assert_snapshot!("action_kinds", main_of(&operator.page("/actions/new").await));
    for what in ["change_access", "deactivate_user", "remove_user", "create_issue", "delete_issue"] {
        let page = operator.page(&format!("/actions/new?what={what}&connection=con-1&why=old")).await;
        assert!(page.contains("demo.atlassian.net (con-1)"), "{what}: {page}");
        assert!(page.contains("value=\"old\"") || what == "create_issue", "{what}: {page}");
    }
    let reader = house.signed_in(Role::Auditor).await;
    assert!(!reader.page("/actions").await.contains("/actions/new"));
}

#[tokio::test]
async fn an_issue_is_asked_for_looked_at_created_and_deleted_by_a_second_person() {
    let house = connected().await;
    let browser = house.signed_in(Role::Operator).await;
    let page = browser.page("/actions/new?what=create_issue&connection=con-1&project=SEC").await;
    assert!(page.contains("<option value=\"10100\">Task</option>"), "{page}");
    let fields = [
        ("what", "create_issue"),
        ("connection", "con-1"),
        ("project", "SEC"),
        ("issue_type", "10100"),
        ("summary", PROBE),
        ("labels", "keys, old"),
        ("why", "they are old"),
        ("hold", "true"),
    ];
    let answer = browser.submit("/actions/new", &fields).await;
    let path = answer.header("location").to_owned();
    let page = browser.follow(&answer).await.text();
    assert_harmless(&page);
    // Why it is declined may be being written: the page is not read again by itself.
    let poll = format!("{path}?form=shown");
    assert!(page.contains("Being looked at</span>") && page.contains("Look again</a>"), "{page}");
    assert!(
        page.contains(&format!("hx-get=\"{poll}\"")) && !page.contains("http-equiv=\"refresh\""),
        "{page}"
    );
    let auditor = house.signed_in(Role::Auditor).await;
    assert!(auditor.page(&path).await.contains("Look again</a>"));
    let part = browser.part(&poll, "progress").await;
    assert!(part.text().contains(&format!("{poll}\" hx-trigger=\"load delay:3s")), "{}", part.text());
    work(&house).await;
    let part = browser.part(&poll, "progress").await;
    assert!(
        part.header("hx-redirect").is_empty() && part.text().contains("Load the page anew"),
        "{}",
        part.text()
    );
    assert!(!part.text().contains("hx-get"), "{}", part.text());
    assert_eq!(auditor.part(&path, "progress").await.header("hx-redirect"), path, "the page is read again");
    let page = browser.page(&path).await;
    assert!(page.contains("Waits for approval") && page.contains("<button>Do it</button>"), "{page}");
    assert!(house.world.issues_in("SEC").is_empty());
    let answer = browser.submit(&format!("{path}/approve"), &[]).await;
    assert!(browser.follow(&answer).await.text().contains("It is approved"));
    work(&house).await;
    let id = path.rsplit('/').next().unwrap();
    let done = shown(&house, id).await;
    assert_eq!(
        (&done["state"], &done["new_issue"]["labels"]),
        (&json!("done"), &json!(["keys", "old"])),
        "{done}"
    );
    assert_harmless(&browser.page("/actions?state=done").await);
    let page = browser.page(&path).await;
    let key = done["issue"]["key"].as_str().unwrap();
    assert!(page.contains(&format!("what=delete_issue&#38;connection=con-1&#38;issue={key}")), "{page}");

    browser.page(&format!("/actions/new?what=delete_issue&connection=con-1&issue={key}")).await;
    let fields = [("what", "delete_issue"), ("connection", "con-1"), ("issue", key), ("why", "by mistake")];
    let answer = browser.submit("/actions/new", &fields).await;
    let path = answer.header("location").to_owned();
    work(&house).await;
    let page = browser.page(&path).await;
    assert_harmless(&page);
    assert!(
        page.contains("another operator or admin must approve it") && !page.contains("/approve\""),
        "{page}"
    );
    let refused = browser.submit(&format!("{path}/approve"), &[]).await;
    assert_eq!(refused.status, 403);
    assert!(refused.text().contains("another person than the one who asked"), "{}", refused.text());
    assert_eq!(house.world.issues_in("SEC").len(), 1);
    let second = house.signed_in(Role::Operator).await;
    assert!(second.page(&path).await.contains("Approve it</button>"));
    second.submit(&format!("{path}/approve"), &[]).await;
    work(&house).await;
    assert!(second.page(&path).await.contains("Jira does not bring back an issue that was deleted."));
    assert!(house.world.issues_in("SEC").is_empty());
}

#[tokio::test]
async fn access_is_taken_away_and_given_back_by_undoing_it() {
    let house = with_team("team").await;
    let browser = house.signed_in(Role::Operator).await;
    let page = browser.page("/actions/new?what=change_access").await;
    assert!(page.contains(&format!("<option value=\"{TEAM}\">team</option>")), "{page}");
    assert!(page.contains("<option value=\"acc-1\">team 1</option>"), "{page}");
    let fields = [
        ("what", "change_access"),
        ("connection", "con-1"),
        ("account", "acc-1"),
        ("change", "remove"),
        ("grant.kind", "group"),
        ("grant.group", TEAM),
        ("why", "not needed"),
        ("hold", "true"),
    ];
    let answer = browser.submit("/actions/new", &fields).await;
    let path = answer.header("location").to_owned();
    let id = path.rsplit('/').next().unwrap().to_owned();
    work(&house).await;
    let page = browser.page(&path).await;
    assert!(page.contains("What would happen") && page.contains("team 1"), "{page}");
    insta::assert_snapshot!("action_waiting", settled(&page, &shown(&house, &id).await));
    browser.submit(&format!("{path}/approve"), &[]).await;
    work(&house).await;
    let page = browser.page(&path).await;
    assert!(page.contains("Done, read back</span>"), "{page}");
    insta::assert_snapshot!("action_done", settled(&page, &shown(&house, &id).await));
    let list = browser.page("/actions").await;
    assert!(list.contains("Take away membership of a group") && list.contains("Done, read back"), "{list}");
    browser.page(&path).await;
    let refused = browser.submit(&format!("{path}/undo"), &[("why", " ")]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("id=\"error-why\""), "{}", refused.text());
    let answer = browser.submit(&format!("{path}/undo"), &[("why", "it was a mistake")]).await;
    let undoing = browser.follow(&answer).await.text();
    assert!(
        undoing.contains("Undo an earlier action") && undoing.contains(&format!("href=\"{path}\"")),
        "{undoing}"
    );
    work(&house).await;
    assert_eq!(shown(&house, &id).await["state"], "undone");
    assert!(browser.page("/actions?state=undone").await.contains("not needed"));
    assert!(browser.page("/actions?state=failed").await.contains("No action is like that"));
}

#[tokio::test]
async fn project_roles_and_products_are_chosen_by_their_names_of_one_connection() {
    let (house, _) = House::read().await;
    let browser = house.signed_in(Role::Operator).await;
    let address = "/actions/new?what=change_access";
    let page = browser.page(address).await;
    assert_harmless(&page);
    for option in ["<option value=\"10000/10002\">SEC: ", "<option value=\"jira-software\">"] {
        assert!(page.contains(option), "{option}: {page}");
    }
    let usual = [
        ("what", "change_access"),
        ("connection", "con-1"),
        ("account", "acc-3"),
        ("change", "remove"),
        ("why", "not needed"),
        ("hold", "true"),
    ];
    for (said, grant) in [
        (
            vec![("grant.kind", "role"), ("grant.held", "10000/10002")],
            json!({ "kind": "role", "project": "10000", "role": "10002" }),
        ),
        (
            vec![("grant.kind", "role"), ("grant.project", "10001"), ("grant.role", "10002")],
            json!({ "kind": "role", "project": "10001", "role": "10002" }),
        ),
        (
            vec![("grant.kind", "product"), ("grant.product", "jira-software")],
            json!({ "kind": "product", "product": "jira-software" }),
        ),
    ] {
        browser.page(address).await;
        let answer = browser.submit("/actions/new", &[usual.as_slice(), &said].concat()).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        let id = answer.header("location").rsplit('/').next().unwrap().to_owned();
        assert_eq!(shown(&house, &id).await["grant"], grant);
    }
    assert!(!page.contains("Choose this connection"), "there is only one");
    let second = assay_test_support::world::token_proof();
    house.world.connect_as("con-2", second).await.unwrap();
    let page = browser.page(&format!("{address}&connection=con-2")).await;
    assert!(page.contains("Choose this connection") && !page.contains("10000/10002"), "{page}");
    assert!(page.contains("name=\"connection\" value=\"con-2\""), "{page}");
}

#[tokio::test]
async fn names_in_jira_never_become_markup_where_actions_show_them() {
    let house = with_team(PROBE).await;
    let body = json!({
        "connection": "con-1", "account": "acc-1", "change": "remove", "hold": true, "why": PROBE,
        "grant": { "kind": "group", "group": TEAM },
    });
    let id = asked(&house, &body).await;
    work(&house).await;
    let reader = house.signed_in(Role::Auditor).await;
    let page = reader.page(&format!("/actions/{id}")).await;
    assert_harmless(&page);
    assert!(
        page.contains("An operator may approve or decline it.") && !page.contains("<button>Do it"),
        "{page}"
    );
    assert_harmless(&reader.page("/actions").await);
    assert_harmless(&house.signed_in(Role::Operator).await.page("/actions/new?what=change_access").await);
}

#[tokio::test]
async fn what_is_declined_is_not_done_and_says_why() {
    let house = connected().await;
    let id = asked(&house, &creating()).await;
    work(&house).await;
    let browser = house.signed_in(Role::Operator).await;
    let path = format!("/actions/{id}");
    browser.page(&path).await;
    let refused = browser.submit(&format!("{path}/decline"), &[("why", "")]).await;
    assert_eq!(refused.status, 422);
    let answer = browser.submit(&format!("{path}/decline"), &[("why", "nobody needs it")]).await;
    let page = browser.follow(&answer).await.text();
    assert!(page.contains("Not done</span>") && page.contains("nobody needs it"), "{page}");
    assert!(house.world.issues_in("SEC").is_empty());
    let late = browser.submit(&format!("{path}/decline"), &[("why", "again")]).await;
    assert_eq!(late.status, 409);
    assert!(late.text().contains("it is too late"), "{}", late.text());
}

#[tokio::test]
async fn what_is_wrong_with_a_wish_is_said_at_its_field_and_what_was_entered_stays() {
    let house = connected().await;
    let browser = house.signed_in(Role::Operator).await;
    browser.page("/actions/new").await;
    let issue = |name: &'static str, value: &'static str| {
        let usual = [
            ("what", "create_issue"),
            ("connection", "con-1"),
            ("project", "SEC"),
            ("issue_type", "10100"),
            ("summary", "kept title"),
            ("why", "kept reason"),
        ];
        let mut fields: Vec<(&str, &str)> = usual.into_iter().filter(|(key, _)| *key != name).collect();
        fields.push((name, value));
        fields
    };
    let access = |name: &'static str, value: &'static str| {
        let usual = [
            ("what", "change_access"),
            ("connection", "con-1"),
            ("why", "kept reason"),
            ("change", "add"),
            ("grant.kind", "group"),
            ("grant.group", TEAM),
        ];
        let mut fields: Vec<(&str, &str)> = usual.into_iter().filter(|(key, _)| *key != name).collect();
        fields.push((name, value));
        fields
    };
    for (fields, field) in [
        (issue("summary", ""), "summary"),
        (issue("fields", "no json"), "fields"),
        (issue("labels", "two words"), "labels"),
        (issue("why", ""), "why"),
        (access("account", ""), "account"),
        (access("grant.kind", "product"), "grant"),
    ] {
        let answer = browser.submit("/actions/new", &fields).await;
        let page = answer.text();
        assert_eq!(answer.status, 422, "{page}");
        assert!(page.contains(&format!("id=\"error-{field}\"")), "{field}: {page}");
        assert!(page.contains("kept reason") || field == "why", "{field}: {page}");
    }
    let answer = browser.get("/actions/new?what=create_issue&connection=con-1&project=NOPE").await;
    assert!(answer.text().contains("id=\"error-project\""), "{}", answer.text());
    let all = house.call("GET", "/v1/actions", &Value::Null).await.json();
    assert_eq!(all["items"], json!([]));
}
