use std::sync::Arc;
use lgi::compress::*;
use lgi::metrics::psnr_db;
use lgi::codec::coded::{Coded, atom::Atom};
fn dump(c: &Coded) -> Vec<u8> {
    let mut v: Vec<i32> = vec![c.size.width as i32, c.size.height as i32, c.channels as i32, c.step as i32, c.spacing as i32, c.base.len() as i32];
    for b in &c.base { v.extend(b); }
    for a in &c.atoms { v.extend(a.color); v.extend(a.scale); v.push(a.angle); v.extend(a.place); }
    v.iter().flat_map(|x| x.to_le_bytes()).collect()
}
fn undump(p: &str) -> Coded {
    let v: Vec<i32> = std::fs::read(p).unwrap().chunks(4).map(|c| i32::from_le_bytes(c.try_into().unwrap())).collect();
    let nb = v[5] as usize;
    Coded { size: lgi::image::Size::new(v[0] as usize, v[1] as usize), channels: v[2] as usize, step: v[3] as u8, spacing: v[4] as u8,
        base: v[6..6 + 4 * nb].chunks(4).map(|c| c.try_into().unwrap()).collect(),
        atoms: v[6 + 4 * nb..].chunks(9).map(|c| Atom { color: c[0..4].try_into().unwrap(), scale: [c[4], c[5]], angle: c[6], place: [c[7], c[8]] }).collect() }
}
fn main() -> lgi::Result<()> {
    let a: Vec<String> = std::env::args().collect();
    let e = |k: &str, d: f64| std::env::var(k).ok().and_then(|v| v.parse().ok()).unwrap_or(d);
    if a[1] == "train" {
        let all: Vec<_> = a[3..].iter().map(|p| undump(p)).collect();
        let t = lgi::codec::coded::train(&all);
        println!("{} bytes", t.len());
        std::fs::write(&a[2], t).unwrap();
        return Ok(());
    }
    if a[1] == "dump" {
        for p in &a[2..] {
            let c = lgi::codec::decode_exact(&std::fs::read(p).unwrap(), &Default::default()).unwrap();
            std::fs::write(p.replace(".lgi", ".dump"), dump(&c)).unwrap();
        }
        return Ok(());
    }
    if a[1] == "bits" {
        let mut total = 0.0;
        for p in &a[2..] {
            let c = undump(p);
            let b = lgi::codec::encode_exact(&c, 8, None)?.len();
            total += b as f64; print!("{b} ");
        }
        println!("= {total}");
        return Ok(());
    }
    let limits = lgi::image::Limits::default();
    let image = Arc::new(lgi::image::load(a[1].as_ref(), &limits)?.image);
    let mut backend = lgi::backend::cpu::Cpu::new();
    let t = std::time::Instant::now();
    let px = image.size().pixels() as f64;
    let target = if std::env::var("D").is_ok() { Target::Step(e("D", 0.7)) } else { Target::Bytes((e("BPP", 0.2) * px / 8.0) as u64) };
    let mut effort = Effort::of(lgi::fit::Quality::Balanced);
    effort.iterations = e("IT", effort.iterations as f64) as u64;
    effort.rounds = e("R", effort.rounds as f64) as usize;
    effort.sweeps = e("SW", effort.sweeps as f64) as usize;
    effort.refit_iterations = e("IT3", effort.refit_iterations as f64) as u64;
    let options = CompressOptions { target, seed: 0, effort };
    let coded = compress(&mut backend, &image, &options)?;
    let secs = t.elapsed().as_secs_f64();
    if let Ok(p) = std::env::var("SAVE") { std::fs::write(p, dump(&coded)).unwrap(); }
    let bytes = lgi::codec::encode_exact(&coded, 8, None)?;
    let t = std::time::Instant::now();
    let back = lgi::codec::decode_exact(&bytes, &Default::default())?;
    let dec = t.elapsed().as_secs_f64();
    assert_eq!(back.base, coded.base);
    let mut x = back.atoms.clone(); let mut y = coded.atoms.clone(); x.sort_by_key(|a| (a.color, a.scale, a.angle, a.place)); y.sort_by_key(|a| (a.color, a.scale, a.angle, a.place));
    assert_eq!(x.len(), y.len());
    assert_eq!(x, y);
    let g = back.gaussians();
    let mut r = lgi::renderer::Renderer::new(&mut backend, lgi::blend::Blend::Additive, image.size());
    r.set(&g);
    let drawn = r.render()?;
    let p = psnr_db(&drawn, &image)?;
    println!("{} DEC {:.3} dB bytes {} bpp {:.4} n {} b/G {:.2} {:.1}s dec {:.1}ms base {}", a[1].rsplit('/').next().unwrap(), p, bytes.len(), 8.0 * bytes.len() as f64 / image.size().pixels() as f64, back.atoms.len(), 8.0 * bytes.len() as f64 / back.atoms.len() as f64, secs, dec * 1e3, back.base.len());
    Ok(())
}
