//! Sets the stage for modes that need an agent: live, and one agent with many seats.

use serde_json::json;

use super::StaffArgs;
use crate::{client::Target, people::StaffMember};

/// Seats of the load's agent, a channel.
const SEATS: u32 = 10_000;

const EMAIL: &str = "loadgen-agent@localhost";
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
    if admin
        .call("POST", "/v1/admin/agents", &agent)
        .await
        .is_err()
    {
        // There is one from an earlier run, with the same password.
        tracing::debug!("the agent exists already");
    }
    let mut agent = StaffMember::sign_in(target, EMAIL, PASSWORD).await?;
    let presence = json!({"presence": "available"});
    agent.call("POST", "/v1/desk/presence", &presence).await?;
    Ok(agent)
}
