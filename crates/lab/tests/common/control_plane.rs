//! What the three control-plane hosts are given: keepalived, HAProxy and etcd with its certificates.

use std::net::Ipv4Addr;

use plimsoll_lab::HostFile;

use super::certificates::{Authority, Issued};
use super::{API_NAME, API_PORT, HostFiles, VIP};

pub const NIC: &str = "ens18";
const LOCAL: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// The files of all hosts, and the authority that signed the API's certificate (PEM).
pub struct ControlPlane {
    pub hosts: Vec<HostFiles>,
    pub authority: String,
}

pub fn control_plane_files() -> ControlPlane {
    let members = [1, 2, 3].map(|number: u8| (format!("cp-{number}"), Ipv4Addr::new(10, 30, 12, 10 + number)));
    let authority = Authority::new("kubernetes");
    let etcd_authority = Authority::new("etcd-ca");
    let hosts = members
        .iter()
        .enumerate()
        .map(|(index, (name, address))| {
            let pki = |file: &str| format!("/etc/kubernetes/pki/{file}");
            let mut files = vec![
                HostFile::new("/etc/keepalived/keepalived.conf", keepalived(&members, index)).mode(0o600),
                HostFile::new("/etc/haproxy/haproxy.cfg", haproxy(&members)),
                HostFile::new("/etc/systemd/system/etcd.service", etcd(&members, index)),
                HostFile::new("/etc/hosts", format!("127.0.0.1 localhost\n{address} {name}\n{VIP} {API_NAME}\n")),
                HostFile::new(pki("ca.crt"), authority.certificate()),
                HostFile::new(pki("etcd/ca.crt"), etcd_authority.certificate()),
            ];
            let mut put = |base: &str, issued: Issued| {
                files.push(HostFile::new(pki(&format!("{base}.crt")), issued.certificate));
                files.push(HostFile::new(pki(&format!("{base}.key")), issued.key).mode(0o600));
            };
            put("apiserver", authority.issue("kube-apiserver", &[API_NAME, name], &[*address, VIP, LOCAL]));
            put("etcd/server", etcd_authority.issue(name, &[name, "localhost"], &[*address, LOCAL]));
            put("etcd/peer", etcd_authority.issue(name, &[name, "localhost"], &[*address, LOCAL]));
            put("etcd/healthcheck-client", etcd_authority.issue("kube-etcd-healthcheck-client", &[], &[]));
            HostFiles {
                name: name.clone(),
                address: *address,
                nic: NIC.to_owned(),
                files,
                units: ["etcd.service", "haproxy.service", "keepalived.service"].map(str::to_owned).to_vec(),
            }
        })
        .collect();
    ControlPlane { hosts, authority: authority.certificate() }
}

type Members = [(String, Ipv4Addr); 3];

/// Unicast, no preemption, and a check of the whole path through the local balancer, without a weight: a failed check
/// means FAULT.
fn keepalived(members: &Members, index: usize) -> String {
    let (name, address) = &members[index];
    let peers = members.iter().filter(|(peer, _)| peer != name);
    let peers: Vec<String> = peers.map(|(_, address)| format!("        {address}\n")).collect();
    let peers = peers.concat();
    let priority = 150 - 10 * index;
    format!(
        "global_defs {{\n\
         \x20   router_id {name}\n\
         \x20   enable_script_security\n\
         \x20   script_user nobody nogroup\n\
         }}\n\
         vrrp_script api {{\n\
         \x20   script \"/usr/bin/curl --silent --fail --output /dev/null --max-time 1 --cacert /etc/kubernetes/pki/ca.crt \
         https://127.0.0.1:{API_PORT}/readyz\"\n\
         \x20   interval 2\n\
         \x20   timeout 2\n\
         \x20   fall 2\n\
         \x20   rise 2\n\
         }}\n\
         vrrp_instance api {{\n\
         \x20   state BACKUP\n\
         \x20   nopreempt\n\
         \x20   version 3\n\
         \x20   interface {NIC}\n\
         \x20   virtual_router_id 61\n\
         \x20   priority {priority}\n\
         \x20   advert_int 1\n\
         \x20   unicast_src_ip {address}\n\
         \x20   unicast_peer {{\n{peers}    }}\n\
         \x20   virtual_ipaddress {{\n\
         \x20       {VIP}/24 dev {NIC}\n\
         \x20   }}\n\
         \x20   track_script {{\n\
         \x20       api\n\
         \x20   }}\n\
         }}\n"
    )
}

fn haproxy(members: &Members) -> String {
    let check = "check check-ssl verify required ca-file /etc/kubernetes/pki/ca.crt";
    let servers =
        members.each_ref().map(|(name, address)| format!("    server {name} {address}:6443 {check}\n")).concat();
    format!(
        "global\n\
         \x20   log /dev/log local0\n\
         \x20   user haproxy\n\
         \x20   group haproxy\n\
         defaults\n\
         \x20   mode tcp\n\
         \x20   log global\n\
         \x20   option tcplog\n\
         \x20   option redispatch\n\
         \x20   retries 2\n\
         \x20   timeout connect 300ms\n\
         \x20   timeout client 4h\n\
         \x20   timeout server 4h\n\
         \x20   timeout tunnel 4h\n\
         \x20   timeout check 1s\n\
         frontend api\n\
         \x20   bind *:{API_PORT}\n\
         \x20   default_backend apiservers\n\
         backend apiservers\n\
         \x20   balance leastconn\n\
         \x20   option httpchk\n\
         \x20   http-check connect ssl\n\
         \x20   http-check send meth GET uri /readyz ver HTTP/1.1 hdr host {API_NAME}\n\
         \x20   http-check expect status 200\n\
         \x20   default-server inter 1s fastinter 200ms fall 2 rise 2 on-marked-down shutdown-sessions\n\
         {servers}"
    )
}

/// Debian's etcd with the flags that kubeadm would give its static pod.
fn etcd(members: &Members, index: usize) -> String {
    let (name, address) = &members[index];
    let cluster: Vec<String> = members.iter().map(|(name, address)| format!("{name}=https://{address}:2380")).collect();
    let cluster = cluster.join(",");
    let pki = "/etc/kubernetes/pki/etcd";
    format!(
        "[Unit]\n\
         Description=etcd\n\
         \n\
         [Service]\n\
         Type=notify\n\
         StateDirectory=etcd\n\
         StateDirectoryMode=0700\n\
         ExecStart=/usr/bin/etcd --name={name} --data-dir=/var/lib/etcd \\\n\
         \x20 --listen-client-urls=https://127.0.0.1:2379,https://{address}:2379 \\\n\
         \x20 --advertise-client-urls=https://{address}:2379 \\\n\
         \x20 --listen-peer-urls=https://{address}:2380 --initial-advertise-peer-urls=https://{address}:2380 \\\n\
         \x20 --initial-cluster={cluster} --initial-cluster-state=new \\\n\
         \x20 --listen-metrics-urls=http://127.0.0.1:2381 \\\n\
         \x20 --cert-file={pki}/server.crt --key-file={pki}/server.key --client-cert-auth=true \\\n\
         \x20 --trusted-ca-file={pki}/ca.crt \\\n\
         \x20 --peer-cert-file={pki}/peer.crt --peer-key-file={pki}/peer.key --peer-client-cert-auth=true \\\n\
         \x20 --peer-trusted-ca-file={pki}/ca.crt \\\n\
         \x20 --heartbeat-interval=100 --election-timeout=1000 --snapshot-count=10000\n\
         Restart=always\n\
         RestartSec=1\n\
         LimitNOFILE=40000\n\
         \n\
         [Install]\n\
         WantedBy=multi-user.target\n"
    )
}
