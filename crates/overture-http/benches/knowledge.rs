//! How long it takes to answer one question from 2,000 articles in two languages, on one core.

use divan::Bencher;
use overture_engine::model::{FaqId, Seq, Timestamp};
use overture_http::knowledge::{Knowledge, Outcomes, Question};
use overture_store::{Article, ArticleStatus, ArticleText, PublishedArticle};

const ARTICLES: u64 = 2_000;
const WORDS_A_BODY: u64 = 300;
/// Different words in all bodies together.
const VOCABULARY: u64 = 20_000;

fn main() {
    divan::main();
}

/// A made-up word, the same for the same number.
fn word(number: u64) -> String {
    const PARTS: [&str; 16] = [
        "re", "fund", "car", "ship", "pay", "ment", "or", "der", "ad", "dress", "in", "voice",
        "ac", "count", "de", "lay",
    ];
    let mut text = String::new();
    let mut rest = number + 16;
    while rest > 0 {
        text.push_str(PARTS[(rest % 16) as usize]);
        rest /= 16;
    }
    text
}

fn articles() -> Vec<PublishedArticle> {
    let mut random = 7u64;
    // Small numbers often, as small words are in a language.
    let mut next = || {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let share = (random >> 40) as f64 / (1u64 << 24) as f64;
        (share * share * share * VOCABULARY as f64) as u64
    };
    (0..ARTICLES)
        .map(|number| {
            let faq = FaqId::derive(Timestamp(1), Seq(number), 0);
            let texts = ["de", "en"].map(|locale| ArticleText {
                faq,
                locale: locale.to_owned(),
                version: 1,
                title: (0..6).map(|_| word(next()) + " ").collect(),
                summary: (0..15).map(|_| word(next()) + " ").collect(),
                body_markdown: (0..WORDS_A_BODY).map(|_| word(next()) + " ").collect(),
                based_on: 0,
                written_at: Timestamp(1),
                written_by: String::new(),
            });
            PublishedArticle {
                article: Article {
                    faq,
                    slug: format!("article-{number}"),
                    brand: None,
                    status: ArticleStatus::Published,
                    place: 0,
                    paths: vec![format!("/shop/{}/**", number % 50)],
                    codes: vec![format!("field{}:invalid", number % 40)],
                    keywords: Vec::new(),
                    revision: 1,
                    created_at: Timestamp(1),
                    changed_at: Timestamp(1),
                    changed_by: String::new(),
                },
                texts: texts.into(),
            }
        })
        .collect()
}

fn ask(bencher: Bencher, words: &str) {
    let knowledge = Knowledge::build(articles(), "en");
    let question = Question {
        words,
        path: "/shop/7/cart",
        field: "field3",
        code: "invalid",
        locale: "de-AT",
        ..Question::default()
    };
    bencher.bench(|| {
        knowledge
            .find(divan::black_box(question), &Outcomes::default(), 10)
            .len()
    });
}

/// What fits the page and the error.
#[divan::bench]
fn suggestions(bencher: Bencher) {
    ask(bencher, "");
}

/// Three words, two of them common.
#[divan::bench]
fn words(bencher: Bencher) {
    ask(
        bencher,
        &format!("{} {} {} ", word(3), word(40), word(9_000)),
    );
}

/// One letter: the beginning of very many words.
#[divan::bench]
fn beginning(bencher: Bencher) {
    ask(bencher, "re");
}

/// Five long words that are all misspelt: every word of the index is looked at.
#[divan::bench]
fn misspelt(bencher: Bencher) {
    ask(
        bencher,
        "refunxdshippayment ordexrvoice paymxentaccount delxayorder adxdressin ",
    );
}

/// Building all indexes anew, after a change.
#[divan::bench(sample_count = 5)]
fn build(bencher: Bencher) {
    let articles = articles();
    bencher
        .with_inputs(|| articles.clone())
        .bench_values(|articles| Knowledge::build(articles, "en").is_empty());
}
