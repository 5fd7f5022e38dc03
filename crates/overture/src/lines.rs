//! JSON lines in, JSON lines out, one for one and in order: what the `score` commands share.

use std::io::{BufRead, BufWriter, Write};

use anyhow::Context;
use serde::Deserialize;
use serde_json::{Value, json};

/// The longest line, in bytes.
const LINE_BYTES_MAX: u64 = 4 << 20;

#[derive(Deserialize)]
struct Line {
    id: Value,
    text: String,
}

/// Reads standard input to its end, `{"id","text"}` a line, and writes what `answer` makes of each to standard output. A line
/// that cannot be read is answered with an `error` that names the line; empty lines are passed over.
///
/// # Errors
/// Reading or writing failed.
pub(crate) fn answer_each(mut answer: impl FnMut(Value, &str) -> Value) -> anyhow::Result<()> {
    let mut input = std::io::stdin().lock();
    let mut output = BufWriter::new(std::io::stdout().lock());
    let mut bytes = Vec::new();
    let mut number = 0u64;
    loop {
        bytes.clear();
        let taken = std::io::Read::take(&mut input, LINE_BYTES_MAX).read_until(b'\n', &mut bytes);
        let read = taken.context("could not read standard input")?;
        if read == 0 {
            break;
        }
        number += 1;
        let is_cut = !bytes.ends_with(b"\n") && bytes.len() as u64 == LINE_BYTES_MAX;
        if is_cut {
            skip_line(&mut input)?;
        }
        let line = bytes.trim_ascii();
        if line.is_empty() {
            continue;
        }
        let said = if is_cut {
            refused(number, &format!("expected at most {LINE_BYTES_MAX} bytes"))
        } else {
            match parsed(line) {
                Ok(Line { id, text }) => answer(id, &text),
                Err(error) => refused(number, &format!("expected {{\"id\", \"text\"}}: {error}")),
            }
        };
        write(&mut output, &said)?;
    }
    output.flush().context("could not write standard output")
}

/// Writes one line.
///
/// # Errors
/// Writing failed.
pub(crate) fn write(output: &mut impl Write, said: &Value) -> anyhow::Result<()> {
    serde_json::to_writer(&mut *output, said).context("could not write standard output")?;
    output
        .write_all(b"\n")
        .context("could not write standard output")
}

/// A lone surrogate or a byte that is no UTF-8 spoils one character, not the line.
fn parsed(line: &[u8]) -> serde_json::Result<Line> {
    let line = String::from_utf8_lossy(line);
    serde_json::from_str(&line).or_else(|_| serde_json::from_str(&without_lone_surrogates(&line)))
}

fn skip_line(input: &mut impl BufRead) -> anyhow::Result<()> {
    loop {
        let buffer = input.fill_buf().context("could not read standard input")?;
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let used = end.map_or(buffer.len(), |end| end + 1);
        let done = end.is_some() || buffer.is_empty();
        input.consume(used);
        if done {
            return Ok(());
        }
    }
}

fn refused(number: u64, expected: &str) -> Value {
    json!({ "error": { "line": number, "message": expected } })
}

/// Replaces `\uD800` to `\uDFFF` that are no pair by the replacement character.
fn without_lone_surrogates(line: &str) -> String {
    let unit = |at: usize| {
        let digits = line.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let mut out = String::with_capacity(line.len());
    let mut at = 0;
    while let Some(char) = line[at..].chars().next() {
        match (char, unit(at), unit(at + 6)) {
            ('\\', Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => {
                out.push_str(&line[at..at + 12]);
                at += 12;
            }
            ('\\', Some(0xd800..=0xdfff), _) => {
                out.push_str("\\ufffd");
                at += 6;
            }
            ('\\', None, _) => {
                let end = at + 1 + line[at + 1..].chars().next().map_or(0, char::len_utf8);
                out.push_str(&line[at..end]);
                at = end;
            }
            _ => {
                out.push(char);
                at += char.len_utf8();
            }
        }
    }
    out
}
