use serde_json::{Value, json};

use crate::support::{Jira, keys, task, text};

#[tokio::test]
async fn a_new_issue_is_found_after_the_index_lag_and_read_by_id_at_once() {
    let jira = Jira::demo().await;
    let key = jira.create("SEC", "fresh").await;
    assert_eq!(jira.get(&format!("/issue/{key}")).await.status, 200);
    assert!(jira.search("project = SEC").await.is_empty());
    jira.advance(2);
    assert_eq!(jira.search("project = SEC").await, [key.as_str()]);
}

#[tokio::test]
async fn search_shows_an_edited_issue_as_it_was_and_a_deleted_one_not_at_once_gone() {
    let jira = Jira::demo().await;
    let key = jira.create("SEC", "before").await;
    jira.advance(5);
    jira.put(&format!("/issue/{key}"), json!({ "fields": { "summary": "after" } })).await;
    assert_eq!(jira.search("project = SEC and summary ~ before").await, [key.as_str()]);
    assert!(jira.search("project = SEC and summary ~ after").await.is_empty());
    jira.advance(2);
    assert_eq!(jira.search("project = SEC and summary ~ after").await, [key.as_str()]);
    jira.delete(&format!("/issue/{key}")).await;
    assert_eq!(jira.search("project = SEC").await, [key.as_str()]);
    jira.advance(2);
    assert!(jira.search("project = SEC").await.is_empty());
}

#[tokio::test]
async fn reconciled_issues_are_seen_as_they_are() {
    let jira = Jira::demo().await;
    let created = jira.post("/issue", json!({ "fields": task("SEC", "fresh") })).await.json();
    let id: u64 = created["id"].as_str().unwrap().parse().unwrap();
    let body = json!({ "jql": "project = SEC", "fields": ["key"], "reconcileIssues": [id] });
    assert_eq!(keys(&jira.post("/search/jql", body).await.json()), [created["key"].as_str().unwrap()]);
}

#[tokio::test]
async fn an_issue_that_changed_lately_can_vanish_for_a_moment() {
    let jira = Jira::demo().await;
    jira.simulator().set(|settings| settings.flicker = 2);
    let key = jira.create("SEC", "shy").await;
    jira.advance(5);
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(jira.search("project = SEC").await.contains(&key));
    }
    assert_eq!(seen, [true, false, true, false]);
}

#[tokio::test]
async fn without_fields_only_ids_come_back() {
    let jira = Jira::demo().await;
    let page = jira.post("/search/jql", json!({ "jql": "key = CHG-1" })).await.json();
    assert_eq!(page, json!({ "issues": [{ "id": "20001" }], "isLast": true }));
}

#[tokio::test]
async fn names_of_fields_come_once_for_the_page() {
    let jira = Jira::demo().await;
    let body = json!({ "jql": "key = CHG-1", "fields": ["summary", "duedate"], "expand": "names" });
    let page = jira.post("/search/jql", body).await.json();
    assert_eq!(page["names"], json!({ "summary": "Summary", "duedate": "Due date" }));
}

#[tokio::test]
async fn histories_that_come_with_a_search_are_the_newest_forty_entries_and_say_how_many_there_are() {
    let jira = Jira::with(jira_sim::Seed { change_tickets: 300, ..jira_sim::Seed::default() }).await;
    let many = json!({ "issue": "CHG-1", "count": 50, "seconds_apart": 60, "by": ["acc-1", "acc-2"] });
    jira.edit("CHG", "histories", many);
    jira.advance(5);
    let body = json!({ "jql": "key = CHG-1", "fields": ["created"], "expand": "changelog" });
    let embedded = jira.post("/search/jql", body).await.json()["issues"][0]["changelog"].clone();
    let mut all = Vec::new();
    for start in [0, 100] {
        let page = jira.get(&format!("/issue/CHG-1/changelog?startAt={start}")).await.json();
        all.extend(page["values"].as_array().unwrap().clone());
    }
    let newest: Vec<Value> = all.iter().rev().take(40).cloned().collect();
    assert_eq!((&embedded["histories"], &embedded["total"]), (&json!(newest), &json!(all.len())));
    assert!(all.len() >= 50);
    let body = json!({ "jql": "project = CHG", "fields": ["id"], "expand": "changelog", "maxResults": 5000 });
    let page = jira.post("/search/jql", body).await.json();
    assert_eq!(page["issues"].as_array().unwrap().len(), 100, "as short as a page with long fields");
    let calls = jira.simulator().journal();
    assert_eq!(calls.last().unwrap().points, 1 + 100, "histories cost nothing beyond their issues");
}

#[tokio::test]
async fn pages_follow_a_token_without_gaps_or_repeats_and_have_no_total() {
    let jira = Jira::demo().await;
    let mut all = Vec::new();
    let mut token = Value::Null;
    for _ in 0..9 {
        let mut body =
            json!({ "jql": "project = CHG ORDER BY created ASC", "fields": ["key"], "maxResults": 7 });
        if !token.is_null() {
            body["nextPageToken"] = token;
        }
        let page = jira.post("/search/jql", body).await.json();
        assert!(page.get("total").is_none());
        all.extend(keys(&page));
        token = page["nextPageToken"].clone();
        if page["isLast"] == true {
            break;
        }
    }
    assert!(token.is_null());
    let expected: Vec<String> = (1..=24).map(|number| format!("CHG-{number}")).collect();
    assert_eq!(all, expected);
}

#[tokio::test]
async fn a_token_ends_after_seven_days_and_belongs_to_its_query() {
    let jira = Jira::demo().await;
    let first = jira.post("/search/jql", json!({ "jql": "project = CHG", "maxResults": 5 })).await.json();
    let follow = |jql: &str| json!({ "jql": jql, "maxResults": 5, "nextPageToken": first["nextPageToken"] });
    assert_eq!(jira.post("/search/jql", follow("project = CHG")).await.status, 200);
    assert_eq!(jira.post("/search/jql", follow("project = INC")).await.status, 400);
    jira.advance(7 * 86_400);
    assert_eq!(jira.post("/search/jql", follow("project = CHG")).await.status, 400);
}

#[tokio::test]
async fn the_more_fields_are_asked_the_shorter_is_the_page() {
    let jira = Jira::with(jira_sim::Seed { change_tickets: 6000, ..jira_sim::Seed::default() }).await;
    for (fields, expected) in [
        (json!(["id", "key"]), 5000),
        (json!(["summary", "assignee", "created"]), 1000),
        (json!(["summary", "description"]), 100),
        (json!(["*all"]), 100),
    ] {
        let body = json!({ "jql": "project = CHG", "fields": fields, "maxResults": 5000 });
        let page = jira.post("/search/jql", body).await.json();
        assert_eq!(page["issues"].as_array().unwrap().len(), expected, "{fields}");
        assert_eq!(page["isLast"], false);
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_and_what_is_unknown_matches_nothing() {
    let jira = Jira::demo().await;
    for refused in ["", "ORDER BY created", "summary ~ \"open", "project =", "project = CHG AND", "a b c"] {
        assert_eq!(jira.post("/search/jql", json!({ "jql": refused })).await.status, 400, "{refused}");
    }
    for empty in
        ["this is not jql", "project = NOPE", "nope = 1", "assignee = nobody", "created > tomorrowish"]
    {
        let reply = jira.post("/search/jql", json!({ "jql": empty })).await;
        assert_eq!((reply.status, reply.json()["issues"].clone()), (200, json!([])), "{empty}");
    }
}

#[tokio::test]
async fn strict_parsing_tells_what_search_hides() {
    let jira = Jira::demo().await;
    let body = json!({ "queries": ["project = CHG AND created >= -30d", "project = NOPE", "nope = 1", "project ="] });
    let parsed = jira.post("/jql/parse?validation=strict", body).await.json();
    let wrong: Vec<bool> =
        parsed["queries"].as_array().unwrap().iter().map(|query| query.get("errors").is_some()).collect();
    assert_eq!(wrong, [false, true, true, true]);
}

#[tokio::test]
async fn unknown_members_of_a_search_are_refused_and_the_old_search_is_gone() {
    let jira = Jira::demo().await;
    jira.calls_wrongly_on_purpose();
    let body = json!({ "jql": "project = CHG", "startAt": 50 });
    assert_eq!(jira.post("/search/jql", body).await.status, 400);
    assert_eq!(jira.post("/search", json!({ "jql": "project = CHG" })).await.status, 410);
    assert_eq!(jira.get("/search?jql=project%3DCHG").await.status, 410);
}

#[tokio::test]
async fn a_property_comes_with_the_issue_but_no_query_finds_it() {
    let jira = Jira::demo().await;
    let body = json!({
        "fields": task("SEC", "with a property"),
        "properties": [{ "key": "assay.ticket", "value": { "id": "t-1" } }],
    });
    assert_eq!(jira.post("/issue", body).await.status, 201);
    jira.advance(5);
    assert!(jira.search("project = SEC AND issue.property[assay.ticket].id = \"t-1\"").await.is_empty());
    let body = json!({ "jql": "project = SEC", "properties": ["assay.ticket"] });
    let page = jira.post("/search/jql", body).await.json();
    assert_eq!(page["issues"][0]["properties"]["assay.ticket"]["id"], "t-1");
}

#[tokio::test]
async fn the_query_language_knows_its_operators() {
    let jira = Jira::demo().await;
    let count = async |jql: &str| {
        let reply = jira.post("/search/approximate-count", json!({ "jql": jql })).await;
        assert_eq!(reply.status, 200, "{jql}: {}", reply.text);
        reply.json()["count"].as_u64().unwrap()
    };
    assert_eq!(count("project = CHG AND assignee IS EMPTY").await, 3);
    assert_eq!(count("project = CHG AND assignee IS NOT EMPTY").await, 21);
    assert_eq!(count("project IN (CHG, INC)").await, 32);
    assert_eq!(count("project NOT IN (CHG)").await, 8);
    assert_eq!(count("project = INC AND statusCategory != Done AND created < -30d").await, 2);
    assert_eq!(count("NOT project = CHG OR key = CHG-1").await, 9);
    assert_eq!(count("project = CHG AND (key = CHG-1 OR key IN (CHG-2, CHG-3))").await, 3);
    assert_eq!(count("issuetype = Change AND project = CHG").await, 24);
    assert_eq!(count("project = CHG AND assignee = acc-1").await, 3);
    assert_eq!(
        count("project = CHG AND assignee != acc-1").await,
        18,
        "an empty field is not unequal either"
    );
    assert_eq!(count("project = CHG AND priority in (Highest, High)").await, 10);
    assert_eq!(count("project = CHG AND summary ~ \"change 7\"").await, 1);
    assert_eq!(count("project = CHG AND status = Done AND resolution = Done").await, 12);
    assert_eq!(count("project = CHG AND resolution = Unresolved").await, 12);
}

#[tokio::test]
async fn dates_are_read_in_the_callers_time_zone_and_epochs_in_none() {
    let jira = Jira::demo().await;
    jira.simulator().set(|settings| settings.index_lag_seconds = 0.0);
    let key = jira.create("SEC", "at noon").await;
    // Noon in UTC is two o'clock in the administrator's zone, and noon in that of account 1.
    let epoch = jira.simulator().now().as_millisecond();
    for (jql, found) in [
        ("created >= \"2026-06-15 14:00\"", true),
        ("created >= \"2026-06-15 14:01\"", false),
        ("created < \"2026/06/15 14:01\"", true),
        (&format!("created >= {epoch}"), true),
        (&format!("created > {epoch}"), false),
        ("created >= -1m", true),
    ] {
        assert_eq!(jira.search(&format!("project = SEC AND {jql}")).await.contains(&key), found, "{jql}");
    }
    let body = json!({ "jql": "project = SEC AND created >= \"2026-06-15 12:01\"", "fields": ["key"] });
    let request = jira.as_account(1, "POST", "/search/jql").json(&body);
    assert!(keys(&jira.send(request).await.json()).is_empty());
}

#[tokio::test]
async fn matching_by_id_does_not_wait_for_the_index() {
    let jira = Jira::demo().await;
    let created = jira.post("/issue", json!({ "fields": task("SEC", "fresh") })).await.json();
    let id: u64 = created["id"].as_str().unwrap().parse().unwrap();
    let body = json!({ "jqls": ["project = SEC", "project = CHG"], "issueIds": [id] });
    let matches = jira.post("/jql/match", body).await.json();
    assert_eq!(matches["matches"][0]["matchedIssues"], json!([id]));
    assert_eq!(matches["matches"][1]["matchedIssues"], json!([]));
}

#[tokio::test]
async fn what_a_caller_may_not_see_is_not_there() {
    let jira = Jira::demo().await;
    jira.edit("CHG", "permissions", json!({ "account": "acc-1", "remove": ["BROWSE_PROJECTS"] }));
    let body = json!({ "jql": "project = CHG", "fields": ["key"] });
    let found = jira.send(jira.as_account(1, "POST", "/search/jql").json(&body)).await;
    assert_eq!((found.status, keys(&found.json()).len()), (200, 0));
    assert_eq!(jira.send(jira.as_account(1, "GET", "/issue/CHG-1")).await.status, 404);
    assert_eq!(jira.send(jira.as_account(1, "GET", "/project/CHG")).await.status, 404);
    let projects = jira.send(jira.as_account(1, "GET", "/project/search")).await.json();
    assert_eq!(projects["total"], 3);
}

#[tokio::test]
async fn a_flicker_never_hides_what_is_reconciled_and_ends_with_its_window() {
    let jira = Jira::demo().await;
    jira.simulator().set(|settings| {
        settings.flicker = 1;
        settings.flicker_window_seconds = 600.0;
    });
    let key = jira.create("SEC", "a task").await;
    let id: u64 = text(&jira.get(&format!("/issue/{key}")).await.json()["id"]).parse().unwrap();
    jira.advance(500);
    assert!(jira.search("project = SEC").await.is_empty());
    let body = json!({ "jql": "project = SEC", "fields": ["key"], "reconcileIssues": [id] });
    assert_eq!(keys(&jira.post("/search/jql", body).await.json()), std::slice::from_ref(&key));
    jira.advance(200);
    assert_eq!(jira.search("project = SEC").await, [key]);
}

#[tokio::test]
async fn an_unknown_function_is_told_wherever_it_stands() {
    let jira = Jira::demo().await;
    for query in ["assignee = nobody()", "labels in (some())", "summary ~ words()", "status = any()"] {
        let body = json!({ "queries": [query] });
        let parsed = jira.post("/jql/parse?validation=strict", body).await.json();
        assert!(text(&parsed["queries"][0]["errors"][0]).contains("function"), "{query}");
        assert!(jira.search(query).await.is_empty());
    }
}

#[tokio::test]
async fn a_property_is_not_found_by_its_absence_and_a_due_date_is_a_day() {
    let jira = Jira::demo().await;
    assert!(jira.search("NOT issue.property[assay].ticket = 1").await.is_empty());
    let mut fields = task("SEC", "due");
    fields["duedate"] = json!("2026-06-20");
    let key = jira.post("/issue", json!({ "fields": fields })).await.json()["key"].clone();
    jira.advance(10);
    // The administrator's day begins two hours before that of UTC.
    assert_eq!(jira.search("duedate = 2026-06-20").await, [text(&key)]);
    assert_eq!(jira.search("duedate <= 2026-06-20").await, [text(&key)]);
    assert!(jira.search("duedate < 2026-06-20").await.is_empty());
}
