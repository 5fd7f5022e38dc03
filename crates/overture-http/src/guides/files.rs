//! What uploaded files really are, from their first bytes: nothing is believed of a name.

use overture_engine::model::Millis;

/// The longest video.
pub(super) const VIDEO_MAX: Millis = Millis(60_500);

/// A file that may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) content_type: &'static str,
    /// Of a video, milliseconds.
    pub(super) duration_ms: u32,
}

/// A video of at most a minute, MP4 or WebM.
///
/// # Errors
/// What was expected.
pub(super) fn video(data: &[u8]) -> Result<Known, &'static str> {
    let (content_type, duration_ms) = if data.get(4..8) == Some(b"ftyp") {
        ("video/mp4", mp4_duration_ms(data))
    } else if data.starts_with(&[0x1a, 0x45, 0xdf, 0xa3]) {
        ("video/webm", webm_duration_ms(data))
    } else {
        return Err("expected a video file, MP4 or WebM");
    };
    let duration_ms =
        duration_ms.ok_or("expected a video that says how long it is: export it once more")?;
    if u64::from(duration_ms) > VIDEO_MAX.0 {
        return Err("expected a video of at most 60 seconds");
    }
    Ok(Known {
        content_type,
        duration_ms,
    })
}

/// A still picture.
pub(super) fn poster(data: &[u8]) -> Result<Known, &'static str> {
    let content_type = if data.starts_with(b"\x89PNG\r\n\x1a\n") {
        "image/png"
    } else if data.starts_with(&[0xff, 0xd8, 0xff]) {
        "image/jpeg"
    } else if data.starts_with(b"RIFF") && data.get(8..12) == Some(b"WEBP") {
        "image/webp"
    } else {
        return Err("expected a picture: PNG, JPEG or WebP");
    };
    Ok(Known {
        content_type,
        duration_ms: 0,
    })
}

/// Captions in WebVTT with at least one cue, in order and with an end after its beginning.
pub(super) fn captions(data: &[u8]) -> Result<Known, &'static str> {
    let text = std::str::from_utf8(data).map_err(|_| "expected captions in UTF-8")?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    if first != "WEBVTT" && !first.starts_with("WEBVTT ") && !first.starts_with("WEBVTT\t") {
        return Err("expected WebVTT: its first line is WEBVTT");
    }
    let (mut cues, mut last) = (0, 0);
    for line in lines {
        let Some((from, rest)) = line.split_once("-->") else {
            continue;
        };
        let to = rest.split_whitespace().next().unwrap_or_default();
        let (Some(from), Some(to)) = (vtt_ms(from.trim()), vtt_ms(to)) else {
            return Err("expected times like 00:01.000 --> 00:02.500");
        };
        if to <= from || from < last {
            return Err("expected cues in order, each with an end after its beginning");
        }
        last = from;
        cues += 1;
    }
    if cues == 0 {
        return Err("expected at least one cue: times with a line of text");
    }
    Ok(Known {
        content_type: "text/vtt; charset=utf-8",
        duration_ms: 0,
    })
}

/// Milliseconds of `mm:ss.ttt` or `hh:mm:ss.ttt`.
fn vtt_ms(text: &str) -> Option<u64> {
    let (whole, thousandths) = text.split_once('.')?;
    if thousandths.len() != 3 {
        return None;
    }
    let parts: Vec<u64> = whole
        .split(':')
        .map(|part| (part.len() >= 2).then(|| part.parse().ok()).flatten())
        .collect::<Option<_>>()?;
    let seconds = match parts.as_slice() {
        [minutes, seconds] if *minutes < 60 && *seconds < 60 => minutes * 60 + seconds,
        [hours, minutes, seconds] if *minutes < 60 && *seconds < 60 => {
            hours.checked_mul(3_600)? + minutes * 60 + seconds
        }
        _ => return None,
    };
    Some(seconds.checked_mul(1_000)? + thousandths.parse::<u64>().ok()?)
}

fn be(data: &[u8]) -> u64 {
    data.iter()
        .take(8)
        .fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

/// The content of the first box of a type, among the boxes in `data`.
fn mp4_box<'d>(data: &'d [u8], wanted: &[u8; 4]) -> Option<&'d [u8]> {
    let mut rest = data;
    while rest.len() >= 8 {
        let (mut size, mut header) = (be(&rest[..4]), 8);
        if size == 1 {
            size = be(rest.get(8..16)?);
            header = 16;
        } else if size == 0 {
            size = rest.len() as u64;
        }
        let size = usize::try_from(size).ok()?;
        if size < header || size > rest.len() {
            return None;
        }
        if &rest[4..8] == wanted {
            return Some(&rest[header..size]);
        }
        rest = &rest[size..];
    }
    None
}

/// `moov.mvhd`: timescale and duration, ISO 14496-12.
fn mp4_duration_ms(data: &[u8]) -> Option<u32> {
    let header = mp4_box(mp4_box(data, b"moov")?, b"mvhd")?;
    let (scale, duration) = match header.first()? {
        0 => (be(header.get(12..16)?), be(header.get(16..20)?)),
        1 => (be(header.get(20..24)?), be(header.get(24..32)?)),
        _ => return None,
    };
    let ms = duration.checked_mul(1_000)?.checked_div(scale)?;
    u32::try_from(ms).ok().filter(|ms| *ms > 0)
}

/// A number of variable length (EBML), and how many bytes it took.
fn ebml_number(data: &[u8], keep_marker: bool) -> Option<(u64, usize)> {
    let first = *data.first()?;
    let length = first.leading_zeros() as usize + 1;
    if length > 8 || data.len() < length {
        return None;
    }
    let number = be(&data[..length]);
    let marker = 1u64 << (7 * length);
    Some((
        if keep_marker {
            number
        } else {
            number & (marker - 1)
        },
        length,
    ))
}

/// The content of the first element with an id, among the elements in `data`; one that
/// goes on to the end or beyond is cut there.
fn ebml_element(data: &[u8], wanted: u64) -> Option<&[u8]> {
    let mut rest = data;
    while !rest.is_empty() {
        let (id, id_bytes) = ebml_number(rest, true)?;
        let (size, size_bytes) = ebml_number(&rest[id_bytes..], false)?;
        let body = &rest[id_bytes + size_bytes..];
        let size = usize::try_from(size).unwrap_or(usize::MAX).min(body.len());
        if id == wanted {
            return Some(&body[..size]);
        }
        rest = &body[size..];
    }
    None
}

/// `Segment.Info`: timecode scale (nanoseconds) and duration, Matroska.
fn webm_duration_ms(data: &[u8]) -> Option<u32> {
    const SEGMENT: u64 = 0x1853_8067;
    const INFO: u64 = 0x1549_a966;
    const SCALE: u64 = 0x002a_d7b1;
    const DURATION: u64 = 0x4489;
    let info = ebml_element(ebml_element(data, SEGMENT)?, INFO)?;
    let scale = ebml_element(info, SCALE).map_or(1_000_000, be) as f64;
    let duration = match ebml_element(info, DURATION)? {
        four if four.len() == 4 => f64::from(f32::from_be_bytes(four.try_into().ok()?)),
        eight => f64::from_be_bytes(eight.try_into().ok()?),
    };
    let ms = duration * scale / 1e6;
    (ms.is_finite() && ms > 0.0 && ms < 1e9).then_some(ms as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mp4(duration: u32) -> Vec<u8> {
        let mut header = vec![0; 12];
        header.extend(1_000u32.to_be_bytes());
        header.extend(duration.to_be_bytes());
        let wrap = |name: &[u8; 4], body: &[u8]| {
            let mut all = ((body.len() + 8) as u32).to_be_bytes().to_vec();
            all.extend(name);
            all.extend(body);
            all
        };
        let mut file = wrap(b"ftyp", b"isom");
        file.extend(wrap(b"moov", &wrap(b"mvhd", &header)));
        file
    }

    fn webm(duration: f64) -> Vec<u8> {
        let element = |id: &[u8], body: &[u8]| {
            let mut all = id.to_vec();
            all.push(0x80 | body.len() as u8);
            all.extend(body);
            all
        };
        let info = element(&[0x44, 0x89], &duration.to_be_bytes());
        let mut file = element(&[0x1a, 0x45, 0xdf, 0xa3], &[]);
        file.extend(element(
            &[0x18, 0x53, 0x80, 0x67],
            &element(&[0x15, 0x49, 0xa9, 0x66], &info),
        ));
        file
    }

    #[test]
    fn videos_tell_how_long_they_are() {
        for (file, expected) in [
            (mp4(4_500), Ok(("video/mp4", 4_500))),
            (mp4(60_000), Ok(("video/mp4", 60_000))),
            (mp4(61_000), Err("expected a video of at most 60 seconds")),
            (webm(4_000.0), Ok(("video/webm", 4_000))),
            (
                webm(90_000.0),
                Err("expected a video of at most 60 seconds"),
            ),
            (
                webm(f64::NAN),
                Err("expected a video that says how long it is: export it once more"),
            ),
            (
                b"<html>".to_vec(),
                Err("expected a video file, MP4 or WebM"),
            ),
            (Vec::new(), Err("expected a video file, MP4 or WebM")),
        ] {
            let found = video(&file).map(|known| (known.content_type, known.duration_ms));
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_damaged_file_is_refused_and_harms_nobody() {
        for whole in [mp4(4_500), webm(4_000.0)] {
            for cut in 0..whole.len() {
                let _ = video(&whole[..cut]);
                let mut changed = whole.clone();
                changed[cut] = 0xff;
                let _ = video(&changed);
            }
        }
    }

    #[test]
    fn captions_are_read_as_a_browser_would() {
        let good = "WEBVTT - title\n\n1\n00:00.000 --> 00:01.500 align:start\nHello\n";
        assert!(captions(good.as_bytes()).is_ok());
        for bad in [
            "",
            "1\n00:00.000 --> 00:01.000\nx",
            "WEBVTT\n\n00:00 --> 00:01\nx",
            "WEBVTT\n\n00:02.000 --> 00:01.000\nx",
            "WEBVTT\n\n00:02.000 --> 00:03.000\nx\n\n00:01.000 --> 00:04.000\ny",
            "WEBVTT\n\nno cue",
        ] {
            assert!(captions(bad.as_bytes()).is_err(), "{bad:?}");
        }
        assert!(captions(&[0xff, 0xfe]).is_err());
    }
}
