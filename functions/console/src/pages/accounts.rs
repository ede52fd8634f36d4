//! Accounts: who has access to a Jira site, whose each one is, and whether it keeps its licence.

mod deciding;
mod site;
mod view;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query};
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;

use self::deciding::Forms;
pub(super) use self::site::Site;
pub(super) use self::view::{Account, Kind};
use super::groups::Group;
use super::usage::Reading;
use crate::client::{Client, List, path, query};
use crate::frame::{Frame, Visit};
use crate::names::Names;
use crate::problem::Problem;
use crate::{Console, answer, download};

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/accounts", get(list))
        .route("/accounts/export", get(export))
        .route("/accounts/{connection}/{account}", get(show))
        .route("/accounts/{connection}/{account}/owner", post(deciding::set_owner))
        .route("/accounts/{connection}/{account}/protection", post(deciding::protect))
        .route("/accounts/{connection}/{account}/unprotect", post(deciding::unprotect))
}

/// A product of a site.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Product {
    pub(super) product: String,
    pub(super) name: String,
}

/// The products of a site; none where it is not read.
pub(super) async fn products(client: &Client, connection: &str) -> Result<Vec<Product>, Problem> {
    #[derive(Deserialize)]
    struct Licences {
        products: Vec<Product>,
    }
    match client.get::<Licences>(&path(&["v1", "licences", connection])).await {
        Ok(licences) => Ok(licences.products),
        Err(problem) if problem.status == 404 => Ok(Vec::new()),
        Err(problem) => Err(problem),
    }
}

/// What a product is called.
pub(super) fn named<'a>(products: &'a [Product], key: &'a str) -> &'a str {
    products.iter().find(|product| product.product == key).map_or(key, |product| product.name.as_str())
}

/// The filter that stands in the address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Filter {
    connection: String,
    q: String,
    owner: String,
    kind: String,
    active: String,
    product: String,
    access: String,
    person: String,
    cursor: String,
}

impl Filter {
    fn is_empty(&self) -> bool {
        let said = [&self.owner, &self.kind, &self.active, &self.product, &self.access, &self.person];
        self.q.trim().is_empty() && said.iter().all(|text| text.is_empty())
    }

    /// The address of such a list of the API.
    fn asked(&self) -> String {
        let is = |text: &str, word: &str| (text == word).then_some("true");
        query(
            "/v1/accounts",
            &[
                ("connection", Some(&self.connection)),
                ("q", Some(self.q.trim())),
                ("owner", Some(self.owner.as_str()).filter(|it| *it != "suggested")),
                ("suggested", is(&self.owner, "suggested")),
                ("kind", Some(&self.kind)),
                ("active", Some(&self.active)),
                ("product", Some(&self.product)),
                ("privileged", is(&self.access, "privileged")),
                ("protected", is(&self.access, "protected")),
                ("person", Some(&self.person)),
                ("cursor", Some(&self.cursor)),
            ],
        )
    }

    /// The address of such a list as a page.
    fn page(&self, cursor: &str) -> String {
        let parameters = [
            ("connection", self.connection.as_str()),
            ("q", self.q.trim()),
            ("owner", &self.owner),
            ("kind", &self.kind),
            ("active", &self.active),
            ("product", &self.product),
            ("access", &self.access),
            ("person", &self.person),
            ("cursor", cursor),
        ];
        query("/accounts", &parameters.map(|(name, value)| (name, Some(value))))
    }
}

#[derive(Template)]
#[template(path = "accounts/list.html", blocks = ["list"])]
struct AccountsPage<'a> {
    frame: &'a Frame,
    filter: Filter,
    sites: Vec<Site>,
    reading: Option<Reading>,
    products: Vec<Product>,
    accounts: Vec<Account>,
    next: Option<String>,
}

impl AccountsPage<'_> {
    /// Whose they are.
    const OWNERS: &'static [(&'static str, &'static str)] = &[
        ("", "Anybody's"),
        ("unidentified", "Nobody knows whose"),
        ("suggested", "With suggestions"),
        ("person", "A person's"),
        ("marked", "Marked as no person's"),
    ];
    /// What they are for.
    const KINDS: &'static [(&'static str, &'static str)] = &[
        ("", "Any"),
        ("human", "People"),
        ("app", "Apps"),
        ("customer", "Customers"),
        ("unknown", "Not told"),
    ];
    /// Whether they can be used.
    const STATES: &'static [(&'static str, &'static str)] =
        &[("", "Any"), ("true", "Can be used"), ("false", "Cannot be used")];
    /// What stands out about their access.
    const ACCESS: &'static [(&'static str, &'static str)] =
        &[("", "Any"), ("privileged", "Administers the site"), ("protected", "Protected licence")];

    fn product_name<'a>(&'a self, key: &'a str) -> &'a str {
        named(&self.products, key)
    }

    /// Whether the accounts are being read for the first time.
    fn is_first(&self) -> bool {
        self.reading.as_ref().is_some_and(|reading| reading.settled_at.is_none())
    }
}

async fn list(visit: Visit, Query(mut filter): Query<Filter>) -> Result<Response, Problem> {
    let client = &visit.client;
    let sites = Site::all(client).await?;
    if filter.connection.is_empty() {
        filter.connection = sites.first().map(|site| site.id.clone()).unwrap_or_default();
    }
    let (mut accounts, mut next, mut products_of, mut reading) = (Vec::new(), None, Vec::new(), None);
    if !filter.connection.is_empty() {
        let asked = filter.asked();
        let (found, products, read) = tokio::join!(
            client.get::<List<Account>>(&asked),
            products(client, &filter.connection),
            Reading::of(client, &filter.connection)
        );
        let found = found?;
        next = found.next_cursor.map(|cursor| filter.page(&cursor));
        (accounts, products_of, reading) = (found.items, products?, read?);
    }
    let frame = &visit.frame;
    let page = AccountsPage { frame, filter, sites, reading, products: products_of, accounts, next };
    if frame.wants("accounts") { answer::page(&page.as_list()) } else { answer::page(&page) }
}

/// One account with all that is known of it.
#[derive(Template)]
#[template(path = "accounts/account.html", blocks = ["drawer"])]
struct AccountPage<'a> {
    frame: &'a Frame,
    account: Account,
    site: String,
    groups: Vec<Group>,
    roles: Vec<Role>,
    products: Vec<Product>,
    forms: Forms,
    /// What those are called who said whose it is, and protected it.
    names: Names,
}

/// A project role that the account holds itself.
#[derive(Debug, Deserialize)]
struct Role {
    project_key: String,
    name: String,
    privileged: bool,
}

impl AccountPage<'_> {
    const MARKS: &'static [(&'static str, &'static str)] =
        &[("service", "A service's"), ("app", "An app's"), ("external", "Somebody's from outside")];

    fn product_name<'a>(&'a self, key: &'a str) -> &'a str {
        named(&self.products, key)
    }

    /// Where its forms go.
    fn at(&self, what: &str) -> String {
        path(&["accounts", &self.account.connection, &self.account.id, what])
    }

    /// The days on which it was active.
    fn usage(&self) -> String {
        path(&["usage", &self.account.connection, "accounts", &self.account.id])
    }
}

async fn show(visit: Visit, Path(at): Path<(String, String)>) -> Result<Response, Problem> {
    let page = read(&visit, &at, Forms::default()).await?;
    if visit.frame.wants("drawer") { answer::page(&page.as_drawer()) } else { answer::page(&page) }
}

async fn read<'a>(
    visit: &'a Visit,
    (connection, id): &(String, String),
    forms: Forms,
) -> Result<AccountPage<'a>, Problem> {
    let client = &visit.client;
    let account: Account = client.get(&path(&["v1", "accounts", connection, id])).await?;
    let of = [("connection", Some(connection.as_str())), ("account", Some(id.as_str()))];
    let (groups, roles) = (query("/v1/groups", &of), query("/v1/project-roles", &of));
    let (groups, roles, products, sites) = tokio::join!(
        client.get::<List<Group>>(&groups),
        client.get::<List<Role>>(&roles),
        products(client, connection),
        Site::all(client)
    );
    let site = sites?.into_iter().find(|site| site.id == *connection);
    let site = site.map_or_else(|| connection.clone(), |site| site.address);
    let (groups, roles, products) = (groups?.items, roles?.items, products?);
    let who = account.owner.by.iter().chain(account.protection.iter().map(|protection| &protection.by));
    let names = Names::read(client, who.map(String::as_str)).await?;
    Ok(AccountPage { frame: &visit.frame, account, site, groups, roles, products, forms, names })
}

/// Whose accounts are exported.
#[derive(Debug, Deserialize)]
struct Export {
    connection: String,
}

async fn export(visit: Visit, Query(export): Query<Export>) -> Result<Response, Problem> {
    let asked = query("/v1/accounts/export", &[("connection", Some(&export.connection))]);
    download::table(&visit.client, &asked).await
}
