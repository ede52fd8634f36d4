//! What each use case of a connection lacks: scopes, permissions, projects, a query that Jira understands.

use std::collections::BTreeSet;

use super::Failure;
use super::refusal::explain_refusal;
use crate::connection::{Connection, Method, Problem, ProblemCode, Project, Scope, UseCase, use_case};
use crate::ids::ProjectId;
use crate::jira::scope::Probe;
use crate::jira::{Client, JiraError};

/// Jira's key of the permission of its administrators.
const ADMINISTER: &str = "ADMINISTER";

/// The scopes that each use case lacks: as Atlassian tells which were granted, or as calls that change nothing show.
pub(super) async fn scopes(connection: &Connection, client: &Client) -> Result<Vec<Problem>, Failure> {
    match connection.method {
        Method::Oauth => Ok(told(connection)),
        // Granular scopes are not compared by their names: which ones a call needs is Atlassian's to know.
        Method::ServiceAccount if connection.scopes.iter().any(|scope| CLASSIC.contains(&scope.as_str())) => {
            Ok(told(connection))
        }
        Method::ServiceAccount | Method::ScopedApiToken => shown(connection, client).await,
        Method::ApiToken => Ok(Vec::new()),
    }
}

/// The classic scopes that we ask for.
const CLASSIC: [&str; 4] =
    ["read:jira-work", "write:jira-work", "read:jira-user", "manage:jira-configuration"];

/// How to get a missing scope.
fn mend(method: Method) -> &'static str {
    match method {
        Method::Oauth => {
            "add these scopes to the OAuth app and connect again; new scopes do not reach an existing grant"
        }
        Method::ServiceAccount => {
            "make a new credential of the service account with these scopes, and connect again with it"
        }
        Method::ApiToken | Method::ScopedApiToken => {
            "make a new token with these scopes, and connect again with it"
        }
    }
}

/// What the account's token turns out not to be allowed.
async fn shown(connection: &Connection, client: &Client) -> Result<Vec<Problem>, Failure> {
    let writes = |use_case: &UseCase| use_case.requirements().writes;
    let mut problems = Vec::new();
    for probe in Probe::ALL {
        let concerned: Vec<&UseCase> = connection
            .use_cases
            .iter()
            .filter(|use_case| probe != Probe::Create || writes(use_case))
            .collect();
        if concerned.is_empty()
            || client.scopes_allow(probe).await.map_err(|error| explain_refusal(connection, &error))?
        {
            continue;
        }
        let what = format!("the token lacks {}", probe.scopes());
        let problem = || Problem::new(ProblemCode::ScopeMissing, what.clone(), mend(connection.method));
        problems.extend(concerned.into_iter().map(|use_case| problem().of(*use_case)));
    }
    Ok(problems)
}

/// What the scopes that Atlassian told do not hold.
fn told(connection: &Connection) -> Vec<Problem> {
    // Tokens that nothing refreshes need no `offline_access`, and only 3LO grants can register webhooks.
    let is_needed = |scope: &&str| {
        *scope != "offline_access" && (connection.method == Method::Oauth || *scope != "manage:jira-webhook")
    };
    let lacks = |use_case: &UseCase| {
        let missing: Vec<&str> = use_case::scopes([use_case])
            .into_iter()
            .filter(is_needed)
            .filter(|scope| !connection.scopes.iter().any(|granted| granted == scope))
            .collect();
        (!missing.is_empty()).then(|| {
            Problem::new(
                ProblemCode::ScopeMissing,
                format!("the grant lacks {}", missing.join(", ")),
                mend(connection.method),
            )
            .of(*use_case)
        })
    };
    connection.use_cases.iter().filter_map(lacks).collect()
}

/// The permissions that each use case lacks.
pub(super) async fn permissions(connection: &Connection, client: &Client) -> Result<Vec<Problem>, Failure> {
    let keys: BTreeSet<&str> = connection
        .use_cases
        .iter()
        .flat_map(|use_case| use_case.requirements().permissions.iter().map(|permission| permission.key))
        .collect();
    let keys: Vec<&str> = keys.into_iter().collect();
    let granted =
        client.granted_permissions(&keys).await.map_err(|error| explain_refusal(connection, &error))?;
    let mut problems = Vec::new();
    for use_case in &connection.use_cases {
        for permission in use_case.requirements().permissions {
            if granted.get(permission.key).copied().unwrap_or(false) {
                continue;
            }
            let code = if permission.key == ADMINISTER {
                ProblemCode::NotAdministrator
            } else {
                ProblemCode::PermissionMissing
            };
            let what =
                format!("the account lacks the permission {}, needed to {}", permission.name, permission.why);
            let mend = format!(
                "grant {} to the account in Jira's permission settings, then verify again",
                permission.name
            );
            problems.push(Problem::new(code, what, mend).of(*use_case));
        }
    }
    Ok(problems)
}

/// Finds the projects of each use case, lets Jira parse its query, and says what of them is missing.
pub(super) async fn things(connection: &mut Connection, client: &Client) -> Result<Vec<Problem>, Failure> {
    let mut problems = Vec::new();
    let facts = connection.clone();
    for (use_case, scope) in [
        (UseCase::Ticketing, &mut connection.change_management),
        (UseCase::IncidentManagement, &mut connection.incidents),
    ] {
        if facts.use_cases.contains(&use_case) && scope.is_set() {
            let found = check_scope(scope, client).await.map_err(|error| explain_refusal(&facts, &error))?;
            problems.extend(found.into_iter().map(|problem| problem.of(use_case)));
        }
    }
    Ok(problems)
}

/// Finds the projects of a scope, by their ids where those are known: an id stays, while a key may be changed, and be given
/// to another project later. The scope's keys follow. Returns the keys of the projects that are not found.
async fn find_projects(scope: &mut Scope, client: &Client) -> Result<Vec<String>, JiraError> {
    let id_of =
        |key: &str| scope.projects.iter().find(|known| known.key == key).map(|known| known.id.clone());
    let ids: Vec<Option<ProjectId>> = scope.keys.iter().map(|key| id_of(key)).collect();
    let known: Vec<ProjectId> = ids.iter().flatten().cloned().collect();
    let by_id = client.projects_by_ids(&known).await?;
    let mut found: Vec<Option<Project>> =
        ids.iter().map(|id| by_id.iter().find(|project| Some(&project.id) == id.as_ref()).cloned()).collect();
    let sought: Vec<String> = scope
        .keys
        .iter()
        .zip(&found)
        .filter(|(_, project)| project.is_none())
        .map(|(key, _)| key.clone())
        .collect();
    let by_key = client.projects_by_keys(&sought).await?;
    for (key, project) in scope.keys.iter().zip(&mut found).filter(|(_, project)| project.is_none()) {
        *project = by_key.iter().find(|project| project.key == *key).cloned();
    }
    let mut missing = Vec::new();
    for (key, project) in scope.keys.iter_mut().zip(&found) {
        match project {
            Some(project) => key.clone_from(&project.key),
            None => missing.push(key.clone()),
        }
    }
    scope.projects = found.into_iter().flatten().collect();
    Ok(missing)
}

async fn check_scope(scope: &mut Scope, client: &Client) -> Result<Vec<Problem>, JiraError> {
    let mut problems = Vec::new();
    if !scope.keys.is_empty() {
        let missing = find_projects(scope, client).await?;
        problems.extend(missing.iter().map(|key| {
            let what = format!("there is no project {key}, or the account cannot see it");
            let mend = format!("check the key, and give the account the permission Browse projects in {key}");
            Problem::new(ProblemCode::ProjectNotFound, what, mend)
        }));
    }
    if let Some(jql) = &scope.jql {
        let mut answers = client.parse_jql(&[jql.as_str()]).await?;
        if let Some(Err(complaint)) = answers.pop() {
            let what = format!("Jira does not understand the query: {complaint}");
            problems.push(Problem::new(
                ProblemCode::QueryInvalid,
                what,
                "correct the query; Jira's issue search shows where it is wrong",
            ));
        }
    }
    Ok(problems)
}
