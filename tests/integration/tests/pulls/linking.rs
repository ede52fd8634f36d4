//! What a pull request is about.

use assay::configuration::Grouping;
use assay::operations::pulls::{News, Pulls};
use assay::pull::{Links, Pull, PullState};
use assay::task::State;
use github_sim::NewPull;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::support::{SHOP, Scene, merges_count};

#[tokio::test]
async fn a_key_counts_in_branch_title_and_description_and_only_if_it_is_ours() {
    let scene = Scene::with(merges_count()).await;
    let key = scene.key();
    for (title, branch, body, is_ours) in [
        (format!("Fix {key}"), "a".to_owned(), String::new(), true),
        ("Fix".to_owned(), format!("fix/{key}-openssl"), String::new(), true),
        ("Fix".to_owned(), "b".to_owned(), format!("Closes {key}."), true),
        ("Fix OTHER-1".to_owned(), "c".to_owned(), String::new(), false),
        (format!("Fix {key}9"), "d".to_owned(), String::new(), false),
        (format!("Fix {}", key.to_lowercase()), "e".to_owned(), String::new(), false),
        ("Fix CHG-1".to_owned(), "f".to_owned(), String::new(), false),
    ] {
        let new = NewPull::new(&title, &branch).described(&body);
        let number = scene.sim().open_pull(SHOP, &new).unwrap();
        scene.live().await;
        assert_eq!(scene.record(number).await.is_some(), is_ours, "{title} {branch} {body}");
    }
    assert_eq!(scene.ticket().await.pulls.len(), 3);
}

#[tokio::test]
async fn a_title_that_names_the_ticket_later_links_it_then() {
    let scene = Scene::with(merges_count()).await;
    let number = scene.sim().open_pull(SHOP, &NewPull::new("Fix", "fix")).unwrap();
    scene.live().await;
    assert!(scene.record(number).await.is_none());
    let title = format!("{}: fix", scene.key());
    scene.sim().edit_pull(SHOP, number, Some(&title), None).unwrap();
    scene.live().await;
    assert_eq!(scene.links().len(), 1);
}

#[tokio::test]
async fn a_finding_that_is_named_before_it_has_a_ticket_brings_its_pull_request_along() {
    let scene = Scene::empty(merges_count()).await;
    let task = scene.finding("one");
    scene.world.store().save_tasks(std::slice::from_ref(&task)).await.pop().unwrap().unwrap();
    let branch = format!("fix/{}", task.id.as_str().to_lowercase());
    let number = scene.sim().open_pull(SHOP, &NewPull::new("Fix", &branch)).unwrap();
    scene.live().await;
    assert_eq!(scene.task().await.finding.unwrap().pulls.len(), 1);
    scene.plan(&task.id).await;
    scene.work().await;
    assert_eq!(scene.links().len(), 1);
    assert!(scene.body(number).contains("assay:ticket"));
    scene.advance(60);
    scene.sim().merge(SHOP, number).unwrap();
    scene.live().await;
    assert_eq!((scene.task().await.state, scene.status().as_str()), (State::Completed, "Done"));
}

#[tokio::test]
async fn one_that_names_one_finding_of_a_group_completes_that_one_alone_also_after_our_own_line_was_heard() {
    let scene = Scene::empty(merges_count()).await;
    let mut setting = scene.world.store().settings(&scene.world.tenant).await.unwrap().remove(0);
    setting.configuration.as_mut().unwrap().grouping = Grouping::Asset;
    scene.world.store().save_setting(&mut setting).await.unwrap();
    let (one, other) = (scene.find("one").await, scene.find("two").await);
    scene.work().await;
    let new = NewPull::new("Fix", "fix").described(one.as_str());
    let number = scene.sim().open_pull(SHOP, &new).unwrap();
    scene.live().await;
    assert!(scene.body(number).contains(&format!("Ticket: [{}]", scene.key())), "{}", scene.body(number));
    // Read again, too.
    scene.pass(4000).await;
    assert_eq!(scene.followed().await.tasks, BTreeSet::from([one.clone()]));
    scene.sim().merge(SHOP, number).unwrap();
    scene.live().await;
    let done: Vec<_> =
        scene.world.tasks().await.into_iter().map(|task| (task.id, task.state != State::Open)).collect();
    assert!(done.contains(&(one, true)) && done.contains(&(other, false)), "{done:?}");
}

#[tokio::test]
async fn one_that_is_merged_before_its_finding_has_a_ticket_makes_no_issue() {
    let scene = Scene::empty(merges_count()).await;
    let task = scene.finding("one");
    scene.world.store().save_tasks(std::slice::from_ref(&task)).await.pop().unwrap().unwrap();
    let new = NewPull::new("Fix", "fix").described(task.id.as_str());
    let number = scene.sim().open_pull(SHOP, &new).unwrap();
    scene.sim().merge(SHOP, number).unwrap();
    scene.live().await;
    scene.plan(&task.id).await;
    scene.work().await;
    assert_eq!(scene.task().await.state, State::Completed);
    assert_eq!(scene.world.issues_in("SEC").len(), 0);
}

#[tokio::test]
async fn a_merge_request_of_another_forge_is_shown_and_counts_without_a_call_to_it() {
    let scene = Scene::with(merges_count()).await;
    let pulls =
        Pulls { core: scene.world.access.core.clone(), sync: Arc::<_>::clone(&scene.world.sync) as _ };
    let say = |state: PullState, seconds: i64| {
        let changed_at = assay::clock::after(scene.world.time.now(), seconds);
        let pull = Pull {
            url: "https://gitlab.com/acme/shop/-/merge_requests/3".to_owned(),
            title: "Fix".to_owned(),
            repository: String::new(),
            number: 0,
            state,
            changed_at,
            opened_at: None,
        };
        News {
            pull,
            branch: String::new(),
            keys: BTreeSet::new(),
            links: Links::default(),
            reverts: None,
            asked_at: None,
        }
    };
    let task = scene.task().await;
    let before = scene.sim().journal().len();
    let mut opened = say(PullState::Open, 0);
    opened.links.findings.insert(task.id.clone());
    pulls.take(&scene.world.tenant, &opened).await.unwrap().unwrap();
    scene.work().await;
    assert!(scene.comments()[0].starts_with("Pull request https://gitlab.com/"), "{:?}", scene.comments());
    pulls.take(&scene.world.tenant, &say(PullState::Merged, 10)).await.unwrap().unwrap();
    scene.work().await;
    assert_eq!(scene.status(), "Done");
    // What is older changes nothing; a newer correction does.
    pulls.take(&scene.world.tenant, &say(PullState::Open, 5)).await.unwrap().unwrap();
    scene.work().await;
    assert_eq!(scene.status(), "Done");
    pulls.take(&scene.world.tenant, &say(PullState::Open, 20)).await.unwrap().unwrap();
    scene.work().await;
    assert_eq!(scene.task().await.state, State::Open);
    assert_ne!(scene.status(), "Done");
    assert_eq!(scene.sim().journal().len(), before, "no call to GitHub");
}
