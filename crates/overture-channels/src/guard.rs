//! Refuses addresses that an outbound URL must not reach (server-side request forgery).

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use ureq::{
    Agent, Error, Timeout,
    config::Config,
    http::Uri,
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::{self, DefaultConnector, NextTimeout},
    },
};

/// Whether an outbound call may go to this machine or a private network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PrivateAddresses {
    /// Refuse them: the default.
    #[default]
    Refuse,
    /// Allow them, because an admin said so.
    Allow,
}

/// Whether `address` is reachable by anybody: not this machine, not a private, shared,
/// link-local, reserved or documentation network, and no tunnel into one.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(a == 0
        || a == 10
        || a == 127
        || (a == 100 && (64..128).contains(&b))
        || (a == 169 && b == 254)
        || (a == 172 && (16..32).contains(&b))
        || (a == 192 && b == 168)
        || (a == 192 && b == 0 && (c == 0 || c == 2))
        || (a == 198 && (b == 18 || b == 19))
        || (a == 198 && b == 51 && c == 100)
        || (a == 203 && b == 0 && c == 113)
        || a >= 224)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let parts = address.segments();
    if let Some(inner) = embedded_v4(parts) {
        return is_public_v4(inner);
    }
    // Global unicast is 2000::/3; of it, 2001::/23 (special), 2001:db8::/32 and
    // 3fff::/20 (documentation) are not for the world.
    (parts[0] & 0xe000) == 0x2000
        && !(parts[0] == 0x2001 && parts[1] < 0x0200)
        && !(parts[0] == 0x2001 && parts[1] == 0x0db8)
        && !(parts[0] == 0x3fff && parts[1] < 0x1000)
}

/// The IPv4 address inside a mapped, NAT64 or 6to4 address.
fn embedded_v4(parts: [u16; 8]) -> Option<Ipv4Addr> {
    let join = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match parts {
        [0, 0, 0, 0, 0, 0xffff, high, low] => Some(join(high, low)),
        [0x0064, 0xff9b, 0, 0, 0, 0, high, low] => Some(join(high, low)),
        [0x2002, high, low, ..] => Some(join(high, low)),
        _ => None,
    }
}

/// What calls go out with: `time_max` from resolving the name to the answer's end, no redirects, no proxy, every status an
/// answer, and private addresses as `private` says.
pub(crate) fn agent(time_max: Duration, private: PrivateAddresses) -> Agent {
    let config = Agent::config_builder()
        .timeout_global(Some(time_max))
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .proxy(None)
        .user_agent(concat!("Overture/", env!("CARGO_PKG_VERSION")))
        .build();
    Agent::with_parts(
        config,
        DefaultConnector::default(),
        GuardedResolver::new(private),
    )
}

/// The url, if it is http or https and names a host without user name and password.
pub(crate) fn bare_url(url: &str) -> Option<Uri> {
    let url: Uri = url.parse().ok()?;
    let scheme_fits = matches!(url.scheme_str(), Some("http" | "https"));
    let bare_host = !url.authority()?.as_str().contains('@');
    (scheme_fits && bare_host).then_some(url)
}

/// Where a url leads, for who connects by other means than [`agent`]: only addresses that may be called, at least one.
pub(crate) fn addresses(
    url: &Uri,
    time_max: Duration,
    private: PrivateAddresses,
) -> Result<Vec<SocketAddr>, Error> {
    let timeout = NextTimeout {
        after: transport::time::Duration::Exact(time_max),
        reason: Timeout::Resolve,
        ..NextTimeout::default()
    };
    let found = GuardedResolver::new(private).resolve(url, &Config::default(), timeout)?;
    Ok(found.iter().copied().collect())
}

/// Resolves names and keeps only the addresses that may be called. The connection uses
/// what this returns, so that a name cannot change between the check and the call.
#[derive(Debug)]
pub(crate) struct GuardedResolver {
    private: PrivateAddresses,
    names: DefaultResolver,
}

impl GuardedResolver {
    pub(crate) fn new(private: PrivateAddresses) -> Self {
        Self {
            private,
            names: DefaultResolver::default(),
        }
    }
}

/// The name leads to an address that may not be called.
#[derive(Debug, thiserror::Error)]
#[error("the address is private or reserved")]
pub struct RefusedAddress;

impl Resolver for GuardedResolver {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let found = self.names.resolve(uri, config, timeout)?;
        if self.private == PrivateAddresses::Allow {
            return Ok(found);
        }
        let mut allowed = self.empty();
        for address in found.iter().filter(|address| is_public(address.ip())) {
            allowed.push(*address);
        }
        if allowed.is_empty() {
            return Err(Error::Other(Box::new(RefusedAddress)));
        }
        Ok(allowed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_public_internet_may_be_called() {
        for (address, public) in [
            ("8.8.8.8", true),
            ("100.63.0.1", true),
            ("172.32.0.1", true),
            ("2606:4700::1111", true),
            ("127.0.0.1", false),
            ("0.0.0.0", false),
            ("10.1.2.3", false),
            ("100.64.0.1", false),
            ("169.254.169.254", false),
            ("172.16.0.1", false),
            ("192.168.1.1", false),
            ("198.18.0.1", false),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
            ("::1", false),
            ("::", false),
            ("fd00::1", false),
            ("fe80::1", false),
            ("ff02::1", false),
            ("::ffff:127.0.0.1", false),
            ("::ffff:8.8.8.8", true),
            ("64:ff9b::10.0.0.1", false),
            ("2002:7f00:1::", false),
            ("2001::1", false),
            ("2001:db8::1", false),
        ] {
            assert_eq!(is_public(address.parse().unwrap()), public, "{address}");
        }
    }
}
