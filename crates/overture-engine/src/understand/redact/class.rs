//! What each folded byte is to the walk, and where words end.

/// Whether a byte belongs to a word: a letter or a digit.
pub(in crate::understand) fn is_word(byte: u8) -> bool {
    CLASS[usize::from(byte)] & WORD != 0
}

/// What a byte is to the walk.
pub(super) const CLASS: [u8; 256] = classes();
pub(super) const LETTERS: u8 = 1;
pub(super) const DIGITS: u8 = 2;
pub(super) const WORD: u8 = LETTERS | DIGITS;
pub(super) const SIGNS: u8 = 4;

const fn classes() -> [u8; 256] {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' | 0xff => LETTERS,
            b'0'..=b'9' => DIGITS,
            b'@' | b':' | b'=' | b'/' | b'%' | b'[' | b'(' | b'{' | b'<' => SIGNS,
            _ => 0,
        };
        byte += 1;
    }
    classes
}

/// How long the word at the beginning is, and what it is made of.
///
/// Eight bytes at a time and without a branch: where words end cannot be foretold.
#[inline]
pub(super) fn word_length(bytes: &[u8]) -> (usize, u8) {
    let (mut length, mut seen) = (0, 0);
    while let Some(chunk) = bytes[length..].first_chunk::<8>() {
        let (mut outside, mut digits) = (0_u32, 0_u32);
        for (place, byte) in chunk.iter().enumerate() {
            let class = CLASS[usize::from(*byte)];
            outside |= u32::from(class & WORD == 0) << place;
            digits |= u32::from(class == DIGITS) << place;
        }
        let inside = (outside | 1 << 8).trailing_zeros();
        let taken = (1_u32 << inside) - 1;
        seen |= u8::from(digits & taken != 0) * DIGITS;
        seen |= u8::from(!digits & taken != 0) * LETTERS;
        length += inside as usize;
        if inside < 8 {
            return (length, seen);
        }
    }
    for byte in &bytes[length..] {
        let class = CLASS[usize::from(*byte)];
        if class & WORD == 0 {
            break;
        }
        seen |= class;
        length += 1;
    }
    (length, seen)
}
