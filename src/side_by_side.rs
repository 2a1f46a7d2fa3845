//! Several fits at once, each on threads of its own.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use rayon::ThreadPoolBuilder;

use crate::backend::Backend;
use crate::backend::select::{self, Device, DeviceChoice, DeviceKind};
use crate::error::{Error, Result};

/// Bytes that a fit takes for each pixel, about: target, picture, gradient, SSIM's windows.
const BYTES_PER_PIXEL: usize = 400;

/// Bytes that all fits together may take.
const MAX_BYTES: usize = 4 << 30;

/// Where fits are computed, and how many at once.
#[derive(Clone, Debug, Default)]
pub struct Workers {
    /// The device of every fit.
    pub device: DeviceChoice,
    /// Fits at once; on the processor, as many as there are threads and memory for if not given.
    pub jobs: Option<usize>,
}

impl Workers {
    /// Does `work` for every item, in any order, and gives what it came to in the order of the
    /// items; nothing if `work` gave nothing for one, which ends the others as well.
    ///
    /// `most_pixels` is the size of the largest picture. Every worker opens the device for itself,
    /// and has threads of its own: fits side by side must not take up each other's work, or the
    /// seconds of one would be those of another.
    ///
    /// # Errors
    /// The first of `work`; [`Error::Device`] if the device cannot be opened.
    pub fn each<T: Sync, R: Send>(
        &self,
        items: &[T],
        most_pixels: usize,
        work: impl Fn(&T, &mut dyn Backend, &dyn Fn() -> bool) -> Result<Option<R>> + Sync,
    ) -> Result<Option<Vec<R>>> {
        let device = self.device();
        let all_threads = thread::available_parallelism().map_or(1, usize::from);
        let room = match device {
            DeviceChoice::Cpu => {
                all_threads.min(MAX_BYTES / (BYTES_PER_PIXEL * most_pixels.max(1)))
            }
            // One device is best used by one fit.
            _ => 1,
        };
        let count = self.jobs.unwrap_or(room).clamp(1, items.len().max(1));
        let threads = all_threads.div_ceil(count);

        let next = AtomicUsize::new(0);
        let halt = AtomicBool::new(false);
        let failure = Mutex::new(None);
        let done: Vec<Mutex<Option<R>>> = items.iter().map(|_| Mutex::new(None)).collect();
        let take = || -> Result<()> {
            let pool = ThreadPoolBuilder::new().num_threads(threads).build().map_err(|error| {
                Error::Invalid(format!("{threads} threads cannot be started: {error}"))
            })?;
            pool.install(|| {
                let mut backend = select::open(&device)?;
                let halted = || halt.load(Ordering::SeqCst);
                while !halted() {
                    let index = next.fetch_add(1, Ordering::SeqCst);
                    let Some(item) = items.get(index) else { break };
                    match work(item, backend.as_mut(), &halted)? {
                        Some(result) => *lock(&done[index]) = Some(result),
                        None => halt.store(true, Ordering::SeqCst),
                    }
                }
                Ok(())
            })
        };
        let take = || {
            if let Err(error) = take() {
                halt.store(true, Ordering::SeqCst);
                lock(&failure).get_or_insert(error);
            }
        };
        thread::scope(|scope| {
            let workers: Vec<_> = (0..count).map(|_| scope.spawn(take)).collect();
            for worker in workers {
                if let Err(panic) = worker.join() {
                    resume_unwind(panic);
                }
            }
        });
        if let Some(error) = lock(&failure).take() {
            return Err(error);
        }
        Ok(done
            .into_iter()
            .map(|slot| slot.into_inner().unwrap_or_else(PoisonError::into_inner))
            .collect())
    }

    /// The device, with `auto` as what it comes to where that is the processor.
    fn device(&self) -> DeviceChoice {
        let is_cpu = |device: &Device| device.kind == DeviceKind::Cpu;
        match &self.device {
            DeviceChoice::Auto
                if select::automatic(&select::list_devices()).is_some_and(is_cpu) =>
            {
                DeviceChoice::Cpu
            }
            other => other.clone(),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workers(jobs: usize) -> Workers {
        Workers { device: DeviceChoice::Cpu, jobs: Some(jobs) }
    }

    #[test]
    fn results_are_in_the_order_of_the_items_whoever_did_them() {
        let items: Vec<u64> = (0..40).collect();
        for jobs in [1, 3, 100] {
            let squares = workers(jobs).each(&items, 1, |item, _, _| Ok(Some(item * item)));
            let squares = squares.unwrap().unwrap();
            assert!(squares.iter().zip(&items).all(|(square, item)| *square == item * item));
        }
        assert_eq!(workers(2).each(&[0u8; 0], 1, |_, _, _| Ok(Some(()))).unwrap(), Some(vec![]));
    }

    #[test]
    fn one_that_stops_or_fails_ends_all() {
        let items = [1, 2, 3];
        let stops =
            |item: &i32, _: &mut dyn Backend, _: &dyn Fn() -> bool| Ok((*item != 2).then_some(()));
        assert_eq!(workers(2).each(&items, 1, stops).unwrap(), None);
        let fails = |item: &i32, _: &mut dyn Backend, _: &dyn Fn() -> bool| match item {
            2 => Err(Error::Invalid("two".into())),
            _ => Ok(Some(())),
        };
        assert_eq!(workers(2).each(&items, 1, fails).unwrap_err().to_string(), "two");
    }
}
