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
    /// All bands of a picture, from the top, each of at most `most_rows`: whole rows of tiles, and
    /// about the same number of them in every band.
    pub(super) fn all(size: Size, most_rows: usize) -> Vec<Self> {
        let tile = TILE as usize;
        let tile_rows = size.height.div_ceil(tile);
        let count = size.height.div_ceil(most_rows.max(1)).max(1);
        let rows = (tile_rows.div_ceil(count) * tile).max(1);
        let first_rows = (0..size.height).step_by(rows);
        first_rows
            .map(|first_row| Self { first_row, rows: rows.min(size.height - first_row) })
            .collect()
    }

    /// Two bands of whole rows of tiles; nothing where there is but one such row.
    fn halves(self) -> Option<[Self; 2]> {
        let tile = TILE as usize;
        let upper = self.rows.div_ceil(tile).div_ceil(2) * tile;
        let rest = self.rows.checked_sub(upper).filter(|rows| *rows > 0)?;
        let lower = Self { first_row: self.first_row + upper, rows: rest };
        Some([Self { rows: upper, ..self }, lower])
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
        let whole = self.rows == picture.height;
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
    /// What fits is done in one go. A band with more (splat, tile) pairs than fit is halved; that
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
        let mut waiting = Band::all(size, most_rows);
        waiting.reverse();
        while let Some(band) = waiting.pop() {
            let pass = Pass { picture, band };
            match self.run(&pass, &mut |bytes| read(band, bytes))? {
                Outcome::Done => {}
                Outcome::TooManyPairs { pairs, largest } => {
                    let [upper, lower] = band.halves().ok_or(Error::Limit {
                        what: "pairs of Gaussian and tile on this device",
                        value: pairs,
                        limit: largest,
                    })?;
                    waiting.extend([lower, upper]);
                }
            }
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
        assert_eq!(rows(&Band::all(Size::new(5, 100), 100)), [(0, 100)]);
        assert_eq!(rows(&Band::all(Size::new(5, 70), 64)), [(0, 48), (48, 22)]);
        assert_eq!(rows(&Band::all(Size::new(5, 33), 16)), [(0, 16), (16, 16), (32, 1)]);
    }

    #[test]
    fn halves_end_at_single_rows_of_tiles() {
        let band = Band { first_row: 32, rows: 40 };
        let [upper, lower] = band.halves().unwrap();
        assert_eq!(rows(&[upper, lower]), [(32, 32), (64, 8)]);
        assert_eq!(rows(&upper.halves().unwrap()), [(32, 16), (48, 16)]);
        assert_eq!(lower.halves(), None);
    }

    #[test]
    fn a_band_lands_in_its_rows_of_every_channel() {
        let mut picture = Image::zeros(Size::new(2, 3), 2);
        let band = Band { first_row: 1, rows: 1 };
        band.paste(bytemuck::cast_slice(&[1.0_f32, 2.0, 3.0, 4.0]), &mut picture);
        assert_eq!(picture.data(), [0.0, 0.0, 1.0, 2.0, 0.0, 0.0, 0.0, 0.0, 3.0, 4.0, 0.0, 0.0]);
    }
}
