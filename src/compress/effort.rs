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
    /// Gaussians of the first fit, for each that there is room for in the end; at least 1. With more
    /// to choose from, the search finds better ones, if the fit is long enough to tell them apart.
    pub surplus: usize,
    /// Passes of the fit over the picture.
    pub iterations: u64,
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
    /// What is other where Gaussians crowd, who take longer to settle.
    pub dense: Dense,
}

/// Work where Gaussians crowd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dense {
    /// Passes of the fit over the picture.
    pub iterations: u64,
    /// Rounds; at least 1.
    pub rounds: usize,
    /// Passes of a refitting.
    pub refit_iterations: u64,
}

impl Effort {
    /// What a preset stands for.
    pub fn of(quality: Quality) -> Self {
        let (surplus, iterations, rounds, [sweeps, last_sweeps], refit_iterations, groups, dense) =
            match quality {
                Quality::Draft => (1, 24, 1, [1, 1], 0, [1, 0], [24, 1, 0]),
                Quality::Fast => (1, 60, 3, [2, 3], 12, [4, 4], [120, 3, 24]),
                Quality::Balanced => (2, 240, 8, [3, 5], 50, [8, 8], [480, 10, 80]),
                Quality::High => (2, 240, 20, [4, 8], 80, [16, 12], [480, 20, 80]),
                Quality::Max => (2, 240, 48, [4, 8], 80, [16, 12], [480, 48, 80]),
            };
        let [groups, group_iterations] = groups;
        let [dense_iterations, dense_rounds, dense_refit_iterations] = dense;
        Self {
            surplus,
            iterations,
            rounds,
            sweeps,
            last_sweeps,
            refit_iterations,
            groups: groups as usize,
            group_iterations,
            dense: Dense {
                iterations: dense_iterations,
                rounds: dense_rounds as usize,
                refit_iterations: dense_refit_iterations,
            },
        }
    }

    /// The effort for pictures with so many pixels for each Gaussian. Where few Gaussians draw
    /// much each, it is worth more to have each of them right.
    pub(super) fn at(self, pixels_per_gaussian: usize) -> Self {
        match pixels_per_gaussian {
            SPARSE_PX.. => Self {
                rounds: self.rounds.saturating_sub(1) * 3 / 2 + 1,
                sweeps: self.sweeps * 3 / 2,
                last_sweeps: self.last_sweeps * 2,
                ..self
            },
            DENSE_PX.. => Self { sweeps: self.sweeps.max(2) - 1, ..self },
            _ => {
                let Dense { iterations, rounds, refit_iterations } = self.dense;
                Self { iterations, rounds, refit_iterations, ..self }
            }
        }
    }

    /// Passes of the fit and of all that refit it.
    pub(super) fn passes(&self) -> u64 {
        let refits = self.rounds.saturating_sub(1) as u64 * self.refit_iterations;
        self.iterations + refits + self.groups.saturating_sub(1) as u64 * self.group_iterations
    }
}
