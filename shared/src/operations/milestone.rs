//! Named points in a ticket's creation, so that a test can kill the process at each of them.

/// A point that a worker passes. At each of them it may die without a second issue coming to be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Milestone {
    /// The tickets are read from the table.
    Loaded,
    /// `creating` is written; Jira has not been called.
    Claimed,
    /// Jira has answered; nothing of it is written.
    Answered,
    /// The first of a batch's answers is written; the others are not.
    PartlySaved,
    /// All answers are written; the message is not acknowledged.
    Saved,
}

impl Milestone {
    /// All of them, in the order in which a worker passes them.
    pub const ALL: [Self; 5] = [Self::Loaded, Self::Claimed, Self::Answered, Self::PartlySaved, Self::Saved];

    /// The milestone's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Loaded => "loaded",
            Self::Claimed => "claimed",
            Self::Answered => "answered",
            Self::PartlySaved => "partly-saved",
            Self::Saved => "saved",
        }
    }
}

/// Is told of each milestone.
pub trait Milestones: Send + Sync {
    /// The worker has come to `milestone`.
    fn reached(&self, milestone: Milestone);
}

/// Takes no notice: what the deployed functions use.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unobserved;

impl Milestones for Unobserved {
    fn reached(&self, _: Milestone) {}
}
