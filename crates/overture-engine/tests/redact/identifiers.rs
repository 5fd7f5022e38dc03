//! A seeded generator of identifiers and the sentences they are put into.

/// One identifier: what comes before it, itself, and its kind.
pub(crate) struct Identifier {
    pub(crate) format: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) cue: String,
    pub(crate) value: String,
}

/// xorshift64*, so that every run makes the same set.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % limit
    }

    fn one<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len() as u64) as usize]
    }

    /// `#` a digit, `&` one that is not 0, `%` one above 1, `@` a small letter, `^` a
    /// capital, `~` one of base 16, `*` a letter or a digit.
    fn fill(&mut self, pattern: &str) -> String {
        const ANY: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let digit = |value: u64| char::from(b'0' + value as u8);
        pattern
            .chars()
            .map(|character| match character {
                '#' => digit(self.below(10)),
                '&' => digit(1 + self.below(9)),
                '%' => digit(2 + self.below(8)),
                '@' => char::from(b'a' + self.below(26) as u8),
                '^' => char::from(b'A' + self.below(26) as u8),
                '*' => char::from(ANY[self.below(62) as usize]),
                '~' => char::from(b"0123456789abcdef"[self.below(16) as usize]),
                other => other,
            })
            .collect()
    }
}

/// Puts the check digit that makes `digits` pass Luhn at the end.
fn luhn(mut digits: String) -> String {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let doubled = u32::from(byte - b'0') * if place % 2 == 0 { 2 } else { 1 };
            doubled / 10 + doubled % 10
        })
        .sum();
    digits.push(char::from(b'0' + ((10 - sum % 10) % 10) as u8));
    digits
}

fn iban(country: &str, account: &str) -> String {
    let turned = format!("{account}{country}00");
    let rest = turned.chars().fold(0_u32, |rest, character| {
        let value = character.to_digit(36).unwrap();
        (rest * if value > 9 { 100 } else { 10 } + value) % 97
    });
    format!("{country}{:02}{account}", 98 - rest)
}

/// Groups of the given lengths, the last again and again.
fn grouped(digits: &str, lengths: &[usize], separator: &str) -> String {
    let (mut parts, mut rest, mut place) = (Vec::new(), digits, 0);
    while !rest.is_empty() {
        let length = lengths[place.min(lengths.len() - 1)].min(rest.len());
        let (part, after) = rest.split_at(length);
        parts.push(part);
        (rest, place) = (after, place + 1);
    }
    parts.join(separator)
}

fn shifted(text: &str, zero: u32) -> String {
    text.chars()
        .map(|character| match character.to_digit(10) {
            Some(digit) => char::from_u32(zero + digit).unwrap(),
            None => character,
        })
        .collect()
}

fn strewn(text: &str, with: char) -> String {
    text.chars()
        .flat_map(|character| [character, with])
        .collect::<String>()
        .trim_end_matches(with)
        .to_owned()
}

const NAMES: &[&str] = &[
    "ana",
    "j.miller",
    "petra_kohl",
    "o-reyes",
    "lee88",
    "m.van.dijk",
    "sofia",
    "t.k",
];
const HOSTS: &[&str] = &[
    "example",
    "mail-box",
    "kontor",
    "correo",
    "uni",
    "acme-tools",
];
const TOPS: &[&str] = &["com", "de", "es", "org", "co.uk", "io"];
const PLAIN_TOPS: &[&str] = &["com", "de", "es", "org", "net"];

/// How many formats there are.
pub(crate) const FORMATS: usize = 74;

/// An identifier in one of the formats.
pub(crate) fn identifier(format: usize, random: &mut Random) -> Identifier {
    let visa = luhn(random.fill("4##############"));
    let (name, host, top, plain_top) = (
        random.one(NAMES),
        random.one(HOSTS),
        random.one(TOPS),
        random.one(PLAIN_TOPS),
    );
    let token = random.fill("@^#*****************");
    let german = iban("DE", &random.fill("##################"));
    let (format, cue, value) = match format {
        0 => ("card spaced", "", grouped(&visa, &[4], " ")),
        1 => ("card hyphens", "", grouped(&visa, &[4], "-")),
        2 => ("card plain", "", visa),
        3 => ("card dots", "", grouped(&visa, &[4], ".")),
        4 => ("card two lines", "", grouped(&visa, &[8], "\n")),
        5 => (
            "card Amex",
            "",
            grouped(&luhn(random.fill("37############")), &[4, 6, 5], " "),
        ),
        6 => (
            "card Mastercard",
            "",
            grouped(&luhn(random.fill("53#############")), &[4], " "),
        ),
        7 => (
            "card Mastercard 2",
            "",
            luhn(random.fill("2345###########")),
        ),
        8 => (
            "card Discover",
            "",
            grouped(&luhn(random.fill("6011###########")), &[4], " "),
        ),
        9 => (
            "card JCB",
            "",
            grouped(&luhn(random.fill("3530###########")), &[4], "-"),
        ),
        10 => (
            "card 19 digits",
            "",
            grouped(&luhn(random.fill("62################")), &[4], " "),
        ),
        11 => (
            "card Diners",
            "",
            grouped(&luhn(random.fill("3600#########")), &[4, 6, 4], " "),
        ),
        12 => ("card full-width", "", shifted(&visa, 0xff10)),
        13 => (
            "card Arabic-Indic",
            "",
            shifted(&grouped(&visa, &[4], " "), 0x660),
        ),
        14 => ("card zero-width", "", strewn(&visa, '\u{200b}')),
        15 => ("card soft hyphens", "", grouped(&visa, &[4], "\u{ad}")),
        16 => ("card digit by digit", "", grouped(&visa, &[1], " ")),
        17 => ("card no-break", "", grouped(&visa, &[4], "\u{a0}")),
        18 => ("iban DE spaced", "", grouped(&german, &[4], " ")),
        19 => ("iban DE plain", "", german),
        20 => (
            "iban GB",
            "",
            grouped(&iban("GB", &random.fill("^^^^##############")), &[4], " "),
        ),
        21 => (
            "iban ES",
            "",
            grouped(&iban("ES", &random.fill("####################")), &[4], " "),
        ),
        22 => (
            "iban NL small",
            "",
            iban("NL", &random.fill("^^^^##########")).to_lowercase(),
        ),
        23 => (
            "iban FR hyphens",
            "",
            grouped(
                &iban("FR", &random.fill("##########^^^########&&")),
                &[4],
                "-",
            ),
        ),
        24 => ("iban full-width digits", "", shifted(&german, 0xff10)),
        25 => ("email plain", "", format!("{name}@{host}.{top}")),
        26 => ("email plus", "", format!("{name}+shop@{host}.{top}")),
        27 => (
            "email subdomain",
            "",
            format!("{name}@post.eu.{host}.{top}"),
        ),
        28 => (
            "email unicode domain",
            "",
            format!("{name}@bücher-{host}.de"),
        ),
        29 => ("email unicode name", "", format!("josé.{name}@{host}.es")),
        30 => (
            "email spelled",
            "",
            format!("{name} at {host} dot {plain_top}"),
        ),
        31 => ("email [at]", "", format!("{name} [at] {host}.{top}")),
        32 => (
            "email (at) (dot)",
            "",
            format!("{name}(at){host}(dot){plain_top}"),
        ),
        33 => (
            "email capitals",
            "",
            format!("{name}@{host}.{top}").to_uppercase(),
        ),
        34 => ("email full-width at", "", format!("{name}＠{host}.{top}")),
        35 => (
            "email German words",
            "",
            format!("{name} at {host} punkt de"),
        ),
        36 => (
            "email zero-width",
            "",
            format!("{name}\u{200b}@{host}\u{200b}.{top}"),
        ),
        37 => ("phone +49", "", random.fill("+49 151 &#######")),
        38 => ("phone +44 (0)", "", random.fill("+44 (0)20 7### ####")),
        39 => ("phone 0034", "", random.fill("0034 6## ### ###")),
        40 => ("phone +1 plain", "", random.fill("+1%##%######")),
        41 => ("phone (212) 555-0123", "", random.fill("(%##) %##-####")),
        42 => ("phone 212-555-0123", "", random.fill("%##-%##-####")),
        43 => ("phone 212.555.0123", "", random.fill("%##.%##.####")),
        44 => ("phone 020 7946 0958", "", random.fill("020 7### ####")),
        45 => ("phone 07700 900123", "", random.fill("077## ######")),
        46 => ("phone 0151 plain", "", random.fill("0151########")),
        47 => ("phone 030/123456", "", random.fill("030/&######")),
        48 => ("phone French pairs", "", random.fill("06 ## ## ## ##")),
        49 => ("phone Spanish", "", random.fill("6## ### ###")),
        50 => ("phone Spanish pairs", "", random.fill("6## ## ## ##")),
        51 => ("phone seven digits", "call me on ", random.fill("%##-###&")),
        52 => (
            "phone full-width",
            "",
            shifted(&random.fill("+49 30 &#######"), 0xff10),
        ),
        53 => (
            "phone soft hyphens",
            "",
            grouped(&random.fill("07700######"), &[5, 3], "\u{ad}"),
        ),
        54 => (
            "phone eight digits",
            "my phone number is ",
            random.fill("&### ####"),
        ),
        55 => ("phone dashes", "", random.fill("+33–6–##–##–##–##")),
        56 => (
            "ip v4",
            "",
            format!("192.168.{}.{}", random.below(256), random.below(256)),
        ),
        57 => (
            "ip v6",
            "",
            random.fill("2001:0db8:85a3:~~~~:~~~~:8a2e:0370:7~~~"),
        ),
        58 => ("ip v6 short", "", random.fill("2001:db8::&~~~:&")),
        59 => ("ssn hyphens", "", random.fill("1##-&#-&###")),
        60 => (
            "ssn spaces",
            "",
            random.fill("5#1 &# &###").replace("666", "667"),
        ),
        61 => ("ssn plain", "SSN ", random.fill("1##&#&###")),
        62 => ("secret password:", "password: ", random.fill("@@@@@##")),
        63 => (
            "secret password is",
            "my password is ",
            random.fill("^@@@@@@#!"),
        ),
        64 => ("secret PIN", "PIN ", random.fill("####")),
        65 => ("secret CVV", "CVV ", random.fill("###")),
        66 => (
            "secret Passwort",
            "mein Passwort lautet ",
            random.fill("@@@@@@##"),
        ),
        67 => (
            "secret in a URL",
            "https://shop.example/reset?step=2&token=",
            token,
        ),
        68 => (
            "secret before a host",
            "https://",
            random.fill("@@@@:@@##@@@@"),
        ),
        69 => (
            "secret web token",
            "",
            random.fill("eyJhbGciOiJIUzI1NiJ9.eyJ**************.********************"),
        ),
        70 => (
            "secret key",
            "",
            format!(
                "{}{token}",
                random.one(&["sk-", "ghp_", "xoxb-", "sk_live_"])
            ),
        ),
        71 => ("secret AKIA", "", random.fill("AKIA&^^^^^^^^&^^^^^^")),
        72 => ("order", "", random.fill("ORD-######")),
        _ => ("account", "", random.fill("acc ########")),
    };
    let kind = format.split(' ').next().unwrap();
    Identifier {
        format,
        kind,
        cue: cue.to_owned(),
        value,
    }
}

/// Sentences to put identifiers into, in the three languages of the corpus.
pub(crate) const CARRIERS: &[&str] = &[
    "Hello, it is {} if you need it.",
    "{}",
    "{} is what I was given yesterday",
    "I have sent it twice now ({}) and nobody answers!",
    "Please update my file: {}, thank you",
    "my details: {}\nkind regards, Tom",
    "so um it's {} and I have been waiting for two weeks",
    "The one you have is wrong, mine is {}.",
    "As asked in your letter of 3 March: {}",
    "Use {} instead; the old one no longer works.",
    "Why was {} refused? I paid 49.90 on 12/03/2026 at 14:30.",
    "\"{}\" is all it says on the screen",
    "> {}\nthat is what I wrote last time",
    "Guten Tag, hier noch einmal: {}. Danke!",
    "Ich habe {} angegeben, aber es kam nichts an",
    "Bitte ändern Sie das auf {}, und zwar bis 12.04.2026.",
    "Buenos días, les paso {} para que lo revisen",
    "Me pidieron {}; ya lo mandé dos veces 😡",
    "¿Pueden comprobar {}? Gracias",
    "1) {} 2) the red one 3) nothing else",
    "ok here you go: {}",
    "Spoke to Ana at the desk, she took down {} and hung up",
];
