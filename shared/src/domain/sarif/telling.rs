//! What finding a result is.
//!
//! | of a finding | from, in this order |
//! |---|---|
//! | severity | a CVSS vector or score (`security-severity`) of the result, else of its rule; else the level of the result, else of its rule; else `warning` |
//! | fingerprint | `fingerprints`; else `partialFingerprints` with rule and path; else rule, path and package; else rule, path, code and message. The second that is alike in one document is told from the first by its number |
//! | title | the rule's short description, else the message, else the rule |
//! | fix | `fixes`, else the version that fixes the package, and the rule's help |
//! | package | a package address (`purl`), else lines like `Package: x` of the message or the help, as Trivy and Grype write them |
//! | asset | what the caller says, else the run's repository, else its image |
//!
//! Results that are suppressed, of another kind than a failure, or `absent` since a baseline are no findings.
//!
//! Source: SARIF 2.1.0, sections 3.27.9 (kind), 3.27.10 (level), 3.27.16 and 3.27.17 (fingerprints), 3.27.23
//! (suppressions), 3.27.24 (baselineState), 3.11 (messages), 3.52.4 (finding a rule); GitHub's documentation of SARIF
//! support (`security-severity`, `primaryLocationLineHash`).

use super::loose::{Bag, Text};
use super::reading::{Place, Run, Survey};
use super::shapes::{Message, Rule, SarifResult};
use crate::finding::incoming::{Incoming, LONGEST_LINE, LONGEST_PATH, cleaned, is_link, one_line};
use crate::finding::severity::{of_score, of_vector, of_word, tenths};
use crate::finding::{Location, Package, Severity};
use crate::ids::fixed;

/// What Semgrep writes in the place of a fingerprint for those who have no account.
const NO_FINGERPRINT: &str = "requires login";

/// A partial fingerprint that changes with every edit of its line; GitHub does not use it, either.
const UNSTABLE: &str = "primaryLocationStartColumnFingerprint";

/// The most of a description, in characters, that is the message; the rest is the rule's.
const LONGEST_PART: usize = 3900;

/// What a result is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Told {
    /// A finding, whose fingerprint others of the document may have, too.
    Finding(Box<Incoming>),
    /// A finding that is suppressed where it was found.
    Suppressed,
    /// No failure, or one that is gone.
    NotFailing,
    /// It breaks a rule: which part, and why.
    Refused(String, String),
}

impl Survey {
    /// What a run is about, as far as it says.
    pub(super) fn asset(&self, run: usize) -> Option<String> {
        let run = self.runs.get(run)?;
        let named = run.repository.as_deref().map(repository).or_else(|| run.image.clone())?;
        Some(one_line(&named, LONGEST_LINE)).filter(|asset| !asset.is_empty())
    }

    /// The name of the scanner of a run.
    pub(super) fn scanner(&self, run: usize) -> Option<String> {
        let name = &self.runs.get(run)?.driver.name.as_ref()?.0;
        Some(one_line(name, crate::finding::incoming::LONGEST_SOURCE)).filter(|name| !name.is_empty())
    }

    /// What a result is.
    pub(super) fn tell(&self, place: Place, result: &SarifResult, asset: &str) -> Told {
        let Some(run) = self.runs.get(place.run) else { return Told::NotFailing };
        if !fails(result) {
            return Told::NotFailing;
        }
        if is_suppressed(result) {
            return Told::Suppressed;
        }
        let rule = rule(run, result);
        let (severity, score) = match rated(result, rule) {
            Ok(rated) => rated,
            Err(word) => {
                let word = one_line(&word, 40);
                let reason = format!("level must be none, note, warning or error, not {word}");
                return Told::Refused("level".to_owned(), reason);
            }
        };
        let message = message(result, rule);
        let name = rule_name(result, rule);
        let title = title(rule, &message, &name);
        if title.is_empty() {
            let reason = "a result needs a message, or a rule that is described".to_owned();
            return Told::Refused("message".to_owned(), reason);
        }
        let help = rule.and_then(|rule| text_of(rule.help.as_ref())).unwrap_or_default();
        let package = package(result, rule, &message, &help);
        let location = location(run, result);
        let description = description(rule, &message);
        // Many scanners give the description once more where the help should stand.
        let help = if description.contains(&help) { "" } else { &help };
        let fingerprint = fingerprint(result, asset, &name, location.as_ref(), package.as_ref(), &message);
        Told::Finding(Box::new(Incoming {
            fingerprint,
            title,
            description,
            fix: fix(result, package.as_ref(), help),
            severity,
            score,
            advisory: advisory(&[&name, &message]).unwrap_or_default(),
            rule: name,
            asset: asset.to_owned(),
            location,
            package,
            links: links(result, rule),
        }))
    }
}

fn words(text: Option<&Text>) -> Option<&str> {
    text.map(|text| text.0.trim()).filter(|text| !text.is_empty())
}

fn text_of(message: Option<&Message>) -> Option<String> {
    let message = message?;
    words(message.text.as_ref()).or_else(|| words(message.markdown.as_ref())).map(ToOwned::to_owned)
}

fn fails(result: &SarifResult) -> bool {
    let is_gone = words(result.baseline_state.as_ref()) == Some("absent");
    !is_gone && !matches!(words(result.kind.as_ref()), Some("pass" | "notApplicable"))
}

/// A suppression counts unless somebody is still to decide about it, or decided against it.
fn is_suppressed(result: &SarifResult) -> bool {
    let suppressions = &result.suppressions.0;
    let counts = |status: Option<&str>| !matches!(status, Some("underReview" | "rejected"));
    !suppressions.is_empty() && suppressions.iter().all(|it| counts(words(it.status.as_ref())))
}

/// The rule of a result: by its place in the tool or the extension that it names, else by its id, of which the last parts
/// may be left out.
fn rule<'a>(run: &'a Run, result: &SarifResult) -> Option<&'a Rule> {
    let reference = result.rule.as_ref();
    let id = words(result.rule_id.as_ref()).or_else(|| words(reference?.id.as_ref()));
    let component = reference.and_then(|it| it.tool_component.as_ref()).and_then(|it| it.index);
    let component = component.and_then(|index| usize::try_from(index).ok()).map_or(0, |index| index + 1);
    let index = result.rule_index.or_else(|| reference?.index).and_then(|index| usize::try_from(index).ok());
    if let Some(rule) = index.and_then(|index| run.rule(component, index)) {
        let fits = |id: &str| words(rule.id.as_ref()).is_none_or(|known| id.starts_with(known));
        if id.is_none_or(fits) {
            return Some(rule);
        }
    }
    let mut id = id?;
    loop {
        if let Some((component, index)) = run.by_id.get(id) {
            return run.rule(*component, *index);
        }
        id = id.rsplit_once('/')?.0;
    }
}

fn rule_name(result: &SarifResult, rule: Option<&Rule>) -> String {
    let of_result = words(result.rule_id.as_ref()).or_else(|| words(result.rule.as_ref()?.id.as_ref()));
    let name = of_result.or_else(|| words(rule?.id.as_ref())).or_else(|| words(rule?.name.as_ref()));
    one_line(name.unwrap_or_default(), LONGEST_LINE)
}

/// How bad it is, or the level that is none.
fn rated(result: &SarifResult, rule: Option<&Rule>) -> Result<(Severity, Option<u8>), String> {
    let score = score(&result.properties).or_else(|| score(&rule?.properties));
    if let Some(score) = score {
        return Ok((of_score(score), Some(score)));
    }
    if let Some(level) = words(result.level.as_ref()) {
        return of_word(level).map(|severity| (severity, None)).ok_or_else(|| level.to_owned());
    }
    if matches!(words(result.kind.as_ref()), Some("open" | "review" | "informational")) {
        return Ok((Severity::Info, None));
    }
    let of_rule = rule.and_then(|rule| words(rule.default_configuration.as_ref()?.level.as_ref()));
    Ok((of_rule.and_then(of_word).unwrap_or(Severity::Medium), None))
}

fn score(bag: &Bag) -> Option<u8> {
    let known = |name: &str| bag.known.get(name);
    let number = |name: &str| known(name).and_then(|text| text.trim().parse().ok()).and_then(tenths);
    let vector = |name: &str| known(name).and_then(|text| of_vector(text));
    number("security-severity")
        .or_else(|| vector("cvssv4_vector"))
        .or_else(|| vector("cvssv3_vector"))
        .or_else(|| number("cvssv4_baseScore"))
        .or_else(|| number("cvssv3_baseScore"))
        .or_else(|| vector("cvssv2_vector"))
        .or_else(|| number("cvssv2_score"))
}

/// The message of a result, with its arguments put in.
fn message(result: &SarifResult, rule: Option<&Rule>) -> String {
    let Some(message) = &result.message else { return String::new() };
    let said = text_of(Some(message)).or_else(|| {
        let id = words(message.id.as_ref())?;
        text_of(rule?.message_strings.0.get(id))
    });
    let said = filled(&said.unwrap_or_default(), &message.arguments.0);
    plain(&cleaned(&said, LONGEST_PART))
}

/// The text with its arguments in the places of `{0}` and so on, as far as it is kept. In arguments no place is looked for.
fn filled(text: &str, arguments: &[Text]) -> String {
    let (mut filled, mut length, mut rest) = (String::new(), 0, text);
    while length <= LONGEST_PART
        && let Some((before, behind)) = rest.split_once('{')
    {
        let after = behind.trim_start_matches(|character: char| character.is_ascii_digit());
        let argument = || arguments.get(behind.get(..behind.len() - after.len())?.parse::<usize>().ok()?);
        let placed = after.strip_prefix('}').and_then(|after| Some((argument()?.0.as_str(), after)));
        let (piece, after) = placed.unwrap_or(("{", behind));
        length += before.chars().count() + piece.chars().count();
        filled.extend([before, piece]);
        rest = after;
    }
    filled.push_str(rest);
    filled
}

/// The text without links to other places of the document: `[this](1)` becomes `this`.
fn plain(text: &str) -> String {
    let (mut plain, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, behind)) = rest.split_once("](") {
        let target = behind.split_once(')').filter(|(target, _)| {
            !target.is_empty() && target.len() < 6 && target.chars().all(|digit| digit.is_ascii_digit())
        });
        if let (Some((_, after)), Some(open)) = (target, before.rfind('[')) {
            plain.push_str(&before[..open]);
            plain.push_str(&before[open + 1..]);
            rest = after;
        } else {
            plain.push_str(before);
            plain.push_str("](");
            rest = behind;
        }
    }
    plain.push_str(rest);
    plain
}

fn title(rule: Option<&Rule>, message: &str, name: &str) -> String {
    let short = rule.and_then(|rule| text_of(rule.short_description.as_ref()));
    let said = message.lines().map(str::trim).find(|line| !line.is_empty());
    let title = short.filter(|short| short != name).or_else(|| said.map(ToOwned::to_owned));
    let titled = one_line(&title.unwrap_or_default(), LONGEST_LINE);
    if titled.is_empty() { name.to_owned() } else { titled }
}

fn description(rule: Option<&Rule>, message: &str) -> String {
    let full = rule.and_then(|rule| text_of(rule.full_description.as_ref())).unwrap_or_default();
    let full = cleaned(&full, LONGEST_PART);
    match (message.is_empty(), full.is_empty() || message.contains(&full)) {
        (_, true) => message.to_owned(),
        (true, _) => full,
        (false, false) => format!("{message}\n\n{full}"),
    }
}

fn fix(result: &SarifResult, package: Option<&Package>, help: &str) -> String {
    let advice = result.fixes.0.first().and_then(|fix| text_of(fix.description.as_ref()));
    let update = package.filter(|package| !package.fixed_in.is_empty());
    let update = update.map(|package| format!("Update {} to {}.", package.name, package.fixed_in));
    let parts = [advice.or(update), Some(help.to_owned()).filter(|help| !help.is_empty())];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    cleaned(&parts.join("\n\n"), LONGEST_PART)
}

fn links(result: &SarifResult, rule: Option<&Rule>) -> Vec<String> {
    let of_rule = rule.and_then(|rule| words(rule.help_uri.as_ref()));
    let links = [of_rule, words(result.hosted_viewer_uri.as_ref())].into_iter().flatten();
    let mut links: Vec<String> = links.filter(|link| is_link(link)).map(ToOwned::to_owned).collect();
    links.dedup();
    links
}

fn location(run: &Run, result: &SarifResult) -> Option<Location> {
    let place = result.locations.0.first()?.physical_location.as_ref()?;
    let artifact = place.artifact_location.as_ref()?;
    let by_index = || {
        let index = usize::try_from(artifact.index?).ok()?;
        words(run.artifacts.get(index)?.location.as_ref()?.uri.as_ref())
    };
    let uri = words(artifact.uri.as_ref()).or_else(by_index)?;
    let path = uri.strip_prefix("file://").unwrap_or(uri);
    let line = place.region.as_ref().and_then(|region| region.start_line);
    let line = line.and_then(|line| u32::try_from(line).ok()).filter(|line| *line > 0);
    Some(Location { path: one_line(path, LONGEST_PATH), line }).filter(|location| !location.path.is_empty())
}

/// The package that it is about.
fn package(result: &SarifResult, rule: Option<&Rule>, message: &str, help: &str) -> Option<Package> {
    let logical = result.locations.0.first().and_then(|location| location.logical_locations.0.first());
    let purl = logical.and_then(|logical| words(logical.fully_qualified_name.as_ref()));
    let of_bag = |bag: &Bag| bag.purl.clone().or_else(|| bag.known.get("purl").cloned());
    let purl = purl.map(ToOwned::to_owned).filter(|purl| purl.starts_with("pkg:"));
    let purl = purl.or_else(|| of_bag(&result.properties)).or_else(|| of_bag(&rule?.properties));
    let labelled = |names: &[&str]| {
        let found = labelled(message, names).or_else(|| labelled(help, names));
        found.map(|value| one_line(value, LONGEST_LINE)).unwrap_or_default()
    };
    let (mut name, mut version) = purl.as_deref().and_then(of_purl).unwrap_or_default();
    if name.is_empty() {
        name = labelled(&["Package"]);
    }
    if version.is_empty() {
        version = labelled(&["Installed Version", "Version"]);
    }
    let fixed_in = labelled(&["Fixed Version", "Fix Version"]);
    Some(Package { name, version, fixed_in }).filter(|package| !package.name.is_empty())
}

/// The value of the first line `name: value`.
fn labelled<'a>(text: &'a str, names: &[&str]) -> Option<&'a str> {
    let value = |line: &'a str| {
        let (name, value) = line.split_once(": ")?;
        names.contains(&name.trim()).then(|| value.trim())
    };
    text.lines().find_map(value).filter(|value| !value.is_empty())
}

/// Name and version of a package address, for example `pkg:maven/org.apache.bcel/bcel@6.5.0`.
///
/// Source: the specification of package URLs: `scheme:type/namespace/name@version?qualifiers#subpath`.
fn of_purl(purl: &str) -> Option<(String, String)> {
    let (_, rest) = purl.strip_prefix("pkg:")?.split_once('/')?;
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (name, version) = rest.rsplit_once('@').filter(|(name, _)| !name.is_empty()).unwrap_or((rest, ""));
    let name = name.replace("%40", "@");
    Some((one_line(&name, LONGEST_LINE), one_line(version, LONGEST_LINE)))
}

/// The first advisory that one of the texts names.
fn advisory(texts: &[&str]) -> Option<String> {
    let part = |character: char| !character.is_ascii_alphanumeric() && character != '-';
    texts.iter().flat_map(|text| text.split(part)).find_map(|word| {
        let word = word.to_ascii_uppercase();
        let mut parts = word.split('-');
        let (kind, one, two) = (parts.next()?, parts.next()?, parts.next()?);
        let is_number = |text: &str, least: usize| {
            text.len() >= least && text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        match kind {
            "CVE" if is_number(one, 4) && is_number(two, 4) => Some(format!("CVE-{one}-{two}")),
            "GHSA" => {
                let three = parts.next()?;
                let fits = [one, two, three].iter().all(|part| part.len() == 4);
                let rest = format!("{one}-{two}-{three}").to_ascii_lowercase();
                fits.then(|| format!("GHSA-{rest}"))
            }
            _ => None,
        }
    })
}

fn fingerprint(
    result: &SarifResult,
    asset: &str,
    rule: &str,
    location: Option<&Location>,
    package: Option<&Package>,
    message: &str,
) -> String {
    let path = location.map_or("", |location| location.path.as_str());
    let whole = result.fingerprints.0.iter().filter(|(_, value)| value.as_str() != NO_FINGERPRINT);
    let partial = result.partial_fingerprints.0.iter().filter(|(name, _)| name.as_str() != UNSTABLE);
    let snippet = result.locations.0.first().and_then(|location| location.physical_location.as_ref());
    let snippet = snippet.and_then(|place| text_of(place.region.as_ref()?.snippet.as_ref()));
    let mut parts = vec![asset, rule];
    if whole.clone().next().is_some() {
        parts.push("whole");
        parts.extend(whole.flat_map(|(name, value)| [name.as_str(), value.as_str()]));
    } else if partial.clone().next().is_some() {
        parts.extend([path, "partial"]);
        parts.extend(partial.flat_map(|(name, value)| [name.as_str(), value.as_str()]));
    } else if let Some(package) = package {
        parts.extend([path, "package", package.name.as_str()]);
    } else {
        parts.extend([path, "text", snippet.as_deref().unwrap_or_default(), message]);
    }
    format!("sarif:{}", fixed(&parts))
}

/// The name of a repository in its address: without scheme, user and `.git`.
fn repository(address: &str) -> String {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = host.rsplit('@').next().unwrap_or_default();
    let whole = if path.is_empty() { host.to_owned() } else { format!("{host}/{path}") };
    let whole = whole.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    whole.strip_suffix(".git").unwrap_or(whole).to_owned()
}
