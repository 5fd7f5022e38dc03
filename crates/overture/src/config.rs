//! Settings: compiled-in defaults, then a file, then the environment, then flags.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use anyhow::Context;
use figment::{
    Figment,
    providers::{Env, Format, Serialized, Toml},
};
use overture_channels::{
    email::{Mailer, Security},
    guard::PrivateAddresses,
    remote_text::{Analyzer, Service},
    sms::Account,
    speech::{self, OpenAi, Streaming},
    webhook::{Secret, Sender},
};
use overture_engine::{model::Millis, understand::transcribe::Transcriber};
use overture_http::{ChatConfig, Network, Rates};
use overture_store::DiskLimits;
use serde::{Deserialize, Serialize};

/// The commented defaults.
pub const DEFAULTS: &str = include_str!("config.default.toml");

/// All settings, as in `config.default.toml`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Address and port to listen on.
    pub listen: String,
    /// Folder for everything on disk.
    pub data_dir: PathBuf,
    /// A PostgreSQL database; empty for SQLite.
    pub database_url: String,
    /// Where people reach the server; empty for the host they asked for.
    pub public_url: String,
    /// A path under which everything that the widget needs answers once more.
    pub first_party_prefix: String,
    /// Proxies that are believed.
    pub trusted_proxies: Vec<String>,
    /// The master key in hex; empty for the key file.
    pub master_key: String,
    /// What is logged.
    pub log: String,
    /// How it is logged.
    pub log_format: LogFormat,
    /// Whether the encoder reads texts once more.
    pub second_reading: bool,
    /// A service of somebody else's that reads texts too.
    pub remote_text: RemoteTextConfig,
    /// A service of somebody else's that turns speech into words.
    pub speech: SpeechConfig,
    /// Where alerts go.
    pub webhook: WebhookConfig,
    /// Text messages.
    pub sms: SmsConfig,
    /// Calls through Twilio.
    pub twilio: TwilioConfig,
    /// Where writes stop.
    pub disk: DiskConfig,
    /// How much is taken from one key, address or session.
    pub rates: RatesConfig,
    /// The mail server.
    pub smtp: SmtpConfig,
    /// Presence and files of chats.
    pub chat: ChatSection,
}

/// Calls through Twilio.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TwilioConfig {
    /// What it signs with; empty for none.
    pub auth_token: String,
}

/// The mail server.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpConfig {
    /// Empty for none.
    pub host: String,
    /// 0 for the usual one.
    pub port: u16,
    /// `starttls`, `tls` or `none`.
    pub security: SmtpSecurity,
    /// Who signs in.
    pub user: String,
    /// Their password.
    pub password: String,
    /// The sender.
    pub from: String,
    /// A certificate that is trusted besides the usual ones.
    pub ca_file: PathBuf,
}

/// See [`Security`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the default file documents them")]
pub enum SmtpSecurity {
    Starttls,
    Tls,
    None,
}

/// See [`overture_http::ChatConfig`].
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the default file documents them")]
pub struct ChatSection {
    pub away_after_s: u32,
    pub file_max_bytes: u64,
    pub conversation_max_bytes: u64,
    pub files_max_bytes: u64,
}

/// The service that what customers write is also sent to.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoteTextConfig {
    /// Whose it is.
    pub service: RemoteService,
    /// Empty for the service's own.
    pub url: String,
    /// The secret.
    pub key: String,
    /// Whether private networks may be called, and without TLS.
    pub allow_private_addresses: bool,
}

/// See [`Service`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the default file documents them")]
pub enum RemoteService {
    #[serde(rename = "")]
    None,
    Watson,
    Google,
}

/// The service that what is said in calls is sent to.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpeechConfig {
    /// How it is spoken to.
    pub service: SpeechService,
    /// Empty for the service's own.
    pub url: String,
    /// The secret.
    pub key: String,
    /// Empty for the usual one.
    pub model: String,
    /// Of calls whose own is not known.
    pub language: String,
    /// Whether private networks may be called, and without TLS.
    pub allow_private_addresses: bool,
}

/// See [`overture_channels::speech`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the default file documents them")]
pub enum SpeechService {
    #[serde(rename = "")]
    None,
    OpenAi,
    Deepgram,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// The endpoint that alerts are sent to.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookConfig {
    /// Empty for none.
    pub url: String,
    /// Shared secrets; each signs.
    pub secrets: Vec<String>,
    /// Whether private networks may be called.
    pub allow_private_addresses: bool,
}

/// The account that text messages are sent from.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmsConfig {
    /// Empty for none.
    pub url: String,
    /// The account's id.
    pub account: String,
    /// The account's secret.
    pub token: String,
    /// The number or the name they come from.
    pub from: String,
    /// Whether private networks may be called.
    pub allow_private_addresses: bool,
}

/// See [`DiskLimits`].
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the default file documents them")]
pub struct DiskConfig {
    pub max_bytes: u64,
    pub min_free_percent: u8,
    pub reserve_bytes: u64,
}

/// See [`Rates`].
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the default file documents them")]
pub struct RatesConfig {
    pub capture_per_s: u32,
    pub sessions_per_min: u32,
    pub widget_per_min: u32,
    pub logins_per_min: u32,
    pub tokens_per_s: u32,
}

/// Settings given as flags; a missing one leaves what file and environment say.
#[derive(Debug, Clone, Default, Serialize, clap::Args)]
pub struct Flags {
    /// A settings file (TOML); see the comments of `overture config`.
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    pub config: Option<PathBuf>,
    /// Folder for the database, the master key and the disk reserve.
    #[arg(long, value_name = "FOLDER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_dir: Option<PathBuf>,
    /// Address and port to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<String>,
    /// A PostgreSQL database instead of SQLite.
    #[arg(long, value_name = "postgres://..")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_url: Option<String>,
    /// Where people reach the server, for example https://help.example.com.
    #[arg(long, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,
}

/// Environment variables that are read elsewhere or belong to tests.
const TABLES: [&str; 19] = [
    "smtp",
    "chat",
    "listen",
    "data_dir",
    "database_url",
    "public_url",
    "first_party_prefix",
    "trusted_proxies",
    "master_key",
    "log",
    "log_format",
    "second_reading",
    "remote_text",
    "speech",
    "webhook",
    "sms",
    "twilio",
    "disk",
    "rates",
];

impl Config {
    /// Puts the settings together and checks them.
    ///
    /// # Errors
    /// A file that cannot be read, an unknown key, or a value of a wrong type or form.
    pub fn load(flags: &Flags) -> anyhow::Result<Self> {
        let mut figment = Figment::from(Toml::string(DEFAULTS));
        if let Some(file) = &flags.config {
            anyhow::ensure!(
                file.is_file(),
                "there is no settings file {}",
                file.display()
            );
            figment = figment.merge(Toml::file_exact(file));
        }
        let environment = Env::prefixed("OVERTURE_").filter(|key| {
            let table = key.as_str().split("__").next().unwrap_or_default();
            TABLES.iter().any(|known| table.eq_ignore_ascii_case(known))
        });
        let config: Self = figment
            .merge(environment.split("__"))
            .merge(Serialized::defaults(flags))
            .extract()
            .context("the settings are not valid")?;
        config.remote_text()?;
        config.transcriber()?;
        config.webhook()?;
        config.sms()?;
        config.mailer()?;
        anyhow::ensure!(
            (1..=3_600).contains(&config.chat.away_after_s),
            "chat.away_after_s: expected 1 to 3600"
        );
        anyhow::ensure!(
            config.chat.file_max_bytes <= 50 << 20,
            "chat.file_max_bytes: expected at most 52428800"
        );
        config.networks()?;
        anyhow::ensure!(
            config.public_url.is_empty()
                || config.public_url.starts_with("https://")
                || config.public_url.starts_with("http://"),
            "public_url: expected a url that begins with https:// or http://"
        );
        anyhow::ensure!(
            is_prefix(&config.first_party_prefix),
            "first_party_prefix: expected a path like /assist of small letters, digits and hyphens that nothing else uses, or nothing"
        );
        anyhow::ensure!(
            config.database_url.is_empty() || config.database_url.starts_with("postgres"),
            "database_url: expected a url that begins with postgres://"
        );
        Ok(config)
    }

    /// The public address without a slash at the end, where one is set.
    pub fn public_url(&self) -> Option<String> {
        let url = self.public_url.trim_end_matches('/');
        (!url.is_empty()).then(|| url.to_owned())
    }

    /// What Twilio signs with, where it may bring calls.
    pub fn twilio_token(&self) -> Option<String> {
        let token = &self.twilio.auth_token;
        (!token.is_empty()).then(|| token.clone())
    }

    /// The proxies that are believed.
    ///
    /// # Errors
    /// A text that is no address and no network.
    pub fn networks(&self) -> anyhow::Result<Vec<Network>> {
        let parsed = self.trusted_proxies.iter().map(|text| text.parse());
        parsed
            .collect::<Result<_, _>>()
            .context("trusted_proxies is not valid")
    }

    /// The service that texts are sent to, where one is set.
    ///
    /// # Errors
    /// A setting that cannot work, or no second reading that would ask it.
    pub fn remote_text(&self) -> anyhow::Result<Option<Analyzer>> {
        let remote = &self.remote_text;
        let service = match remote.service {
            RemoteService::None => return Ok(None),
            RemoteService::Watson => Service::Watson,
            RemoteService::Google => Service::Google,
        };
        anyhow::ensure!(
            self.second_reading,
            "second_reading: expected true, as remote_text.service is set and is asked in the second reading alone"
        );
        let private = if remote.allow_private_addresses {
            PrivateAddresses::Allow
        } else {
            PrivateAddresses::Refuse
        };
        let analyzer = Analyzer::new(service, &remote.url, &remote.key, private)
            .context("remote_text is not valid")?;
        Ok(Some(analyzer))
    }

    /// What turns the speech of calls into words, where a service is set. Nothing is sent and no thread starts before somebody
    /// is listened to.
    ///
    /// # Errors
    /// A setting that cannot work.
    pub fn transcriber(&self) -> anyhow::Result<Option<Arc<dyn Transcriber>>> {
        let speech = &self.speech;
        let settings = speech::Settings {
            url: speech.url.clone(),
            key: speech.key.clone(),
            model: speech.model.clone(),
            language: speech.language.clone(),
            private: if speech.allow_private_addresses {
                PrivateAddresses::Allow
            } else {
                PrivateAddresses::Refuse
            },
        };
        let started = Instant::now();
        let clock: speech::Clock = Arc::new(move || started.elapsed());
        let made = match speech.service {
            SpeechService::None => return Ok(None),
            SpeechService::OpenAi => OpenAi::new(&settings, speech::Limits::default(), clock)
                .map(|service| Arc::new(service) as Arc<dyn Transcriber>),
            SpeechService::Deepgram => {
                Streaming::new(&settings, clock).map(|service| Arc::new(service) as Arc<_>)
            }
        };
        Ok(Some(made.context("speech is not valid")?))
    }

    /// The sender for alerts, where a url is set.
    ///
    /// # Errors
    /// A url or a secret that is not valid, or no secret at all.
    pub fn webhook(&self) -> anyhow::Result<Option<Sender>> {
        let webhook = &self.webhook;
        if webhook.url.is_empty() {
            return Ok(None);
        }
        anyhow::ensure!(
            !webhook.secrets.is_empty(),
            "webhook.secrets: expected at least one secret, as webhook.url is set"
        );
        let secrets = webhook.secrets.iter().map(|text| Secret::parse(text));
        let secrets = secrets
            .collect::<Result<_, _>>()
            .context("webhook.secrets is not valid")?;
        let private = if webhook.allow_private_addresses {
            PrivateAddresses::Allow
        } else {
            PrivateAddresses::Refuse
        };
        let sender =
            Sender::new(&webhook.url, secrets, private).context("webhook.url is not valid")?;
        Ok(Some(sender))
    }

    /// The account for text messages, where a url is set.
    ///
    /// # Errors
    /// A setting that cannot work.
    pub fn sms(&self) -> anyhow::Result<Option<Account>> {
        let sms = &self.sms;
        if sms.url.is_empty() {
            return Ok(None);
        }
        let private = if sms.allow_private_addresses {
            PrivateAddresses::Allow
        } else {
            PrivateAddresses::Refuse
        };
        let account = Account::new(&sms.url, &sms.account, &sms.token, &sms.from, private)
            .context("sms is not valid")?;
        Ok(Some(account))
    }

    /// The sender of mail, where a mail server is set.
    ///
    /// # Errors
    /// A setting that no mail can be sent with.
    pub fn mailer(&self) -> anyhow::Result<Option<Mailer>> {
        let smtp = &self.smtp;
        if smtp.host.is_empty() {
            return Ok(None);
        }
        let ca_pem = if smtp.ca_file.as_os_str().is_empty() {
            None
        } else {
            let read = std::fs::read(&smtp.ca_file);
            Some(read.with_context(|| {
                format!("smtp.ca_file: could not read {}", smtp.ca_file.display())
            })?)
        };
        let mailer = Mailer::new(&overture_channels::email::Settings {
            host: smtp.host.clone(),
            port: (smtp.port != 0).then_some(smtp.port),
            security: match smtp.security {
                SmtpSecurity::Starttls => Security::Starttls,
                SmtpSecurity::Tls => Security::Tls,
                SmtpSecurity::None => Security::None,
            },
            user: smtp.user.clone(),
            password: smtp.password.clone(),
            from: smtp.from.clone(),
            ca_pem,
        });
        Ok(Some(mailer.context("smtp is not valid")?))
    }

    /// Presence, files and mail of chats.
    pub fn chat(&self) -> ChatConfig {
        ChatConfig {
            away_after: Millis::from_secs(self.chat.away_after_s.into()),
            file_bytes_max: self.chat.file_max_bytes,
            conversation_bytes_max: self.chat.conversation_max_bytes,
            total_bytes_max: self.chat.files_max_bytes,
            email: !self.smtp.host.is_empty(),
        }
    }

    /// The limits of the store.
    pub fn limits(&self) -> DiskLimits {
        DiskLimits {
            max_bytes: self.disk.max_bytes,
            min_free_percent: self.disk.min_free_percent,
            reserve_bytes: self.disk.reserve_bytes,
        }
    }

    /// The rates of the routes.
    pub fn rates(&self) -> Rates {
        Rates {
            capture_per_s: self.rates.capture_per_s,
            sessions_per_min: self.rates.sessions_per_min,
            widget_per_min: self.rates.widget_per_min,
            logins_per_min: self.rates.logins_per_min,
            tokens_per_s: self.rates.tokens_per_s,
        }
    }

    /// The database file of the SQLite store.
    pub fn database_file(&self) -> PathBuf {
        self.data_dir.join("overture.db")
    }

    /// The file of the master key.
    pub fn key_file(&self) -> PathBuf {
        key_file(&self.data_dir)
    }
}

/// First parts of paths that mean something already.
const PATHS_TAKEN: [&str; 17] = [
    "v1",
    "desk",
    "docs",
    "help",
    "shop",
    "batch",
    "beacon",
    "e",
    "capture",
    "i",
    "array",
    "flags",
    "decide",
    "sourceConfig",
    "metrics",
    "healthz",
    "readyz",
];

/// Whether a text is no prefix at all, or a path that nothing else uses.
fn is_prefix(text: &str) -> bool {
    if text.is_empty() {
        return true;
    }
    let Some(path) = text.strip_prefix('/') else {
        return false;
    };
    let plain = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let first = path.split('/').next().unwrap_or_default();
    path.len() <= 64 && path.split('/').all(plain) && !PATHS_TAKEN.contains(&first)
}

fn key_file(data_dir: &Path) -> PathBuf {
    data_dir.join("master.key")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(file: &str) -> anyhow::Result<Config> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.toml");
        std::fs::write(&path, file).unwrap();
        Config::load(&Flags {
            config: Some(path),
            listen: Some("127.0.0.1:9".to_owned()),
            ..Flags::default()
        })
    }

    #[test]
    fn defaults_file_and_flags_come_in_that_order() {
        let config =
            load("data_dir = \"d\"\nlisten = \"0.0.0.0:1\"\n[rates]\nlogins_per_min = 3\n")
                .unwrap();
        assert_eq!(config.listen, "127.0.0.1:9", "a flag wins over the file");
        assert_eq!(
            config.data_dir,
            Path::new("d"),
            "the file wins over the default"
        );
        assert_eq!(config.rates.logins_per_min, 3);
        assert_eq!(config.rates.capture_per_s, 20_000, "the default stays");
        assert_eq!(config.limits(), DiskLimits::default());
        assert!(config.remote_text().unwrap().is_none(), "nothing is sent");
        assert!(config.transcriber().unwrap().is_none(), "nothing is sent");
    }

    #[test]
    fn a_service_for_speech_is_named_by_its_kind_and_model() {
        for (service, model, name) in [
            ("openai", "", "openai:whisper-1"),
            ("openai", "org/whisper:large", "openai:org/whisper:large"),
            ("deepgram", "", "deepgram:nova-3"),
        ] {
            let file =
                format!("[speech]\nservice = \"{service}\"\nkey = \"k\"\nmodel = \"{model}\"");
            let transcriber = load(&file).unwrap().transcriber().unwrap();
            assert_eq!(transcriber.expect(&file).name(), name);
        }
    }

    #[test]
    fn mistakes_are_named() {
        for (file, named) in [
            ("lissten = 1", "lissten"),
            ("log_format = 7", "log_format"),
            ("[sms]\nurl = \"https://x\"\naccount = \"AC1\"", "token"),
            ("[remote_text]\nservice = \"azure\"", "remote_text.service"),
            (
                "[remote_text]\nservice = \"google\"",
                "remote_text is not valid: key",
            ),
            (
                "[remote_text]\nservice = \"watson\"\nkey = \"k\"",
                "remote_text is not valid: url",
            ),
            (
                "[remote_text]\nservice = \"google\"\nkey = \"k\"\nurl = \"http://example.com\"",
                "remote_text is not valid: url",
            ),
            (
                "second_reading = false\n[remote_text]\nservice = \"google\"\nkey = \"k\"",
                "second_reading",
            ),
            ("[speech]\nservice = \"whisper\"", "speech.service"),
            ("[speech]\nservice = \"openai\"", "speech is not valid: key"),
            (
                "[speech]\nservice = \"deepgram\"\nkey = \"k\"\nurl = \"http://example.com\"",
                "speech is not valid: url",
            ),
            (
                "[speech]\nservice = \"deepgram\"\nkey = \"k\"\nmodel = \"nova 3\"",
                "speech is not valid: model",
            ),
            (
                "[speech]\nservice = \"openai\"\nkey = \"k\"\nlanguage = \"English!\"",
                "speech is not valid: language",
            ),
            ("[disk]\nmax_bytes = \"many\"", "max_bytes"),
            ("[smtp]\nhost = \"mail.example.com\"", "from"),
            (
                "[smtp]\nhost = \"mail.example.com\"\nfrom = \"a@example.com\"\nsecurity = \"none\"",
                "security",
            ),
            (
                "[smtp]\nhost = \"mail.example.com\"\nfrom = \"a@example.com\"\nuser = \"ann\"",
                "password",
            ),
            ("[smtp]\nsecurity = \"ssl\"", "security"),
            ("[chat]\naway_after_s = 0", "away_after_s"),
            ("trusted_proxies = [\"ten\"]", "trusted_proxies"),
            ("public_url = \"help.example.com\"", "public_url"),
            ("database_url = \"mysql://x\"", "database_url"),
            ("first_party_prefix = \"assist\"", "first_party_prefix"),
            ("first_party_prefix = \"/v1/x\"", "first_party_prefix"),
            ("first_party_prefix = \"/a//b\"", "first_party_prefix"),
            ("first_party_prefix = \"/{a}\"", "first_party_prefix"),
            (
                "[webhook]\nurl = \"https://example.com\"",
                "webhook.secrets",
            ),
            (
                "[webhook]\nurl = \"https://example.com\"\nsecrets = [\"x\"]",
                "webhook.secrets",
            ),
        ] {
            let error = format!("{:#}", load(file).err().expect(file));
            assert!(error.contains(named), "{file}: {error}");
        }
    }
}
