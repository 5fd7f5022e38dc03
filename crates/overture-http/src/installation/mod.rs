//! What a site needs so that the widget runs on it: the snippet, the exact headers, and how
//! the server is reached. The admin page, the sample shop and `overture doctor --site` all
//! take it from here.

mod addresses;
mod policy;
mod recipes;

pub use addresses::{CALLS, MEDIA, SOCKET, further_scripts};
pub use policy::{NONCE_PLACE, Scripts, TRUSTED_TYPES_POLICY, headers, origin_of, socket_origin};
pub use recipes::{Recipe, Variant, variants};

/// The inline stub that queues calls until the widget arrives.
pub const STUB: &str = "(function(w){w.overture=w.overture||function(){(w.overture.q=w.overture.q||[]).push(arguments)}})(window)";

/// What stands in the printed texts where the site's own domain belongs.
pub const SITE_PLACE: &str = "https://www.example.com";

/// Whether a text can stand in an HTML attribute and in a header as it is.
pub(crate) fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_.:/[]-".contains(&byte))
}

/// A text as it stands between HTML tags or in a quoted attribute.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
