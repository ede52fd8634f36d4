//! The products, and which groups give them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Next, Slice};
use crate::Result;
use crate::directory::Product;
use crate::ids::{GroupId, ProductKey};
use crate::ingestion::Source;
use crate::jira::Client;

impl Slice<'_> {
    /// Reads the products, and which groups give them.
    pub(super) async fn products(&mut self, client: &Client) -> Next {
        self.ingestion.source(Source::Products).begin();
        let roles = match client.application_roles().await {
            Ok(roles) => roles,
            Err(error) => return self.left(Source::Products, error),
        };
        let now = self.now();
        let stored = self.store().all_products(self.tenant(), self.id()).await?;
        let mut stored: BTreeMap<ProductKey, Product> =
            stored.into_iter().map(|product| (product.key.clone(), product)).collect();
        let mut given: BTreeMap<GroupId, BTreeSet<ProductKey>> = BTreeMap::new();
        let read = roles.len() as u64;
        for role in roles {
            for group in &role.groups {
                given.entry(group.clone()).or_default().insert(role.key.clone());
            }
            let groups: BTreeSet<GroupId> = role.groups.into_iter().collect();
            let old = stored.remove(&role.key);
            let product = Product {
                tenant: self.tenant().clone(),
                connection: self.id().clone(),
                key: role.key,
                name: role.name,
                groups: groups.into_iter().collect(),
                seats: role.seats,
                unlimited: role.unlimited,
                used: role.used,
                count: old.as_ref().and_then(|old| old.count.clone()),
                removed_at: None,
                version: old.as_ref().map_or(0, |old| old.version),
            };
            self.write_product(old, product).await?;
        }
        for (_, old) in stored {
            let gone = Product { removed_at: old.removed_at.or(Some(now)), count: None, ..old.clone() };
            self.write_product(Some(old), gone).await?;
        }
        self.give_products(&given).await?;
        let coverage = self.ingestion.source(Source::Products);
        coverage.read = read;
        coverage.read_at = Some(now);
        Ok(self.stage_behind())
    }

    pub(super) async fn write_product(&mut self, old: Option<Product>, new: Product) -> Result<()> {
        if old.as_ref() == Some(&new) {
            return Ok(());
        }
        self.store().write_product(&Product { version: new.version + 1, ..new }).await?;
        self.ingestion.cost.writes += 1;
        Ok(())
    }

    /// Writes with each group the products that it gives.
    async fn give_products(&mut self, given: &BTreeMap<GroupId, BTreeSet<ProductKey>>) -> Result<()> {
        let mut groups = std::mem::take(self.known_groups().await?);
        for group in &mut groups {
            let products: Vec<ProductKey> = given.get(&group.id).into_iter().flatten().cloned().collect();
            if group.products != products {
                group.products = products;
                self.write_group(group).await?;
            }
        }
        self.groups = Some(groups);
        Ok(())
    }
}
