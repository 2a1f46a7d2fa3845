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
        [0xb09f_e78e_2683_b7a8, 0x3666_e4bb_afc6_90af],
    ),
    (
        "alpha",
        Order::Sequential,
        include_bytes!("../golden/alpha.lgi"),
        [0x44d6_3c0c_fb5a_8a9f, 0x44a8_251a_424c_45b8],
    ),
    (
        "gray",
        Order::Sequential,
        include_bytes!("../golden/gray.lgi"),
        [0xd9d2_895c_211f_e04b, 0xc34c_226a_9867_cf12],
    ),
    (
        "photo_progressive",
        Order::Progressive,
        include_bytes!("../golden/photo_progressive.lgi"),
        [0x6151_f689_00ae_c750, 0xdedd_dae9_8021_7f7f],
    ),
    (
        "alpha_progressive",
        Order::Progressive,
        include_bytes!("../golden/alpha_progressive.lgi"),
        [0x6e95_4362_6a89_3167, 0x48d9_a3f9_2237_6cfc],
    ),
    (
        "gray_progressive",
        Order::Progressive,
        include_bytes!("../golden/gray_progressive.lgi"),
        [0x7498_fd73_0cbc_ddab, 0xfc8a_c9b3_6685_236a],
    ),
];
