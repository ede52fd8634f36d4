//! Making a campaign.

use askama::Template;
use assay::access::Role;
use axum::extract::Query;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer;
use crate::client::{Client, List, path, query};
use crate::form::{Entered, Fields, Form};
use crate::frame::{Frame, Visit};
use crate::pages::accounts::{Product, Site, products};
use crate::pages::groups::Group;
use crate::pages::project_roles::ProjectRole;
use crate::pages::usage::Reading;
use crate::problem::Problem;

/// How many groups, and how many project roles, are offered to be ticked; others are named by their identifiers.
const OFFERED: &str = "200";

/// Which site.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Chosen {
    connection: String,
}

/// A token whose holder can decide.
#[derive(Debug, Deserialize)]
struct Token {
    id: String,
    name: String,
    role: String,
    revoked_at: Option<jiff::Timestamp>,
}

/// What can be chosen.
#[derive(Default)]
struct Offered {
    groups: Vec<(String, String)>,
    roles: Vec<(String, String)>,
    projects: Vec<(String, String)>,
    products: Vec<Product>,
    /// Only an admin sees the tokens; an operator names them.
    tokens: Vec<(String, String)>,
    /// Whether there is more than can be offered.
    is_cut: bool,
}

#[derive(Template)]
#[template(path = "campaigns/new.html")]
struct NewPage<'a> {
    frame: &'a Frame,
    sites: Vec<Site>,
    connection: String,
    reading: Option<Reading>,
    offered: Offered,
    entered: Entered,
}

impl NewPage<'_> {
    /// What a review may go through.
    const SCOPES: &'static [(&'static str, &'static str, &'static str)] = &[
        ("all", "All access", "Every group, project role and product of every account."),
        ("groups", "Groups", "Membership of the groups that are ticked."),
        ("products", "Products", "Who has the products that are ticked."),
        (
            "projects",
            "Projects",
            "Roles in the projects that are ticked, and the groups that hold roles there.",
        ),
        ("roles", "Project roles", "The roles that are ticked, in all projects."),
    ];

    fn is_settled(&self) -> bool {
        self.reading.as_ref().is_some_and(|reading| reading.settled_at.is_some())
    }

    fn is_ticked(&self, scope: &str, id: &str) -> bool {
        self.entered.chosen(&format!("scope.{scope}"), id)
    }

    /// Things to tick for a scope.
    fn choices(&self, scope: &str) -> Vec<(String, String)> {
        match scope {
            "groups" => self.offered.groups.clone(),
            "roles" => self.offered.roles.clone(),
            "projects" => self.offered.projects.clone(),
            "products" => {
                self.offered.products.iter().map(|it| (it.product.clone(), it.name.clone())).collect()
            }
            _ => Vec::new(),
        }
    }
}

pub(super) async fn new(visit: Visit, Query(chosen): Query<Chosen>) -> Result<Response, Problem> {
    visit.require(Role::Operator)?;
    let entered = Entered::of([
        ("scope.by", "all".to_owned()),
        ("remind_days", "7, 1".to_owned()),
        ("dormant_days", "90".to_owned()),
    ]);
    answer::page(&page(&visit, &chosen.connection, entered).await?)
}

pub(super) async fn make(visit: Visit, form: Form) -> Result<Response, Problem> {
    #[derive(Deserialize)]
    struct Made {
        id: String,
    }
    let body = match wish(&form) {
        Ok(body) => body,
        // The API alone says who may: a lower role is refused for that, and not for a figure.
        Err(problem) => {
            visit.require(Role::Operator)?;
            return again(&visit, form, problem).await;
        }
    };
    match visit.client.post::<Made>("/v1/campaigns", &form, &body).await {
        Ok(made) => {
            let notice =
                "The review is being prepared: its items are made of the accounts as they were read last.";
            Ok(visit.go(&path(&["campaigns", &made.id]), notice))
        }
        Err(problem) if problem.is_about_input() => again(&visit, form, problem).await,
        Err(problem) => Err(problem),
    }
}

async fn again(visit: &Visit, form: Form, problem: Problem) -> Result<Response, Problem> {
    let (status, connection) = (problem.status(), form.text("connection").to_owned());
    answer::with(status, &page(visit, &connection, form.refused(problem)).await?)
}

/// What a form wishes for.
fn wish(form: &Fields) -> Result<Value, Problem> {
    let by = form.optional("scope.by").unwrap_or("all");
    let mut scope = json!({ "by": by });
    if by != "all" {
        scope[by] = json!(form.all(&format!("scope.{by}")));
    }
    let days = form.all("remind_days").into_iter().map(str::parse::<u16>);
    let remind_days = days.collect::<Result<Vec<u16>, _>>().map_err(|_| {
        Problem::invalid("remind_days", "Enter whole numbers of days with commas between, for example: 7, 1.")
    })?;
    Ok(json!({
        "name": form.text("name"),
        "connection": form.text("connection"),
        "scope": scope,
        "reviewers": form.all("reviewers"),
        "due_on": form.text("due_on"),
        "remind_days": remind_days,
        "dormant_days": form.number("dormant_days")?.unwrap_or(90),
    }))
}

async fn page<'a>(visit: &'a Visit, connection: &str, entered: Entered) -> Result<NewPage<'a>, Problem> {
    let sites = Site::all(&visit.client).await?;
    let first = || sites.first().map(|site| site.id.clone()).unwrap_or_default();
    let connection = if connection.is_empty() { first() } else { connection.to_owned() };
    let (mut reading, mut offered) = (None, Offered::default());
    if sites.iter().any(|site| site.id == connection) {
        reading = Reading::of(&visit.client, &connection).await?;
        offered = offer(&visit.client, &connection, visit.frame.administers()).await?;
    }
    Ok(NewPage { frame: &visit.frame, sites, connection, reading, offered, entered })
}

async fn offer(client: &Client, connection: &str, administers: bool) -> Result<Offered, Problem> {
    let of = [("connection", Some(connection)), ("limit", Some(OFFERED))];
    let (groups, roles) = (query("/v1/groups", &of), query("/v1/project-roles", &of));
    let (groups, roles, products) = tokio::join!(
        client.get::<List<Group>>(&groups),
        client.get::<List<ProjectRole>>(&roles),
        products(client, connection)
    );
    let (groups, roles) = (groups?, roles?);
    let is_cut = groups.next_cursor.is_some() || roles.next_cursor.is_some();
    let distinct = |pairs: Vec<(String, String)>| {
        let mut pairs = pairs;
        pairs.sort_by(|one, other| (&one.1, &one.0).cmp(&(&other.1, &other.0)));
        pairs.dedup();
        pairs
    };
    let pair = |role: &ProjectRole| (role.role.clone(), role.name.clone());
    let project = |role: &ProjectRole| (role.project.clone(), role.project_key.clone());
    let tokens = if administers { tokens(client).await? } else { Vec::new() };
    Ok(Offered {
        groups: distinct(groups.items.into_iter().map(|group| (group.id, group.name)).collect()),
        projects: distinct(roles.items.iter().map(project).collect()),
        roles: distinct(roles.items.iter().map(pair).collect()),
        products: products?,
        tokens,
        is_cut,
    })
}

/// The tokens whose holders may decide, with their names.
async fn tokens(client: &Client) -> Result<Vec<(String, String)>, Problem> {
    let tokens: List<Token> = client.get("/v1/tokens?limit=200").await?;
    let decides = |token: &Token| token.revoked_at.is_none() && token.role != "auditor";
    let pair = |token: Token| (token.id, format!("{} ({})", token.name, token.role));
    Ok(tokens.items.into_iter().filter(decides).map(pair).collect())
}
