//! The tickets: where each stands, what happened to it, and what people have done about it.

use assay::access::Role;
use serde_json::{Value, json};

use super::support::{House, PROBE, assert_harmless, main_of};

async fn tickets(house: &House, query: &str) -> Vec<Value> {
    let answer = house.call("GET", &format!("/v1/tickets?limit=200&{query}"), &json!(null)).await.json();
    answer["items"].as_array().unwrap().clone()
}

fn id(ticket: &Value) -> &str {
    ticket["id"].as_str().unwrap()
}

/// A house in which Jira refuses to create issues.
async fn refused() -> House {
    let house = House::with_tasks().await;
    let fault = json!({ "path": "createIssues", "times": 100, "kind": "status", "status": 400 });
    house.world.jira.simulator.add_fault(serde_json::from_value(fault).unwrap());
    house.sync(json!({ "scope": "B2" })).await;
    house.world.evaluate().await;
    house.world.work().await;
    house
}

#[tokio::test]
async fn the_tickets_are_listed_with_their_states_in_plain_words() {
    let house = House::with_tickets().await;
    let browser = house.signed_in(Role::Auditor).await;
    let page = browser.page("/tickets").await;
    insta::assert_snapshot!("tickets", main_of(&page));
    for ticket in tickets(&house, "").await {
        assert!(page.contains(id(&ticket)) && page.contains(ticket["issue"]["url"].as_str().unwrap()));
    }
    let part = browser.part("/tickets?state=open", "tickets").await.text();
    assert!(!part.contains("<html") && browser.page("/tickets?state=open").await.contains(&part));
    assert!(browser.page("/tickets?waits=parked").await.contains("Nothing stands against any ticket"));
    assert!(browser.page("/tickets?waits=undecided").await.contains("Nobody has to decide anything"));
    assert_eq!(browser.get("/tickets?state=nonsense").await.status, 422);
    let setting = tickets(&house, "").await[0]["setting"].as_str().unwrap().to_owned();
    assert!(browser.page(&format!("/tickets?setting={setting}")).await.contains("<table>"));
    assert!(browser.page("/tickets?setting=set-none").await.contains("No ticket is so"));
}

#[tokio::test]
async fn a_list_of_tickets_without_any_says_what_to_do_next() {
    let house = House::start().await;
    let page = house.signed_in(Role::Auditor).await.page("/tickets").await;
    assert!(page.contains("No ticket yet") && page.contains("href=\"/sync-settings\""), "{page}");
}

#[tokio::test]
async fn a_ticket_shows_its_trace_with_who_when_why_and_which_call() {
    let house = House::with_tickets().await;
    let browser = house.signed_in(Role::Operator).await;
    let ticket = tickets(&house, "").await.remove(0);
    let path = format!("/tickets/{}", id(&ticket));
    let page = browser.page(&path).await;
    insta::assert_snapshot!("ticket", main_of(&page));
    let trace = house.call("GET", &format!("/v1{path}/trace"), &json!(null)).await.json();
    let entries = trace["items"].as_array().unwrap();
    assert_eq!(page.matches("<li>\n<p class=\"quiet\">").count(), entries.len());
    for task in ticket["tasks"].as_array().unwrap() {
        assert!(page.contains(&format!("href=\"/tasks/{}\"", task.as_str().unwrap())), "{page}");
    }
    let drawer = browser.part(&path, "drawer").await.text();
    assert!(drawer.starts_with("<article") && drawer.contains("autofocus"), "{drawer}");
    let state = browser.part(&path, "ticket-state").await.text();
    assert!(!state.contains("<article") && state.contains("The issue is there"), "{state}");
    assert!(
        state.contains("hx-trigger=\"load\" hx-target=\"#ticket\""),
        "what follows it reads the whole: {state}"
    );
    assert!(!page.contains("hx-trigger"), "{page}");
    assert!(browser.part(&path, "ticket").await.text().starts_with("<article"));
    assert!(!page.contains("Try again now"), "nothing is to be tried");
}

#[tokio::test]
async fn a_parked_ticket_shows_its_cause_and_is_tried_again_when_an_operator_asks() {
    let house = refused().await;
    let ticket = tickets(&house, "parked=true").await.remove(0);
    let path = format!("/tickets/{}", id(&ticket));
    let browser = house.signed_in(Role::Operator).await;
    let list = browser.page("/tickets?waits=parked").await;
    assert!(list.contains(id(&ticket)) && list.contains("Parked</span>"), "{list}");
    let page = browser.page(&path).await;
    insta::assert_snapshot!("ticket_parked", main_of(&page));
    let what = askama::filters::escape(ticket["problem"]["what"].as_str().unwrap(), askama::filters::Html);
    assert!(page.contains(&what.unwrap().to_string()), "{page}");
    let reader = house.signed_in(Role::Auditor).await.page(&path).await;
    assert!(reader.contains("An operator can have it tried again now.") && !reader.contains("/retry\""));
    house.world.jira.simulator.clear_faults();
    browser.page(&path).await;
    let answer = browser.submit(&format!("{path}/retry"), &[]).await;
    assert!(browser.follow(&answer).await.text().contains("It is being tried again."));
    house.world.work().await;
    let page = browser.page(&path).await;
    assert!(page.contains("Open</span>") && page.contains("title=\"API token "), "{page}");
    assert_eq!(browser.submit(&format!("{path}/retry"), &[]).await.status, 409, "there is nothing to try");
}

#[tokio::test]
async fn of_an_issue_that_is_gone_an_operator_decides() {
    let house = House::with_tasks().await;
    house.sync(json!({ "gone_policy": "ask" })).await;
    house.world.rest().await;
    let ticket = tickets(&house, "").await.remove(0);
    let edit = json!({ "issue": ticket["issue"]["key"] });
    house.world.jira.simulator.edit_project("SEC", "delete", &edit).unwrap();
    house.world.pass(7200).await;
    house.world.rest().await;
    let path = format!("/tickets/{}", id(&ticket));
    let browser = house.signed_in(Role::Operator).await;
    let list = browser.page("/tickets?waits=undecided").await;
    assert!(list.contains(id(&ticket)) && list.contains("Needs a decision</span>"), "{list}");
    let page = browser.page(&path).await;
    insta::assert_snapshot!("ticket_undecided", main_of(&page));
    let refused = browser.submit(&format!("{path}/decide"), &[("tasks", "forget")]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("id=\"error-tasks\""), "{}", refused.text());
    let answer = browser.submit(&format!("{path}/decide"), &[("tasks", "recreate")]).await;
    assert!(browser.follow(&answer).await.text().contains("It is decided"));
    house.world.rest().await;
    assert!(tickets(&house, "undecided=true").await.is_empty());
    let task = format!("/v1/tasks/{}", ticket["tasks"][0].as_str().unwrap());
    let task = house.call("GET", &task, &json!(null)).await.json();
    assert_ne!(task["ticket"]["id"], ticket["id"], "its task has a new ticket");
    assert!(!browser.page(&path).await.contains("What is to become of its tasks?"));
}

#[tokio::test]
async fn a_long_trace_goes_on_on_further_pages() {
    let house = House::with_tickets().await;
    let mut ticket = house.world.tickets().await.remove(0);
    for number in 0..70 {
        let entry =
            assay::trace::Entry::new(house.world.time.now(), "worker", format!("step {number}"), "why");
        ticket.record(entry);
    }
    house.world.store().save_ticket(&mut ticket).await.unwrap();
    let browser = house.signed_in(Role::Auditor).await;
    let page = browser.page(&format!("/tickets/{}", ticket.id)).await;
    let next = super::support::between(&page, "<a class=\"button\" href=\"", "\"").unwrap();
    let last = browser.page(next).await;
    assert!(!page.contains(">step 69<") && last.contains(">step 69<") && last.contains("From the beginning"));
}

#[tokio::test]
async fn what_jira_says_never_becomes_markup_in_a_ticket() {
    let house = House::with_tickets().await;
    let mut ticket = house.world.tickets().await.remove(0);
    ticket.content.title = PROBE.to_owned();
    ticket.left_out.push(PROBE.to_owned());
    ticket.problem =
        Some(assay::ticket::Problem { what: PROBE.to_owned(), since: house.world.time.now(), tries: 2 });
    ticket.issue_status = Some(assay::ticket::IssueStatus {
        name: PROBE.to_owned(),
        done: false,
        read_at: house.world.time.now(),
    });
    ticket.record(assay::trace::Entry::new(house.world.time.now(), PROBE, PROBE, PROBE));
    house.world.store().save_ticket(&mut ticket).await.unwrap();
    let browser = house.signed_in(Role::Operator).await;
    assert_harmless(&browser.page("/tickets").await);
    assert_harmless(&browser.page(&format!("/tickets/{}", ticket.id)).await);
}
