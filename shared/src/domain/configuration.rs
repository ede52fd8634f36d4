//! Project configurations: which findings become tickets of which project, and what their fields say.
//!
//! A configuration is a sync setting whose scope is [`crate::sync_setting::Scope::Findings`]: place, quarantine, closing,
//! disabling and deleting are the same. What it has beside that stands here.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::finding::pattern::{fits, is_line};
use crate::finding::{Finding, Severity};
use crate::mapping::Mapping;
use crate::{Error, Result};

/// How many configurations a tenant has, at most.
pub const MOST_CONFIGURATIONS: usize = 100;

/// How many routes a configuration has, at most.
pub const MOST_ROUTES: usize = 50;

/// How many sources, and patterns of one kind, a route has, at most.
pub const MOST_PATTERNS: usize = 50;

/// The last position.
pub const LAST_POSITION: u32 = 10_000;

/// How findings are put into tickets.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Grouping {
    /// One ticket for each finding.
    #[default]
    None,
    /// One for each asset.
    Asset,
    /// One for each package, whatever its version; findings without one by their rule.
    Package,
    /// One for each advisory; findings without one by their rule.
    Advisory,
}

impl Grouping {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::None, Self::Asset, Self::Package, Self::Advisory];

    /// What findings of one ticket have in common; none where each has its own.
    pub fn key(self, finding: &Finding) -> Option<String> {
        let or_rule = |word: &str, name: &str| {
            if name.is_empty() { format!("rule:{}", finding.rule) } else { format!("{word}:{name}") }
        };
        match self {
            Self::None => None,
            Self::Asset => Some(format!("asset:{}", finding.asset)),
            Self::Package => {
                Some(or_rule("package", finding.package.as_ref().map_or("", |package| &package.name)))
            }
            Self::Advisory => Some(or_rule("advisory", &finding.advisory)),
        }
    }
}

/// Which findings a configuration is for: all that is given must hold, and what is empty always does.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Route {
    /// Sources, as they name themselves.
    pub sources: BTreeSet<String>,
    /// Patterns of assets, in which `*` stands for any text.
    pub assets: Vec<String>,
    /// Severities.
    pub severities: BTreeSet<Severity>,
    /// Patterns of packages' names, in which `*` stands for any text.
    pub packages: Vec<String>,
}

impl Route {
    /// Whether the finding takes it.
    pub fn takes(&self, finding: &Finding) -> bool {
        let any = |patterns: &[String], text: &str| {
            patterns.is_empty() || patterns.iter().any(|pattern| fits(pattern, text))
        };
        (self.sources.is_empty() || self.sources.contains(&finding.source))
            && (self.severities.is_empty() || self.severities.contains(&finding.severity))
            && any(&self.assets, &finding.asset)
            && any(&self.packages, finding.package.as_ref().map_or("", |package| &package.name))
    }
}

/// What follows from pull requests.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PullRules {
    /// The id of the status that an issue is brought to when a pull request for it is opened; none leaves it where it is.
    pub status_when_opened: Option<String>,
    /// Whether a merge resolves the findings; else the next report of their source does.
    pub resolved_when_merged: bool,
}

/// What a sync setting for findings has beside its place.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Configuration {
    /// Its name, for people.
    pub name: String,
    /// Configurations are asked in the order of their positions; the first whose route a finding takes gets it.
    pub position: u32,
    /// Which findings it is for: those that take any of these; all, if there is none.
    pub routes: Vec<Route>,
    /// How they are put into tickets.
    pub grouping: Grouping,
    /// What the fields of issues say.
    pub mapping: Mapping,
    /// What follows from pull requests.
    pub pulls: PullRules,
    /// When the project was last compared with the mapping.
    #[serde(default)]
    pub watched_at: Option<Timestamp>,
}

impl Configuration {
    /// Checks what needs no question to Jira.
    ///
    /// # Errors
    /// `Invalid` with the part that breaks a rule.
    pub fn check(&self) -> Result<()> {
        if !is_line(&self.name, 100) {
            return Err(Error::invalid("name", "name must be 1 to 100 characters in one line"));
        }
        if self.position > LAST_POSITION {
            return Err(Error::invalid("position", format!("position must be 0 to {LAST_POSITION}")));
        }
        if self.routes.len() > MOST_ROUTES {
            return Err(Error::invalid("routes", format!("there are more than {MOST_ROUTES} routes")));
        }
        for (place, route) in self.routes.iter().enumerate() {
            let parts: [(&str, Vec<&String>); 3] = [
                ("sources", route.sources.iter().collect()),
                ("assets", route.assets.iter().collect()),
                ("packages", route.packages.iter().collect()),
            ];
            for (part, texts) in parts {
                if texts.len() > MOST_PATTERNS || !texts.iter().all(|text| is_line(text, 200)) {
                    let message =
                        format!("must be at most {MOST_PATTERNS} texts of 1 to 200 characters in one line");
                    return Err(Error::invalid(format!("routes[{place}].{part}"), message));
                }
            }
        }
        Ok(())
    }

    /// Whether it is for the finding.
    pub fn takes(&self, finding: &Finding) -> bool {
        self.routes.is_empty() || self.routes.iter().any(|route| route.takes(finding))
    }
}
