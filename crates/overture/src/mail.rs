//! What is mailed to customers: agents' words to somebody who left a chat, with a link that
//! goes on with it.

use std::sync::Arc;

use overture_channels::email::{Mail, Mailer, Outcome};
use overture_engine::model::{
    AgentId, Author, CustomerId, DeliveryId, InteractionId, LinkKey, MessageId, Millis, Outbound,
    SourceId, TimelineBody, Timestamp,
};
use overture_http::{Continuation, Keys};
use overture_store::{Store, StoreError, TimelineQuery, TimelineReader, TimelineWindow};

/// For how long a link goes on with a conversation.
const LINK_LIFE: Millis = Millis::from_secs(7 * 86_400);

/// Rows that are read at once when messages are looked for.
const ROWS_A_READ: u32 = 500;

/// Reads until the messages are found, at most so often.
const READS_MAX: u32 = 20;

/// Sends mail to customers.
pub struct Post {
    store: Arc<dyn Store>,
    mailer: Arc<Mailer>,
    keys: Keys,
    /// Where customers reach us, without a slash at the end.
    public_url: String,
}

/// The words around the messages, in one language.
struct Words {
    language: &'static str,
    subject: &'static str,
    intro: &'static str,
    agent: &'static str,
    file: &'static str,
    go_on: &'static str,
    why: &'static str,
}

const WORDS: [Words; 4] = [
    Words {
        language: "en",
        subject: "New messages in your chat",
        intro: "While you were away, we answered you in the chat:",
        agent: "Support",
        file: "File",
        go_on: "To read on and answer, open this link. It works for 7 days; please do not pass it on:",
        why: "You get this e-mail because you left this address in the chat. Answers to this e-mail are not read.",
    },
    Words {
        language: "de",
        subject: "Neue Nachrichten in Ihrem Chat",
        intro: "Während Sie weg waren, haben wir Ihnen im Chat geantwortet:",
        agent: "Support",
        file: "Datei",
        go_on: "Um weiterzulesen und zu antworten, öffnen Sie diesen Link. Er gilt 7 Tage; bitte geben Sie ihn nicht weiter:",
        why: "Sie erhalten diese E-Mail, weil Sie im Chat diese Adresse angegeben haben. Antworten auf diese E-Mail werden nicht gelesen.",
    },
    Words {
        language: "es",
        subject: "Mensajes nuevos en su chat",
        intro: "Mientras no estaba, le hemos respondido en el chat:",
        agent: "Soporte",
        file: "Archivo",
        go_on: "Para seguir leyendo y responder, abra este enlace. Es válido durante 7 días; no lo comparta, por favor:",
        why: "Recibe este correo porque dejó esta dirección en el chat. Las respuestas a este correo no se leen.",
    },
    Words {
        language: "ar",
        subject: "رسائل جديدة في محادثتك",
        intro: "أجبناك في المحادثة أثناء غيابك:",
        agent: "الدعم",
        file: "ملف",
        go_on: "لمتابعة القراءة والرد، افتح هذا الرابط. يظل صالحًا لمدة 7 أيام، ونرجو عدم مشاركته مع أحد:",
        why: "تصلك هذه الرسالة لأنك تركت هذا العنوان في المحادثة. لا تُقرأ الردود على هذه الرسالة.",
    },
];

fn words(language: Option<&str>) -> &'static Words {
    let primary = language
        .and_then(|tag| tag.split(['-', '_']).next())
        .unwrap_or_default();
    WORDS
        .iter()
        .find(|words| words.language.eq_ignore_ascii_case(primary))
        .unwrap_or(&WORDS[0])
}

/// A mail for one conversation, as the outbox holds it.
struct ChatMail<'a> {
    customer: CustomerId,
    conversation: InteractionId,
    to: &'a str,
    messages: &'a [MessageId],
    language: Option<&'a str>,
    source: Option<SourceId>,
    device: Option<LinkKey>,
    generation: u32,
}

impl Post {
    /// Sends through `mailer`, with links to `public_url`.
    ///
    /// # Errors
    /// The installation's secret cannot be read.
    pub fn new(
        store: Arc<dyn Store>,
        mailer: Arc<Mailer>,
        public_url: String,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            keys: Keys::derive(&store.installation_secret()?),
            store,
            mailer,
            public_url,
        })
    }

    /// Tries a delivery once. What is no mail, or has nobody to go to any more, counts as sent.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn deliver(
        &self,
        delivery: DeliveryId,
        at: Timestamp,
        what: &Outbound,
    ) -> Result<Outcome, StoreError> {
        let Outbound::ChatMail {
            customer,
            conversation,
            to,
            messages,
            language,
            source,
            device,
            generation,
        } = what
        else {
            return Ok(Outcome::Sent);
        };
        let mail = ChatMail {
            customer: *customer,
            conversation: *conversation,
            to: to.reveal(),
            messages,
            language: language.as_deref(),
            source: *source,
            device: *device,
            generation: *generation,
        };
        if mail.to.is_empty() {
            return Ok(Outcome::Sent); // The customer was erased meanwhile.
        }
        let Some(text) = self.text(&mail, at)? else {
            return Ok(Outcome::Sent);
        };
        let words = words(mail.language);
        Ok(self.mailer.send(&Mail {
            id: delivery.to_string(),
            to: mail.to.to_owned(),
            subject: words.subject.to_owned(),
            text,
            language: words.language.to_owned(),
            sent_at_s: at.0.max(0) as u64 / 1_000,
        }))
    }

    /// What the mail says: the same on every attempt. `None` when no message is left.
    fn text(&self, mail: &ChatMail<'_>, at: Timestamp) -> Result<Option<String>, StoreError> {
        let words = words(mail.language);
        let mut said = self.messages(mail, words)?;
        if said.is_empty() {
            return Ok(None);
        }
        said.reverse();
        let mut text = format!("{}\n\n{}\n", words.intro, said.join("\n\n"));
        if let (Some(source), Some(device)) = (mail.source, mail.device) {
            let token = self.keys.continuation_token(&Continuation {
                source,
                customer: mail.customer,
                conversation: mail.conversation,
                device,
                generation: mail.generation,
                expires_at: at + LINK_LIFE,
            });
            text.push_str(&format!(
                "\n{}\n{}/help/c/{token}?locale={}\n",
                words.go_on, self.public_url, words.language
            ));
        }
        text.push_str(&format!("\n-- \n{}\n", words.why));
        Ok(Some(text))
    }

    /// The messages as text, the newest first.
    fn messages(&self, mail: &ChatMail<'_>, words: &Words) -> Result<Vec<String>, StoreError> {
        let customer = self.store.survivor(mail.customer)?;
        let mut said = Vec::new();
        let mut window = TimelineWindow::Newest;
        for _ in 0..READS_MAX {
            let page = self.store.timeline(&TimelineQuery {
                customer,
                window,
                reader: TimelineReader::Staff,
                limit: ROWS_A_READ,
            })?;
            for row in page.items.iter().rev() {
                let TimelineBody::Message {
                    message,
                    author,
                    text,
                    attachments,
                    ..
                } = &row.body
                else {
                    continue;
                };
                if !mail.messages.contains(message) {
                    continue;
                }
                let who = match author {
                    Author::Agent(agent) => self.name(*agent)?,
                    Author::Customer | Author::System => None,
                };
                let mut lines = vec![format!("{}:", who.as_deref().unwrap_or(words.agent))];
                if !text.is_empty() {
                    lines.push(text.reveal().to_owned());
                }
                for file in attachments {
                    lines.push(format!("[{}: {}]", words.file, file.name.reveal()));
                }
                said.push(lines.join("\n"));
            }
            match page.items.first() {
                Some(first) if page.more && said.len() < mail.messages.len() => {
                    window = TimelineWindow::Before(first.seq);
                }
                _ => break,
            }
        }
        Ok(said)
    }

    fn name(&self, agent: AgentId) -> Result<Option<String>, StoreError> {
        Ok(self.store.staff(agent)?.map(|staff| staff.name))
    }
}

/// Sends a test, for the admin page: `Err` is a line for people.
pub fn send_test(mailer: &Mailer, to: &str, now: Timestamp) -> Result<(), String> {
    let mail = Mail {
        id: format!("test-{}", now.0),
        to: to.to_owned(),
        subject: "A test from Overture".to_owned(),
        text: "This is a test. Overture can send e-mail through your mail server.\n".to_owned(),
        language: "en".to_owned(),
        sent_at_s: now.0.max(0) as u64 / 1_000,
    };
    match mailer.send(&mail) {
        Outcome::Sent => Ok(()),
        Outcome::Refused(why) | Outcome::Failed(why) => Err(why),
    }
}
