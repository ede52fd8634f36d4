use std::collections::BTreeSet;

use super::{acme, other, start, store};
use crate::error::Kind;
use crate::ids::TenantId;
use crate::person::{Details, Person, PersonStatus, id_of};

fn person(tenant: &TenantId, email: &str) -> Person {
    let details = Details {
        email: email.to_owned(),
        name: "Anna Schmidt".to_owned(),
        status: PersonStatus::Active,
        manager: None,
        ends_on: None,
    };
    Person::new(tenant.clone(), details, start()).unwrap()
}

#[tokio::test]
async fn a_person_is_put_once_and_saved_by_version() {
    let store = store().await;
    let mut anna = person(&acme(), "anna@example.com");
    assert!(store.put_new_person(&anna).await.unwrap());
    assert!(!store.put_new_person(&anna).await.unwrap());
    let mut stale = anna.clone();
    anna.name = "Anna Meier".to_owned();
    store.save_person(&mut anna).await.unwrap();
    stale.name = "Anna Huber".to_owned();
    assert_eq!(*store.save_person(&mut stale).await.unwrap_err().kind(), Kind::Conflict);
    assert_eq!(store.person(&acme(), &anna.id).await.unwrap(), Some(anna.clone()));
    assert_eq!(store.person(&other(), &anna.id).await.unwrap(), None);
    assert!(store.delete_person(&acme(), &anna.id).await.unwrap());
    assert!(!store.delete_person(&acme(), &anna.id).await.unwrap());
}

#[tokio::test]
async fn all_people_of_a_tenant_are_gone_through_once_and_nobody_else() {
    let store = store().await;
    let mut ids = BTreeSet::new();
    for number in 0..250 {
        let mut it = person(&acme(), &format!("p{number}@example.com"));
        it.status = if number % 5 == 0 { PersonStatus::Left } else { PersonStatus::Active };
        assert!(store.put_new_person(&it).await.unwrap());
        ids.insert(it.id);
    }
    store.put_new_person(&person(&other(), "p0@example.com")).await.unwrap();
    store
        .note_address(&acme(), &id_of(&acme(), "x@example.com").unwrap(), ids.first().unwrap())
        .await
        .unwrap();
    let all = store.all_persons(&acme()).await.unwrap();
    assert_eq!(all.iter().map(|it| it.id.clone()).collect::<BTreeSet<_>>(), ids);
    let (walked, next) = store.persons_behind(&acme(), Some(&all[99].id)).await.unwrap();
    assert_eq!((walked.as_slice(), next), (&all[100..], None));
    assert_eq!(store.persons_of(&acme(), &ids).await.unwrap().len(), 250);
    let left = store.persons(&acme(), Some(PersonStatus::Left), None, 200).await.unwrap();
    assert_eq!((left.items.len(), left.next), (50, None));
    let page = store.persons(&acme(), None, None, 200).await.unwrap();
    let rest = store.persons(&acme(), None, page.next.as_deref(), 200).await.unwrap();
    assert_eq!((page.items.len(), rest.items.len(), rest.next), (200, 50, None));
}

#[tokio::test]
async fn an_address_that_was_given_later_is_one_persons_alone() {
    let store = store().await;
    let (anna, ben) = (person(&acme(), "anna@example.com").id, person(&acme(), "ben@example.com").id);
    let made = id_of(&acme(), "new@example.com").unwrap();
    assert!(store.note_address(&acme(), &made, &anna).await.unwrap());
    assert!(store.note_address(&acme(), &made, &anna).await.unwrap(), "the same again");
    assert!(!store.note_address(&acme(), &made, &ben).await.unwrap());
    assert_eq!(store.person_addresses(&acme()).await.unwrap(), [(made.clone(), anna.clone())].into());
    assert_eq!(store.person_of_address(&acme(), &made).await.unwrap(), Some(anna));
    assert_eq!(store.person_of_address(&other(), &made).await.unwrap(), None);
    assert!(store.person_addresses(&other()).await.unwrap().is_empty());
    store.forget_address(&acme(), &made).await.unwrap();
    assert!(store.note_address(&acme(), &made, &ben).await.unwrap());
}

#[tokio::test]
async fn many_people_are_written_by_one_call_and_one_by_one_where_somebody_else_wrote() {
    let store = store().await;
    let people: Vec<Person> =
        (0..100).map(|number| person(&acme(), &format!("p{number}@example.com"))).collect();
    let write = async |people: &[Person]| -> Vec<Option<Kind>> {
        let results = store.write_persons(people).await;
        results.into_iter().map(|result| result.err().map(|error| error.kind().clone())).collect()
    };
    assert_eq!(write(&people).await, vec![None; 100]);
    assert_eq!(write(&people).await, vec![None; 100], "a repeated write is done");
    let mut changed: Vec<Person> = people.clone();
    for it in &mut changed {
        (it.name, it.version) = ("Other Name".to_owned(), 2);
    }
    let mut first = people[0].clone();
    first.name = "Written Meanwhile".to_owned();
    store.save_person(&mut first).await.unwrap();
    let mut expected = vec![None; 100];
    expected[0] = Some(Kind::Conflict);
    assert_eq!(write(&changed).await, expected);
    assert_eq!(store.person(&acme(), &first.id).await.unwrap().unwrap().name, "Written Meanwhile");
    assert_eq!(store.person(&acme(), &people[99].id).await.unwrap().unwrap(), changed[99]);
    assert_eq!(write(&[]).await, vec![]);
}
