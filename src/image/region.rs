//! A part of a picture.

use super::{Image, Size};
use crate::error::{Error, Result};

/// A rectangle of whole pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Region {
    /// Columns left of it.
    pub left: usize,
    /// Rows above it.
    pub top: usize,
    /// Its own size.
    pub size: Size,
}

impl Region {
    /// All of a picture.
    pub const fn whole(size: Size) -> Self {
        Self { left: 0, top: 0, size }
    }

    /// The tiles of `side` pixels that cover a picture of `whole`, row by row; those at the right
    /// and below are what is left.
    pub fn tiles(whole: Size, side: usize) -> Vec<Self> {
        let side = side.max(1);
        let tops = (0..whole.height).step_by(side);
        let tile = |top: usize, left: usize| Self {
            left,
            top,
            size: Size::new(side.min(whole.width - left), side.min(whole.height - top)),
        };
        tops.flat_map(|top| (0..whole.width).step_by(side).map(move |left| tile(top, left)))
            .collect()
    }

    /// Checks that it has pixels, and that all of them are in a picture of `whole`.
    ///
    /// # Errors
    /// [`Error::Invalid`].
    pub fn check_within(&self, whole: Size) -> Result<()> {
        let fits = |start: usize, length: usize, side: usize| {
            length > 0 && start.checked_add(length).is_some_and(|end| end <= side)
        };
        let Self { left, top, size } = *self;
        if fits(left, size.width, whole.width) && fits(top, size.height, whole.height) {
            return Ok(());
        }
        Err(Error::Invalid(format!("the region {self} is not within a picture of {whole}")))
    }
}

impl Image {
    /// The part of the picture that lies in `region`, shape `[C, region's H, region's W]`.
    ///
    /// # Errors
    /// As [`Region::check_within`].
    pub fn part(&self, region: Region) -> Result<Self> {
        region.check_within(self.size())?;
        let Region { left, top, size } = region;
        let mut data = Vec::with_capacity(size.pixels() * self.channels());
        for channel in 0..self.channels() {
            for y in top..top + size.height {
                let row = &self.plane(channel)[y * self.size().width..][left..left + size.width];
                data.extend_from_slice(row);
            }
        }
        Self::from_planar(size, self.channels(), data)
    }
}

impl std::fmt::Display for Region {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}+{}+{}", self.size, self.left, self.top)
    }
}

impl std::str::FromStr for Region {
    type Err = String;

    /// From WIDTHxHEIGHT+LEFT+TOP, as it is displayed.
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let numbers = |text: &str| -> Option<[usize; 4]> {
            let (size, corner) = text.split_once('+')?;
            let (width, height) = size.split_once('x')?;
            let (left, top) = corner.split_once('+')?;
            let number = |text: &str| {
                // Without the sign that a number may have.
                text.parse().ok().filter(|_| text.starts_with(|c: char| c.is_ascii_digit()))
            };
            Some([number(width)?, number(height)?, number(left)?, number(top)?])
        };
        let [width, height, left, top] =
            numbers(text).ok_or("a region is WIDTHxHEIGHT+LEFT+TOP, such as 320x200+64+32")?;
        Ok(Self { left, top, size: Size::new(width, height) })
    }
}
