//! What the merge of a pull request does with a task, and its being taken back.

use jiff::Timestamp;

use super::{State, Task};
use crate::pull::Pull;

impl Task {
    /// The pull request that fixes it was merged, and that counts. What came back after the merge was not fixed by it.
    /// Returns whether that changes anything.
    pub fn fixed_by(&mut self, pull: &Pull, now: Timestamp) -> bool {
        if self.opened_at > pull.changed_at {
            return false;
        }
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

#[cfg(test)]
mod tests {
    use crate::finding::taking::absent;
    use crate::pull::{Pull, PullState};
    use crate::task::State;

    #[test]
    fn a_finding_that_came_back_after_a_merge_is_not_completed_by_that_merge() {
        let at = |text: &str| text.parse().unwrap();
        let (opened, merged) = ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z");
        let pull = Pull {
            url: "https://github.com/acme/shop/pull/12".to_owned(),
            title: "Fix".to_owned(),
            repository: "acme/shop".to_owned(),
            number: 12,
            state: PullState::Merged,
            changed_at: at(merged),
            opened_at: None,
        };
        let task = crate::finding::taking::tests::opened();
        assert_eq!(task.opened_at, at(opened));
        let mut fixed = task.clone();
        assert!(fixed.fixed_by(&pull, at("2026-01-02T00:01:00Z")) && fixed.state == State::Completed);
        let mut back = absent(&task, at(merged), at(merged)).unwrap();
        back.open_again(at("2026-01-03T00:00:00Z"));
        assert!(!back.fixed_by(&pull, at("2026-01-03T00:01:00Z")) && back.is_open());
        let later = Pull { changed_at: at("2026-01-04T00:00:00Z"), ..pull };
        assert!(back.fixed_by(&later, at("2026-01-04T00:01:00Z")), "the next merge fixes it");
    }
}
