//! Which addresses are public: what people enter must not lead into the network that Assay runs in.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Whether an address is one of the public internet: none of this machine, of a private network, of a link (as the ones at
/// which clouds give out credentials), and none that leads to such a one.
///
/// Source: IANA, special-purpose address registries for IPv4 and IPv6 (RFC 6890 and its successors).
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let is_special = matches!(
        (first, second, third),
        (0 | 10 | 127 | 224..=255, _, _)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18..=19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    );
    !is_special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    // Only 2000::/3 is given out. In it, these lead to IPv4 addresses (Teredo, 6to4) or are for documents.
    let is_given_out = (0x2000..0x4000).contains(&first);
    let is_special = (first == 0x2001 && (second < 0x200 || second == 0xdb8)) || first == 0x2002;
    is_given_out && !is_special
}

/// Whether people may enter `address` as one that is asked: https and of the public internet, or, where `local`, on this
/// machine.
///
/// # Errors
/// What is wrong with it, as the end of a sentence.
pub fn check_address(address: &str, local: bool) -> Result<(), &'static str> {
    let url = Url::parse(address).map_err(|_| "must be a whole address, like `https://example.com`")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must have no user name and no password");
    }
    let (is_loopback, is_open) = match url.host() {
        Some(Host::Ipv4(address)) => (address.is_loopback(), is_public(address.into())),
        Some(Host::Ipv6(address)) => (address.is_loopback(), is_public(address.into())),
        // A name without a dot is one of the network that it is looked up in.
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            let is_own = name == "localhost" || name.ends_with(".localhost");
            let is_inside =
                [".local", ".internal"].iter().any(|end| name.ends_with(end)) || !name.contains('.');
            (is_own, !is_own && !is_inside)
        }
        None => return Err("must name a host"),
    };
    if is_loopback && local && ["http", "https"].contains(&url.scheme()) {
        return Ok(());
    }
    if url.scheme() != "https" {
        return Err("must begin with `https://`");
    }
    if !is_open {
        return Err("must lead to the public internet, not to this machine or a private network");
    }
    Ok(())
}

/// Looks names up, and gives public addresses only.
#[derive(Clone, Copy, Debug)]
pub(super) struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let looked_up = tokio::task::spawn_blocking(move || (host.as_str(), 0).to_socket_addrs()).await?;
            let public: Vec<SocketAddr> = looked_up?.filter(|found| is_public(found.ip())).collect();
            if public.is_empty() {
                return Err("the host has no public address".into());
            }
            let addresses: Addrs = Box::new(public.into_iter());
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::is_public;
    use crate::http::{Method, Request, ReqwestSender, SendError, Sender};

    #[test]
    fn only_addresses_of_the_public_internet_are_public() {
        for public in
            ["1.1.1.1", "54.240.196.0", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a05:d014::1"]
        {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for private in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.168.1.1",
            "198.18.0.1",
            "203.0.113.5",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "fe80::1",
            "fd00:ec2::254",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "2002:a9fe:a9fe::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_is_not_connected_to() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let request = Request {
            method: Method::Post,
            url: format!("https://localhost:{}/hook", listener.local_addr().unwrap().port()),
            authorization: None,
            headers: Vec::new(),
            body: None,
            timeout: Duration::from_secs(5),
        };
        match ReqwestSender::to_public_hosts().unwrap().send(request).await {
            Err(SendError::NotSent { detail }) => {
                assert!(detail.contains("no public address"), "{detail}");
            }
            _ => panic!("something was sent to this machine"),
        }
    }
}
