//! The part of a source that says what its pages may tell, and on whose word.

use std::collections::BTreeMap;

use overture_store::{ConsentPurpose, SourceCapture};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    error::{ApiError, ApiResult},
    fields,
};

/// Allowed query keys of one source.
const URL_KEYS_MAX: usize = 50;
/// The longest allowed query key, bytes.
const URL_KEY_BYTES_MAX: usize = 64;
/// Mapped consent categories of one source.
const CATEGORIES_MAX: usize = 50;

/// What pages may tell, and on whose word; what is missing stays as it is.
#[derive(Deserialize, ToSchema)]
pub(super) struct AskedCapture {
    /// `required`, `platform` or `not_required`.
    consent: Option<String>,
    /// Keys of a page's query, at most 50; `#` for the fragment.
    url_allow: Option<Vec<String>>,
    /// Segment's categories, at most 50, each `analyse_behaviour` or `contact`.
    consent_categories: Option<BTreeMap<String, String>>,
}

impl AskedCapture {
    /// Makes the asked changes, all checked.
    pub(super) fn change(self, rules: &mut SourceCapture) -> ApiResult<()> {
        if let Some(consent) = self.consent {
            rules.consent = known("consent", &consent, "required, platform or not_required")?;
        }
        if let Some(allow) = self.url_allow {
            rules.url_allow = url_allow(allow)?;
        }
        if let Some(categories) = self.consent_categories {
            rules.consent_categories = consent_categories(categories)?;
        }
        Ok(())
    }
}

/// A setting of few values, by its name.
fn known<T: for<'a> Deserialize<'a>>(
    field: &'static str,
    name: &str,
    expected: &str,
) -> ApiResult<T> {
    serde_json::from_value(name.into())
        .map_err(|_| ApiError::bad_input(field, format!("expected {expected}")))
}

fn url_allow(asked: Vec<String>) -> ApiResult<Vec<String>> {
    let plausible = |key: &String| {
        key == "#"
            || !key.is_empty()
                && key.len() <= URL_KEY_BYTES_MAX
                && !key.contains(|letter: char| letter.is_whitespace() || "?&=#@".contains(letter))
    };
    let mut kept: Vec<String> = Vec::new();
    for key in asked {
        let key = key.trim().to_owned();
        if !plausible(&key) || kept.len() == URL_KEYS_MAX {
            return Err(ApiError::bad_input(
                "url_allow",
                "expected at most 50 keys like step, of 1 to 64 bytes, or # for the fragment",
            ));
        }
        if !kept.contains(&key) {
            kept.push(key);
        }
    }
    Ok(kept)
}

fn consent_categories(
    asked: BTreeMap<String, String>,
) -> ApiResult<BTreeMap<String, ConsentPurpose>> {
    if asked.len() > CATEGORIES_MAX {
        return Err(ApiError::bad_input(
            "consent_categories",
            "expected at most 50 categories",
        ));
    }
    asked
        .into_iter()
        .map(|(category, purpose)| {
            let category = fields::text("consent_categories", &category, 120)?;
            let expected = "analyse_behaviour or contact for each category";
            Ok((category, known("consent_categories", &purpose, expected)?))
        })
        .collect()
}
