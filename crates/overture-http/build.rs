//! Compiles the crate again when a user interface was built: what it embeds has changed.

use std::{fs, path::Path};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    for built in [
        "ui/desk/dist",
        "ui/widget/dist",
        "ui/shop",
        "ui/help",
        "ui/dist",
    ] {
        let path = Path::new("../..").join(built);
        // A folder that is not there cannot be watched: an empty one can. Where the sources
        // are read-only there is nothing to watch for either.
        let _ = fs::create_dir_all(&path);
        println!("cargo:rerun-if-changed={}", path.display());
    }
}
