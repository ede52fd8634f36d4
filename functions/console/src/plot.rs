//! Plots: drawn here as SVG, each with a title, a description and its table.
//!
//! Written into a template as they are: `{{ plot }}` is the whole figure, with its key and the table behind it. The inks
//! are fixed colours, which the stylesheet maps to those of the light and the dark ground; nothing has a style of its own,
//! which the content security policy forbids.

mod bars;
mod heat;

use askama::Template;
use askama::filters::HtmlSafe;
use jiff::civil::Date;
use plotters::style::RGBColor;

use crate::problem::Problem;

pub use bars::{Bars, Series};
pub use heat::{Heat, Row};

/// What a colour means. The stylesheet knows each by its fixed colour.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ink {
    /// All is well.
    Good,
    /// Something is to be done.
    Bad,
    /// Nobody can tell.
    Unsure,
    /// It does not matter.
    Idle,
    /// How much there is of something, from 1 to 4; more is 4.
    Heat(u8),
    /// Words and figures.
    Text,
    /// Nothing is known.
    Unknown,
    /// Lines behind what is shown.
    Line,
}

impl Ink {
    /// The fixed colour.
    fn color(self) -> RGBColor {
        match self {
            Self::Good => RGBColor(0x1b, 0x70, 0x44),
            Self::Bad => RGBColor(0xa8, 0x27, 0x1c),
            Self::Unsure => RGBColor(0xd0, 0x8a, 0x12),
            Self::Idle => RGBColor(0xc4, 0xc9, 0xc6),
            Self::Heat(0 | 1) => RGBColor(0xb9, 0xdc, 0xd3),
            Self::Heat(2) => RGBColor(0x7d, 0xbd, 0xae),
            Self::Heat(3) => RGBColor(0x3f, 0x8f, 0x7f),
            Self::Heat(4..) => RGBColor(0x16, 0x58, 0x4d),
            Self::Text => RGBColor(0x5b, 0x66, 0x63),
            Self::Unknown => RGBColor(0x8b, 0x93, 0x8f),
            Self::Line => RGBColor(0xdc, 0xda, 0xd2),
        }
    }

    /// The same as SVG writes it.
    fn hex(self) -> String {
        let RGBColor(red, green, blue) = self.color();
        format!("#{red:02X}{green:02X}{blue:02X}")
    }
}

/// A finished figure, to be written into a template as it is: `{{ plot }}`.
#[derive(Clone, Debug, Template)]
#[template(path = "plot.html")]
pub struct Plot {
    title: String,
    about: String,
    /// What plotters drew, without its opening and closing tags.
    drawn: String,
    width: u32,
    height: u32,
    /// Whether its end is what is seen first where there is no room for all of it.
    ends: bool,
    key: Vec<(String, String)>,
    head: Vec<String>,
    rows: Vec<(String, Vec<String>)>,
}

// Its template escapes what comes from outside, and so does plotters.
impl HtmlSafe for Plot {}

/// The drawing between the tags that plotters writes, of which the outer ones are our own.
fn inner(svg: &str) -> Result<String, Problem> {
    let inside = svg.trim().strip_suffix("</svg>").and_then(|svg| svg.split_once('>')).map(|(_, rest)| rest);
    let inside = inside.ok_or_else(|| Problem::ours("plotters drew no picture"))?;
    // Full opacity is what is there without being said.
    Ok(inside.trim().replace(" opacity=\"1\"", ""))
}

/// A day, short: `29 Nov`.
fn short(day: Date) -> String {
    day.strftime("%-d %b").to_string()
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Date, date};

    use super::{Bars, Heat, Ink, Row, Series};

    fn days(count: usize) -> Vec<Date> {
        let first = date(2026, 11, 1);
        first.series(jiff::Span::new().days(1)).take(count).collect()
    }

    fn assert_allowed(html: &str) {
        for forbidden in ["style=", "<style", "onload", "<img", "href="] {
            assert!(!html.contains(forbidden), "{forbidden}: {html}");
        }
        assert_eq!(html.matches("<svg").count(), html.matches("</svg>").count());
        assert!(html.contains("role=\"img\"") && html.contains("<title") && html.contains("<desc"), "{html}");
    }

    #[test]
    fn bars_show_each_day_and_have_their_table() {
        let series = vec![
            Series { name: "Fail".to_owned(), ink: Ink::Bad, values: vec![Some(1), Some(0), None] },
            Series { name: "Pass".to_owned(), ink: Ink::Good, values: vec![Some(2), Some(1234), None] },
        ];
        let bars = Bars { title: "Posture", about: "Checks by day.", unit: "checks", days: days(3), series };
        let html = bars.draw().unwrap().to_string();
        assert_allowed(&html);
        insta::assert_snapshot!(html);
    }

    #[test]
    fn a_heat_map_shows_who_and_when_and_escapes_names() {
        let rows = vec![
            Row {
                name: "\"><img src=x> with a name that goes on and on".to_owned(),
                values: vec![Some(0), Some(9)],
            },
            Row { name: "Ada".to_owned(), values: vec![None, Some(1)] },
        ];
        let heat =
            Heat { title: "Use", about: "Days.", rows_are: "Person", unit: "actions", days: days(2), rows };
        let html = heat.draw().unwrap().to_string();
        assert_allowed(&html);
        insta::assert_snapshot!(html);
    }

    #[test]
    fn a_plot_of_a_year_or_of_nothing_is_drawn() {
        let series =
            |count| vec![Series { name: "x".to_owned(), ink: Ink::Good, values: vec![Some(0); count] }];
        for count in [0, 1, 2, 366] {
            let bars = Bars { title: "t", about: "a", unit: "u", days: days(count), series: series(count) };
            assert_allowed(&bars.draw().unwrap().to_string());
            let rows = vec![Row { name: "r".to_owned(), values: vec![Some(3); count] }];
            let heat = Heat { title: "t", about: "a", rows_are: "r", unit: "u", days: days(count), rows };
            assert_allowed(&heat.draw().unwrap().to_string());
        }
        let heat = Heat { title: "t", about: "a", rows_are: "r", unit: "u", days: days(9), rows: Vec::new() };
        assert_allowed(&heat.draw().unwrap().to_string());
    }
}
