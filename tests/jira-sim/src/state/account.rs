//! Atlassian accounts and their API tokens.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::group::USERS;

/// What Jira shows instead of the name of an account that was closed.
const FORMER: &str = "Former user";

/// What an account stands for; Jira's `accountType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AccountKind {
    Person,
    App,
    /// An app account that stands for a service account.
    Service,
    Customer,
}

impl AccountKind {
    pub(crate) fn account_type(self) -> &'static str {
        match self {
            Self::Person => "atlassian",
            Self::App | Self::Service => "app",
            Self::Customer => "customer",
        }
    }

    pub(crate) fn app_type(self) -> Option<&'static str> {
        match self {
            Self::Service => Some("service"),
            Self::App => Some("default"),
            Self::Person | Self::Customer => None,
        }
    }
}

/// One Atlassian account.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "traits that do not depend on each other")]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) kind: AccountKind,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) email_hidden: bool,
    pub(crate) active: bool,
    /// Holds *Administer Jira*.
    pub(crate) admin: bool,
    pub(crate) time_zone: String,
    pub(crate) locale: String,
    /// Ids of groups.
    pub(crate) groups: Vec<String>,
    /// Deleted for good: its name and address are gone.
    pub(crate) closed: bool,
    /// Its Atlassian account was deactivated by the organisation.
    pub(crate) disabled: bool,
    /// Its access through the organisation's directory is suspended.
    pub(crate) suspended: bool,
    /// It was removed from the organisation's directory.
    pub(crate) removed: bool,
    /// Whether the organisation has verified its domain.
    pub(crate) managed: bool,
    /// `atlassian/org-admin` and the like.
    pub(crate) organisation_roles: Vec<String>,
    /// When it last looked at a page of a product.
    pub(crate) last_active: Option<Timestamp>,
    /// When its profile last changed, for the personal data report.
    pub(crate) profile_changed: Option<Timestamp>,
}

impl Account {
    /// An ordinary person.
    pub(crate) fn person(id: &str, name: &str, email: &str) -> Self {
        Self {
            id: id.to_owned(),
            kind: AccountKind::Person,
            name: name.to_owned(),
            email: email.to_owned(),
            email_hidden: false,
            active: true,
            admin: false,
            time_zone: "UTC".to_owned(),
            locale: "en_US".to_owned(),
            groups: vec![USERS.to_owned()],
            closed: false,
            disabled: false,
            suspended: false,
            removed: false,
            managed: true,
            organisation_roles: Vec::new(),
            last_active: None,
            profile_changed: None,
        }
    }

    /// Deletes it: what names the person is gone, its id stays.
    pub(crate) fn close(&mut self, now: Timestamp) {
        self.leave();
        self.closed = true;
        self.groups.clear();
        self.organisation_roles.clear();
        FORMER.clone_into(&mut self.name);
        self.email = String::new();
        self.last_active = None;
        self.profile_changed = Some(now);
    }

    /// Deactivates it, as when somebody leaves: it signs in no more, and keeps its name and its groups.
    pub(crate) fn leave(&mut self) {
        self.active = false;
        self.admin = false;
    }

    /// Makes Jira show it as active or not, after the organisation changed something about it.
    pub(crate) fn settle(&mut self) {
        self.active = !(self.closed || self.disabled || self.suspended || self.removed);
    }

    pub(crate) fn in_group(&self, id: &str) -> bool {
        self.groups.iter().any(|group| group == id)
    }

    /// Whether issues may be assigned to it at all.
    pub(crate) fn assignable(&self) -> bool {
        self.active && self.kind != AccountKind::Customer
    }

    /// The account as Jira's `User`. `own`: the caller reads himself and sees his own e-mail address.
    pub(crate) fn to_json(&self, base: &str, hide_emails: bool, own: bool) -> Value {
        let mut user = json!({
            "self": format!("{base}/rest/api/3/user?accountId={}", self.id),
            "accountId": self.id,
            "accountType": self.kind.account_type(),
            "avatarUrls": avatars(base),
            "displayName": self.name,
            "active": self.active,
            "timeZone": self.time_zone,
        });
        if let Some(app_type) = self.kind.app_type() {
            user["appType"] = json!(app_type);
        }
        // Hidden addresses are left out, not null: both occur in Jira, this is what most sites show.
        if !self.closed && (own || !(hide_emails || self.email_hidden)) {
            user["emailAddress"] = json!(self.email);
        }
        user
    }
}

fn avatars(base: &str) -> Value {
    let mut urls = serde_json::Map::new();
    for size in ["16x16", "24x24", "32x32", "48x48"] {
        urls.insert(size.to_owned(), json!(format!("{base}/secure/useravatar?size={size}")));
    }
    Value::Object(urls)
}

/// An API token of an account. The text does not tell which kind it is.
#[derive(Debug, Clone)]
pub(crate) struct ApiToken {
    pub(crate) account: String,
    pub(crate) text: String,
    /// `None` = an unscoped token, for the site; otherwise a scoped one, for the gateway.
    pub(crate) scopes: Option<BTreeSet<String>>,
    /// Seconds since 1970 after which it is refused.
    pub(crate) expires: Option<i64>,
}
