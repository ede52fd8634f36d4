//! The tasks: found by a filter, shown whole, completed, opened again and changed.

use assay::access::Role;
use assay::account::{Account, AccountKind};
use assay::ids::{AccountId, ConnectionId};
use serde_json::json;

use super::filled::filled;
use super::support::{Browser, House, PROBE, assert_harmless, main_of};

/// The id of the first task of a check.
async fn task_of(house: &House, check: &str) -> String {
    let tasks = house.call("GET", &format!("/v1/tasks?check={check}"), &json!(null)).await.json();
    tasks["items"][0]["id"].as_str().unwrap().to_owned()
}

/// A task as the API has it.
async fn stored(house: &House, id: &str) -> serde_json::Value {
    house.call("GET", &format!("/v1/tasks/{id}"), &json!(null)).await.json()
}

/// How many rows a list has.
fn rows(html: &str) -> usize {
    html.matches("<th scope=\"row\">").count()
}

async fn count(house: &House, query: &str) -> usize {
    let tasks = house.call("GET", &format!("/v1/tasks?limit=200&{query}"), &json!(null)).await.json();
    tasks["items"].as_array().unwrap().len()
}

#[tokio::test]
async fn open_tasks_are_listed_and_found_by_what_is_known_of_them() {
    let house = House::with_tasks().await;
    let browser = house.signed_in(Role::Auditor).await;
    let list = browser.page("/tasks").await;
    insta::assert_snapshot!("tasks", main_of(&list));
    for (query, asked) in [
        ("", "state=open"),
        ("?state=any", ""),
        ("?state=open&check=B2", "state=open&check=B2"),
        ("?assignee=nobody", "state=open&unassigned=true"),
        ("?text=chg-", "state=open&text=chg-"),
        ("?overdue=true", "overdue=true"),
        ("?connection=con-1", "state=open&connection=con-1"),
    ] {
        let page = browser.page(&format!("/tasks{query}")).await;
        assert_eq!(rows(&page), count(&house, asked).await, "{query}");
    }
    let part = browser.part("/tasks?check=B2", "tasks").await.text();
    assert!(!part.contains("<html") && browser.page("/tasks?check=B2").await.contains(&part));
    assert!(browser.page("/tasks?text=nothing-like-it").await.contains("No task is so"));
    let refused = browser.get(&format!("/tasks?text={}", "x".repeat(201))).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("text must be 1 to 200 characters"));
    let late = browser.page("/tasks").await;
    assert!(!late.contains("Overdue</span>"));
    house.world.time.advance(30 * 86400);
    assert!(
        house.signed_in(Role::Auditor).await.page("/tasks?overdue=true").await.contains("Overdue</span>")
    );
}

#[tokio::test]
async fn a_list_of_tasks_without_any_says_what_to_do_next() {
    let house = House::start().await;
    let page = house.signed_in(Role::Auditor).await.page("/tasks").await;
    assert!(page.contains("Nothing is to be done") && page.contains("href=\"/checks\""), "{page}");
}

#[tokio::test]
async fn a_long_list_of_tasks_goes_on_with_its_filter() {
    let house = House::with_tasks().await;
    house.findings(60).await;
    let browser = house.signed_in(Role::Auditor).await;
    let page = browser.page("/tasks?check=B9&text=finding").await;
    assert_eq!(rows(&page), 50);
    let next = super::support::between(&page, "<a class=\"button\" href=\"", "\"").unwrap();
    let next = next.replace("&#38;", "&");
    assert!(next.starts_with("/tasks?check=B9&text=finding&cursor="), "{next}");
    assert_eq!(rows(&browser.page(&next).await), 10);
}

#[tokio::test]
async fn a_task_shows_what_fails_what_to_do_and_its_ticket() {
    let house = House::with_tickets().await;
    let id = task_of(&house, "B2").await;
    let browser = house.signed_in(Role::Operator).await;
    let page = browser.page(&format!("/tasks/{id}")).await;
    insta::assert_snapshot!("task", main_of(&page));
    let task = stored(&house, &id).await;
    for shown in
        [&task["why"], &task["ticket"]["id"], &task["ticket"]["issue"]["key"], &task["subject"]["url"]]
    {
        assert!(page.contains(shown.as_str().unwrap()), "{shown}");
    }
    let drawer = browser.part(&format!("/tasks/{id}"), "drawer").await.text();
    assert!(drawer.starts_with("<article") && drawer.contains("autofocus"), "{drawer}");
    let reader = house.signed_in(Role::Auditor).await.page(&format!("/tasks/{id}")).await;
    assert!(!reader.contains("/complete") && reader.contains("An operator can complete it"), "{reader}");
}

#[tokio::test]
async fn a_finding_s_task_leads_to_what_the_scanner_found() {
    let house = House::with_tasks().await;
    house.findings(1).await;
    let id = task_of(&house, "B9").await;
    let page = house.signed_in(Role::Auditor).await.page(&format!("/tasks/{id}")).await;
    assert!(page.contains(&format!("href=\"/vulnerabilities/{id}\"")), "{page}");
}

#[tokio::test]
async fn an_operator_completes_a_task_with_a_note_and_opens_it_again() {
    let house = House::with_tasks().await;
    let (id, browser) = (task_of(&house, "B2").await, house.signed_in(Role::Operator).await);
    let path = format!("/tasks/{id}");
    browser.page(&path).await;
    let refused = browser.submit(&format!("{path}/complete"), &[("why", "")]).await;
    assert_eq!(refused.status, 422);
    assert!(
        refused.text().contains("id=\"error-why\">why must be 1 to 200 characters"),
        "{}",
        refused.text()
    );
    let answer = browser.submit(&format!("{path}/complete"), &[("why", "given to its owner")]).await;
    let page = browser.follow(&answer).await.text();
    assert!(page.contains("role=\"status\">The task counts as done.") && page.contains("given to its owner"));
    let task = stored(&house, &id).await;
    assert_eq!(
        (&task["state"], &task["completion"]["why"]),
        (&json!("completed"), &json!("given to its owner"))
    );
    let answer = browser.submit(&format!("{path}/reopen"), &[]).await;
    let page = browser.follow(&answer).await.text();
    assert!(page.contains("A person opened it again"), "{page}");
    assert_eq!(stored(&house, &id).await["held"], true);
}

/// The fields of a form with what is entered in some.
fn edited<'a>(fields: &'a [(String, String)], entered: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields: Vec<_> = fields.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    for (name, value) in entered {
        fields.retain(|(known, _)| known != name);
        fields.push((name, value));
    }
    fields
}

async fn change(browser: &Browser<'_>, path: &str, fields: &[(&str, &str)]) -> String {
    let answer = browser.submit(path, fields).await;
    browser.follow(&answer).await.text()
}

#[tokio::test]
async fn an_operator_changes_only_what_the_form_changed() {
    let house = House::with_tasks().await;
    let (id, browser) = (task_of(&house, "B2").await, house.signed_in(Role::Operator).await);
    let (path, opening) = (format!("/tasks/{id}"), format!("action=\"/tasks/{id}\""));
    browser.cookies.lock().unwrap().insert("assay-zone".to_owned(), "Europe/Berlin".to_owned());
    let before = filled(&browser.page(&path).await, &opening);
    let page = change(&browser, &path, &edited(&before, &[])).await;
    assert!(page.contains("Nothing was changed."), "{page}");
    assert_eq!(stored(&house, &id).await["edited"], json!([]));
    change(&browser, &path, &edited(&before, &[("title", "Name an owner")])).await;
    let task = stored(&house, &id).await;
    assert_eq!((&task["title"], &task["edited"]), (&json!("Name an owner"), &json!(["title"])));
    let entered = [("assignee", "acc-3"), ("due_at", "2026-12-24T17:00")];
    change(&browser, &path, &edited(&before, &entered)).await;
    let task = stored(&house, &id).await;
    assert_eq!((&task["assignee"], &task["due_at"]), (&json!("acc-3"), &json!("2026-12-24T16:00:00Z")));
    assert_eq!(task["title"], "Name an owner", "what was not touched stays");
    let before = filled(&browser.page(&path).await, &opening);
    for (field, value) in [("title", ""), ("assignee", "a b"), ("due_at", "tomorrow")] {
        let refused = browser.submit(&path, &edited(&before, &[(field, value)])).await;
        assert_eq!(refused.status, 422, "{field}");
        let page = refused.text();
        assert!(page.contains(&format!("id=\"error-{field}\"")), "{page}");
        assert!(value.is_empty() || page.contains(&format!("value=\"{value}\"")), "{page}");
        assert!(page.contains("<details open>"), "{page}");
    }
}

#[tokio::test]
async fn whom_a_task_can_be_given_to_is_chosen_by_name_where_the_accounts_are_known() {
    let house = House::with_tasks().await;
    let (id, browser) = (task_of(&house, "B2").await, house.signed_in(Role::Operator).await);
    let path = format!("/tasks/{id}");
    assert!(browser.page(&path).await.contains("An Atlassian account id; empty for nobody."));
    for (account, name) in [("acc-own", PROBE), ("acc-two", "Second Account")] {
        let account = Account {
            kind: AccountKind::Human,
            name: name.to_owned(),
            active: true,
            ..Account::new(
                house.world.tenant.clone(),
                ConnectionId::parse("con-1").unwrap(),
                AccountId::parse(account).unwrap(),
                house.world.time.now(),
            )
        };
        assert!(house.world.store().put_new_account(&account).await.unwrap());
    }
    let page = browser.page(&path).await;
    assert!(page.contains("<option value=\"acc-two\">Second Account</option>"), "{page}");
    assert_harmless(&page);
    let before = filled(&browser.page(&path).await, &format!("action=\"{path}\""));
    change(&browser, &path, &edited(&before, &[("assignee", "acc-own")])).await;
    assert_eq!(stored(&house, &id).await["assignee"], "acc-own");
    let page = browser.page(&path).await;
    assert!(page.contains("href=\"/accounts/con-1/acc-own\""), "{page}");
    assert!(page.contains("<option value=\"acc-own\" selected>"), "{page}");
    assert_harmless(&browser.page("/tasks?assignee=acc-own").await);
}

#[tokio::test]
async fn what_is_named_outside_never_becomes_markup_in_a_task() {
    let house = House::with_tasks().await;
    let id = task_of(&house, "B2").await;
    house.call("PATCH", &format!("/v1/tasks/{id}"), &json!({ "title": PROBE })).await;
    let mut task = house.world.tasks().await.into_iter().find(|it| it.id.as_str() == id).unwrap();
    task.subject.title = PROBE.to_owned();
    task.subject.key = PROBE.to_owned();
    task.why = PROBE.to_owned();
    house.world.store().save_tasks(&[task]).await.pop().unwrap().unwrap();
    let browser = house.signed_in(Role::Operator).await;
    for path in
        ["/tasks".to_owned(), format!("/tasks/{id}"), format!("/tasks?text={}", "%22%3E%3Cimg%20src=x")]
    {
        let page = browser.page(&path).await;
        assert!(!page.contains("<img src=x"), "{path}");
    }
    assert_harmless(&browser.page(&format!("/tasks/{id}")).await);
    assert_harmless(&browser.page("/tasks").await);
}
