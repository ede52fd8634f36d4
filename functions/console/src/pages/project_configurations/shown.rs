//! The wizard's page: what stands in the form of a project configuration, and how each field of the project is shown.

use std::collections::BTreeMap;

use askama::Template;
use serde::Deserialize;

use super::mapping::{self, Control, Field, SEVERITIES};
use super::{Configuration, GROUPINGS, KIND, routing};
use crate::form::{Entered, Fields, WAS};
use crate::frame::Frame;
use crate::pages::syncing::offer::Offer;
use crate::pages::syncing::rules::{CLOSURES, GONE, REOPENINGS, Rule};
use crate::pages::syncing::trial::{Trial, Written};
use crate::problem::Problem;

/// What a project asks for in a new issue.
#[derive(Debug, Deserialize)]
pub(super) struct Screen {
    pub(super) fields: Vec<Field>,
}

/// One route as it stands in the form.
struct RouteFields<'a> {
    place: usize,
    number: usize,
    assets: &'a str,
    packages: &'a str,
    sources: &'a str,
    /// Each severity, and whether it is ticked.
    severities: Vec<(&'static str, bool)>,
    error: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "project_configurations/form.html", blocks = ["place"])]
pub(super) struct FormPage<'a> {
    /// What every page is given.
    pub(super) frame: &'a Frame,
    /// The configuration that is changed; none for a new one.
    pub(super) changed: Option<&'a Configuration>,
    /// What was entered, and what is wrong with it.
    pub(super) entered: Entered,
    /// What can be chosen.
    pub(super) offer: Offer,
    /// The fields that Jira asks for; none before project and type are chosen.
    pub(super) screen: Option<Result<Screen, Problem>>,
    /// The findings that it can be tried out with.
    pub(super) findings: Vec<(String, String)>,
    /// What trying it out found.
    pub(super) trial: Option<Trial>,
    /// What is wrong with the rules of fields, by their ids.
    pub(super) wrong: BTreeMap<String, Vec<String>>,
}

impl FormPage<'_> {
    const GROUPINGS: &'static [Rule] = GROUPINGS;
    const CLOSURES: &'static [Rule] = CLOSURES;
    const REOPENINGS: &'static [Rule] = REOPENINGS;
    const GONE: &'static [Rule] = GONE;
    const SEVERITIES: &'static [&'static str] = SEVERITIES;

    /// The address that goes on asking.
    fn here(&self) -> String {
        self.changed
            .map_or_else(|| format!("/{}/new", KIND.noun()), |it| format!("{}/edit", KIND.page(&it.id)))
    }

    /// The address that a choice of where tickets go asks, and by which method.
    fn asks(&self) -> String {
        if self.is_sent() { self.saves() } else { self.here() }
    }

    fn how(&self) -> &'static str {
        if self.is_sent() { "post" } else { "get" }
    }

    /// The address that tries out and saves.
    fn saves(&self) -> String {
        self.changed.map_or_else(|| format!("/{}", KIND.noun()), |it| format!("{}/edit", KIND.page(&it.id)))
    }

    fn is_placed(&self) -> bool {
        is_placed(self.entered.fields())
    }

    /// Whether more was entered than where tickets go, so that it does not fit an address.
    fn is_sent(&self) -> bool {
        self.is_placed() || self.entered.fields().has("of_type")
    }

    /// What was entered and cannot be shown before a project and a type are chosen.
    fn carried(&self) -> Vec<(&str, &str)> {
        const SHOWN: [&str; 8] =
            ["connection", "project", "project_query", "issue_type", "of", "of_type", "do", WAS];
        let fields = self.entered.fields().iter();
        fields.filter(|(name, _)| !SHOWN.contains(name) && !mapping::is_of_mapping(name)).collect()
    }

    /// What the chosen connection is called.
    fn connection_words(&self) -> &str {
        let chosen = self.entered.value("connection");
        let found = self.offer.connections.items.iter().find(|(value, _)| value == chosen);
        found.map_or(chosen, |(_, words)| words)
    }

    fn fields(&self) -> &[Field] {
        match &self.screen {
            Some(Ok(screen)) => &screen.fields,
            Some(Err(_)) | None => &[],
        }
    }

    /// Fields that must be filled.
    fn demanded(&self) -> Vec<&Field> {
        self.fields().iter().filter(|field| field.is_open() && field.is_demanded()).collect()
    }

    /// Fields that may be filled.
    fn optional(&self) -> Vec<&Field> {
        self.fields().iter().filter(|field| field.is_open() && !field.is_demanded()).collect()
    }

    /// Fields that Jira demands and Assay cannot write.
    fn impossible(&self) -> Vec<&Field> {
        let is = |field: &&Field| field.problem.is_some() && field.required && !field.has_default;
        self.fields().iter().filter(is).collect()
    }

    /// Fields that Assay cannot write and need not.
    fn left_to_people(&self) -> Vec<&str> {
        let is = |field: &&Field| field.problem.is_some() && (!field.required || field.has_default);
        self.fields().iter().filter(is).map(|field| field.name.as_str()).collect()
    }

    fn has_optional_rules(&self) -> bool {
        self.optional()
            .iter()
            .any(|field| !self.from(&field.id).is_empty() || !self.wrong(&field.id).is_empty())
    }

    /// Where a field's value comes from.
    fn from(&self, id: &str) -> &str {
        self.entered.value(&format!("from.{id}"))
    }

    /// The text of one of a field's parts.
    fn part(&self, part: &str, id: &str) -> &str {
        self.entered.value(&format!("{part}.{id}"))
    }

    /// The value that stands for a severity.
    fn of_severity(&self, id: &str, severity: &str) -> &str {
        self.entered.value(&format!("value.{id}.{severity}"))
    }

    fn is_value(&self, id: &str, value: &str) -> bool {
        self.entered.chosen(&format!("jira.{id}"), value)
    }

    /// The values of a field's list; what was chosen stays in it, also where Jira takes it no more.
    fn values(field: &Field, chosen: &str) -> Vec<(String, String)> {
        let mut listed = field.listed();
        if !chosen.is_empty() && !listed.iter().any(|(value, _)| value == chosen) {
            listed.push((chosen.to_owned(), format!("{chosen} (not offered by Jira any more)")));
        }
        listed
    }

    fn wrong(&self, id: &str) -> &[String] {
        self.wrong.get(id).map_or(&[], Vec::as_slice)
    }

    /// What Assay knows that fits a field, with its words.
    fn fitting(field: &Field) -> Vec<(&str, String)> {
        field.assay_fields.iter().map(|word| (word.as_str(), mapping::known_words(word))).collect()
    }

    fn is_one(field: &Field) -> bool {
        field.control() == Control::One
    }

    fn is_some(field: &Field) -> bool {
        field.control() == Control::Some
    }

    fn is_lines(field: &Field) -> bool {
        field.control() == Control::Lines
    }

    /// What somebody else changed meanwhile about routes and rules, in words, and what is stored there now.
    fn changed_meanwhile(&self) -> Vec<(String, &str)> {
        let words = |name: &str| {
            if let Some((place, part)) = name.strip_prefix("routes[").and_then(|rest| rest.split_once("].")) {
                let number = place.parse::<usize>().map_or(0, |place| place + 1);
                return Some(format!("Route {number}, {part}"));
            }
            let (_, id) = name.split_once('.').filter(|_| mapping::is_of_mapping(name))?;
            let field = self.fields().iter().find(|it| id == it.id || id.starts_with(&format!("{}.", it.id)));
            Some(field.map_or(id, |field| field.name.as_str()).to_owned())
        };
        let changed = self.entered.all_meanwhile();
        changed.filter_map(|(name, now)| Some((words(name)?, now))).collect()
    }

    /// What would be written into a field, with the names of Jira's values.
    fn written_words(&self, written: &Written) -> Option<String> {
        let listed = self.fields().iter().find(|field| field.id == written.field).map(Field::listed);
        let names: BTreeMap<String, String> = listed.into_iter().flatten().collect();
        written.value.as_ref().map(|value| mapping::value_words(value, &names))
    }

    /// What the fields were shown of.
    fn tried_with(&self, trial: &Trial) -> String {
        let named = |id: &String| self.findings.iter().find(|(known, _)| known == id);
        let with = trial.finding.as_ref().map(|id| named(id).map_or(id.as_str(), |(_, words)| words));
        format!("What the fields would say, of {}", with.unwrap_or("a made-up finding"))
    }

    /// The routes as they stand in the form, with an empty one at the end.
    fn routes(&self) -> Vec<RouteFields<'_>> {
        let of = |place: usize| {
            let text = |part: &str| self.entered.value(&format!("routes[{place}].{part}"));
            let severities = format!("routes[{place}].severities");
            RouteFields {
                place,
                number: place + 1,
                assets: text("assets"),
                packages: text("packages"),
                sources: text("sources"),
                severities: SEVERITIES.iter().map(|it| (*it, self.entered.chosen(&severities, it))).collect(),
                error: self.entered.error(&format!("routes[{place}]")),
            }
        };
        (0..routing::count(self.entered.fields())).map(of).collect()
    }

    /// What stands in the mapping's fields, to be kept where they cannot be shown.
    fn kept(&self) -> Vec<(&str, &str)> {
        self.entered.fields().iter().filter(|(name, _)| mapping::is_of_mapping(name)).collect()
    }
}

/// Whether connection, project and type are chosen.
pub(super) fn is_placed(fields: &Fields) -> bool {
    ["connection", "project", "issue_type"].iter().all(|name| !fields.text(name).is_empty())
}
