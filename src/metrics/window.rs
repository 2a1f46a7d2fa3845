//! The sliding Gaussian window of SSIM: local moments of two planes, and the adjoint.

use crate::image::Size;

/// Taps along each axis where they fit.
const TAPS: usize = 11;
const SIGMA_PX: f64 = 1.5;

/// A separable window, moved over all places where it lies wholly on the picture.
///
/// What works on rows is inlined, see [`super::widest`].
#[derive(Clone, Debug)]
pub(super) struct Window {
    taps: [Vec<f64>; 2],
    size: Size,
}

/// Moments at the places of one row; the memory is kept from row to row.
#[derive(Clone, Debug, Default)]
pub(super) struct Moments {
    columns: [Vec<f64>; 5],
    places: [Vec<f64>; 5],
}

impl Moments {
    /// `E[x]`, `E[y]`, `E[x^2]`, `E[y^2]`, `E[xy]` at a place.
    #[inline(always)]
    pub(super) fn at(&self, place: usize) -> [f64; 5] {
        self.places.each_ref().map(|moment| moment[place])
    }
}

/// What maps over the places give to one row of pixels; the memory is kept from row to row.
#[derive(Clone, Debug, Default)]
pub(super) struct Spread {
    column: Vec<f32>,
    /// One row of pixels for each map.
    pub(super) rows: [Vec<f32>; 3],
}

impl Window {
    /// The window for planes of `size`: 11 taps along each axis, or the largest odd number that
    /// fits.
    pub(super) fn new(size: Size) -> Self {
        Self { taps: [size.width, size.height].map(taps), size }
    }

    /// Number of places along each axis.
    pub(super) fn places(&self) -> Size {
        let [x, y] = &self.taps;
        Size::new(self.size.width + 1 - x.len(), self.size.height + 1 - y.len())
    }

    /// The moments of two planes at every place of one row of places.
    ///
    /// In `f64`: variances are differences of these, next to constants below 1e-3.
    #[inline(always)]
    pub(super) fn moments(&self, row: usize, a: &[f32], b: &[f32], moments: &mut Moments) {
        let width = self.size.width;
        let Moments { columns, places } = moments;
        for column in columns.iter_mut() {
            column.clear();
            column.resize(width, 0.0);
        }
        let [x, y, xx, yy, xy] = columns.each_mut().map(|column| &mut column[..width]);
        for (tap, weight) in self.taps[1].iter().enumerate() {
            let line = (row + tap) * width..(row + tap + 1) * width;
            let (a, b) = (&a[line.clone()], &b[line]);
            for p in 0..width {
                let (va, vb) = (f64::from(a[p]), f64::from(b[p]));
                let (wa, wb) = (weight * va, weight * vb);
                x[p] += wa;
                y[p] += wb;
                xx[p] += wa * va;
                yy[p] += wb * vb;
                xy[p] += wa * vb;
            }
        }
        let count = self.places().width;
        for (out, column) in places.iter_mut().zip(columns) {
            out.clear();
            out.resize(count, 0.0);
            for (tap, weight) in self.taps[0].iter().enumerate() {
                add_scaled(out, &column[tap..tap + count], *weight);
            }
        }
    }

    /// The adjoint of the weighted mean: what maps over all places give to one row of pixels.
    #[inline(always)]
    pub(super) fn spread(&self, row: usize, maps: &[Vec<f32>; 3], spread: &mut Spread) {
        let places = self.places();
        let Spread { column, rows } = spread;
        for (out, map) in rows.iter_mut().zip(maps) {
            column.clear();
            column.resize(places.width, 0.0);
            for (tap, weight) in self.taps[1].iter().enumerate() {
                if let Some(place) = row.checked_sub(tap).filter(|place| *place < places.height) {
                    let line = place * places.width..(place + 1) * places.width;
                    add_scaled(column, &map[line], *weight as f32);
                }
            }
            out.clear();
            out.resize(self.size.width, 0.0);
            for (tap, weight) in self.taps[0].iter().enumerate() {
                add_scaled(&mut out[tap..tap + places.width], column, *weight as f32);
            }
        }
    }
}

/// Weights with sum one for an axis of `length` pixels.
fn taps(length: usize) -> Vec<f64> {
    let count = if length < TAPS { length.saturating_sub(1) / 2 * 2 + 1 } else { TAPS };
    let middle = (count / 2) as f64;
    let weights: Vec<f64> =
        (0..count).map(|tap| (-0.5 * ((tap as f64 - middle) / SIGMA_PX).powi(2)).exp()).collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

#[inline(always)]
fn add_scaled<T>(out: &mut [T], line: &[T], weight: T)
where
    T: Copy + std::ops::AddAssign + std::ops::Mul<Output = T>,
{
    for (sum, value) in out.iter_mut().zip(line) {
        *sum += weight * *value;
    }
}
