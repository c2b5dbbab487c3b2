//! DNS-029: stub domains stand where CoreDNS reads them.

use plimsoll_diagnostics::Severity;
use plimsoll_views::World;
use plimsoll_views::dns::Holder;

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const DNS_029: Rule = Rule {
    id: "DNS-029",
    severity: Severity::Error,
    summary: "stub domains are set in the Corefile",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "Error: a flag `--stub-domains` of the kubelet. Warning: `stubDomains` or `upstreamNameservers` in a \
                 KubeletConfiguration, or in the ConfigMap kube-dns.",
        breaks: "The kubelet has no such setting: it only tells pods which resolver to ask (`clusterDNS`). An unknown flag \
                 keeps it from starting, an unknown key is left out with a warning in its log. The ConfigMap kube-dns \
                 belonged to kube-dns; CoreDNS does not read it. Names in the domain are then asked of the wrong server.",
        remedy: "A server block of its own in the Corefile; with node-local-dns in its Corefile too.",
        before: "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: kube-dns, namespace: kube-system }\ndata:\n  stubDomains: |\n    {\"example.edu\": [\"10.30.1.53\"]}",
        after: "example.edu:53 {\n    errors\n    cache 30\n    forward . 10.30.1.53\n}",
        source: "Kubernetes documentation, Customizing DNS Service (CoreDNS equivalent of stubDomains); \
                 kubelet.config.k8s.io/v1beta1, which has no such field",
        evidence: Evidence::SeenPrinciple,
    },
    check: misplaced,
};

fn misplaced(world: &World<'_>, verdicts: &mut Verdicts) {
    if world.dns.misplaced_stubs.is_empty() && !world.dns.resolvers.is_empty() {
        verdicts.holds();
    }
    for stub in &world.dns.misplaced_stubs {
        let (severity, message, breaks) = match stub.holder {
            Holder::KubeDnsConfigMap => (
                Severity::Warning,
                format!("CoreDNS does not read `{}` of the ConfigMap kube-dns", stub.setting),
                "names in these domains are asked of the wrong server",
            ),
            Holder::KubeletConfiguration => (
                Severity::Warning,
                format!("the kubelet knows no `{}`", stub.setting),
                "it leaves the key out, and names in these domains are asked of the wrong server",
            ),
            Holder::KubeletFlags => (
                Severity::Error,
                format!("the kubelet knows no `{}`", stub.setting),
                "it does not start with an unknown flag",
            ),
        };
        verdicts.broken(
            Finding::new(severity, &stub.place, message)
                .at_place(&stub.place, "stub domains belong to CoreDNS")
                .breaks(breaks)
                .help("a server block in the Corefile: `example.edu:53 { forward . 10.30.1.53 }`"),
        );
    }
}
