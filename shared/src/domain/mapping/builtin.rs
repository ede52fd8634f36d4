//! What a ticket of findings says where its mapping does not say otherwise.

use super::AssayField;
use super::convert::paragraphs;
use super::facts::{Facts, location};
use crate::finding::{Finding, Severity};
use crate::sync_setting::{ClosureRule, SyncSetting};
use crate::ticket::content::one_line;
use crate::ticket::{Block, Span};

/// The longest description and the longest advice, in characters as Jira's document is counted here: with everything else
/// they fill less than a text field holds.
const LONGEST_DESCRIPTION: usize = 11_000;
const LONGEST_FIX: usize = 6_000;

/// How many links are listed, and how long one may be, in characters.
const LINKS: usize = 8;
const LONGEST_LINK: usize = 500;

/// The longest of what stands in one line, in characters.
const LONGEST_ENTRY: usize = 255;

/// The title: severity and title.
pub fn title(facts: &Facts) -> String {
    format!("[{}] {}", name(facts.severity()), facts.get(AssayField::Title).text())
}

/// The description of one finding.
pub fn body(finding: &Finding, setting: &SyncSetting) -> Vec<Block> {
    let mut body = vec![Block::List(entries(finding))];
    section(&mut body, "What this is", &finding.description, LONGEST_DESCRIPTION);
    section(&mut body, "How to fix", &finding.fix, LONGEST_FIX);
    let links: Vec<Vec<Span>> = finding.links.iter().take(LINKS).map(|link| vec![span_of(link)]).collect();
    if !links.is_empty() {
        body.push(Block::Heading("Links".to_owned()));
        body.push(Block::List(links));
    }
    body.push(text(closing(setting, &finding.source)));
    body
}

/// What stands before the list of a group's findings.
pub fn preface(facts: &Facts, setting: &SyncSetting) -> Vec<Block> {
    let about = facts.get(AssayField::Description).text();
    let about = format!("{about} The worst is {}.", name(facts.severity()).to_lowercase());
    let source = facts.get(AssayField::Source).text();
    vec![text(one_line(&about, LONGEST_ENTRY)), text(closing(setting, &source))]
}

fn entries(finding: &Finding) -> Vec<Vec<Span>> {
    let mut entries = Vec::new();
    let mut entry = |what: &str, text: &str| {
        let text = one_line(text, LONGEST_ENTRY);
        if !text.is_empty() {
            entries.push(vec![Span::Strong(format!("{what}: ")), Span::Text(text)]);
        }
    };
    let score = finding.score.map_or(String::new(), |score| format!(" (CVSS {}.{})", score / 10, score % 10));
    entry("Severity", &format!("{}{score}", name(finding.severity)));
    entry("Asset", &finding.asset);
    entry("Location", &location(finding));
    if let Some(package) = &finding.package {
        let fixed = match package.fixed_in.as_str() {
            "" => String::new(),
            version => format!(", fixed in {version}"),
        };
        entry("Package", &format!("{} {}{fixed}", package.name, package.version));
    }
    entry("Advisory", &finding.advisory);
    let rule = if finding.rule.is_empty() { String::new() } else { format!(", rule {}", finding.rule) };
    entry("Found by", &format!("{}{rule}", finding.source));
    entries
}

fn section(body: &mut Vec<Block>, heading: &str, words: &str, longest: usize) {
    let paragraphs = paragraphs(words, longest);
    if !paragraphs.is_empty() {
        body.push(Block::Heading(heading.to_owned()));
        body.extend(paragraphs.into_iter().map(text));
    }
}

fn text(words: String) -> Block {
    Block::Paragraph(vec![Span::Text(words)])
}

/// An address as a link; what a browser would not open by itself as text.
fn span_of(link: &str) -> Span {
    let is_short =
        link.chars().count() <= LONGEST_LINK && !link.chars().any(|it| it.is_whitespace() || it.is_control());
    if is_short && (link.starts_with("https://") || link.starts_with("http://")) {
        Span::Link { text: one_line(link, 120), url: link.to_owned() }
    } else {
        Span::Text(one_line(link, LONGEST_ENTRY))
    }
}

/// What Assay does with the ticket.
fn closing(setting: &SyncSetting, source: &str) -> String {
    let source = one_line(source, 100);
    match setting.closure_rule {
        ClosureRule::All => format!(
            "Assay keeps this ticket up to date and closes it when {source} does not report it any more, or its risk is \
             accepted."
        ),
        ClosureRule::Any => format!(
            "Assay keeps this ticket up to date and closes it when {source} does not report one of its findings any more, \
             or the risk of one is accepted."
        ),
        ClosureRule::Never => {
            "Assay keeps this ticket up to date; whoever has dealt with it closes it.".to_owned()
        }
    }
}

fn name(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "Info",
        Severity::Low => "Low",
        Severity::Medium => "Medium",
        Severity::High => "High",
        Severity::Critical => "Critical",
    }
}
