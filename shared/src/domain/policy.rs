//! What a tenant wants of the access to one site: how often it is reviewed, which groups follow a rule, what a seat costs.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::ids::{ConnectionId, GroupId, ProductKey, TenantId};

/// Days for which a review's approval holds, where nothing else is said.
pub const REVIEW_DAYS: u32 = 365;

/// The policy of one connection.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct AccessPolicy {
    /// The tenant.
    pub tenant: TenantId,
    /// The connection.
    pub connection: ConnectionId,
    /// The time zone that days of activity are counted in, by its name in the time zone database; the one of the
    /// connection's account where none is said.
    pub zone: Option<String>,
    /// Days for which a review's approval holds.
    pub review_days: u32,
    /// Groups that an identified person of the list may be in without a review.
    pub ruled_groups: BTreeSet<GroupId>,
    /// What a seat of a product costs a month, in cents of the tenant's currency.
    #[schema(value_type = Object)]
    pub seat_prices: BTreeMap<ProductKey, u64>,
    /// Version of this record; rises with each change.
    pub version: u64,
}

impl AccessPolicy {
    /// The policy of a connection of which nothing was said.
    pub fn new(tenant: TenantId, connection: ConnectionId) -> Self {
        Self {
            tenant,
            connection,
            zone: None,
            review_days: REVIEW_DAYS,
            ruled_groups: BTreeSet::new(),
            seat_prices: BTreeMap::new(),
            version: 0,
        }
    }
}
