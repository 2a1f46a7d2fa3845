//! The fitting loop: it improves, keeps its best, stops when told, recovers, and goes on.

use std::sync::Arc;

#[path = "common/watched_oracle.rs"]
mod watched_oracle;

use lgi::backend::oracle::Oracle;
use lgi::blend::Blend;
use lgi::fit::{Checkpoint, FitOptions, Fitter, Progress, StopReason, StopRules};
use lgi::image::{Image, Size};
use lgi::init::ColorStart;
use lgi::loss::Loss;
use lgi::{Error, Result};
use watched_oracle::{Fault, WatchedOracle};

const SIZE: Size = Size::new(28, 20);

/// A disc on a slope, with the channels' levels apart.
fn picture(channels: usize) -> Arc<Image> {
    let mut image = Image::zeros(SIZE, channels);
    for channel in 0..channels {
        for y in 0..SIZE.height {
            for x in 0..SIZE.width {
                let inside = f32::hypot(x as f32 - 11.0, y as f32 - 9.0) < 5.5;
                let slope = 0.2 + 0.02 * x as f32 + 0.01 * y as f32;
                image.plane_mut(channel)[y * SIZE.width + x] =
                    if inside { 0.9 - 0.2 * channel as f32 } else { slope };
            }
        }
    }
    Arc::new(image)
}

fn options(iterations: u64) -> FitOptions {
    FitOptions {
        gaussians: 20,
        stop: StopRules { iterations, ..Default::default() },
        ..Default::default()
    }
}

/// Steps to the end; all that was said on the way.
fn run(fitter: &mut Fitter) -> Result<Vec<Progress>> {
    let mut log = Vec::new();
    loop {
        log.push(fitter.step()?);
        if log.last().is_some_and(|progress| progress.stop.is_some()) {
            return Ok(log);
        }
    }
}

#[test]
fn fitting_improves_with_every_parameterisation_blend_channel_count_and_loss() {
    let losses = [Loss::default(), Loss { l1: 0.2, l2: 0.8, ssim: 0.1 }];
    for covariance in lgi::covariance::ALL {
        for blend in [Blend::Additive, Blend::Normalized { epsilon: 0.01 }] {
            for (channels, loss) in [(1, losses[0]), (3, losses[1]), (4, losses[0])] {
                let mut options = options(25);
                options.set_covariance(covariance.name()).unwrap();
                (options.blend, options.loss) = (blend, loss);
                let mut oracle = Oracle;
                let mut fitter = Fitter::new(&mut oracle, picture(channels), options).unwrap();
                let log = run(&mut fitter).unwrap();
                let (first, best) = (log[0].psnr_db, fitter.best().psnr_db);
                // Even the isotropic one gains more than this in so few steps.
                assert!(
                    best > first + 0.7,
                    "{} {blend:?} {channels}: {first} to {best} dB",
                    covariance.name()
                );
                fitter.best().gaussians.check().unwrap();
            }
        }
    }
}

#[test]
fn every_start_gives_the_same_gaussians_for_the_same_seed() {
    for start in lgi::init::ALL {
        let place = |seed| {
            let options = FitOptions { start: start.name().into(), seed, ..options(1) };
            let mut oracle = Oracle;
            Fitter::new(&mut oracle, picture(3), options).unwrap().gaussians().clone()
        };
        assert_eq!(place(7), place(7), "{}", start.name());
        assert_eq!(place(7).len(), 20);
    }
}

#[test]
fn solved_colours_start_better_than_local_ones() {
    let psnr = |colors| {
        let mut oracle = Oracle;
        let options = FitOptions { colors, ..options(0) };
        let mut fitter = Fitter::new(&mut oracle, picture(3), options).unwrap();
        fitter.step().unwrap().psnr_db
    };
    let solved = psnr(ColorStart::LeastSquares { iterations: 4 });
    assert!(solved > psnr(ColorStart::Local) + 1.0);
}

#[test]
fn a_fit_ends_by_whichever_rule_holds_first() {
    let ending = |change: fn(&mut StopRules)| {
        let mut options = options(40);
        change(&mut options.stop);
        let mut oracle = Oracle;
        let mut fitter = Fitter::new(&mut oracle, picture(3), options).unwrap();
        let log = run(&mut fitter).unwrap();
        let last = log.last().unwrap();
        (last.stop.unwrap(), last.iteration)
    };
    assert_eq!(ending(|_| ()), (StopReason::Iterations, 40));
    let (reason, iteration) = ending(|stop| stop.target_psnr_db = Some(10.0));
    assert_eq!((reason, iteration), (StopReason::TargetPsnr, 0));
    assert_eq!(ending(|stop| stop.time_s = Some(0.0)), (StopReason::Time, 0));
    let patient = ending(|stop| (stop.patience, stop.patience_gain_db) = (Some(3), 100.0));
    assert_eq!(patient, (StopReason::Patience, 3));
}

#[test]
fn no_gaussians_is_a_black_picture_not_an_error() {
    let mut oracle = Oracle;
    let options = FitOptions { gaussians: 0, ..options(10) };
    let mut fitter = Fitter::new(&mut oracle, picture(3), options).unwrap();
    assert_eq!(run(&mut fitter).unwrap().len(), 1);
    assert!(fitter.best().gaussians.is_empty());
}

#[test]
fn details_are_worked_out_where_asked_for_and_change_nothing() {
    let finish = |every| {
        let mut oracle = Oracle;
        let mut fitter = Fitter::new(&mut oracle, picture(3), options(6)).unwrap();
        fitter.details_every(every);
        let log = run(&mut fitter).unwrap();
        let detailed: Vec<u64> =
            log.iter().filter(|p| p.details.is_some()).map(|p| p.iteration).collect();
        (fitter.best().gaussians, detailed)
    };
    let (plain, none) = finish(None);
    let (detailed, some) = finish(Some(4));
    assert_eq!(plain, detailed);
    assert_eq!((none, some), (vec![], vec![0, 4, 6]));
}

#[test]
fn a_value_that_is_not_finite_rolls_back_to_the_best_state_at_half_the_rate() {
    for fault in [Fault::Loss, Fault::Gradient] {
        let mut backend = WatchedOracle::with_faults(fault, |pass| pass == 5);
        let mut fitter = Fitter::new(&mut backend, picture(3), options(12)).unwrap();
        let log = run(&mut fitter).unwrap();
        assert_eq!(log[4].rolled_back, Some(0.5));
        assert!(log.iter().enumerate().all(|(i, p)| i == 4 || p.rolled_back.is_none()));
        assert_eq!(log[5].psnr_db, log[3].best_psnr_db, "back at the best state");
        assert!(fitter.best().psnr_db > log[3].best_psnr_db, "and on from there");
    }
}

#[test]
fn a_fit_that_is_never_finite_again_gives_up_and_keeps_its_best() {
    let mut backend = WatchedOracle::with_faults(Fault::Loss, |pass| pass >= 5);
    let mut fitter = Fitter::new(&mut backend, picture(3), options(100)).unwrap();
    let error = run(&mut fitter).unwrap_err();
    assert!(matches!(error, Error::Diverged { attempts: 6, .. }), "{error}");
    assert!(fitter.best().psnr_db > 10.0);

    let mut backend = WatchedOracle::with_faults(Fault::Gradient, |_| true);
    let mut fitter = Fitter::new(&mut backend, picture(3), options(100)).unwrap();
    assert!(matches!(run(&mut fitter), Err(Error::Diverged { iteration: 0, attempts: 0 })));
}

/// Through the text of a checkpoint, as a later run would read it.
fn through_json(checkpoint: &Checkpoint) -> Checkpoint {
    serde_json::from_slice(&serde_json::to_vec(checkpoint).unwrap()).unwrap()
}

#[test]
fn a_resumed_fit_ends_in_the_same_bits_as_one_that_was_never_stopped() {
    let mut oracle = Oracle;
    let mut whole = Fitter::new(&mut oracle, picture(3), options(15)).unwrap();
    run(&mut whole).unwrap();
    let expected = whole.best();

    let mut oracle = Oracle;
    let mut first = Fitter::new(&mut oracle, picture(3), options(15)).unwrap();
    for _ in 0..7 {
        first.step().unwrap();
    }
    let checkpoint = through_json(&first.checkpoint());
    assert_eq!(checkpoint.iteration(), 7);
    let mut oracle = Oracle;
    let options = checkpoint.options.clone();
    let mut second = Fitter::resume(&mut oracle, picture(3), options, checkpoint).unwrap();
    run(&mut second).unwrap();
    assert_eq!(second.best().gaussians, expected.gaussians);
    assert_eq!(second.best().iteration, expected.iteration);
}

#[test]
fn a_checkpoint_can_branch_into_another_experiment_but_not_onto_another_picture() {
    let mut oracle = Oracle;
    let mut first = Fitter::new(&mut oracle, picture(3), options(15)).unwrap();
    for _ in 0..7 {
        first.step().unwrap();
    }
    let checkpoint = first.checkpoint();
    let mut branch = checkpoint.options.clone();
    branch.stop.iterations = 20;
    branch.optimizer.learning_rate.position = 0.1;
    branch.optimizer.schedule = "constant".parse().unwrap();
    branch.optimizer.rule = "clip-l2,adam".into();
    branch.optimizer.set("beta1", 0.5).unwrap();
    let mut oracle = Oracle;
    let mut fitter = Fitter::resume(&mut oracle, picture(3), branch, checkpoint.clone()).unwrap();
    fitter.reset_momentum();
    let log = run(&mut fitter).unwrap();
    assert_eq!((log[0].iteration, log.last().unwrap().iteration), (7, 20));
    assert_eq!(log[0].rates.position, 0.1);

    let mut other = (*picture(3)).clone();
    other.data_mut()[0] += 0.5;
    let options = checkpoint.options.clone();
    let mut oracle = Oracle;
    let refused = Fitter::resume(&mut oracle, Arc::new(other), options, checkpoint);
    assert!(refused.err().unwrap().to_string().contains("another picture"));
}

#[test]
fn packed_checkpoints_are_small_and_hold_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let plain = directory.path().join("fit.json");
    let packed = directory.path().join("fit.json.gz");
    let mut oracle = Oracle;
    let mut fitter = Fitter::new(&mut oracle, picture(1), options(3)).unwrap();
    for _ in 0..3 {
        fitter.step().unwrap();
    }
    let checkpoint = fitter.checkpoint();
    for path in [&plain, &packed] {
        checkpoint.write(path).unwrap();
    }
    let json = |path| serde_json::to_value(Checkpoint::read(path).unwrap()).unwrap();
    assert_eq!(json(&plain), json(&packed));
    let bytes = std::fs::read(&packed).unwrap();
    assert!(3 * bytes.len() < 2 * std::fs::read(&plain).unwrap().len());
    // The content decides, not the name; what is cut off is said.
    std::fs::write(&plain, &bytes).unwrap();
    assert_eq!(json(&plain), json(&packed));
    std::fs::write(&packed, &bytes[..bytes.len() / 2]).unwrap();
    let message = Checkpoint::read(&packed).unwrap_err().to_string();
    assert!(message.contains("checkpoint") && message.ends_with("fit.json.gz"), "{message}");
}

#[test]
fn damaged_checkpoints_are_errors_that_name_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("fit.json");
    let mut oracle = Oracle;
    let fitter = Fitter::new(&mut oracle, picture(1), options(3)).unwrap();
    fitter.checkpoint().write(&path).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    Checkpoint::read(&path).unwrap();

    let damaged = [
        text[..text.len() / 2].to_owned(),
        text.replacen("\"version\":2", "\"version\":99", 1),
        text.replacen("\"channels\":1,\"mean_px\":[[", "\"channels\":3,\"mean_px\":[[", 1),
        String::new(),
    ];
    for text in damaged {
        std::fs::write(&path, text).unwrap();
        let message = Checkpoint::read(&path).unwrap_err().to_string();
        assert!(message.ends_with("fit.json") && !message.contains('\n'), "{message}");
    }
    assert!(Checkpoint::read(&directory.path().join("none.json")).is_err());
}
