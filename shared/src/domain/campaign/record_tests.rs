use serde_json::Value;

use super::{Broken, Chain, Record, SignedRecord, canonical, verify};
use crate::campaign::tests::{campaign, in_group, in_role, item, now, of_product, said};
use crate::campaign::{Campaign, CarriedOut, Choice, Closing, Item, Scope};
use crate::evidence::Gap;
use crate::random::CountingRandom;
use crate::signing::SigningKey;

fn sealed_items() -> Vec<Item> {
    let mut items = vec![
        item("acc-1", in_group("g-dev")),
        item("acc-1", in_role("1", "10")),
        item("acc-2", of_product("desk")),
    ];
    items[0].decide(&said(Choice::Keep, Some("needed: \"é\"\n")), "tok-1", now()).unwrap();
    items[1].decide(&said(Choice::Revoke, Some("left")), "tok-1", now()).unwrap();
    items[2].decide(&said(Choice::Keep, None), "tok-1", now()).unwrap();
    items[0].seal(None);
    items[1].seal(Some(CarriedOut::Done));
    items[2].seal(None);
    items
}

fn key() -> SigningKey {
    SigningKey::from_seed(&SigningKey::new_seed(&CountingRandom::default()).unwrap()).unwrap()
}

fn closed(campaign: &Campaign, items: &[Item]) -> SignedRecord {
    let mut closing = Closing::begin("tok-admin", false, now());
    let mut chain = Chain::default();
    for item in items {
        chain.add(&item.digested().unwrap());
        closing.counts.count(item.choice, item.carried_out);
    }
    closing.chain = chain;
    Record::of(campaign, &closing).sign(&key()).unwrap()
}

fn digested(items: &[Item]) -> Vec<Value> {
    items.iter().map(|item| item.digested().unwrap()).collect()
}

#[test]
fn any_changed_byte_of_any_item_is_found() {
    let items = sealed_items();
    let signed = closed(&campaign(Scope::All {}), &items);
    let trusted = key().public_key();
    assert_eq!(verify(&signed, &trusted, digested(&items)), Ok(()));
    // Every byte of every exported item, turned into another one; what is no JSON any more cannot be taken for an item.
    let mut changed = 0;
    for (place, item) in digested(&items).iter().enumerate() {
        let text = canonical(item);
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'1' { b'2' } else { b'1' };
            let Ok(other) = serde_json::from_slice::<Value>(&bytes) else { continue };
            let mut all = digested(&items);
            all[place] = other;
            assert!(verify(&signed, &trusted, all).is_err(), "byte {at} of item {place}: {text}");
            changed += 1;
        }
    }
    assert!(changed > 500, "{changed}");
    let mut swapped = digested(&items);
    swapped.swap(0, 1);
    assert_eq!(verify(&signed, &trusted, swapped), Err(Broken::Items));
    let missing = digested(&items[1..]);
    assert!(matches!(verify(&signed, &trusted, missing), Err(Broken::Counts { .. })));
}

#[test]
fn any_changed_byte_of_the_record_is_found_and_so_is_another_key() {
    let items = sealed_items();
    let signed = closed(&campaign(Scope::All {}), &items);
    let trusted = key().public_key();
    let text = serde_json::to_string(&signed).unwrap();
    let mut changed = 0;
    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] = if bytes[at] == b'1' { b'2' } else { b'1' };
        let Ok(other) = serde_json::from_slice::<SignedRecord>(&bytes) else { continue };
        if other != signed {
            assert!(verify(&other, &trusted, digested(&items)).is_err(), "byte {at} of {text}");
            changed += 1;
        }
    }
    assert!(changed > 200, "{changed}");
    let mut more = serde_json::to_value(&signed).unwrap();
    more["record"]["note"] = "and all is well".into();
    assert!(serde_json::from_value::<SignedRecord>(more).is_err(), "what is added is not passed over");
    let random = CountingRandom::default();
    SigningKey::new_seed(&random).unwrap();
    let other = SigningKey::from_seed(&SigningKey::new_seed(&random).unwrap()).unwrap();
    let forged = signed.record.clone().sign(&other).unwrap();
    assert_eq!(verify(&forged, &trusted, digested(&items)), Err(Broken::OtherKey));
}

#[test]
fn only_a_whole_directory_decided_and_carried_out_to_the_end_makes_a_record_complete() {
    let items = sealed_items();
    let whole = campaign(Scope::All {});
    assert!(closed(&whole, &items).record.complete);
    let mut partial = whole.clone();
    partial.lacks(vec![Gap::Short { read: 3, counted: 4 }, Gap::Stale { age: 1 }, Gap::Stale { age: 2 }]);
    assert_eq!(partial.gaps.len(), 2);
    let signed = closed(&partial, &items);
    assert!(!signed.record.complete && signed.record.gaps == partial.gaps);
    let mut undone = items.clone();
    undone[1].carried_out = Some(CarriedOut::NotDone);
    assert!(!closed(&whole, &undone).record.complete);
    let mut changed = items.clone();
    changed[1].choice = Choice::Change;
    assert!(closed(&whole, &changed).record.complete, "the account does not hold it any more");
    changed[1].carried_out = Some(CarriedOut::NotDone);
    assert!(!closed(&whole, &changed).record.complete);
    let mut undecided = items;
    undecided.push(item("acc-3", in_group("g-dev")));
    assert!(!closed(&whole, &undecided).record.complete);
    assert!(!closed(&whole, &[]).record.complete, "a review of nothing proves nothing");
}
