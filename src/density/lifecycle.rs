//! Who stays, goes, merges with its neighbour or splits, as a learned policy sees it.

use std::sync::{Arc, LazyLock};

use super::Scene;
use super::features::{self, FEATURES};
use super::peaks::Peak;
use crate::learned::{Dense, Weights};

/// Values between the layers.
const HIDDEN: usize = 6;

/// Prices of a removal and of a merge, and the gain of a split.
const DECISIONS: usize = 3;

/// What is seen of a peak of the residual: gain, size, time.
const PEAK_FEATURES: usize = 3;

type First = Dense<FEATURES, HIDDEN>;
type Second = Dense<HIDDEN, DECISIONS>;
type OfPeak = Dense<PEAK_FEATURES, 1>;

/// Bounds of the logarithm of a factor.
const LARGEST: f32 = 3.0;

/// Logarithm of the share of a split's gain that is believed before anything is learned.
const SPLIT_TRUST: f32 = -0.7;

/// The weights that come with the crate; `docs/LEARNED.md` says how they were made.
static SHIPPED: LazyLock<Arc<[f32]>> = LazyLock::new(|| {
    let bytes = include_bytes!("lifecycle.bin");
    match Weights::from_bytes(bytes, Lifecycle::KIND, Lifecycle::WEIGHTS) {
        Ok(weights) => weights.values.into(),
        // A test keeps the file readable.
        Err(_) => Lifecycle::untrained().into(),
    }
});

/// A policy over the four decisions of density control: keep, prune, merge, split.
///
/// The rules compare what a removal or a merge costs with what a new place or a split gains. The
/// policy multiplies each of these figures by a factor that a small network makes from what it
/// sees of the Gaussian, and the comparison decides: so it can keep what the rules would remove
/// and the other way round, while the number of Gaussians stays what the fit asks for. Its weights
/// are found by parameter-exploring policy gradients (Sehnke et al. 2010), on the PSNR of whole
/// fits.
#[derive(Clone, Debug)]
pub struct Lifecycle {
    weights: Arc<[f32]>,
}

/// Factors of one revision, `[N]` each.
#[derive(Clone, Debug)]
pub(super) struct Factors {
    pub prune: Vec<f32>,
    pub merge: Vec<f32>,
    pub split: Vec<f32>,
}

impl Lifecycle {
    /// The kind of its weights.
    pub const KIND: &'static str = "lifecycle-1";

    /// Their number.
    pub const WEIGHTS: usize = First::WEIGHTS + Second::WEIGHTS + OfPeak::WEIGHTS;

    /// The policy with these weights, [`Self::WEIGHTS`] of them; missing ones count as zero.
    pub fn new(weights: Arc<[f32]>) -> Self {
        Self { weights }
    }

    /// The policy that comes with the crate.
    pub fn shipped() -> Self {
        Self::new(SHIPPED.clone())
    }

    /// Weights from which training starts: the rules, with a little trust in splits.
    pub fn untrained() -> Vec<f32> {
        let mut weights: Vec<f32> = (0..Self::WEIGHTS as u64)
            .map(|place| 0.4 * crate::normal::at(2, place) as f32)
            .collect();
        weights[First::WEIGHTS..].fill(0.0);
        weights[First::WEIGHTS + DECISIONS * (HIDDEN + 1) - 1] = SPLIT_TRUST;
        weights
    }

    /// The factors for every Gaussian of a scene at this part of the fit.
    pub(super) fn factors(&self, scene: &Scene<'_>, costs: &[f32], progress: f32) -> Factors {
        let (first, rest) = split(&self.weights, First::WEIGHTS);
        let (second, _) = split(rest, Second::WEIGHTS);
        let all = features::of(scene, costs, progress).into_iter().map(|seen| {
            let hidden = First::apply(first, &seen.map(|v| [v])).map(|[v]| [v / (1.0 + v.abs())]);
            Second::apply(second, &hidden).map(|[v]| v.clamp(-LARGEST, LARGEST).exp())
        });
        let mut factors = Factors { prune: Vec::new(), merge: Vec::new(), split: Vec::new() };
        for [prune, merge, split] in all {
            factors.prune.push(prune);
            factors.merge.push(merge);
            factors.split.push(split);
        }
        factors
    }

    /// The factor on what a new Gaussian at a peak gains.
    pub(super) fn of_peak(
        &self,
        peak: &Peak,
        usual_gain: f32,
        spacing_px: f32,
        progress: f32,
    ) -> f32 {
        let (_, weights) = split(&self.weights, First::WEIGHTS + Second::WEIGHTS);
        let seen = [
            features::logarithm(peak.gain / usual_gain),
            features::logarithm(peak.sigma_px / spacing_px),
            progress - 0.3,
        ];
        let [[factor]] = OfPeak::apply(weights, &seen.map(|v| [v]));
        factor.clamp(-LARGEST, LARGEST).exp()
    }
}

fn split(weights: &[f32], count: usize) -> (&[f32], &[f32]) {
    weights.split_at(count.min(weights.len()))
}
