//! Everything that defines a fit; with the picture and the device, it defines the result.

use serde::{Deserialize, Serialize};

use crate::blend::Blend;
use crate::covariance::{self, Covariance, ScaleBounds};
use crate::density::{DensityOptions, Policy};
use crate::error::{Error, Result};
use crate::image::Size;
use crate::init::{self, ColorStart};
use crate::loss::Loss;
use crate::optim::{Needs, OptimizerOptions, PerGroup};

use super::{Placement, RatePenalty, Rest, StopReason};

/// When a fit ends. The first rule that holds ends it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StopRules {
    /// After this many updates; also the horizon of the schedule.
    pub iterations: u64,
    /// After this many iterations in which PSNR did not rise by `patience_gain_db`.
    pub patience: Option<u64>,
    /// What counts as a rise, in dB.
    pub patience_gain_db: f64,
    /// At this PSNR in dB.
    pub target_psnr_db: Option<f64>,
    /// After this many seconds of fitting.
    pub time_s: Option<f64>,
}

impl StopRules {
    /// Remembers PSNR and iteration of a rise that counts for patience.
    pub(super) fn note(&self, last_rise: &mut (f64, u64), psnr_db: f64, iteration: u64) {
        if psnr_db >= last_rise.0 + self.patience_gain_db {
            *last_rise = (psnr_db, iteration);
        }
    }

    /// The rule that ends a fit at this PSNR, of those that look at it.
    pub(super) fn holds(
        &self,
        last_rise: (f64, u64),
        psnr_db: f64,
        iteration: u64,
    ) -> Option<StopReason> {
        let still = iteration.saturating_sub(last_rise.1);
        if self.target_psnr_db.is_some_and(|target| psnr_db >= target) {
            Some(StopReason::TargetPsnr)
        } else if self.patience.is_some_and(|patience| still >= patience) {
            Some(StopReason::Patience)
        } else {
            None
        }
    }
}

impl Default for StopRules {
    fn default() -> Self {
        Self {
            iterations: 250,
            patience: None,
            patience_gain_db: 0.01,
            target_psnr_db: None,
            time_s: None,
        }
    }
}

/// The options of a fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FitOptions {
    /// Number of Gaussians.
    pub gaussians: usize,
    /// Seed of everything random.
    pub seed: u64,
    /// Parameterisation, a name in [`covariance::ALL`].
    pub covariance: String,
    /// Blend.
    pub blend: Blend,
    /// Loss.
    pub loss: Loss,
    /// Initialiser, a name in [`init::ALL`].
    pub start: String,
    /// Iterations on a picture of half the size before those on the picture itself; four of them
    /// count as one.
    pub coarse_iterations: u64,
    /// Where the first colours come from.
    pub colors: ColorStart,
    /// Optimizer and schedule.
    pub optimizer: OptimizerOptions,
    /// How Gaussians come and go.
    pub density: DensityOptions,
    /// When to stop.
    pub stop: StopRules,
    /// Smallest standard deviation in pixels.
    pub sigma_min_px: f32,
    /// Largest standard deviation as a fraction of the picture's longer side.
    pub sigma_max_fraction: f32,
    /// Where updates are made. Results differ in the last digits.
    #[serde(default)]
    pub placement: Placement,
    /// What Gaussians cost beside the error they leave; additive blend and body frame only.
    #[serde(default)]
    pub rate: Option<RatePenalty>,
    /// What stays as it is.
    #[serde(default)]
    pub rest: Rest,
}

impl Default for FitOptions {
    fn default() -> Self {
        Self {
            gaussians: 10_000,
            seed: 0,
            covariance: "body-frame".into(),
            blend: Blend::Additive,
            loss: Loss::default(),
            start: "structure-tensor".into(),
            coarse_iterations: 0,
            colors: ColorStart::LeastSquares { iterations: 4 },
            optimizer: OptimizerOptions::default(),
            density: DensityOptions::FIXED,
            stop: StopRules::default(),
            sigma_min_px: 0.35,
            sigma_max_fraction: 0.4,
            placement: Placement::default(),
            rate: None,
            rest: Rest::default(),
        }
    }
}

impl FitOptions {
    /// Method, density control and blend in a few words.
    pub fn method(&self) -> String {
        let mut text = self.optimizer.rule.clone();
        if self.density.every > 0 {
            text += match (self.density.policy, self.density.stages) {
                (Policy::Lifecycle, _) => ", growing by the lifecycle policy",
                (Policy::Rules, Some(_)) => ", growing in stages",
                (Policy::Rules, None) => ", growing",
            };
        }
        match self.blend {
            Blend::Additive => text + ", additive",
            Blend::Normalized { .. } => text + ", normalized",
        }
    }

    /// Learning rates that suit the units of a parameterisation.
    ///
    /// # Errors
    /// [`Error::Invalid`] listing the names if there is none of that name.
    pub fn usual_learning_rate(covariance: &str) -> Result<PerGroup<f32>> {
        let [position, shape] = covariance::by_name(covariance)?.learning_rates();
        Ok(PerGroup { position, shape, ..OptimizerOptions::default().learning_rate })
    }

    /// Sets the parameterisation, and the learning rates that suit it.
    ///
    /// # Errors
    /// [`Error::Invalid`] listing the names if there is none of that name.
    pub fn set_covariance(&mut self, name: &str) -> Result<()> {
        self.optimizer.learning_rate = Self::usual_learning_rate(name)?;
        name.clone_into(&mut self.covariance);
        Ok(())
    }

    /// Checks every name and number.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the option and the value.
    pub fn check(&self) -> Result<()> {
        covariance::by_name(&self.covariance)?;
        init::by_name(&self.start)?;
        self.optimizer.check()?;
        self.density.check()?;
        let method = self.optimizer.method()?;
        let first = |needs: fn(Needs) -> bool| method.parts().iter().find(|part| needs(part.needs));
        let of_tiles = first(|needs| needs.pixel_sums);
        if let Some(part) = of_tiles.filter(|_| self.loss.ssim != 0.0) {
            return Err(Error::Invalid(format!(
                "{} does not go with the ssim term of the loss, which looks over the borders of \
                 tiles",
                part.name
            )));
        }
        let bound = first(Needs::is_body_frame);
        if let Some(part) = bound.filter(|_| self.covariance != covariance::BodyFrame.name()) {
            return Err(Error::Invalid(format!(
                "{} works in the body frame, not with covariance {}",
                part.name, self.covariance
            )));
        }
        let body_frame = self.covariance == covariance::BodyFrame.name();
        if self.rate.is_some() && !(body_frame && self.blend == Blend::Additive) {
            return Err(Error::Invalid(
                "a penalty on the rate needs the additive blend and the body frame".into(),
            ));
        }
        if !self.rest.is_empty() && (self.density.every > 0 || self.coarse_iterations > 0) {
            let message = "what is to stay as it is cannot be relocated, nor begin on a smaller \
                           picture: switch density control off";
            return Err(Error::Invalid(message.into()));
        }
        let Loss { l1, l2, ssim } = self.loss;
        let weights = [l1, l2, ssim];
        let wrong = if weights.iter().any(|w| !w.is_finite() || *w < 0.0) || weights == [0.0; 3] {
            format!("loss weights must be at least 0 and not all 0, not {l1}, {l2}, {ssim}")
        } else if !self.sigma_min_px.is_finite() || self.sigma_min_px <= 0.0 {
            format!("the smallest sigma must be above 0 px, not {}", self.sigma_min_px)
        } else if !self.sigma_max_fraction.is_finite() || self.sigma_max_fraction <= 0.0 {
            format!("the largest sigma must be above 0, not {}", self.sigma_max_fraction)
        } else if let Some(time) = self.stop.time_s.filter(|t| t.is_nan() || *t < 0.0) {
            format!("the time budget must be at least 0 s, not {time}")
        } else if let Some(psnr) = self.stop.target_psnr_db.filter(|p| p.is_nan()) {
            format!("the target PSNR must be a number of dB, not {psnr}")
        } else if let Blend::Normalized { epsilon } = self.blend
            && (!epsilon.is_finite() || epsilon < 0.0)
        {
            format!("the epsilon of the normalized blend must be at least 0, not {epsilon}")
        } else {
            return Ok(());
        };
        Err(Error::Invalid(wrong))
    }

    /// Bounds of the standard deviations for a picture of `size`.
    pub fn scale_bounds(&self, size: Size) -> ScaleBounds {
        let longer = size.width.max(size.height) as f32;
        ScaleBounds {
            min_px: self.sigma_min_px,
            // Pictures of a few pixels still need room above the smallest sigma.
            max_px: (self.sigma_max_fraction * longer).max(2.0 * self.sigma_min_px),
        }
    }
}
