//! Posture over time, as a plot.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde::Deserialize;

use crate::client::{Client, List};
use crate::plot::{Bars, Ink, Plot, Series};
use crate::problem::Problem;

/// How many days are shown at least, so that the first day does not fill the picture.
const LEAST_DAYS: i32 = 30;

/// How the checks stood on a day.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Day {
    #[serde(rename = "day")]
    on: Date,
    pass: u64,
    fail: u64,
    cannot_tell: u64,
    not_applicable: u64,
}

/// The last 90 days; none until something was evaluated.
pub(super) async fn read(client: &Client, now: Timestamp) -> Result<Option<Plot>, Problem> {
    let known = client.get::<List<Day>>("/v1/posture?days=90").await?.items;
    plot(&known, now.to_zoned(TimeZone::UTC).date())
}

fn plot(known: &[Day], today: Date) -> Result<Option<Plot>, Problem> {
    let (Some(first), Some(last)) = (known.first(), known.last()) else { return Ok(None) };
    let length = (today - first.on).get_days().max(LEAST_DAYS - 1);
    let days: Vec<Date> =
        (0..=length).rev().filter_map(|back| today.checked_sub(Span::new().days(back)).ok()).collect();
    let series = |name: &str, ink: Ink, value: fn(&Day) -> u64| Series {
        name: name.to_owned(),
        ink,
        values: days.iter().map(|day| known.iter().find(|it| it.on == *day).map(value)).collect(),
    };
    let series = vec![
        series("Fail", Ink::Bad, |day| day.fail),
        series("Cannot be told", Ink::Unsure, |day| day.cannot_tell),
        series("Pass", Ink::Good, |day| day.pass),
        series("Not applicable", Ink::Idle, |day| day.not_applicable),
    ];
    let about = about(known, last);
    Bars { title: "Checks by day", about: &about, unit: "checks", days, series }.draw().map(Some)
}

/// What the plot shows, in words.
fn about(known: &[Day], last: &Day) -> String {
    let Day { fail, cannot_tell, pass, .. } = last;
    // Of equal days, the last.
    let worst = known.iter().max_by_key(|day| day.fail).filter(|day| day.fail > *fail);
    let worst = worst.map(|day| format!(" The most that failed were {} on {}.", day.fail, day.on));
    format!(
        "How many checks stood how at the end of each day in UTC. Last: {fail} failed, {cannot_tell} could not be told, {pass} passed.{}",
        worst.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{Day, about, plot};

    #[test]
    fn the_plot_reaches_from_the_first_known_day_to_today_and_says_what_was_worst() {
        let day = |on, fail| Day { on, fail, pass: 9 - fail, cannot_tell: 0, not_applicable: 0 };
        let known = [day(date(2026, 9, 1), 2), day(date(2026, 9, 2), 5), day(date(2026, 11, 1), 1)];
        let shown = plot(&known, date(2026, 11, 2)).unwrap().unwrap().to_string();
        assert!(shown.contains("2026-09-01") && shown.contains("2026-11-02"));
        assert!(!shown.contains("2026-08-31"));
        assert!(about(&known, &known[2]).ends_with("The most that failed were 5 on 2026-09-02."));
        assert!(plot(&[], date(2026, 11, 2)).unwrap().is_none());
    }
}
