//! From options to a fit that runs.

use std::sync::Arc;

use crate::backend::Backend;
use crate::error::Result;
use crate::fit::{Checkpoint, FitOptions, Fitter};
use crate::image::Image;

/// What a fit goes on from.
pub(super) struct From {
    pub checkpoint: Checkpoint,
    pub reset_momentum: bool,
}

/// Begins a fit, or goes on with one: all that experiments know of how fits are made.
pub(super) fn start<'a>(
    backend: &'a mut dyn Backend,
    target: Arc<Image>,
    options: FitOptions,
    from: Option<From>,
) -> Result<Fitter<'a>> {
    match from {
        None => Fitter::new(backend, target, options),
        Some(From { checkpoint, reset_momentum }) => {
            let mut fitter = Fitter::resume(backend, target, options, checkpoint)?;
            if reset_momentum {
                fitter.reset_momentum();
            }
            Ok(fitter)
        }
    }
}
