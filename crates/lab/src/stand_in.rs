//! What stands in for parts of a cluster that this lab does not run yet.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::error::LabError;
use crate::plan::HostFile;

/// Where a host finds the lab's helper program.
pub(crate) const HELPER_IN_HOST: &str = "/usr/local/lib/plimsoll-lab/helper";
/// The stand-in's unit on a host.
pub const UNIT: &str = "readyz-stand-in.service";
const CONFIGURATION: &str = "/etc/plimsoll-lab/readyz-stand-in.json";

/// `readyz-stand-in`: answers `GET /readyz` in place of kube-apiserver, and nothing else.
///
/// It serves TLS with the apiserver's certificate on the node's address and answers 200 while its local etcd member
/// answers a linearizable health check, else 500. The check is asked through mutual TLS with the certificate of kubeadm's
/// health check client, every 200 ms with a limit of 2 s. The real server asks its etcd at most every second, has more
/// checks than this one, and drains before it stops: outages measured at the stand-in are those of the balancer, of the
/// address and of etcd, not those of an apiserver.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReadyzStandIn {
    /// Name that it puts into its answers, so that a client sees which host answered.
    pub node: String,
    /// Address to serve on, for example `10.30.12.11:6443`.
    pub listen: SocketAddr,
    /// Path of its certificate chain on the host (PEM).
    pub certificate: String,
    /// Path of its private key on the host (PEM).
    pub key: String,
    /// Address of the etcd member to ask, for example `127.0.0.1:2379`.
    pub etcd: SocketAddr,
    /// Path of the authority that signed etcd's certificates (PEM).
    pub etcd_ca: String,
    /// Path of the client certificate shown to etcd (PEM).
    pub etcd_certificate: String,
    /// Path of its private key (PEM).
    pub etcd_key: String,
}

impl ReadyzStandIn {
    /// The stand-in where kubeadm puts the real server's files: `/etc/kubernetes/pki`.
    pub fn at_kubeadm_paths(node: impl Into<String>, listen: SocketAddr) -> Self {
        let pki = |file: &str| format!("/etc/kubernetes/pki/{file}");
        Self {
            node: node.into(),
            listen,
            certificate: pki("apiserver.crt"),
            key: pki("apiserver.key"),
            etcd: SocketAddr::from(([127, 0, 0, 1], 2379)),
            etcd_ca: pki("etcd/ca.crt"),
            etcd_certificate: pki("etcd/healthcheck-client.crt"),
            etcd_key: pki("etcd/healthcheck-client.key"),
        }
    }

    /// Its unit and its configuration.
    pub(crate) fn files(&self) -> Result<Vec<HostFile>, LabError> {
        let configuration = serde_json::to_vec_pretty(self).map_err(LabError::sys("write the stand-in's settings"))?;
        let unit = format!(
            "[Unit]\n\
             Description=readyz-stand-in: answers /readyz in place of kube-apiserver\n\
             \n\
             [Service]\n\
             ExecStart={HELPER_IN_HOST} readyz-stand-in {CONFIGURATION}\n\
             Restart=always\n\
             RestartSec=1\n\
             \n\
             [Install]\n\
             WantedBy=multi-user.target\n"
        );
        Ok(vec![
            HostFile::new(CONFIGURATION, configuration),
            HostFile::new(format!("/etc/systemd/system/{UNIT}"), unit),
        ])
    }
}
