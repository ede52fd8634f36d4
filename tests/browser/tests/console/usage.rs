//! From the overview to who uses a site, what that costs, and a file of it.

use assay::access::Role;
use assay_browser::tab::Tab;
use assay_browser::view::View;

use super::furniture::read_house;
use super::stage::{Stage, assert_right};

/// The contrast (WCAG 2.2) between the colour of an entry of the plot's key and the ground of the plot.
const CONTRAST: &str = "((name) => {
  const light = (colour) => {
    const parts = colour.match(/[0-9.]+/g).slice(0, 3).map((it) => it / 255);
    const [red, green, blue] = parts.map((it) => (it <= 0.04045 ? it / 12.92 : ((it + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const entry = [...document.querySelectorAll('.key li')].find((it) => it.textContent.trim() === name);
  const ink = light(getComputedStyle(entry.querySelector('rect')).fill);
  const ground = light(getComputedStyle(entry.closest('.plot')).backgroundColor);
  return (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
})";

/// What is not known is told from what is empty, in light and in dark: it is no decoration, so that 3:1 must hold.
async fn assert_seen(tab: &mut Tab, view: View) {
    for dark in [true, false] {
        tab.look(View { dark, ..view }).await;
        let contrast: f64 = tab.evaluate(&format!("{CONTRAST}('not known')")).await;
        assert!(contrast >= 3.0, "dark: {dark}: {contrast}");
    }
}

/// The cells of the table behind the heat map: the figures of an account.
async fn figures(tab: &Tab, account: &str) -> Vec<String> {
    let row = format!(
        "[...document.querySelectorAll('.plot tbody tr')].filter((it) => it.querySelector('th').textContent === '{account}')\
         .flatMap((it) => [...it.querySelectorAll('td')].map((cell) => cell.textContent))"
    );
    tab.evaluate(&row).await
}

async fn activity(tab: &mut Tab, view: View) {
    tab.follow("Who uses which site on which days").await;
    assert_right(tab, "the sites that are read").await;
    tab.follow("demo.atlassian.net").await;
    tab.until_text("Days of activity").await;
    assert_seen(tab, view).await;
    assert_right(tab, "who uses the site").await;
    tab.click("button", "The same as a table").await;
    tab.until_text("Each row is an account").await;
    assert_eq!(figures(tab, "Account 1").await.len(), 30);
    assert_right(tab, "the table behind the map").await;
    tab.picture("usage").await;
    tab.choose("Days", "90 days").await;
    tab.submit("Show").await;
    assert!(tab.path().await.contains("days=90"), "{}", tab.path().await);
    tab.click("button", "The same as a table").await;
    assert_eq!(figures(tab, "Account 1").await.len(), 90);
    let (name, table) = tab.download("Export as CSV").await;
    assert!(name.rsplit('.').next() == Some("csv") && table.contains("Account 1"), "{name}: {table}");
    assert_right(tab, "another period").await;
}

/// The figures of a product on the page of licences: seats, used, left, protected, unused, saving.
async fn licence(tab: &Tab, product: &str) -> Vec<String> {
    let row = format!(
        "[...document.querySelectorAll('main tbody tr')].filter((it) => it.querySelector('th a').textContent === '{product}')\
         .flatMap((it) => [...it.querySelectorAll('td')].map((cell) => cell.textContent))"
    );
    tab.evaluate(&row).await
}

/// Enters what a seat costs, and sees what the unused ones do.
async fn price(tab: &mut Tab) -> u64 {
    tab.follow("Licences").await;
    let before = licence(tab, "Jira").await;
    assert_eq!(before.last().map(String::as_str), Some("no price set"), "{before:?}");
    let unused: u64 = before[4].parse().unwrap();
    assert!(unused > 0, "{before:?}");
    assert_right(tab, "licences without a price").await;
    tab.follow("the policy").await;
    tab.fill("Jira", "7.53").await;
    assert_right(tab, "the policy").await;
    tab.submit("Save the policy").await;
    tab.until_text("The policy is saved.").await;
    tab.follow("Usage").await;
    tab.follow("Licences").await;
    let saving = format!("{}.{:02}", unused * 753 / 100, unused * 753 % 100);
    assert_eq!(licence(tab, "Jira").await.last(), Some(&saving));
    tab.until_text(&format!("{saving} a month would be saved")).await;
    assert_right(tab, "licences with a price").await;
    tab.picture("licences-priced").await;
    unused
}

/// Looks at who does not use a seat, and keeps the list.
async fn holders(tab: &mut Tab, unused: u64) {
    tab.follow("Jira").await;
    let shown: u64 = tab.evaluate("document.querySelectorAll('main tbody tr').length").await;
    assert_eq!(shown, unused);
    let names: Vec<String> = tab
        .evaluate("[...document.querySelectorAll('main tbody th')].map((it) => it.textContent.trim())")
        .await;
    assert_right(tab, "unused seats").await;
    let (name, table) = tab.download("Export as CSV").await;
    assert!(name.rsplit('.').next() == Some("csv"), "{name}");
    assert_eq!(table.lines().count() as u64, unused + 1, "{table}");
    for name in names {
        assert!(table.contains(&name), "{name}: {table}");
    }
    assert_right(tab, "the file of unused seats").await;
}

async fn the_way_to_a_saving(scripts: bool) {
    let stage = Stage::over(read_house(|_| {}).await).await;
    let view = View { scripts, ..View::PLAIN };
    let mut tab = stage.signed_in(view, Role::Admin).await;
    activity(&mut tab, view).await;
    let unused = price(&mut tab).await;
    holders(&mut tab, unused).await;
    // The overview tells the same.
    tab.follow("Overview").await;
    let saving = format!("{}.{:02}", unused * 753 / 100, unused * 753 % 100);
    tab.until_text(&saving).await;
    tab.follow("demo.atlassian.net").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_leads_from_the_overview_to_a_saving_and_its_file() {
    Box::pin(the_way_to_a_saving(true)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_leads_from_the_overview_to_a_saving_and_its_file_without_scripts() {
    Box::pin(the_way_to_a_saving(false)).await;
}
