//! What is said, and how often.

use std::collections::BTreeSet;

use assay::channel::{Rules, Target};
use assay::clock::after;
use assay::ids::{ChannelId, TenantId};
use assay::notification::Kind;
use assay::secret::Secret;
use assay_test_support::world::World;
use jira_sim::{Options, Seed};
use serde_json::json;

use super::support::{BACK, LOST, Scene, sections, title};

#[tokio::test]
async fn a_cause_is_one_message_and_its_end_another() {
    let scene = Scene::slack().await;
    scene.lose("con-1").await;
    assert_eq!(scene.tick().await.spread, 0, "what has just been noted is given a moment to settle");
    scene.minutes(5).await;
    assert_eq!(scene.titles(), [LOST]);
    scene.lose("con-1").await;
    scene.minutes(120).await;
    assert_eq!(scene.titles(), [LOST], "while it lasts nothing more is said");
    scene.mend("con-1").await;
    scene.minutes(5).await;
    assert_eq!(scene.titles(), [LOST, BACK]);
    let channel = scene.now().await;
    assert!(channel.health.succeeded_at.is_some() && channel.health.failed.is_none());
    assert_eq!(scene.waiting().await, 0);
}

#[tokio::test]
async fn fifty_stuck_tickets_are_one_message_with_ten_names_and_links() {
    let seed = Seed {
        change_tickets: 52,
        change_unassigned: 50,
        incidents: 0,
        incidents_overdue: 0,
        ..Seed::default()
    };
    let world = World::with(Options { seed, ..Options::default() }).await;
    let connection = Box::pin(world.connect()).await;
    world.sync_all(&connection).await;
    Box::pin(world.evaluate()).await;
    Box::pin(world.rest()).await;
    // That the setting is quarantined, as the permission is missing, is another message.
    let rules = Rules { kinds: Some(BTreeSet::from([Kind::TicketStuck])), ..Rules::default() };
    let scene = Scene::over(world, Target::Slack, rules).await;
    let world = &scene.world;
    // No way leads to a done status any more, and all tasks become done.
    let all = json!({ "account": "acc-admin", "remove": ["TRANSITION_ISSUES"] });
    world.jira.simulator.edit_project("SEC", "permissions", &all).unwrap();
    for issue in world.issues_in("CHG").into_iter().filter(|issue| issue["assignee"].is_null()) {
        let path = format!("/issue/{}/assignee", issue["key"].as_str().unwrap());
        let deed = json!({ "by": "acc-2", "method": "PUT", "path": path, "body": { "accountId": "acc-2" } });
        world.jira.simulator.control("POST", "/act", &deed).unwrap();
    }
    world.time.advance(120);
    Box::pin(world.reevaluate()).await;
    Box::pin(world.work()).await;
    for _ in 0..12 {
        world.time.advance(900);
        let deadline = after(world.time.now(), 270);
        Box::pin(world.upkeep().run(deadline)).await.unwrap();
        Box::pin(world.work()).await;
        scene.minutes(1).await;
    }
    scene.minutes(3).await;
    let taken = scene.receiver.taken();
    assert_eq!(taken.iter().map(title).collect::<Vec<_>>(), ["⚠️ 50 tickets are stuck"]);
    let sections = sections(&taken[0]);
    assert_eq!(sections.len(), 11, "{sections:?}");
    for section in &sections[..10] {
        let (text, url) = (section["text"]["text"].as_str().unwrap(), section["accessory"]["url"].as_str());
        let key = url.unwrap().rsplit('/').next().unwrap();
        assert!(key.starts_with("SEC-") && text.contains(key), "{text} {url:?}");
    }
    assert_eq!(sections[10]["text"]["text"], "and 40 more");

    let all = json!({ "account": "acc-admin", "grant": ["TRANSITION_ISSUES"] });
    world.jira.simulator.edit_project("SEC", "permissions", &all).unwrap();
    for _ in 0..30 {
        world.time.advance(900);
        let deadline = after(world.time.now(), 270);
        Box::pin(world.upkeep().run(deadline)).await.unwrap();
        Box::pin(world.work()).await;
        scene.minutes(1).await;
    }
    assert_eq!(scene.titles(), ["⚠️ 50 tickets are stuck", "✅ 50 tickets are not stuck any more"]);
}

#[tokio::test]
async fn what_begins_again_in_the_quiet_time_is_counted_and_told_if_it_still_lasts_then() {
    let scene = Scene::slack().await;
    scene.lose("con-1").await;
    scene.minutes(1).await;
    for _ in 0..3 {
        scene.mend("con-1").await;
        scene.minutes(5).await;
        scene.lose("con-1").await;
        scene.minutes(5).await;
    }
    assert_eq!(scene.titles(), [LOST, BACK], "an hour of quiet");
    scene.minutes(40).await;
    assert_eq!(scene.titles(), [LOST, BACK, LOST]);
    let last = scene.receiver.taken().remove(2).json();
    let context = last["blocks"].as_array().unwrap().last().unwrap()["elements"][0]["text"].clone();
    assert!(context.as_str().unwrap().contains("began again 3 times"), "{context}");
}

#[tokio::test]
async fn each_channel_is_told_what_its_rules_cover_and_nothing_from_before_it_was_made() {
    let scene = Scene::slack().await;
    scene.lose("con-1").await;
    scene.minutes(2).await;
    let world = &scene.world;
    let announcer = world.announcer();
    for (id, kinds) in [("chn-2", Some(BTreeSet::from([Kind::CampaignDue]))), ("chn-3", None)] {
        let wish = assay::operations::announcing::channels::Wish {
            name: id.to_owned(),
            target: Target::Webhook,
            url: Secret::new(scene.receiver.hook_url()),
            rules: Rules { kinds, ..Rules::default() },
        };
        let id = ChannelId::parse(id).unwrap();
        announcer.make_channel(&world.tenant, id, wish, "tok-1").await.unwrap();
    }
    scene.receiver.forget();
    scene.mend("con-1").await;
    world.time.advance(1);
    scene.lose("con-2").await;
    scene.minutes(2).await;
    let mut hooks: Vec<String> =
        scene.receiver.taken().iter().filter(|it| it.path == "/hook").map(title).collect();
    hooks.sort();
    assert_eq!(hooks, ["A connection to Jira does not work any more"]);
    // Another tenant's channels hear of none of it.
    let other = TenantId::parse("other").unwrap();
    assert!(world.store().all_channels(&other).await.unwrap().is_empty());
    announcer.end_channel(&world.tenant, &scene.channel.id).await.unwrap();
    let name = assay::secrets::channel_name(&world.tenant, &scene.channel.id);
    assert!(world.secrets().get_fresh(&name).await.unwrap().is_none());
    scene.receiver.forget();
    scene.mend("con-2").await;
    scene.minutes(2).await;
    assert!(scene.receiver.taken().iter().all(|it| it.path == "/hook"));
}
