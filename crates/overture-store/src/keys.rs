//! Keys: one random key a customer, wrapped by the master key, and what is sealed by them.
//!
//! Sealed text: one byte of format, the key's 8-byte number, a random 192-bit nonce, then
//! XChaCha20-Poly1305. With that nonce length random nonces do not collide in practice
//! (2^80 texts under one key for a chance of 2^-32), so there is no count to keep.
//!
//! A customer's key is made with the first text that is sealed for them: most customers
//! never need one. Destroying the key's row makes everything sealed by it unreadable.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
};

use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead, KeyInit, Payload},
};
use hmac::{Hmac, Mac};
use overture_engine::model::{CustomerId, Private};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::{
    MasterKey,
    records::{Open, Problem, Seal},
};

/// How many customers' keys are kept in memory; about 100 bytes each.
const CACHED_KEYS_MAX: usize = 100_000;

const FORMAT: u8 = 1;
const NONCE_BYTES: usize = 24;
const HEAD_BYTES: usize = 1 + 8 + NONCE_BYTES;

type SecretKey = Zeroizing<[u8; 32]>;

/// The number that names a key in every text it sealed; random, never used twice.
pub(crate) type KeyId = i64;

/// A key as its row keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyRow {
    pub(crate) key: KeyId,
    pub(crate) customer: CustomerId,
    pub(crate) wrapped: Vec<u8>,
}

/// All keys in use.
pub(crate) struct Keys {
    wrap: XChaCha20Poly1305,
    ledger: Zeroizing<[u8; 32]>,
    cache: Mutex<Cache>,
    erased_reads: AtomicU64,
}

#[derive(Default)]
struct Cache {
    /// The key to seal with. Only a writer adds to it, in its turn, so that none seals with
    /// a key that an erasure before it destroyed.
    by_customer: HashMap<CustomerId, KeyId>,
    by_key: HashMap<KeyId, SecretKey>,
    /// Counts erasures, so that a key read before one is not cached after it.
    erasures: u64,
}

impl Keys {
    pub(crate) fn new(master: &MasterKey) -> Self {
        Self {
            wrap: XChaCha20Poly1305::new((&*derive(master, b"overture wrap 1")).into()),
            ledger: derive(master, b"overture ledger 1"),
            cache: Mutex::new(Cache::default()),
            erased_reads: AtomicU64::new(0),
        }
    }

    /// How often a text was read whose key is gone.
    pub(crate) fn erased_reads(&self) -> u64 {
        self.erased_reads.load(Ordering::Relaxed)
    }

    /// Seals a secret that is not a customer's, such as a source's identity secret.
    pub(crate) fn wrap(&self, plain: &[u8], purpose: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE_BYTES] = rand::random();
        let mut out = nonce.to_vec();
        out.extend(
            self.wrap
                .encrypt(
                    &XNonce::from(nonce),
                    Payload {
                        msg: plain,
                        aad: purpose,
                    },
                )
                .expect("secrets are far shorter than the cipher's limit"),
        );
        out
    }

    /// Opens what [`Keys::wrap`] made for the same purpose; `None` when it was changed or
    /// made under another master key.
    pub(crate) fn unwrap(&self, wrapped: &[u8], purpose: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, text) = wrapped.split_first_chunk::<NONCE_BYTES>()?;
        self.wrap
            .decrypt(
                &XNonce::from(*nonce),
                Payload {
                    msg: text,
                    aad: purpose,
                },
            )
            .ok()
            .map(Zeroizing::new)
    }

    /// The signature of a ledger chain's end.
    pub(crate) fn sign_ledger(&self, partition: u32, row: u64, hash: &[u8; 32]) -> [u8; 32] {
        let mut mac = hmac(&self.ledger);
        mac.update(&partition.to_le_bytes());
        mac.update(&row.to_le_bytes());
        mac.update(hash);
        mac.finalize().into_bytes().into()
    }

    /// Begins sealing one unit.
    pub(crate) fn sealing(&self) -> Sealing<'_> {
        Sealing {
            keys: self,
            fresh: BTreeMap::new(),
        }
    }

    /// Begins opening what one read found.
    pub(crate) fn opening(&self) -> Opening<'_> {
        Opening {
            keys: self,
            erasures: self.cache().erasures,
            missing: RefCell::new(BTreeSet::new()),
            loaded: None,
        }
    }

    /// Takes keys from their rows into memory, to seal with: for a writer, in its turn. Rows
    /// that do not unwrap are refused.
    pub(crate) fn remember(&self, rows: &[KeyRow]) -> Result<(), Problem> {
        for row in rows {
            let secret = self.open_row(row).ok_or(Problem::Seal)?;
            let mut cache = self.cache();
            cache.put(row.key, secret);
            cache.by_customer.insert(row.customer, row.key);
        }
        Ok(())
    }

    /// Forgets a customer's keys, in the turn that destroyed or moved them.
    pub(crate) fn forget(&self, customer: CustomerId, keys: &[KeyId]) {
        let mut cache = self.cache();
        cache.erasures += 1;
        cache.by_customer.remove(&customer);
        for key in keys {
            cache.by_key.remove(key);
        }
        let gone: BTreeSet<KeyId> = keys.iter().copied().collect();
        cache.by_customer.retain(|_, key| !gone.contains(key));
    }

    /// Forgets every key.
    pub(crate) fn forget_all(&self) {
        let mut cache = self.cache();
        cache.erasures += 1;
        cache.by_customer.clear();
        cache.by_key.clear();
    }

    fn open_row(&self, row: &KeyRow) -> Option<SecretKey> {
        let plain = self.unwrap(&row.wrapped, &row.key.to_le_bytes())?;
        let bytes: [u8; 32] = plain.as_slice().try_into().ok()?;
        Some(Zeroizing::new(bytes))
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Cache {
    fn put(&mut self, key: KeyId, secret: SecretKey) {
        if self.by_key.len() >= CACHED_KEYS_MAX {
            self.by_customer.clear();
            self.by_key.clear();
        }
        self.by_key.insert(key, secret);
    }
}

/// Seals the texts of one unit. Keys for customers who have none in memory are made up;
/// before they are used for good, [`Sealing::unknown`] must be looked up in the store.
pub(crate) struct Sealing<'a> {
    keys: &'a Keys,
    fresh: BTreeMap<CustomerId, (KeyId, SecretKey)>,
}

impl Sealing<'_> {
    /// The customers for whom a key was made up.
    pub(crate) fn unknown(&self) -> Vec<CustomerId> {
        self.fresh.keys().copied().collect()
    }

    /// The rows of the keys that were made up.
    pub(crate) fn into_rows(self) -> Vec<KeyRow> {
        self.fresh
            .iter()
            .map(|(customer, (key, secret))| KeyRow {
                key: *key,
                customer: *customer,
                wrapped: self.keys.wrap(&**secret, &key.to_le_bytes()),
            })
            .collect()
    }
}

impl Seal for Sealing<'_> {
    fn seal(&mut self, owner: CustomerId, text: &str) -> Vec<u8> {
        self.seal_bytes(owner, text.as_bytes())
    }
}

impl Sealing<'_> {
    /// The sealed form of bytes about `owner`; nothing for nothing.
    pub(crate) fn seal_bytes(&mut self, owner: CustomerId, plain: &[u8]) -> Vec<u8> {
        if plain.is_empty() {
            return Vec::new();
        }
        let cached = {
            let cache = self.keys.cache();
            cache
                .by_customer
                .get(&owner)
                .and_then(|key| cache.by_key.get(key).map(|secret| (*key, secret.clone())))
        };
        let (key, secret) = match cached {
            Some(found) => found,
            None => self
                .fresh
                .entry(owner)
                .or_insert_with(|| (rand::random(), Zeroizing::new(rand::random())))
                .clone(),
        };
        let nonce: [u8; NONCE_BYTES] = rand::random();
        let cipher = XChaCha20Poly1305::new((&*secret).into());
        let sealed = cipher
            .encrypt(&XNonce::from(nonce), plain)
            .expect("texts are far shorter than the cipher's limit");
        let mut out = Vec::with_capacity(HEAD_BYTES + sealed.len());
        out.push(FORMAT);
        out.extend_from_slice(&key.to_le_bytes());
        out.extend_from_slice(&nonce);
        out.extend(sealed);
        out
    }
}

/// Opens the texts of one read. A first pass collects the keys that are not in memory;
/// after [`Opening::load`] a second pass has all that exist.
pub(crate) struct Opening<'a> {
    keys: &'a Keys,
    erasures: u64,
    missing: RefCell<BTreeSet<KeyId>>,
    loaded: Option<HashMap<KeyId, SecretKey>>,
}

impl Opening<'_> {
    /// The keys that a first pass did not find.
    pub(crate) fn missing(&self) -> Vec<KeyId> {
        self.missing.borrow().iter().copied().collect()
    }

    /// Takes the rows of the missing keys; what is not among them was destroyed.
    pub(crate) fn load(&mut self, rows: &[KeyRow]) -> Result<(), Problem> {
        let mut loaded = HashMap::new();
        for row in rows {
            let secret = self.keys.open_row(row).ok_or(Problem::Seal)?;
            let mut cache = self.keys.cache();
            if cache.erasures == self.erasures {
                cache.put(row.key, secret.clone());
            }
            drop(cache);
            loaded.insert(row.key, secret);
        }
        self.loaded = Some(loaded);
        Ok(())
    }
}

impl Open for Opening<'_> {
    fn open(&self, sealed: &[u8]) -> Result<Private, Problem> {
        String::from_utf8(self.open_bytes(sealed)?)
            .map(Private::new)
            .map_err(|_| Problem::Seal)
    }

    fn open_bytes(&self, sealed: &[u8]) -> Result<Vec<u8>, Problem> {
        if sealed.is_empty() {
            return Ok(Vec::new());
        }
        let (head, text) = sealed
            .split_first_chunk::<HEAD_BYTES>()
            .ok_or(Problem::Length(sealed.len()))?;
        let (format, head) = head.split_first().expect("the head is not empty");
        if *format != FORMAT {
            return Err(Problem::Version(*format));
        }
        let (key, nonce) = head.split_first_chunk::<8>().expect("the head is longer");
        let key = KeyId::from_le_bytes(*key);
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().expect("the rest is the nonce");
        let cached = self.keys.cache().by_key.get(&key).cloned();
        let secret = match (cached, &self.loaded) {
            (Some(secret), _) => secret,
            (None, Some(loaded)) => match loaded.get(&key) {
                Some(secret) => secret.clone(),
                None => {
                    self.keys.erased_reads.fetch_add(1, Ordering::Relaxed);
                    return Ok(Vec::new());
                }
            },
            (None, None) => {
                self.missing.borrow_mut().insert(key);
                return Ok(Vec::new());
            }
        };
        XChaCha20Poly1305::new((&*secret).into())
            .decrypt(&XNonce::from(nonce), text)
            .map_err(|_| Problem::Seal)
    }
}

fn hmac(key: &[u8; 32]) -> Hmac<Sha256> {
    <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).expect("any length is a key")
}

/// A key for one purpose.
fn derive(master: &MasterKey, purpose: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut mac = hmac(master.bytes());
    mac.update(purpose);
    Zeroizing::new(mac.finalize().into_bytes().into())
}
