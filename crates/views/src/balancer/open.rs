//! HAProxy files of which a template makes whole statements.

use plimsoll_formats::haproxy::{Conf, Proxy, ProxyKind, Section};
use plimsoll_formats::{Kept, fills_statement};

use super::{Balancer, Server};
use crate::Fact;

/// Whether a template makes statements of one of the two sections, or of those that they inherit from.
pub(super) fn is_open(conf: &Conf, front: &Proxy, back: &Proxy) -> bool {
    let open = |kept: &[Kept]| kept.iter().any(|statement| fills_statement(statement));
    let inherited = conf.sections.iter().any(|section| match section {
        Section::Global(global) => open(&global.unknown),
        Section::Proxy(proxy) => proxy.kind == ProxyKind::Defaults && open(&proxy.unknown),
        Section::Other(_) => false,
    });
    inherited || open(&front.unknown) || open(&back.unknown)
}

/// What nobody stated may be stated by the template: it is unknown, neither absent nor the product's default.
pub(super) fn doubt(balancer: &mut Balancer) {
    balancer.passthrough.doubt_default();
    balancer.maxconn.doubt_default();
    balancer.balance.doubt_default();
    balancer.timeout_client.doubt_default();
    balancer.timeout_server.doubt_default();
    balancer.timeout_tunnel.doubt_default();
    balancer.timeout_check.doubt_default();
    balancer.slowstart.doubt(|time| time.0 == 0);
    balancer.binds_known = false;
    let check = &mut balancer.check;
    check.uri.doubt_default();
    check.version.doubt_default();
    for fact in
        [&mut balancer.shutdown_sessions, &mut check.enabled, &mut check.http, &mut check.rules, &mut check.host_header]
    {
        fact.doubt(|stated| !stated);
    }
    check.credentials.doubt(|stated| !stated);
    // More rules change what is expected.
    check.expects_200.doubt(|_| true);
    balancer.servers.iter_mut().for_each(doubt_server);
}

/// The section in front is not known: where it listens, and how much it takes. Its mode is that of the backend, since
/// HAProxy refuses to go from one to the other.
pub(super) fn doubt_front(balancer: &mut Balancer) {
    balancer.binds_known = false;
    balancer.endpoint.doubt(|_| true);
    balancer.maxconn.doubt(|_| true);
    balancer.timeout_client.doubt(|_| true);
}

/// `default-server` may be among the statements.
fn doubt_server(server: &mut Server) {
    let off: [&mut Fact<bool>; 2] = [&mut server.check_ssl, &mut server.ssl];
    for fact in off {
        fact.doubt(|on| !on);
    }
    server.verify.doubt_default();
    server.ca_file.doubt_default();
    server.inter.doubt_default();
    server.fall.doubt_default();
    server.maxconn.doubt_default();
    server.init_addr.doubt_default();
    // Not stated, it is as `inter`, whose default is two seconds.
    if server.inter.get().is_none() {
        server.fastinter.doubt(|_| true);
    }
}
