//! Logs as one JSON object a line, and metrics in CloudWatch's embedded metric format on the same stream.
//!
//! Source of the format: AWS, "Specification: Embedded metric format" (CloudWatch user guide).

use std::io::Write;

use crate::clock::Clock;

/// Begins logging to standard output, at the level that `RUST_LOG` names (default `info`).
pub fn start() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    // A second start in the same process (tests) keeps the first.
    let _ = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_env_filter(filter)
        .try_init();
}

/// The unit of a metric, in CloudWatch's words.
#[derive(Clone, Copy, Debug)]
pub enum Unit {
    /// A number of things.
    Count,
    /// A length of time in milliseconds.
    Milliseconds,
}

/// Writes one metric line: values of `metrics` for this function.
pub fn metrics(clock: &dyn Clock, function: &str, metrics: &[(&str, f64, Unit)]) {
    let line = metric_line(clock, function, metrics);
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
    use super::{Unit, metric_line};
    use crate::clock::ManualClock;

    #[test]
    fn a_metric_line_is_in_the_embedded_metric_format() {
        let clock = ManualClock::new("2026-01-02T03:04:05Z".parse().unwrap());
        let line = metric_line(&clock, "create-tickets", &[("tickets_created", 2.0, Unit::Count)]);
        assert_eq!(line["_aws"]["Timestamp"], 1_767_323_045_000_i64);
        assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"], "tickets_created");
        assert_eq!(line["tickets_created"], 2.0);
    }
}
