//! The connection, its account or its site is not what it was.

use assay::check::Outcome;
use assay::connection::State;
use assay::evidence::Gap;
use assay_test_support::misfortune::Misfortune;
use serde_json::json;

use super::support::{ABOUT_TENANT, READ, mended};

#[tokio::test]
async fn an_anonymous_answer_that_is_empty_is_no_pass_and_ends_the_connection_s_trust() {
    let matrix = mended().await;
    let world = &matrix.world;
    world.expire_token("acc-admin", "sim-admin-token").await;
    // One refusal may be anybody's; the second one, minutes later, is believed.
    for _ in 0..2 {
        matrix.assert_cannot_tell(&READ, "the token has ended").await;
    }
    let connection = world.store().all_connections(&world.tenant).await.unwrap().remove(0);
    assert_eq!(connection.state, State::NeedsReauth);
    // And from now on nothing is read, and the checks about the tenant fail.
    matrix.assert_cannot_tell(&READ, "the connection needs to be connected again").await;
    for check in ABOUT_TENANT {
        assert_eq!(world.outcome(check).await, Outcome::Fail, "{check}");
    }
}

#[tokio::test]
async fn an_answer_as_another_account_or_as_nobody_knows_whom_is_no_pass() {
    let matrix = mended().await;
    for account in [None, Some("acc-2")] {
        matrix.tampering.begin(move |url, mut answer| {
            answer.headers.remove("x-aaccountid");
            if let Some(account) = account {
                answer.headers.insert("x-aaccountid", account.to_owned());
            } else if url.ends_with("/myself") {
                answer.status = 503;
            }
            answer
        });
        matrix.assert_cannot_tell(&READ, &format!("answered as {account:?}")).await;
        matrix.tampering.end();
    }
}

#[tokio::test]
async fn a_hidden_project_is_no_empty_project() {
    let matrix = mended().await;
    let simulator = &matrix.world.jira.simulator;
    for project in ["CHG", "INC"] {
        let edit = json!({ "account": "acc-admin", "remove": ["BROWSE_PROJECTS"] });
        simulator.edit_project(project, "permissions", &edit).unwrap();
    }
    matrix.assert_cannot_tell(&READ, "hidden").await;
    for check in READ {
        let gaps = matrix.world.result(check).await.evidence.coverage.gaps;
        assert!(gaps.iter().any(|gap| matches!(gap, Gap::Hidden { .. })), "{check}: {gaps:?}");
    }
    for project in ["CHG", "INC"] {
        let edit = json!({ "account": "acc-admin", "grant": ["BROWSE_PROJECTS"] });
        simulator.edit_project(project, "permissions", &edit).unwrap();
    }
    matrix.assert_passes_again("hidden").await;
}

#[tokio::test]
async fn a_verification_that_is_too_old_is_no_pass_for_the_checks_about_the_tenant() {
    let matrix = mended().await;
    let world = &matrix.world;
    for check in ABOUT_TENANT {
        assert_eq!(world.outcome(check).await, Outcome::Pass, "{check}");
    }
    for misfortune in [Misfortune::status(503, None), Misfortune::html(200), Misfortune::limited(None, None)]
    {
        world.jira.simulator.add_fault(misfortune.fault("getCurrentUser", 100_000));
        world.time.advance(25 * 3600);
        matrix.assert_cannot_tell(&ABOUT_TENANT, &format!("not verified: {}", misfortune.name)).await;
        for check in ABOUT_TENANT {
            let gaps = world.result(check).await.evidence.coverage.gaps;
            assert!(matches!(gaps.as_slice(), [Gap::Stale { .. }]), "{check}: {gaps:?}");
        }
        let connection = world.store().all_connections(&world.tenant).await.unwrap().remove(0);
        assert_eq!(connection.state, State::Active, "{}", misfortune.name);
        world.jira.simulator.clear_faults();
        world.time.advance(60);
        world.reevaluate().await;
        for check in ABOUT_TENANT {
            assert_eq!(world.outcome(check).await, Outcome::Pass, "{check}");
        }
    }
}

#[tokio::test]
async fn a_site_that_is_not_at_its_address_for_a_while_is_no_pass_and_needs_no_person_when_it_is_back() {
    let matrix = mended().await;
    let world = &matrix.world;
    world.jira.simulator.add_fault(Misfortune::status(404, None).fault("*", 100_000));
    for _ in 0..2 {
        matrix.assert_cannot_tell(&READ, "not there").await;
        world.time.advance(13 * 3600);
    }
    world.reevaluate().await;
    for check in ABOUT_TENANT {
        assert_ne!(world.outcome(check).await, Outcome::Pass, "{check}");
    }
    world.jira.simulator.clear_faults();
    matrix.assert_passes_again("back").await;
}

#[tokio::test]
async fn a_connection_that_needs_to_be_connected_again_is_no_pass_for_any_check() {
    let matrix = mended().await;
    let world = &matrix.world;
    world.jira.simulator.add_fault(Misfortune::status(401, None).fault("*", 100_000));
    for _ in 0..2 {
        matrix.assert_cannot_tell(&READ, "everything is refused").await;
    }
    world.jira.simulator.clear_faults();
    let connection = world.store().all_connections(&world.tenant).await.unwrap().remove(0);
    assert_eq!(connection.state, State::NeedsReauth);
    matrix.assert_cannot_tell(&READ, "needs to be connected again").await;
    for check in READ {
        let gaps = world.result(check).await.evidence.coverage.gaps;
        assert!(matches!(gaps.as_slice(), [Gap::ConnectionUnusable { .. }]), "{check}: {gaps:?}");
    }
    for check in ABOUT_TENANT {
        assert_eq!(world.outcome(check).await, Outcome::Fail, "{check}");
    }
    world.connector().verify(&world.tenant, &connection.id).await.unwrap();
    matrix.assert_passes_again("verified again").await;
}
