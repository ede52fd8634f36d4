//! What may come in as a finding: every text has a limit, and what tells it from others is there or is made.

use super::{Location, Package, Severity};
use crate::ids::fixed;
use crate::{Error, Result};

/// The longest source, in characters.
pub const LONGEST_SOURCE: usize = 100;

/// The longest title, asset and rule, in characters.
pub const LONGEST_LINE: usize = 200;

/// The longest description, in characters.
pub const LONGEST_DESCRIPTION: usize = 8000;

/// The longest advice on how to fix it, in characters.
pub const LONGEST_FIX: usize = 4000;

/// The longest path, name of a package and fingerprint, in characters.
pub const LONGEST_PATH: usize = 500;

/// The longest address, in characters.
pub const LONGEST_LINK: usize = 1000;

/// The most addresses of one finding.
pub const MOST_LINKS: usize = 10;

/// A finding as a report has it, checked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Incoming {
    /// What tells it from other findings of its source; empty where [`Incoming::checked`] is to make it.
    pub fingerprint: String,
    /// Title, in one line.
    pub title: String,
    /// What it is.
    pub description: String,
    /// How to fix it.
    pub fix: String,
    /// How bad it is.
    pub severity: Severity,
    /// The CVSS base score in tenths, 0 to 100.
    pub score: Option<u8>,
    /// The scanner's rule; may be empty.
    pub rule: String,
    /// The advisory; may be empty.
    pub advisory: String,
    /// The thing that it was found in.
    pub asset: String,
    /// Where in the asset.
    pub location: Option<Location>,
    /// The vulnerable package.
    pub package: Option<Package>,
    /// Where more is said.
    pub links: Vec<String>,
}

impl Incoming {
    /// The finding, if all its parts keep their limits.
    ///
    /// A finding without a fingerprint gets one made of rule, advisory, asset, path, line and package, so two without one must
    /// differ in one of these; one that has neither a rule nor an advisory, a path nor a package has nothing to be told
    /// by, and is refused.
    ///
    /// # Errors
    /// `Invalid`, naming the field.
    pub fn checked(mut self) -> Result<Self> {
        line("title", &self.title, 1, LONGEST_LINE)?;
        block("description", &self.description, LONGEST_DESCRIPTION)?;
        block("fix", &self.fix, LONGEST_FIX)?;
        line("rule", &self.rule, 0, LONGEST_LINE)?;
        line("advisory", &self.advisory, 0, LONGEST_LINE)?;
        line("asset", &self.asset, 1, LONGEST_LINE)?;
        if let Some(location) = &self.location {
            line("location.path", &location.path, 1, LONGEST_PATH)?;
        }
        if let Some(package) = &self.package {
            line("package.name", &package.name, 1, LONGEST_PATH)?;
            line("package.version", &package.version, 0, LONGEST_LINE)?;
            line("package.fixed_in", &package.fixed_in, 0, LONGEST_LINE)?;
        }
        if self.links.len() > MOST_LINKS {
            return Err(Error::invalid("links", format!("at most {MOST_LINKS} links may be given")));
        }
        for (index, link) in self.links.iter().enumerate() {
            if !is_link(link) {
                let message = format!(
                    "a link must begin with https:// or http:// and have at most {LONGEST_LINK} characters, no spaces"
                );
                return Err(Error::invalid(format!("links[{index}]"), message));
            }
        }
        line("fingerprint", &self.fingerprint, 0, LONGEST_PATH)?;
        if self.fingerprint.is_empty() {
            self.fingerprint = self.made()?;
        }
        Ok(self)
    }

    fn made(&self) -> Result<String> {
        let rule = if self.rule.is_empty() { &self.advisory } else { &self.rule };
        if rule.is_empty() && self.location.is_none() && self.package.is_none() {
            let message =
                "give a fingerprint, or a rule, an advisory, a location or a package to make one of";
            return Err(Error::invalid("fingerprint", message));
        }
        let path = self.location.as_ref().map_or("", |location| &location.path);
        let at = self.location.as_ref().and_then(|location| location.line);
        let at = at.map(|at| at.to_string()).unwrap_or_default();
        let package = self.package.as_ref().map_or("", |package| &package.name);
        let mut parts = vec![rule.as_str(), &self.asset, path, &at, package];
        // A rule may stand for many advisories, as `vulnerable-dependency` does.
        if !self.advisory.is_empty() && self.advisory != *rule {
            parts.push(&self.advisory);
        }
        Ok(format!("made:{}", fixed(&parts)))
    }
}

/// The name of a source.
///
/// # Errors
/// `Invalid` when it is not one line of 1 to 100 characters.
pub fn check_source(source: &str) -> Result<()> {
    line("source", source, 1, LONGEST_SOURCE)
}

/// Whether `text` may be kept as an address.
pub fn is_link(text: &str) -> bool {
    let has_scheme = text.starts_with("https://") || text.starts_with("http://");
    has_scheme
        && text.chars().count() <= LONGEST_LINK
        && !text.chars().any(|character| character.is_whitespace() || character.is_control())
}

/// The text in one line of at most `most` characters: line breaks and control characters become spaces.
pub fn one_line(text: &str, most: usize) -> String {
    let (mut line, mut left) = (String::new(), most + 1);
    for word in text.split(is_space).filter(|word| !word.is_empty()) {
        if left == 0 {
            break;
        }
        if !line.is_empty() {
            line.push(' ');
            left -= 1;
        }
        let before = line.len();
        line.extend(word.chars().take(left));
        left -= line[before..].chars().count();
    }
    shortened(&line, most)
}

/// The text with at most `most` characters and no control characters but line breaks and tabs.
pub fn cleaned(text: &str, most: usize) -> String {
    let kept: String = text
        .trim_matches(is_space)
        .chars()
        .filter(|character| !character.is_control() || matches!(character, '\n' | '\t'))
        .take(most + 1)
        .collect();
    shortened(&kept, most)
}

fn is_space(character: char) -> bool {
    character.is_whitespace() || character.is_control()
}

fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most.saturating_sub(1)).collect();
    short.push('…');
    short
}

fn line(field: &'static str, text: &str, least: usize, most: usize) -> Result<()> {
    let count = text.chars().count();
    let fits = (least..=most).contains(&count) && text.trim() == text && !text.chars().any(char::is_control);
    if fits {
        return Ok(());
    }
    let message =
        format!("{field} must be one line of {least} to {most} characters, without spaces around it");
    Err(Error::invalid(field, message))
}

fn block(field: &'static str, text: &str, most: usize) -> Result<()> {
    let is_odd = |character: char| character.is_control() && !matches!(character, '\n' | '\r' | '\t');
    if text.chars().count() <= most && !text.chars().any(is_odd) {
        return Ok(());
    }
    Err(Error::invalid(field, format!("{field} must be text of at most {most} characters")))
}

#[cfg(test)]
#[path = "incoming_tests.rs"]
mod tests;
