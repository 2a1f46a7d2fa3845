//! How large and how long the Gaussians of a fit are.

use crate::gaussians::Gaussians;

/// Standard deviations and condition numbers of all Gaussians; zeros where there are none.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Shapes {
    pub sigma_min_px: f32,
    pub sigma_median_px: f32,
    pub sigma_max_px: f32,
    pub condition_median: f32,
    pub condition_max: f32,
}

impl Shapes {
    pub fn of(gaussians: &Gaussians) -> Self {
        if gaussians.is_empty() {
            return Self::default();
        }
        let mut sigmas = Vec::with_capacity(2 * gaussians.len());
        let mut conditions = Vec::with_capacity(gaussians.len());
        for [large, small] in (0..gaussians.len()).map(|index| gaussians.sigmas_px(index)) {
            sigmas.extend([small, large]);
            conditions.push(large / small.max(f32::MIN_POSITIVE));
        }
        sigmas.sort_by(f32::total_cmp);
        conditions.sort_by(f32::total_cmp);
        Self {
            sigma_min_px: sigmas[0],
            sigma_median_px: sigmas[sigmas.len() / 2],
            sigma_max_px: sigmas[sigmas.len() - 1],
            condition_median: conditions[conditions.len() / 2],
            condition_max: conditions[conditions.len() - 1],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_ratios_are_those_of_the_axes() {
        let mut gaussians = Gaussians::empty(1);
        for (long, short) in [(4.0, 2.0), (3.0, 3.0), (10.0, 1.0)] {
            gaussians.push([0.0; 2], [long, 0.0, 0.0, short], &[1.0]);
        }
        let expected = Shapes {
            sigma_min_px: 1.0,
            sigma_median_px: 3.0,
            sigma_max_px: 10.0,
            condition_median: 2.0,
            condition_max: 10.0,
        };
        assert_eq!(Shapes::of(&gaussians), expected);
        assert_eq!(Shapes::of(&Gaussians::empty(3)), Shapes::default());
    }
}
