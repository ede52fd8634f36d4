//! People: one by one, and whole lists in and out.

use std::fmt::Write as _;
use std::io::Write as _;

use assay::clock::after;
use assay_test_support::http::{Answer, Ask};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::support::{House, assert_problem};

/// The counts of an answer: new, changed, as they were, refused.
fn counts(answer: &Answer) -> [u64; 4] {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let taken = answer.json();
    ["created", "changed", "unchanged", "refused"].map(|field| taken[field].as_u64().unwrap())
}

/// A list of this many people.
fn list(count: usize) -> String {
    let mut list = "email,name,status\n".to_owned();
    for number in 0..count {
        writeln!(list, "p{number:05}@example.com,Person {number},active").unwrap();
    }
    list
}

fn packed(text: &str) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(text.as_bytes()).unwrap();
    packer.finish().unwrap()
}

#[tokio::test]
async fn a_person_is_made_changed_and_forgotten_and_keeps_the_identifier() {
    let house = House::start().await;
    let body = json!({ "email": "Anna@Example.com", "name": " Anna Schmidt ", "manager": "ben@example.com" });
    let made = house.call("POST", "/v1/people", &body).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json();
    assert_eq!((&made["email"], &made["name"]), (&json!("anna@example.com"), &json!("Anna Schmidt")));
    assert_problem(&house.call("POST", "/v1/people", &body).await, 409, None);
    let path = format!("/v1/people/{}", made["id"].as_str().unwrap());
    let change = json!({ "email": "a.schmidt@example.com", "manager": null, "end_date": "2026-12-31" });
    let changed = house.call("PATCH", &path, &change).await.json();
    assert_eq!(changed["id"], made["id"], "{changed}");
    assert_eq!((&changed["manager"], &changed["end_date"]), (&Value::Null, &json!("2026-12-31")));
    assert_eq!(changed, house.get(&path).await.json());
    let before = house.state().await;
    assert_eq!(house.call("PATCH", &path, &change).await.json(), changed, "nothing is new");
    assert_eq!(house.state().await, before);
    assert_eq!(house.call("DELETE", &path, &json!({})).await.status, 204);
    assert_problem(&house.get(&path).await, 404, None);
    assert_problem(&house.call("DELETE", &path, &json!({})).await, 404, None);
    // The address is free again.
    house.person("a.schmidt@example.com", "Another").await;
    assert_eq!(house.list("/v1/people?status=left").await.len(), 0);
    assert_eq!(house.list("/v1/people?status=active").await.len(), 1);
}

#[tokio::test]
async fn a_part_of_a_person_that_breaks_a_rule_is_named_and_not_said_again() {
    let house = House::start().await;
    let id = house.person("anna@example.com", "Anna").await;
    for (body, field) in [
        (json!({ "email": "nobody-knows" }), "email"),
        (json!({ "name": "" }), "name"),
        (json!({ "name": "x".repeat(201) }), "name"),
        (json!({ "manager": "nobody-knows" }), "manager"),
        (json!({ "manager": "anna@example.com" }), "manager"),
        (json!({ "status": "fired" }), "status"),
        (json!({ "end_date": "31.12.2026" }), "end_date"),
    ] {
        let answer = house.call("PATCH", &format!("/v1/people/{id}"), &body).await;
        assert_problem(&answer, 422, Some(field));
        assert!(!answer.text().contains("nobody-knows"), "{}", answer.text());
    }
}

#[tokio::test]
async fn an_address_is_one_persons_at_a_time_and_a_list_finds_who_was_given_another_one() {
    let house = House::start().await;
    let anna = house.person("anna@example.com", "Anna").await;
    let ben = house.person("ben@example.com", "Ben").await;
    let patch = async |id: &str, email: &str| {
        house.call("PATCH", &format!("/v1/people/{id}"), &json!({ "email": email })).await
    };
    assert_problem(&patch(&ben, "anna@example.com").await, 409, None);
    assert_eq!(patch(&anna, "new@example.com").await.status, 200);
    assert_problem(&patch(&ben, "new@example.com").await, 409, None);
    assert_problem(&patch(&ben, "anna@example.com").await, 409, None);
    let taken = house.import("", "email,name\nnew@example.com,Anna Anew\nanna@example.com,Who\n").await;
    assert_eq!(counts(&taken), [0, 1, 0, 1], "{}", taken.text());
    assert_eq!(taken.json()["bad_rows"][0]["line"], 3);
    assert_eq!(house.get(&format!("/v1/people/{anna}")).await.json()["name"], "Anna Anew");
    assert_eq!(patch(&anna, "anna@example.com").await.status, 200, "back again");
    assert_eq!(counts(&house.import("", "email,name\nanna@example.com,Anna Anew\n").await), [0, 0, 1, 0]);
}

#[tokio::test]
async fn a_list_is_taken_in_once_however_often_it_is_sent() {
    let house = House::start().await;
    let mut text = "\u{feff}Name;Email;Status;Manager;End_Date;Team\r\n".to_owned();
    text.push_str("\"Schmidt; Anna\";anna@example.com;active;ben@example.com;2026-12-31;x\r\n");
    text.push_str("Ben;BEN@example.com;left;;;y\r\n;;;;;\r\nnobody;none;;;;\r\n");
    let first = house.import("?dry_run=true", text.clone()).await;
    assert_eq!(counts(&first), [2, 0, 0, 1], "{}", first.text());
    assert_eq!(house.list("/v1/people").await.len(), 0, "a dry run writes nothing");
    let first = house.import("", text.clone()).await;
    assert_eq!(counts(&first), [2, 0, 0, 1]);
    let taken = first.json();
    assert_eq!((&taken["complete"], &taken["read_to_line"]), (&json!(true), &json!(5)));
    assert_eq!(taken["unknown_columns"], json!(["team"]));
    assert_eq!(taken["bad_rows"][0]["line"], 5, "{taken}");
    let before = house.state().await;
    assert_eq!(counts(&house.import("", text).await), [0, 0, 2, 1]);
    assert_eq!(house.state().await, before, "the same list wrote again");
    // A column that is not there changes nothing; an empty cell takes the value away.
    assert_eq!(counts(&house.import("", "email,name\nben@example.com,Ben\n").await), [0, 0, 1, 0]);
    let list = "email,name,manager\nanna@example.com,\"Schmidt; Anna\",\n";
    assert_eq!(counts(&house.import("", list).await), [0, 1, 0, 0]);
    let people = house.list("/v1/people").await;
    let anna = people.iter().find(|person| person["email"] == "anna@example.com").unwrap();
    assert_eq!((&anna["manager"], &anna["end_date"]), (&Value::Null, &json!("2026-12-31")));
    let ben = people.iter().find(|person| person["email"] == "ben@example.com").unwrap();
    assert_eq!(ben["status"], "left");
}

#[tokio::test]
async fn a_list_is_taken_in_packed_and_refused_where_it_is_damaged_or_too_long() {
    let house = House::start().await;
    let ask = || Ask::new("POST", "/v1/people/import").token(Some(&house.admin));
    let gzip = |body: Vec<u8>| {
        ask().header("content-type", "text/csv; charset=UTF-8").header("content-encoding", "gzip").bytes(body)
    };
    let body = packed(&list(250));
    assert_eq!(counts(&house.send(gzip(body.clone())).await), [250, 0, 0, 0]);
    let cut = house.send(gzip(body[..body.len() - 20].to_vec())).await.json();
    assert_eq!((&cut["complete"], &cut["stopped"]), (&json!(false), &json!("damaged")), "{cut}");
    assert_problem(&house.send(gzip(b"email,name\n".to_vec())).await, 422, Some("body"));
    let before = house.state().await;
    // A megabyte of nothing takes a kilobyte; 65 of them are more than is read.
    let bomb = packed(&format!("email,name\n{}", "a\n".repeat(33 * 1024 * 1024)));
    assert!(bomb.len() < 1024 * 1024);
    let answer = house.send(gzip(bomb)).await.json();
    assert_eq!(answer["complete"], false, "{answer}");
    for (kind, encoding, field) in [
        ("application/json", "", "Content-Type"),
        ("text/csv; charset=utf-16", "", "Content-Type"),
        ("text/csv", "br", "Content-Encoding"),
    ] {
        let ask = ask().header("content-type", kind);
        let ask = if encoding.is_empty() { ask } else { ask.header("content-encoding", encoding) };
        assert_problem(&house.send(ask.bytes("email,name\n")).await, 415, Some(field));
    }
    assert_problem(&house.import("", "x".repeat(6 * 1024 * 1024 + 1)).await, 413, Some("body"));
    assert_problem(&house.import("", "").await, 422, Some("body"));
    assert_problem(&house.import("?from_line=x", "email,name\n").await, 422, Some("from_line"));
    assert_eq!(house.state().await, before);
}

#[tokio::test]
async fn a_list_that_there_was_no_time_for_goes_on_where_it_ended() {
    let house = House::start().await;
    let text = list(1000);
    let deadline = &house.world.access.deadline;
    deadline.set(house.world.time.now());
    let none = house.import("", text.clone()).await;
    assert_eq!(counts(&none), [0, 0, 0, 0]);
    assert_eq!((&none.json()["stopped"], &none.json()["read_to_line"]), (&json!("time"), &json!(0)));
    deadline.set(after(house.world.time.now(), 60));
    let rest = house.import("?from_line=902", text.clone()).await;
    assert_eq!(counts(&rest), [100, 0, 0, 0], "{}", rest.text());
    let whole = house.import("", text).await;
    assert_eq!(counts(&whole), [900, 0, 100, 0]);
    assert_eq!((&whole.json()["rows"], &whole.json()["read_to_line"]), (&json!(1000), &json!(1001)));
}

#[tokio::test]
async fn the_first_thousand_bad_rows_are_told_and_all_are_counted() {
    let house = House::start().await;
    let mut text = list(3);
    text.push_str(&"nobody,Nobody,active\n".repeat(1500));
    let answer = house.import("", text).await;
    assert_eq!(counts(&answer), [3, 0, 0, 1500]);
    let bad = answer.json()["bad_rows"].as_array().unwrap().clone();
    assert_eq!((bad.len(), &bad[0]["line"], &bad[999]["line"]), (1000, &json!(5), &json!(1004)));
}

/// All pages of an export, one behind the other.
async fn export(house: &House, path: &str) -> (String, usize) {
    let (mut text, mut next, mut pages) = (String::new(), Some(path.to_owned()), 0);
    while let Some(path) = next.take() {
        let answer = house.get(&path).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
        text.push_str(&answer.text());
        pages += 1;
        let link = answer.header("link");
        if !link.is_empty() {
            next = Some(link.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap().to_owned());
        }
    }
    (text, pages)
}

#[tokio::test]
async fn what_is_exported_is_harmless_in_a_spreadsheet_and_comes_in_again_as_it_was() {
    let house = House::start().await;
    for (email, name) in [
        ("=cmd@example.com", "=HYPERLINK(\"http://x\",\"y\")"),
        ("+a@example.com", "+1"),
        ("-b@example.com", "-1"),
        ("c@example.com", "@SUM(A1)"),
        ("d@example.com", "'=1"),
        ("e@example.com", "O'Neil, \"Sinéad\""),
    ] {
        house.person(email, name).await;
    }
    let (text, _) = export(&house, "/v1/people/export").await;
    assert!(text.starts_with("email,name,status,manager,end_date\r\n"), "{text}");
    for line in text.lines() {
        for cell in line.split(',') {
            assert!(!cell.trim_start_matches('"').starts_with(['=', '+', '-', '@']), "{line}");
        }
    }
    let before = house.state().await;
    assert_eq!(counts(&house.import("", text.clone()).await), [0, 0, 6, 0], "{text}");
    assert_eq!(house.state().await, before);
}

#[tokio::test]
async fn an_export_of_many_people_comes_in_pages_that_make_one_list() {
    let house = House::start().await;
    assert_eq!(counts(&house.import("", list(2100)).await), [2100, 0, 0, 0]);
    let (text, pages) = export(&house, "/v1/people/export").await;
    assert_eq!((text.lines().count(), pages), (2101, 2));
    assert_eq!(counts(&house.import("", text).await), [0, 0, 2100, 0]);
    assert_problem(&house.get("/v1/people/export?cursor=x.y").await, 422, Some("cursor"));
}

#[tokio::test]
async fn people_are_found_by_their_address_or_by_text() {
    let house = House::start().await;
    let anna = house.person("anna@example.com", "Anna Schmidt").await;
    house.person("ben@example.com", "Ben Schmidt").await;
    assert_eq!(counts(&house.import("", list(450)).await), [450, 0, 0, 0]);
    let found = house.list("/v1/people?email=ANNA%40example.com").await;
    assert_eq!((found.len(), &found[0]["id"]), (1, &json!(anna)));
    assert_eq!(house.list("/v1/people?email=nobody%40example.com").await.len(), 0);
    assert_eq!(house.list("/v1/people?email=anna%40example.com&status=left").await.len(), 0);
    assert_eq!(house.list("/v1/people?q=schmidt").await.len(), 2);
    let (mut seen, mut next) = (0, Some("/v1/people?q=PERSON&limit=200".to_owned()));
    while let Some(path) = next {
        let page = house.get(&path).await.json();
        seen += page["items"].as_array().unwrap().len();
        next = page["next_cursor"].as_str().map(|it| format!("/v1/people?q=PERSON&limit=200&cursor={it}"));
    }
    assert_eq!(seen, 450);
    assert_problem(&house.get("/v1/people?q=%20").await, 422, Some("q"));
}
