//! How much work an encoding may be.

use crate::fit::Quality;

/// Pixels for each Gaussian from which on few Gaussians draw much each; about those of 0.13 bits a
/// pixel.
const SPARSE_PX: usize = 200;

/// Pixels for each Gaussian below which they crowd; about those of 0.27 bits a pixel.
const DENSE_PX: usize = 100;

/// Work of the parts of an encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// Passes of the fit over the picture.
    pub iterations: u64,
    /// The same where Gaussians crowd.
    pub dense_iterations: u64,
    /// Rounds of search, with refitting in between; at least 1.
    pub rounds: usize,
    /// Sweeps of the search of a round, at most.
    pub sweeps: usize,
    /// Sweeps of the last one.
    pub last_sweeps: usize,
    /// Passes of a refitting.
    pub refit_iterations: u64,
    /// Groups in which Gaussians are rounded in the end; at least 1.
    pub groups: usize,
    /// Passes of the refitting of those that are left after a group.
    pub group_iterations: u64,
}

impl Effort {
    /// What a preset stands for.
    pub fn of(quality: Quality) -> Self {
        let ([iterations, dense_iterations], rounds, sweeps, refit_iterations, groups) =
            match quality {
                Quality::Draft => ([24, 24], 1, 1, 0, (1, 0)),
                Quality::Fast => ([60, 120], 3, 2, 12, (4, 4)),
                Quality::Balanced => ([160, 320], 6, 3, 50, (8, 8)),
                Quality::High => ([600, 1000], 6, 4, 60, (8, 16)),
                Quality::Max => ([2000, 3000], 10, 6, 120, (16, 20)),
            };
        let (groups, group_iterations) = groups;
        Self {
            iterations,
            dense_iterations,
            rounds,
            sweeps,
            last_sweeps: sweeps,
            refit_iterations,
            groups,
            group_iterations,
        }
    }

    /// The effort for pictures with so many pixels for each Gaussian. Where few Gaussians draw
    /// much each, it is worth more to have each of them right; where many crowd, they take longer
    /// to settle.
    pub(super) fn at(self, pixels_per_gaussian: usize) -> Self {
        match pixels_per_gaussian {
            SPARSE_PX.. => Self {
                rounds: self.rounds * 2 - 1,
                sweeps: self.sweeps * 3 / 2,
                last_sweeps: self.last_sweeps * 2,
                ..self
            },
            DENSE_PX.. => Self { sweeps: self.sweeps.max(2) - 1, ..self },
            _ => Self {
                iterations: self.dense_iterations,
                rounds: self.rounds * 6 / 5,
                refit_iterations: self.refit_iterations * 2,
                ..self
            },
        }
    }

    /// Passes of the fit and of all that refit it.
    pub(super) fn passes(&self) -> u64 {
        let refits = self.rounds.saturating_sub(1) as u64 * self.refit_iterations;
        self.iterations + refits + self.groups.saturating_sub(1) as u64 * self.group_iterations
    }
}
