//! How many tickets stand how.

use jiff::civil::Date;
use serde::Deserialize;

/// A ticket's state without what it carries.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// To be created.
    Planned,
    /// A worker is creating it.
    Creating,
    /// Whether a create took effect is not known.
    Unknown,
    /// The issue exists.
    Open,
    /// The issue is being brought to an end.
    Closing,
    /// Done.
    Closed,
    /// The issue is being reopened.
    Reopening,
    /// Jira refused to create it.
    Failed,
    /// The issue was deleted or archived.
    Gone,
}

/// What of a ticket is counted; the rest of it is long, and is not read for that.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Standing {
    /// Its state.
    pub stage: Stage,
    /// The due day.
    pub due_on: Option<Date>,
    /// Whether something stands against it.
    pub has_problem: bool,
}

/// Counts of tickets. One may be counted as several of these.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Tally {
    /// All that were looked at.
    pub all: u64,
    /// Those whose issue is open, or is to be.
    pub open: u64,
    /// Open ones past their due day.
    pub late: u64,
    /// Those that are not where they are wanted, with a problem that says why.
    pub parked: u64,
    /// Those about which something is still to be done in Jira, and nothing stands against it.
    pub waiting: u64,
    /// Those whose issue is done.
    pub closed: u64,
    /// Those whose issue was deleted or archived.
    pub gone: u64,
}

impl Tally {
    /// Counts one more.
    pub fn take(&mut self, ticket: &Standing, today: Date) {
        let (open, moving) = match ticket.stage {
            Stage::Planned | Stage::Creating | Stage::Unknown | Stage::Reopening => (true, true),
            Stage::Open | Stage::Failed => (true, false),
            Stage::Closing => (false, true),
            Stage::Closed | Stage::Gone => (false, false),
        };
        let parked = ticket.has_problem || ticket.stage == Stage::Failed;
        self.all += 1;
        self.open += u64::from(open);
        self.late += u64::from(open && ticket.due_on.is_some_and(|day| day < today));
        self.parked += u64::from(parked);
        self.waiting += u64::from(moving && !parked);
        self.closed += u64::from(ticket.stage == Stage::Closed);
        self.gone += u64::from(ticket.stage == Stage::Gone);
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{Stage, Standing, Tally};

    #[test]
    fn a_ticket_is_counted_by_what_people_ask_of_it() {
        let mut tally = Tally::default();
        let mut take = |stage, due_on, has_problem| {
            tally.take(&Standing { stage, due_on, has_problem }, date(2026, 3, 2));
        };
        take(Stage::Open, Some(date(2026, 3, 1)), false);
        take(Stage::Open, Some(date(2026, 3, 2)), true);
        take(Stage::Planned, None, false);
        take(Stage::Unknown, None, true);
        take(Stage::Failed, None, false);
        take(Stage::Closing, Some(date(2026, 3, 1)), false);
        take(Stage::Closed, Some(date(2026, 3, 1)), false);
        take(Stage::Gone, None, false);
        let expected = Tally { all: 8, open: 5, late: 1, parked: 3, waiting: 2, closed: 1, gone: 1 };
        assert_eq!(tally, expected);
    }
}
