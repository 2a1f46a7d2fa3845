//! The kernels whose text depends on what is fitted how: the chain rule and the update.

use super::super::buffers::Buffers;
use super::super::capabilities::Tuning;
use super::super::context::Context;
use super::super::kernels::{
    Access, Binding, FRAME, FRAME_BINDING, PARAMETERS, STATUS, Slot, channel_constants, join,
};
use super::super::pipelines::Compiled;
use crate::backend::descent::{DescentPlan, UpdateText};
use crate::blend::Blend;
use crate::covariance::MEAN_LIMIT_PX;
use crate::error::{Error, Result};

const COVARIANCE: &str = include_str!("../../../../shaders/covariance/chain.wgsl");
const DIFFERENTIATE: &str = include_str!("../../../../shaders/differentiate.wgsl");
const UPDATE: &str = include_str!("../../../../shaders/update.wgsl");
const RETRACT: &str = include_str!("../../../../shaders/retract.wgsl");

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
    /// From gradients to steps.
    pub(super) update: UpdateText,
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
            update: plan.update.clone(),
        })
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

/// The kernels of a descent after its gradients were summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Program {
    /// Moments to gradients; keeps the best parameters.
    Differentiate,
    /// Gradients to steps.
    Update,
    /// Steps to parameters.
    Retract,
}

impl Program {
    pub(super) const ALL: [Self; 3] = [Self::Differentiate, Self::Update, Self::Retract];

    /// Name of the stage that the program is, a part of the wait for the device.
    pub(super) fn stage(self) -> &'static str {
        match self {
            Self::Differentiate => "device/differentiate",
            Self::Update => "device/update",
            Self::Retract => "device/retract",
        }
    }

    /// Invocations: one per Gaussian, or one per number.
    pub(super) fn items(self, shape: &Shape, gaussians: usize) -> u64 {
        match self {
            Self::Differentiate | Self::Retract => gaussians as u64,
            Self::Update => (gaussians * shape.coordinates()) as u64,
        }
    }

    fn bindings(self, shape: &Shape) -> Vec<Binding> {
        use Access::{Read, Write};
        let floats = "array<f32>";
        let status = (Slot::Status, Write, "Status");
        let mut bindings = vec![FRAME_BINDING];
        match self {
            Self::Differentiate => {
                bindings.extend([
                    (Slot::Parameters, Read, floats),
                    (Slot::Moments, Read, floats),
                    (Slot::Gradient, Write, floats),
                    (Slot::Best, Write, floats),
                    status,
                ]);
                if shape.update.uses_value {
                    bindings.push((Slot::Values, Write, floats));
                }
            }
            Self::Update => {
                bindings.extend([
                    (Slot::Gradient, Write, floats),
                    (Slot::Constants, Read, floats),
                    status,
                ]);
                if !shape.update.slots.is_empty() {
                    bindings.push((Slot::Memory, Write, floats));
                }
                if shape.update.uses_value {
                    bindings.push((Slot::Values, Read, floats));
                }
            }
            Self::Retract => bindings.extend([
                (Slot::Parameters, Write, floats),
                (Slot::Gradient, Read, floats),
                status,
            ]),
        }
        bindings
    }

    /// The joined WGSL text.
    ///
    /// # Errors
    /// [`Error::Device`] if the text is wrong, which tests rule out.
    pub(super) fn source(self, shape: &Shape, tuning: &Tuning) -> Result<String> {
        let update = &shape.update;
        let mut constants = channel_constants(shape.channels(), shape.normalized);
        let mut set = |name: &str, value: String| constants.insert(name.to_owned(), value);
        set("WORKGROUP", tuning.linear.to_string());
        set("SHAPE", shape.shape_len.to_string());
        set("MEAN_LIMIT", format!("{MEAN_LIMIT_PX:?}"));
        set("VALUES", u32::from(update.uses_value).to_string());
        set("CONSTANTS", update.constants.to_string());
        set("SLOTS", update.slots.len().to_string());
        set("UPDATE_LINES", update.lines.trim_end().to_owned());
        set("UPDATE", update.update.clone());
        for (index, slot) in update.slots.iter().enumerate() {
            set(&format!("SLOT_{index}"), slot.clone());
        }
        let parts: &[&str] = match self {
            Self::Differentiate => {
                &[FRAME, STATUS, PARAMETERS, COVARIANCE, shape.covariance, DIFFERENTIATE]
            }
            Self::Update => &[FRAME, STATUS, UPDATE],
            Self::Retract => &[FRAME, STATUS, PARAMETERS, COVARIANCE, shape.covariance, RETRACT],
        };
        join(&format!("{self:?}"), &self.bindings(shape), parts, &constants)
    }
}

/// The compiled programs of one shape.
pub(super) struct Programs {
    pub(super) shape: Shape,
    compiled: Vec<(Program, Vec<Binding>, Compiled)>,
}

impl Programs {
    /// Compiles some of the programs.
    pub(super) fn new(context: &Context, shape: Shape, programs: &[Program]) -> Result<Self> {
        let mut compiled = Vec::with_capacity(programs.len());
        for &program in programs {
            let source = program.source(&shape, &context.tuning)?;
            let bindings = program.bindings(&shape);
            let label = format!("{program:?}");
            let made = context.guarded(|| Ok(Compiled::new(context, &label, source, &bindings)))?;
            compiled.push((program, bindings, made));
        }
        Ok(Self { shape, compiled })
    }

    /// Binds all to `buffers`.
    pub(super) fn bind(&mut self, context: &Context, buffers: &Buffers) -> Result<()> {
        for (_, bindings, compiled) in &mut self.compiled {
            compiled.bind(context, buffers, bindings)?;
        }
        Ok(())
    }

    /// The programs in their order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Program, &Compiled)> {
        self.compiled.iter().map(|(program, _, compiled)| (*program, compiled))
    }
}

/// The texts of all programs, for tests.
///
/// # Errors
/// As [`Program::source`].
pub(super) fn sources(shape: &Shape, tuning: &Tuning) -> Result<Vec<(String, String)>> {
    let texts = Program::ALL.into_iter().map(|program| {
        let source = program.source(shape, tuning)?;
        Ok((format!("{program:?}"), source))
    });
    texts.collect()
}
