//! What is written is read back as the same value, in whatever way Jira writes it.

use proptest::prelude::*;

use super::*;

fn moment() -> impl Strategy<Value = jiff::Timestamp> {
    // From 1900 to 2200, in microseconds.
    (-2_208_988_800_000_000_i64..7_258_118_400_000_000)
        .prop_map(|microseconds| jiff::Timestamp::from_microsecond(microseconds).unwrap())
}

fn account() -> impl Strategy<Value = AccountId> {
    "[a-z0-9:-]{1,20}".prop_map(|id| AccountId::parse(&id).unwrap())
}

fn ids() -> impl Strategy<Value = BTreeSet<String>> {
    prop::collection::btree_set("[0-9]{1,6}", 0..5)
}

fn number() -> impl Strategy<Value = serde_json::Number> {
    prop_oneof![
        any::<i32>().prop_map(serde_json::Number::from),
        any::<i32>().prop_map(|it| serde_json::Number::from_f64(f64::from(it)).unwrap()),
        any::<i32>().prop_map(|it| serde_json::Number::from_f64(f64::from(it) / 8.0).unwrap()),
    ]
}

fn any_value() -> impl Strategy<Value = FieldValue> {
    prop_oneof![
        ".{0,300}".prop_map(FieldValue::Line),
        prop::collection::vec("[\\PC\n\t ]{0,40}", 0..5).prop_map(FieldValue::Paragraphs),
        number().prop_map(FieldValue::Number),
        moment().prop_map(|it| FieldValue::Date(it.to_zoned(jiff::tz::TimeZone::UTC).date())),
        moment().prop_map(FieldValue::DateTime),
        "[0-9]{1,6}".prop_map(FieldValue::Option),
        ids().prop_map(FieldValue::Options),
        ("[0-9]{1,6}", prop::option::of("[0-9]{1,6}"))
            .prop_map(|(option, below)| FieldValue::Cascading { option, below }),
        account().prop_map(FieldValue::User),
        prop::collection::btree_set(account(), 0..4).prop_map(FieldValue::Users),
        "[a-z0-9-]{1,36}".prop_map(FieldValue::Group),
        ids().prop_map(FieldValue::Groups),
        "[0-9]{1,6}".prop_map(FieldValue::Priority),
        "[0-9]{1,6}".prop_map(FieldValue::Version),
        ids().prop_map(FieldValue::Versions),
        ids().prop_map(FieldValue::Components),
        prop::collection::btree_set(".{0,20}", 0..4).prop_map(FieldValue::Labels),
        "[0-9]{1,6}".prop_map(|id| FieldValue::Parent(IssueId::parse(&id).unwrap())),
        any::<u32>().prop_map(|id| FieldValue::Sprint(u64::from(id))),
    ]
}

/// What was written as an issue shows it: with more members, in another order, at another offset.
fn as_shown(value: &FieldValue, written: &Value) -> Value {
    let more = |written: &Value| {
        let mut shown = written.clone();
        let members = shown.as_object_mut().unwrap();
        members.insert("self".to_owned(), json!("https://demo.atlassian.net/rest/api/3/thing"));
        members.insert("name".to_owned(), json!("A name"));
        shown
    };
    let account = |written: &Value| json!({ "accountId": written["id"], "displayName": "Mia" });
    let each = |one: &dyn Fn(&Value) -> Value| {
        let shown: Vec<Value> = written.as_array().unwrap().iter().rev().map(one).collect();
        if shown.is_empty() { Value::Null } else { json!(shown) }
    };
    match value {
        FieldValue::Number(number) => json!(number.as_f64()),
        FieldValue::DateTime(moment) => {
            let there = moment.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(-7)));
            json!(there.strftime("%Y-%m-%dT%H:%M:%S.%3f%z").to_string())
        }
        FieldValue::Option(_)
        | FieldValue::Priority(_)
        | FieldValue::Version(_)
        | FieldValue::Group(_)
        | FieldValue::Cascading { .. }
        | FieldValue::Parent(_) => more(written),
        FieldValue::Options(_)
        | FieldValue::Versions(_)
        | FieldValue::Components(_)
        | FieldValue::Groups(_) => each(&more),
        FieldValue::User(_) => account(written),
        FieldValue::Users(_) => each(&account),
        FieldValue::Sprint(id) => {
            json!([{ "id": 1, "state": "closed" }, { "id": id, "state": "future" }])
        }
        FieldValue::Paragraphs(_) => {
            let mut shown = written.clone();
            for block in shown["content"].as_array_mut().unwrap() {
                block["attrs"] = json!({ "localId": "1b2c" });
            }
            shown
        }
        FieldValue::Line(_) | FieldValue::Date(_) | FieldValue::Labels(_) => written.clone(),
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back_as_the_same_value(raw in any_value()) {
        let Some(value) = raw.normal() else { return Ok(()) };
        prop_assert_eq!(value.clone().normal(), Some(value.clone()), "its form is the last");
        let written = written(&value);
        let shown = as_shown(&value, &written);
        prop_assert_eq!(read(Some(&shown), &value), Shown::Value(value.clone()), "{}", shown);
        let stored: FieldValue = serde_json::from_str(&serde_json::to_string(&value).unwrap()).unwrap();
        prop_assert_eq!(stored, value);
    }
}

fn paragraphs(texts: &[&str]) -> FieldValue {
    FieldValue::Paragraphs(texts.iter().map(|text| (*text).to_owned()).collect())
}

#[test]
fn values_are_written_as_jira_takes_them() {
    let moment = "2026-01-02T04:04:05+01:00".parse().unwrap();
    let below = |below: Option<&str>| FieldValue::Cascading {
        option: "1".to_owned(),
        below: below.map(str::to_owned),
    };
    for (value, expected) in [
        (FieldValue::DateTime(moment), json!("2026-01-02T03:04:05.000+0000")),
        (FieldValue::Date("2026-01-02".parse().unwrap()), json!("2026-01-02")),
        (below(None), json!({ "id": "1" })),
        (below(Some("2")), json!({ "id": "1", "child": { "id": "2" } })),
        (FieldValue::User(AccountId::parse("acc-1").unwrap()), json!({ "id": "acc-1" })),
        (FieldValue::Groups(["g".to_owned()].into()), json!([{ "groupId": "g" }])),
        (FieldValue::Sprint(7), json!(7)),
        (FieldValue::Labels(["a".to_owned()].into()), json!(["a"])),
    ] {
        assert_eq!(written(&value), expected, "{value:?}");
    }
    assert_eq!(written(&paragraphs(&["a"]))["content"][0]["content"][0]["text"], "a");
}

#[test]
fn what_a_person_wrote_is_another_value_or_none_of_ours() {
    let document = |marks: Value| {
        let text = json!({ "type": "text", "text": "a", "marks": marks });
        json!({ "type": "doc", "version": 1, "content": [{ "type": "paragraph", "content": [text] }] })
    };
    let ours = paragraphs(&["ours"]);
    assert_eq!(read(Some(&document(json!([]))), &ours), Shown::Value(paragraphs(&["a"])));
    assert_eq!(read(Some(&document(json!([{ "type": "strong" }]))), &ours), Shown::Other);
    let empty = json!({ "type": "doc", "version": 1, "content": [{ "type": "paragraph", "content": [] }] });
    assert_eq!(read(Some(&empty), &ours), Shown::Nothing);
    let option = FieldValue::Option("1".to_owned());
    for (shown, expected) in [
        (None, Shown::Nothing),
        (Some(Value::Null), Shown::Nothing),
        (Some(json!({ "id": "2", "value": "High" })), Shown::Value(FieldValue::Option("2".to_owned()))),
        (Some(json!("High")), Shown::Other),
    ] {
        assert_eq!(read(shown.as_ref(), &option), expected, "{shown:?}");
    }
}

#[test]
fn of_several_sprints_the_active_one_counts_else_the_last() {
    let sprint = |id: u64, state: &str| json!({ "id": id, "state": state });
    let like = FieldValue::Sprint(1);
    let active = json!([sprint(1, "closed"), sprint(2, "active"), sprint(3, "closed")]);
    assert_eq!(read(Some(&active), &like), Shown::Value(FieldValue::Sprint(2)));
    let closed = json!([sprint(1, "closed"), sprint(3, "closed")]);
    assert_eq!(read(Some(&closed), &like), Shown::Value(FieldValue::Sprint(3)));
}

#[test]
fn a_text_that_is_longer_than_jira_takes_is_known_again_although_it_was_cut() {
    let long = paragraphs(&["a", &"b".repeat(40_000)]);
    let shown = written(&long);
    assert_eq!(read(Some(&shown), &long), Shown::Value(long));
}
