//! Licences: seats, who holds them, whether they are used, and what the unused ones cost.

mod export;

use assay::account::Account;
use assay::directory::{Group, Product, SeatCount};
use assay::ids::{ConnectionId, ProductKey};
use assay::ingestion::{Ingestion, Source, is_fresh};
use assay::policy::AccessPolicy;
use assay::seat::Seats;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Routes;
use super::usage::ingestion;
use crate::Api;
use crate::caller::{Caller, Reader};
use crate::input::{Path, Query};
use crate::page::{List, PageQuery};
use crate::problem::Problem;

/// The most days without use that can be asked for.
const MOST_DAYS: u32 = 366;

/// Days without use after which a seat counts as unused, where nothing is said.
const USUAL_DAYS: u32 = 30;

/// How many pages of accounts one call looks through for those that fit.
const CALLS: usize = 10;

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(holders)).routes(routes!(export::export))
}

/// Which seats count as unused.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LicenceQuery {
    /// Days without use after which a seat counts as unused, 1 to 366; 30 if not given.
    #[param(minimum = 1, maximum = 366, default = 30)]
    unused_days: Option<u32>,
}

/// The licence of one product.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LicenceView {
    /// The product's key.
    product: String,
    /// Its name.
    name: String,
    /// Seats that were bought; null when they are unlimited or Jira does not tell.
    seats: Option<u64>,
    /// Whether seats are unlimited.
    unlimited: bool,
    /// Seats that Jira counts as used.
    used_by_jira: Option<u64>,
    /// Seats that are held, by Assay's own count of active accounts in the product's groups.
    held: Option<u64>,
    /// Seats that are billed, by the organisation's administration; null without an organisation API key.
    billed: Option<u64>,
    /// Seats that are left, by Jira's count; by Assay's where Jira does not tell.
    left: Option<u64>,
    /// The groups whose members hold a seat.
    groups: Vec<String>,
    /// Seats that are held and protected: they are kept, used or not.
    protected: Option<u64>,
    /// Unprotected seats that were not used in the days that were asked for; null when that is not known.
    unused: Option<u64>,
    /// What removing the unused ones saves a month, in cents; null without a price in the access policy.
    saving: Option<u64>,
    /// Which sources were missing or not whole, so that a figure is null or may be wrong.
    missing: Vec<String>,
}

/// The licences of a site.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LicencesView {
    /// The connection.
    connection: String,
    /// When they were counted.
    #[schema(value_type = Option<String>)]
    counted_at: Option<Timestamp>,
    /// From when on activity is known: who was not active since then may have been before.
    #[schema(value_type = Option<String>)]
    known_since: Option<Timestamp>,
    /// The products.
    products: Vec<LicenceView>,
}

/// Who holds a seat.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HolderView {
    /// The account.
    account: String,
    /// Its name; empty when it is erased.
    name: String,
    /// The groups by which it holds the seat: it keeps it until it is in none of them.
    through: Vec<String>,
    /// The last day on which it used the seat, as far as is known.
    #[schema(value_type = Option<String>)]
    last_used_on: Option<Date>,
    /// Until when the seat is kept, used or not.
    #[schema(value_type = Option<String>)]
    protected_until: Option<Date>,
}

/// Shows the licences of a site, by product.
#[utoipa::path(get, path = "/v1/licences/{connection}", tag = "licences", security(("token" = ["auditor"])), params(("connection" = String, Path), LicenceQuery), responses((status = 200, body = LicencesView), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn list(
    Reader(caller): Reader,
    State(api): State<Api>,
    Path(connection): Path<ConnectionId>,
    Query(query): Query<LicenceQuery>,
) -> Result<Json<LicencesView>, Problem> {
    let days = checked(query.unused_days)?;
    let ingestion = ingestion(&api, &caller.tenant, &connection).await?;
    let store = &api.core.store;
    let policy = store.access_policy(&caller.tenant, &connection).await?;
    let products = store.all_products(&caller.tenant, &connection).await?;
    let now = api.core.clock.now();
    let products = products
        .into_iter()
        .filter(|product| product.removed_at.is_none())
        .map(|product| licence(product, &ingestion, &policy, days, now))
        .collect();
    Ok(Json(LicencesView {
        connection: connection.to_string(),
        counted_at: ingestion.ended_at,
        known_since: ingestion.activity.since,
        products,
    }))
}

fn licence(
    product: Product,
    ingestion: &Ingestion,
    policy: &AccessPolicy,
    days: u32,
    now: Timestamp,
) -> LicenceView {
    let today = ingestion.today(now);
    let mut missing = Vec::new();
    for source in
        [Source::Users, Source::Groups, Source::Members, Source::Products, Source::Changes, Source::Worklogs]
    {
        match ingestion.sources.get(&source) {
            Some(coverage) if coverage.is_complete() => {}
            Some(coverage) if coverage.read_at.is_some() => {
                let gaps: Vec<String> = coverage.gaps.iter().map(ToString::to_string).collect();
                missing.push(format!("{}: {}", source.words(), gaps.join("; ")));
            }
            _ => missing.push(format!("{} was not read", source.words())),
        }
    }
    if !ingestion.is_complete(Source::Organisation) {
        missing.push(
            "the billed count and the last use of other products: connect an organisation API key".to_owned(),
        );
    }
    let changes = ingestion.sources.get(&Source::Changes).and_then(|coverage| coverage.read_at);
    let activity_known = changes.is_some_and(|at| is_fresh(at, now));
    if !activity_known {
        missing.push("activity was not read in the last two days: choose the use case usage".to_owned());
    }
    let count: Option<&SeatCount> = product.count.as_ref();
    let known_for = ingestion
        .activity
        .since
        .map(|since| (today - since.to_zoned(jiff::tz::TimeZone::UTC).date()).get_days());
    if activity_known && known_for.is_some_and(|known_for| i64::from(known_for) < i64::from(days)) {
        missing.push(format!(
            "activity is known for {} days only: who was not active in them counts as unused",
            known_for.unwrap_or_default()
        ));
    }
    let unused = count.filter(|_| activity_known).map(|count| count.unused_for(i64::from(days), today));
    let used = product.used.or(count.map(|count| count.held));
    let price = policy.seat_prices.get(&product.key);
    LicenceView {
        left: product.seats.zip(used).map(|(seats, used)| seats.saturating_sub(used)),
        held: count.map(|count| count.held),
        billed: count
            .filter(|_| ingestion.is_complete(Source::Organisation))
            .map(|count| count.by_organisation),
        protected: count.map(|count| count.protected),
        saving: unused.zip(price).map(|(unused, price)| unused * price),
        unused,
        product: product.key.to_string(),
        name: product.name,
        seats: product.seats,
        unlimited: product.unlimited,
        used_by_jira: product.used,
        groups: product.groups.iter().map(ToString::to_string).collect(),
        missing,
    }
}

/// Which holders of a seat are asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HolderQuery {
    /// Only seats that are not protected and were not used for so many days, 1 to 366.
    #[param(minimum = 1, maximum = 366)]
    unused_days: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// How many items, 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<usize>,
}

/// Lists who holds a seat of a product, and by which groups.
#[utoipa::path(get, path = "/v1/licences/{connection}/{product}/accounts", tag = "licences", security(("token" = ["auditor"])), params(("connection" = String, Path), ("product" = String, Path), HolderQuery), responses((status = 200, body = List<HolderView>), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn holders(
    Reader(caller): Reader,
    State(api): State<Api>,
    Path((connection, product)): Path<(ConnectionId, ProductKey)>,
    Query(query): Query<HolderQuery>,
) -> Result<Json<List<HolderView>>, Problem> {
    find_holders(&api, &caller, &connection, &product, query).await.map(Json)
}

/// A page of the holders of a product's seats.
async fn find_holders(
    api: &Api,
    caller: &Caller,
    connection: &ConnectionId,
    product: &ProductKey,
    query: HolderQuery,
) -> Result<List<HolderView>, Problem> {
    let days = query.unused_days.map(|days| checked(Some(days))).transpose()?;
    let ingestion = ingestion(api, &caller.tenant, connection).await?;
    let store = &api.core.store;
    let stored = store.product(&caller.tenant, connection, product).await?;
    let stored = stored.ok_or_else(|| {
        assay::Error::not_found(format!("there is no product {product} at this connection"))
    })?;
    let filter = days.map(|days| days.to_string()).unwrap_or_default();
    let page = PageQuery { cursor: query.cursor, limit: query.limit };
    let asked =
        page.of(&caller.tenant, &["licence accounts", connection.as_str(), product.as_str(), &filter])?;
    let groups = store.groups_of(&caller.tenant, connection, &stored.groups).await?;
    let site = store
        .connection(&caller.tenant, connection)
        .await?
        .ok_or_else(|| assay::Error::not_found(format!("there is no connection {connection}")))?;
    let seats = Seats::of(&site, &ingestion, api.core.clock.now());
    let (mut items, mut place) = (Vec::new(), asked.after.clone());
    for _ in 0..CALLS {
        // Never more than fit: what is looked at and does not fit is passed over, and the place moves on.
        let left = asked.limit - items.len();
        let found = store.accounts(&caller.tenant, connection, place.as_deref(), left).await?;
        let fitting = found.items.into_iter().filter(|account| {
            seats.takes(account, product) && days.is_none_or(|days| seats.is_unused(account, product, days))
        });
        items.extend(fitting.map(|account| holder(account, product, &groups, &seats)));
        place = found.next;
        if place.is_none() || items.len() >= asked.limit {
            break;
        }
    }
    Ok(List { items, next_cursor: asked.cursor(place) })
}

fn holder(account: Account, product: &ProductKey, groups: &[Group], seats: &Seats<'_>) -> HolderView {
    let gives = |group: &&Group| account.groups.contains(&group.id) && group.products.contains(product);
    HolderView {
        through: groups.iter().filter(gives).map(|group| group.name.clone()).collect(),
        account: account.id.to_string(),
        last_used_on: seats.last_use(&account, product),
        protected_until: account.protection.map(|protection| protection.ends_on),
        name: account.name,
    }
}

fn checked(days: Option<u32>) -> Result<u32, Problem> {
    let days = days.unwrap_or(USUAL_DAYS);
    if (1..=MOST_DAYS).contains(&days) {
        return Ok(days);
    }
    Err(Problem::invalid("unused_days", format!("unused_days must be 1 to {MOST_DAYS}, not {days}")))
}
