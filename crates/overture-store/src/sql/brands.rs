//! Brands: one row each, with all that is only read together in one JSON.

use std::collections::{BTreeMap, BTreeSet};

use overture_engine::model::{BrandId, Timestamp, WeeklyHours};
use serde::{Deserialize, Serialize};

use super::{
    Db, Row,
    admin::{json, parsed, uuid},
    first, params,
};
use crate::{Brand, CallbackSettings, ChatSettings, Look, Position, StoreError};

/// The JSON of `brand.profile`. What an older release wrote lacks the newer fields: those
/// are as in the brand that is shipped.
#[derive(Serialize, Deserialize)]
#[serde(default)]
struct Profile {
    accent: String,
    on_accent: String,
    accent_dark: String,
    on_accent_dark: String,
    position: String,
    logo_url: Option<String>,
    hours: Vec<Vec<(u16, u16)>>,
    time_zone: String,
    texts: BTreeMap<String, BTreeMap<String, String>>,
    phone: Option<String>,
    privacy_url: Option<String>,
    attachments: bool,
    ask_email: bool,
    countries: BTreeSet<String>,
    slot_min: u16,
    verify_sms: bool,
}

impl Default for Profile {
    fn default() -> Self {
        Self::of(&Brand::shipped())
    }
}

impl Profile {
    fn of(brand: &Brand) -> Self {
        Self {
            accent: brand.look.accent.clone(),
            on_accent: brand.look.on_accent.clone(),
            accent_dark: brand.look.accent_dark.clone(),
            on_accent_dark: brand.look.on_accent_dark.clone(),
            position: brand.look.position.name().to_owned(),
            logo_url: brand.look.logo_url.clone(),
            hours: brand.hours.days().to_vec(),
            time_zone: brand.time_zone.clone(),
            texts: brand.texts.clone(),
            phone: brand.phone.clone(),
            privacy_url: brand.privacy_url.clone(),
            attachments: brand.chat.attachments,
            ask_email: brand.chat.ask_email,
            countries: brand.callback.countries.clone(),
            slot_min: brand.callback.slot_min,
            verify_sms: brand.callback.verify_sms,
        }
    }
}

pub(crate) fn put_brand(db: &mut dyn Db, brand: &Brand) -> Result<(), StoreError> {
    db.execute(
        "INSERT INTO brand (brand, name, profile, created_at) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (brand) DO UPDATE SET name = excluded.name, profile = excluded.profile",
        params![
            *brand.brand.uuid().as_bytes(),
            brand.name.as_str(),
            json(&Profile::of(brand)),
            brand.created_at.0,
        ],
    )?;
    Ok(())
}

pub(crate) fn brands(db: &mut dyn Db) -> Result<Vec<Brand>, StoreError> {
    let rows = db.query(
        "SELECT brand, name, profile, created_at FROM brand ORDER BY name, brand",
        &[],
    )?;
    let mut brands = rows.iter().map(brand_row).collect::<Result<Vec<_>, _>>()?;
    let default = match brands.iter().position(Brand::is_default) {
        Some(at) => brands.remove(at),
        None => Brand::shipped(),
    };
    brands.insert(0, default);
    Ok(brands)
}

pub(crate) fn remove_brand(db: &mut dyn Db, brand: BrandId) -> Result<bool, StoreError> {
    let brand = *brand.uuid().as_bytes();
    let used = first(db, "SELECT 1 FROM source WHERE brand = ?1", params![brand])?;
    if used.is_some() {
        return Err(StoreError::Conflict {
            what: "a source that uses the brand",
        });
    }
    let removed = db.execute("DELETE FROM brand WHERE brand = ?1", params![brand])?;
    Ok(removed == 1)
}

fn brand_row(row: &Row) -> Result<Brand, StoreError> {
    let profile: Profile = parsed(row.text(2)?, "brand.profile")?;
    let corrupt = |what: String| StoreError::Corrupt {
        what: format!("brand.profile: {what}"),
    };
    Ok(Brand {
        brand: BrandId::from_uuid(uuid(row, 0)?),
        name: row.text(1)?.to_owned(),
        look: Look {
            accent: profile.accent,
            on_accent: profile.on_accent,
            accent_dark: profile.accent_dark,
            on_accent_dark: profile.on_accent_dark,
            position: Position::from_name(&profile.position)
                .ok_or_else(|| corrupt(format!("position {}", profile.position)))?,
            logo_url: profile.logo_url,
        },
        hours: WeeklyHours::new(profile.hours).map_err(|error| corrupt(error.to_string()))?,
        time_zone: profile.time_zone,
        texts: profile.texts,
        phone: profile.phone,
        privacy_url: profile.privacy_url,
        chat: ChatSettings {
            attachments: profile.attachments,
            ask_email: profile.ask_email,
        },
        callback: CallbackSettings {
            countries: profile.countries,
            slot_min: profile.slot_min,
            verify_sms: profile.verify_sms,
        },
        created_at: Timestamp(row.int(3)?),
    })
}
