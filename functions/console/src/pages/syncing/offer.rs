//! What a setting may be made of, as Jira offers it at this moment.
//!
//! What Jira refuses does not close the page: each list carries its own problem, and what was chosen stays chosen.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::client::{Client, List, path, query};
use crate::form::Fields;
use crate::problem::Problem;

/// How many labels are shown to tick.
const LABELS: usize = 60;

/// A list to choose from: value and words.
#[derive(Debug, Default)]
pub(in crate::pages) struct Listed {
    /// What there is.
    pub(in crate::pages) items: Vec<(String, String)>,
    /// Why it could not be read.
    pub(in crate::pages) problem: Option<Problem>,
    /// Whether there is more than is listed.
    pub(in crate::pages) more: bool,
}

impl Listed {
    async fn read<T: DeserializeOwned>(
        client: &Client,
        path: &str,
        pair: impl Fn(T) -> Option<(String, String)>,
    ) -> Self {
        match client.get::<List<T>>(path).await {
            Ok(list) => Self {
                more: list.next_cursor.is_some(),
                items: list.items.into_iter().filter_map(pair).collect(),
                problem: None,
            },
            Err(problem) => Self { problem: Some(problem), ..Self::default() },
        }
    }

    /// Keeps what was chosen in the list, also where it is not on the page that was read.
    fn keeping(mut self, chosen: &str, words: &str) -> Self {
        if !chosen.is_empty() && !self.items.iter().any(|(value, _)| value == chosen) {
            self.items.push((chosen.to_owned(), words.to_owned()));
        }
        self
    }

    /// With an entry before all others that stands for nothing.
    fn after(mut self, words: &str) -> Self {
        self.items.insert(0, (String::new(), words.to_owned()));
        self
    }

    /// The fields without a choice that is not in a list that was read as a whole.
    fn offering(&self, fields: Fields, name: &str) -> Fields {
        let is_there =
            self.items.is_empty() || self.items.iter().any(|(value, _)| value == fields.text(name));
        if is_there || self.problem.is_some() { fields } else { fields.without(name) }
    }

    /// The only one there is, if there is no choice.
    fn only(&self) -> Option<&str> {
        match self.items.as_slice() {
            [(value, _)] => Some(value),
            _ => None,
        }
    }
}

/// What is known of a setting's place already, so that it can be named where Jira does not list it.
#[derive(Debug, Default)]
pub(in crate::pages) struct Known {
    /// What the connection is called.
    pub(in crate::pages) connection: String,
    /// What the project is called.
    pub(in crate::pages) project: String,
    /// What the issue type is called.
    pub(in crate::pages) issue_type: String,
}

/// All that can be chosen.
#[derive(Debug)]
pub(in crate::pages) struct Offer {
    /// Connections that write tickets.
    pub(in crate::pages) connections: Listed,
    /// Projects in which the connection's account may create issues.
    pub(in crate::pages) projects: Listed,
    /// Types of issue of the project.
    pub(in crate::pages) types: Listed,
    /// Done statuses of the type.
    pub(in crate::pages) statuses: Listed,
    /// All statuses of the type.
    pub(in crate::pages) every_status: Listed,
    /// Epics of the project.
    pub(in crate::pages) epics: Listed,
    /// Labels of the site.
    pub(in crate::pages) labels: Vec<String>,
}

#[derive(Deserialize)]
struct Connection {
    id: String,
    site: String,
    state: String,
    use_cases: Vec<String>,
}

#[derive(Deserialize)]
struct Project {
    id: String,
    key: String,
    name: String,
}

#[derive(Deserialize)]
struct IssueType {
    id: String,
    name: String,
    subtask: bool,
    level: i32,
}

#[derive(Deserialize)]
struct Status {
    id: String,
    name: String,
    category: String,
}

#[derive(Deserialize)]
struct Epic {
    id: String,
    key: String,
    title: String,
}

impl Offer {
    /// Reads what can be chosen after what was chosen so far; chooses itself where there is no choice. `connection` is
    /// given for a setting that has one, which never changes.
    pub(in crate::pages) async fn read(client: &Client, fields: Fields, known: &Known) -> (Self, Fields) {
        let connections = connections(client).await.keeping(fields.text("connection"), &known.connection);
        let fields = with(fields, "connection", connections.only());
        let connection = fields.text("connection").to_owned();
        let projects = if connection.is_empty() {
            Listed::default()
        } else {
            projects(client, &connection, fields.text("project_query")).await
        };
        let mut fields = fields;
        if fields.text("project_query").is_empty() {
            fields = with(fields, "project", projects.only());
        }
        let project = fields.text("project").to_owned();
        if !fields.text("of").is_empty() && fields.text("of") != project {
            // What was chosen is another project's.
            fields = fields.without("issue_type").without("epic").without("done_status");
        }
        let place = path(&["v1", "connections", &connection, "projects", &project]);
        let (types, epics, labels) = if connection.is_empty() || project.is_empty() {
            (Listed::default(), Listed::default(), Listed::default())
        } else {
            let epics = query(&format!("{place}/epics"), &[("query", Some(fields.text("epic_query")))]);
            let labels = format!("{}/labels", path(&["v1", "connections", &connection]));
            let types = format!("{place}/issue-types");
            tokio::join!(
                Listed::read(client, &types, issue_type),
                Listed::read(client, &epics, |epic: Epic| Some((
                    epic.id,
                    format!("{} {}", epic.key, epic.title)
                ))),
                Listed::read(client, &labels, |label: String| Some((label.clone(), label))),
            )
        };
        let fields = types.offering(fields, "issue_type");
        let fields = with(fields, "issue_type", types.only());
        let issue_type = fields.text("issue_type").to_owned();
        let (statuses, every_status) = if project.is_empty() || issue_type.is_empty() {
            (Listed::default(), Listed::default())
        } else {
            statuses(client, &format!("{place}{}", path(&["issue-types", &issue_type, "statuses"]))).await
        };
        let fields = statuses.offering(fields, "done_status");
        let fields = every_status.offering(fields, "pulls.status_when_opened");
        let unlisted = |words: &str, id: &str| {
            if words.is_empty() { format!("the one with the id {id}") } else { words.to_owned() }
        };
        let offer = Self {
            connections: connections.after("Choose a connection"),
            projects: projects
                .keeping(&project, &unlisted(&known.project, &project))
                .after("Choose a project"),
            types: types
                .keeping(&issue_type, &unlisted(&known.issue_type, &issue_type))
                .after("Choose an issue type"),
            statuses: statuses
                .keeping(fields.text("done_status"), "the one that was chosen")
                .after("Any done status"),
            every_status: every_status
                .keeping(fields.text("pulls.status_when_opened"), "the one that was chosen")
                .after("It stays where it is"),
            epics: epics.keeping(fields.text("epic"), "the one that was chosen").after("None"),
            // One with a comma could not be told from two.
            labels: labels
                .items
                .into_iter()
                .map(|(label, _)| label)
                .filter(|it| !it.contains(',') && it != "assay")
                .take(LABELS)
                .collect(),
        };
        (offer, fields)
    }
}

/// The choice that there is, where none was made.
fn with(fields: Fields, name: &str, only: Option<&str>) -> Fields {
    match only {
        Some(value) => fields.or(name, value),
        None => fields,
    }
}

async fn connections(client: &Client) -> Listed {
    Listed::read(client, "/v1/connections?limit=200", |connection: Connection| {
        let writes = connection.use_cases.iter().any(|it| it == "ticketing" || it == "vulnerability_scanner");
        (writes && connection.state != "disconnected")
            .then(|| (connection.id.clone(), format!("{} ({})", connection.site, connection.id)))
    })
    .await
}

/// The done statuses, and all of them.
async fn statuses(client: &Client, place: &str) -> (Listed, Listed) {
    match client.get::<List<Status>>(&format!("{place}?all=true")).await {
        Ok(list) => {
            let (mut done, mut every) = (Listed::default(), Listed::default());
            for status in list.items {
                if status.category == "done" {
                    done.items.push((status.id.clone(), status.name.clone()));
                }
                every.items.push((status.id, status.name));
            }
            (done, every)
        }
        Err(problem) => {
            let listed = || Listed { problem: Some(problem.clone()), ..Listed::default() };
            (listed(), listed())
        }
    }
}

async fn projects(client: &Client, connection: &str, text: &str) -> Listed {
    let place = path(&["v1", "connections", connection, "projects"]);
    Listed::read(client, &query(&place, &[("query", Some(text))]), |project: Project| {
        Some((project.id, format!("{} ({})", project.name, project.key)))
    })
    .await
}

/// Types whose issues can stand alone; epics come last.
fn issue_type(kind: IssueType) -> Option<(String, String)> {
    let words = if kind.level > 0 { format!("{} (above ordinary issues)", kind.name) } else { kind.name };
    (!kind.subtask).then_some((kind.id, words))
}
