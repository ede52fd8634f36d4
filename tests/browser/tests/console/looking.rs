//! Each page in each view: what a person sees, what a machine finds, and where the keys lead.

use assay::access::Role;
use assay_browser::tab::Tab;
use assay_browser::view::{DESK, PHONE, View};
use assay_test_support::world::PUBLIC_URL;

use super::furniture::full_house;
use super::pages::{Place, linked};
use super::stage::Stage;
use super::support::{House, TENANT};

/// Looks at one page: what is wrong with it, in words. With scripts it is looked at in light and in dark, and gone
/// through by keys; what is shown without them has the same colours and the same order.
async fn look(tab: &mut Tab, state: &str, place: &Place, view: View) -> Vec<String> {
    let name = format!("{state}-{}", place.name());
    let mut wrong = Vec::new();
    tab.look(view).await;
    tab.open(&place.path).await;
    wrong.extend(tab.shifts().await.into_iter().map(|moved| format!("moves while it loads: {moved}")));
    wrong.extend(tab.too_wide().await);
    wrong.extend(tab.violations().await);
    tab.picture(&name).await;
    if view.scripts {
        tab.look(View { dark: true, ..view }).await;
        wrong.extend(tab.violations_of_colours().await.into_iter().map(|found| format!("dark: {found}")));
        tab.picture(&name).await;
        wrong.extend(tab.walk().await.faults());
    }
    wrong.extend(tab.faults().await);
    wrong.into_iter().map(|fault| format!("{} {view}: {fault}", place.path)).collect()
}

/// The first stop of a page leads to its content, of which there is one heading.
async fn skip(tab: &mut Tab, place: &Place) -> Vec<String> {
    tab.open(&place.path).await;
    tab.press("Tab").await;
    tab.press("Enter").await;
    let wrong = tab
        .evaluate::<Vec<String>>(
            "[document.activeElement.id === 'main' || 'the first stop does not lead to the content', \
              document.querySelectorAll('h1').length === 1 || 'it has not one heading'].filter((it) => it !== true)",
        )
        .await;
    wrong.into_iter().map(|fault| format!("{}: {fault}", place.path)).collect()
}

/// Looks at all pages of a house, in each of these views.
async fn look_at_all(name: &str, house: House, views: &[View], role: Role) {
    let places = linked(&house, role).await;
    let stage = Stage::over(house).await;
    let mut tab = stage.signed_in(views[0], role).await;
    let mut wrong = tab.faults().await;
    for view in views {
        for place in &places {
            wrong.extend(look(&mut tab, name, place, *view).await);
        }
    }
    tab.look(views[0]).await;
    for place in &places {
        wrong.extend(skip(&mut tab, place).await);
    }
    assert!(wrong.is_empty(), "{} faults on {} pages:\n{}", wrong.len(), places.len(), wrong.join("\n"));
}

const fn view(width: i64, scripts: bool) -> View {
    View { width, scripts, ..View::PLAIN }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_right_on_a_desk() {
    let views = [view(DESK, true), view(DESK, false)];
    look_at_all("full", full_house().await, &views, Role::Admin).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_right_on_a_phone() {
    let views = [view(PHONE, true), view(PHONE, false)];
    look_at_all("full", full_house().await, &views, Role::Admin).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_right_while_it_has_nothing_to_show() {
    look_at_all("empty", House::start().await, &[view(PHONE, true)], Role::Admin).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_right_for_those_who_may_only_look() {
    look_at_all("auditor", full_house().await, &[view(DESK, true)], Role::Auditor).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doors_are_right_in_every_view() {
    let stage = Stage::over(House::start().await).await;
    let mut wrong = Vec::new();
    let place = |route: &str, path: &str| Place { route: route.to_owned(), path: path.to_owned() };
    let link = stage.house.link(TENANT, Role::Operator).await;
    let doors = [
        place("/sign-in", "/sign-in?to=%2Fchecks"),
        place("/sign-in/link", link.strip_prefix(PUBLIC_URL).unwrap()),
    ];
    let mut tab = stage.tab(View::PLAIN).await;
    for view in View::all().filter(|view| !view.dark) {
        for door in &doors {
            wrong.extend(look(&mut tab, "full", door, view).await);
        }
    }
    tab.open(&doors[0].path).await;
    tab.fill("API token", "assay_wrong").await;
    tab.submit("Sign in").await;
    wrong.extend(tab.violations().await);
    tab.picture("refused-sign-in").await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
