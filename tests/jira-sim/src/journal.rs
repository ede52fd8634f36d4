//! The journal: one line for every call of Jira, so that a test can count calls and points.

use serde::Serialize;

/// One call. Credentials and bodies are never part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JournalEntry {
    /// Counts from 1.
    pub n: u64,
    /// Virtual time of arrival, RFC 3339.
    pub at: String,
    /// HTTP method.
    pub method: String,
    /// The path as it was asked.
    pub path: String,
    /// The query string; secrets in it are replaced.
    pub query: String,
    /// What was answered; 0 if the connection was cut without an answer.
    pub status: u16,
    /// `operationId` of Atlassian's document, or a name of the same kind for OAuth.
    pub operation: String,
    /// What the call costs an OAuth app.
    pub points: u32,
    /// Account id, or `anonymous`.
    pub caller: String,
    /// The fault that was played, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// All calls since the last reset.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    pub(crate) calls: Vec<JournalEntry>,
}

impl Journal {
    pub(crate) fn write(&mut self, mut entry: JournalEntry) {
        entry.n = self.calls.len() as u64 + 1;
        self.calls.push(entry);
    }

    pub(crate) fn since(&self, n: u64) -> &[JournalEntry] {
        let from = usize::try_from(n).unwrap_or(usize::MAX).min(self.calls.len());
        &self.calls[from..]
    }
}
