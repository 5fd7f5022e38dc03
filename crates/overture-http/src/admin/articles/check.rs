//! What an article may be made of.

use overture_store::ArticleStatus;

use crate::{
    error::{ApiError, ApiResult},
    fields,
    knowledge::{fold, is_pattern},
};

/// The longest slug, bytes.
const SLUG_BYTES_MAX: usize = 80;
/// The longest title, bytes.
const TITLE_BYTES_MAX: usize = 200;
/// The longest summary, bytes.
const SUMMARY_BYTES_MAX: usize = 500;
/// The longest text, bytes.
const BODY_BYTES_MAX: usize = 20_000;
/// Page patterns or error codes of one article.
const HINTS_MAX: usize = 20;
/// The longest error code with its field, bytes.
const CODE_BYTES_MAX: usize = 150;
/// Key words of one article.
const KEYWORDS_MAX: usize = 30;
/// The longest key word, bytes.
const KEYWORD_BYTES_MAX: usize = 60;
/// The greatest place in the order.
const PLACE_MAX: u32 = 1_000_000;
/// The longest language tag, bytes.
const LOCALE_BYTES_MAX: usize = 20;

pub(super) fn slug(text: &str) -> ApiResult<String> {
    let is_slug = !text.is_empty()
        && text.len() <= SLUG_BYTES_MAX
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    match is_slug {
        true => Ok(text.to_owned()),
        false => Err(ApiError::bad_input(
            "slug",
            "expected 1 to 80 small letters, digits and hyphens, like card-declined",
        )),
    }
}

/// A slug from a title that is not taken yet.
pub(super) fn slug_of(title: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let mut slug = String::new();
    for letter in fold(title).chars() {
        if letter.is_ascii_alphanumeric() {
            slug.push(letter);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() == SLUG_BYTES_MAX - 5 {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    let slug = if slug.is_empty() { "article" } else { slug };
    if !is_taken(slug) {
        return slug.to_owned();
    }
    (2u32..)
        .map(|number| format!("{slug}-{number}"))
        .find(|slug| !is_taken(slug))
        .expect("there are more numbers than articles")
}

pub(super) fn status(text: &str) -> ApiResult<ArticleStatus> {
    ArticleStatus::ALL
        .into_iter()
        .find(|status| status.name() == text)
        .ok_or_else(|| ApiError::bad_input("status", "expected draft, published or archived"))
}

pub(super) fn place(place: u32) -> ApiResult<u32> {
    match place {
        ..=PLACE_MAX => Ok(place),
        _ => Err(ApiError::bad_input("place", "expected 0 to 1000000")),
    }
}

/// Trimmed, without empty and repeated ones.
fn list(
    field: &'static str,
    texts: Vec<String>,
    max: usize,
    expected: &'static str,
    is_good: impl Fn(&str) -> bool,
) -> ApiResult<Vec<String>> {
    let mut kept: Vec<String> = Vec::new();
    for text in texts {
        let text = text.trim();
        if text.is_empty() || kept.iter().any(|known| known == text) {
            continue;
        }
        if !is_good(text) {
            return Err(ApiError::bad_input(field, expected));
        }
        kept.push(text.to_owned());
    }
    if kept.len() > max {
        return Err(ApiError::bad_input(
            field,
            format!("expected at most {max}"),
        ));
    }
    Ok(kept)
}

pub(super) fn paths(texts: Vec<String>) -> ApiResult<Vec<String>> {
    const EXPECTED: &str =
        "expected paths like /checkout/** without query and fragment, at most 200 bytes each";
    list("paths", texts, HINTS_MAX, EXPECTED, is_pattern)
}

pub(super) fn codes(texts: Vec<String>) -> ApiResult<Vec<String>> {
    const EXPECTED: &str =
        "expected codes like card:declined or valueMissing, at most 150 bytes each";
    let is_code = |text: &str| {
        text.len() <= CODE_BYTES_MAX
            && !text.contains(char::is_whitespace)
            && text.split(':').count() <= 2
            && text.split(':').all(|part| !part.is_empty())
    };
    list("codes", texts, HINTS_MAX, EXPECTED, is_code)
}

pub(super) fn keywords(texts: Vec<String>) -> ApiResult<Vec<String>> {
    const EXPECTED: &str = "expected words of at most 60 bytes each";
    let is_keyword = |text: &str| text.len() <= KEYWORD_BYTES_MAX && !text.contains('\0');
    list("keywords", texts, KEYWORDS_MAX, EXPECTED, is_keyword)
}

/// A language tag, in small letters.
pub(super) fn locale(field: &'static str, text: &str) -> ApiResult<String> {
    let tag = text.replace('_', "-").to_lowercase();
    let mut parts = tag.split('-');
    let language = parts.next().unwrap_or_default();
    let is_tag = tag.len() <= LOCALE_BYTES_MAX
        && (2..=3).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_lowercase())
        && parts.all(|part| {
            (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
    match is_tag {
        true => Ok(tag),
        false => Err(ApiError::bad_input(
            field,
            "expected a language tag like en or es-mx",
        )),
    }
}

pub(super) fn title(text: &str) -> ApiResult<String> {
    fields::text("title", text, TITLE_BYTES_MAX)
}

pub(super) fn summary(text: &str) -> ApiResult<String> {
    match text.trim() {
        "" => Ok(String::new()),
        text => fields::text("summary", text, SUMMARY_BYTES_MAX),
    }
}

pub(super) fn body(text: &str) -> ApiResult<String> {
    fields::text("body_markdown", text, BODY_BYTES_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_comes_from_the_title_and_is_not_taken() {
        let taken = |slug: &str| slug == "wie-lange" || slug == "article";
        assert_eq!(slug_of("Rückgabe & Umtausch!", taken), "ruckgabe-umtausch");
        assert_eq!(slug_of("Wie lange?", taken), "wie-lange-2");
        assert_eq!(slug_of("بطاقة", taken), "article-2");
        for title in ["x".repeat(500), format!("{} y", "x".repeat(74))] {
            assert!(slug(&slug_of(&title, taken)).is_ok(), "{title}");
        }
    }

    #[test]
    fn tags_are_kept_in_one_form() {
        for (text, expected) in [
            ("en", Some("en")),
            ("es_MX", Some("es-mx")),
            ("zh-Hant-TW", Some("zh-hant-tw")),
            ("", None),
            ("e", None),
            ("english", None),
            ("en-", None),
            ("<script>", None),
        ] {
            assert_eq!(locale("locale", text).ok().as_deref(), expected, "{text}");
        }
    }
}
