//! Plain loops on the widest vectors of a machine.

use pulp::{Arch, Simd, WithSimd};

/// Runs `work`, compiled for the widest vectors that there are. That reaches no further than what
/// is inlined: `work` itself and the functions that it calls have to be `#[inline(always)]`.
#[inline(always)]
pub(super) fn on_widest<R>(arch: Arch, work: impl FnMut() -> R) -> R {
    arch.dispatch(Work(work))
}

struct Work<F>(F);

impl<R, F: FnMut() -> R> WithSimd for Work<F> {
    type Output = R;

    // By reference: a call that consumes a closure goes through a function that is not inlined.
    #[inline(always)]
    fn with_simd<S: Simd>(mut self, _simd: S) -> R {
        (self.0)()
    }
}
