//! kubeadm's configuration, good and broken in a single place.
#![allow(clippy::panic, clippy::unwrap_used)]

use std::io::Write;

use plimsoll_accept::{Sandbox, kubeadm};

const CONFIG: &str = "\
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: v1.36.0
controlPlaneEndpoint: api.k8s.example.edu:8443
networking: { podSubnet: 10.244.0.0/16, serviceSubnet: 10.96.0.0/20 }
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
nodeRegistration: { name: cp-1 }
---
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
maxPods: 110
";

#[test]
fn kubeadm_and_kubelet_configuration() {
    let sandbox = Sandbox::open().unwrap_or_else(|error| panic!("{error}"));
    if !kubeadm::is_available() {
        // Written past the test harness, which shows nothing of a test that passes.
        let _ = std::io::stderr().write_all(
            b"LEFT OUT: kubeadm's configuration is not checked, there is no kubeadm: install Go 1.26, \
              then `cargo xtask set-up`\n",
        );
        return;
    }
    let good = kubeadm::accepts(&sandbox, CONFIG).unwrap();
    assert!(good.accepted, "{good}");
    for (from, to, said) in [
        ("podSubnet", "podSubnett", "unknown field \"networking.podSubnett\""),
        ("maxPods", "maxPodss", "unknown field \"maxPodss\""),
        ("10.96.0.0/20", "10.96.0.0/33", "networking.serviceSubnet: Invalid value"),
        ("v1beta4", "v1beta9", "v1beta9"),
    ] {
        let verdict = kubeadm::accepts(&sandbox, CONFIG.replacen(from, to, 1)).unwrap();
        assert!(!verdict.accepted && verdict.output.contains(said), "{from} as {to}: {verdict}");
    }
}
