//! What listening to voices costs: a second of a call, and a whole reading.
#![allow(clippy::unwrap_used, reason = "a bench")]

use std::{fs, path::Path};

use divan::{Bencher, black_box, counter::ItemsCount};
use overture_inference::audio::synthetic::Talker;
use overture_inference::{
    audio::RATE,
    voice::{Listener, Measurer, Speaker, VoiceModel},
};

/// Seconds that are listened to.
const SECONDS: usize = 60;

fn main() {
    divan::main();
}

fn model() -> VoiceModel {
    let file = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../models/voice-1.model"
    ));
    VoiceModel::from_file(&fs::read(file).unwrap()).unwrap()
}

/// Items are seconds: how many a second is how many times real time.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn a_live_voice_in_packets_of_20_ms(bencher: Bencher<'_, '_>) {
    let (model, call) = (model(), Talker::calm(120.0).say(SECONDS as f32, 1));
    bencher.counter(ItemsCount::new(SECONDS)).bench_local(|| {
        let mut listener = Listener::default();
        for packet in call.chunks(RATE / 50) {
            listener.push(&model, packet, &mut |heard| {
                black_box(heard);
            });
        }
    });
}

/// Items are seconds.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn recordings_of_three_seconds(bencher: Bencher<'_, '_>) {
    let (model, clip) = (model(), Talker::calm(120.0).say(3.0, 1));
    let (mut measurer, mut speaker) = (Measurer::default(), Speaker::default());
    bencher.counter(ItemsCount::new(3usize)).bench_local(|| {
        let stretch = measurer.measure(&clip).unwrap();
        black_box(model.read(&stretch, &mut speaker));
    });
}
