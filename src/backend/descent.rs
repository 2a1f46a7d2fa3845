//! Whole iterations of a fit on a device, with nothing to wait for in between.

use std::sync::Arc;

use crate::blend::Blend;
use crate::covariance::{Covariance, ScaleBounds};
use crate::error::Result;
use crate::gaussians::Gaussians;
use crate::image::Image;
use crate::loss::Loss;
use crate::loss::LossTerms;

/// From gradient to step, for every number by itself, as WGSL.
///
/// The lines may name `gradient`, `value` (the parameter as a coordinate), `constant_K` (those of
/// the number's group at this step) and `slot_K` (what was remembered; zero at first).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpdateText {
    /// Statements.
    pub lines: String,
    /// The step: an expression.
    pub update: String,
    /// What to remember: an expression for each slot.
    pub slots: Vec<String>,
    /// Number of constants.
    pub constants: usize,
    /// Whether `value` is named.
    pub uses_value: bool,
}

/// From gradients to steps.
#[derive(Clone, Debug, PartialEq)]
pub enum Update {
    /// Every number by itself.
    EachNumber(UpdateText),
    /// L-BFGS from the Gauss-Newton blocks, with a line search; in the body frame.
    QuasiNewton(QuasiNewtonPlan),
}

/// The numbers of L-BFGS and its line search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QuasiNewtonPlan {
    /// Pairs that are remembered at most.
    pub memory: usize,
    /// Smallest and largest scale of the initial matrix.
    pub scales: [f32; 2],
    /// Least curvature along a step that is believed, relative to the initial matrix.
    pub least_curvature: f32,
    /// Least fall of the loss, as a share of what the slope promises.
    pub sufficient: f32,
    /// Rise of the loss, as a share of it, that is taken for noise.
    pub noise: f32,
    /// What a step is multiplied by after a trial that was no good.
    pub shorten: f32,
    /// Steps that are tried along one direction.
    pub tries: u32,
    /// Longest move of a centre, in standard deviations.
    pub longest_move: f32,
    /// Largest Frobenius norm of a change of shape.
    pub longest_change: f32,
    /// Second derivative of the loss along one value of one pixel.
    pub curvature: f32,
    /// Smallest mass in square pixels of a Gaussian that adds up.
    pub smallest_mass_px: f32,
    /// What is added to the energy of such a Gaussian.
    pub faded: f32,
}

/// What stays the same over a descent.
#[derive(Clone, Debug)]
pub struct DescentPlan {
    /// The picture that is wanted.
    pub target: Arc<Image>,
    /// How far from it another one is. Without SSIM.
    pub loss: Loss,
    /// How Gaussians make a pixel.
    pub blend: Blend,
    /// Coordinates of the Gaussians.
    pub covariance: &'static dyn Covariance,
    /// Bounds of the standard deviations.
    pub bounds: ScaleBounds,
    /// From gradients to steps.
    pub update: Update,
}

/// What changes from iteration to iteration.
#[derive(Clone, Debug)]
pub struct DescentState {
    /// The parameters.
    pub gaussians: Gaussians,
    /// Slot after slot, each with positions, shapes and colours one after the other.
    pub memory: Vec<f32>,
    /// Loss of the best state so far, that another one must fall below to be kept; infinite if
    /// there is none yet.
    pub best_loss: f32,
    /// What L-BFGS and its line search go on from, and then `memory` is empty.
    pub quasi_newton: Option<QuasiNewtonState>,
}

/// Where L-BFGS and its line search stand. Vectors hold positions, shapes and colours one after the
/// other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QuasiNewtonState {
    /// Scale of the initial matrix.
    pub scale: f32,
    /// What is remembered, oldest first.
    pub pairs: Vec<PairNumbers>,
    /// The trial that the present parameters are, if they are one.
    pub trial: Option<TrialNumbers>,
    /// The Gauss-Newton blocks `[N, 2 + C]`: mass, energy, and what stands for the colour. Empty
    /// where Gaussians add up: there they follow from the parameters.
    pub blocks: Vec<f32>,
}

/// A step and what it did to the gradient.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PairNumbers {
    /// The step.
    pub step: Vec<f32>,
    /// Change of the gradient along the step.
    pub change: Vec<f32>,
    /// Their scalar product.
    pub curvature: f32,
}

/// The trial of a line search.
#[derive(Clone, Debug, PartialEq)]
pub struct TrialNumbers {
    /// Where the search started.
    pub base: Gaussians,
    /// Gradient there.
    pub gradient: Vec<f32>,
    /// Whole step.
    pub direction: Vec<f32>,
    /// The step that is tried.
    pub step: Vec<f32>,
    /// Loss where the search started.
    pub loss: f32,
    /// Share of the direction that is tried.
    pub share: f32,
    /// `gradient . step`.
    pub slope: f32,
    /// Which trial it is, counted from 1.
    pub number: u32,
}

/// What a number of iterations came to.
#[derive(Clone, Debug, Default)]
pub struct Descended {
    /// The loss of each state before its update, and the sum of its terms as the device sees it.
    pub losses: Vec<(LossTerms, f32)>,
    /// Which of the states were no good as trials of a line search. Ends early where no trial is.
    pub rejected: Vec<bool>,
    /// Which of them was the last that was better than all before.
    pub best: Option<usize>,
    /// Whether a loss, a gradient or a colour was not finite: then it ended early, and what the
    /// parameters are now is of no use.
    pub broken: bool,
    /// Set if it ended early because the next state has more pairs of Gaussian and tile than fit:
    /// how many, and the limit.
    pub too_many_pairs: Option<(u64, u64)>,
}

/// A device that makes whole iterations: draw, compare, differentiate, update, move.
///
/// The parameters and what the rule remembers stay on the device until they are fetched. The same
/// state and plan give the same bytes, in however many calls.
pub trait Descent {
    /// Whether that is taken to be faster here than updates on the host.
    fn is_faster(&self) -> bool;

    /// Makes the device ready to begin from a state.
    ///
    /// # Errors
    /// [`crate::Error::Unsupported`] or [`crate::Error::Limit`] where the device cannot carry out
    /// the plan, [`crate::Error::Device`] where it fails.
    fn load(&mut self, plan: &DescentPlan, state: &DescentState) -> Result<()>;

    /// Makes so many iterations, with their constants: `[steps, 3, constants]`, those of position,
    /// shape and colour for each. L-BFGS has none, and an iteration of it is a trial.
    ///
    /// # Errors
    /// [`crate::Error::Device`] where the device fails, or nothing was loaded.
    fn descend(&mut self, constants: &[f32], steps: usize) -> Result<Descended>;

    /// The present state; `best` gets the best one since [`Self::load`] if there was any.
    ///
    /// # Errors
    /// As [`Self::descend`].
    fn fetch(&mut self, state: &mut DescentState, best: Option<&mut Gaussians>) -> Result<()>;
}
