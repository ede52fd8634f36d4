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
    let body = json!({ "fields": fields, "properties": [{ "key": "assay.ticket", "value": "t-1" }] });
    assert_eq!(jira.post("/issue", body).await.status, 201);
    let page = open(&jira, "/sites/demo.atlassian.net/browse/SEC-1").await;
    assert!(page.text.contains("&lt;img src=x&gt;") && page.text.contains("assay.ticket"));
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
