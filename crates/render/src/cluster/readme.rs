//! In which order the objects are applied, and what must be installed before.

use std::fmt::Write as _;

use plimsoll_model::Design;

use super::version;
use crate::text::{markdown_header, table};
use crate::{File, Tree};

pub(super) fn render(design: &Design, tree: &mut Tree) {
    let mut text = markdown_header(design, "In which order the objects of the cluster are applied");
    let _ = writeln!(
        text,
        "\n# Objects of {}\n\nApply the files in the order of their numbers; each says in its head what it is. Operators come first, from \
         their own releases (with `kubectl` and Helm 3, wherever the kubeconfig is):\n",
        design.cluster
    );
    let calico = version(design, "calico");
    let mut operators = vec![[
        "before `10-`".to_owned(),
        format!("Calico {calico}: its operator and definitions"),
        format!(
            "`kubectl create -f https://raw.githubusercontent.com/projectcalico/calico/v{calico}/manifests/operator-crds.yaml -f \
             https://raw.githubusercontent.com/projectcalico/calico/v{calico}/manifests/tigera-operator.yaml`"
        ),
    ]];
    operators.push([
        "between `10-` and `11-`".to_owned(),
        "Calico's own API server, which serves the objects of `11-`".to_owned(),
        "`kubectl wait --for=create --timeout=5m tigerastatus/apiserver && kubectl wait --for=condition=Available --timeout=10m \
         tigerastatus/apiserver`"
            .to_owned(),
    ]);
    if design.metallb.is_some() {
        let release = version(design, "metallb");
        // Its webhook judges every object of `20-` and `21-`.
        operators.push([
            "before `20-`".to_owned(),
            format!("MetalLB {release}"),
            format!(
                "`helm install metallb metallb --repo https://metallb.github.io/metallb --version {release} --namespace metallb-system \
                 --values values/metallb.yaml --wait`"
            ),
        ]);
    }
    if design.ceph.is_some() {
        let release = version(design, "rook");
        operators.push([
            "before `30-`".to_owned(),
            format!("Rook {release}"),
            format!("`helm install rook-ceph rook-ceph --repo https://charts.rook.io/release --version v{release} --namespace rook-ceph --wait`"),
        ]);
        operators.push([
            "after `30-`".to_owned(),
            "Ceph's own commands, for whoever repairs: the toolbox".to_owned(),
            format!(
                "`kubectl apply -f https://raw.githubusercontent.com/rook/rook/v{release}/deploy/examples/toolbox.yaml`"
            ),
        ]);
    }
    text.push_str(&table(&["when", "what", "how"], operators));
    let files: Vec<[String; 2]> = tree
        .iter()
        .filter_map(|(path, file)| {
            let name = path.strip_prefix("cluster/").filter(|name| !name.contains('/'))?;
            Some([format!("`{name}`"), file.purpose.clone()])
        })
        .collect();
    text.push('\n');
    text.push_str(&table(&["file", "what"], files));
    text.push_str(
        "\nFiles of Prometheus lie in `prometheus/`: `prometheus.yml` with its rules beside it. Secrets are filled in when the files are \
         written to their place; until then a placeholder stands there.\n",
    );
    tree.add("cluster/README.md", File::new("order of the objects", text));
}
