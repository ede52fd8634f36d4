//! People: shown, added, changed, and whole lists of them.

use assay::access::Role;
use assay_test_support::http::Ask;
use assay_test_support::world::PUBLIC_URL;
use serde_json::{Value, json};

use super::support::{Browser, House, PROBE, assert_harmless, main_of};

/// All people, as the API tells them.
async fn people(house: &House) -> Vec<Value> {
    house.call("GET", "/v1/people", &Value::Null).await.json()["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn the_list_says_who_works_here_and_an_empty_one_how_people_come_in() {
    let house = House::start().await;
    let empty = house.signed_in(Role::Operator).await.page("/people").await;
    insta::assert_snapshot!("people_empty", main_of(&empty));
    let browser = house.signed_in(Role::Auditor).await;
    let empty = browser.page("/people").await;
    assert!(empty.contains("An operator can import a list") && !empty.contains("/people/import"), "{empty}");
    for (email, name, status) in [
        ("ada@example.com", "Ada", "active"),
        ("ben@example.com", "Ben", "left"),
        ("x@example.com", PROBE, "active"),
    ] {
        let body = json!({ "email": email, "name": name, "status": status, "manager": "ceo@example.com" });
        house.call("POST", "/v1/people", &body).await;
    }
    let page = browser.page("/people").await;
    assert_harmless(&page);
    insta::assert_snapshot!("people", main_of(&page));
    let left = browser.part("/people?status=left", "people").await.text();
    assert!(left.contains("ben@example.com") && !left.contains("ada@example.com"), "{left}");
    let found = browser.page("/people?q=ADA").await;
    assert!(found.contains("ada@example.com") && !found.contains("ben@example.com"));
    assert!(browser.page("/people?q=nobody").await.contains("Nobody is found"));
}

#[tokio::test]
async fn a_person_is_added_changed_and_forgotten() {
    let house = House::start().await;
    let browser = house.signed_in(Role::Operator).await;
    browser.page("/people/new").await;
    let wrong = browser.submit("/people", &[("name", PROBE), ("email", "nobody-knows")]).await;
    assert_eq!(wrong.status, 422);
    assert_harmless(&wrong.text());
    assert!(wrong.text().contains("id=\"error-email\"") && wrong.text().contains("value=\"nobody-knows\""));
    assert_eq!(people(&house).await.len(), 0);

    let fields = [
        ("name", PROBE),
        ("email", "Ada@Example.com"),
        ("end_date", "2026-12-31"),
        ("manager", "b@example.com"),
    ];
    let made = browser.submit("/people", &fields).await;
    let page = browser.follow(&made).await.text();
    assert_harmless(&page);
    insta::assert_snapshot!("person", main_of(&page));
    let path = made.header("location").to_owned();
    assert_eq!(people(&house).await[0]["end_date"], "2026-12-31");

    let fields = [("name", "Ada"), ("email", "ada@example.com"), ("status", "left")];
    let changed = browser.submit(&path, &fields).await;
    assert!(browser.follow(&changed).await.text().contains("The person is changed."));
    let stored = people(&house).await.remove(0);
    assert_eq!(
        (&stored["status"], &stored["end_date"], &stored["manager"]),
        (&json!("left"), &Value::Null, &Value::Null)
    );
    let wrong = browser.submit(&path, &[("name", ""), ("email", "ada@example.com")]).await;
    assert!(wrong.status == 422 && wrong.text().contains("id=\"error-name\""), "{}", wrong.text());

    let drawer = browser.part(&path, "drawer").await.text();
    assert!(drawer.starts_with("<article"), "{drawer}");
    let gone = browser.submit(&format!("{path}/forget"), &[]).await;
    assert!(browser.follow(&gone).await.text().contains("is forgotten"));
    assert_eq!(people(&house).await.len(), 0);
    let read = house.signed_in(Role::Auditor).await.get(&path).await;
    assert_eq!(read.status, 404);
}

#[tokio::test]
async fn a_pasted_list_is_looked_at_taken_in_and_its_bad_rows_are_told_by_line() {
    let house = House::start().await;
    let browser = house.signed_in(Role::Operator).await;
    let ask = browser.page("/people/import").await;
    insta::assert_snapshot!("people_import", main_of(&ask));
    let list = "email,name,team\nada@example.com,Ada,x\nnobody,<b>,x\n";
    let tried = browser.submit("/people/import", &[("list", list), ("dry_run", "on")]).await;
    assert_eq!(tried.status, 200, "{}", tried.text());
    insta::assert_snapshot!("people_import_tried", main_of(&tried.text()));
    assert_eq!(people(&house).await.len(), 0, "a dry run writes nothing");
    let taken = browser.submit("/people/import", &[("list", list)]).await.text();
    assert!(taken.contains("1 added") && taken.contains("1 refused"), "{taken}");
    assert_eq!(people(&house).await.len(), 1);
    let whole = browser.submit("/people/import", &[("list", "email,name\nben@example.com,Ben\n")]).await;
    assert!(browser.follow(&whole).await.text().contains("The list is taken in."));
    let none = browser.submit("/people/import", &[("list", "")]).await;
    assert!(none.status == 422 && none.text().contains("id=\"error-list\""), "{}", none.text());
}

/// Sends a form with a file, as a browser does.
async fn upload(
    browser: &Browser<'_>,
    house: &House,
    mark: &str,
    file: &[u8],
) -> assay_test_support::http::Answer {
    let mut body =
        format!("--xyz\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{mark}\r\n").into_bytes();
    body.extend_from_slice(b"--xyz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"people.csv\"\r\nContent-Type: text/csv\r\n\r\n");
    body.extend_from_slice(file);
    body.extend_from_slice(
        b"\r\n--xyz\r\nContent-Disposition: form-data; name=\"list\"\r\n\r\n\r\n--xyz--\r\n",
    );
    let cookies = browser.cookies.lock().unwrap().clone();
    let cookies: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let ask = Ask::new("POST", "/people/import").header("content-type", "multipart/form-data; boundary=xyz");
    let ask = ask.header("origin", PUBLIC_URL).header("cookie", &cookies.join("; "));
    ask.bytes(body).to(&house.router).await
}

#[tokio::test]
async fn a_file_is_taken_in_whole_and_only_with_the_mark_of_its_form() {
    let house = House::start().await;
    let browser = house.signed_in(Role::Operator).await;
    browser.page("/people/import").await;
    let mark = browser.mark.lock().unwrap().clone();
    let mut list = "email,name\n".to_owned();
    for number in 0..30_000 {
        use std::fmt::Write as _;
        writeln!(
            list,
            "person-{number:06}@a-rather-long-domain.example.com,A Person With A Rather Long Name {number}"
        )
        .unwrap();
    }
    assert!(list.len() > 2 * 1024 * 1024, "longer than an ordinary form may be");
    assert_eq!(upload(&browser, &house, "x.00", b"email,name\na@example.com,A\n").await.status, 403);
    assert_eq!(people(&house).await.len(), 0);
    let small = upload(&browser, &house, &mark, b"email,name\na@example.com,A\n").await;
    assert_eq!(small.header("location"), "/people", "{}", small.text());
    assert_eq!(people(&house).await.len(), 1);
    let broken = upload(&browser, &house, &mark, b"name\nx\n\xff\xfe").await;
    assert_eq!(broken.status, 422, "{}", broken.text());
    let refused = upload(&browser, &house, &mark, &vec![b'x'; 7 * 1024 * 1024]).await;
    assert_eq!(refused.status, 413);
    assert!(refused.text().contains("4 MB"), "{}", refused.text());
    let large = upload(&browser, &house, &mark, list.as_bytes()).await;
    assert!(large.status == 303 || large.text().contains("up to line"), "{}", large.text());
}

#[tokio::test]
async fn all_people_are_exported_as_one_file() {
    let house = House::start().await;
    let mut list = "email,name\n".to_owned();
    for number in 0..2100 {
        use std::fmt::Write as _;
        writeln!(list, "p{number}@example.com,Person {number}").unwrap();
    }
    let browser = house.signed_in(Role::Operator).await;
    browser.page("/people/import").await;
    assert_eq!(browser.submit("/people/import", &[("list", &list)]).await.status, 303);
    let file = house.signed_in(Role::Auditor).await.get("/people/export").await;
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"people.csv\"");
    assert_eq!(file.text().lines().count(), 2101, "one head, and every page of the API");
}
