//! Checks: what they ask, and how a reading is judged.
//!
//! Reads a [`crate::evidence::Reading`] or the tenant's connections; decides a [`Verdict`]; writes nothing. Next comes [`crate::task`].
//!
//! | what was read | verdict |
//! |---|---|
//! | complete, and something fails | fail |
//! | incomplete, and something that was read fails | fail, and the gaps are named |
//! | incomplete, and nothing that was read fails | cannot tell |
//! | complete, and nothing is in scope | not applicable (or fail, where the check asks that there be something) |
//! | complete, and nothing fails | pass |

pub mod access;
pub mod judge;
pub mod posture;
pub mod standing;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::evidence::{Coverage, Entity, Gap};
use crate::ids::{ConnectionId, RunId, TenantId};
use crate::{Error, Result};

/// A check. The ids are those of the requirements.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, utoipa::ToSchema,
)]
pub enum CheckId {
    /// The ticketing system for change management is set up.
    B1,
    /// Each change ticket has an assignee.
    B2,
    /// Each reported incident is closed in time.
    B3,
    /// There was change-management activity in the last 30 days.
    B4,
    /// At least one change-management system is connected.
    B5,
    /// Access is removed for people who left.
    B6,
    /// Each account is identified.
    B7,
    /// Each account's access is valid.
    B8,
    /// Each vulnerability is dealt with in time.
    B9,
}

impl CheckId {
    /// All checks, in order.
    pub const ALL: [Self; 9] =
        [Self::B1, Self::B2, Self::B3, Self::B4, Self::B5, Self::B6, Self::B7, Self::B8, Self::B9];

    /// The id as text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::B1 => "B1",
            Self::B2 => "B2",
            Self::B3 => "B3",
            Self::B4 => "B4",
            Self::B5 => "B5",
            Self::B6 => "B6",
            Self::B7 => "B7",
            Self::B8 => "B8",
            Self::B9 => "B9",
        }
    }

    /// What the check asks, in a sentence.
    pub fn title(self) -> &'static str {
        match self {
            Self::B1 => "A ticketing system for change management is set up",
            Self::B2 => "Every change ticket has an assignee",
            Self::B3 => "Every reported incident is closed within its limit",
            Self::B4 => "There was change-management activity in the last 30 days",
            Self::B5 => "At least one change-management system is connected",
            Self::B6 => "Access is removed for people who left",
            Self::B7 => "Every Jira user is identified",
            Self::B8 => "Every account's access is reviewed and valid",
            Self::B9 => "Every vulnerability is closed within the limit of its severity",
        }
    }

    /// Why it is asked and how a failing entity is recognised.
    pub fn instructions(self) -> &'static str {
        match self {
            Self::B1 => {
                "An active connection for ticketing must name at least one change-management project, or a query, so that change tickets can be read as evidence."
            }
            Self::B2 => {
                "Every change needs a person who answers for it. This change ticket was created in the last 90 days and has no assignee."
            }
            Self::B3 => {
                "Incidents must be worked off within their limit. This incident is older than its limit and its status is not in the category Done."
            }
            Self::B4 => {
                "A change-management process that is in use leaves change tickets. None was created in the last 30 days."
            }
            Self::B5 => {
                "Changes must be tracked in a connected system. No active connection has the use case ticketing."
            }
            Self::B6 => {
                "Who has left must not have access any more. This account is active, and the person whom it belongs to has left."
            }
            Self::B7 => {
                "Access can be judged only if it is known whose it is. This account belongs to no person of the list of people, and nobody marked it as a service's, an app's or an external one."
            }
            Self::B8 => {
                "Access must be approved from time to time, or follow a rule. This account has access that was not approved within the period and follows no rule."
            }
            Self::B9 => {
                "Vulnerabilities must be closed within the limit of their severity, unless their risk is accepted for a time. This one is not."
            }
        }
    }

    /// How to make it pass.
    pub fn how_to_fix(self) -> &'static str {
        match self {
            Self::B1 => {
                "Open the connection's settings and name the projects (or a query) that hold your change tickets."
            }
            Self::B2 => {
                "Open the change ticket in Jira and assign it to the person who is responsible for the change."
            }
            Self::B3 => {
                "Finish the work on the incident and move it to a status in the category Done, or raise the limit of its priority if the limit is wrong."
            }
            Self::B4 => {
                "Record changes as change tickets in the configured project, or correct the project or query if changes are recorded elsewhere."
            }
            Self::B5 => {
                "Connect a Jira site with the use case ticketing, or mend the connection that has it."
            }
            Self::B6 => {
                "Deactivate the account in the organisation's administration, or correct the person's status if the person still works here."
            }
            Self::B7 => {
                "Say whom the account belongs to, or mark it as a service's, an app's or an external one, with a reason and an end date."
            }
            Self::B8 => {
                "Decide on the account's access in a campaign, or name the groups that need no review in the connection's access policy."
            }
            Self::B9 => {
                "Fix what was found and let the scanner report again, or accept its risk with a reason and an end date."
            }
        }
    }

    /// Days within which a task of this check should be done.
    pub fn due_in_days(self) -> i64 {
        match self {
            Self::B1 | Self::B5 => 3,
            Self::B2 | Self::B4 => 7,
            Self::B3 | Self::B6 => 2,
            Self::B7 | Self::B8 => 14,
            Self::B9 => 30,
        }
    }

    /// Whether a part of the check is about the tenant as a whole: B9 is about what scanners reported, and about issues of
    /// connections.
    pub fn has_part_about_tenant(self) -> bool {
        self.is_about_tenant() || self == Self::B9
    }

    /// Whether the check is about the tenant as a whole rather than about one connection.
    pub fn is_about_tenant(self) -> bool {
        match self {
            Self::B1 | Self::B5 => true,
            Self::B2 | Self::B3 | Self::B4 | Self::B6 | Self::B7 | Self::B8 | Self::B9 => false,
        }
    }
}

impl std::fmt::Display for CheckId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl std::str::FromStr for CheckId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|check| check.as_str() == text).ok_or_else(|| {
            Error::not_found(format!("there is no check {text:?}; `GET /v1/checks` lists them"))
        })
    }
}

/// The result of a check.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// All that is in scope was read, and nothing fails.
    Pass,
    /// Something fails.
    Fail,
    /// Not enough could be read to say.
    CannotTell,
    /// Nothing is in scope.
    NotApplicable,
}

impl Outcome {
    /// The outcome of a check whose parts have these outcomes: the worst decides, and none at all is not applicable.
    pub fn of_parts(parts: impl IntoIterator<Item = Self>) -> Self {
        let rank = |outcome: &Self| match outcome {
            Self::NotApplicable => 0,
            Self::Pass => 1,
            Self::CannotTell => 2,
            Self::Fail => 3,
        };
        parts.into_iter().max_by_key(rank).unwrap_or(Self::NotApplicable)
    }
}

/// One thing that fails a check, and why.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Failing {
    /// The thing.
    pub entity: Entity,
    /// Why it fails, in a sentence.
    pub why: String,
}

/// What a reading was judged to mean.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Verdict {
    /// The outcome.
    pub outcome: Outcome,
    /// What fails.
    pub failing: Vec<Failing>,
    /// Why the reading was not enough, where it was not.
    pub gaps: Vec<Gap>,
    /// The outcome's reason in a sentence.
    pub because: String,
}

impl Verdict {
    /// Takes a gap that came to light after judging: what was a pass is one no more.
    pub fn doubt(&mut self, gap: Gap) {
        if matches!(self.outcome, Outcome::Pass | Outcome::NotApplicable) {
            self.outcome = Outcome::CannotTell;
            self.because = format!("cannot tell: {gap}");
        }
        self.gaps.push(gap);
    }

    /// Whether entities that are not among the failing ones are known to be in order, so that their tasks may end.
    pub fn clears_the_rest(&self) -> bool {
        self.gaps.is_empty()
    }
}

/// The evidence of a run, without the failing entities, which are kept beside it in pages.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Evidence {
    /// The query; empty for checks that read no issues.
    pub query: String,
    /// What it was meant to cover, in words.
    pub scope: String,
    /// How much was read, and what is missing.
    pub coverage: Coverage,
    /// The moment that the evidence is true for.
    #[schema(value_type = Option<String>)]
    pub read_at: Option<Timestamp>,
    /// SHA-256 over everything that was read, in order, hexadecimal.
    pub digest: String,
}

/// One evaluation of one check, for one connection or for the tenant as a whole. Never changed once written.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct CheckRun {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its identifier; sorts by time.
    pub id: RunId,
    /// Which check.
    pub check: CheckId,
    /// For which connection; none for checks about the tenant.
    pub connection: Option<ConnectionId>,
    /// The outcome.
    pub outcome: Outcome,
    /// Why, in a sentence.
    pub because: String,
    /// How many entities fail.
    pub failing: u64,
    /// What it rests on.
    pub evidence: Evidence,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was done.
    pub finished_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::{CheckId, Outcome};

    #[test]
    fn the_worst_part_decides() {
        use Outcome::{CannotTell, Fail, NotApplicable, Pass};
        assert_eq!(Outcome::of_parts([]), NotApplicable);
        assert_eq!(Outcome::of_parts([NotApplicable, Pass]), Pass);
        assert_eq!(Outcome::of_parts([Pass, CannotTell, NotApplicable]), CannotTell);
        assert_eq!(Outcome::of_parts([CannotTell, Fail, Pass]), Fail);
    }

    #[test]
    fn ids_are_read_back_and_no_other_text_is_one() {
        for check in CheckId::ALL {
            assert_eq!(check.as_str().parse::<CheckId>().unwrap(), check);
        }
        assert!("b1".parse::<CheckId>().is_err());
    }
}
