//! What a run rests on, and in plain words what is missing of it and what to do about that.

use jiff::Timestamp;
use serde::Deserialize;

use crate::words::number;

/// What a run rests on.
#[derive(Debug, Deserialize)]
pub(in crate::pages) struct Evidence {
    pub(super) query: String,
    pub(super) scope: String,
    pub(super) coverage: Coverage,
    pub(super) read_at: Option<Timestamp>,
    pub(super) digest: String,
}

/// How much was read.
#[derive(Debug, Deserialize)]
pub(in crate::pages) struct Coverage {
    pub(super) pages: u32,
    pub(super) read: u64,
    pub(super) counted: Option<u64>,
    pub(super) in_scope: Option<u64>,
    pub(super) gaps: Vec<Gap>,
}

/// Why it may not be all: the API's kinds.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(in crate::pages) enum Gap {
    Refused { detail: String },
    Unavailable { detail: String },
    Malformed { detail: String },
    Short { read: u64, counted: u64 },
    Hidden { project: String },
    CallerUnconfirmed,
    NotCounted,
    Stale { age: i64 },
    Unidentified { accounts: u64 },
    Unreported { detail: String },
    ConnectionUnusable { detail: String },
}

impl Gap {
    /// What is missing.
    pub(super) fn what(&self) -> String {
        match self {
            Self::Refused { .. } => "Jira refused what was asked.".to_owned(),
            Self::Unavailable { .. } => "Jira could not be reached, or asked to wait.".to_owned(),
            Self::Malformed { .. } => "An answer of Jira's could not be understood.".to_owned(),
            Self::Short { read, counted } => {
                format!("{} were read, but Jira counts {}.", number(read), number(counted))
            }
            Self::Hidden { project } => {
                format!("The connection's account cannot see project {project}.")
            }
            Self::CallerUnconfirmed => {
                "Nothing showed that Jira answered as the connection's account and not as to a stranger."
                    .to_owned()
            }
            Self::NotCounted => {
                "Jira did not count what there is, so that it is unknown whether all was read.".to_owned()
            }
            Self::Stale { age } => {
                format!("What was read is {} old, too old to be judged.", assay::clock::in_words(*age))
            }
            Self::Unidentified { accounts: 1 } => "Of one account nobody knows whose it is.".to_owned(),
            Self::Unidentified { accounts } => {
                format!("Of {} accounts nobody knows whose they are.", number(accounts))
            }
            Self::Unreported { .. } => "A scanner fell silent, or a report of it is not whole.".to_owned(),
            Self::ConnectionUnusable { .. } => "The connection cannot be used as it is now.".to_owned(),
        }
    }

    /// What was tried and what came back, in Jira's or a scanner's words.
    pub(super) fn detail(&self) -> Option<&str> {
        match self {
            Self::Refused { detail }
            | Self::Unavailable { detail }
            | Self::Malformed { detail }
            | Self::Unreported { detail }
            | Self::ConnectionUnusable { detail } => Some(detail),
            Self::Short { .. }
            | Self::Hidden { .. }
            | Self::CallerUnconfirmed
            | Self::NotCounted
            | Self::Stale { .. }
            | Self::Unidentified { .. } => None,
        }
    }

    /// What to do about it.
    pub(super) fn mend(&self) -> &'static str {
        match self {
            Self::Refused { .. } => {
                "Verify the connection: it names the permission or scope that is missing. Then run the check again."
            }
            Self::Unavailable { .. } => {
                "Nothing: it is read again at the next evaluation. If it stays, look whether Jira works for you in the browser."
            }
            Self::Malformed { .. } => {
                "Run the check again. If it stays, something between Assay and Jira changes its answers, such as a proxy."
            }
            Self::Short { .. } => {
                "Run the check again: issues may have changed while they were read. If it stays, the account may not see all of them."
            }
            Self::Hidden { .. } => {
                "Give the account the permission Browse projects there, or take the project out of the connection's settings."
            }
            Self::CallerUnconfirmed => "Verify the connection, then run the check again.",
            Self::NotCounted | Self::Stale { .. } => "Run the check again.",
            Self::Unidentified { .. } => {
                "Say under People and access whose they are, or mark them as a service's, an app's or an external one."
            }
            Self::Unreported { .. } => {
                "Let the scanner report again, or retire the source under Vulnerabilities if it will not come back."
            }
            Self::ConnectionUnusable { .. } => "Mend the connection, or connect it again.",
        }
    }
}

#[cfg(test)]
mod tests {
    use assay::evidence::Gap as Stored;

    use super::Gap;

    #[test]
    fn each_gap_of_the_api_has_plain_words_and_a_way_on() {
        let detail = || "GET /x answered 403".to_owned();
        for gap in [
            Stored::Refused { detail: detail() },
            Stored::Unavailable { detail: detail() },
            Stored::Malformed { detail: detail() },
            Stored::Short { read: 1000, counted: 2000 },
            Stored::Hidden { project: "CHG".to_owned() },
            Stored::CallerUnconfirmed,
            Stored::NotCounted,
            Stored::Stale { age: 7200 },
            Stored::Unidentified { accounts: 3 },
            Stored::Unreported { detail: detail() },
            Stored::ConnectionUnusable { detail: detail() },
        ] {
            let shown: Gap = serde_json::from_value(serde_json::to_value(&gap).unwrap()).unwrap();
            assert!(shown.what().ends_with('.') && shown.mend().ends_with('.'), "{gap:?}");
            assert_eq!(shown.detail().is_some(), gap.to_string().contains("403"), "{gap:?}");
        }
        assert_eq!(
            Gap::Short { read: 1000, counted: 2000 }.what(),
            "1\u{202f}000 were read, but Jira counts 2\u{202f}000."
        );
    }
}
