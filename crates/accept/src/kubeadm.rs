//! kubeadm's own verdict on its configuration and the kubelet's and kube-proxy's beside it.

use plimsoll_rootfs::{Cache, kubeadm};

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

/// All is well; or there is no default route here, which matters only to files that leave the address to kubeadm.
fn says_nothing(line: &str) -> bool {
    line == "ok" || line.contains("could not obtain a bind address for the API Server: no default routes found")
}
