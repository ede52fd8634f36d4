use assay::access::Role;
use assay::action::State as ActionState;
use assay::campaign::{CarriedOut, Choice, Item, Said, Scope, State, verify};
use assay::dynamodb::ActionFilter;
use assay::error::Kind;
use assay::evidence::Gap;
use assay::ids::{CampaignId, TokenId};
use assay::ingestion::Source;
use assay::operations::reviewing::deciding::Decider;
use assay_test_support::world::World;
use jira_sim::Seed;

use super::support::{
    account, accounts, campaign, campaign_wish, decide_all, decider, group, ingest, is_in, items, made,
    product, reviewer, team, token, work, world,
};

const TEAM_1: &str = "00000000-0000-4000-8001-000000000001";

fn seed() -> Seed {
    Seed { accounts: 60, teams: 3, ..Seed::empty() }
}

/// A campaign over the three teams of a small site, open.
async fn open() -> (World, CampaignId) {
    let world = world(seed(), |_| {}).await;
    let made = made(&world, "cmp-1", Scope::All {}).await;
    assert_eq!(made.state, State::Open, "{made:?}");
    (world, made.id)
}

async fn told(world: &World) -> Vec<(String, bool)> {
    let page = world.store().list_notifications(&world.tenant, None, 50).await.unwrap();
    let line = |one: assay::notification::Notification| (one.text, one.recovered_at.is_some());
    page.items.into_iter().map(line).collect()
}

#[tokio::test]
async fn every_piece_of_access_of_every_account_is_an_item_once() {
    let (world, id) = open().await;
    let mut expected: Vec<String> = Vec::new();
    for account in accounts(&world).await.values() {
        expected.extend(account.grants().iter().map(|grant| format!("{} {grant:?}", account.id)));
    }
    let mut found: Vec<String> =
        items(&world, &id).await.iter().map(|item| format!("{} {:?}", item.account, item.grant)).collect();
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
    let counts = campaign(&world, &id).await.counts;
    assert_eq!((counts.items, counts.undecided), (found.len() as u64, found.len() as u64));
    assert!(found.len() > 150, "{}", found.len());
    assert_eq!(campaign(&world, &id).await.gaps, [], "the directory is whole");
}

#[tokio::test]
async fn a_review_ends_with_access_taken_away_approvals_and_a_record_that_anybody_can_verify() {
    let (world, id) = open().await;
    let goes = |item: &Item| item.grant == team(1);
    decide_all(&world, &id, |item| if goes(item) { Choice::Revoke } else { Choice::Keep }).await;
    let revoked: Vec<Item> = items(&world, &id).await.into_iter().filter(goes).collect();
    assert!((5..=20).contains(&revoked.len()), "{}: more need a second person", revoked.len());
    reviewer(&world).apply(&world.tenant, &id, "tok-operator", false).await.unwrap();
    work(&world).await;
    for item in &revoked {
        assert!(!is_in(&world, item.account.as_str(), TEAM_1).await, "{}", item.account);
    }
    reviewer(&world).close(&world.tenant, &id, "tok-admin", false).await.unwrap();
    work(&world).await;

    let closed = campaign(&world, &id).await;
    assert_eq!((&closed.state, closed.due_at), (&State::Closed, None));
    let signed = closed.record.unwrap();
    let all = items(&world, &id).await;
    let digested = || all.iter().map(|item| item.digested().unwrap());
    let key = world.store().signing_key(&world.tenant).await.unwrap().unwrap();
    assert_eq!(verify(&signed, &key.public_key, digested()), Ok(()));
    assert!(signed.record.complete, "{:?}", signed.record);
    assert_eq!(signed.record.counts.carried_out, revoked.len() as u64);
    let mut other: Vec<_> = digested().collect();
    other[7]["note"] = "another".into();
    assert!(verify(&signed, &key.public_key, other).is_err());

    for account in accounts(&world).await.values() {
        for grant in account.grants() {
            let is_approved = account.approvals.iter().any(|approval| approval.grant == grant);
            assert_eq!(is_approved, grant != team(1), "{} {grant:?}", account.id);
        }
    }
    // Nothing of it changes any more.
    let late = Said::of("x", all[0].place(), Choice::Revoke, Some("late")).unwrap();
    let refused = reviewer(&world).decide(&world.tenant, &id, &decider(&world).await, &[late]).await;
    assert_eq!(*refused.unwrap_err().kind(), Kind::Conflict);
    assert_eq!(*reviewer(&world).cancel(&world.tenant, &id, "x").await.unwrap_err().kind(), Kind::Conflict);
}

#[tokio::test]
async fn the_next_review_tells_what_is_new_since_the_last_one_that_covered_it() {
    let (world, first) = open().await;
    let before = items(&world, &first).await;
    assert!(before.iter().all(|item| item.flags.new.is_none()), "nothing was reviewed before");
    decide_all(&world, &first, |_| Choice::Keep).await;
    reviewer(&world).close(&world.tenant, &first, "tok-admin", false).await.unwrap();
    work(&world).await;
    let outsider = before.iter().find(|item| item.grant == team(2)).unwrap().account.to_string();
    group(&world, "team-1", &[&outsider], &[]);
    ingest(&world).await;
    let second = made(&world, "cmp-2", Scope::All {}).await;
    let after = items(&world, &second.id).await;
    let new: Vec<&Item> = after.iter().filter(|item| item.flags.new == Some(true)).collect();
    assert_eq!(new.len(), 1, "{new:?}");
    assert_eq!((new[0].account.as_str(), &new[0].grant), (outsider.as_str(), &team(1)));
    assert!(after.iter().all(|item| item.flags.new.is_some()));
}

#[tokio::test]
async fn undecided_items_keep_a_campaign_open_unless_they_may_be_named() {
    let (world, id) = open().await;
    let by = decider(&world).await;
    let all = items(&world, &id).await;
    let said: Vec<Said> =
        all[..5].iter().map(|item| Said::of("x", item.place(), Choice::Keep, None).unwrap()).collect();
    let decided = reviewer(&world).decide(&world.tenant, &id, &by, &said).await.unwrap();
    let again = reviewer(&world).decide(&world.tenant, &id, &by, &said).await.unwrap();
    assert_eq!(decided, again, "a repeated call changes nothing");
    let counts = campaign(&world, &id).await.counts;
    assert_eq!((counts.kept, counts.undecided), (5, counts.items - 5));

    reviewer(&world).close(&world.tenant, &id, "tok-admin", false).await.unwrap();
    work(&world).await;
    let still = campaign(&world, &id).await;
    assert_eq!(still.state, State::Open);
    assert!(still.problem.unwrap().contains(&all[5].words));
    assert!(items(&world, &id).await.iter().all(|item| !item.sealed));

    reviewer(&world).close(&world.tenant, &id, "tok-admin", true).await.unwrap();
    work(&world).await;
    let closed = campaign(&world, &id).await;
    let record = closed.record.unwrap().record;
    assert!(!record.complete);
    assert_eq!((record.counts.items, record.counts.kept), (all.len() as u64, 5));
    assert_eq!(record.counts.undecided, all.len() as u64 - 5);
}

#[tokio::test]
async fn a_campaign_on_a_partial_directory_says_so_and_is_never_complete() {
    let world = world(seed(), |_| {}).await;
    let connection = super::support::connection();
    let mut ingestion = world.store().ingestion(&world.tenant, &connection).await.unwrap().unwrap();
    let gap = Gap::Short { read: 3, counted: 50 };
    ingestion.settled_sources.get_mut(&Source::Members).unwrap().lacks(gap.clone());
    world.store().save_ingestion(&mut ingestion).await.unwrap();
    let made = made(&world, "cmp-1", Scope::All {}).await;
    assert_eq!(made.gaps, std::slice::from_ref(&gap));
    decide_all(&world, &made.id, |_| Choice::Keep).await;
    reviewer(&world).close(&world.tenant, &made.id, "tok-admin", false).await.unwrap();
    work(&world).await;
    let record = campaign(&world, &made.id).await.record.unwrap().record;
    assert_eq!((record.complete, record.gaps), (false, vec![gap]));
}

#[tokio::test]
async fn a_revocation_that_was_not_carried_out_is_named_in_the_record() {
    let (world, id) = open().await;
    let goes = |item: &Item| item.grant == team(1);
    decide_all(&world, &id, |item| if goes(item) { Choice::Revoke } else { Choice::Keep }).await;
    let first = items(&world, &id).await.into_iter().find(goes).unwrap();
    // One was taken away by hand, and read; the others are still there.
    group(&world, "team-1", &[], &[first.account.as_str()]);
    ingest(&world).await;
    reviewer(&world).close(&world.tenant, &id, "tok-admin", false).await.unwrap();
    work(&world).await;
    let record = campaign(&world, &id).await.record.unwrap().record;
    assert_eq!((record.complete, record.counts.carried_out), (false, 1));
    for item in items(&world, &id).await.iter().filter(|item| goes(item)) {
        let expected = if item.account == first.account { CarriedOut::NotHeld } else { CarriedOut::NotDone };
        assert_eq!(item.carried_out, Some(expected), "{}", item.account);
    }
}

#[tokio::test]
async fn many_revocations_at_once_wait_for_a_second_person_and_one_notification_says_so() {
    let (world, id) = open().await;
    let goes = |item: &Item| item.grant == team(1) || item.grant == team(2);
    decide_all(&world, &id, |item| if goes(item) { Choice::Revoke } else { Choice::Keep }).await;
    let asker = token(&world, Role::Operator, "iam").await;
    reviewer(&world).apply(&world.tenant, &id, asker.as_str(), false).await.unwrap();
    work(&world).await;
    let filter = ActionFilter { state: None, campaign: Some(id.clone()) };
    let actions = world.store().actions(&world.tenant, &filter, None, 200).await.unwrap().items;
    assert!(actions.len() > 20, "{}", actions.len());
    assert!(actions.iter().all(|action| action.state == ActionState::AwaitingApproval));
    assert_eq!(told(&world).await.iter().filter(|(text, over)| text.contains("wait") && !over).count(), 1);
    let actor = super::support::actor(&world);
    let own = actor.approve(&world.tenant, &actions[0].id, &asker).await.unwrap_err();
    assert_eq!(*own.kind(), Kind::Forbidden);
    let second = token(&world, Role::Operator, "iam").await;
    actor.approve(&world.tenant, &actions[0].id, &second).await.unwrap();
    work(&world).await;
    let done = super::support::action(&world, &actions[0].id).await;
    assert_eq!(done.state, ActionState::Done, "{:?}", done.problem);
    // A decision whose revocation holds is not changed; one whose action was declined may be.
    let change = async |action: &assay::action::Action| {
        let all = items(&world, &id).await;
        let item = all.iter().find(|item| item.action.as_ref() == Some(&action.id)).unwrap();
        let said = Said::of("x", item.place(), Choice::Keep, None).unwrap();
        reviewer(&world).decide(&world.tenant, &id, &decider(&world).await, &[said]).await
    };
    assert_eq!(*change(&actions[0]).await.unwrap_err().kind(), Kind::Conflict);
    actor.decline(&world.tenant, &actions[1].id, "tok-x", "needed after all").await.unwrap();
    assert_eq!(change(&actions[1]).await.unwrap()[0].choice, Choice::Keep);
}

#[tokio::test]
async fn reviewers_who_are_named_decide_alone_beside_admins() {
    let world = world(seed(), |_| {}).await;
    let named = decider(&world).await;
    let id = CampaignId::parse("cmp-1").unwrap();
    let mut wish = campaign_wish(&world, Scope::Products { products: products() });
    wish.reviewers = vec![TokenId::parse("nobody").unwrap()];
    let refused = reviewer(&world).make(&world.tenant, id.clone(), wish.clone(), "tok").await.unwrap_err();
    assert_eq!(*refused.kind(), Kind::Invalid { field: "reviewers[0]".to_owned() });
    wish.reviewers = vec![named.token.clone()];
    reviewer(&world).make(&world.tenant, id.clone(), wish, "tok").await.unwrap();
    work(&world).await;
    let all = items(&world, &id).await;
    assert!(!all.is_empty() && all.iter().all(|item| item.grant == product("jira-servicedesk")));
    let said = [Said::of("x", all[0].place(), Choice::Keep, None).unwrap()];
    let other = decider(&world).await;
    let admin = Decider { token: token(&world, Role::Admin, "iam").await, role: Role::Admin };
    for (by, may) in [(&other, false), (&named, true), (&admin, true)] {
        let decided = reviewer(&world).decide(&world.tenant, &id, by, &said).await;
        assert_eq!(decided.is_ok(), may, "{by:?}");
    }
    let item = &items(&world, &id).await[0];
    assert_eq!((item.earlier.len(), item.by.as_deref()), (1, Some(admin.token.as_str())));
}

fn products() -> std::collections::BTreeSet<assay::ids::ProductKey> {
    [assay::ids::ProductKey::parse("jira-servicedesk").unwrap()].into()
}

#[tokio::test]
async fn people_are_reminded_by_the_tick_until_it_is_closed() {
    let (world, id) = open().await;
    assert_eq!(told(&world).await, []);
    let tick = async |days: i64| {
        world.time.advance(days * 86_400);
        reviewer(&world).fan_out().await.unwrap();
        work(&world).await;
    };
    tick(5).await;
    assert_eq!(told(&world).await, []);
    tick(2).await;
    let first = told(&world).await;
    assert!(first.len() == 1 && first[0].0.contains("is due in 7 days"), "{first:?}");
    tick(1).await;
    assert_eq!(told(&world).await, first, "once for each reminder");
    tick(5).await;
    assert!(told(&world).await[0].0.contains("is due tomorrow"));
    tick(4).await;
    let late = told(&world).await;
    assert!(late.len() == 1 && late[0].0.contains("was due on") && !late[0].1, "{late:?}");
    reviewer(&world).cancel(&world.tenant, &id, "tok-admin").await.unwrap();
    assert!(told(&world).await[0].1, "it is over");
    assert_eq!(campaign(&world, &id).await.due_at, None);
}

#[tokio::test]
async fn a_wish_that_cannot_be_is_refused_and_names_what_is_wrong() {
    let world = world(seed(), |_| {}).await;
    let base = campaign_wish(&world, Scope::All {});
    let id = CampaignId::parse("cmp-1").unwrap();
    let mut wishes = vec![];
    let mut add = |field: &'static str, change: &dyn Fn(&mut assay::campaign::Wish)| {
        let mut wish = base.clone();
        change(&mut wish);
        wishes.push((field, wish));
    };
    add("name", &|wish| wish.name = " ".to_owned());
    add("connection", &|wish| wish.connection = "con-2".to_owned().try_into().unwrap());
    add("scope", &|wish| wish.scope = Scope::Groups { groups: [].into() });
    add("scope", &|wish| {
        wish.scope = Scope::Groups { groups: ["gone".to_owned().try_into().unwrap()].into() };
    });
    add("due_on", &|wish| wish.due_on = jiff::civil::date(2026, 6, 14));
    add("remind_days", &|wish| wish.remind_days = vec![91]);
    add("dormant_days", &|wish| wish.dormant_days = 0);
    for (field, wish) in wishes {
        let refused = reviewer(&world).make(&world.tenant, id.clone(), wish, "tok").await.unwrap_err();
        assert_eq!(*refused.kind(), Kind::Invalid { field: field.to_owned() });
    }
    assert!(world.usage.is_empty());
    let made = reviewer(&world).make(&world.tenant, id.clone(), base.clone(), "tok").await.unwrap();
    let again = reviewer(&world).make(&world.tenant, id.clone(), base.clone(), "tok").await.unwrap();
    assert_eq!(made.made_at, again.made_at);
    let other = assay::campaign::Wish { name: "Another".to_owned(), ..base };
    let refused = reviewer(&world).make(&world.tenant, id, other, "tok").await.unwrap_err();
    assert_eq!(*refused.kind(), Kind::Conflict);
    assert!(account(&world, "acc-1").await.active);
}

#[tokio::test]
async fn a_large_campaign_goes_on_from_slice_to_slice() {
    let world = world(Seed { accounts: 1_010, teams: 1, ..Seed::empty() }, |_| {}).await;
    let id = CampaignId::parse("cmp-1").unwrap();
    let wish = campaign_wish(&world, Scope::All {});
    reviewer(&world).make(&world.tenant, id.clone(), wish, "tok-admin").await.unwrap();
    // No time is left, so that each slice is one part.
    let slices = async |until: State| {
        let mut slices = 0;
        while campaign(&world, &id).await.state != until {
            world.access.deadline.set(world.time.now());
            let requests = world.usage.receive(10);
            assert_eq!(requests.len(), 1, "each slice leaves one message");
            super::support::carry_out(&world, &requests[0]).await.unwrap();
            slices += 1;
        }
        world.access.deadline.set(jiff::Timestamp::MAX);
        work(&world).await;
        slices
    };
    assert!(slices(State::Open).await > 1);
    let grants: usize = accounts(&world).await.values().map(|account| account.grants().len()).sum();
    assert_eq!(items(&world, &id).await.len(), grants);
    decide_all(&world, &id, |_| Choice::Keep).await;
    reviewer(&world).close(&world.tenant, &id, "tok-admin", false).await.unwrap();
    assert!(slices(State::Closed).await > 2);
    let signed = campaign(&world, &id).await.record.unwrap();
    let all = items(&world, &id).await;
    let digested = all.iter().map(|item| item.digested().unwrap());
    assert_eq!(verify(&signed, &signed.public_key, digested), Ok(()));
    assert!(signed.record.complete);
}
