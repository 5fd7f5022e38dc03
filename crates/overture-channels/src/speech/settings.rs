//! Where a service is, and what it is asked with.

use std::fmt;

use ureq::http::Uri;

use crate::guard::{self, PrivateAddresses};

/// The longest key, bytes.
const KEY_BYTES_MAX: usize = 512;

/// The longest name of a model, bytes.
const MODEL_BYTES_MAX: usize = 128;

/// The longest language tag, bytes (RFC 5646, section 4.4.1).
const LANGUAGE_BYTES_MAX: usize = 35;

/// A service as somebody set it. `Debug` hides the key.
#[derive(Clone)]
pub struct Settings {
    /// Where it is; empty for the service's own address.
    pub url: String,
    /// The API key. A server that wants none is given any.
    pub key: String,
    /// Its model; empty for the usual one.
    pub model: String,
    /// The language (BCP 47) of calls whose own is not known; empty where the service finds it out.
    pub language: String,
    /// Whether private networks may be called, and without TLS.
    pub private: PrivateAddresses,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("url", &self.url)
            .field("model", &self.model)
            .field("language", &self.language)
            .field("private", &self.private)
            .finish_non_exhaustive()
    }
}

/// What is wrong with a service's settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnusableSettings {
    /// The address.
    #[error(
        "url: expected an https url without user name, password and query; http only with allow_private_addresses"
    )]
    Url,
    /// The secret.
    #[error("key: expected the service's api key; any word for a server that wants none")]
    Key,
    /// The model.
    #[error(
        "model: expected a name of at most 128 letters, digits and . _ : / - like {usual}, or nothing"
    )]
    Model {
        /// The one that is taken when none is set.
        usual: &'static str,
    },
    /// The language.
    #[error("language: expected a language tag like en or de-CH, or nothing")]
    Language,
}

/// What a service is unless the settings say otherwise.
pub(super) struct Usual {
    /// Its address.
    pub(super) url: &'static str,
    /// Its model.
    pub(super) model: &'static str,
}

/// Settings that can work. No `Debug`: it holds the key.
pub(super) struct Checked {
    /// `http` or `https`, a host, and perhaps a path without a slash at its end.
    pub(super) base: String,
    pub(super) key: String,
    pub(super) model: String,
    pub(super) language: Option<String>,
    pub(super) private: PrivateAddresses,
}

impl Settings {
    /// The settings with the service's own values where there are none.
    pub(super) fn checked(&self, usual: &Usual) -> Result<Checked, UnusableSettings> {
        let or = |text: &str, usual: &str| match text {
            "" => usual.to_owned(),
            text => text.to_owned(),
        };
        let base = or(self.url.trim_end_matches('/'), usual.url);
        let url = guard::bare_url(&base).ok_or(UnusableSettings::Url)?;
        let is_sealed =
            url.scheme_str() == Some("https") || self.private == PrivateAddresses::Allow;
        if !is_sealed || url.query().is_some() || base.contains('#') {
            return Err(UnusableSettings::Url);
        }
        let plain = self.key.bytes().all(|byte| byte.is_ascii_graphic());
        if self.key.is_empty() || self.key.len() > KEY_BYTES_MAX || !plain {
            return Err(UnusableSettings::Key);
        }
        let model = or(&self.model, usual.model);
        // None of these needs to be encoded in a url.
        let named = |byte: u8| byte.is_ascii_alphanumeric() || b"._:/-".contains(&byte);
        if model.len() > MODEL_BYTES_MAX || !model.bytes().all(named) {
            return Err(UnusableSettings::Model { usual: usual.model });
        }
        let language = match self.language.as_str() {
            "" => None,
            tag => Some(language(tag).ok_or(UnusableSettings::Language)?),
        };
        Ok(Checked {
            base,
            key: self.key.clone(),
            model,
            language,
            private: self.private,
        })
    }
}

impl Checked {
    /// The address with `path` behind it.
    pub(super) fn at(&self, path: &str) -> Result<Uri, UnusableSettings> {
        let whole = format!("{}{path}", self.base);
        whole.parse().map_err(|_| UnusableSettings::Url)
    }

    /// The language that is asked for: the call's own if it is one, or that of the settings.
    pub(super) fn language_of(&self, call: Option<&str>) -> Option<String> {
        call.and_then(language).or_else(|| self.language.clone())
    }
}

/// The host of a checked url, and its port where it is not the usual one.
pub(super) fn host(url: &Uri) -> &str {
    let authority = url.authority().expect("a checked url has a host");
    authority.as_str()
}

/// A language tag that is safe in a url.
fn language(tag: &str) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let fits = (2..=LANGUAGE_BYTES_MAX).contains(&tag.len())
        && tag.as_bytes()[0].is_ascii_alphabetic()
        && tag.bytes().all(plain);
    fits.then(|| tag.to_owned())
}
