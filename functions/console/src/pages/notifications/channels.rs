//! Channels: where notifications are sent, how each does, and its rules.

use askama::Template;
use assay::access::Role;
use assay::channel::{Broken, Failure, Target};
use assay::notification::Kind;
use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::{get, post};
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{KINDS, words};
use crate::Console;
use crate::answer;
use crate::badge::{Badge, Tone};
use crate::client::{List, path};
use crate::form::{Entered, Fields, Form};
use crate::frame::{Frame, Visit};
use crate::meanwhile;
use crate::problem::Problem;

/// Where the API has the channels.
const CHANNELS: &str = "/v1/notifications/channels";

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/notifications/channels/new", get(new).post(make))
        .route("/notifications/channels/{id}", get(show).post(change))
        .route("/notifications/channels/{id}/test", post(test))
        .route("/notifications/channels/{id}/rotate", post(rotate))
        .route("/notifications/channels/{id}/pause", post(pause))
        .route("/notifications/channels/{id}/resume", post(resume))
        .route("/notifications/channels/{id}/delete", post(delete))
}

/// How a channel does.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
enum State {
    Works,
    Failing,
    Broken,
    Paused,
}

/// A channel, as far as it is shown.
#[derive(Debug, Deserialize)]
pub(super) struct Channel {
    pub(super) id: String,
    pub(super) name: String,
    kind: Target,
    pub(super) host: String,
    state: State,
    broken: Option<Broken>,
    kinds: Option<Vec<Kind>>,
    recovered: bool,
    quiet_minutes: u32,
    at_least: u32,
    secret: Option<String>,
    old_secret_until: Option<Timestamp>,
    pub(super) last_success_at: Option<Timestamp>,
    last_failure: Option<Failure>,
    pub(super) waiting: u64,
    given_up: u64,
    created_by: String,
    created_at: Timestamp,
}

impl Channel {
    pub(super) fn badge(&self) -> Badge {
        match self.state {
            State::Works => Badge::new(Tone::Good, "Works"),
            State::Failing => Badge::new(Tone::Unsure, "Fails, is tried again"),
            State::Broken => Badge::new(Tone::Bad, "Broken"),
            State::Paused => Badge::new(Tone::Idle, "Paused"),
        }
    }

    pub(super) fn target(&self) -> &'static str {
        match self.kind {
            Target::Slack => "Slack",
            Target::Webhook => "Webhook",
        }
    }

    /// Which notifications are sent, in words.
    pub(super) fn sends(&self) -> String {
        match &self.kinds {
            None => "everything".to_owned(),
            Some(kinds) => kinds.iter().map(|kind| words(*kind)).collect::<Vec<_>>().join("; "),
        }
    }

    fn is_signed(&self) -> bool {
        self.kind == Target::Webhook
    }

    fn is_paused(&self) -> bool {
        self.state == State::Paused
    }

    fn entered(&self) -> Entered {
        let kinds = self.kinds.iter().flatten().map(|kind| ("kinds", kind.word().to_owned()));
        let others = [
            ("name", self.name.clone()),
            ("quiet_minutes", self.quiet_minutes.to_string()),
            ("at_least", self.at_least.to_string()),
        ];
        let recovered = self.recovered.then(|| ("recovered", "true".to_owned()));
        Entered::of(others.into_iter().chain(recovered).chain(kinds))
    }
}

/// What came of a test.
#[derive(Debug, Deserialize)]
struct Tested {
    taken: bool,
    status: Option<u16>,
    said: String,
    mend: Option<String>,
    channel: Channel,
}

#[derive(Template)]
#[template(path = "notifications/new.html")]
struct NewPage<'a> {
    frame: &'a Frame,
    entered: Entered,
}

impl NewPage<'_> {
    const TARGETS: &'static [(&'static str, &'static str)] =
        &[("slack", "Slack: an incoming webhook"), ("webhook", "Webhook: a receiver of your own, signed")];

    fn kinds() -> Vec<(&'static str, &'static str)> {
        KINDS.iter().map(|(kind, words)| (kind.word(), *words)).collect()
    }
}

/// Something that was done just now, beside the channel.
#[derive(Default)]
struct Done {
    /// The signing secret, which is shown this once.
    secret: Option<String>,
    /// Whether a secret was made, so that a page that is sent again can say that it was shown before.
    made: bool,
    tested: Option<Outcome>,
}

/// What came of a test, without the channel.
struct Outcome {
    taken: bool,
    status: Option<u16>,
    said: String,
    mend: Option<String>,
}

#[derive(Template)]
#[template(path = "notifications/channel.html")]
struct ChannelPage<'a> {
    frame: &'a Frame,
    channel: Channel,
    entered: Entered,
    done: Done,
}

impl ChannelPage<'_> {
    fn kinds() -> Vec<(&'static str, &'static str)> {
        KINDS.iter().map(|(kind, words)| (kind.word(), *words)).collect()
    }
}

/// All channels: there are 20 at most.
pub(super) async fn all(visit: &Visit) -> Result<Vec<Channel>, Problem> {
    Ok(visit.client.get::<List<Channel>>(CHANNELS).await?.items)
}

async fn new(visit: Visit) -> Result<Response, Problem> {
    if !visit.frame.administers() {
        return Err(Problem::needs("admin"));
    }
    let usual = [("recovered", "true"), ("quiet_minutes", "60"), ("at_least", "1")];
    let entered = Entered::of(usual.map(|(name, value)| (name, value.to_owned())));
    answer::page(&NewPage { frame: &visit.frame, entered })
}

async fn make(visit: Visit, form: Form) -> Result<Response, Problem> {
    let made = match rules(&form) {
        Ok(mut body) => {
            body.insert("kind".to_owned(), json!(form.text("kind")));
            body.insert("url".to_owned(), json!(form.text("url")));
            visit.client.post::<Channel>(CHANNELS, &form, &body).await
        }
        Err(problem) => Err(refusal(&visit, problem)),
    };
    match made {
        // The secret is shown in this very answer, since it is nowhere else.
        Ok(channel) if channel.is_signed() => Ok(once(&visit, channel)?),
        Ok(channel) => {
            let said = "The channel is made. Send a test to see that it arrives.";
            Ok(visit.go(&path(&["notifications", "channels", &channel.id]), said))
        }
        Err(problem) if problem.is_about_input() => {
            let status = problem.status();
            answer::with(status, &NewPage { frame: &visit.frame, entered: form.refused(problem) })
        }
        Err(problem) => Err(problem),
    }
}

async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Problem> {
    let channel: Channel = visit.client.get(&at(&id, "")).await?;
    let entered = channel.entered();
    answer::page(&ChannelPage { frame: &visit.frame, channel, entered, done: Done::default() })
}

/// Changes what the form changes: what it leaves as it was when its page was made, it does not touch.
async fn change(visit: Visit, Path(id): Path<String>, form: Form) -> Result<Response, Problem> {
    visit.require(Role::Admin)?;
    let (channel, told): (Channel, Value) = visit.client.shown(&at(&id, "")).await?;
    let stored = channel.entered();
    let changed = match form.onto(stored.fields()) {
        Ok(fields) => save(&visit, &id, &fields, stored.fields(), &told).await,
        Err(entered) => return again(&visit, &id, StatusCode::CONFLICT, *entered).await,
    };
    match changed {
        Ok(said) => Ok(visit.go(&path(&["notifications", "channels", &id]), said)),
        Err(problem) if problem.is_about_input() => {
            again(&visit, &id, problem.status(), form.refused(problem)).await
        }
        Err(problem) => Err(problem),
    }
}

/// Saves what differs from what is stored; gives what to say then.
async fn save(
    visit: &Visit,
    id: &str,
    fields: &Fields,
    stored: &Fields,
    told: &Value,
) -> Result<&'static str, Problem> {
    let mut asked = rules(fields)?;
    if let Some(url) = fields.optional("url") {
        asked.insert("url".to_owned(), json!(url));
    }
    let body = meanwhile::change(&Value::Object(asked), &Value::Object(rules(stored)?), told);
    if !meanwhile::is_any(&body) {
        return Ok("Nothing was changed.");
    }
    visit.client.change::<Value>(Method::PATCH, &at(id, ""), &body).await?;
    Ok("The channel is changed.")
}

/// The channel's page, with the form as it was sent.
async fn again(visit: &Visit, id: &str, status: StatusCode, entered: Entered) -> Result<Response, Problem> {
    let channel: Channel = visit.client.get(&at(id, "")).await?;
    answer::with(status, &ChannelPage { frame: &visit.frame, channel, entered, done: Done::default() })
}

async fn test(visit: Visit, Path(id): Path<String>, form: Form) -> Result<Response, Problem> {
    let tested: Tested = visit.client.post(&at(&id, "test"), &form, &()).await?;
    let Tested { taken, status, said, mend, channel } = tested;
    let entered = channel.entered();
    let done = Done { tested: Some(Outcome { taken, status, said, mend }), ..Done::default() };
    answer::page(&ChannelPage { frame: &visit.frame, channel, entered, done })
}

async fn rotate(visit: Visit, Path(id): Path<String>, form: Form) -> Result<Response, Problem> {
    let channel: Channel = visit.client.post(&at(&id, "rotate"), &form, &()).await?;
    once(&visit, channel)
}

async fn pause(visit: Visit, Path(id): Path<String>, _form: Form) -> Result<Response, Problem> {
    let said = "The channel is paused. What there is to tell waits for a day.";
    paused(&visit, &id, true, said).await
}

async fn resume(visit: Visit, Path(id): Path<String>, _form: Form) -> Result<Response, Problem> {
    paused(&visit, &id, false, "The channel goes on. What waited is sent within a minute.").await
}

async fn paused(visit: &Visit, id: &str, paused: bool, said: &str) -> Result<Response, Problem> {
    let body = json!({ "paused": paused });
    let _: Value = visit.client.change(Method::PATCH, &at(id, ""), &body).await?;
    Ok(visit.go(&path(&["notifications", "channels", id]), said))
}

async fn delete(visit: Visit, Path(id): Path<String>, _form: Form) -> Result<Response, Problem> {
    visit.client.change::<()>(Method::DELETE, &at(&id, ""), &()).await?;
    Ok(visit.go("/notifications", "The channel is deleted, and its address forgotten."))
}

/// The page with a secret that is shown this once.
fn once(visit: &Visit, mut channel: Channel) -> Result<Response, Problem> {
    let (secret, entered) = (channel.secret.take(), channel.entered());
    let done = Done { secret, made: true, tested: None };
    answer::page(&ChannelPage { frame: &visit.frame, channel, entered, done })
}

/// Where the API has a channel, or something of it.
fn at(id: &str, part: &str) -> String {
    let whole = ["v1", "notifications", "channels", id, part];
    path(&whole[..if part.is_empty() { 4 } else { 5 }])
}

/// A problem that the console found before the API was asked: whoever may not do it is told that instead.
fn refusal(visit: &Visit, problem: Problem) -> Problem {
    if visit.frame.administers() { problem } else { Problem::needs("admin") }
}

/// Name and rules, as the API takes them.
fn rules(form: &Fields) -> Result<Map<String, Value>, Problem> {
    let kinds = form.all("kinds");
    let mut body = Map::new();
    body.insert("name".to_owned(), json!(form.text("name")));
    body.insert("kinds".to_owned(), if kinds.is_empty() { Value::Null } else { json!(kinds) });
    body.insert("recovered".to_owned(), json!(form.has("recovered")));
    for name in ["quiet_minutes", "at_least"] {
        if let Some(number) = form.number(name)? {
            body.insert(name.to_owned(), json!(number));
        }
    }
    Ok(body)
}
