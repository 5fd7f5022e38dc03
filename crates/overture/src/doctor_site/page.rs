//! What a page carries, read from its markup: scripts, policies, and what it loads.

/// One tag that matters here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Tag {
    /// In small letters.
    pub(super) name: String,
    /// Names in small letters, in order.
    pub(super) attributes: Vec<(String, String)>,
    /// What is inside a script.
    pub(super) text: String,
}

impl Tag {
    /// An attribute's value; empty for one without a value.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(one, _)| one == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Every opening tag of `html`, in order; comments are skipped, and so is what is inside
/// scripts and styles.
pub(super) fn tags(html: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.find("-->").map_or("", |end| &comment[end + 3..]);
            continue;
        }
        if !rest.starts_with(|first: char| first.is_ascii_alphabetic()) {
            continue;
        }
        let (mut tag, after) = opening(rest);
        rest = after;
        if matches!(tag.name.as_str(), "script" | "style") {
            let end = find_ignoring_case(rest, &format!("</{}", tag.name)).unwrap_or(rest.len());
            rest[..end].clone_into(&mut tag.text);
            rest = &rest[end..];
        }
        tags.push(tag);
    }
    tags
}

/// Reads one opening tag after its `<`; returns what comes after its `>`.
fn opening(text: &str) -> (Tag, &str) {
    let name_end = text
        .find(|letter: char| letter.is_ascii_whitespace() || letter == '>' || letter == '/')
        .unwrap_or(text.len());
    let mut tag = Tag {
        name: text[..name_end].to_ascii_lowercase(),
        ..Tag::default()
    };
    let mut rest = &text[name_end..];
    loop {
        rest =
            rest.trim_start_matches(|letter: char| letter.is_ascii_whitespace() || letter == '/');
        if rest.is_empty() {
            return (tag, rest);
        }
        if let Some(after) = rest.strip_prefix('>') {
            return (tag, after);
        }
        let end = rest
            .find(|letter: char| letter.is_ascii_whitespace() || "=>/".contains(letter))
            .unwrap_or(rest.len())
            // A stray `=` is part of a name: every turn takes at least one letter.
            .max(rest.chars().next().map_or(1, char::len_utf8));
        let name = rest[..end].to_ascii_lowercase();
        rest = rest[end..].trim_start();
        let mut value = "";
        if let Some(after) = rest.strip_prefix('=') {
            let after = after.trim_start();
            (value, rest) = match after.chars().next() {
                Some(quote @ ('"' | '\'')) => {
                    let inside = &after[1..];
                    let end = inside.find(quote).unwrap_or(inside.len());
                    (&inside[..end], inside.get(end + 1..).unwrap_or(""))
                }
                _ => {
                    let end = after
                        .find(|letter: char| letter.is_ascii_whitespace() || letter == '>')
                        .unwrap_or(after.len());
                    after.split_at(end)
                }
            };
        }
        tag.attributes.push((name, unescape(value)));
    }
}

fn unescape(text: &str) -> String {
    text.replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

fn find_ignoring_case(text: &str, wanted: &str) -> Option<usize> {
    text.as_bytes()
        .windows(wanted.len())
        .position(|window| window.eq_ignore_ascii_case(wanted.as_bytes()))
}

/// Our script on a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Snippet {
    /// The script's address, as written.
    pub(super) src: String,
    /// What the tag says, where it is a tag; nothing where another script adds it.
    pub(super) write_key: Option<String>,
    pub(super) nonce: Option<String>,
    /// `async`, `defer`, a module, or added by a script: the page does not wait for it.
    pub(super) waits_for_nobody: bool,
    /// Whether the page's own markup has it, and not a script of it.
    pub(super) in_markup: bool,
}

/// Every place where the page loads our script.
pub(super) fn snippets(tags: &[Tag]) -> Vec<Snippet> {
    let mut found = Vec::new();
    for tag in tags.iter().filter(|tag| tag.name == "script") {
        match tag.get("src") {
            Some(src) if tag.get("data-write-key").is_some() || is_ours(src) => {
                found.push(Snippet {
                    src: src.to_owned(),
                    write_key: tag.get("data-write-key").map(str::to_owned),
                    nonce: tag.get("nonce").map(str::to_owned),
                    waits_for_nobody: tag.get("async").is_some()
                        || tag.get("defer").is_some()
                        || tag.get("type") == Some("module"),
                    in_markup: true,
                });
            }
            Some(_) => {}
            None => found.extend(added_by(tag)),
        }
    }
    found
}

fn is_ours(src: &str) -> bool {
    let path = src.split(['?', '#']).next().unwrap_or(src);
    path.ends_with("/widget.js") || path.ends_with("/w.js")
}

/// A script that adds ours, as the snippet for tag managers does.
fn added_by(tag: &Tag) -> Option<Snippet> {
    let src = quoted(&tag.text).find(|text| is_ours(text))?;
    let key = tag
        .text
        .split("writeKey")
        .nth(1)
        .and_then(|rest| quoted(rest).next());
    Some(Snippet {
        src: src.to_owned(),
        write_key: key.map(str::to_owned),
        nonce: tag.get("nonce").map(str::to_owned),
        waits_for_nobody: true,
        in_markup: false,
    })
}

/// The texts between quotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split(['"', '\'', '`']).skip(1).step_by(2)
}

/// What the page loads by plain http: the tag's name and the address.
pub(super) fn plain_http(tags: &[Tag]) -> Vec<(&str, &str)> {
    tags.iter()
        .filter_map(|tag| {
            let address = match tag.name.as_str() {
                "script" | "img" | "iframe" | "audio" | "video" | "source" | "embed" => {
                    tag.get("src")
                }
                "link" if is_loaded(tag.get("rel")) => tag.get("href"),
                "object" => tag.get("data"),
                _ => None,
            }?;
            address
                .trim()
                .to_ascii_lowercase()
                .starts_with("http://")
                .then_some((tag.name.as_str(), address))
        })
        .collect()
}

fn is_loaded(rel: Option<&str>) -> bool {
    rel.is_some_and(|rel| {
        rel.split_ascii_whitespace()
            .any(|one| matches!(one, "stylesheet" | "icon" | "preload" | "modulepreload"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_of_every_kind_is_read() {
        let html = r#"<!doctype html><!-- <script src="/widget.js"> --><SCRIPT Async SRC='/a/widget.js?v=1'
            data-write-key=wk_1 nonce="n&amp;1"></SCRIPT><p a=b>1 < 2</p><script>var s="<script src=x>";</script>
            <meta http-equiv=Content-Security-Policy content="a 'b'"/><img src=http://x/y.png"#;
        let found = tags(html);
        let names: Vec<_> = found.iter().map(|tag| tag.name.as_str()).collect();
        assert_eq!(names, ["script", "p", "script", "meta", "img"]);
        assert_eq!(
            snippets(&found),
            [Snippet {
                src: "/a/widget.js?v=1".to_owned(),
                write_key: Some("wk_1".to_owned()),
                nonce: Some("n&1".to_owned()),
                waits_for_nobody: true,
                in_markup: true,
            }]
        );
        assert_eq!(found[3].get("content"), Some("a 'b'"));
        assert_eq!(plain_http(&found), [("img", "http://x/y.png")]);
    }

    #[test]
    fn a_script_that_adds_ours_is_found_too() {
        let html = "<script>(function(d){var s=d.createElement('script');s.src='https://h.example/widget.js';\
             s.dataset.writeKey='wk_2';d.head.appendChild(s)})(document)</script>";
        let found = snippets(&tags(html));
        assert_eq!(found[0].write_key.as_deref(), Some("wk_2"));
        assert!(!found[0].in_markup);
    }

    #[test]
    fn broken_markup_ends() {
        for html in [
            "<",
            "<a",
            "<a b",
            "<a b=",
            "<a b=\"",
            "<script>",
            "<!--",
            "<a = = >",
            "<é",
            "<a é=ü>",
        ] {
            tags(html);
        }
    }
}
