//! The way of somebody new: from signing in to the first ticket.

use assay::access::Role;
use assay_browser::view::{PHONE, View};

use super::furniture::full_house;
use super::stage::Stage;
use super::support::{House, TENANT};

#[tokio::test(flavor = "multi_thread")]
async fn somebody_signs_in_with_a_token_looks_round_and_signs_out_with_and_without_scripts() {
    let stage = Stage::over(full_house().await).await;
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
            tab.until("location.search === '?outcome=pass'").await;
        } else {
            tab.submit("Filter").await;
            assert_eq!(tab.path().await, "/checks?outcome=pass");
        }
        tab.submit("Sign out").await;
        tab.open("/checks").await;
        assert_eq!(tab.path().await, "/sign-in?to=%2Fchecks");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_new_is_told_that_nothing_is_connected() {
    let stage = Stage::over(House::start().await).await;
    let mut tab = stage.signed_in(View::PLAIN, Role::Admin).await;
    tab.until_text("Nothing is connected yet").await;
    assert_eq!(tab.faults().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn times_are_shown_in_the_zone_of_the_browser() {
    let stage = Stage::over(full_house().await).await;
    let mut tab = stage.signed_in(View { zone: "Asia/Tokyo", ..View::PLAIN }, Role::Auditor).await;
    tab.open("/checks").await;
    tab.until_text("Asia/Tokyo").await;
}
