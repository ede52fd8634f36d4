//! All key shapes of the table, and who reads by what.
//!
//! `T` is the tenant, which begins every partition key, so that isolation is a prefix. Identifiers never contain `#`.
//!
//! | what | `pk` | `sk` | who reads it, and how |
//! |---|---|---|---|
//! | tenant | `T#tenant` | `tenant#T` | `evaluate-checks`: the due ones (index `due`) |
//! | turn of comparing a tenant's tickets | `T#comparison` | `comparison#T` | `maintain`: the due ones (index `due`) |
//! | connection | `T#connection` | `connection#{id}` | API: one, list; `evaluate-checks`: all of a tenant, the due ones (index `due`); all functions that call Jira: one; `receive-webhooks`: one, all of a tenant |
//! | API token | `T#token` | `token#{id}` | API: one at each call, list |
//! | check run | `T#run#{check}` | `run#{check}#{id}` | API: one, list, newest first |
//! | failing entities of a run, 100 each | `T#failing#{run}` | `failing#{page}` | API: list |
//! | latest run of a check and connection | `T#latest` | `latest#{check}#{connection or -}` | API, `evaluate-checks`: all of a tenant |
//! | posture of a day | `T#posture` | `posture#{year}-{month}-{day}` | `evaluate-checks`: an update of one; API: those since a day |
//! | task | `T#task` | `task#{id}`, the id begins with the check | API: one, list; `evaluate-checks`: all of a check (beginning of `sk`) |
//! | ticket | `T#ticket` | `ticket#{id}` | API: one, list; `create-tickets`: many by id; `maintain`: the due ones (index `due`); `receive-webhooks`: by issue (index `issue`), then an update of each |
//! | older trace of a ticket | `T#trace#{ticket}` | `trace#{number of its first entry}` | API: list, oldest first |
//! | sync setting | `T#setting` | `setting#{id}` | API: one, all; the planner: all |
//! | account | `T#account#{connection}` | `account#{account id}` | API: one, list; `ingest-usage`: all, many by id; `evaluate-checks`: all |
//! | group | `T#group#{connection}` | `group#{group id}` | API: list; `ingest-usage`: all |
//! | product | `T#product#{connection}` | `product#{key}` | as above |
//! | project role | `T#role#{connection}` | `role#{project id}#{role id}` | as above |
//! | list of accounts, 1,000 each | `T#roster#{connection}` | `roster#{users, group#{group id}, or role#{project id}#{role id}}#{place of the first, 9 digits}` | `ingest-usage`: all pages of a list; API: members of a group |
//! | days of activity of a month | `T#activity#{connection}#{time zone}` | `activity#{account id}#{year}-{month}` | `ingest-usage`: many by key, conditional `ADD`; API: of one account, list |
//! | person | `T#person` | `person#{id}` | API: one, list, many by id when a list is taken in; `ingest-usage`, `evaluate-checks`: all |
//! | address that a person was given later | `T#person` | `address#{id that would be made from it}` | API: all, when a list is taken in or an address is changed |
//! | ingestion | `T#ingestion` | `ingestion#{connection}` | `ingest-usage`: one, the due ones (index `due`); API, `evaluate-checks`: one, all of a tenant |
//! | access policy | `T#policy` | `policy#{connection}` | API, `ingest-usage`, `evaluate-checks`: one |
//! | access review campaign | `T#campaign` | `campaign#{id}` | API: one, list; `ingest-usage`: one, all of a tenant, the due ones (index `due`) |
//! | item of a campaign | `T#review#{campaign}` | `item#{account id}#{grant}` | API: list, many by key; `ingest-usage`: all, many by key |
//! | action | `T#action` | `action#{id}` | API: one, list, many by id; `ingest-usage`: one, many by id, the due ones (index `due`) |
//! | actions that somebody asked for in an hour | `T#asked#{digest of the token}` | `hour#{epoch seconds}` | API, `ingest-usage`: two, `ADD` |
//! | which action changed a piece of access last | `T#changed#{connection}` | `access#{account id}#{grant}` | `ingest-usage`: conditional update; API: one |
//! | turn of taking administrators' access | `T#administrators#{digest of the site}` | `turn#` | `ingest-usage`: conditional update |
//! | public half of the key that signs records | `T#signing` | `signing#` | `ingest-usage`: one, conditional put |
//! | notification | `T#notification` | `notification#{id}` | API: list; all functions that find a cause, and its end: one; `maintain`: many by id, the due ones (index `due`) |
//! | channel that notifications are sent to | `T#channel` | `channel#{id}` | API: one, list, all; `maintain`: one, all of a tenant |
//! | announcement: what a channel is told of a cause | `T#announcement` | `announcement#{id}`, the id begins with the channel's | `maintain`: one, the due ones (index `due`); API: all of a channel (beginning of `sk`) |
//! | GitHub | `T#github` | `github#` | API, `receive-webhooks`, `create-tickets`, `maintain`: one |
//! | pull request | `T#pull` | `pull#{id}` | API: one, list; `receive-webhooks`, `create-tickets`: one; `maintain`: one, the due ones (index `due`) |
//! | which pull request takes one back | `T#reverts#{pull request}` | `by#{pull request}` | `receive-webhooks`, API, `maintain`: all of one |
//! | which tickets' issues have, or had, a key | `T#key#{digest of the key}` | `ticket#{id}` | `receive-webhooks`, API, `maintain`: all of a key; `create-tickets`, `maintain`: conditional put |
//! | policy for findings, and their counts | `T#findings` | `policy#`, `counts#` | API, `evaluate-checks`, `maintain`: one |
//! | source of findings | `T#source` | `source#{digest of the name}` | API, `maintain`: one; API, `evaluate-checks`: all |
//! | asset of a source | `T#asset` | `asset#{digest of the source}#{digest of the name}` | API, `maintain`: many by name; API: list; API, `evaluate-checks`: all |
//! | report of a scanner | `T#report#{digest of the source}` | `report#{id}` | API, `maintain`: one |
//! | what a batch of a report named | `T#report#{digest of the source}` | `batch#{when the report began, epoch milliseconds, 15 digits}#{report}#{number}` | API: one, all of a report; API, `maintain`: all since a report began |
//! | full report that goes on | `T#sweep` | `sweep#{digest of the source}#{report}` | `maintain`: all of a tenant; API: all of a source |
//! | day on which an acceptance ends | `T#acceptance` | `acceptance#{day}#{task}` | `maintain`: those that are over |
//! | points of an hour | `T#quota#{connection}` | `hour#{epoch seconds}` | all functions that call Jira: the present hour, with the pause in the same read |
//! | pause that Jira asked for | `T#quota#{connection}` | `pause#` | as above |
//! | entry of the audit log | `T#audit#{year}-{month}` | `entry#{when it began, epoch milliseconds, 15 digits}#{id}` | API: list, newest first, across months; API, `oauth-callback`: put, then an update of its outcome |
//! | idempotency key | `T#request#{key}` | `request#` | API: conditional put |
//! | attempt to connect | `T#attempt#{digest}` | `attempt#` | `oauth-callback`: conditional delete |
//! | single sign-on | `T#sign-on` | `sign-on#` | API, `console`: one |
//! | attempt to sign in at a sign-in service | `T#sign-on#{digest}` | `attempt#` | `console`: conditional delete |
//! | link that signs somebody in | `T#link#{digest}` | `link#` | `console`: one, conditional delete |
//! | session of the console | `T#session#{id}` | `session#` | `console`: one at each request, conditional put and delete |
//! | session of the console | `T#session#{token}` | `session#{id}` | `console`: one at each request, conditional put and delete; API: list by token, delete |
//! | webhook delivery | `T#delivery#{digest of site and identifier}` | `delivery#` | `receive-webhooks`: one, conditional put |
//!
//! | index | partition | sort | holds |
//! |---|---|---|---|
//! | `issue` | `issue_pk` = `T#{cloud id}#{issue id}` | `issue_sk` = ticket id | tickets whose issue and site are known |
//! | `due` | `due_pk` = `{kind}#{shard}` | `due_sk` = `{epoch milliseconds, 15 digits}#T#{id}` | tenants, comparisons, connections, ingestions, campaigns, actions, pull requests, notifications, announcements and tickets that have a `due_at`, and nothing else |
//!
//! `due` is the one index that does not begin with the tenant: what is due is asked for over all tenants by the
//! scheduled functions alone. It is split into shards so that no partition takes all writes.

mod access;
mod announcing;
mod audit;
mod finding;
mod pull;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::check::CheckId;
use crate::ids::{
    CloudId, ConnectionId, IssueId, NotificationId, RunId, SessionId, SettingId, TaskId, TenantId, TicketId,
    TokenId, digest, fixed,
};

pub(super) use announcing::{announcement, announcements, channel, channels};
pub(super) use audit::{audit, audit_entry, audit_moment, audit_month, before_audit};

pub(super) use access::{
    access_policy, account, accounts, action, actions, activity, activity_of, administrators_turn, asked,
    campaign, campaigns, changed_access, group, groups, ingestion, ingestions, list_of, person,
    person_address, person_addresses, persons, product, products, project_role, project_roles,
    project_roles_of, review_item, review_items, review_items_of, roster, roster_page, rosters, signing,
};
pub(super) use finding::{
    acceptance, acceptances, assets, batch, batches, batches_of, before_batches, finding_counts,
    finding_policy, findings, report, source, sources, sweep, sweeps,
};

pub(super) use pull::{forge, keyed, keyed_ticket, remediation, remediations, revert, reverts};

/// The partition key of the table.
pub const PK: &str = "pk";
/// The sort key of the table.
pub const SK: &str = "sk";
/// When the table may forget an item, in epoch seconds.
pub const EXPIRES_AT: &str = "expires_at";
/// The index from issues to tickets.
pub const ISSUE_INDEX: &str = "issue";
/// The partition key of [`ISSUE_INDEX`].
pub const ISSUE_PK: &str = "issue_pk";
/// The sort key of [`ISSUE_INDEX`].
pub const ISSUE_SK: &str = "issue_sk";
/// The index of what is due.
pub const DUE_INDEX: &str = "due";
/// The partition key of [`DUE_INDEX`].
pub const DUE_PK: &str = "due_pk";
/// The sort key of [`DUE_INDEX`].
pub const DUE_SK: &str = "due_sk";

/// How many shards each kind of thing has in the index of what is due; they are numbered from 0.
pub const SHARDS: u8 = 8;

/// The shards of the index of what is due.
pub fn shards() -> std::ops::Range<u8> {
    0..SHARDS
}

/// The key of one item.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct Key {
    /// The partition key.
    pub(super) pk: String,
    /// The sort key.
    pub(super) sk: String,
}

impl std::fmt::Display for Key {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {}", self.pk, self.sk)
    }
}

/// Neighbouring items: a partition, and the beginning that all their sort keys share.
#[derive(Clone, Debug)]
pub(super) struct Items {
    /// The partition key.
    pub(super) pk: String,
    /// How the sort keys begin.
    pub(super) beginning: String,
}

impl Items {
    fn of(tenant: &TenantId, partition: &str, beginning: impl Into<String>) -> Self {
        Self { pk: format!("{tenant}#{partition}"), beginning: beginning.into() }
    }

    fn item(self, rest: &str) -> Key {
        Key { pk: self.pk, sk: self.beginning + rest }
    }
}

impl std::fmt::Display for Items {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {}…", self.pk, self.beginning)
    }
}

/// A tenant.
pub(super) fn tenant(tenant: &TenantId) -> Key {
    Items::of(tenant, "tenant", "tenant#").item(tenant.as_str())
}

/// The turn of comparing a tenant's tickets with Jira.
pub(super) fn comparison(tenant: &TenantId) -> Key {
    Items::of(tenant, "comparison", "comparison#").item(tenant.as_str())
}

/// The connections of a tenant.
pub(super) fn connections(tenant: &TenantId) -> Items {
    Items::of(tenant, "connection", "connection#")
}

/// A connection.
pub(super) fn connection(tenant: &TenantId, id: &ConnectionId) -> Key {
    connections(tenant).item(id.as_str())
}

/// The API tokens of a tenant.
pub(super) fn tokens(tenant: &TenantId) -> Items {
    Items::of(tenant, "token", "token#")
}

/// An API token.
pub(super) fn token(tenant: &TenantId, id: &TokenId) -> Key {
    tokens(tenant).item(id.as_str())
}

/// The runs of a check.
pub(super) fn runs(tenant: &TenantId, check: CheckId) -> Items {
    Items::of(tenant, &format!("run#{check}"), format!("run#{check}#"))
}

/// A run.
pub(super) fn run(tenant: &TenantId, check: CheckId, id: &RunId) -> Key {
    runs(tenant, check).item(id.as_str())
}

/// The pages of failing entities of a run.
pub(super) fn failing(tenant: &TenantId, run: &RunId) -> Items {
    Items::of(tenant, &format!("failing#{run}"), "failing#")
}

/// One page of failing entities of a run.
pub(super) fn failing_page(tenant: &TenantId, run: &RunId, page: usize) -> Key {
    failing(tenant, run).item(&format!("{page:06}"))
}

/// The latest runs of a tenant.
pub(super) fn latest_runs(tenant: &TenantId) -> Items {
    Items::of(tenant, "latest", "latest#")
}

/// The latest run of a check and connection.
pub(super) fn latest_run(tenant: &TenantId, check: CheckId, connection: Option<&ConnectionId>) -> Key {
    let connection = connection.map_or("-", ConnectionId::as_str);
    latest_runs(tenant).item(&format!("{check}#{connection}"))
}

/// The posture of a tenant's days.
pub(super) fn posture(tenant: &TenantId) -> Items {
    Items::of(tenant, "posture", "posture#")
}

/// The posture of a day.
pub(super) fn posture_day(tenant: &TenantId, day: Date) -> Key {
    posture(tenant).item(&day.to_string())
}

/// The sort key that lies before the posture of `first`, and behind that of all earlier days.
pub(super) fn before_posture(first: Date) -> String {
    first.yesterday().map_or_else(|_| "posture#".to_owned(), |day| format!("posture#{day}"))
}

/// The tasks of a tenant, or those of one check.
pub(super) fn tasks(tenant: &TenantId, check: Option<CheckId>) -> Items {
    let beginning = check.map_or_else(|| "task#".to_owned(), |check| format!("task#{check}-"));
    Items::of(tenant, "task", beginning)
}

/// A task.
pub(super) fn task(tenant: &TenantId, id: &TaskId) -> Key {
    tasks(tenant, None).item(id.as_str())
}

/// The tickets of a tenant.
pub(super) fn tickets(tenant: &TenantId) -> Items {
    Items::of(tenant, "ticket", "ticket#")
}

/// A ticket.
pub(super) fn ticket(tenant: &TenantId, id: &TicketId) -> Key {
    tickets(tenant).item(id.as_str())
}

/// The older trace of a ticket.
pub(super) fn trace(tenant: &TenantId, ticket: &TicketId) -> Items {
    Items::of(tenant, &format!("trace#{ticket}"), "trace#")
}

/// The part of a ticket's older trace that begins with its entry number `start`, counted from 0.
pub(super) fn trace_part(tenant: &TenantId, ticket: &TicketId, start: u64) -> Key {
    trace(tenant, ticket).item(&format!("{start:010}"))
}

/// The sync settings of a tenant.
pub(super) fn settings(tenant: &TenantId) -> Items {
    Items::of(tenant, "setting", "setting#")
}

/// A sync setting.
pub(super) fn setting(tenant: &TenantId, id: &SettingId) -> Key {
    settings(tenant).item(id.as_str())
}

/// The notifications of a tenant.
pub(super) fn notifications(tenant: &TenantId) -> Items {
    Items::of(tenant, "notification", "notification#")
}

/// A notification.
pub(super) fn notification(tenant: &TenantId, id: &NotificationId) -> Key {
    notifications(tenant).item(id.as_str())
}

/// The points that a connection spent in the hour that begins at `hour`.
pub(super) fn quota_hour(tenant: &TenantId, connection: &ConnectionId, hour: Timestamp) -> Key {
    Items::of(tenant, &format!("quota#{connection}"), "hour#")
        .item(&format!("{:012}", hour.as_second().max(0)))
}

/// The pause that Jira asked a connection for. Sorts behind all hours, so that one query finds an hour and the pause.
pub(super) fn quota_pause(tenant: &TenantId, connection: &ConnectionId) -> Key {
    Items::of(tenant, &format!("quota#{connection}"), "pause#").item("")
}

/// A remembered request. Its key is hashed, since it is text of the caller's making.
pub(super) fn request(tenant: &TenantId, key: &str) -> Key {
    Items::of(tenant, &format!("request#{}", digest(key.as_bytes())), "request#").item("")
}

/// An attempt to connect. Its digest is hashed again, since it is text from a URL.
pub(super) fn attempt(tenant: &TenantId, state: &str) -> Key {
    Items::of(tenant, &format!("attempt#{}", digest(state.as_bytes())), "attempt#").item("")
}

/// The sessions of the console that stand for a token.
pub(super) fn sessions(tenant: &TenantId, token: &str) -> Items {
    Items::of(tenant, &format!("session#{token}"), "session#")
}

/// A session of the console. Its identifier begins with its token's and a `.` (see [`crate::console::Session::begin`]).
pub(super) fn session(tenant: &TenantId, id: &SessionId) -> Key {
    let token = id.as_str().rsplit_once('.').map_or("", |(token, _)| token);
    sessions(tenant, token).item(id.as_str())
}

/// How single sign-on is set up.
pub(super) fn single_sign_on(tenant: &TenantId) -> Key {
    Items::of(tenant, "sign-on", "sign-on#").item("")
}

/// An attempt to sign in at a sign-in service. Its digest is hashed again, since it is text from a URL.
pub(super) fn sign_on_attempt(tenant: &TenantId, state: &str) -> Key {
    Items::of(tenant, &format!("sign-on#{}", digest(state.as_bytes())), "attempt#").item("")
}

/// A link that signs somebody in. Its digest is hashed again, since it is text from a URL.
pub(super) fn link(tenant: &TenantId, link: &str) -> Key {
    Items::of(tenant, &format!("link#{}", digest(link.as_bytes())), "link#").item("")
}

/// A delivery of a webhook. Both names are hashed, since they are text of the sender's making.
pub(super) fn delivery(tenant: &TenantId, site: &str, identifier: &str) -> Key {
    Items::of(tenant, &format!("delivery#{}", fixed(&[site, identifier])), "delivery#").item("")
}

/// The partition of an issue in the index [`ISSUE_INDEX`].
pub(super) fn issue(tenant: &TenantId, cloud: &CloudId, issue: &IssueId) -> String {
    format!("{tenant}#{cloud}#{issue}")
}

/// What can be due.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum DueKind {
    /// A tenant, whose own checks are evaluated.
    Tenant,
    /// A connection, whose checks are evaluated.
    Connection,
    /// A ticket, which a worker must look at.
    Ticket,
    /// A tenant, whose open tickets are compared with Jira.
    Comparison,
    /// A connection, whose directory and activity are ingested.
    Ingestion,
    /// A campaign, which goes on by itself, or of which people are reminded.
    Campaign,
    /// An action, which is carried out.
    Action,
    /// A notification, which channels are to be told of.
    Notification,
    /// An announcement, which is sent to its channel.
    Announcement,
    /// A pull request, which is read again.
    Pull,
}

impl DueKind {
    fn word(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Connection => "connection",
            Self::Ticket => "ticket",
            Self::Comparison => "comparison",
            Self::Ingestion => "ingestion",
            Self::Campaign => "campaign",
            Self::Action => "action",
            Self::Notification => "notification",
            Self::Announcement => "announcement",
            Self::Pull => "pull",
        }
    }
}

/// The partition of a shard in the index [`DUE_INDEX`].
pub(super) fn due_partition(kind: DueKind, shard: u8) -> String {
    format!("{}#{shard}", kind.word())
}

/// The shard that a thing is in.
pub(super) fn shard(tenant: &TenantId, id: &str) -> u8 {
    let hash = fixed(&[tenant.as_str(), id]);
    hash.bytes().fold(0, |shard: u8, byte| shard.wrapping_mul(31).wrapping_add(byte)) % SHARDS
}

/// The sort key in the index [`DUE_INDEX`] of a thing that is due at `due_at`.
pub(super) fn due_sort(due_at: Timestamp, tenant: &TenantId, id: &str) -> String {
    format!("{:015}#{tenant}#{id}", due_at.as_millisecond().max(0))
}

/// The sort key in the index [`DUE_INDEX`] that lies behind all that is due at `now`.
pub(super) fn due_end(now: Timestamp) -> String {
    format!("{:015}", now.as_millisecond().max(0) + 1)
}
