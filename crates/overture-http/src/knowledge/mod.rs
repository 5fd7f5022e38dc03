//! Finding articles: by the words of a question, the page a customer is on, the error they
//! met, and how far an article has helped before.
//!
//! A [`Knowledge`] is built from what the store has published and replaced whole when that
//! changes; it knows no store, no clock and no HTTP. The same question to the same knowledge
//! gives the same order.

mod index;
pub(crate) mod live;
mod pattern;
mod text;

use std::collections::{BTreeMap, HashMap};

use overture_engine::model::{BrandId, FaqId};
use overture_store::{ArticleCounts, ArticleText, PublishedArticle};

use index::{Fields, Index};
pub(crate) use pattern::is_pattern;
use pattern::matches_path;
pub(crate) use text::fold;
use text::primary;

/// A match with less of the question's weight in it is no match.
const COVERAGE_MIN: f32 = 0.38;
/// A match with less of the best one's score is left out.
const SCORE_SHARE_MIN: f64 = 0.12;

/// How much page, error and outcome lift an article that has the words.
const PATH_LIFT: f64 = 0.4;
const CODE_LIFT: f64 = 0.6;
const OUTCOME_LIFT: f64 = 0.4;
/// What a text in another language than the customer's keeps.
const FALLBACK_SHARE: f64 = 0.85;

/// What a customer wants to know, and where they are.
#[derive(Debug, Clone, Copy, Default)]
pub struct Question<'q> {
    /// Their words; empty for what fits the place.
    pub words: &'q str,
    /// The page, without query and fragment.
    pub path: &'q str,
    /// The field of the last error.
    pub field: &'q str,
    /// Its code.
    pub code: &'q str,
    /// Their language, BCP 47; empty for the main one.
    pub locale: &'q str,
    /// The brand they are with.
    pub brand: Option<BrandId>,
}

/// Why an article is among the answers, the strongest cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It helps with the error they met.
    Error,
    /// It is for this page.
    Page,
    /// It has the words.
    Words,
    /// It is there.
    General,
}

impl Why {
    /// `error`, `page`, `words` or `general`.
    pub const fn name(self) -> &'static str {
        match self {
            Why::Error => "error",
            Why::Page => "page",
            Why::Words => "words",
            Why::General => "general",
        }
    }
}

/// One answer.
#[derive(Debug, Clone, Copy)]
pub struct Found<'k> {
    /// The article.
    pub article: &'k PublishedArticle,
    /// Its text in the best language for the customer.
    pub text: &'k ArticleText,
    /// Whether that is not the customer's own language.
    pub is_fallback: bool,
    /// Why it is among the answers.
    pub why: Why,
    /// What the order is by; comparable within one answer only.
    pub score: f64,
    /// What the words gave, 0 without words.
    pub words_score: f64,
    /// How well the page fits, `0.0..=1.0`.
    pub path_fit: f64,
    /// How well the error fits, `0.0..=1.0`.
    pub code_fit: f64,
    /// How far it helped before, `-0.5..=0.5`.
    pub outcome: f64,
}

/// How far each article helped, `-0.5..=0.5`; those not in it are at 0.
#[derive(Debug, Clone, Default)]
pub struct Outcomes(HashMap<FaqId, f64>);

impl Outcomes {
    /// The share of visits in which an article helped, over all its texts, moved towards one
    /// half as if three visits had said so before anybody did.
    pub fn of(counts: &[ArticleCounts]) -> Self {
        let mut sums: HashMap<FaqId, (u64, u64)> = HashMap::new();
        for one in counts {
            let (helped, all) = sums.entry(one.faq).or_default();
            *helped += one.helpful;
            *all += one.helpful + one.not_helpful + one.still_needed;
        }
        let share = |(helped, all): (u64, u64)| (helped as f64 + 1.5) / (all as f64 + 3.0) - 0.5;
        Self(
            sums.into_iter()
                .map(|(faq, sum)| (faq, share(sum)))
                .collect(),
        )
    }

    fn read(&self, faq: FaqId) -> f64 {
        self.0.get(&faq).copied().unwrap_or(0.0)
    }
}

/// Everything that customers can read, ready to be searched.
#[derive(Default)]
pub struct Knowledge {
    articles: Vec<PublishedArticle>,
    by_id: HashMap<FaqId, usize>,
    languages: BTreeMap<String, Language>,
    main_locale: String,
}

/// The texts of one language, as the index numbers them.
struct Language {
    index: Index,
    /// Article and place among its texts.
    documents: Vec<(usize, usize)>,
}

impl Knowledge {
    /// Builds the indexes. `main_locale` is the language that stands in for others.
    pub fn build(articles: Vec<PublishedArticle>, main_locale: &str) -> Self {
        let mut documents: BTreeMap<String, Vec<(usize, usize)>> = BTreeMap::new();
        for (number, article) in articles.iter().enumerate() {
            for (place, text) in article.texts.iter().enumerate() {
                documents
                    .entry(text.locale.clone())
                    .or_default()
                    .push((number, place));
            }
        }
        let languages = documents.into_iter().map(|(locale, documents)| {
            let fields: Vec<_> = documents
                .iter()
                .map(|(number, place)| {
                    let (article, text) = (&articles[*number], &articles[*number].texts[*place]);
                    Fields {
                        title: &text.title,
                        keywords: &article.article.keywords,
                        summary: &text.summary,
                        body: &text.body_markdown,
                    }
                })
                .collect();
            let index = Index::build(&locale, &fields);
            (locale, Language { index, documents })
        });
        let languages = languages.collect();
        let numbered = articles.iter().enumerate();
        Self {
            by_id: numbered
                .map(|(number, article)| (article.article.faq, number))
                .collect(),
            articles,
            languages,
            main_locale: main_locale.to_owned(),
        }
    }

    /// Whether there is nothing to read.
    pub fn is_empty(&self) -> bool {
        self.articles.is_empty()
    }

    /// The language that stands in for others.
    pub fn main_locale(&self) -> &str {
        &self.main_locale
    }

    /// One article in the best language for `locale`; whether that is another one.
    pub fn article(
        &self,
        faq: FaqId,
        locale: &str,
        brand: Option<BrandId>,
    ) -> Option<(&PublishedArticle, &ArticleText, bool)> {
        let article = &self.articles[*self.by_id.get(&faq)?];
        if !is_for(article, brand) {
            return None;
        }
        let locale = self.asked(locale);
        let place = self.best_text(article, &locale)?;
        let text = &article.texts[place];
        Some((article, text, is_fallback(text, &locale)))
    }

    /// The answers to a question, the best first, at most `max`.
    pub fn find(&self, question: Question<'_>, outcomes: &Outcomes, max: usize) -> Vec<Found<'_>> {
        let locale = self.asked(question.locale);
        let chosen: Vec<Option<usize>> = self
            .articles
            .iter()
            .map(|article| {
                is_for(article, question.brand)
                    .then(|| self.best_text(article, &locale))
                    .flatten()
            })
            .collect();
        let words = question.words.trim_start();
        let mut found = if words.trim().is_empty() {
            self.fitting(question, outcomes, &chosen, &locale)
        } else {
            self.having(words, question, outcomes, &chosen, &locale)
        };
        found.sort_by(|one, other| {
            let place = |found: &Found<'_>| found.article.article.place;
            other
                .score
                .total_cmp(&one.score)
                .then_with(|| place(one).cmp(&place(other)))
                .then_with(|| one.article.article.slug.cmp(&other.article.article.slug))
        });
        let least = found.first().map_or(0.0, |best| best.score) * SCORE_SHARE_MIN;
        if !words.trim().is_empty() {
            found.retain(|one| one.score >= least);
        }
        found.truncate(max);
        found
    }

    /// All articles, by how well they fit the place.
    fn fitting<'k>(
        &'k self,
        question: Question<'_>,
        outcomes: &Outcomes,
        chosen: &[Option<usize>],
        locale: &str,
    ) -> Vec<Found<'k>> {
        let texts = chosen.iter().enumerate();
        texts
            .filter_map(|(number, place)| {
                let mut found = self.weighed(number, (*place)?, question, outcomes, locale);
                // In steps, so that the order people set counts among equals.
                let outcome = (found.outcome * 10.0).round() / 10.0;
                let own_language = if found.is_fallback { 0.0 } else { 0.2 };
                found.score =
                    3.0 * found.code_fit + 2.0 * found.path_fit + 0.6 * outcome + own_language;
                found.why = match (found.code_fit > 0.0, found.path_fit > 0.0) {
                    (true, _) => Why::Error,
                    (false, true) => Why::Page,
                    (false, false) => Why::General,
                };
                Some(found)
            })
            .collect()
    }

    /// The articles that have the words.
    fn having<'k>(
        &'k self,
        words: &str,
        question: Question<'_>,
        outcomes: &Outcomes,
        chosen: &[Option<usize>],
        locale: &str,
    ) -> Vec<Found<'k>> {
        let mut found = Vec::new();
        for language in self.languages.values() {
            let is_chosen = |document: u32| {
                let (number, place) = language.documents[document as usize];
                chosen[number] == Some(place)
            };
            for one in language.index.search(words, is_chosen) {
                if one.coverage < COVERAGE_MIN {
                    continue;
                }
                let (number, place) = language.documents[one.document as usize];
                let mut hit = self.weighed(number, place, question, outcomes, locale);
                let coverage = f64::from(one.coverage);
                hit.words_score = f64::from(one.score) * coverage * coverage;
                hit.score = hit.words_score
                    * (1.0
                        + PATH_LIFT * hit.path_fit
                        + CODE_LIFT * hit.code_fit
                        + OUTCOME_LIFT * hit.outcome)
                    * if hit.is_fallback { FALLBACK_SHARE } else { 1.0 };
                hit.why = Why::Words;
                found.push(hit);
            }
        }
        found
    }

    fn weighed<'k>(
        &'k self,
        number: usize,
        place: usize,
        question: Question<'_>,
        outcomes: &Outcomes,
        locale: &str,
    ) -> Found<'k> {
        let article = &self.articles[number];
        let text = &article.texts[place];
        let paths = article.article.paths.iter();
        let codes = article.article.codes.iter();
        Found {
            article,
            text,
            is_fallback: is_fallback(text, locale),
            why: Why::General,
            score: 0.0,
            words_score: 0.0,
            path_fit: paths
                .map(|pattern| matches_path(pattern, question.path))
                .fold(0.0, f64::max),
            code_fit: codes
                .map(|wanted| matches_code(wanted, question.field, question.code))
                .fold(0.0, f64::max),
            outcome: outcomes.read(article.article.faq),
        }
    }

    /// The language that is asked for, as tags are stored.
    fn asked(&self, locale: &str) -> String {
        match locale {
            "" => self.main_locale.clone(),
            other => other.replace('_', "-").to_lowercase(),
        }
    }

    /// The customer's own language with its region, without it, with another region, or the
    /// main language; `None` when the article has none of them.
    fn best_text(&self, article: &PublishedArticle, locale: &str) -> Option<usize> {
        let place = |wanted: &dyn Fn(&str) -> bool| {
            let mut texts = article.texts.iter();
            texts.position(|text| wanted(&text.locale))
        };
        let language = primary(locale);
        place(&|known| known == locale)
            .or_else(|| place(&|known| known == language))
            .or_else(|| place(&|known| primary(known) == language))
            .or_else(|| place(&|known| known == self.main_locale))
    }
}

fn is_for(article: &PublishedArticle, brand: Option<BrandId>) -> bool {
    article.article.brand.is_none() || article.article.brand == brand
}

fn is_fallback(text: &ArticleText, locale: &str) -> bool {
    primary(&text.locale) != primary(locale)
}

/// How well an error fits: 1 for field and code, less for one of them.
fn matches_code(wanted: &str, field: &str, code: &str) -> f64 {
    let same = |one: &str, other: &str| !other.is_empty() && one.eq_ignore_ascii_case(other);
    match wanted.split_once(':') {
        Some((wanted_field, "*")) if same(wanted_field, field) => 0.7,
        Some((wanted_field, wanted_code))
            if same(wanted_field, field) && same(wanted_code, code) =>
        {
            1.0
        }
        None if same(wanted, code) => 0.7,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests;
