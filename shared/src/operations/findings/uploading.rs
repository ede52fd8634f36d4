//! SARIF documents: read in another thread, taken in batch by batch, so that at most a few batches are in memory at once.
//!
//! All of a document is checked before anything of it is taken in. Where time is up, what was taken in stays, and the same
//! document with the same report goes on: what is known is compared and not written again.

use std::io::Read;
use std::sync::Arc;

use serde::Serialize;
use tokio::sync::mpsc;

use super::{Findings, Received, Rejected, Taken};
use crate::finding::report::ReportState;
use crate::ids::TenantId;
use crate::sarif::sorting::{Refused, Sorted, Sorter, Upload};
use crate::sarif::{Survey, each_result};
use crate::{Error, Result};

/// How many refusals are told of one document.
const MOST_REJECTIONS: usize = 500;

/// Opens a document at its beginning.
pub type Document = Arc<dyn Fn() -> Box<dyn Read + Send> + Send + Sync>;

/// What became of a document.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Uploaded {
    /// The report that it was taken in as.
    pub report: String,
    /// Whether all of it was taken in. If not, send it again, with this `report`.
    pub complete: bool,
    /// How many results it has.
    pub results: u64,
    /// How many of those that were read are suppressed where they were found; no finding is made of them.
    pub suppressed: u64,
    /// How many of those that were read are no failures.
    pub not_failing: u64,
    /// What became of the rest, by scanner and asset.
    pub sources: Vec<UploadedSource>,
}

/// What became of the findings of one scanner in one asset.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct UploadedSource {
    /// The source.
    pub source: String,
    /// The asset.
    pub asset: String,
    /// What became of its findings.
    pub taken: Taken,
}

/// What the reading thread tells.
enum Heard {
    Batch(Box<Sorted>),
    /// All was read: how many results were suppressed, and how many no failures.
    End(u64, u64),
    Failed(Error),
}

impl Findings {
    /// Takes in a document.
    ///
    /// # Errors
    /// `Invalid`, naming the place, when it is malformed; then nothing is written.
    pub async fn upload(&self, tenant: &TenantId, upload: Upload, document: Document) -> Result<Uploaded> {
        let first = Arc::clone(&document);
        let survey = tokio::task::spawn_blocking(move || Survey::of(first())).await.map_err(died)??;
        let mut uploaded = Uploaded {
            report: upload.report.to_string(),
            complete: true,
            results: survey.results,
            ..Uploaded::default()
        };
        let sorter = Sorter::new(survey, upload)?;
        // So that what is not taken in because time is up, or a batch fails, is missed.
        self.will_speak(tenant, &sorter.subjects()).await?;
        for (source, asset) in sorter.subjects() {
            uploaded.sources.push(UploadedSource { source, asset, taken: Taken::default() });
        }
        let (sender, mut heard) = mpsc::channel(1);
        let reading = tokio::task::spawn_blocking(move || sort(sorter, &document, &sender));
        while let Some(batch) = heard.recv().await {
            match batch {
                Heard::Failed(error) => return Err(error),
                Heard::End(suppressed, not_failing) => {
                    (uploaded.suppressed, uploaded.not_failing) = (suppressed, not_failing);
                }
                Heard::Batch(_) if self.is_late() => {
                    uploaded.complete = false;
                    break;
                }
                Heard::Batch(batch) => self.take_sorted(tenant, *batch, &mut uploaded).await?,
            }
        }
        drop(heard);
        reading.await.map_err(died)?;
        Ok(uploaded)
    }

    async fn take_sorted(&self, tenant: &TenantId, batch: Sorted, uploaded: &mut Uploaded) -> Result<()> {
        let (source, asset) = (batch.source.clone(), batch.part.asset.clone());
        let rejected = batch.refused.into_iter().map(|Refused { index, field, reason }| Rejected {
            index,
            field,
            reason,
            asset: asset.clone(),
        });
        let is_last = batch.part.batches.is_some();
        let received = Received {
            source: batch.source,
            part: Some(batch.part),
            findings: batch.findings,
            rejected: rejected.collect(),
        };
        let taken = self.receive(tenant, received).await?;
        if is_last && taken.report.as_ref().is_some_and(|report| report.state != ReportState::Done) {
            tracing::info!(%tenant, "what a document does not name is resolved in the background");
        }
        let mine = |it: &&mut UploadedSource| it.source == source && Some(&it.asset) == asset.as_ref();
        if let Some(mine) = uploaded.sources.iter_mut().find(mine) {
            mine.taken.add(taken);
        }
        Ok(())
    }
}

impl Taken {
    /// Adds what became of a further batch of the same report.
    fn add(&mut self, other: Self) {
        self.created += other.created;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        self.reopened += other.reopened;
        self.resolved = other.resolved;
        self.rejected += other.rejected;
        let left = MOST_REJECTIONS.saturating_sub(self.rejections.len());
        self.rejections.extend(other.rejections.into_iter().take(left));
        self.report = other.report.or_else(|| self.report.take());
    }
}

/// Reads the document and sends its batches, until nobody listens any more.
fn sort(mut sorter: Sorter, document: &Document, sender: &mpsc::Sender<Heard>) {
    let mut is_heard = true;
    let read = each_result(document(), |place, result| {
        if let Some(batch) = sorter.add(place, &result) {
            is_heard = sender.blocking_send(Heard::Batch(Box::new(batch))).is_ok();
        }
        is_heard
    });
    let mut send = |heard| is_heard = is_heard && sender.blocking_send(heard).is_ok();
    if let Err(error) = read {
        return send(Heard::Failed(error));
    }
    for batch in sorter.end() {
        send(Heard::Batch(Box::new(batch)));
    }
    send(Heard::End(sorter.suppressed, sorter.not_failing));
}

fn died(cause: tokio::task::JoinError) -> Error {
    Error::internal("could not read a document to its end").because(cause)
}
