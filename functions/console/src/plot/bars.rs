//! Stacked bars, one for each day.

use jiff::civil::Date;
use plotters::backend::SVGBackend;
use plotters::chart::ChartBuilder;
use plotters::drawing::IntoDrawingArea;
use plotters::element::Rectangle;
use plotters::style::{Color, IntoFont, IntoTextStyle, TextStyle};

use super::{Ink, Plot, inner, short};
use crate::problem::Problem;
use crate::words::number;

/// Width and height, in units of the picture.
const SIZE: (u32, u32) = (960, 240);

/// The widest bar, in units of the picture: where there are few days.
const WIDEST: f64 = 48.0;

/// How many days have their date below them.
const NAMED: usize = 10;

/// Bars to be drawn.
#[derive(Clone, Debug)]
pub struct Bars<'a> {
    /// What is shown, in a few words.
    pub title: &'a str,
    /// The same in a sentence or two, for whoever does not see it: what is highest, what changed.
    pub about: &'a str,
    /// What is counted: `checks`.
    pub unit: &'a str,
    /// The days, the earliest first.
    pub days: Vec<Date>,
    /// What is stacked, the lowest first, each with a value for each day.
    pub series: Vec<Series>,
}

/// One layer of the bars.
#[derive(Clone, Debug)]
pub struct Series {
    /// What it is.
    pub name: String,
    /// Its colour.
    pub ink: Ink,
    /// Its values, one a day; none where nothing is known.
    pub values: Vec<Option<u64>>,
}

impl Bars<'_> {
    /// Draws them.
    ///
    /// # Errors
    /// A fault of ours, if it cannot be drawn.
    pub fn draw(self) -> Result<Plot, Problem> {
        let mut svg = String::new();
        self.paint(&mut svg).map_err(|error| Problem::ours(error.to_string()))?;
        let shown = |value: Option<u64>| value.map_or_else(|| "–".to_owned(), number);
        let value = |series: &Series, place: usize| series.values.get(place).copied().flatten();
        let rows = self.days.iter().enumerate().rev();
        Ok(Plot {
            drawn: inner(&svg)?,
            title: self.title.to_owned(),
            about: self.about.to_owned(),
            width: SIZE.0,
            height: SIZE.1,
            ends: true,
            key: self.series.iter().map(|series| (series.ink.hex(), series.name.clone())).collect(),
            rows: rows
                .map(|(place, day)| {
                    let values = self.series.iter().map(|series| shown(value(series, place)));
                    (day.to_string(), values.collect())
                })
                .collect(),
            head: std::iter::once("Day".to_owned())
                .chain(self.series.into_iter().map(|it| it.name))
                .collect(),
        })
    }

    fn paint(&self, svg: &mut String) -> Result<(), Box<dyn std::error::Error>> {
        let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
        let sum = |place: usize| -> u64 {
            self.series.iter().filter_map(|series| series.values.get(place).copied().flatten()).sum()
        };
        let highest = (0..self.days.len()).map(sum).max().unwrap_or(0).max(1);
        let last = f64::from(u32::try_from(self.days.len().max(1))?) - 0.5;
        let mut chart = ChartBuilder::on(&area)
            .margin_top(14)
            .margin_right(4)
            .x_label_area_size(26)
            .y_label_area_size(44)
            .build_cartesian_2d(-0.5..last, 0.0..to_number(highest) * 1.04)?;
        let label: TextStyle<'_> = ("sans-serif", 15).into_font().color(&Ink::Text.color());
        let every = self.days.len().div_ceil(NAMED).max(1);
        chart
            .configure_mesh()
            .disable_x_mesh()
            .max_light_lines(0)
            .bold_line_style(Ink::Line.color())
            .axis_style(Ink::Line.color())
            .y_labels(5)
            .x_labels(0)
            .label_style(label.clone())
            .y_label_formatter(&|value| {
                if value.fract() == 0.0 { format!("{value:.0}") } else { String::new() }
            })
            .draw()?;
        let half = (WIDEST * (last + 0.5) / f64::from(SIZE.0)).min(0.72) / 2.0;
        for place in 0..self.days.len() {
            let (mut base, middle) = (0.0, f64::from(u32::try_from(place)?));
            for series in &self.series {
                let Some(value) = series.values.get(place).copied().flatten().filter(|value| *value > 0)
                else {
                    continue;
                };
                let top = base + to_number(value);
                let corners = [(middle - half, base), (middle + half, top)];
                chart.draw_series([Rectangle::new(corners, series.ink.color().filled())])?;
                base = top;
            }
        }
        let centred = label.pos(plotters::style::text_anchor::Pos::new(
            plotters::style::text_anchor::HPos::Center,
            plotters::style::text_anchor::VPos::Top,
        ));
        for (place, day) in self.days.iter().enumerate().rev().step_by(every) {
            let (x, y) = chart.backend_coord(&(f64::from(u32::try_from(place)?), 0.0));
            // The outermost dates stay inside of the picture.
            let x = x.clamp(24, i32::try_from(SIZE.0)? - 24);
            area.draw_text(&short(*day), &centred.clone().into_text_style(&area), (x, y + 8))?;
        }
        area.present()?;
        drop(chart);
        drop(area);
        Ok(())
    }
}

/// A count as a place on the axis: what is lost beyond 2^32 nobody sees.
fn to_number(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
