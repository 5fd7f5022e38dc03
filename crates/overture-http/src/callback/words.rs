//! What customers read about callbacks, in the page and in text messages, by the clock of
//! their own zone. Chosen when it is shown or sent, never stored.

use jiff::{Zoned, tz::TimeZone};
use overture_engine::model::{CallbackNotice, CallbackView, Timestamp, zone};

use super::number::readable;

/// The words of one language.
struct Words {
    /// Monday first.
    days: [&'static str; 7],
    months: [&'static str; 12],
    /// A slot, with {day}, {date}, {month}, {from} and {to}.
    within: &'static str,
    /// A time without a slot, with {day}, {date}, {month} and {from}.
    at: &'static str,
    confirmed: &'static str,
    confirmed_from: &'static str,
    reminder: &'static str,
    reminder_from: &'static str,
    moved: &'static str,
    late_until: &'static str,
    late: &'static str,
    cancelled: &'static str,
    retry: &'static str,
    gave_up: &'static str,
    done: &'static str,
    code: &'static str,
}

const ENGLISH: Words = Words {
    days: ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
    months: [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    within: "{day} {date} {month}, {from}–{to}",
    at: "{day} {date} {month}, {from}",
    confirmed: "Your callback is booked: {when}.",
    confirmed_from: "Your callback is booked: {when}. We will call from {ours}.",
    reminder: "We will call you soon: {when}.",
    reminder_from: "We will call you soon: {when}. We will call from {ours}.",
    moved: "Your callback was moved to {when}.",
    late_until: "We are running late. We now expect to call you at about {time}. We are sorry for the wait.",
    late: "We are running late and will call you as soon as someone is free. We are sorry for the wait.",
    cancelled: "Your callback was cancelled.",
    retry: "We tried to call you and could not reach you. We will try again: {when}.",
    gave_up: "We tried to call you several times and could not reach you. Please get in touch when it suits you.",
    done: "This callback is closed.",
    code: "Your code is {code}. It is good for 10 minutes. If you did not ask for a callback, ignore this message.",
};

const GERMAN: Words = Words {
    days: ["Mo.", "Di.", "Mi.", "Do.", "Fr.", "Sa.", "So."],
    months: [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ],
    within: "{day} {date}. {month}, {from}–{to} Uhr",
    at: "{day} {date}. {month}, {from} Uhr",
    confirmed: "Ihr Rückruf ist vereinbart: {when}.",
    confirmed_from: "Ihr Rückruf ist vereinbart: {when}. Wir rufen von {ours} an.",
    reminder: "Wir rufen Sie bald an: {when}.",
    reminder_from: "Wir rufen Sie bald an: {when}. Wir rufen von {ours} an.",
    moved: "Ihr Rückruf wurde verschoben auf {when}.",
    late_until: "Wir verspäten uns. Wir rufen Sie voraussichtlich gegen {time} Uhr an. Bitte entschuldigen Sie die Wartezeit.",
    late: "Wir verspäten uns und rufen Sie an, sobald jemand frei ist. Bitte entschuldigen Sie die Wartezeit.",
    cancelled: "Ihr Rückruf wurde abgesagt.",
    retry: "Wir haben Sie angerufen und nicht erreicht. Wir versuchen es noch einmal: {when}.",
    gave_up: "Wir haben Sie mehrmals angerufen und nicht erreicht. Bitte melden Sie sich, wenn es Ihnen passt.",
    done: "Dieser Rückruf ist abgeschlossen.",
    code: "Ihr Code ist {code}. Er gilt 10 Minuten. Wenn Sie keinen Rückruf angefordert haben, beachten Sie diese Nachricht bitte nicht.",
};

const SPANISH: Words = Words {
    days: ["lun.", "mar.", "mié.", "jue.", "vie.", "sáb.", "dom."],
    months: [
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ],
    within: "{day} {date} de {month}, {from}–{to}",
    at: "{day} {date} de {month}, {from}",
    confirmed: "Su llamada está reservada: {when}.",
    confirmed_from: "Su llamada está reservada: {when}. Le llamaremos desde el {ours}.",
    reminder: "Le llamaremos pronto: {when}.",
    reminder_from: "Le llamaremos pronto: {when}. Le llamaremos desde el {ours}.",
    moved: "Su llamada se ha cambiado a {when}.",
    late_until: "Vamos con retraso. Esperamos llamarle hacia las {time}. Disculpe la espera.",
    late: "Vamos con retraso y le llamaremos en cuanto haya alguien libre. Disculpe la espera.",
    cancelled: "Su llamada se ha cancelado.",
    retry: "Le hemos llamado y no hemos podido hablar con usted. Lo intentaremos de nuevo: {when}.",
    gave_up: "Le hemos llamado varias veces y no hemos podido hablar con usted. Póngase en contacto cuando le venga bien.",
    done: "Esta llamada está cerrada.",
    code: "Su código es {code}. Vale durante 10 minutos. Si no ha pedido una llamada, ignore este mensaje.",
};

const ARABIC: Words = Words {
    days: [
        "الاثنين",
        "الثلاثاء",
        "الأربعاء",
        "الخميس",
        "الجمعة",
        "السبت",
        "الأحد",
    ],
    months: [
        "يناير",
        "فبراير",
        "مارس",
        "أبريل",
        "مايو",
        "يونيو",
        "يوليو",
        "أغسطس",
        "سبتمبر",
        "أكتوبر",
        "نوفمبر",
        "ديسمبر",
    ],
    within: "{day} {date} {month}، من الساعة {from} إلى {to}",
    at: "{day} {date} {month}، الساعة {from}",
    confirmed: "تم حجز مكالمتكم: {when}.",
    confirmed_from: "تم حجز مكالمتكم: {when}. سنتصل بكم من الرقم {ours}.",
    reminder: "سنتصل بكم قريبًا: {when}.",
    reminder_from: "سنتصل بكم قريبًا: {when}. سنتصل بكم من الرقم {ours}.",
    moved: "تم نقل موعد مكالمتكم إلى {when}.",
    late_until: "لقد تأخرنا. نتوقع الاتصال بكم حوالي الساعة {time}. نعتذر عن الانتظار.",
    late: "لقد تأخرنا وسنتصل بكم فور توفر أحد موظفينا. نعتذر عن الانتظار.",
    cancelled: "تم إلغاء مكالمتكم.",
    retry: "اتصلنا بكم ولم نتمكن من الوصول إليكم. سنحاول مرة أخرى: {when}.",
    gave_up: "اتصلنا بكم عدة مرات ولم نتمكن من الوصول إليكم. يرجى التواصل معنا عندما يناسبكم.",
    done: "تم إغلاق هذه المكالمة.",
    code: "رمزكم هو {code}، وهو صالح لمدة 10 دقائق. إذا لم تطلبوا مكالمة فتجاهلوا هذه الرسالة.",
};

/// The best words for a BCP 47 tag.
fn words(tag: &str) -> &'static Words {
    let primary = tag.split(['-', '_']).next().unwrap_or_default();
    match primary.to_ascii_lowercase().as_str() {
        "de" => &GERMAN,
        "es" => &SPANISH,
        "ar" => &ARABIC,
        _ => &ENGLISH,
    }
}

/// What the customer is told, in the language of `tag`.
pub fn notice(view: &CallbackView, tag: &str) -> String {
    let words = words(tag);
    let zone = view
        .time_zone
        .as_deref()
        .and_then(zone)
        .unwrap_or(TimeZone::UTC);
    let ours = view.our_number.as_deref().map(readable);
    let template = match view.notice {
        CallbackNotice::Confirmed if ours.is_some() => words.confirmed_from,
        CallbackNotice::Confirmed => words.confirmed,
        CallbackNotice::Reminder if ours.is_some() => words.reminder_from,
        CallbackNotice::Reminder => words.reminder,
        CallbackNotice::Moved => words.moved,
        CallbackNotice::Late if view.expected_at.is_some() => words.late_until,
        CallbackNotice::Late => words.late,
        CallbackNotice::Cancelled => words.cancelled,
        CallbackNotice::Retry => words.retry,
        CallbackNotice::GaveUp => words.gave_up,
        CallbackNotice::Done => words.done,
    };
    let begin = view.slot.map_or(view.due_at, |slot| slot.from);
    let end = view.slot.and_then(|slot| local(&zone, slot.to));
    let when = local(&zone, begin).map_or_else(
        || begin.to_string(),
        |from| when(words, &from, end.as_ref()),
    );
    let time = view
        .expected_at
        .and_then(|at| local(&zone, at))
        .map_or_else(String::new, |at| at.strftime("%H:%M").to_string());
    template
        .replace("{when}", &when)
        .replace("{time}", &time)
        .replace(
            "{ours}",
            &ours.map(|number| apart(&number)).unwrap_or_default(),
        )
}

/// The text message with a code that proves a number.
pub fn code_text(code: &str, tag: &str) -> String {
    words(tag).code.replace("{code}", code)
}

fn when(words: &Words, from: &Zoned, to: Option<&Zoned>) -> String {
    let day = from.date().weekday().to_monday_zero_offset() as usize;
    let clock = |at: &Zoned| at.strftime("%H:%M").to_string();
    let template = if to.is_some() { words.within } else { words.at };
    template
        .replace("{day}", words.days[day])
        .replace("{date}", &from.day().to_string())
        .replace("{month}", words.months[from.month() as usize - 1])
        .replace("{from}", &clock(from))
        .replace("{to}", &to.map(clock).unwrap_or_default())
}

fn local(zone: &TimeZone, at: Timestamp) -> Option<Zoned> {
    let instant = jiff::Timestamp::from_millisecond(at.0).ok()?;
    Some(instant.to_zoned(zone.clone()))
}

/// A number keeps its own direction inside words of any script.
fn apart(number: &str) -> String {
    format!("\u{2066}{number}\u{2069}")
}

#[cfg(test)]
mod tests {
    use overture_engine::model::{InteractionId, Private, Seq, Slot};

    use super::*;

    #[test]
    fn each_language_says_the_time_by_the_customers_clock() {
        let at: jiff::Timestamp = "2026-11-24T14:00:00Z".parse().unwrap();
        let from = Timestamp(at.as_millisecond());
        let view = CallbackView {
            conversation: InteractionId::derive(from, Seq(1), 0),
            notice: CallbackNotice::Confirmed,
            slot: Some(Slot {
                from,
                to: Timestamp(from.0 + 3_600_000),
            }),
            due_at: from,
            expected_at: None,
            phone: Private::new("+4930123456"),
            our_number: Some("+442079460018".to_owned()),
            time_zone: Some("Europe/Berlin".to_owned()),
            attempts: 0,
            by: None,
        };
        for (tag, expected) in [
            (
                "en-GB",
                "Your callback is booked: Tue 24 November, 15:00–16:00. We will call from \u{2066}+44 20 7946 0018\u{2069}.",
            ),
            (
                "de",
                "Ihr Rückruf ist vereinbart: Di. 24. November, 15:00–16:00 Uhr. Wir rufen von \u{2066}+44 20 7946 0018\u{2069} an.",
            ),
            (
                "es",
                "Su llamada está reservada: mar. 24 de noviembre, 15:00–16:00. Le llamaremos desde el \u{2066}+44 20 7946 0018\u{2069}.",
            ),
            (
                "ar",
                "تم حجز مكالمتكم: الثلاثاء 24 نوفمبر، من الساعة 15:00 إلى 16:00. سنتصل بكم من الرقم \u{2066}+44 20 7946 0018\u{2069}.",
            ),
        ] {
            assert_eq!(notice(&view, tag), expected);
            let reminder = CallbackView {
                notice: CallbackNotice::Reminder,
                due_at: Timestamp(from.0 + 2_700_000),
                ..view.clone()
            };
            let said = notice(&reminder, tag);
            let number = "\u{2066}+44 20 7946 0018\u{2069}";
            assert!(said.contains(number) && said.contains("16:00"), "{said}");
            let nameless = CallbackView {
                our_number: None,
                ..reminder
            };
            let said = notice(&nameless, tag);
            assert!(!said.contains("\u{2066}") && !said.contains('{'), "{said}");
        }
        let retry = CallbackView {
            notice: CallbackNotice::Retry,
            slot: None,
            ..view.clone()
        };
        assert!(notice(&retry, "en").ends_with("Tue 24 November, 15:00."));
        let late = CallbackView {
            notice: CallbackNotice::Late,
            expected_at: Some(Timestamp(from.0 + 2_700_000)),
            ..view
        };
        assert!(notice(&late, "fr").contains("15:45"));
    }
}
