//! Removes what an image tells besides its picture: where, when and with what it was taken.
//!
//! Nothing is decoded: segments and chunks are copied or left out. How a photograph is to be
//! turned is kept, as the one entry of a new Exif segment.

use super::FileType;

/// The image without what is not its picture; `None` when it is damaged.
pub(super) fn strip(file_type: FileType, bytes: Vec<u8>) -> Option<Vec<u8>> {
    match file_type {
        FileType::Jpeg => jpeg(&bytes),
        FileType::Png => png(&bytes),
        FileType::Webp => webp(&bytes),
        FileType::Gif => gif(&bytes),
        FileType::Pdf | FileType::Text => Some(bytes),
    }
}

/// Keeps JFIF (APP0), colour profiles (APP2) and Adobe's colour transform (APP14); Exif, XMP,
/// IPTC, comments and what makers put elsewhere go.
fn jpeg(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = bytes.get(..2)?.to_vec();
    let mut at = 2;
    let mut turned = None;
    let mut kept: Vec<u8> = Vec::new();
    loop {
        while *bytes.get(at)? == 0xff && *bytes.get(at + 1)? == 0xff {
            at += 1;
        }
        (*bytes.get(at)? == 0xff).then_some(())?;
        let marker = *bytes.get(at + 1)?;
        if matches!(marker, 0x01 | 0xd0..=0xd7) {
            kept.extend(&bytes[at..at + 2]);
            at += 2;
            continue;
        }
        let length = usize::from(u16::from_be_bytes([
            *bytes.get(at + 2)?,
            *bytes.get(at + 3)?,
        ]));
        let segment = bytes.get(at..at + 2 + length)?;
        match marker {
            0xe1 => turned = turned.or_else(|| orientation(segment.get(4..)?)),
            0xe0 | 0xe2 | 0xee => kept.extend(segment),
            0xe3..=0xed | 0xef | 0xfe => {}
            0xda => break,
            0xd9 => return None,
            _ => kept.extend(segment),
        }
        at += 2 + length;
    }
    if let Some(turned) = turned.filter(|turned| (2..=8).contains(turned)) {
        out.extend(b"\xff\xe1\x00\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0");
        out.push(turned as u8);
        out.extend([0; 6]);
    }
    out.extend(kept);
    out.extend(picture(&bytes[at..])?);
    Some(out)
}

/// The scans up to the end of the picture: files that makers hang behind it go.
fn picture(bytes: &[u8]) -> Option<&[u8]> {
    let mut at = 0;
    loop {
        match (*bytes.get(at)?, *bytes.get(at + 1)?) {
            (0xff, 0xd9) => return bytes.get(..at + 2),
            // Stuffed bytes, restarts and fill belong to the scan.
            (0xff, 0x00 | 0x01 | 0xd0..=0xd7) => at += 2,
            (0xff, 0xff) => at += 1,
            (0xff, _) => {
                let length = [*bytes.get(at + 2)?, *bytes.get(at + 3)?];
                at += 2 + usize::from(u16::from_be_bytes(length));
            }
            _ => at += 1,
        }
    }
}

/// The entry 0x0112 of an Exif segment's first directory.
fn orientation(segment: &[u8]) -> Option<u16> {
    let tiff = segment.strip_prefix(b"Exif\0\0")?;
    let big = match tiff.get(..2)? {
        b"MM" => true,
        b"II" => false,
        _ => return None,
    };
    let short = |at: usize| -> Option<u16> {
        let pair: [u8; 2] = tiff.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if big {
            u16::from_be_bytes(pair)
        } else {
            u16::from_le_bytes(pair)
        })
    };
    let long: [u8; 4] = tiff.get(4..8)?.try_into().ok()?;
    let directory = if big {
        u32::from_be_bytes(long)
    } else {
        u32::from_le_bytes(long)
    } as usize;
    let entries = usize::from(short(directory)?);
    (0..entries)
        .map(|entry| directory + 2 + entry * 12)
        .find(|at| short(*at) == Some(0x0112))
        .and_then(|at| short(at + 8))
}

/// Chunks that only tell about the picture.
const PNG_LEFT_OUT: [&[u8; 4]; 5] = [b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME"];

fn png(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = bytes.get(..8)?.to_vec();
    let mut at = 8;
    while at < bytes.len() {
        let length: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
        let length = u32::from_be_bytes(length) as usize;
        let chunk = bytes.get(at..at.checked_add(length)?.checked_add(12)?)?;
        let kind: &[u8; 4] = chunk[4..8].try_into().ok()?;
        if !PNG_LEFT_OUT.contains(&kind) {
            out.extend(chunk);
        }
        at += chunk.len();
        if kind == b"IEND" {
            return Some(out);
        }
    }
    None
}

/// The flags of Exif and XMP in the extended header.
const WEBP_TOLD: u8 = 0x08 | 0x04;

fn webp(bytes: &[u8]) -> Option<Vec<u8>> {
    let size: [u8; 4] = bytes.get(4..8)?.try_into().ok()?;
    let end = (u32::from_le_bytes(size) as usize)
        .checked_add(8)?
        .min(bytes.len());
    let mut out = bytes.get(..12)?.to_vec();
    let mut at = 12;
    while at + 8 <= end {
        let kind = bytes.get(at..at + 4)?;
        let length: [u8; 4] = bytes.get(at + 4..at + 8)?.try_into().ok()?;
        let length = u32::from_le_bytes(length) as usize;
        let whole = length.checked_add(8)?.checked_add(length % 2)?;
        // The last chunk's padding is often forgotten.
        let chunk = bytes.get(at..at.checked_add(whole)?.min(end))?;
        (chunk.len() >= length + 8).then_some(())?;
        if !matches!(kind, b"EXIF" | b"XMP ") {
            let start = out.len();
            out.extend(chunk);
            if kind == b"VP8X" {
                *out.get_mut(start + 8)? &= !WEBP_TOLD;
            }
        }
        at += whole;
    }
    let size = u32::try_from(out.len() - 8).ok()?;
    out[4..8].copy_from_slice(&size.to_le_bytes());
    Some(out)
}

/// Applications whose word is about how often the pictures are played.
const GIF_LOOPS: [&[u8]; 2] = [b"\x0bNETSCAPE2.0", b"\x0bANIMEXTS1.0"];

/// Keeps the pictures, their times and how often they are played; comments, texts, XMP and what
/// else applications put in go.
fn gif(bytes: &[u8]) -> Option<Vec<u8>> {
    let colours = |flags: u8| match flags & 0x80 {
        0 => 0,
        _ => 3 << ((flags & 0x07) + 1),
    };
    let mut at = 13 + colours(*bytes.get(10)?);
    let mut out = bytes.get(..at)?.to_vec();
    loop {
        let (body, kept) = match *bytes.get(at)? {
            0x21 => {
                let told = bytes.get(at + 2..)?;
                let kept = match bytes[at + 1] {
                    0xf9 => true,
                    0xff => GIF_LOOPS.iter().any(|loops| told.starts_with(loops)),
                    _ => false,
                };
                (at + 2, kept)
            }
            0x2c => (at + 11 + colours(*bytes.get(at + 9)?), true),
            0x3b => {
                out.push(0x3b);
                return Some(out);
            }
            _ => return None,
        };
        let end = gif_blocks_end(bytes, body)?;
        if kept {
            out.extend(&bytes[at..end]);
        }
        at = end;
    }
}

/// Where the blocks that begin at `at` end: each says its length, the last one is empty.
fn gif_blocks_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let length = usize::from(*bytes.get(at)?);
        at += 1 + length;
        if length == 0 {
            return Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: &[u8] = b"52.5163,13.3777";

    fn holds(bytes: &[u8], part: &[u8]) -> bool {
        bytes.windows(part.len()).any(|window| window == part)
    }

    fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0xff, marker];
        bytes.extend((body.len() as u16 + 2).to_be_bytes());
        bytes.extend(body);
        bytes
    }

    fn exif(turned: u8) -> Vec<u8> {
        // Two entries, little-endian: make (0x010f) and orientation (0x0112).
        let mut body = b"Exif\0\0II\x2a\0\x08\0\0\0\x02\0".to_vec();
        body.extend(b"\x0f\x01\x02\0\x04\0\0\0abc\0");
        body.extend(b"\x12\x01\x03\0\x01\0\0\0");
        body.extend([turned, 0, 0, 0]);
        body.extend(b"\0\0\0\0");
        body.extend(PLACE);
        body
    }

    #[test]
    fn a_photograph_keeps_its_picture_and_how_it_is_turned_and_nothing_else() {
        for turned in [1, 6, 8] {
            let mut photo = b"\xff\xd8".to_vec();
            photo.extend(segment(0xe0, b"JFIF\0"));
            photo.extend(segment(0xe1, &exif(turned)));
            photo.extend(segment(
                0xe1,
                b"http://ns.adobe.com/xap/1.0/\0 52.5163,13.3777",
            ));
            photo.extend(segment(0xed, PLACE));
            photo.extend(segment(0xfe, PLACE));
            photo.extend(segment(0xe2, b"ICC_PROFILE\0"));
            photo.extend(segment(0xdb, b"table"));
            photo.extend(segment(0xda, b"scan"));
            photo.extend(b"picture\xff\x00\xff\xd9");
            photo.extend(PLACE);
            let clean = strip(FileType::Jpeg, photo).unwrap();
            assert!(!holds(&clean, PLACE));
            for kept in [
                &b"JFIF"[..],
                b"ICC_PROFILE",
                b"table",
                b"picture\xff\x00\xff\xd9",
            ] {
                assert!(holds(&clean, kept), "{kept:?}");
            }
            assert!(clean.ends_with(b"\xff\xd9"));
            let exif_at = clean.windows(6).position(|window| window == b"Exif\0\0");
            let read = exif_at.and_then(|at| orientation(&clean[at..]));
            assert_eq!(read, (turned > 1).then_some(turned.into()));
            // What was cleaned stays as it is.
            assert_eq!(strip(FileType::Jpeg, clean.clone()), Some(clean));
        }
    }

    #[test]
    fn a_png_loses_its_texts_and_times() {
        let chunk = |kind: &[u8; 4], body: &[u8]| {
            let mut bytes = (body.len() as u32).to_be_bytes().to_vec();
            bytes.extend(kind);
            bytes.extend(body);
            bytes.extend(b"CRC!");
            bytes
        };
        let mut image = b"\x89PNG\r\n\x1a\n".to_vec();
        image.extend(chunk(b"IHDR", b"thirteenbytes"));
        for kind in PNG_LEFT_OUT {
            image.extend(chunk(kind, PLACE));
        }
        image.extend(chunk(b"IDAT", b"picture"));
        image.extend(chunk(b"IEND", b""));
        image.extend(PLACE);
        let clean = strip(FileType::Png, image.clone()).unwrap();
        assert!(!holds(&clean, PLACE));
        assert!(holds(&clean, b"picture") && holds(&clean, b"IHDR"));
        assert_eq!(strip(FileType::Png, image[..40].to_vec()), None);
    }

    #[test]
    fn a_webp_loses_exif_and_xmp_and_says_so() {
        let chunk = |kind: &[u8; 4], body: &[u8]| {
            let mut bytes = kind.to_vec();
            bytes.extend((body.len() as u32).to_le_bytes());
            bytes.extend(body);
            bytes.resize(bytes.len() + body.len() % 2, 0);
            bytes
        };
        let mut body = chunk(b"VP8X", &[0x1c, 0, 0, 0, 9, 0, 0, 9, 0, 0]);
        body.extend(chunk(b"VP8 ", b"picture"));
        body.extend(chunk(b"EXIF", PLACE));
        body.extend(chunk(b"XMP ", PLACE));
        let mut image = b"RIFF".to_vec();
        image.extend((body.len() as u32 + 4).to_le_bytes());
        image.extend(b"WEBP");
        image.extend(&body);
        let clean = strip(FileType::Webp, image).unwrap();
        assert!(!holds(&clean, PLACE) && holds(&clean, b"picture"));
        assert_eq!(clean[20], 0x10, "only the alpha flag stays");
        let size: [u8; 4] = clean[4..8].try_into().unwrap();
        assert_eq!(u32::from_le_bytes(size) as usize, clean.len() - 8);
    }

    #[test]
    fn a_gif_keeps_its_pictures_and_how_they_are_played_and_nothing_else() {
        let blocks = |bodies: &[&[u8]]| {
            let mut bytes = Vec::new();
            for body in bodies {
                bytes.push(body.len() as u8);
                bytes.extend(*body);
            }
            bytes.push(0);
            bytes
        };
        let extension = |label: u8, bodies: &[&[u8]]| [vec![0x21, label], blocks(bodies)].concat();
        let mut start = b"GIF89a\x10\x00\x10\x00\x80\x00\x00".to_vec();
        start.extend(b"colour");
        let loops = extension(0xff, &[b"NETSCAPE2.0", b"\x01\0\0"]);
        let time = extension(0xf9, &[b"\x04\x0a\0\0"]);
        let mut picture = b"\x2c\0\0\0\0\x10\0\x10\0\x80colour\x02".to_vec();
        picture.extend(blocks(&[b"picture", b"more"]));
        let mut image = start.clone();
        image.extend(&loops);
        image.extend(extension(0xfe, &[PLACE]));
        // XMP is no block: its bytes are read as lengths, until a tail of falling ones ends it.
        image.extend(b"\x21\xff\x0bXMP DataXMP52.5163,13.3777\x01");
        image.extend((0..=255u8).rev());
        image.push(0);
        image.extend(&time);
        image.extend(extension(0x01, &[b"twelve bytes", PLACE]));
        image.extend(extension(0xff, &[b"MAKER  12.0", PLACE]));
        image.extend(&picture);
        image.push(0x3b);
        image.extend(PLACE);
        let clean = strip(FileType::Gif, image.clone()).unwrap();
        let kept = [start, loops, time, picture, vec![0x3b]].concat();
        assert_eq!(clean, kept);
        assert_eq!(strip(FileType::Gif, clean.clone()), Some(clean));
        let cut = image.len() - PLACE.len() - 1;
        assert_eq!(strip(FileType::Gif, image[..cut].to_vec()), None);
    }

    #[test]
    fn no_bytes_bring_it_down() {
        let mut random = 1u64;
        for round in 0..20_000u32 {
            let mut bytes: Vec<u8> = match round % 4 {
                0 => b"\xff\xd8\xff\xe1\x00\x20Exif\0\0MM\0\x2a\0\0\0\x08\0\x09".to_vec(),
                1 => b"\x89PNG\r\n\x1a\n\0\0\0\x04tEXtabcd".to_vec(),
                2 => b"GIF89a\x10\0\x10\0\0\0\0\x21\xfe\x02ab\0\x2c".to_vec(),
                _ => b"RIFF\x40\0\0\0WEBPVP8X\x0a\0\0\0".to_vec(),
            };
            for _ in 0..40 {
                random = random
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                bytes.push((random >> 33) as u8);
            }
            let at = (random >> 40) as usize % bytes.len();
            bytes[at] = (random >> 20) as u8;
            for file_type in FileType::ALL {
                let _ = strip(file_type, bytes.clone());
                let _ = super::super::image::pixels(file_type, &bytes);
            }
        }
    }
}
