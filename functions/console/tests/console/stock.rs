//! A site as if it had been read: accounts, groups, a role, a product, days of activity.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use assay::account::{Account, AccountKind, HeldRole, OrganisationView, Suggestion};
use assay::clock::after;
use assay::directory::{Group, List, Product, ProjectRole, RosterPage, SeatCount};
use assay::evidence::Gap;
use assay::ids::{AccountId, ConnectionId, GroupId, PersonId, ProductKey, ProjectId, RoleId};
use assay::ingestion::{Ingestion, Source};
use assay::operations::acting::Actor;
use assay::operations::reviewing::Reviewer;
use assay::sqs::{Queue, UsageRequest};
use serde_json::json;

use super::support::{House, PROBE};

/// The group that everybody is in.
pub const TEAM: &str = "00000000-0000-4000-8001-000000000001";

/// The connection.
pub fn connection() -> ConnectionId {
    ConnectionId::parse("con-1").unwrap()
}

/// The id of an account.
pub fn account_id(id: &str) -> AccountId {
    AccountId::parse(id).unwrap()
}

impl House {
    /// A house whose site was read, and the id of Ben: see [`House::fill`].
    pub async fn read() -> (Self, String) {
        let house = Self::start().await;
        house.world.connect().await;
        let ben = house.fill().await;
        (house, ben)
    }

    /// Fills the site: Ada, who is in the list of people; an account that is likely Ben's; and one of which all that comes
    /// from Jira would be harmful as markup, like its group and its product. Gives Ben's id.
    pub async fn fill(&self) -> String {
        let house = self;
        house
            .call("POST", "/v1/people", &json!({ "email": "ada@example.com", "name": "Ada Lovelace" }))
            .await;
        let ben = json!({ "email": "ben@example.com", "name": "Ben Bitdiddle", "end_date": "2026-01-31" });
        let ben = house.call("POST", "/v1/people", &ben).await.json()["id"].as_str().unwrap().to_owned();
        let person = PersonId::parse(&ben).unwrap();
        let reasons = vec!["the names are alike".to_owned()];
        let suggestions = vec![Suggestion { person, score: 72, reasons }];
        let (groups, products) = (vec![group_id(TEAM)], vec![product_key()]);
        for account in [
            Account { email: Some("ada@example.com".to_owned()), ..house.account("acc-1", "Ada Lovelace") },
            Account { suggestions, ..house.account("acc-2", "B. Bitdiddle") },
            Account {
                roles: vec![role()],
                email: Some(PROBE.to_owned()),
                organisation: Some(OrganisationView {
                    managed: Some(true),
                    status: Some(PROBE.to_owned()),
                    roles: vec![PROBE.to_owned()],
                    products: Vec::new(),
                }),
                ..house.account("acc-3", PROBE)
            },
        ] {
            let account = Account { groups: groups.clone(), products: products.clone(), ..account };
            assert!(house.world.store().put_new_account(&account).await.unwrap());
        }
        house.groups_and_products().await;
        house.ingestion().await;
        ben
    }

    /// An account as it is read.
    pub fn account(&self, id: &str, name: &str) -> Account {
        let read_at = after(self.world.time.now(), -40 * 24 * 3600);
        Account {
            kind: AccountKind::Human,
            name: name.to_owned(),
            active: true,
            ..Account::new(self.world.tenant.clone(), connection(), account_id(id), read_at)
        }
    }

    async fn groups_and_products(&self) {
        let (store, tenant) = (self.world.store(), &self.world.tenant);
        for (id, name, members) in [
            (TEAM, PROBE, vec!["acc-1", "acc-2", "acc-3"]),
            ("00000000-0000-4000-8001-000000000002", "site-admins", vec![]),
        ] {
            let group = Group {
                tenant: tenant.clone(),
                connection: connection(),
                id: group_id(id),
                name: name.to_owned(),
                members: members.len() as u64,
                complete: true,
                products: vec![product_key()],
                removed_at: None,
                version: 1,
            };
            store.write_group(&group).await.unwrap();
            let page = RosterPage { start: 0, accounts: members.into_iter().map(account_id).collect() };
            store.keep_roster_page(tenant, &connection(), &List::Members(group.id), &page).await.unwrap();
        }
        let HeldRole { project, role } = role();
        let role = ProjectRole {
            tenant: tenant.clone(),
            connection: connection(),
            project,
            project_key: "SEC".to_owned(),
            role,
            name: PROBE.to_owned(),
            holders: 1,
            groups: Vec::new(),
            removed_at: None,
            version: 1,
        };
        store.write_project_role(&role).await.unwrap();
        let product = Product {
            tenant: tenant.clone(),
            connection: connection(),
            key: product_key(),
            name: PROBE.to_owned(),
            groups: vec![group_id(TEAM)],
            seats: Some(1200),
            unlimited: false,
            used: Some(1003),
            count: Some(SeatCount { held: 3, not_since_known: 2, ..SeatCount::default() }),
            removed_at: None,
            version: 1,
        };
        store.write_product(&product).await.unwrap();
    }

    async fn ingestion(&self) {
        let (store, tenant, now) = (self.world.store(), &self.world.tenant, self.world.time.now());
        let mut ingestion = Ingestion::new(tenant.clone(), connection(), "UTC".to_owned(), now);
        for source in [
            Source::Users,
            Source::Groups,
            Source::Members,
            Source::Products,
            Source::Roles,
            Source::Changes,
            Source::Worklogs,
        ] {
            ingestion.source(source).read_at = Some(now);
        }
        ingestion.source(Source::Worklogs).lacks(Gap::Refused { detail: PROBE.to_owned() });
        ingestion.due_at = Some(after(now, 3600));
        ingestion.ended_at = Some(now);
        ingestion.settled_at = Some(now);
        ingestion.settled_sources = ingestion.sources.clone();
        ingestion.activity.since = Some(after(now, -40 * 24 * 3600));
        ingestion.activity.changes = Some(now);
        assert!(store.put_new_ingestion(&ingestion).await.unwrap());
        let days = BTreeSet::from(["2026-05-30", "2026-06-14"].map(|day| day.parse().unwrap()));
        let active = BTreeMap::from([(account_id("acc-1"), days)]);
        store.add_active_days(tenant, &connection(), "UTC", &active).await.unwrap();
        let last = "2026-06-14".parse().unwrap();
        store.note_activity(tenant, &connection(), &account_id("acc-1"), last).await.unwrap();
    }

    /// Carries out what campaigns and actions asked for.
    pub async fn work(&self) {
        let usage = Arc::clone(&self.world.usage) as Arc<dyn Queue<UsageRequest>>;
        let access = self.world.access.clone();
        let reviewer = Reviewer {
            core: access.core.clone(),
            secrets: access.secrets.clone(),
            usage: usage.clone(),
            deadline: access.deadline.clone(),
        };
        let actor = Actor::over_jira(access, usage);
        for request in self.world.usage.receive(100) {
            match request {
                UsageRequest::Campaign { tenant, campaign } => {
                    Box::pin(reviewer.continue_campaign(&tenant, &campaign)).await.unwrap();
                }
                UsageRequest::Act { tenant, action } => {
                    Box::pin(actor.act(&tenant, &action)).await.unwrap();
                }
                UsageRequest::Ingest { .. } => {}
            }
        }
    }

    /// An open campaign over the team; gives its id.
    pub async fn campaign(&self) -> String {
        let body = json!({
            "name": "Second quarter", "connection": "con-1", "due_on": "2026-07-01",
            "scope": { "by": "groups", "groups": [TEAM] },
        });
        let id = self.call("POST", "/v1/campaigns", &body).await.json()["id"].as_str().unwrap().to_owned();
        self.work().await;
        id
    }
}

fn group_id(id: &str) -> GroupId {
    GroupId::parse(id).unwrap()
}

fn product_key() -> ProductKey {
    ProductKey::parse("jira-software").unwrap()
}

fn role() -> HeldRole {
    HeldRole { project: ProjectId::parse("10000").unwrap(), role: RoleId::parse("10002").unwrap() }
}
