//! Licences: seats, who holds them, whether they are used, and what the unused ones cost.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query};
use axum::response::Response;
use axum::routing::get;
use jiff::civil::Date;
use jiff::{Timestamp, Unit};
use serde::Deserialize;

use super::accounts::Site;
use super::usage::money;
use crate::client::{List, path, query};
use crate::frame::{Frame, Visit};
use crate::problem::Problem;
use crate::{Console, answer, download, words};

/// Days without use after which a seat counts as unused, where nothing is said.
const USUAL_DAYS: u16 = 30;

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/licences/{connection}", get(list))
        .route("/licences/{connection}/{product}", get(show))
        .route("/licences/{connection}/{product}/export", get(export))
}

/// The licences of a site.
#[derive(Debug, Deserialize)]
struct Licences {
    counted_at: Option<Timestamp>,
    known_since: Option<Timestamp>,
    products: Vec<Licence>,
}

impl Licences {
    fn of(self, product: &str) -> Result<Licence, Problem> {
        let licence = self.products.into_iter().find(|licence| licence.product == product);
        licence.ok_or_else(|| Problem::not_found("There is no such product at this site now."))
    }
}

/// The licence of one product.
#[derive(Debug, Deserialize)]
struct Licence {
    product: String,
    name: String,
    seats: Option<u64>,
    unlimited: bool,
    used_by_jira: Option<u64>,
    held: Option<u64>,
    billed: Option<u64>,
    left: Option<u64>,
    protected: Option<u64>,
    unused: Option<u64>,
    saving: Option<u64>,
    missing: Vec<String>,
}

impl Licence {
    /// Seats that are used, by whom it is told best.
    fn used(&self) -> Option<u64> {
        self.used_by_jira.or(self.held)
    }

    fn used_shown(&self) -> String {
        figure(self.used())
    }

    fn used_by_jira_shown(&self) -> String {
        figure(self.used_by_jira)
    }

    fn held_shown(&self) -> String {
        figure(self.held)
    }

    fn left_shown(&self) -> String {
        if self.unlimited { "unlimited".to_owned() } else { figure(self.left) }
    }

    fn protected_shown(&self) -> String {
        figure(self.protected)
    }

    fn unused_shown(&self) -> String {
        figure(self.unused)
    }

    fn seats(&self) -> String {
        if self.unlimited { "unlimited".to_owned() } else { figure(self.seats) }
    }

    fn saving(&self) -> Option<String> {
        self.saving.map(money)
    }
}

/// A figure, or that it is not known.
fn figure(figure: Option<u64>) -> String {
    figure.map_or_else(|| "not known".to_owned(), words::number)
}

/// What stands in the address.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
struct Shown {
    unused_days: u16,
    seats: String,
    cursor: String,
}

impl Default for Shown {
    fn default() -> Self {
        Self { unused_days: USUAL_DAYS, seats: String::new(), cursor: String::new() }
    }
}

impl Shown {
    /// The days, where only unused seats of a licence are wanted, and it is known which these are.
    fn asked(&self, licence: &Licence) -> Option<String> {
        (self.seats != "all" && licence.unused.is_some()).then(|| self.unused_days.to_string())
    }
}

#[derive(Template)]
#[template(path = "licences/list.html")]
struct LicencesPage<'a> {
    frame: &'a Frame,
    connection: String,
    site: String,
    licences: Licences,
    shown: Shown,
}

impl LicencesPage<'_> {
    const DAYS: &'static [(u16, &'static str)] = DAYS;

    /// What all unused seats cost a month, where it is known of any product.
    fn saving(&self) -> Option<String> {
        let known = self.licences.products.iter().filter_map(|licence| licence.saving);
        known.reduce(|one, other| one + other).map(money)
    }

    /// Of how many products it is not known what their unused seats cost.
    fn unpriced(&self) -> u64 {
        let unknown = |licence: &&Licence| licence.saving.is_none() && licence.unused != Some(0);
        u64::try_from(self.licences.products.iter().filter(unknown).count()).unwrap_or(u64::MAX)
    }

    fn holders(&self, licence: &Licence, seats: &str) -> String {
        let days = self.shown.unused_days.to_string();
        let at = path(&["licences", &self.connection, &licence.product]);
        query(&at, &[("unused_days", Some(&days)), ("seats", Some(seats))])
    }
}

/// After how many days a seat counts as unused.
const DAYS: &[(u16, &str)] =
    &[(14, "14 days"), (30, "30 days"), (60, "60 days"), (90, "90 days"), (180, "180 days")];

async fn read(visit: &Visit, connection: &str, days: u16) -> Result<(Licences, String), Problem> {
    let days = days.to_string();
    let at = query(&path(&["v1", "licences", connection]), &[("unused_days", Some(&days))]);
    let (licences, sites) = tokio::join!(visit.client.get::<Licences>(&at), Site::all(&visit.client));
    let site = sites?.into_iter().find(|site| site.id == connection);
    Ok((licences?, site.map_or_else(|| connection.to_owned(), |site| site.address)))
}

async fn list(
    visit: Visit,
    Path(connection): Path<String>,
    Query(shown): Query<Shown>,
) -> Result<Response, Problem> {
    let (licences, site) = read(&visit, &connection, shown.unused_days).await?;
    answer::page(&LicencesPage { frame: &visit.frame, connection, site, licences, shown })
}

/// Who holds a seat.
#[derive(Debug, Deserialize)]
struct Holder {
    account: String,
    name: String,
    through: Vec<String>,
    last_used_on: Option<Date>,
    protected_until: Option<Date>,
}

impl Holder {
    fn shown(&self) -> &str {
        if self.name.is_empty() { "Account without a name" } else { &self.name }
    }

    /// Why its seat is kept, or counts as unused.
    fn because(&self, today: Date, known_since: Option<Date>) -> String {
        if let Some(until) = self.protected_until.filter(|until| *until >= today) {
            return format!("Protected until {}", words::day(until));
        }
        match (self.last_used_on, known_since) {
            (Some(day), _) => {
                let days = u64::try_from(day.until((Unit::Day, today)).map_or(0, |span| span.get_days()))
                    .unwrap_or(0);
                format!("Last used on {}, {} ago", words::day(day), words::count(days, "day", "days"))
            }
            (None, Some(since)) => format!("Not used since activity is known, {}", words::day(since)),
            (None, None) => "Activity is not known".to_owned(),
        }
    }
}

#[derive(Template)]
#[template(path = "licences/product.html")]
struct ProductPage<'a> {
    frame: &'a Frame,
    connection: String,
    site: String,
    licence: Licence,
    known_since: Option<Timestamp>,
    holders: Vec<Holder>,
    shown: Shown,
    next: Option<String>,
}

impl ProductPage<'_> {
    const DAYS: &'static [(u16, &'static str)] = DAYS;

    fn because(&self, holder: &Holder) -> String {
        let today = self.frame.now.to_zoned(jiff::tz::TimeZone::UTC).date();
        let since = self.known_since.filter(|_| self.tells_use());
        let since = since.map(|since| since.to_zoned(jiff::tz::TimeZone::UTC).date());
        holder.because(today, since)
    }

    /// Whether it is known who used the site of late, and so which seats are unused.
    fn tells_use(&self) -> bool {
        self.licence.unused.is_some()
    }

    fn address(&self) -> String {
        path(&["licences", &self.connection, &self.licence.product])
    }

    fn export(&self) -> String {
        let days = self.shown.unused_days.to_string();
        let parameters = [("unused_days", Some(days.as_str())), ("seats", Some(self.shown.seats.as_str()))];
        query(&format!("{}/export", self.address()), &parameters)
    }
}

async fn show(
    visit: Visit,
    Path((connection, product)): Path<(String, String)>,
    Query(shown): Query<Shown>,
) -> Result<Response, Problem> {
    let (licences, site) = read(&visit, &connection, shown.unused_days).await?;
    let known_since = licences.known_since;
    let licence = licences.of(&product)?;
    let asked = shown.asked(&licence);
    let of = [("unused_days", asked.as_deref()), ("cursor", Some(shown.cursor.as_str()))];
    let at = query(&path(&["v1", "licences", &connection, &product, "accounts"]), &of);
    let holders: List<Holder> = visit.client.get(&at).await?;
    let next = holders.next_cursor.map(|cursor| {
        let days = shown.unused_days.to_string();
        let parameters =
            [("unused_days", days.as_str()), ("seats", shown.seats.as_str()), ("cursor", cursor.as_str())];
        let at = path(&["licences", &connection, &product]);
        query(&at, &parameters.map(|(name, value)| (name, Some(value))))
    });
    let (frame, holders) = (&visit.frame, holders.items);
    answer::page(&ProductPage { frame, connection, site, licence, known_since, holders, shown, next })
}

async fn export(
    visit: Visit,
    Path((connection, product)): Path<(String, String)>,
    Query(shown): Query<Shown>,
) -> Result<Response, Problem> {
    let (licences, _) = read(&visit, &connection, shown.unused_days).await?;
    let asked = shown.asked(&licences.of(&product)?);
    let at = path(&["v1", "licences", &connection, &product, "export"]);
    let at = query(&at, &[("unused_days", asked.as_deref()), ("limit", Some("200"))]);
    download::table(&visit.client, &at).await
}
