//! What the simulated GitHub remembers.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    faults::Fault,
    server::JournalEntry,
    settings::Settings,
    webhooks::{Delivery, Hook},
};

/// Id, client id and slug of the one GitHub App.
pub(crate) const APP: (u64, &str, &str) = (123_456, "Iv23liSIMULATED00001", "assay-simulated");
/// The App's installation on the account `acme`.
pub(crate) const INSTALLATION: u64 = 45_678_901;
/// The account that the installation and new repositories belong to.
pub(crate) const OWNER: &str = "acme";
/// Who does what a test does not say otherwise.
pub(crate) const PERSON: &str = "dev-1";

/// A pull request to be opened.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct NewPull {
    /// The title.
    pub title: String,
    /// The description; `None` as GitHub has it when nobody wrote one.
    #[serde(default)]
    pub body: Option<String>,
    /// The branch with the changes.
    pub head: String,
    /// The branch to merge into.
    #[serde(default = "main_branch")]
    pub base: String,
    /// Who opens it.
    #[serde(default = "person")]
    pub by: String,
    /// Whether it is a draft.
    #[serde(default)]
    pub draft: bool,
}

fn main_branch() -> String {
    "main".to_owned()
}

fn person() -> String {
    PERSON.to_owned()
}

impl NewPull {
    /// By an ordinary person, into `main`, without a description.
    pub fn new(title: &str, head: &str) -> Self {
        let (title, head) = (title.to_owned(), head.to_owned());
        Self { title, body: None, head, base: main_branch(), by: person(), draft: false }
    }

    /// The same with a description.
    #[must_use]
    pub fn described(mut self, body: &str) -> Self {
        self.body = Some(body.to_owned());
        self
    }
}

/// A personal access token, as a test hands one out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// The token itself: `github_pat_…` or `ghp_…`.
    pub token: String,
    /// Whose it is.
    pub login: String,
    /// `{"pull_requests":"write"}`; reading metadata is in every token. A classic token (`ghp_`) may do everything.
    #[serde(default)]
    pub permissions: BTreeMap<String, String>,
    /// Full names; `None` = all of the owner's.
    #[serde(default)]
    pub repositories: Option<BTreeSet<String>>,
    /// Seconds since 1970.
    #[serde(default)]
    pub expires: Option<i64>,
}

#[derive(Debug, Clone)]
pub(crate) struct Repository {
    pub(crate) id: u64,
    pub(crate) full_name: String,
    pub(crate) private: bool,
    pub(crate) archived: bool,
    /// Whether the App is installed on it.
    pub(crate) installed: bool,
    pub(crate) created: Timestamp,
    pub(crate) pulls: BTreeMap<u64, Pull>,
    pub(crate) last_number: u64,
}

impl Repository {
    pub(crate) fn owner(&self) -> &str {
        self.full_name.split_once('/').map_or(OWNER, |(owner, _)| owner)
    }

    pub(crate) fn name(&self) -> &str {
        self.full_name.split_once('/').map_or(self.full_name.as_str(), |(_, name)| name)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Pull {
    pub(crate) id: u64,
    pub(crate) number: u64,
    pub(crate) title: String,
    pub(crate) body: Option<String>,
    pub(crate) head: String,
    pub(crate) base: String,
    pub(crate) by: String,
    pub(crate) draft: bool,
    pub(crate) open: bool,
    pub(crate) merged: Option<(Timestamp, String)>,
    pub(crate) closed: Option<Timestamp>,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    /// How often something was pushed to the branch.
    pub(crate) pushes: u64,
}

/// A token of an installation.
#[derive(Debug, Clone)]
pub(crate) struct InstallationToken {
    pub(crate) text: String,
    pub(crate) expires: Timestamp,
    pub(crate) permissions: BTreeMap<String, String>,
    pub(crate) repositories: Option<BTreeSet<String>>,
}

/// The App's installation.
#[derive(Debug, Clone)]
pub(crate) struct Installation {
    pub(crate) permissions: BTreeMap<String, String>,
    pub(crate) suspended: Option<Timestamp>,
    pub(crate) tokens: Vec<InstallationToken>,
}

/// Everything that changes, behind one lock.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) settings: Settings,
    pub(crate) repositories: Vec<Repository>,
    pub(crate) tokens: Vec<Token>,
    pub(crate) installation: Option<Installation>,
    pub(crate) hooks: Vec<Hook>,
    /// Deliveries that nobody took yet.
    pub(crate) waiting: Vec<Delivery>,
    /// Every delivery that was ever made.
    pub(crate) deliveries: Vec<Delivery>,
    pub(crate) faults: Vec<Fault>,
    pub(crate) journal: Vec<JournalEntry>,
    /// Calls by caller and hour.
    pub(crate) calls: BTreeMap<(String, i64), u64>,
    pub(crate) next_id: u64,
}

impl World {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            settings,
            repositories: Vec::new(),
            tokens: Vec::new(),
            installation: Some(Installation {
                permissions: permissions(&[("metadata", "read"), ("pull_requests", "write")]),
                suspended: None,
                tokens: Vec::new(),
            }),
            hooks: Vec::new(),
            waiting: Vec::new(),
            deliveries: Vec::new(),
            faults: Vec::new(),
            journal: Vec::new(),
            calls: BTreeMap::new(),
            next_id: 186_853_000,
        }
    }

    pub(crate) fn take_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// Names are found in any case.
    pub(crate) fn repository(&self, full_name: &str) -> Option<&Repository> {
        self.repositories.iter().find(|known| known.full_name.eq_ignore_ascii_case(full_name))
    }

    pub(crate) fn repository_mut(&mut self, full_name: &str) -> Option<&mut Repository> {
        self.repositories.iter_mut().find(|known| known.full_name.eq_ignore_ascii_case(full_name))
    }
}

/// Permissions by name.
pub(crate) fn permissions(of: &[(&str, &str)]) -> BTreeMap<String, String> {
    of.iter().map(|(name, level)| ((*name).to_owned(), (*level).to_owned())).collect()
}
