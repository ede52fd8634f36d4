//! The access policy of a connection.

use std::collections::{BTreeMap, BTreeSet};

use assay::ids::{ConnectionId, GroupId, ProductKey};
use assay::policy::AccessPolicy;
use assay::seen::Seen;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use crate::Api;
use crate::caller::{Admin, Reader};
use crate::input::{Body, Path};
use crate::problem::Problem;

/// The most groups that may follow a rule.
const MOST_GROUPS: usize = 200;

/// The most products that have a price.
const MOST_PRICES: usize = 50;

/// The longest time that a review may hold for, in days: three years.
const LONGEST_REVIEW: u32 = 1096;

/// A price beyond which somebody took cents for something else: 100,000 a month.
const HIGHEST_PRICE: u64 = 10_000_000;

/// What is wanted of the access to a site.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyBody {
    /// The time zone that days of activity are counted in, for example `Europe/Berlin`; null for the one of the
    /// connection's account. Days that were counted before keep their time zone; after a change, the last 30 days are
    /// counted anew.
    zone: Option<String>,
    /// Days for which a review's approval holds, 1 to 1096.
    review_days: u32,
    /// Groups that an identified person of the list may be in without a review, at most 200.
    #[schema(value_type = Vec<String>)]
    ruled_groups: BTreeSet<GroupId>,
    /// What a seat of a product costs a month, in cents.
    #[schema(value_type = Object)]
    seat_prices: BTreeMap<ProductKey, u64>,
    /// What the caller saw of the policy, as `GET` shows it: where this would overwrite something else than that,
    /// nothing is changed (409, `overtaken`).
    #[serde(default, skip_serializing)]
    #[schema(value_type = Object, write_only)]
    seen: Seen,
}

impl PolicyBody {
    fn of(policy: AccessPolicy) -> Self {
        Self {
            zone: policy.zone,
            review_days: policy.review_days,
            ruled_groups: policy.ruled_groups,
            seat_prices: policy.seat_prices,
            seen: Seen::default(),
        }
    }

    fn check(&self) -> Result<(), Problem> {
        if let Some(zone) = &self.zone
            && (zone.len() > 64 || jiff::tz::TimeZone::get(zone).is_err())
        {
            let message = "zone is not in the time zone database; it has names like Europe/Berlin";
            return Err(Problem::invalid("zone", message));
        }
        if !(1..=LONGEST_REVIEW).contains(&self.review_days) {
            let message = format!("review_days must be 1 to {LONGEST_REVIEW}, not {}", self.review_days);
            return Err(Problem::invalid("review_days", message));
        }
        if self.ruled_groups.len() > MOST_GROUPS {
            let message = format!("at most {MOST_GROUPS} groups may follow the rule");
            return Err(Problem::invalid("ruled_groups", message));
        }
        if self.seat_prices.len() > MOST_PRICES {
            let message = format!("at most {MOST_PRICES} products may have a price");
            return Err(Problem::invalid("seat_prices", message));
        }
        if let Some((product, _)) = self.seat_prices.iter().find(|(_, price)| **price > HIGHEST_PRICE) {
            let message = format!("the price of {product} is more than {HIGHEST_PRICE} cents a month");
            return Err(Problem::invalid("seat_prices", message));
        }
        Ok(())
    }
}

/// Shows the access policy of a connection.
#[utoipa::path(get, path = "/v1/usage/{connection}/policy", tag = "usage", security(("token" = ["auditor"])), params(("connection" = String, Path)), responses((status = 200, body = PolicyBody), (status = 404, body = Problem)))]
pub async fn show_policy(
    Reader(caller): Reader,
    State(api): State<Api>,
    Path(connection): Path<ConnectionId>,
) -> Result<Json<PolicyBody>, Problem> {
    super::ingestion(&api, &caller.tenant, &connection).await?;
    Ok(Json(PolicyBody::of(api.core.store.access_policy(&caller.tenant, &connection).await?)))
}

/// Replaces the access policy of a connection. The next evaluation and the next run go by it.
#[utoipa::path(put, path = "/v1/usage/{connection}/policy", tag = "usage", security(("token" = ["admin"])), params(("connection" = String, Path)), request_body = PolicyBody, responses((status = 200, body = PolicyBody), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn change_policy(
    Admin(caller): Admin,
    State(api): State<Api>,
    Path(connection): Path<ConnectionId>,
    Body(body): Body<PolicyBody>,
) -> Result<Json<PolicyBody>, Problem> {
    body.check()?;
    super::ingestion(&api, &caller.tenant, &connection).await?;
    let mut policy = api.core.store.access_policy(&caller.tenant, &connection).await?;
    body.seen.check(&PolicyBody::of(policy.clone()), &body)?;
    policy.zone = body.zone;
    policy.review_days = body.review_days;
    policy.ruled_groups = body.ruled_groups;
    policy.seat_prices = body.seat_prices;
    api.core.store.save_access_policy(&mut policy).await?;
    Ok(Json(PolicyBody::of(policy)))
}
