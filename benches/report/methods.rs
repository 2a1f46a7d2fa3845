//! The methods whose curves are compared.

use lgi::density::DensityOptions;
use lgi::fit::FitOptions;
use lgi::init::ColorStart;

/// A way to fit.
pub struct Method {
    /// Name in tables.
    pub name: &'static str,
    /// Name in plots.
    pub label: &'static str,
    /// Sets everything but the number of Gaussians and of iterations.
    pub configure: fn(&mut FitOptions),
}

/// The methods, in the order of the plots' legends.
pub const METHODS: [Method; 4] = [
    Method {
        name: "adam-constant",
        label: "Adam, constant rate, random start",
        configure: plain_adam,
    },
    Method { name: "adam-cosine", label: "Adam, cosine rate", configure: cosine_adam },
    Method { name: "lbfgs", label: "L-BFGS", configure: lbfgs },
    Method { name: "lbfgs-growing", label: "L-BFGS with growth", configure: growing_lbfgs },
];

/// Options of a fit of `gaussians` in `iterations`.
pub fn options(configure: fn(&mut FitOptions), gaussians: usize, iterations: u64) -> FitOptions {
    let mut options = FitOptions::default();
    configure(&mut options);
    options.gaussians = gaussians;
    options.stop.iterations = iterations;
    options.stop.patience = None;
    options
}

/// Adam as others run it: a constant rate, the usual betas, Gaussians anywhere.
fn plain_adam(options: &mut FitOptions) {
    cosine_adam(options);
    options.start = "random".into();
    options.colors = ColorStart::Local;
    options.optimizer.schedule.name = "constant".into();
    options.optimizer.beta1 = 0.9;
    options.optimizer.beta2 = 0.999;
}

/// Adam with this library's start, colours, betas and schedule.
pub fn cosine_adam(options: &mut FitOptions) {
    options.optimizer.rule = "adam".into();
    options.optimizer.schedule.name = "cosine".into();
    options.density = DensityOptions::FIXED;
}

/// L-BFGS on all Gaussians from the first iteration.
pub fn lbfgs(options: &mut FitOptions) {
    options.optimizer.rule = "lbfgs".into();
    options.density = DensityOptions::FIXED;
}

/// L-BFGS while Gaussians are added and moved to where they are missing.
fn growing_lbfgs(options: &mut FitOptions) {
    options.optimizer.rule = "lbfgs".into();
    options.density = DensityOptions {
        start: 0.3,
        every: 8,
        grow_until: 0.5,
        relocate_until: 0.6,
        relocate: 0.1,
        eagerness: 8.0,
    };
}
