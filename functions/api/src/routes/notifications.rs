//! Notifications: what people should hear about, once for each cause.

mod channels;

use assay::notification::{Kind, Notification, Subject};
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Routes;
use crate::Api;
use crate::caller::Reader;
use crate::input::Query;
use crate::page::{List, PageQuery};
use crate::problem::Problem;

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
#[utoipa::path(get, path = "/v1/notifications", tag = "notifications", security(("token" = ["auditor"])), params(PageQuery), responses((status = 200, body = List<NotificationView>), (status = 422, body = Problem)))]
async fn list(
    Reader(caller): Reader,
    State(api): State<Api>,
    Query(page): Query<PageQuery>,
) -> Result<Json<List<NotificationView>>, Problem> {
    let asked = page.of(&caller.tenant, &["notifications"])?;
    let stored =
        api.core.store.list_notifications(&caller.tenant, asked.after.as_deref(), asked.limit).await?;
    Ok(Json(List::of(&asked, stored, NotificationView::of)))
}
