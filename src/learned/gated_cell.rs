//! A gated recurrent cell.

use super::dense::{Dense, Lanes};

/// The gated recurrent unit (Cho et al. 2014, arXiv:1406.1078) from `I` inputs with `H` values of
/// state, `IH = I + H`:
///
/// ```text
/// z = s(Wz [x, h]),  r = s(Wr [x, h]),  c = t(Wc [x, r h]),  h' = (1 - z) h + z c
/// ```
///
/// `t(v) = v / (1 + |v|)` stands for the hyperbolic tangent and `s(v) = (1 + t(v)) / 2` for the
/// logistic function: they cost a division, and come out alike on every machine. The weights are
/// those of z, r and c, as [`Dense`] has them.
#[derive(Clone, Copy, Debug)]
pub struct GatedCell<const I: usize, const H: usize, const IH: usize>;

/// What a step of the cell went through, for its derivative.
#[derive(Clone, Copy, Debug)]
pub struct Passed<const H: usize, const IH: usize> {
    joined: [f32; IH],
    reset_joined: [f32; IH],
    update: [f32; H],
    reset: [f32; H],
    candidate: [f32; H],
}

impl<const I: usize, const H: usize, const IH: usize> GatedCell<I, H, IH> {
    const GATE: usize = {
        assert!(IH == I + H, "IH is I + H");
        Dense::<IH, H>::WEIGHTS
    };

    /// Number of weights.
    pub const WEIGHTS: usize = 3 * Self::GATE;

    /// One step: the state goes on.
    #[inline]
    pub fn step<const L: usize>(weights: &[f32], input: &[Lanes<L>; I], state: &mut [Lanes<L>; H]) {
        let [of_update, of_reset, of_candidate] = Self::gates(weights);
        let mut joined = join::<L, I, H, IH>(input, state);
        let mut update = Dense::<IH, H>::apply(of_update, &joined);
        let mut reset = Dense::<IH, H>::apply(of_reset, &joined);
        update.iter_mut().flatten().for_each(|v| *v = gate(*v));
        reset.iter_mut().flatten().for_each(|v| *v = gate(*v));
        for (values, reset) in joined[I..].iter_mut().zip(&reset) {
            for (value, reset) in values.iter_mut().zip(reset) {
                *value *= reset;
            }
        }
        let candidate = Dense::<IH, H>::apply(of_candidate, &joined);
        for ((state, update), candidate) in state.iter_mut().zip(&update).zip(&candidate) {
            for ((state, update), candidate) in state.iter_mut().zip(update).zip(candidate) {
                *state += update * (squash(*candidate) - *state);
            }
        }
    }

    /// The same for one place, with what [`Self::backward`] has to know.
    pub fn step_kept(weights: &[f32], input: &[f32; I], state: &mut [f32; H]) -> Passed<H, IH> {
        let [of_update, of_reset, of_candidate] = Self::gates(weights);
        let wide = |values: &[f32; IH]| values.map(|v| [v]);
        let joined = std::array::from_fn(|k| if k < I { input[k] } else { state[k - I] });
        let update = Dense::<IH, H>::apply(of_update, &wide(&joined)).map(|[v]| gate(v));
        let reset = Dense::<IH, H>::apply(of_reset, &wide(&joined)).map(|[v]| gate(v));
        let mut reset_joined = joined;
        for (value, reset) in reset_joined[I..].iter_mut().zip(reset) {
            *value *= reset;
        }
        let candidate =
            Dense::<IH, H>::apply(of_candidate, &wide(&reset_joined)).map(|[v]| squash(v));
        for k in 0..H {
            state[k] += update[k] * (candidate[k] - state[k]);
        }
        Passed { joined, reset_joined, update, reset, candidate }
    }

    /// From the loss's derivative by the new state: adds the one by the weights to `gradient`,
    /// and gives those by the input and the old state.
    ///
    /// # Panics
    /// If there are fewer numbers than [`Self::WEIGHTS`].
    pub fn backward(
        weights: &[f32],
        passed: &Passed<H, IH>,
        by_state: &[f32; H],
        gradient: &mut [f32],
    ) -> ([f32; I], [f32; H]) {
        let [of_update, of_reset, of_candidate] = Self::gates(weights);
        let (to_update, rest) = gradient.split_at_mut(Self::GATE);
        let (to_reset, to_candidate) = rest.split_at_mut(Self::GATE);
        let before = |k: usize| passed.joined[I + k];
        let by_update = std::array::from_fn(|k| {
            by_state[k] * (passed.candidate[k] - before(k)) * gate_slope(passed.update[k])
        });
        let by_candidate = std::array::from_fn(|k| {
            by_state[k] * passed.update[k] * squash_slope(passed.candidate[k])
        });
        let inner = Dense::<IH, H>::backward(
            of_candidate,
            &passed.reset_joined,
            &by_candidate,
            to_candidate,
        );
        let by_reset =
            std::array::from_fn(|k| inner[I + k] * before(k) * gate_slope(passed.reset[k]));
        let a = Dense::<IH, H>::backward(of_update, &passed.joined, &by_update, to_update);
        let b = Dense::<IH, H>::backward(of_reset, &passed.joined, &by_reset, to_reset);
        let by_input = std::array::from_fn(|k| inner[k] + a[k] + b[k]);
        let by_before = std::array::from_fn(|k| {
            by_state[k] * (1.0 - passed.update[k])
                + inner[I + k] * passed.reset[k]
                + a[I + k]
                + b[I + k]
        });
        (by_input, by_before)
    }

    fn gates(weights: &[f32]) -> [&[f32]; 3] {
        std::array::from_fn(|gate| {
            weights
                .get(gate * Self::GATE..)
                .map_or(&[][..], |rest| &rest[..rest.len().min(Self::GATE)])
        })
    }
}

fn join<const L: usize, const I: usize, const H: usize, const IH: usize>(
    input: &[Lanes<L>; I],
    state: &[Lanes<L>; H],
) -> [Lanes<L>; IH] {
    std::array::from_fn(|k| if k < I { input[k] } else { state[k - I] })
}

#[inline]
fn squash(value: f32) -> f32 {
    value / (1.0 + value.abs())
}

#[inline]
fn gate(value: f32) -> f32 {
    0.5 + 0.5 * squash(value)
}

/// Derivative of [`squash`] where it has this value.
fn squash_slope(value: f32) -> f32 {
    (1.0 - value.abs()).powi(2)
}

/// Derivative of [`gate`] where it has this value.
fn gate_slope(value: f32) -> f32 {
    0.5 * squash_slope(2.0 * value - 1.0)
}
