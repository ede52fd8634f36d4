use serde_json::{Value, json};

use crate::support::{Jira, document, text};

fn restricted(kind: &str, name: &str) -> Value {
    json!({ "body": document("for few"), "visibility": { "type": kind, "value": name } })
}

async fn seen_by(jira: &Jira, account: u8, path: &str) -> Value {
    jira.send(jira.as_account(account, "GET", path)).await.json()
}

#[tokio::test]
async fn a_comment_for_a_group_or_role_is_seen_by_its_members_only_wherever_comments_are() {
    let jira = Jira::demo().await;
    jira.edit("CHG", "roles", json!({ "role": "Developers", "add": ["acc-1", "acc-admin"] }));
    for body in [restricted("group", "jira-administrators"), restricted("role", "Developers")] {
        assert_eq!(jira.post("/issue/CHG-1/comment", body).await.status, 201);
    }
    jira.advance(10);
    for (account, expected) in [(1, 1), (2, 0)] {
        assert_eq!(seen_by(&jira, account, "/issue/CHG-1/comment").await["total"], expected);
        let issue = seen_by(&jira, account, "/issue/CHG-1?fields=comment").await;
        assert_eq!(issue["fields"]["comment"]["total"], expected);
        let body = json!({ "jql": "key = CHG-1", "fields": ["comment"] });
        let found = jira.send(jira.as_account(account, "POST", "/search/jql").json(&body)).await.json();
        let comments = &found["issues"][0]["fields"]["comment"]["comments"];
        assert_eq!(comments.as_array().unwrap().len(), expected);
        let body = json!({ "issueIdsOrKeys": ["CHG-1"], "fields": ["comment"] });
        let found = jira.send(jira.as_account(account, "POST", "/issue/bulkfetch").json(&body)).await.json();
        assert_eq!(found["issues"][0]["fields"]["comment"]["total"], expected);
    }
    let all = jira.get("/issue/CHG-1/comment").await.json();
    assert_eq!(all["comments"][1]["visibility"]["type"], "role");
    assert_eq!(all["comments"][1]["visibility"]["identifier"], "10100");
}

#[tokio::test]
async fn a_comment_cannot_be_hidden_from_the_one_who_writes_it_nor_kept_for_an_unknown_group() {
    let jira = Jira::demo().await;
    for body in [restricted("group", "nobody"), restricted("role", "Developers")] {
        let refused = jira.post("/issue/CHG-1/comment", body).await;
        assert_eq!(refused.status, 400);
        assert!(refused.json()["errors"]["commentLevel"].is_string());
    }
    assert_eq!(jira.get("/issue/CHG-1/comment").await.json()["total"], 0);
}

#[tokio::test]
async fn a_person_comments_by_hand_and_changes_it_and_takes_it_back() {
    let jira = Jira::demo().await;
    let calls = jira.simulator().journal().len();
    jira.edit("CHG", "comment", json!({ "issue": "CHG-1", "text": "a word", "by": "acc-2" }));
    let comment = |jira: &Jira| {
        let issues = jira.simulator().issues();
        issues.iter().find(|issue| issue["key"] == "CHG-1").unwrap()["comments"][0].clone()
    };
    let made = comment(&jira);
    assert_eq!((text(&made["author"]), made["visibility"].is_null()), ("acc-2", true));
    let id = text(&made["id"]);
    let change = json!({ "issue": "CHG-1", "comment": id, "text": "another", "by": "acc-3" });
    jira.edit("CHG", "comment/update", change);
    let changed = comment(&jira);
    assert_eq!((text(&changed["author"]), text(&changed["update_author"])), ("acc-2", "acc-3"));
    assert_eq!(changed["body"], document("another"));
    jira.edit("CHG", "comment/delete", json!({ "issue": "CHG-1", "comment": id }));
    assert!(comment(&jira).is_null());
    assert_eq!(jira.simulator().journal().len(), calls, "what is done by hand is no call");
    let unknown = json!({ "issue": "CHG-1", "text": "x", "by": "acc-77" });
    assert!(jira.simulator().edit_project("CHG", "comment", &unknown).is_err());
}

#[tokio::test]
async fn an_issue_takes_so_many_comments_and_then_answers_413() {
    let jira = Jira::demo().await;
    jira.simulator().set(|settings| settings.comments_per_issue = Some(1));
    let body = json!({ "body": document("a word") });
    assert_eq!(jira.post("/issue/CHG-1/comment", body.clone()).await.status, 201);
    assert_eq!(jira.post("/issue/CHG-1/comment", body).await.status, 413);
}

#[tokio::test]
async fn a_comment_moves_updated_unless_a_setting_says_otherwise() {
    let jira = Jira::demo().await;
    let updated =
        async || jira.get("/issue/CHG-1?fields=updated").await.json()["fields"]["updated"].to_string();
    let before = updated().await;
    jira.simulator().set(|settings| settings.comments_keep_updated = true);
    jira.edit("CHG", "comment", json!({ "issue": "CHG-1", "text": "a word" }));
    assert_eq!(updated().await, before);
    jira.simulator().set(|settings| settings.comments_keep_updated = false);
    jira.edit("CHG", "comment", json!({ "issue": "CHG-1", "text": "a word" }));
    assert_ne!(updated().await, before);
}
