//! One attempt at one e-mail, by SMTP.

use std::{
    fmt,
    net::IpAddr,
    time::{Duration, SystemTime},
};

use lettre::{
    Address, Message, SmtpTransport, Transport,
    message::{
        Mailbox,
        header::{ContentType, HeaderName, HeaderValue},
    },
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
    },
};

/// How long one step of a conversation with the mail server may take.
const STEP_TIME_MAX: Duration = Duration::from_secs(15);

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// Plain at first, then TLS before anything is said; usually port 587.
    Starttls,
    /// TLS from the first byte; usually port 465.
    Tls,
    /// None; only to this machine.
    None,
}

impl Security {
    /// The port where nothing else is said.
    pub const fn default_port(self) -> u16 {
        match self {
            Security::Starttls => 587,
            Security::Tls => 465,
            Security::None => 25,
        }
    }
}

/// The mail server and who sends.
#[derive(Clone)]
pub struct Settings {
    /// Its name, which its certificate must carry.
    pub host: String,
    /// Its port; `None` for the usual one.
    pub port: Option<u16>,
    /// How the connection is protected.
    pub security: Security,
    /// Who signs in; empty for nobody.
    pub user: String,
    /// Their password.
    pub password: String,
    /// The sender: `help@example.com` or `Example Help <help@example.com>`.
    pub from: String,
    /// A certificate in PEM form that is trusted besides the usual ones.
    pub ca_pem: Option<Vec<u8>>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("security", &self.security)
            .finish_non_exhaustive()
    }
}

/// Settings that no mail can be sent with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnusableSettings {
    /// The sender is no address.
    #[error("from: expected an address like help@example.com or Help <help@example.com>")]
    From,
    /// A connection without protection that leaves this machine.
    #[error("security: \"none\" is only for a mail server on this machine")]
    Plain,
    /// A password or user alone.
    #[error("user and password: expected both or neither")]
    Credentials,
    /// The extra certificate does not parse.
    #[error("ca_file: expected a certificate in PEM form")]
    Certificate,
    /// TLS cannot be set up for this host.
    #[error("host: expected the mail server's name")]
    Host,
}

/// One e-mail. The same `id` on every attempt gives the same Message-ID, so that a mailbox
/// shows a mail that was sent twice once.
#[derive(Clone)]
pub struct Mail {
    /// Its delivery's id.
    pub id: String,
    /// To whom; one address.
    pub to: String,
    /// What it is about.
    pub subject: String,
    /// What it says.
    pub text: String,
    /// BCP 47.
    pub language: String,
    /// Unix seconds.
    pub sent_at_s: u64,
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// What came of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The mail server took it.
    Sent,
    /// It will never be taken: the address or the mail is refused for good.
    Refused(String),
    /// Refused for now, or unknown: the same mail may be tried again.
    Failed(String),
}

/// Sends mail through one server.
pub struct Mailer {
    from: Mailbox,
    transport: SmtpTransport,
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mailer")
    }
}

impl Mailer {
    /// A sender through the server of `settings`. Does not connect.
    ///
    /// # Errors
    /// [`UnusableSettings`] names the setting.
    pub fn new(settings: &Settings) -> Result<Self, UnusableSettings> {
        let from: Mailbox = settings.from.parse().map_err(|_| UnusableSettings::From)?;
        let tls = match settings.security {
            Security::None if !is_this_machine(&settings.host) => {
                return Err(UnusableSettings::Plain);
            }
            Security::None => Tls::None,
            Security::Starttls => Tls::Required(parameters(settings)?),
            Security::Tls => Tls::Wrapper(parameters(settings)?),
        };
        if settings.host.trim().is_empty() {
            return Err(UnusableSettings::Host);
        }
        let port = settings
            .port
            .unwrap_or_else(|| settings.security.default_port());
        let mut builder = SmtpTransport::builder_dangerous(&settings.host)
            .port(port)
            .tls(tls)
            .timeout(Some(STEP_TIME_MAX));
        match (settings.user.is_empty(), settings.password.is_empty()) {
            (true, true) => {}
            (false, false) => {
                builder = builder.credentials(Credentials::new(
                    settings.user.clone(),
                    settings.password.clone(),
                ));
            }
            _ => return Err(UnusableSettings::Credentials),
        }
        Ok(Self {
            from,
            transport: builder.build(),
        })
    }

    /// The sender's address.
    pub fn from(&self) -> String {
        self.from.to_string()
    }

    /// Tries to hand one mail to the server. Blocks.
    pub fn send(&self, mail: &Mail) -> Outcome {
        let message = match self.message(mail) {
            Ok(message) => message,
            Err(why) => return Outcome::Refused(why),
        };
        match self.transport.send(&message) {
            Ok(_) => Outcome::Sent,
            Err(error) if error.is_permanent() => Outcome::Refused(told(&error)),
            Err(error) => Outcome::Failed(told(&error)),
        }
    }

    fn message(&self, mail: &Mail) -> Result<Message, String> {
        let to: Address = mail
            .to
            .parse()
            .map_err(|_| "the address cannot be mailed to".to_owned())?;
        let domain = self.from.email.domain();
        let own = |name: &'static str, value: &str| {
            HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
        };
        Message::builder()
            .message_id(Some(format!("<{}@{domain}>", mail.id)))
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(mail.subject.clone())
            .date(SystemTime::UNIX_EPOCH + Duration::from_secs(mail.sent_at_s))
            .header(ContentType::TEXT_PLAIN)
            .raw_header(own("Auto-Submitted", "auto-generated"))
            .raw_header(own("X-Auto-Response-Suppress", "All"))
            .raw_header(own("Content-Language", &mail.language))
            .body(mail.text.clone())
            .map_err(|_| "the mail could not be written".to_owned())
    }
}

/// A line for people: what the server said, without the address.
fn told(error: &lettre::transport::smtp::Error) -> String {
    match error.status() {
        Some(code) => format!("answered {code}"),
        None if error.is_timeout() => "no answer in time".to_owned(),
        None if error.is_tls() => "the server's certificate is not trusted".to_owned(),
        None => "the mail server could not be reached or was not understood".to_owned(),
    }
}

fn parameters(settings: &Settings) -> Result<TlsParameters, UnusableSettings> {
    let mut builder = TlsParameters::builder(settings.host.clone());
    if let Some(pem) = &settings.ca_pem {
        let certificate = Certificate::from_pem(pem).map_err(|_| UnusableSettings::Certificate)?;
        builder = builder.add_root_certificate(certificate);
    }
    builder.build().map_err(|_| UnusableSettings::Host)
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost"
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}
