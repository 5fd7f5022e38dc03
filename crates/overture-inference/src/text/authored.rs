//! Which parts of a message its writer wrote: not what is quoted, not the signature.

use std::ops::Range;

/// Phrases that begin what a mail program adds: a line that starts with one ends the writer's own text.
const TRAILERS: [&str; 12] = [
    "-----original message",
    "----- original message",
    "---------- forwarded message",
    "begin forwarded message",
    "sent from my ",
    "sent from outlook",
    "sent from mail for",
    "get outlook for",
    "von meinem iphone gesendet",
    "enviado desde mi ",
    "this email and any attachments",
    "this message is confidential",
];

/// The longest line that can introduce a quotation.
const INTRODUCTION_BYTES_MAX: usize = 200;

/// The byte ranges of `text` that its writer wrote, in order.
///
/// Left out are lines that begin with `>`, the line that introduces them ("On Monday, Ann wrote:"), everything
/// from a signature mark (`-- `) or from what a mail program adds at the end. A message that would have nothing
/// left is taken whole: then the quotation is what was said.
pub fn authored(text: &str) -> Vec<Range<usize>> {
    let whole = || std::iter::once(0..text.len()).collect();
    if !text.contains('\n') {
        return whole();
    }
    let mut kept: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let range = at..at + line.len();
        at = range.end;
        let bare = line.trim();
        if line.trim_end_matches(['\r', '\n']) == "-- " || bare == "--" || is_trailer(bare) {
            break;
        }
        if bare.starts_with('>') {
            continue;
        }
        if introduces(bare) && quotation_follows(&text[at..]) {
            continue;
        }
        match kept.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            _ => kept.push(range),
        }
    }
    let says_something = kept
        .iter()
        .any(|range| text[range.clone()].chars().any(char::is_alphanumeric));
    if says_something { kept } else { whole() }
}

fn is_trailer(line: &str) -> bool {
    TRAILERS.iter().any(|trailer| {
        line.get(..trailer.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(trailer))
    })
}

fn introduces(line: &str) -> bool {
    line.len() <= INTRODUCTION_BYTES_MAX && line.ends_with(':')
}

fn quotation_follows(rest: &str) -> bool {
    rest.lines()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .is_some_and(|line| line.starts_with('>'))
}
