//! Development commands.

fn main() -> anyhow::Result<()> {
    let cache = plimsoll_rootfs::Cache::locate()?;
    plimsoll_rootfs::host_root::ensure(&cache, &mut |l| eprintln!("{l}"))?;
    Ok(())
}
