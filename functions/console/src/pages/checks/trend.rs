//! How a check stood in its last runs: a row of marks, with the same in words.

use serde::Deserialize;

use super::{Check, Outcome};
use crate::client::{Client, List, path, query};
use crate::problem::Problem;

/// How many marks stand in a row.
const SHOWN: usize = 10;

/// How many runs are read, among which are those of other connections.
const READ: &str = "50";

/// The last runs of the part of a check that decides its outcome, oldest first.
#[derive(Debug, Default)]
pub(super) struct Trend {
    /// The runs.
    pub(super) runs: Vec<Past>,
}

/// A run that was.
#[derive(Debug, Deserialize)]
pub(super) struct Past {
    pub(super) connection: Option<String>,
    pub(super) outcome: Outcome,
}

impl Trend {
    /// Reads the last runs of the connection, or of the tenant as a whole, whose outcome is the check's.
    pub(super) async fn read(client: &Client, check: &Check) -> Result<Self, Problem> {
        let deciding = check.results.iter().find(|run| Some(run.outcome) == check.last_outcome);
        let Some(deciding) = deciding.or(check.results.first()) else { return Ok(Self::default()) };
        let runs = query(&path(&["v1", "checks", &check.id, "runs"]), &[("limit", Some(READ))]);
        let runs: List<Past> = client.get(&runs).await?;
        let of_it = runs.items.into_iter().filter(|run| run.connection == deciding.connection);
        let mut runs: Vec<Past> = of_it.take(SHOWN).collect();
        runs.reverse();
        Ok(Self { runs })
    }

    /// All of it in a sentence, for who cannot see the marks.
    pub(super) fn in_words(&self) -> String {
        let words: Vec<String> =
            self.runs.iter().map(|run| run.outcome.badge().word().to_lowercase()).collect();
        format!("Last runs, oldest first: {}", words.join(", "))
    }

    /// How long it has been as it is.
    pub(super) fn steadiness(&self) -> String {
        let Some(last) = self.runs.last() else { return "no run yet".to_owned() };
        let same = self.runs.iter().rev().take_while(|run| run.outcome == last.outcome).count();
        match same {
            1 if self.runs.len() == 1 => "first run".to_owned(),
            1 => "changed with the last run".to_owned(),
            same if same == self.runs.len() => format!("the same in all of the last {same}"),
            same => format!("the same for {same} runs"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Outcome, Past, Trend};

    fn trend(outcomes: &[Outcome]) -> Trend {
        let past = |outcome: &Outcome| Past { connection: None, outcome: *outcome };
        Trend { runs: outcomes.iter().map(past).collect() }
    }

    #[test]
    fn a_trend_says_how_long_it_has_been_so() {
        use Outcome::{Fail, Pass};
        for (outcomes, words) in [
            (&[][..], "no run yet"),
            (&[Pass], "first run"),
            (&[Fail, Pass], "changed with the last run"),
            (&[Fail, Pass, Pass], "the same for 2 runs"),
            (&[Pass, Pass], "the same in all of the last 2"),
        ] {
            assert_eq!(trend(outcomes).steadiness(), words, "{outcomes:?}");
        }
        assert_eq!(trend(&[Pass, Fail]).in_words(), "Last runs, oldest first: passes, fails");
    }
}
