//! An access review from its form to its signed record, decided on by keys alone.

use assay::access::Role;
use assay::campaign::{SignedRecord, verify};
use assay_browser::tab::Tab;
use assay_browser::view::View;
use assay_test_support::world::World;
use serde_json::{Value, json};

use super::furniture::{read_house, work};
use super::stage::{Stage, assert_right, until_told};

/// The group that is reviewed, and how it is called.
const GROUP: &str = "00000000-0000-4000-8001-0000000000aa";
const NAME: &str = "Release managers";

/// Puts four people into the group.
fn prepare(world: &World) {
    let simulator = &world.jira.simulator;
    simulator.control("POST", "/groups", &json!({ "id": GROUP, "name": NAME })).unwrap();
    let members = ["acc-1", "acc-2", "acc-3", "acc-4"];
    simulator.control("POST", &format!("/groups/{GROUP}"), &json!({ "add": members })).unwrap();
}

/// Who is in the group now, as Jira tells it.
async fn members(world: &World) -> Vec<String> {
    let path = format!("/rest/api/3/group/member?groupId={GROUP}");
    let found = world.as_person("GET", &path, None).await;
    let id = |member: &Value| member["accountId"].as_str().unwrap().to_owned();
    found["values"].as_array().unwrap().iter().map(id).collect()
}

/// Whether the focus is at a form field of this name.
fn is_field(name: &str) -> String {
    format!("at.name === '{name}'")
}

fn is_button(words: &str) -> String {
    format!("at.localName === 'button' && at.textContent === '{words}'")
}

/// Waits until the focus is at a form field of this name.
async fn focus(tab: &Tab, name: &str) {
    tab.until(&format!("document.activeElement.name === '{name}'")).await;
}

/// Fills in the form by which a review begins, and waits until its items are there.
async fn make(stage: &Stage, tab: &mut Tab) {
    tab.follow("Access reviews").await;
    tab.follow("Start a review").await;
    assert_right(tab, "the form").await;
    tab.fill("Name", "Second quarter").await;
    tab.click("field", "Groups Membership of the groups that are ticked.").await;
    tab.click("button", "Choose groups").await;
    tab.click("field", NAME).await;
    tab.fill_day("Due on", "2026-07-15").await;
    tab.submit("Start the review").await;
    tab.until_text("Is being prepared").await;
    assert_right(tab, "a review that is being prepared").await;
    work(&stage.house.world).await;
    until_told(tab, "0 of 4 items are decided.").await;
    tab.until("document.querySelectorAll('tr[data-item]').length === 4").await;
    assert_right(tab, "its items").await;
    tab.picture("review-items").await;
}

/// Decides on all four with the keys that the page names.
async fn decide_with_keys(tab: &Tab) {
    tab.until_text("Keys while a decision has the focus").await;
    tab.tab_to(&is_field("decision.0")).await;
    tab.press("c").await;
    focus(tab, "decision.1").await;
    tab.press("r").await;
    focus(tab, "note.1").await;
    tab.type_text("left the team").await;
    tab.press("Enter").await;
    focus(tab, "decision.2").await;
    tab.press("h").await;
    focus(tab, "note.2").await;
    tab.type_text("only reading").await;
    tab.press("Escape").await;
    focus(tab, "decision.2").await;
    tab.press("j").await;
    focus(tab, "decision.3").await;
    tab.press("k").await;
    focus(tab, "decision.2").await;
    tab.press("j").await;
    tab.press("c").await;
    focus(tab, "decision.3").await;
}

/// The same with the keys that every form has.
async fn decide_without_scripts(tab: &Tab) {
    assert!(!tab.text().await.contains("Keys while a decision has the focus"), "keys that do nothing");
    tab.tab_to(&is_field("decision.0")).await;
    tab.press(" ").await;
    tab.tab_to(&is_field("decision.1")).await;
    tab.press("ArrowRight").await;
    tab.tab_to(&is_field("note.1")).await;
    tab.type_text("left the team").await;
    tab.tab_to(&is_field("decision.2")).await;
    tab.press("ArrowRight").await;
    tab.press("ArrowRight").await;
    tab.tab_to(&is_field("note.2")).await;
    tab.type_text("only reading").await;
    tab.tab_to(&is_field("decision.3")).await;
    tab.press(" ").await;
}

/// The whole way, by keys from the first decision on.
async fn a_review(scripts: bool) {
    let stage = Stage::over(read_house(prepare).await).await;
    let world = &stage.house.world;
    let mut tab = stage.signed_in(View { scripts, ..View::PLAIN }, Role::Operator).await;
    make(&stage, &mut tab).await;

    if scripts {
        decide_with_keys(&tab).await;
    } else {
        decide_without_scripts(&tab).await;
    }
    assert_right(&mut tab, "decisions that are not sent yet").await;
    tab.tab_to(&is_button("Save these decisions")).await;
    tab.press_enter_and_leave().await;
    for told in ["4 items are decided.", "4 of 4 items are decided.", "Everything is decided"] {
        tab.until_text(told).await;
    }
    assert_eq!(members(world).await.len(), 4, "a decision alone changes nothing");

    tab.tab_to(&is_button("Carry out the revocations")).await;
    tab.press_enter_and_leave().await;
    tab.until_text("Counts the revocations").await;
    assert_right(&mut tab, "revocations that are being asked for").await;
    work(world).await;
    if scripts {
        // Decisions may be being written: the page is not read anew by itself.
        tab.until_text("Load the page anew").await;
        tab.tab_to("at.textContent === 'Load the page anew'").await;
        tab.press_enter_and_leave().await;
    }
    until_told(&mut tab, "Each revocation that has no action yet").await;
    assert_eq!(members(world).await, ["acc-1", "acc-3", "acc-4"]);
    tab.tab_to("at.localName === 'a' && at.textContent === 'Revoked'").await;
    tab.press_enter_and_leave().await;
    for told in ["Account 2", "The action that carries it out"] {
        tab.until_text(told).await;
    }
    let note: String = tab.evaluate("document.querySelector('tr[data-item] input[type=text]').value").await;
    assert_eq!(note, "left the team");
    assert_right(&mut tab, "what was revoked").await;
    tab.tab_to("at.textContent === 'Actions that carry the revocations out'").await;
    tab.press_enter_and_leave().await;
    tab.until_text("Done, read back").await;
    assert_right(&mut tab, "what became of it").await;
    tab.tab_to("(at.pathname ?? '').startsWith('/campaigns/')").await;
    tab.press_enter_and_leave().await;

    tab.tab_to(&is_button("Close the review")).await;
    tab.press_enter_and_leave().await;
    tab.until_text("Is being closed").await;
    work(world).await;
    until_told(&mut tab, "The signed record").await;
    for told in ["4 of 4 items were decided.", "Taken away"] {
        tab.until_text(told).await;
    }
    assert_right(&mut tab, "a closed review").await;
    tab.picture("review-closed").await;
    keep_files(&tab).await;
    assert_right(&mut tab, "the files of a closed review").await;
}

/// Downloads the record, which must hold, and the table.
async fn keep_files(tab: &Tab) {
    let (name, text) = tab.download("Download the signed record (JSON)").await;
    assert!(name.starts_with("access-review-") && name.rsplit('.').next() == Some("json"), "{name}");
    let file: Value = serde_json::from_str(&text).unwrap();
    let signed: SignedRecord = serde_json::from_value(file["record"].clone()).unwrap();
    let items = file["items"].as_array().unwrap().clone();
    assert_eq!((items.len(), verify(&signed, &signed.public_key, items.into_iter())), (4, Ok(())));
    let (name, table) = tab.download("Export the items as CSV").await;
    assert!(name.rsplit('.').next() == Some("csv"), "{name}");
    assert_eq!(table.lines().count(), 5, "{table}");
    let revoked = table.lines().find(|line| line.contains("acc-2")).unwrap();
    assert!(revoked.contains("revoke") && revoked.contains("left the team"), "{revoked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_is_made_decided_by_keys_carried_out_and_closed() {
    Box::pin(a_review(true)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_is_made_decided_by_keys_carried_out_and_closed_without_scripts() {
    Box::pin(a_review(false)).await;
}
