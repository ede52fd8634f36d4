//! Where the Tab key leads.

use serde::Deserialize;

use crate::tab::Tab;

/// As many places as one element may have: the parts of a date, of a time, and what opens a calendar.
const PARTS: usize = 10;

/// One place that the focus came to.
#[derive(Clone, Debug, Deserialize)]
pub struct Stop {
    /// Where it stands among what must be reached; negative where it is none of that.
    index: i64,
    /// Its selector and what it is called.
    pub name: String,
    /// Whether a ring shows that it has the focus.
    pub ring: bool,
    /// What hides it.
    pub hidden: Option<String>,
}

/// A walk through a page by the Tab key alone.
#[derive(Clone, Debug)]
pub struct Walk {
    /// Where the focus came, in order.
    pub stops: Vec<Stop>,
    /// What must be reached and was not.
    pub missed: Vec<String>,
}

impl Walk {
    /// What is wrong with it, in words: what is not reached, what is not seen to have the focus, and what comes out of
    /// its order on the page.
    pub fn faults(&self) -> Vec<String> {
        let last = self.stops.last().map_or("nothing", |stop| stop.name.as_str());
        let missed = self
            .missed
            .iter()
            .map(|name| format!("the Tab key does not reach {name}; it comes last to {last}"));
        let rings = self.stops.iter().filter(|stop| !stop.ring);
        let rings = rings.map(|stop| format!("nothing shows that the focus is at {}", stop.name));
        let hidden = self.stops.iter().filter_map(|stop| {
            let by = stop.hidden.as_ref()?;
            Some(format!("with the focus, {} lies below {by}", stop.name))
        });
        let order = self.stops.windows(2).filter(|pair| pair[1].index < pair[0].index);
        // The walk begins where the page puts the focus, so it may go round once.
        let order = order.skip(usize::from(self.stops.first().is_some_and(|first| first.index > 0)));
        let order = order.map(|pair| format!("{} comes after {}", pair[1].name, pair[0].name));
        missed.chain(rings).chain(hidden).chain(order).collect()
    }
}

impl Tab {
    /// Presses the Tab key until it has gone round. The page must stay the same meanwhile.
    pub async fn walk(&self) -> Walk {
        let reachable: Vec<String> = self.ask("begin_walk()").await;
        let mut stops: Vec<Stop> = Vec::new();
        let (mut outside, mut inside) = (0, 0);
        // Between the last element and the first one the focus may be at the page itself, or at none of it.
        while outside < 3 && stops.len() <= reachable.len() + 3 {
            self.press("Tab").await;
            let Some(stop) = self.evaluate::<Option<Stop>>("assayPage.stop()").await else {
                outside += 1;
                continue;
            };
            let same = |known: &Stop| known.index == stop.index && known.name == stop.name;
            // A field for a day has several places of its own: day, month, year.
            if stops.last().is_some_and(same) && inside < PARTS {
                inside += 1;
                continue;
            }
            if stops.iter().any(same) {
                break;
            }
            inside = 0;
            stops.push(stop);
        }
        let reached = |index: usize| stops.iter().any(|stop| usize::try_from(stop.index) == Ok(index));
        let missed = (0..).zip(&reachable).filter(|(index, _)| !reached(*index));
        let missed = missed.map(|(_, name)| name.clone()).collect();
        Walk { stops, missed }
    }
}
