//! Reading ahead: while one picture is fitted, the next one is read and decoded.

use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Instant;

use lgi::Result;
use lgi::image::{self, Loaded};

use super::arguments::EncodeArguments;
use crate::cli::limits::LimitArguments;
use crate::cli::paths::{self, Job};

/// A picture that waits to be fitted.
pub struct Ready {
    /// The picture.
    pub loaded: Loaded,
    /// Seconds that it took to read.
    pub seconds: f64,
}

/// All jobs in order, each with its picture or why there is none. One picture at most is ahead
/// of the one that was asked for last.
pub fn read_ahead<'a>(
    jobs: &'a [Job],
    arguments: &EncodeArguments,
) -> impl Iterator<Item = (&'a Job, Result<Ready>)> {
    let (limits, force) = (arguments.limits, arguments.files.force);
    // Without a buffer: the thread holds the one picture that is ahead.
    let (sender, receiver) = sync_channel(0);
    let ahead = jobs.to_vec();
    let read_all = move || {
        for job in &ahead {
            if sender.send(read(job, limits, force)).is_err() {
                break;
            }
        }
    };
    // Nobody waits for its end: it may stand before a pipe that stays silent, when Ctrl-C has
    // ended everything else.
    let _ = thread::Builder::new().name("read ahead".into()).spawn(read_all);
    jobs.iter().map(move |job| {
        // A system that has no thread left reads here.
        let read = receiver.recv().unwrap_or_else(|_| read(job, limits, force));
        (job, read)
    })
}

/// Reads the picture of a job whose output may be written.
fn read(job: &Job, limits: LimitArguments, force: bool) -> Result<Ready> {
    let started = Instant::now();
    if let Some(path) = job.output.file() {
        paths::check_output(path, force)?;
    }
    let bytes = job.input.read(limits.max_file_bytes())?;
    let loaded = image::decode(&bytes, &limits.for_pictures());
    let loaded = loaded.map_err(|error| job.input.blame(error))?;
    Ok(Ready { loaded, seconds: started.elapsed().as_secs_f64() })
}
