//! Limits on what a file may ask for, as options.

use clap::Args;
use lgi::codec::ReadLimits;
use lgi::image::{Limits, Size};
use lgi::{Error, Result};

/// Bounds on untrusted input. What exceeds one is refused before memory is taken for it.
#[derive(Args, Clone, Copy, Debug)]
#[command(next_help_heading = "Limits")]
pub struct LimitArguments {
    /// Most pixels of any picture, width times height
    #[arg(long, value_name = "COUNT", hide_short_help = true,
          default_value_t = Limits::default().max_pixels)]
    max_pixels: u64,

    /// Most Gaussians
    #[arg(long, value_name = "COUNT", hide_short_help = true,
          default_value_t = ReadLimits::default().max_gaussians)]
    max_gaussians: u64,

    /// Most Gaussians of a coded file within the same 8x8 pixels
    #[arg(long, value_name = "COUNT", hide_short_help = true,
          default_value_t = ReadLimits::default().max_per_leaf)]
    max_per_leaf: u64,

    /// Most pairs of a pixel and a Gaussian that reaches it: the work of drawing
    #[arg(long, value_name = "COUNT", hide_short_help = true,
          default_value_t = ReadLimits::default().max_pairs)]
    max_pairs: u64,

    /// Most bytes of an input file
    #[arg(long, value_name = "BYTES", hide_short_help = true,
          default_value_t = Limits::default().max_file_bytes)]
    max_file_bytes: u64,

    /// Most bytes of memory for a decoded picture
    #[arg(long, value_name = "BYTES", hide_short_help = true,
          default_value_t = Limits::default().max_memory_bytes)]
    max_memory_bytes: u64,
}

impl LimitArguments {
    /// Most bytes of an input file.
    pub fn max_file_bytes(&self) -> u64 {
        self.max_file_bytes
    }

    /// For reading pictures.
    pub fn for_pictures(&self) -> Limits {
        Limits {
            max_pixels: self.max_pixels,
            max_memory_bytes: self.max_memory_bytes,
            max_file_bytes: self.max_file_bytes,
        }
    }

    /// For reading `.lgi` files.
    pub fn for_scenes(&self) -> ReadLimits {
        ReadLimits {
            max_pixels: self.max_pixels,
            max_gaussians: self.max_gaussians,
            max_per_leaf: self.max_per_leaf,
            max_pairs: self.max_pairs,
            max_file_bytes: self.max_file_bytes,
        }
    }

    /// Checks a size that is about to be drawn.
    ///
    /// # Errors
    /// [`Error::Limit`].
    pub fn check_size(&self, size: Size) -> Result<()> {
        let value = (size.width as u64).saturating_mul(size.height as u64);
        check("pixels to draw (raise --max-pixels to allow more)", value, self.max_pixels)
    }

    /// Checks a number of Gaussians that is about to be fitted.
    ///
    /// # Errors
    /// [`Error::Limit`].
    pub fn check_gaussians(&self, count: usize) -> Result<()> {
        let what = "Gaussians (raise --max-gaussians to allow more)";
        check(what, count as u64, self.max_gaussians)
    }
}

fn check(what: &'static str, value: u64, limit: u64) -> Result<()> {
    if value > limit { Err(Error::Limit { what, value, limit }) } else { Ok(()) }
}
