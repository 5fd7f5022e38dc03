//! The knowledge base.

use std::collections::BTreeMap;

use overture_engine::model::{BrandId, FaqId, Private, Timestamp};
use uuid::Uuid;

use super::{
    Db, Row, Value,
    admin::{json, parsed},
    first, opened, params,
};
use crate::{
    ARTICLE_VERSIONS_MAX, Article, ArticleChange, ArticleCounts, ArticleLocale, ArticleStatus,
    ArticleText, MissedSearch, PublishedArticle, StoreError, keys::Keys,
};

const ARTICLE: &str = "SELECT article, slug, brand, status, place, paths, codes, keywords, \
     revision, created_at, changed_at, changed_by FROM article";

const TEXT: &str = "SELECT article, locale, version, title, summary, body_markdown, based_on, \
     written_at, written_by FROM article_text";

pub(crate) fn change(db: &mut dyn Db, changes: &[ArticleChange]) -> Result<(), StoreError> {
    for change in changes {
        match change {
            ArticleChange::Put { article, base } => put(db, article, *base)?,
            ArticleChange::Text(text) => add_text(db, text)?,
            ArticleChange::Publish {
                faq,
                locale,
                version,
            } => publish(db, *faq, locale, *version)?,
            ArticleChange::Remove(faq) => remove(db, *faq)?,
        }
    }
    Ok(())
}

fn id(faq: FaqId) -> [u8; 16] {
    *faq.uuid().as_bytes()
}

fn put(db: &mut dyn Db, article: &Article, base: Option<u32>) -> Result<(), StoreError> {
    let named = first(
        db,
        "SELECT article FROM article WHERE slug = ?1",
        params![article.slug.as_str()],
    )?;
    if named
        .map(|row| row.array::<16>(0))
        .transpose()?
        .is_some_and(|named| named != id(article.faq))
    {
        return Err(StoreError::Conflict {
            what: "an article with this slug",
        });
    }
    let fields = params![
        id(article.faq),
        article.slug.as_str(),
        Value::from(article.brand.map(|brand| *brand.uuid().as_bytes())),
        status_number(article.status),
        article.place,
        json(&article.paths),
        json(&article.codes),
        json(&article.keywords),
        base.map_or(1, |base| base + 1),
        article.changed_at.0,
        article.changed_by.as_str(),
        match base {
            None => article.created_at.0,
            Some(base) => i64::from(base),
        },
    ];
    let changed = match base {
        None => db.execute(
            "INSERT INTO article (article, slug, brand, status, place, paths, codes, keywords, \
             revision, changed_at, changed_by, created_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) \
             ON CONFLICT (article) DO NOTHING",
            fields,
        )?,
        Some(_) => db.execute(
            "UPDATE article SET slug = ?2, brand = ?3, status = ?4, place = ?5, paths = ?6, \
             codes = ?7, keywords = ?8, revision = ?9, changed_at = ?10, changed_by = ?11 \
             WHERE article = ?1 AND revision = ?12",
            fields,
        )?,
    };
    match changed {
        1 => Ok(()),
        _ if base.is_some() && one(db, article.faq)?.is_none() => {
            Err(StoreError::Missing { what: "article" })
        }
        _ => Err(StoreError::Conflict {
            what: "the article",
        }),
    }
}

fn add_text(db: &mut dyn Db, text: &ArticleText) -> Result<(), StoreError> {
    if one(db, text.faq)?.is_none() {
        return Err(StoreError::Missing { what: "article" });
    }
    let newest = first(
        db,
        "SELECT COALESCE(MAX(version), 0) FROM article_text WHERE article = ?1 AND locale = ?2",
        params![id(text.faq), text.locale.as_str()],
    )?
    .map_or(Ok(0), |row| row.count(0))?;
    if u64::from(text.version) != newest + 1 {
        return Err(StoreError::Conflict {
            what: "the article's text",
        });
    }
    db.execute(
        "INSERT INTO article_text (article, locale, version, title, summary, body_markdown, \
         based_on, written_at, written_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            id(text.faq),
            text.locale.as_str(),
            text.version,
            text.title.as_str(),
            text.summary.as_str(),
            text.body_markdown.as_str(),
            text.based_on,
            text.written_at.0,
            text.written_by.as_str(),
        ],
    )?;
    if let Some(kept_from) = text.version.checked_sub(ARTICLE_VERSIONS_MAX) {
        db.execute(
            "DELETE FROM article_text WHERE article = ?1 AND locale = ?2 AND version <= ?3 \
             AND NOT EXISTS (SELECT 1 FROM article_published AS seen \
                 WHERE seen.article = article_text.article \
                 AND seen.locale = article_text.locale \
                 AND seen.version = article_text.version)",
            params![id(text.faq), text.locale.as_str(), kept_from],
        )?;
    }
    Ok(())
}

fn publish(
    db: &mut dyn Db,
    faq: FaqId,
    locale: &str,
    version: Option<u32>,
) -> Result<(), StoreError> {
    let Some(version) = version else {
        db.execute(
            "DELETE FROM article_published WHERE article = ?1 AND locale = ?2",
            params![id(faq), locale],
        )?;
        return Ok(());
    };
    if text(db, faq, locale, version)?.is_none() {
        return Err(StoreError::Missing {
            what: "version of this article",
        });
    }
    db.execute(
        "INSERT INTO article_published (article, locale, version) VALUES (?1, ?2, ?3) \
         ON CONFLICT (article, locale) DO UPDATE SET version = excluded.version",
        params![id(faq), locale, version],
    )?;
    Ok(())
}

fn remove(db: &mut dyn Db, faq: FaqId) -> Result<(), StoreError> {
    for table in [
        "article_published",
        "article_text",
        "article_count",
        "article",
    ] {
        let gone = db.execute(
            &format!("DELETE FROM {table} WHERE article = ?1"),
            params![id(faq)],
        )?;
        if table == "article" && gone == 0 {
            return Err(StoreError::Missing { what: "article" });
        }
    }
    Ok(())
}

pub(crate) fn all(db: &mut dyn Db) -> Result<Vec<Article>, StoreError> {
    db.query(&format!("{ARTICLE} ORDER BY place, slug"), &[])?
        .iter()
        .map(article_row)
        .collect()
}

pub(crate) fn one(db: &mut dyn Db, faq: FaqId) -> Result<Option<Article>, StoreError> {
    first(
        db,
        &format!("{ARTICLE} WHERE article = ?1"),
        params![id(faq)],
    )?
    .map(|row| article_row(&row))
    .transpose()
}

pub(crate) fn published(db: &mut dyn Db) -> Result<Vec<PublishedArticle>, StoreError> {
    let mut texts: BTreeMap<FaqId, Vec<ArticleText>> = BTreeMap::new();
    for row in db.query(
        "SELECT shown.article, shown.locale, shown.version, title, summary, body_markdown, \
         based_on, written_at, written_by FROM article_published AS shown \
         JOIN article_text ON article_text.article = shown.article \
         AND article_text.locale = shown.locale AND article_text.version = shown.version \
         ORDER BY shown.article, shown.locale",
        &[],
    )? {
        let text = text_row(&row)?;
        texts.entry(text.faq).or_default().push(text);
    }
    let mut found = Vec::new();
    for row in db.query(
        &format!("{ARTICLE} WHERE status = 1 ORDER BY place, slug"),
        &[],
    )? {
        let article = article_row(&row)?;
        if let Some(texts) = texts.remove(&article.faq) {
            found.push(PublishedArticle { article, texts });
        }
    }
    Ok(found)
}

/// How articles stand in their languages: all articles, or one.
pub(crate) fn locales(
    db: &mut dyn Db,
    faq: Option<FaqId>,
) -> Result<Vec<ArticleLocale>, StoreError> {
    let newest = "SELECT text.article, text.locale, text.version, title, based_on, written_at, \
         written_by, shown.version FROM article_text AS text \
         LEFT JOIN article_published AS shown ON shown.article = text.article \
         AND shown.locale = text.locale \
         WHERE text.version = (SELECT MAX(other.version) FROM article_text AS other \
             WHERE other.article = text.article AND other.locale = text.locale)";
    let rows = match faq {
        Some(faq) => db.query(
            &format!("{newest} AND text.article = ?1 ORDER BY text.locale"),
            params![id(faq)],
        )?,
        None => db.query(&format!("{newest} ORDER BY text.article, text.locale"), &[])?,
    };
    rows.iter()
        .map(|row| {
            Ok(ArticleLocale {
                faq: faq_id(row)?,
                locale: row.text(1)?.to_owned(),
                newest: number(row, 2)?,
                title: row.text(3)?.to_owned(),
                based_on: number(row, 4)?,
                written_at: Timestamp(row.int(5)?),
                written_by: row.text(6)?.to_owned(),
                published: row
                    .maybe_int(7)?
                    .map(|version| u32::try_from(version).unwrap_or(0)),
            })
        })
        .collect()
}

pub(crate) fn text(
    db: &mut dyn Db,
    faq: FaqId,
    locale: &str,
    version: u32,
) -> Result<Option<ArticleText>, StoreError> {
    first(
        db,
        &format!("{TEXT} WHERE article = ?1 AND locale = ?2 AND version = ?3"),
        params![id(faq), locale, version],
    )?
    .map(|row| text_row(&row))
    .transpose()
}

pub(crate) fn texts(
    db: &mut dyn Db,
    faq: FaqId,
    locale: &str,
) -> Result<Vec<ArticleText>, StoreError> {
    db.query(
        &format!("{TEXT} WHERE article = ?1 AND locale = ?2 ORDER BY version DESC"),
        params![id(faq), locale],
    )?
    .iter()
    .map(text_row)
    .collect()
}

/// The newest text of every article in every language.
pub(crate) fn newest_texts(db: &mut dyn Db) -> Result<Vec<ArticleText>, StoreError> {
    db.query(
        &format!(
            "{TEXT} WHERE version = (SELECT MAX(other.version) FROM article_text AS other \
             WHERE other.article = article_text.article \
             AND other.locale = article_text.locale) ORDER BY article, locale"
        ),
        &[],
    )?
    .iter()
    .map(text_row)
    .collect()
}

pub(crate) fn counts(db: &mut dyn Db) -> Result<Vec<ArticleCounts>, StoreError> {
    db.query(
        "SELECT article, locale, version, opened, helpful, not_helpful, still_needed, read_s \
         FROM article_count ORDER BY article, locale, version",
        &[],
    )?
    .iter()
    .map(|row| {
        Ok(ArticleCounts {
            faq: faq_id(row)?,
            locale: row.text(1)?.to_owned(),
            version: number(row, 2)?,
            opened: row.count(3)?,
            helpful: row.count(4)?,
            not_helpful: row.count(5)?,
            still_needed: row.count(6)?,
            read_s: row.count(7)?,
        })
    })
    .collect()
}

pub(crate) fn missed_searches(
    db: &mut dyn Db,
    keys: &Keys,
    limit: u32,
) -> Result<Vec<MissedSearch>, StoreError> {
    let rows = db.query(
        "SELECT happened_at, locale, words FROM search_miss \
         ORDER BY happened_at DESC, place DESC LIMIT ?1",
        params![limit],
    )?;
    let sealed: Vec<&[u8]> = rows
        .iter()
        .map(|row| row.blob(2))
        .collect::<Result<_, _>>()?;
    let words: Vec<Private> = opened(db, keys, |open| {
        sealed.iter().map(|sealed| Ok(open.open(sealed)?)).collect()
    })?;
    rows.iter()
        .zip(words)
        .map(|(row, words)| {
            Ok(MissedSearch {
                at: Timestamp(row.int(0)?),
                locale: row.text(1)?.to_owned(),
                words,
            })
        })
        .collect()
}

fn article_row(row: &Row) -> Result<Article, StoreError> {
    Ok(Article {
        faq: faq_id(row)?,
        slug: row.text(1)?.to_owned(),
        brand: row
            .maybe_array(2)?
            .map(|bytes| BrandId::from_uuid(Uuid::from_bytes(bytes))),
        status: usize::try_from(row.int(3)?)
            .ok()
            .and_then(|number| ArticleStatus::ALL.get(number).copied())
            .ok_or_else(|| StoreError::Corrupt {
                what: "article.status".to_owned(),
            })?,
        place: number(row, 4)?,
        paths: parsed(row.text(5)?, "article.paths")?,
        codes: parsed(row.text(6)?, "article.codes")?,
        keywords: parsed(row.text(7)?, "article.keywords")?,
        revision: number(row, 8)?,
        created_at: Timestamp(row.int(9)?),
        changed_at: Timestamp(row.int(10)?),
        changed_by: row.text(11)?.to_owned(),
    })
}

fn text_row(row: &Row) -> Result<ArticleText, StoreError> {
    Ok(ArticleText {
        faq: faq_id(row)?,
        locale: row.text(1)?.to_owned(),
        version: number(row, 2)?,
        title: row.text(3)?.to_owned(),
        summary: row.text(4)?.to_owned(),
        body_markdown: row.text(5)?.to_owned(),
        based_on: number(row, 6)?,
        written_at: Timestamp(row.int(7)?),
        written_by: row.text(8)?.to_owned(),
    })
}

fn faq_id(row: &Row) -> Result<FaqId, StoreError> {
    Ok(FaqId::from_uuid(Uuid::from_bytes(row.array(0)?)))
}

fn number(row: &Row, column: usize) -> Result<u32, StoreError> {
    Ok(u32::try_from(row.count(column)?).unwrap_or(u32::MAX))
}

fn status_number(status: ArticleStatus) -> i64 {
    match status {
        ArticleStatus::Draft => 0,
        ArticleStatus::Published => 1,
        ArticleStatus::Archived => 2,
    }
}
