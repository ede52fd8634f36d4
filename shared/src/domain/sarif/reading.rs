//! Reading a document piece by piece.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufReader, Cursor, Read};

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::loose::{Bag, Counted, Few, Text, of_map};
use super::shapes::{Artifact, Component, Invocation, Provenance, Rule, SarifResult};
use super::tools::ToolSeed;
use super::{LONGEST_DOCUMENT, MOST_RESULTS, MOST_RULES, MOST_RUNS};
use crate::error::Kind;
use crate::{Error, Result};

/// How many artifacts of a document can be named by their index.
const MOST_ARTIFACTS: usize = 50_000;

/// Where a result stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Place {
    /// The run, from 0.
    pub run: usize,
    /// The result in the run, from 0.
    pub result: u64,
    /// The result in the document, from 0.
    pub of_all: u64,
}

/// What a document says beside its results.
#[derive(Debug, Default)]
pub struct Survey {
    /// Its runs.
    pub(super) runs: Vec<Run>,
    /// How many results it has.
    pub results: u64,
}

/// What a run says beside its results.
#[derive(Debug, Default)]
pub(super) struct Run {
    pub(super) driver: Component,
    pub(super) extensions: Vec<Component>,
    pub(super) artifacts: Vec<Artifact>,
    pub(super) repository: Option<String>,
    pub(super) image: Option<String>,
    pub(super) failed: bool,
    pub(super) has_results: bool,
    /// Rules by their id: the component (0 is the driver) and the place in it.
    pub(super) by_id: BTreeMap<String, (usize, usize)>,
}

impl Run {
    pub(super) fn component(&self, index: usize) -> Option<&Component> {
        if index == 0 { Some(&self.driver) } else { self.extensions.get(index - 1) }
    }

    pub(super) fn rule(&self, component: usize, index: usize) -> Option<&Rule> {
        self.component(component)?.rules.get(index)
    }

    fn index(&mut self) {
        let components = std::iter::once(&self.driver).chain(&self.extensions);
        for (component, it) in components.enumerate() {
            for (index, rule) in it.rules.iter().enumerate() {
                if let Some(Text(id)) = &rule.id {
                    self.by_id.entry(id.clone()).or_insert((component, index));
                }
            }
        }
    }
}

impl Survey {
    /// Reads a whole document, and keeps what results refer to.
    ///
    /// # Errors
    /// `Invalid`, naming the place, for what is no JSON or no SARIF 2.1.0; `TooLarge` beyond a limit.
    pub fn of(document: impl Read) -> Result<Self> {
        let mut survey = Self::default();
        let mut count = |_: Place, _: SarifResult| true;
        let version = read(document, &mut Walk::new(Some(&mut survey.runs), &mut count))?;
        if version.0.as_deref() != Some("2.1.0") {
            return Err(Error::invalid("version", "version must be 2.1.0: no other SARIF is read"));
        }
        survey.results = version.1;
        for run in &mut survey.runs {
            run.index();
        }
        Ok(survey)
    }
}

/// Gives each result of a document to `each`, until that says no more.
///
/// # Errors
/// As [`Survey::of`], which must have read the same document before.
pub fn each_result(document: impl Read, mut each: impl FnMut(Place, SarifResult) -> bool) -> Result<()> {
    let mut stopped = false;
    let mut give = |place: Place, result: SarifResult| {
        stopped = stopped || !each(place, result);
        !stopped
    };
    let outcome = read(document, &mut Walk::new(None, &mut give));
    if stopped { Ok(()) } else { outcome.map(|_| ()) }
}

/// The version and the number of results.
type Told = (Option<String>, u64);

fn read(document: impl Read, walk: &mut Walk<'_>) -> Result<Told> {
    let mut document = document;
    let begin = without_mark(&mut document).map_err(|cause| unreadable(&cause))?;
    let limited = Limited { inner: begin.chain(document), left: LONGEST_DOCUMENT };
    let mut json = serde_json::Deserializer::from_reader(BufReader::with_capacity(64 * 1024, limited));
    let mut track = serde_path_to_error::Track::new();
    let seed = DocumentSeed(walk);
    let told = seed.deserialize(serde_path_to_error::Deserializer::new(&mut json, &mut track));
    let told = told.map_err(|error| malformed(&track.path().to_string(), error))?;
    json.end().map_err(|error| malformed(".", error))?;
    Ok(told)
}

/// The first bytes, without the mark that some tools on Windows begin a file with.
fn without_mark(document: &mut impl Read) -> io::Result<Cursor<Vec<u8>>> {
    let mut first = Vec::new();
    document.by_ref().take(3).read_to_end(&mut first)?;
    if first == b"\xef\xbb\xbf" {
        first.clear();
    }
    Ok(Cursor::new(first))
}

/// A reader that fails behind a limit, where [`Read::take`] would end.
struct Limited<R> {
    inner: R,
    left: u64,
}

#[derive(Debug, thiserror::Error)]
#[error("too long")]
struct TooLong;

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(count as u64).ok_or_else(|| io::Error::other(TooLong))?;
        Ok(count)
    }
}

fn malformed(path: &str, error: serde_json::Error) -> Error {
    if error.is_io() {
        return unreadable(&io::Error::from(error));
    }
    let field = if matches!(path, "." | "?") || error.is_syntax() || error.is_eof() { "body" } else { path };
    Error::invalid(field, format!("{error}; SARIF 2.1.0 is read"))
}

fn unreadable(cause: &io::Error) -> Error {
    if cause.get_ref().and_then(|inner| inner.downcast_ref::<TooLong>()).is_some() {
        let message = format!("the document is larger than {LONGEST_DOCUMENT} bytes when it is unpacked");
        return Error::new(Kind::TooLarge, message);
    }
    Error::invalid(
        "body",
        "the body is not whole, or is not packed with gzip as its header says; send it again",
    )
}

struct Walk<'a> {
    /// Where to keep what results refer to; nowhere if that was done.
    runs: Option<&'a mut Vec<Run>>,
    each: &'a mut dyn FnMut(Place, SarifResult) -> bool,
    of_all: u64,
    /// How many rules, and how many artifacts, the document may still have.
    left: (usize, usize),
}

impl<'a> Walk<'a> {
    fn new(runs: Option<&'a mut Vec<Run>>, each: &'a mut dyn FnMut(Place, SarifResult) -> bool) -> Self {
        Self { runs, each, of_all: 0, left: (MOST_RULES, MOST_ARTIFACTS) }
    }
}

/// The whole document.
struct DocumentSeed<'a, 'w>(&'a mut Walk<'w>);

impl<'de> DeserializeSeed<'de> for DocumentSeed<'_, '_> {
    type Value = Told;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Told, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for DocumentSeed<'_, '_> {
    type Value = Told;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a SARIF document")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Told, A::Error> {
        let (mut version, mut has_runs) = (None, false);
        while let Some(Text(key)) = map.next_key()? {
            match key.as_str() {
                "version" => version = Some(map.next_value::<Text>()?.0),
                "runs" if has_runs => return Err(A::Error::custom("`runs` stands there twice")),
                "runs" => {
                    has_runs = true;
                    map.next_value_seed(RunsSeed(self.0))?;
                }
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        if !has_runs {
            return Err(A::Error::missing_field("runs"));
        }
        Ok((version, self.0.of_all))
    }
}

/// The list of runs.
struct RunsSeed<'a, 'w>(&'a mut Walk<'w>);

impl<'de> DeserializeSeed<'de> for RunsSeed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for RunsSeed<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of runs")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut number = 0;
        while let Some(run) = list.next_element_seed(RunSeed { walk: &mut *self.0, number })? {
            number += 1;
            if number > MOST_RUNS {
                return Err(A::Error::custom(format!("at most {MOST_RUNS} runs are read")));
            }
            if let Some(runs) = self.0.runs.as_mut() {
                runs.push(run);
            }
        }
        Ok(())
    }
}

/// One run.
struct RunSeed<'a, 'w> {
    walk: &'a mut Walk<'w>,
    number: usize,
}

impl<'de> DeserializeSeed<'de> for RunSeed<'_, '_> {
    type Value = Run;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Run, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for RunSeed<'_, '_> {
    type Value = Run;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a run")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Run, A::Error> {
        let mut run = Run::default();
        let keeps = self.walk.runs.is_some();
        while let Some(Text(key)) = map.next_key()? {
            match key.as_str() {
                "results" if run.has_results => return Err(A::Error::custom("`results` stands there twice")),
                "results" => {
                    let seed = ResultsSeed { walk: &mut *self.walk, run: self.number };
                    run.has_results = map.next_value_seed(seed)?;
                }
                "tool" if keeps => {
                    let tool = map.next_value_seed(ToolSeed(&mut self.walk.left.0))?;
                    (run.driver, run.extensions) = (tool.driver, tool.extensions);
                }
                "artifacts" if keeps => {
                    run.artifacts = map.next_value_seed(Counted::new(&mut self.walk.left.1, None))?;
                }
                "versionControlProvenance" if keeps => {
                    let first = map.next_value::<Few<Provenance, 1>>()?.0.pop();
                    run.repository = first.and_then(|first| Some(first.repository_uri?.0));
                }
                "invocations" if keeps => {
                    let invocations = map.next_value::<Few<Invocation, 100>>()?.0;
                    run.failed = invocations.iter().any(|it| it.execution_successful == Some(false));
                }
                "properties" if keeps => {
                    run.image = map.next_value::<Bag>()?.known.remove("imageName");
                }
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(run)
    }
}

/// The results of a run: whether there is a list of them.
struct ResultsSeed<'a, 'w> {
    walk: &'a mut Walk<'w>,
    run: usize,
}

impl<'de> DeserializeSeed<'de> for ResultsSeed<'_, '_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ResultsSeed<'_, '_> {
    type Value = bool;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of results")
    }

    /// Results that are null were not looked for.
    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<bool, A::Error> {
        let mut number = 0;
        while let Some(OneResult(result)) = list.next_element()? {
            let place = Place { run: self.run, result: number, of_all: self.walk.of_all };
            number += 1;
            self.walk.of_all += 1;
            if self.walk.of_all > MOST_RESULTS {
                let message = format!("at most {MOST_RESULTS} results are read; send the document in parts");
                return Err(A::Error::custom(message));
            }
            if !(self.walk.each)(place, result) {
                return Err(A::Error::custom("no more results are wanted"));
            }
        }
        Ok(true)
    }
}

/// One result, which must be an object.
struct OneResult(SarifResult);

impl<'de> Deserialize<'de> for OneResult {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ResultVisitor).map(Self)
    }
}

struct ResultVisitor;

impl<'de> Visitor<'de> for ResultVisitor {
    type Value = SarifResult;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a result")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<SarifResult, A::Error> {
        of_map(map)
    }
}
