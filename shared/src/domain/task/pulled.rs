//! What the merge of a pull request does with a task, and its being taken back.

use jiff::Timestamp;

use super::{State, Task};
use crate::pull::Pull;

impl Task {
    /// The pull request that fixes it was merged, and that counts. Returns whether that changes anything.
    pub fn fixed_by(&mut self, pull: &Pull, now: Timestamp) -> bool {
        self.complete(pull.teller(), &pull.why_done(), now)
    }

    /// Whether it is done because the pull request was merged, whatever confirmed that since.
    pub fn is_fixed_by(&self, pull: &Pull) -> bool {
        let completion = self.completion.as_ref();
        self.state != State::Open
            && completion.is_some_and(|it| it.by == pull.teller() && it.why == pull.why_done())
    }

    /// The pull request that fixed it is not merged any more. A task that is done for another reason stays done. Returns
    /// whether that changes anything.
    pub fn unfixed_by(&mut self, pull: &Pull, now: Timestamp) -> bool {
        if !self.is_fixed_by(pull) {
            return false;
        }
        self.open_again(now);
        true
    }
}
