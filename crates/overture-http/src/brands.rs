//! Brands in memory: every session and every offer asks.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use overture_engine::model::{BrandId, SourceId};
use overture_store::{Brand, Store, StoreError};

/// All brands, and which source shows which.
#[derive(Debug)]
pub(crate) struct Brands {
    default: Arc<Brand>,
    by_id: BTreeMap<BrandId, Arc<Brand>>,
    by_source: HashMap<SourceId, Arc<Brand>>,
}

impl Brands {
    pub(crate) fn read(store: &dyn Store) -> Result<Self, StoreError> {
        let by_id: BTreeMap<BrandId, Arc<Brand>> = store
            .brands()?
            .into_iter()
            .map(|brand| (brand.brand, Arc::new(brand)))
            .collect();
        let default = by_id
            .get(&Brand::DEFAULT)
            .map_or_else(|| Arc::new(Brand::shipped()), Arc::clone);
        let by_source = store
            .sources()?
            .into_iter()
            .filter_map(|source| {
                let brand = by_id.get(&source.brand?)?;
                Some((source.source, Arc::clone(brand)))
            })
            .collect();
        Ok(Self {
            default,
            by_id,
            by_source,
        })
    }

    /// The brand that customers of this source meet.
    pub(crate) fn of(&self, source: SourceId) -> Arc<Brand> {
        Arc::clone(self.by_source.get(&source).unwrap_or(&self.default))
    }

    /// One brand.
    pub(crate) fn get(&self, brand: BrandId) -> Option<Arc<Brand>> {
        self.by_id.get(&brand).map(Arc::clone)
    }
}
