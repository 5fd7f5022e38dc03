//! Guides, their revisions and files, and whether their elements are found.

use overture_engine::model::{
    GuideFrequency, GuideId, GuideKind, GuideTarget, MediaId, SourceId, Timestamp,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Db, Row, Value, first, params};
use crate::{
    Guide, GuideHealth, GuideMedia, GuideRevision, GuideSet, GuideSight, MinuteCount, StoreError,
};

/// Bytes of one part of a file.
const PART_BYTES: usize = 256 * 1024;

/// How long it is remembered for whom elements were found.
const SIGHT_KEPT_MS: i64 = 7 * 86_400_000;

/// The JSON of one of `guide_set.targets`. Fields are only ever added, with defaults.
#[derive(Serialize, Deserialize)]
struct Target {
    guide: String,
    revision: u32,
    name: String,
    kind: String,
    pages: String,
    audience: String,
    priority: u16,
    frequency: String,
    #[serde(default)]
    sources: Vec<String>,
}

impl From<&GuideTarget> for Target {
    fn from(target: &GuideTarget) -> Self {
        Self {
            guide: target.guide.to_string(),
            revision: target.revision,
            name: target.name.clone(),
            kind: target.kind.name().to_owned(),
            pages: target.pages.clone(),
            audience: target.audience.clone(),
            priority: target.priority,
            frequency: target.frequency.name().to_owned(),
            sources: target.sources.iter().map(SourceId::to_string).collect(),
        }
    }
}

impl Target {
    fn into_model(self) -> Option<GuideTarget> {
        Some(GuideTarget {
            guide: self.guide.parse().ok()?,
            revision: self.revision,
            name: self.name,
            kind: GuideKind::from_name(&self.kind)?,
            pages: self.pages,
            audience: self.audience,
            priority: self.priority,
            frequency: GuideFrequency::from_name(&self.frequency)?,
            sources: self
                .sources
                .iter()
                .map(|source| source.parse().ok())
                .collect::<Option<_>>()?,
        })
    }
}

fn guide_id(row: &Row, column: usize) -> Result<GuideId, StoreError> {
    row.array(column)
        .map(|bytes| GuideId::from_uuid(Uuid::from_bytes(bytes)))
}

fn key(guide: GuideId) -> [u8; 16] {
    *guide.uuid().as_bytes()
}

const GUIDE: &str = "SELECT guide, name, draft, draft_version, live_revision, archived, \
                     created_at, changed_at, changed_by FROM guide";

fn guide_row(row: &Row) -> Result<Guide, StoreError> {
    Ok(Guide {
        guide: guide_id(row, 0)?,
        name: row.text(1)?.to_owned(),
        draft: row.text(2)?.to_owned(),
        draft_version: row.count(3)? as u32,
        live_revision: row.maybe_int(4)?.map(|revision| revision as u32),
        archived: row.int(5)? != 0,
        created_at: Timestamp(row.int(6)?),
        changed_at: Timestamp(row.int(7)?),
        changed_by: row.text(8)?.to_owned(),
    })
}

pub(crate) fn put_guide(db: &mut dyn Db, guide: &Guide) -> Result<(), StoreError> {
    let known = first(
        db,
        "SELECT draft_version, draft FROM guide WHERE guide = ?1",
        params![key(guide.guide)],
    )?;
    if let Some(row) = known {
        let (version, mine) = (row.count(0)?, u64::from(guide.draft_version));
        if version > mine || (version == mine && row.text(1)? != guide.draft) {
            return Err(StoreError::Conflict {
                what: "the guide's draft",
            });
        }
    }
    db.execute(
        "INSERT INTO guide (guide, name, draft, draft_version, live_revision, archived, \
         created_at, changed_at, changed_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) \
         ON CONFLICT (guide) DO UPDATE SET name = excluded.name, draft = excluded.draft, \
         draft_version = excluded.draft_version, live_revision = excluded.live_revision, \
         archived = excluded.archived, changed_at = excluded.changed_at, \
         changed_by = excluded.changed_by",
        params![
            key(guide.guide),
            guide.name.as_str(),
            guide.draft.as_str(),
            guide.draft_version,
            Value::from(guide.live_revision),
            guide.archived,
            guide.created_at.0,
            guide.changed_at.0,
            guide.changed_by.as_str(),
        ],
    )?;
    Ok(())
}

pub(crate) fn guides(db: &mut dyn Db) -> Result<Vec<Guide>, StoreError> {
    db.query(&format!("{GUIDE} ORDER BY created_at, guide"), &[])?
        .iter()
        .map(guide_row)
        .collect()
}

pub(crate) fn guide(db: &mut dyn Db, guide: GuideId) -> Result<Option<Guide>, StoreError> {
    first(
        db,
        &format!("{GUIDE} WHERE guide = ?1"),
        params![key(guide)],
    )?
    .map(|row| guide_row(&row))
    .transpose()
}

/// A guide as it stands, with the new revision it may have and the set it makes.
pub(crate) fn publish(
    db: &mut dyn Db,
    guide: &Guide,
    revision: Option<&GuideRevision>,
    set: &GuideSet,
) -> Result<(), StoreError> {
    put_guide(db, guide)?;
    if let Some(revision) = revision {
        let newest = revisions(db, revision.guide, 1)?;
        if revision.revision != newest.first().map_or(0, |newest| newest.revision) + 1 {
            return Err(StoreError::Conflict {
                what: "the guide's revision",
            });
        }
        db.execute(
            "INSERT INTO guide_revision (guide, revision, content, by_whom, published_at) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                key(revision.guide),
                revision.revision,
                revision.content.as_str(),
                revision.by.as_str(),
                revision.at.0,
            ],
        )?;
    }
    add_set(db, set)
}

pub(crate) fn add_set(db: &mut dyn Db, set: &GuideSet) -> Result<(), StoreError> {
    let newest = newest_set(db)?.map_or(0, |newest| newest.revision);
    if set.revision != newest + 1 {
        return Err(StoreError::Conflict {
            what: "the list of live guides",
        });
    }
    let targets: Vec<Target> = set.targets.iter().map(Target::from).collect();
    let targets = serde_json::to_string(&targets).expect("texts and numbers become JSON");
    db.execute(
        "INSERT INTO guide_set (revision, targets, by_whom, activated_at) \
         VALUES (?1, ?2, ?3, ?4)",
        params![set.revision, targets, set.by.as_str(), set.at.0],
    )?;
    Ok(())
}

const REVISION: &str = "SELECT guide, revision, content, by_whom, published_at FROM guide_revision";

fn revision_row(row: &Row) -> Result<GuideRevision, StoreError> {
    Ok(GuideRevision {
        guide: guide_id(row, 0)?,
        revision: row.count(1)? as u32,
        content: row.text(2)?.to_owned(),
        by: row.text(3)?.to_owned(),
        at: Timestamp(row.int(4)?),
    })
}

pub(crate) fn revision(
    db: &mut dyn Db,
    guide: GuideId,
    revision: u32,
) -> Result<Option<GuideRevision>, StoreError> {
    first(
        db,
        &format!("{REVISION} WHERE guide = ?1 AND revision = ?2"),
        params![key(guide), revision],
    )?
    .map(|row| revision_row(&row))
    .transpose()
}

pub(crate) fn revisions(
    db: &mut dyn Db,
    guide: GuideId,
    limit: u32,
) -> Result<Vec<GuideRevision>, StoreError> {
    db.query(
        &format!("{REVISION} WHERE guide = ?1 ORDER BY revision DESC LIMIT ?2"),
        params![key(guide), limit],
    )?
    .iter()
    .map(revision_row)
    .collect()
}

const SET: &str = "SELECT revision, targets, by_whom, activated_at FROM guide_set";

fn set_row(row: &Row) -> Result<GuideSet, StoreError> {
    let corrupt = |what: String| StoreError::Corrupt { what };
    let targets: Vec<Target> = serde_json::from_str(row.text(1)?)
        .map_err(|error| corrupt(format!("guide_set.targets: {error}")))?;
    Ok(GuideSet {
        revision: row.count(0)? as u32,
        targets: targets
            .into_iter()
            .map(Target::into_model)
            .collect::<Option<_>>()
            .ok_or_else(|| corrupt("guide_set.targets holds an unknown word".to_owned()))?,
        by: row.text(2)?.to_owned(),
        at: Timestamp(row.int(3)?),
    })
}

pub(crate) fn newest_set(db: &mut dyn Db) -> Result<Option<GuideSet>, StoreError> {
    first(db, &format!("{SET} ORDER BY revision DESC LIMIT 1"), &[])?
        .map(|row| set_row(&row))
        .transpose()
}

pub(crate) fn set(db: &mut dyn Db, revision: u32) -> Result<Option<GuideSet>, StoreError> {
    first(db, &format!("{SET} WHERE revision = ?1"), params![revision])?
        .map(|row| set_row(&row))
        .transpose()
}

const MEDIA: &str =
    "SELECT media, guide, content_type, bytes, duration_ms, created_at FROM guide_media";

fn media_row(row: &Row) -> Result<GuideMedia, StoreError> {
    Ok(GuideMedia {
        media: MediaId::from_uuid(Uuid::from_bytes(row.array(0)?)),
        guide: guide_id(row, 1)?,
        content_type: row.text(2)?.to_owned(),
        bytes: row.count(3)?,
        duration_ms: row.count(4)? as u32,
        created_at: Timestamp(row.int(5)?),
    })
}

pub(crate) fn put_media(
    db: &mut dyn Db,
    media: &GuideMedia,
    data: &[u8],
) -> Result<(), StoreError> {
    let id = *media.media.uuid().as_bytes();
    db.execute(
        "INSERT INTO guide_media (media, guide, content_type, bytes, duration_ms, created_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            id,
            key(media.guide),
            media.content_type.as_str(),
            data.len() as u64,
            media.duration_ms,
            media.created_at.0,
        ],
    )?;
    for (place, part) in (0u32..).zip(data.chunks(PART_BYTES)) {
        db.execute(
            "INSERT INTO guide_media_part (media, place, data) VALUES (?1, ?2, ?3)",
            params![id, place, part],
        )?;
    }
    Ok(())
}

pub(crate) fn remove_media(db: &mut dyn Db, media: MediaId) -> Result<(), StoreError> {
    for table in ["guide_media_part", "guide_media"] {
        db.execute(
            &format!("DELETE FROM {table} WHERE media = ?1"),
            params![*media.uuid().as_bytes()],
        )?;
    }
    Ok(())
}

pub(crate) fn media(db: &mut dyn Db, media: MediaId) -> Result<Option<GuideMedia>, StoreError> {
    first(
        db,
        &format!("{MEDIA} WHERE media = ?1"),
        params![*media.uuid().as_bytes()],
    )?
    .map(|row| media_row(&row))
    .transpose()
}

pub(crate) fn media_of(db: &mut dyn Db, guide: GuideId) -> Result<Vec<GuideMedia>, StoreError> {
    db.query(
        &format!("{MEDIA} WHERE guide = ?1 ORDER BY created_at, media"),
        params![key(guide)],
    )?
    .iter()
    .map(media_row)
    .collect()
}

/// The bytes from `from` up to and without `to`.
pub(crate) fn media_bytes(
    db: &mut dyn Db,
    media: MediaId,
    from: u64,
    to: u64,
) -> Result<Vec<u8>, StoreError> {
    let part = PART_BYTES as u64;
    let rows = db.query(
        "SELECT data FROM guide_media_part WHERE media = ?1 AND place >= ?2 AND place < ?3 \
         ORDER BY place",
        params![*media.uuid().as_bytes(), from / part, to.div_ceil(part)],
    )?;
    let mut bytes = Vec::with_capacity((to - from) as usize + PART_BYTES);
    for row in &rows {
        bytes.extend_from_slice(row.blob(0)?);
    }
    let start = (from % part).min(bytes.len() as u64) as usize;
    let end = (start + (to - from) as usize).min(bytes.len());
    Ok(bytes[start..end].to_vec())
}

/// One row a visitor. An element that was missing stays so until that one is found: that the
/// first step was there says nothing about the third. Of what was found, the furthest counts.
pub(crate) fn note_sight(db: &mut dyn Db, sight: &GuideSight) -> Result<(), StoreError> {
    db.execute(
        "DELETE FROM guide_sight WHERE guide = ?1 AND seen_at < ?2",
        params![key(sight.guide), sight.at.0 - SIGHT_KEPT_MS],
    )?;
    db.execute(
        "INSERT INTO guide_sight (guide, customer, revision, found, step, seen_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (guide, customer) DO UPDATE SET \
         step = CASE WHEN guide_sight.revision = excluded.revision AND excluded.found = 1 \
         AND guide_sight.step > excluded.step THEN guide_sight.step ELSE excluded.step END, \
         revision = excluded.revision, found = excluded.found, seen_at = excluded.seen_at \
         WHERE guide_sight.revision <> excluded.revision OR excluded.found = 0 \
         OR guide_sight.found = 1 OR guide_sight.step = excluded.step",
        params![
            key(sight.guide),
            *sight.customer.uuid().as_bytes(),
            sight.revision,
            sight.found,
            u32::from(sight.step),
            sight.at.0,
        ],
    )?;
    Ok(())
}

pub(crate) fn health(
    db: &mut dyn Db,
    guide: GuideId,
    revision: u32,
    since: Timestamp,
) -> Result<GuideHealth, StoreError> {
    let rows = db.query(
        "SELECT found, step FROM guide_sight WHERE guide = ?1 AND revision = ?2 \
         AND seen_at >= ?3 ORDER BY seen_at DESC, customer",
        params![key(guide), revision, since.0],
    )?;
    let sights = rows
        .iter()
        .map(|row| Ok((row.int(0)? != 0, row.count(1)? as u8)))
        .collect::<Result<Vec<(bool, u8)>, StoreError>>()?;
    Ok(GuideHealth::of(&sights))
}

/// What was counted about guides from `from` up to and without `to`, summed up.
pub(crate) fn counts(
    db: &mut dyn Db,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<MinuteCount>, StoreError> {
    db.query(
        "SELECT rule, what, CAST(SUM(counted) AS BIGINT) FROM minute_count WHERE minute >= ?1 AND minute < ?2 \
         AND rule LIKE 'guide:%' GROUP BY rule, what ORDER BY rule, what",
        params![from.0, to.0],
    )?
    .iter()
    .map(|row| {
        Ok(MinuteCount {
            minute: from,
            rule: row.text(0)?.to_owned(),
            what: row.text(1)?.to_owned(),
            count: row.count(2)?,
        })
    })
    .collect()
}
