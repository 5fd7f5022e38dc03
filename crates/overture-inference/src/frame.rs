//! What the files of all models share: a first line, a header as JSON with its length before it, and the SHA-256 of
//! everything at the end; read piece by piece, so that it is told where one ends too early.

use serde::Serialize;
use sha2::{Digest, Sha256};

const DIGEST_BYTES: usize = 32;

/// A file that begins with `magic` and `header`; room for `bytes` more is made at once.
pub(crate) fn begin(magic: &[u8], header: &impl Serialize, bytes: usize) -> Vec<u8> {
    let header = serde_json::to_vec(header).expect("numbers and names become JSON");
    let length = u32::try_from(header.len()).expect("headers are short");
    let mut file = Vec::with_capacity(magic.len() + 4 + header.len() + bytes + DIGEST_BYTES);
    file.extend_from_slice(magic);
    file.extend_from_slice(&length.to_le_bytes());
    file.extend_from_slice(&header);
    file
}

/// Ends a file.
pub(crate) fn seal(mut file: Vec<u8>) -> Vec<u8> {
    let digest = Sha256::digest(&file);
    file.extend_from_slice(&digest);
    file
}

/// What was left of a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    left: &'a [u8],
}

/// A file ended too early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CutOff {
    /// What was being read.
    pub(crate) part: &'static str,
    /// How many bytes are missing at least.
    pub(crate) expected: usize,
}

impl<'a> Reader<'a> {
    /// A reader at the beginning of `file`.
    pub(crate) fn new(file: &'a [u8]) -> Self {
        Self { left: file }
    }

    /// The next `count` bytes, which are `part` of the file.
    ///
    /// # Errors
    /// Fewer bytes are left.
    pub(crate) fn take(&mut self, count: usize, part: &'static str) -> Result<&'a [u8], CutOff> {
        let Some((taken, left)) = self.left.split_at_checked(count) else {
            return Err(CutOff {
                part,
                expected: count - self.left.len(),
            });
        };
        self.left = left;
        Ok(taken)
    }

    /// The length of the header, bytes.
    ///
    /// # Errors
    /// Fewer bytes are left.
    pub(crate) fn header_length(&mut self) -> Result<usize, CutOff> {
        let length = self.take(4, "the header's length")?;
        let length = length.try_into().expect("four bytes");
        Ok(u32::from_le_bytes(length) as usize)
    }

    /// Whether nothing but the digest is left, and it is that of `file`, which is read here.
    ///
    /// # Errors
    /// Fewer bytes are left.
    pub(crate) fn ends_sealed(&mut self, file: &[u8]) -> Result<bool, CutOff> {
        let said = self.take(DIGEST_BYTES, "the digest")?;
        let written = &file[..file.len() - DIGEST_BYTES];
        Ok(self.left.is_empty() && Sha256::digest(written)[..] == *said)
    }
}
