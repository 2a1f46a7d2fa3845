//! The one table of kernels: text, bindings and workgroup of each.

use super::capabilities::{Block, Reduction, TILE, Tuning};
use super::template::{Constants, expand};
use crate::backend::GEOMETRY_MOMENTS;
use crate::error::{Error, Result};
use crate::gaussians::SUPPORT_Q;

/// Shared memory that the backward kernel may use for its batches, in bytes.
const BATCH_BYTES: u32 = 8 * 1024;

/// Entries that the lanes load together where they take them from each other.
const BROADCAST_ENTRIES: u32 = 2;

/// The buffers that kernels are bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(usize)]
pub(super) enum Slot {
    Frame,
    Splats,
    TileCounts,
    Counters,
    Ranges,
    Entries,
    Offsets,
    Unsorted,
    List,
    Picture,
    Target,
    LossSums,
    Tangent,
    Partials,
    Moments,
    // Of a descent: what stays on the device from iteration to iteration.
    Parameters,
    Best,
    Gradient,
    Values,
    Memory,
    Constants,
    History,
    Status,
    // Of a descent with a line search besides.
    Base,
    Blocks,
    Search,
    Pairs,
    GroupSums,
}

impl Slot {
    pub(super) const COUNT: usize = Self::GroupSums as usize + 1;

    fn variable(self) -> &'static str {
        match self {
            Self::Frame => "frame",
            Self::Splats => "splats",
            Self::TileCounts => "tile_counts",
            Self::Counters => "counters",
            Self::Ranges => "ranges",
            Self::Entries => "entries",
            Self::Offsets => "offsets",
            Self::Unsorted => "unsorted",
            Self::List => "list",
            Self::Picture => "picture",
            Self::Target => "image_target",
            Self::LossSums => "loss_sums",
            Self::Tangent => "tangent",
            Self::Partials => "partials",
            Self::Moments => "moments",
            Self::Parameters => "parameters",
            Self::Best => "best",
            Self::Gradient => "gradient_of",
            Self::Values => "values",
            Self::Memory => "memory",
            Self::Constants => "constants",
            Self::History => "history",
            Self::Status => "status",
            Self::Base => "base",
            Self::Blocks => "blocks",
            Self::Search => "search",
            Self::Pairs => "pairs",
            Self::GroupSums => "group_sums",
        }
    }
}

/// How a kernel sees a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    Uniform,
    Read,
    Write,
}

/// Every kernel.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kernel {
    /// Splats to (splat, tile) pairs.
    Emit,
    /// Tile counts to offsets.
    Scan,
    /// Pairs to tile lists.
    Place,
    /// Tile lists in the order of the splats.
    Order,
    /// Tile lists to the picture.
    Render,
    /// Tile lists to a loss and the partial moments of its gradient.
    Loss {
        /// The target has 8-bit values, one word per pixel.
        of_8bit: bool,
        /// The last channel is the coverage, by which the others are divided.
        normalized: bool,
    },
    /// Tile lists to the derivative of the picture along a tangent.
    Tangent,
    /// Gradient image to partial moments.
    Backward,
    /// Partial moments to moments.
    Gather,
    /// Parameters to splats.
    Pack {
        /// The last channel is the coverage.
        normalized: bool,
    },
    /// The loss of a state, and whether it is the best so far.
    Judge {
        /// The state may be the trial of a line search, to be kept or not.
        searching: bool,
    },
    /// The centre of gravity of all Gaussians.
    Center,
}

pub(super) type Binding = (Slot, Access, &'static str);

pub(super) const FRAME: &str = include_str!("../../../shaders/frame.wgsl");
const FOOTPRINT: &str = include_str!("../../../shaders/footprint.wgsl");
const EMIT: &str = include_str!("../../../shaders/emit.wgsl");
const SCAN: &str = include_str!("../../../shaders/scan.wgsl");
const PLACE: &str = include_str!("../../../shaders/place.wgsl");
const ORDER: &str = include_str!("../../../shaders/order.wgsl");
const TILE_KERNEL: &str = include_str!("../../../shaders/tile.wgsl");
const FORWARD: &str = include_str!("../../../shaders/forward.wgsl");
const STORE: &str = include_str!("../../../shaders/store.wgsl");
const LOSS: &str = include_str!("../../../shaders/loss.wgsl");
const LOAD: &str = include_str!("../../../shaders/load.wgsl");
const BACKWARD: &str = include_str!("../../../shaders/backward.wgsl");
const GATHER: &str = include_str!("../../../shaders/gather.wgsl");
pub(super) const STATUS: &str = include_str!("../../../shaders/status.wgsl");
pub(super) const PARAMETERS: &str = include_str!("../../../shaders/parameters.wgsl");
const PACK: &str = include_str!("../../../shaders/pack.wgsl");
pub(super) const SEARCH: &str = include_str!("../../../shaders/search.wgsl");
pub(super) const TREE_SUM: &str = include_str!("../../../shaders/tree_sum.wgsl");
const JUDGE: &str = include_str!("../../../shaders/judge.wgsl");
const CENTER: &str = include_str!("../../../shaders/center.wgsl");

/// Closes the function that `tile.wgsl` opens.
const END: &str = "}\n";

/// Binding 0 of every kernel.
pub(super) const FRAME_BINDING: Binding = (Slot::Frame, Access::Uniform, "Frame");

impl Kernel {
    #[doc(hidden)]
    pub const ALL: [Self; 17] = [
        Self::Emit,
        Self::Scan,
        Self::Place,
        Self::Order,
        Self::Render,
        Self::Loss { of_8bit: false, normalized: false },
        Self::Loss { of_8bit: false, normalized: true },
        Self::Loss { of_8bit: true, normalized: false },
        Self::Loss { of_8bit: true, normalized: true },
        Self::Tangent,
        Self::Backward,
        Self::Gather,
        Self::Pack { normalized: false },
        Self::Pack { normalized: true },
        Self::Judge { searching: false },
        Self::Judge { searching: true },
        Self::Center,
    ];

    /// Name of the stage that the kernel is, a part of the wait for the device.
    pub(super) fn stage(self) -> &'static str {
        match self {
            Self::Emit => "device/emit",
            Self::Scan => "device/scan",
            Self::Place => "device/place",
            Self::Order => "device/order",
            Self::Render => "device/render",
            Self::Loss { .. } => "device/loss",
            Self::Tangent => "device/tangent",
            Self::Backward => "device/backward",
            Self::Gather => "device/gather",
            Self::Pack { .. } => "device/pack",
            Self::Judge { .. } => "device/judge",
            Self::Center => "device/center",
        }
    }

    /// The parts of the kernel's text, in order.
    fn parts(self) -> &'static [&'static str] {
        match self {
            Self::Emit => &[FRAME, FOOTPRINT, EMIT],
            Self::Scan => &[FRAME, SCAN],
            Self::Place => &[FRAME, PLACE],
            Self::Order => &[FRAME, ORDER],
            Self::Render | Self::Tangent => &[FRAME, TILE_KERNEL, FORWARD, STORE, END],
            Self::Loss { .. } => &[FRAME, TILE_KERNEL, FORWARD, LOSS, BACKWARD, END],
            Self::Backward => &[FRAME, TILE_KERNEL, LOAD, BACKWARD, END],
            Self::Gather => &[FRAME, GATHER],
            Self::Pack { .. } => &[FRAME, PARAMETERS, PACK],
            Self::Judge { searching: false } => &[FRAME, STATUS, TREE_SUM, JUDGE],
            Self::Judge { searching: true } => &[FRAME, STATUS, SEARCH, TREE_SUM, JUDGE],
            Self::Center => &[FRAME, STATUS, PARAMETERS, TREE_SUM, CENTER],
        }
    }

    /// Whether the target has all channels of a pixel in one word.
    fn takes_8bit(self) -> bool {
        matches!(self, Self::Loss { of_8bit: true, .. })
    }

    /// Whether the last channel is the coverage and divides the others.
    fn normalizes(self) -> bool {
        matches!(self, Self::Loss { normalized: true, .. } | Self::Pack { normalized: true })
    }

    /// The kernel's buffers after the frame; binding 1 comes first.
    fn storage(self, tuning: &Tuning) -> Vec<Binding> {
        use Access::{Read, Write};
        let splats = (Slot::Splats, Read, "array<vec4f>");
        let offsets = (Slot::Offsets, Read, "array<u32>");
        let list = (Slot::List, Read, "array<vec2u>");
        let counters = (Slot::Counters, Read, "array<u32>");
        let picture = (Slot::Picture, Write, "array<f32>");
        let parameters = (Slot::Parameters, Read, "array<f32>");
        let status = (Slot::Status, Write, "Status");
        let target = if self.takes_8bit() { "array<u32>" } else { "array<f32>" };
        let partials = match tuning.reduction {
            Reduction::Subgroup | Reduction::Broadcast => (Slot::Partials, Write, "array<vec4f>"),
            Reduction::Shared => (Slot::Partials, Write, "array<f32>"),
        };
        match self {
            Self::Emit => vec![
                splats,
                (Slot::TileCounts, Write, "array<atomic<u32>>"),
                (Slot::Counters, Write, "array<atomic<u32>>"),
                (Slot::Ranges, Write, "array<vec2u>"),
                (Slot::Entries, Write, "array<Entry>"),
            ],
            Self::Scan => vec![
                counters,
                (Slot::TileCounts, Read, "array<u32>"),
                (Slot::Offsets, Write, "array<u32>"),
            ],
            Self::Place => vec![
                counters,
                offsets,
                (Slot::Entries, Read, "array<Entry>"),
                (Slot::Unsorted, Write, "array<vec2u>"),
            ],
            Self::Order => vec![
                offsets,
                (Slot::Unsorted, Read, "array<vec2u>"),
                (Slot::List, Write, "array<vec2u>"),
            ],
            Self::Render => vec![splats, offsets, list, picture],
            Self::Loss { .. } => vec![
                splats,
                offsets,
                list,
                partials,
                (Slot::Target, Read, target),
                (Slot::LossSums, Write, "array<vec4f>"),
            ],
            Self::Tangent => {
                vec![splats, offsets, list, picture, (Slot::Tangent, Read, "array<f32>")]
            }
            Self::Backward => {
                vec![splats, offsets, list, partials, (Slot::Picture, Read, "array<f32>")]
            }
            Self::Gather => vec![
                (Slot::Ranges, Read, "array<vec2u>"),
                (Slot::Partials, Read, "array<f32>"),
                (Slot::Moments, Write, "array<f32>"),
            ],
            Self::Pack { .. } => vec![parameters, (Slot::Splats, Write, "array<vec4f>")],
            Self::Judge { searching } => {
                let search = searching.then_some((Slot::Search, Write, "Search"));
                let sums = (Slot::LossSums, Read, "array<vec4f>");
                let history = (Slot::History, Write, "array<vec4f>");
                [counters, sums, history, status].into_iter().chain(search).collect()
            }
            Self::Center => vec![parameters, status],
        }
    }

    /// All buffers in the order of their bindings.
    pub(super) fn bindings(self, tuning: &Tuning) -> Vec<Binding> {
        let mut bindings = vec![FRAME_BINDING];
        bindings.extend(self.storage(tuning));
        bindings
    }

    /// Invocations of a workgroup.
    pub(super) fn workgroup(self, tuning: &Tuning) -> u32 {
        match self {
            Self::Emit | Self::Place | Self::Gather | Self::Pack { .. } => tuning.linear,
            Self::Scan | Self::Judge { .. } | Self::Center => tuning.scan,
            Self::Order => tuning.order,
            Self::Render | Self::Tangent => tuning.forward.workgroup(),
            Self::Loss { .. } | Self::Backward => tuning.backward.workgroup(),
        }
    }

    /// The joined WGSL text.
    ///
    /// # Errors
    /// [`Error::Device`] if the shader's own text is wrong, which tests rule out.
    #[doc(hidden)]
    pub fn source(self, tuning: &Tuning, channels: usize) -> Result<String> {
        let constants = self.constants(tuning, channels as u32);
        join(&format!("{self:?}"), &self.bindings(tuning), self.parts(), &constants)
    }

    /// Every constant that the kernel's text can name.
    fn constants(self, tuning: &Tuning, channels: u32) -> Constants {
        let backward = matches!(self, Self::Loss { .. } | Self::Backward);
        let block = if backward { tuning.backward } else { tuning.forward };
        let workgroup = self.workgroup(tuning);
        let moments = channels + GEOMETRY_MOMENTS as u32;
        let batch = (BATCH_BYTES / (moments * workgroup * 4)).max(1);
        let mut constants = channel_constants(channels as usize, self.normalizes());
        let mut set = |name: &str, value: String| constants.insert(name.to_owned(), value);

        set("NO_TILE", "0xffffffffu".to_owned());
        set("WORKGROUP", workgroup.to_string());
        set("PARTIAL", partial_vectors(channels as usize).to_string());
        set("SHORT", SHORT_LIST.to_string());
        set("WORDS", BITMAP_WORDS.to_string());
        set("BATCH", batch.to_string());
        set("BATCH_FLOATS", (batch * moments * workgroup).to_string());
        let shared = tuning.reduction == Reduction::Shared;
        set("SHARED", u32::from(shared).to_string());
        set("BATCHED", u32::from(shared && backward).to_string());
        let broadcast = tuning.reduction == Reduction::Broadcast;
        set("BROADCAST", u32::from(broadcast).to_string());
        set("UNROLL", if broadcast { BROADCAST_ENTRIES } else { 1 }.to_string());
        set("LOSS", u32::from(matches!(self, Self::Loss { .. })).to_string());
        set("PACKED", u32::from(self.takes_8bit()).to_string());
        set("SEARCHING", u32::from(self == Self::Judge { searching: true }).to_string());
        set("TANGENT", u32::from(self == Self::Tangent).to_string());
        set_block(&mut set, block);
        for c in 0..channels {
            let place = 5 + c;
            let member = ["x", "y", "z", "w"][place as usize % 4];
            set(&format!("COLOR_{c}"), format!("record_{}.{member}", place / 4));
        }
        for (k, name) in ["X", "Y", "XX", "XY", "YY"].iter().enumerate() {
            let index = channels as usize + k;
            set(&format!("MOMENT_{name}"), format!("moment_{index}"));
            set(&format!("TANGENT_{name}"), format!("tangent_{index}"));
        }
        for k in 0..partial_vectors(channels as usize) as u32 {
            let moment = |m: u32| if m < moments { format!("moment_{m}") } else { "0.0".into() };
            let members: Vec<_> = (4 * k..4 * k + 4).map(moment).collect();
            set(&format!("PARTIAL_{k}"), format!("vec4f({})", members.join(", ")));
        }
        constants
    }
}

/// Joins bindings and parts to one WGSL text.
///
/// # Errors
/// [`Error::Device`] naming the shader if its text is wrong.
pub(super) fn join(
    name: &str,
    bindings: &[Binding],
    parts: &[&str],
    constants: &Constants,
) -> Result<String> {
    let mut text = String::new();
    for (index, (slot, access, kind)) in bindings.iter().enumerate() {
        let space = match access {
            Access::Uniform => "uniform",
            Access::Read => "storage, read",
            Access::Write => "storage, read_write",
        };
        let variable = slot.variable();
        text += &format!("@group(0) @binding({index}) var<{space}> {variable}: {kind};\n");
    }
    for part in parts {
        text.push('\n');
        text += part;
    }
    expand(&text, constants).map_err(|message| Error::Device(format!("shader {name}: {message}")))
}

/// The constants that follow from the channels of the splats, the last of which may be the
/// coverage.
pub(super) fn channel_constants(channels: usize, normalized: bool) -> Constants {
    let record = record_vectors(channels);
    let numbers = [
        ("TILE", TILE as usize),
        ("CHANNELS", channels),
        ("COLORS", channels - usize::from(normalized)),
        ("NORMALIZED", usize::from(normalized)),
        ("MOMENTS", channels + GEOMETRY_MOMENTS),
        ("RECORD", record),
        ("RECORD_FLOATS", 4 * record),
    ];
    let texts = numbers.map(|(name, value)| (name.to_owned(), value.to_string()));
    let mut constants = Constants::from(texts);
    constants.insert("CUT".to_owned(), format!("{:?}", cut()));
    constants
}

fn set_block(set: &mut impl FnMut(&str, String) -> Option<String>, block: Block) {
    set("LANES_X", block.lanes[0].to_string());
    set("LANES_Y", block.lanes[1].to_string());
    set("PIXELS_X", block.pixels()[0].to_string());
    set("PIXELS_Y", block.pixels()[1].to_string());
}

/// Lists up to this length are sorted by counting, which takes quadratic time.
const SHORT_LIST: u32 = 32;

/// Words of the bitmap that sorts long lists; a window of 32 times as many splats.
const BITMAP_WORDS: u32 = 1024;

/// The power at the edge of a splat: `SUPPORT_Q / 2 * log2(e)`.
fn cut() -> f32 {
    (f64::from(SUPPORT_Q) * 0.5 * std::f64::consts::LOG2_E) as f32
}

/// Vectors of four of a splat's record.
pub(super) fn record_vectors(channels: usize) -> usize {
    (5 + channels).div_ceil(4)
}

/// Vectors of four of a pair's partial moments.
pub(super) fn partial_vectors(channels: usize) -> usize {
    (GEOMETRY_MOMENTS + channels).div_ceil(4)
}
