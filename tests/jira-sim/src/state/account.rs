//! Atlassian accounts and their API tokens.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

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
    pub(crate) groups: Vec<String>,
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
            groups: vec!["jira-users".to_owned()],
        }
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
        if own || !(hide_emails || self.email_hidden) {
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

/// All accounts: those with a name of their own, and any number that are made when asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Accounts {
    named: BTreeMap<String, Account>,
    /// How many accounts `bulk-1` … there are.
    bulk: usize,
}

impl Accounts {
    pub(crate) fn new(named: Vec<Account>, bulk: usize) -> Self {
        Self { named: named.into_iter().map(|account| (account.id.clone(), account)).collect(), bulk }
    }

    pub(crate) fn get(&self, id: &str) -> Option<Account> {
        if let Some(account) = self.named.get(id) {
            return Some(account.clone());
        }
        let number: usize = id.strip_prefix("bulk-")?.parse().ok()?;
        (1..=self.bulk).contains(&number).then(|| bulk_account(number))
    }

    pub(crate) fn by_email(&self, email: &str) -> Option<Account> {
        let named = self.named.values().find(|account| account.email.eq_ignore_ascii_case(email));
        named.cloned().or_else(|| self.get(email.strip_suffix("@example.com")?))
    }

    pub(crate) fn put(&mut self, account: Account) {
        self.named.insert(account.id.clone(), account);
    }

    /// In a fixed order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Account> {
        self.iter_from(0)
    }

    /// The accounts after the first `skipped` ones, in the same order, without making those.
    pub(crate) fn iter_from(&self, skipped: usize) -> impl Iterator<Item = Account> {
        let first_bulk = skipped.saturating_sub(self.named.len()) + 1;
        self.named.values().skip(skipped).cloned().chain((first_bulk..=self.bulk).map(bulk_account))
    }
}

/// Every 50th of them is inactive and every 200th hides its address.
fn bulk_account(number: usize) -> Account {
    Account {
        id: format!("bulk-{number}"),
        kind: AccountKind::Person,
        name: format!("Bulk account {number}"),
        email: format!("bulk-{number}@example.com"),
        email_hidden: number.is_multiple_of(200),
        active: !number.is_multiple_of(50),
        admin: false,
        time_zone: "UTC".to_owned(),
        locale: "en_US".to_owned(),
        groups: vec!["jira-users".to_owned()],
    }
}
