//! The report of an experiment, as Markdown.

use std::fmt::Write;

use super::figures::Drawing;
use super::pictures::Picture;
use super::plan::Plan;
use super::results::{Ended, Group, Results, Spread};
use super::specification::Experiment;

/// What a report is made of.
pub(super) struct Report<'a> {
    pub experiment: &'a Experiment,
    pub plan: &'a Plan,
    pub pictures: &'a [Picture],
    pub results: &'a Results,
    pub drawings: &'a [Drawing],
    /// The command that makes it.
    pub command: &'a str,
}

impl Report<'_> {
    /// The whole text.
    pub fn markdown(&self) -> String {
        let Experiment { title, about, findings, .. } = self.experiment;
        let mut text = format!("# {title}\n\n");
        if !about.trim().is_empty() {
            let _ = writeln!(text, "{}\n", about.trim());
        }
        self.setup(&mut text);
        if !findings.trim().is_empty() && !self.experiment.is_quick {
            let _ = writeln!(text, "## What it shows\n\n{}\n", findings.trim());
        }
        self.claims(&mut text);
        self.table(&mut text, "Results", &|group| group.branch.is_none());
        if !self.experiment.branches.is_empty() {
            self.table(&mut text, "Branches", &|group| group.branch.is_some());
        }
        self.figures(&mut text);
        self.failures(&mut text);
        text.truncate(text.trim_end().len());
        text.push('\n');
        text
    }

    fn setup(&self, text: &mut String) {
        let _ = writeln!(text, "    {}\n", self.command);
        let names: Vec<&str> = self.pictures.iter().map(|p| p.name.as_str()).collect();
        let sizes: Vec<String> =
            self.pictures.iter().map(|p| p.target.size().to_string()).collect();
        let all_alike = sizes.windows(2).all(|pair| pair[0] == pair[1]);
        let size = if all_alike { sizes[0].clone() } else { sizes.join(", ") };
        let runs = self.results.runs.len();
        let passes = self.plan.runs.iter().map(|run| run.options.fit.stop.iterations).max();
        let _ = writeln!(
            text,
            "{runs} runs: {} ({size}); N = {}; seeds {}; {} passes. Figures are means over {}, \
             ± the standard deviation between runs; what is over the first is taken run by run.\n",
            names.join(", "),
            list(&self.experiment.gaussians),
            list(&self.experiment.seeds),
            passes.unwrap_or_default(),
            if self.experiment.separate_pictures { "seeds" } else { "pictures and seeds" },
        );
        if self.experiment.is_quick {
            let _ = writeln!(text, "The small size (`--quick`).\n");
        }
        let left_out: Vec<String> = self.plan.left_out.iter().map(reason).collect();
        if !left_out.is_empty() {
            let _ = writeln!(text, "Left out: {}.\n", left_out.join("; "));
        }
    }

    fn claims(&self, text: &mut String) {
        let claims = &self.experiment.claims;
        if claims.is_empty() {
            return;
        }
        text.push_str("## Expected and measured\n\n");
        text.push_str("| expected | measured | holds in | runs | |\n|---|---|---|---|---|\n");
        for claim in claims {
            let judged = claim.judge(self.experiment, self.results);
            let of = [Some(claim.of.as_str()), claim.branch.as_deref()];
            let mut of = of.into_iter().flatten().collect::<Vec<_>>().join(", then ");
            if let Some(baseline) = &claim.baseline {
                let _ = write!(of, " against {baseline}");
            }
            if let Some(count) = claim.gaussians {
                let _ = write!(of, ", N = {count}");
            }
            if let Some(at) = claim.at {
                let _ = write!(of, ", after {at} passes");
            }
            let measured = judged.spread.map_or("-".to_owned(), |spread| {
                let Spread { mean, min, max, .. } = spread;
                let [mean, min, max] = [mean, min, max].map(figure);
                format!("{mean} ({min} to {max})")
            });
            let count = judged.spread.map_or(0, |spread| spread.count);
            let _ = writeln!(
                text,
                "| {}: {} {} | {measured} | {} of {count} | {of} | **{}** |",
                claim.text,
                claim.expectation(),
                claim.measure.unit(),
                judged.holds,
                judged.verdict.name(),
            );
        }
        text.push('\n');
    }

    fn table(&self, text: &mut String, title: &str, wanted: &dyn Fn(&Group) -> bool) {
        let groups: Vec<&Group> =
            self.results.groups.iter().filter(|group| wanted(group)).collect();
        let _ = writeln!(text, "## {title}\n");
        let with_picture = self.experiment.separate_pictures;
        let with_tried = groups.iter().any(|group| !group.tried.is_empty());
        let mut header = Vec::new();
        if with_picture {
            header.push("picture");
        }
        header.extend(["N", "run"]);
        if with_tried {
            header.push("best value");
        }
        header.extend([
            "best PSNR, dB",
            "over the first, dB",
            "after passes",
            "last PSNR, dB",
            "first loss",
            "lowest loss",
            "last loss",
            "uncovered pixels at the end",
            "seconds",
        ]);
        let _ = writeln!(text, "| {} |", header.join(" | "));
        let _ = writeln!(text, "|{}", "---|".repeat(header.len()));
        for group in groups.iter().copied() {
            let mut cells = Vec::new();
            if with_picture {
                let picture = group.picture.map(|place| self.pictures[place].name.clone());
                cells.push(picture.unwrap_or_default());
            }
            cells.push(group.gaussians.to_string());
            cells.push(match group.branch {
                Some(place) => {
                    let branch = &self.experiment.branches[place];
                    format!("{}, from {}: {}", group.label, branch.from, branch.name)
                }
                None => group.label.clone(),
            });
            if with_tried {
                cells.push(group.tried.clone());
            }
            let of =
                |figure: &dyn Fn(&Ended) -> f64| Spread::of(self.results.figures(group, figure));
            let last = |column: &'static str| of(&move |run: &Ended| run.curve.last(column));
            cells.push(spread(last("best_psnr_db"), 2));
            cells.push(match groups.iter().find(|first| first.is_beside(group)) {
                Some(first) if std::ptr::eq(*first, group) => "-".into(),
                first => {
                    let gain = |run: &Ended| first.map_or(f64::NAN, |first| self.gain(run, first));
                    spread(of(&gain), 2)
                }
            });
            cells.push(spread(of(&passes_of_best), 0));
            cells.push(spread(last("psnr_db"), 2));
            cells.push(spread(of(&|run| run.curve.first("loss_total")), 4));
            cells.push(spread(of(&lowest_loss), 4));
            cells.push(spread(last("loss_total"), 4));
            cells.push(spread(last("uncovered_pixels"), 0));
            cells.push(spread(last("seconds"), 2));
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        }
        text.push('\n');
    }

    /// Best PSNR over that of another group's run on the same picture with the same seed, in dB.
    fn gain(&self, run: &Ended, first: &Group) -> f64 {
        let mut runs = self.results.of(first);
        let same = runs.find(|other| other.run.is_paired_with(&run.run));
        let psnr_db = |run: &Ended| run.curve.last("best_psnr_db");
        same.map_or(f64::NAN, |same| psnr_db(run) - psnr_db(same))
    }

    fn figures(&self, text: &mut String) {
        if self.drawings.is_empty() {
            return;
        }
        text.push_str("## Curves\n\n");
        for Drawing { file, caption } in self.drawings {
            let _ = writeln!(text, "{caption}:\n\n![{caption}]({file})\n");
        }
    }

    fn failures(&self, text: &mut String) {
        let failed = self.results.runs.iter().filter_map(|run| Some((run, run.failed.as_ref()?)));
        let lines: Vec<String> =
            failed.map(|(run, why)| format!("- {}: {why}\n", run.run.key)).collect();
        if !lines.is_empty() {
            let _ = writeln!(text, "## Runs that failed\n\n{}", lines.concat());
        }
    }
}

/// A variant that was left out, without the names that may have been meant.
fn reason((name, why): &(String, String)) -> String {
    let why = why.split(';').next().unwrap_or_default();
    format!("{name} ({why})")
}

fn list(numbers: &[impl ToString]) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn spread(spread: Option<Spread>, digits: usize) -> String {
    match spread {
        None => "-".into(),
        Some(Spread { mean, count: 1, .. }) => format!("{mean:.digits$}"),
        Some(Spread { mean, deviation, .. }) => format!("{mean:.digits$} ± {deviation:.digits$}"),
    }
}

/// Three digits that count.
fn figure(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

fn lowest_loss(run: &Ended) -> f64 {
    run.curve.column("loss_total").filter(|loss| !loss.is_nan()).fold(f64::NAN, f64::min)
}

fn passes_of_best(run: &Ended) -> f64 {
    let psnr_db = run.curve.last("best_psnr_db");
    run.curve.passes_until("best_psnr_db", psnr_db)
}
