//! AWS's published prices, and what is assumed about the world to get from a count to money.
//!
//! Prices of US East (N. Virginia), on demand, July 2026, arm64, without the free tier: the same as in `infra/README.md`.

/// US dollars for a million write units of `DynamoDB` on demand.
const WRITES: f64 = 0.625;
/// US dollars for a million read units of `DynamoDB` on demand.
const READS: f64 = 0.125;
/// US dollars for a gigabyte-second of Lambda.
const GIGABYTE_SECOND: f64 = 0.000_013_333_4;
/// US dollars for a million requests of Lambda.
const STARTS: f64 = 0.20;
/// US dollars for a million requests of SQS with a message group.
const QUEUE: f64 = 0.50;

/// Memory of a function, in gigabytes.
pub const MEMORY: f64 = 0.25;
/// Seconds that one call to Jira takes, as seen from AWS: an assumption, since the simulator answers at once.
pub const JIRA_CALL: f64 = 0.35;
/// Seconds that one call to the table takes, as seen from AWS: an assumption.
pub const TABLE_CALL: f64 = 0.005;
/// Requests that a message costs: it is sent, received and deleted.
const REQUESTS_A_MESSAGE: f64 = 3.0;
/// Tenants that prices are for.
pub const TENANTS: f64 = 1000.0;

/// What a piece of work uses of AWS.
#[derive(Clone, Copy, Debug, Default)]
pub struct Use {
    /// Write units of the table.
    pub write_units: f64,
    /// Read units of the table.
    pub read_units: f64,
    /// Seconds of a function's time.
    pub seconds: f64,
    /// Events that start a function.
    pub starts: f64,
    /// Messages that go through a queue.
    pub messages: f64,
}

impl Use {
    /// What it costs in US dollars a month for [`TENANTS`], each of which does it `times` in that month.
    pub fn price(&self, times: f64) -> f64 {
        let millions = self.write_units * WRITES
            + self.read_units * READS
            + self.starts * STARTS
            + self.messages * REQUESTS_A_MESSAGE * QUEUE;
        TENANTS * times * (millions / 1_000_000.0 + self.seconds * MEMORY * GIGABYTE_SECOND)
    }
}

/// An amount of US dollars.
pub fn dollars(amount: f64) -> String {
    format!("{amount:.2} USD")
}
