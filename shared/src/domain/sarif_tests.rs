use std::collections::BTreeSet;
use std::io::Read;

use super::sorting::{Sorted, Sorter, Upload};
use super::{Survey, each_result};
use crate::Result;
use crate::error::Kind;
use crate::finding::Severity;
use crate::finding::incoming::Incoming;
use crate::ids::ReportId;

const TRIVY: &str = include_str!("sarif/samples/trivy.sarif");
const GRYPE: &str = include_str!("sarif/samples/grype.sarif");
const SEMGREP: &str = include_str!("sarif/samples/semgrep.sarif");
const CODEQL: &str = include_str!("sarif/samples/codeql.sarif");
const ESLINT: &str = include_str!("sarif/samples/eslint.sarif");
const GITLEAKS: &str = include_str!("sarif/samples/gitleaks.sarif");
const DEPENDENCY_CHECK: &str = include_str!("sarif/samples/dependency-check.sarif");
const SPOTBUGS: &str = include_str!("sarif/samples/spotbugs.sarif");

fn upload(asset: Option<&str>) -> Upload {
    let report = ReportId::parse("r-1").unwrap();
    Upload { source: None, asset: asset.map(ToOwned::to_owned), report, full: true }
}

fn sort(document: &[u8], upload: Upload) -> Result<(Sorter, Vec<Sorted>)> {
    let mut sorter = Sorter::new(Survey::of(document)?, upload)?;
    let mut batches = Vec::new();
    each_result(document, |place, result| {
        batches.extend(sorter.add(place, &result));
        true
    })?;
    batches.extend(sorter.end());
    Ok((sorter, batches))
}

fn findings(document: &str) -> Vec<Incoming> {
    let (_, batches) = sort(document.as_bytes(), upload(Some("shop/api"))).unwrap();
    let findings: Vec<Incoming> =
        batches.into_iter().flat_map(|batch| batch.findings).map(|(_, incoming)| incoming).collect();
    let fingerprints: BTreeSet<&str> = findings.iter().map(|it| it.fingerprint.as_str()).collect();
    assert_eq!(fingerprints.len(), findings.len(), "each has a fingerprint of its own");
    findings
}

fn package(incoming: &Incoming) -> (&str, &str, &str) {
    let package = incoming.package.as_ref().unwrap();
    (&package.name, &package.version, &package.fixed_in)
}

/// The field and the words of the refusal of a document.
fn refused(document: &[u8]) -> (String, String) {
    let error = sort(document, upload(Some("a"))).unwrap_err();
    match error.kind() {
        Kind::Invalid { field } => (field.clone(), error.to_string()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn packages_of_trivy_stand_in_its_messages_and_severities_in_its_rules() {
    let found = findings(TRIVY);
    assert_eq!(found.len(), 3);
    assert_eq!(package(&found[0]), ("libcrypto9", "9.1.1c-r0", "9.1.1d-r0"));
    assert_eq!((found[0].severity, found[0].score), (Severity::Medium, Some(53)));
    assert_eq!((found[2].severity, found[2].score), (Severity::Critical, Some(98)));
    assert_eq!(found[0].title, "openssl: information disclosure in fork()");
    assert_eq!(found[0].advisory, "CVE-2039-1549");
    assert!(found[0].fix.starts_with("Update libcrypto9 to 9.1.1d-r0."), "{}", found[0].fix);
    assert_eq!(found[0].links, ["https://avd.example.com/nvd/cve-2039-1549"]);
    assert_eq!(found[0].location.as_ref().unwrap().path, "shop/base");
    let updated = TRIVY.replace("9.1.1c-r0", "9.1.1c-r7");
    let again: Vec<String> = findings(&updated).into_iter().map(|it| it.fingerprint).collect();
    let before: Vec<String> = found.into_iter().map(|it| it.fingerprint).collect();
    assert_eq!(again, before, "another version with the same advisory is the same finding");
}

#[test]
fn an_asset_that_the_caller_does_not_name_is_the_image_or_the_repository_without_its_password() {
    for (document, source, asset) in
        [(TRIVY, "Trivy", "registry.example.com/shop:1.2"), (CODEQL, "CodeQL", "github.example.com/shop/api")]
    {
        let (_, batches) = sort(document.as_bytes(), upload(None)).unwrap();
        assert_eq!((batches[0].source.as_str(), batches[0].part.asset.as_deref()), (source, Some(asset)));
        assert_eq!((batches[0].part.id.as_str(), batches[0].part.batches), ("r-1", Some(1)));
    }
    let error = sort(ESLINT.as_bytes(), upload(None)).unwrap_err();
    assert_eq!(*error.kind(), Kind::Invalid { field: "asset".to_owned() });
}

#[test]
fn package_addresses_name_packages() {
    let found = findings(GRYPE);
    assert_eq!(package(&found[0]), ("package-1", "1.1.1", "1.2.1,2.1.3"));
    assert_eq!(found[0].severity, Severity::Medium, "the score goes before the level");
    let found = findings(DEPENDENCY_CHECK);
    assert_eq!(package(&found[0]), ("org.apache.bcel/bcel", "6.5.0", ""));
    assert_eq!(found[0].score, Some(98));
    assert_eq!(package(&found[1]), ("@scope/lib", "1.0.0", ""));
    assert_eq!((found[1].advisory.as_str(), found[1].score), ("GHSA-abcd-ef12-gh34", Some(75)));
    assert_eq!(found[1].location, None);
}

#[test]
fn results_that_stand_before_their_rules_are_told_by_them_and_no_fingerprint_is_made_up() {
    let found = findings(SEMGREP);
    let severities: Vec<Severity> = found.iter().map(|it| it.severity).collect();
    assert_eq!(severities, [Severity::Medium, Severity::Medium, Severity::High, Severity::High]);
    assert!(found[0].description.ends_with("Put texts into a catalogue."));
    assert_eq!(found[0].fix, "", "the help says no more than the description");
    let moved = SEMGREP.replace("\"startLine\": 5", "\"startLine\": 6");
    let moved: Vec<String> = findings(&moved).into_iter().map(|it| it.fingerprint).collect();
    let before: Vec<String> = found.into_iter().map(|it| it.fingerprint).collect();
    assert_eq!(moved, before, "a line that moved is the same finding");
    assert!(before[3].ends_with("#2"), "the second that is alike is told by its number");
}

#[test]
fn rules_of_extensions_files_by_their_index_and_links_in_messages_are_followed() {
    let found = findings(CODEQL);
    assert_eq!(found[0].title, "SQL query built from user-controlled sources");
    assert_eq!((found[0].severity, found[0].score), (Severity::High, Some(88)));
    let location = found[0].location.as_ref().unwrap();
    assert_eq!((location.path.as_str(), location.line), ("app/db.py", Some(39)));
    assert!(
        found[0].description.starts_with("This SQL query depends on a user-provided value and another one.")
    );
    let moved = findings(&CODEQL.replace("\"4\"", "\"9\""));
    assert_eq!(moved[0].fingerprint, found[0].fingerprint, "the column is not a part of it");
    let (_, other) = sort(CODEQL.as_bytes(), upload(Some("other"))).unwrap();
    assert_ne!(other[0].findings[0].1.fingerprint, found[0].fingerprint, "each asset has its own");
}

#[test]
fn what_is_suppressed_is_no_finding_unless_that_is_undecided_or_was_rejected() {
    let (sorter, batches) = sort(ESLINT.as_bytes(), upload(Some("a"))).unwrap();
    assert_eq!(sorter.suppressed, 2);
    let lines: Vec<Option<u32>> =
        batches[0].findings.iter().map(|(_, it)| it.location.as_ref().unwrap().line).collect();
    assert_eq!(lines, [Some(19), Some(21), Some(22), Some(24)]);
    assert_eq!(batches[0].findings[0].1.location.as_ref().unwrap().path, "/home/x/app/App.tsx");
}

#[test]
fn two_secrets_of_one_commit_are_two_findings_and_nobodys_name_is_kept() {
    let found = findings(GITLEAKS);
    assert_eq!(found.len(), 2);
    let kept = format!("{found:?}");
    assert!(!kept.contains("example.com") && !kept.contains("Some One"), "{kept}");
}

#[test]
fn messages_of_rules_are_filled_in_and_what_is_no_failure_or_says_nothing_is_told_apart() {
    let (sorter, batches) = sort(SPOTBUGS.as_bytes(), upload(Some("a"))).unwrap();
    assert_eq!(sorter.not_failing, 2);
    let batch = &batches[0];
    let severities: Vec<Severity> = batch.findings.iter().map(|(_, it)| it.severity).collect();
    assert_eq!(severities, [Severity::Low, Severity::Info]);
    assert!(batch.findings[0].1.description.contains("Order.items() may expose Order.items."));
    assert!(batch.findings[0].1.links.is_empty());
    let refused: Vec<(u64, &str)> =
        batch.refused.iter().map(|refused| (refused.index, refused.field.as_str())).collect();
    assert_eq!(refused, [(4, "runs[0].results[4].message"), (5, "runs[0].results[5].level")]);
}

#[test]
fn a_malformed_document_is_refused_with_its_place() {
    let whole = |runs: &str| format!("{{\"version\":\"2.1.0\",\"runs\":{runs}}}");
    let run = |results: &str| {
        whole(&format!("[{{\"tool\":{{\"driver\":{{\"name\":\"x\"}}}},\"results\":{results}}}]"))
    };
    for (document, field, says) in [
        ("{\n  \"version\": \"2.1.0\",\n  \"runs\": [,]\n}".to_owned(), "body", "line 3 column 12"),
        (TRIVY[..TRIVY.len() - 4].to_owned(), "body", "EOF while parsing"),
        (whole("[]") + " x", "body", "trailing characters"),
        ("[]".to_owned(), "body", "a SARIF document"),
        ("{\"version\":\"2.1.0\"}".to_owned(), "body", "missing field `runs`"),
        ("{\"runs\":[]}".to_owned(), "version", "2.1.0"),
        (whole("[]").replace("2.1.0", "2.0.0"), "version", "2.1.0"),
        (whole("null"), "runs", "a list of runs"),
        (whole("[{},7]"), "runs[1]", "a run"),
        (whole("[{}]"), "runs[0].tool.driver.name", "scanner"),
        (run("{}"), "runs[0].results", "a list of results"),
        (run("[{\"message\":{\"text\":\"x\"}},{\"ruleId\":5}]"), "runs[0].results[1].ruleId", "a string"),
        (run("[{\"message\":\"x\"}]"), "runs[0].results[0].message", "invalid type"),
        (run("[[]]"), "runs[0].results[0]", "a result"),
        (run(&format!("[{}]", vec!["{}"; 20_001].join(","))), "runs[0].results", "at most 20000"),
        (whole(&format!("[{}]", vec!["{}"; 51].join(","))), "runs", "at most 50"),
        (
            run(&format!("[{{\"fingerprints\":{}1{}}}]", "{\"value\":".repeat(500), "}".repeat(500))),
            "body",
            "recursion",
        ),
    ] {
        let told = refused(document.as_bytes());
        let short: String = document.chars().take(90).collect();
        assert!(told.0.starts_with(field) && told.1.contains(says), "{short}: {told:?}");
    }
    assert_eq!(refused(b"\xff\xfe{}").0, "body");
}

#[test]
fn a_document_that_never_ends_is_cut_at_its_limit() {
    let begin = b"{\"version\":\"2.1.0\",\"x\":\"";
    let endless = begin.as_slice().chain(std::io::repeat(b'x'));
    assert_eq!(*Survey::of(endless).unwrap_err().kind(), Kind::TooLarge);
}

#[test]
fn many_results_become_batches_of_500_and_the_last_says_how_many() {
    let results: Vec<String> = (0..1001)
        .map(|it| format!("{{\"ruleId\":\"r\",\"message\":{{\"text\":\"finding {it}\"}}}}"))
        .collect();
    let document = format!(
        "{{\"runs\":[{{\"results\":[{}],\"tool\":{{\"driver\":{{\"name\":\"x\"}}}}}}],\"version\":\"2.1.0\"}}",
        results.join(",")
    );
    let (_, batches) = sort(document.as_bytes(), upload(Some("a"))).unwrap();
    let told: Vec<(usize, u32, Option<u32>)> =
        batches.iter().map(|it| (it.findings.len(), it.part.batch, it.part.batches)).collect();
    assert_eq!(told, [(500, 1, None), (500, 2, None), (1, 3, Some(3))]);
}

#[test]
fn findings_of_many_assets_are_given_away_before_they_fill_the_memory_and_none_is_lost() {
    let run = |asset: usize| {
        let result = |it| format!("{{\"ruleId\":\"r\",\"message\":{{\"text\":\"finding {it}\"}}}}");
        let results: Vec<String> = (0..90).map(result).collect();
        format!(
            "{{\"tool\":{{\"driver\":{{\"name\":\"x\"}}}},\"results\":[{}],\
             \"versionControlProvenance\":[{{\"repositoryUri\":\"https://a.example/{asset}\"}}]}}",
            results.join(",")
        )
    };
    let runs: Vec<String> = (0..40).map(run).collect();
    let document = format!("{{\"version\":\"2.1.0\",\"runs\":[{}]}}", runs.join(","));
    let mut sorter = Sorter::new(Survey::of(document.as_bytes()).unwrap(), upload(None)).unwrap();
    let (mut kept, mut most, mut batches) = (0, 0, Vec::new());
    each_result(document.as_bytes(), |place, result| {
        kept += 1;
        if let Some(batch) = sorter.add(place, &result) {
            kept -= batch.findings.len();
            batches.push(batch);
        }
        most = most.max(kept);
        true
    })
    .unwrap();
    batches.extend(sorter.end());
    assert!(most <= 1000, "{most}");
    assert_eq!(batches.iter().map(|batch| batch.findings.len()).sum::<usize>(), 3600);
    for asset in 0..40 {
        let asset = format!("a.example/{asset}");
        let mine = batches.iter().filter(|batch| batch.part.asset.as_deref() == Some(&asset));
        let parts: Vec<(u32, Option<u32>)> = mine.map(|it| (it.part.batch, it.part.batches)).collect();
        let count = u32::try_from(parts.len()).unwrap();
        let expected = (1..=count).map(|number| (number, (number == count).then_some(count)));
        assert!(count > 0 && parts.iter().copied().eq(expected), "{asset} {parts:?}");
    }
}

#[test]
fn rules_and_artifacts_count_together_whatever_run_and_extension_they_are_of() {
    let many = |count: usize| vec!["{}"; count].join(",");
    let tool = |driver: usize, extension: usize| {
        let extension = format!("{{\"rules\":[{}]}}", many(extension));
        let driver = format!("{{\"name\":\"x\",\"rules\":[{}]}}", many(driver));
        format!("{{\"tool\":{{\"driver\":{driver},\"extensions\":[{extension}]}},\"results\":[]}}")
    };
    let whole = |runs: &[String]| format!("{{\"version\":\"2.1.0\",\"runs\":[{}]}}", runs.join(","));
    assert!(Survey::of(whole(&[tool(9_000, 1_000), tool(9_000, 1_000)]).as_bytes()).is_ok());
    for (runs, field) in [
        (vec![tool(15_000, 5_001)], "runs[0].tool.extensions[0].rules"),
        (vec![tool(15_000, 0), tool(5_001, 0)], "runs[1].tool.driver.rules"),
    ] {
        let told = refused(whole(&runs).as_bytes());
        assert!(told.0.starts_with(field) && told.1.contains("at most 20000 rules"), "{told:?}");
    }
    let run = format!("{{\"artifacts\":[{}]}}", many(30_000));
    let survey = Survey::of(whole(&[run.clone(), run.clone(), run]).as_bytes()).unwrap();
    let kept: Vec<usize> = survey.runs.iter().map(|run| run.artifacts.len()).collect();
    assert_eq!(kept, [30_000, 20_000, 0]);
}

#[test]
fn arguments_are_put_in_once_and_only_as_far_as_a_message_is_kept() {
    let described = |text: &str, arguments: &[&str]| {
        let message = serde_json::json!({ "text": text, "arguments": arguments });
        let results = serde_json::json!([{ "ruleId": "r", "message": message }]);
        let tool = serde_json::json!({ "driver": { "name": "x" } });
        let document =
            serde_json::json!({ "version": "2.1.0", "runs": [{ "tool": tool, "results": results }] });
        findings(&document.to_string()).remove(0).description
    };
    assert_eq!(described("a {1} {0} {2} {x} {", &["{1}", "b"]), "a b {1} {2} {x} {");
    // Each of 1,333 places would hold 1,333 places of 4,000 characters: seven gigabytes.
    let long = described(&"{0}".repeat(1333), &[&"{1}".repeat(1333), &"x".repeat(4000)]);
    assert!(long.starts_with("{1}{1}") && long.chars().count() == 3900, "{long}");
}

#[test]
fn a_run_that_failed_or_did_not_look_proves_nothing_and_an_empty_one_does() {
    let run = |rest: &str| {
        format!("{{\"version\":\"2.1.0\",\"runs\":[{{\"tool\":{{\"driver\":{{\"name\":\"x\"}}}}{rest}}}]}}")
    };
    for (rest, refused) in [
        (",\"results\":[]", 0),
        ("", 1),
        (",\"results\":null", 1),
        (",\"results\":[],\"invocations\":[{\"executionSuccessful\":false}]", 1),
    ] {
        let (_, batches) = sort(run(rest).as_bytes(), upload(Some("a"))).unwrap();
        assert_eq!((batches.len(), batches[0].refused.len()), (1, refused), "{rest}");
    }
}

/// What real scanners wrote of a few lines of poor code: the file, its results, and how many of each severity they are,
/// from critical to info.
const SCANNED: [(&str, &str, [usize; 5]); 7] = [
    ("bandit", include_str!("sarif/samples/scanned/bandit.sarif"), [0, 2, 4, 4, 0]),
    ("checkov", include_str!("sarif/samples/scanned/checkov.sarif"), [0, 15, 0, 0, 0]),
    ("eslint", include_str!("sarif/samples/scanned/eslint.sarif"), [0, 2, 2, 0, 0]),
    ("flawfinder", include_str!("sarif/samples/scanned/flawfinder.sarif"), [0, 5, 1, 1, 0]),
    ("njsscan", include_str!("sarif/samples/scanned/njsscan.sarif"), [0, 0, 0, 0, 0]),
    ("ruff", include_str!("sarif/samples/scanned/ruff.sarif"), [0, 11, 0, 0, 0]),
    ("semgrep", include_str!("sarif/samples/scanned/semgrep.sarif"), [0, 1, 1, 0, 0]),
];

#[test]
fn what_real_scanners_wrote_becomes_findings_of_their_severities_and_places() {
    for (scanner, document, severities) in SCANNED {
        let findings = findings(document);
        let of = |severity: Severity| findings.iter().filter(|it| it.severity == severity).count();
        let counted =
            [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info].map(of);
        assert_eq!(counted, severities, "{scanner}");
        for finding in &findings {
            assert!(!finding.title.is_empty() && !finding.rule.is_empty(), "{scanner}: {finding:?}");
            let location = finding.location.as_ref().expect("a place in a file");
            assert!(!location.path.is_empty() && location.line.is_some(), "{scanner}: {location:?}");
        }
    }
}

/// Further files of scanners: `SARIF_DIR` names a folder of them.
#[test]
fn further_files_are_read_where_their_folder_is_named() {
    let Some(folder) = std::env::var_os("SARIF_DIR") else { return };
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let kind = path.extension().and_then(|kind| kind.to_str()).unwrap_or_default();
        if !matches!(kind, "sarif" | "json") {
            continue;
        }
        let document = std::fs::read(&path).unwrap();
        let (sorter, batches) =
            sort(&document, upload(Some("a"))).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let found: usize = batches.iter().map(|batch| batch.findings.len()).sum();
        let refused: Vec<_> = batches.iter().flat_map(|batch| &batch.refused).collect();
        count += 1;
        let name = path.file_name().unwrap().to_string_lossy();
        eprintln!("{name}: {found} findings, {} suppressed, refused {refused:?}", sorter.suppressed);
        if let Some((_, first)) = batches.first().and_then(|batch| batch.findings.first()) {
            eprintln!("    {first:?}");
        }
    }
    assert!(count > 0);
}
