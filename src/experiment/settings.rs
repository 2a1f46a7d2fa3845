//! What is changed of a run's options, as experiments write it and `lgi encode` takes it: the names
//! are those of the command line.

use serde::Deserialize;
use toml::{Table, Value};

use crate::blend::Blend;
use crate::density::DensityOptions;
use crate::error::{Error, Result};
use crate::fit::{FitOptions, recipe};
use crate::image::Size;
use crate::init::ColorStart;
use crate::loss::Loss;
use crate::optim;
use crate::strategy::{AUTO, RunOptions};

/// Settings of a fit, each of which may be left out. Later ones win over earlier ones.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Settings {
    /// A method; without one, or with `auto`, the run is the preset for its number of iterations.
    pub method: Option<String>,
    /// Numbers of the method, by name; tables inside are for groups or parts.
    pub set: Table,
    /// Factor on the usual learning rates of the parameterisation.
    pub learning_rate: Option<f32>,
    /// Factor on all rates over the iterations, such as `cosine(1,0.01)`.
    pub schedule: Option<String>,
    /// Small pictures first: `on`, or halvings such as `exponential(1,0.02)`.
    pub curriculum: Option<String>,
    /// Passes over the picture.
    pub iterations: Option<u64>,
    /// Ends after so many iterations without a rise in PSNR.
    pub patience: Option<u64>,
    /// Terms of the loss and their weights.
    pub loss: Option<Terms>,
    /// Parameterisation.
    pub covariance: Option<String>,
    /// `additive` or `normalized`.
    pub blend: Option<BlendName>,
    /// Added to the coverage by the normalized blend; means nothing to the other.
    pub blend_epsilon: Option<f32>,
    /// Initialiser.
    pub init: Option<String>,
    /// `local` or `solve`.
    pub init_colors: Option<ColorStartName>,
    /// Conjugate-gradient steps of `solve`; means nothing to `local`.
    pub solve_iterations: Option<usize>,
    /// Growth and relocation.
    pub density: Option<bool>,
    /// Smallest standard deviation in pixels.
    pub sigma_min: Option<f32>,
    /// Largest standard deviation as a share of the longer side.
    pub sigma_max: Option<f32>,
}

/// Weights of the loss; terms that are not named have none.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Terms {
    l1: f32,
    l2: f32,
    ssim: f32,
}

impl From<Loss> for Terms {
    fn from(Loss { l1, l2, ssim }: Loss) -> Self {
        Self { l1, l2, ssim }
    }
}

/// Blends by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BlendName {
    /// Sums of colours.
    Additive,
    /// Averages of colours.
    Normalized,
}

impl BlendName {
    /// All names.
    pub const ALL: [(&str, Self); 2] =
        [("additive", Self::Additive), ("normalized", Self::Normalized)];
}

/// Starts of colours by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColorStartName {
    /// The pixel under the centre.
    Local,
    /// Least squares.
    Solve,
}

impl ColorStartName {
    /// All names.
    pub const ALL: [(&str, Self); 2] = [("local", Self::Local), ("solve", Self::Solve)];
}

impl Settings {
    /// From a table.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the key.
    pub fn from_table(table: Table) -> Result<Self> {
        super::text::from_table(table)
    }

    /// These settings, with `others` on top.
    #[must_use]
    pub fn with(&self, others: &Self) -> Self {
        let mut set = self.set.clone();
        merge(&mut set, &others.set);
        macro_rules! later {
            ($($field:ident),*) => {
                Self { set, $($field: others.$field.clone().or_else(|| self.$field.clone())),* }
            };
        }
        later!(
            method,
            learning_rate,
            schedule,
            curriculum,
            iterations,
            patience,
            loss,
            covariance,
            blend,
            blend_epsilon,
            init,
            init_colors,
            solve_iterations,
            density,
            sigma_min,
            sigma_max
        )
    }

    /// The options of a run from its beginning.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming what is wrong.
    pub fn options(&self, gaussians: usize, seed: u64, size: Size) -> Result<RunOptions> {
        let mut fit = FitOptions { gaussians, seed, ..FitOptions::default() };
        if let Some(iterations) = self.iterations {
            fit.stop.iterations = iterations;
        }
        if self.method.as_deref().is_none_or(|method| method == AUTO) {
            recipe::apply(&mut fit);
            fit.blend = recipe::blend(gaussians, size);
        }
        let mut options = RunOptions::from(fit);
        self.change(&mut options)?;
        Ok(options)
    }

    /// Changes the options of a run that has begun.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming what is wrong.
    pub fn change(&self, options: &mut RunOptions) -> Result<()> {
        self.change_fit(&mut options.fit)?;
        self.change_method(options)?;
        options.check()
    }

    /// Changes what is not the method's.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming what is wrong.
    pub fn change_fit(&self, options: &mut FitOptions) -> Result<()> {
        if let Some(iterations) = self.iterations {
            options.stop.iterations = iterations;
        }
        if let Some(patience) = self.patience {
            options.stop.patience = Some(patience);
        }
        if let Some(Terms { l1, l2, ssim }) = self.loss {
            options.loss = Loss { l1, l2, ssim };
        }
        // The same parameterisation keeps the rates that there are.
        if let Some(covariance) = self.covariance.as_ref().filter(|c| **c != options.covariance) {
            options.set_covariance(covariance)?;
        }
        if let Some(start) = &self.init {
            options.start.clone_from(start);
        }
        if let Some(density) = self.density {
            let iterations = options.stop.iterations;
            options.density =
                if density { recipe::density(iterations) } else { DensityOptions::FIXED };
        }
        if let Some(sigma) = self.sigma_min {
            options.sigma_min_px = sigma;
        }
        if let Some(sigma) = self.sigma_max {
            options.sigma_max_fraction = sigma;
        }
        self.change_colors(&mut options.colors);
        self.change_blend(&mut options.blend);
        Ok(())
    }

    fn change_blend(&self, blend: &mut Blend) {
        match (self.blend, *blend) {
            (Some(BlendName::Additive), _) => *blend = Blend::Additive,
            (Some(BlendName::Normalized), Blend::Additive) => *blend = Blend::NORMALIZED,
            _ => {}
        }
        if let (Some(value), Blend::Normalized { epsilon }) = (self.blend_epsilon, blend) {
            *epsilon = value;
        }
    }

    fn change_colors(&self, colors: &mut ColorStart) {
        match (self.init_colors, *colors) {
            (Some(ColorStartName::Local), _) => *colors = ColorStart::Local,
            (Some(ColorStartName::Solve), ColorStart::Local) => *colors = ColorStart::default(),
            _ => {}
        }
        if let (Some(count), ColorStart::LeastSquares { iterations }) =
            (self.solve_iterations, colors)
        {
            *iterations = count;
        }
    }

    fn change_method(&self, options: &mut RunOptions) -> Result<()> {
        if let Some(method) = &self.method {
            options.set_method(method).map_err(|error| of_key("method", &error))?;
        }
        let usual = FitOptions::usual_learning_rate(&options.fit.covariance)?;
        let optimizer = &mut options.fit.optimizer;
        if let Some(schedule) = &self.schedule {
            optimizer.schedule = schedule.parse().map_err(|error| of_key("schedule", &error))?;
        }
        if let Some(halvings) = &self.curriculum {
            let curriculum = halvings.parse().map_err(|error| of_key("curriculum", &error))?;
            options.curriculum = Some(curriculum);
        }
        if let Some(factor) = self.learning_rate {
            optimizer.set_learning_rate(usual.map(|rate| rate * factor));
        }
        for (name, value) in flat(&self.set)? {
            options.set(&name, value).map_err(|error| of_key("set", &error))?;
        }
        Ok(())
    }
}

fn of_key(key: &str, error: &Error) -> Error {
    Error::Invalid(format!("{key}: {error}"))
}

/// Puts `others` on top of a table, tables inside likewise.
fn merge(table: &mut Table, others: &Table) {
    for (key, value) in others {
        match (table.get_mut(key), value) {
            (Some(Value::Table(inside)), Value::Table(others)) => merge(inside, others),
            _ => {
                table.insert(key.clone(), value.clone());
            }
        }
    }
}

/// Names with dots, and their values.
fn flat(table: &Table) -> Result<Vec<(String, optim::Value)>> {
    let mut pairs = Vec::new();
    for (key, value) in table {
        match value {
            Value::Table(inside) => {
                let inside = flat(inside)?.into_iter();
                pairs.extend(inside.map(|(name, value)| (format!("{key}.{name}"), value)));
            }
            Value::Integer(number) => pairs.push((key.clone(), (*number as f64).into())),
            Value::Float(number) => pairs.push((key.clone(), (*number).into())),
            Value::String(text) => {
                let value = text.parse().map_err(|error| of_key(&format!("set.{key}"), &error))?;
                pairs.push((key.clone(), value));
            }
            other => {
                return Err(Error::Invalid(format!(
                    "set.{key} must be a number or a schedule such as \"cosine(0.01,0)\", not {}",
                    other.type_str()
                )));
            }
        }
    }
    Ok(pairs)
}
