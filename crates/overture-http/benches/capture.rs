//! How long one capture event takes from JSON to what the engine takes, on one core.

use divan::{Bencher, counter::ItemsCount};
use overture_engine::model::{IdentifierKind, Seq, SourceId, Timestamp};
use overture_http::{Keys, capture};

const RECEIVED: Timestamp = Timestamp(1_750_000_000_000);
const EVENTS: usize = 100;

fn main() {
    divan::main();
}

/// A batch of 100 events of about 700 bytes each, as browser clients send them.
fn batch(event: &str, properties: &str) -> String {
    let events: Vec<String> = (0..EVENTS)
        .map(|number| {
            format!(
                r#"{{"type":"track","event":"{event}","anonymousId":"9f1c0e6e-7d1c-4a44-9d5b-{number:012}","userId":null,"messageId":"ajs-next-1750000000000-{number:032}","timestamp":"2025-06-15T15:06:39.{:03}Z","integrations":{{}},"properties":{properties},"context":{{"library":{{"name":"analytics.js","version":"npm:next-1.84.0"}},"locale":"en-GB","timezone":"Europe/Berlin","userAgent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36","page":{{"path":"/checkout/payment","referrer":"https://shop.example/cart","search":"","title":"Pay","url":"https://shop.example/checkout/payment"}}}}}}"#,
                number % 1_000
            )
        })
        .collect();
    format!(
        r#"{{"writeKey":"wk_bench","sentAt":"2025-06-15T15:06:40.000Z","batch":[{}]}}"#,
        events.join(",")
    )
}

fn run(bencher: Bencher, json: &str) {
    let keys = Keys::derive(&[1; 32]);
    let source = SourceId::derive(Timestamp(1), Seq(1), 0);
    bencher.counter(ItemsCount::new(EVENTS)).bench(|| {
        let captured = capture::parse_batch(&keys, source, RECEIVED, divan::black_box(json));
        let captured = captured.expect("the batch is json");
        assert_eq!(captured.ingress.len(), EVENTS);
        captured
    });
}

#[divan::bench]
fn overture_click(bencher: Bencher) {
    let json = batch(
        "overture:click",
        r##"{"x":412,"y":233,"target":"#pay > button","interactive":true,"text_field":false}"##,
    );
    run(bencher, &json);
}

#[divan::bench]
fn custom_event(bencher: Bencher) {
    let json = batch(
        "Product Added",
        r#"{"product_id":"507f1f77bcf86cd799439011","sku":"G-32","name":"Kettle","price":18.99,"quantity":1}"#,
    );
    run(bencher, &json);
}

/// The keyed hash of one identifier, as every event needs at least one.
#[divan::bench]
fn link_key(bencher: Bencher) {
    let keys = Keys::derive(&[1; 32]);
    bencher.bench(|| {
        keys.link(
            IdentifierKind::Anonymous,
            divan::black_box("9f1c0e6e-7d1c-4a44-9d5b-000000000001"),
        )
    });
}
