//! What a file is, by its own first bytes.

use super::FileType;

/// How far a text is looked into for the beginnings of a page.
const LOOKED_INTO_BYTES: usize = 1_024;

/// What browsers take for the beginning of a page or of something else that they run.
const MARKUP: [&str; 14] = [
    "<!doctype",
    "<html",
    "<head",
    "<body",
    "<script",
    "<svg",
    "<?xml",
    "<?php",
    "<iframe",
    "<style",
    "<table",
    "<!--",
    "<a ",
    "#!",
];

/// The type that the bytes show; `None` when it is none that is taken.
pub(super) fn sniff(bytes: &[u8]) -> Option<FileType> {
    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
    Some(match bytes {
        _ if bytes.starts_with(PNG) => FileType::Png,
        [0xff, 0xd8, 0xff, ..] => FileType::Jpeg,
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => FileType::Gif,
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => FileType::Webp,
        [b'%', b'P', b'D', b'F', b'-', ..] => FileType::Pdf,
        _ if is_text(bytes) => FileType::Text,
        _ => return None,
    })
}

/// UTF-8 without controls but tabs and line ends, that no browser would take for a page.
fn is_text(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let plain = |letter: char| !letter.is_control() || matches!(letter, '\t' | '\n' | '\r');
    if !text.chars().all(plain) {
        return false;
    }
    let mut end = text.len().min(LOOKED_INTO_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let begin = text[..end]
        .trim_start_matches('\u{feff}')
        .trim_start()
        .to_lowercase();
    !MARKUP.iter().any(|markup| begin.starts_with(markup))
}
