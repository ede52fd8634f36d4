//! Matching anew: the list of people changed, and with it whose an account may be.

use crate::Result;
use crate::error::Kind;
use crate::ids::TenantId;
use crate::ingestion::Stage;
use crate::operations::Core;
use crate::sqs::{Queue, UsageRequest};

/// Asks for the accounts of all sites of a tenant to be put together again, with the people of now. Nothing is read from
/// Jira for it but what changed since. A run that is under way does it anyhow, unless it is past that already: then the
/// next one does.
///
/// # Errors
/// When the table or the queue could not be reached. The next run matches in any case.
pub async fn match_again(core: &Core, usage: &dyn Queue<UsageRequest>, tenant: &TenantId) -> Result<()> {
    let now = core.clock.now();
    for mut ingestion in core.store.all_ingestions(tenant).await? {
        if ingestion.stage != Stage::Idle || ingestion.settled_at.is_none() || ingestion.due_at.is_none() {
            continue;
        }
        ingestion.stage = Stage::Settle { behind: None };
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
