//! The archive format of an initramfs: newc of cpio, as the kernel's `Documentation/driver-api/early-userspace/
//! buffer-format.rst` describes it.

use std::fmt::Write;

/// Regular files and directories, in order; a directory has no bytes. The kernel lays archives over each other that
/// follow one another.
pub(super) fn newc(entries: &[(&str, u32, Option<&[u8]>)]) -> Vec<u8> {
    let mut archive = Vec::new();
    for (inode, (name, permissions, bytes)) in entries.iter().enumerate() {
        let kind = if bytes.is_some() { 0o100_000 } else { 0o040_000 };
        entry(&mut archive, inode + 1, name, kind | permissions, bytes.unwrap_or_default());
    }
    entry(&mut archive, 0, "TRAILER!!!", 0, &[]);
    archive
}

fn entry(archive: &mut Vec<u8>, inode: usize, name: &str, mode: u32, bytes: &[u8]) {
    let mut header = String::from("070701");
    let mode = mode as usize;
    // Inode, mode, owner, group, links, time, size, device and its kind (four fields), length of the name, checksum.
    for field in [inode, mode, 0, 0, 1, 0, bytes.len(), 0, 0, 0, 0, name.len() + 1, 0] {
        let _ = write!(header, "{field:08x}");
    }
    archive.extend(header.bytes());
    archive.extend(name.bytes());
    archive.push(0);
    pad(archive);
    archive.extend(bytes);
    pad(archive);
}

/// Names and bytes end on a multiple of four.
fn pad(archive: &mut Vec<u8>) {
    archive.resize(archive.len().next_multiple_of(4), 0);
}

#[cfg(test)]
mod tests {
    use super::newc;

    #[test]
    fn header_and_padding_are_the_format_s() {
        let archive = newc(&[("a", 0o644, Some(b"hello"))]);
        let text = String::from_utf8(archive).unwrap();
        let expected = "070701\
            00000001000081a4000000000000000000000001000000000000000500000000000000000000000000000000000000020000000\
            0a\0hello\0\0\0";
        assert!(text.starts_with(expected), "{text:?}");
        assert!(text.contains("TRAILER!!!"));
        assert_eq!(text.len() % 4, 0);
    }
}
