//! Answers that say less than they should, or say it in another shape.

use assay::check::Outcome;
use assay::evidence::Gap;
use serde_json::{Value, json};

use super::support::{NEXT, READ, TASKS, mended};

#[tokio::test]
async fn a_page_that_lost_issues_is_short_of_the_count() {
    let matrix = mended().await;
    matrix.world.jira.simulator.set(|settings| settings.search_page_cap = Some(4));
    matrix.tamper("/search/jql", |body| drop(body["issues"].as_array_mut().unwrap().pop()));
    matrix.assert_cannot_tell(&["B2", "B4"], "an issue is missing").await;
    for check in ["B2", "B4"] {
        let gaps = matrix.world.result(check).await.evidence.coverage.gaps;
        assert!(gaps.iter().any(|gap| matches!(gap, Gap::Short { .. })), "{check}: {gaps:?}");
    }
    // The last page says that it is the last one, too early.
    matrix.tamper("/search/jql", |body| {
        body["isLast"] = json!(true);
        drop(body.as_object_mut().unwrap().remove("nextPageToken"));
    });
    matrix.assert_cannot_tell(&["B2", "B4"], "pages are missing").await;
    matrix.tampering.end();
    matrix.assert_passes_again("pages").await;
}

#[tokio::test]
async fn a_count_that_is_larger_than_what_was_read_is_no_pass() {
    let matrix = mended().await;
    matrix.tamper("/search/approximate-count", |body| {
        body["count"] = json!(body["count"].as_u64().unwrap() + 1);
    });
    matrix.assert_cannot_tell(&READ, "one more is counted").await;
    for check in READ {
        let gaps = matrix.world.result(check).await.evidence.coverage.gaps;
        assert!(gaps.iter().any(|gap| matches!(gap, Gap::Short { .. })), "{check}: {gaps:?}");
    }
    matrix.tampering.end();
    matrix.assert_passes_again("count").await;
}

#[tokio::test]
async fn pages_that_do_not_lead_to_an_end_are_no_pass() {
    let matrix = mended().await;
    matrix.world.jira.simulator.set(|settings| settings.search_page_cap = Some(4));
    matrix.tamper("/search/jql", |body| {
        body["issues"] = json!([]);
        body["isLast"] = json!(false);
        body["nextPageToken"] = json!("more");
    });
    matrix.assert_cannot_tell(&READ, "a page is empty and not the last").await;
    let mut first = None;
    matrix.tamper("/search/jql", move |body| {
        if let Some(token) = body["nextPageToken"].as_str() {
            body["nextPageToken"] = json!(first.get_or_insert(token.to_owned()));
        }
    });
    matrix.assert_cannot_tell(&["B2", "B4"], "a token is given twice").await;
    matrix.tamper("/search/jql", |body| drop(body.as_object_mut().unwrap().remove("nextPageToken")));
    matrix.assert_cannot_tell(&["B2", "B4"], "there are more pages, but nobody says where").await;
    matrix.tampering.end();
    matrix.assert_passes_again("tokens").await;
}

/// What is changed, in words; in the answers of which path; and how.
type Shape = (&'static str, &'static str, fn(&mut Value));

#[tokio::test]
async fn an_answer_of_another_shape_is_no_pass() {
    let matrix = mended().await;
    let changes: [Shape; 7] = [
        ("no issues", "/search/jql", |body| drop(body.as_object_mut().unwrap().remove("issues"))),
        ("issues of another kind", "/search/jql", |body| body["issues"] = json!({})),
        ("issues without fields", "/search/jql", |body| {
            for issue in body["issues"].as_array_mut().unwrap() {
                drop(issue.as_object_mut().unwrap().remove("fields"));
            }
        }),
        ("a status without category", "/search/jql", |body| {
            for issue in body["issues"].as_array_mut().unwrap() {
                issue["fields"]["status"] = json!({ "name": "Done" });
            }
        }),
        ("no count", "/search/approximate-count", |body| *body = json!({})),
        ("a count in words", "/search/approximate-count", |body| body["count"] = json!("many")),
        ("a warning", "/search/jql", |body| body["warnings"] = json!([{ "type": "LIMIT_REACHED" }])),
    ];
    for (what, path, change) in changes {
        matrix.tamper(path, change);
        // The incidents that are not done are few, and some of these shapes need an issue to be wrong.
        let checks: &[&str] =
            if what.contains("fields") || what.contains("status") { &["B2", "B4"] } else { &READ };
        matrix.assert_cannot_tell(checks, what).await;
    }
    matrix.tampering.end();
    matrix.assert_passes_again("shapes").await;
}

#[tokio::test]
async fn a_reading_that_is_partial_and_shows_a_failure_fails_and_names_the_gap() {
    let matrix = mended().await;
    let world = &matrix.world;
    let fields = json!({
        "project": { "key": "CHG" },
        "issuetype": { "id": "10103" },
        "summary": "A change that nobody answers for",
    });
    world.as_person("POST", "/rest/api/3/issue", Some(json!({ "fields": fields }))).await;
    world.time.advance(NEXT);
    matrix.tamper("/search/approximate-count", |body| {
        body["count"] = json!(body["count"].as_u64().unwrap() + 1);
    });
    world.reevaluate().await;
    let result = world.result("B2").await;
    assert_eq!((result.outcome, result.failing), (Outcome::Fail, 1), "{}", result.because);
    assert!(!result.evidence.coverage.gaps.is_empty(), "{result:?}");
    assert_eq!(world.tasks().await.len(), TASKS + 1, "the new failure is a task, and no old one is gone");
    matrix.assert_nothing_ended(&READ, "a partial reading").await;
}
