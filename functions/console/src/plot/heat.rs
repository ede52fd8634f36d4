//! A heat map: rows by days, the more, the darker.

use jiff::civil::Date;
use plotters::backend::SVGBackend;
use plotters::drawing::IntoDrawingArea;
use plotters::element::Rectangle;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoFont, TextStyle};

use super::{Ink, Plot, inner, short};
use crate::problem::Problem;
use crate::words::number;

/// The width of the picture, and of the names in it.
const WIDTH: i32 = 960;
const NAMES: i32 = 190;

/// The height of a row, and of the dates above the first.
const ROW: i32 = 18;
const HEAD: i32 = 24;

/// How much of a name is written; the whole of it stands in the table.
const LONGEST_NAME: usize = 26;

/// How many days have their date above them.
const NAMED: usize = 10;

/// A heat map to be drawn.
#[derive(Clone, Debug)]
pub struct Heat<'a> {
    /// What is shown, in a few words.
    pub title: &'a str,
    /// The same in a sentence or two, for whoever does not see it.
    pub about: &'a str,
    /// What a row is: `Person`.
    pub rows_are: &'a str,
    /// What is counted: `actions`.
    pub unit: &'a str,
    /// The days, the earliest first.
    pub days: Vec<Date>,
    /// The rows, the highest first.
    pub rows: Vec<Row>,
}

/// One row.
#[derive(Clone, Debug)]
pub struct Row {
    /// What or who it is; may come from outside.
    pub name: String,
    /// Its values, one a day; none where nothing is known.
    pub values: Vec<Option<u64>>,
}

impl Heat<'_> {
    /// Draws it.
    ///
    /// # Errors
    /// A fault of ours, if it cannot be drawn.
    pub fn draw(self) -> Result<Plot, Problem> {
        let highest =
            self.rows.iter().flat_map(|row| row.values.iter().flatten()).copied().max().unwrap_or(0);
        let height = HEAD + ROW * i32::try_from(self.rows.len()).map_err(Problem::ours)? + 2;
        let (width, height) = (WIDTH.unsigned_abs(), u32::try_from(height).map_err(Problem::ours)?);
        let mut svg = String::new();
        self.paint(&mut svg, (width, height), highest).map_err(|error| Problem::ours(error.to_string()))?;
        let shown = |value: &Option<u64>| value.map_or_else(|| "–".to_owned(), number);
        let head = std::iter::once(self.rows_are.to_owned());
        Ok(Plot {
            drawn: inner(&svg)?,
            title: self.title.to_owned(),
            about: self.about.to_owned(),
            width,
            height,
            ends: false,
            key: key(highest, self.unit),
            head: head.chain(self.days.iter().map(|day| short(*day))).collect(),
            rows: self
                .rows
                .iter()
                .map(|row| (row.name.clone(), row.values.iter().map(shown).collect()))
                .collect(),
        })
    }

    fn paint(
        &self,
        svg: &mut String,
        size: (u32, u32),
        highest: u64,
    ) -> Result<(), Box<dyn std::error::Error>> {
        let area = SVGBackend::with_string(svg, size).into_drawing_area();
        let label: TextStyle<'_> = ("sans-serif", 15).into_font().color(&Ink::Text.color());
        let days = i32::try_from(self.days.len().max(1))?;
        let left = |place: usize| -> Result<i32, std::num::TryFromIntError> {
            Ok(NAMES + (WIDTH - NAMES) * i32::try_from(place)? / days)
        };
        let dates = label.pos(Pos::new(HPos::Left, VPos::Top));
        for place in (0..self.days.len()).step_by(self.days.len().div_ceil(NAMED).max(1)) {
            area.draw_text(&short(self.days[place]), &dates, (left(place)?, 2))?;
        }
        let names = label.pos(Pos::new(HPos::Left, VPos::Center));
        for (place, row) in self.rows.iter().enumerate() {
            let top = HEAD + ROW * i32::try_from(place)?;
            area.draw_text(&cut(&row.name), &names, (0, top + ROW / 2))?;
            for (day, value) in row.values.iter().enumerate().take(self.days.len()) {
                let (from, to) = (left(day)?, left(day + 1)? - 1);
                let ink = match value {
                    Some(0) => continue,
                    Some(value) => Ink::Heat(level(*value, highest)),
                    None => Ink::Unknown,
                };
                // What is not known is a line, not a cell: it is no little.
                let (upper, lower) =
                    if value.is_some() { (top + 1, top + ROW - 1) } else { (top + 8, top + 10) };
                area.draw(&Rectangle::new([(from, upper), (to.max(from + 1), lower)], ink.color().filled()))?;
            }
        }
        area.present()?;
        drop(area);
        Ok(())
    }
}

/// How dark a value is, from 1 to 4, by its share of the highest, which is always the darkest.
fn level(value: u64, highest: u64) -> u8 {
    let quarter = highest.div_ceil(4).max(1);
    let lighter = 4_u64.saturating_sub(highest.div_ceil(quarter));
    u8::try_from((value.div_ceil(quarter) + lighter).clamp(1, 4)).unwrap_or(4)
}

/// What each level means; levels that no value has are left out.
fn key(highest: u64, unit: &str) -> Vec<(String, String)> {
    let quarter = highest.div_ceil(4).max(1);
    let parts = (1..=4_u64).filter(|part| (part - 1) * quarter < highest);
    let mut key: Vec<_> = parts
        .map(|part| {
            let (from, to) = ((part - 1) * quarter + 1, (part * quarter).min(highest));
            let range = if from == to { number(from) } else { format!("{}–{}", number(from), number(to)) };
            (Ink::Heat(level(to, highest)).hex(), format!("{range} {unit}"))
        })
        .collect();
    key.push((Ink::Unknown.hex(), "not known".to_owned()));
    key
}

fn cut(name: &str) -> String {
    if name.chars().count() <= LONGEST_NAME {
        return name.to_owned();
    }
    name.chars().take(LONGEST_NAME - 1).chain(['…']).collect()
}
