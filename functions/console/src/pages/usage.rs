//! Usage: how far a site was read, and on which days each account was active.

mod policy;
mod reading;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query};
use axum::response::Response;
use axum::routing::{get, post};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;
use serde_json::Value;

pub(super) use self::policy::money;
pub(super) use self::reading::Reading;
use super::accounts::Site;
use crate::client::{List, path, query};
use crate::form::Form;
use crate::frame::{Frame, Visit};
use crate::plot::{Heat, Plot, Row};
use crate::problem::Problem;
use crate::{Console, answer, download, words};

/// How many days are shown where nothing is said.
const USUAL_DAYS: u16 = 30;

/// How many accounts stand on one page.
const ACCOUNTS: &str = "40";

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/usage", get(list))
        .route("/usage/{connection}", get(show))
        .route("/usage/{connection}/run", post(run))
        .route("/usage/{connection}/export", get(export))
        .route("/usage/{connection}/policy", get(policy::show).post(policy::change))
        .route("/usage/{connection}/accounts/{account}", get(account))
}

#[derive(Template)]
#[template(path = "usage/list.html")]
struct SitesPage<'a> {
    frame: &'a Frame,
    readings: Vec<Reading>,
    sites: Vec<Site>,
}

impl SitesPage<'_> {
    fn site<'a>(&'a self, reading: &'a Reading) -> &'a str {
        site_of(&self.sites, &reading.connection)
    }
}

fn site_of<'a>(sites: &'a [Site], connection: &'a str) -> &'a str {
    sites.iter().find(|site| site.id == connection).map_or(connection, |site| site.address.as_str())
}

async fn list(visit: Visit) -> Result<Response, Problem> {
    let (readings, sites) =
        tokio::join!(visit.client.get::<List<Reading>>("/v1/usage"), Site::all(&visit.client));
    answer::page(&SitesPage { frame: &visit.frame, readings: readings?.items, sites: sites? })
}

/// The days on which an account was active.
#[derive(Debug, Deserialize)]
struct Activity {
    account: String,
    name: String,
    days: Vec<Date>,
    active_days: u64,
    last_active_on: Option<Date>,
}

impl Activity {
    fn shown(&self) -> &str {
        if self.name.is_empty() { "Account without a name" } else { &self.name }
    }

    fn last_active(&self) -> String {
        words::day_or(self.last_active_on, "not known")
    }
}

/// Which days and accounts are shown.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
struct Shown {
    days: u16,
    cursor: String,
}

impl Default for Shown {
    fn default() -> Self {
        Self { days: USUAL_DAYS, cursor: String::new() }
    }
}

#[derive(Template)]
#[template(path = "usage/site.html", blocks = ["progress"])]
struct SitePage<'a> {
    frame: &'a Frame,
    reading: Reading,
    site: String,
    days: u16,
    plot: Option<Plot>,
    accounts: Vec<Activity>,
    next: Option<String>,
}

impl SitePage<'_> {
    /// How many days can be shown.
    const DAYS: &'static [(u16, &'static str)] =
        &[(14, "14 days"), (30, "30 days"), (90, "90 days"), (366, "A year")];

    fn address(&self) -> String {
        path(&["usage", &self.reading.connection])
    }

    fn at(&self, what: &str) -> String {
        path(&["usage", &self.reading.connection, what])
    }

    /// Whether the page should follow what goes on.
    fn moves(&self) -> bool {
        self.reading.runs() || self.reading.is_due(&self.frame.now)
    }
}

async fn show(
    visit: Visit,
    Path(connection): Path<String>,
    Query(shown): Query<Shown>,
) -> Result<Response, Problem> {
    let client = &visit.client;
    let at = path(&["v1", "usage", &connection]);
    let reading: Reading = client.get(&at).await?;
    let sites = Site::all(client).await?;
    let site = site_of(&sites, &connection).to_owned();
    let frame = &visit.frame;
    let mut page =
        SitePage { frame, reading, site, days: shown.days, plot: None, accounts: Vec::new(), next: None };
    if frame.wants("progress") {
        let part = answer::page(&page.as_progress())?;
        return Ok(if page.moves() { part } else { answer::ended(part) });
    }
    let days = shown.days.to_string();
    let of = |path: &str, cursor: &str, limit: Option<&str>| {
        query(path, &[("days", Some(&days)), ("cursor", Some(cursor)), ("limit", limit)])
    };
    let found: List<Activity> =
        client.get(&of(&format!("{at}/accounts"), &shown.cursor, Some(ACCOUNTS))).await?;
    page.next = found.next_cursor.map(|cursor| of(&page.address(), &cursor, None));
    page.accounts = found.items;
    if !page.accounts.is_empty() {
        page.plot = Some(draw(&page.reading, &page.accounts, shown.days, frame.now)?);
    }
    answer::page(&page)
}

/// The heat map of accounts by days, in the site's time zone. Days that were not read, before or since, are not shown as
/// idle.
fn draw(reading: &Reading, accounts: &[Activity], days: u16, now: Timestamp) -> Result<Plot, Problem> {
    let zone = TimeZone::get(&reading.zone).unwrap_or(TimeZone::UTC);
    let today = now.to_zoned(zone.clone()).date();
    let first = today.checked_sub((i64::from(days) - 1).days()).unwrap_or(Date::MIN);
    let days: Vec<Date> = first.series(1.day()).take_while(|day| *day <= today).collect();
    let day_of = |at: Timestamp| at.to_zoned(zone.clone()).date();
    let known = reading.known_since.map(day_of).zip(reading.known_until.map(day_of));
    let rows = accounts.iter().map(|account| {
        let value = |day: &Date| {
            let is_known = known.is_some_and(|(since, until)| (since..=until).contains(day));
            if account.days.contains(day) { Some(1) } else { is_known.then_some(0) }
        };
        Row { name: account.shown().to_owned(), values: days.iter().map(value).collect() }
    });
    let rows = rows.collect();
    let about = "Each row is an account, each column a day; a filled cell is a day on which it was active.";
    let title = "Days of activity";
    Heat { title, about, rows_are: "Account", unit: "active day", days, rows }.draw()
}

async fn run(visit: Visit, Path(connection): Path<String>, form: Form) -> Result<Response, Problem> {
    let _: Value = visit.client.post(&path(&["v1", "usage", &connection, "runs"]), &form, &()).await?;
    Ok(visit
        .go(&path(&["usage", &connection]), "The site is read within a minute. How far it is appears here."))
}

async fn export(
    visit: Visit,
    Path(connection): Path<String>,
    Query(shown): Query<Shown>,
) -> Result<Response, Problem> {
    let days = shown.days.to_string();
    let at = query(&path(&["v1", "usage", &connection, "export"]), &[("days", Some(&days))]);
    download::table(&visit.client, &at).await
}

/// The days of one month.
struct Month {
    name: String,
    days: Vec<String>,
}

#[derive(Template)]
#[template(path = "usage/account.html")]
struct AccountPage<'a> {
    frame: &'a Frame,
    connection: String,
    activity: Activity,
    months: Vec<Month>,
}

async fn account(
    visit: Visit,
    Path((connection, account)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let activity: Activity =
        visit.client.get(&path(&["v1", "usage", &connection, "accounts", &account])).await?;
    let mut months: Vec<Month> = Vec::new();
    // The latest month first, its days in their order.
    for day in &activity.days {
        let name = day.strftime("%B %Y").to_string();
        if months.last().is_none_or(|month| month.name != name) {
            months.push(Month { name, days: Vec::new() });
        }
        if let Some(month) = months.last_mut() {
            month.days.push(day.strftime("%-d").to_string());
        }
    }
    months.reverse();
    answer::page(&AccountPage { frame: &visit.frame, connection, activity, months })
}
