//! A picture of what may move.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::image::{Image, Size};

/// Which pixels of a picture are black.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mask {
    width: usize,
    height: usize,
    /// Lengths of black and white stretches by turns, row after row; the first is black.
    runs: Vec<usize>,
}

impl Mask {
    /// The mask of a picture: black is where the mean of its colours is below a half.
    pub fn of(picture: &Image) -> Self {
        let Size { width, height } = picture.size();
        // A fourth channel says how much there is to see of the others.
        let colors = picture.channels().min(3);
        let mean = |place: usize| {
            let sum: f32 = (0..colors).map(|channel| picture.plane(channel)[place]).sum();
            sum / colors.max(1) as f32
        };
        let mut runs = vec![0];
        for place in 0..width * height {
            let is_black = mean(place) < 0.5;
            if is_black != (runs.len() % 2 == 1) {
                runs.push(0);
            }
            if let Some(last) = runs.last_mut() {
                *last += 1;
            }
        }
        Self { width, height, runs }
    }

    /// Checks that it is for a picture of `size`.
    ///
    /// # Errors
    /// [`Error::Invalid`] with both sizes.
    pub fn check(&self, size: Size) -> Result<()> {
        let own = Size::new(self.width, self.height);
        if own == size && self.runs.iter().sum::<usize>() == size.pixels() {
            return Ok(());
        }
        Err(Error::Invalid(format!("a mask of {own} does not fit a picture of {size}")))
    }

    /// For each of `means_px`, `[N]`, whether it lies on black. Outside, the nearest pixel counts.
    pub fn are_black(&self, means_px: &[[f32; 2]]) -> Vec<bool> {
        let mut ends = self.runs.clone();
        for index in 1..ends.len() {
            ends[index] += ends[index - 1];
        }
        let clamped = |value: f32, side: usize| (value.max(0.0) as usize).min(side.max(1) - 1);
        let is_black = |mean: &[f32; 2]| {
            let place = clamped(mean[1], self.height) * self.width + clamped(mean[0], self.width);
            ends.partition_point(|end| *end <= place).is_multiple_of(2)
        };
        means_px.iter().map(is_black).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn centres_are_black_where_their_pixel_is() {
        let values = [0.0, 1.0, 1.0, 0.4, 0.6, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0];
        let picture = Image::from_planar(Size::new(4, 3), 1, values.to_vec()).unwrap();
        for values in [values, values.map(|value| 1.0 - value)] {
            let picture = Image::from_planar(picture.size(), 1, values.to_vec()).unwrap();
            let mask = Mask::of(&picture);
            mask.check(picture.size()).unwrap();
            let places = (0..12).map(|place| [(place % 4) as f32 + 0.7, (place / 4) as f32 + 0.1]);
            let black = mask.are_black(&places.collect::<Vec<_>>());
            let expected: Vec<bool> = values.iter().map(|value| *value < 0.5).collect();
            assert_eq!(black, expected);
        }
        let mask = Mask::of(&picture);
        assert_eq!(mask.are_black(&[[-3.0, -1.0], [9.0, 9.0], [0.5, 99.0]]), [true, false, false]);
        let error = mask.check(Size::new(3, 4)).unwrap_err().to_string();
        assert!(error.contains("4x3") && error.contains("3x4"), "{error}");
    }
}
