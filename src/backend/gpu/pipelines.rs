//! Compiled kernels and what they are bound to, made on first use and kept.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use wgpu::{
    BindGroup, BindGroupDescriptor, BindGroupEntry, BindGroupLayout, BindGroupLayoutDescriptor,
    BindGroupLayoutEntry, BindingType, BufferBindingType, ComputePipeline, ShaderStages,
};

use super::buffers::Buffers;
use super::context::Context;
use super::kernels::{Access, Binding, Kernel};
use crate::error::{Error, Result};

/// A kernel for one channel count.
type Key = (Kernel, usize);

/// A compiled kernel, whatever its text, and what it is bound to.
pub(super) struct Compiled {
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
                    let source = kernel.source(&context.tuning, channels)?;
                    let label = format!("{kernel:?} of {channels} channels");
                    let bindings = kernel.bindings(&context.tuning);
                    let compile = || Ok(Compiled::new(context, &label, source, &bindings));
                    place.insert(context.guarded(compile)?)
                }
            };
            compiled.bind(context, buffers, &kernel.bindings(&context.tuning))?;
        }
        Ok(())
    }

    /// A kernel made ready by [`Self::prepare`].
    pub(super) fn get(
        &self,
        kernel: Kernel,
        channels: usize,
    ) -> Result<(&ComputePipeline, &BindGroup)> {
        let compiled = self.compiled.get(&(kernel, channels)).and_then(Compiled::ready);
        compiled.ok_or_else(|| Error::Device(format!("kernel {kernel:?} was never prepared")))
    }
}

impl Compiled {
    /// Compiles a text with these bindings.
    pub(super) fn new(
        context: &Context,
        label: &str,
        source: String,
        bindings: &[Binding],
    ) -> Self {
        let device = &context.device;
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some(label),
            source: wgpu::ShaderSource::Wgsl(source.into()),
        });
        let entries: Vec<_> = bindings
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
            label: Some(label),
            entries: &entries,
        });
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some(label),
            bind_group_layouts: &[Some(&layout)],
            immediate_size: 0,
        });
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(label),
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
        Self { pipeline, layout, bound: None }
    }

    /// Binds it to `buffers`, unless it is.
    pub(super) fn bind(
        &mut self,
        context: &Context,
        buffers: &Buffers,
        bindings: &[Binding],
    ) -> Result<()> {
        let generation = buffers.generation;
        if self.bound.as_ref().is_some_and(|(made, _)| *made == generation) {
            return Ok(());
        }
        self.bound = None;
        let layout = &self.layout;
        let group = context.guarded(|| {
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
        })?;
        self.bound = Some((generation, group));
        Ok(())
    }

    /// The pipeline and what it is bound to, once it is.
    pub(super) fn ready(&self) -> Option<(&ComputePipeline, &BindGroup)> {
        self.bound.as_ref().map(|(_, group)| (&self.pipeline, group))
    }
}
