//! Every route refuses who may not use it. A route without a row in [`ROWS`] fails the test.

mod audited;
mod rows;

use std::collections::BTreeSet;

use assay::access::Role;
use assay::check::CheckId;
use assay_test_support::http::{Answer, Ask};
use assay_test_support::issuer::Issuer;
use serde_json::{Value, json};

use self::rows::{NOT_NOW, ROWS};
use crate::support::{House, ROLES, TENANT, account, connect_body, group};

/// Routes that ask for no token. This list may only shrink.
pub const OPEN: [&str; 2] = ["GET /v1/health", "GET /v1/openapi.json"];

/// This tenant's things, which the rows' paths name.
struct Things {
    task: String,
    ticket: String,
    run: String,
    token: String,
    session: String,
    person: String,
    campaign: String,
    action: String,
    finding: String,
    channel: String,
    configuration: String,
    issuer: Issuer,
}

impl Things {
    /// Lets the main job run, so that there is one of each.
    async fn make(house: &House) -> Self {
        let connection = house.world.connect().await;
        house.world.sync_all(&connection).await;
        let body = crate::configurations::good("POST /v1/project-configurations").unwrap();
        let configuration = house.call("POST", "/v1/project-configurations", &body).await;
        let configuration = configuration.json()["id"].as_str().unwrap().to_owned();
        house.world.settle(2).await;
        let tenant = &house.world.tenant;
        let task = house.world.tasks().await.remove(0);
        let runs = house.world.store().list_runs(tenant, CheckId::B2, None, 1).await.unwrap();
        let token = house.token(TENANT, Role::Auditor).await;
        house.stock(&[account("acc-own", "Own Account", None)]).await;
        house.stock_group(&group("group-own"), &["acc-own"]).await;
        house.stock_ingestion().await;
        let person = house.person("own@example.com", "Own Person").await;
        let (campaign, action) = crate::reviews::things(house).await;
        let finding = crate::findings::finding(house).await;
        Self {
            finding,
            task: task.id.to_string(),
            ticket: task.ticket.unwrap().to_string(),
            run: runs.items[0].id.to_string(),
            session: crate::sessions::begin(house, &token).await,
            token: token.split('_').nth(2).unwrap().to_owned(),
            person,
            campaign,
            action,
            channel: crate::channels::make(house, &crate::channels::body()).await,
            configuration,
            issuer: Issuer::start().await,
        }
    }

    fn path(&self, template: &str) -> String {
        let kind = template.split('/').nth(2).unwrap_or_default();
        let id = match kind {
            "connections" => "con-1",
            "checks" => "B2",
            "tasks" => &self.task,
            "tickets" => &self.ticket,
            "sync-settings" => "set-all",
            "project-configurations" => &self.configuration,
            "tokens" => &self.token,
            "people" => &self.person,
            "campaigns" => &self.campaign,
            "actions" => &self.action,
            "findings" => &self.finding,
            "notifications" => &self.channel,
            "remediations" => &crate::remediations::id(),
            _ => "",
        };
        let path = template.replace("{id}", id).replace("{run}", &self.run);
        let path = path.replace("{project}", "SEC").replace("{type}", "10100");
        let path = path.replace("{session}", &self.session);
        let path = path.replace("{connection}", "con-1").replace("{product}", "jira-software");
        let path = path.replace("{account}", "acc-own").replace("{group}", "group-own");
        match path.as_str() {
            "/v1/tokens/names" => format!("{path}?ids={}", self.token),
            "/v1/findings/sources" => format!("{path}?source=trivy"),
            "/v1/accounts" | "/v1/accounts/export" | "/v1/groups" | "/v1/project-roles" => {
                format!("{path}?connection=con-1")
            }
            _ if path.ends_with("/fields") => format!("{path}?connection=con-1&project=SEC&issue_type=10100"),
            _ if path.ends_with("/assignable") => format!("{path}?account=acc-1"),
            _ => path,
        }
    }

    /// Texts of this tenant that no other tenant may ever see.
    fn own(&self) -> [&str; 13] {
        let (email, account) = ("own@example.com", "acc-own");
        [
            &self.task,
            &self.ticket,
            &self.run,
            &self.token,
            "con-1",
            &self.person,
            email,
            account,
            &self.campaign,
            &self.action,
            &self.channel,
            &self.finding,
            &self.configuration,
        ]
    }
}

fn body(route: &str) -> Option<Value> {
    match route {
        "POST /v1/connections" => Some(connect_body()),
        "PATCH /v1/connections/{id}" => Some(json!({ "use_cases": ["ticketing"] })),
        "POST /v1/connections/{id}/reconnect" => {
            Some(json!({ "method": "api_token", "email": "admin@example.com", "token": "sim-admin-token" }))
        }
        "PUT /v1/connections/{id}/organisation" => Some(crate::organisation::body()),
        "PUT /v1/oauth-app" => {
            Some(json!({ "client_id": "sim-client", "client_secret": "sim-client-secret" }))
        }
        "POST /v1/sync-settings" | "POST /v1/sync-settings/preflight" | "POST /v1/sync-settings/dry-run" => {
            Some(json!({
                "scope": "B2", "connection": "con-1", "project": "SEC", "issue_type": "10100",
                "mode": "individual",
            }))
        }
        route if route.contains("/project-configurations") => crate::configurations::good(route),
        "PATCH /v1/sync-settings/{id}" => Some(json!({ "labels": ["other"] })),
        "POST /v1/sync-settings/{id}/disable" => Some(json!({ "tickets": "keep" })),
        "PATCH /v1/tasks/{id}" => Some(json!({ "title": "Another title" })),
        "POST /v1/tasks/{id}/complete" => Some(json!({ "why": "it was done by hand" })),
        "POST /v1/tickets/{id}/decide" => Some(json!({ "tasks": "recreate" })),
        "PUT /v1/usage/{connection}/policy" => Some(json!({
            "zone": "Europe/Berlin", "review_days": 90, "ruled_groups": ["group-own"], "seat_prices": {},
        })),
        "POST /v1/campaigns" => Some(crate::reviews::campaign_body()),
        "POST /v1/campaigns/{id}/decisions" => Some(crate::reviews::decisions_body("keep")),
        "POST /v1/campaigns/{id}/apply" | "POST /v1/campaigns/{id}/close" => Some(json!({})),
        "POST /v1/actions" => Some(crate::reviews::action_body("remove")),
        "POST /v1/actions/{id}/undo" | "POST /v1/actions/{id}/decline" => {
            Some(json!({ "why": "it was a mistake" }))
        }
        "POST /v1/notifications/channels" => Some(crate::channels::body()),
        "PATCH /v1/notifications/channels/{id}" => Some(json!({ "quiet_minutes": 5 })),
        "PUT /v1/github" => Some(crate::github::body()),
        "POST /v1/findings" => Some(crate::findings::body()),
        "PUT /v1/findings/policy" => Some(crate::findings::policy()),
        "PUT /v1/findings/{id}/acceptance" => Some(json!({ "until": "2026-07-01", "why": "behind a wall" })),
        "POST /v1/tokens" | "POST /v1/sign-in-links" => Some(json!({ "name": "ci", "role": "auditor" })),
        "POST /v1/people" => Some(json!({ "email": "new@example.com", "name": "New Person" })),
        "PATCH /v1/people/{id}" => Some(json!({ "name": "Other Name" })),
        "PUT /v1/accounts/{connection}/{account}/owner" => {
            Some(json!({ "kind": "marked", "mark": "service", "reason": "builds", "ends_on": "2026-12-31" }))
        }
        "PUT /v1/accounts/{connection}/{account}/protection" => {
            Some(json!({ "reason": "on leave", "ends_on": "2026-12-31" }))
        }
        _ => None,
    }
}

/// The body that sets single sign-on up, at the service with this address.
pub fn single_sign_on(issuer: &str) -> Value {
    json!({ "issuer": issuer, "client_id": "assay", "role_claim": "groups", "roles": { "grc": "admin" } })
}

fn ask(things: &Things, route: &str) -> Ask {
    let (method, path) = route.split_once(' ').unwrap();
    let ask = Ask::new(method, &things.path(path));
    if route == "POST /v1/people/import" {
        return ask.header("content-type", "text/csv").bytes("email,name\nlisted@example.com,Listed\n");
    }
    if route == "POST /v1/findings/sarif" {
        let kind = "application/sarif+json";
        return ask.header("content-type", kind).bytes(crate::sarif::document("CVE-2026-1"));
    }
    if route == "POST /v1/remediations" {
        return ask.json(&crate::remediations::body(&[], &[&things.ticket]));
    }
    if route == "PUT /v1/single-sign-on" {
        return ask.json(&single_sign_on(&things.issuer.url));
    }
    body(route).map_or(ask, |body| Ask::new(method, &things.path(path)).json(&body))
}

async fn call(house: &House, things: &Things, route: &str, token: Option<&str>) -> Answer {
    house.send(ask(things, route).token(token)).await
}

#[tokio::test]
async fn every_route_has_a_row_and_every_row_a_route_and_the_role_is_the_one_described() {
    let house = House::start().await;
    let description = house.get("/v1/openapi.json").await.json();
    let mut guarded = BTreeSet::new();
    let mut open = BTreeSet::new();
    for (route, operation) in crate::description::operations(&description) {
        match operation["security"][0]["token"][0].as_str() {
            Some(role) => guarded.insert(format!("{route} {role}")),
            None => open.insert(route),
        };
    }
    let rows: BTreeSet<String> = ROWS
        .iter()
        .map(|row| format!("{} {}", row.route, format!("{:?}", row.role).to_lowercase()))
        .collect();
    assert_eq!(guarded, rows, "write a row of refusals for every route, with the role that it describes");
    assert_eq!(open, OPEN.map(str::to_owned).into(), "open routes may only become fewer");
}

#[tokio::test]
async fn every_route_refuses_who_shows_no_good_token_and_does_nothing() {
    let house = House::start().await;
    let things = Box::pin(Things::make(&house)).await;
    let (good, other) = (house.token(TENANT, Role::Admin).await, house.token("other", Role::Admin).await);
    let revoked = house.token(TENANT, Role::Admin).await;
    let id = revoked.split('_').nth(2).unwrap();
    let answer = house.call("DELETE", &format!("/v1/tokens/{id}"), &json!({})).await;
    assert_eq!(answer.status, 204, "{}", answer.text());
    let secret = |token: &str| token.rsplit('_').next().unwrap().to_owned();
    let headers: Vec<String> = [
        revoked.clone(),
        // The parts of good tokens, put together wrongly.
        good.replace("assay_acme_", "assay_other_"),
        good.replace(&secret(&good), &secret(&other)),
        format!("{good}a"),
        format!("{good}_a"),
        good[..good.len() - 1].to_owned(),
        good.to_uppercase(),
        "assay_acme__".to_owned(),
        "x".repeat(5000),
        String::new(),
    ]
    .iter()
    .map(|token| format!("Bearer {token}"))
    .chain([format!("Basic {good}"), good.clone(), format!("Bearer{good}"), format!("Token {good}")])
    .collect();
    let before = house.state().await;
    for row in &ROWS {
        let answer = call(&house, &things, row.route, None).await;
        assert_unauthenticated(&answer, row.route);
        for header in &headers {
            let answer = house.send(ask(&things, row.route).header("authorization", header)).await;
            assert_unauthenticated(&answer, &format!("{} with {header}", row.route));
        }
    }
    assert_eq!(house.state().await, before, "something was done without a good token");
}

#[track_caller]
fn assert_unauthenticated(answer: &Answer, what: &str) {
    assert_eq!(answer.status, 401, "{what}: {}", answer.text());
    assert_eq!(answer.header("www-authenticate"), "Bearer", "{what}");
    assert_eq!(answer.json()["type"], "urn:assay:problem:unauthenticated", "{what}");
}

#[tokio::test]
async fn every_route_refuses_every_role_below_its_own_and_serves_its_own() {
    let house = House::start().await;
    let things = Box::pin(Things::make(&house)).await;
    let mut tokens = Vec::new();
    for role in ROLES {
        tokens.push((role, house.token(TENANT, role).await));
    }
    for row in &ROWS {
        let before = house.state().await;
        for (role, token) in tokens.iter().filter(|(role, _)| !role.covers(row.role)) {
            let answer = call(&house, &things, row.route, Some(token)).await;
            assert_eq!(answer.status, 403, "{} as {role:?}: {}", row.route, answer.text());
            assert_eq!(answer.json()["type"], "urn:assay:problem:forbidden");
        }
        assert_eq!(house.state().await, before, "{} did something for too low a role", row.route);
        let (_, token) = tokens.iter().find(|(role, _)| *role == row.role).unwrap();
        let answer = call(&house, &things, row.route, Some(token)).await;
        if NOT_NOW.contains(&row.route) {
            assert_eq!(answer.status, 409, "{}: {}", row.route, answer.text());
        } else {
            assert!(answer.status.is_success(), "{}: {} {}", row.route, answer.status, answer.text());
        }
    }
}

#[tokio::test]
async fn no_route_shows_or_changes_anything_of_another_tenant() {
    let house = House::start().await;
    let things = Box::pin(Things::make(&house)).await;
    house.world.set_up_oauth_app().await;
    let other = house.token("other", Role::Admin).await;
    let before = house.items_of(&house.world.tenant).await;
    let asked = house.world.sync.len();
    for row in &ROWS {
        let answer = call(&house, &things, row.route, Some(&other)).await;
        assert_eq!(answer.status.as_u16(), row.foreign, "{}: {}", row.route, answer.text());
        let text = answer.text();
        // What the caller wrote may be said again: the ids in the path of what is not found.
        let silent = row.foreign == 200 || row.foreign == 201 || row.foreign == 202;
        for own in things.own().iter().filter(|_| silent) {
            assert!(!text.contains(own), "{} shows {own}: {text}", row.route);
        }
        assert!(!text.contains("acme"), "{} names the other tenant: {text}", row.route);
    }
    assert_eq!(
        house.items_of(&house.world.tenant).await,
        before,
        "another tenant's request changed something"
    );
    let store = house.world.store();
    let connection = store.connection(&house.world.tenant, &"con-1".to_owned().try_into().unwrap()).await;
    house
        .world
        .access
        .credentials(&connection.unwrap().unwrap())
        .await
        .expect("the credentials are untouched");
    for request in house.world.checks.receive(1000) {
        assert_eq!(assay::sqs::Message::tenant(&request).as_str(), "other", "{request:?}");
    }
    assert_eq!(house.world.sync.len(), asked, "no ticket of another tenant was asked for");
}
