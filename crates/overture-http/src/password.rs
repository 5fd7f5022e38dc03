//! Passwords, with Argon2id in its default strength.

use std::sync::LazyLock;

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use overture_engine::model::Private;

use crate::error::{ApiError, ApiResult};

/// The shortest password, letters.
const LETTERS_MIN: usize = 10;
/// The longest password, bytes: hashing must stay bounded.
const BYTES_MAX: usize = 256;

/// The hash, in PHC text form, that a password is kept as. Takes tens of milliseconds: call
/// it where blocking is fine.
///
/// # Errors
/// The system's random generator failed.
pub fn hash_password(password: &str) -> Result<Private, argon2::password_hash::Error> {
    let hash = Argon2::default().hash_password(password.as_bytes())?;
    Ok(Private::new(hash.to_string()))
}

fn verify(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(password.as_bytes(), &hash)
            .is_ok()
    })
}

/// The hash of no password, so that an unknown account takes as long as a known one.
static NOBODY: LazyLock<Private> =
    LazyLock::new(|| hash_password("nobody has this password").unwrap_or_default());

/// Whether `password` is the one behind `hash`; without a hash it takes as long and is false.
pub(crate) async fn matches(password: String, hash: Option<Private>) -> ApiResult<bool> {
    let check = move || {
        if password.len() > BYTES_MAX {
            return false;
        }
        match hash {
            Some(hash) => verify(&password, hash.reveal()),
            None => {
                verify(&password, NOBODY.reveal());
                false
            }
        }
    };
    tokio::task::spawn_blocking(check)
        .await
        .map_err(|cause| ApiError::internal(&cause))
}

/// Checks and hashes a new password.
pub(crate) async fn hashed(field: &'static str, password: String) -> ApiResult<Private> {
    if password.chars().count() < LETTERS_MIN || password.len() > BYTES_MAX {
        return Err(ApiError::bad_input(
            field,
            format!("expected a password of {LETTERS_MIN} letters to {BYTES_MAX} bytes"),
        ));
    }
    tokio::task::spawn_blocking(move || hash_password(&password))
        .await
        .map_err(|cause| ApiError::internal(&cause))?
        .map_err(|cause| ApiError::internal(&cause))
}
