//! Shapes of two patterns: what is done for each of the one with each of the other.

/// Two patterns, each of which is as long as half of a file: what is done for each of the first with each of the second.
pub(crate) type Pair = (&'static str, &'static str, [&'static str; 5]);

/// The path, what it is; then what stands before, the first pattern, what stands between, the second, what stands behind.
pub(crate) const PAIRS: &[Pair] = &[
    (
        "haproxy.cfg",
        "frontends of a large backend",
        ["", "frontend f#\n bind *:6443\n default_backend b\n", "backend b\n", " server a# 10.0.~.%:6443 check\n", ""],
    ),
    (
        "haproxy.cfg",
        "backends with long defaults",
        ["defaults\n", " option o#\n", "", "listen b#\n bind *:6443\n server a 10.0.0.1:6443\n", ""],
    ),
    (
        "keepalived.conf",
        "instances of a large group",
        ["vrrp_sync_group g {\n group {\n", "a#\n", " }\n}\n", "vrrp_instance a# {\n virtual_router_id %\n}\n", ""],
    ),
    (
        "keepalived.conf",
        "scripts that an instance tracks",
        [
            "",
            "vrrp_script s# {\n script \"a\"\n}\n",
            "vrrp_instance a {\n virtual_router_id 5\n track_script {\n",
            "s#\n",
            " }\n}\n",
        ],
    ),
    (
        "keepalived.conf",
        "instances of a group that tracks much",
        [
            "vrrp_sync_group g {\n group {\n a0\n a1\n a2\n a3\n a4\n a5\n a6\n a7\n a8\n a9\n }\n track_script {\n",
            "s#\n",
            " }\n}\n",
            "vrrp_instance a# {\n virtual_router_id %\n}\n",
            "",
        ],
    ),
    (
        "named.conf",
        "zones under a long list",
        [
            "options { allow-transfer {\n",
            "10.~.%.1;\n",
            "}; };\n",
            "zone \"z#\" { type primary; file \"db.z#\"; };\n",
            "",
        ],
    ),
    (
        "named.conf",
        "views and zones",
        [
            "",
            "key k# { algorithm hmac-sha256; secret \"YQ==\"; };\n",
            "",
            "zone \"z#\" { type primary; file \"a\"; allow-transfer { key k#; }; };\n",
            "",
        ],
    ),
    (
        "etc/network/interfaces",
        "bonds and who claims them",
        ["", "iface b# inet manual\n bond-mode 4\n", "", "iface e# inet manual\n bond-master b#\n", ""],
    ),
    ("Corefile", "servers that import much", ["(s) {\n", " rewrite name a# b#\n", "}\n", "z#.x {\n import s\n}\n", ""]),
    (
        "frr.conf",
        "peers of a group",
        [
            "router bgp 1\n neighbor g peer-group\n",
            " neighbor g description a#\n",
            "",
            " neighbor 10.0.~.% peer-group g\n",
            "",
        ],
    ),
    (
        "manifests.yaml",
        "services and pools",
        [
            "",
            "apiVersion: v1\nkind: Service\nmetadata: {name: s#}\nspec: {type: LoadBalancer, loadBalancerIP: 10.0.~.%}\n---\n",
            "",
            "apiVersion: metallb.io/v1beta1\nkind: IPAddressPool\nmetadata: {name: p#}\nspec: {addresses: [10.~.%.0/24]}\n---\n",
            "",
        ],
    ),
    (
        "manifests.yaml",
        "claims and classes",
        [
            "",
            "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: c#}\nspec: {storageClassName: s#}\n---\n",
            "",
            "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: s#}\nprovisioner: a\n---\n",
            "",
        ],
    ),
    (
        "manifests.yaml",
        "budgets and labels",
        [
            "",
            "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: d#}\nspec: {minAvailable: 1, selector: {matchExpressions: [{key: a, operator: Exists}]}}\n---\n",
            "",
            "apiVersion: v1\nkind: Pod\nmetadata: {name: p#, labels: {a: b#}}\nspec: {containers: [{name: x}]}\n---\n",
            "",
        ],
    ),
];
