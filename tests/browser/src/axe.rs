//! What axe-core finds about accessibility, by all of its rules.
//!
//! The library is the unchanged file of the npm package `axe-core`, with its licence beside it.

use serde::Deserialize;

use crate::tab::Tab;

const AXE: &str = include_str!("../axe/axe.min.js");

/// What is told of each violation.
const TELL: &str = "found => found.violations.map((it) => ({ id: it.id, impact: it.impact, help: it.help, \
                    nodes: it.nodes.map((node) => ({ target: node.target.join(' '), summary: node.failureSummary })) }))";

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
        self.run("{}").await
    }

    /// The same by the rules that judge colours, for a page whose others were judged before its colours changed.
    pub async fn violations_of_colours(&self) -> Vec<String> {
        self.run("{ runOnly: ['color-contrast', 'link-in-text-block'] }").await
    }

    /// Runs it on the page alone: nothing is fetched anew.
    async fn run(&self, which: &str) -> Vec<String> {
        let options = format!("{{ resultTypes: ['violations'], preload: false, ...{which} }}");
        let found: Vec<Violation> = self
            .with_scripts(async |tab| {
                if !tab.evaluate::<bool>("typeof axe === 'object'").await {
                    let _: Option<bool> = tab.evaluate(&format!("{AXE};null")).await;
                    // It is large, so that the next pages find it there already.
                    tab.bring(AXE).await;
                }
                // What is still fading in has no colours of its own yet.
                let still = "Promise.allSettled(document.getAnimations().map((it) => it.finished))";
                tab.evaluate(&format!("{still}.then(() => axe.run(document, {options})).then({TELL})")).await
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
