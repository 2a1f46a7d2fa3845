//! Where updates are made: on the host, or on the device that draws.

use std::fmt::{Display, Formatter};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::fitter::Fitter;
use crate::backend::descent::{QuasiNewtonPlan, Update, UpdateText};
use crate::error::{Error, Result};
use crate::optim::{Backtracking, GaussNewton, TrustRegion};

/// Most pairs of L-BFGS on the device, where every one takes two kernels more.
const MOST_PAIRS: usize = 64;

/// Where parameters, optimizer state and update rule live while nothing else happens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Placement {
    /// On the device where it is a GPU and the method can be there, else on the host.
    #[default]
    Auto,
    /// On the host: every iteration reads gradients back.
    Host,
    /// On the device, or not at all.
    Device,
}

impl Placement {
    /// Every placement.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Host, Self::Device];

    /// Name on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Host => "host",
            Self::Device => "device",
        }
    }
}

impl Display for Placement {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Placement {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|placement| placement.name() == text);
        found.ok_or_else(|| {
            Error::Invalid(format!("a placement is auto, host or device, not {text:?}"))
        })
    }
}

/// Where a fit's updates are made, once that is decided.
pub(super) enum Place {
    /// Not yet, for this method.
    Undecided,
    /// On the host.
    Host,
    /// On the device, in this way.
    Device {
        update: Update,
        /// Whether the device has the present state.
        is_loaded: bool,
    },
}

impl Place {
    /// The host has changed the state.
    pub(super) fn unload(&mut self) {
        if let Self::Device { is_loaded, .. } = self {
            *is_loaded = false;
        }
    }
}

impl Fitter<'_> {
    /// Decides where the updates of the present method are made.
    ///
    /// # Errors
    /// [`Error::Unsupported`] with the reason where the device is asked for and cannot.
    pub(super) fn decide_place(&mut self) -> Result<()> {
        let wanted = self.options.placement;
        self.place = match (wanted, self.device_update()) {
            (Placement::Host, _) => Place::Host,
            (Placement::Device, Err(reason)) => {
                let message = reason.to_owned();
                return Err(Error::Unsupported { what: "placement on the device", message });
            }
            (Placement::Auto, Err(_)) => Place::Host,
            (Placement::Auto, Ok(_)) if !self.is_device_faster() => Place::Host,
            (Placement::Auto | Placement::Device, Ok(update)) => {
                Place::Device { update, is_loaded: false }
            }
        };
        Ok(())
    }

    fn is_device_faster(&mut self) -> bool {
        self.renderer.descent().is_some_and(|device| device.is_faster())
    }

    /// The update as the device makes it, or why it cannot.
    fn device_update(&mut self) -> Result<Update, &'static str> {
        if self.renderer.descent().is_none() {
            return Err("the cpu backend computes on the host");
        }
        if self.options.rate.is_some() {
            return Err("a penalty on the rate is taken on the host");
        }
        if !self.options.rest.is_empty() {
            return Err("what rests is held on the host");
        }
        if self.options.loss.ssim != 0.0 {
            return Err("a loss with SSIM is taken on the host");
        }
        if self.covariance.shader().is_none() {
            return Err("the covariance has no formulas there, as body-frame has");
        }
        if self.options.optimizer.follows_losses() {
            return Err("a schedule looks at every loss");
        }
        if let Some(plan) = self.quasi_newton_plan() {
            if plan.memory > MOST_PAIRS {
                return Err("lbfgs remembers more than 64 steps");
            }
            return Ok(Update::QuasiNewton(plan));
        }
        let kernel = self.optimizer.kernel();
        let kernel = kernel
            .ok_or("the method is neither lbfgs alone nor parts that treat numbers one by one")?;
        Ok(Update::EachNumber(UpdateText {
            lines: kernel.lines,
            update: kernel.update,
            slots: kernel.slots,
            constants: kernel.constants,
            uses_value: kernel.uses_value,
        }))
    }

    /// The numbers of L-BFGS and its line search, if that is the whole method.
    fn quasi_newton_plan(&self) -> Option<QuasiNewtonPlan> {
        let needs = self.optimizer.needs();
        let rule = self.optimizer.quasi_newton().filter(|_| needs.blocks && needs.line_search)?;
        let trust = TrustRegion::default();
        Some(QuasiNewtonPlan {
            memory: rule.memory,
            scales: rule.scales.map(|scale| scale as f32),
            least_curvature: rule.least_curvature as f32,
            sufficient: Backtracking::SUFFICIENT as f32,
            noise: Backtracking::NOISE as f32,
            shorten: Backtracking::SHORTEN as f32,
            tries: Backtracking::TRIES,
            longest_move: trust.position,
            longest_change: trust.shape,
            curvature: self.curvature(),
            smallest_mass_px: GaussNewton::SMALLEST_MASS_PX,
            faded: GaussNewton::FADED,
        })
    }
}
