//! Streams that every build on every machine decodes to the same parameters.
//!
//! Use with `#[path = "common/golden_streams.rs"] mod golden_streams;`.

use lgi::codec::coded::Order;

/// Streams in `tests/golden`, and what their parameters hash to on every machine.
///
/// `photo` is kodim23 of the Kodak set, `lgi encode --bpp 0.05 -q draft`; `alpha` and `gray` are
/// made up by `coded_pictures`. A change of these hashes is a change of the format; the example
/// `golden_streams` writes all of them.
pub const GOLDEN: [(&str, Order, &[u8], [u64; 2]); 6] = [
    (
        "photo",
        Order::Sequential,
        include_bytes!("../golden/photo.lgi"),
        [0xa564_326c_8cbd_6269, 0x8cd9_deff_5d11_b41b],
    ),
    (
        "alpha",
        Order::Sequential,
        include_bytes!("../golden/alpha.lgi"),
        [0xf4c2_7c36_1ce2_2cf1, 0xbab5_4662_2a1d_5d6b],
    ),
    (
        "gray",
        Order::Sequential,
        include_bytes!("../golden/gray.lgi"),
        [0x6f33_7af8_c969_d66a, 0xba37_72a5_5806_d007],
    ),
    (
        "photo_progressive",
        Order::Progressive,
        include_bytes!("../golden/photo_progressive.lgi"),
        [0x7c2f_3064_dace_0439, 0x6f19_7cc0_6c5f_026b],
    ),
    (
        "alpha_progressive",
        Order::Progressive,
        include_bytes!("../golden/alpha_progressive.lgi"),
        [0x7efe_4a16_3fd1_f985, 0x3483_1450_f131_5757],
    ),
    (
        "gray_progressive",
        Order::Progressive,
        include_bytes!("../golden/gray_progressive.lgi"),
        [0x270a_1e7d_9320_4556, 0x984c_a747_e295_ac33],
    ),
];
