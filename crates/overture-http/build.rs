//! Compiles the crate again when a user interface was built: what it embeds has changed.

use std::path::Path;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    for built in ["ui/desk/dist", "ui/widget/dist", "ui/shop", "ui/dist"] {
        let path = Path::new("../..").join(built);
        if path.exists() {
            println!("cargo:rerun-if-changed={}", path.display());
        } else if let Some(parent) = path.parent() {
            // A missing path would make every build run this again; its parent changes when
            // the folder appears.
            println!("cargo:rerun-if-changed={}/package.json", parent.display());
        }
    }
}
