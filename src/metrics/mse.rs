//! Mean squared error.

use rayon::prelude::*;

use super::check_alike;
use crate::error::Result;
use crate::image::Image;
use crate::loss::squared_difference_8bit;

/// Mean squared difference of the 8-bit pictures over all pixels and channels, in units of 1/255
/// squared. Zero for pictures without pixels.
///
/// # Errors
/// [`crate::Error::Invalid`] if sizes or channels differ.
pub fn mse_8bit(picture: &Image, target: &Image) -> Result<f64> {
    /// Values per partial sum; fixed, so that the result is the same on any number of threads.
    const CHUNK: usize = 1 << 14;
    check_alike(picture, target)?;
    let sums: Vec<f64> = picture
        .data()
        .par_chunks(CHUNK)
        .zip(target.data().par_chunks(CHUNK))
        .map(|(a, b)| a.iter().zip(b).map(|(a, b)| squared_difference_8bit(*a, *b)).sum())
        .collect();
    Ok(sums.iter().sum::<f64>() / picture.data().len().max(1) as f64)
}
