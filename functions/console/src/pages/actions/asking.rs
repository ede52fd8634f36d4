//! Asking for an action: what kinds there are and what each needs, then a form for one of them.

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::Console;
use crate::answer;
use crate::client::{List, path, query};
use crate::form::{Entered, Form};
use crate::frame::{Frame, Visit};
use crate::pages::accounts::{Product, products};
use crate::pages::project_roles::ProjectRole;
use crate::problem::Problem;

pub(super) fn routes() -> Router<Console> {
    Router::new().route("/actions/new", get(new).post(ask))
}

/// A kind of action that can be asked for.
struct Kind {
    /// The API's word.
    word: &'static str,
    title: &'static str,
    /// What it does.
    does: &'static str,
    /// What is checked before anything is done.
    needs: &'static str,
    /// Who approves it, and whether it can be undone.
    then: &'static str,
}

const KINDS: [Kind; 5] = [
    Kind {
        word: "change_access",
        title: "Give or take access",
        does: "Adds an account to a group or gives it a project role, or takes that away. A product goes by leaving every group that gives it; it is given by a group.",
        needs: "The connection’s account must administer groups or the project. Never touched: our own account, a protected one, the last administrator.",
        then: "A second person where it is dangerous: privileged access, leaving as an administrator, more than 20 at once. Can be undone.",
    },
    Kind {
        word: "deactivate_user",
        title: "Keep an account out",
        does: "Suspends its access to the organisation’s products, or deactivates the Atlassian account, which only works for accounts that the organisation manages. Groups and roles stay.",
        needs: "An API key of the organisation beside the connection, and that its directory lists the account.",
        then: "A second person where the account administers something. Can be undone: restored or activated.",
    },
    Kind {
        word: "remove_user",
        title: "Remove an account",
        does: "Takes an account out of the organisation’s directory, and with it every group and role. Jira does not delete an account that reported issues: the dry run counts them, and names what can be done instead.",
        needs: "An API key of the organisation beside the connection, and that its directory lists the account.",
        then: "Always a second person. Cannot be undone: the person is invited again by hand.",
    },
    Kind {
        word: "create_issue",
        title: "Create an issue",
        does: "Creates one issue, once, even where an answer is lost.",
        needs: "Browse projects and Create issues; every required field. What is missing is named with its field.",
        then: "A second person above 20 an hour. Not undone: it goes by deleting it.",
    },
    Kind {
        word: "delete_issue",
        title: "Delete an issue",
        does: "Deletes one issue with its comments. One that has subtasks is not deleted: they are named.",
        needs: "Delete issues in the project. The dry run shows key, title, status and comments.",
        then: "Always a second person. Cannot be undone: Jira does not bring an issue back.",
    },
];

/// What a query may fill in.
#[derive(Debug, Default, Deserialize)]
struct Wish {
    #[serde(default)]
    what: String,
    #[serde(default)]
    connection: String,
    #[serde(default)]
    account: String,
    #[serde(default)]
    change: String,
    #[serde(default, rename = "grant.kind")]
    grant_kind: String,
    #[serde(default, rename = "grant.group")]
    grant_group: String,
    #[serde(default)]
    how: String,
    #[serde(default)]
    project: String,
    #[serde(default)]
    issue: String,
    #[serde(default)]
    why: String,
}

impl Wish {
    fn entered(self) -> Entered {
        Entered::of([
            ("connection", self.connection),
            ("account", self.account),
            ("change", self.change),
            ("grant.kind", self.grant_kind),
            ("grant.group", self.grant_group),
            ("how", self.how),
            ("project", self.project),
            ("issue", self.issue),
            ("why", self.why),
            ("hold", "true".to_owned()),
        ])
    }
}

/// A connection that an action can go through.
#[derive(Debug, Deserialize)]
struct Connection {
    id: String,
    site: String,
    state: assay::connection::State,
}

/// A group or an account; one that was erased has no name.
#[derive(Debug, Deserialize)]
struct Named {
    id: String,
    name: Option<String>,
}

/// An issue type of a project.
#[derive(Debug, Deserialize)]
struct IssueType {
    id: String,
    name: String,
    subtask: bool,
}

#[derive(Template)]
#[template(path = "actions/kinds.html")]
struct KindsPage<'a> {
    frame: &'a Frame,
    is_connected: bool,
}

impl KindsPage<'_> {
    const KINDS: &'static [Kind] = &KINDS;
}

#[derive(Template)]
#[template(path = "actions/new.html")]
struct NewPage<'a> {
    frame: &'a Frame,
    kind: &'static Kind,
    connections: Vec<(String, String)>,
    /// The connection that all else is chosen of.
    chosen: String,
    /// The issue types of the chosen project; none while none is chosen.
    types: Option<Vec<(String, String)>>,
    /// The first groups and accounts of the connection, to choose from: identifier and name.
    groups: Vec<(String, String)>,
    accounts: Vec<(String, String)>,
    /// The first roles of its projects: project and role in one, and their names.
    roles: Vec<(String, String)>,
    /// Its products.
    products: Vec<(String, String)>,
    entered: Entered,
}

impl<'a> NewPage<'a> {
    /// A form with nothing to choose from but connections.
    fn plain(
        frame: &'a Frame,
        kind: &'static Kind,
        connections: Vec<(String, String)>,
        entered: Entered,
    ) -> Self {
        let chosen = String::new();
        let none = Vec::new;
        let (groups, accounts, roles, products) = (none(), none(), none(), none());
        Self { frame, kind, connections, chosen, types: None, groups, accounts, roles, products, entered }
    }
}

impl NewPage<'_> {
    const CHANGES: &'static [(&'static str, &'static str)] =
        &[("remove", "Take it away"), ("add", "Give it")];
    const GRANTS: &'static [(&'static str, &'static str)] = &[
        ("group", "Membership of a group"),
        ("role", "A project role"),
        ("product", "A product (only to take away)"),
    ];
    const HOWS: &'static [(&'static str, &'static str)] = &[
        ("suspend", "Suspend its access to the organisation’s products"),
        ("deactivate", "Deactivate its Atlassian account, everywhere (managed accounts)"),
    ];

    fn is(&self, word: &str) -> bool {
        self.kind.word == word
    }

    /// Whether a connection is chosen before all else, since there are several and what can be chosen is one's own.
    fn chooses_first(&self) -> bool {
        self.is_about_an_account() && self.connections.len() > 1
    }

    fn is_about_an_account(&self) -> bool {
        ["change_access", "deactivate_user", "remove_user"].contains(&self.kind.word)
    }
}

async fn new(visit: Visit, Query(wish): Query<Wish>) -> Result<Response, Problem> {
    if !visit.frame.operates() {
        return Err(Problem::needs("operator"));
    }
    let Some(kind) = KINDS.iter().find(|kind| kind.word == wish.what) else {
        let is_connected = !connections(&visit).await?.is_empty();
        return answer::page(&KindsPage { frame: &visit.frame, is_connected });
    };
    form_of(&visit, kind, wish.entered(), StatusCode::OK).await
}

async fn ask(visit: Visit, form: Form) -> Result<Response, Problem> {
    let asked = match body(&form) {
        Ok(body) => visit.client.post::<Value>("/v1/actions", &form, &body).await,
        Err(problem) if visit.frame.operates() => Err(problem),
        Err(_) => Err(Problem::needs("operator")),
    };
    match asked {
        Ok(made) => {
            let id = made["id"].as_str().unwrap_or_default();
            Ok(visit.go(
                &path(&["actions", id]),
                "It is asked for. Its dry run is being made; nothing is changed yet.",
            ))
        }
        Err(problem) if problem.is_about_input() => {
            let kind = KINDS.iter().find(|kind| kind.word == form.text("what")).unwrap_or(&KINDS[0]);
            let status = problem.status();
            form_of(&visit, kind, form.refused(problem), status).await
        }
        Err(problem) => Err(problem),
    }
}

async fn form_of(
    visit: &Visit,
    kind: &'static Kind,
    entered: Entered,
    status: StatusCode,
) -> Result<Response, Problem> {
    let connections = connections(visit).await?;
    let (connection, project) = (entered.value("connection"), entered.value("project"));
    let types = if kind.word == "create_issue" && !connection.is_empty() && !project.is_empty() {
        let at = path(&["v1", "connections", connection, "projects", project, "issue-types"]);
        // Where Jira does not answer, or the project is not there, the form asks for another project, and says why.
        match visit.client.get::<List<IssueType>>(&at).await {
            Ok(found) => {
                Some(found.items.into_iter().filter(|it| !it.subtask).map(|it| (it.id, it.name)).collect())
            }
            Err(problem) if entered.problem().is_none() => {
                let problem = Problem { field: Some("project".to_owned()), ..problem };
                let kept = [("connection", connection.to_owned()), ("project", project.to_owned())];
                let status = problem.status();
                let entered = Entered::with(kept, problem);
                return answer::with(status, &NewPage::plain(&visit.frame, kind, connections, entered));
            }
            Err(_) => None,
        }
    } else {
        None
    };
    let chosen = Some(connection).filter(|id| !id.is_empty()).map(ToOwned::to_owned);
    let chosen = chosen.or_else(|| connections.first().map(|(id, _)| id.clone())).unwrap_or_default();
    let mut page = NewPage { types, ..NewPage::plain(&visit.frame, kind, connections, entered) };
    if page.is_about_an_account() && !chosen.is_empty() {
        page.accounts = named(visit, "/v1/accounts", &chosen).await?;
        if kind.word == "change_access" {
            page.groups = named(visit, "/v1/groups", &chosen).await?;
            (page.roles, page.products) = held(visit, &chosen).await?;
        }
    }
    page.chosen = chosen;
    answer::with(status, &page)
}

/// The first project roles and the products of a connection, each with its name.
async fn held(
    visit: &Visit,
    connection: &str,
) -> Result<(Vec<(String, String)>, Vec<(String, String)>), Problem> {
    let (roles, products) =
        tokio::join!(ProjectRole::first(&visit.client, connection), products(&visit.client, connection));
    let roles = match roles {
        Ok(roles) => roles,
        Err(problem) if problem.status() == StatusCode::NOT_FOUND => Vec::new(),
        Err(problem) => return Err(problem),
    };
    let role =
        |it: ProjectRole| (format!("{}/{}", it.project, it.role), format!("{}: {}", it.project_key, it.name));
    let product = |it: Product| (it.product, it.name);
    let (mut roles, mut products) =
        (roles.into_iter().map(role).collect(), products?.into_iter().map(product).collect());
    for choices in [&mut roles, &mut products] {
        let choices: &mut Vec<(String, String)> = choices;
        if !choices.is_empty() {
            choices.insert(0, (String::new(), "Choose".to_owned()));
        }
    }
    Ok((roles, products))
}

/// The first groups or accounts of a connection. A connection that is not there is told of when the form is sent.
async fn named(visit: &Visit, list: &str, connection: &str) -> Result<Vec<(String, String)>, Problem> {
    let address = query(list, &[("connection", Some(connection)), ("limit", Some("200"))]);
    match visit.client.get::<List<Named>>(&address).await {
        Ok(found) => Ok(found.items.into_iter().map(|it| (it.id, it.name.unwrap_or_default())).collect()),
        Err(problem) if problem.is_about_input() || problem.status() == StatusCode::NOT_FOUND => {
            Ok(Vec::new())
        }
        Err(problem) => Err(problem),
    }
}

/// The connections that are in use, as a choice.
async fn connections(visit: &Visit) -> Result<Vec<(String, String)>, Problem> {
    let all: Vec<Connection> = visit.client.all("/v1/connections").await?;
    let used = all.into_iter().filter(|it| it.state != assay::connection::State::Disconnected);
    Ok(used.map(|it| (it.id.clone(), format!("{} ({})", it.site, it.id))).collect())
}

/// What the API is asked for: what belongs to the kind, and nothing else.
fn body(form: &Form) -> Result<Value, Problem> {
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value);
    for name in ["what", "connection", "why"] {
        put(name, json!(form.text(name)));
    }
    put("hold", json!(form.has("hold")));
    for name in members(form.text("what")) {
        if let Some(text) = form.optional(name) {
            put(name, json!(text));
        }
    }
    match form.text("what") {
        "change_access" => {
            put("grant", grant(form));
        }
        "create_issue" => {
            put("labels", json!(form.all("labels")));
            if let Some(text) = form.optional("fields") {
                let fields = serde_json::from_str::<Map<String, Value>>(text).map_err(|error| {
                    Problem::invalid("fields", &format!("This is no JSON object: {error}."))
                })?;
                put("fields", Value::Object(fields));
            }
        }
        _ => {}
    }
    Ok(Value::Object(body))
}

/// The members of a kind that are plain text.
fn members(what: &str) -> &'static [&'static str] {
    match what {
        "change_access" => &["account", "change"],
        "deactivate_user" => &["account", "how"],
        "remove_user" => &["account"],
        "create_issue" => &["project", "issue_type", "summary", "description"],
        "delete_issue" => &["issue"],
        _ => &[],
    }
}

fn grant(form: &Form) -> Value {
    let text = |name: &str| form.text(name);
    match text("grant.kind") {
        "role" => {
            // Named by the ids of both, or else chosen from the list.
            let named = (text("grant.project"), text("grant.role"));
            let (project, role) = match text("grant.held").split_once('/') {
                Some(held) if named == ("", "") => held,
                _ => named,
            };
            json!({ "kind": "role", "project": project, "role": role })
        }
        "product" => json!({ "kind": "product", "product": text("grant.product") }),
        kind => json!({ "kind": kind, "group": text("grant.group") }),
    }
}
