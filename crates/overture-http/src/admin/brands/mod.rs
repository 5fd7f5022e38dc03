//! Brands: how the organisation looks and speaks to customers.

mod checks;

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use overture_engine::model::{BrandId, Timestamp};
use overture_store::{Brand, CallbackSettings, ChatSettings, Look};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::new_id;
use crate::{
    app::{App, Shared},
    auth::{Administers, Auth, ReadsAdmin},
    error::{ApiError, ApiResult, Body, ErrorBody},
    fields,
    wording::{Language, Template, WIDGET_TEXTS},
};

/// How many brands there may be.
const BRANDS_MAX: usize = 50;

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(change, remove))
}

/// What people edit of a brand.
#[derive(Serialize, Deserialize, ToSchema)]
struct BrandFields {
    name: String,
    look: LookFields,
    /// Seven days, Monday first: intervals `[from, to)` in minutes of the local day.
    hours: Vec<Vec<(u16, u16)>>,
    /// IANA zone of the hours.
    time_zone: String,
    /// Own words by language and key.
    #[serde(default)]
    texts: BTreeMap<String, BTreeMap<String, String>>,
    /// The number we call from, E.164.
    phone: Option<String>,
    privacy_url: Option<String>,
    chat: ChatFields,
    callback: CallbackFields,
}

#[derive(Serialize, Deserialize, ToSchema)]
struct LookFields {
    /// `#rrggbb`; its text needs a contrast of 4.5:1 on it.
    accent: String,
    on_accent: String,
    accent_dark: String,
    on_accent_dark: String,
    /// `end` or `start`.
    position: String,
    logo_url: Option<String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
struct ChatFields {
    attachments: bool,
    ask_email: bool,
}

#[derive(Serialize, Deserialize, ToSchema)]
struct CallbackFields {
    /// ISO 3166-1 alpha-2.
    countries: Vec<String>,
    /// Minutes, 5 to 120.
    slot_min: u16,
    verify_sms: bool,
}

#[derive(Serialize, ToSchema)]
struct BrandBody {
    brand: String,
    /// The one for sources that name none; it cannot be removed.
    is_default: bool,
    /// Names of the sources that show it.
    sources: Vec<String>,
    #[serde(flatten)]
    fields: BrandFields,
}

/// A text that a brand may word, with what is said otherwise.
#[derive(Serialize, ToSchema)]
struct TextBody {
    key: &'static str,
    /// Our words by language; empty where the widget has them.
    ours: BTreeMap<&'static str, &'static str>,
}

#[derive(Serialize, ToSchema)]
struct BrandsBody {
    brands: Vec<BrandBody>,
    /// What the texts of a brand may be keyed by.
    languages: Vec<&'static str>,
    texts: Vec<TextBody>,
}

impl From<&Brand> for BrandFields {
    fn from(brand: &Brand) -> Self {
        Self {
            name: brand.name.clone(),
            look: LookFields {
                accent: brand.look.accent.clone(),
                on_accent: brand.look.on_accent.clone(),
                accent_dark: brand.look.accent_dark.clone(),
                on_accent_dark: brand.look.on_accent_dark.clone(),
                position: brand.look.position.name().to_owned(),
                logo_url: brand.look.logo_url.clone(),
            },
            hours: brand.hours.days().to_vec(),
            time_zone: brand.time_zone.clone(),
            texts: brand.texts.clone(),
            phone: brand.phone.clone(),
            privacy_url: brand.privacy_url.clone(),
            chat: ChatFields {
                attachments: brand.chat.attachments,
                ask_email: brand.chat.ask_email,
            },
            callback: CallbackFields {
                countries: brand.callback.countries.iter().cloned().collect(),
                slot_min: brand.callback.slot_min,
                verify_sms: brand.callback.verify_sms,
            },
        }
    }
}

impl BrandFields {
    /// The brand, when every field is right.
    fn checked(self, brand: BrandId, created_at: Timestamp) -> ApiResult<Brand> {
        let look = self.look;
        let (accent, on_accent) = checks::colours(
            ("look.accent", &look.accent),
            ("look.on_accent", &look.on_accent),
        )?;
        let (accent_dark, on_accent_dark) = checks::colours(
            ("look.accent_dark", &look.accent_dark),
            ("look.on_accent_dark", &look.on_accent_dark),
        )?;
        Ok(Brand {
            brand,
            name: fields::text("name", &self.name, 120)?,
            look: Look {
                accent,
                on_accent,
                accent_dark,
                on_accent_dark,
                position: checks::position(&look.position)?,
                logo_url: checks::url("look.logo_url", look.logo_url)?,
            },
            hours: checks::hours(self.hours)?,
            time_zone: checks::time_zone(&self.time_zone)?,
            texts: checks::texts(self.texts)?,
            phone: checks::phone(self.phone)?,
            privacy_url: checks::url("privacy_url", self.privacy_url)?,
            chat: ChatSettings {
                attachments: self.chat.attachments,
                ask_email: self.chat.ask_email,
            },
            callback: CallbackSettings {
                countries: checks::countries(self.callback.countries)?,
                slot_min: checks::slot_min(self.callback.slot_min)?,
                verify_sms: self.callback.verify_sms,
            },
            created_at,
        })
    }
}

async fn read(app: &App) -> ApiResult<BrandsBody> {
    let (brands, sources) = app
        .store(|store| Ok((store.brands()?, store.sources()?)))
        .await?;
    let brands = brands
        .iter()
        .map(|brand| BrandBody {
            brand: brand.brand.to_string(),
            is_default: brand.is_default(),
            sources: sources
                .iter()
                .filter(|source| source.brand.unwrap_or(Brand::DEFAULT) == brand.brand)
                .map(|source| source.name.clone())
                .collect(),
            fields: brand.into(),
        })
        .collect();
    let ours = Template::ALL.into_iter().map(|template| TextBody {
        key: template.key(),
        ours: Language::ALL
            .into_iter()
            .map(|language| (language.tag(), template.words(language)))
            .collect(),
    });
    let the_widgets = WIDGET_TEXTS.into_iter().map(|key| TextBody {
        key,
        ours: BTreeMap::new(),
    });
    Ok(BrandsBody {
        brands,
        languages: Language::ALL.into_iter().map(Language::tag).collect(),
        texts: ours.chain(the_widgets).collect(),
    })
}

async fn one(app: &App, brand: BrandId) -> ApiResult<Json<BrandBody>> {
    let id = brand.to_string();
    let all = read(app).await?.brands;
    all.into_iter()
        .find(|one| one.brand == id)
        .map(Json)
        .ok_or_else(|| ApiError::not_found("brand"))
}

/// Lists brands, the default one first, and which of their texts can be worded.
#[utoipa::path(get, path = "/v1/admin/brands", tag = "administration",
    security(("session_cookie" = [])),
    responses((status = 200, body = BrandsBody), (status = 403, body = ErrorBody)))]
async fn list(State(app): State<Shared>, _auth: Auth<ReadsAdmin>) -> ApiResult<Json<BrandsBody>> {
    Ok(Json(read(&app).await?))
}

/// Adds a brand.
#[utoipa::path(post, path = "/v1/admin/brands", tag = "administration", request_body = BrandFields,
    security(("session_cookie" = [])),
    responses((status = 200, body = BrandBody), (status = 400, body = ErrorBody),
        (status = 409, body = ErrorBody)))]
async fn add(
    State(app): State<Shared>,
    _auth: Auth<Administers>,
    Body(asked): Body<BrandFields>,
) -> ApiResult<Json<BrandBody>> {
    let now = app.now();
    let brand = asked.checked(new_id!(BrandId, now), now)?;
    let id = brand.brand;
    if app.store(|store| store.brands()).await?.len() >= BRANDS_MAX {
        return Err(ApiError::conflict(
            "too_many_brands",
            "expected at most 50 brands",
        ));
    }
    app.store(move |store| store.put_brand(&brand)).await?;
    app.reload_brands().await?;
    one(&app, id).await
}

/// Replaces what is known of a brand.
#[utoipa::path(put, path = "/v1/admin/brands/{brand}", tag = "administration",
    params(("brand" = String, Path)), request_body = BrandFields, security(("session_cookie" = [])),
    responses((status = 200, body = BrandBody), (status = 400, body = ErrorBody),
        (status = 404, body = ErrorBody)))]
async fn change(
    State(app): State<Shared>,
    _auth: Auth<Administers>,
    Path(brand): Path<String>,
    Body(asked): Body<BrandFields>,
) -> ApiResult<Json<BrandBody>> {
    let id: BrandId = fields::id("brand", &brand)?;
    let known = app.brands.load().get(id);
    let known = known.ok_or_else(|| ApiError::not_found("brand"))?;
    let brand = asked.checked(id, known.created_at)?;
    app.store(move |store| store.put_brand(&brand)).await?;
    app.reload_brands().await?;
    one(&app, id).await
}

/// Removes a brand that no source shows; the default one stays.
#[utoipa::path(delete, path = "/v1/admin/brands/{brand}", tag = "administration",
    params(("brand" = String, Path)), security(("session_cookie" = [])),
    responses((status = 204), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
async fn remove(
    State(app): State<Shared>,
    _auth: Auth<Administers>,
    Path(brand): Path<String>,
) -> ApiResult<StatusCode> {
    let id: BrandId = fields::id("brand", &brand)?;
    if id == Brand::DEFAULT {
        return Err(ApiError::conflict(
            "default_brand",
            "the default brand cannot be removed: sources without a brand show it",
        ));
    }
    let used = app.store(move |store| {
        let sources = store.sources()?;
        Ok(sources.iter().any(|source| source.brand == Some(id)))
    });
    if used.await? {
        return Err(ApiError::conflict(
            "brand_in_use",
            "a source shows this brand: give the source another one first",
        ));
    }
    if !app.store(move |store| store.remove_brand(id)).await? {
        return Err(ApiError::not_found("brand"));
    }
    app.reload_brands().await?;
    Ok(StatusCode::NO_CONTENT)
}
