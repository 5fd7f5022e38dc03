//! The knowledge base: writing it, finding in it, and what is recorded.

use axum::http::Method;
use overture_engine::model::*;
use overture_http::WorldChange;
use overture_store::Role;
use serde_json::{Value, json};

use super::support::*;

async fn by_admin(server: &Server, method: Method, path: impl Into<String>, body: Value) -> Answer {
    let call = server.call(method, path).role(Role::Admin);
    call.json(&body).send().await
}

async fn add(server: &Server, article: Value) -> Value {
    let answer = by_admin(server, Method::POST, "/v1/admin/articles", article).await;
    answer.expect(200).json()
}

fn published(title: &str, body: &str) -> Value {
    json!({"title": title, "body_markdown": body, "status": "published"})
}

async fn ask(server: &Server, token: &str, query: &str) -> Vec<Value> {
    let answer = server
        .get(format!("/v1/widget/faqs?{query}"))
        .bearer(token)
        .send()
        .await
        .expect(200)
        .json();
    answer["faqs"].as_array().unwrap().clone()
}

fn titles(found: &[Value]) -> Vec<&str> {
    found
        .iter()
        .map(|one| one["title"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn an_article_is_written_published_found_and_taken_back() {
    let server = Server::start().await;
    let (token, _) = server.widget().await;
    let made = add(
        &server,
        json!({"title": "Why was my card declined?", "summary": "Try this.",
            "body_markdown": "Check the **number**.", "paths": ["/checkout/**"],
            "codes": ["card:declined"], "keywords": ["visa"]}),
    )
    .await;
    let id = made["article"]["id"].as_str().unwrap().to_owned();
    assert_eq!(made["article"]["slug"], "why-was-my-card-declined");
    assert_eq!(made["article"]["status"], "draft");
    assert_eq!(made["article"]["locales"][0]["locale"], "en");
    assert_eq!(ask(&server, &token, "").await, Vec::<Value>::new());
    assert!(server.core.changes.lock().unwrap().is_empty());

    let text = format!("/v1/admin/articles/{id}/texts/en");
    let publish = |version: Value| {
        let path = format!("{text}/publish");
        by_admin(&server, Method::POST, path, json!({"version": version}))
    };
    publish(json!(1)).await.expect(200);
    assert_eq!(
        *server.core.changes.lock().unwrap(),
        [WorldChange::Faqs(true)]
    );
    let found = ask(&server, &token, "q=visa&locale=en-GB").await;
    assert_eq!(found[0]["id"], id);
    assert_eq!(found[0]["why"], "words");
    assert!(
        found[0].get("body_markdown").is_none(),
        "bodies come one at a time"
    );
    let shown = server
        .get(format!("/v1/widget/faqs/{id}?locale=fr"))
        .bearer(&token)
        .send()
        .await
        .expect(200)
        .json();
    assert_eq!(shown["body_markdown"], "Check the **number**.");
    assert_eq!(shown["fallback"], true);

    // A new version is not seen before it is published, and an earlier one can come back.
    let save = |base: u32, title: &str, publish: bool| {
        let body = json!({"base_version": base, "title": title, "body_markdown": "New.",
            "publish": publish});
        by_admin(&server, Method::PUT, text.clone(), body)
    };
    save(1, "Card refused", false).await.expect(200);
    assert_eq!(
        titles(&ask(&server, &token, "").await),
        ["Why was my card declined?"]
    );
    save(2, "Card refused again", true).await.expect(200);
    assert_eq!(
        titles(&ask(&server, &token, "").await),
        ["Card refused again"]
    );
    publish(json!(1)).await.expect(200);
    assert_eq!(
        titles(&ask(&server, &token, "").await),
        ["Why was my card declined?"]
    );
    let versions = server
        .get(text.clone())
        .role(Role::Supervisor)
        .send()
        .await
        .expect(200)
        .json();
    assert_eq!(versions["published"], 1);
    assert_eq!(versions["versions"].as_array().unwrap().len(), 3);
    publish(json!(7)).await.expect(404);

    let answer = save(1, "Stale", true).await.expect(409);
    assert_eq!(answer.code(), "changed_meanwhile");
    let edit = |revision: u32, fields: Value| {
        let mut body = fields;
        body["revision"] = revision.into();
        by_admin(
            &server,
            Method::PATCH,
            format!("/v1/admin/articles/{id}"),
            body,
        )
    };
    let now = edit(2, json!({"place": 3})).await.expect(200).json();
    assert_eq!(now["article"]["revision"], 3);
    assert_eq!(now["article"]["paths"], json!(["/checkout/**"]));
    assert_eq!(
        edit(2, json!({"place": 4})).await.expect(409).code(),
        "changed_meanwhile"
    );
    edit(3, json!({"status": "archived"})).await.expect(200);
    assert_eq!(ask(&server, &token, "").await, Vec::<Value>::new());
    assert_eq!(
        server.core.changes.lock().unwrap().last(),
        Some(&WorldChange::Faqs(false))
    );
    let path = format!("/v1/admin/articles/{id}");
    let delete = || by_admin(&server, Method::DELETE, path.clone(), Value::Null);
    delete().await.expect(204);
    delete().await.expect(404);
}

#[tokio::test]
async fn page_and_error_come_first_and_words_find() {
    let server = Server::start().await;
    let (token, _) = server.widget().await;
    for (title, paths, codes) in [
        ("Delivery times", json!(["/cart"]), json!([])),
        ("Card declined", json!([]), json!(["card:declined"])),
        ("Opening hours", json!([]), json!([])),
    ] {
        let mut article = published(title, "Text about refunds.");
        article["paths"] = paths;
        article["codes"] = codes;
        add(&server, article).await;
    }
    for (query, expected) in [
        ("path=/cart", "Delivery times"),
        ("path=/cart&field=card&code=declined", "Card declined"),
        ("q=openning", "Opening hours"),
        ("q=hours&path=/cart", "Opening hours"),
    ] {
        let found = ask(&server, &token, query).await;
        assert_eq!(titles(&found)[0], expected, "{query}");
    }
    assert_eq!(ask(&server, &token, "q=refund&limit=2").await.len(), 2);
    assert_eq!(ask(&server, &token, "q=xylophone").await.len(), 0);

    let search = |body: Value| {
        let call = server.post("/v1/widget/faqs/search").bearer(&token);
        call.json(&body).send()
    };
    let found = search(json!({"q": "hours"})).await.expect(200).json();
    assert_eq!(titles(found["faqs"].as_array().unwrap()), ["Opening hours"]);
    assert_eq!(found["main_locale"], "en");
    let tried = json!({"q": "hours", "path": "/cart", "error": "card:declined"});
    let tried = by_admin(&server, Method::POST, "/v1/admin/articles/try", tried)
        .await
        .expect(200)
        .json();
    assert_eq!(tried["answers"][0]["title"], "Opening hours");
    assert!(tried["answers"][0]["words"].as_f64().unwrap() > 0.0);
    let nobody = server.post("/v1/widget/faqs/search");
    nobody.json(&json!({"q": "x"})).send().await.expect(401);
    assert!(
        server
            .core
            .bodies()
            .iter()
            .all(|body| { !matches!(body, CustomerBody::Article(_)) }),
        "finding records nothing"
    );
}

#[tokio::test]
async fn typing_does_not_use_up_what_the_chat_needs() {
    let server = Server::start_with(overture_http::Config {
        rates: overture_http::Rates {
            widget_per_min: 1,
            ..overture_http::Rates::default()
        },
        ..overture_http::Config::default()
    })
    .await;
    let (token, _) = server.widget().await;
    let search = || {
        let call = server.post("/v1/widget/faqs/search").bearer(&token);
        call.json(&json!({"q": "x"})).send()
    };
    for _ in 0..3 {
        search().await.expect(200);
    }
    search().await.expect(429);
    let call = server.post("/v1/widget/offers/undo_never").bearer(&token);
    call.send().await.expect(204);
}

#[tokio::test]
async fn what_a_customer_does_with_articles_reaches_the_core() {
    let server = Server::start().await;
    let (token, _) = server.widget().await;
    let made = add(&server, published("Refunds", "Yes.")).await;
    let id = made["article"]["id"].as_str().unwrap().to_owned();
    let post = |path: &str, body: Value| {
        let call = server
            .post(format!("/v1/widget/faqs/{path}"))
            .bearer(&token);
        call.json(&body).send()
    };
    let text = |more: Value| {
        let mut body = more;
        body["locale"] = "EN".into();
        body["version"] = 1.into();
        body
    };
    let about = |what: &str| format!("{id}/{what}");
    post(&about("opened"), text(json!({}))).await.expect(204);
    post(&about("read"), text(json!({"seconds": 12})))
        .await
        .expect(204);
    let why = "It does not say <b>how</b>";
    post(
        &about("rating"),
        text(json!({"helpful": false, "reason": why})),
    )
    .await
    .expect(204);
    post("searched", json!({"q": " money back ", "found": 0}))
        .await
        .expect(204);
    post("still_needed", text(json!({"id": id})))
        .await
        .expect(204);
    post("still_needed", json!({})).await.expect(204);

    let article = ArticleRef {
        faq: id.parse().unwrap(),
        locale: "en".to_owned(),
        version: 1,
        title: "Refunds".to_owned(),
    };
    let facts: Vec<ArticleFact> = server
        .core
        .bodies()
        .into_iter()
        .filter_map(|body| match body {
            CustomerBody::Article(fact) => Some(fact),
            _ => None,
        })
        .collect();
    assert_eq!(
        facts,
        [
            ArticleFact::Opened(article.clone()),
            ArticleFact::Read {
                article: article.clone(),
                seconds: 12
            },
            ArticleFact::Rated {
                article: article.clone(),
                helpful: false,
                reason: Some(Private::new(why)),
            },
            ArticleFact::Searched {
                words: Private::new("money back"),
                locale: "en".to_owned(),
                found: 0,
            },
            ArticleFact::StillNeeded {
                article: Some(article)
            },
            ArticleFact::StillNeeded { article: None },
        ]
    );
    assert!(
        !format!("{facts:?}").contains("money"),
        "words hide from logs"
    );

    for (path, body, status) in [
        (about("read"), text(json!({"seconds": 0})), 400),
        (about("read"), json!({"seconds": 5}), 400),
        (about("opened"), json!({"locale": "en", "version": 9}), 404),
        (about("opened"), json!({"locale": "fr", "version": 1}), 404),
        (
            about("rating"),
            text(json!({"helpful": true, "reason": "x".repeat(1_001)})),
            400,
        ),
        ("searched".to_owned(), json!({"q": " ", "found": 1}), 400),
        ("nonsense/opened".to_owned(), text(json!({})), 400),
    ] {
        let answer = post(&path, body).await.expect(status);
        assert!(!answer.code().is_empty());
    }
}

#[tokio::test]
async fn facts_are_told_to_staff() {
    let server = Server::start().await;
    let customer = CustomerId::derive(NOW, Seq(9), 0);
    let article = ArticleRef {
        faq: FaqId::derive(NOW, Seq(1), 0),
        locale: "en".to_owned(),
        version: 2,
        title: "Refunds".to_owned(),
    };
    let fact = |seq, fact| {
        row(
            customer,
            seq,
            Audience::Staff,
            None,
            TimelineBody::Article(fact),
        )
    };
    server.commit(vec![
        fact(1, ArticleFact::Opened(article.clone())),
        fact(
            2,
            ArticleFact::Searched {
                words: Private::new("money back"),
                locale: "en".to_owned(),
                found: 0,
            },
        ),
        Effect::Article(ArticleTally {
            opened: 3,
            helpful: 1,
            ..ArticleTally::of(&article)
        }),
        Effect::SearchMissed(SearchMiss {
            customer,
            at: NOW,
            locale: "en".to_owned(),
            words: Private::new("Money back"),
        }),
        Effect::SearchMissed(SearchMiss {
            customer,
            at: NOW + Millis(5),
            locale: "en".to_owned(),
            words: Private::new("money BACK "),
        }),
    ]);
    let items = server
        .get(format!("/v1/customers/{customer}/timeline"))
        .role(Role::Agent)
        .send()
        .await
        .expect(200)
        .json()["items"]
        .clone();
    assert_eq!(items[0]["kind"], "article");
    assert_eq!(items[0]["what"], "opened");
    assert_eq!(items[0]["title"], "Refunds");
    assert_eq!(items[1]["words"], "money back");
    let missed = server
        .get("/v1/admin/articles/missed")
        .role(Role::Admin)
        .send()
        .await
        .expect(200)
        .json();
    assert_eq!(missed["searches"][0]["count"], 2);
    assert_eq!(missed["searches"].as_array().unwrap().len(), 1);

    let mut state = CustomerState::new(customer, NOW);
    state.reading = Some(Box::new(Reading {
        session: None,
        articles: vec![ArticleUse {
            article,
            opened_at: NOW,
            read_s: 31,
            helpful: Some(false),
            still_needed: true,
        }],
        searches: vec![ArticleSearch {
            words: Private::new("money back"),
            found: 0,
            at: NOW,
        }],
        still_needed: true,
    }));
    server.core.states.lock().unwrap().insert(customer, state);
    let context = server
        .get(format!("/v1/customers/{customer}/context"))
        .role(Role::Agent)
        .send()
        .await
        .expect(200)
        .json();
    assert_eq!(context["reading"]["articles"][0]["read_s"], 31);
    assert_eq!(context["reading"]["articles"][0]["helpful"], false);
    assert_eq!(context["reading"]["searches"][0]["words"], "money back");
    assert_eq!(context["reading"]["still_needed"], true);
}

#[tokio::test]
async fn translations_are_flagged_when_the_main_text_moves_on() {
    let server = Server::start().await;
    let made = add(&server, published("Refunds", "Yes.")).await;
    let id = made["article"]["id"].as_str().unwrap().to_owned();
    let save = |locale: &str, base: u32| {
        let body =
            json!({"base_version": base, "title": "T", "body_markdown": "B", "publish": true});
        let path = format!("/v1/admin/articles/{id}/texts/{locale}");
        by_admin(&server, Method::PUT, path, body)
    };
    let outdated = |detail: Value| -> Vec<(String, bool)> {
        let locales = detail["article"]["locales"].as_array().unwrap().clone();
        let one = |locale: &Value| {
            (
                locale["locale"].as_str().unwrap().to_owned(),
                locale["outdated"].as_bool().unwrap(),
            )
        };
        locales.iter().map(one).collect()
    };
    let now = outdated(save("DE", 0).await.expect(200).json());
    assert_eq!(now, [("de".to_owned(), false), ("en".to_owned(), false)]);
    let now = outdated(save("en", 1).await.expect(200).json());
    assert_eq!(now, [("de".to_owned(), true), ("en".to_owned(), false)]);
    let now = outdated(save("de", 1).await.expect(200).json());
    assert_eq!(now, [("de".to_owned(), false), ("en".to_owned(), false)]);
    let main = json!({"locale": "de"});
    by_admin(&server, Method::PUT, "/v1/admin/articles/main_locale", main)
        .await
        .expect(200);
    let list = server
        .get("/v1/admin/articles")
        .role(Role::Supervisor)
        .send()
        .await;
    let list = list.expect(200).json();
    assert_eq!(list["main_locale"], "de");
}

#[tokio::test]
async fn a_file_goes_out_and_comes_in() {
    let server = Server::start().await;
    let import = |file: Value| by_admin(&server, Method::POST, "/v1/admin/articles/import", file);
    let demo: Value =
        serde_json::from_str(include_str!("../../../overture/src/demo/articles.json")).unwrap();
    let all = demo["articles"].as_array().unwrap().len();
    let done = import(demo.clone()).await.expect(200).json();
    assert_eq!(done, json!({"added": all, "changed": 0, "unchanged": 0}));
    let done = import(demo).await.expect(200).json();
    assert_eq!(done, json!({"added": 0, "changed": 0, "unchanged": all}));
    let exported = server
        .get("/v1/admin/articles/export")
        .role(Role::Admin)
        .send()
        .await
        .expect(200)
        .json();
    let mut file = exported.clone();
    file["articles"][0]["texts"]["en"]["title"] = "Changed".into();
    let done = import(file).await.expect(200).json();
    assert_eq!(done["changed"], 1);

    for (change, field) in [
        (json!({"slug": "No Spaces"}), "articles.0.slug"),
        (json!({"status": "lost"}), "articles.0.status"),
        (json!({"paths": ["checkout"]}), "articles.0.paths"),
        (json!({"codes": ["a:b:c"]}), "articles.0.codes"),
        (json!({"keywords": ["x".repeat(61)]}), "articles.0.keywords"),
        (json!({"place": 2_000_000}), "articles.0.place"),
        (json!({"texts": {}}), "articles.0.texts"),
        (
            json!({"texts": {"english": {"title": "T", "body_markdown": "B"}}}),
            "articles.0.texts",
        ),
        (
            json!({"texts": {"en": {"title": "", "body_markdown": "B"}}}),
            "articles.0.title",
        ),
        (
            json!({"texts": {"en": {"title": "T", "body_markdown": "x".repeat(20_001)}}}),
            "articles.0.body_markdown",
        ),
    ] {
        let mut article =
            json!({"slug": "new-one", "texts": {"en": {"title": "T", "body_markdown": "B"}}});
        for (name, value) in change.as_object().unwrap() {
            article[name] = value.clone();
        }
        let answer = import(json!({"articles": [article]})).await.expect(400);
        assert_eq!(answer.json()["field"], field);
    }
    let twice = json!({"slug": "twice", "texts": {"en": {"title": "T", "body_markdown": "B"}}});
    import(json!({"articles": [twice, twice]}))
        .await
        .expect(400);
    let list = server
        .get("/v1/admin/articles")
        .role(Role::Admin)
        .send()
        .await;
    let count = list.expect(200).json()["articles"]
        .as_array()
        .unwrap()
        .len();
    assert_eq!(count, all, "a wrong file changes nothing");
}
