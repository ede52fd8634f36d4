//! Matching anew: the list of people changed, and with it whose an account may be.

use futures::stream::{self, StreamExt, TryStreamExt};

use super::directory::AT_ONCE;
use super::{Next, Slice};
use crate::Result;
use crate::account::Account;
use crate::error::Kind;
use crate::ids::{AccountId, TenantId};
use crate::ingestion::Stage;
use crate::operations::{Core, people};
use crate::sqs::{Queue, UsageRequest};

/// Asks for the accounts of all sites of a tenant to be matched with the people of now. Nothing is read from Jira for it. A
/// run that is under way does it anyhow, unless it is past that already: then the next one does.
///
/// # Errors
/// When the table or the queue could not be reached. The next run matches in any case.
pub async fn match_again(core: &Core, usage: &dyn Queue<UsageRequest>, tenant: &TenantId) -> Result<()> {
    let now = core.clock.now();
    for mut ingestion in core.store.all_ingestions(tenant).await? {
        if ingestion.stage != Stage::Idle || ingestion.settled_at.is_none() || ingestion.due_at.is_none() {
            continue;
        }
        ingestion.stage = Stage::Match { behind: None };
        ingestion.due_at = Some(now);
        match core.store.save_ingestion(&mut ingestion).await {
            Ok(()) => {
                let (tenant, connection) = (tenant.clone(), ingestion.id);
                usage.send(&UsageRequest::Ingest { tenant, connection }, None).await?;
            }
            // A run began meanwhile, and matches by itself.
            Err(error) if *error.kind() == Kind::Conflict => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

impl Slice<'_> {
    /// Matches the accounts behind `behind`: one call's worth of them.
    pub(super) async fn match_people(&mut self, behind: Option<AccountId>) -> Next {
        let index = match self.people.take() {
            Some(index) => index,
            None => people::index(self.store(), self.tenant()).await?,
        };
        let (accounts, next) =
            self.store().accounts_behind(self.tenant(), self.id(), behind.as_ref()).await?;
        let changed: Vec<AccountId> = accounts
            .into_iter()
            .filter_map(|mut account| index.settle(&mut account).then_some(account.id))
            .collect();
        self.ingestion.cost.writes += changed.len() as u64;
        let (tenant, connection, store) = (self.tenant(), self.id(), self.store());
        let writes = changed.iter().map(|id| {
            let index = &index;
            async move {
                let apply = |account: &mut Account| Ok(index.settle(account));
                store.change_account(tenant, connection, id, &apply).await.map(|_| ())
            }
        });
        stream::iter(writes).buffer_unordered(AT_ONCE).try_collect::<Vec<()>>().await?;
        self.people = Some(index);
        if next.is_none() {
            // The checks about access have something new to judge.
            let now = self.now();
            self.store().hasten_connection(self.tenant(), self.id(), now).await?;
        }
        Ok(next.map_or(Stage::Idle, |next| Stage::Match { behind: Some(next) }))
    }
}
