//! Channels: where notifications are sent.

use std::collections::BTreeSet;

use assay::channel::{Broken, Channel, Failure, Rules, Target};
use assay::ids::ChannelId;
use assay::notification::Kind;
use assay::operations::announcing::channels::{Change, Wish};
use assay::secret::Secret;
use assay::seen::Seen;
use assay::slack::{Answer, Verdict};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Api;
use crate::caller::{Admin, Operator, Reader};
use crate::idempotency::Seed;
use crate::input::{Body, Path, Query};
use crate::page::{List, PageQuery};
use crate::problem::Problem;
use crate::routes::Routes;

/// A new channel.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelInput {
    /// What it is called, 1 to 100 characters.
    name: String,
    /// What stands at the other end.
    kind: Target,
    /// The address: an incoming webhook of Slack, or any https address of the public internet. Never shown again.
    #[schema(value_type = String)]
    url: Secret,
    /// Only these kinds of notifications; all if not given.
    #[serde(default)]
    kinds: Option<BTreeSet<Kind>>,
    /// Whether it is said that a cause is over; yes if not given.
    #[serde(default)]
    recovered: Option<bool>,
    /// For so many minutes after a message, a cause that begins again is counted and not told; 60 if not given.
    #[serde(default)]
    quiet_minutes: Option<u32>,
    /// How many things a cause must stop before it is told; 1 if not given.
    #[serde(default)]
    at_least: Option<u32>,
}

/// What is to change; what is not given stays.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelChange {
    /// What it is called.
    #[serde(default)]
    name: Option<String>,
    /// Another address. Never shown again.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    url: Option<Secret>,
    /// Only these kinds of notifications; null is all.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Vec<Kind>>)]
    #[expect(clippy::option_option, reason = "null is all kinds, a field that is not given leaves them")]
    kinds: Option<Option<BTreeSet<Kind>>>,
    /// Whether it is said that a cause is over.
    #[serde(default)]
    recovered: Option<bool>,
    /// For so many minutes after a message, a cause that begins again is counted and not told.
    #[serde(default)]
    quiet_minutes: Option<u32>,
    /// How many things a cause must stop before it is told.
    #[serde(default)]
    at_least: Option<u32>,
    /// Whether nothing is sent for now. What there is to tell waits for a day; going on sends it.
    #[serde(default)]
    paused: Option<bool>,
    /// What the caller saw of some of these, as `GET` shows them: where the change would overwrite something else than that,
    /// nothing is changed (409, `overtaken`).
    #[serde(default)]
    #[schema(value_type = Object)]
    seen: Seen,
}

/// What is given, null or not; what is not given is none.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// One channel.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ChannelView {
    /// Its identifier.
    id: String,
    /// What it is called.
    name: String,
    /// What stands at the other end.
    kind: Target,
    /// The host of its address.
    host: String,
    /// `works`, `failing`, `broken` or `paused`.
    #[schema(value_type = String)]
    state: &'static str,
    /// Why nothing is sent any more, and what to do.
    broken: Option<Broken>,
    /// The kinds of notifications that are sent; null is all.
    kinds: Option<BTreeSet<Kind>>,
    /// Whether it is said that a cause is over.
    recovered: bool,
    /// For so many minutes after a message, a cause that begins again is counted and not told.
    quiet_minutes: u32,
    /// How many things a cause must stop before it is told.
    at_least: u32,
    /// The secret that signs its messages: only in the answer that made it. If that answer was lost, make another.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    /// Until when the secret before it signs, too.
    #[schema(value_type = Option<String>)]
    old_secret_until: Option<Timestamp>,
    /// When a message was last taken.
    #[schema(value_type = Option<String>)]
    last_success_at: Option<Timestamp>,
    /// The last message that was not taken.
    last_failure: Option<Failure>,
    /// How many causes wait to be told.
    waiting: usize,
    /// How many messages were given up because nobody took them for a day.
    given_up: u64,
    /// Who made it: a token's id.
    created_by: String,
    /// When it was made.
    #[schema(value_type = String)]
    created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String)]
    updated_at: Timestamp,
}

/// What came of a test.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TestView {
    /// Whether the message was taken.
    taken: bool,
    /// The status that was answered; null where there was no answer.
    status: Option<u16>,
    /// The first words of the answer, or why there was none.
    said: String,
    /// What to do, where that is known.
    #[schema(value_type = Option<String>)]
    mend: Option<&'static str>,
    /// The channel as it is now.
    channel: ChannelView,
}

impl ChannelView {
    fn of(channel: Channel, waiting: usize, secret: Option<&Secret>) -> Self {
        let health = channel.health;
        let state = match (channel.paused, &health.broken, health.failures) {
            (true, ..) => "paused",
            (false, Some(_), _) => "broken",
            (false, None, 0) => "works",
            (false, None, _) => "failing",
        };
        Self {
            id: channel.id.to_string(),
            name: channel.name,
            kind: channel.target,
            host: channel.host,
            state,
            broken: health.broken,
            kinds: channel.rules.kinds,
            recovered: channel.rules.recovered,
            quiet_minutes: channel.rules.quiet_minutes,
            at_least: channel.rules.at_least,
            secret: secret.map(|secret| secret.expose().to_owned()),
            old_secret_until: channel.old_secret_until,
            last_success_at: health.succeeded_at,
            last_failure: health.failed,
            waiting,
            given_up: health.given_up,
            created_by: channel.made_by,
            created_at: channel.created_at,
            updated_at: channel.updated_at,
        }
    }
}

pub(super) fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(list, make))
        .routes(routes!(show, change, end))
        .routes(routes!(test))
        .routes(routes!(rotate))
}

/// Lists the channels, without their addresses.
#[utoipa::path(get, operation_id = "list_channels", path = "/v1/notifications/channels", tag = "notifications", security(("token" = ["auditor"])), params(PageQuery), responses((status = 200, body = List<ChannelView>), (status = 422, body = Problem)))]
async fn list(
    Reader(caller): Reader,
    State(api): State<Api>,
    Query(page): Query<PageQuery>,
) -> Result<Json<List<ChannelView>>, Problem> {
    let asked = page.of(&caller.tenant, &["channels"])?;
    let stored = api.core.store.list_channels(&caller.tenant, asked.after.as_deref(), asked.limit).await?;
    let mut views = Vec::new();
    for channel in stored.items {
        let waiting = api.announcer.waiting(&channel).await?;
        views.push(ChannelView::of(channel, waiting, None));
    }
    Ok(Json(List { items: views, next_cursor: asked.cursor(stored.next) }))
}

/// Makes a channel. The secret that signs its messages (kind `webhook`) is in this answer and nowhere else.
#[utoipa::path(post, operation_id = "make_channel", path = "/v1/notifications/channels", tag = "notifications", security(("token" = ["admin"])), request_body = ChannelInput, responses((status = 201, body = ChannelView), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn make(
    Admin(caller): Admin,
    seed: Seed,
    State(api): State<Api>,
    Body(input): Body<ChannelInput>,
) -> Result<Response, Problem> {
    let id = ChannelId::parse(&format!("chn-{}", seed.text))?;
    let usual = Rules::default();
    let rules = Rules {
        kinds: input.kinds,
        recovered: input.recovered.unwrap_or(usual.recovered),
        quiet_minutes: input.quiet_minutes.unwrap_or(usual.quiet_minutes),
        at_least: input.at_least.unwrap_or(usual.at_least),
    };
    let wish = Wish { name: input.name, target: input.kind, url: input.url, rules };
    let (channel, secret) =
        api.announcer.make_channel(&caller.tenant, id, wish, caller.token.as_str()).await?;
    Ok((StatusCode::CREATED, Json(ChannelView::of(channel, 0, secret.as_ref()))).into_response())
}

/// Shows one channel: how it does, and how much waits for it.
#[utoipa::path(get, operation_id = "show_channel", path = "/v1/notifications/channels/{id}", tag = "notifications", security(("token" = ["auditor"])), params(("id" = String, Path)), responses((status = 200, body = ChannelView), (status = 404, body = Problem)))]
async fn show(
    Reader(caller): Reader,
    State(api): State<Api>,
    Path(id): Path<ChannelId>,
) -> Result<Json<ChannelView>, Problem> {
    let channel = api.announcer.require(&caller.tenant, &id).await?;
    view(&api, channel, None).await
}

/// Changes a channel. With another address it is taken to work; then, and when it goes on after a pause, what waited is sent.
#[utoipa::path(patch, operation_id = "change_channel", path = "/v1/notifications/channels/{id}", tag = "notifications", security(("token" = ["admin"])), params(("id" = String, Path)), request_body = ChannelChange, responses((status = 200, body = ChannelView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn change(
    Admin(caller): Admin,
    State(api): State<Api>,
    Path(id): Path<ChannelId>,
    Body(input): Body<ChannelChange>,
) -> Result<Json<ChannelView>, Problem> {
    let ChannelChange { name, url, kinds, recovered, quiet_minutes, at_least, paused, seen } = input;
    let change = Change { name, url, kinds, recovered, quiet_minutes, at_least, paused, seen };
    let changed = api.announcer.change_channel(&caller.tenant, &id, change).await?;
    view(&api, changed, None).await
}

/// Ends a channel; its address is forgotten, and what waits for it is dropped.
#[utoipa::path(delete, operation_id = "end_channel", path = "/v1/notifications/channels/{id}", tag = "notifications", security(("token" = ["admin"])), params(("id" = String, Path)), responses((status = 204), (status = 404, body = Problem)))]
async fn end(
    Admin(caller): Admin,
    State(api): State<Api>,
    Path(id): Path<ChannelId>,
) -> Result<StatusCode, Problem> {
    api.announcer.end_channel(&caller.tenant, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends a test message now, and says what came back. One that is taken mends a broken channel.
#[utoipa::path(post, operation_id = "test_channel", path = "/v1/notifications/channels/{id}/test", tag = "notifications", security(("token" = ["operator"])), params(("id" = String, Path)), responses((status = 200, body = TestView), (status = 404, body = Problem)))]
async fn test(
    Operator(caller): Operator,
    State(api): State<Api>,
    Path(id): Path<ChannelId>,
) -> Result<Json<TestView>, Problem> {
    let (channel, answer) = api.announcer.test_channel(&caller.tenant, &id).await?;
    let Json(channel) = view(&api, channel, None).await?;
    let Answer { status, said, verdict } = answer;
    let mend = match verdict {
        Verdict::Broken(mend) => Some(mend),
        Verdict::Taken | Verdict::NotNow(_) | Verdict::Refused | Verdict::Unsure => None,
    };
    Ok(Json(TestView { taken: verdict == Verdict::Taken, status, said, mend, channel }))
}

/// Makes a new signing secret, which is in this answer and nowhere else. The one before signs beside it for a day.
#[utoipa::path(post, operation_id = "rotate_channel", path = "/v1/notifications/channels/{id}/rotate", tag = "notifications", security(("token" = ["admin"])), params(("id" = String, Path)), responses((status = 200, body = ChannelView), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn rotate(
    Admin(caller): Admin,
    State(api): State<Api>,
    Path(id): Path<ChannelId>,
) -> Result<Json<ChannelView>, Problem> {
    let (channel, secret) = api.announcer.rotate_channel(&caller.tenant, &id).await?;
    view(&api, channel, Some(&secret)).await
}

async fn view(api: &Api, channel: Channel, secret: Option<&Secret>) -> Result<Json<ChannelView>, Problem> {
    let waiting = api.announcer.waiting(&channel).await?;
    Ok(Json(ChannelView::of(channel, waiting, secret)))
}
