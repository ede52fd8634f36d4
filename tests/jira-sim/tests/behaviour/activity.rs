//! What accounts did: the simulator's own account of it, and what the REST API tells.

use std::collections::{BTreeMap, BTreeSet};

use jira_sim::{ActivityEvent, ActivityKind, Seed};
use serde_json::{Value, json};

use crate::support::{Jira, SITE, document, text};

const DAY_MS: i64 = 86_400_000;

fn busy(issues: u64, accounts: usize) -> Seed {
    Seed {
        change_tickets: issues,
        change_unassigned: 0,
        incidents: issues / 10,
        tasks: issues / 10,
        accounts,
        activity: true,
        ..Seed::default()
    }
}

/// `2026-06-15T12:00:00.000+0000` in milliseconds.
fn millis(value: &Value) -> i64 {
    jiff::Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", text(value)).unwrap().as_millisecond()
}

async fn all_pages(jira: &Jira, jql: &str, fields: &[&str], each: usize) -> Vec<Value> {
    let (mut issues, mut token) = (Vec::new(), Value::Null);
    loop {
        let mut body = json!({ "jql": jql, "fields": fields, "maxResults": each });
        if !token.is_null() {
            body["nextPageToken"] = token;
        }
        let page = jira.post("/search/jql", body).await.json();
        issues.extend(page["issues"].as_array().unwrap().clone());
        token = page["nextPageToken"].clone();
        if token.is_null() {
            return issues;
        }
    }
}

#[tokio::test]
async fn the_rest_api_tells_exactly_what_the_journal_of_the_seed_says() {
    let jira = Jira::with(busy(300, 40)).await;
    jira.simulator().set(|settings| settings.burst.post = 0);
    let mut told: BTreeSet<(i64, String, u64, u64)> = BTreeSet::new();
    let issues =
        all_pages(&jira, "updated >= -365d", &["created", "creator", "updated", "comment"], 100).await;
    assert_eq!(issues.len(), 360);
    let mut last: BTreeMap<u64, i64> = BTreeMap::new();
    let ids: Vec<&str> = issues.iter().map(|issue| text(&issue["id"])).collect();
    for issue in &issues {
        let id: u64 = text(&issue["id"]).parse().unwrap();
        let fields = &issue["fields"];
        told.insert((millis(&fields["created"]), text(&fields["creator"]["accountId"]).to_owned(), id, id));
        last.insert(id, millis(&fields["updated"]));
        for comment in fields["comment"]["comments"].as_array().unwrap() {
            let own = text(&comment["id"]).parse().unwrap();
            for (at, by) in [("created", "author"), ("updated", "updateAuthor")] {
                let by = text(&comment[by]["accountId"]).to_owned();
                told.insert((millis(&comment[at]), by, id, own));
            }
        }
    }
    for slice in ids.chunks(100) {
        let logs = jira.post("/changelog/bulkfetch", json!({ "issueIdsOrKeys": slice })).await.json();
        assert!(logs["nextPageToken"].is_null());
        for log in logs["issueChangeLogs"].as_array().unwrap() {
            let id = text(&log["issueId"]).parse().unwrap();
            for change in log["changeHistories"].as_array().unwrap() {
                let own = text(&change["id"]).parse().unwrap();
                let by = text(&change["author"]["accountId"]).to_owned();
                told.insert((millis(&change["created"]), by, id, own));
            }
        }
    }
    let worklogs = jira.get("/worklog/updated?since=0").await.json();
    assert_eq!(worklogs["lastPage"], true);
    let ids: Vec<u64> =
        worklogs["values"].as_array().unwrap().iter().map(|one| one["worklogId"].as_u64().unwrap()).collect();
    let listed = jira.post("/worklog/list", json!({ "ids": ids })).await.json();
    assert_eq!(listed.as_array().unwrap().len(), ids.len());
    for (worklog, entry) in listed.as_array().unwrap().iter().map(|worklog| {
        let own: u64 = text(&worklog["id"]).parse().unwrap();
        let entries = worklogs["values"].as_array().unwrap();
        (worklog, entries.iter().find(|entry| entry["worklogId"] == own).unwrap())
    }) {
        assert_eq!(millis(&worklog["updated"]), entry["updatedTime"].as_i64().unwrap());
        let (id, own) = (text(&worklog["issueId"]).parse().unwrap(), text(&worklog["id"]).parse().unwrap());
        for (at, by) in [("created", "author"), ("updated", "updateAuthor")] {
            told.insert((millis(&worklog[at]), text(&worklog[by]["accountId"]).to_owned(), id, own));
        }
    }
    let (seen, hidden): (Vec<ActivityEvent>, Vec<ActivityEvent>) =
        jira.simulator().activity(SITE).partition(|event| !event.restricted);
    assert!(hidden.len() > 10, "some comments are for developers only");
    let kinds: BTreeSet<ActivityKind> = seen.iter().map(|event| event.what).collect();
    assert_eq!(kinds.len(), 6, "everything but deletions: {kinds:?}");
    let known: BTreeSet<_> =
        seen.iter().map(|event| (event.at, event.account.clone(), event.issue, event.item)).collect();
    assert_eq!(told, known);
    for event in seen.iter().chain(&hidden) {
        assert!(event.at <= last[&event.issue], "nothing was done after the last update");
    }
}

#[tokio::test]
async fn each_day_of_the_last_sixty_has_its_share_and_slices_do_not_overlap() {
    let jira = Jira::with(busy(6000, 100)).await;
    let now = jira.simulator().now().as_millisecond();
    let mut seen = BTreeSet::new();
    for day in 0..60 {
        let (from, until) = (now - (day + 1) * DAY_MS, now - day * DAY_MS);
        let jql = format!("updated >= {from} AND updated < {until} ORDER BY updated ASC");
        let issues = all_pages(&jira, &jql, &["updated"], 1000).await;
        let moments: Vec<i64> = issues.iter().map(|issue| millis(&issue["fields"]["updated"])).collect();
        assert!(moments.is_sorted() && moments.iter().all(|at| (from..until).contains(at)));
        assert!((100..140).contains(&issues.len()), "day {day}: {}", issues.len());
        for issue in issues {
            assert!(seen.insert(text(&issue["id"]).to_owned()), "in two slices");
        }
        jira.advance(0);
    }
    jira.advance(1);
    assert!(seen.len() > 7150, "{}", seen.len());
    let count = jira.post("/search/approximate-count", json!({ "jql": "project = CHG" })).await.json();
    assert_eq!(count["count"], 6000);
}

#[tokio::test]
async fn what_is_done_is_in_the_journal_with_who_did_it() {
    let jira = Jira::with(busy(20, 10)).await;
    let before = jira.simulator().activity(SITE).count();
    let start = jira.simulator().now().as_millisecond();
    jira.advance(5);
    let key = jira.create("SEC", "work").await;
    jira.put("/issue/CHG-1", json!({ "fields": { "summary": "changed" } })).await;
    let comment = jira.post("/issue/CHG-1/comment", json!({ "body": document("words") })).await.json();
    let comment = format!("/issue/CHG-1/comment/{}", text(&comment["id"]));
    jira.advance(5);
    jira.put(&comment, json!({ "body": document("other words") })).await;
    jira.send(jira.as_account(2, "DELETE", &comment)).await;
    let worklog = jira.post("/issue/CHG-1/worklog", json!({ "timeSpent": "1h" })).await.json();
    let worklog = format!("/issue/CHG-1/worklog/{}", text(&worklog["id"]));
    jira.advance(5);
    jira.put(&worklog, json!({ "timeSpent": "2h" })).await;
    jira.delete(&worklog).await;
    jira.delete(&format!("/issue/{key}")).await;
    let live: Vec<ActivityEvent> = jira.simulator().activity(SITE).skip(before).collect();
    let done: Vec<(ActivityKind, &str, i64)> =
        live.iter().map(|event| (event.what, event.account.as_str(), (event.at - start) / 1000)).collect();
    assert_eq!(
        done,
        [
            (ActivityKind::IssueCreated, "acc-admin", 5),
            (ActivityKind::IssueChanged, "acc-admin", 5),
            (ActivityKind::CommentCreated, "acc-admin", 5),
            (ActivityKind::CommentEdited, "acc-admin", 10),
            (ActivityKind::CommentDeleted, "acc-2", 10),
            (ActivityKind::WorklogCreated, "acc-admin", 10),
            (ActivityKind::WorklogEdited, "acc-admin", 15),
            (ActivityKind::WorklogDeleted, "acc-admin", 15),
            (ActivityKind::IssueDeleted, "acc-admin", 15),
        ]
    );
    let since = format!("/activity?since={start}&account=acc-2");
    let door = jira.control("GET", &since, Value::Null).await;
    assert_eq!(door["events"][0]["what"], "comment_deleted");
    assert_eq!((door["events"].as_array().unwrap().len(), &door["next"]), (1, &Value::Null));
    let page = jira.control("GET", "/activity?limit=10&skip=5", Value::Null).await;
    assert_eq!((page["events"].as_array().unwrap().len(), &page["next"]), (10, &json!(15)));
}

#[tokio::test]
async fn an_issue_with_five_thousand_changes_is_read_to_the_last_one() {
    let jira = Jira::demo().await;
    jira.edit("CHG", "histories", json!({ "issue": "CHG-1", "count": 5000, "by": ["acc-1", "acc-2"] }));
    let (mut read, mut token) = (0, Value::Null);
    loop {
        let mut body = json!({ "issueIdsOrKeys": ["CHG-1", "CHG-2"] });
        if !token.is_null() {
            body["nextPageToken"] = token;
        }
        let page = jira.post("/changelog/bulkfetch", body).await.json();
        let logs = page["issueChangeLogs"].as_array().unwrap();
        read += logs.iter().map(|log| log["changeHistories"].as_array().unwrap().len()).sum::<usize>();
        token = page["nextPageToken"].clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(read, 5002);
    let changed = jira.simulator().activity(SITE).filter(|event| event.what == ActivityKind::IssueChanged);
    assert_eq!(changed.filter(|event| event.account == "acc-2").count(), 2500);
}

#[tokio::test]
async fn a_million_busy_issues_cost_little_until_they_are_read() {
    let jira = Jira::with(busy(1_000_000, 100_000)).await;
    let now = jira.simulator().now().as_millisecond();
    let jql = format!("updated >= {} AND updated < {now} ORDER BY updated ASC", now - 3_600_000);
    let issues = all_pages(&jira, &jql, &["updated"], 1000).await;
    assert!((700..1000).contains(&issues.len()), "an hour of 1.2 million in 60 days: {}", issues.len());
    let mut since = now - DAY_MS;
    let mut worklogs = 0;
    loop {
        let page = jira.get(&format!("/worklog/updated?since={since}")).await.json();
        worklogs += page["values"].as_array().unwrap().len();
        since = page["until"].as_i64().unwrap();
        if page["lastPage"] == true {
            break;
        }
    }
    assert!((2400..2600).contains(&worklogs), "{worklogs}");
    let first: Vec<ActivityEvent> = jira.simulator().activity(SITE).take(1000).collect();
    assert!(first.iter().any(|event| event.account.starts_with("bulk-")));
}

#[tokio::test]
async fn a_seeded_issue_that_is_changed_leaves_its_moment_for_a_new_one_and_keeps_its_worklog() {
    let jira = Jira::with(busy(300, 40)).await;
    jira.simulator().set(|settings| settings.burst.get = 0);
    let worked = |event: &ActivityEvent| event.what == ActivityKind::WorklogCreated;
    let old = jira.simulator().activity(SITE).find(worked).unwrap();
    let path = format!("/issue/{}", old.issue);
    let updated = millis(&jira.get(&path).await.json()["fields"]["updated"]);
    let moment = format!("updated >= {updated} AND updated < {} AND id = {}", updated + 1, old.issue);
    assert_eq!(jira.search(&moment).await.len(), 1);
    let feed = async |what: &str, since: i64| {
        let page = jira.get(&format!("/worklog/{what}?since={since}")).await.json();
        let ids = page["values"].as_array().unwrap().iter();
        ids.filter(|entry| entry["worklogId"] == old.item).count()
    };
    assert_eq!(feed("updated", updated).await, 1);
    let start = jira.simulator().now().as_millisecond();
    jira.put(&path, json!({ "fields": { "summary": "changed" } })).await;
    assert_eq!(jira.search(&moment).await.len(), 1, "the index lags behind");
    jira.advance(5);
    assert_eq!(jira.search(&moment).await, [""; 0]);
    assert_eq!(jira.search(&format!("updated >= {start}")).await.len(), 1);
    assert_eq!(feed("updated", updated).await, 1, "once, and at its own time");
    assert_eq!(feed("updated", start).await, 0);
    jira.delete(&path).await;
    jira.advance(65);
    assert_eq!((feed("updated", 0).await, feed("deleted", start).await), (0, 1));
    assert_eq!(jira.search(&format!("updated >= {start}")).await, [""; 0]);
    let of_issue: Vec<ActivityKind> = jira
        .simulator()
        .activity(SITE)
        .filter(|event| event.issue == old.issue)
        .map(|event| event.what)
        .collect();
    assert_eq!(of_issue.last(), Some(&ActivityKind::IssueDeleted));
    assert!(of_issue.contains(&ActivityKind::WorklogCreated), "what was done stays done");
}

#[tokio::test]
async fn an_issue_with_more_comments_than_come_with_it_says_how_many_there_are() {
    let jira = Jira::demo().await;
    jira.edit("CHG", "comments", json!({ "issue": "CHG-1", "count": 250, "by": ["acc-1", "acc-2"] }));
    let issue = jira.get("/issue/CHG-1?fields=comment").await.json();
    let embedded = &issue["fields"]["comment"];
    assert_eq!((embedded["comments"].as_array().unwrap().len(), &embedded["total"]), (20, &json!(250)));
    let last = jira.get("/issue/CHG-1/comment?startAt=200&maxResults=100").await.json();
    assert_eq!((last["comments"].as_array().unwrap().len(), &last["total"]), (50, &json!(250)));
    let written = jira.simulator().activity(SITE).filter(|event| event.what == ActivityKind::CommentCreated);
    assert_eq!(written.filter(|event| event.account == "acc-1").count(), 125);
}

#[tokio::test]
async fn who_reads_in_the_order_of_changes_finds_every_issue_once_as_it_was_when_they_asked() {
    let jira = Jira::with(busy(300, 40)).await;
    jira.simulator().set(|settings| {
        settings.burst.post = 0;
        settings.index_lag_seconds = 0.0;
    });
    let edit = |issue: &str, edit: &str| {
        let body = json!({ "issue": issue, "fields": { "summary": "Another" }, "by": "acc-2" });
        jira.simulator().edit_project("CHG", edit, &body).unwrap();
    };
    for issue in ["CHG-3", "CHG-100", "CHG-101"] {
        edit(issue, "edit");
    }
    edit("CHG-100", "delete");
    let ids = |issues: Vec<Value>| -> Vec<String> {
        issues.iter().map(|issue| text(&issue["id"]).to_owned()).collect()
    };
    // The first is made as far as it is read, the second at once.
    for query in
        ["updated >= -365d", "updated >= -20d AND project = CHG AND status != Done", "summary ~ another"]
    {
        let asked = format!("{query} ORDER BY updated ASC, id ASC");
        let rising = all_pages(&jira, &asked, &["updated"], 7).await;
        let moments: Vec<String> =
            rising.iter().map(|issue| text(&issue["fields"]["updated"]).to_owned()).collect();
        assert!(moments.len() > 1 && moments.is_sorted(), "{query}: {moments:?}");
        // Issues of one moment are in the order of their ids here, and in any order without it.
        let (mut rising, mut whole) = (
            ids(rising),
            ids(all_pages(&jira, &format!("{query} ORDER BY updated ASC"), &["id"], 5000).await),
        );
        rising.sort();
        whole.sort();
        assert_eq!(rising, whole, "{query}");
    }
    let query = "updated >= -365d ORDER BY updated ASC, id ASC";
    let before = ids(all_pages(&jira, query, &["id"], 5000).await);
    let body = |token: &Value| json!({ "jql": query, "maxResults": 7, "nextPageToken": token });
    let first = jira.post("/search/jql", json!({ "jql": query, "maxResults": 7 })).await.json();
    edit("CHG-7", "edit");
    let (mut read, mut token) = (first["issues"].as_array().unwrap().clone(), first["nextPageToken"].clone());
    while !token.is_null() {
        let page = jira.post("/search/jql", body(&token)).await.json();
        read.extend(page["issues"].as_array().unwrap().clone());
        token = page["nextPageToken"].clone();
    }
    assert_eq!(ids(read), before);
}
