//! The shared secret of an endpoint, and signatures made with it.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

const PREFIX: &str = "whsec_";

/// A text is not a webhook secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected whsec_ followed by base64 of 24 to 64 bytes")]
pub struct InvalidSecret;

/// The secret that an endpoint shares with us, 24 to 64 bytes. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("whsec_<hidden>")
    }
}

impl Secret {
    /// Reads `whsec_<base64>`.
    ///
    /// # Errors
    /// [`InvalidSecret`] for another prefix, broken base64 or a length outside 24 to 64.
    pub fn parse(text: &str) -> Result<Self, InvalidSecret> {
        let bytes = text
            .strip_prefix(PREFIX)
            .and_then(|rest| STANDARD.decode(rest).ok())
            .ok_or(InvalidSecret)?;
        if (24..=64).contains(&bytes.len()) {
            Ok(Self(bytes))
        } else {
            Err(InvalidSecret)
        }
    }

    /// `v1,<base64 of HMAC-SHA256 over "id.timestamp.body">`; `sent_at_s` in Unix seconds.
    pub fn sign(&self, id: &str, sent_at_s: i64, body: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes any key length");
        mac.update(id.as_bytes());
        mac.update(b".");
        mac.update(sent_at_s.to_string().as_bytes());
        mac.update(b".");
        mac.update(body.as_bytes());
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_example_signs_to_the_published_signature() {
        // The example of the Standard Webhooks documentation.
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        assert_eq!(
            secret.sign(
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                1_614_265_330,
                r#"{"test": 2432232314}"#
            ),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }

    #[test]
    fn wrong_secrets_are_refused_and_never_shown() {
        for bad in [
            "",
            "whsec_",
            "whsec_AAAA",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_!",
        ] {
            assert_eq!(Secret::parse(bad), Err(InvalidSecret), "{bad}");
        }
        let long = format!("whsec_{}", STANDARD.encode([7; 65]));
        assert_eq!(Secret::parse(&long), Err(InvalidSecret));
        let fine = Secret::parse(&format!("whsec_{}", STANDARD.encode([7; 64]))).unwrap();
        assert_eq!(format!("{fine:?}"), "whsec_<hidden>");
    }
}
