//! Reading many items by key.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::KeysAndAttributes;
use serde::de::DeserializeOwned;

use super::item::{Item, decode, key_attributes};
use super::keys::Key;
use super::{Store, failure};
use crate::{Error, Result};

/// How many keys one call may read.
const KEYS_IN_BATCH: usize = 100;

/// How often keys that a call left unread are asked for again, with growing waits.
const BATCH_ATTEMPTS: u32 = 6;

impl Store {
    /// The records at `keys` that exist, in no order. `what` names them in errors.
    pub(super) async fn get_many<T: DeserializeOwned>(
        &self,
        keys: &BTreeSet<Key>,
        what: &str,
    ) -> Result<Vec<T>> {
        self.items_of(keys, what).await?.into_iter().map(decode).collect()
    }

    /// The items at `keys` that exist, in no order. `what` names them in errors.
    pub(super) async fn items_of(&self, keys: &BTreeSet<Key>, what: &str) -> Result<Vec<Item>> {
        let wanted: Vec<Item> = keys.iter().map(key_attributes).collect();
        let what = format!("read {} {what}", wanted.len());
        let mut found = Vec::new();
        for batch in wanted.chunks(KEYS_IN_BATCH) {
            found.extend(self.read_batch(&what, batch.to_vec()).await?);
        }
        Ok(found)
    }

    async fn read_batch(&self, what: &str, mut wanted: Vec<Item>) -> Result<Vec<Item>> {
        let mut found = Vec::new();
        for attempt in 0..BATCH_ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(std::time::Duration::from_millis(25 << attempt)).await;
            }
            let asked = KeysAndAttributes::builder()
                .set_keys(Some(std::mem::take(&mut wanted)))
                .consistent_read(true)
                .build()
                .map_err(|cause| Error::internal(format!("could not {what}")).because(cause))?;
            let answer = self.client.batch_get_item().request_items(&*self.table, asked).send().await;
            let answer = answer.map_err(|cause| failure::failed(what, cause))?;
            found.extend(answer.responses.into_iter().flatten().flat_map(|(_, items)| items));
            let unread = answer.unprocessed_keys.unwrap_or_default();
            wanted = unread.into_values().flat_map(|rest| rest.keys).collect();
            if wanted.is_empty() {
                return Ok(found);
            }
        }
        Err(Error::unavailable(format!(
            "could not {what}: the table left {} unread; try again",
            wanted.len()
        )))
    }
}
