//! The words that announce secrets, in the languages that customers write.

use super::email;

/// Whether a word may be one that announces a secret, or stands for `@`; cheap, and right about most words.
#[inline]
pub(super) fn may_be_cue(word: &[u8]) -> bool {
    match word {
        [first, second, ..] if word.len() < 32 => {
            CUES[cue_place(*first, *second)] & 1 << word.len() != 0
        }
        _ => false,
    }
}

/// The lengths of the cues by their first two letters, a bit each: most words are none.
const CUES: [u32; 1024] = {
    let mut cues = [0; 1024];
    let lists = [PASSWORDS, NUMBERS, CODES, BEARER, email::AT_WORDS];
    let mut list = 0;
    while list < lists.len() {
        let mut place = 0;
        while place < lists[list].len() {
            let cue = lists[list][place];
            cues[cue_place(cue[0], cue[1])] |= 1 << cue.len();
            place += 1;
        }
        list += 1;
    }
    cues
};

const fn cue_place(first: u8, second: u8) -> usize {
    (first as usize & 31) << 5 | second as usize & 31
}

pub(super) const BEARER: &[&[u8]] = &[b"bearer"];

pub(super) const PASSWORDS: &[&[u8]] = &[
    b"password",
    b"passwords",
    b"passwort",
    b"passwd",
    b"passwrd",
    b"pwd",
    b"pw",
    b"pass",
    b"passphrase",
    b"passcode",
    b"kennwort",
    b"contrase\xffa",
    b"contrasena",
    b"clave",
    b"secret",
    b"token",
    b"apikey",
    b"psw",
    b"pswd",
    b"codewort",
    b"zugangscode",
    b"bearbeitungspasswort",
];

pub(super) const NUMBERS: &[&[u8]] = &[
    b"pin",
    b"pincode",
    b"puk",
    b"cvv",
    b"cvv2",
    b"cvc",
    b"cvc2",
    b"csc",
    b"cid",
    b"otp",
    b"tan",
    b"mtan",
    b"nip",
    b"geheimzahl",
    b"pr\xfffnummer",
    b"pr\xfffziffer",
    b"sicherheitscode",
    b"zugangscode",
    b"best\xfftigungscode",
    b"passcode",
];

pub(super) const CODES: &[&[u8]] = &[
    b"code",
    b"codes",
    b"c\xffdigo",
    b"codigo",
    b"number",
    b"key",
    b"passcode",
    b"pin",
];

pub(super) const QUALIFIERS: &[&[u8]] = &[
    b"security",
    b"verification",
    b"access",
    b"entry",
    b"door",
    b"gate",
    b"lockbox",
    b"alarm",
    b"login",
    b"time",
    b"sms",
    b"2fa",
    b"safe",
    b"unlock",
    b"passcode",
    b"seguridad",
    b"verificaci\xffn",
    b"acceso",
    b"api",
    b"secret",
    b"authentication",
    b"confirmation",
    b"lock",
];

pub(super) const LINKS: &[&[u8]] = &[
    b"is",
    b"was",
    b"are",
    b"ist",
    b"war",
    b"lautet",
    b"es",
    b"era",
    b"to",
    b"now",
    b"code",
    b"number",
    b"no",
    b"nr",
    b"nummer",
    b"num",
    b"on",
    b"the",
    b"card",
    b"my",
    b"still",
    b"currently",
    b"jetzt",
    b"auf",
    b"de",
    b"seguridad",
    b"verificaci\xffn",
    b"acceso",
    b"for",
    b"door",
    b"gate",
    b"lockbox",
    b"safe",
    b"account",
    b"set",
    b"reset",
    b"changed",
    b"i",
    b"use",
    b"used",
];

/// The links that say what something is.
pub(super) const VERBS: &[&[u8]] = &[
    b"is", b"was", b"are", b"ist", b"war", b"lautet", b"es", b"era",
];

pub(super) const SAID_OF_PASSWORDS: &[&[u8]] = &[
    b"wrong",
    b"incorrect",
    b"correct",
    b"invalid",
    b"valid",
    b"weak",
    b"strong",
    b"fine",
    b"okay",
    b"same",
    b"different",
    b"unknown",
    b"lost",
    b"gone",
    b"empty",
    b"blank",
    b"secret",
    b"hidden",
    b"safe",
    b"secure",
    b"useless",
    b"broken",
    b"forgotten",
    b"right",
    b"good",
    b"there",
    b"here",
    b"falsch",
    b"richtig",
    b"ung\xffltig",
    b"korrekt",
    b"incorrecta",
    b"correcta",
    b"inv\xfflida",
    b"please",
    b"help",
    b"mine",
    b"yours",
    b"again",
    b"always",
    b"temporary",
    b"sensitive",
    b"case",
    b"long",
    b"short",
    b"obsolete",
    b"compromised",
    b"public",
    b"private",
    b"mandatory",
    b"none",
    b"unsafe",
    b"easy",
    b"hard",
    b"simple",
    b"complex",
    b"ready",
    b"this",
    b"that",
    b"what",
    b"weg",
    b"stimmt",
    b"nothing",
    b"something",
    b"anything",
    b"impossible",
    b"ridiculous",
    b"nonsense",
    b"forgot",
    b"reset",
    b"confirm",
    b"login",
    b"email",
    b"both",
    b"mobile",
    b"wifi",
    b"account",
    b"accepted",
    b"unchanged",
    b"work",
    b"open",
    b"possible",
    b"time",
    b"phone",
];
