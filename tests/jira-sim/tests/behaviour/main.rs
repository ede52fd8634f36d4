//! The simulator from outside: every test speaks HTTP to one of its own, and fails if a call or an answer is not
//! as Atlassian's `OpenAPI` document says (when `JIRA_OPENAPI_DIR` names it).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::needless_pass_by_value, reason = "bodies are written where they are sent")]

mod access;
mod activity;
mod archive;
mod authentication;
mod comments;
mod control;
mod deliveries;
mod edits;
mod every_field;
mod faults;
mod fields;
mod histories;
mod issues;
mod limits;
mod managing;
mod oauth;
mod openapi;
mod organisation;
mod page;
mod people;
mod personal_data;
mod remote_links;
mod scale;
mod search;
mod support;
mod webhooks;
mod workflows;
mod worklogs;
