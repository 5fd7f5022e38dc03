//! Reads a model's file piece by piece, and says where it ends too early.

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

    /// Whether all was read.
    pub(crate) fn is_empty(&self) -> bool {
        self.left.is_empty()
    }
}
