//! A sync setting that Jira takes no ticket for: set aside with its cause, told once, taken up as soon as it is mended.

use assay::notification::{Kind, Notification};
use assay_test_support::world::World;
use serde_json::json;

use super::fields::edit;
use super::support::{
    change, compare, complete, create_failing, edit_sec, issue, live, opened, setting, ticket_of,
};

/// What stands against the setting, how it is mended, and a word of how it is told.
struct Obstacle {
    begins: (&'static str, serde_json::Value),
    ends: (&'static str, serde_json::Value),
    told: &'static str,
}

fn obstacles() -> [Obstacle; 2] {
    let field = json!({ "id": "customfield_10050", "name": "Severity", "type": "string", "required": true });
    [
        Obstacle {
            begins: ("fields", field),
            ends: ("fields/remove", json!({ "id": "customfield_10050" })),
            told: "Severity",
        },
        Obstacle {
            begins: ("permissions", json!({ "account": "acc-admin", "remove": ["CREATE_ISSUES"] })),
            ends: ("permissions", json!({ "account": "acc-admin", "grant": ["CREATE_ISSUES"] })),
            told: "Create issues",
        },
    ]
}

async fn notifications(world: &World) -> Vec<Notification> {
    world.store().list_notifications(&world.tenant, None, 100).await.unwrap().items
}

/// Two more change tickets are in want of an assignee, and everything that is due is done.
async fn two_more(world: &World) {
    create_failing(world);
    create_failing(world);
    world.time.advance(120);
    world.reevaluate().await;
    world.work().await;
}

#[tokio::test]
async fn what_stands_against_all_new_tickets_is_told_once_and_all_resume_within_five_minutes_after_its_mending()
 {
    for Obstacle { begins, ends, told } in obstacles() {
        let world = opened(2).await;
        let before = world.tasks().await;
        edit_sec(&world, begins.0, &begins.1);
        two_more(&world).await;
        let quarantine = setting(&world).await.quarantine.unwrap();
        assert!(quarantine.obstacles.iter().any(|what| what.contains(told)), "{quarantine:?}");
        let creates = world.calls("createIssues");
        // More come, which Jira is not asked for; and time passes, which changes nothing.
        two_more(&world).await;
        for _ in 0..3 {
            compare(&world).await;
        }
        assert_eq!(world.calls("createIssues"), creates, "{told}");
        let notified = notifications(&world).await;
        assert_eq!(notified.len(), 1, "{notified:#?}");
        assert_eq!((notified[0].kind, notified[0].recovered_at), (Kind::SettingQuarantined, None));
        assert!(notified[0].text.contains(told), "{}", notified[0].text);
        assert_eq!(live(&world).len(), 2, "{told}");
        // The others go on.
        let second = edit(&world, "Second", "acc-4", 20);
        change(&world, &before[0].id, |task, now| task.edit(&second, now)).await;
        complete(&world, &before[1].id).await;
        world.work().await;
        let open = ticket_of(&world, &before[0]).await.state.issue().unwrap().key.clone();
        let closed = ticket_of(&world, &before[1]).await.state.issue().unwrap().key.clone();
        assert!(issue(&world, &json!(open))["summary"].as_str().unwrap().starts_with("Second"), "{told}");
        assert_eq!(issue(&world, &json!(closed))["status"], "Done", "{told}");
        edit_sec(&world, ends.0, &ends.1);
        compare(&world).await;
        assert_eq!(setting(&world).await.quarantine, None, "{told}");
        assert_eq!((live(&world).len(), world.issues_in("SEC").len()), (5, 6), "{told}");
        assert!(notifications(&world).await[0].recovered_at.is_some());
        compare(&world).await;
        world.rest().await;
        assert_eq!((live(&world).len(), world.issues_in("SEC").len()), (5, 6), "none is doubled: {told}");
        assert_eq!(world.imbalance().await, Vec::<String>::new(), "{told}");
        world.assert_honest();
    }
}

#[tokio::test]
async fn a_cause_that_comes_back_is_told_anew() {
    let world = opened(1).await;
    let [Obstacle { begins, ends, .. }, _] = obstacles();
    for times in 1..=2 {
        edit_sec(&world, begins.0, &begins.1);
        two_more(&world).await;
        let notified = notifications(&world).await;
        assert_eq!((notified.len(), notified[0].recovered_at), (1, None), "{times}");
        edit_sec(&world, ends.0, &ends.1);
        compare(&world).await;
        assert!(notifications(&world).await[0].recovered_at.is_some(), "{times}");
        assert_eq!(live(&world).len(), 1 + 2 * times);
    }
    world.assert_honest();
}
