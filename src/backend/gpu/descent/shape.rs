//! What a descent has to be told before its kernels can be written.

use crate::backend::descent::{DescentPlan, Update, UpdateText};
use crate::blend::Blend;
use crate::error::{Error, Result};

/// What tells the texts of two descents apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// Formulas of the parameterisation, as WGSL.
    pub(super) covariance: &'static str,
    /// Shape coordinates of a Gaussian.
    pub(super) shape_len: usize,
    /// Channels of the picture.
    pub(super) colors: usize,
    /// Whether there is one more, the coverage.
    pub(super) normalized: bool,
    /// From gradients to steps, number by number; none if by L-BFGS.
    pub(super) update: Option<UpdateText>,
}

impl Shape {
    /// Of a plan.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if there are no formulas for its parameterisation.
    pub(super) fn of(plan: &DescentPlan) -> Result<Self> {
        let covariance = plan.covariance.shader().ok_or_else(|| Error::Unsupported {
            what: "placement on the device",
            message: format!("covariance {} has no formulas there", plan.covariance.name()),
        })?;
        Ok(Self {
            covariance,
            shape_len: plan.covariance.shape_len(),
            colors: plan.target.channels(),
            normalized: plan.blend != Blend::Additive,
            update: match &plan.update {
                Update::EachNumber(text) => Some(text.clone()),
                Update::QuasiNewton(_) => None,
            },
        })
    }

    /// Whether steps are searched for along a line.
    pub(super) fn is_searching(&self) -> bool {
        self.update.is_none()
    }

    /// Whether the update looks at the parameters.
    pub(super) fn uses_value(&self) -> bool {
        self.update.as_ref().is_some_and(|update| update.uses_value)
    }

    /// Numbers that the update remembers of each.
    pub(super) fn slots(&self) -> usize {
        self.update.as_ref().map_or(0, |update| update.slots.len())
    }

    /// Constants of each group at a step.
    pub(super) fn constants(&self) -> usize {
        self.update.as_ref().map_or(0, |update| update.constants)
    }

    /// Channels of the splats.
    pub(super) fn channels(&self) -> usize {
        self.colors + usize::from(self.normalized)
    }

    /// Numbers of a Gaussian's parameters: mean, factor, colour.
    pub(super) fn parameters(&self) -> usize {
        6 + self.colors
    }

    /// Numbers of a Gaussian's coordinates: position, shape, colour.
    pub(super) fn coordinates(&self) -> usize {
        2 + self.shape_len + self.colors
    }
}
