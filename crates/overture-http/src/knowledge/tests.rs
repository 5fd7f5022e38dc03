use overture_engine::model::{Seq, Timestamp};
use overture_store::{Article, ArticleStatus};

use super::*;

fn article(slug: &str, texts: &[(&str, &str, &str)]) -> PublishedArticle {
    let faq = FaqId::derive(
        Timestamp(1),
        Seq(slug.len() as u64),
        slug.as_bytes()[0].into(),
    );
    PublishedArticle {
        article: Article {
            faq,
            slug: slug.to_owned(),
            brand: None,
            status: ArticleStatus::Published,
            place: 0,
            paths: Vec::new(),
            codes: Vec::new(),
            keywords: Vec::new(),
            revision: 1,
            created_at: Timestamp(1),
            changed_at: Timestamp(1),
            changed_by: String::new(),
        },
        texts: texts
            .iter()
            .map(|(locale, title, body)| ArticleText {
                faq,
                locale: (*locale).to_owned(),
                version: 1,
                title: (*title).to_owned(),
                summary: String::new(),
                body_markdown: (*body).to_owned(),
                based_on: 0,
                written_at: Timestamp(1),
                written_by: String::new(),
            })
            .collect(),
    }
}

fn shop() -> Vec<PublishedArticle> {
    let mut card = article(
        "card-declined",
        &[
            ("ar", "لماذا رُفضت بطاقتي؟", "تحقق من رقم البطاقة."),
            (
                "de",
                "Warum wurde meine Karte abgelehnt?",
                "Prüfen Sie die Nummer.",
            ),
            (
                "en",
                "Why was my card declined?",
                "Check the number and the date.",
            ),
            ("es", "¿Por qué rechazaron mi tarjeta?", "Revise el número."),
        ],
    );
    card.article.paths = vec!["/checkout/**".to_owned()];
    card.article.codes = vec!["card:declined".to_owned()];
    card.article.keywords = vec!["visa".to_owned()];
    let refund = article(
        "refunds",
        &[
            (
                "de",
                "Rückgabe und Erstattung",
                "Geld zurück innerhalb von 30 Tagen.",
            ),
            ("en", "Returns and refunds", "Money back within 30 days."),
            ("es", "Devoluciones", "Le devolvemos el dinero en 30 días."),
        ],
    );
    let mut times = article(
        "delivery-times",
        &[(
            "en",
            "How long does delivery take?",
            "Two days. No refund for late parcels.",
        )],
    );
    times.article.place = 1;
    vec![card, refund, times]
}

fn slugs(question: Question<'_>) -> Vec<(String, String)> {
    slugs_with(question, &Outcomes::default())
}

fn slugs_with(question: Question<'_>, outcomes: &Outcomes) -> Vec<(String, String)> {
    let knowledge = Knowledge::build(shop(), "en");
    let found = knowledge.find(question, outcomes, 10);
    let named = found.iter().map(|one| {
        (
            one.article.article.slug.clone(),
            format!("{} {}", one.text.locale, one.why.name()),
        )
    });
    named.collect()
}

#[track_caller]
fn check(question: Question<'_>, expected: &[(&str, &str)]) {
    let found = slugs(question);
    let found: Vec<_> = found
        .iter()
        .map(|(slug, how)| (slug.as_str(), how.as_str()))
        .collect();
    assert_eq!(found, expected, "{question:?}");
}

#[test]
fn words_find_articles_in_the_customers_language() {
    let ask = |words, locale| Question {
        words,
        locale,
        ..Question::default()
    };
    check(
        ask("refund", "en"),
        &[("refunds", "en words"), ("delivery-times", "en words")],
    );
    check(
        ask("REFUNDS?", "en-GB"),
        &[("refunds", "en words"), ("delivery-times", "en words")],
    );
    check(ask("visa", "en"), &[("card-declined", "en words")]);
    check(ask("ruckgabe", "de-AT"), &[("refunds", "de words")]);
    check(ask("Rueckgabe", "de"), &[("refunds", "de words")]);
    check(ask("devolucion", "es-MX"), &[("refunds", "es words")]);
    check(ask("رفضت البطاقه", "ar"), &[("card-declined", "ar words")]);
    check(ask("declinde", "en"), &[("card-declined", "en words")]);
    check(ask("xylophone", "en"), &[]);
    check(ask("how do I", "en"), &[]);
    // Not translated: the main language stands in.
    check(ask("delivery", "es"), &[("delivery-times", "en words")]);
}

#[test]
fn without_words_the_error_goes_before_the_page_before_the_rest() {
    let at = |path, field, code| Question {
        path,
        field,
        code,
        ..Question::default()
    };
    for question in [
        at("/checkout/pay", "", ""),
        at("/elsewhere", "card", "declined"),
        at("/elsewhere", "CARD", "Declined"),
    ] {
        assert_eq!(slugs(question)[0].0, "card-declined", "{question:?}");
    }
    check(
        at("/checkout/pay", "card", "declined"),
        &[
            ("card-declined", "en error"),
            ("refunds", "en general"),
            ("delivery-times", "en general"),
        ],
    );
    assert_eq!(slugs(at("/", "card", "missing"))[0].1, "en general");
}

#[test]
fn what_helped_goes_up_and_what_did_not_goes_down() {
    let refunds = shop()[1].article.faq;
    let counts = |helpful, not_helpful| ArticleCounts {
        faq: refunds,
        locale: "en".to_owned(),
        version: 1,
        opened: 20,
        helpful,
        not_helpful,
        still_needed: 0,
        read_s: 0,
    };
    let question = Question::default();
    let first = |helpful, not_helpful| {
        slugs_with(question, &Outcomes::of(&[counts(helpful, not_helpful)]))[0]
            .0
            .clone()
    };
    assert_eq!(first(20, 0), "refunds");
    assert_eq!(first(0, 20), "card-declined");
}

#[test]
fn a_brand_sees_its_own_articles_and_those_of_all() {
    let brand = BrandId::derive(Timestamp(1), Seq(1), 0);
    let mut articles = shop();
    articles[0].article.brand = Some(brand);
    let knowledge = Knowledge::build(articles, "en");
    let found = |brand| {
        let question = Question {
            brand,
            ..Question::default()
        };
        knowledge.find(question, &Outcomes::default(), 10).len()
    };
    assert_eq!((found(None), found(Some(brand))), (2, 3));
    let faq = shop()[0].article.faq;
    assert!(knowledge.article(faq, "en", None).is_none());
    let (_, text, is_fallback) = knowledge
        .article(faq, "fr-CA", Some(brand))
        .expect("it is for this brand");
    assert_eq!((text.locale.as_str(), is_fallback), ("en", true));
}
