//! The kernels whose text depends on what is fitted how: the chain rule and the update.

use super::super::buffers::Buffers;
use super::super::capabilities::Tuning;
use super::super::context::Context;
use super::super::kernels::{
    Access, Binding, FRAME, FRAME_BINDING, PARAMETERS, SEARCH, STATUS, Slot, TREE_SUM,
    channel_constants, join,
};
use super::super::pipelines::Compiled;
use super::shape::Shape;
use crate::covariance::MEAN_LIMIT_PX;
use crate::error::Result;

const COVARIANCE: &str = include_str!("../../../../shaders/covariance/chain.wgsl");
const DIFFERENTIATE: &str = include_str!("../../../../shaders/differentiate.wgsl");
const UPDATE: &str = include_str!("../../../../shaders/update.wgsl");
const RETRACT: &str = include_str!("../../../../shaders/retract.wgsl");
const VECTORS: &str = include_str!("../../../../shaders/vectors.wgsl");
const TANGENT: &str = include_str!("../../../../shaders/tangent.wgsl");
const BLOCKS: &str = include_str!("../../../../shaders/blocks.wgsl");
const GROUP_SUM: &str = include_str!("../../../../shaders/group_sum.wgsl");
const TOTAL: &str = include_str!("../../../../shaders/total.wgsl");
const LEARN: &str = include_str!("../../../../shaders/learn.wgsl");
const DECIDE: &str = include_str!("../../../../shaders/decide.wgsl");
const COMBINE: &str = include_str!("../../../../shaders/combine.wgsl");
const TRY: &str = include_str!("../../../../shaders/try.wgsl");
const SLOPE: &str = include_str!("../../../../shaders/slope.wgsl");

/// The kernels of a descent after its gradients were summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Program {
    /// Moments to gradients; keeps the best parameters.
    Differentiate,
    /// Gradients to steps.
    Update,
    /// Steps to parameters.
    Retract,
    /// Step and change of the gradient to a pair.
    Learn,
    /// The two loops' scalars, and what the next vector operation is.
    Decide,
    /// One vector operation of the two loops.
    Combine,
    /// Direction to step, and that to parameters.
    Try,
    /// The slope of the step.
    Slope,
}

impl Program {
    const EACH_NUMBER: [Self; 3] = [Self::Differentiate, Self::Update, Self::Retract];
    const QUASI_NEWTON: [Self; 6] =
        [Self::Differentiate, Self::Learn, Self::Decide, Self::Combine, Self::Try, Self::Slope];

    /// The programs of a descent.
    pub(super) fn of(shape: &Shape) -> &'static [Self] {
        if shape.is_searching() { &Self::QUASI_NEWTON } else { &Self::EACH_NUMBER }
    }

    /// Name of the stage that the program is, a part of the wait for the device.
    pub(super) fn stage(self) -> &'static str {
        match self {
            Self::Differentiate => "device/differentiate",
            Self::Update => "device/update",
            Self::Retract | Self::Try => "device/retract",
            Self::Learn | Self::Decide | Self::Combine | Self::Slope => "device/update",
        }
    }

    /// Invocations: one per Gaussian, or one per number; none if it is one workgroup.
    pub(super) fn items(self, shape: &Shape, gaussians: usize) -> Option<u64> {
        match self {
            Self::Update => Some((gaussians * shape.coordinates()) as u64),
            Self::Decide | Self::Slope => None,
            _ => Some(gaussians as u64),
        }
    }

    /// Invocations of a workgroup.
    fn workgroup(self, tuning: &Tuning) -> u32 {
        if matches!(self, Self::Decide | Self::Slope) { tuning.scan } else { tuning.linear }
    }

    fn bindings(self, shape: &Shape) -> Vec<Binding> {
        use Access::{Read, Write};
        let floats = "array<f32>";
        let status = (Slot::Status, Write, "Status");
        let search = (Slot::Search, Write, "Search");
        let left = (Slot::GroupSums, Write, "array<vec4f>");
        let taken = (Slot::GroupSums, Read, "array<vec4f>");
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
                if shape.uses_value() {
                    bindings.push((Slot::Values, Write, floats));
                }
                if shape.is_searching() {
                    let blocks = (Slot::Blocks, Write, floats);
                    bindings.extend([search, (Slot::Base, Write, floats), blocks]);
                }
            }
            Self::Update => {
                bindings.extend([
                    (Slot::Gradient, Write, floats),
                    (Slot::Constants, Read, floats),
                    status,
                ]);
                if shape.slots() > 0 {
                    bindings.push((Slot::Memory, Write, floats));
                }
                if shape.uses_value() {
                    bindings.push((Slot::Values, Read, floats));
                }
            }
            Self::Retract => bindings.extend([
                (Slot::Parameters, Write, floats),
                (Slot::Gradient, Read, floats),
                status,
            ]),
            Self::Learn => bindings.extend([
                (Slot::Gradient, Read, floats),
                (Slot::Memory, Write, floats),
                (Slot::Blocks, Read, floats),
                status,
                search,
                left,
            ]),
            Self::Decide => {
                bindings.extend([status, search, (Slot::Pairs, Write, "array<vec2f>"), taken]);
            }
            Self::Combine => bindings.extend([
                (Slot::Memory, Write, floats),
                (Slot::Blocks, Read, floats),
                status,
                search,
                left,
            ]),
            Self::Try => bindings.extend([
                (Slot::Parameters, Write, floats),
                (Slot::Base, Read, floats),
                (Slot::Memory, Write, floats),
                status,
                search,
                left,
            ]),
            Self::Slope => bindings.extend([status, search, taken]),
        }
        bindings
    }

    /// The joined WGSL text.
    ///
    /// # Errors
    /// [`crate::error::Error::Device`] if the text is wrong, which tests rule out.
    pub(super) fn source(self, shape: &Shape, tuning: &Tuning) -> Result<String> {
        let mut constants = channel_constants(shape.channels(), shape.normalized);
        let mut set = |name: &str, value: String| constants.insert(name.to_owned(), value);
        set("WORKGROUP", self.workgroup(tuning).to_string());
        set("LINEAR", tuning.linear.to_string());
        set("SHAPE", shape.shape_len.to_string());
        set("MEAN_LIMIT", format!("{MEAN_LIMIT_PX:?}"));
        set("VALUES", u32::from(shape.uses_value()).to_string());
        set("SEARCHING", u32::from(shape.is_searching()).to_string());
        set("CONSTANTS", shape.constants().to_string());
        set("SLOTS", shape.slots().to_string());
        if let Some(update) = &shape.update {
            set("UPDATE_LINES", update.lines.trim_end().to_owned());
            set("UPDATE", update.update.clone());
            for (index, slot) in update.slots.iter().enumerate() {
                set(&format!("SLOT_{index}"), slot.clone());
            }
        }
        let covariance = shape.covariance;
        let parts: &[&str] = match self {
            Self::Differentiate if shape.is_searching() => {
                &[FRAME, STATUS, SEARCH, PARAMETERS, COVARIANCE, covariance, DIFFERENTIATE]
            }
            Self::Differentiate => {
                &[FRAME, STATUS, PARAMETERS, COVARIANCE, covariance, DIFFERENTIATE]
            }
            Self::Update => &[FRAME, STATUS, UPDATE],
            Self::Retract => &[FRAME, STATUS, PARAMETERS, COVARIANCE, covariance, RETRACT],
            Self::Learn => &[FRAME, STATUS, SEARCH, VECTORS, TANGENT, BLOCKS, GROUP_SUM, LEARN],
            Self::Decide => &[FRAME, STATUS, SEARCH, VECTORS, TREE_SUM, TOTAL, DECIDE],
            Self::Combine => &[FRAME, STATUS, SEARCH, VECTORS, TANGENT, BLOCKS, GROUP_SUM, COMBINE],
            Self::Try => &[
                FRAME, STATUS, SEARCH, VECTORS, TANGENT, PARAMETERS, COVARIANCE, covariance,
                GROUP_SUM, TRY,
            ],
            Self::Slope => &[FRAME, STATUS, SEARCH, TREE_SUM, TOTAL, SLOPE],
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

    /// A program that was compiled.
    pub(super) fn get(&self, wanted: Program) -> Option<&Compiled> {
        let found = self.compiled.iter().find(|(program, _, _)| *program == wanted);
        found.map(|(_, _, compiled)| compiled)
    }
}

/// The texts of all programs, for tests.
///
/// # Errors
/// As [`Program::source`].
pub(super) fn sources(shape: &Shape, tuning: &Tuning) -> Result<Vec<(String, String)>> {
    let texts = Program::of(shape).iter().map(|program| {
        let source = program.source(shape, tuning)?;
        Ok((format!("{program:?}"), source))
    });
    texts.collect()
}
