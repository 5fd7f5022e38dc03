//! The knowledge that is in use: replaced whole after a change, outcomes once a minute.

use std::sync::Arc;

use arc_swap::ArcSwap;
use overture_engine::model::{Millis, Timestamp};
use overture_store::{Store, StoreError};

use super::{Knowledge, Outcomes};
use crate::{app::App, core::WorldChange, error::ApiResult};

/// The setting that names the language which stands in for others.
const MAIN_LOCALE: &str = "knowledge_main_locale";
/// That language until somebody says otherwise.
const MAIN_LOCALE_DEFAULT: &str = "en";
/// How old the outcomes may be that the order is by.
const OUTCOMES_MAX_AGE: Millis = Millis::from_secs(60);

pub(crate) struct Live {
    knowledge: ArcSwap<Knowledge>,
    outcomes: ArcSwap<(Timestamp, Outcomes)>,
}

fn build(store: &dyn Store) -> Result<Knowledge, StoreError> {
    Ok(Knowledge::build(
        store.published_articles()?,
        &main_locale(store)?,
    ))
}

/// The language which stands in for others.
pub(crate) fn main_locale(store: &dyn Store) -> Result<String, StoreError> {
    let set = store.setting(MAIN_LOCALE)?;
    Ok(set.unwrap_or_else(|| MAIN_LOCALE_DEFAULT.to_owned()))
}

/// Sets the language which stands in for others.
pub(crate) fn set_main_locale(store: &dyn Store, locale: &str) -> Result<(), StoreError> {
    store.set_setting(MAIN_LOCALE, locale)
}

impl Live {
    /// Reads everything. Blocks.
    pub(crate) fn read(store: &dyn Store, now: Timestamp) -> Result<Self, StoreError> {
        let outcomes = Outcomes::of(&store.article_counts()?);
        Ok(Self {
            knowledge: ArcSwap::from_pointee(build(store)?),
            outcomes: ArcSwap::from_pointee((now, outcomes)),
        })
    }

    pub(crate) fn load(&self) -> Arc<Knowledge> {
        self.knowledge.load_full()
    }
}

impl App {
    /// How far articles helped, at most a minute old.
    pub(crate) async fn article_outcomes(&self) -> ApiResult<Arc<(Timestamp, Outcomes)>> {
        let known = self.knowledge.outcomes.load_full();
        let now = self.now();
        if now.since(known.0) < OUTCOMES_MAX_AGE {
            return Ok(known);
        }
        let counts = self.store(|store| store.article_counts()).await?;
        let fresh = Arc::new((now, Outcomes::of(&counts)));
        self.knowledge.outcomes.store(Arc::clone(&fresh));
        Ok(fresh)
    }

    /// After articles were changed; tells the engine whether there is anything to offer.
    pub(crate) async fn reload_knowledge(&self) -> ApiResult<()> {
        let knowledge = self.store(build).await?;
        let any = !knowledge.is_empty();
        self.knowledge.knowledge.store(Arc::new(knowledge));
        if self.core.world().faqs != any {
            self.core.change_world(WorldChange::Faqs(any)).await?;
        }
        Ok(())
    }
}
