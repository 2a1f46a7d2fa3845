use std::sync::Arc;
use lgi::compress::*;
use lgi::metrics::psnr_db;
fn main() -> lgi::Result<()> {
    let a: Vec<String> = std::env::args().collect();
    let e = |k: &str, d: f64| std::env::var(k).ok().and_then(|v| v.parse().ok()).unwrap_or(d);
    if a[1] == "train" {
        let all: Vec<_> = a[3..].iter().map(|p| lgi::codec::decode_exact(&std::fs::read(p).unwrap(), &Default::default()).unwrap()).collect();
        let t = lgi::codec::coded::train(&all);
        println!("{} bytes", t.len());
        std::fs::write(&a[2], t).unwrap();
        return Ok(());
    }
    if a[1] == "bits" {
        let mut total = 0.0;
        for p in &a[2..] {
            let c = lgi::codec::decode_exact(&std::fs::read(p).unwrap(), &Default::default()).unwrap();
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
    if let Ok(p) = std::env::var("SAVE") { std::fs::write(p, lgi::codec::encode_exact(&coded, 8, None)?).unwrap(); }
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
