//! The one error type.
//!
//! An error has a message for whoever asked (what was tried, with what, what to do now; never a secret, never a
//! payload) and, apart from it, a cause for the log. `Display` shows the message only; [`Error::chain`] adds the
//! causes and is called once, at the boundary that handles the error.

use std::error::Error as StdError;

/// Shorthand for results of this library.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, as far as the caller must tell one from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The input breaks a rule. `field` names the offending part as a JSON path, for example `change_management.projects[0]`.
    Invalid {
        /// Which part of the input.
        field: String,
    },
    /// There is no such thing (for this tenant).
    NotFound,
    /// Somebody else changed the thing meanwhile, or its state forbids what was asked.
    Conflict,
    /// What the caller saw before it asked is something else by now; `field` names the part, as in [`Kind::Invalid`].
    Overtaken {
        /// Which part of what was seen.
        field: String,
    },
    /// The caller did not prove who it is.
    Unauthenticated,
    /// The caller is known but may not do this.
    Forbidden,
    /// The input is larger than what is accepted.
    TooLarge,
    /// Too many requests, by our rules or Jira's; try again after this many seconds.
    Limited {
        /// Seconds to wait, at least.
        retry_after: u32,
    },
    /// The credentials of a connection no longer work, and only a person can mend that.
    NeedsReauth,
    /// Something outside did not answer as it should; the same call may work later.
    Unavailable,
    /// A fault of ours, or of the set-up.
    Internal,
}

/// An error: its kind, its message for the caller, and its cause for the log.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    kind: Kind,
    message: String,
    #[source]
    cause: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of the given kind.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), cause: None }
    }

    /// The input's part `field` breaks a rule.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Kind::Invalid { field: field.into() }, message)
    }

    /// There is no such thing.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, message)
    }

    /// The thing's state forbids it, or it was changed meanwhile.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, message)
    }

    /// Something outside failed for now.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(Kind::Unavailable, message)
    }

    /// A fault of ours or of the set-up.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Kind::Internal, message)
    }

    /// Adds the cause, which only the log sees.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// What kind of error it is.
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// Whether doing the same again later may succeed.
    pub fn retryable(&self) -> bool {
        match self.kind {
            Kind::Conflict | Kind::Limited { .. } | Kind::Unavailable | Kind::Internal => true,
            Kind::Invalid { .. }
            | Kind::NotFound
            | Kind::Overtaken { .. }
            | Kind::Unauthenticated
            | Kind::Forbidden
            | Kind::TooLarge
            | Kind::NeedsReauth => false,
        }
    }

    /// The message and all causes, for the log.
    pub fn chain(&self) -> String {
        let mut text = self.message.clone();
        let mut next = self.source();
        while let Some(cause) = next {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            next = cause.source();
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::Error;

    #[test]
    fn the_caller_sees_the_message_and_the_log_sees_the_cause() {
        let error = Error::unavailable("could not read the table; try again").because("connection reset");
        assert_eq!(error.to_string(), "could not read the table; try again");
        assert_eq!(error.chain(), "could not read the table; try again: connection reset");
        assert!(error.retryable());
    }
}
