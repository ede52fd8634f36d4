//! Templates: typed text in which `{{finding.title}}` and the like stand for what Assay knows.
//!
//! Reads [`Facts`]; decides the text; writes nothing. Next comes [`super::convert`].
//!
//! A template is data of one tenant and is rendered in a function that serves all, so it can do little: it sees the scalars of one
//! finding, has a few filters, `if`, and no other statement. There is no loop, no assignment and no multiplication in it, it
//! takes so many steps and no more, and its text ends where no field could hold more.

use std::collections::BTreeMap;

use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, filters};

use super::AssayField;
use super::facts::{Fact, Facts};

/// The longest template, in characters.
pub const LONGEST: usize = 4_000;

/// How many steps the rendering of one takes, at most.
const FUEL: u64 = 20_000;

/// The longest text that is made, in bytes: four times what a field of Jira's holds in characters. The rest is left out.
const MOST_BYTES: usize = 4 * super::value::LONGEST_TEXT;

/// The statements that may be used.
const STATEMENTS: [&str; 4] = ["if", "elif", "else", "endif"];

/// The filters that may be used.
const FILTERS: [&str; 11] = [
    "upper",
    "lower",
    "capitalize",
    "title",
    "trim",
    "default",
    "length",
    "round",
    "int",
    "float",
    "truncate",
];

/// Whether the text says the same for every finding.
pub fn is_fixed(text: &str) -> bool {
    !["{{", "{%", "{#"].iter().any(|mark| text.contains(mark))
}

/// Checks that the text is a template that may be used and names nothing that is not there.
///
/// # Errors
/// What is wrong with it and what to do.
pub fn check(text: &str) -> Result<(), String> {
    if text.chars().count() > LONGEST {
        return Err(format!("the text is longer than {LONGEST} characters"));
    }
    refuse_costly(text)?;
    let environment = environment();
    let template = environment.template_from_str(text).map_err(|error| explain(&error))?;
    let there = AssayField::ALL.map(|field| format!("finding.{}", field.word()));
    let mut unknown: Vec<String> =
        template.undeclared_variables(true).into_iter().filter(|name| !there.contains(name)).collect();
    unknown.sort();
    match unknown.first() {
        None => Ok(()),
        Some(name) => {
            Err(format!("the text names {name}, which is not there; there are {}", there.join(", ")))
        }
    }
}

/// The text for what is known.
///
/// # Errors
/// Why it could not be rendered.
pub fn render(text: &str, facts: &Facts) -> Result<String, String> {
    if is_fixed(text) {
        return Ok(text.to_owned());
    }
    refuse_costly(text)?;
    let environment = environment();
    let template = environment.template_from_str(text).map_err(|error| explain(&error))?;
    let finding: BTreeMap<&'static str, Value> =
        AssayField::ALL.into_iter().map(|field| (field.word(), value(facts.get(field)))).collect();
    let context = BTreeMap::from([("finding", Value::from(finding))]);
    let mut made = Short::default();
    let rendered = template.render_captured_to(Value::from(context), &mut made).map(drop);
    match rendered {
        Err(error) if !made.is_full => Err(explain(&error)),
        Ok(()) | Err(_) => Ok(String::from_utf8_lossy(&made.bytes).into_owned()),
    }
}

/// Takes as much text as any field could hold, and no more.
#[derive(Default)]
struct Short {
    bytes: Vec<u8>,
    is_full: bool,
}

impl std::io::Write for Short {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        let room = MOST_BYTES.saturating_sub(self.bytes.len());
        self.bytes.extend_from_slice(&text[..text.len().min(room)]);
        if text.len() > room {
            self.is_full = true;
            return Err(std::io::ErrorKind::StorageFull.into());
        }
        Ok(text.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn environment<'a>() -> Environment<'a> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(32);
    environment.add_filter("upper", filters::upper);
    environment.add_filter("lower", filters::lower);
    environment.add_filter("capitalize", filters::capitalize);
    environment.add_filter("title", filters::title);
    environment.add_filter("trim", filters::trim);
    environment.add_filter("default", default);
    environment.add_filter("length", filters::length);
    environment.add_filter("round", filters::round);
    environment.add_filter("int", filters::int);
    environment.add_filter("float", filters::float);
    environment.add_filter("truncate", truncate);
    environment
}

/// The first `longest` characters.
fn truncate(text: &str, longest: usize) -> String {
    text.chars().take(longest).collect()
}

/// The value, or another one where nothing is known: unlike the engine's own, of what is empty too.
fn default(value: &Value, other: &Value) -> Value {
    if value.is_true() || value.is_number() { value.clone() } else { other.clone() }
}

/// Refuses statements beside `if`, multiplication, and filters that are not there, in branches that are never taken too. A piece counts as code from a mark that opens it up to the last one
/// that closes it before the next opens: more than the engine takes as code, never less.
fn refuse_costly(text: &str) -> Result<(), String> {
    let mut rest = text;
    while let Some(place) = rest.find("{{").into_iter().chain(rest.find("{%")).min() {
        let (is_statement, code) = (rest[place..].starts_with("{%"), &rest[place + 2..]);
        let next = code.find("{{").into_iter().chain(code.find("{%")).min().unwrap_or(code.len());
        let piece = &code[..next];
        let end = piece.rfind("}}").into_iter().chain(piece.rfind("%}")).max().unwrap_or(piece.len());
        let piece = &piece[..end];
        if is_statement {
            let word = piece.trim_start_matches(['-', '+']).trim_start();
            let word: String = word.chars().take_while(char::is_ascii_alphanumeric).collect();
            if !STATEMENTS.contains(&word.as_str()) {
                return Err(format!(
                    "the text has the statement {word:?}; only if, elif, else and endif may be used"
                ));
            }
        }
        if piece.contains('*') {
            return Err("the text multiplies, which is not possible in it; leave `*` out of {{ }}".to_owned());
        }
        for filter in piece.split('|').skip(1) {
            let name = filter.trim_start();
            let name =
                &name[..name.find(|it: char| !it.is_alphanumeric() && it != '_').unwrap_or(name.len())];
            if !FILTERS.contains(&name) {
                let there = FILTERS.join(", ");
                return Err(format!(
                    "the text has the filter {name:?}, which is not there; there are {there}"
                ));
            }
        }
        rest = &code[next..];
    }
    Ok(())
}

/// What is known as templates see it: empty text where nothing is.
fn value(fact: &Fact) -> Value {
    match fact {
        Fact::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Value::from(whole),
            (None, Some(number)) => Value::from(number),
            (None, None) => Value::from(""),
        },
        fact @ (Fact::Nothing | Fact::Text(_) | Fact::Severity(_) | Fact::Moment(_) | Fact::Day(_)) => {
            Value::from(fact.text())
        }
    }
}

/// The engine's words, without the place in a source that has no name.
fn explain(error: &minijinja::Error) -> String {
    let line = error.line().map_or(String::new(), |line| format!(" in line {line}"));
    let what = match error.kind() {
        minijinja::ErrorKind::OutOfFuel => "it takes too many steps".to_owned(),
        kind => error.detail().map_or_else(|| kind.to_string(), str::to_owned),
    };
    format!("the text cannot be used as a template{line}: {what}")
}

#[cfg(test)]
#[path = "template_tests.rs"]
mod tests;
