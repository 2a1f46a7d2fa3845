//! The base layer: a fixed coarse grid of large round Gaussians, colours only.

use super::account::Part;
use super::atom::{MAX_COMPONENT, MAX_COMPONENTS, POSITION_BITS};
use super::coder::Coder;
use super::symbols::{Symbols, bit_length};
use crate::codec::malformed;
use crate::error::Result;
use crate::image::Size;

/// Kinds of numbers: one for each component, those with digits take two.
const KINDS: [usize; MAX_COMPONENTS] = [20, 22, 24, 26];

/// The step of the base layer's colours, in steps of the atoms.
pub const STEP: i64 = 4;

/// Standard deviation of a base Gaussian, in units of `1/10` of the grid's spacing.
const SIGMA_TENTHS: i64 = 6;

/// The grid of a base layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    size: Size,
    spacing_px: usize,
    /// Gaussians in a row.
    pub columns: usize,
    /// Rows of Gaussians.
    pub rows: usize,
}

impl Grid {
    /// The grid with about `spacing_px` between centres.
    pub fn new(size: Size, spacing_px: usize) -> Self {
        let count = |side: usize| (side / spacing_px).max(1);
        Self { size, spacing_px, columns: count(size.width), rows: count(size.height) }
    }

    /// Number of Gaussians.
    pub fn count(&self) -> usize {
        self.columns * self.rows
    }

    /// Centre of a Gaussian, with [`POSITION_BITS`] behind the point.
    pub fn position(&self, index: usize) -> [i64; 2] {
        let at = |index: usize, count: usize, side: usize| {
            ((((2 * index + 1) * side) as i64) << (POSITION_BITS - 1)) / count as i64
        };
        [
            at(index % self.columns, self.columns, self.size.width),
            at(index / self.columns, self.rows, self.size.height),
        ]
    }

    /// The standard deviation, with `bits` behind the point.
    pub fn sigma(&self, bits: u32) -> i64 {
        ((self.spacing_px as i64 * SIGMA_TENTHS) << bits) / 10
    }
}

/// Codes the colours of a base layer, row by row, each as its difference from what the three
/// around it predict (the median of west, north, and their sum less north-west; LOCO-I).
///
/// Those that were whole are in `colors` even if there is an error.
///
/// # Errors
/// [`crate::Error::Malformed`] if the bits end before.
pub fn code<C: Coder>(
    symbols: &mut Symbols<'_, C>,
    grid: &Grid,
    components: usize,
    source: &[[i32; MAX_COMPONENTS]],
    colors: &mut Vec<[i32; MAX_COMPONENTS]>,
) -> Result<()> {
    symbols.coder.begin(Part::BaseLayer);
    for index in 0..grid.count() {
        let given = source.get(index).copied().unwrap_or_default();
        let mut color = [0; MAX_COMPONENTS];
        let mut before = 0_i32;
        for component in 0..components {
            let around = Around::of(colors, grid.columns, component);
            let guess = around.guess();
            let size = bit_length(before);
            let contexts = [around.activity(), size + 16 * around.activity()];
            let sign = match component {
                0 => 3,
                _ => (before.signum() + 1) as u32,
            };
            let difference = given[component].saturating_sub(guess);
            let difference = symbols.signed(difference, KINDS[component], &contexts, &[sign], 15);
            color[component] = (guess + difference).clamp(-MAX_COMPONENT, MAX_COMPONENT);
            before = difference;
        }
        if symbols.coder.is_exhausted() {
            return Err(malformed("its base layer is cut off"));
        }
        colors.push(color);
    }
    Ok(())
}

/// The colours around the next one, where there are any.
struct Around {
    west: Option<i32>,
    north: Option<i32>,
    north_west: Option<i32>,
    north_east: Option<i32>,
}

impl Around {
    fn of(colors: &[[i32; MAX_COMPONENTS]], columns: usize, component: usize) -> Self {
        let (index, x) = (colors.len(), colors.len() % columns);
        let back = |by: usize, there: bool| {
            let color = colors.get(index.checked_sub(by)?)?;
            there.then_some(color[component])
        };
        Self {
            west: back(1, x > 0),
            north: back(columns, true),
            north_west: back(columns + 1, x > 0),
            north_east: back(columns - 1, x + 1 < columns && columns > 1),
        }
    }

    fn guess(&self) -> i32 {
        match (self.west, self.north, self.north_west) {
            (Some(west), Some(north), Some(corner)) => {
                (west + north - corner).clamp(west.min(north), west.max(north))
            }
            (Some(only), None, _) | (None, Some(only), _) => only,
            _ => 0,
        }
    }

    /// Bits of how much they differ; 15 where too few are known.
    fn activity(&self) -> u32 {
        match (self.west, self.north, self.north_west) {
            (Some(west), Some(north), Some(corner)) => {
                let east = self.north_east.map_or(0, |east| (east - north).abs());
                bit_length((west - corner).abs() + (north - corner).abs() + east)
            }
            _ => 15,
        }
    }
}
