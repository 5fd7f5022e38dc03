//! The demo's guides: one of each kind on the sample shop.

use anyhow::Context;
use serde_json::{Value, json};

use crate::people::StaffMember;

const GUIDES: &str = include_str!("guides/guides.json");
const FILM: &[u8] = include_bytes!("guides/tour.webm");
const CAPTIONS: [(&str, &str); 2] = [
    ("en", include_str!("guides/tour.en.vtt")),
    ("de", include_str!("guides/tour.de.vtt")),
];

/// Writes and publishes the guides, unless an earlier run did.
pub(super) async fn furnish(admin: &mut StaffMember) -> anyhow::Result<()> {
    let known = admin.call("GET", "/v1/admin/guides", &Value::Null).await?;
    let known = known["guides"].as_array().cloned().unwrap_or_default();
    let guides: Vec<Value> = serde_json::from_str(GUIDES).context("the demo's guides")?;
    for guide in guides {
        if known.iter().any(|one| one["name"] == guide["name"]) {
            continue;
        }
        publish(admin, guide).await?;
    }
    Ok(())
}

async fn publish(admin: &mut StaffMember, mut guide: Value) -> anyhow::Result<()> {
    let new = json!({"name": guide["name"], "kind": guide["draft"]["kind"]});
    let made = admin.call("POST", "/v1/admin/guides", &new).await?;
    let path = format!(
        "/v1/admin/guides/{}",
        made["id"].as_str().context("the guide has no id")?
    );
    if guide["draft"]["kind"] == "video" {
        let media = format!("{path}/media");
        let film = admin.send(&format!("{media}?kind=video"), FILM).await?;
        let mut captions = Vec::new();
        for (locale, text) in CAPTIONS {
            let sent = admin
                .send(&format!("{media}?kind=captions"), text.as_bytes())
                .await?;
            captions.push(json!({"locale": locale, "media": sent["media"]}));
        }
        guide["draft"]["video"] = json!({"media": film["media"], "captions": captions});
    }
    guide["draft_version"] = made["draft_version"].clone();
    let saved = admin.call("PUT", &path, &guide).await?;
    let version = json!({"draft_version": saved["draft_version"]});
    admin
        .call("POST", &format!("{path}/publish"), &version)
        .await?;
    Ok(())
}
