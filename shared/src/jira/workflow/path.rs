//! The shortest way through a workflow. Pure.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{StatusChoice, WayStep, by_id};

/// One move that is known.
struct Move {
    to: String,
    transition: String,
    needs: Vec<String>,
}

/// The moves that are known, by the id of the status where they begin.
#[derive(Default)]
pub(super) struct Map {
    /// The status of a new issue, if that is known.
    pub(super) initial: Option<String>,
    moves: BTreeMap<String, Vec<Move>>,
}

impl Map {
    /// Adds a move between two statuses, given by id.
    pub(super) fn add(&mut self, from: &str, to: &str, transition: String, needs: Vec<String>) {
        let moves = self.moves.entry(from.to_owned()).or_default();
        moves.push(Move { to: to.to_owned(), transition, needs });
    }

    /// The shortest way to a done status: from the status of a new issue, or from any of the category `new` if that is
    /// not known. Of two ways as short the one is taken whose moves need fewer fields.
    pub(super) fn shortest_way(&self, statuses: &[StatusChoice]) -> Option<Vec<WayStep>> {
        let known = by_id(statuses);
        let starts: Vec<&str> = match &self.initial {
            Some(initial) => vec![initial.as_str()],
            None => {
                statuses.iter().filter(|it| it.category == "new").map(|status| status.id.as_str()).collect()
            }
        };
        let mut entered: BTreeMap<&str, (&str, &Move)> = BTreeMap::new();
        let mut seen: BTreeSet<&str> = starts.iter().copied().collect();
        let mut waiting: VecDeque<&str> = starts.into();
        while let Some(at) = waiting.pop_front() {
            if known.get(at).is_some_and(|status| status.category == "done") {
                return Some(steps_to(at, &entered, &known));
            }
            let mut moves: Vec<&Move> = self.moves.get(at).into_iter().flatten().collect();
            moves.sort_by_key(|it| it.needs.len());
            for next in moves {
                if known.contains_key(next.to.as_str()) && seen.insert(&next.to) {
                    entered.insert(&next.to, (at, next));
                    waiting.push_back(&next.to);
                }
            }
        }
        None
    }
}

fn steps_to(
    end: &str,
    entered: &BTreeMap<&str, (&str, &Move)>,
    known: &BTreeMap<&str, &StatusChoice>,
) -> Vec<WayStep> {
    let name = |id: &str| known.get(id).map_or_else(|| id.to_owned(), |status| status.name.clone());
    let mut steps = VecDeque::new();
    let mut at = end;
    while let Some((from, taken)) = entered.get(at) {
        steps.push_front(WayStep {
            from: name(from),
            transition: taken.transition.clone(),
            to: name(at),
            needs: taken.needs.clone(),
        });
        at = from;
    }
    steps.into()
}
