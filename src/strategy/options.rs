//! Everything that defines a run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::brief::{Brief, best_rule};
use super::curriculum::Curriculum;
use super::leg::{Descent, Leg, Work};
use super::pipeline::{Pipeline, Stage};
use super::{Strategy, named};
use crate::error::{Error, Result};
use crate::fit::FitOptions;
use crate::image::Image;
use crate::optim::{
    Method, Numbers, OptimizerOptions, Part, PerGroup, Value, check_setting, default_of, full_name,
    of_all_groups, owner, part_in,
};

/// Everything that defines a run; with the picture and the device, it defines the result.
///
/// ```
/// # use lgi::{fit::FitOptions, strategy::RunOptions};
/// # fn main() -> lgi::Result<()> {
/// let mut options = RunOptions::from(FitOptions::default());
/// options.set_method("cmaes:20+lbfgs:200")?;
/// options.set("cmaes.sigma", 0.2)?;
/// options.set("lbfgs.memory", 16.0)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunOptions {
    /// What all stages share: model, start, stop rules, numbers of methods.
    pub fit: FitOptions,
    /// The stages; without them the run is the fit, by the fit's own method.
    pub pipeline: Option<Pipeline>,
    /// Small pictures first, if so.
    #[serde(default)]
    pub curriculum: Option<Curriculum>,
    /// What differs from the strategies' own defaults, `STRATEGY.SETTING`.
    pub settings: BTreeMap<String, Value>,
}

impl From<FitOptions> for RunOptions {
    /// The fit alone.
    fn from(fit: FitOptions) -> Self {
        Self { fit, pipeline: None, curriculum: None, settings: BTreeMap::new() }
    }
}

impl RunOptions {
    /// Sets method, strategy or pipeline. Where every stage has its passes, their sum becomes the
    /// number of iterations.
    ///
    /// # Errors
    /// As [`Pipeline::from_str`](std::str::FromStr::from_str).
    pub fn set_method(&mut self, text: &str) -> Result<()> {
        let pipeline: Pipeline = text.parse()?;
        if let Some(total) = pipeline.total() {
            self.fit.stop.iterations = total;
        }
        if let Some(method) = pipeline.plain() {
            self.fit.optimizer.rule = method.into();
            self.pipeline = None;
        } else {
            self.pipeline = Some(pipeline);
        }
        Ok(())
    }

    /// Changes a number of a strategy or of a method's part, as
    /// [`OptimizerOptions::set`] does.
    ///
    /// # Errors
    /// As [`OptimizerOptions::set`].
    pub fn set(&mut self, name: &str, value: impl Into<Value>) -> Result<()> {
        let Some(pipeline) = &self.pipeline else { return self.fit.optimizer.set(name, value) };
        let value = value.into();
        if OptimizerOptions::is_rate(name) {
            return self.fit.optimizer.set(name, value);
        }
        let part = owner(&self.parts()?, name, &pipeline.to_string())?;
        if named(part.name).is_none() {
            return self.fit.optimizer.set_of(part, name, value);
        }
        check_setting(part, name, &value)?;
        self.settings.insert(full_name(part, name), value);
        Ok(())
    }

    /// The parts whose numbers can be set: the stages' strategies and methods, each once.
    fn parts(&self) -> Result<Vec<&'static Part>> {
        let mut parts: Vec<&'static Part> = Vec::new();
        for strategy in self.strategies() {
            parts.push(&strategy.part);
        }
        for method in self.methods()? {
            parts.extend(method.parts());
        }
        let mut seen = Vec::new();
        parts.retain(|part| {
            let new = !seen.contains(&part.name);
            seen.push(part.name);
            new
        });
        Ok(parts)
    }

    fn strategies(&self) -> impl Iterator<Item = &'static Strategy> {
        let stages = self.pipeline.iter().flat_map(Pipeline::stages);
        stages.filter_map(|stage| named(&stage.name))
    }

    /// The methods that descend: those of the stages, and those within strategies.
    fn methods(&self) -> Result<Vec<Method>> {
        let Some(pipeline) = &self.pipeline else { return Ok(vec![self.fit.optimizer.method()?]) };
        let method = |Stage { name, .. }: &Stage| match named(name) {
            Some(strategy) if !strategy.descends => None,
            Some(_) => Some(best_rule(&self.fit).parse()),
            None => Some(name.parse()),
        };
        pipeline.stages().iter().filter_map(method).collect()
    }

    /// The value of a setting by the name that [`Self::set`] takes, where it is a number: what it
    /// was set to, or its part's default. Learning rates have no default but
    /// [`Self::usual_rates`].
    pub fn number(&self, name: &str) -> Option<f64> {
        let (mut keys, mut usual) = (vec![name.to_owned()], None);
        if !OptimizerOptions::is_rate(name) {
            let part = owner(&self.parts().ok()?, name, "").ok()?;
            (keys, usual) = (vec![full_name(part, name)], default_of(part, name));
        }
        // What is said of all groups holds for each that nothing else is said of.
        keys.extend(of_all_groups(&keys[0]).map(str::to_owned));
        let of =
            |key: &String| self.fit.optimizer.settings.get(key).or_else(|| self.settings.get(key));
        match keys.iter().find_map(of) {
            Some(Value::Number(number)) => Some(*number),
            Some(_) => None,
            None => usual,
        }
    }

    /// The learning rates that are usual for the method's rule, without settings and schedules.
    ///
    /// # Errors
    /// [`Error::Invalid`] if no rule has learning rates, or several that differ in them.
    pub fn usual_rates(&self) -> Result<PerGroup<f32>> {
        let mut methods = self.methods()?;
        methods.retain(|method| !method.needs().line_search);
        let Some(first) = methods.first() else {
            let message = format!(
                "{} has no learning rates: its steps come from trials or line searches",
                self.method_name()
            );
            return Err(Error::Invalid(message));
        };
        if let Some(other) = methods.iter().find(|method| method.rate() != first.rate()) {
            return Err(Error::Invalid(format!(
                "the learning rates of {} and {} differ: there is none that is usual for both",
                first.rule().name,
                other.rule().name
            )));
        }
        let factor = first.rate() as f32;
        Ok(self.fit.optimizer.learning_rate.map(|rate| rate * factor))
    }

    /// Puts a part in front of every method, or takes it away; strategies stay as they are.
    pub fn set_part(&mut self, part: &str, wanted: bool) {
        self.fit.optimizer.set_part(part, wanted);
        for stage in self.pipeline.iter_mut().flat_map(Pipeline::stages_mut) {
            if named(&stage.name).is_none() {
                let mut method = OptimizerOptions::default();
                method.rule.clone_from(&stage.name);
                method.set_part(part, wanted);
                stage.name = method.rule;
            }
        }
    }

    /// The method as it is written.
    fn method_name(&self) -> String {
        self.pipeline.as_ref().map_or(self.fit.optimizer.rule.clone(), Pipeline::to_string)
    }

    /// Stages, density control and blend in a few words.
    pub fn method(&self) -> String {
        let small = if self.curriculum.is_some() { ", small pictures first" } else { "" };
        let Some(pipeline) = &self.pipeline else { return self.fit.method() + small };
        let mut fit = self.fit.clone();
        fit.optimizer.rule = pipeline.to_string();
        fit.method() + small
    }

    /// Checks every name and number.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the option and the value.
    pub fn check(&self) -> Result<()> {
        for (name, value) in &self.settings {
            let part = part_in(name).and_then(named);
            let part = part.ok_or_else(|| Error::Invalid(format!("no strategy has {name}")))?;
            check_setting(&part.part, name, value)?;
        }
        self.curriculum.as_ref().map_or(Ok(()), Curriculum::check)?;
        if !self.fit.rest.is_empty() {
            let own_way = self.strategies().map(|strategy| strategy.part.name).next();
            if let Some(name) = own_way.or(self.curriculum.as_ref().map(|_| "a curriculum")) {
                return Err(Error::Invalid(format!(
                    "{name} moves everything: for groups or Gaussians that stay as they are, name \
                     methods alone, such as adam or lbfgs"
                )));
            }
        }
        let Some(pipeline) = &self.pipeline else { return self.fit.check() };
        pipeline.passes(self.fit.stop.iterations)?;
        for stage in pipeline.stages() {
            let method = match named(&stage.name) {
                // They choose a method that goes with the coordinates.
                Some(_) => "adam",
                None => &stage.name,
            };
            self.of_method(method).check()?;
        }
        Ok(())
    }

    fn of_method(&self, method: &str) -> FitOptions {
        let mut options = self.fit.clone();
        options.optimizer.rule = method.into();
        options
    }

    /// What the run does for `target`, shape `[C, H, W]`, piece by piece.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn legs(&self, target: &Image) -> Result<Vec<Leg>> {
        self.check()?;
        let legs = self.whole_legs(target)?;
        match &self.curriculum {
            Some(curriculum) => curriculum.split(legs, target.size()),
            None => Ok(legs),
        }
    }

    /// The same as if there were no curriculum.
    fn whole_legs(&self, target: &Image) -> Result<Vec<Leg>> {
        let iterations = self.fit.stop.iterations;
        let Some(pipeline) = &self.pipeline else {
            let work = Work::descent(Descent::new(self.fit.clone()));
            return Ok(vec![Leg { passes: iterations, work }]);
        };
        let mut legs = Vec::new();
        for (stage, passes) in pipeline.stages().iter().zip(pipeline.passes(iterations)?) {
            match named(&stage.name) {
                None => {
                    let work = Work::descent(Descent::new(self.of_method(&stage.name)));
                    legs.push(Leg { passes, work });
                }
                Some(strategy) => {
                    let first = legs.is_empty();
                    legs.extend(self.plan(strategy, target, passes, first)?);
                }
            }
        }
        Ok(legs)
    }

    /// The legs of one strategy; those that are left without a pass do nothing and go.
    pub(super) fn plan(
        &self,
        strategy: &'static Strategy,
        target: &Image,
        passes: u64,
        first: bool,
    ) -> Result<Vec<Leg>> {
        let mut fit = self.fit.clone();
        fit.stop.iterations = passes;
        let numbers = Numbers::new(&strategy.part, &self.settings);
        let brief = Brief { fit: &fit, target, passes, first, numbers };
        let mut legs = (strategy.plan)(&brief)?;
        legs.retain(|leg| leg.passes > 0);
        Ok(legs)
    }
}
