//! What a brand's fields must be; every refusal names the field.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::Uri;
use jiff::tz::TimeZone;
use overture_engine::model::{DAY_NAMES, WeeklyHours};
use overture_store::Position;

use crate::{
    error::{ApiError, ApiResult},
    identifiers,
    wording::{Language, Template, WIDGET_TEXTS},
};

/// The longest text of a brand, letters.
const TEXT_LETTERS_MAX: usize = 400;
/// The longest address, bytes.
const URL_BYTES_MAX: usize = 500;
/// What WCAG 2.2 asks of text of normal size.
const CONTRAST_MIN: f64 = 4.5;

/// A background and the text on it, `#rrggbb` in lower case.
pub(super) fn colours(
    (back_field, back): (&str, &str),
    (text_field, text): (&str, &str),
) -> ApiResult<(String, String)> {
    let back = colour(back_field, back)?;
    let text = colour(text_field, text)?;
    let contrast = contrast(back, text);
    if contrast < CONTRAST_MIN {
        return Err(ApiError::bad_input(
            text_field,
            format!(
                "expected a contrast of at least 4.5:1 against {back_field}, got {:.1}:1",
                (contrast * 10.0).floor() / 10.0
            ),
        ));
    }
    Ok((hex(back), hex(text)))
}

fn hex(rgb: [u8; 3]) -> String {
    format!("#{:02x}{:02x}{:02x}", rgb[0], rgb[1], rgb[2])
}

fn colour(field: &str, text: &str) -> ApiResult<[u8; 3]> {
    let wrong = || ApiError::bad_input(field, "expected a colour like #1b4fd1");
    let digits = text.trim().strip_prefix('#').ok_or_else(wrong)?;
    let long: String = match digits.len() {
        3 => digits.chars().flat_map(|digit| [digit, digit]).collect(),
        6 => digits.to_owned(),
        _ => return Err(wrong()),
    };
    let bytes = ::hex::decode(long).map_err(|_| wrong())?;
    bytes.try_into().map_err(|_| wrong())
}

/// The contrast ratio of WCAG 2.2, `1.0..=21.0`.
fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let luminance = |rgb: [u8; 3]| {
        let [r, g, b] = rgb.map(|part| {
            let part = f64::from(part) / 255.0;
            match part <= 0.040_45 {
                true => part / 12.92,
                false => ((part + 0.055) / 1.055).powf(2.4),
            }
        });
        0.2126 * r + 0.7152 * g + 0.0722 * b
    };
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

pub(super) fn position(name: &str) -> ApiResult<Position> {
    Position::from_name(name)
        .ok_or_else(|| ApiError::bad_input("look.position", "expected end or start"))
}

pub(super) fn hours(days: Vec<Vec<(u16, u16)>>) -> ApiResult<WeeklyHours> {
    WeeklyHours::new(days).map_err(|cause| {
        let field = match cause.day() {
            Some(day) => format!("hours.{}", DAY_NAMES[day]),
            None => "hours".to_owned(),
        };
        ApiError::bad_input(field, cause.to_string())
    })
}

pub(super) fn time_zone(name: &str) -> ApiResult<String> {
    let name = name.trim();
    match TimeZone::get(name) {
        Ok(zone) => Ok(zone.iana_name().unwrap_or(name).to_owned()),
        Err(_) => Err(ApiError::bad_input(
            "time_zone",
            "expected an IANA time zone like Europe/Berlin",
        )),
    }
}

/// Own words; empty ones are left out, since they mean ours.
pub(super) fn texts(
    texts: BTreeMap<String, BTreeMap<String, String>>,
) -> ApiResult<BTreeMap<String, BTreeMap<String, String>>> {
    let known: BTreeSet<&str> = Template::ALL
        .into_iter()
        .map(Template::key)
        .chain(WIDGET_TEXTS)
        .collect();
    let mut kept = BTreeMap::new();
    for (language, words) in texts {
        if !Language::ALL.into_iter().any(|it| it.tag() == language) {
            return Err(ApiError::bad_input(
                "texts",
                "expected the languages en, de, es and ar",
            ));
        }
        let mut own = BTreeMap::new();
        for (key, text) in words {
            if !known.contains(key.as_str()) {
                return Err(ApiError::bad_input(
                    format!("texts.{language}"),
                    "has a key that is not among the texts a brand can word",
                ));
            }
            let text = text.trim().replace('\0', "");
            if text.chars().nth(TEXT_LETTERS_MAX).is_some() {
                return Err(ApiError::bad_input(
                    format!("texts.{language}.{key}"),
                    "expected at most 400 letters",
                ));
            }
            if !text.is_empty() {
                own.insert(key, text);
            }
        }
        if !own.is_empty() {
            kept.insert(language, own);
        }
    }
    Ok(kept)
}

pub(super) fn phone(number: Option<String>) -> ApiResult<Option<String>> {
    let Some(number) = number.filter(|number| !number.trim().is_empty()) else {
        return Ok(None);
    };
    identifiers::phone(&number).map(Some).ok_or_else(|| {
        ApiError::bad_input(
            "phone",
            "expected a number with + and its country code, like +49 30 123456",
        )
    })
}

pub(super) fn url(field: &'static str, url: Option<String>) -> ApiResult<Option<String>> {
    let Some(url) = url.filter(|url| !url.trim().is_empty()) else {
        return Ok(None);
    };
    let url = url.trim();
    let secure = url.parse::<Uri>().is_ok_and(|uri| {
        uri.scheme_str() == Some("https") && uri.host().is_some_and(|host| host.contains('.'))
    });
    if !secure || url.len() > URL_BYTES_MAX {
        return Err(ApiError::bad_input(
            field,
            "expected an address like https://www.example.com/page, at most 500 bytes",
        ));
    }
    Ok(Some(url.to_owned()))
}

pub(super) fn countries(codes: Vec<String>) -> ApiResult<BTreeSet<String>> {
    codes
        .into_iter()
        .map(|code| {
            let code = code.trim().to_ascii_uppercase();
            let known = COUNTRIES.split_ascii_whitespace().any(|it| it == code);
            known.then_some(code).ok_or_else(|| {
                ApiError::bad_input(
                    "callback.countries",
                    "expected ISO 3166 codes of two letters, like DE",
                )
            })
        })
        .collect()
}

pub(super) fn slot_min(minutes: u16) -> ApiResult<u16> {
    match (15..=120).contains(&minutes) && minutes.is_multiple_of(15) {
        true => Ok(minutes),
        false => Err(ApiError::bad_input(
            "callback.slot_min",
            "expected 15 to 120 minutes, in steps of 15",
        )),
    }
}

/// ISO 3166-1 alpha-2.
const COUNTRIES: &str = "\
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR \
    BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ \
    EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW \
    GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY \
    KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV \
    MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY \
    QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG \
    TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrast_is_that_of_wcag() {
        for (one, other, expected) in [
            ([0, 0, 0], [255, 255, 255], 21.0),
            ([255, 255, 255], [255, 255, 255], 1.0),
            ([0x77, 0x77, 0x77], [255, 255, 255], 4.478),
            ([0, 0, 255], [255, 255, 255], 8.59),
        ] {
            let found = contrast(one, other);
            assert!((found - expected).abs() < 0.02, "{one:?}: {found}");
        }
    }

    #[test]
    fn colours_are_written_one_way() {
        let found = colours(("a", " #05A "), ("b", "#FFF")).unwrap();
        assert_eq!(found, ("#0055aa".to_owned(), "#ffffff".to_owned()));
        for wrong in ["red", "#12", "#12345g", "#1234567", "", "#é12"] {
            assert_eq!(
                colours(("a", wrong), ("b", "#fff")).unwrap_err().field,
                Some("a".to_owned()),
                "{wrong}"
            );
        }
    }
}
