//! What is to stay as it is stays as it is, to the bit.

use std::sync::Arc;

use lgi::backend::cpu::Cpu;
use lgi::blend::Blend;
use lgi::density::DensityOptions;
use lgi::fit::{FitOptions, Fitter, Mask, Rest, StopRules, recipe};
use lgi::gaussians::Gaussians;
use lgi::image::{Image, Size};
use lgi::optim::{OptimizerOptions, PerGroup};
use lgi::strategy::{Run, RunOptions};

const SIZE: Size = Size::new(40, 28);

fn picture() -> Arc<Image> {
    let mut image = Image::zeros(SIZE, 3);
    for channel in 0..3 {
        for (place, value) in image.plane_mut(channel).iter_mut().enumerate() {
            let (x, y) = ((place % SIZE.width) as f32, (place / SIZE.width) as f32);
            *value = 0.5 + 0.4 * (0.3 * x).sin() * (0.25 * y + channel as f32).cos();
        }
    }
    Arc::new(image)
}

/// Black on the left.
fn half() -> Rest {
    let mut image = Image::zeros(SIZE, 3);
    for channel in 0..3 {
        for row in image.plane_mut(channel).chunks_exact_mut(SIZE.width) {
            row[17..].fill(1.0);
        }
    }
    Rest { mask: Some(Mask::of(&image)), ..Rest::default() }
}

fn options(method: &str, rest: Rest) -> FitOptions {
    let stop = StopRules { iterations: 12, ..StopRules::default() };
    let optimizer = OptimizerOptions::of(method).unwrap();
    FitOptions { gaussians: 24, stop, optimizer, rest, ..FitOptions::default() }
}

/// The Gaussians at the start and at the end, and their losses.
fn fit(options: FitOptions) -> ([Gaussians; 2], [f64; 2]) {
    let mut cpu = Cpu::with_threads(1).unwrap();
    let mut fitter = Fitter::new(&mut cpu, picture(), options).unwrap();
    let start = fitter.gaussians().clone();
    let first = fitter.step().unwrap().loss;
    while fitter.step().unwrap().stop.is_none() {}
    let best = fitter.best();
    ([start, best.gaussians], [first, best.loss])
}

#[test]
fn gaussians_on_black_stay_and_the_others_move_whatever_the_method() {
    for method in
        ["adam", "lbfgs", "momentum", "lookahead,ema,adamw", "max-condition,clip-colors,lion"]
    {
        for blend in [Blend::Additive, Blend::NORMALIZED] {
            let ([start, end], [first, last]) =
                fit(FitOptions { blend, ..options(method, half()) });
            let (mut stay, mut moved) = (0, 0);
            for row in 0..start.len() {
                let of =
                    |g: &Gaussians| (g.mean_px[row], g.factor_px[row], g.color_of(row).to_vec());
                if start.mean_px[row][0] < 17.0 {
                    assert_eq!(of(&start), of(&end), "{method}, Gaussian {row}");
                    stay += 1;
                } else {
                    moved += usize::from(of(&start) != of(&end));
                }
            }
            assert!(stay > 4 && moved > 4, "{method}: {stay} stay, {moved} moved");
            assert!(last < first, "{method}: {first} to {last}");
        }
    }
}

#[test]
fn groups_that_are_frozen_stay() {
    let groups = PerGroup { position: true, shape: false, color: true };
    for (method, covariance) in [("adam", "cholesky"), ("lbfgs", "body-frame")] {
        let mut options = options(method, Rest { groups, mask: None });
        options.set_covariance(covariance).unwrap();
        let ([start, end], [first, last]) = fit(options);
        assert_eq!((&start.mean_px, &start.color), (&end.mean_px, &end.color), "{method}");
        assert!(start.factor_px != end.factor_px && last < first, "{method}: {first} to {last}");
    }
}

#[test]
fn what_the_rule_remembers_moves_nothing_that_rests_from_a_checkpoint_on() {
    let mut cpu = Cpu::with_threads(1).unwrap();
    let mut fitter = Fitter::new(&mut cpu, picture(), options("adam", Rest::default())).unwrap();
    for _ in 0..5 {
        fitter.step().unwrap();
    }
    let (checkpoint, before) = (fitter.checkpoint(), fitter.gaussians().clone());
    let mut cpu = Cpu::with_threads(1).unwrap();
    let mut rest =
        Fitter::resume(&mut cpu, picture(), options("adam", half()), checkpoint).unwrap();
    while rest.step().unwrap().stop.is_none() {}
    for row in (0..before.len()).filter(|row| before.mean_px[*row][0] < 17.0) {
        assert_eq!(before.factor_px[row], rest.gaussians().factor_px[row], "Gaussian {row}");
        assert_eq!(before.mean_px[row], rest.gaussians().mean_px[row], "Gaussian {row}");
    }
    assert!(before.mean_px != rest.gaussians().mean_px);
}

#[test]
fn what_would_move_everything_is_refused() {
    let mut growing = options("adam", half());
    growing.density = recipe::density(12);
    assert!(growing.check().unwrap_err().to_string().contains("density control"));
    assert!(DensityOptions::FIXED == options("adam", half()).density);
    let mut run = RunOptions::from(options("adam", half()));
    run.check().unwrap();
    run.curriculum = Some("on".parse().unwrap());
    assert!(run.check().unwrap_err().to_string().starts_with("a curriculum moves everything"));
    run.curriculum = None;
    run.set_method("adam:3+annealing:9").unwrap();
    assert!(run.check().unwrap_err().to_string().starts_with("annealing moves everything"));
    run.set_method("adam:3+lbfgs:9").unwrap();
    let mut cpu = Cpu::with_threads(1).unwrap();
    let small = Arc::new(picture().halved());
    let error = Run::new(&mut cpu, small, run).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("40x28") && error.contains("20x14"), "{error}");
}
