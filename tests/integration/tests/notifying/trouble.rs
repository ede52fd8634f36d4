//! Receivers that are down, slow or gone.

use assay::channel::{Rules, Target};
use assay::operations::announcing::channels::Change;
use assay::secret::Secret;
use assay::slack::Verdict;
use assay_test_support::receiver::{Mood, Receiver};

use super::support::{BACK, LOST, Scene, title};

#[tokio::test]
async fn slack_is_down_for_an_hour_and_nothing_is_lost_or_said_twice() {
    let scene = Scene::slack().await;
    scene.receiver.set(Mood::Down(503));
    for name in ["con-1", "con-2", "con-3"] {
        scene.lose(name).await;
    }
    scene.minutes(30).await;
    scene.mend("con-2").await;
    scene.minutes(30).await;
    assert!(scene.titles().is_empty());
    let tried = scene.receiver.received().len();
    assert!((3..=12).contains(&tried), "{tried} tries in an hour are a hammer");
    let failing = scene.now().await;
    assert!(failing.health.failed.unwrap().what.contains("503"));
    assert_eq!(scene.waiting().await, 3);

    scene.receiver.set(Mood::Well);
    scene.minutes(60).await;
    let mut titles = scene.titles();
    titles.sort();
    // What began and ended meanwhile is one message.
    assert_eq!(titles, [LOST, LOST, BACK]);
    assert_eq!(scene.waiting().await, 0);
    assert_eq!(scene.now().await.health.failures, 0);
}

#[tokio::test]
async fn a_wait_that_was_asked_for_is_kept() {
    let scene = Scene::slack().await;
    scene.receiver.set(Mood::TooMany(600));
    scene.lose("con-1").await;
    scene.lose("con-2").await;
    scene.minutes(9).await;
    assert_eq!(scene.receiver.received().len(), 1, "it is a wait of the channel, not of one message");
    scene.receiver.set(Mood::Well);
    scene.minutes(4).await;
    assert_eq!(scene.titles().len(), 2);
}

#[tokio::test]
async fn a_message_whose_answer_was_lost_comes_again_as_it_was_and_under_its_id() {
    let scene = Scene::with(Target::Webhook, Rules::default()).await;
    scene.receiver.set(Mood::AnswerLost);
    scene.lose("con-1").await;
    scene.minutes(1).await;
    assert_eq!(scene.receiver.taken().len(), 1);
    scene.receiver.set(Mood::Well);
    scene.mend("con-1").await;
    scene.minutes(5).await;
    let taken = scene.receiver.taken();
    assert_eq!(taken.len(), 3);
    assert_eq!(taken[0].header("webhook-id"), taken[1].header("webhook-id"));
    assert_eq!(taken[0].body, taken[1].body);
    assert_ne!(taken[1].header("webhook-id"), taken[2].header("webhook-id"));
    assert_eq!(title(&taken[2]), "A connection to Jira works again, or was ended");
}

#[tokio::test]
async fn a_function_that_died_while_sending_sends_the_same_again() {
    let scene = Scene::with(Target::Webhook, Rules::default()).await;
    scene.receiver.set(Mood::Slow(std::time::Duration::from_secs(5)));
    scene.lose("con-1").await;
    scene.world.time.advance(60);
    tokio::select! {
        _ = scene.tick() => panic!("it did not die"),
        () = tokio::time::sleep(std::time::Duration::from_millis(1500)) => {}
    }
    assert_eq!(scene.receiver.taken().len(), 1);
    scene.receiver.set(Mood::Well);
    scene.minutes(1).await;
    assert_eq!(scene.receiver.taken().len(), 1, "the claim of whoever may live still lasts");
    scene.minutes(3).await;
    let taken = scene.receiver.taken();
    assert_eq!(taken.len(), 2);
    assert_eq!(taken[0].header("webhook-id"), taken[1].header("webhook-id"));
}

#[tokio::test]
async fn two_runs_at_the_same_time_send_each_message_once() {
    let scene = Scene::slack().await;
    for number in 0..10 {
        scene.lose(&format!("con-{number}")).await;
    }
    scene.world.time.advance(60);
    let tallies = tokio::join!(scene.tick(), scene.tick(), scene.tick());
    scene.minutes(2).await;
    assert_eq!(scene.titles().len(), 10, "{tallies:?}");
}

#[tokio::test]
async fn a_webhook_that_is_gone_is_marked_broken_and_left_alone_until_somebody_mends_it() {
    for (target, mend) in [(Target::Slack, "new incoming webhook"), (Target::Webhook, "another address")] {
        let scene = Scene::with(target, Rules::default()).await;
        scene.receiver.set(Mood::Gone);
        scene.lose("con-1").await;
        scene.lose("con-2").await;
        scene.minutes(120).await;
        assert_eq!(scene.receiver.received().len(), 1);
        let broken = scene.now().await.health.broken.unwrap();
        assert!(broken.mend.contains(mend), "{broken:?}");
        assert_eq!(scene.waiting().await, 2);

        let announcer = scene.world.announcer();
        let (_, answer) = announcer.test_channel(&scene.world.tenant, &scene.channel.id).await.unwrap();
        assert!(matches!(answer.verdict, Verdict::Broken(_)), "{answer:?}");
        scene.receiver.set(Mood::Well);
        let (mended, answer) = announcer.test_channel(&scene.world.tenant, &scene.channel.id).await.unwrap();
        assert_eq!((answer.verdict, mended.health.broken), (Verdict::Taken, None));
        scene.minutes(1).await;
        assert_eq!(scene.titles().len(), 3, "the test, and both that waited");
    }
}

#[tokio::test]
async fn another_address_mends_a_broken_channel() {
    let mut scene = Scene::slack().await;
    scene.receiver.set(Mood::Gone);
    scene.lose("con-1").await;
    scene.minutes(10).await;
    let next = Receiver::start().await;
    scene.world.slack_url = next.url();
    let change = Change { url: Some(Secret::new(next.slack_url())), ..Change::default() };
    let announcer = scene.world.announcer();
    let changed = announcer.change_channel(&scene.world.tenant, &scene.channel.id, change).await.unwrap();
    assert_eq!(changed.health.broken, None);
    scene.minutes(1).await;
    assert_eq!(next.taken().iter().map(title).collect::<Vec<_>>(), [LOST]);
}

#[tokio::test]
async fn after_a_day_without_an_answer_a_message_is_given_up_and_the_channel_says_so() {
    let scene = Scene::slack().await;
    scene.receiver.set(Mood::Unreachable);
    scene.lose("con-1").await;
    for _ in 0..150 {
        scene.world.time.advance(540);
        scene.minutes(1).await;
    }
    let channel = scene.now().await;
    assert_eq!((channel.health.given_up, scene.waiting().await), (1, 0));
    assert!(channel.health.failed.is_some());
    scene.receiver.set(Mood::Well);
    scene.minutes(120).await;
    assert!(scene.titles().is_empty(), "what was given up is not told later");
    scene.mend("con-1").await;
    scene.lose("con-2").await;
    scene.minutes(2).await;
    assert!(scene.titles().contains(&LOST.to_owned()));
}
