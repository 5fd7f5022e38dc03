//! How large an image is, read from its own header without decoding it.

use super::FileType;

/// The sides of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pixels {
    pub(crate) width: u32,
    pub(crate) height: u32,
}

/// The sides; `None` when the header is damaged.
pub(super) fn pixels(file_type: FileType, bytes: &[u8]) -> Option<Pixels> {
    match file_type {
        FileType::Png => png(bytes),
        FileType::Jpeg => jpeg(bytes),
        FileType::Gif => gif(bytes),
        FileType::Webp => webp(bytes),
        FileType::Pdf | FileType::Text => None,
    }
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn be16(bytes: &[u8], at: usize) -> Option<u32> {
    let pair: [u8; 2] = bytes.get(at..at + 2)?.try_into().ok()?;
    Some(u16::from_be_bytes(pair).into())
}

fn le16(bytes: &[u8], at: usize) -> Option<u32> {
    let pair: [u8; 2] = bytes.get(at..at + 2)?.try_into().ok()?;
    Some(u16::from_le_bytes(pair).into())
}

fn le24(bytes: &[u8], at: usize) -> Option<u32> {
    let low = le16(bytes, at)?;
    Some(low | u32::from(*bytes.get(at + 2)?) << 16)
}

fn png(bytes: &[u8]) -> Option<Pixels> {
    (bytes.get(12..16)? == b"IHDR").then_some(())?;
    Some(Pixels {
        width: be32(bytes, 16)?,
        height: be32(bytes, 20)?,
    })
}

fn gif(bytes: &[u8]) -> Option<Pixels> {
    Some(Pixels {
        width: le16(bytes, 6)?,
        height: le16(bytes, 8)?,
    })
}

/// The first frame header; its markers are C0 to CF without C4, C8 and CC.
fn jpeg(bytes: &[u8]) -> Option<Pixels> {
    let mut at = 2;
    loop {
        while *bytes.get(at)? == 0xff && *bytes.get(at + 1)? == 0xff {
            at += 1;
        }
        (*bytes.get(at)? == 0xff).then_some(())?;
        let marker = *bytes.get(at + 1)?;
        match marker {
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                return Some(Pixels {
                    height: be16(bytes, at + 5)?,
                    width: be16(bytes, at + 7)?,
                });
            }
            // The picture itself begins and there was no frame.
            0xd9 | 0xda => return None,
            0x01 | 0xd0..=0xd7 => at += 2,
            _ => at += 2 + be16(bytes, at + 2)? as usize,
        }
    }
}

fn webp(bytes: &[u8]) -> Option<Pixels> {
    let data = 20;
    match bytes.get(12..16)? {
        b"VP8X" => Some(Pixels {
            width: le24(bytes, data + 4)? + 1,
            height: le24(bytes, data + 7)? + 1,
        }),
        b"VP8 " => {
            (bytes.get(data + 3..data + 6)? == [0x9d, 0x01, 0x2a]).then_some(())?;
            Some(Pixels {
                width: le16(bytes, data + 6)? & 0x3fff,
                height: le16(bytes, data + 8)? & 0x3fff,
            })
        }
        b"VP8L" => {
            (*bytes.get(data)? == 0x2f).then_some(())?;
            let packed: [u8; 4] = bytes.get(data + 1..data + 5)?.try_into().ok()?;
            let packed = u32::from_le_bytes(packed);
            Some(Pixels {
                width: (packed & 0x3fff) + 1,
                height: (packed >> 14 & 0x3fff) + 1,
            })
        }
        _ => None,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A PNG's header and end, without a picture.
    pub(in super::super) fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes.extend(b"\x08\x02\0\0\0CRC!");
        bytes.extend(b"\0\0\0\0IENDCRC!");
        bytes
    }

    #[test]
    fn sides_are_read_from_every_kind_of_header() {
        let mut jpeg = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xff\xc2\x00\x11\x08".to_vec();
        jpeg.extend([0x01, 0x02, 0x03, 0x04, 0x03]);
        let riff = |chunk: &[u8; 4], data: &[u8]| {
            let mut bytes = b"RIFF\0\0\0\0WEBP".to_vec();
            bytes.extend(chunk);
            bytes.extend((data.len() as u32).to_le_bytes());
            bytes.extend(data);
            bytes
        };
        for (file_type, bytes, width, height) in [
            (FileType::Png, png(640, 480), 640, 480),
            (FileType::Gif, b"GIF89a\x10\x00\x20\x01".to_vec(), 16, 288),
            (FileType::Jpeg, jpeg, 0x0304, 0x0102),
            (
                FileType::Webp,
                riff(b"VP8X", &[0x10, 0, 0, 0, 0x7f, 0x02, 0, 0xdf, 0x01, 0]),
                640,
                480,
            ),
            (
                FileType::Webp,
                riff(b"VP8 ", &[0, 0, 0, 0x9d, 1, 0x2a, 0x80, 2, 0xe0, 1]),
                640,
                480,
            ),
            (
                FileType::Webp,
                riff(b"VP8L", &[0x2f, 0x7f, 0xc2, 0x77, 0]),
                640,
                480,
            ),
        ] {
            let expected = Pixels { width, height };
            assert_eq!(pixels(file_type, &bytes), Some(expected), "{file_type:?}");
            for length in 0..bytes.len() {
                // Cut anywhere, it answers.
                let _ = pixels(file_type, &bytes[..length]);
            }
        }
    }
}
