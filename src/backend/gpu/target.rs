//! The target on the device, kept from pass to pass; in 8 bits where it has no other values.

use std::sync::Arc;

use wgpu::Buffer;

use super::bands::Band;
use super::buffers::Buffers;
use super::context::Context;
use super::kernels::Slot;
use super::layouts::pack_8bit;
use crate::error::Result;
use crate::image::Image;

/// A target, and what of it is on the device.
pub(super) struct Target {
    image: Arc<Image>,
    /// Whether every value is one of the 256 steps of 8 bits.
    is_8bit: bool,
    /// All pixels in a word each; empty where they are not needed.
    words: Vec<u32>,
    uploaded: Option<Band>,
}

impl Target {
    /// A target of which nothing is on the device yet.
    fn new(image: &Arc<Image>) -> Self {
        let words = pack_8bit(image);
        Self {
            image: Arc::clone(image),
            is_8bit: words.is_some(),
            words: words.unwrap_or_default(),
            uploaded: None,
        }
    }

    /// The target of `image`, which is the one kept unless that is of another picture.
    pub(super) fn keep<'a>(kept: &'a mut Option<Self>, image: &Arc<Image>) -> &'a mut Self {
        let known = kept.take().filter(|target| Arc::ptr_eq(&target.image, image));
        kept.insert(known.unwrap_or_else(|| Self::new(image)))
    }

    /// Whether all channels of a pixel are in one word.
    pub(super) fn is_8bit(&self) -> bool {
        self.is_8bit
    }

    /// Bytes of a pixel on the device.
    pub(super) fn pixel_bytes(&self) -> u64 {
        4 * if self.is_8bit { 1 } else { self.image.channels() as u64 }
    }

    /// Uploads a band, unless it is there already.
    pub(super) fn upload(
        &mut self,
        context: &Context,
        buffers: &mut Buffers,
        band: Band,
    ) -> Result<()> {
        if self.uploaded == Some(band) {
            return Ok(());
        }
        self.uploaded = None;
        let size = self.image.size();
        let bytes = self.pixel_bytes() * band.size(size).pixels() as u64;
        context.guarded(|| {
            buffers.ensure(context, Slot::Target, bytes)?;
            let buffer = buffers.get(Slot::Target)?;
            if !self.is_8bit {
                write_band(context, buffer, &self.image, band);
                return Ok(());
            }
            if self.words.is_empty() {
                self.words = pack_8bit(&self.image).unwrap_or_default();
            }
            let words = &self.words[band.pixels(size)];
            context.queue.write_buffer(buffer, 0, bytemuck::cast_slice(words));
            Ok(())
        })?;
        if band == Band::whole(size) {
            // It will stay there: the host's copy has served its purpose.
            self.words = Vec::new();
        }
        self.uploaded = Some(band);
        Ok(())
    }
}

/// Writes a band of a picture to the start of a buffer.
pub(super) fn write_band(context: &Context, buffer: &Buffer, image: &Image, band: Band) {
    let mut offset = 0;
    for range in band.values(image.size(), image.channels()) {
        let bytes: &[u8] = bytemuck::cast_slice(&image.data()[range]);
        context.queue.write_buffer(buffer, offset, bytes);
        offset += bytes.len() as u64;
    }
}
