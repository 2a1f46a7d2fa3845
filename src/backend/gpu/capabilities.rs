//! What an adapter can do, and the constants of the kernels that follow from it.
//!
//! Every number that depends on the kind of device is chosen here and nowhere else.

use wgpu::{AdapterInfo, DeviceType, Features, Limits};

/// Width and height of a tile in pixels.
pub const TILE: u32 = 16;

/// How the lanes of a workgroup share what they load and add up their sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reduction {
    /// `subgroupBroadcast` from every lane; all workgroups that draw are exactly one subgroup of
    /// eight. Software runs it without loops over lanes, which all else that lanes share needs.
    Broadcast,
    /// `subgroupAdd`; the workgroup is exactly one subgroup.
    Subgroup,
    /// Through shared memory, a batch of entries at a time.
    Shared,
}

/// How a workgroup's lanes share a tile's pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Block {
    /// Lanes across and down.
    pub lanes: [u32; 2],
}

impl Block {
    /// Invocations of the workgroup.
    pub fn workgroup(self) -> u32 {
        self.lanes[0] * self.lanes[1]
    }

    /// Pixels of every lane, across and down.
    pub fn pixels(self) -> [u32; 2] {
        self.lanes.map(|lanes| TILE / lanes)
    }
}

/// Constants of the kernels for one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tuning {
    /// Lanes of the kernels that only draw.
    pub forward: Block,
    /// Lanes of the kernels that sum moments.
    pub backward: Block,
    /// How these add up their lanes.
    pub reduction: Reduction,
    /// Workgroup of the kernels with one invocation per item.
    pub linear: u32,
    /// Workgroup of the scan over tiles.
    pub scan: u32,
    /// Workgroup of the sort of a tile's list.
    pub order: u32,
}

impl Tuning {
    /// The constants for a device.
    ///
    /// Software (lavapipe runs a workgroup as a loop over vectors of 8) is fastest with workgroups
    /// of one vector and as many pixels per lane as registers hold; hardware wants many lanes in
    /// flight with few registers each.
    pub fn new(info: &AdapterInfo, features: Features) -> Self {
        let subgroup = subgroup_size(info, features);
        if info.device_type == DeviceType::Cpu {
            return Self {
                forward: Block { lanes: [2, 4] },
                backward: Block { lanes: [2, 4] },
                reduction: match subgroup {
                    Some(8) => Reduction::Broadcast,
                    _ => Reduction::Shared,
                },
                linear: 64,
                scan: 32,
                order: 8,
            };
        }
        let backward = match subgroup {
            Some(32) => Block { lanes: [8, 4] },
            _ => Block { lanes: [16, 4] },
        };
        Self {
            forward: Block { lanes: [16, 8] },
            backward,
            reduction: match subgroup {
                Some(lanes) if lanes == backward.workgroup() => Reduction::Subgroup,
                _ => Reduction::Shared,
            },
            linear: 64,
            scan: 256,
            order: 64,
        }
    }

    /// The same with another reduction. For tests.
    #[doc(hidden)]
    #[must_use]
    pub fn with_reduction(mut self, reduction: Reduction) -> Self {
        self.reduction = reduction;
        self
    }

    /// All sets of constants that [`Self::new`] can give. For tests.
    #[doc(hidden)]
    pub fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for device_type in [DeviceType::Cpu, DeviceType::DiscreteGpu] {
            for (min, max) in [(8, 8), (32, 32), (64, 64), (4, 64)] {
                let mut info = AdapterInfo::new(device_type, wgpu::Backend::Vulkan);
                info.subgroup_min_size = min;
                info.subgroup_max_size = max;
                all.push(Self::new(&info, Features::SUBGROUP));
            }
        }
        all.dedup();
        all
    }
}

/// The size of all subgroups, where the device has subgroups and only one size of them.
fn subgroup_size(info: &AdapterInfo, features: Features) -> Option<u32> {
    let fixed = info.subgroup_min_size == info.subgroup_max_size;
    (fixed && features.contains(Features::SUBGROUP)).then_some(info.subgroup_min_size)
}

/// Features that make the kernels faster, and that tell how fast, where there are any.
pub(super) fn wanted_features(available: Features) -> Features {
    available & (Features::SUBGROUP | Features::TIMESTAMP_QUERY)
}

/// The default limits, raised to what the adapter has where pictures and lists profit from it.
pub(super) fn wanted_limits(available: &Limits) -> Limits {
    Limits {
        max_storage_buffer_binding_size: available.max_storage_buffer_binding_size,
        max_buffer_size: available.max_buffer_size,
        ..Limits::default()
    }
}
