//! The API over a world, and callers of every role.

use std::sync::{Arc, Mutex};

use assay::access::Role;
use assay::account::{Account, AccountKind};
use assay::directory::{ACCOUNTS_IN_PAGE, Group, List, Product, RosterPage};
use assay::ids::{AccountId, ConnectionId, GroupId, ProductKey, TenantId};
use assay::ingestion::{Ingestion, Source};
use assay::secrets::MemorySecrets;
use assay::sqs::{Backlog, ChecksRequest, Queue, SyncRequest, UsageRequest};
use assay_api::command::{Command, carry_out};
use assay_api::{Api, router};
use assay_test_support::http::{Answer, Ask};
use assay_test_support::world::{SITE, World};
use axum::Router;
use serde_json::{Value, json};

/// All roles, the lowest first.
pub const ROLES: [Role; 4] = [Role::Auditor, Role::Reviewer, Role::Operator, Role::Admin];

/// The tenant that the world's things belong to.
pub const TENANT: &str = "acme";

/// An API, and an administrator's token for [`TENANT`].
pub struct House {
    /// What it stands on.
    pub world: World,
    /// GitHub.
    pub github: github_sim::Running,
    /// The API.
    pub router: Router,
    /// The token.
    pub admin: String,
    /// The secrets.
    pub secrets: Arc<MemorySecrets>,
    /// Every answer, as it was said.
    pub said: Mutex<Vec<String>>,
}

impl House {
    /// A house in which nothing is connected.
    pub async fn start() -> Self {
        Self::over(World::start().await).await
    }

    /// The API over a world.
    pub async fn over(mut world: World) -> Self {
        let secrets = Arc::new(MemorySecrets::default());
        world.access.secrets = Arc::clone(&secrets) as _;
        world.forge.secrets = Arc::clone(&secrets) as _;
        let github = crate::github::simulator(world.time.now()).await;
        world.forge.api_url = github.url();
        let (admin, said) = (String::new(), Mutex::default());
        let router = over(&world);
        let mut house = Self { world, github, router, admin, secrets, said };
        house.admin = house.token(TENANT, Role::Admin).await;
        house
    }

    /// A new token, as direct invocation makes it.
    pub async fn token(&self, tenant: &str, role: Role) -> String {
        let role = format!("{role:?}").to_lowercase();
        let command = json!({ "issue_token": { "tenant": tenant, "role": role, "name": "test" } });
        let command: Command = serde_json::from_value(command).unwrap();
        carry_out(&self.world.access.core, command).await.unwrap().token
    }

    /// Sends what was put together.
    pub async fn send(&self, ask: Ask) -> Answer {
        let answer = ask.to(&self.router).await;
        self.said.lock().unwrap().push(format!("{:?} {}", answer.headers, answer.text()));
        answer
    }

    /// Asks as the administrator.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Ask::new("GET", path).token(Some(&self.admin))).await
    }

    /// Sends JSON as the administrator.
    pub async fn call(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.send(Ask::new(method, path).token(Some(&self.admin)).json(body)).await
    }

    /// Sends a POST with an idempotency key as the administrator.
    pub async fn post_once(&self, path: &str, key: &str, body: &Value) -> Answer {
        let ask = Ask::new("POST", path).token(Some(&self.admin)).header("idempotency-key", key);
        self.send(if body.is_null() { ask } else { ask.json(body) }).await
    }

    /// A house whose site is connected as `con-1` and whose checks were evaluated, so that there are tasks.
    pub async fn with_tasks() -> Self {
        let house = Self::start().await;
        house.world.connect().await;
        house.world.evaluate().await;
        house
    }

    /// Edits a project of the simulated site, as its administrator would.
    #[track_caller]
    pub fn edit(&self, project: &str, edit: &str, body: Value) {
        self.world.jira.simulator.edit_project(project, edit, &body).unwrap();
    }

    /// Saves a sync setting into `SEC` with further fields, and gives it as shown.
    pub async fn sync(&self, further: Value) -> Value {
        let answer = self.call("POST", "/v1/sync-settings", &setting_body(&further)).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json()
    }

    /// The items of a list that fits one page.
    pub async fn list(&self, path: &str) -> Vec<Value> {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()["items"].as_array().unwrap().clone()
    }

    /// Sends a list of people as the administrator.
    pub async fn import(&self, query: &str, list: impl Into<Vec<u8>>) -> Answer {
        let ask = Ask::new("POST", &format!("/v1/people/import{query}")).token(Some(&self.admin));
        self.send(ask.header("content-type", "text/csv").bytes(list)).await
    }

    /// Adds a person; gives the identifier.
    pub async fn person(&self, email: &str, name: &str) -> String {
        let answer = self.call("POST", "/v1/people", &json!({ "email": email, "name": name })).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    /// Stores accounts, as if they had been read.
    pub async fn stock(&self, accounts: &[Account]) {
        for account in accounts {
            assert!(self.world.store().put_new_account(account).await.unwrap());
        }
    }

    /// Stores a group and its members, as if they had been read.
    pub async fn stock_group(&self, group: &Group, members: &[&str]) {
        let store = self.world.store();
        let ids: Vec<AccountId> = members.iter().map(|id| AccountId::parse(id).unwrap()).collect();
        let list = List::Members(group.id.clone());
        store.write_group(&Group { members: ids.len() as u64, ..group.clone() }).await.unwrap();
        for (page, accounts) in (0..).zip(ids.chunks(usize::try_from(ACCOUNTS_IN_PAGE).unwrap())) {
            let page = RosterPage { start: page * ACCOUNTS_IN_PAGE, accounts: accounts.to_vec() };
            store.keep_roster_page(&group.tenant, &group.connection, &list, &page).await.unwrap();
        }
    }

    /// Stores an ingestion that came to its end, and a product, as if they had been read.
    pub async fn stock_ingestion(&self) {
        let (tenant, now) = (self.world.tenant.clone(), self.world.time.now());
        let id = ConnectionId::parse("con-1").unwrap();
        let mut ingestion = Ingestion::new(tenant.clone(), id.clone(), "UTC".to_owned(), now);
        for source in [Source::Users, Source::Members, Source::Products, Source::Changes, Source::Worklogs] {
            ingestion.source(source).read_at = Some(now);
        }
        ingestion.due_at = Some(assay::clock::after(now, 3600));
        ingestion.ended_at = Some(now);
        ingestion.settled_at = Some(now);
        ingestion.settled_sources = ingestion.sources.clone();
        ingestion.activity.since = Some(assay::clock::after(now, -40 * 24 * 3600));
        assert!(self.world.store().put_new_ingestion(&ingestion).await.unwrap());
        let product = Product {
            tenant,
            connection: id,
            key: ProductKey::parse("jira-software").unwrap(),
            name: "Jira".to_owned(),
            groups: vec![GroupId::parse("group-own").unwrap()],
            seats: Some(100),
            unlimited: false,
            used: Some(7),
            count: None,
            removed_at: None,
            version: 0,
        };
        self.world.store().write_product(&product).await.unwrap();
    }

    /// Everything that could have been changed: the table's items but for the audit log, which tells of what was refused, too,
    /// and how many messages wait.
    pub async fn state(&self) -> (Vec<Value>, usize, usize) {
        let items = self.world.items().await.into_iter().filter(|item| !is_audit(item)).collect();
        (items, self.world.checks.len(), self.world.sync.len())
    }

    /// The entries of the audit log, of all tenants, as they are stored.
    pub async fn log(&self) -> Vec<Value> {
        self.world.items().await.into_iter().filter(is_audit).map(|item| item["record"].clone()).collect()
    }

    /// The items of one tenant.
    pub async fn items_of(&self, tenant: &TenantId) -> Vec<Value> {
        let beginning = format!("{tenant}#");
        let items = self.world.items().await.into_iter();
        items.filter(|item| item["pk"].as_str().unwrap().starts_with(&beginning)).collect()
    }
}

fn is_audit(item: &Value) -> bool {
    item["pk"].as_str().unwrap().contains("#audit#")
}

/// The API over a world as it is.
pub fn over(world: &World) -> Router {
    over_queues(world, world.backlogs())
}

/// The same with other queues to tell of.
pub fn over_queues(world: &World, backlogs: Arc<[Backlog]>) -> Router {
    router(Api {
        forge: world.forge.clone(),
        core: world.access.core.clone(),
        connector: world.connector(),
        announcer: world.announcer(),
        checks: Arc::clone(&world.checks) as Arc<dyn Queue<ChecksRequest>>,
        sync: Arc::clone(&world.sync) as Arc<dyn Queue<SyncRequest>>,
        usage: Arc::clone(&world.usage) as Arc<dyn Queue<UsageRequest>>,
        backlogs,
    })
}

/// A person's account at `con-1`, as if it had been read.
pub fn account(id: &str, name: &str, email: Option<&str>) -> Account {
    let (tenant, id) = (TenantId::parse(TENANT).unwrap(), AccountId::parse(id).unwrap());
    let connection = ConnectionId::parse("con-1").unwrap();
    let read_at = "2026-01-01T00:00:00Z".parse().unwrap();
    Account {
        kind: AccountKind::Human,
        name: name.to_owned(),
        email: email.map(ToOwned::to_owned),
        active: true,
        ..Account::new(tenant, connection, id, read_at)
    }
}

/// A group at `con-1`, as if it had been read.
pub fn group(id: &str) -> Group {
    Group {
        tenant: TenantId::parse(TENANT).unwrap(),
        connection: ConnectionId::parse("con-1").unwrap(),
        id: GroupId::parse(id).unwrap(),
        name: format!("the group {id}"),
        members: 0,
        complete: true,
        products: Vec::new(),
        removed_at: None,
        version: 0,
    }
}

/// The body that connects the demo site by API token.
pub fn connect_body() -> Value {
    json!({
        "method": "api_token",
        "site": SITE,
        "email": "admin@example.com",
        "token": "sim-admin-token",
        "use_cases": ["ticketing", "incident_management"],
        "change_management": { "projects": ["CHG"] },
        "incidents": { "projects": ["INC"] },
    })
}

/// A setting for all tasks in `SEC`, one ticket for each, with some fields in other words.
pub fn setting_body(further: &Value) -> Value {
    let mut body = json!({
        "scope": "all", "connection": "con-1", "project": "SEC", "issue_type": "10100", "mode": "individual",
    });
    for (name, value) in further.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// Fails unless `answer` is a problem with this status that blames this part of the input.
#[track_caller]
pub fn assert_problem(answer: &Answer, status: u16, field: Option<&str>) {
    let text = answer.text();
    assert_eq!(answer.status.as_u16(), status, "{text}");
    assert_eq!(answer.header("content-type"), "application/problem+json", "{text}");
    let problem = answer.json();
    assert_eq!(problem["status"], status, "{text}");
    assert!(problem["type"].as_str().unwrap().starts_with("urn:assay:problem:"), "{text}");
    assert!(
        !problem["title"].as_str().unwrap().is_empty() && !problem["detail"].as_str().unwrap().is_empty()
    );
    assert_eq!(problem["field"].as_str(), field, "{text}");
}
