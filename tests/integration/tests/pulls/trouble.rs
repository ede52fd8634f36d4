//! GitHub that is down, limits, refuses, or whose deliveries are lost; and Jira that refuses.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use assay::github::Credentials;
use assay::operations::pulls::{News, Pulls};
use assay::pull::{Links, Pull, PullState, Remediation};
use assay::secret::Secret;
use assay::secrets::SecretStore;
use assay::task::State;
use github_sim::{Fault, FaultKind, NewPull, Options, Simulator, Token};
use serde_json::json;

use crate::support::{SHOP, Scene, merges_count};

#[tokio::test]
async fn while_github_is_down_the_issue_says_what_it_can_and_closes_and_the_line_follows_later() {
    let scene = Scene::with(merges_count()).await;
    scene.sim().add_fault(Fault { times: 1000, ..Fault::once(FaultKind::CutBefore, "*", "*") });
    let number = scene.open().await;
    assert_eq!((scene.links().len(), scene.comments().len()), (1, 1));
    assert!(scene.followed().await.problem.is_some());
    assert_eq!(scene.ticket().await.problem, None, "the ticket itself is where it should be");
    let forge = scene.world.store().forge(&scene.world.tenant).await.unwrap().unwrap();
    assert!(forge.trouble.is_some());
    scene.advance(5);
    scene.sim().merge(SHOP, number).unwrap();
    scene.live().await;
    assert_eq!(scene.status(), "Done", "closing does not wait for GitHub");
    scene.sim().clear_faults();
    scene.pass(4000).await;
    scene.pass(4000).await;
    assert!(scene.body(number).contains("assay:ticket"), "{}", scene.body(number));
    let followed = scene.followed().await;
    assert_eq!((followed.problem, followed.not_before), (None, None));
    let forge = scene.world.store().forge(&scene.world.tenant).await.unwrap().unwrap();
    assert_eq!(forge.trouble, None);
}

#[tokio::test]
async fn limits_are_waited_for_as_long_as_github_says() {
    for (kind, least) in [(FaultKind::SecondaryLimit, 60), (FaultKind::PrimaryLimit, 60)] {
        let scene = Scene::with(merges_count()).await;
        scene.sim().add_fault(Fault { times: 1, ..Fault::once(kind, "PATCH", "*") });
        let number = scene.open().await;
        assert!(!scene.body(number).contains("assay:ticket"));
        let waits = scene.followed().await.not_before.unwrap();
        let seconds = assay::clock::seconds_between(scene.world.time.now(), waits);
        assert!((least..=3700).contains(&(seconds + 2)), "{kind:?}: {seconds}");
        scene.pass(seconds + 2).await;
        assert!(scene.body(number).contains("assay:ticket"), "{kind:?}");
        assert_eq!(scene.writes(), 1);
    }
}

#[tokio::test]
async fn a_limit_that_one_ticket_met_keeps_all_calls_of_the_tenant_back_until_it_is_over() {
    let scene = Scene::with(merges_count()).await;
    let first = scene.open().await;
    scene.find("two").await;
    scene.work().await;
    let mut keys: Vec<String> =
        scene.world.issues_in("SEC").iter().map(|issue| issue["key"].as_str().unwrap().to_owned()).collect();
    keys.sort();
    scene.sim().add_fault(Fault { times: 1, ..Fault::once(FaultKind::SecondaryLimit, "GET", "*") });
    let mut numbers = Vec::new();
    for key in &keys {
        let new = NewPull::new(&format!("{key}: fix"), "fix");
        numbers.push(scene.sim().open_pull(SHOP, &new).unwrap());
    }
    let before = scene.sim().journal().len();
    scene.live().await;
    assert_eq!(scene.sim().journal().len(), before + 1, "the first that was told to wait told all");
    let forge = scene.world.store().forge(&scene.world.tenant).await.unwrap().unwrap();
    let left = forge.limited_for(scene.world.time.now()).unwrap();
    // One whose turn it is to be read again waits, too.
    scene.world.store().save_remediation(&mut due_now(&scene, first).await).await.unwrap();
    scene.pass(1).await;
    assert_eq!(scene.sim().journal().len(), before + 1);
    scene.pass(left).await;
    scene.pass(left).await;
    for number in numbers {
        assert!(scene.body(number).contains("assay:ticket"), "{}", scene.body(number));
    }
    let forge = scene.world.store().forge(&scene.world.tenant).await.unwrap().unwrap();
    assert_eq!(forge.limited_until, None);
}

/// A pull request that is to be read again now.
async fn due_now(scene: &Scene, number: u64) -> Remediation {
    Remediation { due_at: Some(scene.world.time.now()), ..scene.record(number).await.unwrap() }
}

#[tokio::test]
async fn an_answer_that_was_lost_is_found_out_by_reading_and_nothing_is_written_twice() {
    let scene = Scene::with(merges_count()).await;
    scene.sim().add_fault(Fault::once(FaultKind::AnswerLost, "PATCH", "*"));
    let number = scene.open().await;
    scene.pass(120).await;
    scene.pass(120).await;
    assert_eq!(scene.body(number).matches("assay:ticket").count(), 1);
    assert_eq!(scene.followed().await.problem, None);
}

#[tokio::test]
async fn a_token_that_may_not_write_is_told_with_what_to_do_and_one_that_may_mends_it() {
    let scene = Scene::with(merges_count()).await;
    let token = |token: &str, right: &str| Token {
        token: token.to_owned(),
        login: "octo".to_owned(),
        permissions: [("pull_requests".to_owned(), right.to_owned())].into(),
        repositories: None,
        expires: None,
    };
    scene.sim().add_token(token("github_pat_reads", "read"));
    scene.sim().add_token(token("github_pat_writes", "write"));
    let enter = async |text: &str| {
        let credentials = Credentials::Token { token: Secret::new(text) };
        let done = Box::pin(scene.world.forge.set_up(&scene.world.tenant, &credentials, None)).await.unwrap();
        assert!(done.secret.is_none(), "the webhook's secret stays");
        assert_eq!(done.forge.name, "octo");
    };
    enter("github_pat_reads").await;
    let number = scene.open().await;
    let problem = scene.followed().await.problem.unwrap();
    assert!(problem.contains("Resource not accessible"), "{problem}");
    assert!(problem.contains("read and write access to Pull requests"), "{problem}");
    enter("github_pat_writes").await;
    scene.pass(4000).await;
    assert!(scene.body(number).contains("assay:ticket"));
}

#[tokio::test]
async fn what_is_entered_is_tried_before_it_is_kept() {
    let scene = Scene::empty(merges_count()).await;
    let bad_token = Credentials::Token { token: Secret::new("ghp_none") };
    let other_key =
        Credentials::App { app_id: "123456".to_owned(), private_key: Secret::new(github_sim::OTHER_KEY) };
    let no_key = Credentials::App { app_id: "123456".to_owned(), private_key: Secret::new("ghp") };
    for (credentials, field) in [(bad_token, "token"), (other_key, "private_key"), (no_key, "private_key")] {
        let refused = Box::pin(scene.world.forge.set_up(&scene.world.tenant, &credentials, None)).await;
        let refused = refused.unwrap_err();
        let assay::error::Kind::Invalid { field: blamed } = refused.kind() else { panic!("{refused}") };
        assert_eq!(blamed, field, "{refused}");
        assert!(!refused.chain().contains("ghp_none"), "{}", refused.chain());
    }
    let forge = scene.world.store().forge(&scene.world.tenant).await.unwrap().unwrap();
    assert_eq!(forge.app_id.as_deref(), Some("123456"), "what was there still counts");
}

/// Remembers each secret as it was first read, as a process does for some minutes.
struct Cached {
    inner: Arc<dyn SecretStore>,
    read: Mutex<BTreeMap<String, Option<Secret>>>,
}

#[async_trait::async_trait]
impl SecretStore for Cached {
    async fn get(&self, name: &str) -> assay::Result<Option<Secret>> {
        let read = self.inner.get(name).await?;
        Ok(self.read.lock().unwrap().entry(name.to_owned()).or_insert(read).clone())
    }

    async fn get_fresh(&self, name: &str) -> assay::Result<Option<Secret>> {
        self.inner.get_fresh(name).await
    }

    async fn put(&self, name: &str, secret: &Secret) -> assay::Result<()> {
        self.inner.put(name, secret).await
    }

    async fn delete(&self, name: &str) -> assay::Result<()> {
        self.inner.delete(name).await
    }
}

#[tokio::test]
async fn after_put_v1_github_with_another_api_url_no_request_carries_a_token_to_a_host_it_was_not_entered_for()
 {
    let mut scene = Scene::with(merges_count()).await;
    let secrets = scene.world.secrets();
    let others = scene.world.forge.clone();
    scene.world.forge.secrets = Arc::new(Cached { inner: Arc::clone(&secrets), read: Mutex::default() });
    assert!(scene.world.forge.open(&scene.world.tenant).await.unwrap().is_some());
    let elsewhere = Simulator::new(Options::default()).start().await.unwrap();
    elsewhere.simulator.create_repository(SHOP, true);
    elsewhere.simulator.add_token(Token {
        token: "ghp_elsewhere".to_owned(),
        login: "octo".to_owned(),
        permissions: BTreeMap::new(),
        repositories: None,
        expires: None,
    });
    let token = Credentials::Token { token: Secret::new("ghp_elsewhere") };
    let url = elsewhere.url();
    Box::pin(others.set_up(&scene.world.tenant, &token, Some(&url))).await.unwrap();
    let (here, there) = (scene.sim().journal().len(), elsewhere.simulator.journal().len());
    let opened = scene.world.forge.open(&scene.world.tenant).await.unwrap().unwrap();
    let client = opened.client(SHOP).await.unwrap();
    client.login().await.unwrap();
    assert_eq!((scene.sim().journal().len(), elsewhere.simulator.journal().len()), (here, there + 1));
    // The record is behind the secret: whoever sets it up is not done, or died.
    let mut forge = scene.world.store().forge(&scene.world.tenant).await.unwrap().unwrap();
    forge.api_url = None;
    scene.world.store().save_forge(&mut forge).await.unwrap();
    scene.world.forge = others;
    let refused = scene.world.forge.open(&scene.world.tenant).await.err().unwrap();
    assert!(refused.to_string().contains("PUT /v1/github"), "{refused}");
    scene.open().await;
    assert_eq!(scene.sim().journal().len(), here, "no call is made");
}

#[tokio::test]
async fn deliveries_that_were_lost_are_found_by_reading_again() {
    let scene = Scene::with(merges_count()).await;
    let number = scene.open().await;
    scene.sim().merge(SHOP, number).unwrap();
    scene.sim().take_deliveries();
    scene.pass(1000).await;
    assert_eq!(scene.record(number).await.unwrap().pull.state, PullState::Merged);
    assert_eq!((scene.task().await.state, scene.status().as_str()), (State::Completed, "Done"));
}

#[tokio::test]
async fn open_told_by_the_api_after_the_merge_is_corrected_by_the_next_reading() {
    let scene = Scene::with(merges_count()).await;
    let number = scene.open().await;
    scene.sim().merge(SHOP, number).unwrap();
    scene.sim().take_deliveries();
    scene.advance(60);
    let known = scene.record(number).await.unwrap().pull;
    let told = News {
        pull: Pull { state: PullState::Open, changed_at: scene.world.time.now(), ..known },
        branch: String::new(),
        keys: BTreeSet::new(),
        links: Links::default(),
        reverts: None,
        asked_at: None,
    };
    let pulls =
        Pulls { core: scene.world.access.core.clone(), sync: Arc::<_>::clone(&scene.world.sync) as _ };
    pulls.take(&scene.world.tenant, &told).await.unwrap().unwrap();
    scene.pass(1000).await;
    let pull = scene.record(number).await.unwrap().pull;
    assert_eq!((pull.state, pull.changed_at), (PullState::Merged, told.pull.changed_at));
    assert_eq!((scene.task().await.state, scene.status().as_str()), (State::Completed, "Done"));
}

#[tokio::test]
async fn an_open_one_is_not_read_more_often_than_it_should_be() {
    let scene = Scene::with(merges_count()).await;
    scene.open().await;
    let reads = || {
        scene
            .sim()
            .journal()
            .iter()
            .filter(|entry| entry.method == "GET" && entry.path.contains("/pulls/"))
            .count()
    };
    let before = reads();
    for _ in 0..24 {
        scene.pass(3600).await;
    }
    assert!((3..=9).contains(&(reads() - before)), "{} readings in a day", reads() - before);
}

#[tokio::test]
async fn one_that_is_hidden_is_noted_and_its_issue_is_told_all_the_same() {
    let scene = Scene::with(merges_count()).await;
    let new = NewPull::new(&format!("{}: fix", scene.key()), "fix");
    let number = scene.sim().open_pull(SHOP, &new).unwrap();
    scene.hear().await;
    scene.sim().set_repository(SHOP, false, false);
    scene.live().await;
    assert_eq!(scene.links().len(), 1);
    let followed = scene.followed().await;
    assert!(followed.problem.as_ref().is_some_and(|problem| problem.contains("404")), "{followed:#?}");
    assert!(!scene.body(number).contains("assay:ticket"));
    assert_eq!(scene.ticket().await.due_at, None, "nothing is tried in vain for ever");
}

#[tokio::test]
async fn a_link_that_jira_refuses_is_noted_and_tried_later() {
    let scene = Scene::with(merges_count()).await;
    let fault = json!({ "path": "createOrUpdateRemoteIssueLink", "kind": "status", "status": 403 });
    scene.world.jira.simulator.control("POST", "/faults", &fault).unwrap();
    let new = NewPull::new(&format!("{}: fix", scene.key()), "fix");
    scene.sim().open_pull(SHOP, &new).unwrap();
    scene.live().await;
    assert!(scene.followed().await.problem.is_some());
    scene.pass(4000).await;
    scene.pass(4000).await;
    assert_eq!((scene.links().len(), scene.comments().len()), (1, 1));
    assert_eq!(scene.followed().await.problem, None);
}
