//! The way of somebody new: from signing in to the first ticket.

use assay::access::Role;
use assay_browser::tab::Tab;
use assay_browser::view::{PHONE, View};

use super::stage::{Stage, until_told};
use super::support::{House, TENANT};

#[tokio::test(flavor = "multi_thread")]
async fn somebody_signs_in_with_a_token_looks_round_and_signs_out_with_and_without_scripts() {
    let stage = Stage::over(House::with_tasks().await).await;
    for scripts in [true, false] {
        let mut tab = stage.tab(View { width: PHONE, scripts, ..View::PLAIN }).await;
        tab.open("/checks?outcome=fail").await;
        assert_eq!(tab.path().await, "/sign-in?to=%2Fchecks%3Foutcome%3Dfail");
        tab.fill("API token", "assay_wrong").await;
        tab.submit("Sign in").await;
        tab.fill("API token", &stage.house.token(TENANT, Role::Operator).await).await;
        tab.submit("Sign in").await;
        assert_eq!(tab.path().await, "/checks?outcome=fail");
        tab.choose("Outcome", "Passes").await;
        if scripts {
            tab.until("location.search.startsWith('?outcome=pass')").await;
        } else {
            tab.submit("Filter").await;
            assert!(tab.path().await.starts_with("/checks?outcome=pass"));
        }
        tab.submit("Sign out").await;
        tab.open("/checks").await;
        assert_eq!(tab.path().await, "/sign-in?to=%2Fchecks");
    }
}

/// Connects the demo site by API token, as somebody does who reads what the pages say.
async fn connect(tab: &mut Tab) {
    tab.follow("Connect a site").await;
    tab.click("field", "Ticketing and change management").await;
    tab.click("field", "Incident management").await;
    tab.click("field", "API token").await;
    tab.submit("Continue").await;
    tab.fill("Jira site", "demo.atlassian.net").await;
    tab.fill("E-mail address of the account", "admin@example.com").await;
    tab.fill("API token", "wrong").await;
    tab.fill("Change tickets › Projects", "CHG").await;
    tab.fill("Incidents › Projects", "INC").await;
    tab.submit("Connect and verify").await;
    assert_eq!(tab.violations().await, Vec::<String>::new(), "a form that was refused");
    let faults = tab.faults().await;
    assert!(faults.iter().all(|fault| fault.contains("status of 422")), "{faults:#?}");
    // What was typed is still there, but for the secret.
    tab.fill("API token", "sim-admin-token").await;
    tab.submit("Connect and verify").await;
    tab.until_text("Connected and verified.").await;
}

/// Says that all tasks become tickets in `SEC`.
async fn set_sync_up(tab: &mut Tab) {
    tab.follow("Active Sync").await;
    tab.follow("Set up Active Sync").await;
    for (label, option) in
        [("Connection", "demo.atlassian.net"), ("Project", "(SEC)"), ("Issue type", "Task")]
    {
        tab.until(&format!(
            "[...document.querySelectorAll('label')].some((it) => it.textContent === '{label}')"
        ))
        .await;
        tab.choose(label, option).await;
        if !tab.scripts() {
            tab.submit("Go on").await;
        }
    }
    tab.until_text("Save and make tickets").await;
    tab.submit("Save and make tickets").await;
}

async fn the_way_to_the_first_ticket(scripts: bool) {
    let stage = Stage::over(House::start().await).await;
    let mut tab = stage.signed_in(View { scripts, ..View::PLAIN }, Role::Admin).await;
    connect(&mut tab).await;
    tab.until_text("Not evaluated yet").await;
    stage.house.world.evaluate().await;
    until_told(&mut tab, "Fails").await;
    tab.until("!document.body.innerText.includes('Not evaluated yet')").await;

    tab.follow("Checks").await;
    let check = "B2 Every change ticket has an assignee";
    if scripts {
        tab.click("link", check).await;
        tab.until_text("How to fix").await;
        assert_eq!(tab.path().await, "/checks/B2", "what stands in the drawer has an address");
    } else {
        tab.follow(check).await;
    }
    assert_eq!(tab.violations().await, Vec::<String>::new(), "a check");

    set_sync_up(&mut tab).await;
    stage.house.world.rest().await;
    tab.follow("Tickets").await;
    tab.until_text("SEC-").await;
    tab.follow("Tasks").await;
    tab.until_text("SEC-").await;
    assert_eq!(tab.faults().await, Vec::<String>::new(), "on the whole way");
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_new_comes_from_nothing_to_the_first_ticket() {
    Box::pin(the_way_to_the_first_ticket(true)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_new_comes_from_nothing_to_the_first_ticket_without_scripts() {
    Box::pin(the_way_to_the_first_ticket(false)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn times_are_shown_in_the_zone_of_the_browser() {
    let stage = Stage::over(House::with_tasks().await).await;
    let mut tab = stage.signed_in(View { zone: "Asia/Tokyo", ..View::PLAIN }, Role::Auditor).await;
    tab.open("/checks").await;
    tab.until_text("Asia/Tokyo").await;
}
