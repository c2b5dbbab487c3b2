# The guests as qm commands: the same as vms.json, to read, or to run on each host, which makes its own
# Read by sh. Rendered by Plimsoll for cluster campus; edits here are overwritten, so change the cluster file.
set -eu
case "$(hostname -s)" in
pve-1)
qm create 2000 \
  --name cp-1 \
  --ostype l26 \
  --memory 16384 \
  --balloon 0 \
  --sockets 1 \
  --cores 4 \
  --cpu x86-64-v2-AES \
  --scsihw virtio-scsi-single \
  --scsi0 boot:0,import-from=local:import/debian-13.qcow2,cache=none,discard=on,iothread=1,replicate=0,ssd=1 \
  --boot order=scsi0 \
  --ide2 boot:cloudinit \
  --scsi1 fast:16,cache=none,discard=on,iothread=1,replicate=0,ssd=1 \
  --net0 virtio=DA:24:1A:5E:0D:CC,bridge=vmbr2,mtu=1500 \
  --cicustom user=local:snippets/cp-1-user.yaml,network=local:snippets/cp-1-network.yaml,meta=local:snippets/cp-1-meta.yaml \
  --agent enabled=1 \
  --serial0 socket \
  --vga serial0 \
  --onboot 1 \
  --startup order=3 \
  --tags control-plane
qm disk resize 2000 scsi0 40G
qm start 2000
qm create 2005 \
  --name worker-1 \
  --ostype l26 \
  --memory 98304 \
  --balloon 0 \
  --sockets 1 \
  --cores 16 \
  --cpu x86-64-v2-AES \
  --scsihw virtio-scsi-single \
  --scsi0 boot:0,import-from=local:import/debian-13.qcow2,cache=none,discard=on,iothread=1,replicate=0,ssd=1 \
  --boot order=scsi0 \
  --ide2 boot:cloudinit \
  --scsi1 '<plimsoll:device pve-1/osd/0>,backup=0,cache=none,iothread=1,discard=on,ssd=1' \
  --scsi2 '<plimsoll:device pve-1/osd/1>,backup=0,cache=none,iothread=1,discard=on,ssd=1' \
  --scsi3 '<plimsoll:device pve-1/osd/2>,backup=0,cache=none,iothread=1,discard=on,ssd=1' \
  --scsi4 '<plimsoll:device pve-1/osd/3>,backup=0,cache=none,iothread=1,discard=on,ssd=1' \
  --net0 virtio=0E:68:56:D1:12:82,bridge=vmbr2,mtu=1500 \
  --net1 virtio=0A:79:10:7C:00:7B,bridge=vmbr1,mtu=9000 \
  --cicustom user=local:snippets/worker-1-user.yaml,network=local:snippets/worker-1-network.yaml,meta=local:snippets/worker-1-meta.yaml \
  --agent enabled=1 \
  --serial0 socket \
  --vga serial0 \
  --onboot 1 \
  --startup order=4 \
  --tags worker
qm disk resize 2005 scsi0 200G
qm start 2005
;;
pve-2)
qm create 2001 \
  --name cp-2 \
  --ostype l26 \
  --memory 16384 \
  --balloon 0 \
  --sockets 1 \
  --cores 4 \
  --cpu x86-64-v2-AES \
  --scsihw virtio-scsi-single \
  --scsi0 boot:0,import-from=local:import/debian-13.qcow2,cache=none,discard=on,iothread=1,replicate=0,ssd=1 \
  --boot order=scsi0 \
  --ide2 boot:cloudinit \
  --scsi1 fast:16,cache=none,discard=on,iothread=1,replicate=0,ssd=1 \
  --net0 virtio=36:DD:96:F2:E2:D8,bridge=vmbr2,mtu=1500 \
  --cicustom user=local:snippets/cp-2-user.yaml,network=local:snippets/cp-2-network.yaml,meta=local:snippets/cp-2-meta.yaml \
  --agent enabled=1 \
  --serial0 socket \
  --vga serial0 \
  --onboot 1 \
  --startup order=3 \
  --tags control-plane
qm disk resize 2001 scsi0 40G
qm start 2001
qm create 2006 \
  --name worker-2 \
  --ostype l26 \
  --memory 98304 \
  --balloon 0 \
  --sockets 1 \
  --cores 16 \
  --cpu x86-64-v2-AES \
  --scsihw virtio-scsi-single \
  --scsi0 boot:0,import-from=local:import/debian-13.qcow2,cache=none,discard=on,iothread=1,replicate=0,ssd=1 \
  --boot order=scsi0 \
  --ide2 boot:cloudinit \
  --scsi1 '<plimsoll:device pve-2/osd/0>,backup=0,cache=none,iothread=1,discard=on,ssd=1' \
  --scsi2 '<plimsoll:device pve-2/osd/1>,backup=0,cache=none,iothread=1,discard=on,ssd=1' \
  --scsi3 '<plimsoll:device pve-2/osd/2>,backup=0,cache=none,iothread=1,discard=on,ssd=1' \
  --scsi4 '<plimsoll:device pve-2/osd/3>,backup=0,cache=none,iothread=1,discard=on,ssd=1' \
  --net0 virtio=42:82:3C:90:EC:AD,bridge=vmbr2,mtu=1500 \
  --net1 virtio=AA:66:8A:B6:55:18,bridge=vmbr1,mtu=9000 \
  --cicustom user=local:snippets/worker-2-user.yaml,network=local:snippets/worker-2-network.yaml,meta=local:snippets/worker-2-meta.yaml \
  --agent enabled=1 \
  --serial0 socket \
  --vga serial0 \
  --onboot 1 \
  --startup order=4 \
  --tags worker
qm disk resize 2006 scsi0 200G
qm start 2006
;;
pve-3)
qm create 2002 \
  --name cp-3 \
  --ostype l26 \
  --memory 16384 \
  --balloon 0 \
  --sockets 1 \
  --cores 4 \
  --cpu x86-64-v2-AES \
  --scsihw virtio-scsi-single \
  --scsi0 boot:0,import-from=local:import/debian-13.qcow2,cache=none,discard=on,iothread=1,replicate=0,ssd=1 \
  --boot order=scsi0 \
  --ide2 boot:cloudinit \
  --scsi1 fast:16,cache=none,discard=on,iothread=1,replicate=0,ssd=1 \
  --net0 virtio=A2:1B:42:53:07:0D,bridge=vmbr2,mtu=1500 \
  --cicustom user=local:snippets/cp-3-user.yaml,network=local:snippets/cp-3-network.yaml,meta=local:snippets/cp-3-meta.yaml \
  --agent enabled=1 \
  --serial0 socket \
  --vga serial0 \
  --onboot 1 \
  --startup order=3 \
  --tags control-plane
qm disk resize 2002 scsi0 40G
qm start 2002
qm create 2007 \
  --name worker-3 \
  --ostype l26 \
  --memory 98304 \
  --balloon 0 \
  --sockets 1 \
  --cores 16 \
  --cpu x86-64-v2-AES \
  --scsihw virtio-scsi-single \
  --scsi0 boot:0,import-from=local:import/debian-13.qcow2,cache=none,discard=on,iothread=1,replicate=0,ssd=1 \
  --boot order=scsi0 \
  --ide2 boot:cloudinit \
  --scsi1 '<plimsoll:device pve-3/osd/0>,backup=0,cache=none,iothread=1,discard=on,ssd=1' \
  --scsi2 '<plimsoll:device pve-3/osd/1>,backup=0,cache=none,iothread=1,discard=on,ssd=1' \
  --scsi3 '<plimsoll:device pve-3/osd/2>,backup=0,cache=none,iothread=1,discard=on,ssd=1' \
  --scsi4 '<plimsoll:device pve-3/osd/3>,backup=0,cache=none,iothread=1,discard=on,ssd=1' \
  --net0 virtio=C2:98:11:C0:A1:91,bridge=vmbr2,mtu=1500 \
  --net1 virtio=92:BC:AC:86:3F:2C,bridge=vmbr1,mtu=9000 \
  --cicustom user=local:snippets/worker-3-user.yaml,network=local:snippets/worker-3-network.yaml,meta=local:snippets/worker-3-meta.yaml \
  --agent enabled=1 \
  --serial0 socket \
  --vga serial0 \
  --onboot 1 \
  --startup order=4 \
  --tags worker
qm disk resize 2007 scsi0 200G
qm start 2007
;;
pve-4)
qm create 2003 \
  --name ns-1 \
  --ostype l26 \
  --memory 4096 \
  --balloon 0 \
  --sockets 1 \
  --cores 2 \
  --cpu x86-64-v2-AES \
  --scsihw virtio-scsi-single \
  --scsi0 boot:0,import-from=local:import/debian-13.qcow2,cache=none,discard=on,iothread=1,replicate=0,ssd=1 \
  --boot order=scsi0 \
  --ide2 boot:cloudinit \
  --net0 virtio=D6:46:5E:FF:E0:0C,bridge=vmbr0,mtu=1500 \
  --cicustom user=local:snippets/ns-1-user.yaml,network=local:snippets/ns-1-network.yaml,meta=local:snippets/ns-1-meta.yaml \
  --agent enabled=1 \
  --serial0 socket \
  --vga serial0 \
  --onboot 1 \
  --startup order=1 \
  --tags zone-server
qm disk resize 2003 scsi0 20G
qm start 2003
qm create 2008 \
  --name worker-4 \
  --ostype l26 \
  --memory 98304 \
  --balloon 0 \
  --sockets 1 \
  --cores 16 \
  --cpu x86-64-v2-AES \
  --scsihw virtio-scsi-single \
  --scsi0 boot:0,import-from=local:import/debian-13.qcow2,cache=none,discard=on,iothread=1,replicate=0,ssd=1 \
  --boot order=scsi0 \
  --ide2 boot:cloudinit \
  --scsi1 '<plimsoll:device pve-4/osd/0>,backup=0,cache=none,iothread=1,discard=on,ssd=1' \
  --scsi2 '<plimsoll:device pve-4/osd/1>,backup=0,cache=none,iothread=1,discard=on,ssd=1' \
  --scsi3 '<plimsoll:device pve-4/osd/2>,backup=0,cache=none,iothread=1,discard=on,ssd=1' \
  --scsi4 '<plimsoll:device pve-4/osd/3>,backup=0,cache=none,iothread=1,discard=on,ssd=1' \
  --net0 virtio=62:E8:68:00:B5:7A,bridge=vmbr2,mtu=1500 \
  --net1 virtio=56:A3:5D:EF:C4:B4,bridge=vmbr1,mtu=9000 \
  --cicustom user=local:snippets/worker-4-user.yaml,network=local:snippets/worker-4-network.yaml,meta=local:snippets/worker-4-meta.yaml \
  --agent enabled=1 \
  --serial0 socket \
  --vga serial0 \
  --onboot 1 \
  --startup order=4 \
  --tags worker
qm disk resize 2008 scsi0 200G
qm start 2008
;;
pve-5)
qm create 2004 \
  --name ns-2 \
  --ostype l26 \
  --memory 4096 \
  --balloon 0 \
  --sockets 1 \
  --cores 2 \
  --cpu x86-64-v2-AES \
  --scsihw virtio-scsi-single \
  --scsi0 boot:0,import-from=local:import/debian-13.qcow2,cache=none,discard=on,iothread=1,replicate=0,ssd=1 \
  --boot order=scsi0 \
  --ide2 boot:cloudinit \
  --net0 virtio=3E:FA:92:3A:14:F6,bridge=vmbr0,mtu=1500 \
  --cicustom user=local:snippets/ns-2-user.yaml,network=local:snippets/ns-2-network.yaml,meta=local:snippets/ns-2-meta.yaml \
  --agent enabled=1 \
  --serial0 socket \
  --vga serial0 \
  --onboot 1 \
  --startup order=1 \
  --tags zone-server
qm disk resize 2004 scsi0 20G
qm start 2004
qm create 2009 \
  --name worker-5 \
  --ostype l26 \
  --memory 98304 \
  --balloon 0 \
  --sockets 1 \
  --cores 16 \
  --cpu x86-64-v2-AES \
  --scsihw virtio-scsi-single \
  --scsi0 boot:0,import-from=local:import/debian-13.qcow2,cache=none,discard=on,iothread=1,replicate=0,ssd=1 \
  --boot order=scsi0 \
  --ide2 boot:cloudinit \
  --scsi1 '<plimsoll:device pve-5/osd/0>,backup=0,cache=none,iothread=1,discard=on,ssd=1' \
  --scsi2 '<plimsoll:device pve-5/osd/1>,backup=0,cache=none,iothread=1,discard=on,ssd=1' \
  --scsi3 '<plimsoll:device pve-5/osd/2>,backup=0,cache=none,iothread=1,discard=on,ssd=1' \
  --scsi4 '<plimsoll:device pve-5/osd/3>,backup=0,cache=none,iothread=1,discard=on,ssd=1' \
  --net0 virtio=66:CF:88:E7:F0:57,bridge=vmbr2,mtu=1500 \
  --net1 virtio=32:63:71:17:9D:DC,bridge=vmbr1,mtu=9000 \
  --cicustom user=local:snippets/worker-5-user.yaml,network=local:snippets/worker-5-network.yaml,meta=local:snippets/worker-5-meta.yaml \
  --agent enabled=1 \
  --serial0 socket \
  --vga serial0 \
  --onboot 1 \
  --startup order=4 \
  --tags worker
qm disk resize 2009 scsi0 200G
qm start 2009
;;
pve-6)
qm create 2010 \
  --name worker-6 \
  --ostype l26 \
  --memory 98304 \
  --balloon 0 \
  --sockets 1 \
  --cores 16 \
  --cpu x86-64-v2-AES \
  --scsihw virtio-scsi-single \
  --scsi0 boot:0,import-from=local:import/debian-13.qcow2,cache=none,discard=on,iothread=1,replicate=0,ssd=1 \
  --boot order=scsi0 \
  --ide2 boot:cloudinit \
  --scsi1 '<plimsoll:device pve-6/osd/0>,backup=0,cache=none,iothread=1,discard=on,ssd=1' \
  --scsi2 '<plimsoll:device pve-6/osd/1>,backup=0,cache=none,iothread=1,discard=on,ssd=1' \
  --scsi3 '<plimsoll:device pve-6/osd/2>,backup=0,cache=none,iothread=1,discard=on,ssd=1' \
  --scsi4 '<plimsoll:device pve-6/osd/3>,backup=0,cache=none,iothread=1,discard=on,ssd=1' \
  --net0 virtio=16:20:0D:C0:19:5F,bridge=vmbr2,mtu=1500 \
  --net1 virtio=62:B4:1D:6A:C9:54,bridge=vmbr1,mtu=9000 \
  --cicustom user=local:snippets/worker-6-user.yaml,network=local:snippets/worker-6-network.yaml,meta=local:snippets/worker-6-meta.yaml \
  --agent enabled=1 \
  --serial0 socket \
  --vga serial0 \
  --onboot 1 \
  --startup order=4 \
  --tags worker
qm disk resize 2010 scsi0 200G
qm start 2010
;;
*)
  echo "no guests are planned on $(hostname -s)" >&2
  exit 1
  ;;
esac
