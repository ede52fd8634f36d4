//! The parts of SARIF that are read. Texts are shortened as they come in, and of lists only so much is kept as is used, so
//! that no document, however odd, takes much more memory than its rules.
//!
//! What the standard requires is required here only where it is used: real scanners leave out much. What stands in
//! property bags and fingerprints may be anything; what is not understood there is skipped.

use serde::Deserialize;

use super::loose::{Bag, Few, Messages, Named, Text};

/// One result.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SarifResult {
    pub(super) rule_id: Option<Text>,
    pub(super) rule_index: Option<i64>,
    pub(super) rule: Option<RuleReference>,
    pub(super) kind: Option<Text>,
    pub(super) level: Option<Text>,
    pub(super) message: Option<Message>,
    pub(super) locations: Few<Location, 1>,
    pub(super) suppressions: Few<Suppression, 20>,
    pub(super) baseline_state: Option<Text>,
    pub(super) fingerprints: Named<20>,
    pub(super) partial_fingerprints: Named<20>,
    pub(super) fixes: Few<Fix, 1>,
    pub(super) hosted_viewer_uri: Option<Text>,
    pub(super) properties: Bag,
}

/// Which rule a result broke, where `ruleId` and `ruleIndex` do not say it all.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RuleReference {
    pub(super) id: Option<Text>,
    pub(super) index: Option<i64>,
    pub(super) tool_component: Option<ComponentReference>,
}

/// The extension of a tool.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ComponentReference {
    pub(super) index: Option<i64>,
}

/// A text in one of the ways in which it may be said.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Message {
    pub(super) text: Option<Text>,
    pub(super) markdown: Option<Text>,
    pub(super) id: Option<Text>,
    pub(super) arguments: Few<Text, 20>,
}

/// Where a result was found.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Location {
    pub(super) physical_location: Option<PhysicalLocation>,
    pub(super) logical_locations: Few<LogicalLocation, 1>,
}

/// A place in a file.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PhysicalLocation {
    pub(super) artifact_location: Option<ArtifactLocation>,
    pub(super) region: Option<Region>,
}

/// A file.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ArtifactLocation {
    pub(super) uri: Option<Text>,
    pub(super) index: Option<i64>,
}

/// A part of a file.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Region {
    pub(super) start_line: Option<i64>,
    pub(super) snippet: Option<Message>,
}

/// A place in what a program consists of; of packages, the package.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LogicalLocation {
    pub(super) fully_qualified_name: Option<Text>,
}

/// That a result is suppressed.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Suppression {
    pub(super) status: Option<Text>,
}

/// How to fix it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Fix {
    pub(super) description: Option<Message>,
}

/// The tool; [`super::tools`] reads it.
#[derive(Debug, Default)]
pub struct Tool {
    pub(super) driver: Component,
    pub(super) extensions: Vec<Component>,
}

/// A tool or an extension of it.
#[derive(Debug, Default)]
pub struct Component {
    pub(super) name: Option<Text>,
    pub(super) rules: Vec<Rule>,
}

/// A rule.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Rule {
    pub(super) id: Option<Text>,
    pub(super) name: Option<Text>,
    pub(super) short_description: Option<Message>,
    pub(super) full_description: Option<Message>,
    pub(super) help: Option<Message>,
    pub(super) help_uri: Option<Text>,
    pub(super) default_configuration: Option<Configuration>,
    pub(super) message_strings: Messages,
    pub(super) properties: Bag,
}

/// How a rule is set up.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Configuration {
    pub(super) level: Option<Text>,
}

/// A file that results may name by its index.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Artifact {
    pub(super) location: Option<ArtifactLocation>,
}

/// Where what was scanned is kept.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Provenance {
    pub(super) repository_uri: Option<Text>,
}

/// How the tool was run.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Invocation {
    pub(super) execution_successful: Option<bool>,
}
