//! Compiled kernels and what they are bound to, made on first use and kept.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use wgpu::{
    BindGroup, BindGroupDescriptor, BindGroupEntry, BindGroupLayout, BindGroupLayoutDescriptor,
    BindGroupLayoutEntry, BindingType, BufferBindingType, ComputePipeline, ShaderStages,
};

use super::buffers::Buffers;
use super::context::Context;
use super::kernels::{Access, Kernel};
use crate::error::{Error, Result};

/// A kernel for one channel count.
type Key = (Kernel, usize);

struct Compiled {
    pipeline: ComputePipeline,
    layout: BindGroupLayout,
    /// The binding, and the generation of the buffers that it refers to.
    bound: Option<(u64, BindGroup)>,
}

/// All kernels compiled so far.
#[derive(Default)]
pub(super) struct Pipelines {
    compiled: BTreeMap<Key, Compiled>,
}

impl Pipelines {
    /// Compiles the kernels for `channels` that are not yet, and binds all to `buffers`.
    pub(super) fn prepare(
        &mut self,
        context: &Context,
        buffers: &Buffers,
        kernels: &[Kernel],
        channels: usize,
    ) -> Result<()> {
        for &kernel in kernels {
            let compiled = match self.compiled.entry((kernel, channels)) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(place) => {
                    place.insert(context.guarded(|| compile(context, kernel, channels))?)
                }
            };
            let generation = buffers.generation;
            if compiled.bound.as_ref().is_none_or(|(made, _)| *made != generation) {
                compiled.bound = None;
                let group = context.guarded(|| bind(context, buffers, kernel, &compiled.layout))?;
                compiled.bound = Some((generation, group));
            }
        }
        Ok(())
    }

    /// A kernel made ready by [`Self::prepare`].
    pub(super) fn get(
        &self,
        kernel: Kernel,
        channels: usize,
    ) -> Result<(&ComputePipeline, &BindGroup)> {
        match self.compiled.get(&(kernel, channels)) {
            Some(Compiled { pipeline, bound: Some((_, group)), .. }) => Ok((pipeline, group)),
            _ => Err(Error::Device(format!("kernel {kernel:?} was never prepared"))),
        }
    }
}

fn compile(context: &Context, kernel: Kernel, channels: usize) -> Result<Compiled> {
    let device = &context.device;
    let source = kernel.source(&context.tuning, channels)?;
    let label = format!("{kernel:?} of {channels} channels");
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: Some(&label),
        source: wgpu::ShaderSource::Wgsl(source.into()),
    });
    let entries: Vec<_> = kernel
        .bindings(&context.tuning)
        .iter()
        .enumerate()
        .map(|(index, (_, access, _))| BindGroupLayoutEntry {
            binding: index as u32,
            visibility: ShaderStages::COMPUTE,
            ty: BindingType::Buffer {
                ty: match access {
                    Access::Uniform => BufferBindingType::Uniform,
                    Access::Read => BufferBindingType::Storage { read_only: true },
                    Access::Write => BufferBindingType::Storage { read_only: false },
                },
                has_dynamic_offset: false,
                min_binding_size: None,
            },
            count: None,
        })
        .collect();
    let layout = device.create_bind_group_layout(&BindGroupLayoutDescriptor {
        label: Some(&label),
        entries: &entries,
    });
    let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some(&label),
        bind_group_layouts: &[Some(&layout)],
        immediate_size: 0,
    });
    let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: Some(&label),
        layout: Some(&pipeline_layout),
        module: &module,
        entry_point: Some("main"),
        compilation_options: wgpu::PipelineCompilationOptions {
            // The kernels write all shared memory before they read it.
            zero_initialize_workgroup_memory: false,
            ..Default::default()
        },
        cache: None,
    });
    Ok(Compiled { pipeline, layout, bound: None })
}

fn bind(
    context: &Context,
    buffers: &Buffers,
    kernel: Kernel,
    layout: &BindGroupLayout,
) -> Result<BindGroup> {
    let bindings = kernel.bindings(&context.tuning);
    let mut entries = Vec::with_capacity(bindings.len());
    for (index, (slot, _, _)) in bindings.iter().enumerate() {
        let resource = buffers.get(*slot)?.as_entire_binding();
        entries.push(BindGroupEntry { binding: index as u32, resource });
    }
    Ok(context.device.create_bind_group(&BindGroupDescriptor {
        label: None,
        layout,
        entries: &entries,
    }))
}
