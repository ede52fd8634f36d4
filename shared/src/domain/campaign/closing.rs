//! How far the passes over a campaign's items came, and what they counted.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::item::{CarriedOut, Choice, Place};
use super::record::Chain;

/// How many items there are, by what was decided.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// All.
    pub items: u64,
    /// Those that nobody has decided on.
    pub undecided: u64,
    /// Those that are kept.
    pub kept: u64,
    /// Those that are to be taken away.
    pub revoked: u64,
    /// Those that are to be changed, in words.
    pub changed: u64,
    /// Revocations and changes that were carried out, as far as was looked: known when the campaign is closed.
    pub carried_out: u64,
}

impl Counts {
    /// The number of a choice.
    pub fn of(&mut self, choice: Choice) -> &mut u64 {
        match choice {
            Choice::Undecided => &mut self.undecided,
            Choice::Keep => &mut self.kept,
            Choice::Revoke => &mut self.revoked,
            Choice::Change => &mut self.changed,
        }
    }

    /// Counts an item.
    pub fn count(&mut self, choice: Choice, carried_out: Option<CarriedOut>) {
        self.items += 1;
        *self.of(choice) += 1;
        let is_done = match carried_out {
            Some(CarriedOut::Done | CarriedOut::NotHeld) => true,
            Some(CarriedOut::NotDone) | None => false,
        };
        if choice.is_to_go() && is_done {
            self.carried_out += 1;
        }
    }

    /// Counts that the choice on an item changed.
    pub fn moved(&mut self, from: Choice, to: Choice) {
        *self.of(from) = self.of(from).saturating_sub(1);
        *self.of(to) += 1;
    }
}

/// Closing: who asked for it, and how far it came.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Closing {
    /// Who closes: an API token's id.
    pub by: String,
    /// When that was asked; the time of the record and of the approvals.
    pub at: Timestamp,
    /// Whether it closes though items are undecided: they are named in the record.
    pub names_undecided: bool,
    /// Whether it is known that no item stands in the way, so that items are sealed.
    pub seals: bool,
    /// The last item that the present pass came to.
    pub behind: Option<Place>,
    /// What was counted so far.
    pub counts: Counts,
    /// The digest of all items that were sealed so far.
    pub chain: Chain,
}

impl Closing {
    /// Closing that begins.
    pub fn begin(by: &str, names_undecided: bool, now: Timestamp) -> Self {
        Self {
            by: by.to_owned(),
            at: now,
            names_undecided,
            seals: names_undecided,
            behind: None,
            counts: Counts::default(),
            chain: Chain::default(),
        }
    }
}

/// Asking for the revocations of a campaign: who wants it, and how far it came.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Applying {
    /// Who wants it: an API token's id.
    pub by: String,
    /// Whether each action waits, after its dry run, until somebody approves it.
    pub held: bool,
    /// How many revocations there are, once that was counted: many at once need a second person.
    pub together: Option<u64>,
    /// How many were counted, or asked for, so far.
    pub so_far: u64,
    /// The last item that the present pass came to.
    #[schema(value_type = Object)]
    pub behind: Option<Place>,
}
