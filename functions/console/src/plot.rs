//! Plots of figures over days, drawn here as SVG: with a title, words instead of the picture, and the table behind it.
//!
//! They are drawn in the fixed inks `#000001`, `#000002`, …, which the stylesheet exchanges for those of the light or the
//! dark ground.

use askama::Template;
use askama::filters::HtmlSafe;
use jiff::civil::Date;
use plotters::coord::Shift;
use plotters::prelude::*;

use crate::problem::Problem;

/// Width and height of the drawing, in its own units; the page shows it as wide as there is room.
const SIZE: (u32, u32) = (760, 220);

/// The size of its letters, in the same units.
const LETTERS: u32 = 13;

/// How many days are named along the bottom.
const NAMED_DAYS: usize = 7;

/// How many figures stand along the side.
const NAMED_FIGURES: usize = 4;

/// How the figures are drawn.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// One line for each series.
    Lines,
    /// A bar for each day, in which the series stand on one another, the first at the bottom.
    Bars,
}

/// What a series is drawn in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ink {
    /// The colour of what is chosen and of what leads on.
    Accent,
    /// That of what is well.
    Good,
    /// That of what is to be done.
    Bad,
    /// That of what nobody can tell.
    Unsure,
    /// That of what does not matter now.
    Idle,
    /// Another one, where two series are of the same kind.
    Second,
}

impl Ink {
    fn colour(self) -> RGBColor {
        RGBColor(0, 0, self.number())
    }

    /// The number of its ink, by which the stylesheet knows it.
    pub fn number(self) -> u8 {
        match self {
            Self::Accent => 1,
            Self::Good => 2,
            Self::Bad => 3,
            Self::Unsure => 4,
            Self::Idle => 5,
            Self::Second => 6,
        }
    }
}

/// One series: a figure for each day, none where nothing is known.
#[derive(Clone, Debug)]
pub struct Series {
    /// What it is called.
    pub name: String,
    /// What it is drawn in.
    pub ink: Ink,
    /// As many as there are days.
    pub figures: Vec<Option<u64>>,
}

/// A drawn plot, to be written into a template as it is: `{{ plot }}`.
#[derive(Clone, Debug)]
pub struct Plot(String);

impl std::fmt::Display for Plot {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

// Its template escapes all names; the drawing has none but dates and numbers.
impl HtmlSafe for Plot {}

#[derive(Template)]
#[template(path = "plot.html")]
struct PlotPart<'a> {
    title: &'a str,
    /// What it shows, in a sentence, for whoever does not see it.
    words: &'a str,
    series: &'a [Series],
    /// Each day with the figures of all series.
    rows: Vec<(Date, Vec<Option<u64>>)>,
    drawing: String,
}

impl Plot {
    /// Draws `series` over `days`. `title` must differ from those of other plots on the page.
    pub fn draw(
        kind: Kind,
        title: &str,
        words: &str,
        days: &[Date],
        series: &[Series],
    ) -> Result<Self, Problem> {
        let mut drawing = String::new();
        {
            let area = SVGBackend::with_string(&mut drawing, SIZE).into_drawing_area();
            draw_on(&area, kind, days, series).map_err(|cause| Problem::ours(cause.to_string()))?;
            area.present().map_err(|cause| Problem::ours(cause.to_string()))?;
        }
        // The drawing's own beginning has a fixed size and no words.
        let inside = drawing.split_once("<svg").and_then(|(_, rest)| rest.split_once('>'));
        let (_, drawing) = inside.ok_or_else(|| Problem::ours("a plot is no SVG"))?;
        let drawing = drawing.trim_end().trim_end_matches("</svg>").to_owned();
        let figures = |day| series.iter().map(|one| one.figures.get(day).copied().flatten()).collect();
        let rows = days.iter().enumerate().map(|(day, date)| (*date, figures(day))).collect();
        let part = PlotPart { title, words, series, rows, drawing };
        part.render().map(Self).map_err(Problem::ours)
    }
}

type Failure = DrawingAreaErrorKind<std::io::Error>;

fn draw_on(
    area: &DrawingArea<SVGBackend<'_>, Shift>,
    kind: Kind,
    days: &[Date],
    series: &[Series],
) -> Result<(), Failure> {
    let columns = days.len().max(1);
    let figure = |one: &Series, day: usize| one.figures.get(day).copied().flatten();
    let height = |day: usize| match kind {
        Kind::Lines => series.iter().filter_map(|one| figure(one, day)).max().unwrap_or(0),
        Kind::Bars => series.iter().filter_map(|one| figure(one, day)).sum(),
    };
    let top = (0..columns).map(height).max().unwrap_or(0).max(4);
    let mut chart = ChartBuilder::on(area)
        .margin(8)
        .set_label_area_size(LabelAreaPosition::Left, 44)
        .set_label_area_size(LabelAreaPosition::Bottom, 28)
        .build_cartesian_2d(-0.5..to_f64(columns) - 0.5, 0f64..to_f64(top) * 1.05)?;
    // Day n stands at n; between two days nothing is named.
    let day_name = |at: &f64| {
        let day = (0..columns).find(|day| (to_f64(*day) - at).abs() < 0.01).and_then(|day| days.get(day));
        day.map(|day| day.strftime("%-d %b").to_string()).unwrap_or_default()
    };
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_labels(NAMED_DAYS.min(columns))
        .y_labels(NAMED_FIGURES)
        .x_label_formatter(&day_name)
        .y_label_formatter(&|figure| format!("{figure:.0}"))
        .label_style(("sans-serif", LETTERS).into_font().color(&RGBColor(0, 0, 9)))
        .axis_style(RGBColor(0, 0, 8))
        .bold_line_style(RGBColor(0, 0, 8))
        .light_line_style(TRANSPARENT)
        .draw()?;
    match kind {
        Kind::Lines => {
            for one in series {
                let known = (0..columns).map(|day| figure(one, day).map(|it| (to_f64(day), to_f64(it))));
                // A day of which nothing is known interrupts the line.
                for stretch in known.collect::<Vec<_>>().split(Option::is_none) {
                    let points: Vec<(f64, f64)> = stretch.iter().copied().flatten().collect();
                    if let [point] = points[..] {
                        chart.draw_series([Circle::new(point, 2, one.ink.colour().filled())])?;
                    }
                    chart.draw_series(LineSeries::new(points, one.ink.colour().stroke_width(2)))?;
                }
            }
        }
        Kind::Bars => {
            for day in 0..columns {
                let mut foot = 0;
                for one in series {
                    let Some(figure) = figure(one, day).filter(|figure| *figure > 0) else { continue };
                    let corners =
                        [(to_f64(day) - 0.38, to_f64(foot)), (to_f64(day) + 0.38, to_f64(foot + figure))];
                    chart.draw_series([Rectangle::new(corners, one.ink.colour().filled())])?;
                    foot += figure;
                }
            }
        }
    }
    Ok(())
}

/// A figure as the drawing takes it. Beyond 2^32 it is no longer told apart by a line that is one unit thick.
fn to_f64(figure: impl TryInto<u32>) -> f64 {
    f64::from(figure.try_into().unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{Ink, Kind, Plot, Series};

    fn series(name: &str, ink: Ink, figures: &[Option<u64>]) -> Series {
        Series { name: name.to_owned(), ink, figures: figures.to_vec() }
    }

    #[test]
    fn a_plot_has_words_a_drawing_and_the_table_behind_it() {
        let days: Vec<_> = (1..=4).map(|day| date(2026, 6, day)).collect();
        let all = [
            series("passing", Ink::Good, &[Some(5), Some(6), None, Some(9)]),
            series("<b>failing", Ink::Bad, &[Some(4), Some(3), None, Some(0)]),
        ];
        for kind in [Kind::Lines, Kind::Bars] {
            let plot = Plot::draw(kind, "Posture", "More checks pass.", &days, &all).unwrap().to_string();
            assert!(plot.contains("role=\"img\"") && plot.contains("More checks pass."), "{plot}");
            assert!(plot.contains("#000002") && plot.contains("#000003"), "{plot}");
            assert!(plot.contains("1 Jun") && plot.contains("2026-06-04"), "{plot}");
            assert!(!plot.contains("<b>failing") && !plot.contains("style="), "{plot}");
        }
        insta::assert_snapshot!(Plot::draw(Kind::Bars, "Posture", "Up.", &days, &all).unwrap());
    }

    #[test]
    fn nothing_and_very_much_can_be_drawn() {
        Plot::draw(Kind::Lines, "a", "b", &[], &[]).unwrap();
        let days = [date(2026, 6, 1)];
        Plot::draw(Kind::Bars, "a", "b", &days, &[series("x", Ink::Accent, &[Some(u64::MAX / 4)])]).unwrap();
        Plot::draw(Kind::Lines, "a", "b", &days, &[series("x", Ink::Second, &[])]).unwrap();
    }
}
