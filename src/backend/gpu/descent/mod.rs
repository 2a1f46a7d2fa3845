//! Whole iterations on the device: the parameters stay there, and the host only sends a step's
//! constants ahead and looks at the losses afterwards.
//!
//! Every iteration packs the parameters into splats, bins and draws them as any pass does, judges
//! the loss, and moves the parameters. Nothing is waited for until all of them are submitted. Lists
//! that turn out too short stop it: everything after is void, and goes on from there with more room.

mod programs;

use std::ops::Range;
use std::sync::Arc;

use programs::{Program, Programs, Shape};
use wgpu::CommandEncoder;

use super::Gpu;
use super::bands::Band;
use super::capabilities::Tuning;
use super::context::Context;
use super::dispatch::{Dispatch, encode};
use super::extent::{Extent, linear_grid};
use super::kernels::{Kernel, Slot};
use super::layouts::{Counters, Status};
use super::limits::{check_buffer, largest_capacity, rows_at_once};
use super::pass::{BINNING, Comparison};
use super::pipelines::Pipelines;
use super::target::Target;
use super::timestamps::{Timestamps, durations};
use super::transfer::{Part, Transfer};
use crate::backend::descent::{Descended, Descent, DescentPlan, DescentState, UpdateText};
use crate::blend::Blend;
use crate::covariance::{Covariance, ScaleBounds};
use crate::error::{Error, Result};
use crate::gaussians::Gaussians;
use crate::image::{Image, Size};
use crate::loss::{Loss, LossTerms};

/// `HALT_NO_ROOM` of `status.wgsl`.
const HALT_NO_ROOM: u32 = 1;

/// In the place of the best step if no step was.
const NO_STEP: u32 = u32::MAX;

/// Buffers of the drawing kernels that a descent uses.
const DRAWING: [Slot; 13] = [
    Slot::Frame,
    Slot::Splats,
    Slot::TileCounts,
    Slot::Counters,
    Slot::Ranges,
    Slot::Entries,
    Slot::Offsets,
    Slot::Unsorted,
    Slot::List,
    Slot::LossSums,
    Slot::Partials,
    Slot::Moments,
    Slot::Target,
];

/// The descent that the device is in the middle of.
pub(super) struct Held {
    programs: Programs,
    extent: Extent,
    target: Arc<Image>,
    loss: Loss,
    blend: Blend,
    bounds: ScaleBounds,
    best_loss: f32,
}

impl Held {
    fn shape(&self) -> &Shape {
        &self.programs.shape
    }

    /// Bytes of what the descent alone needs.
    fn bytes(&self, slot: Slot, steps: usize) -> u64 {
        let (shape, count) = (self.shape(), self.extent.splats);
        let numbers = match slot {
            Slot::Parameters | Slot::Best => count * shape.parameters(),
            Slot::Gradient => count * shape.coordinates(),
            Slot::Values if !shape.update.uses_value => 0,
            Slot::Values => count * shape.coordinates(),
            Slot::Memory => count * shape.coordinates() * shape.update.slots.len(),
            Slot::Constants => 3 * steps * shape.update.constants,
            Slot::History => 4 * steps,
            _ => size_of::<Status>() / 4,
        };
        4 * numbers as u64
    }

    fn comparison(&self) -> Comparison<'_> {
        Comparison { target: &self.target, loss: &self.loss, blend: self.blend }
    }

    /// Where a descent begins, or goes on after so many steps.
    fn status(&self, steps: usize, best: Option<usize>) -> Status {
        Status {
            steps: steps as u32,
            best_step: best.map_or(NO_STEP, |step| step as u32),
            best_loss: self.best_loss,
            sigma_min_px: self.bounds.min_px.max(1e-4),
            sigma_max_px: self.bounds.max_px.max(self.bounds.min_px.max(1e-4)),
            ..Status::default()
        }
    }

    /// All kernels of an iteration, ready to run.
    fn dispatches<'a>(
        &'a self,
        context: &Context,
        pipelines: &'a Pipelines,
        kernels: &[Kernel],
        capacity: u32,
    ) -> Result<Vec<Dispatch<'a>>> {
        let Context { tuning, limits, .. } = context;
        let extent = &self.extent;
        let mut dispatches = Vec::with_capacity(kernels.len() + Program::ALL.len());
        for &kernel in kernels {
            let (pipeline, group) = pipelines.get(kernel, extent.channels)?;
            let grid = extent.grid(kernel, tuning, limits, capacity);
            dispatches.push(Dispatch { stage: kernel.stage(), pipeline, group, grid });
        }
        for (program, compiled) in self.programs.iter() {
            let (pipeline, group) = compiled.ready().ok_or_else(nothing_loaded)?;
            let items = program.items(self.shape(), extent.splats);
            let grid = linear_grid(items, tuning.linear, limits);
            dispatches.push(Dispatch { stage: program.stage(), pipeline, group, grid });
        }
        Ok(dispatches)
    }

    /// The drawing kernels of an iteration, the one that compares among them.
    fn kernels(&self, of_8bit: bool) -> Vec<Kernel> {
        let normalized = self.shape().normalized;
        let mut kernels = vec![Kernel::Pack { normalized }];
        kernels.extend(BINNING);
        kernels.extend([Kernel::Loss { of_8bit, normalized }, Kernel::Gather, Kernel::Judge]);
        if self.shape().update.uses_value {
            kernels.push(Kernel::Center);
        }
        kernels
    }
}

impl Descent for Gpu {
    /// Hardware waits for every readback; software computes on the processor either way, and what
    /// the host does in float64 with vectors it does faster. See docs/METHODS.md for figures.
    fn is_faster(&self) -> bool {
        !self.context.is_software
    }

    fn load(&mut self, plan: &DescentPlan, state: &DescentState) -> Result<()> {
        let shape = Shape::of(plan)?;
        self.check(plan, &shape, state)?;
        let extent = Extent {
            splats: state.gaussians.len(),
            channels: shape.channels(),
            size: plan.target.size(),
        };
        let kept = self.held.take().filter(|held| held.programs.shape == shape);
        let programs = match kept {
            Some(held) => held.programs,
            None => Programs::new(&self.context, shape, &Program::ALL)?,
        };
        let held = Held {
            programs,
            extent,
            target: Arc::clone(&plan.target),
            loss: plan.loss,
            blend: plan.blend,
            bounds: plan.bounds,
            best_loss: state.best_loss,
        };
        let Self { context, buffers, .. } = self;
        let slots = [
            Slot::Parameters,
            Slot::Best,
            Slot::Gradient,
            Slot::Values,
            Slot::Memory,
            Slot::Status,
        ];
        for slot in slots {
            check_buffer(&context.limits, held.bytes(slot, 0))?;
        }
        context.guarded(|| {
            for slot in slots {
                buffers.ensure(context, slot, held.bytes(slot, 0))?;
            }
            let parameters = join(&state.gaussians);
            let queue = &context.queue;
            queue.write_buffer(
                buffers.get(Slot::Parameters)?,
                0,
                bytemuck::cast_slice(&parameters),
            );
            let memory = bytemuck::cast_slice(&state.memory);
            queue.write_buffer(buffers.get(Slot::Memory)?, 0, memory);
            Ok(())
        })?;
        self.held = Some(held);
        Ok(())
    }

    fn descend(&mut self, constants: &[f32], steps: usize) -> Result<Descended> {
        let mut held = self.held.take().ok_or_else(nothing_loaded)?;
        // Lists and splats on the device are no longer those of a picture that was drawn before.
        self.binned.size = None;
        let descended = self.descend_from(&mut held, constants, steps);
        if descended.is_err() {
            self.readback = Transfer::readback();
        }
        self.held = Some(held);
        descended
    }

    fn fetch(&mut self, state: &mut DescentState, best: Option<&mut Gaussians>) -> Result<()> {
        let held = self.held.take().ok_or_else(nothing_loaded)?;
        let read = || -> Result<()> {
            let parameters = held.bytes(Slot::Parameters, 0);
            let numbers = self.read(Slot::Parameters, parameters)?;
            split(&numbers, &mut state.gaussians, held.extent.splats);
            state.memory = self.read(Slot::Memory, held.bytes(Slot::Memory, 0))?;
            state.best_loss = held.best_loss;
            if let Some(best) = best {
                let numbers = self.read(Slot::Best, parameters)?;
                *best = Gaussians::empty(held.shape().colors);
                split(&numbers, best, held.extent.splats);
            }
            Ok(())
        };
        let result = read();
        if result.is_err() {
            self.readback = Transfer::readback();
        }
        self.held = Some(held);
        result
    }
}

impl Gpu {
    /// Checks what the kernels take for granted.
    fn check(&mut self, plan: &DescentPlan, shape: &Shape, state: &DescentState) -> Result<()> {
        let (size, count) = (plan.target.size(), state.gaussians.len());
        let no = |message: &str| {
            let message = message.to_owned();
            Err(Error::Unsupported { what: "placement on the device", message })
        };
        if plan.loss.ssim != 0.0 {
            return no("a loss with SSIM is taken on the host");
        }
        if count == 0 || plan.target.data().is_empty() {
            return no("there is nothing to draw");
        }
        if state.memory.len() != count * shape.coordinates() * shape.update.slots.len() {
            return Err(Error::Invalid(format!(
                "{} remembered numbers do not belong to {count} Gaussians and {} slots",
                state.memory.len(),
                shape.update.slots.len()
            )));
        }
        let pixel_bytes = Target::keep(&mut self.target, &plan.target).pixel_bytes();
        let limits = &self.context.limits;
        let rows = rows_at_once(limits, size, count, shape.channels(), pixel_bytes)?;
        if rows < size.height {
            return no("the picture is larger than the device draws at once");
        }
        Ok(())
    }

    fn descend_from(
        &mut self,
        held: &mut Held,
        constants: &[f32],
        steps: usize,
    ) -> Result<Descended> {
        let wanted = 3 * steps * held.shape().update.constants;
        if constants.len() != wanted {
            return Err(Error::Invalid(format!(
                "{steps} steps have {wanted} constants, not {}",
                constants.len()
            )));
        }
        let channels = held.shape().channels();
        let largest = largest_capacity(&self.context.limits, channels, true);
        let (mut done, mut best) = (0, None);
        loop {
            self.capacity = u64::from(self.capacity).min(largest) as u32;
            let start = self.stopwatch.start();
            let kernels = self.prepare(held, constants, steps)?;
            let status = held.status(done, best);
            let Self { context, buffers, .. } = self;
            let bytes = bytemuck::bytes_of(&status);
            context.queue.write_buffer(buffers.get(Slot::Status)?, 0, bytes);
            self.stopwatch.stop("upload", start);
            let start = self.stopwatch.start();
            let (status, counters, history) = self.submit(held, &kernels, done..steps)?;
            self.stopwatch.stop("device", start);
            done = status.steps as usize;
            best = (status.best_step != NO_STEP).then_some(status.best_step as usize);
            held.best_loss = status.best_loss;
            if status.halted == HALT_NO_ROOM {
                let pairs = counters.pairs();
                if pairs > largest {
                    return Err(Error::Limit {
                        what: "pairs of Gaussian and tile on this device",
                        value: pairs,
                        limit: largest,
                    });
                }
                self.capacity = (pairs + pairs / 4).min(largest) as u32;
                continue;
            }
            let count = held.target.data().len() as f64;
            let losses = history[..done].iter().map(|[l1, l2, mse_8bit, total]| {
                let [l1, l2, mse_8bit] = [l1, l2, mse_8bit].map(|sum| f64::from(*sum) / count);
                (LossTerms { l1, l2, ssim: 0.0, mse_8bit }, *total)
            });
            let broken = status.halted != 0 || status.broken != 0;
            return Ok(Descended { losses: losses.collect(), best, broken });
        }
    }

    /// Makes room, uploads what all steps share, compiles and binds.
    fn prepare(&mut self, held: &mut Held, constants: &[f32], steps: usize) -> Result<Vec<Kernel>> {
        let Self { context, buffers, pipelines, capacity, target, .. } = self;
        let target = Target::keep(target, &held.target);
        target.upload(context, buffers, Band::whole(held.extent.size))?;
        let frame = held.extent.frame(*capacity, Some(held.comparison())).bytes();
        context.guarded(|| {
            for slot in DRAWING.into_iter().filter(|slot| *slot != Slot::Target) {
                buffers.ensure(context, slot, held.extent.bytes(slot, *capacity))?;
            }
            for slot in [Slot::Constants, Slot::History] {
                buffers.ensure(context, slot, held.bytes(slot, steps))?;
            }
            let queue = &context.queue;
            queue.write_buffer(buffers.get(Slot::Frame)?, 0, &frame);
            let constants = bytemuck::cast_slice(constants);
            queue.write_buffer(buffers.get(Slot::Constants)?, 0, constants);
            Ok(())
        })?;
        let kernels = held.kernels(target.is_8bit());
        pipelines.prepare(context, buffers, &kernels, held.shape().channels())?;
        held.programs.bind(context, buffers)?;
        Ok(kernels)
    }

    /// Submits the steps one by one, waits for the last, and reads how it went.
    fn submit(
        &mut self,
        held: &Held,
        kernels: &[Kernel],
        steps: Range<usize>,
    ) -> Result<(Status, Counters, Vec<[f32; 4]>)> {
        let history = held.bytes(Slot::History, steps.end);
        let Self { context, buffers, pipelines, readback, stopwatch, timestamps, .. } = self;
        let timestamps = Timestamps::while_on(timestamps, stopwatch.is_on(), context)?;
        let dispatches = held.dispatches(context, pipelines, kernels, self.capacity)?;
        for _ in steps {
            context.guarded(|| {
                let mut encoder = context.device.create_command_encoder(&Default::default());
                encoder.clear_buffer(buffers.get(Slot::Counters)?, 0, None);
                encoder.clear_buffer(buffers.get(Slot::TileCounts)?, 0, None);
                encode(&mut encoder, &dispatches, timestamps);
                let times = timestamps.map(|t| t.collect(&mut encoder, dispatches.len()));
                let Some(times) = times else {
                    context.queue.submit([encoder.finish()]);
                    return Ok(());
                };
                // There is one place for the times: they are read before the next step.
                receive(context, readback, encoder, &[times])?;
                let durations = readback.read(times.1, |bytes| durations(context, bytes))?;
                for (dispatch, time) in dispatches.iter().zip(durations) {
                    stopwatch.add(dispatch.stage, time);
                }
                Ok(())
            })?;
        }
        let [status, counters] = [size_of::<Status>(), size_of::<Counters>()].map(|b| b as u64);
        context.guarded(|| {
            let encoder = context.device.create_command_encoder(&Default::default());
            let parts = [
                (buffers.get(Slot::Status)?, status),
                (buffers.get(Slot::Counters)?, counters),
                (buffers.get(Slot::History)?, history),
            ];
            receive(context, readback, encoder, &parts)
        })?;
        readback.read(status + counters + history, |bytes| {
            let (head, rest) = bytes.split_at(status as usize);
            let (middle, rest) = rest.split_at(counters as usize);
            (
                bytemuck::pod_read_unaligned(head),
                bytemuck::pod_read_unaligned(middle),
                bytemuck::pod_collect_to_vec(rest),
            )
        })
    }

    /// The first bytes of a buffer.
    fn read(&mut self, slot: Slot, bytes: u64) -> Result<Vec<f32>> {
        if bytes == 0 {
            return Ok(Vec::new());
        }
        let Self { context, buffers, readback, stopwatch, .. } = self;
        stopwatch.time("readback", || {
            context.guarded(|| {
                let encoder = context.device.create_command_encoder(&Default::default());
                receive(context, readback, encoder, &[(buffers.get(slot)?, bytes)])
            })?;
            readback.read(bytes, bytemuck::pod_collect_to_vec)
        })
    }
}

/// Submits what is encoded, with copies of `parts` at its end, and waits for it.
fn receive(
    context: &Context,
    readback: &mut Transfer,
    mut encoder: CommandEncoder,
    parts: &[Part<'_>],
) -> Result<()> {
    readback.receive(context, &mut encoder, parts)?;
    context.queue.submit([encoder.finish()]);
    readback.map();
    context.wait()
}

fn nothing_loaded() -> Error {
    Error::Device("no descent was loaded".into())
}

/// Parameters in the order of the device.
fn join(gaussians: &Gaussians) -> Vec<f32> {
    let Gaussians { mean_px, factor_px, color, .. } = gaussians;
    [mean_px.as_flattened(), factor_px.as_flattened(), color].concat()
}

/// The inverse of [`join`], for `count` Gaussians.
fn split(numbers: &[f32], gaussians: &mut Gaussians, count: usize) {
    let (mean_px, rest) = numbers.split_at(2 * count);
    let (factor_px, color) = rest.split_at(4 * count);
    gaussians.mean_px = bytemuck::cast_slice(mean_px).to_vec();
    gaussians.factor_px = bytemuck::cast_slice(factor_px).to_vec();
    gaussians.color = color.to_vec();
}

impl Gpu {
    /// Runs an update alone, on the numbers of one Gaussian with three shape coordinates and one
    /// colour: its gradient becomes the step. For tests.
    ///
    /// # Errors
    /// As [`Descent::load`].
    #[doc(hidden)]
    pub fn update_six_numbers(
        &mut self,
        update: &UpdateText,
        constants: &[f32],
        values: [f32; 6],
        gradient: [f32; 6],
        memory: &mut Vec<f32>,
    ) -> Result<[f32; 6]> {
        let size = Size::new(1, 1);
        let (covariance, loss) = (crate::covariance::DEFAULT, Loss::default());
        let target = Arc::new(Image::zeros(size, 1));
        let bounds = ScaleBounds { min_px: 0.35, max_px: 100.0 };
        let (blend, update) = (Blend::Additive, update.clone());
        let plan =
            DescentPlan { target: Arc::clone(&target), loss, blend, covariance, bounds, update };
        let programs = Programs::new(&self.context, Shape::of(&plan)?, &[Program::Update])?;
        let extent = Extent { splats: 1, channels: 1, size };
        let mut held =
            Held { programs, extent, target, loss, blend, bounds, best_loss: f32::INFINITY };
        let Self { context, buffers, pipelines, .. } = self;
        let frame = extent.frame(0, None).bytes();
        let status = held.status(1, None);
        let sent: [(Slot, &[u8]); 6] = [
            (Slot::Frame, &frame),
            (Slot::Status, bytemuck::bytes_of(&status)),
            (Slot::Constants, bytemuck::cast_slice(constants)),
            (Slot::Values, bytemuck::cast_slice(&values)),
            (Slot::Gradient, bytemuck::cast_slice(&gradient)),
            (Slot::Memory, bytemuck::cast_slice(memory)),
        ];
        context.guarded(|| {
            for (slot, bytes) in sent {
                buffers.ensure(context, slot, bytes.len() as u64)?;
                context.queue.write_buffer(buffers.get(slot)?, 0, bytes);
            }
            Ok(())
        })?;
        held.programs.bind(context, buffers)?;
        let dispatches = held.dispatches(context, pipelines, &[], 0)?;
        context.guarded(|| {
            let mut encoder = context.device.create_command_encoder(&Default::default());
            encode(&mut encoder, &dispatches, None);
            context.queue.submit([encoder.finish()]);
            Ok(())
        })?;
        *memory = self.read(Slot::Memory, 4 * memory.len() as u64)?;
        let mut step = [0.0; 6];
        step.copy_from_slice(&self.read(Slot::Gradient, 24)?);
        Ok(step)
    }
}

/// The texts of the kernels that follow from a plan: label and WGSL. For tests.
///
/// # Errors
/// [`Error::Unsupported`] if there are no formulas for the parameterisation.
#[doc(hidden)]
pub fn program_sources(
    tuning: &Tuning,
    covariance: &'static dyn Covariance,
    colors: usize,
    blend: Blend,
    update: &UpdateText,
) -> Result<Vec<(String, String)>> {
    let target = Arc::new(Image::zeros(Size::new(1, 1), colors));
    let bounds = ScaleBounds { min_px: 0.35, max_px: 100.0 };
    let update = update.clone();
    let plan = DescentPlan { target, loss: Loss::default(), blend, covariance, bounds, update };
    programs::sources(&Shape::of(&plan)?, tuning)
}
