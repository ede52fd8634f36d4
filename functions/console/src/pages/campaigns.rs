//! Access reviews: people go through who has access to what, and say whether it stays.

mod deciding;
mod ending;
mod making;
mod view;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query};
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;

use self::deciding::Row;
use self::view::{Campaign, Item, ScopePart};
use super::accounts::Site;
use crate::client::{List, path, query};
use crate::form::Entered;
use crate::frame::{Frame, Visit};
use crate::names::Names;
use crate::problem::Problem;
use crate::{Console, answer};

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/campaigns", get(list).post(making::make))
        .route("/campaigns/new", get(making::new))
        .route("/campaigns/{id}", get(show))
        .route("/campaigns/{id}/decisions", post(deciding::decide))
        .route("/campaigns/{id}/apply", post(ending::apply))
        .route("/campaigns/{id}/close", post(ending::close))
        .route("/campaigns/{id}/cancel", post(ending::cancel))
        .route("/campaigns/{id}/record", get(ending::record))
        .route("/campaigns/{id}/export", get(ending::export))
}

/// Which page of the campaigns.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Place {
    cursor: String,
}

#[derive(Template)]
#[template(path = "campaigns/list.html")]
struct CampaignsPage<'a> {
    frame: &'a Frame,
    campaigns: Vec<Campaign>,
    sites: Vec<Site>,
    next: Option<String>,
}

impl CampaignsPage<'_> {
    fn site<'a>(&'a self, campaign: &'a Campaign) -> &'a str {
        let site = self.sites.iter().find(|site| site.id == campaign.connection);
        site.map_or(campaign.connection.as_str(), |site| site.address.as_str())
    }
}

async fn list(visit: Visit, Query(place): Query<Place>) -> Result<Response, Problem> {
    let asked = query("/v1/campaigns", &[("limit", Some("200")), ("cursor", Some(&place.cursor))]);
    let (found, sites) = tokio::join!(visit.client.get::<List<Campaign>>(&asked), Site::all(&visit.client));
    let (mut found, sites) = (found?, sites?);
    let next = found.next_cursor.map(|next| query("/campaigns", &[("cursor", Some(&next))]));
    found.items.sort_by_key(|campaign| std::cmp::Reverse(campaign.made_at));
    answer::page(&CampaignsPage { frame: &visit.frame, campaigns: found.items, sites, next })
}

/// Which items are shown.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Shown {
    decision: String,
    cursor: String,
    /// Of progress: whether the page around it has a form that somebody may have filled in.
    form: String,
}

/// What can be shown, with its words.
const DECISIONS: &[(&str, &str)] = &[
    ("undecided", "Undecided"),
    ("keep", "Kept"),
    ("revoke", "Revoked"),
    ("change", "To change"),
    ("all", "All"),
];

impl Shown {
    /// What is to be decided comes first, as long as there is any.
    fn or_usual(mut self, campaign: &Campaign) -> Self {
        if !DECISIONS.iter().any(|(word, _)| *word == self.decision) {
            let usual = if campaign.is_open() && campaign.counts.undecided > 0 { "undecided" } else { "all" };
            usual.clone_into(&mut self.decision);
        }
        self
    }

    fn has_form(&self) -> bool {
        !self.form.is_empty()
    }

    /// The address of these items, of the API's or of the page.
    fn at(&self, path: &str, cursor: &str, all: &str) -> String {
        let decision = if self.decision == "all" { all } else { self.decision.as_str() };
        query(path, &[("decision", Some(decision)), ("cursor", Some(cursor))])
    }
}

#[derive(Template)]
#[template(path = "campaigns/campaign.html", blocks = ["progress"])]
struct CampaignPage<'a> {
    frame: &'a Frame,
    campaign: Campaign,
    site: String,
    scope: Vec<ScopePart>,
    shown: Shown,
    rows: Vec<Row>,
    next: Option<String>,
    /// Whether whoever looks may decide.
    decides: bool,
    entered: Entered,
    /// What those are called who made, decided and ended it.
    names: Names,
}

impl CampaignPage<'_> {
    const DECISIONS: &'static [(&'static str, &'static str)] = DECISIONS;

    fn address(&self) -> String {
        path(&["campaigns", &self.campaign.id])
    }

    /// Where its progress is looked after.
    fn progress(&self) -> String {
        query(&self.address(), &[("form", self.decides.then_some("shown"))])
    }

    fn at(&self, what: &str) -> String {
        path(&["campaigns", &self.campaign.id, what])
    }

    /// Where the items with this decision stand.
    fn items(&self, decision: &str) -> String {
        query(&self.address(), &[("decision", Some(decision))])
    }

    /// Where the decisions of this page go; there it is shown again if they are refused.
    fn decisions(&self) -> String {
        self.shown.at(&self.at("decisions"), &self.shown.cursor, "all")
    }

    /// Where to be after the decisions of this page: what was undecided is not there any more.
    fn back(&self) -> String {
        let cursor = if self.shown.decision == "undecided" { "" } else { self.shown.cursor.as_str() };
        self.shown.at(&self.address(), cursor, "all")
    }
}

async fn show(visit: Visit, Path(id): Path<String>, Query(shown): Query<Shown>) -> Result<Response, Problem> {
    if visit.frame.wants("progress") {
        let campaign: Campaign = visit.client.get(&path(&["v1", "campaigns", &id])).await?;
        let page = page(&visit, campaign, shown).await?;
        let part = answer::page(&page.as_progress())?;
        return Ok(match (page.campaign.moves(), page.shown.has_form()) {
            (true, _) => part,
            // Whoever decides may have entered what a new page would not have.
            (false, true) => answer::looked_after(part),
            (false, false) => answer::ended(part),
        });
    }
    answer::page(&read(&visit, &id, shown).await?)
}

/// A campaign with a page of its items.
async fn read<'a>(visit: &'a Visit, id: &str, shown: Shown) -> Result<CampaignPage<'a>, Problem> {
    let campaign: Campaign = visit.client.get(&path(&["v1", "campaigns", id])).await?;
    let mut page = page(visit, campaign, shown).await?;
    let asked = page.shown.at(&path(&["v1", "campaigns", id, "items"]), &page.shown.cursor, "");
    let found: List<Item> = visit.client.get(&asked).await?;
    page.next = found.next_cursor.map(|cursor| page.shown.at(&page.address(), &cursor, "all"));
    page.names = Names::read(&visit.client, who(&page.campaign, &found.items)).await?;
    page.rows = found.items.into_iter().map(Row::of).collect();
    Ok(page)
}

/// All who are named on the page of a campaign.
fn who<'a>(campaign: &'a Campaign, items: &'a [Item]) -> impl Iterator<Item = &'a str> {
    let campaigns = campaign.reviewers.iter().chain([&campaign.made_by]).chain(&campaign.ended_by);
    let deciders =
        |item: &'a Item| item.decided_by.iter().chain(item.earlier.iter().map(|earlier| &earlier.by));
    campaigns.chain(items.iter().flat_map(deciders)).map(String::as_str)
}

async fn page(visit: &Visit, campaign: Campaign, shown: Shown) -> Result<CampaignPage<'_>, Problem> {
    let (sites, scope) = tokio::join!(Site::all(&visit.client), campaign.scope_parts(&visit.client));
    let site = sites?.into_iter().find(|site| site.id == campaign.connection);
    let decides = visit.frame.reviews()
        && campaign.is_open()
        && (visit.frame.administers() || campaign.is_reviewed_by(visit.session.token.as_str()));
    Ok(CampaignPage {
        frame: &visit.frame,
        site: site.map_or_else(|| campaign.connection.clone(), |site| site.address),
        scope: scope?,
        shown: shown.or_usual(&campaign),
        rows: Vec::new(),
        next: None,
        decides,
        campaign,
        entered: Entered::default(),
        names: Names::default(),
    })
}
