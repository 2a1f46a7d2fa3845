//! What the three operations are made of, and the memory that they keep from call to call.

use rayon::prelude::*;

use super::draw::{Band, Draw};
use super::footprint::Footprint;
use super::loss::RowSums;
use super::moments::Moments;
use super::pieces::{BAND_ROWS, Cut, Pieces};
use super::planes::Planes;
use super::simd::Dispatcher;
use super::sweep::Layout;
use super::tangent::DrawTangent;
use crate::backend::Splats;
use crate::image::{Image, Size};
use crate::loss::LossTerms;

/// Pieces whose moments are summed in one go by one thread.
const MOMENT_PIECES: usize = 32;

/// Memory that is kept from call to call.
#[derive(Default)]
pub(super) struct Work {
    footprints: Vec<Footprint>,
    bands: Pieces,
    pieces: Pieces,
    planes: Planes,
    piece_moments: Vec<f32>,
    row_sums: Vec<RowSums>,
}

/// Runs `$body` with the constant `$C` set to the number of channels.
macro_rules! with_channels {
    ($channels:expr, $C:ident => $body:expr) => {
        match $channels {
            1 => with_channels!(@ 1, $C => $body),
            2 => with_channels!(@ 2, $C => $body),
            3 => with_channels!(@ 3, $C => $body),
            4 => with_channels!(@ 4, $C => $body),
            5 => with_channels!(@ 5, $C => $body),
            // `check` let no other number pass.
            _ => {}
        }
    };
    (@ $number:literal, $C:ident => $body:expr) => {{
        const $C: usize = $number;
        $body
    }};
}

/// What a band becomes after it was drawn: its first row, its pixels, the sums of its rows.
pub(super) type Epilogue<'a> = &'a (dyn Fn(usize, &mut [f32], &mut [RowSums]) + Sync);

impl Work {
    /// Draws the splats, or their derivative along a tangent, into the planes. Footprints and
    /// bands must be set.
    pub(super) fn draw(
        &mut self,
        dispatcher: Dispatcher,
        splats: &Splats,
        tangent: Option<&[f32]>,
        size: Size,
        epilogue: Option<Epilogue>,
    ) {
        let Self { footprints, bands, planes, row_sums, .. } = self;
        planes.set_shape(size, splats.channels);
        row_sums.resize(size.height, RowSums::default());
        if size.pixels() == 0 {
            return;
        }
        let (stride, row_stride) = (planes.stride(), planes.row_stride());
        planes
            .data_mut()
            .par_chunks_mut(BAND_ROWS * row_stride)
            .zip(row_sums.par_chunks_mut(BAND_ROWS))
            .enumerate()
            .with_max_len(1)
            .for_each(|(index, (pixels, sums))| {
                let first_row = index * BAND_ROWS;
                let band = Band {
                    footprints,
                    color: &splats.color,
                    pieces: bands.band(index),
                    layout: Layout { width: size.width, first_row, stride },
                    pixels: &mut *pixels,
                };
                with_channels!(splats.channels, C => match tangent {
                    None => dispatcher.run(Draw::<C>(band)),
                    Some(tangent) => dispatcher.run(DrawTangent::<C> { band, tangent }),
                });
                if let Some(epilogue) = epilogue {
                    epilogue(first_row, pixels, sums);
                }
            });
    }

    /// Sums the moments of the splats against the planes. Footprints and pieces must be set.
    pub(super) fn sum_moments(
        &mut self,
        dispatcher: Dispatcher,
        splats: &Splats,
        size: Size,
        moments: &mut Vec<f32>,
    ) {
        let Self { footprints, pieces, planes, piece_moments, .. } = self;
        let per_splat = splats.moments_per_splat();
        piece_moments.resize(pieces.sorted().len() * per_splat, 0.0);
        piece_moments
            .par_chunks_mut(MOMENT_PIECES * per_splat)
            .zip(pieces.sorted().par_chunks(MOMENT_PIECES))
            .with_max_len(1)
            .for_each(|(moments, pieces)| {
                with_channels!(splats.channels, C => dispatcher.run(Moments::<C> {
                    footprints,
                    color: &splats.color,
                    pieces,
                    layout: Layout { width: size.width, first_row: 0, stride: planes.stride() },
                    gradient: planes.data(),
                    moments,
                }));
            });
        moments.resize(splats.len() * per_splat, 0.0);
        let by_splat = moments.par_chunks_mut(per_splat).enumerate().with_min_len(1024);
        by_splat.for_each(|(splat, moments)| {
            moments.fill(0.0);
            for place in pieces.places_of(splat) {
                let piece = &piece_moments[*place as usize * per_splat..][..per_splat];
                for (sum, value) in moments.iter_mut().zip(piece) {
                    *sum += value;
                }
            }
        });
    }

    /// Prepares [`Self::draw`].
    pub(super) fn set_bands(&mut self, splats: &Splats, size: Size) {
        self.set_footprints(splats, size);
        self.bands.sort(&self.footprints, size, Cut::Bands);
    }

    /// Prepares [`Self::sum_moments`].
    pub(super) fn set_pieces(&mut self, splats: &Splats, size: Size) {
        self.set_footprints(splats, size);
        self.pieces.sort(&self.footprints, size, Cut::Splats);
    }

    /// Prepares both.
    pub(super) fn set_bands_and_pieces(&mut self, splats: &Splats, size: Size) {
        self.set_footprints(splats, size);
        let Self { footprints, bands, pieces, .. } = self;
        rayon::join(
            || bands.sort(footprints, size, Cut::Bands),
            || pieces.sort(footprints, size, Cut::Splats),
        );
    }

    fn set_footprints(&mut self, splats: &Splats, size: Size) {
        (0..splats.len())
            .into_par_iter()
            .with_min_len(256)
            .map(|index| Footprint::new(splats, index, size))
            .collect_into_vec(&mut self.footprints);
    }

    /// Takes a gradient image into the planes.
    pub(super) fn copy_planes(&mut self, image: &Image) {
        self.planes.copy_from(image);
    }

    /// The planes as a picture.
    pub(super) fn image(&self, size: Size) -> Image {
        self.planes.to_image(size)
    }

    /// Means from the sums of the rows, added from the top.
    pub(super) fn mean_terms(&self, values: usize) -> LossTerms {
        let mut sums = RowSums::default();
        for row in &self.row_sums {
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += value;
            }
        }
        let [l1, l2, mse_8bit] = sums.map(|sum| sum / values as f64);
        LossTerms { l1, l2, ssim: 0.0, mse_8bit }
    }
}
