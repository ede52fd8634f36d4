//! The access policy of a site: how days are counted, how long approvals hold, what seats cost.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use assay::access::Role;
use axum::extract::Path;
use axum::response::Response;
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer;
use crate::client::{List, path, query};
use crate::form::{Entered, Fields, Form};
use crate::frame::{Frame, Visit};
use crate::pages::accounts::{Product, Site, products};
use crate::pages::groups::Group;
use crate::problem::Problem;

/// How many groups are offered to be ticked.
const OFFERED: &str = "200";

/// The policy as the API tells it.
#[derive(Debug, Deserialize)]
struct Policy {
    zone: Option<String>,
    review_days: u32,
    ruled_groups: BTreeSet<String>,
    seat_prices: BTreeMap<String, u64>,
}

#[derive(Template)]
#[template(path = "usage/policy.html")]
struct PolicyPage<'a> {
    frame: &'a Frame,
    connection: String,
    site: String,
    /// Groups that are stored, or can be ticked, by id and name.
    groups: Vec<(String, String)>,
    prices: Vec<Price>,
    entered: Entered,
}

/// A product whose seats have a price.
struct Price {
    name: String,
    /// What its field is called.
    field: String,
}

impl Price {
    fn of(product: Product) -> Self {
        let field = format!("seat_prices.{}", product.product);
        Self { name: product.name, field }
    }
}

impl PolicyPage<'_> {
    fn address(&self) -> String {
        path(&["usage", &self.connection, "policy"])
    }
}

pub(super) async fn show(visit: Visit, Path(connection): Path<String>) -> Result<Response, Problem> {
    let policy = stored(&visit, &connection).await?;
    let entered = entered(&policy);
    answer::page(&page(&visit, connection, policy, entered).await?)
}

async fn stored(visit: &Visit, connection: &str) -> Result<Policy, Problem> {
    visit.client.get(&path(&["v1", "usage", connection, "policy"])).await
}

/// The policy as the form shows it.
fn entered(policy: &Policy) -> Entered {
    let mut fields = vec![
        ("zone".to_owned(), policy.zone.clone().unwrap_or_default()),
        ("review_days".to_owned(), policy.review_days.to_string()),
    ];
    fields.extend(policy.ruled_groups.iter().map(|group| ("ruled_groups".to_owned(), group.clone())));
    let price = |(key, cents): (&String, &u64)| (format!("seat_prices.{key}"), money(*cents));
    fields.extend(policy.seat_prices.iter().map(price));
    Entered::of(fields.iter().map(|(name, value)| (name.as_str(), value.clone())))
}

async fn page(
    visit: &Visit,
    connection: String,
    policy: Policy,
    entered: Entered,
) -> Result<PolicyPage<'_>, Problem> {
    let client = &visit.client;
    let groups = query("/v1/groups", &[("connection", Some(&connection)), ("limit", Some(OFFERED))]);
    let (groups, products, sites) =
        tokio::join!(client.get::<List<Group>>(&groups), products(client, &connection), Site::all(client));
    let mut groups: Vec<(String, String)> =
        groups?.items.into_iter().map(|group| (group.id, group.name)).collect();
    for id in policy.ruled_groups {
        if !groups.iter().any(|(known, _)| *known == id) {
            groups.push((id.clone(), id));
        }
    }
    groups.sort_by(|one, other| one.1.cmp(&other.1));
    let mut products = products?;
    for key in policy.seat_prices.into_keys() {
        if !products.iter().any(|known| known.product == key) {
            products.push(Product { name: key.clone(), product: key });
        }
    }
    let site = super::site_of(&sites?, &connection).to_owned();
    let prices = products.into_iter().map(Price::of).collect();
    Ok(PolicyPage { frame: &visit.frame, connection, site, groups, prices, entered })
}

pub(super) async fn change(
    visit: Visit,
    Path(connection): Path<String>,
    form: Form,
) -> Result<Response, Problem> {
    visit.require(Role::Admin)?;
    let at = path(&["v1", "usage", &connection, "policy"]);
    let (policy, told): (Policy, Value) = visit.client.shown(&at).await?;
    let fields = match form.onto(entered(&policy).fields()) {
        Ok(fields) => fields,
        Err(entered) => {
            let page = page(&visit, connection, policy, *entered).await?;
            return answer::with(StatusCode::CONFLICT, &page);
        }
    };
    let put = match body(&fields) {
        Ok(mut body) => {
            body["seen"] = told;
            visit.client.change::<Value>(Method::PUT, &at, &body).await
        }
        Err(problem) => Err(problem),
    };
    match put {
        Ok(_) => {
            let notice = "The policy is saved. The next evaluation and the next run go by it.";
            Ok(visit.go(&path(&["usage", &connection, "policy"]), notice))
        }
        Err(problem) if problem.is_about_input() => {
            let status = problem.status();
            answer::with(status, &page(&visit, connection, policy, form.refused(problem)).await?)
        }
        Err(problem) => Err(problem),
    }
}

fn body(form: &Fields) -> Result<Value, Problem> {
    let mut prices = BTreeMap::new();
    for (name, text) in form.iter().filter(|(_, text)| !text.is_empty()) {
        if let Some(key) = name.strip_prefix("seat_prices.") {
            let cents = cents(text).ok_or_else(|| {
                Problem::invalid(name, "Enter an amount with at most two decimals, for example 7.53.")
            })?;
            prices.insert(key.to_owned(), cents);
        }
    }
    let whole = || Problem::invalid("review_days", "Enter a whole number of days.");
    let review_days: u32 = form.text("review_days").parse().map_err(|_| whole())?;
    Ok(json!({
        "zone": form.optional("zone"),
        "review_days": review_days,
        "ruled_groups": form.all("ruled_groups"),
        "seat_prices": prices,
    }))
}

/// An amount as cents; none where it is no amount.
fn cents(text: &str) -> Option<u64> {
    let text = text.replace(',', ".");
    let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 9 || rest.len() > 2 || !digits(whole) || !digits(rest) {
        return None;
    }
    format!("{whole}{rest:0<2}").parse().ok()
}

/// Cents as an amount: `7.53`.
pub(in crate::pages) fn money(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

#[cfg(test)]
mod tests {
    use super::{cents, money};

    #[test]
    fn amounts_become_cents_and_back() {
        for (text, amount) in [("7.53", 753), ("7,5", 750), ("12", 1200), ("0.05", 5), ("7.", 700)] {
            assert_eq!(cents(text), Some(amount), "{text}");
        }
        for text in ["", ".5", "7.535", "-1", "1e3", "7 53", "12345678901"] {
            assert_eq!(cents(text), None, "{text}");
        }
        assert_eq!((money(753), money(5), money(1200)), ("7.53".into(), "0.05".into(), "12.00".into()));
    }
}
