//! What is known of the findings of one ticket.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::AssayField;
use crate::finding::{Finding, Severity};
use crate::task::{Part, Task};
use crate::ticket::Batch;

/// How many different values of a group's findings are named.
const NAMED: usize = 10;

/// One thing that is known, or is not.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Fact {
    /// It is not known.
    Nothing,
    /// Text, with its line breaks.
    Text(String),
    /// How bad it is.
    Severity(Severity),
    /// A number.
    Number(serde_json::Number),
    /// A moment.
    Moment(Timestamp),
    /// A day.
    Day(Date),
}

impl Fact {
    /// It as text; empty if it is not known.
    pub fn text(&self) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Text(text) => text.clone(),
            Self::Severity(severity) => severity.word().to_owned(),
            Self::Number(number) => number.to_string(),
            Self::Moment(moment) => moment.to_string(),
            Self::Day(day) => day.to_string(),
        }
    }

    fn of_text(text: &str) -> Self {
        if text.trim().is_empty() { Self::Nothing } else { Self::Text(text.to_owned()) }
    }
}

/// All that is known.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Facts(BTreeMap<AssayField, Fact>);

impl Facts {
    /// What is known of the findings of one ticket. Of several, those count that are to be dealt with, or all if none is.
    pub fn of(tasks: &[&Task], batch: Option<&Batch>) -> Self {
        let mut counted: Vec<(&Task, &Finding)> =
            tasks.iter().filter_map(|task| Some((*task, task.finding.as_deref()?))).collect();
        if counted.iter().any(|(task, _)| task.is_open()) {
            counted.retain(|(task, _)| task.is_open());
        }
        let mut facts: BTreeMap<AssayField, Fact> =
            AssayField::ALL.into_iter().map(|field| (field, gathered(field, &counted))).collect();
        if let Some(group) = batch.and_then(|batch| batch.group.as_deref()) {
            facts.insert(AssayField::Title, Fact::Text(group_title(group)));
            let count = counted.len();
            let about = format!("{} in {}.", findings(count), group_place(group));
            facts.insert(AssayField::Description, Fact::Text(about));
        }
        Self(facts)
    }

    /// What is known of a made-up finding, to try a mapping out with.
    pub fn made_up() -> Self {
        let text = |text: &str| Fact::Text(text.to_owned());
        let day = Date::constant(2026, 3, 1);
        let moment = day.to_zoned(TimeZone::UTC).map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp());
        let facts = AssayField::ALL.into_iter().map(|field| {
            let fact = match field {
                AssayField::Title => text("Remote code execution by logged text"),
                AssayField::Description => text("A text that is logged can load code."),
                AssayField::Fix => text("Update the package."),
                AssayField::Severity => Fact::Severity(Severity::Critical),
                AssayField::Score => tenths(100),
                AssayField::Source => text("scanner"),
                AssayField::Rule => text("rule-1"),
                AssayField::Advisory => text("CVE-2021-44228"),
                AssayField::Asset => text("shop/web"),
                AssayField::Location => text("pom.xml:10"),
                AssayField::Package => text("log4j-core"),
                AssayField::PackageVersion => text("2.14.1"),
                AssayField::FixedIn => text("2.15.0"),
                AssayField::Link => text("https://example.com/CVE-2021-44228"),
                AssayField::FirstSeenAt | AssayField::LastSeenAt => Fact::Moment(moment),
                AssayField::DueOn => Fact::Day(day),
                AssayField::Count => Fact::Number(1.into()),
                AssayField::Id => text("B9-made-up"),
            };
            (field, fact)
        });
        Self(facts.collect())
    }

    /// The same, but with only that known which is of every finding.
    #[must_use]
    pub fn at_least(mut self) -> Self {
        for (field, fact) in &mut self.0 {
            if !field.is_always_there() {
                *fact = Fact::Nothing;
            }
        }
        self
    }

    /// The same with another severity.
    #[must_use]
    pub fn of_severity(mut self, severity: Severity) -> Self {
        self.0.insert(AssayField::Severity, Fact::Severity(severity));
        self
    }

    /// Made-up findings to try a mapping out with: of each severity one of which all is known, and one of which little is.
    pub fn to_try() -> Vec<Self> {
        let whole = Self::made_up();
        let least = whole.clone().at_least();
        let each = |severity| [whole.clone().of_severity(severity), least.clone().of_severity(severity)];
        Severity::ALL.into_iter().flat_map(each).collect()
    }

    /// One of it.
    pub fn get(&self, field: AssayField) -> &Fact {
        self.0.get(&field).unwrap_or(&Fact::Nothing)
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        match self.get(AssayField::Severity) {
            Fact::Severity(severity) => *severity,
            _ => Severity::Info,
        }
    }
}

fn gathered(field: AssayField, counted: &[(&Task, &Finding)]) -> Fact {
    let texts = |text: &dyn Fn(&Task, &Finding) -> String| {
        let all: BTreeSet<String> = counted
            .iter()
            .map(|(task, finding)| text(task, finding))
            .filter(|text| !text.is_empty())
            .collect();
        joined(&all)
    };
    let package = |pick: &dyn Fn(&crate::finding::Package) -> String| {
        texts(&|_, finding| finding.package.as_ref().map(pick).unwrap_or_default())
    };
    let moment = |moment: Option<Timestamp>| moment.map_or(Fact::Nothing, Fact::Moment);
    match field {
        AssayField::Title => texts(&|task, finding| {
            let own = task.edited.contains(&Part::Title).then_some(&task.title);
            own.unwrap_or(&finding.title).clone()
        }),
        AssayField::Description => texts(&|_, finding| finding.description.clone()),
        AssayField::Fix => texts(&|_, finding| finding.fix.clone()),
        AssayField::Severity => {
            let worst = counted.iter().map(|(_, finding)| finding.severity).max();
            worst.map_or(Fact::Nothing, Fact::Severity)
        }
        AssayField::Score => {
            let highest = counted.iter().filter_map(|(_, finding)| finding.score).max();
            highest.map_or(Fact::Nothing, tenths)
        }
        AssayField::Source => texts(&|_, finding| finding.source.clone()),
        AssayField::Rule => texts(&|_, finding| finding.rule.clone()),
        AssayField::Advisory => texts(&|_, finding| finding.advisory.clone()),
        AssayField::Asset => texts(&|_, finding| finding.asset.clone()),
        AssayField::Location => texts(&|_, finding| location(finding)),
        AssayField::Package => package(&|package| package.name.clone()),
        AssayField::PackageVersion => package(&|package| package.version.clone()),
        AssayField::FixedIn => package(&|package| package.fixed_in.clone()),
        AssayField::Link => {
            let first = counted.iter().find_map(|(_, finding)| finding.links.first());
            first.map_or(Fact::Nothing, |link| Fact::of_text(link))
        }
        AssayField::FirstSeenAt => moment(counted.iter().map(|(_, finding)| finding.first_seen_at).min()),
        AssayField::LastSeenAt => moment(counted.iter().map(|(_, finding)| finding.last_seen_at).max()),
        AssayField::DueOn => {
            let first = counted.iter().map(|(task, _)| task.due_at).min();
            first.map_or(Fact::Nothing, |due_at| Fact::Day(due_at.to_zoned(TimeZone::UTC).date()))
        }
        AssayField::Count => Fact::Number(counted.len().into()),
        AssayField::Id => texts(&|task, _| task.id.to_string()),
    }
}

/// Different values in one text.
fn joined(all: &BTreeSet<String>) -> Fact {
    let named: Vec<&str> = all.iter().take(NAMED).map(String::as_str).collect();
    let rest = all.len() - named.len();
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    Fact::of_text(&format!("{}{more}", named.join(", ")))
}

/// Path and line; empty if it has no place.
pub fn location(finding: &Finding) -> String {
    finding.location.as_ref().map_or(String::new(), |place| match place.line {
        Some(line) => format!("{}:{line}", place.path),
        None => place.path.clone(),
    })
}

fn tenths(score: u8) -> Fact {
    let number = if score.is_multiple_of(10) {
        Some(serde_json::Number::from(score / 10))
    } else {
        serde_json::Number::from_f64(f64::from(score) / 10.0)
    };
    number.map_or(Fact::Nothing, Fact::Number)
}

/// `3 findings`.
pub fn findings(count: usize) -> String {
    if count == 1 { "1 finding".to_owned() } else { format!("{count} findings") }
}

/// The title of a group of findings ([`crate::configuration::Grouping::key`]).
pub fn group_title(group: &str) -> String {
    format!("Findings in {}", group_place(group))
}

fn group_place(group: &str) -> String {
    match group.split_once(':') {
        Some(("asset", name)) => name.to_owned(),
        Some((what @ ("package" | "advisory" | "rule"), name)) => format!("{what} {name}"),
        _ => group.to_owned(),
    }
}
