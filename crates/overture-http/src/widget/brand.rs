//! What a page is told of the brand it shows.

use overture_store::Brand;
use serde::Serialize;
use utoipa::ToSchema;

/// A brand as the widget needs it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionBrand {
    id: String,
    look: SessionLook,
    /// Where customers read how their data is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    privacy_url: Option<String>,
    /// The number that we call from, E.164.
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    chat: SessionChat,
    callback: SessionCallback,
}

/// Colours are `#rrggbb`.
#[derive(Debug, Serialize, ToSchema)]
struct SessionLook {
    accent: String,
    on_accent: String,
    accent_dark: String,
    on_accent_dark: String,
    /// `end` or `start`.
    position: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    logo_url: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct SessionChat {
    attachments: bool,
    ask_email: bool,
}

#[derive(Debug, Serialize, ToSchema)]
struct SessionCallback {
    /// ISO 3166-1 alpha-2.
    countries: Vec<String>,
    verify_sms: bool,
}

impl SessionBrand {
    pub(crate) fn of(brand: &Brand) -> Self {
        Self {
            id: brand.brand.to_string(),
            look: SessionLook {
                accent: brand.look.accent.clone(),
                on_accent: brand.look.on_accent.clone(),
                accent_dark: brand.look.accent_dark.clone(),
                on_accent_dark: brand.look.on_accent_dark.clone(),
                position: brand.look.position.name(),
                logo_url: brand.look.logo_url.clone(),
            },
            privacy_url: brand.privacy_url.clone(),
            phone: brand.phone.clone(),
            chat: SessionChat {
                attachments: brand.chat.attachments,
                ask_email: brand.chat.ask_email,
            },
            callback: SessionCallback {
                countries: brand.callback.countries.iter().cloned().collect(),
                verify_sms: brand.callback.verify_sms,
            },
        }
    }
}
