//! Carrying out what was decided, and the end of a campaign.

use axum::extract::Path;
use axum::response::Response;
use serde_json::{Value, json};

use super::{Shown, read};
use crate::client::path;
use crate::form::Form;
use crate::frame::Visit;
use crate::problem::Problem;
use crate::{answer, download};

pub(super) async fn apply(visit: Visit, Path(id): Path<String>, form: Form) -> Result<Response, Problem> {
    let body = json!({ "hold": form.has("hold") });
    let notice = "The revocations are being asked for. Each begins with a dry run.";
    tell(&visit, &id, "apply", form, &body, notice).await
}

pub(super) async fn close(visit: Visit, Path(id): Path<String>, form: Form) -> Result<Response, Problem> {
    let undecided = if form.has("name_undecided") { "name" } else { "refuse" };
    let notice = "The review is being closed. Its record is signed within minutes.";
    tell(&visit, &id, "close", form, &json!({ "undecided": undecided }), notice).await
}

pub(super) async fn cancel(visit: Visit, Path(id): Path<String>, form: Form) -> Result<Response, Problem> {
    tell(&visit, &id, "cancel", form, &Value::Null, "The review is cancelled. It approves nothing.").await
}

async fn tell(
    visit: &Visit,
    id: &str,
    what: &str,
    form: Form,
    body: &Value,
    notice: &str,
) -> Result<Response, Problem> {
    match visit.client.post::<Value>(&path(&["v1", "campaigns", id, what]), &form, body).await {
        Ok(_) => Ok(visit.go(&path(&["campaigns", id]), notice)),
        Err(problem) if problem.is_about_input() => {
            let status = problem.status();
            let mut page = read(visit, id, Shown::default()).await?;
            page.entered = form.refused(problem);
            answer::with(status, &page)
        }
        Err(problem) => Err(problem),
    }
}

pub(super) async fn record(visit: Visit, Path(id): Path<String>) -> Result<Response, Problem> {
    let name = format!("access-review-{}", plain(&id));
    download::record(&visit.client, &path(&["v1", "campaigns", &id, "export"]), &name).await
}

pub(super) async fn export(visit: Visit, Path(id): Path<String>) -> Result<Response, Problem> {
    let at = format!("{}?format=csv", path(&["v1", "campaigns", &id, "export"]));
    download::table(&visit.client, &at).await
}

/// An identifier as a part of a file's name.
fn plain(id: &str) -> String {
    id.chars().filter(|one| one.is_ascii_alphanumeric() || *one == '-').take(80).collect()
}
