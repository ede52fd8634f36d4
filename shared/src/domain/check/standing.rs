//! How a check stands now: its last runs, held against the connections that there are now.
//!
//! Reads the latest run of each connection; decides an outcome; writes nothing. A run tells of the moment at which it
//! read. What was disconnected since, or is no longer for the check, is left out; what was not evaluated, or not for
//! long, or cannot be read any more, cannot be told, whatever its last run said.

use jiff::Timestamp;
use serde::Serialize;

use super::{CheckId, CheckRun, Outcome};
use crate::clock::{in_words, seconds_between};
use crate::connection::Connection;
use crate::ids::ConnectionId;

/// After how many intervals without a new run an old one is believed no longer.
const INTERVALS: i64 = 2;

/// Seconds between two evaluations, where no evaluation has told yet.
const INTERVAL: i64 = 3600;

/// What to do about a connection that was not evaluated yet.
const NOT_YET: &str = "Nothing, if it was connected within the last minutes: the evaluation is on its way. Else run the check now.";

/// What to do about a connection that lost its access.
const RECONNECT: &str = "Connect it again with credentials that work; the last run tells of the time before.";

/// What to do about an evaluation that is too old.
const RUN_AGAIN: &str = "Run the check now. If no new run appears within minutes, evaluations have stopped: whoever operates Assay should look at its schedule and queues.";

/// A part of a check that cannot be told, whatever its last run said.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Doubt {
    /// The connection; null for the tenant as a whole.
    #[schema(value_type = Option<String>)]
    pub connection: Option<ConnectionId>,
    /// Why, in a sentence.
    pub because: String,
    /// What to do about it.
    pub mend: String,
}

/// How a check stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Standing {
    /// The worst of its parts; none if there is no part, or none of them was ever evaluated.
    pub outcome: Option<Outcome>,
    /// The last run of each part.
    pub results: Vec<CheckRun>,
    /// The parts that cannot be told.
    pub doubts: Vec<Doubt>,
}

/// How `check` stands at `now`. `latest` are the tenant's latest runs, of this and other checks; `connections` are all
/// of its connections.
pub fn standing(check: CheckId, latest: &[CheckRun], connections: &[Connection], now: Timestamp) -> Standing {
    let mut standing = Standing { outcome: None, results: Vec::new(), doubts: Vec::new() };
    let mut outcomes = Vec::new();
    let run_of = |connection: Option<&ConnectionId>| {
        latest.iter().find(|run| run.check == check && run.connection.as_ref() == connection)
    };
    if check.has_part_about_tenant() {
        let every = connections.iter().filter_map(|it| it.evaluated).map(|it| it.every).max();
        if let Some(run) = run_of(None) {
            outcomes.push(standing.part(run.connection.clone(), Some(run), age_doubt(run, every, now)));
        }
    }
    let concerned = connections.iter().filter(|it| !check.is_about_tenant() && it.is_concerned_by(check));
    for connection in concerned {
        let run = run_of(Some(&connection.id));
        let every = connection.evaluated.map(|evaluated| evaluated.every);
        let doubt = match run {
            None => Some(("it has not been evaluated yet".to_owned(), NOT_YET)),
            Some(_) if !connection.state.usable() => {
                Some(("it must be connected again".to_owned(), RECONNECT))
            }
            Some(run) => age_doubt(run, every, now),
        };
        outcomes.push(standing.part(Some(connection.id.clone()), run, doubt));
    }
    standing.outcome = (!standing.results.is_empty()).then(|| Outcome::of_parts(outcomes));
    standing
}

impl Standing {
    /// Takes one part. What failed is not made better by doubt.
    fn part(
        &mut self,
        connection: Option<ConnectionId>,
        run: Option<&CheckRun>,
        doubt: Option<(String, &str)>,
    ) -> Outcome {
        self.results.extend(run.cloned());
        let told = run.map_or(Outcome::CannotTell, |run| run.outcome);
        let Some((because, mend)) = doubt else { return told };
        self.doubts.push(Doubt { connection, because, mend: mend.to_owned() });
        Outcome::of_parts([told, Outcome::CannotTell])
    }
}

fn age_doubt(run: &CheckRun, every: Option<i64>, now: Timestamp) -> Option<(String, &'static str)> {
    let age = seconds_between(run.finished_at, now);
    let is_old = age > INTERVALS * every.unwrap_or(INTERVAL).max(1);
    is_old.then(|| (format!("its last evaluation was {} ago, which is too long", in_words(age)), RUN_AGAIN))
}

#[cfg(test)]
#[path = "standing_tests.rs"]
mod tests;
