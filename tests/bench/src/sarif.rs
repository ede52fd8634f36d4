//! How SARIF documents are read: the whole of one is checked, then its results come out as findings, batch by batch. The
//! table and Jira have no part in it.
//!
//! Each row is a process of its own, so that its memory is that of the reading. The documents are written while they are
//! read and never in memory as a whole; what is received as a body is, besides, at most 6 MB, packed.
//!
//! A document has [`RULES`] rules with a page of help each. Its results name a file, a region with the line of code, and
//! fingerprints, as those of `CodeQL` and Semgrep do; the long ones have a code flow, too, which no finding has use for.

use std::io::{Cursor, Read};
use std::time::Instant;

use assay::ids::ReportId;
use assay::sarif::sorting::{Sorter, Upload};
use assay::sarif::{MOST_RESULTS, Survey, each_result};

use crate::work::as_float;
use crate::{planning, say, startup, table};

/// Rules of a document.
const RULES: u64 = 200;

/// Steps of the code flow of a long result.
const STEPS: u64 = 6;

/// The quickest of so many times counts.
const TIMES: usize = 3;

/// What is read: results, and whether they are long ones. More than fit into one document are several, one after another.
const KINDS: [(u64, bool); 4] = [(2_000, false), (20_000, false), (20_000, true), (50_000, false)];

/// Measures and prints.
pub async fn report() {
    let mut rows = Vec::new();
    for (results, long) in KINDS {
        let length = if long { "long" } else { "short" };
        let told = planning::told_by_child(&["--sarif", &results.to_string(), length]).await;
        let figure = |what: &str| told.get(what).copied().unwrap_or(f64::NAN);
        let megabytes = figure("bytes") / 1e6;
        let both = figure("check") + figure("tell");
        rows.push(vec![
            format!("{results}, {length}"),
            format!("{:.0}", figure("documents")),
            format!("{megabytes:.1} MB"),
            format!("{:.0}", figure("findings")),
            format!("{:.0}", figure("batches")),
            format!("{:.0} MB/s", megabytes / figure("check")),
            format!("{:.0} MB/s", megabytes / figure("tell")),
            format!("{:.0} MB/s", megabytes / both),
            format!("{:.0}", as_float(results) / both),
            format!("{:.1} MiB", figure("before_kib") / 1024.0),
            format!("{:.1} MiB", figure("peak_kib") / 1024.0),
        ]);
    }
    let heads = [
        "results",
        "documents",
        "size",
        "findings",
        "batches",
        "checked",
        "told as findings",
        "both",
        "results a second",
        "memory before",
        "peak memory of the process",
    ];
    let title = format!("SARIF documents, of at most {MOST_RESULTS} results each, read on one core");
    table::print(&title, &heads, &rows);
}

/// What came of reading.
#[derive(Default)]
struct Came {
    bytes: u64,
    findings: u64,
    batches: u64,
    /// Seconds for checking, and for telling.
    check: f64,
    tell: f64,
}

/// The process that reads so many results, and tells of it.
pub fn child(results: &str, length: &str) {
    let results: u64 = results.parse().expect("a number of results");
    let before = most_memory();
    let long = length == "long";
    let mut best: Option<Came> = None;
    for _ in 0..TIMES {
        let mut came = Came::default();
        let mut from = 0;
        while from < results {
            let to = results.min(from + MOST_RESULTS);
            read(from, to, long, &mut came);
            from = to;
        }
        if best.as_ref().is_none_or(|best| came.check + came.tell < best.check + best.tell) {
            best = Some(came);
        }
    }
    let came = best.expect("it was read");
    say(&format!("documents={}\nbytes={}", results.div_ceil(MOST_RESULTS), came.bytes));
    say(&format!("findings={}\nbatches={}", came.findings, came.batches));
    say(&format!("check={}\ntell={}", came.check, came.tell));
    say(&format!("before_kib={before}\npeak_kib={}", most_memory()));
}

/// The most memory that this process had so far, in KiB.
fn most_memory() -> u32 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    startup::field(&status, "VmHWM:").unwrap_or_default()
}

/// Reads one document twice, as [`assay::operations::findings`] does.
fn read(from: u64, to: u64, long: bool, came: &mut Came) {
    let mut document = Document::new(from, to, long);
    let begun = Instant::now();
    let survey = Survey::of(&mut document).expect("the document is well formed");
    came.check += begun.elapsed().as_secs_f64();
    came.bytes += document.given;
    assert_eq!(survey.results, to - from, "results were lost");
    let report = ReportId::parse("nightly").expect("an id");
    let upload = Upload { source: None, asset: None, report, full: true };
    let mut sorter = Sorter::new(survey, upload).expect("the document says what it is about");
    let mut take = |batch: assay::sarif::sorting::Sorted| {
        assert!(batch.refused.is_empty(), "{:?}", batch.refused.first());
        came.batches += 1;
        came.findings += batch.findings.len() as u64;
    };
    let begun = Instant::now();
    each_result(Document::new(from, to, long), |place, result| {
        if let Some(batch) = sorter.add(place, &result) {
            take(batch);
        }
        true
    })
    .expect("the document is well formed");
    sorter.end().into_iter().for_each(&mut take);
    came.tell += begun.elapsed().as_secs_f64();
}

/// A document that is written while it is read: its head, its results and its end.
struct Document {
    piece: Cursor<Vec<u8>>,
    next: u64,
    to: u64,
    long: bool,
    ended: bool,
    /// Bytes that were read so far.
    given: u64,
}

impl Document {
    /// The document with the results from one number to before another.
    fn new(from: u64, to: u64, long: bool) -> Self {
        let rules: Vec<String> = (0..RULES).map(rule).collect();
        let head = format!(
            r#"{{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[{{"tool":{{"driver":{{"name":"CodeQL","semanticVersion":"2.20.0","rules":[{}]}}}},"versionControlProvenance":[{{"repositoryUri":"https://github.com/example/shop","revisionId":"9e356ea"}}],"results":["#,
            rules.join(",")
        );
        Self { piece: Cursor::new(head.into_bytes()), next: from, to, long, ended: false, given: 0 }
    }
}

impl Read for Document {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        loop {
            let count = self.piece.read(buffer)?;
            if count > 0 || self.ended {
                self.given += count as u64;
                return Ok(count);
            }
            let piece = if self.next < self.to {
                let mut piece = result(self.next, self.long);
                self.next += 1;
                if self.next < self.to {
                    piece.push(',');
                }
                piece
            } else {
                self.ended = true;
                "]}]}".to_owned()
            };
            self.piece = Cursor::new(piece.into_bytes());
        }
    }
}

fn rule(number: u64) -> String {
    let help =
        "Data from a request reaches a query without being checked or escaped. Use parameters. ".repeat(12);
    let score = number % 90 + 10;
    format!(
        r#"{{"id":"java/rule-{number}","name":"java/rule-{number}","shortDescription":{{"text":"Query number {number} built from user-controlled sources"}},"fullDescription":{{"text":"Building a query from user-controlled sources is vulnerable to the insertion of code by the user."}},"defaultConfiguration":{{"enabled":true,"level":"error"}},"help":{{"text":"{help}","markdown":"{help}"}},"helpUri":"https://codeql.example.com/java/rule-{number}","properties":{{"tags":["security","external/cwe/cwe-089"],"kind":"path-problem","precision":"high","security-severity":"{}.{}"}}}}"#,
        score / 10,
        score % 10
    )
}

fn result(number: u64, long: bool) -> String {
    let (rule, line) = (number % RULES, number % 900 + 1);
    let location = |line: u64| {
        format!(
            r#"{{"physicalLocation":{{"artifactLocation":{{"uri":"src/main/java/com/example/shop/module{}/Service{}.java","uriBaseId":"%SRCROOT%"}},"region":{{"startLine":{line},"startColumn":9,"endColumn":74,"snippet":{{"text":"        statement.execute(\"select * from orders where id = \" + id{line});\n"}}}}}},"message":{{"text":"id{line} : String"}}}}"#,
            number % 97,
            number % 1013
        )
    };
    let flows = if long {
        let steps: Vec<String> =
            (0..STEPS).map(|step| format!(r#"{{"location":{}}}"#, location(line + step))).collect();
        format!(r#","codeFlows":[{{"threadFlows":[{{"locations":[{}]}}]}}]"#, steps.join(","))
    } else {
        String::new()
    };
    format!(
        r#"{{"ruleId":"java/rule-{rule}","ruleIndex":{rule},"rule":{{"id":"java/rule-{rule}","index":{rule}}},"level":"error","message":{{"text":"This query depends on a [user-provided value](1), which reaches it in call {number} without being escaped."}},"locations":[{}],"partialFingerprints":{{"primaryLocationLineHash":"{:016x}:1","primaryLocationStartColumnFingerprint":"4"}}{flows},"properties":{{"precision":"high"}}}}"#,
        location(line),
        number.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    )
}
