use axum::http::Method;
use overture_store::Role;
use serde_json::{Value, json};

use crate::support::*;

async fn call(server: &Server, method: Method, path: &str, body: &Value) -> Answer {
    server
        .call(method, path)
        .role(Role::Admin)
        .json(body)
        .send()
        .await
}

fn brand() -> Value {
    json!({
        "name": "Kaffeehaus",
        "look": {
            "accent": "#005A3C", "on_accent": "#FFF",
            "accent_dark": "#8fd9b6", "on_accent_dark": "#06281b",
            "position": "start", "logo_url": "https://shop.example/logo.svg",
        },
        "hours": [[[540, 720], [780, 1080]], [], [], [], [], [], []],
        "time_zone": "europe/berlin",
        "texts": {
            "de": {"help": " Hilfe vom Haus ", "banner_title": "Dürfen wir helfen?", "prompt_title": ""},
            "ar": {},
        },
        "phone": "+49 30 123456",
        "privacy_url": "https://shop.example/privacy",
        "chat": {"attachments": false, "ask_email": true},
        "callback": {"countries": ["de", "AT"], "slot_min": 30, "verify_sms": false},
    })
}

#[tokio::test]
async fn a_source_shows_its_brand_and_others_the_default_one() {
    let server = Server::start().await;
    let listed = server
        .get("/v1/admin/brands")
        .role(Role::Supervisor)
        .send()
        .await
        .expect(200)
        .json();
    assert_eq!(listed["brands"].as_array().unwrap().len(), 1);
    assert_eq!(listed["brands"][0]["is_default"], true);
    assert_eq!(listed["brands"][0]["sources"].as_array().unwrap().len(), 1);
    assert_eq!(listed["languages"], json!(["en", "de", "es", "ar"]));
    assert_eq!(listed["texts"][0]["key"], "banner_title");
    assert_eq!(listed["texts"][0]["ours"]["de"], "Hilfe ist da");

    let made = call(&server, Method::POST, "/v1/admin/brands", &brand())
        .await
        .expect(200)
        .json();
    let id = made["brand"].as_str().unwrap();
    assert!(id.starts_with("brd_"), "{made}");
    // What was meant is what is kept.
    assert_eq!(made["look"]["accent"], "#005a3c");
    assert_eq!(made["look"]["on_accent"], "#ffffff");
    assert_eq!(made["time_zone"], "Europe/Berlin");
    assert_eq!(made["phone"], "+4930123456");
    assert_eq!(made["callback"]["countries"], json!(["AT", "DE"]));
    assert_eq!(
        made["texts"],
        json!({"de": {"help": "Hilfe vom Haus", "banner_title": "Dürfen wir helfen?"}})
    );

    let start = async |locale: &str| {
        let body = json!({"write_key": KEY, "page": {"path": "/"}, "locale": locale});
        let answer = server.post("/v1/widget/session").json(&body).send().await;
        answer.expect(200).json()
    };
    let before = start("de").await;
    assert_eq!(before["brand"]["look"]["position"], "end");
    assert_eq!(before["texts"], json!({}));

    let sources = server
        .get("/v1/admin/sources")
        .role(Role::Admin)
        .send()
        .await
        .json();
    let source = format!(
        "/v1/admin/sources/{}",
        sources[0]["source"].as_str().unwrap()
    );
    let changed = call(&server, Method::PATCH, &source, &json!({"brand": id}))
        .await
        .expect(200)
        .json();
    assert_eq!(changed["brand"], id);
    let after = start("de-AT").await;
    assert_eq!(after["brand"]["id"], id);
    assert_eq!(after["brand"]["look"]["accent"], "#005a3c");
    assert_eq!(after["brand"]["look"]["position"], "start");
    assert_eq!(after["brand"]["phone"], "+4930123456");
    assert_eq!(
        after["brand"]["privacy_url"],
        "https://shop.example/privacy"
    );
    assert_eq!(
        after["brand"]["chat"],
        json!({"attachments": false, "ask_email": true})
    );
    // The server's own texts stay with the server.
    assert_eq!(after["texts"], json!({"help": "Hilfe vom Haus"}));
    assert_eq!(start("es").await["texts"], json!({}));

    let path = format!("/v1/admin/brands/{id}");
    let refused = call(&server, Method::DELETE, &path, &json!({}))
        .await
        .expect(409);
    assert_eq!(refused.code(), "brand_in_use");
    let mut other = brand();
    other["look"]["position"] = json!("end");
    call(&server, Method::PUT, &path, &other).await.expect(200);
    assert_eq!(start("de").await["brand"]["look"]["position"], "end");

    call(&server, Method::PATCH, &source, &json!({"brand": ""}))
        .await
        .expect(200);
    assert_ne!(start("de").await["brand"]["id"], id);
    call(&server, Method::DELETE, &path, &json!({}))
        .await
        .expect(204);
    call(&server, Method::DELETE, &path, &json!({}))
        .await
        .expect(404);
    call(&server, Method::PUT, &path, &brand())
        .await
        .expect(404);
}

#[tokio::test]
async fn the_default_brand_can_be_changed_and_not_removed() {
    let server = Server::start().await;
    let listed = server
        .get("/v1/admin/brands")
        .role(Role::Admin)
        .send()
        .await;
    let id = listed.json()["brands"][0]["brand"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/v1/admin/brands/{id}");
    let changed = call(&server, Method::PUT, &path, &brand())
        .await
        .expect(200)
        .json();
    assert_eq!(changed["is_default"], true);
    assert_eq!(changed["name"], "Kaffeehaus");
    let refused = call(&server, Method::DELETE, &path, &json!({}))
        .await
        .expect(409);
    assert_eq!(refused.code(), "default_brand");
}

#[tokio::test]
async fn a_wrong_field_of_a_brand_is_named() {
    let server = Server::start().await;
    let long = "x".repeat(401);
    for (pointer, value, field, said) in [
        ("/name", json!(" "), "name", "1 to 120"),
        ("/look/accent", json!("blue"), "look.accent", "#1b4fd1"),
        (
            "/look/on_accent",
            json!("#00704a"),
            "look.on_accent",
            "4.5:1",
        ),
        (
            "/look/on_accent_dark",
            json!("#ffffff"),
            "look.on_accent_dark",
            "4.5:1",
        ),
        (
            "/look/position",
            json!("left"),
            "look.position",
            "end or start",
        ),
        (
            "/look/logo_url",
            json!("http://shop.example/a.png"),
            "look.logo_url",
            "https://",
        ),
        (
            "/look/logo_url",
            json!("https://"),
            "look.logo_url",
            "https://",
        ),
        (
            "/privacy_url",
            json!("javascript:alert(1)"),
            "privacy_url",
            "https://",
        ),
        ("/hours", json!([[], []]), "hours", "7 days"),
        ("/hours/1", json!([[600, 500]]), "hours.tue", "from < to"),
        ("/hours/2", json!([[0, 1441]]), "hours.wed", "1440"),
        (
            "/hours/6",
            json!([[600, 700], [650, 800]]),
            "hours.sun",
            "overlap",
        ),
        ("/hours/0", json!([[-1, 4]]), "hours", "-1"),
        ("/time_zone", json!("Berlin"), "time_zone", "IANA"),
        (
            "/texts",
            json!({"fr": {"help": "Aide"}}),
            "texts",
            "en, de, es and ar",
        ),
        (
            "/texts",
            json!({"de": {"helf": "x"}}),
            "texts.de",
            "not among the texts",
        ),
        (
            "/texts",
            json!({"de": {"help": long}}),
            "texts.de.help",
            "400 letters",
        ),
        ("/phone", json!("030 123456"), "phone", "country code"),
        (
            "/callback/countries",
            json!(["DE", "XX"]),
            "callback.countries",
            "ISO 3166",
        ),
        (
            "/callback/slot_min",
            json!(20),
            "callback.slot_min",
            "steps of 15",
        ),
        (
            "/chat/attachments",
            json!("yes"),
            "chat.attachments",
            "boolean",
        ),
    ] {
        let mut wrong = brand();
        *wrong.pointer_mut(pointer).unwrap() = value;
        let answer = call(&server, Method::POST, "/v1/admin/brands", &wrong)
            .await
            .expect(400)
            .json();
        let named = answer["field"].as_str().unwrap_or_default();
        assert!(named.starts_with(field), "{pointer}: {answer}");
        let message = answer["message"].as_str().unwrap();
        assert!(message.contains(said), "{pointer}: {answer}");
    }
    let listed = server
        .get("/v1/admin/brands")
        .role(Role::Admin)
        .send()
        .await;
    assert_eq!(listed.json()["brands"].as_array().unwrap().len(), 1);
}
