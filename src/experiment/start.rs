//! From options to a run that is under way.

use std::sync::Arc;

use crate::backend::Backend;
use crate::error::Result;
use crate::image::Image;
use crate::strategy::{Run, RunCheckpoint, RunOptions};

/// What a run goes on from.
pub(super) struct From {
    pub checkpoint: RunCheckpoint,
    pub reset_momentum: bool,
}

/// Begins a run, or goes on with one: all that experiments know of how runs are made.
pub(super) fn start<'a>(
    backend: &'a mut dyn Backend,
    target: Arc<Image>,
    options: RunOptions,
    from: Option<From>,
) -> Result<Run<'a>> {
    match from {
        None => Run::new(backend, target, options),
        Some(From { checkpoint, reset_momentum }) => {
            let mut run = Run::resume(backend, target, options, checkpoint)?;
            if reset_momentum {
                run.reset_momentum();
            }
            Ok(run)
        }
    }
}
