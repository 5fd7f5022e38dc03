//! The domain lexicon's revisions.

use overture_engine::{model::Timestamp, understand::lexicon::LexiconEntry};
use serde::{Deserialize, Serialize};

use super::{Db, Row, first, params};
use crate::{LexiconRevision, LexiconSaved, StoreError};

/// The JSON of one of `lexicon.entries`. Fields are only ever added, with defaults.
#[derive(Serialize, Deserialize)]
struct Entry {
    phrase: String,
    reads_as: String,
}

const SAVED: &str = "SELECT revision, phrases, by_whom, saved_at, note";

pub(crate) fn add(db: &mut dyn Db, lexicon: &LexiconRevision) -> Result<(), StoreError> {
    let saved = &lexicon.saved;
    let newest = list(db, 1)?.pop().map_or(0, |newest| newest.revision);
    if saved.revision != newest + 1 {
        return Err(StoreError::Conflict {
            what: "the lexicon's revision",
        });
    }
    let entries: Vec<Entry> = lexicon
        .entries
        .iter()
        .map(|LexiconEntry { phrase, reads_as }| Entry {
            phrase: phrase.clone(),
            reads_as: reads_as.clone(),
        })
        .collect();
    let entries = serde_json::to_string(&entries).expect("entries are text alone");
    db.execute(
        "INSERT INTO lexicon (revision, entries, phrases, by_whom, saved_at, note) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            saved.revision,
            entries,
            saved.phrases,
            saved.by.as_str(),
            saved.at.0,
            saved.note.as_str()
        ],
    )?;
    Ok(())
}

pub(crate) fn newest(db: &mut dyn Db) -> Result<Option<LexiconRevision>, StoreError> {
    let sql = format!("{SAVED}, entries FROM lexicon ORDER BY revision DESC LIMIT 1");
    first(db, &sql, &[])?.map(|row| whole(&row)).transpose()
}

pub(crate) fn get(db: &mut dyn Db, revision: u32) -> Result<Option<LexiconRevision>, StoreError> {
    let sql = format!("{SAVED}, entries FROM lexicon WHERE revision = ?1");
    first(db, &sql, params![revision])?
        .map(|row| whole(&row))
        .transpose()
}

pub(crate) fn list(db: &mut dyn Db, limit: u32) -> Result<Vec<LexiconSaved>, StoreError> {
    let sql = format!("{SAVED} FROM lexicon ORDER BY revision DESC LIMIT ?1");
    db.query(&sql, params![limit])?.iter().map(saved).collect()
}

fn saved(row: &Row) -> Result<LexiconSaved, StoreError> {
    Ok(LexiconSaved {
        revision: row.count(0)? as u32,
        phrases: row.count(1)? as u32,
        by: row.text(2)?.to_owned(),
        at: Timestamp(row.int(3)?),
        note: row.text(4)?.to_owned(),
    })
}

fn whole(row: &Row) -> Result<LexiconRevision, StoreError> {
    let entries: Vec<Entry> =
        serde_json::from_str(row.text(5)?).map_err(|error| StoreError::Corrupt {
            what: format!("lexicon.entries: {error}"),
        })?;
    Ok(LexiconRevision {
        saved: saved(row)?,
        entries: entries
            .into_iter()
            .map(|Entry { phrase, reads_as }| LexiconEntry { phrase, reads_as })
            .collect(),
    })
}
