//! The words that customers read, in English, German, Spanish and Arabic; a brand's own win.

use std::sync::Arc;

use overture_engine::model::{OfferOptionKind, OfferStyle};
use overture_store::Brand;

/// A language that Overture has words in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Language {
    #[default]
    English,
    German,
    Spanish,
    Arabic,
}

impl Language {
    pub(crate) const ALL: [Language; 4] = [
        Language::English,
        Language::German,
        Language::Spanish,
        Language::Arabic,
    ];

    /// Its primary tag: `en`, `de`, `es` or `ar`.
    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::German => "de",
            Language::Spanish => "es",
            Language::Arabic => "ar",
        }
    }

    /// The best one for a BCP 47 tag.
    pub(crate) fn of(tag: &str) -> Self {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        Self::ALL
            .into_iter()
            .find(|language| primary.eq_ignore_ascii_case(language.tag()))
            .unwrap_or_default()
    }

    /// Of one text in the order of [`Language::ALL`].
    const fn pick(self, texts: [&'static str; 4]) -> &'static str {
        texts[self as usize]
    }
}

/// A text that a brand may word itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Template {
    BannerTitle,
    BannerText,
    /// The banner's sentence while nobody is there to chat.
    BannerTextAlone,
    PromptTitle,
    PromptText,
    Option(OfferOptionKind),
}

impl Template {
    pub(crate) const ALL: [Template; 9] = [
        Template::BannerTitle,
        Template::BannerText,
        Template::BannerTextAlone,
        Template::PromptTitle,
        Template::PromptText,
        Template::Option(OfferOptionKind::Callback),
        Template::Option(OfferOptionKind::Chat),
        Template::Option(OfferOptionKind::Faq),
        Template::Option(OfferOptionKind::SmartPause),
    ];

    /// What a brand's texts call it.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Template::BannerTitle => "banner_title",
            Template::BannerText => "banner_text",
            Template::BannerTextAlone => "banner_text_alone",
            Template::PromptTitle => "prompt_title",
            Template::PromptText => "prompt_text",
            Template::Option(OfferOptionKind::Callback) => "option_callback",
            Template::Option(OfferOptionKind::Chat) => "option_chat",
            Template::Option(OfferOptionKind::Faq) => "option_faq",
            Template::Option(OfferOptionKind::SmartPause) => "option_smart_pause",
        }
    }

    /// Our own words for it. They never name a feeling.
    pub(crate) const fn words(self, language: Language) -> &'static str {
        language.pick(match self {
            Template::BannerTitle => [
                "Help is Available",
                "Hilfe ist da",
                "Hay ayuda disponible",
                "المساعدة متاحة",
            ],
            Template::BannerText => [
                "We noticed you may be experiencing difficulty. A support agent is available to assist.",
                "Es sieht so aus, als kämen Sie hier nicht weiter. Ein Mensch aus unserem Team kann Ihnen helfen.",
                "Parece que ha encontrado alguna dificultad. Una persona de nuestro equipo puede ayudarle.",
                "يبدو أنك تواجه صعوبة هنا. أحد موظفي الدعم جاهز لمساعدتك.",
            ],
            Template::BannerTextAlone => [
                "We noticed you may be experiencing difficulty. Here is how you can get help.",
                "Es sieht so aus, als kämen Sie hier nicht weiter. So bekommen Sie Hilfe.",
                "Parece que ha encontrado alguna dificultad. Así puede obtener ayuda.",
                "يبدو أنك تواجه صعوبة هنا. إليك طرق الحصول على المساعدة.",
            ],
            Template::PromptTitle => [
                "Need a hand?",
                "Brauchen Sie Hilfe?",
                "¿Necesita ayuda?",
                "هل تحتاج إلى مساعدة؟",
            ],
            Template::PromptText => [
                "If something here does not work as you expect, we can help.",
                "Wenn hier etwas nicht so klappt wie erwartet, helfen wir gern.",
                "Si algo aquí no funciona como esperaba, podemos ayudarle.",
                "إذا لم يعمل شيء هنا كما تتوقع، فيسعدنا أن نساعدك.",
            ],
            Template::Option(OfferOptionKind::Callback) => [
                "Request Callback",
                "Rückruf anfordern",
                "Solicitar una llamada",
                "طلب معاودة الاتصال",
            ],
            Template::Option(OfferOptionKind::Chat) => {
                ["Start Chat", "Chat starten", "Iniciar un chat", "بدء محادثة"]
            }
            Template::Option(OfferOptionKind::Faq) => [
                "View FAQs",
                "Häufige Fragen ansehen",
                "Ver preguntas frecuentes",
                "عرض الأسئلة الشائعة",
            ],
            Template::Option(OfferOptionKind::SmartPause) => [
                "Smart Pause",
                "Pause mit Anleitung",
                "Pausa guiada",
                "إيقاف مؤقت مع إرشاد",
            ],
        })
    }
}

/// Texts of the widget itself that a brand may word; the widget knows ours.
pub(crate) const WIDGET_TEXTS: [&str; 8] = [
    "help",
    "panel_title",
    "chat_intro",
    "chat_consent",
    "no_agent",
    "callback_intro",
    "callback_consent",
    "faq_title",
];

/// How one customer is spoken to.
#[derive(Debug, Clone)]
pub(crate) struct Words {
    pub(crate) language: Language,
    pub(crate) brand: Arc<Brand>,
}

impl Words {
    pub(crate) fn of(&self, template: Template) -> String {
        self.brand
            .text(self.language.tag(), template.key())
            .unwrap_or_else(|| template.words(self.language))
            .to_owned()
    }

    /// The title of an offer.
    pub(crate) fn title(&self, style: OfferStyle) -> String {
        self.of(match style {
            // A guide brings its own words; these stand in for them.
            OfferStyle::Prompt | OfferStyle::Guide => Template::PromptTitle,
            OfferStyle::Banner => Template::BannerTitle,
        })
    }

    /// The sentence of an offer, where an agent can be reached by it.
    pub(crate) fn text_with_agent(&self, style: OfferStyle) -> String {
        self.of(match style {
            // A guide brings its own words; these stand in for them.
            OfferStyle::Prompt | OfferStyle::Guide => Template::PromptText,
            OfferStyle::Banner => Template::BannerText,
        })
    }

    /// The sentence of an offer that leads to no agent now.
    pub(crate) fn text_alone(&self, style: OfferStyle) -> String {
        self.of(match style {
            // A guide brings its own words; these stand in for them.
            OfferStyle::Prompt | OfferStyle::Guide => Template::PromptText,
            OfferStyle::Banner => Template::BannerTextAlone,
        })
    }

    /// The label of one option.
    pub(crate) fn option(&self, kind: OfferOptionKind) -> String {
        self.of(Template::Option(kind))
    }

    /// The brand's words for the widget's own texts, by key.
    pub(crate) fn widget_texts(&self) -> serde_json::Map<String, serde_json::Value> {
        WIDGET_TEXTS
            .into_iter()
            .filter_map(|key| {
                let text = self.brand.text(self.language.tag(), key)?;
                Some((key.to_owned(), text.into()))
            })
            .collect()
    }
}

/// Why somebody sees an offer, from the name of the strongest factor.
pub(crate) fn why(language: Language, factor: &str) -> &'static str {
    language.pick(match factor {
        "form_errors" | "failed_submits" | "form_struggles" => [
            "You see this because a form on this page was not accepted.",
            "Sie sehen das, weil ein Formular auf dieser Seite nicht angenommen wurde.",
            "Ve esto porque un formulario de esta página no fue aceptado.",
            "يظهر لك هذا لأن نموذجًا في هذه الصفحة لم يُقبل.",
        ],
        "rage_clicks" | "dead_clicks" | "slow_clicks" => [
            "You see this because something on this page did not respond to clicks.",
            "Sie sehen das, weil etwas auf dieser Seite nicht auf Klicks reagiert hat.",
            "Ve esto porque algo en esta página no respondió a los clics.",
            "يظهر لك هذا لأن عنصرًا في هذه الصفحة لم يستجب للنقر.",
        ],
        "page_time_s" | "active_time_s" | "hesitations" | "thrashing" => [
            "You see this because you have spent a while on this page.",
            "Sie sehen das, weil Sie schon eine Weile auf dieser Seite sind.",
            "Ve esto porque lleva un rato en esta página.",
            "يظهر لك هذا لأنك أمضيت بعض الوقت في هذه الصفحة.",
        ],
        "quick_backs" => [
            "You see this because you went back and forth between pages.",
            "Sie sehen das, weil Sie zwischen Seiten hin und her gegangen sind.",
            "Ve esto porque ha ido y vuelto entre varias páginas.",
            "يظهر لك هذا لأنك تنقلت بين الصفحات ذهابًا وإيابًا.",
        ],
        "past_requests" | "visits" => [
            "You see this because you were here for help before.",
            "Sie sehen das, weil Sie schon einmal Hilfe gesucht haben.",
            "Ve esto porque ya había buscado ayuda aquí antes.",
            "يظهر لك هذا لأنك طلبت المساعدة هنا من قبل.",
        ],
        _ => [
            "You see this because of how this page was used just now.",
            "Sie sehen das wegen der Art, wie diese Seite gerade benutzt wurde.",
            "Ve esto por la forma en que se acaba de usar esta página.",
            "يظهر لك هذا بسبب طريقة استخدام هذه الصفحة قبل قليل.",
        ],
    })
}

/// What a customer is called in their own copy of a chat.
pub(crate) fn transcript_you(language: Language) -> &'static str {
    language.pick(["You", "Sie", "Usted", "أنت"])
}

/// What an agent whose name is not known is called there.
pub(crate) fn transcript_agent(language: Language) -> &'static str {
    language.pick(["Agent", "Support", "Soporte", "الدعم"])
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
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_language_follows_the_first_part_of_the_tag() {
        for (tag, expected) in [
            ("de", Language::German),
            ("de-AT", Language::German),
            ("DE_ch", Language::German),
            ("es-MX", Language::Spanish),
            ("ar-EG", Language::Arabic),
            ("den", Language::English),
            ("fr", Language::English),
            ("", Language::English),
        ] {
            assert_eq!(Language::of(tag), expected, "{tag}");
        }
    }

    #[test]
    fn every_text_is_there_in_every_language() {
        let factors = [
            "form_errors",
            "rage_clicks",
            "page_time_s",
            "quick_backs",
            "visits",
            "other",
        ];
        let is_arabic = |text: &str| text.chars().any(|it| ('\u{600}'..='\u{6ff}').contains(&it));
        for language in Language::ALL {
            let texts: Vec<&str> = Template::ALL
                .into_iter()
                .map(|template| template.words(language))
                .chain(factors.map(|factor| why(language, factor)))
                .collect();
            let different: BTreeSet<&&str> = texts.iter().collect();
            assert_eq!(different.len(), texts.len(), "{language:?}: {texts:?}");
            for text in texts {
                assert_eq!(is_arabic(text), language == Language::Arabic, "{text}");
            }
        }
    }

    #[test]
    fn a_brand_words_what_it_wants_in_one_language() {
        let mut brand = Brand::shipped();
        brand.texts = [(
            "es".to_owned(),
            [
                ("banner_title".to_owned(), "¡Hola!".to_owned()),
                ("help".to_owned(), "Ayúdame".to_owned()),
            ]
            .into(),
        )]
        .into();
        let brand = Arc::new(brand);
        let words = |language| Words {
            language,
            brand: Arc::clone(&brand),
        };
        let spanish = words(Language::Spanish);
        assert_eq!(spanish.title(OfferStyle::Banner), "¡Hola!");
        assert_eq!(spanish.title(OfferStyle::Prompt), "¿Necesita ayuda?");
        assert_eq!(
            serde_json::Value::from(spanish.widget_texts()),
            serde_json::json!({"help": "Ayúdame"})
        );
        let german = words(Language::German);
        assert_eq!(german.title(OfferStyle::Banner), "Hilfe ist da");
        assert!(german.widget_texts().is_empty());
    }
}
