//! Where an action stands.

use serde::{Deserialize, Serialize};

/// Where an action stands: see the table of [`crate::action`].
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Its dry run is to come.
    Planned,
    /// Waits for somebody to approve it.
    AwaitingApproval,
    /// May be carried out.
    Approved,
    /// Is being carried out.
    Running,
    /// Holds, as was read back.
    Done,
    /// Could not be carried out.
    Failed,
    /// May not be carried out.
    Refused,
    /// Was carried out, and undone.
    Undone,
}

impl State {
    /// The state's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::AwaitingApproval => "awaiting_approval",
            Self::Approved => "approved",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Undone => "undone",
        }
    }

    /// Whether Assay has something to do about it.
    pub fn is_at_work(self) -> bool {
        match self {
            Self::Planned | Self::Approved | Self::Running => true,
            Self::AwaitingApproval | Self::Done | Self::Failed | Self::Refused | Self::Undone => false,
        }
    }

    /// Whether it did nothing that lasts, and will not.
    pub fn is_void(self) -> bool {
        match self {
            Self::Failed | Self::Refused | Self::Undone => true,
            Self::Planned | Self::AwaitingApproval | Self::Approved | Self::Running | Self::Done => false,
        }
    }
}
