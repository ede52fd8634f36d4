//! Each page in each view: what a person sees, what a machine finds, and where the keys lead.

use assay::access::Role;
use assay_browser::tab::Tab;
use assay_browser::view::{DESK, PHONE, View};

use super::furniture::full_house;
use super::pages::{Place, linked};
use super::stage::Stage;
use super::support::House;

/// Looks at one page, in light and in dark: what is wrong with it, in words.
async fn look(tab: &mut Tab, state: &str, place: &Place, view: View) -> Vec<String> {
    let name = format!("{state}-{}", place.name());
    let mut wrong = Vec::new();
    tab.look(view).await;
    tab.open(&place.path).await;
    wrong.extend(tab.shifts().await.into_iter().map(|moved| format!("moves while it loads: {moved}")));
    wrong.extend(tab.too_wide().await);
    wrong.extend(tab.violations().await);
    tab.picture(&name).await;
    let dark = View { dark: true, ..view };
    tab.look(dark).await;
    wrong.extend(tab.violations_of_colours().await.into_iter().map(|found| format!("dark: {found}")));
    tab.picture(&name).await;
    wrong.extend(tab.walk().await.faults());
    wrong.extend(tab.faults().await);
    wrong.into_iter().map(|fault| format!("{} {view}: {fault}", place.path)).collect()
}

/// Looks at all pages of a house.
async fn look_at_all(name: &str, house: House, view: View, role: Role) {
    let places = linked(&house, role).await;
    let stage = Stage::over(house).await;
    let mut tab = stage.signed_in(view, role).await;
    let mut wrong = tab.faults().await;
    for place in &places {
        wrong.extend(look(&mut tab, name, place, view).await);
    }
    assert!(wrong.is_empty(), "{} faults on {} pages:\n{}", wrong.len(), places.len(), wrong.join("\n"));
}

const fn view(width: i64, scripts: bool) -> View {
    View { width, scripts, ..View::PLAIN }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_right_on_a_desk() {
    look_at_all("full", full_house().await, view(DESK, true), Role::Admin).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_right_on_a_phone() {
    look_at_all("full", full_house().await, view(PHONE, true), Role::Admin).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_right_on_a_desk_without_scripts() {
    look_at_all("full", full_house().await, view(DESK, false), Role::Admin).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_right_on_a_phone_without_scripts() {
    look_at_all("full", full_house().await, view(PHONE, false), Role::Admin).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_right_while_it_has_nothing_to_show() {
    look_at_all("empty", House::start().await, view(PHONE, true), Role::Admin).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_right_for_those_who_may_only_look() {
    look_at_all("auditor", full_house().await, view(DESK, true), Role::Auditor).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_stop_of_each_page_leads_to_its_content() {
    let house = full_house().await;
    let places = linked(&house, Role::Admin).await;
    let stage = Stage::over(house).await;
    let mut tab = stage.signed_in(View::PLAIN, Role::Admin).await;
    for place in places {
        tab.open(&place.path).await;
        tab.press("Tab").await;
        tab.press("Enter").await;
        tab.until("document.activeElement.id === 'main'").await;
        assert_eq!(
            tab.evaluate::<usize>("document.querySelectorAll('h1').length").await,
            1,
            "{}",
            place.path
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_door_is_right_in_every_view() {
    let stage = Stage::over(House::start().await).await;
    let mut wrong = Vec::new();
    let door = Place { route: "/sign-in".to_owned(), path: "/sign-in?to=%2Fchecks".to_owned() };
    let mut tab = stage.tab(View::PLAIN).await;
    for view in View::all().filter(|view| !view.dark) {
        wrong.extend(look(&mut tab, "full", &door, view).await);
    }
    tab.fill("API token", "assay_wrong").await;
    tab.submit("Sign in").await;
    wrong.extend(tab.violations().await);
    tab.picture("refused-sign-in").await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
