//! Links lead to where the site is, which on a local stack is not where its name says.

use assay_test_support::world::SITE;

use crate::support::House;

#[tokio::test]
async fn an_issue_is_linked_where_the_site_answers_from_its_ticket_and_from_its_task() {
    let house = House::start().await;
    let connection = house.world.connect().await;
    house.world.sync_all(&connection).await;
    house.world.settle(2).await;
    let site = format!("{}/sites/{SITE}/browse/SEC-", house.world.jira.url());
    let tickets = house.get("/v1/tickets").await.json();
    let tasks = house.get("/v1/tasks").await.json();
    let of_tickets = tickets["items"].as_array().unwrap().iter().map(|ticket| &ticket["issue"]["url"]);
    let of_tasks = tasks["items"].as_array().unwrap().iter().map(|task| &task["ticket"]["issue"]["url"]);
    let links: Vec<_> = of_tickets.chain(of_tasks).collect();
    assert!(links.len() > 1);
    for link in links {
        assert!(link.as_str().is_some_and(|link| link.starts_with(&site)), "{link} is not below {site}");
    }
}
