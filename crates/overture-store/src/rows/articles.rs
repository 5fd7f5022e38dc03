//! The knowledge base, as people edit it.

use overture_engine::model::{BrandId, FaqId, Private, Timestamp};

/// How many versions of one language's text are kept; the published one always is.
pub const ARTICLE_VERSIONS_MAX: u32 = 50;

/// How many searches without a result are kept.
pub const SEARCH_MISSES_MAX: u32 = 2_000;

/// Whether customers see an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ArticleStatus {
    /// Not yet.
    #[default]
    Draft,
    /// Yes, in the languages that have a published version.
    Published,
    /// No more.
    Archived,
}

impl ArticleStatus {
    /// Every status, in the order of its number.
    pub const ALL: [ArticleStatus; 3] = [
        ArticleStatus::Draft,
        ArticleStatus::Published,
        ArticleStatus::Archived,
    ];

    /// `draft`, `published` or `archived`.
    pub const fn name(self) -> &'static str {
        match self {
            ArticleStatus::Draft => "draft",
            ArticleStatus::Published => "published",
            ArticleStatus::Archived => "archived",
        }
    }
}

/// An article without its texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article {
    /// Which.
    pub faq: FaqId,
    /// Its name in addresses and files, one of its kind.
    pub slug: String,
    /// The brand it is for; `None` for all.
    pub brand: Option<BrandId>,
    /// Whether customers see it.
    pub status: ArticleStatus,
    /// Order among equals, small first.
    pub place: u32,
    /// Patterns of the pages it helps on.
    pub paths: Vec<String>,
    /// Errors it helps with: `field:code` or `code`.
    pub codes: Vec<String>,
    /// Words it is found by, in any language.
    pub keywords: Vec<String>,
    /// Counts up with every change.
    pub revision: u32,
    /// When it was made; 0 when that is not known.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub changed_at: Timestamp,
    /// By whom, a name for people.
    pub changed_by: String,
}

/// One version of an article's text in one language. It never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArticleText {
    /// Of which article.
    pub faq: FaqId,
    /// BCP 47, lower case.
    pub locale: String,
    /// From 1, without gaps.
    pub version: u32,
    /// Its title.
    pub title: String,
    /// One or two sentences for lists; may be empty.
    pub summary: String,
    /// Its text, Markdown.
    pub body_markdown: String,
    /// The version of the main language's text that it was translated from; 0 for none.
    pub based_on: u32,
    /// When it was written.
    pub written_at: Timestamp,
    /// By whom, a name for people.
    pub written_by: String,
}

/// How an article stands in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArticleLocale {
    /// Which article.
    pub faq: FaqId,
    /// Which language.
    pub locale: String,
    /// The newest version.
    pub newest: u32,
    /// The version customers see, if any.
    pub published: Option<u32>,
    /// The newest version's title.
    pub title: String,
    /// See [`ArticleText::based_on`].
    pub based_on: u32,
    /// When the newest version was written.
    pub written_at: Timestamp,
    /// By whom.
    pub written_by: String,
}

/// An article that customers see, with its published texts by language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedArticle {
    /// The article.
    pub article: Article,
    /// One text a language, at least one, by language.
    pub texts: Vec<ArticleText>,
}

/// One change of the knowledge base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArticleChange {
    /// Adds an article (`base` is `None`) or changes its own fields; the store counts the
    /// revision.
    Put {
        /// As it shall be.
        article: Article,
        /// The revision it was made from.
        base: Option<u32>,
    },
    /// Adds a version; its number must follow the newest one.
    Text(ArticleText),
    /// Picks the version that customers see.
    Publish {
        /// Which article.
        faq: FaqId,
        /// In which language.
        locale: String,
        /// Which version; `None` for none.
        version: Option<u32>,
    },
    /// Removes an article with its texts and counts.
    Remove(FaqId),
}

/// What came of one version of one text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArticleCounts {
    /// Which article.
    pub faq: FaqId,
    /// In which language.
    pub locale: String,
    /// Which version.
    pub version: u32,
    /// Visits in which it was opened.
    pub opened: u64,
    /// Visits in which it was said to help.
    pub helpful: u64,
    /// Visits in which it was said not to help.
    pub not_helpful: u64,
    /// Visits that went on from it to a person.
    pub still_needed: u64,
    /// Seconds it was open.
    pub read_s: u64,
}

/// A search that found nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissedSearch {
    /// When.
    pub at: Timestamp,
    /// In which language.
    pub locale: String,
    /// The words; empty once the customer was erased.
    pub words: Private,
}
