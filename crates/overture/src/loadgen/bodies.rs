//! Realistic event batches, built once and then patched in place: ids and times change,
//! the rest stays, so that the generator costs little CPU.

use crate::loadgen::random::{Random, Zipf};

/// Bytes of one event, about; the load of the budgets.
pub(crate) const EVENT_BYTES: usize = 700;

/// How many different batches are kept.
const TEMPLATES: usize = 24;

const PATHS: [(&str, &str); 8] = [
    ("/", "Home"),
    ("/collections/outdoor", "Outdoor"),
    ("/products/trail-lamp", "Trail lamp"),
    ("/products/wool-blanket", "Wool blanket"),
    ("/cart", "Your cart"),
    ("/checkout/address", "Delivery address"),
    ("/checkout/payment", "Payment"),
    ("/account/orders", "Your orders"),
];
const AGENTS: [&str; 3] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
];

const MESSAGE_ID_MARK: &str = "MESSAGEIDMARK000";
const CUSTOMER_MARK: &str = "CUSTOMERMARK";
const TIME_MARK: &str = "0000-00-00T00:00:00.000Z";

/// One request: head and body, with the places that change.
struct Template {
    bytes: Vec<u8>,
    message_ids: Vec<usize>,
    customers: Vec<usize>,
    times: Vec<usize>,
}

/// Makes requests, each with fresh message ids and customers drawn by Zipf.
pub(crate) struct Bodies {
    templates: Vec<Template>,
    zipf: Zipf,
    random: Random,
    run: u64,
    made: u64,
}

/// What a run of requests looks like.
pub(crate) struct Shape<'a> {
    /// `host:port`.
    pub(crate) authority: &'a str,
    /// The source's key.
    pub(crate) write_key: &'a str,
    /// Events a request.
    pub(crate) batch: usize,
    /// How many customers there are.
    pub(crate) customers: usize,
    /// The skew of their activity.
    pub(crate) zipf: f64,
    /// Makes runs different and a run repeatable.
    pub(crate) seed: u64,
}

impl Bodies {
    /// Builds the templates.
    pub(crate) fn new(shape: &Shape<'_>) -> Self {
        let mut random = Random::new(shape.seed);
        let templates = (0..TEMPLATES)
            .map(|_| Template::new(shape, &mut random))
            .collect();
        Self {
            templates,
            zipf: Zipf::new(shape.customers, shape.zipf, &mut random),
            run: random.next(),
            random,
            made: 0,
        }
    }

    /// The next request, for events that happen at `now` (RFC 3339, 24 bytes).
    pub(crate) fn next(&mut self, now: &[u8; 24]) -> &[u8] {
        let pick = self.random.below(self.templates.len() as u64) as usize;
        let template = &mut self.templates[pick];
        for at in &template.message_ids {
            let id = (self.run ^ self.made.wrapping_mul(0x9e37_79b9_7f4a_7c15)).to_be_bytes();
            self.made += 1;
            put_hex(&mut template.bytes[*at..*at + 16], id);
        }
        for at in &template.customers {
            let mut number = self.zipf.draw();
            for slot in template.bytes[*at..*at + 12].iter_mut().rev() {
                *slot = b'0' + (number % 10) as u8;
                number /= 10;
            }
        }
        for at in &template.times {
            template.bytes[*at..*at + 24].copy_from_slice(now);
        }
        &template.bytes
    }
}

fn put_hex(into: &mut [u8], bytes: [u8; 8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (pair, byte) in into.chunks_exact_mut(2).zip(bytes) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
}

impl Template {
    fn new(shape: &Shape<'_>, random: &mut Random) -> Self {
        let events: Vec<String> = (0..shape.batch).map(|_| event(random)).collect();
        let body = format!(
            r#"{{"writeKey":"{}","sentAt":"{TIME_MARK}","batch":[{}]}}"#,
            shape.write_key,
            events.join(",")
        );
        let bytes =
            crate::client::render("POST", shape.authority, "/v1/batch", &[], body.as_bytes());
        let text = std::str::from_utf8(&bytes).expect("requests are ASCII");
        let places = |mark: &str| text.match_indices(mark).map(|(at, _)| at).collect();
        Self {
            message_ids: places(MESSAGE_ID_MARK),
            customers: places(CUSTOMER_MARK),
            times: places(TIME_MARK),
            bytes: text.as_bytes().to_vec(),
        }
    }
}

/// One event as analytics.js and the widget send them, about 700 bytes.
fn event(random: &mut Random) -> String {
    let (path, title) = PATHS[random.below(8) as usize];
    let agent = AGENTS[random.below(3) as usize];
    let (kind, properties) = match random.below(100) {
        0..25 => (
            r#""type":"page","name":"Page""#.to_owned(),
            format!(r#"{{"path":"{path}","title":"{title}","navigation":"navigate"}}"#),
        ),
        25..50 => (
            track("overture:click"),
            format!(
                r##"{{"x":{},"y":{},"target":"#main>button:nth-child({})","interactive":true,"text_field":false}}"##,
                random.below(1200),
                random.below(800),
                random.below(9)
            ),
        ),
        50..65 => (
            track("overture:scroll"),
            format!(r#"{{"depth_percent":{}}}"#, random.below(101)),
        ),
        65..80 => (
            track("overture:active"),
            format!(r#"{{"ms":{}}}"#, 500 + random.below(4500)),
        ),
        80..83 => (
            track("overture:form_error"),
            r#"{"form":"checkout","field":"postcode","code":"patternMismatch"}"#.to_owned(),
        ),
        83..86 => (
            track("overture:form_submit"),
            r#"{"form":"checkout","outcome":"unknown"}"#.to_owned(),
        ),
        _ => (
            track("Product Viewed"),
            format!(
                r#"{{"product_id":"p{}","price":{}.90,"currency":"EUR","position":{}}}"#,
                random.below(900),
                random.below(300),
                random.below(40)
            ),
        ),
    };
    let fixed = format!(
        r#"{{{kind},"messageId":"{MESSAGE_ID_MARK}","anonymousId":"{CUSTOMER_MARK}","timestamp":"{TIME_MARK}","properties":{properties},"context":{{"page":{{"path":"{path}","title":"{title}"}},"userAgent":"{agent}","locale":"en-GB","timezone":"Europe/London","library":{{"name":"analytics.js","version":"2.1.0"}},"campaign":{{"source":"newsletter","medium":"email","name":"autumn"}},"screen":{{"width":1440,"height":900,"density":2}},"sections":"{{filler}}"}}}}"#
    );
    let filler: String = (0..EVENT_BYTES.saturating_sub(fixed.len() - 8))
        .map(|place| char::from(b'a' + (place % 26) as u8))
        .collect();
    fixed.replace("{filler}", &filler)
}

fn track(name: &str) -> String {
    format!(r#""type":"track","event":"{name}""#)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::Value;

    use super::*;

    #[test]
    fn every_request_is_whole_fresh_and_of_the_promised_size() {
        let shape = Shape {
            authority: "127.0.0.1:1",
            write_key: "wk_test",
            batch: 100,
            customers: 1_000,
            zipf: 1.1,
            seed: 7,
        };
        let mut bodies = Bodies::new(&shape);
        let mut ids = HashSet::new();
        let mut customers = HashSet::new();
        for _ in 0..50 {
            let request = bodies.next(b"2026-01-02T03:04:05.678Z").to_vec();
            let text = String::from_utf8(request).unwrap();
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            assert!(head.contains(&format!("content-length: {}", body.len())));
            let json: Value = serde_json::from_str(body).unwrap();
            assert_eq!(json["sentAt"], "2026-01-02T03:04:05.678Z");
            for event in json["batch"].as_array().unwrap() {
                assert!(ids.insert(event["messageId"].as_str().unwrap().to_owned()));
                customers.insert(event["anonymousId"].as_str().unwrap().to_owned());
                let length = event.to_string().len();
                assert!((650..750).contains(&length), "{length}");
            }
        }
        assert_eq!(ids.len(), 5_000);
        assert!(
            (100..1_001).contains(&customers.len()),
            "{}",
            customers.len()
        );
    }
}
