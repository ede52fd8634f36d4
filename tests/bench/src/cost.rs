//! What the measured work comes to in AWS money, by prices published for eu-central-1 (on demand, July 2026).

use crate::table;
use crate::work::Measured;

/// US dollars for a million write units of DynamoDB on demand (items up to 1 KB; ours have up to 4).
const WRITES_A_MILLION: f64 = 0.7625;
/// Write units of one of our items.
const UNITS_A_WRITE: f64 = 3.0;
/// US dollars for a gigabyte-second of Lambda on arm64.
const GIGABYTE_SECOND: f64 = 0.000_013_333_4;
/// Memory of a function, in gigabytes.
const MEMORY: f64 = 0.25;
/// US dollars for a million requests of Lambda and of SQS together.
const REQUESTS_A_MILLION: f64 = 0.20 + 0.40 * 3.0;
/// US dollars for a secret a month.
const SECRET: f64 = 0.40;

/// Tenants of the estimate.
const TENANTS: f64 = 1000.0;
/// Check runs a tenant and month: one an hour.
const RUNS: f64 = 24.0 * 30.0;
/// New tickets a tenant and month.
const TICKETS: f64 = 100.0;

/// Prints the estimate.
pub fn report(measured: &Measured) {
    let million = 1_000_000.0;
    let runs = TENANTS * RUNS;
    let writes = |count: f64| count * UNITS_A_WRITE * WRITES_A_MILLION / million;
    let rows = [
        ("table writes of check runs", writes(runs * measured.writes_a_check_run)),
        ("table writes of new tickets", writes(TENANTS * TICKETS * measured.writes_a_ticket)),
        ("functions' time for check runs", runs * measured.seconds_a_check_run * MEMORY * GIGABYTE_SECOND),
        ("requests of functions and queues", runs * 2.0 * REQUESTS_A_MILLION / million),
        ("secrets (two a tenant)", TENANTS * 2.0 * SECRET),
    ];
    let total: f64 = rows.iter().map(|(_, money)| money).sum();
    let rows = rows.into_iter().chain([("together", total)]);
    let rows: Vec<Vec<String>> =
        rows.map(|(what, money)| vec![what.to_owned(), format!("{money:.2} USD")]).collect();
    let title = format!(
        "AWS money for {TENANTS:.0} tenants and a month: an evaluation of 10,000 change tickets each hour, {TICKETS:.0} new tickets each"
    );
    table::print(&title, &["part", "price"], &rows);
}
