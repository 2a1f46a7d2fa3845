//! One pass over the device: upload, bin, draw, sum, read back; again if the lists were too small.

use std::sync::Arc;

use wgpu::{CommandEncoder, ComputePass};

use super::Gpu;
use super::kernels::{Kernel, Slot};
use super::layouts::{Counters, Frame, Geometry, pack_8bit, pack_geometry, pack_records};
use super::limits::{self, ENTRY_BYTES, LIST_BYTES, largest_capacity, partial_bytes, tiles};
use super::transfer::Transfer;
use crate::backend::Splats;
use crate::blend::Blend;
use crate::error::{Error, Result};
use crate::image::{Image, Size};
use crate::loss::Loss;

/// The binning of one set of splats over one size of picture.
const BINNING: [Kernel; 4] = [Kernel::Emit, Kernel::Scan, Kernel::Place, Kernel::Order];

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

/// What a pass is to do.
pub(super) struct Pass<'a> {
    pub(super) splats: &'a Splats,
    pub(super) size: Size,
    pub(super) work: Work<'a>,
    /// What is read back, and how many bytes of it.
    pub(super) results: &'a [(Slot, u64)],
}

/// What the lists on the device were made from.
#[derive(Default)]
pub(super) struct Binned {
    geometry: Vec<Geometry>,
    size: Option<Size>,
}

impl Gpu {
    /// Runs a pass and lets `read` see the results, one after the other.
    pub(super) fn run<T>(&mut self, pass: &Pass<'_>, read: impl Fn(&[u8]) -> T) -> Result<T> {
        let channels = pass.splats.channels;
        limits::check(&self.context.limits, pass.size, pass.splats.len(), channels)?;
        let mut bin = self.pack(pass);
        if bin {
            self.binned.size = None;
        }
        let largest = largest_capacity(&self.context.limits, channels, pass.work.has_moments());
        loop {
            if u64::from(self.capacity) > largest {
                // Lists made for drawing alone may be longer than the moments have room for.
                self.capacity = largest as u32;
                bin = true;
            }
            self.reserve(pass)?;
            let attempt = self.attempt(pass, bin, &read);
            if attempt.is_err() {
                // Memory of a failed pass may still be mapped, or never will be.
                self.upload = Transfer::upload();
                self.readback = Transfer::readback();
                self.binned.size = None;
            }
            let (counters, value) = attempt?;
            if counters.pairs() <= u64::from(self.capacity) {
                self.binned.size = Some(pass.size);
                return Ok(value);
            }
            if counters.pairs() > largest {
                return Err(Error::Limit {
                    what: "pairs of Gaussian and tile on this device",
                    value: counters.pairs(),
                    limit: largest,
                });
            }
            self.capacity = (counters.pairs() + counters.pairs() / 4).min(largest) as u32;
            bin = true;
        }
    }

    /// Packs the splats; whether they must be binned anew.
    fn pack(&mut self, pass: &Pass<'_>) -> bool {
        pack_geometry(pass.splats, &mut self.geometry);
        pack_records(pass.splats, &self.geometry, &mut self.records);
        let known = self.binned.size == Some(pass.size) && self.binned.geometry == self.geometry;
        if !known {
            std::mem::swap(&mut self.binned.geometry, &mut self.geometry);
        }
        !known
    }

    /// Makes room for everything that the pass touches.
    fn reserve(&mut self, pass: &Pass<'_>) -> Result<()> {
        let Self { context, buffers, capacity, .. } = self;
        let channels = pass.splats.channels;
        let splats = pass.splats.len() as u64;
        let [across, down] = tiles(pass.size);
        let tiles = across * down;
        let picture = 4 * (channels * pass.size.pixels()) as u64;
        let moments = 4 * splats * pass.splats.moments_per_splat() as u64;
        let pairs = u64::from(*capacity);
        let mut wanted = vec![
            (Slot::Frame, Frame::BYTES),
            (Slot::Splats, 4 * self.records.len() as u64),
            (Slot::TileCounts, 4 * tiles),
            (Slot::Counters, 16),
            (Slot::Ranges, 8 * splats),
            (Slot::Entries, ENTRY_BYTES * pairs),
            (Slot::Offsets, 4 * (tiles + 1)),
            (Slot::Unsorted, LIST_BYTES * pairs),
            (Slot::List, LIST_BYTES * pairs),
        ];
        wanted.push(match pass.work {
            Work::Loss(_) => (Slot::LossSums, 16 * tiles),
            _ => (Slot::Picture, picture),
        });
        if let Work::Tangent(_) = pass.work {
            wanted.push((Slot::Tangent, moments));
        }
        if pass.work.has_moments() {
            wanted.push((Slot::Partials, partial_bytes(channels) * pairs));
            wanted.push((Slot::Moments, moments));
        }
        context.guarded(|| {
            wanted.into_iter().try_for_each(|(slot, bytes)| buffers.ensure(context, slot, bytes))
        })?;
        if let Work::Loss(Comparison { target, .. }) = pass.work {
            self.keep_target(target)?;
        }
        Ok(())
    }

    /// Uploads a target, unless it is the one that is there already.
    fn keep_target(&mut self, target: &Arc<Image>) -> Result<()> {
        if self.target.as_ref().is_some_and(|known| Arc::ptr_eq(known, target)) {
            return Ok(());
        }
        self.target = None;
        let packed = pack_8bit(target);
        let bytes = match &packed {
            Some(words) => bytemuck::cast_slice(words),
            None => bytemuck::cast_slice(target.data()),
        };
        let Self { context, buffers, .. } = self;
        context.guarded(|| {
            buffers.ensure(context, Slot::Target, bytes.len() as u64)?;
            context.queue.write_buffer(buffers.get(Slot::Target)?, 0, bytes);
            Ok(())
        })?;
        self.target = Some(Arc::clone(target));
        self.target_is_8bit = packed.is_some();
        Ok(())
    }

    /// Submits the pass once and waits for it.
    fn attempt<T>(
        &mut self,
        pass: &Pass<'_>,
        bin: bool,
        read: impl Fn(&[u8]) -> T,
    ) -> Result<(Counters, T)> {
        let channels = pass.splats.channels;
        let mut kernels = Vec::with_capacity(8);
        if bin {
            kernels.extend(BINNING);
        }
        kernels.push(match pass.work {
            Work::Render => Kernel::Render,
            Work::Tangent(_) => Kernel::Tangent,
            Work::Backward(_) => Kernel::Backward,
            Work::Loss(Comparison { blend, .. }) => {
                Kernel::Loss { of_8bit: self.target_is_8bit, normalized: blend != Blend::Additive }
            }
        });
        if pass.work.has_moments() {
            kernels.push(Kernel::Gather);
        }
        let frame = self.frame(pass).bytes();
        let Self { context, buffers, pipelines, upload, readback, .. } = self;
        pipelines.prepare(context, buffers, &kernels, channels)?;

        let grids: Vec<_> =
            kernels.iter().map(|k| grid(context, *k, pass, self.capacity)).collect();
        let head = size_of::<Counters>() as u64;
        let mut received = vec![(buffers.get(Slot::Counters)?, head)];
        for &(slot, bytes) in pass.results {
            received.push((buffers.get(slot)?, bytes));
        }
        let total: u64 = received.iter().map(|(_, bytes)| bytes).sum();
        let mut sent = vec![
            (buffers.get(Slot::Frame)?, &frame[..]),
            (buffers.get(Slot::Splats)?, bytemuck::cast_slice(&self.records)),
        ];
        if let Work::Tangent(tangent) = pass.work {
            sent.push((buffers.get(Slot::Tangent)?, bytemuck::cast_slice(tangent)));
        }

        context.guarded(|| {
            if let Work::Backward(gradient) = pass.work {
                let bytes = bytemuck::cast_slice(gradient.data());
                context.queue.write_buffer(buffers.get(Slot::Picture)?, 0, bytes);
            }
            let mut encoder = context.device.create_command_encoder(&Default::default());
            upload.send(context, &mut encoder, &sent)?;
            if bin {
                encoder.clear_buffer(buffers.get(Slot::Counters)?, 0, None);
                encoder.clear_buffer(buffers.get(Slot::TileCounts)?, 0, None);
            }
            dispatch(&mut encoder, |compute| {
                for (&kernel, &[x, y]) in kernels.iter().zip(&grids) {
                    if x > 0 && y > 0 {
                        let (pipeline, group) = pipelines.get(kernel, channels)?;
                        compute.set_pipeline(pipeline);
                        compute.set_bind_group(0, group, &[]);
                        compute.dispatch_workgroups(x, y, 1);
                    }
                }
                Ok(())
            })?;
            readback.receive(context, &mut encoder, &received)?;
            context.queue.submit([encoder.finish()]);
            upload.map();
            readback.map();
            context.wait()
        })?;
        readback.read(total, |bytes| {
            let (head, rest) = bytes.split_at(head as usize);
            (bytemuck::pod_read_unaligned(head), read(rest))
        })
    }

    fn frame(&self, pass: &Pass<'_>) -> Frame {
        let [across, down] = tiles(pass.size);
        let (mut weight_l1, mut weight_l2, mut epsilon) = (0.0, 0.0, 0.0);
        if let Work::Loss(Comparison { target, loss, blend }) = pass.work {
            let count = target.data().len() as f32;
            weight_l1 = loss.l1 / count;
            weight_l2 = 2.0 * loss.l2 / count;
            if let Blend::Normalized { epsilon: added } = blend {
                epsilon = added;
            }
        }
        Frame {
            width: pass.size.width as u32,
            height: pass.size.height as u32,
            tiles_x: across as u32,
            tiles: (across * down) as u32,
            splats: pass.splats.len() as u32,
            capacity: self.capacity,
            weight_l1,
            weight_l2,
            epsilon,
        }
    }
}

fn dispatch(
    encoder: &mut CommandEncoder,
    work: impl FnOnce(&mut ComputePass<'_>) -> Result<()>,
) -> Result<()> {
    work(&mut encoder.begin_compute_pass(&Default::default()))
}

/// Workgroups of a kernel, across and down.
fn grid(context: &super::Context, kernel: Kernel, pass: &Pass<'_>, capacity: u32) -> [u32; 2] {
    let tiles = tiles(pass.size).map(|count| count as u32);
    let splats = pass.splats.len() as u64;
    let items = match kernel {
        Kernel::Scan => return [1, 1],
        Kernel::Emit => splats,
        Kernel::Place => u64::from(capacity),
        Kernel::Gather => splats * pass.splats.moments_per_splat() as u64,
        _ => return tiles,
    };
    // More groups than one dimension holds are folded into a second.
    let groups = items.div_ceil(u64::from(kernel.workgroup(&context.tuning)));
    let across = groups.min(u64::from(context.limits.max_compute_workgroups_per_dimension));
    [across as u32, groups.div_ceil(across.max(1)) as u32]
}
