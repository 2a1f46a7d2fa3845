//! Pictures at half their size.

use rayon::prelude::*;

use super::{Image, Size};

impl Image {
    /// The picture at half its size, sides rounded up: means of 2x2 pixels.
    pub fn halved(&self) -> Self {
        let Size { width, height } = self.size();
        let size = Size::new(width.div_ceil(2), height.div_ceil(2));
        let mut out = Self::zeros(size, self.channels());
        let rows = out.data_mut().par_chunks_mut(size.width.max(1)).enumerate();
        rows.for_each(|(index, row)| {
            let (channel, y) = (index / size.height, index % size.height);
            for (x, mean) in row.iter_mut().enumerate() {
                *mean = 0.25 * self.block(channel, x, y).iter().sum::<f32>();
            }
        });
        out
    }

    /// The 2x2 pixels of a channel that column `x` and row `y` of the half-size picture stand
    /// for, row by row; the last ones are repeated behind the border.
    #[inline(always)]
    pub(crate) fn block(&self, channel: usize, x: usize, y: usize) -> [f32; 4] {
        let Size { width, height } = self.size();
        let (left, right) = (2 * x, (2 * x + 1).min(width - 1));
        let plane = self.plane(channel);
        let above = &plane[2 * y * width..][..width];
        let below = &plane[(2 * y + 1).min(height - 1) * width..][..width];
        [above[left], above[right], below[left], below[right]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pixel_is_the_mean_of_four_and_the_border_repeats() {
        let values = vec![1.0, 3.0, 5.0, 3.0, 5.0, 7.0, 0.0, 2.0, 8.0];
        let image = Image::from_planar(Size::new(3, 3), 1, values).expect("nine values");
        let half = image.halved();
        assert_eq!(half.size(), Size::new(2, 2));
        assert_eq!(half.data(), [3.0, 6.0, 1.0, 8.0]);
        let one = Image::zeros(Size::new(1, 1), 3).halved();
        assert_eq!(one.size(), Size::new(1, 1));
        assert_eq!(Image::zeros(Size::new(0, 4), 1).halved().size(), Size::new(0, 2));
    }
}
