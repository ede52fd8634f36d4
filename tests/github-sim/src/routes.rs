//! What GitHub's REST API answers, as far as it is simulated.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::{
    auth::Caller,
    shapes,
    simulator::{Deed, act},
    state::{INSTALLATION, InstallationToken, Repository, World},
};

/// The most characters of a description.
const MOST_BODY: usize = 65_536;
/// The most characters of a title.
const MOST_TITLE: usize = 256;

/// What is answered.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn new(status: u16, body: Value) -> Self {
        Self { status, headers: Vec::new(), body }
    }

    /// A refusal in GitHub's form. `status` is there as a text too.
    pub(crate) fn refused(status: u16, message: &str) -> Self {
        let body = json!({
            "message": message,
            "documentation_url": "https://docs.github.com/rest",
            "status": status.to_string(),
        });
        Self::new(status, body)
    }

    pub(crate) fn not_found() -> Self {
        Self::refused(404, "Not Found")
    }

    /// `Validation Failed` for a field of a pull request.
    fn invalid(field: &str, message: &str) -> Self {
        let error =
            json!({ "resource": "PullRequest", "code": "custom", "field": field, "message": message });
        let mut answer = Self::refused(422, "Validation Failed");
        answer.body["errors"] = json!([error]);
        answer
    }

    #[must_use]
    pub(crate) fn with_header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// One call after its caller is known.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) body: Value,
    pub(crate) caller: &'a Caller,
    pub(crate) now: Timestamp,
}

/// Answers a call.
pub(crate) fn answer(world: &mut World, call: &Call<'_>) -> Answer {
    let (Ok(answer) | Err(answer)) = found(world, call);
    answer
}

fn found(world: &mut World, call: &Call<'_>) -> Result<Answer, Answer> {
    let parts: Vec<&str> = call.path.trim_matches('/').split('/').collect();
    match (call.method, parts.as_slice()) {
        ("GET", ["user"]) => match call.caller {
            Caller::Person(token) => Ok(Answer::new(200, shapes::myself(&token.login))),
            other => Err(other.refusal()),
        },
        ("GET", ["rate_limit"]) => Ok(rate_limit(world, call)),
        ("GET", ["app"]) => app(call).map(|()| Answer::new(200, shapes::app(call.now))),
        ("GET", ["app", "installations"]) => {
            app(call)?;
            let all = world.installation.iter();
            let all = all.map(|installation| shapes::installation(installation, call.now));
            Ok(Answer::new(200, all.collect()))
        }
        ("GET", ["app", "installations", id]) => {
            app(call)?;
            installation(world, id).map(|one| Answer::new(200, shapes::installation(one, call.now)))
        }
        ("POST", ["app", "installations", id, "access_tokens"]) => {
            app(call)?;
            installation(world, id)?;
            new_token(world, call)
        }
        ("GET", ["installation", "repositories"]) => repositories(world, call),
        ("GET", ["repos", owner, name, "installation"]) => {
            app(call)?;
            let repo = world.repository(&format!("{owner}/{name}")).filter(|repo| repo.installed);
            let installed = repo.and(world.installation.as_ref()).ok_or_else(Answer::not_found)?;
            Ok(Answer::new(200, shapes::installation(installed, call.now)))
        }
        ("GET", ["repos", owner, name]) => {
            seen(world, call, owner, name).map(|repo| Answer::new(200, shapes::whole_repository(repo)))
        }
        ("GET", ["repos", owner, name, "pulls"]) => pulls(seen(world, call, owner, name)?, call),
        ("GET", ["repos", owner, name, "pulls", number]) => {
            let repo = seen(world, call, owner, name)?;
            call.caller.needs(repo, "pull_requests", false)?;
            let pull = number.parse().ok().and_then(|number: u64| repo.pulls.get(&number));
            Ok(Answer::new(200, shapes::pull(repo, pull.ok_or_else(Answer::not_found)?)))
        }
        ("PATCH", ["repos", owner, name, "pulls", number]) => {
            let number = number.parse::<u64>().map_err(|_| Answer::not_found())?;
            let full_name = seen(world, call, owner, name)?.full_name.clone();
            edit(world, call, &full_name, number)
        }
        _ => Err(Answer::not_found()),
    }
}

/// Only the App itself may.
fn app(call: &Call<'_>) -> Result<(), Answer> {
    match call.caller {
        Caller::App => Ok(()),
        _ => Err(Answer::refused(401, "A JSON web token could not be decoded")),
    }
}

fn installation<'a>(world: &'a World, id: &str) -> Result<&'a crate::state::Installation, Answer> {
    let known = world.installation.as_ref().filter(|_| id == INSTALLATION.to_string());
    known.ok_or_else(Answer::not_found)
}

/// The repository, if it is there for the caller.
fn seen<'a>(world: &'a World, call: &Call<'_>, owner: &str, name: &str) -> Result<&'a Repository, Answer> {
    if matches!(call.caller, Caller::App) {
        return Err(call.caller.refusal());
    }
    let repo = world.repository(&format!("{owner}/{name}"));
    repo.filter(|repo| call.caller.sees(repo)).ok_or_else(Answer::not_found)
}

/// Those that are open, or all, the newest first; one page of a hundred.
fn pulls(repo: &Repository, call: &Call<'_>) -> Result<Answer, Answer> {
    call.caller.needs(repo, "pull_requests", false)?;
    let asked = url::form_urlencoded::parse(call.query.as_bytes());
    let state = asked.into_owned().find(|(name, _)| name == "state").map(|(_, value)| value);
    let wanted = |open: bool| match state.as_deref() {
        Some("all") => true,
        Some("closed") => !open,
        _ => open,
    };
    let all = repo.pulls.values().rev().filter(|pull| wanted(pull.open)).take(100);
    Ok(Answer::new(200, all.map(|pull| shapes::pull(repo, pull)).collect()))
}

fn edit(world: &mut World, call: &Call<'_>, full_name: &str, number: u64) -> Result<Answer, Answer> {
    let repo = world.repository(full_name).ok_or_else(Answer::not_found)?;
    let pull = repo.pulls.get(&number).ok_or_else(Answer::not_found)?;
    call.caller.needs(repo, "pull_requests", true)?;
    if repo.archived {
        return Err(Answer::refused(403, "Repository was archived so is read-only."));
    }
    let title = call.body.get("title").map(|title| title.as_str().unwrap_or_default().trim().to_owned());
    if title.as_ref().is_some_and(|title| title.is_empty() || title.chars().count() > MOST_TITLE) {
        return Err(Answer::invalid("title", "title is missing or is too long (maximum is 256 characters)"));
    }
    let body = call.body.get("body").map(|body| body.as_str().unwrap_or_default().to_owned());
    if body.as_ref().is_some_and(|body| body.chars().count() > MOST_BODY) {
        return Err(Answer::invalid("body", "body is too long (maximum is 65536 characters)"));
    }
    let state = call.body["state"].as_str().map(str::to_owned);
    let turn = match state.as_deref() {
        Some("closed") if pull.open => Some(Deed::Close),
        Some("open") if !pull.open => Some(Deed::Reopen),
        _ => None,
    };
    let (by, refused) = (call.caller.login(), |message: String| Answer::refused(422, &message));
    act(world, full_name, number, &Deed::Edit { title, body }, &by, call.now).map_err(refused)?;
    if let Some(turn) = turn {
        act(world, full_name, number, &turn, &by, call.now).map_err(refused)?;
    }
    let repo = world.repository(full_name).ok_or_else(Answer::not_found)?;
    let pull = repo.pulls.get(&number).ok_or_else(Answer::not_found)?;
    Ok(Answer::new(200, shapes::pull(repo, pull)))
}

fn repositories(world: &World, call: &Call<'_>) -> Result<Answer, Answer> {
    if !matches!(call.caller, Caller::Installation(_)) {
        return Err(call.caller.refusal());
    }
    let all = world.repositories.iter().filter(|repo| repo.installed && call.caller.sees(repo));
    let all: Vec<Value> = all.map(shapes::repository).collect();
    let body = json!({ "total_count": all.len(), "repository_selection": "selected", "repositories": all });
    Ok(Answer::new(200, body))
}

/// `POST /app/installations/{id}/access_tokens`: for all of the installation, or for some repositories and permissions.
fn new_token(world: &mut World, call: &Call<'_>) -> Result<Answer, Answer> {
    let known: Vec<(u64, String)> = world
        .repositories
        .iter()
        .filter(|repo| repo.installed)
        .map(|repo| (repo.id, repo.full_name.clone()))
        .collect();
    let names = call.body["repositories"].as_array().into_iter().flatten().map(|name| {
        let name = name.as_str().unwrap_or_default();
        known.iter().find(|(_, full_name)| full_name.split_once('/').is_some_and(|(_, own)| own == name))
    });
    let ids = call.body["repository_ids"].as_array().into_iter().flatten();
    let ids = ids.map(|id| known.iter().find(|(known, _)| Some(*known) == id.as_u64()));
    let chosen: Option<Vec<&(u64, String)>> = names.chain(ids).collect();
    let chosen = chosen.ok_or_else(|| {
        Answer::refused(
            422,
            "There is at least one repository that does not exist or is not accessible to the parent installation.",
        )
    })?;
    let some = !chosen.is_empty();
    let repositories: Option<BTreeSet<String>> =
        some.then(|| chosen.iter().map(|(_, full_name)| full_name.clone()).collect());
    let id = world.take_id();
    let (settings, now) = (world.settings.clone(), call.now);
    let shown: Vec<Value> = match &repositories {
        Some(names) => {
            let chosen = world.repositories.iter().filter(|repo| names.contains(&repo.full_name));
            chosen.map(shapes::repository).collect()
        }
        None => Vec::new(),
    };
    let installation = world.installation.as_mut().ok_or_else(Answer::not_found)?;
    if installation.suspended.is_some() {
        return Err(Answer::refused(403, "This installation has been suspended"));
    }
    let permissions = granted(&installation.permissions, &call.body["permissions"])?;
    let life = SignedDuration::from_secs(settings.token_seconds);
    let token = InstallationToken {
        text: format!("ghs_simulated{id}"),
        expires: now.saturating_add(life).unwrap_or(now),
        permissions,
        repositories,
    };
    let mut body = json!({
        "token": token.text,
        "expires_at": shapes::time(token.expires),
        "permissions": token.permissions,
        "repository_selection": "selected",
    });
    if some {
        body["repositories"] = json!(shown);
    }
    installation.tokens.push(token);
    Ok(Answer::new(201, body))
}

/// What was asked, if the installation has all of it; everything if nothing was asked.
fn granted(held: &BTreeMap<String, String>, asked: &Value) -> Result<BTreeMap<String, String>, Answer> {
    let Some(asked) = asked.as_object() else { return Ok(held.clone()) };
    let mut given = BTreeMap::new();
    for (name, level) in asked {
        let level = level.as_str().unwrap_or_default();
        let enough = held.get(name).is_some_and(|own| own == level || (own == "write" && level == "read"));
        if !enough {
            return Err(Answer::refused(
                422,
                "The permissions requested are not granted to this installation.",
            ));
        }
        given.insert(name.clone(), level.to_owned());
    }
    given.entry("metadata".to_owned()).or_insert_with(|| "read".to_owned());
    Ok(given)
}

fn rate_limit(world: &World, call: &Call<'_>) -> Answer {
    let (limit, used, reset) = used(world, call.caller, call.now);
    let core =
        json!({ "limit": limit, "used": used, "remaining": limit.saturating_sub(used), "reset": reset });
    Answer::new(200, json!({ "resources": { "core": core, "search": core }, "rate": core }))
}

/// Calls an hour, those of this hour, and when it ends in seconds since 1970.
pub(crate) fn used(world: &World, caller: &Caller, now: Timestamp) -> (u64, u64, i64) {
    let hour = now.as_second().div_euclid(3600);
    let used = world.calls.get(&(caller.name(), hour)).copied().unwrap_or_default();
    // Sixty for callers without a credential.
    let limit =
        if matches!(caller, Caller::Nobody) { world.settings.limit.min(60) } else { world.settings.limit };
    (limit, used, (hour + 1) * 3600)
}
