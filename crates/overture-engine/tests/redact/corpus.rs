//! The support corpus as ordinary text: who holds no identifier is left alone.

use std::{fs, path::Path};

use super::redactor;

#[test]
fn ordinary_messages_are_left_alone() {
    let folder = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../models/corpus/support"
    ));
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let redactor = redactor();
    let (mut messages, mut touched) = (0, 0);
    for file in files
        .iter()
        .filter(|file| file.extension().is_some_and(|extension| extension == "tsv"))
    {
        let table = fs::read_to_string(file).unwrap();
        let column = table
            .lines()
            .next()
            .unwrap()
            .split('\t')
            .position(|name| name == "text")
            .unwrap();
        for line in table.lines().skip(1) {
            let Some(text) = line.split('\t').nth(column) else {
                continue;
            };
            let text = text.replace("\\n", "\n");
            let redacted = redactor.redact(&text);
            messages += 1;
            touched += usize::from(!redacted.found.is_empty());
            for found in &redacted.found {
                println!(
                    "{}: {:?} in {text:?}",
                    found.kind,
                    &text[found.original.clone()]
                );
            }
        }
    }
    println!("{touched} of {messages} messages touched");
    assert!(messages > 4_000 && touched * 100 < messages);
}
