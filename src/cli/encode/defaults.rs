//! What the help says about values that are not given: the library's own defaults.

use clap::{Arg, Command};
use lgi::blend::Blend;
use lgi::fit::FitOptions;
use lgi::init::ColorStart;
use lgi::optim::{PerGroup, Setting, registry};

/// Adds the defaults to the help of the options that have none of their own.
pub fn with_defaults(command: Command) -> Command {
    let defaults = defaults(&FitOptions::default());
    command.mut_args(|argument| {
        match defaults.iter().find(|(option, _)| argument.get_id() == option) {
            Some((_, value)) => with_default(argument, value),
            None => argument,
        }
    })
}

fn with_default(argument: Arg, value: &str) -> Arg {
    let note = format!(" [default: {value}]");
    let long = argument.get_long_help().map(|help| append(&help.to_string(), &note));
    let short = argument.get_help().map(|help| append(&help.to_string(), &note));
    let argument = match short {
        Some(help) => argument.help(help),
        None => argument,
    };
    match long {
        Some(help) => argument.long_help(help),
        None => argument,
    }
}

/// Puts the note behind the first paragraph.
fn append(help: &str, note: &str) -> String {
    match help.split_once("\n\n") {
        Some((first, rest)) => format!("{first}{note}\n\n{rest}"),
        None => format!("{help}{note}"),
    }
}

fn defaults(options: &FitOptions) -> Vec<(&'static str, String)> {
    let optimizer = &options.optimizer;
    let schedule = &optimizer.schedule;
    let PerGroup { position, shape, color } = optimizer.learning_rate;
    let mut defaults = vec![
        ("gaussians", "auto: as many as the detail asks for at 36 dB".into()),
        ("quality", "balanced".into()),
        ("seed", options.seed.to_string()),
        ("patience_gain", options.stop.patience_gain_db.to_string()),
        (
            "learning_rate",
            format!("position={position},shape={shape},color={color} in the body frame"),
        ),
        ("schedule", schedule.name().into()),
        ("warmup", "0".into()),
        ("loss", loss(options)),
        ("covariance", options.covariance.clone()),
        ("blend", "normalized; with a plain method, additive".into()),
        ("init", options.start.clone()),
        ("sigma_min", options.sigma_min_px.to_string()),
    ];
    if let Blend::Normalized { epsilon } = Blend::NORMALIZED {
        defaults.push(("blend_epsilon", epsilon.to_string()));
    }
    for (option, setting) in usual_settings() {
        defaults.push((option, number(setting.default)));
    }
    match options.colors {
        ColorStart::Local => defaults.push(("init_colors", "local".into())),
        ColorStart::LeastSquares { iterations } => {
            defaults.push(("init_colors", "solve".into()));
            defaults.push(("solve_iterations", iterations.to_string()));
        }
    }
    defaults
}

/// Options that are numbers of a part, with the part that they are most used with.
fn usual_settings() -> impl Iterator<Item = (&'static str, &'static Setting)> {
    let named = [
        ("beta1", "adam", "beta1"),
        ("beta2", "adam", "beta2"),
        ("epsilon", "adam", "epsilon"),
        ("memory", "lbfgs", "memory"),
        ("final_fraction", "cosine", "to"),
        ("period", "step", "period"),
        ("period_growth", "cosine-restarts", "growth"),
        ("decay", "step", "decay"),
    ];
    named.into_iter().filter_map(|(option, part, setting)| {
        let part = registry::parts().find(|candidate| candidate.name == part)?;
        Some((option, &part.settings[part.setting(setting)?]))
    })
}

/// As short as it can be read back.
fn number(value: f64) -> String {
    if value != 0.0 && value.abs() < 1e-4 { format!("{value:e}") } else { value.to_string() }
}

fn loss(options: &FitOptions) -> String {
    let terms = [("l1", options.loss.l1), ("l2", options.loss.l2), ("ssim", options.loss.ssim)];
    let used = terms.iter().filter(|(_, weight)| *weight != 0.0);
    used.map(|(name, weight)| format!("{name}={weight}")).collect::<Vec<_>>().join(",")
}
