//! The words that customers read, in English and German.

use overture_engine::model::{OfferOptionKind, OfferStyle};

/// A language that Overture has words in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Language {
    #[default]
    English,
    German,
}

impl Language {
    /// The best one for a BCP 47 tag.
    pub(crate) fn of(tag: &str) -> Self {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("de") {
            Language::German
        } else {
            Language::English
        }
    }

    fn pick<'t>(self, english: &'t str, german: &'t str) -> &'t str {
        match self {
            Language::English => english,
            Language::German => german,
        }
    }
}

/// The title of an offer.
pub(crate) fn title(language: Language, style: OfferStyle) -> &'static str {
    match style {
        OfferStyle::Prompt => language.pick("Need a hand?", "Brauchen Sie Hilfe?"),
        OfferStyle::Banner => language.pick("Help is Available", "Hilfe ist da"),
    }
}

/// The sentence of an offer. It never names a feeling.
pub(crate) fn text(language: Language, style: OfferStyle, agent: bool) -> &'static str {
    match (style, agent) {
        (OfferStyle::Banner, true) => language.pick(
            "We noticed you may be experiencing difficulty. A support agent is available to assist.",
            "Es sieht so aus, als kämen Sie hier nicht weiter. Ein Mensch aus unserem Team kann Ihnen helfen.",
        ),
        (OfferStyle::Banner, false) => language.pick(
            "We noticed you may be experiencing difficulty. Here is how you can get help.",
            "Es sieht so aus, als kämen Sie hier nicht weiter. So bekommen Sie Hilfe.",
        ),
        (OfferStyle::Prompt, _) => language.pick(
            "If something here does not work as you expect, we can help.",
            "Wenn hier etwas nicht so klappt wie erwartet, helfen wir gern.",
        ),
    }
}

/// The label of one option.
pub(crate) fn option(language: Language, kind: OfferOptionKind) -> &'static str {
    match kind {
        OfferOptionKind::Callback => language.pick("Request Callback", "Rückruf anfordern"),
        OfferOptionKind::Chat => language.pick("Start Chat", "Chat starten"),
        OfferOptionKind::Faq => language.pick("View FAQs", "Häufige Fragen ansehen"),
        OfferOptionKind::SmartPause => language.pick("Smart Pause", "Pause mit Anleitung"),
    }
}

/// Why somebody sees an offer, from the name of the strongest factor.
pub(crate) fn why(language: Language, factor: &str) -> &'static str {
    match factor {
        "form_errors" | "failed_submits" | "form_struggles" => language.pick(
            "You see this because a form on this page was not accepted.",
            "Sie sehen das, weil ein Formular auf dieser Seite nicht angenommen wurde.",
        ),
        "rage_clicks" | "dead_clicks" | "slow_clicks" => language.pick(
            "You see this because something on this page did not respond to clicks.",
            "Sie sehen das, weil etwas auf dieser Seite nicht auf Klicks reagiert hat.",
        ),
        "page_time_s" | "active_time_s" | "hesitations" | "thrashing" => language.pick(
            "You see this because you have spent a while on this page.",
            "Sie sehen das, weil Sie schon eine Weile auf dieser Seite sind.",
        ),
        "quick_backs" => language.pick(
            "You see this because you went back and forth between pages.",
            "Sie sehen das, weil Sie zwischen Seiten hin und her gegangen sind.",
        ),
        "past_requests" | "visits" => language.pick(
            "You see this because you were here for help before.",
            "Sie sehen das, weil Sie schon einmal Hilfe gesucht haben.",
        ),
        _ => language.pick(
            "You see this because of how this page was used just now.",
            "Sie sehen das wegen der Art, wie diese Seite gerade benutzt wurde.",
        ),
    }
}

/// A factor's name for staff.
pub(crate) fn factor_label(factor: &str) -> String {
    let label = match factor {
        "page_time_s" => "Time on this page",
        "active_time_s" => "Active time on this page",
        "clicks" => "Clicks",
        "form_errors" => "Form field errors",
        "failed_submits" => "Refused submits",
        "rage_clicks" => "Rage clicks",
        "dead_clicks" => "Clicks without effect",
        "slow_clicks" => "Clicks with a slow answer",
        "quick_backs" => "Pages left at once",
        "thrashing" => "Restless pointer or scrolling",
        "hesitations" => "Long pauses in a field",
        "form_struggles" => "Struggles with a form",
        "past_requests" => "Earlier requests for help",
        "visits" => "Earlier visits",
        other => return other.replace('_', " "),
    };
    label.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_follows_the_first_part_of_the_tag() {
        for (tag, expected) in [
            ("de", Language::German),
            ("de-AT", Language::German),
            ("DE_ch", Language::German),
            ("den", Language::English),
            ("fr", Language::English),
            ("", Language::English),
        ] {
            assert_eq!(Language::of(tag), expected, "{tag}");
        }
    }
}
