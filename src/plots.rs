//! Plots as SVG: panels in rows, each with its curves and their legend.

use std::ops::Range;
use std::path::Path;

use plotters::coord::Shift;
use plotters::coord::combinators::WithKeyPoints;
use plotters::coord::ranged1d::{AsRangedCoord, ValueFormatter};
use plotters::prelude::*;

use crate::atomic_file;
use crate::error::{Error, Result};

/// Size of one panel in pixels of the SVG.
const PANEL_PX: (u32, u32) = (820, 480);
const FONT: &str = "sans-serif";
const TEXT_PX: u32 = 15;
const TITLE_PX: u32 = 18;
const LEGEND_LINE_PX: i32 = 26;

/// Most decades of a logarithmic axis.
const MOST_DECADES: i32 = 6;
/// Most decades that have marks between their ends.
const MOST_DIVIDED_DECADES: f64 = 3.0;

/// Colours that are told apart with any kind of sight (Okabe and Ito 2008).
const COLORS: [RGBColor; 7] = [
    RGBColor(230, 159, 0),
    RGBColor(0, 114, 178),
    RGBColor(0, 158, 115),
    RGBColor(213, 94, 0),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(0, 0, 0),
];

/// One axis.
#[derive(Clone, Debug)]
pub struct Axis {
    /// What it counts, with the unit.
    pub label: String,
    /// Whether it is logarithmic.
    pub log: bool,
}

impl Axis {
    /// The least value that it shows. One step next to nothing would squeeze all others together.
    fn least(&self, values: impl Iterator<Item = f64>) -> f64 {
        if !self.log {
            return f64::NEG_INFINITY;
        }
        let highest = values.filter(|value| value.is_finite()).fold(0.0, f64::max);
        (highest * 10_f64.powi(-MOST_DECADES)).max(f64::MIN_POSITIVE)
    }
}

/// One curve.
#[derive(Clone, Debug)]
pub struct Series {
    /// Its name in the legend.
    pub label: String,
    /// In the order in which they are joined.
    pub points: Vec<(f64, f64)>,
}

/// One diagram.
#[derive(Clone, Debug)]
pub struct Panel {
    /// Stands above it.
    pub title: String,
    /// The axis from left to right.
    pub x: Axis,
    /// The axis from bottom to top.
    pub y: Axis,
    /// The curves; values that are not finite are left out, and on a logarithmic axis those that
    /// are not above a millionth of the highest.
    pub series: Vec<Series>,
    /// Whether single points show.
    pub markers: bool,
}

impl Panel {
    /// The same with those points only that have a place on the axes.
    fn visible(&self) -> Self {
        let points = || self.series.iter().flat_map(|series| series.points.iter().copied());
        let least_x = self.x.least(points().map(|point| point.0));
        let least_y = self.y.least(points().map(|point| point.1));
        let is_on = |value: f64, least: f64| value.is_finite() && value >= least;
        let mut visible = self.clone();
        for series in &mut visible.series {
            series.points.retain(|(x, y)| is_on(*x, least_x) && is_on(*y, least_y));
        }
        visible
    }

    /// The corner on the right from which most of the curves stay away.
    fn legend_position(&self) -> SeriesLabelPosition {
        let scaled = |value: f64, axis: &Axis| if axis.log { value.ln() } else { value };
        let points: Vec<(f64, f64)> = self
            .series
            .iter()
            .flat_map(|series| series.points.iter().copied())
            .map(|(x, y)| (scaled(x, &self.x), scaled(y, &self.y)))
            .collect();
        let middle = |of: fn(&(f64, f64)) -> f64| {
            let ends = points
                .iter()
                .map(of)
                .fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
            0.5 * (ends.0 + ends.1)
        };
        let (x, y) = (middle(|point| point.0), middle(|point| point.1));
        let on_the_right = points.iter().filter(|point| point.0 >= x);
        let count = on_the_right.clone().count();
        let above = on_the_right.filter(|point| point.1 > y).count();
        if 2 * above < count {
            SeriesLabelPosition::UpperRight
        } else {
            SeriesLabelPosition::LowerRight
        }
    }
}

type LogAxis = WithKeyPoints<LogCoord<f64>>;

/// Of a drawing library whose errors hold what is drawn on.
type Drawn = std::result::Result<(), Box<dyn std::error::Error>>;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Draws rows of panels, all of the same length, and writes them as one SVG file; an older one is
/// replaced.
///
/// # Errors
/// Those of writing.
pub fn draw(path: &Path, rows: &[&[Panel]]) -> Result<()> {
    let mut svg = String::new();
    draw_rows(&mut svg, rows)
        .map_err(|error| Error::io("draw", std::io::Error::other(error.to_string())).at(path))?;
    atomic_file::write(path, svg.as_bytes(), true)
}

fn draw_rows(svg: &mut String, rows: &[&[Panel]]) -> Drawn {
    let columns = rows.iter().map(|row| row.len()).max().unwrap_or(1).max(1);
    let (width, height) = (u32::try_from(columns)?, u32::try_from(rows.len())?);
    let root =
        SVGBackend::with_string(svg, (PANEL_PX.0 * width, PANEL_PX.1 * height)).into_drawing_area();
    root.fill(&WHITE)?;
    let areas = root.split_evenly((rows.len(), columns));
    for (areas, row) in areas.chunks(columns).zip(rows) {
        for (area, panel) in areas.iter().zip(*row) {
            draw_panel(area, panel)?;
        }
    }
    root.present()?;
    Ok(())
}

fn draw_panel(area: &Area<'_>, panel: &Panel) -> Drawn {
    let panel = &panel.visible();
    let points = || panel.series.iter().flat_map(|series| series.points.iter().copied());
    let x = range(points().map(|point| point.0), panel.x.log);
    let y = range(points().map(|point| point.1), panel.y.log);
    let (Some(x), Some(y)) = (x, y) else {
        let title = format!("{}: no figures", panel.title);
        area.titled(&title, (FONT, TITLE_PX))?;
        return Ok(());
    };
    match (panel.x.log, panel.y.log) {
        (false, false) => draw_chart(area, panel, x, y),
        (true, false) => draw_chart(area, panel, log_axis(&x), y),
        (false, true) => draw_chart(area, panel, x, log_axis(&y)),
        (true, true) => draw_chart(area, panel, log_axis(&x), log_axis(&y)),
    }
}

/// The values' range, and a little more on a linear axis; nothing where there are none.
fn range(values: impl Iterator<Item = f64>, log: bool) -> Option<Range<f64>> {
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    if low > high {
        return None;
    }
    if log {
        return Some(low..high);
    }
    let margin = 0.03 * (high - low).max(1e-9);
    Some(low - margin..high + margin)
}

/// Marks of a logarithmic axis, 1, 2 and 5 in each decade, or, of many decades, their ends: those
/// between two values, and the next ones on either side.
fn marks(range: &Range<f64>) -> Vec<f64> {
    let is_divided = (range.end / range.start).log10() <= MOST_DIVIDED_DECADES;
    let digits: &[f64] = if is_divided { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let decades = range.start.log10().floor() as i32..=range.end.log10().floor() as i32 + 1;
    let all: Vec<f64> =
        decades.flat_map(|decade| digits.iter().map(move |m| m * 10_f64.powi(decade))).collect();
    let first = all.partition_point(|mark| *mark <= range.start).saturating_sub(1);
    let last = all.partition_point(|mark| *mark < range.end).max(first + 1);
    all.into_iter().take(last + 1).skip(first).collect()
}

/// A logarithmic axis from mark to mark.
fn log_axis(range: &Range<f64>) -> LogAxis {
    let marks = marks(range);
    let ends = marks.first().copied().zip(marks.last().copied());
    let (start, end) = ends.unwrap_or((range.start, range.end));
    (start..end).log_scale().with_key_points(marks)
}

fn draw_chart<X, Y>(area: &Area<'_>, panel: &Panel, x: X, y: Y) -> Drawn
where
    X: AsRangedCoord<Value = f64>,
    Y: AsRangedCoord<Value = f64>,
    X::CoordDescType: ValueFormatter<f64>,
    Y::CoordDescType: ValueFormatter<f64>,
{
    let mut chart = ChartBuilder::on(area)
        .caption(&panel.title, (FONT, TITLE_PX))
        .margin(14)
        .x_label_area_size(48)
        .y_label_area_size(64)
        .build_cartesian_2d(x, y)?;
    chart
        .configure_mesh()
        .x_desc(&panel.x.label)
        .y_desc(&panel.y.label)
        .x_label_formatter(&|value| short(*value))
        .y_label_formatter(&|value| short(*value))
        .light_line_style(TRANSPARENT)
        .bold_line_style(BLACK.mix(0.12))
        .label_style((FONT, TEXT_PX))
        .axis_desc_style((FONT, TEXT_PX))
        .draw()?;
    for (index, series) in panel.series.iter().enumerate() {
        let color = COLORS[index % COLORS.len()];
        let round = index / COLORS.len();
        let style = color.stroke_width(2);
        let points = || series.points.iter().copied();
        // Once all colours are used up, dashes tell curves apart.
        let drawn = if round == 0 {
            chart.draw_series(LineSeries::new(points(), style))?
        } else {
            let dash = u32::try_from(12 / round.min(6))?;
            chart.draw_series(DashedLineSeries::new(points(), dash, 4, style))?
        };
        let cut = if round == 0 { 0 } else { 8 };
        drawn.label(&series.label).legend(move |(x, y)| {
            PathElement::new([(x, y), (x + LEGEND_LINE_PX - 6 - cut, y)], style)
        });
        if panel.markers {
            chart.draw_series(points().map(|point| Circle::new(point, 4, color.filled())))?;
        }
    }
    chart
        .configure_series_labels()
        .position(panel.legend_position())
        .legend_area_size(LEGEND_LINE_PX)
        .margin(10)
        .background_style(WHITE.mix(0.85))
        .border_style(BLACK.mix(0.3))
        .label_font((FONT, TEXT_PX))
        .draw()?;
    Ok(())
}

/// A tick's value in few characters: `0.05`, `12`, `200k`, `1e-5`.
fn short(value: f64) -> String {
    if value.abs() >= 10_000.0 {
        return format!("{}k", (value / 100.0).round() / 10.0);
    }
    if value != 0.0 && value.abs() < 9.9e-4 {
        return format!("{:e}", (value * 1e12).round() / 1e12);
    }
    // Without what adding up ticks leaves behind.
    format!("{}", (value * 1e6).round() / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(values: &[f64]) -> String {
        let axis = |log| Axis { label: String::new(), log };
        let points = values.iter().enumerate().map(|(i, value)| (i as f64, *value)).collect();
        let series = vec![Series { label: "steps".into(), points }];
        let title = String::new();
        let panel = Panel { title, x: axis(false), y: axis(true), series, markers: true };
        let mut svg = String::new();
        draw_rows(&mut svg, &[&[panel]]).unwrap();
        svg
    }

    #[test]
    fn a_step_next_to_nothing_does_not_squeeze_the_others_together() {
        let with_it = drawn(&[0.2, 0.1, 0.005, 1e-30]);
        assert_eq!(with_it.matches("<circle").count(), 3);
        assert_eq!(with_it, drawn(&[0.2, 0.1, 0.005, f64::NAN]));
    }

    #[test]
    fn a_logarithmic_axis_of_many_decades_is_marked_at_their_ends() {
        let svg = drawn(&[1.0, 1e-5]);
        let has = |mark: &str| svg.lines().any(|line| line == mark);
        assert!(has("1e-5") && has("0.001") && has("1"), "{svg}");
        assert!(!has("0.002"));
    }
}
