//! Random subsets in which every member's chance is known.

/// The chance of each member of a set to be in a subset.
#[derive(Clone, Debug, PartialEq)]
pub struct Chances(Vec<f64>);

impl Chances {
    /// Chances in proportion to `weights`, positive and finite, that add up to `count`; none is
    /// above 1. There is no subset larger than the set.
    pub fn new(weights: &[f64], count: usize) -> Self {
        let count = count.min(weights.len());
        let mut chances = vec![0.0; weights.len()];
        let mut certain = vec![false; weights.len()];
        // Those whose share would be above 1 are always in; the others share what they leave.
        loop {
            let open = || weights.iter().zip(&certain).filter(|(_, certain)| !**certain);
            let total: f64 = open().map(|(weight, _)| weight).sum();
            let left = count - certain.iter().filter(|certain| **certain).count();
            let mut settled = true;
            for ((chance, weight), certain) in chances.iter_mut().zip(weights).zip(&mut certain) {
                if *certain {
                    continue;
                }
                *chance = left as f64 * weight / total;
                if *chance >= 1.0 {
                    (*chance, *certain, settled) = (1.0, true, false);
                }
            }
            if settled {
                return Self(chances);
            }
        }
    }

    /// The chances, in the order of the members.
    pub fn values(&self) -> &[f64] {
        &self.0
    }

    /// The subset that belongs to `offset`, 0 to 1: with an even offset each member is in it with
    /// its chance, whatever the `order` in which the members are gone through (systematic
    /// sampling, Madow 1949).
    pub fn subset(&self, order: &[usize], offset: f64) -> Vec<usize> {
        let mut sum = 0.0;
        let passes_mark = |member: &&usize| {
            let before = (sum - offset).ceil();
            sum += self.0[**member];
            (sum - offset).ceil() > before
        };
        let mut subset: Vec<usize> = order.iter().filter(passes_mark).copied().collect();
        subset.sort_unstable();
        subset
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chances_follow_the_weights_and_none_is_above_one() {
        let chances = Chances::new(&[1.0, 2.0, 1.0, 100.0], 2);
        assert_eq!(chances.values(), [0.25, 0.5, 0.25, 1.0]);
        assert_eq!(Chances::new(&[3.0, 0.5], 7).values(), [1.0, 1.0]);
        assert!(Chances::new(&[], 3).values().is_empty());
        let even = Chances::new(&[5.0; 8], 2);
        assert!(even.values().iter().all(|chance| *chance == 0.25));
    }

    #[test]
    fn every_member_is_in_as_many_subsets_as_its_chance_says() {
        let chances = Chances::new(&[0.3, 2.0, 0.7, 1.1, 9.0, 0.2], 3);
        let steps = 100_000;
        let mut seen = [0; 6];
        for step in 0..steps {
            let offset = (f64::from(step) + 0.5) / f64::from(steps);
            let subset = chances.subset(&[4, 0, 3, 5, 1, 2], offset);
            assert_eq!(subset.len(), 3);
            subset.iter().for_each(|member| seen[*member] += 1);
        }
        for (seen, chance) in seen.iter().zip(chances.values()) {
            let share = f64::from(*seen) / f64::from(steps);
            assert!((share - chance).abs() < 1e-4, "{share}, not {chance}");
        }
    }
}
