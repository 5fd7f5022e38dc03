//! The records of what customers do with the knowledge base.

use overture_engine::model::{ArticleFact, ArticleRef, ArticleSearch, ArticleUse, Reading};

use super::wire::{Problem, Reader, RecordError, Wire, Writer, record, required, take};

record! {
    /// One text of an article.
    ArticleRefRecord for ArticleRef {
        #[prost(bytes = "vec", tag = "1")]
        faq: Vec<u8>,
        #[prost(string, tag = "2")]
        locale: String,
        #[prost(uint32, tag = "3")]
        version: u32,
        #[prost(string, tag = "4")]
        title: String,
    }
}

/// Something done with the knowledge base. `kind`: 1 opened, 2 read, 3 rated, 4 still
/// needed, 5 searched.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ArticleFactRecord {
    #[prost(uint32, tag = "1")]
    kind: u32,
    #[prost(message, optional, tag = "2")]
    article: Option<ArticleRefRecord>,
    /// Seconds read, or articles found.
    #[prost(uint32, tag = "3")]
    number: u32,
    #[prost(bool, tag = "4")]
    helpful: bool,
    /// The reason, or the words.
    #[prost(bytes = "vec", optional, tag = "5")]
    sealed: Option<Vec<u8>>,
    #[prost(string, tag = "6")]
    locale: String,
}

impl Wire<ArticleFactRecord> for ArticleFact {
    fn write(&self, w: &mut Writer<'_>) -> ArticleFactRecord {
        let mut record = ArticleFactRecord::default();
        record.kind = match self {
            ArticleFact::Opened(article) => {
                record.article = Some(article.write(w));
                1
            }
            ArticleFact::Read { article, seconds } => {
                record.article = Some(article.write(w));
                record.number = *seconds;
                2
            }
            ArticleFact::Rated {
                article,
                helpful,
                reason,
            } => {
                record.article = Some(article.write(w));
                record.helpful = *helpful;
                record.sealed = reason.write(w);
                3
            }
            ArticleFact::StillNeeded { article } => {
                record.article = article.write(w);
                4
            }
            ArticleFact::Searched {
                words,
                locale,
                found,
            } => {
                record.sealed = Some(words.write(w));
                record.locale = locale.clone();
                record.number = *found;
                5
            }
        };
        record
    }

    fn read(record: ArticleFactRecord, r: Reader<'_>) -> Result<Self, RecordError> {
        Ok(match record.kind {
            1 => ArticleFact::Opened(take!(record.article, ArticleFactRecord, r)),
            2 => ArticleFact::Read {
                article: take!(record.article, ArticleFactRecord, r),
                seconds: record.number,
            },
            3 => ArticleFact::Rated {
                article: take!(record.article, ArticleFactRecord, r),
                helpful: record.helpful,
                reason: take!(record.sealed, ArticleFactRecord, r),
            },
            4 => ArticleFact::StillNeeded {
                article: record
                    .article
                    .map(|article| ArticleRef::read(article, r))
                    .transpose()?,
            },
            5 => ArticleFact::Searched {
                words: match record.sealed {
                    Some(sealed) => Wire::read(sealed, r)?,
                    None => {
                        return Err(
                            RecordError::from(Problem::Missing).at("ArticleFactRecord", "words")
                        );
                    }
                },
                locale: record.locale,
                found: record.number,
            },
            other => {
                return Err(RecordError::from(Problem::Number(other.into()))
                    .at("ArticleFactRecord", "kind"));
            }
        })
    }
}

required!(ArticleFactRecord for ArticleFact);

record! {
    /// One article in a visit.
    ArticleUseRecord for ArticleUse {
        #[prost(message, optional, tag = "1")]
        article: Option<ArticleRefRecord>,
        #[prost(int64, tag = "2")]
        opened_at: i64,
        #[prost(uint32, tag = "3")]
        read_s: u32,
        #[prost(bool, optional, tag = "4")]
        helpful: Option<bool>,
        #[prost(bool, tag = "5")]
        still_needed: bool,
    }
}

record! {
    /// One search in a visit.
    ArticleSearchRecord for ArticleSearch {
        #[prost(bytes = "vec", tag = "1")]
        words: Vec<u8>,
        #[prost(uint32, tag = "2")]
        found: u32,
        #[prost(int64, tag = "3")]
        at: i64,
    }
}

record! {
    /// What was read in the visit under way.
    ReadingRecord for Reading {
        #[prost(bytes = "vec", optional, tag = "1")]
        session: Option<Vec<u8>>,
        #[prost(message, repeated, tag = "2")]
        articles: Vec<ArticleUseRecord>,
        #[prost(message, repeated, tag = "3")]
        searches: Vec<ArticleSearchRecord>,
        #[prost(bool, tag = "4")]
        still_needed: bool,
    }
}
