//! Rows that people edit.

use std::collections::{BTreeMap, BTreeSet};

use overture_engine::model::{
    AgentHours, AgentId, BrandId, PerChannel, Private, SourceId, Timestamp, TokenId, WeeklyHours,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Db, Row, Value, first, params};
use crate::{
    ApiToken, PolicyRevision, REJECTED_MAX, RejectedEvent, Role, Source, Staff, StaffSession,
    StoreError, WriteKey, keys::Keys,
};

const IDENTITY_PURPOSE: &[u8] = b"source identity secret";

/// The JSON of `staff.profile`.
#[derive(Serialize, Deserialize)]
struct Profile {
    #[serde(default)]
    skills: BTreeMap<String, u8>,
    #[serde(default)]
    languages: BTreeSet<String>,
    #[serde(default)]
    chat: u32,
    #[serde(default)]
    callback: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hours: Option<Hours>,
}

/// Working hours in a profile: the intervals of seven days, Monday first, in minutes.
#[derive(Serialize, Deserialize)]
struct Hours {
    days: Vec<Vec<(u16, u16)>>,
    time_zone: String,
}

impl Hours {
    fn of(hours: &AgentHours) -> Self {
        Self {
            days: hours.hours.days().to_vec(),
            time_zone: hours.time_zone.clone(),
        }
    }

    fn checked(self) -> Result<AgentHours, StoreError> {
        Ok(AgentHours {
            hours: WeeklyHours::new(self.days).map_err(|error| StoreError::Corrupt {
                what: format!("staff.profile: {error}"),
            })?,
            time_zone: self.time_zone,
        })
    }
}

pub(super) fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("lists and maps of texts become JSON")
}

pub(super) fn parsed<T: for<'a> Deserialize<'a>>(
    text: &str,
    column: &str,
) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Corrupt {
        what: format!("{column}: {error}"),
    })
}

pub(super) fn uuid(row: &Row, column: usize) -> Result<Uuid, StoreError> {
    row.array(column).map(Uuid::from_bytes)
}

const STAFF: &str = "SELECT agent, email, name, role, password_hash, must_change_password, \
                     profile, active, created_at FROM staff";

pub(crate) fn put_staff(db: &mut dyn Db, staff: &Staff) -> Result<(), StoreError> {
    let agent = *staff.agent.uuid().as_bytes();
    let other = first(
        db,
        "SELECT 1 FROM staff WHERE email = ?1 AND agent <> ?2",
        params![staff.email.as_str(), agent],
    )?;
    if other.is_some() {
        return Err(StoreError::Conflict {
            what: "the e-mail address",
        });
    }
    db.execute(
        "INSERT INTO staff (agent, email, name, role, password_hash, must_change_password, \
         profile, active, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) \
         ON CONFLICT (agent) DO UPDATE SET email = excluded.email, name = excluded.name, \
         role = excluded.role, password_hash = excluded.password_hash, \
         must_change_password = excluded.must_change_password, profile = excluded.profile, \
         active = excluded.active",
        params![
            agent,
            staff.email.as_str(),
            staff.name.as_str(),
            staff.role.name(),
            staff.password_hash.reveal(),
            staff.must_change_password,
            json(&Profile {
                skills: staff.skills.clone(),
                languages: staff.languages.clone(),
                chat: staff.capacity.chat,
                callback: staff.capacity.callback,
                hours: staff.hours.as_ref().map(Hours::of),
            }),
            staff.active,
            staff.created_at.0,
        ],
    )?;
    Ok(())
}

pub(crate) fn staff(db: &mut dyn Db, agent: AgentId) -> Result<Option<Staff>, StoreError> {
    first(
        db,
        &format!("{STAFF} WHERE agent = ?1"),
        params![*agent.uuid().as_bytes()],
    )?
    .map(|row| staff_row(&row))
    .transpose()
}

pub(crate) fn staff_by_email(db: &mut dyn Db, email: &str) -> Result<Option<Staff>, StoreError> {
    first(db, &format!("{STAFF} WHERE email = ?1"), params![email])?
        .map(|row| staff_row(&row))
        .transpose()
}

pub(crate) fn staff_list(db: &mut dyn Db) -> Result<Vec<Staff>, StoreError> {
    db.query(&format!("{STAFF} ORDER BY name, agent"), &[])?
        .iter()
        .map(staff_row)
        .collect()
}

fn staff_row(row: &Row) -> Result<Staff, StoreError> {
    let role = row.text(3)?;
    let profile: Profile = parsed(row.text(6)?, "staff.profile")?;
    Ok(Staff {
        agent: AgentId::from_uuid(uuid(row, 0)?),
        email: row.text(1)?.to_owned(),
        name: row.text(2)?.to_owned(),
        role: Role::from_name(role).ok_or_else(|| StoreError::Corrupt {
            what: format!("staff.role {role}"),
        })?,
        password_hash: Private::new(row.text(4)?),
        must_change_password: row.int(5)? != 0,
        skills: profile.skills,
        languages: profile.languages,
        capacity: PerChannel {
            chat: profile.chat,
            callback: profile.callback,
        },
        hours: profile.hours.map(Hours::checked).transpose()?,
        active: row.int(7)? != 0,
        created_at: Timestamp(row.int(8)?),
    })
}

pub(crate) fn add_session(db: &mut dyn Db, session: &StaffSession) -> Result<(), StoreError> {
    db.execute(
        "DELETE FROM staff_session WHERE expires_at <= ?1",
        params![session.created_at.0],
    )?;
    db.execute(
        "INSERT INTO staff_session (token_hash, agent, csrf, created_at, expires_at) \
         VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (token_hash) DO UPDATE SET \
         csrf = excluded.csrf, expires_at = excluded.expires_at",
        params![
            session.token_hash,
            *session.agent.uuid().as_bytes(),
            session.csrf.reveal(),
            session.created_at.0,
            session.expires_at.0,
        ],
    )?;
    Ok(())
}

pub(crate) fn session(
    db: &mut dyn Db,
    token_hash: &[u8; 32],
) -> Result<Option<StaffSession>, StoreError> {
    first(
        db,
        "SELECT agent, csrf, created_at, expires_at FROM staff_session WHERE token_hash = ?1",
        params![*token_hash],
    )?
    .map(|row| {
        Ok(StaffSession {
            token_hash: *token_hash,
            agent: AgentId::from_uuid(uuid(&row, 0)?),
            csrf: Private::new(row.text(1)?),
            created_at: Timestamp(row.int(2)?),
            expires_at: Timestamp(row.int(3)?),
        })
    })
    .transpose()
}

pub(crate) fn end_session(db: &mut dyn Db, token_hash: &[u8; 32]) -> Result<(), StoreError> {
    db.execute(
        "DELETE FROM staff_session WHERE token_hash = ?1",
        params![*token_hash],
    )?;
    Ok(())
}

pub(crate) fn end_sessions_of(db: &mut dyn Db, agent: AgentId) -> Result<(), StoreError> {
    db.execute(
        "DELETE FROM staff_session WHERE agent = ?1",
        params![*agent.uuid().as_bytes()],
    )?;
    Ok(())
}

pub(crate) fn put_source(db: &mut dyn Db, keys: &Keys, source: &Source) -> Result<(), StoreError> {
    db.execute(
        "INSERT INTO source (source, name, allowed_origins, identity_secret, created_at, brand, \
         capture) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (source) DO UPDATE SET \
         name = excluded.name, allowed_origins = excluded.allowed_origins, \
         identity_secret = excluded.identity_secret, brand = excluded.brand, \
         capture = excluded.capture",
        params![
            *source.source.uuid().as_bytes(),
            source.name.as_str(),
            json(&source.allowed_origins),
            keys.wrap(source.identity_secret.reveal().as_bytes(), IDENTITY_PURPOSE),
            source.created_at.0,
            Value::from(source.brand.map(|brand| *brand.uuid().as_bytes())),
            json(&source.capture),
        ],
    )?;
    Ok(())
}

pub(crate) fn sources(db: &mut dyn Db, keys: &Keys) -> Result<Vec<Source>, StoreError> {
    let mut by_source: BTreeMap<[u8; 16], Vec<WriteKey>> = BTreeMap::new();
    for row in db.query(
        "SELECT source, write_key, created_at, revoked_at FROM write_key \
         ORDER BY created_at, write_key",
        &[],
    )? {
        by_source.entry(row.array(0)?).or_default().push(WriteKey {
            key: row.text(1)?.to_owned(),
            created_at: Timestamp(row.int(2)?),
            revoked_at: row.maybe_int(3)?.map(Timestamp),
        });
    }
    db.query(
        "SELECT source.source, name, allowed_origins, identity_secret, created_at, events, \
         last_at, brand, capture FROM source LEFT JOIN source_count ON source_count.source = source.source \
         ORDER BY created_at, source.source",
        &[],
    )?
    .iter()
    .map(|row| {
        let secret = keys
            .unwrap(row.blob(3)?, IDENTITY_PURPOSE)
            .and_then(|plain| String::from_utf8(plain.to_vec()).ok())
            .ok_or(StoreError::WrongMasterKey)?;
        Ok(Source {
            source: SourceId::from_uuid(uuid(row, 0)?),
            name: row.text(1)?.to_owned(),
            allowed_origins: parsed(row.text(2)?, "source.allowed_origins")?,
            identity_secret: Private::new(secret),
            brand: row
                .maybe_array(7)?
                .map(|bytes| BrandId::from_uuid(Uuid::from_bytes(bytes))),
            capture: parsed(row.text(8)?, "source.capture")?,
            created_at: Timestamp(row.int(4)?),
            write_keys: by_source.remove(&row.array(0)?).unwrap_or_default(),
            events_total: row.maybe_int(5)?.unwrap_or(0).max(0) as u64,
            last_event_at: row.maybe_int(6)?.map(Timestamp),
        })
    })
    .collect()
}

pub(crate) fn add_write_key(
    db: &mut dyn Db,
    source: SourceId,
    key: &WriteKey,
) -> Result<(), StoreError> {
    let added = db.execute(
        "INSERT INTO write_key (write_key, source, created_at, revoked_at) \
         VALUES (?1, ?2, ?3, ?4) ON CONFLICT (write_key) DO NOTHING",
        params![
            key.key.as_str(),
            *source.uuid().as_bytes(),
            key.created_at.0,
            Value::from(key.revoked_at.map(|at| at.0)),
        ],
    )?;
    match added {
        1 => Ok(()),
        _ => Err(StoreError::Conflict {
            what: "the write key",
        }),
    }
}

pub(crate) fn revoke_write_key(
    db: &mut dyn Db,
    source: SourceId,
    key: &str,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let changed = db.execute(
        "UPDATE write_key SET revoked_at = ?3 \
         WHERE source = ?1 AND write_key = ?2 AND revoked_at IS NULL",
        params![*source.uuid().as_bytes(), key, at.0],
    )?;
    Ok(changed == 1)
}

pub(crate) fn add_token(db: &mut dyn Db, token: &ApiToken) -> Result<(), StoreError> {
    db.execute(
        "INSERT INTO api_token (token, name, scopes, secret_hash, created_at) \
         VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            *token.token.uuid().as_bytes(),
            token.name.as_str(),
            json(&token.scopes),
            token.secret_hash,
            token.created_at.0,
        ],
    )?;
    Ok(())
}

pub(crate) fn tokens(db: &mut dyn Db) -> Result<Vec<ApiToken>, StoreError> {
    db.query(
        "SELECT token, name, scopes, secret_hash, created_at FROM api_token \
         ORDER BY created_at, token",
        &[],
    )?
    .iter()
    .map(|row| {
        Ok(ApiToken {
            token: TokenId::from_uuid(uuid(row, 0)?),
            name: row.text(1)?.to_owned(),
            scopes: parsed(row.text(2)?, "api_token.scopes")?,
            secret_hash: row.array(3)?,
            created_at: Timestamp(row.int(4)?),
        })
    })
    .collect()
}

pub(crate) fn remove_token(db: &mut dyn Db, token: TokenId) -> Result<bool, StoreError> {
    let removed = db.execute(
        "DELETE FROM api_token WHERE token = ?1",
        params![*token.uuid().as_bytes()],
    )?;
    Ok(removed == 1)
}

const POLICY: &str = "SELECT revision, toml, by_whom, activated_at FROM policy";

pub(crate) fn add_policy(db: &mut dyn Db, policy: &PolicyRevision) -> Result<(), StoreError> {
    let newest = newest_policy(db)?.map_or(0, |newest| newest.revision);
    if policy.revision != newest + 1 {
        return Err(StoreError::Conflict {
            what: "the policy revision",
        });
    }
    db.execute(
        "INSERT INTO policy (revision, toml, by_whom, activated_at) VALUES (?1, ?2, ?3, ?4)",
        params![
            policy.revision,
            policy.toml.as_str(),
            policy.by.as_str(),
            policy.at.0
        ],
    )?;
    Ok(())
}

pub(crate) fn newest_policy(db: &mut dyn Db) -> Result<Option<PolicyRevision>, StoreError> {
    Ok(policies(db, 1)?.pop())
}

pub(crate) fn policy(db: &mut dyn Db, revision: u32) -> Result<Option<PolicyRevision>, StoreError> {
    first(
        db,
        &format!("{POLICY} WHERE revision = ?1"),
        params![revision],
    )?
    .map(|row| policy_row(&row))
    .transpose()
}

pub(crate) fn policies(db: &mut dyn Db, limit: u32) -> Result<Vec<PolicyRevision>, StoreError> {
    db.query(
        &format!("{POLICY} ORDER BY revision DESC LIMIT ?1"),
        params![limit],
    )?
    .iter()
    .map(policy_row)
    .collect()
}

fn policy_row(row: &Row) -> Result<PolicyRevision, StoreError> {
    Ok(PolicyRevision {
        revision: row.count(0)? as u32,
        toml: row.text(1)?.to_owned(),
        by: row.text(2)?.to_owned(),
        at: Timestamp(row.int(3)?),
    })
}

pub(crate) fn add_rejected(db: &mut dyn Db, events: &[RejectedEvent]) -> Result<(), StoreError> {
    let mut number = first(db, "SELECT COALESCE(MAX(number), 0) FROM rejected", &[])?
        .map_or(Ok(0), |row| row.int(0))?;
    for event in events {
        number += 1;
        db.execute(
            "INSERT INTO rejected (number, rejected_at, source, reason, field, excerpt) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                number,
                event.at.0,
                Value::from(event.source.map(|source| *source.uuid().as_bytes())),
                event.reason.as_str(),
                Value::from(event.field.clone()),
                event.excerpt.as_str(),
            ],
        )?;
    }
    db.execute(
        "DELETE FROM rejected WHERE number <= ?1",
        params![number - REJECTED_MAX as i64],
    )?;
    Ok(())
}

pub(crate) fn rejected(
    db: &mut dyn Db,
    before: Option<u64>,
    limit: u32,
) -> Result<Vec<(u64, RejectedEvent)>, StoreError> {
    let before = before.map_or(i64::MAX, |before| i64::try_from(before).unwrap_or(i64::MAX));
    db.query(
        "SELECT number, rejected_at, source, reason, field, excerpt FROM rejected \
         WHERE number < ?1 ORDER BY number DESC LIMIT ?2",
        params![before, limit],
    )?
    .iter()
    .map(|row| {
        Ok((
            row.count(0)?,
            RejectedEvent {
                at: Timestamp(row.int(1)?),
                source: row
                    .maybe_array(2)?
                    .map(|bytes| SourceId::from_uuid(Uuid::from_bytes(bytes))),
                reason: row.text(3)?.to_owned(),
                field: row.maybe_text(4)?,
                excerpt: row.text(5)?.to_owned(),
            },
        ))
    })
    .collect()
}

pub(crate) fn setting(db: &mut dyn Db, key: &str) -> Result<Option<String>, StoreError> {
    first(
        db,
        "SELECT value FROM setting WHERE name = ?1",
        params![key],
    )?
    .map(|row| row.text(0).map(str::to_owned))
    .transpose()
}

pub(crate) fn set_setting(db: &mut dyn Db, key: &str, value: &str) -> Result<(), StoreError> {
    db.execute(
        "INSERT INTO setting (name, value) VALUES (?1, ?2) \
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        params![key, value],
    )?;
    Ok(())
}
