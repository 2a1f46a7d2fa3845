//! Writing a drawn picture, to a file or to standard output.

use lgi::Error;
use lgi::image::{self, PictureFormat, Samples, SaveOptions, Size};

use super::failure::Result;
use super::output;
use super::paths::Place;

/// A picture file to be.
pub struct PictureOutput<'a> {
    /// Where it goes.
    pub place: &'a Place,
    /// Its format.
    pub format: PictureFormat,
    /// Bits a channel.
    pub bit_depth: u8,
    /// Whether a file of the same name may be replaced.
    pub overwrite: bool,
}

impl PictureOutput<'_> {
    /// Checks before the work that the format can hold such a picture.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the path.
    pub fn check(&self, size: Size, channels: usize) -> Result<()> {
        let checked = image::check_can_write(size, channels, self.format, &self.options());
        Ok(checked.map_err(|error| self.blame(error))?)
    }

    /// Writes the picture and gives the number of bytes.
    ///
    /// # Errors
    /// As [`output::write`] and [`image::encode_samples`].
    pub fn write(&self, picture: &Samples) -> Result<u64> {
        let encoded = image::encode_samples(picture, self.format, &self.options());
        let bytes = encoded.map_err(|error| self.blame(error))?;
        output::write(self.place, &bytes, self.overwrite)?;
        Ok(bytes.len() as u64)
    }

    fn options(&self) -> SaveOptions {
        SaveOptions {
            bit_depth: self.bit_depth,
            overwrite: self.overwrite,
            ..SaveOptions::default()
        }
    }

    fn blame(&self, error: Error) -> Error {
        match self.place.file() {
            Some(path) => error.at(path),
            None => error,
        }
    }
}
