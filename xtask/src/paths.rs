//! Where things are: the checkout, the build folder, tools outside it.

use std::env;
use std::path::{Path, PathBuf};

/// The root of the checkout.
pub(crate) fn root() -> PathBuf {
    let manifest = env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    manifest
        .parent()
        .expect("xtask is a folder of the checkout")
        .to_path_buf()
}

/// Cargo's build folder.
pub(crate) fn target() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// Our own corner of the build folder: stamps, logs, the Python environment.
pub(crate) fn scratch() -> PathBuf {
    target().join("xtask")
}

/// The dev build of the server.
pub(crate) fn overture_dev() -> PathBuf {
    target().join("debug").join("overture")
}

/// The release build of the server.
pub(crate) fn overture_release() -> PathBuf {
    target().join("release").join("overture")
}

/// The first file called `name` in `PATH`.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|dir| dir.join(name))
        .find(|candidate| candidate.is_file())
}

/// nginx, which is often where only an administrator's `PATH` leads.
pub(crate) fn find_nginx() -> Option<PathBuf> {
    let usual = ["/usr/sbin/nginx", "/usr/local/sbin/nginx"];
    find_program("nginx").or_else(|| {
        usual
            .iter()
            .map(PathBuf::from)
            .find(|place| place.is_file())
    })
}

/// A Chromium or Chrome: `$CHROMIUM`, then the usual places.
pub(crate) fn find_chromium() -> Option<PathBuf> {
    if let Some(named) = env::var_os("CHROMIUM").map(PathBuf::from) {
        return named.is_file().then_some(named);
    }
    const NAMES: [&str; 5] = [
        "chromium",
        "chromium-browser",
        "google-chrome",
        "google-chrome-stable",
        "chrome",
    ];
    const PLACES: [&str; 3] = [
        "/usr/bin/chromium",
        "/snap/bin/chromium",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    ];
    NAMES
        .iter()
        .find_map(|name| find_program(name))
        .or_else(|| {
            PLACES
                .iter()
                .map(Path::new)
                .find(|place| place.is_file())
                .map(Path::to_path_buf)
        })
}

/// Whether this is a continuous-integration run, where a missing tool is a failure.
pub(crate) fn in_ci() -> bool {
    env::var("CI").is_ok_and(|value| value == "true" || value == "1")
}
