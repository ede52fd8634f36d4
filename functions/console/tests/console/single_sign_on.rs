//! Signing in at the tenant's own sign-in service.

use assay::access::Role;
use assay::ids::{TenantId, TokenId};
use assay_test_support::http::Ask;
use assay_test_support::issuer::{CLIENT_ID, CLIENT_SECRET, Flaw, Issuer};
use serde_json::{Value, json};

use super::support::{Browser, House, TENANT, between, main_of};

/// A house whose tenant signs in at `issuer`.
async fn set_up(issuer: &Issuer) -> House {
    let house = House::start().await;
    house.call("PUT", "/v1/single-sign-on", &setting(issuer)).await;
    house
}

fn setting(issuer: &Issuer) -> Value {
    json!({
        "issuer": issuer.url, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET,
        "role_claim": "groups", "roles": { "grc": "admin", "audit": "auditor" },
    })
}

/// Begins in a browser; gives the address at the service.
async fn departed(browser: &Browser<'_>, path: &str) -> String {
    let page = browser.page(path).await;
    let address = between(&page, "class=\"button\" href=\"", "\"").unwrap();
    assert!(page.contains(&format!("content=\"0; url={address}\"")), "it works without a click: {page}");
    address.replace("&#38;", "&")
}

/// Goes there and back: the path to which the service sends the browser.
async fn back(house: &House, issuer: &Issuer, browser: &Browser<'_>, groups: &Value, flaw: Flaw) -> String {
    let address = departed(browser, "/sign-in/with/acme?to=/checks").await;
    let claims = json!({ "groups": groups, "email": "ann@example.com" });
    issuer.approve(&address, "subject-1", &claims, flaw, house.world.time.now())
}

#[tokio::test]
async fn whom_the_service_knows_is_signed_in_with_the_role_of_the_claim() {
    let issuer = Issuer::start().await;
    let house = set_up(&issuer).await;
    let browser = house.browser();
    let path = back(&house, &issuer, &browser, &json!(["audit"]), Flaw::None).await;
    let answer = browser.get(&path).await;
    assert_eq!(answer.header("location"), "/checks", "{}", answer.text());
    let page = browser.follow(&answer).await.text();
    assert!(page.contains("<p>auditor · ") && page.contains("ann@example.com"), "{page}");
    assert_eq!(browser.cookies.lock().unwrap().len(), 1, "the session alone is left");

    // The next time the claim says more: the same token, with that role.
    let path = back(&house, &issuer, &browser, &json!(["audit", "grc"]), Flaw::None).await;
    assert!(browser.follow(&browser.get(&path).await).await.text().contains("<p>admin · "));
    let tokens = house.call("GET", "/v1/tokens", &Value::Null).await.json();
    let own = |token: &&Value| token["created_by"] == "sign-on";
    let tokens: Vec<&Value> = tokens["items"].as_array().unwrap().iter().filter(own).collect();
    assert_eq!(tokens.len(), 1, "{tokens:?}");
    assert_eq!(tokens[0]["name"], "ann@example.com");
}

#[tokio::test]
async fn what_the_service_signed_wrongly_lets_nobody_in() {
    let issuer = Issuer::start().await;
    let house = set_up(&issuer).await;
    for (flaw, said) in [
        (Flaw::Nonce, "another attempt"),
        (Flaw::NoNonce, "another attempt"),
        (Flaw::Expired, "out of date"),
        (Flaw::Audience, "another application"),
        (Flaw::Issuer, "another service"),
        (Flaw::Key, "not signed by a key of the service"),
        (Flaw::Unsigned, "not signed by a key of the service"),
    ] {
        let browser = house.browser();
        let path = back(&house, &issuer, &browser, &json!(["grc"]), flaw).await;
        let answer = browser.get(&path).await;
        assert_eq!(answer.status, 422, "{flaw:?}");
        assert!(answer.text().contains(said), "{flaw:?}: {}", main_of(&answer.text()));
        assert!(!browser.cookies.lock().unwrap().contains_key("assay"), "{flaw:?}");
    }
}

#[tokio::test]
async fn a_way_back_is_used_once_by_the_browser_that_began_and_in_time() {
    let issuer = Issuer::start().await;
    let house = set_up(&issuer).await;
    let (one, other) = (house.browser(), house.browser());
    let path = back(&house, &issuer, &one, &json!(["grc"]), Flaw::None).await;
    assert_eq!(other.get(&path).await.status, 422, "no cookie");
    let path = back(&house, &issuer, &one, &json!(["grc"]), Flaw::None).await;
    back(&house, &issuer, &other, &json!(["grc"]), Flaw::None).await;
    assert_eq!(other.get(&path).await.status, 422, "the cookie of another attempt");

    let path = back(&house, &issuer, &one, &json!(["grc"]), Flaw::None).await;
    let kept = one.cookies.lock().unwrap().clone();
    assert_eq!(one.get(&path).await.status, 303);
    *one.cookies.lock().unwrap() = kept;
    assert_eq!(one.get(&path).await.status, 422, "the state was taken");

    // The code of the first attempt under the state of a new one.
    let code = between(&path, "code=", "&").unwrap().to_owned();
    let again = back(&house, &issuer, &one, &json!(["grc"]), Flaw::None).await;
    let state = again.split_once("state=").unwrap().1;
    let answer = one.get(&format!("/sign-in/callback?code={code}&state={state}")).await;
    assert_eq!(answer.status, 422, "the code was redeemed");

    let late = back(&house, &issuer, &one, &json!(["grc"]), Flaw::None).await;
    house.world.time.advance(600);
    assert_eq!(one.get(&late).await.status, 422);
    for state in ["", "acme", "acme.x", "other.x"] {
        assert_eq!(one.get(&format!("/sign-in/callback?code=x&state={state}")).await.status, 422, "{state}");
    }
}

#[tokio::test]
async fn whoever_has_no_role_is_told_what_to_ask_for() {
    let issuer = Issuer::start().await;
    let house = set_up(&issuer).await;
    for groups in [json!([]), json!(["staff"]), json!(7)] {
        let browser = house.browser();
        let path = back(&house, &issuer, &browser, &groups, Flaw::None).await;
        let answer = browser.get(&path).await;
        assert_eq!(answer.status, 403);
        assert!(answer.text().contains("its claim `groups` gives you no role"), "{}", answer.text());
    }
    let browser = house.browser();
    let address = departed(&browser, "/sign-in/with/acme").await;
    let state = between(&address, "state=", "&").unwrap();
    let answer = browser.get(&format!("/sign-in/callback?error=access_denied&state={state}")).await;
    assert!(answer.text().contains("did not let you in"), "{}", answer.text());
}

#[tokio::test]
async fn whoever_was_revoked_stays_out() {
    let issuer = Issuer::start().await;
    let house = set_up(&issuer).await;
    let browser = house.browser();
    let path = back(&house, &issuer, &browser, &json!(["grc"]), Flaw::None).await;
    browser.get(&path).await;
    let tokens = house.call("GET", "/v1/tokens", &Value::Null).await.json();
    let found = tokens["items"].as_array().unwrap().iter().find(|token| token["created_by"] == "sign-on");
    let id = TokenId::parse(found.unwrap()["id"].as_str().unwrap()).unwrap();
    let tenant = TenantId::parse(TENANT).unwrap();
    house.world.store().revoke_token(&tenant, &id, house.world.time.now()).await.unwrap();
    assert_eq!(browser.get("/checks").await.status, 303, "the session is over");
    let path = back(&house, &issuer, &browser, &json!(["grc"]), Flaw::None).await;
    let answer = browser.get(&path).await;
    assert_eq!(answer.status, 403);
    assert!(answer.text().contains("revoked your token"), "{}", answer.text());
}

#[tokio::test]
async fn the_way_to_the_service_is_shown_and_an_organisation_without_one_is_told_so() {
    let issuer = Issuer::start().await;
    let house = set_up(&issuer).await;
    let browser = house.browser();
    let page = browser.page("/sign-in/with?tenant=acme").await;
    assert!(page.contains("<strong>acme</strong>") && page.contains(&issuer.url), "{page}");
    for path in
        ["/sign-in/with?tenant=other", "/sign-in/with/other", "/sign-in/with?tenant=", "/sign-in/with/A%00"]
    {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.text().contains("not set up for an organisation of this name"), "{}", answer.text());
    }
    house.call("DELETE", "/v1/single-sign-on", &Value::Null).await;
    assert_eq!(browser.get("/sign-in/with/acme").await.status, 404);
}

#[tokio::test]
async fn single_sign_on_is_set_up_by_an_admin_and_the_service_is_asked_first() {
    let issuer = Issuer::start().await;
    let house = set_up(&issuer).await;
    let shown = house.call("GET", "/v1/single-sign-on", &Value::Null).await;
    assert!(!shown.text().contains(CLIENT_SECRET) && shown.json()["has_secret"] == true, "{}", shown.text());
    let token = house.token(TENANT, Role::Admin).await;
    for (part, value, said) in [
        ("issuer", json!("https://10.0.0.1/"), "public internet"),
        ("issuer", json!("ftp://example.com"), "https"),
        ("issuer", json!("http://127.0.0.1:9"), "no connection"),
        ("issuer", json!(format!("{}/", issuer.url)), "calls itself"),
        ("issuer", json!("x".repeat(600)), "500"),
        ("roles", json!({}), "1 to 50"),
        ("roles", json!({ "\u{7}": "admin" }), "control character"),
        ("role_claim", json!(" "), "1 to 200"),
        ("client_id", json!(""), "512"),
        ("scopes", json!(["a b"]), "visible"),
    ] {
        let mut body = setting(&issuer);
        body[part] = value;
        let ask = Ask::new("PUT", "/v1/single-sign-on").token(Some(&token)).json(&body);
        let answer = ask.to(&house.api).await;
        assert_eq!(answer.status, 422, "{part}: {}", answer.text());
        assert_eq!(answer.json()["field"], part);
        assert!(answer.text().contains(said), "{part}: {}", answer.text());
    }
    let mut body = setting(&issuer);
    body.as_object_mut().unwrap().remove("client_secret");
    assert_eq!(house.call("PUT", "/v1/single-sign-on", &body).await.json()["has_secret"], true, "it stays");
    body["client_id"] = json!("another");
    assert_eq!(house.call("PUT", "/v1/single-sign-on", &body).await.json()["has_secret"], false);
}
