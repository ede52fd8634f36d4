//! Prints Assay's figures beside their targets: `make bench`. Measured, never asserted: a figure is not a test.
//!
//! | module | measures |
//! |---|---|
//! | [`startup`] | each deployed binary: process start to first poll, resident memory, size of its archive; alone with `--startup` |
//! | [`work`] | calls to Jira, points, table operations, time and memory of a check run and of new tickets |
//! | [`life`] | calls to Jira and points of a task's life, in individual and in batch mode |
//! | [`planning`] | 10,000 tasks planned in memory |
//! | [`heard`] | a status change in Jira → its task is updated |
//! | [`ingesting`] | calls, points, table writes, time and memory of ingesting a directory and its activity, as it grows; alone with `--ingesting`, which adds 1,000,000 issues, or `--ingesting SIZE` |
//! | [`findings`] | calls, points and table writes of a report of 1,000 findings, of their tickets with six required fields, and of the same report again; alone, with the next, with `--findings` |
//! | [`pages`] | time in the function, calls to the table and bytes of each page of the console, at 10 and 10,000 rows; alone with `--pages` |
//! | [`sarif`] | bytes a second and memory of reading SARIF documents |
//! | [`random_life`] | ten thousand random steps of two-way sync, and what does not agree in the end; alone with `--life` |
//! | [`prices`] | what a use of AWS comes to in money, beside each figure |

#![expect(clippy::expect_used, reason = "a measurement that cannot be made ends the program")]

mod findings;
mod heard;
mod ingesting;
mod life;
mod pages;
mod planning;
mod prices;
mod random_life;
mod sarif;
mod startup;
mod table;
mod work;

use std::io::Write;

/// Writes a line of the report.
fn say(line: &str) {
    // A closed pipe ends the report, not the measuring.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [kind, rest @ ..] = arguments.as_slice()
        && kind == "--child"
    {
        work::child(rest).await;
        return;
    }
    if let [kind, name] = arguments.as_slice()
        && kind == "--plan"
    {
        planning::child(name);
        return;
    }
    if let [kind, rest @ ..] = arguments.as_slice()
        && kind == "--pages-of"
    {
        Box::pin(pages::child(rest)).await;
        return;
    }
    if let [kind, results, length] = arguments.as_slice()
        && kind == "--sarif"
    {
        sarif::child(results, length);
        return;
    }
    if arguments == ["--findings"] {
        Box::pin(findings::report()).await;
        sarif::report().await;
        return;
    }
    if arguments == ["--pages"] {
        Box::pin(pages::report()).await;
        return;
    }
    if arguments == ["--startup"] {
        startup::report().await;
        return;
    }
    if arguments == ["--life"] {
        Box::pin(random_life::report()).await;
        return;
    }
    if let [kind, sizes @ ..] = arguments.as_slice()
        && kind == "--ingesting"
    {
        let asked: Vec<u64> = sizes.iter().map(|size| size.parse().expect("a number of issues")).collect();
        let all = [ingesting::SIZES.as_slice(), &[ingesting::LARGEST]].concat();
        Box::pin(ingesting::report(if asked.is_empty() { &all } else { &asked })).await;
        return;
    }
    let build = if cfg!(debug_assertions) { " (a debug build: only the counts mean anything)" } else { "" };
    say(&format!("Assay, figures{build}\n"));
    startup::report().await;
    work::report().await;
    // Boxed, since they are deep trees of futures.
    Box::pin(life::report()).await;
    planning::report().await;
    Box::pin(ingesting::report(&ingesting::SIZES)).await;
    Box::pin(findings::report()).await;
    sarif::report().await;
    Box::pin(pages::report()).await;
    Box::pin(heard::report()).await;
    Box::pin(random_life::report()).await;
}
