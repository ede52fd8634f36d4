use serde_json::{Value, json};

use crate::support::{Jira, document};

fn link(title: &str, global_id: Option<&str>) -> Value {
    let object =
        json!({ "title": title, "url": "https://github.com/acme/shop/pull/7", "summary": "a change" });
    let mut link = json!({ "object": object, "relationship": "is fixed by" });
    if let Some(global_id) = global_id {
        link["globalId"] = json!(global_id);
    }
    link
}

#[tokio::test]
async fn a_link_with_a_global_id_is_created_once_and_then_updated() {
    let jira = Jira::demo().await;
    let path = "/issue/CHG-1/remotelink";
    let global_id = "system=https://github.com&id=acme/shop#7";
    let created = jira.post(path, link("Pull request 7", Some(global_id))).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let mut changed = link("Pull request 7, merged", Some(global_id));
    changed["object"]["status"] = json!({ "resolved": true });
    changed["relationship"] = json!(null);
    let changed = changed.as_object().unwrap().iter().filter(|(_, value)| !value.is_null());
    let changed: serde_json::Map<String, Value> =
        changed.map(|(name, value)| (name.clone(), value.clone())).collect();
    let updated = jira.post(path, Value::Object(changed)).await;
    assert_eq!((updated.status, &updated.json()["id"]), (200, &created.json()["id"]));
    let all = jira.get(path).await.json();
    assert_eq!(all.as_array().unwrap().len(), 1);
    assert_eq!(all[0]["object"]["status"]["resolved"], true);
    assert_eq!(all[0].get("relationship"), None, "what an update leaves out is gone");
    let escaped = "system%3Dhttps%3A%2F%2Fgithub.com%26id%3Dacme%2Fshop%237";
    let one = jira.get(&format!("{path}?globalId={escaped}")).await.json();
    assert_eq!(one["globalId"], global_id);
    let page = jira
        .send(jira.client.get(format!("{}/browse/CHG-1", jira.running.site_url("demo.atlassian.net"))))
        .await;
    assert!(
        page.text.contains("Pull request 7, merged")
            && page.text.contains("https://github.com/acme/shop/pull/7")
    );
    let history = jira.get("/issue/CHG-1/changelog").await.json().to_string();
    assert!(history.contains("This work item is fixed by"));
    assert_eq!(jira.delete(&format!("{path}?globalId={escaped}")).await.status, 204);
    assert_eq!(jira.delete(&format!("{path}?globalId={escaped}")).await.status, 404);
    assert_eq!(jira.get(path).await.json(), json!([]));
}

#[tokio::test]
async fn without_a_global_id_every_call_adds_a_link() {
    let jira = Jira::demo().await;
    let path = "/issue/CHG-1/remotelink";
    for title in ["one", "two"] {
        assert_eq!(jira.post(path, link(title, None)).await.status, 201);
    }
    let all = jira.get(path).await.json();
    assert_eq!(all.as_array().unwrap().len(), 2);
    let by_id = format!("{path}/{}", all[1]["id"]);
    assert_eq!(jira.get(&by_id).await.json()["object"]["title"], "two");
    assert_eq!(jira.delete(&by_id).await.status, 204);
    assert_eq!(jira.get(&by_id).await.status, 404);
}

#[tokio::test]
async fn a_link_needs_a_title_and_the_permission() {
    let jira = Jira::demo().await;
    let path = "/issue/CHG-1/remotelink";
    let refused = jira.post(path, link("", None)).await;
    assert_eq!((refused.status, &refused.json()["errors"]["title"]), (400, &json!("'title' is required.")));
    jira.edit("CHG", "permissions", json!({ "account": "acc-1", "remove": ["LINK_ISSUES"] }));
    let request = jira.as_account(1, "POST", path).json(&link("one", None));
    assert_eq!(jira.send(request).await.status, 403);
    assert_eq!(jira.post("/issue/CHG-999/remotelink", link("one", None)).await.status, 404);
}

#[tokio::test]
async fn a_comment_keeps_its_properties() {
    let jira = Jira::demo().await;
    let body = json!({ "body": document("opened"), "properties": [{ "key": "assay", "value": { "n": 1 } }] });
    let created = jira.post("/issue/CHG-1/comment", body).await;
    assert_eq!(created.status, 201, "{}", created.text);
    assert_eq!(created.json().get("properties"), None);
    let listed = jira.get("/issue/CHG-1/comment?expand=properties").await.json();
    let last = listed["comments"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["properties"], json!([{ "key": "assay", "value": { "n": 1 } }]));
}
