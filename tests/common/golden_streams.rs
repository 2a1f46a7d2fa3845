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
        [0x6317_e111_378f_be80, 0xa606_ee02_22c2_5909],
    ),
    (
        "alpha",
        Order::Sequential,
        include_bytes!("../golden/alpha.lgi"),
        [0x5645_f1e3_7de9_4cf0, 0x1959_febf_6920_ac03],
    ),
    (
        "gray",
        Order::Sequential,
        include_bytes!("../golden/gray.lgi"),
        [0x8c26_ec83_fdc5_4f4e, 0x8d66_ff94_c594_a164],
    ),
    (
        "photo_progressive",
        Order::Progressive,
        include_bytes!("../golden/photo_progressive.lgi"),
        [0xb76c_aac1_d9ab_d4bc, 0x6260_30dc_b3f7_af69],
    ),
    (
        "alpha_progressive",
        Order::Progressive,
        include_bytes!("../golden/alpha_progressive.lgi"),
        [0x0b4b_bfb0_6416_1680, 0x9e5e_d1b5_f82b_826b],
    ),
    (
        "gray_progressive",
        Order::Progressive,
        include_bytes!("../golden/gray_progressive.lgi"),
        [0x108f_75f1_0954_9e7a, 0x7471_2fda_c031_cad0],
    ),
];
