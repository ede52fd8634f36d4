//! Check runs: written once and never changed, with what failed in pages beside them and the latest of each kind at hand.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use futures::stream::{self, StreamExt, TryStreamExt};

use super::keys::{self, Key};
use super::page::{Order, Page};
use super::write::{Change, some};
use super::{CONCURRENCY, Store, failure, item};
use crate::check::{CheckId, CheckRun, Failing};
use crate::ids::{RunId, TenantId};
use crate::{Error, Result};

/// How many failing entities stand in one item. At 1.5 kB each that is 150 kB of the 400 kB that an item may have.
const FAILING_IN_PAGE: usize = 100;

/// The condition of the latest run: an older one never takes the place of a newer one. Ids of runs sort by time.
const NEWER: &str = "attribute_not_exists(#pk) OR #record.#id < :id";

impl Store {
    /// Puts a run with all that failed, makes it the latest of its check and connection unless a newer one is, and notes its
    /// outcome in the posture of its day.
    ///
    /// The pages go first, so that a run that can be seen is always whole; those of a run that was never finished are
    /// found by nobody. Then the run and the latest are written together.
    ///
    /// | stored | then |
    /// |---|---|
    /// | no such run; the latest is older, or there is none | run put, latest replaced |
    /// | no such run; the latest is newer | run put |
    /// | this very run | nothing; success |
    /// | another run with this id | nothing; `Conflict` |
    pub async fn put_run(&self, run: &CheckRun, failing: &[Failing]) -> Result<()> {
        let pages: Vec<_> = failing
            .chunks(FAILING_IN_PAGE)
            .enumerate()
            .map(|(number, page)| self.put_failing(run, number, page))
            .collect();
        stream::iter(pages).buffer_unordered(CONCURRENCY).try_collect::<Vec<()>>().await?;
        self.put_run_itself(run).await?;
        self.note_outcome(run).await
    }

    async fn put_run_itself(&self, run: &CheckRun) -> Result<()> {
        let key = keys::run(&run.tenant, run.check, &run.id);
        let latest = keys::latest_run(&run.tenant, run.check, run.connection.as_ref());
        let run_put = self.conditional_put(&key, run, Change::new("", "attribute_not_exists(#pk)"))?;
        let newer = Change::new("", NEWER).value(":id", item::text(run.id.as_str()));
        let latest_put = self.conditional_put(&latest, run, newer)?;
        let request = self
            .client
            .transact_write_items()
            .transact_items(TransactWriteItem::builder().put(run_put).build())
            .transact_items(TransactWriteItem::builder().put(latest_put).build());
        let what = format!("write {key}");
        let Err(cause) = request.send().await else { return Ok(()) };
        if let SdkError::ServiceError(answer) = &cause
            && let TransactWriteItemsError::TransactionCanceledException(cancelled) = answer.err()
        {
            // Either a newer run is the latest, or this run is there already; the run by itself tells which.
            return if failure::is_failed_condition(cancelled.cancellation_reasons()) {
                self.make(&key, run, Vec::new()).await
            } else {
                Err(failure::cancelled(&what, cancelled.cancellation_reasons()))
            };
        }
        Err(failure::failed(&what, cause))
    }

    async fn put_failing(&self, run: &CheckRun, number: usize, page: &[Failing]) -> Result<()> {
        let key = keys::failing_page(&run.tenant, &run.id, number);
        self.make(&key, &page, Vec::new()).await
    }

    fn conditional_put(&self, key: &Key, run: &CheckRun, change: Change) -> Result<Put> {
        Put::builder()
            .table_name(&*self.table)
            .set_item(Some(item::item(key, item::encode(key, run)?, Vec::new())))
            .set_expression_attribute_names(Some(change.names()))
            .condition_expression(change.condition)
            .set_expression_attribute_values(some(change.values))
            .build()
            .map_err(|cause| Error::internal(format!("could not describe the write of {key}")).because(cause))
    }

    /// The latest run of each check and connection of a tenant.
    pub async fn latest_results(&self, tenant: &TenantId) -> Result<Vec<CheckRun>> {
        self.all(&keys::latest_runs(tenant)).await
    }

    /// A page of a check's runs, newest first.
    pub async fn list_runs(
        &self,
        tenant: &TenantId,
        check: CheckId,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<CheckRun>> {
        self.list(&keys::runs(tenant, check), Order::Falling, &Vec::new(), cursor, limit).await
    }

    /// The run with this id.
    pub async fn run(&self, tenant: &TenantId, check: CheckId, id: &RunId) -> Result<Option<CheckRun>> {
        self.get(&keys::run(tenant, check, id)).await
    }

    /// A page of what failed in a run: up to 100 entities.
    pub async fn failing(
        &self,
        tenant: &TenantId,
        run: &RunId,
        cursor: Option<&str>,
    ) -> Result<Page<Failing>> {
        let pages: Page<Vec<Failing>> =
            self.list(&keys::failing(tenant, run), Order::Rising, &Vec::new(), cursor, 1).await?;
        Ok(Page { items: pages.items.into_iter().flatten().collect(), next: pages.next })
    }
}
