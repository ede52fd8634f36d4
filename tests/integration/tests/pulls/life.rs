//! The life of one pull request.

use assay::configuration::PullRules;
use assay::pull::PullState;
use assay::task::State;
use serde_json::json;

use crate::support::{IN_PROGRESS, SHOP, Scene, merges_count};

fn moving() -> PullRules {
    PullRules { status_when_opened: Some(IN_PROGRESS.to_owned()), resolved_when_merged: true }
}

#[tokio::test]
async fn an_opened_pull_request_is_linked_told_of_once_and_names_its_ticket_and_the_issue_moves_on() {
    let scene = Scene::with(moving()).await;
    let (number, key) = (scene.open().await, scene.key());
    let links = scene.links();
    assert_eq!(links.len(), 1, "{links:#?}");
    assert!(links[0]["global_id"].as_str().unwrap().starts_with("assay:pul-"), "{links:#?}");
    assert_eq!(links[0]["object"]["url"], format!("https://github.com/{SHOP}/pull/{number}"));
    assert_eq!(links[0]["object"]["title"], format!("{SHOP}#{number}: {key}: update openssl"));
    assert_eq!(links[0]["object"]["status"]["resolved"], false);
    let comments = scene.comments();
    assert_eq!(comments.len(), 1, "{comments:#?}");
    assert!(comments[0].starts_with(&format!("Pull request {SHOP}#{number}\n")), "{}", comments[0]);
    assert!(comments[0].ends_with("It is open."), "{}", comments[0]);
    assert_eq!(scene.status(), "In Progress");
    let body = scene.body(number);
    assert!(body.starts_with("What I did\n\nTicket: ["), "{body}");
    assert!(
        body.contains(&format!("[{key}](")) && body.contains(&format!("/browse/{key}) <!-- assay:ticket ")),
        "{body}"
    );
    // A push, an edit and time change nothing.
    scene.sim().push(SHOP, number).unwrap();
    scene.sim().edit_pull(SHOP, number, Some(&format!("{key}: update openssl to 3")), None).unwrap();
    scene.live().await;
    scene.pass(4000).await;
    assert_eq!((scene.comments().len(), scene.links().len(), scene.writes()), (1, 1, 1));
    assert_eq!(scene.ticket().await.due_at, None);
    scene.world.assert_honest();
}

#[tokio::test]
async fn merged_and_resolved_closes_the_issue_with_one_comment_that_goes_on() {
    let scene = Scene::with(moving()).await;
    let number = scene.open().await;
    scene.advance(60);
    scene.sim().merge(SHOP, number).unwrap();
    scene.live().await;
    let task = scene.task().await;
    assert_eq!(task.state, State::Completed);
    let completion = task.completion.unwrap();
    assert_eq!(
        (completion.by.as_str(), completion.why),
        ("github", format!("pull request {SHOP}#{number} was merged"))
    );
    assert_eq!(scene.status(), "Done");
    assert_eq!(scene.links()[0]["object"]["status"]["resolved"], true);
    let comments = scene.comments();
    assert_eq!(comments.len(), 1, "{comments:#?}");
    assert!(comments[0].ends_with("It was merged."), "{}", comments[0]);
    assert_eq!((scene.links().len(), scene.writes()), (1, 1));
    scene.world.assert_honest();
}

#[tokio::test]
async fn a_merge_that_does_not_count_is_told_and_closes_nothing() {
    let scene = Scene::with(PullRules::default()).await;
    let number = scene.open().await;
    assert_eq!(scene.status(), "To Do", "no status was chosen for opened ones");
    scene.sim().merge(SHOP, number).unwrap();
    scene.live().await;
    assert_eq!((scene.task().await.state, scene.status().as_str()), (State::Open, "To Do"));
    assert!(scene.comments()[0].ends_with("It was merged."));
    assert_eq!(scene.followed().await.told, Some(PullState::Merged));
}

#[tokio::test]
async fn one_that_is_closed_and_reopened_says_so_each_time() {
    let scene = Scene::with(merges_count()).await;
    let number = scene.open().await;
    scene.sim().close(SHOP, number).unwrap();
    scene.live().await;
    assert!(scene.comments()[0].ends_with("It was closed without being merged."));
    assert_eq!(scene.task().await.state, State::Open);
    scene.sim().reopen(SHOP, number).unwrap();
    scene.live().await;
    assert!(scene.comments()[0].ends_with("It is open."));
    assert_eq!((scene.comments().len(), scene.links().len(), scene.writes()), (1, 1, 1));
}

#[tokio::test]
async fn an_issue_that_a_person_moved_since_is_not_moved_back() {
    let scene = Scene::with(moving()).await;
    let key = scene.key();
    let new = github_sim::NewPull::new(&format!("{key}: fix"), "fix");
    scene.sim().open_pull(SHOP, &new).unwrap();
    scene.advance(5);
    let edit = json!({ "issue": key, "status": "10001" });
    scene.world.jira.simulator.edit_project("SEC", "status", &edit).unwrap();
    scene.advance(1);
    let edit = json!({ "issue": key, "status": "10000" });
    scene.world.jira.simulator.edit_project("SEC", "status", &edit).unwrap();
    scene.live().await;
    assert_eq!(scene.status(), "To Do", "a person chose it after the pull request was opened");
    assert_eq!(scene.links().len(), 1);
}

#[tokio::test]
async fn an_issue_that_is_done_is_not_taken_out_of_its_status_by_an_opened_pull_request() {
    let scene = Scene::with(moving()).await;
    let first = scene.open().await;
    scene.sim().merge(SHOP, first).unwrap();
    scene.live().await;
    assert_eq!(scene.status(), "Done");
    scene.advance(60);
    scene.open().await;
    assert_eq!((scene.status().as_str(), scene.links().len()), ("Done", 2));
    assert_eq!(scene.comments().len(), 2);
}

#[tokio::test]
async fn a_moved_issue_is_named_by_its_new_key_and_a_line_that_people_took_away_stays_away() {
    let scene = Scene::with(merges_count()).await;
    let (kept, taken) = (scene.open().await, scene.open().await);
    scene.sim().edit_pull(SHOP, taken, None, Some("Only my words")).unwrap();
    scene.live().await;
    scene.pass(4000).await;
    assert_eq!(scene.body(taken), "Only my words");
    let key = scene.key();
    let edit = json!({ "issue": key, "to": "TEAM" });
    scene.world.jira.simulator.edit_project("SEC", "move", &edit).unwrap();
    scene.pass(400).await;
    scene.pass(400).await;
    let moved =
        scene.world.issues_in("TEAM").into_iter().find(|issue| issue["labels"].to_string().contains("assay"));
    let moved = moved.unwrap()["key"].as_str().unwrap().to_owned();
    assert!(scene.body(kept).contains(&format!("[{moved}](")), "{}", scene.body(kept));
    assert!(!scene.body(kept).contains(&format!("[{key}](")), "{}", scene.body(kept));
    assert_eq!(scene.body(taken), "Only my words");
    // Who names the old key still means the ticket.
    let new = github_sim::NewPull::new(&format!("{key}: more"), "more");
    scene.sim().open_pull(SHOP, &new).unwrap();
    scene.live().await;
    assert_eq!(scene.ticket().await.pulls.len(), 3);
}
