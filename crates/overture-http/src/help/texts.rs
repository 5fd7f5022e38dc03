//! The few words of the hosted help page that are not the panel's.

use axum::http::{HeaderMap, header};

/// The page's own words in one language.
pub(super) struct Texts {
    /// BCP 47.
    pub(super) tag: &'static str,
    /// `ltr` or `rtl`.
    pub(super) direction: &'static str,
    pub(super) title: &'static str,
    pub(super) loading: &'static str,
    pub(super) failed: &'static str,
    pub(super) no_script: &'static str,
    pub(super) unknown: &'static str,
    pub(super) link_expired: &'static str,
    pub(super) continue_title: &'static str,
    pub(super) continue_text: &'static str,
    pub(super) continue_button: &'static str,
    pub(super) grant_title: &'static str,
    pub(super) grant_text: &'static str,
    pub(super) grant_button: &'static str,
    pub(super) grant_denied: &'static str,
    pub(super) grant_other: &'static str,
}

static ALL: [Texts; 4] = [
    Texts {
        tag: "en",
        direction: "ltr",
        title: "Help",
        loading: "Just a moment, help is being opened.",
        failed: "Help could not be opened. Please check your connection and load this page again.",
        no_script: "Please allow scripts for this page to get help here.",
        unknown: "There is no help page at this address.",
        link_expired: "This link is no longer valid. Please ask for help on the website again.",
        continue_title: "Continue your conversation",
        continue_text: "Your conversation opens here, in this browser.",
        continue_button: "Continue",
        grant_title: "A support agent is available to assist",
        grant_text: "You can talk to a member of our team here. Nothing happens until you start.",
        grant_button: "Start a chat",
        grant_denied: "A chat cannot be started with this link now. You can still get help here.",
        grant_other: "Get help",
    },
    Texts {
        tag: "de",
        direction: "ltr",
        title: "Hilfe",
        loading: "Einen Moment bitte, die Hilfe wird geöffnet.",
        failed: "Die Hilfe konnte nicht geöffnet werden. Bitte prüfen Sie Ihre Verbindung und laden Sie diese Seite neu.",
        no_script: "Bitte erlauben Sie Skripte für diese Seite, um hier Hilfe zu bekommen.",
        unknown: "Unter dieser Adresse gibt es keine Hilfeseite.",
        link_expired: "Dieser Link gilt nicht mehr. Bitte fragen Sie auf der Website noch einmal nach Hilfe.",
        continue_title: "Ihr Gespräch fortsetzen",
        continue_text: "Ihr Gespräch öffnet sich hier in diesem Browser.",
        continue_button: "Fortsetzen",
        grant_title: "Unser Support ist für Sie da",
        grant_text: "Hier können Sie mit unserem Team sprechen. Es geschieht nichts, bevor Sie beginnen.",
        grant_button: "Chat starten",
        grant_denied: "Mit diesem Link kann jetzt kein Chat begonnen werden. Hilfe bekommen Sie hier trotzdem.",
        grant_other: "Hilfe öffnen",
    },
    Texts {
        tag: "es",
        direction: "ltr",
        title: "Ayuda",
        loading: "Un momento, por favor: la ayuda se está abriendo.",
        failed: "No se ha podido abrir la ayuda. Compruebe su conexión y vuelva a cargar esta página.",
        no_script: "Permita los scripts en esta página para recibir ayuda aquí.",
        unknown: "No hay ninguna página de ayuda en esta dirección.",
        link_expired: "Este enlace ya no es válido. Vuelva a pedir ayuda en el sitio web, por favor.",
        continue_title: "Continúe su conversación",
        continue_text: "Su conversación se abre aquí, en este navegador.",
        continue_button: "Continuar",
        grant_title: "Un agente de soporte está disponible para ayudarle",
        grant_text: "Aquí puede hablar con nuestro equipo. No ocurre nada hasta que usted empiece.",
        grant_button: "Iniciar un chat",
        grant_denied: "Ahora no se puede iniciar un chat con este enlace. Aun así, aquí puede recibir ayuda.",
        grant_other: "Obtener ayuda",
    },
    Texts {
        tag: "ar",
        direction: "rtl",
        title: "المساعدة",
        loading: "لحظة من فضلكم، يجري فتح المساعدة.",
        failed: "تعذّر فتح المساعدة. يُرجى التحقق من الاتصال ثم إعادة تحميل هذه الصفحة.",
        no_script: "يُرجى السماح بتشغيل البرامج النصية في هذه الصفحة للحصول على المساعدة هنا.",
        unknown: "لا توجد صفحة مساعدة على هذا العنوان.",
        link_expired: "لم يعد هذا الرابط صالحًا. يُرجى طلب المساعدة من الموقع مرة أخرى.",
        continue_title: "متابعة محادثتكم",
        continue_text: "ستُفتح محادثتكم هنا في هذا المتصفح.",
        continue_button: "متابعة",
        grant_title: "يتوفر موظف دعم لمساعدتكم",
        grant_text: "يمكنكم التحدث مع فريقنا هنا. لن يحدث شيء قبل أن تبدؤوا.",
        grant_button: "بدء محادثة",
        grant_denied: "لا يمكن بدء محادثة بهذا الرابط الآن. ما زال بإمكانكم الحصول على المساعدة هنا.",
        grant_other: "الحصول على المساعدة",
    },
];

/// Words for the locale that is asked for, else for what the browser prefers, else English.
pub(super) fn of(locale: &str, headers: &HeaderMap) -> &'static Texts {
    let preferred = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    known(locale)
        .or_else(|| by_preference(preferred).into_iter().find_map(known))
        .unwrap_or(&ALL[0])
}

fn known(tag: &str) -> Option<&'static Texts> {
    let primary = tag.split(['-', '_']).next().unwrap_or_default();
    ALL.iter().find(|one| one.tag.eq_ignore_ascii_case(primary))
}

/// The tags of an `Accept-Language`, the most wanted first (RFC 9110, 12.5.4).
fn by_preference(header: &str) -> Vec<&str> {
    let mut tags: Vec<(&str, f32)> = header
        .split(',')
        .take(32)
        .filter_map(|part| {
            let (tag, weight) = part.split_once(';').unwrap_or((part, ""));
            let weight = weight
                .trim()
                .strip_prefix("q=")
                .map_or(Some(1.0), |q| q.parse().ok())?;
            (weight > 0.0).then_some((tag.trim(), weight))
        })
        .collect();
    tags.sort_by(|a, b| b.1.total_cmp(&a.1));
    tags.into_iter().map(|(tag, _)| tag).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_goes_before_the_browser_and_both_before_english() {
        for (locale, accept, expected) in [
            ("", "", "en"),
            ("de", "ar", "de"),
            ("ar-EG", "de", "ar"),
            ("xx", "es-MX,de;q=0.8", "es"),
            ("", "fr, de;q=0.3, es;q=0.7", "es"),
            ("", "de;q=0, ar;q=0.1", "ar"),
            ("", "de;q=high, nonsense;;;", "en"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, accept.parse().unwrap());
            assert_eq!(of(locale, &headers).tag, expected, "{locale} {accept}");
        }
    }
}
