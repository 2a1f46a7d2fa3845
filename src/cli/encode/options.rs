//! From the command line to the library's options: the base, the preset, then what is explicit.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use lgi::backend::Backend;
use lgi::blend::Blend;
use lgi::codec::Precision;
use lgi::covariance::{self, Covariance};
use lgi::density::controller::{Controller, Prospect};
use lgi::density::{DensityOptions, Policy};
use lgi::experiment::{BlendName, ColorStartName, Settings};
use lgi::fit::{FitOptions, Mask, Quality, StopRules, iterations_within, recipe};
use lgi::image::{self, Image, Size};
use lgi::init::ColorStart;
use lgi::optim::schedule::Schedule;
use lgi::strategy::{AUTO, RunOptions};

use super::arguments::{
    DensityArguments, EncodeArguments, ModelArguments, OptimizerArguments, ScheduleArguments,
    StopArguments,
};
use crate::cli::failure::{Failure, Result};
use crate::cli::values::OrOff;

/// The options of a fit. `resumed` are those of the run that is gone on with.
///
/// # Errors
/// [`Failure::Usage`] for a value out of its domain.
pub fn fit_options(
    arguments: &EncodeArguments,
    resumed: Option<&RunOptions>,
) -> Result<RunOptions> {
    let mut run = resumed.cloned().unwrap_or_else(|| FitOptions::default().into());
    let options = &mut run.fit;
    // A resumed run has had its preset.
    let preset = match resumed {
        None => Some(arguments.main.quality.unwrap_or(Quality::Balanced)),
        Some(_) => arguments.main.quality,
    };
    if let Some(quality) = preset {
        options.stop.iterations = arguments.stop.iterations.unwrap_or(quality.iterations());
        if !wants_plain_method(arguments) {
            recipe::apply(options);
            run.pipeline = None;
        }
    }
    if let Some(method) = &arguments.optimizer.method {
        // May set the number of iterations, which the density goes by.
        run.set_method(method).map_err(|error| Failure::of_option(&error))?;
    }
    let options = &mut run.fit;
    set(&mut options.gaussians, arguments.main.gaussians.and_then(|count| count.0));
    set(&mut options.seed, arguments.main.seed);
    set(&mut options.placement, arguments.optimizer.placement);
    apply_stop(&arguments.stop, options);
    apply_rest(arguments, options)?;
    apply_density(&arguments.density, options);
    let settings = settings(&arguments.model);
    settings.change_fit(options).map_err(|error| Failure::of_option(&error))?;
    check_model(&arguments.model, options)?;
    // After the model: the parameterisation has its own learning rates.
    change(&arguments.optimizer, &mut run).map_err(|error| Failure::of_option(&error))?;
    set(&mut run.curriculum, arguments.schedule.curriculum.clone().map(|given| given.0));
    let options = &mut run.fit;
    apply_schedule(&arguments.schedule, options).map_err(|error| Failure::of_option(&error))?;
    run.check().map_err(|error| Failure::of_option(&error))?;
    let options = &run.fit;
    if let Some(psnr) = arguments.main.psnr.filter(|psnr| !psnr.is_finite()) {
        return Err(Failure::usage(format!("--psnr must be a number of dB, not {psnr}")));
    }
    if options.gaussians == 0 {
        return Err(Failure::usage("the number of Gaussians must be at least 1; see --gaussians"));
    }
    Ok(run)
}

/// Whether options were given that only make sense for an update rule by itself: then the preset
/// is no more than its number of iterations.
fn wants_plain_method(arguments: &EncodeArguments) -> bool {
    let OptimizerArguments { method, learning_rate, beta1, beta2, epsilon, .. } =
        &arguments.optimizer;
    let ScheduleArguments {
        schedule, warmup, final_fraction, period, period_growth, decay, ..
    } = &arguments.schedule;
    let other_frame = |name: &String| *name != covariance::BodyFrame.name();
    method.as_deref().is_some_and(|method| method != AUTO)
        || learning_rate.is_some()
        || [beta1, beta2, epsilon].iter().any(|given| given.is_some())
        || [warmup, period].iter().any(|given| given.is_some())
        || [final_fraction, period_growth, decay].iter().any(|given| given.is_some())
        || schedule.is_some()
        || arguments.model.covariance.as_ref().is_some_and(other_frame)
}

/// What the command line leaves to the picture's size: the preset's blend, and the controller's
/// plan. The number of Gaussians is known by then.
pub fn suit(arguments: &EncodeArguments, size: Size, options: &mut FitOptions) {
    if chooses_blend(arguments) && arguments.records.resume.is_none() {
        options.blend = recipe::blend(options.gaussians, size);
    }
    plan_growth(arguments, size.pixels(), options);
}

/// Whether the blend is the preset's to choose.
fn chooses_blend(arguments: &EncodeArguments) -> bool {
    arguments.model.blend.is_none()
        && arguments.model.blend_epsilon.is_none()
        && !wants_plain_method(arguments)
}

/// What stays as it is; growth and relocation would move it.
fn apply_rest(arguments: &EncodeArguments, options: &mut FitOptions) -> Result<()> {
    let OptimizerArguments { freeze, mask, .. } = &arguments.optimizer;
    set(&mut options.rest.groups, *freeze);
    if let Some(OrOff(path)) = mask {
        let read = |path: &PathBuf| {
            let loaded = image::load(path, &arguments.limits.for_pictures());
            loaded.map(|loaded| Mask::of(&loaded.image))
        };
        options.rest.mask = path.as_ref().map(read).transpose()?;
    }
    if !options.rest.is_empty() {
        (options.density, options.coarse_iterations) = (DensityOptions::FIXED, 0);
    }
    Ok(())
}

fn apply_density(arguments: &DensityArguments, options: &mut FitOptions) {
    match arguments.density.as_deref() {
        Some("off") => options.density = DensityOptions::FIXED,
        Some("lifecycle") => {
            options.density = recipe::density(options.stop.iterations);
            options.density.policy = Policy::Lifecycle;
        }
        // The controller's plan depends on the picture: see `plan_growth`.
        Some(_) => options.density = recipe::density(options.stop.iterations),
        None => {}
    }
    apply_numbers(arguments, &mut options.density);
}

fn apply_numbers(arguments: &DensityArguments, density: &mut DensityOptions) {
    set(&mut density.start, arguments.start_share);
    set(&mut density.every, arguments.revise_every);
    set(&mut density.grow_until, arguments.grow_until);
    set(&mut density.relocate_until, arguments.relocate_until);
    set(&mut density.relocate, arguments.relocate_share);
    set(&mut density.eagerness, arguments.eagerness);
    set(&mut density.split_trust, arguments.split_trust);
}

/// The growth that the controller plans for a picture of `pixels`, if it is to decide; what the
/// command line says of single numbers wins.
fn plan_growth(arguments: &EncodeArguments, pixels: usize, options: &mut FitOptions) {
    if arguments.density.density.as_deref() == Some("controller") {
        let FitOptions { gaussians, stop: StopRules { iterations, .. }, .. } = *options;
        let planned = Controller::shipped().plan(&Prospect { iterations, pixels, gaussians });
        options.density = planned;
        apply_numbers(&arguments.density, &mut options.density);
    }
}

/// Iterations as many as fit into the time, and the method that suits them, if that is what the
/// command line asks for.
///
/// # Errors
/// As [`iterations_within`].
pub fn fit_into_time(
    arguments: &EncodeArguments,
    backend: &mut dyn Backend,
    target: &Arc<Image>,
    run: &mut RunOptions,
) -> lgi::Result<()> {
    let Some(seconds) = run.fit.stop.time_s else { return Ok(()) };
    let counted = run.pipeline.as_ref().is_some_and(|pipeline| pipeline.total().is_some());
    if counted || arguments.stop.iterations.is_some() {
        return Ok(());
    }
    let options = &mut run.fit;
    let started = Instant::now();
    options.stop.iterations = iterations_within(backend, target, options, seconds)?;
    options.stop.time_s = Some((seconds - started.elapsed().as_secs_f64()).max(0.0));
    if options.density != DensityOptions::FIXED {
        options.density = recipe::density(options.stop.iterations);
        apply_density(&arguments.density, options);
    }
    Ok(())
}

/// How parameters are stored.
pub fn precision(arguments: &EncodeArguments) -> Precision {
    match arguments.main.precision.as_str() {
        "16" => Precision::Quantized16,
        _ => Precision::Float32,
    }
}

fn set<T>(value: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *value = given;
    }
}

fn apply_stop(arguments: &StopArguments, options: &mut FitOptions) {
    let stop = &mut options.stop;
    set(&mut stop.iterations, arguments.iterations);
    set(&mut stop.patience, arguments.patience.map(|limit| limit.0));
    set(&mut stop.patience_gain_db, arguments.patience_gain);
    set(&mut stop.target_psnr_db, arguments.target_psnr.map(|limit| limit.0));
    set(&mut stop.time_s, arguments.time.map(|limit| limit.0));
}

/// Changes the numbers of the method; what is more special comes later.
fn change(arguments: &OptimizerArguments, run: &mut RunOptions) -> lgi::Result<()> {
    // The first that is put in front is the last that gradients go through.
    for (part, limit) in [("clip-l2", arguments.clip_norm), ("clip-value", arguments.clip_value)] {
        let Some(OrOff(limit)) = limit else { continue };
        run.set_part(part, limit.is_some());
        if let Some(limit) = limit {
            run.set(&format!("{part}.limit"), limit)?;
        }
    }
    if let Some(rates) = arguments.learning_rate {
        let usual = FitOptions::usual_learning_rate(&run.fit.covariance)?;
        rates.apply(&mut run.fit.optimizer, &usual)?;
    }
    let OptimizerArguments { beta1, beta2, epsilon, memory, .. } = arguments;
    let named = [("beta1", beta1), ("beta2", beta2), ("epsilon", epsilon), ("memory", memory)];
    for (name, value) in named {
        if let Some(value) = value {
            run.set(name, *value)?;
        }
    }
    for (name, value) in arguments.set.iter().flatten() {
        run.set(name, value.clone())?;
    }
    Ok(())
}

fn apply_schedule(arguments: &ScheduleArguments, options: &mut FitOptions) -> lgi::Result<()> {
    let schedule = &mut options.optimizer.schedule;
    if let Some(name) = arguments.schedule.as_ref().filter(|name| *name != schedule.name()) {
        *schedule = Schedule::named(name)?;
    }
    let ScheduleArguments { warmup, final_fraction, period, period_growth, decay, .. } = arguments;
    let named = [
        ("warmup", warmup.map(|count| count as f64)),
        ("to", *final_fraction),
        ("period", period.map(|count| count as f64)),
        ("growth", *period_growth),
        ("decay", *decay),
    ];
    for (name, value) in named {
        if let Some(value) = value.filter(|_| schedule.has(name)) {
            schedule.set(name, value)?;
        }
    }
    Ok(())
}

/// What experiments call by the same names.
fn settings(arguments: &ModelArguments) -> Settings {
    let ModelArguments { loss, covariance, blend, blend_epsilon, init, init_colors, .. } =
        arguments;
    Settings {
        loss: loss.map(Into::into),
        covariance: covariance.clone(),
        blend: named(blend.as_deref(), &BlendName::ALL),
        blend_epsilon: *blend_epsilon,
        init: init.clone(),
        init_colors: named(init_colors.as_deref(), &ColorStartName::ALL),
        solve_iterations: arguments.solve_iterations,
        sigma_min: arguments.sigma_min,
        ..Settings::default()
    }
}

/// Refuses numbers of what was not chosen, which would change nothing.
fn check_model(arguments: &ModelArguments, options: &FitOptions) -> Result<()> {
    if arguments.blend_epsilon.is_some() && options.blend == Blend::Additive {
        return Err(Failure::usage("--blend-epsilon needs --blend normalized"));
    }
    if arguments.solve_iterations.is_some() && options.colors == ColorStart::Local {
        return Err(Failure::usage("--solve-iterations needs --init-colors solve"));
    }
    Ok(())
}

fn named<T: Copy>(name: Option<&str>, all: &[(&str, T)]) -> Option<T> {
    let name = name?;
    all.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}
