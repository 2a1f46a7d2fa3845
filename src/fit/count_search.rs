//! How many Gaussians a picture needs: a search over fits of different sizes.

/// How much PSNR rises when the number of Gaussians doubles, in dB, as long as nothing better is
/// known. Photographs lie between 2 and 4.
const USUAL_DB_PER_OCTAVE: f64 = 3.0;

/// What is believed of measured slopes, in dB.
const DB_PER_OCTAVE: std::ops::RangeInclusive<f64> = 0.5..=12.0;

/// Aim above the target, and the overshoot that is good enough, in dB.
const MARGIN_DB: f64 = 0.03;
const OVERSHOOT_DB: f64 = 0.1;

/// Ratio of a number that reaches the target to one that does not, below which the search ends.
const CLOSE: f64 = 1.015;

/// Fits after which the search takes the smallest number that reached the target.
const TRIES: usize = 8;

/// Number of Gaussians and PSNR of a fit.
type Fit = (usize, f64);

/// Shares of the way, in octaves, between the ends of a bracket that are tried.
const BETWEEN: std::ops::RangeInclusive<f64> = 0.1..=0.9;

/// Finds the smallest number of Gaussians whose fit reaches a PSNR.
///
/// Fits are the caller's: it asks for the next number, fits, and tells what came out. PSNR is
/// taken to be nearly linear in the logarithm of the number: each number is where the line
/// through the two nearest fits meets the target.
#[derive(Clone, Debug)]
pub struct CountSearch {
    target_db: f64,
    limit: usize,
    next: usize,
    /// The fits so far.
    fits: Vec<Fit>,
}

/// What a search says to a fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Another number must be tried.
    GoOn,
    /// The best fit so far is the answer.
    Done,
    /// Not even the largest number allowed reaches the target.
    OutOfReach,
}

impl CountSearch {
    /// A search for `target_db` that begins with `first` Gaussians and never asks for more than
    /// `limit`.
    pub fn new(target_db: f64, first: usize, limit: usize) -> Self {
        let limit = limit.max(1);
        Self { target_db, limit, next: first.clamp(1, limit), fits: Vec::new() }
    }

    /// Number of Gaussians of the next fit.
    pub fn next_count(&self) -> usize {
        self.next
    }

    /// Takes the PSNR of the fit of [`Self::next_count`] Gaussians.
    pub fn tell(&mut self, psnr_db: f64) -> Verdict {
        self.fits.push((self.next, psnr_db));
        let (below, above) = self.bracket();
        let done = match (below, above) {
            (Some((count, _)), None) if count >= self.limit => return Verdict::OutOfReach,
            (None, Some((count, _))) => count == 1,
            (Some((low, _)), Some((high, _))) => {
                high as f64 <= CLOSE * low as f64 || high <= low + 1
            }
            _ => false,
        };
        let near = above.is_some_and(|(_, psnr)| psnr - self.target_db <= OVERSHOOT_DB);
        if done || near || (above.is_some() && self.fits.len() >= TRIES) {
            return Verdict::Done;
        }
        self.next = self.propose(below, above);
        Verdict::GoOn
    }

    /// Whether the fit just told is the best so far: the smallest that reaches the target, or,
    /// where none does, the one that comes nearest.
    pub fn is_best(&self) -> bool {
        let Some(last) = self.fits.last() else { return false };
        match self.bracket().1 {
            Some(best) => best == *last,
            None => self.fits.iter().all(|fit| fit.1 <= last.1),
        }
    }

    /// The largest fit that misses the target, below all that reach it, and the smallest that
    /// reaches it.
    fn bracket(&self) -> (Option<Fit>, Option<Fit>) {
        let reached = |fit: &&Fit| fit.1 >= self.target_db;
        let above = self.fits.iter().filter(reached).min_by_key(|fit| fit.0).copied();
        let missed = self.fits.iter().filter(|fit| !reached(fit));
        let missed = missed.filter(|fit| above.is_none_or(|above| fit.0 < above.0));
        (missed.max_by_key(|fit| fit.0).copied(), above)
    }

    fn propose(&self, below: Option<Fit>, above: Option<Fit>) -> usize {
        let Some(nearest) = [below, above]
            .into_iter()
            .flatten()
            .min_by(|a, b| (a.1 - self.target_db).abs().total_cmp(&(b.1 - self.target_db).abs()))
        else {
            return self.next;
        };
        let octaves = (self.target_db + MARGIN_DB - nearest.1) / self.slope(nearest);
        let mut wanted = nearest.0 as f64 * octaves.clamp(-5.0, 5.0).exp2();
        if let (Some(below), Some(above)) = (below, above) {
            let (low, high) = (below.0 as f64, above.0 as f64);
            if wanted <= low || wanted >= high {
                // PSNR is not that smooth: along the line between the ends.
                let share = (self.target_db + MARGIN_DB - below.1) / (above.1 - below.1);
                let share = if share.is_nan() { 0.5 } else { share };
                let share = share.clamp(*BETWEEN.start(), *BETWEEN.end());
                wanted = low * (high / low).powf(share);
            }
        }
        let low = below.map_or(1, |fit| fit.0 + 1);
        let high = above.map_or(self.limit, |fit| fit.0 - 1);
        (wanted.round() as usize).clamp(low.min(high), high)
    }

    /// dB an octave, from `nearest` and the fit that is nearest to it in number.
    fn slope(&self, nearest: Fit) -> f64 {
        let octaves = |fit: &Fit| (fit.0 as f64 / nearest.0 as f64).log2();
        let others = self.fits.iter().filter(|fit| fit.0 != nearest.0);
        let other = others.min_by(|a, b| octaves(a).abs().total_cmp(&octaves(b).abs()));
        let slope = other.map(|fit| (fit.1 - nearest.1) / octaves(fit));
        // More Gaussians may do worse, where a fit is short; that is no law to go by.
        let believed = slope.filter(|slope| slope.is_finite() && *slope > 0.0);
        believed
            .map_or(USUAL_DB_PER_OCTAVE, |s| s.clamp(*DB_PER_OCTAVE.start(), *DB_PER_OCTAVE.end()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a search on a made-up law of PSNR; its answer and how many fits it took.
    fn search(law: impl Fn(f64) -> f64, target_db: f64) -> (usize, usize) {
        let mut search = CountSearch::new(target_db, 10_000, 10_000_000);
        let (mut best, mut fits) = (0, 0);
        loop {
            let count = search.next_count();
            let verdict = search.tell(law(count as f64));
            fits += 1;
            if search.is_best() {
                best = count;
            }
            match verdict {
                Verdict::GoOn => {}
                Verdict::Done => return (best, fits),
                Verdict::OutOfReach => return (usize::MAX, fits),
            }
        }
    }

    #[test]
    fn the_smallest_number_is_found_in_a_few_fits() {
        for (slope, at_one) in [(2.0, 5.0), (3.0, -5.0), (4.5, -20.0)] {
            for target in [30.0, 36.0, 40.0] {
                let law = |count: f64| at_one + slope * count.log2() - 0.02 * count.log2().powi(2);
                let (found, fits) = search(law, target);
                let mut exact = 1;
                while law(f64::from(exact)) < target {
                    exact += 1;
                }
                assert!(found as f64 <= 1.05 * f64::from(exact), "{found} for {exact}");
                assert!(law(found as f64) >= target && fits <= 6, "{fits} fits");
            }
        }
    }

    #[test]
    fn a_number_that_does_worse_than_a_smaller_one_leads_nowhere_far() {
        // As short fits of many Gaussians are.
        let dip = |count: f64| if (2500.0..9000.0).contains(&count) { 5.0 } else { 0.0 };
        let law = |count: f64| 4.0 * count.log2() - dip(count);
        for target in [44.0, 46.0, 48.0, 50.0, 53.0] {
            let mut search = CountSearch::new(target, 2400, 100_000);
            let mut best = (0, 0.0);
            loop {
                let count = search.next_count();
                let psnr = law(count as f64);
                let verdict = search.tell(psnr);
                if search.is_best() {
                    best = (count, psnr);
                }
                if verdict != Verdict::GoOn {
                    assert_eq!(verdict, Verdict::Done);
                    break;
                }
            }
            let mut exact = 1;
            while law(f64::from(exact)) < target {
                exact += 1;
            }
            let near = best.0 as f64 <= 1.1 * f64::from(exact);
            assert!(best.1 >= target && near, "{best:?} for {target}, {exact}");
        }
    }

    #[test]
    fn one_gaussian_is_enough_for_a_flat_picture() {
        assert_eq!(search(|_| f64::INFINITY, 40.0).0, 1);
    }

    #[test]
    fn a_target_out_of_reach_ends_the_search() {
        assert_eq!(search(|count| 20.0 + 0.1 * count.log2(), 50.0).0, usize::MAX);
    }
}
