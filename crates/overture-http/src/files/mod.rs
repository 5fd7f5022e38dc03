//! Files that people send in a chat: what they really are, and what of them is kept.
//!
//! A file is taken only when its first bytes say the same as its declared type, and only
//! types that cannot run anything in a browser are. Where a picture was taken, with what and
//! by whom goes no further than this: see [`strip`].

mod image;
mod sniff;
mod strip;

pub(crate) use image::Pixels;

/// The largest side of an image, pixels.
pub(crate) const SIDE_PX_MAX: u32 = 12_000;
/// The most pixels of an image: more would take a reader's memory.
pub(crate) const PIXELS_MAX: u64 = 50_000_000;
/// The longest file name, letters.
const NAME_LETTERS_MAX: usize = 120;

/// What is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileType {
    Png,
    Jpeg,
    Gif,
    Webp,
    Pdf,
    Text,
}

impl FileType {
    pub(crate) const ALL: [FileType; 6] = [
        FileType::Png,
        FileType::Jpeg,
        FileType::Gif,
        FileType::Webp,
        FileType::Pdf,
        FileType::Text,
    ];

    pub(crate) const fn media_type(self) -> &'static str {
        match self {
            FileType::Png => "image/png",
            FileType::Jpeg => "image/jpeg",
            FileType::Gif => "image/gif",
            FileType::Webp => "image/webp",
            FileType::Pdf => "application/pdf",
            FileType::Text => "text/plain",
        }
    }

    const fn extension(self) -> &'static str {
        match self {
            FileType::Png => "png",
            FileType::Jpeg => "jpg",
            FileType::Gif => "gif",
            FileType::Webp => "webp",
            FileType::Pdf => "pdf",
            FileType::Text => "txt",
        }
    }

    fn from_media_type(text: &str) -> Option<Self> {
        let essence = text.split(';').next().unwrap_or_default().trim();
        Self::ALL
            .into_iter()
            .find(|one| one.media_type().eq_ignore_ascii_case(essence))
    }

    pub(crate) const fn is_image(self) -> bool {
        !matches!(self, FileType::Pdf | FileType::Text)
    }
}

/// Why a file is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It is empty.
    Empty,
    /// Its type is none that is taken.
    Type,
    /// It is not what its type says.
    NotWhatItSays,
    /// It is an image and damaged.
    Damaged,
    /// It is an image with too many pixels.
    TooManyPixels,
}

/// A file that is taken, without what it should not carry.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Checked {
    pub(crate) file_type: FileType,
    pub(crate) bytes: Vec<u8>,
    /// Of an image.
    pub(crate) pixels: Option<Pixels>,
}

/// Checks a file against the type that came with it, which may be missing.
pub(crate) fn check(declared: &str, bytes: Vec<u8>) -> Result<Checked, Refused> {
    if bytes.is_empty() {
        return Err(Refused::Empty);
    }
    let unsaid = declared.is_empty() || declared.starts_with("application/octet-stream");
    let declared = FileType::from_media_type(declared);
    if declared.is_none() && !unsaid {
        return Err(Refused::Type);
    }
    let file_type = sniff::sniff(&bytes).ok_or(match declared {
        Some(_) => Refused::NotWhatItSays,
        None => Refused::Type,
    })?;
    if declared.is_some_and(|declared| declared != file_type) {
        return Err(Refused::NotWhatItSays);
    }
    if !file_type.is_image() {
        return Ok(Checked {
            file_type,
            bytes,
            pixels: None,
        });
    }
    let pixels = image::pixels(file_type, &bytes).ok_or(Refused::Damaged)?;
    let area = u64::from(pixels.width) * u64::from(pixels.height);
    if pixels.width.max(pixels.height) > SIDE_PX_MAX || area > PIXELS_MAX {
        return Err(Refused::TooManyPixels);
    }
    if area == 0 {
        return Err(Refused::Damaged);
    }
    let bytes = strip::strip(file_type, bytes).ok_or(Refused::Damaged)?;
    Ok(Checked {
        file_type,
        bytes,
        pixels: Some(pixels),
    })
}

/// A file name that is safe to show and to save: no folders, no controls, no letters that
/// turn the direction of writing, and the ending of what it is.
pub(crate) fn clean_name(name: &str, file_type: FileType) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut clean: String = last
        .chars()
        .filter(|letter| !letter.is_control() && !turns_writing(*letter))
        .map(|letter| match letter {
            '<' | '>' | ':' | '"' | '|' | '?' | '*' => '_',
            other => other,
        })
        .collect();
    clean = clean
        .trim_matches(|letter: char| letter == '.' || letter.is_whitespace())
        .to_owned();
    let (stem, ending) = match clean.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() => (stem.to_owned(), ending.to_lowercase()),
        _ => (clean.clone(), String::new()),
    };
    let fits = ending == file_type.extension()
        || file_type == FileType::Jpeg && ending == "jpeg"
        || file_type == FileType::Text && matches!(ending.as_str(), "log" | "csv" | "md");
    let stem = if fits { stem } else { clean };
    let ending = if fits {
        ending
    } else {
        file_type.extension().to_owned()
    };
    let mut stem: String = stem.chars().take(NAME_LETTERS_MAX).collect();
    if stem.is_empty() {
        stem = "file".to_owned();
    }
    format!("{stem}.{ending}")
}

/// Marks and overrides of the direction of writing, and letters without width.
fn turns_writing(letter: char) -> bool {
    matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cleaned_and_end_in_what_the_file_is() {
        for (name, file_type, expected) in [
            ("bill.pdf", FileType::Pdf, "bill.pdf"),
            ("../../etc/passwd", FileType::Text, "passwd.txt"),
            ("C:\\temp\\photo.JPG", FileType::Jpeg, "photo.jpg"),
            ("photo.jpeg", FileType::Jpeg, "photo.jpeg"),
            ("bill.pdf.exe", FileType::Pdf, "bill.pdf.exe.pdf"),
            ("\u{202e}gnp.exe", FileType::Png, "gnp.exe.png"),
            ("a\u{0}b\r\n\"c\".txt", FileType::Text, "ab_c_.txt"),
            ("...", FileType::Gif, "file.gif"),
            ("", FileType::Webp, "file.webp"),
            (".png", FileType::Png, "png.png"),
            ("صورة.png", FileType::Png, "صورة.png"),
        ] {
            assert_eq!(clean_name(name, file_type), expected, "{name:?}");
        }
        let long = clean_name(&"x".repeat(500), FileType::Pdf);
        assert_eq!(long.chars().count(), NAME_LETTERS_MAX + 4);
    }

    #[test]
    fn what_is_not_what_it_says_is_refused() {
        let png = image::tests::png(3, 2);
        let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>x</script></svg>".to_vec();
        let exe = b"MZ\x90\x00\x03\x00\x00\x00".to_vec();
        for (declared, bytes, expected) in [
            ("image/png", png.clone(), Ok(FileType::Png)),
            ("", png.clone(), Ok(FileType::Png)),
            ("image/jpeg", png.clone(), Err(Refused::NotWhatItSays)),
            ("image/svg+xml", svg.clone(), Err(Refused::Type)),
            ("text/plain", svg.clone(), Err(Refused::NotWhatItSays)),
            ("", svg, Err(Refused::Type)),
            ("text/html", b"<p>hi".to_vec(), Err(Refused::Type)),
            (
                "text/plain",
                b"\xef\xbb\xbf \n<!DOCTYPE html><p>hi".to_vec(),
                Err(Refused::NotWhatItSays),
            ),
            ("application/x-msdownload", exe.clone(), Err(Refused::Type)),
            ("application/pdf", exe.clone(), Err(Refused::NotWhatItSays)),
            ("text/plain", exe, Err(Refused::NotWhatItSays)),
            (
                "text/plain; charset=utf-8",
                "Grüße <3 & a < b".as_bytes().to_vec(),
                Ok(FileType::Text),
            ),
            (
                "text/plain",
                b"caf\xe9".to_vec(),
                Err(Refused::NotWhatItSays),
            ),
            ("application/pdf", b"%PDF-1.7\n".to_vec(), Ok(FileType::Pdf)),
            ("image/png", Vec::new(), Err(Refused::Empty)),
            ("image/png", png[..20].to_vec(), Err(Refused::Damaged)),
            (
                "image/png",
                image::tests::png(12_001, 1),
                Err(Refused::TooManyPixels),
            ),
            (
                "image/png",
                image::tests::png(10_000, 10_000),
                Err(Refused::TooManyPixels),
            ),
            ("image/png", image::tests::png(0, 5), Err(Refused::Damaged)),
        ] {
            let answer = check(declared, bytes).map(|checked| checked.file_type);
            assert_eq!(answer, expected, "{declared}");
        }
    }
}
