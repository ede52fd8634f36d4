//! Sessions of the console, as an administrator sees and ends them.

use assay::access::Role;
use assay::console::{Session, VALID_FOR, Way};
use assay::ids::{SessionId, TokenId};
use serde_json::{Value, json};

use crate::support::{House, TENANT, assert_problem};

fn id_of(token: &str) -> &str {
    token.split('_').nth(2).unwrap()
}

/// A session as the console begins it for whoever enters a token; gives its identifier.
pub async fn begin(house: &House, token: &str) -> String {
    let core = &house.world.access.core;
    let id = TokenId::parse(id_of(token)).unwrap();
    let token = core.store.token(&house.world.tenant, &id).await.unwrap().unwrap();
    let (session, _) = Session::begin(core.random.as_ref(), &token, Way::Token, core.clock.now()).unwrap();
    core.store.put_session(&session).await.unwrap();
    session.id.to_string()
}

#[tokio::test]
async fn a_token_is_shown_without_its_secret_whoever_made_it() {
    let house = House::start().await;
    let body = json!({ "name": "Dana", "role": "reviewer" });
    let made = house.call("POST", "/v1/tokens", &body).await.json();
    let path = format!("/v1/tokens/{}", made["id"].as_str().unwrap());
    let shown = house.get(&path).await;
    let mut expected = made.clone();
    expected.as_object_mut().unwrap().remove("token");
    assert_eq!(shown.json(), expected);
    assert_problem(&house.get("/v1/tokens/x").await, 404, None);
}

#[tokio::test]
async fn the_sessions_of_a_token_are_listed_without_what_is_secret_and_ended_one_by_one() {
    let house = House::start().await;
    let token = house.token(TENANT, Role::Operator).await;
    let (first, second) = (begin(&house, &token).await, begin(&house, &token).await);
    begin(&house, &house.admin).await;
    let path = format!("/v1/tokens/{}/sessions", id_of(&token));
    let listed = house.list(&path).await;
    let now = house.world.time.now();
    let until = assay::clock::after(now, VALID_FOR);
    let view = |id: &str| json!({ "id": id, "created_at": now.to_string(), "expires_at": until.to_string(), "way": "token" });
    assert_eq!(listed, [view(&first), view(&second)]);
    let ended = house.call("DELETE", &format!("{path}/{first}"), &json!({})).await;
    assert_eq!(ended.status, 204, "{}", ended.text());
    assert_eq!(house.list(&path).await, [view(&second)]);
    let session = SessionId::parse(&first).unwrap();
    assert_eq!(house.world.store().session(&house.world.tenant, &session).await.unwrap(), None);
    let other = format!("/v1/tokens/{}/sessions/{second}", id_of(&house.admin));
    for path in [format!("{path}/{first}"), format!("{path}/x"), other] {
        assert_problem(&house.call("DELETE", &path, &json!({})).await, 404, None);
    }
    assert_problem(&house.get("/v1/tokens/x/sessions").await, 404, None);
    house.world.time.advance(VALID_FOR);
    assert_eq!(house.list(&path).await, [] as [Value; 0], "it ended by itself");
}
