//! Every shader, joined for every channel count and device, is valid and fits the default limits.

#[path = "common/lbfgs_plan.rs"]
mod lbfgs_plan;

use lbfgs_plan::lbfgs_plan;
use lgi::backend::descent::{Update, UpdateText};
use lgi::backend::gpu::{Kernel, Reduction, Tuning, layouts, program_sources};
use lgi::blend::Blend;
use lgi::covariance::{self, Covariance};
use lgi::optim::{OptimizerOptions, UpdateKernel, registry};
use naga::valid::{Capabilities, ValidationFlags, Validator};
use naga::{AddressSpace, Module, TypeInner};

fn tunings() -> Vec<Tuning> {
    let all = Tuning::all();
    let shared = all.iter().map(|t| t.with_reduction(Reduction::Shared));
    let mut both: Vec<_> = all.iter().copied().chain(shared).collect();
    both.dedup();
    both
}

fn for_every_shader(mut check: impl FnMut(&str, &Tuning, Kernel, &Module)) {
    for tuning in tunings() {
        for channels in 1..=5 {
            for kernel in Kernel::ALL {
                let name = format!("{kernel:?} of {channels} channels, {tuning:?}");
                let source = kernel.source(&tuning, channels).expect(&name);
                let module = naga::front::wgsl::parse_str(&source)
                    .unwrap_or_else(|e| panic!("{name}:\n{}", e.emit_to_string(&source)));
                check(&name, &tuning, kernel, &module);
            }
        }
    }
}

#[test]
fn shaders_are_valid_and_need_no_more_than_subgroups() {
    for_every_shader(|name, tuning, kernel, module| {
        let moments = matches!(kernel, Kernel::Loss { .. } | Kernel::Backward);
        let draws = moments || matches!(kernel, Kernel::Render | Kernel::Tangent);
        let subgroup = match tuning.reduction {
            Reduction::Broadcast => draws,
            Reduction::Subgroup => moments,
            Reduction::Shared => false,
        };
        let capabilities = if subgroup { Capabilities::SUBGROUP } else { Capabilities::empty() };
        let mut validator = Validator::new(ValidationFlags::all(), capabilities);
        if let Err(error) = validator.validate(module) {
            panic!("{name}: {error:?}");
        }
    });
}

/// Methods whose every link is elementwise; the names of the others.
fn methods() -> (Vec<(&'static str, Update)>, Vec<&'static str>) {
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for rule in registry::rules() {
        let optimizer = OptimizerOptions::of(rule.name).unwrap().build().unwrap();
        match optimizer.kernel() {
            Some(kernel) => with.push((rule.name, kernel)),
            None => without.push(rule.name),
        }
    }
    let chain = OptimizerOptions::of("freeze,clip-value,adan").unwrap().build().unwrap();
    with.push(("freeze,clip-value,adan", chain.kernel().expect("all links are elementwise")));
    let text = |kernel: UpdateKernel| {
        Update::EachNumber(UpdateText {
            lines: kernel.lines,
            update: kernel.update,
            slots: kernel.slots,
            constants: kernel.constants,
            uses_value: kernel.uses_value,
        })
    };
    (with.into_iter().map(|(name, kernel)| (name, text(kernel))).collect(), without)
}

#[test]
fn every_elementwise_rule_and_covariance_with_formulas_gives_valid_shaders() {
    let (methods, without) = methods();
    // Those that look at norms, at the Gauss-Newton matrix, or at a network.
    assert_eq!(without, ["lars", "lamb", "lbfgs", "levenberg-marquardt", "learned"]);
    let covariances = covariance::ALL.iter().filter(|covariance| covariance.shader().is_some());
    let mut covariances = covariances.peekable();
    assert!(covariances.peek().is_some());
    for (method, update) in &methods {
        assert_programs_are_valid(method, update, covariance::DEFAULT, 3);
    }
    // The covariance and the number of channels are nothing to the update, nor it to them.
    let uses_value =
        |update: &Update| matches!(update, Update::EachNumber(text) if text.uses_value);
    let (method, update) = methods.iter().find(|(_, update)| uses_value(update)).unwrap();
    for covariance in covariances {
        for colors in [1, 3, 4] {
            assert_programs_are_valid(method, update, *covariance, colors);
        }
    }
}

#[test]
fn lbfgs_gives_valid_shaders() {
    // Its numbers are data, not text.
    let plan = lbfgs_plan(8, 1);
    for colors in [1, 3, 4] {
        let update = Update::QuasiNewton(plan);
        assert_programs_are_valid("lbfgs", &update, covariance::DEFAULT, colors);
    }
}

fn assert_programs_are_valid(
    method: &str,
    update: &Update,
    covariance: &'static dyn Covariance,
    colors: usize,
) {
    let largest = lgi::wgpu::Limits::default().max_storage_buffers_per_shader_stage as usize;
    let tuning = Tuning::all()[0];
    for blend in [Blend::Additive, Blend::NORMALIZED] {
        for (label, source) in program_sources(&tuning, covariance, colors, blend, update).unwrap()
        {
            let name = format!("{label} of {method}, {}, {colors} colours", covariance.name());
            let module = naga::front::wgsl::parse_str(&source)
                .unwrap_or_else(|e| panic!("{name}:\n{}", e.emit_to_string(&source)));
            let mut validator = Validator::new(ValidationFlags::all(), Capabilities::empty());
            if let Err(error) = validator.validate(&module) {
                panic!("{name}: {error:?}\n{source}");
            }
            let storage = |space: AddressSpace| matches!(space, AddressSpace::Storage { .. });
            let globals = module.global_variables.iter();
            let buffers = globals.filter(|(_, global)| storage(global.space)).count();
            assert!(buffers <= largest, "{name}: {buffers} buffers");
        }
    }
}

#[test]
fn shaders_fit_the_default_limits() {
    let limits = lgi::wgpu::Limits::default();
    for_every_shader(|name, tuning, kernel, module| {
        let mut layouter = naga::proc::Layouter::default();
        layouter.update(module.to_ctx()).expect(name);
        let (mut buffers, mut shared) = (0, 0);
        for (_, global) in module.global_variables.iter() {
            match global.space {
                AddressSpace::Storage { .. } => buffers += 1,
                AddressSpace::WorkGroup => shared += layouter[global.ty].size,
                _ => {}
            }
        }
        assert!(buffers <= limits.max_storage_buffers_per_shader_stage, "{name}: {buffers}");
        assert!(shared <= limits.max_compute_workgroup_storage_size, "{name}: {shared} bytes");
        let [x, y, z] = module.entry_points[0].workgroup_size;
        assert!(x * y * z <= limits.max_compute_invocations_per_workgroup, "{name}");
        assert_eq!((y, z), (1, 1), "{name}: subgroup operations want one dimension");
        let moments = matches!(kernel, Kernel::Loss { .. } | Kernel::Backward);
        if moments && tuning.reduction == Reduction::Subgroup {
            assert_eq!(x, tuning.backward.workgroup());
        }
    });
}

#[test]
fn structs_have_the_same_layout_on_host_and_device() {
    let layouts = layouts();
    for_every_shader(|name, _, _, module| {
        for layout in &layouts {
            let found = module.types.iter().find(|(_, t)| t.name.as_deref() == Some(layout.name));
            let Some((_, found)) = found else {
                assert!(["Search", "Status"].contains(&layout.name), "{name}: {}", layout.name);
                continue;
            };
            let TypeInner::Struct { members, span } = &found.inner else {
                panic!("{name}: {} is no struct", layout.name);
            };
            let members: Vec<_> = members
                .iter()
                .map(|m| (m.name.as_deref().unwrap_or_default(), u64::from(m.offset)))
                .collect();
            assert_eq!(members, layout.members, "{name}: {}", layout.name);
            assert_eq!(u64::from(*span), layout.size, "{name}: {}", layout.name);
        }
    });
}
