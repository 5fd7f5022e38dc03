//! What an installation begins with: an admin, a source with a write key, a policy.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::Context;
use overture_engine::{
    decide::Policy,
    model::{
        AgentId, AgentProfile, Ingress, PerChannel, Private, RouteEvent, SourceId, Subject, Unsaid,
    },
    understand::DomainLexicon,
};
use overture_http::{Core, WorldChange};
use overture_store::{PolicyRevision, Role, Source, SourceCapture, Staff, Store, WriteKey};
use uuid::Uuid;

use crate::{clock, core::Handle};

/// The admin's address when none is preset.
const ADMIN_EMAIL: &str = "admin@localhost";

/// Letters of generated passwords and keys: no two look alike.
const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz234567890";

/// Credentials that somebody wants from outside.
#[derive(Clone, Default)]
pub struct Preset {
    /// The admin's address.
    pub admin_email: Option<String>,
    /// The admin's password.
    pub admin_password: Option<String>,
    /// A write key of the default source.
    pub write_key: Option<String>,
}

/// What the operator is told.
#[derive(Clone)]
pub struct Credentials {
    /// An unrevoked write key.
    pub write_key: String,
    /// The admin's address.
    pub admin_email: String,
    /// The admin's password, where it is known: preset, or made just now.
    pub admin_password: Option<String>,
}

/// Makes what is missing; after the first start only presets change anything.
///
/// # Errors
/// The store cannot be read or written.
pub fn prepare(store: &dyn Store, preset: &Preset) -> anyhow::Result<Credentials> {
    let (admin_email, admin_password) = prepare_admin(store, preset)?;
    if store.newest_policy()?.is_none() {
        store.add_policy(&PolicyRevision {
            revision: 1,
            toml: Policy::shipped().to_owned(),
            by: "Overture".to_owned(),
            at: clock::now(),
        })?;
    }
    Ok(Credentials {
        write_key: prepare_source(store, preset)?,
        admin_email,
        admin_password,
    })
}

fn prepare_admin(store: &dyn Store, preset: &Preset) -> anyhow::Result<(String, Option<String>)> {
    let wanted = preset.admin_email.as_deref().map(str::to_lowercase);
    let staff = store.staff_list()?;
    let admin = match &wanted {
        Some(email) => staff.into_iter().find(|one| one.email == *email),
        None => staff.into_iter().find(|one| one.role == Role::Admin),
    };
    let Some(mut admin) = admin else {
        let email = wanted.unwrap_or_else(|| ADMIN_EMAIL.to_owned());
        let password = preset.admin_password.clone();
        let is_one_time = password.is_none();
        let password = password.unwrap_or_else(|| random_text(16));
        store.put_staff(&Staff {
            agent: AgentId::from_uuid(Uuid::new_v4()),
            name: "Admin".to_owned(),
            role: Role::Admin,
            password_hash: hash_password(&password)?,
            must_change_password: is_one_time,
            skills: BTreeMap::new(),
            languages: Default::default(),
            capacity: PerChannel {
                chat: 3,
                callback: 1,
            },
            hours: None,
            active: true,
            created_at: clock::now(),
            email: email.clone(),
        })?;
        return Ok((email, Some(password)));
    };
    if let Some(password) = &preset.admin_password {
        admin.password_hash = hash_password(password)?;
        admin.must_change_password = false;
        store.put_staff(&admin)?;
    }
    Ok((admin.email, preset.admin_password.clone()))
}

fn prepare_source(store: &dyn Store, preset: &Preset) -> anyhow::Result<String> {
    let sources = store.sources()?;
    let keys = || sources.iter().flat_map(|source| &source.write_keys);
    let known = keys().find(|key| key.revoked_at.is_none());
    match (&preset.write_key, known) {
        (None, Some(known)) => return Ok(known.key.clone()),
        (Some(wanted), _) if keys().any(|key| key.key == *wanted) => return Ok(wanted.clone()),
        _ => {}
    }
    let source = match sources.first() {
        Some(source) => source.source,
        None => {
            let source = SourceId::from_uuid(Uuid::new_v4());
            store.put_source(&Source {
                source,
                name: "Website".to_owned(),
                allowed_origins: Vec::new(),
                identity_secret: Private::new(random_text(40)),
                brand: None,
                capture: SourceCapture::default(),
                created_at: clock::now(),
                write_keys: Vec::new(),
                events_total: 0,
                last_event_at: None,
            })?;
            source
        }
    };
    let key = match &preset.write_key {
        Some(key) => key.clone(),
        None => format!("wk_{}", random_text(24)),
    };
    let row = WriteKey {
        key: key.clone(),
        created_at: clock::now(),
        revoked_at: None,
    };
    store.add_write_key(source, &row)?;
    Ok(key)
}

/// Brings the running machines in line with rows that people edit, in case a process ended
/// between writing a row and telling the machines.
///
/// # Errors
/// The store cannot be read, or the core does not take the change.
pub async fn align(store: &Arc<dyn Store>, core: &Handle) -> anyhow::Result<()> {
    let reader = Arc::clone(store);
    let (policy, faqs, guides, lexicon, rollouts, staff, agents) =
        tokio::task::spawn_blocking(move || {
            anyhow::Ok((
                reader.newest_policy()?,
                reader.published_articles()?,
                reader.newest_guide_set()?,
                reader.newest_lexicon()?,
                reader.newest_rollouts()?,
                reader.staff_list()?,
                reader.agents()?,
            ))
        })
        .await??;
    let world = core.world();
    if let Some(policy) = policy.filter(|policy| policy.revision != world.policy_revision) {
        let change = WorldChange::Policy {
            revision: policy.revision,
            toml: policy.toml,
        };
        core.change_world(change).await?;
    }
    if let Some(set) = guides.filter(|set| set.revision != world.guides_revision) {
        let change = WorldChange::Guides {
            revision: set.revision,
            targets: set.targets,
        };
        core.change_world(change).await?;
    }
    if let Some(list) = lexicon.filter(|list| list.saved.revision != world.lexicon_revision) {
        let lexicon = DomainLexicon::new(list.saved.revision, &list.entries)
            .with_context(|| format!("revision {} of the lexicon", list.saved.revision))?;
        core.change_world(WorldChange::Lexicon(Arc::new(lexicon)))
            .await?;
    }
    if let Some(row) = rollouts.filter(|row| row.saved.revision != world.rollouts_revision) {
        let change = WorldChange::Rollouts {
            revision: row.saved.revision,
            plan: row.plan,
        };
        core.change_world(change).await?;
    }
    if world.faqs == faqs.is_empty() {
        core.change_world(WorldChange::Faqs(!faqs.is_empty()))
            .await?;
    }
    let known: BTreeMap<_, _> = agents.into_iter().collect();
    let changes: Vec<Ingress> = staff
        .iter()
        .map(|one| (one.agent, profile(one)))
        .filter(|(agent, profile)| {
            known
                .get(agent)
                .is_none_or(|state| state.profile != *profile)
        })
        .map(|(agent, profile)| Ingress {
            source: None,
            occurred_at: None,
            message_key: None,
            unsaid: Unsaid::default(),
            subject: Subject::Route(RouteEvent::AgentChanged { agent, profile }),
        })
        .collect();
    if !changes.is_empty() {
        core.submit(changes).await?;
    }
    Ok(())
}

fn profile(staff: &Staff) -> AgentProfile {
    AgentProfile {
        skills: staff.skills.clone(),
        languages: staff.languages.clone(),
        capacity: staff.capacity,
        hours: staff.hours.clone(),
        active: staff.active,
    }
}

fn hash_password(password: &str) -> anyhow::Result<Private> {
    overture_http::hash_password(password).context("could not hash a password")
}

/// Random text for passwords and keys, 5 bits a letter.
pub fn random_text(letters: usize) -> String {
    (0..letters)
        .map(|_| char::from(LETTERS[usize::from(rand::random::<u8>() & 31)]))
        .collect()
}
