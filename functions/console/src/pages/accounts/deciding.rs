//! What people say of an account: whose it is, and that it keeps its licence.

use assay::access::Role;
use axum::extract::Path;
use axum::response::Response;
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::read;
use crate::answer;
use crate::client::{List, path, query};
use crate::form::{Entered, Form};
use crate::frame::Visit;
use crate::problem::Problem;

/// The forms of an account's page, as they are shown.
#[derive(Default)]
pub(super) struct Forms {
    /// Whose it is, by e-mail address.
    pub(super) owner: Entered,
    /// That it is no person's.
    pub(super) mark: Entered,
    /// That it keeps its licence.
    pub(super) protection: Entered,
}

/// Says whose the account is: a suggested person, one by their address, nobody's, or takes back what was said.
pub(super) async fn set_owner(
    visit: Visit,
    Path(at): Path<(String, String)>,
    form: Form,
) -> Result<Response, Problem> {
    visit.require(Role::Operator)?;
    let said = match form.text("kind") {
        "marked" => Ok((mark(&form), "The account is marked as no person's.")),
        "unidentified" => {
            Ok((json!({ "kind": "unidentified" }), "What was said is withdrawn; the address decides again."))
        }
        _ => person(&visit, &form).await.map(|person| {
            (json!({ "kind": "person", "person": person }), "The account is this person's from now on.")
        }),
    };
    let put = match said {
        Ok((body, notice)) => put(&visit, &at, "owner", &body).await.map(|()| notice),
        Err(problem) => Err(problem),
    };
    let marks = form.text("kind") == "marked";
    done(
        &visit,
        &at,
        put,
        form,
        |entered, forms| {
            if marks { forms.mark = entered } else { forms.owner = entered }
        },
    )
    .await
}

/// Keeps the account's licence until a day.
pub(super) async fn protect(
    visit: Visit,
    Path(at): Path<(String, String)>,
    form: Form,
) -> Result<Response, Problem> {
    let body =
        json!({ "reason": form.text("protection.reason"), "ends_on": form.text("protection.ends_on") });
    let put = put(&visit, &at, "protection", &body).await;
    let put = put.map(|()| "The account keeps its licence.").map_err(|problem| within("protection", problem));
    done(&visit, &at, put, form, |entered, forms| forms.protection = entered).await
}

/// Ends that.
pub(super) async fn unprotect(
    visit: Visit,
    Path(at): Path<(String, String)>,
    _form: Form,
) -> Result<Response, Problem> {
    let address = path(&["v1", "accounts", &at.0, &at.1, "protection"]);
    let _: Value = visit.client.change(Method::DELETE, &address, &()).await?;
    Ok(visit.go(&path(&["accounts", &at.0, &at.1]), "The account is protected no longer."))
}

fn mark(form: &Form) -> Value {
    json!({
        "kind": "marked",
        "mark": form.optional("mark"),
        "reason": form.optional("reason"),
        "ends_on": form.optional("ends_on"),
    })
}

/// The person that a form names, by id or by address.
async fn person(visit: &Visit, form: &Form) -> Result<String, Problem> {
    #[derive(Deserialize)]
    struct Found {
        id: String,
    }
    if let Some(id) = form.optional("person") {
        return Ok(id.to_owned());
    }
    let Some(email) = form.optional("email") else {
        return Err(Problem::invalid("email", "Enter the e-mail address of the person whose it is."));
    };
    let found: List<Found> = visit.client.get(&query("/v1/people", &[("email", Some(email))])).await?;
    found.items.into_iter().next().map(|person| person.id).ok_or_else(|| {
        Problem::invalid("email", "Nobody of the list has this address. Add the person first, under People.")
    })
}

async fn put(visit: &Visit, at: &(String, String), what: &str, body: &Value) -> Result<(), Problem> {
    let address = path(&["v1", "accounts", &at.0, &at.1, what]);
    visit.client.change::<Value>(Method::PUT, &address, body).await.map(|_| ())
}

/// The problem, about a field of one of several forms on a page.
fn within(form: &str, problem: Problem) -> Problem {
    let field = problem.field.as_ref().map(|field| format!("{form}.{field}"));
    Problem { field, ..problem }
}

/// Back to the account, or the same page with what is wrong.
async fn done(
    visit: &Visit,
    at: &(String, String),
    put: Result<&str, Problem>,
    form: Form,
    place: impl FnOnce(Entered, &mut Forms),
) -> Result<Response, Problem> {
    match put {
        Ok(notice) => Ok(visit.go(&path(&["accounts", &at.0, &at.1]), notice)),
        Err(problem) if problem.is_about_input() => {
            let status = problem.status();
            let mut forms = Forms::default();
            place(form.refused(problem), &mut forms);
            answer::with(status, &read(visit, at, forms).await?)
        }
        Err(problem) => Err(problem),
    }
}
