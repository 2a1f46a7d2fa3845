//! The encoder's course: base layer, fit, and rounds of search and refitting.

use std::sync::Arc;

use super::base_layer::{self, BaseLayer};
use super::color_basis::color_basis;
use super::course::{Course, Observer};
use super::quantize::quantize_all;
use super::search::Search;
use super::{CompressOptions, Effort, Parts, Target, estimate};
use crate::backend::Backend;
use crate::blend::Blend;
use crate::codec;
use crate::codec::coded::atom::Atom;
use crate::codec::coded::{Basis, Coded, Order};
use crate::density::{self, DensityOptions, Plan};
use crate::error::{Error, Result};
use crate::fit::{FitOptions, Fitter, RatePenalty, recipe};
use crate::gaussians::Gaussians;
use crate::image::Image;
use crate::init::ColorStart;
use crate::metrics;
use crate::optim::{Optimizer, RowMap};
use crate::renderer::Renderer;

/// What a bit costs, in squares of the colour step of half the sum of squared differences.
const LAMBDA: f64 = 0.1;

/// Weight of the penalty on the rate during a fit.
const RATE_WEIGHT: f32 = 0.6;

/// Bits of a new Gaussian, for the decision whether it is worth a trial.
const NEW_BITS: f32 = 10.0;

/// Largest share of Gaussians that a round adds.
const GROWTH: f64 = 0.25;

/// Rate as a power of the colour step, about.
const RATE_POWER: f64 = 1.5;

/// Share of the bytes allowed that the rounds aim at; what is too much is taken away in the end.
const AIM: f64 = 1.01;

/// Share of the bytes allowed that a file must use.
const LEAST_USED: f64 = 0.98;

/// Overshoot of a PSNR that is let be, in dB.
const OVERSHOOT_DB: f64 = 0.1;

/// One in so many atoms is taken away at a time.
const TRIM_SHARE: usize = 100;

/// A file that is too large by more than one in so many bytes is far from its size.
const FAR: u64 = 40;

/// Attempts to come closer to a target.
const ATTEMPTS: usize = 12;

/// An encoding in progress.
pub(super) struct Encoder<'a> {
    pub(super) backend: &'a mut dyn Backend,
    pub(super) course: Course<'a>,
    image: &'a Arc<Image>,
    pub(super) effort: Effort,
    order: Order,
    pub(super) parts: Parts,
    seed: u64,
    base: BaseLayer,
    /// What the base layer leaves.
    pub(super) rest: Arc<Image>,
    step: u8,
    /// What colours have their components in.
    basis: Basis,
    /// That of the last fit: the next one goes on from what it knows of the curvature.
    pub(super) optimizer: Option<Optimizer>,
    /// What became of its Gaussians since.
    pub(super) rows: RowMap,
}

impl<'a> Encoder<'a> {
    pub(super) fn new(
        backend: &'a mut dyn Backend,
        image: &'a Arc<Image>,
        options: &CompressOptions,
        observer: &'a mut Observer<'a>,
    ) -> Result<Self> {
        let planned = 2 * estimate::ITERATIONS + options.effort.passes();
        let base = match options.parts.base_layer {
            true => BaseLayer::fit(backend, image)?,
            false => BaseLayer::none(image),
        };
        let rest = Arc::clone(image);
        let mut encoder = Self {
            backend,
            course: Course::new(observer, planned),
            image,
            effort: options.effort,
            order: options.order,
            parts: options.parts,
            seed: options.seed,
            base,
            rest,
            step: 0,
            basis: Basis::default(),
            optimizer: None,
            rows: RowMap::default(),
        };
        encoder.set_step(1.0)?;
        Ok(encoder)
    }

    /// Encodes for a target.
    pub(super) fn run(&mut self, target: &Target) -> Result<Coded> {
        match *target {
            Target::Step(step) => {
                self.set_step(step)?;
                let count =
                    estimate::count(self.backend, &mut self.course, &self.rest, self.seed, step)?;
                let gaussians = self.fit(count)?;
                self.refine(gaussians, |_, _| Ok(None))
            }
            Target::PsnrDb(psnr_db) => self.reach(psnr_db),
            Target::Bytes(bytes) => {
                let bits = 8.0 * bytes as f64;
                let guess =
                    estimate::step(self.backend, &mut self.course, &self.rest, self.seed, bits)?;
                self.set_step(guess.step)?;
                let gaussians = self.fit(guess.count)?;
                let coded = self.refine(gaussians, |encoder, coded| {
                    let ratio = encoder.file_bytes(coded)? as f64 / (AIM * bytes as f64);
                    Ok(Some(encoder.step() * ratio.powf(1.0 / RATE_POWER).clamp(0.6, 1.6)))
                })?;
                self.fit_into(coded, bytes)
            }
        }
    }

    /// Rounds whose colour step follows the PSNR, then small steps until it is reached.
    fn reach(&mut self, psnr_db: f64) -> Result<Coded> {
        let wanted = self.distortion_of(psnr_db);
        let guess =
            estimate::step_for(self.backend, &mut self.course, &self.rest, self.seed, wanted)?;
        self.set_step(guess.step)?;
        let gaussians = self.fit(guess.count)?;
        let mut coded = self.refine(gaussians, |encoder, coded| {
            let reached = encoder.psnr_db(coded)?;
            let ratio = wanted / encoder.distortion_of(reached);
            Ok(Some(encoder.step() * ratio.powf(0.5).clamp(0.6, 1.6)))
        })?;
        let mut best: Option<(f64, Coded)> = None;
        for _ in 0..ATTEMPTS {
            let reached = self.psnr_db(&coded)?;
            let better = best.as_ref().is_none_or(|(other, _)| {
                (*other < psnr_db && reached > *other) || (reached >= psnr_db && reached < *other)
            });
            if better {
                best = Some((reached, coded.clone()));
            }
            if (0.0..=OVERSHOOT_DB).contains(&(reached - psnr_db)) || self.course.is_over() {
                break;
            }
            let ratio = wanted / self.distortion_of(reached);
            let ratio = ratio.powf(0.5).clamp(0.7, 1.4);
            // At least one step of the scale of steps.
            let ratio = if reached < psnr_db { ratio.min(0.957) } else { ratio.max(1.045) };
            self.set_step(self.step() * ratio)?;
            let mut gaussians = drawn(coded);
            self.add(&mut gaussians)?;
            gaussians = self.refit(gaussians, self.effort.refit_iterations)?;
            coded = self.searched(&gaussians)?;
        }
        match best {
            Some((reached, coded)) if reached > psnr_db + OVERSHOOT_DB => self.trim(coded, psnr_db),
            Some((_, coded)) => Ok(coded),
            None => Ok(coded),
        }
    }

    /// Takes away the atoms that are worth least, as long as a PSNR is reached.
    fn trim(&mut self, mut coded: Coded, psnr_db: f64) -> Result<Coded> {
        self.set_step(Coded::step_of(coded.step))?;
        let mut search = self.begin_search(coded.atoms.clone(), 0)?;
        while !search.atoms().is_empty() {
            let some = estimate::BITS * (search.atoms().len() / TRIM_SHARE) as f64;
            search.drop_least(some);
            let fewer = Coded { atoms: search.atoms().to_vec(), ..coded.clone() };
            if self.psnr_db(&fewer)? < psnr_db {
                break;
            }
            coded = fewer;
        }
        Ok(coded)
    }

    /// Half the sum of squared differences at a PSNR.
    fn distortion_of(&self, psnr_db: f64) -> f64 {
        0.5 * self.image.data().len() as f64 * 10_f64.powf(-0.1 * psnr_db)
    }

    /// PSNR of the 8-bit picture.
    fn psnr_db(&mut self, coded: &Coded) -> Result<f64> {
        let mut renderer = Renderer::new(self.backend, Blend::Additive, self.image.size());
        renderer.set(&coded.gaussians());
        metrics::psnr_db(&renderer.render()?, self.image)
    }

    /// The colour step.
    fn step(&self) -> f64 {
        Coded::step_of(self.step)
    }

    /// Sets the colour step, and with it the base layer.
    fn set_step(&mut self, step: f64) -> Result<()> {
        self.step = Coded::step_near(step);
        let coded = self.base.quantize(self.image, self.basis, self.step);
        self.rest = base_layer::without(self.backend, self.image, &coded.gaussians())?;
        Ok(())
    }

    pub(super) fn coded(&self, atoms: Vec<Atom>) -> Coded {
        Coded { atoms, ..self.base.quantize(self.image, self.basis, self.step) }
    }

    /// The first fit, when there is room for `count` Gaussians.
    fn fit(&mut self, count: usize) -> Result<Gaussians> {
        let pixels = self.image.size().pixels();
        self.effort = self.effort.at(pixels / count.max(1));
        self.course.expect(self.effort.passes());
        let many =
            count.saturating_mul(self.effort.surplus.max(1)).min(estimate::most_gaussians(pixels));
        let options = self.fit_options(many, self.effort.iterations);
        let fitter = Fitter::new(self.backend, Arc::clone(&self.rest), options)?;
        let (best, optimizer) = self.course.run(fitter)?;
        self.remember(optimizer, &best.gaussians);
        if self.parts.color_basis {
            self.basis = color_basis(&best.gaussians, self.step());
            self.set_step(self.step())?;
        }
        Ok(best.gaussians)
    }

    pub(super) fn refit(&mut self, gaussians: Gaussians, iterations: u64) -> Result<Gaussians> {
        if iterations == 0 || gaussians.is_empty() {
            return Ok(gaussians);
        }
        let mut options = self.fit_options(gaussians.len(), iterations);
        options.density = DensityOptions::FIXED;
        options.colors = ColorStart::Local;
        let mut optimizer = self.optimizer.take();
        if let Some(optimizer) = &mut optimizer {
            optimizer.remap(&self.rows, &gaussians);
        }
        let mut fitter =
            Fitter::from_gaussians(self.backend, Arc::clone(&self.rest), options, gaussians)?;
        if let Some(optimizer) = optimizer {
            fitter.set_optimizer(optimizer);
        }
        let (best, optimizer) = self.course.run(fitter)?;
        self.remember(optimizer, &best.gaussians);
        Ok(best.gaussians)
    }

    fn remember(&mut self, optimizer: Optimizer, gaussians: &Gaussians) {
        self.optimizer = Some(optimizer);
        self.rows = RowMap::identity(gaussians.len());
    }

    fn fit_options(&self, count: usize, iterations: u64) -> FitOptions {
        let penalty = RatePenalty { weight: RATE_WEIGHT, step: self.step() as f32 };
        let mut options = FitOptions {
            gaussians: count,
            seed: self.seed,
            rate: self.parts.rate_penalty.then_some(penalty),
            ..FitOptions::default()
        };
        options.stop.iterations = iterations;
        recipe::apply(&mut options);
        options.blend = Blend::Additive;
        options
    }

    /// Rounds of quantising, searching, adding and refitting. `adjust` says which colour step
    /// the next round should have.
    fn refine(
        &mut self,
        mut gaussians: Gaussians,
        adjust: impl Fn(&mut Self, &Coded) -> Result<Option<f64>>,
    ) -> Result<Coded> {
        for _ in 1..self.effort.rounds {
            if !self.parts.refitting || self.course.is_over() {
                break;
            }
            let coded = self.searched(&gaussians)?;
            if let Some(step) = adjust(self, &coded)? {
                self.set_step(step)?;
            }
            gaussians = drawn(coded);
            self.add(&mut gaussians)?;
            gaussians = self.refit(gaussians, self.effort.refit_iterations)?;
        }
        self.settle(gaussians)
    }

    /// Gaussians quantised and searched.
    fn searched(&mut self, gaussians: &Gaussians) -> Result<Coded> {
        let nearest = self.nearest(gaussians);
        self.rows.retain(&nearest.iter().map(Option::is_some).collect::<Vec<_>>());
        self.swept(nearest.into_iter().flatten().collect(), self.effort.sweeps)
    }

    /// The nearest atom of each.
    pub(super) fn nearest(&self, gaussians: &Gaussians) -> Vec<Option<Atom>> {
        quantize_all(gaussians, &self.basis, self.step(), self.rest.size())
    }

    /// A picture whose atoms have gone through the sweeps of a search, so many at most.
    pub(super) fn swept(&mut self, atoms: Vec<Atom>, sweeps: usize) -> Result<Coded> {
        let mut search = self.begin_search(atoms, 0)?;
        // One is worth waiting for.
        let sweeps = match (self.parts.search, self.course.is_over()) {
            (false, _) => 0,
            (true, true) => 1,
            (true, false) => sweeps,
        };
        for _ in 0..sweeps {
            let count = search.atoms().len();
            let changes = search.sweep();
            if changes.changed * 50 < count && changes.deleted * 200 < count {
                break;
            }
        }
        let (atoms, rows) = search.into_atoms();
        self.rows = self.rows.then(&rows);
        Ok(self.coded(atoms))
    }

    /// A search over `atoms`, which are all that draws but for `others`, whose part is not in
    /// [`Self::rest`].
    pub(super) fn begin_search(&mut self, atoms: Vec<Atom>, others: usize) -> Result<Search> {
        let (size, channels) = (self.rest.size(), self.rest.channels());
        let gaussians = drawn(self.coded(atoms.clone()));
        let missing = base_layer::without(self.backend, &self.rest, &gaussians)?;
        let residual = components(&missing, &self.basis, -1.0);
        Ok(Search::new(size, channels, self.step, self.lambda(), residual, atoms).among(others))
    }

    /// Bytes of the file of a picture.
    fn file_bytes(&self, coded: &Coded) -> Result<u64> {
        Ok(codec::encode_exact(coded, self.order, 8, None)?.len() as u64)
    }

    fn lambda(&self) -> f32 {
        (LAMBDA * self.step().powi(2)) as f32
    }

    /// Brings a picture close to a size, and not above.
    fn fit_into(&mut self, mut coded: Coded, bytes: u64) -> Result<Coded> {
        for _ in 0..ATTEMPTS {
            let used = self.file_bytes(&coded)? as f64 / bytes as f64;
            if used >= LEAST_USED || self.step <= 1 || self.course.is_over() {
                break;
            }
            // Finer steps, and more Gaussians.
            let ratio = used.max(0.01).powf(1.0 / RATE_POWER).clamp(0.5, 0.95);
            self.set_step(self.step() * ratio)?;
            let mut gaussians = drawn(coded);
            self.add(&mut gaussians)?;
            coded = self.searched(&gaussians)?;
        }
        let mut search = self.begin_search(std::mem::take(&mut coded.atoms), 0)?;
        // Bits that files get shorter by for each that was thought to be dropped.
        let mut truth = 1.0_f64;
        let mut before: Option<(u64, f64)> = None;
        loop {
            coded.atoms = search.atoms().to_vec();
            let size = self.file_bytes(&coded)?;
            let over = size.saturating_sub(bytes);
            if over == 0 {
                return Ok(coded);
            }
            if let Some((size_before, dropped)) = before {
                truth = (8.0 * size_before.saturating_sub(size) as f64 / dropped).clamp(0.5, 2.0);
            }
            if coded.atoms.is_empty() {
                return Err(Error::Invalid(format!(
                    "a picture of {} cannot be coded in {bytes} bytes; its base layer alone takes \
                     {}",
                    coded.size,
                    bytes + over
                )));
            }
            // What is worth least changes with what is dropped: half the way while it is far.
            let share = if over > bytes / FAR { 0.5 } else { 0.95 };
            before = Some((size, search.drop_least(share * 8.0 * over as f64 / truth)));
        }
    }

    /// Adds Gaussians where the residual has peaks that are worth their bits.
    fn add(&mut self, gaussians: &mut Gaussians) -> Result<()> {
        let mut residual = (*base_layer::without(self.backend, &self.rest, gaussians)?).clone();
        residual.data_mut().iter_mut().for_each(|v| *v = -*v);
        let mut new = Gaussians::empty(gaussians.channels());
        let scene = density::Scene { gaussians, residual: &residual, normalized: None };
        let pixels = residual.size().pixels() as f32;
        let plan = Plan {
            add: (gaussians.len() as f64 * GROWTH).ceil() as usize + 4,
            relocate: 0,
            eagerness: 0.0,
            split_trust: 0.0,
            largest_sigma_px: (pixels / gaussians.len().max(1) as f32).sqrt(),
            lifecycle: None,
            progress: 0.0,
        };
        density::revise(&mut new, None, &scene, &[], &plan);
        let least = NEW_BITS * self.lambda();
        for index in 0..new.len() {
            let color = new.color_of(index);
            let square: f32 = color.iter().map(|c| c * c).sum();
            let [a, b, c, d] = new.factor_px[index];
            let gain = 0.5 * square * std::f32::consts::PI * (a * d - b * c).abs();
            if gain > least {
                gaussians.push(new.mean_px[index], new.factor_px[index], color);
                self.rows.append(1);
            }
        }
        Ok(())
    }
}

/// The atoms of a picture as Gaussians.
pub(super) fn drawn(coded: Coded) -> Gaussians {
    Coded { base: Vec::new(), ..coded }.gaussians()
}

/// A picture in a basis, `[C, H, W]`, times `factor`.
fn components(image: &Image, basis: &Basis, factor: f32) -> Vec<f32> {
    let to_components = basis.components();
    let (channels, pixels) = (image.channels(), image.size().pixels());
    let mut out = vec![0.0; channels * pixels];
    let mut color = vec![0.0; channels];
    for pixel in 0..pixels {
        for (channel, value) in color.iter_mut().enumerate() {
            *value = factor * image.data()[channel * pixels + pixel];
        }
        let components = to_components(&color);
        for (channel, value) in components.iter().take(channels).enumerate() {
            out[channel * pixels + pixel] = *value;
        }
    }
    out
}
