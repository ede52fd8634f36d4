use jiff::Timestamp;
use serde_json::value::to_raw_value;
use serde_json::{Value, json};

use super::{Deed, embedded};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// So many entries, one on each day, the newest of them on the 31st of March.
fn entries(count: i64) -> Vec<Value> {
    let newest = at("2026-03-31T10:00:00Z");
    let day = |number: i64| newest - jiff::SignedDuration::from_hours(24 * number);
    (0..count).map(|number| json!({ "author": { "accountId": "a" }, "created": day(number) })).collect()
}

fn page(histories: &[Value], total: &Value) -> Value {
    json!({ "startAt": 0, "maxResults": histories.len(), "total": total, "histories": histories })
}

fn read(changelog: &Value, since: &str) -> (Vec<Deed>, bool) {
    embedded(Some(&to_raw_value(changelog).unwrap()), at(since))
}

/// Before all entries.
const LONG_AGO: &str = "2020-01-01T00:00:00Z";

#[test]
fn a_history_is_whole_with_all_of_its_entries() {
    let (deeds, whole) = read(&page(&entries(3), &json!(3)), LONG_AGO);
    let days: Vec<String> = deeds.iter().map(|deed| deed.at.strftime("%d").to_string()).collect();
    assert_eq!((days, whole), (vec!["31".to_owned(), "30".to_owned(), "29".to_owned()], true));
    assert_eq!(read(&page(&[], &json!(0)), LONG_AGO), (Vec::new(), true));
    let (deeds, whole) = read(&page(&entries(3), &json!(4)), LONG_AGO);
    assert_eq!((deeds.len(), whole), (3, false), "there is another one");
    assert!(read(&page(&entries(39), &json!(39)), LONG_AGO).1);
    assert!(!read(&page(&entries(40), &json!(40)), LONG_AGO).1, "the total may be that of the page");
}

#[test]
fn a_history_is_whole_for_its_purpose_when_its_oldest_told_entry_is_too_old() {
    let long = page(&entries(40), &json!(5000));
    // The oldest of the forty is of the 20th of February.
    assert!(read(&long, "2026-02-20T10:00:01Z").1);
    assert!(!read(&long, "2026-02-20T10:00:00Z").1, "another one may be of the same moment");
    let mut oldest_first = entries(40);
    oldest_first.reverse();
    assert!(!read(&page(&oldest_first, &json!(5000)), "2026-03-01T00:00:00Z").1, "the newest are missing");
    let mut astray = entries(40);
    astray.swap(0, 1);
    assert!(!read(&page(&astray, &json!(5000)), "2026-03-01T00:00:00Z").1);
}

#[test]
fn a_history_that_is_missing_or_makes_no_sense_is_not_whole_and_no_error() {
    assert_eq!(embedded(None, at(LONG_AGO)), (Vec::new(), false));
    let mut broken = entries(2);
    broken[1]["created"] = json!("soon");
    let mut later = page(&entries(2), &json!(2));
    later["startAt"] = json!(1);
    for odd in [
        Value::Null,
        json!("changelog"),
        json!({ "histories": [] }),
        json!({ "total": 0 }),
        page(&entries(2), &Value::Null),
        page(&entries(2), &json!(-1)),
        page(&broken, &json!(2)),
        later,
    ] {
        assert!(!read(&odd, LONG_AGO).1, "{odd}");
    }
}
