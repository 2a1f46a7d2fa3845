//! The picture cut into rectangles that hold a few Gaussians each.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::gaussians::Gaussians;
use crate::image::Image;
use crate::loss::{Loss, pointwise};

/// A rectangle of pixels, and the Gaussians whose centres it holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Block {
    /// Left, top, right and bottom, in pixels; the last two are outside.
    pub bounds_px: [usize; 4],
    /// Indices of the Gaussians.
    pub rows: Vec<usize>,
}

/// Rectangles that cover the picture without overlap.
///
/// Searches that know nothing but a loss cannot move thousands of Gaussians at once. Each
/// rectangle has a loss of its own, and one drawing tells it for all of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Blocks {
    blocks: Vec<Block>,
}

impl Blocks {
    /// Halves the picture at the median of the centres, along the longer side, until no part
    /// holds more than `most` Gaussians (k-d tree, Bentley 1975).
    pub fn of(gaussians: &Gaussians, target: &Image, most: usize) -> Self {
        let size = target.size();
        let mut blocks = Vec::new();
        let whole = Block {
            bounds_px: [0, 0, size.width, size.height],
            rows: (0..gaussians.len()).collect(),
        };
        let mut open = vec![whole];
        while let Some(block) = open.pop() {
            match cut(&block, gaussians, most.max(1)) {
                Some([first, second]) => open.extend([second, first]),
                None => blocks.push(block),
            }
        }
        Self { blocks }
    }

    /// The rectangles.
    pub fn iter(&self) -> impl Iterator<Item = &Block> {
        self.blocks.iter()
    }

    /// Number of rectangles.
    pub fn len(&self) -> usize {
        self.blocks.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// The loss of each rectangle by itself, as a sum over its values: the pointwise terms, and
    /// squares in the place of SSIM, which looks over the borders.
    pub fn losses(&self, picture: &Image, target: &Image, loss: &Loss) -> Vec<f64> {
        let loss = Loss { l2: loss.l2 + loss.ssim, ..*loss };
        let width = target.size().width;
        let of_block = |block: &Block| {
            let [left, top, right, bottom] = block.bounds_px;
            let mut sum = 0.0;
            for channel in 0..target.channels() {
                let (drawn, wanted) = (picture.plane(channel), target.plane(channel));
                for y in top..bottom {
                    let row = y * width + left..y * width + right;
                    for (drawn, wanted) in drawn[row.clone()].iter().zip(&wanted[row]) {
                        let (l1, l2, _) = pointwise(&loss, *drawn, *wanted);
                        sum += f64::from(loss.l1 * l1 + loss.l2 * l2);
                    }
                }
            }
            sum
        };
        self.blocks.par_iter().map(of_block).collect()
    }
}

/// Two halves of about as many Gaussians, or none where that needs no cut or finds no room.
fn cut(block: &Block, gaussians: &Gaussians, most: usize) -> Option<[Block; 2]> {
    if block.rows.len() <= most {
        return None;
    }
    let [left, top, right, bottom] = block.bounds_px;
    let axis = usize::from(bottom - top > right - left);
    let (low, high) = if axis == 0 { (left, right) } else { (top, bottom) };
    if high - low < 2 {
        return None;
    }
    let mut places: Vec<f32> = block.rows.iter().map(|row| gaussians.mean_px[*row][axis]).collect();
    places.sort_by(f32::total_cmp);
    let at = (places[places.len() / 2].round() as usize).clamp(low + 1, high - 1);
    let is_first = |row: &usize| gaussians.mean_px[*row][axis] < at as f32;
    let (first, second) = block.rows.iter().partition(|row| is_first(row));
    let (mut before, mut after) = (block.bounds_px, block.bounds_px);
    (before[axis + 2], after[axis]) = (at, at);
    Some([Block { bounds_px: before, rows: first }, Block { bounds_px: after, rows: second }])
}
