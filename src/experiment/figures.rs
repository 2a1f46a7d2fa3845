//! The plots of an experiment.

use std::path::Path;

use super::curve::Curve;
use super::files::Files;
use super::moments_table::MomentsTable;
use super::pictures::Picture;
use super::results::{Group, Results, Spread};
use super::specification::{Experiment, Figure};
use crate::error::Result;
use crate::plots::{Axis, Panel, Series, draw};

/// Points of a curve: more are not seen, and make the file large.
const POINTS: usize = 64;

/// Curves in a panel, at most: those that end best.
const MOST_SERIES: usize = 12;

/// Part of the passes that is left out of plots of PSNR: there the curves rise from far below, and
/// would leave no room for the differences at the end.
const SKIPPED: f64 = 0.05;

const PASSES: &str = "iteration";
const SECONDS: &str = "seconds";

/// A file with a plot.
#[derive(Clone, Copy, Debug)]
pub struct Drawing {
    /// Its name.
    pub file: &'static str,
    /// What it shows.
    pub caption: &'static str,
}

impl Figure {
    /// The file, and what it shows.
    pub fn drawing(self) -> Drawing {
        let (file, caption) = match self {
            Self::Psnr => ("psnr.svg", "PSNR over passes and over seconds, means of the runs"),
            Self::Loss => ("loss.svg", "Loss over passes"),
            Self::Gradients => {
                ("gradients.svg", "Norms of the gradient (above) and of momentum, group by group")
            }
            Self::Shapes => ("shapes.svg", "Standard deviations and condition numbers"),
            Self::Rates => ("rates.svg", "Learning rates, group by group"),
            Self::Coverage => ("coverage.svg", "Pixels that no Gaussian reaches"),
            Self::Branches => ("branches.svg", "Loss of the branches beside what they leave"),
            Self::Moments => {
                ("moments.svg", "Effective steps of single Gaussians, and bias corrections")
            }
        };
        Drawing { file, caption }
    }
}

/// Draws the plots that the experiment asks for and has figures for. Says which.
///
/// # Errors
/// Those of reading and writing.
pub fn draw_all(
    experiment: &Experiment,
    results: &Results,
    pictures: &[Picture],
    directory: &Path,
) -> Result<Vec<Drawing>> {
    let context = Context { experiment, results, pictures, directory };
    let mut drawn = Vec::new();
    for figure in &experiment.figures {
        let rows = context.rows(*figure)?;
        if rows.iter().all(Vec::is_empty) {
            continue;
        }
        let rows: Vec<&[Panel]> = rows.iter().map(Vec::as_slice).collect();
        let drawing = figure.drawing();
        draw(&directory.join(drawing.file), &rows)?;
        drawn.push(drawing);
    }
    Ok(drawn)
}

struct Context<'a> {
    experiment: &'a Experiment,
    results: &'a Results,
    pictures: &'a [Picture],
    directory: &'a Path,
}

/// A column of the curves, as a plot shows it.
#[derive(Clone, Copy)]
struct Quantity {
    column: &'static str,
    label: &'static str,
    log: bool,
}

const fn quantity(column: &'static str, label: &'static str, log: bool) -> Quantity {
    Quantity { column, label, log }
}

impl Context<'_> {
    fn rows(&self, figure: Figure) -> Result<Vec<Vec<Panel>>> {
        let over_passes = |quantities: &[Quantity]| {
            self.panes().iter().map(|pane| self.row(pane, quantities)).collect::<Vec<_>>()
        };
        Ok(match figure {
            Figure::Psnr => {
                let psnr = quantity("psnr_db", "PSNR (dB)", false);
                let row = |pane: &Pane<'_>| {
                    let over = |x, label| self.panel(pane, (x, label), psnr, SKIPPED);
                    vec![over(PASSES, "passes"), over(SECONDS, "seconds of one fit")]
                };
                self.panes().iter().map(row).collect()
            }
            Figure::Loss => over_passes(&[quantity("loss_total", "loss", true)]),
            Figure::Gradients => {
                let norms = |of: [&'static str; 3], label: [&'static str; 3]| {
                    [0, 1, 2].map(|group| quantity(of[group], label[group], true))
                };
                let gradient = norms(
                    ["gradient_norm_position", "gradient_norm_shape", "gradient_norm_color"],
                    ["gradient of positions", "gradient of shapes", "gradient of colours"],
                );
                let momentum = norms(
                    ["momentum_norm_position", "momentum_norm_shape", "momentum_norm_color"],
                    ["momentum of positions", "momentum of shapes", "momentum of colours"],
                );
                let rows = self.panes();
                let rows = rows.iter().flat_map(|pane| [(pane, gradient), (pane, momentum)]);
                rows.map(|(pane, quantities)| self.row(pane, &quantities)).collect()
            }
            Figure::Shapes => over_passes(&[
                quantity("sigma_min_px", "smallest sigma (px)", true),
                quantity("sigma_median_px", "median sigma (px)", true),
                quantity("sigma_max_px", "largest sigma (px)", true),
                quantity("condition_median", "median condition number", true),
                quantity("condition_max", "largest condition number", true),
            ]),
            Figure::Rates => over_passes(&[
                quantity("learning_rate_position", "learning rate of positions", false),
                quantity("learning_rate_shape", "learning rate of shapes", false),
                quantity("learning_rate_color", "learning rate of colours", false),
            ]),
            Figure::Coverage => {
                over_passes(&[quantity("uncovered_pixels", "uncovered pixels", false)])
            }
            Figure::Branches => self.branches(),
            Figure::Moments => self.moments()?,
        })
    }

    /// What stands in one row: everything, or one picture.
    fn panes(&self) -> Vec<Pane<'_>> {
        let groups: Vec<&Group> =
            self.results.groups.iter().filter(|group| group.branch.is_none()).collect();
        if !self.experiment.separate_pictures {
            let count = self.pictures.len();
            let title = match &self.pictures {
                [picture] => picture.name.clone(),
                _ => format!("Mean of {count} pictures"),
            };
            return vec![Pane { title, groups }];
        }
        let of = |place: usize| {
            groups.iter().copied().filter(move |group| group.picture == Some(place)).collect()
        };
        let pictures = self.pictures.iter().enumerate();
        pictures.map(|(place, p)| Pane { title: p.name.clone(), groups: of(place) }).collect()
    }

    fn row(&self, pane: &Pane<'_>, quantities: &[Quantity]) -> Vec<Panel> {
        quantities
            .iter()
            .map(|quantity| self.panel(pane, (PASSES, "passes"), *quantity, 0.0))
            .collect()
    }

    fn panel(
        &self,
        pane: &Pane<'_>,
        (x, x_label): (&str, &str),
        y: Quantity,
        skipped: f64,
    ) -> Panel {
        let mut groups = pane.groups.clone();
        if groups.len() > MOST_SERIES {
            let end = |group: &Group| self.mean(group, "best_psnr_db");
            let mut best = groups.clone();
            best.sort_by(|a, b| end(b).total_cmp(&end(a)));
            best.truncate(MOST_SERIES);
            groups.retain(|group| best.iter().any(|other| std::ptr::eq(*other, *group)));
        }
        let counts = self.experiment.gaussians.len();
        let series = groups.iter().map(|group| Series {
            label: label(group, counts > 1),
            points: self.mean_curve(group, x, y.column, skipped),
        });
        Panel {
            title: pane.title.clone(),
            x: Axis { label: x_label.into(), log: false },
            y: Axis { label: y.label.into(), log: y.log },
            series: series.collect(),
            markers: false,
        }
    }

    fn mean(&self, group: &Group, column: &str) -> f64 {
        let values = self.results.figures(group, |run| run.curve.last(column));
        Spread::of(values).map_or(f64::NEG_INFINITY, |spread| spread.mean)
    }

    /// Means over the runs of a group at equal passes.
    fn mean_curve(&self, group: &Group, x: &str, y: &str, skipped: f64) -> Vec<(f64, f64)> {
        let curves: Vec<&Curve> = self.results.of(group).map(|run| &run.curve).collect();
        let ends = curves.iter().map(|curve| curve.last(PASSES)).filter(|end| !end.is_nan());
        let end = ends.fold(0.0, f64::max);
        let starts = curves.iter().map(|curve| curve.first(PASSES)).filter(|at| !at.is_nan());
        let start = starts.fold(end, f64::min).max(skipped * end);
        let at = |place: usize| start + (end - start) * place as f64 / (POINTS - 1) as f64;
        let mean = |column: &str, place: usize| {
            let values = curves.iter().map(|curve| curve.at(column, at(place)));
            Spread::of(values).map_or(f64::NAN, |spread| spread.mean)
        };
        (0..POINTS).map(|place| (mean(x, place), mean(y, place))).collect()
    }

    /// A panel for every group that branches leave.
    fn branches(&self) -> Vec<Vec<Panel>> {
        if self.experiment.branches.is_empty() {
            return Vec::new();
        }
        let groups = &self.results.groups;
        let whole = groups.iter().filter(|group| group.branch.is_none());
        let panels: Vec<Panel> = whole
            .map(|whole| {
                let same = |group: &&Group| {
                    group.picture == whole.picture
                        && group.gaussians == whole.gaussians
                        && group.label == whole.label
                };
                let series = groups.iter().filter(same).map(|group| {
                    let branch = group.branch.map(|place| &self.experiment.branches[place]);
                    let label = branch.map_or("as it was".into(), |branch| branch.name.clone());
                    Series { label, points: self.mean_curve(group, PASSES, "loss_total", 0.0) }
                });
                let picture = whole.picture.map(|place| self.pictures[place].name.as_str());
                let parts = [picture, Some(whole.label.as_str())].into_iter().flatten();
                let parts: Vec<&str> = parts.collect();
                Panel {
                    title: format!("{}, N = {}", parts.join(", "), whole.gaussians),
                    x: Axis { label: "passes".into(), log: false },
                    y: Axis { label: "loss".into(), log: true },
                    series: series.collect(),
                    markers: false,
                }
            })
            .collect();
        panels.chunks(2).map(<[Panel]>::to_vec).collect()
    }

    /// For the first run of every group: effective steps of the watched Gaussians in each group of
    /// parameters, and how the bias corrections go to 1.
    fn moments(&self) -> Result<Vec<Vec<Panel>>> {
        let mut rows = Vec::new();
        for group in self.results.groups.iter().filter(|group| group.branch.is_none()) {
            let Some(first) = self.results.of(group).next() else { continue };
            let path = Files::new(self.directory, &first.run).moments();
            if !path.is_file() {
                continue;
            }
            let table = MomentsTable::read(&path)?;
            let title = label(group, self.experiment.gaussians.len() > 1);
            let step = |name: &str| {
                let series = self.experiment.watch.iter().map(|index| Series {
                    label: format!("Gaussian {index}"),
                    points: table.points(*index, name, "effective_step", f64::abs),
                });
                logarithmic(&format!("{title}: {name}"), "size of the step", series.collect())
            };
            let corrections = ["bias_correction_1", "bias_correction_2"].map(|column| Series {
                label: column.replace('_', " "),
                points: self.experiment.watch.first().map_or_else(Vec::new, |index| {
                    table.points(*index, "color", column, |value| value)
                }),
            });
            let mut row = ["position", "shape", "color"].map(step).to_vec();
            row.push(logarithmic(&title, "bias correction", corrections.to_vec()));
            rows.push(row);
        }
        Ok(rows)
    }
}

fn logarithmic(title: &str, y: &str, series: Vec<Series>) -> Panel {
    Panel {
        title: title.into(),
        x: Axis { label: "passes".into(), log: true },
        y: Axis { label: y.into(), log: true },
        series,
        markers: false,
    }
}

/// Groups that share a row of panels.
struct Pane<'a> {
    title: String,
    groups: Vec<&'a Group>,
}

/// What a legend calls a group.
fn label(group: &Group, with_count: bool) -> String {
    if with_count {
        format!("{}, N = {}", group.label, group.gaussians)
    } else {
        group.label.clone()
    }
}
