//! Ingestion: how far the directory and the activity of a connection were read, and how whole what was read is.
//!
//! A run goes through its stages in their order. It stops before the function's deadline or when the hour's points are
//! short, writes down its stage, and goes on from there: what a stage does may be done again, and changes nothing then.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::clock::seconds_between;
use crate::evidence::Gap;
use crate::ids::{AccountId, ConnectionId, GroupId, ProjectId, TenantId};

/// Seconds between the beginnings of two runs.
pub const EVERY: i64 = 24 * 3600;

/// How old a directory may be and still be judged, in seconds: one run may fail, two may not.
pub const MAXIMUM_AGE: i64 = 2 * EVERY;

/// How many days of activity the first run reads.
pub const FIRST_DAYS: i64 = 30;

/// What a run is doing, and what it does next.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum Stage {
    /// Nothing; waits for the next run.
    #[default]
    Idle,
    /// Lists all accounts.
    Users {
        /// The place of the next account.
        start: u64,
        /// Where the next page of the list is kept.
        kept: u64,
    },
    /// Lists the groups.
    Groups,
    /// Lists the members of each group.
    Members {
        /// The last group that was read to its end.
        behind: Option<GroupId>,
        /// The place of the next member of the group after it.
        start: u64,
        /// Where the next page of that group's members is kept.
        kept: u64,
    },
    /// Reads the products, and which groups give them.
    Products,
    /// Reads who holds which project role.
    Roles {
        /// The last project that was read.
        behind: Option<ProjectId>,
    },
    /// Reads what the organisation's administration tells.
    Organisation {
        /// Where its search goes on.
        cursor: Option<String>,
    },
    /// Puts together what the lists say of each account.
    Settle {
        /// The last account that was settled.
        behind: Option<AccountId>,
    },
    /// Matches the accounts with the people of now, and nothing else.
    Match {
        /// The last account that was matched.
        behind: Option<AccountId>,
    },
    /// Reads what was changed in issues.
    Changes,
    /// Reads the worklogs that were written or changed.
    Worklogs,
    /// Reads the worklogs that were deleted.
    DeletedWorklogs,
    /// Counts seats, used and unused.
    Count {
        /// The last account that was counted.
        behind: Option<AccountId>,
    },
    /// Reports the stored accounts to Atlassian, which says whose data must be erased.
    Report {
        /// The last account that was reported.
        behind: Option<AccountId>,
    },
}

impl Stage {
    /// The first stage of a run.
    pub const FIRST: Self = Self::Users { start: 0, kept: 0 };

    /// The source that it reads; none for a stage that reads only what is stored.
    pub fn source(&self) -> Option<Source> {
        match self {
            Self::Users { .. } => Some(Source::Users),
            Self::Groups => Some(Source::Groups),
            Self::Members { .. } => Some(Source::Members),
            Self::Products => Some(Source::Products),
            Self::Roles { .. } => Some(Source::Roles),
            Self::Organisation { .. } => Some(Source::Organisation),
            Self::Changes => Some(Source::Changes),
            Self::Worklogs | Self::DeletedWorklogs => Some(Source::Worklogs),
            Self::Report { .. } => Some(Source::Report),
            Self::Idle | Self::Settle { .. } | Self::Match { .. } | Self::Count { .. } => None,
        }
    }

    /// The stage after it.
    #[must_use]
    pub fn next(&self) -> Self {
        match self {
            Self::Idle => Self::FIRST,
            Self::Users { .. } => Self::Groups,
            Self::Groups => Self::Members { behind: None, start: 0, kept: 0 },
            Self::Members { .. } => Self::Products,
            Self::Products => Self::Roles { behind: None },
            Self::Roles { .. } => Self::Organisation { cursor: None },
            Self::Organisation { .. } => Self::Settle { behind: None },
            Self::Settle { .. } => Self::Report { behind: None },
            Self::Report { .. } => Self::Changes,
            Self::Changes => Self::Worklogs,
            Self::Worklogs => Self::DeletedWorklogs,
            Self::DeletedWorklogs => Self::Count { behind: None },
            Self::Count { .. } | Self::Match { .. } => Self::Idle,
        }
    }
}

/// A source that a run reads.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The list of accounts.
    Users,
    /// The list of groups.
    Groups,
    /// The members of the groups.
    Members,
    /// The products.
    Products,
    /// The project roles.
    Roles,
    /// The organisation's administration.
    Organisation,
    /// Issues, their history and comments.
    Changes,
    /// Worklogs.
    Worklogs,
    /// Atlassian's word on whose data must be erased.
    Report,
}

impl Source {
    /// What it is, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Users => "the list of accounts",
            Self::Groups => "the list of groups",
            Self::Members => "the members of the groups",
            Self::Products => "the products",
            Self::Roles => "the project roles",
            Self::Organisation => "the organisation's administration",
            Self::Changes => "the issues and their history",
            Self::Worklogs => "the worklogs",
            Self::Report => "the report of personal data",
        }
    }
}

/// How much of a source was read, the last time that it was.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct SourceCoverage {
    /// When it was last read to its end, or as far as the gaps say.
    #[schema(value_type = Option<String>)]
    pub read_at: Option<Timestamp>,
    /// How many things it gave.
    pub read: u64,
    /// Why that may not be all; empty when it is.
    pub gaps: Vec<Gap>,
}

/// How many gaps of one source are kept; what is beyond is counted in the last one's words only.
const MOST_GAPS: usize = 20;

impl SourceCoverage {
    /// Begins anew: what was lacking before may not be any more.
    pub fn begin(&mut self) {
        self.read = 0;
        self.gaps.clear();
    }

    /// Adds a reason why it may not be all.
    pub fn lacks(&mut self, gap: Gap) {
        if self.gaps.len() < MOST_GAPS && !self.gaps.contains(&gap) {
            self.gaps.push(gap);
        }
    }

    /// Whether it was read to its end.
    pub fn is_complete(&self) -> bool {
        self.read_at.is_some() && self.gaps.is_empty()
    }
}

/// How far activity was read.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct ActivityReached {
    /// The moment that the first run began at; activity before it is not known.
    #[schema(value_type = Option<String>)]
    pub since: Option<Timestamp>,
    /// Issues that were changed up to this moment were read.
    #[schema(value_type = Option<String>)]
    pub changes: Option<Timestamp>,
    /// The end of the changes that the present run reads.
    #[schema(value_type = Option<String>)]
    pub changes_until: Option<Timestamp>,
    /// Worklogs that were changed up to this moment were read.
    #[schema(value_type = Option<String>)]
    pub worklogs: Option<Timestamp>,
    /// Worklogs that were deleted up to this moment were read.
    #[schema(value_type = Option<String>)]
    pub deleted_worklogs: Option<Timestamp>,
    /// How long a time one search of the present run covers, in seconds.
    pub changes_window: i64,
    /// Issues in the changes that the present run reads, by Jira's own estimate.
    pub changes_expected: Option<u64>,
    /// Issues of them that were read.
    pub changes_read: u64,
    /// Worklogs that were deleted; Jira does not tell by whom, so they make nobody active.
    pub deletions_by_nobody: u64,
}

/// What a run cost so far.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Cost {
    /// Slices that it was done in.
    pub slices: u64,
    /// Calls to Jira.
    pub calls: u64,
    /// Points that they cost.
    pub points: u64,
    /// Records written to the table.
    pub writes: u64,
}

/// The ingestion of one connection.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Ingestion {
    /// The tenant.
    pub tenant: TenantId,
    /// The connection.
    pub id: ConnectionId,
    /// The time zone that days are counted in, by its name in the time zone database.
    pub zone: String,
    /// What it is doing.
    pub stage: Stage,
    /// When the present run, or the last one, began.
    #[schema(value_type = Option<String>)]
    pub began_at: Option<Timestamp>,
    /// When the first run had gone through all its stages.
    #[schema(value_type = Option<String>)]
    pub first_ended_at: Option<Timestamp>,
    /// When a run last went through all its stages.
    #[schema(value_type = Option<String>)]
    pub ended_at: Option<Timestamp>,
    /// When the accounts were last put together from the lists of a run.
    #[schema(value_type = Option<String>)]
    pub settled_at: Option<Timestamp>,
    /// How whole each source was, when it was last read.
    #[schema(value_type = Object)]
    pub sources: BTreeMap<Source, SourceCoverage>,
    /// The same of the lists that the accounts were last put together from: what checks go by, while newer lists are read.
    #[schema(value_type = Object)]
    pub settled_sources: BTreeMap<Source, SourceCoverage>,
    /// How far activity was read.
    pub activity: ActivityReached,
    /// Until when the run waits, and for what, if it does.
    #[schema(value_type = Option<String>)]
    pub paused_until: Option<Timestamp>,
    /// Why the last slice ended early, if it failed: what was tried and what to do.
    pub problem: Option<String>,
    /// How many slices failed one after the other at the present stage.
    pub failures: u32,
    /// When the next run begins.
    #[schema(value_type = Option<String>)]
    pub next_run_at: Option<Timestamp>,
    /// When stored accounts must next be reported to Atlassian.
    #[schema(value_type = Option<String>)]
    pub report_at: Option<Timestamp>,
    /// What the present run, or the last one, cost.
    pub cost: Cost,
    /// Until when one worker alone carries it out.
    #[schema(value_type = Option<String>)]
    pub leased_until: Option<Timestamp>,
    /// When it is due.
    #[schema(value_type = Option<String>)]
    pub due_at: Option<Timestamp>,
    /// Version of this record; rises with each change.
    pub version: u64,
}

impl Ingestion {
    /// Whether the accounts were put together from lists that were read after `at`. The run that they are of may be told
    /// by its beginning only until the next one begins.
    pub fn is_of_after(&self, at: Timestamp) -> bool {
        let began_at = self.began_at.filter(|began_at| self.settled_at.is_some_and(|end| *began_at <= end));
        self.settled_at.is_some_and(|end| end > at) && began_at.is_none_or(|began_at| began_at > at)
    }

    /// An ingestion that is due at once.
    pub fn new(tenant: TenantId, id: ConnectionId, zone: String, now: Timestamp) -> Self {
        Self {
            tenant,
            id,
            zone,
            stage: Stage::Idle,
            began_at: None,
            first_ended_at: None,
            ended_at: None,
            settled_at: None,
            sources: BTreeMap::new(),
            settled_sources: BTreeMap::new(),
            activity: ActivityReached::default(),
            paused_until: None,
            problem: None,
            failures: 0,
            next_run_at: None,
            report_at: None,
            cost: Cost::default(),
            leased_until: None,
            due_at: Some(now),
            version: 0,
        }
    }

    /// The time zone that days are counted in; UTC if the database does not know its name any more.
    pub fn time_zone(&self) -> TimeZone {
        TimeZone::get(&self.zone).unwrap_or(TimeZone::UTC)
    }

    /// The day on which `now` lies.
    pub fn today(&self, now: Timestamp) -> Date {
        now.to_zoned(self.time_zone()).date()
    }

    /// The coverage of a source, to be changed.
    pub fn source(&mut self, source: Source) -> &mut SourceCoverage {
        self.sources.entry(source).or_default()
    }

    /// Whether a source was read to its end the last time.
    pub fn is_complete(&self, source: Source) -> bool {
        self.sources.get(&source).is_some_and(SourceCoverage::is_complete)
    }

    /// Every reason why what is stored of these sources may not be the whole truth at `now`.
    pub fn gaps(&self, sources: &[Source], now: Timestamp) -> Vec<Gap> {
        let mut gaps = Vec::new();
        for source in sources {
            let coverage = self.settled_sources.get(source);
            gaps.extend(coverage.into_iter().flat_map(|coverage| coverage.gaps.iter().cloned()));
            match coverage.and_then(|coverage| coverage.read_at) {
                Some(read_at) if is_fresh(read_at, now) => {}
                Some(read_at) => gaps.push(Gap::Stale { age: seconds_between(read_at, now) }),
                None => gaps.push(Gap::Unavailable {
                    detail: format!("{} was not read yet; the first ingestion must end", source.words()),
                }),
            }
        }
        match self.settled_at {
            Some(at) if is_fresh(at, now) => {}
            Some(at) => gaps.push(Gap::Stale { age: seconds_between(at, now) }),
            None => gaps.push(Gap::Unavailable {
                detail: "the accounts were not put together yet; the first ingestion must end".to_owned(),
            }),
        }
        gaps
    }
}

/// Whether what was read at `at` may still be judged. A reading from the future is a clock that cannot be trusted.
pub fn is_fresh(at: Timestamp, now: Timestamp) -> bool {
    (0..=MAXIMUM_AGE).contains(&seconds_between(at, now))
}
