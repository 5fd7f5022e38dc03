//! Words that were written beforehand.

use overture_channels::speech::{Line, Scripted};
use overture_engine::understand::transcribe::Transcriber;

use crate::support::words;

#[test]
fn lines_are_told_once_the_stream_reaches_their_end() {
    let line = |start_ms, end_ms, text: &str| Line {
        start_ms,
        end_ms,
        text: text.to_owned(),
    };
    let scripted = Scripted::new(vec![
        line(1_500, 2_500, "It blinks red."),
        line(100, 1_000, "My modem is broken."),
        line(60_000, 61_000, "Never said."),
    ]);
    assert_eq!(scripted.name(), "scripted");
    let mut speaker = scripted.listen("call", None);
    let modem = words(100, 1_000, "My modem is broken.", 1.0);
    let blinks = words(1_500, 2_500, "It blinks red.", 1.0);
    speaker.hear(&[0; 7_999]);
    assert_eq!(speaker.told(), []);
    speaker.hear(&[0]);
    assert_eq!(speaker.told(), vec![modem.clone()]);
    speaker.hear(&[0; 12_000]);
    assert!(!speaker.is_done());
    speaker.close();
    assert!(!speaker.is_done(), "there is something to tell");
    assert_eq!(speaker.told(), [blinks]);
    assert!(speaker.is_done());
    speaker.hear(&[0; 800_000]);
    assert_eq!(speaker.told(), [], "it is over");

    let mut other = scripted.listen("call", None);
    other.hear(&[0; 8_000]);
    assert_eq!(
        other.told(),
        [modem],
        "every speaker has a place of their own"
    );
}
