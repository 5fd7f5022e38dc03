//! Self-service: what the customer read and looked for, and whether it helped.
//!
//! Each visit counts once: opening the same text again, or saying the same again, changes no
//! number, so that a report that is sent twice is harmless.

use crate::{customer::Step, model::*};

/// Takes one fact.
pub(crate) fn observed(step: &mut Step<'_>, fact: &ArticleFact) -> Reply {
    step.state.last_seen_at = step.at;
    begin_visit(step.state);
    match fact {
        ArticleFact::Opened(article) => opened(step, article),
        ArticleFact::Read { article, seconds } => read(step, article, *seconds),
        ArticleFact::Rated {
            article,
            helpful,
            reason,
        } => rated(step, article, *helpful, reason.as_ref()),
        ArticleFact::StillNeeded { article } => still_needed(step, article.as_ref()),
        ArticleFact::Searched {
            words,
            locale,
            found,
        } => searched(step, words, locale, *found),
    }
}

/// What another visit read is another visit's.
fn begin_visit(state: &mut CustomerState) {
    let session = state.session.as_ref().map(|session| session.session);
    let reading = state.reading.get_or_insert_default();
    if reading.session != session {
        **reading = Reading {
            session,
            ..Reading::default()
        };
    }
}

fn opened(step: &mut Step<'_>, article: &ArticleRef) -> Reply {
    if find(step.state, article).is_some() {
        return Reply::Duplicate;
    }
    remember(step, article);
    tally(step, article, |tally| tally.opened = 1);
    told(step, ArticleFact::Opened(article.clone()))
}

fn read(step: &mut Step<'_>, article: &ArticleRef, seconds: u32) -> Reply {
    let at = step.at;
    let Some(known) = find(step.state, article) else {
        return Reply::Gone;
    };
    // Nobody can have read for longer than the article has been open.
    let open_s = u32::try_from(at.since(known.opened_at).0 / 1_000).unwrap_or(READ_S_MAX);
    let seconds = seconds
        .min(READ_S_MAX)
        .min(open_s.saturating_sub(known.read_s));
    if seconds == 0 {
        return Reply::Duplicate;
    }
    known.read_s += seconds;
    tally(step, article, |tally| tally.read_s = seconds.into());
    let article = article.clone();
    told(step, ArticleFact::Read { article, seconds })
}

fn rated(
    step: &mut Step<'_>,
    article: &ArticleRef,
    helpful: bool,
    reason: Option<&Private>,
) -> Reply {
    let known = find_or_remember(step, article);
    let before = known.helpful.replace(helpful);
    if before == Some(helpful) && reason.is_none() {
        return Reply::Duplicate;
    }
    if before != Some(helpful) {
        tally(step, article, |tally| {
            let (now, taken_back) = match helpful {
                true => (&mut tally.helpful, &mut tally.not_helpful),
                false => (&mut tally.not_helpful, &mut tally.helpful),
            };
            *now = 1;
            *taken_back = -i64::from(before.is_some());
        });
    }
    let (article, reason) = (article.clone(), reason.cloned());
    told(
        step,
        ArticleFact::Rated {
            article,
            helpful,
            reason,
        },
    )
}

fn still_needed(step: &mut Step<'_>, article: Option<&ArticleRef>) -> Reply {
    let reading = step.state.reading.get_or_insert_default();
    let before = std::mem::replace(&mut reading.still_needed, true);
    match article {
        Some(article) => {
            let known = find_or_remember(step, article);
            if std::mem::replace(&mut known.still_needed, true) {
                return Reply::Duplicate;
            }
            tally(step, article, |tally| tally.still_needed = 1);
        }
        None if before => return Reply::Duplicate,
        None => {}
    }
    let article = article.cloned();
    told(step, ArticleFact::StillNeeded { article })
}

fn searched(step: &mut Step<'_>, words: &Private, locale: &str, found: u32) -> Reply {
    let (customer, at) = (step.state.customer, step.at);
    let searches = &mut step.state.reading.get_or_insert_default().searches;
    if searches.iter().any(|known| known.words == *words) {
        return Reply::Duplicate;
    }
    if searches.len() == SEARCHES_REMEMBERED_MAX {
        searches.remove(0);
    }
    let words = words.clone();
    searches.push(ArticleSearch {
        words: words.clone(),
        found,
        at,
    });
    let locale = locale.to_owned();
    if found == 0 {
        step.effect(Effect::SearchMissed(SearchMiss {
            customer,
            at,
            locale: locale.clone(),
            words: words.clone(),
        }));
    }
    told(
        step,
        ArticleFact::Searched {
            words,
            locale,
            found,
        },
    )
}

fn find<'s>(state: &'s mut CustomerState, article: &ArticleRef) -> Option<&'s mut ArticleUse> {
    let articles = &mut state.reading.as_mut()?.articles;
    articles
        .iter_mut()
        .find(|known| known.article.is_same_text(article))
}

fn find_or_remember<'s>(step: &'s mut Step<'_>, article: &ArticleRef) -> &'s mut ArticleUse {
    if find(step.state, article).is_none() {
        remember(step, article);
    }
    find(step.state, article).expect("remembered just above when it was not there")
}

fn remember(step: &mut Step<'_>, article: &ArticleRef) {
    let opened_at = step.at;
    let articles = &mut step.state.reading.get_or_insert_default().articles;
    if articles.len() == ARTICLES_REMEMBERED_MAX {
        articles.remove(0);
    }
    articles.push(ArticleUse {
        article: article.clone(),
        opened_at,
        read_s: 0,
        helpful: None,
        still_needed: false,
    });
}

fn tally(step: &mut Step<'_>, article: &ArticleRef, add: impl FnOnce(&mut ArticleTally)) {
    let mut tally = ArticleTally::of(article);
    add(&mut tally);
    step.effect(Effect::Article(tally));
}

fn told(step: &mut Step<'_>, fact: ArticleFact) -> Reply {
    step.timeline(Audience::Staff, TimelineBody::Article(fact));
    Reply::Done
}

/// Two customers were one: what both read is one reading, the newest kept.
pub(crate) fn fold(mine: &mut CustomerState, from: &CustomerState) {
    let Some(other) = &from.reading else {
        return;
    };
    let session = mine.session.as_ref().map(|session| session.session);
    let reading = mine.reading.get_or_insert_default();
    reading.session = session;
    reading.still_needed |= other.still_needed;
    for used in &other.articles {
        if !reading
            .articles
            .iter()
            .any(|known| known.article.is_same_text(&used.article))
        {
            reading.articles.push(used.clone());
        }
    }
    reading.articles.sort_by_key(|used| used.opened_at);
    let surplus = reading
        .articles
        .len()
        .saturating_sub(ARTICLES_REMEMBERED_MAX);
    reading.articles.drain(..surplus);
    reading.searches.extend(other.searches.iter().cloned());
    reading.searches.sort_by_key(|search| search.at);
    let surplus = reading
        .searches
        .len()
        .saturating_sub(SEARCHES_REMEMBERED_MAX);
    reading.searches.drain(..surplus);
}
