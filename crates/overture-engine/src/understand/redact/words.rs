//! The words around a number: what they say of it.

/// How many bytes before a number are read for its context.
const CONTEXT_BYTES: usize = 48;
/// How many words before a number speak of it.
const CONTEXT_WORDS: usize = 5;

/// The words in the same sentence before `at`, the nearest first.
pub(super) fn before(bytes: &[u8], at: usize) -> impl Iterator<Item = &[u8]> {
    let from = at.saturating_sub(CONTEXT_BYTES);
    let context = &bytes[from..at];
    let sentence = context
        .windows(2)
        .rposition(|pair| matches!(pair[0], b'.' | b'!' | b'?') && pair[1].is_ascii_whitespace())
        .map_or(0, |place| place + 1);
    // "tel." and "no." end no sentence.
    let sentence = match sentence {
        0 => 0,
        start if is_abbreviated(&context[..start]) => 0,
        start => start,
    };
    context[sentence..]
        .rsplit(|byte| !byte.is_ascii_alphabetic() && *byte != super::fold::LETTER)
        .filter(|word| !word.is_empty())
        .take(CONTEXT_WORDS)
}

/// Whether `word` is in `list`, in either case.
pub(super) fn is_in(word: &[u8], list: &[&[u8]]) -> bool {
    list.iter().any(|other| word.eq_ignore_ascii_case(other))
}

/// Whether the nearest words before `at` say that a telephone number follows.
pub(super) fn speaks_of_phones(bytes: &[u8], at: usize) -> bool {
    before(bytes, at).any(|word| is_in(word, PHONE)) && !speaks_of_references(bytes, at)
}

/// Whether the nearest words before `at` say that some other number follows.
pub(super) fn speaks_of_references(bytes: &[u8], at: usize) -> bool {
    before(bytes, at).any(|word| is_in(word, REFERENCE))
}

/// Whether the nearest words before `at` say that a version follows.
pub(super) fn speaks_of_versions(bytes: &[u8], at: usize) -> bool {
    before(bytes, at).take(2).any(|word| is_in(word, VERSION))
}

/// Whether the words before `at` are of the kind that versions follow.
pub(super) fn speaks_of_software(bytes: &[u8], at: usize) -> bool {
    before(bytes, at)
        .take(3)
        .any(|word| is_in(word, VERSION) || is_in(word, SOFTWARE))
}

/// Whether the nearest words before `at` speak of social security.
pub(super) fn speaks_of_social_security(bytes: &[u8], at: usize) -> bool {
    before(bytes, at).any(|word| is_in(word, &[b"ssn", b"social"]))
}

fn is_abbreviated(sentence: &[u8]) -> bool {
    let sentence = sentence.strip_suffix(b".").unwrap_or(sentence);
    let word = sentence.rsplit(|byte| !byte.is_ascii_alphabetic()).next();
    word.is_some_and(|word| {
        is_in(
            word,
            &[b"tel", b"no", b"nr", b"ph", b"mob", b"ref", b"ver", b"v"],
        )
    })
}

const PHONE: &[&[u8]] = &[
    b"phone",
    b"phones",
    b"telephone",
    b"tel",
    b"ph",
    b"mobile",
    b"mob",
    b"cell",
    b"cellphone",
    b"landline",
    b"call",
    b"called",
    b"calling",
    b"callback",
    b"ring",
    b"rang",
    b"text",
    b"texted",
    b"whatsapp",
    b"sms",
    b"fax",
    b"dial",
    b"number",
    b"numbers",
    b"reach",
    b"contact",
    b"telefon",
    b"telefonnummer",
    b"handy",
    b"handynummer",
    b"mobil",
    b"mobilnummer",
    b"festnetz",
    b"nummer",
    b"anrufen",
    b"erreichbar",
    b"r\xffckruf",
    b"ruf",
    b"rufen",
    b"tel\xfffono",
    b"telefono",
    b"m\xffvil",
    b"movil",
    b"celular",
    b"fijo",
    b"llamar",
    b"llame",
    b"llamen",
    b"ll\xffmame",
    b"ll\xffmenme",
    b"n\xffmero",
    b"numero",
];

const REFERENCE: &[&[u8]] = &[
    b"order",
    b"orders",
    b"tracking",
    b"invoice",
    b"ref",
    b"reference",
    b"booking",
    b"ticket",
    b"case",
    b"parcel",
    b"shipment",
    b"serial",
    b"model",
    b"sku",
    b"item",
    b"product",
    b"part",
    b"account",
    b"customer",
    b"policy",
    b"claim",
    b"contract",
    b"agreement",
    b"meter",
    b"isbn",
    b"ean",
    b"barcode",
    b"imei",
    b"iccid",
    b"consignment",
    b"confirmation",
    b"transaction",
    b"trace",
    b"receipt",
    b"id",
    b"member",
    b"membership",
    b"voucher",
    b"batch",
    b"company",
    b"vat",
    b"awb",
    b"crime",
    b"police",
    b"survey",
    b"box",
    b"card",
    b"supply",
    b"certificate",
    b"loyalty",
    b"bestellung",
    b"bestellnummer",
    b"auftrag",
    b"auftragsnummer",
    b"rechnung",
    b"rechnungsnummer",
    b"kundennummer",
    b"sendung",
    b"sendungsnummer",
    b"vertrag",
    b"vertragsnummer",
    b"pedido",
    b"factura",
    b"seguimiento",
    b"contrato",
    b"cliente",
];

const VERSION: &[&[u8]] = &[
    b"version",
    b"versions",
    b"v",
    b"ver",
    b"firmware",
    b"release",
    b"build",
    b"revision",
    b"versi\xffn",
];

const SOFTWARE: &[&[u8]] = &[
    b"update",
    b"updated",
    b"upgrade",
    b"upgraded",
    b"app",
    b"ios",
    b"android",
    b"windows",
    b"chrome",
    b"firefox",
    b"software",
    b"driver",
    b"patch",
    b"section",
    b"clause",
    b"chapter",
    b"paragraph",
    b"aktualisierung",
    b"abschnitt",
];
