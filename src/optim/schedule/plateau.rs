//! Lower where the loss no longer falls.

use super::{FROM, SCHEDULE};
use crate::optim::part::{Build, Needs, Part, Setting};

/// Multiplied by `decay` whenever the loss has not fallen below `1 - gain` times its best for
/// more than `patience` iterations; then none of `cooldown` iterations counts.
///
/// The value follows from all losses so far, so that nothing has to be remembered beside them.
pub const PART: Part = Part {
    name: "plateau",
    help: "multiplied by decay whenever the loss has stopped falling",
    source: "ReduceLROnPlateau of PyTorch",
    settings: &[FROM, DECAY, PATIENCE, GAIN, COOLDOWN],
    needs: Needs { losses: true, ..Needs::NONE },
    build: Build::Schedule(|numbers, clock| {
        let [mut value, decay, patience, gain] = [numbers[0], numbers[1], numbers[2], numbers[3]];
        let (mut best, mut bad, mut cooldown) = (f64::INFINITY, 0.0, 0.0);
        for loss in clock.losses {
            if *loss < best * (1.0 - gain) || best == f64::INFINITY {
                (best, bad) = (*loss, 0.0);
            } else {
                bad += 1.0;
            }
            if cooldown > 0.0 {
                (cooldown, bad) = (cooldown - 1.0, 0.0);
            }
            if bad > patience {
                value *= decay;
                (cooldown, bad) = (numbers[4].round(), 0.0);
            }
        }
        value
    }),
    ..SCHEDULE
};

const DECAY: Setting = Setting::new("decay", "factor at each plateau", 0.5, [0.0, 1.0]);

const PATIENCE: Setting =
    Setting::new("patience", "iterations without a fall that are let be", 10.0, [0.0, 1e9]);

const GAIN: Setting =
    Setting::new("gain", "share of the loss that counts as a fall", 1e-4, [0.0, 1.0]);

const COOLDOWN: Setting =
    Setting::new("cooldown", "iterations after a drop that do not count", 0.0, [0.0, 1e9]);
