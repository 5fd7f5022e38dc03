//! Sets the stage for modes that need an agent: live, and one agent with many seats.

use serde_json::{Value, json};

use super::StaffArgs;
use crate::{client::Target, people::StaffMember};

/// Seats of the load's agent, a channel: the most that an agent may have.
pub(super) const SEATS: u32 = 50;

const EMAIL: &str = "loadgen-agent@load.test";
const PASSWORD: &str = "loadgen agent, many seats";

/// Goes live and returns an available agent with free seats.
pub(super) async fn available_agent(
    target: &Target,
    args: &StaffArgs,
) -> anyhow::Result<StaffMember> {
    let mut admin = StaffMember::sign_in(target, &args.admin_email, &args.admin_password).await?;
    let mode = json!({"mode": "live", "confirm": true});
    admin.call("POST", "/v1/admin/mode", &mode).await?;
    let agent = json!({
        "name": "Load", "email": EMAIL, "password": PASSWORD, "role": "agent", "skills": [],
        "languages": [], "capacity": {"chat": SEATS, "callback": SEATS}, "active": true,
    });
    let headers = admin.headers();
    let headers = headers
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let made = admin
        .connection()
        .call("POST", "/v1/admin/agents", &headers, &agent)
        .await?;
    // 409: there is one from an earlier run, with the same password.
    if made.status != 409 {
        made.ok()?;
    }
    let mut agent = StaffMember::sign_in(target, EMAIL, PASSWORD).await?;
    let presence = json!({"presence": "available"});
    agent.call("POST", "/v1/desk/presence", &presence).await?;
    Ok(agent)
}

/// Has calls listened to, where they are not.
pub(super) async fn calls_heard(target: &Target, args: &StaffArgs) -> anyhow::Result<()> {
    let mut admin = StaffMember::sign_in(target, &args.admin_email, &args.admin_password).await?;
    let policy = admin.call("GET", "/v1/admin/policy", &Value::Null).await?;
    let toml = policy["toml"].as_str().unwrap_or_default();
    let heard = toml.replacen("[voice]\nenabled = false", "[voice]\nenabled = true", 1);
    if heard != toml {
        let body = json!({"toml": heard, "base_revision": policy["revision"]});
        admin.call("PUT", "/v1/admin/policy", &body).await?;
    }
    Ok(())
}
