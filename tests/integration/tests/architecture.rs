//! The direction of dependencies, read off the `use` lines and paths of the library.

#![expect(clippy::expect_used, reason = "what is not as expected fails the test")]

use std::path::{Path, PathBuf};

/// Layers from the bottom up, each with the modules of it and what it must not name.
const LAYERS: [(&str, &[&str]); 5] = [
    ("base", &["base"]),
    ("domain", &["domain"]),
    ("adapters", &["dynamodb", "jira", "github", "slack", "oidc", "http", "sqs", "secrets", "aws"]),
    ("operations", &["operations"]),
    ("wiring", &["wiring"]),
];

/// Types that only adapters (and what stands above them) may name.
const OUTSIDE: [&str; 7] =
    ["aws_sdk_", "aws_config", "aws_smithy", "reqwest::", "lambda_", "AttributeValue", "serde_dynamo"];

/// Short names by which `lib.rs` exports modules, with the layer of each.
fn layer_of(name: &str) -> Option<usize> {
    let base = ["clock", "config", "error", "ids", "random", "secret", "telemetry"];
    let domain = [
        "access",
        "check",
        "connection",
        "evidence",
        "idempotency",
        "oauth",
        "plan",
        "quota",
        "site",
        "sync_setting",
        "task",
        "ticket",
        "trace",
    ];
    if base.contains(&name) {
        return Some(0);
    }
    if domain.contains(&name) {
        return Some(1);
    }
    LAYERS.iter().position(|(_, modules)| modules.contains(&name))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the project's folder")
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder").filter_map(Result::ok) {
            let path = entry.path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The code of a file without comments and without its tests.
fn code(path: &Path) -> String {
    let text = std::fs::read_to_string(path).expect("a file");
    let before_tests = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
    before_tests.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn is_test_file(path: &Path) -> bool {
    let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
    name == "tests"
        || name.ends_with("_tests")
        || name == "scripted"
        || path.components().any(|part| part.as_os_str() == "tests")
}

/// What the file names of the library itself: the module after each `crate::`.
fn named_modules(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    for rest in code.split("crate::").skip(1) {
        let group = rest.strip_prefix('{').map(|group| group.split('}').next().unwrap_or_default());
        let parts: Vec<&str> = group.map_or_else(|| vec![rest], |group| group.split(',').collect());
        for part in parts {
            let name: String = part
                .trim_start()
                .chars()
                .take_while(|character| character.is_alphanumeric() || *character == '_')
                .collect();
            names.push(name);
        }
    }
    names
}

#[test]
fn each_layer_of_the_library_names_only_those_below_it() {
    let source = root().join("shared/src");
    let mut wrong = Vec::new();
    for path in rust_files(&source).into_iter().filter(|path| !is_test_file(path)) {
        let relative = path.strip_prefix(&source).expect("below the source");
        let top =
            relative.components().next().expect("a part").as_os_str().to_string_lossy().replace(".rs", "");
        let Some(layer) = LAYERS.iter().position(|(_, modules)| modules.contains(&top.as_str())) else {
            continue;
        };
        for name in named_modules(&code(&path)) {
            if layer_of(&name).is_some_and(|named| named > layer) {
                wrong.push(format!("{} names {name}", relative.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn base_and_domain_name_no_type_of_aws_http_or_lambda() {
    let source = root().join("shared/src");
    let mut wrong = Vec::new();
    for layer in ["base", "domain"] {
        for path in rust_files(&source.join(layer)) {
            let code = code(&path);
            wrong.extend(
                OUTSIDE
                    .iter()
                    .filter(|word| code.contains(**word))
                    .map(|word| format!("{}: {word}", path.display())),
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn attribute_values_and_key_strings_live_under_dynamodb_alone() {
    let mut wrong = Vec::new();
    for folder in ["shared/src", "functions"] {
        for path in rust_files(&root().join(folder)).into_iter().filter(|path| !is_test_file(path)) {
            let inside =
                path.components().any(|part| part.as_os_str() == "dynamodb") || path.ends_with("dynamodb.rs");
            let code = code(&path);
            if !inside
                && ["AttributeValue", "due_pk", "issue_pk", "serde_dynamo"]
                    .iter()
                    .any(|word| code.contains(word))
            {
                wrong.push(path.display().to_string());
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The one function that stands on another: the console shows what the API gives, and asks it in process.
const CONSOLE: (&str, &str) = ("console", "assay-api");

#[test]
fn functions_depend_on_the_library_and_not_on_each_other() {
    for entry in std::fs::read_dir(root().join("functions")).expect("functions").filter_map(Result::ok) {
        let Ok(manifest) = std::fs::read_to_string(entry.path().join("Cargo.toml")) else { continue };
        let dependencies = manifest
            .split("[dependencies]")
            .nth(1)
            .and_then(|rest| rest.split("\n[").next())
            .unwrap_or_default();
        let (console, api) = CONSOLE;
        let dependencies = if entry.file_name() == console {
            dependencies.replace(api, "")
        } else {
            dependencies.to_owned()
        };
        assert!(
            !dependencies.contains("assay-"),
            "{} depends on another crate of ours",
            entry.path().display()
        );
    }
}

/// Each crate's folder with its manifest.
fn crates() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for folder in ["shared", "functions", "tests"] {
        let folder = root().join(folder);
        let below =
            std::fs::read_dir(&folder).expect("a folder").filter_map(Result::ok).map(|entry| entry.path());
        for path in below.chain([folder.clone()]) {
            if let Ok(manifest) = std::fs::read_to_string(path.join("Cargo.toml")) {
                found.push((path, manifest));
            }
        }
    }
    found
}

/// Crates whose library has another name than they have.
const OTHERWISE_NAMED: [(&str, &str); 1] = [("dynoxide-rs", "dynoxide")];

/// The name by which code names a crate.
fn name_in_code(dependency: &str) -> String {
    let named = OTHERWISE_NAMED.iter().find(|(name, _)| *name == dependency).map(|(_, named)| *named);
    named.unwrap_or(dependency).replace('-', "_")
}

/// The names in a section of a manifest.
fn dependencies<'a>(manifest: &'a str, section: &str) -> Vec<&'a str> {
    let section = manifest.split(&format!("\n[{section}]\n")).nth(1).unwrap_or_default();
    let lines = section.lines().take_while(|line| !line.starts_with('['));
    lines.filter_map(|line| line.split(['.', ' ', '=']).next()).filter(|name| !name.is_empty()).collect()
}

/// A file's text, and that of the files of other folders that it takes in by `#[path = "…"]`.
fn with_what_it_takes_in(path: &Path) -> String {
    let own = std::fs::read_to_string(path).expect("a file");
    let folder = path.parent().expect("a folder");
    let others = own.split("#[path = \"").skip(1).filter_map(|rest| rest.split('"').next());
    let others: Vec<String> =
        others.filter_map(|other| std::fs::read_to_string(folder.join(other)).ok()).collect();
    own + &others.concat()
}

#[test]
fn a_crate_names_each_of_its_dependencies_in_its_code() {
    let mut unused = Vec::new();
    for (folder, manifest) in crates() {
        let read = |part: &str| -> String {
            let Ok(_) = std::fs::read_dir(folder.join(part)) else { return String::new() };
            let files = rust_files(&folder.join(part)).into_iter();
            files.map(|path| with_what_it_takes_in(&path)).collect()
        };
        let own = read("src");
        let all = own.clone() + &read("tests");
        // What only tests name belongs to the dependencies of tests, except in the crate that is nothing but tests.
        let own = if folder.ends_with("integration") { all.clone() } else { own };
        for (section, code) in [("dependencies", own), ("dev-dependencies", all)] {
            unused.extend(
                dependencies(&manifest, section)
                    .into_iter()
                    .filter(|name| !code.contains(&format!("{}::", name_in_code(name))))
                    .map(|name| format!("{}: {name}", folder.display())),
            );
        }
    }
    assert!(unused.is_empty(), "{unused:#?}");
}

#[test]
fn no_file_is_more_than_a_newcomer_can_hold() {
    let mut long = Vec::new();
    let tests = ["tests/browser", "tests/jira-sim/src", "tests/support/src", "tests/bench/src"];
    for folder in ["shared/src", "functions"].into_iter().chain(tests) {
        for path in rust_files(&root().join(folder)) {
            let lines = std::fs::read_to_string(&path).expect("a file").lines().count();
            if lines > 420 {
                long.push(format!("{} has {lines} lines", path.display()));
            }
        }
    }
    assert!(long.is_empty(), "these want to be two: {long:#?}");
}
