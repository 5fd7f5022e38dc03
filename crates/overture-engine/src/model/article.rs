//! What customers do with the articles of the knowledge base.

use super::{CustomerId, FaqId, InteractionId, Private, Timestamp};

/// How many articles of a visit are remembered.
pub const ARTICLES_REMEMBERED_MAX: usize = 8;

/// How many searches of a visit are remembered.
pub const SEARCHES_REMEMBERED_MAX: usize = 5;

/// One text of an article as a customer saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArticleRef {
    /// Which article.
    pub faq: FaqId,
    /// In which language, BCP 47.
    pub locale: String,
    /// Which version of that language's text.
    pub version: u32,
    /// Its title then, for people.
    pub title: String,
}

impl ArticleRef {
    /// Whether both name the same text.
    pub fn is_same_text(&self, other: &ArticleRef) -> bool {
        self.faq == other.faq && self.version == other.version && self.locale == other.locale
    }
}

/// Something a customer did with the knowledge base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArticleFact {
    /// Opened an article.
    Opened(ArticleRef),
    /// Had it open.
    Read {
        /// Which.
        article: ArticleRef,
        /// For so long, seconds, at most [`READ_S_MAX`].
        seconds: u32,
    },
    /// Said whether it helped.
    Rated {
        /// Which.
        article: ArticleRef,
        /// Whether it did.
        helpful: bool,
        /// Why not, in their own words.
        reason: Option<Private>,
    },
    /// Went on to a person.
    StillNeeded {
        /// From which article, where one was open.
        article: Option<ArticleRef>,
    },
    /// Looked for words.
    Searched {
        /// The words.
        words: Private,
        /// In which language.
        locale: String,
        /// How many articles were found.
        found: u32,
    },
}

/// The longest one report of reading may be, seconds.
pub const READ_S_MAX: u32 = 3_600;

impl ArticleFact {
    /// Whether this is the customer's own word to us, which is kept whatever they allow to be
    /// watched.
    pub fn is_a_statement(&self) -> bool {
        matches!(
            self,
            ArticleFact::Rated { .. } | ArticleFact::StillNeeded { .. }
        )
    }
}

/// What the customer did with articles in the visit under way.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reading {
    /// The visit.
    pub session: Option<InteractionId>,
    /// Articles, in the order they were opened, at most [`ARTICLES_REMEMBERED_MAX`].
    pub articles: Vec<ArticleUse>,
    /// Searches, oldest first, at most [`SEARCHES_REMEMBERED_MAX`].
    pub searches: Vec<ArticleSearch>,
    /// Whether the customer went on to a person.
    pub still_needed: bool,
}

/// One article in a visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArticleUse {
    /// Which.
    pub article: ArticleRef,
    /// When it was opened first.
    pub opened_at: Timestamp,
    /// For how long it was open, seconds.
    pub read_s: u32,
    /// Whether the customer said that it helped.
    pub helpful: Option<bool>,
    /// Whether the customer went on from it to a person.
    pub still_needed: bool,
}

/// One search in a visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArticleSearch {
    /// The words.
    pub words: Private,
    /// How many articles were found.
    pub found: u32,
    /// When.
    pub at: Timestamp,
}

/// What is added to the counts of one text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArticleTally {
    /// Which text.
    pub article: ArticleRef,
    /// Visits in which it was opened.
    pub opened: i64,
    /// Visits in which it was said to help.
    pub helpful: i64,
    /// Visits in which it was said not to help.
    pub not_helpful: i64,
    /// Visits in which a person was still needed.
    pub still_needed: i64,
    /// Seconds it was open.
    pub read_s: i64,
}

impl ArticleTally {
    /// Nothing to add yet.
    pub fn of(article: &ArticleRef) -> Self {
        Self {
            article: article.clone(),
            opened: 0,
            helpful: 0,
            not_helpful: 0,
            still_needed: 0,
            read_s: 0,
        }
    }
}

/// A search that found nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchMiss {
    /// Whose words.
    pub customer: CustomerId,
    /// When.
    pub at: Timestamp,
    /// In which language.
    pub locale: String,
    /// The words.
    pub words: Private,
}
