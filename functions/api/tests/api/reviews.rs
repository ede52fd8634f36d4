//! Access reviews and actions over HTTP.

use assay::access::Role;
use assay::account::{Account, AccountKind};
use assay::campaign::{SignedRecord, verify};
use assay::directory::Group;
use assay::ids::{AccountId, ConnectionId, GroupId};
use assay::ingestion::{Ingestion, Source};
use assay::operations::acting::Actor;
use assay::operations::reviewing::Reviewer;
use assay::sqs::{Queue, UsageRequest};
use assay_test_support::http::{Answer, Ask};
use serde_json::{Value, json};

use crate::support::{House, TENANT, assert_problem};

const TEAM: &str = "00000000-0000-4000-8001-000000000001";

fn connection() -> ConnectionId {
    ConnectionId::parse("con-1").unwrap()
}

fn grant() -> Value {
    json!({ "kind": "group", "group": TEAM })
}

/// A campaign over a team.
pub fn campaign_body() -> Value {
    json!({
        "name": "Second quarter", "connection": "con-1", "due_on": "2026-07-01",
        "scope": { "by": "groups", "groups": [TEAM] },
    })
}

/// A decision on what an account is in.
pub fn decisions_body(decision: &str) -> Value {
    json!({ "items": [{ "account": "acc-1", "grant": grant(), "decision": decision, "note": "looked at" }] })
}

/// A change of what an account is in.
pub fn action_body(change: &str) -> Value {
    json!({
        "connection": "con-1", "account": "acc-1", "change": change, "grant": grant(), "why": "not needed",
    })
}

/// Stores what an ingestion would: a team with so many accounts, all read whole.
async fn fill(house: &House, accounts: usize) {
    let (store, tenant, now) = (house.world.store(), &house.world.tenant, house.world.time.now());
    let mut ingestion = Ingestion::new(tenant.clone(), connection(), "UTC".to_owned(), now);
    for source in [Source::Users, Source::Groups, Source::Members] {
        ingestion.source(source).read_at = Some(now);
    }
    ingestion.settled_at = Some(now);
    ingestion.settled_sources = ingestion.sources.clone();
    store.put_new_ingestion(&ingestion).await.unwrap();
    let team = GroupId::parse(TEAM).unwrap();
    let group = Group {
        tenant: tenant.clone(),
        connection: connection(),
        id: team.clone(),
        name: "=team".to_owned(),
        members: 0,
        complete: true,
        products: vec![],
        removed_at: None,
        version: 1,
    };
    store.write_group(&group).await.unwrap();
    for number in 1..=accounts {
        let id = AccountId::parse(&format!("acc-{number}")).unwrap();
        let account = Account {
            kind: AccountKind::Human,
            name: format!("@person {number}"),
            active: true,
            groups: vec![team.clone()],
            ..Account::new(tenant.clone(), connection(), id, now)
        };
        store.put_new_account(&account).await.unwrap();
    }
}

/// Carries out what was asked for.
pub async fn work(house: &House) {
    let usage = std::sync::Arc::clone(&house.world.usage) as std::sync::Arc<dyn Queue<UsageRequest>>;
    let access = house.world.access.clone();
    let reviewer = Reviewer {
        core: access.core.clone(),
        secrets: access.secrets.clone(),
        usage: usage.clone(),
        deadline: access.deadline.clone(),
    };
    let actor = Actor::over_jira(access, usage);
    for request in house.world.usage.receive(100) {
        match request {
            UsageRequest::Campaign { tenant, campaign } => {
                Box::pin(reviewer.continue_campaign(&tenant, &campaign)).await.unwrap();
            }
            UsageRequest::Act { tenant, action } => Box::pin(actor.act(&tenant, &action)).await.unwrap(),
            UsageRequest::Ingest { .. } => {}
        }
    }
}

/// An open campaign and a planned action, for what goes through all routes.
pub async fn things(house: &House) -> (String, String) {
    fill(house, 1).await;
    let campaign = house.call("POST", "/v1/campaigns", &campaign_body()).await;
    assert_eq!(campaign.status, 201, "{}", campaign.text());
    work(house).await;
    let action = house.call("POST", "/v1/actions", &action_body("remove")).await;
    assert_eq!(action.status, 202, "{}", action.text());
    let id = |answer: &Answer| answer.json()["id"].as_str().unwrap().to_owned();
    (id(&campaign), id(&action))
}

/// A house with an open campaign over so many accounts, and its path.
pub async fn open(accounts: usize) -> (House, String) {
    let house = House::start().await;
    house.world.connect().await;
    house.world.jira.simulator.control("POST", "/groups", &json!({ "id": TEAM, "name": "team" })).unwrap();
    let add = json!({ "add": ["acc-1", "acc-2"] });
    house.world.jira.simulator.control("POST", "/groups/team", &add).unwrap();
    fill(&house, accounts).await;
    let made = house.post_once("/v1/campaigns", "k", &campaign_body()).await;
    assert_eq!((made.status.as_u16(), &made.json()["state"]), (201, &json!("preparing")), "{}", made.text());
    work(&house).await;
    let path = format!("/v1/campaigns/{}", made.json()["id"].as_str().unwrap());
    assert_eq!(house.get(&path).await.json()["state"], "open");
    (house, path)
}

/// All pages of an export, from one `Link` to the next.
async fn pages(house: &House, path: &str) -> Vec<Answer> {
    let (mut path, mut all) = (path.to_owned(), Vec::new());
    loop {
        let answer = house.get(&path).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let link = answer.header("link").to_owned();
        all.push(answer);
        match link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\"")) {
            Some(next) => next.clone_into(&mut path),
            None => return all,
        }
    }
}

#[tokio::test]
async fn a_review_is_made_decided_on_applied_closed_and_exported() {
    let (house, path) = open(7).await;
    let reviewer = house.token(TENANT, Role::Reviewer).await;
    let mut said = decisions_body("revoke");
    for number in 2..=7 {
        let account = format!("acc-{number}");
        let keep = json!({ "account": account, "grant": grant(), "decision": "keep" });
        said["items"].as_array_mut().unwrap().push(keep);
    }
    let ask = Ask::new("POST", &format!("{path}/decisions")).token(Some(&reviewer)).json(&said);
    let decided = house.send(ask).await;
    assert_eq!((decided.status.as_u16(), &decided.json()["decided"]), (200, &json!(7)), "{}", decided.text());
    let revoked = house.list(&format!("{path}/items?decision=revoke")).await;
    assert_eq!(revoked.len(), 1);
    assert_eq!((&revoked[0]["account"], &revoked[0]["note"]), (&json!("acc-1"), &json!("looked at")));
    assert_eq!(revoked[0]["flags"]["dormant"], Value::Null, "activity is not ingested");

    assert_eq!(house.call("POST", &format!("{path}/apply"), &json!({ "hold": true })).await.status, 202);
    work(&house).await;
    work(&house).await;
    let waiting = house.list("/v1/actions?state=awaiting_approval").await;
    assert_eq!((waiting.len(), &waiting[0]["needs_second_person"]), (1, &json!(false)), "{waiting:?}");
    let action = format!("/v1/actions/{}", waiting[0]["id"].as_str().unwrap());
    assert_eq!(house.call("POST", &format!("{action}/approve"), &json!({})).await.status, 202);
    work(&house).await;
    let done = house.get(&action).await.json();
    assert_eq!(done["state"], "done", "{done}");
    let again = house.call("POST", &format!("{action}/approve"), &json!({})).await;
    assert_problem(&again, 409, None);

    assert_eq!(house.call("POST", &format!("{path}/close"), &json!({})).await.status, 202);
    work(&house).await;
    let closed = house.get(&path).await.json();
    assert_eq!((&closed["state"], &closed["record"]["record"]["complete"]), (&json!("closed"), &json!(true)));
    assert_eq!(closed["counts"]["carried_out"], 1);

    let exported = pages(&house, &format!("{path}/export?limit=3")).await;
    assert_eq!(exported.len(), 3);
    let signed: SignedRecord = serde_json::from_value(exported[0].json()["record"].clone()).unwrap();
    assert_eq!(exported[1].json()["record"], Value::Null);
    let items = || exported.iter().flat_map(|page| page.json()["items"].as_array().unwrap().clone());
    assert_eq!(verify(&signed, &signed.public_key, items()), Ok(()));
    assert!(!exported.iter().any(|page| page.text().contains("@person")), "names are no part of the record");
    let again = house.call("POST", &format!("{path}/close"), &json!({})).await;
    assert_eq!((again.status.as_u16(), &again.json()["state"]), (202, &json!("closed")));
    let late = house.call("POST", &format!("{path}/decisions"), &decisions_body("keep")).await;
    assert_problem(&late, 409, None);
}

#[tokio::test]
async fn pages_of_csv_are_one_table_without_formulas_and_without_whom_was_erased() {
    let (house, path) = open(5).await;
    let now = house.world.time.now();
    let erase = |account: &mut Account| {
        account.erased_at = Some(now);
        Ok(true)
    };
    let id = AccountId::parse("acc-2").unwrap();
    house.world.store().change_account(&house.world.tenant, &connection(), &id, &erase).await.unwrap();
    let mut said = decisions_body("keep");
    said["items"][0]["note"] = json!("+1, \"fine\"");
    assert_eq!(house.call("POST", &format!("{path}/decisions"), &said).await.status, 200);
    let pages = pages(&house, &format!("{path}/export?format=csv&limit=2")).await;
    assert_eq!(pages.len(), 3);
    assert!(pages[0].header("content-type").starts_with("text/csv"));
    let table: String = pages.iter().map(Answer::text).collect();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 6, "{table}");
    assert!(lines[0].starts_with("account,name,email,kind,grant,access,new,"));
    assert!(
        lines[1].starts_with(&format!("acc-1,'@person 1,,human,group:{TEAM},group =team,")),
        "{}",
        lines[1]
    );
    assert!(lines[1].contains(",keep,\"'+1, \"\"fine\"\"\","), "{}", lines[1]);
    assert!(lines[2].starts_with("acc-2,,,"), "{}", lines[2]);
}

#[tokio::test]
async fn what_is_wrong_with_a_call_is_named() {
    let (house, path) = open(2).await;
    let decisions = format!("{path}/decisions");
    let mut missing = decisions_body("keep");
    missing["items"][0]["account"] = json!("acc-9");
    let mut twice = decisions_body("keep");
    let again = twice["items"][0].clone();
    twice["items"].as_array_mut().unwrap().push(again);
    let mut silent = decisions_body("revoke");
    silent["items"][0]["note"] = Value::Null;
    let mut many = decisions_body("keep");
    many["items"] = Value::Array(vec![many["items"][0].clone(); 201]);
    for (body, field) in [
        (missing, "items[0]"),
        (twice, "items[1]"),
        (silent, "items[0].note"),
        (many, "items"),
        (decisions_body("undecided"), "items[0].decision"),
        (decisions_body("maybe"), "items[0].decision"),
    ] {
        assert_problem(&house.call("POST", &decisions, &body).await, 422, Some(field));
    }
    let with = |field: &str, value: Value| {
        let mut body = campaign_body();
        body[field] = value;
        body
    };
    for (body, field) in [
        (with("scope", json!({ "by": "groups", "groups": ["gone"] })), "scope"),
        (with("scope", json!({ "by": "all", "groups": [] })), "scope"),
        (with("reviewers", json!(["nobody"])), "reviewers[0]"),
        (with("due_on", json!("2026-06-14")), "due_on"),
        (with("due_on", json!("soon")), "due_on"),
        (with("name", json!("")), "name"),
    ] {
        assert_problem(&house.call("POST", "/v1/campaigns", &body).await, 422, Some(field));
    }
    let mut nobody = action_body("remove");
    nobody["account"] = json!("acc-9");
    assert_problem(&house.call("POST", "/v1/actions", &nobody).await, 422, Some("account"));
    let mut product = action_body("add");
    product["grant"] = json!({ "kind": "product", "product": "jira-software" });
    assert_problem(&house.call("POST", "/v1/actions", &product).await, 422, Some("grant"));
    assert_problem(&house.get(&format!("{path}/export?format=xml")).await, 422, Some("format"));
    assert_problem(&house.get("/v1/actions?state=begun").await, 422, Some("state"));
    let other = format!("{path}/items?decision=keep&cursor=abc.def");
    assert_problem(&house.get(&other).await, 422, Some("cursor"));
}

#[tokio::test]
async fn an_action_is_done_undone_and_declined_over_http() {
    let (house, _) = open(2).await;
    let asked = house.post_once("/v1/actions", "k", &action_body("remove")).await;
    let same = house.post_once("/v1/actions", "k", &action_body("remove")).await;
    assert_eq!((asked.status.as_u16(), asked.json()["id"].clone()), (202, same.json()["id"].clone()));
    work(&house).await;
    let path = format!("/v1/actions/{}", asked.json()["id"].as_str().unwrap());
    let done = house.get(&path).await.json();
    assert_eq!((&done["state"], &done["steps"][0]["held_before"]), (&json!("done"), &json!(true)), "{done}");
    let why = json!({ "why": "it was a mistake" });
    let undo = house.call("POST", &format!("{path}/undo"), &why).await;
    assert_eq!((undo.status.as_u16(), &undo.json()["undoes"]), (202, &done["id"]), "{}", undo.text());
    work(&house).await;
    assert_eq!(house.get(&path).await.json()["state"], "undone");
    let mut held = action_body("remove");
    held["hold"] = json!(true);
    let held = house.call("POST", "/v1/actions", &held).await.json();
    let path = format!("/v1/actions/{}", held["id"].as_str().unwrap());
    let declined = house.call("POST", &format!("{path}/decline"), &why).await;
    assert_eq!((declined.status.as_u16(), &declined.json()["state"]), (200, &json!("refused")));
    assert_problem(&house.call("POST", &format!("{path}/decline"), &why).await, 409, None);
    assert_problem(
        &house.call("POST", &format!("{path}/undo"), &json!({ "why": "" })).await,
        422,
        Some("why"),
    );
}
