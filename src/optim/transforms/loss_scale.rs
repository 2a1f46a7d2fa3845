//! Gradients in 16 bits.

use serde::{Deserialize, Serialize};

use super::TRANSFORM;
use crate::error::Result;
use crate::optim::numbers::Numbers;
use crate::optim::part::{Build, Part, Setting};
use crate::optim::{Clock, Flow, Groups, Step, Transform, saved};

/// Rounds gradients to float16 as if the loss had been multiplied by `scale`. Where one is too
/// large there is no step, and the scale is halved; after `growth` steps in a row it is doubled.
pub const PART: Part = Part {
    name: "loss-scale",
    help: "gradients in float16 under a loss scale that follows overflows, or with growth=0 stays",
    source: "Micikevicius et al. 2018, arXiv:1710.03740",
    settings: &[
        Setting::new("scale", "first scale", 65536.0, [SMALLEST, LARGEST]),
        Setting::new("growth", "steps until the scale doubles; 0 for never", 50.0, [0.0, 1e9]),
    ],
    build: Build::Links(|numbers| {
        vec![Box::new(LossScale { numbers: numbers.clone(), state: None })]
    }),
    ..TRANSFORM
};

/// Bounds of the scale.
const SMALLEST: f64 = 1.0;
const LARGEST: f64 = 1e30;

/// See [`PART`].
struct LossScale {
    numbers: Numbers,
    state: Option<State>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct State {
    scale: f64,
    /// Steps since the scale last changed.
    steps: u64,
}

impl Transform for LossScale {
    fn name(&self) -> &'static str {
        PART.name
    }

    fn update(&mut self, updates: &mut Groups, _step: &Step<'_>) -> Result<Flow> {
        let first = self.numbers.get(0, &Clock::default());
        let state = self.state.get_or_insert(State { scale: first, steps: 0 });
        let growth = self.numbers.count(1);
        let scale = state.scale as f32;
        for (_, values) in updates.iter_mut() {
            values.iter_mut().for_each(|value| *value = to_half(*value * scale) / scale);
        }
        if !updates.is_finite() {
            if growth > 0 {
                *state = State { scale: (state.scale / 2.0).max(SMALLEST), steps: 0 };
            }
            return Ok(Flow::Hold);
        }
        state.steps += 1;
        if growth > 0 && state.steps >= growth {
            *state = State { scale: (state.scale * 2.0).min(LARGEST), steps: 0 };
        }
        Ok(Flow::On)
    }

    fn reset(&mut self) {
        self.state = None;
    }

    fn save(&self) -> serde_json::Value {
        saved::save(&self.state)
    }

    fn restore(&mut self, state: &serde_json::Value) -> Result<()> {
        self.state = saved::restore(PART.name, state)?;
        Ok(())
    }
}

/// The nearest float16, ties to even; infinite above the largest.
fn to_half(value: f32) -> f32 {
    /// Spacing of the smallest numbers, and of those from the first normal one on.
    const SUBNORMAL: f32 = 5.960_464_5e-8;
    const FIRST_NORMAL: f32 = 6.103_515_6e-5;
    const OVERFLOW: f32 = 65520.0;
    if !value.is_finite() {
        value
    } else if value.abs() >= OVERFLOW {
        f32::INFINITY.copysign(value)
    } else if value.abs() < FIRST_NORMAL {
        (value / SUBNORMAL).round_ties_even() * SUBNORMAL
    } else {
        let bits = value.to_bits();
        let tie_to_even = 0xfff + ((bits >> 13) & 1);
        f32::from_bits((bits + tie_to_even) & !0x1fff)
    }
}

#[cfg(test)]
mod tests {
    use super::to_half;

    #[test]
    fn halves_are_the_nearest_and_ties_go_to_even() {
        let step = 1.0 / 1024.0;
        for (value, expected) in [
            (1.0 + 0.4 * step, 1.0),
            (1.0 + 0.5 * step, 1.0),
            (1.0 + 1.5 * step, 1.0 + 2.0 * step),
            (-0.3, -0.300_048_83),
            (65519.0, 65504.0),
            (65520.0, f32::INFINITY),
            (-1e9, f32::NEG_INFINITY),
            (5.960_464_5e-8, 5.960_464_5e-8),
            (2.0e-8, 0.0),
        ] {
            assert_eq!(to_half(value), expected, "{value}");
        }
    }
}
