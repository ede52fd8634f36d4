//! Secrets in memory, for tests.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::SecretStore;
use crate::Result;
use crate::secret::Secret;

/// Keeps secrets in memory.
#[derive(Debug, Default)]
pub struct MemorySecrets(Mutex<BTreeMap<String, Secret>>);

impl MemorySecrets {
    /// The names of all secrets that are kept.
    pub fn names(&self) -> Vec<String> {
        self.kept().keys().cloned().collect()
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<String, Secret>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl SecretStore for MemorySecrets {
    async fn get(&self, name: &str) -> Result<Option<Secret>> {
        Ok(self.kept().get(name).cloned())
    }

    async fn get_fresh(&self, name: &str) -> Result<Option<Secret>> {
        self.get(name).await
    }

    async fn put(&self, name: &str, secret: &Secret) -> Result<()> {
        self.kept().insert(name.to_owned(), secret.clone());
        Ok(())
    }

    async fn delete(&self, name: &str) -> Result<()> {
        self.kept().remove(name);
        Ok(())
    }
}
