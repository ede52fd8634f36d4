//! What every answer carries, and what pages load.

use assay::access::Role;
use assay_test_support::http::Ask;
use flate2::read::GzDecoder;
use std::io::Read;

use super::support::{House, between};

#[tokio::test]
async fn every_answer_says_what_a_browser_may_do_with_it() {
    let house = House::start().await;
    let browser = house.signed_in(Role::Admin).await;
    for path in ["/", "/checks", "/nothing", "/assets/nothing", "/sign-out"] {
        let answer = browser.get(path).await;
        let policy = answer.header("content-security-policy").to_owned();
        for rule in [
            "default-src 'none'",
            "script-src 'nonce-",
            "style-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(rule), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "same-origin");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert_eq!(answer.header("strict-transport-security"), "", "it is on this machine");
    }
}

#[tokio::test]
async fn scripts_carry_a_nonce_that_differs_each_time_and_nothing_stands_inline() {
    let house = House::start().await;
    let browser = house.signed_in(Role::Admin).await;
    let mut seen = Vec::new();
    for path in ["/", "/checks", "/checks/B1", "/time-zone", "/nothing"] {
        let answer = browser.get(path).await;
        let html = answer.text();
        let nonce = between(&html, "nonce=\"", "\"").unwrap().to_owned();
        assert!(answer.header("content-security-policy").contains(&format!("'nonce-{nonce}'")));
        assert!(!seen.contains(&nonce));
        seen.push(nonce);
        assert!(
            !html.contains("style=\"") && !html.contains("<style") && !html.contains("javascript:"),
            "{html}"
        );
        assert!(
            !html.split('<').any(|tag| tag.split('>').next().unwrap().contains(" on")),
            "an event handler"
        );
        assert!(
            !html.contains("http://") || html.contains("http://www.w3.org"),
            "an outside address: {html}"
        );
    }
}

#[tokio::test]
async fn a_part_for_one_session_never_lands_in_the_page_of_another() {
    let house = House::start().await;
    let browser = house.signed_in(Role::Operator).await;
    let session = browser.session();
    let page = browser.page("/checks").await;
    let said = format!("<body hx-headers=\"{{&#34;assay-session&#34;:&#34;{session}&#34;}}\">");
    assert!(page.contains(&said), "{page}");
    let part = |session: &str| {
        let ask = Ask::new("GET", "/checks").header("hx-request", "true").header("hx-target", "checks");
        browser.send(ask.header("assay-session", session))
    };
    assert_eq!(part(&session).await.status, 200);
    // Somebody else signs in, in another window of the same browser.
    browser.submit("/sign-in", &[("token", &house.token("other", Role::Admin).await)]).await;
    for earlier in [session.as_str(), "", "x"] {
        let answer = part(earlier).await;
        assert_eq!((answer.status.as_u16(), answer.header("hx-refresh")), (409, "true"), "{earlier}");
        assert!(answer.body.is_empty());
    }
    let post = Ask::new("POST", "/sign-out").header("hx-request", "true").header("assay-session", &session);
    let answer = browser.send(post.header("origin", "http://assay.localhost")).await;
    assert_eq!(answer.header("hx-refresh"), "true");
    assert_eq!(part(&browser.session()).await.status, 200);
    browser.cookies.lock().unwrap().clear();
    assert_eq!(part(&session).await.header("hx-refresh"), "true", "nobody is signed in any more");
    assert!(house.browser().page("/").await.contains("&#34;assay-session&#34;:&#34;&#34;"));
}

#[tokio::test]
async fn what_pages_load_is_kept_for_good_under_a_name_that_changes_with_it() {
    let house = House::start().await;
    let html = house.browser().page("/").await;
    let mut found = 0;
    for part in html.split("=\"/assets/").skip(1) {
        let path = format!("/assets/{}", part.split('"').next().unwrap());
        let answer = house.browser().get(&path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
        assert!(!answer.header("content-type").is_empty() && !answer.body.is_empty());
        found += 1;
    }
    assert!(found >= 4, "{found}");
}

#[tokio::test]
async fn answers_are_packed_where_the_browser_takes_it() {
    let house = House::start().await;
    let ask = || Ask::new("GET", "/");
    let plain = ask().to(&house.router).await;
    assert_eq!(plain.header("content-encoding"), "");
    let packed = ask().header("accept-encoding", "br, gzip;q=0.9").to(&house.router).await;
    assert_eq!(packed.header("content-encoding"), "gzip");
    let mut html = String::new();
    GzDecoder::new(&packed.body[..]).read_to_string(&mut html).unwrap();
    assert!(html.contains("<h1>Sign in</h1>") && packed.body.len() < plain.body.len());
}
