//! Every shader, joined for every channel count and device, is valid and fits the default limits.

use lgi::backend::gpu::{Kernel, Reduction, Tuning, layouts};
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
            let (_, found) = found.unwrap_or_else(|| panic!("{name} has no {}", layout.name));
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
