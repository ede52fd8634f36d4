//! The operations of Jira's REST API that the simulator knows: path, scopes, who may call, who answers.

use crate::{
    call::{Call, Reply},
    routes::{
        archive, bulk, changelog, comment, createmeta, editmeta, group, issue, jql, licence, meta, myself,
        permission, project, property, remote_link, role, search, transition, user, webhook, workflow,
        worklog, worklog_feed,
    },
    state::World,
};

/// The classic scopes of Jira.
pub(crate) const CLASSIC_SCOPES: [&str; 7] = [
    "read:jira-work",
    "write:jira-work",
    "read:jira-user",
    "manage:jira-webhook",
    "manage:jira-configuration",
    "manage:jira-project",
    "offline_access",
];

/// What a call may do to the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Read,
    Write,
    /// A write to the issue that the first brace of the path names.
    IssueWrite,
}

/// One operation, named as in Atlassian's `OpenAPI` document.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) id: &'static str,
    pub(crate) method: &'static str,
    /// Below `/rest/api/3`, unless it begins with `/rest/`.
    pub(crate) path: &'static str,
    /// All of these, or all of the granular ones.
    pub(crate) classic: &'static [&'static str],
    pub(crate) granular: &'static [&'static str],
    /// Whether a call without a credential gets further than 401 at the site.
    pub(crate) anonymous: bool,
    pub(crate) kind: Kind,
    pub(crate) handler: fn(&mut World, &Call) -> Reply,
}

/// What a document of Atlassian says about an operation is found by this.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Described {
    pub(crate) id: &'static str,
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) api: Api,
}

/// Which document describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Api {
    /// Below `/rest/api/3`.
    Jira,
    /// Below `/admin`.
    Organisation,
    /// Managed accounts, below `/users`.
    UserManagement,
    /// Admin webhooks have none.
    Undescribed,
}

impl Operation {
    pub(crate) fn described(&self) -> Described {
        let api = if self.path.starts_with("/rest/") { Api::Undescribed } else { Api::Jira };
        Described { id: self.id, method: self.method, path: self.path, api }
    }

    /// The parts in braces, if this path is meant.
    fn matches(&self, path: &str) -> Option<Vec<String>> {
        matches(self.path, path)
    }
}

/// The parts in braces of a path, if another one is of its form.
pub(crate) fn matches(template: &str, path: &str) -> Option<Vec<String>> {
    let (mut ours, mut theirs) = (template.split('/'), path.split('/'));
    let mut params = Vec::new();
    loop {
        match (ours.next(), theirs.next()) {
            (None, None) => return Some(params),
            (Some(our), Some(their)) if our.starts_with('{') && !their.is_empty() => {
                params.push(decoded(their));
            }
            (Some(our), Some(their)) if our == their => {}
            _ => return None,
        }
    }
}

/// Percent-decoding; the form decoder's own signs are not special in a path.
fn decoded(segment: &str) -> String {
    let text = segment.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
    url::form_urlencoded::parse(text.as_bytes()).map(|(key, _)| key.into_owned()).collect()
}

/// The operation for a method and a path below `/rest/api/3`.
pub(crate) enum Found {
    Operation(&'static Operation, Vec<String>),
    OtherMethod,
    Nothing,
}

pub(crate) fn find(method: &str, path: &str) -> Found {
    let path = path.strip_suffix('/').unwrap_or(path);
    let mut other_method = false;
    // Fixed paths come before those with braces (`/issue/bulk` before `/issue/{id}`) in the table.
    for operation in OPERATIONS {
        if let Some(params) = operation.matches(path) {
            if operation.method == method {
                return Found::Operation(operation, params);
            }
            other_method = true;
        }
    }
    if other_method { Found::OtherMethod } else { Found::Nothing }
}

const READ: &[&str] = &["read:jira-work"];
const WRITE: &[&str] = &["write:jira-work"];
const USER: &[&str] = &["read:jira-user"];
const PROJECTS: &[&str] = &["manage:jira-project"];
const CONFIGURATION: &[&str] = &["manage:jira-configuration"];
const HOOKS: &[&str] = &["read:jira-work", "manage:jira-webhook"];

macro_rules! operations {
    ($($method:ident $path:literal $id:ident, $classic:expr, [$($granular:literal)*], $anonymous:literal, $kind:ident, $handler:expr;)*) => {
        &[$(Operation {
            id: stringify!($id),
            method: stringify!($method),
            path: $path,
            classic: $classic,
            granular: &[$($granular),*],
            anonymous: $anonymous,
            kind: Kind::$kind,
            handler: $handler,
        }),*]
    };
}

/// Every operation. Scopes are copied from `x-atlassian-oauth2-scopes` of Atlassian's document.
pub(crate) static OPERATIONS: &[Operation] = operations! {
    GET "/myself" getCurrentUser, USER, ["read:application-role:jira" "read:group:jira" "read:user:jira" "read:avatar:jira"], false, Read, myself::get;
    GET "/serverInfo" getServerInfo, &[], [], true, Read, myself::server_info;
    GET "/mypermissions" getMyPermissions, READ, ["read:permission:jira"], true, Read, permission::mine;
    POST "/permissions/check" getBulkPermissions, &[], ["read:permission:jira"], true, Read, permission::check;
    GET "/project/search" searchProjects, READ, ["read:issue-type:jira" "read:project:jira" "read:project.property:jira" "read:user:jira" "read:application-role:jira" "read:avatar:jira" "read:group:jira" "read:issue-type-hierarchy:jira" "read:project-category:jira" "read:project-version:jira" "read:project.component:jira"], true, Read, project::search;
    GET "/project/{projectIdOrKey}" getProject, READ, ["read:issue-type:jira" "read:project:jira" "read:project.property:jira" "read:user:jira" "read:application-role:jira" "read:avatar:jira" "read:group:jira" "read:issue-type-hierarchy:jira" "read:project-category:jira" "read:project-version:jira" "read:project.component:jira"], true, Read, project::get;
    GET "/project/{projectIdOrKey}/statuses" getAllStatuses, READ, ["read:issue-status:jira" "read:issue-type:jira" "read:status:jira"], true, Read, project::statuses;
    GET "/issue/createmeta/{projectIdOrKey}/issuetypes" getCreateIssueMetaIssueTypes, READ, ["read:issue-meta:jira" "read:avatar:jira" "read:field-configuration:jira"], true, Read, createmeta::issue_types;
    GET "/issue/createmeta/{projectIdOrKey}/issuetypes/{issueTypeId}" getCreateIssueMetaIssueTypeId, READ, ["read:issue-meta:jira" "read:avatar:jira" "read:field-configuration:jira"], true, Read, createmeta::fields;
    GET "/issue/{issueIdOrKey}/editmeta" getEditIssueMeta, READ, ["read:issue-meta:jira" "read:field-configuration:jira"], true, Read, editmeta::get;
    POST "/workflows" readWorkflows, CONFIGURATION, ["read:workflow:jira"], false, Read, workflow::read;
    GET "/field" getFields, READ, ["read:field:jira" "read:avatar:jira" "read:project-category:jira" "read:project:jira" "read:field-configuration:jira"], true, Read, meta::fields;
    GET "/issuetype" getIssueAllTypes, READ, ["read:issue-type:jira" "read:avatar:jira" "read:project:jira" "read:project-category:jira"], true, Read, meta::issue_types;
    GET "/status" getStatuses, READ, ["read:status:jira"], true, Read, meta::statuses;
    GET "/statuscategory" getStatusCategories, READ, ["read:status:jira"], true, Read, meta::status_categories;
    GET "/priority" getPriorities, READ, ["read:priority:jira"], true, Read, meta::priorities;
    GET "/resolution" getResolutions, READ, ["read:resolution:jira"], true, Read, meta::resolutions;
    GET "/label" getAllLabels, READ, ["read:label:jira"], false, Read, meta::labels;
    POST "/issue" createIssue, WRITE, ["write:issue:jira" "write:comment:jira" "write:comment.property:jira" "write:attachment:jira" "read:issue:jira"], true, Write, issue::create;
    POST "/issue/bulk" createIssues, WRITE, ["write:issue:jira" "write:comment:jira" "write:comment.property:jira" "write:attachment:jira" "read:issue:jira"], true, Write, bulk::create;
    POST "/issue/bulkfetch" bulkFetchIssues, READ, ["read:issue-meta:jira" "read:issue-security-level:jira" "read:issue.vote:jira" "read:issue.changelog:jira" "read:avatar:jira" "read:issue:jira" "read:status:jira" "read:user:jira" "read:field-configuration:jira"], true, Read, bulk::fetch;
    PUT "/issue/archive" archiveIssues, WRITE, ["write:issue:jira"], true, Write, archive::archive;
    PUT "/issue/unarchive" unarchiveIssues, WRITE, ["write:issue:jira"], true, Write, archive::restore;
    GET "/issue/{issueIdOrKey}" getIssue, READ, ["read:issue-meta:jira" "read:issue-security-level:jira" "read:issue.vote:jira" "read:issue.changelog:jira" "read:avatar:jira" "read:issue:jira" "read:status:jira" "read:user:jira" "read:field-configuration:jira"], true, Read, issue::get;
    PUT "/issue/{issueIdOrKey}" editIssue, WRITE, ["write:issue:jira"], true, IssueWrite, issue::edit;
    DELETE "/issue/{issueIdOrKey}" deleteIssue, WRITE, ["delete:issue:jira"], true, IssueWrite, issue::delete;
    PUT "/issue/{issueIdOrKey}/assignee" assignIssue, WRITE, ["write:issue:jira"], true, IssueWrite, issue::assign;
    GET "/issue/{issueIdOrKey}/transitions" getTransitions, READ, ["read:issue.transition:jira" "read:status:jira" "read:field-configuration:jira"], true, Read, transition::list;
    POST "/issue/{issueIdOrKey}/transitions" doTransition, WRITE, ["write:issue:jira" "write:issue.property:jira"], true, IssueWrite, transition::perform;
    GET "/issue/{issueIdOrKey}/properties" getIssuePropertyKeys, READ, ["read:issue.property:jira"], true, Read, property::keys;
    GET "/issue/{issueIdOrKey}/properties/{propertyKey}" getIssueProperty, READ, ["read:issue.property:jira"], true, Read, property::get;
    PUT "/issue/{issueIdOrKey}/properties/{propertyKey}" setIssueProperty, WRITE, ["write:issue.property:jira"], true, IssueWrite, property::set;
    DELETE "/issue/{issueIdOrKey}/properties/{propertyKey}" deleteIssueProperty, WRITE, ["delete:issue.property:jira"], true, IssueWrite, property::delete;
    GET "/issue/{issueIdOrKey}/remotelink" getRemoteIssueLinks, READ, ["read:issue.remote-link:jira" "read:status:jira"], true, Read, remote_link::list;
    POST "/issue/{issueIdOrKey}/remotelink" createOrUpdateRemoteIssueLink, WRITE, ["write:issue:jira" "write:issue.remote-link:jira" "read:issue.remote-link:jira"], true, IssueWrite, remote_link::put;
    DELETE "/issue/{issueIdOrKey}/remotelink" deleteRemoteIssueLinkByGlobalId, WRITE, ["delete:issue.remote-link:jira" "write:issue:jira"], true, IssueWrite, remote_link::delete_by_global_id;
    GET "/issue/{issueIdOrKey}/remotelink/{linkId}" getRemoteIssueLinkById, READ, ["read:issue.remote-link:jira" "read:status:jira"], true, Read, remote_link::get;
    DELETE "/issue/{issueIdOrKey}/remotelink/{linkId}" deleteRemoteIssueLinkById, WRITE, ["delete:issue.remote-link:jira" "write:issue:jira"], true, IssueWrite, remote_link::delete;
    GET "/issue/{issueIdOrKey}/comment" getComments, READ, ["read:comment:jira" "read:comment.property:jira" "read:group:jira" "read:project:jira" "read:project-role:jira" "read:user:jira" "read:avatar:jira"], true, Read, comment::list;
    POST "/issue/{issueIdOrKey}/comment" addComment, WRITE, ["read:comment:jira" "read:comment.property:jira" "read:group:jira" "read:project:jira" "read:project-role:jira" "read:user:jira" "write:comment:jira" "read:avatar:jira"], true, IssueWrite, comment::add;
    GET "/issue/{issueIdOrKey}/comment/{id}" getComment, READ, ["read:comment:jira" "read:comment.property:jira" "read:group:jira" "read:project:jira" "read:project-role:jira" "read:user:jira" "read:avatar:jira"], true, Read, comment::get;
    PUT "/issue/{issueIdOrKey}/comment/{id}" updateComment, WRITE, ["read:comment:jira" "read:comment.property:jira" "read:group:jira" "read:project:jira" "read:project-role:jira" "read:user:jira" "write:comment:jira" "read:avatar:jira"], true, IssueWrite, comment::update;
    DELETE "/issue/{issueIdOrKey}/comment/{id}" deleteComment, WRITE, ["delete:comment:jira" "delete:comment.property:jira"], true, IssueWrite, comment::delete;
    GET "/issue/{issueIdOrKey}/changelog" getChangeLogs, READ, ["read:issue-meta:jira" "read:avatar:jira" "read:issue.changelog:jira"], true, Read, changelog::list;
    POST "/changelog/bulkfetch" getBulkChangelogs, READ, ["read:issue-meta:jira" "read:avatar:jira" "read:issue.changelog:jira"], false, Read, changelog::bulk;
    GET "/issue/{issueIdOrKey}/worklog" getIssueWorklog, READ, ["read:group:jira" "read:issue-worklog:jira" "read:issue-worklog.property:jira" "read:project-role:jira" "read:user:jira" "read:avatar:jira"], true, Read, worklog::list;
    POST "/issue/{issueIdOrKey}/worklog" addWorklog, WRITE, ["write:issue-worklog:jira" "write:issue-worklog.property:jira" "read:avatar:jira" "read:group:jira" "read:issue-worklog:jira" "read:project-role:jira" "read:user:jira" "read:issue-worklog.property:jira"], true, IssueWrite, worklog::add;
    GET "/issue/{issueIdOrKey}/worklog/{id}" getWorklog, READ, ["read:comment:jira" "read:group:jira" "read:issue-worklog:jira" "read:issue-worklog.property:jira" "read:project-role:jira" "read:user:jira" "read:avatar:jira"], true, Read, worklog::get;
    PUT "/issue/{issueIdOrKey}/worklog/{id}" updateWorklog, WRITE, ["read:comment:jira" "read:group:jira" "read:issue-worklog:jira" "read:issue-worklog.property:jira" "read:project-role:jira" "read:user:jira" "write:comment:jira" "write:issue-worklog:jira" "write:issue-worklog.property:jira" "read:avatar:jira"], true, IssueWrite, worklog::update;
    DELETE "/issue/{issueIdOrKey}/worklog/{id}" deleteWorklog, WRITE, ["delete:issue-worklog:jira" "delete:issue-worklog.property:jira" "write:issue.time-tracking:jira"], true, IssueWrite, worklog::delete;
    GET "/worklog/updated" getIdsOfWorklogsModifiedSince, READ, ["read:issue-worklog:jira" "read:issue-worklog.property:jira"], false, Read, worklog_feed::updated;
    GET "/worklog/deleted" getIdsOfWorklogsDeletedSince, READ, ["read:issue-worklog:jira" "read:issue-worklog.property:jira"], false, Read, worklog_feed::deleted;
    POST "/worklog/list" getWorklogsForIds, READ, ["read:comment:jira" "read:group:jira" "read:issue-worklog:jira" "read:issue-worklog.property:jira" "read:project-role:jira" "read:user:jira" "read:avatar:jira"], false, Read, worklog_feed::by_ids;
    GET "/search/jql" searchAndReconsileIssuesUsingJql, READ, ["read:issue-details:jira" "read:audit-log:jira" "read:avatar:jira" "read:field-configuration:jira" "read:issue-meta:jira"], true, Read, search::get;
    POST "/search/jql" searchAndReconsileIssuesUsingJqlPost, READ, ["read:issue-details:jira" "read:field.default-value:jira" "read:field.option:jira" "read:field:jira" "read:group:jira"], true, Read, search::post;
    POST "/search/approximate-count" countIssues, READ, ["read:issue-details:jira" "read:field.default-value:jira" "read:field.option:jira" "read:field:jira" "read:group:jira"], true, Read, search::count;
    GET "/search" searchForIssuesUsingJql, READ, ["read:issue-details:jira" "read:audit-log:jira" "read:avatar:jira" "read:field-configuration:jira" "read:issue-meta:jira"], true, Read, search::removed;
    POST "/search" searchForIssuesUsingJqlPost, READ, ["read:issue-details:jira" "read:field.default-value:jira" "read:field.option:jira" "read:field:jira" "read:group:jira"], true, Read, search::removed;
    POST "/jql/parse" parseJqlQueries, READ, ["read:field:jira" "validate:jql:jira" "read:jql:jira"], true, Read, jql::parse;
    POST "/jql/match" matchIssues, READ, ["read:issue-details:jira"], false, Read, jql::matches;
    GET "/user/assignable/search" findAssignableUsers, USER, ["read:issue:jira" "read:project:jira" "read:user:jira" "read:application-role:jira" "read:avatar:jira" "read:group:jira"], true, Read, user::assignable;
    GET "/users/search" getAllUsers, USER, ["read:user:jira" "read:application-role:jira" "read:avatar:jira" "read:group:jira"], true, Read, user::all;
    GET "/user/bulk" bulkGetUsers, USER, ["read:application-role:jira" "read:group:jira" "read:user:jira" "read:avatar:jira"], false, Read, user::bulk;
    GET "/user/groups" getUserGroups, USER, ["read:group:jira"], true, Read, user::groups;
    GET "/user" getUser, USER, ["read:application-role:jira" "read:group:jira" "read:user:jira" "read:avatar:jira"], true, Read, user::get;
    GET "/group/bulk" bulkGetGroups, USER, ["read:group:jira"], false, Read, group::bulk;
    GET "/group/member" getUsersFromGroup, CONFIGURATION, ["read:group:jira" "read:user:jira" "read:avatar:jira"], false, Read, group::members;
    POST "/group/user" addUserToGroup, CONFIGURATION, ["write:group:jira" "read:avatar:jira" "read:group:jira" "read:user:jira"], false, Write, group::add;
    DELETE "/group/user" removeUserFromGroup, CONFIGURATION, ["write:group:jira"], false, Write, group::remove;
    GET "/applicationrole" getAllApplicationRoles, CONFIGURATION, ["read:application-role:jira"], false, Read, licence::roles;
    GET "/license/approximateLicenseCount" getApproximateLicenseCount, CONFIGURATION, ["read:license:jira"], false, Read, licence::approximate;
    GET "/license/approximateLicenseCount/product/{applicationKey}" getApproximateApplicationLicenseCount, CONFIGURATION, ["read:license:jira"], false, Read, licence::approximate_of;
    GET "/project/{projectIdOrKey}/role" getProjectRoles, READ, ["read:project-role:jira"], true, Read, role::list;
    GET "/project/{projectIdOrKey}/role/{id}" getProjectRole, READ, ["read:user:jira" "read:group:jira" "read:project-role:jira" "read:project:jira" "read:avatar:jira" "read:project-category:jira"], true, Read, role::get;
    POST "/project/{projectIdOrKey}/role/{id}" addActorUsers, CONFIGURATION, ["read:user:jira" "read:group:jira" "read:project-role:jira" "read:project:jira" "write:project-role:jira" "read:avatar:jira" "read:project-category:jira"], true, Write, role::add;
    DELETE "/project/{projectIdOrKey}/role/{id}" deleteActor, PROJECTS, ["delete:project-role:jira"], true, Write, role::remove;
    GET "/webhook" getDynamicWebhooksForApp, HOOKS, ["read:webhook:jira" "read:jql:jira"], false, Read, webhook::list;
    POST "/webhook" registerDynamicWebhooks, HOOKS, ["read:field:jira" "read:project:jira" "write:webhook:jira"], false, Write, webhook::register;
    DELETE "/webhook" deleteWebhookById, HOOKS, ["delete:webhook:jira"], false, Write, webhook::delete;
    PUT "/webhook/refresh" refreshWebhooks, HOOKS, ["write:webhook:jira" "read:webhook:jira"], false, Write, webhook::refresh;
    GET "/webhook/failed" getFailedWebhooks, HOOKS, ["read:issue-details:jira" "read:webhook:jira" "read:comment.property:jira" "read:group:jira" "read:issue-type:jira" "read:project-role:jira" "read:epic:jira-software"], false, Read, webhook::failed;
    GET "/rest/webhooks/1.0/webhook" listAdminWebhooks, &["never:granted"], ["never:granted"], false, Read, webhook::list_admin;
    POST "/rest/webhooks/1.0/webhook" registerAdminWebhook, &["never:granted"], ["never:granted"], false, Write, webhook::register_admin;
    GET "/rest/webhooks/1.0/webhook/{id}" getAdminWebhook, &["never:granted"], ["never:granted"], false, Read, webhook::get_admin;
    PUT "/rest/webhooks/1.0/webhook/{id}" updateAdminWebhook, &["never:granted"], ["never:granted"], false, Write, webhook::update_admin;
    DELETE "/rest/webhooks/1.0/webhook/{id}" deleteAdminWebhook, &["never:granted"], ["never:granted"], false, Write, webhook::delete_admin;
};
