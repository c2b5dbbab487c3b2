//! kubeadm's own verdict on its configuration and the kubelet's and kube-proxy's beside it.

use plimsoll_rootfs::{Cache, kubeadm};

use crate::sandbox::Run;
use crate::{Error, Files, Sandbox, Verdict};

/// Whether kubeadm is in the cache. Where the machine has no Go to build it, it is not, and a test must say that it left
/// this check out.
pub fn is_available() -> bool {
    Cache::locate().is_ok_and(|cache| kubeadm::find(&cache).is_ok())
}

/// `kubeadm config validate` of one file, which may hold several documents. Unknown fields and impossible values are
/// errors; whether the documents fit the machine is not asked.
///
/// # Errors
/// When kubeadm is not in the cache or could not be asked.
pub fn accepts(sandbox: &Sandbox, config: impl Into<Vec<u8>>) -> Result<Verdict, Error> {
    let program = kubeadm::find(&Cache::locate()?)?;
    let files = Files::from([("/etc/kubernetes/kubeadm.yaml", config.into())]);
    let script = "exec /mnt/kubeadm config validate --config /etc/kubernetes/kubeadm.yaml";
    let run = sandbox.run_for(60, &files, &[], Some(program.path()), script, &[])?;
    Ok(Verdict::of("kubeadm config validate", &run, true, says_nothing))
}

/// The static pod of etcd that kubeadm makes of the files of a control-plane machine, its patches applied.
///
/// # Errors
/// When kubeadm is not in the cache or could not be asked; what it rejects is in the result.
pub fn etcd_manifest(sandbox: &Sandbox, files: &Files) -> Result<Run, Error> {
    let program = kubeadm::find(&Cache::locate()?)?;
    let script = "/mnt/kubeadm init phase etcd local --config /etc/kubernetes/kubeadm.yaml >&2 && \
                  cat /etc/kubernetes/manifests/etcd.yaml";
    sandbox.run_for(60, files, &[], Some(program.path()), script, &[])
}

/// All is well; or there is no default route here, which matters only to files that leave the address to kubeadm; or pods
/// ask the resolver cache on their node, whose link-local address kubeadm does not expect.
fn says_nothing(line: &str) -> bool {
    line == "ok"
        || line.contains("could not obtain a bind address for the API Server: no default routes found")
        || (line.contains("The recommended value for \"clusterDNS\"")
            && line.contains("the provided value is: [169.254."))
}
