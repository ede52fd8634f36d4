//! From clauses to a predicate: names become ids; what is unknown is told.

use jiff::{Timestamp, tz::TimeZone};

use super::{
    Clause, Operand, Operator, dates,
    predicate::{AccountField, NumberField, Predicate, TimeField},
};
use crate::state::{
    account::Account,
    accounts::Accounts,
    site::Site,
    vocabulary::{Category, PRIORITIES, RESOLUTIONS, translated},
};

/// Against what names are resolved, and for whom.
pub(crate) struct Context<'a> {
    pub(crate) site: &'a Site,
    pub(crate) accounts: &'a Accounts,
    pub(crate) caller: Option<&'a Account>,
    pub(crate) now: Timestamp,
}

/// The predicate of a clause, and what in it does not exist.
pub(crate) fn compile(clause: &Clause, context: &Context<'_>) -> (Predicate, Vec<String>) {
    let zone =
        context.caller.and_then(|account| TimeZone::get(&account.time_zone).ok()).unwrap_or(TimeZone::UTC);
    let mut compiler = Compiler { context, zone, errors: Vec::new() };
    let predicate = compiler.clause(clause);
    (predicate, compiler.errors)
}

struct Compiler<'a> {
    context: &'a Context<'a>,
    zone: TimeZone,
    errors: Vec<String>,
}

impl Compiler<'_> {
    fn clause(&mut self, clause: &Clause) -> Predicate {
        match clause {
            Clause::All(parts) => Predicate::All(parts.iter().map(|part| self.clause(part)).collect()),
            Clause::Any(parts) => Predicate::Any(parts.iter().map(|part| self.clause(part)).collect()),
            // An entity property is not found by its absence either.
            Clause::Not(part) if mentions_property(part) => Predicate::Nothing,
            Clause::Not(part) => Predicate::Not(Box::new(self.clause(part))),
            Clause::Term { field, operator, operand } => self.term(field, *operator, operand),
        }
    }

    fn unknown(&mut self, message: String) -> Predicate {
        self.errors.push(message);
        Predicate::Nothing
    }

    fn term(&mut self, field: &str, operator: Operator, operand: &Operand) -> Predicate {
        let name = canonical(field);
        if name.contains('[') && !name.starts_with("cf[") {
            // Entity properties are found only if an app declared an index for them; no OAuth app can.
            return Predicate::Nothing;
        }
        if matches!(operand, Operand::Empty) {
            return self.emptiness(field, &name, operator);
        }
        if name == "resolution"
            && matches!(operand, Operand::Value(word) if word.eq_ignore_ascii_case("unresolved"))
        {
            return Predicate::Empty { field: name, negated: operator.is_negated() };
        }
        if matches!(operator, Operator::Is | Operator::IsNot) {
            // `this is not jql` reads as: field `this`, operator `is not`, value `jql`.
            return self.unknown(format!("The operator 'is' of the field '{field}' takes only 'EMPTY'."));
        }
        match name.as_str() {
            "project" => self.numbers(field, NumberField::Project, operator, operand),
            "key" => self.numbers(field, NumberField::Issue, operator, operand),
            "issuetype" => self.numbers(field, NumberField::IssueType, operator, operand),
            "status" => self.numbers(field, NumberField::Status, operator, operand),
            "statuscategory" => self.numbers(field, NumberField::Category, operator, operand),
            "priority" => self.numbers(field, NumberField::Priority, operator, operand),
            "resolution" => self.numbers(field, NumberField::Resolution, operator, operand),
            "parent" => self.numbers(field, NumberField::Parent, operator, operand),
            "assignee" => self.accounts(AccountField::Assignee, operator, operand),
            "reporter" => self.accounts(AccountField::Reporter, operator, operand),
            "creator" => self.accounts(AccountField::Creator, operator, operand),
            "created" => self.time(field, TimeField::Created, operator, operand),
            "updated" => self.time(field, TimeField::Updated, operator, operand),
            "resolutiondate" => self.time(field, TimeField::Resolved, operator, operand),
            "statuscategorychangeddate" => self.time(field, TimeField::StatusChanged, operator, operand),
            "duedate" => self.time(field, TimeField::Due, operator, operand),
            "labels" => Predicate::Label { labels: self.words(operand), negated: operator.is_negated() },
            "summary" | "description" | "text" => self.text(field, &name, operator, operand),
            _ => self.custom(field, operator, operand),
        }
    }

    fn emptiness(&mut self, field: &str, name: &str, operator: Operator) -> Predicate {
        let known = matches!(
            name,
            "project"
                | "key"
                | "issuetype"
                | "status"
                | "priority"
                | "resolution"
                | "parent"
                | "assignee"
                | "reporter"
                | "creator"
                | "created"
                | "updated"
                | "resolutiondate"
                | "duedate"
                | "labels"
                | "summary"
                | "description"
        );
        let id = if known { Some(name.to_owned()) } else { self.custom_field(field) };
        match id {
            Some(field) => Predicate::Empty { field, negated: operator.is_negated() },
            None => self.unknown(no_such_field(field)),
        }
    }

    fn words(&mut self, operand: &Operand) -> Vec<String> {
        match operand {
            Operand::Value(text) => vec![text.clone()],
            Operand::List(values) => values.iter().flat_map(|value| self.words(value)).collect(),
            Operand::Function(name, _) if name.eq_ignore_ascii_case("currentUser") => {
                self.context.caller.map(|account| account.id.clone()).into_iter().collect()
            }
            Operand::Function(name, _) => {
                self.errors.push(format!("Unable to find JQL function '{name}()'."));
                Vec::new()
            }
            Operand::Empty => Vec::new(),
        }
    }

    fn numbers(&mut self, field: &str, of: NumberField, operator: Operator, operand: &Operand) -> Predicate {
        let mut numbers = Vec::new();
        for word in self.words(operand) {
            let found = self.resolve(of, &word);
            if found.is_empty() {
                self.errors.push(format!("The value '{word}' does not exist for the field '{field}'."));
            }
            numbers.extend(found);
        }
        if matches!(operator, Operator::Contains | Operator::NotContains) {
            return self.unknown(format!("The operator '~' is not supported by the '{field}' field."));
        }
        if numbers.is_empty() {
            return Predicate::Nothing;
        }
        if operator.is_order() {
            return Predicate::Ordered { field: of, operator, number: numbers[0] };
        }
        Predicate::Number { field: of, numbers, negated: operator.is_negated() }
    }

    /// The ids that a word means; several when statuses share a name.
    fn resolve(&self, of: NumberField, word: &str) -> Vec<u64> {
        let site = self.context.site;
        let locale = self.context.caller.map_or("en_US", |account| account.locale.as_str());
        let named = |name: &str| name.eq_ignore_ascii_case(word) || translated(name, locale) == word;
        match of {
            NumberField::Project => {
                let visible = |permission| {
                    move |project: &&crate::state::project::Project| {
                        project.allows(self.context.caller, permission)
                    }
                };
                let projects = site.projects.iter().filter(visible("BROWSE_PROJECTS"));
                let known = projects.filter(|project| {
                    project.has_key(word)
                        || project.has_key(&word.to_ascii_uppercase())
                        || project.name.eq_ignore_ascii_case(word)
                });
                known.map(|project| project.id).collect()
            }
            NumberField::Issue | NumberField::Parent => {
                site.visible_issue(word, self.context.caller).map(|issue| issue.id).into_iter().collect()
            }
            NumberField::IssueType => {
                let known =
                    site.issue_types.iter().filter(|kind| kind.id.to_string() == word || named(&kind.name));
                known.map(|kind| kind.id).collect()
            }
            NumberField::Status => {
                let known = site
                    .statuses
                    .iter()
                    .filter(|status| status.id.to_string() == word || named(&status.name));
                known.map(|status| status.id).collect()
            }
            NumberField::Category => Category::ALL
                .iter()
                .filter(|category| {
                    category.id().to_string() == word || named(category.name()) || category.key() == word
                })
                .map(|category| category.id())
                .collect(),
            NumberField::Priority => {
                let known = PRIORITIES.iter().filter(|(id, name, _)| id.to_string() == word || named(name));
                known.map(|(id, ..)| u64::from(*id)).collect()
            }
            NumberField::Resolution => {
                let known = RESOLUTIONS.iter().filter(|(id, name)| id.to_string() == word || named(name));
                known.map(|(id, _)| *id).collect()
            }
        }
    }

    fn accounts(&mut self, field: AccountField, operator: Operator, operand: &Operand) -> Predicate {
        let ids = self.words(operand);
        for id in &ids {
            if self.context.accounts.get(id).is_none() {
                self.errors.push(format!("The value '{id}' does not exist for the field '{field:?}'."));
            }
        }
        Predicate::Account { field, ids, negated: operator.is_negated() }
    }

    fn time(&mut self, field: &str, of: TimeField, operator: Operator, operand: &Operand) -> Predicate {
        let (word, instant) = match operand {
            Operand::Value(text) => (text.clone(), dates::instant(text, self.context.now, &self.zone)),
            Operand::Function(name, _) => (name.clone(), dates::function(name, self.context.now, &self.zone)),
            Operand::Empty | Operand::List(_) => (String::new(), None),
        };
        match instant {
            // A due date is a day, not an instant: days are compared.
            Some(instant) if of == TimeField::Due => {
                let day = instant.to_zoned(self.zone.clone()).date().to_zoned(TimeZone::UTC);
                let instant = day.map_or(instant, |day| day.timestamp());
                Predicate::Time { field: of, operator, instant }
            }
            Some(instant) => Predicate::Time { field: of, operator, instant },
            None => self.unknown(format!(
                "Date value '{word}' for field '{field}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', \
                 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."
            )),
        }
    }

    fn text(&mut self, field: &str, name: &str, operator: Operator, operand: &Operand) -> Predicate {
        let needle = self.words(operand).join(" ").to_lowercase();
        if matches!(operator, Operator::Contains | Operator::NotContains) {
            let negated = operator.is_negated();
            return Predicate::Text { field: name.to_owned(), needle, negated };
        }
        self.unknown(format!("The operator is not supported by the '{field}' field; use '~'."))
    }

    fn custom(&mut self, field: &str, operator: Operator, operand: &Operand) -> Predicate {
        let Some(id) = self.custom_field(field) else { return self.unknown(no_such_field(field)) };
        let values = self.words(operand);
        let negated = operator.is_negated();
        if matches!(operator, Operator::Contains | Operator::NotContains) {
            return Predicate::Text { field: id, needle: values.join(" ").to_lowercase(), negated };
        }
        Predicate::Custom { field: id, values, negated }
    }

    /// A custom field by `cf[10040]`, id or name.
    fn custom_field(&self, field: &str) -> Option<String> {
        let lower = field.to_ascii_lowercase();
        let by_number = lower.strip_prefix("cf[").and_then(|rest| rest.strip_suffix(']'));
        let id = by_number.map_or(lower.clone(), |number| format!("customfield_{number}"));
        let fields = self.context.site.projects.iter().flat_map(|project| &project.fields);
        let mut custom = fields.filter(|known| known.id.starts_with("customfield_"));
        custom
            .find(|known| known.id == id || known.name.eq_ignore_ascii_case(field))
            .map(|known| known.id.clone())
    }
}

fn mentions_property(clause: &Clause) -> bool {
    match clause {
        Clause::All(parts) | Clause::Any(parts) => parts.iter().any(mentions_property),
        Clause::Not(part) => mentions_property(part),
        Clause::Term { field, .. } => field.contains('[') && !canonical(field).starts_with("cf["),
    }
}

fn no_such_field(field: &str) -> String {
    format!("Field '{field}' does not exist or you do not have permission to view it.")
}

/// One name per field, in lower case.
fn canonical(field: &str) -> String {
    let lower = field.to_ascii_lowercase();
    match lower.as_str() {
        "issuekey" | "id" | "issue" => "key".to_owned(),
        "type" => "issuetype".to_owned(),
        "createddate" => "created".to_owned(),
        "updateddate" => "updated".to_owned(),
        "resolved" => "resolutiondate".to_owned(),
        "due" => "duedate".to_owned(),
        "label" => "labels".to_owned(),
        _ => lower,
    }
}
