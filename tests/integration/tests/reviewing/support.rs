use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use assay::access::{ApiToken, Role};
use assay::account::{Account, Grant};
use assay::action::{Action, Asked, Wish as ActionWish};
use assay::campaign::{Campaign, Choice, Item, Said, Scope, Wish};
use assay::clock::after;
use assay::connection::UseCase;
use assay::ids::{AccountId, ActionId, CampaignId, ConnectionId, GroupId, ProductKey, TokenId};
use assay::operations::acting::Actor;
use assay::operations::connecting::Wish as ConnectionWish;
use assay::operations::reviewing::Reviewer;
use assay::operations::reviewing::deciding::Decider;
use assay::sqs::{Queue, UsageRequest};
use assay_test_support::world::{World, token_proof, wish};
use jira_sim::{Options, Seed};
use serde_json::{Value, json};

pub(super) const ADMINISTRATORS: &str = "00000000-0000-4000-8000-000000000001";
pub(super) const USERS: &str = "00000000-0000-4000-8000-000000000002";
pub(super) const SITE_ADMINS: &str = "00000000-0000-4000-8000-000000000003";
pub(super) const SERVICE_AGENTS: &str = "00000000-0000-4000-8000-000000000004";

/// The n-th team of a seed, counted from 1.
pub(super) fn team(number: usize) -> Grant {
    in_group(&format!("00000000-0000-4000-8001-{number:012}"))
}

pub(super) fn in_group(id: &str) -> Grant {
    Grant::Group { group: GroupId::parse(id).unwrap() }
}

pub(super) fn product(key: &str) -> Grant {
    Grant::Product { product: ProductKey::parse(key).unwrap() }
}

pub(super) fn connection() -> ConnectionId {
    ConnectionId::parse("con-1").unwrap()
}

pub(super) fn id(account: &str) -> AccountId {
    AccountId::parse(account).unwrap()
}

/// A world whose directory was read, after `prepare` made what it needs in Jira.
pub(super) async fn world(seed: Seed, prepare: impl Fn(&World)) -> World {
    let world = World::with(Options { seed, ..Options::default() }).await;
    prepare(&world);
    world.store().put_tenant_if_new(&world.tenant, world.time.now()).await.unwrap();
    let wish =
        ConnectionWish { use_cases: BTreeSet::from([UseCase::AccessReview, UseCase::Usage]), ..wish() };
    Box::pin(world.connector().begin(&world.tenant, connection(), wish, token_proof())).await.unwrap();
    world.evaluate().await;
    ingest(&world).await;
    world
}

/// Reads the directory again, a day later where it was read before.
pub(super) async fn ingest(world: &World) {
    let due = world.store().ingestion(&world.tenant, &connection()).await.unwrap().unwrap().due_at.unwrap();
    world.time.advance(due.duration_since(world.time.now()).as_secs().max(0) + 1);
    world.ingester().fan_out().await.unwrap();
    work(world).await;
}

pub(super) fn control(world: &World, path: &str, body: &Value) {
    world.jira.simulator.control("POST", path, body).unwrap();
}

/// Changes who is in a group, by hand in Jira.
pub(super) fn group(world: &World, group: &str, add: &[&str], remove: &[&str]) {
    control(world, &format!("/groups/{group}"), &json!({ "add": add, "remove": remove }));
}

pub(super) fn reviewer(world: &World) -> Reviewer {
    Reviewer {
        core: world.access.core.clone(),
        secrets: world.secrets(),
        usage: Arc::clone(&world.usage) as Arc<dyn Queue<UsageRequest>>,
        deadline: world.access.deadline.clone(),
    }
}

pub(super) fn actor(world: &World) -> Actor {
    Actor::over_jira(world.access.clone(), Arc::clone(&world.usage) as Arc<dyn Queue<UsageRequest>>)
}

/// Carries out one request.
pub(super) async fn carry_out(world: &World, request: &UsageRequest) -> assay::Result<()> {
    match request {
        UsageRequest::Ingest { tenant, connection } => {
            Box::pin(world.ingester().ingest(tenant, connection)).await
        }
        UsageRequest::Campaign { tenant, campaign } => {
            Box::pin(reviewer(world).continue_campaign(tenant, campaign)).await
        }
        UsageRequest::Act { tenant, action } => Box::pin(actor(world).act(tenant, action)).await,
    }
}

/// Carries out what is asked for now, and what follows from it at once.
pub(super) async fn work(world: &World) {
    for _ in 0..2000 {
        let requests = world.usage.receive(10);
        if requests.is_empty() {
            return;
        }
        for request in &requests {
            carry_out(world, request).await.unwrap();
        }
    }
    panic!("there is no end of it");
}

pub(super) async fn token(world: &World, role: Role, made_by: &str) -> TokenId {
    let (random, now) = (world.access.core.random.as_ref(), world.time.now());
    let (token, _) = ApiToken::issue(random, &world.tenant, "test", role, made_by, now).unwrap();
    world.store().put_token(&token).await.unwrap();
    token.id
}

pub(super) async fn decider(world: &World) -> Decider {
    Decider { token: token(world, Role::Reviewer, "iam").await, role: Role::Reviewer }
}

pub(super) fn campaign_wish(world: &World, scope: Scope) -> Wish {
    Wish {
        name: "Second quarter".to_owned(),
        connection: connection(),
        scope,
        reviewers: vec![],
        due_on: after(world.time.now(), 14 * 86_400).to_zoned(jiff::tz::TimeZone::UTC).date(),
        remind_days: vec![7, 1],
        dormant_days: 30,
    }
}

/// Makes a campaign and has its items made.
pub(super) async fn made(world: &World, id: &str, scope: Scope) -> Campaign {
    let id = CampaignId::parse(id).unwrap();
    let wish = campaign_wish(world, scope);
    reviewer(world).make(&world.tenant, id.clone(), wish, "tok-admin").await.unwrap();
    work(world).await;
    campaign(world, &id).await
}

pub(super) async fn campaign(world: &World, id: &CampaignId) -> Campaign {
    world.store().campaign(&world.tenant, id).await.unwrap().unwrap()
}

/// All items of a campaign, in their order.
pub(super) async fn items(world: &World, id: &CampaignId) -> Vec<Item> {
    let (mut all, mut behind) = (Vec::new(), None);
    loop {
        let (some, next) =
            world.store().review_items_behind(&world.tenant, id, behind.as_ref()).await.unwrap();
        all.extend(some);
        match next {
            Some(next) => behind = Some(next),
            None => return all,
        }
    }
}

/// Decides on every item by a rule.
pub(super) async fn decide_all(world: &World, id: &CampaignId, rule: impl Fn(&Item) -> Choice) {
    let by = decider(world).await;
    for some in items(world, id).await.chunks(200) {
        let said: Vec<Said> = some
            .iter()
            .map(|item| Said::of("items[0]", item.place(), rule(item), Some("looked at")).unwrap())
            .collect();
        reviewer(world).decide(&world.tenant, id, &by, &said).await.unwrap();
    }
}

pub(super) async fn account(world: &World, account: &str) -> Account {
    world.store().account(&world.tenant, &connection(), &id(account)).await.unwrap().unwrap()
}

/// All stored accounts by id.
pub(super) async fn accounts(world: &World) -> BTreeMap<AccountId, Account> {
    let (mut all, mut behind) = (BTreeMap::new(), None);
    loop {
        let store = world.store();
        let (some, next) =
            store.accounts_behind(&world.tenant, &connection(), behind.as_ref()).await.unwrap();
        all.extend(some.into_iter().map(|account| (account.id.clone(), account)));
        match next {
            Some(next) => behind = Some(next),
            None => return all,
        }
    }
}

/// Whether an account is in a group, as Jira says now.
pub(super) async fn is_in(world: &World, account: &str, group: &str) -> bool {
    let connection = world.store().connection(&world.tenant, &connection()).await.unwrap().unwrap();
    let client = world.access.open(&connection).await.unwrap();
    client.groups_of(&id(account)).await.unwrap().contains(&GroupId::parse(group).unwrap())
}

/// Asks for an action and has it carried out as far as it goes.
pub(super) async fn act(world: &World, name: &str, account: &str, asked: Asked) -> Action {
    act_as(world, name, account, asked, "tok-asks").await
}

pub(super) async fn act_as(world: &World, name: &str, account: &str, asked: Asked, by: &str) -> Action {
    act_on(world, name, Some(account), asked, by).await
}

/// The same for an action on an issue.
pub(super) async fn act_on_issue(world: &World, name: &str, asked: Asked) -> Action {
    act_on(world, name, None, asked, "tok-asks").await
}

async fn act_on(world: &World, name: &str, account: Option<&str>, asked: Asked, by: &str) -> Action {
    ask(world, name, account, asked, by).await;
    work(world).await;
    action(world, &ActionId::parse(name).unwrap()).await
}

/// Asks for an action.
pub(super) async fn ask(world: &World, name: &str, account: Option<&str>, asked: Asked, by: &str) {
    let wish = ActionWish {
        connection: connection(),
        account: account.map(id),
        asked,
        why: "it is not needed".to_owned(),
        campaign: None,
        together: 1,
        held: false,
    };
    let name = ActionId::parse(name).unwrap();
    actor(world).ask(&world.tenant, name, wish, by).await.unwrap();
}

/// Has an action approved by somebody else, and carried out.
pub(super) async fn approved(world: &World, waiting: &Action) -> Action {
    let second = token(world, Role::Operator, "iam").await;
    actor(world).approve(&world.tenant, &waiting.id, &second).await.unwrap();
    work(world).await;
    action(world, &waiting.id).await
}

/// Makes an issue in SEC as a person would, and gives its key.
pub(super) async fn person_creates(world: &World, number: usize, fields: Value) -> String {
    let mut all =
        json!({ "project": { "key": "SEC" }, "issuetype": { "id": "10100" }, "summary": "Old work" });
    for (name, value) in fields.as_object().unwrap() {
        all[name] = value.clone();
    }
    let url = format!("{}/rest/api/3/issue", world.jira.site_url(assay_test_support::world::SITE));
    let answer = reqwest::Client::builder()
        .build()
        .unwrap()
        .post(url)
        .basic_auth(format!("account-{number}@example.com"), Some(format!("sim-token-{number}")))
        .header("content-type", "application/json")
        .body(json!({ "fields": all }).to_string())
        .send()
        .await
        .unwrap();
    let status = answer.status();
    let made: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(status, 201, "{made}");
    made["key"].as_str().unwrap().to_owned()
}

/// The names of a fault's call and kind, played so many times.
pub(super) fn fault(world: &World, operation: &str, kind: &str, times: u32) {
    let fault = json!({ "path": operation, "times": times, "kind": kind, "delay_ms": 60_000 });
    world.jira.simulator.add_fault(serde_json::from_value(fault).unwrap());
}

pub(super) async fn action(world: &World, id: &ActionId) -> Action {
    world.store().action(&world.tenant, id).await.unwrap().unwrap()
}
