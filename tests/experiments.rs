//! Experiments: what must hold for anyone who repeats one.

#![cfg(feature = "experiment")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lgi::backend::cpu::Cpu;
use lgi::backend::select::DeviceChoice;
use lgi::experiment::builtin;
use lgi::experiment::{Experiment, Job, Observer, RunEnd, Verdict, Workers, read_pictures};
use lgi::strategy::{Run, RunCheckpoint};

const TINY: &str = r#"
title = "tiny"
pictures = ["synthetic#24x20+8+8", "synthetic#20x24+40+30"]
gaussians = [4, 6]
seeds = [0, 1]
log-every = 3
figures = ["psnr"]
[settings]
iterations = 12
[[variant]]
name = "adam"
method = "adam"
[[variant]]
name = "lbfgs"
method = "lbfgs"
[[branch]]
name = "slow"
from = 5
learning-rate = 0.1
[[claim]]
text = "a run is level with itself"
of = "adam"
baseline = "adam"
measure = "gain"
at-least = 0.0
[[claim]]
text = "and not better"
of = "adam"
baseline = "adam"
measure = "gain"
at-least = 0.1
[[claim]]
text = "nor does it get there earlier"
of = "adam"
baseline = "adam"
measure = "speed"
at-least = 1.0
at-most = 1.0
[[claim]]
text = "of what there is not, nothing is said"
of = "nobody"
measure = "psnr"
at-least = 0.0
"#;

fn workers(jobs: usize) -> Workers {
    Workers { device: DeviceChoice::Cpu, jobs: Some(jobs) }
}

fn job(text: &str) -> Job {
    Job::new(Experiment::parse(text).unwrap()).unwrap()
}

/// Runs to the end, and gives the curves without their seconds.
fn curves(job: &Job, directory: &Path, jobs: usize) -> Vec<Vec<String>> {
    assert!(job.run(directory, &workers(jobs), &(), "test").unwrap());
    rows(directory)
}

fn rows(directory: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_path(directory.join("curves.csv")).unwrap();
    let seconds = reader.headers().unwrap().iter().position(|name| name == "seconds").unwrap();
    let row = |record: csv::StringRecord| {
        let cells = record.iter().enumerate().filter(|(place, _)| *place != seconds);
        cells.map(|(_, cell)| cell.to_owned()).collect()
    };
    reader.records().map(|record| row(record.unwrap())).collect()
}

/// Stops after some runs.
struct StopAfter {
    runs: usize,
    ended: AtomicUsize,
    fresh: AtomicUsize,
}

impl StopAfter {
    fn new(runs: usize) -> Self {
        Self { runs, ended: AtomicUsize::new(0), fresh: AtomicUsize::new(0) }
    }
}

impl Observer for StopAfter {
    fn ended(&self, end: &RunEnd<'_>) {
        self.ended.fetch_add(1, Ordering::SeqCst);
        self.fresh.fetch_add(usize::from(end.psnr_db.is_some()), Ordering::SeqCst);
    }

    fn stopped(&self) -> bool {
        self.ended.load(Ordering::SeqCst) >= self.runs
    }
}

#[test]
fn an_experiment_that_is_stopped_goes_on_to_the_same_curves() {
    let [whole, parts] = [0, 1].map(|_| tempfile::tempdir().unwrap());
    let job = job(TINY);
    let expected = curves(&job, whole.path(), 1);
    for runs in [1, 7, 5] {
        let stop = StopAfter::new(runs);
        assert!(!job.run(parts.path(), &workers(1), &stop, "test").unwrap());
        assert!(!parts.path().join("report.md").exists());
    }
    let rest = StopAfter::new(usize::MAX);
    assert!(job.run(parts.path(), &workers(1), &rest, "test").unwrap());
    let fresh = rest.fresh.load(Ordering::SeqCst);
    assert!(fresh > 0 && fresh < job.plan().runs.len(), "{fresh} runs were not there yet");
    assert_eq!(rows(parts.path()), expected);

    // Once more, nothing is run.
    let again = StopAfter::new(usize::MAX);
    assert!(job.run(parts.path(), &workers(1), &again, "test").unwrap());
    assert_eq!(again.fresh.load(Ordering::SeqCst), 0);
}

#[test]
fn a_file_of_a_run_that_was_cut_off_counts_for_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let job = job(TINY);
    let expected = curves(&job, directory.path(), 2);
    let key = &job.plan().runs[0].key;
    let runs = directory.path().join("runs");
    std::fs::write(runs.join(format!("{key}.json")), "{\"made_").unwrap();
    std::fs::write(runs.join(format!("{key}.csv")), "half").unwrap();
    assert_eq!(curves(&job, directory.path(), 2), expected);
}

#[test]
fn runs_whose_settings_changed_are_run_again_and_no_others() {
    let directory = tempfile::tempdir().unwrap();
    curves(&job(TINY), directory.path(), 2);
    let changed = TINY.replace("name = \"lbfgs\"", "name = \"lbfgs\"\nset = { memory = 3 }");
    let watch = StopAfter::new(usize::MAX);
    let job = job(&changed);
    assert!(job.run(directory.path(), &workers(2), &watch, "test").unwrap());
    let of_lbfgs = job.plan().runs.iter().filter(|run| run.label == "lbfgs").count();
    assert_eq!(watch.fresh.load(Ordering::SeqCst), of_lbfgs);
}

#[test]
fn curves_do_not_depend_on_how_many_run_at_once() {
    let [one, three] = [1, 3].map(|jobs| {
        let directory = tempfile::tempdir().unwrap();
        curves(&job(TINY), directory.path(), jobs)
    });
    assert_eq!(one, three);
    assert_eq!(job(TINY).plan().runs.len(), 2 * 2 * 2 * 2 * 2);
}

#[test]
fn a_branch_is_the_same_as_going_on_from_the_checkpoint_by_hand() {
    let directory = tempfile::tempdir().unwrap();
    let job = job(TINY);
    curves(&job, directory.path(), 2);
    let pictures = read_pictures(&["synthetic#24x20+8+8".into()], None).unwrap();
    for label in ["adam", "lbfgs"] {
        let plan = job.plan();
        let is_it = |run: &&lgi::experiment::Run| run.label == label && run.picture == 0;
        let branch = plan.runs.iter().filter(is_it).find(|run| run.branch.is_some()).unwrap();
        let whole = &plan.runs[branch.branch.unwrap().run];
        let path = format!("runs/{}-000005.checkpoint.json.gz", whole.key);
        let checkpoint = RunCheckpoint::read(&directory.path().join(path)).unwrap();
        let mut options = checkpoint.options.clone();
        let rates = options.fit.optimizer.learning_rate.map(|rate| rate * 0.1);
        options.fit.optimizer.set_learning_rate(rates);
        let mut cpu = Cpu::new();
        let target = Arc::clone(&pictures[0].target);
        let mut by_hand = Run::resume(&mut cpu, target, options, checkpoint).unwrap();
        let last = loop {
            let progress = by_hand.step().unwrap();
            if progress.stop.is_some() {
                break progress;
            }
        };
        let results = job.results(directory.path()).unwrap();
        let run = results.runs.iter().find(|ended| ended.run.key == branch.key).unwrap();
        assert_eq!(run.curve.last("best_psnr_db"), last.best_psnr_db, "{label}");
        assert_eq!(run.curve.last("iteration"), last.iteration as f64, "{label}");
    }
}

#[test]
fn the_report_says_what_was_expected_and_what_came_of_it() {
    let directory = tempfile::tempdir().unwrap();
    let job = job(TINY);
    curves(&job, directory.path(), 2);
    let results = job.results(directory.path()).unwrap();
    let experiment = Experiment::parse(TINY).unwrap();
    let verdicts: Vec<Verdict> =
        experiment.claims.iter().map(|claim| claim.judge(&experiment, &results).verdict).collect();
    use Verdict::{Confirmed, Open, Refuted};
    assert_eq!(verdicts, [Confirmed, Refuted, Confirmed, Open]);
    let report = std::fs::read_to_string(directory.path().join("report.md")).unwrap();
    for part in ["# tiny", "**refuted**", "| 4 | adam |", "from 5: slow", "(psnr.svg)", " ± "] {
        assert!(report.contains(part), "{part} is missing in\n{report}");
    }
    let svg = std::fs::read_to_string(directory.path().join("psnr.svg")).unwrap();
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
    // Two pictures, two seeds: figures are means over four runs.
    assert!(results.groups.iter().all(|group| group.runs.len() == 4));
}

#[test]
fn of_what_is_tried_the_best_stands_for_all() {
    let text = r#"
title = "tried"
pictures = "synthetic#24x20+8+8"
gaussians = 5
best-of = ["learning-rate"]
figures = []
[settings]
method = "adam"
iterations = 10
[grid]
blend = ["additive", "normalized"]
learning-rate = [1e-6, 1.0]
"#;
    let directory = tempfile::tempdir().unwrap();
    let job = job(text);
    curves(&job, directory.path(), 2);
    let results = job.results(directory.path()).unwrap();
    let found: Vec<_> =
        results.groups.iter().map(|group| (group.label.as_str(), group.tried.as_str())).collect();
    assert_eq!(found, [("additive", "learning-rate 1.0"), ("normalized", "learning-rate 1.0")]);
}

#[test]
fn watched_moments_give_the_steps_that_were_made() {
    let text = r#"
title = "watched"
pictures = "synthetic#24x20+8+8"
gaussians = 5
checkpoint-every = 1
watch = [0, 3]
figures = ["moments"]
[settings]
method = "adam"
iterations = 6
set = { color.beta1 = 0.9 }
"#;
    let directory = tempfile::tempdir().unwrap();
    let job = job(text);
    curves(&job, directory.path(), 1);
    let runs = directory.path().join("runs");
    let key = &job.plan().runs[0].key;
    let color = |iteration: u64, place: usize| {
        let path = runs.join(format!("{key}-{iteration:06}.checkpoint.json.gz"));
        let json = serde_json::to_value(RunCheckpoint::read(&path).unwrap()).unwrap();
        json["work"]["descent"]["state"]["gaussians"]["color"][place].as_f64().unwrap()
    };
    let mut reader = csv::Reader::from_path(runs.join(format!("{key}.moments.csv"))).unwrap();
    let mut checked = 0;
    for row in reader.records().map(Result::unwrap) {
        let number = |place: usize| row[place].parse::<f64>().unwrap();
        let iteration = number(0) as u64;
        if &row[2] != "color" || !(1..5).contains(&iteration) {
            continue;
        }
        let place = 3 * number(1) as usize + number(3) as usize;
        let moved = color(iteration + 1, place) - color(iteration, place);
        let step = number(9);
        assert!((moved + step).abs() < 1e-6 + 1e-4 * step.abs(), "{row:?}: {moved}");
        checked += 1;
    }
    assert_eq!(checked, 4 * 2 * 3);
    assert!(directory.path().join("moments.svg").is_file());
}

#[test]
fn errors_name_the_key() {
    let with = |before: &str, after: &str| TINY.replace(before, after);
    for (text, says) in [
        ("title = ".into(), "line 1"),
        (with("title = \"tiny\"", ""), "missing field `title`"),
        (with("log-every", "log-evry"), "log-evry"),
        (with("gaussians = [4, 6]", "gaussians = \"many\""), "gaussians"),
        (with("gaussians = [4, 6]", "gaussians = [0]"), "gaussians: at least 1"),
        (with("seeds = [0, 1]", "seeds = []"), "seeds: at least one"),
        (with("iterations = 12", "iteration = 12"), "settings: unknown field `iteration`"),
        (with("iterations = 12", "iterations = \"x\""), "iterations"),
        (
            with("method = \"lbfgs\"", "methods = \"lbfgs\""),
            "variant \"lbfgs\": unknown field `methods`",
        ),
        (with("name = \"lbfgs\"", "name = \"adam\""), "variant: two are called \"adam\""),
        (with("from = 5", ""), "branch \"slow\": missing field `from`"),
        (with("from = 5", "from = \"now\""), "branch \"slow\": from"),
        (with("measure = \"speed\"", "measure = \"taste\""), "taste"),
        (with("baseline = \"adam\"", ""), "missing field `baseline`"),
        (with("figures = [\"psnr\"]", "figures = [\"art\"]"), "art"),
        (format!("best-of = [\"init\"]\n{TINY}"), "best-of: grid has no \"init\""),
        (format!("{TINY}\n[grid]\nblend = \"additive\""), "grid.blend must be a list"),
        (format!("{TINY}\n[grid]\nblend = [\"thick\"]"), "thick"),
    ] {
        let error = Experiment::parse(&text).unwrap_err().to_string();
        assert!(error.contains(says), "{says}: {error}");
    }
    for (text, says) in [
        (with("method = \"lbfgs\"", "method = \"lbgfs\""), "lbfgs: method: no method \"lbgfs\""),
        (with("method = \"adam\"", "method = \"adam\"\nset = { beta9 = 1 }"), "adam: set: "),
        (with("method = \"adam\"", "method = \"adam\"\nset = { rate = \"fast\" }"), "set.rate"),
        (with("method = \"adam\"", "method = \"adam\"\nschedule = \"cos\""), "adam: schedule: "),
        (with("from = 5", "from = 12"), "branch \"slow\": from: "),
        (with("synthetic#24x20+8+8", "synthetic#24x20+60+60"), "is not within"),
        (with("synthetic#24x20+8+8", "nothing*.png"), "\"nothing*.png\": no file"),
        (format!("crop = \"small\"\n{TINY}"), "crop: \"small\""),
    ] {
        let error = Job::new(Experiment::parse(&text).unwrap()).unwrap_err().to_string();
        assert!(error.contains(says), "{says}: {error}");
    }
}

#[test]
fn every_built_in_experiment_can_be_planned_at_both_sizes() {
    for built_in in builtin::ALL {
        let name = built_in.name;
        let experiment = built_in.experiment().unwrap_or_else(|error| panic!("{name}: {error}"));
        let whole = Job::new(experiment.clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let quick = Job::new(experiment.quick()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let work = |job: &Job| {
            let runs = job.plan().runs.iter();
            runs.map(|run| run.options.fit.stop.iterations * run.gaussians as u64).sum::<u64>()
        };
        assert!(work(&quick) < work(&whole), "{name}");
    }
}

#[test]
fn every_built_in_experiment_runs_and_writes_its_report() {
    for built_in in builtin::ALL {
        let name = built_in.name;
        let mut experiment = built_in.experiment().unwrap().quick();
        experiment.drop_branches();
        experiment.pictures = vec!["synthetic#24x20+8+8".into()];
        experiment.crop = None;
        experiment.gaussians = vec![6];
        experiment.seeds = vec![0];
        experiment.watch.truncate(1);
        experiment.settings.iterations = Some(4);
        for variant in &mut experiment.variants {
            variant.settings.iterations = variant.settings.iterations.and(Some(4));
            let shortened =
                variant.settings.method.as_deref().map(|text| text.replace(":50", ":2"));
            variant.settings.method = shortened;
        }
        let directory = tempfile::tempdir().unwrap();
        let job = Job::new(experiment).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(job.plan().left_out.is_empty(), "{name}: {:?}", job.plan().left_out);
        let watch = StopAfter::new(usize::MAX);
        assert!(job.run(directory.path(), &workers(2), &watch, name).unwrap(), "{name}");
        assert_eq!(job.results(directory.path()).unwrap().runs.len(), job.plan().runs.len());
        let report = std::fs::read_to_string(directory.path().join("report.md")).unwrap();
        assert!(report.contains("## Results"), "{name}: {report}");
    }
}

#[test]
fn divergence_in_small_shows_averages_losing_coverage() {
    let mut experiment = builtin::BuiltIn::named("divergence").unwrap().experiment().unwrap();
    experiment.pictures = vec!["synthetic#32x32+0+0".into()];
    experiment.gaussians = vec![12];
    experiment.seeds = vec![0];
    experiment.figures.clear();
    experiment.branches.truncate(1);
    experiment.branches[0].from = 60;
    experiment.settings.iterations = Some(600);
    // Ten times as fast, to be there in a second.
    experiment.settings.learning_rate = None;
    for name in ["rate", "position"] {
        let faster = match &experiment.settings.set[name] {
            toml::Value::Float(rate) => toml::Value::Float(20.0 * rate),
            _ => toml::Value::Table([("rate".into(), 0.64.into())].into_iter().collect()),
        };
        experiment.settings.set.insert(name.into(), faster);
    }
    let directory = tempfile::tempdir().unwrap();
    let job = Job::new(experiment).unwrap();
    curves(&job, directory.path(), 2);
    let results = job.results(directory.path()).unwrap();
    let uncovered = |label: &str| {
        let of = |group: &&lgi::experiment::Group| group.label == label && group.branch.is_none();
        let group = results.groups.iter().find(of).unwrap();
        results.figures(group, |run| run.curve.last("uncovered_pixels"))[0]
    };
    assert!(uncovered("normalized") > 100.0 && uncovered("additive") < 20.0);
}
