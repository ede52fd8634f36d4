//! Atlassian's document: its operations, and validators made from its schemas when they are first needed.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use jsonschema::{Draft, Validator};
use serde_json::Value;

use super::{tolerated, translate::translated};
use crate::{call::Query, operation::Described};

/// Read once per process: it has two megabytes, and every test has a simulator of its own.
static LOADED: Mutex<Vec<(PathBuf, Arc<Document>)>> = Mutex::new(Vec::new());

const MOST_PROBLEMS: usize = 5;

/// A validator, or why there is none.
type Compiled = Result<Arc<Validator>, String>;

#[derive(Debug)]
pub(crate) struct Document {
    root: Value,
    /// What its paths begin with that those of operations leave out.
    prefix: &'static str,
    /// By operation and part.
    validators: Mutex<HashMap<String, Compiled>>,
}

impl Document {
    pub(crate) fn load(file: &Path, prefix: &'static str) -> Result<Arc<Self>, String> {
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, document)) = loaded.iter().find(|(known, _)| known == file) {
            return Ok(Arc::clone(document));
        }
        let name = file.display();
        let text = std::fs::read(file).map_err(|error| format!("{name} cannot be read: {error}"))?;
        let root = serde_json::from_slice(&text).map_err(|error| format!("{name} is not JSON: {error}"))?;
        let document = Arc::new(Self { root, prefix, validators: Mutex::default() });
        loaded.push((file.to_owned(), Arc::clone(&document)));
        Ok(document)
    }

    /// The description of an operation, if the document has it under the same path and method, and the same id where it
    /// gives one.
    pub(crate) fn operation(&self, operation: Described) -> Option<&Value> {
        let path = format!("{}{}", self.prefix, operation.path);
        let described = &self.root["paths"][path.as_str()][operation.method.to_ascii_lowercase().as_str()];
        let id = &described["operationId"];
        (described.is_object() && (id.is_null() || id == operation.id)).then_some(described)
    }

    /// Unknown, missing and wrongly typed query parameters.
    pub(crate) fn query_problems(&self, described: &Value, query: &Query) -> Vec<String> {
        let parameters: Vec<&Value> = described["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|parameter| self.parameter(parameter))
            .filter(|parameter| parameter["in"] == "query")
            .collect();
        let mut problems = Vec::new();
        for (name, value) in &query.0 {
            let Some(parameter) = parameters.iter().find(|parameter| parameter["name"] == name.as_str())
            else {
                problems.push(format!("query parameter '{name}' is unknown"));
                continue;
            };
            let fits = match parameter["schema"]["type"].as_str() {
                Some("integer") => value.parse::<i64>().is_ok(),
                Some("boolean") => value == "true" || value == "false",
                _ => true,
            };
            if !fits {
                problems.push(format!("query parameter '{name}' has the wrong type: {value}"));
            }
        }
        for parameter in parameters.iter().filter(|parameter| parameter["required"] == true) {
            let name = parameter["name"].as_str().unwrap_or_default();
            if query.get(name).is_none() {
                problems.push(format!("query parameter '{name}' is required"));
            }
        }
        problems
    }

    /// A parameter, or the one that it refers to.
    fn parameter<'a>(&'a self, parameter: &'a Value) -> &'a Value {
        let name = parameter["$ref"].as_str().and_then(|text| text.rsplit('/').next());
        name.map_or(parameter, |name| &self.root["components"]["parameters"][name])
    }

    /// What is wrong with a request's body.
    pub(crate) fn request_problems(
        &self,
        operation: Described,
        described: &Value,
        body: &[u8],
    ) -> Vec<String> {
        let request = &described["requestBody"];
        if request.is_null() {
            return if body.is_empty() {
                Vec::new()
            } else {
                vec!["this operation takes no body".to_owned()]
            };
        }
        if body.is_empty() {
            let required = request["required"] == true;
            return if required { vec!["a body is required".to_owned()] } else { Vec::new() };
        }
        match serde_json::from_slice(body) {
            Ok(body) => {
                let schema = &request["content"]["application/json"]["schema"];
                self.body_problems(operation, "request", schema, &body)
            }
            Err(error) => vec![format!("the body is not JSON: {error}")],
        }
    }

    /// What is wrong with a body, beside what is tolerated.
    pub(crate) fn body_problems(
        &self,
        operation: Described,
        part: &str,
        schema: &Value,
        body: &Value,
    ) -> Vec<String> {
        let key = format!("{} {part}", operation.id);
        let validator = match self.validator(&key, schema) {
            Ok(validator) => validator,
            Err(problem) => return vec![problem],
        };
        let problems =
            validator.iter_errors(body).map(|error| (error.instance_path().to_string(), error.to_string()));
        problems
            .filter(|(place, problem)| !tolerated::problem(operation.id, place, problem))
            .map(|(place, problem)| format!("{part} at '{place}': {problem}"))
            .take(MOST_PROBLEMS)
            .collect()
    }

    fn validator(&self, key: &str, schema: &Value) -> Compiled {
        let mut validators = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = validators.get(key) {
            return known.clone();
        }
        let whole = translated(schema, &self.root["components"]["schemas"]);
        let compiled = jsonschema::options()
            .with_draft(Draft::Draft7)
            .should_validate_formats(true)
            .build(&whole)
            .map(Arc::new)
            .map_err(|error| format!("the document's schema of '{key}' cannot be used: {error}"));
        validators.insert(key.to_owned(), compiled.clone());
        compiled
    }
}
