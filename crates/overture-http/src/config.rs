//! What the binary tells this crate when it starts.

use std::{fmt, net::IpAddr, str::FromStr, sync::Arc};

use overture_engine::{
    model::{Millis, Timestamp},
    understand::{IssueClassifier, TextModel},
};
use overture_store::Store;
use tokio::sync::watch;

use crate::calls::CallParts;

use crate::core::Core;
use crate::replay::RunReplay;

/// Settings of the HTTP side.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Where people reach the server, for example `https://help.example.com`, without a
    /// slash at the end. Drives the snippet, links, and the cookie's Secure flag. Without
    /// it the request's own Host is used, over http.
    pub public_url: Option<String>,
    /// Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    pub trusted_proxies: Vec<Network>,
    /// A path, for example `/assist`, under which everything that the widget needs answers
    /// once more, so that a site's own reverse proxy of one path is enough. Empty for none.
    pub first_party_prefix: String,
    /// Whether this is the demo: serves the sample shop, allows the wipe.
    pub demo: bool,
    /// The write key put into the sample shop's pages.
    pub shop_write_key: String,
    /// The version shown on the status page.
    pub version: String,
    /// How much one key, address or session may ask.
    pub rates: Rates,
    /// Presence, files and mail of chats.
    pub chat: ChatConfig,
}

/// Presence, files and mail of chats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChatConfig {
    /// How long nothing must be heard of a customer before they count as gone.
    pub away_after: Millis,
    /// Bytes of one attachment; zero takes none.
    pub file_bytes_max: u64,
    /// Bytes of one conversation's attachments.
    pub conversation_bytes_max: u64,
    /// Bytes of all attachments.
    pub total_bytes_max: u64,
    /// Whether e-mail can be sent: only then customers are asked for an address.
    pub email: bool,
}

impl Default for ChatConfig {
    fn default() -> Self {
        Self {
            away_after: Millis::from_secs(30),
            file_bytes_max: 5 << 20,
            conversation_bytes_max: 50 << 20,
            total_bytes_max: 10 << 30,
            email: false,
        }
    }
}

/// How much one key, address or session may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates {
    /// Capture requests a second for each source.
    pub capture_per_s: u32,
    /// New widget sessions a minute for each client address.
    pub sessions_per_min: u32,
    /// Widget changes (messages, help, answers) a minute for each session.
    pub widget_per_min: u32,
    /// Sign-in tries a minute for each client address and for each account.
    pub logins_per_min: u32,
    /// Requests a second for each API token.
    pub tokens_per_s: u32,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            capture_per_s: 20_000,
            sessions_per_min: 600,
            widget_per_min: 120,
            logins_per_min: 10,
            tokens_per_s: 100,
        }
    }
}

/// An address, or all that share its first bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix_bits: u8,
}

/// The text is no address and no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an address like 10.0.0.1 or a network like 10.0.0.0/8, got {0:?}")]
pub struct InvalidNetwork(String);

impl Network {
    /// Whether `address` is in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let shift = 32 - u32::from(self.prefix_bits);
                shift == 32 || network.to_bits() >> shift == address.to_bits() >> shift
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let shift = 128 - u32::from(self.prefix_bits);
                shift == 128 || network.to_bits() >> shift == address.to_bits() >> shift
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let invalid = || InvalidNetwork(text.to_owned());
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| invalid())?;
        let bits_max = if address.is_ipv4() { 32 } else { 128 };
        let prefix_bits = match bits {
            Some(bits) => bits.parse().map_err(|_| invalid())?,
            None => bits_max,
        };
        if prefix_bits > bits_max {
            return Err(invalid());
        }
        Ok(Self {
            address,
            prefix_bits,
        })
    }
}

/// Gives a model, or nothing where it cannot be had. The first call may take a moment.
pub type LoadModel = Arc<dyn Fn() -> Option<Arc<dyn TextModel>> + Send + Sync>;

/// The installation's own text models; no service of somebody else's is among them.
#[derive(Clone)]
pub struct TextModels {
    /// Tier 0.
    pub first: Arc<dyn TextModel>,
    /// Tier 1, where it is in use.
    pub second: Option<LoadModel>,
    /// Why the first is not the one that was chosen, for people.
    pub problem: Option<String>,
}

/// What says what texts are about.
#[derive(Clone, Default)]
pub struct Issues {
    /// The classifier in use, where there is one.
    pub classifier: Option<Arc<dyn IssueClassifier>>,
    /// Why the chosen one is not in use, for people.
    pub problem: Option<String>,
}

/// What the admin page shows of the mail server, and how it is tried.
#[derive(Clone)]
pub struct MailStatus {
    /// The mail server.
    pub host: String,
    /// The sender.
    pub from: String,
    /// Sends a test to an address; the error is a line for people. Blocks.
    pub send_test: SendTest,
}

/// What the admin page says of a service that what customers write is also sent to.
#[derive(Debug, Clone)]
pub struct RemoteTextStatus {
    /// Its name for people.
    pub service: &'static str,
    /// Where it is.
    pub host: String,
}

/// See [`MailStatus::send_test`].
pub type SendTest = Arc<dyn Fn(&str) -> Result<(), String> + Send + Sync>;

/// The clock of the binary.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Sends short texts at once, for codes; other messages go through the outbox.
pub trait Texts: Send + Sync {
    /// Sends one text. Blocks.
    ///
    /// # Errors
    /// A line for the log, without the number.
    fn send(&self, to: &str, text: &str) -> Result<(), String>;
}

/// Everything the routes need.
pub struct Parts {
    /// The running engine.
    pub core: Arc<dyn Core>,
    /// The store, for reading and for rows that people edit.
    pub store: Arc<dyn Store>,
    /// Settings.
    pub config: Config,
    /// The only clock.
    pub clock: Clock,
    /// Renders `/metrics`: Prometheus text exposition.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// Sends text messages, where that is configured.
    pub texts: Option<Arc<dyn Texts>>,
    /// The mail server, where one is set.
    pub mail: Option<MailStatus>,
    /// The service that what customers write is also sent to, where one is set.
    pub remote_text: Option<RemoteTextStatus>,
    /// What texts are read with when a list is tried.
    pub text_models: TextModels,
    /// What says what texts are about.
    pub issues: Issues,
    /// What calls are listened to with.
    pub calls: CallParts,
    /// Decides the recorded history anew; `None` where that is not offered.
    pub replay: Option<RunReplay>,
    /// Turns true when the server stops: sockets then say good-bye.
    pub stopping: watch::Receiver<bool>,
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_exactly_its_addresses() {
        for (network, address, inside) in [
            ("10.0.0.0/8", "10.200.3.4", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.0.0.1", "10.0.0.1", true),
            ("10.0.0.1", "10.0.0.2", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("::1", "::1", true),
            ("fd00::/8", "fd12::1", true),
            ("fd00::/8", "fe80::1", false),
            ("10.0.0.0/8", "::ffff:10.1.1.1", true),
        ] {
            let parsed: Network = network.parse().unwrap();
            assert_eq!(
                parsed.contains(address.parse().unwrap()),
                inside,
                "{network} {address}"
            );
        }
        for bad in ["", "10.0.0.0/33", "ten", "::1/129", "10.0.0.0/"] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
    }
}
