//! Jobs on boxes of pixels: those that touch each other one after the other, all others at the same
//! time.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::Scope;

use super::patch::PixelBox;
use crate::image::Size;

/// Side of the cells that jobs touch each other in, in pixels.
const CELL_PX: usize = 8;

/// Who waits for whom.
struct Plan {
    jobs: Vec<Waiting>,
}

/// A job in its place.
struct Waiting {
    /// Jobs that come first and are not done.
    before: AtomicUsize,
    /// Jobs that wait for this one.
    after: Vec<usize>,
}

/// Runs the jobs with these boxes, by their places in the list. A job begins after all those before
/// it that touch its box have ended: what comes of it depends on no number of threads.
pub fn in_turns(boxes: &[PixelBox], size: Size, run: impl Fn(usize) + Sync) {
    let plan = Plan::of(boxes, size);
    let is_first = |place: &usize| plan.jobs[*place].before.load(Ordering::Relaxed) == 0;
    let first: Vec<usize> = (0..boxes.len()).filter(is_first).collect();
    rayon::scope(|scope| {
        for place in first {
            let (plan, run) = (&plan, &run);
            scope.spawn(move |scope| plan.go_on(scope, place, run));
        }
    });
}

impl Plan {
    fn of(boxes: &[PixelBox], size: Size) -> Self {
        let columns = size.width.div_ceil(CELL_PX);
        let mut latest: Vec<Option<usize>> = vec![None; columns * size.height.div_ceil(CELL_PX)];
        let mut jobs: Vec<Waiting> = Vec::with_capacity(boxes.len());
        let mut before: Vec<usize> = Vec::new();
        for (place, PixelBox { left, top, right, bottom }) in boxes.iter().enumerate() {
            let cells = left / CELL_PX..right.div_ceil(CELL_PX);
            before.clear();
            for y in top / CELL_PX..bottom.div_ceil(CELL_PX) {
                let row = &mut latest[y * columns + cells.start..y * columns + cells.end];
                before.extend(row.iter().flatten());
                row.fill(Some(place));
            }
            before.sort_unstable();
            before.dedup();
            before.iter().for_each(|other| jobs[*other].after.push(place));
            jobs.push(Waiting { before: AtomicUsize::new(before.len()), after: Vec::new() });
        }
        Self { jobs }
    }

    /// Runs a job and then those that have waited for nothing else: one of them on this thread, the
    /// others wherever there is time.
    fn go_on<'a, F>(&'a self, scope: &Scope<'a>, place: usize, run: &'a F)
    where
        F: Fn(usize) + Sync,
    {
        let mut next = Some(place);
        while let Some(place) = next.take() {
            run(place);
            for other in &self.jobs[place].after {
                // The last one it waited for has seen what all of them did.
                if self.jobs[*other].before.fetch_sub(1, Ordering::AcqRel) > 1 {
                    continue;
                }
                if next.is_none() {
                    next = Some(*other);
                } else {
                    scope.spawn(|scope| self.go_on(scope, *other, run));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn jobs_that_touch_run_in_the_order_of_the_list() {
        let size = Size::new(200, 100);
        let boxes: Vec<PixelBox> = (0..400_usize)
            .map(|index| {
                let (left, top) = (index * 37 % 180, index * 53 % 90);
                let side = if index % 29 == 0 { 80 } else { 3 + index % 11 };
                let (right, bottom) = ((left + side).min(200), (top + side).min(100));
                PixelBox { left, top, right, bottom }
            })
            .collect();
        let clock = AtomicUsize::new(0);
        let times = Mutex::new(vec![[usize::MAX; 2]; boxes.len()]);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap();
        pool.install(|| {
            in_turns(&boxes, size, |place| {
                let begin = clock.fetch_add(1, Ordering::SeqCst);
                std::thread::yield_now();
                times.lock().unwrap()[place] = [begin, clock.fetch_add(1, Ordering::SeqCst)];
            });
        });
        let times = times.into_inner().unwrap();
        assert_eq!(clock.into_inner(), 2 * boxes.len(), "every job once");
        let touch = |a: &PixelBox, b: &PixelBox| {
            a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
        };
        for a in 0..boxes.len() {
            for b in (a + 1..boxes.len()).filter(|b| touch(&boxes[a], &boxes[*b])) {
                let ([_, end], [begin, _]) = (times[a], times[b]);
                assert!(end < begin, "{a} before {b}");
            }
        }
    }
}
