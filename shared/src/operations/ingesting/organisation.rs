//! What the organisation's administration tells of accounts, where there is an API key of it.

use std::collections::BTreeMap;

use super::{Next, Slice};
use crate::Result;
use crate::account::Account;
use crate::evidence::Gap;
use crate::ids::AccountId;
use crate::ingestion::{Source, Stage};
use crate::jira::error::Kind;
use crate::secret::Secret;
use crate::secrets;

impl Slice<'_> {
    /// Reads what the organisation's administration tells, page by page. Without an API key of the organisation there is
    /// nothing to read, which is no gap: it is said where somebody asks for it.
    ///
    /// The key covers all sites of the organisation: who is not stored for this one is passed over.
    pub(super) async fn organisation(&mut self, cursor: Option<String>) -> Next {
        let key = match &self.connection.organisation {
            Some(_) => self.organisation_key().await?,
            None => None,
        };
        let (Some(organisation), Some(key)) = (&self.connection.organisation, key) else {
            self.ingestion.sources.remove(&Source::Organisation);
            return Ok(self.stage_behind());
        };
        if cursor.is_none() {
            self.ingestion.source(Source::Organisation).begin();
        }
        let administration = self.ingester.jira.administration();
        let page = match administration.users(&key, &organisation.id, cursor.as_deref()).await {
            Ok(page) => page,
            // It goes on from this page; but credentials that are refused are the key's, and not the site's.
            Err(error) if error.concerns_every_call() && error.kind != Kind::Unauthorized => {
                return Err(error.into());
            }
            Err(error) => {
                // It is another door than the site's: that it is shut stops nothing else.
                tracing::warn!(%error, "the organisation's administration could not be read");
                self.ingestion.source(Source::Organisation).lacks(Gap::from(&error));
                return Ok(self.stage_behind());
            }
        };
        let ids = page.items.iter().map(|user| user.id.clone()).collect();
        let stored = self.store().accounts_of(self.tenant(), self.id(), &ids).await?;
        let stored: BTreeMap<&AccountId, &Account> =
            stored.iter().map(|account| (&account.id, account)).collect();
        for user in &page.items {
            let take =
                |account: &mut Account| Ok(account.take_organisation(user.email.as_deref(), &user.view));
            let known = stored.get(&user.id).map(|account| (*account).clone());
            if let Some(mut account) = known
                && take(&mut account)?
            {
                self.store().change_account(self.tenant(), self.id(), &user.id, &take).await?;
                self.ingestion.cost.writes += 1;
            }
        }
        let now = self.now();
        let coverage = self.ingestion.source(Source::Organisation);
        coverage.read += page.items.len() as u64;
        if page.next.is_some() {
            return Ok(Stage::Organisation { cursor: page.next });
        }
        coverage.read_at = Some(now);
        Ok(self.stage_behind())
    }

    async fn organisation_key(&self) -> Result<Option<Secret>> {
        let name = secrets::organisation_name(self.tenant(), self.id());
        self.ingester.jira.secrets.get(&name).await
    }
}
