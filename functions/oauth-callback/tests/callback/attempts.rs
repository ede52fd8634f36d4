//! An attempt to connect works once, in one browser, for ten minutes.

use assay_test_support::http::Answer;
use serde_json::json;

use crate::support::{APPROVE, Browser, House};

/// A page that refuses, with nothing connected.
async fn assert_refused(house: &House, path: &str, answer: &Answer, says: &str) {
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert!(answer.text().contains(says), "{says}: {}", answer.text());
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    let made = house.show(path).await;
    assert_eq!(made["state"], "pending", "{made}");
    assert_eq!(house.secrets.names(), ["acme/oauth-app"]);
}

/// A browser on its way back: the connection's path, the browser, and the callback's path.
async fn on_the_way_back(house: &House) -> (String, Browser, String) {
    let (path, link) = house.begin().await;
    let mut browser = Browser::default();
    let departure = house.open(&mut browser, &link).await;
    let back = house.decide(departure.header("location"), APPROVE).await;
    (path, browser, back)
}

#[tokio::test]
async fn a_start_link_works_once() {
    let house = House::start().await;
    let (path, link) = house.begin().await;
    assert_eq!(house.open(&mut Browser::default(), &link).await.status, 303);
    let again = house.open(&mut Browser::default(), &link).await;
    assert_refused(&house, &path, &again, "was used before").await;
}

#[tokio::test]
async fn a_state_works_once() {
    let house = House::start().await;
    let (path, mut browser, back) = on_the_way_back(&house).await;
    let cookie = browser.cookie.clone();
    assert_eq!(house.open(&mut browser, &back).await.status, 200);
    browser.cookie = cookie;
    let again = house.open(&mut browser, &back).await;
    assert_eq!(again.status, 400);
    assert!(again.text().contains("was used before"));
    assert_eq!(house.show(&path).await["state"], "active", "the first time counts");
}

#[tokio::test]
async fn another_browser_cannot_complete_and_uses_the_state_up() {
    for cookie in [None, Some("assay-connect=guessed".to_owned()), Some("assay-connect=".to_owned())] {
        let house = House::start().await;
        let (path, mut first, back) = on_the_way_back(&house).await;
        let answer = house.open(&mut Browser { cookie }, &back).await;
        assert_refused(&house, &path, &answer, "begun in another browser").await;
        let answer = house.open(&mut first, &back).await;
        assert_refused(&house, &path, &answer, "was used before").await;
    }
}

#[tokio::test]
async fn the_cookie_of_one_attempt_does_not_complete_another() {
    let house = House::start().await;
    let (_, mut first, _) = on_the_way_back(&house).await;
    let (path, _, back) = on_the_way_back(&house).await;
    let answer = house.open(&mut first, &back).await;
    assert_refused(&house, &path, &answer, "begun in another browser").await;
}

#[tokio::test]
async fn an_attempt_ends_after_ten_minutes() {
    let house = House::start().await;
    let (path, link) = house.begin().await;
    house.world.time.advance(600);
    let answer = house.open(&mut Browser::default(), &link).await;
    assert_refused(&house, &path, &answer, "10 minutes").await;

    let (path, mut browser, back) = on_the_way_back(&house).await;
    // Atlassian's code lives for five minutes only, so the clock of Assay alone decides here.
    house.world.time.advance(600);
    let answer = house.open(&mut browser, &back).await;
    assert_refused(&house, &path, &answer, "10 minutes").await;
}

#[tokio::test]
async fn an_attempt_whose_start_is_late_ends_ten_minutes_after_it_was_made() {
    let house = House::start().await;
    let (path, link) = house.begin().await;
    house.world.time.advance(590);
    let mut browser = Browser::default();
    let departure = house.open(&mut browser, &link).await;
    let back = house.decide(departure.header("location"), APPROVE).await;
    house.world.time.advance(10);
    let answer = house.open(&mut browser, &back).await;
    assert_refused(&house, &path, &answer, "10 minutes").await;
}

#[tokio::test]
async fn a_state_is_no_start_link_and_a_start_link_no_state() {
    let house = House::start().await;
    let (path, _, back) = on_the_way_back(&house).await;
    let state = back.split("state=").nth(1).unwrap().split('&').next().unwrap();
    // Whoever saw the state in an address must not bind it to a browser of their own.
    let answer = house.open(&mut Browser::default(), &format!("/oauth/start?link={state}")).await;
    assert_refused(&house, &path, &answer, "no link that starts").await;

    let (path, link) = house.begin().await;
    let text = link.split("link=").nth(1).unwrap();
    let answer = house.open(&mut Browser::default(), &format!("/oauth/callback?state={text}&code=c")).await;
    assert_refused(&house, &path, &answer, "another browser").await;
}

#[tokio::test]
async fn a_state_of_another_tenant_or_none_at_all_is_refused() {
    let house = House::start().await;
    let (path, mut browser, back) = on_the_way_back(&house).await;
    for (other, says) in [
        (back.replace("state=acme.", "state=other."), "was used before"),
        (back.replace("state=acme.", "state="), "not valid"),
        (back.replace("state=", "x="), "no state"),
        ("/oauth/callback".to_owned(), "no state"),
        ("/oauth/callback?state=a&state=b".to_owned(), "cannot be read"),
        ("/oauth/callback?state=acme.%FF&code=c".to_owned(), "was used before"),
        (format!("/oauth/callback?code=c&state=acme.{}", "x".repeat(10_000)), "not valid"),
        ("/oauth/start".to_owned(), "no link"),
        ("/oauth/start?link=".to_owned(), "not valid"),
        ("/oauth/start?link=a&link=b".to_owned(), "no link"),
    ] {
        let mut same = Browser { cookie: browser.cookie.clone() };
        let answer = house.open(&mut same, &other).await;
        assert_refused(&house, &path, &answer, says).await;
    }
    assert_eq!(house.open(&mut browser, &back).await.status, 200, "none of them used the real one up");
}

#[tokio::test]
async fn a_code_that_is_not_atlassians_connects_nothing() {
    let house = House::start().await;
    let (path, mut browser, back) = on_the_way_back(&house).await;
    let code = back.split("code=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let answer = house.open(&mut browser, &back.replace(&code, "injected")).await;
    assert_eq!(answer.status, 422, "{}", answer.text());
    let made = house.show(&path).await;
    assert_eq!((&made["state"], &made["problems"][0]["code"]), (&json!("pending"), &json!("oauth_app")));
    assert!(!answer.text().contains("injected"));
}

#[tokio::test]
async fn neither_the_link_nor_the_state_nor_the_cookie_is_kept() {
    let house = House::start().await;
    let (_, link) = house.begin().await;
    let mut browser = Browser::default();
    let text = link.split("link=acme.").nth(1).unwrap().to_owned();
    let with_link = serde_json::to_string(&house.world.items().await).unwrap();
    let departure = house.open(&mut browser, &link).await;
    let state = departure.header("location").split("state=acme.").nth(1).unwrap().split('&').next().unwrap();
    let cookie = browser.cookie.as_deref().unwrap().split('=').nth(1).unwrap();
    let with_state = serde_json::to_string(&house.world.items().await).unwrap();
    for (secret, items) in [(text.as_str(), &with_link), (state, &with_state), (cookie, &with_state)] {
        assert!(secret.len() > 20 && !items.contains(secret), "{secret}");
    }
    let back = house.decide(departure.header("location"), APPROVE).await;
    house.open(&mut browser, &back).await;
    let items = serde_json::to_string(&house.world.items().await).unwrap();
    let messages = format!("{:?}", house.world.checks.receive(100));
    let code = back.split("code=").nth(1).unwrap().split('&').next().unwrap();
    for secret in [code, "access-", "refresh-", "sim-client-secret", "attempt#"] {
        assert!(!items.contains(secret) && !messages.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn two_attempts_in_one_browser_do_not_take_each_others_cookie() {
    let house = House::start().await;
    let mut begun = Vec::new();
    let mut cookies = Vec::new();
    for _ in 0..2 {
        house.world.time.advance(1);
        let (path, link) = house.begin().await;
        let mut browser = Browser::default();
        let departure = house.open(&mut browser, &link).await;
        cookies.push(browser.cookie.unwrap());
        begun.push((path, house.decide(departure.header("location"), APPROVE).await));
    }
    let names: Vec<&str> = cookies.iter().map(|cookie| cookie.split('=').next().unwrap()).collect();
    assert_ne!(names[0], names[1]);
    // A browser sends what it holds, in any order.
    for (path, back) in begun {
        let mut browser = Browser { cookie: Some(cookies.join("; ")) };
        assert_eq!(house.open(&mut browser, &back).await.status, 200);
        assert_eq!(house.show(&path).await["state"], "active");
    }
}

#[tokio::test]
async fn what_was_begun_before_disconnecting_connects_nothing_afterwards() {
    for departed in [false, true] {
        let house = House::start().await;
        let (path, link) = house.begin().await;
        let mut browser = Browser::default();
        let mut next = link;
        if departed {
            let departure = house.open(&mut browser, &next).await;
            next = house.decide(departure.header("location"), APPROVE).await;
        }
        let ended = house.call("DELETE", &path, &serde_json::Value::Null).await;
        assert_eq!(ended.status, 200, "{}", ended.text());
        let answer = house.open(&mut browser, &next).await;
        assert_eq!(answer.status, 409, "{}", answer.text());
        assert!(answer.text().contains("start connecting again"), "{}", answer.text());
        assert_eq!(house.show(&path).await["state"], "disconnected");
        assert_eq!(house.secrets.names(), ["acme/oauth-app"]);
    }
}
