//! Each page in each view: what a person sees, what a machine finds, and where the keys lead.

use assay::access::Role;
use assay_browser::tab::Tab;
use assay_browser::view::{DESK, PHONE, View};
use assay_test_support::world::PUBLIC_URL;

use super::furniture::full_house;
use super::pages::{Place, linked};
use super::stage::Stage;
use super::support::{House, TENANT};

/// Looks at one page: what is wrong with it, in words.
///
/// With scripts it is looked at in light and in dark, and gone through by keys. What is shown without them has the same
/// colours and the same order, so that it is enough to judge it on a phone.
async fn look(tab: &mut Tab, state: &str, place: &Place, view: View) -> Vec<String> {
    let name = format!("{state}-{}", place.name());
    let mut wrong = Vec::new();
    tab.look(view).await;
    tab.open(&place.path).await;
    wrong.extend(tab.shifts().await.into_iter().map(|moved| format!("moves while it loads: {moved}")));
    wrong.extend(tab.too_wide().await);
    if !tab.evaluate::<bool>(HERE_IS_SEEN).await {
        wrong.push("the entry of the navigation that it belongs to is out of sight".to_owned());
    }
    if view.scripts || view.width == PHONE {
        wrong.extend(tab.violations().await);
    }
    tab.picture(&name).await;
    if view.scripts {
        tab.look(View { dark: true, ..view }).await;
        wrong.extend(tab.violations_of_colours().await.into_iter().map(|found| format!("dark: {found}")));
        tab.picture(&name).await;
        wrong.extend(go_through(tab).await);
    }
    wrong.extend(tab.faults().await);
    wrong.into_iter().map(|fault| format!("{} {view}: {fault}", place.path)).collect()
}

/// Whether the navigation shows which of its entries the page belongs to: where it is one line that scrolls, the entry is
/// in sight, to the pixel. A page may belong to none.
const HERE_IS_SEEN: &str = "[...document.querySelectorAll('.top nav [aria-current]')].every((it) => {
  const box = it.getBoundingClientRect();
  return box.left > -1 && box.right < document.documentElement.clientWidth + 1;
})";

/// Goes through a page by keys alone. The first stop leads to its content, which has one heading.
async fn go_through(tab: &Tab) -> Vec<String> {
    let walk = tab.walk().await;
    let mut wrong = walk.faults();
    let starts_elsewhere: bool = tab.evaluate("Boolean(document.querySelector('[autofocus]'))").await;
    if !starts_elsewhere && !walk.stops.first().is_some_and(|stop| stop.name.contains("Skip to the content"))
    {
        wrong.push("the first stop does not lead to the content".to_owned());
    }
    let _: Option<bool> = tab.evaluate("document.querySelector('a.skip').focus()").await;
    tab.press("Enter").await;
    if tab.evaluate::<String>("document.activeElement.id").await != "main" {
        wrong.push("the way past the navigation does not lead to the content".to_owned());
    }
    if tab.evaluate::<usize>("document.querySelectorAll('h1').length").await != 1 {
        wrong.push("it has not one heading".to_owned());
    }
    wrong
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
    let house = full_house().await;
    let places = linked(&house, Role::Auditor).await;
    let stage = Stage::over(house).await;
    let mut tab = stage.signed_in(View::PLAIN, Role::Auditor).await;
    let mut wrong = Vec::new();
    for place in &places {
        tab.open(&place.path).await;
        let found = tab.violations().await.into_iter().chain(tab.faults().await);
        wrong.extend(found.map(|fault| format!("{}: {fault}", place.path)));
    }
    assert!(wrong.is_empty(), "{} faults on {} pages:\n{}", wrong.len(), places.len(), wrong.join("\n"));
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
