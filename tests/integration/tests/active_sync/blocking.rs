//! One ticket that cannot be written keeps no other one waiting.

use assay::check::CheckId;
use assay::ids::{ProjectId, SettingId};
use assay::sync_setting::{Scope, SyncSetting};
use assay_test_support::world::World;
use serde_json::json;

use super::fields::edit;
use super::support::{change, edit_sec, issue, live, mend, opened, sites};

/// Works for five minutes, as messages come.
async fn five_minutes(world: &World) {
    for _ in 0..60 {
        world.work().await;
        world.time.advance(5);
    }
}

#[tokio::test]
async fn fifty_tickets_are_written_and_closed_but_for_the_one_that_cannot_be() {
    let world = opened(50).await;
    let stuck = live(&world).remove(0)["key"].clone();
    edit_sec(&world, "conflict", &json!({ "issue": stuck, "times": 100_000 }));
    let second = edit(&world, "Second", "acc-4", 20);
    for task in world.tasks().await {
        change(&world, &task.id, |task, now| task.edit(&second, now)).await;
    }
    five_minutes(&world).await;
    let followed =
        live(&world).iter().filter(|it| it["summary"].as_str().unwrap().starts_with("Second")).count();
    assert_eq!(followed, 49, "{}", world.traces().await);
    mend(&world);
    world.time.advance(120);
    world.reevaluate().await;
    five_minutes(&world).await;
    let left: Vec<_> = live(&world).into_iter().map(|issue| issue["key"].clone()).collect();
    assert_eq!(left, std::slice::from_ref(&stuck));
    let tickets = world.tickets().await;
    let mut parked = tickets.iter().filter(|ticket| ticket.problem.is_some());
    let parked_one = parked.next().unwrap();
    assert_eq!(json!(parked_one.state.issue().unwrap().key), stuck);
    assert!(parked.next().is_none());
    edit_sec(&world, "conflict", &json!({ "issue": stuck, "times": 0 }));
    world.rest().await;
    assert_eq!(issue(&world, &stuck)["status"], "Done", "{}", world.traces().await);
    world.assert_honest();
}

#[tokio::test]
async fn a_setting_that_jira_takes_no_ticket_for_keeps_no_other_setting_waiting() {
    let world = World::with(sites(3, 2)).await;
    let connection = world.connect().await;
    let all = world.sync_all(&connection).await;
    let field = json!({ "id": "customfield_10050", "name": "Severity", "type": "string", "required": true });
    world.jira.simulator.edit_project("TEAM", "fields", &field).unwrap();
    let of_incidents = SyncSetting {
        id: SettingId::parse("set-b3").unwrap(),
        scope: Scope::Check(CheckId::B3),
        project: ProjectId::parse("10004").unwrap(),
        project_key: "TEAM".to_owned(),
        version: 0,
        ..all
    };
    world.store().put_new_setting(&of_incidents).await.unwrap();
    world.evaluate().await;
    world.work().await;
    let quarantined: Vec<bool> =
        world.settings().await.iter().map(|setting| setting.quarantine.is_some()).collect();
    assert_eq!(quarantined.iter().filter(|it| **it).count(), 1);
    assert_eq!((live(&world).len(), world.issues_in("TEAM").len()), (3, 0), "{}", world.traces().await);
    world.assert_honest();
}
