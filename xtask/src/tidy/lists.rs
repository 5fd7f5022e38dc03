//! Reads the few string lists of `deny.toml` that tidy needs, without a TOML parser.

/// The strings of the list `key` in the section `[section]`; for a list of tables, their `name`s.
pub(super) fn strings(toml: &str, section: &str, key: &str) -> Vec<String> {
    let header = format!("[{section}]");
    let opening = format!("{key} = [");
    let mut in_section = false;
    let mut in_list = false;
    let mut found = Vec::new();
    for line in toml.lines().map(str::trim) {
        if !in_list && line.starts_with('[') {
            in_section = line == header;
            continue;
        }
        let rest = if in_list {
            line
        } else if let Some(rest) = line.strip_prefix(&opening).filter(|_| in_section) {
            in_list = true;
            rest
        } else {
            continue;
        };
        let entry = rest.split_once("name = ").map_or(rest, |(_, named)| named);
        if let Some(text) = entry.trim_start().strip_prefix('"')
            && let Some((text, _)) = text.split_once('"')
        {
            found.push(text.to_owned());
        }
        if rest.ends_with(']') {
            in_list = false;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::strings;

    #[test]
    fn reads_strings_and_names_of_one_section() {
        let toml = "[a]\nallow = [\n  \"x\", # why\n  \"y z\",\n]\n[b]\nallow = [\"n\"]\ndeny = [\n { name = \"c\", reason = \"r\" },\n]\n";
        assert_eq!(strings(toml, "a", "allow"), ["x", "y z"]);
        assert_eq!(strings(toml, "b", "allow"), ["n"]);
        assert_eq!(strings(toml, "b", "deny"), ["c"]);
        assert!(strings(toml, "a", "deny").is_empty());
    }
}
