//! Reads a list of people, row by row.
//!
//! A list comes from whatever made it: with a byte order mark or without, with commas, semicolons or tabs, quoted or not,
//! with any line ends, columns in any order. What is wrong with a row is said of that row alone.

use std::collections::HashMap;
use std::io::{self, Cursor, Read};

use csv::{ByteRecord, Reader, ReaderBuilder};
use jiff::civil::Date;

use super::{BadRow, LONGEST_UNPACKED, MOST_ROWS, Stop};
use crate::person::{Details, Person, PersonStatus};
use crate::sheet::unprotected;
use crate::{Error, Result};

/// The longest row, in bytes. A quote that is not closed makes one row of all that follows.
const LONGEST_ROW: u64 = 64 * 1024;

/// How much is read ahead to find out what separates the cells, in bytes.
const READ_AHEAD: u64 = 8 * 1024;

/// The most columns that a list may have.
const MOST_COLUMNS: usize = 200;

/// A row, as far as it was given.
#[expect(
    clippy::option_option,
    reason = "an empty cell takes the value away, a column that is not there leaves it"
)]
pub(super) struct Row {
    pub(super) line: u64,
    pub(super) email: String,
    name: String,
    status: Option<PersonStatus>,
    manager: Option<Option<String>>,
    ends_on: Option<Option<Date>>,
}

impl Row {
    /// What the row says of the person that is stored, if one is: a column that the list does not have changes nothing.
    pub(super) fn details(self, stored: Option<&Person>) -> Details {
        Details {
            email: self.email,
            name: self.name,
            status: self.status.or(stored.map(|stored| stored.status)).unwrap_or(PersonStatus::Active),
            manager: self.manager.unwrap_or_else(|| stored.and_then(|stored| stored.manager.clone())),
            ends_on: self.ends_on.unwrap_or_else(|| stored.and_then(|stored| stored.ends_on)),
        }
    }
}

/// Rows that are handled together.
#[derive(Default)]
pub(super) struct Chunk {
    pub(super) good: Vec<Row>,
    pub(super) bad: Vec<BadRow>,
    /// How many rows were read for it.
    pub(super) rows: u64,
    /// The line at which its last row ends.
    pub(super) last_line: u64,
}

/// The rows of a list.
pub(super) struct Rows {
    reader: Reader<Bounded>,
    columns: Columns,
    taken: u64,
    seen: HashMap<Box<str>, u64>,
    /// Why reading ended before the end of the list.
    pub(super) stopped: Option<Stop>,
}

/// Which cell of a row holds what.
struct Columns {
    count: usize,
    email: usize,
    name: usize,
    status: Option<usize>,
    manager: Option<usize>,
    end_date: Option<usize>,
    unknown: Vec<String>,
}

impl Rows {
    /// Begins to read a list.
    ///
    /// # Errors
    /// `Invalid` when its first row does not name the columns.
    pub(super) fn of(list: Box<dyn Read + Send>) -> Result<Self> {
        let (bounded, separator) = Bounded::of(list)?;
        let mut reader =
            ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator).from_reader(bounded);
        let mut header = ByteRecord::new();
        let is_there = reader.read_byte_record(&mut header).map_err(|error| unreadable(&error))?;
        if !is_there {
            return Err(Error::invalid("body", "the list is empty; its first row must name the columns"));
        }
        let columns = Columns::of(&header)?;
        Ok(Self { reader, columns, taken: 0, seen: HashMap::new(), stopped: None })
    }

    /// The columns that are not read.
    pub(super) fn unknown_columns(&self) -> &[String] {
        &self.columns.unknown
    }

    /// The next rows, `count` good ones at most and twice as many in all; none at the end, or when reading stopped. Rows
    /// before the line `from` are looked at only for addresses that come again.
    pub(super) fn next_chunk(&mut self, count: usize, from: u64) -> Option<Chunk> {
        let mut chunk = Chunk::default();
        while chunk.good.len() < count && chunk.good.len() + chunk.bad.len() < 2 * count {
            match self.next_row() {
                Some(row) => {
                    chunk.last_line = self.last_line();
                    chunk.rows += 1;
                    match row {
                        (line, _) if line < from => {}
                        (_, Ok(row)) => chunk.good.push(row),
                        (line, Err(reason)) => chunk.bad.push(BadRow { line, reason }),
                    }
                }
                None if chunk.rows == 0 => return None,
                None => break,
            }
        }
        Some(chunk)
    }

    /// The line at which the row that was read last ends: each ends with a line feed, and the parser counts those.
    fn last_line(&self) -> u64 {
        self.reader.position().line().saturating_sub(1)
    }

    /// The line at which the row that was read last begins. The parser's own place of it is before the empty lines that
    /// it skips.
    fn first_line(&self, record: &ByteRecord) -> u64 {
        let line_feeds = record.iter().map(|cell| cell.split(|byte| *byte == b'\n').count() - 1);
        // A quote that is not closed takes the last line feed into the cell.
        let is_open = usize::from(self.reader.get_ref().ended);
        let within = line_feeds.sum::<usize>().saturating_sub(is_open);
        self.last_line().saturating_sub(within as u64)
    }

    /// The next row that is not empty, with its line.
    fn next_row(&mut self) -> Option<(u64, Result<Row, String>)> {
        let mut record = ByteRecord::new();
        loop {
            if self.stopped.is_some() {
                return None;
            }
            self.reader.get_mut().begin_row();
            match self.reader.read_byte_record(&mut record) {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => {
                    self.stopped = Some(Stop::of(&error));
                    return None;
                }
            }
            if record.iter().all(|cell| cell.trim_ascii().is_empty()) {
                continue;
            }
            if self.taken == MOST_ROWS {
                self.stopped = Some(Stop::TooManyRows);
                return None;
            }
            self.taken += 1;
            let line = self.first_line(&record);
            let row = self.columns.row(line, &record).and_then(|row| self.once(row));
            return Some((line, row));
        }
    }

    /// The row, if no row before it has its address.
    fn once(&mut self, row: Row) -> Result<Row, String> {
        if let Some(line) = self.seen.get(row.email.as_str()) {
            return Err(format!("its e-mail address stands in line {line} already"));
        }
        self.seen.insert(row.email.clone().into_boxed_str(), row.line);
        Ok(row)
    }
}

impl Columns {
    fn of(header: &ByteRecord) -> Result<Self> {
        let refuse = |message: String| Error::invalid("body", message);
        if header.len() > MOST_COLUMNS {
            return Err(refuse(format!("the list has more than {MOST_COLUMNS} columns")));
        }
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut unknown = Vec::new();
        for (place, cell) in header.iter().enumerate() {
            let name = std::str::from_utf8(cell);
            let name = name.map_err(|_| refuse("the list must be UTF-8; save it as CSV UTF-8".to_owned()))?;
            let name = unprotected(name.trim()).to_lowercase();
            if !["email", "name", "status", "manager", "end_date"].contains(&name.as_str()) {
                unknown.extend((!name.is_empty()).then(|| name.chars().take(100).collect::<String>()));
            } else if places.insert(name.clone(), place).is_some() {
                return Err(refuse(format!("the list has two columns {name}")));
            }
        }
        let needed = |name: &str| {
            let missing = || {
                refuse(format!(
                    "the first row must name the columns; {name} is missing. There are email and name, which must be \
                     there, and status, manager and end_date"
                ))
            };
            places.get(name).copied().ok_or_else(missing)
        };
        Ok(Self {
            count: header.len(),
            email: needed("email")?,
            name: needed("name")?,
            status: places.get("status").copied(),
            manager: places.get("manager").copied(),
            end_date: places.get("end_date").copied(),
            unknown,
        })
    }

    fn row(&self, line: u64, record: &ByteRecord) -> Result<Row, String> {
        if record.iter().skip(self.count).any(|cell| !cell.is_empty()) {
            return Err(format!("it has more than {} cells; is one not quoted?", self.count));
        }
        if record.iter().any(|cell| cell.contains(&b'\n')) {
            return Err("a cell goes over several lines; is a quote not closed?".to_owned());
        }
        let cell = |place: usize| {
            let text = std::str::from_utf8(record.get(place).unwrap_or_default());
            text.map(|text| unprotected(text.trim()).trim().to_owned())
                .map_err(|_| "it is not UTF-8".to_owned())
        };
        let optional = |place: Option<usize>| place.map(cell).transpose();
        let status = optional(self.status)?.as_deref().map(status_of).transpose()?;
        let manager = optional(self.manager)?.map(|text| Some(text).filter(|text| !text.is_empty()));
        let ends_on = optional(self.end_date)?.as_deref().map(date_of).transpose()?;
        let details = Details {
            email: cell(self.email)?,
            name: cell(self.name)?,
            status: PersonStatus::Active,
            manager: manager.clone().flatten(),
            ends_on: None,
        };
        let checked = details.checked().map_err(|error| error.to_string())?;
        let manager = manager.map(|_| checked.manager);
        Ok(Row { line, email: checked.email, name: checked.name, status, manager, ends_on })
    }
}

/// The status in a cell. An empty one means that the person works here.
fn status_of(text: &str) -> Result<PersonStatus, String> {
    match text.to_lowercase().as_str() {
        "" | "active" => Ok(PersonStatus::Active),
        "left" => Ok(PersonStatus::Left),
        _ => Err("status must be `active` or `left`".to_owned()),
    }
}

fn date_of(text: &str) -> Result<Option<Date>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let is_plain = text.len() == 10;
    let date = text.parse().ok().filter(|_| is_plain);
    date.map(Some).ok_or_else(|| "end_date must be a date such as `2026-03-31`".to_owned())
}

/// A list in which every line ends with a line feed, and which ends where it is longer than is read, as a whole or in one
/// row.
struct Bounded {
    list: Box<dyn Read + Send>,
    whole: u64,
    row: u64,
    last: u8,
    /// Whether more was asked for than there is.
    ended: bool,
}

/// What is wrong with a list, as an error of reading.
#[derive(Debug, thiserror::Error)]
enum Bound {
    #[error("the list is too long")]
    Whole,
    #[error("the row is too long")]
    Row,
}

impl Bounded {
    /// A list, and what separates its cells: whatever its first line has most of.
    fn of(mut list: Box<dyn Read + Send>) -> Result<(Self, u8)> {
        let mut start = Vec::new();
        let read = list.by_ref().take(READ_AHEAD).read_to_end(&mut start);
        read.map_err(|error| unreadable(&csv::Error::from(error)))?;
        if start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff") {
            return Err(Error::invalid("body", "the list is UTF-16; save it as CSV UTF-8"));
        }
        let first_line = start.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
        let count = |separator: u8| first_line.split(|byte| *byte == separator).count();
        // The comma stands last, for the last of equals is taken.
        let separator = [b'\t', b';', b','].into_iter().max_by_key(|separator| count(*separator));
        let list = Box::new(Cursor::new(start).chain(list));
        Ok((Self { list, whole: 0, row: 0, last: b'\n', ended: false }, separator.unwrap_or(b',')))
    }

    /// A new row begins.
    fn begin_row(&mut self) {
        self.row = 0;
    }
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.row > LONGEST_ROW {
                return Err(io::Error::other(Bound::Row));
            }
            let read = self.list.read(buffer)?;
            if read == 0 {
                return Ok(self.end(buffer));
            }
            self.whole += read as u64;
            self.row += read as u64;
            if self.whole > LONGEST_UNPACKED {
                return Err(io::Error::other(Bound::Whole));
            }
            let kept = self.with_line_feeds(&mut buffer[..read]);
            // Nothing kept must not look like the end.
            if kept > 0 {
                return Ok(kept);
            }
        }
    }
}

impl Bounded {
    /// Makes a line feed of every carriage return, and of both together. Returns how many bytes are left.
    fn with_line_feeds(&mut self, bytes: &mut [u8]) -> usize {
        let mut kept = 0;
        for place in 0..bytes.len() {
            let byte = bytes[place];
            let is_second_half = self.last == b'\r' && byte == b'\n';
            self.last = byte;
            if !is_second_half {
                bytes[kept] = if byte == b'\r' { b'\n' } else { byte };
                kept += 1;
            }
        }
        kept
    }

    /// Ends the last line, if nothing did.
    fn end(&mut self, buffer: &mut [u8]) -> usize {
        match buffer.first_mut() {
            Some(first) if !matches!(self.last, b'\n' | b'\r') => {
                (*first, self.last) = (b'\n', b'\n');
                1
            }
            _ => {
                self.ended = true;
                0
            }
        }
    }
}

impl Stop {
    fn of(error: &csv::Error) -> Self {
        let bound = match error.kind() {
            csv::ErrorKind::Io(error) => error.get_ref().and_then(|inner| inner.downcast_ref::<Bound>()),
            _ => None,
        };
        match bound {
            Some(Bound::Whole) => Self::TooLong,
            Some(Bound::Row) => Self::RowTooLong,
            None => Self::Damaged,
        }
    }
}

fn unreadable(error: &csv::Error) -> Error {
    let what = match Stop::of(error) {
        Stop::RowTooLong => "its first row is too long",
        _ => "it is damaged, or not packed as the header Content-Encoding says",
    };
    Error::invalid("body", format!("the list could not be read: {what}"))
}

#[cfg(test)]
#[path = "reading_tests.rs"]
mod tests;
