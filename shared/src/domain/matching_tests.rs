use jiff::Timestamp;

use super::{Index, LOOKED_AT};
use crate::account::{Account, AccountKind, Mark, MatchedBy, Owner, Suggestion};
use crate::ids::{AccountId, ConnectionId, PersonId, TenantId};
use crate::matching::score::Known;
use crate::person::{Details, Person, PersonStatus};

fn now() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn tenant() -> TenantId {
    TenantId::parse("acme").unwrap()
}

fn person(name: &str, email: &str) -> Person {
    let (email, name) = (email.to_owned(), name.to_owned());
    let details = Details { email, name, status: PersonStatus::Active, manager: None, ends_on: None };
    Person::new(tenant(), details, now()).unwrap()
}

fn account(name: &str, email: Option<&str>) -> Account {
    let connection = ConnectionId::parse("con-1").unwrap();
    let id = AccountId::parse("acc-1").unwrap();
    Account {
        kind: AccountKind::Human,
        name: name.to_owned(),
        email: email.map(str::to_owned),
        active: true,
        ..Account::new(tenant(), connection, id, now())
    }
}

/// The best suggestion for an account, among Anna Schmidt and people who share little with her.
fn best(name: &str, email: Option<&str>) -> Option<Suggestion> {
    let people = [
        person("Anna Schmidt", "anna.schmidt@example.com"),
        person("Andrea Schmid", "aschmid@example.com"),
        person("Bernd Müller", "b.mueller@example.com"),
        person("Carla Anna Rossi", "crossi@example.com"),
    ];
    let found = Index::of(&people).match_account(&account(name, email));
    assert_eq!(found.owner, None, "{name}");
    let best = found.suggestions.into_iter().next()?;
    let named = people.iter().find(|person| person.id == best.person).unwrap();
    assert_eq!(named.name, "Anna Schmidt", "{name}: {best:?}");
    Some(best)
}

#[test]
fn an_equal_address_is_a_match_in_any_case_and_nothing_else_is_one() {
    let people = [person("Anna Schmidt", "anna@example.com"), person("Ben", "ben@example.com")];
    let index = Index::of(&people);
    let found = index.match_account(&account("Somebody Else", Some("Anna@Example.com")));
    assert_eq!(found.owner, Some((people[0].id.clone(), MatchedBy::Email)));
    assert_eq!(found.suggestions, vec![]);
    let found = index.match_account(&account("Anna Schmidt", Some("anna@elsewhere.com")));
    assert_eq!(found.owner, None);
    assert_eq!(found.suggestions[0].person, people[0].id);
    assert_eq!(index.match_account(&account("Zoe Quist", Some("zoe@example.com"))), super::Match::default());
}

#[test]
fn an_address_that_two_people_have_is_no_match_but_two_suggestions() {
    let mut other = person("Team Mail", "team@elsewhere.com");
    other.email = "anna@example.com".to_owned();
    let people = [person("Anna Schmidt", "anna@example.com"), other];
    let index = Index::of(&people);
    let found = index.match_account(&account("Support", Some("anna@example.com")));
    assert_eq!(found.owner, None);
    assert_eq!(found.suggestions.len(), 2);
    assert!(found.suggestions.iter().all(|suggestion| suggestion.score < 50), "{:?}", found.suggestions);
    assert_eq!(index.by_email("anna@example.com"), None);
}

#[test]
fn the_same_name_is_suggested_in_any_order_and_with_any_accents_while_addresses_are_hidden() {
    for (name, least, reason) in [
        ("Anna Schmidt", 90, "the same name"),
        ("Schmidt, Anna", 88, "the same name in another order"),
        ("SCHMIDT Anna (External)", 88, "the same name in another order"),
        ("Dr. Ánna Schmidt", 90, "the same name"),
        ("Anna Maria Schmidt", 70, "the same name but for further words"),
        ("A. Schmidt", 50, "the same name, with an initial for one part"),
        ("Anna S.", 50, "the same name, with an initial for one part"),
        ("anna.schmidt", 90, "the same name"),
        ("aschmidt", 50, "the name is made from the person's name and initials"),
        ("annaschmidt", 60, "the name is the first part of the person's e-mail address"),
    ] {
        let best = best(name, None).unwrap_or_else(|| panic!("nobody for {name}"));
        assert!(best.score >= least, "{name}: {best:?}");
        assert_eq!(best.reasons[0], reason, "{name}");
    }
    for nobody in ["Anna", "Schmidt", "Anna Meier", "Bob", "", "as", "S. Schmidt"] {
        assert_eq!(best(nobody, None), None, "{nobody}");
    }
    let index = Index::of([person("Bernd Müller", "bm@example.com")]);
    for name in ["Bernd Mueller", "Bernd Muller", "MÜLLER Bernd"] {
        assert!(index.match_account(&account(name, None)).suggestions[0].score >= 84, "{name}");
    }
}

#[test]
fn an_address_at_another_domain_is_compared_with_name_and_address() {
    for (email, least, reason) in [
        ("anna.schmidt@elsewhere.com", 75, "the e-mail address is made from the person's name"),
        ("schmidt_anna@elsewhere.com", 75, "the e-mail address is made from the person's name"),
        ("annaschmidt@elsewhere.com", 70, "the first part of the e-mail address is the same"),
        ("aschmidt7@elsewhere.com", 55, "the e-mail address is made from the person's name and initials"),
        ("anna.schmidt+jira@example.com", 75, "the e-mail address is made from the person's name"),
    ] {
        let best = best("x", Some(email)).unwrap_or_else(|| panic!("nobody for {email}"));
        assert!(best.score >= least, "{email}: {best:?}");
        assert_eq!(best.reasons[0], reason, "{email}");
    }
    let both = best("Anna Schmidt", Some("aschmidt@elsewhere.com")).unwrap();
    assert!(both.score > 90 && both.reasons.len() >= 2, "reasons add up: {both:?}");
}

#[test]
fn people_who_fit_equally_well_are_each_half_as_likely_and_a_crowd_is_nobody() {
    let two = [person("Anna Schmidt", "anna1@example.com"), person("Anna Schmidt", "as2@example.com")];
    let found = Index::of(&two).match_account(&account("Anna Schmidt", None)).suggestions;
    assert_eq!(found.len(), 2);
    for suggestion in &found {
        assert_eq!(suggestion.score, 45);
        assert!(suggestion.reasons.contains(&"2 people fit equally well".to_owned()), "{suggestion:?}");
    }
    // What tells them apart makes one more likely again.
    let told = Index::of(&two).match_account(&account("Anna Schmidt", Some("as2@elsewhere.com"))).suggestions;
    assert_eq!(told[0].person, two[1].id);
    assert!(told[0].score >= 90 && told[0].score > told[1].score, "{told:?}");
    let crowd: Vec<Person> =
        (0..500).map(|number| person("Test User", &format!("test{number}@example.com"))).collect();
    assert_eq!(Index::of(&crowd).match_account(&account("Test User", None)).suggestions, vec![]);
}

#[test]
fn what_a_person_said_is_never_changed() {
    let other = person("Bo Other", "bo@example.com");
    let index = Index::of([person("Anna Schmidt", "anna@example.com"), other.clone()]);
    let said = other.id;
    let until = "2020-01-01".parse().unwrap();
    for owner in [
        Owner::Person { person: said, by: MatchedBy::Confirmation },
        Owner::Marked {
            mark: Mark::Service,
            reason: "builds".to_owned(),
            ends_on: until,
            by: "tok".to_owned(),
        },
    ] {
        let mut it = account("Anna Schmidt", Some("anna@example.com"));
        it.owner = owner.clone();
        assert!(!index.settle(&mut it));
        assert_eq!(it.owner, owner);
    }
}

#[test]
fn what_was_said_of_a_person_who_is_not_on_the_list_any_more_is_said_of_nobody() {
    let index = Index::of([person("Anna Schmidt", "anna@example.com")]);
    let mut it = account("Zoe Elsewhere", None);
    let gone = PersonId::parse("per-gone").unwrap();
    it.owner = Owner::Person { person: gone, by: MatchedBy::Confirmation };
    assert!(index.settle(&mut it));
    assert_eq!(it.owner, Owner::Unidentified);
}

#[test]
fn an_account_is_settled_once_and_again_when_the_list_changes() {
    let anna = person("Anna Schmidt", "anna@example.com");
    let mut it = account("Anna Schmidt", Some("anna@example.com"));
    let index = Index::of([&anna]);
    assert!(index.settle(&mut it));
    assert_eq!(it.owner, Owner::Person { person: anna.id.clone(), by: MatchedBy::Email });
    assert!(!index.settle(&mut it), "nothing is new");
    let moved = Person { email: "anna@new.example.com".to_owned(), ..anna };
    assert!(Index::of([&moved]).settle(&mut it));
    assert_eq!((it.owner.clone(), it.suggestions.len()), (Owner::Unidentified, 1));
    assert!(Index::of(Vec::<Person>::new()).settle(&mut it));
    assert_eq!(it.suggestions, vec![]);
}

#[test]
fn neither_apps_nor_erased_accounts_get_suggestions() {
    let index = Index::of([person("Anna Schmidt", "anna@example.com")]);
    let app = Account { kind: AccountKind::App, ..account("Anna Schmidt", None) };
    assert_eq!(index.match_account(&app).suggestions, vec![]);
    let erased = Account { erased_at: Some(now()), ..account("Anna Schmidt", Some("anna@example.com")) };
    assert_eq!(index.match_account(&erased), super::Match::default());
}

#[test]
fn a_hundred_thousand_people_are_asked_by_a_few_look_ups() {
    let people = (0..100_000_u32).map(|number| {
        let (first, last) = (number % 317, number / 317);
        let name = format!("First{} Last{}", word(first), word(last));
        person(&name, &format!("p{number}@example.com"))
    });
    let index = Index::of(people);
    assert_eq!(index.len(), 100_000);
    // 16 bytes each.
    assert!(index.found_by.len() <= 13 * index.len(), "{} keys", index.found_by.len());
    for number in (0..100_000).step_by(997) {
        let name = format!("Last{}, First{}", word(number / 317), word(number % 317));
        let it = account(&name, None);
        let found = index.match_account(&it).suggestions;
        assert_eq!(found[0].score, 88, "{name}: {found:?}");
        let looked_at = index.candidates(&Known::of(&it)).len();
        assert!(looked_at <= 6 * LOOKED_AT, "{looked_at} people were looked at for {name}");
    }
}

/// A number as letters.
fn word(number: u32) -> String {
    number.to_string().bytes().map(|digit| char::from(digit - b'0' + b'a')).collect()
}
