//! What axe-core finds about accessibility, by all of its rules.
//!
//! The library is the unchanged file of the npm package `axe-core`, with its licence beside it.

use serde::Deserialize;

use crate::tab::Tab;

const AXE: &str = include_str!("../axe/axe.min.js");

/// Rules on one page: nothing is fetched anew, and only what is wrong is told in full.
const RUN: &str = "axe.run(document, { resultTypes: ['violations'], preload: false }).then((found) => found.violations.map((it) => ({ id: it.id, impact: it.impact, help: it.help, nodes: it.nodes.map((node) => ({ target: node.target.join(' '), summary: node.failureSummary })) })))";

#[derive(Deserialize)]
struct Violation {
    id: String,
    impact: Option<String>,
    help: String,
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    target: String,
    summary: String,
}

impl Tab {
    /// Each violation at each place: rule, impact, selector, and what would mend it.
    pub async fn violations(&self) -> Vec<String> {
        let found: Vec<Violation> = self
            .with_scripts(async |tab| {
                if !tab.evaluate::<bool>("typeof axe === 'object'").await {
                    let _: Option<bool> = tab.evaluate(&format!("{AXE};null")).await;
                }
                tab.evaluate(RUN).await
            })
            .await;
        let at = |of: &Violation, node: &Node| {
            let impact = of.impact.as_deref().unwrap_or("unknown impact");
            let summary = node.summary.split_whitespace().collect::<Vec<_>>().join(" ");
            format!("{} ({impact}) at {}: {}. {summary}", of.id, node.target, of.help)
        };
        found.iter().flat_map(|of| of.nodes.iter().map(|node| at(of, node))).collect()
    }
}
