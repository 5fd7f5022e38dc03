//! What the widget loads and calls, below the address that a site carries.

use crate::wording::Language;

/// What the widget calls besides its socket. One that ends with a slash stands for everything
/// below it, whose names nobody knows before.
pub const CALLS: [&str; 23] = [
    "/v1/batch",
    "/v1/widget/attachments/",
    "/v1/widget/callback",
    "/v1/widget/callback/",
    "/v1/widget/chat",
    "/v1/widget/chat/details",
    "/v1/widget/consent",
    "/v1/widget/conversations/",
    "/v1/widget/faqs",
    "/v1/widget/faqs/",
    "/v1/widget/feed",
    "/v1/widget/guides/",
    "/v1/widget/help",
    MEDIA,
    "/v1/widget/messages",
    "/v1/widget/offers/",
    "/v1/widget/pausable",
    "/v1/widget/pause",
    "/v1/widget/pause/guides",
    "/v1/widget/preview",
    "/v1/widget/preview/messages",
    "/v1/widget/session",
    "/v1/widget/terms",
];

/// Where the widget's socket is.
pub const SOCKET: &str = "/v1/widget/socket";

/// Where films of guides are, with their pictures and captions.
pub const MEDIA: &str = "/v1/widget/media/";

/// The scripts that ours adds to the page, in every language; `script` is its own address.
pub fn further_scripts(script: &str) -> Vec<String> {
    let plain = script.split(['?', '#']).next().unwrap_or(script);
    let stem = plain.strip_suffix(".js").unwrap_or(plain);
    let mut scripts = vec![format!("{stem}-watch.js")];
    for language in Language::ALL {
        scripts.push(format!("{stem}-panel.{}.js", language.tag()));
        scripts.push(format!("{stem}-guide.{}.js", language.tag()));
    }
    scripts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn further_scripts_are_named_after_the_first() {
        let scripts = further_scripts("https://help.example.com/w.js?v=1");
        assert_eq!(scripts.len(), 9);
        assert_eq!(scripts[0], "https://help.example.com/w-watch.js");
        assert!(scripts.contains(&"https://help.example.com/w-panel.ar.js".to_owned()));
    }
}
