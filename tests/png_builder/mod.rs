//! PNG files of any header and content, valid or not, without a PNG encoder.
//!
//! Each test binary uses a part of it.
#![allow(dead_code)]

/// A PNG of `raw` scanlines, each with its filter byte in front.
pub struct Png {
    pub width: u32,
    pub height: u32,
    pub bit_depth: u8,
    pub color_type: u8,
    /// Chunks between header and data, such as `PLTE` and `tRNS`.
    pub extra: Vec<([u8; 4], Vec<u8>)>,
    pub raw: Vec<u8>,
}

impl Png {
    pub fn new(width: u32, height: u32, bit_depth: u8, color_type: u8, raw: &[u8]) -> Self {
        Self { width, height, bit_depth, color_type, extra: Vec::new(), raw: raw.to_vec() }
    }

    pub fn with(mut self, kind: &[u8; 4], payload: &[u8]) -> Self {
        self.extra.push((*kind, payload.to_vec()));
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut header = Vec::new();
        header.extend(self.width.to_be_bytes());
        header.extend(self.height.to_be_bytes());
        header.extend([self.bit_depth, self.color_type, 0, 0, 0]);
        let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
        chunk(&mut out, b"IHDR", &header);
        for (kind, payload) in &self.extra {
            chunk(&mut out, kind, payload);
        }
        chunk(&mut out, b"IDAT", &zlib_stored(&self.raw));
        chunk(&mut out, b"IEND", &[]);
        out
    }
}

fn chunk(out: &mut Vec<u8>, kind: &[u8; 4], payload: &[u8]) {
    out.extend((payload.len() as u32).to_be_bytes());
    let start = out.len();
    out.extend(kind);
    out.extend(payload);
    let checksum = crc32fast::hash(&out[start..]);
    out.extend(checksum.to_be_bytes());
}

/// A zlib stream without compression.
fn zlib_stored(raw: &[u8]) -> Vec<u8> {
    let mut out = vec![0x78, 0x01];
    let mut blocks = raw.chunks(0xffff).peekable();
    if raw.is_empty() {
        out.extend([1, 0, 0, 0xff, 0xff]);
    }
    while let Some(block) = blocks.next() {
        out.push(u8::from(blocks.peek().is_none()));
        out.extend((block.len() as u16).to_le_bytes());
        out.extend((!(block.len() as u16)).to_le_bytes());
        out.extend(block);
    }
    let (mut a, mut b) = (1_u32, 0_u32);
    for byte in raw {
        a = (a + u32::from(*byte)) % 65521;
        b = (b + a) % 65521;
    }
    out.extend(((b << 16) | a).to_be_bytes());
    out
}

/// An Exif block that says nothing but the orientation, 1 to 8.
pub fn exif_orientation(orientation: u8) -> Vec<u8> {
    let mut exif = b"II\x2a\x00\x08\x00\x00\x00\x01\x00".to_vec();
    exif.extend([0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0]);
    exif.extend([0; 4]);
    exif
}
