//! The zone in which times are shown. A script of ours tells the browser's own; whoever has no script, or wants another
//! zone, chooses it here, and then the script leaves it alone, since it cannot change what is hidden from it.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use http::{StatusCode, header};

use crate::form::{Entered, Form};
use crate::frame::{Frame, Visit};
use crate::problem::Problem;
use crate::{Console, answer, client, cookie, time};

/// How long a choice is kept, in seconds: a year.
const KEPT_FOR: i64 = 365 * 24 * 3600;

pub(super) fn routes() -> Router<Console> {
    Router::new().route("/time-zone", get(show).post(choose))
}

#[derive(Template)]
#[template(path = "time_zone.html")]
struct TimeZonePage<'a> {
    frame: &'a Frame,
    entered: Entered,
}

async fn show(visit: Visit) -> Result<Response, Problem> {
    let zone = visit.frame.zone_name().to_owned();
    answer::page(&TimeZonePage { frame: &visit.frame, entered: Entered::of([("zone", zone)]) })
}

async fn choose(State(console): State<Console>, visit: Visit, form: Form) -> Result<Response, Problem> {
    let Some(name) = time::zone(form.text("zone")).and_then(|zone| zone.iana_name().map(ToOwned::to_owned))
    else {
        let problem = Problem::invalid(
            "zone",
            "There is no such time zone; enter one as the database names it, such as Europe/Berlin.",
        );
        let page = TimeZonePage { frame: &visit.frame, entered: form.refused(problem) };
        return answer::with(StatusCode::UNPROCESSABLE_ENTITY, &page);
    };
    let mut response = visit.go("/", &format!("Times are shown in {name} now."));
    let value = client::encode(&name);
    if let Some(cookie) = cookie::set(console.secure(), cookie::ZONE, &value, KEPT_FOR) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
