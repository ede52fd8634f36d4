//! The pages, as a person sees them; text from outside is never markup.

use assay::connection::{Connection, Method, Problem, ProblemCode};
use assay::site::SiteDomain;
use assay_oauth_callback::page;
use assay_test_support::http::{Answer, Ask};
use http_body_util::BodyExt;

use crate::support::{APPROVE, Browser, Decision, House};

const PROBE: &str = "<script>alert(1)</script>\"'&amp;<img src=x onerror=y>";

async fn text(response: axum::response::Response) -> String {
    let body = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(body.to_vec()).unwrap()
}

fn assert_inert(page: &str) {
    assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
    assert!(
        page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;amp;&lt;img src=x onerror=y&gt;"),
        "{page}"
    );
}

/// The pages without the connections' identifiers, which differ each time.
fn without_ids(pages: &str) -> String {
    let mut parts = pages.split("/connections/");
    let mut text = parts.next().unwrap().to_owned();
    for part in parts {
        text.push_str("/connections/…");
        text.push_str(&part[part.find('"').unwrap()..]);
    }
    text
}

#[tokio::test]
async fn the_pages_look_like_this() {
    let house = House::start().await;
    let (_, connected) = house.connect(APPROVE).await;
    let scopes = Some("offline_access read:jira-work read:jira-user");
    let (_, degraded) = house.connect(Decision { scopes, ..APPROVE }).await;
    let (_, refused) = house.connect(Decision { approve: false, ..APPROVE }).await;
    let used = house.open(&mut Browser::default(), "/oauth/start?link=acme.used").await;
    let pages = [("connected", connected), ("degraded", degraded), ("refused", refused), ("used", used)];
    let pages: Vec<String> =
        pages.iter().map(|(name, page)| format!("--- {name}\n{}\n", page.text())).collect();
    insta::assert_snapshot!(without_ids(&pages.concat()));
}

#[tokio::test]
async fn nothing_from_outside_becomes_markup() {
    let problem = Problem::new(ProblemCode::SiteNotGranted, PROBE, PROBE);
    assert_inert(&text(page::problem(&problem)).await);
    assert_inert(&text(page::failure(http::StatusCode::BAD_REQUEST, PROBE)).await);
    let site = SiteDomain::parse("demo.atlassian.net").unwrap();
    let (tenant, id) = ("acme".to_owned().try_into().unwrap(), "con-1".to_owned().try_into().unwrap());
    let mut connection = Connection::begin(tenant, id, Method::Oauth, site, jiff::Timestamp::UNIX_EPOCH);
    connection.problems = vec![problem];
    assert_inert(&text(page::success(&connection)).await);
}

#[tokio::test]
async fn every_page_has_its_headers_and_what_is_not_there_is_a_page_too() {
    let house = House::start().await;
    let probe = "%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    let router = assay_oauth_callback::router(house.world.connector());
    let (_, connected) = house.connect(APPROVE).await;
    let mut answers: Vec<(Answer, u16)> = vec![(connected, 200)];
    for (method, path, status) in [
        ("GET", format!("/oauth/start?link={probe}"), 400),
        ("GET", format!("/oauth/callback?state={probe}&error={probe}"), 400),
        ("GET", format!("/oauth/callback?state=acme.x&error_description={probe}&code={probe}"), 400),
        ("GET", format!("/oauth/{probe}"), 404),
        ("POST", "/oauth/start".to_owned(), 405),
    ] {
        answers.push((Ask::new(method, &path).to(&router).await, status));
    }
    for (answer, status) in answers {
        assert_eq!(answer.status.as_u16(), status, "{}", answer.text());
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        assert!(answer.header("content-security-policy").starts_with("default-src 'none'"));
        assert_eq!(
            (answer.header("cache-control"), answer.header("referrer-policy")),
            ("no-store", "no-referrer")
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(!answer.text().contains("<script"), "{}", answer.text());
    }
}

#[tokio::test]
async fn over_https_the_cookie_is_bound_to_the_host_and_the_path() {
    let house = House::start().await;
    let (_, link) = house.begin().await;
    let mut connector = house.world.connector();
    connector.public_url = "https://assay.example".to_owned();
    let answer = Ask::new("GET", &link).to(&assay_oauth_callback::router(connector)).await;
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("__Host-assay-connect-"), "{cookie}");
    assert!(
        cookie.contains("; Secure") && cookie.contains("; Path=/;") && !cookie.contains("Domain"),
        "{cookie}"
    );
    assert!(
        answer.header("location").contains("redirect_uri=https%3A%2F%2Fassay.example%2Foauth%2Fcallback")
    );
}
