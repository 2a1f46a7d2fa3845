//! Which vector instructions the kernels run with, chosen at run time.

use pulp::{Arch, WithSimd};

use crate::error::{Error, Result};

/// A set of vector instructions that the kernels are compiled for.
///
/// The same kernels run on all of them; results differ by rounding only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SimdLevel {
    /// No explicit vectors: every machine has it.
    Scalar,
    /// 4 lanes, 64-bit ARM.
    Neon,
    /// 8 lanes, x86-64 with AVX2 and FMA.
    Avx2,
    /// 16 lanes, x86-64 with AVX-512 (F, BW, CD, DQ and VL).
    Avx512,
}

impl SimdLevel {
    /// Every level, narrowest first.
    pub const ALL: [Self; 4] = [Self::Scalar, Self::Neon, Self::Avx2, Self::Avx512];

    /// The widest level of this machine.
    pub fn best() -> Self {
        let available = Self::ALL.into_iter().rev().find(|level| level.arch().is_some());
        available.unwrap_or(Self::Scalar)
    }

    /// Whether this machine can run it.
    pub fn is_available(self) -> bool {
        self.arch().is_some()
    }

    /// Name for people: `"AVX-512"`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Neon => "NEON",
            Self::Avx2 => "AVX2",
            Self::Avx512 => "AVX-512",
        }
    }

    /// The token that proves that the machine has the instructions, or nothing.
    fn arch(self) -> Option<Arch> {
        match self {
            Self::Scalar => Some(Arch::Scalar),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => pulp::x86::V3::try_new().map(Arch::V3),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => pulp::x86::V4::try_new().map(Arch::V4),
            #[cfg(target_arch = "aarch64")]
            Self::Neon => pulp::aarch64::Neon::try_new().map(Arch::Neon),
            _ => None,
        }
    }
}

/// Runs kernels with one level; made only where the machine has it.
#[derive(Clone, Copy)]
pub(super) struct Dispatcher {
    level: SimdLevel,
    arch: Arch,
}

impl Dispatcher {
    pub(super) fn new(level: SimdLevel) -> Result<Self> {
        let arch = level.arch().ok_or_else(|| {
            Error::Device(format!("this machine has no {} instructions", level.name()))
        })?;
        Ok(Self { level, arch })
    }

    pub(super) fn best() -> Self {
        let level = SimdLevel::best();
        Self { level, arch: level.arch().unwrap_or(Arch::Scalar) }
    }

    pub(super) fn level(self) -> SimdLevel {
        self.level
    }

    #[inline]
    pub(super) fn run<Kernel: WithSimd>(self, kernel: Kernel) -> Kernel::Output {
        self.arch.dispatch(kernel)
    }
}
