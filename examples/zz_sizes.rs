use lgi::codec::coded::Order;
use lgi::codec::{ReadLimits, decode_exact, encode_exact};
fn main() {
    for path in std::env::args().skip(1) {
        let bytes = std::fs::read(&path).unwrap();
        let coded = decode_exact(&bytes, &ReadLimits::default()).unwrap();
        let seq = encode_exact(&coded, Order::Sequential, 8, None).unwrap();
        let pro = encode_exact(&coded, Order::Progressive, 8, None).unwrap();
        assert_eq!(seq, bytes);
        let back = decode_exact(&pro, &ReadLimits::default()).unwrap();
        assert_eq!(encode_exact(&back, Order::Progressive, 8, None).unwrap(), pro);
        assert_eq!(encode_exact(&back, Order::Sequential, 8, None).unwrap(), bytes);
        println!(
            "{path} {} atoms {} -> {} {:+.2} %",
            coded.atoms.len(),
            seq.len(),
            pro.len(),
            100.0 * (pro.len() as f64 / seq.len() as f64 - 1.0)
        );
    }
}
