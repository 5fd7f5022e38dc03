-- The knowledge base: articles, their texts by language and version, what came of them.

CREATE TABLE article (
  article BLOB NOT NULL PRIMARY KEY, -- which
  slug TEXT NOT NULL UNIQUE, -- its name in addresses and files
  brand BLOB, -- the brand it is for; null for all
  status INTEGER NOT NULL, -- 0 draft, 1 published, 2 archived
  place INTEGER NOT NULL, -- order among equals, small first
  paths TEXT NOT NULL, -- JSON list of page patterns
  codes TEXT NOT NULL, -- JSON list of error codes, field:code or code
  keywords TEXT NOT NULL, -- JSON list of words it is found by
  revision INTEGER NOT NULL, -- counts up with every change of this row
  created_at INTEGER NOT NULL, -- when; 0 for articles older than this table
  changed_at INTEGER NOT NULL, -- when this row was changed last
  changed_by TEXT NOT NULL -- by whom, a name for people
);

CREATE TABLE article_text (
  article BLOB NOT NULL, -- of which article
  locale TEXT NOT NULL, -- BCP 47, lower case
  version INTEGER NOT NULL, -- from 1, without gaps; never changed
  title TEXT NOT NULL, -- its title
  summary TEXT NOT NULL, -- one or two sentences for lists; may be empty
  body_markdown TEXT NOT NULL, -- its text
  based_on INTEGER NOT NULL, -- the version of the main language it was translated from; 0 for none
  written_at INTEGER NOT NULL, -- when
  written_by TEXT NOT NULL, -- by whom, a name for people
  PRIMARY KEY (article, locale, version)
) WITHOUT ROWID;

CREATE TABLE article_published (
  article BLOB NOT NULL, -- of which article
  locale TEXT NOT NULL, -- in which language
  version INTEGER NOT NULL, -- the version that customers see
  PRIMARY KEY (article, locale)
) WITHOUT ROWID;

CREATE TABLE article_count (
  article BLOB NOT NULL, -- which article
  locale TEXT NOT NULL, -- in which language
  version INTEGER NOT NULL, -- which version of its text
  opened INTEGER NOT NULL, -- visits in which it was opened
  helpful INTEGER NOT NULL, -- visits in which it was said to help
  not_helpful INTEGER NOT NULL, -- visits in which it was said not to help
  still_needed INTEGER NOT NULL, -- visits that went on from it to a person
  read_s INTEGER NOT NULL, -- seconds it was open
  PRIMARY KEY (article, locale, version)
) WITHOUT ROWID;

CREATE TABLE search_miss (
  happened_at INTEGER NOT NULL, -- when nothing was found
  customer BLOB NOT NULL, -- whose words, as of then
  place INTEGER NOT NULL, -- place within the commit
  locale TEXT NOT NULL, -- in which language
  words BLOB NOT NULL, -- the words, sealed with the customer's key
  PRIMARY KEY (happened_at, customer, place)
) WITHOUT ROWID;

INSERT INTO article (article, slug, brand, status, place, paths, codes, keywords, revision, created_at, changed_at, changed_by)
SELECT faq, 'faq-' || CAST(place + 1 AS TEXT), NULL, 1, place, '[]', '[]', '[]', 1, 0, 0, '' FROM faq;

INSERT INTO article_text (article, locale, version, title, summary, body_markdown, based_on, written_at, written_by)
SELECT faq, 'en', 1, title, '', body_markdown, 0, 0, '' FROM faq;

INSERT INTO article_published (article, locale, version)
SELECT faq, 'en', 1 FROM faq;
