//! Reports: what a scanner says at one time, in one or many batches, and what a full one proves.
//!
//! ```text
//! receiving ── the last batch, and none is missing ──► sweeping ── every finding looked at ──► done
//!     └──────── the last batch of one that is not full, or of which something was refused ──────▲
//! ```
//!
//! A report begins when its first batch comes. Which findings a batch names is kept beside the report, so that a finding
//! that says nothing new is not written and is yet known to be there. What is in no report that began when a full one did
//! or later is resolved: so of two at once, the older never resolves what the newer saw, whichever ends first.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::clock::seconds_between;
use crate::ids::{ReportId, TenantId, fixed};
use crate::{Error, Result};

/// The most batches of one report.
pub const MOST_BATCHES: u32 = 2000;

/// The most findings of one batch.
pub const FINDINGS_IN_BATCH: usize = 500;

/// How long a report may take from its first batch to its last, in seconds: seven days.
pub const OPEN_FOR: i64 = 7 * 24 * 3600;

/// How long it is kept which findings a batch named, in seconds: longer than two reports that overlap can take.
pub const SEEN_FOR: i64 = 3 * OPEN_FOR;

/// How far a report is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportState {
    /// Batches come in.
    Receiving,
    /// All batches are there; what is in none of them is being resolved.
    Sweeping,
    /// It is dealt with.
    Done,
}

/// What a batch says about the report that it is of.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Part {
    /// The report.
    pub id: ReportId,
    /// Whether the report names everything that the scanner finds, so that what is absent is resolved.
    pub full: bool,
    /// The asset that it is all about; all of its source if none.
    pub asset: Option<String>,
    /// The batch's number, from 1.
    pub batch: u32,
    /// How many batches there are, if this is the last.
    pub batches: Option<u32>,
}

impl Part {
    /// The part, if its numbers fit each other.
    ///
    /// # Errors
    /// `Invalid`, naming the field.
    pub fn checked(self) -> Result<Self> {
        if !(1..=MOST_BATCHES).contains(&self.batch) {
            return Err(Error::invalid("report.batch", format!("batch must be 1 to {MOST_BATCHES}")));
        }
        if self.batches.is_some_and(|batches| batches != self.batch) {
            let message = "the last batch has the highest number: batches must be the number of this batch";
            return Err(Error::invalid("report.batches", message));
        }
        Ok(self)
    }
}

/// One report.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Report {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its source.
    pub source: String,
    /// Its identifier, as whoever sends it names it.
    pub id: ReportId,
    /// Whether it names everything that the scanner finds.
    pub full: bool,
    /// The asset that it is all about; all of its source if none.
    #[serde(default)]
    pub asset: Option<String>,
    /// When its first batch came.
    pub began_at: Timestamp,
    /// How many batches it has, once the last has come.
    #[serde(default)]
    pub batches: Option<u32>,
    /// How far it is.
    pub state: ReportState,
    /// Where to go on among the findings of its source.
    #[serde(default)]
    pub cursor: Option<String>,
    /// How many findings it resolved.
    #[serde(default)]
    pub resolved: u64,
    /// Why it is not whole, if it is not. Then it resolves nothing, though it be full.
    #[serde(default)]
    pub spares: Option<String>,
    /// Grows by one with every write.
    pub version: u64,
}

impl Report {
    /// A report whose first batch comes now.
    pub fn begin(tenant: TenantId, source: String, part: &Part, now: Timestamp) -> Self {
        Self {
            tenant,
            source,
            id: part.id.clone(),
            full: part.full,
            asset: part.asset.clone(),
            began_at: now,
            batches: None,
            state: ReportState::Receiving,
            cursor: None,
            resolved: 0,
            spares: None,
            version: 0,
        }
    }

    /// Whether a batch may be of it.
    ///
    /// # Errors
    /// `Conflict` when the batch says otherwise what the report is, comes too late, or is beyond its last.
    pub fn takes(&self, part: &Part, now: Timestamp) -> Result<()> {
        let id = &self.id;
        if (self.full, &self.asset) != (part.full, &part.asset) {
            let message = format!("report {id} began with another `full` or `asset`; send all batches alike");
            return Err(Error::conflict(message));
        }
        if self
            .batches
            .is_some_and(|batches| part.batch > batches || part.batches.is_some_and(|it| it != batches))
        {
            let message =
                format!("report {id} has ended with another number of batches; begin one with another id");
            return Err(Error::conflict(message));
        }
        if seconds_between(self.began_at, now) > OPEN_FOR {
            let message = format!("report {id} began more than 7 days ago; begin one with another id");
            return Err(Error::conflict(message));
        }
        Ok(())
    }

    /// Whether a batch that names these findings, in order, is the one that the report had. Once it has ended, it takes no
    /// other: what that names came after the moment that the report speaks for, and what it does not name is not resolved.
    ///
    /// # Errors
    /// `Conflict` when it has ended and its batch was another one.
    pub fn repeats(&self, stored: Option<&Batch>, seen: &[String], refused: u64) -> Result<()> {
        let is_same = |stored: &Batch| stored.seen == seen && stored.refused == refused;
        if self.state == ReportState::Receiving || stored.is_some_and(is_same) {
            return Ok(());
        }
        let message = format!(
            "report {} has ended, and this batch of it was another one; each run of the scanner needs a report with \
             a new id",
            self.id
        );
        Err(Error::conflict(message))
    }

    /// The last batch has come, and all others.
    pub fn end(&mut self, batches: u32, spares: Option<String>) {
        self.batches = Some(batches);
        self.state = if self.full && spares.is_none() { ReportState::Sweeping } else { ReportState::Done };
        self.spares = spares;
    }
}

/// One batch that came, and what it named.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Batch {
    /// When its report began.
    pub began_at: Timestamp,
    /// Its number, from 1.
    pub number: u32,
    /// The findings that it names, by [`place`].
    pub seen: Vec<String>,
    /// How many of its findings were refused.
    pub refused: u64,
    /// Whether its findings are written.
    pub done: bool,
    /// Grows by one with every write.
    pub version: u64,
}

/// The part of a task's id that tells it from others of its source.
pub fn place(task: &str) -> &str {
    task.rsplit('-').next().unwrap_or_default()
}

/// A source in a key: fixed, since a source is text of the caller's making.
pub fn source_key(source: &str) -> String {
    fixed(&["source", source])
}

#[cfg(test)]
mod tests {
    use super::{Part, Report, ReportState};
    use crate::ids::{ReportId, TenantId};

    fn part(batch: u32, batches: Option<u32>) -> Part {
        Part { id: ReportId::parse("r-1").unwrap(), full: true, asset: None, batch, batches }
    }

    #[test]
    fn the_last_batch_has_the_highest_number() {
        for (batch, batches, fits) in [
            (1, None, true),
            (1, Some(1), true),
            (3, Some(3), true),
            (2, Some(3), false),
            (0, None, false),
            (2001, None, false),
        ] {
            assert_eq!(part(batch, batches).checked().is_ok(), fits, "{batch} {batches:?}");
        }
    }

    #[test]
    fn a_report_takes_batches_that_are_like_its_first_until_its_last() {
        let begun = "2026-01-01T00:00:00Z".parse().unwrap();
        let mut report =
            Report::begin(TenantId::parse("acme").unwrap(), "trivy".to_owned(), &part(1, None), begun);
        assert!(report.takes(&part(2, None), begun).is_ok());
        assert!(report.takes(&Part { full: false, ..part(2, None) }, begun).is_err());
        assert!(report.takes(&Part { asset: Some("a".to_owned()), ..part(2, None) }, begun).is_err());
        let late = "2026-01-08T00:00:01Z".parse().unwrap();
        assert!(report.takes(&part(2, None), late).is_err());
        report.end(2, None);
        assert_eq!(report.state, ReportState::Sweeping);
        assert!(report.takes(&part(2, Some(2)), begun).is_ok(), "the answer to the last may have been lost");
        assert!(report.takes(&part(2, Some(2)), late).is_err(), "one that ended is over, too");
        assert!(report.takes(&part(3, None), begun).is_err());
        assert!(report.takes(&part(1, Some(1)), begun).is_err());
    }
}
