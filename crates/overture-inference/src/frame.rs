//! What the files of all models share: a first line, a header as JSON with its length before it, and the SHA-256 of
//! everything at the end; read piece by piece, so that it is told where one ends too early.

use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

const DIGEST_BYTES: usize = 32;

/// Why a model's file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelFileError {
    /// It is some other file.
    #[error("not {what}: it does not begin with {begins}")]
    NotAModel {
        /// What was expected.
        what: &'static str,
        /// How that begins.
        begins: &'static str,
    },
    /// It ends too early.
    #[error("the file is cut off: expected {expected} bytes more in {part}")]
    CutOff {
        /// What was being read.
        part: &'static str,
        /// How many bytes are missing at least.
        expected: usize,
    },
    /// Its content is not what was written.
    #[error("the file was changed after it was written: its SHA-256 does not fit")]
    Changed,
    /// The header is no header.
    #[error("cannot read the header")]
    Header(#[source] serde_json::Error),
    /// It was made for another release, or a number or a list in it cannot be used.
    #[error("the file's {0} cannot be used")]
    Unusable(&'static str),
}

/// A kind of model file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind {
    /// What it is, with its article.
    pub(crate) what: &'static str,
    /// Its first line, without the line's end.
    pub(crate) begins: &'static str,
    /// The longest header, bytes.
    pub(crate) header_bytes_max: usize,
}

/// A file of this kind that begins with `header`; room for `bytes` more is made at once.
pub(crate) fn begin(kind: Kind, header: &impl Serialize, bytes: usize) -> Vec<u8> {
    let header = serde_json::to_vec(header).expect("numbers and names become JSON");
    let length = u32::try_from(header.len()).expect("headers are short");
    let room = kind.begins.len() + 1 + 4 + header.len() + bytes + DIGEST_BYTES;
    let mut file = Vec::with_capacity(room);
    file.extend_from_slice(kind.begins.as_bytes());
    file.push(b'\n');
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

/// The header of a file of this kind, and what is behind it.
///
/// # Errors
/// [`ModelFileError`]: it is of another kind, it ends within the header, or that cannot be read.
pub(crate) fn open<H: DeserializeOwned>(
    kind: Kind,
    file: &[u8],
) -> Result<(H, Reader<'_>), ModelFileError> {
    let behind = file
        .strip_prefix(kind.begins.as_bytes())
        .and_then(|rest| rest.strip_prefix(b"\n"));
    let mut reader = Reader {
        file,
        left: behind.ok_or(ModelFileError::NotAModel {
            what: kind.what,
            begins: kind.begins,
        })?,
    };
    let length = reader.take(4, "the header's length")?;
    let length = u32::from_le_bytes(length.try_into().expect("four bytes")) as usize;
    if length > kind.header_bytes_max {
        return Err(ModelFileError::Unusable("header's length"));
    }
    let header = reader.take(length, "the header")?;
    let header = serde_json::from_slice(header).map_err(ModelFileError::Header)?;
    Ok((header, reader))
}

/// What is left of a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    file: &'a [u8],
    left: &'a [u8],
}

impl<'a> Reader<'a> {
    /// The next `count` bytes, which are `part` of the file.
    ///
    /// # Errors
    /// [`ModelFileError::CutOff`]: fewer bytes are left.
    pub(crate) fn take(
        &mut self,
        count: usize,
        part: &'static str,
    ) -> Result<&'a [u8], ModelFileError> {
        let Some((taken, left)) = self.left.split_at_checked(count) else {
            return Err(ModelFileError::CutOff {
                part,
                expected: count - self.left.len(),
            });
        };
        self.left = left;
        Ok(taken)
    }

    /// The next `count` little-endian numbers, which are `part` of the file.
    ///
    /// # Errors
    /// Fewer are left, or one is not finite.
    pub(crate) fn floats(
        &mut self,
        count: usize,
        part: &'static str,
    ) -> Result<Vec<f32>, ModelFileError> {
        let numbers: Vec<f32> = self
            .take(4 * count, part)?
            .as_chunks()
            .0
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes))
            .collect();
        if numbers.iter().all(|number| number.is_finite()) {
            Ok(numbers)
        } else {
            Err(ModelFileError::Unusable(part))
        }
    }

    /// Ends the reading: nothing but the digest is left, and it is that of the file.
    ///
    /// # Errors
    /// Fewer bytes are left, or the digest is another.
    pub(crate) fn end(mut self) -> Result<(), ModelFileError> {
        let said = self.take(DIGEST_BYTES, "the digest")?;
        let written = &self.file[..self.file.len() - DIGEST_BYTES];
        if self.left.is_empty() && Sha256::digest(written)[..] == *said {
            Ok(())
        } else {
            Err(ModelFileError::Changed)
        }
    }
}
