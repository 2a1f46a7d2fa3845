//! Pictures that are too large for the device, one band of rows after the other.
//!
//! A band is drawn as a picture of its own, with the splats moved up by its first row; those that
//! do not reach it fall out when they are binned. Moments are relative to the splats' own centres,
//! so the moments of the bands add up to those of the picture.

use std::ops::Range;

use super::Gpu;
use super::capabilities::TILE;
use super::limits::rows_at_once;
use super::pass::{Outcome, Pass, Picture};
use crate::error::{Error, Result};
use crate::image::{Image, Size};

/// Rows of a picture that one pass works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Band {
    pub(super) first_row: usize,
    pub(super) rows: usize,
}

impl Band {
    /// All of a picture.
    pub(super) fn whole(picture: Size) -> Self {
        Self { first_row: 0, rows: picture.height }
    }

    /// Bands of whole rows of tiles, about as many of them in each, from the top; at most `parts`,
    /// and fewer where there are fewer rows of tiles.
    fn split(self, parts: usize) -> Vec<Self> {
        let tile = TILE as usize;
        let rows = self.rows.div_ceil(tile).div_ceil(parts.max(1)).max(1) * tile;
        let starts = (0..self.rows).step_by(rows);
        starts
            .map(|start| Self {
                first_row: self.first_row + start,
                rows: rows.min(self.rows - start),
            })
            .collect()
    }

    /// Size of the band as a picture of its own.
    pub(super) fn size(self, picture: Size) -> Size {
        Size::new(picture.width, self.rows)
    }

    /// Where the band's pixels are in one channel.
    pub(super) fn pixels(self, picture: Size) -> Range<usize> {
        self.first_row * picture.width..(self.first_row + self.rows) * picture.width
    }

    /// Where the band's values are in a planar picture, in their order: channel by channel, or in
    /// one go where the band is all there is.
    pub(super) fn values(self, picture: Size, channels: usize) -> Vec<Range<usize>> {
        let whole = self == Self::whole(picture);
        let (parts, length) = match whole {
            true => (1, channels * picture.pixels()),
            false => (channels, picture.pixels()),
        };
        let place = if whole { 0..length } else { self.pixels(picture) };
        (0..parts).map(|part| part * length).map(|at| at + place.start..at + place.end).collect()
    }

    /// Copies a picture of the band to its place.
    pub(super) fn paste(self, bytes: &[u8], picture: &mut Image) {
        let mut rest = bytes;
        for range in self.values(picture.size(), picture.channels()) {
            let target: &mut [u8] = bytemuck::cast_slice_mut(&mut picture.data_mut()[range]);
            let (strip, after) = rest.split_at(target.len());
            target.copy_from_slice(strip);
            rest = after;
        }
    }
}

impl Gpu {
    /// Runs passes for the bands of a picture, from the top; `read` sees every band's results, one
    /// buffer after the other.
    ///
    /// What fits is done in one go. A band with more (splat, tile) pairs than fit is split; that
    /// depends on nothing that was drawn before, so that results do not either.
    pub(super) fn in_bands(
        &mut self,
        picture: &Picture<'_>,
        read: &mut dyn FnMut(Band, &[u8]),
    ) -> Result<()> {
        let pixel_bytes = self.pixel_bytes(picture);
        let (splats, size) = (picture.splats, picture.size);
        let limits = &self.context.limits;
        let most_rows = rows_at_once(limits, size, splats.len(), splats.channels, pixel_bytes)?;
        let mut waiting = Band::whole(size).split(size.height.div_ceil(most_rows.max(1)));
        waiting.reverse();
        while let Some(band) = waiting.pop() {
            let pass = Pass { picture, band };
            let outcome = self.run(&pass, &mut |bytes| read(band, bytes))?;
            let Outcome::TooManyPairs { pairs, largest } = outcome else { continue };
            // No tile is in two bands, so neither is a pair; bands that get more than their share
            // are split again.
            let parts = band.split((pairs / largest.max(1) + 1) as usize);
            if parts.len() < 2 {
                return Err(Error::Limit {
                    what: "pairs of Gaussian and tile on this device",
                    value: pairs,
                    limit: largest,
                });
            }
            waiting.extend(parts.into_iter().rev());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(bands: &[Band]) -> Vec<(usize, usize)> {
        bands.iter().map(|band| (band.first_row, band.rows)).collect()
    }

    #[test]
    fn bands_are_whole_rows_of_tiles_of_about_one_height() {
        let whole = |rows| Band::whole(Size::new(5, rows));
        assert_eq!(rows(&whole(100).split(1)), [(0, 100)]);
        assert_eq!(rows(&whole(70).split(2)), [(0, 48), (48, 22)]);
        assert_eq!(rows(&whole(33).split(9)), [(0, 16), (16, 16), (32, 1)]);
        assert_eq!(rows(&whole(16).split(2)), [(0, 16)], "one row of tiles cannot be split");
        let lower = Band { first_row: 32, rows: 40 };
        assert_eq!(rows(&lower.split(2)), [(32, 32), (64, 8)]);
    }

    #[test]
    fn a_band_lands_in_its_rows_of_every_channel() {
        let mut picture = Image::zeros(Size::new(2, 3), 2);
        let band = Band { first_row: 1, rows: 1 };
        band.paste(bytemuck::cast_slice(&[1.0_f32, 2.0, 3.0, 4.0]), &mut picture);
        assert_eq!(picture.data(), [0.0, 0.0, 1.0, 2.0, 0.0, 0.0, 0.0, 0.0, 3.0, 4.0, 0.0, 0.0]);
    }
}
