# The guests as qm commands: the same as vms.json, to read, or to run on each host
# Read by sh. Rendered by Plimsoll for cluster campus; edits here are overwritten, so change the cluster file.
set -eu

# on pve-1
qm create 2001 \
  --name cp-1 \
  --ostype l26 \
  --memory 16384 \
  --balloon 0 \
  --sockets 1 \
  --cores 4 \
  --cpu x86-64-v2-AES \
  --scsihw virtio-scsi-single \
  --scsi0 local-zfs:0,import-from=local:import/debian-13.qcow2,cache=none,discard=on,iothread=1,replicate=0,ssd=1 \
  --boot order=scsi0 \
  --ide2 local-zfs:cloudinit \
  --scsi1 fast:16,cache=none,discard=on,iothread=1,replicate=0,ssd=1 \
  --net0 virtio=BC:24:11:00:00:01,bridge=vmbr2,tag=2001,mtu=1500 \
  --cicustom user=local:snippets/cp-1-user.yaml,network=local:snippets/cp-1-network.yaml,meta=local:snippets/cp-1-meta.yaml \
  --agent enabled=1 \
  --serial0 socket \
  --vga serial0 \
  --onboot 1 \
  --startup order=1 \
  --tags control-plane
qm disk resize 2001 scsi0 40G
qm start 2001

qm create 2011 \
  --name worker-1 \
  --ostype l26 \
  --memory 98304 \
  --balloon 0 \
  --sockets 1 \
  --cores 16 \
  --cpu x86-64-v2-AES \
  --scsihw virtio-scsi-single \
  --scsi0 local-zfs:0,import-from=local:import/debian-13.qcow2,cache=none,discard=on,iothread=1,replicate=0,ssd=1 \
  --boot order=scsi0 \
  --ide2 local-zfs:cloudinit \
  --scsi1 '<plimsoll:device pve-1/osd/0>,backup=0,cache=none,iothread=1,discard=on,ssd=1,serial=osd-0' \
  --scsi2 '<plimsoll:device pve-1/osd/1>,backup=0,cache=none,iothread=1,discard=on,ssd=1,serial=osd-1' \
  --scsi3 '<plimsoll:device pve-1/osd/2>,backup=0,cache=none,iothread=1,discard=on,ssd=1,serial=osd-2' \
  --scsi4 '<plimsoll:device pve-1/osd/3>,backup=0,cache=none,iothread=1,discard=on,ssd=1,serial=osd-3' \
  --net0 virtio=BC:24:11:00:00:11,bridge=vmbr2,tag=2001,mtu=1500 \
  --net1 virtio=BC:24:11:00:00:12,bridge=vmbr1,mtu=9000 \
  --cicustom user=local:snippets/worker-1-user.yaml,network=local:snippets/worker-1-network.yaml,meta=local:snippets/worker-1-meta.yaml \
  --agent enabled=1 \
  --serial0 socket \
  --vga serial0 \
  --onboot 1 \
  --startup order=2 \
  --tags worker
qm disk resize 2011 scsi0 200G
qm start 2011


# on pve-2
qm create 2002 \
  --name cp-2 \
  --ostype l26 \
  --memory 16384 \
  --balloon 0 \
  --sockets 1 \
  --cores 4 \
  --cpu x86-64-v2-AES \
  --scsihw virtio-scsi-single \
  --scsi0 local-zfs:0,import-from=local:import/debian-13.qcow2,cache=none,discard=on,iothread=1,replicate=0,ssd=1 \
  --boot order=scsi0 \
  --ide2 local-zfs:cloudinit \
  --scsi1 fast:16,cache=none,discard=on,iothread=1,replicate=0,ssd=1 \
  --net0 virtio=BC:24:11:00:00:02,bridge=vmbr2,tag=2001,mtu=1500 \
  --cicustom user=local:snippets/cp-2-user.yaml,network=local:snippets/cp-2-network.yaml,meta=local:snippets/cp-2-meta.yaml \
  --agent enabled=1 \
  --serial0 socket \
  --vga serial0 \
  --onboot 1 \
  --startup order=1 \
  --tags control-plane
qm disk resize 2002 scsi0 40G
qm start 2002

qm create 2021 \
  --name ns-1 \
  --ostype l26 \
  --memory 4096 \
  --balloon 0 \
  --sockets 1 \
  --cores 2 \
  --cpu x86-64-v2-AES \
  --scsihw virtio-scsi-single \
  --scsi0 local-zfs:0,import-from=local:import/debian-13.qcow2,cache=none,discard=on,iothread=1,replicate=0,ssd=1 \
  --boot order=scsi0 \
  --ide2 local-zfs:cloudinit \
  --net0 virtio=BC:24:11:00:00:21,bridge=vmbr0,mtu=1500 \
  --cicustom user=local:snippets/ns-1-user.yaml,network=local:snippets/ns-1-network.yaml,meta=local:snippets/ns-1-meta.yaml \
  --agent enabled=1 \
  --serial0 socket \
  --vga serial0 \
  --onboot 1 \
  --startup order=1 \
  --tags zone-server
qm disk resize 2021 scsi0 20G
qm start 2021


# on pve-3
qm create 2003 \
  --name cp-3 \
  --ostype l26 \
  --memory 16384 \
  --balloon 0 \
  --sockets 1 \
  --cores 4 \
  --cpu x86-64-v2-AES \
  --scsihw virtio-scsi-single \
  --scsi0 local-zfs:0,import-from=local:import/debian-13.qcow2,cache=none,discard=on,iothread=1,replicate=0,ssd=1 \
  --boot order=scsi0 \
  --ide2 local-zfs:cloudinit \
  --scsi1 fast:16,cache=none,discard=on,iothread=1,replicate=0,ssd=1 \
  --net0 virtio=BC:24:11:00:00:03,bridge=vmbr2,tag=2001,mtu=1500 \
  --cicustom user=local:snippets/cp-3-user.yaml,network=local:snippets/cp-3-network.yaml,meta=local:snippets/cp-3-meta.yaml \
  --agent enabled=1 \
  --serial0 socket \
  --vga serial0 \
  --onboot 1 \
  --startup order=1 \
  --tags control-plane
qm disk resize 2003 scsi0 40G
qm start 2003

qm create 2022 \
  --name ns-2 \
  --ostype l26 \
  --memory 4096 \
  --balloon 0 \
  --sockets 1 \
  --cores 2 \
  --cpu x86-64-v2-AES \
  --scsihw virtio-scsi-single \
  --scsi0 local-zfs:0,import-from=local:import/debian-13.qcow2,cache=none,discard=on,iothread=1,replicate=0,ssd=1 \
  --boot order=scsi0 \
  --ide2 local-zfs:cloudinit \
  --net0 virtio=BC:24:11:00:00:22,bridge=vmbr0,mtu=1500 \
  --cicustom user=local:snippets/ns-2-user.yaml,network=local:snippets/ns-2-network.yaml,meta=local:snippets/ns-2-meta.yaml \
  --agent enabled=1 \
  --serial0 socket \
  --vga serial0 \
  --onboot 1 \
  --startup order=1 \
  --tags zone-server
qm disk resize 2022 scsi0 20G
qm start 2022

# on one host, once
ha-manager rules add resource-affinity zone-server --affinity negative --resources vm:2021,vm:2022  # zone servers
