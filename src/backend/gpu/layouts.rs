//! Data that the host and the kernels share, and how splats are packed for them.

use encase::ShaderType;
use rayon::prelude::*;

use super::kernels::record_vectors;
use crate::backend::Splats;
use crate::image::Image;

/// The kernels' `Frame`.
#[derive(Clone, Copy, Debug, ShaderType)]
pub(super) struct Frame {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) tiles_x: u32,
    pub(super) tiles: u32,
    pub(super) splats: u32,
    pub(super) capacity: u32,
    pub(super) weight_l1: f32,
    pub(super) weight_l2: f32,
    pub(super) epsilon: f32,
}

impl Frame {
    /// Room for the uniform buffer.
    pub(super) const BYTES: u64 = size_of::<Self>() as u64;

    /// The bytes of the uniform buffer.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut buffer = encase::UniformBuffer::new(Vec::new());
        // Writing to memory that grows as needed cannot fail.
        let _ = buffer.write(self);
        buffer.into_inner()
    }
}

/// The kernels' `Counters`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, bytemuck::Pod, bytemuck::Zeroable)]
pub(super) struct Counters {
    pub(super) pairs_low: u32,
    pub(super) pairs_high: u32,
}

impl Counters {
    /// Number of (splat, tile) pairs.
    pub(super) fn pairs(self) -> u64 {
        u64::from(self.pairs_high) << 32 | u64::from(self.pairs_low)
    }
}

/// The kernels' `Status`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, bytemuck::Pod, bytemuck::Zeroable)]
pub(super) struct Status {
    pub(super) steps: u32,
    pub(super) best_step: u32,
    pub(super) halted: u32,
    pub(super) improved: u32,
    pub(super) best_loss: f32,
    pub(super) sigma_min_px: f32,
    pub(super) sigma_max_px: f32,
    pub(super) center_x_px: f32,
    pub(super) center_y_px: f32,
    pub(super) broken: u32,
    pub(super) rejected: u32,
}

/// The kernels' `Search`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, bytemuck::Pod, bytemuck::Zeroable)]
pub(super) struct Search {
    pub(super) sufficient: f32,
    pub(super) noise: f32,
    pub(super) shorten: f32,
    pub(super) most_tries: u32,
    pub(super) longest_move: f32,
    pub(super) longest_change: f32,
    pub(super) least_scale: f32,
    pub(super) largest_scale: f32,
    pub(super) least_curvature: f32,
    pub(super) curvature: f32,
    pub(super) smallest_mass_px: f32,
    pub(super) faded: f32,
    pub(super) memory: u32,
    pub(super) places: u32,
    pub(super) tries: u32,
    pub(super) loss: f32,
    pub(super) share: f32,
    pub(super) slope: f32,
    pub(super) verdict: u32,
    pub(super) scale: f32,
    pub(super) pairs: u32,
    pub(super) newest: u32,
    pub(super) learns: u32,
    pub(super) stage: u32,
    pub(super) turn: u32,
    pub(super) factor: f32,
    pub(super) source: u32,
    pub(super) against: u32,
    pub(super) restarts: u32,
    pub(super) preconditions: u32,
    pub(super) negates: u32,
}

/// Name, size and offsets in bytes of a struct that the host writes or reads. For tests.
#[doc(hidden)]
#[derive(Debug)]
pub struct Layout {
    /// Name in WGSL.
    pub name: &'static str,
    /// Size of one.
    pub size: u64,
    /// Offset of every member.
    pub members: Vec<(&'static str, u64)>,
}

/// All structs that the host shares with the kernels. For tests.
#[doc(hidden)]
pub fn layouts() -> Vec<Layout> {
    let frame = [
        "width",
        "height",
        "tiles_x",
        "tiles",
        "splats",
        "capacity",
        "weight_l1",
        "weight_l2",
        "epsilon",
    ];
    let frame = frame.iter().enumerate().map(|(i, name)| (*name, Frame::METADATA.offset(i)));
    let counters = [
        ("pairs_low", std::mem::offset_of!(Counters, pairs_low) as u64),
        ("pairs_high", std::mem::offset_of!(Counters, pairs_high) as u64),
    ];
    macro_rules! offsets {
        ($struct:ident: $($member:ident),*) => {
            vec![$((stringify!($member), std::mem::offset_of!($struct, $member) as u64)),*]
        };
    }
    let search = offsets!(
        Search: sufficient,
        noise,
        shorten,
        most_tries,
        longest_move,
        longest_change,
        least_scale,
        largest_scale,
        least_curvature,
        curvature,
        smallest_mass_px,
        faded,
        memory,
        places,
        tries,
        loss,
        share,
        slope,
        verdict,
        scale,
        pairs,
        newest,
        learns,
        stage,
        turn,
        factor,
        source,
        against,
        restarts,
        preconditions,
        negates
    );
    let status = offsets!(
        Status: steps,
        best_step,
        halted,
        improved,
        best_loss,
        sigma_min_px,
        sigma_max_px,
        center_x_px,
        center_y_px,
        broken,
        rejected
    );
    vec![
        Layout { name: "Search", size: size_of::<Search>() as u64, members: search },
        Layout { name: "Status", size: size_of::<Status>() as u64, members: status },
        Layout { name: "Frame", size: Frame::min_size().get(), members: frame.collect() },
        Layout { name: "Counters", size: size_of::<Counters>() as u64, members: counters.to_vec() },
    ]
}

/// Centre and factor of a splat, see `frame.wgsl`.
pub(super) type Geometry = [f32; 5];

/// Smallest diagonal of a factor: a splat that is a billion pixels long.
const LEAST_FACTOR: f64 = 1e-9;

/// A splat that touches nothing.
const NOWHERE: Geometry = [-1e9, -1e9, 1.0, 0.0, 1.0];

/// The geometry of all splats, moved up by `first_row` pixels.
pub(super) fn pack_geometry(splats: &Splats, first_row: usize, out: &mut Vec<Geometry>) {
    let up = first_row as f32;
    let centers = splats.mean_px.par_iter().with_min_len(1024);
    centers
        .zip(&splats.conic)
        .map(|([x, y], conic)| geometry([*x, y - up], *conic))
        .collect_into_vec(out);
}

/// In float64: the root of a long thin conic cancels badly.
fn geometry(mean: [f32; 2], conic: [f32; 3]) -> Geometry {
    let [a, b, c] = conic.map(|v| f64::from(v) * 0.5 * std::f64::consts::LOG2_E);
    let u = a.max(0.0).sqrt().max(LEAST_FACTOR);
    let v = b / u;
    let w = (c - v * v).max(0.0).sqrt().max(LEAST_FACTOR);
    let packed = [mean[0], mean[1], u as f32, v as f32, w as f32];
    // `max` hides a conic that is not a number; the kernels never see one.
    let finite = packed.iter().chain(&conic).all(|value| value.is_finite());
    if finite { packed } else { NOWHERE }
}

/// The records of all splats: geometry and colours, padded to vectors of four.
pub(super) fn pack_records(splats: &Splats, geometry: &[Geometry], out: &mut Vec<f32>) {
    let stride = 4 * record_vectors(splats.channels);
    out.clear();
    out.resize(splats.len() * stride, 0.0);
    let records = out.par_chunks_exact_mut(stride).with_min_len(1024);
    let colors = splats.color.par_chunks_exact(splats.channels);
    records.zip(geometry).zip(colors).for_each(|((record, geometry), color)| {
        record[..5].copy_from_slice(geometry);
        record[5..5 + color.len()].copy_from_slice(color);
    });
}

/// All channels of a pixel in one word, if every value is one of the 256 steps of 8 bits, as in
/// most pictures. A third or a quarter of the loads are then enough.
pub(super) fn pack_8bit(image: &Image) -> Option<Vec<u32>> {
    if image.channels() > 4 {
        return None;
    }
    let mut words = vec![0; image.size().pixels()];
    for channel in 0..image.channels() {
        for (word, value) in words.iter_mut().zip(image.plane(channel)) {
            let step = (value * 255.0).round();
            if !(0.0..=255.0).contains(&step) || step / 255.0 != *value {
                return None;
            }
            *word |= (step as u32) << (8 * channel);
        }
    }
    Some(words)
}
