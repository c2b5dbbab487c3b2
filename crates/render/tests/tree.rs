//! The Tree of a small cluster.

use plimsoll_model::Design;
use plimsoll_render::{Tree, render};

fn small() -> Design {
    serde_json::from_str(include_str!("small.json")).expect("a design")
}

#[test]
fn dump() {
    let tree = render(&small());
    if let Ok(dir) = std::env::var("DUMP") {
        for (path, file) in tree.iter() {
            let path = std::path::Path::new(&dir).join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, file.text()).unwrap();
        }
    }
    let _: Tree = tree;
}
