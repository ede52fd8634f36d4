//! Notifications: what people should hear about, once for each cause.

mod channels;

use assay::notification::{Kind, Notification, Subject};
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Routes;
use crate::Api;
use crate::caller::Reader;
use crate::input::Query;
use crate::page::{List, PageQuery};
use crate::problem::Problem;

/// How many calls to the table a list with a filter makes before it gives a shorter page and a cursor to go on with.
const CALLS: usize = 20;

/// Which notifications are asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NotificationQuery {
    /// Only those whose cause lasts (`true`), or is over (`false`).
    lasting: Option<bool>,
    /// Only those of this kind.
    kind: Option<Kind>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// How many items, 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<usize>,
}

/// One notification.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct NotificationView {
    /// Its identifier, the same for every time that its cause comes back.
    id: String,
    /// What it is about.
    kind: Kind,
    /// The thing that it is about.
    subject: Subject,
    /// What happened and what to do.
    text: String,
    /// When the cause began.
    #[schema(value_type = String)]
    began_at: Timestamp,
    /// When it was over; null while it lasts.
    #[schema(value_type = Option<String>)]
    recovered_at: Option<Timestamp>,
}

impl NotificationView {
    fn of(notification: Notification) -> Self {
        Self {
            id: notification.id.to_string(),
            kind: notification.kind,
            subject: notification.subject,
            text: notification.text,
            began_at: notification.began_at,
            recovered_at: notification.recovered_at,
        }
    }
}

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(list)).merge(channels::routes())
}

/// Lists what people should hear about: one for each cause, whether it lasts or is over.
#[utoipa::path(get, path = "/v1/notifications", tag = "notifications", security(("token" = ["auditor"])), params(NotificationQuery), responses((status = 200, body = List<NotificationView>), (status = 422, body = Problem)))]
async fn list(
    Reader(caller): Reader,
    State(api): State<Api>,
    Query(query): Query<NotificationQuery>,
) -> Result<Json<List<NotificationView>>, Problem> {
    let page = PageQuery { cursor: query.cursor, limit: query.limit };
    let lasting = query.lasting.map_or("", |lasting| if lasting { "true" } else { "false" });
    let asked = page.of(&caller.tenant, &["notifications", lasting, query.kind.map_or("", Kind::word)])?;
    let wanted = |it: &Notification| {
        query.lasting.is_none_or(|lasting| lasting == it.recovered_at.is_none())
            && query.kind.is_none_or(|kind| kind == it.kind)
    };
    let (mut items, mut after) = (Vec::new(), asked.after.clone());
    for _ in 0..CALLS {
        let left = asked.limit - items.len();
        let stored = api.core.store.list_notifications(&caller.tenant, after.as_deref(), left).await?;
        items.extend(stored.items.into_iter().filter(wanted).map(NotificationView::of));
        after = stored.next;
        if after.is_none() || items.len() == asked.limit {
            break;
        }
    }
    Ok(Json(List { items, next_cursor: asked.cursor(after) }))
}
