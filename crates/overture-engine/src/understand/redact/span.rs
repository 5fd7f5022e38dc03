//! Finds, and what becomes of those that overlap.

/// What a span is; later ones win where two are equally long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    Ip,
    Phone,
    /// The place of its pattern.
    Reference(u8),
    Email,
    Ssn,
    Iban,
    Card,
    Secret,
}

/// A find, in folded bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) what: What,
}

/// Joins what overlaps: nothing that either covers stays, under the stronger name.
pub(super) fn settle(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_by_key(|span| (span.start, span.end));
    let mut settled: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match settled.last_mut().filter(|last| span.start < last.end) {
            Some(last) => {
                let what = stronger(*last, span);
                let end = last.end.max(span.end);
                *last = Span { end, what, ..*last };
            }
            None => settled.push(span),
        }
    }
    settled
}

/// Cards and secrets first, then the longer one.
fn stronger(one: Span, other: Span) -> What {
    let rank = |span: Span| {
        let never_kept = span.what.max(What::Iban);
        (never_kept, span.end - span.start, span.what)
    };
    rank(one).max(rank(other)).2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_protective_and_longest_wins() {
        let span = |start, end, what| Span { start, end, what };
        let spans = vec![
            span(0, 4, What::Phone),
            span(2, 9, What::Reference(0)),
            span(8, 10, What::Card),
            span(10, 12, What::Email),
            span(20, 24, What::Phone),
            span(20, 24, What::Reference(1)),
        ];
        assert_eq!(
            settle(spans),
            [
                span(0, 10, What::Card),
                span(10, 12, What::Email),
                span(20, 24, What::Reference(1)),
            ]
        );
    }
}
