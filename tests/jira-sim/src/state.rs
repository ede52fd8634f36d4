//! What the simulated Jira remembers: accounts, sites with their projects, and issues.

pub(crate) mod account;
pub(crate) mod accounts;
pub(crate) mod activity;
pub(crate) mod bulk;
pub(crate) mod feed;
pub(crate) mod field;
pub(crate) mod group;
pub(crate) mod issue;
pub(crate) mod project;
pub(crate) mod seed;
pub(crate) mod site;
pub(crate) mod store;
pub(crate) mod vocabulary;
pub(crate) mod workflow;

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{
    call::Incoming, faults::Faults, journal::Journal, limits::Limits, oauth::Grants, routes::search::Cursor,
    settings::Settings, webhooks::Webhooks,
};
use account::ApiToken;
use accounts::Accounts;
use seed::Seed;
use site::Site;

/// Everything that changes, behind one lock.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) settings: Settings,
    pub(crate) accounts: Accounts,
    pub(crate) tokens: Vec<ApiToken>,
    pub(crate) sites: Vec<Site>,
    pub(crate) grants: Grants,
    pub(crate) limits: Limits,
    pub(crate) faults: Faults,
    pub(crate) journal: Journal,
    pub(crate) webhooks: Webhooks,
    /// How many of the next writes to an issue are turned away with 409: by site and issue.
    pub(crate) conflicts: BTreeMap<(usize, u64), u64>,
    /// Calls whose effect is still to happen, and when.
    pub(crate) late: Vec<(Timestamp, Incoming)>,
    /// The most issues that the bulk create of this moment makes.
    pub(crate) most_elements: Option<usize>,
    /// Open searches by token number.
    pub(crate) cursors: BTreeMap<u64, Cursor>,
    pub(crate) next_cursor: u64,
    /// What the approximate licence counts said, and since when: by site and product.
    pub(crate) licence_counts: BTreeMap<(usize, String), (Timestamp, usize)>,
    /// How many searches were made, for the flicker.
    pub(crate) searches: u64,
}

impl World {
    pub(crate) fn seeded(seed: &Seed, now: Timestamp) -> Self {
        let (accounts, tokens) = seed.accounts(now);
        Self {
            settings: Settings::default(),
            accounts,
            tokens,
            sites: seed.sites(now),
            grants: Grants::default(),
            limits: Limits::default(),
            faults: Faults::default(),
            journal: Journal::default(),
            webhooks: Webhooks::default(),
            conflicts: BTreeMap::new(),
            late: Vec::new(),
            most_elements: None,
            cursors: BTreeMap::new(),
            next_cursor: 1,
            licence_counts: BTreeMap::new(),
            searches: 0,
        }
    }

    pub(crate) fn site_by_domain(&self, domain: &str) -> Option<usize> {
        self.sites.iter().position(|site| site.domain == domain)
    }

    pub(crate) fn site_by_cloud_id(&self, cloud_id: &str) -> Option<usize> {
        self.sites.iter().position(|site| site.cloud_id == cloud_id)
    }
}
