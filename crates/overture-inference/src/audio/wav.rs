//! WAV files of telephone systems that describe mu-law or A-law in 16 bytes, as if it were PCM. The specification wants 18, with the
//! length of an extension that is empty, and decoders insist; the two missing bytes are put in while the file is read.

use std::io::{Read, Seek, SeekFrom};

use symphonia::core::io::MediaSource;

/// Bytes up to the end of a description in 16 bytes.
const SHORT: usize = 36;
/// The same in 18.
const WHOLE: usize = 38;
/// A-law and mu-law.
const CODES: [u8; 2] = [6, 7];

/// The source as it is, or with its description made whole.
///
/// # Errors
/// It cannot be read.
pub(super) fn mended(mut source: Box<dyn MediaSource>) -> std::io::Result<Box<dyn MediaSource>> {
    if !source.is_seekable() {
        return Ok(source);
    }
    let mut head = Vec::with_capacity(SHORT);
    source.by_ref().take(SHORT as u64).read_to_end(&mut head)?;
    source.rewind()?;
    let is_short = head.len() == SHORT
        && head.starts_with(b"RIFF")
        && &head[8..16] == b"WAVEfmt "
        && head[16..20] == 16u32.to_le_bytes()
        && CODES.contains(&head[20])
        && head[21] == 0;
    if !is_short {
        return Ok(source);
    }
    head[16] = 18;
    head.extend([0, 0]);
    let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
    let length = length.saturating_add((WHOLE - SHORT) as u32);
    head[4..8].copy_from_slice(&length.to_le_bytes());
    Ok(Box::new(Mended {
        source,
        head,
        at: 0,
    }))
}

struct Mended {
    source: Box<dyn MediaSource>,
    head: Vec<u8>,
    at: u64,
}

impl Read for Mended {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = if self.at < WHOLE as u64 {
            (&self.head[self.at as usize..]).read(buffer)?
        } else {
            let inserted = (WHOLE - SHORT) as u64;
            self.source.seek(SeekFrom::Start(self.at - inserted))?;
            self.source.read(buffer)?
        };
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Mended {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        let end = self.byte_len().unwrap_or_default();
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => end.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(std::io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

impl MediaSource for Mended {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        let inserted = (WHOLE - SHORT) as u64;
        self.source.byte_len().map(|bytes| bytes + inserted)
    }
}
