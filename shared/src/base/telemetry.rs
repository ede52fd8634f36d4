//! Logs as one JSON object a line, and metrics in CloudWatch's embedded metric format on the same stream.
//!
//! Source of the format: AWS, "Specification: Embedded metric format" (CloudWatch user guide).

use std::io::Write;
use std::sync::OnceLock;

use tracing_subscriber::EnvFilter;

use crate::clock::Clock;
use crate::config::Config;

/// What may be chosen as the most detailed level. There is no `trace`: at that level the runtime writes whole events,
/// and with them what callers send in `Authorization`.
const LEVELS: [&str; 4] = ["error", "warn", "info", "debug"];

/// The name under which this process was deployed.
static DEPLOYED_AS: OnceLock<String> = OnceLock::new();

/// Begins logging to standard output, at the level that `RUST_LOG` names: `error`, `warn`, `info` or `debug`; `info` for
/// anything else. What Assay stands on never logs below `info`, whatever was chosen.
pub fn start(config: &Config) {
    if let Some(name) = config.optional("AWS_LAMBDA_FUNCTION_NAME") {
        // A second start in the same process (tests) keeps the first.
        let _ = DEPLOYED_AS.set(name);
    }
    let _ = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_env_filter(EnvFilter::new(filter(config.optional("RUST_LOG").as_deref())))
        .try_init();
}

/// The filter for a chosen level. All of our crates' names begin with `assay`.
fn filter(chosen: Option<&str>) -> String {
    let own = chosen.filter(|level| LEVELS.contains(level)).unwrap_or("info");
    let foreign = if own == "debug" { "info" } else { own };
    format!("{foreign},assay={own}")
}

/// The unit of a metric, in CloudWatch's words.
#[derive(Clone, Copy, Debug)]
pub enum Unit {
    /// A number of things.
    Count,
    /// A length of time in milliseconds.
    Milliseconds,
}

/// Writes one metric line: values of `metrics` for this function. Their one dimension, `function`, is the name that the
/// function has in its stack, so that two stacks of one account are told apart; `function` itself where there is none.
pub fn metrics(clock: &dyn Clock, function: &str, metrics: &[(&str, f64, Unit)]) {
    let line = metric_line(clock, DEPLOYED_AS.get().map_or(function, String::as_str), metrics);
    // A full disk or closed stream must not stop the work that the metric is about.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

fn metric_line(clock: &dyn Clock, function: &str, metrics: &[(&str, f64, Unit)]) -> serde_json::Value {
    let definitions: Vec<serde_json::Value> = metrics
        .iter()
        .map(|(name, _, unit)| {
            let unit = match unit {
                Unit::Count => "Count",
                Unit::Milliseconds => "Milliseconds",
            };
            serde_json::json!({ "Name": name, "Unit": unit })
        })
        .collect();
    let mut line = serde_json::json!({
        "_aws": {
            "Timestamp": clock.now().as_millisecond(),
            "CloudWatchMetrics": [{ "Namespace": "Assay", "Dimensions": [["function"]], "Metrics": definitions }],
        },
        "function": function,
    });
    for (name, value, _) in metrics {
        line[*name] = serde_json::json!(value);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::{Unit, filter, metric_line};
    use crate::clock::ManualClock;

    #[test]
    fn what_assay_stands_on_never_logs_below_info() {
        assert_eq!(filter(Some("debug")), "info,assay=debug");
        assert_eq!(filter(Some("error")), "error,assay=error");
        for chosen in [None, Some("trace"), Some("lambda_runtime=trace"), Some("")] {
            assert_eq!(filter(chosen), "info,assay=info", "{chosen:?}");
        }
    }

    #[test]
    fn a_metric_line_is_in_the_embedded_metric_format() {
        let clock = ManualClock::new("2026-01-02T03:04:05Z".parse().unwrap());
        let line = metric_line(&clock, "create-tickets", &[("tickets_created", 2.0, Unit::Count)]);
        assert_eq!(line["_aws"]["Timestamp"], 1_767_323_045_000_i64);
        assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"], "tickets_created");
        assert_eq!(line["tickets_created"], 2.0);
    }
}
