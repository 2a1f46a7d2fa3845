//! One pass over the device: upload, bin, draw, sum, read back; again if the lists were too small.

use std::sync::Arc;

use super::Gpu;
use super::bands::Band;
use super::dispatch::{Dispatch, encode};
use super::extent::Extent;
use super::kernels::{Kernel, Slot};
use super::layouts::{Counters, Geometry, pack_geometry, pack_records};
use super::limits::largest_capacity;
use super::target::{Target, write_band};
use super::timestamps::{Timestamps, durations};
use super::transfer::Transfer;
use crate::backend::Splats;
use crate::blend::Blend;
use crate::error::Result;
use crate::image::{Image, Size};
use crate::loss::Loss;

/// The binning of one set of splats over one size of picture.
pub(super) const BINNING: [Kernel; 4] = [Kernel::Emit, Kernel::Scan, Kernel::Place, Kernel::Order];

/// What a picture is compared with, and how.
#[derive(Clone, Copy)]
pub(super) struct Comparison<'a> {
    pub(super) target: &'a Arc<Image>,
    pub(super) loss: &'a Loss,
    pub(super) blend: Blend,
}

/// What a pass does with the tiles' lists.
#[derive(Clone, Copy)]
pub(super) enum Work<'a> {
    /// Draws the picture.
    Render,
    /// Draws the derivative along a tangent.
    Tangent(&'a [f32]),
    /// Sums moments against a gradient image.
    Backward(&'a Image),
    /// Draws, compares, and sums moments of the loss.
    Loss(Comparison<'a>),
}

impl Work<'_> {
    /// Whether there are moments to sum.
    fn has_moments(self) -> bool {
        matches!(self, Self::Backward(_) | Self::Loss(_))
    }
}

/// A picture, and what is to be done with it.
#[derive(Clone, Copy)]
pub(super) struct Picture<'a> {
    pub(super) splats: &'a Splats,
    pub(super) size: Size,
    pub(super) work: Work<'a>,
    /// What is read back.
    pub(super) results: &'a [Slot],
}

/// A band of a picture, which the device works on at once.
#[derive(Clone, Copy)]
pub(super) struct Pass<'a> {
    pub(super) picture: &'a Picture<'a>,
    pub(super) band: Band,
}

/// How a pass ended.
pub(super) enum Outcome {
    /// The results were read.
    Done,
    /// No lists on this device are long enough; nothing was read.
    TooManyPairs {
        /// Pairs of splat and tile.
        pairs: u64,
        /// Most that fit.
        largest: u64,
    },
}

/// The buffers from splats to the lists of tiles.
pub(super) const LIST_BUFFERS: [Slot; 9] = [
    Slot::Frame,
    Slot::Splats,
    Slot::TileCounts,
    Slot::Counters,
    Slot::Ranges,
    Slot::Entries,
    Slot::Offsets,
    Slot::Unsorted,
    Slot::List,
];

impl Pass<'_> {
    /// Size of the picture that is drawn.
    fn size(&self) -> Size {
        self.band.size(self.picture.size)
    }

    /// The buffers that the pass touches, but for the target.
    fn slots(&self) -> Vec<Slot> {
        let mut slots = LIST_BUFFERS.to_vec();
        slots.extend(match self.picture.work {
            Work::Render => vec![Slot::Picture],
            Work::Tangent(_) => vec![Slot::Picture, Slot::Tangent],
            Work::Backward(_) => vec![Slot::Picture, Slot::Partials, Slot::Moments],
            Work::Loss(_) => vec![Slot::LossSums, Slot::Partials, Slot::Moments],
        });
        slots
    }

    fn extent(&self) -> Extent {
        let Splats { channels, .. } = *self.picture.splats;
        Extent { splats: self.picture.splats.len(), channels, size: self.size() }
    }
}

/// What the lists on the device were made from.
#[derive(Default)]
pub(super) struct Binned {
    geometry: Vec<Geometry>,
    pub(super) size: Option<Size>,
}

impl Gpu {
    /// Bytes of a pixel in the largest buffer of the picture's size.
    pub(super) fn pixel_bytes(&mut self, picture: &Picture<'_>) -> u64 {
        match picture.work {
            Work::Loss(Comparison { target, .. }) => {
                Target::keep(&mut self.target, target).pixel_bytes()
            }
            _ => 4 * picture.splats.channels as u64,
        }
    }

    /// Runs a pass and lets `read` see the results, one after the other.
    pub(super) fn run(&mut self, pass: &Pass<'_>, read: &mut dyn FnMut(&[u8])) -> Result<Outcome> {
        let picture = pass.picture;
        let start = self.stopwatch.start();
        let mut bin = self.pack(pass);
        self.stopwatch.stop("pack", start);
        if bin {
            self.binned.size = None;
        }
        let limits = &self.context.limits;
        let largest = largest_capacity(limits, picture.splats.channels, picture.work.has_moments());
        loop {
            if u64::from(self.capacity) > largest {
                // Lists made for drawing alone may be longer than the moments have room for.
                self.capacity = largest as u32;
                bin = true;
            }
            self.reserve(pass)?;
            let attempt = self.attempt(pass, bin, read);
            if attempt.is_err() {
                // Memory of a failed pass may still be mapped, or never will be.
                self.upload = Transfer::upload();
                self.readback = Transfer::readback();
                self.binned.size = None;
            }
            let pairs = attempt?.pairs();
            if pairs <= u64::from(self.capacity) {
                self.binned.size = Some(pass.size());
                return Ok(Outcome::Done);
            }
            if pairs > largest {
                return Ok(Outcome::TooManyPairs { pairs, largest });
            }
            self.capacity = (pairs + pairs / 4).min(largest) as u32;
            bin = true;
        }
    }

    /// Packs the splats; whether they must be binned anew.
    fn pack(&mut self, pass: &Pass<'_>) -> bool {
        let splats = pass.picture.splats;
        pack_geometry(splats, pass.band.first_row, &mut self.geometry);
        pack_records(splats, &self.geometry, &mut self.records);
        let known = self.binned.size == Some(pass.size()) && self.binned.geometry == self.geometry;
        if !known {
            std::mem::swap(&mut self.binned.geometry, &mut self.geometry);
        }
        !known
    }

    /// Makes room for everything that the pass touches.
    fn reserve(&mut self, pass: &Pass<'_>) -> Result<()> {
        let Self { context, buffers, capacity, .. } = self;
        context.guarded(|| {
            let mut slots = pass.slots().into_iter();
            slots.try_for_each(|slot| {
                buffers.ensure(context, slot, pass.extent().bytes(slot, *capacity))
            })
        })
    }

    /// The kernel that works on the tiles' lists; its target is on the device then.
    fn tile_kernel(&mut self, pass: &Pass<'_>) -> Result<Kernel> {
        let Comparison { target: image, blend, .. } = match pass.picture.work {
            Work::Render => return Ok(Kernel::Render),
            Work::Tangent(_) => return Ok(Kernel::Tangent),
            Work::Backward(_) => return Ok(Kernel::Backward),
            Work::Loss(comparison) => comparison,
        };
        let Self { context, buffers, target, stopwatch, .. } = self;
        let target = Target::keep(target, image);
        stopwatch.time("target", || target.upload(context, buffers, pass.band))?;
        Ok(Kernel::Loss { of_8bit: target.is_8bit(), normalized: blend != Blend::Additive })
    }

    /// Submits the pass once and waits for it.
    fn attempt(
        &mut self,
        pass: &Pass<'_>,
        bin: bool,
        read: &mut dyn FnMut(&[u8]),
    ) -> Result<Counters> {
        let picture = pass.picture;
        let channels = picture.splats.channels;
        let mut kernels = Vec::with_capacity(8);
        if bin {
            kernels.extend(BINNING);
        }
        kernels.push(self.tile_kernel(pass)?);
        if picture.work.has_moments() {
            kernels.push(Kernel::Gather);
        }
        let comparison = match picture.work {
            Work::Loss(comparison) => Some(comparison),
            _ => None,
        };
        let extent = pass.extent();
        let frame = extent.frame(self.capacity, comparison).bytes();
        let Self { context, buffers, pipelines, upload, readback, capacity, .. } = self;
        let Self { stopwatch, timestamps, .. } = self;
        pipelines.prepare(context, buffers, &kernels, channels)?;
        let timestamps = Timestamps::while_on(timestamps, stopwatch.is_on(), context)?;

        let grid = |kernel| extent.grid(kernel, &context.tuning, &context.limits, *capacity);
        let mut dispatches = Vec::with_capacity(kernels.len());
        for &kernel in &kernels {
            let (pipeline, group) = pipelines.get(kernel, channels)?;
            let (stage, grid) = (kernel.stage(), grid(kernel));
            dispatches.push(Dispatch { stage, pipeline, group, grid });
        }
        let head = size_of::<Counters>() as u64;
        let mut received = vec![(buffers.get(Slot::Counters)?, head)];
        for &slot in picture.results {
            received.push((buffers.get(slot)?, pass.extent().bytes(slot, *capacity)));
        }
        let mut sent = vec![
            (buffers.get(Slot::Frame)?, &frame[..]),
            (buffers.get(Slot::Splats)?, bytemuck::cast_slice(&self.records)),
        ];
        if let Work::Tangent(tangent) = picture.work {
            sent.push((buffers.get(Slot::Tangent)?, bytemuck::cast_slice(tangent)));
        }

        let total: u64 = context.guarded(|| {
            let start = stopwatch.start();
            if let Work::Backward(gradient) = picture.work {
                write_band(context, buffers.get(Slot::Picture)?, gradient, pass.band);
            }
            let mut encoder = context.device.create_command_encoder(&Default::default());
            upload.send(context, &mut encoder, &sent)?;
            stopwatch.stop("upload", start);
            if bin {
                encoder.clear_buffer(buffers.get(Slot::Counters)?, 0, None);
                encoder.clear_buffer(buffers.get(Slot::TileCounts)?, 0, None);
            }
            encode(&mut encoder, &dispatches, timestamps);
            received.extend(timestamps.map(|t| t.collect(&mut encoder, dispatches.len())));
            readback.receive(context, &mut encoder, &received)?;
            let start = stopwatch.start();
            context.queue.submit([encoder.finish()]);
            upload.map();
            readback.map();
            context.wait()?;
            stopwatch.stop("device", start);
            Ok(received.iter().map(|(_, bytes)| bytes).sum())
        })?;
        let times: u64 = received[1 + picture.results.len()..].iter().map(|(_, bytes)| bytes).sum();
        readback.read(total, |bytes| {
            let (results, times) = bytes.split_at((total - times) as usize);
            let (head, results) = results.split_at(head as usize);
            for (dispatch, time) in dispatches.iter().zip(durations(context, times)) {
                stopwatch.add(dispatch.stage, time);
            }
            let counters: Counters = bytemuck::pod_read_unaligned(head);
            if counters.pairs() <= u64::from(*capacity) {
                stopwatch.time("readback", || read(results));
            }
            counters
        })
    }
}
