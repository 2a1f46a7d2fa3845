//! How a fit shows that it is alive: a bar on a terminal, now and then a line elsewhere.

use std::fmt::Write;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use lgi::fit::Progress;

use super::messages;

/// Time between two lines where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

const TEMPLATE: &str = "{prefix} {wide_bar} {pos}/{len}  {msg}  {rate}  {eta} left";

fn style() -> ProgressStyle {
    let style = ProgressStyle::with_template(TEMPLATE);
    style.unwrap_or_else(|_| ProgressStyle::default_bar()).with_key(
        "rate",
        |state: &ProgressState, out: &mut dyn Write| {
            let _ = write!(out, "{:.1} iterations/s", state.per_sec());
        },
    )
}

/// The progress of one fit.
pub enum Display {
    /// Nothing is shown.
    Quiet,
    /// A bar on a terminal.
    Bar(ProgressBar),
    /// A line every so often.
    Lines {
        /// What the lines begin with.
        name: String,
        /// Number of updates planned.
        iterations: u64,
        /// Iteration of the first step that was shown, and when that was.
        first: Option<(u64, Instant)>,
        /// When the last line was written.
        last_line: Instant,
    },
}

impl Display {
    /// The progress of a fit of `iterations` updates, called `name`.
    pub fn new(name: &str, iterations: u64, quiet: bool) -> Self {
        if quiet {
            return Self::Quiet;
        }
        if std::io::stderr().is_terminal() {
            let bar = messages::bar(iterations);
            bar.set_style(style());
            bar.set_prefix(name.to_owned());
            return Self::Bar(bar);
        }
        let name = name.to_owned();
        Self::Lines { name, iterations, first: None, last_line: Instant::now() }
    }

    /// Shows one iteration.
    pub fn update(&mut self, progress: &Progress) {
        if let Some(scale) = progress.rolled_back {
            self.say(&format!(
                "iteration {}: loss or gradient not finite; back to the best state, learning \
                 rates times {scale}",
                progress.iteration
            ));
            return;
        }
        self.advance(progress.iteration, progress.psnr_db);
    }

    /// Changes the number of updates that are planned.
    pub fn plan(&mut self, planned: u64) {
        match self {
            Self::Quiet => {}
            Self::Bar(bar) => bar.set_length(planned),
            Self::Lines { iterations, .. } => *iterations = planned,
        }
    }

    /// Shows that so many updates were made, and what they came to.
    pub fn advance(&mut self, iteration: u64, psnr_db: f64) {
        match self {
            Self::Quiet => {}
            Self::Bar(bar) => {
                if bar.position() == 0 && iteration > 0 {
                    // A resumed fit did not do the first iterations at once.
                    bar.set_position(iteration);
                    bar.reset_eta();
                }
                bar.set_message(format!("{:.2} dB", psnr_db));
                bar.set_position(iteration);
            }
            Self::Lines { name, iterations, first, last_line } => {
                let (from, since) = *first.get_or_insert((iteration, Instant::now()));
                let done = iteration.saturating_sub(from);
                // Of the first step alone there is no rate.
                if done > 0 && last_line.elapsed() >= LINE_EVERY {
                    *last_line = Instant::now();
                    let rate = done as f64 / since.elapsed().as_secs_f64();
                    let left = iterations.saturating_sub(iteration) as f64 / rate;
                    messages::line(&format!(
                        "{name}: {iteration}/{iterations}, {psnr_db:.2} dB, {rate:.1} \
                         iterations/s, {left:.0} s left"
                    ));
                }
            }
        }
    }

    /// Says something without spoiling the bar.
    pub fn say(&self, text: &str) {
        match self {
            Self::Quiet => {}
            Self::Bar(_) => messages::warning(text),
            Self::Lines { name, .. } => messages::warning(format!("{name}: {text}")),
        }
    }
}

impl Drop for Display {
    /// Takes the bar away, whatever ended the fit.
    fn drop(&mut self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}
