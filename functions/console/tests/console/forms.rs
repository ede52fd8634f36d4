//! Forms that are sent twice, late, or for nothing.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use assay::access::Role;
use assay::console::MARK_VALID_FOR;
use assay::dynamodb::{Begin, Store};
use assay::idempotency::{Answer, Remembered};
use assay::ids::{digest, fixed};
use assay::jira::Sleeper;
use assay_test_support::http::Ask;
use assay_test_support::world::PUBLIC_URL;
use serde_json::{Value, json};

use super::filled::filled;
use super::support::{Browser, House, TENANT};

const RUN: &str = "/checks/B1/run";

#[tokio::test]
async fn a_form_that_was_sent_before_says_that_nothing_was_done_again() {
    let house = House::with_tasks().await;
    let browser = house.signed_in(Role::Operator).await;
    browser.page("/checks/B1").await;
    let mark = browser.mark.lock().unwrap().clone();
    let first = browser.submit(RUN, &[]).await;
    assert!(browser.follow(&first).await.text().contains("The check is being run."));
    let asked = house.world.checks.len();
    *browser.mark.lock().unwrap() = mark;
    let again = browser.submit(RUN, &[]).await;
    let page = browser.follow(&again).await.text();
    let said = "This form was sent before; nothing was done again. Reload the page to do it once more.";
    assert!(page.contains(said) && !page.contains("The check is being run."), "{page}");
    assert_eq!(house.world.checks.len(), asked);
    let anew = browser.submit(RUN, &[]).await;
    assert!(browser.follow(&anew).await.text().contains("The check is being run."));
    assert_eq!(house.world.checks.len(), asked + 1, "a page that was opened anew does it once more");
}

#[tokio::test]
async fn a_form_whose_page_is_older_than_an_hour_changes_nothing() {
    let house = House::with_tasks().await;
    let browser = house.signed_in(Role::Operator).await;
    browser.page("/checks/B1").await;
    let before = (house.world.items().await, house.world.checks.len());
    house.world.time.advance(MARK_VALID_FOR + 1);
    let answer = browser.submit(RUN, &[]).await;
    assert_eq!(answer.status, 409, "{}", answer.text());
    assert!(answer.text().contains("<h1>Open the page again</h1>"), "{}", answer.text());
    assert_eq!((house.world.items().await, house.world.checks.len()), before);
    browser.page("/checks/B1").await;
    house.world.time.advance(MARK_VALID_FOR);
    assert_eq!(browser.submit(RUN, &[]).await.status, 303);
}

#[tokio::test]
async fn a_late_form_that_is_shown_again_does_not_tell_to_throw_away_what_was_entered() {
    let house = House::start().await;
    let browser = house.signed_in(Role::Operator).await;
    browser.page("/people/new").await;
    house.world.time.advance(MARK_VALID_FOR + 1);
    let fields = [("name", "Ada"), ("email", "ada@example.com")];
    let late = browser.submit("/people", &fields).await;
    assert_eq!(late.status, 409);
    let shown = late.text();
    assert!(
        shown.contains("What you entered stands below") && !shown.contains("open the page again"),
        "{shown}"
    );
    assert!(shown.contains("value=\"ada@example.com\""), "{shown}");
    assert_eq!(browser.submit("/people", &fields).await.status, 303, "it can be sent as it stands");
}

#[tokio::test]
async fn what_jira_does_not_answer_for_a_moment_costs_no_form() {
    let house = House::with_tasks().await;
    house.sync(json!({})).await;
    let settings = house.call("GET", "/v1/sync-settings", &Value::Null).await.json();
    let to = format!("/sync-settings/{}/edit", settings["items"][0]["id"].as_str().unwrap());
    let browser = house.signed_in(Role::Admin).await;
    let fields = filled(&browser.page(&to).await, &format!("action=\"{to}\""));
    let mut fields: Vec<_> = fields.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    fields.retain(|(name, _)| *name != "labels");
    fields.push(("labels", "entered"));
    let mark = browser.mark.lock().unwrap().clone();
    let fault = json!({ "path": "*", "times": 1000, "kind": "status", "status": 503 });
    house.world.control_api("POST", "/__sim/faults", &fault).await;
    let away = browser.submit(&to, &fields).await;
    assert_eq!(away.status, 503, "{}", away.text());
    assert!(away.text().contains("value=\"entered\""), "{}", away.text());
    let same = away.text().contains(&format!("name=\"csrf\" value=\"{mark}\" formmethod=\"post\""));
    assert!(same, "sent again it is the same form, which does its work once: {}", away.text());
    *browser.mark.lock().unwrap() = mark;
    house.world.jira.simulator.clear_faults();
    assert_eq!(browser.submit(&to, &fields).await.status, 303);
}

#[tokio::test]
async fn a_page_that_says_why_something_failed_leads_back_to_where_it_was_asked_for() {
    let house = House::start().await;
    let browser = house.signed_in(Role::Operator).await;
    let ask = |from: &str| Ask::new("GET", "/people/nobody").header("referer", from);
    let page = browser.send(ask(&format!("{PUBLIC_URL}/people?q=a"))).await;
    assert_eq!(page.status, 404);
    assert!(page.text().contains("<a href=\"/people?q=a\">Back to the page before</a>"), "{}", page.text());
    for elsewhere in ["https://evil.example/people", &format!("{PUBLIC_URL}/people/nobody"), PUBLIC_URL] {
        let page = browser.send(ask(elsewhere)).await.text();
        assert!(!page.contains("Back to the page before"), "{elsewhere}: {page}");
    }
}

#[tokio::test]
async fn a_check_that_is_about_nothing_is_not_said_to_be_run() {
    let house = House::start().await;
    let browser = house.signed_in(Role::Operator).await;
    browser.page("/checks/B2").await;
    let answer = browser.submit("/checks/B2/run", &[]).await;
    assert!(browser.follow(&answer).await.text().contains("role=\"status\">There is nothing to evaluate:"));
    assert_eq!(house.world.checks.len(), 0);
}

/// The time during which a form is worked on: it ends with the wait of that number.
#[derive(Clone)]
struct Meanwhile {
    store: Store,
    request: Arc<Mutex<Option<Remembered>>>,
    ends_with: usize,
    waits: Arc<AtomicUsize>,
}

#[async_trait::async_trait]
impl Sleeper for Meanwhile {
    async fn sleep(&self, _: Duration) {
        if self.waits.fetch_add(1, SeqCst) + 1 == self.ends_with {
            let request = self.request.lock().unwrap().clone().unwrap();
            let answer = Answer { status: 202, body: "{\"evaluations\":1}".to_owned() };
            self.store.finish(&request.tenant, &request.key, answer).await.unwrap();
        }
    }
}

/// A house in which a form that was sent before is done after so many waits.
async fn busy(ends_with: usize) -> (House, Meanwhile) {
    let mut world = House::with_tasks().await.world;
    let store = world.store().clone();
    let meanwhile = Meanwhile { store, request: Arc::default(), ends_with, waits: Arc::default() };
    world.access.sleeper = Arc::new(meanwhile.clone());
    (House::over(world), meanwhile)
}

/// As if the form that the browser shows had been sent already, with what `asked` is the digest of.
async fn begin(house: &House, browser: &Browser<'_>, token: &str, asked: &[u8]) -> Remembered {
    browser.submit("/sign-in", &[("token", token)]).await;
    browser.page("/checks/B1").await;
    let once = fixed(&[browser.mark.lock().unwrap().as_str()]);
    let token = token.split('_').nth(2).unwrap();
    let request = Remembered {
        tenant: house.world.tenant.clone(),
        key: fixed(&[token, "POST", "/v1/checks/B1/runs", &once]),
        request: digest(asked),
        began_at: house.world.time.now(),
        answer: None,
    };
    assert_eq!(house.world.store().begin(&request, request.began_at).await.unwrap(), Begin::New);
    request
}

#[tokio::test]
async fn a_double_click_waits_for_what_the_first_click_does_and_tells_of_it() {
    let (house, meanwhile) = busy(2).await;
    let browser = house.browser();
    let request = begin(&house, &browser, &house.token(TENANT, Role::Operator).await, b"").await;
    *meanwhile.request.lock().unwrap() = Some(request);
    let asked = house.world.checks.len();
    let answer = browser.submit(RUN, &[]).await;
    let page = browser.follow(&answer).await.text();
    assert!(page.contains("role=\"status\">The check is being run."), "{page}");
    assert_eq!((house.world.checks.len(), meanwhile.waits.load(SeqCst)), (asked, 2));
}

#[tokio::test]
async fn what_the_api_says_about_a_forms_key_is_never_shown() {
    let (house, meanwhile) = busy(usize::MAX).await;
    let token = house.token(TENANT, Role::Operator).await;
    let browser = house.browser();
    begin(&house, &browser, &token, b"").await;
    let answer = browser.submit(RUN, &[]).await;
    assert_eq!(answer.status, 503);
    assert!(answer.text().contains("<h1>Still being done</h1>"), "{}", answer.text());
    assert_eq!(meanwhile.waits.load(SeqCst), 6, "it is not waited for ever");
    assert!(!answer.text().to_lowercase().contains("idempotency"));
    let browser = house.browser();
    begin(&house, &browser, &token, b"something else").await;
    let answer = browser.submit(RUN, &[]).await;
    assert_eq!(answer.status, 410);
    assert!(answer.text().contains("<h1>Sent before</h1>"), "{}", answer.text());
    assert!(!answer.text().to_lowercase().contains("idempotency"));
}
