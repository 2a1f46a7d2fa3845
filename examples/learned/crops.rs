//! Parts of pictures: random ones to learn from, middle ones to measure on.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use lgi::image::{Image, Limits, PictureFormat, Size, load};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

use crate::Result;

/// The pictures of a folder, in the order of their names.
pub struct Pictures {
    pub all: Vec<Picture>,
}

pub struct Picture {
    pub name: String,
    pub image: Image,
}

impl Pictures {
    /// Reads all pictures of a folder, or the files that are named.
    pub fn load(paths: &[PathBuf]) -> Result<Self> {
        let mut files = Vec::new();
        for path in paths {
            if path.is_dir() {
                let mut inside: Vec<PathBuf> =
                    std::fs::read_dir(path)?.map(|e| Ok(e?.path())).collect::<Result<_>>()?;
                inside.retain(|path| path.is_file() && PictureFormat::from_path(path).is_ok());
                inside.sort();
                files.extend(inside);
            } else {
                files.push(path.clone());
            }
        }
        let all = files.iter().map(|path| Picture::load(path)).collect::<Result<Vec<_>>>()?;
        if all.is_empty() {
            return Err("no pictures".into());
        }
        Ok(Self { all })
    }

    /// A square part of some picture, perhaps mirrored.
    pub fn random_crop(&self, side: usize, random: &mut Xoshiro256PlusPlus) -> Arc<Image> {
        let picture = &self.all[below(random, self.all.len())].image;
        let Size { width, height } = picture.size();
        let left = below(random, width.saturating_sub(side) + 1);
        let top = below(random, height.saturating_sub(side) + 1);
        let mirrored = below(random, 2) == 1;
        Arc::new(crop(picture, left, top, side, mirrored))
    }
}

impl Picture {
    fn load(path: &Path) -> Result<Self> {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, image: load(path, &Limits::default())?.image })
    }

    /// The middle of the picture.
    pub fn middle(&self, side: usize) -> Arc<Image> {
        let Size { width, height } = self.image.size();
        let [left, top] = [width, height].map(|length| length.saturating_sub(side) / 2);
        Arc::new(crop(&self.image, left, top, side, false))
    }
}

/// The generator of one task.
pub fn random(seed: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed)
}

/// A number below `count`, which is small.
pub fn below(random: &mut Xoshiro256PlusPlus, count: usize) -> usize {
    (random.next_u64() % count.max(1) as u64) as usize
}

fn crop(image: &Image, left: usize, top: usize, side: usize, mirrored: bool) -> Image {
    let whole = image.size();
    let size = Size::new(side.min(whole.width), side.min(whole.height));
    let mut part = Image::zeros(size, image.channels());
    for channel in 0..image.channels() {
        for y in 0..size.height {
            for x in 0..size.width {
                let from = if mirrored { size.width - 1 - x } else { x };
                part.plane_mut(channel)[y * size.width + x] =
                    image.at(channel, left + from, top + y);
            }
        }
    }
    part
}
