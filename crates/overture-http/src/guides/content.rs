//! The content of a guide as it is stored and edited, and its checks.

use std::collections::BTreeMap;

use overture_engine::{
    decide::PagePattern,
    model::{BrandId, GUIDE_STEPS_MAX, GuideFrequency, GuideKind, MediaId},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::error::{ApiError, ApiResult};

const TITLE_LETTERS_MAX: usize = 120;
const TEXT_LETTERS_MAX: usize = 2_000;
const LOCALES_MAX: usize = 20;
const CANDIDATES_MAX: usize = 8;
const HOSTS_MAX: usize = 8;
const VALUE_BYTES_MAX: usize = 400;

/// What a guide says, where and to whom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Content {
    /// `tooltip`, `steps` or `video`.
    pub(crate) kind: String,
    /// On which pages: `/checkout`, `/shop/*/cart`, `/help/**`.
    #[serde(default)]
    pub(crate) pages: String,
    /// For whom: a condition in CEL; empty for everybody on those pages.
    #[serde(default)]
    pub(crate) audience: String,
    /// `0..=1000`, larger goes first.
    #[serde(default)]
    pub(crate) priority: u16,
    /// `ever`, `visit` or `always`.
    #[serde(default = "ever")]
    pub(crate) frequency: String,
    /// Only on pages of this brand; absent for all.
    #[serde(default)]
    pub(crate) brand: Option<String>,
    /// The language that stands in for one that is missing.
    #[serde(default = "english")]
    pub(crate) default_locale: String,
    #[serde(default)]
    pub(crate) steps: Vec<Step>,
    #[serde(default)]
    pub(crate) video: Option<Video>,
}

fn ever() -> String {
    GuideFrequency::Ever.name().to_owned()
}

fn english() -> String {
    "en".to_owned()
}

/// One card of a guide.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    /// The element it stands beside; absent for a corner of the page.
    #[serde(default)]
    pub(crate) anchor: Option<Anchor>,
    /// `auto`, `top`, `bottom`, `start` or `end`.
    #[serde(default = "auto")]
    pub(crate) placement: String,
    /// `next`, `click` or `input`.
    #[serde(default = "next")]
    pub(crate) waits_for: String,
    /// `click`, `type` or `scroll`.
    #[serde(default)]
    pub(crate) hint: Option<String>,
    /// By BCP 47 locale.
    #[serde(default)]
    pub(crate) texts: BTreeMap<String, StepText>,
}

fn auto() -> String {
    "auto".to_owned()
}

fn next() -> String {
    "next".to_owned()
}

/// The words of a card in one language.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StepText {
    #[serde(default)]
    pub(crate) title: String,
    /// A safe part of Markdown.
    #[serde(default)]
    pub(crate) text: String,
}

/// How an element is found again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Anchor {
    pub(crate) tag: String,
    /// Open shadow hosts around it, outermost first.
    #[serde(default)]
    pub(crate) hosts: Vec<Vec<Candidate>>,
    pub(crate) candidates: Vec<Candidate>,
}

/// One way to recognise an element; a name is kept as a hash.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Candidate {
    /// `id`, `test`, `name`, `label`, `css` or `nth`.
    pub(crate) by: String,
    pub(crate) value: String,
}

/// A short film.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Video {
    /// The film's file.
    pub(crate) media: String,
    /// A still picture.
    #[serde(default)]
    pub(crate) poster: Option<String>,
    #[serde(default)]
    pub(crate) captions: Vec<Captions>,
}

/// The captions of a film in one language.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Captions {
    pub(crate) locale: String,
    /// A WebVTT file.
    pub(crate) media: String,
}

fn one_of(field: String, value: &str, allowed: &[&str]) -> ApiResult<()> {
    if allowed.contains(&value) {
        return Ok(());
    }
    Err(ApiError::bad_input(
        field,
        format!("expected one of {}", allowed.join(", ")),
    ))
}

fn at_most(field: String, letters: usize, max: usize) -> ApiResult<()> {
    if letters <= max {
        return Ok(());
    }
    Err(ApiError::bad_input(
        field,
        format!("expected at most {max}, got {letters}"),
    ))
}

fn locale(field: String, tag: &str) -> ApiResult<()> {
    let plausible = (2..=35).contains(&tag.len())
        && tag
            .split('-')
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    if plausible {
        return Ok(());
    }
    Err(ApiError::bad_input(
        field,
        "expected a language tag, for example en or pt-BR",
    ))
}

impl Content {
    /// A new guide of a kind, empty.
    pub(crate) fn empty(kind: GuideKind) -> Self {
        let step = Step {
            anchor: None,
            placement: auto(),
            waits_for: next(),
            hint: None,
            texts: BTreeMap::new(),
        };
        Self {
            kind: kind.name().to_owned(),
            pages: "/**".to_owned(),
            audience: String::new(),
            priority: 0,
            frequency: ever(),
            brand: None,
            default_locale: english(),
            steps: vec![step],
            video: None,
        }
    }

    /// What was stored; it was checked before.
    pub(crate) fn stored(json: &str) -> ApiResult<Self> {
        serde_json::from_str(json)
            .map_err(|error| ApiError::internal(&format!("a stored guide: {error}")))
    }

    pub(crate) fn json(&self) -> String {
        serde_json::to_string(self).expect("texts and lists become JSON")
    }

    /// Checks what a draft must keep to, finished or not.
    pub(crate) fn check(&self) -> ApiResult<()> {
        self.kind()?;
        self.frequency()?;
        if !self.pages.is_empty() {
            PagePattern::parse(&self.pages)
                .map_err(|error| ApiError::bad_input("pages", error.to_string()))?;
        }
        at_most("priority".into(), self.priority.into(), 1_000)?;
        locale("default_locale".into(), &self.default_locale)?;
        if let Some(brand) = &self.brand {
            crate::fields::id::<BrandId>("brand", brand)?;
        }
        at_most("steps".into(), self.steps.len(), GUIDE_STEPS_MAX)?;
        for (place, step) in self.steps.iter().enumerate() {
            step.check(&format!("steps[{place}]"))?;
        }
        if let Some(video) = &self.video {
            crate::fields::id::<MediaId>("video.media", &video.media)?;
            if let Some(poster) = &video.poster {
                crate::fields::id::<MediaId>("video.poster", poster)?;
            }
            at_most("video.captions".into(), video.captions.len(), LOCALES_MAX)?;
            for captions in &video.captions {
                locale("video.captions.locale".into(), &captions.locale)?;
                crate::fields::id::<MediaId>("video.captions.media", &captions.media)?;
            }
        }
        Ok(())
    }

    /// Checks what only a guide that goes live must have.
    pub(crate) fn check_complete(&self) -> ApiResult<()> {
        let wrong = |field: &str, message: &'static str| Err(ApiError::bad_input(field, message));
        if self.pages.is_empty() {
            return wrong(
                "pages",
                "expected the pages it is for, for example /checkout/**",
            );
        }
        let kind = self.kind()?;
        match kind {
            GuideKind::Tooltip if self.steps.len() != 1 => {
                return wrong("steps", "expected one step: a tooltip is one card");
            }
            GuideKind::Steps if self.steps.is_empty() => {
                return wrong("steps", "expected at least one step");
            }
            GuideKind::Video if self.steps.len() != 1 => {
                return wrong("steps", "expected one step: the words beside the video");
            }
            _ => {}
        }
        for (place, step) in self.steps.iter().enumerate() {
            if kind == GuideKind::Tooltip && step.anchor.is_none() {
                return wrong(
                    "steps[0].anchor",
                    "expected an element: pick one on the page",
                );
            }
            if step.waits_for != "next" && step.anchor.is_none() {
                return Err(ApiError::bad_input(
                    format!("steps[{place}].anchor"),
                    "expected an element: the step waits for something done to it",
                ));
            }
            let words = step.texts.get(&self.default_locale);
            if words.is_none_or(|words| words.title.trim().is_empty()) {
                return Err(ApiError::bad_input(
                    format!("steps[{place}].texts.{}.title", self.default_locale),
                    "expected a title in the default language",
                ));
            }
        }
        if kind == GuideKind::Video {
            let Some(video) = &self.video else {
                return wrong("video", "expected a video file");
            };
            if video.captions.is_empty() {
                return wrong(
                    "video.captions",
                    "expected captions (WebVTT): not everybody can hear a video",
                );
            }
        }
        Ok(())
    }

    pub(crate) fn kind(&self) -> ApiResult<GuideKind> {
        GuideKind::from_name(&self.kind)
            .ok_or_else(|| ApiError::bad_input("kind", "expected tooltip, steps or video"))
    }

    pub(crate) fn frequency(&self) -> ApiResult<GuideFrequency> {
        GuideFrequency::from_name(&self.frequency)
            .ok_or_else(|| ApiError::bad_input("frequency", "expected ever, visit or always"))
    }

    /// Every language that it has words in.
    pub(crate) fn locales(&self) -> Vec<String> {
        let mut all: Vec<String> = self
            .steps
            .iter()
            .flat_map(|step| step.texts.keys().cloned())
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The best of its languages for a wish: the same tag, the same primary language, or
    /// the default one.
    fn locale_for(&self, wanted: &str) -> String {
        let primary = |tag: &str| {
            let end = tag.find(['-', '_']).unwrap_or(tag.len());
            tag[..end].to_ascii_lowercase()
        };
        let all = self.locales();
        all.iter()
            .find(|tag| tag.eq_ignore_ascii_case(wanted))
            .or_else(|| all.iter().find(|tag| primary(tag) == primary(wanted)))
            .cloned()
            .unwrap_or_else(|| self.default_locale.clone())
    }

    /// What the widget's player takes, in one language. Files are named by their paths.
    pub(crate) fn rendered(&self, id: &str, revision: u32, name: &str, wanted: &str) -> Value {
        let locale = self.locale_for(wanted);
        let path = |media: &str| format!("/v1/widget/media/{media}");
        let steps: Vec<Value> = self
            .steps
            .iter()
            .map(|step| {
                let words = step
                    .texts
                    .get(&locale)
                    .filter(|words| !words.title.is_empty())
                    .or_else(|| step.texts.get(&self.default_locale))
                    .cloned()
                    .unwrap_or_default();
                json!({
                    "anchor": step.anchor, "title": words.title, "text": words.text,
                    "placement": step.placement, "waits_for": step.waits_for, "hint": step.hint,
                })
            })
            .collect();
        let video = self.video.as_ref().map(|video| {
            let captions: Vec<Value> = video
                .captions
                .iter()
                .map(|one| json!({"locale": one.locale, "src": path(&one.media)}))
                .collect();
            json!({
                "src": path(&video.media), "poster": video.poster.as_deref().map(path),
                "captions": captions,
            })
        });
        json!({
            "id": id, "revision": revision, "kind": self.kind, "name": name, "locale": locale,
            "steps": steps, "video": video,
        })
    }
}

impl Step {
    fn check(&self, at: &str) -> ApiResult<()> {
        let field = |name: &str| format!("{at}.{name}");
        let placements = ["auto", "top", "bottom", "start", "end"];
        one_of(field("placement"), &self.placement, &placements)?;
        one_of(
            field("waits_for"),
            &self.waits_for,
            &["next", "click", "input"],
        )?;
        if let Some(hint) = &self.hint {
            one_of(field("hint"), hint, &["click", "type", "scroll"])?;
        }
        at_most(field("texts"), self.texts.len(), LOCALES_MAX)?;
        for (tag, words) in &self.texts {
            locale(field(&format!("texts.{tag}")), tag)?;
            let title = field(&format!("texts.{tag}.title"));
            at_most(title, words.title.chars().count(), TITLE_LETTERS_MAX)?;
            let text = field(&format!("texts.{tag}.text"));
            at_most(text, words.text.chars().count(), TEXT_LETTERS_MAX)?;
        }
        let Some(anchor) = &self.anchor else {
            return Ok(());
        };
        at_most(field("anchor.tag"), anchor.tag.len(), 60)?;
        at_most(field("anchor.hosts"), anchor.hosts.len(), HOSTS_MAX)?;
        let all = anchor.hosts.iter().chain([&anchor.candidates]);
        for candidates in all {
            if candidates.is_empty() {
                return Err(ApiError::bad_input(
                    field("anchor.candidates"),
                    "expected at least one way to find the element",
                ));
            }
            at_most(field("anchor.candidates"), candidates.len(), CANDIDATES_MAX)?;
            for candidate in candidates {
                let ways = ["id", "test", "name", "label", "css", "nth"];
                one_of(field("anchor.candidates.by"), &candidate.by, &ways)?;
                let value = field("anchor.candidates.value");
                at_most(value, candidate.value.len(), VALUE_BYTES_MAX)?;
            }
        }
        Ok(())
    }
}
