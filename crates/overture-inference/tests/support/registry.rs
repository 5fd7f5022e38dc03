//! What the registry says of the models that ship.

use sha2::{Digest, Sha256};

/// The registry has the model under this name, with the SHA-256 of its file.
pub(crate) fn the_registry_names_exactly_this_file(name: &str, file: &[u8]) {
    let registry: toml::Value =
        toml::from_str(include_str!("../../../../models/registry.toml")).unwrap();
    let mut entries = registry["model"].as_array().unwrap().iter();
    let entry = entries
        .find(|entry| entry["name"].as_str() == Some(name))
        .unwrap();
    let digest = Sha256::digest(file);
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(entry["sha256"].as_str(), Some(hex.as_str()));
}
