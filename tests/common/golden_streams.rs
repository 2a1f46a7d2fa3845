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
        [0xb7ac_aa20_3085_922f, 0x21cc_d2d7_f85e_558c],
    ),
    (
        "alpha",
        Order::Sequential,
        include_bytes!("../golden/alpha.lgi"),
        [0x2020_eec8_81b4_4f48, 0xfc6d_abc1_836e_9f2f],
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
        [0x64f1_3d7f_ddf8_1287, 0x887c_cb9a_7d25_e6d8],
    ),
    (
        "alpha_progressive",
        Order::Progressive,
        include_bytes!("../golden/alpha_progressive.lgi"),
        [0x3c5b_5c1a_148b_eca8, 0xb89c_9658_c742_f213],
    ),
    (
        "gray_progressive",
        Order::Progressive,
        include_bytes!("../golden/gray_progressive.lgi"),
        [0x270a_1e7d_9320_4556, 0x984c_a747_e295_ac33],
    ),
];
