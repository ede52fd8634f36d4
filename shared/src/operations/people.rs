//! People: one by one, and whole lists of them.
//!
//! A person has one address at a time, and an address is one person's. Who is first known by an address gets the id that is
//! made from it; an address that is given later is noted beside, so that a list that has it finds the person.
//!
//! [`Intake`] reads the list, row by row, and the people who are stored; writes those who are new or changed; the accounts follow when
//! they are settled next ([`crate::matching`]). Who stands in no row stays as they are: a list may be a part.
//!
//! | a row's address | stored | then |
//! |---|---|---|
//! | is nobody's and never was | — | a new person |
//! | is a person's | the same details | nothing |
//! | is a person's | other details | the person is changed |
//! | was a person's who has another one now | — | the row is refused: only a person can say who is meant |
//!
//! Taking the same list in again changes nothing, so a list that was cut, by time or a failure, is simply sent again.

mod changing;
mod reading;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use futures::stream::{self, StreamExt};
use jiff::Timestamp;
use serde::Serialize;

pub use self::changing::{by_email, change, create, remove};
use self::reading::{Chunk, Row, Rows};
use super::Core;
use crate::Result;
use crate::dynamodb::Store;
use crate::error::Kind;
use crate::ids::{PersonId, TenantId};
use crate::matching::{Builder, Index};
use crate::person::{Person, id_of};

/// The index of all people of a tenant, made page by page, so that the list itself is never held whole.
pub async fn index(store: &Store, tenant: &TenantId) -> Result<Index> {
    let (mut builder, mut behind) = (Builder::default(), None);
    loop {
        let (persons, next) = store.persons_behind(tenant, behind.as_ref()).await?;
        builder.add(&persons);
        if next.is_none() {
            return Ok(builder.build());
        }
        behind = next;
    }
}

/// The most rows of one list.
pub const MOST_ROWS: u64 = 100_000;

/// The longest list, unpacked, in bytes.
pub const LONGEST_UNPACKED: u64 = 64 * 1024 * 1024;

/// How many rows that were refused are told one by one.
const BAD_ROWS_TOLD: usize = 1000;

/// Rows that are compared and written together: as many as one call to the table takes.
const ROWS_IN_CHUNK: usize = 100;

/// How many such parts are under way at the same time.
const CHUNKS_AT_ONCE: usize = 8;

/// A row that was refused.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct BadRow {
    /// The line in which it begins, counted from 1.
    pub line: u64,
    /// What is wrong with it.
    pub reason: String,
}

/// Why a list was not read to its end.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// There was no time left; go on with `from_line`.
    Time,
    /// The table did not answer; go on with `from_line`.
    Unavailable,
    /// It has more than 100,000 rows; send the others as a list of their own.
    TooManyRows,
    /// It is longer than 64 MB, unpacked; send it in parts.
    TooLong,
    /// A row is longer than 64 KB, as after a quote that is not closed.
    RowTooLong,
    /// It is damaged, or cut off while it was packed.
    Damaged,
}

/// What became of a list.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Taken {
    /// Whether nothing was written, since that was asked for.
    pub dry_run: bool,
    /// Whether it was read to its end.
    pub complete: bool,
    /// Why it was not.
    pub stopped: Option<Stop>,
    /// The last line up to which every row was handled.
    pub read_to_line: u64,
    /// How many rows were read, those before `from_line` among them.
    pub rows: u64,
    /// How many people are new.
    pub created: u64,
    /// How many were changed.
    pub changed: u64,
    /// How many are as they were.
    pub unchanged: u64,
    /// How many rows were refused.
    pub refused: u64,
    /// The first 1,000 of them.
    pub bad_rows: Vec<BadRow>,
    /// Columns of the list that are not read.
    pub unknown_columns: Vec<String>,
}

/// What became of some rows.
#[derive(Default)]
struct Handled {
    created: u64,
    changed: u64,
    unchanged: u64,
    bad: Vec<BadRow>,
}

/// Takes in lists of people.
pub struct Intake<'a> {
    /// Table and time.
    pub core: &'a Core,
    /// Whose people they are.
    pub tenant: &'a TenantId,
    /// When it must have ended.
    pub deadline: Option<Timestamp>,
    /// Whether only to say what would be done.
    pub dry_run: bool,
    /// The first line that is handled; those before it were already.
    pub from_line: u64,
}

impl Intake<'_> {
    /// Takes in a list.
    ///
    /// # Errors
    /// `Invalid` when its first row does not name the columns; what the table gives before anything was handled.
    pub async fn take(&self, list: Box<dyn Read + Send>) -> Result<Taken> {
        let mut rows = Rows::of(list)?;
        let mut taken = Taken {
            dry_run: self.dry_run,
            unknown_columns: rows.unknown_columns().to_vec(),
            ..Taken::default()
        };
        let addresses = self.core.store.person_addresses(self.tenant).await?;
        let mut out_of_time = false;
        let chunks = std::iter::from_fn(|| {
            out_of_time = self.deadline.is_some_and(|deadline| self.core.clock.now() >= deadline);
            if out_of_time { None } else { rows.next_chunk(ROWS_IN_CHUNK, self.from_line) }
        });
        let addresses = &addresses;
        let mut handled = stream::iter(chunks)
            .map(|chunk| async move { (chunk.rows, chunk.last_line, self.handle(chunk, addresses).await) })
            .buffered(CHUNKS_AT_ONCE);
        let mut failed = false;
        while let Some((rows, last_line, outcome)) = handled.next().await {
            match outcome {
                Ok(outcome) => taken.add(rows, last_line, outcome),
                Err(error) if *error.kind() == Kind::Unavailable && taken.rows > 0 => {
                    tracing::warn!(error = error.chain(), "a list of people was taken in only in part");
                    failed = true;
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        drop(handled);
        taken.stopped = match (failed, out_of_time) {
            (true, _) => Some(Stop::Unavailable),
            (false, true) => Some(Stop::Time),
            (false, false) => rows.stopped,
        };
        taken.complete = taken.stopped.is_none();
        Ok(taken)
    }

    async fn handle(&self, chunk: Chunk, addresses: &BTreeMap<PersonId, PersonId>) -> Result<Handled> {
        let mut handled = Handled { bad: chunk.bad, ..Handled::default() };
        let mut wanted = BTreeSet::new();
        let mut rows = Vec::new();
        for row in chunk.good {
            let made = id_of(self.tenant, &row.email)?;
            let known: Vec<PersonId> = addresses.get(&made).cloned().into_iter().chain([made]).collect();
            wanted.extend(known.iter().cloned());
            rows.push((row, known));
        }
        let stored = self.core.store.persons_of(self.tenant, &wanted).await?;
        let stored: BTreeMap<PersonId, Person> =
            stored.into_iter().map(|person| (person.id.clone(), person)).collect();
        let mut writes = Vec::new();
        for (row, known) in rows {
            let line = row.line;
            let known: Vec<&Person> = known.iter().filter_map(|id| stored.get(id)).collect();
            match self.compare(row, &known)? {
                Compared::Same => handled.unchanged += 1,
                Compared::Write(person) => writes.push((line, person)),
                Compared::Refused => handled.bad.push(BadRow { line, reason: MOVED.to_owned() }),
            }
        }
        self.write(writes, &mut handled).await?;
        handled.bad.sort_by_key(|row| row.line);
        Ok(handled)
    }

    /// Compares a row with the people whose address it is or was.
    fn compare(&self, row: Row, known: &[&Person]) -> Result<Compared> {
        let now = self.core.clock.now();
        if let Some(stored) = known.iter().find(|person| person.email == row.email) {
            let mut person = (*stored).clone();
            if !person.take(row.details(Some(stored)), now) {
                return Ok(Compared::Same);
            }
            person.version += 1;
            return Ok(Compared::Write(person));
        }
        if known.is_empty() {
            return Ok(Compared::Write(Person::new(self.tenant.clone(), row.details(None), now)?));
        }
        Ok(Compared::Refused)
    }

    async fn write(&self, writes: Vec<(u64, Person)>, handled: &mut Handled) -> Result<()> {
        let (lines, persons): (Vec<u64>, Vec<Person>) = writes.into_iter().unzip();
        let results = if self.dry_run {
            persons.iter().map(|_| Ok(())).collect()
        } else {
            self.core.store.write_persons(&persons).await
        };
        for ((line, person), result) in lines.into_iter().zip(&persons).zip(results) {
            match result {
                Ok(()) if person.version == 1 => handled.created += 1,
                Ok(()) => handled.changed += 1,
                Err(error) if *error.kind() == Kind::Conflict => {
                    handled.bad.push(BadRow { line, reason: WRITTEN_MEANWHILE.to_owned() });
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// What is to be done about a row.
enum Compared {
    Same,
    Write(Person),
    Refused,
}

const MOVED: &str = "its e-mail address was that of a person who was given another one; change that person, or use the other address";
const WRITTEN_MEANWHILE: &str = "the person was changed by somebody else meanwhile; send the row again";

impl Taken {
    fn add(&mut self, rows: u64, last_line: u64, handled: Handled) {
        self.rows += rows;
        self.read_to_line = last_line;
        self.created += handled.created;
        self.changed += handled.changed;
        self.unchanged += handled.unchanged;
        self.refused += handled.bad.len() as u64;
        let room = BAD_ROWS_TOLD.saturating_sub(self.bad_rows.len());
        self.bad_rows.extend(handled.bad.into_iter().take(room));
    }
}
