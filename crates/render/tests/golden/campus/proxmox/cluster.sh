# Proxmox VE cluster membership: run each line on the host named above it
# Read by people. Rendered by Plimsoll for cluster campus; edits here are overwritten, so change the cluster file.
# A host joins before it has guests. Wait for `pvecm status` to show it before the next one joins.

# on pve-1
pvecm create campus --link0 address=10.30.13.10,priority=20 --link1 address=10.30.11.10,priority=19

# on pve-2
pvecm add 10.30.11.10 --link0 address=10.30.13.11,priority=20 --link1 address=10.30.11.11,priority=19

# on pve-3
pvecm add 10.30.11.10 --link0 address=10.30.13.12,priority=20 --link1 address=10.30.11.12,priority=19

# on pve-4
pvecm add 10.30.11.10 --link0 address=10.30.13.13,priority=20 --link1 address=10.30.11.13,priority=19

# on pve-5
pvecm add 10.30.11.10 --link0 address=10.30.13.14,priority=20 --link1 address=10.30.11.14,priority=19

# on pve-6
pvecm add 10.30.11.10 --link0 address=10.30.13.15,priority=20 --link1 address=10.30.11.15,priority=19
