//! A stateful fake Jira Cloud.
