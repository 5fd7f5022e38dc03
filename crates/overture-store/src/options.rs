//! What is needed to open a store.

use std::fmt;

use zeroize::Zeroizing;

use crate::DiskLimits;

/// The key that all other keys are wrapped with: 32 random bytes, kept outside backups.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

impl MasterKey {
    /// Takes the key's bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// A new random key, from the operating system's generator.
    pub fn generate() -> Self {
        Self::new(rand::random())
    }

    /// The key's bytes, for the one who writes the key file.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

/// How to open a store, whatever its kind.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// The key that opens all keys in it.
    pub master_key: MasterKey,
    /// The bounds of its disk use.
    pub limits: DiskLimits,
}

impl StoreOptions {
    /// The default limits with this key.
    pub fn new(master_key: MasterKey) -> Self {
        Self {
            master_key,
            limits: DiskLimits::default(),
        }
    }
}
