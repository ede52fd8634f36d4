use super::{acme, later, other, start, store};
use crate::account::Grant;
use crate::action::{Action, Asked, State as ActionState, Wish};
use crate::campaign::tests::{campaign, in_group, in_role, item};
use crate::campaign::{Choice, Item, Place, Said, Scope, State};
use crate::dynamodb::{ActionFilter, SigningKeyKnown, keys};
use crate::error::Kind;
use crate::ids::{AccountId, ActionId, CampaignId, ConnectionId};

fn campaign_id() -> CampaignId {
    CampaignId::parse("cmp-1").unwrap()
}

fn keep(item: &Item) -> Said {
    Said::of("x", item.place(), Choice::Keep, None).unwrap()
}

#[tokio::test]
async fn a_campaign_is_made_once_saved_by_its_version_and_found_when_it_is_due() {
    let store = store().await;
    let mut it = campaign(Scope::All {});
    assert!(store.put_new_campaign(&it).await.unwrap());
    assert!(!store.put_new_campaign(&it).await.unwrap());
    assert_eq!(store.campaign(&acme(), &it.id).await.unwrap().as_ref(), Some(&it));
    assert_eq!(store.campaign(&other(), &it.id).await.unwrap(), None);
    let mut due = Vec::new();
    for shard in keys::shards() {
        due.extend(store.due_campaigns(shard, it.made_at, 10).await.unwrap());
    }
    assert_eq!(due, [(acme(), it.id.clone(), it.made_at)]);
    assert!(store.claim_due_campaign(&acme(), &it.id, it.made_at, later(400)).await.unwrap());
    assert!(!store.claim_due_campaign(&acme(), &it.id, it.made_at, later(400)).await.unwrap());
    it.state = State::Open;
    assert_eq!(*store.save_campaign(&mut it).await.unwrap_err().kind(), Kind::Conflict);
    let open = |campaign: &mut crate::campaign::Campaign| {
        campaign.state = State::Open;
        campaign.due_at = None;
        Ok(())
    };
    let opened = store.change_campaign(&acme(), &it.id, &open).await.unwrap();
    assert_eq!((&opened.state, opened.version), (&State::Open, 2));
    assert_eq!(store.all_campaigns(&acme()).await.unwrap(), [opened]);
    for shard in keys::shards() {
        assert_eq!(store.due_campaigns(shard, later(1_000_000_000), 10).await.unwrap(), []);
    }
}

#[tokio::test]
async fn items_are_never_put_over_what_was_decided_and_are_gone_through_in_their_order() {
    let store = store().await;
    let grants: [Grant; 3] = [in_group("g-1"), in_group("g-2"), in_role("1", "10")];
    let items: Vec<Item> = (0..700)
        .flat_map(|number| grants.iter().map(move |grant| item(&format!("acc-{number:04}"), grant.clone())))
        .collect();
    store.put_new_review_items(&items).await.unwrap();
    let mut decided = [items[5].clone()];
    decided[0].decide(&keep(&items[5]), "tok-1", start()).unwrap();
    store.save_review_items(&mut decided).await.remove(0).unwrap();
    store.put_new_review_items(&items).await.unwrap();
    let read = store.review_items_of(&acme(), &campaign_id(), &[items[5].place()]).await.unwrap();
    assert_eq!(read, decided, "a slice that is repeated forgets no decision");
    let mut stale = [items[5].clone()];
    stale[0].seal(None);
    let refused = store.save_review_items(&mut stale).await.remove(0).unwrap_err();
    assert_eq!(*refused.kind(), Kind::Conflict);

    let (mut all, mut behind, mut calls) = (Vec::<Place>::new(), None, 0);
    loop {
        let (found, next) =
            store.review_items_behind(&acme(), &campaign_id(), behind.as_ref()).await.unwrap();
        all.extend(found.iter().map(Item::place));
        calls += 1;
        match next {
            Some(next) => behind = Some(next),
            None => break,
        }
    }
    let expected: Vec<Place> = items.iter().map(Item::place).collect();
    assert_eq!((all, calls > 1), (expected, true));

    let kept = store.review_items(&acme(), &campaign_id(), Some(Choice::Keep), None, 50).await.unwrap();
    assert_eq!(kept.items, decided);
    let page = store.review_items(&acme(), &campaign_id(), None, None, 4).await.unwrap();
    let next = store.review_items(&acme(), &campaign_id(), None, page.next.as_deref(), 4).await.unwrap();
    assert_eq!((page.items.len(), next.items[0].place()), (4, items[4].place()));
    let foreign = store.review_items(&other(), &campaign_id(), None, None, 4).await.unwrap();
    assert_eq!(foreign.items, []);
}

#[tokio::test]
async fn the_first_signing_key_stays() {
    let store = store().await;
    let key = |name: &str| SigningKeyKnown { public_key: name.to_owned(), secret: format!("acme/{name}") };
    assert_eq!(store.signing_key(&acme()).await.unwrap(), None);
    assert_eq!(store.note_signing_key(&acme(), key("one")).await.unwrap(), key("one"));
    assert_eq!(store.note_signing_key(&acme(), key("two")).await.unwrap(), key("one"));
    assert_eq!(store.signing_key(&other()).await.unwrap(), None);
}

fn action(id: &str, campaign: Option<&str>) -> Action {
    let wish = Wish {
        connection: ConnectionId::parse("con-1").unwrap(),
        account: Some(AccountId::parse("acc-1").unwrap()),
        asked: Asked::Remove { grant: in_group("g-1") },
        why: "left".to_owned(),
        campaign: campaign.map(|id| CampaignId::parse(id).unwrap()),
        together: 1,
        held: false,
    };
    Action::begin(acme(), ActionId::parse(id).unwrap(), wish, "tok-1", start())
}

#[tokio::test]
async fn of_two_workers_one_has_an_action_and_it_is_found_by_state_and_campaign() {
    let store = store().await;
    let it = action("act-1", Some("cmp-1"));
    assert!(store.put_new_action(&it).await.unwrap());
    assert!(!store.put_new_action(&it).await.unwrap());
    store.put_new_action(&action("act-2", None)).await.unwrap();
    let (mut one, mut two) = (it.clone(), it.clone());
    for worker in [&mut one, &mut two] {
        worker.leased_until = Some(later(60));
    }
    store.claim_action(&mut one).await.unwrap();
    assert_eq!(*store.claim_action(&mut two).await.unwrap_err().kind(), Kind::Conflict);
    one.go_to(ActionState::Approved, start());
    store.save_action(&mut one).await.unwrap();
    let ids = |filter: ActionFilter| {
        let store = store.clone();
        async move {
            let page = store.actions(&acme(), &filter, None, 10).await.unwrap();
            page.items.iter().map(|action| action.id.to_string()).collect::<Vec<_>>()
        }
    };
    assert_eq!(ids(ActionFilter::default()).await, ["act-1", "act-2"]);
    assert_eq!(ids(ActionFilter { state: Some(ActionState::Planned), campaign: None }).await, ["act-2"]);
    assert_eq!(ids(ActionFilter { state: None, campaign: Some(campaign_id()) }).await, ["act-1"]);
    let mut due = Vec::new();
    for shard in keys::shards() {
        due.extend(store.due_actions(shard, start(), 10).await.unwrap());
    }
    assert_eq!(due.len(), 2);
    assert!(store.claim_due_action(&acme(), &it.id, start(), later(60)).await.unwrap());
}

#[tokio::test]
async fn one_action_at_a_time_takes_from_administrators_of_a_site() {
    let store = store().await;
    let (site, elsewhere) = ("cloud-1", "cloud-2");
    let id = |text: &str| ActionId::parse(text).unwrap();
    let (one, two) = (id("act-1"), id("act-2"));
    let take = |site: &'static str, action: ActionId, now: i64| {
        let store = store.clone();
        async move {
            let times = (later(now), later(now + 60));
            store.take_administrators_turn(&acme(), site, &action, times).await.unwrap()
        }
    };
    assert!(take(site, one.clone(), 0).await);
    assert!(!take(site, two.clone(), 59).await);
    assert!(take(elsewhere, two.clone(), 59).await);
    assert!(take(site, one.clone(), 59).await, "its own turn is renewed");
    assert!(take(site, two.clone(), 119).await, "a turn that is over is nobody's");
    store.end_administrators_turn(&acme(), site, &one).await.unwrap();
    store.keep_administrators_turn(&acme(), site, &one, later(500)).await.unwrap();
    assert!(!take(site, one.clone(), 120).await, "nobody ends another one's turn");
    assert!(take(site, one.clone(), 179).await, "nor makes it longer");
    store.keep_administrators_turn(&acme(), site, &one, later(500)).await.unwrap();
    assert!(!take(site, two.clone(), 400).await, "it was kept");
    store.end_administrators_turn(&acme(), site, &one).await.unwrap();
    assert!(take(site, two, 400).await);
}

#[tokio::test]
async fn what_somebody_asks_for_is_counted_over_the_present_hour_and_the_one_before() {
    let store = store().await;
    for (tenant, by, action, at, expected) in [
        (acme(), "tok-1", "act-1", 0, 1),
        (acme(), "tok-1", "act-2", 3500, 2),
        (acme(), "tok-1", "act-2", 3500, 2),
        (acme(), "tok-1", "act-3", 3700, 3),
        (acme(), "tok-2", "act-4", 3700, 1),
        (other(), "tok-1", "act-1", 3700, 1),
        (acme(), "tok-1", "act-5", 7300, 2),
        (acme(), "tok-1", "act-6", 20_000, 1),
    ] {
        let action = ActionId::parse(action).unwrap();
        let counted = store.count_asked(&tenant, by, &action, later(at)).await.unwrap();
        assert_eq!(counted, expected, "{by} {action} at {at}");
    }
}
