//! The methods whose curves are compared.

use lgi::density::DensityOptions;
use lgi::fit::{FitOptions, recipe};
use lgi::init::ColorStart;

/// A way to fit.
pub struct Method {
    /// Name in tables.
    pub name: &'static str,
    /// Name in plots.
    pub label: &'static str,
    /// Sets everything but the number of Gaussians and of iterations, which are set already.
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
    Method {
        name: "preset",
        label: "L-BFGS with growth, normalized blend (presets)",
        configure: preset,
    },
];

/// Options of a fit of `gaussians` in `iterations`.
pub fn options(configure: fn(&mut FitOptions), gaussians: usize, iterations: u64) -> FitOptions {
    let mut options = FitOptions { gaussians, ..FitOptions::default() };
    options.stop.iterations = iterations;
    configure(&mut options);
    options
}

/// Adam as others run it: a constant rate, the usual betas, Gaussians anywhere.
fn plain_adam(options: &mut FitOptions) {
    cosine_adam(options);
    options.start = "random".into();
    options.colors = ColorStart::Local;
    options.optimizer.schedule = "constant".parse().expect("a schedule");
    let betas = [("adam.beta1".into(), 0.9.into()), ("adam.beta2".into(), 0.999.into())];
    options.optimizer.settings = betas.into();
}

/// Adam with this library's start, colours, betas and schedule.
pub fn cosine_adam(options: &mut FitOptions) {
    options.optimizer.rule = "adam".into();
    options.optimizer.schedule = "cosine".parse().expect("a schedule");
    options.density = DensityOptions::FIXED;
}

/// L-BFGS on all Gaussians from the first iteration.
fn lbfgs(options: &mut FitOptions) {
    options.optimizer.rule = "lbfgs".into();
    options.density = DensityOptions::FIXED;
}

/// What the presets do in so many iterations: `-q balanced` where there are 250.
fn preset(options: &mut FitOptions) {
    recipe::apply(options);
}

/// The same without growth, so that all iterations cost alike.
pub fn preset_without_growth(options: &mut FitOptions) {
    preset(options);
    options.density = DensityOptions::FIXED;
}
