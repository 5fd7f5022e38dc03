//! Who is at the other end of a connection, as far as it can be believed.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderMap, header, request::Parts},
};

use crate::{app::Shared, config::Config, error::ApiError};

/// The client's address: the peer's, or what listed proxies say about it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Client(pub(crate) IpAddr);

impl Client {
    pub(crate) fn of(config: &Config, peer: Option<IpAddr>, headers: &HeaderMap) -> Self {
        let Some(peer) = peer else {
            return Self(Ipv4Addr::UNSPECIFIED.into());
        };
        let trusted = |address: IpAddr| {
            config
                .trusted_proxies
                .iter()
                .any(|network| network.contains(address))
        };
        let mut client = peer.to_canonical();
        if !trusted(client) {
            return Self(client);
        }
        // The last entry was added by the nearest proxy: walk towards the client until one
        // of them is not ours.
        let hops = headers
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .collect::<Vec<_>>();
        for hop in hops.into_iter().rev() {
            let Ok(address) = hop.trim().parse::<IpAddr>() else {
                break;
            };
            client = address.to_canonical();
            if !trusted(client) {
                break;
            }
        }
        Self(client)
    }
}

impl FromRequestParts<Shared> for Client {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, ApiError> {
        Ok(Self::of(&app.config, peer(parts), &parts.headers))
    }
}

fn peer(parts: &Parts) -> Option<IpAddr> {
    parts
        .extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map(|ConnectInfo(address)| address.ip())
}

/// Where the client reaches us, without a slash at the end: the configured public URL, or
/// what the request says.
#[derive(Debug, Clone)]
pub(crate) struct PublicUrl(pub(crate) String);

impl FromRequestParts<Shared> for PublicUrl {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, ApiError> {
        if let Some(url) = &app.config.public_url {
            return Ok(Self(url.trim_end_matches('/').to_owned()));
        }
        let host = parts
            .headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok())
            .filter(|host| {
                host.bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b".:-[]_".contains(&byte))
            })
            .unwrap_or("localhost");
        let from_proxy = peer(parts).is_some_and(|peer| {
            let networks = &app.config.trusted_proxies;
            networks.iter().any(|network| network.contains(peer))
        });
        let https = from_proxy
            && parts
                .headers
                .get("x-forwarded-proto")
                .is_some_and(|proto| proto == "https");
        let scheme = if https { "https" } else { "http" };
        Ok(Self(format!("{scheme}://{host}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_proxies_are_believed() {
        let config = Config {
            trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
            ..Config::default()
        };
        for (peer, forwarded, expected) in [
            ("203.0.113.5", "198.51.100.1", "203.0.113.5"),
            ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
            ("10.0.0.1", "198.51.100.1, 10.2.2.2", "198.51.100.1"),
            ("10.0.0.1", "6.6.6.6, 198.51.100.1", "198.51.100.1"),
            ("10.0.0.1", "nonsense", "10.0.0.1"),
            ("10.0.0.1", "", "10.0.0.1"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", forwarded.parse().unwrap());
            let client = Client::of(&config, Some(peer.parse().unwrap()), &headers);
            assert_eq!(
                client.0,
                expected.parse::<IpAddr>().unwrap(),
                "{peer} {forwarded}"
            );
        }
    }
}
