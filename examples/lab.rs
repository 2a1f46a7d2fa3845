use std::sync::Arc;
use lgi::compress::*;
use lgi::metrics::psnr_db;
fn main() -> lgi::Result<()> {
    let a: Vec<String> = std::env::args().collect();
    let e = |k: &str, d: f64| std::env::var(k).ok().and_then(|v| v.parse().ok()).unwrap_or(d);
    let limits = lgi::image::Limits::default();
    let image = Arc::new(lgi::image::load(a[1].as_ref(), &limits)?.image);
    let mut backend = lgi::backend::cpu::Cpu::new();
    let t = std::time::Instant::now();
    let options = CompressOptions { target: Target::Step(e("D", 0.7), e("N", 1500.0) as usize), seed: 0,
        effort: Effort { iterations: e("IT", 140.0) as u64, rounds: e("R", 4.0) as usize, sweeps: e("SW", 6.0) as usize, refit_iterations: e("IT3", 15.0) as u64 } };
    let done = compress(&mut backend, &image, &options)?;
    let secs = t.elapsed().as_secs_f64();
    let bytes = lgi::codec::encode_exact(&done.coded, 8, None)?;
    let t = std::time::Instant::now();
    let back = lgi::codec::decode_exact(&bytes, &Default::default())?;
    let dec = t.elapsed().as_secs_f64();
    assert_eq!(back.base, done.coded.base);
    let mut x = back.atoms.clone(); let mut y = done.coded.atoms.clone(); x.sort_by_key(|a| (a.color, a.scale, a.angle, a.place)); y.sort_by_key(|a| (a.color, a.scale, a.angle, a.place));
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
