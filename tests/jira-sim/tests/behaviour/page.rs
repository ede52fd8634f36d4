use serde_json::json;

use crate::support::{Jira, Reply, task};

async fn open(jira: &Jira, path: &str) -> Reply {
    jira.send(jira.client.get(format!("{}{path}", jira.running.url()))).await
}

async fn press(jira: &Jira, path: &str, form: &'static str) -> Reply {
    let request = jira.client.post(format!("{}{path}", jira.running.url()));
    jira.send(request.header("content-type", "application/x-www-form-urlencoded").body(form)).await
}

#[tokio::test]
async fn a_person_finds_sites_projects_and_issues() {
    let jira = Jira::demo().await;
    let sites = open(&jira, "/").await;
    assert!(sites.text.contains("/sites/demo.atlassian.net/projects/CHG"));
    assert!(
        !sites.text.contains("http://") && !sites.text.contains("https://"),
        "nothing is loaded from elsewhere"
    );
    let project = open(&jira, "/sites/demo.atlassian.net/projects/CHG").await;
    assert!(project.text.contains("/sites/demo.atlassian.net/browse/CHG-24"));
    assert_eq!(open(&jira, "/sites/demo.atlassian.net/browse/CHG-1").await.status, 200);
    assert_eq!(open(&jira, "/sites/demo.atlassian.net/browse/CHG-99").await.status, 404);
}

#[tokio::test]
async fn what_an_issue_says_is_shown_as_text_and_never_run() {
    let jira = Jira::demo().await;
    let mut fields = task("SEC", "<script>alert(1)</script>");
    let link = json!({ "type": "link", "attrs": { "href": "javascript:alert(1)" } });
    let words = json!({ "type": "text", "text": "<img src=x>", "marks": [link] });
    let paragraph = json!({ "type": "paragraph", "content": [words] });
    fields["description"] = json!({ "version": 1, "type": "doc", "content": [paragraph] });
    fields["priority"] = json!({ "id": "1" });
    let body = json!({ "fields": fields, "properties": [{ "key": "assay.ticket", "value": "t-1" }] });
    assert_eq!(jira.post("/issue", body).await.status, 201);
    let page = open(&jira, "/sites/demo.atlassian.net/browse/SEC-1").await;
    assert!(page.text.contains("&lt;img src=x&gt;") && page.text.contains("assay.ticket"));
    assert!(page.text.contains("<th>Priority</th><td>Highest</td>"));
    assert!(
        !page.text.contains("<script>") && !page.text.contains("<img") && !page.text.contains("javascript:")
    );
    assert!(page.header("content-security-policy").contains("default-src 'none'"));
}

#[tokio::test]
async fn a_person_closes_assigns_comments_and_deletes_by_hand() {
    let jira = Jira::demo().await;
    let key = jira.create("TEAM", "by hand").await;
    let page = format!("/sites/demo.atlassian.net/browse/{key}");
    assert_eq!(press(&jira, &format!("{page}/transition"), "transition=31").await.status, 303);
    assert_eq!(press(&jira, &format!("{page}/assign"), "account=acc-2").await.status, 303);
    assert_eq!(press(&jira, &format!("{page}/comment"), "text=Looks+done").await.status, 303);
    let issue = jira.get(&format!("/issue/{key}")).await.json();
    assert_eq!(issue["fields"]["status"]["statusCategory"]["key"], "done");
    assert_eq!(issue["fields"]["assignee"]["accountId"], "acc-2");
    assert_eq!(issue["fields"]["comment"]["total"], 1);
    assert!(open(&jira, &page).await.text.contains("Looks done"));
    let refused = press(&jira, &format!("{page}/transition"), "transition=77").await;
    assert_eq!(refused.status, 400);
    assert!(refused.text.contains("Jira refused this"));
    let foreign = jira
        .client
        .post(format!("{}{page}/delete", jira.running.url()))
        .header("origin", "https://example.com");
    assert_eq!(jira.send(foreign).await.status, 404);
    assert_eq!(press(&jira, &format!("{page}/delete"), "").await.status, 303);
    assert_eq!(jira.get(&format!("/issue/{key}")).await.status, 404);
}

#[tokio::test]
async fn a_person_acts_as_the_account_that_is_chosen_and_not_as_the_administrator() {
    let jira = Jira::demo().await;
    let page = "/sites/demo.atlassian.net/browse/CHG-1";
    assert_eq!(press(&jira, &format!("{page}/edit"), "summary=renamed").await.status, 303);
    let back = press(&jira, &format!("{page}/move"), "to=SEC&as=acc-4").await;
    assert_eq!((back.status, back.header("location").ends_with("?as=acc-4")), (303, true));
    let issues = jira.simulator().issues();
    let history = issues.iter().find(|issue| issue["key"] == "SEC-1").unwrap()["history"].clone();
    let authors: Vec<_> =
        history.as_array().unwrap().iter().rev().take(2).map(|line| line["author"].clone()).collect();
    assert_eq!(authors, ["acc-4", "acc-4"]);
    let renamed = history.as_array().unwrap().iter().find(|line| line["to"] == "renamed").unwrap();
    assert_eq!(renamed["author"], "acc-1");
    assert!(open(&jira, &format!("{page}?as=acc-4")).await.text.contains("value=\"acc-4\" selected"));
}

#[tokio::test]
async fn a_screen_that_demands_a_field_can_be_filled_in_by_hand() {
    let jira = Jira::demo().await;
    let step = json!({ "id": "31", "name": "Done", "to": "10003", "required": ["resolution", "labels"] });
    jira.edit("CHG", "transitions", step);
    let page = "/sites/demo.atlassian.net/browse/CHG-3";
    assert!(open(&jira, page).await.text.contains("name=\"field-labels\""));
    let form = "transition=31&field-labels=one+two&field-resolution=10002";
    assert_eq!(press(&jira, &format!("{page}/transition"), form).await.status, 303);
    let fields = jira.get("/issue/CHG-3").await.json()["fields"].clone();
    assert_eq!(
        (fields["labels"].clone(), fields["resolution"]["name"].clone()),
        (json!(["one", "two"]), json!("Duplicate"))
    );
}
